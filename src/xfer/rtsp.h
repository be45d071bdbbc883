/* RTSP (RFC 2326): requests and responses are HTTP/1's in syntax, so http.c moves them; here is what differs: the head of
 * a request, sequence numbers and sessions, and interleaved frames between the messages. */
#ifndef SL_XFER_RTSP_H
#define SL_XFER_RTSP_H

#include "base/buf.h"
#include "xfer/transfer.h"

static inline bool sl_rtsp_is(const struct transfer *t)
{
  return t->proto->bit == CURLPROTO_RTSP;
}

sl_result sl_rtsp_request(struct transfer *t, struct buf *dst);
/* What is not HTTP: delivers frames, finds the response. *out_more: not enough of it is there. */
sl_result sl_rtsp_begins(struct transfer *t, struct slice *in, bool *out_more);
/* Fields of a response; nothing to other protocols. */
sl_result sl_rtsp_cseq(struct transfer *t, struct slice value);
sl_result sl_rtsp_session_field(struct transfer *t, struct slice value);

#endif
