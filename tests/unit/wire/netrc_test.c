/* .netrc: tokens, entries, which one answers for whom. */
#include "tests/test.h"

#include "base/mem.h"
#include "wire/netrc.h"

#define M "machine example.com "

TEST(lesson_5_lookups)
{
  static const struct {
    const char *name, *text, *user; /* user NULL: not known */
    enum netrc_status status;
    const char *login, *password;
  } rows[] = {
      {"plain", M "login a password b", NULL, SL_NETRC_FOUND, "a", "b"},
      {"keyword case", "MACHINE EXAMPLE.com LOGIN a PASSWORD b", NULL, SL_NETRC_FOUND, "a", "b"},
      {"lines", "machine\nexample.com\r\n\nlogin\n\ta\npassword\nb\n", NULL, SL_NETRC_FOUND, "a",
       "b"},
      {"empty", "", NULL, SL_NETRC_NONE, NULL, NULL},
      {"other host", "machine www.example.com login a password b", NULL, SL_NETRC_NONE, NULL, NULL},
      {"nothing said", M, NULL, SL_NETRC_NONE, NULL, NULL},
      {"no machine", "login a password b", NULL, SL_NETRC_NONE, NULL, NULL},
      {"machine without name", "machine", NULL, SL_NETRC_NONE, NULL, NULL},
      {"machine machine", "machine " M "login a password b", NULL, SL_NETRC_NONE, NULL, NULL},
      {"keywords as values", M "login password password login", NULL, SL_NETRC_FOUND, "password",
       "login"},
      {"other words", M "port 80 login a account x password b", NULL, SL_NETRC_FOUND, "a", "b"},
      {"account takes a value", M "account login a password b", NULL, SL_NETRC_FOUND, NULL, "b"},
      {"login without value", M "login", NULL, SL_NETRC_NONE, NULL, NULL},
      {"password without value", M "login a password", NULL, SL_NETRC_FOUND, "a", NULL},
      {"last one counts", M "login a login c password b password d", NULL, SL_NETRC_FOUND, "c",
       "d"},
      {"password first", M "password b login a", NULL, SL_NETRC_FOUND, "a", "b"},
      /* comments */
      {"comment line", "# " M "login x password y\n" M "login a password b", NULL, SL_NETRC_FOUND,
       "a", "b"},
      {"comment behind", M "login a password b # password c\nport 1", NULL, SL_NETRC_FOUND, "a",
       "b"},
      {"comment between", M "login # x\na password b", NULL, SL_NETRC_FOUND, "a", "b"},
      {"comment at the end", M "login a password b #", NULL, SL_NETRC_FOUND, "a", "b"},
      {"hash inside", M "login a password b#c", NULL, SL_NETRC_FOUND, "a", "b#c"},
      {"hash quoted", M "login a password \"#c\"", NULL, SL_NETRC_FOUND, "a", "#c"},
      /* quotes */
      {"quoted", M "login \"user one\" password \"with spaces and \\\"\\n\\r\\t\\a\\\\\"", NULL,
       SL_NETRC_FOUND, "user one", "with spaces and \"\n\r\ta\\"},
      {"quoted keywords", "\"machine\" \"example.com\" \"login\" \"a\" \"password\" \"b\"", NULL,
       SL_NETRC_FOUND, "a", "b"},
      {"quoted empty", M "login \"\" password \"\"", NULL, SL_NETRC_FOUND, "", ""},
      {"quote inside", M "login a\"b password c", NULL, SL_NETRC_FOUND, "a\"b", "c"},
      {"quote without end", M "login \"a password b", NULL, SL_NETRC_SYNTAX, NULL, NULL},
      {"quote over lines", M "login \"a\nb\" password c", NULL, SL_NETRC_SYNTAX, NULL, NULL},
      {"backslash at the end", M "login \"a\\", NULL, SL_NETRC_SYNTAX, NULL, NULL},
      {"backslash and line end", M "login \"a\\\n\" password b", NULL, SL_NETRC_SYNTAX, NULL, NULL},
      {"bad before", "machine foo login \"a\n" M "login a password b", NULL, SL_NETRC_SYNTAX, NULL,
       NULL},
      {"bad behind", M "login a password b\nmachine foo login \"x", NULL, SL_NETRC_FOUND, "a", "b"},
      /* default */
      {"default", "default login a password b", NULL, SL_NETRC_FOUND, "a", "b"},
      {"default behind", "machine foo login x password y\ndefault login a password b", NULL,
       SL_NETRC_FOUND, "a", "b"},
      {"default before", "default login a password b\n" M "login c password d", NULL,
       SL_NETRC_FOUND, "a", "b"},
      {"default not reached", M "login a password b\ndefault login c password d", NULL,
       SL_NETRC_FOUND, "a", "b"},
      {"default without password", "machine foo login x password y\ndefault\n login bob\n", NULL,
       SL_NETRC_FOUND, "bob", NULL},
      {"default with nothing", "machine foo login x password y\ndefault\n", NULL, SL_NETRC_NONE,
       NULL, NULL},
      {"a default named host is none", "machine default login a password b", NULL, SL_NETRC_NONE,
       NULL, NULL},
      /* macros */
      {"macro",
       "macdef m\n\tbin\n\tcd default\n\tcd login\n" M "login x password y\n\n" M
       "login a password b",
       NULL, SL_NETRC_FOUND, "a", "b"},
      {"macro with a broken quote", "macdef m\n\tcd \"broken\n\r\n" M "login a password b", NULL,
       SL_NETRC_FOUND, "a", "b"},
      {"macro inside", M "login a macdef init\nlogin c\n\npassword b", NULL, SL_NETRC_FOUND, "a",
       "b"},
      {"macro without name", "macdef\n" M "login x password y\n\n" M "login a password b", NULL,
       SL_NETRC_FOUND, "a", "b"},
      {"macro to the end", "macdef m\n" M "login a password b", NULL, SL_NETRC_NONE, NULL, NULL},
      /* several entries */
      {"first of two", M "login a password b\n" M "login c password d", NULL, SL_NETRC_FOUND, "a",
       "b"},
      {"by user", M "login a password b\n" M "login c password d", "c", SL_NETRC_FOUND, "c", "d"},
      {"unknown user", M "login a password b\n" M "login c password d", "z", SL_NETRC_NONE, NULL,
       NULL},
      {"user case", M "login A password b", "a", SL_NETRC_NONE, NULL, NULL},
      {"user is a prefix", M "login ab password b", "a", SL_NETRC_NONE, NULL, NULL},
      {"default for another user", "default login c password d", "z", SL_NETRC_NONE, NULL, NULL},
      {"default for this user", "machine x login c password z\ndefault login c password d", "c",
       SL_NETRC_FOUND, "c", "d"},
      {"password for anybody",
       M "password firstthis login unknown\n" M "password 5up3r\n" M "password other login another",
       "user", SL_NETRC_FOUND, NULL, "5up3r"},
      {"password only", M "password b", NULL, SL_NETRC_FOUND, NULL, "b"},
      {"the right one of four",
       "\nmachine example.com\npassword weird\npassword firstone\nlogin daniel\n\nmachine "
       "example.com\n\nmachine example.com\nlogin debbie\n\nmachine example.com\npassword "
       "weird\npassword \"second\\r\"\nlogin debbie\n",
       "debbie", SL_NETRC_FOUND, "debbie", "second\r"},
      {"password in a later entry", M "login a\n" M "login c password d\n" M "login a password b",
       NULL, SL_NETRC_FOUND, "a", "b"},
      {"password in an entry for anybody", M "login a\n" M "password b", NULL, SL_NETRC_FOUND, "a",
       "b"},
      {"no password is not borrowed", M "login a\n" M "login c password d", NULL, SL_NETRC_FOUND,
       "a", NULL},
      {"nor from another host", M "login a\nmachine foo.com password zz login bb", NULL,
       SL_NETRC_FOUND, "a", NULL},
      {"login without password for a user", M "login a", "a", SL_NETRC_FOUND, "a", NULL},
      {"user is the empty string", M "login a password b\n" M "login \"\" password c", "",
       SL_NETRC_FOUND, "", "c"},
      {"values belong to their entry", "machine foo.com login x password y " M "login a password b",
       NULL, SL_NETRC_FOUND, "a", "b"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct netrc_entry e = {NULL, NULL};
    size_t n = strlen(rows[i].text);
    char *text = sl_malloc(n ? n : 1); /* exactly as long, so that a byte too many is noticed */
    REQUIRE(text);
    memcpy(text, rows[i].text, n);
    bool good = CHECK_INT(
        sl_netrc_find(slice_of(text, n), slice_str("example.com"), slice_str(rows[i].user), &e),
        rows[i].status);
    good = CHECK_STR(e.login, rows[i].login) && good;
    good = CHECK_STR(e.password, rows[i].password) && good;
    if (!good)
      printf("# %s\n", rows[i].name);
    sl_netrc_entry_done(&e);
    sl_free(text);
  }
}

TEST(a_zero_byte_ends_its_line)
{
  static const char text[] = M "login username password\0 hello\nport 1\n";
  static const char quoted[] = M "login username \"password\"\0 hello";
  struct netrc_entry e = {NULL, NULL};
  CHECK_INT(
      sl_netrc_find(slice_of(quoted, sizeof quoted - 1), slice_str("example.com"), SLICE_NONE, &e),
      SL_NETRC_FOUND);
  CHECK_STR(e.login, "username");
  CHECK_STR(e.password, NULL);
  sl_netrc_entry_done(&e);
  CHECK_INT(
      sl_netrc_find(slice_of(text, sizeof text - 1), slice_str("example.com"), SLICE_NONE, &e),
      SL_NETRC_FOUND);
  CHECK_STR(e.password, "port");
  sl_netrc_entry_done(&e);
}

TEST(a_token_has_a_maximum)
{
  static char text[6000];
  struct netrc_entry e = {NULL, NULL};
  for (size_t n = SL_NETRC_TOKEN_MAX; n <= SL_NETRC_TOKEN_MAX + 1; n++) {
    size_t at = (size_t)snprintf(text, sizeof text, M "login a password ");
    memset(text + at, 'x', n);
    CHECK_INT(sl_netrc_find(slice_of(text, at + n), slice_str("example.com"), SLICE_NONE, &e),
              n > SL_NETRC_TOKEN_MAX ? SL_NETRC_SYNTAX : SL_NETRC_FOUND);
    sl_netrc_entry_done(&e);
  }
}

TEST(every_allocation_may_fail)
{
  enum netrc_status last = SL_NETRC_NOMEM;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct netrc_entry e = {NULL, NULL};
    last = sl_netrc_find(slice_str(M "login a\n" M "login \"c\" password d\n" M "password b"),
                         slice_str("example.com"), SLICE_NONE, &e);
    CHECK(last == SL_NETRC_FOUND || last == SL_NETRC_NOMEM);
    CHECK_INT(e.login != NULL, last == SL_NETRC_FOUND);
    sl_netrc_entry_done(&e);
  }
  CHECK_INT(last, SL_NETRC_FOUND);
}
