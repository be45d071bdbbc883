/* .netrc: finds the login and password for a host in the text of such a file. The text and the host
 * are arguments; reading the file and deciding whether its contents are used is somebody else's.
 *
 * Tokens stand between blanks and line ends; one that starts with '#' makes the rest of its line a
 * comment; quoted ones know \" \\ \n \r \t and end in their line. `default` matches any host; what
 * `macdef` defines is skipped up to an empty line. Entries are tried in the order of the file; each
 * answers for its own host only. */
#ifndef SL_WIRE_NETRC_H
#define SL_WIRE_NETRC_H

#include "base/slice.h"

enum { SL_NETRC_TOKEN_MAX = 4096 };

enum netrc_status {
  SL_NETRC_FOUND,
  SL_NETRC_NONE,   /* nothing for this host (and login) */
  SL_NETRC_SYNTAX, /* a quoted string without an end, an over-long token */
  SL_NETRC_NOMEM
};

struct netrc_entry {
  char *login, *password; /* owned, zero-terminated; NULL: the entry does not say */
};

/* `login`: the user name that is known already (its password is looked for), or p == NULL when none
 * is. The result may have any control character that a quoted string can have. */
enum netrc_status sl_netrc_find(struct slice text, struct slice host, struct slice login,
                                struct netrc_entry *out_entry);
void sl_netrc_entry_done(struct netrc_entry *e); /* wipes and frees */

#endif
