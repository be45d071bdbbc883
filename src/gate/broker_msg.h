/* What a client and its socket broker say to each other: one fixed-size message each way over a Unix SOCK_SEQPACKET
 * pair, a descriptor beside it where there is one (unix(7), SCM_RIGHTS). Both are of one and the same library, so that
 * the structs are as they lie in memory; the version tells a program that was left over from an older one.
 *
 * A request comes from a process that may have been taken over: sl_broker_check() looks at every byte that is used. */
#ifndef SL_GATE_BROKER_MSG_H
#define SL_GATE_BROKER_MSG_H

#include "gate/gate.h"

enum {
  BROKER_MAGIC = 0x42524b53, /* "SKRB" */
  BROKER_VERSION = 1,
  BROKER_SCHEME_MAX = 16, /* with its zero; what is longer is cut */
  BROKER_CLASS_MAX = 16,
  BROKER_RULE_MAX = 120
};

enum broker_op {
  BROKER_JOIN = 1, /* at the door only: a channel of one's own */
  BROKER_SOCKET,   /* addr: its kind, and what it is for */
  BROKER_DIAL,     /* the same, connected to addr in one go; if that does not begin, not connected */
  BROKER_CONNECT,  /* these four come with the descriptor that they are done to */
  BROKER_BIND,
  BROKER_LISTEN,
  BROKER_ACCEPT
};

struct broker_request {
  uint32_t magic;
  uint16_t version;
  uint8_t op, purpose; /* enum broker_op, enum gate_purpose */
  uint64_t id;
  struct gate_addr addr; /* SOCKET, DIAL, CONNECT, BIND */
  char scheme[BROKER_SCHEME_MAX];
};

struct broker_reply {
  uint32_t magic;
  uint16_t version;
  uint8_t refused; /* the broker's policy said no, for the reason below; err is EACCES then */
  uint8_t dialled; /* DIAL: connect() is under way, or done */
  uint64_t id;
  int32_t err; /* errno, 0 */
  int32_t pid; /* JOIN: the broker's */
  uint32_t line;
  struct gate_addr addr; /* ACCEPT: the peer; LISTEN refused: what was judged */
  char class_name[BROKER_CLASS_MAX], rule[BROKER_RULE_MAX];
};

/* The kinds that the library has a use for: TCP, UDP, Unix streams. Nobody gets a raw or a netlink socket. */
bool sl_broker_kind(int family, int socktype, int protocol);

/* 0, or the errno to answer with. On 0 the address of *out_request is one of its kind, as long as its kind is. */
int sl_broker_check(const void *bytes, size_t n, bool has_fd, struct broker_request *out_request);

/* Does not wait. False with errno set. fd -1: none goes along. */
bool sl_broker_send(int sock, const void *message, size_t n, int fd);
/* The bytes of one message, 0 when the other side has closed, -1 with errno set: EPROTO when more came than may, EMFILE
 * when there was no room for the descriptor (*message is filled in then). flags: 0, or MSG_DONTWAIT. *out_fd is the descriptor that came
 * along, close-on-exec, the caller's to close; -1: there was none. */
ssize_t sl_broker_receive(int sock, int flags, void *message, size_t cap, int *out_fd);

#endif
