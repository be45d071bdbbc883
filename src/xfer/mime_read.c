/* Reading MIME trees; see mime_read.h. */
#include "xfer/mime_read.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum {
  TEXT_MAX = 64 * 1024 * 1024, /* bytes of one part's head */
  TEXT_ENOUGH = 4096,          /* from here on it is drained before more is made */
  TEXT_FIRST = 1024,           /* room from the start: heads rarely need more */
  RAW_CAP = 8192,
  CALLBACK_ROOM = 1024, /* with less than this left behind other bytes, a callback gets the next buffer instead */
  DEPTH_MAX = 16        /* encoded multiparts in encoded multiparts */
};

static sl_result failed(struct mime_reader *r, sl_result code, const char *error)
{
  r->error = error;
  return code;
}

/* ---- life ---- */

void sl_mime_reader_init(struct mime_reader *r, struct curl_mime *root, const struct mime_style *style)
{
  *r = (struct mime_reader){.root = root, .style = style, .file = {.fd = -1}};
  sl_buf_init(&r->text, TEXT_MAX);
}

static void drop_inner(struct mime_reader *r)
{
  if (r->inner)
    sl_mime_reader_done(r->inner);
  sl_free(r->inner);
  r->inner = NULL;
}

static void reset(struct mime_reader *r)
{
  sl_input_close(&r->file);
  drop_inner(r);
  sl_buf_clear(&r->text);
  r->text_at = 0;
  r->begun = r->ended = r->streamed = r->pause = false;
  r->leaf = NULL;
  r->error = NULL;
}

void sl_mime_reader_done(struct mime_reader *r)
{
  reset(r);
  sl_buf_done(&r->text);
  sl_free(r->raw);
  r->raw = NULL;
}

/* ---- the text up to the next content ---- */

/* Encodings that change nothing need not be done to a multipart: its parts are read where they stand. */
static bool is_leaf(const struct curl_mimepart *p)
{
  return p->kind != MIME_PARTS || sl_mime_encodes(p->encoding) || p->encoding == MIME_7BIT;
}

static void add_delimiter(struct mime_reader *r, const struct curl_mime *m, bool first, const char *end)
{
  if (!first)
    sl_buf_append(&r->text, "\r\n", 2);
  sl_buf_append(&r->text, "--", 2);
  sl_buf_append(&r->text, m->boundary, MIME_BOUNDARY_LEN);
  sl_buf_str(&r->text, end);
}

/* One part's delimiter and head, or one multipart's end. */
static void add_step(struct mime_reader *r)
{
  struct curl_mime *m = r->in;
  struct curl_mimepart *p = r->next;
  if (!p) {
    add_delimiter(r, m, !m->first, "--\r\n");
    r->ended = m == r->root;
    if (!r->ended) {
      r->next = m->parent->next;
      r->in = m->parent->in;
    }
    return;
  }
  add_delimiter(r, m, p == m->first, "\r\n");
  sl_mime_part_head(r->style, p, &r->text);
  r->next = p->next;
  if (is_leaf(p)) {
    r->leaf = p;
    return;
  }
  r->in = p->parts;
  r->next = p->parts->first;
}

static sl_result next_text(struct mime_reader *r)
{
  sl_buf_clear(&r->text);
  r->text_at = 0;
  if (!r->begun) {
    r->begun = true;
    sl_buf_reserve(&r->text, TEXT_FIRST);
    r->in = r->root;
    r->next = r->root->first;
    if (r->style->mail && !r->depth)
      sl_mime_root_head(r->style, r->root, &r->text);
  }
  while (!r->leaf && !r->ended && r->text.n < TEXT_ENOUGH)
    add_step(r);
  return sl_buf_result(&r->text, CURLE_TOO_LARGE);
}

/* ---- sizes ---- */

static sl_result inner_open(struct mime_reader *r, const struct curl_mimepart *p)
{
  if (r->depth == DEPTH_MAX)
    return failed(r, CURLE_TOO_LARGE, "encoded multiparts are nested too deep");
  r->inner = sl_malloc(sizeof *r->inner);
  if (!r->inner)
    return SL_NOMEM;
  sl_mime_reader_init(r->inner, p->parts, r->style);
  r->inner->depth = (uint8_t)(r->depth + 1);
  return SL_OK;
}

static sl_result measure_inner(struct mime_reader *r, struct curl_mimepart *p)
{
  sl_result rc = inner_open(r, p);
  if (rc)
    return rc;
  rc = sl_mime_reader_measure(r->inner, &p->size);
  if (rc)
    r->error = r->inner->error;
  drop_inner(r);
  return rc;
}

static sl_result measure_leaf(struct mime_reader *r, struct curl_mimepart *p, int64_t *out_size)
{
  sl_result rc = SL_OK;
  if (p->kind == MIME_FILE)
    p->size = sl_input_size(p->path);
  else if (p->kind == MIME_PARTS)
    rc = measure_inner(r, p);
  *out_size = sl_mime_encoded_size(p->encoding, p->size);
  return rc;
}

sl_result sl_mime_reader_measure(struct mime_reader *r, int64_t *out_size)
{
  int64_t total = 0;
  sl_result rc = SL_OK;
  reset(r);
  while (!rc && !r->ended) {
    int64_t size = 0;
    rc = next_text(r);
    if (!rc && r->leaf)
      rc = measure_leaf(r, r->leaf, &size);
    r->leaf = NULL;
    if (size < 0 || total < 0 || size > INT64_MAX - TEXT_MAX - total)
      total = -1;
    else
      total += size + r->text.n;
  }
  reset(r);
  if (!rc)
    *out_size = total;
  return rc;
}

/* ---- rewinding ---- */

static sl_result seek_start(struct mime_reader *r, struct curl_mimepart *p)
{
  if (p->kind != MIME_CALLBACK || !p->started)
    return SL_OK;
  if (!p->cb.seek || p->cb.seek(p->cb.arg, 0, SEEK_SET) != CURL_SEEKFUNC_OK)
    return failed(r, CURLE_SEND_FAIL_REWIND, "Cannot rewind mime/post data");
  p->started = false;
  return SL_OK;
}

/* A pipe that has been read from cannot be read again; what is not open will be opened anew. */
static bool files_can_rewind(struct mime_reader *r)
{
  for (; r; r = r->inner) {
    if (r->file.fd >= 0 && !sl_input_rewind(&r->file))
      return false;
  }
  return true;
}

sl_result sl_mime_reader_rewind(struct mime_reader *r)
{
  if (!files_can_rewind(r))
    return failed(r, CURLE_SEND_FAIL_REWIND, "Cannot rewind mime/post data");
  struct curl_mimepart *p = NULL;
  while ((p = sl_mime_next(r->root, p))) {
    sl_result rc = seek_start(r, p);
    if (rc)
      return rc;
  }
  reset(r);
  return SL_OK;
}

/* ---- a content as it is before encoding ---- */

static sl_result ask_callback(struct mime_reader *r, struct curl_mimepart *p, char *dst, size_t cap, size_t *out_n)
{
  size_t n = p->cb.read(dst, 1, cap, p->cb.arg);
  if (n == CURL_READFUNC_PAUSE) {
    r->pause = true;
    return SL_WAIT;
  }
  p->started = true;
  if (n == CURL_READFUNC_ABORT)
    return failed(r, CURLE_ABORTED_BY_CALLBACK, "operation aborted by callback");
  if (n > cap)
    return failed(r, CURLE_READ_ERROR, "read function returned funny value");
  *out_n = n;
  return SL_OK;
}

static sl_result read_file(struct mime_reader *r, const char *path, char *dst, size_t cap, size_t *out_n)
{
  if (r->file.fd < 0 && !sl_input_open(&r->file, path))
    return failed(r, CURLE_READ_ERROR, "a file of the body cannot be opened");
  sl_result rc = sl_input_read(&r->file, dst, cap, out_n);
  return rc ? failed(r, rc, "a file of the body cannot be read") : SL_OK;
}

static sl_result read_inner(struct mime_reader *r, const struct curl_mimepart *p, char *dst, size_t cap, size_t *out_n)
{
  sl_result rc = r->inner ? SL_OK : inner_open(r, p);
  if (rc)
    return rc;
  rc = sl_mime_reader_read(r->inner, dst, cap, out_n);
  r->pause = r->inner->pause;
  r->streamed = r->inner->streamed;
  r->error = r->inner->error;
  return rc;
}

static sl_result fetch(struct mime_reader *r, char *dst, size_t cap, size_t *out_n)
{
  struct curl_mimepart *p = r->leaf;
  switch (p->kind) {
  case MIME_DATA:
    memcpy(dst, p->data + (p->size - r->left), cap);
    *out_n = cap;
    return SL_OK;
  case MIME_FILE:
    return read_file(r, p->path, dst, cap, out_n);
  case MIME_CALLBACK:
    return ask_callback(r, p, dst, cap, out_n);
  case MIME_PARTS:
    return read_inner(r, p, dst, cap, out_n);
  default:
    return SL_OK;
  }
}

/* SL_OK with 0: its end, which comes once. */
static sl_result read_raw(struct mime_reader *r, char *dst, size_t cap, size_t *out_n)
{
  size_t n = 0;
  bool sized = r->left >= 0;
  *out_n = 0;
  if (sized && (int64_t)cap > r->left)
    cap = (size_t)r->left;
  if (!cap)
    return SL_OK;
  sl_result rc = fetch(r, dst, cap, &n);
  if (rc)
    return rc;
  if (!n && r->left > 0)
    return failed(r, CURLE_READ_ERROR, "a part of the body is shorter than announced");
  if (sized)
    r->left -= (int64_t)n;
  else if (!n)
    r->left = 0;
  if (r->left && r->leaf->kind != MIME_PARTS && (!sized || r->leaf->kind == MIME_CALLBACK))
    r->streamed = true;
  *out_n = n;
  return SL_OK;
}

/* ---- and after it ---- */

static sl_result fill_raw(struct mime_reader *r)
{
  size_t n = 0, kept = r->raw_n - r->raw_at;
  if (kept)
    memmove(r->raw, r->raw + r->raw_at, kept);
  r->raw_at = 0;
  r->raw_n = (uint32_t)kept;
  sl_result rc = read_raw(r, r->raw + kept, RAW_CAP - kept, &n);
  if (rc)
    return rc;
  r->raw_n += (uint32_t)n;
  r->raw_end = !n;
  return SL_OK;
}

static sl_result read_encoded(struct mime_reader *r, char *dst, size_t cap, size_t *out_n)
{
  for (;;) {
    struct slice in = slice_of(r->raw + r->raw_at, r->raw_n - r->raw_at);
    *out_n = sl_mime_encode(&r->encode, &in, r->raw_end, dst, cap);
    r->raw_at = r->raw_n - (uint32_t)in.n;
    if (*out_n || r->raw_end)
      return SL_OK;
    if (r->pause) /* of an inner reader, behind bytes that were not enough */
      return SL_WAIT;
    sl_result rc = fill_raw(r);
    if (rc)
      return rc;
  }
}

static sl_result check_7bit(struct mime_reader *r, const char *p, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (p[i] & 0x80)
      return failed(r, CURLE_READ_ERROR, "a byte of a part does not fit into the encoding 7bit");
  }
  return SL_OK;
}

static sl_result read_content(struct mime_reader *r, char *dst, size_t cap, size_t *out_n)
{
  if (sl_mime_encodes(r->leaf->encoding))
    return read_encoded(r, dst, cap, out_n);
  sl_result rc = read_raw(r, dst, cap, out_n);
  if (!rc && r->leaf->encoding == MIME_7BIT)
    rc = check_7bit(r, dst, *out_n);
  return rc;
}

static sl_result begin_content(struct mime_reader *r)
{
  bool has_content = r->leaf->kind != MIME_CALLBACK || r->leaf->cb.read;
  r->left = has_content ? r->leaf->size : 0;
  r->raw_at = r->raw_n = 0;
  r->raw_end = false;
  sl_mime_encode_init(&r->encode, r->leaf->encoding);
  if (sl_mime_encodes(r->leaf->encoding) && !r->raw)
    r->raw = sl_malloc(RAW_CAP);
  return sl_mime_encodes(r->leaf->encoding) && !r->raw ? SL_NOMEM : SL_OK;
}

static void end_content(struct mime_reader *r)
{
  sl_input_close(&r->file);
  drop_inner(r);
  r->leaf = NULL;
}

/* ---- all of it ---- */

static size_t take_text(struct mime_reader *r, char *dst, size_t cap)
{
  struct slice text = slice_head(slice_from(sl_buf_peek(&r->text), r->text_at), cap);
  memcpy(dst, text.p, text.n);
  r->text_at += (uint32_t)text.n;
  return text.n;
}

/* One piece; SL_OK with 0: call again, unless all has been read. */
static sl_result read_piece(struct mime_reader *r, char *dst, size_t cap, size_t *out_n)
{
  if (r->text_at < r->text.n) {
    *out_n = take_text(r, dst, cap);
    return SL_OK;
  }
  if (!r->leaf) {
    sl_result rc = next_text(r);
    return rc || !r->leaf ? rc : begin_content(r);
  }
  sl_result rc = read_content(r, dst, cap, out_n);
  if (!rc && !*out_n)
    end_content(r);
  return rc;
}

static bool is_over(const struct mime_reader *r)
{
  return r->ended && r->text_at == r->text.n;
}

sl_result sl_mime_reader_read(struct mime_reader *r, char *dst, size_t cap, size_t *out_n)
{
  size_t n = 0;
  sl_result rc = SL_OK;
  r->pause = r->streamed = false;
  while (n < cap && !is_over(r)) {
    size_t got = 0;
    if (n && cap - n < CALLBACK_ROOM && r->leaf && r->leaf->kind == MIME_CALLBACK && r->text_at == r->text.n)
      break;
    rc = read_piece(r, dst + n, cap - n, &got);
    if (rc)
      break;
    n += got;
    if (r->pause || (n && r->streamed))
      break; /* send it while the rest is being made */
  }
  if (rc && !(rc == SL_WAIT && n))
    return rc;
  *out_n = n;
  return SL_OK;
}
