/* The client's side of the socket broker; see broker.h.
 *
 * A process has a channel of its own to its broker, which it gets at the door: processes that share a socket would take
 * each other's answers. The door is shared with the children and whoever else inherits it; one at a time asks there
 * (fcntl(2) locks go by process, and with it). Threads take turns on the channel. */
#include "gate/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "gate/broker_msg.h"
#include "gate/broker_process.h"
#include "sys/clock.h"
#include "sys/thread.h"

enum { PATIENCE_MS = 5000, SLOTS = 64 };

enum state { NEVER, LIVE, DEAD, STOPPED }; /* DEAD: it has ended by itself, and its owner still has to stop it */

struct broker {
  struct mutex turn;
  _Atomic int state; /* enum state */
  int door, channel; /* -1: not there, or not yet */
  pid_t pid;
  uint64_t first_id;
  uint32_t last_id;
};

/* The last slot is the process's own; of the others the one that was used longest ago is used next. */
static struct broker brokers[SLOTS + 1];
static struct broker *const own = &brokers[SLOTS];
static unsigned next_slot;
static struct mutex table = MUTEX_INIT;
static _Atomic bool any, own_there; /* has there ever been one; is the process's there */
static curl_opensocket_callback our_callback;

static int state_of(const struct broker *b)
{
  return atomic_load_explicit(&b->state, memory_order_acquire);
}

/* ---- beginning and end ---- */

/* The parent's channel is not the child's, and who held a turn there is not here. */
static void in_child(void)
{
  sl_mutex_init(&table);
  for (struct broker *b = brokers; b <= own; b++) {
    if (state_of(b) == NEVER)
      continue;
    sl_mutex_init(&b->turn);
    if (b->channel >= 0)
      close(b->channel);
    b->channel = -1;
  }
}

static void watch_forks(void)
{
  static bool watched;
  if (!watched)
    watched = !pthread_atfork(NULL, NULL, in_child);
}

static void begin(struct broker *b, int door, pid_t pid)
{
  if (state_of(b) == NEVER)
    sl_mutex_init(&b->turn);
  sl_mutex_lock(&b->turn);
  b->door = door;
  b->channel = -1;
  b->pid = pid;
  atomic_store_explicit(&b->state, LIVE, memory_order_release);
  sl_mutex_unlock(&b->turn);
  atomic_store_explicit(&any, true, memory_order_release);
}

static void close_both(struct broker *b)
{
  if (b->channel >= 0)
    close(b->channel);
  if (b->door >= 0)
    close(b->door);
  b->channel = b->door = -1;
  b->pid = -1;
}

int sl_broker_start(const struct policy *policy, curl_opensocket_callback callback, struct broker **out_broker)
{
  struct broker *b = NULL;
  int door, err = EMFILE;
  pid_t pid;
  sl_mutex_lock(&table);
  watch_forks();
  for (int i = 0; i < SLOTS && !b; i++, next_slot = (next_slot + 1) % SLOTS)
    if (state_of(&brokers[next_slot]) == NEVER || state_of(&brokers[next_slot]) == STOPPED)
      b = &brokers[next_slot];
  if (b)
    err = sl_broker_spawn(policy, &door, &pid);
  if (!err) {
    our_callback = callback;
    begin(b, door, pid);
    *out_broker = b;
  }
  sl_mutex_unlock(&table);
  return err;
}

void sl_broker_stop(struct broker *b)
{
  sl_mutex_lock(&b->turn);
  atomic_store_explicit(&b->state, STOPPED, memory_order_release);
  close_both(b);
  sl_mutex_unlock(&b->turn);
}

/* The number may have become something else's since it was told. */
static bool is_door(int fd)
{
  int domain = 0, type = 0;
  socklen_t len = sizeof domain, type_len = sizeof type;
  return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) && domain == AF_UNIX &&
         !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) && type == SOCK_SEQPACKET;
}

bool sl_broker_adopt(const char *number)
{
  int64_t fd = -1;
  sl_mutex_lock(&table);
  if (own_there && own->channel >= 0)
    close(own->channel);
  own_there = false;
  own->channel = -1;
  bool ok = number && sl_num_parse(slice_str(number), INT32_MAX, &fd) && is_door((int)fd);
  if (ok) {
    watch_forks();
    begin(own, (int)fd, -1);
    own_there = true;
  }
  sl_mutex_unlock(&table);
  return ok || !number;
}

/* ---- which one ---- */

struct broker *sl_broker_known(const void *pointer)
{
  uintptr_t at = (uintptr_t)pointer, first = (uintptr_t)brokers;
  if (at < first || at >= first + sizeof brokers || (at - first) % sizeof *brokers)
    return NULL;
  struct broker *b = &brokers[(at - first) / sizeof *brokers];
  return state_of(b) == NEVER ? NULL : b;
}

struct broker *sl_broker_of(const struct gate_config *c, bool asked)
{
  if (!atomic_load_explicit(&any, memory_order_acquire))
    return NULL;
  struct broker *b = c->opensocketfunction ? sl_broker_known(c->opensocketdata) : NULL;
  if (b || (c->opensocketfunction && asked))
    return b;
  return atomic_load_explicit(&own_there, memory_order_acquire) ? own : NULL;
}

bool sl_broker_opens(const struct gate_config *c)
{
  return sl_broker_of(c, true) && (!c->opensocketfunction || c->opensocketfunction == our_callback);
}

pid_t sl_broker_pid(const struct broker *b)
{
  return state_of(b) == LIVE ? b->pid : -1;
}

int sl_broker_fd(const struct broker *b)
{
  return state_of(b) == LIVE ? b->door : -1;
}

/* ---- one round trip ---- */

static int until(int64_t end_us)
{
  int64_t left_us = end_us - sl_clock_now_us();
  return left_us > 0 ? (int)(left_us / 1000) + 1 : 0;
}

/* 0, or an errno. */
static int await(int sock, short events, int64_t end_us)
{
  struct pollfd p = {.fd = sock, .events = events};
  for (;;) {
    int n = poll(&p, 1, until(end_us));
    if (n > 0)
      return 0;
    if (!n)
      return ETIMEDOUT;
    if (errno != EINTR)
      return errno;
  }
}

/* Answers to somebody who did not wait for them are thrown away. A channel waits by itself, which saves a system call
 * (SO_RCVTIMEO); where that does not settle it, and at the door, the time that is left counts. */
static int hear(int sock, int flags, uint64_t id, int64_t end_us, struct broker_reply *r, int *out_fd)
{
  for (;; flags = MSG_DONTWAIT) {
    int fd = -1, err = flags ? await(sock, POLLIN, end_us) : 0;
    if (err)
      return err;
    ssize_t n = sl_broker_receive(sock, flags, r, sizeof *r, &fd);
    if (n == (ssize_t)sizeof *r && r->id == id && r->magic == BROKER_MAGIC && r->version == BROKER_VERSION) {
      *out_fd = fd;
      return 0;
    }
    if (fd >= 0)
      close(fd);
    if (!n)
      return EOWNERDEAD;
    if (n < 0 && errno != EAGAIN && errno != EINTR)
      return errno == ECONNRESET ? EOWNERDEAD : errno;
  }
}

static int exchange(struct broker *b, int sock, int flags, struct broker_request *q, int fd, int64_t end_us,
                    struct broker_reply *r, int *out_fd)
{
  q->magic = BROKER_MAGIC;
  q->version = BROKER_VERSION;
  q->id = b->first_id + ++b->last_id;
  while (!sl_broker_send(sock, q, sizeof *q, fd)) {
    int err = errno == EAGAIN ? await(sock, POLLOUT, end_us) : errno;
    if (err)
      return err == EPIPE || err == ECONNRESET ? EOWNERDEAD : err;
  }
  return hear(sock, flags, q->id, end_us, r, out_fd);
}

/* Another process may be at the door; if it stays there, somebody has stopped it. */
static int lock_door(int door, int64_t end_us)
{
  static const struct timespec moment = {.tv_nsec = 1000000};
  struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
  while (fcntl(door, F_SETLK, &lock)) {
    if (errno != EAGAIN && errno != EACCES && errno != EINTR)
      return errno;
    if (!until(end_us))
      return ETIMEDOUT;
    nanosleep(&moment, NULL);
  }
  return 0;
}

static int join(struct broker *b, int64_t end_us)
{
  struct broker_request q = {.op = BROKER_JOIN};
  struct broker_reply r;
  const struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
  struct flock unlock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
  int fd = -1, err = is_door(b->door) ? lock_door(b->door, end_us) : EOWNERDEAD;
  if (err)
    return err;
  b->first_id = (uint64_t)getpid() << 32; /* another's answer may lie at the door */
  err = exchange(b, b->door, MSG_DONTWAIT, &q, -1, end_us, &r, &fd);
  fcntl(b->door, F_SETLK, &unlock);
  if (!err && fd < 0)
    err = r.err ? r.err : EPROTO;
  if (!err && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience))
    err = errno;
  if (!err)
    b->channel = fd;
  else if (fd >= 0)
    close(fd);
  return err;
}

static int with_turn(struct broker *b, struct broker_request *q, int fd, int64_t end_us, struct broker_reply *r,
                     int *out_fd)
{
  if (state_of(b) != LIVE)
    return EOWNERDEAD;
  int err = b->channel < 0 ? join(b, end_us) : 0;
  bool whole = until(end_us) > PATIENCE_MS - PATIENCE_MS / 20; /* little of the time has gone by */
  if (!err)
    err = exchange(b, b->channel, whole ? 0 : MSG_DONTWAIT, q, fd, end_us, r, out_fd);
  if (err == EOWNERDEAD) /* the next ones need not ask; door and pid are for sl_broker_stop() */
    atomic_store_explicit(&b->state, DEAD, memory_order_release);
  return err;
}

static void say(const struct gate_ask *ask, const char *what, const char *more)
{
  if (ask->error && !ask->error->n)
    sl_buf_printf(ask->error, "%s%s", what, more);
}

static void say_refused(const struct gate_ask *ask, const struct broker_reply *r)
{
  char place[SL_GATE_PLACE], line[32] = "", text[512];
  if (!ask->error || ask->error->n)
    return;
  sl_gate_place(&r->addr, place);
  if (r->line)
    snprintf(line, sizeof line, " line %u", r->line);
  snprintf(text, sizeof text, "The broker's policy refused %s (%.*s), policy%s: %.*s", place, BROKER_CLASS_MAX - 1,
           r->class_name, line, BROKER_RULE_MAX - 1, r->rule);
  text[CURL_ERROR_SIZE - 1] = 0;
  sl_buf_str(ask->error, text);
}

/* 0, or -1 with errno set. */
static int talk(struct broker *b, const struct gate_ask *ask, struct broker_request *q, int fd,
                struct broker_reply *r, int *out_fd)
{
  int64_t end_us = sl_clock_now_us() + PATIENCE_MS * INT64_C(1000);
  size_t n = ask->scheme.n < BROKER_SCHEME_MAX ? ask->scheme.n : BROKER_SCHEME_MAX - 1;
  int err = ETIMEDOUT;
  q->purpose = (uint8_t)ask->purpose;
  if (n)
    memcpy(q->scheme, ask->scheme.p, n);
  *out_fd = -1;
  if (sl_mutex_lock_for(&b->turn, PATIENCE_MS)) {
    err = with_turn(b, q, fd, end_us, r, out_fd);
    sl_mutex_unlock(&b->turn);
  }
  if (err == EOWNERDEAD)
    say(ask, "the socket broker has ended", "");
  else if (err == ETIMEDOUT)
    say(ask, "the socket broker does not answer", "");
  else if (err)
    say(ask, "cannot talk to the socket broker: ", strerror(err));
  else if (r->refused)
    say_refused(ask, r);
  if (!err)
    err = r->err;
  errno = err;
  return err ? -1 : 0;
}

static struct broker_request request(enum broker_op op, const struct gate_addr *addr)
{
  struct broker_request q = {.op = (uint8_t)op};
  if (addr)
    q.addr = *addr;
  return q;
}

/* ---- the system calls ---- */

static int open_by(struct broker *b, const struct gate_ask *ask, enum broker_op op, const struct gate_addr *addr,
                   bool *out_dialled)
{
  struct broker_request q = request(op, addr);
  struct broker_reply r;
  int fd;
  if (talk(b, ask, &q, -1, &r, &fd))
    return -1;
  errno = EPROTO; /* for when there is none */
  *out_dialled = r.dialled;
  return fd;
}

int sl_broker_socket(struct broker *b, const struct gate_ask *ask, const struct gate_addr *addr)
{
  bool dialled;
  return open_by(b, ask, BROKER_SOCKET, addr, &dialled);
}

int sl_broker_dial(struct broker *b, const struct gate_ask *ask, const struct gate_addr *addr, bool *out_dialled)
{
  return open_by(b, ask, BROKER_DIAL, addr, out_dialled);
}

/* What is done to a descriptor and gives none. */
static int done_to(struct broker *b, const struct gate_ask *ask, enum broker_op op, int fd,
                   const struct gate_addr *addr)
{
  struct broker_request q = request(op, addr);
  struct broker_reply r;
  int none, rc = talk(b, ask, &q, fd, &r, &none);
  if (none >= 0)
    close(none);
  return rc;
}

int sl_broker_connect(struct broker *b, const struct gate_ask *ask, int fd, const struct gate_addr *addr)
{
  return done_to(b, ask, BROKER_CONNECT, fd, addr);
}

int sl_broker_bind(struct broker *b, const struct gate_ask *ask, int fd, const struct gate_addr *addr)
{
  return done_to(b, ask, BROKER_BIND, fd, addr);
}

int sl_broker_listen(struct broker *b, const struct gate_ask *ask, int fd)
{
  return done_to(b, ask, BROKER_LISTEN, fd, NULL);
}

int sl_broker_accept(struct broker *b, const struct gate_ask *ask, int fd, struct sockaddr *peer, socklen_t *len)
{
  struct broker_request q = request(BROKER_ACCEPT, NULL);
  struct broker_reply r;
  int accepted;
  if (talk(b, ask, &q, fd, &r, &accepted))
    return -1;
  errno = EPROTO;
  socklen_t n = r.addr.len < sizeof r.addr.u ? r.addr.len : (socklen_t)sizeof r.addr.u;
  memcpy(peer, &r.addr.u, n < *len ? n : *len);
  *len = n;
  return accepted;
}
