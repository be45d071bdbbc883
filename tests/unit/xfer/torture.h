/* A scenario with every allocation failing in its turn. Nothing crashes or leaks (the sanitizers look), every descriptor
 * is closed once, and what fails says why. A scenario makes, uses and frees all of its handles, and checks what it got
 * when there was no error. */
#ifndef TESTS_UNIT_XFER_TORTURE_H
#define TESTS_UNIT_XFER_TORTURE_H

#include <curl/curl.h>

#include "base/mem.h"
#include "gate/ledger.h"
#include "tests/test.h"

enum { ROUNDS_MAX = 6000 };

/* `fail`: sl_mem_fail_after or sl_mem_fail_once. Servers are to be started before. */
TEST_UNUSED static void every_allocation(CURLcode (*scenario)(void), unsigned long (*fail)(unsigned long))
{
  CURLcode rc;
  unsigned long n = 0, tried, failed = 0;
  sl_ledger_strict(true);
  do {
    struct ledger_totals before = sl_ledger_totals();
    unsigned long bad = test_failed_checks;
    fail(++n);
    rc = scenario();
    tried = sl_mem_fail_after(0);
    struct ledger_totals after = sl_ledger_totals();
    CHECK_INT(after.opened - before.opened, after.closed - before.closed);
    if (rc)
      CHECK_INT(rc, CURLE_OUT_OF_MEMORY);
    failed += rc != CURLE_OK;
    if (test_failed_checks != bad) {
      printf("# that was allocation %lu\n", n);
      break;
    }
  } while (tried >= n && n < ROUNDS_MAX);
  CHECK_INT(rc, CURLE_OK);
  CHECK(n < ROUNDS_MAX);
  CHECK(failed > 10);
}

#endif
