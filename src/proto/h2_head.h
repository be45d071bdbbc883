/* A head as HTTP/2 fields. Heads are built as the text of HTTP/1, for all versions alike, so that the same options have
 * the same effect; here its lines become fields, without those that are about one connection.
 * RFC 9113 8.2.2, 8.3.1, 8.5. */
#ifndef SL_PROTO_H2_HEAD_H
#define SL_PROTO_H2_HEAD_H

#include "proto/h2_session.h"

enum h2_head_kind {
  H2_HEAD_REQUEST,
  H2_HEAD_CONNECT, /* the request line has the authority; there is no scheme and no path */
  H2_HEAD_TRAILERS /* field lines only */
};

enum { H2_HEAD_FEW = 48 };

/* Fields lie in the text that they were taken from. */
struct h2_head {
  struct h2_field *fields;
  size_t n, cap;
  struct slice authority;
  struct h2_field few[H2_HEAD_FEW];
};

/* CURLE_TOO_LARGE, or SL_NOMEM; on failure there is nothing to free. `scheme` is of a request. */
sl_result sl_h2_head_take(struct h2_head *h, enum h2_head_kind kind, struct slice scheme, struct slice text);
void sl_h2_head_done(struct h2_head *h);

#endif
