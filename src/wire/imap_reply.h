/* What an IMAP server says (RFC 3501 7, RFC 9051 7): a tagged or untagged response, a request to go on, and literals
 * in untagged responses (RFC 3501 4.3), whose bytes are nobody's line: what looks like a response in them is none. Pull
 * style: an event at a time is taken off the input. A line is bounded, a literal passes in pieces. */
#ifndef SL_WIRE_IMAP_REPLY_H
#define SL_WIRE_IMAP_REPLY_H

#include <stdint.h>

#include "base/buf.h"
#include "wire/reply_line.h"

enum { IMAP_LINE_MAX = 480 * 1024, IMAP_TAG_MAX = 8 }; /* bytes; SEARCH answers in one line */

enum imap_event {
  IMAP_MORE,    /* the input is used up */
  IMAP_LINE,    /* ->line is a line, the first of a response or all of it */
  IMAP_REST,    /* ... goes on after a literal */
  IMAP_LITERAL, /* ->line is a piece of a literal; ->literal says how much is to come */
  IMAP_FAILED   /* ->lines.error says why */
};
enum imap_kind {
  IMAP_OTHER, /* no response to anything of ours */
  IMAP_UNTAGGED,
  IMAP_CONTINUE,
  IMAP_TAGGED /* with our tag */
};
enum imap_status { IMAP_NONE, IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_PREAUTH, IMAP_BYE };

struct imap_reader {
  char tag[IMAP_TAG_MAX]; /* of the last command */

  /* ---- the event ---- */
  struct slice line; /* with its line end; borrowed from the input */
  int64_t literal;   /* bytes of a literal that are to come; after a line -1: none follows */
  enum imap_kind kind; /* of the response that the event belongs to */
  enum imap_status status;
  bool numbered;     /* "* 12 EXISTS" */
  struct slice word; /* with an IMAP_LINE: the response's name, in the line */
  struct slice text; /* ... and what is behind it, trimmed */

  struct reply_lines lines;
  bool inside; /* a response that goes on */
};

void sl_imap_reader_init(struct imap_reader *r);
enum imap_event sl_imap_next(struct imap_reader *r, struct slice *in);

/* The text of a status response is about this: "[UIDVALIDITY 12] text". *out_value: "12". */
bool sl_imap_code(struct slice text, const char *name, struct slice *out_value);

/* The section of a FETCH response, where it is not in a literal. */
enum imap_section {
  IMAP_NO_SECTION, /* there is no BODY[...] in it */
  IMAP_IN_LITERAL, /* or it is malformed */
  IMAP_NIL,        /* there is no such section */
  IMAP_QUOTED      /* appended to out, without escapes */
};
enum imap_section sl_imap_section(struct slice text, struct buf *out);

/* Appends an astring (RFC 3501 9), as an atom if that can be and `atom` allows it. Line breaks cannot be in it. */
void sl_imap_quote(struct buf *out, const char *text, bool atom);

#endif
