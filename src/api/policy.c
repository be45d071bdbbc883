/* sluice_policy_*: egress policies for programs that ask by themselves. A struct sluice_policy is
 * the gate's struct policy under its public name. */
#include <netinet/in.h>
#include <sluice/sluice.h>

#include "base/mem.h"
#include "gate/own.h"
#include "gate/event.h"
#include "gate/policy.h"
#include "sys/file.h"

static void tell(struct sluice_policy_error *out, const struct policy_error *error)
{
  _Static_assert(sizeof out->text == sizeof error->text, "it is copied as a whole");
  if (!out || out->size < sizeof *out)
    return;
  out->line = error->line;
  out->column = error->column;
  memcpy(out->text, error->text, sizeof out->text);
}

static void tell_words(struct sluice_policy_error *out, const char *words)
{
  struct policy_error error = {0};
  size_t n = strlen(words);
  memcpy(error.text, words, n < sizeof error.text ? n : sizeof error.text - 1);
  tell(out, &error);
}

CURLcode sluice_policy_parse(const char *text, size_t len, struct sluice_policy **policy,
                             struct sluice_policy_error *error)
{
  struct policy *parsed;
  struct policy_error why = {0};
  if (!policy || (!text && len)) {
    tell_words(error, "no text, or nowhere to put the policy");
    return CURLE_BAD_FUNCTION_ARGUMENT;
  }
  sl_result result = sl_policy_parse(slice_of(text, len), &parsed, &why);
  if (result) {
    tell(error, &why);
    return (CURLcode)result;
  }
  *policy = (struct sluice_policy *)parsed;
  return CURLE_OK;
}

CURLcode sluice_policy_load(const char *path, struct sluice_policy **policy,
                            struct sluice_policy_error *error)
{
  struct buf text;
  CURLcode code;
  sl_buf_init(&text, SL_POLICY_TEXT_MAX);
  if (!path) {
    tell_words(error, "no path");
    return CURLE_BAD_FUNCTION_ARGUMENT;
  }
  code = (CURLcode)sl_file_read(path, &text);
  if (code == CURLE_OK)
    code = sluice_policy_parse(text.p, text.n, policy, error);
  else if (code == CURLE_OUT_OF_MEMORY)
    tell_words(error, "out of memory");
  else
    tell_words(error, code == CURLE_FILESIZE_EXCEEDED ? "the policy is larger than 16 MiB"
                                                      : "the file can not be read");
  sl_buf_done(&text);
  return code;
}

/* ---- the question
 * -------------------------------------------------------------------------------- */

CURLcode sluice_policy_check(const struct sluice_policy *policy,
                             const struct sluice_policy_question *question,
                             struct sluice_policy_verdict *verdict)
{
  const struct policy *p = (const struct policy *)policy;
  struct policy_verdict v;
  struct own own = {0};
  if (!p || !question || question->size < sizeof *question || !question->address || !verdict ||
      verdict->size < sizeof *verdict)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  struct policy_question q = {
      .address = question->address,
      .address_len = question->address_len,
      .proto = question->protocol == IPPROTO_UDP ? POLICY_UDP : POLICY_TCP,
      .purpose = sl_event_purpose_of(question->purpose),
      .scheme = slice_str(question->scheme),
  };
  if (sl_policy_wants_self(p) && sl_own_read(&own)) {
    q.self = own.list;
    q.self_count = own.n;
  }
  sl_policy_check(p, &q, &v);
  sl_free(own.list);
  verdict->allow = v.allow;
  verdict->rules_allow = v.rules_allow;
  verdict->address_class = v.class_name;
  verdict->line = v.line;
  verdict->rule = v.rule;
  return CURLE_OK;
}

struct sluice_policy *sluice_policy_ref(struct sluice_policy *policy)
{
  return (struct sluice_policy *)sl_policy_ref((struct policy *)policy);
}

void sluice_policy_free(struct sluice_policy *policy)
{
  sl_policy_free((struct policy *)policy);
}

const char *sluice_policy_preset(const char *name)
{
  return name ? sl_policy_preset(slice_str(name)) : NULL;
}
