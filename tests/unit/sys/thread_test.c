#include "sys/thread.h"

#include <sched.h>

#include "tests/test.h"

enum { THREADS = 4, ROUNDS = 20000 };

static struct mutex static_mutex = MUTEX_INIT;
static struct once static_once = ONCE_INIT;
static struct counter shared_counter;
static struct flag shared_flag;
static struct refs shared_refs;
static long guarded;
static _Atomic int once_runs, raised_first, dropped_last;

static void run_once(void)
{
  once_runs++;
}

static void *work(void *arg)
{
  (void)arg;
  sl_once(&static_once, run_once);
  if (sl_flag_raise(&shared_flag))
    raised_first++;
  for (int i = 0; i < ROUNDS; i++) {
    sl_mutex_lock(&static_mutex);
    long seen = guarded;
    if (i % 64 == 0)
      sched_yield();
    guarded = seen + 1;
    sl_mutex_unlock(&static_mutex);
    sl_counter_next(&shared_counter);
    sl_refs_take(&shared_refs);
    if (sl_refs_drop(&shared_refs))
      dropped_last++;
  }
  if (sl_refs_drop(&shared_refs))
    dropped_last++;
  return NULL;
}

TEST(several_threads_at_once)
{
  pthread_t threads[THREADS];
  sl_refs_init(&shared_refs);
  for (int i = 1; i < THREADS; i++)
    sl_refs_take(&shared_refs);
  for (int i = 0; i < THREADS; i++)
    REQUIRE(pthread_create(&threads[i], NULL, work, NULL) == 0);
  for (int i = 0; i < THREADS; i++)
    pthread_join(threads[i], NULL);
  CHECK_INT(guarded, (long)THREADS * ROUNDS);
  CHECK_INT(sl_counter_get(&shared_counter), (long)THREADS * ROUNDS);
  CHECK_INT(once_runs, 1);
  CHECK_INT(raised_first, 1);
  CHECK_INT(dropped_last, 1);
  CHECK_INT(sl_refs_get(&shared_refs), 0);
}

TEST(mutex_of_its_own)
{
  struct mutex m;
  REQUIRE(sl_mutex_init(&m));
  REQUIRE(sl_mutex_try(&m));
  CHECK(!sl_mutex_try(&m));
  sl_mutex_unlock(&m);
  CHECK(sl_mutex_try(&m));
  sl_mutex_unlock(&m);
  sl_mutex_done(&m);
}

static void *try_for(void *arg)
{
  return sl_mutex_lock_for(arg, 20) ? arg : NULL;
}

TEST(waits_for_a_mutex_no_longer_than_that)
{
  struct mutex m;
  pthread_t other;
  void *got = &m;
  REQUIRE(sl_mutex_init(&m));
  CHECK(sl_mutex_lock_for(&m, 1999));
  REQUIRE(!pthread_create(&other, NULL, try_for, &m));
  pthread_join(other, &got);
  CHECK(!got);
  sl_mutex_unlock(&m);
  CHECK(sl_mutex_lock_for(&m, 0));
  sl_mutex_unlock(&m);
  sl_mutex_done(&m);
}

TEST(counter_starts_at_one)
{
  struct counter c = {0};
  CHECK_INT(sl_counter_get(&c), 0);
  CHECK_INT(sl_counter_next(&c), 1);
  CHECK_INT(sl_counter_next(&c), 2);
  CHECK_INT(sl_counter_add(&c, 40), 42);
  CHECK_INT(sl_counter_get(&c), 42);
}

TEST(flag_goes_up_and_down)
{
  struct flag f = {false};
  CHECK(!sl_flag_get(&f));
  CHECK(sl_flag_raise(&f));
  CHECK(sl_flag_get(&f));
  CHECK(!sl_flag_raise(&f));
  sl_flag_lower(&f);
  CHECK(!sl_flag_get(&f));
  CHECK(sl_flag_raise(&f));
}
