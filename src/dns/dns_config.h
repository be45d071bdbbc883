/* Settings of name resolution. */
#ifndef SL_DNS_DNS_CONFIG_H
#define SL_DNS_DNS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct dns_config {
  char *dns_servers; /* owned: "host[:port][,host[:port]]..." */
  char *dns_interface;
  char *dns_local_ip4, *dns_local_ip6;
  char *doh_url;

  struct curl_slist *resolve; /* borrowed: "[+]HOST:PORT:ADDRESS[,ADDRESS]...", "-HOST:PORT" */
  curl_resolver_start_callback resolver_start_function;
  void *resolver_start_data;

  int32_t dns_cache_timeout_ms; /* -1 for ever */
  uint8_t ipresolve;            /* CURL_IPRESOLVE_* */
  bool dns_shuffle_addresses;
  bool doh_ssl_verifypeer, doh_ssl_verifyhost, doh_ssl_verifystatus;
};

#endif
