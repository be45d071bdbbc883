/* What `sluice get` was asked for. */
#ifndef CLI_GET_H
#define CLI_GET_H

#include <curl/curl.h>
#include <stdbool.h>

#include "address.h"
#include "sums.h"

/* One thing to download. */
struct get_item {
  const char *url;
  char *path;         /* NULL: standard output */
  bool by_server;     /* path only if the server has no name for it; nothing is replaced */
  char sum[SUM_TEXT]; /* the SHA-256 that it must have, "": none was given */
};

struct get_options {
  struct get_item *items;
  int item_count;
  const char **outputs; /* -o and -O in their order; NULL: named by the URL */
  int output_count;
  const char **item_sums; /* --sha256 in their order */
  int item_sum_count;
  struct sums sums;
  char **lists; /* texts of --input, which URLs point into */
  int list_count;
  struct curl_slist *headers;
  char *data; /* the body to send; NULL: none */
  size_t data_size;
  const char *method, *ca_file, *proxy; /* NULL: not given */
  long max_time_ms, connect_timeout_ms; /* 0: none; the library's */
  long http_version;                    /* 0: the library's choice */
  curl_off_t rate;                      /* bytes a second of each transfer, 0: no limit */
  int parallel, retries;
  struct cidr *deny;
  size_t deny_count;
  bool resume, server_names, head, no_follow, compressed, netrc, insecure, fail_early,
      accept_errors, quiet, verbose, trace;
};

enum { GET_REDIRECTS = 10 };

/* CLI_OK, CLI_USAGE (a message was printed), or GET_HELP. To be freed in any case. */
enum { GET_HELP = -1 };
int get_options_read(int count, char **words, struct get_options *out_options);
void get_options_free(struct get_options *options);

/* The parts of it: what an option's argument means. CLI_OK, or CLI_USAGE with a message. */
int read_seconds(const char *name, const char *text, long *out_ms);
int read_number(const char *name, const char *text, int low, int high, int *out);
int read_rate(const char *text, curl_off_t *out_rate);
int add_data(struct get_options *options, const char *value);
int add_deny(struct get_options *options, const char *value);
int add_header(struct get_options *options, const char *value);
void add_item(struct get_options *options, const char *url, const char *path);
int add_list(struct get_options *options, const char *path);

/* When all is read: every item gets its path and its checksum. */
int get_assign(struct get_options *options);

#endif
