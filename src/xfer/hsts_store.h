/* HSTS (RFC 6797) of a handle or its share: CURLOPT_HSTS, its callbacks, and the switch from http to https. */
#ifndef SL_XFER_HSTS_STORE_H
#define SL_XFER_HSTS_STORE_H

#include "base/result.h"
#include "base/slice.h"

struct transfer;
sl_result sl_hsts_response(struct transfer *t, struct slice value); /* one Strict-Transport-Security value */

#endif
