/* What `sluice get` was asked for, and one download of it. */
#ifndef CLI_GET_H
#define CLI_GET_H

#include <curl/curl.h>
#include <stdbool.h>

#include "bar.h"
#include "output.h"
#include "screen.h"
#include "sockets.h"

struct get_options {
  const char **urls;
  char **paths; /* one a URL; NULL: standard output */
  int url_count;
  const char **outputs; /* -o and -O in their order; NULL: named by the URL */
  int output_count;
  struct curl_slist *headers;
  char *data; /* the body to send; NULL: none */
  size_t data_size;
  const char *method, *ca_file;
  long max_time_ms, connect_timeout_ms; /* 0: none; the library's */
  int parallel;
  struct cidr *deny;
  size_t deny_count;
  bool resume, no_follow, insecure, fail_early, accept_errors, quiet, verbose, trace;
};

enum { GET_REDIRECTS = 10 };

/* CLI_OK, CLI_USAGE (a message was printed), or GET_HELP. To be freed in any case. */
enum { GET_HELP = -1 };
int get_options_read(int count, char **words, struct get_options *out_options);
void get_options_free(struct get_options *options);

struct transfer {
  const struct get_options *options;
  struct screen *screen;
  const char *url, *path;
  struct output output;
  struct bar bar;
  struct sockets_user sockets;
  CURL *easy; /* NULL: not running */
  bool failed;
  char error[CURL_ERROR_SIZE];
};

/* Ready to be added to a multi handle, or false: a message was printed. */
bool transfer_start(struct transfer *transfer, const struct sockets *sockets);

/* It is over, with this result: prints how, closes the file, frees the handle. Sets `failed`. */
void transfer_finish(struct transfer *transfer, CURLcode code);
void transfer_abandon(struct transfer *transfer);

/* Why a transfer failed, in words, with what can be done about it. */
enum { ADVICE_TEXT = 1024 };
void advice_text(const struct transfer *transfer, CURLcode code, char out[ADVICE_TEXT]);

#endif
