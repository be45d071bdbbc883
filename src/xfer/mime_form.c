/* curl_formadd() lists as MIME trees; see mime_form.h. */
#include "xfer/mime_form.h"

#include <stdio.h>
#include <string.h>

/* ---- "-" is standard input ---- */

static size_t read_stdin(char *dst, size_t size, size_t n, void *arg)
{
  (void)arg;
  return fread(dst, size, n, stdin);
}

static int seek_stdin(void *arg, curl_off_t offset, int origin)
{
  (void)arg;
  return fseeko(stdin, (off_t)offset, origin) ? CURL_SEEKFUNC_CANTSEEK : CURL_SEEKFUNC_OK;
}

/* ---- contents ---- */

static size_t length_or_zero_terminated(const char *p, int64_t len)
{
  return len > 0 ? (size_t)len : p ? strlen(p) : 0;
}

static int64_t contents_length(const struct curl_httppost *f)
{
  return f->flags & CURL_HTTPPOST_LARGE ? f->contentlen : f->contentslength;
}

static sl_result put_file(const struct curl_httppost *f, struct curl_mimepart *p)
{
  static const struct mime_callback input = {read_stdin, seek_stdin, NULL, NULL};
  if (strcmp(f->contents, "-"))
    return sl_mime_file(p, f->contents);
  sl_mime_callback(p, &input, -1);
  return SL_OK;
}

static sl_result put_contents(const struct curl_httppost *f, curl_read_callback read, struct curl_mimepart *p)
{
  if (f->flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_READFILE))
    return put_file(f, p);
  if (f->flags & CURL_HTTPPOST_BUFFER)
    return sl_mime_data(p, f->buffer, length_or_zero_terminated(f->buffer, f->bufferlength), false);
  if (f->flags & CURL_HTTPPOST_CALLBACK) {
    struct mime_callback cb = {.read = read, .arg = f->userp};
    int64_t n = contents_length(f);
    sl_mime_callback(p, &cb, n > 0 ? n : -1);
    return SL_OK;
  }
  if (!f->contents)
    return SL_OK;
  return sl_mime_data(p, f->contents, length_or_zero_terminated(f->contents, contents_length(f)), false);
}

/* A file that is sent as a file has a name; what merely gives a field its value has none. */
static sl_result put_filename(const struct curl_httppost *f, struct curl_mimepart *p)
{
  long flags = f->flags;
  if (flags & CURL_HTTPPOST_READFILE)
    return sl_mime_text(&p->filename, SLICE_NONE);
  if (f->showfilename && flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_CALLBACK))
    return sl_mime_text(&p->filename, slice_str(f->showfilename));
  return SL_OK;
}

static sl_result put_part(const struct curl_httppost *f, curl_read_callback read, struct curl_mimepart *p)
{
  sl_mime_headers(p, f->contentheader, false);
  sl_result rc = sl_mime_text(&p->type, slice_str(f->contenttype));
  if (!rc)
    rc = put_contents(f, read, p);
  return rc ? rc : put_filename(f, p);
}

/* ---- fields ---- */

/* Several files in one field are a multipart of their own (RFC 2388 4.2; RFC 7578 does without). */
static sl_result put_files(const struct curl_httppost *f, curl_read_callback read, struct curl_mimepart *field)
{
  struct curl_mime *files = sl_mime_new();
  if (!files || sl_mime_parts(field, files))
    return SL_NOMEM;
  for (; f; f = f->more) {
    struct curl_mimepart *p = sl_mime_add(files);
    sl_result rc = p ? put_part(f, read, p) : SL_NOMEM;
    if (rc)
      return rc;
  }
  return SL_OK;
}

static sl_result put_field(const struct curl_httppost *f, curl_read_callback read, struct curl_mime *m)
{
  struct curl_mimepart *p = sl_mime_add(m);
  struct slice name = slice_of(f->name, f->name ? length_or_zero_terminated(f->name, f->namelength) : 0);
  if (!p || sl_mime_text(&p->name, name))
    return SL_NOMEM;
  return f->more ? put_files(f, read, p) : put_part(f, read, p);
}

sl_result sl_mime_from_form(const struct curl_httppost *form, curl_read_callback read, struct curl_mime **out_mime)
{
  struct curl_mime *m = sl_mime_new();
  sl_result rc = m ? SL_OK : SL_NOMEM;
  for (; form && !rc; form = form->next)
    rc = put_field(form, read, m);
  if (rc) {
    sl_mime_free(m);
    return rc;
  }
  m->app = false;
  *out_mime = m;
  return SL_OK;
}
