/* wire/imap_reply.c: responses and literals, in pieces of every size; what is a literal and what is not. */
#include "wire/imap_reply.h"

#include "tests/test.h"

/* All events of the text, given in pieces, as one line of words. */
static void tell(const char *text, const char *tag, size_t piece, char *out, size_t size)
{
  static const char *const kinds[] = {"other", "untagged", "continue", "tagged"};
  static const char *const states[] = {"", " ok", " no", " bad", " preauth", " bye"};
  struct imap_reader r;
  size_t have = 0, all = strlen(text), used = 0, n = 0;
  bool in_literal = false;
  sl_imap_reader_init(&r);
  snprintf(r.tag, sizeof r.tag, "%s", tag);
  out[0] = 0;
  for (;;) {
    struct slice in = slice_of(text + used, have - used);
    enum imap_event e = sl_imap_next(&r, &in);
    used = (size_t)(in.p - text);
    if (in_literal && e != IMAP_LITERAL && e != IMAP_MORE) {
      n += (size_t)snprintf(out + n, size - n, ">");
      in_literal = false;
    }
    if (e == IMAP_MORE) {
      if (have == all)
        return;
      have = have + piece < all ? have + piece : all;
    } else if (e == IMAP_FAILED) {
      snprintf(out + n, size - n, "[failed]");
      return;
    } else if (e == IMAP_LITERAL) {
      n += (size_t)snprintf(out + n, size - n, "%s%.*s", in_literal ? "" : "<", (int)r.line.n, r.line.p);
      in_literal = true;
    } else if (e == IMAP_REST) {
      n += (size_t)snprintf(out + n, size - n, "[rest %lld]", (long long)r.literal);
    } else {
      n += (size_t)snprintf(out + n, size - n, "[%s%s%s %.*s,%.*s %lld]", kinds[r.kind], states[r.status], r.numbered ? " #" : "",
                            (int)r.word.n, r.word.p, (int)r.text.n, r.text.p, (long long)r.literal);
    }
  }
}

static void check(const char *text, const char *want)
{
  char got[1000];
  for (size_t piece = 1; piece <= strlen(text); piece++) {
    tell(text, "A002", piece, got, sizeof got);
    if (!CHECK_STR(got, want))
      return;
  }
}

TEST(responses)
{
  check("* OK [CAPABILITY X] hi {5}\r\n", "[untagged ok OK,[CAPABILITY X] hi {5} -1]");
  check("* PREAUTH\r\n* BYE x\r\n", "[untagged preauth PREAUTH, -1][untagged bye BYE,x -1]");
  check("A002 NO no\r\nA002 bad x\nA002 OK\r\n", "[tagged no NO,no -1][tagged bad bad,x -1][tagged ok OK, -1]");
}

TEST(what_belongs_to_nobody)
{
  check("\r\n", "[other , -1]");
  check("  _   _ \r\n*\r\n*OK\r\n+x\r\nA002OK\r\n", "[other , -1][other , -1][other , -1][other , -1][other , -1]");
  check("A001 OK x\r\na002 OK x\r\nA0022 OK\r\n", "[other , -1][other , -1][other , -1]");
}

TEST(going_on)
{
  check("+ \r\n+\r\n+ abc=\r\n", "[continue , -1][continue , -1][continue ,abc= -1]");
}

TEST(numbers)
{
  check("* 12 EXISTS\r\n", "[untagged # EXISTS, -1]");
  check("* 1:* FETCH (X)\r\n* 12\r\n* 99999999999 EXISTS\r\n* 1 2 X\r\n", "[untagged , -1][untagged , -1][untagged , -1][untagged # , -1]");
  check("* 1 OK x\r\n", "[untagged # OK,x -1]");
}

TEST(literals)
{
  check("* 1 FETCH (BODY[] {5}\r\nA\r\n\r\n)\r\nA002 OK\r\n", "[untagged # FETCH,(BODY[] {5} 5]<A\r\n\r\n>[rest -1][tagged ok OK, -1]");
  check("* 1 FETCH (BODY[] {0}\r\n)\r\n", "[untagged # FETCH,(BODY[] {0} 0][rest -1]");
  check("* LIST () {10}\r\nA002 OK x\n {2}\r\nab\r\n* X\r\n", "[untagged LIST,() {10} 10]<A002 OK x\n>[rest 2]<ab>[rest -1][untagged X, -1]");
  check("* X ~{3}\r\nabc\r\n", "[untagged X,~{3} 3]<abc>[rest -1]");
}

TEST(what_looks_like_a_literal)
{
  check("* X {}\r\n* X {-1}\r\n* X {3+}\r\n* X 3}\r\n* X {3} \"\r\n", "[untagged X,{} -1][untagged X,{-1} -1][untagged X,{3+} -1][untagged X,3} -1][untagged X,{3} \" -1]");
  check("A002 OK {3}\r\n+ {3}\r\nlogo {3}\r\n", "[tagged ok OK,{3} -1][continue ,{3} -1][other , -1]");
}

TEST(bounds)
{
  char got[100], text[200];
  struct imap_reader r;
  check("* X {99999999999999999999}\r\n", "[failed]");
  snprintf(text, sizeof text, "* X {%lld}\r\n", (long long)INT64_MAX);
  tell(text, "", 1000, got, sizeof got);
  CHECK(strstr(got, "9223372036854775807]"));
  static char line[IMAP_LINE_MAX + 2];
  memset(line, 'x', sizeof line);
  sl_imap_reader_init(&r);
  struct slice in = slice_of(line, IMAP_LINE_MAX);
  CHECK_INT(sl_imap_next(&r, &in), IMAP_MORE);
  in = slice_of(line, IMAP_LINE_MAX + 1);
  CHECK_INT(sl_imap_next(&r, &in), IMAP_FAILED);
  CHECK(r.lines.error);
  in = SLICE_LIT("a\0b\r\n");
  CHECK_INT(sl_imap_next(&r, &in), IMAP_FAILED);
}

TEST(codes)
{
  struct slice value;
  REQUIRE(sl_imap_code(SLICE_LIT("[UIDVALIDITY 12] text"), "UIDVALIDITY", &value));
  CHECK(slice_eq(value, SLICE_LIT("12")));
  REQUIRE(sl_imap_code(SLICE_LIT("[uidvalidity 12"), "UIDVALIDITY", &value));
  CHECK(!sl_imap_code(SLICE_LIT("UIDVALIDITY 12]"), "UIDVALIDITY", &value));
  CHECK(!sl_imap_code(SLICE_LIT("[UIDVALIDITYX 12]"), "UIDVALIDITY", &value));
  CHECK(!sl_imap_code(SLICE_NONE, "UIDVALIDITY", &value));
}

TEST(sections)
{
  static const struct {
    const char *text, *content;
    enum imap_section want;
  } rows[] = {
      {"(FLAGS (\\Seen))", "", IMAP_NO_SECTION},
      {"", "", IMAP_NO_SECTION},
      {"(BODY[", "", IMAP_NO_SECTION},
      {"(BODY[]", "", IMAP_NO_SECTION},
      {"(UID 1 BODY[] {5}", "", IMAP_IN_LITERAL},
      {"(body[HEADER.FIELDS (TO)]<0> {5}", "", IMAP_IN_LITERAL},
      {"(BODY[2] NIL)", "", IMAP_NIL},
      {"(BODY[] \"\")", "", IMAP_QUOTED},
      {"(BODY[1]<0> \"a\\\"b\\\\c\" UID 1)", "a\"b\\c", IMAP_QUOTED},
      {"(BODY[] \"a", "a", IMAP_IN_LITERAL},
      {"(BODY[] \"a\\", "a", IMAP_IN_LITERAL},
  };
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf out;
    sl_buf_init(&out, 100);
    CHECK_INT(sl_imap_section(slice_str(rows[i].text), &out), rows[i].want);
    CHECK_STR(out.p ? out.p : "", rows[i].content);
    sl_buf_done(&out);
  }
}

TEST(quoting)
{
  static const struct {
    const char *text, *atom, *string;
  } rows[] = {{"INBOX", "INBOX", "\"INBOX\""},        {"", "\"\"", "\"\""},           {"a b", "\"a b\"", "\"a b\""},
              {"a\"\\", "\"a\\\"\\\\\"", "\"a\\\"\\\\\""}, {"a/b;c", "a/b;c", "\"a/b;c\""}, {"(", "\"(\"", "\"(\""},
              {"*", "\"*\"", "\"*\""},                {"%", "\"%\"", "\"%\""},        {"]", "\"]\"", "\"]\""},
              {"{1+}", "\"{1+}\"", "\"{1+}\""}};
  for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct buf out;
    sl_buf_init(&out, 100);
    sl_imap_quote(&out, rows[i].text, true);
    CHECK_STR(out.p, rows[i].atom);
    sl_buf_clear(&out);
    sl_imap_quote(&out, rows[i].text, false);
    CHECK_STR(out.p, rows[i].string);
    sl_buf_done(&out);
  }
}
