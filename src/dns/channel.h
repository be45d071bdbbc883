/* Inside dns/: a channel is one c-ares channel (or a DoH server) with everything that is asked
 * there. There is one for each kind of settings; queries of handles with the same settings share
 * its sockets and its look-ups.
 *
 * Files: channel.c makes, finds and drops channels; servers.c makes c-ares ready; sockets.c is
 * c-ares' view of the gate and the reactor; query.c asks and takes replies; lookup.c goes from
 * replies to an answer; tell.c calls the waiters; dns.c is the way in. */
#ifndef SL_DNS_CHANNEL_H
#define SL_DNS_CHANNEL_H

#include <ares.h>

#include "dns/dns.h"
#include "dns/hosts.h"
#include "dns/message.h"

/* What c-ares believes to be a descriptor is the number of one of these. */
struct dns_socket {
  struct dns_channel *channel;
  int number;
  int family, socktype;
  bool received;   /* the last arecvfrom() gave something */
  bool connecting; /* by the application: who is there is not known yet */
  uint64_t policy; /* the multi handle's that allowed the server, by its id */
  struct gate_socket gate;
  struct watch watch;
  struct gate_addr server; /* as c-ares knows it, whatever the application made of it */
};

struct dns_channel {
  struct list link;
  struct dns *dns;
  struct dns_config config; /* own copies of the strings that matter here */
  struct gate_config gate;  /* own copy of the policy */
  uint64_t realm[2];        /* of the config: cache entries are told apart by it */

  ares_channel ares;           /* NULL until the first query, and for DoH */
  struct ares_options options; /* what c-ares found in resolv.conf: domains, ndots */
  bool has_options;
  struct dns_stamp resolv;
  struct gate_addr local4, local6; /* family 0: none */
  struct dns_socket **sockets;
  int n_sockets;    /* places in the array */
  struct buf error; /* why a server could not be reached */
  bool heard;       /* a server has sent something */

  struct map lookups;  /* want and name -> struct dns_lookup, not finished */
  struct list waiting; /* lookups whose turn has not come */
  struct list touched; /* lookups that have got replies */
  struct list telling; /* lookups with news for their waiters */
  struct job tell;     /* runs sl_dns_tell() */
  struct timer timer;
  int64_t due_us; /* of the timer */
  unsigned n_waiters;
  unsigned running; /* queries under way */
  unsigned depth;   /* c-ares is on the stack */
  unsigned busy;    /* looked at by somebody on the stack: not to be freed */
  bool pumping, telling_now;
  bool retired;    /* resolv.conf has changed: nothing new is asked here */
  unsigned tokens; /* queries that may be sent now, see query.c */
  int64_t refilled_us;
};

/* One question to a server, for one family. */
struct dns_query {
  struct dns_lookup *lookup;
  uint16_t type; /* DNS_TYPE_A or DNS_TYPE_AAAA */
  bool wanted;
  bool running;
  enum dns_outcome outcome;
  uint32_t ttl_s;
  struct dns_answer *found; /* for DNS_DATA */
};

enum lookup_state { LOOKUP_WAITING, LOOKUP_RUNNING, LOOKUP_FINISHED };

struct dns_lookup {
  struct list link; /* in the channel's waiting, or telling */
  struct list touched;
  struct list waiters; /* FIFO */
  struct dns_channel *channel;
  unsigned n_waiters;
  enum lookup_state state;
  struct dns_query query[2]; /* AAAA, A */
  unsigned candidate;        /* which name of the search list is being asked for */
  enum dns_outcome trouble;  /* the worst so far */
  uint32_t no_ttl_s;         /* how long the "no" is good */
  struct dns_answer *answer; /* of one family, then of all */
  sl_result result;          /* when finished */
  uint32_t ttl_s;
  bool shuffle;
  bool telling; /* its waiters are being called */
  size_t key_n;
  char key[]; /* want, then the name in lower case */
};

static inline struct slice lookup_host(const struct dns_lookup *l)
{
  return slice_of(l->key + 1, l->key_n - 1);
}

/* channel.c */
struct dns_channel *sl_dns_channel_get(struct dns *dns, const struct dns_config *config,
                                       const struct gate_config *gate); /* NULL: out of memory */
void sl_dns_channel_free(struct dns_channel *ch);
void sl_dns_realm(const struct dns_config *config, uint64_t out_realm[2]);

/* servers.c */
/* Makes the c-ares channel if need be. */
sl_result sl_dns_servers_open(struct dns_channel *ch, struct buf *error);
void sl_dns_servers_close(struct dns_channel *ch); /* ends its queries */

/* keep.c: true when resolv.conf is kept and cannot be opened. *options and *mask get what it said then, so that c-ares
 * reads nothing; the servers, of which the options know a part, are set once the channel is there. */
bool sl_dns_kept(const char *resolv_path, struct ares_options *options, int *mask);
int sl_dns_kept_servers(ares_channel channel); /* an ARES_* */

/* sockets.c */
extern const struct ares_socket_functions sl_dns_socket_functions;
void sl_dns_socket_state(void *data, ares_socket_t number, int readable, int writable);
/* At the latest then. False: out of memory. */
bool sl_dns_timer(struct dns_channel *ch, int64_t due_us);

/* query.c */
/* May n queries be sent now? Then they count as sent. */
bool sl_dns_query_credit(struct dns_channel *ch, unsigned n);
void sl_dns_query_start(struct dns_query *q, struct slice name, void *who);
void sl_dns_query_end(struct dns_query *q, enum dns_outcome outcome);
void sl_dns_query_cancel_all(struct dns_channel *ch);

/* lookup.c */
struct dns_lookup *sl_dns_lookup_new(struct dns_channel *ch, struct slice host, uint8_t want,
                                     bool shuffle);
void sl_dns_lookup_free(struct dns_lookup *l);
/* The i-th name to ask for, if there is one. */
bool sl_dns_candidate(const struct dns_lookup *l, unsigned i, char dst[DNS_NAME_MAX + 2],
                      struct slice *out_name);
void sl_dns_pump(struct dns_channel *ch, void *who); /* moves look-ups on; calls no waiter */

/* tell.c */
void sl_dns_tell(struct dns_channel *ch); /* calls the waiters */
sl_result sl_dns_fail(struct buf *error, bool proxy, struct slice host, const char *reason);
void sl_dns_waiter_take(struct dns_waiter *w); /* out of its look-up */
void sl_dns_waiter_settle(struct dns_waiter *w, const struct dns_lookup *l);
const char *sl_dns_reason(const struct dns_lookup *l); /* "": the name is not there */

#endif
