/* CURLOPT_MIMEPOST and CURLOPT_HTTPPOST as a request body. */
#ifndef SL_XFER_MIME_BODY_H
#define SL_XFER_MIME_BODY_H

#include "base/buf.h"
#include "base/result.h"

struct transfer;

sl_result sl_mime_body(struct transfer *t);                 /* sets t->source */
void sl_mime_fields(struct transfer *t, struct buf *dst);   /* Content-Type with the boundary */

#endif
