/* SSH over libssh2, for one stream: handshake, the host's key, authentication, then SFTP (draft-ietf-secsh-filexfer-02)
 * or SCP. It moves bytes only through struct ssh_io and never blocks: a call that answers SL_WAIT is made again with the
 * same arguments. All other results are SL_OK or a CURLcode whose text sl_ssh_error() has; when the transport failed,
 * the code is the transport's.
 *
 * Must not: open sockets (hence no agent), call the application. All that libssh2 allocates for a session is counted,
 * has a maximum, and is freed with the session even where libssh2 forgets it.
 *
 * Files that are read and written: those that the application names (keys, known hosts). */
#ifndef SL_SSH_SSH_H
#define SL_SSH_SSH_H

#include <stdint.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/result.h"
#include "base/slice.h"

/* How bytes move below. read: SL_OK with *out_n == 0 is the end of the stream. ctx must outlive the session. */
struct ssh_io {
  sl_result (*read)(void *ctx, void *dst, size_t cap, size_t *out_n);
  sl_result (*write)(void *ctx, const void *src, size_t n, size_t *out_n);
  void *ctx;
};

struct ssh;

void sl_ssh_library_init(void);    /* once a process, before the first session */
const char *sl_ssh_version(void);  /* of the library: "1.10.0" */

struct ssh *sl_ssh_new(const struct ssh_io *io, bool compress); /* NULL: out of memory */
/* `polite`: says goodbye first, as far as that goes without waiting. */
void sl_ssh_free(struct ssh *s, bool polite);
/* The reason of the last failure; borrowed until the next call. */
const char *sl_ssh_error(struct ssh *s);

bool sl_ssh_is_idle(const struct ssh *s); /* no file, folder or channel is open, and the transport works */

/* ---- session.c: RFC 4253 ---- */

/* fd: a descriptor that is open; nothing is read from or written to it. */
sl_result sl_ssh_handshake(struct ssh *s, int fd);
struct slice sl_ssh_hostkey(struct ssh *s, enum curl_khtype *out_type); /* as on the wire */
/* The host key's digest; empty: this library cannot make it. */
struct slice sl_ssh_md5(struct ssh *s);
struct slice sl_ssh_sha256(struct ssh *s);

/* ---- known.c: OpenSSH's known_hosts ---- */

enum ssh_known_how { SSH_KNOWN_ADD, SSH_KNOWN_REPLACE };
struct ssh_known {
  enum curl_khmatch match;
  const char *key; /* base64, of the file; NULL: the host is not in it. Borrowed. */
  enum curl_khtype type;
};

/* Before the handshake. *out_read: the file could be read. The types of key that it has for the host are preferred, so
 * that the host shows one that can be compared. */
sl_result sl_ssh_known_load(struct ssh *s, const char *file, const char *host, uint16_t port, bool *out_read);
/* After it. */
sl_result sl_ssh_known_check(struct ssh *s, struct ssh_known *out_known);
sl_result sl_ssh_known_store(struct ssh *s, const char *file, enum ssh_known_how how);
void sl_ssh_known_forget(struct ssh *s);

/* ---- auth.c: RFC 4252, RFC 4256 ---- */

/* Asks with method "none". *out_methods: comma-separated, borrowed; NULL: it was enough. */
sl_result sl_ssh_auth_list(struct ssh *s, const char *user, const char **out_methods);
/* public_file: NULL or "": made from the private key. CURLE_LOGIN_DENIED: try another way. */
sl_result sl_ssh_auth_key(struct ssh *s, const char *user, const char *public_file, const char *private_file,
                          const char *passphrase);
sl_result sl_ssh_auth_password(struct ssh *s, const char *user, const char *password);
sl_result sl_ssh_auth_keyboard(struct ssh *s, const char *user, const char *password);

/* ---- sftp.c: one file or folder is open at a time ---- */

enum { SFTP_HAS_SIZE = 1, SFTP_HAS_OWNER = 2, SFTP_HAS_MODE = 4, SFTP_HAS_TIMES = 8 };
struct sftp_attr {
  uint64_t size;
  uint32_t uid, gid, mode, atime, mtime;
  uint8_t has;
};
enum sftp_open { SFTP_READ, SFTP_WRITE_NEW, SFTP_WRITE_APPEND, SFTP_WRITE_RESUME, SFTP_LIST };
enum { SFTP_NAME_MAX = 4096 };

sl_result sl_sftp_start(struct ssh *s);
sl_result sl_sftp_realpath(struct ssh *s, struct slice path, char *dst, size_t cap, size_t *out_n);
sl_result sl_sftp_open(struct ssh *s, struct slice path, enum sftp_open how, unsigned mode);
sl_result sl_sftp_close(struct ssh *s); /* harmless when nothing is open */
sl_result sl_sftp_attr(struct ssh *s, struct sftp_attr *out_attr); /* of what is open */
void sl_sftp_seek(struct ssh *s, uint64_t offset);
sl_result sl_sftp_read(struct ssh *s, char *dst, size_t cap, size_t *out_n); /* 0: the end */
/* What the server has confirmed; the rest is given again, at whatever address. */
sl_result sl_sftp_write(struct ssh *s, struct slice data, size_t *out_n);
/* The next entry: its name into name, its line into line, both SFTP_NAME_MAX; *out_name_n 0: there is none. */
sl_result sl_sftp_list(struct ssh *s, char *name, size_t *out_name_n, char *line, size_t *out_line_n,
                       struct sftp_attr *out_attr);
sl_result sl_sftp_readlink(struct ssh *s, struct slice path, char *dst, size_t cap, size_t *out_n);
sl_result sl_sftp_stat(struct ssh *s, struct slice path, struct sftp_attr *out_attr);
sl_result sl_sftp_setstat(struct ssh *s, struct slice path, const struct sftp_attr *attr);
sl_result sl_sftp_mkdir(struct ssh *s, struct slice path, unsigned mode);
sl_result sl_sftp_rmdir(struct ssh *s, struct slice path);
sl_result sl_sftp_unlink(struct ssh *s, struct slice path);
sl_result sl_sftp_rename(struct ssh *s, struct slice from, struct slice to);
sl_result sl_sftp_symlink(struct ssh *s, struct slice target, struct slice link);
sl_result sl_sftp_statvfs(struct ssh *s, struct slice path, struct buf *out_text);

/* ---- scp.c: what OpenSSH's scp speaks ---- */

sl_result sl_scp_receive(struct ssh *s, const char *path, int64_t *out_size, int64_t *out_mtime);
sl_result sl_scp_send(struct ssh *s, const char *path, unsigned mode, int64_t size);
sl_result sl_scp_read(struct ssh *s, char *dst, size_t cap, size_t *out_n); /* 0: the end */
sl_result sl_scp_write(struct ssh *s, struct slice data, size_t *out_n);
sl_result sl_scp_finish(struct ssh *s, bool sent); /* `sent`: says that this was all and waits for the other side */

#endif
