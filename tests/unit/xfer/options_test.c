/* Options that are set while their transfer runs: it goes on with what it began with, and nothing is left dangling. */
#include <curl/curl.h>

#include "tests/test.h"
#include "tests/unit/xfer/peer.h"

struct change {
  CURL *curl;
  int n;
};

/* At each line of each head, so that the next request is made with options that are not those of the first. */
static size_t on_header(char *line, size_t size, size_t n, void *arg)
{
  struct change *c = arg;
  char text[100];
  (void)line;
  snprintf(text, sizeof text, "another-%d:value-%d", c->n, c->n);
  c->n++;
  CHECK_INT(curl_easy_setopt(c->curl, CURLOPT_USERPWD, text), CURLE_OK);
  CHECK_INT(curl_easy_setopt(c->curl, CURLOPT_REFERER, text), CURLE_OK);
  CHECK_INT(curl_easy_setopt(c->curl, CURLOPT_USERAGENT, text), CURLE_OK);
  CHECK_INT(curl_easy_setopt(c->curl, CURLOPT_COOKIE, text), CURLE_OK);
  CHECK_INT(curl_easy_setopt(c->curl, CURLOPT_RANGE, "0-1"), CURLE_OK);
  CHECK_INT(curl_easy_setopt(c->curl, CURLOPT_NOPROXY, text), CURLE_OK);
  CHECK_INT(curl_easy_setopt(c->curl, CURLOPT_INTERFACE, NULL), CURLE_OK);
  CHECK_INT(curl_easy_setopt(c->curl, CURLOPT_URL, text), CURLE_OK);
  return size * n;
}

static size_t ignore(char *data, size_t size, size_t n, void *arg)
{
  (void)data;
  (void)arg;
  return size * n;
}

static int on_sent(CURL *curl, curl_infotype type, char *data, size_t n, void *arg)
{
  char *heads = arg;
  (void)curl;
  if (type == CURLINFO_HEADER_OUT && strlen(heads) + n < 4000)
    strncat(heads, data, n);
  return 0;
}

TEST(a_transfer_keeps_what_it_began_with)
{
  char url[64], heads[4096] = "";
  CURL *curl = curl_easy_init();
  struct change c = {curl, 0};
  long status = 0;
  REQUIRE(curl);
  snprintf(url, sizeof url, "http://127.0.0.1:%d/start", peer_get()->port);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_USERPWD, "first:secret");
  curl_easy_setopt(curl, CURLOPT_REFERER, "http://first/");
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &c);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
  curl_easy_setopt(curl, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(curl, CURLOPT_DEBUGFUNCTION, on_sent);
  curl_easy_setopt(curl, CURLOPT_DEBUGDATA, heads);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status), CURLE_OK);
  CHECK_INT(status, 200);
  CHECK(c.n > 6);
  const char *second = strstr(heads, "GET /final ");
  REQUIRE(second);
  CHECK(strstr(heads, "Authorization: Basic Zmlyc3Q6c2VjcmV0\r\n") != NULL); /* first:secret */
  CHECK(strstr(heads, "Referer: http://first/\r\n") != NULL);
  CHECK(strstr(second, "Referer: http://first/\r\n") != NULL);
  curl_easy_cleanup(curl);
}
