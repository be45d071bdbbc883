/* Driving an FTP conversation (proto/ftp.h): the control connection, data connections, the application's callbacks. */
#ifndef SL_XFER_FTP_H
#define SL_XFER_FTP_H

#include "proto/ftp.h"
#include "wire/ftp_reply.h"
#include "xfer/dialogue.h"
#include "xfer/upload.h"

struct found;
struct ftp_xfer {
  struct ftp f;
  struct dialogue dialogue;
  struct ftp_reply reply;
  struct buf text;         /* the last line of the reply */
  struct buf head;         /* of the conversation */
  uint32_t head_at;        /* what of head the header callback has seen */
  bool done;               /* all is said; only body bytes may be held */
  uint8_t settled;         /* replies that came after ABOR */
  bool ended;              /* of the body, nothing more will be read */
  bool moving;             /* FTP_TRANSFER has begun */
  bool said_bye;           /* close_notify is out on the data connection */
  bool after_cr;           /* of a text: its line feed has been delivered */
  /* The data connection: being made, waited for, or there. */
  struct dial *dial;
  struct conn *data;
  struct gate_socket listener;
  struct watch listen_watch;
  struct dns_waiter name;  /* CURLOPT_FTPPORT is a host's */
  bool asked;              /* the resolver, for it */
  struct upload up;
  /* Wildcards: the listing, what matches in it (in the arena), and how many are still to be announced. */
  struct buf list;
  struct found *found;
  int n_found;
  bool is_listed;
  int64_t skip_left;       /* upload bytes that the server has already */
};

static inline struct ftp_xfer *sl_ftp_of(struct transfer *t)
{
  return t->proto_data;
}

/* ftp_data.c */
struct transfer *sl_ftp_of_watch(const struct watch *w); /* who listens for a data connection; NULL: not that */
sl_result sl_ftp_data_connect(struct transfer *t, struct ftp_xfer *x);
sl_result sl_ftp_data_listen(struct transfer *t, struct ftp_xfer *x);
sl_result sl_ftp_data_skip(struct transfer *t, struct ftp_xfer *x);
sl_result sl_ftp_data_move(struct transfer *t, struct ftp_xfer *x);
void sl_ftp_data_drop(struct transfer *t, struct ftp_xfer *x, bool polite);
void sl_ftp_data_wants(struct transfer *t, struct ftp_xfer *x);

/* ftp_wildcard.c */
sl_result sl_ftp_wildcard_next(struct transfer *t, struct ftp_xfer *x);
sl_result sl_ftp_wildcard_end(struct transfer *t);

/* ftp_port.c: CURLOPT_FTPPORT. */
sl_result sl_ftp_listen(struct transfer *t, struct ftp_xfer *x);

#endif
