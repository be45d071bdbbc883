/* Driving SFTP and SCP over ssh/: login, quote commands, the body. Conversations are coroutines over base/co.h whose
 * awaits are calls of ssh/ssh.h; the connection's stream is below that. */
#ifndef SL_XFER_SSH_H
#define SL_XFER_SSH_H

#include "base/co.h"
#include "ssh/ssh.h"
#include "wire/sftp_command.h"
#include "xfer/transfer.h"

/* What a connection remembers. */
struct ssh_link {
  struct ssh *ssh;
  struct conn *conn;
  char *home;         /* owned: the folder after login; NULL: not asked for */
  bool up;            /* the host is who it should be, and we are logged in */
  bool broken;        /* in the middle of something */
  uint8_t want;       /* WATCH_* that the stream has asked for in this turn */
  uint16_t reads;     /* left in this turn: a server that floods us does not keep others from theirs */
};

struct ssh_xfer {
  struct ssh_link *link;
  struct ssh *ssh;            /* link->ssh */
  struct co top, login, auth, run, body, quoting, dirs;
  sl_result rc;               /* of the last await */
  uint32_t awaited;           /* how many have come to an end */
  uint32_t seen;              /* ... when the deadline began */
  bool moving;                /* the body: no answer is being waited for */
  bool ended;                 /* of the upload's source */
  bool upload;
  /* login: copies, the application may set its options anew */
  const char *user, *password, *known_hosts, *md5, *sha256, *public_file, *private_file, *passphrase, *methods;
  /* what is wanted */
  struct slice path;          /* decoded, zero-terminated */
  struct sftp_attr attr;      /* of the last answer that had one */
  int64_t resume_from;        /* of an upload */
  int64_t left;               /* bytes of a download; -1: to the end */
  uint32_t dir_n;             /* bytes of path: the folder being made */
  uint8_t way;                /* of authentication, being tried */
  const struct curl_slist *item; /* of the quote commands */
  struct sftp_command command;
  struct buf text;            /* an entry of a folder */
  size_t name_n;              /* ... of the text, its name */
  struct buf out;             /* upload bytes that have not been confirmed, from out_at on */
  uint32_t out_at;
};

static inline struct ssh_xfer *sl_ssh_of(struct transfer *t)
{
  return t->proto_data;
}

/* One call of ssh/ssh.h to its end, whatever that is: x->rc. */
#define SSH_AWAIT(call)                                                                            \
  CO_AWAIT((x->rc = (call)) != SL_WAIT);                                                           \
  x->awaited++

/* Failures that are not an answer of the server: nothing more can be said. */
static inline bool sl_ssh_is_lost(sl_result rc)
{
  return rc == SL_NOMEM || rc == CURLE_RECV_ERROR || rc == CURLE_SEND_ERROR;
}

sl_result sl_ssh_login(struct transfer *t, struct ssh_xfer *x);         /* ssh_login.c */
sl_result sl_ssh_verify(struct transfer *t, struct ssh_xfer *x);        /* ssh_verify.c: is the host who it should be? */
sl_result sl_ssh_sftp(struct transfer *t, struct ssh_xfer *x);          /* sftp.c */
sl_result sl_ssh_quote(struct transfer *t, struct ssh_xfer *x, const struct curl_slist *commands); /* sftp_quote.c */
sl_result sl_ssh_scp(struct transfer *t, struct ssh_xfer *x);           /* scp.c */

/* ssh_body.c: from or to what is open. */
sl_result sl_ssh_download(struct transfer *t, struct ssh_xfer *x);
sl_result sl_ssh_upload(struct transfer *t, struct ssh_xfer *x);
/* The size is known, or -1. */
sl_result sl_ssh_note_size(struct transfer *t, int64_t size);
/* The upload comes from the application, from an offset on. */
sl_result sl_ssh_choose_source(struct transfer *t, int64_t size, int64_t offset);

#endif
