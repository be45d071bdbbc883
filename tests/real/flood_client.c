/* A transfer from a hostile peer, with a neighbour beside it in the same multi handle, and what
 * that cost: tests/real/ flood_test.py. Arguments: the hostile URL, the neighbour's, and any of
 *
 *   ca=FILE  proxy=URL  http=2|upgrade  compressed  te  follow  redirs=N  user=U:P  proxyuser=U:P
 * auth  jar  hsts=FILE  altsvc=FILE push=deny|take   take=N (the write callback has enough after N
 * bytes)   ms=N (CURLOPT_TIMEOUT_MS) times=N (N hostile transfers, one after the other)   linger
 * (wait until the connection of the last one is closed)
 *
 * The neighbour asks again and again until the hostile ones are through. Prints one line of `name
 * value` pairs: code (of the last hostile transfer), done, ms (that all of them took), body (bytes
 * that were delivered), peak (the most bytes that were allocated beyond what there was before),
 * neighbours (that were served meanwhile), failed (of them), slowest (of them, ms), cookies, open
 * (hostile connections that are still open), and the words of the error buffer.
 *
 * Every allocation of the process is counted, those of the TLS library and of the decoders too:
 * malloc is replaced. */
#include <curl/curl.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* ---- memory ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);
void *__libc_memalign(size_t align, size_t n);
void __libc_free(void *p);

static long live, peak;

static void *counted(void *p)
{
  if (p)
    live += (long)malloc_usable_size(p);
  if (live > peak)
    peak = live;
  return p;
}

void *malloc(size_t n)
{
  return counted(__libc_malloc(n));
}

void *calloc(size_t n, size_t size)
{
  return counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t n)
{
  long before = p ? (long)malloc_usable_size(p) : 0;
  void *q = __libc_realloc(p, n);
  if (q || !n)
    live -= before;
  return counted(q);
}

void *memalign(size_t align, size_t n)
{
  return counted(__libc_memalign(align, n));
}

void *aligned_alloc(size_t align, size_t n)
{
  return memalign(align, n);
}

int posix_memalign(void **out, size_t align, size_t n)
{
  *out = memalign(align, n);
  return *out ? 0 : ENOMEM;
}

void free(void *p)
{
  if (p)
    live -= (long)malloc_usable_size(p);
  __libc_free(p);
}

/* ---- the transfers ---- */

static CURLM *multi;
static CURL *hostile, *neighbour;
static char words[CURL_ERROR_SIZE];
static long long body, enough;
static int left = 1, done, open_sockets, linger;
static int neighbours, failed;
static double slowest, neighbour_began;
static int push_answer = -1;
static CURLcode code;

static double now_ms(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
  (void)p;
  (void)arg;
  body += (long long)(size * n);
  return enough && body > enough ? 0 : size * n;
}

static size_t drop(char *p, size_t size, size_t n, void *arg)
{
  (void)p;
  (void)arg;
  return size * n;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  (void)arg;
  (void)purpose;
  int fd = socket(a->family, a->socktype, a->protocol);
  open_sockets += fd >= 0;
  return fd;
}

static int on_close(void *arg, curl_socket_t fd)
{
  (void)arg;
  open_sockets--;
  return close(fd);
}

static int on_push(CURL *parent, CURL *pushed, size_t n, struct curl_pushheaders *h, void *arg)
{
  (void)parent;
  (void)pushed;
  (void)n;
  (void)h;
  (void)arg;
  return push_answer;
}

static void option(const char *name, const char *value)
{
  CURL *e = hostile;
  if (!strcmp(name, "ca"))
    curl_easy_setopt(e, CURLOPT_CAINFO, value);
  else if (!strcmp(name, "proxy"))
    curl_easy_setopt(e, CURLOPT_PROXY, value);
  else if (!strcmp(name, "tunnel"))
    curl_easy_setopt(e, CURLOPT_HTTPPROXYTUNNEL, 1L);
  else if (!strcmp(name, "http"))
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
                     !strcmp(value, "2") ? (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE
                                         : (long)CURL_HTTP_VERSION_2_0);
  else if (!strcmp(name, "compressed"))
    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
  else if (!strcmp(name, "te"))
    curl_easy_setopt(e, CURLOPT_TRANSFER_ENCODING, 1L);
  else if (!strcmp(name, "follow"))
    curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 1L);
  else if (!strcmp(name, "redirs"))
    curl_easy_setopt(e, CURLOPT_MAXREDIRS, atol(value));
  else if (!strcmp(name, "user"))
    curl_easy_setopt(e, CURLOPT_USERPWD, value);
  else if (!strcmp(name, "proxyuser"))
    curl_easy_setopt(e, CURLOPT_PROXYUSERPWD, value);
  else if (!strcmp(name, "auth")) {
    curl_easy_setopt(e, CURLOPT_HTTPAUTH, CURLAUTH_ANY);
    curl_easy_setopt(e, CURLOPT_PROXYAUTH, CURLAUTH_ANY);
  } else if (!strcmp(name, "jar"))
    curl_easy_setopt(e, CURLOPT_COOKIEFILE, "");
  else if (!strcmp(name, "hsts"))
    curl_easy_setopt(e, CURLOPT_HSTS, value);
  else if (!strcmp(name, "altsvc"))
    curl_easy_setopt(e, CURLOPT_ALTSVC, value);
  else if (!strcmp(name, "push"))
    push_answer = !strcmp(value, "take") ? CURL_PUSH_OK : CURL_PUSH_DENY;
  else if (!strcmp(name, "take"))
    enough = atoll(value);
  else if (!strcmp(name, "ms"))
    curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, atol(value));
  else if (!strcmp(name, "times"))
    left = atoi(value);
  else if (!strcmp(name, "linger"))
    linger = 1;
  else if (!strcmp(name, "upload")) {
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)1000000);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, calloc(1, 1000000));
  } else {
    fprintf(stderr, "what is %s?\n", name);
    exit(2);
  }
}

static void ask_neighbour(void)
{
  curl_multi_remove_handle(multi, neighbour);
  neighbour_began = now_ms();
  curl_multi_add_handle(multi, neighbour);
}

static void ended(CURL *e, CURLcode rc)
{
  if (e == hostile) {
    code = rc;
    done++;
    curl_multi_remove_handle(multi, e);
    if (--left)
      curl_multi_add_handle(multi, e);
  } else if (e == neighbour) {
    double took = now_ms() - neighbour_began;
    slowest = took > slowest ? took : slowest;
    neighbours++;
    failed += rc != CURLE_OK;
    if (left)
      ask_neighbour();
  } else {
    curl_multi_remove_handle(multi, e); /* it was pushed */
    curl_easy_cleanup(e);
  }
}

/* Until the hostile ones and the neighbour's last are through; more than enough time is a failure,
 * too. */
static void run(double most_ms)
{
  double began = now_ms();
  int running = 1;
  while ((running || left || (linger && open_sockets)) && now_ms() - began < most_ms) {
    CURLMsg *msg;
    int more;
    curl_multi_perform(multi, &running);
    while ((msg = curl_multi_info_read(multi, &more)))
      ended(msg->easy_handle, msg->data.result);
    if (running || linger)
      curl_multi_poll(multi, NULL, 0, 20, NULL);
  }
}

static int count_cookies(void)
{
  struct curl_slist *list = NULL;
  int n = 0;
  curl_easy_getinfo(hostile, CURLINFO_COOKIELIST, &list);
  for (struct curl_slist *l = list; l; l = l->next)
    n++;
  curl_slist_free_all(list);
  return n;
}

int main(int argc, char **argv)
{
  CURLcode warm;
  if (argc < 3 || curl_global_init(CURL_GLOBAL_DEFAULT))
    return 2;
  multi = curl_multi_init();
  hostile = curl_easy_init();
  neighbour = curl_easy_init();
  curl_easy_setopt(neighbour, CURLOPT_URL, argv[2]);
  curl_easy_setopt(neighbour, CURLOPT_WRITEFUNCTION, drop);
  curl_easy_setopt(hostile, CURLOPT_URL, argv[1]);
  curl_easy_setopt(hostile, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(hostile, CURLOPT_ERRORBUFFER, words);
  curl_easy_setopt(hostile, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(hostile, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  for (int i = 3; i < argc; i++) {
    char *equal = strchr(argv[i], '=');
    if (equal)
      *equal++ = 0;
    option(argv[i], equal);
  }
  if (push_answer >= 0)
    curl_multi_setopt(multi, CURLMOPT_PUSHFUNCTION, on_push);
  warm = curl_easy_perform(neighbour);
  if (warm) {
    fprintf(stderr, "the neighbour: %s\n", curl_easy_strerror(warm));
    return 2;
  }
  double began = now_ms(), most_ms = 15000;
  long before = live;
  peak = live;
  curl_multi_add_handle(multi, hostile);
  ask_neighbour();
  run(most_ms);
  printf("code %d done %d ms %.0f body %lld peak %ld neighbours %d failed %d slowest %.0f cookies "
         "%d open %d words %s\n",
         left ? -1 : (int)code, done, now_ms() - began, body, peak - before, neighbours, failed,
         slowest, count_cookies(), open_sockets, words);
  fflush(stdout);
  curl_multi_remove_handle(multi, hostile);
  curl_multi_remove_handle(multi, neighbour);
  curl_easy_cleanup(hostile);
  curl_easy_cleanup(neighbour);
  curl_multi_cleanup(multi);
  curl_global_cleanup();
  return 0;
}
