/* Trees of MIME parts: building, owning, copying, heads, and reading them with buffers of any size. */
#include "xfer/mime.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"
#include "xfer/mime_form.h"
#include "xfer/mime_read.h"

/* ---- help ---- */

#define A23 "AAAAAAAAAAAAAAAAAAAAAAA"
#define B23 "BBBBBBBBBBBBBBBBBBBBBBB"
#define C23 "CCCCCCCCCCCCCCCCCCCCCCC"
#define A A23 A23 /* as long as a boundary */
#define B B23 B23
#define C C23 C23

/* A multipart whose boundary is one letter. */
static struct curl_mime *mime(char letter)
{
  struct curl_mime *m = sl_mime_new();
  if (m)
    memset(m->boundary, letter, MIME_BOUNDARY_LEN);
  return m;
}

static struct curl_mimepart *add(struct curl_mime *m, const char *name, const char *data)
{
  struct curl_mimepart *p = m ? sl_mime_add(m) : NULL;
  if (!p || sl_mime_text(&p->name, slice_str(name)))
    return NULL;
  return data && sl_mime_data(p, data, strlen(data), true) ? NULL : p;
}

/* A source that an application would write: gives `step` bytes at a time, may do one strange thing. */
struct feed {
  const char *p;
  size_t n, at, step;
  int calls, seeks, frees;
  int strange_call; /* on which call: */
  size_t strange;   /* what it returns */
  int seek_result;
};

static size_t feed_read(char *dst, size_t size, size_t n, void *arg)
{
  struct feed *f = arg;
  (void)size;
  if (++f->calls == f->strange_call)
    return f->strange;
  size_t left = f->n - f->at;
  if (f->step && n > f->step)
    n = f->step;
  if (n > left)
    n = left;
  memcpy(dst, f->p + f->at, n);
  f->at += n;
  return n;
}

static int feed_seek(void *arg, curl_off_t offset, int origin)
{
  struct feed *f = arg;
  f->seeks++;
  CHECK(offset == 0 && origin == SEEK_SET);
  if (f->seek_result == CURL_SEEKFUNC_OK)
    f->at = 0;
  return f->seek_result;
}

static void feed_free(void *arg)
{
  ((struct feed *)arg)->frees++;
}

static struct feed feed_of(const char *text, size_t step)
{
  return (struct feed){.p = text, .n = strlen(text), .step = step};
}

static void put_feed(struct curl_mimepart *p, struct feed *f, int64_t size)
{
  struct mime_callback cb = {feed_read, feed_seek, feed_free, f};
  sl_mime_callback(p, &cb, size);
}

struct out {
  char *p;
  size_t n;
  int pauses;
};

/* Reads all, `cap` bytes at a time into memory of just that size. Pauses are counted and gone over. */
static sl_result read_all(struct mime_reader *r, size_t cap, struct out *out)
{
  char *room = malloc(cap);
  sl_result rc;
  *out = (struct out){0};
  for (;;) {
    size_t n = 0;
    rc = sl_mime_reader_read(r, room, cap, &n);
    CHECK(n <= cap);
    out->pauses += r->pause;
    if (rc == SL_WAIT) {
      CHECK(r->pause && !n);
      continue;
    }
    if (rc || !n)
      break;
    out->p = realloc(out->p, out->n + n + 1);
    memcpy(out->p + out->n, room, n);
    out->n += n;
    out->p[out->n] = 0;
  }
  free(room);
  return rc;
}

static const struct mime_style form_style = {.mail = false}, mail_style = {.mail = true};

static sl_result render(struct curl_mime *m, const struct mime_style *style, size_t cap, struct out *out,
                        int64_t *out_size)
{
  struct mime_reader r;
  sl_mime_reader_init(&r, m, style);
  sl_result rc = sl_mime_reader_rewind(&r);
  if (!rc)
    rc = sl_mime_reader_measure(&r, out_size);
  *out = (struct out){0};
  if (!rc)
    rc = read_all(&r, cap, out);
  sl_mime_reader_done(&r);
  return rc;
}

static void check_text(struct curl_mime *m, const struct mime_style *style, const char *want, int line)
{
  struct out out;
  int64_t size = -7;
  bool right = CHECK_INT(render(m, style, 4096, &out, &size), SL_OK);
  right &= CHECK_STR(out.p, want);
  right &= size == -1 || CHECK_INT(size, out.n);
  if (!right)
    printf("#   from line %d\n", line);
  free(out.p);
}

#define CHECK_FORM(m, want) check_text((m), &form_style, (want), __LINE__)
#define CHECK_MAIL(m, want) check_text((m), &mail_style, (want), __LINE__)

static const char *make_file(const char *ending, const char *content)
{
  static char path[64];
  int n = snprintf(path, sizeof path, "/tmp/sluice_mime_XXXXXX%s", ending);
  int fd = n > 0 ? mkstemps(path, (int)strlen(ending)) : -1;
  if (fd < 0 || write(fd, content, strlen(content)) < 0)
    return NULL;
  close(fd);
  return path;
}

/* ---- boundaries ---- */

TEST(boundaries_are_dashes_and_random_letters)
{
  char seen[50][MIME_BOUNDARY_LEN + 1];
  bool used[256] = {false};
  for (int i = 0; i < 50; i++) {
    struct curl_mime *m = sl_mime_new();
    REQUIRE(m);
    memcpy(seen[i], m->boundary, sizeof seen[i]);
    CHECK_INT(strlen(m->boundary), 46);
    CHECK_INT(strspn(m->boundary, "-"), 24);
    for (const char *c = m->boundary + 24; *c; c++) {
      CHECK((*c >= '0' && *c <= '9') || (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z'));
      used[(unsigned char)*c] = true;
    }
    for (int k = 0; k < i; k++)
      CHECK(strcmp(seen[k], seen[i]));
    sl_mime_free(m);
  }
  int different = 0;
  for (int c = 0; c < 256; c++)
    different += used[c];
  CHECK(different > 55); /* of 62, in 1100 draws */
}

/* ---- forms ---- */

TEST(a_form)
{
  struct curl_mime *m = mime('A');
  REQUIRE(add(m, "name", "daniel") && add(m, "empty", "") && add(m, NULL, NULL));
  CHECK_FORM(m, "--" A "\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\ndaniel\r\n"
                "--" A "\r\nContent-Disposition: form-data; name=\"empty\"\r\n\r\n\r\n"
                "--" A "\r\nContent-Disposition: form-data\r\n\r\n\r\n"
                "--" A "--\r\n");
  sl_mime_free(m);
}

TEST(a_form_without_parts)
{
  struct curl_mime *m = mime('A');
  CHECK_FORM(m, "--" A "--\r\n");
  sl_mime_free(m);
}

#define PART(head, content) "--" A "\r\n" head "\r\n" content "\r\n--" A "--\r\n"
#define FORM_DATA "Content-Disposition: form-data"

/* What one part with data "v" looks like, with what of it set. */
static void check_head(const char *filename, const char *type, uint8_t encoding, const char *header,
                       const struct mime_style *style, const char *want, int line)
{
  struct curl_mime *m = mime('A');
  struct curl_mimepart *p = add(m, NULL, "v");
  REQUIRE(p);
  sl_mime_text(&p->filename, slice_str(filename));
  sl_mime_text(&p->type, slice_str(type));
  p->encoding = encoding;
  if (header)
    sl_mime_headers(p, curl_slist_append(NULL, header), true);
  check_text(m, style, want, line);
  sl_mime_free(m);
}

#define HEAD(filename, type, encoding, header, want)                                               \
  check_head(filename, type, encoding, header, &form_style, PART(want, "v"), __LINE__)

TEST(types_of_parts)
{
  HEAD("a.PNG", NULL, 0, NULL, FORM_DATA "; filename=\"a.PNG\"\r\nContent-Type: image/png\r\n");
  HEAD("a.txt", NULL, 0, NULL, FORM_DATA "; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n");
  HEAD(".svg", NULL, 0, NULL, FORM_DATA "; filename=\".svg\"\r\nContent-Type: image/svg+xml\r\n");
  HEAD("png", NULL, 0, NULL, FORM_DATA "; filename=\"png\"\r\n");
  HEAD("a.txt.zip", NULL, 0, NULL, FORM_DATA "; filename=\"a.txt.zip\"\r\n");
  HEAD("", NULL, 0, NULL, FORM_DATA "; filename=\"\"\r\n");
  HEAD("a.png", "x/y", 0, NULL, FORM_DATA "; filename=\"a.png\"\r\nContent-Type: x/y\r\n");
  HEAD(NULL, "text/plain", 0, NULL, FORM_DATA "\r\nContent-Type: text/plain\r\n");
  HEAD(NULL, "", 0, NULL, FORM_DATA "\r\nContent-Type: \r\n");
  HEAD("a.png", NULL, 0, "Content-Type:  u/v ", FORM_DATA "; filename=\"a.png\"\r\nContent-Type: u/v \r\n");
  HEAD(NULL, "x/y", 0, "content-type: u/v", FORM_DATA "\r\nContent-Type: x/y\r\n");
  HEAD(NULL, NULL, 0, "Content-Type:", FORM_DATA "\r\nContent-Type: \r\n");
}

TEST(every_known_ending)
{
  static const char *const known[][2] = {
      {"gif", "image/gif"}, {"jpg", "image/jpeg"}, {"jpeg", "image/jpeg"}, {"png", "image/png"},
      {"svg", "image/svg+xml"}, {"txt", "text/plain"}, {"htm", "text/html"}, {"html", "text/html"},
      {"pdf", "application/pdf"}, {"xml", "application/xml"}, {"zip", NULL}, {"js", NULL},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char name[16];
    snprintf(name, sizeof name, "x.%s", known[i][0]);
    CHECK_STR(sl_mime_type_of_name(name), known[i][1]);
    CHECK(!sl_mime_type_of_name(known[i][0]));
  }
  CHECK(!sl_mime_type_of_name(NULL));
}

TEST(own_fields_of_parts)
{
  HEAD(NULL, NULL, 0, "X-A: b", FORM_DATA "\r\nX-A: b\r\n");
  HEAD("f", NULL, 0, "Content-Disposition: zz", "Content-Disposition: zz\r\n");
  HEAD("f", NULL, 0, "Content-Disposition:", "Content-Disposition:\r\n");
  HEAD(NULL, NULL, 0, "Content-Disposition; zz", FORM_DATA "\r\nContent-Disposition; zz\r\n");
  HEAD(NULL, NULL, MIME_8BIT, NULL, FORM_DATA "\r\nContent-Transfer-Encoding: 8bit\r\n");
  HEAD(NULL, "x/y", MIME_BINARY, NULL, FORM_DATA "\r\nContent-Type: x/y\r\nContent-Transfer-Encoding: binary\r\n");
  HEAD(NULL, NULL, MIME_7BIT, "Content-Transfer-Encoding: q", FORM_DATA "\r\nContent-Transfer-Encoding: q\r\n");
  HEAD(NULL, NULL, 0, "Content-TypeX: q", FORM_DATA "\r\nContent-TypeX: q\r\n");
}

TEST(names_are_escaped)
{
  struct mime_style backslash = {.backslash = true};
  struct curl_mime *m = mime('A');
  struct curl_mimepart *p = add(m, "a\"b\\c\r\nd", NULL);
  REQUIRE(p);
  sl_mime_text(&p->filename, SLICE_LIT("\"\""));
  CHECK_FORM(m, PART(FORM_DATA "; name=\"a%22b\\c%0D%0Ad\"; filename=\"%22%22\"\r\n", ""));
  check_text(m, &backslash, PART(FORM_DATA "; name=\"a\\\"b\\\\c\r\nd\"; filename=\"\\\"\\\"\"\r\n", ""), __LINE__);
  sl_mime_free(m);
}

TEST(the_type_of_the_message)
{
  struct curl_mime *m = mime('A');
  struct buf text;
  static const char *const cases[][2] = {
      {"X: y", "Content-Type: multipart/form-data; boundary=" A "\r\n"},
      {"Content-Type: foo/bar; charset=u", "Content-Type: foo/bar; charset=u; boundary=" A "\r\n"},
      {"content-TYPE;", "Content-Type: ; boundary=" A "\r\n"},
      {"Content-Type: Multipart/Form-Data ", "Content-Type: Multipart/Form-Data ; boundary=" A "\r\n"},
  };
  static const bool is_form[] = {true, false, false, true};
  REQUIRE(add(m, "n", "v"));
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct curl_slist *list = curl_slist_append(NULL, cases[i][0]);
    struct mime_style style = {.headers = list};
    sl_buf_init(&text, 1000);
    sl_mime_root_type(&style, m, &text);
    CHECK_STR(text.p, cases[i][1]);
    sl_buf_done(&text);
    check_text(m, &style,
               is_form[i] ? PART(FORM_DATA "; name=\"n\"\r\n", "v")
                          : PART("Content-Disposition: attachment; name=\"n\"\r\n", "v"),
               __LINE__);
    curl_slist_free_all(list);
  }
  sl_mime_free(m);
}

/* ---- multiparts in multiparts ---- */

TEST(subparts)
{
  struct curl_mime *m = mime('A'), *sub = mime('B');
  struct curl_mimepart *field = add(m, "files", NULL), *one = add(sub, NULL, "1");
  REQUIRE(field && one && add(sub, NULL, "2") && add(m, "after", "x"));
  sl_mime_text(&one->filename, SLICE_LIT("a.jpg"));
  CHECK_INT(sl_mime_parts(field, sub), SL_OK);
  CHECK_FORM(m, "--" A "\r\n" FORM_DATA "; name=\"files\"\r\nContent-Type: multipart/mixed; boundary=" B "\r\n\r\n"
                "--" B "\r\nContent-Disposition: attachment; filename=\"a.jpg\"\r\n"
                "Content-Type: image/jpeg\r\n\r\n1\r\n"
                "--" B "\r\n\r\n2\r\n"
                "--" B "--\r\n\r\n"
                "--" A "\r\n" FORM_DATA "; name=\"after\"\r\n\r\nx\r\n"
                "--" A "--\r\n");
  sl_mime_free(m);
}

TEST(subparts_that_are_empty_or_a_form)
{
  struct curl_mime *m = mime('A'), *empty = mime('B'), *form = mime('C');
  struct curl_mimepart *p = add(m, NULL, NULL), *q = add(m, NULL, NULL), *r = add(form, "n", NULL);
  REQUIRE(p && q && r);
  sl_mime_text(&p->type, SLICE_LIT("multipart/alternative"));
  sl_mime_text(&q->type, SLICE_LIT("multipart/form-data; x=y"));
  REQUIRE(sl_mime_parts(p, empty) == SL_OK && sl_mime_parts(q, form) == SL_OK);
  CHECK_FORM(m, "--" A "\r\n" FORM_DATA "\r\nContent-Type: multipart/alternative; boundary=" B "\r\n\r\n"
                "--" B "--\r\n\r\n"
                "--" A "\r\n" FORM_DATA "\r\nContent-Type: multipart/form-data; x=y; boundary=" C "\r\n\r\n"
                "--" C "\r\n" FORM_DATA "; name=\"n\"\r\n\r\n\r\n--" C "--\r\n\r\n"
                "--" A "--\r\n");
  sl_mime_free(m);
}

/* RFC 2045 6.4 forbids it; then it is at least what the header says. */
TEST(a_multipart_as_base64)
{
  struct curl_mime *m = mime('A'), *sub = mime('B');
  struct curl_mimepart *p = add(m, NULL, NULL);
  REQUIRE(p && add(sub, NULL, "aa") && sl_mime_parts(p, sub) == SL_OK);
  p->encoding = MIME_BASE64;
  CHECK_FORM(m, PART(FORM_DATA "\r\nContent-Type: multipart/mixed; boundary=" B "\r\n"
                     "Content-Transfer-Encoding: base64\r\n",
                     "LS1CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCDQoNCmFhDQot\r\n"
                     "LUJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkItLQ0K"));
  p->encoding = MIME_8BIT;
  CHECK_FORM(m, PART(FORM_DATA "\r\nContent-Type: multipart/mixed; boundary=" B "\r\n"
                     "Content-Transfer-Encoding: 8bit\r\n",
                     "--" B "\r\n\r\naa\r\n--" B "--\r\n"));
  sl_mime_free(m);
}

TEST(encoded_multiparts_do_not_nest_without_end)
{
  struct curl_mime *m = mime('A');
  struct out out;
  int64_t size;
  REQUIRE(add(m, NULL, "a"));
  for (int depth = 1; depth <= 17; depth++) {
    struct curl_mime *around = mime('A');
    struct curl_mimepart *p = add(around, NULL, NULL);
    REQUIRE(p && sl_mime_parts(p, m) == SL_OK);
    p->encoding = depth % 2 ? MIME_7BIT : MIME_QUOTED;
    m = around;
    CHECK_INT(render(m, &form_style, 100, &out, &size), depth <= 16 ? SL_OK : CURLE_TOO_LARGE);
    free(out.p);
  }
  sl_mime_free(m);
}

/* ---- mails ---- */

#define MAIL "Content-Type: multipart/mixed; boundary=" A "\r\nMime-Version: 1.0\r\n"

TEST(a_mail)
{
  struct curl_mime *m = mime('A'), *alt = mime('B');
  struct curl_mimepart *p = add(m, NULL, NULL), *html = add(alt, NULL, "<body>"), *file = add(m, "n\"x\\", "att");
  REQUIRE(p && html && file && add(alt, NULL, "plain") && sl_mime_parts(p, alt) == SL_OK);
  sl_mime_text(&p->type, SLICE_LIT("multipart/alternative"));
  sl_mime_text(&html->type, SLICE_LIT("text/html"));
  sl_mime_text(&file->filename, SLICE_LIT("a.txt"));
  CHECK_MAIL(m, MAIL "\r\n--" A "\r\nContent-Type: multipart/alternative; boundary=" B "\r\n\r\n"
                "--" B "\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: 8bit\r\n\r\n<body>\r\n"
                "--" B "\r\n\r\nplain\r\n--" B "--\r\n\r\n"
                "--" A "\r\nContent-Disposition: attachment; name=\"n\\\"x\\\\\"; filename=\"a.txt\"\r\n\r\natt\r\n"
                "--" A "--\r\n");
  sl_mime_free(m);
}

TEST(fields_of_a_mail)
{
  struct curl_slist *list = curl_slist_append(curl_slist_append(NULL, "Subject: x"), "Empty:");
  struct mime_style style = {.mail = true, .headers = list};
  struct curl_mime *m = mime('A');
  check_text(m, &style, MAIL "Subject: x\r\nEmpty:\r\n\r\n--" A "--\r\n", __LINE__);
  curl_slist_free_all(list);
  list = curl_slist_append(curl_slist_append(NULL, "mime-version: 2"), "Content-Type: multipart/related");
  style.headers = list;
  check_text(m, &style, "Content-Type: multipart/related; boundary=" A "\r\nmime-version: 2\r\n\r\n--" A "--\r\n",
             __LINE__);
  curl_slist_free_all(list);
  sl_mime_free(m);
}

/* ---- content ---- */

TEST(contents_replace_each_other)
{
  struct feed f = feed_of("feed", 0);
  struct curl_mime *m = mime('A'), *sub = mime('B');
  struct curl_mimepart *p = add(m, NULL, "first");
  REQUIRE(p && add(sub, NULL, NULL));
  put_feed(add(sub, NULL, NULL), &f, 4);
  put_feed(p, &f, 4);
  REQUIRE(sl_mime_parts(p, sub) == SL_OK);
  CHECK_INT(f.frees, 1);
  REQUIRE(sl_mime_parts(p, sub) == SL_OK); /* the same again */
  CHECK_INT(f.frees, 1);
  REQUIRE(sl_mime_data(p, "la\0st", 5, true) == SL_OK);
  CHECK_INT(f.frees, 2);
  CHECK_INT(p->size, 5);
  sl_mime_clear(p);
  CHECK_INT(f.frees, 2);
  CHECK_FORM(m, PART(FORM_DATA "\r\n", ""));
  sl_mime_free(m);
}

TEST(files)
{
  const char *path = make_file(".png", "pngdata");
  REQUIRE(path);
  const char *name = strrchr(path, '/') + 1;
  struct curl_mime *m = mime('A');
  struct curl_mimepart *p = add(m, NULL, NULL);
  char want[400];
  REQUIRE(p);
  CHECK_INT(sl_mime_file(p, path), SL_OK);
  CHECK_STR(p->filename, name);
  snprintf(want, sizeof want, PART(FORM_DATA "; filename=\"%s\"\r\nContent-Type: image/png\r\n", "pngdata"), name);
  CHECK_FORM(m, want);
  sl_mime_text(&p->filename, SLICE_LIT("x.zzz"));
  CHECK_FORM(m, PART(FORM_DATA "; filename=\"x.zzz\"\r\nContent-Type: image/png\r\n", "pngdata"));
  sl_mime_text(&p->filename, SLICE_NONE);
  CHECK_FORM(m, PART(FORM_DATA "\r\nContent-Type: image/png\r\n", "pngdata"));
  p->encoding = MIME_BASE64;
  CHECK_FORM(m, PART(FORM_DATA "\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n", "cG5nZGF0YQ=="));
  p->encoding = 0;
  sl_mime_file(p, "/dev/null");
  CHECK_FORM(m, PART(FORM_DATA "; filename=\"null\"\r\nContent-Type: application/octet-stream\r\n", ""));
  sl_mime_text(&p->filename, SLICE_NONE);
  CHECK_FORM(m, PART(FORM_DATA "\r\n", ""));
  sl_mime_file(p, path);
  sl_mime_text(&p->filename, SLICE_NONE);
  /* its size is that of the moment when it is sent */
  CHECK(truncate(path, 3) == 0);
  CHECK_FORM(m, PART(FORM_DATA "\r\nContent-Type: image/png\r\n", "png"));
  unlink(path);
  sl_mime_free(m);
}

TEST(names_of_files)
{
  static const char *const cases[][2] = {{"/a/b", "b"}, {"b", "b"}, {"/a/b//", "b"},
                                         {"", "."},     {"/", "/"}, {"//", "/"}};
  struct curl_mime *m = mime('A');
  struct curl_mimepart *p = add(m, NULL, NULL);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    sl_mime_file(p, cases[i][0]);
    CHECK_STR(p->filename, cases[i][1]);
  }
  sl_mime_free(m);
}

TEST(a_file_that_is_not_there_fails_when_it_is_read)
{
  struct curl_mime *m = mime('A');
  struct curl_mimepart *p = add(m, NULL, NULL);
  struct out out;
  int64_t size = 0;
  CHECK_INT(sl_mime_file(p, "/nowhere/x"), CURLE_READ_ERROR);
  CHECK_STR(p->filename, "x");
  CHECK_INT(render(m, &form_style, 4096, &out, &size), CURLE_READ_ERROR);
  CHECK_INT(size, -1);
  free(out.p);
  sl_mime_file(p, "/tmp"); /* a folder */
  CHECK_INT(render(m, &form_style, 4096, &out, &size), CURLE_READ_ERROR);
  free(out.p);
  sl_mime_free(m);
}

TEST(a_file_that_shrinks_or_grows_on_the_way)
{
  const char *path = make_file("", "0123456789");
  struct curl_mime *m = mime('A');
  struct curl_mimepart *p = add(m, NULL, NULL);
  REQUIRE(path && p && sl_mime_file(p, path) == SL_OK);
  sl_mime_text(&p->filename, SLICE_NONE);
  for (int grow = 0; grow < 2; grow++) {
    struct mime_reader r;
    struct out out;
    int64_t size;
    sl_mime_reader_init(&r, m, &form_style);
    CHECK_INT(sl_mime_reader_measure(&r, &size), SL_OK);
    CHECK(truncate(path, grow ? 100 : 8) == 0);
    CHECK_INT(read_all(&r, 7, &out), grow ? SL_OK : CURLE_READ_ERROR);
    if (grow)
      CHECK_INT(out.n, size);
    else
      CHECK(r.error && strstr(r.error, "shorter"));
    free(out.p);
    sl_mime_reader_done(&r);
  }
  unlink(path);
  sl_mime_free(m);
}

TEST(a_pipe_is_read_to_its_end_and_not_again)
{
  struct curl_mime *m = mime('A');
  struct curl_mimepart *p = add(m, NULL, NULL);
  struct mime_reader r;
  char path[32], room[256];
  size_t n = 0;
  int64_t size;
  int ends[2];
  REQUIRE(p && pipe(ends) == 0);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
  REQUIRE(sl_mime_file(p, path) == SL_OK && write(ends[1], "piped", 5) == 5);
  sl_mime_text(&p->filename, SLICE_NONE);
  sl_mime_reader_init(&r, m, &form_style);
  CHECK_INT(sl_mime_reader_measure(&r, &size), SL_OK);
  CHECK_INT(size, -1);
  /* what is there comes, though the writer has not closed its end */
  CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
  CHECK(n > 5 && !memcmp(room + n - 5, "piped", 5));
  CHECK_INT(sl_mime_reader_rewind(&r), CURLE_SEND_FAIL_REWIND);
  close(ends[1]);
  CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
  CHECK_INT(n, 2 + 2 + 46 + 4);
  CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
  CHECK_INT(n, 0);
  sl_mime_reader_done(&r);
  close(ends[0]);
  sl_mime_free(m);
}

/* ---- callbacks ---- */

TEST(callbacks_of_known_and_unknown_size)
{
  static const struct {
    int64_t size;
    int calls; /* -1: does not matter */
    const char *content;
  } cases[] = {{11, 1, "hello world"}, {5, 1, "hello"}, {0, 0, ""}, {-1, 2, "hello world"}, {-9, 2, "hello world"}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct feed f = feed_of("hello world", 0);
    struct curl_mime *m = mime('A');
    char want[200];
    put_feed(add(m, NULL, NULL), &f, cases[i].size);
    snprintf(want, sizeof want, PART(FORM_DATA "\r\n", "%s"), cases[i].content);
    CHECK_FORM(m, want);
    CHECK_INT(f.calls, cases[i].calls);
    sl_mime_free(m);
    CHECK_INT(f.frees, 1);
  }
}

TEST(strange_callbacks)
{
  static const struct {
    int64_t size;
    size_t strange;
    sl_result rc;
  } cases[] = {
      {11, CURL_READFUNC_ABORT, CURLE_ABORTED_BY_CALLBACK},
      {11, 0, CURLE_READ_ERROR}, /* less than announced */
      {-1, 0, SL_OK},
      {11, 100000, CURLE_READ_ERROR},
      {-1, (size_t)-1, CURLE_READ_ERROR},
      {11, CURL_READFUNC_PAUSE, SL_OK},
      {-1, CURL_READFUNC_PAUSE, SL_OK},
  };
  static const uint8_t encodings[] = {0, MIME_7BIT, MIME_BASE64, MIME_QUOTED};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    for (int call = 1; call < 5; call++) {
      for (size_t e = 0; e < sizeof encodings; e++) {
        struct feed f = feed_of("hello world", 3);
        struct curl_mime *m = mime('A');
        struct curl_mimepart *p = add(m, NULL, NULL);
        struct out out;
        int64_t size;
        f.strange = cases[i].strange;
        f.strange_call = call;
        put_feed(p, &f, cases[i].size);
        p->encoding = encodings[e];
        CHECK_INT(render(m, &form_style, 4096, &out, &size), cases[i].rc);
        if (cases[i].strange == CURL_READFUNC_PAUSE) {
          CHECK_INT(out.pauses, 1);
          CHECK(out.p && (e == 2 ? strstr(out.p, "aGVsbG8gd29ybGQ=") : strstr(out.p, "hello world")));
        }
        free(out.p);
        sl_mime_free(m);
      }
    }
  }
}

TEST(a_callback_is_not_called_after_its_end)
{
  static const uint8_t encodings[] = {0, MIME_BASE64, MIME_QUOTED};
  for (size_t e = 0; e < sizeof encodings; e++) {
    struct feed f = feed_of("abc", 0);
    struct curl_mime *m = mime('A');
    struct curl_mimepart *p = add(m, NULL, NULL);
    struct out out;
    int64_t size;
    put_feed(p, &f, -1);
    p->encoding = encodings[e];
    CHECK_INT(render(m, &form_style, 1, &out, &size), SL_OK);
    CHECK_INT(f.calls, e ? 2 : 4);
    free(out.p);
    sl_mime_free(m);
  }
}

/* What is there is sent while the rest is still being made. */
TEST(slow_callbacks_do_not_hold_up_what_they_gave)
{
  struct feed f = feed_of("abcdef", 2);
  struct curl_mime *m = mime('A');
  struct mime_reader r;
  char room[4096];
  size_t n = 0;
  put_feed(add(m, NULL, NULL), &f, -1);
  sl_mime_reader_init(&r, m, &form_style);
  int64_t size;
  CHECK_INT(sl_mime_reader_measure(&r, &size), SL_OK);
  CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
  CHECK_INT(f.calls, 1);
  CHECK(n > 2 && !memcmp(room + n - 4, "\r\nab", 4));
  CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
  CHECK_INT(n, 2);
  CHECK_INT(f.calls, 2);
  sl_mime_reader_done(&r);
  sl_mime_free(m);
}

TEST(a_callback_gets_a_buffer_worth_its_name)
{
  struct feed f = feed_of("abcdef", 0);
  struct curl_mime *m = mime('A');
  struct mime_reader r;
  char room[200];
  size_t n = 0;
  int64_t size;
  put_feed(add(m, NULL, NULL), &f, 6);
  sl_mime_reader_init(&r, m, &form_style);
  CHECK_INT(sl_mime_reader_measure(&r, &size), SL_OK);
  CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
  CHECK_INT(f.calls, 0); /* behind the head there were 116 bytes left */
  CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
  CHECK_INT(f.calls, 1);
  sl_mime_reader_done(&r);
  sl_mime_free(m);
}

TEST(the_7bit_check)
{
  static const size_t lens[] = {1, 2, 3, 100};
  struct curl_mime *m = mime('A');
  struct curl_mimepart *p = add(m, NULL, NULL);
  struct out out;
  int64_t size;
  char data[100];
  p->encoding = MIME_7BIT;
  for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
    memset(data, 127, sizeof data);
    REQUIRE(sl_mime_data(p, data, lens[i], true) == SL_OK);
    CHECK_INT(render(m, &form_style, 64, &out, &size), SL_OK);
    free(out.p);
    data[lens[i] - 1] = (char)0x80;
    REQUIRE(sl_mime_data(p, data, lens[i], true) == SL_OK);
    CHECK_INT(render(m, &form_style, 64, &out, &size), CURLE_READ_ERROR);
    free(out.p);
  }
  sl_mime_free(m);
}

/* ---- rewinding ---- */

TEST(only_what_was_read_is_rewound)
{
  struct feed f = feed_of("abc", 0), untouched = feed_of("abc", 0);
  struct curl_mime *m = mime('A');
  struct out out;
  int64_t size;
  put_feed(add(m, NULL, NULL), &f, 3);
  put_feed(add(m, NULL, NULL), &untouched, 0);
  for (int round = 0; round < 3; round++) {
    CHECK_INT(render(m, &form_style, 1000, &out, &size), SL_OK);
    CHECK_INT(f.seeks, round);
    CHECK(out.p && strstr(out.p, "abc"));
    free(out.p);
  }
  struct mime_reader r;
  sl_mime_reader_init(&r, m, &form_style);
  for (int i = 0; i < 3; i++)
    CHECK_INT(sl_mime_reader_rewind(&r), SL_OK);
  CHECK_INT(f.seeks, 3); /* it has not been read in between */
  CHECK_INT(read_all(&r, 10, &out), SL_OK);
  free(out.p);
  sl_mime_reader_done(&r);
  CHECK_INT(untouched.seeks, 0);
  f.seek_result = CURL_SEEKFUNC_CANTSEEK;
  CHECK_INT(render(m, &form_style, 1000, &out, &size), CURLE_SEND_FAIL_REWIND);
  f.seek_result = CURL_SEEKFUNC_FAIL;
  CHECK_INT(render(m, &form_style, 1000, &out, &size), CURLE_SEND_FAIL_REWIND);
  f.seek_result = CURL_SEEKFUNC_OK;
  CHECK_INT(render(m, &form_style, 1000, &out, &size), SL_OK);
  free(out.p);
  sl_mime_free(m);
}

TEST(without_a_seek_function_there_is_no_way_back)
{
  struct feed f = feed_of("abc", 0);
  struct mime_callback cb = {feed_read, NULL, NULL, &f};
  struct curl_mime *m = mime('A'), *sub = mime('B');
  struct curl_mimepart *p = add(m, NULL, NULL);
  struct out out;
  int64_t size;
  REQUIRE(p && sl_mime_parts(p, sub) == SL_OK);
  p->encoding = MIME_BASE64; /* inside an encoded multipart it is no different */
  sl_mime_callback(add(sub, NULL, NULL), &cb, 3);
  CHECK_INT(render(m, &form_style, 1000, &out, &size), SL_OK);
  free(out.p);
  CHECK_INT(render(m, &form_style, 1000, &out, &size), CURLE_SEND_FAIL_REWIND);
  sl_mime_free(m);
}

TEST(rewinding_at_any_point)
{
  struct feed f = feed_of("0123456789", 3);
  struct curl_mime *m = mime('A'), *sub = mime('B');
  struct curl_mimepart *p = add(m, "n", "data"), *q = add(m, NULL, NULL);
  const char *path = make_file("", "a file");
  struct mime_reader r;
  struct out whole, out;
  int64_t size;
  char room[7];
  REQUIRE(path && p && q && sl_mime_file(add(m, NULL, NULL), path) == SL_OK && sl_mime_parts(q, sub) == SL_OK);
  q->encoding = MIME_BASE64;
  put_feed(add(sub, NULL, NULL), &f, 10);
  sl_mime_reader_init(&r, m, &form_style);
  CHECK_INT(sl_mime_reader_measure(&r, &size), SL_OK);
  CHECK_INT(read_all(&r, 50, &whole), SL_OK);
  for (int pieces = 0; pieces < 100; pieces++) {
    REQUIRE(sl_mime_reader_rewind(&r) == SL_OK);
    for (int i = 0; i < pieces; i++) {
      size_t n = 0;
      CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
    }
    REQUIRE(sl_mime_reader_rewind(&r) == SL_OK);
    CHECK_INT(read_all(&r, 50, &out), SL_OK);
    CHECK(out.n == whole.n && !memcmp(out.p, whole.p, out.n));
    free(out.p);
  }
  free(whole.p);
  sl_mime_reader_done(&r);
  unlink(path);
  sl_mime_free(m);
}

/* ---- every buffer size, every allocation ---- */

/* One of everything. NULL: out of memory. */
static struct curl_mime *everything(struct feed *known, struct feed *unknown, const char *path)
{
  static const char text[] = "a line = of text \r\n"
                             "and one that is so long that it needs a soft line break somewhere \xe9\n\t";
  static const uint8_t encodings[] = {0, MIME_8BIT, MIME_BASE64, MIME_QUOTED};
  struct curl_mime *m = mime('A'), *sub = mime('B'), *inner = mime('C');
  struct curl_mimepart *p = add(m, "sub", NULL);
  struct curl_slist *list = curl_slist_append(NULL, "X-One: 1");
  bool ok = p && sub && inner && list;
  if (p)
    sl_mime_headers(p, list, true);
  else
    curl_slist_free_all(list);
  if (!ok || sl_mime_parts(p, sub)) {
    sl_mime_free(inner);
    sl_mime_free(sub);
    sl_mime_free(m);
    return NULL;
  }
  p = add(sub, NULL, NULL);
  ok = p && sl_mime_parts(p, inner) == SL_OK;
  if (!ok)
    sl_mime_free(inner);
  else
    p->encoding = MIME_BASE64;
  for (size_t i = 0; ok && i < sizeof encodings; i++) {
    struct curl_mimepart *a = add(m, "data\"", text), *b = add(sub, NULL, NULL), *c = add(inner, "known", NULL),
                         *d = add(i == 1 ? inner : m, NULL, NULL);
    ok = a && b && c && d && sl_mime_file(b, path) != SL_NOMEM;
    if (!ok)
      break;
    put_feed(c, &known[i], (int64_t)known[i].n);
    put_feed(d, &unknown[i], -1);
    a->encoding = b->encoding = c->encoding = d->encoding = encodings[i];
  }
  if (ok)
    return m;
  sl_mime_free(m);
  return NULL;
}

static void make_feeds(struct feed *known, struct feed *unknown)
{
  static const char long_text[] = "0123456789 and so on = and \t\r\n"
                                  " so forth until there are more than fifty-seven bytes";
  for (size_t i = 0; i < 4; i++) {
    known[i] = feed_of(long_text, i);
    unknown[i] = feed_of(long_text + 7, 5 * i);
  }
}

TEST(reading_with_every_buffer_size)
{
  struct feed known[4], unknown[4];
  const char *path = make_file(".html", "<a>file</a>\r\n");
  struct out whole, out;
  int64_t size;
  make_feeds(known, unknown);
  struct curl_mime *m = path ? everything(known, unknown, path) : NULL;
  REQUIRE(m);
  REQUIRE(render(m, &form_style, 100000, &whole, &size) == SL_OK);
  CHECK_INT(size, -1);
  CHECK(whole.n > 3000);
  for (size_t cap = 1; cap < 600; cap++) {
    CHECK_INT(render(m, &form_style, cap, &out, &size), SL_OK);
    if (!CHECK_INT(out.n, whole.n) || !CHECK(!memcmp(out.p, whole.p, out.n)))
      printf("#   with %zu bytes at a time\n", cap);
    free(out.p);
  }
  free(whole.p);
  sl_mime_free(m);
  unlink(path);
}

TEST(pausing_at_every_call)
{
  struct feed known[4], unknown[4];
  const char *path = make_file("", "file");
  struct out whole, out;
  int64_t size;
  make_feeds(known, unknown);
  struct curl_mime *m = path ? everything(known, unknown, path) : NULL;
  REQUIRE(m && render(m, &form_style, 1000, &whole, &size) == SL_OK);
  for (int who = 0; who < 8; who++) {
    struct feed *f = who < 4 ? &known[who] : &unknown[who - 4];
    for (int call = 1; call < 100; call += call < 8 ? 1 : 13) {
      f->calls = 0;
      f->strange = CURL_READFUNC_PAUSE;
      f->strange_call = call;
      CHECK_INT(render(m, &form_style, 1000, &out, &size), SL_OK);
      if (f->calls >= call)
        CHECK_INT(out.pauses, 1);
      CHECK(out.n == whole.n && !memcmp(out.p, whole.p, out.n));
      free(out.p);
    }
    f->strange_call = 0;
  }
  free(whole.p);
  sl_mime_free(m);
  unlink(path);
}

/* Bytes and the pause come at once out of the inner reader, and the bytes may be too few to be encoded. */
TEST(pausing_in_encoded_multiparts)
{
  static const uint8_t encodings[] = {MIME_7BIT, MIME_BASE64, MIME_QUOTED};
  char data[130];
  memset(data, 'd', sizeof data);
  for (size_t e = 0; e < sizeof encodings; e++) {
    for (size_t n = 0; n < sizeof data; n++) {
      struct feed f = feed_of("fed", 0);
      struct curl_mime *m = mime('A'), *sub = mime('B');
      struct curl_mimepart *p = add(m, NULL, NULL), *before = n ? add(sub, NULL, NULL) : NULL,
                           *paused = add(sub, NULL, NULL);
      struct out out;
      int64_t size;
      REQUIRE(p && paused && sl_mime_parts(p, sub) == SL_OK);
      REQUIRE(!n || (before && sl_mime_data(before, data, n, true) == SL_OK));
      p->encoding = encodings[e];
      put_feed(paused, &f, -1);
      f.strange = CURL_READFUNC_PAUSE;
      f.strange_call = 1;
      CHECK_INT(render(m, &form_style, 4000, &out, &size), SL_OK);
      CHECK_INT(out.pauses, 1);
      CHECK_INT(f.calls, 3);
      CHECK(size == -1 || (size_t)size == out.n);
      free(out.p);
      sl_mime_free(m);
    }
  }
}

TEST(known_sizes_are_right)
{
  struct feed known[4], unknown[4];
  make_feeds(known, unknown);
  for (size_t n = 0; n < 200; n++) {
    struct curl_mime *m = mime('A'), *sub = mime('B');
    struct curl_mimepart *p = add(m, "x", NULL), *q = add(m, NULL, NULL), *s = add(sub, NULL, NULL);
    char data[200];
    struct out out;
    int64_t size;
    memset(data, 'd', sizeof data);
    REQUIRE(p && q && s && sl_mime_data(p, data, n, true) == SL_OK && sl_mime_data(s, data, n, true) == SL_OK &&
            sl_mime_parts(q, sub) == SL_OK);
    p->encoding = MIME_BASE64;
    q->encoding = n % 2 ? MIME_BASE64 : 0;
    CHECK_INT(render(m, &form_style, 4096, &out, &size), SL_OK);
    CHECK_INT(size, out.n);
    free(out.p);
    sl_mime_free(m);
  }
}

TEST(sizes_that_are_too_large_are_unknown)
{
  struct feed f = feed_of("", 0);
  struct curl_mime *m = mime('A');
  struct mime_reader r;
  int64_t size = 0;
  put_feed(add(m, NULL, NULL), &f, INT64_MAX - 10);
  sl_mime_reader_init(&r, m, &form_style);
  CHECK_INT(sl_mime_reader_measure(&r, &size), SL_OK);
  CHECK_INT(size, -1);
  sl_mime_reader_done(&r);
  sl_mime_free(m);
}

TEST(without_memory)
{
  struct feed known[4], unknown[4];
  const char *path = make_file("", "file");
  sl_result last = -5;
  int n_frees = 0;
  REQUIRE(path);
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct out out = {0};
    int64_t size;
    make_feeds(known, unknown);
    struct curl_mime *m = everything(known, unknown, path);
    struct curl_mime *copy = m ? sl_mime_dup(m) : NULL;
    last = m && copy ? render(m, &form_style, 1000, &out, &size) : SL_NOMEM;
    free(out.p);
    if (copy) {
      CHECK(sl_mime_bind(copy));
      sl_mime_unbind(copy);
    }
    sl_mime_free(m);
    CHECK(last == SL_OK || last == SL_NOMEM);
    n_frees = known[0].frees;
    CHECK(copy ? n_frees == 2 : n_frees <= 1); /* a copy that failed frees nothing of the original's */
  }
  CHECK_INT(last, SL_OK);
  CHECK_INT(n_frees, 2);
  unlink(path);
}

/* ---- who owns what ---- */

TEST(cycles_and_second_owners_are_refused)
{
  struct curl_mime *m = mime('A'), *sub = mime('B'), *low = mime('C');
  struct curl_mimepart *p = add(m, NULL, NULL), *p2 = add(m, NULL, "kept?"), *q = add(sub, NULL, NULL),
                       *r = add(low, NULL, NULL);
  REQUIRE(p && p2 && q && r);
  CHECK_INT(sl_mime_parts(p, m), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_mime_parts(p, sub), SL_OK);
  CHECK_INT(sl_mime_parts(q, low), SL_OK);
  CHECK_INT(sl_mime_parts(r, m), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_mime_parts(r, sub), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_mime_parts(r, low), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(sl_mime_parts(p2, low), CURLE_BAD_FUNCTION_ARGUMENT); /* somebody else's */
  CHECK_INT(p2->kind, MIME_EMPTY);
  sl_mime_free(low); /* detaches itself */
  CHECK_INT(q->kind, MIME_EMPTY);
  sl_mime_free(m);
}

TEST(binding)
{
  struct curl_mime *m = mime('A'), *other = mime('B');
  struct curl_mimepart *p = add(other, NULL, NULL);
  REQUIRE(p && add(m, "n", NULL));
  CHECK(sl_mime_bind(m));
  CHECK(!sl_mime_bind(m));
  CHECK_INT(sl_mime_parts(p, m), CURLE_BAD_FUNCTION_ARGUMENT);
  sl_mime_unbind(m);
  CHECK_INT(sl_mime_parts(p, m), SL_OK);
  CHECK(!sl_mime_bind(m));
  sl_mime_clear(p);
  sl_mime_unbind(NULL);
  m = mime('A');
  REQUIRE(add(m, "n", NULL) && sl_mime_bind(m));
  sl_mime_free(m); /* the handle still has it */
  CHECK(m->gone && !m->first);
  sl_mime_unbind(m);
  sl_mime_free(other);
}

TEST(a_tree_that_is_being_read_stays)
{
  struct feed f = feed_of("abc", 0);
  struct curl_mime *m = mime('A'), *sub = mime('B');
  struct curl_mimepart *p = add(m, NULL, NULL), *q = add(sub, NULL, NULL);
  REQUIRE(p && q && sl_mime_parts(p, sub) == SL_OK);
  put_feed(q, &f, 3);
  CHECK(!sl_mime_busy(q));
  CHECK(sl_mime_hold(m));
  CHECK(!sl_mime_hold(m));
  CHECK(!sl_mime_bind(m));
  CHECK(sl_mime_busy(p) && sl_mime_busy(q));
  CHECK(!sl_mime_add(m) && !sl_mime_add(sub));
  sl_mime_free(sub); /* waits for its tree */
  CHECK_INT(p->kind, MIME_PARTS);
  sl_mime_free(m);
  CHECK_INT(f.frees, 0);
  CHECK_FORM(m, PART(FORM_DATA "\r\nContent-Type: multipart/mixed; boundary=" B "\r\n",
                     "--" B "\r\n\r\nabc\r\n--" B "--\r\n"));
  sl_mime_release(m);
  CHECK_INT(f.frees, 1);
}

TEST(a_copy_is_equal_and_independent)
{
  struct feed known[4], unknown[4];
  const char *path = make_file("", "file");
  struct out out, copied;
  int64_t size;
  make_feeds(known, unknown);
  struct curl_mime *m = path ? everything(known, unknown, path) : NULL;
  struct curl_mime *copy = m ? sl_mime_dup(m) : NULL;
  REQUIRE(copy && sl_mime_bind(copy));
  CHECK(strcmp(m->boundary, copy->boundary));
  CHECK_INT(render(m, &form_style, 1000, &out, &size), SL_OK);
  sl_mime_free(m);
  CHECK_INT(known[0].frees, 1);
  /* same boundaries, so that the texts can be compared */
  memset(copy->boundary, 'A', MIME_BOUNDARY_LEN);
  memset(copy->first->parts->boundary, 'B', MIME_BOUNDARY_LEN);
  memset(copy->first->parts->first->parts->boundary, 'C', MIME_BOUNDARY_LEN);
  for (int i = 0; i < 4; i++)
    known[i].at = unknown[i].at = 0;
  CHECK_INT(render(copy, &form_style, 1000, &copied, &size), SL_OK);
  CHECK_INT(copied.n, out.n);
  CHECK_STR(copied.p, out.p);
  free(out.p);
  free(copied.p);
  sl_mime_unbind(copy); /* its only owner */
  CHECK_INT(known[0].frees, 2);
  unlink(path);
}

/* Nothing recurses: a tree that is deeper than any stack is built, measured, copied and freed. */
TEST(very_deep_trees)
{
  enum { DEPTH = 30000 };
  struct curl_mime *m = mime('A');
  struct mime_reader r;
  char room[5000];
  int64_t size = 0, total = 0;
  size_t n = 1;
  REQUIRE(add(m, NULL, "deep"));
  for (int i = 0; i < DEPTH; i++) {
    struct curl_mime *around = mime('A');
    struct curl_mimepart *p = add(around, NULL, NULL);
    REQUIRE(p && sl_mime_parts(p, m) == SL_OK);
    m = around;
  }
  struct curl_mime *copy = sl_mime_dup(m);
  REQUIRE(copy && sl_mime_bind(copy));
  sl_mime_free(m);
  sl_mime_reader_init(&r, copy, &form_style);
  CHECK_INT(sl_mime_reader_rewind(&r), SL_OK);
  CHECK_INT(sl_mime_reader_measure(&r, &size), SL_OK);
  while (n) {
    n = 0;
    CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
    total += (int64_t)n;
  }
  CHECK_INT(total, size);
  CHECK(r.text.cap < 20000); /* what is between two contents is not piled up */
  sl_mime_reader_done(&r);
  sl_mime_unbind(copy);
}

TEST(many_parts)
{
  struct curl_mime *m = mime('A');
  struct mime_reader r;
  char room[8192];
  int64_t size = 0, total = 0;
  size_t n = 1;
  for (int i = 0; i < 20000; i++)
    REQUIRE(add(m, "n", i % 2 ? "v" : NULL));
  sl_mime_reader_init(&r, m, &form_style);
  CHECK_INT(sl_mime_reader_measure(&r, &size), SL_OK);
  while (n) {
    n = 0;
    CHECK_INT(sl_mime_reader_read(&r, room, sizeof room, &n), SL_OK);
    total += (int64_t)n;
  }
  CHECK_INT(total, size);
  CHECK_INT(size, 20000 * (2 + 46 + 2 + 30 + 10 + 2 + 2 + 2) + 10000 + 2 + 46 + 2 + 2);
  sl_mime_reader_done(&r);
  sl_mime_free(m);
}

/* ---- old-style forms ---- */

TEST(a_form_list_as_tree)
{
  struct curl_httppost second = {.name = (char *)(uintptr_t) "file", .namelength = 4};
  struct curl_httppost first = {.name = (char *)(uintptr_t) "nameX", .namelength = 4, .next = &second};
  struct curl_httppost more = {.contents = (char *)(uintptr_t) "/nowhere/b.c", .flags = CURL_HTTPPOST_FILENAME};
  struct curl_mime *m = NULL;
  const char *path = make_file(".gif", "gif");
  REQUIRE(path);
  first.contents = (char *)(uintptr_t) "contents";
  first.contentlen = 4;
  first.contentslength = 2;
  first.flags = CURL_HTTPPOST_LARGE;
  second.contents = (char *)(uintptr_t)path;
  second.flags = CURL_HTTPPOST_FILENAME;
  second.showfilename = (char *)(uintptr_t) "shown";
  REQUIRE(sl_mime_from_form(&first, NULL, &m) == SL_OK);
  memset(m->boundary, 'A', MIME_BOUNDARY_LEN);
  CHECK_FORM(m, "--" A "\r\n" FORM_DATA "; name=\"name\"\r\n\r\ncont\r\n"
                "--" A "\r\n" FORM_DATA "; name=\"file\"; filename=\"shown\"\r\nContent-Type: image/gif\r\n\r\ngif\r\n"
                "--" A "--\r\n");
  CHECK(sl_mime_hold(m));
  sl_mime_release(m);
  m = NULL;
  second.more = &more;
  CHECK_INT(sl_mime_from_form(&first, NULL, &m), CURLE_READ_ERROR);
  CHECK(!m);
  more.contents = second.contents;
  FOR_EACH_FAILING_ALLOC(n)
  {
    sl_result rc = sl_mime_from_form(&first, NULL, &m);
    CHECK(rc == SL_OK ? m != NULL : rc == SL_NOMEM && !m);
    if (m && CHECK(sl_mime_hold(m)))
      sl_mime_release(m);
    m = NULL;
  }
  unlink(path);
}
