/* Times as the digits YYYYMMDDHHMMSS (UTC), what file formats and signatures are made of. */
#ifndef SL_WIRE_STAMP_H
#define SL_WIRE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { SL_STAMP_DIGITS = 14 };
/* Writes the digits and a zero; false before the year 1 and after 9999. */
bool sl_stamp(char dst[SL_STAMP_DIGITS + 1], int64_t time_s);

#endif
