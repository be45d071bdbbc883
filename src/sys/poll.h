/* The operating system's readiness queue: epoll(7). Level triggered. */
#ifndef SL_SYS_POLL_H
#define SL_SYS_POLL_H

#include <stdbool.h>
#include <stdint.h>

enum { SL_POLL_IN = 1, SL_POLL_OUT = 2, SL_POLL_ERR = 4 };

struct poll_event {
  uint64_t tag;
  unsigned ready; /* SL_POLL_* */
};

int sl_poll_new(void); /* a descriptor, or -1 */
void sl_poll_free(int poll_fd);
/* want 0 removes; `had` is what the descriptor was registered for, 0 for nothing. */
bool sl_poll_set(int poll_fd, int fd, unsigned had, unsigned want, uint64_t tag);
/* Number of events, 0 on time-out or signal, -1 on error. timeout_ms -1 waits for ever. */
int sl_poll_wait(int poll_fd, struct poll_event *out_events, int cap, int timeout_ms);

/* A wake-up: an eventfd, never a socket. */
int sl_wake_new(void);
void sl_wake_free(int fd);
bool sl_wake_signal(int fd); /* from any thread or signal handler */
void sl_wake_drain(int fd);

#endif
