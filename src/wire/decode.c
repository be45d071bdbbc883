/* The chain of content decoders; see decode.h.
 *
 * Stage 0 takes the bytes from the network, each later one the output of the one before it. run()
 * always steps the last stage that has anything to do, so that a stage's piece is empty when it is
 * stepped, and a pause is simply a return: all state is in the stages. */
#include "wire/decode.h"

#include <curl/curl.h>
#include <stdio.h>

#define ZLIB_CONST
#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/mem.h"
#include "base/text.h"

enum coding { CODING_GZIP, CODING_DEFLATE, CODING_BR, CODING_ZSTD };

/* RFC 9659: a window of more than 8 MB has no place in HTTP. */
enum { ZSTD_WINDOW_LOG_MAX = 23, RAW_TRAILER = 4, TURN = 512 };

struct stage {
  enum coding coding;
  bool started;  /* has had a byte */
  bool finished; /* has seen the end of its stream */
  bool more;     /* may have output without further input */
  bool raw;      /* deflate without the zlib wrapping */
  /* the first bytes of a deflate stream, until it is clear which kind it is */
  unsigned char head[2], head_n;
  unsigned char ignored; /* bytes after a raw deflate stream */
  bool live;             /* the decoder below exists */
  z_stream z;
  BrotliDecoderState *br;
  ZSTD_DStream *zstd;
  char *piece;  /* SL_DECODE_PIECE bytes */
  size_t at, n; /* piece[at..n) waits for the next stage or the sink */
};

struct decode {
  struct stage stages[SL_DECODE_CODINGS];
  int n_stages, n_codings;
  bool unknown; /* a coding that we do not know */
  bool pushed, end, paused, tired;
  sl_result failed;
  char *held; /* what a pause left of a push */
  size_t held_at, held_n;
  char error[160];
};

const char *sl_decode_supported(void)
{
  return "deflate, gzip, br, zstd";
}

const char *sl_decode_error(const struct decode *d)
{
  return d->error;
}

bool sl_decode_paused(const struct decode *d)
{
  return d->paused;
}

bool sl_decode_tired(const struct decode *d)
{
  return d->tired;
}

static sl_result fail(struct decode *d, sl_result result, const char *text)
{
  snprintf(d->error, sizeof d->error, "%s", text);
  return d->failed = result;
}

static sl_result bad(struct decode *d, const char *coding, const char *why)
{
  snprintf(d->error, sizeof d->error, "Invalid %s data in the response: %s", coding,
           why ? why : "not decodable");
  return d->failed = CURLE_BAD_CONTENT_ENCODING;
}

/* ---- the chain ---- */

static bool coding_of(struct slice name, enum coding *out_coding)
{
  if (sl_text_ieq_str(name, "gzip") || sl_text_ieq_str(name, "x-gzip"))
    *out_coding = CODING_GZIP;
  else if (sl_text_ieq_str(name, "deflate"))
    *out_coding = CODING_DEFLATE;
  else if (sl_text_ieq_str(name, "br"))
    *out_coding = CODING_BR;
  else if (sl_text_ieq_str(name, "zstd"))
    *out_coding = CODING_ZSTD;
  else
    return false;
  return true;
}

sl_result sl_decode_add(struct decode *d, struct slice value)
{
  if (d->pushed) /* a running zlib stream must not be moved */
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct slice name;
  while (sl_text_next(&value, ',', &name)) {
    if (!name.n)
      continue;
    if (++d->n_codings > SL_DECODE_CODINGS)
      return fail(d, CURLE_BAD_CONTENT_ENCODING, "The response has more than 5 content encodings");
    if (sl_text_ieq_str(name, "identity") || sl_text_ieq_str(name, "none"))
      continue;
    enum coding coding;
    if (!coding_of(name, &coding)) {
      d->unknown = true;
      continue;
    }
    /* applied last, undone first */
    memmove(&d->stages[1], &d->stages[0], (size_t)d->n_stages++ * sizeof d->stages[0]);
    d->stages[0] = (struct stage){.coding = coding};
  }
  return SL_OK;
}

sl_result sl_decode_new(struct slice value, struct decode **out_chain)
{
  struct decode *d = sl_calloc(1, sizeof *d);
  if (!d)
    return SL_NOMEM;
  sl_result result = sl_decode_add(d, value);
  if (result != SL_OK) {
    sl_decode_free(d);
    return result;
  }
  *out_chain = d;
  return SL_OK;
}

static void stage_done(struct stage *s)
{
  if (s->live && (s->coding == CODING_GZIP || s->coding == CODING_DEFLATE))
    inflateEnd(&s->z);
  BrotliDecoderDestroyInstance(s->br);
  ZSTD_freeDStream(s->zstd);
  sl_free(s->piece);
  *s = (struct stage){.coding = s->coding};
}

void sl_decode_free(struct decode *d)
{
  if (!d)
    return;
  for (int i = 0; i < d->n_stages; i++)
    stage_done(&d->stages[i]);
  sl_free(d->held);
  sl_free(d);
}

/* ---- a stage ---- */

static voidpf zlib_alloc(voidpf opaque, uInt items, uInt size)
{
  (void)opaque;
  return sl_calloc(items, size);
}

static void zlib_free(voidpf opaque, voidpf p)
{
  (void)opaque;
  sl_free(p);
}

static void *brotli_alloc(void *opaque, size_t size)
{
  (void)opaque;
  return sl_malloc(size);
}

static void brotli_free(void *opaque, void *p)
{
  (void)opaque;
  sl_free(p);
}

static bool zlib_open(struct stage *s, int window_bits)
{
  s->z = (z_stream){.zalloc = zlib_alloc, .zfree = zlib_free};
  return s->live = inflateInit2(&s->z, window_bits) == Z_OK;
}

/* False: out of memory. */
static bool stage_open(struct stage *s)
{
  s->started = true;
  s->piece = sl_malloc(SL_DECODE_PIECE);
  if (!s->piece)
    return false;
  switch (s->coding) {
  case CODING_GZIP:
    return zlib_open(s, MAX_WBITS + 32); /* zlib data under the name of gzip is seen, too */
  case CODING_DEFLATE:
    return true; /* opened when its first two bytes are known */
  case CODING_BR:
    s->br = BrotliDecoderCreateInstance(brotli_alloc, brotli_free, NULL);
    return s->live = s->br != NULL;
  case CODING_ZSTD:
    s->zstd = ZSTD_createDStream();
    return s->live = s->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax,
                                                                     ZSTD_WINDOW_LOG_MAX));
  }
  return false;
}

/* One inflate() into the empty piece. */
static sl_result step_zlib(struct decode *d, struct stage *s, struct slice *in)
{
  const char *name = s->coding == CODING_GZIP ? "gzip" : "deflate";
  size_t given = in->n < 0x40000000 ? in->n : 0x40000000;
  s->z.next_in = (const Bytef *)in->p;
  s->z.avail_in = (uInt)given;
  s->z.next_out = (Bytef *)s->piece;
  s->z.avail_out = SL_DECODE_PIECE;
  int rc = inflate(&s->z, Z_SYNC_FLUSH);
  *in = slice_from(*in, given - s->z.avail_in);
  s->at = 0;
  s->n = SL_DECODE_PIECE - s->z.avail_out;
  s->more = s->z.avail_out == 0 && rc == Z_OK;
  if (rc == Z_STREAM_END)
    s->finished = true;
  else if (rc == Z_MEM_ERROR)
    return fail(d, SL_NOMEM, "");
  else if (rc == Z_NEED_DICT)
    return bad(d, name, "it needs a dictionary");
  else if (rc != Z_OK && rc != Z_BUF_ERROR)
    return bad(d, name, s->z.msg);
  return SL_OK;
}

/* Servers say "deflate" and send either zlib (RFC 1950, right) or bare deflate data (RFC 1951). The
 * first two bytes of a zlib stream tell. They may come one by one, so they are kept and fed from
 * here. */
static sl_result step_deflate(struct decode *d, struct stage *s, struct slice *in)
{
  if (s->live)
    return step_zlib(d, s, in);
  while (in->n && s->head_n < 2) {
    s->head[s->head_n++] = (unsigned char)*in->p;
    *in = slice_from(*in, 1);
  }
  if (s->head_n < 2)
    return SL_OK;
  unsigned cmf = s->head[0], flg = s->head[1];
  bool wrapped = (cmf & 15) == Z_DEFLATED && cmf >> 4 <= 7 && (cmf << 8 | flg) % 31 == 0;
  s->raw = !wrapped;
  if (!zlib_open(s, wrapped ? MAX_WBITS : -MAX_WBITS))
    return fail(d, SL_NOMEM, "");
  struct slice head = {(const char *)s->head, 2};
  sl_result result = step_zlib(d, s, &head);
  if (result == SL_OK && head.n) /* a stream of one byte cannot be */
    return bad(d, "deflate", NULL);
  return result;
}

static sl_result step_br(struct decode *d, struct stage *s, struct slice *in)
{
  const uint8_t *next_in = (const uint8_t *)in->p;
  uint8_t *next_out = (uint8_t *)s->piece;
  size_t left_in = in->n, left_out = SL_DECODE_PIECE;
  BrotliDecoderResult rc =
      BrotliDecoderDecompressStream(s->br, &left_in, &next_in, &left_out, &next_out, NULL);
  *in = slice_from(*in, in->n - left_in);
  s->at = 0;
  s->n = SL_DECODE_PIECE - left_out;
  s->more = rc == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
  if (rc == BROTLI_DECODER_RESULT_SUCCESS)
    s->finished = true;
  if (rc != BROTLI_DECODER_RESULT_ERROR)
    return SL_OK;
  BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(s->br);
  if (code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
      code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES)
    return fail(d, SL_NOMEM, "");
  return bad(d, "br", NULL);
}

static sl_result step_zstd(struct decode *d, struct stage *s, struct slice *in)
{
  ZSTD_inBuffer zin = {in->p, in->n, 0};
  ZSTD_outBuffer zout = {s->piece, SL_DECODE_PIECE, 0};
  size_t rc = ZSTD_decompressStream(s->zstd, &zout, &zin);
  if (ZSTD_isError(rc)) {
    if (ZSTD_getErrorCode(rc) == ZSTD_error_memory_allocation)
      return fail(d, SL_NOMEM, "");
    return bad(d, "zstd", ZSTD_getErrorName(rc));
  }
  *in = slice_from(*in, zin.pos);
  s->at = 0;
  s->n = zout.pos;
  s->more = rc != 0 && zout.pos == SL_DECODE_PIECE;
  s->finished = rc == 0; /* another frame may follow */
  return SL_OK;
}

/* Bytes after the end: refused, but for the trailer that some servers send after bare deflate data.
 */
static sl_result after_end(struct decode *d, struct stage *s, struct slice *in)
{
  if (s->raw && s->ignored + in->n <= RAW_TRAILER) {
    s->ignored = (unsigned char)(s->ignored + in->n);
    *in = slice_from(*in, in->n);
    return SL_OK;
  }
  bool member = s->coding == CODING_GZIP && (unsigned char)*in->p == 0x1f;
  return fail(d, CURLE_WRITE_ERROR,
              member ? "A gzip response of several members is not supported"
                     : "The response goes on after the end of its compressed data");
}

static sl_result step_coding(struct decode *d, struct stage *s, struct slice *in)
{
  switch (s->coding) {
  case CODING_GZIP:
    return step_zlib(d, s, in);
  case CODING_DEFLATE:
    return step_deflate(d, s, in);
  case CODING_BR:
    return step_br(d, s, in);
  case CODING_ZSTD:
    return step_zstd(d, s, in);
  }
  return SL_OK;
}

static sl_result step(struct decode *d, struct stage *s, struct slice *in)
{
  if (!s->started && !stage_open(s))
    return fail(d, SL_NOMEM, "");
  s->more = false;
  if (s->finished && s->coding != CODING_ZSTD)
    return after_end(d, s, in);
  size_t before = in->n;
  sl_result result = step_coding(d, s, in);
  if (result == SL_OK && before && in->n == before && !s->n && !s->finished)
    return fail(d, CURLE_BAD_CONTENT_ENCODING, "The decoder does not get on"); /* never loop */
  return result;
}

/* ---- running it ---- */

/* Gives what the last stage has to the sink. */
static sl_result deliver(struct decode *d, struct slice *in, sl_decode_sink sink, void *ctx)
{
  struct stage *last = d->n_stages ? &d->stages[d->n_stages - 1] : NULL;
  struct slice out = last ? slice_of(last->piece + last->at, last->n - last->at)
                          : slice_head(*in, SL_DECODE_PIECE);
  sl_result result = sink(ctx, out);
  if (result == SL_OK && last)
    last->at = last->n = 0;
  else if (result == SL_OK)
    *in = slice_from(*in, out.n);
  else if (result != SL_WAIT)
    d->failed = result;
  return result;
}

/* One stage's step: its input is the piece of the stage before it, or *in. */
static sl_result step_at(struct decode *d, int i, struct slice *in)
{
  if (!i)
    return step(d, &d->stages[0], in);
  struct stage *before = &d->stages[i - 1];
  struct slice piece = slice_of(before->piece + before->at, before->n - before->at);
  sl_result result = step(d, &d->stages[i], &piece);
  before->at = before->n - piece.n;
  return result;
}

/* Goes on until nothing is left to decode, or it is time for others: a few bytes may stand for very many, and coding
 * upon coding for work without any. *in is advanced. */
static sl_result run(struct decode *d, struct slice *in, sl_decode_sink sink, void *ctx)
{
  d->tired = false;
  for (int n = 0; n < TURN; n++) {
    int i = d->n_stages;
    for (; i > 0; i--) {
      const struct stage *before = &d->stages[i - 1];
      if (before->at < before->n || (i < d->n_stages && d->stages[i].more))
        break; /* stage i, or the sink, has something to do */
    }
    if (!i && !in->n && !(d->n_stages && d->stages[0].more))
      return SL_OK;
    sl_result result = i == d->n_stages ? deliver(d, in, sink, ctx) : step_at(d, i, in);
    if (result != SL_OK)
      return result;
  }
  d->tired = true;
  return SL_WAIT;
}

static sl_result check_end(struct decode *d)
{
  for (int i = 0; i < d->n_stages; i++)
    if (d->stages[i].started && !d->stages[i].finished)
      return fail(d, CURLE_BAD_CONTENT_ENCODING, "The compressed response ends too early");
  return SL_OK;
}

sl_result sl_decode_push(struct decode *d, struct slice in, bool end, sl_decode_sink sink,
                         void *ctx)
{
  if (d->failed)
    return d->failed;
  if (d->paused)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (d->unknown && in.n) {
    snprintf(d->error, sizeof d->error, "Unknown content encoding; supported are %s",
             sl_decode_supported());
    return d->failed = CURLE_BAD_CONTENT_ENCODING;
  }
  d->pushed = true;
  if (!in.n)
    in = SLICE_LIT(""); /* never NULL: decoders do arithmetic with it */
  d->end = end;
  sl_result result = run(d, &in, sink, ctx);
  if (result == SL_OK)
    return end ? check_end(d) : SL_OK;
  if (result != SL_WAIT)
    return result;
  d->paused = true;
  d->held_at = 0;
  d->held_n = in.n;
  d->held = in.n ? sl_memdup0(in.p, in.n) : NULL;
  return in.n && !d->held ? fail(d, SL_NOMEM, "") : SL_WAIT;
}

sl_result sl_decode_resume(struct decode *d, sl_decode_sink sink, void *ctx)
{
  if (d->failed)
    return d->failed;
  if (!d->paused)
    return SL_OK;
  struct slice in = SLICE_LIT("");
  if (d->held)
    in = slice_of(d->held + d->held_at, d->held_n - d->held_at);
  sl_result result = run(d, &in, sink, ctx);
  d->held_at = d->held_n - in.n;
  if (result == SL_WAIT)
    return SL_WAIT;
  d->paused = false;
  sl_free(d->held);
  d->held = NULL;
  d->held_at = d->held_n = 0;
  return result == SL_OK && d->end ? check_end(d) : result;
}
