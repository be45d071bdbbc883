/* `sluice demo`: acts that each run a transfer or two against origins inside this process, and
 * check what they show. */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include <curl/curl.h>
#include <stdbool.h>

#include "address.h"
#include "demo_ftp.h"
#include "demo_origin.h"

enum { BOOKS_DESCRIPTORS = 1024, VISIT_TEXT = 512 };

/* Who has which descriptor open. Each is to be opened before it is closed, and closed once. */
struct books {
  unsigned opened, closed, refused, wrong;
  bool open[BOOKS_DESCRIPTORS];
};

void books_note_open(struct books *books, int fd);
void books_note_close(struct books *books, int fd);
bool books_balance(const struct books *books);

struct demo {
  struct origin a, b;
  struct ftp_origin ftp;
  struct books callbacks; /* kept by our socket callbacks */
  struct books events;    /* kept by what the library tells */
  bool has_events;        /* it tells: this is Sluice */
  bool colour;
  unsigned checks, failed;
};

/* A line of explanation; a line that starts with ok, or DIFFERS when `holds` is false. */
__attribute__((format(printf, 2, 3))) void demo_say(struct demo *demo, const char *format, ...);
__attribute__((format(printf, 3, 4))) void demo_check(struct demo *demo, bool holds,
                                                      const char *format, ...);

/* How many descriptors this process has open, or -1. */
int demo_descriptors(void);

/* What the opensocket callback does. */
enum visit_way {
  VISIT_PLAIN,  /* there is none */
  VISIT_LOOK,   /* it opens what it is asked for */
  VISIT_CHANGE, /* to_port instead of the port that it is asked for */
  VISIT_REFUSE,
  VISIT_HAND_OVER /* `handed`, which is connected */
};

/* One transfer: how it is to be done, what the callback saw, and what came of it. */
struct visit {
  struct demo *demo;
  enum visit_way way;
  unsigned to_port;
  int handed;          /* closed with the visit; -1: none */
  const char *resolve; /* an entry for CURLOPT_RESOLVE; NULL: none */
  const char *ftpport; /* CURLOPT_FTPPORT; NULL: none */

  unsigned calls;
  curlsocktype purpose;
  int family, socktype, protocol;
  char address[ADDRESS_TEXT];
  char asked[VISIT_TEXT]; /* every question of it, a line each: purpose and address */
  unsigned accepted;      /* the sockopt callback was shown so many that the server has made */
  char life[VISIT_TEXT];  /* the events, in words */

  CURLcode code;
  long status, port;
  double seconds;
  char body[VISIT_TEXT], error[CURL_ERROR_SIZE];
};

void visit_run(struct visit *visit, const char *url);

void act_plain(struct demo *demo);
void act_look(struct demo *demo);
void act_change(struct demo *demo);
void act_refuse(struct demo *demo);
void act_connected(struct demo *demo);
void act_accept(struct demo *demo);
void act_books(struct demo *demo, int descriptors_before);

#endif
