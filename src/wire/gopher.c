/* See gopher.h. */
#include "wire/gopher.h"

#include "wire/encode.h"

/* RFC 4266 2.1: "/", a letter for the kind of the item, the selector. A tabulator in it begins the words of a search. */
bool sl_gopher_request(struct slice path, struct slice query, struct buf *out)
{
  enum { PREFIX = 2 };
  struct buf selector;
  sl_buf_init(&selector, out->max);
  sl_buf_add(&selector, path);
  if (query.p) {
    sl_buf_char(&selector, '?');
    sl_buf_add(&selector, query);
  }
  uint32_t before = out->n;
  bool good = sl_encode_from_percent(slice_from(sl_buf_peek(&selector), PREFIX), SL_PERCENT_NO_ZERO, out);
  out->nomem = out->nomem || selector.nomem;
  out->full = out->full || selector.full;
  sl_buf_done(&selector);
  struct slice said = slice_from(sl_buf_peek(out), before);
  good = good && slice_find(said, '\r') == said.n && slice_find(said, '\n') == said.n;
  sl_buf_str(out, "\r\n");
  return good && sl_buf_ok(out);
}
