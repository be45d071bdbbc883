/* Whole dict: and gopher: transfers: one request, and all that comes is the body. */
#include <curl/curl.h>
#include <sluice/sluice.h>

#include "gate/ledger.h"
#include "tests/test.h"
#include "tests/unit/xfer/servers.h"

enum { GOT_MAX = 200, LARGE = 3 * 1000 * 1000 };
#define CLIENT "CLIENT libcurl " LIBCURL_VERSION "\r\n"

/* ---- the far end: keeps what it was asked ---- */

static struct {
  pthread_mutex_t lock;
  char p[1000];
  int conns;
} asked = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void keep(int fd, const char *end)
{
  char in[1000];
  server_read_to(fd, end, in, sizeof in);
  pthread_mutex_lock(&asked.lock);
  strcpy(asked.p, in);
  asked.conns++;
  pthread_mutex_unlock(&asked.lock);
}

static void dictionary(int fd)
{
  peer_say(fd, "220 hello\r\n");
  keep(fd, "QUIT\r\n");
  peer_say(fd, "250 ok\r\n552 no match\r\n221 bye\r\n");
}

static void menu(int fd)
{
  keep(fd, "\n");
  peer_say(fd, "iwelcome\t\terror.host\t1\r\n.\r\n");
}

static void large(int fd)
{
  static char bytes[LARGE];
  keep(fd, "\n");
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (char)(i * 7);
  peer_send(fd, bytes, sizeof bytes);
}

static void silent(int fd)
{
  peer_wait_for_close(fd);
}

static void resetter(int fd)
{
  struct linger hard = {1, 0};
  keep(fd, "\n");
  peer_say(fd, "part");
  usleep(50000);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

/* ---- this end ---- */

struct run {
  CURL *e;
  size_t got_n, bad, pause;
  char got[GOT_MAX + 1], error[CURL_ERROR_SIZE];
  int refused;
};

static size_t take(char *data, size_t size, size_t n, void *arg)
{
  struct run *r = arg;
  (void)size;
  if (r->pause && !--r->pause)
    return CURL_WRITEFUNC_PAUSE;
  for (size_t i = 0; i < n; i++, r->got_n++) {
    if (r->got_n < GOT_MAX)
      r->got[r->got_n] = data[i];
    r->bad += data[i] != (char)(r->got_n * 7);
  }
  return n;
}

static curl_socket_t refuse(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct run *r = arg;
  r->refused += purpose == CURLSOCKTYPE_IPCXN && a->socktype == SOCK_STREAM;
  return CURL_SOCKET_BAD;
}

static void begin(struct run *r, const char *scheme, void (*serve)(int), const char *path)
{
  char url[200];
  *r = (struct run){.e = curl_easy_init()};
  sl_ledger_strict(true);
  pthread_mutex_lock(&asked.lock);
  asked.p[0] = 0;
  asked.conns = 0;
  pthread_mutex_unlock(&asked.lock);
  snprintf(url, sizeof url, "%s://127.0.0.1:%d%s", scheme, server_port(serve), path);
  curl_easy_setopt(r->e, CURLOPT_URL, url);
  curl_easy_setopt(r->e, CURLOPT_NOPROXY, "");
  curl_easy_setopt(r->e, CURLOPT_TIMEOUT_MS, 10000L);
  curl_easy_setopt(r->e, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(r->e, CURLOPT_WRITEDATA, r);
  curl_easy_setopt(r->e, CURLOPT_ERRORBUFFER, r->error);
}

static void end(struct run *r)
{
  curl_easy_cleanup(r->e);
  struct ledger_totals totals = sl_ledger_totals();
  CHECK_INT(totals.opened, totals.closed);
}

static void check_asked(const char *want)
{
  pthread_mutex_lock(&asked.lock);
  CHECK_STR(asked.p, want);
  pthread_mutex_unlock(&asked.lock);
}

/* ---- what is asked and delivered ---- */

TEST(a_definition)
{
  struct run r;
  long code = -1;
  begin(&r, "dict", dictionary, "/d:a%20word:web");
  curl_easy_setopt(r.e, CURLOPT_UPLOAD, 1L); /* nothing to this */
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_STR(r.got, "220 hello\r\n250 ok\r\n552 no match\r\n221 bye\r\n");
  check_asked(CLIENT "DEFINE web a\\ word\r\nQUIT\r\n");
  CHECK_INT(curl_easy_getinfo(r.e, CURLINFO_RESPONSE_CODE, &code), CURLE_OK);
  CHECK_INT(code, 0);
  end(&r);
}

TEST(a_menu)
{
  struct run r;
  curl_off_t down = 0;
  begin(&r, "gopher", menu, "/1/some%20where?and=what");
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_STR(r.got, "iwelcome\t\terror.host\t1\r\n.\r\n");
  check_asked("/some where?and=what\r\n");
  CHECK_INT(curl_easy_getinfo(r.e, CURLINFO_SIZE_DOWNLOAD_T, &down), CURLE_OK);
  CHECK_INT(down, 27);
  end(&r);
}

TEST(without_a_body)
{
  struct run r;
  begin(&r, "gopher", silent, "/1/x");
  curl_easy_setopt(r.e, CURLOPT_NOBODY, 1L);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_INT(r.got_n, 0);
  end(&r);
}

TEST(line_ends_are_refused_before_anything_is_said)
{
  static const char *const urls[][2] = {
      {"gopher", "/1/sel%0d%0aINJECT"}, {"gopher", "/1/a%00"}, {"dict", "/d:a%0d%0aSHOW%20DB"}, {"dict", "/help%0a"}};
  for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
    struct run r;
    begin(&r, urls[i][0], menu, urls[i][1]);
    CHECK_INT(curl_easy_perform(r.e), CURLE_URL_MALFORMAT);
    CHECK(r.error[0] != 0);
    usleep(20000);
    check_asked("");
    end(&r);
  }
}

/* ---- limits ---- */

TEST(much_with_a_pause)
{
  struct run r;
  int running = 1, rounds = 0;
  CURLM *m = curl_multi_init();
  begin(&r, "gopher", large, "/9/x");
  r.pause = 5;
  curl_multi_add_handle(m, r.e);
  while (running && rounds < 1000) {
    CHECK_INT(curl_multi_perform(m, &running), CURLM_OK);
    curl_multi_poll(m, NULL, 0, r.pause ? 1000 : 20, NULL);
    rounds += !r.pause;
    if (rounds == 5) { /* it runs, and is still paused */
      curl_easy_pause(r.e, CURLPAUSE_ALL);
      curl_easy_pause(r.e, CURLPAUSE_RECV);
    }
    if (rounds == 10) {
      CHECK(r.got_n < LARGE);
      curl_easy_pause(r.e, CURLPAUSE_CONT);
      rounds += 10;
    }
  }
  CHECK_INT(running, 0);
  CHECK_INT(r.got_n, LARGE);
  CHECK_INT(r.bad, 0);
  curl_multi_remove_handle(m, r.e);
  curl_multi_cleanup(m);
  end(&r);
}

TEST(limits)
{
  struct run r;
  begin(&r, "gopher", large, "/9/x");
  curl_easy_setopt(r.e, CURLOPT_MAXFILESIZE, 1000L);
  CHECK_INT(curl_easy_perform(r.e), CURLE_FILESIZE_EXCEEDED);
  CHECK_INT(r.got_n, 1000);
  end(&r);
  begin(&r, "gopher", large, "/9/x");
  curl_easy_setopt(r.e, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)100000);
  curl_easy_setopt(r.e, CURLOPT_TIMEOUT_MS, 500L);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OPERATION_TIMEDOUT);
  CHECK(r.got_n > 10000 && r.got_n < 200000);
  end(&r);
  begin(&r, "dict", silent, "/d:x");
  curl_easy_setopt(r.e, CURLOPT_TIMEOUT_MS, 200L);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OPERATION_TIMEDOUT);
  end(&r);
  begin(&r, "dict", silent, "/d:x");
  curl_easy_setopt(r.e, CURLOPT_LOW_SPEED_LIMIT, 100L);
  curl_easy_setopt(r.e, CURLOPT_LOW_SPEED_TIME, 1L);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OPERATION_TIMEDOUT);
  end(&r);
}

TEST(a_reset_is_an_error)
{
  struct run r;
  begin(&r, "gopher", resetter, "/1/x");
  CHECK_INT(curl_easy_perform(r.e), CURLE_RECV_ERROR);
  CHECK(strstr(r.error, "Recv failure"));
  CHECK_STR(r.got, "part");
  end(&r);
}

/* ---- the gate, and the way ---- */

TEST(a_refused_socket)
{
  struct run r;
  begin(&r, "dict", dictionary, "/d:x");
  curl_easy_setopt(r.e, CURLOPT_OPENSOCKETFUNCTION, refuse);
  curl_easy_setopt(r.e, CURLOPT_OPENSOCKETDATA, &r);
  CHECK_INT(curl_easy_perform(r.e), CURLE_COULDNT_CONNECT);
  CHECK_INT(r.refused, 1);
  end(&r);
}

TEST(each_has_a_connection_of_its_own)
{
  struct run r;
  begin(&r, "gopher", menu, "/1/x");
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  pthread_mutex_lock(&asked.lock);
  CHECK_INT(asked.conns, 2);
  pthread_mutex_unlock(&asked.lock);
  end(&r);
}

TEST(through_proxies)
{
  static const char *const urls[][2] = {{"dict", "/d:x"}, {"gopher", "/1/x"}};
  for (int i = 0; i < 4; i++) {
    struct run r;
    char proxy[64];
    begin(&r, urls[i % 2][0], i % 2 ? menu : dictionary, urls[i % 2][1]);
    snprintf(proxy, sizeof proxy, "%s://jim:secret@127.0.0.1:%d", i / 2 ? "socks5h" : "http",
             server_port(i / 2 ? socks_serve : connect_serve));
    curl_easy_setopt(r.e, CURLOPT_PROXY, proxy);
    CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
    CHECK(r.got_n > 20);
    check_asked(i % 2 ? "/x\r\n" : CLIENT "DEFINE ! x\r\nQUIT\r\n");
    end(&r);
  }
}

TEST(a_policy_is_asked)
{
  static const char text[] = "default allow\ndeny loopback scheme gopher purpose origin\n";
  struct sluice_policy *policy = NULL;
  CHECK_INT(sluice_policy_parse(text, sizeof text - 1, &policy, NULL), CURLE_OK);
  for (int i = 0; i < 3; i++) {
    struct run r;
    char proxy[64];
    begin(&r, i ? "gopher" : "dict", i ? menu : dictionary, "/1/x");
    CHECK_INT(curl_easy_setopt(r.e, SLUICEOPT_POLICY, policy), CURLE_OK);
    snprintf(proxy, sizeof proxy, "http://jim:secret@127.0.0.1:%d", server_port(connect_serve));
    if (i == 2)
      curl_easy_setopt(r.e, CURLOPT_PROXY, proxy);
    CHECK_INT(curl_easy_perform(r.e), i ? CURLE_COULDNT_CONNECT : CURLE_OK);
    CHECK_INT(strstr(r.error, "policy") != NULL, i > 0);
    end(&r);
  }
  sluice_policy_free(policy);
}

static void redirecting(int fd)
{
  char head[2000], answer[200];
  server_read_to(fd, "\r\n\r\n", head, sizeof head);
  snprintf(answer, sizeof answer, "HTTP/1.1 302 There\r\nLocation: gopher://127.0.0.1:%d/1/x\r\nContent-Length: 0\r\n\r\n",
           server_port(menu));
  peer_say(fd, answer);
}

TEST(a_redirect_there_has_to_be_allowed)
{
  struct run r;
  server_port(menu);
  for (int allowed = 0; allowed < 2; allowed++) {
    begin(&r, "http", redirecting, "/");
    curl_easy_setopt(r.e, CURLOPT_FOLLOWLOCATION, 1L);
    if (allowed)
      CHECK_INT(curl_easy_setopt(r.e, CURLOPT_REDIR_PROTOCOLS_STR, "gopher"), CURLE_OK);
    CHECK_INT(curl_easy_perform(r.e), allowed ? CURLE_OK : CURLE_UNSUPPORTED_PROTOCOL);
    check_asked(allowed ? "/x\r\n" : "");
    CHECK_INT(r.got_n, allowed ? 27 : 0);
    end(&r);
  }
}
