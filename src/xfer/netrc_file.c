/* See netrc_file.h. */
#include "xfer/netrc_file.h"

#include "xfer/transfer.h"

sl_result sl_netrc_credentials(struct transfer *t)
{
  return sl_fail(t, CURLE_NOT_BUILT_IN, "netrc is not built in yet");
}
