/* proto/sasl.c and wire/sasl_msg.c: every mechanism with the examples of its RFC, what is picked, how one is given up;
 * with every n-th allocation failing. */
#include "proto/sasl.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "tests/test.h"
#include "wire/encode.h"

/* ---- a conversation, written down: "C: MECHANISM [initial]", "S: +challenge" ---- */

struct step {
  const char *want;  /* "MECHANISM", "MECHANISM ir" or a line; $...$: base64 of what stands between */
  const char *reply; /* "+ base64", "+$plain$", "OK" or "NO" */
};

struct talk {
  const char *name;
  struct sasl s;
  struct step steps[6];
  sl_result want;
  bool none_left;
};

/* Text with the parts between dollar signs as base64; "~" in them is a zero byte, "^" the byte 1. */
static void expand(const char *text, char *out, size_t size)
{
  char plain[600];
  struct buf b;
  bool coded = false;
  size_t n = 0;
  sl_buf_init(&b, (uint32_t)size - 1);
  for (; *text; text++) {
    if (*text != '$') {
      char c = coded && *text == '~' ? '\0' : coded && *text == '^' ? '\1' : *text;
      if (coded)
        plain[n++] = c;
      else
        sl_buf_char(&b, c);
      continue;
    }
    if (coded)
      sl_encode_base64(slice_of(plain, n), &b);
    coded = !coded;
    n = 0;
  }
  snprintf(out, size, "%s", b.p ? b.p : "");
  sl_buf_done(&b);
}

static sl_result converse(const struct talk *t, bool quiet)
{
  struct sasl s = t->s;
  char text[4096], said[4096];
  unsigned i = 0;
  sl_result rc;
  while ((rc = sl_sasl_run(&s)) == SL_WAIT) {
    if (i == 6 || !t->steps[i].want) {
      CHECK(!"more is said than expected");
      break;
    }
    bool ir = s.mechanism && s.text.n;
    snprintf(said, sizeof said, "%s%s%s", s.mechanism ? s.mechanism : "", ir ? " " : "", s.text.n ? s.text.p : "");
    if (!quiet) {
      expand(t->steps[i].want, text, sizeof text);
      if (!CHECK_STR(said, text))
        printf("# in %s\n", t->name);
      expand(t->steps[i].reply, text, sizeof text);
    } else {
      snprintf(text, sizeof text, "%s", t->steps[i].reply);
    }
    i++;
    if (*text == '+')
      sl_sasl_reply(&s, SASL_CONTINUE, slice_str(text + 1));
    else
      sl_sasl_reply(&s, *text == 'O' ? SASL_ACCEPTED : SASL_REFUSED, SLICE_NONE);
    CHECK(s.co.at);
  }
  if (!quiet) {
    if (!CHECK_INT(rc, t->want) || !CHECK_INT(s.none_left, t->none_left) || !CHECK(i == 6 || !t->steps[i].want))
      printf("# in %s\n", t->name);
  }
  sl_sasl_done(&s);
  return rc;
}

#define WHO .user = "user", .password = "secret", .allowed = SASL_DEFAULT
#define ALL .offered = 0xffff

static const struct talk talks[] = {
    /* RFC 4616 4 */
    {"plain", {.user = "tim", .password = "tanstaaftanstaaf", .allowed = SASL_DEFAULT, .offered = SASL_PLAIN},
     {{"PLAIN", "+"}, {"AHRpbQB0YW5zdGFhZnRhbnN0YWFm", "OK"}}, SL_OK, false},
    {"plain for another", {.authzid = "Ursel", .user = "Kurt", .password = "xipj3plmq", .allowed = SASL_PLAIN, ALL, .initial_response = true},
     {{"PLAIN $Ursel~Kurt~xipj3plmq$", "OK"}}, SL_OK, false},
    {"plain refused", {WHO, .offered = SASL_PLAIN | SASL_LOGIN}, {{"PLAIN", "+"}, {"$~user~secret$", "NO"}}, CURLE_LOGIN_DENIED, false},
    {"accepted too early", {WHO, .offered = SASL_PLAIN}, {{"PLAIN", "OK"}}, CURLE_LOGIN_DENIED, false},
    {"asked too often", {WHO, .offered = SASL_PLAIN}, {{"PLAIN", "+"}, {"$~user~secret$", "+"}}, CURLE_LOGIN_DENIED, false},
    {"login", {WHO, .offered = SASL_LOGIN}, {{"LOGIN", "+$Username:$"}, {"$user$", "+what?"}, {"$secret$", "OK"}}, SL_OK, false},
    {"login with a beginning", {WHO, .offered = SASL_LOGIN, .initial_response = true}, {{"LOGIN $user$", "+"}, {"$secret$", "OK"}}, SL_OK, false},
    {"login, nothing to say", {.user = "", .password = "", .allowed = SASL_DEFAULT, .offered = SASL_LOGIN, .initial_response = true},
     {{"LOGIN =", "+"}, {"", "OK"}}, SL_OK, false},
    {"the beginning is too long", {WHO, .offered = SASL_LOGIN, .initial_response = true, .max_initial = 13},
     {{"LOGIN", "+"}, {"$user$", "+"}, {"$secret$", "OK"}}, SL_OK, false},
    {"the beginning just fits", {WHO, .offered = SASL_LOGIN, .initial_response = true, .max_initial = 14},
     {{"LOGIN $user$", "+"}, {"$secret$", "OK"}}, SL_OK, false},
    /* RFC 2195 2 */
    {"cram-md5", {.user = "tim", .password = "tanstaaftanstaaf", .allowed = SASL_DEFAULT, .offered = SASL_CRAM_MD5 | SASL_PLAIN, .initial_response = true},
     {{"CRAM-MD5", "+PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"},
      {"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw", "OK"}}, SL_OK, false},
    {"cram-md5 without password", {.user = "user", .allowed = SASL_DEFAULT, .offered = SASL_CRAM_MD5},
     {{"CRAM-MD5", "+"}, {"$user 74e6f7298a9c2d168935f58c001bad88$", "OK"}}, SL_OK, false},
    {"cram-md5 given up", {WHO, .offered = SASL_CRAM_MD5 | SASL_PLAIN},
     {{"CRAM-MD5", "+Rubbish"}, {"*", "NO"}, {"PLAIN", "+"}, {"$~user~secret$", "OK"}}, SL_OK, false},
    {"nothing left", {WHO, .offered = SASL_CRAM_MD5}, {{"CRAM-MD5", "+Rubbish"}, {"*", "OK"}}, CURLE_LOGIN_DENIED, true},
    /* RFC 2831 4 has another client nonce, see below */
    {"digest-md5 given up", {WHO, .offered = SASL_DIGEST_MD5 | SASL_NTLM | SASL_CRAM_MD5, .service = "imap", .host = "h"},
     {{"DIGEST-MD5", "+$nonce=\"x\",algorithm=md5-sess,qop=\"auth-int,auth-conf\"$"}, {"*", "NO"}, {"CRAM-MD5", "NO"}}, CURLE_LOGIN_DENIED, false},
    {"digest-md5, no proof", {WHO, .offered = SASL_DIGEST_MD5, .service = "imap", .host = "h"},
     {{"DIGEST-MD5", "+$nonce=\"x\",algorithm=md5-sess$"},
      {"$username=\"user\",nonce=\"x\",cnonce=\"00000000000000000000000000000000\",digest-uri=\"imap/h\",nc=00000001,qop=auth,"
       "response=5a961ffeda810a585dbb0a9da2a447eb$", "+$rspauth=0123456789abcdef0123456789abcdef$"}}, CURLE_LOGIN_DENIED, false},
    /* case 822 */
    {"ntlm", {.user = "testuser", .password = "testpass", .allowed = SASL_DEFAULT, .offered = SASL_NTLM | SASL_PLAIN, .initial_response = true},
     {{"NTLM TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=",
       "+TlRMTVNTUAACAAAAAgACADAAAACGggEAc51AYVDgyNcAAAAAAAAAAG4AbgAyAAAAQ0MCAAQAQwBDAAEAEgBFAEwASQBTAEEAQgBFAFQASAAEABgAYwBj"
       "AC4AaQBjAGUAZABlAHYALgBuAHUAAwAsAGUAbABpAHMAYQBiAGUAdABoAC4AYwBjAC4AaQBjAGUAZABlAHYALgBuAHUAAAAAAA=="},
      {"TlRMTVNTUAADAAAAGAAYAEAAAAAYABgAWAAAAAAAAABwAAAACAAIAHAAAAALAAsAeAAAAAAAAAAAAAAAhoIBAFpkQwKRCZFMhjj0tw47wEjKHRHlvzfxQamF"
       "cheMuv8v+xeqphEO5V41xRd7R9deOXRlc3R1c2VyV09SS1NUQVRJT04=", "OK"}}, SL_OK, false},
    {"ntlm given up", {WHO, .offered = SASL_NTLM}, {{"NTLM", "+"}, {"TlRMTVNTUAABAAAABoIIAAAAAAAAAAAAAAAAAAAAAAA=", "+Rubbish"}, {"*", "NO"}}, CURLE_LOGIN_DENIED, true},
    /* RFC 7628 4.1 and 4.3 */
    {"oauthbearer", {.user = "user@example.com", .bearer = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==", .host = "server.example.com", .port = 143,
                     .allowed = SASL_DEFAULT, ALL, .initial_response = true},
     {{"OAUTHBEARER bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1s"
       "emRHRXVZMjl0Q2c9PQEB", "OK"}}, SL_OK, false},
    {"oauthbearer refused", {WHO, .bearer = "t", .host = "h", .port = 1, .offered = SASL_OAUTHBEARER | SASL_XOAUTH2},
     {{"OAUTHBEARER", "+"}, {"$n,a=user,^host=h^port=1^auth=Bearer t^^$", "+$anything$"}, {"AQ==", "NO"}}, CURLE_LOGIN_DENIED, false},
    {"oauthbearer refused for ever", {WHO, .bearer = "t", .host = "h", .port = 1, .offered = SASL_OAUTHBEARER, .initial_response = true},
     {{"OAUTHBEARER $n,a=user,^host=h^port=1^auth=Bearer t^^$", "+$anything$"}, {"AQ==", "+"}}, CURLE_LOGIN_DENIED, false},
    {"names in a list", {.user = "a=b,c", .bearer = "t", .host = "h", .port = 1, .allowed = SASL_DEFAULT, ALL, .initial_response = true},
     {{"OAUTHBEARER $n,a=a=3Db=2Cc,^host=h^port=1^auth=Bearer t^^$", "OK"}}, SL_OK, false},
    {"no name", {.user = "", .bearer = "t", .host = "h", .port = 1, .allowed = SASL_DEFAULT, ALL, .initial_response = true},
     {{"OAUTHBEARER $n,,^host=h^port=1^auth=Bearer t^^$", "OK"}}, SL_OK, false},
    {"a name with a separator", {.user = "u\001auth=Bearer x", .bearer = "t", .host = "h", .port = 1, .allowed = SASL_DEFAULT, ALL, .initial_response = true},
     {{NULL, NULL}}, CURLE_AUTH_ERROR, false},
    {"xoauth2", {WHO, .bearer = "t", .offered = SASL_XOAUTH2 | SASL_PLAIN | SASL_NTLM, .initial_response = true}, {{"XOAUTH2 $user=user^auth=Bearer t^^$", "OK"}}, SL_OK, false},
    {"xoauth2 refused", {WHO, .bearer = "t", .offered = SASL_XOAUTH2}, {{"XOAUTH2", "+"}, {"$user=user^auth=Bearer t^^$", "+$x$"}}, CURLE_LOGIN_DENIED, false},
    {"a token is no password", {WHO, .bearer = "t", .offered = SASL_PLAIN | SASL_LOGIN | SASL_NTLM}, {{NULL, NULL}}, CURLE_LOGIN_DENIED, true},
    {"a password is no token", {WHO, .offered = SASL_OAUTHBEARER | SASL_XOAUTH2}, {{NULL, NULL}}, CURLE_LOGIN_DENIED, true},
    {"external", {.user = "user", .password = "", .allowed = SASL_EXTERNAL | SASL_PLAIN, ALL}, {{"EXTERNAL", "+"}, {"$user$", "OK"}}, SL_OK, false},
    {"external, nothing to say", {.allowed = SASL_EXTERNAL, ALL}, {{"EXTERNAL", "+"}, {"", "OK"}}, SL_OK, false},
    {"external, nothing to begin with", {.allowed = SASL_EXTERNAL, ALL, .initial_response = true}, {{"EXTERNAL =", "OK"}}, SL_OK, false},
    {"external is to be asked for", {.user = "user", .password = "", .allowed = SASL_DEFAULT, .offered = SASL_EXTERNAL | SASL_PLAIN}, {{"PLAIN", "NO"}}, CURLE_LOGIN_DENIED, false},
    {"external needs no password", {.user = "user", .password = "secret", .allowed = SASL_EXTERNAL, ALL}, {{NULL, NULL}}, CURLE_LOGIN_DENIED, true},
    {"nobody", {.allowed = SASL_DEFAULT, ALL}, {{NULL, NULL}}, CURLE_LOGIN_DENIED, true},
};
enum { TALKS = sizeof talks / sizeof *talks };

TEST(every_mechanism_talks_as_its_rfc_says)
{
  for (unsigned i = 0; i < TALKS; i++)
    converse(&talks[i], false);
}

/* The replies as they go over the wire, so that nothing but SASL allocates. */
TEST(memory_is_short)
{
  static const char md5[] = "+bm9uY2U9IngiLGFsZ29yaXRobT1tZDUtc2Vzcw==", cram[] = "+PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+";
  struct talk all = {"memory", {WHO, .offered = SASL_DIGEST_MD5, .service = "imap", .host = "h"}, {{"", md5}, {"", "+cnNwYXV0aD14"}}, 0, false};
  struct talk downgrade = {"memory", {WHO, .offered = SASL_CRAM_MD5 | SASL_PLAIN | SASL_NTLM, .initial_response = true},
                           {{"", cram}, {"", "NO"}}, 0, false};
  struct talk given_up = {"memory", {WHO, .offered = SASL_CRAM_MD5 | SASL_LOGIN}, {{"", "+R"}, {"", "+"}, {"", "+"}, {"", "+"}, {"", "OK"}}, 0, false};
  struct talk token = {"memory", {WHO, .bearer = "t", .host = "h", ALL}, {{"", "+"}, {"", "+"}, {"", "NO"}}, 0, false};
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n) {
    last = converse(&all, true);
    CHECK(last == SL_NOMEM || last == CURLE_LOGIN_DENIED);
  }
  CHECK_INT(last, CURLE_LOGIN_DENIED);
  FOR_EACH_FAILING_ALLOC(n) {
    last = converse(&downgrade, true);
    CHECK(last == SL_NOMEM || last == CURLE_LOGIN_DENIED);
  }
  CHECK_INT(last, CURLE_LOGIN_DENIED);
  FOR_EACH_FAILING_ALLOC(n) {
    last = converse(&given_up, true);
    CHECK(last == SL_NOMEM || last == SL_OK);
  }
  CHECK_INT(last, SL_OK);
  FOR_EACH_FAILING_ALLOC(n) {
    last = converse(&token, true);
    CHECK(last == SL_NOMEM || last == CURLE_LOGIN_DENIED);
  }
  CHECK_INT(last, CURLE_LOGIN_DENIED);
}

TEST(too_much_to_say)
{
  struct talk t = {"large", {.allowed = SASL_DEFAULT, ALL, .initial_response = true}, {{"", ""}}, CURLE_TOO_LARGE, false};
  char *huge = sl_malloc(SASL_MESSAGE_MAX + 2);
  REQUIRE(huge);
  memset(huge, 'x', SASL_MESSAGE_MAX + 1);
  huge[SASL_MESSAGE_MAX + 1] = 0;
  t.s.bearer = huge;
  t.s.user = t.s.host = "h";
  t.steps[0].want = NULL;
  converse(&t, false);
  sl_free(huge);
}

/* RFC 2831 4, the first example. */
TEST(digest_md5_of_the_rfc)
{
  struct sasl_digest d = {.user = SLICE_LIT("chris"), .password = SLICE_LIT("secret"), .service = SLICE_LIT("imap"),
                          .host = SLICE_LIT("elwood.innosoft.com"), .cnonce = SLICE_LIT("OA6MHXh6VqTrRk")};
  struct slice challenge = SLICE_LIT("realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\",qop=\"auth\","
                                     "algorithm=md5-sess,charset=utf-8");
  char rspauth[SL_SASL_RSPAUTH];
  struct buf out;
  sl_buf_init(&out, 1000);
  REQUIRE(sl_sasl_digest_md5(&d, challenge, &out, rspauth) == SL_OK);
  CHECK_STR(out.p, "username=\"chris\",realm=\"elwood.innosoft.com\",nonce=\"OA6MG9tEQGm2hh\","
                   "cnonce=\"OA6MHXh6VqTrRk\",digest-uri=\"imap/elwood.innosoft.com\",nc=00000001,qop=auth,"
                   "response=d388dad90d4bbd760a152321f2143af7");
  CHECK_MEM(rspauth, "ea40f60335c427b5527b84dbabcdfffd", SL_SASL_RSPAUTH);
  CHECK(sl_sasl_digest_md5_proved(SLICE_LIT("rspauth=ea40f60335c427b5527b84dbabcdfffd"), rspauth));
  CHECK(!sl_sasl_digest_md5_proved(SLICE_LIT("rspauth=ea40f60335c427b5527b84dbabcdfffe"), rspauth));
  CHECK(!sl_sasl_digest_md5_proved(SLICE_NONE, rspauth));
  sl_buf_done(&out);
}

TEST(digest_md5_challenges)
{
  static const struct {
    const char *challenge, *part;
    sl_result want;
  } rows[] = {
      {"nonce=\"n\",algorithm=md5-sess", ",nonce=\"n\"", SL_OK},
      {"realm=\"a\",realm=\"b\",nonce=\"n\",algorithm=md5-sess,qop=\"auth-int,auth\"", "realm=\"a\"", SL_OK},
      {"realm=\"q\\\"\\\\\",nonce=n,algorithm=MD5-sess", "realm=\"q\\\"\\\\\"", SL_OK},
      {"nonce=\"n\"", NULL, CURLE_BAD_CONTENT_ENCODING},
      {"algorithm=md5-sess", NULL, CURLE_BAD_CONTENT_ENCODING},
      {"nonce=\"n\",algorithm=md5", NULL, CURLE_BAD_CONTENT_ENCODING},
      {"nonce=\"n\",nonce=\"n\",algorithm=md5-sess", NULL, CURLE_BAD_CONTENT_ENCODING},
      {"nonce=\"n\",algorithm=md5-sess,qop=\"auth-int\"", NULL, CURLE_BAD_CONTENT_ENCODING},
      {"", NULL, CURLE_BAD_CONTENT_ENCODING},
  };
  const struct sasl_digest d = {.user = SLICE_LIT("us\"er"), .password = SLICE_LIT("p"), .service = SLICE_LIT("pop"),
                                .host = SLICE_LIT("h"), .cnonce = SLICE_LIT("c")};
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    char rspauth[SL_SASL_RSPAUTH];
    struct buf out;
    sl_buf_init(&out, 1000);
    if (CHECK_INT(sl_sasl_digest_md5(&d, slice_str(rows[i].challenge), &out, rspauth), rows[i].want) && rows[i].part)
      CHECK(strstr(out.p, rows[i].part) && strstr(out.p, "username=\"us\\\"er\""));
    sl_buf_done(&out);
  }
}

TEST(login_options)
{
  static const struct {
    const char *text;
    sl_result want;
    unsigned allowed;
  } rows[] = {
      {"", SL_OK, SASL_DEFAULT},
      {"AUTH=*", SL_OK, SASL_DEFAULT},
      {"AUTH=*;AUTH=EXTERNAL", SL_OK, SASL_DEFAULT | SASL_EXTERNAL},
      {"AUTH=PLAIN", SL_OK, SASL_PLAIN},
      {"auth=plain", SL_OK, SASL_PLAIN},
      {"AUTH=PLAIN;AUTH=LOGIN", SL_OK, SASL_PLAIN | SASL_LOGIN},
      {"AUTH=PLAIN;", SL_OK, SASL_PLAIN},
      {"AUTH=DIGEST-MD5;AUTH=CRAM-MD5;AUTH=NTLM;AUTH=OAUTHBEARER;AUTH=XOAUTH2;AUTH=EXTERNAL", SL_OK, 0x3f},
      {"AUTH=GSSAPI", SL_OK, SASL_NOT_BUILT_IN},
      {"AUTH=SCRAM-SHA-256", SL_OK, SASL_NOT_BUILT_IN},
      {"AUTH=+LOGIN", SL_OK, SASL_OWN_LOGIN},
      {"AUTH=+APOP", CURLE_URL_MALFORMAT, 0},
      {"AUTH=", CURLE_URL_MALFORMAT, 0},
      {"AUTH=PLAINX", CURLE_URL_MALFORMAT, 0},
      {"AUTH=PLAIN;FOO", CURLE_URL_MALFORMAT, 0},
      {"PLAIN", CURLE_URL_MALFORMAT, 0},
      {";", CURLE_URL_MALFORMAT, 0},
      {"FOO=BAR", CURLE_URL_MALFORMAT, 0},
  };
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    uint16_t allowed = 0;
    CHECK_INT(sl_sasl_options(slice_str(rows[i].text), SASL_OWN_LOGIN, &allowed), rows[i].want);
    CHECK_INT(allowed, rows[i].allowed);
  }
  CHECK_INT(sl_sasl_mechanism(SLICE_LIT("cram-md5")), SASL_CRAM_MD5);
  CHECK_INT(sl_sasl_mechanism(SLICE_LIT("GSSAPI")), 0);
}
