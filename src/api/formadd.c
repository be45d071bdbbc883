/* curl_formadd() and its relatives: forms as lists of struct curl_httppost, from before there were MIME trees. */
#include <curl/curl.h>

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/slice.h"
#include "xfer/mime_form.h"
#include "xfer/mime_head.h"
#include "xfer/mime_read.h"

#undef curl_formadd
#undef curl_formfree

/* ---- one call: a field, and behind it in `more` further files of the same field ---- */

struct draft {
  struct curl_httppost *first, *now;
  const char *copy_name, *copy_contents; /* of the first, copied when their lengths are known */
};

union form_value {
  void *ptr;
  int64_t num;
};

static void free_field(struct curl_httppost *f)
{
  if (!(f->flags & CURL_HTTPPOST_PTRNAME))
    sl_free(f->name);
  if (!(f->flags & (CURL_HTTPPOST_PTRCONTENTS | CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_CALLBACK)))
    sl_free(f->contents);
  sl_free(f->contenttype);
  sl_free(f->showfilename);
  sl_free(f);
}

static void free_files(struct curl_httppost *f)
{
  while (f) {
    struct curl_httppost *more = f->more;
    free_field(f);
    f = more;
  }
}

void curl_formfree(struct curl_httppost *form)
{
  while (form) {
    struct curl_httppost *next = form->next;
    free_files(form);
    form = next;
  }
}

static CURLFORMcode another_file(struct draft *d)
{
  struct curl_httppost *f = sl_calloc(1, sizeof *f);
  if (!f)
    return CURL_FORMADD_MEMORY;
  f->flags = CURL_HTTPPOST_FILENAME;
  d->now->more = f;
  d->now = f;
  return CURL_FORMADD_OK;
}

static CURLFORMcode put_string(char **slot, const char *s)
{
  if (*slot)
    return CURL_FORMADD_OPTION_TWICE;
  if (!s)
    return CURL_FORMADD_NULL;
  *slot = sl_strdup(s);
  return *slot ? CURL_FORMADD_OK : CURL_FORMADD_MEMORY;
}

/* ---- what each option does ---- */

static bool has_contents(const struct draft *d)
{
  return d->now->contents || (d->now == d->first && d->copy_contents);
}

static CURLFORMcode put_name(struct draft *d, char *name, bool copy)
{
  if (d->first->name || d->copy_name)
    return CURL_FORMADD_OPTION_TWICE;
  if (!name)
    return CURL_FORMADD_NULL;
  if (copy) {
    d->copy_name = name;
  } else {
    d->first->name = name;
    d->first->flags |= CURL_HTTPPOST_PTRNAME;
  }
  return CURL_FORMADD_OK;
}

static CURLFORMcode put_contents(struct draft *d, char *contents, bool copy)
{
  if (has_contents(d))
    return CURL_FORMADD_OPTION_TWICE;
  if (!contents)
    return CURL_FORMADD_NULL;
  if (copy) {
    d->copy_contents = contents;
  } else {
    d->now->contents = contents;
    d->now->flags |= CURL_HTTPPOST_PTRCONTENTS;
  }
  return CURL_FORMADD_OK;
}

/* FILECONTENT, BUFFERPTR and STREAM win over bytes that were given before them. */
static void drop_contents(struct draft *d)
{
  if (d->now == d->first)
    d->copy_contents = NULL;
  if (d->now->flags & CURL_HTTPPOST_FILENAME)
    sl_free(d->now->contents);
  d->now->contents = NULL;
}

static CURLFORMcode put_filecontent(struct draft *d, const char *path)
{
  if (d->now->flags & ~CURL_HTTPPOST_FILENAME & ~CURL_HTTPPOST_PTRNAME)
    return CURL_FORMADD_OPTION_TWICE;
  if (!path)
    return CURL_FORMADD_NULL;
  drop_contents(d);
  d->now->flags |= CURL_HTTPPOST_READFILE;
  return put_string(&d->now->contents, path);
}

static CURLFORMcode put_file(struct draft *d, const char *path)
{
  bool is_file = d->now->flags & CURL_HTTPPOST_FILENAME;
  CURLFORMcode rc = CURL_FORMADD_OK;
  if (has_contents(d) && !is_file)
    return CURL_FORMADD_OPTION_TWICE;
  if (!path)
    return CURL_FORMADD_NULL;
  if (has_contents(d))
    rc = another_file(d);
  if (rc)
    return rc;
  d->now->flags |= CURL_HTTPPOST_FILENAME;
  return put_string(&d->now->contents, path);
}

/* The type of a file may stand before it or behind it. */
static CURLFORMcode put_type(struct draft *d, const char *type)
{
  bool next = d->now->contenttype && d->now->flags & CURL_HTTPPOST_FILENAME;
  if (next && !type)
    return CURL_FORMADD_NULL;
  CURLFORMcode rc = next ? another_file(d) : CURL_FORMADD_OK;
  return rc ? rc : put_string(&d->now->contenttype, type);
}

enum {
  NOT_BYTES = CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_READFILE | CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_CALLBACK
};

static CURLFORMcode put_buffer(struct draft *d, char *buffer)
{
  if (d->now->flags & NOT_BYTES)
    return CURL_FORMADD_OPTION_TWICE;
  if (!buffer)
    return CURL_FORMADD_NULL;
  drop_contents(d);
  d->now->flags |= CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_PTRBUFFER;
  d->now->buffer = d->now->contents = buffer;
  return CURL_FORMADD_OK;
}

static CURLFORMcode put_stream(struct draft *d, void *userp)
{
  if (d->now->flags & NOT_BYTES)
    return CURL_FORMADD_OPTION_TWICE;
  if (!userp)
    return CURL_FORMADD_NULL;
  drop_contents(d);
  d->now->flags |= CURL_HTTPPOST_CALLBACK;
  d->now->userp = userp;
  d->now->contents = userp;
  return CURL_FORMADD_OK;
}

static CURLFORMcode put_length(long *slot, int64_t n)
{
  if (*slot)
    return CURL_FORMADD_OPTION_TWICE;
  *slot = (long)n;
  return CURL_FORMADD_OK;
}

static CURLFORMcode put_headers(struct draft *d, struct curl_slist *headers)
{
  if (d->now->contentheader)
    return CURL_FORMADD_OPTION_TWICE;
  d->now->contentheader = headers;
  return CURL_FORMADD_OK;
}

static CURLFORMcode put_option(struct draft *d, int option, union form_value v)
{
  switch (option) {
  case CURLFORM_COPYNAME:
  case CURLFORM_PTRNAME:
    return put_name(d, v.ptr, option == CURLFORM_COPYNAME);
  case CURLFORM_NAMELENGTH:
    return put_length(&d->first->namelength, v.num);
  case CURLFORM_COPYCONTENTS:
  case CURLFORM_PTRCONTENTS:
    return put_contents(d, v.ptr, option == CURLFORM_COPYCONTENTS);
  case CURLFORM_CONTENTSLENGTH:
  case CURLFORM_CONTENTLEN:
    d->now->contentlen = v.num;
    return CURL_FORMADD_OK;
  case CURLFORM_FILECONTENT:
    return put_filecontent(d, v.ptr);
  case CURLFORM_FILE:
    return put_file(d, v.ptr);
  case CURLFORM_BUFFER:
  case CURLFORM_FILENAME:
    return put_string(&d->now->showfilename, v.ptr);
  case CURLFORM_BUFFERPTR:
    return put_buffer(d, v.ptr);
  case CURLFORM_BUFFERLENGTH:
    return put_length(&d->now->bufferlength, v.num);
  case CURLFORM_STREAM:
    return put_stream(d, v.ptr);
  case CURLFORM_CONTENTTYPE:
    return put_type(d, v.ptr);
  case CURLFORM_CONTENTHEADER:
    return put_headers(d, v.ptr);
  default:
    return CURL_FORMADD_UNKNOWN_OPTION;
  }
}

/* ---- taking the arguments ---- */

static bool is_length(int option)
{
  return option == CURLFORM_NAMELENGTH || option == CURLFORM_CONTENTSLENGTH || option == CURLFORM_BUFFERLENGTH;
}

static CURLFORMcode put_array(struct draft *d, const struct curl_forms *forms)
{
  CURLFORMcode rc = forms ? CURL_FORMADD_OK : CURL_FORMADD_NULL;
  for (; !rc && forms->option != CURLFORM_END; forms++) {
    union form_value v = {.ptr = (void *)(uintptr_t)forms->value};
    if (is_length(forms->option) || forms->option == CURLFORM_CONTENTLEN)
      v.num = (int64_t)(intptr_t)forms->value;
    rc = forms->option == CURLFORM_ARRAY ? CURL_FORMADD_ILLEGAL_ARRAY : put_option(d, forms->option, v);
  }
  return rc;
}

static CURLFORMcode put_arguments(struct draft *d, va_list ap)
{
  CURLFORMcode rc = CURL_FORMADD_OK;
  while (!rc) {
    union form_value v;
    int option = va_arg(ap, int);
    if (option == CURLFORM_END)
      break;
    if (option <= CURLFORM_NOTHING || option >= CURLFORM_LASTENTRY)
      return CURL_FORMADD_UNKNOWN_OPTION; /* whose value could be anything */
    if (is_length(option))
      v.num = va_arg(ap, long);
    else if (option == CURLFORM_CONTENTLEN)
      v.num = va_arg(ap, curl_off_t);
    else
      v.ptr = va_arg(ap, void *);
    rc = option == CURLFORM_ARRAY ? put_array(d, v.ptr) : put_option(d, option, v);
  }
  return rc;
}

/* ---- the end ---- */

static bool is_complete(const struct draft *d)
{
  const struct curl_httppost *f = d->first;
  if ((!f->name && !d->copy_name) || (!f->contents && !d->copy_contents))
    return false;
  for (; f; f = f->more) {
    bool is_file = f->flags & CURL_HTTPPOST_FILENAME;
    if ((is_file && f->contentlen) || (f != d->first && !f->contents))
      return false;
  }
  return true;
}

static CURLFORMcode copy_name(struct draft *d)
{
  struct curl_httppost *f = d->first;
  const char *name = d->copy_name ? d->copy_name : f->name;
  if (f->namelength < 0 || (f->namelength && memchr(name, 0, (size_t)f->namelength)))
    return CURL_FORMADD_NULL;
  if (!f->namelength)
    f->namelength = (long)strlen(name);
  if (d->copy_name)
    f->name = sl_memdup0(d->copy_name, (size_t)f->namelength);
  return f->name ? CURL_FORMADD_OK : CURL_FORMADD_MEMORY;
}

static CURLFORMcode copy_contents(struct draft *d)
{
  struct curl_httppost *f = d->first;
  if (!d->copy_contents || f->contents)
    return CURL_FORMADD_OK;
  f->contents = f->contentlen < 0 ? NULL
                                  : sl_memdup0(d->copy_contents, f->contentlen ? (size_t)f->contentlen
                                                                               : strlen(d->copy_contents));
  return f->contents ? CURL_FORMADD_OK : CURL_FORMADD_MEMORY;
}

/* Files have a type: by their name, else that of the file before. */
static CURLFORMcode guess_types(struct draft *d)
{
  const char *before = "application/octet-stream";
  for (struct curl_httppost *f = d->first; f; f = f->more) {
    if (!f->contenttype && f->flags & (CURL_HTTPPOST_FILENAME | CURL_HTTPPOST_BUFFER)) {
      const char *type = sl_mime_type_of_name(f->flags & CURL_HTTPPOST_BUFFER ? f->showfilename : f->contents);
      f->contenttype = sl_strdup(type ? type : before);
      if (!f->contenttype)
        return CURL_FORMADD_MEMORY;
    }
    if (f->contenttype)
      before = f->contenttype;
    f->flags |= CURL_HTTPPOST_LARGE;
  }
  return CURL_FORMADD_OK;
}

static CURLFORMcode finish(struct draft *d)
{
  CURLFORMcode rc = is_complete(d) ? copy_name(d) : CURL_FORMADD_INCOMPLETE;
  if (!rc)
    rc = copy_contents(d);
  return rc ? rc : guess_types(d);
}

CURLFORMcode curl_formadd(struct curl_httppost **httppost, struct curl_httppost **last_post, ...)
{
  struct draft d = {.first = sl_calloc(1, sizeof *d.first)};
  va_list ap;
  if (!d.first)
    return CURL_FORMADD_MEMORY;
  d.now = d.first;
  va_start(ap, last_post);
  CURLFORMcode rc = put_arguments(&d, ap);
  va_end(ap);
  if (!rc)
    rc = finish(&d);
  if (rc) {
    free_files(d.first);
    return rc;
  }
  if (*last_post)
    (*last_post)->next = d.first;
  else
    *httppost = d.first;
  *last_post = d.first;
  return CURL_FORMADD_OK;
}

/* ---- a form as text ---- */

static int give(struct slice s, void *arg, curl_formget_callback append)
{
  return !s.n || append(arg, s.p, s.n) == s.n ? CURLE_OK : CURLE_READ_ERROR;
}

static int give_all(struct mime_reader *r, void *arg, curl_formget_callback append)
{
  char piece[8192];
  for (;;) {
    size_t n = 0;
    int rc = sl_mime_reader_read(r, piece, sizeof piece, &n);
    if (rc || !n)
      return rc;
    rc = give(slice_of(piece, n), arg, append);
    if (rc)
      return rc;
  }
}

/* Fields of CURLFORM_STREAM come out empty: their callback is the handle's, and there is none here. */
int curl_formget(struct curl_httppost *form, void *arg, curl_formget_callback append)
{
  static const struct mime_style style = {.mail = false};
  struct curl_mime *root = NULL;
  struct mime_reader r;
  struct buf head;
  int rc = sl_mime_from_form(form, NULL, &root);
  if (rc)
    return rc;
  sl_mime_hold(root);
  sl_mime_reader_init(&r, root, &style);
  sl_buf_init(&head, 1024);
  sl_mime_root_type(&style, root, &head);
  sl_buf_append(&head, "\r\n", 2);
  rc = sl_buf_result(&head, CURLE_TOO_LARGE);
  if (!rc)
    rc = give(sl_buf_peek(&head), arg, append);
  if (!rc)
    rc = give_all(&r, arg, append);
  sl_buf_done(&head);
  sl_mime_reader_done(&r);
  sl_mime_release(root);
  return rc;
}
