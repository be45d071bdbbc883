/* The easy handle; see easy.h. */
#include "xfer/easy.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "xfer/altsvc_store.h"
#include "xfer/certs.h"
#include "xfer/cookies.h"
#include "xfer/header_store.h"
#include "xfer/share.h"
#include "xfer/hsts_store.h"
#include "xfer/transfer.h"

struct easy *sl_easy_new(void)
{
  struct easy *e = sl_malloc(sizeof *e);
  if (!e)
    return NULL;
  e->magic = SL_EASY_MAGIC;
  sl_settings_init(&e->set);
  memset(&e->info, 0, sizeof *e - offsetof(struct easy, info));
  sl_info_unknown(&e->info);
  sl_list_init(&e->link);
  sl_list_init(&e->msg_link);
  sl_list_init(&e->note_link);
  sl_header_store_init(e);
  return e;
}

void sl_easy_free(struct easy *e)
{
  if (e->multi && e->multi != e->own)
    sl_multi_remove(e->multi, e);
  if (e->own) {
    sl_conn_unhold(e);
    sl_multi_free(e->own);
  }
  const struct http_config *http = e->set.http;
  if (e->cookies || e->share || http->cookie_engine)
    sl_cookies_free(e);
  if (e->hsts || e->share || http->hsts_ctrl)
    sl_hsts_free(e);
  if (e->altsvc || http->altsvc)
    sl_altsvc_free(e);
  if (e->share)
    sl_easy_set_share(e, NULL);
  if (e->headers.cap)
    sl_header_store_done(e);
  if (e->certs)
    sl_certs_free(e);
  if (e->auth)
    sl_auth_memory_free(e->auth);
  if (e->url) {
    sl_url_done(e->url);
    sl_free(e->url);
  }
  sl_info_done(&e->info);
  sl_settings_done(&e->set);
  e->magic = 0;
  sl_free(e);
}

static curl_socket_t find_idle(struct pool *p, void *who, int64_t conn_id)
{
  curl_socket_t fd = CURL_SOCKET_BAD;
  sl_pool_lock(p, who, true);
  LIST_FOR_EACH(node, &p->idle) {
    const struct conn *c = LIST_ENTRY(node, struct conn, idle_link);
    if (c->id == conn_id)
      fd = c->tcp->sock.fd;
  }
  sl_pool_lock(p, who, false);
  return fd;
}

/* By its number, not by a pointer: the connection may be gone (lesson 13). */
curl_socket_t sl_easy_socket(struct easy *e)
{
  struct multi *m = e->multi ? e->multi : e->own;
  if (e->last_conn && e->last_conn->tcp)
    return e->last_conn->tcp->sock.fd;
  if (e->xfer && e->xfer->conn && e->xfer->conn->tcp)
    return e->xfer->conn->tcp->sock.fd;
  return m && e->info.conn_id >= 0 ? find_idle(sl_share_pool(e, m), e, e->info.conn_id) : CURL_SOCKET_BAD;
}

/* Without a debug callback: what CURLOPT_VERBOSE(3) shows, to stderr; bodies are left out. */
static void print(FILE *to, curl_infotype type, const char *data, size_t len)
{
  static const char *const marks[] = {"* ", "< ", "> "};
  if (type > CURLINFO_HEADER_OUT)
    return;
  struct slice rest = slice_of(data, len);
  while (rest.n) {
    size_t at = slice_find(rest, '\n');
    struct slice line = slice_head(rest, at + 1);
    fputs(marks[type], to);
    fwrite(line.p, 1, line.n, to);
    rest = slice_from(rest, line.n);
  }
}

void sl_easy_debug(struct easy *e, curl_infotype type, const char *data, size_t len)
{
  const struct io_config *io = &e->set.io;
  if (!io->debugfunction) {
    print(io->stderr_file ? io->stderr_file : stderr, type, data, len);
    return;
  }
  if (e->multi)
    e->multi->callback_depth++;
  io->debugfunction(e, type, (char *)(uintptr_t)data, len, io->debugdata);
  if (e->multi)
    e->multi->callback_depth--;
}

void sl_easy_infof(struct easy *e, const char *format, ...)
{
  char text[1024];
  va_list ap;
  if (!e->set.io.verbose)
    return;
  va_start(ap, format);
  int n = vsnprintf(text, sizeof text - 1, format, ap);
  va_end(ap);
  if (n < 0)
    return;
  size_t len = (size_t)n < sizeof text - 1 ? (size_t)n : sizeof text - 2;
  text[len++] = '\n';
  sl_easy_debug(e, CURLINFO_TEXT, text, len);
}
