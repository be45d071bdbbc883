/* HTTP/1 transfers with every allocation failing in its turn: alone, and with all after it. What reports success is
 * complete. The other protocols and features are in exhaustion_test.c. */
#include <curl/curl.h>

#include "tests/test.h"
#include "tests/unit/xfer/peer.h"
#include "tests/unit/xfer/torture.h"

struct got {
  char p[BIG_BODY];
  size_t n;
};

static struct got *nothing_yet(void)
{
  static struct got got;
  got.n = 0;
  return &got;
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
  struct got *got = arg;
  (void)size;
  if (got->n + n > BIG_BODY)
    return 0;
  memcpy(got->p + got->n, data, n);
  got->n += n;
  return n;
}

static const char *url(char room[64], const char *path)
{
  snprintf(room, 64, "http://127.0.0.1:%d%s", peer_get()->port, path);
  return room;
}

#define SET(option, value)                                                                         \
  do {                                                                                             \
    if (!rc)                                                                                       \
      rc = curl_easy_setopt(curl, option, value);                                                  \
  } while (0)

static CURLcode basics(CURL *curl, const char *path, struct got *got)
{
  char room[64];
  CURLcode rc = CURLE_OK;
  SET(CURLOPT_URL, url(room, path));
  SET(CURLOPT_WRITEFUNCTION, take);
  SET(CURLOPT_WRITEDATA, got);
  SET(CURLOPT_NOPROXY, "*");
  SET(CURLOPT_TIMEOUT_MS, 20000L);
  return rc;
}

static void final_is_right(const struct got *got)
{
  CHECK_INT(got->n, 4 + FINAL_PAD);
  CHECK_MEM(got->p, "a=1\n\0\0\0", 7);
}

/* ---- scenarios: each makes, uses and frees all of its handles ---- */

static CURLcode redirect_and_gzip(void)
{
  struct got *got = nothing_yet();
  CURL *curl = curl_easy_init();
  struct curl_slist *fields = curl ? curl_slist_append(NULL, "X-Test: 1") : NULL;
  CURLcode rc = curl && fields ? basics(curl, "/start", got) : CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_FOLLOWLOCATION, 1L);
  SET(CURLOPT_COOKIEFILE, "");
  SET(CURLOPT_ACCEPT_ENCODING, "");
  SET(CURLOPT_HTTPHEADER, fields);
  SET(CURLOPT_USERAGENT, "oom");
  if (!rc)
    rc = curl_easy_perform(curl);
  if (!rc) {
    final_is_right(got);
    long code = 0;
    CHECK_INT(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &code), CURLE_OK);
    CHECK_INT(code, 200);
  }
  curl_easy_cleanup(curl);
  curl_slist_free_all(fields);
  return rc;
}

static CURLcode post(void)
{
  struct got *got = nothing_yet();
  static const char text[] = "name=value&second=2";
  CURL *curl = curl_easy_init();
  CURLcode rc = curl ? basics(curl, "/echo", got) : CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_COPYPOSTFIELDS, text);
  SET(CURLOPT_USERPWD, "user:password");
  for (int i = 0; i < 2 && !rc; i++) { /* the second time on the pooled connection */
    got->n = 0;
    rc = curl_easy_perform(curl);
    if (!rc) {
      CHECK_INT(got->n, sizeof text - 1);
      CHECK_MEM(got->p, text, sizeof text - 1);
    }
  }
  curl_easy_cleanup(curl);
  return rc;
}

static CURLcode names(void)
{
  struct got *got = nothing_yet();
  char entry[64], room[64];
  CURL *curl = curl_easy_init(), *copy = NULL;
  snprintf(entry, sizeof entry, "some.test:%d:127.0.0.2,127.0.0.1", peer_get()->port);
  snprintf(room, sizeof room, "http://some.test:%d/chunks", peer_get()->port);
  struct curl_slist *resolve = curl ? curl_slist_append(NULL, entry) : NULL;
  CURLcode rc = curl && resolve ? basics(curl, "/", got) : CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_URL, room);
  SET(CURLOPT_RESOLVE, resolve);
  if (!rc && !(copy = curl_easy_duphandle(curl)))
    rc = CURLE_OUT_OF_MEMORY;
  if (!rc)
    rc = curl_easy_perform(copy);
  if (!rc) {
    CHECK_INT(got->n, 12);
    CHECK_MEM(got->p, "hello world!", 12);
  }
  curl_easy_cleanup(copy);
  curl_easy_cleanup(curl);
  curl_slist_free_all(resolve);
  return rc;
}

static CURLcode multi(void)
{
  struct got *got = nothing_yet();
  CURLM *m = curl_multi_init();
  CURL *curl = m ? curl_easy_init() : NULL;
  CURLcode rc = curl ? basics(curl, "/big", got) : CURLE_OUT_OF_MEMORY;
  int running = 1, left;
  bool added = false;
  if (!rc) {
    added = curl_multi_add_handle(m, curl) == CURLM_OK;
    rc = added ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  }
  while (!rc && running) {
    CURLMcode mc = curl_multi_perform(m, &running);
    if (!mc && running)
      mc = curl_multi_poll(m, NULL, 0, 1000, NULL);
    if (mc && CHECK_INT(mc, CURLM_OUT_OF_MEMORY))
      rc = CURLE_OUT_OF_MEMORY;
    else if (mc)
      break;
  }
  CURLMsg *msg = rc ? NULL : curl_multi_info_read(m, &left);
  if (!rc && CHECK(msg != NULL))
    rc = msg->data.result;
  if (!rc) {
    CHECK_INT(got->n, BIG_BODY);
    size_t i = 0;
    while (i < got->n && got->p[i] == (char)(i * 7))
      i++;
    CHECK_INT(i, BIG_BODY);
  }
  if (added)
    CHECK_INT(curl_multi_remove_handle(m, curl), CURLM_OK);
  curl_easy_cleanup(curl);
  if (m)
    CHECK_INT(curl_multi_cleanup(m), CURLM_OK);
  return rc;
}

/* ---- rounds ---- */

static void torture(CURLcode (*scenario)(void), unsigned long (*fail)(unsigned long))
{
  peer_get();
  every_allocation(scenario, fail);
}

TEST(redirect_with_all_later_ones_failing) { torture(redirect_and_gzip, sl_mem_fail_after); }
TEST(redirect_with_one_failing) { torture(redirect_and_gzip, sl_mem_fail_once); }
TEST(post_with_all_later_ones_failing) { torture(post, sl_mem_fail_after); }
TEST(post_with_one_failing) { torture(post, sl_mem_fail_once); }
TEST(names_with_all_later_ones_failing) { torture(names, sl_mem_fail_after); }
TEST(names_with_one_failing) { torture(names, sl_mem_fail_once); }
TEST(multi_with_all_later_ones_failing) { torture(multi, sl_mem_fail_after); }
TEST(multi_with_one_failing) { torture(multi, sl_mem_fail_once); }
