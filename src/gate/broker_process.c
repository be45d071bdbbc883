/* The socket broker's process: it does, for clients that may not, what gate.c does for itself, and asks its own policy
 * first. One thread, one poll(), nothing kept but the channels; it ends with the last client.
 *
 * It comes out of a process that may have threads, in the middle of whatever they are doing. So its code takes no lock
 * and leaves the C library's memory and streams alone: what it must allocate (to read which addresses are this host's
 * own) lies in a room of its own that is empty again after each question. Beside gate.c this is the one file that may
 * call socket(2) and its relatives. */
#include "gate/broker_process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "gate/broker_msg.h"
#include "gate/guard.h"

enum {
  CHANNELS_MAX = 1023, /* processes that are clients of one broker */
  HELLO_MS = 5000,
  BACKLOG = 1,
  ROOM_BYTES = 16 << 20, /* of addresses; the system gives what is touched */
  ROOM_KEPT = 1 << 20,
  ROOM_ALIGN = 16
};

struct seat {
  const struct policy *policy;
  nfds_t n; /* of polls; the first one is the door */
  struct pollfd polls[1 + CHANNELS_MAX];
};

/* ---- memory that is not the C library's ---- */

static struct {
  char *base;
  size_t used;
} room;

struct room_head {
  size_t n;
  char pad[ROOM_ALIGN - sizeof(size_t)];
};

static void *room_malloc(size_t n)
{
  size_t left = ROOM_BYTES - room.used; /* a multiple of ROOM_ALIGN, as all is here */
  if (!room.base || left < sizeof(struct room_head) || n > left - sizeof(struct room_head))
    return NULL;
  struct room_head *head = (void *)(room.base + room.used);
  head->n = n;
  room.used += sizeof *head + (n + ROOM_ALIGN - 1) / ROOM_ALIGN * ROOM_ALIGN;
  return head + 1;
}

static void *room_calloc(size_t count, size_t size)
{
  if (size && count > ROOM_BYTES / size)
    return NULL;
  void *p = room_malloc(count * size);
  if (p)
    memset(p, 0, count * size);
  return p;
}

static void *room_realloc(void *old, size_t n)
{
  void *p = room_malloc(n);
  if (p && old) {
    size_t had = ((struct room_head *)old)[-1].n;
    memcpy(p, old, had < n ? had : n);
  }
  return p;
}

static char *room_strdup(const char *text)
{
  size_t n = strlen(text) + 1;
  char *p = room_malloc(n);
  if (p)
    memcpy(p, text, n);
  return p;
}

static void room_free(void *p)
{
  (void)p;
}

static void room_init(void)
{
  void *p = mmap(NULL, ROOM_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  room.base = p == MAP_FAILED ? NULL : p;
  room.used = 0;
  sl_mem_set_hooks(&(struct sl_mem_hooks){room_malloc, room_free, room_realloc, room_strdup, room_calloc});
}

static void room_clear(void)
{
  if (room.used > ROOM_KEPT)
    madvise(room.base, ROOM_BYTES, MADV_DONTNEED);
  room.used = 0;
}

/* ---- the policy ---- */

static void copy_text(char *dst, size_t cap, const char *src)
{
  size_t n = src ? strlen(src) : 0;
  n = n < cap ? n : cap - 1;
  if (n)
    memcpy(dst, src, n);
  dst[n] = 0;
}

static bool allowed(const struct seat *s, const struct broker_request *q, enum gate_purpose purpose,
                    const struct gate_addr *addr, struct broker_reply *r)
{
  struct policy_verdict v;
  const struct gate_ask ask = {.purpose = purpose, .scheme = slice_str(q->scheme)};
  if (!s->policy)
    return true;
  sl_guard_ask(s->policy, &ask, addr, &v);
  room_clear();
  if (v.allow)
    return true;
  r->err = EACCES;
  r->refused = 1;
  r->addr = *addr;
  r->line = v.line;
  copy_text(r->class_name, sizeof r->class_name, v.class_name);
  copy_text(r->rule, sizeof r->rule, v.rule);
  return false;
}

/* ---- the system calls ---- */

static bool get_number(int fd, int name, int *out)
{
  socklen_t len = sizeof *out;
  return !getsockopt(fd, SOL_SOCKET, name, out, &len);
}

/* Of a descriptor that somebody sent: what the kernel says that it is, not what its sender says. It must not make us
 * wait. */
static bool examine(int fd, struct gate_addr *out_kind)
{
  int flags = fcntl(fd, F_GETFL);
  return flags >= 0 && flags & O_NONBLOCK && get_number(fd, SO_DOMAIN, &out_kind->family) &&
         get_number(fd, SO_TYPE, &out_kind->socktype) && get_number(fd, SO_PROTOCOL, &out_kind->protocol) &&
         sl_broker_kind(out_kind->family, out_kind->socktype, out_kind->protocol);
}

static int failed(struct broker_reply *r, int err)
{
  r->err = err;
  return -1;
}

static int do_socket(const struct seat *s, const struct broker_request *q, struct broker_reply *r)
{
  const struct gate_addr *a = &q->addr;
  if (!allowed(s, q, (enum gate_purpose)q->purpose, a, r))
    return -1;
  int fd = socket(a->family, a->socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->protocol);
  if (fd < 0)
    return failed(r, errno);
  if (q->op == BROKER_DIAL)
    r->dialled = !connect(fd, &a->u.sa, a->len) || errno == EINPROGRESS;
  return fd;
}

/* connect() or bind(). Where a connection comes from is no question to a policy; where it goes and who may come in is. */
static int do_address(const struct seat *s, struct broker_request *q, int fd, const struct gate_addr *kind,
                      struct broker_reply *r)
{
  bool connects = q->op == BROKER_CONNECT, judged = connects || q->purpose == GATE_FTP_LISTEN;
  if (q->addr.family != kind->family)
    return failed(r, EAFNOSUPPORT);
  q->addr.socktype = kind->socktype;
  if (judged && !allowed(s, q, (enum gate_purpose)q->purpose, &q->addr, r))
    return -1;
  if (connects ? connect(fd, &q->addr.u.sa, q->addr.len) : bind(fd, &q->addr.u.sa, q->addr.len))
    r->err = errno;
  return -1;
}

/* Judged by where it really is bound to, whatever purpose bind() was asked for with. */
static int do_listen(const struct seat *s, const struct broker_request *q, int fd, const struct gate_addr *kind,
                     struct broker_reply *r)
{
  struct gate_addr local = *kind;
  socklen_t len = sizeof local.u;
  if (kind->family == AF_UNIX || kind->socktype != SOCK_STREAM)
    return failed(r, EOPNOTSUPP);
  if (getsockname(fd, &local.u.sa, &len))
    return failed(r, errno);
  local.len = len;
  if (allowed(s, q, GATE_FTP_LISTEN, &local, r) && listen(fd, BACKLOG))
    r->err = errno;
  return -1;
}

static int do_accept(const struct seat *s, const struct broker_request *q, int fd, const struct gate_addr *kind,
                     struct broker_reply *r)
{
  struct gate_addr peer = *kind;
  socklen_t len = sizeof peer.u;
  if (kind->family == AF_UNIX || kind->socktype != SOCK_STREAM)
    return failed(r, EOPNOTSUPP);
  int accepted = accept4(fd, &peer.u.sa, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (accepted < 0)
    return failed(r, errno);
  peer.len = len;
  r->addr = peer;
  if (allowed(s, q, GATE_ACCEPT, &peer, r))
    return accepted;
  close(accepted);
  return -1;
}

/* ---- requests ---- */

static int do_join(struct seat *s, struct broker_reply *r)
{
  int pair[2];
  if (s->n > CHANNELS_MAX)
    return failed(r, EMFILE);
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
    return failed(r, errno);
  s->polls[s->n++] = (struct pollfd){.fd = pair[0], .events = POLLIN};
  r->pid = getpid();
  return pair[1];
}

/* The descriptor to send, -1: none. */
static int act(struct seat *s, struct broker_request *q, int fd, struct broker_reply *r)
{
  struct gate_addr kind = {0};
  if (q->op == BROKER_JOIN)
    return do_join(s, r);
  if (q->op == BROKER_SOCKET || q->op == BROKER_DIAL)
    return do_socket(s, q, r);
  if (!examine(fd, &kind))
    return failed(r, ENOTSOCK);
  switch (q->op) {
  case BROKER_CONNECT:
  case BROKER_BIND:
    return do_address(s, q, fd, &kind, r);
  case BROKER_LISTEN:
    return do_listen(s, q, fd, &kind, r);
  default:
    return do_accept(s, q, fd, &kind, r);
  }
}

static void close_if(int fd)
{
  if (fd >= 0)
    close(fd);
}

/* False: the other side has gone, or is not to be listened to any more. */
static bool serve(struct seat *s, nfds_t i)
{
  char bytes[sizeof(struct broker_request) + 1] = {0};
  struct broker_request q = {0};
  int fd, sent = -1, sock = s->polls[i].fd;
  ssize_t n = sl_broker_receive(sock, MSG_DONTWAIT, bytes, sizeof bytes, &fd);
  int err = n < 0 ? errno : 0;
  if (err && err != EPROTO && err != EMFILE)
    return err == EAGAIN || err == EINTR || err == ENOBUFS || err == ENOMEM;
  if (!n) {
    close_if(fd);
    return !(s->polls[i].revents & (POLLHUP | POLLERR)); /* an empty message is none */
  }
  struct broker_reply r = {.magic = BROKER_MAGIC, .version = BROKER_VERSION};
  if (err == EMFILE)
    memcpy(&q, bytes, sizeof q);
  r.err = err ? err : sl_broker_check(bytes, (size_t)n, fd >= 0, &q);
  r.id = q.id;
  if (!r.err && (i == 0) != (q.op == BROKER_JOIN))
    r.err = EPROTO;
  if (!r.err)
    sent = act(s, &q, fd, &r);
  bool ok = sl_broker_send(sock, &r, sizeof r, sent);
  close_if(sent);
  close_if(fd);
  return ok || i == 0; /* who does not take its answers is no client; the door is everybody's */
}

static void drop(struct seat *s, nfds_t i)
{
  close(s->polls[i].fd);
  if (i == 0)
    s->polls[0].fd = -1; /* poll() passes over it */
  else
    s->polls[i] = s->polls[--s->n];
}

static void answer_all(struct seat *s)
{
  while (s->polls[0].fd >= 0 || s->n > 1) {
    if (poll(s->polls, s->n, -1) < 0) {
      if (errno == EINVAL) /* the limit on descriptors is below what there are: no use in going on */
        return;
      continue;
    }
    for (nfds_t i = s->n; i-- > 0;)
      if (s->polls[i].revents && !serve(s, i))
        drop(s, i);
  }
}

/* ---- coming to be ---- */

/* Handlers are code of the application, which is not to run here. */
static void forget_signals(void)
{
  struct sigaction plain = {.sa_handler = SIG_DFL};
  sigset_t none;
  for (int i = 1; i < NSIG; i++)
    sigaction(i, &plain, NULL);
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

/* All but the first one. */
static bool close_others(void)
{
  struct rlimit limit;
  if (!close_range(1, UINT32_MAX, 0))
    return true;
  if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur > INT32_MAX) /* a kernel of before 5.9 */
    return false;
  for (int fd = 1; fd < (int)limit.rlim_cur; fd++)
    close(fd);
  return true;
}

static _Noreturn void be_broker(const struct policy *policy, int door)
{
  struct seat s = {.policy = policy, .n = 1};
  struct broker_reply hello = {.magic = BROKER_MAGIC, .version = BROKER_VERSION, .pid = getpid()};
  forget_signals();
  setsid();
  prctl(PR_SET_NAME, "sluice-broker");
  prctl(PR_SET_DUMPABLE, 0); /* a client that was taken over must not take over its broker with a debugger's means */
  if (dup2(door, 0) != 0 || !close_others())
    _exit(1);
  room_init();
  s.polls[0] = (struct pollfd){.fd = 0, .events = POLLIN};
  if (sl_broker_send(0, &hello, sizeof hello, -1))
    answer_all(&s);
  _exit(0);
}

/* fork() would run the application's handlers for it, and would tell it of the child's end. */
static pid_t split(void)
{
  return (pid_t)syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
}

/* A child without a signal at its end is seen by nobody who waits for children of his own; the grandchild has no parent
 * that knows it. */
static bool split_twice(const struct policy *policy, int door)
{
  int status = 0;
  pid_t waited, child = split();
  if (!child) {
    pid_t broker = split();
    if (!broker)
      be_broker(policy, door);
    _exit(broker < 0);
  }
  if (child < 0)
    return false;
  do
    waited = waitpid(child, &status, __WALL);
  while (waited < 0 && errno == EINTR);
  errno = EAGAIN;
  return waited == child && WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool hear_hello(int door, pid_t *out_pid)
{
  struct pollfd p = {.fd = door, .events = POLLIN};
  struct broker_reply hello;
  int n, fd;
  do
    n = poll(&p, 1, HELLO_MS);
  while (n < 0 && errno == EINTR);
  if (n != 1 || sl_broker_receive(door, MSG_DONTWAIT, &hello, sizeof hello, &fd) != (ssize_t)sizeof hello) {
    errno = ECHILD;
    return false;
  }
  *out_pid = hello.pid;
  return true;
}

int sl_broker_spawn(const struct policy *policy, int *out_door, pid_t *out_pid)
{
  int pair[2];
  sigset_t all, before;
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
    return errno;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler may run in the child */
  bool ok = split_twice(policy, pair[1]);
  int err = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(pair[1]);
  if (ok && !hear_hello(pair[0], out_pid)) {
    ok = false;
    err = errno;
  }
  if (!ok) {
    close(pair[0]);
    return err;
  }
  *out_door = pair[0];
  return 0;
}
