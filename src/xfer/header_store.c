/* See header_store.h. */
#include "xfer/header_store.h"

#include "base/mem.h"
#include "wire/http1.h"

enum { MAX_STORED = 4 * HTTP1_MAX_HEAD };

struct record_head {
  uint32_t n;
  int32_t request;
  uint8_t origin;
};

void sl_header_store_init(struct easy *e)
{
  sl_buf_init(&e->headers, MAX_STORED);
  e->headers_request = -1;
}

void sl_header_store_done(struct easy *e)
{
  sl_buf_done(&e->headers);
  sl_free(e->header_view);
  e->header_view = NULL;
}

void sl_header_store_start(struct easy *e)
{
  e->headers_request++;
}

sl_result sl_header_store_add(struct easy *e, struct slice line, unsigned origin)
{
  enum { USUAL = 240 }; /* bytes: what a small response's fields take, at once */
  if (!e->headers.cap)
    sl_buf_reserve(&e->headers, USUAL > line.n ? USUAL : line.n);
  struct record_head head = {(uint32_t)line.n, e->headers_request, (uint8_t)origin};
  sl_buf_append(&e->headers, &head, sizeof head);
  sl_buf_add(&e->headers, line);
  return sl_buf_result(&e->headers, CURLE_TOO_LARGE);
}

bool sl_header_store_next(const struct easy *e, size_t *pos, struct header_record *out)
{
  struct record_head head;
  if (*pos + sizeof head > e->headers.n)
    return false;
  memcpy(&head, e->headers.p + *pos, sizeof head);
  out->line = slice_of(e->headers.p + *pos + sizeof head, head.n);
  out->origin = head.origin;
  out->request = head.request;
  *pos += sizeof head + head.n;
  return true;
}
