/* Bytes as text and back: percent-encoding (RFC 3986 2.1), base64 and its URL-safe alphabet (RFC
 * 4648 4 and 5), hexadecimal. All append to a buffer; the input may hold any bytes. The input must
 * not lie in the buffer.
 *
 * The writing ones return what sl_buf_append() would. The reading ones (_from_) return false for
 * malformed text, too, and then leave the content of the buffer as it was: sl_buf_ok() tells the
 * two apart. */
#ifndef SL_WIRE_ENCODE_H
#define SL_WIRE_ENCODE_H

#include "base/buf.h"

/* The unreserved letters, digits and -._~ stay, all else becomes %XX. */
bool sl_encode_percent(struct slice bytes, struct buf *out);

enum sl_percent_allow {
  SL_PERCENT_ANY,     /* whatever comes out */
  SL_PERCENT_NO_ZERO, /* no zero byte */
  SL_PERCENT_NO_CTRL  /* no byte below 32 */
};
/* A % that no two hex digits follow stays as it is. False as well when a byte comes out that is not
 * allowed. The buffer has to have room for the text, though less may come out. */
bool sl_encode_from_percent(struct slice text, enum sl_percent_allow allow, struct buf *out);

bool sl_encode_base64(struct slice bytes, struct buf *out);    /* padded with = */
bool sl_encode_base64url(struct slice bytes, struct buf *out); /* not padded */

/* Strict: no white space, whole groups, padding where it belongs, unused bits zero. The empty text
 * is the empty bytes. */
bool sl_encode_from_base64(struct slice text, struct buf *out);
bool sl_encode_from_base64url(struct slice text, struct buf *out); /* with or without padding */

bool sl_encode_hex(struct slice bytes, struct buf *out); /* lower case */
bool sl_encode_from_hex(struct slice text, struct buf *out);

#endif
