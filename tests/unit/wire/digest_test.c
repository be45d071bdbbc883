/* Digest answers, byte by byte, and which challenges are answered. */
#include "tests/test.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "wire/digest.h"

static struct digest_request request(const char *user, const char *password, const char *method,
                                     const char *uri)
{
  return (struct digest_request){.user = slice_str(user),
                                 .password = slice_str(password),
                                 .method = slice_str(method),
                                 .uri = slice_str(uri),
                                 .cnonce = SLICE_LIT("MTA4MzIr")};
}

/* The answer, in a static buffer; "" for none. */
static const char *answer(struct digest *d, const struct digest_request *r)
{
  static char text[4000];
  struct buf out;
  sl_buf_init(&out, sizeof text - 1);
  text[0] = 0;
  if (sl_digest_authorization(d, r, &out) == SL_OK)
    memcpy(text, out.p, out.n + 1);
  sl_buf_done(&out);
  return text;
}

#define HEAD(user, realm, nonce, uri)                                                              \
  "Digest username=\"" user "\", realm=\"" realm "\", nonce=\"" nonce "\", uri=\"" uri "\", "

TEST(answers)
{
  static const struct {
    const char *params, *user, *password, *method, *uri, *want;
  } rows[] = {
      {"realm=\"testrealm\", nonce=\"1053604145\"", "testuser", "testpass", "PUT", "/88",
       HEAD("testuser", "testrealm", "1053604145",
            "/88") "response=\"78a49fa53d0c228778297687d4168e71\""},
      {"realm=\"testrealm\", nonce=\"1\"", "testuser", "testpass", "GET", "/2076?query",
       HEAD("testuser", "testrealm", "1",
            "/2076?query") "response=\"5758bd3bbde7f33236e6ccd278eb59af\""},
      {"realm=\"test \\\"this\\\" realm!!\", nonce=\"1053604145\"", "testuser", "testpass", "GET",
       "/1095",
       HEAD("testuser", "test \\\"this\\\" realm!!", "1053604145",
            "/1095") "response=\"df3246f44d2bc8de0e9f8fc4d7cf6e95\""},
      {"realm=\"testrealm\", nonce=\"1053604145\"", "\\user\"", "password", "GET", "/1229",
       HEAD("\\\\user\\\"", "testrealm", "1053604145",
            "/1229") "response=\"f2694d426040712584c156d3de72b8d6\""},
      {"realm=\"testrealm\", algorithm=MD5, algorithm=MD5, nonce=1, nonce=2", "testuser",
       "testpass", "GET", "/1437",
       HEAD("testuser", "testrealm", "2",
            "/1437") "response=\"4376eb639bf8e7343a6e7b56e1b89c4f\", algorithm=MD5"},
      {"realm=\"testrealm\", algorithm=MD5, nonce=\"999999\", stale=true, qop=\"auth\"", "testuser",
       "testpass", "GET", "/1530002",
       HEAD("testuser", "testrealm", "999999",
            "/1530002") "cnonce=\"MTA4MzIr\", nc=00000001, qop=auth, "
                        "response=\"f9b8f1ca35d6f45864546d3ccbb71463\", "
                        "algorithm=MD5"},
      {"realm=\"testrealm\", nonce=\"1053604145\", algorithm=\"SHA-256\"", "testuser", "testpass",
       "GET", "/2061",
       HEAD("testuser", "testrealm", "1053604145",
            "/2061") "response="
                     "\"9dc55255f1a2537b838311674b621d45346b862a81631bb20e4ce356ef25062d\", "
                     "algorithm=SHA-256"},
      {"realm=\"testrealm\", nonce=\"1053604145\", algorithm=\"SHA-256\", userhash=true",
       "testuser", "testpass", "GET", "/2063",
       HEAD("75af8a3500f771e58a52093a25e7905d6e428a511285c12ea1420c73078dfd61", "testrealm",
            "1053604145",
            "/2063") "response="
                     "\"6c470aec384ab1d4e12d3ce1f5b08303d8cad177e52ebe50ec1a3e141adb0cdc\", "
                     "algorithm=SHA-256, userhash=true"},
      /* the credentials of RFC 7616 3.9.1 and 3.9.2 (whose SHA-512-256 response is not what
       * SHA-512/256 gives) */
      {"realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=MD5, "
       "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
       "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
       "Mufasa", "Circle of Life", "GET", "/dir/index.html",
       HEAD("Mufasa", "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            "/dir/index.html") "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", "
                               "nc=00000001, qop=auth, "
                               "response=\"8ca523f5e9506fed4657c9700eebdbec\", "
                               "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", "
                               "algorithm=MD5"},
      {"realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm=SHA-256, "
       "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", "
       "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"",
       "Mufasa", "Circle of Life", "GET", "/dir/index.html",
       HEAD("Mufasa", "http-auth@example.org", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            "/dir/index.html") "cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", "
                               "nc=00000001, qop=auth, "
                               "response="
                               "\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
                               "\", "
                               "opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", "
                               "algorithm=SHA-256"},
      {"realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, "
       "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", "
       "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=true",
       "J\303\244s\303\270n Doe", "Secret, or not?", "GET", "/doe.json",
       HEAD("793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b", "api@example.org",
            "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
            "/doe.json") "cnonce=\"NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm\", nc=00000001, qop=auth, "
                         "response="
                         "\"7a4e1192babbba02e91182d2895bfdbf7adafc6e48d4e517ca301974843d840c\", "
                         "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", "
                         "algorithm=SHA-512-256, userhash=true"},
      /* odds and ends; expected values from another implementation */
      {"nonce=\"n\"", "user", "pass", "GET", "/p?q",
       HEAD("user", "", "n", "/p?q") "response=\"4a2282ab95907863966b7f7d92856057\""},
      {"realm=\"r\", nonce=\"\"", "user", "pass", "GET", "/p?q",
       HEAD("user", "r", "", "/p?q") "response=\"f63302e6630b820232473b62cf59ee7b\""},
      {"realm=\"r\", nonce=\"n\", opaque=\"\", qop=\"foo\", algorithm=md5", "user", "pass", "GET",
       "/p?q",
       HEAD("user", "r", "n",
            "/p?q") "response=\"9a9d09e0f1769c7d4f8c2263da50cc50\", opaque=\"\", algorithm=md5"},
      {"realm=\"a\\\\b\\\"c\", nonce=\"n\\\"1\"", "user", "pass", "GET", "/p?q",
       HEAD("user", "a\\\\b\\\"c", "n\\\"1",
            "/p?q") "response=\"8add72b60ad3e0f327cf69539aa4dd35\""},
      {"realm=\"r\",nonce=\"n\",userhash=\"TRUE\"", "user", "pass", "GET", "/p?q",
       HEAD("f2014bc543adfc117d6000879437967d", "r", "n",
            "/p?q") "response=\"9a9d09e0f1769c7d4f8c2263da50cc50\", userhash=true"},
      {"realm=\"r\",nonce=\"n\"", "user", "pass", "GET", "/a\"b",
       HEAD("user", "r", "n", "/a\\\"b") "response=\"acd30326557a54b8ee04666baae4ac1c\""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct digest d = {.realm = NULL};
    struct digest_request r = request(rows[i].user, rows[i].password, rows[i].method, rows[i].uri);
    if (strstr(rows[i].want, "f2/wE4q7"))
      r.cnonce = SLICE_LIT("f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ");
    if (strstr(rows[i].want, "NTg6RKcb"))
      r.cnonce = SLICE_LIT("NTg6RKcb9boFIAS3KrFK9BGeh+niz/sm");
    CHECK_INT(sl_digest_challenge(&d, slice_str(rows[i].params)), SL_DIGEST_READY);
    CHECK_STR(answer(&d, &r), rows[i].want);
    sl_digest_done(&d);
  }
}

TEST(sessions_and_integrity)
{
  static const struct {
    const char *params, *body, *want;
  } rows[] = {
      {"realm=\"r\", nonce=\"n\", qop=auth, opaque=5ccc, algorithm=MD5-sess", "",
       "qop=auth, response=\"71fdcc7ee20ebf9fd3c7512df509515e\", opaque=\"5ccc\", "
       "algorithm=MD5-sess"},
      {"realm=\"r\", nonce=\"n\", qop=auth, algorithm=SHA-256-SESS", "",
       "qop=auth, response=\"3ca85b742cb8b6073f71a786e328fe2ce4fe0545ab65cc812773c019ba0b0733\", "
       "algorithm=SHA-256-SESS"},
      {"realm=\"r\", nonce=\"n\", qop=auth, algorithm=SHA-512-256-sess", "",
       "qop=auth, response=\"c7b489525fb3c30931c52448f883b187b9b967443dd3e18b5be54db70df676c0\", "
       "algorithm=SHA-512-256-sess"},
      {"realm=\"r\", nonce=\"n\", qop=\"auth-int\"", "",
       "qop=auth-int, response=\"4ea638d7ed7a480d707cd1fa53d779f6\""},
      {"realm=\"r\", nonce=\"n\", qop=\"auth-int\"", "body",
       "qop=auth-int, response=\"45ed3e60eb3fdedb148ee9c51749a2e5\""},
      {"realm=\"r\", nonce=\"n\", qop=\"auth-int,auth\"", "body",
       "qop=auth, response=\"345bd73c101045c8e2d2af2d698810ac\""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct digest d = {.realm = NULL};
    struct digest_request r = request("user", "pass", "POST", "/p");
    r.body = slice_str(rows[i].body);
    CHECK_INT(sl_digest_challenge(&d, slice_str(rows[i].params)), SL_DIGEST_READY);
    const char *text = answer(&d, &r), *at = strstr(text, "nc=00000001, ");
    if (CHECK(at))
      CHECK_STR(at + strlen("nc=00000001, "), rows[i].want);
    sl_digest_done(&d);
  }
}

TEST(challenges_that_are_not_answered)
{
  static const char *const rows[] = {
      "",
      "realm=\"r\"",
      "realm=\"r\", nonce=\"n\", algorithm=foo",
      "realm=\"r\", nonce=\"n\", algorithm=\"\"",
      "realm=\"r\", nonce=\"n\", algorithm=SHA-512",
      "realm=\"r\", nonce=\"n\", algorithm=MD5-sess",
      "realm=\"r\", nonce=\"n\", algorithm=MD5-sess, qop=foo",
  };
  struct digest_request r = request("user", "pass", "GET", "/");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct digest d = {.realm = NULL};
    if (!CHECK_INT(sl_digest_challenge(&d, slice_str(rows[i])), SL_DIGEST_UNUSABLE))
      printf("# %s\n", rows[i]);
    CHECK_STR(answer(&d, &r), "");
    struct buf out;
    sl_buf_init(&out, 100);
    CHECK_INT(sl_digest_authorization(&d, &r, &out), CURLE_AUTH_ERROR);
    sl_digest_done(&d);
  }
}

TEST(a_nonce_is_counted_and_goes_stale)
{
  struct digest d = {.realm = NULL};
  struct digest_request r = request("user", "pass", "GET", "/");
  struct slice first = slice_str("realm=\"r\", nonce=\"n\", qop=auth, opaque=x");
  struct slice stale = slice_str("realm=\"r\", nonce=\"m\", qop=auth, stale=TRUE");
  REQUIRE(sl_digest_challenge(&d, first) == SL_DIGEST_READY);
  REQUIRE(sl_digest_challenge(&d, first) == SL_DIGEST_READY); /* not answered yet */
  CHECK(strstr(answer(&d, &r), "nonce=\"n\"") && strstr(answer(&d, &r), "nc=00000002"));
  d.nonce_count = 0xabcde;
  CHECK(strstr(answer(&d, &r), "nc=000abcdf"));
  CHECK_INT(sl_digest_challenge(&d, stale), SL_DIGEST_READY);
  const char *text = answer(&d, &r);
  CHECK(strstr(text, "nonce=\"m\"") && strstr(text, "nc=00000001") && !strstr(text, "opaque"));
  CHECK_INT(sl_digest_challenge(&d, slice_str("realm=\"r\", nonce=\"o\", stale=false")),
            SL_DIGEST_REFUSED);
  CHECK_STR(answer(&d, &r), "");
  sl_digest_done(&d);
}

TEST(no_line_ends_get_into_the_header)
{
  static const struct {
    const char *params, *user, *uri;
  } rows[] = {
      {"realm=\"r\", nonce=\"n\"", "a\r\nX: y", "/"}, {"realm=\"r\", nonce=\"n\"", "a", "/\n"},
      {"realm=\"r\n\", nonce=\"n\"", "a", "/"},       {"realm=\"r\", nonce=\"\r\"", "a", "/"},
      {"nonce=\"n\", opaque=\"\177\"", "a", "/"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct digest d = {.realm = NULL};
    struct digest_request r = request(rows[i].user, "pass", "GET", rows[i].uri);
    REQUIRE(sl_digest_challenge(&d, slice_str(rows[i].params)) == SL_DIGEST_READY);
    CHECK_STR(answer(&d, &r), "");
    sl_digest_done(&d);
  }
}

TEST(internet_explorer_leaves_the_query_out)
{
  struct digest d = {.realm = NULL};
  struct digest_request r = request("user", "pass", "GET", "/p?q");
  r.ie_flavour = true;
  REQUIRE(sl_digest_challenge(&d, slice_str("realm=\"r\", nonce=\"n\"")) == SL_DIGEST_READY);
  CHECK_STR(answer(&d, &r),
            HEAD("user", "r", "n", "/p") "response=\"2869c9412c88cae01c2dea2c62e50734\"");
  sl_digest_done(&d);
}

TEST(every_allocation_may_fail)
{
  struct digest_request r = request("user", "pass", "GET", "/");
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct digest d = {.realm = NULL};
    struct buf out;
    sl_buf_init(&out, 1000);
    enum digest_verdict v = sl_digest_challenge(
        &d,
        slice_str("realm=\"r\", nonce=\"n\", nonce=\"m\", opaque=\"o\", algorithm=MD5, qop=auth"));
    CHECK(v == SL_DIGEST_READY || v == SL_DIGEST_NOMEM);
    last = v == SL_DIGEST_READY ? sl_digest_authorization(&d, &r, &out) : SL_NOMEM;
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_buf_done(&out);
    sl_digest_done(&d);
  }
  CHECK_INT(last, SL_OK);
}
