/*
 * libuv.c: transfers in a libuv loop, by curl_multi_socket_action(): a uv_poll_t for each descriptor that the library wants
 * to have watched, one uv_timer_t for its time-outs. Built where libuv is there (Debian: libuv1-dev).
 *
 *   cc libuv.c $(pkg-config --cflags --libs sluice libuv) -o libuv
 *   ./libuv https://example.com/
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { TRANSFERS = 4 };

struct loop {
  uv_loop_t uv;
  uv_timer_t timer;
  CURLM *multi;
  int running; /* transfers */
  int good, done, wanted;
  const char *url;
};

struct watched {
  uv_poll_t poll; /* first: libuv gives its address back */
  struct loop *loop;
  curl_socket_t fd;
};

static void report(struct loop *loop)
{
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(loop->multi, &left))) {
    CURL *easy = message->easy_handle;
    CURLcode result = message->data.result;
    curl_off_t bytes = 0;
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    printf("%s: %ld bytes, %s\n", loop->url, (long)bytes, curl_easy_strerror(result));
    loop->done++;
    loop->good += result == CURLE_OK;
    curl_multi_remove_handle(loop->multi, easy); /* which ends the life of `message` */
    curl_easy_cleanup(easy);
  }
  if (loop->done == loop->wanted)
    uv_stop(&loop->uv); /* a name server's descriptor may still be watched */
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
  struct watched *watched = (struct watched *)poll;
  struct loop *loop = watched->loop; /* `watched` can be gone after the call */
  int flags = status < 0 ? CURL_CSELECT_ERR : 0;
  flags |= events & UV_READABLE ? CURL_CSELECT_IN : 0;
  flags |= events & UV_WRITABLE ? CURL_CSELECT_OUT : 0;
  curl_multi_socket_action(loop->multi, watched->fd, flags, &loop->running);
  report(loop);
}

static void on_timeout(uv_timer_t *timer)
{
  struct loop *loop = timer->data;
  curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &loop->running);
  report(loop);
}

static void on_closed(uv_handle_t *handle)
{
  free(handle);
}

/* `known` is what curl_multi_assign() has set: NULL the first time. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *known)
{
  struct loop *loop = userdata;
  struct watched *watched = known;
  int events = (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0);
  (void)easy;
  if (what == CURL_POLL_REMOVE) {
    if (watched) {
      uv_poll_stop(&watched->poll); /* at once: the descriptor is closed next */
      uv_close((uv_handle_t *)&watched->poll, on_closed);
    }
    return 0;
  }
  if (!watched) {
    watched = malloc(sizeof *watched);
    if (!watched)
      return -1;
    watched->loop = loop;
    watched->fd = fd;
    if (uv_poll_init_socket(&loop->uv, &watched->poll, fd)) {
      free(watched);
      return -1;
    }
    curl_multi_assign(loop->multi, fd, watched);
  }
  return uv_poll_start(&watched->poll, events, on_ready) ? -1 : 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *userdata)
{
  struct loop *loop = userdata;
  (void)multi;
  if (timeout_ms < 0)
    uv_timer_stop(&loop->timer);
  else
    uv_timer_start(&loop->timer, on_timeout, (uint64_t)timeout_ms, 0);
  return 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
  (void)data, (void)userdata;
  return size * count;
}

static int add(struct loop *loop)
{
  CURL *easy = curl_easy_init();
  if (!easy)
    return 0;
  curl_easy_setopt(easy, CURLOPT_URL, loop->url);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 20L);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  if (curl_multi_add_handle(loop->multi, easy) == CURLM_OK)
    return 1;
  curl_easy_cleanup(easy);
  return 0;
}

int main(int argc, char **argv)
{
  struct loop loop = {.multi = NULL};
  if (argc != 2) {
    fprintf(stderr, "usage: %s URL\n", argv[0]);
    return 2;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT) || uv_loop_init(&loop.uv))
    return 1;
  loop.url = argv[1];
  loop.multi = curl_multi_init();
  if (!loop.multi)
    return 1;
  uv_timer_init(&loop.uv, &loop.timer);
  loop.timer.data = &loop;
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
  while (loop.wanted < TRANSFERS && add(&loop)) /* on_timer() is called by this: the loop starts it all */
    loop.wanted++;
  if (loop.wanted)
    uv_run(&loop.uv, UV_RUN_DEFAULT);
  curl_multi_cleanup(loop.multi); /* calls on_socket() for what is still watched */
  uv_close((uv_handle_t *)&loop.timer, NULL);
  uv_run(&loop.uv, UV_RUN_DEFAULT); /* until all of that is closed */
  uv_loop_close(&loop.uv);
  curl_global_cleanup();
  return loop.wanted == TRANSFERS && loop.good == loop.wanted ? 0 : 1;
}
