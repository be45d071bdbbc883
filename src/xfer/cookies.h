/* The cookie engine: the jar of the handle (or of its share), its files, and what of it a request sends. */
#ifndef SL_XFER_COOKIES_H
#define SL_XFER_COOKIES_H

#include "base/buf.h"
#include "base/result.h"

struct transfer;
struct easy;
struct cookie_store;

/* Appends the Cookie field: the jar's cookies for this request, then CURLOPT_COOKIE. */
sl_result sl_cookies_request(struct transfer *t, struct buf *dst);
sl_result sl_cookies_response(struct transfer *t, struct slice value); /* one Set-Cookie value */
sl_result sl_cookies_begin(struct transfer *t); /* reads the CURLOPT_COOKIEFILE names that have not been read yet */
void sl_cookies_free(struct easy *e);           /* writes CURLOPT_COOKIEJAR */
struct cookie_store *sl_cookie_store_new(void);
void sl_cookie_store_free(struct cookie_store *s);

#endif
