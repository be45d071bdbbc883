/* Options that are more than one stored value: those that switch the request's method, split or
 * decode what they are given, are checked against a list, or act at once. One function each, named
 * in options.def. */
#include <string.h>

#include "api/setopt.h"
#include "base/mem.h"
#include "base/text.h"
#include "wire/encode.h"
#include "xfer/easy.h"
#include "xfer/mime.h"

#define SLOT(type, field) ((unsigned)(offsetof(struct type, field) / sizeof(void *)))

static struct http_config *own_http(struct easy *e)
{
  return sl_settings_own(&e->set, SL_TOPIC_HTTP);
}

static bool too_long(const char *value)
{
  return value && strlen(value) > SL_OPT_STRING_MAX;
}

/* ---- the method: the last of these options wins ---------------------------------------------- */

static CURLcode set_method(struct easy *e, enum http_method method)
{
  if (e->set.http->method == method)
    return CURLE_OK;
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  http->method = (uint8_t)method;
  return CURLE_OK;
}

/* A method with or without a body of its own: what an earlier NOBODY or UPLOAD wanted is over. */
static CURLcode switch_method(struct easy *e, enum http_method method)
{
  CURLcode code = set_method(e, method);
  if (!code)
    e->set.io.nobody = e->set.io.upload = false;
  return code;
}

CURLcode sl_opt_custom_httpget(struct easy *e, union option_value value)
{
  return value.num ? switch_method(e, SL_HTTP_GET) : CURLE_OK;
}

CURLcode sl_opt_custom_nobody(struct easy *e, union option_value value)
{
  CURLcode code = CURLE_OK;
  if (value.num)
    code = set_method(e, SL_HTTP_HEAD);
  else if (e->set.http->method == SL_HTTP_HEAD)
    code = set_method(e, SL_HTTP_GET);
  if (!code)
    e->set.io.nobody = value.num != 0;
  return code;
}

CURLcode sl_opt_custom_post(struct easy *e, union option_value value)
{
  if (value.num)
    return switch_method(e, SL_HTTP_POST);
  CURLcode code = set_method(e, SL_HTTP_GET); /* a HEAD request stays one: nobody is not touched */
  if (!code)
    e->set.io.upload = false;
  return code;
}

CURLcode sl_opt_custom_upload(struct easy *e, union option_value value)
{
  CURLcode code;
  if (value.num)
    code = switch_method(e, SL_HTTP_PUT);
  else
    code = set_method(e, SL_HTTP_GET);
  if (!code)
    e->set.io.upload = value.num != 0;
  return code;
}

CURLcode sl_opt_custom_put(struct easy *e, union option_value value)
{
  return value.num ? switch_method(e, SL_HTTP_PUT) : set_method(e, SL_HTTP_GET);
}

/* NULL takes the form back, and the request is a GET again. */
CURLcode sl_opt_custom_httppost(struct easy *e, union option_value value)
{
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  http->httppost = value.ptr;
  return value.ptr ? switch_method(e, SL_HTTP_POST_FORM) : set_method(e, SL_HTTP_GET);
}

/* A multipart is one handle's at a time, and cannot be a part of another then. */
CURLcode sl_opt_custom_mimepost(struct easy *e, union option_value value)
{
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  if (value.ptr != http->mimepost) {
    if (value.ptr && !sl_mime_bind(value.ptr))
      return CURLE_BAD_FUNCTION_ARGUMENT;
    sl_mime_unbind(http->mimepost);
    http->mimepost = value.ptr;
  }
  return value.ptr ? switch_method(e, SL_HTTP_POST_MIME) : set_method(e, SL_HTTP_GET);
}

/* ---- post data ------------------------------------------------------------------------------- */

/* NULL data: the read callback is to deliver it. NOBODY stays as it is, as in libcurl. */
static CURLcode put_postfields(struct easy *e, const char *data, char *copy)
{
  struct http_config *http = own_http(e);
  if (!http) {
    sl_free(copy);
    return CURLE_OUT_OF_MEMORY;
  }
  sl_free(http->copypostfields);
  http->copypostfields = copy;
  http->postfields = data;
  http->method = SL_HTTP_POST;
  e->set.io.upload = false;
  return CURLE_OK;
}

CURLcode sl_opt_custom_postfields(struct easy *e, union option_value value)
{
  return put_postfields(e, value.ptr, NULL);
}

CURLcode sl_opt_custom_copypostfields(struct easy *e, union option_value value)
{
  const char *data = value.ptr;
  if (!data)
    return put_postfields(e, NULL, NULL);
  int64_t size = e->set.http->postfieldsize;
  if (size < 0 && too_long(data))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (size > 0 && (uint64_t)size >= SIZE_MAX / 2)
    return CURLE_OUT_OF_MEMORY;
  char *copy = sl_memdup0(data, size < 0 ? strlen(data) : (size_t)size);
  return copy ? put_postfields(e, copy, copy) : CURLE_OUT_OF_MEMORY;
}

/* A size that goes beyond what has been copied drops the copy: its end must not be read past. */
CURLcode sl_opt_custom_postfieldsize(struct easy *e, union option_value value)
{
  if (value.num < -1)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (e->set.http->postfieldsize == value.num)
    return CURLE_OK;
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  if (http->copypostfields && value.num > (int64_t)sl_settings_postfields_len(http)) {
    sl_free(http->copypostfields);
    http->copypostfields = NULL;
    http->postfields = NULL;
  }
  http->postfieldsize = value.num;
  return CURLE_OK;
}

/* ---- name:password --------------------------------------------------------------------------- */

static char *copied(struct slice s, bool decode)
{
  if (!decode)
    return sl_memdup0(s.p, s.n);
  struct buf b;
  sl_buf_init(&b, (uint32_t)s.n + 1);
  if (!sl_encode_from_percent(s, SL_PERCENT_NO_ZERO, &b)) {
    sl_buf_done(&b);
    return NULL;
  }
  return sl_buf_take(&b);
}

static bool has_encoded_zero(struct slice s)
{
  return memmem(s.p, s.n, "%00", 3) != NULL;
}

/* Up to the first colon it is the name; without a colon there is no password. */
static CURLcode set_login(struct easy *e, enum settings_topic topic, unsigned name_slot,
                          unsigned password_slot, const char *value)
{
  bool decode = topic == SL_TOPIC_PROXY;
  if (too_long(value))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct slice all = slice_str(value);
  size_t colon = slice_find(all, ':');
  if (decode && value && has_encoded_zero(all))
    return CURLE_URL_MALFORMAT;
  void *base = topic == SL_TOPIC_IO ? (void *)&e->set.io : sl_settings_own(&e->set, topic);
  char *name = value ? copied(slice_head(all, colon), decode) : NULL;
  bool has_password = value && colon < all.n;
  char *password = has_password ? copied(slice_from(all, colon + 1), decode) : NULL;
  if (!base || (value && !name) || (has_password && !password)) {
    sl_free(name);
    sl_free(password);
    return CURLE_OUT_OF_MEMORY;
  }
  sl_settings_put_own(topic, base, name_slot, name);
  sl_settings_put_own(topic, base, password_slot, password);
  return CURLE_OK;
}

CURLcode sl_opt_custom_userpwd(struct easy *e, union option_value value)
{
  return set_login(e, SL_TOPIC_IO, SLOT(io_config, username), SLOT(io_config, password), value.ptr);
}

CURLcode sl_opt_custom_proxyuserpwd(struct easy *e, union option_value value)
{
  return set_login(e, SL_TOPIC_PROXY, SLOT(proxy_config, proxyusername),
                   SLOT(proxy_config, proxypassword), value.ptr);
}

/* ---- authentication -------------------------------------------------------------------------- */

static const uint32_t auth_methods = CURLAUTH_BASIC | CURLAUTH_DIGEST | CURLAUTH_DIGEST_IE |
                                     CURLAUTH_NEGOTIATE | CURLAUTH_NTLM | CURLAUTH_BEARER |
                                     CURLAUTH_AWS_SIGV4;

/* CURLAUTH_ONLY by itself asks for nothing that could be done. The IE flavour is digest. */
static CURLcode auth_bits(int64_t bits, uint32_t *out_bits)
{
  uint32_t only = (uint32_t)bits & (uint32_t)CURLAUTH_ONLY;
  uint32_t methods = (uint32_t)bits & ~only;
  if (bits && !methods)
    return CURLE_NOT_BUILT_IN;
  if (methods & CURLAUTH_DIGEST_IE)
    methods |= CURLAUTH_DIGEST;
  *out_bits = (methods & auth_methods) | only;
  return CURLE_OK;
}

static CURLcode set_httpauth(struct easy *e, uint32_t bits)
{
  if (e->set.http->httpauth == bits)
    return CURLE_OK;
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  http->httpauth = bits;
  return CURLE_OK;
}

CURLcode sl_opt_custom_httpauth(struct easy *e, union option_value value)
{
  uint32_t bits;
  CURLcode code = auth_bits(value.num, &bits);
  return code ? code : set_httpauth(e, bits);
}

static struct proxy_config *own_proxy(struct easy *e)
{
  return sl_settings_own(&e->set, SL_TOPIC_PROXY);
}

CURLcode sl_opt_custom_proxyauth(struct easy *e, union option_value value)
{
  uint32_t bits;
  CURLcode code = auth_bits(value.num, &bits);
  struct proxy_config *proxy = code ? NULL : own_proxy(e);
  if (proxy)
    proxy->proxyauth = bits;
  return code ? code : proxy ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

CURLcode sl_opt_custom_socks5_auth(struct easy *e, union option_value value)
{
  if (value.num & ~(int64_t)(CURLAUTH_BASIC | CURLAUTH_GSSAPI))
    return CURLE_NOT_BUILT_IN;
  struct proxy_config *proxy = own_proxy(e);
  if (!proxy)
    return CURLE_OUT_OF_MEMORY;
  proxy->socks5_auth = (uint8_t)value.num;
  return CURLE_OK;
}

CURLcode sl_opt_custom_aws_sigv4(struct easy *e, union option_value value)
{
  const char *provider = value.ptr;
  if (too_long(provider))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  CURLcode code = sl_setopt_string(e, SL_TOPIC_HTTP, SLOT(http_config, aws_sigv4), provider,
                                   provider ? strlen(provider) : 0);
  return !code && provider ? set_httpauth(e, CURLAUTH_AWS_SIGV4) : code;
}

/* ---- cookies, HSTS, Alt-Svc ------------------------------------------------------------------ */

CURLcode sl_opt_custom_cookiefile(struct easy *e, union option_value value)
{
  const char *name = value.ptr;
  if (too_long(name))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (!name && !e->set.http->cookie_engine)
    return CURLE_OK;
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  if (!name) {
    sl_settings_names_free(http->cookiefile);
    http->cookiefile = NULL;
  } else if (*name && sl_settings_names_add(&http->cookiefile, name)) {
    return CURLE_OUT_OF_MEMORY;
  }
  http->cookie_engine = name != NULL;
  return CURLE_OK;
}

CURLcode sl_opt_custom_cookiejar(struct easy *e, union option_value value)
{
  const char *name = value.ptr;
  if (too_long(name))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  CURLcode code = sl_setopt_string(e, SL_TOPIC_HTTP, SLOT(http_config, cookiejar), name,
                                   name ? strlen(name) : 0);
  if (!code && name)
    own_http(e)->cookie_engine = true; /* it is the handle's own since the line above */
  return code;
}

CURLcode sl_opt_custom_cookielist(struct easy *e, union option_value value)
{
  const char *line = value.ptr;
  if (!line)
    return CURLE_OK;
  if (too_long(line))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  bool enables = strcmp(line, "ALL") && strcmp(line, "SESS") && strcmp(line, "FLUSH");
  struct http_config *http = enables ? own_http(e) : NULL;
  if (enables && !http)
    return CURLE_OUT_OF_MEMORY;
  if (http)
    http->cookie_engine = true;
  return sl_easy_cookielist(e, line);
}

/* NULL and "" only switch HSTS on; NULL forgets the names so far. Every file is read, the last one is written. */
CURLcode sl_opt_custom_hsts(struct easy *e, union option_value value)
{
  const char *name = value.ptr;
  if (too_long(name))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct http_config *http = own_http(e);
  char *copy = name ? sl_strdup(name) : NULL;
  if (!http || (name && !copy) ||
      (name && *name && sl_settings_names_add(&http->hstsfiles, name))) {
    sl_free(copy);
    return CURLE_OUT_OF_MEMORY;
  }
  sl_settings_put_own(SL_TOPIC_HTTP, http, SLOT(http_config, hsts), copy);
  if (!name) {
    sl_settings_names_free(http->hstsfiles);
    http->hstsfiles = NULL;
    http->hsts_files_read = 0;
  }
  http->hsts_ctrl |= CURLHSTS_ENABLE;
  return CURLE_OK;
}

CURLcode sl_opt_custom_altsvc(struct easy *e, union option_value value)
{
  const char *name = value.ptr;
  if (too_long(name))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  CURLcode code =
      sl_setopt_string(e, SL_TOPIC_HTTP, SLOT(http_config, altsvc), name, name ? strlen(name) : 0);
  struct http_config *http = !code && name ? own_http(e) : NULL;
  if (http)
    http->altsvc_read = false;
  if (http && !http->altsvc_ctrl)
    http->altsvc_ctrl = CURLALTSVC_H1 | CURLALTSVC_H2 | CURLALTSVC_H3;
  return code;
}

/* ---- HTTP ------------------------------------------------------------------------------------ */

CURLcode sl_opt_custom_http_version(struct easy *e, union option_value value)
{
  if (value.num < CURL_HTTP_VERSION_NONE)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (value.num > CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE)
    return CURLE_UNSUPPORTED_PROTOCOL;
  if (e->set.http->http_version == value.num)
    return CURLE_OK;
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  http->http_version = (uint8_t)value.num;
  return CURLE_OK;
}

/* Any number but 0 has always meant yes; 2 and 3 have a meaning of their own since libcurl 8.13. */
CURLcode sl_opt_custom_followlocation(struct easy *e, union option_value value)
{
  bool known = value.num >= 0 && value.num <= CURLFOLLOW_FIRSTONLY;
  uint8_t mode = (uint8_t)(known ? value.num : CURLFOLLOW_ALL);
  if (e->set.http->followlocation == mode)
    return CURLE_OK;
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  http->followlocation = mode;
  return CURLE_OK;
}

/* RFC 7540 5.3.2; other weights are ignored. */
CURLcode sl_opt_custom_stream_weight(struct easy *e, union option_value value)
{
  if (value.num < 1 || value.num > 256)
    return CURLE_OK;
  struct http_config *http = own_http(e);
  if (!http)
    return CURLE_OUT_OF_MEMORY;
  http->stream_weight = (uint16_t)value.num;
  return CURLE_OK;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

/* CURL_SSLVERSION_* in the low half, CURL_SSLVERSION_MAX_* in the high one. SSL 2 and 3 are
 * refused. */
static bool is_sslversion(int64_t v)
{
  int64_t min = v & 0xffff, max = v >> 16;
  bool min_ok = min <= CURL_SSLVERSION_TLSv1 ||
                (min >= CURL_SSLVERSION_TLSv1_0 && min <= CURL_SSLVERSION_TLSv1_3);
  bool max_ok = (max >= 0 && max <= CURL_SSLVERSION_MAX_DEFAULT >> 16) ||
                (max >= CURL_SSLVERSION_TLSv1_0 && max <= CURL_SSLVERSION_TLSv1_3);
  return min_ok && max_ok;
}

static CURLcode set_sslversion(struct easy *e, enum settings_topic topic, int64_t v)
{
  const struct tls_config *current = e->set.topic[topic];
  if (!is_sslversion(v))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (current->sslversion == v)
    return CURLE_OK;
  struct tls_config *tls = sl_settings_own(&e->set, topic);
  if (!tls)
    return CURLE_OUT_OF_MEMORY;
  tls->sslversion = (long)v;
  return CURLE_OK;
}

CURLcode sl_opt_custom_sslversion(struct easy *e, union option_value value)
{
  return set_sslversion(e, SL_TOPIC_TLS, value.num);
}

CURLcode sl_opt_custom_proxy_sslversion(struct easy *e, union option_value value)
{
  return set_sslversion(e, SL_TOPIC_PROXY_TLS, value.num);
}

/* ---- Unix sockets ---------------------------------------------------------------------------- */

static CURLcode set_unix_path(struct easy *e, const char *path, bool is_abstract)
{
  if (too_long(path))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  CURLcode code = sl_setopt_string(e, SL_TOPIC_NET, SLOT(net_config, unix_socket_path), path,
                                   path ? strlen(path) : 0);
  struct net_config *net = code || (!path && !e->set.net->abstract_unix_socket)
                               ? NULL
                               : sl_settings_own(&e->set, SL_TOPIC_NET);
  if (net)
    net->abstract_unix_socket = path && is_abstract;
  return code;
}

CURLcode sl_opt_custom_unix_socket_path(struct easy *e, union option_value value)
{
  return set_unix_path(e, value.ptr, false);
}

CURLcode sl_opt_custom_abstract_unix_socket(struct easy *e, union option_value value)
{
  return set_unix_path(e, value.ptr, true);
}

/* ---- protocols ------------------------------------------------------------------------------- */

static const struct {
  char name[8];
  uint32_t bit;
} protocols[] = {
    {"all", UINT32_MAX},
    {"dict", CURLPROTO_DICT},
    {"file", CURLPROTO_FILE},
    {"ftp", CURLPROTO_FTP},
    {"ftps", CURLPROTO_FTPS},
    {"gopher", CURLPROTO_GOPHER},
    {"gophers", CURLPROTO_GOPHERS},
    {"http", CURLPROTO_HTTP},
    {"https", CURLPROTO_HTTPS},
    {"imap", CURLPROTO_IMAP},
    {"imaps", CURLPROTO_IMAPS},
    {"ldap", CURLPROTO_LDAP},
    {"ldaps", CURLPROTO_LDAPS},
    {"mqtt", CURLPROTO_MQTT},
    {"mqtts", CURLPROTO_MQTTS},
    {"pop3", CURLPROTO_POP3},
    {"pop3s", CURLPROTO_POP3S},
    {"rtsp", CURLPROTO_RTSP},
    {"scp", CURLPROTO_SCP},
    {"sftp", CURLPROTO_SFTP},
    {"smb", CURLPROTO_SMB},
    {"smbs", CURLPROTO_SMBS},
    {"smtp", CURLPROTO_SMTP},
    {"smtps", CURLPROTO_SMTPS},
    {"telnet", CURLPROTO_TELNET},
    {"tftp", CURLPROTO_TFTP},
    {"ws", CURLPROTO_WS},
    {"wss", CURLPROTO_WSS},
};

static uint32_t protocol_bit(struct slice name)
{
  for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
    struct slice known = {protocols[i].name, strnlen(protocols[i].name, sizeof protocols[i].name)};
    if (sl_text_ieq(name, known))
      return protocols[i].bit;
  }
  return 0;
}

/* An empty set would allow nothing; whoever names no protocol at all has made a mistake
 * (CVE-2024-2004). */
static CURLcode set_protocol_names(const char *names, uint32_t *out_set)
{
  uint32_t set = 0;
  struct slice rest = slice_str(names), name;
  if (too_long(names))
    return CURLE_BAD_FUNCTION_ARGUMENT;
  while (sl_text_next(&rest, ',', &name)) {
    uint32_t bit = name.n ? protocol_bit(name) : 0;
    if (name.n && !bit)
      return CURLE_UNSUPPORTED_PROTOCOL;
    set |= bit;
  }
  if (!set)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  *out_set = set;
  return CURLE_OK;
}

CURLcode sl_opt_custom_protocols(struct easy *e, union option_value value)
{
  e->set.io.protocols = (uint32_t)value.num;
  return CURLE_OK;
}

CURLcode sl_opt_custom_redir_protocols(struct easy *e, union option_value value)
{
  e->set.io.redir_protocols = (uint32_t)value.num;
  return CURLE_OK;
}

CURLcode sl_opt_custom_protocols_str(struct easy *e, union option_value value)
{
  return set_protocol_names(value.ptr, &e->set.io.protocols);
}

CURLcode sl_opt_custom_redir_protocols_str(struct easy *e, union option_value value)
{
  return set_protocol_names(value.ptr, &e->set.io.redir_protocols);
}

/* ---- acts at once ---------------------------------------------------------------------------- */

CURLcode sl_opt_custom_share(struct easy *e, union option_value value)
{
  return sl_easy_set_share(e, value.ptr);
}
