/* The acts of `sluice demo`; see demo.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo.h"

enum { URL_TEXT = 64 };

static const char *url_of(const struct origin *origin, char out[URL_TEXT])
{
  snprintf(out, URL_TEXT, "http://127.0.0.1:%u/", origin->port);
  return out;
}

/* The transfer went well, and that origin answered. */
static void check_answer(struct visit *visit, const struct origin *origin)
{
  char start[VISIT_TEXT];
  int length = snprintf(start, sizeof start, "Origin %s answers", origin->name);
  bool good = !visit->code && visit->status == 200 && !strncmp(visit->body, start, (size_t)length);
  if (visit->code)
    demo_check(visit->demo, false, "%s (%d): %s", curl_easy_strerror(visit->code), (int)visit->code,
               visit->error);
  else
    demo_check(visit->demo, good, "%ld after %.1f ms: \"%s\"", visit->status, visit->seconds * 1000,
               visit->body);
}

void act_plain(struct demo *demo)
{
  struct visit visit = {.demo = demo, .way = VISIT_PLAIN, .handed = -1};
  char url[URL_TEXT];
  demo_say(demo, "No callback is set: the library opens the socket itself.");
  demo_say(demo, "GET %s", url_of(&demo->a, url));
  visit_run(&visit, url);
  check_answer(&visit, &demo->a);
  if (demo->has_events)
    demo_check(demo, !strcmp(visit.life, "open, connect, connected, close"),
               "the life of its socket, as SLUICEOPT_SOCKET_EVENTFUNCTION tells it:\n%s",
               visit.life);
}

void act_look(struct demo *demo)
{
  char resolve[URL_TEXT], url[URL_TEXT], wanted[ADDRESS_TEXT];
  struct visit visit = {.demo = demo, .way = VISIT_LOOK, .handed = -1, .resolve = resolve};
  snprintf(resolve, sizeof resolve, "origin.example:%u:127.0.0.1", demo->a.port);
  snprintf(url, sizeof url, "http://origin.example:%u/", demo->a.port);
  snprintf(wanted, sizeof wanted, "127.0.0.1:%u", demo->a.port);
  demo_say(demo, "The URL has a name; the callback gets the address that it resolved to.");
  demo_say(demo, "GET %s", url);
  visit_run(&visit, url);
  check_answer(&visit, &demo->a);
  demo_check(demo, visit.calls == 1, "the callback was called %u time%s", visit.calls,
             visit.calls == 1 ? "" : "s");
  demo_check(demo, visit.purpose == CURLSOCKTYPE_IPCXN, "purpose: %s",
             visit.purpose == CURLSOCKTYPE_IPCXN ? "CURLSOCKTYPE_IPCXN, to connect to a peer"
                                                 : "another");
  demo_check(demo,
             visit.family == AF_INET && visit.socktype == SOCK_STREAM &&
                 (visit.protocol == IPPROTO_TCP || visit.protocol == 0),
             "family: %d (AF_INET is %d), type: %d (SOCK_STREAM is %d), protocol: %d (TCP is %d)",
             visit.family, AF_INET, visit.socktype, SOCK_STREAM, visit.protocol, IPPROTO_TCP);
  demo_check(demo, !strcmp(visit.address, wanted), "address: %s", visit.address);
}

void act_change(struct demo *demo)
{
  struct visit visit = {.demo = demo, .way = VISIT_CHANGE, .to_port = demo->b.port, .handed = -1};
  char url[URL_TEXT];
  unsigned before = origin_accepted(&demo->a);
  demo_say(demo,
           "The URL means origin A; the callback writes the port of origin B into the address.");
  demo_say(demo, "GET %s", url_of(&demo->a, url));
  visit_run(&visit, url);
  check_answer(&visit, &demo->b);
  demo_check(demo, visit.port == (long)demo->b.port,
             "CURLINFO_PRIMARY_PORT is the port that was really connected: %ld", visit.port);
  demo_check(demo, origin_accepted(&demo->a) == before, "origin A has seen no connection");
}

void act_refuse(struct demo *demo)
{
  struct visit visit = {.demo = demo, .way = VISIT_REFUSE, .handed = -1};
  char url[URL_TEXT];
  unsigned before = origin_accepted(&demo->a);
  demo_say(demo, "The callback looks at the address and returns CURL_SOCKET_BAD.");
  demo_say(demo, "GET %s", url_of(&demo->a, url));
  visit_run(&visit, url);
  demo_check(demo, visit.code == CURLE_COULDNT_CONNECT, "the result is %d (%s)", (int)visit.code,
             visit.code == CURLE_COULDNT_CONNECT ? "CURLE_COULDNT_CONNECT"
                                                 : curl_easy_strerror(visit.code));
  demo_check(demo, visit.error[0] != 0, "the error text: \"%s\"", visit.error);
  demo_check(demo, visit.calls && origin_accepted(&demo->a) == before,
             "no connection was tried: origin A has seen none");
}

/* As a program would that has its own way to connect. -1: it could not. */
static int connect_to(const struct origin *origin)
{
  struct sockaddr_in peer = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)origin->port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd >= 0 && connect(fd, (struct sockaddr *)&peer, sizeof peer)) {
    close(fd);
    return -1;
  }
  return fd;
}

static void hand_over_tcp(struct demo *demo)
{
  struct visit visit = {.demo = demo, .way = VISIT_HAND_OVER, .handed = connect_to(&demo->b)};
  char url[URL_TEXT];
  demo_say(demo,
           "The program has connected a TCP socket to origin B. The callback returns it, and the");
  demo_say(demo, "sockopt callback says CURL_SOCKOPT_ALREADY_CONNECTED: no connect() takes place.");
  demo_say(demo, "GET %s", url_of(&demo->a, url));
  if (visit.handed < 0) {
    demo_check(demo, false, "origin B can not be connected");
    return;
  }
  visit_run(&visit, url);
  check_answer(&visit, &demo->b);
}

static void hand_over_pair(struct demo *demo)
{
  struct visit visit = {.demo = demo, .way = VISIT_HAND_OVER, .handed = -1};
  char url[URL_TEXT];
  int pair[2];
  unsigned before = origin_accepted(&demo->a);
  demo_say(demo, "The same with one end of a socketpair(AF_UNIX): there is no network at all.");
  demo_say(demo, "GET %s", url_of(&demo->a, url));
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) {
    demo_check(demo, false, "there is no socketpair");
    return;
  }
  visit.handed = pair[0];
  origin_adopt(&demo->a, pair[1]);
  visit_run(&visit, url);
  check_answer(&visit, &demo->a);
  demo_check(demo, origin_accepted(&demo->a) == before, "nobody has connected to its port");
}

void act_connected(struct demo *demo)
{
  hand_over_tcp(demo);
  hand_over_pair(demo);
}

/* The callback is asked for the control connection, for the socket to listen on, and shown the
 * connection that the server makes; it opens a new socket each time without looking, which does no
 * harm. */
void act_accept(struct demo *demo)
{
  struct visit visit = {.demo = demo, .way = VISIT_LOOK, .handed = -1, .ftpport = "-"};
  char url[URL_TEXT];
  snprintf(url, sizeof url, "ftp://127.0.0.1:%u/" DEMO_FTP_FILE, demo->ftp.port);
  demo_say(demo, "The library listens, the server connects: a socket that nobody has asked for.");
  demo_say(demo, "GET %s, with CURLOPT_FTPPORT \"-\"", url);
  visit_run(&visit, url);
  demo_check(demo, !visit.code && !strcmp(visit.body, DEMO_FTP_TEXT), "after %.1f ms: \"%s\"",
             visit.seconds * 1000, visit.code ? visit.error : visit.body);
  demo_check(demo, visit.accepted == 1, "the sockopt callback was shown %u accepted connection%s",
             visit.accepted, visit.accepted == 1 ? "" : "s");
  if (demo->has_events)
    demo_check(
        demo, strstr(visit.asked, "CURLSOCKTYPE_ACCEPT  127.0.0.1:") != NULL,
        "the callback was asked for the control connection, the listener, the accepted one:\n%s",
        visit.asked);
}

void act_books(struct demo *demo, int descriptors_before)
{
  const struct books *books = &demo->callbacks;
  demo_check(demo, books->opened && books_balance(books),
             "by the callbacks: %u opened, %u closed, %u refused", books->opened, books->closed,
             books->refused);
  if (demo->has_events) {
    books = &demo->events;
    demo_check(demo, books->opened && books_balance(books),
               "by the library's events: %u opened, %u closed, %u refused", books->opened,
               books->closed, books->refused);
  }
  int now = demo_descriptors();
  if (descriptors_before >= 0 && now >= 0)
    demo_check(demo, now == descriptors_before,
               "open descriptors of this process: %d before, %d now", descriptors_before, now);
}
