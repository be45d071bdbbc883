/* What is negotiated in a Telnet session (RFC 854, RFC 855): which options we are ready for, by the Q method of RFC 1143,
 * and what we say of them: terminal type (RFC 1091), window size (RFC 1073), display (RFC 1096), environment (RFC 1572).
 * Silent until the peer negotiates, as the peer may be no Telnet server at all. No I/O: answers are appended to ->out. */
#ifndef SL_PROTO_TELNET_H
#define SL_PROTO_TELNET_H

#include "base/result.h"
#include "wire/telnet.h"

enum telnet_option {
  TELNET_BINARY,
  TELNET_ECHO,
  TELNET_SGA, /* suppress go ahead */
  TELNET_TTYPE,
  TELNET_NAWS, /* window size */
  TELNET_XDISPLOC,
  TELNET_NEW_ENVIRON,
  TELNET_OPTIONS
};

enum {
  TELNET_VALUE_MAX = 1024, /* bytes of what an option is set to */
  TELNET_ENV_MAX = 4096,   /* bytes of the environment, as it is sent */
  TELNET_ANSWER_MAX = 2 * TELNET_ENV_MAX /* more than the longest answer */
};

/* One end of the connection: what is in effect there, and how agreement and refusal are said. */
struct telnet_side {
  uint8_t state[TELNET_OPTIONS];
  uint8_t may, ask; /* bits by enum telnet_option: what we agree to, and what we ask for */
  uint8_t yes, no;
};

struct telnet {
  struct telnet_in in;
  struct telnet_side us, him;
  bool begun; /* something has been negotiated */
  uint16_t width, height; /* 0: not told */
  struct buf ttype, xdisploc, env; /* what we answer, escaped; owned */
  struct buf *out;
};

void sl_telnet_init(struct telnet *t, struct buf *out);
void sl_telnet_done(struct telnet *t); /* a zeroed one is fine */
/* One of CURLOPT_TELNETOPTIONS: CURLE_UNKNOWN_OPTION, CURLE_SETOPT_OPTION_SYNTAX, SL_NOMEM. */
sl_result sl_telnet_set(struct telnet *t, struct slice text);
/* Into the environment. False: control characters, or too much of it. */
bool sl_telnet_setenv(struct telnet *t, struct slice name, struct slice value);
/* What sl_telnet_next() has found, other than data. */
void sl_telnet_heed(struct telnet *t, enum telnet_kind kind, const struct telnet_got *got);
const char *sl_telnet_option_name(uint8_t code); /* NULL: unknown */

#endif
