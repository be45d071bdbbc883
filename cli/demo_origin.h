/* A small HTTP/1.1 server for the demonstration: one thread, on a free port of 127.0.0.1. It stands
 * for the world outside, so its sockets are its own and appear in no book. */
#ifndef CLI_DEMO_ORIGIN_H
#define CLI_DEMO_ORIGIN_H

#include <pthread.h>
#include <stdbool.h>

struct origin {
  const char *name; /* said in every answer */
  int listener, wake[2];
  unsigned port;
  pthread_t thread;
  bool runs;
  pthread_mutex_t lock; /* of the two below */
  int adopted;          /* a connected socket to serve; -1: none waits */
  unsigned accepted;    /* connections that came in by the port */
};

/* A descriptor that listens on a free port of 127.0.0.1, or -1. */
int demo_listen(unsigned *out_port);

bool origin_start(struct origin *origin, const char *name);
void origin_stop(struct origin *origin);

/* Serves this connected socket, and closes it in the end. One at a time. */
void origin_adopt(struct origin *origin, int fd);

unsigned origin_accepted(struct origin *origin);

#endif
