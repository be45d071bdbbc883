/* What the arguments of options mean; see get.h. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cli.h"
#include "get.h"
#include "slurp.h"

enum { LIST_MAX = 64 << 20 };

/* Decimal seconds above 0, up to some 30 years, as milliseconds. */
int read_seconds(const char *name, const char *text, long *out_ms)
{
  char *end;
  errno = 0;
  double seconds = strtod(text, &end);
  if (end == text || *end || errno || !(seconds >= 0.001 && seconds <= 1e9))
    return args_complain("get", "--%s needs a number of seconds above 0, not '%s'", name, text);
  *out_ms = (long)(seconds * 1000 + 0.5);
  return CLI_OK;
}

int read_number(const char *name, const char *text, int low, int high, int *out)
{
  char *end;
  long value = strtol(text, &end, 10);
  if (end == text || *end || value < low || value > high)
    return args_complain("get", "--%s needs a number from %d to %d, not '%s'", name, low, high,
                         text);
  *out = (int)value;
  return CLI_OK;
}

/* 800, 50k, 1.5M, 1G: bytes a second, in steps of 1024. */
int read_rate(const char *text, curl_off_t *out_rate)
{
  static const char units[] = "kmg";
  char *end;
  double rate = strtod(text, &end);
  const char *unit = *end ? strchr(units, *end | 0x20) : NULL;
  for (const char *at = units; unit && at <= unit; at++)
    rate *= 1024;
  if (end == text || (*end && (!unit || end[1])) || !(rate >= 1 && rate <= 1e15))
    return args_complain("get", "--limit-rate needs bytes a second like 800, 50k or 1.5M, not '%s'",
                         text);
  *out_rate = (curl_off_t)rate;
  return CLI_OK;
}

static void append(struct get_options *options, const char *bytes, size_t size)
{
  options->data = cli_need(realloc(options->data, options->data_size + size + 1));
  memcpy(options->data + options->data_size, bytes, size);
  options->data_size += size;
  options->data[options->data_size] = 0;
}

int add_data(struct get_options *options, const char *value)
{
  if (options->data)
    append(options, "&", 1);
  if (value[0] != '@') {
    append(options, value, strlen(value));
    return CLI_OK;
  }
  size_t size;
  char *bytes = slurp(value + 1, SIZE_MAX / 4, &size);
  if (!bytes)
    return args_complain("get", "--data %s: %s", value, strerror(errno));
  append(options, bytes, size);
  free(bytes);
  return CLI_OK;
}

int add_deny(struct get_options *options, const char *value)
{
  struct cidr cidr;
  if (!cidr_parse(value, &cidr))
    return args_complain(
        "get",
        "--deny needs an address or a range like 10.0.0.0/8 or fc00::/7, with no bits "
        "set behind the prefix, not '%s'",
        value);
  options->deny =
      cli_need(realloc(options->deny, (options->deny_count + 1) * sizeof *options->deny));
  options->deny[options->deny_count++] = cidr;
  return CLI_OK;
}

int add_header(struct get_options *options, const char *value)
{
  if (!strpbrk(value, ":;") || strpbrk(value, "\r\n"))
    return args_complain("get", "--header needs 'Name: value' in one line, not '%s'", value);
  options->headers = cli_need(curl_slist_append(options->headers, value));
  return CLI_OK;
}

void add_item(struct get_options *options, const char *url, const char *path)
{
  int count = options->item_count;
  if ((count & (count - 1)) == 0) /* full: the room is a power of two */
    options->items =
        cli_need(realloc(options->items, (count ? 2 * (size_t)count : 1) * sizeof *options->items));
  options->items[options->item_count++] =
      (struct get_item){.url = url, .path = path ? cli_need(strdup(path)) : NULL};
}

/* A URL a line; behind it, after blanks, may stand the name of the file. # begins a comment. */
int add_list(struct get_options *options, const char *path)
{
  size_t size;
  char *rest = slurp(path, LIST_MAX, &size), *line;
  if (!rest)
    return args_complain("get", "--input %s: %s", path, strerror(errno));
  options->lists =
      cli_need(realloc(options->lists, (size_t)(options->list_count + 1) * sizeof *options->lists));
  options->lists[options->list_count++] = rest;
  if (strlen(rest) != size)
    return args_complain("get", "--input %s: there is a zero byte in it", path);
  while ((line = slurp_line(&rest))) {
    if (!*line || *line == '#')
      continue;
    char *name = line + strcspn(line, " \t");
    if (*name) {
      *name++ = 0;
      name += strspn(name, " \t");
    }
    add_item(options, line, *name ? name : NULL);
  }
  return CLI_OK;
}
