/* Channel bindings: what ties an authentication inside of TLS to this very connection. RFC 5929 4.
 */
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "tls/conn.h"

/* The certificate's hash by the algorithm of its signature, SHA-256 in place of MD5 and SHA-1.
 * Signatures without exactly one (Ed25519) have no binding. */
size_t sl_tls_end_point(const struct tls_conn *conn, unsigned char dst[SL_TLS_END_POINT_MAX])
{
  X509 *leaf = SSL_get0_peer_certificate(conn->ssl);
  int hash = NID_undef;
  unsigned n = 0;
  if (!leaf || !X509_get_signature_info(leaf, &hash, NULL, NULL, NULL))
    return 0;
  if (hash == NID_md5 || hash == NID_sha1)
    hash = NID_sha256;
  const EVP_MD *md = EVP_get_digestbynid(hash);
  return md && X509_digest(leaf, md, dst, &n) ? n : 0;
}
