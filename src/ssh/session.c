/* Sessions: memory, bytes, the handshake; see ssh.h. */
#include "ssh/session.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>

#include "base/mem.h"

/* Two windows of 2 MB, the packets on their way, and room. A server that sends what nobody waits for fills it up. */
enum { BYTES_MAX = 16 * 1024 * 1024 };
/* libssh2 closes the channel of an SCP transfer that was refused in a loop of its own, until the server has answered.
 * Here it hears that the connection is gone when it has asked this often: more than it does for the two lines that it
 * reads byte by byte, looking for more each time. */
enum { WAITS_MAX = 4096 };

/* ---- memory ---- */

struct block {
  alignas(16) struct list link;
  size_t n;
};

/* Room for n bytes, in place of `old` or anew. */
static struct block *room(struct ssh *s, struct block *old, size_t n)
{
  struct block *b = NULL;
  if (n > BYTES_MAX - s->bytes)
    s->full = true;
  else if (!(b = sl_realloc(old, sizeof *b + n)))
    s->nomem = true;
  return b;
}

static void *count_in(struct ssh *s, struct block *b, size_t n)
{
  b->n = n;
  s->bytes += n;
  sl_list_push_back(&s->blocks, &b->link);
  return b + 1;
}

static struct block *count_out(struct ssh *s, void *p)
{
  struct block *b = (struct block *)p - 1;
  s->bytes -= b->n;
  sl_list_unlink(&b->link);
  return b;
}

static void *ssh_alloc(size_t n, void **abstract)
{
  struct ssh *s = *abstract;
  struct block *b = room(s, NULL, n);
  return b ? count_in(s, b, n) : NULL;
}

static void ssh_free(void *p, void **abstract)
{
  if (p)
    sl_free(count_out(*abstract, p));
}

static void *ssh_realloc(void *p, size_t n, void **abstract)
{
  struct ssh *s = *abstract;
  if (!p)
    return ssh_alloc(n, abstract);
  struct block *old = count_out(s, p);
  size_t old_n = old->n;
  struct block *b = room(s, old, n);
  if (b)
    return count_in(s, b, n);
  count_in(s, old, old_n);
  return NULL;
}

char *sl_ssh_copy(struct ssh *s, struct slice text)
{
  void *self = s;
  char *copy = ssh_alloc(text.n + 1, &self);
  if (copy) {
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
  }
  return copy;
}

/* ---- bytes ---- */

static ssize_t failed(struct ssh *s, sl_result rc)
{
  if (rc == SL_WAIT)
    return -EAGAIN;
  s->io_error = rc;
  return -EIO;
}

static ssize_t receive(libssh2_socket_t fd, void *dst, size_t cap, int flags, void **abstract)
{
  struct ssh *s = *abstract;
  size_t n = 0;
  (void)fd;
  (void)flags;
  if (s->dead || s->io_error || s->spun)
    return -EIO;
  sl_result rc = s->io.read(s->io.ctx, dst, cap, &n);
  if (!rc && !n)
    rc = CURLE_RECV_ERROR;
  s->spun = rc == SL_WAIT && ++s->waits == WAITS_MAX;
  return rc ? failed(s, rc) : (ssize_t)n;
}

static ssize_t transmit(libssh2_socket_t fd, const void *src, size_t len, int flags, void **abstract)
{
  struct ssh *s = *abstract;
  size_t n = 0;
  (void)fd;
  (void)flags;
  if (s->dead || s->io_error || s->spun)
    return -EIO;
  sl_result rc = s->io.write(s->io.ctx, src, len, &n);
  return rc ? failed(s, rc) : (ssize_t)n;
}

/* ---- results ---- */

sl_result sl_ssh_fail(struct ssh *s, sl_result code, const char *text)
{
  snprintf(s->error, sizeof s->error, "%s", text);
  return code;
}

sl_result sl_ssh_result(struct ssh *s, long rc, sl_result code)
{
  char *text = NULL;
  s->waits = 0;
  if (rc >= 0)
    return SL_OK;
  if (rc == LIBSSH2_ERROR_EAGAIN)
    return SL_WAIT;
  libssh2_session_last_error(s->session, &text, NULL, 0);
  sl_ssh_fail(s, code, s->full ? "the server has sent more than is kept of it" : text ? text : "");
  if (s->nomem || rc == LIBSSH2_ERROR_ALLOC) { /* libssh2 often gives other reasons for it */
    s->ready = false;                          /* half a packet may be on its way */
    return s->full ? code : SL_NOMEM;
  }
  return s->io_error ? s->io_error : code;
}

const char *sl_ssh_error(struct ssh *s)
{
  return s->error;
}

/* ---- the session ---- */

void sl_ssh_library_init(void)
{
  libssh2_init(0);
}

const char *sl_ssh_version(void)
{
  return libssh2_version(0);
}

struct ssh *sl_ssh_new(const struct ssh_io *io, bool compress)
{
  struct ssh *s = sl_calloc(1, sizeof *s);
  if (!s)
    return NULL;
  s->io = *io;
  sl_list_init(&s->blocks);
  s->session = libssh2_session_init_ex(ssh_alloc, ssh_free, ssh_realloc, s);
  if (!s->session) {
    sl_ssh_free(s, false);
    return NULL;
  }
  libssh2_session_set_blocking(s->session, 0);
  libssh2_session_flag(s->session, LIBSSH2_FLAG_COMPRESS, compress);
  libssh2_session_callback_set(s->session, LIBSSH2_CALLBACK_RECV, (void *)receive);
  libssh2_session_callback_set(s->session, LIBSSH2_CALLBACK_SEND, (void *)transmit);
  return s;
}

bool sl_ssh_is_idle(const struct ssh *s)
{
  return !s->file && !s->channel && !s->spun && !s->io_error;
}

void sl_ssh_free(struct ssh *s, bool polite)
{
  if (!s)
    return;
  if (polite && s->ready && !s->io_error && !s->spun)
    libssh2_session_disconnect(s->session, "Shutdown");
  s->dead = true; /* from here on nothing can want to wait */
  if (s->file)
    libssh2_sftp_close_handle(s->file);
  if (s->sftp)
    libssh2_sftp_shutdown(s->sftp);
  if (s->channel)
    libssh2_channel_free(s->channel);
  sl_ssh_known_forget(s);
  if (s->session)
    libssh2_session_free(s->session);
  LIST_FOR_EACH(node, &s->blocks) /* libssh2 forgets some on its way out of a failure */
    sl_free(LIST_ENTRY(node, struct block, link));
  sl_free(s);
}

sl_result sl_ssh_handshake(struct ssh *s, int fd)
{
  sl_result rc = sl_ssh_result(s, libssh2_session_handshake(s->session, fd), CURLE_FAILED_INIT);
  s->ready = rc == SL_OK;
  return rc;
}

/* ---- the host's key ---- */

struct slice sl_ssh_hostkey(struct ssh *s, enum curl_khtype *out_type)
{
  static const uint8_t types[] = {
      [LIBSSH2_HOSTKEY_TYPE_RSA] = CURLKHTYPE_RSA,         [LIBSSH2_HOSTKEY_TYPE_DSS] = CURLKHTYPE_DSS,
      [LIBSSH2_HOSTKEY_TYPE_ECDSA_256] = CURLKHTYPE_ECDSA, [LIBSSH2_HOSTKEY_TYPE_ECDSA_384] = CURLKHTYPE_ECDSA,
      [LIBSSH2_HOSTKEY_TYPE_ECDSA_521] = CURLKHTYPE_ECDSA, [LIBSSH2_HOSTKEY_TYPE_ED25519] = CURLKHTYPE_ED25519,
  };
  size_t n = 0;
  int type = 0;
  const char *key = libssh2_session_hostkey(s->session, &n, &type);
  *out_type = key && type >= 0 && (size_t)type < sizeof types ? (enum curl_khtype)types[type] : CURLKHTYPE_UNKNOWN;
  return slice_of(key, key ? n : 0);
}

static struct slice digest(struct ssh *s, int kind, size_t n)
{
  const char *bytes = libssh2_hostkey_hash(s->session, kind);
  return slice_of(bytes, bytes ? n : 0);
}

struct slice sl_ssh_md5(struct ssh *s)
{
  return digest(s, LIBSSH2_HOSTKEY_HASH_MD5, 16);
}

struct slice sl_ssh_sha256(struct ssh *s)
{
  return digest(s, LIBSSH2_HOSTKEY_HASH_SHA256, 32);
}
