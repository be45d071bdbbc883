/* One TFTP transfer (RFC 1350, 2347) as a state machine: takes packets and moments, gives packets. A driver sends
 * ->packet whenever ->send is set, delivers and fetches data, and looks at the clock.
 *
 * Lock-step: one packet is under way at a time, and only the one who waits for data repeats itself when a packet is
 * lost; a repeated ACK is never answered with data (RFC 1123 4.2.3.1). Knows nothing of addresses. */
#ifndef SL_PROTO_TFTP_H
#define SL_PROTO_TFTP_H

#include "base/result.h"
#include "wire/tftp_msg.h"

enum tftp_says {
  TFTP_LISTEN, /* a packet, or ->due_us */
  TFTP_TAKE,   /* ->data is to be delivered; then sl_tftp_taken() */
  TFTP_GIVE,   /* at most ->room_n bytes are to be put into ->room; then sl_tftp_given() */
  TFTP_DONE,   /* after the last ->send */
  TFTP_FAILED  /* ->result and ->why; after the last ->send */
};

struct tftp {
  struct tftp_request request;
  int64_t interval_us; /* between repetitions */
  int64_t patience_us; /* without any progress */

  char *packet;        /* owned: what is sent, and sent again */
  size_t packet_n;
  bool send;           /* set here, cleared by the driver */
  int64_t due_us;      /* when sl_tftp_due() is to be called */

  struct slice data;   /* TFTP_TAKE: in the packet that came */
  char *room;          /* TFTP_GIVE */
  size_t room_n;

  int64_t size;        /* bytes of a download, as the server says; -1 unknown */
  sl_result result;
  const char *why;     /* NULL: nothing better than the code's text */
  struct slice said;   /* the server's text, in the packet that came; may be empty */

  bool answered;       /* the server has agreed; from here on private */
  bool last;           /* the block under way is the last one */
  bool taken;          /* a block has been */
  uint16_t block;      /* that is under way */
  uint16_t blksize;    /* agreed on */
  uint16_t repeats;    /* answers to repeated packets since the last progress */
  int64_t give_up_us;
};

/* How long to wait in all, in seconds, gives how often to ask. CURLE_TFTP_ILLEGAL: the file name cannot be sent. */
sl_result sl_tftp_init(struct tftp *f, const struct tftp_request *request, int64_t patience_s);
void sl_tftp_done(struct tftp *f);

void sl_tftp_start(struct tftp *f, int64_t now_us); /* the request is to be sent; also to another address */
enum tftp_says sl_tftp_packet(struct tftp *f, struct slice packet, int64_t now_us);
enum tftp_says sl_tftp_taken(struct tftp *f, int64_t now_us);
enum tftp_says sl_tftp_given(struct tftp *f, size_t n, int64_t now_us); /* less than room_n: the end */
enum tftp_says sl_tftp_due(struct tftp *f, int64_t now_us);
/* Enough: the server is told to stop (->send); also after a failure of ours. */
void sl_tftp_stop(struct tftp *f);
void sl_tftp_rest(struct tftp *f, int64_t now_us); /* we are the ones who make it wait: no time has passed */

#endif
