/* Is the host who it should be? Asked before anything of ours is told. Fingerprints decide alone, then the application's
 * function for keys, then the file of known hosts (whose verdict another function may overrule). Without any of them
 * every host is believed, as libcurl has it. */
#include "base/text.h"
#include "wire/encode.h"
#include "xfer/ssh.h"

enum { TEXT_MAX = 128 };

static sl_result denied(struct transfer *t, const char *digest, const struct buf *shown, const char *wanted)
{
  return sl_fail(t, CURLE_PEER_FAILED_VERIFICATION,
                 "Denied establishing ssh session: mismatch %s fingerprint. Remote %s is not equal to %s", digest,
                 shown->n ? shown->p : "(unknown)", wanted);
}

static struct slice unpadded(struct slice s)
{
  while (s.n && s.p[s.n - 1] == '=')
    s.n--;
  return s;
}

static sl_result by_digest(struct transfer *t, bool is_sha256, struct slice digest, const char *wanted)
{
  struct buf shown;
  sl_buf_init(&shown, TEXT_MAX);
  if (is_sha256)
    sl_encode_base64(digest, &shown);
  else
    sl_encode_hex(digest, &shown);
  struct slice text = sl_buf_peek(&shown);
  bool same = is_sha256 ? slice_eq(unpadded(text), unpadded(slice_str(wanted))) : sl_text_ieq_str(text, wanted);
  sl_result rc = sl_buf_result(&shown, CURLE_PEER_FAILED_VERIFICATION);
  if (!rc && (!digest.n || !same))
    rc = denied(t, is_sha256 ? "sha256" : "md5", &shown, wanted);
  sl_buf_done(&shown);
  return rc;
}

static sl_result by_function(struct transfer *t, struct ssh_xfer *x)
{
  const struct ssh_config *config = t->easy->set.ssh;
  enum curl_khtype type;
  struct slice key = sl_ssh_hostkey(x->ssh, &type);
  if (!key.n)
    return sl_fail(t, CURLE_PEER_FAILED_VERIFICATION, "The server has shown no key");
  t->multi->callback_depth++;
  int verdict = config->ssh_hostkeyfunction(config->ssh_hostkeydata, (int)type, key.p, key.n);
  t->multi->callback_depth--;
  return verdict == CURLKHMATCH_OK ? SL_OK
                                   : sl_fail(t, CURLE_PEER_FAILED_VERIFICATION, "The host's key was refused");
}

/* ---- known hosts ---- */

static enum curl_khstat ask(struct transfer *t, struct ssh_xfer *x, const struct ssh_known *known)
{
  const struct ssh_config *config = t->easy->set.ssh;
  enum curl_khtype type;
  struct slice key = sl_ssh_hostkey(x->ssh, &type);
  struct curl_khkey found = {.key = key.p, .len = key.n, .keytype = type};
  struct curl_khkey in_file = {.key = known->key, .keytype = known->type}; /* no length: it is base64 */
  if (!config->ssh_keyfunction)
    return known->match == CURLKHMATCH_OK ? CURLKHSTAT_FINE : CURLKHSTAT_REJECT;
  t->multi->callback_depth++;
  int verdict = config->ssh_keyfunction(t->easy, known->key ? &in_file : NULL, &found, known->match, config->ssh_keydata);
  t->multi->callback_depth--;
  return (enum curl_khstat)verdict;
}

static sl_result store(struct transfer *t, struct ssh_xfer *x, enum ssh_known_how how)
{
  sl_result rc = sl_ssh_known_store(x->ssh, x->known_hosts, how);
  if (rc && rc != SL_NOMEM)
    SL_INFOF(t->easy, "Could not write the known hosts to %s: %s", x->known_hosts, sl_ssh_error(x->ssh));
  return rc == SL_NOMEM ? rc : SL_OK;
}

static sl_result by_known_hosts(struct transfer *t, struct ssh_xfer *x)
{
  struct ssh_known known;
  sl_result rc = sl_ssh_known_check(x->ssh, &known);
  if (rc)
    return rc == SL_NOMEM ? rc : sl_fail(t, rc, "Denied establishing ssh session: %s", sl_ssh_error(x->ssh));
  SL_INFOF(t->easy, "SSH host check: %d, key: %s", (int)known.match, known.key ? known.key : "<none>");
  bool is_known = known.match == CURLKHMATCH_OK;
  switch (ask(t, x, &known)) {
  case CURLKHSTAT_FINE:
    return SL_OK;
  case CURLKHSTAT_FINE_ADD_TO_FILE:
    return is_known ? SL_OK : store(t, x, SSH_KNOWN_ADD);
  case CURLKHSTAT_FINE_REPLACE:
    return is_known ? SL_OK : store(t, x, SSH_KNOWN_REPLACE);
  default:
    return sl_fail(t, CURLE_PEER_FAILED_VERIFICATION, "Denied establishing ssh session: the host's key is %s",
                   is_known                             ? "refused"
                   : known.match == CURLKHMATCH_MISMATCH ? "another than the known one"
                                                         : "not known");
  }
}

sl_result sl_ssh_verify(struct transfer *t, struct ssh_xfer *x)
{
  sl_result rc = x->sha256 ? by_digest(t, true, sl_ssh_sha256(x->ssh), x->sha256) : SL_OK;
  if (!rc && x->md5)
    rc = by_digest(t, false, sl_ssh_md5(x->ssh), x->md5);
  if (rc || x->sha256 || x->md5)
    return rc;
  if (t->easy->set.ssh->ssh_hostkeyfunction)
    return by_function(t, x);
  return x->known_hosts ? by_known_hosts(t, x) : SL_OK;
}
