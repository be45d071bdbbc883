/* What this library was loaded as. */
#ifndef SL_SYS_SELF_H
#define SL_SYS_SELF_H

#include <stdbool.h>

/* True in libcurl-gnutls.so.4: programs that ask for that name expect what was built for it. */
bool sl_self_is_gnutls_flavour(void);

#endif
