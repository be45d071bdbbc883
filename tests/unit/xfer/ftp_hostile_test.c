/* What an FTP server says must not lead the library to other addresses than those that the user has asked for, nor out
 * of TLS. And CURLOPT_FTPPORT: what of it is said and listened at. */
#include <curl/curl.h>
#include <sluice/sluice.h>

#include "gate/ledger.h"
#include "tests/unit/tls/fixture.h"
#include "tests/unit/xfer/ftp_origin.h"

enum { SEEN = 400 };

/* The addresses that were asked for, each with its port unless it is of the control connection. */
struct world {
  char seen[SEEN];
  int control_port;
  size_t got;
  char error[CURL_ERROR_SIZE];
};

static struct ftp_origin plain, with_tls, six;
static struct memory ca;

static void start(void)
{
  if (plain.port)
    return;
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(ctx, pki.leaf);
  SSL_CTX_use_PrivateKey(ctx, pki.key);
  cert_pem(&ca, pki.ca);
  ftp_origin_start(&plain, false, NULL);
  ftp_origin_start(&with_tls, false, ctx);
  ftp_origin_start(&six, true, NULL);
  sl_ledger_strict(true);
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct world *w = arg;
  struct sockaddr_in in = {0};
  struct sockaddr_in6 in6 = {0};
  char text[64];
  size_t n = strlen(w->seen);
  if (purpose == CURLSOCKTYPE_ACCEPT)
    return socket(a->family, a->socktype, a->protocol);
  if (a->family == AF_INET)
    memcpy(&in, &a->addr, sizeof in);
  else
    memcpy(&in6, &a->addr, sizeof in6);
  inet_ntop(a->family, a->family == AF_INET ? (void *)&in.sin_addr : (void *)&in6.sin6_addr, text, sizeof text);
  int port = ntohs(a->family == AF_INET ? in.sin_port : in6.sin6_port);
  if (port == w->control_port)
    snprintf(w->seen + n, SEEN - n, "%s", text);
  else
    snprintf(w->seen + n, SEEN - n, " %s:%d", text, port);
  return socket(a->family, a->socktype, a->protocol);
}

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  (void)data;
  ((struct world *)arg)->got += size * n;
  return size * n;
}

static CURL *handle(struct ftp_origin *o, struct world *w, struct ftp_script script)
{
  char url[80];
  CURL *c = curl_easy_init();
  *w = (struct world){.control_port = o->port};
  snprintf(url, sizeof url, "ftp://%s:%d/" FTP_FILE, o->ipv6 ? "[::1]" : "127.0.0.1", o->port);
  curl_easy_setopt(c, CURLOPT_URL, url);
  curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(c, CURLOPT_USERPWD, "user:secret");
  curl_easy_setopt(c, CURLOPT_FTP_ACCOUNT, "account");
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, w->error);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, w);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, w);
  curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca.blob);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 5000L);
  curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, 300L);
  ftp_origin_script(o, script);
  return c;
}

static CURLcode perform(struct ftp_origin *o, CURL *c)
{
  struct ledger_totals before = sl_ledger_totals();
  CURLcode rc = curl_easy_perform(c);
  curl_easy_cleanup(c);
  struct ledger_totals after = sl_ledger_totals();
  CHECK_INT(after.opened - before.opened, after.closed - before.closed);
  ftp_origin_settle(o);
  return rc;
}

/* ---- where a server leads to ---- */

enum { PASSIVE_STEP = 5 }; /* greeting, USER, PASS, ACCT, PWD */

static CURLcode with_reply(struct world *w, bool epsv, bool use_ip, const char *reply)
{
  CURL *c = handle(&plain, w, (struct ftp_script){PASSIVE_STEP, FAULT_REPLY, reply});
  curl_easy_setopt(c, CURLOPT_FTP_USE_EPSV, (long)epsv);
  curl_easy_setopt(c, CURLOPT_FTP_SKIP_PASV_IP, (long)!use_ip);
  return perform(&plain, c);
}

TEST(lesson_14_the_address_in_a_pasv_reply_is_ignored)
{
  struct world w;
  start();
  CHECK_INT(with_reply(&w, false, false, "227 (127,0,0,2,0,1)\r\n"), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.seen, "127.0.0.1 127.0.0.1:1");
  CHECK_INT(with_reply(&w, false, true, "227 (127,0,0,2,0,1)\r\n"), CURLE_COULDNT_CONNECT);
  CHECK_STR(w.seen, "127.0.0.1 127.0.0.2:1");
}

TEST(replies_to_pasv_that_lead_nowhere)
{
  static const char *const replies[] = {
      "227 (127,0,0,1,0,0)\r\n", "227 (127,0,0,1,256,1)\r\n", "227 (127,0,0,1,1,256)\r\n", "227 (127,0,0,1,1)\r\n",
      "227 (127,0,0,1,-1,1)\r\n", "227 (127,0,0,1,99999999999999999999,1)\r\n", "227\r\n", "227 \r\n", "227 none\r\n"};
  struct world w;
  start();
  for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
    CHECK_INT(with_reply(&w, false, true, replies[i]), CURLE_FTP_WEIRD_227_FORMAT);
    CHECK_STR(w.seen, "127.0.0.1");
  }
}

TEST(replies_to_epsv_that_lead_nowhere)
{
  static const char *const replies[] = {"229 (|||0|)\r\n", "229 (|||65536|)\r\n", "229 (|||-1|)\r\n", "229 (|||+80|)\r\n",
                                        "229 (|||99999999999999999999|)\r\n", "229 (|||80)\r\n", "229 (||80|)\r\n",
                                        "229 (||127.0.0.2|80|)\r\n", "229 (|2|::2|80|)\r\n", "229 |||80|\r\n",
                                        "229 (|!|80|)\r\n", "229 (|||80!)\r\n", "229 (8880 8)\r\n", "229 (\r\n", "229\r\n",
                                        "229 (||||)\r\n", "229 (||| 80|)\r\n", "229 (|||80x|)\r\n"};
  struct world w;
  start();
  for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
    if (!CHECK_INT(with_reply(&w, true, true, replies[i]), CURLE_FTP_WEIRD_PASV_REPLY))
      printf("# after %s", replies[i]);
    CHECK_STR(w.seen, "127.0.0.1");
  }
}

/* The control connection's peer it is, whatever its port. */
TEST(a_port_by_epsv_is_a_port_of_the_same_peer)
{
  struct world w;
  start();
  CHECK_INT(with_reply(&w, true, true, "229 (!!!1!)\r\n"), CURLE_OK); /* nobody is there: PASV is next */
  CHECK_INT(strncmp(w.seen, "127.0.0.1 127.0.0.1:1 127.0.0.1:", 32), 0);
  CHECK(strstr(plain.log, "EPSV|PASV") != NULL);
}

/* ---- TLS ---- */

static CURLcode with_ssl(struct world *w, struct ftp_origin *o, curl_usessl level, struct ftp_script script)
{
  CURL *c = handle(o, w, script);
  curl_easy_setopt(c, CURLOPT_USE_SSL, (long)level);
  return perform(o, c);
}

/* Behind the reply to AUTH it ends the transfer. Behind the greeting it is the reply to an AUTH, which it denies: the
 * next one may lead to TLS all the same, and nothing is said before that. */
TEST(lesson_3_what_came_before_tls_counts_for_nothing)
{
  static const char *const early[] = {"230 you are in\r\n", "331 go on\r\n", "234-", "\x16\x03\x01"};
  struct world w;
  start();
  for (size_t i = 0; i < sizeof early / sizeof *early; i++)
    for (int step = 0; step < 2; step++) {
      CURLcode rc = with_ssl(&w, &with_tls, CURLUSESSL_ALL, (struct ftp_script){step, FAULT_BEHIND, early[i]});
      CHECK(!step || rc == CURLE_WEIRD_SERVER_REPLY);
      CHECK_INT(w.got, rc ? 0 : FTP_BODY);
      CHECK(!with_tls.clear_login);
    }
}

TEST(lesson_3_without_the_tls_that_is_required_nothing_is_said)
{
  static const char *const greetings[] = {"220 welcome\r\n", "230 no need to log in\r\n"};
  static const char *const refusals[] = {"500 what?\r\n", "230 you are in\r\n", "200 well\r\n", "331 user?\r\n", "120 x\r\n"};
  struct world w;
  start();
  for (int level = CURLUSESSL_CONTROL; level <= CURLUSESSL_ALL; level++) {
    for (size_t i = 0; i < sizeof greetings / sizeof *greetings; i++) {
      struct ftp_script script = {0, FAULT_REPLY, greetings[i]};
      CHECK_INT(with_ssl(&w, &plain, (curl_usessl)level, script), CURLE_USE_SSL_FAILED);
      CHECK_STR(plain.log, "AUTH SSL|AUTH TLS");
    }
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
      struct ftp_script script = {1, FAULT_REPLY, refusals[i]};
      CHECK_INT(with_ssl(&w, &plain, (curl_usessl)level, script), CURLE_USE_SSL_FAILED);
      CHECK_STR(plain.log, "AUTH SSL|AUTH TLS");
    }
  }
}

enum { PROT_STEP = 6 }; /* greeting, AUTH, USER, PASS, ACCT, PBSZ */

TEST(lesson_3_data_is_not_in_clear_where_that_is_required)
{
  struct world w;
  struct ftp_script refused = {PROT_STEP, FAULT_REPLY, "534 never\r\n"};
  start();
  CHECK_INT(with_ssl(&w, &with_tls, CURLUSESSL_ALL, refused), CURLE_USE_SSL_FAILED);
  CHECK(!strstr(with_tls.log, "RETR"));
  CHECK_STR(w.seen, "127.0.0.1");
  CHECK_INT(with_ssl(&w, &plain, CURLUSESSL_TRY, (struct ftp_script){.at = -1}), CURLE_OK);
  CHECK_INT(w.got, FTP_BODY);
}

/* ---- CURLOPT_FTPPORT ---- */

/* What is said to the server, EPRT or PORT, and what is listened at: "said" | "address:port". */
static CURLcode with_port(struct world *w, struct ftp_origin *o, const char *option, bool eprt, char said[128])
{
  CURL *c = handle(o, w, (struct ftp_script){.at = -1});
  struct curl_slist *names = curl_slist_append(NULL, "me.test:0:127.0.0.1,[::1]");
  curl_easy_setopt(c, CURLOPT_RESOLVE, names);
  curl_easy_setopt(c, CURLOPT_FTPPORT, option);
  curl_easy_setopt(c, CURLOPT_FTP_USE_EPRT, (long)eprt);
  CURLcode rc = perform(o, c);
  curl_slist_free_all(names);
  const char *at = strstr(o->log, eprt ? "EPRT " : "PORT ");
  snprintf(said, 128, "%.*s", at ? (int)strcspn(at, eprt ? "T" : "|") + (eprt ? 20 : 0) : 0, at ? at : "");
  return rc;
}

static int free_port(void)
{
  int port, fd = ftp_listen(false, &port);
  close(fd);
  return port;
}

TEST(ports_of_every_kind)
{
  static const char *const options[] = {"-", "", "127.0.0.1", "localhost", "me.test", "lo", "127.0.0.1:0", "lo:0", "-:0",
                                        "127.0.0.1:9-4", "127.0.0.1:-7", "127.0.0.1:x", "127.0.0.1:70000"};
  struct world w;
  char said[128];
  start();
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    for (int eprt = 0; eprt < 2; eprt++) {
      if (!CHECK_INT(with_port(&w, &plain, options[i], eprt, said), CURLE_OK))
        printf("# with '%s': %s\n", options[i], w.error);
      CHECK_INT(strncmp(said, eprt ? "EPRT |1|127.0.0.1|" : "PORT 127,0,0,1,", eprt ? 18 : 15), 0);
      CHECK_STR(w.seen, "127.0.0.1 127.0.0.1:0");
      CHECK_INT(w.got, FTP_BODY);
    }
}

TEST(ports_of_a_range)
{
  struct world w;
  char option[64], said[128], want[64];
  int port = free_port(), taken, fd;
  start();
  snprintf(option, sizeof option, "me.test:%d", port);
  CHECK_INT(with_port(&w, &plain, option, false, said), CURLE_OK);
  snprintf(want, sizeof want, "PORT 127,0,0,1,%d,%d", port >> 8, port & 255);
  CHECK_STR(said, want);
  fd = ftp_listen(false, &taken);
  snprintf(option, sizeof option, "127.0.0.1:%d-%d", taken, taken + 20 < 65536 ? taken + 20 : 65535);
  CHECK_INT(with_port(&w, &plain, option, false, said), CURLE_OK);
  snprintf(option, sizeof option, "lo:%d-%d", taken, taken);
  CHECK_INT(with_port(&w, &plain, option, false, said), CURLE_FTP_PORT_FAILED);
  CHECK_STR(said, "");
  close(fd);
}

/* An address that is not ours is told as it is, and the control connection's is listened at. */
TEST(ports_of_somebody_else)
{
  struct world w;
  char said[128];
  start();
  CHECK_INT(with_port(&w, &plain, "192.0.2.7", false, said), CURLE_OK);
  CHECK_INT(strncmp(said, "PORT 192,0,2,7,", 15), 0);
}

TEST(ports_that_nobody_knows)
{
  static const char *const options[] = {"nobody.invalid", "nobody.invalid:2000", "999.1.1.1.1", "[::1", "a/b", "%lo"};
  struct world w;
  char said[128];
  start();
  for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
    if (!CHECK_INT(with_port(&w, &plain, options[i], true, said), CURLE_FTP_PORT_FAILED))
      printf("# with '%s': %s\n", options[i], w.error);
    CHECK_STR(w.seen, "127.0.0.1");
    CHECK(strstr(w.error, "PORT") != NULL);
  }
}
