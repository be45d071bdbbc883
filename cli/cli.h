/* What every part of the command knows: its exit statuses, its version, memory that is there or
 * ends the program. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stddef.h>

#define CLI_VERSION "0.1.0"

enum {
  CLI_OK = 0,
  CLI_FAILED = 1,  /* a transfer failed, the demonstration differed */
  CLI_USAGE = 2,   /* the command line makes no sense */
  CLI_MISMATCH = 3 /* a file has not the checksum that it must have */
};

int get_main(int count, char **words);
void get_help(void);
int demo_main(int count, char **words);
void demo_help(void);

/* Zeroed, and never NULL: without memory the program ends with CLI_FAILED, from within a callback,
 * too. What has come of a file stays as its part. */
void *cli_alloc(size_t count, size_t size);
void *cli_need(void *p);

#endif
