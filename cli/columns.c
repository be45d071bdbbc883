/* Columns of text; see columns.h. */
#include "columns.h"

#include <locale.h>
#include <stdbool.h>
#include <string.h>
#include <wchar.h>

static const char gap[] = "..";
enum { GAP_COLUMNS = 2 };

struct glyph {
  int bytes, columns;
  bool bad; /* not to be shown */
};

void columns_init(void)
{
  if (!setlocale(LC_CTYPE, "C.UTF-8"))
    setlocale(LC_CTYPE, "");
}

/* Marks that change the direction of what follows make a name look like another one. */
static bool is_direction(wchar_t c)
{
  return c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Of what text begins with, which is not empty. */
static struct glyph next(const char *text)
{
  mbstate_t state = {0};
  wchar_t c;
  size_t bytes = mbrtowc(&c, text, strnlen(text, 8), &state);
  if (bytes == 0 || bytes > 8)
    return (struct glyph){1, 1, true};
  int columns = wcwidth(c);
  if (columns < 0 || is_direction(c))
    return (struct glyph){(int)bytes, (int)bytes, true}; /* one '?' for each byte */
  return (struct glyph){(int)bytes, columns, false};
}

void columns_clean(char *text)
{
  while (*text) {
    struct glyph glyph = next(text);
    if (glyph.bad)
      memset(text, *text == '\t' ? ' ' : '?', (size_t)glyph.bytes);
    text += glyph.bytes;
  }
}

int columns_of(const char *text)
{
  int columns = 0;
  while (*text) {
    struct glyph glyph = next(text);
    columns += glyph.columns;
    text += glyph.bytes;
  }
  return columns;
}

/* Whole characters of text while they fit; returns bytes, and how many columns they take. */
static int take(const char *text, int columns, char *out, int room, int *out_columns)
{
  int used = 0;
  *out_columns = 0;
  while (text[used]) {
    struct glyph glyph = next(text + used);
    if (*out_columns + glyph.columns > columns || used + glyph.bytes >= room)
      break;
    memcpy(out + used, text + used, (size_t)glyph.bytes);
    used += glyph.bytes;
    *out_columns += glyph.columns;
  }
  return used;
}

static const char *last_columns(const char *text, int length, int columns)
{
  while (length > columns) {
    struct glyph glyph = next(text);
    text += glyph.bytes;
    length -= glyph.columns;
  }
  return text;
}

int columns_fit(const char *text, int columns, char *out, int room)
{
  int length = columns_of(text), taken = 0, more = 0, used;
  if (length <= columns) {
    used = take(text, columns, out, room, &taken);
  } else {
    int head = (columns - GAP_COLUMNS) / 3;
    used = take(text, head > 0 ? head : 0, out, room - (int)sizeof gap, &taken);
    memcpy(out + used, gap, GAP_COLUMNS);
    used += GAP_COLUMNS;
    taken += GAP_COLUMNS;
    const char *tail = last_columns(text, length, columns - taken);
    used += take(tail, columns - taken, out + used, room - used, &more);
    taken += more;
  }
  for (; taken < columns && used + 1 < room; taken++)
    out[used++] = ' ';
  out[used] = 0;
  columns_clean(out);
  return used;
}
