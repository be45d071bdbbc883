/* Lines and progress bars on standard error; see screen.h. */
#include "screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

void screen_init(struct screen *screen)
{
  const char *term = getenv("TERM");
  screen->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
  screen->drawn = 0;
}

bool screen_colour(FILE *file)
{
  const char *never = getenv("NO_COLOR"), *term = getenv("TERM");
  return isatty(fileno(file)) && !(never && *never) && term && strcmp(term, "dumb") != 0;
}

void screen_size(int *out_columns, int *out_rows)
{
  struct winsize size = {0};
  bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
  *out_columns = known ? size.ws_col : 80;
  *out_rows = known ? size.ws_row : 24;
}

/* A C1 control is two bytes in UTF-8: C2, and one from 80 to 9F. */
static void defuse(char *text)
{
  for (unsigned char *c = (unsigned char *)text; *c; c++)
    if ((*c < ' ' && *c != '\t') || *c == 127)
      *c = '?';
    else if (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
      c[0] = c[1] = '?';
}

void screen_line(struct screen *screen, const char *format, ...)
{
  char line[LINE_MAX_BYTES];
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  defuse(line);
  screen_clear_bars(screen);
  fprintf(stderr, "%s\n", line);
}

/* The cursor stands at the end of the lowest bar; after this at the start of the highest. */
void screen_clear_bars(struct screen *screen)
{
  if (!screen->drawn)
    return;
  if (screen->drawn > 1)
    fprintf(stderr, "\r\033[%dA\033[J", screen->drawn - 1);
  else
    fputs("\r\033[J", stderr);
  screen->drawn = 0;
}

void screen_bar(struct screen *screen, const char *text)
{
  if (screen->drawn++)
    fputc('\n', stderr);
  fputs(text, stderr);
}

void screen_flush(struct screen *screen)
{
  if (screen->terminal)
    fflush(stderr);
}
