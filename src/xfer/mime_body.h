/* CURLOPT_MIMEPOST and CURLOPT_HTTPPOST as a request body: the glue between a mime_reader and a transfer's source. */
#ifndef SL_XFER_MIME_BODY_H
#define SL_XFER_MIME_BODY_H

#include "base/buf.h"
#include "base/result.h"

struct transfer;

/* Sets t->source, rewound and measured: its size is -1 when it is not known. May be called for every request. */
sl_result sl_mime_body(struct transfer *t);               /* as a form */
sl_result sl_mime_mail(struct transfer *t);               /* as a mail, CURLOPT_HTTPHEADER in front */
void sl_mime_fields(struct transfer *t, struct buf *dst); /* of a form: Content-Type with the boundary */

#endif
