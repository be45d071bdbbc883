/* Whole files in memory: lists of URLs, of checksums, bodies to send. */
#ifndef CLI_SLURP_H
#define CLI_SLURP_H

#include <stdbool.h>
#include <stddef.h>

/* The content of the file, - is standard input, with a zero behind it; to be freed. NULL: errno
 * says why, EFBIG if it is longer than max. */
char *slurp(const char *path, size_t max, size_t *out_size);

/* The next line of a text that is torn apart for it: without its end and the blanks around it. */
char *slurp_line(char **text);

#endif
