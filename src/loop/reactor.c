/* The watch table and its mirrors; see reactor.h. */
#include "loop/reactor.h"

#include <errno.h>

#include "base/mem.h"
#include "sys/clock.h"

enum { FIRST_SLOTS = 4, MAX_EVENTS = 128 };
static const uint64_t wake_tag = UINT64_MAX;

void sl_reactor_init(struct reactor *r)
{
  *r = (struct reactor){.poll_fd = -1, .wake_fd = -1, .events_cap = FEW_EVENTS};
  sl_list_init(&r->dirty);
  sl_list_init(&r->full);
  sl_list_init(&r->jobs);
  sl_list_init(&r->late);
  sl_reactor_clock(r);
}

void sl_reactor_done(struct reactor *r)
{
  sl_poll_free(r->poll_fd);
  sl_wake_free(r->wake_fd);
  sl_heap_done(&r->timers);
  sl_free(r->slots);
  sl_free(r->events);
  sl_reactor_init(r);
}

int64_t sl_reactor_clock(struct reactor *r)
{
  return r->now_us = sl_clock_now_us();
}

/* ---- the table: descriptors are small and dense, so the number itself is a good hash ---- */

static uint32_t slot_of(const struct reactor *r, int fd)
{
  return (uint32_t)fd & (r->cap - 1);
}

struct watch *sl_watch_find(const struct reactor *r, int fd)
{
  if (!r->cap || fd < 0)
    return NULL;
  for (uint32_t i = slot_of(r, fd); r->slots[i]; i = (i + 1) & (r->cap - 1))
    if (r->slots[i]->fd == fd)
      return r->slots[i];
  return NULL;
}

static void place(struct reactor *r, struct watch *w)
{
  uint32_t i = slot_of(r, w->fd);
  while (r->slots[i])
    i = (i + 1) & (r->cap - 1);
  r->slots[i] = w;
}

static bool grow(struct reactor *r)
{
  uint32_t old_cap = r->cap, cap = old_cap ? old_cap * 2 : FIRST_SLOTS;
  struct watch **old = r->slots, **slots = sl_calloc(cap, sizeof(struct watch *));
  if (!slots)
    return false;
  r->slots = slots;
  r->cap = cap;
  for (uint32_t i = 0; i < old_cap; i++)
    if (old[i])
      place(r, old[i]);
  sl_free(old);
  return true;
}

/* Backward-shift deletion keeps probe runs without gaps and without tombstones. */
static void unplace(struct reactor *r, struct watch *w)
{
  uint32_t mask = r->cap - 1, i = slot_of(r, w->fd);
  while (r->slots[i] != w)
    i = (i + 1) & mask;
  for (uint32_t j = (i + 1) & mask; r->slots[j]; j = (j + 1) & mask) {
    uint32_t home = slot_of(r, r->slots[j]->fd);
    if (((j - home) & mask) >= ((j - i) & mask)) {
      r->slots[i] = r->slots[j];
      i = j;
    }
  }
  r->slots[i] = NULL;
}

struct watch *sl_watch_next(const struct reactor *r, uint32_t *pos)
{
  while (*pos < r->cap) {
    struct watch *w = r->slots[(*pos)++];
    if (w)
      return w;
  }
  return NULL;
}

/* ---- watches ---- */

void sl_watch_init(struct watch *w, watch_fn *fn, void *owner)
{
  *w = (struct watch){.fd = -1, .fn = fn, .owner = owner};
  sl_list_init(&w->dirty);
}

bool sl_watch_add(struct reactor *r, struct watch *w, int fd)
{
  if (r->count + 1 > r->cap / 2 && !grow(r))
    return false;
  w->fd = fd;
  w->want = w->polled = w->told = 0;
  w->quiet = false;
  w->gen = ++r->next_gen;
  place(r, w);
  r->count++;
  return true;
}

static unsigned app_want(const struct watch *w)
{
  return w->quiet ? 0 : w->want;
}

static void mark(struct reactor *r, struct watch *w)
{
  bool stale = (r->poll_fd >= 0 && w->polled != w->want) || (r->socket_hook && w->told != app_want(w));
  if (!stale)
    sl_list_unlink(&w->dirty);
  else if (sl_list_empty(&w->dirty))
    sl_list_push_back(&r->dirty, &w->dirty);
}

void sl_watch_want(struct reactor *r, struct watch *w, unsigned want)
{
  if (w->want == want)
    return;
  w->want = (uint8_t)want;
  mark(r, w);
}

void sl_watch_quiet(struct reactor *r, struct watch *w, bool quiet)
{
  if (w->quiet == quiet)
    return;
  w->quiet = quiet;
  mark(r, w);
}

/* False: the kernel has no room for one more; waiting for it would last for ever. */
static bool flush_one(struct reactor *r, struct watch *w)
{
  bool full = false;
  if (r->poll_fd >= 0 && w->polled != w->want) {
    uint64_t tag = (uint64_t)w->gen << 32 | (uint32_t)w->fd;
    if (sl_poll_set(r->poll_fd, w->fd, w->polled, w->want, tag))
      w->polled = w->want;
    else
      full = errno == ENOSPC || errno == ENOMEM; /* epoll_ctl(2); others: the application has closed it */
  }
  if (r->socket_hook && w->told != app_want(w)) {
    w->told = (uint8_t)app_want(w);
    r->socket_hook(r, w, w->told);
  }
  return !full;
}

bool sl_reactor_flush(struct reactor *r)
{
  struct list *node;
  int err = 0;
  while ((node = sl_list_pop_front(&r->dirty)))
    if (!flush_one(r, LIST_ENTRY(node, struct watch, dirty))) {
      err = errno;
      sl_list_push_back(&r->full, node);
    }
  if (!err)
    return true;
  sl_list_splice(&r->dirty, &r->full);
  errno = err;
  return false;
}

void sl_watch_remove(struct reactor *r, struct watch *w)
{
  if (w->fd < 0)
    return;
  w->want = 0;
  sl_list_unlink(&w->dirty);
  /* close() takes a descriptor out of epoll by itself, but not where the application has a duplicate. */
  flush_one(r, w);
  unplace(r, w);
  r->count--;
  w->fd = -1;
  w->who = NULL;
}

bool sl_reactor_poll_fd(struct reactor *r)
{
  uint32_t pos = 0;
  struct watch *w;
  if (r->poll_fd >= 0)
    return true;
  r->poll_fd = sl_poll_new();
  if (r->poll_fd < 0)
    return false;
  if (r->wake_fd >= 0)
    sl_poll_set(r->poll_fd, r->wake_fd, 0, WATCH_IN, wake_tag);
  while ((w = sl_watch_next(r, &pos)))
    mark(r, w);
  return true;
}

bool sl_reactor_wake_fd(struct reactor *r)
{
  if (r->wake_fd >= 0)
    return true;
  r->wake_fd = sl_wake_new();
  if (r->wake_fd >= 0 && r->poll_fd >= 0)
    sl_poll_set(r->poll_fd, r->wake_fd, 0, WATCH_IN, wake_tag);
  return r->wake_fd >= 0;
}

/* ---- timers and jobs ---- */

bool sl_timer_set(struct reactor *r, struct timer *t, int64_t deadline_us)
{
  return sl_heap_set(&r->timers, &t->node, deadline_us);
}

void sl_timer_clear(struct reactor *r, struct timer *t)
{
  sl_heap_remove(&r->timers, &t->node);
}

int64_t sl_reactor_deadline(const struct reactor *r)
{
  if (!sl_list_empty(&r->jobs) || !sl_list_empty(&r->late) || r->events_at < r->events_n)
    return 0;
  const struct heap_node *top = sl_heap_top(&r->timers);
  return top ? top->key : INT64_MAX;
}

void sl_job_init(struct job *j, void (*fn)(struct job *), void *owner)
{
  sl_list_init(&j->link);
  j->fn = fn;
  j->owner = owner;
}

void sl_job_post(struct reactor *r, struct job *j)
{
  if (sl_list_empty(&j->link))
    sl_list_push_back(&r->jobs, &j->link);
}

void sl_job_post_late(struct reactor *r, struct job *j)
{
  if (sl_list_empty(&j->link))
    sl_list_push_back(&r->late, &j->link);
}

/* Jobs posted while these run wait for the next round: no job can starve the descriptors. */
static void run_jobs(struct list *jobs)
{
  struct list now, *node;
  sl_list_init(&now);
  sl_list_splice(&now, jobs);
  while ((node = sl_list_pop_front(&now))) {
    struct job *j = LIST_ENTRY(node, struct job, link);
    j->fn(j);
  }
}

static void run_timers(struct reactor *r)
{
  int64_t now_us = r->now_us;
  struct heap_node *top;
  while ((top = sl_heap_top(&r->timers)) && top->key <= now_us) {
    struct timer *t = LIST_ENTRY(top, struct timer, node);
    sl_heap_remove(&r->timers, top);
    t->fn(t);
  }
}

/* ---- waiting and running ---- */

static struct poll_event *kept(struct reactor *r)
{
  return r->events ? r->events : r->few;
}

static void grow_events(struct reactor *r)
{
  int cap = r->events_cap * 4;
  if (cap > MAX_EVENTS)
    cap = MAX_EVENTS;
  if (cap == r->events_cap)
    return;
  struct poll_event *events = sl_realloc(r->events, (size_t)cap * sizeof *events);
  if (!events)
    return; /* what is there does; it only takes more rounds */
  r->events = events;
  r->events_cap = cap;
}

int sl_reactor_wait(struct reactor *r, int timeout_ms)
{
  if (r->events_at < r->events_n)
    return r->events_n - r->events_at;
  if (!sl_reactor_poll_fd(r) || !sl_reactor_flush(r))
    return -1;
  if (r->events_n == r->events_cap)
    grow_events(r);
  r->events_at = r->events_n = 0;
  int n = sl_poll_wait(r->poll_fd, kept(r), r->events_cap, timeout_ms);
  if (n > 0)
    r->events_n = n;
  return n;
}

int sl_reactor_kept(const struct reactor *r)
{
  int n = 0;
  for (int i = r->events_at; i < r->events_n; i++)
    n += (r->events ? r->events : r->few)[i].tag != wake_tag;
  return n;
}

void sl_reactor_event(struct reactor *r, int fd, unsigned ready)
{
  struct watch *w = sl_watch_find(r, fd);
  if (w)
    w->fn(w, ready);
}

static void run_events(struct reactor *r)
{
  while (r->events_at < r->events_n) {
    struct poll_event e = kept(r)[r->events_at++];
    if (e.tag == wake_tag) {
      sl_wake_drain(r->wake_fd);
      continue;
    }
    struct watch *w = sl_watch_find(r, (int)(uint32_t)e.tag);
    if (w && w->gen == (uint32_t)(e.tag >> 32))
      w->fn(w, e.ready);
  }
}

void sl_reactor_run(struct reactor *r)
{
  run_events(r);
  run_timers(r);
  run_jobs(&r->jobs);
  if (!sl_list_empty(&r->late))
    run_jobs(&r->late);
}
