/* Quote commands for SFTP: what is a command has its operands, within their maxima. */
#include <stdlib.h>

#include "wire/sftp_command.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  struct sftp_command c;
  sl_sftp_command_init(&c);
  for (int round = 0; round < 2; round++) { /* the second time with what the first one has left */
    const char *wrong = sl_sftp_command_parse(&c, slice_of((const char *)data, size), SLICE_LIT("/home/me"));
    if (wrong)
      continue;
    bool two = c.verb == SFTP_RENAME || c.verb == SFTP_LN;
    if (!*c.name || (c.verb != SFTP_PWD && !c.first.n) || (two && !c.second.n))
      abort();
    if (c.first.n > SL_SFTP_PATH_MAX || c.second.n > SL_SFTP_PATH_MAX || (c.verb == SFTP_CHMOD && c.number > 07777))
      abort();
  }
  sl_sftp_command_done(&c);
  return 0;
}
