/* The schemes that are built in. */
#ifndef SL_XFER_PROTOS_H
#define SL_XFER_PROTOS_H

#include "base/slice.h"

struct xfer_proto;
extern const struct xfer_proto sl_proto_dict, sl_proto_file, sl_proto_ftp, sl_proto_ftps, sl_proto_gopher,
    sl_proto_gophers, sl_proto_imap, sl_proto_imaps, sl_proto_ldap, sl_proto_ldaps, sl_proto_mqtt, sl_proto_mqtts,
    sl_proto_pop3, sl_proto_pop3s, sl_proto_rtsp, sl_proto_scp, sl_proto_sftp,
    sl_proto_telnet, sl_proto_tftp, sl_proto_ws, sl_proto_wss;
extern const struct xfer_proto sl_proto_ftp_over_http; /* an HTTP proxy fetches it for us */
const struct xfer_proto *sl_proto_find(struct slice scheme); /* NULL: not built in */

#endif
