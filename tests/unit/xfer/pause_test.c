/* Pausing: by a callback's answer and from outside, in both directions; what is held back is bounded and nothing is
 * lost or told twice. */
#include <curl/curl.h>

#include "tests/test.h"
#include "tests/unit/xfer/peer.h"

struct state {
  CURL *curl;
  char *got;
  size_t n, largest;
  int pause_every, calls, pauses; /* pause_every: of the write callback's calls; 0 never */
  bool unpause_within;
  size_t sent, to_send;
  bool read_pauses;
};

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  struct state *s = arg;
  (void)size;
  if (s->pause_every && s->calls++ % s->pause_every == 0) {
    s->pauses++;
    if (s->unpause_within)
      CHECK_INT(curl_easy_pause(s->curl, CURLPAUSE_CONT), CURLE_OK);
    return CURL_WRITEFUNC_PAUSE;
  }
  if (n > s->largest)
    s->largest = n;
  if (s->n + n > BIG_BODY)
    return 0;
  memcpy(s->got + s->n, data, n);
  s->n += n;
  return n;
}

static size_t on_read(char *to, size_t size, size_t n, void *arg)
{
  struct state *s = arg;
  (void)size;
  s->read_pauses = !s->read_pauses;
  if (s->read_pauses) {
    s->pauses++;
    return CURL_READFUNC_PAUSE;
  }
  if (n > 100)
    n = 100;
  if (n > s->to_send - s->sent)
    n = s->to_send - s->sent;
  for (size_t i = 0; i < n; i++)
    to[i] = (char)((s->sent + i) * 3);
  s->sent += n;
  return n;
}

static CURL *begin(struct state *s, const char *path)
{
  char url[64];
  s->got = malloc(BIG_BODY);
  s->curl = curl_easy_init();
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", peer_get()->port, path);
  curl_easy_setopt(s->curl, CURLOPT_URL, url);
  curl_easy_setopt(s->curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, s);
  curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, 10000L);
  return s->curl;
}

static void end(struct state *s)
{
  curl_easy_cleanup(s->curl);
  free(s->got);
}

/* Runs; after each turn in which nothing moved the transfer is told to go on, if `unpause`. */
static CURLcode run(struct state *s, bool unpause, int turns)
{
  CURLM *m = curl_multi_init();
  CURLcode rc = CURLE_AGAIN;
  int running = 1, left;
  curl_multi_add_handle(m, s->curl);
  while (running && turns-- > 0) {
    CHECK_INT(curl_multi_perform(m, &running), CURLM_OK);
    if (running)
      curl_multi_poll(m, NULL, 0, 2, NULL);
    if (running && unpause)
      CHECK_INT(curl_easy_pause(s->curl, CURLPAUSE_CONT), CURLE_OK);
  }
  CURLMsg *msg = curl_multi_info_read(m, &left);
  if (msg)
    rc = msg->data.result;
  curl_multi_remove_handle(m, s->curl);
  curl_multi_cleanup(m);
  return rc;
}

static void check_big(const struct state *s)
{
  size_t i = 0;
  CHECK_INT(s->n, BIG_BODY);
  while (i < s->n && s->got[i] == (char)(i * 7))
    i++;
  CHECK_INT(i, s->n);
}

TEST(write_callback_pauses_now_and_then)
{
  for (int every = 2; every < 20; every += 5) {
    struct state s = {.pause_every = every};
    begin(&s, "/big");
    CHECK_INT(run(&s, true, 5000), CURLE_OK);
    CHECK(s.pauses > 0);
    check_big(&s);
    end(&s);
  }
}

static int go_on(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
  struct state *s = arg;
  (void)a, (void)b, (void)c, (void)d;
  if (s->pauses)
    CHECK_INT(curl_easy_pause(s->curl, CURLPAUSE_CONT), CURLE_OK);
  return 0;
}

TEST(unpaused_by_the_progress_callback)
{
  struct state s = {.pause_every = 1000000};
  begin(&s, "/big");
  curl_easy_setopt(s.curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(s.curl, CURLOPT_XFERINFOFUNCTION, go_on);
  curl_easy_setopt(s.curl, CURLOPT_XFERINFODATA, &s);
  CHECK_INT(curl_easy_perform(s.curl), CURLE_OK);
  CHECK_INT(s.pauses, 1);
  check_big(&s);
  end(&s);
}

/* curl_easy_pause(3): what the callback returns comes after what it called. */
TEST(unpausing_before_pausing_pauses)
{
  struct state s = {.pause_every = 1, .unpause_within = true};
  begin(&s, "/big");
  curl_easy_setopt(s.curl, CURLOPT_TIMEOUT_MS, 50L);
  CHECK_INT(curl_easy_perform(s.curl), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(s.n, 0);
  end(&s);
}

TEST(a_paused_transfer_stays_so)
{
  struct state s = {.pause_every = 1};
  begin(&s, "/big");
  CHECK_INT(run(&s, false, 30), CURLE_AGAIN);
  CHECK_INT(s.calls, 1); /* asked once, then left alone */
  CHECK_INT(s.n, 0);
  end(&s);
}

TEST(a_paused_transfer_times_out)
{
  struct state s = {.pause_every = 1};
  begin(&s, "/big");
  curl_easy_setopt(s.curl, CURLOPT_TIMEOUT_MS, 50L);
  CHECK_INT(curl_easy_perform(s.curl), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(s.calls, 1);
  end(&s);
}

TEST(chunks_and_gzip_while_paused)
{
  static const char *const paths[] = {"/chunks", "/final", "/close"};
  static const size_t sizes[] = {12, 1 + FINAL_PAD, 6};
  for (size_t i = 0; i < 3; i++) {
    struct state s = {.pause_every = 2};
    begin(&s, paths[i]);
    curl_easy_setopt(s.curl, CURLOPT_ACCEPT_ENCODING, "");
    CHECK_INT(run(&s, true, 2000), CURLE_OK);
    CHECK_INT(s.n, sizes[i]);
    CHECK(s.pauses > 0);
    end(&s);
  }
}

TEST(read_callback_pauses)
{
  struct state s = {.to_send = 3000};
  begin(&s, "/echo");
  curl_easy_setopt(s.curl, CURLOPT_POST, 1L);
  curl_easy_setopt(s.curl, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(s.curl, CURLOPT_READDATA, &s);
  curl_easy_setopt(s.curl, CURLOPT_POSTFIELDSIZE, (long)s.to_send);
  CHECK_INT(run(&s, true, 3000), CURLE_OK);
  CHECK_INT(s.pauses, 30);
  CHECK_INT(s.n, s.to_send);
  for (size_t i = 0; i < s.n; i++)
    if (!CHECK_INT(s.got[i], (char)(i * 3)))
      break;
  end(&s);
}

TEST(paused_from_outside)
{
  struct state s = {0};
  CURLM *m = curl_multi_init();
  int running = 1;
  begin(&s, "/big");
  curl_multi_add_handle(m, s.curl);
  CHECK_INT(curl_easy_pause(s.curl, CURLPAUSE_RECV), CURLE_OK);
  for (int i = 0; i < 20; i++) {
    curl_multi_perform(m, &running);
    curl_multi_poll(m, NULL, 0, 2, NULL);
  }
  CHECK_INT(running, 1);
  CHECK_INT(s.n, 0);
  CHECK_INT(curl_easy_pause(s.curl, CURLPAUSE_CONT), CURLE_OK);
  for (int i = 0; running && i < 2000; i++) {
    curl_multi_perform(m, &running);
    if (running)
      curl_multi_poll(m, NULL, 0, 100, NULL);
  }
  check_big(&s);
  curl_multi_remove_handle(m, s.curl);
  curl_multi_cleanup(m);
  end(&s);
}

TEST(no_transfer_to_pause)
{
  CURL *c = curl_easy_init();
  CHECK_INT(curl_easy_pause(c, CURLPAUSE_ALL), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_cleanup(c);
}
