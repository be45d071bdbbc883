/* The tree that curl_mime_init() and its relatives build: a multipart (struct curl_mime) has parts, a part has
 * attributes and one content, which may be another multipart. RFC 2046 5.1, RFC 7578.
 *
 * A multipart belongs to the application, or to the part whose content it is, or (a duplicate, an old-style form) to
 * the handle or transfer that uses it. While a transfer reads a tree it is `reading`: it cannot be changed then, and
 * freeing it takes effect when the transfer ends.
 *
 *   mime.c       the tree        mime_head.c   what is written before a part's content
 *   mime_read.c  the tree as one stream of bytes      mime_encode.c   Content-Transfer-Encoding
 *   mime_form.c  trees of curl_formadd() lists        mime_body.c     as a transfer's source */
#ifndef SL_XFER_MIME_H
#define SL_XFER_MIME_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/result.h"
#include "base/slice.h"

enum {
  MIME_BOUNDARY_DASHES = 24,
  MIME_BOUNDARY_RANDOM = 22, /* letters and digits: 131 bits */
  MIME_BOUNDARY_LEN = MIME_BOUNDARY_DASHES + MIME_BOUNDARY_RANDOM
};

enum mime_kind {
  MIME_EMPTY,
  MIME_DATA,     /* size bytes at data */
  MIME_FILE,     /* path; size as of the last look, -1 unknown */
  MIME_CALLBACK, /* size -1: until it says that it has no more */
  MIME_PARTS
};

struct mime_callback {
  curl_read_callback read; /* NULL: no content */
  curl_seek_callback seek; /* NULL: it can be read only once */
  curl_free_callback free;
  void *arg;
};

struct curl_mimepart {
  struct curl_mimepart *next;
  struct curl_mime *in;
  char *name, *filename, *type;
  struct curl_slist *headers;
  union {
    const char *data;
    char *path;
    struct curl_mime *parts;
    struct mime_callback cb;
  };
  int64_t size;
  uint8_t kind;     /* enum mime_kind */
  uint8_t encoding; /* enum mime_encoding */
  bool own_headers, own_data;
  bool started;     /* the callback has been called and not been rewound since */
};

struct curl_mime {
  struct curl_mimepart *parent; /* whose content it is; NULL: the root of a tree */
  struct curl_mimepart *first, *last;
  bool app;     /* the application has it */
  bool gone;    /* the application had it and freed it: it has no parts any more, or will not when it is not read */
  bool bound;   /* CURLOPT_MIMEPOST of a handle */
  bool reading; /* a transfer is using it */
  char boundary[MIME_BOUNDARY_LEN + 1];
};

/* ---- life. Freeing takes any depth without recursion, as everything here. ---- */

struct curl_mime *sl_mime_new(void); /* app is set. NULL: out of memory, or no random numbers */
void sl_mime_free(struct curl_mime *m); /* by the application; NULL is fine */
struct curl_mime *sl_mime_dup(const struct curl_mime *m); /* nobody's; NULL: out of memory */

bool sl_mime_bind(struct curl_mime *m); /* false: it is in use elsewhere */
void sl_mime_unbind(struct curl_mime *m); /* NULL is fine */
bool sl_mime_hold(struct curl_mime *m);   /* reading, from now on; false: somebody does already */
void sl_mime_release(struct curl_mime *m);

/* ---- parts ---- */

struct curl_mimepart *sl_mime_add(struct curl_mime *m); /* NULL: out of memory, or being read */
bool sl_mime_busy(const struct curl_mimepart *p);       /* being read: do not touch */
/* In the order of the document, each part before its subparts. p NULL: the first one. NULL at the end. */
struct curl_mimepart *sl_mime_next(const struct curl_mime *root, const struct curl_mimepart *p);

/* One of the strings of a part: a copy of s; s.p NULL removes it. */
sl_result sl_mime_text(char **slot, struct slice s);
void sl_mime_headers(struct curl_mimepart *p, struct curl_slist *headers, bool take);

/* The content. What was there before is freed in any case. */
void sl_mime_clear(struct curl_mimepart *p);
sl_result sl_mime_data(struct curl_mimepart *p, const char *data, size_t n, bool copy);
sl_result sl_mime_file(struct curl_mimepart *p, const char *path); /* sets the filename as well */
void sl_mime_callback(struct curl_mimepart *p, const struct mime_callback *cb, int64_t size);
sl_result sl_mime_parts(struct curl_mimepart *p, struct curl_mime *parts); /* which p then owns */

#endif
