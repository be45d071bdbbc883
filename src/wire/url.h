/* URLs: take them apart, resolve and print them. RFC 3986, and what libcurl accepts beyond it
 * (libcurl-url(3), curl_url_set(3)): one to three slashes, no scheme, odd numeric addresses, IDN.
 * Sans-I/O; the transfers and the curl_url_* functions use the same parser.
 *
 * A parsed URL owns one buffer in which it stands in normal form; its parts are slices of that.
 * A part with p == NULL is not there, one with n == 0 is there and empty. */
#ifndef SL_WIRE_URL_H
#define SL_WIRE_URL_H

#include <stdint.h>

#include <curl/curl.h>

#include "base/buf.h"

enum {
  SL_URL_MAX = 8000000,       /* bytes: a text has to be shorter than that */
  SL_URL_TEXT_MAX = 64000000, /* bytes: what is printed, with ten such parts set one by one */
  SL_URL_SCHEME_MAX = 40,     /* bytes */
  SL_URL_HOST_MAX = 65535     /* bytes; names in the DNS are shorter, but not every name is there */
};

enum {
  SL_SCHEME_OPTIONS = 1, /* login options: user:password;options@ (RFC 5092) */
  SL_SCHEME_TLS = 2      /* from the first byte on */
};

/* A scheme that libcurl knows. */
struct url_scheme {
  char name[8];
  uint8_t name_len;
  uint8_t flags; /* SL_SCHEME_ */
  uint16_t port; /* 0: none (file) */
};
const struct url_scheme *sl_url_scheme(struct slice name); /* case ignored; NULL: unknown */
const struct url_scheme *sl_url_scheme_at(size_t index);   /* all of them; NULL after the last */

enum url_host_kind { SL_HOST_NONE, SL_HOST_NAME, SL_HOST_IPV4, SL_HOST_IPV6 };

struct url {
  struct slice text;                    /* all of it, as sl_url_print() has it without flags */
  struct slice scheme;                  /* lower case */
  struct slice user, password, options; /* percent-encoded, as they came */
  struct slice host;   /* decoded; 127.0.0.1; [::1] in its brackets, shortest form, no zone */
  struct slice zoneid; /* of an IPv6 address (RFC 6874), without the percent sign */
  struct slice port;   /* decimal digits; not there unless given */
  struct slice path;   /* "/" at least */
  struct slice query, fragment;   /* without ? and # */
  const struct url_scheme *known; /* NULL: not a scheme of ours */
  uint16_t port_number;           /* the one given, or the scheme's */
  uint8_t host_kind;              /* enum url_host_kind */
  bool host_8bit;                 /* the host has bytes over 127: needs sl_url_host_ascii() */
  bool guessed;                   /* the scheme was not in the text */
  char *buf;                      /* owns all of the above; NULL in a view of somebody else's */
};

static inline bool sl_url_is_file(const struct url *u)
{
  return u->known && u->known->port == 0;
}

/* Login options usually come last, user:password;options, but a password with a semicolon has to
 * come after them, user;options:password, to be read back as it was. */
static inline bool sl_url_options_first(const struct url *u)
{
  return u->known && u->known->flags & SL_SCHEME_OPTIONS &&
         slice_find(u->password, ';') < u->password.n;
}

/* A CURLU, whose parts can be set one by one; api/urlapi.c makes them. A transfer that is given one
 * prints ->url and parses that. */
struct Curl_URL {
  struct url url;                  /* slices of url.buf and of own[] */
  char *own[CURLUPART_ZONEID + 1]; /* by CURLUPart: set later than the whole; else NULL */
};

/* Beyond the CURLU_ flags: bytes over 127 in the path, and spaces if they are allowed, become %XX,
 * as a request has to have it. (CURLU_URLENCODE does it in query and fragment, too, and allows
 * spaces.) */
#define SL_URL_ENCODE_PATH (1U << 29)
/* Flags: CURLU_ of curl_url_set(). On failure *out_url is untouched. One allocation, unless the
 * host is percent-encoded. */
CURLUcode sl_url_parse(struct url *out_url, struct slice text, unsigned flags);
void sl_url_done(struct url *u); /* a zeroed one is fine, and so it is afterwards */

/* RFC 3986 5.2, for the text of a Location header or a relative curl_url_set(). An absolute text
 * stands for itself. Spaces and bytes over 127 get percent-encoded (spaces to + in a query), as
 * with CURLU_URLENCODE. Dot segments leave, unless CURLU_PATH_AS_IS is set and the path of the text
 * is not relative. *out_url may not be the base. */
CURLUcode sl_url_resolve(const struct url *base, struct slice text, unsigned flags,
                         struct url *out_url);
/* Has a scheme of its own. With CURLU_GUESS_SCHEME or CURLU_DEFAULT_SCHEME "host:80" has none. */
bool sl_url_is_absolute(struct slice text, unsigned flags);

/* Beyond the CURLU_ flags, for sl_url_print(): */
#define SL_URL_NO_LOGIN (1U << 30)
#define SL_URL_NO_FRAGMENT (1U << 31)
/* Appends the URL. Flags: CURLU_ of curl_url_get(). Needs a host, except with the scheme file. */
CURLUcode sl_url_print(const struct url *u, unsigned flags, struct buf *out);

/* Appends the host alone, without its zone: CURLU_PUNYCODE or CURLU_PUNY2IDN, else as it is. */
CURLUcode sl_url_print_host(const struct url *u, unsigned flags, struct buf *out);

/* The host for the DNS, TLS and the Host header: as it is, or its IDNA form in `scratch`, checked
 * once more. IPv6 comes in brackets. */
CURLUcode sl_url_host_ascii(const struct url *u, struct buf *scratch, struct slice *out_host);

sl_result sl_url_result(CURLUcode code); /* the CURLcode of a transfer that met it */
const char *sl_url_strerror(CURLUcode code);

/* ---- for the files of this parser and for api/urlapi.c ---- */

/* url_host.c. Room for a bracketed IPv6 address. */
enum { SL_URL_LITERAL = 64, SL_URL_ZONE_MAX = 15 };

/* A host as it stands in a URL, decoded, put in its normal form: in `literal` when that differs.
 * *out_zoneid is a slice of `text`. */
CURLUcode sl_url_host_check(struct slice text, char literal[SL_URL_LITERAL], struct slice *out_host,
                            struct slice *out_zoneid, enum url_host_kind *out_kind);

/* idn.c: IDNA 2008 (RFC 5891, UTS 46 non-transitional, then transitional) and back. Appended. */
CURLUcode sl_idn_to_ascii(struct slice name, struct buf *out);
CURLUcode sl_idn_to_utf8(struct slice name, struct buf *out);

/* url_path.c */
enum url_recode {
  SL_RECODE_UPPER = 1,  /* hex digits of %xx to upper case (RFC 3986 6.2.2.1) */
  SL_RECODE_ENCODE = 2, /* spaces and bytes over 127 to %XX */
  SL_RECODE_PLUS = 4    /* with ENCODE: spaces to + */
};
/* Into dst, which has room for 3 * s.n bytes with ENCODE, else for s.n. Returns the length. */
size_t sl_url_recode(char *dst, struct slice s, unsigned how);
/* RFC 3986 5.2.4 in place, %2e counting as a dot. Returns the new length. */
size_t sl_url_remove_dots(char *path, size_t n);

#endif
