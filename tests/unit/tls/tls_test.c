#include "tests/unit/tls/fixture.h"

static int pick_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                     const unsigned char *in, unsigned in_len, void *wanted)
{
  const char *name = wanted;
  (void)ssl;
  if (SSL_select_next_proto((unsigned char **)(void *)out, out_len,
                            (const unsigned char *)(const void *)name, (unsigned)strlen(name), in,
                            in_len) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  return SSL_TLSEXT_ERR_OK;
}

static char *sni_seen;

static int note_sni(SSL *ssl, int *alert, void *unused)
{
  const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  (void)alert;
  (void)unused;
  free(sni_seen);
  sni_seen = name ? strdup(name) : NULL;
  return SSL_TLSEXT_ERR_OK;
}

/* ---- a good handshake ------------------------------------------------------------------------ */

TEST(connects_with_each_version)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  static const char *const names[] = {"TLSv1.2", "TLSv1.3"};
  for (size_t i = 0; i < 2; i++) {
    struct link l;
    link_init(&l, cache);
    link_max_version(&l, versions[i]);
    CHECK_INT(link_connect(&l), SL_OK);
    CHECK_STR(sl_tls_version(l.conn), names[i]);
    CHECK_STR(sl_tls_error(l.conn), "");
    CHECK_INT(sl_tls_verify_result(l.conn), X509_V_OK);
    CHECK(!sl_tls_resumed(l.conn));
    CHECK(strlen(sl_tls_cipher(l.conn)) > 8);
    CHECK(sl_tls_ssl(l.conn) && sl_tls_ssl_ctx(l.conn));
    link_echo(&l);
    link_done(&l);
  }
  sl_tls_cache_free(cache);
}

TEST(bytes_come_one_at_a_time)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  for (size_t i = 0; i < 2; i++) {
    struct link l;
    link_init(&l, cache);
    l.params.session_key = SLICE_NONE;
    link_max_version(&l, versions[i]);
    CHECK_INT(link_open(&l), SL_OK);
    l.wire.chunk = 1;
    l.wire.stutter = true;
    CHECK_INT(link_run(&l), SL_OK);
    l.wire.stutter = false;
    link_echo(&l);
    link_done(&l);
  }
  sl_tls_cache_free(cache);
}

TEST(says_what_it_waits_for)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  CHECK_INT(link_open(&l), SL_OK);
  CHECK_INT(sl_tls_handshake(l.conn), SL_WAIT);
  CHECK_INT(sl_tls_want(l.conn), TLS_WANT_READ);
  link_close(&l);
  CHECK_INT(link_open(&l), SL_OK);
  l.wire.stutter = true;
  l.wire.turns = 1;
  CHECK_INT(sl_tls_handshake(l.conn), SL_WAIT);
  CHECK_INT(sl_tls_want(l.conn), TLS_WANT_WRITE);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(negotiates_alpn)
{
  static const struct slice both[] = {{"h2", 2}, {"http/1.1", 8}};
  static char h2[] = "\x02h2", unknown[] = "\x03xyz";
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  l.params.alpn = both;
  l.params.alpn_n = 2;
  SSL_CTX_set_alpn_select_cb(l.server_ctx, pick_alpn, h2);
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK_INT(sl_tls_alpn(l.conn).n, 2);
  CHECK_MEM(sl_tls_alpn(l.conn).p, "h2", 2);
  link_close(&l);

  SSL_CTX_set_alpn_select_cb(l.server_ctx, pick_alpn, unknown);
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK_INT(sl_tls_alpn(l.conn).n, 0);
  link_close(&l);

  l.config.ssl_enable_alpn = false;
  SSL_CTX_set_alpn_select_cb(l.server_ctx, pick_alpn, h2);
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK_INT(sl_tls_alpn(l.conn).n, 0);
  link_close(&l);

  struct slice empty = {"", 0};
  l.config.ssl_enable_alpn = true;
  l.params.alpn = &empty;
  l.params.alpn_n = 1;
  CHECK_INT(link_connect(&l), CURLE_SSL_CONNECT_ERROR);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(sends_the_server_name_of_a_host_only)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  SSL_CTX_set_tlsext_servername_callback(l.server_ctx, note_sni);
  l.params.host = SLICE_LIT("example.test.");
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK_STR(sni_seen, "example.test");
  link_close(&l);
  l.params.host = SLICE_LIT("127.0.0.1");
  l.params.is_ip = true;
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK(!sni_seen);
  link_done(&l);
  sl_tls_cache_free(cache);
  free(sni_seen);
}

TEST(refuses_a_host_that_is_none)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static char longest[1100];
  struct link l;
  link_init(&l, cache);
  l.params.host = slice_of("example.test\0.evil", 18);
  CHECK_INT(link_connect(&l), CURLE_SSL_CONNECT_ERROR);
  memset(longest, 'a', sizeof longest);
  link_close(&l);
  l.params.host = slice_of(longest, 300);
  CHECK_INT(link_connect(&l), CURLE_SSL_CONNECT_ERROR);
  link_close(&l);
  l.params.host = slice_of(longest, sizeof longest);
  CHECK_INT(link_connect(&l), CURLE_SSL_CONNECT_ERROR);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static unsigned char big[200000], got[200000];

TEST(moves_much_both_ways)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n = 0, sent = 0, received = 0;
  for (size_t i = 0; i < sizeof big; i++)
    big[i] = (unsigned char)(i * 7 + i / 251);
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  CHECK_INT(sl_tls_write(l.conn, big, sizeof big, &n), SL_OK);
  CHECK_INT(n, sizeof big);
  while (received < sizeof got) {
    int part = SSL_read(l.server, got + received, (int)(sizeof got - received));
    if (!CHECK(part > 0))
      break;
    received += (size_t)part;
  }
  CHECK_MEM(got, big, sizeof big);

  memset(got, 0, sizeof got);
  while (sent < sizeof big) {
    int part = SSL_write(l.server, big + sent, (int)(sizeof big - sent));
    if (!CHECK(part > 0))
      break;
    sent += (size_t)part;
  }
  unsigned reads = l.wire.reads;
  for (received = 0; received < sizeof got; received += n) {
    if (!CHECK_INT(sl_tls_read(l.conn, got + received, sizeof got - received, &n), SL_OK))
      break;
  }
  CHECK_MEM(got, big, sizeof big);
  CHECK(l.wire.reads - reads <= 8); /* read ahead: several of the 13 records at once */
  CHECK_INT(sl_tls_read(l.conn, got, 1, &n), SL_WAIT);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(a_write_that_blocks_goes_on)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n, sent = 0, received = 0;
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  l.wire.stutter = true;
  l.wire.chunk = 1000;
  for (int i = 0; i < 10000 && sent < sizeof big; i++) {
    memcpy(got, big + sent, sizeof big - sent); /* at another address each time */
    sl_result result = i % 2 ? sl_tls_write(l.conn, got, sizeof big - sent, &n)
                             : sl_tls_write(l.conn, big + sent, sizeof big - sent, &n);
    if (result == SL_OK)
      sent += n;
    else if (!CHECK_INT(result, SL_WAIT) || !CHECK_INT(sl_tls_want(l.conn), TLS_WANT_WRITE))
      break;
  }
  CHECK_INT(sent, sizeof big);
  while (received < sent) {
    int part = SSL_read(l.server, got, sizeof got);
    if (!CHECK(part > 0) || !CHECK_MEM(got, big + received, (size_t)part))
      break;
    received += (size_t)part;
  }
  l.wire.stutter = false;
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(knows_what_is_pending)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n;
  char text[4];
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), SL_WAIT); /* takes the tickets in */
  CHECK(!sl_tls_pending(l.conn));
  SSL_write(l.server, "abcdefgh", 8);
  CHECK_INT(sl_tls_read(l.conn, text, 4, &n), SL_OK);
  CHECK_INT(n, 4);
  CHECK(sl_tls_pending(l.conn));
  CHECK_INT(sl_tls_read(l.conn, text, 4, &n), SL_OK);
  CHECK(!sl_tls_pending(l.conn));

  /* a part of a record is there: a read cannot give it, so it is not pending */
  SSL_write(l.server, "abcdefgh", 8);
  SSL_write(l.server, "ijkl", 4);
  l.wire.chunk = 40;
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), SL_OK);
  CHECK(sl_tls_pending(l.conn));
  l.wire.fail = SL_WAIT;
  char rest[16];
  CHECK_INT(sl_tls_read(l.conn, rest, sizeof rest, &n), SL_OK);
  CHECK_INT(n, 7);
  CHECK(!sl_tls_pending(l.conn));
  CHECK_INT(sl_tls_read(l.conn, rest, sizeof rest, &n), SL_WAIT);
  CHECK(!sl_tls_pending(l.conn));
  l.wire.fail = SL_OK;
  CHECK_INT(sl_tls_read(l.conn, rest, sizeof rest, &n), SL_OK);
  CHECK_INT(n, 4);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(one_record_costs_one_read)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n;
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  CHECK_INT(sl_tls_read(l.conn, got, sizeof got, &n), SL_WAIT);
  unsigned reads = l.wire.reads, writes = l.wire.writes;
  SSL_write(l.server, big, 1000);
  CHECK_INT(sl_tls_read(l.conn, got, sizeof got, &n), SL_OK);
  CHECK_INT(n, 1000);
  CHECK_INT(l.wire.reads - reads, 1);
  CHECK_INT(sl_tls_write(l.conn, big, 1000, &n), SL_OK);
  CHECK_INT(l.wire.writes - writes, 1);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- the end --------------------------------------------------------------------------------- */

TEST(a_clean_end_and_a_cut_one)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n = 9;
  char text[16];
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  SSL_write(l.server, "last", 4);
  SSL_shutdown(l.server);
  l.wire.eof = true;
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_OK);
  CHECK_INT(n, 4);
  CHECK(sl_tls_ended(l.conn)); /* known already */
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_OK);
  CHECK_INT(n, 0);
  CHECK(!sl_tls_truncated(l.conn));
  CHECK_STR(sl_tls_error(l.conn), "");
  CHECK_INT(sl_tls_shutdown(l.conn, false), SL_OK);
  CHECK_INT(SSL_read(l.server, text, 1), 0);
  CHECK_INT(SSL_get_error(l.server, 0), SSL_ERROR_ZERO_RETURN);
  link_close(&l);

  REQUIRE(link_connect(&l) == SL_OK);
  SSL_write(l.server, "last", 4);
  l.wire.eof = true;
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_OK);
  CHECK_INT(n, 4);
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_OK);
  CHECK_INT(n, 0);
  CHECK(sl_tls_truncated(l.conn) && sl_tls_ended(l.conn));
  CHECK(strstr(sl_tls_error(l.conn), "unexpected eof while reading"));
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_OK);
  CHECK_INT(n, 0);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(shuts_down_without_blocking)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  char text[8];
  link_init(&l, cache);
  CHECK_INT(link_open(&l), SL_OK);
  CHECK_INT(sl_tls_shutdown(l.conn, true), SL_OK); /* before the handshake: nothing to say */
  link_close(&l);
  REQUIRE(link_connect(&l) == SL_OK);
  l.wire.stutter = true;
  l.wire.turns = 1;
  CHECK_INT(sl_tls_shutdown(l.conn, true), SL_WAIT);
  CHECK_INT(sl_tls_want(l.conn), TLS_WANT_WRITE);
  l.wire.stutter = false;
  SSL_write(l.server, "late", 4);
  CHECK_INT(sl_tls_shutdown(l.conn, true), SL_WAIT);
  CHECK_INT(sl_tls_want(l.conn), TLS_WANT_READ);
  CHECK_INT(SSL_read(l.server, text, sizeof text), 0);
  SSL_shutdown(l.server);
  CHECK_INT(sl_tls_shutdown(l.conn, true), SL_OK);
  link_close(&l);

  REQUIRE(link_connect(&l) == SL_OK); /* clear bytes behind it would be lost */
  SSL_shutdown(l.server);
  BIO_write(l.wire.to_client, "220 clear\r\n", 11);
  CHECK_INT(sl_tls_shutdown(l.conn, true), CURLE_SSL_SHUTDOWN_FAILED);
  link_close(&l);

  REQUIRE(link_connect(&l) == SL_OK); /* one who talks on and on */
  for (int i = 0; i < 200; i++)
    SSL_write(l.server, big, 16000);
  CHECK_INT(sl_tls_shutdown(l.conn, true), CURLE_SSL_SHUTDOWN_FAILED);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(errors_of_the_transport_come_through)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n = 0;
  char text[8];
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), SL_WAIT);
  l.wire.fail = CURLE_ABORTED_BY_CALLBACK;
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), CURLE_ABORTED_BY_CALLBACK);
  CHECK_INT(sl_tls_write(l.conn, "x", 1, &n), CURLE_ABORTED_BY_CALLBACK);
  CHECK_INT(sl_tls_shutdown(l.conn, false), CURLE_ABORTED_BY_CALLBACK);
  link_close(&l);
  REQUIRE(link_connect(&l) == SL_OK);
  l.wire.fail = CURLE_SEND_ERROR;
  CHECK_INT(sl_tls_write(l.conn, "x", 1, &n), CURLE_SEND_ERROR);
  link_close(&l);
  CHECK_INT(link_open(&l), SL_OK);
  l.wire.fail = CURLE_SEND_ERROR; /* a reset in the handshake */
  CHECK_INT(sl_tls_handshake(l.conn), CURLE_SSL_CONNECT_ERROR);
  CHECK(strstr(sl_tls_error(l.conn), "in connection to example.test:443"));
  link_close(&l);
  CHECK_INT(link_open(&l), SL_OK);
  l.wire.fail = CURLE_OPERATION_TIMEDOUT;
  CHECK_INT(sl_tls_handshake(l.conn), CURLE_OPERATION_TIMEDOUT);
  link_close(&l);
  CHECK_INT(link_open(&l), SL_OK);
  l.wire.eof = true;
  CHECK_INT(sl_tls_handshake(l.conn), CURLE_SSL_CONNECT_ERROR);
  CHECK(strstr(sl_tls_error(l.conn), "unexpected eof"));
  CHECK_INT(sl_tls_handshake(l.conn), CURLE_SSL_CONNECT_ERROR);
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), CURLE_SSL_CONNECT_ERROR);
  CHECK_INT(sl_tls_verify_result(l.conn), 1);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* A server that has answered before it closed: its answer is there, though nothing can be sent any more. */
TEST(what_was_said_before_a_reset_is_read)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n = 0;
  char text[8];
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  CHECK_INT(SSL_write(l.server, "why", 3), 3);
  unsigned writes = l.wire.writes;
  l.wire.fail = CURLE_SEND_ERROR;
  CHECK_INT(sl_tls_write(l.conn, "x", 1, &n), CURLE_SEND_ERROR);
  l.wire.fail = SL_OK;
  CHECK_INT(sl_tls_write(l.conn, "x", 1, &n), CURLE_SEND_ERROR);
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_OK);
  CHECK(n == 3 && !memcmp(text, "why", 3));
  CHECK_INT(sl_tls_shutdown(l.conn, false), CURLE_SEND_ERROR);
  CHECK_INT(l.wire.writes, writes + 1); /* nothing more was tried */
  l.wire.fail = CURLE_RECV_ERROR;
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), CURLE_RECV_ERROR);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(nothing_moves_before_the_handshake)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n;
  char text[8];
  link_init(&l, cache);
  CHECK_INT(link_open(&l), SL_OK);
  CHECK_INT(sl_tls_write(l.conn, "x", 1, &n), CURLE_SEND_ERROR);
  CHECK_INT(l.wire.writes, 0);
  link_close(&l);
  CHECK_INT(link_open(&l), SL_OK);
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), CURLE_RECV_ERROR);
  CHECK_INT(l.wire.reads, 0);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* ---- hostile peers --------------------------------------------------------------------------- */

/* The server's flights up to `keep` bytes, then garbage. Gives what the client made of it. */
static sl_result garbage_after(struct link *l, size_t keep, int byte)
{
  sl_result result = link_open(l);
  unsigned char junk[3000];
  size_t seen = 0;
  memset(junk, byte, sizeof junk);
  for (int i = 0; i < 100 && result == SL_OK; i++) {
    unsigned char flight[8192];
    result = sl_tls_handshake(l->conn);
    if (result != SL_WAIT)
      return result;
    SSL_do_handshake(l->server);
    ERR_clear_error();
    int n = BIO_read(l->wire.to_client, flight, sizeof flight);
    size_t good = n > 0 ? (size_t)n : 0;
    if (seen + good > keep)
      good = keep - seen;
    seen += good;
    if (good)
      BIO_write(l->wire.to_client, flight, (int)good);
    if (seen == keep)
      BIO_write(l->wire.to_client, junk, sizeof junk);
    result = SL_OK;
    if (n <= 0 && seen != keep)
      return SL_WAIT;
  }
  return SL_WAIT;
}

TEST(garbage_at_every_stage)
{
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  static const int bytes[] = {0, 'H', 0xff, 22, 23, 21};
  struct tls_cache *cache = sl_tls_cache_new();
  for (size_t v = 0; v < 2; v++) {
    struct link l;
    unsigned failed = 0;
    link_init(&l, cache);
    l.params.session_key = SLICE_NONE;
    link_max_version(&l, versions[v]);
    for (size_t keep = 0; keep < 700; keep += keep < 16 ? 1 : 23) {
      sl_result result = garbage_after(&l, keep, bytes[(keep / 23) % 6]);
      CHECK(result == CURLE_SSL_CONNECT_ERROR || result == CURLE_PEER_FAILED_VERIFICATION ||
            result == SL_WAIT); /* a length that promises more than came */
      failed += result > 0;
      if (result > 0)
        CHECK(*sl_tls_error(l.conn));
      link_close(&l);
    }
    CHECK(failed > 30);
    link_done(&l);
  }
  sl_tls_cache_free(cache);
}

/* One byte of the server's flight is turned over: never a success, always an end. */
TEST(no_bit_may_be_changed)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  l.params.session_key = SLICE_NONE;
  for (size_t at = 0; at < 1200; at += 31) {
    unsigned char flight[8192];
    CHECK_INT(link_open(&l), SL_OK);
    CHECK_INT(sl_tls_handshake(l.conn), SL_WAIT);
    SSL_do_handshake(l.server);
    ERR_clear_error();
    int n = BIO_read(l.wire.to_client, flight, sizeof flight);
    if (!CHECK(n > 0) || at >= (size_t)n) {
      link_close(&l);
      break;
    }
    flight[at] ^= 0x55;
    BIO_write(l.wire.to_client, flight, n);
    l.wire.eof = true;
    sl_result result = sl_tls_handshake(l.conn);
    if (result == SL_WAIT) {
      SSL_do_handshake(l.server);
      ERR_clear_error();
      result = sl_tls_handshake(l.conn);
    }
    CHECK(result > 0);
    link_close(&l);
  }
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(a_broken_record_later_is_an_error)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  unsigned char record[256];
  size_t n = 0;
  char text[16];
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_WAIT);
  SSL_write(l.server, "good", 4);
  SSL_write(l.server, "evil", 4);
  int len = BIO_read(l.wire.to_client, record, sizeof record);
  record[len - 1] ^= 1;
  BIO_write(l.wire.to_client, record, len);
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_OK); /* what was good comes first */
  CHECK_INT(n, 4);
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), CURLE_RECV_ERROR);
  CHECK(strstr(sl_tls_error(l.conn), "bad record mac"));
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), CURLE_RECV_ERROR);
  CHECK_INT(sl_tls_write(l.conn, "x", 1, &n), CURLE_RECV_ERROR);
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* The alert cannot leave: that makes it no less an error. */
TEST(a_broken_record_with_a_blocked_alert)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  unsigned char record[256];
  size_t n = 0;
  char text[16];
  link_init(&l, cache);
  REQUIRE(link_connect(&l) == SL_OK);
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), SL_WAIT);
  SSL_write(l.server, "evil", 4);
  int len = BIO_read(l.wire.to_client, record, sizeof record);
  record[len - 1] ^= 1;
  BIO_write(l.wire.to_client, record, len);
  l.wire.stutter = true;
  l.wire.turns = 0; /* a read that goes, a write that does not */
  CHECK_INT(sl_tls_read(l.conn, text, sizeof text, &n), CURLE_RECV_ERROR);
  CHECK_INT(sl_tls_want(l.conn), TLS_WANT_WRITE);
  CHECK(strstr(sl_tls_error(l.conn), "bad record mac"));
  link_close(&l);

  CHECK_INT(link_open(&l), SL_OK); /* and in the handshake */
  CHECK_INT(sl_tls_handshake(l.conn), SL_WAIT);
  BIO_write(l.wire.to_client, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
  l.wire.stutter = true;
  l.wire.turns = 0;
  CHECK_INT(sl_tls_handshake(l.conn), CURLE_SSL_CONNECT_ERROR);
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(errors_left_by_others_do_not_count)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  size_t n;
  char text[8];
  link_init(&l, cache);
  ERR_raise(ERR_LIB_USER, 42);
  REQUIRE(link_connect(&l) == SL_OK);
  ERR_raise(ERR_LIB_USER, 42);
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), SL_WAIT);
  ERR_raise(ERR_LIB_USER, 42);
  CHECK_INT(sl_tls_shutdown(l.conn, true), SL_WAIT);
  link_close(&l);
  REQUIRE(link_connect(&l) == SL_OK);
  l.wire.fail = SL_WAIT;
  ERR_raise(ERR_LIB_USER, 42);
  CHECK_INT(sl_tls_write(l.conn, "x", 1, &n), SL_WAIT);
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), SL_WAIT);
  l.wire.fail = SL_OK;
  CHECK_INT(sl_tls_write(l.conn, "x", 1, &n), SL_OK);
  l.wire.fail = SL_WAIT;
  ERR_raise(ERR_LIB_USER, 42);
  CHECK_INT(sl_tls_shutdown(l.conn, true), SL_WAIT);
  CHECK_INT(sl_tls_want(l.conn), TLS_WANT_WRITE);
  l.wire.fail = SL_OK;
  SSL_shutdown(l.server);
  ERR_raise(ERR_LIB_USER, 42);
  CHECK_INT(sl_tls_read(l.conn, text, 1, &n), SL_OK);
  CHECK_INT(n, 0);
  CHECK(!sl_tls_truncated(l.conn));
  link_done(&l);
  sl_tls_cache_free(cache);
}

/* Tickets in pieces, with somebody else's errors lying about: neither an error nor a lost byte. */
TEST(a_message_in_pieces_waits)
{
  static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
  struct tls_cache *cache = sl_tls_cache_new();
  for (size_t v = 0; v < 2; v++) {
    struct link l;
    size_t n = 0;
    char text[16];
    sl_result result = SL_WAIT;
    link_init(&l, cache);
    link_max_version(&l, versions[v]);
    SSL_CTX_set_num_tickets(l.server_ctx, 4);
    REQUIRE(link_connect(&l) == SL_OK);
    SSL_write(l.server, "pong", 4);
    l.wire.chunk = 1;
    l.wire.stutter = true;
    for (int i = 0; i < 10000 && result == SL_WAIT; i++) {
      ERR_raise(ERR_LIB_USER, 42);
      result = sl_tls_read(l.conn, text, sizeof text, &n);
      if (result == SL_WAIT && !CHECK_INT(sl_tls_want(l.conn), TLS_WANT_READ))
        break;
    }
    CHECK_INT(result, SL_OK);
    CHECK_INT(n, 4);
    link_done(&l);
  }
  ERR_clear_error();
  sl_tls_cache_free(cache);
}

/* ---- settings -------------------------------------------------------------------------------- */

struct version_row {
  long asked;
  int server_min, server_max;
  sl_result result;
  const char *version;
};

TEST(keeps_to_the_range_of_versions)
{
  static const struct version_row rows[] = {
      {CURL_SSLVERSION_DEFAULT, 0, TLS1_1_VERSION, CURLE_SSL_CONNECT_ERROR, NULL},
      {CURL_SSLVERSION_DEFAULT, 0, TLS1_2_VERSION, SL_OK, "TLSv1.2"},
      {CURL_SSLVERSION_TLSv1_3, 0, TLS1_2_VERSION, CURLE_SSL_CONNECT_ERROR, NULL},
      {CURL_SSLVERSION_TLSv1_3, 0, 0, SL_OK, "TLSv1.3"},
      {CURL_SSLVERSION_MAX_TLSv1_2, 0, 0, SL_OK, "TLSv1.2"},
      {CURL_SSLVERSION_MAX_DEFAULT, 0, 0, SL_OK, "TLSv1.3"},
      {CURL_SSLVERSION_MAX_TLSv1_2, TLS1_3_VERSION, 0, CURLE_SSL_CONNECT_ERROR, NULL},
      {CURL_SSLVERSION_TLSv1_3 | CURL_SSLVERSION_MAX_TLSv1_2, 0, 0, CURLE_SSL_CONNECT_ERROR, NULL},
      {CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_2, 0, 0, SL_OK, "TLSv1.2"},
      {CURL_SSLVERSION_TLSv1, 0, TLS1_2_VERSION, SL_OK, "TLSv1.2"},
      {CURL_SSLVERSION_SSLv3, 0, 0, CURLE_BAD_FUNCTION_ARGUMENT, NULL},
      {8, 0, 0, CURLE_BAD_FUNCTION_ARGUMENT, NULL},
      {9 << 16, 0, 0, CURLE_BAD_FUNCTION_ARGUMENT, NULL},
  };
  struct tls_cache *cache = sl_tls_cache_new();
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct link l;
    link_init(&l, cache);
    l.config.sslversion = rows[i].asked;
    SSL_CTX_set_min_proto_version(l.server_ctx, rows[i].server_min);
    SSL_CTX_set_max_proto_version(l.server_ctx, rows[i].server_max);
    sl_result result = link_connect(&l);
    if (!CHECK_INT(result, rows[i].result))
      printf("# row %zu: %s\n", i, link_error(&l));
    if (result == SL_OK)
      CHECK_STR(sl_tls_version(l.conn), rows[i].version);
    else
      CHECK(*link_error(&l));
    if (rows[i].asked == (CURL_SSLVERSION_TLSv1_3 | CURL_SSLVERSION_MAX_TLSv1_2))
      CHECK_STR(link_error(&l), "CURL_SSLVERSION_MAX incompatible with CURL_SSLVERSION");
    if (l.conn && rows[i].asked == CURL_SSLVERSION_DEFAULT)
      CHECK_INT(SSL_CTX_get_min_proto_version(sl_tls_ssl_ctx(l.conn)), TLS1_2_VERSION);
    link_done(&l);
  }
  sl_tls_cache_free(cache);
}

static sl_result with_ciphers(struct tls_cache *cache, size_t field, const char *value,
                              const char *want)
{
  struct link l;
  link_init(&l, cache);
  char text[64];
  snprintf(text, sizeof text, "%s", value);
  *(char **)(void *)((char *)&l.config + field) = text;
  sl_result result = link_connect(&l);
  if (want)
    CHECK_STR(result == SL_OK ? sl_tls_cipher(l.conn) : link_error(&l), want);
  link_done(&l);
  return result;
}

TEST(ciphers_and_curves)
{
  struct tls_cache *cache = sl_tls_cache_new();
  size_t suites = offsetof(struct tls_config, tls13_ciphers);
  size_t ciphers = offsetof(struct tls_config, ssl_cipher_list);
  size_t curves = offsetof(struct tls_config, ssl_ec_curves);
  size_t algorithms = offsetof(struct tls_config, ssl_signature_algorithms);
  CHECK_INT(with_ciphers(cache, suites, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256"), SL_OK);
  CHECK_INT(
      with_ciphers(cache, suites, "TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"),
      SL_OK);
  CHECK_INT(with_ciphers(cache, suites, "FOO", "failed setting TLS 1.3 cipher suite: FOO"),
            CURLE_SSL_CIPHER);
  CHECK_INT(with_ciphers(cache, ciphers, "FOO", "failed setting cipher list: FOO"),
            CURLE_SSL_CIPHER);
  CHECK_INT(with_ciphers(cache, curves, "P-384", NULL), SL_OK);
  CHECK_INT(with_ciphers(cache, curves, "FOO", "failed setting curves list: 'FOO'"),
            CURLE_SSL_CIPHER);
  CHECK_INT(with_ciphers(cache, algorithms, "ecdsa_secp256r1_sha256", NULL), SL_OK);
  CHECK_INT(with_ciphers(cache, algorithms, "rsa_pss_pss_sha256", NULL), CURLE_SSL_CONNECT_ERROR);
  CHECK_INT(with_ciphers(cache, algorithms, "FOO", "failed setting signature algorithms: 'FOO'"),
            CURLE_SSL_CIPHER);
  sl_tls_cache_free(cache);
}

/* ---- the application's function, the log, the key log ---------------------------------------- */

struct ctx_call {
  void *easy;
  unsigned calls;
  bool pass;
  CURLcode result;
};

static int pass_all(int ok, X509_STORE_CTX *store)
{
  (void)ok;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

static CURLcode on_ctx(CURL *easy, void *ssl_ctx, void *data)
{
  struct ctx_call *call = data;
  call->easy = easy;
  call->calls++;
  if (call->pass)
    SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_PEER, pass_all);
  return call->result;
}

TEST(the_application_may_change_the_context)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct ctx_call call = {0};
  struct memory other;
  struct link l;
  int handle;
  link_init(&l, cache);
  l.config.ssl_ctx_function = on_ctx;
  l.config.ssl_ctx_data = &call;
  l.params.easy = &handle;
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK(call.easy == &handle);
  link_echo(&l);
  link_close(&l);
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK_INT(call.calls, 2); /* a context of its own each time */
  CHECK(!sl_tls_resumed(l.conn));
  link_close(&l);
  l.config.cainfo_blob = cert_pem(&other, pki.other_ca);
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  link_close(&l);
  call.pass = true; /* its verify callback counts, but not for the name */
  CHECK_INT(link_connect(&l), SL_OK);
  link_close(&l);
  l.params.host = SLICE_LIT("elsewhere.test");
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  link_close(&l);
  call.result = CURLE_ABORTED_BY_CALLBACK;
  CHECK_INT(link_connect(&l), CURLE_ABORTED_BY_CALLBACK);
  link_done(&l);
  sl_tls_cache_free(cache);
}

static CURLcode trust_all(CURL *easy, void *ssl_ctx, void *data)
{
  (void)easy;
  (void)data;
  SSL_CTX_set_verify(ssl_ctx, SSL_VERIFY_NONE, NULL);
  return CURLE_OK;
}

TEST(the_application_cannot_verify_less_by_accident)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct memory other;
  struct link l;
  link_init(&l, cache);
  l.config.ssl_ctx_function = trust_all;
  l.config.cainfo_blob = cert_pem(&other, pki.other_ca);
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  link_done(&l);
  sl_tls_cache_free(cache);
}

static int refuse(X509_STORE_CTX *store, void *unused)
{
  (void)unused;
  X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
  return 0;
}

static int accept_any(X509_STORE_CTX *store, void *unused)
{
  (void)unused;
  X509_STORE_CTX_set_error(store, X509_V_OK);
  return 1;
}

static CURLcode put_callback(CURL *easy, void *ssl_ctx, void *data)
{
  (void)easy;
  SSL_CTX_set_cert_verify_callback(ssl_ctx, data ? accept_any : refuse, NULL);
  return CURLE_OK;
}

TEST(the_application_may_verify_by_itself)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  int data;
  link_init(&l, cache);
  l.config.ssl_ctx_function = put_callback;
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_STR(link_error(&l), "SSL certificate problem: certificate rejected");
  CHECK_INT(sl_tls_verify_result(l.conn), X509_V_ERR_CERT_REJECTED);
  link_close(&l);
  l.config.ssl_ctx_data = &data;
  CHECK_INT(link_connect(&l), SL_OK);
  link_close(&l);
  l.params.host = SLICE_LIT("wrong.test"); /* the name is ours to check all the same */
  CHECK_INT(link_connect(&l), CURLE_PEER_FAILED_VERIFICATION);
  link_done(&l);
  sl_tls_cache_free(cache);
}

struct lines {
  char text[16384];
  unsigned messages, bytes;
};

static void take_line(void *ctx, const char *text)
{
  struct lines *lines = ctx;
  size_t at = strlen(lines->text);
  snprintf(lines->text + at, sizeof lines->text - at, "%s\n", text);
}

static void take_message(void *ctx, bool out, const char *text, const void *data, size_t n)
{
  struct lines *lines = ctx;
  (void)out;
  lines->messages++;
  lines->bytes += data ? (unsigned)n : 0;
  take_line(ctx, text);
}

TEST(tells_the_log)
{
  struct tls_cache *cache = sl_tls_cache_new();
  static struct lines lines;
  struct tls_log log = {take_line, take_message, &lines};
  struct link l;
  link_init(&l, cache);
  l.params.log = &log;
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK(strstr(lines.text, "ALPN: curl offers http/1.1\n"));
  CHECK(strstr(lines.text, "TLSv1.3 (OUT), TLS handshake, Client hello (1):\n"));
  CHECK(strstr(lines.text, "TLSv1.3 (IN), TLS handshake, Certificate (11):\n"));
  CHECK(strstr(lines.text, "SSL connection using TLSv1.3 / TLS_AES_256_GCM_SHA384 / "));
  CHECK(strstr(lines.text, "ALPN: server did not agree on a protocol. Uses default.\n"));
  CHECK(strstr(lines.text, "Server certificate:\n subject: CN=example.test\n start date: "));
  CHECK(strstr(lines.text,
               " subjectAltName: host \"example.test\" matched cert's \"example.test\"\n"));
  CHECK(strstr(lines.text, " issuer: CN=Test CA\n SSL certificate verify ok.\n"));
  CHECK(lines.messages >= 7 && lines.bytes > 800);
  unsigned before = lines.messages;
  link_echo(&l); /* tickets come, the log's owner is gone */
  CHECK_INT(lines.messages, before);
  link_close(&l);

  memset(&lines, 0, sizeof lines); /* gone in the middle */
  CHECK_INT(link_open(&l), SL_OK);
  sl_tls_set_log(l.conn, NULL);
  CHECK_INT(link_run(&l), SL_OK);
  CHECK_INT(lines.messages, 0);
  CHECK(!strstr(lines.text, "SSL connection using"));
  link_close(&l);

  memset(&lines, 0, sizeof lines);
  l.config.ssl_verifypeer = false;
  l.params.host = SLICE_LIT("127.0.0.1");
  l.params.is_ip = true;
  CHECK_INT(link_connect(&l), SL_OK);
  CHECK(strstr(lines.text, "host \"127.0.0.1\" matched cert's IP address!"));
  CHECK(strstr(lines.text, "SSL certificate verify result: unable to get local issuer certificate "
                           "(20), continuing anyway."));
  link_done(&l);
  sl_tls_cache_free(cache);
}

TEST(logs_the_keys_when_asked)
{
  struct tls_cache *cache = sl_tls_cache_new();
  char *path = write_file("keylog", "", 0), text[8192];
  struct link l;
  link_init(&l, cache);
  CHECK_INT(link_connect(&l), SL_OK); /* the same configuration without */
  link_close(&l);
  l.params.keylog = path;
  CHECK_INT(link_connect(&l), SL_OK);
  link_done(&l);
  FILE *file = fopen(path, "rb");
  size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
  text[n] = '\0';
  CHECK(strstr(text, "CLIENT_HANDSHAKE_TRAFFIC_SECRET "));
  CHECK(strstr(text, "SERVER_TRAFFIC_SECRET_0 "));
  CHECK_INT(text[n ? n - 1 : 0], '\n');
  if (file)
    fclose(file);
  sl_tls_cache_free(cache);
}

/* ---- memory ---------------------------------------------------------------------------------- */

TEST(survives_every_failing_allocation)
{
  struct memory cert, key;
  static struct lines lines;
  struct tls_log log = {take_line, take_message, &lines};
  cert_pem(&cert, pki.leaf);
  key_pem(&key, pki.key, NULL);
  char *ca = write_file("ca.pem", "", 0);
  struct memory ca_pem;
  cert_pem(&ca_pem, pki.ca);
  ca = write_blob("ca.pem", &ca_pem.blob);
  sl_result last = SL_WAIT;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct tls_cache *cache = sl_tls_cache_new();
    struct link l;
    if (!cache)
      continue;
    link_init(&l, cache);
    memset(&lines, 0, sizeof lines);
    l.config.sslcert_blob = &cert.blob;
    l.config.sslkey_blob = &key.blob;
    l.config.issuercert = ca;
    l.config.cainfo_blob = NULL;
    l.config.cainfo = ca;
    l.params.keylog = "/dev/null";
    l.params.log = &log;
    for (int round = 0; round < 2; round++) {
      last = link_connect(&l);
      CHECK(last == SL_OK || last == SL_NOMEM);
      if (last == SL_OK)
        link_echo(&l);
      link_close(&l);
    }
    link_done(&l);
    sl_tls_cache_free(cache);
  }
  CHECK_INT(last, SL_OK);
}

TEST(a_connection_outlives_its_cache)
{
  struct tls_cache *cache = sl_tls_cache_new();
  struct link l;
  link_init(&l, cache);
  CHECK_INT(link_connect(&l), SL_OK);
  sl_tls_cache_free(cache);
  link_echo(&l); /* tickets arrive for a closed cache */
  link_done(&l);
}
