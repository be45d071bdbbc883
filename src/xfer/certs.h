/* CURLOPT_CERTINFO: the peer's chain as lists of "name:value". */
#ifndef SL_XFER_CERTS_H
#define SL_XFER_CERTS_H

#include "tls/tls.h"
#include "xfer/easy.h"

sl_result sl_certs_take(struct easy *e, const struct tls_conn *tls);
void sl_certs_free(struct easy *e);

#endif
