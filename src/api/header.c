/* curl_easy_header() and curl_easy_nextheader(): a look into the stored header fields. */
#include <curl/curl.h>

#include "api/guard.h"
#include "base/mem.h"
#include "base/text.h"
#include "xfer/header_store.h"

struct match {
  struct header_record record;
  size_t end, index, amount;
};

static struct slice name_of(struct slice line)
{
  return slice_head(line, slice_find(line, ':'));
}

static bool wanted(const struct header_record *r, unsigned origin, int request)
{
  return r->origin & origin && r->request == request;
}

/* Counts the fields of one name; the index-th of them, or the one that ends at `at`, is the match. */
static bool find(struct easy *e, struct slice name, unsigned origin, int request, size_t index, size_t at,
                 struct match *out)
{
  struct header_record r;
  size_t pos = 0, n = 0;
  bool found = false;
  while (sl_header_store_next(e, &pos, &r)) {
    if (!wanted(&r, origin, request) || !sl_text_ieq(name_of(r.line), name))
      continue;
    if (at ? pos == at : n == index) {
      *out = (struct match){.record = r, .end = pos, .index = n};
      found = true;
    }
    n++;
  }
  out->amount = n;
  return found;
}

static struct curl_header *show(struct easy *e, enum header_asker who, const struct match *m)
{
  struct slice name = name_of(m->record.line);
  struct slice value = sl_text_trim(slice_from(m->record.line, name.n + 1));
  struct header_view *v = e->header_view;
  if (!v && !(v = e->header_view = sl_calloc(1, sizeof *v)))
    return NULL;
  char *text = sl_malloc(name.n + value.n + 2);
  if (!text)
    return NULL;
  memcpy(text, name.p, name.n);
  text[name.n] = 0;
  if (value.n)
    memcpy(text + name.n + 1, value.p, value.n);
  text[name.n + 1 + value.n] = 0;
  sl_free(v->text[who]);
  v->text[who] = text;
  v->shown[who] = (struct curl_header){.name = text,
                                       .value = text + name.n + 1,
                                       .amount = m->amount,
                                       .index = m->index,
                                       .origin = m->record.origin | 1u << 27,
                                       .anchor = (void *)(uintptr_t)m->end};
  return &v->shown[who];
}

enum { ALL_ORIGINS = CURLH_HEADER | CURLH_TRAILER | CURLH_CONNECT | CURLH_1XX | CURLH_PSEUDO };

static int which_request(const struct easy *e, int request)
{
  return request == -1 ? e->headers_request : request;
}

CURLHcode curl_easy_header(CURL *curl, const char *name, size_t index, unsigned int origin, int request,
                           struct curl_header **hout)
{
  struct easy *e = sl_easy_of(curl);
  struct match m;
  if (!e || !name || !hout || !origin || origin & ~(unsigned)ALL_ORIGINS || request < -1)
    return CURLHE_BAD_ARGUMENT;
  if (!e->headers.n)
    return CURLHE_NOHEADERS;
  if (request > e->headers_request)
    return CURLHE_NOREQUEST;
  if (!find(e, slice_str(name), origin, which_request(e, request), index, 0, &m))
    return m.amount ? CURLHE_BADINDEX : CURLHE_MISSING;
  *hout = show(e, HEADER_BY_NAME, &m);
  return *hout ? CURLHE_OK : CURLHE_OUT_OF_MEMORY;
}

struct curl_header *curl_easy_nextheader(CURL *curl, unsigned int origin, int request, struct curl_header *prev)
{
  struct easy *e = sl_easy_of(curl);
  struct header_record r;
  struct match m;
  if (!e || request < -1 || request > e->headers_request)
    return NULL;
  size_t pos = 0;
  bool behind = !prev;
  request = which_request(e, request);
  while (sl_header_store_next(e, &pos, &r)) {
    if (behind && wanted(&r, origin, request))
      return find(e, name_of(r.line), origin, request, 0, pos, &m) ? show(e, HEADER_IN_ORDER, &m) : NULL;
    behind = behind || (uintptr_t)prev->anchor == pos;
  }
  return NULL;
}
