/* A server that follows a script: the n-th request, on whatever connection, gets the n-th answer as
 * it stands, and is kept to be looked at. An answer that begins with "!" closes its connection
 * behind it; the last answer serves all further requests. A thread for each connection, blocking.
 * Bodies are read by their Content-Length, or to the last chunk; who asks with Expect is answered
 * at once. */
#ifndef TESTS_UNIT_XFER_SCRIPT_H
#define TESTS_UNIT_XFER_SCRIPT_H

#include <curl/curl.h>

#include "tests/test.h"
#include "tests/unit/xfer/peer.h"

enum { SCRIPT_ANSWERS = 8, SCRIPT_REQUESTS = 16, SCRIPT_REQUEST = 4096 };

static struct {
  pthread_mutex_t lock;
  int port;
  const char *answers[SCRIPT_ANSWERS]; /* NULL ends them; the texts are the test's */
  int n, conns;
  char got[SCRIPT_REQUESTS][SCRIPT_REQUEST]; /* head and body */
  int conn_of[SCRIPT_REQUESTS];
} script = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* True: all of a request is there. */
static inline bool script_complete(const char *in, size_t n)
{
  const char *end = strstr(in, "\r\n\r\n"), *length = strcasestr(in, "\r\nContent-Length:");
  const char *expect = strcasestr(in, "\r\nExpect:");
  if (!end || (expect && expect < end))
    return end != NULL;
  if (length && length < end)
    return n >= (size_t)(end - in) + 4 + (size_t)atol(length + 17);
  const char *chunked = strcasestr(in, "\r\nTransfer-Encoding: chunked");
  return !chunked || chunked > end || strstr(end, "\r\n0\r\n\r\n");
}

/* NULL: nobody has written what comes next. A copy: the test may be over before the last byte is out. */
static inline char *script_take(int conn, const char *request)
{
  char *answer = NULL;
  pthread_mutex_lock(&script.lock);
  if (script.n < SCRIPT_REQUESTS) {
    int at = 0;
    while (at < script.n && script.answers[at + 1])
      at++;
    answer = script.answers[at] ? strdup(script.answers[at]) : NULL;
    script.conn_of[script.n] = conn;
    snprintf(script.got[script.n++], SCRIPT_REQUEST, "%s", request);
  }
  pthread_mutex_unlock(&script.lock);
  return answer;
}

static inline void *script_connection(void *arg)
{
  int fd = (int)(intptr_t)arg;
  char in[SCRIPT_REQUEST] = "";
  size_t n = 0;
  pthread_mutex_lock(&script.lock);
  int conn = ++script.conns;
  pthread_mutex_unlock(&script.lock);
  while (n < sizeof in - 1) {
    ssize_t k = recv(fd, in + n, sizeof in - 1 - n, 0);
    if (k <= 0)
      break;
    n += (size_t)k;
    in[n] = 0;
    if (!script_complete(in, n))
      continue;
    char *answer = script_take(conn, in);
    bool goes_on = answer && peer_say(fd, answer + (*answer == '!')) && *answer != '!';
    free(answer);
    if (!goes_on)
      break;
    n = 0;
    in[0] = 0;
  }
  close(fd);
  return NULL;
}

static inline void *script_accept(void *arg)
{
  pthread_t thread;
  for (;;) {
    int fd = accept((int)(intptr_t)arg, NULL, NULL);
    if (fd < 0 || pthread_create(&thread, NULL, script_connection, (void *)(intptr_t)fd))
      return NULL;
    pthread_detach(thread);
  }
}

static inline void script_write(const char *const *answers)
{
  pthread_t thread;
  if (!script.port) {
    int fd = peer_listen("0.0.0.0", 0, 64, &script.port);
    if (pthread_create(&thread, NULL, script_accept, (void *)(intptr_t)fd))
      abort();
    pthread_detach(thread);
  }
  pthread_mutex_lock(&script.lock);
  for (int i = 0; i < SCRIPT_ANSWERS - 1 && (i == 0 || answers[i - 1]); i++)
    script.answers[i] = answers[i];
  script.n = script.conns = 0;
  pthread_mutex_unlock(&script.lock);
}
#define SCRIPT(...) script_write((const char *const[]){__VA_ARGS__, NULL})

static inline size_t script_drop(char *data, size_t size, size_t n, void *arg)
{
  (void)data;
  (void)arg;
  return size * n;
}

/* A handle for http://127.0.0.1:port/path. */
static inline CURL *script_easy(const char *path)
{
  char url[256];
  CURL *curl = curl_easy_init();
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", script.port, path);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, script_drop);
  return curl;
}

static inline long script_long(CURL *curl, CURLINFO what)
{
  long value = -1;
  CHECK_INT(curl_easy_getinfo(curl, what, &value), CURLE_OK);
  return value;
}

static inline long long script_off(CURL *curl, CURLINFO what)
{
  curl_off_t value = -1;
  CHECK_INT(curl_easy_getinfo(curl, what, &value), CURLE_OK);
  return value;
}

static inline const char *script_text(CURL *curl, CURLINFO what)
{
  char *value = NULL;
  CHECK_INT(curl_easy_getinfo(curl, what, &value), CURLE_OK);
  return value ? value : "";
}

#endif
