/* One download of `sluice get`, from its first attempt to the file that is whole. Its place is used
 * for one item after the other. The loop (get.c) moves handles in and out of the multi handle. */
#ifndef CLI_TRANSFER_H
#define CLI_TRANSFER_H

#include "bar.h"
#include "get.h"
#include "output.h"
#include "screen.h"
#include "sockets.h"

enum transfer_state {
  TRANSFER_IDLE,    /* nothing to do; `outcome` of the last item */
  TRANSFER_RUNNING, /* `easy` belongs into the multi handle */
  TRANSFER_WAITING, /* for another attempt, at retry_at_us */
  TRANSFER_CHECKING /* its checksum is made, step by step */
};

enum transfer_outcome { OUTCOME_GOOD, OUTCOME_FAILED, OUTCOME_MISMATCH };

enum { ADVICE_TEXT = 1024 };

struct transfer {
  const struct get_options *options;
  const struct sockets *shared;
  struct screen *screen;
  CURL *easy;
  struct sockets_user sockets;

  const struct get_item *item;
  enum transfer_state state;
  enum transfer_outcome outcome;
  char *shown, *server_name; /* the URL without a password; a name that the server gave */
  const char *label, *sum;   /* sum: NULL, none is known */
  struct output output;
  struct bar bar;
  struct digest *digest;
  int64_t began_us, retry_at_us;
  int attempt; /* from 1 */

  /* of this attempt */
  curl_off_t asked_from; /* the first byte that was asked for */
  curl_off_t whole_size; /* which the server told of the file that it sends a part of; -1: none */
  bool http;             /* it is, since the server was asked */
  bool answered;         /* the body has begun, or an empty one has ended */
  bool complete_before;  /* nothing was lacking */
  char note[64], error[CURL_ERROR_SIZE];
  char problem[ADVICE_TEXT]; /* what we hold against the answer; "": nothing */
  char if_range[OUTPUT_VALIDATOR + 16];
  struct curl_slist if_range_line;
};

/* Takes the item: RUNNING, or IDLE after a failure that was told. */
void transfer_begin(struct transfer *transfer, const struct get_item *item);

/* WAITING is over: RUNNING or IDLE. */
void transfer_again(struct transfer *transfer);

/* The attempt ended with this code, and the handle has left the multi handle. */
void transfer_ended(struct transfer *transfer, CURLcode code);

/* A step of CHECKING. */
void transfer_check(struct transfer *transfer);

/* Ends it in any state; the part stays. True: there is something to go on from. */
bool transfer_abandon(struct transfer *transfer);
void transfer_free(struct transfer *transfer);

/* The checksum of the list for that file, unless one was given. False: the list has none. */
bool transfer_find_sum(struct transfer *transfer, const char *path);

/* request.c: sets the handle for the next attempt. */
CURLcode request_prepare(struct transfer *transfer);

/* reply.c. The first byte of a body is there, or the end of an empty one: opens the file. */
bool reply_accept(struct transfer *transfer);

/* The attempt ended: whether what is there is the whole, and an error if not. */
CURLcode reply_settle(struct transfer *transfer, CURLcode code);

/* An egress policy (SLUICE_POLICY) has said no: its text is the whole story, and another attempt changes nothing. */
bool reply_refused(const struct transfer *transfer);

/* Whether another attempt makes sense, and when: in so many microseconds; -1: it makes none. */
int64_t reply_retry_us(const struct transfer *transfer, CURLcode code);

/* advice.c: why a transfer failed, in words, and unless it is WAITING what can be done about it. */
void advice_text(const struct transfer *transfer, CURLcode code, char out[ADVICE_TEXT]);

#endif
