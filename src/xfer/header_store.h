/* The header fields of a transfer's responses, for curl_easy_header() and curl_easy_nextheader(): kept as they came in
 * one growing buffer that the handle keeps, looked at only when somebody asks.
 *
 * One record: uint32 length of the line, uint8 origin (CURLH_*), int32 number of the request, the line. */
#ifndef SL_XFER_HEADER_STORE_H
#define SL_XFER_HEADER_STORE_H

#include "xfer/easy.h"

void sl_header_store_init(struct easy *e);
void sl_header_store_done(struct easy *e);
void sl_header_store_start(struct easy *e); /* a new transfer */
/* Another request follows. Informational responses and those to CONNECT belong to the request that they came for. */
void sl_header_store_next_request(struct easy *e);
sl_result sl_header_store_add(struct easy *e, struct slice line, unsigned origin);

struct header_record {
  struct slice line;
  unsigned origin;
  int request;
};
/* All of them in order; start with *pos = 0. */
bool sl_header_store_next(const struct easy *e, size_t *pos, struct header_record *out);

/* What curl_easy_header() and curl_easy_nextheader() have returned: each has a struct of its own, so that the application
 * may ask for fields by name while it goes through all of them. Made at the first call; lives as long as the handle. The
 * anchor is the offset behind the record that is shown: no pointer, since `prev` may be of an earlier transfer. */
enum header_asker { HEADER_BY_NAME, HEADER_IN_ORDER, HEADER_ASKERS };
struct header_view {
  struct curl_header shown[HEADER_ASKERS];
  char *text[HEADER_ASKERS];
};

/* The value of the last Content-Type that has one, zero-terminated, good until the next transfer; NULL: there was none, or there is
 * no memory for it. The copy is made when it is asked for first after a response. */
const char *sl_header_store_content_type(struct easy *e);

#endif
