/* The list of CURLOPT_DNS_SERVERS: "host[:port][,host[:port]]...", addresses only, IPv6 with a port in brackets. */
#ifndef SL_DNS_SERVERS_H
#define SL_DNS_SERVERS_H

#include <ares.h>

#include "base/buf.h"
#include "base/result.h"

/* SL_NOMEM, or CURLE_BAD_FUNCTION_ARGUMENT with a text. */
sl_result sl_dns_servers_set(ares_channel channel, struct slice servers, struct buf *error);

#endif
