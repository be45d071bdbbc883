/* See sftp_command.h. */
#include "wire/sftp_command.h"

#include "base/num.h"
#include "base/text.h"
#include "wire/date.h"

enum operands { NONE, PATH, TWO_PATHS, NUMBER_AND_PATH, MODE_AND_PATH, DATE_AND_PATH };
enum { MODE_MAX = 07777 };

static const struct {
  const char *name;
  enum sftp_verb verb;
  enum operands operands;
} verbs[] = {
    {"atime", SFTP_ATIME, DATE_AND_PATH},     {"chgrp", SFTP_CHGRP, NUMBER_AND_PATH},
    {"chmod", SFTP_CHMOD, MODE_AND_PATH},     {"chown", SFTP_CHOWN, NUMBER_AND_PATH},
    {"ln", SFTP_LN, TWO_PATHS},               {"mkdir", SFTP_MKDIR, PATH},
    {"mtime", SFTP_MTIME, DATE_AND_PATH},     {"pwd", SFTP_PWD, NONE},
    {"rename", SFTP_RENAME, TWO_PATHS},       {"rm", SFTP_RM, PATH},
    {"rmdir", SFTP_RMDIR, PATH},              {"statvfs", SFTP_STATVFS, PATH},
    {"symlink", SFTP_LN, TWO_PATHS},
};

void sl_sftp_command_init(struct sftp_command *c)
{
  *c = (struct sftp_command){.name = ""};
  sl_buf_init(&c->first, SL_SFTP_PATH_MAX);
  sl_buf_init(&c->second, SL_SFTP_PATH_MAX);
}

void sl_sftp_command_done(struct sftp_command *c)
{
  sl_buf_done(&c->first);
  sl_buf_done(&c->second);
}

static struct slice skip_space(struct slice s)
{
  while (s.n && sl_is_space(*s.p))
    s = slice_from(s, 1);
  return s;
}

static bool take_quoted(struct slice *rest, struct buf *out)
{
  char quote = *rest->p;
  for (size_t i = 1; i < rest->n; i++) {
    char c = rest->p[i];
    if (c == quote) {
      *rest = slice_from(*rest, i + 1);
      return out->n && sl_buf_ok(out);
    }
    if (c == '\\') {
      if (++i == rest->n)
        return false;
      c = rest->p[i];
      if (c != '"' && c != '\'' && c != '\\')
        return false;
    }
    sl_buf_char(out, c);
  }
  return false;
}

static bool take_plain(struct slice *rest, struct buf *out)
{
  size_t n = 0;
  while (n < rest->n && !sl_is_space(rest->p[n]))
    n++;
  sl_buf_append(out, rest->p, n);
  *rest = slice_from(*rest, n);
  return sl_buf_ok(out);
}

static bool take_word(struct slice *rest, struct buf *out)
{
  *rest = skip_space(*rest);
  if (!rest->n)
    return false;
  return *rest->p == '"' || *rest->p == '\'' ? take_quoted(rest, out) : take_plain(rest, out);
}

static bool take_path(struct slice *rest, struct slice home, struct buf *out)
{
  static const struct slice tilde = SLICE_LIT("/~/");
  *rest = skip_space(*rest);
  if (!slice_eq(slice_head(*rest, tilde.n), tilde))
    return take_word(rest, out);
  *rest = slice_from(*rest, tilde.n);
  sl_buf_add(out, home);
  if (!home.n || home.p[home.n - 1] != '/')
    sl_buf_char(out, '/');
  return take_plain(rest, out);
}

static bool parse_octal(struct slice s, uint32_t *out)
{
  uint32_t mode = 0;
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] < '0' || s.p[i] > '7')
      return false;
    mode = mode * 8 + (uint32_t)(s.p[i] - '0');
    if (mode > MODE_MAX)
      return false;
  }
  *out = mode;
  return s.n > 0;
}

static const char *parse_number(struct sftp_command *c, enum operands operands, struct slice word)
{
  int64_t value = 0;
  switch (operands) {
  case MODE_AND_PATH:
    return parse_octal(word, &c->number) ? NULL : "permissions not an octal number";
  case DATE_AND_PATH:
    if (!sl_date_parse(word, &value))
      return "incorrect date format";
    if (value < 0 || value > UINT32_MAX)
      return "date overflow";
    break;
  default:
    if (!sl_num_parse(word, UINT32_MAX, &value))
      return "not a number";
  }
  c->number = (uint32_t)value;
  return NULL;
}

static const char *parse_operands(struct sftp_command *c, enum operands operands, struct slice rest, struct slice home)
{
  static const char *const bad[] = {"bad first parameter", "bad second parameter"};
  if (operands == PATH || operands == TWO_PATHS) {
    if (!take_path(&rest, home, &c->first))
      return bad[0];
    return operands == PATH || take_path(&rest, home, &c->second) ? NULL : bad[1];
  }
  if (!take_word(&rest, &c->second))
    return bad[0];
  if (!take_path(&rest, home, &c->first))
    return bad[1];
  return parse_number(c, operands, sl_buf_peek(&c->second));
}

const char *sl_sftp_command_parse(struct sftp_command *c, struct slice text, struct slice home)
{
  sl_buf_clear(&c->first);
  sl_buf_clear(&c->second);
  c->name = "";
  c->may_fail = text.n && *text.p == '*';
  text = slice_from(text, c->may_fail);
  struct slice name = slice_head(text, slice_find(text, ' ')), rest = slice_from(text, name.n);
  for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
    if (!sl_text_ieq_str(name, verbs[i].name))
      continue;
    c->verb = verbs[i].verb;
    c->name = verbs[i].name;
    if (verbs[i].operands == NONE)
      return rest.n ? "no operand is known" : NULL;
    return rest.n ? parse_operands(c, verbs[i].operands, rest, home) : "missing parameter";
  }
  return name.n ? "unknown SFTP command" : "no command";
}
