/* The functions of the GSSAPI library that sys/gss.c calls, as a table: they are looked up when the
 * library is loaded, and a test puts its own in their place. RFC 2744. */
#ifndef SL_SYS_GSS_LIBRARY_H
#define SL_SYS_GSS_LIBRARY_H

#include <gssapi/gssapi.h>

#define SL_GSS_FUNCTIONS(X)                                                                        \
  X(import_name)                                                                                   \
  X(display_name)                                                                                  \
  X(release_name)                                                                                  \
  X(acquire_cred)                                                                                  \
  X(inquire_cred)                                                                                  \
  X(release_cred)                                                                                  \
  X(init_sec_context)                                                                              \
  X(delete_sec_context)                                                                            \
  X(display_status)                                                                                \
  X(release_buffer)

struct gss_library {
#define SL_GSS_MEMBER(name) __typeof__(&gss_##name) name;
  SL_GSS_FUNCTIONS(SL_GSS_MEMBER)
#undef SL_GSS_MEMBER
};

/* For tests, before anything else is called; lives as long as the process. */
void sl_gss_use(const struct gss_library *library);

#endif
