/* Settings of Telnet. */
#ifndef SL_PROTO_TELNET_CONFIG_H
#define SL_PROTO_TELNET_CONFIG_H

#include <curl/curl.h>

struct telnet_config {
  struct curl_slist *telnetoptions; /* borrowed */
};

#endif
