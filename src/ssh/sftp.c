/* Files of the other side; see ssh.h. */
#include <inttypes.h>

#include "ssh/session.h"

/* draft-ietf-secsh-filexfer-13 9.1, in the words and codes that libcurl has for them. */
static sl_result refused(struct ssh *s)
{
  static const struct {
    unsigned long status;
    sl_result code;
    const char *text;
  } known[] = {
      {LIBSSH2_FX_NO_SUCH_FILE, CURLE_REMOTE_FILE_NOT_FOUND, "No such file or directory"},
      {LIBSSH2_FX_PERMISSION_DENIED, CURLE_REMOTE_ACCESS_DENIED, "Permission denied"},
      {LIBSSH2_FX_FAILURE, CURLE_SSH, "Operation failed"},
      {LIBSSH2_FX_BAD_MESSAGE, CURLE_SSH, "Bad message from SFTP server"},
      {LIBSSH2_FX_NO_CONNECTION, CURLE_SSH, "Not connected to SFTP server"},
      {LIBSSH2_FX_CONNECTION_LOST, CURLE_SSH, "Connection to SFTP server lost"},
      {LIBSSH2_FX_OP_UNSUPPORTED, CURLE_SSH, "Operation not supported by SFTP server"},
      {LIBSSH2_FX_INVALID_HANDLE, CURLE_SSH, "Invalid handle"},
      {LIBSSH2_FX_NO_SUCH_PATH, CURLE_REMOTE_FILE_NOT_FOUND, "No such file or directory"},
      {LIBSSH2_FX_FILE_ALREADY_EXISTS, CURLE_REMOTE_FILE_EXISTS, "File already exists"},
      {LIBSSH2_FX_WRITE_PROTECT, CURLE_REMOTE_ACCESS_DENIED, "File is write protected"},
      {LIBSSH2_FX_NO_MEDIA, CURLE_SSH, "No media"},
      {LIBSSH2_FX_NO_SPACE_ON_FILESYSTEM, CURLE_REMOTE_DISK_FULL, "Disk full"},
      {LIBSSH2_FX_QUOTA_EXCEEDED, CURLE_REMOTE_DISK_FULL, "User quota exceeded"},
      {LIBSSH2_FX_UNKNOWN_PRINCIPAL, CURLE_SSH, "Unknown principal"},
      {LIBSSH2_FX_LOCK_CONFLICT, CURLE_REMOTE_ACCESS_DENIED, "File lock conflict"},
      {LIBSSH2_FX_DIR_NOT_EMPTY, CURLE_QUOTE_ERROR, "Directory not empty"},
      {LIBSSH2_FX_NOT_A_DIRECTORY, CURLE_SSH, "This is not a directory"},
      {LIBSSH2_FX_INVALID_FILENAME, CURLE_SSH, "Invalid filename"},
      {LIBSSH2_FX_LINK_LOOP, CURLE_SSH, "Link points to itself"},
  };
  unsigned long status = libssh2_sftp_last_error(s->sftp);
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (known[i].status == status)
      return sl_ssh_fail(s, known[i].code, known[i].text);
  return sl_ssh_result(s, LIBSSH2_ERROR_SFTP_PROTOCOL, CURLE_SSH);
}

static sl_result answered(struct ssh *s, long rc)
{
  return rc == LIBSSH2_ERROR_SFTP_PROTOCOL && !s->nomem ? refused(s) : sl_ssh_result(s, rc, CURLE_SSH);
}

static sl_result last(struct ssh *s)
{
  int rc = libssh2_session_last_errno(s->session);
  return answered(s, rc ? rc : LIBSSH2_ERROR_PROTO);
}

sl_result sl_sftp_start(struct ssh *s)
{
  if (!s->sftp)
    s->sftp = libssh2_sftp_init(s->session);
  return s->sftp ? SL_OK : last(s);
}

sl_result sl_sftp_realpath(struct ssh *s, struct slice path, char *dst, size_t cap, size_t *out_n)
{
  int n = libssh2_sftp_symlink_ex(s->sftp, path.p, (unsigned)path.n, dst, (unsigned)cap, LIBSSH2_SFTP_REALPATH);
  if (n >= 0)
    *out_n = (size_t)n;
  return answered(s, n);
}

sl_result sl_sftp_readlink(struct ssh *s, struct slice path, char *dst, size_t cap, size_t *out_n)
{
  int n = libssh2_sftp_symlink_ex(s->sftp, path.p, (unsigned)path.n, dst, (unsigned)cap, LIBSSH2_SFTP_READLINK);
  if (n >= 0)
    *out_n = (size_t)n;
  return answered(s, n);
}

sl_result sl_sftp_open(struct ssh *s, struct slice path, enum sftp_open how, unsigned mode)
{
  static const unsigned long flags[] = {
      [SFTP_READ] = LIBSSH2_FXF_READ,
      [SFTP_WRITE_NEW] = LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_TRUNC,
      [SFTP_WRITE_APPEND] = LIBSSH2_FXF_WRITE | LIBSSH2_FXF_CREAT | LIBSSH2_FXF_APPEND,
      [SFTP_WRITE_RESUME] = LIBSSH2_FXF_WRITE | LIBSSH2_FXF_APPEND,
      [SFTP_LIST] = 0,
  };
  s->file = libssh2_sftp_open_ex(s->sftp, path.p, (unsigned)path.n, flags[how], (long)mode,
                                 how == SFTP_LIST ? LIBSSH2_SFTP_OPENDIR : LIBSSH2_SFTP_OPENFILE);
  return s->file ? SL_OK : last(s);
}

sl_result sl_sftp_close(struct ssh *s)
{
  int rc = s->file ? libssh2_sftp_close_handle(s->file) : 0;
  if (rc != LIBSSH2_ERROR_EAGAIN)
    s->file = NULL;
  return answered(s, rc);
}

static void take_attr(const LIBSSH2_SFTP_ATTRIBUTES *a, struct sftp_attr *out)
{
  *out = (struct sftp_attr){
      .size = a->filesize,
      .uid = (uint32_t)a->uid,
      .gid = (uint32_t)a->gid,
      .mode = (uint32_t)a->permissions,
      .atime = (uint32_t)a->atime,
      .mtime = (uint32_t)a->mtime,
      .has = (uint8_t)((a->flags & LIBSSH2_SFTP_ATTR_SIZE ? SFTP_HAS_SIZE : 0) |
                       (a->flags & LIBSSH2_SFTP_ATTR_UIDGID ? SFTP_HAS_OWNER : 0) |
                       (a->flags & LIBSSH2_SFTP_ATTR_PERMISSIONS ? SFTP_HAS_MODE : 0) |
                       (a->flags & LIBSSH2_SFTP_ATTR_ACMODTIME ? SFTP_HAS_TIMES : 0)),
  };
}

sl_result sl_sftp_attr(struct ssh *s, struct sftp_attr *out_attr)
{
  LIBSSH2_SFTP_ATTRIBUTES a = {0};
  int rc = libssh2_sftp_fstat_ex(s->file, &a, 0);
  if (!rc)
    take_attr(&a, out_attr);
  return answered(s, rc);
}

sl_result sl_sftp_stat(struct ssh *s, struct slice path, struct sftp_attr *out_attr)
{
  LIBSSH2_SFTP_ATTRIBUTES a = {0};
  int rc = libssh2_sftp_stat_ex(s->sftp, path.p, (unsigned)path.n, LIBSSH2_SFTP_STAT, &a);
  if (!rc)
    take_attr(&a, out_attr);
  return answered(s, rc);
}

sl_result sl_sftp_setstat(struct ssh *s, struct slice path, const struct sftp_attr *attr)
{
  LIBSSH2_SFTP_ATTRIBUTES a = {
      .flags = (attr->has & SFTP_HAS_OWNER ? LIBSSH2_SFTP_ATTR_UIDGID : 0UL) |
               (attr->has & SFTP_HAS_MODE ? LIBSSH2_SFTP_ATTR_PERMISSIONS : 0UL) |
               (attr->has & SFTP_HAS_TIMES ? LIBSSH2_SFTP_ATTR_ACMODTIME : 0UL),
      .uid = attr->uid,
      .gid = attr->gid,
      .permissions = attr->mode,
      .atime = attr->atime,
      .mtime = attr->mtime,
  };
  return answered(s, libssh2_sftp_stat_ex(s->sftp, path.p, (unsigned)path.n, LIBSSH2_SFTP_SETSTAT, &a));
}

void sl_sftp_seek(struct ssh *s, uint64_t offset)
{
  libssh2_sftp_seek64(s->file, offset);
}

sl_result sl_sftp_read(struct ssh *s, char *dst, size_t cap, size_t *out_n)
{
  ssize_t n = libssh2_sftp_read(s->file, dst, cap);
  *out_n = n > 0 ? (size_t)n : 0;
  return answered(s, n);
}

sl_result sl_sftp_write(struct ssh *s, struct slice data, size_t *out_n)
{
  ssize_t n = libssh2_sftp_write(s->file, data.p, data.n);
  *out_n = n > 0 ? (size_t)n : 0;
  return answered(s, n);
}

sl_result sl_sftp_list(struct ssh *s, char *name, size_t *out_name_n, char *line, size_t *out_line_n,
                       struct sftp_attr *out_attr)
{
  LIBSSH2_SFTP_ATTRIBUTES a = {0};
  *name = *line = 0;
  int n = libssh2_sftp_readdir_ex(s->file, name, SFTP_NAME_MAX, line, SFTP_NAME_MAX, &a);
  *out_name_n = n > 0 ? (size_t)n : 0;
  *out_line_n = strnlen(line, SFTP_NAME_MAX);
  take_attr(&a, out_attr);
  return answered(s, n);
}

sl_result sl_sftp_mkdir(struct ssh *s, struct slice path, unsigned mode)
{
  return answered(s, libssh2_sftp_mkdir_ex(s->sftp, path.p, (unsigned)path.n, (long)mode));
}

sl_result sl_sftp_rmdir(struct ssh *s, struct slice path)
{
  return answered(s, libssh2_sftp_rmdir_ex(s->sftp, path.p, (unsigned)path.n));
}

sl_result sl_sftp_unlink(struct ssh *s, struct slice path)
{
  return answered(s, libssh2_sftp_unlink_ex(s->sftp, path.p, (unsigned)path.n));
}

sl_result sl_sftp_rename(struct ssh *s, struct slice from, struct slice to)
{
  long how = LIBSSH2_SFTP_RENAME_OVERWRITE | LIBSSH2_SFTP_RENAME_ATOMIC | LIBSSH2_SFTP_RENAME_NATIVE;
  return answered(s, libssh2_sftp_rename_ex(s->sftp, from.p, (unsigned)from.n, to.p, (unsigned)to.n, how));
}

/* OpenSSH has the two the other way round than the draft, and so has everybody else. */
sl_result sl_sftp_symlink(struct ssh *s, struct slice target, struct slice link)
{
  return answered(s, libssh2_sftp_symlink_ex(s->sftp, target.p, (unsigned)target.n, (char *)(uintptr_t)link.p,
                                             (unsigned)link.n, LIBSSH2_SFTP_SYMLINK));
}

sl_result sl_sftp_statvfs(struct ssh *s, struct slice path, struct buf *out_text)
{
  LIBSSH2_SFTP_STATVFS v;
  int rc = libssh2_sftp_statvfs(s->sftp, path.p, path.n, &v);
  if (rc)
    return answered(s, rc);
  const struct {
    const char *name;
    uint64_t value;
  } rows[] = {
      {"f_bsize", v.f_bsize},     {"f_frsize", v.f_frsize}, {"f_blocks", v.f_blocks}, {"f_bfree", v.f_bfree},
      {"f_bavail", v.f_bavail},   {"f_files", v.f_files},   {"f_ffree", v.f_ffree},   {"f_favail", v.f_favail},
      {"f_fsid", v.f_fsid},       {"f_flag", v.f_flag},     {"f_namemax", v.f_namemax},
  };
  sl_buf_str(out_text, "statvfs:\n");
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    sl_buf_printf(out_text, "%s: %" PRIu64 "\n", rows[i].name, rows[i].value);
  return sl_buf_result(out_text, CURLE_TOO_LARGE);
}
