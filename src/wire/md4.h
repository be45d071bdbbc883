/* MD4 (RFC 1320), which NTLM's password hash is made of; OpenSSL has it in its legacy provider
 * only. For nothing else. */
#ifndef SL_WIRE_MD4_H
#define SL_WIRE_MD4_H

#include <stddef.h>

void sl_md4(const unsigned char *bytes, size_t n, unsigned char out_digest[16]);

#endif
