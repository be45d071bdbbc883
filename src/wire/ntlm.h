/* NTLM messages (MS-NLMP): type 1, the server's type 2, type 3 with NTLMv2 when the server offers
 * extended session security, else with LM and NTLMv1 responses. All as base64, the way HTTP and
 * SASL carry them. Names and passwords are taken as Latin-1 for UTF-16, as libcurl does. */
#ifndef SL_WIRE_NTLM_H
#define SL_WIRE_NTLM_H

#include <stdint.h>

#include "base/buf.h"

enum { SL_NTLM_ENTROPY = 8 };

/* What a type 2 message says. */
struct ntlm_challenge {
  uint32_t flags;
  unsigned char nonce[8];
  unsigned char *target_info; /* owned */
  uint16_t target_info_n;
};

/* Appends the type 1 message. */
sl_result sl_ntlm_negotiate(struct buf *out);

/* CURLE_BAD_CONTENT_ENCODING: no type 2 message. */
sl_result sl_ntlm_challenge_parse(struct slice base64, struct ntlm_challenge *out_challenge);
void sl_ntlm_challenge_done(struct ntlm_challenge *c);

/* Appends the type 3 message. `user`: "user", "domain\user" or "domain/user". `entropy` is random,
 * `now_s` the time; both go into NTLMv2 responses. CURLE_TOO_LARGE: names of some 900 bytes
 * (UTF-16: 450) and more; CURLE_AUTH_ERROR: OpenSSL refuses. */
sl_result sl_ntlm_authenticate(const struct ntlm_challenge *c, struct slice user,
                               struct slice password, const unsigned char entropy[SL_NTLM_ENTROPY],
                               int64_t now_s, struct buf *out);

#endif
