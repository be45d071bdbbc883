/* The curl_mprintf() family: printf without a locale that behaves the same everywhere, with
 * positional arguments, `O` for curl_off_t and `%#s` for a quoted string. A format is walked twice:
 * once to learn the types of the arguments, which may be named in any order, and once to print.
 * Only floating point is left to the C library.
 *
 * The limits are libcurl's: 128 arguments, 325 characters for a floating point number or the digits
 * of an integer, 8 MB for what curl_maprintf() returns. */
#include <curl/curl.h>
#include <curl/mprintf.h>
#include <limits.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/text.h"

enum {
  MAX_ARGS = 128,
  MAX_NUMBER = 325,        /* characters of a number, apart from its padding */
  MAX_LONG_DOUBLE = 5000,  /* the largest has 4933 digits before the point */
  MAX_ALLOCATED = 7999999, /* bytes that curl_maprintf() returns */
  ABSENT = -1
};

/* ---- where the output goes ---------------------------------------------------------------- */

struct sink {
  size_t (*put)(struct sink *s, const char *p, size_t n); /* how many it took */
  char *at;                                               /* memory: the next byte */
  size_t left; /* memory: room, apart from the terminating zero */
  FILE *file;
  struct buf buf;
  uint64_t count; /* bytes taken so far */
};

static size_t put_memory(struct sink *s, const char *p, size_t n)
{
  size_t part = n < s->left ? n : s->left;
  memcpy(s->at, p, part);
  s->at += part;
  s->left -= part;
  return part;
}

static size_t put_file(struct sink *s, const char *p, size_t n)
{
  return fwrite(p, 1, n, s->file);
}

static size_t put_buf(struct sink *s, const char *p, size_t n)
{
  return sl_buf_append(&s->buf, p, n) ? n : 0;
}

/* False: the sink is full or broken, and nothing further is to be printed. */
static bool put(struct sink *s, const char *p, size_t n)
{
  size_t taken = n ? s->put(s, p, n) : 0;
  s->count += taken;
  return taken == n;
}

static bool put_padding(struct sink *s, char c, int64_t n)
{
  char run[64];
  if (n <= 0)
    return true;
  memset(run, c, sizeof(run));
  for (; n > (int64_t)sizeof(run); n -= (int64_t)sizeof(run)) {
    if (!put(s, run, sizeof(run)))
      return false;
  }
  return put(s, run, (size_t)n);
}

/* ---- the format --------------------------------------------------------------------------- */

enum flag { LEFT = 1, ZERO = 2, PLUS = 4, SPACE = 8, ALTERNATE = 16 };
enum size { SIZE_INT, SIZE_SHORT, SIZE_LONG, SIZE_LONG_LONG, SIZE_LONG_DOUBLE };
enum type { TYPE_INT, TYPE_LONG, TYPE_LONG_LONG, TYPE_POINTER, TYPE_DOUBLE, TYPE_LONG_DOUBLE };

/* One %... of the format; the arguments are indices or ABSENT. */
struct directive {
  unsigned flags;
  enum size size;
  int width, precision; /* ABSENT: no precision */
  int width_arg, precision_arg, value_arg;
  char conversion; /* 0: the format ended within it */
};

struct walk {
  const char *at;
  int next_arg;
  bool bad; /* more arguments than there may be */
};

/* A decimal number, saturated. */
static int take_int(struct walk *w)
{
  int value = 0;
  for (; sl_is_digit(*w->at); w->at++) {
    int digit = *w->at - '0';
    value = value > (INT_MAX - digit) / 10 ? INT_MAX : value * 10 + digit;
  }
  return value;
}

/* The index of the argument that a "N$" here names. ABSENT, and not moved, when there is none. */
static int take_position(struct walk *w)
{
  struct walk ahead = *w;
  int number = take_int(&ahead);
  if (ahead.at == w->at || *ahead.at != '$')
    return ABSENT;
  w->at = ahead.at + 1;
  if (number < 1 || number > MAX_ARGS) {
    w->bad = true;
    number = 1;
  }
  return number - 1;
}

static int next_arg(struct walk *w)
{
  if (w->next_arg >= MAX_ARGS) {
    w->bad = true;
    return 0;
  }
  return w->next_arg++;
}

static int take_star(struct walk *w)
{
  w->at++;
  int position = take_position(w);
  return position == ABSENT ? next_arg(w) : position;
}

static void take_precision(struct walk *w, struct directive *d)
{
  w->at++;
  d->precision = 0;
  d->precision_arg = ABSENT;
  if (*w->at == '*') {
    d->precision_arg = take_star(w);
  } else if (*w->at == '-') { /* negative: as if there were none */
    w->at++;
    take_int(w);
    d->precision = ABSENT;
  } else {
    d->precision = take_int(w);
  }
}

/* A flag or a size. */
static bool take_letter(struct walk *w, struct directive *d)
{
  switch (*w->at) {
  case '-':
    d->flags |= LEFT;
    break;
  case '0':
    d->flags |= ZERO;
    break;
  case '+':
    d->flags |= PLUS;
    break;
  case ' ':
    d->flags |= SPACE;
    break;
  case '#':
    d->flags |= ALTERNATE;
    break;
  case 'h':
    d->size = SIZE_SHORT;
    break;
  case 'l':
    d->size = d->size == SIZE_LONG ? SIZE_LONG_LONG : SIZE_LONG;
    break;
  case 'z':
    d->size = sizeof(size_t) > sizeof(long) ? SIZE_LONG_LONG : SIZE_LONG;
    break;
  case 'O':
    d->size = sizeof(curl_off_t) > sizeof(long) ? SIZE_LONG_LONG : SIZE_LONG;
    break;
  case 'q':
    d->size = SIZE_LONG_LONG;
    break;
  case 'L':
    d->size = SIZE_LONG_DOUBLE;
    break;
  default:
    return false;
  }
  w->at++;
  return true;
}

/* Behind the %. The parts are taken in any order, as libcurl does. */
static void take_directive(struct walk *w, struct directive *d)
{
  *d = (struct directive){
      .precision = ABSENT, .width_arg = ABSENT, .precision_arg = ABSENT, .value_arg = ABSENT};
  int position = take_position(w);
  for (;;) {
    if (*w->at >= '1' && *w->at <= '9') {
      d->width = take_int(w);
      d->width_arg = ABSENT;
    } else if (*w->at == '*') {
      d->width_arg = take_star(w);
    } else if (*w->at == '.') {
      take_precision(w, d);
    } else if (!take_letter(w, d)) {
      break;
    }
  }
  d->conversion = *w->at;
  if (!d->conversion)
    return;
  w->at++;
  if (d->conversion != '%')
    d->value_arg = position == ABSENT ? next_arg(w) : position;
}

static enum type type_of(const struct directive *d)
{
  switch (d->conversion) {
  case 's':
  case 'S':
  case 'p':
  case 'n':
    return TYPE_POINTER;
  case 'a':
  case 'A':
  case 'e':
  case 'E':
  case 'f':
  case 'F':
  case 'g':
  case 'G':
    return d->size == SIZE_LONG_DOUBLE ? TYPE_LONG_DOUBLE : TYPE_DOUBLE;
  default:
    return d->size == SIZE_LONG                                       ? TYPE_LONG
           : d->size == SIZE_LONG_LONG || d->size == SIZE_LONG_DOUBLE ? TYPE_LONG_LONG
                                                                      : TYPE_INT;
  }
}

/* ---- the arguments ------------------------------------------------------------------------ */

union value {
  int64_t integer; /* sign-extended */
  void *pointer;
  double real;
  long double long_real;
};

/* How many arguments the format asks for; those that it leaves out count as int. -1: too many. */
static int learn_types(const char *format, enum type *types)
{
  struct walk w = {.at = format};
  int count = 0;
  memset(types, 0, MAX_ARGS * sizeof(*types));
  while ((w.at = strchr(w.at, '%')) && !w.bad) {
    struct directive d;
    w.at++;
    take_directive(&w, &d);
    int used[3] = {d.width_arg, d.precision_arg, d.value_arg};
    for (int i = 0; i < 3; i++)
      count = used[i] >= count ? used[i] + 1 : count;
    if (d.value_arg != ABSENT)
      types[d.value_arg] = type_of(&d);
  }
  return w.bad ? -1 : count;
}

static void fetch_values(union value *values, const enum type *types, int count, va_list args)
{
  for (int i = 0; i < count; i++) {
    switch (types[i]) {
    case TYPE_INT:
      values[i].integer = va_arg(args, int);
      break;
    case TYPE_LONG:
      values[i].integer = va_arg(args, long);
      break;
    case TYPE_LONG_LONG:
      values[i].integer = va_arg(args, long long);
      break;
    case TYPE_POINTER:
      values[i].pointer = va_arg(args, void *);
      break;
    case TYPE_DOUBLE:
      values[i].real = va_arg(args, double);
      break;
    case TYPE_LONG_DOUBLE:
      values[i].long_real = va_arg(args, long double);
      break;
    }
  }
}

/* Width and precision that are arguments. */
static void resolve_stars(struct directive *d, const union value *values)
{
  if (d->width_arg != ABSENT) {
    int64_t width = values[d->width_arg].integer;
    if (width < 0) {
      d->flags |= LEFT;
      width = -width;
    }
    d->width = width > INT_MAX ? INT_MAX : (int)width;
  }
  if (d->precision_arg != ABSENT) {
    int64_t precision = values[d->precision_arg].integer;
    d->precision = precision < 0 ? ABSENT : precision > INT_MAX ? INT_MAX : (int)precision;
  }
}

/* ---- the conversions ---------------------------------------------------------------------- */

static bool put_padded(struct sink *s, const struct directive *d, const char *p, size_t n)
{
  int64_t padding = (int64_t)d->width - (int64_t)n;
  if (d->flags & LEFT)
    return put(s, p, n) && put_padding(s, ' ', padding);
  return put_padding(s, ' ', padding) && put(s, p, n);
}

static bool print_string(struct sink *s, const struct directive *d, const char *text)
{
  static const char none[] = "(nil)";
  bool quoted = text && (d->conversion == 'S' || d->flags & ALTERNATE);
  size_t n;
  if (text)
    n = d->precision == ABSENT ? strlen(text) : strnlen(text, (size_t)d->precision);
  else
    n = d->precision == ABSENT || d->precision >= (int)sizeof(none) - 1 ? sizeof(none) - 1 : 0;
  return put(s, "\"", quoted) && put_padded(s, d, text ? text : none, n) && put(s, "\"", quoted);
}

static bool print_character(struct sink *s, const struct directive *d, int64_t value)
{
  char c = (char)value;
  return put_padded(s, d, &c, 1);
}

/* Sign, 0x, zeros, digits. */
static bool put_number(struct sink *s, const struct directive *d, const char *prefix,
                       const char *digits, size_t n)
{
  size_t prefix_n = strlen(prefix);
  int64_t precision = d->precision < MAX_NUMBER ? d->precision : MAX_NUMBER;
  int64_t zeros = precision > (int64_t)n ? precision - (int64_t)n : 0;
  if (d->flags & ALTERNATE && d->conversion == 'o' && !zeros && (!n || *digits != '0'))
    zeros = 1;
  int64_t padding = (int64_t)d->width - (int64_t)prefix_n - zeros - (int64_t)n;
  if (padding > 0 && (d->flags & (ZERO | LEFT)) == ZERO) {
    zeros += padding;
    padding = 0;
  }
  return put_padding(s, ' ', d->flags & LEFT ? 0 : padding) && put(s, prefix, prefix_n) &&
         put_padding(s, '0', zeros) && put(s, digits, n) &&
         put_padding(s, ' ', d->flags & LEFT ? padding : 0);
}

/* As in libcurl, + and space count for unsigned conversions as well. */
static bool print_magnitude(struct sink *s, const struct directive *d, bool negative,
                            uint64_t value)
{
  char digits[24], *end = digits + sizeof(digits), *at = end;
  char prefix[4], *prefix_at = prefix;
  unsigned base = d->conversion == 'o' ? 8 : strchr("xXp", d->conversion) ? 16 : 10;
  const char *letters = d->conversion == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
  for (uint64_t left = value; left; left /= base)
    *--at = letters[left % base];
  if (at == end && d->precision != 0)
    *--at = '0';
  if (negative || d->flags & (PLUS | SPACE))
    *prefix_at++ = negative ? '-' : d->flags & PLUS ? '+' : ' ';
  if (base == 16 && (d->flags & ALTERNATE || d->conversion == 'p')) {
    *prefix_at++ = '0';
    *prefix_at++ = d->conversion == 'X' ? 'X' : 'x';
  }
  *prefix_at = 0;
  return put_number(s, d, prefix, at, (size_t)(end - at));
}

static bool print_integer(struct sink *s, const struct directive *d, int64_t value)
{
  if (d->conversion == 'd' || d->conversion == 'i')
    return print_magnitude(s, d, value < 0, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
  bool narrow = d->size == SIZE_INT || d->size == SIZE_SHORT;
  return print_magnitude(s, d, false, narrow ? (unsigned int)value : (uint64_t)value);
}

static bool print_pointer(struct sink *s, const struct directive *d, const void *pointer)
{
  if (!pointer)
    return put_padded(s, d, "(nil)", 5);
  return print_magnitude(s, d, false, (uint64_t)(uintptr_t)pointer);
}

/* The format is put together here; no argument of the caller gets into it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static int format_real(char *dst, size_t cap, const struct directive *d, int width, int precision,
                       const union value *value)
{
  char format[16], *at = format;
  *at++ = '%';
  if (d->flags & LEFT)
    *at++ = '-';
  if (d->flags & PLUS)
    *at++ = '+';
  if (d->flags & SPACE)
    *at++ = ' ';
  if (d->flags & ALTERNATE)
    *at++ = '#';
  memcpy(at, "*.*", 3);
  at += 3;
  if (type_of(d) == TYPE_LONG_DOUBLE)
    *at++ = 'L';
  *at++ = d->conversion;
  *at = 0;
  return type_of(d) == TYPE_LONG_DOUBLE
             ? snprintf(dst, cap, format, width, precision, value->long_real)
             : snprintf(dst, cap, format, width, precision, value->real);
}
#pragma GCC diagnostic pop

/* Width and precision give way, so that the number fits. */
static bool print_real(struct sink *s, const struct directive *d, const union value *value)
{
  char text[MAX_LONG_DOUBLE + 1];
  int max = type_of(d) == TYPE_LONG_DOUBLE ? MAX_LONG_DOUBLE : MAX_NUMBER;
  int width = d->width < max ? d->width : max;
  int precision = d->precision < max ? d->precision : max;
  int n = format_real(text, sizeof(text), d, width, precision, value);
  if (n > max && precision > n - max)
    n = format_real(text, sizeof(text), d, width, precision - (n - max), value);
  return n >= 0 && put(s, text, (size_t)(n < max ? n : max));
}

static void store_count(const struct directive *d, void *where, uint64_t count)
{
  switch (d->size) {
  case SIZE_SHORT:
    *(short *)where = (short)count;
    break;
  case SIZE_LONG:
    *(long *)where = (long)count;
    break;
  case SIZE_LONG_LONG:
    *(long long *)where = (long long)count;
    break;
  default:
    *(int *)where = (int)count;
  }
}

/* A conversion that is none prints nothing. */
static bool print_directive(struct sink *s, const struct directive *d, const union value *value)
{
  switch (d->conversion) {
  case '%':
    return put(s, "%", 1);
  case 'd':
  case 'i':
  case 'u':
  case 'o':
  case 'x':
  case 'X':
    return print_integer(s, d, value->integer);
  case 'c':
    return print_character(s, d, value->integer);
  case 's':
  case 'S':
    return print_string(s, d, value->pointer);
  case 'p':
    return print_pointer(s, d, value->pointer);
  case 'n':
    store_count(d, value->pointer, s->count);
    return true;
  default:
    return type_of(d) < TYPE_DOUBLE || print_real(s, d, value);
  }
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* False: nothing was printed, since the format asks for too many arguments. */
static bool print(struct sink *s, const char *format, va_list args)
{
  enum type types[MAX_ARGS];
  union value values[MAX_ARGS];
  int count = learn_types(format, types);
  if (count < 0)
    return false;
  fetch_values(values, types, count, args);
  struct walk w = {.at = format};
  for (bool going = true; going && *w.at;) {
    const char *percent = strchrnul(w.at, '%');
    going = put(s, w.at, (size_t)(percent - w.at));
    w.at = percent;
    if (going && *percent) {
      struct directive d;
      w.at++;
      take_directive(&w, &d);
      resolve_stars(&d, values);
      going = print_directive(s, &d, d.value_arg == ABSENT ? NULL : &values[d.value_arg]);
    }
  }
  return true;
}

static int result_of(const struct sink *s)
{
  return s->count > INT_MAX ? INT_MAX : (int)s->count;
}

int curl_mvfprintf(FILE *stream, const char *format, va_list args)
{
  struct sink s = {.put = put_file, .file = stream};
  print(&s, format, args);
  return result_of(&s);
}

int curl_mvprintf(const char *format, va_list args)
{
  return curl_mvfprintf(stdout, format, args);
}

int curl_mvsnprintf(char *buffer, size_t size, const char *format, va_list args)
{
  struct sink s = {.put = put_memory, .at = buffer, .left = size ? size - 1 : 0};
  print(&s, format, args);
  if (size)
    *s.at = 0;
  return result_of(&s);
}

int curl_mvsprintf(char *buffer, const char *format, va_list args)
{
  return curl_mvsnprintf(buffer, SIZE_MAX, format, args);
}

char *curl_mvaprintf(const char *format, va_list args)
{
  struct sink s = {.put = put_buf};
  sl_buf_init(&s.buf, MAX_ALLOCATED);
  if (!print(&s, format, args)) {
    sl_buf_done(&s.buf);
    return NULL;
  }
  return sl_buf_take(&s.buf);
}

/* ---- with ... ----------------------------------------------------------------------------- */

int curl_mprintf(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = curl_mvprintf(format, args);
  va_end(args);
  return n;
}

int curl_mfprintf(FILE *stream, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = curl_mvfprintf(stream, format, args);
  va_end(args);
  return n;
}

int curl_msprintf(char *buffer, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = curl_mvsprintf(buffer, format, args);
  va_end(args);
  return n;
}

int curl_msnprintf(char *buffer, size_t size, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = curl_mvsnprintf(buffer, size, format, args);
  va_end(args);
  return n;
}

char *curl_maprintf(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  char *text = curl_mvaprintf(format, args);
  va_end(args);
  return text;
}
