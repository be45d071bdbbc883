/*
 * websocket.c: a message to a WebSocket server that echoes, and what comes back, until it has come.
 *
 *   cc websocket.c $(pkg-config --cflags --libs sluice) -o websocket
 *   ./websocket wss://echo.example.com/ "Hello there"
 *
 * Arguments: WSURL "Hello there"
 */
#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 10000 };

/* Neither function below waits by itself. */
static int wait_for(CURL *curl, short events)
{
  curl_socket_t socket = CURL_SOCKET_BAD;
  curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &socket);
  struct pollfd p = {socket, events, 0};
  return poll(&p, 1, PATIENCE_MS) > 0;
}

/* What the socket did not take is offered again, from where it stopped. */
static CURLcode send_text(CURL *curl, const char *text)
{
  size_t left = strlen(text), sent;
  while (left) {
    CURLcode result = curl_ws_send(curl, text, left, &sent, 0, CURLWS_TEXT);
    if (result == CURLE_AGAIN && wait_for(curl, POLLOUT))
      continue;
    if (result)
      return result;
    text += sent;
    left -= sent;
  }
  return CURLE_OK;
}

/* One message, printed as it comes. Other frames may come between its fragments; pings are answered for us. */
static CURLcode print_message(CURL *curl)
{
  const struct curl_ws_frame *frame;
  char buffer[256];
  size_t n;
  for (;;) {
    CURLcode result = curl_ws_recv(curl, buffer, sizeof buffer, &n, &frame);
    if (result == CURLE_AGAIN && wait_for(curl, POLLIN))
      continue;
    if (result)
      return result;
    if (frame->flags & CURLWS_CLOSE)
      return CURLE_GOT_NOTHING;
    if (!(frame->flags & (CURLWS_TEXT | CURLWS_BINARY)))
      continue;
    fwrite(buffer, 1, n, stdout);
    if (!frame->bytesleft && !(frame->flags & CURLWS_CONT)) {
      putchar('\n');
      return CURLE_OK;
    }
  }
}

int main(int argc, char **argv)
{
  if (argc < 2) {
    fprintf(stderr, "usage: %s URL [TEXT]\n", argv[0]);
    return 2;
  }
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURL *curl = curl_easy_init();
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 2L); /* the handshake, then it is ours */
  CURLcode result = curl_easy_perform(curl);
  if (!result)
    result = send_text(curl, argc > 2 ? argv[2] : "Hello");
  if (!result)
    result = print_message(curl);
  if (!result) {
    size_t sent; /* 1000: it is all said; RFC 6455 7.4.1 */
    result = curl_ws_send(curl, "\x03\xe8", 2, &sent, 0, CURLWS_CLOSE);
  }
  if (result)
    fprintf(stderr, "%s: %s\n", argv[1], *error ? error : curl_easy_strerror(result));
  curl_easy_cleanup(curl);
  curl_global_cleanup();
  return result != CURLE_OK;
}
