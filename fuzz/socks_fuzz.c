/* SOCKS proxies with hostile replies. Two bytes say what is asked of the proxy, how long the names
 * are and the size of the pieces, all others are what it replies. However it is cut, the
 * conversation comes to the same end after the same number of bytes. */
#include <stdlib.h>

#include <curl/curl.h>

#include "wire/socks_msg.h"

struct outcome {
  sl_result result;
  int proxy_error;
  size_t sent, received;
};

static struct outcome converse(const struct socks_request *request, struct slice replies,
                               size_t piece)
{
  static struct socks_talk s;
  struct outcome o = {SL_WAIT, 0, 0, 0};
  sl_socks_init(&s, request);
  for (unsigned rounds = 0; (o.result = sl_socks_run(&s)) == SL_WAIT; rounds++) {
    struct slice out = slice_head(sl_socks_out(&s), piece);
    size_t room = sl_socks_room(&s);
    if (rounds > 2000 || (!out.n && !room))
      abort(); /* neither sends nor listens */
    if (out.n) {
      if (out.p < (const char *)s.out || out.p + out.n > (const char *)s.out + sizeof s.out)
        abort();
      sl_socks_sent(&s, out.n);
      o.sent += out.n;
      continue;
    }
    if (!replies.n) {
      o.result = sl_socks_closed(&s);
      break;
    }
    if ((unsigned char *)sl_socks_in(&s) + room > s.in + sizeof s.in)
      abort();
    struct slice in = slice_head(replies, room < piece ? room : piece);
    memcpy(sl_socks_in(&s), in.p, in.n);
    sl_socks_received(&s, in.n);
    replies = slice_from(replies, in.n);
    o.received += in.n;
  }
  o.proxy_error = s.proxy_error;
  if (o.result != SL_OK && (o.result != CURLE_PROXY || !s.proxy_error || !*s.error))
    abort();
  if (o.result == SL_OK &&
      (s.proxy_error || s.in[s.type == CURLPROXY_SOCKS4 || s.type == CURLPROXY_SOCKS4A ? 0 : 1]))
    abort(); /* connected without the proxy's word */
  return o;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  static const uint8_t ip_lens[4] = {0, 4, 16, 0};
  static const uint16_t lengths[8] = {0, 1, 100, 254, 255, 256, 300, 60000};
  static char text[60000];
  if (size < 2)
    return 0;
  memset(text, 'x', sizeof text);
  struct socks_request r = {
      .type = (uint8_t)(CURLPROXY_SOCKS4 + (data[0] & 3)),
      .may_login = data[0] >> 2 & 1,
      .has_user = data[0] >> 3 & 1,
      .ip_len = ip_lens[data[0] >> 4 & 3],
      .port = 0x0102,
      .host = {text, lengths[data[1] & 7]},
      .user = {text, lengths[data[1] >> 3 & 7]},
      .password = {text, lengths[data[1] >> 6 & 3]},
  };
  struct slice replies = slice_of((const char *)data + 2, size - 2);
  struct outcome whole = converse(&r, replies, 1000),
                 cut = converse(&r, replies, 1 + (data[0] >> 6));
  if (whole.result != cut.result || whole.proxy_error != cut.proxy_error ||
      whole.sent != cut.sent || whole.received != cut.received)
    abort();
  return 0;
}
