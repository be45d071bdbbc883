/* What a handle tells the gate: the application's socket callbacks and Sluice's own rules about
 * them. Part of a connection's identity. */
#ifndef SL_GATE_GATE_CONFIG_H
#define SL_GATE_GATE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>
#include <sluice/sluice.h>

struct policy;

struct gate_config {
  struct policy *policy; /* owned: a reference; NULL: none */

  curl_opensocket_callback opensocketfunction; /* NULL: socket() */
  void *opensocketdata;
  curl_sockopt_callback sockoptfunction;
  void *sockoptdata;
  curl_closesocket_callback closesocketfunction; /* NULL: close() */
  void *closesocketdata;
  sluice_socket_event_callback socket_eventfunction;
  void *socket_eventdata;

  uint32_t
      socket_purposes; /* SLUICE_PURPOSE_*: for which further descriptors the callbacks are asked */
  uint8_t refusal;     /* SLUICE_REFUSAL_* */
  bool ftp_same_peer;  /* an accepted FTP data connection must come from the control connection's
                          peer */
};

#endif
