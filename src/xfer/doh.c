/* DNS over HTTPS; see doh.h. A request is an easy handle that the application never sees. */
#include "xfer/doh.h"

#include "base/mem.h"
#include "dns/dns.h"
#include "xfer/header_store.h"
#include "xfer/transfer.h"

enum { MAX_ANSWER = 64 * 1024 }; /* a DNS message has a 16-bit length */

struct doh_request {
  struct list link; /* in multi->doh */
  struct multi *multi;
  struct easy *easy;
  struct dns_query *query; /* NULL: nobody waits any more */
  struct curl_slist *fields;
  struct buf body;
};

static void request_free(struct doh_request *r)
{
  sl_list_unlink(&r->link);
  if (r->easy) {
    sl_multi_remove(r->multi, r->easy);
    r->easy->doh = NULL;
    sl_easy_free(r->easy);
  }
  curl_slist_free_all(r->fields);
  sl_buf_done(&r->body);
  sl_free(r);
}

static size_t take_body(char *data, size_t size, size_t n, void *arg)
{
  struct doh_request *r = arg;
  return sl_buf_append(&r->body, data, size * n) ? size * n : CURL_WRITEFUNC_ERROR;
}

/* Way, TLS, proxies, limits and callbacks are the asking handle's; the request itself is ours alone. */
static CURLcode set_request(struct doh_request *r, const struct dns_config *config, struct slice message)
{
  CURL *e = r->easy;
  static const CURLoption no_string[] = {
      CURLOPT_CUSTOMREQUEST, CURLOPT_RANGE, CURLOPT_USERPWD, CURLOPT_COOKIE, CURLOPT_REFERER, CURLOPT_ACCEPT_ENCODING,
      CURLOPT_UNIX_SOCKET_PATH, CURLOPT_DOH_URL, CURLOPT_COOKIEFILE, CURLOPT_XOAUTH2_BEARER, CURLOPT_AWS_SIGV4,
      CURLOPT_REQUEST_TARGET, CURLOPT_PINNEDPUBLICKEY};
  static const CURLoption no_pointer[] = {CURLOPT_RESOLVE, CURLOPT_CONNECT_TO, CURLOPT_ERRORBUFFER, CURLOPT_PRIVATE,
                                          CURLOPT_PREREQFUNCTION, CURLOPT_CURLU, CURLOPT_HEADERFUNCTION,
                                          CURLOPT_HEADERDATA, CURLOPT_HTTP200ALIASES,
                                          CURLOPT_RESOLVER_START_FUNCTION};
  static const CURLoption zero[] = {CURLOPT_NOBODY, CURLOPT_HEADER, CURLOPT_FOLLOWLOCATION, CURLOPT_RESUME_FROM,
                                    CURLOPT_CONNECT_ONLY, CURLOPT_NETRC, CURLOPT_PORT, CURLOPT_TIMECONDITION,
                                    CURLOPT_FRESH_CONNECT, CURLOPT_FORBID_REUSE, CURLOPT_MAXFILESIZE};
  CURLcode rc = CURLE_OK;
  for (size_t i = 0; !rc && i < sizeof no_string / sizeof *no_string; i++)
    rc = curl_easy_setopt(e, no_string[i], (char *)NULL);
  for (size_t i = 0; !rc && i < sizeof no_pointer / sizeof *no_pointer; i++)
    rc = curl_easy_setopt(e, no_pointer[i], (void *)NULL);
  for (size_t i = 0; !rc && i < sizeof zero / sizeof *zero; i++)
    rc = curl_easy_setopt(e, zero[i], 0L);
  if (rc || (rc = curl_easy_setopt(e, CURLOPT_URL, config->doh_url)) ||
      (rc = curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)message.n)) ||
      (rc = curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS, message.p)) ||
      (rc = curl_easy_setopt(e, CURLOPT_HTTPHEADER, r->fields)) ||
      (rc = curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take_body)) ||
      (rc = curl_easy_setopt(e, CURLOPT_WRITEDATA, r)) || (rc = curl_easy_setopt(e, CURLOPT_NOPROGRESS, 1L)) ||
      (rc = curl_easy_setopt(e, CURLOPT_FAILONERROR, 1L)) ||
      (rc = curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "https")) ||
      (rc = curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, (long)config->doh_ssl_verifypeer)) ||
      (rc = curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, config->doh_ssl_verifyhost ? 2L : 0L)))
    return rc;
  return curl_easy_setopt(e, CURLOPT_SSL_VERIFYSTATUS, (long)config->doh_ssl_verifystatus);
}

static sl_result doh_start(void *owner, void *who, const struct dns_config *config, struct dns_query *query,
                           struct slice message)
{
  struct multi *m = owner;
  const struct easy *asking = who;
  struct doh_request *r = sl_calloc(1, sizeof *r);
  if (!r)
    return SL_NOMEM;
  r->multi = m;
  r->query = query;
  sl_list_init(&r->link);
  sl_buf_init(&r->body, MAX_ANSWER);
  r->easy = sl_easy_new();
  r->fields = curl_slist_append(NULL, "Content-Type: application/dns-message");
  sl_result rc = r->easy && r->fields ? sl_settings_dup(&asking->set, &r->easy->set) : SL_NOMEM;
  if (!rc)
    rc = set_request(r, config, message);
  if (!rc) {
    r->easy->doh = r;
    rc = sl_multi_add(m, r->easy) ? SL_NOMEM : SL_OK;
  }
  if (rc) {
    request_free(r);
    return rc;
  }
  sl_list_push_back(&m->doh, &r->link);
  return SL_WAIT;
}

static void doh_cancel(void *owner, struct dns_query *query)
{
  struct multi *m = owner;
  LIST_FOR_EACH(node, &m->doh) {
    struct doh_request *r = LIST_ENTRY(node, struct doh_request, link);
    if (r->query != query)
      continue;
    r->query = NULL;
    if (!r->easy->xfer || !r->easy->xfer->running)
      request_free(r);
    return;
  }
}

void sl_doh_done(struct easy *e, CURLcode result)
{
  struct doh_request *r = e->doh;
  struct dns_query *query = r->query;
  const char *type = sl_header_store_content_type(e);
  /* the transfer knows only that its write callback failed; the type is made when it is asked for */
  if (r->body.nomem || (!type && e->info.has_content_type))
    result = CURLE_OUT_OF_MEMORY;
  if (!result && (!type || strcmp(type, "application/dns-message")))
    result = CURLE_WEIRD_SERVER_REPLY;
  r->query = NULL;
  if (query)
    sl_dns_doh_answer(query, result, sl_buf_peek(&r->body));
  request_free(r);
}

void sl_doh_install(struct multi *m)
{
  m->dns->doh = (struct dns_doh){m, doh_start, doh_cancel};
}

void sl_doh_drop_all(struct multi *m)
{
  struct list *node;
  while ((node = sl_list_pop_front(&m->doh)))
    request_free(LIST_ENTRY(node, struct doh_request, link));
}
