/* Both ends of TLS in one process: our client over two queues in memory, an OpenSSL server at
 * their other ends. Keys and certificates are made at the start of the program. */
#ifndef TESTS_UNIT_TLS_FIXTURE_H
#define TESTS_UNIT_TLS_FIXTURE_H

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"
#include "tls/tls.h"

/* ---- certificates ---------------------------------------------------------------------------- */

struct cert_spec {
  const char *cn, *san; /* as in openssl.cnf; NULL: none */
  X509 *issuer;         /* NULL: itself */
  EVP_PKEY *issuer_key, *key;
  int from_days, to_days; /* both 0: from yesterday for a month */
  bool ca;
  const char *email; /* in the subject, behind cn */
};

static long next_serial = 1000;

TEST_UNUSED static EVP_PKEY *make_key(void)
{
  return EVP_EC_gen("P-256");
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
  X509V3_CTX ctx;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
  X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  if (!extension || !X509_add_ext(cert, extension, -1))
    abort();
  X509_EXTENSION_free(extension);
}

TEST_UNUSED static X509 *make_cert(const struct cert_spec *spec)
{
  X509 *cert = X509_new(), *issuer = spec->issuer ? spec->issuer : cert;
  X509_NAME *name = X509_get_subject_name(cert);
  int from = spec->from_days, to = spec->to_days;
  if (!from && !to) {
    from = -1;
    to = 30;
  }
  X509_set_version(cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(cert), next_serial++);
  X509_gmtime_adj(X509_getm_notBefore(cert), from * 86400L);
  X509_gmtime_adj(X509_getm_notAfter(cert), to * 86400L);
  if (spec->cn)
    X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                               (const unsigned char *)(const void *)spec->cn, -1, -1, 0);
  X509_set_issuer_name(cert, X509_get_subject_name(issuer));
  X509_set_pubkey(cert, spec->key);
  add_extension(cert, issuer, NID_basic_constraints, spec->ca ? "critical,CA:TRUE" : "CA:FALSE");
  if (spec->ca)
    add_extension(cert, issuer, NID_key_usage, "keyCertSign,cRLSign,digitalSignature");
  if (spec->san)
    add_extension(cert, issuer, NID_subject_alt_name, spec->san);
  if (!X509_sign(cert, spec->issuer_key ? spec->issuer_key : spec->key, EVP_sha256()))
    abort();
  return cert;
}

static struct {
  EVP_PKEY *ca_key, *sub_key, *other_key, *key;
  X509 *ca, *sub, *other_ca; /* sub is issued by ca */
  X509 *leaf;                /* example.test and 127.0.0.1, by ca */
} pki;

TEST_UNUSED static X509 *issue(const char *cn, const char *san)
{
  return make_cert(&(struct cert_spec){
      .cn = cn, .san = san, .issuer = pki.ca, .issuer_key = pki.ca_key, .key = pki.key});
}

__attribute__((constructor)) static void make_pki(void)
{
  pki.ca_key = make_key();
  pki.sub_key = make_key();
  pki.other_key = make_key();
  pki.key = make_key();
  pki.ca = make_cert(&(struct cert_spec){.cn = "Test CA", .key = pki.ca_key, .ca = true});
  pki.sub = make_cert(&(struct cert_spec){.cn = "Test Sub CA",
                                          .issuer = pki.ca,
                                          .issuer_key = pki.ca_key,
                                          .key = pki.sub_key,
                                          .ca = true});
  pki.other_ca = make_cert(&(struct cert_spec){.cn = "Other CA", .key = pki.other_key, .ca = true});
  pki.leaf = issue("example.test", "DNS:example.test,IP:127.0.0.1,IP:::1");
}

__attribute__((destructor)) static void free_pki(void)
{
  EVP_PKEY_free(pki.ca_key);
  EVP_PKEY_free(pki.sub_key);
  EVP_PKEY_free(pki.other_key);
  EVP_PKEY_free(pki.key);
  X509_free(pki.ca);
  X509_free(pki.sub);
  X509_free(pki.other_ca);
  X509_free(pki.leaf);
}

/* ---- as text and as files -------------------------------------------------------------------- */

struct memory {
  struct curl_blob blob;
  char bytes[32768];
};

static void memory_take(struct memory *m, BIO *mem)
{
  char *text;
  long len = BIO_get_mem_data(mem, &text);
  if (len < 0 || (size_t)len >= sizeof m->bytes)
    abort();
  memcpy(m->bytes, text, (size_t)len);
  m->bytes[len] = '\0';
  m->blob = (struct curl_blob){.data = m->bytes, .len = (size_t)len, .flags = CURL_BLOB_NOCOPY};
  BIO_free(mem);
}

TEST_UNUSED static struct curl_blob *cert_pem(struct memory *m, X509 *cert)
{
  BIO *mem = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(mem, cert);
  memory_take(m, mem);
  return &m->blob;
}

TEST_UNUSED static struct curl_blob *key_pem(struct memory *m, EVP_PKEY *key, const char *pass)
{
  BIO *mem = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(mem, key, pass ? EVP_aes_128_cbc() : NULL, pass,
                                pass ? (int)strlen(pass) : 0, NULL, NULL);
  memory_take(m, mem);
  return &m->blob;
}

static char scratch_dir[64];

static void remove_scratch(void)
{
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", scratch_dir);
  if (system(command) != 0)
    puts("# cannot remove the scratch folder");
}

/* A file in a folder that goes away with the program. The path stays until the next call of the
 * same slot. */
TEST_UNUSED static char *write_file(const char *name, const void *bytes, size_t n)
{
  static char paths[8][128];
  static unsigned at;
  char *path = paths[at++ % 8];
  if (!scratch_dir[0]) {
    strcpy(scratch_dir, "/tmp/tls_test_XXXXXX");
    if (!mkdtemp(scratch_dir) || atexit(remove_scratch) != 0)
      abort();
  }
  snprintf(path, sizeof paths[0], "%s/%s", scratch_dir, name);
  FILE *file = fopen(path, "wb");
  if (!file || fwrite(bytes, 1, n, file) != n || fclose(file) != 0)
    abort();
  return path;
}

TEST_UNUSED static char *write_blob(const char *name, const struct curl_blob *blob)
{
  return write_file(name, blob->data, blob->len);
}

/* ---- the wire -------------------------------------------------------------------------------- */

struct wire {
  BIO *to_server, *to_client;
  size_t chunk;   /* at most so many bytes a call; 0: all */
  bool stutter;   /* every other call would block */
  bool eof;       /* no more from the server after what is queued */
  sl_result fail; /* what reads and writes give */
  unsigned reads, writes, turns;
  unsigned long moved; /* bytes to the client */
};

static sl_result wire_read(void *ctx, void *dst, size_t cap, size_t *out_n)
{
  struct wire *w = ctx;
  w->reads++;
  if (w->fail)
    return w->fail;
  if (w->stutter && w->turns++ % 2)
    return SL_WAIT;
  if (w->chunk && cap > w->chunk)
    cap = w->chunk;
  int n = BIO_read(w->to_client, dst, (int)cap);
  if (n > 0) {
    *out_n = (size_t)n;
    w->moved += (unsigned long)n;
    return SL_OK;
  }
  if (!w->eof)
    return SL_WAIT;
  *out_n = 0;
  return SL_OK;
}

static sl_result wire_write(void *ctx, const void *src, size_t n, size_t *out_n)
{
  struct wire *w = ctx;
  w->writes++;
  if (w->fail)
    return w->fail;
  if (w->stutter && w->turns++ % 2)
    return SL_WAIT;
  if (w->chunk && n > w->chunk)
    n = w->chunk;
  BIO_write(w->to_server, src, (int)n);
  *out_n = n;
  return SL_OK;
}

/* ---- a server and a connection to it --------------------------------------------------------- */

struct link {
  struct wire wire;
  struct tls_cache *cache; /* of the test */
  struct tls_config config;
  struct tls_params params;
  struct buf err;
  struct memory ca_blob;
  SSL_CTX *server_ctx;
  SSL *server;
  struct tls_conn *conn;
};

static const struct slice http1[] = {{"http/1.1", 8}};

/* The default configuration, with our CA and no other. */
TEST_UNUSED static void link_init(struct link *l, struct tls_cache *cache)
{
  memset(l, 0, sizeof *l);
  l->cache = cache;
  l->config = (struct tls_config)TLS_CONFIG_DEFAULT;
  l->config.cainfo_blob = cert_pem(&l->ca_blob, pki.ca);
  static char none[] = "";
  l->config.capath = none;
  sl_buf_init(&l->err, 4096);
  l->params = (struct tls_params){.host = SLICE_LIT("example.test"),
                                  .port = 443,
                                  .session_key = SLICE_LIT("example.test:443"),
                                  .alpn = http1,
                                  .alpn_n = 1,
                                  .now_s = time(NULL),
                                  .err = &l->err};
  l->server_ctx = SSL_CTX_new(TLS_server_method());
  SSL_CTX_use_certificate(l->server_ctx, pki.leaf);
  SSL_CTX_use_PrivateKey(l->server_ctx, pki.key);
}

TEST_UNUSED static void link_serve(struct link *l, X509 *cert, EVP_PKEY *key)
{
  SSL_CTX_use_certificate(l->server_ctx, cert);
  SSL_CTX_use_PrivateKey(l->server_ctx, key);
}

TEST_UNUSED static void link_max_version(struct link *l, int version)
{
  SSL_CTX_set_max_proto_version(l->server_ctx, version);
}

TEST_UNUSED static void link_close(struct link *l)
{
  sl_tls_free(l->conn);
  if (l->server) /* else it would forget the session */
    SSL_set_shutdown(l->server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_free(l->server); /* with both queues */
  l->conn = NULL;
  l->server = NULL;
  memset(&l->wire, 0, sizeof l->wire);
  sl_buf_clear(&l->err);
}

TEST_UNUSED static void link_done(struct link *l)
{
  link_close(l);
  SSL_CTX_free(l->server_ctx);
  sl_buf_done(&l->err);
}

TEST_UNUSED static sl_result link_open(struct link *l)
{
  struct tls_io io = {wire_read, wire_write, &l->wire};
  l->server = SSL_new(l->server_ctx);
  l->wire.to_server = BIO_new(BIO_s_mem());
  l->wire.to_client = BIO_new(BIO_s_mem());
  BIO_set_mem_eof_return(l->wire.to_server, -1);
  BIO_set_mem_eof_return(l->wire.to_client, -1);
  SSL_set_bio(l->server, l->wire.to_server, l->wire.to_client);
  SSL_set_accept_state(l->server);
  return sl_tls_new(l->cache, &l->config, &l->params, &io, &l->conn);
}

/* Both sides take turns until ours is done or nothing moves any more (SL_WAIT). */
TEST_UNUSED static sl_result link_run(struct link *l)
{
  sl_result result = SL_WAIT;
  for (int i = 0; i < 100000 && result == SL_WAIT; i++) {
    unsigned long before = l->wire.moved + BIO_number_written(l->wire.to_server);
    result = sl_tls_handshake(l->conn);
    SSL_do_handshake(l->server);
    ERR_clear_error();
    if (result == SL_WAIT && !l->wire.stutter && BIO_ctrl_pending(l->wire.to_client) == 0 &&
        before == l->wire.moved + BIO_number_written(l->wire.to_server))
      break;
  }
  if (result == SL_OK)
    SSL_do_handshake(l->server);
  ERR_clear_error();
  return result;
}

TEST_UNUSED static sl_result link_connect(struct link *l)
{
  sl_result result = link_open(l);
  return result == SL_OK ? link_run(l) : result;
}

/* What a failed attempt says, wherever it failed. */
TEST_UNUSED static const char *link_error(const struct link *l)
{
  if (l->conn)
    return sl_tls_error(l->conn);
  return l->err.n ? l->err.p : "";
}

/* "ping" to the server and "pong" back. */
TEST_UNUSED static bool link_echo(struct link *l)
{
  char text[16];
  size_t n = 0;
  sl_result result = SL_WAIT;
  for (int i = 0; i < 1000 && result == SL_WAIT; i++)
    result = sl_tls_write(l->conn, "ping", 4, &n);
  if (!CHECK_INT(result, SL_OK) || !CHECK_INT(n, 4))
    return false;
  if (!CHECK_INT(SSL_read(l->server, text, sizeof text), 4) ||
      !CHECK_INT(SSL_write(l->server, "pong", 4), 4))
    return false;
  result = SL_WAIT;
  for (int i = 0; i < 100000 && result == SL_WAIT; i++)
    result = sl_tls_read(l->conn, text, sizeof text, &n);
  return CHECK_INT(result, SL_OK) && CHECK_INT(n, 4) && CHECK_MEM(text, "pong", 4);
}

#endif
