/* What the curl program does not do with HTTP/2: take a pushed response, pause one transfer among others, remove one
 * that is under way. Arguments: the authority's file, a URL that comes with a push, a large URL, a small one. */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>

struct body {
  size_t n, pause_at;
  int pauses;
};

static struct body pushed;
static int promises;
static CURL *promised;

static size_t take(char *p, size_t size, size_t n, void *arg)
{
  struct body *b = arg;
  (void)p;
  if (b->pause_at && b->n >= b->pause_at) {
    b->pause_at = 0;
    b->pauses++;
    return CURL_WRITEFUNC_PAUSE;
  }
  b->n += size * n;
  return size * n;
}

static CURL *make(const char *url, const char *ca, struct body *b)
{
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_URL, url);
  curl_easy_setopt(e, CURLOPT_CAINFO, ca);
  curl_easy_setopt(e, CURLOPT_PIPEWAIT, 1L);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, b);
  return e;
}

static int on_push(CURL *parent, CURL *e, size_t n, struct curl_pushheaders *h, void *arg)
{
  const char *path = curl_pushheader_byname(h, ":path");
  const char *first = curl_pushheader_bynum(h, 0);
  (void)parent;
  (void)arg;
  promises++;
  printf("push %s %s %d %d\n", path ? path : "?", first ? first : "?", n > 3, !curl_pushheader_bynum(h, n));
  curl_easy_setopt(e, CURLOPT_WRITEDATA, &pushed);
  promised = e;
  return CURL_PUSH_OK;
}

/* Until `done` transfers have ended, or `b` is paused. */
static int run(CURLM *m, int done, const struct body *b)
{
  int running, left, ended = 0;
  for (int i = 0; i < 10000 && ended < done && !(b && b->pauses && !ended && done > 90); i++) {
    CURLMsg *msg;
    curl_multi_perform(m, &running);
    while ((msg = curl_multi_info_read(m, &left))) {
      if (msg->data.result)
        printf("failed: %s\n", curl_easy_strerror(msg->data.result));
      ended++;
    }
    if (ended < done)
      curl_multi_poll(m, NULL, 0, 100, NULL);
    if (b && b->pauses && done > 90)
      break;
  }
  return ended;
}

int main(int argc, char **argv)
{
  struct body first = {0}, big = {.pause_at = 100000}, small = {0}, gone = {.pause_at = 1};
  if (argc < 5)
    return 2;
  CURLM *m = curl_multi_init();
  curl_multi_setopt(m, CURLMOPT_PUSHFUNCTION, on_push);
  CURL *e = make(argv[2], argv[1], &first);
  curl_multi_add_handle(m, e);
  run(m, 2, NULL);
  printf("%d promised, %zu and %zu bytes\n", promises, first.n, pushed.n);
  curl_multi_remove_handle(m, e);
  curl_easy_cleanup(e);
  if (promised) {
    curl_multi_remove_handle(m, promised);
    curl_easy_cleanup(promised);
  }
  CURL *b = make(argv[3], argv[1], &big), *g = make(argv[3], argv[1], &gone), *s = make(argv[4], argv[1], &small);
  curl_multi_add_handle(m, b);
  run(m, 99, &big); /* until it has paused */
  curl_multi_add_handle(m, g);
  curl_multi_add_handle(m, s);
  printf("beside a paused one: %d ended\n", run(m, 1, NULL));
  size_t before = big.n;
  curl_multi_remove_handle(m, g);
  printf("%d pause, %zu bytes of the small one, %d\n", big.pauses, small.n, big.n == before);
  curl_easy_pause(b, CURLPAUSE_CONT);
  run(m, 1, NULL);
  long connects = 0;
  curl_easy_getinfo(s, CURLINFO_NUM_CONNECTS, &connects);
  printf("%zu bytes, %ld connects\n", big.n, connects);
  curl_multi_remove_handle(m, b);
  curl_multi_remove_handle(m, s);
  curl_easy_cleanup(b);
  curl_easy_cleanup(g);
  curl_easy_cleanup(s);
  curl_multi_cleanup(m);
  return 0;
}
