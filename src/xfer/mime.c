/* Trees of MIME parts; see mime.h. */
#include "xfer/mime.h"

#include <string.h>

#include "base/mem.h"
#include "sys/input.h"
#include "sys/random.h"

/* ---- boundaries ---- */

/* Each of 62 characters as likely as any other: bytes from 248 on are left out. */
static bool make_boundary(char *dst)
{
  static const char letters[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  enum { LETTERS = sizeof letters - 1, FAIR = 256 / LETTERS * LETTERS };
  unsigned char random[MIME_BOUNDARY_RANDOM + 10];
  char *at = dst + MIME_BOUNDARY_DASHES, *end = dst + MIME_BOUNDARY_LEN;
  memset(dst, '-', MIME_BOUNDARY_DASHES);
  while (at < end) {
    if (!sl_random_bytes(random, sizeof random))
      return false;
    for (size_t i = 0; i < sizeof random && at < end; i++) {
      if (random[i] < FAIR)
        *at++ = letters[random[i] % LETTERS];
    }
  }
  *at = 0;
  return true;
}

/* ---- life ---- */

struct curl_mime *sl_mime_new(void)
{
  struct curl_mime *m = sl_calloc(1, sizeof *m);
  if (m && !make_boundary(m->boundary)) {
    sl_free(m);
    return NULL;
  }
  if (m)
    m->app = true;
  return m;
}

static struct curl_mime *root_of(const struct curl_mimepart *p)
{
  struct curl_mime *m = p->in;
  while (m->parent)
    m = m->parent->in;
  return m;
}

static void free_attributes(struct curl_mimepart *p)
{
  sl_free(p->name);
  sl_free(p->filename);
  sl_free(p->type);
  sl_mime_headers(p, NULL, false);
}

/* Content other than parts. */
static void free_plain(struct curl_mimepart *p)
{
  if (p->kind == MIME_DATA && p->own_data)
    sl_free((void *)(uintptr_t)p->data);
  else if (p->kind == MIME_FILE)
    sl_free(p->path);
  else if (p->kind == MIME_CALLBACK && p->cb.free)
    p->cb.free(p->cb.arg);
}

/* All parts below m, m itself stays. The parts of a multipart take its place in the line of what is to be freed. */
static void drop_parts(struct curl_mime *m)
{
  struct curl_mimepart *todo = m->first;
  m->first = m->last = NULL;
  while (todo) {
    struct curl_mimepart *p = todo;
    todo = p->next;
    if (p->kind == MIME_PARTS) {
      struct curl_mime *sub = p->parts;
      if (sub->first) {
        sub->last->next = todo;
        todo = sub->first;
      }
      sl_free(sub);
    } else {
      free_plain(p);
    }
    free_attributes(p);
    sl_free(p);
  }
}

/* After something has let go of it. */
static void settle(struct curl_mime *m)
{
  bool unused = !m->app && !m->bound;
  if (m->reading)
    return;
  if (m->gone || unused)
    drop_parts(m);
  if (unused)
    sl_free(m);
}

void sl_mime_free(struct curl_mime *m)
{
  if (!m)
    return;
  if (m->parent) {
    if (sl_mime_busy(m->parent))
      return; /* it is freed with its tree */
    m->parent->kind = MIME_EMPTY;
    m->parent->size = 0;
    m->parent = NULL;
  }
  m->app = false;
  m->gone = true;
  settle(m);
}

bool sl_mime_bind(struct curl_mime *m)
{
  if (m->parent || m->bound || m->reading)
    return false;
  m->bound = true;
  return true;
}

void sl_mime_unbind(struct curl_mime *m)
{
  if (!m)
    return;
  m->bound = false;
  settle(m);
}

bool sl_mime_hold(struct curl_mime *m)
{
  if (m->reading)
    return false;
  m->reading = true;
  return true;
}

void sl_mime_release(struct curl_mime *m)
{
  m->reading = false;
  settle(m);
}

/* ---- parts ---- */

bool sl_mime_busy(const struct curl_mimepart *p)
{
  return root_of(p)->reading;
}

static struct curl_mimepart *append(struct curl_mime *m)
{
  struct curl_mimepart *p = sl_calloc(1, sizeof *p);
  if (!p)
    return NULL;
  p->in = m;
  if (m->last)
    m->last->next = p;
  else
    m->first = p;
  m->last = p;
  return p;
}

struct curl_mimepart *sl_mime_add(struct curl_mime *m)
{
  if (m->reading || (m->parent && sl_mime_busy(m->parent)))
    return NULL;
  return append(m);
}

/* What follows p when its subparts are left out. */
static struct curl_mimepart *after(const struct curl_mime *root, const struct curl_mimepart *p)
{
  while (!p->next) {
    if (p->in == root)
      return NULL;
    p = p->in->parent;
  }
  return p->next;
}

struct curl_mimepart *sl_mime_next(const struct curl_mime *root, const struct curl_mimepart *p)
{
  if (!p)
    return root->first;
  if (p->kind == MIME_PARTS && p->parts->first)
    return p->parts->first;
  return after(root, p);
}

sl_result sl_mime_text(char **slot, struct slice s)
{
  char *copy = s.p ? sl_memdup0(s.p, s.n) : NULL;
  if (s.p && !copy)
    return SL_NOMEM;
  sl_free(*slot);
  *slot = copy;
  return SL_OK;
}

void sl_mime_headers(struct curl_mimepart *p, struct curl_slist *headers, bool take)
{
  if (p->own_headers && p->headers != headers)
    curl_slist_free_all(p->headers);
  p->headers = headers;
  p->own_headers = take && headers;
}

/* ---- content ---- */

void sl_mime_clear(struct curl_mimepart *p)
{
  struct curl_mimepart before = *p;
  p->kind = MIME_EMPTY; /* first: the application's free function may look at it */
  p->size = 0;
  p->own_data = p->started = false;
  if (before.kind != MIME_PARTS) {
    free_plain(&before);
    return;
  }
  drop_parts(before.parts);
  sl_free(before.parts);
}

sl_result sl_mime_data(struct curl_mimepart *p, const char *data, size_t n, bool copy)
{
  char *own = NULL;
  sl_mime_clear(p);
  if (copy && !(own = sl_memdup0(data, n)))
    return SL_NOMEM;
  p->kind = MIME_DATA;
  p->data = copy ? own : data;
  p->own_data = copy;
  p->size = (int64_t)n;
  return SL_OK;
}

/* The last component, as basename(1) has it. */
static struct slice base_name(const char *path)
{
  struct slice s = slice_str(path);
  if (!s.n)
    return SLICE_LIT(".");
  while (s.n > 1 && s.p[s.n - 1] == '/')
    s.n--;
  size_t at = s.n;
  while (at && s.p[at - 1] != '/')
    at--;
  return at == s.n ? s : slice_from(s, at);
}

sl_result sl_mime_file(struct curl_mimepart *p, const char *path)
{
  sl_mime_clear(p);
  char *copy = sl_strdup(path);
  if (!copy || sl_mime_text(&p->filename, base_name(path))) {
    sl_free(copy);
    return SL_NOMEM;
  }
  p->kind = MIME_FILE;
  p->path = copy;
  p->size = -1;
  return sl_input_readable(path) ? SL_OK : CURLE_READ_ERROR;
}

void sl_mime_callback(struct curl_mimepart *p, const struct mime_callback *cb, int64_t size)
{
  sl_mime_clear(p);
  p->kind = MIME_CALLBACK;
  p->cb = *cb;
  p->size = size < 0 ? -1 : size;
}

static bool is_above(const struct curl_mime *m, const struct curl_mimepart *p)
{
  while (p && p->in != m)
    p = p->in->parent;
  return p != NULL;
}

static void attach(struct curl_mimepart *p, struct curl_mime *parts)
{
  p->kind = MIME_PARTS;
  p->parts = parts;
  parts->parent = p;
}

sl_result sl_mime_parts(struct curl_mimepart *p, struct curl_mime *parts)
{
  if (p->kind == MIME_PARTS && p->parts == parts)
    return SL_OK;
  sl_mime_clear(p);
  if (parts->parent || parts->bound || parts->reading || is_above(parts, p))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  attach(p, parts);
  return SL_OK;
}

/* ---- a copy ---- */

static bool copy_list(const struct curl_slist *from, struct curl_slist **out_copy)
{
  struct curl_slist *list = NULL, *last = NULL;
  for (; from; from = from->next) {
    struct curl_slist *item = curl_slist_append(NULL, from->data);
    if (!item) {
      curl_slist_free_all(list);
      return false;
    }
    if (last)
      last->next = item;
    else
      list = item;
    last = item;
  }
  *out_copy = list;
  return true;
}

/* The new content of an empty part. The argument of callbacks is shared, as curl_mime_data_cb(3) warns. */
static sl_result copy_content(const struct curl_mimepart *from, struct curl_mimepart *to)
{
  struct curl_mime *parts;
  switch (from->kind) {
  case MIME_DATA:
    return sl_mime_data(to, from->data, (size_t)from->size, from->own_data);
  case MIME_FILE:
    return sl_mime_file(to, from->path) == SL_NOMEM ? SL_NOMEM : SL_OK;
  case MIME_CALLBACK:
    sl_mime_callback(to, &from->cb, from->size);
    return SL_OK;
  case MIME_PARTS:
    parts = sl_mime_new();
    if (!parts)
      return SL_NOMEM;
    attach(to, parts);
    return SL_OK;
  default:
    return SL_OK;
  }
}

static sl_result copy_part(const struct curl_mimepart *from, struct curl_mimepart *to)
{
  struct curl_slist *headers = NULL;
  if (copy_content(from, to) || sl_mime_text(&to->name, slice_str(from->name)) ||
      sl_mime_text(&to->filename, slice_str(from->filename)) || sl_mime_text(&to->type, slice_str(from->type)))
    return SL_NOMEM;
  if (!copy_list(from->headers, &headers))
    return SL_NOMEM;
  sl_mime_headers(to, headers, true);
  to->encoding = from->encoding;
  return SL_OK;
}

/* A copy that is not finished: nobody has got it, so its callbacks' arguments have not been shared. */
static void abandon(struct curl_mime *copy)
{
  for (struct curl_mimepart *p = copy->first; p; p = sl_mime_next(copy, p)) {
    if (p->kind == MIME_CALLBACK)
      p->cb.free = NULL;
  }
  sl_mime_free(copy);
}

struct curl_mime *sl_mime_dup(const struct curl_mime *m)
{
  struct curl_mime *copy = sl_mime_new(), *into = copy;
  const struct curl_mimepart *p = m->first;
  while (copy && p) {
    struct curl_mimepart *to = append(into);
    if (!to || copy_part(p, to)) {
      abandon(copy);
      return NULL;
    }
    if (p->kind == MIME_PARTS && p->parts->first) {
      into = to->parts;
      p = p->parts->first;
      continue;
    }
    for (; !p->next && p->in != m; p = p->in->parent)
      into = into->parent->in;
    p = p->next;
  }
  if (copy)
    copy->app = false;
  return copy;
}
