/* DNS messages, RFC 1035 section 4: the one query that a stub resolver asks, and the addresses out
 * of the reply. Sans-I/O; the same for UDP, TCP and DoH. Replies come from anywhere: nothing in
 * them is trusted, the work is bounded by RECORDS_MAX records of one message, HOPS_MAX aliases. */
#ifndef SL_DNS_MESSAGE_H
#define SL_DNS_MESSAGE_H

#include <stdint.h>

#include "base/slice.h"

enum { DNS_TYPE_A = 1, DNS_TYPE_CNAME = 5, DNS_TYPE_SOA = 6, DNS_TYPE_AAAA = 28 };

enum {
  DNS_NAME_MAX = 253,              /* characters of a name without its last dot */
  DNS_QUERY_MAX = 12 + 255 + 4,    /* bytes */
  DNS_ADDRESSES_MAX = 128,         /* taken of one reply; those after them are not looked at */
  DNS_TTL_UNKNOWN = UINT32_MAX / 2 /* seconds; no record says how long a "no" is good */
};

enum dns_outcome {
  DNS_PENDING,
  DNS_DATA,     /* at least one address */
  DNS_NODATA,   /* the name is there, has no such address */
  DNS_NXDOMAIN, /* the name is not there */
  DNS_FAILED,   /* the name server says that it cannot tell */
  DNS_GARBAGE,  /* no reply to this query, or malformed */
  DNS_TIMEOUT,  /* from here on: no reply at all */
  DNS_UNREACHABLE,
  DNS_CANCELLED,
  DNS_NOMEM
};

struct dns_reply {
  enum dns_outcome outcome; /* DATA to GARBAGE */
  uint32_t ttl_s; /* for DATA of the shortest-lived record, for NODATA and NXDOMAIN of the "no" */
  unsigned n;
  unsigned char ip[DNS_ADDRESSES_MAX][16]; /* A: the first four */
};

/* Labels of 1 to 63 printable characters, DNS_NAME_MAX in all, one dot at the end allowed. */
bool sl_dns_name_ok(struct slice name);
/* Writes the query for a name that is ok; returns its length. */
size_t sl_dns_query_write(unsigned char dst[DNS_QUERY_MAX], struct slice name, uint16_t type,
                          uint16_t id);
/* Reads the reply to the query for that name and type. The transaction number is the transport's to
 * compare. */
void sl_dns_reply_read(struct slice message, struct slice name, uint16_t type,
                       struct dns_reply *out_reply);

#endif
