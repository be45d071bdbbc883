/* Content-Transfer-Encoding: RFC 2045 6. base64 and quoted-printable are made piece by piece; the other encodings are
 * only a name. */
#ifndef SL_XFER_MIME_ENCODE_H
#define SL_XFER_MIME_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"
#include "base/slice.h"

enum mime_encoding { MIME_NO_ENCODING, MIME_BINARY, MIME_8BIT, MIME_7BIT, MIME_BASE64, MIME_QUOTED };

const char *sl_mime_encoding_name(uint8_t encoding); /* NULL for none */
bool sl_mime_encoding_find(const char *name, uint8_t *out_encoding);

/* Does the encoding change bytes? */
static inline bool sl_mime_encodes(uint8_t encoding)
{
  return encoding >= MIME_BASE64;
}

/* Of `raw` bytes; -1: unknown. */
int64_t sl_mime_encoded_size(uint8_t encoding, int64_t raw);

enum { MIME_LINE = 76, MIME_BASE64_RAW = MIME_LINE / 4 * 3 };

struct mime_encode {
  uint8_t encoding;
  uint8_t column;          /* of quoted-printable; of base64: not 0 when a line has been written */
  uint8_t left, left_at;   /* what did not fit in the last time */
  char line[MIME_LINE + 4];
};

void sl_mime_encode_init(struct mime_encode *e, uint8_t encoding);
/* Takes what it can off *in; `last`: nothing comes after it. Returns how many bytes were written: 0 when more input is
 * needed or, after the last, when all is out. Never needs more than MIME_BASE64_RAW bytes of input at once. */
size_t sl_mime_encode(struct mime_encode *e, struct slice *in, bool last, char *dst, size_t cap);

#endif
