/* Command lines by table; see args.h. */
#include "args.h"

#include <stdarg.h>
#include <string.h>

#include "cli.h"
#include "columns.h"

enum { COMPLAINT_MAX = 4096 };

int args_complain(const char *command, const char *format, ...)
{
  char text[COMPLAINT_MAX];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  columns_clean(text); /* it may quote a line of somebody's list */
  fprintf(stderr, "sluice %s: %s; see `sluice %s --help`\n", command, text, command);
  return CLI_USAGE;
}

/* The option's argument: what follows in the same word, or the next word. */
static int take_value(struct args *args, int row, const char *inside, const char **out_value)
{
  if (inside) {
    *out_value = inside;
    return row;
  }
  if (args->at >= args->word_count) {
    args_complain(args->command, "--%s needs %s after it", args->rows[row].name,
                  args->rows[row].argument);
    return ARGS_BAD;
  }
  *out_value = args->words[args->at++];
  return row;
}

static int take_letter(struct args *args, const char **out_value)
{
  char letter = *args->cluster++;
  const char *rest = *args->cluster ? args->cluster : NULL;
  args->cluster = rest;
  for (int i = 0; i < args->row_count; i++) {
    if (args->rows[i].letter != letter)
      continue;
    if (!args->rows[i].argument)
      return i;
    args->cluster = NULL;
    return take_value(args, i, rest, out_value);
  }
  args_complain(args->command, "there is no option -%c", letter);
  return ARGS_BAD;
}

static int take_long(struct args *args, const char *word, const char **out_value)
{
  const char *equals = strchr(word, '=');
  size_t length = equals ? (size_t)(equals - word) : strlen(word);
  for (int i = 0; i < args->row_count; i++) {
    const struct args_row *row = &args->rows[i];
    if (!row->name || strlen(row->name) != length || strncmp(row->name, word, length))
      continue;
    if (row->argument)
      return take_value(args, i, equals ? equals + 1 : NULL, out_value);
    if (!equals)
      return i;
    args_complain(args->command, "--%s takes no value", row->name);
    return ARGS_BAD;
  }
  args_complain(args->command, "there is no option --%.*s", (int)length, word);
  return ARGS_BAD;
}

int args_next(struct args *args, const char **out_value)
{
  if (args->cluster)
    return take_letter(args, out_value);
  if (args->at >= args->word_count)
    return ARGS_END;
  const char *word = args->words[args->at++];
  if (!args->operands_only && !strcmp(word, "--")) {
    args->operands_only = true;
    return args_next(args, out_value);
  }
  /* a lone dash is an operand: it stands for a file */
  if (args->operands_only || word[0] != '-' || !word[1]) {
    *out_value = word;
    return ARGS_OPERAND;
  }
  if (word[1] == '-')
    return take_long(args, word + 2, out_value);
  args->cluster = word + 1;
  return take_letter(args, out_value);
}

void args_help(const struct args_row *rows, int row_count, FILE *out)
{
  for (int i = 0; i < row_count; i++) {
    char names[64];
    if (!rows[i].name) {
      fprintf(out, "%s%s\n", i ? "\n" : "", rows[i].help);
      continue;
    }
    if (rows[i].letter)
      snprintf(names, sizeof names, "-%c, --%s %s", rows[i].letter, rows[i].name,
               rows[i].argument ? rows[i].argument : "");
    else
      snprintf(names, sizeof names, "    --%s %s", rows[i].name,
               rows[i].argument ? rows[i].argument : "");
    fprintf(out, "  %-25s ", names);
    for (const char *c = rows[i].help; *c; c++) {
      putc(*c, out);
      if (*c == '\n')
        fprintf(out, "%28s", "");
    }
    putc('\n', out);
  }
}
