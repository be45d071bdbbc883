/* See meter.h. */
#include "xfer/meter.h"

#include <inttypes.h>
#include <stdio.h>

#include "xfer/transfer.h"

enum { FIELD = 8, SECOND_US = 1000000 };

/* Five columns: plain digits, then binary k, M, G ... with a decimal where there is room for one. */
static const char *size_text(char text[FIELD], int64_t bytes)
{
  static const char units[] = "kMGTP";
  int unit = -1;
  int64_t tenths = 0;
  if (bytes < 100000) {
    snprintf(text, FIELD, "%5d", (int)bytes);
    return text;
  }
  while (bytes >= 10000 && unit < 4) {
    tenths = bytes % 1024 * 10 / 1024;
    bytes /= 1024;
    unit++;
  }
  if (unit > 0 && bytes < 100)
    snprintf(text, FIELD, "%2d.%d%c", (int)bytes, (int)tenths, units[unit]);
  else
    snprintf(text, FIELD, "%4d%c", (int)(bytes > 9999 ? 9999 : bytes), units[unit]);
  return text;
}

enum { TIME_FIELD = 12 };

static const char *time_text(char text[TIME_FIELD], int64_t seconds)
{
  int64_t hours = seconds / 3600, days = hours / 24;
  if (seconds <= 0)
    snprintf(text, TIME_FIELD, "--:--:--");
  else if (hours < 100)
    snprintf(text, TIME_FIELD, "%2d:%02d:%02d", (int)hours, (int)(seconds / 60 % 60), (int)(seconds % 60));
  else if (days < 1000)
    snprintf(text, TIME_FIELD, "%3dd %02dh", (int)days, (int)(hours % 24));
  else
    snprintf(text, TIME_FIELD, "%7dd", (int)(days > 9999999 ? 9999999 : days));
  return text;
}

static int percent(int64_t now, int64_t total)
{
  return total > 0 ? (int)((double)now * 100 / (double)total) : 0;
}

static int64_t rate(int64_t bytes, int64_t us)
{
  return us > 0 ? (int64_t)((double)bytes * SECOND_US / (double)us) : bytes * SECOND_US;
}

static void print_head(FILE *to, int64_t resumed)
{
  if (resumed > 0)
    fprintf(to, "** Resuming transfer from byte position %" PRId64 "\n", resumed);
  fputs("  % Total    % Received % Xferd  Average Speed   Time    Time     Time  Current\n"
        "                                 Dload  Upload   Total   Spent    Left  Speed\n",
        to);
}

void sl_meter_print(struct transfer *t, bool last)
{
  struct progress *p = &t->progress;
  const struct io_config *io = &t->easy->set.io;
  FILE *to = io->stderr_file ? io->stderr_file : stderr;
  char sizes[6][FIELD], times[3][TIME_FIELD];
  int64_t now_us = t->multi->reactor.now_us, us = now_us - t->start_us, bytes = p->dl_now + p->ul_now;
  if (p->meter_us && !last && now_us - p->meter_us < SECOND_US)
    return;
  if (!p->meter_us)
    print_head(to, io->resume_from);
  int64_t dl_total = p->dl_total > 0 ? p->dl_total : 0, ul_total = p->ul_total > 0 ? p->ul_total : 0;
  int64_t total = (dl_total ? dl_total : p->dl_now) + (ul_total ? ul_total : p->ul_now);
  int64_t dl_rate = rate(p->dl_now, us), ul_rate = rate(p->ul_now, us), all_rate = rate(bytes, us);
  int64_t since_us = p->meter_us ? now_us - p->meter_us : us;
  int64_t current = last || since_us < SECOND_US ? all_rate : rate(bytes - p->meter_bytes, since_us);
  bool known = dl_total || ul_total;
  int64_t estimate = known && all_rate ? total / all_rate : 0, spent = us / SECOND_US;
  fprintf(to, "\r%3d %s  %3d %s  %3d %s  %s  %s %s %s %s %s", known ? percent(bytes, total) : 0,
          size_text(sizes[0], total), percent(p->dl_now, dl_total), size_text(sizes[1], p->dl_now),
          percent(p->ul_now, ul_total), size_text(sizes[2], p->ul_now), size_text(sizes[3], dl_rate),
          size_text(sizes[4], ul_rate), time_text(times[0], estimate), time_text(times[1], spent),
          time_text(times[2], estimate ? estimate - spent : 0), size_text(sizes[5], current));
  if (last)
    fputc('\n', to);
  fflush(to);
  p->meter_us = now_us;
  p->meter_bytes = bytes;
}
