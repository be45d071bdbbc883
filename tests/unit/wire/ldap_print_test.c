/* wire/ldap_print.c: entries as text, whole and in pieces, and entries that are malformed. */
#include "wire/ldap_print.h"

#include <stdlib.h>

#include "base/mem.h"
#include "tests/test.h"
#include "wire/ldap.h"

/* An entry: its DN, then for each attribute a name and its values, NULL behind the last one; NULL at the end. */
static void entry(struct buf *out, const char *dn, const char *const *words)
{
  sl_buf_init(out, 1 << 24);
  sl_ber_string(out, BER_STRING, slice_str(dn));
  uint32_t list = sl_ber_begin(out, BER_SEQUENCE);
  while (*words) {
    uint32_t one = sl_ber_begin(out, BER_SEQUENCE);
    sl_ber_string(out, BER_STRING, slice_str(*words++));
    uint32_t values = sl_ber_begin(out, BER_SET);
    while (*words)
      sl_ber_string(out, BER_STRING, slice_str(*words++));
    words++;
    sl_ber_end(out, values);
    sl_ber_end(out, one);
  }
  sl_ber_end(out, list);
}

static enum sl_parse print(struct slice body, struct buf *out, unsigned *pieces)
{
  struct ldap_printer p;
  enum sl_parse rc = SL_PARSE_MORE;
  if (!sl_ldap_print_begin(&p, body))
    return SL_PARSE_BAD;
  for (*pieces = 0; rc == SL_PARSE_MORE; ++*pieces) {
    struct buf piece;
    sl_buf_init(&piece, LDAP_PIECE + 100000);
    rc = sl_ldap_print(&p, &piece);
    CHECK(sl_buf_ok(&piece));
    sl_buf_add(out, sl_buf_peek(&piece));
    sl_buf_done(&piece);
  }
  return rc;
}

static void check_print(const char *dn, const char *const *words, const char *want)
{
  struct buf body, text;
  unsigned pieces;
  entry(&body, dn, words);
  sl_buf_init(&text, 1 << 24);
  CHECK_INT(print(sl_buf_peek(&body), &text, &pieces), SL_PARSE_DONE);
  CHECK_STR(text.p, want);
  CHECK_INT(pieces, 1);
  sl_buf_done(&text);
  /* Cut anywhere it is no entry, and nothing behind its end is looked at. */
  for (size_t n = 0; n < body.n; n++) {
    char *copy = malloc(n + !n);
    memcpy(copy, body.p, n);
    CHECK_INT(print(slice_of(copy, n), &text, &pieces), SL_PARSE_BAD);
    sl_buf_clear(&text);
    free(copy);
  }
  sl_buf_done(&text);
  sl_buf_done(&body);
}
#define PRINT(dn, want, ...) check_print(dn, (const char *const[]){__VA_ARGS__, NULL}, want)

TEST(entries)
{
  PRINT("cn=a", "DN: cn=a\n\tcn: a\n\n\tmail: b\n\tmail: c\n\n\n", "cn", "a", NULL, "mail", "b", "c", NULL);
  PRINT("", "DN:\n\n", NULL);
  PRINT("gr\xc3\xbc", "DN: gr\xc3\xbc\n\n", NULL);
  PRINT("x", "DN: x\n\ta:\n\tb:\n\n\n", "a", NULL, "b", "", NULL); /* no value, an empty value */
}

TEST(values_that_are_no_plain_text)
{
  PRINT("x", "DN: x\n\ta:: IGE=\n\ta:: YSA=\n\ta:: CWE=\n\ta:: YQk=\n\ta: a\nb\n\ta: \nb\n\ta: :b\n\ta: <b\n\n\n", "a", " a",
        "a ", "\ta", "a\t", "a\nb", "\nb", ":b", "<b", NULL);
  PRINT("x", "DN: x\n\ta:: w7w=\n\ta:: AWE=\n\ta:: fw==\n\ta: ~\n\n\n", "a", "\xc3\xbc", "\1a", "\x7f", "~", NULL);
  PRINT("x", "DN: x\n\ta;binary:: YQ==\n\ta;binary::\n\n\tbinary: a\n\n\t;binary: a\n\n\n", "a;binary", "a", "", NULL,
        "binary", "a", NULL, ";binary", "a", NULL);
}

TEST(long_entries_come_in_pieces)
{
  enum { N = 3000 };
  static const char *words[N + 3];
  struct buf body, text;
  unsigned pieces;
  words[0] = "description";
  for (int i = 1; i <= N; i++)
    words[i] = "a value of thirty characters..";
  entry(&body, "cn=long", words);
  sl_buf_init(&text, 1 << 24);
  CHECK_INT(print(sl_buf_peek(&body), &text, &pieces), SL_PARSE_DONE);
  CHECK_INT(text.n, 12 + N * (1 + 11 + 2 + 30 + 1) + 2);
  CHECK(pieces > 5 && pieces < 20);
  sl_buf_done(&text);
  sl_buf_done(&body);
}

TEST(entries_that_are_malformed)
{
  static const struct slice rows[] = {
      SLICE_LIT("\4\1x\x30\2\4\0"),                 /* an attribute that is no sequence */
      SLICE_LIT("\4\1x\x30\4\x30\2\4\0"),           /* without values */
      SLICE_LIT("\4\1x\x30\6\x30\4\4\0\x30\0"),     /* values that are no set */
      SLICE_LIT("\4\1x\x30\6\x30\4\x31\0\x31\0"),   /* a name that is no string */
      SLICE_LIT("\4\1x\x30\x08\x30\6\4\0\x31\2\2\0"), /* a value that is no string */
      SLICE_LIT("\4\1x\x31\0"),                     /* no list of attributes */
      SLICE_LIT("\2\1x\x30\0"),                     /* no DN */
      SLICE_LIT(""),
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf text;
    unsigned pieces;
    sl_buf_init(&text, 1000);
    if (!CHECK_INT(print(rows[i], &text, &pieces), SL_PARSE_BAD))
      printf("# row %zu\n", i);
    sl_buf_done(&text);
  }
}

TEST(a_name_has_a_maximum)
{
  static char name[LDAP_NAME_MAX + 2];
  struct buf body, text;
  unsigned pieces;
  memset(name, 'n', LDAP_NAME_MAX);
  for (int extra = 0; extra < 2; extra++) {
    if (extra)
      name[LDAP_NAME_MAX] = 'n';
    entry(&body, "x", (const char *const[]){name, "v", NULL, NULL});
    sl_buf_init(&text, 100000);
    CHECK_INT(print(sl_buf_peek(&body), &text, &pieces), extra ? SL_PARSE_BAD : SL_PARSE_DONE);
    sl_buf_done(&text);
    sl_buf_done(&body);
  }
}
