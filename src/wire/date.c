/* Dates; see date.h. A date is up to six items in any order: a weekday, a month, a time of day, a
 * zone, numbers for the day and the year. What stands between items is skipped; a word that is none
 * of these makes it no date. */
#include "wire/date.h"

#include "base/num.h"
#include "base/text.h"

enum {
  MAX_ITEMS = 6,     /* what follows the sixth is not looked at */
  FIRST_YEAR = 1583, /* the first whole one of the Gregorian calendar */
  UNKNOWN = -1
};

struct date {
  int year, month, day; /* month: 0-11 */
  int hour, minute, second;
  int west_minutes; /* of Greenwich */
  bool has_weekday, has_time, has_zone;
};

static const char weekdays[7][10] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                     "Thursday", "Friday", "Saturday"};
static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* Minutes west of Greenwich. These are the names, and the meanings, that curl_getdate() has always
 * had. */
static const struct zone {
  char name[5];
  short west_minutes;
} zones[] = {
    {"GMT", 0},     {"UT", 0},      {"UTC", 0},     {"WET", 0},     {"BST", -60},   {"WAT", 60},
    {"AST", 240},   {"ADT", 180},   {"EST", 300},   {"EDT", 240},   {"CST", 360},   {"CDT", 300},
    {"MST", 420},   {"MDT", 360},   {"PST", 480},   {"PDT", 420},   {"YST", 540},   {"YDT", 480},
    {"HST", 600},   {"HDT", 540},   {"CAT", 600},   {"AHST", 600},  {"NT", 660},    {"IDLW", 720},
    {"CET", -60},   {"MET", -60},   {"MEWT", -60},  {"MEST", -120}, {"CEST", -120}, {"MESZ", -120},
    {"FWT", -60},   {"FST", -120},  {"EET", -120},  {"WAST", -420}, {"WADT", -480}, {"CCT", -480},
    {"JST", -540},  {"EAST", -600}, {"EADT", -660}, {"GST", -600},  {"NZT", -720},  {"NZST", -720},
    {"NZDT", -780}, {"IDLE", -720},
};
/* The military ones: the place is the hours west or, from N on, east. There is no J. */
static const char letters_west[] = "ZABCDEFGHIKLM";
static const char letters_east[] = "?NOPQRSTUVWXY";

static bool find_weekday(struct slice word)
{
  for (size_t i = 0; i < 7; i++) {
    struct slice full = slice_str(weekdays[i]);
    if (sl_text_ieq(word, full) || sl_text_ieq(word, slice_head(full, 3)))
      return true;
  }
  return false;
}

static int find_month(struct slice word)
{
  for (int i = 0; i < 12; i++) {
    if (sl_text_ieq_str(word, months[i]))
      return i;
  }
  return UNKNOWN;
}

static bool find_zone(struct slice word, int *out_west_minutes)
{
  if (word.n == 1) {
    size_t west = slice_find(slice_str(letters_west), sl_upper(word.p[0]));
    size_t east = slice_find(slice_str(letters_east), sl_upper(word.p[0]));
    if (letters_west[west])
      *out_west_minutes = (int)west * 60;
    else if (letters_east[east])
      *out_west_minutes = -(int)east * 60;
    else
      return false;
    return true;
  }
  for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
    if (sl_text_ieq_str(word, zones[i].name)) {
      *out_west_minutes = zones[i].west_minutes;
      return true;
    }
  }
  return false;
}

/* Each kind of word counts once. */
static bool add_word(struct date *d, struct slice word)
{
  int month, west_minutes;
  if (!d->has_weekday && find_weekday(word)) {
    d->has_weekday = true;
  } else if (d->month == UNKNOWN && (month = find_month(word)) != UNKNOWN) {
    d->month = month;
  } else if (!d->has_zone && find_zone(word, &west_minutes)) {
    d->west_minutes = west_minutes;
    d->has_zone = true;
  } else {
    return false;
  }
  return true;
}

/* One or two digits. */
static bool take_two(struct slice *rest, int *out_value)
{
  size_t n = 0;
  int value = 0;
  for (; n < 2 && n < rest->n && sl_is_digit(rest->p[n]); n++)
    value = value * 10 + (rest->p[n] - '0');
  if (!n)
    return false;
  *rest = slice_from(*rest, n);
  *out_value = value;
  return true;
}

static bool take_colon_two(struct slice *rest, int *out_value)
{
  struct slice at = slice_from(*rest, 1);
  if (!rest->n || *rest->p != ':' || !take_two(&at, out_value))
    return false;
  *rest = at;
  return true;
}

/* HH:MM or HH:MM:SS at the front of *rest. */
static bool take_time(struct date *d, struct slice *rest)
{
  struct slice at = *rest;
  int hour, minute, second = 0;
  if (d->has_time || !take_two(&at, &hour) || !take_colon_two(&at, &minute))
    return false;
  take_colon_two(&at, &second);
  d->hour = hour;
  d->minute = minute;
  d->second = second;
  d->has_time = true;
  *rest = at;
  return true;
}

static bool add_number(struct date *d, int value, size_t digits, char before)
{
  bool sign = before == '+' || before == '-';
  if (sign && digits == 4 && value <= 1400 && !d->has_zone) { /* +0100 */
    int minutes = value / 100 * 60 + value % 100;
    d->west_minutes = before == '+' ? -minutes : minutes;
    d->has_zone = true;
  } else if (digits == 8 && d->year == UNKNOWN && d->month == UNKNOWN && d->day == UNKNOWN) {
    d->year = value / 10000;
    d->month = value / 100 % 100 - 1;
    d->day = value % 100;
  } else if (d->day == UNKNOWN && value >= 1 && value <= 31) {
    d->day = value;
  } else if (d->year == UNKNOWN) {
    d->year = value >= 100 ? value : value > 70 ? 1900 + value : 2000 + value;
  } else {
    return false;
  }
  return true;
}

static bool take_number(struct date *d, struct slice *rest, char before)
{
  int64_t value;
  size_t was = rest->n;
  if (!sl_num_take(rest, INT32_MAX, &value))
    return false;
  return add_number(d, (int)value, was - rest->n, before);
}

static bool take_word(struct date *d, struct slice *rest)
{
  size_t n = 0;
  while (n < rest->n && sl_is_alpha(rest->p[n]))
    n++;
  bool known = add_word(d, slice_head(*rest, n));
  *rest = slice_from(*rest, n);
  return known;
}

static bool take_items(struct date *d, struct slice rest)
{
  char before = 0; /* the byte before the item: a number may be signed */
  for (int items = 0; rest.n && items < MAX_ITEMS;) {
    char c = *rest.p;
    if (!sl_is_alnum(c)) {
      before = c;
      rest = slice_from(rest, 1);
      continue;
    }
    if (sl_is_alpha(c) ? !take_word(d, &rest)
                       : !take_time(d, &rest) && !take_number(d, &rest, before))
      return false;
    before = 0;
    items++;
  }
  return true;
}

bool sl_date_parse(struct slice text, int64_t *out_s)
{
  struct date d = {.year = UNKNOWN, .month = UNKNOWN, .day = UNKNOWN};
  if (!take_items(&d, text))
    return false;
  /* That a month has less than 31 days is not looked at: February 30 is March 1 or 2. */
  if (d.year < FIRST_YEAR || d.month < 0 || d.month > 11 || d.day < 0 || d.day > 31)
    return false;
  if (d.hour > 23 || d.minute > 59 || d.second > 60) /* 60: a leap second */
    return false;
  *out_s = sl_date_from_utc(d.year, d.month + 1, d.day, d.hour, d.minute, d.second) +
           (int64_t)d.west_minutes * 60;
  return true;
}

/* Days are counted from March 1, so that the leap day is the last of its year, and in eras of 400
 * years, which are all of the same length: 146097 days. March 1 of the year 0 is 719468 days before
 * 1970. */
int64_t sl_date_from_utc(int64_t year, int month, int day, int hour, int minute, int second)
{
  int64_t y = month <= 2 ? year - 1 : year;
  int64_t era = (y >= 0 ? y : y - 399) / 400;
  int64_t year_of_era = y - era * 400;
  int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  int64_t days = era * 146097 + day_of_era - 719468;
  return days * 86400 + (int64_t)hour * 3600 + (int64_t)minute * 60 + second;
}

/* The way back, for days from the year 1 on. */
static void split_days(int64_t days, int *out_year, int *out_month, int *out_day)
{
  days += 719468;
  int64_t era = days / 146097;
  int day_of_era = (int)(days % 146097);
  int year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  int from_march = (5 * day_of_year + 2) / 153;
  *out_day = day_of_year - (153 * from_march + 2) / 5 + 1;
  *out_month = from_march < 10 ? from_march + 3 : from_march - 9;
  *out_year = (int)(year_of_era + era * 400) + (*out_month <= 2);
}

static char *put_number(char *at, int value, int digits)
{
  for (int i = digits; i-- > 0; value /= 10)
    at[i] = (char)('0' + value % 10);
  return at + digits;
}

static char *put_text(char *at, const char *text, size_t n)
{
  memcpy(at, text, n);
  return at + n;
}

size_t sl_date_format_http(char dst[SL_DATE_HTTP_MAX], int64_t time_s)
{
  static const int64_t first_s = -62135596800, last_s = 253402300799; /* of the years 1 and 9999 */
  dst[0] = 0;
  if (time_s < first_s || time_s > last_s)
    return 0;
  int64_t since_first = time_s - first_s, days = since_first / 86400;
  int second = (int)(since_first % 86400), year, month, day;
  split_days(days + first_s / 86400, &year, &month, &day);
  /* January 1 of the year 1 was a Monday. */
  char *at = put_text(dst, weekdays[(days + 1) % 7], 3);
  at = put_text(at, ", ", 2);
  at = put_number(at, day, 2);
  *at++ = ' ';
  at = put_text(at, months[month - 1], 3);
  *at++ = ' ';
  at = put_number(at, year, 4);
  *at++ = ' ';
  at = put_number(at, second / 3600, 2);
  *at++ = ':';
  at = put_number(at, second / 60 % 60, 2);
  *at++ = ':';
  at = put_number(at, second % 60, 2);
  at = put_text(at, " GMT", 4);
  *at = 0;
  return (size_t)(at - dst);
}
