/* Topics of settings: defaults, copy on write, deep copy, freeing. Knows the shape of the topics,
 * nothing of options.
 *
 * The defaults below are the ones that libcurl documents; options.def repeats them for its tables,
 * and a test compares the two. */
#include "xfer/settings.h"

#include <string.h>

#include "base/mem.h"
#include "gate/policy.h"
#include "xfer/mime.h"

/* ---- defaults -------------------------------------------------------------------------------- */

static const struct io_config io_default = {
    .infilesize = -1,
    .buffersize = CURL_MAX_WRITE_SIZE,
    .upload_buffersize = 65536,
    .protocols = UINT32_MAX,
    .redir_protocols = CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_FTP | CURLPROTO_FTPS,
    .generation = 1,
    .tftp_blksize = 512,
    .noprogress = true,
};

static const struct http_config http_default = {
    .postfieldsize = -1,
    .httpauth = CURLAUTH_BASIC,
    .maxredirs = 30,
    .expect_100_timeout_ms = 1000,
    .http_version = CURL_HTTP_VERSION_2TLS,
    .http_content_decoding = true,
    .http_transfer_decoding = true,
};

static const struct net_config net_default = {
    .happy_eyeballs_timeout_ms = CURL_HET_DEFAULT,
    .upkeep_interval_ms = CURL_UPKEEP_INTERVAL_DEFAULT,
    .maxage_conn = 118,
    .tcp_keepidle = 60,
    .tcp_keepintvl = 60,
    .tcp_keepcnt = 9,
    .localportrange = 1,
    .tcp_nodelay = true,
};

static const struct dns_config dns_default = {
    .dns_cache_timeout_ms = 60000,
    .doh_ssl_verifyhost = true,
    .doh_ssl_verifypeer = true,
};

static const struct gate_config gate_default = {.refusal = SLUICE_REFUSAL_NEXT};

static const struct tls_config tls_default = TLS_CONFIG_DEFAULT;

static const struct proxy_config proxy_default = {
    .proxyauth = CURLAUTH_BASIC,
    .socks5_auth = CURLAUTH_BASIC | CURLAUTH_GSSAPI,
    .headeropt = CURLHEADER_SEPARATE,
};

static const struct ftp_config ftp_default = {
    .accepttimeout_ms = 60000,
    .ftp_use_epsv = true,
    .ftp_use_eprt = true,
    .ftp_skip_pasv_ip = true,
};

static const struct rtsp_config rtsp_default = {.rtsp_request = CURL_RTSPREQ_OPTIONS};
static const struct telnet_config telnet_default = {.telnetoptions = NULL};

static const struct mail_config mail_default = {.upload_flags = CURLULFLAG_SEEN};
static const struct ssh_config ssh_default = {
    .ssh_auth_types = (uint32_t)CURLSSH_AUTH_DEFAULT,
    .new_file_perms = 0644,
    .new_directory_perms = 0755,
};

/* ---- the shape of each topic ----------------------------------------------------------------- */

#define SLOT(type, field) (1U << (offsetof(struct type, field) / sizeof(void *)))
#define TLS_BLOBS                                                                                  \
  (SLOT(tls_config, cainfo_blob) | SLOT(tls_config, issuercert_blob) |                             \
   SLOT(tls_config, sslcert_blob) | SLOT(tls_config, sslkey_blob))
#define TLS_SECRETS (SLOT(tls_config, keypasswd) | SLOT(tls_config, sslkey_blob))

static const struct layout {
  const void *defaults;
  uint16_t size;
  uint8_t n_owned;
  uint32_t secrets, blobs, policies; /* bit i: the i-th owned pointer */
} layouts[SL_TOPICS] = {
    [SL_TOPIC_HTTP] = {&http_default, sizeof http_default, SL_OWNED_HTTP,
                       SLOT(http_config, xoauth2_bearer), 0, 0},
    [SL_TOPIC_NET] = {&net_default, sizeof net_default, SL_OWNED_NET, 0, 0, 0},
    [SL_TOPIC_DNS] = {&dns_default, sizeof dns_default, SL_OWNED_DNS, 0, 0, 0},
    [SL_TOPIC_GATE] = {&gate_default, sizeof gate_default, SL_OWNED_GATE, 0, 0, SLOT(gate_config, policy)},
    [SL_TOPIC_TLS] = {&tls_default, sizeof tls_default, SL_OWNED_TLS, TLS_SECRETS, TLS_BLOBS, 0},
    [SL_TOPIC_PROXY_TLS] = {&tls_default, sizeof tls_default, SL_OWNED_TLS, TLS_SECRETS, TLS_BLOBS, 0},
    [SL_TOPIC_PROXY] = {&proxy_default, sizeof proxy_default, SL_OWNED_PROXY,
                        SLOT(proxy_config, proxypassword), 0, 0},
    [SL_TOPIC_FTP] = {&ftp_default, sizeof ftp_default, SL_OWNED_FTP, SLOT(ftp_config, ftp_account),
                      0, 0},
    [SL_TOPIC_RTSP] = {&rtsp_default, sizeof rtsp_default, SL_OWNED_RTSP, 0, 0, 0},
    [SL_TOPIC_TELNET] = {&telnet_default, sizeof telnet_default, SL_OWNED_TELNET, 0, 0, 0},
    [SL_TOPIC_MAIL] = {&mail_default, sizeof mail_default, SL_OWNED_MAIL, 0, 0, 0},
    [SL_TOPIC_SSH] = {&ssh_default, sizeof ssh_default, SL_OWNED_SSH, 0, 0, 0},
    [SL_TOPIC_IO] = {&io_default, sizeof io_default, SL_OWNED_IO, SLOT(io_config, password), 0, 0},
};

#define IN_PLACE(name, number)                                                                     \
  _Static_assert(offsetof(struct settings, name) == offsetof(struct settings, topic) + (number) * sizeof(void *), \
                 "the names of topics are in the order of their numbers")
IN_PLACE(http, SL_TOPIC_HTTP);
IN_PLACE(net, SL_TOPIC_NET);
IN_PLACE(dns, SL_TOPIC_DNS);
IN_PLACE(gate, SL_TOPIC_GATE);
IN_PLACE(tls, SL_TOPIC_TLS);
IN_PLACE(proxy_tls, SL_TOPIC_PROXY_TLS);
IN_PLACE(proxy, SL_TOPIC_PROXY);
IN_PLACE(ftp, SL_TOPIC_FTP);
IN_PLACE(rtsp, SL_TOPIC_RTSP);
IN_PLACE(mail, SL_TOPIC_MAIL);
IN_PLACE(telnet, SL_TOPIC_TELNET);

/* ---- owned values ---------------------------------------------------------------------------- */

static void free_owned(const struct layout *l, unsigned i, void *value)
{
  if (l->policies >> i & 1) {
    sl_policy_free(value);
    return;
  }
  if (value && (l->secrets >> i & 1)) {
    struct curl_blob *blob = value;
    if (!(l->blobs >> i & 1))
      explicit_bzero(value, strlen(value));
    else if (blob->flags & CURL_BLOB_COPY)
      explicit_bzero(blob->data, blob->len);
  }
  sl_free(value);
}

static void *copy_owned(const struct layout *l, unsigned i, void *value)
{
  const struct curl_blob *blob = value;
  if (l->policies >> i & 1)
    return sl_policy_ref(value);
  if (!(l->blobs >> i & 1))
    return sl_strdup(value);
  return sl_settings_blob_copy(blob);
}

struct curl_blob *sl_settings_blob_copy(const struct curl_blob *blob)
{
  bool copy = blob->flags & CURL_BLOB_COPY;
  struct curl_blob *own = sl_malloc(sizeof *own + (copy ? blob->len : 0));
  if (!own)
    return NULL;
  *own = *blob;
  if (copy) {
    own->data = own + 1;
    if (blob->len)
      memcpy(own->data, blob->data, blob->len);
  }
  return own;
}

void sl_settings_put_own(enum settings_topic topic, void *base, unsigned i, void *value)
{
  void **slot = (void **)base + i;
  free_owned(&layouts[topic], i, *slot);
  *slot = value;
}

static void topic_done(enum settings_topic topic, void *base)
{
  const struct layout *l = &layouts[topic];
  void **owned = base;
  for (unsigned i = 0; i < l->n_owned; i++) {
    if (owned[i])
      free_owned(l, i, owned[i]);
  }
  if (topic == SL_TOPIC_HTTP) {
    struct http_config *http = base;
    sl_free(http->copypostfields);
    sl_settings_names_free(http->cookiefile);
    sl_settings_names_free(http->hstsfiles);
    sl_mime_unbind(http->mimepost);
  }
}

/* ---- lists of names: COOKIEFILE -------------------------------------------------------------- */

void sl_settings_names_free(struct curl_slist *names)
{
  while (names) {
    struct curl_slist *next = names->next;
    sl_free(names);
    names = next;
  }
}

sl_result sl_settings_names_add(struct curl_slist **names, const char *name)
{
  size_t len = strlen(name) + 1;
  struct curl_slist *node = sl_malloc(sizeof *node + len);
  if (!node)
    return SL_NOMEM;
  node->data = (char *)(node + 1);
  memcpy(node->data, name, len);
  node->next = NULL;
  while (*names)
    names = &(*names)->next;
  *names = node;
  return SL_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

void sl_settings_init(struct settings *s)
{
  static const void *const topics[SL_TOPIC_SHARED] = {
      [SL_TOPIC_HTTP] = &http_default,
      [SL_TOPIC_NET] = &net_default,
      [SL_TOPIC_DNS] = &dns_default,
      [SL_TOPIC_GATE] = &gate_default,
      [SL_TOPIC_TLS] = &tls_default,
      [SL_TOPIC_PROXY_TLS] = &tls_default,
      [SL_TOPIC_PROXY] = &proxy_default,
      [SL_TOPIC_FTP] = &ftp_default,
      [SL_TOPIC_RTSP] = &rtsp_default,
      [SL_TOPIC_MAIL] = &mail_default,
      [SL_TOPIC_TELNET] = &telnet_default,
      [SL_TOPIC_SSH] = &ssh_default,
  };
  s->io = io_default;
  s->io.writedata = stdout;
  s->io.readdata = stdin;
  memcpy(s->topic, topics, sizeof topics);
}

void sl_settings_done(struct settings *s)
{
  topic_done(SL_TOPIC_IO, &s->io);
  for (unsigned t = 0; t < SL_TOPIC_SHARED; t++) {
    if (s->topic[t] == layouts[t].defaults)
      continue;
    void *own =
        (void *)(uintptr_t)s->topic[t]; /* ours: only sl_settings_own() puts another pointer here */
    topic_done(t, own);
    sl_free(own);
  }
}

void sl_settings_reset(struct settings *s)
{
  uint32_t generation = s->io.generation;
  sl_settings_done(s);
  sl_settings_init(s);
  s->io.generation = generation;
  sl_settings_changed(s);
}

void *sl_settings_own(struct settings *s, enum settings_topic topic)
{
  const struct layout *l = &layouts[topic];
  if (s->topic[topic] != l->defaults)
    return (void *)(uintptr_t)s->topic[topic];
  void *own = sl_malloc(l->size);
  if (own) {
    memcpy(own, l->defaults, l->size);
    s->topic[topic] = own;
  }
  return own;
}

/* ---- a deep copy ----------------------------------------------------------------------------- */

static sl_result copy_postfields(const struct http_config *http, struct http_config *copy)
{
  if (!http->copypostfields)
    return SL_OK;
  size_t len = sl_settings_postfields_len(http);
  copy->copypostfields = sl_memdup0(http->copypostfields, len);
  if (http->postfields == http->copypostfields)
    copy->postfields = copy->copypostfields;
  return copy->copypostfields ? SL_OK : SL_NOMEM;
}

size_t sl_settings_postfields_len(const struct http_config *http)
{
  if (!http->postfields)
    return 0;
  return http->postfieldsize < 0 ? strlen(http->postfields) : (size_t)http->postfieldsize;
}

static sl_result copy_names(const struct curl_slist *names, struct curl_slist **out_copy)
{
  for (; names; names = names->next) {
    if (sl_settings_names_add(out_copy, names->data))
      return SL_NOMEM;
  }
  return SL_OK;
}

static sl_result copy_http(const struct http_config *http, struct http_config *copy)
{
  copy->copypostfields = NULL;
  copy->cookiefile = copy->hstsfiles = NULL;
  copy->mimepost = NULL;
  copy->hsts_files_read = 0; /* the copy has a store of its own */
  copy->hsts_asked = copy->altsvc_read = false;
  if (copy_names(http->cookiefile, &copy->cookiefile) ||
      copy_names(http->hstsfiles, &copy->hstsfiles))
    return SL_NOMEM;
  return copy_postfields(http, copy);
}

/* *copy has the bytes of *base already; what it owns is made its own. All its pointers are its own
 * or NULL even when memory is short. */
static sl_result copy_topic(enum settings_topic topic, const void *base, void *copy)
{
  const struct layout *l = &layouts[topic];
  void *const *from = base;
  void **to = copy;
  bool ok = true;
  memset(to, 0, l->n_owned * sizeof *to);
  for (unsigned i = 0; i < l->n_owned && ok; i++)
    ok = !from[i] || (to[i] = copy_owned(l, i, from[i]));
  if (topic == SL_TOPIC_HTTP)
    ok = !copy_http(base, copy) && ok;
  return ok ? SL_OK : SL_NOMEM;
}

/* The copy of a MIME tree belongs to the handle alone. It comes last: dropping it once it is there would call the
 * application's functions for a handle that the application never gets. */
static sl_result copy_mimepost(const struct settings *s, struct settings *copy)
{
  const struct curl_mime *m = s->http->mimepost;
  if (!m || m->gone)
    return SL_OK;
  struct http_config *http = sl_settings_own(copy, SL_TOPIC_HTTP);
  http->mimepost = sl_mime_dup(m);
  return http->mimepost && sl_mime_bind(http->mimepost) ? SL_OK : SL_NOMEM;
}

sl_result sl_settings_dup(const struct settings *s, struct settings *out_copy)
{
  sl_settings_init(out_copy);
  out_copy->io = s->io;
  sl_result r = copy_topic(SL_TOPIC_IO, &s->io, &out_copy->io);
  for (unsigned t = 0; t < SL_TOPIC_SHARED && !r; t++) {
    if (s->topic[t] == layouts[t].defaults)
      continue;
    void *copy = sl_settings_own(out_copy, t);
    if (!copy) {
      r = SL_NOMEM;
      break;
    }
    memcpy(copy, s->topic[t], layouts[t].size);
    r = copy_topic(t, s->topic[t], copy);
  }
  if (!r)
    r = copy_mimepost(s, out_copy);
  if (r) {
    sl_settings_done(out_copy);
    sl_settings_init(out_copy);
  }
  return r;
}
