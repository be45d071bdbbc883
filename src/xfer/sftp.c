/* SFTP: a file each way, or a folder's entries (the path ends with a slash), between two lists of quote commands. */
#include <sys/stat.h>

#include "loop/scratch.h"
#include "xfer/body.h"
#include "xfer/range.h"
#include "xfer/ssh.h"

static const struct io_config *io_of(const struct transfer *t)
{
  return &t->easy->set.io;
}

/* "/~/" is below the folder after login, "/~" is that folder. */
static sl_result below_home(struct transfer *t, struct ssh_xfer *x)
{
  struct slice path = x->path, home = slice_str(x->link->home);
  struct buf text;
  bool tilde = path.n >= 2 && path.p[1] == '~' && (path.n == 2 || path.p[2] == '/');
  if (!tilde)
    return SL_OK;
  sl_buf_init(&text, SL_SFTP_PATH_MAX);
  sl_buf_add(&text, home);
  if (!home.n || home.p[home.n - 1] != '/')
    sl_buf_char(&text, '/');
  sl_buf_add(&text, slice_from(path, 3));
  sl_result rc = sl_buf_result(&text, CURLE_URL_MALFORMAT);
  const char *copy = rc ? NULL : sl_arena_str(&t->arena, sl_buf_peek(&text));
  x->path = slice_of(copy, text.n);
  sl_buf_done(&text);
  return rc ? rc : copy ? SL_OK : SL_NOMEM;
}

static sl_result close_file(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->dirs);
  x->moving = false;
  SSH_AWAIT(sl_sftp_close(x->ssh));
  if (x->rc) /* what was written may not be there */
    CO_FAIL(sl_fail(t, x->rc, "Closing the remote file failed: %s", sl_ssh_error(x->ssh)));
  CO_END;
}

/* ---- download ---- */

static sl_result beyond(struct transfer *t, int64_t offset, int64_t size)
{
  return sl_fail(t, CURLE_BAD_DOWNLOAD_RESUME, "Offset (%lld) was beyond file size (%lld)", (long long)offset,
                 (long long)size);
}

/* Where to begin, and how much of it. Without a size (or with none at all, as files of /proc have it) all that comes. */
static sl_result choose_part(struct transfer *t, struct ssh_xfer *x)
{
  struct range range;
  sl_result rc = sl_range_of(t, &range);
  bool has_size = x->attr.has & SFTP_HAS_SIZE && x->attr.size && x->attr.size <= INT64_MAX;
  int64_t size = has_size ? (int64_t)x->attr.size : -1;
  x->left = size;
  if (rc)
    return sl_fail(t, rc, "The range makes no sense");
  if (size < 0)
    return SL_OK;
  if (range.from < 0 && -range.from > size && io_of(t)->resume_from)
    return beyond(t, range.from, size);
  if (range.from < 0)
    range.from = -range.from < size ? size + range.from : 0;
  if (range.from > size)
    return beyond(t, range.from, size);
  x->left = size - range.from;
  if (range.len >= 0 && range.len < x->left)
    x->left = range.len;
  if (range.from)
    sl_sftp_seek(x->ssh, (uint64_t)range.from);
  return sl_ssh_note_size(t, x->left);
}

static sl_result download(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->body);
  SSH_AWAIT(sl_sftp_open(x->ssh, x->path, SFTP_READ, 0));
  if (x->rc)
    CO_FAIL(sl_fail(t, x->rc, "Could not open remote file for reading: %s", sl_ssh_error(x->ssh)));
  SSH_AWAIT(sl_sftp_attr(x->ssh, &x->attr));
  if (sl_ssh_is_lost(x->rc))
    CO_FAIL(x->rc);
  if (x->rc)
    x->attr.has = 0;
  if ((x->rc = choose_part(t, x)))
    CO_FAIL(x->rc);
  x->moving = true;
  if (!io_of(t)->nobody)
    CO_CALL(sl_ssh_download(t, x));
  CO_CALL(close_file(t, x));
  CO_END;
}

/* ---- folders ---- */

/* The next entry's line, or its name, into x->text; nothing after the last. */
static sl_result next_entry(struct transfer *t, struct ssh_xfer *x)
{
  size_t line_n;
  char *name = sl_multi_scratch(t->multi);
  if (!name)
    return SL_NOMEM;
  char *line = name + SFTP_NAME_MAX;
  sl_result rc = sl_sftp_list(x->ssh, name, &x->name_n, line, &line_n, &x->attr);
  if (rc || !x->name_n)
    return rc;
  sl_buf_clear(&x->text);
  sl_buf_append(&x->text, name, x->name_n);
  if (!t->easy->set.ftp->dirlistonly)
    sl_buf_append(&x->text, line, line_n);
  return sl_buf_result(&x->text, CURLE_TOO_LARGE);
}

static bool is_link(const struct transfer *t, const struct ssh_xfer *x)
{
  return !t->easy->set.ftp->dirlistonly && x->attr.has & SFTP_HAS_MODE && S_ISLNK(x->attr.mode);
}

static sl_result read_link(struct transfer *t, struct ssh_xfer *x)
{
  char *path = sl_multi_scratch(t->multi);
  size_t n = 0;
  struct slice name = slice_head(sl_buf_peek(&x->text), x->name_n);
  if (!path)
    return SL_NOMEM;
  _Static_assert(SL_SFTP_PATH_MAX + 2 * SFTP_NAME_MAX <= SL_SCRATCH_BYTES, "the folder, a name, its target");
  char *target = path + x->path.n + name.n;
  memcpy(path, x->path.p, x->path.n);
  memcpy(path + x->path.n, name.p, name.n);
  sl_result rc = sl_sftp_readlink(x->ssh, slice_of(path, x->path.n + name.n), target, SFTP_NAME_MAX, &n);
  if (!rc) {
    sl_buf_str(&x->text, " -> ");
    sl_buf_append(&x->text, target, n);
  }
  return rc;
}

/* Once; then it is the sink's, and this waits until the application takes more. */
static sl_result deliver(struct transfer *t, struct ssh_xfer *x)
{
  struct slice line = sl_buf_peek(&x->text);
  if (!line.n)
    return t->paused & CURLPAUSE_RECV || !sl_body_allow(t, 1) ? SL_WAIT : SL_OK;
  if (!t->easy->set.ftp->dirlistonly)
    line = slice_from(line, x->name_n);
  t->progress.recv.bytes += (int64_t)line.n;
  sl_result rc = sl_body_take(t, line);
  sl_buf_clear(&x->text);
  return rc ? rc : deliver(t, x);
}

static sl_result list(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->body);
  SSH_AWAIT(sl_sftp_open(x->ssh, x->path, SFTP_LIST, 0));
  if (x->rc)
    CO_FAIL(sl_fail(t, x->rc, "Could not open directory for reading: %s", sl_ssh_error(x->ssh)));
  for (;;) {
    SSH_AWAIT(next_entry(t, x));
    if (x->rc)
      CO_FAIL(sl_fail(t, x->rc, "Could not read the directory: %s", sl_ssh_error(x->ssh)));
    if (!x->name_n)
      break;
    if (is_link(t, x)) {
      SSH_AWAIT(read_link(t, x));
      if (sl_ssh_is_lost(x->rc))
        CO_FAIL(x->rc);
    }
    sl_buf_char(&x->text, '\n');
    if (!sl_buf_ok(&x->text))
      CO_FAIL(sl_buf_result(&x->text, CURLE_TOO_LARGE));
    x->moving = true;
    CO_CALL(deliver(t, x));
    x->moving = false;
  }
  CO_CALL(close_file(t, x));
  CO_END;
}

/* ---- upload ---- */

/* CURLOPT_FTP_CREATE_MISSING_DIRS(3): one that is there already is as good as one that was made. */
static sl_result make_folders(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->dirs);
  for (x->dir_n = 1; x->dir_n < x->path.n; x->dir_n++) {
    if (x->path.p[x->dir_n] != '/')
      continue;
    SSH_AWAIT(sl_sftp_mkdir(x->ssh, slice_head(x->path, x->dir_n), t->easy->set.ssh->new_directory_perms));
    if (sl_ssh_is_lost(x->rc))
      CO_FAIL(x->rc);
  }
  CO_END;
}

static sl_result open_upload(struct transfer *t, struct ssh_xfer *x)
{
  enum sftp_open how = t->easy->set.ftp->append ? SFTP_WRITE_APPEND
                       : x->resume_from > 0     ? SFTP_WRITE_RESUME
                                                : SFTP_WRITE_NEW;
  return sl_sftp_open(x->ssh, x->path, how, t->easy->set.ssh->new_file_perms);
}

static bool misses_folder(const struct transfer *t, const struct ssh_xfer *x)
{
  return t->easy->set.ftp->ftp_create_missing_dirs && (x->rc == CURLE_REMOTE_FILE_NOT_FOUND || x->rc == CURLE_SSH);
}

static sl_result upload(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->body);
  x->resume_from = io_of(t)->resume_from;
  if (x->resume_from < 0) {
    SSH_AWAIT(sl_sftp_stat(x->ssh, x->path, &x->attr));
    if (sl_ssh_is_lost(x->rc))
      CO_FAIL(x->rc);
    x->resume_from = !x->rc && x->attr.has & SFTP_HAS_SIZE && x->attr.size <= INT64_MAX ? (int64_t)x->attr.size : 0;
  }
  SSH_AWAIT(open_upload(t, x));
  if (misses_folder(t, x)) {
    CO_CALL(make_folders(t, x));
    SSH_AWAIT(open_upload(t, x));
  }
  if (x->rc)
    CO_FAIL(sl_fail(t, x->rc, "Upload failed: %s", sl_ssh_error(x->ssh)));
  if ((x->rc = sl_ssh_choose_source(t, io_of(t)->infilesize, x->resume_from)))
    CO_FAIL(x->rc);
  if (x->resume_from)
    sl_sftp_seek(x->ssh, (uint64_t)x->resume_from);
  x->moving = true;
  CO_CALL(sl_ssh_upload(t, x));
  CO_CALL(close_file(t, x));
  CO_END;
}

/* ---- all of it ---- */

sl_result sl_ssh_sftp(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->run);
  if ((x->rc = below_home(t, x)))
    CO_FAIL(x->rc);
  CO_CALL(sl_ssh_quote(t, x, t->easy->set.ftp->quote));
  if (io_of(t)->filetime) {
    SSH_AWAIT(sl_sftp_stat(x->ssh, x->path, &x->attr));
    if (sl_ssh_is_lost(x->rc))
      CO_FAIL(x->rc);
    if (!x->rc && x->attr.has & SFTP_HAS_TIMES)
      t->easy->info.filetime = x->attr.mtime;
  }
  if (x->upload)
    CO_CALL(upload(t, x));
  else if (x->path.p[x->path.n - 1] != '/')
    CO_CALL(download(t, x));
  else if (!io_of(t)->nobody)
    CO_CALL(list(t, x));
  CO_CALL(sl_ssh_quote(t, x, t->easy->set.ftp->postquote));
  CO_END;
}
