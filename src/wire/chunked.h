/* The chunked transfer coding, RFC 9112 section 7.1: bytes in, slices of body out. No copy, no allocation. */
#ifndef SL_WIRE_CHUNKED_H
#define SL_WIRE_CHUNKED_H

#include <stdint.h>

#include "base/slice.h"

enum chunked_event {
  CHUNKED_MORE,    /* all input is used up, or what is left is a part of a line */
  CHUNKED_DATA,    /* *out is body */
  CHUNKED_TRAILER, /* *out is a trailer line with its line end */
  CHUNKED_END,     /* what is left in *in belongs to the next response */
  CHUNKED_BAD      /* ->error says why */
};

struct chunked {
  int64_t left;       /* bytes of the current chunk to come */
  const char *error;
  uint32_t line;      /* bytes of the current size line or of all trailers so far */
  uint8_t state;
  uint8_t digits;     /* of the chunk size so far */
};

void sl_chunked_init(struct chunked *c);
enum chunked_event sl_chunked_next(struct chunked *c, struct slice *in, struct slice *out);

#endif
