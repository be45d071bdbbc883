/* CURLOPT_CONNECT_ONLY 2 with HTTP: the request and the head of its response, then the connection is the application's,
 * with what has come behind the head. */
#include <curl/curl.h>
#include <poll.h>

#include "tests/test.h"
#include "tests/unit/xfer/peer.h"

static size_t never(char *data, size_t size, size_t n, void *arg)
{
  (void)data;
  (void)arg;
  CHECK(!"a body byte was delivered");
  return size * n;
}

static size_t ignore(char *data, size_t size, size_t n, void *arg)
{
  (void)data;
  (void)arg;
  return size * n;
}

static CURL *make(const char *path)
{
  char url[64];
  CURL *curl = curl_easy_init();
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", peer_get()->port, path);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 2L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, never);
  return curl;
}

static size_t receive(CURL *curl, char *dst, size_t want, size_t piece)
{
  curl_socket_t fd = CURL_SOCKET_BAD;
  size_t n = 0, got;
  CHECK_INT(curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &fd), CURLE_OK);
  while (n < want) {
    struct pollfd p = {fd, POLLIN, 0};
    CURLcode rc = curl_easy_recv(curl, dst + n, want - n < piece ? want - n : piece, &got);
    if (rc == CURLE_AGAIN && poll(&p, 1, 10000) == 1)
      continue;
    if (rc || !got)
      break;
    n += got;
  }
  return n;
}

TEST(head_then_body_by_hand)
{
  static const char next[] = "GET /text HTTP/1.1\r\nHost: x\r\n\r\n";
  char body[200] = "";
  long status = 0;
  size_t n;
  CURL *curl = make("/text");
  REQUIRE(curl_easy_perform(curl) == CURLE_OK);
  CHECK_INT(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status), CURLE_OK);
  CHECK_INT(status, 200);
  CHECK_INT(receive(curl, body, 6, 1), 6);
  CHECK_STR(body, "hello\n");
  CHECK_INT(curl_easy_send(curl, next, sizeof next - 1, &n), CURLE_OK);
  CHECK_INT(receive(curl, body, 15, 100), 15);
  CHECK_MEM(body, "HTTP/1.1 200 OK", 15);
  curl_easy_cleanup(curl);
}

TEST(never_a_connection_that_others_have_used)
{
  CURL *curl = make("/text");
  long made = 0;
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 0L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
  REQUIRE(curl_easy_perform(curl) == CURLE_OK);
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 2L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, never);
  REQUIRE(curl_easy_perform(curl) == CURLE_OK);
  CHECK_INT(curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &made), CURLE_OK);
  CHECK_INT(made, 1);
  curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 0L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
  REQUIRE(curl_easy_perform(curl) == CURLE_OK); /* ends what was held */
  size_t n;
  CHECK_INT(curl_easy_recv(curl, (char[1]){0}, 1, &n), CURLE_UNSUPPORTED_PROTOCOL);
  curl_easy_cleanup(curl);
}

/* A redirect that is followed is none of the application's. */
TEST(after_a_redirect)
{
  long status = 0;
  char body[3] = "";
  CURL *curl = make("/start");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  REQUIRE(curl_easy_perform(curl) == CURLE_OK);
  CHECK_INT(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status), CURLE_OK);
  CHECK_INT(status, 200);
  CHECK_INT(receive(curl, body, 2, 2), 2);
  CHECK_MEM(body, "\x1f\x8b", 2); /* as it came: no decoding */
  curl_easy_cleanup(curl);
}
