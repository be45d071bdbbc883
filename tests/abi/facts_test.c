/*
 * facts_test.c: do the public headers agree with the facts?
 *
 * Compiled as C11 and, by facts_test.cc, as C++17; needs the headers alone, no library.
 * Without an argument it prints the rows that do not hold and fails if there are any. With
 * --dump it prints what the headers say for every row, to be compared with other headers'.
 *
 * FACTS names the file of rows, when not all of them are wanted.
 */
#define CURL_DISABLE_DEPRECATION
#define CURL_NO_FMT_CHECKS /* they would become part of the functions' types */
#include <curl/curl.h>
#include <curl/mprintf.h>

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#ifndef FACTS
#define FACTS "facts.h"
#endif

#ifdef __cplusplus
#include <type_traits>
#define IS_TYPE(expression, ...) (std::is_same<decltype(expression), __VA_ARGS__>::value ? 1 : 0)
#define A_VALUE_OF(type) (static_cast<type>(nullptr))
#else
#define IS_TYPE(expression, ...) _Generic((expression), __VA_ARGS__: 1, default: 0)
#define A_VALUE_OF(type) ((type)0)
#endif

/* What the preprocessor makes of a name: itself, when it is not a macro. */
#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)

/* The bases of the numbers, on their own account and not by the headers' macros. */
enum {
  KIND_LONG = 0,
  KIND_VALUES = 0,
  KIND_OBJECTPOINT = 10000,
  KIND_STRINGPOINT = 10000,
  KIND_SLISTPOINT = 10000,
  KIND_CBPOINT = 10000,
  KIND_FUNCTIONPOINT = 20000,
  KIND_OFF_T = 30000,
  KIND_BLOB = 40000
};
enum {
  TYPE_STRING = 0x100000,
  TYPE_LONG = 0x200000,
  TYPE_DOUBLE = 0x300000,
  TYPE_SLIST = 0x400000,
  TYPE_PTR = 0x400000,
  TYPE_SOCKET = 0x500000,
  TYPE_OFF_T = 0x600000
};

struct number_row {
  const char *name;
  const char *expansion;
  int must_be_macro;
  long long is;
  long long should_be;
};

static const struct number_row numbers[] = {
#define ENUM(name, value) {#name, TEXT(name), 0, (long long)(name), (value)},
#define MACRO(name, value) {#name, TEXT(name), 1, (long long)(name), (value)},
#define OPTION(name, kind, number) \
  {#name, TEXT(name), 0, (long long)(name), KIND_##kind + (number)},
#define INFO(name, type, number) {#name, TEXT(name), 0, (long long)(name), TYPE_##type + (number)},
#include FACTS
};

struct type_row {
  const char *name;
  const char *should_be;
  int same;
};

static const struct type_row types[] = {
#define FUNCTION(result, name, parameters) \
  {#name, #result " " #parameters, IS_TYPE(&name, result(*) parameters)},
#define CALLBACK(result, name, parameters) \
  {#name, #result " " #parameters, IS_TYPE(A_VALUE_OF(name), result(*) parameters)},
#include FACTS
};

struct place_row {
  const char *type;
  const char *member;
  size_t offset;
  size_t size;
  size_t should_offset;
  size_t should_size;
};

static const struct place_row places[] = {
#define MEMBER(type, member, offset, size) \
  {#type, #member, offsetof(type, member), sizeof(((type *)0)->member), offset, size},
#define SIZE(type, size) {#type, "", 0, sizeof(type), 0, size},
#include FACTS
};

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

static void dump(void)
{
  size_t i;

  for (i = 0; i < COUNT(numbers); i++) {
    printf("%s %lld\n", numbers[i].name, numbers[i].is);
  }
  for (i = 0; i < COUNT(types); i++) {
    printf("%s %s\n", types[i].name, types[i].same ? types[i].should_be : "other");
  }
  for (i = 0; i < COUNT(places); i++) {
    printf("%s.%s %zu %zu\n", places[i].type, places[i].member, places[i].offset, places[i].size);
  }
}

static int check_numbers(void)
{
  size_t i;
  int bad = 0;

  for (i = 0; i < COUNT(numbers); i++) {
    const struct number_row *row = &numbers[i];
    if (row->is != row->should_be) {
      printf("%s is %lld, should be %lld\n", row->name, row->is, row->should_be);
      bad++;
    }
    if (row->must_be_macro && !strcmp(row->name, row->expansion)) {
      printf("%s should be a macro\n", row->name);
      bad++;
    }
  }
  return bad;
}

static int check_types(void)
{
  size_t i;
  int bad = 0;

  for (i = 0; i < COUNT(types); i++) {
    if (!types[i].same) {
      printf("%s should be %s\n", types[i].name, types[i].should_be);
      bad++;
    }
  }
  return bad;
}

static int check_places(void)
{
  size_t i;
  int bad = 0;

  for (i = 0; i < COUNT(places); i++) {
    const struct place_row *row = &places[i];
    if (row->offset != row->should_offset || row->size != row->should_size) {
      printf("%s.%s is at %zu with %zu bytes, should be at %zu with %zu\n", row->type, row->member,
             row->offset, row->size, row->should_offset, row->should_size);
      bad++;
    }
  }
  return bad;
}

/* What is no row: handles, a type of a function, texts, and macros that have arguments. */
static int check_others(void)
{
  int bad = 0;
  char version[32];

  snprintf(version, sizeof(version), "%d.%d.%d", LIBCURL_VERSION_MAJOR, LIBCURL_VERSION_MINOR,
           LIBCURL_VERSION_PATCH);
  if (strcmp(version, LIBCURL_VERSION) != 0 ||
      CURL_VERSION_BITS(LIBCURL_VERSION_MAJOR, LIBCURL_VERSION_MINOR, LIBCURL_VERSION_PATCH) !=
        LIBCURL_VERSION_NUM) {
    printf("LIBCURL_VERSION does not go with its numbers\n");
    bad++;
  }
#if CURL_AT_LEAST_VERSION(8, 12, 0)
  if (!IS_TYPE(A_VALUE_OF(curl_ssls_export_cb *),
               CURLcode(*)(CURL *, void *, const char *, const unsigned char *, size_t,
                           const unsigned char *, size_t, curl_off_t, int, const char *, size_t))) {
    printf("curl_ssls_export_cb is another function\n");
    bad++;
  }
#endif
  if (!IS_TYPE(A_VALUE_OF(CURL *), void *) || !IS_TYPE(A_VALUE_OF(CURLM *), void *) ||
      !IS_TYPE(A_VALUE_OF(CURLSH *), void *)) {
    printf("a handle is not a void *\n");
    bad++;
  }
  if (!CURL_AT_LEAST_VERSION(8, 22, 0) || CURL_AT_LEAST_VERSION(8, 23, 0)) {
    printf("CURL_AT_LEAST_VERSION is wrong\n");
    bad++;
  }
  if (!IS_TYPE(CURL_OFF_T_C(1), curl_off_t) || CURL_OFF_T_C(9223372036854775807) <= 0 ||
      (curl_off_t)-1 > 0) {
    printf("CURL_OFF_T_C does not make a curl_off_t\n");
    bad++;
  }
  if (!IS_TYPE(CURL_ZERO_TERMINATED, size_t) || CURL_ZERO_TERMINATED + 1 != 0) {
    printf("CURL_ZERO_TERMINATED is not the largest size_t\n");
    bad++;
  }
  return bad;
}

int main(int argc, char **argv)
{
  int bad;

  if (argc > 1 && !strcmp(argv[1], "--dump")) {
    dump();
    return 0;
  }
  bad = check_numbers() + check_types() + check_places() + check_others();
  printf("%zu numbers, %zu prototypes, %zu places: %d wrong\n", COUNT(numbers), COUNT(types),
         COUNT(places), bad);
  return bad != 0;
}
