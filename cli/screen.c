/* Lines and progress bars on standard error; see screen.h. */
#include "screen.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli.h"
#include "columns.h"

enum { LINE_MAX_BYTES = 4096 };

void screen_init(struct screen *screen)
{
  const char *term = getenv("TERM");
  screen->terminal = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
  screen->bars = screen->drawn = 0;
}

bool screen_colour(FILE *file)
{
  const char *never = getenv("NO_COLOR"), *term = getenv("TERM");
  return isatty(fileno(file)) && !(never && *never) && term && strcmp(term, "dumb") != 0;
}

bool screen_in_front(void)
{
  pid_t front = tcgetpgrp(STDERR_FILENO); /* -1: it is not the terminal that controls us */
  return front < 0 || front == getpgrp();
}

static void size_of(int *out_columns, int *out_rows)
{
  struct winsize size = {0};
  bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0;
  *out_columns = known ? size.ws_col : 80;
  *out_rows = known ? size.ws_row : 24;
}

/* What is written in one piece. */
struct piece {
  FILE *file;
  char *text;
  size_t size;
};

static void piece_begin(struct piece *piece)
{
  *piece = (struct piece){0};
  piece->file = cli_need(open_memstream(&piece->text, &piece->size));
}

static void piece_write(struct piece *piece)
{
  if (!fclose(piece->file))
    fwrite(piece->text, 1, piece->size, stderr); /* not buffered */
  free(piece->text);
}

/* Takes the bars off: the cursor stands at the end of the lowest one, afterwards at the start of
 * the highest. A terminal that became narrower has wrapped them. */
static void take_off(struct screen *screen, FILE *out)
{
  int columns, rows, up = -1;
  if (!screen->drawn)
    return;
  size_of(&columns, &rows);
  for (int i = 0; i < screen->drawn; i++) {
    int width = screen->drawn_columns[i];
    up += width > columns ? (width + columns - 1) / columns : 1;
  }
  up = up < rows ? up : rows - 1;
  if (up)
    fprintf(out, "\r\033[%dA\033[J", up);
  else
    fputs("\r\033[J", out);
  screen->drawn = 0;
}

static void put_on(struct screen *screen, FILE *out)
{
  for (int i = 0; i < screen->bars; i++) {
    fprintf(out, "%s%s", i ? "\n" : "", screen->frame[i]);
    screen->drawn_columns[i] = columns_of(screen->frame[i]);
  }
  screen->drawn = screen->bars;
}

void screen_line(struct screen *screen, const char *format, ...)
{
  char line[LINE_MAX_BYTES];
  struct piece piece;
  va_list list;
  va_start(list, format);
  vsnprintf(line, sizeof line, format, list);
  va_end(list);
  columns_clean(line);
  piece_begin(&piece);
  take_off(screen, piece.file);
  fprintf(piece.file, "%s\n", line);
  piece_write(&piece);
}

int screen_begin(struct screen *screen)
{
  int columns, rows;
  size_of(&columns, &rows);
  screen->bars = 0;
  screen->room = rows - 1 < SCREEN_BARS ? rows - 1 : SCREEN_BARS;
  return columns - 3; /* a ^C that the terminal shows behind the lowest bar must not wrap */
}

char *screen_bar(struct screen *screen)
{
  return screen->bars < screen->room ? screen->frame[screen->bars++] : NULL;
}

void screen_show(struct screen *screen)
{
  struct piece piece;
  piece_begin(&piece);
  take_off(screen, piece.file);
  put_on(screen, piece.file);
  piece_write(&piece);
}

void screen_forget(struct screen *screen)
{
  screen->drawn = 0;
}
