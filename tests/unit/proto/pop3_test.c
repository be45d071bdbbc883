/* The POP3 conversation without a connection: replies in pieces of every size, and with every n-th allocation failing. A
 * script is what the client says and what the server answers, in turns. */
#include "proto/pop3.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/text.h"
#include "tests/test.h"

struct world {
  struct pop3 p;
  struct pop3_session session;
  struct buf error, log;
};

struct scene {
  const char *replies; /* lines */
  const char *want;    /* commands and requests */
};

static void world_init(struct world *w)
{
  memset(w, 0, sizeof *w);
  sl_buf_init(&w->error, CURL_ERROR_SIZE);
  sl_buf_init(&w->log, 10000);
  sl_pop3_init(&w->p, &w->error);
  w->p.session = &w->session;
  w->p.id = "1";
  w->p.sasl.user = "user";
  w->p.sasl.password = "secret";
  w->p.sasl.allowed = SASL_DEFAULT;
}

static void world_done(struct world *w)
{
  sl_pop3_done(&w->p);
  sl_buf_done(&w->error);
  sl_buf_done(&w->log);
}

static void perform(struct world *w)
{
  struct talk *k = &w->p.talk;
  sl_buf_str(&w->log, k->request == TALK_TLS ? "[tls]" : "[body]");
  k->answer = SL_OK;
  k->request = TALK_NOTHING;
}

static sl_result converse(struct world *w, const char *replies, size_t piece)
{
  struct pop3 *p = &w->p;
  struct reply_lines lines = {0};
  size_t n = strlen(replies), have = 0, at = 0;
  sl_result rc;
  for (unsigned turns = 0; (rc = sl_pop3_run(p)) == SL_WAIT; turns++) {
    struct slice in = slice_of(replies + at, have - at), line;
    if (turns > 100000)
      return SL_BROKEN;
    sl_buf_add(&w->log, sl_buf_peek(&p->talk.out));
    sl_buf_clear(&p->talk.out);
    if (p->talk.request) {
      perform(w);
    } else if (sl_reply_line_take(&lines, &in, &line) == SL_PARSE_DONE) {
      at += line.n;
      p->status = sl_pop3_status(line);
      p->text = sl_text_trim(line);
      p->talk.has_reply = p->listing || p->status != POP3_NONE;
    } else if (have == n) {
      return CURLE_RECV_ERROR; /* the script has ended before the client */
    } else {
      have = have + piece < n ? have + piece : n;
    }
  }
  sl_buf_add(&w->log, sl_buf_peek(&p->talk.out));
  CHECK(at == n || rc);
  return rc;
}

static void check(const struct scene *t, void (*change)(struct world *), sl_result want)
{
  struct world w;
  for (size_t piece = 1; piece <= strlen(t->replies); piece++) {
    world_init(&w);
    if (change)
      change(&w);
    bool ok = CHECK_INT(converse(&w, t->replies, piece), want) & CHECK_STR(w.log.p ? w.log.p : "", t->want);
    ok = ok && CHECK_INT(w.session.logged_in, want == SL_OK || want == CURLE_WEIRD_SERVER_REPLY) && CHECK(!want || w.error.n);
    world_done(&w);
    if (!ok)
      return;
  }
  sl_result rc = SL_OK;
  FOR_EACH_FAILING_ALLOC(n) {
    world_init(&w);
    if (change)
      change(&w);
    rc = converse(&w, t->replies, 1000);
    CHECK(rc == want || rc == SL_NOMEM);
    world_done(&w);
  }
  CHECK_INT(rc, want);
}

#define HELLO "a logo\r\n+OK hi\r\n"
#define STAMPED "+OK hi <1896.697170952@dbc.mtview.ca.us>\r\n"
#define CAN_USER "+OK\r\nTOP\r\nUSER\r\n-ERR is a capability\r\n.\r\n"
#define LOGIN_GOT HELLO CAN_USER "+OK\r\n+OK\r\n"
#define LOGIN_SAID "CAPA\r\nUSER user\r\nPASS secret\r\n"

TEST(a_message_is_fetched)
{
  static const struct scene t = {LOGIN_GOT "+OK\r\n", LOGIN_SAID "RETR 1\r\n[body]"};
  check(&t, NULL, SL_OK);
}

TEST(a_message_that_is_not_there)
{
  static const struct scene t = {LOGIN_GOT "-ERR none\r\n", LOGIN_SAID "RETR 1\r\n"};
  check(&t, NULL, CURLE_WEIRD_SERVER_REPLY);
}

static void all(struct world *w)
{
  w->p.id = "";
}
static void list_one(struct world *w)
{
  w->p.list_only = true;
}
static void dele(struct world *w)
{
  w->p.custom = "dele";
}
static void uidl_one(struct world *w)
{
  w->p.custom = "UIDL 2";
  w->p.id = "";
}
static void top(struct world *w)
{
  w->p.custom = "TOP";
  w->p.id = "1 2";
}
static void nobody(struct world *w)
{
  w->p.nobody = true;
}

TEST(commands)
{
  static const struct scene list = {LOGIN_GOT "+OK\r\n", LOGIN_SAID "LIST\r\n[body]"},
                            one = {LOGIN_GOT "+OK\r\n", LOGIN_SAID "LIST 1\r\n"},
                            delete = {LOGIN_GOT "+OK\r\n", LOGIN_SAID "dele 1\r\n"},
                            uidl = {LOGIN_GOT "+OK\r\n", LOGIN_SAID "UIDL 2\r\n"},
                            head = {LOGIN_GOT "+OK\r\n", LOGIN_SAID "TOP 1 2\r\n[body]"},
                            silent = {LOGIN_GOT "+OK\r\n", LOGIN_SAID "RETR 1\r\n"};
  check(&list, all, SL_OK);
  check(&one, list_one, SL_OK);
  check(&delete, dele, SL_OK);
  check(&uidl, uidl_one, SL_OK);
  check(&head, top, SL_OK);
  check(&silent, nobody, SL_OK);
}

TEST(what_is_not_read_is_told)
{
  struct world w;
  world_init(&w);
  w.p.nobody = true;
  CHECK_INT(converse(&w, LOGIN_GOT "+OK\r\n", 10), SL_OK);
  CHECK(w.p.unread);
  world_done(&w);
  world_init(&w);
  w.p.nobody = true;
  w.p.custom = "STAT";
  w.p.id = "";
  CHECK_INT(converse(&w, LOGIN_GOT "+OK\r\n", 10), SL_OK);
  CHECK(!w.p.unread);
  world_done(&w);
}

TEST(a_second_command_needs_no_login)
{
  struct world w;
  world_init(&w);
  w.session.logged_in = true;
  CHECK_INT(converse(&w, "+OK\r\n", 10), SL_OK);
  CHECK_STR(w.log.p, "RETR 1\r\n[body]");
  world_done(&w);
}

/* ---- who it is ---- */

static void stranger(struct world *w)
{
  w->p.sasl.user = w->p.sasl.password = NULL;
}
static void own_apop(struct world *w)
{
  w->p.sasl.allowed = SASL_OWN_APOP;
}
static void plain_at_once(struct world *w)
{
  w->p.sasl.initial_response = true;
  w->p.sasl.max_initial = 100;
}
static void only_plain(struct world *w)
{
  w->p.sasl.allowed = SASL_PLAIN;
}

TEST(logins)
{
  static const struct scene none = {HELLO CAN_USER "+OK\r\n", "CAPA\r\nRETR 1\r\n[body]"},
                            old = {HELLO "-ERR what\r\n+OK\r\n+OK\r\n+OK\r\n", LOGIN_SAID "RETR 1\r\n[body]"},
                            no_user = {HELLO CAN_USER "-ERR\r\n", "CAPA\r\nUSER user\r\n"},
                            no_password = {HELLO CAN_USER "+OK\r\n-ERR\r\n", LOGIN_SAID},
                            no_stamp = {HELLO CAN_USER, "CAPA\r\n"},
                            no_plain = {STAMPED CAN_USER, "CAPA\r\n"},
                            no_way = {HELLO "+OK\r\nTOP\r\n.\r\n", "CAPA\r\n"};
  check(&none, stranger, SL_OK);
  check(&old, NULL, SL_OK);
  check(&no_user, NULL, CURLE_LOGIN_DENIED);
  check(&no_password, NULL, CURLE_LOGIN_DENIED);
  check(&no_stamp, own_apop, CURLE_LOGIN_DENIED);
  check(&no_plain, only_plain, CURLE_LOGIN_DENIED);
  check(&no_way, NULL, CURLE_LOGIN_DENIED);
}

static void tanstaaf(struct world *w)
{
  w->p.sasl.user = "mrose";
  w->p.sasl.password = "tanstaaf";
}

/* The example of RFC 1939 7. */
TEST(apop)
{
  static const struct scene t = {STAMPED CAN_USER "+OK\r\n+OK\r\n",
                                 "CAPA\r\nAPOP mrose c4c9334bac560ecc979e58001b3e22fb\r\nRETR 1\r\n[body]"},
                            no = {STAMPED CAN_USER "-ERR\r\n", "CAPA\r\nAPOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"};
  check(&t, tanstaaf, SL_OK);
  check(&no, tanstaaf, CURLE_LOGIN_DENIED);
}

#define CAN_SASL "+OK\r\nUSER\r\nSASL PLAIN  X-NEW\r\n.\r\n"

TEST(sasl)
{
  static const struct scene later = {STAMPED CAN_SASL "+\r\n+OK\r\n+OK\r\n",
                                     "CAPA\r\nAUTH PLAIN\r\nAHVzZXIAc2VjcmV0\r\nRETR 1\r\n[body]"},
                            at_once = {STAMPED CAN_SASL "+OK\r\n+OK\r\n",
                                       "CAPA\r\nAUTH PLAIN AHVzZXIAc2VjcmV0\r\nRETR 1\r\n[body]"},
                            no = {STAMPED CAN_SASL "+ \r\n-ERR\r\n", "CAPA\r\nAUTH PLAIN\r\nAHVzZXIAc2VjcmV0\r\n"},
                            none_left = {HELLO "+OK\r\nUSER\r\nSASL X-NEW\r\n.\r\n", "CAPA\r\n"},
                            cancelled = {STAMPED "+OK\r\nSASL CRAM-MD5\r\n.\r\n+ !!\r\n-ERR\r\n+OK\r\n+OK\r\n",
                                         "CAPA\r\nAUTH CRAM-MD5\r\n*\r\nAPOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n"
                                         "RETR 1\r\n[body]"};
  check(&later, NULL, SL_OK);
  check(&at_once, plain_at_once, SL_OK);
  check(&no, NULL, CURLE_LOGIN_DENIED);
  check(&none_left, only_plain, CURLE_LOGIN_DENIED);
  check(&cancelled, tanstaaf, SL_OK);
}

TEST(no_second_command_in_a_name)
{
  struct world w;
  world_init(&w);
  w.p.sasl.user = "user\r\nDELE 1";
  CHECK_INT(converse(&w, HELLO CAN_USER, 10), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_STR(w.log.p, "CAPA\r\n");
  world_done(&w);
  world_init(&w);
  w.p.sasl.user = "user\nDELE 1";
  CHECK_INT(converse(&w, STAMPED CAN_USER, 10), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_STR(w.log.p, "CAPA\r\n");
  world_done(&w);
}

/* ---- TLS ---- */

static void try_tls(struct world *w)
{
  w->p.use_ssl = CURLUSESSL_TRY;
}
static void must_tls(struct world *w)
{
  w->p.use_ssl = CURLUSESSL_CONTROL;
}
static void implicit_tls(struct world *w)
{
  w->p.use_ssl = CURLUSESSL_ALL;
  w->p.implicit_tls = true;
}

#define CAN_STLS HELLO "+OK\r\nSTLS\r\nSASL PLAIN\r\n.\r\n"

TEST(stls)
{
  static const struct scene t = {CAN_STLS "+OK\r\n" CAN_USER "+OK\r\n+OK\r\n+OK\r\n",
                                 "CAPA\r\nSTLS\r\n[tls]" LOGIN_SAID "RETR 1\r\n[body]"},
                            no = {CAN_STLS "-ERR\r\n", "CAPA\r\nSTLS\r\n"}, unknown = {HELLO CAN_USER, "CAPA\r\n"},
                            old = {HELLO "-ERR\r\n", "CAPA\r\n"},
                            tried = {CAN_STLS "-ERR\r\n+ \r\n+OK\r\n+OK\r\n",
                                     "CAPA\r\nSTLS\r\nAUTH PLAIN\r\nAHVzZXIAc2VjcmV0\r\nRETR 1\r\n[body]"},
                            clear = {LOGIN_GOT "+OK\r\n", LOGIN_SAID "RETR 1\r\n[body]"};
  check(&t, must_tls, SL_OK);
  check(&t, try_tls, SL_OK);
  check(&no, must_tls, CURLE_USE_SSL_FAILED);
  check(&unknown, must_tls, CURLE_USE_SSL_FAILED);
  check(&old, must_tls, CURLE_USE_SSL_FAILED);
  check(&tried, try_tls, SL_OK);
  check(&clear, try_tls, SL_OK);
  check(&clear, implicit_tls, SL_OK);
}

TEST(a_server_that_does_not_want)
{
  static const struct scene t = {"-ERR go away\r\n", ""};
  struct world w;
  world_init(&w);
  CHECK_INT(converse(&w, t.replies, 3), CURLE_WEIRD_SERVER_REPLY);
  CHECK(!w.session.logged_in);
  world_done(&w);
}
