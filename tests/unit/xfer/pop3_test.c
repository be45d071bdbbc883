/* POP3 in whole transfers, with a scripted server in this process: bodies, connections that are used again, TLS in the
 * middle, servers that misbehave, sockets from the application, pauses, and every allocation failing. */
#define MAIL_SCHEME "pop3"
#define MAIL_PATH "1"
#define MAIL_BYE "QUIT|"
#include "tests/unit/xfer/mail_client.h"

#define CAPA "+OK\r\nUSER\r\n.\r\n"
#define BODY "Subject: x\r\n\r\n.\r\n..\r\nend\r\n"
#define STUFFED "Subject: x\r\n\r\n..\r\n...\r\nend\r\n.\r\n"
#define SAID "CAPA|USER user|PASS secret|"
#define LOGIN {"CAPA", CAPA}, {"USER", "+OK\r\n"}, {"PASS", "+OK\r\n"}, {"QUIT", "!+OK\r\n"}

static const struct line_rule usual[] = {LOGIN, {"RETR 1", "+OK\r\n" STUFFED}, {"RETR", "-ERR no\r\n"}, {NULL, NULL}};

/* ---- messages ---- */

TEST(a_message_in_pieces_of_every_size)
{
  struct got g;
  start();
  for (size_t piece = 0; piece < 40; piece++) {
    struct line_origin *o = piece % 4 == 3 ? &secure : &plain;
    line_origin_script(o, "+OK hi\r\n", usual);
    o->piece = piece;
    CURL *c = handle(o, &g);
    curl_off_t bytes = 0;
    double total = 0;
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    curl_easy_getinfo(c, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    curl_easy_getinfo(c, CURLINFO_STARTTRANSFER_TIME, &total);
    CHECK_INT(bytes, sizeof BODY - 1);
    CHECK(total > 0);
    finish(o, c);
    CHECK_STR(g.body, BODY);
    CHECK_STR(o->log, "#" SAID "RETR 1|QUIT|");
  }
}

TEST(a_connection_is_used_again)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  CURL *c = handle(&plain, &g);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  set_url(c, &plain, "2");
  CHECK_INT(curl_easy_perform(c), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(g.error, "The server refused the command");
  set_url(c, &plain, "1");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(said(&plain), "#" SAID "RETR 1|RETR 1|RETR 2|#" SAID "RETR 1|");
}

TEST(another_login_is_another_connection)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  CURL *c = handle(&plain, &g);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_PASSWORD, "other");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, "AUTH=LOGIN"); /* how, not who */
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_SASL_AUTHZID, "another");
  CHECK_INT(curl_easy_perform(c), CURLE_LOGIN_DENIED);
  curl_easy_setopt(c, CURLOPT_SASL_AUTHZID, NULL);
  curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, "AUTH=+LOGIN");
  CHECK_INT(curl_easy_perform(c), CURLE_URL_MALFORMAT);
  curl_easy_setopt(c, CURLOPT_LOGIN_OPTIONS, NULL);
  curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
  CHECK_INT(curl_easy_perform(c), CURLE_USE_SSL_FAILED);
  finish(&plain, c);
  CHECK_STR(said(&plain), "#" SAID "RETR 1|#CAPA|USER user|PASS other|RETR 1|RETR 1|#CAPA|#CAPA|");
}

TEST(a_dead_connection_is_replaced)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  CURL *c = handle(&plain, &g);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  plain.close_at = 1;
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(g.body, BODY BODY);
  CHECK_STR(plain.log, "#" SAID "RETR 1|RETR 1|#" SAID "RETR 1|QUIT|");
}

TEST(without_a_body)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  CURL *c = handle(&plain, &g);
  curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_NOBODY, 0L); /* what is unread is no answer to the next command */
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(g.body, BODY);
}

TEST(a_body_that_nobody_has_asked_for_may_come_late)
{
  static const struct line_rule rules[] = {LOGIN, {"RETR", "+OK\r\n"}, {"STAT", "+OK 1 2\r\n"}, {NULL, NULL}};
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", rules);
  CURL *c = handle(&plain, &g);
  curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "STAT");
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(said(&plain), "#" SAID "RETR 1|#" SAID "RETR 1|#" SAID "STAT 1|STAT 1|");
}

TEST(no_uploads)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  CURL *c = handle(&plain, &g);
  curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
  CHECK_INT(once(&plain, c), CURLE_UPLOAD_FAILED);
  CHECK_STR(plain.log, "");
}

TEST(pauses)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  CURL *c = handle(&plain, &g);
  g.pauses = 6;
  CHECK_INT(perform_unpausing(c), CURLE_OK);
  CHECK_STR(g.body, BODY);
  CHECK_INT(g.pauses, 0);
  finish(&plain, c);
}

/* ---- SASL ---- */

/* What the answer to a challenge says of the service. */
static void check_service(const char *name, const char *want)
{
  static const struct line_rule rules[] = {
      {"CAPA", "+OK\r\nSASL DIGEST-MD5\r\n.\r\n"},
      {"AUTH DIGEST-MD5", "+ cmVhbG09InIiLG5vbmNlPSJuIixxb3A9ImF1dGgiLGNoYXJzZXQ9dXRmLTgsYWxnb3JpdGhtPW1kNS1zZXNz\r\n"},
      {"", "-ERR\r\n"}, {NULL, NULL}};
  unsigned char text[LINE_LOG] = "";
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", rules);
  CURL *c = handle(&plain, &g);
  curl_easy_setopt(c, CURLOPT_SERVICE_NAME, name);
  CHECK_INT(once(&plain, c), CURLE_LOGIN_DENIED);
  char *answer = strstr(plain.log, "MD5|");
  if (!CHECK(answer) || !CHECK(strchr(answer + 4, '|')))
    return;
  *strchr(answer + 4, '|') = 0;
  CHECK(EVP_DecodeBlock(text, (unsigned char *)answer + 4, (int)strlen(answer + 4)) > 0);
  if (!CHECK(strstr((char *)text, want)))
    printf("# %s\n", (char *)text);
}

TEST(the_service_has_a_name)
{
  check_service(NULL, "digest-uri=\"pop/127.0.0.1\"");
  check_service("mail", "digest-uri=\"mail/127.0.0.1\"");
}

/* ---- TLS in the middle (lesson 3) ---- */

#define CAPA_STLS "+OK\r\nUSER\r\nSTLS\r\n.\r\n"

static CURLcode with_stls(const struct line_rule *rules, long level, struct got *g)
{
  start();
  line_origin_script(&plain, "+OK hi\r\n", rules);
  CURL *c = handle(&plain, g);
  curl_easy_setopt(c, CURLOPT_USE_SSL, level);
  return once(&plain, c);
}

TEST(stls)
{
  static const struct line_rule rules[] = {
      {"CAPA", CAPA_STLS}, {"STLS", "^+OK\r\n"}, {"USER", "+OK\r\n"}, {"PASS", "+OK\r\n"}, {"QUIT", "!+OK\r\n"},
      {"RETR", "+OK\r\n" STUFFED}, {NULL, NULL}};
  struct got g;
  CHECK_INT(with_stls(rules, CURLUSESSL_ALL, &g), CURLE_OK);
  CHECK_STR(g.body, BODY);
  CHECK_STR(plain.log, "#CAPA|STLS|CAPA=|USER user=|PASS secret=|RETR 1=|QUIT=|");
}

TEST(a_certificate_of_another)
{
  static const struct line_rule rules[] = {{"CAPA", CAPA_STLS}, {"STLS", "^+OK\r\n"}, {NULL, NULL}};
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", rules);
  CURL *c = handle(&plain, &g);
  curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
  curl_easy_setopt(c, CURLOPT_CAINFO_BLOB, NULL);
  curl_easy_setopt(c, CURLOPT_CAINFO, NULL);
  curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
  CHECK_INT(once(&plain, c), CURLE_PEER_FAILED_VERIFICATION);
  CHECK_STR(plain.log, "#CAPA|STLS|");
}

TEST(what_is_said_in_clear_does_not_count_under_tls)
{
  static const struct line_rule accepted[] = {{"CAPA", CAPA_STLS}, {"STLS", "+OK\r\n" CAPA "+OK\r\n"}, {NULL, NULL}};
  static const struct line_rule refused[] = {{"CAPA", CAPA_STLS}, {"STLS", "-ERR\r\n+OK\r\n+OK\r\n"}, {NULL, NULL}};
  struct got g;
  CHECK_INT(with_stls(accepted, CURLUSESSL_ALL, &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(plain.log, "#CAPA|STLS|");
  CHECK_INT(with_stls(refused, CURLUSESSL_TRY, &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(plain.log, "#CAPA|STLS|");
}

TEST(no_password_in_clear)
{
  static const struct line_rule refused[] = {{"CAPA", CAPA_STLS}, {"STLS", "-ERR\r\n"}, {NULL, NULL}};
  struct got g;
  CHECK_INT(with_stls(usual, CURLUSESSL_CONTROL, &g), CURLE_USE_SSL_FAILED);
  CHECK_STR(plain.log, "#CAPA|");
  CHECK_INT(with_stls(refused, CURLUSESSL_ALL, &g), CURLE_USE_SSL_FAILED);
  CHECK_STR(plain.log, "#CAPA|STLS|");
}

/* ---- servers that misbehave ---- */

static CURLcode with_reply(const char *greeting, const char *capa, const char *retr, struct got *g)
{
  const struct line_rule rules[] = {{"CAPA", capa}, LOGIN, {"RETR", retr}, {NULL, NULL}};
  start();
  line_origin_script(&plain, greeting, rules);
  CURL *c = handle(&plain, g);
  bool is_silent = !*greeting || !*capa;
  curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, is_silent ? 300L : 7000L);
  return once(&plain, c);
}

TEST(servers_that_misbehave)
{
  static char line[100000];
  struct got g;
  memset(line, 'x', sizeof line - 1);
  CHECK_INT(with_reply("-ERR\r\n", CAPA, "", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(with_reply("", CAPA, "", &g), CURLE_OPERATION_TIMEDOUT);
  CHECK_STR(g.error, "POP3 response timeout");
  CHECK_INT(with_reply("~a logo without an end\r\n", CAPA, "", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(g.error, "too long a server's reply");
  CHECK_INT(with_reply(line, CAPA, "", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(g.error, "too long a line in a server's reply");
  CHECK_INT(with_reply("+OK hi\r\n", "~+OK\r\nSASL PLAIN\r\n", "", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(g.error, "too long a server's reply");
  CHECK_INT(with_reply("+OK hi\r\n", "", "", &g), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(with_reply("+OK hi\r\n", CAPA, "+ go on\r\n", &g), CURLE_WEIRD_SERVER_REPLY);
  CHECK_INT(with_reply("+OK hi\r\n", CAPA, "!+O", &g), CURLE_RECV_ERROR);
  CHECK_INT(with_reply("+OK hi\r\n", CAPA, "!+OK\r\nhalf\r\n.", &g), CURLE_PARTIAL_FILE);
  CHECK_STR(g.body, "half\r\n");
}

TEST(each_reply_has_its_time)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  plain.delay_ms = 150; /* of six replies */
  CURL *c = handle(&plain, &g);
  curl_easy_setopt(c, CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, 600L);
  CHECK_INT(once(&plain, c), CURLE_OK);
}

TEST(what_is_behind_a_message_is_no_answer)
{
  static const struct line_rule rules[] = {LOGIN, {"RETR", "+OK\r\n" STUFFED "+OK\r\nforged\r\n.\r\n"}, {NULL, NULL}};
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", rules);
  CURL *c = handle(&plain, &g);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  finish(&plain, c);
  CHECK_STR(g.body, BODY BODY);
  CHECK_STR(said(&plain), "#" SAID "RETR 1|#" SAID "RETR 1|");
}

TEST(no_second_command_in_an_option)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  CURL *c = handle(&plain, &g);
  curl_easy_setopt(c, CURLOPT_USERNAME, "user\r\nDELE 1");
  CHECK_INT(curl_easy_perform(c), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_setopt(c, CURLOPT_USERNAME, "user");
  curl_easy_setopt(c, CURLOPT_PASSWORD, "secret\nDELE 1");
  CHECK_INT(curl_easy_perform(c), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_setopt(c, CURLOPT_PASSWORD, "secret");
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "NOOP%0aDELE 1");
  CHECK_INT(curl_easy_perform(c), CURLE_URL_MALFORMAT);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, "NOOP\nDELE 1");
  CHECK_INT(curl_easy_perform(c), CURLE_URL_MALFORMAT);
  curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, NULL);
  set_url(c, &plain, "1%0d%0aDELE%201");
  CHECK_INT(once(&plain, c), CURLE_URL_MALFORMAT);
  CHECK(!strstr(plain.log, "DELE"));
}

/* ---- sockets of the application ---- */

TEST(refused_and_replaced_sockets)
{
  struct got g;
  start();
  line_origin_script(&plain, "+OK hi\r\n", usual);
  sockets_of_the_application(&g);
  CHECK_STR(g.body, BODY);
  CHECK_STR(said(&plain), "#" SAID "RETR 1|");
}

/* ---- memory ---- */

static CURLcode two_messages(void)
{
  struct got g;
  CURL *c = curl_easy_init();
  CURLcode rc = c ? set_up(c, &plain, &g) : CURLE_OUT_OF_MEMORY;
  if (!rc)
    rc = curl_easy_setopt(c, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
  if (!rc)
    rc = curl_easy_setopt(c, CURLOPT_SASL_IR, 1L);
  if (!rc)
    rc = curl_easy_perform(c);
  if (!rc)
    rc = curl_easy_perform(c);
  if (!rc)
    CHECK_STR(g.body, BODY BODY);
  curl_easy_cleanup(c);
  return rc;
}

TEST(every_allocation_fails_once)
{
  static const struct line_rule rules[] = {{"CAPA", "+OK\r\nUSER\r\nSTLS\r\nSASL PLAIN\r\n.\r\n"},
                                           {"STLS", "^+OK\r\n"}, {"AUTH", "+OK\r\n"}, {"QUIT", "!+OK\r\n"},
                                           {"RETR", "+OK\r\n" STUFFED}, {NULL, NULL}};
  start();
  line_origin_script(&plain, "+OK hi\r\n", rules);
  every_allocation(two_messages, sl_mem_fail_once);
  line_origin_settle(&plain);
}
