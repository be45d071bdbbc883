/* SigV4: the AWS manual's examples, other providers, what is signed, errors. */
#include "tests/test.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "wire/sigv4.h"

enum { T2015 = 1440938160 /* 20150830T123600Z */, T2013 = 1369353600 /* 20130524T000000Z */ };
#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static const char *lines_of(const struct sigv4_request *r)
{
  static char text[4000];
  struct buf out;
  sl_buf_init(&out, sizeof text - 1);
  text[0] = 0;
  if (CHECK_INT(sl_sigv4_sign(r, &out, NULL), SL_OK))
    memcpy(text, out.p, out.n + 1);
  sl_buf_done(&out);
  return text;
}

static struct sigv4_request request(const char *spec, const char *method, const char *host,
                                    const char *path, const char *query)
{
  return (struct sigv4_request){
      .spec = slice_str(spec),
      .user = SLICE_LIT("AKIDEXAMPLE"),
      .password = SLICE_LIT("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
      .method = slice_str(method),
      .host = slice_str(host),
      .path = slice_str(path),
      .query = slice_str(query),
      .now_s = T2015,
  };
}

#define AWS(names, signature)                                                                      \
  "Authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/"             \
  "aws4_request, SignedHeaders=" names ", Signature=" signature "\r\n"                             \
  "X-Amz-Date: 20150830T123600Z\r\n"

TEST(published_examples)
{
  static const struct sigv4_header trim[] = {
      {SLICE_LIT("My-Header1"), SLICE_LIT("   value1")},
      {SLICE_LIT("My-Header2"), SLICE_LIT(" \"a   b   c\" ")},
  };
  static const struct sigv4_header twice[] = {{SLICE_LIT("My-Header1"), SLICE_LIT("value2")},
                                              {SLICE_LIT("My-Header1"), SLICE_LIT("value2")},
                                              {SLICE_LIT("My-Header1"), SLICE_LIT("value1")}};
  static const struct {
    const char *method, *path, *query, *want;
    const struct sigv4_header *headers;
    size_t n_headers;
  } rows[] = {
      {"GET", "/", "",
       AWS("host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
       NULL, 0},
      {"GET", "", "",
       AWS("host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
       NULL, 0},
      {"POST", "/", "",
       AWS("host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
       NULL, 0},
      {"GET", "/", "Param2=value2&Param1=value1",
       AWS("host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
       NULL, 0},
      {"GET", "/", "",
       AWS("host;my-header1;my-header2;x-amz-date",
           "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
       trim, 2},
      {"GET", "/", "",
       AWS("host;my-header1;x-amz-date",
           "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
       twice, 3},
      {"GET", "/a%20b/%E1%88%B4", "",
       AWS("host;x-amz-date", "e9d8665373fed7762b3e2e661f671155634544940c97a67fd5efade7ceb8c358"),
       NULL, 0},
      {"GET", "/", "b=2&a=%7e&A=1&c&&=x&a=1%2b+%zz&d=%c3%A9/=",
       AWS("host;x-amz-date", "e13248040cefbe3f9cddbe1662f70d7671fe5ed3e89d9c93342c0e48d2ed7aac"),
       NULL, 0},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct sigv4_request r = request("aws:amz:us-east-1:service", rows[i].method,
                                     "example.amazonaws.com", rows[i].path, rows[i].query);
    r.headers = rows[i].headers;
    r.n_headers = rows[i].n_headers;
    CHECK_STR(lines_of(&r), rows[i].want);
  }
}

TEST(region_and_service_from_the_host)
{
  static const struct sigv4_header type[] = {
      {SLICE_LIT("Content-Type"), SLICE_LIT("application/x-www-form-urlencoded; charset=utf-8")}};
  struct sigv4_request r = request("aws:amz:us-east-1", "GET", "iam.amazonaws.com", "/",
                                   "Action=ListUsers&Version=2010-05-08");
  r.headers = type;
  r.n_headers = 1;
  CHECK_STR(lines_of(&r),
            "Authorization: AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
            "SignedHeaders=content-type;host;x-amz-date, "
            "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7\r\n"
            "X-Amz-Date: 20150830T123600Z\r\n");
  static const struct {
    const char *spec, *host, *scope; /* scope NULL: refused */
    sl_result result;
  } rows[] = {
      {"aws:amz", "svc.reg.example.com", "/20150830/reg/svc/aws4_request,", SL_OK},
      {"aws:amz", "svc.reg.x:90", "/20150830/reg/svc/aws4_request,", SL_OK},
      {"aws:amz::s", "svc.reg.example.com", "/20150830/reg/s/aws4_request,", SL_OK},
      {"aws:amz:r:", "svc.reg.example.com", "/20150830/r/svc/aws4_request,", SL_OK},
      {"aws:amz:r:s:t", "localhost", "/20150830/r/s:t/aws4_request,", SL_OK},
      {"AWS::r:s", "localhost", "/20150830/r/s/aws4_request,", SL_OK},
      {"aws:amz", "svc.reg", NULL, CURLE_URL_MALFORMAT},
      {"aws:amz", "localhost", NULL, CURLE_URL_MALFORMAT},
      {"aws:amz:r", "localhost", NULL, CURLE_URL_MALFORMAT},
      {"aws:amz::s", "localhost", NULL, CURLE_URL_MALFORMAT},
      {"", "svc.reg.example.com", NULL, CURLE_BAD_FUNCTION_ARGUMENT},
      {":amz", "svc.reg.example.com", NULL, CURLE_BAD_FUNCTION_ARGUMENT},
      {"aws:a\nz", "svc.reg.example.com", NULL, CURLE_BAD_FUNCTION_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf out;
    const char *error = NULL;
    r = request(rows[i].spec, "GET", rows[i].host, "/", "");
    sl_buf_init(&out, 10000);
    if (!CHECK_INT(sl_sigv4_sign(&r, &out, &error), rows[i].result) ||
        (rows[i].scope && !CHECK(strstr(out.p, rows[i].scope))))
      printf("# %s %s\n", rows[i].spec, rows[i].host);
    CHECK_INT(*error == 0, rows[i].result == SL_OK);
    CHECK(rows[i].scope || !out.n);
    sl_buf_done(&out);
  }
  struct buf out;
  r = request("aws:amz:r:s", "GET", "h", "/", "");
  r.user = SLICE_LIT("AK\r\nX: y");
  sl_buf_init(&out, 10000);
  CHECK_INT(sl_sigv4_sign(&r, &out, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
  r.user = SLICE_LIT("AK");
  r.now_s = INT64_MAX;
  CHECK_INT(sl_sigv4_sign(&r, &out, NULL), CURLE_BAD_FUNCTION_ARGUMENT);
}

TEST(other_providers)
{
  struct sigv4_request r = request("xxx", "GET", "svc.reg.example.com", "/p", "");
  r.now_s = 1795356455;
  CHECK_STR(lines_of(&r),
            "Authorization: XXX4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/reg/svc/xxx4_request, "
            "SignedHeaders=host;x-xxx-date, "
            "Signature=c12799a6ffa74e14c60e2e11c9655c2899695fcf351959b79c5d4006d21187c6\r\nX-Xxx-"
            "Date: 20261122T140735Z\r\n");
  r.spec = SLICE_LIT("Test:tRY:r:s");
  r.method = SLICE_LIT("POST");
  r.body = SLICE_LIT("body=1");
  CHECK_STR(lines_of(&r),
            "Authorization: TEST4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/r/s/test4_request, "
            "SignedHeaders=host;x-try-date, "
            "Signature=a09056d76cd74ffeed055929b3904302f11b8012031520447bea169591832e01\r\nX-Try-"
            "Date: 20261122T140735Z\r\n");
}

TEST(s3)
{
  struct sigv4_request r =
      request("aws:amz:us-east-1:s3", "GET", "examplebucket.s3.amazonaws.com", "/", "lifecycle");
  r.user = SLICE_LIT("AKIAIOSFODNN7EXAMPLE");
  r.password = SLICE_LIT("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
  r.now_s = T2013;
  CHECK_STR(lines_of(&r),
            "Authorization: AWS4-HMAC-SHA256 "
            "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543\r\n"
            "X-Amz-Date: 20130524T000000Z\r\n"
            "x-amz-content-sha256: " EMPTY "\r\n");
  /* PUT of the manual: the path is encoded once */
  static const struct sigv4_header put[] = {
      {SLICE_LIT("Date"), SLICE_LIT("Fri, 24 May 2013 00:00:00 GMT")},
      {SLICE_LIT("x-amz-storage-class"), SLICE_LIT("REDUCED_REDUNDANCY")}};
  r.method = SLICE_LIT("PUT");
  r.path = SLICE_LIT("/test%24file.text");
  r.query = SLICE_NONE;
  r.body = SLICE_LIT("Welcome to Amazon S3.");
  r.headers = put;
  r.n_headers = 2;
  CHECK(strstr(lines_of(&r),
               "SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
               "Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd\r\n"));
  r.body = SLICE_NONE;
  r.body_unknown = true;
  CHECK(strstr(lines_of(&r), "\r\nx-amz-content-sha256: UNSIGNED-PAYLOAD\r\n"));
  r.spec = SLICE_LIT("osc:amz:us-east-1:s3"); /* another provider's has no such field */
  CHECK(!strstr(lines_of(&r), "sha256:"));
}

TEST(fields_of_the_application)
{
  static const struct sigv4_header own[] = {
      {SLICE_LIT("x-amz-DATE"), SLICE_LIT(" 20150830T123600Z ")},
      {SLICE_LIT("X-Amz-Content-Sha256"), SLICE_LIT("UNSIGNED-PAYLOAD")},
      {SLICE_LIT("Host"), SLICE_LIT("example.amazonaws.com")}};
  struct sigv4_request r = request("aws:amz:us-east-1:service", "GET", "127.0.0.1:80", "/", "");
  r.headers = own;
  r.n_headers = 3;
  r.now_s = 0;
  CHECK_STR(lines_of(&r),
            "Authorization: AWS4-HMAC-SHA256 "
            "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
            "SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
            "Signature=9b02fb7b5d0076fa47a0adda28c71e74ba4588334bc0139b8cd6bb87f16afe16\r\n");
}

TEST(an_unknown_body_is_signed_as_empty)
{
  struct sigv4_request r =
      request("aws:amz:us-east-1:service", "POST", "example.amazonaws.com", "/", "");
  r.body_unknown = true;
  CHECK_STR(lines_of(&r), AWS("host;x-amz-date",
                              "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"));
}

TEST(a_long_query)
{
  static char query[200000];
  size_t n = 0;
  while (n + 20 < sizeof query)
    n += (size_t)snprintf(query + n, 20, "%x&", (unsigned)(n * 2654435761u));
  struct sigv4_request r = request("aws:amz:us-east-1:service", "GET", "h", "/", "");
  r.query = slice_of(query, n);
  CHECK(strstr(lines_of(&r), "Signature="));
}

TEST(every_allocation_may_fail)
{
  static const struct sigv4_header own[] = {{SLICE_LIT("b"), SLICE_LIT("1")},
                                            {SLICE_LIT("a"), SLICE_LIT("2")}};
  struct sigv4_request r = request("aws:amz:us-east-1:s3", "GET", "h", "/", "b=1&a=2");
  r.headers = own;
  r.n_headers = 2;
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct buf out;
    sl_buf_init(&out, 10000);
    last = sl_sigv4_sign(&r, &out, NULL);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_buf_done(&out);
  }
  CHECK_INT(last, SL_OK);
}
