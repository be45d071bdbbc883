/* Settings of the mail protocols. */
#ifndef SL_PROTO_MAIL_CONFIG_H
#define SL_PROTO_MAIL_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

struct mail_config {
  char *sasl_authzid; /* owned: secrets, strings */

  uint8_t upload_flags; /* CURLULFLAG_*: of a message that IMAP leaves in a mailbox */
  bool sasl_ir; /* initial responses go out whatever the server says */
};

#endif
