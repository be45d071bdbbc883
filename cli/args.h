/* Command lines: a table of options gives both the parser and the text of --help, so that the two
 * can not differ. Options may stand before, between and after the operands; `--` ends them. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stdio.h>

struct args_row {
  char letter;          /* 0: none */
  const char *name;     /* without the dashes; NULL: a heading in the help, which is its text */
  const char *argument; /* how the help calls it; NULL: it takes none */
  const char *help;     /* further lines after a \n */
};

struct args {
  const char *command; /* for messages */
  const struct args_row *rows;
  int row_count;
  char **words;
  int word_count;
  int at;              /* next word */
  const char *cluster; /* rest of a word like -qO */
  bool operands_only;  /* -- was there */
};

enum {
  ARGS_END = -1,
  ARGS_OPERAND = -2,
  ARGS_BAD = -3 /* a message was printed */
};

/* The number of the row of the next option, or one of the above; *out_value is the option's
 * argument, or the operand. */
int args_next(struct args *args, const char **out_value);

void args_help(const struct args_row *rows, int row_count, FILE *out);

/* "name: text" and where help is to be found, on stderr. Returns CLI_USAGE. */
__attribute__((format(printf, 2, 3))) int args_complain(const char *command, const char *format,
                                                        ...);

#endif
