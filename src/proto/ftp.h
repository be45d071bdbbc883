/* The FTP conversation, top to bottom in the order of the RFCs: login (959, 2228, 4217), where to (959 CWD), how
 * (2428 EPSV and EPRT), what (959, 3659). Coroutines over base/co.h: it does no I/O and calls no application code. It
 * takes replies, appends command lines and raises requests, which the driver (xfer/ftp.c) answers. */
#ifndef SL_PROTO_FTP_H
#define SL_PROTO_FTP_H

#include "proto/ftp_config.h"
#include "proto/talk.h"

/* What is remembered of a control connection from one transfer to the next. */
struct ftp_session {
  char *entry;        /* owned: the directory after login; NULL: unknown */
  char *dir;          /* owned: the URL's directory that the server is in; NULL: unknown */
  char type;          /* 'A', 'I'; 0: not set yet */
  bool greeted, logged_in;
  bool tls;           /* the control connection is protected */
  bool tls_cleared;   /* ... and was given up after login (CCC) */
  bool protect_data;  /* PROT P */
  bool no_epsv, no_eprt; /* the server does not know them */
  bool broken;        /* in the middle of something: nobody can say QUIT here */
};
void sl_ftp_session_done(struct ftp_session *s);

/* What the driver is to do, beside TALK_TLS. */
enum ftp_request {
  FTP_CLEAR = TALK_OWN, /* away with TLS (RFC 4217 12.3, CCC) */
  FTP_CONNECT,  /* data connection to data_host ("": where the control connection leads) and data_port */
  FTP_LISTEN,   /* for the server's data connection; sets local_ip, local_port */
  FTP_TIME,     /* file_time is known: is the file wanted? sets skip */
  FTP_SKIP,     /* the first resume_from bytes of the upload are there already */
  FTP_TRANSFER, /* the body; moved and stopped tell how it went */
  FTP_SETTLE,   /* takes what replies still come, for a moment */
  FTP_NEXT,     /* wildcard: file becomes the next one, NULL after the last */
  FTP_FILE_END, /* wildcard: that file is complete */
  FTP_DROP      /* no data connection any more */
};

enum { FTP_IP_MAX = 46, FTP_COMMAND_MAX = 64 * 1024 };

struct ftp {
  struct talk talk;
  /* ---- set by the driver ---- */
  struct ftp_session *session;
  const struct ftp_config *config; /* renewed before each run */
  const char *user, *password;     /* NULL: anonymous */
  const char *custom;              /* in place of LIST and NLST, or NULL */
  char *path;                      /* decoded, without the URL's first slash; cut into pieces here */
  struct buf *head;                /* header lines of our own making, for a request without a body */
  int64_t resume_from, range_len;  /* -1: to the end; resume_from negative: from the end, or ask (upload) */
  int64_t upload_size;             /* -1 unknown */
  int64_t max_size;                /* 0: any */
  uint8_t use_ssl;                 /* CURLUSESSL_* */
  bool implicit_tls, ipv6, reused;
  bool upload, nobody, ascii, names_only;
  bool want_time, ignore_size, bad_range;
  bool wildcard;                   /* wanted; still set after sl_ftp_begin() if the path has a pattern */

  /* ---- replies: code and text (without line end, borrowed) are set, then talk.has_reply ---- */
  struct slice text;
  uint16_t code;

  /* ---- requests ---- */
  char data_host[FTP_IP_MAX];
  uint16_t data_port;
  char local_ip[FTP_IP_MAX];
  uint16_t local_port;
  int64_t file_time;
  int64_t size;  /* of the file, -1 unknown */
  int64_t total; /* bytes that FTP_TRANSFER is to move, -1 unknown */
  int64_t limit; /* ... to stop after, -1 not at all */
  int64_t moved;
  bool skip, stopped;

  /* ---- its own ---- */
  struct co run_co, login_co, user_co, auth_co, pwd_co, dir_co, cwd_co, quote_co, open_co, active_co, get_co, put_co,
      list_co, head_co, transfer_co, type_co, wild_co;
  const struct curl_slist *quote;
  const char *pattern;    /* wildcard: the last part of path */
  const char *dir, *file; /* of path; dir in the session's words: "" is where a login leads */
  char *list_path;        /* argument of LIST, or NULL */
  char *part;             /* of dir, to change to */
  char *part_end;
  uint8_t auth_try;
  bool collect; /* the listing is for us, not for the application */
  bool active; /* as the options were at the beginning */
  bool is_list, made_dir, tried_alternative, used_epsv;
  bool single; /* the whole of dir in one step */
};

/* Cuts the path; CURLE_URL_MALFORMAT when nothing can be uploaded to it. */
sl_result sl_ftp_begin(struct ftp *f);
/* SL_WAIT: a reply is needed (or ->request). */
sl_result sl_ftp_run(struct ftp *f);

/* ---- between ftp.c, ftp_login.c and ftp_data.c ---- */

sl_result sl_ftp_login(struct ftp *f);
sl_result sl_ftp_open_data(struct ftp *f);
sl_result sl_ftp_transfer(struct ftp *f);
sl_result sl_ftp_wildcard(struct ftp *f);
sl_result sl_ftp_quote(struct ftp *f, const struct curl_slist *commands);
sl_result sl_ftp_say(struct ftp *f, const char *verb, const char *argument); /* argument NULL: none */
bool sl_ftp_take_reply(struct ftp *f);
sl_result sl_ftp_timed_out(struct ftp *f);

#define FTP_SAY(f, verb, argument) TALK_TRY(sl_ftp_say((f), (verb), (argument)))
#define FTP_REPLY(f)                                                                               \
  do {                                                                                             \
    CO_AWAIT(sl_ftp_take_reply(f));                                                                \
    if ((f)->code == 421)                                                                          \
      CO_FAIL(sl_ftp_timed_out(f));                                                                \
  } while (0)

#endif
