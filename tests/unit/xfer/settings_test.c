#include "xfer/settings.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"

static struct http_config *own_http(struct settings *s)
{
  return sl_settings_own(s, SL_TOPIC_HTTP);
}

#define SLOT(type, field) ((unsigned)(offsetof(struct type, field) / sizeof(void *)))

static bool put_string(struct settings *s, enum settings_topic topic, unsigned i, const char *text)
{
  void *base = topic == SL_TOPIC_IO ? (void *)&s->io : sl_settings_own(s, topic);
  char *copy = base ? sl_strdup(text) : NULL;
  if (!copy)
    return false;
  sl_settings_put_own(topic, base, i, copy);
  return true;
}

TEST(defaults_are_shared)
{
  struct settings a, b;
  sl_settings_init(&a);
  sl_settings_init(&b);
  for (unsigned t = 0; t < SL_TOPIC_SHARED; t++)
    CHECK(a.topic[t] && a.topic[t] == b.topic[t]);
  CHECK_INT(a.http->maxredirs, 30);
  CHECK_INT(a.tls->ssl_verifypeer, 1);
  CHECK_INT(a.proxy_tls->ssl_verifyhost, 1);
  CHECK(a.io.writedata == stdout && a.io.readdata == stdin);
  CHECK_INT(a.io.generation, 1);
  sl_settings_done(&a);
  sl_settings_done(&b);
}

TEST(small_enough_for_an_idle_handle)
{
  CHECK(sizeof(struct io_config) <= 328);
  CHECK_INT(sizeof(struct settings), sizeof(struct io_config) + SL_TOPIC_SHARED * sizeof(void *)); /* a topic is a pointer */
}

TEST(the_first_write_makes_an_own_topic)
{
  struct settings a, b;
  sl_settings_init(&a);
  sl_settings_init(&b);
  struct http_config *http = own_http(&a);
  REQUIRE(http);
  http->maxredirs = 5;
  CHECK_INT(a.http->maxredirs, 5);
  CHECK_INT(b.http->maxredirs, 30);
  CHECK(own_http(&a) == http);
  CHECK(a.net == b.net && a.tls == b.tls);
  sl_settings_done(&a);
  sl_settings_done(&b);
}

TEST(tls_and_proxy_tls_part_ways)
{
  struct settings s;
  sl_settings_init(&s);
  struct tls_config *proxy = sl_settings_own(&s, SL_TOPIC_PROXY_TLS);
  REQUIRE(proxy);
  proxy->ssl_verifypeer = false;
  CHECK(s.tls->ssl_verifypeer);
  CHECK(!s.proxy_tls->ssl_verifypeer);
  sl_settings_done(&s);
}

TEST(reset_gives_the_defaults_back)
{
  struct settings s, fresh;
  sl_settings_init(&s);
  sl_settings_init(&fresh);
  CHECK(put_string(&s, SL_TOPIC_IO, SLOT(io_config, url), "http://a/"));
  CHECK(put_string(&s, SL_TOPIC_FTP, SLOT(ftp_config, ftpport), "-"));
  s.io.verbose = true;
  s.io.generation = 77;
  sl_settings_reset(&s);
  CHECK(!s.io.url && !s.io.verbose);
  CHECK(s.ftp == fresh.ftp);
  CHECK_INT(s.io.generation, 79);
  sl_settings_done(&s);
}

TEST(generation_is_never_zero)
{
  struct settings s;
  sl_settings_init(&s);
  s.io.generation = UINT32_MAX;
  sl_settings_changed(&s);
  CHECK_INT(s.io.generation, 1);
  sl_settings_done(&s);
}

/* One setting of each sort that a copy has to treat differently. */
static bool fill(struct settings *s)
{
  static struct curl_slist headers = {(char *)(uintptr_t) "A: b", NULL};
  struct curl_blob key = {(char *)(uintptr_t) "key", 3, CURL_BLOB_COPY};
  struct curl_blob cert = {(char *)(uintptr_t) "cert", 4, CURL_BLOB_NOCOPY};
  struct http_config *http = own_http(s);
  struct tls_config *tls = sl_settings_own(s, SL_TOPIC_TLS);
  if (!http || !tls || !put_string(s, SL_TOPIC_IO, SLOT(io_config, url), "http://a/") ||
      !put_string(s, SL_TOPIC_IO, SLOT(io_config, password), "geheim") ||
      !put_string(s, SL_TOPIC_HTTP, SLOT(http_config, useragent), "me") ||
      !put_string(s, SL_TOPIC_PROXY, SLOT(proxy_config, noproxy), "*") ||
      sl_settings_names_add(&http->cookiefile, "one") ||
      sl_settings_names_add(&http->cookiefile, "two") ||
      sl_settings_names_add(&http->hstsfiles, "three"))
    return false;
  http->httpheader = &headers;
  http->postfields = http->copypostfields = sl_memdup0("a\0b", 3);
  http->postfieldsize = 3;
  struct curl_blob *key_copy = sl_settings_blob_copy(&key);
  if (key_copy)
    sl_settings_put_own(SL_TOPIC_TLS, tls, SLOT(tls_config, sslkey_blob), key_copy);
  struct curl_blob *cert_copy = sl_settings_blob_copy(&cert);
  if (cert_copy)
    sl_settings_put_own(SL_TOPIC_TLS, tls, SLOT(tls_config, sslcert_blob), cert_copy);
  return key_copy && cert_copy && http->copypostfields;
}

TEST(a_copy_owns_what_it_has)
{
  struct settings a, b;
  sl_settings_init(&a);
  REQUIRE(fill(&a));
  CHECK_INT(sl_settings_dup(&a, &b), SL_OK);
  CHECK(a.io.url != b.io.url && a.http != b.http && a.tls != b.tls && a.proxy != b.proxy);
  CHECK(a.http->httpheader == b.http->httpheader); /* borrowed, as libcurl has it */
  CHECK(a.tls->sslcert_blob->data == b.tls->sslcert_blob->data);
  CHECK(a.tls->sslkey_blob->data != b.tls->sslkey_blob->data);
  CHECK(a.net == b.net);
  sl_settings_done(&a);
  CHECK_STR(b.io.url, "http://a/");
  CHECK_STR(b.io.password, "geheim");
  CHECK_STR(b.http->useragent, "me");
  CHECK_STR(b.proxy->noproxy, "*");
  CHECK_MEM(b.tls->sslkey_blob->data, "key", 3);
  CHECK_MEM(b.tls->sslcert_blob->data, "cert", 4);
  CHECK(b.http->postfields == b.http->copypostfields);
  CHECK_MEM(b.http->postfields, "a\0b", 3);
  CHECK_STR(b.http->cookiefile->data, "one");
  CHECK_STR(b.http->cookiefile->next->data, "two");
  CHECK(!b.http->cookiefile->next->next);
  CHECK_STR(b.http->hstsfiles->data, "three");
  sl_settings_done(&b);
}

TEST(a_failed_copy_owns_nothing)
{
  struct settings a, b, fresh;
  sl_settings_init(&a);
  sl_settings_init(&fresh);
  REQUIRE(fill(&a));
  sl_result last = SL_NOMEM;
  unsigned long rounds = 0;
  FOR_EACH_FAILING_ALLOC(n)
  {
    memset(&b, 0x55, sizeof b);
    last = sl_settings_dup(&a, &b);
    CHECK(last == SL_OK || last == SL_NOMEM);
    if (last) {
      CHECK(!b.io.url && b.http == fresh.http && b.tls == fresh.tls && b.proxy == fresh.proxy);
      rounds++;
    }
    sl_settings_done(&b);
  }
  CHECK_INT(last, SL_OK);
  CHECK_INT(rounds, 13); /* 3 strings and topics each with their contents */
  sl_settings_done(&a);
}

TEST(every_topic_may_fail_to_be_owned)
{
  struct settings s, fresh;
  sl_settings_init(&s);
  sl_settings_init(&fresh);
  for (unsigned t = 0; t < SL_TOPIC_SHARED; t++) {
    sl_mem_fail_after(1);
    CHECK(!sl_settings_own(&s, t));
    sl_mem_fail_after(0);
    CHECK(s.topic[t] == fresh.topic[t]);
    CHECK(sl_settings_own(&s, t));
    CHECK(s.topic[t] != fresh.topic[t]);
  }
  sl_settings_done(&s);
}

/* What a block held when it was freed is looked at in a free() of our own. */
static void *watched; /* the block */
static size_t watched_at;
static char at_free[16];

static void spying_free(void *ptr)
{
  if (watched && ptr == watched) {
    memcpy(at_free, (char *)ptr + watched_at, sizeof at_free);
    watched = NULL;
  }
  free(ptr);
}

static void spy_on(void *block, size_t at)
{
  static const struct sl_mem_hooks hooks = {malloc, spying_free, realloc, strdup, calloc};
  sl_mem_set_hooks(&hooks);
  memset(at_free, 'x', sizeof at_free);
  watched = block;
  watched_at = at;
}

static bool was_overwritten(void)
{
  static const char zeros[sizeof at_free];
  sl_mem_set_hooks(NULL);
  CHECK(!watched); /* it has been freed */
  return !memcmp(at_free, zeros, sizeof zeros);
}

static const char long_text[] = "more than sixteen bytes of text";

TEST(secrets_are_overwritten_before_they_are_freed)
{
  static const struct {
    enum settings_topic topic;
    unsigned slot;
    bool secret;
  } cases[] = {
      {SL_TOPIC_IO, SLOT(io_config, password), true},
      {SL_TOPIC_IO, SLOT(io_config, username), false},
      {SL_TOPIC_PROXY, SLOT(proxy_config, proxypassword), true},
      {SL_TOPIC_PROXY, SLOT(proxy_config, proxy), false},
      {SL_TOPIC_HTTP, SLOT(http_config, xoauth2_bearer), true},
      {SL_TOPIC_HTTP, SLOT(http_config, useragent), false},
      {SL_TOPIC_TLS, SLOT(tls_config, keypasswd), true},
      {SL_TOPIC_PROXY_TLS, SLOT(tls_config, keypasswd), true},
      {SL_TOPIC_TLS, SLOT(tls_config, cainfo), false},
      {SL_TOPIC_FTP, SLOT(ftp_config, ftp_account), true},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct settings s;
    sl_settings_init(&s);
    for (int round = 0; round < 2; round++) {
      REQUIRE(put_string(&s, cases[i].topic, cases[i].slot, long_text));
      void *base =
          cases[i].topic == SL_TOPIC_IO ? (void *)&s.io : sl_settings_own(&s, cases[i].topic);
      spy_on(((void **)base)[cases[i].slot], 0);
      if (round == 0)
        sl_settings_put_own(cases[i].topic, base, cases[i].slot, NULL);
      else
        sl_settings_done(&s);
      CHECK_INT(was_overwritten(), cases[i].secret);
    }
  }
}

static void blob_case(unsigned slot, unsigned flags, bool secret)
{
  struct settings s;
  char bytes[32];
  memcpy(bytes, long_text, sizeof bytes);
  struct curl_blob blob = {bytes, sizeof bytes, flags};
  sl_settings_init(&s);
  struct tls_config *tls = sl_settings_own(&s, SL_TOPIC_TLS);
  struct curl_blob *copy = sl_settings_blob_copy(&blob);
  if (CHECK(tls) && CHECK(copy)) {
    CHECK_MEM(copy->data, bytes, sizeof bytes);
    CHECK((copy->data == bytes) == (flags == CURL_BLOB_NOCOPY));
    sl_settings_put_own(SL_TOPIC_TLS, tls, slot, copy);
    spy_on(copy, flags == CURL_BLOB_COPY ? sizeof *copy : 0); /* the bytes lie behind the struct */
    sl_settings_put_own(SL_TOPIC_TLS, tls, slot, NULL);
    CHECK_INT(was_overwritten(), secret);
    CHECK_MEM(bytes, long_text, sizeof bytes); /* the application's bytes are not ours to change */
  }
  sl_settings_done(&s);
}

TEST(a_private_key_blob_is_a_secret_a_certificate_is_not)
{
  blob_case(SLOT(tls_config, sslkey_blob), CURL_BLOB_COPY, true);
  blob_case(SLOT(tls_config, sslkey_blob), CURL_BLOB_NOCOPY, false);
  blob_case(SLOT(tls_config, sslcert_blob), CURL_BLOB_COPY, false);
}

TEST(length_of_post_data)
{
  struct http_config http = {.postfieldsize = -1};
  CHECK_INT(sl_settings_postfields_len(&http), 0);
  http.postfields = "abc";
  CHECK_INT(sl_settings_postfields_len(&http), 3);
  http.postfieldsize = 2;
  CHECK_INT(sl_settings_postfields_len(&http), 2);
  http.postfieldsize = 0;
  CHECK_INT(sl_settings_postfields_len(&http), 0);
}
