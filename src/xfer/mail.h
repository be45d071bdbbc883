/* What the mail protocols' drivers share: who logs in and how. */
#ifndef SL_XFER_MAIL_H
#define SL_XFER_MAIL_H

#include "proto/sasl.h"

struct transfer;
/* Fills in what SASL is told of the user, from the options and the URL; what is left is ->offered, and ->max_initial.
 * `service`: its name there,
 * unless CURLOPT_SERVICE_NAME says otherwise. `own`: SASL_OWN_* that the protocol has. */
sl_result sl_mail_login(struct transfer *t, const char *service, uint16_t own, struct sasl *out);

#endif
