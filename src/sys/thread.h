/* The few things about threads that the library needs: a mutex, a once-guard, counters that several
 * threads touch. All inline; all of them are constant-initialised, so that a static one needs no
 * set-up. */
#ifndef SL_SYS_THREAD_H
#define SL_SYS_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Not recursive. Locking what the thread itself holds, or unlocking what it does not, is a bug in
 * the caller. */
struct mutex {
  pthread_mutex_t handle;
};
#define MUTEX_INIT                                                                                 \
  {                                                                                                \
    PTHREAD_MUTEX_INITIALIZER                                                                      \
  }

static inline bool sl_mutex_init(struct mutex *m)
{
  return pthread_mutex_init(&m->handle, NULL) == 0;
}
static inline void sl_mutex_done(struct mutex *m)
{
  pthread_mutex_destroy(&m->handle);
}
static inline void sl_mutex_lock(struct mutex *m)
{
  pthread_mutex_lock(&m->handle);
}
static inline bool sl_mutex_try(struct mutex *m) /* true: locked */
{
  return pthread_mutex_trylock(&m->handle) == 0;
}
#ifdef __SANITIZE_THREAD__ /* it does not know pthread_mutex_clocklock() */
#define SL_LOCK_CLOCK CLOCK_REALTIME
#define pthread_mutex_clocklock(m, clock, end) pthread_mutex_timedlock(m, end)
#else
#define SL_LOCK_CLOCK CLOCK_MONOTONIC
#endif
static inline bool sl_mutex_lock_for(struct mutex *m, int ms) /* true: locked, within that time */
{
  struct timespec end;
  clock_gettime(SL_LOCK_CLOCK, &end);
  end.tv_sec += ms / 1000;
  end.tv_nsec += ms % 1000 * 1000000L;
  if (end.tv_nsec >= 1000000000L) {
    end.tv_sec++;
    end.tv_nsec -= 1000000000L;
  }
  return pthread_mutex_clocklock(&m->handle, SL_LOCK_CLOCK, &end) == 0;
}
static inline void sl_mutex_unlock(struct mutex *m)
{
  pthread_mutex_unlock(&m->handle);
}

struct once {
  pthread_once_t handle;
};
#define ONCE_INIT                                                                                  \
  {                                                                                                \
    PTHREAD_ONCE_INIT                                                                              \
  }

/* The first call runs `run`; every call returns after it has ended. */
static inline void sl_once(struct once *o, void (*run)(void))
{
  pthread_once(&o->handle, run);
}

/* A number that threads share: relaxed order, for identifiers and statistics. */
struct counter {
  _Atomic uint64_t value;
};

static inline uint64_t sl_counter_next(struct counter *c) /* 1, 2, 3 ... from a zeroed one */
{
  return atomic_fetch_add_explicit(&c->value, 1, memory_order_relaxed) + 1;
}
static inline uint64_t sl_counter_add(struct counter *c, uint64_t more) /* the new value */
{
  return atomic_fetch_add_explicit(&c->value, more, memory_order_relaxed) + more;
}
static inline uint64_t sl_counter_get(struct counter *c)
{
  return atomic_load_explicit(&c->value, memory_order_relaxed);
}

/* A yes or no that threads share; who sees true sees what was written before it was raised. */
struct flag {
  _Atomic bool value;
};

static inline bool sl_flag_raise(struct flag *f) /* true: it was not yet raised */
{
  return !atomic_exchange_explicit(&f->value, true, memory_order_acq_rel);
}
static inline void sl_flag_lower(struct flag *f)
{
  atomic_store_explicit(&f->value, false, memory_order_release);
}
static inline bool sl_flag_get(struct flag *f)
{
  return atomic_load_explicit(&f->value, memory_order_acquire);
}

/* How many hold a thing; starts at the 1 of its creator. */
struct refs {
  _Atomic uint32_t value;
};

static inline void sl_refs_init(struct refs *r)
{
  atomic_init(&r->value, 1);
}
static inline void sl_refs_take(struct refs *r)
{
  atomic_fetch_add_explicit(&r->value, 1, memory_order_relaxed);
}
static inline bool sl_refs_drop(struct refs *r) /* true: that was the last one, free the thing */
{
  return atomic_fetch_sub_explicit(&r->value, 1, memory_order_acq_rel) == 1;
}
static inline uint32_t sl_refs_get(struct refs *r)
{
  return atomic_load_explicit(&r->value, memory_order_acquire);
}

#endif
