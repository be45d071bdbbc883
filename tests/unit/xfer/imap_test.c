/* IMAP in whole transfers, with a scripted server in this process: what is body and what is not, uploads, connections
 * that are used again, TLS in the middle, servers that misbehave, sockets from the application, pauses, and every
 * allocation failing. */
#define MAIL_SCHEME "imap"
#define MAIL_PATH "INBOX/;UID=1"
#define MAIL_BYE "LOGOUT|"
#include "tests/unit/xfer/mail_client.h"

#define CAPA "* CAPABILITY IMAP4rev1\r\n$ OK\r\n"
#define LOGIN {"CAPABILITY", CAPA}, {"LOGIN", "$ OK\r\n"}, {"SELECT", "* 1 EXISTS\r\n$ OK\r\n"}, {"LOGOUT", "!* BYE\r\n$ OK\r\n"}
#define BODY "Subject: x\r\n\r\nA001 OK\r\n)\r\n* BYE {3}\r\n"
#define FETCHED "* 9 EXISTS\r\n* 1 FETCH (UID 1 BODY[] {37}\r\n" BODY " FLAGS (\\Seen))\r\n* 8 EXISTS\r\n$ OK\r\n"
#define SAID "CAPABILITY|LOGIN user secret|"
#define ASKED SAID "SELECT INBOX|UID FETCH 1 BODY[]|"
_Static_assert(sizeof BODY - 1 == 37, "as FETCHED has it");

static const struct line_rule usual[] = {LOGIN,
                                         {"UID FETCH 1 ", FETCHED},
                                         {"UID FETCH", "$ NO none\r\n"},
                                         {"LIST", "* LIST () \"/\" a\r\n* 3 EXISTS\r\n* LIST () \"/\" {3}\r\nb c\r\n$ OK\r\n"},
                                         {"APPEND", "+ go\r\n"},
                                         {"end", "* 2 EXISTS\r\n$ OK\r\n"},
                                         {NULL, NULL}};

static CURL *begin(struct got *g, const struct line_rule *rules)
{
  start();
  line_origin_script(&plain, "* OK hi\r\n", rules);
  return handle(&plain, g);
}

/* ---- messages ---- */

TEST(a_message_in_pieces_of_every_size)
{
  struct got g;
  start();
  for (size_t piece = 0; piece < 40; piece++) {
    struct line_origin *o = piece % 4 == 3 ? &secure : &plain;
    line_origin_script(o, "* OK hi\r\n", usual);
    o->piece = piece;
    CURL *c = handle(o, &g);
    curl_off_t bytes = 0, length = 0;
    double total = 0;
    curl_easy_setopt(c, CURLOPT_USE_SSL, (long)(o->is_tls ? CURLUSESSL_ALL : CURLUSESSL_NONE)); /* which it has */
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    curl_easy_getinfo(c, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    curl_easy_getinfo(c, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
    curl_easy_getinfo(c, CURLINFO_STARTTRANSFER_TIME, &total);
    CHECK_INT(bytes, sizeof BODY - 1);
    CHECK_INT(length, sizeof BODY - 1);
    CHECK(total > 0);
    finish(o, c);
    CHECK_STR(g.body, BODY);
    CHECK_STR(said(o), "#" ASKED);
  }
}

/* What the server answers to FETCH, with the result of that. */
static CURLcode fetched(const char *answer, struct got *g)
{
  const struct line_rule rules[] = {LOGIN, {"UID FETCH", answer}, {NULL, NULL}};
  CURL *c = begin(g, rules);
  curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, 300L);
  return once(&plain, c);
}

TEST(sections)
{
  struct got g;
  CHECK_INT(fetched("* 2 FETCH (FLAGS ())\r\n* 1 FETCH (BODY[] {2}\r\nab)\r\n$ OK\r\n", &g), CURLE_OK);
  CHECK_STR(g.body, "ab");
  CHECK_INT(fetched("* 1 FETCH (BODY[] \"a\\\"b\")\r\n$ OK\r\n", &g), CURLE_OK);
  CHECK_STR(g.body, "a\"b");
  CHECK_INT(fetched("* 1 FETCH (BODY[] {0}\r\n)\r\n$ OK\r\n", &g), CURLE_OK);
  CHECK_STR(g.body, "");
  CHECK_INT(fetched("* 1 FETCH (BODY[] {1}\r\na X {1}\r\nb)\r\n* 2 FETCH (BODY[] {1}\r\nc)\r\n$ OK\r\n", &g), CURLE_OK);
  CHECK_STR(g.body, "a");
  CHECK_INT(fetched("* 1 FETCH (BODY[] NIL)\r\n$ OK\r\n", &g), CURLE_REMOTE_FILE_NOT_FOUND);
  CHECK_INT(fetched("* 1 FETCH (X {1}\r\na)\r\n$ OK\r\n", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(fetched("* 1 FETCH (BODY[] {1}\r\na)\r\n$ NO\r\n", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(fetched("$ OK\r\n", &g), CURLE_REMOTE_FILE_NOT_FOUND);
}

TEST(a_message_that_is_too_large)
{
  struct got g;
  CURL *c = begin(&g, usual);
  curl_easy_setopt(c, CURLOPT_MAXFILESIZE, 36L);
  CHECK_INT(curl_easy_perform(c), CURLE_FILESIZE_EXCEEDED);
  CHECK_STR(g.body, "");
  curl_easy_setopt(c, CURLOPT_MAXFILESIZE, 37L);
  CHECK_INT(once(&plain, c), CURLE_OK);
}

TEST(pauses)
{
  struct got g;
  CURL *c = begin(&g, usual);
  g.pauses = 6;
  CHECK_INT(perform_unpausing(c), CURLE_OK);
  CHECK_STR(g.body, BODY);
  CHECK_INT(g.pauses, 0);
  finish(&plain, c);
}

/* ---- lists and own commands ---- */

TEST(responses_are_the_body)
{
  struct got g;
  for (int pauses = 0; pauses < 8; pauses++) {
    CURL *c = begin(&g, usual);
    plain.piece = (size_t)pauses;
    g.pauses = pauses;
    set_url(c, &plain, "");
    CHECK_INT(perform_unpausing(c), CURLE_OK);
    CHECK_STR(g.body, "* LIST () \"/\" a\r\n* LIST () \"/\" {3}\r\nb c\r\n");
    finish(&plain, c);
    CHECK_STR(said(&plain), "#" SAID "LIST \"\" *|");
  }
}

TEST(own_commands)
{
  static const struct line_rule rules[] = {LOGIN,
                                           {"FETCH", "* 1 FETCH (BODY[A] {1}\r\na BODY[B] {1}\r\nb)\r\n* 2 EXISTS\r\n$ OK\r\n"},
                                           {"IDLE", "+ idling\r\n* 1 EXISTS\r\n$ OK\r\n"},
                                           {"NOOP", "* 1 EXISTS\r\n* OK x {5}\r\n$ OK\r\n"},
                                           {"BYE", "* BYE\r\n$ OK\r\n"},
                                           {"X", "$ BAD\r\n"},
                                           {NULL, NULL}};
  struct got g;
  CURL *c = begin(&g, rules);
  set_url(c, &plain, "");
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "FETCH 1 (BODY[A] BODY[B])");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_STR(g.body, "* 1 FETCH (BODY[A] {1}\r\na BODY[B] {1}\r\nb");
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "NOOP");
  g.n = 0;
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_STR(g.body, "* 1 EXISTS\r\n* OK x {5}\r\n");
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "IDLE");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "X");
  CHECK_INT(curl_easy_perform(c), CURLE_QUOTE_ERROR);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "BYE");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK); /* on a connection that is not about to end */
  finish(&plain, c);
  CHECK_STR(said(&plain), "#" SAID "FETCH 1 (BODY[A] BODY[B])|NOOP|IDLE|X|BYE|#" SAID "BYE|");
}

/* ---- uploads ---- */

#define MESSAGE "Subject: x\r\n\r\nend\r\n"

struct supply {
  size_t at, most;
  int pauses;
};

static size_t on_read(char *dst, size_t size, size_t n, void *arg)
{
  struct supply *s = arg;
  size_t left = sizeof MESSAGE - 1 - s->at, take = n * size < left ? n * size : left;
  if (s->pauses > 0 && s->pauses--)
    return CURL_READFUNC_PAUSE;
  take = s->most && take > s->most ? s->most : take;
  memcpy(dst, MESSAGE + s->at, take);
  s->at += take;
  return take;
}

static CURL *uploader(struct got *g, struct supply *s, long size)
{
  CURL *c = begin(g, usual);
  set_url(c, &plain, "a%20b");
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(c, CURLOPT_INFILESIZE, size);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(c, CURLOPT_READDATA, s);
  return c;
}

TEST(uploads)
{
  struct got g;
  for (size_t most = 1; most < 20; most++) {
    struct supply s = {.most = most, .pauses = most % 3 ? 0 : 2};
    CURL *c = uploader(&g, &s, sizeof MESSAGE - 1);
    curl_off_t bytes = 0;
    CHECK_INT(perform_unpausing(c), CURLE_OK);
    curl_easy_getinfo(c, CURLINFO_SIZE_UPLOAD_T, &bytes);
    CHECK_INT(bytes, sizeof MESSAGE - 1);
    finish(&plain, c);
    CHECK_STR(said(&plain), "#" SAID "APPEND \"a b\" (\\Seen) {19}|Subject: x||end||");
  }
}

enum { LARGE = 8000000, LINE = 1000 };

static size_t on_large_read(char *dst, size_t size, size_t n, void *arg)
{
  size_t *at = arg, k = 0;
  for (; k < n * size && *at < LARGE; k++, ++*at)
    dst[k] = *at % LINE == LINE - 1 ? '\n' : *at >= LARGE - LINE ? "end"[*at % LINE % 3] : 'x';
  return k;
}

/* More than sockets take at once. */
TEST(a_large_upload)
{
  struct got g;
  size_t at = 0;
  CURL *c = uploader(&g, NULL, LARGE);
  curl_easy_setopt(c, CURLOPT_READFUNCTION, on_large_read);
  curl_easy_setopt(c, CURLOPT_READDATA, &at);
  CHECK_INT(once(&plain, c), CURLE_OK);
  CHECK(plain.received > LARGE);
}

TEST(flags_of_an_upload)
{
  struct got g;
  struct supply s = {.at = 0};
  CURL *c = uploader(&g, &s, sizeof MESSAGE - 1);
  CHECK_INT(curl_easy_setopt(c, CURLOPT_UPLOAD_FLAGS, CURLULFLAG_FLAGGED | CURLULFLAG_ANSWERED), CURLE_OK);
  CHECK_INT(once(&plain, c), CURLE_OK);
  CHECK_STR(said(&plain), "#" SAID "APPEND \"a b\" (\\Answered \\Flagged) {19}|Subject: x||end||");
}

TEST(uploads_that_cannot_be)
{
  struct got g;
  struct supply s = {.at = 0};
  CURL *c = uploader(&g, &s, -1);
  CHECK_INT(curl_easy_perform(c), CURLE_UPLOAD_FAILED);
  curl_easy_setopt(c, CURLOPT_INFILESIZE, (long)sizeof MESSAGE - 1);
  curl_easy_setopt(c, CURLOPT_CRLF, 1L);
  CHECK_INT(curl_easy_perform(c), CURLE_UPLOAD_FAILED);
  curl_easy_setopt(c, CURLOPT_CRLF, 0L);
  set_url(c, &plain, "");
  CHECK_INT(once(&plain, c), CURLE_URL_MALFORMAT);
  CHECK_STR(said(&plain), "#" SAID);
}

/* The rest of the literal would be taken for the next command. */
TEST(a_connection_with_half_an_upload_is_not_used_again)
{
  static const struct line_rule rules[] = {LOGIN, {"APPEND", "+ go\r\n"}, {"LIST", "$ OK\r\n"}, {NULL, NULL}};
  struct got g;
  struct supply s = {.at = 0};
  CURL *c = uploader(&g, &s, sizeof MESSAGE + 5);
  line_origin_script(&plain, "* OK hi\r\n", rules);
  CHECK_INT(curl_easy_perform(c), CURLE_READ_ERROR);
  line_origin_settle(&plain);
  curl_easy_setopt(c, CURLOPT_UPLOAD, 0L);
  CHECK_INT(once(&plain, c), CURLE_OK);
  CHECK(!strstr(plain.log, "end|LOGOUT"));
  CHECK_STR(said(&plain), "#" SAID "APPEND \"a b\" (\\Seen) {25}|Subject: x||end|#" SAID "LIST \"a b\" *|");
}

/* ---- connections that are used again ---- */

TEST(a_connection_is_used_again)
{
  struct got g;
  CURL *c = begin(&g, usual);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  set_url(c, &plain, "INBOX/;UID=2");
  CHECK_INT(curl_easy_perform(c), CURLE_REMOTE_FILE_NOT_FOUND);
  CHECK_STR(g.error, "There is no such message");
  set_url(c, &plain, "other/;UID=1");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(said(&plain), "#" ASKED "UID FETCH 1 BODY[]|UID FETCH 2 BODY[]|SELECT other|UID FETCH 1 BODY[]|");
}

TEST(another_login_is_another_connection)
{
  static const struct line_rule rules[] = {{"CAPABILITY", "* CAPABILITY AUTH=PLAIN AUTH=XOAUTH2 SASL-IR\r\n$ OK\r\n"},
                                           {"AUTHENTICATE", "$ OK\r\n"}, {"LIST", "$ OK\r\n"}, {"LOGOUT", "!"}, {NULL, NULL}};
  struct got g;
  CURL *c = begin(&g, rules);
  set_url(c, &plain, "");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, "AUTH=LOGIN"); /* how, not who */
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, NULL);
  curl_easy_setopt(c, CURLOPT_SASL_AUTHZID, "another");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, "t");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_XOAUTH2_BEARER, "u");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(said(&plain), "#CAPABILITY|AUTHENTICATE PLAIN AHVzZXIAc2VjcmV0|LIST \"\" *|LIST \"\" *|"
                          "#CAPABILITY|AUTHENTICATE PLAIN YW5vdGhlcgB1c2VyAHNlY3JldA==|LIST \"\" *|"
                          "#CAPABILITY|AUTHENTICATE XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIHQBAQ==|LIST \"\" *|"
                          "#CAPABILITY|AUTHENTICATE XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIHUBAQ==|LIST \"\" *|");
}

TEST(a_dead_connection_is_replaced)
{
  struct got g;
  CURL *c = begin(&g, usual);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  plain.close_at = 1;
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(g.body, BODY BODY);
  CHECK_STR(said(&plain), "#" ASKED "UID FETCH 1 BODY[]|#" ASKED);
}

TEST(what_is_behind_a_message_is_no_answer)
{
  static const struct line_rule rules[] = {
      LOGIN, {"UID FETCH", FETCHED "* 1 FETCH (BODY[] {6}\r\nforged)\r\nA005 OK\r\nA006 OK\r\n"}, {NULL, NULL}};
  struct got g;
  CURL *c = begin(&g, rules);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(g.body, BODY BODY);
  CHECK_STR(said(&plain), "#" ASKED "#" ASKED);
}

/* ---- TLS in the middle (lesson 3) ---- */

#define CAPA_TLS "* CAPABILITY STARTTLS\r\n$ OK\r\n"

static CURLcode with_tls(const struct line_rule *rules, long level, struct got *g)
{
  CURL *c = begin(g, rules);
  curl_easy_setopt(c, CURLOPT_USE_SSL, level);
  return once(&plain, c);
}

TEST(starttls)
{
  static const struct line_rule rules[] = {{"STARTTLS", "^$ OK\r\n"}, {"CAPABILITY", CAPA_TLS}, LOGIN, {"UID FETCH", FETCHED}, {NULL, NULL}};
  struct got g;
  CHECK_INT(with_tls(rules, CURLUSESSL_ALL, &g), CURLE_OK);
  CHECK_STR(g.body, BODY);
  CHECK(strstr(plain.log, "#CAPABILITY|STARTTLS|CAPABILITY=|LOGIN user secret=|SELECT INBOX=|UID FETCH 1 BODY[]=|") == plain.log);
}

TEST(a_certificate_of_another)
{
  static const struct line_rule rules[] = {{"CAPABILITY", CAPA_TLS}, {"STARTTLS", "^$ OK\r\n"}, {NULL, NULL}};
  struct got g;
  CURL *c = begin(&g, rules);
  curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
  curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, NULL);
  curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
  curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
  CHECK_INT(once(&plain, c), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_STR(said(&plain), "#CAPABILITY|STARTTLS|");
}

TEST(what_is_said_in_clear_does_not_count_under_tls)
{
  static const struct line_rule accepted[] = {{"CAPABILITY", CAPA_TLS}, {"STARTTLS", "$ OK\r\nA003 OK\r\n"}, {NULL, NULL}};
  static const struct line_rule refused[] = {{"CAPABILITY", CAPA_TLS}, {"STARTTLS", "$ BAD\r\nA003 OK\r\nA004 OK\r\n"}, {NULL, NULL}};
  struct got g;
  CHECK_INT(with_tls(accepted, CURLUSESSL_ALL, &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(said(&plain), "#CAPABILITY|STARTTLS|");
  CHECK_INT(with_tls(refused, CURLUSESSL_TRY, &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(said(&plain), "#CAPABILITY|STARTTLS|");
}

TEST(no_password_in_clear)
{
  static const struct line_rule refused[] = {{"CAPABILITY", CAPA_TLS}, {"STARTTLS", "$ NO\r\n"}, {NULL, NULL}};
  struct got g;
  CHECK_INT(with_tls(usual, CURLUSESSL_CONTROL, &g), CURLE_USE_SSL_FAILED);
  CHECK_STR(said(&plain), "#CAPABILITY|");
  CHECK_INT(with_tls(refused, CURLUSESSL_ALL, &g), CURLE_USE_SSL_FAILED);
  CHECK_STR(said(&plain), "#CAPABILITY|STARTTLS|");
}

/* ---- servers that misbehave ---- */

static CURLcode with_reply(const char *greeting, const char *capa, const char *fetch, struct got *g)
{
  const struct line_rule rules[] = {{"CAPABILITY", capa}, LOGIN, {"UID FETCH", fetch}, {NULL, NULL}};
  start();
  line_origin_script(&plain, greeting, rules);
  CURL *c = handle(&plain, g);
  curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, 300L);
  return once(&plain, c);
}

TEST(servers_that_misbehave)
{
  static char line[600000];
  struct got g;
  memset(line, 'x', sizeof line - 1);
  CHECK_INT(with_reply("* BYE\r\n", CAPA, "", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(with_reply("", CAPA, "", &g), CURLE_OPERATION_TIMEDOUT);
  CHECK_STR(g.error, "IMAP response timeout");
  CHECK_INT(with_reply("~a logo without an end\r\n", CAPA, "", &g), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(with_reply(line, CAPA, "", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(g.error, "too long a line in a server's reply");
  CHECK_INT(with_reply("* OK hi\r\n", "~* CAPABILITY AUTH=PLAIN\r\n", "", &g), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(with_reply("* OK hi\r\n", "* X {1000000}\r\nabc", "", &g), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(with_reply("* OK hi\r\n", "* X {99999999999999999999}\r\n", "", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(g.error, "too large a literal in a server's response");
  CHECK_INT(with_reply("* OK hi\r\n", CAPA, "+ go on\r\n", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(with_reply("* OK hi\r\n", CAPA, "!* 1 FE", &g), CURLE_PARTIAL_FILE);
  CHECK_INT(with_reply("* OK hi\r\n", CAPA, "!* 1 FETCH (BODY[] {9}\r\nhalf", &g), CURLE_PARTIAL_FILE);
  CHECK_STR(g.body, "half");
  CHECK_INT(with_reply("* OK hi\r\n", CAPA, "* 1 FETCH (BODY[] {9}\r\nhalf", &g), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(with_reply("!* OK h", CAPA, "", &g), CURLE_RECV_ERROR);
  CHECK_INT(with_reply("* OK hi\r\n", CAPA, "", &g), CURLE_OPERATION_TIMEDOUT);
}

TEST(no_second_command_in_an_option)
{
  static const char *const paths[] = {"INBOX%0d%0aX%20DELETE%20a", "INBOX/;UID=1%0aX%20DELETE%20a", "INBOX?ALL%0aX%20DELETE%20a"};
  struct got g;
  CURL *c = begin(&g, usual);
  curl_easy_setopt(c, CURLOPT_USERNAME, "user\r\nX DELETE a");
  CHECK_INT(curl_easy_perform(c), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_setopt(c, CURLOPT_USERNAME, "user");
  curl_easy_setopt(c, CURLOPT_PASSWORD, "secret\nX DELETE a");
  CHECK_INT(curl_easy_perform(c), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_setopt(c, CURLOPT_PASSWORD, "secret");
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "NOOP%0aX DELETE a");
  CHECK_INT(curl_easy_perform(c), CURLE_URL_MALFORMAT);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "NOOP\nX DELETE a");
  CHECK_INT(curl_easy_perform(c), CURLE_URL_MALFORMAT);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, NULL);
  for (int i = 0; i < 3; i++) {
    set_url(c, &plain, paths[i]);
    CHECK_INT(curl_easy_perform(c), CURLE_URL_MALFORMAT);
  }
  finish(&plain, c);
  CHECK(!strstr(plain.log, "DELETE"));
}

TEST(refused_and_replaced_sockets)
{
  struct got g;
  start();
  line_origin_script(&plain, "* OK hi\r\n", usual);
  sockets_of_the_application(&g);
  CHECK_STR(g.body, BODY);
  CHECK_STR(said(&plain), "#" ASKED);
}

/* ---- memory ---- */

static CURLcode a_message_and_an_upload(void)
{
  struct got g;
  struct supply s = {.at = 0};
  CURL *c = curl_easy_init();
  unsigned rc = c ? set_up(c, &plain, &g) : CURLE_OUT_OF_MEMORY;
  if (!rc)
    rc = curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
  if (!rc)
    rc = curl_easy_perform(c);
  if (!rc) {
    CHECK_STR(g.body, BODY);
    rc = set_url(c, &plain, "");
  }
  if (!rc)
    rc = curl_easy_perform(c);
  if (!rc)
    rc = set_url(c, &plain, "a%20b");
  if (!rc) {
    curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(c, CURLOPT_INFILESIZE, (long)sizeof MESSAGE - 1);
    curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(c, CURLOPT_READDATA, &s);
    rc = curl_easy_perform(c);
  }
  curl_easy_cleanup(c);
  return (CURLcode)rc;
}

TEST(every_allocation_fails_once)
{
  static const struct line_rule rules[] = {{"STARTTLS", "^$ OK\r\n"},
                                           {"CAPABILITY", "* CAPABILITY STARTTLS AUTH=PLAIN SASL-IR\r\n$ OK\r\n"},
                                           {"AUTHENTICATE", "$ OK\r\n"},
                                           LOGIN,
                                           {"UID FETCH", FETCHED},
                                           {"LIST", "* LIST {1}\r\na\r\n$ OK\r\n"},
                                           {"APPEND", "+ go\r\n"},
                                           {"end", "$ OK\r\n"},
                                           {NULL, NULL}};
  start();
  line_origin_script(&plain, "* OK hi\r\n", rules);
  every_allocation(a_message_and_an_upload, sl_mem_fail_once);
  line_origin_settle(&plain);
}
