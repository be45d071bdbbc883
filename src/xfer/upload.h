/* What the source gives, as it is, over a connection: for protocols whose uploads have no framing of their own. */
#ifndef SL_XFER_UPLOAD_H
#define SL_XFER_UPLOAD_H

#include "base/buf.h"

struct conn;
struct transfer;

struct upload {
  struct buf pending; /* bytes that the stream would not take */
  bool ended;         /* the source has given all */
};

void sl_upload_init(struct upload *u);
void sl_upload_done(struct upload *u); /* usable afterwards */
/* SL_OK: all is written. SL_WAIT: for the stream, the application or a limit on the speed. */
sl_result sl_upload_step(struct transfer *t, struct conn *c, struct upload *u);

#endif
