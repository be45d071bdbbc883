/* xfer/http.c and its two halves against a server that follows a script: ranges and conditions,
 * what an answer may be, and what is told of it. */
#include "tests/unit/xfer/script.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define DATED "Last-Modified: Tue, 15 Jun 2010 12:00:00 GMT\r\n"

static CURLcode perform(CURL *curl, int requests)
{
  CURLcode rc = curl_easy_perform(curl);
  CHECK_INT(script.n, requests);
  return rc;
}

/* ---- answers ---- */

static void answers_with(const char *answer, CURLcode result)
{
  SCRIPT(answer);
  CURL *curl = script_easy("/x");
  CHECK_INT(perform(curl, 1), result);
  curl_easy_cleanup(curl);
}

TEST(status_lines)
{
  answers_with("!HTTP/1.1 200\r\n\r\n", CURLE_OK);
  answers_with("!HTTP/1 200 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL);
  answers_with("!HTTP/0.9 200 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL);
  answers_with("!HTTP/3 200 OK\r\n\r\n", CURLE_UNSUPPORTED_PROTOCOL);
}

TEST(a_length_that_is_none)
{
  answers_with("!HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nok", CURLE_WEIRD_SERVER_REPLY);
  answers_with("!HTTP/1.1 200 OK\r\nContent-Length: ,\r\n\r\nok", CURLE_WEIRD_SERVER_REPLY);
  answers_with("!HTTP/1.1 200 OK\r\nContent-Length: 2,2\r\n\r\nok", CURLE_OK);
}

TEST(a_version_without_a_number)
{
  SCRIPT("!plain text");
  CURL *curl = script_easy("/x");
  curl_easy_setopt(curl, CURLOPT_HTTP09_ALLOWED, 1L);
  CHECK_INT(perform(curl, 1), CURLE_OK);
  CHECK_INT(script_long(curl, CURLINFO_HTTP_VERSION), CURL_HTTP_VERSION_NONE);
  CHECK_INT(script_off(curl, CURLINFO_SIZE_DOWNLOAD_T), 10);
  curl_easy_cleanup(curl);
}

/* CURLINFO_HEADER_SIZE: heads, also those of CONNECT that are not shown, and no trailers. */
TEST(size_of_the_heads)
{
  static const char head[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                    opened[] = "HTTP/1.1 200 OK\r\n\r\n";
  char answer[200], proxy[64];
  snprintf(answer, sizeof answer, "%s2\r\nok\r\n0\r\nA: b\r\n\r\n", head);
  SCRIPT(answer);
  CURL *curl = script_easy("/x");
  CHECK_INT(perform(curl, 1), CURLE_OK);
  CHECK_INT(script_long(curl, CURLINFO_HEADER_SIZE), sizeof head - 1);
  SCRIPT(opened, answer);
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", script.port);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
  curl_easy_setopt(curl, CURLOPT_PROXY, proxy);
  curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  CHECK_INT(perform(curl, 2), CURLE_OK);
  CHECK_INT(script_long(curl, CURLINFO_HEADER_SIZE), sizeof head - 1 + sizeof opened - 1);
  curl_easy_cleanup(curl);
}

/* ---- what need not be read ---- */

/* Not of a body that nobody wants: the server here never sends the rest of it. */
TEST(an_unmet_condition_ends_at_the_head)
{
  SCRIPT("HTTP/1.1 200 OK\r\n" DATED "Content-Length: 1000000\r\n\r\n");
  CURL *curl = script_easy("/x");
  curl_easy_setopt(curl, CURLOPT_TIMECONDITION, (long)CURL_TIMECOND_IFMODSINCE);
  curl_easy_setopt(curl, CURLOPT_TIMEVALUE, 1300000000L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
  CHECK_INT(perform(curl, 1), CURLE_OK);
  CHECK_INT(script_long(curl, CURLINFO_CONDITION_UNMET), 1);
  CHECK_INT(script_off(curl, CURLINFO_SIZE_DOWNLOAD_T), 0);
  curl_easy_cleanup(curl);
}

TEST(a_complete_document_ends_at_the_head)
{
  SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  CURL *curl = script_easy("/x");
  curl_easy_setopt(curl, CURLOPT_RESUME_FROM, 1000000L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
  CHECK_INT(perform(curl, 1), CURLE_OK);
  curl_easy_cleanup(curl);
}

/* There is nothing to be resumed, and nothing wrong with it. */
TEST(a_resumed_download_that_has_no_body)
{
  static const struct {
    const char *answer;
    CURLcode result;
  } rows[] = {
      {"HTTP/1.1 304 Not Modified\r\n\r\n", CURLE_OK},
      {"HTTP/1.1 204 No Content\r\n\r\n", CURLE_OK},
      {OK, CURLE_RANGE_ERROR},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    SCRIPT(rows[i].answer);
    CURL *curl = script_easy("/x");
    curl_easy_setopt(curl, CURLOPT_RESUME_FROM, 7L);
    CHECK_INT(perform(curl, 1), rows[i].result);
    curl_easy_cleanup(curl);
  }
}

TEST(too_large_says_a_head)
{
  SCRIPT("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  CURL *curl = script_easy("/x");
  curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, 999L);
  CHECK_INT(perform(curl, 1), CURLE_FILESIZE_EXCEEDED);
  curl_easy_setopt(curl, CURLOPT_MAXFILESIZE, 1000L);
  CHECK_INT(perform(curl, 2), CURLE_OK);
  curl_easy_cleanup(curl);
}

/* ---- uploads of a part ---- */

static size_t read_upload(char *dst, size_t size, size_t n, void *arg)
{
  long *at = arg, left = 12 - *at;
  (void)size;
  if ((long)n > left)
    n = (size_t)left;
  memcpy(dst, &"hello world\n"[*at], n);
  *at += (long)n;
  return n;
}

static CURL *upload(long *at, long size)
{
  CURL *curl = script_easy("/x");
  *at = 0;
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_upload);
  curl_easy_setopt(curl, CURLOPT_READDATA, at);
  curl_easy_setopt(curl, CURLOPT_INFILESIZE, size);
  return curl;
}

TEST(content_range_of_an_upload)
{
  long at;
  SCRIPT(OK);
  CURL *curl = upload(&at, 12);
  curl_easy_setopt(curl, CURLOPT_RANGE, "2-13");
  CHECK_INT(perform(curl, 1), CURLE_OK);
  CHECK(strstr(script.got[0], "\r\nContent-Range: bytes 2-13/12\r\n") &&
        !strstr(script.got[0], "\r\nRange:"));
  curl_easy_setopt(curl, CURLOPT_INFILESIZE, -1L);
  curl_easy_setopt(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L);
  at = 0;
  CHECK_INT(perform(curl, 2), CURLE_OK);
  CHECK(strstr(script.got[1], "\r\nContent-Range: bytes 2-13/*\r\n") != NULL);
  curl_easy_cleanup(curl);
}

TEST(resumed_uploads)
{
  long at;
  for (long from = 11; from <= 13; from++) {
    SCRIPT(OK);
    CURL *curl = upload(&at, 12);
    curl_easy_setopt(curl, CURLOPT_RESUME_FROM, from);
    CHECK_INT(perform(curl, from < 12), from < 12 ? CURLE_OK : CURLE_PARTIAL_FILE);
    if (from < 12)
      CHECK(strstr(script.got[0], "\r\nContent-Range: bytes 11-11/12\r\n") &&
            strstr(script.got[0], "\r\n\r\n\n"));
    curl_easy_cleanup(curl);
  }
}

static void post_part(const char *range, long from, CURLcode result, const char *field,
                      const char *body)
{
  SCRIPT(OK);
  CURL *curl = script_easy("/x");
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "hello");
  curl_easy_setopt(curl, CURLOPT_RANGE, range);
  curl_easy_setopt(curl, CURLOPT_RESUME_FROM, from);
  CHECK_INT(perform(curl, body != NULL), result);
  if (body)
    CHECK(strstr(script.got[0], field) && strstr(script.got[0], body));
  curl_easy_cleanup(curl);
}

TEST(a_part_of_a_post)
{
  post_part("4-8", 0, CURLE_OK, "\r\nContent-Range: bytes 4-8/5\r\n", "\r\n\r\nhello");
  post_part(NULL, 2, CURLE_OK, "\r\nContent-Range: bytes 2-4/5\r\n", "\r\n\r\nllo");
  post_part(NULL, 5, CURLE_PARTIAL_FILE, NULL, NULL);
}

/* ---- numbers while it runs, and after a failure ---- */

struct numbers {
  int calls;
  curl_off_t dl_total, dl_now, ul_total, ul_now;
};

static int on_progress(void *arg, curl_off_t dl_total, curl_off_t dl_now, curl_off_t ul_total,
                       curl_off_t ul_now)
{
  struct numbers *n = arg;
  *n = (struct numbers){n->calls + 1, dl_total, dl_now, ul_total, ul_now};
  return 0;
}

TEST(progress)
{
  static const struct {
    const char *answer;
    CURLcode result;
    curl_off_t total, now;
  } rows[] = {
      {"HTTP/1.1 302 X\r\nLocation: /z\r\nContent-Length: 4\r\n\r\ngone", CURLE_OK, 2,
       2}, /* the last request's */
      {"!HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", CURLE_PARTIAL_FILE, 9,
       3}, /* told at the end as well */
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct numbers n = {0};
    SCRIPT(rows[i].answer, OK);
    CURL *curl = script_easy("/x");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "12345");
    curl_easy_setopt(curl, CURLOPT_POSTREDIR, (long)CURL_REDIR_POST_ALL);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &n);
    CHECK_INT(curl_easy_perform(curl), rows[i].result);
    CHECK(n.calls > 0 && n.dl_total == rows[i].total && n.dl_now == rows[i].now);
    CHECK(n.ul_total == 5 && n.ul_now == 5);
    curl_easy_cleanup(curl);
  }
}

/* CURLOPT_IPRESOLVE(3) is also about addresses that need no resolving. */
TEST(an_address_of_the_other_family)
{
  SCRIPT(OK);
  CURL *curl = script_easy("/x");
  curl_easy_setopt(curl, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V6);
  CHECK_INT(perform(curl, 0), CURLE_COULDNT_CONNECT);
  curl_easy_setopt(curl, CURLOPT_IPRESOLVE, (long)CURL_IPRESOLVE_V4);
  CHECK_INT(perform(curl, 1), CURLE_OK);
  curl_easy_cleanup(curl);
}
