/* CURLOPT_NETRC: user and password of t->host from the .netrc file. */
#ifndef SL_XFER_NETRC_FILE_H
#define SL_XFER_NETRC_FILE_H

#include <stdbool.h>

#include "base/result.h"

struct transfer;
/* May set t->user and t->password. from_options: those that are there are the options', not the URL's. */
sl_result sl_netrc_credentials(struct transfer *t, bool from_options);

#endif
