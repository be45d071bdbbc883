/* Where a download goes: a file, made when the first byte of the body comes, so that a failure
 * before that leaves an older file alone; or standard output. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <curl/curl.h>
#include <stdbool.h>

struct output {
  const char *path;      /* NULL: standard output */
  int fd;                /* -1: not open */
  bool resume;           /* append to what is there */
  curl_off_t resumed_at; /* bytes that were there */
  curl_off_t written;
  int os_errno; /* of what failed; 0: nothing did */
};

/* The last part of the URL's path, decoded, as the name of a file in the current folder: without
 * slashes and control characters, index.html when it is empty. NULL: not a URL. From malloc(). */
char *output_name(const char *url);

/* path is borrowed. False: os_errno is set (with resume, what is there can not be continued). */
bool output_init(struct output *output, const char *path, bool resume);
bool output_write(struct output *output, const char *data, size_t size);

/* Makes the file if nothing was written, and closes it. `whole` is false after a failure: then
 * nothing is made. */
bool output_finish(struct output *output, bool whole);

#endif
