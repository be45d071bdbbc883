/* The display of `sluice get`; see show.h. */
#include "show.h"

#include <unistd.h>

_Static_assert((int)SCREEN_TEXT >= (int)BAR_TEXT, "a bar fits into a line of the screen");

/* A bar on the terminal that the body goes to would be torn to pieces. */
static bool wants_bars(const struct screen *screen, const struct get_options *options)
{
  if (options->quiet || !screen->terminal)
    return false;
  for (int i = 0; i < options->item_count; i++)
    if (!options->items[i].path && isatty(STDOUT_FILENO))
      return false;
  return true;
}

void show_begin(struct show *show, struct screen *screen, const struct get_options *options)
{
  *show = (struct show){.screen = screen,
                        .bars = wants_bars(screen, options),
                        .quiet = options->quiet,
                        .count = options->item_count,
                        .began_us = bar_clock_us()};
  bar_start(&show->sum, "", 0, show->began_us);
}

void show_settle(struct show *show, const struct transfer *transfer)
{
  show->over++;
  show->good += transfer->outcome == OUTCOME_GOOD;
  show->written += transfer->output.written;
  show->sum.before += transfer->bar.before;
  show->sum.now += transfer->bar.now;
  show->sum.total += transfer->bar.now;
}

static void draw_bar(struct show *show, struct bar *bar, int columns, int64_t now_us)
{
  char *text = screen_bar(show->screen);
  bar_sample(bar, now_us);
  if (text)
    bar_format(bar, columns, now_us, text);
}

/* The sum of bytes is known when all have begun and each knows its own; until then counts the mean
 * of the shares. */
static void draw_sum(struct show *show, const struct transfer *transfers, int count, int columns,
                     int64_t now_us)
{
  struct bar sum = show->sum;
  char label[64];
  double shares = show->over;
  bool known = show->all_have_begun;
  for (int i = 0; i < count; i++) {
    const struct bar *bar = &transfers[i].bar;
    if (transfers[i].state == TRANSFER_IDLE)
      continue;
    known = known && bar->total > 0;
    shares += bar_share(bar) > 0 ? bar_share(bar) : 0;
    sum.before += bar->before;
    sum.now += bar->now;
    sum.total += bar->total;
  }
  if (!known)
    sum.total = 0;
  sum.share = shares / show->count;
  snprintf(label, sizeof label, "done %d/%d", show->over, show->count);
  sum.label = label;
  draw_bar(show, &sum, columns, now_us);
  show->sum.sampled = sum.sampled;
  show->sum.sampled_us = sum.sampled_us;
  show->sum.speed = sum.speed;
}

/* The sum stands in the lowest line; what finds no place above it is in the sum all the same. */
void show_draw(struct show *show, struct transfer *transfers, int count, bool must)
{
  int64_t now_us = bar_clock_us();
  bool due = must || !show->screen->drawn || now_us - show->drawn_us >= SHOW_REDRAW_MS * 1000;
  bool several = show->count > 1;
  if (!show->bars || !due || !screen_in_front())
    return;
  show->drawn_us = now_us;
  int columns = screen_begin(show->screen);
  show->screen->room -= several;
  for (int i = 0; i < count; i++)
    if (transfers[i].state != TRANSFER_IDLE)
      draw_bar(show, &transfers[i].bar, columns, now_us);
  show->screen->room += several;
  if (several)
    draw_sum(show, transfers, count, columns, now_us);
  screen_show(show->screen);
}

void show_clear(struct show *show)
{
  if (!show->bars)
    return;
  screen_begin(show->screen);
  screen_show(show->screen);
}

void show_report(struct show *show)
{
  char size[BAR_SIZE], speed[BAR_SIZE], time[BAR_SIZE], of[32] = "";
  double seconds = (double)(bar_clock_us() - show->began_us) / 1e6 + 1e-6;
  if (show->quiet || show->count < 2)
    return;
  if (show->good < show->count)
    snprintf(of, sizeof of, "%d of ", show->good);
  screen_line(show->screen, "%s%d files, %s in %s (%s/s)", of, show->count,
              bar_size((double)show->written, size), bar_elapsed(seconds, time),
              bar_size((double)show->written / seconds, speed));
}
