/* A BIO that calls struct tls_io: no buffer, no copy, no socket. What a call met is noted in the
 * connection, so that "would block" needs no look into OpenSSL's error queue. */
#include "tls/bio.h"

#include "tls/conn.h"

static int bio_read(BIO *bio, char *dst, size_t cap, size_t *out_n)
{
  struct tls_conn *conn = BIO_get_data(bio);
  size_t n = 0;
  BIO_clear_retry_flags(bio);
  if (conn->eof || conn->io_error)
    return 0;
  sl_result result = conn->io.read(conn->io.ctx, dst, cap, &n);
  if (result == SL_OK && n) {
    *out_n = n;
    return 1;
  }
  if (result == SL_OK) {
    conn->eof = true;
  } else if (result == SL_WAIT) {
    conn->want |= TLS_WANT_READ;
    BIO_set_retry_read(bio);
    return -1;
  } else {
    conn->io_error = result;
  }
  return 0;
}

static int bio_write(BIO *bio, const char *src, size_t len, size_t *out_n)
{
  struct tls_conn *conn = BIO_get_data(bio);
  size_t n = 0;
  BIO_clear_retry_flags(bio);
  if (conn->io_error || conn->deaf)
    return 0;
  sl_result result = conn->io.write(conn->io.ctx, src, len, &n);
  if (result == SL_OK && n) {
    *out_n = n;
    return 1;
  }
  if (result != SL_OK && result != SL_WAIT) {
    conn->io_error = result;
    return 0;
  }
  conn->want |= TLS_WANT_WRITE;
  BIO_set_retry_write(bio);
  return -1;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *ptr)
{
  (void)num;
  (void)ptr;
  if (cmd == BIO_CTRL_FLUSH)
    return 1;
  if (cmd == BIO_CTRL_EOF)
    return ((struct tls_conn *)BIO_get_data(bio))->eof;
  return 0;
}

static int bio_create(BIO *bio)
{
  BIO_set_init(bio, 1);
  return 1;
}

/* A fixed type: BIO_get_new_index() has 127 to give in a process, caches may be many more. */
enum { TYPE = BIO_TYPE_SOURCE_SINK | 250 };

BIO_METHOD *sl_tls_bio_method(void)
{
  BIO_METHOD *method = BIO_meth_new(TYPE, "stream");
  if (!method)
    return NULL;
  if (BIO_meth_set_read_ex(method, bio_read) && BIO_meth_set_write_ex(method, bio_write) &&
      BIO_meth_set_ctrl(method, bio_ctrl) && BIO_meth_set_create(method, bio_create))
    return method;
  BIO_meth_free(method);
  return NULL;
}

BIO *sl_tls_bio_new(const BIO_METHOD *method, struct tls_conn *conn)
{
  BIO *bio = BIO_new(method);
  if (bio)
    BIO_set_data(bio, conn);
  return bio;
}
