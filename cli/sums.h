/* SHA-256 checksums: as text, in lists as sha256sum writes them, and of a file. */
#ifndef CLI_SUMS_H
#define CLI_SUMS_H

#include <stdbool.h>
#include <stddef.h>

enum { SUM_TEXT = 65 }; /* room for one in hexadecimal digits */

struct sum {
  const char *name;
  char hex[SUM_TEXT];
};

struct sums {
  char *text; /* what the names point into */
  struct sum *rows;
  size_t count;
};

/* 64 hexadecimal digits, as lower case. */
bool sum_parse(const char *text, size_t length, char out_hex[SUM_TEXT]);

/* Lines "HEX  NAME", "HEX *NAME" and "SHA256 (NAME) = HEX"; others are passed over, as sha256sum
 * does. False: a message says why not. */
bool sums_read(struct sums *sums, const char *path);
void sums_free(struct sums *sums);

/* Of the file with that path: the line that names it so, or else the only one whose last part is
 * the path's last part. *out_several: there is more than one. */
const char *sums_find(const struct sums *sums, const char *path, bool *out_several);

/* The sum of a file is made in steps, between which other transfers run. */
struct digest;
struct digest *digest_new(int fd); /* NULL: it can not be had */
void digest_free(struct digest *digest);

/* 1: go on; 0: done, the sum is there; -1: errno says why it can not be read. */
int digest_step(struct digest *digest, char out_hex[SUM_TEXT]);

#endif
