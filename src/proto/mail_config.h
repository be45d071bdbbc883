/* Settings of the mail protocols. */
#ifndef SL_PROTO_MAIL_CONFIG_H
#define SL_PROTO_MAIL_CONFIG_H

#include <stdbool.h>

#include <curl/curl.h>

struct mail_config {
  char *sasl_authzid; /* owned: secrets, strings */

  bool sasl_ir; /* initial responses go out whatever the server says */
};

#endif
