/* The curl_mime_* functions: their checks, and MIME trees as bodies of real transfers, to a server in this program. */
#include <curl/curl.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"

/* ---- the server: one connection after the other, keeps the last requests ---- */

enum { MESSAGE_MAX = 300000, KEPT = 4 };

struct request {
  char *head, *body;
  size_t body_n;
  bool chunked;
};

static struct server {
  int fd, port;
  pthread_mutex_t lock;
  struct request requests[KEPT];
  int n;
} server = {.fd = -1, .lock = PTHREAD_MUTEX_INITIALIZER};

static bool more(int fd, char *in, size_t *n)
{
  ssize_t k = *n < MESSAGE_MAX ? recv(fd, in + *n, MESSAGE_MAX - *n, 0) : 0;
  if (k <= 0)
    return false;
  *n += (size_t)k;
  in[*n] = 0;
  return true;
}

/* De-chunks in place. false: more is needed */
static bool whole_chunks(const char *in, size_t n, char *body, size_t *body_n, size_t *used)
{
  size_t at = 0;
  *body_n = 0;
  for (;;) {
    const char *line = memmem(in + at, n - at, "\r\n", 2);
    if (!line)
      return false;
    size_t len = strtoul(in + at, NULL, 16);
    at = (size_t)(line - in) + 2;
    if (n - at < len + 2)
      return false;
    memcpy(body + *body_n, in + at, len);
    *body_n += len;
    at += len + 2;
    if (!len) {
      *used = at;
      return true;
    }
  }
}

static void keep(const char *head, size_t head_n, const char *body, size_t body_n, bool chunked)
{
  pthread_mutex_lock(&server.lock);
  struct request *r = &server.requests[server.n++ % KEPT];
  free(r->head);
  free(r->body);
  r->head = strndup(head, head_n);
  r->body = malloc(body_n + 1);
  memcpy(r->body, body, body_n);
  r->body[body_n] = 0;
  r->body_n = body_n;
  r->chunked = chunked;
  pthread_mutex_unlock(&server.lock);
}

static bool answer(int fd, const char *head)
{
  static const char ok[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                    again[] = "HTTP/1.1 307 Again\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
                    other[] = "HTTP/1.1 303 Other\r\nLocation: /\r\nContent-Length: 0\r\n\r\n";
  const char *text = strstr(head, " /307 ") ? again : strstr(head, " /303 ") ? other : ok;
  return send(fd, text, strlen(text), MSG_NOSIGNAL) > 0;
}

static bool serve_one(int fd, char *in, size_t *n, char *body)
{
  char *end;
  size_t body_n = 0, used = 0;
  while (!(end = memmem(in, *n, "\r\n\r\n", 4)))
    if (!more(fd, in, n))
      return false;
  size_t head_n = (size_t)(end - in) + 4;
  end[2] = 0;
  bool chunked = strcasestr(in, "\r\nTransfer-Encoding: chunked") != NULL;
  const char *length = strcasestr(in, "\r\nContent-Length:");
  if (strcasestr(in, "\r\nExpect:") && send(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25, MSG_NOSIGNAL) < 0)
    return false;
  if (chunked) {
    while (!whole_chunks(in + head_n, *n - head_n, body, &body_n, &used))
      if (!more(fd, in, n))
        return false;
  } else {
    used = body_n = length ? strtoul(length + 17, NULL, 10) : 0;
    while (*n - head_n < body_n)
      if (!more(fd, in, n))
        return false;
    memcpy(body, in + head_n, body_n);
  }
  keep(in, head_n, body, body_n, chunked);
  bool ok = answer(fd, in);
  *n -= head_n + used;
  memmove(in, in + head_n + used, *n);
  return ok;
}

static void *serve_connection(void *arg)
{
  int fd = (int)(intptr_t)arg;
  char *in = malloc(MESSAGE_MAX + 1), *body = malloc(MESSAGE_MAX + 1);
  size_t n = 0;
  while (serve_one(fd, in, &n, body))
    ;
  free(in);
  free(body);
  close(fd);
  return NULL;
}

static void *serve(void *arg)
{
  (void)arg;
  for (;;) {
    pthread_t thread;
    int fd = accept(server.fd, NULL, NULL);
    if (fd < 0 || pthread_create(&thread, NULL, serve_connection, (void *)(intptr_t)fd))
      return NULL;
    pthread_detach(thread);
  }
}

static bool start_server(void)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof in;
  pthread_t thread;
  if (server.fd >= 0)
    return true;
  server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(server.fd, (struct sockaddr *)&in, sizeof in) || listen(server.fd, 16) ||
      getsockname(server.fd, (struct sockaddr *)&in, &len))
    return false;
  server.port = ntohs(in.sin_port);
  return pthread_create(&thread, NULL, serve, NULL) == 0 && pthread_detach(thread) == 0;
}

/* The request before the last `back` ones; its texts stay until KEPT more have come. */
static const struct request *request(int back)
{
  pthread_mutex_lock(&server.lock);
  const struct request *r = server.n > back ? &server.requests[(server.n - 1 - back) % KEPT] : NULL;
  pthread_mutex_unlock(&server.lock);
  return r;
}

static CURL *handle(const char *path)
{
  char url[64];
  CURL *curl = start_server() ? curl_easy_init() : NULL;
  if (!curl)
    return NULL;
  snprintf(url, sizeof url, "http://127.0.0.1:%d%s", server.port, path);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  return curl;
}

/* Does the last request's body hold this part, between delimiters of the boundary that its head tells? */
static bool posted(int back, const char *part)
{
  const struct request *r = request(back);
  char text[2000];
  const char *boundary = r ? strstr(r->head, "boundary=") : NULL;
  if (!boundary)
    return false;
  int n = (int)strcspn(boundary + 9, "\r;");
  snprintf(text, sizeof text, "--%.*s\r\n%s\r\n--%.*s", n, boundary + 9, part, n, boundary + 9);
  return strstr(r->body, text) != NULL;
}

#define FIELD(name, value) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n" value

struct feed {
  const char *p;
  size_t at, step;
  int calls, seeks, frees, pause_call;
  void (*act)(struct feed *f);
  void *act_arg;
};

static size_t feed_read(char *dst, size_t size, size_t n, void *arg)
{
  struct feed *f = arg;
  size_t left = strlen(f->p) - f->at;
  (void)size;
  if (++f->calls == f->pause_call)
    return CURL_READFUNC_PAUSE;
  if (f->act)
    f->act(f);
  n = f->step && n > f->step ? f->step : n;
  n = n > left ? left : n;
  memcpy(dst, f->p + f->at, n);
  f->at += n;
  return n;
}

static int feed_seek(void *arg, curl_off_t offset, int origin)
{
  struct feed *f = arg;
  f->seeks++;
  f->at = (size_t)offset;
  return origin == SEEK_SET ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static void feed_free(void *arg)
{
  ((struct feed *)arg)->frees++;
}

/* A form of one field "f" that is fed. */
static curl_mime *fed(CURL *curl, struct feed *f, curl_off_t size)
{
  curl_mime *mime = curl_mime_init(curl);
  curl_mimepart *part = curl_mime_addpart(mime);
  CHECK_INT(curl_mime_name(part, "f"), CURLE_OK);
  CHECK_INT(curl_mime_data_cb(part, size, feed_read, feed_seek, feed_free, f), CURLE_OK);
  return mime;
}

/* ---- checks ---- */

TEST(null_arguments)
{
  curl_mime *mime = curl_mime_init(NULL);
  struct feed f = {.p = ""};
  REQUIRE(mime);
  curl_mimepart *part = curl_mime_addpart(mime);
  CHECK(!curl_mime_addpart(NULL));
  CHECK_INT(curl_mime_name(NULL, "a"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_filename(NULL, "a"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_type(NULL, "a"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_encoder(NULL, "8bit"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_headers(NULL, NULL, 0), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_data(NULL, "a", 1), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_filedata(NULL, "a"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_data_cb(NULL, 1, feed_read, NULL, NULL, &f), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_subparts(NULL, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_name(part, NULL), CURLE_OK);
  CHECK_INT(curl_mime_filename(part, NULL), CURLE_OK);
  CHECK_INT(curl_mime_type(part, NULL), CURLE_OK);
  CHECK_INT(curl_mime_encoder(part, NULL), CURLE_OK);
  CHECK_INT(curl_mime_headers(part, NULL, 1), CURLE_OK);
  CHECK_INT(curl_mime_filedata(part, NULL), CURLE_OK);
  CHECK_INT(curl_mime_subparts(part, NULL), CURLE_OK);
  CHECK_INT(curl_mime_data_cb(part, 1, feed_read, NULL, feed_free, &f), CURLE_OK);
  CHECK_INT(curl_mime_data_cb(part, 1, NULL, NULL, feed_free, &f), CURLE_OK); /* no content, not to be freed */
  CHECK_INT(f.frees, 1);
  CHECK_INT(curl_mime_data(part, NULL, 5), CURLE_OK);
  curl_mime_free(mime);
  curl_mime_free(NULL);
  CHECK_INT(f.frees, 1);
}

TEST(encoders)
{
  CURL *curl = handle("/");
  curl_mime *mime = curl_mime_init(curl);
  curl_mimepart *part = curl_mime_addpart(mime);
  REQUIRE(part);
  curl_mime_name(part, "n");
  curl_mime_data(part, "ab", CURL_ZERO_TERMINATED);
  CHECK_INT(curl_mime_encoder(part, "BASE64"), CURLE_OK);
  CHECK_INT(curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime), CURLE_OK);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(posted(0, "Content-Disposition: form-data; name=\"n\"\r\nContent-Transfer-Encoding: base64\r\n\r\nYWI="));
  CHECK_INT(curl_mime_encoder(part, "base65"), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(posted(0, FIELD("n", "ab"))); /* and the one before is gone */
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

TEST(one_handle_at_a_time)
{
  CURL *a = handle("/"), *b = handle("/");
  curl_mime *mime = curl_mime_init(a), *outer = curl_mime_init(a);
  curl_mimepart *part = curl_mime_addpart(outer);
  REQUIRE(a && b && part);
  CHECK_INT(curl_easy_setopt(a, CURLOPT_MIMEPOST, mime), CURLE_OK);
  CHECK_INT(curl_easy_setopt(a, CURLOPT_MIMEPOST, mime), CURLE_OK);
  CHECK_INT(curl_easy_setopt(b, CURLOPT_MIMEPOST, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_subparts(part, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_easy_setopt(a, CURLOPT_MIMEPOST, NULL), CURLE_OK);
  CHECK_INT(curl_mime_subparts(part, mime), CURLE_OK);
  CHECK_INT(curl_easy_setopt(b, CURLOPT_MIMEPOST, mime), CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_easy_setopt(b, CURLOPT_MIMEPOST, outer), CURLE_OK);
  curl_easy_reset(b);
  CHECK_INT(curl_easy_setopt(a, CURLOPT_MIMEPOST, outer), CURLE_OK);
  curl_easy_cleanup(a);
  CHECK_INT(curl_easy_setopt(b, CURLOPT_MIMEPOST, outer), CURLE_OK);
  curl_mime_free(outer);
  curl_easy_cleanup(b);
}

/* ---- transfers ---- */

TEST(a_form_of_known_size)
{
  CURL *curl = handle("/");
  struct feed f = {.p = "hello world"};
  curl_mime *mime = fed(curl, &f, 11);
  struct curl_slist *list = curl_slist_append(NULL, "X-A: b");
  curl_mimepart *part = curl_mime_addpart(mime);
  REQUIRE(part);
  curl_mime_name(part, "two");
  curl_mime_data(part, "2\0", 1);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(posted(0, FIELD("f", "hello world")) && posted(0, FIELD("two", "2")));
  const struct request *r = request(0);
  CHECK(!r->chunked);
  CHECK(strstr(r->head, "\r\nX-A: b\r\nContent-Length: "));
  CHECK(strstr(r->head, "\r\nContent-Type: multipart/form-data; boundary=------------------------"));
  CHECK(!memcmp(r->body + r->body_n - 4, "--\r\n", 4));
  CHECK_INT(f.calls, 1);
  curl_slist_free_all(list);
  curl_easy_cleanup(curl);
  curl_mime_free(mime); /* after the handle */
  CHECK_INT(f.frees, 1);
}

TEST(a_form_of_unknown_size_goes_out_in_chunks)
{
  CURL *curl = handle("/");
  struct feed f = {.p = "hello world", .step = 4};
  curl_mime *mime = fed(curl, &f, -1);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(request(0)->chunked);
  CHECK(posted(0, FIELD("f", "hello world")));
  /* which HTTP/1.0 cannot */
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_0);
  CHECK_INT(curl_easy_perform(curl), CURLE_UPLOAD_FAILED);
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

TEST(a_large_form)
{
  enum { BIG = 200000 };
  CURL *curl = handle("/");
  curl_mime *mime = curl_mime_init(curl);
  curl_mimepart *part = curl_mime_addpart(mime);
  char *big = malloc(BIG);
  REQUIRE(part && big);
  for (int i = 0; i < BIG; i++)
    big[i] = (char)('a' + i % 23);
  curl_mime_data(part, big, BIG);
  curl_mime_name(part, "big");
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  const struct request *r = request(0);
  const char *at = strstr(r->body, "\r\n\r\n");
  CHECK_INT(r->body_n, 50 + 46 + BIG + 54);
  CHECK(at && !memcmp(at + 4, big, BIG));
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
  free(big);
}

TEST(the_same_form_again)
{
  CURL *curl = handle("/");
  struct feed f = {.p = "again"};
  curl_mime *mime = fed(curl, &f, 5);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  for (int i = 0; i < 3; i++) {
    CHECK_INT(curl_easy_perform(curl), CURLE_OK);
    CHECK(posted(0, FIELD("f", "again")));
    CHECK_INT(f.seeks, i);
  }
  curl_mime_data_cb(curl_mime_addpart(mime), 5, feed_read, NULL, NULL, &f);
  f.at = 0;
  f.p = "againagain";
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(curl_easy_perform(curl), CURLE_SEND_FAIL_REWIND);
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

TEST(redirects)
{
  CURL *curl = handle("/307");
  struct feed f = {.p = "hello world", .step = 5};
  curl_mime *mime = fed(curl, &f, 11);
  char url[64];
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(posted(1, FIELD("f", "hello world")) && posted(0, FIELD("f", "hello world")));
  CHECK_INT(f.seeks, 1);
  CHECK(!strncmp(request(0)->head, "POST / ", 7));
  /* 303: the body stays behind */
  snprintf(url, sizeof url, "http://127.0.0.1:%d/303", server.port);
  curl_easy_setopt(curl, CURLOPT_URL, url);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(!strncmp(request(0)->head, "GET / ", 6) && posted(1, FIELD("f", "hello world")));
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

TEST(a_redirect_without_a_way_back)
{
  CURL *curl = handle("/307");
  struct feed f = {.p = "hello world"};
  curl_mime *mime = curl_mime_init(curl);
  char text[CURL_ERROR_SIZE] = "";
  curl_mime_data_cb(curl_mime_addpart(mime), 11, feed_read, NULL, NULL, &f);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, text);
  CHECK_INT(curl_easy_perform(curl), CURLE_SEND_FAIL_REWIND);
  CHECK(strstr(text, "rewind"));
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

TEST(a_pause)
{
  CURL *curl = handle("/");
  CURLM *multi = curl_multi_init();
  struct feed f = {.p = "hello world", .step = 4, .pause_call = 2};
  curl_mime *mime = fed(curl, &f, 11);
  int running = 1, left;
  REQUIRE(multi);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  curl_multi_add_handle(multi, curl);
  for (int i = 0; i < 50 && f.calls < 2; i++)
    curl_multi_perform(multi, &running), curl_multi_poll(multi, NULL, 0, 10, NULL);
  for (int i = 0; i < 5; i++)
    curl_multi_perform(multi, &running), curl_multi_poll(multi, NULL, 0, 10, NULL);
  CHECK_INT(f.calls, 2); /* not asked again */
  CHECK_INT(running, 1);
  CHECK_INT(curl_easy_pause(curl, CURLPAUSE_CONT), CURLE_OK);
  for (int i = 0; i < 500 && running; i++)
    curl_multi_perform(multi, &running), curl_multi_poll(multi, NULL, 0, 10, NULL);
  CURLMsg *msg = curl_multi_info_read(multi, &left);
  CHECK(msg && msg->data.result == CURLE_OK);
  CHECK(posted(0, FIELD("f", "hello world")));
  curl_multi_remove_handle(multi, curl);
  curl_multi_cleanup(multi);
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

TEST(failing_callbacks_and_files)
{
  CURL *curl = handle("/");
  struct feed f = {.p = "short"};
  curl_mime *mime = fed(curl, &f, 10);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_READ_ERROR);
  curl_mime_free(mime);
  mime = curl_mime_init(curl);
  CHECK_INT(curl_mime_filedata(curl_mime_addpart(mime), "/nowhere/at/all"), CURLE_READ_ERROR);
  CHECK_INT(curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime), CURLE_OK);
  CHECK_INT(curl_easy_perform(curl), CURLE_READ_ERROR);
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

/* ---- lives of handles and trees ---- */

TEST(freed_before_the_transfer)
{
  CURL *curl = handle("/");
  struct feed f = {.p = "x"};
  curl_mime *mime = fed(curl, &f, 1);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  curl_mime_free(mime);
  CHECK_INT(f.frees, 1);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(!strncmp(request(0)->head, "POST ", 5) && strstr(request(0)->head, "\r\nContent-Length: 0\r\n"));
  CHECK(!strstr(request(0)->head, "Content-Type"));
  CURL *copy = curl_easy_duphandle(curl);
  CHECK_INT(curl_easy_perform(copy), CURLE_OK);
  CHECK(strstr(request(0)->head, "\r\nContent-Length: 0\r\n"));
  curl_easy_cleanup(copy);
  curl_easy_cleanup(curl);
}

static void free_tree(struct feed *f)
{
  curl_mime_free(f->act_arg);
  f->act = NULL;
}

TEST(freed_during_the_transfer)
{
  CURL *curl = handle("/");
  struct feed f = {.p = "hello world", .step = 4, .act = free_tree};
  curl_mime *mime = fed(curl, &f, 11);
  f.act_arg = mime;
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(posted(0, FIELD("f", "hello world")));
  CHECK_INT(f.frees, 1);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(strstr(request(0)->head, "\r\nContent-Length: 0\r\n"));
  curl_easy_cleanup(curl);
}

static CURLcode change_results[4];

static void change_part(struct feed *f)
{
  change_results[0] = curl_mime_data(f->act_arg, "other", 5);
  change_results[1] = curl_mime_name(f->act_arg, "other");
  change_results[2] = curl_mime_subparts(f->act_arg, NULL);
  change_results[3] = curl_mime_headers(f->act_arg, NULL, 0);
  f->act = NULL;
}

TEST(changed_during_the_transfer)
{
  CURL *curl = handle("/");
  struct feed f = {.p = "hello world", .step = 4, .act = change_part};
  curl_mime *mime = fed(curl, &f, 11);
  curl_mimepart *part = curl_mime_addpart(mime);
  curl_mime_name(part, "n");
  curl_mime_data(part, "v", 1);
  f.act_arg = part;
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(posted(0, FIELD("f", "hello world")) && posted(0, FIELD("n", "v")));
  for (int i = 0; i < 4; i++)
    CHECK_INT(change_results[i], CURLE_BAD_FUNCTION_ARGUMENT);
  CHECK_INT(curl_mime_data(part, "w", 1), CURLE_OK);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(posted(0, FIELD("n", "w")));
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

/* Nothing may run below a callback of the body. */
static void perform_inside(struct feed *f)
{
  change_results[0] = curl_easy_perform(f->act_arg);
  f->act = NULL;
}

TEST(callbacks_cannot_perform)
{
  CURL *curl = handle("/");
  struct feed f = {.p = "hello", .act = perform_inside, .act_arg = curl};
  curl_mime *mime = fed(curl, &f, 5);
  change_results[0] = CURLE_OK;
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK_INT(change_results[0], CURLE_RECURSIVE_API_CALL);
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
}

TEST(duplicates_have_a_tree_of_their_own)
{
  CURL *curl = handle("/"), *copy, *second;
  struct feed f = {.p = "hello"};
  curl_mime *mime = fed(curl, &f, 5);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  copy = curl_easy_duphandle(curl);
  REQUIRE(copy);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  char *boundary = strdup(strstr(request(0)->head, "boundary="));
  curl_mime_free(mime);
  curl_easy_cleanup(curl);
  CHECK_INT(f.frees, 1);
  f.at = 0;
  CHECK_INT(curl_easy_perform(copy), CURLE_OK);
  CHECK(posted(0, FIELD("f", "hello")) && !strstr(request(0)->head, boundary));
  second = curl_easy_duphandle(copy);
  CHECK_INT(curl_easy_setopt(copy, CURLOPT_MIMEPOST, NULL), CURLE_OK);
  CHECK_INT(f.frees, 2);
  curl_easy_cleanup(copy);
  CHECK_INT(f.frees, 2);
  curl_easy_cleanup(second);
  CHECK_INT(f.frees, 3);
  free(boundary);
}

TEST(a_transfer_that_is_cut_short_lets_go)
{
  CURL *curl = handle("/");
  CURLM *multi = curl_multi_init();
  struct feed f = {.p = "hello world", .step = 4, .pause_call = 2};
  curl_mime *mime = fed(curl, &f, 11);
  int running;
  REQUIRE(multi);
  curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime);
  curl_multi_add_handle(multi, curl);
  for (int i = 0; i < 50 && f.calls < 2; i++)
    curl_multi_perform(multi, &running), curl_multi_poll(multi, NULL, 0, 10, NULL);
  CHECK(!curl_mime_addpart(mime));
  curl_multi_remove_handle(multi, curl);
  CHECK(curl_mime_addpart(mime));
  curl_mime_free(mime);
  CHECK_INT(f.frees, 1);
  curl_multi_cleanup(multi);
  curl_easy_cleanup(curl);
}

/* ---- old-style forms in transfers ---- */

static size_t read_function(char *dst, size_t size, size_t n, void *arg)
{
  return feed_read(dst, size, n, arg);
}

TEST(an_old_form)
{
  CURL *curl = handle("/307");
  struct feed f = {.p = "streamed"};
  struct curl_httppost *form = NULL, *last = NULL;
  REQUIRE(curl);
  CHECK_INT(curl_formadd(&form, &last, CURLFORM_COPYNAME, "a", CURLFORM_PTRCONTENTS, "contents", CURLFORM_CONTENTLEN,
                         (curl_off_t)4, CURLFORM_END),
            CURL_FORMADD_OK);
  curl_easy_setopt(curl, CURLOPT_HTTPPOST, form);
  curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_function);
  CHECK_INT(curl_easy_perform(curl), CURLE_OK);
  CHECK(posted(0, FIELD("a", "cont")) && posted(1, FIELD("a", "cont")));
  CHECK_INT(curl_formadd(&form, &last, CURLFORM_COPYNAME, "s", CURLFORM_STREAM, &f, CURLFORM_CONTENTLEN, (curl_off_t)8,
                         CURLFORM_END),
            CURL_FORMADD_OK);
  CHECK_INT(curl_easy_perform(curl), CURLE_SEND_FAIL_REWIND); /* there is no way back in a stream */
  CHECK(posted(0, FIELD("s", "streamed")));
  CURL *copy = curl_easy_duphandle(curl); /* shares the list */
  char url[64];
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", server.port);
  curl_easy_setopt(copy, CURLOPT_URL, url);
  f.at = 0;
  CHECK_INT(curl_easy_perform(copy), CURLE_OK);
  CHECK(posted(0, FIELD("a", "cont")) && posted(0, FIELD("s", "streamed")));
  CHECK_INT(curl_formadd(&form, &last, CURLFORM_COPYNAME, "x", CURLFORM_FILE, "/nowhere/x", CURLFORM_END),
            CURL_FORMADD_OK);
  int before = server.n;
  CHECK_INT(curl_easy_perform(copy), CURLE_READ_ERROR);
  CHECK_INT(server.n, before);
  curl_formfree(form);
  curl_easy_cleanup(copy);
  curl_easy_cleanup(curl);
}

/* ---- memory ---- */

TEST(without_memory)
{
  CURLcode last = CURLE_FAILED_INIT;
  start_server();
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct feed f = {.p = "hello"};
    CURL *curl = handle("/307");
    curl_mime *mime = curl_mime_init(curl), *sub = curl_mime_init(curl);
    curl_mimepart *part = curl_mime_addpart(mime), *inner = curl_mime_addpart(sub);
    bool ok = curl && inner && part && curl_easy_setopt(curl, CURLOPT_MIMEPOST, mime) == CURLE_OK &&
              curl_mime_name(part, "n") == CURLE_OK && curl_mime_encoder(inner, "base64") == CURLE_OK &&
              curl_mime_data_cb(inner, 5, feed_read, feed_seek, feed_free, &f) == CURLE_OK;
    bool fed_in = inner && f.p && ok;
    bool owned = ok && curl_mime_subparts(part, sub) == CURLE_OK;
    CURL *copy = owned ? curl_easy_duphandle(curl) : NULL;
    last = copy ? curl_easy_perform(curl) : CURLE_OUT_OF_MEMORY;
    if (last == CURLE_OK) {
      f.at = 0;
      last = curl_easy_perform(copy);
    }
    CHECK(last == CURLE_OK || last == CURLE_OUT_OF_MEMORY || last == CURLE_COULDNT_CONNECT ||
          last == CURLE_FAILED_INIT);
    if (!owned)
      curl_mime_free(sub);
    curl_mime_free(mime);
    CHECK_INT(f.frees, fed_in);
    curl_easy_cleanup(copy);
    CHECK_INT(f.frees, fed_in + (copy != NULL));
    curl_easy_cleanup(curl);
  }
  CHECK_INT(last, CURLE_OK);
}
