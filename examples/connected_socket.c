/*
 * connected_socket.c: the program connects by itself, in its own way, and hands the connected
 * socket to the library. The way may be a broker process, a tunnel, a Unix socket, or as here plain
 * connect(2). For http://; with https:// the library would speak TLS over the same socket.
 *
 *   cc connected_socket.c $(pkg-config --cflags --libs sluice) -o connected_socket
 *   ./connected_socket http://example.com/
 */
#include <curl/curl.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int connect_to(const char *host, const char *port)
{
  struct addrinfo hints, *list = NULL, *one;
  int fd = -1, code;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  code = getaddrinfo(host, port, &hints, &list);
  if (code) {
    fprintf(stderr, "%s: %s\n", host, gai_strerror(code));
    return -1;
  }
  for (one = list; one && fd < 0; one = one->ai_next) {
    fd = socket(one->ai_family, one->ai_socktype, one->ai_protocol);
    if (fd >= 0 && connect(fd, one->ai_addr, one->ai_addrlen)) {
      close(fd);
      fd = -1;
    }
  }
  freeaddrinfo(list);
  if (fd < 0)
    perror(host);
  return fd;
}

/* The host of an IPv6 URL stands in brackets, which getaddrinfo() does not take. */
static int connect_by_url(const char *url)
{
  CURLU *parts = curl_url();
  char *host = NULL, *port = NULL;
  int fd = -1;
  if (parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
      !curl_url_get(parts, CURLUPART_HOST, &host, 0) &&
      !curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT)) {
    size_t length = strlen(host);
    if (host[0] == '[' && length > 2)
      host[length - 1] = 0;
    fd = connect_to(host + (host[0] == '['), port);
  } else {
    fprintf(stderr, "%s is not a URL with a host\n", url);
  }
  curl_free(host);
  curl_free(port);
  curl_url_cleanup(parts);
  return fd;
}

/* Gives the socket away, once. From then on the library closes it. */
static curl_socket_t give_socket(void *clientp, curlsocktype purpose, struct curl_sockaddr *peer)
{
  int *fd = clientp, given = *fd;
  (void)purpose, (void)peer;
  *fd = -1;
  return given < 0 ? CURL_SOCKET_BAD : given;
}

static int say_connected(void *clientp, curl_socket_t fd, curlsocktype purpose)
{
  (void)clientp, (void)fd, (void)purpose;
  return CURL_SOCKOPT_ALREADY_CONNECTED;
}

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
  return fwrite(data, size, count, userdata);
}

int main(int argc, char **argv)
{
  char error[CURL_ERROR_SIZE] = "";
  CURLcode code = CURLE_FAILED_INIT;
  if (argc != 2) {
    fprintf(stderr, "usage: %s URL\n", argv[0]);
    return 2;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT))
    return 1;
  int fd = connect_by_url(argv[1]);
  CURL *easy = curl_easy_init();
  if (easy && fd >= 0) {
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* the socket goes to the server itself */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, give_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &fd);
    curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, say_connected);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, stdout);
    code = curl_easy_perform(easy);
    if (code)
      fprintf(stderr, "%s: %s\n", argv[1], error[0] ? error : curl_easy_strerror(code));
  }
  curl_easy_cleanup(easy);
  if (fd >= 0)
    close(fd); /* nobody asked for it */
  curl_global_cleanup();
  return code ? 1 : 0;
}
