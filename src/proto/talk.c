/* See talk.h. */
#include "proto/talk.h"

#include <stdarg.h>
#include <stdio.h>

#include <curl/curl.h>

void sl_talk_init(struct talk *k, uint32_t out_max, struct buf *error)
{
  *k = (struct talk){.error = error};
  sl_buf_init(&k->out, out_max);
}

void sl_talk_done(struct talk *k)
{
  sl_buf_done(&k->out);
}

sl_result sl_talk_fail(struct talk *k, sl_result code, const char *format, ...)
{
  char text[CURL_ERROR_SIZE];
  va_list ap;
  if (k->error->n)
    return code;
  va_start(ap, format);
  vsnprintf(text, sizeof text, format, ap);
  va_end(ap);
  sl_buf_str(k->error, text);
  return code;
}

sl_result sl_talk_say(struct talk *k, const char *verb, const char *argument)
{
  if (strpbrk(verb, "\r\n") || (argument && strpbrk(argument, "\r\n")))
    return sl_talk_fail(k, CURLE_BAD_FUNCTION_ARGUMENT, "Line break in a command");
  sl_buf_str(&k->out, verb);
  if (argument) {
    sl_buf_char(&k->out, ' ');
    sl_buf_str(&k->out, argument);
  }
  sl_buf_str(&k->out, "\r\n");
  return sl_buf_result(&k->out, CURLE_TOO_LARGE);
}

bool sl_talk_take_reply(struct talk *k)
{
  bool had = k->has_reply;
  k->has_reply = false;
  return had;
}
