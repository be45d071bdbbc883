/* Random programs on the multi interface, against a model that knows only what every application relies on: one message
 * for each add at most, none and no callback after the removal, the right number of running transfers, each descriptor
 * known to the loop from its ADD to its REMOVE, and balanced books at the end.
 *
 *   property_test [--seconds N] [--sequences N] [--seed N] [--ops TEXT] [--verbose]
 *
 * A sequence that fails is made smaller as long as it fails and printed so that `--seed N --ops TEXT` runs it again. Each
 * sequence runs in a child process, some hundred to one, so that a crash is a failure like any other. */
#include <curl/curl.h>

#include <poll.h>
#include <stdarg.h>
#include <time.h>

#include "gate/ledger.h"
#include "tests/unit/xfer/origin.h"

enum { HANDLES = 6, OPS_MAX = 60, FDS = 1024, BATCH = 100, CHILDREN = 4, QUIET_MS = 3000, PATH_COUNT = 11 };

/* What a program is made of. Letters are what --ops shows; each is followed by its argument, a number. */
static const char op_letters[] = "armpuwsktgdcxbelfo";
/* a add  r remove  m perform  p poll  u pause  w wakeup  s socket_action on events  k socket_action: any descriptor
 * t socket_action: timer  g get messages  d drop idle (MAXCONNECTS)  c cleanup and a new handle  x callbacks misbehave
 * b choose a path  e time-out  l limit on connections  f fresh or forbid reuse  o origin releases what it holds */

struct op {
  char what;
  unsigned char arg;
};

struct handle {
  CURL *easy;
  unsigned number;
  bool added;     /* to the multi handle */
  bool running;   /* added, and no message yet */
  bool told;      /* a message was read since the add */
  bool in_callback;
  unsigned path;
};

struct world {
  CURLM *m;
  struct handle h[HANDLES];
  bool own_loop;       /* socket and timer callbacks are set */
  int what[FDS];       /* what the loop was told; 0: nothing */
  bool open[FDS];
  int due;             /* the timer: -1 none */
  unsigned trouble;    /* what callbacks do: bits */
  unsigned random;
  int depth;           /* of callbacks */
  bool failed;
  char why[256];
};

enum { /* the bits of trouble */
  PAUSE_IN_WRITE = 1,
  FAIL_WRITE = 2,
  ABORT_PROGRESS = 4,
  CALL_FORBIDDEN = 8,
  PAUSE_OTHERS = 16,
  CLEANUP_OTHERS = 32,
  SETOPT = 64,
  REFUSE_SOCKET = 128
};

static struct origin web;
static bool verbose;
static const char *const paths[PATH_COUNT] = {"/b/10",   "/b/100000", "/hold", "/half",    "/close/10", "/bye/10",
                                              "/drop",   "/c/30",     "/b/0",  "/cookie/1", "/refused"};

static unsigned next_random(unsigned *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static unsigned pick(struct world *w, unsigned n)
{
  return next_random(&w->random) % n;
}

__attribute__((format(printf, 3, 4))) static bool expect(struct world *w, bool holds, const char *format, ...)
{
  va_list ap;
  if (holds || w->failed)
    return holds;
  va_start(ap, format);
  vsnprintf(w->why, sizeof w->why, format, ap);
  va_end(ap);
  w->failed = true;
  return false;
}

/* ---- callbacks: what they may do and may not ---- */

static void forbidden(struct world *w, CURL *easy)
{
  int n;
  expect(w, curl_multi_perform(w->m, &n) == CURLM_RECURSIVE_API_CALL, "perform in a callback");
  expect(w, curl_multi_socket_action(w->m, CURL_SOCKET_TIMEOUT, 0, &n) == CURLM_RECURSIVE_API_CALL,
         "socket_action in a callback");
  expect(w, curl_multi_poll(w->m, NULL, 0, 0, &n) == CURLM_RECURSIVE_API_CALL, "poll in a callback");
  expect(w, curl_multi_cleanup(w->m) == CURLM_RECURSIVE_API_CALL, "multi_cleanup in a callback");
  if (easy) {
    expect(w, curl_multi_remove_handle(w->m, easy) == CURLM_RECURSIVE_API_CALL, "remove in a callback");
    expect(w, curl_easy_perform(easy) != CURLE_OK, "easy_perform in a callback");
  }
  for (int i = 0; i < HANDLES; i++)
    expect(w, curl_multi_add_handle(w->m, w->h[i].easy) == CURLM_RECURSIVE_API_CALL, "add in a callback");
}

static CURL *easy_for(struct world *w, unsigned i);

/* In the middle of a callback of `self`, or of the socket callback with no `self`. */
static void misbehave(struct world *w, struct handle *self)
{
  struct handle *other = &w->h[pick(w, HANDLES)];
  double unused;
  if (w->trouble & CALL_FORBIDDEN)
    forbidden(w, self ? self->easy : NULL);
  if (w->trouble & PAUSE_OTHERS)
    curl_easy_pause(other->easy, pick(w, 2) ? CURLPAUSE_CONT : (int)pick(w, 6));
  if (w->trouble & SETOPT) {
    curl_easy_setopt(other->easy, CURLOPT_USERAGENT, "another");
    curl_easy_getinfo(other->easy, CURLINFO_TOTAL_TIME, &unused);
    curl_free(curl_easy_escape(other->easy, "a b", 3));
  }
  if (w->trouble & CLEANUP_OTHERS && self && other != self && !other->in_callback && !pick(w, 3)) {
    curl_easy_cleanup(other->easy); /* it is in the multi handle, perhaps: allowed, if not polite */
    *other = (struct handle){.number = other->number};
    other->easy = easy_for(w, other->number);
  }
}

static bool enter(struct handle *h, struct world **out_w)
{
  struct world *w = *out_w;
  if (!expect(w, h->running, "a callback for handle %u, which has no transfer", h->number))
    return false;
  h->in_callback = true;
  w->depth++;
  misbehave(w, h);
  return true;
}

static void leave(struct handle *h, struct world *w)
{
  h->in_callback = false;
  w->depth--;
}

static struct world *the_world; /* callbacks get their handle */

static size_t on_write(char *data, size_t size, size_t n, void *userdata)
{
  struct handle *h = userdata;
  struct world *w = the_world;
  size_t rc = size * n;
  (void)data;
  if (!enter(h, &w))
    return 0;
  if (w->trouble & PAUSE_IN_WRITE && !pick(w, 3))
    rc = CURL_WRITEFUNC_PAUSE;
  else if (w->trouble & FAIL_WRITE && !pick(w, 4))
    rc = 0;
  leave(h, w);
  return rc;
}

static size_t on_header(char *data, size_t size, size_t n, void *userdata)
{
  struct handle *h = userdata;
  struct world *w = the_world;
  (void)data;
  if (!enter(h, &w))
    return 0;
  size_t rc = w->trouble & PAUSE_IN_WRITE && !pick(w, 12) ? CURL_WRITEFUNC_PAUSE : size * n;
  leave(h, w);
  return rc;
}

static int on_progress(void *userdata, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
  struct handle *h = userdata;
  struct world *w = the_world;
  (void)a, (void)b, (void)c, (void)d;
  if (!enter(h, &w))
    return 1;
  int rc = w->trouble & ABORT_PROGRESS && !pick(w, 8);
  leave(h, w);
  return rc;
}

static curl_socket_t on_open(void *userdata, curlsocktype purpose, struct curl_sockaddr *addr)
{
  struct world *w = the_world;
  struct handle *h = userdata;
  (void)purpose;
  if (!enter(h, &w))
    return CURL_SOCKET_BAD;
  leave(h, w);
  if (w->trouble & REFUSE_SOCKET && !pick(w, 3))
    return CURL_SOCKET_BAD;
  int fd = socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
  if (fd >= 0 && fd < FDS) {
    expect(w, !w->open[fd] && !w->what[fd], "descriptor %d is in use", fd);
    w->open[fd] = true;
  }
  return fd;
}

/* May be called when the handle that opened it is long gone. */
static int on_close(void *userdata, curl_socket_t fd)
{
  struct world *w = userdata;
  expect(w, fd >= 0 && fd < FDS && w->open[fd], "close of %d, which is not open", fd);
  expect(w, !w->what[fd], "close of %d before its REMOVE", fd);
  w->open[fd] = false;
  w->depth++;
  misbehave(w, NULL);
  w->depth--;
  return close(fd);
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *data, void *pointer)
{
  struct world *w = data;
  (void)easy;
  if (!expect(w, fd >= 0 && fd < FDS && w->open[fd], "socket callback for %d, which is not open", fd))
    return 0;
  expect(w, what != w->what[fd] && (what != CURL_POLL_REMOVE || w->what[fd]), "descriptor %d: %d after %d", fd, what,
         w->what[fd]);
  expect(w, (pointer == &w->what[fd]) == (w->what[fd] != 0), "descriptor %d: not its pointer", fd);
  if (!w->what[fd])
    expect(w, curl_multi_assign(w->m, fd, &w->what[fd]) == CURLM_OK, "assign to %d", fd);
  w->what[fd] = what == CURL_POLL_REMOVE ? 0 : what;
  w->depth++;
  misbehave(w, NULL);
  w->depth--;
  return 0;
}

static int on_timer(CURLM *m, long ms, void *data)
{
  struct world *w = data;
  expect(w, m == w->m && ms >= -1, "timer callback: %ld", ms);
  w->due = (int)ms;
  w->depth++;
  misbehave(w, NULL);
  w->depth--;
  return 0;
}

/* ---- operations ---- */

static CURL *easy_for(struct world *w, unsigned i)
{
  struct handle *h = &w->h[i];
  char url[128];
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_URL, origin_url(&web, i % 2, paths[h->path], url));
  curl_easy_setopt(e, CURLOPT_PRIVATE, h);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, h);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, h);
  curl_easy_setopt(e, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(e, CURLOPT_XFERINFODATA, h);
  curl_easy_setopt(e, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, h);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, w);
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 5000L);
  curl_easy_setopt(e, CURLOPT_COOKIEFILE, "");
  return e;
}

static void new_multi(struct world *w)
{
  w->m = curl_multi_init();
  w->due = -1;
  if (!w->own_loop)
    return;
  curl_multi_setopt(w->m, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(w->m, CURLMOPT_SOCKETDATA, w);
  curl_multi_setopt(w->m, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(w->m, CURLMOPT_TIMERDATA, w);
}

static unsigned count_running(const struct world *w)
{
  curl_off_t running = -1;
  curl_multi_get_offt(w->m, CURLMINFO_XFERS_RUNNING, &running);
  return (unsigned)running;
}

/* What curl_multi_info_read() says has to be what the model knows. */
static void get_messages(struct world *w)
{
  CURLMsg *msg;
  int left;
  while ((msg = curl_multi_info_read(w->m, &left))) {
    struct handle *h = NULL;
    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&h);
    if (!expect(w, h && msg->easy_handle == h->easy, "a message for an unknown handle"))
      return;
    expect(w, msg->msg == CURLMSG_DONE, "message %d", (int)msg->msg);
    expect(w, h->added && !h->told, "a message too many for handle %u", h->number);
    if (verbose)
      printf("#   handle %u: %s\n", h->number, curl_easy_strerror(msg->data.result));
    h->told = true;
    h->running = false;
  }
}

static void check_numbers(struct world *w, int reported)
{
  unsigned added = 0, maybe = 0;
  for (int i = 0; i < HANDLES; i++) {
    added += w->h[i].added;
    maybe += w->h[i].running; /* those whose message is unread are in here */
  }
  unsigned running = count_running(w);
  expect(w, running <= maybe, "%u running, but %u can be", running, maybe);
  if (reported >= 0)
    expect(w, (unsigned)reported == running, "perform says %d, get_offt %u", reported, running);
  CURL **all = curl_multi_get_handles(w->m);
  unsigned n = 0;
  while (all && all[n])
    n++;
  curl_free(all);
  expect(w, n == added, "%u handles in the multi handle, not %u", n, added);
}

static void socket_events(struct world *w)
{
  struct pollfd fds[64];
  int n = 0, running;
  for (int fd = 0; fd < FDS && n < 64; fd++)
    if (w->what[fd])
      fds[n++] = (struct pollfd){fd, (short)((w->what[fd] & CURL_POLL_IN ? POLLIN : 0) | (w->what[fd] & CURL_POLL_OUT ? POLLOUT : 0)), 0};
  if (poll(fds, (nfds_t)n, 1) > 0)
    for (int i = 0; i < n; i++)
      if (fds[i].revents)
        curl_multi_socket_action(w->m, fds[i].fd,
                                 (fds[i].revents & POLLIN ? CURL_CSELECT_IN : 0) |
                                     (fds[i].revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
                                     (fds[i].revents & (POLLERR | POLLHUP) ? CURL_CSELECT_ERR : 0),
                                 &running);
  if (w->due >= 0)
    curl_multi_socket_action(w->m, CURL_SOCKET_TIMEOUT, 0, &running);
}

static void add_or_remove(struct world *w, struct handle *h, bool add)
{
  CURLMcode rc;
  if (add) {
    rc = curl_multi_add_handle(w->m, h->easy);
    expect(w, rc == (h->added ? CURLM_ADDED_ALREADY : CURLM_OK), "add: %d", rc);
    if (!h->added)
      h->added = h->running = true, h->told = false;
  } else {
    h->running = false; /* from here on no callback */
    rc = curl_multi_remove_handle(w->m, h->easy);
    expect(w, rc == CURLM_OK, "remove: %d", rc);
    h->added = h->running = h->told = false;
  }
}

static void clean_up_one(struct world *w, struct handle *h)
{
  h->added = h->running = h->told = false;
  curl_easy_cleanup(h->easy);
  h->easy = easy_for(w, h->number);
}

static void set_up_again(struct world *w)
{
  for (int i = 0; i < HANDLES; i++)
    w->h[i].added = w->h[i].running = w->h[i].told = false;
  expect(w, curl_multi_cleanup(w->m) == CURLM_OK, "multi_cleanup");
  for (int fd = 0; fd < FDS; fd++)
    expect(w, !w->what[fd] && !w->open[fd], "descriptor %d is left after curl_multi_cleanup", fd);
  new_multi(w);
}

static void run_op(struct world *w, struct op op)
{
  struct handle *h = &w->h[op.arg % HANDLES];
  unsigned x = op.arg / HANDLES;
  int n = -1;
  char url[128];
  switch (op.what) {
  case 'a':
    add_or_remove(w, h, true);
    break;
  case 'r':
    add_or_remove(w, h, false);
    break;
  case 'm':
    expect(w, curl_multi_perform(w->m, &n) == CURLM_OK, "perform");
    break;
  case 'p':
    expect(w, curl_multi_poll(w->m, NULL, 0, (int)(op.arg % 2), NULL) == CURLM_OK, "poll");
    expect(w, curl_multi_perform(w->m, &n) == CURLM_OK, "perform");
    break;
  case 'u':
    curl_easy_pause(h->easy, (int)(x % 6)); /* BAD_FUNCTION_ARGUMENT when nothing runs */
    break;
  case 'w':
    curl_multi_wakeup(w->m);
    break;
  case 's':
    socket_events(w);
    break;
  case 'k':
    curl_multi_socket_action(w->m, op.arg, (int)(x % 8), &n);
    break;
  case 't':
    expect(w, curl_multi_socket_action(w->m, CURL_SOCKET_TIMEOUT, 0, &n) == CURLM_OK, "timer");
    break;
  case 'g':
    get_messages(w);
    break;
  case 'd':
    curl_multi_setopt(w->m, CURLMOPT_MAXCONNECTS, (long)(op.arg % 4));
    break;
  case 'c':
    if (op.arg % 4)
      clean_up_one(w, h);
    else
      set_up_again(w);
    break;
  case 'x':
    w->trouble = op.arg;
    break;
  case 'b':
    h->path = x % PATH_COUNT;
    if (h->path == PATH_COUNT - 1)
      curl_easy_setopt(h->easy, CURLOPT_URL, "http://127.0.0.1:1/");
    else
      curl_easy_setopt(h->easy, CURLOPT_URL, origin_url(&web, x % 2, paths[h->path], url));
    break;
  case 'e':
    curl_easy_setopt(h->easy, CURLOPT_TIMEOUT_MS, (long)(1 + x % 7));
    break;
  case 'l':
    curl_multi_setopt(w->m, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)(op.arg % 4));
    break;
  case 'f':
    curl_easy_setopt(h->easy, x & 1 ? CURLOPT_FRESH_CONNECT : CURLOPT_FORBID_REUSE, (long)(x >> 1 & 1));
    break;
  default:
    origin_release(&web);
  }
  check_numbers(w, n);
}

/* When callbacks behave again, all that is held is released and nothing is paused, every transfer comes to an end. */
static void let_it_end(struct world *w)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  time_t end = t.tv_sec + QUIET_MS / 1000;
  w->trouble = 0;
  curl_multi_setopt(w->m, CURLMOPT_MAX_TOTAL_CONNECTIONS, 0L);
  for (int round = 0; count_running(w) && !w->failed && t.tv_sec <= end; round++) {
    for (int i = 0; i < HANDLES && round % 8 == 0; i++)
      curl_easy_pause(w->h[i].easy, CURLPAUSE_CONT);
    if (round % 4 == 0)
      origin_release(&web);
    if (w->own_loop)
      socket_events(w);
    run_op(w, (struct op){'p', 1});
    clock_gettime(CLOCK_MONOTONIC, &t);
  }
  expect(w, !count_running(w), "%u transfers do not end", count_running(w));
  get_messages(w);
  for (int i = 0; i < HANDLES; i++)
    expect(w, !w->h[i].added || w->h[i].told, "no message for handle %d", i);
}

static bool run_sequence(unsigned seed, const struct op *ops, int n, char *why, size_t why_size)
{
  struct world *w = calloc(1, sizeof *w);
  if (!w)
    return false;
  the_world = w;
  w->random = seed;
  w->own_loop = seed & 1;
  new_multi(w);
  for (unsigned i = 0; i < HANDLES; i++) {
    w->h[i].number = i;
    w->h[i].easy = easy_for(w, i);
  }
  for (int i = 0; i < n && !w->failed; i++) {
    if (verbose)
      printf("# %c%d\n", ops[i].what, ops[i].arg);
    run_op(w, ops[i]);
  }
  if (!w->failed && !(seed & 6)) /* the others end in the middle of things */
    let_it_end(w);
  bool multi_first = seed & 8;
  if (multi_first)
    set_up_again(w);
  for (int i = 0; i < HANDLES; i++) {
    w->h[i].added = w->h[i].running = false;
    curl_easy_cleanup(w->h[i].easy);
    w->h[i].easy = NULL;
  }
  w->trouble &= ~(unsigned)(PAUSE_OTHERS | CLEANUP_OTHERS | SETOPT | CALL_FORBIDDEN);
  set_up_again(w);
  curl_multi_cleanup(w->m);
  struct ledger_totals t = sl_ledger_totals();
  expect(w, t.opened == t.closed, "%lu descriptors opened, %lu closed", t.opened, t.closed);
  snprintf(why, why_size, "%s", w->why);
  bool passed = !w->failed;
  free(w);
  return passed;
}

/* ---- making, running, shrinking ---- */

static int make_sequence(unsigned seed, struct op *ops)
{
  /* the frequent ones several times */
  static const char choice[] = "aaaaaaarrrmmmpppppuuwssssskttggdcxxbbbbelfoo";
  unsigned state = seed * 2654435761u + 1;
  int n = 5 + (int)(next_random(&state) % (OPS_MAX - 5));
  for (int i = 0; i < n; i++)
    ops[i] = (struct op){choice[next_random(&state) % (sizeof choice - 1)], (unsigned char)next_random(&state)};
  return n;
}

/* In a child of its own: whether it fails there, by a crash as well. Its output is kept silent. */
static bool fails_alone(unsigned seed, const struct op *ops, int n)
{
  int status;
  char why[256];
  fflush(NULL);
  pid_t pid = fork();
  if (!pid) {
    if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
      _exit(3);
    alarm(20);
    _exit(run_sequence(seed, ops, n, why, sizeof why) ? 0 : 1);
  }
  waitpid(pid, &status, 0);
  return status != 0;
}

static int shrink(unsigned seed, struct op *ops, int n)
{
  struct op fewer[OPS_MAX];
  for (int size = n / 2; size; size /= 2)
    for (int at = 0; at + size <= n;) {
      memcpy(fewer, ops, (size_t)at * sizeof *ops);
      memcpy(fewer + at, ops + at + size, (size_t)(n - at - size) * sizeof *ops);
      if (fails_alone(seed, fewer, n - size)) {
        n -= size;
        memcpy(ops, fewer, (size_t)n * sizeof *ops);
      } else {
        at += size;
      }
    }
  return n;
}

static void print_ops(unsigned seed, const struct op *ops, int n)
{
  printf("--seed %u --ops \"", seed);
  for (int i = 0; i < n; i++)
    printf("%s%c%d", i ? " " : "", ops[i].what, ops[i].arg);
  printf("\"\n");
}

static void report(unsigned seed)
{
  struct op ops[OPS_MAX];
  int n = make_sequence(seed, ops);
  printf("# seed %u fails; making it smaller\n", seed);
  if (!fails_alone(seed, ops, n)) {
    printf("# ... but not alone: --seed %u --sequences %d\n", seed, BATCH);
    return;
  }
  n = shrink(seed, ops, n);
  printf("not ok: property_test ");
  print_ops(seed, ops, n);
}

/* The seeds from `seed` on in a child, which says in *at how far it got. */
static pid_t start_batch(unsigned seed, unsigned n, atomic_uint *at)
{
  fflush(NULL);
  pid_t pid = fork();
  if (pid)
    return pid;
  for (unsigned i = 0; i < n; i++) {
    struct op ops[OPS_MAX];
    char why[256];
    atomic_store(at, seed + i);
    alarm(20);
    int count = make_sequence(seed + i, ops);
    if (!run_sequence(seed + i, ops, count, why, sizeof why)) {
      printf("# seed %u: %s\n", seed + i, why);
      fflush(stdout);
      _exit(1);
    }
  }
  exit(0); /* not _exit(): a leak check takes place here */
}

/* Some children at a time, for most of the time is waiting. Returns the seed that failed, or -1. */
static long run_all(unsigned seed, unsigned sequences, unsigned seconds, atomic_uint *at, unsigned *out_done)
{
  pid_t pids[CHILDREN] = {0};
  time_t end = time(NULL) + (time_t)seconds;
  unsigned started = 0, busy = 0;
  long bad = -1;
  do {
    for (int i = 0; i < CHILDREN && bad < 0 && (sequences ? started < sequences : time(NULL) < end); i++) {
      if (pids[i])
        continue;
      pids[i] = start_batch(seed + started, BATCH, &at[i]);
      started += BATCH;
      busy++;
    }
    int status;
    pid_t pid = busy ? waitpid(-1, &status, 0) : 0;
    for (int i = 0; i < CHILDREN && pid > 0; i++) {
      if (pids[i] != pid)
        continue;
      pids[i] = 0;
      busy--;
      if (status && bad < 0)
        bad = (long)atomic_load(&at[i]);
    }
  } while (busy);
  *out_done = started;
  return bad;
}

static int run_one(unsigned seed, const char *text)
{
  struct op ops[OPS_MAX];
  char why[256] = "";
  int n = 0, used;
  char what;
  unsigned arg;
  if (!text)
    n = make_sequence(seed, ops);
  else
    for (; n < OPS_MAX && sscanf(text, " %c%u%n", &what, &arg, &used) == 2 && strchr(op_letters, what); text += used)
      ops[n++] = (struct op){what, (unsigned char)arg};
  bool passed = run_sequence(seed, ops, n, why, sizeof why);
  printf("%s %s\n", passed ? "ok" : "not ok:", why);
  return passed ? 0 : 1;
}

int main(int argc, char **argv)
{
  unsigned seed = 1, sequences = 0, seconds = 10;
  bool one = false;
  const char *ops = NULL;
  for (int i = 1; i < argc; i++) {
    bool more = i + 1 < argc;
    if (!strcmp(argv[i], "--seconds") && more)
      seconds = (unsigned)strtoul(argv[++i], NULL, 10);
    else if (!strcmp(argv[i], "--sequences") && more)
      sequences = (unsigned)strtoul(argv[++i], NULL, 10);
    else if (!strcmp(argv[i], "--seed") && more)
      seed = (unsigned)strtoul(argv[++i], NULL, 10), one = true;
    else if (!strcmp(argv[i], "--ops") && more)
      ops = argv[++i];
    else if (!strcmp(argv[i], "--verbose"))
      verbose = true;
    else
      return fprintf(stderr, "usage: property_test [--seconds N] [--sequences N] [--seed N] [--ops TEXT] [--verbose]\n"), 2;
  }
  setvbuf(stdout, NULL, _IOLBF, 0);
  sl_ledger_strict(true);
  atomic_uint *at = mmap(NULL, CHILDREN * sizeof *at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED || !origin_start(&web, 2))
    return fprintf(stderr, "the web server does not start\n"), 1;
  int rc = 0;
  if (one && !sequences) {
    rc = run_one(seed, ops);
  } else {
    unsigned done;
    long bad = run_all(seed, sequences, seconds, at, &done);
    if (bad >= 0)
      report((unsigned)bad);
    rc = bad >= 0;
    printf("%s property (%u sequences)\n", rc ? "not ok" : "ok", done);
  }
  origin_stop(&web);
  munmap(at, CHILDREN * sizeof *at);
  return rc;
}
