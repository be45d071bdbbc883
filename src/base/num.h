/* Numbers out of and into text, exactly: no sign, blank or prefix is skipped, overflow is an error. */
#ifndef SL_BASE_NUM_H
#define SL_BASE_NUM_H

#include <stdint.h>

#include "base/slice.h"

/* Takes a decimal number of at most `max` off the front of *s. False (and *s unchanged) when there is no digit or it
 * is larger than max. */
bool sl_num_take(struct slice *s, int64_t max, int64_t *out_value);
bool sl_num_take_hex(struct slice *s, int64_t max, int64_t *out_value);
/* The whole slice is one decimal number of at most max. */
bool sl_num_parse(struct slice s, int64_t max, int64_t *out_value);

enum { SL_NUM_MAX = 24 }; /* room for any 64-bit number with sign and zero */
/* Writes the decimal digits and a terminating zero; returns the length without it. */
size_t sl_num_format(char dst[SL_NUM_MAX], int64_t value);

#endif
