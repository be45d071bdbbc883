/* /etc/hosts, hosts(5). The text is kept with a table of where each name stands in it, so that
 * large block lists cost memory of about their own size and a look-up costs one probe. Read again
 * when the file has changed. */
#ifndef SL_DNS_HOSTS_H
#define SL_DNS_HOSTS_H

#include "base/buf.h"
#include "dns/answer.h"
#include "dns/stamp.h"

struct dns_hosts {
  const char *path; /* borrowed */
  struct dns_stamp stamp;
  struct buf text; /* in lower case */
  uint32_t *slots; /* where in the text a name stands, plus 1; open addressing */
  uint32_t cap;
};

void sl_dns_hosts_init(struct dns_hosts *h, const char *path);
void sl_dns_hosts_done(struct dns_hosts *h);
/* All addresses of the name (in lower case), of both families; *out_answer is NULL when it is not
 * there. A missing or unreadable file has no names. SL_NOMEM. */
sl_result sl_dns_hosts_find(struct dns_hosts *h, int64_t now_us, struct slice name,
                            struct dns_answer **out_answer);

#endif
