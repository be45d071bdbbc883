/* Redirects: RFC 9110 15.4, CURLOPT_FOLLOWLOCATION(3), _MAXREDIRS, _POSTREDIR, _AUTOREFERER, _UNRESTRICTED_AUTH,
 * _REDIR_PROTOCOLS. Credentials, cookies and own Authorization fields stay with scheme, host and port (lesson 4). */
#include "base/text.h"
#include "xfer/transfer.h"

bool sl_redirect_wanted(const struct transfer *t)
{
  return t->http.location && t->easy->set.http->followlocation;
}

/* The method of the next request: 301 and 302 turn a POST into a GET, as all clients do, unless POSTREDIR says
 * otherwise; 303 turns everything into a GET. */
static void next_method(struct transfer *t)
{
  struct http *h = &t->http;
  const struct http_config *c = t->easy->set.http;
  bool is_post = h->method == SL_HTTP_POST || h->method == SL_HTTP_POST_FORM || h->method == SL_HTTP_POST_MIME;
  static const uint8_t keeps[] = {CURL_REDIR_POST_301, CURL_REDIR_POST_302, CURL_REDIR_POST_303};
  uint16_t status = h->parser.status;
  if (status < 301 || status > 303)
    return;
  bool keep = c->postredir & keeps[status - 301];
  bool changes = is_post && !keep;
  if (status == 303 && h->method == SL_HTTP_PUT)
    changes = true;
  if (changes)
    h->method = SL_HTTP_GET;
  bool by_code = c->followlocation == CURLFOLLOW_OBEYCODE &&
                 (status == 303 || ((status == 301 || status == 302) && t->easy->set.io.customrequest &&
                                    sl_text_ieq_str(slice_str(t->easy->set.io.customrequest), "POST")));
  if (by_code || c->followlocation == CURLFOLLOW_FIRSTONLY) {
    if (by_code && status == 303 && h->method != SL_HTTP_HEAD)
      h->method = SL_HTTP_GET;
    h->no_custom = true;
  }
  sl_http_note_method(t); /* the next protocol may be another */
}

static sl_result remember_origin(struct transfer *t)
{
  struct http *h = &t->http;
  if (h->origin_host)
    return SL_OK;
  h->origin_host = sl_arena_str(&t->arena, t->host);
  h->origin_port = t->port;
  h->origin_proto = t->proto;
  return h->origin_host ? SL_OK : SL_NOMEM;
}

/* CURLOPT_AUTOREFERER: where we come from, without credentials and fragment. */
static sl_result set_referer(struct transfer *t)
{
  struct buf text;
  if (!t->easy->set.http->autoreferer)
    return SL_OK;
  sl_buf_init(&text, SL_URL_MAX);
  CURLUcode uc = sl_url_print(t->url, SL_URL_NO_LOGIN | SL_URL_NO_FRAGMENT, &text);
  if (!uc)
    t->referer = sl_arena_str(&t->arena, sl_buf_peek(&text));
  bool ok = t->referer && sl_info_string(&t->easy->info.referer, sl_buf_peek(&text));
  sl_buf_done(&text);
  return ok ? SL_OK : SL_NOMEM;
}

static CURLUcode resolve(const struct transfer *t, unsigned flags, struct url *out_next)
{
  flags |= t->easy->set.io.path_as_is ? CURLU_PATH_AS_IS : 0u;
  return sl_url_resolve(t->url, slice_str(t->http.location), flags, out_next);
}

sl_result sl_redirect_note(struct transfer *t)
{
  struct url next = {0};
  CURLUcode uc = resolve(t, CURLU_NON_SUPPORT_SCHEME, &next);
  if (uc == CURLUE_OUT_OF_MEMORY)
    return SL_NOMEM;
  /* What is no URL, and nobody wants to follow, is no error: the application gets it as it came. */
  bool ok = sl_info_string(&t->easy->info.redirect_url, uc ? slice_str(t->http.location) : next.text);
  sl_url_done(&next);
  return ok ? SL_OK : SL_NOMEM;
}

static sl_result switch_url(struct transfer *t)
{
  struct url next = {0};
  CURLUcode uc = resolve(t, 0, &next);
  if (uc)
    return sl_fail(t, sl_url_result(uc), "The redirect target URL could not be parsed: %s", sl_url_strerror(uc));
  return sl_transfer_take_url(t, &next);
}

sl_result sl_redirect_follow(struct transfer *t)
{
  struct info *info = &t->easy->info;
  int32_t max = t->easy->set.http->maxredirs;
  if (max >= 0 && info->redirect_count >= max) {
    sl_result noted = sl_redirect_note(t);
    return noted ? noted : sl_fail(t, CURLE_TOO_MANY_REDIRECTS, "Maximum (%d) redirects followed", max);
  }
  info->redirect_count++; /* also when it leads nowhere */
  sl_result rc = remember_origin(t);
  if (!rc)
    rc = set_referer(t);
  if (!rc)
    rc = switch_url(t);
  if (rc)
    return rc;
  next_method(t);
  rc = sl_transfer_use_url(t, true);
  if (rc)
    return rc;
  info->redirect_us = sl_transfer_elapsed(t);
  SL_INFOF(t->easy, "Issue another request to this URL: '%.*s'", (int)t->url->text.n, t->url->text.p);
  rc = sl_auth_init(t);
  t->again = !rc;
  return rc;
}
