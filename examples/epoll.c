/*
 * epoll.c: curl_multi_socket_action() in an event loop of one's own, made of epoll and a timerfd. The library says which
 * descriptors it waits for and when it wants to be called; a round costs what is ready, however many transfers there are.
 *
 *   cc epoll.c $(pkg-config --cflags --libs sluice) -o epoll
 *   ./epoll https://example.com/
 */
#include <curl/curl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { TRANSFERS = 4, EVENTS = 64 };

struct loop {
  CURLM *multi;
  int epoll_fd, timer_fd;
  int running; /* transfers */
  int good, done;
  const char *url;
};

/* Which descriptor to wait for, and for what. `known` is what curl_multi_assign() has set: NULL the first time. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *known)
{
  struct loop *loop = userdata;
  struct epoll_event event = {.data.fd = fd};
  (void)easy;
  if (what == CURL_POLL_REMOVE)
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, fd, NULL);
  event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  if (epoll_ctl(loop->epoll_fd, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event))
    return -1;
  curl_multi_assign(loop->multi, fd, loop);
  return 0;
}

/* When to call at the latest: one time-out for all transfers. */
static int on_timer(CURLM *multi, long timeout_ms, void *userdata)
{
  struct loop *loop = userdata;
  struct itimerspec at = {.it_value = {0, 0}}; /* all zero: no timer */
  (void)multi;
  if (timeout_ms > 0) {
    at.it_value.tv_sec = timeout_ms / 1000;
    at.it_value.tv_nsec = timeout_ms % 1000 * 1000000;
  } else if (timeout_ms == 0) {
    at.it_value.tv_nsec = 1; /* at once, but from the loop: not from in here */
  }
  return timerfd_settime(loop->timer_fd, 0, &at, NULL);
}

static void report(struct loop *loop)
{
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(loop->multi, &left))) {
    CURL *easy = message->easy_handle;
    CURLcode result = message->data.result;
    curl_off_t bytes = 0, connections = 0;
    curl_easy_getinfo(easy, CURLINFO_SIZE_DOWNLOAD_T, &bytes);
    curl_easy_getinfo(easy, CURLINFO_CONN_ID, &connections);
    printf("%s: %ld bytes on connection %ld, %s\n", loop->url, (long)bytes, (long)connections, curl_easy_strerror(result));
    loop->done++;
    loop->good += result == CURLE_OK;
    curl_multi_remove_handle(loop->multi, easy); /* which ends the life of `message` */
    curl_easy_cleanup(easy);
  }
}

static int flags_of(uint32_t events)
{
  return (events & EPOLLIN ? CURL_CSELECT_IN : 0) | (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
         (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

static void run(struct loop *loop, int transfers)
{
  struct epoll_event events[EVENTS];
  while (loop->done < transfers) {
    int n = epoll_wait(loop->epoll_fd, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      int fd = events[i].data.fd;
      uint64_t times;
      if (fd != loop->timer_fd)
        curl_multi_socket_action(loop->multi, fd, flags_of(events[i].events), &loop->running);
      else if (read(fd, &times, sizeof times) > 0)
        curl_multi_socket_action(loop->multi, CURL_SOCKET_TIMEOUT, 0, &loop->running);
    }
    report(loop);
  }
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
  struct epoll_event event = {.events = EPOLLIN};
  int added = 0;
  if (argc != 2) {
    fprintf(stderr, "usage: %s URL\n", argv[0]);
    return 2;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT))
    return 1;
  loop.url = argv[1];
  loop.multi = curl_multi_init();
  loop.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  loop.timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  event.data.fd = loop.timer_fd;
  if (!loop.multi || loop.epoll_fd < 0 || epoll_ctl(loop.epoll_fd, EPOLL_CTL_ADD, loop.timer_fd, &event)) {
    perror("epoll");
    return 1;
  }
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(loop.multi, CURLMOPT_SOCKETDATA, &loop);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(loop.multi, CURLMOPT_TIMERDATA, &loop);
  while (added < TRANSFERS && add(&loop)) /* on_timer() is called by this: the loop starts it all */
    added++;
  run(&loop, added);
  curl_multi_cleanup(loop.multi);
  curl_global_cleanup();
  close(loop.timer_fd);
  close(loop.epoll_fd);
  return added == TRANSFERS && loop.good == added ? 0 : 1;
}
