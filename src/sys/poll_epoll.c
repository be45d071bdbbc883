/* epoll(7) and eventfd(2) behind sys/poll.h. */
#include "sys/poll.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

int sl_poll_new(void)
{
  return epoll_create1(EPOLL_CLOEXEC);
}

void sl_poll_free(int poll_fd)
{
  if (poll_fd >= 0)
    close(poll_fd);
}

bool sl_poll_set(int poll_fd, int fd, unsigned had, unsigned want, uint64_t tag)
{
  struct epoll_event e = {.data.u64 = tag};
  if (want & SL_POLL_IN)
    e.events |= EPOLLIN;
  if (want & SL_POLL_OUT)
    e.events |= EPOLLOUT;
  if (!want)
    return !epoll_ctl(poll_fd, EPOLL_CTL_DEL, fd, &e);
  if (!epoll_ctl(poll_fd, had ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e))
    return true;
  /* The application may have closed and reopened the number behind our back. */
  if (errno == ENOENT)
    return !epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &e);
  if (errno == EEXIST)
    return !epoll_ctl(poll_fd, EPOLL_CTL_MOD, fd, &e);
  return false;
}

int sl_poll_wait(int poll_fd, struct poll_event *out_events, int cap, int timeout_ms)
{
  enum { AT_ONCE = 128 };
  struct epoll_event got[AT_ONCE];
  int n = epoll_wait(poll_fd, got, cap < AT_ONCE ? cap : AT_ONCE, timeout_ms);
  if (n < 0)
    return errno == EINTR ? 0 : -1;
  for (int i = 0; i < n; i++) {
    unsigned e = got[i].events;
    out_events[i].tag = got[i].data.u64;
    out_events[i].ready = (e & EPOLLIN ? SL_POLL_IN : 0u) | (e & EPOLLOUT ? SL_POLL_OUT : 0u) |
                          (e & (EPOLLERR | EPOLLHUP) ? SL_POLL_ERR : 0u);
  }
  return n;
}

int sl_wake_new(void)
{
  return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

void sl_wake_free(int fd)
{
  if (fd >= 0)
    close(fd);
}

bool sl_wake_signal(int fd)
{
  uint64_t one = 1;
  return write(fd, &one, sizeof one) == sizeof one || errno == EAGAIN;
}

void sl_wake_drain(int fd)
{
  uint64_t count;
  if (read(fd, &count, sizeof count) < 0)
    return; /* nothing there: somebody else has drained it */
}
