/* `sluice demo`: two HTTP origins and one of FTP in this process, and what the library does with
 * sockets when it talks to them. Each claim is checked; see demo.h. */
#include "demo.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "screen.h"

enum { LINE_TEXT = 2048 };

static const struct {
  const char *title;
  void (*run)(struct demo *demo);
} acts[] = {
    {"A transfer", act_plain},
    {"The callback is called instead of socket(2)", act_look},
    {"The callback changes the address", act_change},
    {"The callback refuses", act_refuse},
    {"A socket that is connected already", act_connected},
    {"The server connects to us: active FTP", act_accept},
};

static const struct args_row rows[] = {
    {'h', "help", NULL, "this text"},
};
enum { ROWS = sizeof rows / sizeof *rows };

void demo_help(void)
{
  fputs(
      "usage: sluice demo\n\n"
      "Shows what happens to sockets: starts two small HTTP servers and an FTP server inside this\n"
      "process, on free ports of 127.0.0.1, and runs transfers with socket callbacks against "
      "them.\n"
      "Everything that is shown is checked. Colours: on a terminal, unless NO_COLOR is set.\n\n",
      stdout);
  args_help(rows, ROWS, stdout);
  fputs("\nExit status: 0 all was as it should be, 1 something differed, 2 the command line makes\n"
        "no sense.\n",
        stdout);
}

static const char *paint(const struct demo *demo, const char *sequence)
{
  return demo->colour ? sequence : "";
}

/* Below its own start, line by line. */
static void print_indented(const char *text, int indent)
{
  for (const char *c = text; *c; c++) {
    putchar(*c);
    if (*c == '\n')
      printf("%*s", indent, "");
  }
  putchar('\n');
}

void demo_say(struct demo *demo, const char *format, ...)
{
  char text[LINE_TEXT];
  va_list list;
  (void)demo;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  fputs("   ", stdout);
  print_indented(text, 3);
}

void demo_check(struct demo *demo, bool holds, const char *format, ...)
{
  char text[LINE_TEXT];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  demo->checks++;
  demo->failed += !holds;
  printf("   %s%-7s%s ", paint(demo, holds ? "\033[32m" : "\033[31;1m"), holds ? "ok" : "DIFFERS",
         paint(demo, "\033[0m"));
  print_indented(text, 11);
}

static void title(const struct demo *demo, const char *number, const char *text)
{
  printf("\n%s%-2s %s%s\n", paint(demo, "\033[1m"), number, text, paint(demo, "\033[0m"));
}

int demo_descriptors(void)
{
  int count = 0;
  DIR *folder = opendir("/proc/self/fd");
  if (!folder)
    return -1;
  while (readdir(folder))
    count++;
  closedir(folder);
  return count - 3; /* the two dots, and the folder itself */
}

static void stop_origins(struct demo *demo)
{
  origin_stop(&demo->a);
  origin_stop(&demo->b);
  ftp_origin_stop(&demo->ftp);
}

static bool start_origins(struct demo *demo)
{
  bool a = origin_start(&demo->a, "A"), b = origin_start(&demo->b, "B");
  bool ftp = ftp_origin_start(&demo->ftp);
  if (!a || !b || !ftp)
    stop_origins(demo);
  return a && b && ftp;
}

static void play(struct demo *demo)
{
  int before = demo_descriptors();
  if (!start_origins(demo)) {
    demo_check(demo, false, "no server can be started on 127.0.0.1");
    return;
  }
  printf(
      "%s\nOrigin A is at 127.0.0.1:%u, origin B at 127.0.0.1:%u, an FTP origin at 127.0.0.1:%u,\n"
      "all inside this process.\n",
      curl_version(), demo->a.port, demo->b.port, demo->ftp.port);
  for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
    char number[8];
    snprintf(number, sizeof number, "%zu", i + 1);
    title(demo, number, acts[i].title);
    acts[i].run(demo);
  }
  stop_origins(demo);
  title(demo, "=", "The books: what was opened has been closed");
  act_books(demo, before);
}

static int read_arguments(int count, char **words)
{
  struct args args = {
      .command = "demo", .rows = rows, .row_count = ROWS, .words = words, .word_count = count};
  const char *value;
  switch (args_next(&args, &value)) {
  case ARGS_END:
    return CLI_OK;
  case ARGS_OPERAND:
    return args_complain("demo", "'%s' is one argument too many", value);
  case ARGS_BAD:
    return CLI_USAGE;
  default:
    return -1;
  }
}

int demo_main(int count, char **words)
{
  int status = read_arguments(count, words);
  if (status < 0) {
    demo_help();
    return CLI_OK;
  }
  if (status)
    return status;
  struct demo *demo = cli_alloc(1, sizeof *demo);
  demo->colour = screen_colour(stdout);
  play(demo);
  unsigned failed = demo->failed, checks = demo->checks;
  if (failed)
    printf("\n%u of %u checks differ.\n", failed, checks);
  else
    printf("\nAll %u checks hold.\n", checks);
  free(demo);
  return failed ? CLI_FAILED : CLI_OK;
}
