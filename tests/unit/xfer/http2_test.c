/* HTTP/2 connections that end while they are idle, or are closed to make room: the one that takes their place is found
 * again. The server speaks HTTP/2 in clear, by hand, with a thread for each connection: every request gets an empty 200, a
 * connection's later ones after a moment. */
#include <curl/curl.h>
#include <poll.h>

#include "tests/test.h"
#include "tests/unit/xfer/peer.h"

enum { FRAME_HEAD = 9, PREFACE = 24, HEADERS = 1, SETTINGS = 4, ACK = 1, NONSENSE = 1000, SLOW_US = 50000 };

static atomic_int last_fd; /* the latest connection's */

static bool take(int fd, void *dst, size_t n)
{
  return recv(fd, dst, n, MSG_WAITALL) == (ssize_t)n;
}

static void *serve(void *arg)
{
  static const char hello[FRAME_HEAD] = {0, 0, 0, SETTINGS}, ack[FRAME_HEAD] = {0, 0, 0, SETTINGS, ACK};
  char answer[FRAME_HEAD + 1] = {0, 0, 1, HEADERS, 5, 0, 0, 0, 0, (char)0x88}, bytes[16384];
  unsigned char f[FRAME_HEAD];
  int fd = (int)(intptr_t)arg;
  bool ok = peer_send(fd, hello, sizeof hello) && take(fd, bytes, PREFACE);
  while (ok && take(fd, f, sizeof f)) {
    size_t n = (size_t)f[0] << 16 | (size_t)f[1] << 8 | f[2];
    memcpy(answer + 5, f + 5, 4);
    if (f[3] == HEADERS && f[8] > 1)
      usleep(SLOW_US);
    ok = n <= sizeof bytes && (!n || take(fd, bytes, n));
    if (ok && f[3] == HEADERS)
      ok = peer_send(fd, answer, sizeof answer);
    else if (ok && f[3] == SETTINGS && !f[4])
      ok = peer_send(fd, ack, sizeof ack);
  }
  close(fd);
  return NULL;
}

static void *accept_all(void *arg)
{
  for (;;) {
    pthread_t thread;
    int fd = accept((int)(intptr_t)arg, NULL, NULL), one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    atomic_store(&last_fd, fd);
    if (pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd))
      abort();
    pthread_detach(thread);
  }
}

static int server_port(void)
{
  static int port;
  pthread_t thread;
  if (port)
    return port;
  int fd = peer_listen("127.0.0.1", 0, 64, &port);
  if (pthread_create(&thread, NULL, accept_all, (void *)(intptr_t)fd))
    abort();
  pthread_detach(thread);
  return port;
}

static CURL *handle(void)
{
  CURL *curl = curl_easy_init();
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 10000L);
  curl_easy_setopt(curl, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V4);
  return curl;
}

static void set_url(CURL *curl, const char *host)
{
  char url[64];
  snprintf(url, sizeof url, "http://%s:%d/", host, server_port());
  curl_easy_setopt(curl, CURLOPT_URL, url);
}

static void run(CURLM *m)
{
  int left, running = 1;
  CURLMsg *msg;
  while (running && !curl_multi_perform(m, &running) && running)
    curl_multi_poll(m, NULL, 0, 1000, NULL);
  while ((msg = curl_multi_info_read(m, &left)))
    CHECK_INT(msg->data.result, CURLE_OK);
}

static long connects(CURL *curl)
{
  long n = -1;
  curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &n);
  return n;
}

/* How many connections had to be made for it. */
static long get(CURLM *m, CURL *curl, const char *host)
{
  set_url(curl, host);
  CHECK_INT(curl_multi_add_handle(m, curl), CURLM_OK);
  run(m);
  curl_multi_remove_handle(m, curl);
  return connects(curl);
}

/* On the idle connection, when its descriptor has been looked at in this round. */
static curl_socket_t open_and_spoil(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  char nonsense[NONSENSE];
  (void)purpose;
  memset(nonsense, 's', sizeof nonsense);
  CHECK(peer_send(*(int *)arg, nonsense, sizeof nonsense));
  return socket(a->family, a->socktype, a->protocol);
}

/* What the peer has said last must not become the next connection's identity: it could be another's. */
TEST(after_nonsense_on_an_idle_connection)
{
  CURLM *m = curl_multi_init();
  CURL *curl = handle(), *other = handle();
  CHECK_INT(get(m, curl, "127.0.0.1"), 1);
  CHECK_INT(get(m, curl, "127.0.0.1"), 0);
  int idle = atomic_load(&last_fd);
  set_url(other, "127.0.0.1");
  curl_easy_setopt(other, CURLOPT_OPENSOCKETFUNCTION, open_and_spoil);
  curl_easy_setopt(other, CURLOPT_OPENSOCKETDATA, &idle);
  curl_multi_add_handle(m, other);
  curl_multi_add_handle(m, curl);
  run(m);
  curl_multi_remove_handle(m, other);
  curl_multi_remove_handle(m, curl);
  CHECK_INT(connects(curl), 1);
  CHECK_INT(get(m, curl, "127.0.0.1"), 0);
  curl_easy_cleanup(curl);
  curl_easy_cleanup(other);
  curl_multi_cleanup(m);
}

TEST(after_another_one_was_closed_to_make_room)
{
  CURLM *m = curl_multi_init();
  CURL *curl = handle();
  curl_multi_setopt(m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 1L);
  CHECK_INT(get(m, curl, "127.0.0.1"), 1);
  CHECK_INT(get(m, curl, "localhost"), 1);
  CHECK_INT(get(m, curl, "localhost"), 0);
  curl_easy_cleanup(curl);
  curl_multi_cleanup(m);
}

/* ---- the application's loop ---- */

struct loop {
  uintptr_t gone; /* a handle that is no more */
  int removed;
};

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *own)
{
  struct loop *l = arg;
  (void)fd;
  (void)own;
  CHECK((uintptr_t)curl != l->gone);
  l->removed += what == CURL_POLL_REMOVE;
  return 0;
}

/* Who was named first may be gone when the last one that used the connection is. */
TEST(a_handle_that_is_gone_is_not_named)
{
  struct loop loop = {0};
  int left, running = 1;
  CURLMsg *msg;
  CURLM *m = curl_multi_init();
  CURL *first = handle(), *second = handle();
  curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(m, CURLMOPT_SOCKETDATA, &loop);
  set_url(first, "127.0.0.1");
  set_url(second, "127.0.0.1");
  curl_easy_setopt(second, CURLOPT_PIPEWAIT, 1L);
  curl_multi_add_handle(m, first);
  curl_multi_add_handle(m, second);
  while (running && !curl_multi_perform(m, &running)) {
    while ((msg = curl_multi_info_read(m, &left))) {
      CHECK_INT(msg->data.result, CURLE_OK);
      if (msg->easy_handle != first)
        continue;
      CHECK_INT(running, 1);
      curl_multi_remove_handle(m, first);
      curl_easy_cleanup(first);
      loop.gone = (uintptr_t)first;
    }
    if (running)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  }
  CHECK(loop.gone);
  CHECK_INT(connects(second), 0);
  CHECK_INT(loop.removed, 1);
  curl_easy_cleanup(second);
  curl_multi_cleanup(m);
}
