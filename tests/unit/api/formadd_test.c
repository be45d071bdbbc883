/* curl_formadd(), curl_formget(), curl_formfree(). What the calls give is as libcurl 7.88.1 does it, but where that
 * crashes or leaks. */
#include <curl/curl.h>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"

static struct curl_httppost *form, *last;

static void drop(void)
{
  curl_formfree(form);
  form = last = NULL;
}

#define ADD(...) curl_formadd(&form, &last, __VA_ARGS__, CURLFORM_END)
#define N(n) ((long)(n))
#define OFF(n) ((curl_off_t)(n))

/* One call for an empty form; on failure nothing is left behind. */
#define CODE(code, ...)                                                                            \
  do {                                                                                             \
    CHECK_INT(ADD(__VA_ARGS__), (code));                                                           \
    CHECK((code) == CURL_FORMADD_OK ? form && form == last : !form && !last);                      \
    drop();                                                                                        \
  } while (0)

TEST(good_and_bad_calls)
{
  char userp = 0;
  struct curl_slist list = {(char *)(uintptr_t) "A: b", NULL};
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "", CURLFORM_COPYCONTENTS, "");
  CODE(CURL_FORMADD_OK, CURLFORM_PTRNAME, "n", CURLFORM_PTRCONTENTS, "v");
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTTYPE, "a/b");
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTHEADER, &list);
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "f", CURLFORM_FILENAME, "s");
  CODE(CURL_FORMADD_OK, CURLFORM_FILE, "f", CURLFORM_COPYNAME, "n", CURLFORM_FILE, "g");
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_FILECONTENT, "f");
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_STREAM, &userp);
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_BUFFER, "b", CURLFORM_BUFFERPTR, "v");
  /* what came last wins */
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_FILECONTENT, "f");
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "v", CURLFORM_FILECONTENT, "f");
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_STREAM, &userp);
  CODE(CURL_FORMADD_OK, CURLFORM_COPYNAME, "n", CURLFORM_PTRCONTENTS, "v", CURLFORM_BUFFERPTR, "w");

  CODE(CURL_FORMADD_INCOMPLETE, CURLFORM_COPYNAME, "n");
  CODE(CURL_FORMADD_INCOMPLETE, CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_INCOMPLETE, CURLFORM_FILE, "f");
  CODE(CURL_FORMADD_INCOMPLETE, CURLFORM_COPYNAME, "n", CURLFORM_BUFFER, "b");
  CODE(CURL_FORMADD_INCOMPLETE, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "f", CURLFORM_CONTENTSLENGTH, N(3));
  CODE(CURL_FORMADD_INCOMPLETE, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "f", CURLFORM_CONTENTTYPE, "a/b",
       CURLFORM_CONTENTTYPE, "c/d");

  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_COPYNAME, "m", CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_PTRNAME, "m", CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_PTRCONTENTS, "w");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_FILE, "f");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "f", CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_FILECONTENT, "f", CURLFORM_FILECONTENT, "g");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_FILECONTENT, "f", CURLFORM_FILE, "g");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_STREAM, &userp, CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "f", CURLFORM_STREAM, &userp);
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_BUFFER, "b", CURLFORM_FILENAME, "c");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "f", CURLFORM_FILENAME, "a",
       CURLFORM_FILENAME, "b");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTTYPE, "a/b",
       CURLFORM_CONTENTTYPE, "c/d");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_NAMELENGTH, N(1), CURLFORM_NAMELENGTH, N(1),
       CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_OPTION_TWICE, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTHEADER, &list,
       CURLFORM_CONTENTHEADER, &list);

  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, NULL, CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_FILE, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "f", CURLFORM_FILE, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_FILECONTENT, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_STREAM, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_BUFFER, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_BUFFERPTR, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTTYPE, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_FILE, "f", CURLFORM_CONTENTTYPE, "a/b",
       CURLFORM_CONTENTTYPE, NULL);
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n\0m", CURLFORM_NAMELENGTH, N(3), CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_NULL, CURLFORM_PTRNAME, "n\0m", CURLFORM_NAMELENGTH, N(3), CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_NULL, CURLFORM_COPYNAME, "n", CURLFORM_NAMELENGTH, N(-1), CURLFORM_COPYCONTENTS, "v");
  CODE(CURL_FORMADD_NULL, CURLFORM_ARRAY, NULL);
  CODE(CURL_FORMADD_MEMORY, CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTLEN, OFF(-1));

  CODE(CURL_FORMADD_UNKNOWN_OPTION, CURLFORM_NOTHING);
  CODE(CURL_FORMADD_UNKNOWN_OPTION, CURLFORM_COPYNAME, "n", CURLFORM_OBSOLETE, "v");
  CODE(CURL_FORMADD_UNKNOWN_OPTION, CURLFORM_COPYNAME, "n", 99, "v");
}

TEST(arrays)
{
  struct curl_forms field[] = {{CURLFORM_COPYNAME, "n"},
                               {CURLFORM_COPYCONTENTS, "abc"},
                               {CURLFORM_CONTENTSLENGTH, (char *)2},
                               {CURLFORM_END, NULL}};
  struct curl_forms files[] = {{CURLFORM_FILE, "f"}, {CURLFORM_FILE, "g"}, {CURLFORM_END, NULL}};
  struct curl_forms nested[] = {{CURLFORM_ARRAY, (char *)files}, {CURLFORM_END, NULL}};
  CHECK_INT(ADD(CURLFORM_ARRAY, field), CURL_FORMADD_OK);
  REQUIRE(form);
  CHECK_STR(form->contents, "ab");
  CHECK_INT(form->contentlen, 2);
  drop();
  CHECK_INT(ADD(CURLFORM_COPYNAME, "n", CURLFORM_ARRAY, files), CURL_FORMADD_OK);
  REQUIRE(form && form->more);
  CHECK_STR(form->more->contents, "g");
  drop();
  CODE(CURL_FORMADD_ILLEGAL_ARRAY, CURLFORM_COPYNAME, "n", CURLFORM_ARRAY, nested);
}

TEST(what_is_in_the_list)
{
  char userp = 0, name[] = "name", contents[] = "contents";
  struct curl_slist list = {(char *)(uintptr_t) "A: b", NULL};
  CHECK_INT(ADD(CURLFORM_COPYNAME, name, CURLFORM_NAMELENGTH, N(3), CURLFORM_COPYCONTENTS, contents,
                CURLFORM_CONTENTLEN, OFF(4), CURLFORM_CONTENTHEADER, &list),
            0);
  name[0] = contents[0] = 'X';
  REQUIRE(form);
  CHECK_STR(form->name, "nam");
  CHECK_INT(form->namelength, 3);
  CHECK_STR(form->contents, "cont");
  CHECK_INT(form->contentlen, 4);
  CHECK_INT(form->flags, CURL_HTTPPOST_LARGE);
  CHECK(form->contentheader == &list && !form->contenttype && !form->more && !form->next);

  CHECK_INT(ADD(CURLFORM_PTRNAME, name, CURLFORM_PTRCONTENTS, contents), 0);
  REQUIRE(last == form->next);
  CHECK(last->name == name && last->contents == contents);
  CHECK_INT(last->namelength, 4);
  CHECK_INT(last->flags, CURL_HTTPPOST_LARGE | CURL_HTTPPOST_PTRNAME | CURL_HTTPPOST_PTRCONTENTS);

  CHECK_INT(ADD(CURLFORM_COPYNAME, "b", CURLFORM_BUFFER, "x.png", CURLFORM_BUFFERPTR, contents, CURLFORM_BUFFERLENGTH,
                N(5)),
            0);
  CHECK(last->buffer == contents && last->contents == contents);
  CHECK_INT(last->bufferlength, 5);
  CHECK_STR(last->showfilename, "x.png");
  CHECK_STR(last->contenttype, "image/png");
  CHECK_INT(last->flags, CURL_HTTPPOST_LARGE | CURL_HTTPPOST_BUFFER | CURL_HTTPPOST_PTRBUFFER);

  CHECK_INT(ADD(CURLFORM_COPYNAME, "s", CURLFORM_STREAM, &userp, CURLFORM_CONTENTSLENGTH, N(7)), 0);
  CHECK(last->userp == &userp);
  CHECK_INT(last->contentlen, 7);
  CHECK_INT(last->flags, CURL_HTTPPOST_LARGE | CURL_HTTPPOST_CALLBACK);

  CHECK_INT(ADD(CURLFORM_COPYNAME, "r", CURLFORM_FILECONTENT, "/a.png"), 0);
  CHECK_STR(last->contents, "/a.png");
  CHECK(!last->contenttype);
  CHECK_INT(last->flags, CURL_HTTPPOST_LARGE | CURL_HTTPPOST_READFILE);
  drop();
}

/* Without an ending that is known, a file has the type of the one before it in the same call. */
TEST(types_of_files)
{
  CHECK_INT(ADD(CURLFORM_COPYNAME, "n", CURLFORM_FILE, "a", CURLFORM_FILE, "b.HTM", CURLFORM_FILE, "c",
                CURLFORM_FILE, "d", CURLFORM_CONTENTTYPE, "x/y", CURLFORM_FILE, "e", CURLFORM_FILENAME, "e.gif"),
            0);
  static const char *const types[] = {"application/octet-stream", "text/html", "text/html", "x/y", "x/y"};
  struct curl_httppost *f = form;
  for (int i = 0; i < 5; i++, f = f->more) {
    REQUIRE(f);
    CHECK_STR(f->contenttype, types[i]);
    CHECK_INT(f->flags, CURL_HTTPPOST_LARGE | CURL_HTTPPOST_FILENAME);
    CHECK(!f->name == (i > 0));
  }
  CHECK(!f);
  drop();
}

/* ---- formget ---- */

struct text {
  char p[4000];
  size_t n, limit;
};

static size_t take(void *arg, const char *p, size_t n)
{
  struct text *t = arg;
  if (t->n + n > t->limit)
    return n - 1;
  memcpy(t->p + t->n, p, n);
  t->n += n;
  t->p[t->n] = 0;
  return n;
}

/* The form as text, its boundaries replaced by <0>, <1> ... */
static int get(struct text *out)
{
  static struct text t;
  char seen[4][47];
  int n_seen = 0, rc;
  t = (struct text){.limit = sizeof t.p - 1};
  *out = (struct text){.n = 0};
  rc = curl_formget(form, &t, take);
  for (const char *p = t.p; *p;) {
    if (!strncmp(p, "------------------------", 24) && p[24] != '-') {
      int i = 0;
      while (i < n_seen && strncmp(seen[i], p, 46))
        i++;
      if (i == n_seen)
        memcpy(seen[n_seen++], p, 46);
      out->n += (size_t)sprintf(out->p + out->n, "<%d>", i);
      p += 46;
    } else {
      out->p[out->n++] = *p++;
    }
  }
  return rc;
}

static void check_get(const char *want, int line)
{
  struct text t;
  if (!CHECK_INT(get(&t), 0) || !CHECK_STR(t.p, want))
    printf("#   from line %d\n", line);
  drop();
}

#define TYPE "Content-Type: multipart/form-data; boundary=<0>\r\n\r\n"
#define ONE(head, contents) TYPE "--<0>\r\nContent-Disposition: form-data; " head "\r\n\r\n" contents "\r\n--<0>--\r\n"
#define CHECK_GET(want) check_get((want), __LINE__)

TEST(forms_as_text)
{
  const char path[] = "/tmp/sluice_form_XXXXXX.png";
  char name[sizeof path], want[600];
  struct curl_slist *list = curl_slist_append(NULL, "X-H: v");
  char userp = 0;
  memcpy(name, path, sizeof name);
  int fd = mkstemps(name, 4);
  REQUIRE(fd >= 0 && write(fd, "png", 3) == 3 && list);
  close(fd);
  const char *base = strrchr(name, '/') + 1;

  CHECK_GET(TYPE "--<0>--\r\n");
  ADD(CURLFORM_PTRNAME, "name", CURLFORM_NAMELENGTH, N(3), CURLFORM_PTRCONTENTS, "contents", CURLFORM_CONTENTLEN,
      OFF(4));
  CHECK_GET(ONE("name=\"nam\"", "cont"));
  ADD(CURLFORM_COPYNAME, "q\"\\\r", CURLFORM_COPYCONTENTS, "v", CURLFORM_FILENAME, "ignored", CURLFORM_CONTENTTYPE,
      "a/b", CURLFORM_CONTENTHEADER, list);
  CHECK_GET(ONE("name=\"q%22\\%0D\"\r\nContent-Type: a/b\r\nX-H: v", "v"));
  ADD(CURLFORM_COPYNAME, "f", CURLFORM_FILE, name);
  snprintf(want, sizeof want, ONE("name=\"f\"; filename=\"%s\"\r\nContent-Type: image/png", "png"), base);
  CHECK_GET(want);
  ADD(CURLFORM_COPYNAME, "f", CURLFORM_FILE, name, CURLFORM_FILENAME, "s.gif");
  CHECK_GET(ONE("name=\"f\"; filename=\"s.gif\"\r\nContent-Type: image/png", "png"));
  ADD(CURLFORM_COPYNAME, "f", CURLFORM_FILECONTENT, name, CURLFORM_FILENAME, "ignored");
  CHECK_GET(ONE("name=\"f\"\r\nContent-Type: image/png", "png"));
  ADD(CURLFORM_COPYNAME, "b", CURLFORM_BUFFER, "x.zz", CURLFORM_BUFFERPTR, "data", CURLFORM_BUFFERLENGTH, N(2));
  CHECK_GET(ONE("name=\"b\"; filename=\"x.zz\"\r\nContent-Type: application/octet-stream", "da"));
  ADD(CURLFORM_COPYNAME, "s", CURLFORM_STREAM, &userp, CURLFORM_CONTENTLEN, OFF(5), CURLFORM_FILENAME, "s.png");
  CHECK_GET(ONE("name=\"s\"; filename=\"s.png\"\r\nContent-Type: image/png", ""));
  ADD(CURLFORM_COPYNAME, "m", CURLFORM_FILE, name, CURLFORM_FILENAME, "one", CURLFORM_FILE, name, CURLFORM_FILENAME,
      "two", CURLFORM_CONTENTTYPE, "x/y");
  ADD(CURLFORM_COPYNAME, "after", CURLFORM_COPYCONTENTS, "v");
  CHECK_GET(TYPE "--<0>\r\nContent-Disposition: form-data; name=\"m\"\r\n"
                 "Content-Type: multipart/mixed; boundary=<1>\r\n\r\n"
                 "--<1>\r\nContent-Disposition: attachment; filename=\"one\"\r\nContent-Type: image/png\r\n\r\npng\r\n"
                 "--<1>\r\nContent-Disposition: attachment; filename=\"two\"\r\nContent-Type: x/y\r\n\r\npng\r\n"
                 "--<1>--\r\n\r\n--<0>\r\nContent-Disposition: form-data; name=\"after\"\r\n\r\nv\r\n--<0>--\r\n");
  curl_slist_free_all(list);
  unlink(name);
}

TEST(standard_input)
{
  char path[] = "/tmp/sluice_form_XXXXXX";
  int fd = mkstemp(path), before = dup(0);
  REQUIRE(fd >= 0 && before >= 0 && write(fd, "from stdin", 10) == 10);
  REQUIRE(lseek(fd, 0, SEEK_SET) == 0 && dup2(fd, 0) == 0);
  clearerr(stdin);
  ADD(CURLFORM_COPYNAME, "f", CURLFORM_FILE, "-");
  CHECK_GET(ONE("name=\"f\"\r\nContent-Type: application/octet-stream", "from stdin"));
  dup2(before, 0);
  close(before);
  close(fd);
  unlink(path);
}

TEST(failing_to_get)
{
  struct text t = {.limit = 0};
  ADD(CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v");
  CHECK_INT(curl_formget(form, &t, take), CURLE_READ_ERROR);
  t.limit = 150; /* enough for the type only */
  CHECK_INT(curl_formget(form, &t, take), CURLE_READ_ERROR);
  CHECK(t.n > 0);
  ADD(CURLFORM_COPYNAME, "f", CURLFORM_FILE, "/nowhere/at/all");
  t = (struct text){.limit = sizeof t.p - 1};
  CHECK_INT(curl_formget(form, &t, take), CURLE_READ_ERROR);
  CHECK_INT(t.n, 0);
  drop();
  curl_formfree(NULL);
}

TEST(without_memory)
{
  int rc = -1;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct text t = {.limit = sizeof t.p - 1};
    rc = ADD(CURLFORM_COPYNAME, "n", CURLFORM_COPYCONTENTS, "v", CURLFORM_CONTENTTYPE, "a/b");
    if (!rc)
      rc = ADD(CURLFORM_COPYNAME, "f", CURLFORM_FILE, "/dev/null", CURLFORM_FILENAME, "x", CURLFORM_FILE, "/dev/null");
    CHECK(rc == CURL_FORMADD_OK || rc == CURL_FORMADD_MEMORY);
    if (!rc) {
      rc = curl_formget(form, &t, take);
      CHECK(rc == CURLE_OK || rc == CURLE_OUT_OF_MEMORY);
    }
    drop();
  }
  CHECK_INT(rc, 0);
}
