/* Files that downloads go to; see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "signals.h"

static bool fail(struct output *output, int os_errno)
{
  if (!output->os_errno)
    output->os_errno = os_errno;
  return false;
}

static char *join(const char *path, const char *suffix)
{
  char *joined = NULL;
  if (asprintf(&joined, "%s%s", path, suffix) < 0)
    joined = NULL;
  return cli_need(joined);
}

/* A link to a file is followed, so that it stays a link. /dev/stdout leads to a file at times,
 * which is in use then: nothing below /dev is renamed. */
static void name_files(struct output *output, const struct stat *found)
{
  char *real = found ? realpath(output->path, NULL) : NULL;
  output->target = real ? real : cli_need(strdup(output->path));
  output->part = join(output->target, ".part");
  output->etag = join(output->target, ".part.etag");
  output->mode = found ? found->st_mode & 0777 : 0666;
}

bool output_init(struct output *output, const char *path, bool no_replace)
{
  struct stat found;
  *output = (struct output){.path = path, .fd = -1, .no_replace = no_replace};
  if (!path)
    return true;
  bool exists = !stat(path, &found);
  if (exists && no_replace)
    return fail(output, EEXIST);
  if (exists && S_ISDIR(found.st_mode))
    return fail(output, EISDIR);
  if (!strncmp(path, "/dev/", 5) || (exists && !S_ISREG(found.st_mode)))
    return true;
  name_files(output, exists ? &found : NULL);
  return true;
}

bool output_look(struct output *output)
{
  struct stat found;
  if (!output->target)
    return fail(output, EINVAL);
  output->at_target = false;
  if (!lstat(output->part, &found)) {
    output->size = found.st_size;
    return S_ISREG(found.st_mode) ? true : fail(output, EINVAL);
  }
  if (!stat(output->target, &found)) {
    output->size = found.st_size;
    output->at_target = true;
  }
  return errno == ENOENT || output->at_target ? true : fail(output, errno);
}

/* Whether the file that was opened still has that name: another process may have been faster. */
static bool has_name(int fd, const char *path)
{
  struct stat opened, named;
  return !fstat(fd, &opened) && !lstat(path, &named) && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

/* Two transfers that grow one file would mix: the part is locked as long as it is open. */
static bool open_part(struct output *output)
{
  for (;;) {
    int fd = open(output->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, output->mode);
    if (fd < 0)
      return fail(output, errno);
    if (flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK) {
      close(fd);
      return fail(output, EWOULDBLOCK);
    }
    if (has_name(fd, output->part)) {
      output->fd = fd;
      return true;
    }
    close(fd);
  }
}

static bool open_direct(struct output *output)
{
  output->fd = output->path ? open(output->path, O_WRONLY | O_CLOEXEC | O_CREAT | O_TRUNC, 0666)
                            : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
  return output->fd >= 0 ? true : fail(output, errno);
}

bool output_open(struct output *output, curl_off_t from)
{
  if (!output->target)
    return output->fd >= 0 || open_direct(output);
  if (from && output->at_target && rename(output->target, output->part))
    return fail(output, errno);
  output->at_target = false;
  if (output->fd < 0 && !open_part(output))
    return false;
  if (!from)
    unlink(output->etag);
  if (ftruncate(output->fd, from) || lseek(output->fd, from, SEEK_SET) < 0)
    return fail(output, errno);
  output->size = from;
  return true;
}

/* Standard output may have been made non-blocking by whoever shares it. */
static bool wait_writable(int fd)
{
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  return poll(&ready, 1, -1) > 0 || (errno == EINTR && !signals_ended());
}

bool output_write(struct output *output, const char *data, size_t size)
{
  while (size) {
    ssize_t sent = write(output->fd, data, size);
    if (sent < 0 && errno == EINTR && !signals_ended())
      continue;
    if (sent < 0 && errno == EAGAIN && wait_writable(output->fd))
      continue;
    if (sent < 0)
      return fail(output, errno);
    data += sent;
    size -= (size_t)sent;
    output->size += sent;
    output->written += sent;
  }
  return true;
}

bool output_readable(struct output *output)
{
  if (output->fd < 0)
    output->fd = open(output->at_target ? output->target : output->part, O_RDONLY | O_CLOEXEC);
  return output->fd >= 0 ? true : fail(output, errno);
}

/* What goes into a header field must be one line of plain text. */
bool output_validator(const struct output *output, char out[OUTPUT_VALIDATOR])
{
  FILE *file = output->target && !output->at_target ? fopen(output->etag, "re") : NULL;
  bool good = file && fgets(out, OUTPUT_VALIDATOR, file);
  if (file)
    fclose(file);
  size_t length = good ? strcspn(out, "\n") : 0;
  good = length && out[length] == '\n';
  for (size_t i = 0; good && i < length; i++)
    good = (unsigned char)out[i] >= ' ' && out[i] != 127;
  if (good)
    out[length] = 0;
  return good;
}

/* Without it the part can be continued all the same, so that a failure is none. */
void output_set_validator(const struct output *output, const char *text)
{
  if (!output->target)
    return;
  int fd = open(output->etag, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0)
    return;
  bool good = dprintf(fd, "%s\n", text) > 0;
  if (close(fd) || !good)
    unlink(output->etag);
}

/* Some file systems tell of a failed write only when the file is closed. The lock must be held
 * until the part has its name, hence the copy. */
static bool flush(struct output *output)
{
  int copy = dup(output->fd);
  return copy >= 0 && !close(copy) ? true : fail(output, errno);
}

static bool take_name(struct output *output)
{
  int failed = output->no_replace
                   ? renameat2(AT_FDCWD, output->part, AT_FDCWD, output->target, RENAME_NOREPLACE)
                   : rename(output->part, output->target);
  if (failed && output->no_replace && errno == EINVAL) /* the file system has no such thing */
    failed = link(output->part, output->target) || unlink(output->part);
  return failed ? fail(output, errno) : true;
}

bool output_keep(struct output *output)
{
  if (output->at_target)
    return true;
  if (!flush(output) || (output->target && !take_name(output)))
    return false;
  if (output->etag)
    unlink(output->etag);
  output->at_target = true;
  return true;
}

void output_drop(struct output *output)
{
  if (!output->target || output->at_target)
    return;
  unlink(output->etag);
  unlink(output->part);
  output->size = 0;
}

void output_close(struct output *output)
{
  if (output->fd >= 0 && output->target && !output->size)
    output_drop(output);
  if (output->fd >= 0)
    close(output->fd);
  output->fd = -1;
  free(output->target);
  free(output->part);
  free(output->etag);
  output->target = output->part = output->etag = NULL;
}
