/* Has a file changed? /etc/hosts and /etc/resolv.conf are asked at most once a second, by one
 * stat(). */
#ifndef SL_DNS_STAMP_H
#define SL_DNS_STAMP_H

#include <stdbool.h>
#include <stdint.h>

struct dns_stamp {
  int64_t looked_us; /* 0: never */
  bool there;
  uint64_t device, inode;
  int64_t size, changed_s, changed_ns;
};

/* True when the file is another one than at the last look, and at the first look. */
bool sl_dns_stamp_changed(struct dns_stamp *s, const char *path, int64_t now_us);

#endif
