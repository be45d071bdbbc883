/* The command line of `sluice get`; see get.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "get.h"

enum option {
  FILES,
  OUTPUT,
  REMOTE_NAME,
  REMOTE_HEADER_NAME,
  INPUT,
  CONTINUE,
  SHA256,
  SUMS,
  REQUEST,
  HEADER,
  DATA,
  METHOD,
  COMPRESSED,
  NETRC,
  NO_FOLLOW,
  NETWORK,
  PROXY,
  HTTP1,
  HTTP2,
  CACERT,
  INSECURE,
  DENY,
  LIMITS,
  PARALLEL,
  LIMIT_RATE,
  MAX_TIME,
  CONNECT_TIMEOUT,
  FAILURES,
  RETRY,
  FAIL,
  ACCEPT_ERRORS,
  FAIL_EARLY,
  SHOWN,
  QUIET,
  VERBOSE,
  TRACE_SOCKETS,
  HELP,
  OPTIONS
};

static const struct args_row rows[OPTIONS] = {
    [FILES] = {0, NULL, NULL,
               "Files (the first -o, -O and --sha256 are for the first URL, and so on):"},
    [OUTPUT] = {'o', "output", "FILE", "store there; - is standard output"},
    [REMOTE_NAME] = {'O', "remote-name", NULL, "name the file as the URL does, the default"},
    [REMOTE_HEADER_NAME] = {'J', "remote-header-name", NULL,
                            "name it as the server does; replaces no file"},
    [INPUT] = {'i', "input", "FILE", "a URL a line, a file's name may follow; - is stdin"},
    [CONTINUE] = {'C', "continue", NULL, "go on with what is there, in FILE.part or FILE"},
    [SHA256] = {0, "sha256", "HEX", "the checksum that the file must have"},
    [SUMS] = {0, "sums", "FILE", "checksums of all files, as sha256sum writes them"},
    [REQUEST] = {0, NULL, NULL, "Request:"},
    [HEADER] = {'H', "header", "LINE", "add a header field; may be repeated"},
    [DATA] = {'d', "data", "DATA", "POST this; @FILE, @-: what is in the file, in stdin"},
    [METHOD] = {'X', "method", "METHOD", "use this method instead of GET or POST"},
    [COMPRESSED] = {0, "compressed", NULL, "let the server compress, store it as it was before"},
    [NETRC] = {0, "netrc", NULL, "take names and passwords from ~/.netrc"},
    [NO_FOLLOW] = {0, "no-follow", NULL, "take a redirect for the answer; else 10 are followed"},
    [NETWORK] = {0, NULL, NULL, "Network:"},
    [PROXY] = {'x', "proxy", "URL", "go through this proxy (http, https, socks5h ...); '': none"},
    [HTTP1] = {0, "http1.1", NULL, "HTTP/1.1 only"},
    [HTTP2] = {0, "http2", NULL, "try HTTP/2, without TLS, too"},
    [CACERT] = {0, "cacert", "FILE", "trust the certificates in this PEM file, and no others"},
    [INSECURE] = {'k', "insecure", NULL, "do not verify certificates: anybody may be the server"},
    [DENY] = {0, "deny", "CIDR", "refuse these addresses (10.0.0.0/8, ::1); may be repeated"},
    [LIMITS] = {0, NULL, NULL, "Limits:"},
    [PARALLEL] = {'j', "parallel", "N", "transfers at the same time, default 4"},
    [LIMIT_RATE] = {0, "limit-rate", "RATE", "bytes a second of each transfer: 800, 50k, 1.5M"},
    [MAX_TIME] = {'m', "max-time", "SEC", "give up an attempt after this time"},
    [CONNECT_TIMEOUT] = {0, "connect-timeout", "SEC", "give up connecting after this time"},
    [FAILURES] = {0, NULL, NULL, "Failures:"},
    [RETRY] = {0, "retry", "N", "try again, if that may help, after 1, 2, 4 ... seconds"},
    [FAIL] = {'f', "fail", NULL, "an answer of 400 and above is a failure, the default"},
    [ACCEPT_ERRORS] = {0, "accept-errors", NULL, "store such an answer, too"},
    [FAIL_EARLY] = {0, "fail-early", NULL, "after a failure leave the other transfers"},
    [SHOWN] = {0, NULL, NULL, "What is shown:"},
    [QUIET] = {'q', "quiet", NULL, "errors only"},
    [VERBOSE] = {'v', "verbose", NULL, "headers, and what the library remarks"},
    [TRACE_SOCKETS] = {0, "trace-sockets", NULL, "each socket opened, connected, refused, closed"},
    [HELP] = {'h', "help", NULL, "this text"},
};

void get_help(void)
{
  fputs("usage: sluice get [OPTION...] URL...\n\n"
        "Downloads each URL into a file of the current folder, named as the URL's path ends. It\n"
        "grows as FILE.part and takes its name when it is complete and verified.\n\n",
        stdout);
  args_help(rows, OPTIONS, stdout);
  fputs(
      "\nExit status: 0 every file is complete, 1 a transfer failed, 2 the command line makes no\n"
      "sense, 3 a checksum is wrong.\n",
      stdout);
}

static int take_flag(struct get_options *options, int option)
{
  bool *flags[OPTIONS] = {
      [CONTINUE] = &options->resume,       [REMOTE_HEADER_NAME] = &options->server_names,
      [NO_FOLLOW] = &options->no_follow,   [COMPRESSED] = &options->compressed,
      [NETRC] = &options->netrc,           [INSECURE] = &options->insecure,
      [FAIL_EARLY] = &options->fail_early, [QUIET] = &options->quiet,
      [VERBOSE] = &options->verbose,       [TRACE_SOCKETS] = &options->trace,
  };
  switch (option) {
  case HELP:
    return GET_HELP;
  case HTTP1:
    options->http_version = CURL_HTTP_VERSION_1_1;
    return CLI_OK;
  case HTTP2:
    options->http_version = CURL_HTTP_VERSION_2_0;
    return CLI_OK;
  case FAIL:
  case ACCEPT_ERRORS:
    options->accept_errors = option == ACCEPT_ERRORS;
    return CLI_OK;
  default:
    *flags[option] = true;
    return CLI_OK;
  }
}

static int take_method(struct get_options *options, const char *value)
{
  options->method = value;
  options->head = !strcmp(value, "HEAD");
  return *value ? CLI_OK : args_complain("get", "--method needs a method");
}

static int take_sums(struct get_options *options, const char *value)
{
  if (options->sums.count)
    return args_complain("get", "one --sums, please");
  return sums_read(&options->sums, value) ? CLI_OK : CLI_USAGE;
}

/* Those of numbers and files. */
static int take_value(struct get_options *options, int option, const char *value)
{
  switch (option) {
  case MAX_TIME:
    return read_seconds("max-time", value, &options->max_time_ms);
  case CONNECT_TIMEOUT:
    return read_seconds("connect-timeout", value, &options->connect_timeout_ms);
  case PARALLEL:
    return read_number("parallel", value, 1, 1000, &options->parallel);
  case RETRY:
    return read_number("retry", value, 0, 1000, &options->retries);
  case LIMIT_RATE:
    return read_rate(value, &options->rate);
  case SUMS:
    return take_sums(options, value);
  case DENY:
    return add_deny(options, value);
  case PROXY:
    options->proxy = value;
    return CLI_OK;
  case CACERT:
    options->ca_file = value;
    return CLI_OK;
  default:
    return take_flag(options, option);
  }
}

/* The room for lists of words is that of all words: see get_options_read(). */
static int take(struct get_options *options, int option, const char *value)
{
  switch (option) {
  case ARGS_BAD:
    return CLI_USAGE;
  case ARGS_OPERAND:
    add_item(options, value, NULL);
    return CLI_OK;
  case INPUT:
    return add_list(options, value);
  case OUTPUT:
    options->outputs[options->output_count++] = value;
    return *value ? CLI_OK : args_complain("get", "--output needs the name of a file");
  case REMOTE_NAME:
    options->outputs[options->output_count++] = NULL;
    return CLI_OK;
  case SHA256:
    options->item_sums[options->item_sum_count++] = value;
    return CLI_OK;
  case HEADER:
    return add_header(options, value);
  case DATA:
    return add_data(options, value);
  case METHOD:
    return take_method(options, value);
  default:
    return take_value(options, option, value);
  }
}

int get_options_read(int count, char **words, struct get_options *out_options)
{
  struct args args = {
      .command = "get", .rows = rows, .row_count = OPTIONS, .words = words, .word_count = count};
  *out_options = (struct get_options){.parallel = 4};
  size_t room = 0; /* an option takes a letter at least */
  for (int i = 0; i < count; i++)
    room += strlen(words[i]) + 1;
  out_options->outputs = cli_alloc(room, sizeof *out_options->outputs);
  out_options->item_sums = cli_alloc(room, sizeof *out_options->item_sums);
  for (;;) {
    const char *value = NULL;
    int option = args_next(&args, &value);
    if (option == ARGS_END)
      return get_assign(out_options);
    int status = take(out_options, option, value);
    if (status)
      return status;
  }
}

void get_options_free(struct get_options *options)
{
  for (int i = 0; i < options->item_count; i++)
    free(options->items[i].path);
  for (int i = 0; i < options->list_count; i++)
    free(options->lists[i]);
  free(options->items);
  free(options->lists);
  free(options->outputs);
  free(options->item_sums);
  free(options->data);
  free(options->deny);
  sums_free(&options->sums);
  curl_slist_free_all(options->headers);
}
