/* Whole files; see file.h. */
#include "sys/file.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "sys/random.h"

enum {
  CHUNK = 16 * 1024,
  KEPT_MAX = 64 << 20,
  TEMP_TRIES = 8 /* names; that one exists already is next to impossible */
};

static sl_result read_chunk(int fd, void *dst, size_t cap, size_t *out_n)
{
  ssize_t got;
  do {
    got = read(fd, dst, cap);
  } while (got < 0 && errno == EINTR);
  if (got < 0)
    return CURLE_FILE_COULDNT_READ_FILE;
  *out_n = (size_t)got;
  return SL_OK;
}

/* A file as large as the limit is fine: only a byte beyond it tells that it is too large. */
static sl_result expect_end(int fd)
{
  char beyond;
  size_t got = 0;
  sl_result r = read_chunk(fd, &beyond, 1, &got);
  return r ? r : got ? CURLE_FILESIZE_EXCEEDED : SL_OK;
}

static sl_result read_all(int fd, struct buf *out)
{
  struct stat st;
  bool sized = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0;
  size_t next = sized ? (size_t)st.st_size + 1 : CHUNK; /* the one more is for meeting the end */
  while (out->n < out->max) {
    size_t room = out->max - out->n, want = next;
    if (want > room)
      want = room;
    if (!sl_buf_reserve(out, want))
      return sl_buf_result(out, CURLE_FILESIZE_EXCEEDED);
    size_t got = 0;
    sl_result r = read_chunk(fd, out->p + out->n, want, &got);
    if (r)
      return r;
    out->n += (uint32_t)got;
    out->p[out->n] = 0;
    if (!got)
      return SL_OK;
    next = want > got ? want - got : CHUNK;
  }
  return expect_end(fd);
}

sl_result sl_file_read_fd(int fd, struct buf *out)
{
  if (!sl_buf_ok(out))
    return sl_buf_result(out, CURLE_FILESIZE_EXCEEDED);
  uint32_t before = out->n;
  sl_result r = read_all(fd, out);
  if (r) {
    out->n = before;
    if (out->p)
      out->p[before] = 0;
  }
  return r;
}

/* ---- what is kept ---- */

/* Only put before, never changed: readers need no lock. */
struct kept {
  struct kept *next;
  char *path;
  struct buf text;
};
static _Atomic(struct kept *) kept;

static const struct kept *find_kept(const char *path)
{
  const struct kept *k = atomic_load_explicit(&kept, memory_order_acquire);
  while (k && strcmp(k->path, path))
    k = k->next;
  return k;
}

static void kept_free(struct kept *k)
{
  sl_buf_done(&k->text);
  sl_free(k->path);
  sl_free(k);
}

sl_result sl_file_keep(const char *path)
{
  if (find_kept(path))
    return SL_OK;
  struct kept *k = sl_calloc(1, sizeof *k);
  if (!k)
    return SL_NOMEM;
  sl_buf_init(&k->text, KEPT_MAX);
  k->path = sl_strdup(path);
  sl_result r = k->path ? sl_file_read(path, &k->text) : SL_NOMEM;
  if (r) {
    kept_free(k);
    return r == SL_NOMEM ? r : SL_OK;
  }
  k->next = atomic_load_explicit(&kept, memory_order_relaxed);
  atomic_store_explicit(&kept, k, memory_order_release);
  return SL_OK;
}

void sl_file_forget(void)
{
  for (struct kept *k = atomic_exchange(&kept, NULL), *next; k; k = next) {
    next = k->next;
    kept_free(k);
  }
}

static sl_result read_kept(const char *path, struct buf *out)
{
  int saved = errno;
  const struct kept *k = find_kept(path);
  if (k && sl_buf_add(out, sl_buf_peek(&k->text)))
    return SL_OK;
  errno = saved;
  return k ? sl_buf_result(out, CURLE_FILESIZE_EXCEEDED) : CURLE_FILE_COULDNT_READ_FILE;
}

/* ---- reading ---- */

sl_result sl_file_read(const char *path, struct buf *out)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return read_kept(path, out);
  sl_result r = sl_file_read_fd(fd, out);
  int saved = errno;
  close(fd);
  errno = saved;
  return r;
}

sl_result sl_file_write_fd(int fd, struct slice content)
{
  while (content.n) {
    ssize_t put = write(fd, content.p, content.n);
    if (put < 0 && errno == EINTR)
      continue;
    if (put < 0)
      return CURLE_WRITE_ERROR;
    content = slice_from(content, (size_t)put);
  }
  return SL_OK;
}

/* Closing tells of a full quota or a lost server, so it counts. */
static sl_result write_and_close(int fd, struct slice content)
{
  sl_result r = sl_file_write_fd(fd, content);
  int saved = errno;
  if (close(fd) && !r)
    return CURLE_WRITE_ERROR;
  errno = saved;
  return r;
}

static sl_result write_directly(const char *path, struct slice content)
{
  int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
  return fd < 0 ? CURLE_WRITE_ERROR : write_and_close(fd, content);
}

/* Opens a new file in the folder of path, so that rename() stays within one file system. The name
 * is short and its own: adding to the old one could exceed NAME_MAX. */
static sl_result open_temp(const char *path, char **out_name, int *out_fd)
{
  const char *slash = strrchr(path, '/');
  size_t folder = slash ? (size_t)(slash - path) + 1 : 0,
         cap = folder + sizeof(".sluice-0123456789abcdef");
  char *name = sl_malloc(cap);
  if (!name)
    return SL_NOMEM;
  for (int i = 0; i < TEMP_TRIES; i++) {
    uint64_t unique;
    if (!sl_random_u64(&unique))
      break;
    snprintf(name, cap, "%.*s.sluice-%016llx", (int)folder, path, (unsigned long long)unique);
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
      *out_name = name;
      *out_fd = fd;
      return SL_OK;
    }
    if (errno != EEXIST)
      break;
  }
  int saved = errno;
  sl_free(name);
  errno = saved;
  return CURLE_WRITE_ERROR;
}

/* The new file is to be seen by nobody whom the old one was hidden from: where its owner or group
 * cannot be kept, neither are the permissions of the group and of others. */
static bool keep_owner_and_mode(int fd, const struct stat *old)
{
  struct stat new;
  mode_t mode = old->st_mode & 0777;
  if (fstat(fd, &new))
    return false;
  if ((new.st_uid != old->st_uid || new.st_gid != old->st_gid) &&
      fchown(fd, old->st_uid, old->st_gid))
    mode &= 0700;
  return fchmod(fd, mode) == 0;
}

static sl_result replace(const char *path, const struct stat *old, struct slice content)
{
  char *temp = NULL;
  int fd = -1;
  sl_result r = open_temp(path, &temp, &fd);
  if (r)
    return r;
  if (old && !keep_owner_and_mode(fd, old)) {
    close(fd);
    r = CURLE_WRITE_ERROR;
  } else {
    /* No fsync: these files are caches, and half a second of disk for each would be felt. */
    r = write_and_close(fd, content);
  }
  if (!r && rename(temp, path))
    r = CURLE_WRITE_ERROR;
  int saved = errno;
  if (r)
    unlink(temp);
  sl_free(temp);
  errno = saved;
  return r;
}

sl_result sl_file_write(const char *path, struct slice content)
{
  struct stat old;
  char resolved[4096]; /* PATH_MAX, as realpath() wants it */
  if (stat(path, &old))
    return errno == ENOENT ? replace(path, NULL, content) : CURLE_WRITE_ERROR;
  if (!S_ISREG(old.st_mode))
    return write_directly(path, content);
  if (!realpath(path, resolved))
    return CURLE_WRITE_ERROR;
  return replace(resolved, &old, content);
}
