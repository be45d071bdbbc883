/* The progress of one download: how fast, how far, and as one line of text. Knows no terminal. */
#ifndef CLI_BAR_H
#define CLI_BAR_H

#include <curl/curl.h>
#include <stdint.h>

struct bar {
  const char *label;
  const char *note;  /* in the place of the numbers; NULL: none */
  curl_off_t before; /* bytes that were there already */
  curl_off_t now;    /* bytes that came */
  curl_off_t total;  /* bytes to come in all, 0: not known */
  int64_t began_us;
  int64_t sampled_us; /* of the last measurement of the speed */
  curl_off_t sampled;
  double speed; /* bytes a second, smoothed; below 0 before the first measurement */
  double share; /* of a sum: how much is done, where its total is not known; below 0: no sum */
};

enum {
  BAR_TEXT = 1024, /* room for a line of any bar */
  BAR_SIZE = 16    /* room for a size, a speed, a time */
};

int64_t bar_clock_us(void);
void bar_start(struct bar *bar, const char *label, curl_off_t before, int64_t now_us);
void bar_sample(struct bar *bar, int64_t now_us);

/* From 0 to 1; below 0: not known. */
double bar_share(const struct bar *bar);

/* The bar as text of at most `columns` columns. */
void bar_format(const struct bar *bar, int columns, int64_t now_us, char out[BAR_TEXT]);

const char *bar_size(double bytes, char out[BAR_SIZE]);      /* 512 B, 1.5 KiB, 210 MiB */
const char *bar_time(double seconds, char out[BAR_SIZE]);    /* 0:07, 1:02:03 */
const char *bar_elapsed(double seconds, char out[BAR_SIZE]); /* 0.12 s, 1:02 */

#endif
