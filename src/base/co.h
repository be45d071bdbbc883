/* Stackless coroutines for conversations that read like their RFC, top to bottom.
 *
 * A conversation does no I/O and calls no application code: it takes replies, appends output, sets flags; a driver
 * acts. A local that must survive an await belongs in the struct. Awaits inside a nested `switch` would jump into
 * the wrong one: CO_END's default asserts. */
#ifndef SL_BASE_CO_H
#define SL_BASE_CO_H

#include <assert.h>
#include <stdbool.h>

#include "base/result.h"

struct co {
  int at; /* the line to resume at; -1: ended in failure */
  bool running;
};

#define CO_BEGIN(state)                                                                            \
  struct co *co_ = (state);                                                                        \
  assert(!co_->running);                                                                           \
  co_->running = true;                                                                             \
  switch (co_->at) {                                                                               \
  case 0:

/* Returns SL_WAIT until cond holds. */
#define CO_AWAIT(cond)                                                                             \
  do {                                                                                             \
    co_->at = __LINE__;                                                                            \
    __attribute__((fallthrough));                                                                  \
  case __LINE__:                                                                                   \
    if (!(cond)) {                                                                                 \
      co_->running = false;                                                                        \
      return SL_WAIT;                                                                              \
    }                                                                                              \
  } while (0)

/* Ends the conversation with the CURLcode that `result` is. */
#define CO_FAIL(result)                                                                            \
  do {                                                                                             \
    sl_result fail_ = (result);                                                                    \
    co_->running = false;                                                                          \
    co_->at = -1;                                                                                  \
    return fail_;                                                                                  \
  } while (0)

/* Runs a child coroutine to its end. */
#define CO_CALL(child)                                                                             \
  do {                                                                                             \
    co_->at = __LINE__;                                                                            \
    __attribute__((fallthrough));                                                                  \
  case __LINE__: {                                                                                 \
    sl_result r_ = (child);                                                                        \
    if (r_ != SL_OK) {                                                                             \
      co_->running = false;                                                                        \
      if (r_ != SL_WAIT)                                                                           \
        co_->at = -1;                                                                              \
      return r_;                                                                                   \
    }                                                                                              \
  }                                                                                                \
  } while (0)

#define CO_END                                                                                     \
  break;                                                                                           \
  default:                                                                                         \
    assert(!"await inside a nested switch, or resumed after failure");                             \
    co_->running = false;                                                                          \
    return SL_BROKEN;                                                                              \
    }                                                                                              \
    co_->at = 0;                                                                                   \
    co_->running = false;                                                                          \
    return SL_OK

#endif
