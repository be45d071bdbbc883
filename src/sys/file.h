/* Whole small files: cookie jars, HSTS and Alt-Svc caches, .netrc, policies. Not for bodies of
 * transfers.
 *
 * On failure errno is what the system call left, so that ENOENT can be told from the rest. */
#ifndef SL_SYS_FILE_H
#define SL_SYS_FILE_H

#include "base/buf.h"

/* Appends all of the file; out->max is the limit. CURLE_FILE_COULDNT_READ_FILE,
 * CURLE_FILESIZE_EXCEEDED when it is larger than the limit, or SL_NOMEM. What was appended before
 * the failure is taken back. */
sl_result sl_file_read(const char *path, struct buf *out);
sl_result sl_file_read_fd(int fd, struct buf *out); /* to the end of fd, which stays open */

/* Keeps what the file has now for when it cannot be opened any more: sl_file_read() gives that then. For good, until
 * sl_file_forget(); once for each path, and by one thread at a time. A file that is not there is not kept. SL_NOMEM. */
sl_result sl_file_keep(const char *path);
void sl_file_forget(void);

/* Replaces the file as a whole: readers see the old content or the new, never a part, and on
 * failure the old one stays. A new file gets mode 0600, an existing one keeps its mode; a symbolic
 * link stays one. What is no regular file (a pipe, a device) is written to directly.
 * CURLE_WRITE_ERROR or SL_NOMEM. */
sl_result sl_file_write(const char *path, struct slice content);
sl_result sl_file_write_fd(int fd, struct slice content); /* all of it; fd stays open */

#endif
