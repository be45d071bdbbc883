/* xfer/http_auth.c: who is asked again, and who has had the last word. */
#include "tests/unit/xfer/script.h"

#define OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define ASK(fields) "HTTP/1.1 401 X\r\n" fields "Content-Length: 2\r\n\r\nno"
#define BASIC "WWW-Authenticate: Basic realm=\"r\"\r\n"
#define DIGEST "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"
#define NTLM "WWW-Authenticate: NTLM\r\n"
/* A type 2 message: no target, a challenge of eight bytes. */
#define NTLM_2 "WWW-Authenticate: NTLM TlRMTVNTUAACAAAAAAAAADAAAACGggAAASNFZ4mrze8AAAAAAAAAAA==\r\n"
#define TYPE_1 "\r\nAuthorization: NTLM TlRMTVNTUAAB"
#define TYPE_3 "\r\nAuthorization: NTLM TlRMTVNTUAAD"

static CURL *make(const char *login, long auth)
{
  CURL *curl = script_easy("/x");
  curl_easy_setopt(curl, CURLOPT_USERPWD, login);
  curl_easy_setopt(curl, CURLOPT_HTTPAUTH, auth);
  return curl;
}

static size_t read_nothing(char *dst, size_t size, size_t n, void *arg)
{
  (void)dst;
  (void)size;
  (void)n;
  (void)arg;
  return 0;
}

/* Some servers meet a message that they have not asked for with a bare challenge: the exchange
 * begins again, once. */
TEST(ntlm_asked_to_begin_again)
{
  SCRIPT(ASK(NTLM), ASK(NTLM_2), OK);
  CURL *curl = make("u:p", CURLAUTH_NTLM);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(script_long(curl, CURLINFO_RESPONSE_CODE), 200);
  CHECK_INT(script.n, 3);
  CHECK(strstr(script.got[0], TYPE_1) && strstr(script.got[1], TYPE_1) &&
        strstr(script.got[2], TYPE_3));
  CHECK_INT(script.conn_of[2], script.conn_of[1]);
  curl_easy_cleanup(curl);
}

TEST(ntlm_never_answered)
{
  SCRIPT(ASK(NTLM));
  CURL *curl = make("u:p", CURLAUTH_NTLM);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(script_long(curl, CURLINFO_RESPONSE_CODE), 401);
  CHECK_INT(script.n, 2);
  curl_easy_cleanup(curl);
}

/* With a field of its own the application has said what it wants to say: the same again would be no
 * answer. */
TEST(an_own_field_is_the_last_word)
{
  static const long kinds[] = {CURLAUTH_BASIC, CURLAUTH_DIGEST, CURLAUTH_ANY};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    SCRIPT(ASK(BASIC DIGEST));
    CURL *curl = make("u:p", kinds[i]);
    struct curl_slist *fields = curl_slist_append(NULL, "Authorization: own");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields);
    CHECK_INT(curl_easy_perform(curl), CURLE_OK);
    CHECK_INT(script.n, 1);
    CHECK(strstr(script.got[0], "\r\nAuthorization: own\r\n") != NULL);
    curl_easy_cleanup(curl);
    curl_slist_free_all(fields);
  }
}

/* The proxy's field is the application's; the origin's challenge is still met. */
static void own_proxy_field(bool tunnel)
{
  char proxy[64];
  if (tunnel)
    SCRIPT("HTTP/1.1 200 OK\r\n\r\n", ASK(DIGEST), OK);
  else
    SCRIPT(ASK(DIGEST), OK);
  snprintf(proxy, sizeof proxy, "http://u:p@127.0.0.1:%d", script.port);
  CURL *curl = make("u:p", CURLAUTH_ANY);
  struct curl_slist *fields = curl_slist_append(NULL, "Proxy-Authorization: own");
  curl_easy_setopt(curl, CURLOPT_URL, "http://origin.example/x");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
  curl_easy_setopt(curl, CURLOPT_PROXY, proxy);
  curl_easy_setopt(curl, CURLOPT_PROXYHEADER, fields);
  curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
  curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, (long)tunnel);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(script_long(curl, CURLINFO_RESPONSE_CODE), 200);
  CHECK_INT(script.n, tunnel ? 3 : 2);
  const char *first = strstr(script.got[0], "Proxy-Authorization: own\r\n");
  CHECK(first && !strstr(script.got[0], "Proxy-Authorization: Basic"));
  CHECK(strstr(script.got[script.n - 1], "\r\nAuthorization: Digest ") != NULL);
  curl_easy_cleanup(curl);
  curl_slist_free_all(fields);
}

TEST(an_own_field_for_the_proxy)
{
  own_proxy_field(false);
  own_proxy_field(true);
}

TEST(an_own_field_that_the_proxy_does_not_like)
{
  char proxy[64];
  SCRIPT("HTTP/1.1 407 X\r\nProxy-Authenticate: Basic realm=\"r\"\r\nContent-Length: 0\r\n\r\n");
  snprintf(proxy, sizeof proxy, "http://u:p@127.0.0.1:%d", script.port);
  CURL *curl = make("u:p", CURLAUTH_BASIC);
  struct curl_slist *fields = curl_slist_append(NULL, "Proxy-Authorization: own");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "");
  curl_easy_setopt(curl, CURLOPT_PROXY, proxy);
  curl_easy_setopt(curl, CURLOPT_PROXYHEADER, fields);
  curl_easy_setopt(curl, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
  curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
  CHECK_INT(curl_easy_perform(curl), CURLE_COULDNT_CONNECT);
  CHECK_INT(script.n, 1);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  CHECK_INT(curl_easy_perform(curl), CURLE_HTTP_RETURNED_ERROR);
  CHECK_INT(script_long(curl, CURLINFO_HTTP_CONNECTCODE), 407);
  CHECK_STR(script_text(curl, CURLINFO_PRIMARY_IP), "127.0.0.1"); /* the connection was there */
  CHECK_INT(script_long(curl, CURLINFO_PRIMARY_PORT), script.port);
  curl_easy_cleanup(curl);
  curl_slist_free_all(fields);
}

/* The peer may be waiting for the body that was announced: what comes next goes elsewhere, but for
 * a 417. */
TEST(a_body_that_was_not_asked_for)
{
  static const char *const answers[] = {ASK(BASIC), "HTTP/1.1 417 X\r\nContent-Length: 0\r\n\r\n"};
  for (int i = 0; i < 2; i++) {
    SCRIPT(answers[i], OK);
    CURL *curl = make("u:p", CURLAUTH_ANY);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_nothing);
    curl_easy_setopt(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, 5000L);
    CHECK_INT(curl_easy_perform(curl), CURLE_OK);
    CHECK_INT(script.n, 2);
    CHECK_INT(script.conn_of[1] != script.conn_of[0], i == 0);
    curl_easy_cleanup(curl);
  }
}

/* A login in the URL, as it is written there. */
TEST(a_login_in_the_url)
{
  static const struct {
    const char *login, *field;
  } rows[] = {
      {"u:p@", "Basic dTpw"},        {"u@", "Basic dTo="}, {":p@", "Basic OnA="},
      {"u%3a:p@", "Basic dTo6cA=="}, {"u%00v:p@", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char url[100], field[100];
    SCRIPT(OK);
    CURL *curl = script_easy("/");
    snprintf(url, sizeof url, "http://%s127.0.0.1:%d/", rows[i].login, script.port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    CHECK_INT(curl_easy_perform(curl), rows[i].field ? CURLE_OK : CURLE_URL_MALFORMAT);
    CHECK_INT(script.n, rows[i].field ? 1 : 0);
    if (rows[i].field) {
      snprintf(field, sizeof field, "\r\nAuthorization: %s\r\n", rows[i].field);
      CHECK(strstr(script.got[0], field) != NULL);
    }
    curl_easy_cleanup(curl);
  }
}
