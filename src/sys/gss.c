/* See gss.h. The only file that loads a library, and that calls GSSAPI. */
#include "sys/gss.h"

#include <curl/curl.h>
#include <dlfcn.h>

#include "base/mem.h"
#include "sys/gss_library.h"
#include "sys/thread.h"

enum { NAME_MAX_BYTES = 64 * 1024 };

struct gss {
  gss_ctx_id_t ctx;
  gss_name_t peer;
  OM_uint32 flags;
  bool complete;
  size_t bindings_n;
  unsigned char bindings[];
};

/* 1.3.6.1.5.5.2 and 1.2.840.113554.1.2.1.4: the library's own constants are data, which is not
 * looked up. */
static gss_OID_desc spnego = {6, (void *)(uintptr_t) "\x2b\x06\x01\x05\x05\x02"};
static gss_OID_desc hostbased_service = {
    10, (void *)(uintptr_t) "\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04"};

/* ---- the library ---- */

static struct once once = ONCE_INIT;
static const struct gss_library *library; /* written below `once` only; NULL: there is none */

static void load(void)
{
  static struct gss_library found;
  void *so = library ? NULL : dlopen("libgssapi_krb5.so.2", RTLD_NOW | RTLD_LOCAL);
  if (!so)
    return;
#define LOOK_UP(name)                                                                              \
  void *address_##name = dlsym(so, "gss_" #name);                                                  \
  memcpy(&found.name, &address_##name, sizeof found.name);                                         \
  if (!found.name)                                                                                 \
    return;
  SL_GSS_FUNCTIONS(LOOK_UP)
#undef LOOK_UP
  library = &found; /* it stays loaded: it keeps data of threads */
}

void sl_gss_use(const struct gss_library *other)
{
  library = other;
}

static bool available(void)
{
  sl_once(&once, load);
  return library != NULL;
}

static sl_result unavailable(struct buf *why)
{
  sl_buf_str(why, "libgssapi_krb5.so.2, which Kerberos needs, could not be loaded");
  return CURLE_AUTH_ERROR;
}

/* ---- texts ---- */

static void add_status(struct buf *why, OM_uint32 code, int kind)
{
  OM_uint32 minor, more = 0;
  do {
    gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
    if (GSS_ERROR(library->display_status(&minor, code, kind, GSS_C_NO_OID, &more, &text)))
      return;
    sl_buf_append(why, ". ", text.length && why->n ? 2 : 0);
    sl_buf_append(why, text.value, text.length);
    library->release_buffer(&minor, &text);
  } while (more);
}

/* "gss_init_sec_context() failed: what the standard says. What the mechanism says." */
static sl_result failed(struct buf *why, const char *function, OM_uint32 major, OM_uint32 minor)
{
  struct buf text;
  sl_buf_init(&text, 2048);
  add_status(&text, major, GSS_C_GSS_CODE);
  if (minor)
    add_status(&text, minor, GSS_C_MECH_CODE);
  sl_buf_printf(why, "%s() failed: %s", function, text.p ? text.p : "");
  sl_buf_done(&text);
  return CURLE_AUTH_ERROR;
}

/* ---- contexts ---- */

static sl_result import_peer(struct gss *g, const struct gss_params *p, struct buf *why)
{
  OM_uint32 minor;
  struct buf name;
  sl_buf_init(&name, NAME_MAX_BYTES);
  sl_buf_str(&name, p->service);
  sl_buf_char(&name, '@');
  sl_buf_add(&name, p->host);
  sl_result rc = sl_buf_result(&name, CURLE_TOO_LARGE);
  if (!rc) {
    gss_buffer_desc text = {name.n, name.p};
    OM_uint32 major = library->import_name(&minor, &text, &hostbased_service, &g->peer);
    if (GSS_ERROR(major))
      rc = failed(why, "gss_import_name", major, minor);
  }
  sl_buf_done(&name);
  return rc;
}

sl_result sl_gss_new(const struct gss_params *p, struct gss **out_gss, struct buf *why)
{
  if (!available())
    return unavailable(why);
  struct gss *g = sl_calloc(1, sizeof *g + p->bindings.n);
  if (!g)
    return SL_NOMEM;
  g->ctx = GSS_C_NO_CONTEXT;
  g->peer = GSS_C_NO_NAME;
  g->flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG;
  if (p->delegation & SL_GSS_DELEGATE_BY_POLICY)
    g->flags |= GSS_C_DELEG_POLICY_FLAG;
  if (p->delegation & SL_GSS_DELEGATE)
    g->flags |= GSS_C_DELEG_FLAG;
  g->bindings_n = p->bindings.n;
  if (p->bindings.n)
    memcpy(g->bindings, p->bindings.p, p->bindings.n);
  sl_result rc = import_peer(g, p, why);
  if (rc)
    sl_gss_free(g);
  else
    *out_gss = g;
  return rc;
}

void sl_gss_free(struct gss *g)
{
  OM_uint32 minor;
  if (!g)
    return;
  if (g->ctx != GSS_C_NO_CONTEXT)
    library->delete_sec_context(&minor, &g->ctx, GSS_C_NO_BUFFER);
  if (g->peer != GSS_C_NO_NAME)
    library->release_name(&minor, &g->peer);
  sl_free(g);
}

sl_result sl_gss_step(struct gss *g, struct slice token, struct buf *out, struct buf *why)
{
  OM_uint32 minor = 0, ignored;
  gss_buffer_desc in = {token.n, (void *)(uintptr_t)token.p}, reply = GSS_C_EMPTY_BUFFER;
  struct gss_channel_bindings_struct bindings = {.application_data = {g->bindings_n, g->bindings}};
  OM_uint32 major =
      library->init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &g->ctx, g->peer, &spnego, g->flags, 0,
                                g->bindings_n ? &bindings : GSS_C_NO_CHANNEL_BINDINGS,
                                token.n ? &in : GSS_C_NO_BUFFER, NULL, &reply, NULL, NULL);
  sl_result rc = SL_OK;
  if (GSS_ERROR(major))
    rc = failed(why, "gss_init_sec_context", major, minor);
  else if (!sl_buf_append(out, reply.value, reply.length))
    rc = sl_buf_result(out, CURLE_TOO_LARGE);
  g->complete = !rc && !(major & GSS_S_CONTINUE_NEEDED);
  library->release_buffer(&ignored, &reply);
  return rc;
}

bool sl_gss_complete(const struct gss *g)
{
  return g->complete;
}

/* By way of SPNEGO, so that it is the name of whatever mechanism has credentials. */
sl_result sl_gss_identity(struct buf *out)
{
  OM_uint32 minor;
  gss_cred_id_t cred = GSS_C_NO_CREDENTIAL;
  gss_name_t name = GSS_C_NO_NAME;
  gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
  gss_OID_set_desc mechanisms = {1, &spnego};
  if (!available() || GSS_ERROR(library->acquire_cred(&minor, GSS_C_NO_NAME, 0, &mechanisms,
                                                      GSS_C_INITIATE, &cred, NULL, NULL)))
    return SL_OK;
  if (!GSS_ERROR(library->inquire_cred(&minor, cred, &name, NULL, NULL, NULL)) &&
      name != GSS_C_NO_NAME && !GSS_ERROR(library->display_name(&minor, name, &text, NULL))) {
    sl_buf_append(out, text.value, text.length);
    library->release_buffer(&minor, &text);
  }
  if (name != GSS_C_NO_NAME)
    library->release_name(&minor, &name);
  library->release_cred(&minor, &cred);
  return sl_buf_result(out, CURLE_TOO_LARGE);
}
