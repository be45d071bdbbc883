/* The demonstration's FTP server; see demo_ftp.h. RFC 959, and EPRT of RFC 2428. */
#include "demo_ftp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "demo_origin.h"

enum { LINE = 512, PATIENCE_S = 5 };

struct session {
  int fd;
  unsigned data_port; /* 0: not told yet */
  size_t have;
  char in[LINE];
};

static bool reply(const struct session *session, const char *text)
{
  char line[LINE];
  int length = snprintf(line, sizeof line, "%s\r\n", text);
  return send(session->fd, line, (size_t)length, MSG_NOSIGNAL) == length;
}

/* The next line, without its end. */
static bool take_line(struct session *session, char out[LINE])
{
  char *end;
  while (!(end = memchr(session->in, '\n', session->have))) {
    ssize_t got = session->have < LINE
                      ? recv(session->fd, session->in + session->have, LINE - session->have, 0)
                      : 0;
    if (got <= 0)
      return false;
    session->have += (size_t)got;
  }
  size_t length = (size_t)(end - session->in);
  memcpy(out, session->in, length);
  out[length] = 0;
  out[strcspn(out, "\r")] = 0;
  session->have -= length + 1;
  memmove(session->in, end + 1, session->have);
  return true;
}

/* "EPRT |1|127.0.0.1|port|" and "PORT 127,0,0,1,high,low". Where it leads to is no question: to
 * ourselves. */
static bool take_port(struct session *session, const char *line)
{
  unsigned high, low;
  if (sscanf(line, "EPRT |1|%*[0-9.]|%u|", &session->data_port) != 1) {
    if (sscanf(line, "PORT %*u,%*u,%*u,%*u,%u,%u", &high, &low) != 2)
      return false;
    session->data_port = high * 256 + low;
  }
  return true;
}

static bool send_file(struct session *session)
{
  struct sockaddr_in client = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)session->data_port),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  bool good = fd >= 0 && reply(session, "150 I connect") &&
              !connect(fd, (struct sockaddr *)&client, sizeof client);
  good = good && send(fd, DEMO_FTP_TEXT "\n", sizeof DEMO_FTP_TEXT, MSG_NOSIGNAL) > 0;
  if (fd >= 0)
    close(fd);
  return reply(session, good ? "226 That was it" : "425 I could not connect");
}

static bool obey(struct session *session, const char *line)
{
  static const struct {
    const char *verb, *text;
  } answers[] = {{"USER", "331 Password?"}, {"PASS", "230 Welcome"}, {"PWD", "257 \"/\""},
                 {"TYPE", "200 So be it"},  {"SIZE", "213 27"},      {"QUIT", "221 Bye"}};
  for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
    if (!strncmp(line, answers[i].verb, strlen(answers[i].verb)))
      return reply(session, answers[i].text);
  if (take_port(session, line))
    return reply(session, "200 There I shall connect");
  return session->data_port && !strcmp(line, "RETR " DEMO_FTP_FILE)
             ? send_file(session)
             : reply(session, "502 Not here");
}

static void *serve(void *argument)
{
  const struct ftp_origin *origin = argument;
  const struct timeval patience = {.tv_sec = PATIENCE_S};
  const int one = 1;
  char line[LINE];
  for (;;) {
    struct session session = {.fd = accept4(origin->listener, NULL, NULL, SOCK_CLOEXEC)};
    if (session.fd < 0)
      return NULL;
    setsockopt(session.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(session.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    bool goes_on = reply(&session, "220 The demonstration's FTP origin");
    while (goes_on && take_line(&session, line))
      goes_on = obey(&session, line);
    close(session.fd);
  }
}

bool ftp_origin_start(struct ftp_origin *origin)
{
  *origin = (struct ftp_origin){0};
  origin->listener = demo_listen(&origin->port);
  if (origin->listener >= 0)
    origin->runs = pthread_create(&origin->thread, NULL, serve, origin) == 0;
  return origin->runs;
}

void ftp_origin_stop(struct ftp_origin *origin)
{
  if (origin->listener >= 0)
    shutdown(origin->listener, SHUT_RDWR); /* accept() returns */
  if (origin->runs)
    pthread_join(origin->thread, NULL);
  origin->runs = false;
  if (origin->listener >= 0)
    close(origin->listener);
  origin->listener = -1;
}
