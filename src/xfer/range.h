/* CURLOPT_RANGE and CURLOPT_RESUME_FROM as one run of bytes, for protocols that know no ranges: "X-Y", "X-", "-Y". */
#ifndef SL_XFER_RANGE_H
#define SL_XFER_RANGE_H

#include <stdint.h>

#include "base/result.h"

struct transfer;

struct range {
  int64_t from; /* bytes; negative: that many before the end */
  int64_t len;  /* bytes, -1: to the end */
};

/* Neither option: {0, -1}. CURLE_RANGE_ERROR when the text makes no sense. */
sl_result sl_range_of(struct transfer *t, struct range *out_range);

#endif
