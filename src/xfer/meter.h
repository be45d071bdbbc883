/* The built-in progress meter: CURLOPT_NOPROGRESS off and no callback. The table that everybody knows from curl, on
 * CURLOPT_STDERR, one line rewritten in place once a second. */
#ifndef SL_XFER_METER_H
#define SL_XFER_METER_H

#include <stdbool.h>

struct transfer;
void sl_meter_print(struct transfer *t, bool last);

#endif
