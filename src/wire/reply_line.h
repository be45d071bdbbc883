/* Lines of a server that answers in lines (FTP, POP3). Pull style: a line at a time is taken off the input; one that
 * is not complete stays there. Bounded in line length and in size. */
#ifndef SL_WIRE_REPLY_LINE_H
#define SL_WIRE_REPLY_LINE_H

#include <stdint.h>

#include "base/result.h"
#include "base/slice.h"

enum {
  SL_REPLY_LINE = 64 * 1024, /* bytes of one line */
  SL_REPLY_ALL = 1024 * 1024 /* bytes of one reply */
};

struct reply_lines {
  uint32_t seen;     /* bytes of this reply; set it to 0 for the next */
  uint32_t line_max; /* bytes of a line; 0: SL_REPLY_LINE */
  const char *error;
};

/* SL_PARSE_DONE: *out_line is a line with its line end. SL_PARSE_MORE: no whole line is there. SL_PARSE_BAD: ->error
 * says why. */
enum sl_parse sl_reply_line_take(struct reply_lines *r, struct slice *in, struct slice *out_line);

#endif
