/* Signals; see signals.h. The handlers only note, and wake the loop. */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static volatile sig_atomic_t end, resized, continued;
static int wake_fd = -1;

static void on_signal(int number)
{
  int kept = errno;
  uint64_t one = 1;
  if (number == SIGWINCH)
    resized = 1;
  else if (number == SIGCONT)
    continued = 1;
  else
    end = number;
  if (wake_fd >= 0 && write(wake_fd, &one, sizeof one) < 0)
    errno = kept; /* full: the loop is awake as it is */
  errno = kept;
}

/* One that is ignored, as nohup does it, stays so. No SA_RESTART: what blocks is to notice. */
static void listen_for(int number, int flags)
{
  struct sigaction before, action = {.sa_handler = on_signal, .sa_flags = flags};
  sigemptyset(&action.sa_mask);
  if (!sigaction(number, NULL, &before) && before.sa_handler != SIG_IGN)
    sigaction(number, &action, NULL);
}

int signals_begin(void)
{
  wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  listen_for(SIGINT, (int)SA_RESETHAND);
  listen_for(SIGTERM, (int)SA_RESETHAND);
  listen_for(SIGHUP, (int)SA_RESETHAND);
  listen_for(SIGWINCH, SA_RESTART);
  listen_for(SIGCONT, SA_RESTART);
  return wake_fd;
}

struct signals signals_take(void)
{
  uint64_t count;
  if (wake_fd >= 0 && read(wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
    wake_fd = -1;
  struct signals taken = {.resized = resized != 0, .continued = continued != 0};
  resized = continued = 0;
  return taken;
}

int signals_ended(void)
{
  return end;
}
