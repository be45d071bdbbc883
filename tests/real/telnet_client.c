/* A terminal for telnet_test.py: telnet_client URL [OPTION...], each OPTION one of CURLOPT_TELNETOPTIONS. Reads its
 * standard input with the library's own read function. */
#include <curl/curl.h>
#include <stdio.h>

static size_t show(char *data, size_t size, size_t n, void *arg)
{
  size_t shown = fwrite(data, size, n, arg);
  fflush(arg);
  return shown;
}

int main(int argc, char **argv)
{
  struct curl_slist *options = NULL;
  CURL *curl = curl_easy_init();
  if (argc < 2 || !curl)
    return 99;
  for (int i = 2; i < argc; i++)
    options = curl_slist_append(options, argv[i]);
  curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
  curl_easy_setopt(curl, CURLOPT_TELNETOPTIONS, options);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, show);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, stdout);
  CURLcode rc = curl_easy_perform(curl);
  curl_easy_cleanup(curl);
  curl_slist_free_all(options);
  return (int)rc;
}
