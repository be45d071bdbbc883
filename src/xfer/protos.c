/* One row a scheme; a new protocol is a struct xfer_proto in a file of its own and its row here. */
#include "xfer/protos.h"

#include "base/text.h"
#include "xfer/transfer.h"

static const struct xfer_proto *const protos[] = {
    &sl_proto_http,
    &sl_proto_https,
    &sl_proto_dict,
    &sl_proto_file,
    &sl_proto_ftp,
    &sl_proto_ftps,
    &sl_proto_gopher,
    &sl_proto_gophers,
    &sl_proto_imap,
    &sl_proto_imaps,
    &sl_proto_ldap,
    &sl_proto_ldaps,
    &sl_proto_mqtt,
    &sl_proto_mqtts,
    &sl_proto_pop3,
    &sl_proto_pop3s,
    &sl_proto_rtsp,
    &sl_proto_scp,
    &sl_proto_sftp,
    &sl_proto_telnet,
    &sl_proto_tftp,
    &sl_proto_ws,
    &sl_proto_wss,
};

const struct xfer_proto *sl_proto_find(struct slice scheme)
{
  if (slice_eq(scheme, SLICE_LIT("http"))) /* what is asked for most often */
    return &sl_proto_http;
  for (size_t i = 0; i < sizeof protos / sizeof *protos; i++)
    if (sl_text_ieq_str(scheme, protos[i]->scheme))
      return protos[i];
  return NULL;
}
