/*
 * opensocket.c: every socket of a transfer passes through the program, which decides about the
 * address, makes the socket, and closes it.
 *
 * This one refuses addresses of IPv4 that begin with 10, and the link-local ones of IPv6. At the
 * end it counts: what was opened has been closed.
 *
 *   cc opensocket.c $(pkg-config --cflags --libs sluice) -o opensocket
 *   ./opensocket http://example.com/
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct books {
  int opened, refused, closed;
};

/* The address is longer than struct sockaddr: it is copied out by its family. */
static int is_forbidden(const struct curl_sockaddr *peer, char *text, size_t size)
{
  if (peer->family == AF_INET) {
    struct sockaddr_in in;
    memcpy(&in, &peer->addr, sizeof in);
    inet_ntop(AF_INET, &in.sin_addr, text, (socklen_t)size);
    return ntohl(in.sin_addr.s_addr) >> 24 == 10;
  }
  if (peer->family == AF_INET6) {
    struct sockaddr_in6 in;
    memcpy(&in, &peer->addr, sizeof in);
    inet_ntop(AF_INET6, &in.sin6_addr, text, (socklen_t)size);
    return IN6_IS_ADDR_LINKLOCAL(&in.sin6_addr);
  }
  snprintf(text, size, "family %d", peer->family);
  return 1; /* what is not known is not allowed */
}

/* In place of socket(2). */
static curl_socket_t open_socket(void *clientp, curlsocktype purpose, struct curl_sockaddr *peer)
{
  struct books *books = clientp;
  char text[INET6_ADDRSTRLEN] = "";
  int forbidden = is_forbidden(peer, text, sizeof text) || purpose != CURLSOCKTYPE_IPCXN;

  fprintf(stderr, "%s %s\n", forbidden ? "refused:" : "open:", text);
  if (forbidden) {
    books->refused++;
    return CURL_SOCKET_BAD;
  }
  curl_socket_t fd = socket(peer->family, peer->socktype, peer->protocol);
  if (fd != CURL_SOCKET_BAD)
    books->opened++;
  return fd;
}

/* After it was made, before it is connected. */
static int prepare_socket(void *clientp, curl_socket_t fd, curlsocktype purpose)
{
  int buffer_bytes = 256 * 1024;
  (void)clientp, (void)purpose;
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer_bytes, sizeof buffer_bytes))
    return CURL_SOCKOPT_ERROR;
  return CURL_SOCKOPT_OK;
}

static int close_socket(void *clientp, curl_socket_t fd)
{
  struct books *books = clientp;
  books->closed++;
  return close(fd);
}

static CURLcode transfer(const char *url, struct books *books)
{
  char error[CURL_ERROR_SIZE] = "";
  CURLcode code = CURLE_FAILED_INIT;
  CURL *easy = curl_easy_init();
  if (easy) {
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, books);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, prepare_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, books);
    code = curl_easy_perform(easy);
  }
  if (code)
    fprintf(stderr, "%s: %s\n", url, error[0] ? error : curl_easy_strerror(code));
  curl_easy_cleanup(easy); /* an idle connection is closed here at the latest */
  return code;
}

int main(int argc, char **argv)
{
  struct books books = {0, 0, 0};
  if (argc != 2) {
    fprintf(stderr, "usage: %s URL\n", argv[0]);
    return 2;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT))
    return 1;
  CURLcode code = transfer(argv[1], &books);
  curl_global_cleanup();
  fprintf(stderr, "%d opened, %d refused, %d closed\n", books.opened, books.refused, books.closed);
  return code || books.opened != books.closed ? 1 : 0;
}
