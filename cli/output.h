/* Where a download goes. A file NAME grows as NAME.part and takes its name when it is whole: what
 * has the name is complete, and an older file stays until then. Beside it, NAME.part.etag says
 * which version of the resource the part is of. Standard output, devices and pipes are written
 * directly. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <sys/types.h>

enum { OUTPUT_VALIDATOR = 512 }; /* room for an If-Range */

struct output {
  const char *path; /* as it was asked for, borrowed; NULL: standard output */
  char *target;     /* the file behind links; NULL: written directly */
  char *part, *etag;
  bool no_replace;    /* fail when there is a file of that name */
  bool at_target;     /* the bytes that are there have the file's name, not the part's */
  mode_t mode;        /* of a file that is made */
  int fd;             /* -1: not open */
  curl_off_t size;    /* bytes that are there, of earlier runs, too */
  curl_off_t written; /* bytes that this run wrote */
  int os_errno;       /* of what failed; 0: nothing did */
};

/* False: os_errno is set. To be closed in any case. */
bool output_init(struct output *output, const char *path, bool no_replace);

/* For a transfer that is to go on: what is there, in size. False: os_errno is set. */
bool output_look(struct output *output);

/* Ready to be written from that byte on, which is `size` or 0. What is behind is lost. */
bool output_open(struct output *output, curl_off_t from);
bool output_write(struct output *output, const char *data, size_t size);

/* Ready to be read, for a check of what is there. */
bool output_readable(struct output *output);

/* The validator of the part (an entity tag or a date), as a text of one line. */
bool output_validator(const struct output *output, char out[OUTPUT_VALIDATOR]);
void output_set_validator(const struct output *output, const char *text);

/* It is whole: the file takes its name. False: os_errno is set. */
bool output_keep(struct output *output);

/* Deletes the part. A file that had its name already stays. */
void output_drop(struct output *output);

/* Leaves what is there, but for an empty part. */
void output_close(struct output *output);

#endif
