/* The demonstration's HTTP server; see demo_origin.h. It answers every GET with a line that says
 * who answers and for whom the request was meant. */
#include "demo_origin.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
  CLIENTS = 8, /* at the same time */
  REQUEST = 4096,
  HOST = 256
};

struct client {
  int fd; /* -1: free */
  size_t have;
  char request[REQUEST + 1];
};

static void client_close(struct client *client)
{
  close(client->fd);
  client->fd = -1;
}

static void client_take(struct client *clients, int fd)
{
  for (int i = 0; i < CLIENTS; i++)
    if (clients[i].fd < 0) {
      clients[i].fd = fd;
      clients[i].have = 0;
      return;
    }
  close(fd);
}

static void find_host(const char *request, char out[HOST])
{
  snprintf(out, HOST, "nobody");
  for (const char *line = request; (line = strstr(line, "\r\n")); line += 2)
    if (!strncasecmp(line + 2, "Host: ", 6)) {
      const char *host = line + 8;
      snprintf(out, HOST, "%.*s", (int)strcspn(host, "\r\n"), host);
      return;
    }
}

static bool answer(const struct origin *origin, const struct client *client)
{
  char host[HOST], body[512], message[1024];
  find_host(client->request, host);
  int size =
      snprintf(body, sizeof body, "Origin %s answers the request for %s.\n", origin->name, host);
  int length = snprintf(
      message, sizeof message,
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", size, body);
  return send(client->fd, message, (size_t)length, MSG_NOSIGNAL) == length;
}

/* One read; the request's body is none, since all are GETs. */
static void client_serve(const struct origin *origin, struct client *client)
{
  ssize_t got = recv(client->fd, client->request + client->have, REQUEST - client->have, 0);
  if (got <= 0) {
    client_close(client);
    return;
  }
  client->have += (size_t)got;
  client->request[client->have] = 0;
  bool whole = strstr(client->request, "\r\n\r\n") != NULL;
  if (whole ? !answer(origin, client) : client->have == REQUEST)
    client_close(client);
  else if (whole)
    client->have = 0;
}

static void take_new(struct origin *origin, struct client *clients)
{
  int fd = accept4(origin->listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0)
    return;
  pthread_mutex_lock(&origin->lock);
  origin->accepted++;
  pthread_mutex_unlock(&origin->lock);
  client_take(clients, fd);
}

/* A byte on the pipe: 'a' there is a socket to adopt, 's' stop. */
static bool take_order(struct origin *origin, struct client *clients)
{
  char order;
  if (read(origin->wake[0], &order, 1) != 1 || order == 's')
    return false;
  pthread_mutex_lock(&origin->lock);
  int fd = origin->adopted;
  origin->adopted = -1;
  pthread_mutex_unlock(&origin->lock);
  if (fd >= 0)
    client_take(clients, fd);
  return true;
}

static void *serve(void *argument)
{
  struct origin *origin = argument;
  struct client clients[CLIENTS];
  struct pollfd ready[CLIENTS + 2];
  for (int i = 0; i < CLIENTS; i++)
    clients[i].fd = -1;
  for (bool goes_on = true; goes_on;) {
    for (int i = 0; i < CLIENTS; i++)
      ready[i] = (struct pollfd){.fd = clients[i].fd, .events = POLLIN};
    ready[CLIENTS] = (struct pollfd){.fd = origin->listener, .events = POLLIN};
    ready[CLIENTS + 1] = (struct pollfd){.fd = origin->wake[0], .events = POLLIN};
    if (poll(ready, CLIENTS + 2, -1) < 0)
      continue; /* a signal */
    for (int i = 0; i < CLIENTS; i++)
      if (ready[i].revents)
        client_serve(origin, &clients[i]);
    if (ready[CLIENTS].revents)
      take_new(origin, clients);
    if (ready[CLIENTS + 1].revents)
      goes_on = take_order(origin, clients);
  }
  for (int i = 0; i < CLIENTS; i++)
    if (clients[i].fd >= 0)
      client_close(&clients[i]);
  return NULL;
}

int demo_listen(unsigned *out_port)
{
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof here;
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  if (bind(fd, (struct sockaddr *)&here, sizeof here) || listen(fd, CLIENTS) ||
      getsockname(fd, (struct sockaddr *)&here, &length)) {
    close(fd);
    return -1;
  }
  *out_port = ntohs(here.sin_port);
  return fd;
}

bool origin_start(struct origin *origin, const char *name)
{
  *origin = (struct origin){.name = name, .listener = -1, .wake = {-1, -1}, .adopted = -1};
  pthread_mutex_init(&origin->lock, NULL);
  origin->listener = demo_listen(&origin->port);
  if (origin->listener >= 0 && pipe2(origin->wake, O_CLOEXEC) == 0)
    origin->runs = pthread_create(&origin->thread, NULL, serve, origin) == 0;
  return origin->runs;
}

static void close_if_open(int fd)
{
  if (fd >= 0)
    close(fd);
}

void origin_stop(struct origin *origin)
{
  if (origin->runs && write(origin->wake[1], "s", 1) == 1)
    pthread_join(origin->thread, NULL);
  origin->runs = false;
  close_if_open(origin->listener);
  close_if_open(origin->wake[0]);
  close_if_open(origin->wake[1]);
  close_if_open(origin->adopted);
  pthread_mutex_destroy(&origin->lock);
}

void origin_adopt(struct origin *origin, int fd)
{
  pthread_mutex_lock(&origin->lock);
  int before = origin->adopted;
  origin->adopted = fd;
  pthread_mutex_unlock(&origin->lock);
  close_if_open(before);
  if (write(origin->wake[1], "a", 1) != 1)
    perror("sluice demo: pipe");
}

unsigned origin_accepted(struct origin *origin)
{
  pthread_mutex_lock(&origin->lock);
  unsigned accepted = origin->accepted;
  pthread_mutex_unlock(&origin->lock);
  return accepted;
}
