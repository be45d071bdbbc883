/* WebSocket transfers, running and held: what the functions answer when they are called at the wrong time, and every
 * allocation failing in its turn. What frames look like is the business of ws_frame_test.c and of real servers. */
#include <curl/curl.h>
#include <poll.h>

#include "tests/test.h"
#include "tests/unit/xfer/peer.h"
#include "tests/unit/xfer/torture.h"

enum { ALL = 5 + WS_BODY };

struct talk {
  CURL *curl;
  char got[ALL];
  size_t n;
  int sent;
  bool paused;
  bool nomem; /* a function said so in a callback */
};

static void take(struct talk *t, const struct curl_ws_frame *meta, const char *data, size_t n)
{
  CHECK(meta != NULL && meta->len == n);
  if (!meta || !(meta->flags & (CURLWS_TEXT | CURLWS_BINARY)))
    return;
  if (t->n + n <= sizeof t->got)
    memcpy(t->got + t->n, data, n);
  t->n += n;
}

static void all_is_there(const struct talk *t)
{
  CHECK_INT(t->n, ALL);
  CHECK_MEM(t->got, "hello", 5);
  size_t i = 0;
  while (i < WS_BODY && t->got[5 + i] == (char)(i * 7))
    i++;
  CHECK_INT(i, WS_BODY);
}

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  struct talk *t = arg;
  size_t sent = 1;
  (void)size;
  take(t, curl_ws_meta(t->curl), data, n);
  if (t->n == 5) {
    CURLcode rc = curl_ws_send(t->curl, data, n, &sent, 0, CURLWS_TEXT);
    t->nomem = rc == CURLE_OUT_OF_MEMORY;
    CHECK(t->nomem || rc == CURLE_OK);
    CHECK_INT(sent, rc ? 0 : n);
    size_t got;
    const struct curl_ws_frame *meta;
    CHECK_INT(curl_ws_recv(t->curl, data, n, &got, &meta), CURLE_RECURSIVE_API_CALL);
  }
  return t->nomem ? CURL_WRITEFUNC_ERROR : n;
}

static size_t on_read(char *data, size_t size, size_t n, void *arg)
{
  struct talk *t = arg;
  (void)size;
  CHECK(n > 100);
  CHECK(curl_ws_meta(t->curl) == NULL);
  if (t->sent++ == 2)
    return 0;
  CURLcode rc = curl_ws_start_frame(t->curl, CURLWS_TEXT, 100);
  t->nomem = rc == CURLE_OUT_OF_MEMORY;
  CHECK(t->nomem || rc == CURLE_OK);
  CHECK(rc || curl_ws_start_frame(t->curl, CURLWS_TEXT, 1) == CURLE_SEND_ERROR); /* that one first */
  memset(data, 'x', 100);
  return t->nomem ? CURL_READFUNC_ABORT : 100;
}

#define SET(option, value)                                                                         \
  do {                                                                                             \
    if (!rc)                                                                                       \
      rc = curl_easy_setopt(t->curl, option, value);                                               \
  } while (0)

static CURLcode begin(struct talk *t, struct curl_slist **fields)
{
  char url[64];
  CURLcode rc = CURLE_OK;
  t->curl = curl_easy_init();
  *fields = t->curl ? curl_slist_append(NULL, PEER_WS_KEY) : NULL;
  snprintf(url, sizeof url, "ws://127.0.0.1:%d/ws", peer_get()->port);
  if (!*fields)
    return CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_URL, url);
  SET(CURLOPT_NOPROXY, "*");
  SET(CURLOPT_TIMEOUT_MS, 20000L);
  SET(CURLOPT_HTTPHEADER, *fields);
  return rc;
}

static CURLcode perform(struct talk *t, CURLcode rc, struct curl_slist *fields)
{
  if (!rc)
    rc = curl_easy_perform(t->curl);
  if (!rc)
    all_is_there(t);
  if (t->nomem)
    rc = CURLE_OUT_OF_MEMORY;
  curl_easy_cleanup(t->curl);
  curl_slist_free_all(fields);
  return rc;
}

static CURLcode run(void)
{
  struct talk all = {0}, *t = &all;
  struct curl_slist *fields;
  CURLcode rc = begin(t, &fields);
  SET(CURLOPT_WRITEFUNCTION, on_write);
  SET(CURLOPT_WRITEDATA, t);
  SET(CURLOPT_READFUNCTION, on_read);
  SET(CURLOPT_READDATA, t);
  SET(CURLOPT_UPLOAD, 1L);
  return perform(t, rc, fields);
}

static size_t pause_each(char *data, size_t size, size_t n, void *arg)
{
  struct talk *t = arg;
  (void)size;
  t->paused = !t->paused;
  if (t->paused)
    return CURL_WRITEFUNC_PAUSE;
  take(t, curl_ws_meta(t->curl), data, n);
  return n;
}

static int go_on(void *arg, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total, curl_off_t ul)
{
  struct talk *t = arg;
  (void)dl_total;
  (void)dl;
  (void)ul_total;
  (void)ul;
  return t->paused && curl_easy_pause(t->curl, CURLPAUSE_CONT);
}

/* Each piece is refused once: what was read has to be kept. */
static CURLcode paused(void)
{
  struct talk all = {0}, *t = &all;
  struct curl_slist *fields;
  CURLcode rc = begin(t, &fields);
  SET(CURLOPT_WRITEFUNCTION, pause_each);
  SET(CURLOPT_WRITEDATA, t);
  SET(CURLOPT_XFERINFOFUNCTION, go_on);
  SET(CURLOPT_XFERINFODATA, t);
  SET(CURLOPT_NOPROGRESS, 0L);
  SET(CURLOPT_TIMEOUT_MS, 2000L);
  return perform(t, rc, fields);
}

static CURLcode receive_all(struct talk *t)
{
  curl_socket_t fd = CURL_SOCKET_BAD;
  CHECK_INT(curl_easy_getinfo(t->curl, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
  for (;;) {
    struct pollfd p = {fd, POLLIN, 0};
    const struct curl_ws_frame *meta;
    char buffer[1000];
    size_t n;
    CURLcode rc = curl_ws_recv(t->curl, buffer, sizeof buffer, &n, &meta);
    if (rc == CURLE_AGAIN && CHECK(poll(&p, 1, 10000) == 1))
      continue;
    if (rc)
      return rc == CURLE_GOT_NOTHING ? CURLE_OK : rc;
    take(t, meta, buffer, n);
  }
}

static CURLcode held(void)
{
  struct talk all = {0}, *t = &all;
  struct curl_slist *fields;
  size_t sent = 0;
  CURLcode rc = begin(t, &fields);
  SET(CURLOPT_CONNECT_ONLY, 2L);
  if (!rc)
    rc = curl_easy_perform(t->curl);
  if (!rc)
    rc = curl_ws_send(t->curl, t->got, 200, &sent, 0, CURLWS_BINARY);
  CHECK_INT(sent, rc ? 0 : 200);
  if (!rc)
    rc = receive_all(t);
  if (!rc)
    all_is_there(t);
  if (!rc)
    rc = curl_ws_send(t->curl, "", 0, &sent, 0, CURLWS_CLOSE);
  curl_easy_cleanup(t->curl);
  curl_slist_free_all(fields);
  return rc;
}

static void torture(CURLcode (*scenario)(void), unsigned long (*fail)(unsigned long))
{
  peer_get();
  every_allocation(scenario, fail);
}

TEST(running_with_all_later_ones_failing) { torture(run, sl_mem_fail_after); }
TEST(running_with_one_failing) { torture(run, sl_mem_fail_once); }
TEST(paused_with_one_failing) { torture(paused, sl_mem_fail_once); }
TEST(held_with_all_later_ones_failing) { torture(held, sl_mem_fail_after); }
TEST(held_with_one_failing) { torture(held, sl_mem_fail_once); }

enum { MEGABYTE = 1 << 20, QUEUED_MOST = 7 };

static size_t half_a_frame(char *data, size_t size, size_t n, void *arg)
{
  struct talk *t = arg;
  (void)size;
  if (t->sent++)
    return CURL_READFUNC_PAUSE;
  CHECK_INT(curl_ws_start_frame(t->curl, CURLWS_TEXT, 200), CURLE_OK);
  CHECK(n >= 100);
  memset(data, 'x', 100);
  return 100;
}

static size_t send_much(char *data, size_t size, size_t n, void *arg)
{
  struct talk *t = arg;
  static char message[MEGABYTE];
  int taken = 0;
  size_t sent;
  CURLcode rc;
  (void)size;
  take(t, curl_ws_meta(t->curl), data, n);
  if (t->n != 5)
    return n;
  CHECK_INT(t->sent, 2); /* the reader is within its frame */
  while (!(rc = curl_ws_send(t->curl, message, sizeof message, &sent, 0, CURLWS_BINARY)) && taken++ < 2 * QUEUED_MOST)
    ;
  CHECK_INT(rc, CURLE_AGAIN);
  CHECK_INT(taken, QUEUED_MOST);
  return n;
}

/* What waits for the end of the reader's frame has a limit. */
TEST(messages_behind_a_frame_that_does_not_end)
{
  struct talk talk = {0}, *t = &talk;
  struct curl_slist *fields;
  CURLcode rc = begin(t, &fields);
  SET(CURLOPT_WRITEFUNCTION, send_much);
  SET(CURLOPT_WRITEDATA, t);
  SET(CURLOPT_READFUNCTION, half_a_frame);
  SET(CURLOPT_READDATA, t);
  SET(CURLOPT_UPLOAD, 1L);
  CHECK_INT(perform(t, rc, fields), CURLE_OK);
}

TEST(at_the_wrong_time)
{
  CURL *curl = curl_easy_init();
  const struct curl_ws_frame *meta = NULL;
  char c = 0;
  size_t n = 9;
  CHECK_INT(curl_ws_send(NULL, &c, 1, &n, 0, CURLWS_TEXT), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(n, 0);
  CHECK_INT(curl_ws_recv(NULL, &c, 1, &n, &meta), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_ws_start_frame(NULL, CURLWS_TEXT, 1), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK(curl_ws_meta(NULL) == NULL);
  CHECK_INT(curl_ws_send(curl, &c, 1, &n, 0, CURLWS_TEXT), CURLE_SEND_ERROR);
  CHECK_INT(curl_ws_send(curl, NULL, 1, &n, 0, CURLWS_TEXT), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_ws_send(curl, &c, 1, &n, -1, CURLWS_TEXT), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_ws_start_frame(curl, CURLWS_TEXT, 1), CURLE_SEND_ERROR);
  CHECK_INT(curl_ws_start_frame(curl, CURLWS_TEXT, -1), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK(curl_ws_meta(curl) == NULL);
  CHECK_INT(curl_ws_recv(curl, &c, 1, &n, &meta), CURLE_UNSUPPORTED_PROTOCOL);
  CHECK_INT(curl_ws_recv(curl, NULL, 1, &n, &meta), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 2L);
  CHECK_INT(curl_ws_recv(curl, &c, 1, &n, &meta), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_setopt(curl, CURLOPT_WS_OPTIONS, CURLWS_RAW_MODE);
  CHECK_INT(curl_ws_start_frame(curl, CURLWS_TEXT, 1), CURLE_FAILED_INIT);
  curl_easy_cleanup(curl);
}

/* A held connection that speaks no WebSocket. */
TEST(not_a_websocket)
{
  struct talk talk = {.curl = curl_easy_init()}, *t = &talk;
  const struct curl_ws_frame *meta = NULL;
  char url[64], c = 0;
  size_t n = 0;
  CURLcode rc = CURLE_OK;
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", peer_get()->port);
  SET(CURLOPT_URL, url);
  SET(CURLOPT_NOPROXY, "*");
  SET(CURLOPT_CONNECT_ONLY, 1L);
  CHECK_INT(rc, CURLE_OK);
  CHECK_INT(curl_easy_perform(t->curl), CURLE_OK);
  CHECK_INT(curl_ws_send(t->curl, &c, 1, &n, 0, CURLWS_TEXT), CURLE_SEND_ERROR);
  CHECK_INT(curl_ws_recv(t->curl, &c, 1, &n, &meta), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_cleanup(t->curl);
}
