/* SOCKS 4, 4a and 5, the client's side; see socks_msg.h. Every length is checked where it is
 * written, too: a name that does not fit ends the conversation and is never left to somebody else
 * to resolve. */
#include "wire/socks_msg.h"

#include <stdio.h>

#include <curl/curl.h>

enum phase {
  SAY_HELLO,
  SAY_LOGIN,
  SAY_REQUEST,
  HEAR_ADDRESS
}; /* of SOCKS 5; SOCKS 4 knows the first alone */

enum {
  NO_LOGIN = 0, /* RFC 1928 3: methods */
  GSSAPI = 1,
  LOGIN = 2,
  NOTHING_FITS = 255
};
enum { ATYP_IPV4 = 1, ATYP_NAME = 3, ATYP_IPV6 = 4 };

static void copy_text(struct socks_text *dst, struct slice src)
{
  dst->n = (uint16_t)(src.n > SL_SOCKS_TEXT ? SL_SOCKS_TEXT + 1 : src.n);
  if (src.n)
    memcpy(dst->p, src.p, src.n > SL_SOCKS_TEXT ? SL_SOCKS_TEXT : src.n);
}

void sl_socks_init(struct socks_talk *s, const struct socks_request *request)
{
  *s = (struct socks_talk){
      .type = request->type,
      .ip_len = request->ip_len,
      .may_login = request->may_login,
      .has_user = request->has_user,
      .port = request->port,
  };
  memcpy(s->ip, request->ip, sizeof s->ip);
  copy_text(&s->host, request->host);
  copy_text(&s->user, request->user);
  copy_text(&s->password, request->password);
}

/* ---- failing ---- */

static sl_result fail(struct socks_talk *s, int proxy_error, const char *what)
{
  s->proxy_error = (uint8_t)proxy_error;
  snprintf(s->error, sizeof s->error, "%s", what);
  s->co.at = -1; /* for good, whoever found it */
  return CURLE_PROXY;
}

static sl_result refused(struct socks_talk *s, int proxy_error, const char *why)
{
  int shown = s->host.n > SL_SOCKS_TEXT ? SL_SOCKS_TEXT : s->host.n;
  (void)fail(s, proxy_error, "");
  snprintf(s->error, sizeof s->error, "Can not complete SOCKS%d connection to %.*s:%d. (%d), %s",
           s->type == CURLPROXY_SOCKS4 || s->type == CURLPROXY_SOCKS4A ? 4 : 5, shown, s->host.p,
           s->port, s->in[1], why);
  return CURLE_PROXY;
}

sl_result sl_socks_closed(struct socks_talk *s)
{
  return fail(s, CURLPX_CLOSED, "connection to proxy closed");
}

sl_result sl_socks_send_failed(struct socks_talk *s)
{
  static const uint8_t codes[] = {CURLPX_SEND_CONNECT, CURLPX_SEND_AUTH, CURLPX_SEND_REQUEST,
                                  CURLPX_SEND_REQUEST};
  return fail(s, codes[s->phase], "Failed to send to the SOCKS proxy");
}

sl_result sl_socks_recv_failed(struct socks_talk *s)
{
  static const uint8_t codes[] = {CURLPX_RECV_CONNECT, CURLPX_RECV_AUTH, CURLPX_RECV_REQACK,
                                  CURLPX_RECV_ADDRESS};
  return fail(s, codes[s->phase], "Failed to receive from the SOCKS proxy");
}

/* ---- saying and hearing ---- */

static void say(struct socks_talk *s, enum phase phase)
{
  s->phase = (uint8_t)phase;
  s->out_n = s->out_at = 0;
  s->in_n = s->in_need = 0;
}

static void put(struct socks_talk *s, const void *bytes, size_t n)
{
  assert(n <= sizeof s->out - s->out_n);
  if (n > sizeof s->out - s->out_n)
    n = sizeof s->out - s->out_n;
  memcpy(s->out + s->out_n, bytes, n);
  s->out_n = (uint16_t)(s->out_n + n);
}

static void put_byte(struct socks_talk *s, unsigned byte)
{
  unsigned char b = (unsigned char)byte;
  put(s, &b, 1);
}

static void put_port(struct socks_talk *s)
{
  put_byte(s, s->port >> 8);
  put_byte(s, s->port & 255u);
}

/* A length and that many bytes, as SOCKS 5 writes texts. */
static void put_counted(struct socks_talk *s, const struct socks_text *t)
{
  put_byte(s, t->n);
  put(s, t->p, t->n);
}

/* All is sent, and n bytes of the reply are there. Nothing beyond them is asked for. */
static bool heard(struct socks_talk *s, size_t n)
{
  assert(n <= sizeof s->in);
  s->in_need = (uint16_t)n;
  return s->in_n >= n;
}

/* ---- SOCKS 4 and 4a ---- */

/*   VN 4 | CD 1 connect | DSTPORT 2 | DSTIP 4 | USERID | 0 | [ name | 0 ]
 * 4a: an address 0.0.0.x with x not 0 says that a name follows. */
static sl_result say_socks4(struct socks_talk *s)
{
  static const unsigned char a_name_follows[4] = {0, 0, 0, 1};
  bool by_name = s->type == CURLPROXY_SOCKS4A;
  if (s->user.n > SL_SOCKS_TEXT)
    return fail(s, CURLPX_LONG_USER, "SOCKS4: the user name is longer than 255 bytes");
  if (by_name && s->host.n > SL_SOCKS_TEXT)
    return fail(s, CURLPX_LONG_HOSTNAME, "SOCKS4: too long hostname");
  if (!by_name && s->ip_len != 4)
    return fail(s, CURLPX_RESOLVE_HOST, "SOCKS4 needs an IPv4 address to connect to");
  if (memchr(s->user.p, 0, s->user.n) || (by_name && memchr(s->host.p, 0, s->host.n)))
    return fail(s, CURLPX_SEND_CONNECT, "SOCKS4: a zero byte in a name");
  say(s, SAY_HELLO);
  put_byte(s, 4);
  put_byte(s, 1);
  put_port(s);
  put(s, by_name ? a_name_follows : s->ip, 4);
  put(s, s->user.p, s->user.n);
  put_byte(s, 0);
  if (by_name) {
    put(s, s->host.p, s->host.n);
    put_byte(s, 0);
  }
  return SL_OK;
}

static sl_result socks4_refused(struct socks_talk *s)
{
  switch (s->in[1]) {
  case 91:
    return refused(s, CURLPX_REQUEST_FAILED, "request rejected or failed.");
  case 92:
    return refused(s, CURLPX_IDENTD,
                   "request rejected because the proxy cannot connect to identd on the client.");
  case 93:
    return refused(s, CURLPX_IDENTD_DIFFER,
                   "request rejected because the client and identd report different names.");
  default:
    return refused(s, CURLPX_UNKNOWN_FAIL, "Unknown.");
  }
}

/*   VN 0 | CD 90 granted | DSTPORT 2 | DSTIP 4 */
static sl_result socks4(struct socks_talk *s)
{
  CO_BEGIN(&s->co);
  if (say_socks4(s))
    CO_FAIL(CURLE_PROXY);
  CO_AWAIT(heard(s, 8));
  if (s->in[0] != 0)
    CO_FAIL(fail(s, CURLPX_BAD_VERSION, "SOCKS4 reply has wrong version, version should be 0."));
  if (s->in[1] != 90)
    CO_FAIL(socks4_refused(s));
  CO_END;
}

/* ---- SOCKS 5 ---- */

static sl_result check_lengths(struct socks_talk *s)
{
  if (!s->ip_len && s->host.n > SL_SOCKS_TEXT)
    return fail(
        s, CURLPX_LONG_HOSTNAME,
        "SOCKS5: the destination hostname is too long to be resolved remotely by the proxy.");
  if (s->user.n > SL_SOCKS_TEXT)
    return fail(s, CURLPX_LONG_USER, "SOCKS5: the user name is longer than 255 bytes");
  if (s->password.n > SL_SOCKS_TEXT)
    return fail(s, CURLPX_LONG_PASSWD, "SOCKS5: the password is longer than 255 bytes");
  return SL_OK;
}

/*   VER 5 | NMETHODS | METHODS */
static void say_methods(struct socks_talk *s)
{
  bool login = s->may_login && s->has_user;
  say(s, SAY_HELLO);
  put_byte(s, 5);
  put_byte(s, login ? 2 : 1);
  put_byte(s, NO_LOGIN);
  if (login)
    put_byte(s, LOGIN);
}

static sl_result method_refused(struct socks_talk *s)
{
  switch (s->in[1]) {
  case NOTHING_FITS:
    return fail(s, CURLPX_NO_AUTH, "No authentication method was acceptable.");
  case GSSAPI:
    return fail(s, CURLPX_GSSAPI_PERMSG, "SOCKS5 GSSAPI authentication is not supported.");
  case LOGIN:
    return fail(s, CURLPX_NO_AUTH,
                "The SOCKS5 server wants a user name and password, which are not allowed.");
  default:
    return fail(s, CURLPX_UNKNOWN_MODE, "Undocumented SOCKS5 mode attempted to be used by server.");
  }
}

/*   VER 1 | ULEN | UNAME | PLEN | PASSWD     then     VER 1 | STATUS
 * Servers that let in by address ask for a login that was not offered and take empty ones. Some
 * servers put another version into their answer: it says nothing. */
static sl_result login(struct socks_talk *s)
{
  CO_BEGIN(&s->login);
  say(s, SAY_LOGIN);
  put_byte(s, 1);
  put_counted(s, &s->user);
  put_counted(s, &s->password);
  CO_AWAIT(heard(s, 2));
  if (s->in[1] != 0)
    CO_FAIL(fail(s, CURLPX_USER_REJECTED, "User was rejected by the SOCKS5 server."));
  CO_END;
}

/*   VER 5 | CMD 1 connect | RSV 0 | ATYP | DST.ADDR | DST.PORT */
static void say_request(struct socks_talk *s)
{
  say(s, SAY_REQUEST);
  put_byte(s, 5);
  put_byte(s, 1);
  put_byte(s, 0);
  put_byte(s, s->ip_len == 16 ? ATYP_IPV6 : s->ip_len ? ATYP_IPV4 : ATYP_NAME);
  if (s->ip_len)
    put(s, s->ip, s->ip_len);
  else
    put_counted(s, &s->host);
  put_port(s);
}

static sl_result socks5_refused(struct socks_talk *s)
{
  static const struct {
    uint8_t proxy_error;
    const char *why;
  } replies[] = {
      {CURLPX_REPLY_GENERAL_SERVER_FAILURE, "general SOCKS server failure"},
      {CURLPX_REPLY_NOT_ALLOWED, "connection not allowed by ruleset"},
      {CURLPX_REPLY_NETWORK_UNREACHABLE, "network unreachable"},
      {CURLPX_REPLY_HOST_UNREACHABLE, "host unreachable"},
      {CURLPX_REPLY_CONNECTION_REFUSED, "connection refused"},
      {CURLPX_REPLY_TTL_EXPIRED, "TTL expired"},
      {CURLPX_REPLY_COMMAND_NOT_SUPPORTED, "command not supported"},
      {CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED, "address type not supported"},
  };
  unsigned reply = s->in[1];
  if (reply > sizeof replies / sizeof replies[0])
    return refused(s, CURLPX_REPLY_UNASSIGNED, "unassigned reply");
  return refused(s, replies[reply - 1].proxy_error, replies[reply - 1].why);
}

/* The length of the whole reply once its first five bytes are there; 0: no such kind of address. */
static size_t reply_length(const struct socks_talk *s)
{
  switch (s->in[3]) {
  case ATYP_IPV4:
    return 4 + 4 + 2;
  case ATYP_IPV6:
    return 4 + 16 + 2;
  case ATYP_NAME:
    return 4 + 1 + (size_t)s->in[4] + 2;
  default:
    return 0;
  }
}

/* A refusal may come without the rest, so that is not waited for.
 *   VER 5 | REP | RSV 0 | ATYP | BND.ADDR | BND.PORT */
static sl_result socks5(struct socks_talk *s)
{
  CO_BEGIN(&s->co);
  if (check_lengths(s))
    CO_FAIL(CURLE_PROXY);
  say_methods(s);
  CO_AWAIT(heard(s, 2));
  if (s->in[0] != 5)
    CO_FAIL(fail(s, CURLPX_BAD_VERSION, "Received invalid version in initial SOCKS5 response."));
  if (s->in[1] == LOGIN && s->may_login)
    CO_CALL(login(s));
  else if (s->in[1] != NO_LOGIN)
    CO_FAIL(method_refused(s));
  say_request(s);
  CO_AWAIT(heard(s, 2));
  if (s->in[0] != 5)
    CO_FAIL(fail(s, CURLPX_BAD_VERSION, "SOCKS5 reply has wrong version, version should be 5."));
  if (s->in[1] != 0)
    CO_FAIL(socks5_refused(s));
  s->phase = HEAR_ADDRESS;
  CO_AWAIT(heard(s, 5)); /* no reply is shorter than 7 */
  if (!reply_length(s))
    CO_FAIL(fail(s, CURLPX_BAD_ADDRESS_TYPE, "SOCKS5 reply has wrong address type."));
  CO_AWAIT(heard(s, reply_length(s)));
  CO_END;
}

sl_result sl_socks_run(struct socks_talk *s)
{
  if (s->proxy_error)
    return CURLE_PROXY;
  if (s->connected)
    return SL_OK;
  sl_result rc =
      s->type == CURLPROXY_SOCKS4 || s->type == CURLPROXY_SOCKS4A ? socks4(s) : socks5(s);
  s->connected = rc == SL_OK;
  return rc;
}
