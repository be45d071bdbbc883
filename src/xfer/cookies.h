/* The cookie engine of a transfer: the store of the handle (or of its share), files, and what of it a request sends. */
#ifndef SL_XFER_COOKIES_H
#define SL_XFER_COOKIES_H

#include "base/buf.h"
#include "base/result.h"

struct transfer;
struct easy;

/* Appends the Cookie field: the store's cookies for this request and CURLOPT_COOKIE. */
sl_result sl_cookies_request(struct transfer *t, struct buf *dst);
sl_result sl_cookies_response(struct transfer *t, struct slice value); /* one Set-Cookie value */
sl_result sl_cookies_begin(struct transfer *t); /* CURLOPT_COOKIEFILE is read when the first transfer begins */
sl_result sl_cookies_dup(struct easy *from, struct easy *to); /* curl_easy_duphandle() copies the cookies */
void sl_cookies_free(struct easy *e);           /* writes CURLOPT_COOKIEJAR */

#endif
