/* The path and query of an IMAP URL (RFC 5092): /mailbox;UIDVALIDITY=1/;UID=20/;SECTION=1.2/;PARTIAL=0.1024, or
 * /mailbox?search. MAILINDEX, a message's number in its mailbox, is libcurl's. */
#ifndef SL_WIRE_IMAP_PATH_H
#define SL_WIRE_IMAP_PATH_H

#include "base/arena.h"
#include "base/result.h"

/* Decoded, in the arena, without control characters; NULL: not said. */
struct imap_path {
  const char *mailbox; /* NULL for the empty one, too */
  const char *uidvalidity, *uid, *mailindex, *section, *partial;
  const char *query; /* never with uid or mailindex */
};

/* `path` with its first slash. CURLE_URL_MALFORMAT: parameters that are not known or said twice, control characters. */
sl_result sl_imap_path(struct slice path, struct slice query, struct arena *arena, struct imap_path *out);

#endif
