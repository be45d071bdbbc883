/* RTSP (RFC 2326): what its messages have beyond HTTP/1's syntax. */
#ifndef SL_WIRE_RTSP_H
#define SL_WIRE_RTSP_H

#include <stdint.h>

#include "base/result.h"
#include "base/slice.h"

enum { RTSP_FRAME_HEAD = 4 };

/* 10.12: an interleaved frame, "$", channel, length in network order, data; *out_frame is all of it.
 * SL_PARSE_MORE: not all of it is there. SL_PARSE_BAD: something else begins here. */
enum sl_parse sl_rtsp_frame(struct slice *in, struct slice *out_frame);

/* 7.1: does a response begin here, "RTSP/1.0 200 OK"? *out_status is its code. */
enum sl_parse sl_rtsp_status(struct slice in, uint16_t *out_status);

/* 12.37: the identifier in a Session field, without its parameters. Empty: there is none. */
struct slice sl_rtsp_session(struct slice value);

#endif
