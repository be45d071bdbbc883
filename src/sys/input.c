/* Files read in pieces; see input.h. */
#include "sys/input.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

bool sl_input_readable(const char *path)
{
  return access(path, R_OK) == 0;
}

int64_t sl_input_size(const char *path)
{
  struct stat st;
  if (stat(path, &st) || !S_ISREG(st.st_mode))
    return -1;
  return st.st_size;
}

bool sl_input_open(struct input *in, const char *path)
{
  do {
    in->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  } while (in->fd < 0 && errno == EINTR);
  return in->fd >= 0;
}

void sl_input_close(struct input *in)
{
  if (in->fd >= 0)
    close(in->fd);
  in->fd = -1;
}

sl_result sl_input_read(struct input *in, void *dst, size_t cap, size_t *out_n)
{
  ssize_t got;
  do {
    got = read(in->fd, dst, cap);
  } while (got < 0 && errno == EINTR);
  if (got < 0)
    return CURLE_READ_ERROR;
  *out_n = (size_t)got;
  return SL_OK;
}

bool sl_input_ready(const struct input *in)
{
  struct pollfd p = {.fd = in->fd, .events = POLLIN};
  return poll(&p, 1, 0) > 0;
}

bool sl_input_rewind(struct input *in)
{
  return lseek(in->fd, 0, SEEK_SET) == 0;
}
