/* SFTP and SCP through the public interface, with sockets that the application gives: each is one end of a socket pair
 * with an sshd behind it. */
#include <curl/curl.h>
#include <poll.h>

#include "gate/ledger.h"
#include "loop/scratch.h"
#include "tests/unit/ssh/sshd.h"

enum { BIG = 700 * 1000, STEPS = 4000, SECONDS = 30 };

/* What a handle's callbacks know. */
struct world {
  int opened, closed, sockopts;
  bool refuse, no_peer, silent;
  int other_end;
  char *got;             /* room for BIG bytes */
  size_t got_n;
  const char *give;
  size_t give_n, given;
  bool pause_recv, pause_send; /* the next time */
  int paused;
  int verdict;           /* of the key's functions */
  int asked;
  enum curl_khmatch match;
  char head[2000];
  char error[CURL_ERROR_SIZE];
};

static char big[BIG], room[BIG];

/* A socket whose other end nobody serves. */
static int alone(struct world *w)
{
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
    return -1;
  w->other_end = pair[1];
  return pair[0];
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct world *w = arg;
  (void)a;
  CHECK_INT(purpose, CURLSOCKTYPE_IPCXN);
  if (w->refuse)
    return CURL_SOCKET_BAD;
  int fd = w->silent ? alone(w) : sshd_connect();
  w->opened += fd >= 0;
  if (w->no_peer)
    shutdown(fd, SHUT_RDWR);
  return fd;
}

static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  struct world *w = arg;
  (void)fd, (void)purpose;
  w->sockopts++;
  return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static int on_close(void *arg, curl_socket_t fd)
{
  struct world *w = arg;
  w->closed++;
  return close(fd);
}

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  struct world *w = arg;
  (void)size;
  if (w->pause_recv) {
    w->pause_recv = false;
    w->paused++;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (n > BIG - w->got_n)
    return 0;
  memcpy(w->got + w->got_n, data, n);
  w->got_n += n;
  return n;
}

static size_t on_read(char *data, size_t size, size_t n, void *arg)
{
  struct world *w = arg;
  size_t left = w->give_n - w->given;
  if (w->pause_send && w->given) {
    w->pause_send = false;
    w->paused++;
    return CURL_READFUNC_PAUSE;
  }
  n = size * n < left ? size * n : left;
  if (n)
    memcpy(data, w->give + w->given, n);
  w->given += n;
  return n;
}

static size_t on_header(char *data, size_t size, size_t n, void *arg)
{
  struct world *w = arg;
  size_t used = strlen(w->head);
  (void)size;
  if (n < sizeof w->head - used)
    memcpy(w->head + used, data, n);
  return n;
}

static CURL *handle(struct world *w, const char *scheme, const char *path)
{
  char url[2 * SSHD_PATH];
  CURL *c = curl_easy_init();
  sshd_ready();
  if (!w->got)
    w->got = room;
  snprintf(url, sizeof url, "%s://127.0.0.1%s", scheme, path);
  curl_easy_setopt(c, CURLOPT_URL, url);
  curl_easy_setopt(c, CURLOPT_USERNAME, sshd.user);
  curl_easy_setopt(c, CURLOPT_SSH_PRIVATE_KEYFILE, sshd_path("user"));
  curl_easy_setopt(c, CURLOPT_SSH_AUTH_TYPES, CURLSSH_AUTH_PUBLICKEY);
  curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)SECONDS);
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, w->error);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, w);
  curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
  curl_easy_setopt(c, CURLOPT_SOCKOPTDATA, w);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, w);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, w);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(c, CURLOPT_READDATA, w);
  curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(c, CURLOPT_HEADERDATA, w);
  return c;
}

/* Performs and frees it. */
static CURLcode perform(CURL *c)
{
  CURLcode rc = curl_easy_perform(c);
  curl_easy_cleanup(c);
  return rc;
}

static void set_upload(CURL *c, struct world *w, const char *bytes, size_t n)
{
  w->give = bytes;
  w->give_n = n;
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_INFILESIZE, (long)n);
}

static void start(void)
{
  sshd_ready();
  sl_ledger_strict(true);
  for (size_t i = 0; i < BIG; i++)
    big[i] = (char)(i * 2654435761U >> 13);
}

static bool balanced(const struct world *w)
{
  struct ledger_totals t = sl_ledger_totals();
  return CHECK_INT(w->opened, w->closed) & CHECK_INT(t.opened, t.closed);
}

/* ---- both ways ---- */

TEST(there_and_back)
{
  static const char *const schemes[] = {"sftp", "scp"};
  start();
  for (int i = 0; i < 2; i++) {
    struct world w = {0};
    CURL *c = handle(&w, schemes[i], sshd_path("d/big"));
    set_upload(c, &w, big, BIG);
    if (!CHECK_INT(perform(c), CURLE_OK))
      printf("# %s\n", w.error);
    size_t n = 0;
    char *stored = sshd_read("d/big", &n);
    CHECK_INT(n, BIG);
    CHECK_MEM(stored, big, BIG);
    free(stored);
    c = handle(&w, schemes[i], sshd_path("d/big"));
    CHECK_INT(perform(c), CURLE_OK);
    CHECK_INT(w.got_n, BIG);
    CHECK_MEM(w.got, big, BIG);
    CHECK_INT(w.opened, 2);
    CHECK_INT(w.sockopts, 2);
    CHECK(balanced(&w));
    unlink(sshd_path("d/big"));
  }
}

/* By the answer of a callback, or from outside. */
static void pause_and_go_on(const char *scheme, bool upload, bool outside)
{
  struct world w = {.pause_recv = !outside, .pause_send = !outside};
  int running = 1, turns = 0, left;
  CHECK(sshd_write("d/big", big, BIG));
  CURL *c = handle(&w, scheme, sshd_path("d/big"));
  CURLM *m = curl_multi_init();
  if (upload)
    set_upload(c, &w, big, BIG);
  curl_easy_setopt(c, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)(outside ? 2 * BIG : 0)); /* so that there are turns */
  curl_easy_setopt(c, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)(outside ? 2 * BIG : 0));
  curl_multi_add_handle(m, c);
  while (running && turns++ < STEPS * 10) {
    curl_multi_perform(m, &running);
    if (running && outside && !w.paused && w.got_n + w.given > 0) {
      curl_easy_pause(c, upload ? CURLPAUSE_SEND : CURLPAUSE_RECV);
      w.paused = 1;
    }
    if (running && w.paused == 1) { /* nothing moves meanwhile */
      size_t before = w.got_n + w.given;
      for (int k = 0; k < 20; k++) {
        curl_multi_perform(m, &running);
        poll(NULL, 0, outside ? 10 : 1);
      }
      CHECK_INT(w.got_n + w.given, before);
      CHECK_INT(running, 1);
      w.paused = 2;
      curl_easy_pause(c, CURLPAUSE_CONT);
    } else if (running) {
      curl_multi_poll(m, NULL, 0, 100, NULL);
    }
  }
  CHECK_INT(w.paused, 2);
  CURLMsg *msg = curl_multi_info_read(m, &left);
  CHECK(msg && msg->data.result == CURLE_OK);
  CHECK_INT(upload ? w.given : w.got_n, BIG);
  curl_multi_remove_handle(m, c);
  curl_multi_cleanup(m);
  curl_easy_cleanup(c);
  CHECK(balanced(&w));
}

TEST(pauses)
{
  start();
  for (int i = 0; i < 8; i++)
    pause_and_go_on(i & 1 ? "scp" : "sftp", i & 2, i & 4);
}

TEST(speed_limits)
{
  start();
  for (int upload = 0; upload < 2; upload++) {
    struct world w = {0};
    double seconds = 0;
    CHECK(sshd_write("d/big", big, 60000));
    CURL *c = handle(&w, "sftp", sshd_path("d/big"));
    if (upload)
      set_upload(c, &w, big, 60000);
    curl_easy_setopt(c, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)100000);
    curl_easy_setopt(c, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)100000);
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    curl_easy_getinfo(c, CURLINFO_TOTAL_TIME, &seconds);
    CHECK(seconds > 0.3);
    CHECK_INT(upload ? w.given : w.got_n, 60000);
    curl_easy_cleanup(c);
  }
}

/* ---- sockets ---- */

TEST(a_refused_socket)
{
  struct world w = {.refuse = true};
  start();
  CHECK_INT(perform(handle(&w, "sftp", "/x")), CURLE_COULDNT_CONNECT);
  CHECK(strstr(w.error, "refuse"));
  CHECK(balanced(&w));
}

TEST(a_connection_that_is_dead)
{
  struct world w = {.no_peer = true};
  start();
  CHECK_INT(perform(handle(&w, "sftp", "/x")), CURLE_FAILED_INIT);
  CHECK(balanced(&w));
}

TEST(a_connection_that_dies_meanwhile)
{
  struct world w = {0};
  start();
  CHECK(sshd_write("d/big", big, 100));
  CURL *c = handle(&w, "sftp", sshd_path("d/big"));
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  kill(sshd.child[sshd.n - 1], SIGKILL);
  waitpid(sshd.child[--sshd.n], NULL, 0);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.opened, 2);
  curl_easy_cleanup(c);
  CHECK(balanced(&w));
}

TEST(a_server_that_does_not_answer)
{
  struct world w = {.silent = true};
  start();
  CHECK(sshd_write("d/big", big, 100));
  CURL *c = handle(&w, "sftp", sshd_path("d/big"));
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 50L);
  CHECK_INT(curl_easy_perform(c), CURLE_OPERATION_TIMEDOUT);
  CHECK(strstr(w.error, "Connection timed out"));
  curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, 0L);
  w.silent = false;
  close(w.other_end);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  kill(sshd.child[sshd.n - 1], SIGSTOP);
  curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, 50L);
  CHECK_INT(curl_easy_perform(c), CURLE_OPERATION_TIMEDOUT);
  CHECK(strstr(w.error, "response timeout"));
  kill(sshd.child[sshd.n - 1], SIGKILL);
  curl_easy_cleanup(c);
  CHECK(balanced(&w));
}

/* Removed after each number of turns. */
TEST(removed_at_every_step)
{
  struct world w = {0};
  struct curl_slist *quote = curl_slist_append(NULL, "pwd");
  bool ended = false;
  start();
  CHECK(sshd_write("d/big", big, 100000));
  for (int steps = 1; steps < STEPS && !ended; steps++) {
    CURL *c = handle(&w, steps % 2 ? "sftp" : "scp", sshd_path("d/big"));
    CURLM *m = curl_multi_init();
    int running = 1;
    w.got_n = 0;
    curl_easy_setopt(c, CURLOPT_QUOTE, quote);
    curl_multi_add_handle(m, c);
    for (int i = 0; i < steps && running; i++) {
      curl_multi_poll(m, NULL, 0, 100, NULL);
      curl_multi_perform(m, &running);
    }
    ended = !running && steps % 2;
    curl_multi_remove_handle(m, c);
    curl_easy_cleanup(c);
    curl_multi_cleanup(m);
    if (!balanced(&w))
      break;
  }
  CHECK(ended);
  curl_slist_free_all(quote);
}

/* ---- reuse ---- */

static void change_nothing(CURL *c)
{
  (void)c;
}
static void change_user(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_USERNAME, "nobody-here");
}
static void change_key(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_SSH_PRIVATE_KEYFILE, sshd_path("other"));
}
static void change_md5(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_SSH_HOST_PUBLIC_KEY_MD5, "0123456789abcdef0123456789abcdef");
}
static void change_sha256(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256, "x");
}
static void change_known_hosts(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_SSH_KNOWNHOSTS, "/nonexistent");
}
static void change_password_of_key(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_KEYPASSWD, "x");
}
static void change_types(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_SSH_AUTH_TYPES, CURLSSH_AUTH_PASSWORD);
}
static void change_compression(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_SSH_COMPRESSION, 1L);
}
static int refuse_key(void *arg, int type, const char *key, size_t n)
{
  (void)arg, (void)type, (void)key, (void)n;
  return CURLKHMATCH_MISMATCH;
}
static void change_function(CURL *c)
{
  curl_easy_setopt(c, CURLOPT_SSH_HOSTKEYFUNCTION, refuse_key);
}

/* Lesson 6: a connection serves nobody whose SSH options are others. */
TEST(lesson_6_reuse)
{
  static const struct {
    void (*change)(CURL *c);
    CURLcode result;
    bool reused;
  } rows[] = {
      {change_nothing, CURLE_OK, true},
      {change_user, CURLE_LOGIN_DENIED, false},
      {change_key, CURLE_LOGIN_DENIED, false},
      {change_md5, CURLE_PEER_FAILED_VERIFICATION, false},
      {change_sha256, CURLE_PEER_FAILED_VERIFICATION, false},
      {change_known_hosts, CURLE_PEER_FAILED_VERIFICATION, false},
      {change_password_of_key, CURLE_OK, false},
      {change_types, CURLE_LOGIN_DENIED, false},
      {change_compression, CURLE_OK, false},
      {change_function, CURLE_PEER_FAILED_VERIFICATION, false},
  };
  start();
  CHECK(sshd_write("d/big", big, 100));
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w = {0};
    CURL *c = handle(&w, "sftp", sshd_path("d/big"));
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    rows[i].change(c);
    w.got_n = 0;
    if (!CHECK_INT(curl_easy_perform(c), rows[i].result))
      printf("# row %zu: %s\n", i, w.error);
    CHECK_INT(w.opened, rows[i].reused ? 1 : 2);
    curl_easy_cleanup(c);
    CHECK(balanced(&w));
  }
}

TEST(refusals_leave_the_connection)
{
  struct world w = {0};
  char url[2 * SSHD_PATH];
  start();
  CHECK(sshd_write("d/big", big, 100));
  CURL *c = handle(&w, "sftp", sshd_path("d/nothing"));
  CHECK_INT(curl_easy_perform(c), CURLE_REMOTE_FILE_NOT_FOUND);
  snprintf(url, sizeof url, "sftp://127.0.0.1%s", sshd_path("d/big"));
  curl_easy_setopt(c, CURLOPT_URL, url);
  curl_easy_setopt(c, CURLOPT_RANGE, "10-19");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.got_n, 10);
  CHECK_MEM(w.got, big + 10, 10);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(w.opened, 1);
  curl_easy_cleanup(c);
  CHECK(balanced(&w));
}

/* libssh2 waits by itself for the end of a channel that was refused. */
TEST(refusals_of_scp)
{
  struct world w = {0};
  start();
  CHECK_INT(perform(handle(&w, "scp", sshd_path("d/nothing"))), CURLE_REMOTE_FILE_NOT_FOUND);
  CURL *c = handle(&w, "scp", sshd_path("d/nothing/file"));
  set_upload(c, &w, big, 10);
  CHECK_INT(perform(c), CURLE_UPLOAD_FAILED);
  c = handle(&w, "scp", sshd_path("d/file"));
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L); /* of unknown size */
  CHECK_INT(perform(c), CURLE_UPLOAD_FAILED);
  CHECK(balanced(&w));
}

/* ---- the host's key ---- */

static int judge(void *arg, int type, const char *key, size_t n)
{
  struct world *w = arg;
  w->asked++;
  CHECK(type == CURLKHTYPE_ED25519 || type == CURLKHTYPE_ECDSA);
  CHECK(n > 16 && key);
  return w->verdict;
}

static int judge_known(CURL *c, const struct curl_khkey *known, const struct curl_khkey *found, enum curl_khmatch match,
                       void *arg)
{
  struct world *w = arg;
  w->asked++;
  w->match = match;
  CHECK(c != NULL);
  CHECK((known != NULL) == (match != CURLKHMATCH_MISSING));
  CHECK(found->len > 16);
  return w->verdict;
}

TEST(functions_for_keys)
{
  start();
  CHECK(sshd_write("d/big", big, 100));
  for (int verdict = CURLKHMATCH_OK; verdict <= CURLKHMATCH_MISMATCH; verdict++) {
    struct world w = {.verdict = verdict};
    CURL *c = handle(&w, "sftp", sshd_path("d/big"));
    curl_easy_setopt(c, CURLOPT_SSH_HOSTKEYFUNCTION, judge);
    curl_easy_setopt(c, CURLOPT_SSH_HOSTKEYDATA, &w);
    curl_easy_setopt(c, CURLOPT_SSH_KNOWNHOSTS, "/nonexistent"); /* is not asked */
    CHECK_INT(perform(c), verdict == CURLKHMATCH_OK ? CURLE_OK : CURLE_PEER_FAILED_VERIFICATION);
    CHECK_INT(w.asked, 1);
    CHECK(balanced(&w));
  }
}

TEST(known_hosts)
{
  size_t n;
  start();
  CHECK(sshd_write("d/big", big, 100));
  char *host = sshd_read("host.pub", &n), *other = sshd_read("other.pub", &n), line[1024];
  static const struct {
    bool right, there;
    int verdict; /* -1: no function */
    CURLcode result;
    enum curl_khmatch match;
    bool stored; /* afterwards the file has the right key */
    bool old;    /* ... and the wrong one */
  } rows[] = {
      {true, true, -1, CURLE_OK, CURLKHMATCH_OK, true, false},
      {true, true, CURLKHSTAT_REJECT, CURLE_PEER_FAILED_VERIFICATION, CURLKHMATCH_OK, true, false},
      {true, true, CURLKHSTAT_FINE, CURLE_OK, CURLKHMATCH_OK, true, false},
      {false, true, -1, CURLE_PEER_FAILED_VERIFICATION, CURLKHMATCH_MISMATCH, false, true},
      {false, true, CURLKHSTAT_FINE, CURLE_OK, CURLKHMATCH_MISMATCH, false, true},
      {false, true, CURLKHSTAT_REJECT, CURLE_PEER_FAILED_VERIFICATION, CURLKHMATCH_MISMATCH, false, true},
      {false, true, CURLKHSTAT_DEFER, CURLE_PEER_FAILED_VERIFICATION, CURLKHMATCH_MISMATCH, false, true},
      {false, true, 99, CURLE_PEER_FAILED_VERIFICATION, CURLKHMATCH_MISMATCH, false, true},
      {false, true, CURLKHSTAT_FINE_ADD_TO_FILE, CURLE_OK, CURLKHMATCH_MISMATCH, true, true},
      {false, true, CURLKHSTAT_FINE_REPLACE, CURLE_OK, CURLKHMATCH_MISMATCH, true, false},
      {false, false, -1, CURLE_PEER_FAILED_VERIFICATION, CURLKHMATCH_MISSING, false, false},
      {false, false, CURLKHSTAT_FINE, CURLE_OK, CURLKHMATCH_MISSING, false, false},
  };
  REQUIRE(host && other);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w = {.verdict = rows[i].verdict};
    CURL *c = handle(&w, "sftp", sshd_path("d/big"));
    snprintf(line, sizeof line, "%s %s", rows[i].there ? "127.0.0.1" : "10.0.0.1", rows[i].right ? host : other);
    CHECK(sshd_write("known", line, strlen(line)));
    curl_easy_setopt(c, CURLOPT_SSH_KNOWNHOSTS, sshd_path("known"));
    if (rows[i].verdict >= 0)
      curl_easy_setopt(c, CURLOPT_SSH_KEYFUNCTION, judge_known);
    curl_easy_setopt(c, CURLOPT_SSH_KEYDATA, &w);
    if (!CHECK_INT(perform(c), rows[i].result))
      printf("# row %zu: %s\n", i, w.error);
    CHECK_INT(w.asked, rows[i].verdict >= 0);
    if (rows[i].verdict >= 0)
      CHECK_INT(w.match, rows[i].match);
    char *file = sshd_read("known", &n);
    host[strcspn(host, "\n")] = other[strcspn(other, "\n")] = 0;
    size_t key_n = strlen(host) - 1; /* ssh-keygen puts a blank behind it */
    CHECK((file && memmem(file, n, host, key_n)) == rows[i].stored);
    if (rows[i].there)
      CHECK((file && memmem(file, n, other, key_n)) == rows[i].old);
    free(file);
    CHECK(balanced(&w));
  }
  free(host);
  free(other);
}

/* ---- limits ---- */

TEST(a_file_that_is_too_large)
{
  struct world w = {0};
  start();
  CHECK(sshd_write("d/big", big, 1000));
  for (int i = 0; i < 2; i++) {
    CURL *c = handle(&w, i ? "scp" : "sftp", sshd_path("d/big"));
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE, 999L);
    CHECK_INT(perform(c), CURLE_FILESIZE_EXCEEDED);
    CHECK_INT(w.got_n, 0);
  }
  CHECK(balanced(&w));
}

TEST(paths_that_are_none)
{
  static const struct {
    const char *scheme, *path;
    CURLcode result;
  } rows[] = {
      {"sftp", "/a%00b", CURLE_URL_MALFORMAT},
      {"sftp", "/a%0ab", CURLE_REMOTE_FILE_NOT_FOUND}, /* a name like any other */
      {"scp", "/a%0ab", CURLE_URL_MALFORMAT},          /* would be a line of the protocol */
      {"scp", "/a%00b", CURLE_URL_MALFORMAT},
  };
  start();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w = {0};
    CHECK_INT(perform(handle(&w, rows[i].scheme, rows[i].path)), rows[i].result);
    CHECK(balanced(&w));
  }
}

TEST(agents_are_not_asked)
{
  struct world w = {0};
  start();
  CURL *c = handle(&w, "sftp", "/");
  curl_easy_setopt(c, CURLOPT_SSH_AUTH_TYPES, CURLSSH_AUTH_AGENT);
  CHECK_INT(perform(c), CURLE_NOT_BUILT_IN);
  CHECK(strstr(w.error, "agent"));
  CHECK(balanced(&w));
}

/* ---- memory ---- */

enum kind { GET, LIST, PUT, SCP_GET, SCP_PUT, KINDS };

static CURL *memory_case(struct world *w, enum kind kind, struct curl_slist *quote)
{
  static const char *const names[KINDS] = {"d/file", "d/", "d/new/file", "d/file", "d/file"};
  CURL *c = handle(w, kind >= SCP_GET ? "scp" : "sftp", sshd_path(names[kind]));
  w->got_n = w->given = 0;
  if (kind == PUT || kind == SCP_PUT)
    set_upload(c, w, big, 1000);
  curl_easy_setopt(c, CURLOPT_FTP_CREATE_MISSING_DIRS, 1L);
  curl_easy_setopt(c, CURLOPT_QUOTE, quote);
  curl_easy_setopt(c, CURLOPT_FILETIME, 1L);
  curl_easy_setopt(c, CURLOPT_SSH_KNOWNHOSTS, sshd_path("known"));
  return c;
}

static void every_allocation(enum kind kind, struct curl_slist *quote, unsigned long (*fail)(unsigned long))
{
  enum { LOGIN = 80 };
  unsigned long tried, n = kind == GET ? 0 : LOGIN; /* which is the same for all */
  CURLcode rc;
  struct world w = {0};
  do {
    sshd_count();
    CURL *c = memory_case(&w, kind, quote);
    fail(++n);
    rc = curl_easy_perform(c);
    tried = sl_mem_fail_after(0);
    curl_easy_cleanup(c);
    sl_scratch_trim();
    sshd_count_end();
    bool right = CHECK(rc == CURLE_OK || rc == CURLE_OUT_OF_MEMORY);
    if (!(right & CHECK_INT(sshd_live, 0) & balanced(&w))) {
      printf("# kind %d allocation %lu: %d %s\n", kind, n, rc, w.error);
      break;
    }
    unlink(sshd_path("d/new/file"));
    rmdir(sshd_path("d/new"));
  } while (tried >= n && n < STEPS);
  CHECK_INT(rc, CURLE_OK);
  CHECK(n > LOGIN);
}

TEST(every_allocation_can_fail)
{
  size_t n;
  char line[1024];
  start();
  struct curl_slist *quote = curl_slist_append(NULL, "statvfs /");
  quote = curl_slist_append(quote, "*rm /nonexistent");
  char *host = sshd_read("host.pub", &n);
  snprintf(line, sizeof line, "127.0.0.1 %s", host ? host : "");
  CHECK(sshd_write("known", line, strlen(line)));
  CHECK(sshd_write("d/file", big, 1000));
  sl_scratch_trim();
  every_allocation(GET, quote, sl_mem_fail_after);
  for (enum kind kind = GET; kind < KINDS; kind++)
    every_allocation(kind, quote, sl_mem_fail_once);
  curl_slist_free_all(quote);
  free(host);
}
