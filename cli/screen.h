/* Standard error as people read it: lines of text, below them progress bars that are drawn anew in
 * place. Every line of the command goes through here, so that no bar is torn. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

struct screen {
  bool terminal; /* bars can be drawn */
  int drawn;     /* bars that stand below the last line */
};

void screen_init(struct screen *screen);

/* One line, above the bars. Control characters, which may come from a server, are shown as '?'. */
__attribute__((format(printf, 2, 3))) void screen_line(struct screen *screen, const char *format,
                                                       ...);

/* Takes the bars off; then come calls of screen_bar(), each with one bar, and a screen_flush(). */
void screen_clear_bars(struct screen *screen);
void screen_bar(struct screen *screen, const char *text);
void screen_flush(struct screen *screen);

/* Columns and rows of the terminal, or 80 and 24. */
void screen_size(int *out_columns, int *out_rows);

/* Whether that file gets colours: a terminal, and NO_COLOR is not set (no-color.org). */
bool screen_colour(FILE *file);

#endif
