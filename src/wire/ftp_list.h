/* Lines of a directory listing as FTP servers send them: as of ls -l, as of DOS, or the facts of MLSD (RFC 3659 7).
 * Only MLSD is a standard; what does not look like an entry is told apart from what is none ("total 20"). */
#ifndef SL_WIRE_FTP_LIST_H
#define SL_WIRE_FTP_LIST_H

#include <stdint.h>

#include <curl/curl.h>

#include "base/result.h"
#include "base/slice.h"

struct ftp_entry { /* slices of the line */
  struct slice name, target;       /* target: of a symbolic link */
  struct slice perm, time, user, group; /* as text; n == 0: not told */
  int64_t size, links;
  unsigned mode;  /* permission bits */
  unsigned flags; /* CURLFINFOFLAG_KNOWN_* */
  curlfiletype type;
};

/* A line without its line end. SL_PARSE_MORE: it is no entry and may be left out. */
enum sl_parse sl_ftp_list_line(struct slice line, struct ftp_entry *out_entry);

#endif
