/* The command line of `sluice get`; see get.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "get.h"

enum option {
  OUTPUT,
  REMOTE_NAME,
  CONTINUE,
  NO_FOLLOW,
  HEADER,
  DATA,
  METHOD,
  MAX_TIME,
  CONNECT_TIMEOUT,
  CACERT,
  INSECURE,
  FAIL_EARLY,
  ACCEPT_ERRORS,
  PARALLEL,
  DENY,
  TRACE_SOCKETS,
  QUIET,
  VERBOSE,
  HELP,
  OPTIONS
};

static const struct args_row rows[OPTIONS] = {
    [OUTPUT] = {'o', "output", "FILE",
                "store there; - is standard output.\n"
                "The first -o is for the first URL, and so on"},
    [REMOTE_NAME] = {'O', "remote-name", NULL,
                     "in the place of an -o: name the file as the URL does.\n"
                     "This is the default"},
    [CONTINUE] = {'C', "continue", NULL, "append to a file that is there what it lacks"},
    [NO_FOLLOW] = {0, "no-follow", NULL,
                   "take a redirect for the answer; otherwise up to 10\n"
                   "are followed"},
    [HEADER] = {'H', "header", "LINE", "add a header field to the request; may be repeated"},
    [DATA] = {'d', "data", "DATA",
              "send this as the body of a POST; @FILE: what is in the\n"
              "file, @-: standard input. Several are joined with &"},
    [METHOD] = {'X', "method", "METHOD", "use this method instead of GET or POST"},
    [MAX_TIME] = {'m', "max-time", "SECONDS", "give up a transfer after this time"},
    [CONNECT_TIMEOUT] = {0, "connect-timeout", "SECONDS", "give up connecting after this time"},
    [CACERT] = {0, "cacert", "FILE", "trust the certificates in this PEM file, and no others"},
    [INSECURE] = {'k', "insecure", NULL,
                  "do not verify the server's certificate: anybody may\n"
                  "then be the server"},
    [FAIL_EARLY] = {0, "fail-early", NULL, "after a failure leave the other transfers"},
    [ACCEPT_ERRORS] = {0, "accept-errors", NULL,
                       "store an answer of 400 and above, too; otherwise\n"
                       "it is a failure"},
    [PARALLEL] = {0, "parallel", "N", "transfers at the same time, default 4"},
    [DENY] = {0, "deny", "CIDR",
              "refuse to connect to these addresses (10.0.0.0/8,\n"
              "fc00::/7, ::1); may be repeated"},
    [TRACE_SOCKETS] = {0, "trace-sockets", NULL,
                       "tell of each socket that is opened, connected,\n"
                       "refused and closed"},
    [QUIET] = {'q', "quiet", NULL, "no progress; errors are still told"},
    [VERBOSE] = {'v', "verbose", NULL, "show headers and what the library remarks"},
    [HELP] = {'h', "help", NULL, "this text"},
};

void get_help(void)
{
  fputs("usage: sluice get [OPTION...] URL...\n\n"
        "Downloads each URL into a file of the current folder, named as the URL's path ends.\n\n",
        stdout);
  args_help(rows, OPTIONS, stdout);
  fputs("\nExit status: 0 all went well, 1 a transfer failed, 2 the command line makes no sense.\n",
        stdout);
}

/* Decimal seconds above 0, up to some 30 years, as milliseconds. */
static int read_seconds(const char *name, const char *text, long *out_ms)
{
  char *end;
  errno = 0;
  double seconds = strtod(text, &end);
  if (end == text || *end || errno || !(seconds >= 0.001 && seconds <= 1e9))
    return args_complain("get", "--%s needs a number of seconds above 0, not '%s'", name, text);
  *out_ms = (long)(seconds * 1000 + 0.5);
  return CLI_OK;
}

static int read_parallel(const char *text, int *out_parallel)
{
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end || value < 1 || value > 1000)
    return args_complain("get", "--parallel needs a number from 1 to 1000, not '%s'", text);
  *out_parallel = (int)value;
  return CLI_OK;
}

static void append(struct get_options *options, const char *bytes, size_t size)
{
  options->data = cli_need(realloc(options->data, options->data_size + size + 1));
  memcpy(options->data + options->data_size, bytes, size);
  options->data_size += size;
  options->data[options->data_size] = 0;
}

static int append_file(struct get_options *options, const char *path)
{
  bool is_stdin = !strcmp(path, "-");
  FILE *file = is_stdin ? stdin : fopen(path, "rbe");
  char chunk[16384];
  size_t got;
  if (file) {
    append(options, "", 0);
    while ((got = fread(chunk, 1, sizeof chunk, file)) > 0)
      append(options, chunk, got);
  }
  bool failed = !file || ferror(file);
  if (failed)
    args_complain("get", "--data @%s: %s", path, strerror(errno));
  if (file && !is_stdin)
    fclose(file);
  return failed ? CLI_USAGE : CLI_OK;
}

static int add_data(struct get_options *options, const char *value)
{
  if (options->data)
    append(options, "&", 1);
  if (value[0] == '@')
    return append_file(options, value + 1);
  append(options, value, strlen(value));
  return CLI_OK;
}

static int add_deny(struct get_options *options, const char *value)
{
  struct cidr cidr;
  if (!cidr_parse(value, &cidr))
    return args_complain(
        "get",
        "--deny needs an address or a range like 10.0.0.0/8 or fc00::/7, with no bits "
        "set behind the prefix, not '%s'",
        value);
  options->deny =
      cli_need(realloc(options->deny, (options->deny_count + 1) * sizeof *options->deny));
  options->deny[options->deny_count++] = cidr;
  return CLI_OK;
}

static int add_header(struct get_options *options, const char *value)
{
  if (!strpbrk(value, ":;") || strpbrk(value, "\r\n"))
    return args_complain("get", "--header needs 'Name: value' in one line, not '%s'", value);
  options->headers = cli_need(curl_slist_append(options->headers, value));
  return CLI_OK;
}

static int take_flag(struct get_options *options, int option)
{
  bool *flags[OPTIONS] = {
      [CONTINUE] = &options->resume,     [NO_FOLLOW] = &options->no_follow,
      [INSECURE] = &options->insecure,   [FAIL_EARLY] = &options->fail_early,
      [QUIET] = &options->quiet,         [ACCEPT_ERRORS] = &options->accept_errors,
      [TRACE_SOCKETS] = &options->trace, [VERBOSE] = &options->verbose,
  };
  if (option == HELP)
    return GET_HELP;
  *flags[option] = true;
  return CLI_OK;
}

/* The room for both lists is that of all words: see get_options_read(). */
static int take(struct get_options *options, int option, const char *value)
{
  switch (option) {
  case ARGS_BAD:
    return CLI_USAGE;
  case ARGS_OPERAND:
    options->urls[options->url_count++] = value;
    return CLI_OK;
  case OUTPUT:
    options->outputs[options->output_count++] = value;
    return *value ? CLI_OK : args_complain("get", "--output needs the name of a file");
  case REMOTE_NAME:
    options->outputs[options->output_count++] = NULL;
    return CLI_OK;
  case HEADER:
    return add_header(options, value);
  case DATA:
    return add_data(options, value);
  case METHOD:
    options->method = value;
    return *value ? CLI_OK : args_complain("get", "--method needs a method");
  case MAX_TIME:
    return read_seconds("max-time", value, &options->max_time_ms);
  case CONNECT_TIMEOUT:
    return read_seconds("connect-timeout", value, &options->connect_timeout_ms);
  case CACERT:
    options->ca_file = value;
    return CLI_OK;
  case PARALLEL:
    return read_parallel(value, &options->parallel);
  case DENY:
    return add_deny(options, value);
  default:
    return take_flag(options, option);
  }
}

static int name_path(struct get_options *options, int i)
{
  const char *given = i < options->output_count ? options->outputs[i] : NULL;
  if (given && !strcmp(given, "-"))
    return CLI_OK;
  options->paths[i] = given ? cli_need(strdup(given)) : output_name(options->urls[i]);
  if (!options->paths[i])
    return args_complain("get", "'%s' is not a URL", options->urls[i]);
  return CLI_OK;
}

/* Two transfers that write to one file would mix. */
static int check_paths(const struct get_options *options)
{
  for (int i = 0; i < options->url_count; i++)
    for (int k = 0; k < i; k++) {
      const char *a = options->paths[i], *b = options->paths[k];
      if (!a && !b && options->parallel > 1)
        return args_complain("get", "several transfers to standard output need --parallel 1");
      if (a && b && !strcmp(a, b) && strncmp(a, "/dev/", 5) != 0)
        return args_complain("get", "%s and %s would both be stored in %s; name them with -o",
                             options->urls[k], options->urls[i], a);
    }
  return CLI_OK;
}

static int check(struct get_options *options)
{
  if (!options->url_count)
    return args_complain("get", "there is no URL");
  if (options->output_count > options->url_count)
    return args_complain("get", "there are more -o and -O than URLs");
  options->paths = cli_alloc((size_t)options->url_count, sizeof *options->paths);
  for (int i = 0; i < options->url_count; i++) {
    int status = name_path(options, i);
    if (status)
      return status;
    if (options->resume && !options->paths[i])
      return args_complain("get", "--continue needs a file, not standard output");
  }
  if (options->resume && (options->data || options->accept_errors))
    return args_complain("get", "--continue goes neither with --data nor with --accept-errors");
  return check_paths(options);
}

int get_options_read(int count, char **words, struct get_options *out_options)
{
  struct args args = {
      .command = "get", .rows = rows, .row_count = OPTIONS, .words = words, .word_count = count};
  *out_options = (struct get_options){.parallel = 4};
  size_t room = 0; /* an option takes a letter at least */
  for (int i = 0; i < count; i++)
    room += strlen(words[i]) + 1;
  out_options->urls = cli_alloc((size_t)count, sizeof *out_options->urls);
  out_options->outputs = cli_alloc(room, sizeof *out_options->outputs);
  for (;;) {
    const char *value = NULL;
    int option = args_next(&args, &value);
    if (option == ARGS_END)
      return check(out_options);
    int status = take(out_options, option, value);
    if (status)
      return status;
  }
}

void get_options_free(struct get_options *options)
{
  for (int i = 0; options->paths && i < options->url_count; i++)
    free(options->paths[i]);
  free(options->paths);
  free(options->urls);
  free(options->outputs);
  free(options->data);
  free(options->deny);
  curl_slist_free_all(options->headers);
}
