/* What `sluice get` shows of all its transfers: a bar for each, the sum below them, and a last line
 * when all is over. */
#ifndef CLI_SHOW_H
#define CLI_SHOW_H

#include "transfer.h"

enum { SHOW_REDRAW_MS = 100 };

struct show {
  struct screen *screen;
  bool bars, quiet; /* bars are wanted; errors only */
  int count;        /* of items */
  int over;         /* of them, how many are over, well or not */
  int good;         /* and how many well */
  bool all_have_begun;
  int64_t began_us, drawn_us;
  curl_off_t written;
  struct bar sum; /* of the items that are over */
};

void show_begin(struct show *show, struct screen *screen, const struct get_options *options);

/* The transfer's item is over. */
void show_settle(struct show *show, const struct transfer *transfer);

/* Draws the bars of transfers[0..count), if it is time for that, or if they must be drawn. */
void show_draw(struct show *show, struct transfer *transfers, int count, bool must);
void show_clear(struct show *show);

/* The last line, if there was more than one item. */
void show_report(struct show *show);

#endif
