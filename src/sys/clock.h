/* What time it is. Intervals and deadlines come from the monotonic clock alone; the wall clock is
 * for dates that a peer or a file has told (cookies, HSTS, certificates). */
#ifndef SL_SYS_CLOCK_H
#define SL_SYS_CLOCK_H

#include <stdint.h>

int64_t sl_clock_now_us(void); /* monotonic; the zero is arbitrary, the value never negative */
int64_t sl_clock_wall_s(void); /* seconds since 1970-01-01 00:00:00 UTC */
int64_t sl_clock_wall_us(void);

#endif
