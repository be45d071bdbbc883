/* The watch table and its two mirrors, timers and jobs. */
#include "loop/reactor.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"

enum { LOG = 64 };

static int refused_fd = -1;

/* Instead of libc's: the one descriptor for which the user's share of the kernel's memory does not suffice. */
int epoll_ctl(int poll_fd, int op, int fd, struct epoll_event *e)
{
  if (fd != refused_fd)
    return (int)syscall(SYS_epoll_ctl, poll_fd, op, fd, e);
  errno = ENOSPC;
  return -1;
}

struct log {
  char text[LOG * 16];
  size_t n;
};

static void note(struct log *l, const char *what, int a, unsigned b)
{
  l->n += (size_t)snprintf(l->text + l->n, sizeof l->text - l->n, "%s%d:%u ", what, a, b);
}

struct pipe_end {
  struct watch w;
  struct reactor *r;
  struct log *log;
  int fds[2], name;
  struct pipe_end *kills, *heir; /* removed when this one is told; and who gets its number at once */
};

static void ready(struct watch *w, unsigned what)
{
  struct pipe_end *p = w->owner;
  char c;
  note(p->log, "r", p->name, what);
  if (what & WATCH_IN)
    (void)!read(p->fds[0], &c, 1);
  if (p->kills) {
    int fd = p->kills->fds[0];
    sl_watch_remove(p->r, &p->kills->w);
    CHECK_INT(dup2(p->heir->fds[1], fd), fd);
    p->kills->fds[0] = -1;
    p->kills->kills = NULL;
    sl_watch_init(&p->heir->w, ready, p->heir);
    CHECK(sl_watch_add(p->r, &p->heir->w, fd));
    sl_watch_want(p->r, &p->heir->w, WATCH_IN);
  }
}

static void open_end(struct pipe_end *p, struct reactor *r, struct log *log, int name)
{
  *p = (struct pipe_end){.r = r, .log = log, .name = name};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, p->fds))
    perror("socketpair");
  sl_watch_init(&p->w, ready, p);
  CHECK(sl_watch_add(r, &p->w, p->fds[0]));
}

static void close_end(struct pipe_end *p)
{
  sl_watch_remove(p->r, &p->w);
  if (p->fds[0] >= 0)
    close(p->fds[0]);
  close(p->fds[1]);
}

static void poke(struct pipe_end *p) { CHECK_INT(write(p->fds[1], "x", 1), 1); }

TEST(the_table_finds_every_descriptor)
{
  struct reactor r;
  struct watch w[200];
  sl_reactor_init(&r);
  for (int i = 0; i < 200; i++) { /* numbers only: neither mirror is there */
    sl_watch_init(&w[i], ready, NULL);
    CHECK(sl_watch_add(&r, &w[i], i * 37 % 1000));
  }
  for (int i = 0; i < 200; i += 3)
    sl_watch_remove(&r, &w[i]);
  for (int i = 0; i < 200; i++)
    CHECK(sl_watch_find(&r, i * 37 % 1000) == (i % 3 ? &w[i] : NULL));
  uint32_t pos = 0, n = 0;
  while (sl_watch_next(&r, &pos))
    n++;
  CHECK_INT(n, r.count);
  CHECK_INT(n, 133);
  CHECK(!sl_watch_find(&r, -1) && !sl_watch_find(&r, 5000));
  for (int i = 0; i < 200; i++)
    sl_watch_remove(&r, &w[i]);
  CHECK_INT(r.count, 0);
  sl_reactor_done(&r);
}

TEST(events_reach_their_watch)
{
  struct reactor r;
  struct log log = {"", 0};
  struct pipe_end a, b;
  sl_reactor_init(&r);
  open_end(&a, &r, &log, 1);
  open_end(&b, &r, &log, 2);
  sl_watch_want(&r, &a.w, WATCH_IN);
  sl_watch_want(&r, &b.w, WATCH_IN);
  poke(&b);
  CHECK_INT(sl_reactor_wait(&r, 1000), 1);
  CHECK_INT(sl_reactor_deadline(&r), 0);
  sl_reactor_run(&r);
  CHECK_STR(log.text, "r2:1 ");
  CHECK_INT(sl_reactor_wait(&r, 0), 0);
  sl_watch_want(&r, &b.w, 0);
  poke(&b);
  CHECK_INT(sl_reactor_wait(&r, 0), 0);
  sl_watch_want(&r, &a.w, WATCH_OUT);
  CHECK_INT(sl_reactor_wait(&r, 0), 1);
  sl_reactor_run(&r);
  CHECK_STR(log.text, "r2:1 r1:2 ");
  close_end(&a);
  close_end(&b);
  sl_reactor_done(&r);
}

/* More than the embedded events, and more than one round's. */
TEST(many_at_once)
{
  enum { MANY = 300 };
  static struct pipe_end ends[MANY];
  struct reactor r;
  static struct log log;
  sl_reactor_init(&r);
  for (int i = 0; i < MANY; i++) {
    open_end(&ends[i], &r, &log, i);
    sl_watch_want(&r, &ends[i].w, WATCH_IN);
    poke(&ends[i]);
  }
  int seen = 0, rounds = 0, n;
  while ((n = sl_reactor_wait(&r, 0)) > 0) {
    log.n = 0;
    sl_reactor_run(&r);
    seen += n;
    rounds++;
  }
  CHECK_INT(seen, MANY);
  CHECK(rounds < 10);
  for (int i = 0; i < MANY; i++)
    close_end(&ends[i]);
  sl_reactor_done(&r);
}

/* A watch that goes away in the same round gets no event, nor does the one that has its number since. */
TEST(stale_events_are_dropped)
{
  struct reactor r;
  struct log log = {"", 0};
  struct pipe_end a, b, heir = {.r = &r, .log = &log, .name = 3};
  sl_reactor_init(&r);
  REQUIRE(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, heir.fds));
  open_end(&a, &r, &log, 1);
  open_end(&b, &r, &log, 2);
  sl_watch_want(&r, &a.w, WATCH_IN);
  sl_watch_want(&r, &b.w, WATCH_IN);
  poke(&a);
  poke(&b);
  CHECK_INT(sl_reactor_wait(&r, 1000), 2);
  a.kills = &b;
  b.kills = &a;
  a.heir = b.heir = &heir;
  sl_reactor_run(&r);
  CHECK(!strcmp(log.text, "r1:1 ") || !strcmp(log.text, "r2:1 "));
  CHECK_INT(sl_reactor_wait(&r, 0), 0);
  CHECK_INT(write(heir.fds[0], "x", 1), 1); /* its own event does arrive */
  CHECK_INT(sl_reactor_wait(&r, 1000), 1);
  int fd = heir.w.fd;
  sl_watch_remove(&r, &heir.w);
  sl_reactor_run(&r);
  close(fd);
  close(heir.fds[0]);
  close(heir.fds[1]);
  close_end(&a);
  close_end(&b);
  sl_reactor_done(&r);
}

/* ---- the application's mirror ---- */

static void hook(struct reactor *r, struct watch *w, unsigned want)
{
  struct pipe_end *p = w->owner;
  note(r->hook_owner, "h", p->name, want);
}

TEST(the_application_is_told_of_changes_only)
{
  struct reactor r;
  struct log log = {"", 0};
  struct pipe_end a;
  sl_reactor_init(&r);
  r.socket_hook = hook;
  r.hook_owner = &log;
  open_end(&a, &r, &log, 1);
  sl_watch_want(&r, &a.w, WATCH_OUT);
  sl_watch_want(&r, &a.w, WATCH_IN);
  CHECK_STR(log.text, "");
  sl_reactor_flush(&r);
  sl_reactor_flush(&r);
  CHECK_STR(log.text, "h1:1 ");
  sl_watch_want(&r, &a.w, WATCH_IN | WATCH_OUT);
  sl_watch_want(&r, &a.w, WATCH_IN);
  sl_reactor_flush(&r); /* there and back: nothing */
  CHECK_STR(log.text, "h1:1 ");
  sl_watch_quiet(&r, &a.w, true);
  sl_reactor_flush(&r);
  CHECK_STR(log.text, "h1:1 h1:0 ");
  sl_watch_quiet(&r, &a.w, false);
  sl_reactor_flush(&r);
  sl_watch_remove(&r, &a.w);
  CHECK_STR(log.text, "h1:1 h1:0 h1:1 h1:0 ");
  sl_reactor_flush(&r);
  sl_reactor_event(&r, a.fds[0], WATCH_IN); /* of nobody */
  CHECK_STR(log.text, "h1:1 h1:0 h1:1 h1:0 ");
  close_end(&a);
  sl_reactor_done(&r);
}

TEST(what_was_never_told_is_not_taken_back)
{
  struct reactor r;
  struct log log = {"", 0};
  struct pipe_end a;
  sl_reactor_init(&r);
  r.socket_hook = hook;
  r.hook_owner = &log;
  open_end(&a, &r, &log, 1);
  sl_watch_want(&r, &a.w, WATCH_IN);
  close_end(&a);
  sl_reactor_flush(&r);
  CHECK_STR(log.text, "");
  sl_reactor_done(&r);
}

/* ---- timers, jobs, waking ---- */

struct counted {
  struct timer t;
  struct job j;
  struct reactor *r;
  struct log *log;
  int name, again;
};

static void fired(struct timer *t)
{
  struct counted *c = t->owner;
  note(c->log, "t", c->name, 0);
}

static void worked(struct job *j)
{
  struct counted *c = j->owner;
  note(c->log, "j", c->name, 0);
  if (c->again-- > 0)
    sl_job_post(c->r, j);
}

TEST(timers_and_jobs)
{
  struct reactor r;
  struct log log = {"", 0};
  struct counted c[4];
  sl_reactor_init(&r);
  CHECK_INT(sl_reactor_deadline(&r), INT64_MAX);
  for (int i = 0; i < 4; i++) {
    c[i] = (struct counted){.r = &r, .log = &log, .name = i, .t = {.fn = fired, .owner = &c[i]}};
    sl_job_init(&c[i].j, worked, &c[i]);
    CHECK(sl_timer_set(&r, &c[i].t, 1000 - i));
  }
  sl_timer_clear(&r, &c[1].t);
  sl_timer_clear(&r, &c[1].t);
  CHECK(sl_timer_set(&r, &c[0].t, 5000));
  CHECK_INT(sl_reactor_deadline(&r), 997);
  r.now_us = 996;
  sl_reactor_run(&r);
  CHECK_STR(log.text, "");
  r.now_us = 1000;
  sl_reactor_run(&r);
  CHECK_STR(log.text, "t3:0 t2:0 ");
  CHECK_INT(sl_reactor_deadline(&r), 5000);
  c[2].again = 1;
  sl_job_post(&r, &c[2].j);
  sl_job_post(&r, &c[2].j);
  sl_job_post(&r, &c[3].j);
  CHECK_INT(sl_reactor_deadline(&r), 0);
  log.n = 0;
  sl_reactor_run(&r);
  CHECK_STR(log.text, "j2:0 j3:0 "); /* the one posted again waits for the next round */
  sl_reactor_run(&r);
  CHECK_STR(log.text, "j2:0 j3:0 j2:0 ");
  CHECK_INT(sl_reactor_deadline(&r), 5000);
  sl_reactor_done(&r);
}

TEST(what_the_kernel_has_no_room_for_is_not_forgotten)
{
  struct reactor r;
  struct log log = {0};
  struct pipe_end a, b;
  sl_reactor_init(&r);
  open_end(&a, &r, &log, 1);
  open_end(&b, &r, &log, 2);
  sl_watch_want(&r, &a.w, WATCH_IN);
  sl_watch_want(&r, &b.w, WATCH_IN);
  poke(&a);
  refused_fd = a.fds[0];
  for (int i = 0; i < 2; i++) {
    errno = 0;
    CHECK_INT(sl_reactor_wait(&r, 0), -1);
    CHECK_INT(errno, ENOSPC);
  }
  refused_fd = -1;
  CHECK_INT(sl_reactor_wait(&r, 0), 1);
  sl_reactor_run(&r);
  CHECK_STR(log.text, "r1:1 ");
  close_end(&a);
  close_end(&b);
  sl_reactor_done(&r);
}

TEST(waking)
{
  struct reactor r;
  sl_reactor_init(&r);
  CHECK(sl_reactor_wake_fd(&r));
  CHECK(sl_wake_signal(r.wake_fd) && sl_wake_signal(r.wake_fd));
  CHECK(sl_reactor_wait(&r, 5000) >= 1);
  sl_reactor_run(&r);
  CHECK_INT(sl_reactor_wait(&r, 0), 0);
  sl_reactor_done(&r);
}

TEST(without_memory)
{
  FOR_EACH_FAILING_ALLOC (n) {
    struct reactor r;
    struct watch w[20];
    struct timer t = {.fn = fired};
    sl_reactor_init(&r);
    for (int i = 0; i < 20; i++) {
      sl_watch_init(&w[i], ready, NULL);
      if (!sl_watch_add(&r, &w[i], i))
        break;
    }
    if (!sl_timer_set(&r, &t, 1))
      CHECK_INT(sl_reactor_deadline(&r), INT64_MAX);
    CHECK_INT(sl_reactor_wait(&r, 0), 0); /* waiting needs none */
    for (int i = 0; i < 20 && w[i].fd >= 0; i++)
      sl_watch_remove(&r, &w[i]);
    sl_reactor_done(&r);
  }
}
