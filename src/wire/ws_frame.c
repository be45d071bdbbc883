/* WebSocket frames; see ws_frame.h.
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-------+-+-------------+-------------------------------+
 *   |F|R|R|R| opcode|M| length      | 126: length in 2 bytes        |
 *   |I|S|S|S|       |A|             | 127: length in 8 bytes        |
 *   |N|V|V|V|       |S|             | then the mask, 4 bytes, if M  |
 *   +-+-+-+-+-------+-+-------------+-------------------------------+ */
#include "wire/ws_frame.h"

#include <curl/curl.h>
#include <openssl/evp.h>

#include "wire/encode.h"

enum { FIN = 0x80, RESERVED = 0x70, OPCODE = 0x0f, MASKED = 0x80, LENGTH = 0x7f };
enum { OP_CONT = 0, OP_TEXT = 1, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
enum { LENGTH_16 = 126, LENGTH_64 = 127 };
enum { DATA = CURLWS_TEXT | CURLWS_BINARY, CONTROL = CURLWS_CLOSE | CURLWS_PING | CURLWS_PONG };

/* ---- incoming ---- */

void sl_ws_decoder_init(struct ws_decoder *d)
{
  *d = (struct ws_decoder){.head_need = 2};
}

static const char *control_error(const struct ws_decoder *d)
{
  if (!(d->head[0] & FIN))
    return "a fragmented control frame";
  if ((d->head[1] & LENGTH) > WS_CONTROL_MAX)
    return "a control frame of more than 125 bytes";
  if (d->flags == CURLWS_CLOSE && (d->head[1] & LENGTH) == 1)
    return "half a status code in a close frame"; /* 5.5.1 */
  return NULL;
}

/* 5.4: a message is one frame, or its first one and continuations until FIN. */
static const char *data_error(struct ws_decoder *d, unsigned opcode)
{
  bool last = d->head[0] & FIN;
  if (opcode == OP_CONT && !d->message)
    return "a continuation of no message";
  if (opcode != OP_CONT && d->message)
    return "a new message within another one";
  if (opcode != OP_CONT)
    d->message = opcode == OP_TEXT ? CURLWS_TEXT : CURLWS_BINARY;
  d->flags = (uint8_t)(d->message | (last ? 0 : CURLWS_CONT));
  if (last)
    d->message = 0;
  return NULL;
}

/* The first two bytes are there. */
static const char *take_kind(struct ws_decoder *d)
{
  unsigned opcode = d->head[0] & OPCODE, length = d->head[1] & LENGTH;
  if (d->head[0] & RESERVED)
    return "a reserved bit that no extension gives a meaning";
  if (d->head[1] & MASKED)
    return "a masked frame from a server"; /* 5.1 */
  d->head_need = length == LENGTH_64 ? 10 : length == LENGTH_16 ? 4 : 2;
  switch (opcode) {
  case OP_CONT:
  case OP_TEXT:
  case OP_BINARY:
    return data_error(d, opcode);
  case OP_CLOSE:
    d->flags = CURLWS_CLOSE;
    return control_error(d);
  case OP_PING:
    d->flags = CURLWS_PING;
    return control_error(d);
  case OP_PONG:
    d->flags = CURLWS_PONG;
    return control_error(d);
  default:
    return "a reserved opcode";
  }
}

/* The head is complete. 5.2: the shortest form has to be used. */
static const char *take_size(struct ws_decoder *d)
{
  unsigned length = d->head[1] & LENGTH;
  uint64_t size = length < LENGTH_16 ? length : 0;
  for (int i = 2; i < d->head_need; i++)
    size = size << 8 | d->head[i];
  if (size > INT64_MAX)
    return "a length of 64 bits";
  if ((length == LENGTH_16 && size < LENGTH_16) || (length == LENGTH_64 && size <= UINT16_MAX))
    return "a length that is longer than it need be";
  d->size = (int64_t)size;
  d->at = 0;
  return NULL;
}

/* True: the head is complete. */
static bool take_head(struct ws_decoder *d, struct slice *in)
{
  while (d->head_n < d->head_need && in->n) {
    d->head[d->head_n++] = (uint8_t)*in->p;
    *in = slice_from(*in, 1);
    if (d->head_n == 2)
      d->error = take_kind(d);
    if (!d->error && d->head_n >= 2 && d->head_n == d->head_need)
      d->error = take_size(d);
    if (d->error)
      return false;
  }
  return d->head_n == d->head_need;
}

enum ws_event sl_ws_next(struct ws_decoder *d, struct slice *in, size_t most, struct ws_piece *out)
{
  if (d->error)
    return WS_BAD;
  if (!take_head(d, in))
    return d->error ? WS_BAD : WS_MORE;
  size_t n = in->n < most ? in->n : most;
  if ((int64_t)n > d->size - d->at)
    n = (size_t)(d->size - d->at);
  if (!n && d->size && most)
    return WS_MORE;
  *out = (struct ws_piece){slice_head(*in, n), d->at, d->size - d->at - (int64_t)n, d->flags};
  *in = slice_from(*in, n);
  d->at += (int64_t)n;
  if (d->at == d->size) {
    d->head_n = 0;
    d->head_need = 2;
  }
  return WS_PIECE;
}

int64_t sl_ws_payload_left(const struct ws_decoder *d)
{
  return d->head_n && d->head_n == d->head_need ? d->size - d->at : 0;
}

/* ---- outgoing ---- */

/* -1: not now. Continuations may leave out what they continue, as they always could. */
static int opcode_of(const struct ws_encoder *e, unsigned flags)
{
  unsigned kind = flags & DATA;
  switch (flags & (CONTROL | CURLWS_CONT)) {
  case CURLWS_CLOSE:
    return kind ? -1 : OP_CLOSE;
  case CURLWS_PING:
    return kind ? -1 : OP_PING;
  case CURLWS_PONG:
    return kind ? -1 : OP_PONG;
  case CURLWS_CONT:
  case 0:
    break;
  default:
    return -1;
  }
  if (e->message)
    return !kind || kind == e->message ? OP_CONT : -1;
  return kind == CURLWS_TEXT ? OP_TEXT : kind == CURLWS_BINARY ? OP_BINARY : -1;
}

size_t sl_ws_begin(struct ws_encoder *e, unsigned flags, int64_t size, const uint8_t mask[4], char dst[WS_HEAD_MAX])
{
  int opcode = opcode_of(e, flags);
  bool control = opcode >= OP_CLOSE, last = !(flags & CURLWS_CONT);
  size_t length_n = size < LENGTH_16 ? 0 : size <= UINT16_MAX ? 2 : 8, n = 2;
  if (opcode < 0 || size < 0 || (control && size > WS_CONTROL_MAX))
    return 0;
  dst[0] = (char)((last ? FIN : 0) | opcode);
  dst[1] = (char)(MASKED | (length_n == 8 ? LENGTH_64 : length_n == 2 ? LENGTH_16 : (int)size));
  while (length_n)
    dst[n++] = (char)(size >> 8 * --length_n);
  memcpy(dst + n, mask, 4);
  memcpy(e->mask, mask, 4);
  e->phase = 0;
  e->left = size;
  if (opcode == OP_TEXT || opcode == OP_BINARY)
    e->message = last ? 0 : opcode == OP_TEXT ? CURLWS_TEXT : CURLWS_BINARY;
  else if (opcode == OP_CONT && last)
    e->message = 0;
  return n + 4;
}

/* 5.3: byte i of the payload with byte i modulo 4 of the mask. */
void sl_ws_encode(const struct ws_encoder *e, struct slice payload, char *dst)
{
  uint8_t turned[8];
  uint64_t word, mask;
  size_t i = 0;
  for (unsigned k = 0; k < sizeof turned; k++)
    turned[k] = e->mask[(e->phase + k) % 4];
  memcpy(&mask, turned, sizeof mask);
  for (; payload.n - i >= sizeof word; i += sizeof word) {
    memcpy(&word, payload.p + i, sizeof word);
    word ^= mask;
    memcpy(dst + i, &word, sizeof word);
  }
  for (; i < payload.n; i++)
    dst[i] = (char)((uint8_t)payload.p[i] ^ turned[i % 4]);
}

void sl_ws_sent(struct ws_encoder *e, size_t n)
{
  e->left -= (int64_t)n;
  e->phase = (uint8_t)((e->phase + n) % 4);
}

bool sl_ws_accept(struct slice key, char dst[WS_ACCEPT_LEN + 1])
{
  static const char salt[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char hash[EVP_MAX_MD_SIZE];
  unsigned int hash_n = 0;
  struct buf text;
  sl_buf_init(&text, 1024 * 1024); /* as long as a request may be: an application may choose its own key */
  bool ok = sl_buf_add(&text, key) && sl_buf_str(&text, salt) &&
            EVP_Digest(text.p, text.n, hash, &hash_n, EVP_sha1(), NULL);
  sl_buf_clear(&text);
  ok = ok && sl_encode_base64(slice_of((const char *)hash, hash_n), &text) && text.n == WS_ACCEPT_LEN;
  if (ok)
    memcpy(dst, text.p, WS_ACCEPT_LEN + 1);
  sl_buf_done(&text);
  return ok;
}
