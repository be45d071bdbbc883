/* See header_store.h. */
#include "xfer/header_store.h"

#include "base/mem.h"
#include "base/text.h"
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
  for (int i = 0; e->header_view && i < HEADER_ASKERS; i++)
    sl_free(e->header_view->text[i]);
  sl_free(e->header_view);
  e->header_view = NULL;
}

void sl_header_store_start(struct easy *e)
{
  e->headers_request = 0;
  sl_buf_clear(&e->headers);
}

void sl_header_store_next_request(struct easy *e)
{
  e->headers_request++;
}

static __attribute__((noinline)) sl_result grow_and_add(struct easy *e, struct slice line, unsigned origin)
{
  enum { USUAL = 240 }; /* bytes: what a small response's fields take, at once */
  struct buf *b = &e->headers;
  size_t more = sizeof(struct record_head) + line.n;
  if (!sl_buf_reserve(b, b->cap || more > USUAL ? more : USUAL))
    return sl_buf_result(b, CURLE_TOO_LARGE);
  return sl_header_store_add(e, line, origin);
}

sl_result sl_header_store_add(struct easy *e, struct slice line, unsigned origin)
{
  struct buf *b = &e->headers;
  struct record_head head = {(uint32_t)line.n, e->headers_request, (uint8_t)origin};
  size_t more = sizeof head + line.n;
  if (more >= b->cap - b->n)
    return grow_and_add(e, line, origin);
  char *dst = b->p + b->n;
  b->n += (uint32_t)more;
  memcpy(dst, &head, sizeof head);
  memcpy(dst + sizeof head, line.p, line.n);
  return SL_OK;
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

const char *sl_header_store_content_type(struct easy *e)
{
  static const struct slice name = {"Content-Type:", 13};
  struct slice value = SLICE_NONE;
  struct header_record r;
  if (!e->info.has_content_type)
    return NULL;
  for (size_t pos = 0; sl_header_store_next(e, &pos, &r);)
    if (r.origin == CURLH_HEADER && sl_text_istarts(r.line, name)) {
      struct slice last = sl_text_trim(slice_from(r.line, name.n));
      if (last.n)
        value = last;
    }
  return sl_info_string(&e->info.content_type, value) ? e->info.content_type : NULL;
}
