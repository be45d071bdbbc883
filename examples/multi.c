/*
 * multi.c: several transfers at the same time in one thread. Without further URLs the first one is
 * fetched four times.
 *
 *   cc multi.c $(pkg-config --cflags --libs sluice) -o multi
 *   ./multi https://example.com/ https://example.org/
 */
#include <curl/curl.h>
#include <stdio.h>

enum { TRANSFERS = 32 };

struct transfer {
  const char *url;
  CURL *easy;
  size_t bytes;
};

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
  struct transfer *transfer = userdata;
  (void)data;
  transfer->bytes += size * count;
  return size * count;
}

static int add(CURLM *multi, struct transfer *transfer, const char *url)
{
  transfer->url = url;
  transfer->easy = curl_easy_init();
  if (!transfer->easy)
    return 0;
  curl_easy_setopt(transfer->easy, CURLOPT_URL, url);
  curl_easy_setopt(transfer->easy, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
  curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
  return curl_multi_add_handle(multi, transfer->easy) == CURLM_OK;
}

/* Returns how many of those that are over went well. */
static int report(CURLM *multi)
{
  CURLMsg *message;
  int left, good = 0;
  while ((message = curl_multi_info_read(multi, &left))) {
    struct transfer *transfer = NULL;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    printf("%s: %zu bytes, %s\n", transfer->url, transfer->bytes,
           curl_easy_strerror(message->data.result));
    good += message->data.result == CURLE_OK;
  }
  return good;
}

/* Works until all is done; sleeps while there is nothing to do. */
static int run(CURLM *multi)
{
  int running = 0, good = 0;
  do {
    CURLMcode code = curl_multi_perform(multi, &running);
    good += report(multi);
    if (!code && running)
      code = curl_multi_poll(multi, NULL, 0, 1000, NULL);
    if (code) {
      fprintf(stderr, "%s\n", curl_multi_strerror(code));
      break;
    }
  } while (running);
  return good;
}

int main(int argc, char **argv)
{
  struct transfer transfers[TRANSFERS] = {{NULL, NULL, 0}};
  int urls = argc - 1, count = urls > 1 ? urls : 4, good = 0;
  if (urls < 1 || urls > TRANSFERS) {
    fprintf(stderr, "usage: %s URL... (up to %d)\n", argv[0], TRANSFERS);
    return 2;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT))
    return 1;
  CURLM *multi = curl_multi_init();
  int added = 0;
  while (multi && added < count && add(multi, &transfers[added], argv[1 + added % urls]))
    added++;
  if (multi && added == count)
    good = run(multi);
  for (int i = 0; i < count; i++) { /* the handles first, their multi handle last */
    if (transfers[i].easy)
      curl_multi_remove_handle(multi, transfers[i].easy);
    curl_easy_cleanup(transfers[i].easy);
  }
  curl_multi_cleanup(multi);
  curl_global_cleanup();
  return good == count ? 0 : 1;
}
