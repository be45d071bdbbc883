/* The commands of CURLOPT_QUOTE(3) for SFTP, which has no text commands of its own: "mkdir dir", "rename 'a b' c",
 * "chmod 644 file" ... A path in quotes may have \" \' and \\ in it; one without that begins with "/~/" is below the
 * user's home. What follows the last operand is ignored. */
#ifndef SL_WIRE_SFTP_COMMAND_H
#define SL_WIRE_SFTP_COMMAND_H

#include <stdint.h>

#include "base/buf.h"

enum { SL_SFTP_PATH_MAX = 64 * 1024 };

enum sftp_verb {
  SFTP_ATIME,
  SFTP_CHGRP,
  SFTP_CHMOD,
  SFTP_CHOWN,
  SFTP_LN,
  SFTP_MKDIR,
  SFTP_MTIME,
  SFTP_PWD,
  SFTP_RENAME,
  SFTP_RM,
  SFTP_RMDIR,
  SFTP_STATVFS
};

struct sftp_command {
  enum sftp_verb verb;
  const char *name;  /* "mkdir" */
  bool may_fail;     /* a '*' before it */
  uint32_t number;   /* of chgrp, chmod, chown; of atime and mtime seconds since the epoch */
  struct buf first;  /* the path; of rename and ln the one that is */
  struct buf second; /* the other path of rename and ln */
};

void sl_sftp_command_init(struct sftp_command *c);
void sl_sftp_command_done(struct sftp_command *c);
/* NULL: done. Else what is wrong with it; memory is short when sl_buf_ok() of one of the paths says so. */
const char *sl_sftp_command_parse(struct sftp_command *c, struct slice text, struct slice home);

#endif
