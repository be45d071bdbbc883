/* Cookies (RFC 6265bis, with libcurl's habits): parsing of Set-Cookie values and of lines of the
 * Netscape file format, matching, and the jar that keeps them. In memory only: time, file contents
 * and the public suffix list are arguments. A jar is not locked; who shares it locks it.
 *
 * Habits worth knowing: a cookie without '=' is refused, quotes are part of a value, cookies that a
 * file gave as header lines without a domain go to IP addresses only, lifetimes end after 400 days
 * at the latest. */
#ifndef SL_WIRE_COOKIE_H
#define SL_WIRE_COOKIE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"

struct psl_ctx_st; /* libpsl's list */

enum {
  SL_COOKIE_LINE_MAX = 5000,   /* a line with its end; longer ones are ignored */
  SL_COOKIE_PAIR_MAX = 4096,   /* name and value together; either of them alone two less */
  SL_COOKIE_SEND_MAX = 150,    /* cookies in a request */
  SL_COOKIE_HEADER_MAX = 8190, /* bytes of the Cookie header field */
  SL_COOKIE_JAR_MAX = 20000,   /* cookies in a jar; the oldest leaves */
  SL_COOKIE_SITE_MAX = 1000,   /* cookies of one site; the oldest leaves */
  SL_COOKIE_DAYS_MAX = 400
};

/* ---- one cookie, as parsed; the slices borrow from the text ---- */

struct cookie_parts {
  struct slice name, value;
  struct slice domain; /* without leading dot; empty: none given */
  struct slice path;   /* without quotes and last slash; empty: none given */
  int64_t expires_s;   /* 0: with the session; 1: in the past */
  bool tail;           /* for subdomains, too */
  bool secure, httponly;
};

/* NULL, or why the text is no cookie. `value` is what follows "Set-Cookie:". */
const char *sl_cookie_parse_header(struct slice value, int64_t now_s, struct cookie_parts *out);
/* A line of seven fields; an empty `name` with NULL is a comment or an empty line. */
const char *sl_cookie_parse_netscape(struct slice line, struct cookie_parts *out);

bool sl_cookie_host_is_ip(struct slice host);
bool sl_cookie_host_is_local(struct slice host); /* counts as a secure origin without TLS */
bool sl_cookie_tail_match(struct slice domain, struct slice host); /* host is domain or below it */
bool sl_cookie_path_match(struct slice cookie_path, struct slice path);
struct slice sl_cookie_default_path(struct slice request_path);

/* ---- the jar ---- */

struct cookie_jar {
  struct list all; /* oldest first */
  struct map sites;
  uint32_t n;
  int64_t next_expiry_s; /* no cookie ends before it */
  uint64_t serial;
};

/* Where a cookie comes from. */
struct cookie_source {
  struct slice host, path; /* of the request; host empty: from a file or the application */
  bool secure;             /* over TLS (to the origin, not to a proxy) */
  bool from_file;          /* does not replace what a server has set */
  bool new_session;        /* session cookies of a file are left out */
  int64_t now_s;
  const struct psl_ctx_st *psl; /* NULL: the list built into libpsl */
};

void sl_cookie_jar_init(struct cookie_jar *jar, uint64_t seed); /* seed: random, for the hash */
void sl_cookie_jar_done(struct cookie_jar *jar);

/* One Set-Cookie value. SL_OK or SL_NOMEM; a refused cookie is SL_OK with *out_refused (may be
 * NULL) saying why. */
sl_result sl_cookie_jar_set(struct cookie_jar *jar, struct slice value,
                            const struct cookie_source *from, const char **out_refused);
/* One line as CURLOPT_COOKIELIST takes it: "Set-Cookie: ..." or Netscape format. */
sl_result sl_cookie_jar_line(struct cookie_jar *jar, struct slice line,
                             const struct cookie_source *from, const char **out_refused);
/* The contents of a cookie file; bad lines are skipped. */
sl_result sl_cookie_jar_load(struct cookie_jar *jar, struct slice text,
                             const struct cookie_source *from);

/* Appends "a=b; c=d", what a request gets; nothing when nothing matches. */
sl_result sl_cookie_jar_header(struct cookie_jar *jar, struct slice host, struct slice path,
                               bool secure, int64_t now_s, struct buf *out);

void sl_cookie_jar_clear(struct cookie_jar *jar);
void sl_cookie_jar_drop_session(struct cookie_jar *jar);

/* Appends the whole file, newest cookie first. */
sl_result sl_cookie_jar_print(struct cookie_jar *jar, int64_t now_s, struct buf *out);
/* Goes through the cookies, oldest first, as Netscape lines (in *line, replaced each time). Start
 * with *cursor = NULL; false at the end or when `line` is in error. The jar must not be changed
 * meanwhile. */
bool sl_cookie_jar_next(struct cookie_jar *jar, const struct list **cursor, int64_t now_s,
                        struct buf *line);

#endif
