/* `sluice run`: starts a program that is linked with libcurl on Sluice's, by LD_LIBRARY_PATH, with a policy and a log for
 * the whole process, by SLUICE_POLICY and SLUICE_LOG. Once the program runs, nothing of this command is left. */
#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <stdarg.h>
#include <sluice/sluice.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "check.h"
#include "cli.h"
#include "linked.h"

/* As env(1) and timeout(1) have them. */
enum { RUN_FAILED = 125, RUN_NOT_EXECUTABLE = 126, RUN_NOT_FOUND = 127 };

enum option { POLICY, PRESET, LOG, BROKER, QUIET, HELP, OPTIONS };

static const struct args_row rows[OPTIONS] = {
    [POLICY] = {'p', "policy", "FILE", "hold the program to the policy in this file"},
    [PRESET] = {0, "preset", "NAME", "to a policy that comes with Sluice: public-internet"},
    [LOG] = {'l', "log", "FILE",
             "append one line of JSON for everything that happens\n"
             "to a socket"},
    [BROKER] = {0, "broker", NULL,
                "let a process beside it open the sockets, which asks the\n"
                "policy as well: for programs that lock themselves in"},
    [QUIET] = {'q', "quiet", NULL, "no warnings about the program"},
    [HELP] = {'h', "help", NULL, "this text"},
};

struct run {
  struct sluice_policy *policy; /* to see that it is right, and for the broker */
  const char *log;
  char value[LINKED_PATH + 8]; /* of SLUICE_POLICY */
  char folder[LINKED_PATH];    /* of our libraries */
  bool quiet, broker;
};

void run_help(void)
{
  fputs("usage: sluice run --policy FILE|--preset NAME [OPTION...] [--] PROGRAM [ARG...]\n\n"
        "Runs a program that uses libcurl on Sluice's libcurl, and holds all its transfers to an\n"
        "egress policy: what the policy does not allow is refused before a socket exists.\n\n",
        stdout);
  args_help(rows, OPTIONS, stdout);
  fputs("\nExit status: the program's; 2 the policy or the command line is wrong, 125 Sluice's library,\n"
        "the log or the broker cannot be had, 126 the program cannot be run, 127 it was not found.\n",
        stdout);
}

__attribute__((format(printf, 1, 2))) static int failed(const char *format, ...)
{
  va_list list;
  va_start(list, format);
  fputs("sluice run: ", stderr);
  vfprintf(stderr, format, list);
  fputc('\n', stderr);
  va_end(list);
  return RUN_FAILED;
}

/* ---- options ---- */

/* The program may change its folder: a path that means the same everywhere. */
static int take_policy(struct run *run, const char *value, bool preset)
{
  char real[LINKED_PATH];
  int status = check_read_policy("run", value, preset, &run->policy);
  if (status)
    return status;
  if (!preset && !realpath(value, real))
    return failed("%s: %s", value, strerror(errno));
  snprintf(run->value, sizeof run->value, preset ? "preset:%s" : "%s", preset ? value : real);
  return CLI_OK;
}

static int take_option(struct run *run, int option, const char *value)
{
  switch (option) {
  case POLICY:
  case PRESET:
    return take_policy(run, value, option == PRESET);
  case LOG:
    run->log = value;
    return CLI_OK;
  case BROKER:
    run->broker = true;
    return CLI_OK;
  case QUIET:
    run->quiet = true;
    return CLI_OK;
  default:
    return CLI_USAGE; /* ARGS_BAD: it was said */
  }
}

/* ---- what the program will find in its environment ---- */

static bool find_in(struct run *run, const char *pattern)
{
  glob_t found;
  bool have = false;
  if (glob(pattern, 0, NULL, &found))
    return false;
  for (size_t i = 0; i < found.gl_pathc && !have; i++) {
    char path[LINKED_PATH];
    snprintf(path, sizeof path, "%s", found.gl_pathv[i]);
    have = linked_is_sluice(path);
    *strrchr(path, '/') = 0;
    have = have && realpath(path, run->folder);
  }
  globfree(&found);
  return have;
}

/* Beside the command, as in the build folder, below the prefix, and in Debian's folders for each architecture. */
static bool find_folder(struct run *run)
{
  static const char *const places[] = {"lib", "lib64", "lib/*"};
  char self[LINKED_PATH], pattern[LINKED_PATH + 40];
  ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
  if (n <= 0)
    return false;
  self[n] = 0;
  *strrchr(self, '/') = 0;
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    snprintf(pattern, sizeof pattern, "%s/../%s/libcurl.so.4", self, places[i]);
    if (find_in(run, pattern))
      return true;
  }
  return false;
}

static int set_log(const char *log)
{
  char real[LINKED_PATH];
  int fd = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (fd < 0)
    return failed("%s: %s", log, strerror(errno));
  close(fd);
  if (!realpath(log, real))
    return failed("%s: %s", log, strerror(errno));
  return setenv("SLUICE_LOG", real, 1) ? failed("%s", strerror(errno)) : CLI_OK;
}

/* It lives as long as the program, which inherits its door. */
static int start_broker(const struct run *run)
{
  struct sluice_broker *broker;
  char number[12];
  if (sluice_broker_start(run->policy, &broker))
    return failed("the broker does not start: %s", strerror(errno));
  int fd = sluice_broker_fd(broker);
  snprintf(number, sizeof number, "%d", fd);
  if (fcntl(fd, F_SETFD, 0) || setenv("SLUICE_BROKER", number, 1))
    return failed("%s", strerror(errno));
  return CLI_OK;
}

static int set_environment(const struct run *run)
{
  const char *before = getenv("LD_LIBRARY_PATH");
  char *folders = NULL;
  bool more = before && *before;
  if (asprintf(&folders, "%s%s%s", run->folder, more ? ":" : "", more ? before : "") < 0)
    cli_need(NULL);
  int bad = setenv("LD_LIBRARY_PATH", folders, 1) || setenv("SLUICE_POLICY", run->value, 1);
  free(folders);
  if (bad)
    return failed("%s", strerror(errno));
  int status = run->log ? set_log(run->log) : CLI_OK;
  return status || !run->broker ? status : start_broker(run);
}

/* ---- the program ---- */

static void warn(const struct run *run, const char *name)
{
  char path[LINKED_PATH], other[LINKED_PATH];
  if (run->quiet || !linked_find(name, path))
    return;
  switch (linked_look(path, run->folder, other)) {
  case LINKED_STATIC:
    failed("warning: %s is linked statically, the policy does not reach it", path);
    break;
  case LINKED_PRIVILEGED:
    failed("warning: %s runs with more rights than you have, and so without Sluice and the policy", path);
    break;
  case LINKED_OTHER:
    failed("warning: %s loads %s, which the policy does not reach", path, other);
    break;
  case LINKED_LATER:
    failed("note: %s itself is not linked with libcurl; the policy holds for what it loads or starts that is", path);
    break;
  default:
    break;
  }
}

static int execute(char **words)
{
  signal(SIGPIPE, SIG_DFL); /* which this command ignores */
  execvp(words[0], words);
  int problem = errno;
  failed("%s: %s", words[0], strerror(problem));
  return problem == ENOENT ? RUN_NOT_FOUND : RUN_NOT_EXECUTABLE;
}

static int start(struct run *run, char **words)
{
  if (!find_folder(run))
    return failed("Sluice's libcurl.so.4 is not where it belongs: in ../lib beside this command, or in a folder there");
  int status = set_environment(run);
  if (status)
    return status;
  warn(run, words[0]);
  return execute(words);
}

int run_main(int count, char **words)
{
  struct args args = {"run", rows, OPTIONS, words, count, 0, NULL, false};
  struct run run = {0};
  const char *value = NULL;
  int option, status = CLI_OK;
  while (!status && (option = args_next(&args, &value)) >= 0 && option != HELP)
    status = take_option(&run, option, value);
  if (!status && option == HELP)
    run_help();
  else if (!status && option == ARGS_BAD)
    status = CLI_USAGE;
  else if (!status && !run.policy)
    status = args_complain("run", "a policy is missing: --policy FILE or --preset NAME");
  else if (!status && option == ARGS_END)
    status = args_complain("run", "a program is missing");
  else if (!status)
    status = start(&run, words + args.at - 1); /* what follows the first operand is the program's */
  sluice_policy_free(run.policy);
  return status;
}
