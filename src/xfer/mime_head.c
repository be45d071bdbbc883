/* Header fields of MIME parts: RFC 2045, RFC 2183, RFC 7578. Names are escaped as browsers do it (WHATWG HTML,
 * multipart/form-data encoding algorithm) or, on request and in mails, with backslashes. */
#include "xfer/mime_head.h"

#include "base/text.h"
#include "xfer/mime_encode.h"

/* ---- fields that the application has given ---- */

/* Is it the name and one of the marks? *out_value: what follows, without spaces in front. */
static bool is_field(const char *line, struct slice name, const char *marks, struct slice *out_value)
{
  struct slice s = slice_str(line);
  if (s.n <= name.n || !s.p[name.n] || !strchr(marks, s.p[name.n]) || !sl_text_istarts(s, name))
    return false;
  s = slice_from(s, name.n + 1);
  while (s.n && *s.p == ' ')
    s = slice_from(s, 1);
  *out_value = s;
  return true;
}

static bool find_field(const struct curl_slist *l, struct slice name, struct slice *out_value)
{
  for (; l; l = l->next) {
    if (is_field(l->data, name, ":", out_value))
      return true;
  }
  return false;
}

/* All of them but the type, which has its own place. */
static void add_fields(const struct curl_slist *l, struct buf *dst)
{
  struct slice value;
  for (; l; l = l->next) {
    if (is_field(l->data, SLICE_LIT("Content-Type"), ":", &value))
      continue;
    sl_buf_str(dst, l->data);
    sl_buf_append(dst, "\r\n", 2);
  }
}

/* ---- types ---- */

const char *sl_mime_type_of_name(const char *name)
{
  static const struct {
    struct slice end;
    const char *type;
  } known[] = {
      {SLICE_LIT(".gif"), "image/gif"},      {SLICE_LIT(".jpg"), "image/jpeg"},
      {SLICE_LIT(".jpeg"), "image/jpeg"},    {SLICE_LIT(".png"), "image/png"},
      {SLICE_LIT(".svg"), "image/svg+xml"},  {SLICE_LIT(".txt"), "text/plain"},
      {SLICE_LIT(".htm"), "text/html"},      {SLICE_LIT(".html"), "text/html"},
      {SLICE_LIT(".pdf"), "application/pdf"}, {SLICE_LIT(".xml"), "application/xml"},
  };
  for (size_t i = 0; name && i < sizeof known / sizeof *known; i++) {
    if (sl_text_iends(slice_str(name), known[i].end))
      return known[i].type;
  }
  return NULL;
}

/* Plain text is what a part is anyway; only a file in a form says so. */
static const char *guess(const struct mime_style *style, const struct curl_mimepart *p)
{
  if (p->kind == MIME_PARTS)
    return "multipart/mixed";
  const char *type = sl_mime_type_of_name(p->filename);
  if (!type && p->kind == MIME_FILE) {
    type = sl_mime_type_of_name(p->path);
    if (!type && p->filename)
      type = "application/octet-stream";
  }
  bool is_plain = type && !strcmp(type, "text/plain");
  return is_plain && (style->mail || !p->filename) ? NULL : type;
}

/* What the application says about a part's type; p NULL without a word. */
static struct slice given_type(const struct curl_mimepart *p)
{
  struct slice value = SLICE_NONE;
  if (p->type)
    return slice_str(p->type);
  find_field(p->headers, SLICE_LIT("Content-Type"), &value);
  return value;
}

/* Of a form it is a field of the request, where "Name;" counts as well (CURLOPT_HTTPHEADER(3)). */
static struct slice root_type(const struct mime_style *style)
{
  struct slice value = style->mail ? SLICE_LIT("multipart/mixed") : SLICE_LIT("multipart/form-data");
  for (const struct curl_slist *l = style->headers; l; l = l->next) {
    if (is_field(l->data, SLICE_LIT("Content-Type"), style->mail ? ":" : ":;", &value))
      break;
  }
  return value;
}

static bool is_form_data(struct slice type)
{
  struct slice form = SLICE_LIT("multipart/form-data");
  return sl_text_istarts(type, form) &&
         (type.n == form.n || sl_is_space(type.p[form.n]) || type.p[form.n] == ';');
}

static void add_type(struct buf *dst, struct slice type, const struct curl_mime *parts)
{
  sl_buf_str(dst, "Content-Type: ");
  sl_buf_add(dst, type);
  if (parts) {
    sl_buf_str(dst, "; boundary=");
    sl_buf_append(dst, parts->boundary, MIME_BOUNDARY_LEN);
  }
  sl_buf_append(dst, "\r\n", 2);
}

/* ---- Content-Disposition ---- */

static const char *escaped(char c, bool backslash)
{
  if (backslash)
    return c == '"' ? "\\\"" : c == '\\' ? "\\\\" : NULL;
  return c == '"' ? "%22" : c == '\r' ? "%0D" : c == '\n' ? "%0A" : NULL;
}

static void add_parameter(struct buf *dst, const char *start, const char *value, bool backslash)
{
  if (!value)
    return;
  struct slice rest = slice_str(value);
  sl_buf_str(dst, start);
  while (rest.n) {
    size_t n = 0;
    while (n < rest.n && !escaped(rest.p[n], backslash))
      n++;
    sl_buf_append(dst, rest.p, n);
    if (n < rest.n)
      sl_buf_str(dst, escaped(rest.p[n++], backslash));
    rest = slice_from(rest, n);
  }
  sl_buf_char(dst, '"');
}

static void add_disposition(const struct mime_style *style, const struct curl_mimepart *p, struct buf *dst)
{
  const struct curl_mimepart *above = p->in->parent;
  bool form = is_form_data(above ? given_type(above) : root_type(style));
  bool backslash = style->mail || style->backslash;
  struct slice value;
  if (find_field(p->headers, SLICE_LIT("Content-Disposition"), &value))
    return;
  if (!form && !p->name && !p->filename)
    return;
  sl_buf_str(dst, form ? "Content-Disposition: form-data" : "Content-Disposition: attachment");
  add_parameter(dst, "; name=\"", p->name, backslash);
  add_parameter(dst, "; filename=\"", p->filename, backslash);
  sl_buf_append(dst, "\r\n", 2);
}

/* ---- all of it ---- */

/* Mails tell that bytes over 127 may come, unless the part says nothing of itself. */
static void add_encoding(const struct mime_style *style, const struct curl_mimepart *p, bool has_type,
                         struct buf *dst)
{
  const char *name = sl_mime_encoding_name(p->encoding);
  struct slice value;
  if (!name && style->mail && has_type && p->kind != MIME_PARTS)
    name = sl_mime_encoding_name(MIME_8BIT);
  if (!name || find_field(p->headers, SLICE_LIT("Content-Transfer-Encoding"), &value))
    return;
  sl_buf_str(dst, "Content-Transfer-Encoding: ");
  sl_buf_str(dst, name);
  sl_buf_append(dst, "\r\n", 2);
}

void sl_mime_part_head(const struct mime_style *style, const struct curl_mimepart *p, struct buf *dst)
{
  struct slice type = given_type(p);
  if (!type.p)
    type = slice_str(guess(style, p));
  add_disposition(style, p, dst);
  if (type.p)
    add_type(dst, type, p->kind == MIME_PARTS ? p->parts : NULL);
  add_encoding(style, p, type.p != NULL, dst);
  add_fields(p->headers, dst);
  sl_buf_append(dst, "\r\n", 2);
}

void sl_mime_root_type(const struct mime_style *style, const struct curl_mime *root, struct buf *dst)
{
  add_type(dst, root_type(style), root);
}

void sl_mime_root_head(const struct mime_style *style, const struct curl_mime *root, struct buf *dst)
{
  struct slice value;
  sl_mime_root_type(style, root, dst);
  if (!find_field(style->headers, SLICE_LIT("Mime-Version"), &value))
    sl_buf_str(dst, "Mime-Version: 1.0\r\n");
  add_fields(style->headers, dst);
  sl_buf_append(dst, "\r\n", 2);
}
