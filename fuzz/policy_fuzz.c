/* Texts of policies. What is read must answer each question the same way twice, say where it
 * decided, and deny what it does not know; what is not read must say where it is wrong. */
#include <stdlib.h>

#include "gate/policy.h"

static void ask(const struct policy *p, const char *address, uint16_t port, unsigned lines)
{
  static const struct ip6 self[] = {{0, 0xffff08080808}};
  struct gate_addr a;
  struct policy_verdict v, again;
  if (!(address[0] == '/' ? sl_addr_unix(&a, slice_str(address), false)
                          : sl_addr_literal(&a, slice_str(address), port)))
    abort();
  struct policy_question q = {.address = &a.u.sa,
                              .address_len = a.len,
                              .purpose = (enum gate_purpose)(port % 7),
                              .proto = port & 1 ? POLICY_TCP : POLICY_UDP,
                              .scheme = SLICE_LIT("http"),
                              .self = self,
                              .self_count = 1};
  sl_policy_check(p, &q, &v);
  sl_policy_check(p, &q, &again);
  if (v.allow != again.allow || v.line != again.line || v.rule != again.rule || !v.rule ||
      !v.class_name || v.line > lines || (v.rules_allow && !v.allow))
    abort();
  a.u.sa.sa_family = 99;
  sl_policy_check(p, &q, &v);
  if (v.rules_allow && strcmp(v.rule, "mode open") != 0)
    abort();
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  static const char *const addresses[] = {"8.8.8.8",
                                          "10.0.0.1",
                                          "169.254.169.254",
                                          "255.255.255.255",
                                          "0.0.0.0",
                                          "::",
                                          "::1",
                                          "::ffff:10.0.0.1",
                                          "64:ff9b::8.8.8.8",
                                          "2002:a00:1::",
                                          "2a00::1",
                                          "fe80::5efe:10.0.0.1",
                                          "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                                          "/run/x",
                                          "/run/../x"};
  struct policy *p = NULL;
  struct policy_error e = {0};
  unsigned lines = 1;
  for (size_t i = 0; i < size; i++)
    lines += data[i] == '\n';
  sl_result result = sl_policy_parse(slice_of((const char *)data, size), &p, &e);
  if (result) {
    if (p || result != SL_POLICY_BAD_TEXT || !e.line || e.line > lines || !e.column ||
        e.column > size + 1 || !e.text[0])
      abort();
    return 0;
  }
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    ask(p, addresses[i], 80, lines);
    ask(p, addresses[i], 65535, lines);
    ask(p, addresses[i], 0, lines);
  }
  sl_policy_free(p);
  return 0;
}
