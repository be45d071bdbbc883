/* Files that downloads go to; see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"

static const char nameless[] = "index.html";

static char *clean_name(const char *last, int length)
{
  int decoded_length = 0;
  char *decoded = curl_easy_unescape(NULL, last, length, &decoded_length);
  if (!decoded)
    return NULL;
  for (int i = 0; i < decoded_length; i++)
    if (decoded[i] == '/' || (unsigned char)decoded[i] < ' ' || decoded[i] == 127)
      decoded[i] = '_';
  bool bad = !decoded[0] || !strcmp(decoded, ".") || !strcmp(decoded, "..");
  char *name = cli_need(strdup(bad ? nameless : decoded));
  curl_free(decoded);
  return name;
}

char *output_name(const char *url)
{
  CURLU *parts = curl_url();
  char *path = NULL, *name = NULL;
  if (parts &&
      !curl_url_set(parts, CURLUPART_URL, url,
                    CURLU_GUESS_SCHEME | CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS) &&
      !curl_url_get(parts, CURLUPART_PATH, &path, 0)) {
    const char *slash = strrchr(path, '/');
    const char *last = slash ? slash + 1 : path;
    name = *last ? clean_name(last, (int)strlen(last)) : cli_need(strdup(nameless));
  }
  curl_free(path);
  curl_url_cleanup(parts);
  return name;
}

static bool fail(struct output *output, int os_errno)
{
  if (!output->os_errno)
    output->os_errno = os_errno;
  return false;
}

bool output_init(struct output *output, const char *path, bool resume)
{
  struct stat found;
  *output = (struct output){.path = path, .fd = path ? -1 : STDOUT_FILENO, .resume = resume};
  if (!resume)
    return true;
  if (stat(path, &found))
    return errno == ENOENT ? true : fail(output, errno);
  if (!S_ISREG(found.st_mode))
    return fail(output, S_ISDIR(found.st_mode) ? EISDIR : EINVAL);
  output->resumed_at = found.st_size;
  return true;
}

static bool make(struct output *output)
{
  if (output->fd >= 0)
    return true;
  int how = O_WRONLY | O_CREAT | O_CLOEXEC | (output->resume ? O_APPEND : O_TRUNC);
  output->fd = open(output->path, how, 0666);
  return output->fd >= 0 ? true : fail(output, errno);
}

/* Standard output may have been made non-blocking by whoever shares it. */
static bool wait_writable(int fd)
{
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  return poll(&ready, 1, -1) > 0 || errno == EINTR;
}

bool output_write(struct output *output, const char *data, size_t size)
{
  if (!make(output))
    return false;
  while (size) {
    ssize_t sent = write(output->fd, data, size);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && errno == EAGAIN && wait_writable(output->fd))
      continue;
    if (sent < 0)
      return fail(output, errno);
    data += sent;
    size -= (size_t)sent;
    output->written += sent;
  }
  return true;
}

bool output_finish(struct output *output, bool whole)
{
  if (!output->path)
    return !output->os_errno;
  if (whole)
    make(output);
  if (output->fd >= 0 && close(output->fd))
    fail(output, errno);
  output->fd = -1;
  return !output->os_errno;
}
