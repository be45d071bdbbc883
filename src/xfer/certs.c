/* See certs.h. */
#include "xfer/certs.h"

#include "base/mem.h"

void sl_certs_free(struct easy *e)
{
  struct curl_certinfo *c = e->certs;
  e->certs = e->info.certinfo = NULL;
  if (!c)
    return;
  for (int i = 0; i < c->num_of_certs; i++)
    curl_slist_free_all(c->certinfo[i]);
  sl_free(c->certinfo);
  sl_free(c);
}

static sl_result add(void *ctx, int cert, const char *name, struct slice value)
{
  struct curl_certinfo *c = ctx;
  struct buf line;
  sl_buf_init(&line, 1 << 20);
  sl_buf_str(&line, name);
  sl_buf_char(&line, ':');
  sl_buf_add(&line, value);
  struct curl_slist *list = sl_buf_ok(&line) ? curl_slist_append(c->certinfo[cert], line.p) : NULL;
  sl_buf_done(&line);
  if (!list)
    return SL_NOMEM;
  c->certinfo[cert] = list;
  return SL_OK;
}

sl_result sl_certs_take(struct easy *e, const struct tls_conn *tls)
{
  int n = sl_tls_cert_count(tls);
  sl_certs_free(e);
  struct curl_certinfo *c = sl_calloc(1, sizeof *c);
  if (!c)
    return SL_NOMEM;
  e->certs = c;
  c->certinfo = sl_calloc((size_t)(n ? n : 1), sizeof *c->certinfo);
  if (!c->certinfo) {
    sl_certs_free(e);
    return SL_NOMEM;
  }
  c->num_of_certs = n;
  e->info.certinfo = c;
  return sl_tls_certinfo(tls, add, c);
}
