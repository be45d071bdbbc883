/*
 * options_test.c: does the library's table of options agree with the facts?
 *
 * Every option is there under its name, in any case, and its number, with its kind; nothing else
 * is there but older names, marked as such, of numbers that are there. Needs the library.
 */
#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* What the library calls the kinds of facts.h. */
enum {
  KIND_LONG = CURLOT_LONG,
  KIND_VALUES = CURLOT_VALUES,
  KIND_OFF_T = CURLOT_OFF_T,
  KIND_OBJECTPOINT = CURLOT_OBJECT,
  KIND_STRINGPOINT = CURLOT_STRING,
  KIND_SLISTPOINT = CURLOT_SLIST,
  KIND_CBPOINT = CURLOT_CBPTR,
  KIND_BLOB = CURLOT_BLOB,
  KIND_FUNCTIONPOINT = CURLOT_FUNCTION
};

struct fact {
  const char *name; /* without CURLOPT_ */
  CURLoption id;
  int kind;
};

static const struct fact facts[] = {
#define OPTION(name, kind, number) {&#name[8], name, KIND_##kind},
#include "facts.h"
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

static int wrong(const char *name, const char *what)
{
  printf("%s: %s\n", name, what);
  return 1;
}

static int check_fact(const struct fact *fact)
{
  const struct curl_easyoption *row = curl_easy_option_by_name(fact->name);
  char lower[64];
  size_t i;

  if (!row) {
    return wrong(fact->name, "not there");
  }
  if (strcmp(row->name, fact->name) != 0 || row->id != fact->id) {
    return wrong(fact->name, "another name or number");
  }
  if ((int)row->type != fact->kind) {
    return wrong(fact->name, "another kind");
  }
  if (row->flags & CURLOT_FLAG_ALIAS) {
    return wrong(fact->name, "marked as an older name");
  }
  if (curl_easy_option_by_id(fact->id) != row) {
    return wrong(fact->name, "not found by its number");
  }
  for (i = 0; fact->name[i] && i < sizeof(lower) - 1; i++) {
    lower[i] = (char)tolower((unsigned char)fact->name[i]);
  }
  lower[i] = 0;
  if (curl_easy_option_by_name(lower) != row) {
    return wrong(fact->name, "not found in lower case");
  }
  return 0;
}

static int check_row(const struct curl_easyoption *row)
{
  const struct curl_easyoption *main_row = curl_easy_option_by_id(row->id);
  size_t i;

  if (!main_row) {
    return wrong(row->name, "a number that is not there");
  }
  if (row->flags & CURLOT_FLAG_ALIAS) {
    if (main_row == row || main_row->type != row->type) {
      return wrong(row->name, "not an older name of the same option");
    }
    return 0;
  }
  for (i = 0; i < FACTS; i++) {
    if (facts[i].id == row->id) {
      return strcmp(facts[i].name, row->name) ? wrong(row->name, "an older name, not marked") : 0;
    }
  }
  return wrong(row->name, "no such option");
}

int main(void)
{
  const struct curl_easyoption *row = NULL;
  size_t i, rows = 0;
  int bad = 0;

  for (i = 0; i < FACTS; i++) {
    bad += check_fact(&facts[i]);
  }
  while ((row = curl_easy_option_next(row)) != NULL) {
    bad += check_row(row);
    rows++;
  }
  if (rows < FACTS) {
    bad += wrong("curl_easy_option_next", "too few rows");
  }
  if (curl_easy_option_by_name("CURLOPT_URL") || curl_easy_option_by_name("") ||
      curl_easy_option_by_name("UR") || curl_easy_option_by_id((CURLoption)0) ||
      curl_easy_option_by_id((CURLoption)9999) || curl_easy_option_by_id(CURLOPT_LASTENTRY)) {
    bad += wrong("curl_easy_option_by_name, _by_id", "found what does not exist");
  }
  printf("%zu options, %zu rows: %d wrong\n", FACTS, rows, bad);
  return bad != 0;
}
