/* Clients of scripted mail servers (line_origin.h), one in the clear and one with TLS. Who includes it defines MAIL_SCHEME,
 * MAIL_PATH, which a handle asks for unless it is told otherwise, and MAIL_BYE, the last line of a session in the log. */
#ifndef TESTS_UNIT_XFER_MAIL_CLIENT_H
#define TESTS_UNIT_XFER_MAIL_CLIENT_H

#include <curl/curl.h>

#include "tests/unit/tls/fixture.h"
#include "tests/unit/xfer/line_origin.h"
#include "tests/unit/xfer/torture.h"

struct got {
  char body[200];
  size_t n;
  char error[CURL_ERROR_SIZE];
  int pauses; /* that are still wanted */
};

static struct line_origin plain, secure;
static struct memory ca;

TEST_UNUSED static void start(void)
{
  if (plain.port)
    return;
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(ctx, pki.leaf);
  SSL_CTX_use_PrivateKey(ctx, pki.key);
  cert_pem(&ca, pki.ca);
  line_origin_start(&plain, ctx, false);
  line_origin_start(&secure, ctx, true);
  plain.has_tags = secure.has_tags = !strcmp(MAIL_SCHEME, "imap");
  sl_ledger_strict(true);
}

TEST_UNUSED static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  struct got *g = arg;
  (void)size;
  if (g->pauses > 0 && g->pauses--)
    return CURL_WRITEFUNC_PAUSE;
  if (n > sizeof g->body - 1 - g->n)
    return CURL_WRITEFUNC_ERROR;
  memcpy(g->body + g->n, data, n);
  g->n += n;
  g->body[g->n] = 0;
  return n;
}

TEST_UNUSED static CURLcode set_url(CURL *c, struct line_origin *o, const char *path)
{
  char url[80];
  snprintf(url, sizeof url, MAIL_SCHEME "%s://127.0.0.1:%d/%s", o->is_tls ? "s" : "", o->port, path);
  return curl_easy_setopt(c, CURLOPT_URL, url);
}

/* CURLE_OK, or CURLE_OUT_OF_MEMORY, and a handle nevertheless. */
TEST_UNUSED static CURLcode set_up(CURL *c, struct line_origin *o, struct got *g)
{
  unsigned rc = set_url(c, o, MAIL_PATH);
  *g = (struct got){.n = 0};
  rc |= curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
  rc |= curl_easy_setopt(c, CURLOPT_USERPWD, "user:secret");
  rc |= curl_easy_setopt(c, CURLOPT_ERRORBUFFER, g->error);
  rc |= curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
  rc |= curl_easy_setopt(c, CURLOPT_WRITEDATA, g);
  rc |= curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca.blob);
  rc |= curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 8000L);
  return (CURLcode)rc;
}

TEST_UNUSED static CURL *handle(struct line_origin *o, struct got *g)
{
  CURL *c = curl_easy_init();
  set_up(c, o, g);
  return c;
}

/* What was said but for goodbyes: another connection's comes at any time. */
TEST_UNUSED static const char *said(struct line_origin *o)
{
  char *at;
  while ((at = strstr(o->log, MAIL_BYE)))
    memmove(at, at + sizeof MAIL_BYE - 1, strlen(at + sizeof MAIL_BYE - 1) + 1);
  return o->log;
}

/* Ends it, and what the server has done. */
TEST_UNUSED static void finish(struct line_origin *o, CURL *c)
{
  curl_easy_cleanup(c);
  line_origin_settle(o);
}

TEST_UNUSED static CURLcode once(struct line_origin *o, CURL *c)
{
  CURLcode rc = curl_easy_perform(c);
  finish(o, c);
  return rc;
}

/* As curl_easy_perform(), and whatever pauses goes on again. */
TEST_UNUSED static CURLcode perform_unpausing(CURL *c)
{
  int left = 1, n;
  CURLM *m = curl_multi_init();
  curl_multi_add_handle(m, c);
  while (left) {
    curl_multi_perform(m, &left);
    curl_easy_pause(c, CURLPAUSE_CONT);
    if (left)
      curl_multi_poll(m, NULL, 0, 10, NULL);
  }
  CURLMsg *msg = curl_multi_info_read(m, &n);
  CURLcode rc = msg ? msg->data.result : CURLE_FAILED_INIT;
  curl_multi_remove_handle(m, c);
  curl_multi_cleanup(m);
  return rc;
}

/* ---- sockets of the application ---- */

TEST_UNUSED static curl_socket_t refuse(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  (void)a;
  ++*(int *)arg;
  CHECK_INT(purpose, CURLSOCKTYPE_IPCXN);
  return CURL_SOCKET_BAD;
}

TEST_UNUSED static curl_socket_t connected(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct sockaddr_in in = line_address(plain.port);
  (void)arg, (void)purpose, (void)a;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  return connect(fd, (struct sockaddr *)&in, sizeof in) ? CURL_SOCKET_BAD : fd;
}

TEST_UNUSED static int already(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  (void)arg, (void)fd, (void)purpose;
  return CURL_SOCKOPT_ALREADY_CONNECTED;
}

/* What is refused is not connected; what is connected already is used. */
TEST_UNUSED static void sockets_of_the_application(struct got *g)
{
  int asked = 0;
  CURL *c = handle(&plain, g);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, refuse);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, &asked);
  CHECK_INT(curl_easy_perform(c), CURLE_COULDNT_CONNECT);
  CHECK_INT(asked, 1);
  curl_easy_setopt(c, CURLOPT_URL, MAIL_SCHEME "://192.0.2.1:1/" MAIL_PATH);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, connected);
  curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, already);
  CHECK_INT(once(&plain, c), CURLE_OK);
}

#endif
