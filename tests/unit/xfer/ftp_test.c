/* The socket contract of FTP, through the public interface, as one matrix: kinds of transfer x steps of the conversation
 * x what goes wrong there x what the application's callbacks answer. After each cell every descriptor has been opened and
 * closed once, by the callbacks' books and by the ledger, in the right order; what reports success is complete; nobody
 * has waited for time to pass unless time is what the cell is about.
 *
 * A cell that fails is printed as "cell: ..."; FTP_CELL='...' in the environment, its name or the
 * beginning of it, runs it alone. */
#include <curl/curl.h>
#include <sluice/sluice.h>

#include <fcntl.h>

#include "base/mem.h"
#include "gate/ledger.h"
#include "tests/unit/tls/fixture.h"
#include "tests/unit/xfer/ftp_origin.h"

enum { FDS = 256, TURNS = 100000, SILENT_MS = 8, SHORT_MS = 25, LONG_MS = 4000, ALLOCATIONS = 3000 };
enum step { GONE, OPENED, SOCKOPT, ADDED, REMOVED };

/* ---- what is transferred ---- */

struct scenario {
  const char *name;
  bool active, upload, list, tls, much; /* much: every command that there is */
  bool no_extended;                     /* PASV and PORT */
};

static const struct scenario scenarios[] = {
    {.name = "get-epsv"},
    {.name = "get-pasv", .no_extended = true},
    {.name = "get-eprt", .active = true},
    {.name = "get-port", .active = true, .no_extended = true},
    {.name = "put-epsv", .upload = true},
    {.name = "put-eprt", .upload = true, .active = true},
    {.name = "list-epsv", .list = true},
    {.name = "get-much", .much = true},
    {.name = "put-much", .upload = true, .active = true, .much = true},
    {.name = "tls-get-epsv", .tls = true},
    {.name = "tls-get-eprt", .tls = true, .active = true},
    {.name = "tls-put-epsv", .tls = true, .upload = true},
};

/* ---- what the callbacks answer ---- */

enum kind {
  NO_CALLBACKS,
  FRESH,          /* never look at the purpose: a new socket each time */
  IN_USE_FIRST,   /* for ACCEPT: the control connection's descriptor */
  IN_USE_LAST,    /* for ACCEPT: the listener's */
  A_FILE,         /* for ACCEPT: no socket at all */
  REPLACED,       /* for ACCEPT: another connected socket */
  REFUSES_ACCEPT,
  REFUSES_LATER,  /* every socket but the first */
  REFUSES_ALL,
  BAD_OPTIONS,    /* the sockopt callback does not like what was accepted */
  BAD_OPTIONS_LATER,
  KINDS
};
static const char *const kind_names[KINDS] = {"none",           "fresh",         "in-use-first", "in-use-last",
                                              "file",           "replaced",      "refuses-accept", "refuses-later",
                                              "refuses-all",    "bad-options",   "bad-options-later"};

struct world {
  enum kind kind;
  uint8_t at[FDS], watched[FDS];
  uint8_t told[FDS]; /* by events: it is open */
  int opened, accepted, closed, bad, first_fd, last_fd, other_end;
  size_t got, given;
  bool wrong_bytes;
  long timer_ms;
  char error[CURL_ERROR_SIZE];
};

static void expect(struct world *w, int fd, bool right)
{
  w->bad += fd < 0 || fd >= FDS || !right;
}

static curl_socket_t entered(struct world *w, int fd)
{
  expect(w, fd, fd >= 0 && fd < FDS && w->at[fd] == GONE);
  if (fd >= 0 && fd < FDS)
    w->at[fd] = OPENED;
  w->opened++;
  if (w->first_fd < 0)
    w->first_fd = fd;
  return w->last_fd = fd;
}

/* The peer of a connection that nobody has asked for: it has the file, and takes what it gets. */
static curl_socket_t replacement(struct world *w)
{
  char body[FTP_BODY];
  int pair[2];
  for (size_t i = 0; i < sizeof body; i++)
    body[i] = ftp_body(i);
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) || send(pair[1], body, sizeof body, 0) != FTP_BODY)
    return CURL_SOCKET_BAD;
  shutdown(pair[1], SHUT_WR);
  w->other_end = pair[1];
  return entered(w, pair[0]);
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct world *w = arg;
  bool accept = purpose == CURLSOCKTYPE_ACCEPT;
  w->bad += (purpose != CURLSOCKTYPE_IPCXN && !accept) || a->socktype != SOCK_STREAM || a->family != AF_INET;
  w->accepted += accept;
  if (w->kind == REFUSES_ALL || (w->kind == REFUSES_LATER && w->opened) || (w->kind == REFUSES_ACCEPT && accept))
    return CURL_SOCKET_BAD;
  if (accept && w->kind == IN_USE_FIRST)
    return w->first_fd;
  if (accept && w->kind == IN_USE_LAST)
    return w->last_fd;
  if (accept && w->kind == A_FILE)
    return entered(w, open("/dev/null", O_RDWR | O_CLOEXEC));
  if (accept && w->kind == REPLACED)
    return replacement(w);
  return entered(w, socket(a->family, a->socktype, a->protocol));
}

static int on_sockopt(void *arg, curl_socket_t fd, curlsocktype purpose)
{
  struct world *w = arg;
  bool accept = purpose == CURLSOCKTYPE_ACCEPT;
  expect(w, fd, fd < FDS && (w->at[fd] == OPENED || (accept && w->at[fd] == GONE)));
  expect(w, fd, fcntl(fd, F_GETFL) & O_NONBLOCK && fcntl(fd, F_GETFD) & FD_CLOEXEC);
  w->at[fd] = SOCKOPT;
  if ((w->kind == BAD_OPTIONS && accept) || (w->kind == BAD_OPTIONS_LATER && w->opened > 1))
    return CURL_SOCKOPT_ERROR;
  return CURL_SOCKOPT_OK;
}

static int on_close(void *arg, curl_socket_t fd)
{
  struct world *w = arg;
  /* one that ACCEPT was answered with, and that was not taken, is closed as it is */
  expect(w, fd, fd < FDS && w->at[fd] != GONE && w->at[fd] != ADDED && !w->watched[fd]);
  expect(w, fd, fcntl(fd, F_GETFD) >= 0);
  w->at[fd] = GONE;
  w->closed++;
  return close(fd);
}

static int on_socket(CURL *curl, curl_socket_t fd, int what, void *arg, void *app)
{
  struct world *w = arg;
  (void)curl, (void)app;
  if (what == CURL_POLL_REMOVE) {
    expect(w, fd, w->at[fd] == ADDED || w->kind == NO_CALLBACKS);
    w->at[fd] = REMOVED;
    w->watched[fd] = 0;
    return 0;
  }
  expect(w, fd, w->kind == NO_CALLBACKS || (w->at[fd] != GONE && w->at[fd] != OPENED));
  w->at[fd] = ADDED;
  w->watched[fd] = (uint8_t)what;
  return 0;
}

static void on_event(void *arg, const struct sluice_socket_event *e)
{
  struct world *w = arg;
  if (e->fd < 0 || e->fd >= FDS)
    return;
  if (e->what == SLUICE_EVENT_OPEN || e->what == SLUICE_EVENT_ACCEPT)
    w->bad += w->told[e->fd]++ != 0;
  else if (e->what == SLUICE_EVENT_CLOSE)
    w->bad += w->told[e->fd]-- != 1;
}

static int on_timer(CURLM *m, long ms, void *arg)
{
  struct world *w = arg;
  (void)m;
  w->timer_ms = ms;
  return 0;
}

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  struct world *w = arg;
  (void)size;
  for (size_t i = 0; i < n; i++)
    w->wrong_bytes = w->wrong_bytes || data[i] != ftp_body(w->got + i);
  w->got += n;
  return n;
}

static size_t on_list(char *data, size_t size, size_t n, void *arg)
{
  struct world *w = arg;
  (void)data, (void)size;
  w->got += n;
  return n;
}

static size_t on_read(char *data, size_t size, size_t n, void *arg)
{
  struct world *w = arg;
  size_t i;
  for (i = 0; i < size * n && w->given < FTP_BODY; i++)
    data[i] = ftp_body(w->given++);
  return i;
}

/* ---- a cell ---- */

struct cell {
  const struct scenario *scenario;
  enum kind kind;
  struct ftp_script script;
  const char *fault; /* its name */
  int turns;         /* the transfer is removed then; 0: it is let run */
  bool same_peer;
};

static struct ftp_origin plain, with_tls;
static struct memory ca;
static struct curl_slist *quotes[3];
static bool started;

static void start(void)
{
  static const char *const commands[] = {"NOOP before", "NOOP then", "*SITE after"};
  if (started)
    return;
  started = true;
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(ctx, pki.leaf);
  SSL_CTX_use_PrivateKey(ctx, pki.key);
  cert_pem(&ca, pki.ca);
  ftp_origin_start(&plain, false, NULL);
  ftp_origin_start(&with_tls, false, ctx);
  for (int i = 0; i < 3; i++)
    quotes[i] = curl_slist_append(NULL, commands[i]);
  sl_ledger_strict(true);
}

static struct ftp_origin *origin_of(const struct cell *cell)
{
  return cell->scenario->tls ? &with_tls : &plain;
}

static void set_much(CURL *c, bool upload)
{
  curl_easy_setopt(c, CURLOPT_QUOTE, quotes[0]);
  curl_easy_setopt(c, CURLOPT_PREQUOTE, quotes[1]);
  curl_easy_setopt(c, CURLOPT_POSTQUOTE, quotes[2]);
  curl_easy_setopt(c, CURLOPT_FTP_CREATE_MISSING_DIRS, (long)CURLFTP_CREATE_DIR_RETRY);
  curl_easy_setopt(c, CURLOPT_FILETIME, 1L);
  if (!upload)
    curl_easy_setopt(c, CURLOPT_RESUME_FROM, 0L);
}

static void set_callbacks(CURL *c, struct world *w)
{
  curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(c, CURLOPT_OPENSOCKETDATA, w);
  curl_easy_setopt(c, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
  curl_easy_setopt(c, CURLOPT_SOCKOPTDATA, w);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(c, CURLOPT_CLOSESOCKETDATA, w);
}

static bool waits_for_the_clock(const struct cell *cell)
{
  enum ftp_fault f = cell->script.fault;
  return f == FAULT_SILENT || f == FAULT_NEVER || f == FAULT_ONLY_STRANGER;
}

static CURL *handle(const struct cell *cell, struct world *w)
{
  const struct scenario *s = cell->scenario;
  char url[128];
  CURL *c = curl_easy_init();
  snprintf(url, sizeof url, "ftp://127.0.0.1:%d/%s%s", origin_of(cell)->port, s->much ? "a/b/" : "",
           s->list ? "" : FTP_FILE);
  curl_easy_setopt(c, CURLOPT_URL, url);
  curl_easy_setopt(c, CURLOPT_USERPWD, "user:secret");
  curl_easy_setopt(c, CURLOPT_FTP_ACCOUNT, "account");
  curl_easy_setopt(c, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(c, CURLOPT_ERRORBUFFER, w->error);
  curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, s->list ? on_list : on_write);
  curl_easy_setopt(c, CURLOPT_WRITEDATA, w);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(c, CURLOPT_READDATA, w);
  curl_easy_setopt(c, CURLOPT_UPLOAD, (long)s->upload);
  curl_easy_setopt(c, CURLOPT_INFILESIZE, s->upload ? (long)FTP_BODY : -1L);
  curl_easy_setopt(c, CURLOPT_FTPPORT, s->active ? "-" : NULL);
  curl_easy_setopt(c, CURLOPT_FTP_USE_EPRT, (long)!s->no_extended);
  curl_easy_setopt(c, CURLOPT_FTP_USE_EPSV, (long)!s->no_extended);
  curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(s->tls ? CURLUSESSL_ALL : CURLUSESSL_NONE));
  curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, &ca.blob);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(cell->script.fault == FAULT_NEVER && !s->active ? 4 * SHORT_MS : 2 * LONG_MS));
  if (cell->script.fault == FAULT_SILENT)
    curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, (long)SILENT_MS);
  else if (waits_for_the_clock(cell))
    curl_easy_setopt(c, CURLOPT_ACCEPTTIMEOUT_MS, (long)SHORT_MS);
  curl_easy_setopt(c, SLUICEOPT_SOCKET_EVENTFUNCTION, on_event);
  curl_easy_setopt(c, SLUICEOPT_SOCKET_EVENTDATA, w);
  curl_easy_setopt(c, SLUICEOPT_FTP_SAME_PEER, (long)cell->same_peer);
  if (s->much)
    set_much(c, s->upload);
  if (cell->kind != NO_CALLBACKS)
    set_callbacks(c, w);
  return c;
}

static CURLM *watched_multi(struct world *w)
{
  CURLM *m = curl_multi_init();
  curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(m, CURLMOPT_SOCKETDATA, w);
  curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(m, CURLMOPT_TIMERDATA, w);
  return m;
}

static CURLMcode act(CURLM *m, const struct pollfd *p, nfds_t n, int ready, int *running)
{
  CURLMcode mc = CURLM_OK;
  if (!ready)
    return curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, running);
  for (nfds_t i = 0; i < n && !mc; i++)
    if (p[i].revents)
      mc = curl_multi_socket_action(m, p[i].fd, (p[i].revents & POLLIN ? CURL_CSELECT_IN : 0) |
                                                    (p[i].revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
                                                    (p[i].revents & (POLLERR | POLLHUP) ? CURL_CSELECT_ERR : 0), running);
  return mc;
}

/* The application's event loop, that many turns at most: 0 when the transfer is over. */
static int turn(CURLM *m, const struct world *w, int turns)
{
  int running = 1;
  CURLMcode mc = curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, &running);
  while (!mc && running && --turns > 0) {
    struct pollfd p[FDS];
    nfds_t n = 0;
    for (int fd = 0; fd < FDS; fd++)
      if (w->watched[fd])
        p[n++] = (struct pollfd){fd, (short)((w->watched[fd] & CURL_POLL_IN ? POLLIN : 0) |
                                             (w->watched[fd] & CURL_POLL_OUT ? POLLOUT : 0)), 0};
    int most_ms = w->timer_ms < 0 || w->timer_ms > LONG_MS ? LONG_MS : (int)w->timer_ms;
    mc = act(m, p, n, poll(p, n, most_ms), &running);
  }
  return mc ? 0 : running;
}

/* CURLE_AGAIN: it was removed before its end. */
static CURLcode run(const struct cell *cell, CURLM *m, CURL *c, const struct world *w)
{
  int left;
  CURLcode rc = CURLE_OUT_OF_MEMORY;
  if (curl_multi_add_handle(m, c))
    return rc;
  bool over = !turn(m, w, cell->turns ? cell->turns : TURNS);
  const CURLMsg *msg = curl_multi_info_read(m, &left);
  if (msg)
    rc = msg->data.result;
  else if (!over)
    rc = CURLE_AGAIN;
  curl_multi_remove_handle(m, c);
  return rc;
}

static bool is_complete(const struct cell *cell, struct world *w)
{
  const struct scenario *s = cell->scenario;
  struct ftp_origin *o = origin_of(cell);
  if (s->upload && w->kind == REPLACED && w->other_end >= 0) {
    static char taken[FTP_BODY + 1];
    return recv(w->other_end, taken, sizeof taken, MSG_WAITALL) == FTP_BODY;
  }
  if (s->upload)
    return w->given == FTP_BODY && o->stored_n == FTP_BODY && o->stored[FTP_BODY - 1] == ftp_body(FTP_BODY - 1);
  return s->list ? w->got > 0 : w->got == FTP_BODY && !w->wrong_bytes;
}

/* What the callbacks have refused, if they had the chance. */
static CURLcode refusal(const struct cell *cell)
{
  switch (cell->kind) {
  case REFUSES_ACCEPT:
    return cell->scenario->active ? CURLE_COULDNT_CONNECT : CURLE_OK;
  case BAD_OPTIONS:
    return cell->scenario->active ? CURLE_ABORTED_BY_CALLBACK : CURLE_OK;
  case REFUSES_LATER:
  case REFUSES_ALL:
  case BAD_OPTIONS_LATER:
    return CURLE_COULDNT_CONNECT;
  default:
    return CURLE_OK;
  }
}

static int64_t now_ms(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* What holds whatever has happened. */
static void check_books(const struct cell *cell, const struct world *w, struct ledger_totals before)
{
  struct ledger_totals after = sl_ledger_totals();
  CHECK_INT(after.opened - before.opened, after.closed - before.closed);
  CHECK_INT(w->bad, 0);
  for (int fd = 0; fd < FDS; fd++)
    if (!CHECK_INT(w->told[fd], 0) || (cell->kind != NO_CALLBACKS && !CHECK_INT(w->at[fd], GONE)))
      printf("# descriptor %d\n", fd);
  if (cell->kind != NO_CALLBACKS)
    CHECK(w->closed >= w->opened && w->closed <= w->opened + w->accepted);
}

static void name_cell(const struct cell *cell, char out[128])
{
  snprintf(out, 128, "%s %s@%d %s", cell->scenario->name, cell->fault, cell->script.at, kind_names[cell->kind]);
}

static CURLcode play(const struct cell *cell)
{
  struct world w = {.kind = cell->kind, .first_fd = -1, .last_fd = -1, .other_end = -1};
  unsigned long failed = test_failed_checks;
  struct ftp_origin *o = origin_of(cell);
  struct ledger_totals before = sl_ledger_totals();
  int64_t began_ms = now_ms();
  ftp_origin_script(o, cell->script);
  CURLM *m = watched_multi(&w);
  CURL *c = handle(cell, &w);
  CURLcode rc = run(cell, m, c, &w);
  curl_easy_cleanup(c);
  curl_multi_cleanup(m);
  check_books(cell, &w, before);
  CHECK(now_ms() - began_ms < LONG_MS / 2);
  ftp_origin_settle(o);
  CHECK(rc != CURLE_OK || is_complete(cell, &w));
  CHECK(rc == CURLE_OK || rc == CURLE_AGAIN || *w.error);
  CHECK(rc != CURLE_OPERATION_TIMEDOUT || waits_for_the_clock(cell) || strstr(w.error, "421"));
  CHECK((int)rc >= 0 && rc < CURL_LAST && rc != CURLE_OUT_OF_MEMORY);
  if (w.other_end >= 0)
    close(w.other_end);
  if (test_failed_checks != failed) {
    char name[128];
    name_cell(cell, name);
    printf("# cell: %s  (result %d: %s; said: %s)\n", name, (int)rc, w.error, o->log);
  }
  return rc;
}

/* Is it to be run? */
static bool chosen(const struct cell *cell)
{
  const char *only = getenv("FTP_CELL");
  char name[128];
  name_cell(cell, name);
  return !only || !strncmp(only, name, strlen(only));
}

static void play_and_expect(const struct cell *cell, CURLcode want)
{
  if (!chosen(cell))
    return;
  CURLcode rc = play(cell);
  if (!CHECK_INT(rc, want)) {
    char name[128];
    name_cell(cell, name);
    printf("# cell: %s\n", name);
  }
}

#define FOR_EACH(item, array) for (size_t item = 0; item < sizeof(array) / sizeof *(array); item++)

/* A replacement speaks no TLS. */
static bool makes_sense(const struct scenario *s, enum kind kind)
{
  return !(s->tls && kind == REPLACED);
}

/* ---- the matrix ---- */

TEST(callbacks_without_faults)
{
  start();
  FOR_EACH(i, scenarios)
    for (enum kind kind = 0; kind < KINDS; kind++) {
      struct cell cell = {&scenarios[i], kind, {.at = -1}, "none", 0, false};
      if (makes_sense(&scenarios[i], kind))
        play_and_expect(&cell, refusal(&cell));
    }
}

struct control_fault {
  const char *name;
  enum ftp_fault fault;
  const char *text;
};
static const struct control_fault control_faults[] = {
    {"close", FAULT_CLOSE, NULL},
    {"reset", FAULT_RESET, NULL},
    {"close-after", FAULT_CLOSE_AFTER, NULL},
    {"reply-500", FAULT_REPLY, "500 no\r\n"},
    {"reply-550", FAULT_REPLY, "550 no\r\n"},
    {"reply-421", FAULT_REPLY, "421 good bye\r\n"},
    {"reply-200", FAULT_REPLY, "200 well\r\n"},
    {"reply-331", FAULT_REPLY, "331 more\r\n"},
    {"reply-120", FAULT_REPLY, "120 later\r\n"},
    {"reply-000", FAULT_REPLY, "000 nothing\r\n"},
    {"reply-999", FAULT_REPLY, "999 much\r\n"},
    {"reply-229", FAULT_REPLY, "229 (|||0|)\r\n"},
    {"reply-227", FAULT_REPLY, "227 (1,2,3,4,0,0)\r\n"},
    {"reply-many", FAULT_REPLY, "226-a\r\n b\r\n226 c\r\n226 d\r\n550 e\r\n"},
    {"behind", FAULT_BEHIND, "226 too early\r\n"},
};

static int steps_of(const struct scenario *s)
{
  struct cell cell = {s, NO_CALLBACKS, {.at = -1}, "none", 0, false};
  play(&cell);
  return origin_of(&cell)->steps;
}

/* All pairs of what goes wrong and what is answered would take long and find no more: the finer kinds of callbacks meet
 * the coarser faults. */
static bool is_worth_it(const struct cell *cell)
{
  bool coarse = cell->script.fault != FAULT_REPLY || !strcmp(cell->fault, "reply-500");
  if (cell->kind == NO_CALLBACKS)
    return coarse || cell->scenario->much;
  bool about_accept = cell->kind != REFUSES_LATER && cell->kind != REFUSES_ALL && cell->kind != BAD_OPTIONS_LATER;
  return coarse && (cell->scenario->active || !about_accept) && makes_sense(cell->scenario, cell->kind);
}

TEST(faults_of_the_conversation)
{
  start();
  FOR_EACH(i, scenarios) {
    int steps = steps_of(&scenarios[i]);
    CHECK(steps > 8);
    FOR_EACH(k, control_faults)
      for (int step = 0; step < steps; step++)
        for (enum kind kind = 0; kind < KINDS; kind++) {
          const struct control_fault *f = &control_faults[k];
          struct cell cell = {&scenarios[i], kind, {step, f->fault, f->text}, f->name, 0, false};
          if (chosen(&cell) && is_worth_it(&cell))
            play(&cell);
        }
  }
}

TEST(a_server_that_says_nothing)
{
  start();
  FOR_EACH(i, scenarios) {
    int steps = steps_of(&scenarios[i]) - 1; /* nobody waits for the reply to QUIT */
    for (int step = 0; step < steps; step++) {
      struct cell cell = {&scenarios[i], step % 2 ? FRESH : NO_CALLBACKS, {step, FAULT_SILENT, NULL}, "silent", 0, false};
      CURLcode rc = chosen(&cell) ? play(&cell) : CURLE_OPERATION_TIMEDOUT;
      /* without the 150 the 226 comes next */
      CHECK(rc == CURLE_OPERATION_TIMEDOUT || rc == CURLE_FTP_COULDNT_RETR_FILE);
    }
  }
}

/* ---- the data connection ---- */

struct data_fault {
  const char *name;
  enum ftp_fault fault;
  CURLcode download, upload; /* with callbacks that refuse nothing */
};
static const struct data_fault data_faults[] = {
    {"empty", FAULT_EMPTY, CURLE_PARTIAL_FILE, CURLE_PARTIAL_FILE},
    {"half", FAULT_HALF, CURLE_PARTIAL_FILE, CURLE_PARTIAL_FILE},
    {"torn", FAULT_TORN, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE},
};

TEST(faults_of_the_data_connection)
{
  start();
  FOR_EACH(i, scenarios)
    FOR_EACH(k, data_faults)
      for (enum kind kind = 0; kind < KINDS; kind++) {
        const struct scenario *s = &scenarios[i];
        const struct data_fault *f = &data_faults[k];
        struct cell cell = {s, kind, {-1, f->fault, NULL}, f->name, 0, false};
        if (!makes_sense(s, kind) || s->list || (kind == REPLACED && s->active))
          continue; /* a list has no size; a replacement has no faults */
        CURLcode want = refusal(&cell);
        play_and_expect(&cell, want ? want : s->upload ? f->upload : f->download);
      }
}

TEST(a_data_connection_that_does_not_come)
{
  start();
  FOR_EACH(i, scenarios)
  {
    struct cell cell = {&scenarios[i], FRESH, {-1, FAULT_NEVER, NULL}, "never", 0, false};
    play_and_expect(&cell, scenarios[i].active ? CURLE_FTP_ACCEPT_TIMEOUT : CURLE_OPERATION_TIMEDOUT);
  }
}

/* SLUICEOPT_FTP_SAME_PEER */
TEST(strangers_who_connect)
{
  start();
  FOR_EACH(i, scenarios)
    for (enum kind kind = 0; kind < KINDS && scenarios[i].active; kind++) {
      struct cell cell = {&scenarios[i], kind, {-1, FAULT_STRANGER, NULL}, "stranger", 0, true};
      if (makes_sense(&scenarios[i], kind) && kind != REPLACED)
        play_and_expect(&cell, refusal(&cell));
      cell.script.fault = FAULT_ONLY_STRANGER;
      cell.fault = "only-stranger";
      if (kind <= FRESH)
        play_and_expect(&cell, CURLE_FTP_ACCEPT_TIMEOUT);
    }
}

/* ---- the application gives up ---- */

TEST(removed_at_every_turn)
{
  start();
  FOR_EACH(i, scenarios)
    for (enum kind kind = 0; kind < KINDS; kind++) {
      struct cell cell = {&scenarios[i], kind, {.at = -1}, "removed", 0, false};
      CURLcode rc = CURLE_AGAIN;
      if (!chosen(&cell) || !is_worth_it(&cell))
        continue;
      for (cell.turns = 1; rc == CURLE_AGAIN && cell.turns < 500; cell.turns++)
        rc = play(&cell);
      CHECK_INT(rc, refusal(&cell));
    }
}

/* ---- no memory ---- */

static CURLcode without_memory(const struct cell *cell, unsigned long (*fail)(unsigned long), unsigned long n,
                               unsigned long *out_tried)
{
  struct world w = {.kind = cell->kind, .first_fd = -1, .last_fd = -1, .other_end = -1};
  struct ledger_totals before = sl_ledger_totals();
  CURLM *m = watched_multi(&w);
  CURL *c = handle(cell, &w);
  fail(n);
  CURLcode rc = run(cell, m, c, &w);
  curl_easy_cleanup(c);
  curl_multi_cleanup(m);
  *out_tried = sl_mem_fail_after(0);
  check_books(cell, &w, before);
  CHECK(rc == CURLE_OK || rc == CURLE_OUT_OF_MEMORY);
  ftp_origin_settle(origin_of(cell));
  CHECK(rc != CURLE_OK || is_complete(cell, &w));
  if (w.other_end >= 0)
    close(w.other_end);
  return rc;
}

static void every_allocation(const struct cell *cell, unsigned long (*fail)(unsigned long))
{
  unsigned long n = 0, tried, failed = test_failed_checks;
  CURLcode rc;
  ftp_origin_script(origin_of(cell), cell->script);
  do
    rc = without_memory(cell, fail, ++n, &tried);
  while (tried >= n && n < ALLOCATIONS && test_failed_checks == failed);
  CHECK_INT(rc, CURLE_OK);
  CHECK(n > 20);
  if (test_failed_checks != failed) {
    char name[128];
    name_cell(cell, name);
    printf("# cell: %s  (allocation %lu, %s)\n", name, n, fail == sl_mem_fail_once ? "alone" : "and all later ones");
  }
}

TEST(every_allocation_fails)
{
  static const enum kind kinds[] = {NO_CALLBACKS, FRESH, REPLACED};
  start();
  FOR_EACH(i, scenarios)
    FOR_EACH(k, kinds) {
      struct cell cell = {&scenarios[i], kinds[k], {.at = -1}, "memory", 0, false};
      if (!chosen(&cell) || !is_worth_it(&cell))
        continue;
      every_allocation(&cell, sl_mem_fail_after);
      every_allocation(&cell, sl_mem_fail_once);
    }
}
