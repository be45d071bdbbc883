/* A file that is read from front to back in pieces, as a part of a request body. Never waits for more than the kernel
 * does; pipes and devices are fine, they have no size. sys/file.h is for small files as a whole. */
#ifndef SL_SYS_INPUT_H
#define SL_SYS_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/result.h"

struct input {
  int fd; /* -1: not open */
};

bool sl_input_readable(const char *path); /* as far as permissions tell */
int64_t sl_input_size(const char *path);  /* bytes; -1: not known before it has been read, or not there */

bool sl_input_open(struct input *in, const char *path);
void sl_input_close(struct input *in); /* harmless when it is not open */
/* At most cap bytes; SL_OK with 0 is the end. CURLE_READ_ERROR. */
sl_result sl_input_read(struct input *in, void *dst, size_t cap, size_t *out_n);
bool sl_input_ready(const struct input *in); /* reading does not wait; files are always ready */
bool sl_input_rewind(struct input *in); /* false: a pipe */

#endif
