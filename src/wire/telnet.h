/* The Telnet stream (RFC 854, RFC 855): data with commands in between, taken apart wherever it is cut. Knows how the
 * options that are negotiated are framed, not what they mean; that is proto/telnet.h. Pull style, no I/O. */
#ifndef SL_WIRE_TELNET_H
#define SL_WIRE_TELNET_H

#include <stdint.h>

#include "base/buf.h"

enum {
  TELNET_SE = 240, /* the end of a subnegotiation */
  TELNET_SB = 250, /* its beginning */
  TELNET_WILL,
  TELNET_WONT,
  TELNET_DO,
  TELNET_DONT,
  TELNET_IAC /* what follows is a command; twice: a byte of that value */
};

enum { TELNET_SUB_MAX = 512 }; /* bytes of a subnegotiation; longer ones are passed over */

struct telnet_in {
  uint8_t state, verb;
  bool binary;   /* set by the owner: CR NUL is not a carriage return (RFC 856) but these two bytes */
  bool after_cr;
  bool too_long;
  uint16_t sub_n;
  char sub[TELNET_SUB_MAX]; /* the option first */
};

enum telnet_kind {
  TELNET_MORE,    /* all is taken apart */
  TELNET_DATA,    /* ->data, a part of the input */
  TELNET_COMMAND, /* ->verb, of those without an option */
  TELNET_OPTION,  /* ->verb is WILL, WONT, DO or DONT; ->option */
  TELNET_SUB      /* ->option, and ->data is what is behind it; good until the next call */
};

struct telnet_got {
  uint8_t verb, option;
  struct slice data;
};

/* A zeroed telnet_in is at the beginning of a stream. Takes what it returns off *in. */
enum telnet_kind sl_telnet_next(struct telnet_in *t, struct slice *in, struct telnet_got *out_got);

bool sl_telnet_escape(struct slice data, struct buf *out); /* TELNET_IAC twice */

#endif
