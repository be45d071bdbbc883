/* Small servers for the tests of this folder: threads of the test, blocking, on a loopback port each. They end with the
 * program. A connection that breaks off is what they expect.
 *
 *   server_port(ftp_serve)      RFC 959, 2428: anybody may log in; each file has FTP_BYTES bytes, STOR takes anything
 *   server_port(socks_serve)    RFC 1928, 1929: CONNECT to a port of 127.0.0.1, whatever the name; asks for a login
 *                               where it is offered
 *   server_port(connect_serve)  an HTTP proxy: CONNECT in the same way, a 407 where there is no login
 *   server_port(rtsp_serve)     RFC 2326: each response has a session and "sdp!"; a frame of five bytes before and behind it
 *   server_port(telnet_serve)   RFC 854: asks for the terminal's type, says TELNET_SAID, hears 3000 bytes, says it again
 *   server_port(dict_serve)     RFC 2229: says DICT_SAID to whatever it is asked, and ends
 *   tftp_port()                 RFC 1350: each file has TFTP_BYTES bytes, a write is acknowledged */
#ifndef TESTS_UNIT_XFER_SERVERS_H
#define TESTS_UNIT_XFER_SERVERS_H

#include <poll.h>

#include "tests/unit/xfer/peer.h"

enum { SERVERS = 16, FTP_BYTES = 5000, TFTP_BYTES = 1200, TFTP_BLOCK = 512 };

struct server_conn {
  void (*serve)(int fd);
  int fd;
};

static inline void *server_connection(void *arg)
{
  struct server_conn c = *(struct server_conn *)arg;
  int one = 1;
  free(arg);
  setsockopt(c.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  c.serve(c.fd);
  close(c.fd);
  return NULL;
}

static inline void server_thread(void *(*body)(void *), void *arg)
{
  pthread_t thread;
  if (pthread_create(&thread, NULL, body, arg))
    abort();
  pthread_detach(thread);
}

static inline void *server_accept(void *arg)
{
  struct server_conn *listener = arg;
  for (;;) {
    struct server_conn *c = malloc(sizeof *c);
    *c = (struct server_conn){listener->serve, accept(listener->fd, NULL, NULL)};
    if (c->fd < 0) {
      free(c);
      return NULL;
    }
    server_thread(server_connection, c);
  }
}

/* One server of each kind for the whole program. */
static inline int server_port(void (*serve)(int fd))
{
  static struct server_conn listeners[SERVERS];
  static int ports[SERVERS];
  int i = 0;
  while (listeners[i].serve && listeners[i].serve != serve)
    i++;
  if (!ports[i]) {
    listeners[i] = (struct server_conn){serve, peer_listen("127.0.0.1", 0, 64, &ports[i])};
    server_thread(server_accept, &listeners[i]);
  }
  return ports[i];
}

static inline int server_dial(int port)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, (struct sockaddr *)&in, sizeof in)) {
    close(fd);
    return -1;
  }
  return fd;
}

/* Up to and with the end of a line (or of a head), into `in`, a zero behind. false: the peer is gone */
static inline bool server_read_to(int fd, const char *end, char *in, size_t room)
{
  size_t n = 0;
  in[0] = 0;
  while (n + 1 < room && !strstr(in, end)) {
    if (recv(fd, in + n, 1, 0) != 1)
      return false;
    in[++n] = 0;
  }
  return true;
}

/* Both ways until one side ends. */
static inline void server_join(int a, int b)
{
  struct pollfd p[2] = {{a, POLLIN, 0}, {b, POLLIN, 0}};
  char bytes[16384];
  while (poll(p, 2, -1) > 0)
    for (int i = 0; i < 2; i++) {
      ssize_t n = p[i].revents ? recv(p[i].fd, bytes, sizeof bytes, 0) : 0;
      if (p[i].revents && (n <= 0 || !peer_send(p[1 - i].fd, bytes, (size_t)n)))
        return;
    }
}

/* ---- proxies ---- */

static inline bool server_take(int fd, unsigned char *in, size_t n)
{
  return recv(fd, in, n, MSG_WAITALL) == (ssize_t)n;
}

/* A length and as many bytes. */
static inline bool server_take_counted(int fd, unsigned char in[256])
{
  return server_take(fd, in, 1) && server_take(fd, in + 1, in[0]);
}

static inline void socks_serve(int fd)
{
  unsigned char in[256], port[2];
  if (!server_take(fd, in, 1) || !server_take_counted(fd, in))
    return;
  bool login = memchr(in + 1, 2, in[0]) != NULL;
  if (!peer_send(fd, login ? "\5\2" : "\5\0", 2))
    return;
  if (login && !(server_take(fd, in, 1) && server_take_counted(fd, in) && server_take_counted(fd, in) &&
                 peer_send(fd, "\1\0", 2)))
    return;
  if (!server_take(fd, in, 4) || !(in[3] == 3 ? server_take_counted(fd, in) : server_take(fd, in, in[3] == 1 ? 4 : 16)) ||
      !server_take(fd, port, 2))
    return;
  int other = server_dial(port[0] << 8 | port[1]);
  if (other < 0)
    return;
  if (peer_send(fd, "\5\0\0\1\177\0\0\1\0\1", 10))
    server_join(fd, other);
  close(other);
}

static inline void rtsp_serve(int fd)
{
  char in[2048];
  while (server_read_to(fd, "\r\n\r\n", in, sizeof in)) {
    char out[256];
    const char *cseq = strstr(in, "CSeq: ");
    snprintf(out, sizeof out, "RTSP/1.0 200 OK\r\nCSeq: %d\r\nSession: s;timeout=9\r\nContent-Length: 4\r\n\r\nsdp!",
             cseq ? atoi(cseq + 6) : 0);
    if (!peer_send(fd, "$\0\0\1a", 5) || !peer_say(fd, out) || !peer_send(fd, "$\0\0\1b", 5))
      return;
  }
}

static inline void connect_serve(int fd)
{
  char head[2048];
  while (server_read_to(fd, "\r\n\r\n", head, sizeof head)) {
    const char *port = strchr(head, ':');
    if (!strstr(head, "\r\nProxy-Authorization:")) {
      peer_say(fd, "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"r\"\r\nContent-Length: 2\r\n\r\nno");
      continue;
    }
    int other = port ? server_dial(atoi(port + 1)) : -1;
    if (other < 0)
      return;
    if (peer_say(fd, "HTTP/1.1 200 OK\r\n\r\n"))
      server_join(fd, other);
    close(other);
    return;
  }
}

/* ---- FTP ---- */

/* What waits for a data connection gives up when the control connection ends. */
static inline int ftp_data_accept(int listener, int control)
{
  struct pollfd p[2] = {{listener, POLLIN, 0}, {control, POLLRDHUP, 0}};
  while (poll(p, 2, -1) > 0 && !p[0].revents)
    if (p[1].revents)
      return -1;
  return accept(listener, NULL, NULL);
}

static inline void ftp_transfer(int control, const char *command, int data)
{
  static const char file[FTP_BYTES];
  static const char list[] = "-rw-r--r--   1 u g 5000 Jan  1 2020 a.txt\r\n-rw-r--r--   1 u g 5000 Jan  1 2020 b.txt\r\n";
  if (data < 0)
    return;
  peer_say(control, "150 here it comes\r\n");
  if (*command == 'S')
    peer_wait_for_close(data);
  else if (*command == 'R')
    peer_send(data, file, sizeof file);
  else
    peer_send(data, list, sizeof list - 1);
  close(data);
  peer_say(control, "226 done\r\n");
}

static inline void ftp_serve(int fd)
{
  char line[600], answer[80];
  int passive = -1, active = 0, port;
  peer_say(fd, "220 ready\r\n");
  while (server_read_to(fd, "\n", line, sizeof line)) {
    const char *say = "200 fine\r\n";
    if (!strncmp(line, "RETR", 4) || !strncmp(line, "STOR", 4) || !strncmp(line, "LIST", 4)) {
      ftp_transfer(fd, line, active ? server_dial(active) : ftp_data_accept(passive, fd));
      continue;
    }
    if (!strncmp(line, "USER", 4))
      say = "331 and?\r\n";
    else if (!strncmp(line, "PASS", 4))
      say = "230 in\r\n";
    else if (!strncmp(line, "PWD", 3))
      say = "257 \"/\"\r\n";
    else if (!strncmp(line, "SIZE", 4))
      say = "213 5000\r\n";
    else if (!strncmp(line, "MDTM", 4))
      say = "213 20200101000000\r\n";
    else if (!strncmp(line, "EPRT", 4))
      active = atoi(strrchr(line, '.') + 3); /* ...0.1|port| */
    else if (!strncmp(line, "EPSV", 4)) {
      if (passive >= 0)
        close(passive);
      passive = peer_listen("127.0.0.1", 0, 1, &port);
      snprintf(answer, sizeof answer, "229 there (|||%d|)\r\n", port);
      say = answer;
    }
    peer_say(fd, say);
  }
  if (passive >= 0)
    close(passive);
}

/* ---- Telnet ---- */

#define TELNET_SAID "said\n"

static inline void telnet_serve(int fd)
{
  char c;
  int letters = 0;
  bool asked = false;
  peer_say(fd, "\377\375\30" TELNET_SAID);
  while (letters < 3000 && recv(fd, &c, 1, 0) == 1) {
    if (c == '\30' && !asked)
      asked = peer_send(fd, "\377\372\30\1\377\360", 6);
    letters += c == 'u';
  }
  peer_say(fd, TELNET_SAID);
}

/* ---- DICT ---- */

#define DICT_SAID "220 hello\r\n552 no match\r\n"

static inline void dict_serve(int fd)
{
  char line[600] = "";
  while (strncmp(line, "QUIT", 4) && server_read_to(fd, "\n", line, sizeof line))
    ;
  peer_say(fd, DICT_SAID);
}

/* ---- TFTP ---- */

struct tftp_conn {
  struct sockaddr_in from;
  bool write;
};

/* 2 bytes operation, 2 bytes block number, up to 512 bytes: 3 DATA, 4 ACK; less than 512 ends it. */
static inline void *tftp_serve(void *arg)
{
  struct tftp_conn c = *(struct tftp_conn *)arg;
  unsigned char packet[4 + TFTP_BLOCK] = {0}, in[600] = {0};
  struct timeval wait = {2, 0};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  free(arg);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
  (void)!connect(fd, (struct sockaddr *)&c.from, sizeof c.from);
  for (unsigned block = c.write ? 0 : 1;; block++) {
    size_t before = (size_t)(block - 1) * TFTP_BLOCK, n = c.write ? 0 : TFTP_BYTES - before;
    if (n > TFTP_BLOCK)
      n = TFTP_BLOCK;
    packet[1] = c.write ? 4 : 3;
    packet[3] = (unsigned char)block;
    if (send(fd, packet, 4 + n, 0) < 0)
      break;
    ssize_t k = recv(fd, in, sizeof in, 0);
    if (k < 4 || in[1] != (c.write ? 3 : 4))
      break;
    if (c.write ? k < 4 + TFTP_BLOCK : n < TFTP_BLOCK) {
      packet[3]++;
      if (c.write)
        (void)!send(fd, packet, 4, 0);
      break;
    }
  }
  close(fd);
  return NULL;
}

static inline void *tftp_listen(void *arg)
{
  unsigned char in[600];
  for (;;) {
    struct tftp_conn *c = calloc(1, sizeof *c);
    socklen_t len = sizeof c->from;
    if (recvfrom(*(int *)arg, in, sizeof in, 0, (struct sockaddr *)&c->from, &len) < 0) {
      free(c);
      return NULL;
    }
    c->write = in[1] == 2;
    server_thread(tftp_serve, c);
  }
}

static inline int tftp_port(void)
{
  static int fd;
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof in;
  bool first = !fd;
  if (first) {
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)!bind(fd, (struct sockaddr *)&in, sizeof in);
  }
  getsockname(fd, (struct sockaddr *)&in, &len);
  if (first)
    server_thread(tftp_listen, &fd);
  return ntohs(in.sin_port);
}

#endif
