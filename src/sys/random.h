/* Unpredictable bytes from the kernel: nonces, boundaries, hash seeds, WebSocket masks. There is no
 * weaker source to fall back on: who gets false has to fail. */
#ifndef SL_SYS_RANDOM_H
#define SL_SYS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool sl_random_bytes(void *dst, size_t n); /* false: nothing in dst may be used */
bool sl_random_u64(uint64_t *out_value);

#endif
