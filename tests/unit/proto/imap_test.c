/* The IMAP conversation without a connection: replies in pieces of every size, and with every n-th allocation failing.
 * What the driver would do is said in brackets. */
#include "proto/imap.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "base/text.h"
#include "tests/test.h"

struct world {
  struct imap m;
  struct imap_session session;
  struct imap_reader reader;
  struct buf error, log, text;
};

static void world_init(struct world *w)
{
  memset(w, 0, sizeof *w);
  sl_buf_init(&w->error, CURL_ERROR_SIZE);
  sl_buf_init(&w->log, 10000);
  sl_buf_init(&w->text, 10000);
  sl_imap_init(&w->m, &w->reader, &w->error);
  w->m.session = &w->session;
  w->m.sasl.user = "user";
  w->m.sasl.password = "secret";
  w->m.sasl.allowed = SASL_DEFAULT;
  w->m.flags = CURLULFLAG_SEEN;
}

static void world_done(struct world *w)
{
  sl_imap_session_done(&w->session);
  sl_imap_done(&w->m);
  sl_buf_done(&w->error);
  sl_buf_done(&w->log);
  sl_buf_done(&w->text);
}

/* The next transfer on the same connection. */
static void world_again(struct world *w)
{
  struct imap_session session = w->session;
  w->session = (struct imap_session){0};
  world_done(w);
  world_init(w);
  w->session = session;
}

/* True: a reply that the conversation waits for. */
static bool take(struct world *w, enum imap_event event)
{
  struct imap *m = &w->m;
  const struct imap_reader *r = &w->reader;
  bool is_answer = m->talk.request == IMAP_ANSWER;
  if (event != IMAP_LINE)
    return false;
  if (is_answer && sl_text_ieq_str(r->word, "FETCH")) {
    m->met_fetch = true;
    m->met_section = m->met_section || r->literal >= 0;
  }
  if (!sl_imap_response(m) || (is_answer && m->custom && r->kind == IMAP_CONTINUE))
    return false;
  sl_buf_clear(&w->text);
  sl_buf_add(&w->text, r->text);
  m->text = sl_buf_peek(&w->text);
  m->talk.has_reply = true;
  if (is_answer)
    m->talk.request = TALK_NOTHING;
  return true;
}

static sl_result converse(struct world *w, const char *replies, size_t piece)
{
  struct imap *m = &w->m;
  size_t n = strlen(replies), have = 0, at = 0;
  sl_result rc;
  while ((rc = sl_imap_run(m)) == SL_WAIT) {
    enum imap_event event = IMAP_REST;
    sl_buf_add(&w->log, sl_buf_peek(&m->talk.out));
    sl_buf_clear(&m->talk.out);
    if (m->talk.request && m->talk.request != IMAP_ANSWER) {
      sl_buf_str(&w->log, m->talk.request == TALK_TLS ? "[tls]" : "[upload]");
      m->talk.answer = SL_OK;
      m->talk.request = TALK_NOTHING;
      continue;
    }
    m->talk.answer = SL_OK;
    do {
      struct slice in = slice_of(replies + at, have - at);
      event = sl_imap_next(&w->reader, &in);
      at = (size_t)(in.p - replies);
      if (event == IMAP_FAILED || (event == IMAP_MORE && have == n))
        return w->text.nomem ? SL_NOMEM : CURLE_RECV_ERROR;
      if (event == IMAP_MORE)
        have = have + piece < n ? have + piece : n;
    } while (!take(w, event));
    if (w->text.nomem)
      return SL_NOMEM;
  }
  sl_buf_add(&w->log, sl_buf_peek(&m->talk.out));
  CHECK(at == n || rc);
  return w->log.nomem ? SL_NOMEM : rc;
}

static bool check_once(const char *replies, const char *want, void (*change)(struct world *), sl_result rc, size_t piece)
{
  struct world w;
  world_init(&w);
  if (change)
    change(&w);
  bool ok = CHECK_INT(converse(&w, replies, piece), rc) & CHECK_STR(w.log.p ? w.log.p : "", want);
  ok = ok && CHECK(!rc || w.error.n) && CHECK(rc || !w.session.broken);
  world_done(&w);
  return ok;
}

/* `want`: what is said. */
static void check(const char *replies, const char *want, void (*change)(struct world *), sl_result rc)
{
  sl_result last = SL_OK;
  for (size_t piece = 1; piece <= strlen(replies); piece++)
    if (!check_once(replies, want, change, rc, piece))
      return;
  FOR_EACH_FAILING_ALLOC(n) {
    struct world w;
    world_init(&w);
    if (change)
      change(&w);
    last = converse(&w, replies, 1000);
    CHECK(last == rc || last == SL_NOMEM);
    world_done(&w);
  }
  CHECK_INT(last, rc);
}

#define HELLO " _logo_ {3}\r\n* OK hi\r\n"
#define CAPA(words) "* CAPABILITY IMAP4rev1 " words "\r\nA001 OK\r\n"
#define GOT HELLO CAPA("X") "A002 OK\r\n"
#define SAID "A001 CAPABILITY\r\nA002 LOGIN user secret\r\n"

/* ---- what is asked for ---- */

TEST(all_mailboxes)
{
  check(GOT "* LIST () \"/\" a\r\nA003 OK\r\n", SAID "A003 LIST \"\" *\r\n", NULL, SL_OK);
  check(GOT "A003 NO\r\n", SAID "A003 LIST \"\" *\r\n", NULL, CURLE_QUOTE_ERROR);
  check(GOT "+ go on\r\n", SAID "A003 LIST \"\" *\r\n", NULL, CURLE_WEIRD_SERVER_REPLY);
}

static void mailbox(struct world *w)
{
  w->m.path.mailbox = "a \"b\"";
}
TEST(mailboxes_below)
{
  check(GOT "A003 OK\r\n", SAID "A003 LIST \"a \\\"b\\\"\" *\r\n", mailbox, SL_OK);
}

static void message(struct world *w)
{
  w->m.path.mailbox = "INBOX";
  w->m.path.mailindex = "3";
}
static void part(struct world *w)
{
  w->m.path.mailbox = "a b";
  w->m.path.uid = "20";
  w->m.path.section = "1.2";
  w->m.path.partial = "0.10";
}
TEST(a_message)
{
  check(GOT "A003 OK\r\n* 3 FETCH (BODY[] {7}\r\nA004 OK)\r\nA004 OK\r\n", SAID "A003 SELECT INBOX\r\nA004 FETCH 3 BODY[]\r\n", message, SL_OK);
  check(GOT "* 1 EXISTS\r\nA003 OK\r\n* 3 FETCH ({0}\r\n)\r\nA004 OK\r\n", SAID "A003 SELECT \"a b\"\r\nA004 UID FETCH 20 BODY[1.2]<0.10>\r\n", part, SL_OK);
}

TEST(a_message_that_is_not_there)
{
  const char *said = SAID "A003 SELECT INBOX\r\nA004 FETCH 3 BODY[]\r\n";
  check(GOT "A003 OK\r\nA004 OK\r\n", said, message, CURLE_REMOTE_FILE_NOT_FOUND);
  check(GOT "A003 OK\r\nA004 NO\r\n", said, message, CURLE_REMOTE_FILE_NOT_FOUND);
  check(GOT "A003 OK\r\n* 3 FETCH (FLAGS ())\r\nA004 OK\r\n", said, message, CURLE_WEIRD_SERVER_REPLY);
  check(GOT "A003 OK\r\n* 3 FETCH ({0}\r\n)\r\nA004 BAD\r\n", said, message, CURLE_WEIRD_SERVER_REPLY);
  check(GOT "A003 NO\r\n", SAID "A003 SELECT INBOX\r\n", message, CURLE_LOGIN_DENIED);
}

static void of_validity(struct world *w)
{
  message(w);
  w->m.path.uidvalidity = "7";
}
TEST(a_mailbox_that_was_made_anew)
{
  check(GOT "* OK [UIDVALIDITY 8] x\r\nA003 OK\r\n", SAID "A003 SELECT INBOX\r\n", of_validity, CURLE_REMOTE_FILE_NOT_FOUND);
  check(GOT "* OK [UIDVALIDITY 7] x\r\nA003 OK\r\n* 3 FETCH ({0}\r\n)\r\nA004 OK\r\n", SAID "A003 SELECT INBOX\r\nA004 FETCH 3 BODY[]\r\n", of_validity, SL_OK);
  check(GOT "A003 OK\r\n* 3 FETCH ({0}\r\n)\r\nA004 OK\r\n", SAID "A003 SELECT INBOX\r\nA004 FETCH 3 BODY[]\r\n", of_validity, SL_OK);
}

static void search(struct world *w)
{
  w->m.path.mailbox = "a";
  w->m.path.query = "SUBJECT \"x y\"";
}
TEST(a_search)
{
  check(GOT "A003 OK\r\n* SEARCH 1\r\nA004 OK\r\n", SAID "A003 SELECT a\r\nA004 SEARCH SUBJECT \"x y\"\r\n", search, SL_OK);
}

static void custom(struct world *w)
{
  w->m.path.mailbox = "a";
  w->m.path.uid = "1";
  w->m.custom = "STORE 1 +FLAGS x";
}
static void custom_anywhere(struct world *w)
{
  w->m.custom = "NOOP";
}
TEST(commands_of_the_application)
{
  check(GOT "A003 OK\r\n+ \r\nA004 OK\r\n", SAID "A003 SELECT a\r\nA004 STORE 1 +FLAGS x\r\n", custom, SL_OK);
  check(GOT "A003 OK\r\n", SAID "A003 NOOP\r\n", custom_anywhere, SL_OK);
  check(GOT "A003 BAD\r\n", SAID "A003 NOOP\r\n", custom_anywhere, CURLE_QUOTE_ERROR);
}

TEST(which_responses_are_the_body)
{
  static const struct {
    const char *command, *name;
  } rows[] = {{"list \"\" *", "list"}, {"STORE 1 x", "FETCH"}, {"UID FETCH 1", ""}, {"NOOP", ""}, {"noop", ""}, {"STATUS a", "STATUS"}, {"LSUB", ""}};
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct world w;
    world_init(&w);
    w.m.custom = rows[i].command;
    CHECK_INT(converse(&w, GOT "A003 OK\r\n", 1000), SL_OK);
    CHECK(slice_eq(w.m.name, slice_str(rows[i].name)));
    world_done(&w);
  }
}

/* ---- what is left there ---- */

static void append(struct world *w)
{
  w->m.upload = true;
  w->m.path.mailbox = "a b";
  w->m.upload_size = 5;
}
static void flags(struct world *w)
{
  append(w);
  w->m.flags = CURLULFLAG_ANSWERED | CURLULFLAG_DELETED | CURLULFLAG_DRAFT | CURLULFLAG_FLAGGED | CURLULFLAG_SEEN;
}
static void no_flags(struct world *w)
{
  append(w);
  w->m.flags = 0;
}
static void no_size(struct world *w)
{
  append(w);
  w->m.upload_size = -1;
}
static void nowhere(struct world *w)
{
  append(w);
  w->m.path.mailbox = NULL;
}
TEST(a_message_is_left_there)
{
  check(GOT "* 1 EXISTS\r\n+ go\r\n* 2 EXISTS\r\nA003 OK\r\n", SAID "A003 APPEND \"a b\" (\\Seen) {5}\r\n[upload]\r\n", append, SL_OK);
  check(GOT "+\r\nA003 OK\r\n", SAID "A003 APPEND \"a b\" (\\Answered \\Deleted \\Draft \\Flagged \\Seen) {5}\r\n[upload]\r\n", flags, SL_OK);
  check(GOT "+\r\nA003 OK\r\n", SAID "A003 APPEND \"a b\" {5}\r\n[upload]\r\n", no_flags, SL_OK);
  check(GOT "A003 NO\r\n", SAID "A003 APPEND \"a b\" (\\Seen) {5}\r\n", append, CURLE_UPLOAD_FAILED);
  check(GOT "+\r\nA003 NO\r\n", SAID "A003 APPEND \"a b\" (\\Seen) {5}\r\n[upload]\r\n", append, CURLE_UPLOAD_FAILED);
  check(GOT, SAID, no_size, CURLE_UPLOAD_FAILED);
  check(GOT, SAID, nowhere, CURLE_URL_MALFORMAT);
}

/* ---- greeting and TLS ---- */

TEST(greetings)
{
  check("* PREAUTH\r\n" CAPA("AUTH=PLAIN LOGINDISABLED") "A002 OK\r\n", "A001 CAPABILITY\r\nA002 LIST \"\" *\r\n", NULL, SL_OK);
  check(HELLO "A001 BAD\r\nA002 OK\r\nA003 OK\r\n", SAID "A003 LIST \"\" *\r\n", NULL, SL_OK);
  check("* BYE\r\n", "", NULL, CURLE_WEIRD_SERVER_REPLY);
  check("* 1 EXISTS\r\n", "", NULL, CURLE_WEIRD_SERVER_REPLY);
  check("+ x\r\n", "", NULL, CURLE_WEIRD_SERVER_REPLY);
}

static void tls(struct world *w)
{
  w->m.use_ssl = CURLUSESSL_ALL;
}
static void tls_perhaps(struct world *w)
{
  w->m.use_ssl = CURLUSESSL_TRY;
}
static void tls_at_once(struct world *w)
{
  w->m.use_ssl = CURLUSESSL_ALL;
  w->m.implicit_tls = true;
}
TEST(tls_in_the_middle)
{
  const char *both = "A001 CAPABILITY\r\nA002 STARTTLS\r\n[tls]A003 CAPABILITY\r\nA004 LOGIN user secret\r\nA005 LIST \"\" *\r\n";
  check(HELLO CAPA("starttls LOGINDISABLED AUTH=PLAIN SASL-IR") "A002 OK\r\n* CAPABILITY X\r\nA003 OK\r\nA004 OK\r\nA005 OK\r\n", both, tls, SL_OK);
  check(HELLO CAPA("STARTTLS") "A002 NO\r\n", "A001 CAPABILITY\r\nA002 STARTTLS\r\n", tls, CURLE_USE_SSL_FAILED);
  check(HELLO CAPA("STARTTLS") "A002 NO\r\nA003 OK\r\nA004 OK\r\n", "A001 CAPABILITY\r\nA002 STARTTLS\r\nA003 LOGIN user secret\r\nA004 LIST \"\" *\r\n", tls_perhaps, SL_OK);
  check(HELLO CAPA("X"), "A001 CAPABILITY\r\n", tls, CURLE_USE_SSL_FAILED);
  check(HELLO "A001 BAD\r\n", "A001 CAPABILITY\r\n", tls, CURLE_USE_SSL_FAILED);
  check("* PREAUTH\r\n" CAPA("STARTTLS"), "A001 CAPABILITY\r\n", tls, CURLE_USE_SSL_FAILED);
  check(HELLO CAPA("X") "A002 OK\r\nA003 OK\r\n", SAID "A003 LIST \"\" *\r\n", tls_perhaps, SL_OK);
  check(HELLO CAPA("STARTTLS") "A002 OK\r\nA003 OK\r\n", SAID "A003 LIST \"\" *\r\n", tls_at_once, SL_OK);
}

TEST(nothing_may_be_behind_the_reply_to_starttls)
{
  struct world w;
  world_init(&w);
  tls(&w);
  CHECK_INT(converse(&w, HELLO CAPA("STARTTLS"), 1000), CURLE_RECV_ERROR);
  CHECK(w.m.talk.alone);
  world_done(&w);
}

/* ---- who it is ---- */

static void nobody(struct world *w)
{
  w->m.sasl.user = w->m.sasl.password = NULL;
}
static void quoted(struct world *w)
{
  w->m.sasl.user = "\"user";
  w->m.sasl.password = "sec\"ret{";
}
static void no_password(struct world *w)
{
  w->m.sasl.password = NULL;
}
static void line_break(struct world *w)
{
  w->m.sasl.password = "x\r\nA003 DELETE a";
}
static void only_plain(struct world *w)
{
  w->m.sasl.allowed = SASL_PLAIN;
}
static void only_login(struct world *w)
{
  w->m.sasl.allowed = SASL_OWN_LOGIN;
}
static void token(struct world *w)
{
  w->m.sasl.bearer = "t";
}
TEST(login)
{
  check(HELLO CAPA("X") "A002 OK\r\n", "A001 CAPABILITY\r\nA002 LIST \"\" *\r\n", nobody, SL_OK);
  check(GOT "A003 OK\r\n", "A001 CAPABILITY\r\nA002 LOGIN \"\\\"user\" \"sec\\\"ret{\"\r\nA003 LIST \"\" *\r\n", quoted, SL_OK);
  check(GOT "A003 OK\r\n", "A001 CAPABILITY\r\nA002 LOGIN user \"\"\r\nA003 LIST \"\" *\r\n", no_password, SL_OK);
  check(HELLO CAPA("X") "A002 NO\r\n", SAID, NULL, CURLE_LOGIN_DENIED);
  check(HELLO CAPA("LOGINDISABLED"), "A001 CAPABILITY\r\n", NULL, CURLE_LOGIN_DENIED);
  check(HELLO CAPA("X"), "A001 CAPABILITY\r\n", only_plain, CURLE_LOGIN_DENIED);
  check(HELLO CAPA("X"), "A001 CAPABILITY\r\n", token, CURLE_LOGIN_DENIED);
  check(HELLO CAPA("AUTH=PLAIN") "A002 OK\r\nA003 OK\r\n", SAID "A003 LIST \"\" *\r\n", only_login, SL_OK);
}

TEST(no_line_break_gets_out)
{
  struct world w;
  world_init(&w);
  line_break(&w);
  CHECK_INT(converse(&w, HELLO CAPA("X"), 1000), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK(!strstr(w.log.p, "DELETE"));
  world_done(&w);
}

TEST(sasl)
{
  check(HELLO CAPA("AUTH=PLAIN") "+\r\nA002 OK\r\nA003 OK\r\n", "A001 CAPABILITY\r\nA002 AUTHENTICATE PLAIN\r\nAHVzZXIAc2VjcmV0\r\nA003 LIST \"\" *\r\n", NULL, SL_OK);
  check(HELLO CAPA("AUTH=PLAIN SASL-IR") "A002 OK\r\nA003 OK\r\n", "A001 CAPABILITY\r\nA002 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\nA003 LIST \"\" *\r\n", NULL, SL_OK);
  check(HELLO CAPA("AUTH=PLAIN SASL-IR") "A002 NO\r\n", "A001 CAPABILITY\r\nA002 AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0\r\n", NULL, CURLE_LOGIN_DENIED);
  check(HELLO CAPA("AUTH=CRAM-MD5 AUTH=PLAIN") "+ Rubbish\r\nA002 NO\r\n+\r\nA003 OK\r\nA004 OK\r\n",
        "A001 CAPABILITY\r\nA002 AUTHENTICATE CRAM-MD5\r\n*\r\nA003 AUTHENTICATE PLAIN\r\nAHVzZXIAc2VjcmV0\r\nA004 LIST \"\" *\r\n", NULL, SL_OK);
  check(HELLO CAPA("AUTH=CRAM-MD5") "+ Rubbish\r\nA002 NO\r\nA003 OK\r\nA004 OK\r\n",
        "A001 CAPABILITY\r\nA002 AUTHENTICATE CRAM-MD5\r\n*\r\nA003 LOGIN user secret\r\nA004 LIST \"\" *\r\n", NULL, SL_OK);
  check(HELLO CAPA("AUTH=CRAM-MD5 LOGINDISABLED") "+ Rubbish\r\nA002 NO\r\n", "A001 CAPABILITY\r\nA002 AUTHENTICATE CRAM-MD5\r\n*\r\n", NULL, CURLE_LOGIN_DENIED);
}

/* ---- a connection that is used again ---- */

static const char *again(struct world *w, void (*change)(struct world *), const char *replies)
{
  world_again(w);
  change(w);
  CHECK_INT(converse(w, replies, 1000), SL_OK);
  return w->log.p;
}

static void inbox(struct world *w)
{
  message(w);
  w->m.path.mailbox = "inbox";
}
static void other_case(struct world *w)
{
  search(w);
  w->m.path.mailbox = "A";
}
static void leaves(struct world *w)
{
  search(w);
  w->m.custom = "CLOSE";
}

TEST(a_mailbox_stays_selected)
{
  struct world w;
  world_init(&w);
  message(&w);
  CHECK_INT(converse(&w, GOT "* OK [UIDVALIDITY 7] x\r\nA003 OK\r\n* 3 FETCH ({0}\r\n)\r\nA004 OK\r\n", 1000), SL_OK);
  CHECK_STR(again(&w, message, "* 3 FETCH ({0}\r\n)\r\nA005 OK\r\n"), "A005 FETCH 3 BODY[]\r\n");
  CHECK_STR(again(&w, inbox, "* 3 FETCH ({0}\r\n)\r\nA006 OK\r\n"), "A006 FETCH 3 BODY[]\r\n");
  CHECK_STR(again(&w, of_validity, "* 3 FETCH ({0}\r\n)\r\nA007 OK\r\n"), "A007 FETCH 3 BODY[]\r\n");
  CHECK_STR(again(&w, search, "A008 OK\r\nA009 OK\r\n"), "A008 SELECT a\r\nA009 SEARCH SUBJECT \"x y\"\r\n");
  CHECK_STR(again(&w, other_case, "A010 OK\r\nA011 OK\r\n"), "A010 SELECT A\r\nA011 SEARCH SUBJECT \"x y\"\r\n");
  CHECK_STR(again(&w, leaves, "A012 OK\r\nA013 OK\r\n"), "A012 SELECT a\r\nA013 CLOSE\r\n");
  CHECK_STR(again(&w, search, "A014 OK\r\nA015 OK\r\n"), "A014 SELECT a\r\nA015 SEARCH SUBJECT \"x y\"\r\n");
  w.session.commands = 998;
  CHECK_STR(again(&w, search, "A999 OK\r\n"), "A999 SEARCH SUBJECT \"x y\"\r\n");
  CHECK_STR(again(&w, search, "A000 OK\r\n"), "A000 SEARCH SUBJECT \"x y\"\r\n");
  world_done(&w);
}

TEST(a_refused_select_leaves_nothing_selected)
{
  struct world w;
  world_init(&w);
  message(&w);
  CHECK_INT(converse(&w, GOT "A003 OK\r\n* 3 FETCH ({0}\r\n)\r\nA004 OK\r\n", 1000), SL_OK);
  world_again(&w);
  search(&w);
  CHECK_INT(converse(&w, "A005 NO\r\n", 1000), CURLE_LOGIN_DENIED);
  CHECK_STR(again(&w, message, "A006 OK\r\n* 3 FETCH ({0}\r\n)\r\nA007 OK\r\n"), "A006 SELECT INBOX\r\nA007 FETCH 3 BODY[]\r\n");
  CHECK(!w.m.said_bye);
  world_again(&w);
  custom_anywhere(&w);
  CHECK_INT(converse(&w, "* BYE\r\nA008 OK\r\n", 1000), SL_OK);
  CHECK(w.m.said_bye);
  world_done(&w);
}
