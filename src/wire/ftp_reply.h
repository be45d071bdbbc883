/* FTP replies (RFC 959 4.2) and the few of them that carry an address, a size, a time or a path; and the commands
 * that carry an address (RFC 959 4.1.2, RFC 2428). */
#ifndef SL_WIRE_FTP_REPLY_H
#define SL_WIRE_FTP_REPLY_H

#include "base/buf.h"
#include "wire/reply_line.h"

struct ftp_reply {
  struct reply_lines lines;
  uint16_t code; /* of the last line, when it is complete */
};

void sl_ftp_reply_init(struct ftp_reply *r); /* the next reply */
/* As sl_reply_line_take(); *out_last when it is the reply's last one (->code is set). */
enum sl_parse sl_ftp_reply_line(struct ftp_reply *r, struct slice *in, struct slice *out_line, bool *out_last);

/* All take the text of a reply's last line. */
bool sl_ftp_reply_pasv(struct slice text, uint8_t out_ip[4], uint16_t *out_port); /* 227 */
bool sl_ftp_reply_epsv(struct slice text, uint16_t *out_port);                    /* 229, RFC 2428 3 */
bool sl_ftp_reply_size(struct slice text, int64_t *out_size);                     /* 213, RFC 3659 4 */
bool sl_ftp_reply_time(struct slice text, int64_t *out_time_s);                   /* 213, RFC 3659 2.3 */
bool sl_ftp_reply_bytes(struct slice text, int64_t *out_size); /* 150 ... (123 bytes) */
/* 257: the path between quotes, a quote in it is doubled. SL_PARSE_MORE: there is none. SL_PARSE_BAD: it does not
 * end, or has control characters in it. */
enum sl_parse sl_ftp_reply_path(struct slice text, struct buf *out_path);

/* "PORT h1,h2,h3,h4,p1,p2" and "EPRT |1|address|port|", without line end. */
bool sl_ftp_port(struct buf *out, const char *ipv4, uint16_t port);
bool sl_ftp_eprt(struct buf *out, const char *ip, bool ipv6, uint16_t port);

#endif
