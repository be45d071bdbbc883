/* What the SASL mechanisms say (RFC 4422), as plain bytes: PLAIN (RFC 4616), CRAM-MD5 (RFC 2195), DIGEST-MD5
 * (RFC 2831), OAUTHBEARER (RFC 7628) and Google's XOAUTH2. NTLM is in wire/ntlm.h; EXTERNAL and LOGIN have no form.
 * All append to a buffer; CURLE_TOO_LARGE: beyond its maximum. CURLE_AUTH_ERROR: OpenSSL lacks the hash, or a name or
 * token would end its field too early. */
#ifndef SL_WIRE_SASL_MSG_H
#define SL_WIRE_SASL_MSG_H

#include <stdint.h>

#include "base/buf.h"

sl_result sl_sasl_plain(struct slice authzid, struct slice user, struct slice password, struct buf *out);
sl_result sl_sasl_cram_md5(struct slice user, struct slice password, struct slice challenge, struct buf *out);
sl_result sl_sasl_oauthbearer(struct slice user, struct slice host, uint16_t port, struct slice token, struct buf *out);
sl_result sl_sasl_xoauth2(struct slice user, struct slice token, struct buf *out);

struct sasl_digest {
  struct slice user, password;
  struct slice service, host; /* "imap", of the server */
  struct slice cnonce;        /* random, without quotes */
};
enum { SL_SASL_RSPAUTH = 32 }; /* hexadecimal digits */
/* The answer to a challenge, and the proof that the server is to give. CURLE_BAD_CONTENT_ENCODING: no challenge, or
 * none without encryption (qop "auth"). */
sl_result sl_sasl_digest_md5(const struct sasl_digest *d, struct slice challenge, struct buf *out,
                             char out_rspauth[SL_SASL_RSPAUTH]);
bool sl_sasl_digest_md5_proved(struct slice challenge, const char rspauth[SL_SASL_RSPAUTH]);

#endif
