/* proto/ldap.c: whole conversations, and every n-th allocation failing. What is said is told by its operation; what the
 * driver would do is said in brackets. */
#include "proto/ldap.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/text.h"
#include "tests/test.h"

struct world {
  struct ldap f;
  struct ldap_session session;
  struct buf error, log;
  const char *mechanisms; /* of the server, a blank between */
};

static void world_init(struct world *w)
{
  memset(w, 0, sizeof *w);
  sl_buf_init(&w->error, CURL_ERROR_SIZE);
  sl_buf_init(&w->log, 10000);
  sl_ldap_init(&w->f, &w->error);
  w->f.session = &w->session;
  w->f.search = (struct ldap_search){SLICE_LIT("dc=x"), SLICE_LIT("\x87\1a"), SLICE_NONE, LDAP_SUB};
}

static void world_done(struct world *w)
{
  sl_ldap_done(&w->f);
  sl_buf_done(&w->error);
  sl_buf_done(&w->log);
}

static void note_said(struct world *w)
{
  struct slice said = sl_buf_peek(&w->f.talk.out);
  struct ldap_message m;
  size_t n;
  while (said.n && sl_ldap_measure(said, &n) == SL_PARSE_DONE && sl_ldap_message(slice_head(said, n), &m)) {
    const char *name = m.op == LDAP_BIND ? "bind" : m.op == LDAP_SEARCH ? "search" : m.op == LDAP_EXTENDED ? "tls" : "?";
    sl_buf_printf(&w->log, "%d:%s ", m.id, name);
    said = slice_from(said, n);
  }
  sl_buf_clear(&w->f.talk.out);
}

static void answer_with(struct world *w, uint8_t code)
{
  char result[] = {BER_ENUM, 1, (char)code, BER_STRING, 0, BER_STRING, 3, 'w', '\n', 'y'};
  CHECK(sl_ldap_take_result(&w->f, slice_of(result, sizeof result)));
}

/* The root entry's. */
static void offer(struct world *w)
{
  struct slice rest = slice_str(w->mechanisms), word;
  struct buf body;
  sl_buf_init(&body, 1000);
  sl_ber_string(&body, BER_STRING, SLICE_NONE);
  uint32_t list = sl_ber_begin(&body, BER_SEQUENCE), one = sl_ber_begin(&body, BER_SEQUENCE);
  sl_ber_string(&body, BER_STRING, SLICE_LIT("supportedSASLMechanisms"));
  uint32_t set = sl_ber_begin(&body, BER_SET);
  while (sl_text_next(&rest, ' ', &word))
    sl_ber_string(&body, BER_STRING, word);
  sl_ber_end(&body, set);
  sl_ber_end(&body, one);
  sl_ber_end(&body, list);
  struct slice bytes = sl_buf_peek(&body);
  if (sl_buf_ok(&body)) {
    CHECK(sl_ldap_take_entry(&w->f, bytes));
    CHECK(!sl_ldap_take_entry(&w->f, slice_head(bytes, bytes.n - 1)));
  }
  sl_buf_done(&body);
}

/* `codes` are of the results, one after the other; a byte 255 is a request that fails. */
static sl_result converse(struct world *w, const uint8_t *codes)
{
  struct ldap *f = &w->f;
  sl_result rc;
  for (unsigned turns = 0; (rc = sl_ldap_run(f)) == SL_WAIT; turns++) {
    if (turns > 100)
      return SL_BROKEN;
    CHECK(w->session.broken);
    note_said(w);
    if (f->talk.request) {
      sl_buf_str(&w->log, f->talk.request == TALK_TLS ? "[tls] " : "[receive] ");
      f->talk.answer = *codes == 255 ? CURLE_RECV_ERROR : SL_OK;
      if (f->talk.request == LDAP_RECEIVE && *codes != 255)
        answer_with(w, *codes++);
      f->talk.request = TALK_NOTHING;
      continue;
    }
    if (f->awaited == LDAP_SEARCH_DONE)
      offer(w);
    sl_buf_printf(&w->log, "%x=%u ", f->awaited, *codes);
    answer_with(w, *codes++);
    f->talk.has_reply = true;
  }
  return rc;
}

static void check_talk(struct world *w, const uint8_t *codes, sl_result want, const char *log)
{
  sl_buf_clear(&w->log);
  CHECK_INT(converse(w, codes), want);
  CHECK_STR(w->log.p, log);
}
#define TALK(w, want, log, ...) check_talk(w, (const uint8_t[]){__VA_ARGS__, 0}, want, log)

TEST(bind_and_search)
{
  struct world w;
  world_init(&w);
  TALK(&w, SL_OK, "1:bind 61=0 2:search [receive] ", 0, 0);
  CHECK(w.session.bound && !w.session.broken);
  TALK(&w, SL_OK, "3:search [receive] ", 0); /* the next one on the same connection */
  TALK(&w, SL_OK, "4:search [receive] ", LDAP_SIZE_LIMIT);
  TALK(&w, CURLE_LDAP_SEARCH_FAILED, "5:search [receive] ", 32);
  CHECK_STR(w.error.p, "LDAP remote: search failed No such object w?y");
  CHECK(w.session.bound && !w.session.broken);
  world_done(&w);
}

TEST(a_bind_alone)
{
  struct world w;
  world_init(&w);
  w.f.bind_only = true;
  TALK(&w, SL_OK, "1:bind 61=0 ", 0);
  w.session.id = INT32_MAX;
  w.session.bound = 0;
  TALK(&w, SL_OK, "1:bind 61=0 ", 0); /* identifiers begin again */
  world_done(&w);
}

TEST(a_bind_that_is_refused)
{
  static const struct {
    uint8_t code;
    sl_result rc;
  } rows[] = {{49, CURLE_LOGIN_DENIED}, {2, CURLE_UNSUPPORTED_PROTOCOL}, {50, CURLE_REMOTE_ACCESS_DENIED},
              {1, CURLE_LDAP_CANNOT_BIND}, {4, CURLE_LDAP_CANNOT_BIND}, {10, CURLE_LDAP_CANNOT_BIND}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w;
    world_init(&w);
    w.f.sasl.user = "cn=me";
    w.f.sasl.password = "secret";
    CHECK_INT(converse(&w, &rows[i].code), rows[i].rc);
    CHECK(w.error.n && !strncmp(w.error.p, "LDAP: cannot bind: ", 19));
    CHECK(!w.session.bound && w.session.broken);
    world_done(&w);
  }
}

static void with_sasl(struct world *w, const char *mechanisms)
{
  world_init(w);
  w->mechanisms = mechanisms;
  w->f.use_sasl = true;
  w->f.sasl.user = "me";
  w->f.sasl.password = "secret";
  w->f.sasl.host = "host";
  w->f.sasl.service = "ldap";
  w->f.sasl.allowed = SASL_DEFAULT;
  w->f.sasl.initial_response = true;
}

/* The last bind that was said, behind its version and its empty name. */
static void check_said(const struct world *w, const char *want, size_t n)
{
  struct ldap_message m;
  REQUIRE(sl_ldap_message(sl_buf_peek(&w->f.talk.out), &m) && m.op == LDAP_BIND);
  struct slice said = slice_from(m.body, 5);
  CHECK_INT(said.n, n);
  CHECK_MEM(said.p, want, n);
}
#define SAID(w, want) check_said(w, want, sizeof(want) - 1)

static void reply(struct world *w, struct slice body)
{
  sl_buf_clear(&w->f.talk.out);
  CHECK(sl_ldap_take_result(&w->f, body));
  w->f.talk.has_reply = true;
  CHECK_INT(sl_ldap_run(&w->f), SL_WAIT);
}

TEST(sasl)
{
  struct world w;
  with_sasl(&w, "GSSAPI PLAIN");
  TALK(&w, SL_OK, "1:search 65=0 2:bind 61=0 3:search [receive] ", 0, 0, 0);
  CHECK(w.session.bound);
  world_done(&w);
  with_sasl(&w, "PLAIN");
  TALK(&w, CURLE_LOGIN_DENIED, "1:search 65=0 2:bind 61=49 ", 0, 49);
  CHECK_STR(w.error.p, "LDAP: cannot bind: 49 Invalid credentials w?y");
  world_done(&w);
  with_sasl(&w, "GSSAPI");
  TALK(&w, CURLE_LOGIN_DENIED, "1:search 65=0 ", 0);
  world_done(&w);
  with_sasl(&w, "CRAM-MD5"); /* which wants a challenge; there is none, so it is given up */
  TALK(&w, CURLE_LOGIN_DENIED, "1:search 65=0 2:bind 61=0 ", 0, 0);
  world_done(&w);
}

TEST(another_way_to_log_in_is_another_bind)
{
  struct world w;
  world_init(&w);
  w.mechanisms = "PLAIN";
  w.f.sasl.user = "me";
  w.f.sasl.allowed = SASL_DEFAULT;
  TALK(&w, SL_OK, "1:bind 61=0 2:search [receive] ", 0, 0);
  w.f.use_sasl = true;
  TALK(&w, SL_OK, "3:search 65=0 4:bind 61=14 5:bind 61=0 6:search [receive] ", 0, 14, 0, 0);
  TALK(&w, SL_OK, "7:search [receive] ", 0);
  w.f.sasl.allowed = SASL_EXTERNAL;
  TALK(&w, CURLE_LOGIN_DENIED, "8:search 65=0 ", 0);
  world_done(&w);
}

TEST(sasl_in_steps)
{
  static const struct slice done = SLICE_LIT("\x0a\1\0\4\0\4\0");
  struct world w;
  with_sasl(&w, "LOGIN");
  CHECK_INT(sl_ldap_run(&w.f), SL_WAIT);
  offer(&w);
  reply(&w, done);
  SAID(&w, "\xa3\x0b\4\5LOGIN\4\2me");
  reply(&w, SLICE_LIT("\x0a\1\x0e\4\0\4\0\x87\1?"));
  SAID(&w, "\xa3\x0f\4\5LOGIN\4\6secret");
  world_done(&w);
  with_sasl(&w, "CRAM-MD5");
  CHECK_INT(sl_ldap_run(&w.f), SL_WAIT);
  offer(&w);
  reply(&w, done);
  SAID(&w, "\xa3\x0a\4\x08" "CRAM-MD5"); /* credentials that are none */
  reply(&w, SLICE_LIT("\x0a\1\x0e\4\0\4\0\x87\3<1>"));
  CHECK_INT(w.f.credentials.n, 3 + 32); /* "me " and the digest: RFC 2195 */
  world_done(&w);
  with_sasl(&w, "EXTERNAL");
  w.f.sasl.allowed = SASL_EXTERNAL;
  w.f.sasl.user = w.f.sasl.password = NULL;
  CHECK_INT(sl_ldap_run(&w.f), SL_WAIT);
  offer(&w);
  reply(&w, done);
  SAID(&w, "\xa3\x0c\4\x08" "EXTERNAL\4\0"); /* credentials that are empty */
  world_done(&w);
  with_sasl(&w, "DIGEST-MD5");
  CHECK_INT(sl_ldap_run(&w.f), SL_WAIT);
  offer(&w);
  reply(&w, done);
  reply(&w, SLICE_LIT("\x0a\1\x0e\4\0\4\0\x87\1x"));
  SAID(&w, "\xa3\2\4\0"); /* a challenge without sense: given up, 4.2.1 */
  world_done(&w);
}

TEST(tls_in_the_middle)
{
  static const struct {
    uint8_t level, codes[3];
    sl_result rc;
    const char *log;
  } rows[] = {
      {CURLUSESSL_TRY, {0, 0, 0}, SL_OK, "1:tls 78=0 [tls] 2:bind 61=0 3:search [receive] "},
      {CURLUSESSL_ALL, {0, 0, 0}, SL_OK, "1:tls 78=0 [tls] 2:bind 61=0 3:search [receive] "},
      {CURLUSESSL_TRY, {2, 0, 0}, SL_OK, "1:tls 78=2 2:bind 61=0 3:search [receive] "},
      {CURLUSESSL_CONTROL, {52, 0, 0}, CURLE_USE_SSL_FAILED, "1:tls 78=52 "},
      {CURLUSESSL_ALL, {52, 0, 0}, CURLE_USE_SSL_FAILED, "1:tls 78=52 "},
      {CURLUSESSL_ALL, {2, 0, 0}, CURLE_UNSUPPORTED_PROTOCOL, "1:tls 78=2 "},
      {CURLUSESSL_TRY, {0, 255, 0}, CURLE_RECV_ERROR, "1:tls 78=0 [tls] "}, /* never in clear after that */
      {CURLUSESSL_ALL, {0, 255, 0}, CURLE_RECV_ERROR, "1:tls 78=0 [tls] "},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w;
    world_init(&w);
    w.f.use_ssl = rows[i].level;
    CHECK_INT(converse(&w, rows[i].codes), rows[i].rc);
    CHECK_STR(w.log.p, rows[i].log);
    world_done(&w);
  }
}

TEST(a_search_that_breaks_off)
{
  struct world w;
  world_init(&w);
  TALK(&w, CURLE_RECV_ERROR, "1:bind 61=0 2:search [receive] ", 0, 255);
  CHECK(w.session.broken);
  world_done(&w);
}

TEST(results_that_are_malformed)
{
  static char text[1000];
  struct world w;
  struct buf body;
  world_init(&w);
  CHECK(!sl_ldap_take_result(&w.f, SLICE_LIT("\x0a\1\0\4\0")));
  CHECK(!sl_ldap_take_result(&w.f, SLICE_LIT("\x0a\1\xff\4\0\4\0")));
  memset(text, 't', sizeof text);
  sl_buf_init(&body, 2000);
  sl_buf_append(&body, "\x0a\1\0\4\0", 5);
  sl_ber_string(&body, BER_STRING, slice_of(text, sizeof text));
  CHECK(sl_ldap_take_result(&w.f, sl_buf_peek(&body)));
  CHECK_INT(strlen(w.f.text), LDAP_TEXT_MAX);
  sl_buf_done(&body);
  world_done(&w);
}

TEST(without_memory)
{
  static const uint8_t codes[] = {0, 0, 0};
  sl_result last = SL_NOMEM;
  FOR_EACH_FAILING_ALLOC(n) {
    struct world w;
    world_init(&w);
    w.f.use_ssl = CURLUSESSL_TRY;
    last = converse(&w, codes);
    CHECK(last == SL_OK || last == SL_NOMEM);
    world_done(&w);
  }
  CHECK_INT(last, SL_OK);
  FOR_EACH_FAILING_ALLOC(n) {
    struct world w;
    with_sasl(&w, "PLAIN");
    last = converse(&w, codes);
    CHECK(last == SL_OK || last == SL_NOMEM || last == CURLE_LOGIN_DENIED); /* the last: the test's own memory */
    world_done(&w);
  }
  CHECK_INT(last, SL_OK);
}
