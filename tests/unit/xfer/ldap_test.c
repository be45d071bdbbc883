/* ldap: URLs through the public interface, against a small server: results of every shape, hostile ones, TLS in the
 * middle, pauses, connections that are used again, the socket contract, and every allocation failing in its turn. */
#include <curl/curl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "tests/unit/tls/fixture.h"
#include "tests/unit/xfer/servers.h"
#include "tests/unit/xfer/app_sockets.h"
#include "tests/unit/xfer/torture.h"
#include "wire/ldap.h"

enum { BIG = 3000000, MANY = 2000 };

/* ---- the server: RFC 4511; the DN that is searched says what it does ---- */

static SSL_CTX *tls_context;

/* It runs in a process of its own, whose allocations do not fail; this is what both know. */
static struct shared {
  atomic_int open, binds, searches, unbinds, clear_binds;
  atomic_int start_tls_code, behind_start_tls; /* of the next StartTLS; bytes behind it, in the same segment */
} *shared;
static int port;

struct peer_chan {
  int fd;
  SSL *ssl;
  int searches;
  bool bound;
};

static bool get(struct peer_chan *c, char *dst, size_t n)
{
  for (size_t at = 0; at < n;) {
    ssize_t k = c->ssl ? SSL_read(c->ssl, dst + at, (int)(n - at)) : recv(c->fd, dst + at, n - at, 0);
    if (k <= 0)
      return false;
    at += (size_t)k;
  }
  return true;
}

static bool put(struct peer_chan *c, const char *p, size_t n)
{
  return c->ssl ? SSL_write(c->ssl, p, (int)n) == (int)n : peer_send(c->fd, p, n);
}

/* All its messages are short. */
static bool request(struct peer_chan *c, char bytes[1000], struct ldap_message *out)
{
  size_t n = 2, all;
  if (!get(c, bytes, n))
    return false;
  while (sl_ldap_measure(slice_of(bytes, n), &all) == SL_PARSE_MORE)
    if (n == 6 || !get(c, bytes + n++, 1))
      return false;
  return all < 1000 && get(c, bytes + n, all - n) && sl_ldap_message(slice_of(bytes, all), out);
}

static void message(struct buf *out, int id, uint8_t op, struct slice body)
{
  uint32_t all = sl_ber_begin(out, BER_SEQUENCE);
  char number = (char)id;
  sl_ber_string(out, 2, slice_of(&number, 1));
  sl_ber_string(out, op, body);
  sl_ber_end(out, all);
}

static void result(struct buf *out, int id, uint8_t op, int code)
{
  char body[] = {BER_ENUM, 1, (char)code, BER_STRING, 0, BER_STRING, 4, 't', 'e', 'x', 't'};
  message(out, id, op, slice_of(body, sizeof body));
}

/* One attribute "a" with that many values "v", or one of so many bytes. */
static void entry(struct buf *out, int id, size_t values, size_t bytes)
{
  struct buf body;
  char *value = malloc(bytes);
  memset(value, 'v', bytes);
  sl_buf_init(&body, 1 << 26);
  sl_ber_string(&body, BER_STRING, SLICE_LIT("cn=x"));
  uint32_t list = sl_ber_begin(&body, BER_SEQUENCE), one = sl_ber_begin(&body, BER_SEQUENCE);
  sl_ber_string(&body, BER_STRING, SLICE_LIT("a"));
  uint32_t set = sl_ber_begin(&body, BER_SET);
  for (size_t i = 0; i < values; i++)
    sl_ber_string(&body, BER_STRING, slice_of(value, bytes));
  sl_ber_end(&body, set);
  sl_ber_end(&body, one);
  sl_ber_end(&body, list);
  message(out, id, LDAP_ENTRY, sl_buf_peek(&body));
  sl_buf_done(&body);
  free(value);
}
enum { ENTRY = 9 + 6 + 2 }; /* the text of an entry with one short value */

/* False: nothing more is said. */
static bool answer(struct peer_chan *c, struct slice dn, int id)
{
#define IS(name) slice_eq(dn, SLICE_LIT(name))
  struct buf out;
  bool goes_on = true;
  sl_buf_init(&out, 1 << 26);
  if (IS(""))
    message(&out, id, LDAP_ENTRY, SLICE_LIT("\4\0\x30\x12\x30\x10\4\1m\x31\x0b\4\2XX\4\5PLAIN"));
  else if (IS("none"))
    result(&out, id, LDAP_SEARCH_DONE, 32);
  else if (IS("notice"))
    result(&out, 0, LDAP_EXTENDED_DONE, 52);
  else if (IS("garbage"))
    sl_buf_str(&out, "HTTP/1.1 400 Bad Request\r\n\r\n");
  else if (IS("endless"))
    sl_buf_append(&out, "\x30\x84\x7f\xff\xff\xff\2\1\1", 9);
  else if (IS("malformed"))
    message(&out, id, LDAP_ENTRY, SLICE_LIT("\4\x7fx"));
  else if (IS("wrong"))
    result(&out, id, LDAP_BIND_DONE, 0);
  else if (IS("half"))
    entry(&out, id, 1, 1);
  if (IS("half"))
    out.n -= 3;
  if (IS(""))
    result(&out, id, LDAP_SEARCH_DONE, 0);
  goes_on = !out.n || IS("none") || IS("");
  if (!out.n) {
    message(&out, id, LDAP_REFERENCE, SLICE_LIT("\4\x0dldap://x/dc=y"));
    entry(&out, 99, 1, 1); /* nobody has asked */
    if (IS("big"))
      entry(&out, id, 1, BIG);
    else if (IS("many"))
      entry(&out, id, 200000, 1);
    for (int i = 0; i < (IS("many") ? MANY : 1); i++)
      entry(&out, id, 1, 1);
    result(&out, id, LDAP_SEARCH_DONE, IS("limited") ? 4 : 0);
  }
  if (IS("behind"))
    entry(&out, id, 1, 1);
  bool bytewise = IS("bytes");
  for (uint32_t at = 0; bytewise && at < out.n; at++)
    if (put(c, out.p + at, 1))
      usleep(200);
  if (!bytewise)
    put(c, out.p, out.n);
  sl_buf_done(&out);
  return goes_on && !IS("closed");
}

static void start_tls(struct peer_chan *c, int id)
{
  struct buf out;
  int code = atomic_load(&shared->start_tls_code);
  sl_buf_init(&out, 1000);
  result(&out, id, LDAP_EXTENDED_DONE, code);
  if (atomic_load(&shared->behind_start_tls))
    result(&out, id + 1, LDAP_BIND_DONE, 0);
  put(c, out.p, out.n);
  sl_buf_done(&out);
  if (code)
    return;
  c->ssl = SSL_new(tls_context);
  SSL_set_fd(c->ssl, c->fd);
  (void)SSL_accept(c->ssl);
}

static void bind_answer(struct peer_chan *c, const struct ldap_message *m)
{
  struct buf out;
  struct slice password = m->body.n > 5 ? slice_from(m->body, m->body.n - 5) : SLICE_NONE;
  sl_buf_init(&out, 1000);
  if (slice_eq(password, SLICE_LIT("large")))
    sl_buf_append(&out, "\x30\x84\0\x10\0\0", 6);
  else
    result(&out, m->id, LDAP_BIND_DONE, slice_eq(password, SLICE_LIT("wrong")) ? LDAP_INVALID_CREDENTIALS : 0);
  if (slice_eq(password, SLICE_LIT("early"))) {
    entry(&out, m->id + 1, 1, 1);
    result(&out, m->id + 1, LDAP_SEARCH_DONE, 0);
  }
  atomic_fetch_add(&shared->binds, 1);
  if (!c->ssl)
    atomic_fetch_add(&shared->clear_binds, 1);
  put(c, out.p, out.n);
  sl_buf_done(&out);
}

static void ldap_serve(int fd)
{
  struct peer_chan c = {fd, NULL, 0, false};
  struct ldap_message m;
  char bytes[1000];
  atomic_fetch_add(&shared->open, 1);
  while (request(&c, bytes, &m)) {
    struct slice dn;
    uint8_t tag;
    if (m.op == LDAP_BIND)
      bind_answer(&c, &m);
    else if (m.op == LDAP_EXTENDED)
      start_tls(&c, m.id);
    else if (m.op == LDAP_UNBIND)
      atomic_fetch_add(&shared->unbinds, c.bound);
    c.bound = c.bound || m.op == LDAP_BIND;
    if (m.op != LDAP_SEARCH)
      continue;
    atomic_fetch_add(&shared->searches, 1);
    if (!sl_ber_take(&m.body, &tag, &dn))
      break;
    if (slice_eq(dn, SLICE_LIT("once")) && c.searches++)
      break;
    if (!slice_eq(dn, SLICE_LIT("answered")) && !answer(&c, dn, m.id))
      break;
  }
  SSL_free(c.ssl);
  atomic_fetch_sub(&shared->open, 1);
}

/* ---- transfers ---- */

struct got {
  size_t n;
  int pauses;
  bool paused;
  char error[CURL_ERROR_SIZE];
};

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  struct got *got = arg;
  (void)size, (void)data;
  got->paused = got->pauses > 0;
  if (got->pauses && got->pauses--)
    return CURL_WRITEFUNC_PAUSE;
  got->n += n;
  return n;
}

static struct memory ca;

static void start(void)
{
  int out[2];
  if (port)
    return;
  tls_context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(tls_context, pki.leaf);
  SSL_CTX_use_PrivateKey(tls_context, pki.key);
  cert_pem(&ca, pki.ca);
  sl_ledger_strict(true);
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  pid_t parent = getpid();
  if (pipe(out))
    abort();
  if (!fork()) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    port = server_port(ldap_serve);
    if (write(out[1], &port, sizeof port) != sizeof port)
      abort();
    while (getppid() == parent)
      pause();
    _exit(0);
  }
  if (read(out[0], &port, sizeof port) != sizeof port)
    abort();
  close(out[0]);
  close(out[1]);
}

#define SET(option, value)                                                                         \
  do {                                                                                             \
    if (!rc)                                                                                       \
      rc = curl_easy_setopt(c, option, value);                                                     \
  } while (0)

static CURLcode to(CURL *c, const char *path)
{
  char url[200];
  snprintf(url, sizeof url, "ldap://127.0.0.1:%d/%s", port, path);
  return curl_easy_setopt(c, CURLOPT_URL, url);
}

static CURLcode begin(CURL **out, const char *path, struct got *got)
{
  CURLcode rc;
  CURL *c = *out = curl_easy_init();
  *got = (struct got){0};
  if (!c)
    return CURLE_OUT_OF_MEMORY;
  rc = to(c, path);
  SET(CURLOPT_NOPROXY, "*");
  SET(CURLOPT_TIMEOUT_MS, 20000L);
  SET(CURLOPT_WRITEFUNCTION, on_write);
  SET(CURLOPT_WRITEDATA, got);
  SET(CURLOPT_ERRORBUFFER, got->error);
  SET(CURLOPT_CAINFO_BLOB, &ca.blob);
  SET(CURLOPT_CAPATH, NULL);
  return rc;
}

static CURLcode fetch(const char *path, struct got *got)
{
  CURL *c;
  start();
  CURLcode rc = begin(&c, path, got);
  if (!rc)
    rc = curl_easy_perform(c);
  curl_easy_cleanup(c);
  CHECK(!rc == !got->error[0]);
  return rc;
}

TEST(results_of_every_size)
{
  struct got got;
  CHECK_INT(fetch("x", &got), CURLE_OK);
  CHECK_INT(got.n, ENTRY);
  CHECK_INT(fetch("bytes", &got), CURLE_OK);
  CHECK_INT(got.n, ENTRY);
  CHECK_INT(fetch("big", &got), CURLE_OK);
  CHECK_INT(got.n, 2 * ENTRY + BIG - 1);
  CHECK_INT(fetch("many", &got), CURLE_OK);
  CHECK_INT(got.n, ENTRY + 199999 * 6 + MANY * ENTRY);
  CHECK_INT(fetch("limited", &got), CURLE_OK);
  CHECK_INT(got.n, ENTRY);
}

TEST(servers_that_go_wrong)
{
  static const struct {
    const char *dn;
    CURLcode rc;
    size_t got;
  } rows[] = {{"none", CURLE_LDAP_SEARCH_FAILED, 0}, {"notice", CURLE_RECV_ERROR, 0},    {"garbage", CURLE_RECV_ERROR, 0},
              {"endless", CURLE_RECV_ERROR, 0},      {"malformed", CURLE_RECV_ERROR, 0}, {"wrong", CURLE_RECV_ERROR, 0},
              {"half", CURLE_RECV_ERROR, 0},         {"behind", CURLE_OK, ENTRY}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct got got;
    if (!CHECK_INT(fetch(rows[i].dn, &got), rows[i].rc) || !CHECK_INT(got.n, rows[i].got))
      printf("# %s\n", rows[i].dn);
    if (!strcmp(rows[i].dn, "notice"))
      CHECK_STR(got.error, "LDAP: the server disconnects: Server is unavailable text");
  }
}

TEST(urls_that_are_none)
{
  static const struct {
    const char *path;
    CURLcode rc;
  } rows[] = {{"x??far", CURLE_URL_MALFORMAT},      {"x????", CURLE_OK},
              {"x????a?b", CURLE_URL_MALFORMAT},    {"x%00y", CURLE_URL_MALFORMAT},
              {"x?%00", CURLE_URL_MALFORMAT},       {"x??base?(a=%00)", CURLE_URL_MALFORMAT},
              {"x??base?(a=b", CURLE_LDAP_SEARCH_FAILED}, {"x?a,b?sub?(a=b)?!x", CURLE_OK}};
  start();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct got got;
    int before = atomic_load(&shared->binds);
    if (!CHECK_INT(fetch(rows[i].path, &got), rows[i].rc))
      printf("# %s\n", rows[i].path);
    CHECK_INT(atomic_load(&shared->binds) - before, rows[i].rc ? 0 : 1);
  }
}

TEST(logins)
{
  static const struct {
    const char *login, *options;
    CURLcode rc;
    long code;
  } rows[] = {{"cn=me:secret", NULL, CURLE_OK, 0},
              {"cn=me:wrong", NULL, CURLE_LOGIN_DENIED, 49},
              {"cn=me:", "AUTH=EXTERNAL", CURLE_LOGIN_DENIED, 0}, /* which the server does not have */
              {"cn=me:large", NULL, CURLE_RECV_ERROR, 0},
              {"cn=me:secret", "AUTH=PLAIN", CURLE_OK, 0},
              {"cn=me:wrong", "AUTH=*", CURLE_LOGIN_DENIED, 49},
              {"cn=me:secret", "AUTH=LOGIN", CURLE_LOGIN_DENIED, 0},
              {"cn=me:secret", "PLAIN", CURLE_SETOPT_OPTION_SYNTAX, 0}};
  start();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct got got;
    CURL *c;
    long code = -1;
    CHECK_INT(begin(&c, "x", &got), CURLE_OK);
    curl_easy_setopt(c, CURLOPT_USERPWD, rows[i].login);
    curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, rows[i].options);
    CHECK_INT(curl_easy_perform(c), rows[i].rc);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
    CHECK_INT(code, rows[i].code);
    curl_easy_cleanup(c);
  }
}

/* ---- connections that are used again ---- */

static long connects(CURL *c)
{
  long n = -1;
  curl_easy_getinfo(c, CURLINFO_NUM_CONNECTS, &n);
  return n;
}

/* Until nobody is connected any more. */
static void settle(void)
{
  for (int i = 0; i < 2000 && atomic_load(&shared->open); i++)
    usleep(1000);
}

TEST(a_connection_serves_its_user_again)
{
  struct got got;
  CURL *c;
  start();
  settle();
  int before = atomic_load(&shared->binds), unbinds_before = atomic_load(&shared->unbinds);
  CHECK_INT(begin(&c, "x", &got), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(connects(c), 1);
  to(c, "none");
  CHECK_INT(curl_easy_perform(c), CURLE_LDAP_SEARCH_FAILED); /* which costs nothing */
  CHECK_INT(connects(c), 0);
  to(c, "x");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(connects(c), 0);
  CHECK_INT(atomic_load(&shared->binds) - before, 1);
  curl_easy_setopt(c, CURLOPT_USERPWD, "cn=me:secret");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(connects(c), 1);
  curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, "AUTH=PLAIN");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(connects(c), 0);
  CHECK_INT(atomic_load(&shared->binds) - before, 3); /* on the same connection */
  curl_easy_cleanup(c);
  settle();
  CHECK_INT(atomic_load(&shared->unbinds) - unbinds_before, 2);
}

TEST(a_connection_with_something_on_it_is_not_used_again)
{
  static const char *const paths[] = {"behind", "malformed"};
  start();
  for (size_t i = 0; i < 2; i++) {
    struct got got;
    CURL *c;
    CHECK_INT(begin(&c, paths[i], &got), CURLE_OK);
    curl_easy_perform(c);
    to(c, "x");
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    CHECK_INT(connects(c), 1);
    curl_easy_cleanup(c);
  }
}

TEST(a_connection_that_has_died_is_replaced)
{
  struct got got;
  CURL *c;
  start();
  CHECK_INT(begin(&c, "closed", &got), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  to(c, "x");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(got.n, 2 * ENTRY);
  curl_easy_cleanup(c);
}

TEST(a_connection_that_dies_at_the_request_is_replaced)
{
  struct got got;
  CURL *c;
  start();
  CHECK_INT(begin(&c, "once", &got), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(got.n, 2 * ENTRY);
  curl_easy_cleanup(c);
}

/* In one segment with the answer to the bind; only a server that guesses can do so. */
TEST(results_behind_the_answer_to_the_bind)
{
  struct got got;
  CURL *c;
  start();
  CHECK_INT(begin(&c, "answered", &got), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_USERPWD, "cn=me:early");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(got.n, ENTRY);
  to(c, "x"); /* nothing of it is left for the next one */
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 3000L);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(connects(c), 0);
  CHECK_INT(got.n, 2 * ENTRY);
  curl_easy_cleanup(c);
}

TEST(without_a_body_there_is_no_search)
{
  struct got got;
  CURL *c;
  start();
  int before = atomic_load(&shared->searches);
  CHECK_INT(begin(&c, "x", &got), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(atomic_load(&shared->searches), before);
  CHECK_INT(got.n, 0);
  curl_easy_cleanup(c);
}

/* ---- TLS ---- */

static CURLcode with_tls(long level, int code, int behind, struct got *got)
{
  CURL *c;
  start();
  atomic_store(&shared->clear_binds, 0);
  atomic_store(&shared->start_tls_code, code);
  atomic_store(&shared->behind_start_tls, behind);
  CURLcode rc = begin(&c, "x", got);
  SET(CURLOPT_USE_SSL, level);
  if (!rc)
    rc = curl_easy_perform(c);
  curl_easy_cleanup(c);
  return rc;
}

TEST(tls_in_the_middle)
{
  struct got got;
  CHECK_INT(with_tls(CURLUSESSL_ALL, 0, 0, &got), CURLE_OK);
  CHECK_INT(got.n, ENTRY);
  CHECK_INT(atomic_load(&shared->clear_binds), 0);
  CHECK_INT(with_tls(CURLUSESSL_TRY, 0, 0, &got), CURLE_OK);
  CHECK_INT(atomic_load(&shared->clear_binds), 0);
  CHECK_INT(with_tls(CURLUSESSL_TRY, 53, 0, &got), CURLE_OK);
  CHECK_INT(atomic_load(&shared->clear_binds), 1);
  CHECK_INT(with_tls(CURLUSESSL_ALL, 53, 0, &got), CURLE_USE_SSL_FAILED);
  CHECK_INT(with_tls(CURLUSESSL_CONTROL, 53, 0, &got), CURLE_USE_SSL_FAILED);
  CHECK_INT(atomic_load(&shared->clear_binds), 0);
}

TEST(lesson_3_what_came_before_tls_counts_for_nothing)
{
  struct got got;
  CHECK_INT(with_tls(CURLUSESSL_ALL, 0, 1, &got), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(with_tls(CURLUSESSL_TRY, 0, 1, &got), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(got.n, 0);
  CHECK_INT(atomic_load(&shared->clear_binds), 0);
}

/* ---- pauses and limits ---- */

TEST(a_search_is_paused_and_goes_on)
{
  static const char *const paths[] = {"x", "big", "many"};
  static const size_t sizes[] = {ENTRY, 2 * ENTRY + BIG - 1, ENTRY + 199999 * 6 + MANY * ENTRY};
  start();
  for (size_t i = 0; i < 3; i++) {
    struct got got;
    CURL *c;
    CURLM *m = curl_multi_init();
    int running = 1, left;
    CHECK_INT(begin(&c, paths[i], &got), CURLE_OK);
    got.pauses = 50;
    curl_multi_add_handle(m, c);
    while (running) {
      curl_multi_perform(m, &running);
      if (got.paused) { /* what wakes it without taking the pause away loses nothing */
        curl_easy_pause(c, CURLPAUSE_ALL);
        curl_easy_pause(c, CURLPAUSE_RECV);
        curl_multi_perform(m, &running);
        curl_easy_pause(c, CURLPAUSE_CONT);
      } else if (running)
        curl_multi_poll(m, NULL, 0, 1000, NULL);
    }
    const CURLMsg *msg = curl_multi_info_read(m, &left);
    CHECK(msg && msg->data.result == CURLE_OK);
    CHECK_INT(got.n, sizes[i]);
    curl_multi_remove_handle(m, c);
    curl_easy_cleanup(c);
    curl_multi_cleanup(m);
  }
}

TEST(limits)
{
  struct got got;
  CURL *c;
  curl_off_t us = 0;
  start();
  CHECK_INT(begin(&c, "big", &got), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)(2 * BIG));
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_getinfo(c, CURLINFO_TOTAL_TIME_T, &us);
  CHECK(us > 150000);
  curl_easy_setopt(c, CURLOPT_MAXFILESIZE, 100000L);
  CHECK_INT(curl_easy_perform(c), CURLE_FILESIZE_EXCEEDED);
  curl_easy_cleanup(c);
}

/* ---- sockets and proxies ---- */

static struct got proxied;

static CURL *to_be_proxied(void)
{
  CURL *c;
  CHECK_INT(proxied.n, proxied.n ? ENTRY : 0); /* of the one before */
  CHECK_INT(begin(&c, "x", &proxied), CURLE_OK);
  return c;
}

TEST(sockets_are_the_applications)
{
  struct got got;
  CURL *c;
  start();
  CHECK_INT(begin(&c, "x", &got), CURLE_OK);
  check_app_sockets(c, ldap_serve);
  CHECK_INT(got.n, ENTRY);
}

TEST(through_proxies)
{
  start();
  check_proxies(to_be_proxied);
  CHECK_INT(proxied.n, ENTRY);
}

/* ---- without memory ---- */

static CURLcode scenario(void)
{
  struct got got;
  CURL *c;
  CURLcode rc = begin(&c, "x?a,b?sub?(%26(a=b)(!(c=d*e)))", &got);
  SET(CURLOPT_USERPWD, "cn=me:secret");
  SET(CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
  if (!rc)
    rc = curl_easy_perform(c);
  if (!rc)
    CHECK_INT(got.n, ENTRY);
  if (!rc)
    rc = to(c, "big");
  got.n = 0;
  if (!rc)
    rc = curl_easy_perform(c);
  if (!rc)
    CHECK_INT(got.n, 2 * ENTRY + BIG - 1);
  curl_easy_cleanup(c);
  return rc;
}

TEST(every_allocation_that_fails)
{
  start();
  atomic_store(&shared->start_tls_code, 0);
  atomic_store(&shared->behind_start_tls, 0);
  every_allocation(scenario, sl_mem_fail_after);
  every_allocation(scenario, sl_mem_fail_once);
}
