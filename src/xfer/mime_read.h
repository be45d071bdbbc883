/* A tree of MIME parts as one stream of bytes, made as it is read: at no time more than the head of one part and a few
 * kilobytes of encoder input are in memory. Knows nothing of transfers.
 *
 * The text between contents (delimiters, heads) is built up to the next content and drained; then the content comes
 * straight from where it lies into the reader's buffer, or through an encoder. A multipart whose own encoding changes
 * bytes is a content, too: it has a reader of its own. */
#ifndef SL_XFER_MIME_READ_H
#define SL_XFER_MIME_READ_H

#include "base/buf.h"
#include "sys/input.h"
#include "xfer/mime.h"
#include "xfer/mime_encode.h"
#include "xfer/mime_head.h"

struct mime_reader {
  struct curl_mime *root;
  const struct mime_style *style; /* borrowed */
  struct buf text;
  uint32_t text_at;
  bool begun, ended;
  bool streamed;              /* content has come that is there now, the rest may take long */
  bool pause;                 /* the application has asked for a pause */
  uint8_t depth;              /* of readers within readers */
  struct curl_mime *in;       /* the multipart that comes next after the content, */
  struct curl_mimepart *next; /* and its part; NULL: its end */
  struct curl_mimepart *leaf; /* whose content comes after the text; NULL: none */
  int64_t left;               /* of the content, as it is before encoding; -1: until its end */
  struct input file;
  struct mime_reader *inner;
  struct mime_encode encode;
  char *raw; /* what the encoder has not taken yet; NULL until it is needed */
  uint32_t raw_at, raw_n;
  bool raw_end;
  const char *error; /* of the last failure; NULL: nothing to add to its code */
};

void sl_mime_reader_init(struct mime_reader *r, struct curl_mime *root, const struct mime_style *style);
void sl_mime_reader_done(struct mime_reader *r);

/* Back to the beginning; callbacks that have been read are asked to seek. CURLE_SEND_FAIL_REWIND. */
sl_result sl_mime_reader_rewind(struct mime_reader *r);
/* At the beginning: how many bytes there will be, -1 unknown. Looks at the files' sizes, and what it finds then is
 * what it insists on later. */
sl_result sl_mime_reader_measure(struct mime_reader *r, int64_t *out_size);
/* SL_OK with 0: the end. SL_WAIT: a callback wants a pause; ->pause tells of it also when bytes came before. */
sl_result sl_mime_reader_read(struct mime_reader *r, char *dst, size_t cap, size_t *out_n);

#endif
