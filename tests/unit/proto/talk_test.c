/* What conversations in lines share: a command is one line, the first reason of a failure stays. */
#include "proto/talk.h"

#include <curl/curl.h>

#include "tests/test.h"

TEST(a_command_is_one_line)
{
  struct buf error;
  struct talk k;
  sl_buf_init(&error, CURL_ERROR_SIZE);
  sl_talk_init(&k, 40, &error);
  CHECK_INT(sl_talk_say(&k, "NOOP", NULL), SL_OK);
  CHECK_INT(sl_talk_say(&k, "USER", "a b"), SL_OK);
  CHECK_STR(k.out.p, "NOOP\r\nUSER a b\r\n");
  CHECK_INT(sl_talk_say(&k, "USER", "a\r\nDELE 1"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_talk_say(&k, "USER", "a\nDELE 1"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_talk_say(&k, "RETR\rDELE", "1"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_STR(k.out.p, "NOOP\r\nUSER a b\r\n");
  CHECK_STR(error.p, "Line break in a command");
  CHECK_INT(sl_talk_say(&k, "USER", "somebody with a very long name"), CURLE_TOO_LARGE);
  sl_talk_done(&k);
  sl_buf_done(&error);
}

TEST(the_first_reason_wins)
{
  struct buf error;
  struct talk k;
  sl_buf_init(&error, CURL_ERROR_SIZE);
  sl_talk_init(&k, 40, &error);
  CHECK_INT(sl_talk_fail(&k, CURLE_LOGIN_DENIED, "denied: %d", 5), CURLE_LOGIN_DENIED);
  CHECK_INT(sl_talk_fail(&k, CURLE_WEIRD_SERVER_REPLY, "what?"), CURLE_WEIRD_SERVER_REPLY);
  CHECK_STR(error.p, "denied: 5");
  sl_talk_done(&k);
  sl_buf_done(&error);
}

TEST(a_reply_is_taken_once)
{
  struct talk k = {.has_reply = true};
  CHECK(sl_talk_take_reply(&k));
  CHECK(!sl_talk_take_reply(&k));
}
