/* What a POP3 server says: status lines, the timestamp of its greeting (RFC 1939 7), its capabilities (RFC 2449 5, 6),
 * and answers of many lines (RFC 1939 3), which end with a dot alone and have dots in front of lines that begin with
 * one. */
#ifndef SL_WIRE_POP3_REPLY_H
#define SL_WIRE_POP3_REPLY_H

#include "wire/reply_line.h"

/* RFC 5034 4: "+ " goes on with AUTH. What is none of the three belongs to no reply: some servers begin with a logo. */
enum pop3_status { POP3_NONE, POP3_OK, POP3_ERR, POP3_CONTINUE };

enum pop3_status sl_pop3_status(struct slice line);
/* *out_stamp is "<...@...>" with its brackets; false: there is none. */
bool sl_pop3_timestamp(struct slice line, struct slice *out_stamp);
/* The line is nothing but a dot: the end of an answer of many lines. */
bool sl_pop3_is_end(struct slice line);
/* True: this capability, case ignored; *out_arguments is what is behind it, trimmed. */
bool sl_pop3_has(struct slice line, const char *capability, struct slice *out_arguments);

/* The body of an answer of many lines. Only CR LF ends a line, and a dot alone the body: a bare LF around a dot is not
 * the end, wherever the pieces are cut. */
struct pop3_body {
  uint8_t state;
  bool after_cr;
};
enum pop3_piece {
  POP3_MORE, /* the input is used up */
  POP3_DATA, /* *out_data is a piece of the body */
  POP3_END   /* that was all; what is left of *in is behind it */
};

void sl_pop3_body_init(struct pop3_body *b);
enum pop3_piece sl_pop3_body_next(struct pop3_body *b, struct slice *in, struct slice *out_data);

#endif
