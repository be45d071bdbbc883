#include "api/setopt.h"

#include <limits.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"
#include "xfer/easy.h"

#define MIN INT64_MIN
#define MAX INT64_MAX

static char *too_big; /* a string of one byte more than is allowed */

static struct easy *setup(void)
{
  if (!too_big) {
    too_big = malloc(SL_OPT_STRING_MAX + 2);
    memset(too_big, 'a', SL_OPT_STRING_MAX + 1);
    too_big[SL_OPT_STRING_MAX + 1] = 0;
  }
  return sl_easy_new();
}

#undef curl_easy_setopt
#define SET(e, option, value) curl_easy_setopt((e), (option), (value))

/* ---- the table ------------------------------------------------------------------------------- */

struct sample {
  const char *name;
  CURLoption id;
  enum opt_kind kind;
  int64_t low, high, dflt;
};

static const struct sample stored[] = {
#define OPT(NAME, TYPE, KIND, topic, field, low, high, dflt)                                       \
  {#NAME, CURLOPT_##NAME, SL_OPT_##KIND, low, high, dflt},
#define TWIN(NAME, TYPE, KIND, field, low, high, dflt)                                             \
  {#NAME, CURLOPT_##NAME, SL_OPT_##KIND, low, high, dflt},
#define OURS(NAME, TYPE, KIND, topic, field, low, high, dflt)                                      \
  {#NAME, SLUICEOPT_##NAME, SL_OPT_##KIND, low, high, dflt},
#include "api/options.def"
};
enum { N_STORED = sizeof stored / sizeof *stored };

static bool is_number(enum opt_kind kind)
{
  return kind >= SL_OPT_BOOL && kind <= SL_OPT_SEC;
}

static const char *field_of(const struct settings *s, const struct option_row *row, unsigned topic)
{
  const void *base = topic == SL_TOPIC_IO ? (const void *)&s->io : s->topic[topic];
  return (const char *)base + row->offset;
}

static bool is_signed(const struct option_row *row)
{
  return row->width == 8 || row->shift % 8 == 0;
}

static int64_t number_in(const struct settings *s, const struct option_row *row, unsigned topic)
{
  const char *p = field_of(s, row, topic);
  uint8_t w1;
  uint16_t w2;
  uint32_t w4;
  int64_t w8;
  switch (row->width) {
  case 1:
    memcpy(&w1, p, 1);
    return is_signed(row) ? (int8_t)w1 : w1;
  case 2:
    memcpy(&w2, p, 2);
    return is_signed(row) ? (int16_t)w2 : w2;
  case 4:
    memcpy(&w4, p, 4);
    return is_signed(row) ? (int64_t)(int32_t)w4 : w4;
  default:
    memcpy(&w8, p, 8);
    return w8;
  }
}

static void *pointer_in(const struct settings *s, const struct option_row *row)
{
  void *value;
  memcpy(&value, field_of(s, row, row->topic), sizeof value);
  return value;
}

static CURLcode set_number(struct easy *e, CURLoption id, int64_t v)
{
  return (unsigned)id / 10000 == 3 ? SET(e, id, (curl_off_t)v) : SET(e, id, (long)v);
}

TEST(defaults_are_those_of_the_rows)
{
  struct settings s;
  sl_settings_init(&s);
  CHECK(N_STORED > 200);
  for (size_t i = 0; i < N_STORED; i++) {
    const struct option_row *row = sl_setopt_row(stored[i].id);
    if (!CHECK(row))
      continue;
    bool stdio = stored[i].id == CURLOPT_WRITEDATA || stored[i].id == CURLOPT_READDATA;
    bool same;
    if (is_number(stored[i].kind))
      same = number_in(&s, row, row->topic) ==
             stored[i].dflt * (stored[i].kind == SL_OPT_SEC ? 1000 : 1);
    else
      same = stdio || !pointer_in(&s, row);
    if (!CHECK(same))
      printf("# CURLOPT_%s\n", stored[i].name);
  }
  sl_settings_done(&s);
}

TEST(numbers_at_the_edges)
{
  struct easy *e = setup();
  REQUIRE(e);
  for (size_t i = 0; i < N_STORED; i++) {
    const struct sample *o = &stored[i];
    if (!is_number(o->kind))
      continue;
    bool below_ok = o->kind == SL_OPT_BOOL || o->kind == SL_OPT_CLAMP || o->low == INT64_MIN;
    bool above_ok = o->kind != SL_OPT_SEC && (o->kind != SL_OPT_INT || o->high == INT64_MAX);
    if (o->kind == SL_OPT_SEC)
      above_ok = o->high == INT64_MAX;
    int64_t below = o->kind == SL_OPT_MS ? -1 : o->low == INT64_MIN ? o->low : o->low - 1;
    int64_t above = o->high == INT64_MAX ? o->high : o->high + 1;
    bool fine = set_number(e, o->id, below) == (below_ok ? CURLE_OK : CURLE_BAD_FUNCTION_ARGUMENT);
    fine &= set_number(e, o->id, above) == (above_ok ? CURLE_OK : CURLE_BAD_FUNCTION_ARGUMENT);
    fine &= set_number(e, o->id, o->dflt) == CURLE_OK || o->dflt < o->low;
    if (o->kind != SL_OPT_BOOL && o->kind != SL_OPT_MS && o->low != INT64_MIN)
      fine &= set_number(e, o->id, o->low) == CURLE_OK;
    if (!CHECK(fine))
      printf("# CURLOPT_%s\n", o->name);
  }
  sl_easy_free(e);
}

/* Set to something, read back, reset; and that nothing but its topic became the handle's own. */
TEST(every_stored_option_is_stored)
{
  struct curl_blob blob = {(char *)(uintptr_t) "blob", 4, CURL_BLOB_COPY};
  for (size_t i = 0; i < N_STORED; i++) {
    const struct sample *o = &stored[i];
    const struct option_row *row = sl_setopt_row(o->id);
    struct easy *e = setup();
    struct settings fresh;
    sl_settings_init(&fresh);
    if (!CHECK(e) || !CHECK(row))
      break;
    bool fine;
    if (is_number(o->kind)) {
      int64_t v = o->kind == SL_OPT_MS      ? 1234
                  : o->kind == SL_OPT_SEC   ? 12
                  : o->dflt == 1            ? 0
                  : o->kind == SL_OPT_CLAMP ? o->low + 1
                                            : 1;
      fine = set_number(e, o->id, v) == CURLE_OK;
      v *= o->kind == SL_OPT_SEC ? 1000 : 1;
      fine &= number_in(&e->set, row, row->topic) == v;
      if (row->twin)
        fine &= number_in(&e->set, row, SL_TOPIC_PROXY_TLS) == v;
    } else if (o->kind == SL_OPT_BLOB) {
      fine = SET(e, o->id, &blob) == CURLE_OK;
      struct curl_blob *copy = pointer_in(&e->set, row);
      fine &= copy && copy->len == 4 && !memcmp(copy->data, "blob", 4);
    } else if (o->kind <= SL_OPT_BLOB) {
      fine = SET(e, o->id, "text") == CURLE_OK;
      const char *text = pointer_in(&e->set, row);
      fine &= text && !strcmp(text, "text");
      fine &= SET(e, o->id, too_big) == CURLE_BAD_FUNCTION_ARGUMENT;
      fine &= text == pointer_in(&e->set, row);
      too_big[SL_OPT_STRING_MAX] = 0;
      fine &= SET(e, o->id, too_big) == CURLE_OK;
      too_big[SL_OPT_STRING_MAX] = 'a';
    } else {
      fine = SET(e, o->id, (void *)&blob) == CURLE_OK;
      fine &= pointer_in(&e->set, row) == &blob;
    }
    for (unsigned t = 0; t < SL_TOPIC_SHARED; t++) {
      bool mine = t == row->topic || (row->twin && t == SL_TOPIC_PROXY_TLS);
      fine &= (e->set.topic[t] != fresh.topic[t]) == mine;
    }
    if (!CHECK(fine))
      printf("# CURLOPT_%s\n", o->name);
    sl_easy_free(e);
  }
}

TEST(unset_strings_are_null_but_for_paths)
{
  struct easy *e = setup();
  REQUIRE(e);
  for (size_t i = 0; i < N_STORED; i++) {
    const struct sample *o = &stored[i];
    if (o->kind < SL_OPT_STR || o->kind > SL_OPT_BLOB)
      continue;
    const struct option_row *row = sl_setopt_row(o->id);
    bool fine = o->kind == SL_OPT_BLOB || !SET(e, o->id, "x");
    fine &= SET(e, o->id, NULL) == CURLE_OK;
    const char *value = pointer_in(&e->set, row);
    fine &= o->kind == SL_OPT_PATH ? value && !*value : !value;
    if (!CHECK(fine))
      printf("# CURLOPT_%s\n", o->name);
  }
  sl_easy_free(e);
}

TEST(the_default_again_costs_no_memory)
{
  struct easy *e = setup();
  REQUIRE(e);
  sl_mem_fail_after(1);
  for (size_t i = 0; i < N_STORED; i++) {
    const struct sample *o = &stored[i];
    if (is_number(o->kind) && o->dflt >= o->low)
      CHECK_INT(set_number(e, o->id, o->dflt), CURLE_OK);
    else if (o->kind != SL_OPT_PATH && o->kind != SL_OPT_BLOB && !is_number(o->kind))
      CHECK_INT(SET(e, o->id, NULL), CURLE_OK);
  }
  CHECK_INT(SET(e, CURLOPT_HTTPGET, 1L), CURLE_OK);
  CHECK_INT(SET(e, CURLOPT_FOLLOWLOCATION, 0L), CURLE_OK);
  CHECK_INT(SET(e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS), CURLE_OK);
  sl_mem_fail_after(0);
  sl_easy_free(e);
}

TEST(no_such_option)
{
  struct easy *e = setup();
  REQUIRE(e);
  static const int unknown[] = {-1,    0,     8,     30,           333,    999,
                                8999,  9006,  9999,  9001 + 10000, 10003,  20002,
                                30014, 40065, 19000, 50001,        1 << 30};
  for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
    CHECK_INT(SET(e, (CURLoption)unknown[i], 1L), CURLE_UNKNOWN_OPTION);
  CHECK_INT(SET(e, CURLOPT_CONV_FROM_UTF8_FUNCTION, NULL), CURLE_UNKNOWN_OPTION);
  CHECK_INT(curl_easy_setopt(NULL, CURLOPT_URL, "x"), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_easy_free(e);
}

TEST(generation_grows_with_success_only)
{
  struct easy *e = setup();
  REQUIRE(e);
  uint32_t before = e->set.io.generation;
  CHECK_INT(SET(e, CURLOPT_PORT, 70000L), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(e->set.io.generation, before);
  CHECK_INT(SET(e, CURLOPT_PORT, 80L), CURLE_OK);
  CHECK(e->set.io.generation != before);
  sl_easy_free(e);
}

/* ---- not stored ------------------------------------------------------------------------------ */

TEST(what_is_gone_is_accepted)
{
  static const CURLoption gone[] = {
#define GONE(NAME, TYPE, since) CURLOPT_##NAME,
#include "api/options.def"
  };
  struct easy *e = setup();
  REQUIRE(e);
  for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
    CHECK_INT((unsigned)gone[i] / 10000 ? SET(e, gone[i], "x") : SET(e, gone[i], 1L), CURLE_OK);
  sl_easy_free(e);
}

TEST(what_is_not_built_in_cannot_be_switched_on)
{
  static const struct {
    CURLoption id;
    curl_easytype type;
    long dflt;
  } later[] = {
#define LATER(NAME, TYPE, dflt, needs) {CURLOPT_##NAME, CURLOT_##TYPE, dflt},
#include "api/options.def"
  };
  struct easy *e = setup();
  REQUIRE(e);
  for (size_t i = 0; i < sizeof later / sizeof *later; i++) {
    if (later[i].type == CURLOT_CBPTR) {
      CHECK_INT(SET(e, later[i].id, e), CURLE_OK);
    } else if (later[i].type <= CURLOT_VALUES) {
      CHECK_INT(SET(e, later[i].id, later[i].dflt), CURLE_OK);
      CHECK_INT(SET(e, later[i].id, 3L), CURLE_NOT_BUILT_IN);
    } else {
      CHECK_INT(SET(e, later[i].id, NULL), CURLE_OK);
      CHECK_INT(SET(e, later[i].id, "x"), CURLE_NOT_BUILT_IN);
    }
  }
  CHECK_INT(SET(e, CURLOPT_SSH_AUTH_TYPES, -1L), CURLE_OK);
  CHECK_INT(SET(e, CURLOPT_SSH_AUTH_TYPES, 0xffffffffL), CURLE_OK);
  sl_easy_free(e);
}

/* ---- single options -------------------------------------------------------------------------- */

TEST(odd_numbers)
{
  static const struct {
    CURLoption id;
    long v;
    CURLcode code;
  } cases[] = {
      {CURLOPT_TIMEOUT, -1, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_TIMEOUT, INT_MAX / 1000, CURLE_OK},
      {CURLOPT_TIMEOUT, INT_MAX / 1000 + 1, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_TIMEOUT_MS, -1, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_TIMEOUT_MS, LONG_MAX, CURLE_OK},
      {CURLOPT_MAXREDIRS, -1, CURLE_OK},
      {CURLOPT_MAXREDIRS, -2, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_PORT, 65535, CURLE_OK},
      {CURLOPT_PORT, 65536, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_NETRC, 3, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_IPRESOLVE, 3, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_USE_SSL, 4, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_TIMECONDITION, 4, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_FTP_FILEMETHOD, 4, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_PROXYTYPE, 9, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_PROXYTYPE, CURLPROXY_HTTPS2, CURLE_OK},
      {CURLOPT_NEW_FILE_PERMS, 01000, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_CONNECT_ONLY, 3, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_DNS_CACHE_TIMEOUT, -1, CURLE_OK},
      {CURLOPT_DNS_CACHE_TIMEOUT, -2, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_CA_CACHE_TIMEOUT, -1, CURLE_OK},
      {CURLOPT_CA_CACHE_TIMEOUT, -2, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_HTTP_VERSION, -1, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_HTTP_VERSION, 5, CURLE_OK},
      {CURLOPT_HTTP_VERSION, 6, CURLE_UNSUPPORTED_PROTOCOL},
      {CURLOPT_SSLVERSION, CURL_SSLVERSION_SSLv2, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_SSLVERSION, CURL_SSLVERSION_SSLv3, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_SSLVERSION, 8, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_SSLVERSION, -1, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_SSLVERSION, 2L << 16, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_SSLVERSION, 8L << 16, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_3, CURLE_OK},
      {CURLOPT_PROXY_SSLVERSION, CURL_SSLVERSION_MAX_DEFAULT, CURLE_OK},
      {CURLOPT_PROXY_SSLVERSION, 3, CURLE_BAD_FUNCTION_ARGUMENT},
      {CURLOPT_HTTPAUTH, 0, CURLE_OK},
      {CURLOPT_HTTPAUTH, (long)CURLAUTH_ONLY, CURLE_NOT_BUILT_IN},
      {CURLOPT_HTTPAUTH, 1L << 32, CURLE_NOT_BUILT_IN},
      {CURLOPT_PROXYAUTH, (long)CURLAUTH_ONLY, CURLE_NOT_BUILT_IN},
      {CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY, CURLE_OK},
      {CURLOPT_SOCKS5_AUTH, 0, CURLE_OK},
      {CURLOPT_SOCKS5_AUTH, CURLAUTH_BASIC | CURLAUTH_GSSAPI, CURLE_OK},
      {CURLOPT_SOCKS5_AUTH, CURLAUTH_DIGEST, CURLE_NOT_BUILT_IN},
      {CURLOPT_ALTSVC_CTRL, 0, CURLE_BAD_FUNCTION_ARGUMENT},
      {SLUICEOPT_REFUSAL, 2, CURLE_BAD_FUNCTION_ARGUMENT},
      {SLUICEOPT_SOCKET_PURPOSES, 32, CURLE_BAD_FUNCTION_ARGUMENT},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct easy *e = setup();
    REQUIRE(e);
    if (!CHECK_INT(SET(e, cases[i].id, cases[i].v), cases[i].code))
      printf("# option %d to %ld\n", (int)cases[i].id, cases[i].v);
    sl_easy_free(e);
  }
}

TEST(numbers_are_stored_in_their_unit_and_width)
{
  struct easy *e = setup();
  REQUIRE(e);
  SET(e, CURLOPT_TIMEOUT, 30L);
  CHECK_INT(e->set.io.timeout_ms, 30000);
  SET(e, CURLOPT_TIMEOUT_MS, LONG_MAX);
  CHECK_INT(e->set.io.timeout_ms, INT32_MAX);
  SET(e, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, 7L);
  CHECK_INT(e->set.io.server_response_timeout_ms, 7);
  SET(e, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
  CHECK_INT(e->set.dns->dns_cache_timeout_ms, -1);
  SET(e, CURLOPT_DNS_CACHE_TIMEOUT, LONG_MAX);
  CHECK_INT(e->set.dns->dns_cache_timeout_ms, INT32_MAX);
  SET(e, CURLOPT_LOW_SPEED_LIMIT, LONG_MAX);
  CHECK_INT(e->set.io.low_speed_limit, INT32_MAX);
  SET(e, CURLOPT_MAXCONNECTS, LONG_MAX);
  CHECK_INT(e->set.net->maxconnects, UINT32_MAX);
  SET(e, CURLOPT_BUFFERSIZE, 1L);
  CHECK_INT(e->set.io.buffersize, 1024);
  SET(e, CURLOPT_BUFFERSIZE, LONG_MAX);
  CHECK_INT(e->set.io.buffersize, CURL_MAX_READ_SIZE);
  SET(e, CURLOPT_UPLOAD_BUFFERSIZE, 1L);
  CHECK_INT(e->set.io.upload_buffersize, 16384);
  SET(e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)1 << 40);
  CHECK_INT(e->set.io.infilesize, (int64_t)1 << 40);
  SET(e, CURLOPT_INFILESIZE, -1L);
  CHECK_INT(e->set.io.infilesize, -1);
  SET(e, CURLOPT_TIMEVALUE, -5L);
  CHECK_INT(e->set.io.timevalue, -5);
  SET(e, CURLOPT_SSL_VERIFYHOST, 1L);
  CHECK(e->set.tls->ssl_verifyhost);
  SET(e, CURLOPT_SSL_VERIFYHOST, 0L);
  CHECK(!e->set.tls->ssl_verifyhost && e->set.proxy_tls->ssl_verifyhost);
  SET(e, CURLOPT_VERBOSE, 256L); /* more than the field can hold, and yet true */
  CHECK_INT(e->set.io.verbose, 1);
  SET(e, CURLOPT_POSTREDIR, 0xffL);
  CHECK_INT(e->set.http->postredir, CURL_REDIR_POST_ALL);
  SET(e, CURLOPT_FOLLOWLOCATION, (long)CURLFOLLOW_OBEYCODE);
  CHECK_INT(e->set.http->followlocation, CURLFOLLOW_OBEYCODE);
  SET(e, CURLOPT_FOLLOWLOCATION, -1L);
  CHECK_INT(e->set.http->followlocation, CURLFOLLOW_ALL);
  SET(e, CURLOPT_STREAM_WEIGHT, 256L);
  CHECK_INT(SET(e, CURLOPT_STREAM_WEIGHT, 257L), CURLE_OK);
  CHECK_INT(e->set.http->stream_weight, 256);
  SET(e, CURLOPT_HTTPAUTH, (long)(CURLAUTH_DIGEST_IE | CURLAUTH_ONLY));
  CHECK_INT(e->set.http->httpauth,
            (uint32_t)(CURLAUTH_DIGEST | CURLAUTH_DIGEST_IE) | (uint32_t)CURLAUTH_ONLY);
  SET(e, CURLOPT_SSLVERSION, (long)(CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_3));
  CHECK_INT(e->set.tls->sslversion, 6 | 7L << 16);
  CHECK_INT(e->set.proxy_tls->sslversion, 0);
  sl_easy_free(e);
}

TEST(callbacks_of_the_gate)
{
  struct easy *e = setup();
  REQUIRE(e);
  SET(e, CURLOPT_OPENSOCKETFUNCTION, (curl_opensocket_callback)(uintptr_t)0x10);
  SET(e, CURLOPT_OPENSOCKETDATA, e);
  SET(e, SLUICEOPT_SOCKET_EVENTFUNCTION, (sluice_socket_event_callback)(uintptr_t)0x20);
  SET(e, SLUICEOPT_SOCKET_EVENTDATA, &e);
  SET(e, SLUICEOPT_REFUSAL, SLUICE_REFUSAL_FINAL);
  SET(e, SLUICEOPT_SOCKET_PURPOSES, SLUICE_PURPOSE_ALL);
  CHECK((uintptr_t)e->set.gate->opensocketfunction == 0x10);
  CHECK(e->set.gate->opensocketdata == e);
  CHECK((uintptr_t)e->set.gate->socket_eventfunction == 0x20);
  CHECK(e->set.gate->socket_eventdata == &e);
  CHECK_INT(e->set.gate->refusal, SLUICE_REFUSAL_FINAL);
  CHECK_INT(e->set.gate->socket_purposes, SLUICE_PURPOSE_ALL);
  sl_easy_free(e);
}

/* ---- the method ------------------------------------------------------------------------------ */

/* What a request would be, in the order in which these decide. */
static const char *request_of(const struct easy *e)
{
  static const char *const names[] = {"GET", "HEAD", "POST", "FORM", "MIME", "PUT"};
  return e->set.io.nobody ? "HEAD" : names[e->set.http->method];
}

TEST(the_last_option_decides_the_method)
{
  enum {
    END,
    NOBODY,
    NOBODY0,
    POST,
    POST0,
    UPLOAD,
    UPLOAD0,
    PUT,
    PUT0,
    GET,
    GET0,
    FIELDS,
    FIELDS0,
    COPY,
    COPY0,
    MIME,
    MIME0,
    FORM,
    FORM0
  };
  static const struct {
    CURLoption id;
    long v;
    bool pointer;
  } steps[] = {
      [NOBODY] = {CURLOPT_NOBODY, 1, false},
      [NOBODY0] = {CURLOPT_NOBODY, 0, false},
      [POST] = {CURLOPT_POST, 1, false},
      [POST0] = {CURLOPT_POST, 0, false},
      [UPLOAD] = {CURLOPT_UPLOAD, 1, false},
      [UPLOAD0] = {CURLOPT_UPLOAD, 0, false},
      [PUT] = {CURLOPT_PUT, 1, false},
      [PUT0] = {CURLOPT_PUT, 0, false},
      [GET] = {CURLOPT_HTTPGET, 1, false},
      [GET0] = {CURLOPT_HTTPGET, 0, false},
      [FIELDS] = {CURLOPT_POSTFIELDS, 1, true},
      [FIELDS0] = {CURLOPT_POSTFIELDS, 0, true},
      [COPY] = {CURLOPT_COPYPOSTFIELDS, 1, true},
      [COPY0] = {CURLOPT_COPYPOSTFIELDS, 0, true},
      [MIME] = {CURLOPT_MIMEPOST, 1, true},
      [MIME0] = {CURLOPT_MIMEPOST, 0, true},
      [FORM] = {CURLOPT_HTTPPOST, 1, true},
      [FORM0] = {CURLOPT_HTTPPOST, 0, true},
  };
  /* as libcurl 7.88.1 sends it, and as its manual has it since for MIMEPOST and HTTPPOST with NULL
   */
  static const struct {
    const char *request;
    bool upload;
    int steps[4];
  } cases[] = {
      {"GET", false, {END}},
      {"HEAD", false, {NOBODY}},
      {"GET", false, {NOBODY, NOBODY0}},
      {"POST", false, {NOBODY, POST, NOBODY0}},
      {"HEAD", false, {POST, NOBODY}},
      {"GET", false, {POST, NOBODY, NOBODY0}},
      {"PUT", true, {UPLOAD, NOBODY0}},
      {"GET", false, {POST, POST0}},
      {"HEAD", false, {NOBODY, POST0}},
      {"PUT", true, {UPLOAD}},
      {"GET", false, {UPLOAD, UPLOAD0}},
      {"GET", false, {POST, UPLOAD0}},
      {"HEAD", false, {NOBODY, UPLOAD0}},
      {"POST", false, {UPLOAD, POST}},
      {"GET", false, {UPLOAD, POST0}},
      {"PUT", false, {PUT}},
      {"GET", false, {PUT, PUT0}},
      {"GET", false, {POST, PUT0}},
      {"POST", false, {FIELDS0}},
      {"POST", false, {FIELDS}},
      {"POST", false, {UPLOAD, FIELDS}},
      {"POST", false, {COPY0}},
      {"POST", false, {COPY}},
      {"GET", false, {MIME0}},
      {"GET", false, {MIME, MIME0}},
      {"MIME", false, {UPLOAD, MIME}},
      {"GET", false, {FORM, FORM0}},
      {"FORM", false, {NOBODY, FORM}},
      {"POST", false, {POST, GET0}},
      {"GET", false, {POST, GET}},
      {"GET", false, {UPLOAD, GET}},
      {"GET", false, {NOBODY, GET}},
      {"HEAD", false, {NOBODY, FIELDS}},
      {"POST", false, {NOBODY, FIELDS, NOBODY0}},
      {"PUT", true, {NOBODY, UPLOAD}},
      {"HEAD", true, {UPLOAD, NOBODY}},
      {"PUT", false, {NOBODY, PUT}},
  };
  static char text[] = "x";
  curl_mime *mime = curl_mime_init(NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct easy *e = setup();
    REQUIRE(e);
    for (const int *s = cases[i].steps; *s; s++) {
      if (steps[*s].pointer)
        CHECK_INT(SET(e, steps[*s].id, !steps[*s].v ? NULL : *s == MIME ? (void *)mime : text), CURLE_OK);
      else
        CHECK_INT(SET(e, steps[*s].id, steps[*s].v), CURLE_OK);
    }
    if (!CHECK_STR(request_of(e), cases[i].request) ||
        !CHECK_INT(e->set.io.upload, cases[i].upload))
      printf("# case %zu\n", i);
    sl_easy_free(e);
  }
  curl_mime_free(mime);
}

/* ---- post data ------------------------------------------------------------------------------- */

TEST(post_data_is_copied_or_not)
{
  struct easy *e = setup();
  REQUIRE(e);
  char data[] = "abcdef";
  SET(e, CURLOPT_POSTFIELDS, data);
  CHECK(e->set.http->postfields == data && !e->set.http->copypostfields);
  SET(e, CURLOPT_COPYPOSTFIELDS, data);
  memset(data, 'x', 6);
  CHECK_STR(e->set.http->postfields, "abcdef");
  SET(e, CURLOPT_POSTFIELDS, data); /* the copy goes */
  CHECK(e->set.http->postfields == data && !e->set.http->copypostfields);
  SET(e, CURLOPT_POSTFIELDSIZE, 3L);
  SET(e, CURLOPT_COPYPOSTFIELDS, "a\0bcd");
  CHECK_INT(sl_settings_postfields_len(e->set.http), 3);
  CHECK_MEM(e->set.http->postfields, "a\0b", 4); /* and a zero behind it */
  SET(e, CURLOPT_COPYPOSTFIELDS, NULL);
  CHECK(!e->set.http->postfields && !e->set.http->copypostfields);
  sl_easy_free(e);
}

TEST(a_copy_is_never_read_past_its_end)
{
  struct easy *e = setup();
  REQUIRE(e);
  SET(e, CURLOPT_COPYPOSTFIELDS, "abcdef");
  CHECK_INT(SET(e, CURLOPT_POSTFIELDSIZE, 6L), CURLE_OK);
  CHECK_STR(e->set.http->postfields, "abcdef");
  CHECK_INT(SET(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)4), CURLE_OK);
  CHECK_INT(sl_settings_postfields_len(e->set.http), 4);
  CHECK_INT(SET(e, CURLOPT_POSTFIELDSIZE, 5L), CURLE_OK);
  CHECK(!e->set.http->postfields && !e->set.http->copypostfields);
  CHECK_INT(SET(e, CURLOPT_POSTFIELDSIZE, -2L), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_easy_free(e);
}

TEST(copied_post_data_has_a_limit_only_as_a_string)
{
  struct easy *e = setup();
  REQUIRE(e);
  CHECK_INT(SET(e, CURLOPT_COPYPOSTFIELDS, too_big), CURLE_BAD_FUNCTION_ARGUMENT);
  SET(e, CURLOPT_POSTFIELDSIZE, SL_OPT_STRING_MAX + 1L);
  CHECK_INT(SET(e, CURLOPT_COPYPOSTFIELDS, too_big), CURLE_OK);
  CHECK_INT(SET(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)INT64_MAX), CURLE_OK);
  CHECK_INT(SET(e, CURLOPT_COPYPOSTFIELDS, "x"), CURLE_OUT_OF_MEMORY);
  sl_easy_free(e);
}

/* ---- names and passwords --------------------------------------------------------------------- */

TEST(userpwd_is_split_at_the_first_colon)
{
  static const struct {
    const char *in, *user, *password;
  } cases[] = {
      {"user", "user", NULL},
      {"user:", "user", ""},
      {":pw", "", "pw"},
      {"", "", NULL},
      {":", "", ""},
      {"a:b:c", "a", "b:c"},
      {"a%41:%42", "a%41", "%42"},
      {"a;opt:b", "a;opt", "b"},
      {NULL, NULL, NULL},
  };
  struct easy *e = setup();
  REQUIRE(e);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    CHECK_INT(SET(e, CURLOPT_USERPWD, cases[i].in), CURLE_OK);
    CHECK_STR(e->set.io.username, cases[i].user);
    CHECK_STR(e->set.io.password, cases[i].password);
  }
  CHECK_INT(SET(e, CURLOPT_USERPWD, too_big), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_easy_free(e);
}

TEST(proxyuserpwd_is_decoded)
{
  struct easy *e = setup();
  REQUIRE(e);
  CHECK_INT(SET(e, CURLOPT_PROXYUSERPWD, "a%3Ab:%41%zz%"), CURLE_OK);
  CHECK_STR(e->set.proxy->proxyusername, "a:b");
  CHECK_STR(e->set.proxy->proxypassword, "A%zz%");
  CHECK_INT(SET(e, CURLOPT_PROXYUSERPWD, "a%00b:c"), CURLE_URL_MALFORMAT);
  CHECK_INT(SET(e, CURLOPT_PROXYUSERPWD, "a:%00"), CURLE_URL_MALFORMAT);
  CHECK_STR(e->set.proxy->proxyusername, "a:b");
  CHECK_INT(SET(e, CURLOPT_PROXYUSERPWD, ":"), CURLE_OK);
  CHECK_STR(e->set.proxy->proxyusername, "");
  CHECK_STR(e->set.proxy->proxypassword, "");
  CHECK_INT(SET(e, CURLOPT_PROXYUSERNAME, "n%41"), CURLE_OK);
  CHECK_STR(e->set.proxy->proxyusername, "n%41");
  CHECK_INT(SET(e, CURLOPT_PROXYUSERPWD, NULL), CURLE_OK);
  CHECK(!e->set.proxy->proxyusername && !e->set.proxy->proxypassword);
  sl_easy_free(e);
}

/* ---- cookies, HSTS, Alt-Svc, AWS ------------------------------------------------------------- */

TEST(cookie_files_add_up)
{
  struct easy *e = setup();
  REQUIRE(e);
  CHECK_INT(SET(e, CURLOPT_COOKIEFILE, ""), CURLE_OK);
  CHECK(e->set.http->cookie_engine && !e->set.http->cookiefile);
  SET(e, CURLOPT_COOKIEFILE, "one");
  SET(e, CURLOPT_COOKIEFILE, "two");
  REQUIRE(e->set.http->cookiefile && e->set.http->cookiefile->next);
  CHECK_STR(e->set.http->cookiefile->data, "one");
  CHECK_STR(e->set.http->cookiefile->next->data, "two");
  CHECK_INT(SET(e, CURLOPT_COOKIEFILE, too_big), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(SET(e, CURLOPT_COOKIEFILE, NULL), CURLE_OK);
  CHECK(!e->set.http->cookie_engine && !e->set.http->cookiefile);
  SET(e, CURLOPT_COOKIEJAR, "jar");
  CHECK(e->set.http->cookie_engine);
  CHECK_STR(e->set.http->cookiejar, "jar");
  sl_easy_free(e);
}

TEST(cookielist_switches_the_engine_on_when_it_adds)
{
  struct easy *e = setup();
  REQUIRE(e);
  CHECK_INT(SET(e, CURLOPT_COOKIELIST, NULL), CURLE_OK);
  CHECK_INT(SET(e, CURLOPT_COOKIELIST, "ALL"), CURLE_OK);
  CHECK_INT(SET(e, CURLOPT_COOKIELIST, "SESS"), CURLE_OK);
  CHECK_INT(SET(e, CURLOPT_COOKIELIST, "FLUSH"), CURLE_OK);
  CHECK(!e->set.http->cookie_engine);
  CHECK_INT(SET(e, CURLOPT_COOKIELIST, "Set-Cookie: a=b; domain=example.com"), CURLE_OK);
  CHECK(e->set.http->cookie_engine);
  CHECK_INT(SET(e, CURLOPT_COOKIELIST, too_big), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_easy_free(e);
}

TEST(hsts_and_altsvc_files_switch_their_caches_on)
{
  struct easy *e = setup();
  REQUIRE(e);
  CHECK_INT(SET(e, CURLOPT_HSTS, NULL), CURLE_OK);
  CHECK_INT(e->set.http->hsts_ctrl, CURLHSTS_ENABLE);
  SET(e, CURLOPT_HSTS, "one");
  SET(e, CURLOPT_HSTS, "two");
  CHECK_STR(e->set.http->hsts, "two");
  REQUIRE(e->set.http->hstsfiles && e->set.http->hstsfiles->next);
  CHECK_STR(e->set.http->hstsfiles->data, "one");
  CHECK_INT(SET(e, CURLOPT_HSTS, ""), CURLE_OK);
  CHECK_STR(e->set.http->hsts, "");
  CHECK(!e->set.http->hstsfiles->next->next);
  SET(e, CURLOPT_ALTSVC, "file");
  CHECK_INT(e->set.http->altsvc_ctrl, CURLALTSVC_H1 | CURLALTSVC_H2 | CURLALTSVC_H3);
  SET(e, CURLOPT_ALTSVC_CTRL, (long)CURLALTSVC_H1);
  SET(e, CURLOPT_ALTSVC, "file");
  CHECK_INT(e->set.http->altsvc_ctrl, CURLALTSVC_H1);
  CHECK_INT(SET(e, CURLOPT_HSTS, too_big), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(SET(e, CURLOPT_ALTSVC, too_big), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_easy_free(e);
}

TEST(aws_sigv4_is_an_authentication_method)
{
  struct easy *e = setup();
  REQUIRE(e);
  CHECK_INT(SET(e, CURLOPT_AWS_SIGV4, NULL), CURLE_OK);
  CHECK_INT(e->set.http->httpauth, CURLAUTH_BASIC);
  CHECK_INT(SET(e, CURLOPT_AWS_SIGV4, "aws:amz"), CURLE_OK);
  CHECK_INT(e->set.http->httpauth, CURLAUTH_AWS_SIGV4);
  sl_easy_free(e);
}

TEST(one_unix_socket)
{
  struct easy *e = setup();
  REQUIRE(e);
  SET(e, CURLOPT_ABSTRACT_UNIX_SOCKET, "name");
  CHECK_STR(e->set.net->unix_socket_path, "name");
  CHECK(e->set.net->abstract_unix_socket);
  SET(e, CURLOPT_UNIX_SOCKET_PATH, "/path");
  CHECK_STR(e->set.net->unix_socket_path, "/path");
  CHECK(!e->set.net->abstract_unix_socket);
  SET(e, CURLOPT_ABSTRACT_UNIX_SOCKET, "name");
  SET(e, CURLOPT_ABSTRACT_UNIX_SOCKET, NULL);
  CHECK(!e->set.net->unix_socket_path && !e->set.net->abstract_unix_socket);
  CHECK_INT(SET(e, CURLOPT_UNIX_SOCKET_PATH, too_big), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_easy_free(e);
}

/* ---- protocols ------------------------------------------------------------------------------- */

TEST(sets_of_protocols)
{
  static const struct {
    const char *in;
    CURLcode code;
    uint32_t set;
  } cases[] = {
      {"http", CURLE_OK, CURLPROTO_HTTP},
      {"HTTP,ftps", CURLE_OK, CURLPROTO_HTTP | CURLPROTO_FTPS},
      {"http,,ftp", CURLE_OK, CURLPROTO_HTTP | CURLPROTO_FTP},
      {"all", CURLE_OK, UINT32_MAX},
      {"ALL", CURLE_OK, UINT32_MAX},
      {"ws,wss", CURLE_OK, CURLPROTO_WS | CURLPROTO_WSS},
      {"gophers", CURLE_OK, CURLPROTO_GOPHERS},
      {NULL, CURLE_BAD_FUNCTION_ARGUMENT, 0},
      {"", CURLE_BAD_FUNCTION_ARGUMENT, 0},
      {",", CURLE_BAD_FUNCTION_ARGUMENT, 0},
      {"-", CURLE_UNSUPPORTED_PROTOCOL, 0},
      {"http,nosuch", CURLE_UNSUPPORTED_PROTOCOL, 0},
      {"htt", CURLE_UNSUPPORTED_PROTOCOL, 0},
      {"httpss", CURLE_UNSUPPORTED_PROTOCOL, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct easy *e = setup();
    REQUIRE(e);
    struct settings fresh = e->set;
    CHECK_INT(SET(e, CURLOPT_PROTOCOLS_STR, cases[i].in), cases[i].code);
    CHECK_INT(SET(e, CURLOPT_REDIR_PROTOCOLS_STR, cases[i].in), cases[i].code);
    CHECK_INT(e->set.io.protocols, cases[i].code ? fresh.io.protocols : cases[i].set);
    CHECK_INT(e->set.io.redir_protocols, cases[i].code ? fresh.io.redir_protocols : cases[i].set);
    sl_easy_free(e);
  }
}

TEST(an_empty_set_of_protocol_bits_allows_none)
{
  struct easy *e = setup();
  REQUIRE(e);
  CHECK_INT(SET(e, CURLOPT_PROTOCOLS, 0L), CURLE_OK);
  CHECK_INT(e->set.io.protocols, 0);
  CHECK_INT(SET(e, CURLOPT_REDIR_PROTOCOLS, -1L), CURLE_OK);
  CHECK_INT(e->set.io.redir_protocols, UINT32_MAX);
  sl_easy_free(e);
}

/* ---- blobs ----------------------------------------------------------------------------------- */

TEST(odd_blobs)
{
  struct easy *e = setup();
  REQUIRE(e);
  struct curl_blob empty = {NULL, 0, CURL_BLOB_COPY}, no_data = {NULL, 3, CURL_BLOB_COPY};
  struct curl_blob big = {too_big, SL_OPT_STRING_MAX + 1, CURL_BLOB_NOCOPY};
  struct curl_blob borrowed = {too_big, 3, CURL_BLOB_NOCOPY};
  CHECK_INT(SET(e, CURLOPT_SSLCERT_BLOB, &empty), CURLE_OK);
  CHECK(e->set.tls->sslcert_blob && e->set.tls->sslcert_blob->len == 0);
  CHECK_INT(SET(e, CURLOPT_SSLCERT_BLOB, &no_data), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(SET(e, CURLOPT_SSLCERT_BLOB, &big), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(SET(e, CURLOPT_SSLCERT_BLOB, &borrowed), CURLE_OK);
  CHECK(e->set.tls->sslcert_blob != &borrowed);
  CHECK(e->set.tls->sslcert_blob->data == too_big);
  CHECK_INT(SET(e, CURLOPT_SSLCERT_BLOB, NULL), CURLE_OK);
  CHECK(!e->set.tls->sslcert_blob);
  sl_easy_free(e);
}

/* ---- programs -------------------------------------------------------------------------------- */

/* What the curl tool 7.88.1 sets for any transfer, in its order. */
static CURLcode as_the_tool(struct easy *e)
{
  static char here[256];
  static const struct {
    CURLoption id;
    long v;
  } numbers[] = {
      {CURLOPT_QUICK_EXIT, 1},
      {CURLOPT_BUFFERSIZE, 102400},
      {CURLOPT_NOPROGRESS, 1},
      {CURLOPT_HTTPPROXYTUNNEL, 0},
      {CURLOPT_SUPPRESS_CONNECT_HEADERS, 0},
      {CURLOPT_FAILONERROR, 0},
      {CURLOPT_UPLOAD, 0},
      {CURLOPT_DIRLISTONLY, 0},
      {CURLOPT_APPEND, 0},
      {CURLOPT_NETRC, 0},
      {CURLOPT_TRANSFERTEXT, 0},
      {CURLOPT_TIMEOUT_MS, 0},
      {CURLOPT_FOLLOWLOCATION, 0},
      {CURLOPT_UNRESTRICTED_AUTH, 0},
      {CURLOPT_AUTOREFERER, 0},
      {CURLOPT_MAXREDIRS, 50},
      {CURLOPT_HTTP_VERSION, 4},
      {CURLOPT_POSTREDIR, 0},
      {CURLOPT_HTTP09_ALLOWED, 0},
      {CURLOPT_LOW_SPEED_LIMIT, 0},
      {CURLOPT_LOW_SPEED_TIME, 0},
      {CURLOPT_SSL_VERIFYPEER, 1},
      {CURLOPT_PROXY_SSL_VERIFYPEER, 1},
      {CURLOPT_SSLVERSION, 0},
      {CURLOPT_CRLF, 0},
      {CURLOPT_COOKIESESSION, 0},
      {CURLOPT_TIMECONDITION, 0},
      {CURLOPT_CONNECTTIMEOUT_MS, 0},
      {CURLOPT_FTP_CREATE_MISSING_DIRS, 0},
      {CURLOPT_IPRESOLVE, 0},
      {CURLOPT_IGNORE_CONTENT_LENGTH, 0},
      {CURLOPT_FTP_SKIP_PASV_IP, 1},
      {CURLOPT_FTP_FILEMETHOD, 0},
      {CURLOPT_TCP_KEEPALIVE, 1},
      {CURLOPT_MAIL_RCPT_ALLLOWFAILS, 0},
  };
  static const CURLoption large[] = {CURLOPT_MAX_SEND_SPEED_LARGE, CURLOPT_MAX_RECV_SPEED_LARGE,
                                     CURLOPT_RESUME_FROM_LARGE, CURLOPT_TIMEVALUE_LARGE};
  static const CURLoption pointers[] = {
      CURLOPT_WRITEDATA,    CURLOPT_INTERLEAVEDATA, CURLOPT_WRITEFUNCTION, CURLOPT_READDATA,
      CURLOPT_READFUNCTION, CURLOPT_SEEKDATA,       CURLOPT_SEEKFUNCTION,  CURLOPT_ERRORBUFFER,
      CURLOPT_STDERR,       CURLOPT_HEADERFUNCTION, CURLOPT_HEADERDATA};
  static const CURLoption nulls[] = {CURLOPT_PROXY,
                                     CURLOPT_PROXYUSERPWD,
                                     CURLOPT_NOPROXY,
                                     CURLOPT_REQUEST_TARGET,
                                     CURLOPT_USERPWD,
                                     CURLOPT_RANGE,
                                     CURLOPT_HTTPHEADER,
                                     CURLOPT_REFERER,
                                     CURLOPT_FTPPORT,
                                     CURLOPT_KEYPASSWD,
                                     CURLOPT_PROXY_KEYPASSWD,
                                     CURLOPT_SSLCERT,
                                     CURLOPT_PROXY_SSLCERT,
                                     CURLOPT_SSLCERTTYPE,
                                     CURLOPT_PROXY_SSLCERTTYPE,
                                     CURLOPT_SSLKEY,
                                     CURLOPT_PROXY_SSLKEY,
                                     CURLOPT_SSLKEYTYPE,
                                     CURLOPT_PROXY_SSLKEYTYPE,
                                     CURLOPT_AWS_SIGV4,
                                     CURLOPT_QUOTE,
                                     CURLOPT_POSTQUOTE,
                                     CURLOPT_PREQUOTE,
                                     CURLOPT_CUSTOMREQUEST,
                                     CURLOPT_INTERFACE,
                                     CURLOPT_KRBLEVEL,
                                     CURLOPT_TELNETOPTIONS,
                                     CURLOPT_FTP_ACCOUNT,
                                     CURLOPT_FTP_ALTERNATIVE_TO_USER};
  CURLcode code = SET(e, CURLOPT_URL, "http://127.0.0.1/");
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers && !code; i++)
    code = SET(e, numbers[i].id, numbers[i].v);
  for (size_t i = 0; i < sizeof large / sizeof *large && !code; i++)
    code = SET(e, large[i], (curl_off_t)0);
  for (size_t i = 0; i < sizeof pointers / sizeof *pointers && !code; i++)
    code = SET(e, pointers[i], here);
  for (size_t i = 0; i < sizeof nulls / sizeof *nulls && !code; i++)
    code = SET(e, nulls[i], NULL);
  if (!code)
    code = SET(e, CURLOPT_USERAGENT, "curl/7.88.1");
  return code ? code : SET(e, CURLOPT_CAINFO, "/etc/ssl/certs/ca-certificates.crt");
}

TEST(the_curl_tool_sets_nothing_that_fails)
{
  struct easy *e = setup();
  REQUIRE(e);
  CHECK_INT(as_the_tool(e), CURLE_OK);
  sl_easy_free(e);
}

/* All that allocates, once. */
static CURLcode a_bit_of_all(struct easy *e)
{
  struct curl_blob blob = {(char *)(uintptr_t) "blob", 4, CURL_BLOB_COPY};
  CURLcode code = as_the_tool(e);
  static const CURLoption strings[] = {
      CURLOPT_USERPWD,     CURLOPT_PROXYUSERPWD, CURLOPT_COOKIEFILE,   CURLOPT_COOKIEJAR,
      CURLOPT_HSTS,        CURLOPT_ALTSVC,       CURLOPT_AWS_SIGV4,    CURLOPT_ABSTRACT_UNIX_SOCKET,
      CURLOPT_DNS_SERVERS, CURLOPT_FTPPORT,      CURLOPT_PROXY_CAPATH, CURLOPT_COPYPOSTFIELDS,
      CURLOPT_REFERER};
  for (size_t i = 0; i < sizeof strings / sizeof *strings && !code; i++)
    code = SET(e, strings[i], "a%20b:c%64");
  if (!code)
    code = SET(e, CURLOPT_SSLKEY_BLOB, &blob);
  if (!code)
    code = SET(e, CURLOPT_SSL_ENABLE_ALPN, 0L);
  if (!code)
    code = SET(e, CURLOPT_OPENSOCKETDATA, e);
  if (!code)
    code = SET(e, CURLOPT_PROXYAUTH, (long)CURLAUTH_DIGEST);
  return code;
}

TEST(memory_may_run_out_anywhere)
{
  CURLcode last = CURLE_OUT_OF_MEMORY;
  unsigned long failed = 0;
  struct settings fresh;
  sl_settings_init(&fresh);
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct easy e = {.magic = SL_EASY_MAGIC};
    sl_settings_init(&e.set);
    last = a_bit_of_all(&e);
    CHECK(last == CURLE_OK || last == CURLE_OUT_OF_MEMORY);
    failed += last != CURLE_OK;
    if (n == 1)
      CHECK(!e.set.io.url && e.set.http == fresh.http);
    sl_settings_done(&e.set);
  }
  CHECK_INT(last, CURLE_OK);
  CHECK(failed > 25);
}

TEST(a_failed_call_changes_nothing)
{
  struct easy *e = setup();
  REQUIRE(e);
  SET(e, CURLOPT_USERPWD, "old:secret");
  SET(e, CURLOPT_COPYPOSTFIELDS, "old");
  SET(e, CURLOPT_UNIX_SOCKET_PATH, "/old");
  for (unsigned long n = 1; n <= 2; n++) {
    sl_mem_fail_after(n);
    CHECK_INT(SET(e, CURLOPT_USERPWD, "new:word"), CURLE_OUT_OF_MEMORY);
  }
  sl_mem_fail_after(1);
  CHECK_INT(SET(e, CURLOPT_COPYPOSTFIELDS, "new"), CURLE_OUT_OF_MEMORY);
  CHECK_INT(SET(e, CURLOPT_ABSTRACT_UNIX_SOCKET, "new"), CURLE_OUT_OF_MEMORY);
  CHECK_INT(SET(e, CURLOPT_CAINFO, "new"), CURLE_OUT_OF_MEMORY);
  CHECK_INT(SET(e, CURLOPT_SSL_SESSIONID_CACHE, 0L), CURLE_OUT_OF_MEMORY);
  sl_mem_fail_after(2); /* enough for one of the two topics */
  CHECK_INT(SET(e, CURLOPT_SSL_SESSIONID_CACHE, 0L), CURLE_OUT_OF_MEMORY);
  sl_mem_fail_after(0);
  CHECK_STR(e->set.io.username, "old");
  CHECK_STR(e->set.io.password, "secret");
  CHECK_STR(e->set.http->postfields, "old");
  CHECK_STR(e->set.net->unix_socket_path, "/old");
  CHECK(!e->set.net->abstract_unix_socket && !e->set.tls->cainfo);
  CHECK(e->set.tls->ssl_sessionid_cache && e->set.proxy_tls->ssl_sessionid_cache);
  sl_easy_free(e);
}
