/* The cache of alternative services (RFC 7838): at which other host and port an origin can be reached, too. Entries
 * are kept for each origin (host without case and trailing dot, and port); a new Alt-Svc field replaces all that its
 * origin has said before. In memory only, not locked. Whether a response came over verified TLS is for the caller to
 * know. Also the file format of CURLOPT_ALTSVC(3). */
#ifndef SL_WIRE_ALTSVC_H
#define SL_WIRE_ALTSVC_H

#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"

enum {
  SL_ALTSVC_MAX = 5000,      /* entries; the oldest leaves */
  SL_ALTSVC_OF_ORIGIN = 16,  /* entries of one origin; more are ignored */
  SL_ALTSVC_HOST_MAX = 255
};
enum { SL_ALPN_H1 = 1, SL_ALPN_H2 = 2, SL_ALPN_H3 = 4 };

struct altsvc {
  struct list all; /* oldest first */
  struct map origins;
  uint32_t n;
};

struct altsvc_peer {
  struct slice host; /* an IPv6 address in brackets */
  uint16_t port;
  uint8_t alpn; /* SL_ALPN_ */
};

struct altsvc_entry {
  struct altsvc_peer from, to;
  int64_t expires_s;
  bool persist;
};

void sl_altsvc_init(struct altsvc *a, uint64_t seed); /* seed: random, for the hash */
void sl_altsvc_done(struct altsvc *a);

/* Does what an Alt-Svc field of `from` says. `first`: of the response, so that what was known before goes. What is
 * malformed, or of a protocol that nobody knows, is left out. SL_OK or SL_NOMEM. */
sl_result sl_altsvc_header(struct altsvc *a, const struct altsvc_peer *from, struct slice value, bool first,
                           int64_t now_s);
/* The first living alternative that speaks one of `alpns`. *out_entry is good until the cache changes. */
bool sl_altsvc_find(const struct altsvc *a, struct slice host, uint16_t port, unsigned alpns, int64_t now_s,
                    struct altsvc_entry *out_entry);

/* The file format. Bad lines are skipped. */
sl_result sl_altsvc_load(struct altsvc *a, struct slice text, int64_t now_s);
sl_result sl_altsvc_print(const struct altsvc *a, int64_t now_s, struct buf *out);

#endif
