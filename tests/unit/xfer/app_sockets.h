/* Sockets of the application's own, for tests of one transfer: refused ones, and connections that somebody else has made.
 * To be included behind servers.h. */
#ifndef TESTS_UNIT_XFER_APP_SOCKETS_H
#define TESTS_UNIT_XFER_APP_SOCKETS_H

#include <curl/curl.h>

#include "tests/test.h"

TEST_UNUSED static int app_opened, app_closed;
static void (*app_serve)(int fd); /* who is at the other end */

TEST_UNUSED static curl_socket_t app_refuse(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  (void)arg, (void)purpose, (void)a;
  return CURL_SOCKET_BAD;
}

static void *app_serve_pair(void *arg)
{
  int fd = (int)(intptr_t)arg;
  app_serve(fd);
  close(fd);
  return NULL;
}

/* One end of a pair, somebody else has the other. */
TEST_UNUSED static curl_socket_t app_replace(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  int pair[2];
  (void)arg, (void)purpose, (void)a;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
    return CURL_SOCKET_BAD;
  server_thread(app_serve_pair, (void *)(intptr_t)pair[1]);
  app_opened++;
  return pair[0];
}

TEST_UNUSED static int app_connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  (void)arg, (void)fd, (void)purpose;
  return CURL_SOCKOPT_ALREADY_CONNECTED;
}

TEST_UNUSED static int app_close(void *arg, curl_socket_t fd)
{
  (void)arg;
  app_closed++;
  return close(fd);
}

/* A transfer whose socket is refused, then one over a pair whose other end is `serve`d. */
TEST_UNUSED static void check_app_sockets(CURL *c, void (*serve)(int fd))
{
  app_serve = serve;
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, app_refuse);
  CHECK_INT(curl_easy_perform(c), CURLE_COULDNT_CONNECT);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, app_replace);
  curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, app_connected);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, app_close);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_cleanup(c);
  CHECK_INT(app_opened, 1);
  CHECK_INT(app_closed, 1);
}

/* Over an HTTP proxy, though no tunnel is asked for, and over a SOCKS proxy; both want to know who asks. `next`: another
 * handle, each time. */
TEST_UNUSED static void check_proxies(CURL *(*next)(void))
{
  static const char *const schemes[] = {"http", "socks5h"};
  void (*const serves[])(int) = {connect_serve, socks_serve};
  for (size_t i = 0; i < 2; i++) {
    char proxy[80];
    CURL *c = next();
    snprintf(proxy, sizeof proxy, "%s://jim:secret@127.0.0.1:%d", schemes[i], server_port(serves[i]));
    curl_easy_setopt(c, CURLOPT_NOPROXY, "");
    curl_easy_setopt(c, CURLOPT_PROXY, proxy);
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    curl_easy_cleanup(c);
  }
}

#endif
