/* The inside of struct ssh, for the files of this folder. */
#ifndef SL_SSH_SESSION_H
#define SL_SSH_SESSION_H

#include <libssh2.h>
#include <libssh2_sftp.h>

#include "base/list.h"
#include "ssh/ssh.h"

struct ssh {
  LIBSSH2_SESSION *session;
  LIBSSH2_SFTP *sftp;
  LIBSSH2_SFTP_HANDLE *file;
  LIBSSH2_CHANNEL *channel;   /* of SCP */
  LIBSSH2_KNOWNHOSTS *known;
  struct libssh2_knownhost *known_other; /* the host's entry with another key */
  const char *host;           /* "name" or "[name]:port", as a known_hosts file has it; owned */
  const char *plain_host;     /* owned */
  int port;
  const char *password;       /* borrowed while keyboard-interactive runs */
  struct ssh_io io;
  sl_result io_error;         /* the transport has failed: with what */
  bool dead;                  /* being freed: nothing goes in or out */
  bool ready;                 /* there are keys: a goodbye can be said */
  bool nomem, full;           /* an allocation has failed: there was no memory, or too much is held */
  bool spun;                  /* libssh2 would have waited by itself: of no more use */
  uint16_t waits;             /* how often in this call there was nothing to read */
  uint8_t scp_phase;
  struct list blocks;         /* all that libssh2 holds */
  size_t bytes;
  char error[256];
};

/* What libssh2 answered, as a result; `code` is for failures that are neither the transport's nor want of memory. */
sl_result sl_ssh_result(struct ssh *s, long rc, sl_result code);
sl_result sl_ssh_fail(struct ssh *s, sl_result code, const char *text);
char *sl_ssh_copy(struct ssh *s, struct slice text); /* for libssh2 to free; NULL: out of memory */

#endif
