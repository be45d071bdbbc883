/* xfer/redirect.c: what a transfer tells about redirects that it follows, and about those that lead
 * nowhere. */
#include "tests/unit/xfer/script.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define TO(code, where)                                                                            \
  "HTTP/1.1 " code " X\r\nLocation: " where "\r\nContent-Length: 4\r\n\r\ngone"

static CURL *make(void)
{
  CURL *curl = script_easy("/x");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  return curl;
}

/* CURLINFO_EFFECTIVE_URL(3): the last used URL, also when it could not be used. */
TEST(a_protocol_that_is_not_allowed)
{
  SCRIPT(TO("302", "file:///etc/passwd"), OK);
  CURL *curl = make();
  CHECK_INT(curl_easy_perform(curl), CURLE_UNSUPPORTED_PROTOCOL);
  CHECK_STR(script_text(curl, CURLINFO_EFFECTIVE_URL), "file:///etc/passwd");
  CHECK_INT(script_long(curl, CURLINFO_REDIRECT_COUNT), 1);
  CHECK_INT(script_off(curl, CURLINFO_SIZE_DOWNLOAD_T), 4);
  curl_easy_cleanup(curl);
}

TEST(what_is_no_url)
{
  static const struct {
    const char *where;
    CURLcode result;
  } rows[] = {
      {"mailto:x@y", CURLE_UNSUPPORTED_PROTOCOL}, {"foo://host/", CURLE_UNSUPPORTED_PROTOCOL},
      {"http:host/", CURLE_URL_MALFORMAT},        {"http://host:99999/", CURLE_URL_MALFORMAT},
      {"http://[::1/", CURLE_URL_MALFORMAT},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char answer[200];
    snprintf(answer, sizeof answer, TO("302", "%s"), rows[i].where);
    SCRIPT(answer, OK);
    CURL *curl = make();
    CHECK_INT(curl_easy_perform(curl), rows[i].result);
    CHECK_INT(script.n, 1);
    CHECK_INT(script_long(curl, CURLINFO_REDIRECT_COUNT), 1);
    CHECK(strstr(script_text(curl, CURLINFO_EFFECTIVE_URL), "/x") !=
          NULL); /* the last one that was one */
    SCRIPT(answer, OK);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    CHECK_INT(curl_easy_perform(curl), CURLE_OK);
    CHECK_STR(script_text(curl, CURLINFO_REDIRECT_URL), rows[i].where);
    curl_easy_cleanup(curl);
  }
}

TEST(url_of_an_unknown_protocol)
{
  CURL *curl = curl_easy_init();
  CHECK_STR(script_text(curl, CURLINFO_EFFECTIVE_URL), "");
  curl_easy_setopt(curl, CURLOPT_URL, "foo://host/a");
  CHECK_STR(script_text(curl, CURLINFO_EFFECTIVE_URL), "foo://host/a");
  CHECK_INT(curl_easy_perform(curl), CURLE_UNSUPPORTED_PROTOCOL);
  CHECK_STR(script_text(curl, CURLINFO_EFFECTIVE_URL), "foo://host/a");
  curl_easy_setopt(curl, CURLOPT_URL, "http://127.0.0.1:1/");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https");
  CHECK_INT(curl_easy_perform(curl), CURLE_UNSUPPORTED_PROTOCOL);
  CHECK_STR(script_text(curl, CURLINFO_EFFECTIVE_URL), "http://127.0.0.1:1/");
  curl_easy_cleanup(curl);
}

static size_t read_once(char *dst, size_t size, size_t n, void *arg)
{
  int *left = arg;
  (void)size;
  if (!*left || n < 5)
    return 0;
  *left = 0;
  memcpy(dst, "hello", 5);
  return 5;
}

static int cannot_seek(void *arg, curl_off_t offset, int origin)
{
  (void)arg;
  (void)offset;
  (void)origin;
  return CURL_SEEKFUNC_CANTSEEK;
}

/* 303 turns the request into a GET: a body that cannot be rewound is no obstacle then. */
static void stream_to(const char *answer, CURLcode result, const char *second)
{
  int left = 1;
  SCRIPT(answer, OK);
  CURL *curl = make();
  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_once);
  curl_easy_setopt(curl, CURLOPT_READDATA, &left);
  curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, cannot_seek);
  struct curl_slist *fields = curl_slist_append(NULL, "Expect:");
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
  CHECK_INT(curl_easy_perform(curl), result);
  CHECK_INT(script.n, second ? 2 : 1);
  if (second)
    CHECK_MEM(script.got[1], second, strlen(second));
  curl_easy_cleanup(curl);
  curl_slist_free_all(fields);
}

TEST(no_rewind_for_a_request_without_a_body)
{
  stream_to(TO("303", "/z"), CURLE_OK, "GET /z HTTP/1.1\r\n");
  stream_to(TO("307", "/z"), CURLE_SEND_FAIL_REWIND, NULL);
}

TEST(a_form_that_becomes_a_get)
{
  SCRIPT(TO("302", "/z"), OK);
  CURL *curl = make();
  curl_mime *mime = curl_mime_init(curl);
  curl_mimepart *part = curl_mime_addpart(mime);
  curl_mime_name(part, "a");
  curl_mime_data(part, "b", CURL_ZERO_TERMINATED);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(script.n, 2);
  CHECK_MEM(script.got[1], "GET /z ", 7);
  curl_easy_cleanup(curl);
  curl_mime_free(mime);
}

/* CURLINFO_EFFECTIVE_METHOD(3), also where no request of HTTP follows any more. */
TEST(method_of_another_protocol)
{
  static const char *const where[] = {"ftp://127.0.0.1:1/", "file:///etc/passwd"};
  for (int i = 0; i < 2; i++) {
    char answer[200];
    snprintf(answer, sizeof answer, TO("302", "%s"), where[i]);
    SCRIPT(answer);
    CURL *curl = make();
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "x");
    CHECK_INT(curl_easy_perform(curl), i ? CURLE_UNSUPPORTED_PROTOCOL : CURLE_COULDNT_CONNECT);
    CHECK_STR(script_text(curl, CURLINFO_EFFECTIVE_METHOD), "GET");
    CHECK_STR(script_text(curl, CURLINFO_EFFECTIVE_URL), where[i]);
    curl_easy_cleanup(curl);
  }
}

/* Each request has numbers of its own; what is got are the last one's. */
TEST(sizes_are_the_last_requests)
{
  SCRIPT(TO("302", "/z"), OK);
  CURL *curl = make();
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "12345");
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(script_off(curl, CURLINFO_SIZE_UPLOAD_T), 0);
  CHECK_INT(script_off(curl, CURLINFO_SIZE_DOWNLOAD_T), 2);
  SCRIPT(TO("307", "/z"), OK);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(script_off(curl, CURLINFO_SIZE_UPLOAD_T), 5);
  curl_easy_cleanup(curl);
}

TEST(limit_reached)
{
  SCRIPT(TO("301", "/1"), TO("302", "/2"), OK);
  CURL *curl = make();
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 1L);
  CHECK_INT(curl_easy_perform(curl), CURLE_TOO_MANY_REDIRECTS);
  CHECK_INT(script_long(curl, CURLINFO_REDIRECT_COUNT), 1);
  CHECK(strstr(script_text(curl, CURLINFO_REDIRECT_URL), "/2") != NULL);
  CHECK_INT(script_off(curl, CURLINFO_SIZE_DOWNLOAD_T), 4);
  curl_easy_cleanup(curl);
}
