/* Known hosts: which key the host has shown before; see ssh.h. */
#include <stdio.h>

#include "base/mem.h"
#include "ssh/session.h"

enum { PORT = 22, HOST_MAX = 300, METHODS_MAX = 1024 };

static const struct {
  int bit;            /* LIBSSH2_KNOWNHOST_KEY_* */
  int type;           /* LIBSSH2_HOSTKEY_TYPE_* */
  const char *method;
} kinds[] = {
    {LIBSSH2_KNOWNHOST_KEY_ED25519, LIBSSH2_HOSTKEY_TYPE_ED25519, "ssh-ed25519"},
    {LIBSSH2_KNOWNHOST_KEY_ECDSA_256, LIBSSH2_HOSTKEY_TYPE_ECDSA_256, "ecdsa-sha2-nistp256"},
    {LIBSSH2_KNOWNHOST_KEY_ECDSA_384, LIBSSH2_HOSTKEY_TYPE_ECDSA_384, "ecdsa-sha2-nistp384"},
    {LIBSSH2_KNOWNHOST_KEY_ECDSA_521, LIBSSH2_HOSTKEY_TYPE_ECDSA_521, "ecdsa-sha2-nistp521"},
    {LIBSSH2_KNOWNHOST_KEY_SSHRSA, LIBSSH2_HOSTKEY_TYPE_RSA, "rsa-sha2-512"},
    {LIBSSH2_KNOWNHOST_KEY_SSHRSA, LIBSSH2_HOSTKEY_TYPE_RSA, "rsa-sha2-256"},
    {LIBSSH2_KNOWNHOST_KEY_SSHRSA, LIBSSH2_HOSTKEY_TYPE_RSA, "ssh-rsa"},
    {LIBSSH2_KNOWNHOST_KEY_SSHDSS, LIBSSH2_HOSTKEY_TYPE_DSS, "ssh-dss"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

void sl_ssh_known_forget(struct ssh *s)
{
  if (s->known)
    libssh2_knownhost_free(s->known);
  s->known = NULL;
  s->known_other = NULL;
  sl_free((char *)(uintptr_t)s->plain_host);
  sl_free((char *)(uintptr_t)s->host);
  s->plain_host = s->host = NULL;
}

static bool keep_host(struct ssh *s, const char *host, uint16_t port)
{
  char text[HOST_MAX];
  int n = port == PORT ? snprintf(text, sizeof text, "%s", host) : snprintf(text, sizeof text, "[%s]:%u", host, port);
  s->plain_host = sl_strdup(host);
  s->host = n > 0 && n < HOST_MAX ? sl_strdup(text) : NULL;
  s->port = port;
  return s->plain_host && s->host;
}

/* A key that nobody has: "mismatch" then says that the host has one of this kind. */
static bool has_kind(struct ssh *s, int bit)
{
  int mask = LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_BASE64 | bit;
  return libssh2_knownhost_checkp(s->known, s->plain_host, s->port, "=", 1, mask, NULL) ==
         LIBSSH2_KNOWNHOST_CHECK_MISMATCH;
}

static bool is_supported(const char *const *methods, int n, const char *method)
{
  for (int i = 0; i < n; i++)
    if (!strcmp(methods[i], method))
      return true;
  return false;
}

/* Those that the file has first, all others behind them: a host without such a key shows what it has, and is judged.
 * libssh2 gets no name that it does not know: taking one out it copies bytes onto themselves. */
static bool list_methods(struct ssh *s, const char *const *methods, int n, struct buf *out)
{
  bool has[KINDS], any = false;
  for (int i = 0; i < KINDS; i++) {
    has[i] = has_kind(s, kinds[i].bit);
    any = any || has[i];
  }
  for (int i = 0; any && i < 2 * KINDS; i++) {
    const char *method = kinds[i % KINDS].method;
    if (has[i % KINDS] == (i >= KINDS) || !is_supported(methods, n, method))
      continue;
    if (out->n)
      sl_buf_char(out, ',');
    sl_buf_str(out, method);
  }
  return any && out->n;
}

static sl_result prefer_known(struct ssh *s)
{
  const char **methods = NULL;
  struct buf list;
  sl_buf_init(&list, METHODS_MAX);
  int n = libssh2_session_supported_algs(s->session, LIBSSH2_METHOD_HOSTKEY, &methods), rc = n < 0 ? n : 0;
  if (n > 0 && list_methods(s, methods, n, &list) && sl_buf_ok(&list))
    rc = libssh2_session_method_pref(s->session, LIBSSH2_METHOD_HOSTKEY, list.p);
  sl_result result = sl_buf_ok(&list) ? sl_ssh_result(s, rc, CURLE_SSH) : SL_NOMEM;
  libssh2_free(s->session, methods);
  sl_buf_done(&list);
  return result;
}

sl_result sl_ssh_known_load(struct ssh *s, const char *file, const char *host, uint16_t port, bool *out_read)
{
  sl_ssh_known_forget(s);
  s->known = libssh2_knownhost_init(s->session);
  if (!s->known || !keep_host(s, host, port))
    return SL_NOMEM;
  int rc = libssh2_knownhost_readfile(s->known, file, LIBSSH2_KNOWNHOST_FILE_OPENSSH);
  if (s->nomem)
    return SL_NOMEM;
  *out_read = rc >= 0;
  return prefer_known(s);
}

static int kind_of(int type)
{
  for (int i = 0; i < KINDS; i++)
    if (kinds[i].type == type)
      return kinds[i].bit;
  return LIBSSH2_KNOWNHOST_KEY_UNKNOWN;
}

static enum curl_khtype public_type(int typemask)
{
  switch (typemask & LIBSSH2_KNOWNHOST_KEY_MASK) {
  case LIBSSH2_KNOWNHOST_KEY_RSA1:
    return CURLKHTYPE_RSA1;
  case LIBSSH2_KNOWNHOST_KEY_SSHRSA:
    return CURLKHTYPE_RSA;
  case LIBSSH2_KNOWNHOST_KEY_SSHDSS:
    return CURLKHTYPE_DSS;
  case LIBSSH2_KNOWNHOST_KEY_ECDSA_256:
  case LIBSSH2_KNOWNHOST_KEY_ECDSA_384:
  case LIBSSH2_KNOWNHOST_KEY_ECDSA_521:
    return CURLKHTYPE_ECDSA;
  case LIBSSH2_KNOWNHOST_KEY_ED25519:
    return CURLKHTYPE_ED25519;
  default:
    return CURLKHTYPE_UNKNOWN;
  }
}

sl_result sl_ssh_known_check(struct ssh *s, struct ssh_known *out_known)
{
  struct libssh2_knownhost *entry = NULL;
  size_t n = 0;
  int type = 0;
  const char *key = libssh2_session_hostkey(s->session, &n, &type);
  *out_known = (struct ssh_known){.match = CURLKHMATCH_MISSING, .type = CURLKHTYPE_UNKNOWN};
  s->known_other = NULL;
  if (!key)
    return sl_ssh_fail(s, CURLE_PEER_FAILED_VERIFICATION, "the server has shown no key");
  int mask = LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_RAW | kind_of(type);
  int rc = libssh2_knownhost_checkp(s->known, s->plain_host, s->port, key, n, mask, &entry);
  if (s->nomem)
    return SL_NOMEM;
  switch (rc) {
  case LIBSSH2_KNOWNHOST_CHECK_MATCH:
    out_known->match = CURLKHMATCH_OK;
    break;
  case LIBSSH2_KNOWNHOST_CHECK_MISMATCH:
    out_known->match = CURLKHMATCH_MISMATCH;
    s->known_other = entry;
    break;
  case LIBSSH2_KNOWNHOST_CHECK_NOTFOUND:
    return SL_OK;
  default:
    return sl_ssh_fail(s, CURLE_PEER_FAILED_VERIFICATION, "the known hosts could not be searched");
  }
  if (entry) {
    out_known->key = entry->key;
    out_known->type = public_type(entry->typemask);
  }
  return SL_OK;
}

sl_result sl_ssh_known_store(struct ssh *s, const char *file, enum ssh_known_how how)
{
  static const char comment[] = "";
  size_t n = 0;
  int type = 0;
  const char *key = libssh2_session_hostkey(s->session, &n, &type);
  if (!key)
    return sl_ssh_fail(s, CURLE_PEER_FAILED_VERIFICATION, "the server has shown no key");
  if (how == SSH_KNOWN_REPLACE && s->known_other)
    libssh2_knownhost_del(s->known, s->known_other);
  s->known_other = NULL;
  int mask = LIBSSH2_KNOWNHOST_TYPE_PLAIN | LIBSSH2_KNOWNHOST_KEYENC_RAW | kind_of(type);
  int rc = libssh2_knownhost_addc(s->known, s->host, NULL, key, n, comment, 0, mask, NULL);
  if (!rc)
    rc = libssh2_knownhost_writefile(s->known, file, LIBSSH2_KNOWNHOST_FILE_OPENSSH);
  return sl_ssh_result(s, rc, CURLE_SSH);
}
