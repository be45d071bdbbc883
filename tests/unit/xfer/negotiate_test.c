/* xfer/http_negotiate.c: transfers against a server thread that notes what it was asked, with a
 * GSSAPI library of the test's own. A note is "connection:token" or "connection:-" or
 * "connection:Basic"; a request's body, if it has one, in brackets.
 *
 *   /one    takes a token                        /bound  the same, once for a connection
 *   /two    takes two                            /deny   takes none
 *   /more   never has enough                     /away   the same, and closes each time
 *   /both   takes a token or Basic               /free   asks for nothing
 *   /go     redirects to /one at another address
 * As a proxy it takes a token for each request. */
#include <curl/curl.h>
#include <pthread.h>
#include <sluice/sluice.h>
#include <unistd.h>

#include "base/mem.h"
#include "gate/ledger.h"
#include "tests/test.h"
#include "tests/unit/sys/fake_gss.h"
#include "tests/unit/xfer/peer.h"
#include "wire/encode.h"

static struct {
  int fd, port;
  pthread_mutex_t lock;
  char notes[8192];
  int conns, open;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

struct request {
  char path[32], token[256], body[32];
  bool basic, to_proxy, connect;
};

static void note(int id, const struct request *r)
{
  pthread_mutex_lock(&server.lock);
  size_t n = strlen(server.notes);
  snprintf(server.notes + n, sizeof server.notes - n, "%s%d:%s%s%s%s", n ? " | " : "", id,
           r->basic    ? "Basic"
           : *r->token ? r->token
                       : "-",
           *r->body ? " [" : "", r->body, *r->body ? "]" : "");
  pthread_mutex_unlock(&server.lock);
}

static void read_auth(const char *head, const char *name, struct request *r)
{
  const char *at = strcasestr(head, name);
  struct buf text;
  if (!at)
    return;
  at += strlen(name);
  r->basic = !strncmp(at, "Basic ", 6);
  if (strncmp(at, "Negotiate ", 10))
    return;
  sl_buf_init(&text, 4096);
  sl_encode_from_base64(slice_of(at + 10, strcspn(at + 10, "\r")), &text);
  snprintf(r->token, sizeof r->token, "%s", text.p ? text.p : "?");
  sl_buf_done(&text);
}

static void read_request(char *head, const char *body, size_t body_n, struct request *r)
{
  memset(r, 0, sizeof *r);
  r->connect = !strncmp(head, "CONNECT", 7);
  const char *target = strchr(head, ' ') + 1;
  r->to_proxy = *target != '/';
  const char *path = r->to_proxy ? strchr(target + 7, '/') : target;
  snprintf(r->path, sizeof r->path, "%.*s", (int)strcspn(path, " "), path);
  snprintf(r->body, sizeof r->body, "%.*s", (int)body_n, body);
  read_auth(head, r->to_proxy ? "\r\nProxy-Authorization: " : "\r\nAuthorization: ", r);
}

static bool refuse(int fd, const char *token, const char *more)
{
  char head[512];
  snprintf(head, sizeof head,
           "HTTP/1.1 401 No\r\nWWW-Authenticate: Negotiate%s%s\r\n%sContent-Length: 2\r\n\r\nno",
           *token ? " " : "", token, more);
  return peer_say(fd, head) && !strstr(more, "close");
}

static bool accept_it(int fd, const char *more)
{
  char head[512];
  snprintf(head, sizeof head, "HTTP/1.1 200 Yes\r\n%sContent-Length: 3\r\n\r\nyes", more);
  return peer_say(fd, head);
}

#define DONE "WWW-Authenticate: Negotiate ZG9uZQ==\r\n"
#define MORE "bW9yZQ=="

static bool as_proxy(int fd, const struct request *r)
{
  if (*r->token)
    return accept_it(fd, "");
  return peer_say(
      fd, "HTTP/1.1 407 No\r\nProxy-Authenticate: Negotiate\r\nContent-Length: 2\r\n\r\nno");
}

/* True: the connection stays. */
static bool serve(int fd, const struct request *r, bool *known)
{
  if (r->to_proxy)
    return as_proxy(fd, r);
  if (!strcmp(r->path, "/free"))
    return accept_it(fd, "");
  if (!strcmp(r->path, "/go")) {
    char head[200];
    snprintf(head, sizeof head,
             "HTTP/1.1 302 There\r\nLocation: http://eve:x@localhost:%d/one\r\nContent-Length: "
             "2\r\n\r\nno",
             server.port);
    return peer_say(fd, head);
  }
  if (!strcmp(r->path, "/both") && r->basic)
    return accept_it(fd, "");
  if (!strcmp(r->path, "/bound") && (*known || *r->token)) {
    *known = true;
    return accept_it(fd,
                     *r->token ? DONE "Persistent-Auth: true\r\n" : "Persistent-Auth: true\r\n");
  }
  if (!*r->token || !strcmp(r->path, "/deny"))
    return refuse(fd, "",
                  !strcmp(r->path, "/both") ? "WWW-Authenticate: Basic realm=\"x\"\r\n" : "");
  if (!strcmp(r->path, "/more") || (!strcmp(r->path, "/two") && *r->token == '1'))
    return refuse(fd, MORE, "");
  if (!strcmp(r->path, "/away"))
    return refuse(fd, MORE, "Connection: close\r\n");
  return accept_it(fd, DONE);
}

static void *connection(void *arg)
{
  int fd = (int)(intptr_t)arg;
  char in[4096] = "";
  size_t n = 0;
  bool known = false, stays = true;
  pthread_mutex_lock(&server.lock);
  int id = ++server.conns;
  pthread_mutex_unlock(&server.lock);
  while (stays) {
    struct request r;
    in[n] = 0;
    char *end = strstr(in, "\r\n\r\n"), *length = strcasestr(in, "\r\nContent-Length:");
    size_t body = end && length && length < end ? (size_t)atol(length + 17) : 0;
    size_t all = end ? (size_t)(end - in) + 4 + body : sizeof in;
    if (n >= all) {
      read_request(in, end + 4, body, &r);
      note(id, &r);
      stays = serve(fd, &r, &known);
      n -= all;
      memmove(in, in + all, n);
      continue;
    }
    ssize_t k = recv(fd, in + n, sizeof in - 1 - n, 0);
    if (k <= 0)
      break;
    n += (size_t)k;
  }
  close(fd);
  pthread_mutex_lock(&server.lock);
  server.open--;
  pthread_mutex_unlock(&server.lock);
  return NULL;
}

static void *listener(void *arg)
{
  for (;;) {
    pthread_t thread;
    int fd = accept(server.fd, NULL, NULL);
    (void)arg;
    if (fd < 0)
      return NULL;
    pthread_mutex_lock(&server.lock);
    server.open++;
    pthread_mutex_unlock(&server.lock);
    if (pthread_create(&thread, NULL, connection, (void *)(intptr_t)fd))
      abort();
    pthread_detach(thread);
  }
}

static void fresh(const char *user)
{
  pthread_t thread;
  sl_gss_use(&fake_library);
  fake_gss.user = user;
  fake_gss.asked = 0;
  if (!server.port) {
    server.fd = peer_listen("127.0.0.1", 0, 100, &server.port);
    if (pthread_create(&thread, NULL, listener, NULL))
      abort();
    pthread_detach(thread);
  }
  for (;;) { /* those of the test before are gone */
    pthread_mutex_lock(&server.lock);
    bool quiet = !server.open;
    server.conns = quiet ? 0 : server.conns;
    *server.notes = 0;
    pthread_mutex_unlock(&server.lock);
    if (quiet)
      return;
    usleep(1000);
  }
}

static size_t discard(char *p, size_t size, size_t n, void *user)
{
  (void)p, (void)user;
  return size * n;
}

static CURL *handle(const char *path, long auth)
{
  char url[100];
  CURL *e = curl_easy_init();
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
  curl_easy_setopt(e, CURLOPT_URL, url);
  curl_easy_setopt(e, CURLOPT_PROXY, "");
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(e, CURLOPT_HTTPAUTH, auth);
  curl_easy_setopt(e, CURLOPT_USERPWD, ":");
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 10000L);
  return e;
}

static void perform(CURL *e, long status)
{
  long code = 0;
  CHECK_INT(curl_easy_perform(e), CURLE_OK);
  curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &code);
  CHECK_INT(code, status);
}

static void again_at(CURL *e, const char *path, long status)
{
  char url[100];
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
  curl_easy_setopt(e, CURLOPT_URL, url);
  perform(e, status);
}

static void finish(CURL *e, const char *notes)
{
  curl_easy_cleanup(e);
  CHECK_STR(server.notes, notes);
  CHECK_INT(fake_gss.live, 0);
}

static void one_request(const char *path, long auth, const char *user, long status,
                        const char *notes)
{
  fresh(user);
  CURL *e = handle(path, auth);
  perform(e, status);
  finish(e, notes);
}

#define NEGOTIATE ((long)CURLAUTH_NEGOTIATE)
#define ANY ((long)CURLAUTH_ANY)
#define A1 "1 alice HTTP@127.0.0.1"

TEST(the_first_request_has_a_token)
{
  one_request("/one", NEGOTIATE, "alice", 200, "1:" A1);
}
TEST(two_legs_on_one_connection)
{
  one_request("/two", NEGOTIATE, "alice", 200, "1:" A1 " | 1:2 alice HTTP@127.0.0.1");
}
TEST(a_refused_ticket_is_the_end)
{
  one_request("/deny", NEGOTIATE, "alice", 401, "1:" A1);
}
TEST(without_a_ticket_nothing_is_sent)
{
  one_request("/one", NEGOTIATE, NULL, 401, "1:-");
}
TEST(any_waits_to_be_asked)
{
  one_request("/one", ANY, "alice", 200, "1:- | 1:" A1);
}
TEST(any_falls_back_without_a_ticket)
{
  one_request("/both", ANY, NULL, 200, "1:- | 1:- | 1:Basic");
}
TEST(any_that_nobody_asks_never_comes_to_kerberos)
{
  one_request("/free", ANY, "alice", 200, "1:-");
  CHECK_INT(fake_gss.asked, 0);
}

TEST(a_peer_that_never_has_enough)
{
  one_request("/more", NEGOTIATE, "alice", 401,
              "1:1 alice HTTP@127.0.0.1 | 1:2 alice HTTP@127.0.0.1 | 1:3 alice HTTP@127.0.0.1 | "
              "1:4 alice HTTP@127.0.0.1 | 1:5 alice HTTP@127.0.0.1 | 1:6 alice HTTP@127.0.0.1 | "
              "1:7 alice HTTP@127.0.0.1 | 1:8 alice HTTP@127.0.0.1 | 1:9 alice HTTP@127.0.0.1 | "
              "1:10 alice HTTP@127.0.0.1");
}

TEST(a_context_does_not_go_on_on_another_connection)
{
  one_request("/away", NEGOTIATE, "alice", 401,
              "1:" A1 " | 2:" A1 " | 3:" A1 " | 4:" A1 " | 5:" A1 " | 6:" A1 " | 7:" A1 " | 8:" A1
              " | 9:" A1 " | 10:" A1);
}

TEST(each_request_has_its_token)
{
  fresh("alice");
  CURL *e = handle("/one", NEGOTIATE);
  perform(e, 200);
  perform(e, 200);
  finish(e, "1:" A1 " | 1:" A1);
}

TEST(a_connection_that_is_remembered_needs_no_more)
{
  fresh("alice");
  CURL *e = handle("/bound", NEGOTIATE);
  perform(e, 200);
  perform(e, 200);
  again_at(e, "/one", 200); /* this place asks all the same: it gets a token */
  finish(e, "1:" A1 " | 1:- | 1:- | 1:" A1);
}

TEST(any_stays_on_its_connection)
{
  fresh("alice");
  CURL *e = handle("/bound", ANY);
  perform(e, 200);
  perform(e, 200);
  finish(e, "1:- | 1:" A1 " | 1:-");
}

/* CVE-2014-0015 and its relatives. */
TEST(a_connection_is_one_users)
{
  fresh("alice");
  CURL *e = handle("/bound", NEGOTIATE);
  perform(e, 200);
  fake_gss.user = "bob";
  perform(e, 200);
  fake_gss.user = "alice";
  perform(e, 200);
  finish(e, "1:" A1 " | 2:1 bob HTTP@127.0.0.1 | 1:-");
}

TEST(a_connection_of_nobody_knows_whom_is_not_used_again)
{
  fresh("alice");
  fake_gss.nameless = true;
  CURL *e = handle("/bound", NEGOTIATE);
  perform(e, 200);
  perform(e, 200);
  fake_gss.nameless = false;
  finish(e, "1:" A1 " | 2:" A1);
}

TEST(a_connection_is_not_for_those_without_authentication)
{
  fresh("alice");
  CURL *e = handle("/bound", NEGOTIATE);
  perform(e, 200);
  curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
  curl_easy_setopt(e, CURLOPT_USERPWD, NULL);
  again_at(e, "/bound", 401);
  finish(e, "1:" A1 " | 2:-");
}

static void run(CURLM *m, CURL *e)
{
  int running = 1;
  curl_multi_add_handle(m, e);
  while (running) {
    curl_multi_perform(m, &running);
    if (running)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  }
  curl_multi_remove_handle(m, e);
  curl_easy_cleanup(e);
}

/* Only when the ticket's turn has come is it known whose connection it must be. */
TEST(a_connection_is_not_for_those_who_have_not_chosen)
{
  fresh("alice");
  CURLM *m = curl_multi_init();
  run(m, handle("/bound", ANY));
  run(m, handle("/bound", ANY));
  fake_gss.user = "bob";
  run(m, handle("/bound", ANY));
  curl_multi_cleanup(m);
  CHECK_STR(server.notes, "1:- | 1:" A1 " | 2:- | 1:- | 2:- | 2:1 bob HTTP@127.0.0.1");
  CHECK_INT(fake_gss.live, 0);
}

TEST(other_delegation_is_another_connection)
{
  fresh("alice");
  CURL *e = handle("/bound", NEGOTIATE);
  perform(e, 200);
  CHECK_INT(curl_easy_setopt(e, CURLOPT_GSSAPI_DELEGATION, CURLGSSAPI_DELEGATION_FLAG), CURLE_OK);
  perform(e, 200);
  CHECK_INT(curl_easy_setopt(e, CURLOPT_GSSAPI_DELEGATION, CURLGSSAPI_DELEGATION_POLICY_FLAG),
            CURLE_OK);
  curl_easy_setopt(e, CURLOPT_SERVICE_NAME, "web");
  perform(e, 200);
  finish(e, "1:" A1 " | 2:" A1 " delegated | 3:1 alice web@127.0.0.1 by policy");
}

TEST(a_body_goes_with_the_token)
{
  fresh("alice");
  CURL *e = handle("/two", NEGOTIATE);
  curl_easy_setopt(e, CURLOPT_POSTFIELDS, "body");
  perform(e, 200);
  finish(e, "1:" A1 " [body] | 1:2 alice HTTP@127.0.0.1 [body]");
  fresh(NULL);
  e = handle("/both", ANY);
  curl_easy_setopt(e, CURLOPT_POSTFIELDS, "body");
  perform(e, 200);
  finish(e, "1:- [body] | 1:- | 1:Basic [body]");
}

TEST(another_origin_gets_no_ticket)
{
  fresh("alice");
  CURL *e = handle("/go", NEGOTIATE);
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
  perform(e, 401);
  finish(e, "1:" A1 " | 2:-");
  fresh("alice");
  e = handle("/go", NEGOTIATE);
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(e, CURLOPT_UNRESTRICTED_AUTH, 1L);
  perform(e, 200);
  finish(e, "1:" A1 " | 2:1 alice HTTP@localhost");
}

/* Kerberos' own sockets are seen by nobody: where all of them must be, it is not asked. */
TEST(an_egress_policy_forbids_it)
{
  static const char text[] = "default allow";
  struct sluice_policy *policy = NULL;
  CHECK_INT(sluice_policy_parse(text, strlen(text), &policy, NULL), CURLE_OK);
  fresh("alice");
  CURL *e = handle("/both", ANY);
  CHECK_INT(curl_easy_setopt(e, SLUICEOPT_POLICY, policy), CURLE_OK);
  perform(e, 200);
  finish(e, "1:- | 1:Basic");
  fresh("alice");
  CURLM *m = curl_multi_init();
  CHECK_INT(curl_multi_setopt(m, SLUICEMOPT_POLICY, policy), CURLM_OK);
  run(m, handle("/both", ANY));
  run(m, handle("/one", NEGOTIATE));
  curl_multi_cleanup(m);
  CHECK_STR(server.notes, "1:- | 1:Basic | 2:-");
  CHECK_INT(fake_gss.asked, 0);
  sluice_policy_free(policy);
}

/* A login of another protocol's is none of Kerberos' business, whatever HTTP may do. */
TEST(ftp_does_not_come_to_kerberos)
{
  fresh("alice");
  CURL *e = handle("/", NEGOTIATE);
  curl_easy_setopt(e, CURLOPT_URL, "ftp://127.0.0.1:1/");
  CHECK_INT(curl_easy_perform(e), CURLE_COULDNT_CONNECT);
  CHECK_INT(fake_gss.asked, 0);
  finish(e, "");
}

TEST(what_getinfo_says)
{
  long avail = -1, used = -1;
  fresh(NULL);
  CURL *e = handle("/both", ANY);
  perform(e, 200);
  curl_easy_getinfo(e, CURLINFO_HTTPAUTH_USED, &used);
  CHECK_INT(used, CURLAUTH_BASIC);
  fake_gss.user = "alice";
  again_at(e, "/deny", 401);
  curl_easy_getinfo(e, CURLINFO_HTTPAUTH_AVAIL, &avail);
  CHECK_INT(avail, CURLAUTH_NEGOTIATE);
  curl_easy_getinfo(e, CURLINFO_HTTPAUTH_USED, &used);
  CHECK_INT(used, CURLAUTH_NEGOTIATE);
  curl_easy_cleanup(e);
}

TEST(a_proxy_gets_a_token_each_time)
{
  char proxy[64];
  fresh("alice");
  CURL *e = handle("/free", 0);
  snprintf(proxy, sizeof proxy, "http://:@localhost:%d", server.port);
  curl_easy_setopt(e, CURLOPT_URL, "http://a.test/x");
  curl_easy_setopt(e, CURLOPT_PROXY, proxy);
  curl_easy_setopt(e, CURLOPT_PROXYAUTH, NEGOTIATE);
  perform(e, 200);
  curl_easy_setopt(e, CURLOPT_URL, "http://b.test/x");
  perform(e, 200);
  fake_gss.user = "bob";
  perform(e, 200);
  curl_easy_setopt(e, CURLOPT_PROXY_SERVICE_NAME, "cache");
  perform(e, 200);
  finish(e, "1:1 alice HTTP@localhost | 1:1 alice HTTP@localhost | 2:1 bob HTTP@localhost | 3:1 "
            "bob cache@localhost");
}

TEST(memory)
{
  CURLcode rc = CURLE_OK;
  unsigned long n = 0, tried, failed = 0;
  do {
    fresh("alice");
    CURL *e = handle("/two", ANY);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, "body");
    struct ledger_totals before = sl_ledger_totals();
    sl_mem_fail_after(++n);
    rc = curl_easy_perform(e);
    if (!rc)
      rc = curl_easy_perform(e);
    tried = sl_mem_fail_after(0);
    curl_easy_cleanup(e);
    struct ledger_totals after = sl_ledger_totals();
    CHECK_INT(after.opened - before.opened, after.closed - before.closed);
    CHECK_INT(fake_gss.live, 0);
    CHECK(!rc || rc == CURLE_OUT_OF_MEMORY);
    failed += rc != CURLE_OK;
  } while (tried >= n && n < 1000);
  CHECK_INT(rc, CURLE_OK);
  CHECK(failed > 20);
}
