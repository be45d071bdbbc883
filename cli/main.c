/* The sluice command: chooses a subcommand, and answers --help and --version. It uses the library
 * through its public headers only, as any other program does. */
#include <curl/curl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cli.h"
#include "columns.h"
#include "run.h"

struct command {
  const char *name, *what;
  int (*run)(int count, char **words);
  void (*help)(void);
};

static const struct command commands[] = {
    {"get", "download URLs, several at a time", get_main, get_help},
    {"check", "ask an egress policy about addresses and URLs", check_main, check_help},
    {"run", "run a program that uses libcurl under an egress policy", run_main, run_help},
    {"policy", "print a ready-made egress policy", policy_main, policy_help},
    {"demo", "show what happens to sockets, on this machine alone", demo_main, demo_help},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

void *cli_need(void *p)
{
  if (!p) {
    fputs("sluice: out of memory\n", stderr);
    exit(CLI_FAILED);
  }
  return p;
}

void *cli_alloc(size_t count, size_t size)
{
  return cli_need(calloc(count ? count : 1, size));
}

static void usage(FILE *out)
{
  fputs("usage: sluice COMMAND [OPTION...] [ARGUMENT...]\n\n", out);
  for (size_t i = 0; i < COMMANDS; i++)
    fprintf(out, "  %-6s %s\n", commands[i].name, commands[i].what);
  fputs("\n"
        "  sluice COMMAND --help   the options of a command\n"
        "  sluice --version        this program, its protocols and libraries\n\n"
        "Exit status: 0 all went well, 1 a transfer failed, 2 the command line makes no sense,\n"
        "3 a checksum is wrong.\n",
        out);
}

static const struct command *find(const char *name)
{
  for (size_t i = 0; i < COMMANDS; i++)
    if (!strcmp(commands[i].name, name))
      return &commands[i];
  return NULL;
}

static int unknown(const char *name)
{
  fprintf(stderr, "sluice: there is no command '%s'", name);
  if (strstr(name, "://"))
    fprintf(stderr, "; to download it: sluice get %s", name);
  fputs("; `sluice --help` lists them\n", stderr);
  return CLI_USAGE;
}

static int help(int count, char **words)
{
  if (count < 1) {
    usage(stdout);
    return CLI_OK;
  }
  const struct command *command = find(words[0]);
  if (!command)
    return unknown(words[0]);
  command->help();
  return CLI_OK;
}

static int version(void)
{
  const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
  printf("sluice " CLI_VERSION " (%s)\nProtocols:", curl_version());
  for (const char *const *name = info->protocols; name && *name; name++)
    printf(" %s", *name);
  if (info->age >= CURLVERSION_ELEVENTH && info->feature_names) {
    fputs("\nFeatures:", stdout);
    for (const char *const *name = info->feature_names; *name; name++)
      printf(" %s", *name);
  }
  putchar('\n');
  return CLI_OK;
}

static int dispatch(int count, char **words)
{
  if (count < 2) {
    usage(stderr);
    return CLI_USAGE;
  }
  const char *name = words[1];
  if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help"))
    return help(count - 2, words + 2);
  if (!strcmp(name, "--version") || !strcmp(name, "-V"))
    return version();
  const struct command *command = find(name);
  return command ? command->run(count - 2, words + 2) : unknown(name);
}

/* A full disk behind standard output is a failure as any other. */
static int flush(int status)
{
  if (fflush(stdout) == 0 && !ferror(stdout))
    return status;
  perror("sluice: standard output");
  return status ? status : CLI_FAILED;
}

int main(int count, char **words)
{
  columns_init();
  signal(SIGPIPE, SIG_IGN); /* a reader that has gone away is an error to report, not a death */
  CURLcode code = curl_global_init(CURL_GLOBAL_ALL);
  if (code) {
    fprintf(stderr, "sluice: the library does not start: %s\n", curl_easy_strerror(code));
    return CLI_FAILED;
  }
  int status = flush(dispatch(count, words));
  curl_global_cleanup();
  return status;
}
