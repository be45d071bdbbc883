/* Who waits for what. The reactor owns the table of watches {descriptor, want, generation} and mirrors it into
 * its own epoll (perform, poll, wait) and to the application's socket callback (socket_action). Changes are flushed
 * just before control leaves, so that want-and-unwant in between costs nothing. A call costs what is ready, never
 * what exists. It knows no transfers: a watch and a timer carry a function.
 *
 * Owns no descriptors but its epoll and the wake-up eventfd. */
#ifndef SL_LOOP_REACTOR_H
#define SL_LOOP_REACTOR_H

#include "base/heap.h"
#include "base/list.h"
#include "base/result.h"
#include "sys/poll.h"

enum { FEW_EVENTS = 4 };
enum { WATCH_IN = SL_POLL_IN, WATCH_OUT = SL_POLL_OUT, WATCH_ERR = SL_POLL_ERR };

struct watch;
typedef void watch_fn(struct watch *w, unsigned ready); /* may free the watch's owner */

struct watch {
  int fd;          /* -1: in no table */
  uint8_t want;    /* WATCH_IN | WATCH_OUT: what is waited for now */
  uint8_t polled;  /* what our epoll was told */
  uint8_t told;    /* what the application's socket callback was told */
  bool quiet;      /* an idle connection: our epoll sees it, the application does not */
  uint32_t gen;    /* events of an earlier registration carry an earlier number and are dropped */
  watch_fn *fn;
  void *owner;     /* for fn */
  struct list dirty;
  void *app;       /* curl_multi_assign() */
  void *who;       /* for socket_hook: whom it named last */
};

struct timer;
typedef void timer_fn(struct timer *t);
struct timer {
  struct heap_node node; /* key: deadline in monotonic microseconds */
  timer_fn *fn;
  void *owner;
};

/* A job to run soon, once, in FIFO order: a transfer that can go on without waiting for a descriptor. */
struct job {
  struct list link;
  void (*fn)(struct job *job);
  void *owner;
};

struct reactor {
  struct watch **slots; /* open addressing by descriptor */
  uint32_t cap, count, next_gen;
  struct list dirty;    /* watches whose mirrors are out of date */
  struct list full;     /* ... that the kernel has no room for; empty but during a flush */
  struct list jobs;
  struct list late;     /* jobs that run when the others of the round have run */
  struct heap timers;
  int64_t now_us;       /* as of the last sl_reactor_clock() */
  int poll_fd, wake_fd; /* -1 until needed */
  struct poll_event *events;      /* NULL: `few` are enough, or all that there is memory for */
  struct poll_event few[FEW_EVENTS];
  int events_n, events_at, events_cap;
  void (*socket_hook)(struct reactor *r, struct watch *w, unsigned want); /* NULL: no application loop */
  void *hook_owner;
};

void sl_reactor_init(struct reactor *r);
void sl_reactor_done(struct reactor *r);
int64_t sl_reactor_clock(struct reactor *r); /* reads the clock, returns and stores now_us */

void sl_watch_init(struct watch *w, watch_fn *fn, void *owner);
bool sl_watch_add(struct reactor *r, struct watch *w, int fd); /* false: out of memory */
void sl_watch_want(struct reactor *r, struct watch *w, unsigned want);
void sl_watch_quiet(struct reactor *r, struct watch *w, bool quiet);
/* Before the descriptor is closed: tells both mirrors at once. Harmless when in no table. */
void sl_watch_remove(struct reactor *r, struct watch *w);
struct watch *sl_watch_find(const struct reactor *r, int fd);
struct watch *sl_watch_next(const struct reactor *r, uint32_t *pos); /* all of them; start with 0 */

bool sl_timer_set(struct reactor *r, struct timer *t, int64_t deadline_us);
void sl_timer_clear(struct reactor *r, struct timer *t);
int64_t sl_reactor_deadline(const struct reactor *r); /* 0: something to do at once; INT64_MAX: no timer */

void sl_job_init(struct job *j, void (*fn)(struct job *), void *owner);
void sl_job_post(struct reactor *r, struct job *j); /* harmless when posted already */
void sl_job_post_late(struct reactor *r, struct job *j);

bool sl_reactor_flush(struct reactor *r); /* false, errno: not all can be waited for; the next call tries these again */
/* Waits and keeps the events for sl_reactor_run(). */
int sl_reactor_wait(struct reactor *r, int timeout_ms); /* events kept, or -1 and errno */
int sl_reactor_kept(const struct reactor *r); /* how many of the kept events are of descriptors, not the wake-up */
/* Runs what is ready: kept events, due timers, posted jobs. */
void sl_reactor_run(struct reactor *r);
/* The application's loop saw `ready` on fd. */
void sl_reactor_event(struct reactor *r, int fd, unsigned ready);
bool sl_reactor_poll_fd(struct reactor *r); /* makes the epoll; registers all watches */
bool sl_reactor_wake_fd(struct reactor *r); /* makes the eventfd */

#endif
