/* CURLOPT_NETRC: user and password of t->host from the .netrc file. */
#ifndef SL_XFER_NETRC_FILE_H
#define SL_XFER_NETRC_FILE_H

#include "base/result.h"

struct transfer;
sl_result sl_netrc_credentials(struct transfer *t); /* may set t->user and t->password */

#endif
