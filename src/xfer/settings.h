/* All that an application has set on a handle, grouped by topic. A module gets its topic, never the
 * whole.
 *
 * The topic `io` is inline. The others are shared defaults (static, constant) until the first
 * option of the topic is set: sl_settings_own() then makes the handle's own copy. Readers follow
 * the pointer and need not care: `set->http->followlocation`. They must not keep the pointer beyond
 * a call of the application, which may set or reset options.
 *
 * Each topic begins with the pointers it owns (strings, secrets, blobs), so that freeing and
 * copying them needs no knowledge of options; settings.c says which of them are secret and which
 * are blobs.
 *
 * io.nobody wins over http->method: a HEAD request, or no body in other protocols. */
#ifndef SL_XFER_SETTINGS_H
#define SL_XFER_SETTINGS_H

#include <stddef.h>

#include "base/result.h"
#include "dns/dns_config.h"
#include "gate/gate_config.h"
#include "proto/ftp_config.h"
#include "proto/http_config.h"
#include "proto/mail_config.h"
#include "proto/rtsp_config.h"
#include "proto/telnet_config.h"
#include "ssh/ssh_config.h"
#include "stream/net_config.h"
#include "stream/proxy_config.h"
#include "tls/tls_config.h"
#include "xfer/io_config.h"

enum settings_topic {
  SL_TOPIC_HTTP,
  SL_TOPIC_NET,
  SL_TOPIC_DNS,
  SL_TOPIC_GATE,
  SL_TOPIC_TLS,
  SL_TOPIC_PROXY_TLS,
  SL_TOPIC_PROXY,
  SL_TOPIC_FTP,
  SL_TOPIC_RTSP,
  SL_TOPIC_MAIL,
  SL_TOPIC_TELNET,
  SL_TOPIC_SSH,
  SL_TOPIC_SHARED, /* how many topics are shared until they are written to */
  SL_TOPIC_IO = SL_TOPIC_SHARED,
  SL_TOPICS
};

struct settings {
  struct io_config io;
  union {
    struct {
      const struct http_config *http;
      const struct net_config *net;
      const struct dns_config *dns;
      const struct gate_config *gate;
      const struct tls_config *tls, *proxy_tls;
      const struct proxy_config *proxy;
      const struct ftp_config *ftp;
      const struct rtsp_config *rtsp;
      const struct mail_config *mail;
      const struct telnet_config *telnet;
      const struct ssh_config *ssh;
    };
    const void *topic[SL_TOPIC_SHARED]; /* the same pointers, by number */
  };
};

void sl_settings_init(struct settings *s);  /* all defaults, owns nothing */
void sl_settings_done(struct settings *s);  /* frees; only _init() may follow */
void sl_settings_reset(struct settings *s); /* back to the defaults; the generation goes on */

/* A deep copy of what is owned; borrowed lists are shared, as libcurl has it. On SL_NOMEM *out_copy
 * owns nothing and has all defaults. The old contents of *out_copy are not looked at. */
sl_result sl_settings_dup(const struct settings *s, struct settings *out_copy);

/* The handle's own, writable topic (not SL_TOPIC_IO, which is always at hand); NULL when out of
 * memory. */
void *sl_settings_own(struct settings *s, enum settings_topic topic);

/* How many pointers each topic owns: all members before the one named here. */
enum {
  SL_OWNED_HTTP = offsetof(struct http_config, copypostfields) / sizeof(void *),
  SL_OWNED_NET = offsetof(struct net_config, connect_to) / sizeof(void *),
  SL_OWNED_DNS = offsetof(struct dns_config, resolve) / sizeof(void *),
  SL_OWNED_GATE = offsetof(struct gate_config, opensocketfunction) / sizeof(void *),
  SL_OWNED_TLS = offsetof(struct tls_config, ssl_ctx_function) / sizeof(void *),
  SL_OWNED_PROXY_TLS = SL_OWNED_TLS,
  SL_OWNED_PROXY = offsetof(struct proxy_config, proxyheader) / sizeof(void *),
  SL_OWNED_FTP = offsetof(struct ftp_config, quote) / sizeof(void *),
  SL_OWNED_RTSP = offsetof(struct rtsp_config, interleavefunction) / sizeof(void *),
  SL_OWNED_TELNET = 0,
  SL_OWNED_MAIL = offsetof(struct mail_config, upload_flags) / sizeof(void *),
  SL_OWNED_SSH = offsetof(struct ssh_config, ssh_keyfunction) / sizeof(void *),
  SL_OWNED_IO = offsetof(struct io_config, writefunction) / sizeof(void *)
};

/* Gives the owned pointer number i of a topic a new value. The old one is freed; if it is a secret
 * it is overwritten first. `base` is the topic as sl_settings_own() gave it, or &s->io. */
void sl_settings_put_own(enum settings_topic topic, void *base, unsigned i, void *value);

/* One allocation: the struct, and with CURL_BLOB_COPY the bytes behind it. */
struct curl_blob *sl_settings_blob_copy(const struct curl_blob *blob);

/* Lists whose nodes hold their text, as http->cookiefile. */
sl_result sl_settings_names_add(struct curl_slist **names, const char *name);
void sl_settings_names_free(struct curl_slist *names);

/* Bytes at http->postfields. */
size_t sl_settings_postfields_len(const struct http_config *http);

/* An option has been set: whatever was derived from the settings is to be derived anew. The number
 * is odd, hence never 0. */
static inline void sl_settings_changed(struct settings *s)
{
  s->io.generation += 2;
}

#endif
