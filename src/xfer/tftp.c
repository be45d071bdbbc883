/* tftp: URLs. Moves the packets of proto/tftp.h over one UDP socket of the gate.
 *
 * The server answers from a port of its own (its transfer identifier, RFC 1350 4), so the socket stays unconnected and
 * every datagram's sender is compared: with the peer's address, and from the first good answer on with its port, too.
 * Whatever comes from elsewhere changes nothing. Nothing of this passes a proxy. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "base/text.h"
#include "loop/scratch.h"
#include "proto/tftp.h"
#include "stream/bind.h"
#include "wire/encode.h"
#include "xfer/body.h"
#include "xfer/lookup.h"
#include "xfer/protos.h"
#include "xfer/share.h"
#include "xfer/transfer.h"

enum {
  ROUNDS = 64,          /* datagrams before others get their turn */
  ERRORS = 16,          /* of the socket's error queue at a time */
  PATIENCE_MS = 300000, /* without CURLOPT_CONNECTTIMEOUT */
  SAID_MAX = 128        /* of a server's text in verbose output */
};

enum phase { RESOLVING, OPENING, TALKING };

struct tftp_xfer {
  struct transfer *t;
  struct tftp talk;
  struct timer timer;        /* the next repetition; while resolving: the end of that */
  struct dns_waiter waiter;
  struct dns_answer *answer; /* owned; NULL: `literal` it is */
  struct gate_addr literal;
  struct gate_addr peer;     /* whom we talk to, with its port */
  const char *host;          /* in the transfer's arena */
  uint32_t scope;
  size_t given;              /* bytes of the block that is being read from the application */
  unsigned tried;            /* addresses */
  uint16_t port;
  uint8_t phase;             /* enum phase */
  uint8_t says;              /* enum tftp_says */
  bool asked;                /* the resolver */
  bool connected;            /* by the application: the kernel compares the senders */
  bool known;                /* peer's port is the server's identifier */
  bool held;                 /* the sink has the block, the application not yet */
};

static struct tftp_xfer *of(struct transfer *t)
{
  return t->proto_data;
}

static void resolved(struct dns_waiter *w)
{
  sl_transfer_wake(w->owner);
}

static void timer_due(struct timer *timer)
{
  sl_transfer_run(timer->owner);
}

static void set_timer(struct transfer *t, int64_t at_us)
{
  struct tftp_xfer *x = of(t);
  if (x->timer.node.at && x->timer.node.key == at_us)
    return;
  if (!sl_timer_set(&t->multi->reactor, &x->timer, at_us))
    sl_job_post(&t->multi->reactor, &t->job); /* look again at once rather than never */
}

/* ---- the end of it ---- */

static void close_socket(struct transfer *t)
{
  struct conn *c = t->conn;
  t->conn = NULL;
  sl_conn_free(c, false);
}

static ssize_t send_to(const struct transfer *t, const void *p, size_t n, const struct sockaddr *to, socklen_t len)
{
  ssize_t sent;
  do
    sent = sendto(t->conn->tcp->sock.fd, p, n, MSG_NOSIGNAL, to, len);
  while (sent < 0 && errno == EINTR);
  return sent;
}

static ssize_t send_talk(const struct transfer *t, struct tftp_xfer *x)
{
  x->talk.send = false;
  return send_to(t, x->talk.packet, x->talk.packet_n, x->connected ? NULL : &x->peer.u.sa,
                 x->connected ? 0 : x->peer.len);
}

static void tftp_cleanup(struct transfer *t)
{
  struct tftp_xfer *x = of(t);
  if (!x)
    return;
  if (t->conn && x->talk.answered && x->says != TFTP_DONE && x->says != TFTP_FAILED) {
    sl_tftp_stop(&x->talk); /* best effort; else it would repeat itself for a while */
    (void)send_talk(t, x);
  }
  sl_dns_cancel(&x->waiter);
  sl_dns_answer_drop(x->answer);
  sl_timer_clear(&t->multi->reactor, &x->timer);
  sl_tftp_done(&x->talk);
  sl_free(x);
  t->proto_data = NULL;
  t->want = 0;
}

static sl_result tftp_finish(struct transfer *t, sl_result result)
{
  tftp_cleanup(t);
  return result;
}

/* ---- the beginning ---- */

/* ";mode=..." ends the path: RFC 3617. */
static struct slice take_mode(struct slice path, bool *netascii)
{
  for (size_t at = 0; at < path.n; at++) {
    struct slice rest = slice_from(path, at);
    if (!sl_text_istarts(rest, SLICE_LIT(";mode=")))
      continue;
    char letter = rest.n > 6 ? sl_lower(rest.p[6]) : 0;
    if (letter == 'n' || letter == 'a')
      *netascii = true;
    else if (letter == 'o' || letter == 'i')
      *netascii = false;
    return slice_head(path, at);
  }
  return path;
}

static int64_t patience_s(const struct transfer *t)
{
  const struct io_config *io = &t->easy->set.io;
  int64_t ms = io->connecttimeout_ms ? io->connecttimeout_ms : PATIENCE_MS;
  int64_t left_ms = io->timeout_ms - (t->multi->reactor.now_us - t->start_us) / 1000;
  if (io->timeout_ms && left_ms < ms)
    ms = left_ms;
  return (ms + 500) / 1000;
}

static sl_result make_request(struct transfer *t, struct tftp_xfer *x)
{
  const struct settings *set = &t->easy->set;
  bool netascii = set->io.transfertext, upload = set->http->method == SL_HTTP_PUT && !set->io.nobody;
  struct slice path = take_mode(t->url->path, &netascii);
  struct buf name;
  unsigned blksize = set->io.tftp_blksize ? set->io.tftp_blksize : TFTP_BLOCK;
  if (path.n && *path.p == '/')
    path = slice_from(path, 1);
  if (!set->io.tftp_no_options && (blksize < TFTP_BLOCK_MIN || blksize > TFTP_BLOCK_MAX))
    return sl_fail(t, CURLE_TFTP_ILLEGAL, "TFTP block size %u is not between %d and %d", blksize, TFTP_BLOCK_MIN,
                   TFTP_BLOCK_MAX);
  sl_buf_init(&name, SL_URL_MAX);
  bool valid = sl_encode_from_percent(path, SL_PERCENT_NO_ZERO, &name);
  bool nomem = name.nomem;
  const char *file = valid ? sl_arena_str(&t->arena, sl_buf_peek(&name)) : NULL;
  struct slice file_name = slice_of(file, name.n);
  sl_buf_done(&name);
  if (!valid && !nomem)
    return sl_fail(t, CURLE_URL_MALFORMAT, "A zero byte in the path");
  if (!file)
    return SL_NOMEM;
  struct tftp_request request = {
      .file = file_name,
      .write = upload,
      .netascii = netascii,
      .options = !set->io.tftp_no_options,
      .tsize = upload && set->io.infilesize > 0 ? set->io.infilesize : 0,
      .blksize = (uint16_t)blksize,
  };
  sl_result rc = sl_tftp_init(&x->talk, &request, patience_s(t));
  return rc == CURLE_TFTP_ILLEGAL ? sl_fail(t, rc, "TFTP filename too long") : rc;
}

static sl_result make_route(struct transfer *t, struct tftp_xfer *x)
{
  struct route r;
  sl_result rc = sl_route_make(t, &t->arena, &r);
  if (rc)
    return rc;
  if (r.proxy.set || r.pre.set)
    return sl_fail(t, CURLE_UNSUPPORTED_PROTOCOL, "TFTP is not supported through a proxy");
  if (r.unix_path)
    return sl_fail(t, CURLE_COULDNT_CONNECT, "TFTP is not supported through a Unix socket");
  x->host = sl_arena_str(&t->arena, r.to_host);
  x->port = r.to_port;
  x->scope = r.scope;
  return x->host ? SL_OK : SL_NOMEM;
}

static sl_result tftp_start(struct transfer *t)
{
  const struct io_config *io = &t->easy->set.io;
  tftp_cleanup(t);
  struct tftp_xfer *x = sl_calloc(1, sizeof *x);
  if (!x)
    return SL_NOMEM;
  t->proto_data = x;
  t->dial_us = t->multi->reactor.now_us;
  t->body_ended = false;
  x->t = t;
  x->timer.fn = timer_due;
  x->timer.owner = t;
  sl_dns_waiter_init(&x->waiter, resolved, t);
  sl_sink_reset(&t->sink);
  sl_source_none(&t->source);
  sl_result rc = make_route(t, x);
  if (!rc)
    rc = make_request(t, x);
  if (!rc && x->talk.request.write) {
    sl_source_callback(&t->source, io->readfunction, io->readdata, io->infilesize);
    t->source.crlf = io->crlf;
    t->progress.ul_total = io->infilesize;
  }
  return rc;
}

/* ---- the address ---- */

static sl_result look_up(struct transfer *t, struct tftp_xfer *x)
{
  int only = sl_lookup_family(t);
  struct lookup what = {slice_str(x->host), x->port, only, false};
  if (sl_addr_literal(&x->literal, what.host, x->port) && !t->easy->set.dns->resolve)
    return only == AF_UNSPEC || only == x->literal.family
               ? SL_OK
               : sl_fail(t, CURLE_COULDNT_CONNECT, "%s is not an address of IPv%d", x->host, only == AF_INET ? 4 : 6);
  x->literal.family = AF_UNSPEC;
  return sl_lookup(t, &what, &x->waiter, &x->answer);
}

static sl_result resolve(struct transfer *t, struct tftp_xfer *x)
{
  int32_t limit_ms = t->easy->set.io.connecttimeout_ms ? t->easy->set.io.connecttimeout_ms : PATIENCE_MS;
  int64_t end_us = t->dial_us + (int64_t)limit_ms * 1000;
  sl_result rc = SL_OK;
  if (!x->asked) {
    x->asked = true;
    rc = look_up(t, x);
  } else if (x->waiter.done) {
    rc = x->waiter.result;
    x->answer = rc ? NULL : sl_dns_answer_take(x->waiter.answer);
  } else if (t->multi->reactor.now_us >= end_us) {
    return sl_fail(t, CURLE_OPERATION_TIMEDOUT, "Resolving timed out after %d milliseconds", limit_ms);
  } else {
    rc = SL_WAIT;
  }
  if (rc == SL_WAIT)
    set_timer(t, end_us);
  if (rc)
    return rc;
  sl_dns_cancel(&x->waiter);
  t->easy->info.namelookup_us = sl_transfer_elapsed(t);
  x->phase = OPENING;
  return SL_OK;
}

static bool address_at(const struct transfer *t, const struct tftp_xfer *x, unsigned i, struct gate_addr *out)
{
  int only = sl_lookup_family(t);
  unsigned n6 = x->answer && only != AF_INET ? sl_dns_answer_count(x->answer, AF_INET6) : 0;
  unsigned n4 = x->answer && only != AF_INET6 ? sl_dns_answer_count(x->answer, AF_INET) : 0;
  if (x->literal.family != AF_UNSPEC && !i)
    *out = x->literal;
  else if (i < n6)
    sl_dns_answer_get(x->answer, AF_INET6, i, x->port, out);
  else if (i - n6 < n4)
    sl_dns_answer_get(x->answer, AF_INET, i - n6, x->port, out);
  else
    return false;
  if (out->family == AF_INET6 && !out->u.in6.sin6_scope_id)
    out->u.in6.sin6_scope_id = x->scope;
  out->socktype = SOCK_DGRAM;
  out->protocol = IPPROTO_UDP;
  return true;
}

/* ---- the socket ---- */

static void note_socket(struct transfer *t)
{
  struct info *info = &t->easy->info;
  sl_transfer_note_peer(t);
  info->lastsocket = t->conn->tcp->sock.fd;
  info->connect_us = info->pretransfer_us = sl_transfer_elapsed(t);
}

/* A datagram socket is watched and closed like any other. Owned by a connection that is in no pool. */
static sl_result own_socket(struct transfer *t, struct gate_socket sock_own, const struct gate_addr *addr)
{
  struct multi *m = t->multi;
  int on = 1;
  /* "Port unreachable" is heard of without a connected socket, too. A wish, not a promise. */
  if (addr->family == AF_INET6)
    (void)setsockopt(sock_own.fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
  else if (addr->family == AF_INET)
    (void)setsockopt(sock_own.fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  struct tcp *tcp = sl_tcp_new(&m->reactor, sock_own, addr, &m->callback_depth);
  struct conn *c = tcp ? sl_conn_new(m, sl_share_pool(t->easy, m)) : NULL;
  if (!c) {
    sl_stream_free(tcp ? &tcp->s : NULL);
    return SL_NOMEM;
  }
  sl_conn_take_tcp(c, tcp);
  c->xfer = t;
  t->conn = c;
  note_socket(t);
  return SL_OK;
}

static sl_result open_at(struct transfer *t, struct tftp_xfer *x, struct gate_addr *addr, bool *out_refused)
{
  struct gate_socket sock;
  enum gate_opened how;
  struct gate_ask ask = sl_transfer_ask(t, GATE_ORIGIN, slice_str(x->host));
  sl_result rc = sl_gate_open(&ask, addr, &sock, &how, out_refused);
  if (rc)
    return rc;
  if (how == GATE_OPENED)
    rc = sl_bind_local(&ask, t->easy->set.net, &sock, addr);
  if (rc) {
    sl_gate_close(&sock, &t->multi->callback_depth);
    return rc;
  }
  x->connected = how != GATE_OPENED;
  return own_socket(t, sock, addr);
}

/* The next address that a socket can be had for; also when nobody is at home at the one before. */
static sl_result open_next(struct transfer *t, struct tftp_xfer *x)
{
  sl_result rc = CURLE_COULDNT_CONNECT;
  bool refused = false, final = t->easy->set.gate->refusal == SLUICE_REFUSAL_FINAL;
  if (t->conn)
    close_socket(t);
  while (rc && rc != SL_NOMEM && !(refused && final) && address_at(t, x, x->tried, &x->peer)) {
    x->tried++;
    rc = open_at(t, x, &x->peer, &refused);
  }
  if (rc == CURLE_COULDNT_CONNECT)
    return sl_fail(t, rc, "Could not connect to %s port %u", x->host, x->port);
  if (rc)
    return rc;
  sl_buf_clear(&t->error);
  t->easy->info.num_connects = 1;
  t->want = WATCH_IN;
  x->phase = TALKING;
  x->says = TFTP_LISTEN;
  sl_tftp_start(&x->talk, t->multi->reactor.now_us);
  SL_INFOF(t->easy, "Talking TFTP to %s (%s port %u)", x->host, t->conn->primary_ip, t->conn->primary_port);
  return SL_OK;
}

/* ---- datagrams ---- */

static bool lost_for_now(int err)
{
  return err == EAGAIN || err == EWOULDBLOCK || err == ENOBUFS || err == EINTR;
}

/* What the socket had to say of an earlier datagram, or of this one. */
static sl_result socket_error(struct transfer *t, struct tftp_xfer *x, int err, sl_result code)
{
  char away[64];
  for (int i = 0; i < ERRORS; i++) /* else the descriptor stays ready */
    if (recv(t->conn->tcp->sock.fd, away, sizeof away, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
      break;
  t->easy->info.os_errno = err;
  if (!x->talk.answered) {
    SL_INFOF(t->easy, "%s port %u: %s", t->conn->primary_ip, t->conn->primary_port, strerror(err));
    return open_next(t, x);
  }
  /* May be about a packet of long ago, or forged: silence will tell. */
  if (err == ECONNREFUSED || err == EHOSTUNREACH || err == ENETUNREACH)
    return SL_OK;
  return sl_fail(t, code, "TFTP: %s", strerror(err));
}

/* The socket has a port from its first datagram on; no address, for it is not connected. */
static void note_port(struct transfer *t)
{
  struct gate_addr local = {0};
  socklen_t len = sizeof local.u;
  char text[SL_ADDR_TEXT];
  int port;
  if (getsockname(t->conn->tcp->sock.fd, &local.u.sa, &len))
    return;
  sl_addr_print(&local.u.sa, text, &port);
  t->easy->info.local_port = (uint16_t)port;
}

static sl_result send_packet(struct transfer *t, struct tftp_xfer *x)
{
  if (send_talk(t, x) >= 0) {
    if (!t->easy->info.local_port)
      note_port(t);
    return SL_OK;
  }
  int err = errno;
  return lost_for_now(err) ? SL_OK : socket_error(t, x, err, CURLE_SEND_ERROR);
}

static bool same_host(const struct gate_addr *peer, const struct gate_addr *from)
{
  const struct sockaddr_in6 *a = &peer->u.in6, *b = &from->u.in6;
  if (from->len < sizeof(sa_family_t) || peer->u.sa.sa_family != from->u.sa.sa_family)
    return false;
  if (from->u.sa.sa_family == AF_INET)
    return peer->u.in.sin_addr.s_addr == from->u.in.sin_addr.s_addr;
  if (from->u.sa.sa_family == AF_INET6)
    return !memcmp(&a->sin6_addr, &b->sin6_addr, sizeof a->sin6_addr) &&
           (!a->sin6_scope_id || a->sin6_scope_id == b->sin6_scope_id);
  return peer->len == from->len && !memcmp(&peer->u, &from->u, peer->len);
}

static bool same_port(const struct gate_addr *peer, const struct gate_addr *from)
{
  return from->u.sa.sa_family == AF_INET    ? peer->u.in.sin_port == from->u.in.sin_port
         : from->u.sa.sa_family == AF_INET6 ? peer->u.in6.sin6_port == from->u.in6.sin6_port
                                            : true;
}

/* RFC 1350 4: another of the same server's transfers is told that it is not wanted. Never in answer to an ERROR, nor where
 * a policy would have to be asked of each such port. */
static bool from_server(struct transfer *t, const struct tftp_xfer *x, const struct gate_addr *from,
                        struct slice packet)
{
  char error[TFTP_ERROR_MAX];
  struct tftp_msg m;
  if (x->connected)
    return true;
  if (!same_host(&x->peer, from))
    return false;
  if (!x->known || same_port(&x->peer, from))
    return true;
  struct gate_ask ask = sl_transfer_ask(t, GATE_ORIGIN, slice_str(x->host));
  if (!sl_gate_guarded(&ask) && sl_tftp_parse(packet, &m) && m.op != TFTP_ERROR) {
    size_t n = sl_tftp_write_error(error, TFTP_CODE_UNKNOWN_ID, "Unknown transfer ID");
    (void)send_to(t, error, n, &from->u.sa, from->len);
  }
  return false;
}

static sl_result receive(struct transfer *t, struct tftp_xfer *x)
{
  struct gate_addr from = {0};
  socklen_t len = sizeof from.u;
  int64_t now_us = t->multi->reactor.now_us;
  char *scratch = sl_multi_scratch(t->multi);
  if (!scratch)
    return SL_NOMEM;
  ssize_t n = recvfrom(t->conn->tcp->sock.fd, scratch, SL_SCRATCH_BYTES, 0, &from.u.sa, &len);
  if (n < 0) {
    int err = errno;
    return lost_for_now(err) ? SL_WAIT : socket_error(t, x, err, CURLE_RECV_ERROR);
  }
  struct slice packet = slice_of(scratch, (size_t)n);
  from.len = len;
  if (!from_server(t, x, &from, packet))
    return SL_OK;
  x->says = (uint8_t)sl_tftp_packet(&x->talk, packet, now_us);
  if ((x->talk.answered || x->says == TFTP_FAILED) && !x->known && !x->connected) {
    x->known = true;
    from.socktype = SOCK_DGRAM;
    from.protocol = x->peer.protocol;
    from.family = from.u.sa.sa_family;
    x->peer = from;
    struct gate_ask ask = sl_transfer_ask(t, GATE_ORIGIN, slice_str(x->host));
    sl_result rc = sl_gate_judge(&ask, &from); /* the server answers from another port than it was asked at */
    if (rc)
      x->says = TFTP_FAILED; /* and is told nothing */
    return rc;
  }
  return SL_OK;
}

/* ---- the talk ---- */

static sl_result failed(struct transfer *t, const struct tftp *f)
{
  char text[SAID_MAX + 1];
  size_t n = 0;
  for (; n < f->said.n && n < SAID_MAX; n++)
    text[n] = sl_is_ctrl(f->said.p[n]) ? '?' : f->said.p[n];
  text[n] = 0;
  if (n)
    SL_INFOF(t->easy, "TFTP error: %s", text);
  return f->why ? sl_fail(t, f->result, "TFTP: %s", f->why) : f->result;
}

/* Once, when the server has agreed: what it says of the size. */
static sl_result note_size(struct transfer *t, struct tftp_xfer *x)
{
  int64_t size = x->talk.size, max = t->easy->set.io.maxfilesize;
  if (size <= 0 || t->progress.dl_total >= 0)
    return SL_OK;
  t->progress.dl_total = t->easy->info.content_length_download = size;
  return max && size > max ? sl_fail(t, CURLE_FILESIZE_EXCEEDED, "Maximum file size exceeded") : SL_OK;
}

static sl_result deliver(struct transfer *t, struct tftp_xfer *x)
{
  struct slice data = x->talk.data;
  sl_result rc;
  if (x->held) {
    rc = t->paused & CURLPAUSE_RECV ? SL_WAIT : sl_sink_resume(t);
  } else {
    t->progress.recv.bytes += (int64_t)data.n;
    rc = sl_body_take(t, data);
  }
  x->held = rc == SL_WAIT;
  if (!rc)
    x->says = (uint8_t)sl_tftp_taken(&x->talk, t->multi->reactor.now_us);
  return rc;
}

static sl_result fill(struct transfer *t, struct tftp_xfer *x)
{
  struct tftp *f = &x->talk;
  size_t n;
  if (t->rate_us || !sl_body_allow_up(t, f->room_n))
    return SL_WAIT;
  while (x->given < f->room_n) {
    sl_result rc = sl_source_read(t, f->room + x->given, f->room_n - x->given, &n);
    if (rc)
      return rc;
    if (!n)
      break;
    x->given += n;
  }
  n = x->given;
  x->given = 0;
  t->progress.ul_now += (int64_t)n;
  t->progress.send.bytes += (int64_t)n;
  x->says = (uint8_t)sl_tftp_given(f, n, t->multi->reactor.now_us);
  return SL_OK;
}

static sl_result listen_on(struct transfer *t, struct tftp_xfer *x)
{
  bool upload = x->talk.request.write;
  int64_t now_us = t->multi->reactor.now_us;
  if (!upload && (t->paused & CURLPAUSE_RECV || t->rate_us || !sl_body_allow(t, x->talk.blksize))) {
    sl_tftp_rest(&x->talk, now_us);
    return SL_WAIT;
  }
  sl_result rc = receive(t, x);
  if (rc != SL_WAIT)
    return rc;
  x->says = (uint8_t)sl_tftp_due(&x->talk, now_us);
  return x->talk.send || x->says != TFTP_LISTEN ? SL_OK : SL_WAIT;
}

static sl_result wait_for(struct transfer *t, struct tftp_xfer *x)
{
  bool listens = x->says == TFTP_LISTEN;
  t->want = listens ? WATCH_IN : 0;
  if (listens && !(t->paused & CURLPAUSE_RECV) && !t->rate_us)
    set_timer(t, x->talk.due_us);
  else
    sl_timer_clear(&t->multi->reactor, &x->timer);
  return SL_WAIT;
}

static sl_result talk_once(struct transfer *t, struct tftp_xfer *x)
{
  sl_result rc = note_size(t, x);
  if (rc)
    return rc;
  switch (x->says) {
  case TFTP_TAKE:
    return deliver(t, x);
  case TFTP_GIVE:
    return fill(t, x);
  default:
    return listen_on(t, x);
  }
}

/* Datagrams are counted, so that a flood of them neither keeps others from their turn nor the clock from being heard.
 * A block or text that is in the scratch buffer is always dealt with before this returns. */
static sl_result talk(struct transfer *t, struct tftp_xfer *x)
{
  bool head_only = t->easy->set.io.nobody;
  for (unsigned rounds = 0;;) {
    sl_result rc = x->talk.send ? send_packet(t, x) : SL_OK;
    if (rc)
      return rc;
    if (x->says == TFTP_FAILED)
      return failed(t, &x->talk);
    if (x->says == TFTP_DONE || (head_only && x->talk.answered))
      return note_size(t, x);
    if (x->says == TFTP_LISTEN && rounds++ == ROUNDS)
      break;
    rc = talk_once(t, x);
    if (rc)
      return rc == SL_WAIT ? wait_for(t, x) : rc;
  }
  x->says = (uint8_t)sl_tftp_due(&x->talk, sl_reactor_clock(&t->multi->reactor));
  sl_job_post(&t->multi->reactor, &t->job);
  return SL_WAIT;
}

static sl_result tftp_step(struct transfer *t)
{
  struct tftp_xfer *x = of(t);
  sl_result rc = SL_OK;
  if (x->phase == RESOLVING)
    rc = resolve(t, x);
  if (!rc && x->phase == OPENING)
    rc = open_next(t, x);
  if (rc)
    return rc;
  if (t->resumed_recv) {
    t->resumed_recv = false;
    sl_tftp_rest(&x->talk, t->multi->reactor.now_us);
  }
  return talk(t, x);
}

const struct xfer_proto sl_proto_tftp = {
    .scheme = "tftp",
    .bit = CURLPROTO_TFTP,
    .port = 69,
    .no_conn = true, /* it makes its socket itself */
    .start = tftp_start,
    .step = tftp_step,
    .finish = tftp_finish,
    .cleanup = tftp_cleanup,
};
