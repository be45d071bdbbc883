/*
 * get.c: one transfer, what it brings to standard output.
 *
 *   cc get.c $(pkg-config --cflags --libs sluice) -o get
 *   ./get https://example.com/
 */
#include <curl/curl.h>
#include <stdio.h>

/* Called with each piece of the body. Less than what was given ends the transfer. */
static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
  return fwrite(data, size, count, userdata);
}

int main(int argc, char **argv)
{
  char error[CURL_ERROR_SIZE] = "";
  CURLcode code = CURLE_FAILED_INIT;
  long status = 0;

  if (argc != 2) {
    fprintf(stderr, "usage: %s URL\n", argv[0]);
    return 2;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT))
    return 1;
  CURL *easy = curl_easy_init();
  if (easy) {
    curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L); /* 404 and the like are failures */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, stdout);
    code = curl_easy_perform(easy);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  }
  if (code)
    fprintf(stderr, "%s: %s\n", argv[1], error[0] ? error : curl_easy_strerror(code));
  else
    fprintf(stderr, "the server answered %ld\n", status);
  curl_easy_cleanup(easy);
  curl_global_cleanup();
  return code ? 1 : 0;
}
