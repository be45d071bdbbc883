/* Content codings (RFC 9110 8.4, RFC 1950-1952, 7932, 8878, 9659) and the same codings as transfer
 * codings: a chain of push decoders. Bytes go in, decoded pieces of at most SL_DECODE_PIECE bytes
 * come out at a sink. Memory is one piece and one decoder's state for each coding, allocated with
 * the first byte; nothing is ever buffered beyond that, except that a pause keeps the rest of the
 * one push that it interrupted. */
#ifndef SL_WIRE_DECODE_H
#define SL_WIRE_DECODE_H

#include "base/result.h"
#include "base/slice.h"

enum {
  SL_DECODE_PIECE = 16384, /* the most that a sink gets at once */
  SL_DECODE_CODINGS = 5    /* the most codings that a response may have, "identity" counted */
};

struct decode;

/* SL_OK: taken. SL_WAIT: not taken, pause; the same bytes are offered again by sl_decode_resume().
 * Anything else ends the decoding with that result. A sink must not free or push to the chain that
 * calls it. */
typedef sl_result (*sl_decode_sink)(void *ctx, struct slice out);

/* A chain for one Content-Encoding value, codings in the order in which they were applied. Too many
 * of them is CURLE_BAD_CONTENT_ENCODING at once; an unknown one is that error as soon as there is a
 * byte to decode. */
sl_result sl_decode_new(struct slice value, struct decode **out_chain);
/* The value of a further header field line; before the first push. */
sl_result sl_decode_add(struct decode *d, struct slice value);
void sl_decode_free(struct decode *d);

/* Decodes `in`, all of it. `end`: nothing follows; a stream that was cut off is then an error (a
 * body without any byte is fine), so pass false for a caller that puts up with it. SL_WAIT: the
 * sink paused, or the chain did for the sake of others (sl_decode_tired()) after some megabytes of
 * work; it keeps what is left, and the next call is sl_decode_resume(). Results of a failure stay. */
sl_result sl_decode_push(struct decode *d, struct slice in, bool end, sl_decode_sink sink,
                         void *ctx);
sl_result sl_decode_resume(struct decode *d, sl_decode_sink sink, void *ctx);
bool sl_decode_paused(const struct decode *d);
bool sl_decode_tired(const struct decode *d); /* nobody has to be waited for: resume in a later turn */

const char *sl_decode_error(const struct decode *d); /* what went wrong, "" if nothing is known */
const char *sl_decode_supported(void);               /* for Accept-Encoding */

#endif
