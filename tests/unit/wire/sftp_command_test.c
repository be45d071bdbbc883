/* The quote commands of SFTP: which words, which operands, and what is not one. */
#include "tests/test.h"

#include "base/mem.h"
#include "wire/sftp_command.h"

static const struct slice home = SLICE_LIT("/home/me");

TEST(commands)
{
  static const struct {
    const char *text;
    enum sftp_verb verb;
    bool may_fail;
    uint32_t number;
    const char *first, *second; /* NULL: nothing */
  } rows[] = {
      {"pwd", SFTP_PWD, false, 0, NULL, NULL},
      {"PWD", SFTP_PWD, false, 0, NULL, NULL},
      {"*pwd", SFTP_PWD, true, 0, NULL, NULL},
      {"mkdir /a", SFTP_MKDIR, false, 0, "/a", NULL},
      {"MkDir /a", SFTP_MKDIR, false, 0, "/a", NULL},
      {"mkdir   /a  ", SFTP_MKDIR, false, 0, "/a", NULL},
      {"mkdir a b", SFTP_MKDIR, false, 0, "a", NULL},
      {"*rmdir \"a b\"", SFTP_RMDIR, true, 0, "a b", NULL},
      {"rm 'a b'", SFTP_RM, false, 0, "a b", NULL},
      {"rm 'a\"b'", SFTP_RM, false, 0, "a\"b", NULL},
      {"rm \"a\\\"b\\\\c\\'d\"", SFTP_RM, false, 0, "a\"b\\c'd", NULL},
      {"rm a\\b", SFTP_RM, false, 0, "a\\b", NULL},
      {"rm a\"b", SFTP_RM, false, 0, "a\"b", NULL},
      {"rm /~/a", SFTP_RM, false, 0, "/home/me/a", NULL},
      {"rm /~/", SFTP_RM, false, 0, "/home/me/", NULL},
      {"rm /~/\"a", SFTP_RM, false, 0, "/home/me/\"a", NULL},
      {"rm \"/~/a\"", SFTP_RM, false, 0, "/~/a", NULL},
      {"rm /~a", SFTP_RM, false, 0, "/~a", NULL},
      {"statvfs /", SFTP_STATVFS, false, 0, "/", NULL},
      {"rename a b", SFTP_RENAME, false, 0, "a", "b"},
      {"rename \"a b\"\t'c d'", SFTP_RENAME, false, 0, "a b", "c d"},
      {"ln a /~/b", SFTP_LN, false, 0, "a", "/home/me/b"},
      {"symlink a b", SFTP_LN, false, 0, "a", "b"},
      {"chmod 644 a", SFTP_CHMOD, false, 0644, "a", NULL},
      {"chmod 07777 a", SFTP_CHMOD, false, 07777, "a", NULL},
      {"chown 4294967295 a", SFTP_CHOWN, false, 4294967295U, "a", NULL},
      {"chgrp 0 'a'", SFTP_CHGRP, false, 0, "a", NULL},
      {"atime \"Mon, 2 Jan 2012 10:00:00 GMT\" a", SFTP_ATIME, false, 1325498400, "a", NULL},
      {"mtime 20120304 a", SFTP_MTIME, false, 1330819200, "a", NULL},
  };
  struct sftp_command c;
  sl_sftp_command_init(&c);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *wrong = sl_sftp_command_parse(&c, slice_str(rows[i].text), home);
    if (!CHECK_STR(wrong, NULL))
      printf("# %s\n", rows[i].text);
    CHECK_INT(c.verb, rows[i].verb);
    CHECK_INT(c.may_fail, rows[i].may_fail);
    CHECK_STR(c.first.n ? c.first.p : NULL, rows[i].first);
    if (rows[i].second)
      CHECK_STR(c.second.p, rows[i].second);
    if (c.verb == SFTP_ATIME || c.verb == SFTP_MTIME || c.verb == SFTP_CHMOD || c.verb == SFTP_CHOWN)
      CHECK_INT(c.number, rows[i].number);
  }
  sl_sftp_command_done(&c);
}

TEST(what_is_no_command)
{
  static const struct {
    const char *text, *wrong;
  } rows[] = {
      {"", "no command"},
      {"*", "no command"},
      {" pwd", "no command"},
      {"* pwd", "no command"},
      {"**pwd", "unknown SFTP command"},
      {"cd /tmp", "unknown SFTP command"},
      {"mkdir\t/a", "unknown SFTP command"},
      {"pwd x", "no operand is known"},
      {"mkdir", "missing parameter"},
      {"mkdir ", "bad first parameter"},
      {"rm \"\"", "bad first parameter"},
      {"rm \"a", "bad first parameter"},
      {"rm \"a\\", "bad first parameter"},
      {"rm \"a\\nb\"", "bad first parameter"},
      {"rename a", "bad second parameter"},
      {"rename a ''", "bad second parameter"},
      {"ln \"\" b", "bad first parameter"},
      {"chmod 644", "bad second parameter"},
      {"chmod 6z a", "permissions not an octal number"},
      {"chmod 8 a", "permissions not an octal number"},
      {"chmod 10000 a", "permissions not an octal number"},
      {"chmod 99999999999999999999 a", "permissions not an octal number"},
      {"chown root a", "not a number"},
      {"chown -1 a", "not a number"},
      {"chown 4294967296 a", "not a number"},
      {"mtime never a", "incorrect date format"},
      {"mtime 20120304", "bad second parameter"},
      {"mtime \"1 Jan 1960\" a", "date overflow"},
      {"mtime \"1 Jan 2200\" a", "date overflow"},
  };
  struct sftp_command c;
  sl_sftp_command_init(&c);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (!CHECK_STR(sl_sftp_command_parse(&c, slice_str(rows[i].text), home), rows[i].wrong))
      printf("# %s\n", rows[i].text);
  sl_sftp_command_done(&c);
}

TEST(memory_can_be_short)
{
  const char *wrong = "never";
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct sftp_command c;
    sl_sftp_command_init(&c);
    wrong = sl_sftp_command_parse(&c, SLICE_LIT("rename \"a b\" /~/c"), home);
    CHECK(!wrong || c.first.nomem || c.second.nomem);
    sl_sftp_command_done(&c);
  }
  CHECK_STR(wrong, NULL);
}

TEST(a_path_has_a_maximum)
{
  static char text[SL_SFTP_PATH_MAX + 16];
  struct sftp_command c;
  memset(text, 'x', sizeof text);
  memcpy(text, "rm ", 3);
  sl_sftp_command_init(&c);
  CHECK_STR(sl_sftp_command_parse(&c, slice_of(text, sizeof text), home), "bad first parameter");
  CHECK(!c.first.nomem);
  sl_sftp_command_done(&c);
}
