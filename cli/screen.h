/* Standard error as people read it: lines of text, below them a frame of progress bars that is
 * drawn anew in place. Every line of the command goes through here, so that no bar is torn; each
 * change is one write, so that nothing flickers. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

enum { SCREEN_BARS = 64, SCREEN_TEXT = 1024 };

struct screen {
  bool terminal;                        /* bars can be drawn */
  int bars;                             /* lines of the frame */
  int drawn;                            /* of them, how many stand below the last line */
  int room;                             /* for how many there is a place */
  int drawn_columns[SCREEN_BARS];       /* what each took when it was drawn */
  char frame[SCREEN_BARS][SCREEN_TEXT]; /* a line each */
};

void screen_init(struct screen *screen);

/* One line in the place of the frame, which is to be shown again below it. Control characters,
 * which may come from a server, are shown as '?'. */
__attribute__((format(printf, 2, 3))) void screen_line(struct screen *screen, const char *format,
                                                       ...);

/* A new frame: begin, which tells how wide a bar may be, a bar for each line (NULL: no more fit),
 * and show. Without a bar the frame is taken off. */
int screen_begin(struct screen *screen);
char *screen_bar(struct screen *screen);
void screen_show(struct screen *screen);

/* Somebody else wrote to the terminal: what stands there is not ours any more. */
void screen_forget(struct screen *screen);

/* Whether bars may be drawn now: not from the background of a shell. */
bool screen_in_front(void);

/* Whether that file gets colours: a terminal, and NO_COLOR is not set (no-color.org). */
bool screen_colour(FILE *file);

#endif
