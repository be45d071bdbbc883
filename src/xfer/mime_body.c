/* MIME trees as bodies of transfers; see mime_body.h. */
#include "xfer/mime_body.h"

#include <stdio.h>

#include "base/mem.h"
#include "xfer/mime_form.h"
#include "xfer/mime_read.h"
#include "xfer/transfer.h"

struct mime_body {
  struct body_reader base;
  struct mime_style style;
  struct mime_reader reader;
};

static struct mime_body *body_of(const struct transfer *t)
{
  return (struct mime_body *)t->source.reader; /* base is its first member, and there is no other kind of reader */
}

/* ---- the source's operations ---- */

static sl_result report(struct transfer *t, const struct mime_body *b, sl_result rc)
{
  return rc > 0 && b->reader.error ? sl_fail(t, rc, "%s", b->reader.error) : rc;
}

static sl_result body_read(struct transfer *t, char *dst, size_t cap, size_t *out_n)
{
  struct mime_body *b = body_of(t);
  b->style.headers = t->easy->set.http->httpheader; /* which the application may have replaced since */
  t->multi->callback_depth++;
  sl_result rc = sl_mime_reader_read(&b->reader, dst, cap, out_n);
  t->multi->callback_depth--;
  if (b->reader.pause)
    t->paused |= CURLPAUSE_SEND;
  return report(t, b, rc);
}

static sl_result body_rewind(struct transfer *t)
{
  struct mime_body *b = body_of(t);
  t->multi->callback_depth++;
  sl_result rc = sl_mime_reader_rewind(&b->reader);
  t->multi->callback_depth--;
  return report(t, b, rc);
}

static void body_free(struct body_reader *reader)
{
  struct mime_body *b = (struct mime_body *)reader;
  struct curl_mime *root = b->reader.root;
  sl_mime_reader_done(&b->reader);
  sl_mime_release(root);
  sl_free(b);
}

static const struct body_reader_ops body_ops = {body_read, body_rewind, body_free};

/* ---- making it ---- */

static size_t read_stream(char *dst, size_t size, size_t n, void *arg)
{
  return fread(dst, size, n, arg);
}

/* *out_root NULL: the application has freed what it had set. */
static sl_result choose_tree(struct transfer *t, bool mail, struct curl_mime **out_root)
{
  const struct http_config *h = t->easy->set.http;
  curl_read_callback read = t->easy->set.io.readfunction;
  if (h->method == SL_HTTP_POST_FORM && !mail) {
    if (!h->httppost)
      return SL_OK;
    sl_result rc = sl_mime_from_form(h->httppost, read ? read : read_stream, out_root);
    return rc == CURLE_READ_ERROR ? sl_fail(t, rc, "a file of the form cannot be read") : rc;
  }
  if (h->mimepost && !h->mimepost->gone)
    *out_root = h->mimepost;
  return SL_OK;
}

static sl_result make_body(struct transfer *t, bool mail)
{
  const struct http_config *h = t->easy->set.http;
  struct curl_mime *root = NULL;
  sl_result rc = choose_tree(t, mail, &root);
  if (rc || !root)
    return rc;
  if (!sl_mime_hold(root))
    return sl_fail(t, CURLE_BAD_FUNCTION_ARGUMENT, "the MIME body is being sent already");
  struct mime_body *b = sl_malloc(sizeof *b);
  if (!b) {
    sl_mime_release(root);
    return SL_NOMEM;
  }
  b->base.ops = &body_ops;
  b->style = (struct mime_style){.mail = mail, .backslash = h->mime_options & CURLMIMEOPT_FORMESCAPE};
  sl_mime_reader_init(&b->reader, root, &b->style);
  t->source.reader = &b->base;
  return SL_OK;
}

static sl_result use_body(struct transfer *t, bool mail)
{
  int64_t size = 0;
  sl_result rc = t->source.reader ? SL_OK : make_body(t, mail);
  if (rc)
    return rc;
  struct mime_body *b = body_of(t);
  if (!b) {
    sl_source_none(&t->source);
    return SL_OK;
  }
  b->style.headers = t->easy->set.http->httpheader;
  rc = body_rewind(t);
  if (!rc)
    rc = report(t, b, sl_mime_reader_measure(&b->reader, &size));
  if (!rc)
    sl_source_reader(&t->source, size);
  return rc;
}

sl_result sl_mime_body(struct transfer *t)
{
  return use_body(t, false);
}

sl_result sl_mime_mail(struct transfer *t)
{
  return use_body(t, true);
}

void sl_mime_fields(struct transfer *t, struct buf *dst)
{
  const struct mime_body *b = body_of(t);
  if (b)
    sl_mime_root_type(&b->style, b->reader.root, dst);
}
