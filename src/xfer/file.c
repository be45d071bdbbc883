/* file: URLs (RFC 8089): local files read and written through the same callbacks as everything else. Directories are
 * listed, one name a line. No descriptor here is a socket, so nothing asks the gate; large files go in pieces, with
 * the other transfers' turn in between. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "loop/scratch.h"
#include "wire/date.h"
#include "wire/encode.h"
#include "xfer/body.h"
#include "xfer/protos.h"
#include "xfer/range.h"
#include "xfer/transfer.h"

enum {
  PIECE = 64 * 1024, /* bytes at a time */
  PIECES = 4         /* before others get their turn */
};

struct file {
  int fd;
  DIR *dir;
  const char *path;
  int64_t left; /* bytes of a download; -1 unknown, to the end */
  int64_t skip; /* bytes of an upload that the file has already */
  bool upload, done;
};

static struct file *of(struct transfer *t)
{
  return t->proto_data;
}

static void file_cleanup(struct transfer *t)
{
  struct file *f = of(t);
  t->proto_data = NULL;
  if (!f)
    return;
  if (f->dir)
    closedir(f->dir);
  if (f->fd >= 0)
    close(f->fd);
  sl_free(f);
}

static sl_result decode_path(struct transfer *t, struct file *f)
{
  struct buf path;
  sl_buf_init(&path, SL_URL_MAX);
  bool valid = sl_encode_from_percent(t->url->path, SL_PERCENT_NO_ZERO, &path);
  bool nomem = path.nomem;
  f->path = valid ? sl_arena_str(&t->arena, sl_buf_peek(&path)) : NULL;
  sl_buf_done(&path);
  if (!valid && !nomem)
    return sl_fail(t, CURLE_URL_MALFORMAT, "A zero byte in the path");
  return f->path ? SL_OK : SL_NOMEM;
}

static sl_result again_later(struct transfer *t)
{
  if (!t->rate_us)
    sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

/* ---- download ---- */

static sl_result header(struct transfer *t, const char *name, const char *value)
{
  char line[96];
  int n = snprintf(line, sizeof line, "%s%s%s\r\n", name, *name ? ": " : "", value);
  return sl_sink_header(t, slice_of(line, (size_t)n), *name ? SINK_HEADER : SINK_HEAD_END);
}

static sl_result headers(struct transfer *t, const struct stat *st)
{
  char text[SL_DATE_HTTP_MAX];
  sl_result rc = SL_OK;
  if (!S_ISDIR(st->st_mode)) {
    snprintf(text, sizeof text, "%lld", (long long)st->st_size);
    rc = header(t, "Content-Length", text);
    if (!rc)
      rc = header(t, "Accept-ranges", "bytes");
  }
  if (!rc && sl_date_format_http(text, st->st_mtime))
    rc = header(t, "Last-Modified", text);
  return rc || t->easy->set.io.nobody ? rc : header(t, "", "");
}

static sl_result seek_to(struct transfer *t, struct file *f, const struct stat *st)
{
  struct range range;
  sl_result rc = sl_range_of(t, &range);
  if (rc)
    return sl_fail(t, rc, "Requested range was not delivered by the server");
  bool regular = S_ISREG(st->st_mode);
  if (range.from < 0)
    range.from += st->st_size;
  if (regular && (range.from < 0 || range.from > st->st_size))
    return sl_fail(t, CURLE_BAD_DOWNLOAD_RESUME, "failed to resume file:// transfer");
  if (range.from && lseek(f->fd, range.from, SEEK_SET) != range.from)
    return sl_fail(t, CURLE_BAD_DOWNLOAD_RESUME, "failed to resume file:// transfer");
  f->left = regular ? st->st_size - range.from : -1;
  if (range.len >= 0 && (f->left < 0 || range.len < f->left))
    f->left = range.len;
  if (regular && !st->st_size)
    f->left = -1; /* files of /proc have no size and yet a content */
  return SL_OK;
}

static sl_result start_download(struct transfer *t, struct file *f)
{
  struct stat st;
  f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
  if (f->fd < 0 || fstat(f->fd, &st))
    return sl_fail(t, CURLE_FILE_COULDNT_READ_FILE, "Couldn't open file %s", f->path);
  t->easy->info.filetime = t->easy->set.io.filetime ? st.st_mtime : -1;
  if (!sl_body_time_wanted(t, st.st_mtime)) {
    f->done = true;
    return SL_OK;
  }
  sl_result rc = headers(t, &st);
  f->done = t->easy->set.io.nobody;
  if (rc || f->done)
    return rc;
  if (S_ISDIR(st.st_mode)) {
    f->dir = fdopendir(f->fd);
    f->fd = f->dir ? -1 : f->fd;
    return f->dir ? SL_OK : sl_fail(t, CURLE_READ_ERROR, "Could not list %s: %s", f->path, strerror(errno));
  }
  rc = seek_to(t, f, &st);
  if (!rc && f->left >= 0)
    t->progress.dl_total = t->easy->info.content_length_download = f->left;
  return rc;
}

static sl_result read_piece(struct transfer *t, struct file *f)
{
  size_t most = f->left >= 0 && f->left < PIECE ? (size_t)f->left : PIECE;
  char *scratch = sl_multi_scratch(t->multi);
  if (!scratch)
    return SL_NOMEM;
  f->done = !most;
  most = most ? sl_body_allow(t, most) : 0;
  if (!most)
    return SL_OK;
  ssize_t n = read(f->fd, scratch, most);
  if (n < 0 && errno == EINTR)
    return SL_OK;
  if (n < 0)
    return sl_fail(t, CURLE_READ_ERROR, "Could not read %s: %s", f->path, strerror(errno));
  t->progress.recv.bytes += n;
  f->done = !n;
  if (n && f->left >= 0)
    f->left -= n;
  return n ? sl_body_take(t, slice_of(scratch, (size_t)n)) : SL_OK;
}

/* Names that begin with a dot stay hidden. */
static sl_result list_piece(struct transfer *t, struct file *f)
{
  char *scratch = sl_multi_scratch(t->multi);
  size_t n = 0;
  if (!scratch)
    return SL_NOMEM;
  while (!f->done && n < PIECE - sizeof(struct dirent)) {
    const struct dirent *entry = readdir(f->dir);
    f->done = !entry;
    if (!entry || *entry->d_name == '.')
      continue;
    size_t len = strlen(entry->d_name);
    memcpy(scratch + n, entry->d_name, len);
    scratch[n + len] = '\n';
    n += len + 1;
  }
  return n ? sl_body_take(t, slice_of(scratch, n)) : SL_OK;
}

/* ---- upload ---- */

static sl_result start_upload(struct transfer *t, struct file *f)
{
  const struct io_config *io = &t->easy->set.io;
  struct stat st;
  bool append = io->resume_from != 0; /* CURLOPT_APPEND(3) is not for files */
  f->fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC | (append ? O_APPEND : O_TRUNC),
               t->easy->set.ssh->new_file_perms);
  if (f->fd < 0)
    return sl_fail(t, CURLE_WRITE_ERROR, "Can't open %s for writing", f->path);
  f->skip = io->resume_from;
  if (io->resume_from < 0) {
    if (fstat(f->fd, &st))
      return sl_fail(t, CURLE_WRITE_ERROR, "Can't get the size of %s", f->path);
    f->skip = st.st_size;
  }
  sl_source_callback(&t->source, io->readfunction, io->readdata, io->infilesize);
  t->source.crlf = io->crlf;
  t->progress.ul_total = io->infilesize;
  return SL_OK;
}

static sl_result write_all(struct transfer *t, struct file *f, struct slice data)
{
  while (data.n) {
    ssize_t n = write(f->fd, data.p, data.n);
    if (n < 0 && errno != EINTR)
      return sl_fail(t, CURLE_SEND_ERROR, "Could not write %s: %s", f->path, strerror(errno));
    data = slice_from(data, n > 0 ? (size_t)n : 0);
  }
  return SL_OK;
}

static sl_result write_piece(struct transfer *t, struct file *f)
{
  size_t n = 0, most = sl_body_allow_up(t, PIECE);
  char *scratch = sl_multi_scratch(t->multi);
  if (!scratch)
    return SL_NOMEM;
  if (!most)
    return SL_OK;
  sl_result rc = sl_source_read(t, scratch, most, &n);
  if (rc)
    return rc;
  f->done = !n;
  struct slice data = slice_of(scratch, n);
  size_t skipped = f->skip < (int64_t)n ? (size_t)f->skip : n;
  f->skip -= (int64_t)skipped;
  data = slice_from(data, skipped);
  t->progress.ul_now += (int64_t)data.n;
  t->progress.send.bytes += (int64_t)data.n;
  return write_all(t, f, data);
}

/* ---- both ---- */

static sl_result file_start(struct transfer *t)
{
  const struct settings *set = &t->easy->set;
  file_cleanup(t);
  struct file *f = sl_calloc(1, sizeof *f);
  if (!f)
    return SL_NOMEM;
  f->fd = -1;
  f->upload = set->http->method == SL_HTTP_PUT && !set->io.nobody;
  t->proto_data = f;
  t->body_ended = false;
  sl_sink_reset(&t->sink);
  sl_source_none(&t->source);
  sl_result rc = decode_path(t, f);
  if (rc)
    return rc;
  return f->upload ? start_upload(t, f) : start_download(t, f);
}

static sl_result file_step(struct transfer *t)
{
  struct file *f = of(t);
  if (t->resumed_recv) {
    t->resumed_recv = false;
    sl_result rc = sl_sink_resume(t);
    if (rc)
      return rc;
  }
  for (int i = 0; i < PIECES && !f->done; i++) {
    if (t->rate_us || (!f->upload && t->paused & CURLPAUSE_RECV))
      return SL_WAIT;
    sl_result rc = f->upload ? write_piece(t, f) : f->dir ? list_piece(t, f) : read_piece(t, f);
    if (rc)
      return rc;
  }
  if (!f->done)
    return again_later(t);
  return t->paused & CURLPAUSE_RECV && sl_sink_blocked(&t->sink) ? SL_WAIT : sl_sink_end(t);
}

static sl_result file_finish(struct transfer *t, sl_result result)
{
  file_cleanup(t);
  return result;
}

const struct xfer_proto sl_proto_file = {
    .scheme = "file",
    .bit = CURLPROTO_FILE,
    .no_conn = true,
    .no_pause = true,
    .start = file_start,
    .step = file_step,
    .finish = file_finish,
    .cleanup = file_cleanup,
};
