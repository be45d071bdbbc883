/* Challenges and their parameters. */
#include "tests/test.h"

#include "base/mem.h"
#include "wire/auth_header.h"

/* "scheme(token68)" or "scheme[name=value|name="value"]", joined by blanks. */
static void describe(struct slice text, struct buf *out)
{
  struct auth_challenge c;
  while (sl_auth_challenge_next(&text, &c)) {
    struct auth_param p;
    if (out->n)
      sl_buf_char(out, ' ');
    sl_buf_add(out, c.scheme);
    if (c.token68.n) {
      sl_buf_char(out, '(');
      sl_buf_add(out, c.token68);
      sl_buf_char(out, ')');
    }
    if (!c.params.n)
      continue;
    sl_buf_char(out, '[');
    for (bool first = true; sl_auth_param_next(&c.params, &p); first = false) {
      if (!first)
        sl_buf_char(out, '|');
      sl_buf_add(out, p.name);
      sl_buf_char(out, '=');
      if (p.quoted)
        sl_buf_char(out, '\'');
      sl_auth_param_value(&p, out);
    }
    sl_buf_char(out, ']');
  }
}

TEST(values)
{
  static const char *const rows[][2] = {
      {"", ""},
      {" , ,", ""},
      {"Basic", "Basic"},
      {"Negotiate, NTLM", "Negotiate NTLM"},
      {"NTLM TlRMTVNTUAA=", "NTLM(TlRMTVNTUAA=)"},
      {"Negotiate a+/b-._~==  , Basic realm=\"x\"", "Negotiate(a+/b-._~==) Basic[realm='x]"},
      {"Basic realm=\"x\"", "Basic[realm='x]"},
      {"Basic realm = \"x\"", "Basic[realm='x]"},
      {"Basic realm=x", "Basic[realm=x]"},
      {"Basic realm=a\\b", "Basic[realm=a\\b]"},
      {"Basic realm=\"a, b=c\", charset=UTF-8", "Basic[realm='a, b=c|charset=UTF-8]"},
      {"Digest realm=\"t \\\"this\\\" \\\\r\", nonce=\"1\"",
       "Digest[realm='t \"this\" \\r|nonce='1]"},
      {"Digest a=1,,b=2 , ,c=3", "Digest[a=1|b=2|c=3]"},
      {"Digest a=\"1\" b=\"2\"c=3", "Digest[a='1|b='2|c=3]"},
      {"Basic realm=\"x\", Digest realm=\"y\", nonce=\"n\", NTLM",
       "Basic[realm='x] Digest[realm='y|nonce='n] NTLM"},
      {"Digest realm=\"y\" Basic realm=\"x\"", "Digest[realm='y] Basic[realm='x]"},
      {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
       "Newauth[realm='apps|type=1|title='Login to \"apps\"] Basic[realm='simple]"},
      {"Digest realm=\"unfinished", "Digest[realm='unfinished]"},
      {"Digest realm=\"unfinished\\", "Digest[realm='unfinished\\]"},
      {"Digest realm=\"\", opaque=\"\"", "Digest[realm='|opaque=']"},
      {"Digest realm='r'", "Digest[realm='r']"},
      {"Digest a=b;c=d, e=f", "Digest[a=b;c=d|e=f]"},
      {"Digest realm=\"r\"; nonce=\"n\", a=b", "Digest[realm='r|a=b]"},
      {"Digest (rubbish), a=b", "Digest[a=b]"},
      {"realm=\"no scheme\", Basic", "Basic"},
      {"\"quoted\" Basic, NTLM", "NTLM"},
      {"Foo/1 x, Basic", "Basic"},
      {"Digest =1, a=", ""},
      {"Digest b=1, a=", "Digest[b=1|a=]"},
      {"\tBasic\trealm=\"x\"\r\n", "Basic[realm='x]"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf out;
    size_t n = strlen(rows[i][0]);
    char *text = sl_malloc(n ? n : 1);
    REQUIRE(text);
    memcpy(text, rows[i][0], n);
    sl_buf_init(&out, 1000);
    describe(slice_of(text, n), &out);
    if (!CHECK_STR(out.p ? out.p : "", rows[i][1]))
      printf("# %s\n", rows[i][0]);
    sl_buf_done(&out);
    sl_free(text);
  }
}

TEST(any_bytes_end)
{
  static const char letters[] = "a=\", \\b";
  char text[7];
  for (unsigned long code = 0; code < 823543; code++) { /* all texts of seven of these letters */
    unsigned long left = code;
    for (size_t i = 0; i < sizeof text; i++, left /= 7)
      text[i] = letters[left % 7];
    struct slice rest = slice_of(text, sizeof text);
    struct auth_challenge c;
    struct auth_param p;
    size_t before = rest.n;
    while (sl_auth_challenge_next(&rest, &c)) {
      REQUIRE(c.scheme.n && rest.n < before);
      before = rest.n;
      for (size_t left_n = c.params.n; sl_auth_param_next(&c.params, &p); left_n = c.params.n)
        REQUIRE(p.name.n && c.params.n < left_n);
    }
  }
}
