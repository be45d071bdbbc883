/* xfer/http_sigv4.c: what of a transfer is signed. The signatures are those that libcurl makes. */
#include <curl/curl.h>

#include "base/mem.h"
#include "tests/test.h"
#include "xfer/protos.h"
#include "xfer/transfer.h"

#define SIGNED(names, signature)                                                                   \
  "Authorization: AWS4-HMAC-SHA256 Credential=key/20200101/us-east-1/svc/aws4_request, "           \
  "SignedHeaders=" names ", Signature=" signature "\r\n"

struct signing {
  const char *method, *body;
  struct curl_slist *fields;
  bool elsewhere; /* redirected to another origin */
};

/* http://o.example:8080/a/b?x=1 */
static sl_result sign(const struct signing *s, struct buf *out)
{
  struct url url = {.path = SLICE_LIT("/a/b"), .query = SLICE_LIT("x=1")};
  CURL *e = curl_easy_init();
  if (!e)
    return SL_NOMEM;
  struct transfer t = {.easy = sl_easy_of(e), .proto = &sl_proto_http, .url = &url, .user = "key", .password = "secret",
                       .host = SLICE_LIT("o.example"), .port = 8080};
  sl_buf_init(&t.error, 200);
  t.http.cross_origin = s->elsewhere;
  t.http.method = s->body ? SL_HTTP_POST : SL_HTTP_GET;
  if (s->body)
    sl_source_mem(&t.source, s->body, (int64_t)strlen(s->body));
  sl_result rc = (sl_result)curl_easy_setopt(e, CURLOPT_AWS_SIGV4, "aws:amz:us-east-1:svc");
  if (!rc)
    rc = (sl_result)curl_easy_setopt(e, CURLOPT_HTTPHEADER, s->fields);
  if (!rc)
    rc = sl_auth_sigv4(&t, slice_str(s->method), out);
  sl_buf_done(&t.error);
  curl_easy_cleanup(e);
  return rc;
}

static const char *lines(const struct signing *s)
{
  static char text[1024];
  struct buf out;
  sl_buf_init(&out, sizeof text - 1);
  CHECK_INT(sign(s, &out), SL_OK);
  snprintf(text, sizeof text, "%s", out.n ? out.p : "");
  sl_buf_done(&out);
  return text;
}

static char date_line[] = "X-Amz-Date: 20200101T000000Z", host_line[] = "Host: svc.us.example";
static struct curl_slist date = {date_line, NULL};
static struct curl_slist own_host = {host_line, &date};

TEST(signs_the_target_and_the_own_fields)
{
  struct signing s = {.method = "GET", .fields = &own_host};
  CHECK_STR(lines(&s), SIGNED("host;x-amz-date", "37407e06de32574d8e38625da61013448ecabca8f17f8607b5b59aec379047c3"));
  char no_value[] = "X-Nothing:", no_colon[] = "X-Nothing", semicolon[] = "X-Blank;";
  struct curl_slist empty = {no_value, &own_host}, malformed = {no_colon, &empty};
  s.fields = &malformed; /* neither is sent */
  CHECK_STR(lines(&s), SIGNED("host;x-amz-date", "37407e06de32574d8e38625da61013448ecabca8f17f8607b5b59aec379047c3"));
  struct curl_slist blank = {semicolon, &own_host};
  s.fields = &blank;
  CHECK(strstr(lines(&s), "SignedHeaders=host;x-amz-date;x-blank,"));
}

TEST(signs_a_body_in_memory)
{
  struct signing s = {.method = "POST", .body = "hi", .fields = &own_host};
  CHECK_STR(lines(&s), SIGNED("host;x-amz-date", "3beccdfe43fb9e771a5941a96b2a45cba3a093e08d28027e9d134c4824887aab"));
}

TEST(an_own_host_is_for_the_first_origin)
{
  char first[1024];
  struct signing s = {.method = "GET", .fields = &own_host, .elsewhere = true}, plain = {.method = "GET", .fields = &date};
  snprintf(first, sizeof first, "%s", lines(&s));
  CHECK_STR(lines(&plain), first);
  s.elsewhere = false;
  CHECK(strcmp(lines(&s), first));
}

TEST(memory_may_end_anywhere)
{
  struct signing s = {.method = "GET", .fields = &own_host};
  sl_result last = SL_OK;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct buf out;
    sl_buf_init(&out, 1000);
    last = sign(&s, &out);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_buf_done(&out);
  }
  CHECK_INT(last, SL_OK);
}
