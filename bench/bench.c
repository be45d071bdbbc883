/* The load programs of bench/run, and the origin that they load. Written against <curl/curl.h> only, so that one binary
 * measures any libcurl.so.4: LD_LIBRARY_PATH decides. What is measured happens in hot(), which valgrind is told to look
 * at; connecting and warming up are outside of it, except where they are the subject.
 *
 *   bench origin                     prints its port, serves until its standard input is closed
 *   bench NAME PORT COUNT [IDLE]     prints `COUNT user_us system_us wall_us`
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* ---- the origin: GET /N answers N bytes, /hold never, PUT takes what comes ---- */

enum { FDS = 65536, EVENTS = 256, CHUNK = 65536, ADDRESSES = 4, HEAD = 4096 };

struct peer {
  unsigned head;       /* bytes of a request head so far */
  uint64_t body, send; /* request bytes to come, response bytes to go */
  char in[HEAD];
};

static struct peer *peers[FDS];

static void fatal(const char *what)
{
  perror(what);
  exit(1);
}

static void raise_limit(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit))
    return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

static int listen_at(unsigned last_byte, uint16_t *port)
{
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(*port)};
  socklen_t len = sizeof a;
  int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  a.sin_addr.s_addr = htonl(0x7f000000u + last_byte);
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 4096) || getsockname(fd, (struct sockaddr *)&a, &len))
    fatal("listen");
  *port = ntohs(a.sin_port);
  return fd;
}

static void hang_up(int fd)
{
  free(peers[fd]);
  peers[fd] = NULL;
  close(fd);
}

static void poll_for(int epoll, int fd, uint32_t events, int op)
{
  struct epoll_event e = {.events = events, .data.fd = fd};
  epoll_ctl(epoll, op, fd, &e);
}

static void send_more(int epoll, int fd, struct peer *p)
{
  static char bytes[CHUNK];
  while (p->send) {
    ssize_t n = send(fd, bytes, p->send < CHUNK ? (size_t)p->send : CHUNK, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN)
        poll_for(epoll, fd, EPOLLOUT, EPOLL_CTL_MOD);
      else
        hang_up(fd);
      return;
    }
    p->send -= (uint64_t)n;
  }
  poll_for(epoll, fd, EPOLLIN, EPOLL_CTL_MOD);
}

static void answer(int epoll, int fd, struct peer *p, uint64_t n)
{
  static const char zeros[1024];
  char out[1200];
  size_t head = (size_t)snprintf(out, sizeof out, "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\nContent-Length: %llu\r\n\r\n",
                                 (unsigned long long)n);
  size_t body = n < sizeof zeros ? (size_t)n : 0;
  memcpy(out + head, zeros, body);
  if (send(fd, out, head + body, MSG_NOSIGNAL) != (ssize_t)(head + body)) {
    hang_up(fd);
    return;
  }
  p->send = n - body;
  if (p->send)
    send_more(epoll, fd, p);
}

static void on_request(int epoll, int fd, struct peer *p)
{
  char *end = memmem(p->in, p->head, "\r\n\r\n", 4);
  if (!end)
    return;
  *end = 0;
  char *length = strcasestr(p->in, "\r\nContent-Length:");
  uint64_t n = strtoull(strchr(p->in, '/') + 1, NULL, 10), body = length ? strtoull(length + 17, NULL, 10) : 0;
  bool hold = strstr(p->in, " /hold ");
  uint64_t have = p->head - (uint64_t)(end + 4 - p->in);
  p->head = 0;
  if (body > have)
    p->body = body - have; /* answered when it is complete */
  else if (!hold)
    answer(epoll, fd, p, n);
}

static void on_readable(int epoll, int fd, struct peer *p)
{
  static char sink[CHUNK];
  ssize_t n;
  if (p->body) {
    n = recv(fd, sink, p->body < CHUNK ? (size_t)p->body : CHUNK, 0);
    if (n > 0 && !(p->body -= (uint64_t)n))
      answer(epoll, fd, p, 0);
  } else {
    n = recv(fd, p->in + p->head, HEAD - p->head, 0);
    if (n > 0) {
      p->head += (unsigned)n;
      on_request(epoll, fd, p);
      return;
    }
  }
  if (!n || (n < 0 && errno != EAGAIN))
    hang_up(fd);
}

static int origin(void)
{
  struct epoll_event events[EVENTS];
  bool listener[FDS] = {false};
  uint16_t port = 0;
  int epoll = epoll_create1(0), fd;
  raise_limit();
  for (unsigned i = 1; i <= ADDRESSES; i++) {
    listener[fd = listen_at(i, &port)] = true;
    poll_for(epoll, fd, EPOLLIN, EPOLL_CTL_ADD);
  }
  poll_for(epoll, 0, EPOLLIN, EPOLL_CTL_ADD);
  printf("%d\n", port);
  fflush(stdout);
  for (;;) {
    int n = epoll_wait(epoll, events, EVENTS, -1);
    for (int i = 0; i < n; i++) {
      fd = events[i].data.fd;
      if (!fd)
        return 0;
      if (listener[fd]) {
        int new_fd;
        while ((new_fd = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          peers[new_fd] = calloc(1, sizeof *peers[new_fd]);
          poll_for(epoll, new_fd, EPOLLIN, EPOLL_CTL_ADD);
        }
      } else if (peers[fd] && events[i].events & EPOLLOUT) {
        send_more(epoll, fd, peers[fd]);
      } else if (peers[fd]) {
        on_readable(epoll, fd, peers[fd]);
      }
    }
  }
}

/* ---- the loads ---- */

struct load {
  const char *name;
  unsigned port, count, idle;
  char url[128];
  CURL *hot_easy;
  CURLM *multi;
  CURL **idle_easy;
  int epoll, timer;
  uint64_t bytes, left;
};

static void must(int rc, const char *what)
{
  if (rc) {
    fprintf(stderr, "bench: %s: %d\n", what, rc);
    exit(1);
  }
}

static size_t on_body(char *data, size_t size, size_t n, void *userdata)
{
  struct load *l = userdata;
  (void)data;
  l->bytes += size * n;
  return size * n;
}

static size_t give(char *dst, size_t size, size_t n, void *userdata)
{
  struct load *l = userdata;
  uint64_t room = size * n, now = room < l->left ? room : l->left;
  (void)dst;
  l->left -= now;
  return (size_t)now;
}

static curl_socket_t on_open(void *data, curlsocktype purpose, struct curl_sockaddr *a)
{
  (void)data, (void)purpose;
  return socket(a->family, a->socktype, a->protocol);
}

static int on_sockopt(void *data, curl_socket_t fd, curlsocktype purpose)
{
  int on = 1;
  (void)data, (void)purpose;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  return CURL_SOCKOPT_OK;
}

static int on_close(void *data, curl_socket_t fd)
{
  (void)data;
  return close(fd);
}

static CURL *get(struct load *l, unsigned address, const char *path)
{
  CURL *e = curl_easy_init();
  snprintf(l->url, sizeof l->url, "http://127.0.0.%u:%u/%s", address, l->port, path);
  curl_easy_setopt(e, CURLOPT_URL, l->url);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, l);
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  return e;
}

static void perform_all(struct load *l)
{
  for (unsigned i = 0; i < l->count; i++)
    must(curl_easy_perform(l->hot_easy), "perform");
}

static void setup_seq(struct load *l)
{
  l->hot_easy = get(l, 1, "100");
  for (int i = 0; i < 3; i++)
    must(curl_easy_perform(l->hot_easy), "perform");
}

static void setup_fresh(struct load *l)
{
  CURL *e = l->hot_easy = get(l, 1, "100");
  curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  must(curl_easy_perform(e), "perform");
}

static void setup_bulk(struct load *l)
{
  char path[32];
  snprintf(path, sizeof path, "%llu", (unsigned long long)l->count << 20);
  l->hot_easy = get(l, 1, "100");
  must(curl_easy_perform(l->hot_easy), "perform");
  snprintf(l->url, sizeof l->url, "http://127.0.0.1:%u/%s", l->port, path);
  curl_easy_setopt(l->hot_easy, CURLOPT_URL, l->url);
  curl_easy_setopt(l->hot_easy, CURLOPT_BUFFERSIZE, 65536L);
}

static void setup_upload(struct load *l)
{
  struct curl_slist *no_expect = curl_slist_append(NULL, "Expect:");
  setup_bulk(l);
  curl_easy_setopt(l->hot_easy, CURLOPT_UPLOAD, 1L);
  curl_easy_setopt(l->hot_easy, CURLOPT_HTTPHEADER, no_expect);
  curl_easy_setopt(l->hot_easy, CURLOPT_READFUNCTION, give);
  curl_easy_setopt(l->hot_easy, CURLOPT_READDATA, l);
  l->left = (uint64_t)l->count << 20;
  curl_easy_setopt(l->hot_easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)l->left);
}

static void one_perform(struct load *l)
{
  must(curl_easy_perform(l->hot_easy), "perform");
}

static void make_handles(struct load *l)
{
  for (unsigned i = 0; i < l->count; i++) {
    CURL *e = curl_easy_init();
    curl_easy_setopt(e, CURLOPT_URL, "http://127.0.0.1/some/path?with=query");
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, l);
    curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_HEADERDATA, l);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, 10000L);
    curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, 3000L);
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(e, CURLOPT_MAXREDIRS, 5L);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "bench/1.0");
    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_cleanup(e);
  }
}

/* ---- one hot transfer among idle ones ---- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *userdata, void *known)
{
  struct load *l = userdata;
  struct epoll_event e = {.data.fd = fd};
  (void)easy;
  e.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
  if (what == CURL_POLL_REMOVE)
    return epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, &e) < 0 ? 0 : 0;
  epoll_ctl(l->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e);
  curl_multi_assign(l->multi, fd, l);
  return 0;
}

static int on_timer(CURLM *m, long ms, void *userdata)
{
  struct load *l = userdata;
  struct itimerspec at = {.it_value = {0, 0}};
  (void)m;
  if (ms >= 0) {
    at.it_value.tv_sec = ms / 1000;
    at.it_value.tv_nsec = ms % 1000 * 1000000 + (ms ? 0 : 1);
  }
  timerfd_settime(l->timer, 0, &at, NULL);
  return 0;
}

static void turn(struct load *l, int at_most_ms)
{
  struct epoll_event events[EVENTS];
  int running;
  if (l->epoll < 0) {
    must(curl_multi_perform(l->multi, &running), "multi_perform");
    return;
  }
  int n = epoll_wait(l->epoll, events, EVENTS, at_most_ms);
  for (int i = 0; i < n; i++) {
    int fd = events[i].data.fd;
    uint64_t times;
    if (fd != l->timer)
      curl_multi_socket_action(l->multi, fd, events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : CURL_CSELECT_IN, &running);
    else if (read(fd, &times, sizeof times) > 0)
      curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

/* One request of the hot handle, added and removed. */
static void hot_once(struct load *l)
{
  int left;
  CURLMsg *msg;
  must(curl_multi_add_handle(l->multi, l->hot_easy), "add_handle");
  for (;;) {
    turn(l, 1000);
    if ((msg = curl_multi_info_read(l->multi, &left)))
      break;
    if (l->epoll < 0)
      must(curl_multi_poll(l->multi, NULL, 0, 1000, NULL), "multi_poll");
  }
  must(msg->data.result, "the hot transfer");
  must(curl_multi_remove_handle(l->multi, l->hot_easy), "remove_handle");
}

static void hot_all(struct load *l)
{
  for (unsigned i = 0; i < l->count; i++)
    hot_once(l);
}

static void add_idle(struct load *l)
{
  l->idle_easy = calloc(l->idle + 1, sizeof(CURL *));
  for (unsigned i = 0; i < l->idle; i++) {
    l->idle_easy[i] = get(l, 1 + i % ADDRESSES, "hold");
    must(curl_multi_add_handle(l->multi, l->idle_easy[i]), "add_handle");
    if (i % 100 == 99)
      for (int k = 0; k < 6; k++) { /* a few at a time, for the origin's queue */
        int running;
        if (l->epoll >= 0)
          turn(l, 1);
        else if (!curl_multi_perform(l->multi, &running))
          curl_multi_poll(l->multi, NULL, 0, 1, NULL);
      }
  }
}

static void setup_idle(struct load *l, bool own_loop)
{
  raise_limit();
  l->multi = curl_multi_init();
  curl_multi_setopt(l->multi, CURLMOPT_MAXCONNECTS, (long)l->idle + 10);
  if (own_loop) {
    struct epoll_event e = {.events = EPOLLIN};
    l->epoll = epoll_create1(0);
    e.data.fd = l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->timer, &e);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(l->multi, CURLMOPT_SOCKETDATA, l);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(l->multi, CURLMOPT_TIMERDATA, l);
  }
  add_idle(l);
  l->hot_easy = get(l, 1, "100");
  for (int i = 0; i < 5; i++)
    hot_once(l);
}

static void setup_poll(struct load *l)
{
  setup_idle(l, false);
}

static void setup_socket(struct load *l)
{
  setup_idle(l, true);
}

static void setup_nothing(struct load *l)
{
  curl_easy_cleanup(get(l, 1, "100"));
}

static const struct {
  const char *name;
  void (*setup)(struct load *l), (*work)(struct load *l);
} loads[] = {
    {"seq", setup_seq, perform_all},       {"fresh", setup_fresh, perform_all}, {"setup", setup_nothing, make_handles},
    {"idle-poll", setup_poll, hot_all},    {"idle-socket", setup_socket, hot_all}, {"download", setup_bulk, one_perform},
    {"upload", setup_upload, one_perform},
};

/* The measured section; a function of its own that is not inlined, for valgrind's --toggle-collect. */
__attribute__((noinline)) void hot(void (*work)(struct load *l), struct load *l);
void hot(void (*work)(struct load *l), struct load *l)
{
  work(l);
  __asm__ volatile("" ::: "memory"); /* no tail call: the function has to end after the work */
}

static int64_t micros(struct timeval t)
{
  return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

static int run(struct load *l)
{
  for (size_t i = 0; i < sizeof loads / sizeof loads[0]; i++) {
    if (strcmp(loads[i].name, l->name))
      continue;
    struct rusage before, after;
    struct timespec began, ended;
    loads[i].setup(l);
    getrusage(RUSAGE_SELF, &before);
    clock_gettime(CLOCK_MONOTONIC, &began);
    hot(loads[i].work, l);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    getrusage(RUSAGE_SELF, &after);
    printf("%u %lld %lld %lld\n", l->count, (long long)(micros(after.ru_utime) - micros(before.ru_utime)),
           (long long)(micros(after.ru_stime) - micros(before.ru_stime)),
           (long long)((ended.tv_sec - began.tv_sec) * 1000000 + (ended.tv_nsec - began.tv_nsec) / 1000));
    fflush(stdout);
    _exit(0); /* taking thousands of connections down is not the subject */
  }
  fprintf(stderr, "bench: no load %s\n", l->name);
  return 2;
}

int main(int argc, char **argv)
{
  struct load l = {.epoll = -1};
  if (argc == 2 && !strcmp(argv[1], "origin"))
    return origin();
  if (argc == 2 && !strcmp(argv[1], "version")) {
    puts(curl_version());
    return 0;
  }
  if (argc < 4) {
    fprintf(stderr, "usage: bench origin | version | NAME PORT COUNT [IDLE]\n");
    return 2;
  }
  l.name = argv[1];
  l.port = (unsigned)strtoul(argv[2], NULL, 10);
  l.count = (unsigned)strtoul(argv[3], NULL, 10);
  l.idle = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 0;
  must(curl_global_init(CURL_GLOBAL_DEFAULT), "global_init");
  return run(&l);
}
