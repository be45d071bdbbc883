/* Egress policies over whole transfers: which server is reached, and which is not, whatever the way there. The servers
 * are at 127.0.0.1 to 127.0.0.4 with one port; policies allow some of them, as they would allow the public ones. */
#include <curl/curl.h>
#include <poll.h>
#include <sluice/sluice.h>
#include <sys/un.h>

#include "base/mem.h"
#include "gate/ledger.h"
#include "tests/test.h"
#include "tests/unit/dns/fake_server.h"
#include "tests/unit/xfer/origin.h"
#include "tests/unit/xfer/peer.h"

enum { ADDRESSES = 4, EVENTS = 64, DNS_TTL = 60 };

struct world {
  struct origin origin;
  struct fake_server dns;
  CURL *e;
  struct sluice_policy *policy;
  char error[CURL_ERROR_SIZE], url[128], server[40];
  char events[EVENTS * 48]; /* "connect 127.0.0.1;" */
  size_t got;
  unsigned accepted, requests; /* as counted before */
  int answer_fd, sockopt;      /* of the callbacks, when they are set */
  int gave;                    /* sockets that were connected already */
};

static struct world w;

/* ---- names: `two` is at 127.0.0.2, `one` at 127.0.0.1, `rebind` moves from 127.0.0.2 to 127.0.0.1 and has no time to
 * live, `mixed` is at 127.0.0.1, ::1 and 127.0.0.2, `late` at 127.0.0.2 and then 127.0.0.1, `inside` at 10.0.0.1,
 * `moved` at 127.0.0.2 and then where nobody listens ---- */

static void name_at(struct fake_reply *r, unsigned ttl, uint32_t address)
{
  address = htonl(address);
  fake_record(r, NULL, 1, ttl, &address, 4);
}

static bool names(struct fake_server *s, const char *label, unsigned type, struct fake_reply *r)
{
  static const char *const known[] = {"one", "two", "rebind", "mixed", "late", "inside", "moved"};
  static const unsigned char one6[16] = {[15] = 1};
  bool ours = false;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    ours = ours || !strcmp(label, known[i]);
  if (type != 1) {
    if (!strcmp(label, "mixed"))
      fake_record(r, NULL, 28, DNS_TTL, one6, 16);
    return ours;
  }
  if (!strcmp(label, "one") || !strcmp(label, "mixed"))
    name_at(r, DNS_TTL, 0x7f000001);
  if (!strcmp(label, "two") || !strcmp(label, "mixed") || !strcmp(label, "late"))
    name_at(r, DNS_TTL, 0x7f000002);
  if (!strcmp(label, "late"))
    name_at(r, DNS_TTL, 0x7f000001);
  if (!strcmp(label, "rebind"))
    name_at(r, 0, s->queries4 == 1 ? 0x7f000002 : 0x7f000001);
  if (!strcmp(label, "moved"))
    name_at(r, 0, s->queries4 == 1 ? 0x7f000002 : 0x7f000009);
  if (!strcmp(label, "inside"))
    name_at(r, DNS_TTL, 0x0a000001);
  return ours;
}

/* ---- a world ---- */

static size_t take(char *data, size_t size, size_t n, void *arg)
{
  (void)data, (void)arg;
  w.got += size * n;
  return size * n;
}

static void on_event(void *arg, const struct sluice_socket_event *e)
{
  static const char *const words[] = {"", "open", "connect", "connected", "refused", "accept", "reuse", "close", "reported"};
  char text[64] = "-";
  (void)arg;
  if (e->purpose == SLUICE_SOCKTYPE_DNS && e->what != SLUICE_EVENT_REFUSED)
    return;
  if (e->address && e->address->sa_family == AF_INET)
    inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)e->address)->sin_addr, text, sizeof text);
  else if (e->address && e->address->sa_family == AF_INET6)
    inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)e->address)->sin6_addr, text, sizeof text);
  size_t n = strlen(w.events);
  snprintf(w.events + n, sizeof w.events - n, "%s %s;", words[e->what], text);
}

static void settings(CURL *e)
{
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, w.error);
  curl_easy_setopt(e, CURLOPT_DNS_SERVERS, w.server);
  curl_easy_setopt(e, CURLOPT_TIMEOUT, 10L);
  curl_easy_setopt(e, CURLOPT_NOPROXY, "");
  curl_easy_setopt(e, SLUICEOPT_SOCKET_EVENTFUNCTION, on_event);
}

static struct sluice_policy *parse(const char *text)
{
  struct sluice_policy *p = NULL;
  CHECK_INT(sluice_policy_parse(text, strlen(text), &p, NULL), CURLE_OK);
  return p;
}

/* The handle's policy from now on, and the one before is gone. */
static void policy(const char *text)
{
  sluice_policy_free(w.policy);
  w.policy = text ? parse(text) : NULL;
  CHECK_INT(curl_easy_setopt(w.e, SLUICEOPT_POLICY, w.policy), CURLE_OK);
}

#define DNS_TOO "allow loopback purpose dns\n"
#define ONLY_2 "allow 127.0.0.2\n" DNS_TOO

static bool begin(const char *text)
{
  memset(&w, 0, sizeof w);
  sl_ledger_strict(true);
  if (!origin_start(&w.origin, ADDRESSES) || !fake_start(&w.dns, names))
    return false;
  snprintf(w.server, sizeof w.server, "%s", w.dns.address);
  w.e = curl_easy_init();
  settings(w.e);
  policy(text);
  return true;
}

static void end(void)
{
  curl_easy_cleanup(w.e);
  sluice_policy_free(w.policy);
  fake_stop(&w.dns);
  origin_stop(&w.origin);
}

static void url_of(const char *host, const char *path)
{
  snprintf(w.url, sizeof w.url, "http://%s:%d%s", host, w.origin.port, path);
}

static CURLcode perform(CURL *e, const char *host, const char *path)
{
  url_of(host, path);
  w.error[0] = w.events[0] = 0;
  w.got = 0;
  w.accepted = w.origin.counts->accepted;
  w.requests = w.origin.counts->requests;
  curl_easy_setopt(e, CURLOPT_URL, w.url);
  return curl_easy_perform(e);
}

static CURLcode get(const char *host)
{
  return perform(w.e, host, "/b/10");
}

/* The count of a connection comes when the server has taken it. */
static bool nothing_came(void)
{
  poll(NULL, 0, 30);
  return w.origin.counts->accepted == w.accepted && w.origin.counts->requests == w.requests;
}

static const char *primary(void)
{
  const char *ip = NULL;
  curl_easy_getinfo(w.e, CURLINFO_PRIMARY_IP, &ip);
  return ip;
}

#define REFUSED(call)                                   \
  do {                                                  \
    CHECK_INT((call), CURLE_COULDNT_CONNECT);           \
    CHECK(nothing_came());                              \
    CHECK(strstr(w.error, "policy refused "));          \
  } while (0)

/* ---- names ---- */

TEST(rebinding)
{
  REQUIRE(begin(ONLY_2));
  curl_easy_setopt(w.e, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  curl_easy_setopt(w.e, CURLOPT_FORBID_REUSE, 1L);
  /* What was judged is what is connected to: one look-up, whatever the next would say. */
  CHECK_INT(get("rebind.test"), CURLE_OK);
  CHECK_STR(primary(), "127.0.0.2");
  CHECK_INT(w.dns.queries4, 1);
  REFUSED(get("rebind.test"));
  CHECK_INT(w.dns.queries4, 2);
  CHECK(strstr(w.error, "refused 127.0.0.1 port") && strstr(w.error, "(loopback)"));
  end();
}

TEST(of_mixed_answers_the_allowed_ones_only)
{
  REQUIRE(begin(ONLY_2));
  CHECK_INT(get("mixed.test"), CURLE_OK);
  CHECK_STR(primary(), "127.0.0.2");
  CHECK(!strstr(w.events, "connect 127.0.0.1") && !strstr(w.events, "connect ::1") && !strstr(w.events, "open 127.0.0.1"));
  CHECK(strstr(w.events, "refused ::1;") && strstr(w.events, "refused 127.0.0.1;"));
  CHECK_INT(w.error[0], 0);
  policy("allow 127.0.0.9\n" DNS_TOO);
  REFUSED(get("mixed.test"));
  end();
}

TEST(a_cache_that_was_filled_under_a_laxer_policy)
{
  REQUIRE(begin(NULL));
  curl_easy_setopt(w.e, CURLOPT_FORBID_REUSE, 1L);
  CHECK_INT(get("one.test"), CURLE_OK);
  unsigned queries = w.dns.queries;
  policy(ONLY_2);
  REFUSED(get("one.test"));
  CHECK_INT(w.dns.queries, queries); /* it was the cache's answer */
  end();
}

TEST(name_servers_are_judged)
{
  REQUIRE(begin("allow 127.0.0.2\n"));
  CHECK_INT(get("two.test"), CURLE_COULDNT_RESOLVE_HOST);
  CHECK(strstr(w.error, "policy refused 127.0.0.1 port"));
  CHECK(strstr(w.events, "refused 127.0.0.1;"));
  CHECK_INT(w.dns.queries, 0);
  policy("deny loopback purpose origin port 1\nallow 127.0.0.1 purpose dns proto udp\nallow 127.0.0.2\n");
  CHECK_INT(get("two.test"), CURLE_OK);
  end();
}

TEST(resolve_and_connect_to)
{
  char line[80];
  REQUIRE(begin(ONLY_2));
  snprintf(line, sizeof line, "pinned.test:%d:127.0.0.1", w.origin.port);
  struct curl_slist *list = curl_slist_append(NULL, line);
  curl_easy_setopt(w.e, CURLOPT_RESOLVE, list);
  REFUSED(get("pinned.test"));
  curl_easy_setopt(w.e, CURLOPT_RESOLVE, NULL);
  curl_slist_free_all(list);
  list = curl_slist_append(NULL, "::127.0.0.1:");
  curl_easy_setopt(w.e, CURLOPT_CONNECT_TO, list);
  REFUSED(get("127.0.0.2"));
  curl_slist_free_all(list);
  list = curl_slist_append(NULL, "::127.0.0.2:");
  curl_easy_setopt(w.e, CURLOPT_CONNECT_TO, list);
  CHECK_INT(get("10.0.0.1"), CURLE_OK); /* it is not where the connection goes */
  CHECK_STR(primary(), "127.0.0.2");
  curl_easy_setopt(w.e, CURLOPT_CONNECT_TO, NULL);
  curl_slist_free_all(list);
  end();
}

/* ---- Unix sockets ---- */

TEST(unix_sockets)
{
  struct sockaddr_un un = {.sun_family = AF_UNIX};
  char text[200];
  REQUIRE(begin("allow any\n")); /* of IP addresses */
  snprintf(un.sun_path, sizeof un.sun_path, "/tmp/sluice-%d.sock", (int)getpid());
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  struct pollfd somebody = {.fd = fd, .events = POLLIN};
  unlink(un.sun_path);
  REQUIRE(!bind(fd, (struct sockaddr *)&un, sizeof un) && !listen(fd, 4));
  curl_easy_setopt(w.e, CURLOPT_UNIX_SOCKET_PATH, un.sun_path);
  REFUSED(get("127.0.0.2"));
  CHECK(strstr(w.error, un.sun_path) && strstr(w.error, "(unix)"));
  CHECK_INT(poll(&somebody, 1, 0), 0);
  policy("allow unix /tmp/sluice-*.socket\n");
  REFUSED(get("127.0.0.2"));
  policy("allow unix /tmp/sluice-*.sock\n");
  snprintf(text, sizeof text, "/tmp/../tmp/sluice-%d.sock", (int)getpid());
  curl_easy_setopt(w.e, CURLOPT_UNIX_SOCKET_PATH, text);
  REFUSED(get("127.0.0.2"));
  CHECK_INT(poll(&somebody, 1, 0), 0);
  curl_easy_setopt(w.e, CURLOPT_UNIX_SOCKET_PATH, un.sun_path);
  curl_easy_setopt(w.e, CURLOPT_TIMEOUT_MS, 100L); /* nobody answers */
  CHECK_INT(get("10.0.0.1"), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(poll(&somebody, 1, 0), 1);
  curl_easy_setopt(w.e, CURLOPT_ABSTRACT_UNIX_SOCKET, "sluice-nobody");
  REFUSED(get("127.0.0.2"));
  close(fd);
  unlink(un.sun_path);
  end();
}

/* ---- the application's callbacks ---- */

static curl_socket_t give_connected(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)w.origin.port)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (w.sockopt == SLUICE_SOCKOPT_CONNECTING ? SOCK_NONBLOCK : 0), 0);
  (void)arg, (void)purpose, (void)a;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK); /* .1, whatever it was asked for */
  if (connect(fd, (struct sockaddr *)&in, sizeof in) && errno != EINPROGRESS)
    abort();
  w.gave++;
  return fd;
}

static int answer_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  (void)arg, (void)fd, (void)purpose;
  return w.sockopt;
}

static curl_socket_t move_to_1(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct sockaddr_in in;
  (void)arg, (void)purpose;
  memcpy(&in, &a->addr, sizeof in);
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  memcpy(&a->addr, &in, sizeof in);
  return socket(a->family, a->socktype, a->protocol);
}

TEST(callbacks_cannot_lead_elsewhere)
{
  static const int answers[] = {CURL_SOCKOPT_ALREADY_CONNECTED, SLUICE_SOCKOPT_CONNECTING};
  REQUIRE(begin(ONLY_2));
  int before = (int)w.origin.counts->accepted;
  curl_easy_setopt(w.e, CURLOPT_SOCKOPTFUNCTION, answer_sockopt);
  curl_easy_setopt(w.e, CURLOPT_OPENSOCKETFUNCTION, give_connected);
  for (int i = 0; i < 2; i++) {
    w.sockopt = answers[i];
    CHECK_INT(get("127.0.0.2"), CURLE_COULDNT_CONNECT);
    CHECK(strstr(w.error, "policy refused 127.0.0.1 port"));
    poll(NULL, 0, 30);
    CHECK_INT(w.origin.counts->requests, w.requests); /* not a byte, though the application has connected */
  }
  for (int i = 0; i < 2; i++) { /* and the second address is tried, unless one refusal is enough */
    w.sockopt = CURL_SOCKOPT_ALREADY_CONNECTED;
    curl_easy_setopt(w.e, SLUICEOPT_REFUSAL, i ? SLUICE_REFUSAL_FINAL : SLUICE_REFUSAL_NEXT);
    for (int late = 0; late < 2; late++, w.sockopt = SLUICE_SOCKOPT_CONNECTING) {
      CHECK_INT(get("late.test"), CURLE_COULDNT_CONNECT);
      char *first = strstr(w.events, "refused ");
      CHECK(first && (strstr(first + 1, "refused ") == NULL) == (i == 1));
    }
  }
  for (int i = 0; i < 2000 && (int)w.origin.counts->accepted - before < w.gave; i++)
    poll(NULL, 0, 5);
  CHECK_INT((int)w.origin.counts->accepted - before, w.gave);
  curl_easy_setopt(w.e, SLUICEOPT_REFUSAL, SLUICE_REFUSAL_NEXT);
  w.sockopt = CURL_SOCKOPT_OK;
  curl_easy_setopt(w.e, CURLOPT_OPENSOCKETFUNCTION, move_to_1);
  REFUSED(get("127.0.0.2"));
  end();
}

/* ---- pools ---- */

TEST(a_pooled_connection_of_another_policy)
{
  REQUIRE(begin(NULL));
  CHECK_INT(get("127.0.0.1"), CURLE_OK);
  policy(ONLY_2);
  REFUSED(get("127.0.0.1"));
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  CHECK(strstr(w.events, "connect 127.0.0.2;"));
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  CHECK(strstr(w.events, "reuse 127.0.0.2;")); /* the same policy: kept */
  policy(ONLY_2);
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  CHECK(!strstr(w.events, "reuse")); /* the same text is another policy */
  policy("default allow\n");
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  policy(NULL);
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  CHECK(!strstr(w.events, "reuse"));
  end();
}

static struct sluice_broker *broker(const char *text)
{
  struct sluice_broker *b = NULL;
  struct sluice_policy *p = parse(text);
  CHECK_INT(sluice_broker_start(p, &b), CURLE_OK);
  sluice_policy_free(p);
  curl_easy_setopt(w.e, CURLOPT_OPENSOCKETFUNCTION, sluice_broker_opensocket);
  curl_easy_setopt(w.e, CURLOPT_OPENSOCKETDATA, b);
  return b;
}

TEST(a_pooled_connection_of_another_broker)
{
  REQUIRE(begin(NULL));
  struct sluice_broker *lax = broker("allow any\n");
  CHECK_INT(get("127.0.0.1"), CURLE_OK);
  CHECK_INT(get("127.0.0.1"), CURLE_OK);
  CHECK(strstr(w.events, "reuse 127.0.0.1;"));
  struct sluice_broker *strict = broker(ONLY_2);
  REFUSED(get("127.0.0.1"));
  CHECK(strstr(w.error, "The broker's policy"));
  sluice_broker_stop(lax);
  sluice_broker_stop(strict);
  end();
}

TEST(a_pool_that_is_shared)
{
  REQUIRE(begin(NULL));
  CURLSH *share = curl_share_init();
  CURL *other = curl_easy_init();
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_DNS);
  settings(other);
  curl_easy_setopt(other, CURLOPT_SHARE, share);
  curl_easy_setopt(w.e, CURLOPT_SHARE, share);
  CHECK_INT(perform(other, "one.test", "/b/10"), CURLE_OK);
  CHECK_INT(get("one.test"), CURLE_OK);
  CHECK(strstr(w.events, "reuse"));
  policy(ONLY_2);
  REFUSED(get("one.test"));
  CHECK_INT(get("two.test"), CURLE_OK);
  curl_easy_setopt(other, SLUICEOPT_POLICY, w.policy);
  CHECK_INT(perform(other, "two.test", "/b/10"), CURLE_OK);
  CHECK(strstr(w.events, "reuse"));
  curl_easy_cleanup(other);
  curl_easy_cleanup(w.e);
  w.e = NULL;
  curl_share_cleanup(share);
  end();
}

/* ---- multi handles ---- */

static CURLcode run(CURLM *m, CURL *e)
{
  int running = 1, left;
  CURLcode rc = CURLE_OK;
  CHECK_INT(curl_multi_add_handle(m, e), CURLM_OK);
  while (running) {
    curl_multi_perform(m, &running);
    if (running)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  }
  for (CURLMsg *msg; (msg = curl_multi_info_read(m, &left));)
    rc = msg->data.result;
  curl_multi_remove_handle(m, e);
  return rc;
}

static CURLcode get_in(CURLM *m, const char *host)
{
  url_of(host, "/b/10");
  w.error[0] = w.events[0] = 0;
  w.accepted = w.origin.counts->accepted;
  w.requests = w.origin.counts->requests;
  curl_easy_setopt(w.e, CURLOPT_URL, w.url);
  return run(m, w.e);
}

TEST(several_policies_narrow_only)
{
  REQUIRE(begin("allow 127.0.0.1 127.0.0.2\n" DNS_TOO));
  CURLM *m = curl_multi_init();
  struct sluice_policy *p = parse("allow 127.0.0.2 127.0.0.3\n" DNS_TOO);
  CHECK_INT(curl_multi_setopt(m, SLUICEMOPT_POLICY, p), CURLM_OK);
  sluice_policy_free(p);
  CHECK_INT(get_in(m, "127.0.0.2"), CURLE_OK);
  REFUSED(get_in(m, "127.0.0.1"));
  CHECK(strstr(w.error, "The multi handle's policy refused"));
  REFUSED(get_in(m, "127.0.0.3"));
  CHECK(strstr(w.error, "The policy refused"));
  CHECK_INT(get_in(m, "two.test"), CURLE_OK);
  p = parse("allow 127.0.0.2\n"); /* it is asked for name servers, too */
  curl_multi_setopt(m, SLUICEMOPT_POLICY, p);
  CHECK_INT(get_in(m, "rebind.test"), CURLE_COULDNT_RESOLVE_HOST);
  CHECK(strstr(w.error, "The multi handle's policy refused 127.0.0.1 port"));
  sluice_policy_free(p);
  policy("default allow\n"); /* cannot open what the other keeps shut */
  REFUSED(get_in(m, "127.0.0.4"));
  curl_multi_setopt(m, SLUICEMOPT_POLICY, NULL);
  CHECK_INT(get_in(m, "127.0.0.4"), CURLE_OK);
  CHECK_INT(get_in(m, "127.0.0.4"), CURLE_OK);
  CHECK(strstr(w.events, "reuse"));
  p = parse(ONLY_2);
  curl_multi_setopt(m, SLUICEMOPT_POLICY, p);
  sluice_policy_free(p);
  REFUSED(get_in(m, "127.0.0.4")); /* its connection is in the pool still */
  curl_multi_cleanup(m);
  end();
}

/* The multi handle's policy is replaced while a transfer is on its way to the second of its addresses. */
TEST(a_policy_that_is_replaced_under_way)
{
  int running = 1;
  REQUIRE(begin(NULL));
  peer_stuck(); /* 127.0.0.3 at its port: nobody takes the connection */
  CURLM *m = curl_multi_init();
  struct sluice_policy *p = parse("allow loopback\n");
  struct curl_slist *list;
  char line[100];
  snprintf(line, sizeof line, "x.test:%d:127.0.0.3,127.0.0.1", peer_get()->port);
  list = curl_slist_append(NULL, line);
  snprintf(w.url, sizeof w.url, "http://x.test:%d/text", peer_get()->port);
  curl_multi_setopt(m, SLUICEMOPT_POLICY, p);
  sluice_policy_free(p);
  curl_easy_setopt(w.e, CURLOPT_RESOLVE, list);
  curl_easy_setopt(w.e, CURLOPT_URL, w.url);
  curl_easy_setopt(w.e, CURLOPT_TIMEOUT_MS, 700L);
  curl_easy_setopt(w.e, CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, 50L);
  curl_multi_add_handle(m, w.e);
  for (int i = 0; i < 3; i++)
    curl_multi_perform(m, &running);
  CHECK(strstr(w.events, "connect 127.0.0.3;"));
  p = parse("allow 127.0.0.3\n");
  curl_multi_setopt(m, SLUICEMOPT_POLICY, p);
  sluice_policy_free(p);
  while (running) {
    curl_multi_perform(m, &running);
    if (running)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  }
  CHECK(strstr(w.events, "refused 127.0.0.1;"));
  CHECK(!strstr(w.events, "connect 127.0.0.1;"));
  curl_multi_remove_handle(m, w.e);
  curl_easy_setopt(w.e, CURLOPT_RESOLVE, NULL);
  curl_slist_free_all(list);
  curl_multi_cleanup(m);
  end();
}

static bool was_asked_for(const char *name)
{
  pthread_mutex_lock(&w.dns.mutex);
  bool found = strstr(w.dns.asked, name) != NULL;
  pthread_mutex_unlock(&w.dns.mutex);
  return found;
}

/* Until the first transfer has ended. */
static CURLcode first_result(CURLM *m)
{
  int running, left;
  CURLMsg *msg = NULL;
  while (!curl_multi_perform(m, &running) && !(msg = curl_multi_info_read(m, &left)) && running)
    curl_multi_poll(m, NULL, 0, 1000, NULL);
  return msg ? msg->data.result : CURLE_OK;
}

TEST(a_policy_that_is_replaced_while_a_name_server_is_asked)
{
  int running;
  char url[100];
  REQUIRE(begin(NULL));
  CURLM *m = curl_multi_init();
  CURL *second = curl_easy_init();
  struct sluice_policy *p = parse(ONLY_2);
  curl_multi_setopt(m, SLUICEMOPT_POLICY, p);
  sluice_policy_free(p);
  curl_easy_setopt(w.e, CURLOPT_URL, "http://silent.test/");
  curl_multi_add_handle(m, w.e);
  for (int i = 0; i < 500 && !was_asked_for("silent"); i++) {
    curl_multi_perform(m, &running);
    curl_multi_poll(m, NULL, 0, 10, NULL);
  }
  CHECK(was_asked_for("silent"));
  p = parse("allow 127.0.0.2\n");
  curl_multi_setopt(m, SLUICEMOPT_POLICY, p);
  sluice_policy_free(p);
  settings(second);
  snprintf(url, sizeof url, "http://two.test:%d/b/10", w.origin.port);
  curl_easy_setopt(second, CURLOPT_URL, url);
  curl_multi_add_handle(m, second);
  CHECK_INT(first_result(m), CURLE_COULDNT_RESOLVE_HOST);
  CHECK(strstr(w.events, "refused 127.0.0.1;"));
  CHECK(!was_asked_for("two"));
  curl_multi_remove_handle(m, w.e);
  curl_multi_remove_handle(m, second);
  curl_easy_cleanup(second);
  curl_multi_cleanup(m);
  end();
}

/* ---- proxies: the origin's server answers requests in absolute form, too ---- */

static void proxy(const char *host)
{
  char text[80];
  snprintf(text, sizeof text, "http://%s:%d", host, w.origin.port);
  curl_easy_setopt(w.e, CURLOPT_PROXY, text);
}

TEST(a_proxy_and_who_is_behind_it)
{
  REQUIRE(begin("allow 127.0.0.4 purpose proxy\nallow 127.0.0.2 purpose origin\n" DNS_TOO));
  proxy("127.0.0.4");
  CHECK_INT(get("two.test"), CURLE_OK);
  CHECK_STR(primary(), "127.0.0.4");
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  CHECK(strstr(w.events, "reuse 127.0.0.4;"));
  REFUSED(get("one.test")); /* the connection is there, and could serve it */
  CHECK(strstr(w.error, "refused 127.0.0.1 port"));
  REFUSED(get("inside.test"));
  REFUSED(get("169.254.169.254"));
  CHECK(strstr(w.error, "(metadata)"));
  REFUSED(get("[::ffff:7f00:1]"));
  REFUSED(get("mixed.test")); /* which of them the proxy takes is not ours to say */
  REFUSED(get("late.test"));
  CHECK_INT(get("xx.test"), CURLE_COULDNT_CONNECT);
  CHECK(nothing_came());
  CHECK_STR(w.error, "A policy is set, and xx.test, which the proxy would look up, could not be looked up here");
  CHECK_INT(get("two.test"), CURLE_OK);
  CHECK(strstr(w.events, "reuse 127.0.0.4;"));
  proxy("127.0.0.3");
  REFUSED(get("two.test"));
  CHECK(strstr(w.error, "refused 127.0.0.3 port"));
  proxy("127.0.0.2"); /* allowed, but not as a proxy */
  REFUSED(get("two.test"));
  end();
}

/* The scheme is no part of a connection's identity: a proxy's serves them all. */
TEST(a_pooled_connection_is_asked_for_again)
{
  REQUIRE(begin("deny any purpose proxy scheme ftp\nallow loopback\n"));
  proxy("127.0.0.4");
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  snprintf(w.url, sizeof w.url, "ftp://127.0.0.2:%d/b/10", w.origin.port);
  curl_easy_setopt(w.e, CURLOPT_URL, w.url);
  w.requests = w.origin.counts->requests;
  w.accepted = w.origin.counts->accepted;
  w.events[0] = 0;
  REFUSED(curl_easy_perform(w.e));
  CHECK(!strstr(w.events, "reuse"));
  policy("allow loopback\n");
  CHECK_INT(curl_easy_perform(w.e), CURLE_OK);
  end();
}

/* A pooled connection that is not allowed is no failure: what comes of the next one is told. */
TEST(a_refused_reuse_is_no_reason)
{
  REQUIRE(begin("deny 127.0.0.2 purpose proxy scheme ftp\nallow loopback\n"));
  curl_easy_setopt(w.e, CURLOPT_IPRESOLVE, CURL_IPRESOLVE_V4);
  proxy("moved.test");
  CHECK_INT(get("127.0.0.4"), CURLE_OK);
  CHECK_STR(primary(), "127.0.0.2");
  snprintf(w.url, sizeof w.url, "ftp://127.0.0.4:%d/b/10", w.origin.port);
  curl_easy_setopt(w.e, CURLOPT_URL, w.url);
  CHECK_INT(curl_easy_perform(w.e), CURLE_COULDNT_CONNECT);
  CHECK(!strncmp(w.error, "Failed to connect to moved.test", 31));
  end();
}

TEST(a_proxy_of_the_environment)
{
  char text[80];
  REQUIRE(begin("allow 127.0.0.4 purpose proxy\nallow 127.0.0.2 purpose origin\n" DNS_TOO));
  curl_easy_setopt(w.e, CURLOPT_NOPROXY, NULL);
  snprintf(text, sizeof text, "http://127.0.0.3:%d", w.origin.port);
  setenv("http_proxy", text, 1);
  REFUSED(get("127.0.0.2"));
  snprintf(text, sizeof text, "http://127.0.0.4:%d", w.origin.port);
  setenv("http_proxy", text, 1);
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  REFUSED(get("127.0.0.1"));
  unsetenv("http_proxy");
  end();
}

TEST(proxies_without_memory)
{
  REQUIRE(begin("allow 127.0.0.4 purpose proxy\nallow 127.0.0.2 purpose origin\n" DNS_TOO));
  proxy("127.0.0.4");
  curl_easy_setopt(w.e, CURLOPT_FRESH_CONNECT, 1L);
  CURLcode last = CURLE_OK;
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = get("two.test");
    /* c-ares has one word for a socket without memory and a server without an answer */
    CHECK(last == CURLE_OK || last == CURLE_OUT_OF_MEMORY || last == CURLE_COULDNT_CONNECT);
  }
  CHECK_INT(last, CURLE_OK);
  FOR_EACH_FAILING_ALLOC(k)
  {
    last = get("one.test");
    CHECK(last == CURLE_COULDNT_CONNECT || last == CURLE_OUT_OF_MEMORY);
  }
  CHECK_INT(last, CURLE_COULDNT_CONNECT);
  end();
}

/* ---- handles, references, modes ---- */

TEST(duplicates_keep_it_and_reset_drops_it)
{
  REQUIRE(begin(ONLY_2));
  sluice_policy_free(w.policy); /* the handle has its own reference */
  w.policy = NULL;
  REFUSED(get("127.0.0.1"));
  CURL *copy = curl_easy_duphandle(w.e);
  curl_easy_reset(w.e);
  settings(w.e);
  CHECK_INT(get("127.0.0.1"), CURLE_OK); /* as the manual has it: all options are as in a new handle */
  REFUSED(perform(copy, "127.0.0.1", "/b/10"));
  CHECK_INT(perform(copy, "127.0.0.2", "/b/10"), CURLE_OK);
  curl_easy_cleanup(copy);
  end();
}

static size_t drop_policy(char *data, size_t size, size_t n, void *arg)
{
  (void)data, (void)arg;
  curl_easy_setopt(w.e, SLUICEOPT_POLICY, NULL);
  return size * n;
}

TEST(a_policy_that_goes_while_it_is_used)
{
  REQUIRE(begin(ONLY_2));
  sluice_policy_free(w.policy);
  w.policy = NULL;
  curl_easy_setopt(w.e, CURLOPT_WRITEFUNCTION, drop_policy);
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  curl_easy_setopt(w.e, CURLOPT_WRITEFUNCTION, take);
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  CHECK(!strstr(w.events, "reuse"));
  end();
}

TEST(modes)
{
  REQUIRE(begin("mode report\ndeny any\n"));
  CHECK_INT(get("one.test"), CURLE_OK);
  CHECK(strstr(w.events, "reported 127.0.0.1;open 127.0.0.1;"));
  policy("mode open\ndeny any\n");
  CHECK_INT(get("one.test"), CURLE_OK);
  CHECK(!strstr(w.events, "reported") && !strstr(w.events, "refused"));
  policy("");
  REFUSED(get("127.0.0.2"));
  end();
}

/* ---- the process's ---- */

static void restart(const char *value)
{
  if (value)
    setenv("SLUICE_POLICY", value, 1);
  else
    unsetenv("SLUICE_POLICY");
  while (w.e)
    curl_easy_cleanup(w.e), w.e = NULL;
  for (int i = 0; i < 100; i++)
    curl_global_cleanup();
  w.e = curl_easy_init();
  settings(w.e);
}

TEST(the_policy_of_the_process)
{
  char path[] = "/tmp/sluice-policy-XXXXXX";
  int fd = mkstemp(path);
  REQUIRE(fd >= 0 && write(fd, ONLY_2, strlen(ONLY_2)) == (ssize_t)strlen(ONLY_2));
  close(fd);
  REQUIRE(begin(NULL));
  restart(path);
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  REFUSED(get("one.test"));
  CHECK(strstr(w.error, "The process's policy refused 127.0.0.1"));
  curl_easy_setopt(w.e, SLUICEOPT_POLICY, w.policy = parse("default allow\n"));
  REFUSED(get("127.0.0.1"));
  restart("preset:public-internet");
  REFUSED(get("127.0.0.2"));
  unlink(path);
  restart(path);
  CHECK_INT(get("127.0.0.2"), CURLE_FAILED_INIT);
  CHECK(nothing_came());
  CHECK(strstr(w.error, "SLUICE_POLICY: cannot read /tmp/sluice-policy-"));
  restart("");
  CHECK_INT(get("127.0.0.2"), CURLE_FAILED_INIT);
  restart("preset:public-internet");
  for (int i = 0; i < 100; i++)
    curl_global_cleanup();
  CHECK_INT(get("127.0.0.2"), CURLE_FAILED_INIT); /* a handle from before */
  CHECK(nothing_came());
  restart(NULL);
  CHECK_INT(get("127.0.0.2"), CURLE_OK);
  end();
}
