/* Progress as text; see bar.h. The speed is an exponential average over about two seconds, so that
 * the estimate neither jumps nor lags for long. */
#include "bar.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "columns.h"

enum {
  SAMPLE_US = 100 * 1000,
  SMOOTH_US = 2 * 1000 * 1000,
  LABEL_MIN = 8,
  LABEL_MAX = 30,
  GAUGE_MIN = 8,
  GAUGE_MAX = 40,
  TEXT_COLUMNS = 200, /* of a bar, however wide the terminal */
  LABEL_BYTES = 512,
  NUMBERS_TEXT = 80,
  NUMBERS_COLUMNS = 39, /* of all of them, so that gauges stand below each other */
  PULSE_US = 100 * 1000
};

int64_t bar_clock_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void bar_start(struct bar *bar, const char *label, curl_off_t before, int64_t now_us)
{
  *bar = (struct bar){.label = label,
                      .before = before,
                      .began_us = now_us,
                      .sampled_us = now_us,
                      .speed = -1,
                      .share = -1};
}

void bar_sample(struct bar *bar, int64_t now_us)
{
  int64_t passed_us = now_us - bar->sampled_us;
  if (passed_us < SAMPLE_US)
    return;
  curl_off_t came = bar->now > bar->sampled ? bar->now - bar->sampled : 0; /* less: begun anew */
  double speed = (double)came * 1e6 / (double)passed_us;
  double weight = (double)passed_us / (double)(passed_us + SMOOTH_US);
  bar->speed = bar->speed < 0 ? speed : bar->speed + (speed - bar->speed) * weight;
  bar->sampled = bar->now;
  bar->sampled_us = now_us;
}

const char *bar_size(double bytes, char out[BAR_SIZE])
{
  static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  size_t unit = 0;
  while (bytes >= 1000 && unit + 1 < sizeof units / sizeof *units) {
    bytes /= 1024;
    unit++;
  }
  snprintf(out, BAR_SIZE, "%.*f %s", unit && bytes < 99.95 ? 1 : 0, bytes, units[unit]);
  return out;
}

const char *bar_time(double seconds, char out[BAR_SIZE])
{
  if (!(seconds >= 0 && seconds < 100 * 3600)) {
    snprintf(out, BAR_SIZE, "-:--");
    return out;
  }
  int s = (int)(seconds + 0.5);
  if (s >= 3600)
    snprintf(out, BAR_SIZE, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  else
    snprintf(out, BAR_SIZE, "%d:%02d", s / 60, s % 60);
  return out;
}

const char *bar_elapsed(double seconds, char out[BAR_SIZE])
{
  if (seconds >= 60)
    return bar_time(seconds, out);
  snprintf(out, BAR_SIZE, "%.2f s", seconds);
  return out;
}

double bar_share(const struct bar *bar)
{
  if (bar->total <= 0)
    return bar->share;
  double share = (double)(bar->before + bar->now) / (double)(bar->before + bar->total);
  return share < 1 ? share : 1;
}

/* [=====>     ], or without a known size a mark that walks to and fro. Returns bytes. */
static int format_gauge(const struct bar *bar, int columns, int64_t now_us, char *out)
{
  int inner = columns - 2;
  double share = bar_share(bar);
  memset(out, ' ', (size_t)columns);
  out[0] = '[';
  out[columns - 1] = ']';
  if (share >= 0) {
    int filled = (int)(share * inner);
    memset(out + 1, '=', (size_t)filled);
    if (filled < inner)
      out[1 + filled] = '>';
  } else {
    int way = inner - 3, step = (int)((now_us - bar->began_us) / PULSE_US % (2 * way));
    memcpy(out + 1 + (step < way ? step : 2 * way - step), "<=>", 3);
  }
  return columns;
}

static void format_numbers(const struct bar *bar, bool all, char out[NUMBERS_TEXT])
{
  char bytes[BAR_SIZE], speed[BAR_SIZE], left[BAR_SIZE], percent[BAR_SIZE] = "  --";
  double share = bar_share(bar);
  if (share >= 0)
    snprintf(percent, sizeof percent, "%3d%%", (int)(100 * share));
  bar_size((double)(bar->before + bar->now), bytes);
  bar_size(bar->speed < 0 ? 0 : bar->speed, speed);
  bar_time(bar->total > 0 && bar->speed > 0 ? (double)(bar->total - bar->now) / bar->speed : -1,
           left);
  if (bar->note)
    snprintf(out, NUMBERS_TEXT, "%s  %s", percent, bar->note);
  else if (all)
    snprintf(out, NUMBERS_TEXT, "%s %9s %9s/s  ETA %7s", percent, bytes, speed, left);
  else
    snprintf(out, NUMBERS_TEXT, "%s %9s", percent, bytes);
}

/* What does not fit is left out: first the gauge, then speed and time. */
void bar_format(const struct bar *bar, int columns, int64_t now_us, char out[BAR_TEXT])
{
  char numbers[NUMBERS_TEXT];
  columns = columns < TEXT_COLUMNS ? columns : TEXT_COLUMNS;
  format_numbers(bar, true, numbers);
  int label = columns / 4;
  label = label < LABEL_MIN ? LABEL_MIN : label > LABEL_MAX ? LABEL_MAX : label;
  if (columns < label + 1 + (int)strlen(numbers))
    format_numbers(bar, false, numbers);
  if (columns < label + 1 + (int)strlen(numbers)) {
    snprintf(out, BAR_TEXT, "%.*s", columns > 0 ? columns : 0, numbers);
    return;
  }
  int used = columns_fit(bar->label, label, out, LABEL_BYTES);
  int taken = bar->note ? NUMBERS_COLUMNS : (int)strlen(numbers),
      gauge = columns - label - taken - 2;
  gauge = gauge > GAUGE_MAX ? GAUGE_MAX : gauge;
  if (gauge >= GAUGE_MIN) {
    out[used++] = ' ';
    used += format_gauge(bar, gauge, now_us, out + used);
  }
  snprintf(out + used, (size_t)(BAR_TEXT - used), " %s", numbers);
}
