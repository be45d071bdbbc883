/* The lists that curl_formadd() builds, as trees of MIME parts. */
#ifndef SL_XFER_MIME_FORM_H
#define SL_XFER_MIME_FORM_H

#include "xfer/mime.h"

/* A tree that belongs to nobody and borrows the form's contents and header lists. `read` is for CURLFORM_STREAM; NULL:
 * such fields are empty. CURLE_READ_ERROR: a file is not there; SL_NOMEM. */
sl_result sl_mime_from_form(const struct curl_httppost *form, curl_read_callback read, struct curl_mime **out_mime);

#endif
