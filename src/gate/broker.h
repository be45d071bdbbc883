/* The socket broker, seen from a process that has one: a small process, started before this one gave up the right,
 * that opens, connects, binds, listens and accepts on request. All system calls of the gate go there then, one request
 * each; what it does is done to the same socket, since the descriptor goes along. Its process is broker_process.c.
 *
 * What it can enforce, whatever has become of its client: that there are no sockets but of TCP, UDP and Unix streams,
 * and that its policy is asked, with the address as the kernel gets it, before each is made, connected, bound for
 * listening, listened on, and of each peer that is accepted. What it cannot:
 *   - A datagram socket may send anywhere: sendto(2) and sendmsg(2) take an address, connected or not. TFTP needs that
 *     (the server answers from another port). Policies that must hold against a client that was taken over deny
 *     `any proto udp`; then there are no datagram sockets, and name servers are asked over DoH.
 *   - TCP Fast Open connects by sendto(2) or sendmsg(2) with MSG_FASTOPEN: the sandbox has to forbid that flag.
 *   - `purpose` and `scheme` are what the client says. Addresses, ports and protocols are what is so.
 *   - It keeps the rights, the folder and the name spaces that it was started with, for Unix paths, too.
 *
 * A call is a round trip that waits for the broker alone, never for the network: 5 seconds at the most. */
#ifndef SL_GATE_BROKER_H
#define SL_GATE_BROKER_H

#include <sys/types.h>

#include "gate/gate.h"

struct broker; /* lives as long as the process, so that a pointer to one that has ended is harmless */

/* Starts a process with a copy of the policy (NULL: none). `callback` is the open callback by which applications say
 * that they want a broker. 0 or an errno; EMFILE: there are 64 that have not been stopped. */
int sl_broker_start(const struct policy *policy, curl_opensocket_callback callback, struct broker **out_broker);
/* Nothing more is asked of it. It ends when the last of its clients has gone. The place of one that was stopped is
 * used again after 63 others. */
void sl_broker_stop(struct broker *b);
pid_t sl_broker_pid(const struct broker *b); /* -1: it has ended */
/* The door: a process that inherits it can be a client of its own. Close-on-exec. -1: it has ended. */
int sl_broker_fd(const struct broker *b);
struct broker *sl_broker_known(const void *pointer); /* the same, if it is one; NULL */

/* The process's broker: the descriptor's number as text (SLUICE_BROKER), NULL: there is none any more. False: that is
 * no broker's door. */
bool sl_broker_adopt(const char *number);

/* Who opens for this configuration; NULL: we ourselves. The open callback's data pointer, if that is a broker (compared,
 * never looked into); otherwise the process's broker for what that callback is not `asked`. */
struct broker *sl_broker_of(const struct gate_config *c, bool asked);
/* And does it make the sockets by itself? Not when the application has an open callback of its own. */
bool sl_broker_opens(const struct gate_config *c);

/* The system calls. -1 with errno set, and the reason in ask->error where errno is not enough: EACCES for a refusal of
 * the broker's policy, EOWNERDEAD when there is no broker any more, ETIMEDOUT when it does not answer. */
int sl_broker_socket(struct broker *b, const struct gate_ask *ask, const struct gate_addr *addr);
/* The same and connect(2) in one round trip. *out_dialled: that is under way, or done; otherwise the socket is not
 * connected, and connecting it will tell why. */
int sl_broker_dial(struct broker *b, const struct gate_ask *ask, const struct gate_addr *addr, bool *out_dialled);
int sl_broker_connect(struct broker *b, const struct gate_ask *ask, int fd, const struct gate_addr *addr);
int sl_broker_bind(struct broker *b, const struct gate_ask *ask, int fd, const struct gate_addr *addr);
int sl_broker_listen(struct broker *b, const struct gate_ask *ask, int fd);
int sl_broker_accept(struct broker *b, const struct gate_ask *ask, int fd, struct sockaddr *peer, socklen_t *len);

#endif
