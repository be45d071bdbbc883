/* What stands before the content of a part, and the type of the multipart that is the whole message. */
#ifndef SL_XFER_MIME_HEAD_H
#define SL_XFER_MIME_HEAD_H

#include "base/buf.h"
#include "xfer/mime.h"

struct mime_style {
  bool mail;                        /* else a form */
  bool backslash;                   /* CURLMIMEOPT_FORMESCAPE; mails always do it like that */
  const struct curl_slist *headers; /* the application's, for the message */
};

/* By its ending; NULL: not one of the few that are known, or name is NULL. */
const char *sl_mime_type_of_name(const char *name);

/* "Content-Type: ...; boundary=..." and CRLF. */
void sl_mime_root_type(const struct mime_style *style, const struct curl_mime *root, struct buf *dst);
/* The head of a mail, with the empty line. */
void sl_mime_root_head(const struct mime_style *style, const struct curl_mime *root, struct buf *dst);
/* The head of a part, with the empty line. */
void sl_mime_part_head(const struct mime_style *style, const struct curl_mimepart *p, struct buf *dst);

#endif
