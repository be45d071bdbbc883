/* THE door. Every descriptor of the library is opened, bound, connected, accepted and closed here and nowhere else
 * (tools/symbols checks the object files), so that the application's callbacks see them all.
 *
 * Source: CURLOPT_OPENSOCKETFUNCTION(3), CURLOPT_SOCKOPTFUNCTION(3), CURLOPT_CLOSESOCKETFUNCTION(3). */
#ifndef SL_GATE_GATE_H
#define SL_GATE_GATE_H

#include "base/buf.h"
#include "base/result.h"
#include "gate/addr.h"
#include "gate/gate_config.h"

enum gate_purpose {
  GATE_ORIGIN,
  GATE_PROXY,
  GATE_DNS,
  GATE_DOH,
  GATE_FTP_DATA,
  GATE_FTP_LISTEN,
  GATE_ACCEPT
};

/* Who asks: the settings in force, what for, and where to say why it failed. */
struct gate_ask {
  const struct gate_config *config;
  struct policy *const *also; /* where the multi handle keeps its policy, which may change meanwhile; NULL: nowhere */
  enum gate_purpose purpose;
  bool dials;               /* nothing but options is to come between sl_gate_open() and _connect() */
  struct slice host;        /* the name as the user gave it, for events and messages; may be empty */
  struct slice scheme;      /* of the URL, for the policies; may be empty */
  unsigned *callback_depth; /* counted up while application code runs; the API's guard reads it */
  struct buf *error;        /* receives the reason; may be NULL */
};

/* One owner for each descriptor; fd is -1 once closed. The close callback is the one in force when it was opened. */
struct gate_socket {
  int fd;
  int16_t purpose; /* of its events: SLUICE_SOCKTYPE_*, CURLSOCKTYPE_* */
  bool by_path;    /* a Unix socket that we have connected: its path was judged, and how its server calls it does not count */
  curl_closesocket_callback close_fn;
  void *close_data;
  sluice_socket_event_callback event_fn; /* as of its opening, like the close callback; NULL: nobody listens */
  void *event_data;
};
#define GATE_SOCKET_NONE ((struct gate_socket){.fd = -1})

enum gate_opened {
  GATE_OPENED,     /* to be bound and connected */
  GATE_DIALLED,    /* ours, and connect() has been called as the asker `dials`: a broker does both at once */
  GATE_CONNECTING, /* the callback has called connect(), it is under way */
  GATE_CONNECTED   /* the callback handed in a connected socket */
};

/* Opens a socket for *addr if the policies allow it; the application may change it. On SL_OK *out_socket is non-blocking and
 * close-on-exec and has been through the sockopt callback. CURLE_COULDNT_CONNECT when it was refused (*out_refused
 * tells this from an error of the system). */
sl_result sl_gate_open(const struct gate_ask *ask, struct gate_addr *addr, struct gate_socket *out_socket,
                       enum gate_opened *out_how, bool *out_refused);

/* SL_OK connected, SL_WAIT under way, else CURLE_COULDNT_CONNECT with errno set. */
sl_result sl_gate_connect(const struct gate_ask *ask, struct gate_socket *s, const struct gate_addr *addr);
/* The connection stands, or not (err: errno): tells of it and, when it stands, asks the policies who is there. */
sl_result sl_gate_connected(const struct gate_ask *ask, const struct gate_socket *s, int err);
/* An idle connection, or one with room for another transfer: do the policies still allow its peer? (Of one that we have
 * connected by a Unix path that is for who knows the path: sl_gate_judge().) */
bool sl_gate_may_reuse(const struct gate_ask *ask, const struct gate_socket *s);
/* SL_OK, or CURLE_INTERFACE_FAILED with errno set; CURLE_COULDNT_CONNECT: the broker has failed. */
sl_result sl_gate_bind(const struct gate_ask *ask, const struct gate_socket *s, const struct gate_addr *addr);
/* SL_OK, CURLE_FTP_PORT_FAILED with errno set, or CURLE_COULDNT_CONNECT: a policy refused what it is bound to. */
sl_result sl_gate_listen(const struct gate_ask *ask, const struct gate_socket *s);
/* Takes one connection and asks the callbacks with CURLSOCKTYPE_ACCEPT. SL_WAIT when none has come, or one from another
 * host than `only` (NULL: any), which is closed before anybody is asked: a stranger must not end the transfer. */
sl_result sl_gate_accept(const struct gate_ask *ask, const struct gate_socket *listener, const struct sockaddr *only,
                         struct gate_socket *out_socket, struct gate_addr *out_peer);
void sl_gate_close(struct gate_socket *s, unsigned *callback_depth); /* harmless when closed already */

/* Is there a policy, and what do all there are say of an address that is not to be opened just now (a name that a proxy
 * will look up, the port that a TFTP server answers from)? CURLE_COULDNT_CONNECT when one refuses. */
bool sl_gate_guarded(const struct gate_ask *ask);
bool sl_gate_has_policy(const struct gate_config *config, const struct policy *also); /* the same, without asking */
sl_result sl_gate_judge(const struct gate_ask *ask, const struct gate_addr *addr);

/* "192.0.2.1 port 80", "Unix socket /run/x": for messages. */
enum { SL_GATE_PLACE = SL_ADDR_TEXT + 32 };
void sl_gate_place(const struct gate_addr *addr, char text[SL_GATE_PLACE]);

/* Tells the application of what the gate cannot see itself, as SLUICE_EVENT_REUSE. */
void sl_gate_tell(const struct gate_socket *s, sluice_event what, int err, unsigned *callback_depth);

#endif
