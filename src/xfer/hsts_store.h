/* HSTS (RFC 6797) of a handle or its share: CURLOPT_HSTS, CURLOPT_HSTS_CTRL, the read and write callbacks, and the
 * switch from http to https. A field counts only when it came over TLS whose certificate was checked (8.1). A port 80
 * in the URL becomes 443 (8.3); any other stays. */
#ifndef SL_XFER_HSTS_STORE_H
#define SL_XFER_HSTS_STORE_H

#include "base/result.h"
#include "base/slice.h"

struct transfer;
struct easy;
struct hsts_store;

/* t->url and t->host are new: an http URL becomes an https URL when its host is in the store. The first call of a
 * handle fills the store. */
sl_result sl_hsts_upgrade(struct transfer *t);
sl_result sl_hsts_response(struct transfer *t, struct slice value); /* one Strict-Transport-Security value */
void sl_hsts_free(struct easy *e); /* writes CURLOPT_HSTS and calls the write callback */
void sl_hsts_store_free(struct hsts_store *s);

#endif
