/* TFTP packets as a client sends and gets them: RFC 1350, and the options of RFC 2347 (blksize: RFC 2348; tsize and
 * timeout: RFC 2349). No I/O, no memory of its own: what is parsed points into the packet. */
#ifndef SL_WIRE_TFTP_MSG_H
#define SL_WIRE_TFTP_MSG_H

#include <stdint.h>

#include "base/slice.h"

enum tftp_op { TFTP_RRQ = 1, TFTP_WRQ, TFTP_DATA, TFTP_ACK, TFTP_ERROR, TFTP_OACK };

enum tftp_code { /* of an ERROR packet */
  TFTP_CODE_OTHER,
  TFTP_CODE_NOT_FOUND,
  TFTP_CODE_ACCESS,
  TFTP_CODE_DISK_FULL,
  TFTP_CODE_ILLEGAL,
  TFTP_CODE_UNKNOWN_ID,
  TFTP_CODE_EXISTS,
  TFTP_CODE_NO_USER,
  TFTP_CODE_OPTIONS
};

enum {
  TFTP_HEAD = 4,          /* bytes before the data of a DATA packet; a whole ACK */
  TFTP_REQUEST_MAX = 512, /* bytes of a request; what every server takes */
  TFTP_ERROR_MAX = 64,    /* bytes of an ERROR that we send */
  TFTP_BLOCK_MIN = 8,
  TFTP_BLOCK = 512, /* bytes, when nothing was agreed on */
  TFTP_BLOCK_MAX = 65464,
  TFTP_TIMEOUT_MAX = 255 /* seconds */
};

struct tftp_request {
  struct slice file;
  bool write, netascii;
  bool options;       /* the three below are asked for */
  int64_t tsize;      /* bytes; 0: tell me */
  uint16_t blksize;   /* bytes */
  uint8_t timeout_s;
};

struct tftp_msg {
  uint8_t op;         /* DATA, ACK, ERROR or OACK */
  uint16_t number;    /* of a block, or of an error */
  struct slice data;  /* of a block; the text of an error */
  bool bad;           /* an OACK whose options make no sense */
  int64_t blksize, tsize, timeout_s; /* of an OACK; -1: not in it */
};

/* False: too short, or nothing that a server says. */
bool sl_tftp_parse(struct slice packet, struct tftp_msg *out_msg);

/* All return the bytes written. 0: the request is too long, or has a zero byte in its file name. */
size_t sl_tftp_write_request(char dst[TFTP_REQUEST_MAX], const struct tftp_request *r);
size_t sl_tftp_write_head(char dst[TFTP_HEAD], enum tftp_op op, uint16_t number); /* of DATA; a whole ACK */
size_t sl_tftp_write_error(char dst[TFTP_ERROR_MAX], enum tftp_code code, const char *text);

#endif
