/* Percent-encoding for applications. A length of 0 means strlen(), a negative one is an error; the
 * handle is not looked at (RFC 3986 2). */
#include <curl/curl.h>
#include <limits.h>

#include "wire/encode.h"

/* 8 MB is the longest input that libcurl documents; here the result is limited, to what that can
 * become at most. */
enum { LONGEST_INPUT = 8000000, MAX_ESCAPED = 3 * LONGEST_INPUT };

static struct slice input_of(const char *string, int length)
{
  return length ? slice_of(string, (size_t)length) : slice_str(string);
}

char *curl_easy_escape(CURL *curl, const char *string, int length)
{
  (void)curl;
  struct buf out;
  if (!string || length < 0)
    return NULL;
  sl_buf_init(&out, MAX_ESCAPED);
  sl_encode_percent(input_of(string, length), &out);
  return sl_buf_take(&out);
}

char *curl_easy_unescape(CURL *curl, const char *string, int length, int *out_length)
{
  (void)curl;
  struct buf out;
  if (!string || length < 0)
    return NULL;
  sl_buf_init(&out, INT_MAX); /* what *out_length can tell */
  sl_encode_from_percent(input_of(string, length), SL_PERCENT_ANY, &out);
  int n = (int)out.n;
  char *plain = sl_buf_take(&out);
  if (plain && out_length)
    *out_length = n;
  return plain;
}

char *curl_escape(const char *string, int length)
{
  return curl_easy_escape(NULL, string, length);
}

char *curl_unescape(const char *string, int length)
{
  return curl_easy_unescape(NULL, string, length, NULL);
}
