/* A very small FTP server for the demonstration: one thread, one session at a time, one file, on a
 * free port of 127.0.0.1. It knows active transfers only: it connects to where it is told to. As
 * demo_origin.h, it stands for the world outside. */
#ifndef CLI_DEMO_FTP_H
#define CLI_DEMO_FTP_H

#include <pthread.h>
#include <stdbool.h>

#define DEMO_FTP_FILE "hello.txt"
#define DEMO_FTP_TEXT "Hello from the FTP origin."

struct ftp_origin {
  int listener; /* -1: none */
  unsigned port;
  pthread_t thread;
  bool runs;
};

bool ftp_origin_start(struct ftp_origin *origin);
void ftp_origin_stop(struct ftp_origin *origin);

#endif
