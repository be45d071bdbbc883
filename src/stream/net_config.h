/* Settings of connections below TLS and proxies: from where, how, how long to keep. */
#ifndef SL_STREAM_NET_CONFIG_H
#define SL_STREAM_NET_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct net_config {
  char *interface;        /* owned: "name", "if!name", "host!name", "ifhost!name!host" */
  char *unix_socket_path; /* owned; wins over host and port */

  struct curl_slist *connect_to; /* borrowed: "HOST:PORT:CONNECT-TO-HOST:CONNECT-TO-PORT" */

  curl_prereq_callback prereqfunction; /* told of the connection before the request */
  void *prereqdata;

  int32_t happy_eyeballs_timeout_ms;
  int32_t upkeep_interval_ms;
  int32_t maxage_conn;      /* seconds that a connection may have been idle, 0 any */
  int32_t maxlifetime_conn; /* seconds since it was opened, 0 any */
  uint32_t maxconnects;     /* idle connections kept by curl_easy_perform(), 0: the default */
  uint32_t address_scope;   /* IPv6 scope id, 0 none */
  int32_t tcp_keepidle, tcp_keepintvl; /* seconds */
  int32_t tcp_keepcnt;                 /* probes */

  uint16_t localport; /* 0: any */
  uint16_t localportrange;
  bool abstract_unix_socket; /* unix_socket_path is a name in the abstract namespace */
  bool tcp_nodelay, tcp_keepalive, tcp_fastopen;
  bool fresh_connect, forbid_reuse;
};

#endif
