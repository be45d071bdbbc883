/* The HSTS store (RFC 6797): which hosts are to be reached over TLS only. Entries are keyed on the
 * canonical host (lower case, no trailing dot) and on nothing else: what one host says never
 * changes the entry of another. In memory only, not locked. Whether a response came over verified
 * TLS is for the caller to know. */
#ifndef SL_WIRE_HSTS_H
#define SL_WIRE_HSTS_H

#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"

enum {
  SL_HSTS_MAX = 10000, /* entries; the oldest leaves */
  SL_HSTS_HOST_MAX = 255,
  SL_HSTS_STAMP_MAX = 18 /* "YYYYMMDD HH:MM:SS", "unlimited", and a zero */
};
#define SL_HSTS_UNLIMITED INT64_MAX

struct hsts {
  struct list all; /* oldest first */
  struct map hosts;
  uint32_t n;
};

struct hsts_entry {
  struct slice host; /* canonical */
  int64_t expires_s;
  bool subdomains;
};

void sl_hsts_init(struct hsts *h, uint64_t seed); /* seed: random, for the hash */
void sl_hsts_done(struct hsts *h);

/* Does what a Strict-Transport-Security field of this host says. SL_OK or SL_NOMEM; *out_taken (may
 * be NULL) is false for a field that is ignored: malformed, or of an IP address. */
sl_result sl_hsts_header(struct hsts *h, struct slice host, struct slice value, int64_t now_s,
                         bool *out_taken);
/* An entry from a file or the application; two for one host become the stricter and longer one. */
sl_result sl_hsts_add(struct hsts *h, struct slice host, bool subdomains, int64_t expires_s,
                      int64_t now_s);
/* True when the host, or a parent with its subdomains, is in the store. */
bool sl_hsts_covers(const struct hsts *h, struct slice host, int64_t now_s);

/* The file format. Bad lines are skipped. */
sl_result sl_hsts_load(struct hsts *h, struct slice text, int64_t now_s);
sl_result sl_hsts_print(const struct hsts *h, int64_t now_s, struct buf *out);
/* Goes through the living entries, oldest first; start with *cursor = NULL. */
bool sl_hsts_next(const struct hsts *h, const struct list **cursor, int64_t now_s,
                  struct hsts_entry *out_entry);

/* "YYYYMMDD HH:MM:SS" or "unlimited", as in files and in struct curl_hstsentry. */
void sl_hsts_stamp(char dst[SL_HSTS_STAMP_MAX], int64_t expires_s);
bool sl_hsts_stamp_parse(struct slice text, int64_t *out_expires_s); /* "" is unlimited, too */

#endif
