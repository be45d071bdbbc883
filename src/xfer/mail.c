/* See mail.h. */
#include "xfer/mail.h"

#include "sys/clock.h"
#include "sys/random.h"
#include "xfer/transfer.h"

/* CURLOPT_LOGIN_OPTIONS(3), else ";AUTH=..." in the URL (RFC 5092 3). */
static sl_result options(struct transfer *t, uint16_t own, struct sasl *out)
{
  const char *text = t->easy->set.io.login_options;
  sl_result rc = SL_OK;
  if (!text)
    text = sl_transfer_decode(t, t->url->options, SL_PERCENT_NO_CTRL, &rc);
  if (!rc)
    rc = sl_sasl_options(slice_str(text), own, &out->allowed);
  return rc == CURLE_URL_MALFORMAT ? sl_fail(t, rc, "Login options that are not known") : rc;
}

sl_result sl_mail_login(struct transfer *t, const char *service, uint16_t own, struct sasl *out)
{
  const struct settings *set = &t->easy->set;
  bool ok = true, ours = !t->http.cross_origin || set->http->unrestricted_auth; /* lesson 4 */
  struct slice host = t->host;
  if (host.n > 2 && *host.p == '[')
    host = slice_of(host.p + 1, host.n - 2);
  out->user = t->user;
  out->password = t->password;
  out->authzid = ours ? sl_transfer_keep(t, set->mail->sasl_authzid, &ok) : NULL;
  out->bearer = ours ? sl_transfer_keep(t, set->http->xoauth2_bearer, &ok) : NULL;
  out->service = set->http->service_name ? sl_transfer_keep(t, set->http->service_name, &ok) : service;
  out->host = sl_arena_str(&t->arena, host);
  out->port = t->port;
  out->initial_response = set->mail->sasl_ir;
  out->now_s = sl_clock_wall_s();
  if (!ok || !out->host)
    return SL_NOMEM;
  if (!sl_random_bytes(out->entropy, sizeof out->entropy))
    return sl_fail(t, CURLE_FAILED_INIT, "No random numbers");
  return options(t, own, out);
}
