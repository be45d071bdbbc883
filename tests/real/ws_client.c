/* WebSocket through the interface of libcurl: the curl program of Debian cannot. It does what its arguments say, one
 * after the other, and prints what it sees.
 *
 *   URL [option...] held COMMAND...    handshake only, then curl_ws_send() and curl_ws_recv()
 *   URL [option...] run COMMAND...     frames to the write callback, until the end; COMMANDs: what to do on the way
 *
 * Payload that is given as a number N is N bytes, byte i is (char)(i * 7). */
#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FRAMES = 32, WAIT_MS = 8000 };

static CURL *easy;
static CURLM *multi;
static char error[CURL_ERROR_SIZE];
static size_t room = 65536; /* of curl_ws_recv()'s buffer */

static const char *after(const char *word, const char *start)
{
  size_t n = strlen(start);
  return strncmp(word, start, n) ? NULL : word + n;
}

static char *pattern(size_t n)
{
  char *p = malloc(n + 1);
  for (size_t i = 0; i < n; i++)
    p[i] = (char)(i * 7);
  return p;
}

/* What a payload is: its text when it is short and printable, else its size and whether it is the pattern. */
static void show(const char *p, size_t n)
{
  size_t same = 0, printable = 0;
  for (size_t i = 0; i < n; i++) {
    same += p[i] == (char)(i * 7);
    printable += p[i] >= 32 && p[i] < 127;
  }
  if (n < 60 && printable == n)
    printf("\"%.*s\"", (int)n, p);
  else if (same == n)
    printf("%zu bytes", n);
  else {
    printf("%zu other bytes", n);
    for (size_t i = 0; i < n && n < 60; i++)
      printf(" %02x", (unsigned char)p[i]);
  }
}

static void show_flags(int flags)
{
  static const char *const names[] = {"text", "binary", "cont", "close", "ping", "offset", "pong"};
  const char *between = "";
  for (int i = 0; i < 7; i++)
    if (flags >> i & 1) {
      printf("%s%s", between, names[i]);
      between = "+";
    }
  printf("%s ", *between ? "" : "none");
}

static int flags_of(const char *s)
{
  return (strstr(s, "text") ? CURLWS_TEXT : 0) | (strstr(s, "bin") ? CURLWS_BINARY : 0) |
         (strstr(s, "cont") ? CURLWS_CONT : 0) | (strstr(s, "close") ? CURLWS_CLOSE : 0) |
         (strstr(s, "ping") ? CURLWS_PING : 0) | (strstr(s, "pong") ? CURLWS_PONG : 0);
}

/* ---- held ---- */

static int wait_for(short events)
{
  curl_socket_t fd = CURL_SOCKET_BAD;
  curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &fd);
  struct pollfd p = {fd, events, 0};
  return poll(&p, 1, WAIT_MS) > 0;
}

static CURLcode send_all(const char *p, size_t n, size_t piece, curl_off_t size, unsigned flags)
{
  size_t at = 0, calls = 0;
  do {
    size_t sent = 0, now = n - at < piece ? n - at : piece;
    CURLcode rc = curl_ws_send(easy, p + at, now, &sent, size, flags);
    at += sent;
    if (sent || !now)
      size = 0;
    if (rc == CURLE_AGAIN && (++calls > 100000 || !wait_for(POLLOUT)))
      return CURLE_OPERATION_TIMEDOUT;
    if (rc && rc != CURLE_AGAIN)
      return rc;
    if (!n && !rc)
      return CURLE_OK;
  } while (at < n || !n);
  return CURLE_OK;
}

static void send_value(const char *value, unsigned flags)
{
  char *end;
  size_t n = strtoul(value, &end, 10);
  char *p = *value && !*end ? pattern(n) : strdup(value);
  CURLcode rc = send_all(p, *value && !*end ? n : strlen(p), SIZE_MAX, 0, flags);
  if (rc)
    printf("send: %d\n", rc);
  free(p);
}

/* One frame, whole, however many calls that takes. */
static CURLcode receive(void)
{
  const struct curl_ws_frame *meta = NULL;
  char *buffer = malloc(room), *all = NULL;
  size_t n = 0, got, first = 0;
  int flags = 0;
  CURLcode rc;
  for (;;) {
    rc = curl_ws_recv(easy, buffer, room, &got, &meta);
    if (rc == CURLE_AGAIN && wait_for(POLLIN))
      continue;
    if (rc)
      break;
    if (!n)
      first = (size_t)meta->offset;
    if ((size_t)meta->offset != first + n || meta->len != got || meta->age)
      printf("wrong meta: offset %lld, len %zu of %zu\n", (long long)meta->offset, meta->len, got);
    flags = meta->flags;
    all = realloc(all, n + got + 1);
    memcpy(all + n, buffer, got);
    n += got;
    if (!meta->bytesleft)
      break;
  }
  if (!rc) {
    show_flags(flags);
    show(all, n);
    puts("");
  } else {
    printf("recv: %d\n", rc);
  }
  free(buffer);
  free(all);
  return rc;
}

static void once(size_t cap)
{
  const struct curl_ws_frame *meta = NULL;
  char *buffer = malloc(cap + 1);
  size_t got = 0;
  CURLcode rc;
  do
    rc = curl_ws_recv(easy, cap ? buffer : NULL, cap, &got, &meta);
  while (rc == CURLE_AGAIN && wait_for(POLLIN));
  printf("once: %d ", rc);
  if (meta) {
    show_flags(meta->flags);
    printf("%lld %lld %zu ", (long long)meta->offset, (long long)meta->bytesleft, meta->len);
    show(buffer, got);
  }
  puts("");
  free(buffer);
}

static void easy_recv(size_t want)
{
  char *buffer = malloc(want);
  size_t n = 0, got;
  while (n < want) {
    CURLcode rc = curl_easy_recv(easy, buffer + n, want - n, &got);
    if (rc == CURLE_AGAIN && wait_for(POLLIN))
      continue;
    if (rc) {
      printf("easy_recv: %d\n", rc);
      break;
    }
    n += got;
  }
  for (size_t i = 0; i < n; i++)
    printf("%02x", (unsigned char)buffer[i]);
  puts("");
  free(buffer);
}

static void in_parts(const char *value, unsigned flags)
{
  size_t n = strtoul(value, NULL, 10), piece = strtoul(strchr(value, ',') + 1, NULL, 10);
  char *p = pattern(n);
  CURLcode rc = send_all(p, n, piece, (curl_off_t)n, flags | CURLWS_OFFSET);
  if (rc)
    printf("send: %d\n", rc);
  free(p);
}

/* Sends without waiting for room until there is none, receives a frame, and goes on with what was left. */
static void interleave(size_t n)
{
  char *p = pattern(n);
  size_t at = 0, sent;
  CURLcode rc;
  do {
    rc = curl_ws_send(easy, p + at, n - at, &sent, 0, CURLWS_BINARY);
    at += sent;
  } while (!rc && at < n);
  printf("full: %d %d, another frame: %d\n", rc, at < n, curl_ws_send(easy, "x", 1, &sent, 0, CURLWS_PING));
  receive();
  rc = send_all(p + at, n - at, SIZE_MAX, 0, CURLWS_BINARY);
  if (rc)
    printf("send: %d\n", rc);
  free(p);
}

static void send_hex(const char *hex)
{
  char bytes[4096];
  size_t n = 0, sent = 0;
  for (; hex[0] && hex[1]; hex += 2) {
    char two[3] = {hex[0], hex[1], 0};
    bytes[n++] = (char)strtoul(two, NULL, 16);
  }
  CURLcode rc = curl_ws_send(easy, bytes, n, &sent, 0, 0);
  printf("sent: %d %zu\n", rc, sent);
}

static void held(const char *word)
{
  const char *v;
  size_t sent = 7;
  if ((v = after(word, "parts=")))
    in_parts(v, CURLWS_BINARY);
  else if ((v = after(word, "interleave=")))
    interleave(strtoul(v, NULL, 10));
  else if ((v = after(word, "room=")))
    room = strtoul(v, NULL, 10);
  else if ((v = after(word, "once=")))
    once(strtoul(v, NULL, 10));
  else if ((v = after(word, "easyrecv=")))
    easy_recv(strtoul(v, NULL, 10));
  else if ((v = after(word, "hex=")))
    send_hex(v);
  else if ((v = after(word, "badflags="))) {
    CURLcode rc = curl_ws_send(easy, "x", 1, &sent, 0, (unsigned)atoi(v));
    printf("flags %s: %d %zu\n", v, rc, sent);
  } else if (!strcmp(word, "meta"))
    printf("meta %s\n", curl_ws_meta(easy) ? "there" : "none");
  else if (!strcmp(word, "recv"))
    receive();
  else if (!strcmp(word, "drain"))
    while (!receive())
      ;
  else if (!strcmp(word, "again")) {
    const struct curl_ws_frame *meta = NULL;
    char c;
    printf("again: %d\n", curl_ws_recv(easy, &c, 1, &sent, &meta));
  } else if ((v = strchr(word, '=')))
    send_value(v + 1, (unsigned)flags_of(word));
  else
    printf("? %s\n", word);
}

/* ---- run ---- */

static struct {
  const char *on_data;  /* sent from within the write callback, once */
  const char *in_parts; /* the same, "SIZE,PIECE" */
  const char *later;    /* a frame for the read callback when the first data has come */
  const char *frames[FRAMES];
  int n, at;
  size_t frame_at;
  int callbacks, pause_every, close_after, messages, fail_at;
  bool read_pause, quiet;
} plan;

static void send_parts(void)
{
  size_t n = strtoul(plan.in_parts, NULL, 10), piece = strtoul(strchr(plan.in_parts, ',') + 1, NULL, 10), sent;
  char *p = pattern(n);
  CURLcode rc = CURLE_OK;
  for (size_t at = 0; at < n && !rc; at += sent)
    rc = curl_ws_send(easy, p + at, n - at < piece ? n - at : piece, &sent, at ? 0 : (curl_off_t)n,
                      CURLWS_OFFSET | (at ? 0 : CURLWS_BINARY));
  printf("parts %d, then %d\n", rc, curl_ws_send(easy, "!", 1, &sent, 0, CURLWS_TEXT));
  free(p);
}

static size_t on_write(char *p, size_t size, size_t n, void *arg)
{
  const struct curl_ws_frame *meta = curl_ws_meta(easy);
  (void)arg;
  (void)size;
  plan.callbacks++;
  if (plan.fail_at && plan.callbacks >= plan.fail_at)
    return n + 1;
  if (plan.pause_every && plan.callbacks % plan.pause_every == 0)
    return CURL_WRITEFUNC_PAUSE;
  if (meta && meta->len != n)
    printf("wrong len: %zu of %zu\n", meta->len, n);
  if (!plan.quiet || (meta && !meta->bytesleft)) {
    if (meta) {
      show_flags(meta->flags);
      printf("%lld %lld ", (long long)meta->offset, (long long)meta->bytesleft);
    } else {
      printf("raw ");
    }
    show(p, n);
    puts("");
  }
  if (plan.on_data) {
    size_t sent = 0;
    char *number = pattern(strtoul(plan.on_data, NULL, 10)), *end;
    size_t many = strtoul(plan.on_data, &end, 10);
    CURLcode rc = *end ? curl_ws_send(easy, plan.on_data, strlen(plan.on_data), &sent, 0, CURLWS_TEXT)
                       : curl_ws_send(easy, number, many, &sent, 0, CURLWS_BINARY);
    printf("sent %d %zu\n", rc, sent);
    plan.on_data = NULL;
    free(number);
  }
  if (plan.in_parts)
    send_parts();
  plan.in_parts = NULL;
  if (plan.later) {
    plan.frames[plan.n++] = plan.later;
    curl_easy_pause(easy, CURLPAUSE_CONT);
  }
  plan.later = NULL;
  if (meta && !meta->bytesleft && ++plan.messages == plan.close_after) {
    size_t sent;
    printf("close %d\n", curl_ws_send(easy, "\x03\xe8", 2, &sent, 0, CURLWS_CLOSE));
  }
  return n;
}

/* Each of the frames is "kind:payload"; without a kind it goes as it is. */
static size_t on_read(char *p, size_t size, size_t n, void *arg)
{
  (void)arg;
  (void)size;
  if (plan.at == plan.n) {
    if (plan.read_pause)
      return CURL_READFUNC_PAUSE;
    return 0;
  }
  const char *frame = plan.frames[plan.at], *colon = strchr(frame, ':'), *text = colon ? colon + 1 : frame;
  char *end;
  size_t all = strtoul(text, &end, 10);
  bool number = *text && !*end;
  if (!number)
    all = strlen(text);
  if (colon && !plan.frame_at) {
    CURLcode rc = curl_ws_start_frame(easy, (unsigned)flags_of(frame), (curl_off_t)all);
    if (rc)
      printf("start_frame: %d\n", rc);
  }
  size_t k = all - plan.frame_at < n ? all - plan.frame_at : n;
  if (number) {
    char *bytes = pattern(all);
    memcpy(p, bytes + plan.frame_at, k);
    free(bytes);
  } else {
    memcpy(p, text + plan.frame_at, k);
  }
  plan.frame_at += k;
  if (plan.frame_at == all) {
    plan.at++;
    plan.frame_at = 0;
  }
  return k;
}

static void plan_for(const char *word)
{
  const char *v;
  if ((v = after(word, "reply=")))
    plan.on_data = v;
  else if ((v = after(word, "parts=")))
    plan.in_parts = v;
  else if ((v = after(word, "later=")))
    plan.later = v;
  else if ((v = after(word, "pause=")))
    plan.pause_every = atoi(v);
  else if ((v = after(word, "close=")))
    plan.close_after = atoi(v);
  else if ((v = after(word, "fail=")))
    plan.fail_at = atoi(v);
  else if (!strcmp(word, "quiet"))
    plan.quiet = true;
  else if (!strcmp(word, "readpause"))
    plan.read_pause = true;
  else if ((v = after(word, "frame=")) && plan.n < FRAMES)
    plan.frames[plan.n++] = v;
  if (plan.n || plan.read_pause) {
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
  }
}

/* In a multi handle, to wake what has been paused. */
static CURLcode run(void)
{
  int running = 1, left;
  CURLMsg *msg = NULL;
  multi = curl_multi_init();
  curl_multi_add_handle(multi, easy);
  for (int i = 0; i < 20000 && !msg; i++) {
    curl_multi_perform(multi, &running);
    msg = curl_multi_info_read(multi, &left);
    if (msg)
      break;
    if (plan.pause_every)
      curl_easy_pause(easy, CURLPAUSE_CONT);
    curl_multi_poll(multi, NULL, 0, 1000, NULL);
  }
  CURLcode rc = msg ? msg->data.result : CURLE_OPERATION_TIMEDOUT;
  curl_multi_remove_handle(multi, easy);
  return rc;
}

static void option(const char *word, long *ws_options, struct curl_slist **headers)
{
  const char *v;
  if (!strcmp(word, "raw"))
    *ws_options |= CURLWS_RAW_MODE;
  else if (!strcmp(word, "nopong"))
    *ws_options |= CURLWS_NOAUTOPONG;
  else if (!strcmp(word, "follow"))
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  else if ((v = after(word, "redir=")))
    curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, v);
  else if ((v = after(word, "ca=")))
    curl_easy_setopt(easy, CURLOPT_CAINFO, v);
  else if ((v = after(word, "proxy=")))
    curl_easy_setopt(easy, CURLOPT_PROXY, v);
  else if ((v = after(word, "user="))) {
    curl_easy_setopt(easy, CURLOPT_USERPWD, v);
    curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_ANY);
  } else if ((v = after(word, "header=")))
    *headers = curl_slist_append(*headers, v);
}

int main(int argc, char **argv)
{
  struct curl_slist *headers = NULL;
  long ws_options = 0;
  int i = 2;
  if (argc < 3)
    return 2;
  setvbuf(stdout, NULL, _IOLBF, 0);
  easy = curl_easy_init();
  curl_easy_setopt(easy, CURLOPT_URL, argv[1]);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)WAIT_MS);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_write);
  for (; i < argc && strcmp(argv[i], "held") && strcmp(argv[i], "run"); i++)
    option(argv[i], &ws_options, &headers);
  curl_easy_setopt(easy, CURLOPT_WS_OPTIONS, ws_options);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  bool is_held = i < argc && !strcmp(argv[i], "held");
  CURLcode rc;
  if (is_held) {
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 2L);
    rc = curl_easy_perform(easy);
  } else {
    for (int k = i + 1; k < argc; k++)
      plan_for(argv[k]);
    rc = run();
  }
  printf("result %d%s%s\n", rc, *error ? " " : "", error);
  for (int k = i + 1; is_held && !rc && k < argc; k++)
    held(argv[k]);
  curl_easy_cleanup(easy);
  if (multi)
    curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  return 0;
}
