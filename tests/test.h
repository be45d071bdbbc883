/* A small test harness; one header, C11 or C++17, one program a file.
 *
 *   TEST(parses_a_port)
 *   {
 *     struct x x;
 *     REQUIRE(x_init(&x) == 0);            leaves the test when it does not hold
 *     CHECK_INT(x.port, 80);               notes the failure and goes on
 *     if (!CHECK(x.host)) return;          every CHECK is true when it held
 *   }
 *
 * main() is in here. `PROGRAM [-l] [TEXT...]` lists or runs the tests whose name contains one of
 * the texts, and prints `ok name` or `not ok name`; the status is 0 if all that ran passed, 1 if
 * one failed, 2 if none was chosen. A second file of the same program defines TEST_NO_MAIN; it has
 * the CHECKs, but its own count of failures: let it return what is to be checked.
 *
 *   FOR_EACH_FAILING_ALLOC(n) {            with base/mem.h: the body with the n-th allocation and
 *     last = parse(&x);                    all later ones failing, n = 1, 2, 3 ... until a round in
 *     CHECK(last == SL_OK || last == SL_NOMEM);                   which nothing had to fail
 *   }
 *   CHECK_INT(last, SL_OK);
 */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define TEST_UNUSED __attribute__((unused))

struct test_case {
  const char *name;
  void (*body)(void);
  struct test_case *next;
};

TEST_UNUSED static struct test_case *test_first, **test_last = &test_first;
TEST_UNUSED static unsigned long test_failed_checks;
TEST_UNUSED static unsigned long (*test_end_faults)(unsigned long);

#define TEST(name)                                                                                 \
  static void test_body_##name(void);                                                              \
  static struct test_case test_case_##name = {#name, test_body_##name, NULL};                      \
  __attribute__((constructor)) static void test_add_##name(void)                                   \
  {                                                                                                \
    *test_last = &test_case_##name;                                                                \
    test_last = &test_case_##name.next;                                                            \
  }                                                                                                \
  static void test_body_##name(void)

#define CHECK(cond) test_true((cond) ? true : false, #cond, __FILE__, __LINE__)
#define CHECK_INT(got, want) test_int((intmax_t)(got), (intmax_t)(want), #got, __FILE__, __LINE__)
#define CHECK_STR(got, want) test_str((got), (want), #got, __FILE__, __LINE__)
#define CHECK_MEM(got, want, len) test_mem((got), (want), (len), #got, __FILE__, __LINE__)
#define REQUIRE(cond)                                                                              \
  do {                                                                                             \
    if (!CHECK(cond))                                                                              \
      return;                                                                                      \
  } while (0)

/* The extra round at the end ends the fault injection; break and return are fine, too: it then ends
 * with the test. */
#define FOR_EACH_FAILING_ALLOC(n)                                                                  \
  for (unsigned long n = 1,                                                                        \
                     n##_tried = (test_end_faults = sl_mem_fail_after, sl_mem_fail_after(1), 1UL); \
       n##_tried + 1 >= n || sl_mem_fail_after(0) == ~0UL;                                         \
       n##_tried = sl_mem_fail_after(n + 1), n++)

TEST_UNUSED static bool test_true(bool held, const char *what, const char *file, int line)
{
  if (!held) {
    test_failed_checks++;
    printf("# %s:%d: does not hold: %s\n", file, line, what);
  }
  return held;
}

TEST_UNUSED static bool test_int(intmax_t got, intmax_t want, const char *what, const char *file,
                                 int line)
{
  if (got == want)
    return true;
  test_failed_checks++;
  printf("# %s:%d: %s is %" PRIdMAX ", not %" PRIdMAX "\n", file, line, what, got, want);
  return false;
}

/* As a C string literal, cut after a few hundred bytes; NULL as such. */
TEST_UNUSED static void test_print_bytes(const void *bytes, size_t len)
{
  const unsigned char *at = (const unsigned char *)bytes;
  size_t shown = len < 400 ? len : 400;
  if (!at) {
    printf("NULL");
    return;
  }
  putchar('"');
  for (size_t i = 0; i < shown; i++) {
    if (at[i] == '\n')
      printf("\\n");
    else if (at[i] == '\r')
      printf("\\r");
    else if (at[i] == '"' || at[i] == '\\')
      printf("\\%c", at[i]);
    else if (at[i] < 32 || at[i] > 126)
      printf("\\%03o", at[i]);
    else
      putchar(at[i]);
  }
  printf(shown < len ? "\"... (%zu bytes)" : "\" (%zu bytes)", len);
}

TEST_UNUSED static void test_print_difference(const char *what, const char *file, int line,
                                              const void *got, size_t got_len, const void *want,
                                              size_t want_len)
{
  test_failed_checks++;
  printf("# %s:%d: %s\n#   is        ", file, line, what);
  test_print_bytes(got, got_len);
  printf("\n#   should be ");
  test_print_bytes(want, want_len);
  putchar('\n');
}

TEST_UNUSED static bool test_str(const char *got, const char *want, const char *what,
                                 const char *file, int line)
{
  if (got == want || (got && want && strcmp(got, want) == 0))
    return true;
  test_print_difference(what, file, line, got, got ? strlen(got) : 0, want,
                        want ? strlen(want) : 0);
  return false;
}

TEST_UNUSED static bool test_mem(const void *got, const void *want, size_t len, const char *what,
                                 const char *file, int line)
{
  if (len == 0 || (got && want && memcmp(got, want, len) == 0))
    return true;
  test_print_difference(what, file, line, got, len, want, len);
  return false;
}

#ifndef TEST_NO_MAIN

static bool test_chosen(const struct test_case *test, int argc, char **argv)
{
  if (argc < 2)
    return true;
  for (int i = 1; i < argc; i++) {
    if (strstr(test->name, argv[i]))
      return true;
  }
  return false;
}

static bool test_run(const struct test_case *test)
{
  unsigned long before = test_failed_checks;
  test->body();
  if (test_end_faults)
    test_end_faults(0);
  bool passed = test_failed_checks == before;
  printf("%s %s\n", passed ? "ok" : "not ok", test->name);
  return passed;
}

int main(int argc, char **argv)
{
  unsigned long passed = 0, failed = 0;
  bool list = argc > 1 && strcmp(argv[1], "-l") == 0;
  if (list) {
    argc--;
    argv++;
  }
  setvbuf(stdout, NULL, _IOLBF, 0); /* what was said before a crash is seen */
  for (struct test_case *test = test_first; test; test = test->next) {
    if (!test_chosen(test, argc, argv))
      continue;
    if (list)
      puts(test->name);
    if (list || test_run(test))
      passed++;
    else
      failed++;
  }
  if (!list)
    printf("# %lu passed, %lu failed\n", passed, failed);
  return failed ? 1 : passed ? 0 : 2;
}

#endif
#endif
