/* A GSSAPI library of the tests' own. Its tokens are text: "1 alice HTTP@host delegated bound:7",
 * the number being the token's in its context. A peer's token is "more" (another one is wanted),
 * "done", or nonsense. Everything that it gives away is counted in fake_gss.live. */
#ifndef TESTS_UNIT_SYS_FAKE_GSS_H
#define TESTS_UNIT_SYS_FAKE_GSS_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sys/gss_library.h"

static struct {
  const char *user; /* whose tickets there are; NULL: nobody's */
  bool nameless;    /* but nobody says so */
  int live;
  int asked; /* calls of all functions that could talk to a KDC */
} fake_gss;

struct fake_context {
  int tokens;
};

static OM_uint32 fake_give(gss_buffer_t out, const char *text)
{
  out->value = strdup(text);
  out->length = strlen(text);
  fake_gss.live++;
  return GSS_S_COMPLETE;
}

static OM_uint32 fake_release_buffer(OM_uint32 *minor, gss_buffer_t b)
{
  *minor = 0;
  fake_gss.live -= b->value != NULL;
  free(b->value);
  *b = (gss_buffer_desc)GSS_C_EMPTY_BUFFER;
  return GSS_S_COMPLETE;
}

static gss_name_t fake_name(const void *text, size_t n)
{
  fake_gss.live++;
  return (gss_name_t)(void *)strndup(text, n);
}

static OM_uint32 fake_import_name(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
                                  gss_name_t *out)
{
  *minor = 0;
  if (type->length != 10 || memchr(text->value, '!', text->length))
    return GSS_S_BAD_NAME;
  *out = fake_name(text->value, text->length);
  return GSS_S_COMPLETE;
}

static OM_uint32 fake_display_name(OM_uint32 *minor, gss_name_t name, gss_buffer_t out,
                                   gss_OID *type)
{
  (void)type;
  *minor = 0;
  return fake_give(out, (const char *)(void *)name);
}

static OM_uint32 fake_release_name(OM_uint32 *minor, gss_name_t *name)
{
  *minor = 0;
  free((void *)*name);
  fake_gss.live--;
  *name = GSS_C_NO_NAME;
  return GSS_S_COMPLETE;
}

static OM_uint32 fake_acquire_cred(OM_uint32 *minor, gss_name_t name, OM_uint32 time,
                                   gss_OID_set mechanisms, gss_cred_usage_t usage,
                                   gss_cred_id_t *out_cred, gss_OID_set *mechs_out,
                                   OM_uint32 *time_out)
{
  (void)name, (void)time, (void)mechs_out, (void)time_out;
  *minor = 0;
  fake_gss.asked++;
  if (!fake_gss.user || usage != GSS_C_INITIATE || mechanisms->count != 1)
    return GSS_S_NO_CRED;
  fake_gss.live++;
  *out_cred = (gss_cred_id_t)(void *)strdup(fake_gss.user);
  return GSS_S_COMPLETE;
}

static OM_uint32 fake_release_cred(OM_uint32 *minor, gss_cred_id_t *cred)
{
  *minor = 0;
  free((void *)*cred);
  fake_gss.live--;
  *cred = GSS_C_NO_CREDENTIAL;
  return GSS_S_COMPLETE;
}

static OM_uint32 fake_inquire_cred(OM_uint32 *minor, gss_cred_id_t cred, gss_name_t *out_name,
                                   OM_uint32 *lifetime, gss_cred_usage_t *usage,
                                   gss_OID_set *mechanisms)
{
  const char *user = (const char *)(void *)cred;
  (void)lifetime, (void)usage, (void)mechanisms;
  *minor = 0;
  if (fake_gss.nameless)
    return GSS_S_FAILURE;
  *out_name = fake_name(user, strlen(user));
  return GSS_S_COMPLETE;
}

static OM_uint32 fake_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred, gss_ctx_id_t *ctx,
                                       gss_name_t peer, gss_OID mechanism, OM_uint32 flags,
                                       OM_uint32 time, gss_channel_bindings_t cb, gss_buffer_t in,
                                       gss_OID *mech_out, gss_buffer_t out, OM_uint32 *ret_flags,
                                       OM_uint32 *time_out)
{
  char text[256];
  struct fake_context *c = (struct fake_context *)(void *)*ctx;
  (void)cred, (void)time, (void)mech_out, (void)ret_flags, (void)time_out;
  *minor = 7;
  fake_gss.asked++;
  if (!fake_gss.user || mechanism->length != 6)
    return GSS_S_NO_CRED;
  if (!c) {
    c = calloc(1, sizeof *c);
    *ctx = (gss_ctx_id_t)(void *)c;
    fake_gss.live++;
  } else if (in && in->length == 4 && !memcmp(in->value, "done", 4)) {
    return GSS_S_COMPLETE;
  } else if (!in || in->length != 4 || memcmp(in->value, "more", 4)) {
    return GSS_S_DEFECTIVE_TOKEN;
  }
  int n = snprintf(text, sizeof text, "%d %s %s%s%s", ++c->tokens, fake_gss.user,
                   (const char *)(void *)peer, flags & GSS_C_DELEG_FLAG ? " delegated" : "",
                   flags & GSS_C_DELEG_POLICY_FLAG ? " by policy" : "");
  if (cb)
    snprintf(text + n, sizeof text - (size_t)n, " bound:%zu", cb->application_data.length);
  fake_give(out, text);
  return flags & GSS_C_MUTUAL_FLAG ? GSS_S_CONTINUE_NEEDED : GSS_S_COMPLETE;
}

static OM_uint32 fake_delete_sec_context(OM_uint32 *minor, gss_ctx_id_t *ctx, gss_buffer_t out)
{
  (void)out;
  *minor = 0;
  free((void *)*ctx);
  fake_gss.live--;
  *ctx = GSS_C_NO_CONTEXT;
  return GSS_S_COMPLETE;
}

static OM_uint32 fake_display_status(OM_uint32 *minor, OM_uint32 code, int kind, gss_OID mechanism,
                                     OM_uint32 *more, gss_buffer_t out)
{
  (void)mechanism;
  *minor = 0;
  *more = kind == GSS_C_GSS_CODE && !*more; /* two texts, and one of the mechanism */
  return fake_give(out, kind == GSS_C_MECH_CODE ? "Seven"
                        : !*more                ? "Really"
                        : code == GSS_S_NO_CRED ? "No tickets"
                                                : "Refused");
}

static const struct gss_library fake_library = {
    fake_import_name,    fake_display_name,   fake_release_name,     fake_acquire_cred,
    fake_inquire_cred,   fake_release_cred,   fake_init_sec_context, fake_delete_sec_context,
    fake_display_status, fake_release_buffer,
};

#endif
