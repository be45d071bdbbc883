/* Lessons of past advisories, as far as they are about transfers: what belongs to one origin, proxy
 * or transfer is never used for another. Their numbers are in the names. Others have tests beside
 * their modules: 1 (socks), 16, 19 (cookies), 17 (hsts), 18 (url), 6, 21 to 24 (tls), 11, 12
 * (callbacks). */
#include <curl/curl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/text.h"
#include "tests/unit/tls/fixture.h"
#include "xfer/protos.h"
#include "xfer/route.h"
#include "xfer/transfer.h"

/* ---- sites: what was asked is kept ---- */

/* Any path: 200 and "ok\n". /go?URL: 302 to there. */
struct site {
  int fd, port;
  bool tls; /* from the first byte */
  atomic_int accepted;
  pthread_mutex_t lock;
  char log[16384]; /* all requests, as they came */
};

struct visit {
  struct site *site;
  int fd;
  SSL *ssl;
};

static ssize_t receive(struct visit *v, char *dst, size_t n)
{
  return v->ssl ? SSL_read(v->ssl, dst, (int)n) : recv(v->fd, dst, n, 0);
}

static void say(struct visit *v, const char *text)
{
  if (v->ssl)
    SSL_write(v->ssl, text, (int)strlen(text));
  else
    (void)!send(v->fd, text, strlen(text), MSG_NOSIGNAL);
}

/* The bytes of the first request in `in`; 0: it is not complete. */
static size_t request_size(const char *in, size_t n)
{
  const char *end = strstr(in, "\r\n\r\n"), *length = strcasestr(in, "\r\nContent-Length:"), *last;
  if (!end)
    return 0;
  size_t head = (size_t)(end - in) + 4;
  if (length && length < end)
    return n >= head + (size_t)atol(length + 17) ? head + (size_t)atol(length + 17) : 0;
  if (strcasestr(in, "\r\nTransfer-Encoding: chunked\r\n"))
    return (last = strstr(end, "0\r\n\r\n")) ? (size_t)(last - in) + 5 : 0;
  return head;
}

static void answer(struct visit *v, const char *request)
{
  char text[512];
  const char *to = strstr(request, "/go?");
  if (to && to < strchr(request, '\n'))
    snprintf(text, sizeof text, "HTTP/1.1 302 Found\r\nLocation: %.*s\r\nContent-Length: 0\r\n\r\n",
             (int)strcspn(to + 4, " "), to + 4);
  else
    snprintf(text, sizeof text, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n");
  if (v->ssl) /* a ticket that comes long after the handshake, when others may use the connection */
    SSL_new_session_ticket(v->ssl);
  say(v, text);
}

static void *visited(void *arg)
{
  struct visit v = *(struct visit *)arg;
  char in[8192];
  size_t n = 0, size;
  ssize_t got;
  free(arg);
  while (n < sizeof in - 1 && (got = receive(&v, in + n, sizeof in - 1 - n)) > 0) {
    in[n += (size_t)got] = 0;
    for (; n && (size = request_size(in, n)); n -= size) {
      pthread_mutex_lock(&v.site->lock);
      strncat(v.site->log, in, size < sizeof v.site->log - strlen(v.site->log) ? size : 0);
      pthread_mutex_unlock(&v.site->lock);
      answer(&v, in);
      memmove(in, in + size, n - size + 1);
    }
    if (v.site->tls && !v.ssl)
      break;
  }
  SSL_free(v.ssl);
  close(v.fd);
  return NULL;
}

static SSL_CTX *server_ctx;

static void *accepting(void *arg)
{
  struct site *s = arg;
  for (;;) {
    pthread_t thread;
    struct visit *v = calloc(1, sizeof *v);
    *v = (struct visit){s, accept(s->fd, NULL, NULL), NULL};
    atomic_fetch_add(&s->accepted, 1);
    if (s->tls) {
      v->ssl = SSL_new(server_ctx);
      SSL_set_fd(v->ssl, v->fd);
      SSL_set_accept_state(v->ssl);
    }
    if (v->fd < 0 || pthread_create(&thread, NULL, visited, v))
      abort();
    pthread_detach(thread);
  }
}

static void site_open(struct site *s, const char *address, int port)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  socklen_t len = sizeof in;
  pthread_t thread;
  s->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  inet_pton(AF_INET, address, &in.sin_addr);
  pthread_mutex_init(&s->lock, NULL);
  if (bind(s->fd, (struct sockaddr *)&in, sizeof in) || listen(s->fd, 16) ||
      getsockname(s->fd, (struct sockaddr *)&in, &len) ||
      pthread_create(&thread, NULL, accepting, s))
    abort();
  pthread_detach(thread);
  s->port = ntohs(in.sin_port);
}

static struct site home, port, host, safe; /* the first origin; another port; another host; TLS */

__attribute__((constructor)) static void open_sites(void)
{
  site_open(&home, "127.0.0.1", 0);
  site_open(&port, "127.0.0.1", 0);
  site_open(&host, "127.0.0.2", 0);
  safe.tls = true;
  site_open(&safe, "127.0.0.1", 0);
}

static void forget_all(void)
{
  struct site *all[] = {&home, &port, &host, &safe};
  for (size_t i = 0; i < 4; i++) {
    pthread_mutex_lock(&all[i]->lock);
    all[i]->log[0] = 0;
    all[i]->accepted = 0;
    pthread_mutex_unlock(&all[i]->lock);
  }
}

/* What a site was told since forget_all(); good until the next call. */
static const char *told(struct site *s)
{
  static char copy[sizeof s->log];
  pthread_mutex_lock(&s->lock);
  memcpy(copy, s->log, sizeof copy);
  pthread_mutex_unlock(&s->lock);
  return copy;
}

static bool was_told(struct site *s, const char *text)
{
  return strstr(told(s), text) != NULL;
}

/* ---- requests ---- */

static size_t drop(char *p, size_t size, size_t n, void *arg)
{
  (void)p;
  (void)arg;
  return size * n;
}

/* The URL of a path at a site. Up to four are good at once. */
static const char *url(const struct site *s, const char *path)
{
  static char texts[4][512];
  static unsigned at;
  char *text = texts[at++ % 4];
  snprintf(text, sizeof texts[0], "%s://%s:%d%s", s->tls ? "https" : "http",
           s == &host ? "127.0.0.2" : "127.0.0.1", s->port, path);
  return text;
}

static const char *by_way_of(const struct site *first, const char *to)
{
  char path[400];
  snprintf(path, sizeof path, "/go?%s", to);
  return url(first, path);
}

static CURL *handle(const char *where)
{
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_URL, where);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(e, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(e, CURLOPT_TIMEOUT, 20L);
  return e;
}

static CURLcode get(CURL *e, const char *where)
{
  curl_easy_setopt(e, CURLOPT_URL, where);
  return curl_easy_perform(e);
}

/* ---- TLS ---- */

static int on_debug(CURL *e, curl_infotype type, char *data, size_t n, void *arg)
{
  (void)e, (void)type, (void)data, (void)n;
  ++*(int *)arg;
  return 0;
}

static CURL *secure_handle(CURLM *m, struct memory *ca, int *calls)
{
  CURL *e = handle(url(&safe, "/"));
  curl_easy_setopt(e, CURLOPT_CAINFO_BLOB, cert_pem(ca, pki.ca));
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
  curl_easy_setopt(e, CURLOPT_DEBUGDATA, calls);
  curl_multi_add_handle(m, e);
  return e;
}

static CURLcode finish(CURLM *m)
{
  int running = 1, left;
  CURLMsg *msg = NULL;
  for (int i = 0; i < 1000 && !msg; i++) {
    curl_multi_perform(m, &running);
    msg = curl_multi_info_read(m, &left);
    if (!msg)
      curl_multi_poll(m, NULL, 0, 20, NULL);
  }
  return msg ? msg->data.result : CURLE_AGAIN;
}

/* CVE-2021-22901: tickets come while the transfer that made the connection is gone, data of its
 * callbacks too. */
TEST(lesson_2_tls_callbacks_hold_no_transfer)
{
  struct memory ca;
  int *first = calloc(1, sizeof *first), second = 0;
  CURLM *m = curl_multi_init();
  server_ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(server_ctx, pki.leaf);
  SSL_CTX_use_PrivateKey(server_ctx, pki.key);
  forget_all();
  CURL *a = secure_handle(m, &ca, first);
  CHECK_INT(finish(m), CURLE_OK);
  CHECK(*first > 0);
  curl_multi_remove_handle(m, a);
  curl_easy_cleanup(a);
  free(first); /* who writes there now is caught by the sanitizer */
  for (int i = 0; i < 3; i++) {
    CURL *b = secure_handle(m, &ca, &second);
    CHECK_INT(finish(m), CURLE_OK);
    CHECK(second > 0);
    curl_multi_remove_handle(m, b);
    curl_easy_cleanup(b);
  }
  CHECK_INT(safe.accepted, 1);
  curl_multi_cleanup(m);
}

TEST(lesson_3_https_is_never_given_up)
{
  struct site *s = &home;
  char where[64];
  forget_all();
  snprintf(where, sizeof where, "https://127.0.0.1:%d/secret", s->port);
  CURL *e = handle(where);
  curl_easy_setopt(e, CURLOPT_USERPWD, "user:password");
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 300L);
  CHECK(curl_easy_perform(e) != CURLE_OK);
  CHECK_STR(told(s), ""); /* nothing that reads like a request */
  curl_easy_cleanup(e);
}

TEST(lesson_9_a_clear_connection_does_for_no_tls)
{
  char where[64];
  forget_all();
  CURL *e = handle(NULL);
  CHECK_INT(get(e, url(&home, "/one")), CURLE_OK);
  CHECK_INT(get(e, url(&home, "/two")), CURLE_OK);
  CHECK_INT(home.accepted, 1);
  snprintf(where, sizeof where, "https://127.0.0.1:%d/three", home.port);
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 300L);
  CHECK(get(e, where) != CURLE_OK);
  CHECK(!was_told(&home, "/three"));
  curl_easy_cleanup(e);
}

/* ---- origins ---- */

static void own_words(CURL *e, struct curl_slist **out_list)
{
  *out_list = curl_slist_append(NULL, "Authorization: Custom secret");
  *out_list = curl_slist_append(*out_list, "Cookie: custom=secret");
  *out_list = curl_slist_append(*out_list, "X-Open: secret-not");
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, *out_list);
  curl_easy_setopt(e, CURLOPT_USERPWD, "user:password");
  curl_easy_setopt(e, CURLOPT_XOAUTH2_BEARER, "bearer-token");
  curl_easy_setopt(e, CURLOPT_COOKIE, "option=secret");
}

TEST(lesson_4_credentials_stay_with_their_origin)
{
  struct site *others[] = {&port, &host};
  for (size_t i = 0; i < 2; i++) {
    for (int kind = 0; kind < 3; kind++) {
      struct curl_slist *list = NULL;
      forget_all();
      CURL *e = handle(by_way_of(&home, url(others[i], "/x")));
      own_words(e, &list);
      if (kind)
        curl_easy_setopt(e, CURLOPT_HTTPHEADER, NULL);
      curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)(kind == 2 ? CURLAUTH_BEARER : CURLAUTH_BASIC));
      CHECK_INT(curl_easy_perform(e), CURLE_OK);
      CHECK(was_told(&home, kind == 0   ? "Custom secret"
                            : kind == 1 ? "Basic dXNlcjpwYXNzd29yZA=="
                                        : "Bearer bearer-token"));
      CHECK(was_told(&home, kind ? "Cookie: option=secret" : "Cookie: custom=secret"));
      CHECK(was_told(others[i], "GET /x "));
      CHECK(!was_told(others[i], "Authorization") && !was_told(others[i], "Cookie"));
      CHECK_INT(was_told(others[i], "X-Open"), !kind);
      forget_all();
      curl_easy_setopt(e, CURLOPT_UNRESTRICTED_AUTH, 1L); /* the application wants it so */
      CHECK_INT(curl_easy_perform(e), CURLE_OK);
      CHECK(was_told(others[i], "Authorization"));
      curl_easy_cleanup(e);
      curl_slist_free_all(list);
    }
  }
}

/* Not for another scheme on the same host and port either, and a login in a URL is that URL's. */
TEST(lesson_4_a_login_is_its_urls)
{
  char where[256];
  forget_all();
  snprintf(where, sizeof where, "http://inurl:pass@127.0.0.1:%d/go?%s", home.port,
           url(&port, "/x"));
  CURL *e = handle(where);
  CHECK_INT(curl_easy_perform(e), CURLE_OK);
  CHECK(was_told(&home, "Authorization: Basic aW51cmw6cGFzcw=="));
  CHECK(!was_told(&port, "Authorization"));
  CHECK_INT(get(e, url(&home, "/later")), CURLE_OK);
  const char *later = strstr(told(&home), "/later");
  CHECK(later && !strstr(later, "Authorization"));
  curl_easy_cleanup(e);
}

static CURL *with_netrc(const char *text, const char *where)
{
  CURL *e = handle(where);
  curl_easy_setopt(e, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
  curl_easy_setopt(e, CURLOPT_NETRC_FILE, write_file("netrc", text, strlen(text)));
  return e;
}

/* CVE-2024-11053, CVE-2025-0167: an entry that lacks a password, or everything, had the last one's.
 */
TEST(lesson_5_a_netrc_entry_is_for_its_host_alone)
{
  static const struct {
    const char *text, *there; /* Authorization at the other host; NULL: none */
  } rows[] = {
      {"machine 127.0.0.1 login one password first\n", NULL},
      {"machine 127.0.0.1 login one password first\nmachine 127.0.0.2\n", NULL},
      {"machine 127.0.0.1 login one password first\ndefault\n", NULL},
      {"machine 127.0.0.1 login one password first\nmachine 127.0.0.2 login two\n",
       "Basic dHdvOg=="},
      {"machine 127.0.0.2 login two password second\nmachine 127.0.0.1 login one password first\n",
       "Basic dHdvOnNlY29uZA=="},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    forget_all();
    CURL *e = with_netrc(rows[i].text, by_way_of(&home, url(&host, "/x")));
    CHECK_INT(curl_easy_perform(e), CURLE_OK);
    CHECK(was_told(&home, "Authorization: Basic b25lOmZpcnN0"));
    CHECK(was_told(&host, "GET /x "));
    if (!CHECK(rows[i].there ? was_told(&host, rows[i].there) : !was_told(&host, "Authorization")))
      printf("# %s%s\n", rows[i].text, told(&host));
    curl_easy_cleanup(e);
  }
}

/* CVE-2014-0015, CVE-2016-0755: a connection that is authenticated belongs to who did it. */
TEST(lesson_7_ntlm_connections_are_of_one_user)
{
  CURLSH *share = curl_share_init();
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_CONNECT);
  static const struct {
    const char *login;
    long auth;
    int connections; /* so far */
  } rows[] = {{"one:a", CURLAUTH_NTLM, 1},     {"two:b", CURLAUTH_NTLM, 2},
              {"one:other", CURLAUTH_NTLM, 3}, {NULL, CURLAUTH_BASIC, 4},
              {"one:a", CURLAUTH_NTLM, 4},     {"two:b", CURLAUTH_BASIC, 4}};
  forget_all();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    CURL *e = handle(url(&home, "/ntlm"));
    curl_easy_setopt(e, CURLOPT_SHARE, share);
    curl_easy_setopt(e, CURLOPT_HTTPAUTH, rows[i].auth);
    curl_easy_setopt(e, CURLOPT_USERPWD, rows[i].login);
    CHECK_INT(curl_easy_perform(e), CURLE_OK);
    if (!CHECK_INT(home.accepted, rows[i].connections))
      printf("# %zu\n", i);
    curl_easy_cleanup(e);
  }
  CHECK_INT(curl_share_cleanup(share), CURLSHE_OK);
}

/* ---- the identity of a connection ---- */

enum { KEY_MAX = 8192 };

struct identity {
  char key[KEY_MAX];
  size_t n;
};

static bool same(const struct identity *a, const struct identity *b)
{
  return a->n == b->n && !memcmp(a->key, b->key, a->n);
}

static void identify(CURL *e, const char *where, struct identity *out)
{
  struct easy *easy = sl_easy_of(e);
  struct url u;
  struct route r;
  struct slice key;
  out->n = 0;
  if (!CHECK(!sl_url_parse(&u, slice_str(where), 0)))
    return;
  bool tls = sl_text_ieq_str(u.scheme, "https");
  struct multi m = {.multiplex = true};
  struct transfer t = {
      .easy = easy, .multi = &m, .proto = tls ? &sl_proto_https : &sl_proto_http, .url = &u, .host = u.host};
  t.port = u.port.n ? u.port_number : t.proto->port;
  CHECK_INT(sl_route_make(&t, &t.arena, &r), SL_OK);
  if (CHECK_INT(sl_route_key(&t, &r, out->key, sizeof out->key, &key), SL_OK))
    out->n = key.n;
  sl_arena_done(&t.arena);
  sl_buf_done(&t.error);
  sl_url_done(&u);
}

struct option {
  CURLoption name;
  const char *text; /* NULL: the number */
  long number;
};

static void set(CURL *e, const struct option *o)
{
  CURLcode rc =
      o->text ? curl_easy_setopt(e, o->name, o->text) : curl_easy_setopt(e, o->name, o->number);
  if (!CHECK_INT(rc, CURLE_OK))
    printf("# option %d\n", o->name);
}

/* Each of the options makes an identity of its own. */
static void all_differ(const char *where, const struct option *before, const struct option *options,
                       size_t n)
{
  enum { MOST = 40 };
  static struct identity ids[MOST + 1];
  REQUIRE(n <= MOST);
  for (size_t i = 0; i <= n; i++) {
    CURL *e = curl_easy_init();
    if (before)
      set(e, before);
    if (i < n)
      set(e, &options[i]);
    identify(e, where, &ids[i]);
    for (size_t k = 0; k < i; k++)
      if (!CHECK(!same(&ids[k], &ids[i])))
        printf("# options %d and %d\n", options[k].name, i < n ? (int)options[i].name : 0);
    curl_easy_cleanup(e);
  }
}

#define ALL_DIFFER(where, before, options)                                                         \
  all_differ(where, before, options, sizeof(options) / sizeof *(options))

/* CVE-2022-27782, and many before it. */
TEST(lesson_6_every_tls_option_is_in_the_identity)
{
  static const struct option options[] = {
      {CURLOPT_CAINFO, "f", 0},
      {CURLOPT_CAPATH, "f", 0},
      {CURLOPT_CRLFILE, "f", 0},
      {CURLOPT_ISSUERCERT, "f", 0},
      {CURLOPT_SSLCERT, "f", 0},
      {CURLOPT_SSLCERTTYPE, "DER", 0},
      {CURLOPT_SSLKEY, "f", 0},
      {CURLOPT_SSLKEYTYPE, "DER", 0},
      {CURLOPT_KEYPASSWD, "f", 0},
      {CURLOPT_PINNEDPUBLICKEY, "f", 0},
      {CURLOPT_SSL_CIPHER_LIST, "f", 0},
      {CURLOPT_TLS13_CIPHERS, "f", 0},
      {CURLOPT_SSL_EC_CURVES, "f", 0},
      {CURLOPT_SSLVERSION, NULL, CURL_SSLVERSION_TLSv1_2},
      {CURLOPT_SSL_OPTIONS, NULL, CURLSSLOPT_NO_PARTIALCHAIN},
      {CURLOPT_SSL_VERIFYPEER, NULL, 0},
      {CURLOPT_SSL_VERIFYHOST, NULL, 0},
      {CURLOPT_SSL_VERIFYSTATUS, NULL, 1},
      {CURLOPT_SSL_SESSIONID_CACHE, NULL, 0},
      {CURLOPT_SSL_ENABLE_ALPN, NULL, 0},
      {CURLOPT_HTTP_VERSION, NULL, CURL_HTTP_VERSION_1_1},
  };
  static const struct option proxy_options[] = {
      {CURLOPT_PROXY_CAINFO, "f", 0},
      {CURLOPT_PROXY_CAPATH, "f", 0},
      {CURLOPT_PROXY_CRLFILE, "f", 0},
      {CURLOPT_PROXY_ISSUERCERT, "f", 0},
      {CURLOPT_PROXY_SSLCERT, "f", 0},
      {CURLOPT_PROXY_SSLCERTTYPE, "DER", 0},
      {CURLOPT_PROXY_SSLKEY, "f", 0},
      {CURLOPT_PROXY_SSLKEYTYPE, "DER", 0},
      {CURLOPT_PROXY_KEYPASSWD, "f", 0},
      {CURLOPT_PROXY_PINNEDPUBLICKEY, "f", 0},
      {CURLOPT_PROXY_SSL_CIPHER_LIST, "f", 0},
      {CURLOPT_PROXY_TLS13_CIPHERS, "f", 0},
      {CURLOPT_PROXY_SSLVERSION, NULL, CURL_SSLVERSION_TLSv1_2},
      {CURLOPT_PROXY_SSL_VERIFYPEER, NULL, 0},
      {CURLOPT_PROXY_SSL_VERIFYHOST, NULL, 0},
  };
  static const struct option proxy = {CURLOPT_PROXY, "https://proxy.test", 0};
  ALL_DIFFER("https://h/", NULL, options);
  ALL_DIFFER("http://h/", &proxy, proxy_options);
  ALL_DIFFER("https://h/", &proxy, proxy_options);
}

TEST(lesson_8_proxies_are_in_the_identity)
{
  static const struct option options[] = {
      {CURLOPT_PROXY, "http://p:1", 0},
      {CURLOPT_PROXY, "http://q:1", 0},
      {CURLOPT_PROXY, "http://p:2", 0},
      {CURLOPT_PROXY, "https://p:1", 0},
      {CURLOPT_PROXY, "socks4://p:1", 0},
      {CURLOPT_PROXY, "socks4a://p:1", 0},
      {CURLOPT_PROXY, "socks5://p:1", 0},
      {CURLOPT_PROXY, "socks5h://p:1", 0},
      {CURLOPT_PROXY, "http://u:v@p:1", 0},
      {CURLOPT_PROXY, "http://u@p:1", 0},
      {CURLOPT_PROXY, "http://u:w@p:1", 0},
      {CURLOPT_PROXY, "socks5://u:v@p:1", 0},
      {CURLOPT_PRE_PROXY, "socks5://p:1", 0},
      {CURLOPT_HAPROXYPROTOCOL, NULL, 1},
      {CURLOPT_HAPROXY_CLIENT_IP, "192.0.2.1", 0},
      {CURLOPT_HAPROXY_CLIENT_IP, "192.0.2.2", 0},
  };
  static const struct option http = {CURLOPT_PROXY, "http://p:1", 0};
  static const struct option more[] = {{CURLOPT_HTTPPROXYTUNNEL, NULL, 1},
                                       {CURLOPT_PROXYUSERPWD, "u:v", 0},
                                       {CURLOPT_PRE_PROXY, "socks5://p:1", 0},
                                       {CURLOPT_PROXYTYPE, NULL, CURLPROXY_HTTP_1_0}};
  ALL_DIFFER("https://h/", NULL, options);
  all_differ("http://h/", &http, more, 3); /* the type in the string wins */
}

TEST(lesson_10_the_scope_is_in_the_identity)
{
  static const char *const urls[] = {"http://[fe80::1%251]/",    "http://[fe80::1%252]/",
                                     "http://[fe80::1]/",        "http://[fe80::2]/",
                                     "http://[fe80::1]:81/",     "https://[fe80::1]/",
                                     "https://[fe80::1%251]:80/"};
  static const struct option options[] = {{CURLOPT_ADDRESS_SCOPE, NULL, 1},
                                          {CURLOPT_ADDRESS_SCOPE, NULL, 2},
                                          {CURLOPT_INTERFACE, "lo", 0},
                                          {CURLOPT_LOCALPORT, NULL, 1},
                                          {CURLOPT_IPRESOLVE, NULL, CURL_IPRESOLVE_V6},
                                          {CURLOPT_UNIX_SOCKET_PATH, "/s", 0},
                                          {CURLOPT_ABSTRACT_UNIX_SOCKET, "/s", 0}};
  enum { N = sizeof urls / sizeof *urls };
  static struct identity ids[N];
  CURL *e = curl_easy_init();
  for (size_t i = 0; i < N; i++) {
    identify(e, urls[i], &ids[i]);
    for (size_t k = 0; k < i; k++)
      CHECK(!same(&ids[k], &ids[i]));
  }
  curl_easy_cleanup(e);
  ALL_DIFFER("http://[fe80::1]/", NULL, options);
}

/* What is no part of it; otherwise nothing would ever be reused. */
TEST(what_is_not_in_the_identity)
{
  struct identity a, b;
  CURL *e = curl_easy_init();
  identify(e, "https://Host.test/one", &a);
  curl_easy_setopt(e, CURLOPT_USERAGENT, "x");
  curl_easy_setopt(e, CURLOPT_USERPWD, "u:v");
  curl_easy_setopt(e, CURLOPT_TIMEOUT, 5L);
  identify(e, "https://host.TEST:443/two?three#four", &b);
  CHECK(same(&a, &b));
  curl_easy_cleanup(e);
}

/* ---- handles ---- */

/* CVE-2020-8231: the connection that a handle used last is gone, and another may be where it was.
 */
TEST(lesson_13_the_last_connection_is_known_by_number)
{
  curl_socket_t fd;
  CURLM *m = curl_multi_init();
  CURL *a = handle(url(&home, "/a")), *b = handle(url(&port, "/b"));
  curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, 1L);
  curl_multi_add_handle(m, a);
  CHECK_INT(finish(m), CURLE_OK);
  CHECK_INT(curl_easy_getinfo(a, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
  CHECK(fd != CURL_SOCKET_BAD);
  curl_multi_add_handle(
      m,
      b); /* its connection takes the only place, and most likely the memory and the descriptor */
  CHECK_INT(finish(m), CURLE_OK);
  CHECK_INT(curl_easy_getinfo(a, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
  CHECK(fd == CURL_SOCKET_BAD);
  CHECK_INT(curl_easy_getinfo(b, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
  CHECK(fd != CURL_SOCKET_BAD);
  curl_multi_remove_handle(m, a);
  curl_multi_remove_handle(m, b);
  curl_easy_cleanup(a);
  curl_easy_cleanup(b);
  curl_multi_cleanup(m);
}

/* CVE-2024-2004. An empty string is no set, and changes nothing. */
TEST(lesson_15_no_allowed_protocol_means_none)
{
  forget_all();
  CURL *e = handle(url(&home, "/none"));
  curl_easy_setopt(e, CURLOPT_PROTOCOLS, 0L);
  CHECK_INT(curl_easy_perform(e), CURLE_UNSUPPORTED_PROTOCOL);
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https");
  CHECK_INT(curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, ""), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_easy_perform(e), CURLE_UNSUPPORTED_PROTOCOL);
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http");
  curl_easy_setopt(e, CURLOPT_REDIR_PROTOCOLS, 0L);
  CHECK_INT(get(e, by_way_of(&home, url(&port, "/x"))), CURLE_UNSUPPORTED_PROTOCOL);
  CHECK_STR(told(&port), "");
  CHECK(!was_told(&home, "/none"));
  curl_easy_cleanup(e);
}

static size_t read_once(char *dst, size_t size, size_t n, void *arg)
{
  int *left = arg;
  if (!*left || size * n < 4)
    return 0;
  --*left;
  memcpy(dst, "body", 4);
  return 4;
}

/* CVE-2022-32221: a handle that has uploaded is then used to post, or to get. */
TEST(lesson_25_each_request_of_a_handle_starts_afresh)
{
  int left = 1;
  CURL *e = handle(url(&home, "/put"));
  forget_all();
  curl_easy_setopt(e, CURLOPT_READFUNCTION, read_once);
  curl_easy_setopt(e, CURLOPT_READDATA, &left);
  curl_easy_setopt(e, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(e, CURLOPT_INFILESIZE, 4L);
  CHECK_INT(curl_easy_perform(e), CURLE_OK);
  CHECK(was_told(&home, "PUT /put ") && was_told(&home, "\r\n\r\nbody"));
  forget_all();
  left = 9;
  curl_easy_setopt(e, CURLOPT_POSTFIELDS, "fields");
  CHECK_INT(get(e, url(&home, "/post")), CURLE_OK);
  CHECK(was_told(&home, "POST /post ") && was_told(&home, "Content-Length: 6\r\n") &&
        was_told(&home, "\r\n\r\nfields"));
  CHECK_INT(left, 9); /* nobody asked for the upload's bytes */
  forget_all();
  curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
  CHECK_INT(get(e, url(&home, "/get")), CURLE_OK);
  CHECK(was_told(&home, "GET /get ") && !was_told(&home, "Content-") && !was_told(&home, "fields"));
  forget_all();
  curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
  CHECK_INT(get(e, url(&home, "/head")), CURLE_OK);
  curl_easy_setopt(e, CURLOPT_NOBODY, 0L);
  CHECK_INT(get(e, url(&home, "/get")), CURLE_OK);
  CHECK(was_told(&home, "HEAD /head ") && was_told(&home, "GET /get "));
  forget_all();
  curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, "PURGE");
  CHECK_INT(get(e, url(&home, "/purge")), CURLE_OK);
  curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL);
  CHECK_INT(get(e, url(&home, "/get")), CURLE_OK);
  CHECK(was_told(&home, "PURGE /purge ") && was_told(&home, "GET /get "));
  curl_easy_cleanup(e);
}
