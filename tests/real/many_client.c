/* What the curl program of Debian does not know how to ask for. NAME=VALUE arguments are settings of all transfers that
 * follow, the others are URLs; "--" runs what has been named so far, all at once, and goes on with the same multi handle.
 * One line a transfer, in the order of the URLs: result, status, version, CONNECT's status, connects, bytes; then,
 * with show=1, the header lines, with words=1 the body, with kinds=BITS what curl_easy_nextheader() has. Exits with 0. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX = 256, TEXT = 65536 };

struct get {
  CURL *e;
  CURLcode result;
  size_t n, up;
  int trailers;
  char shown[TEXT], error[CURL_ERROR_SIZE];
  size_t shown_n;
};

static struct get *gets[MAX];
static int n_gets, show, words, kinds, upkeep_ms, trailer_n;
static struct curl_slist *fields, *proxy_fields, *connect_to;

struct setting {
  const char *name;
  CURLoption option;
  int is_number;
};

static const struct setting settings[] = {
    {"ca", CURLOPT_CAINFO, 0},
    {"proxyca", CURLOPT_PROXY_CAINFO, 0},
    {"proxy", CURLOPT_PROXY, 0},
    {"proxytype", CURLOPT_PROXYTYPE, 1},
    {"proxyuser", CURLOPT_PROXYUSERPWD, 0},
    {"proxyauth", CURLOPT_PROXYAUTH, 1},
    {"tunnel", CURLOPT_HTTPPROXYTUNNEL, 1},
    {"suppress", CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
    {"headeropt", CURLOPT_HEADEROPT, 1},
    {"version", CURLOPT_HTTP_VERSION, 1},
    {"fresh", CURLOPT_FRESH_CONNECT, 1},
    {"forbid", CURLOPT_FORBID_REUSE, 1},
    {"post", CURLOPT_COPYPOSTFIELDS, 0},
    {"user", CURLOPT_USERPWD, 0},
    {"auth", CURLOPT_HTTPAUTH, 1},
    {"agent", CURLOPT_USERAGENT, 0},
    {"cookie", CURLOPT_COOKIE, 0},
    {"pipewait", CURLOPT_PIPEWAIT, 1},
    {"weight", CURLOPT_STREAM_WEIGHT, 1},
    {"timeout", CURLOPT_TIMEOUT_MS, 1},
    {"verbose", CURLOPT_VERBOSE, 1},
    {"method", CURLOPT_CUSTOMREQUEST, 0},
    {"fail", CURLOPT_FAILONERROR, 1},
    {"follow", CURLOPT_FOLLOWLOCATION, 1},
    {"transferencoding", CURLOPT_TRANSFER_ENCODING, 1},
    {"altsvcctrl", CURLOPT_ALTSVC_CTRL, 1},
    {"upkeepinterval", CURLOPT_UPKEEP_INTERVAL_MS, 1},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static const char *chosen[SETTINGS];
static size_t upload;
static int upload_on;

static size_t on_body(char *p, size_t size, size_t n, void *arg)
{
  struct get *g = arg;
  g->n += size * n;
  if (words && g->shown_n + n < TEXT) {
    memcpy(g->shown + g->shown_n, p, n);
    g->shown_n += n;
  }
  return size * n;
}

static size_t on_header(char *p, size_t size, size_t n, void *arg)
{
  struct get *g = arg;
  n *= size;
  if (show && g->shown_n + n < TEXT) {
    memcpy(g->shown + g->shown_n, p, n);
    g->shown_n += n;
  }
  return n;
}

static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
  struct get *g = arg;
  n *= size;
  if (n > upload - g->up)
    n = upload - g->up;
  memset(p, 'u', n);
  g->up += n;
  return n;
}

static int on_seek(void *arg, curl_off_t at, int whence)
{
  struct get *g = arg;
  (void)whence;
  g->up = (size_t)at;
  return CURL_SEEKFUNC_OK;
}

static int on_trailers(struct curl_slist **list, void *arg)
{
  struct get *g = arg;
  char text[64];
  g->trailers++;
  for (int i = 0; i < trailer_n; i++) {
    snprintf(text, sizeof text, "X-Trailer-%d: %d", i, g->trailers);
    *list = curl_slist_append(*list, text);
  }
  *list = curl_slist_append(*list, "malformed");
  return trailer_n < 0 ? CURL_TRAILERFUNC_ABORT : CURL_TRAILERFUNC_OK;
}

static void add(CURLM *m, const char *url)
{
  struct get *g = calloc(1, sizeof *g);
  gets[n_gets++] = g;
  g->e = curl_easy_init();
  curl_easy_setopt(g->e, CURLOPT_URL, url);
  for (int i = 0; i < SETTINGS; i++) {
    if (chosen[i] && settings[i].is_number)
      curl_easy_setopt(g->e, settings[i].option, atol(chosen[i]));
    else if (chosen[i])
      curl_easy_setopt(g->e, settings[i].option, chosen[i]);
  }
  curl_easy_setopt(g->e, CURLOPT_HTTPHEADER, fields);
  curl_easy_setopt(g->e, CURLOPT_PROXYHEADER, proxy_fields);
  curl_easy_setopt(g->e, CURLOPT_CONNECT_TO, connect_to);
  curl_easy_setopt(g->e, CURLOPT_ERRORBUFFER, g->error);
  curl_easy_setopt(g->e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(g->e, CURLOPT_WRITEDATA, g);
  curl_easy_setopt(g->e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(g->e, CURLOPT_HEADERDATA, g);
  curl_easy_setopt(g->e, CURLOPT_PRIVATE, g);
  if (upload_on) {
    curl_easy_setopt(g->e, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(g->e, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(g->e, CURLOPT_READDATA, g);
    curl_easy_setopt(g->e, CURLOPT_SEEKFUNCTION, on_seek);
    curl_easy_setopt(g->e, CURLOPT_SEEKDATA, g);
    if (upload_on == 2)
      curl_easy_setopt(g->e, CURLOPT_INFILESIZE_LARGE, (curl_off_t)upload);
  }
  if (trailer_n) {
    curl_easy_setopt(g->e, CURLOPT_TRAILERFUNCTION, on_trailers);
    curl_easy_setopt(g->e, CURLOPT_TRAILERDATA, g);
  }
  curl_multi_add_handle(m, g->e);
}

static void print(const struct get *g)
{
  long status = 0, version = 0, connect = 0, connects = 0;
  curl_easy_getinfo(g->e, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(g->e, CURLINFO_HTTP_VERSION, &version);
  curl_easy_getinfo(g->e, CURLINFO_HTTP_CONNECTCODE, &connect);
  curl_easy_getinfo(g->e, CURLINFO_NUM_CONNECTS, &connects);
  printf("%d %ld %ld %ld %ld %zu%s%s\n", (int)g->result, status, version, connect, connects, g->n,
         g->result ? " " : "", g->result ? g->error : "");
  fwrite(g->shown, 1, g->shown_n, stdout);
  struct curl_header *h = NULL;
  while (kinds && (h = curl_easy_nextheader(g->e, kinds, 0, h)))
    printf("%u %s=%s\n", h->origin & 31, h->name, h->value);
}

static void run(CURLM *m)
{
  int running, left;
  CURLMsg *msg;
  do {
    curl_multi_perform(m, &running);
    if (running)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  } while (running);
  while ((msg = curl_multi_info_read(m, &left))) {
    struct get *g;
    curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&g);
    g->result = msg->data.result;
  }
  if (upkeep_ms) {
    usleep((unsigned)upkeep_ms * 1000);
    printf("upkeep %d\n", (int)curl_easy_upkeep(gets[0]->e));
  }
  for (int i = 0; i < n_gets; i++) {
    print(gets[i]);
    curl_multi_remove_handle(m, gets[i]->e);
    curl_easy_cleanup(gets[i]->e);
    free(gets[i]);
  }
  n_gets = 0;
}

static int set(CURLM *m, const char *arg)
{
  size_t n = strcspn(arg, "=");
  const char *value = arg + n + 1;
  static const char schemes[] = ":/?";
  if (!arg[n] || strcspn(arg, schemes) < n)
    return 0;
  for (int i = 0; i < SETTINGS; i++)
    if (strlen(settings[i].name) == n && !memcmp(arg, settings[i].name, n)) {
      chosen[i] = *value ? value : NULL;
      return 1;
    }
  if (!strncmp(arg, "show=", 5))
    show = atoi(value);
  else if (!strncmp(arg, "words=", 6))
    words = atoi(value);
  else if (!strncmp(arg, "kinds=", 6))
    kinds = atoi(value);
  else if (!strncmp(arg, "upkeep=", 7))
    upkeep_ms = atoi(value);
  else if (!strncmp(arg, "field=", 6))
    fields = curl_slist_append(fields, value);
  else if (!strncmp(arg, "proxyfield=", 11))
    proxy_fields = curl_slist_append(proxy_fields, value);
  else if (!strncmp(arg, "connectto=", 10))
    connect_to = curl_slist_append(connect_to, value);
  else if (!strncmp(arg, "streams=", 8))
    curl_multi_setopt(m, CURLMOPT_MAX_CONCURRENT_STREAMS, atol(value));
  else if (!strncmp(arg, "hostconns=", 10))
    curl_multi_setopt(m, CURLMOPT_MAX_HOST_CONNECTIONS, atol(value));
  else if (!strncmp(arg, "trailers=", 9))
    trailer_n = atoi(value);
  else if (!strncmp(arg, "upload=", 7) || !strncmp(arg, "sized=", 6)) {
    upload = strtoul(value, NULL, 10);
    upload_on = *value ? *arg == 's' ? 2 : 1 : 0;
  } else {
    fprintf(stderr, "unknown: %s\n", arg);
    exit(2);
  }
  return 1;
}

int main(int argc, char **argv)
{
  CURLM *m = curl_multi_init();
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--"))
      run(m);
    else if (!set(m, argv[i]) && n_gets < MAX)
      add(m, argv[i]);
  }
  run(m);
  curl_multi_cleanup(m);
  curl_slist_free_all(fields);
  curl_slist_free_all(proxy_fields);
  curl_slist_free_all(connect_to);
  return 0;
}
