/* The settings that nearly every transfer has: where to, through which callbacks, within which
 * limits. Inline in struct settings, so every byte here is paid by every handle.
 *
 * A field is its option's name in lower case; several options that say the same in another unit
 * share one field. */
#ifndef SL_XFER_IO_CONFIG_H
#define SL_XFER_IO_CONFIG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <curl/curl.h>

/* The public CURLPROTO_* have no bits for these. */
#define CURLPROTO_WS (1U << 30)
#define CURLPROTO_WSS (1U << 31)
#define CURLPROTO_MQTTS (1U << 24) /* the last one free: CURLPROTO_RTMPTS, which nothing speaks any more */

struct io_config {
  char *password; /* owned: secrets, strings */
  char *url;
  char *username;
  char *range;
  char *customrequest;
  char *default_protocol;
  char *login_options;
  char *netrc_file;

  curl_write_callback writefunction; /* NULL: fwrite() to writedata, a FILE */
  void *writedata;                   /* default stdout */
  curl_write_callback headerfunction; /* NULL: writefunction or fwrite(), if headerdata is set */
  void *headerdata;
  curl_read_callback readfunction; /* NULL: fread() from readdata, a FILE */
  void *readdata;                  /* default stdin */
  curl_seek_callback seekfunction;
  void *seekdata;
  curl_xferinfo_callback xferinfofunction; /* wins over progressfunction */
  curl_progress_callback progressfunction;
  void *xferinfodata; /* also PROGRESSDATA */
  curl_debug_callback debugfunction;
  void *debugdata;
  curl_ioctl_callback ioctlfunction; /* consulted only when there is no seekfunction */
  void *ioctldata;
  char *errorbuffer;
  void *private_data; /* CURLOPT_PRIVATE */
  FILE *stderr_file;  /* CURLOPT_STDERR; NULL: stderr */
  CURLU *curlu;       /* wins over url */

  int64_t infilesize;                     /* bytes, -1 unknown */
  int64_t resume_from;                    /* bytes; -1: find out by asking (uploads) */
  int64_t maxfilesize;                    /* bytes, 0 none */
  int64_t max_send_speed, max_recv_speed; /* bytes a second, 0 none */
  int64_t timevalue;                      /* seconds since the epoch */

  int32_t timeout_ms;                    /* 0 none */
  int32_t connecttimeout_ms;             /* 0: the default, 300 s */
  int32_t server_response_timeout_ms;    /* 0: the default, 120 s */
  int32_t low_speed_limit;               /* bytes a second, 0 none */
  int32_t low_speed_time;                /* seconds, 0 none */
  int32_t buffersize, upload_buffersize; /* bytes */
  uint32_t protocols, redir_protocols;   /* CURLPROTO_* bits */
  uint32_t generation;                   /* grows with each successful setopt */

  uint16_t port;         /* 0: the scheme's */
  uint16_t tftp_blksize; /* bytes */

  uint8_t timecondition; /* CURL_TIMECOND_* */
  uint8_t netrc;         /* CURL_NETRC_* */
  uint8_t use_ssl;       /* CURLUSESSL_* */
  uint8_t connect_only;  /* 1 raw, 2 WebSocket */
  bool verbose, header, noprogress, nosignal;
  bool nobody, upload, failonerror, filetime;
  bool transfertext, crlf, path_as_is, disallow_username_in_url;
  bool keep_sending_on_error, quick_exit, tftp_no_options;
};

#endif
