/* Whole telnet: transfers against a far end that does what each test needs: blocking, one thread a connection. */
#include <curl/curl.h>
#include <poll.h>
#include <time.h>

#include "gate/ledger.h"
#include "tests/test.h"
#include "tests/unit/xfer/servers.h"

enum { MOVED = 4 * 1000 * 1000, HEARD_MAX = 1000, GOT_MAX = 1000, BOUND = 24 * 1000 * 1000 };

#define IAC "\377"
#define DO IAC "\375"
#define WILL IAC "\373"
#define SAY(fd, text) peer_send(fd, text, sizeof(text) - 1)

/* ---- the far end ---- */

static struct {
  pthread_mutex_t lock;
  char p[HEARD_MAX + 1];
  size_t n, flood;
  int conns;
} heard = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t heard_n(void)
{
  pthread_mutex_lock(&heard.lock);
  size_t n = heard.n;
  pthread_mutex_unlock(&heard.lock);
  return n;
}

/* Hears n more bytes. */
static void hear(int fd, size_t n)
{
  char c;
  while (n-- && recv(fd, &c, 1, 0) == 1) {
    pthread_mutex_lock(&heard.lock);
    if (heard.n < HEARD_MAX)
      heard.p[heard.n++] = c;
    pthread_mutex_unlock(&heard.lock);
  }
}

static void greeter(int fd)
{
  SAY(fd, "hello\n");
  hear(fd, 4);
  SAY(fd, "bye\n");
}

static void negotiator(int fd)
{
  SAY(fd, DO "\30" "log" IAC);
  hear(fd, 3 + 12); /* TTYPE, and what is offered */
  SAY(fd, "\372\30\1" IAC "\360in: " IAC IAC);
  hear(fd, 11);
  SAY(fd, "x\r" "\0y");
  hear(fd, 6);
}

/* A byte of 255, every 256th, goes out and comes back as two. */
static void echoer(int fd)
{
  char bytes[16384];
  size_t total = 0;
  ssize_t n;
  while (total < MOVED + MOVED / 256 && (n = recv(fd, bytes, sizeof bytes, 0)) > 0 && peer_send(fd, bytes, (size_t)n))
    total += (size_t)n;
}

/* Each six bytes of it want an answer of a thousand. */
static void flooder(int fd)
{
  static char bytes[60000];
  for (size_t i = 0; i < sizeof bytes; i += 6)
    memcpy(bytes + i, IAC "\372\30\1" IAC "\360", 6);
  SAY(fd, DO "\30");
  for (;;) {
    ssize_t n = send(fd, bytes, sizeof bytes, MSG_NOSIGNAL);
    if (n <= 0)
      return;
    pthread_mutex_lock(&heard.lock);
    heard.flood += (size_t)n;
    pthread_mutex_unlock(&heard.lock);
  }
}

/* The same, but he listens in the end. */
static void late_listener(int fd)
{
  enum { QUESTIONS = 10000, ANSWER = 3 + 1 + 1000 + 2, OFFERS = 3 + 12 };
  char bytes[16384];
  size_t left = (size_t)QUESTIONS * ANSWER + OFFERS;
  SAY(fd, DO "\30");
  for (int i = 0; i < QUESTIONS; i++)
    peer_send(fd, IAC "\372\30\1" IAC "\360", 6);
  usleep(300000);
  ssize_t n;
  while (left && (n = recv(fd, bytes, left < sizeof bytes ? left : sizeof bytes, 0)) > 0)
    left -= (size_t)n;
  SAY(fd, "bye\n");
}

static void silent(int fd)
{
  peer_wait_for_close(fd);
}

static void talker(int fd)
{
  for (int i = 0; i < 10 && SAY(fd, "talk "); i++)
    usleep(20000);
  hear(fd, 4);
}

static void resetter(int fd)
{
  struct linger hard = {1, 0};
  SAY(fd, "part");
  usleep(50000);
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

/* HTTP for who asks for it, on a connection that stays. */
static void either(int fd)
{
  char head[1000];
  pthread_mutex_lock(&heard.lock);
  heard.conns++;
  pthread_mutex_unlock(&heard.lock);
  while (server_read_to(fd, "\n", head, sizeof head)) {
    if (strncmp(head, "GET", 3))
      return;
    server_read_to(fd, "\r\n\r\n", head, sizeof head);
    peer_say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  }
}

/* ---- this end ---- */

struct run {
  CURL *e;
  struct curl_slist *options;
  const char *give; /* what the read callback gives, once */
  size_t give_n, got_n, asked, moved, bad;
  size_t answer, pause_write; /* of the read callback instead; of the write callback, so many times */
  double first_asked;
  char got[GOT_MAX + 1], error[CURL_ERROR_SIZE];
  int opened, refuse;
};

static double now(void)
{
  struct timespec ts;
  clock_gettime(CLOCK_MONOTONIC, &ts);
  return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
  struct run *r = arg;
  (void)size;
  if (r->pause_write) {
    r->pause_write--;
    return CURL_WRITEFUNC_PAUSE;
  }
  for (size_t i = 0; i < n; i++) {
    if (r->got_n < GOT_MAX)
      r->got[r->got_n] = data[i];
    r->bad += r->give == NULL && data[i] != (char)(r->got_n * 7);
    r->got_n++;
  }
  return n;
}

static size_t give(char *data, size_t size, size_t n, void *arg)
{
  struct run *r = arg;
  (void)size;
  if (!r->asked++)
    r->first_asked = now();
  if (r->answer)
    return r->answer;
  if (!r->give) { /* a lot */
    n = MOVED - r->moved < n ? MOVED - r->moved : n;
    for (size_t i = 0; i < n; i++)
      data[i] = (char)((r->moved + i) * 7);
    r->moved += n;
    return n;
  }
  n = r->give_n < n ? r->give_n : n;
  memcpy(data, r->give, n);
  r->give_n -= n;
  return n;
}

static curl_socket_t on_open(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
  struct run *r = arg;
  (void)purpose;
  r->opened++;
  return r->refuse ? CURL_SOCKET_BAD : socket(a->family, a->socktype, a->protocol);
}

static void begin(struct run *r, void (*serve)(int), const char *input)
{
  char url[64];
  *r = (struct run){.e = curl_easy_init(), .give = input, .give_n = input ? strlen(input) : 0};
  sl_ledger_strict(true);
  pthread_mutex_lock(&heard.lock);
  heard.n = heard.flood = 0;
  heard.conns = 0;
  memset(heard.p, 0, sizeof heard.p);
  pthread_mutex_unlock(&heard.lock);
  snprintf(url, sizeof url, "telnet://127.0.0.1:%d", server_port(serve));
  curl_easy_setopt(r->e, CURLOPT_URL, url);
  curl_easy_setopt(r->e, CURLOPT_NOPROXY, "");
  curl_easy_setopt(r->e, CURLOPT_TIMEOUT_MS, 10000L);
  curl_easy_setopt(r->e, CURLOPT_READFUNCTION, give);
  curl_easy_setopt(r->e, CURLOPT_READDATA, r);
  curl_easy_setopt(r->e, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(r->e, CURLOPT_WRITEDATA, r);
  curl_easy_setopt(r->e, CURLOPT_ERRORBUFFER, r->error);
}

static void option(struct run *r, const char *text)
{
  r->options = curl_slist_append(r->options, text);
  CHECK_INT(curl_easy_setopt(r->e, CURLOPT_TELNETOPTIONS, r->options), CURLE_OK);
}

static void end(struct run *r)
{
  curl_easy_cleanup(r->e);
  curl_slist_free_all(r->options);
  struct ledger_totals totals = sl_ledger_totals();
  CHECK_INT(totals.opened, totals.closed);
}

static void check_heard(const char *want, size_t n)
{
  for (int i = 0; i < 500 && heard_n() < n; i++)
    usleep(10000);
  pthread_mutex_lock(&heard.lock);
  if (CHECK_INT(heard.n, n))
    CHECK_MEM(heard.p, want, n);
  pthread_mutex_unlock(&heard.lock);
}

/* ---- sessions ---- */

TEST(what_is_given_is_said_and_what_is_said_is_the_body)
{
  struct run r;
  curl_off_t up = 0, down = 0;
  begin(&r, greeter, "abc\n");
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_STR(r.got, "hello\nbye\n");
  check_heard("abc\n", 4);
  CHECK_INT(curl_easy_getinfo(r.e, CURLINFO_SIZE_UPLOAD_T, &up), CURLE_OK);
  CHECK_INT(curl_easy_getinfo(r.e, CURLINFO_SIZE_DOWNLOAD_T, &down), CURLE_OK);
  CHECK_INT(up, 4);
  CHECK_INT(down, 10);
  end(&r);
}

TEST(options_are_negotiated_and_bytes_escaped)
{
  struct run r;
  static const char want[] = IAC "\373\30" IAC "\373\0" IAC "\375\0" IAC "\373\3" IAC "\375\3" IAC "\372\30\0vt100" IAC
                             "\360" "a" IAC IAC "b" IAC IAC;
  begin(&r, negotiator, "a\377b\377");
  option(&r, "TTYPE=vt100");
  curl_easy_setopt(r.e, CURLOPT_VERBOSE, 1L);
  curl_easy_setopt(r.e, CURLOPT_STDERR, fopen("/dev/null", "w"));
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_STR(r.got, "login: \377x\ry");
  check_heard(want, sizeof want - 1);
  end(&r);
}

TEST(carriage_returns_on_request)
{
  struct run r;
  begin(&r, greeter, "ab\n");
  curl_easy_setopt(r.e, CURLOPT_CRLF, 1L);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  check_heard("ab\r\n", 4);
  end(&r);
}

TEST(much_in_both_directions_at_once)
{
  struct run r;
  begin(&r, echoer, NULL);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_INT(r.moved, MOVED);
  CHECK_INT(r.got_n, MOVED);
  CHECK_INT(r.bad, 0);
  end(&r);
}

/* ---- who may speak ---- */

TEST(the_callback_is_asked_when_the_peer_is_quiet)
{
  struct run r;
  begin(&r, talker, "abc\n");
  double start = now();
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK(r.first_asked - start > 0.2); /* it talks for 180 ms */
  CHECK_INT(r.got_n, 50);
  check_heard("abc\n", 4);
  end(&r);
}

/* The default input: nobody waits for it. */
TEST(a_silent_input_holds_nothing_up)
{
  struct run r;
  int ends[2], running = 1;
  REQUIRE(pipe(ends) == 0);
  FILE *in = fdopen(ends[0], "r");
  CURLM *m = curl_multi_init();
  begin(&r, greeter, "");
  curl_easy_setopt(r.e, CURLOPT_READFUNCTION, NULL);
  curl_easy_setopt(r.e, CURLOPT_READDATA, in);
  curl_multi_add_handle(m, r.e);
  double start = now();
  bool typed = false;
  while (running) {
    double before = now();
    CHECK_INT(curl_multi_perform(m, &running), CURLM_OK);
    CHECK(now() - before < 0.09); /* it has not waited inside */
    if (!typed && r.got_n == 6 && now() - start > 0.25) {
      typed = true;
      CHECK(write(ends[1], "abc\n", 4) == 4);
    }
    curl_multi_poll(m, NULL, 0, 50, NULL);
  }
  CHECK_STR(r.got, "hello\nbye\n");
  check_heard("abc\n", 4);
  curl_multi_remove_handle(m, r.e);
  curl_multi_cleanup(m);
  end(&r);
  fclose(in);
  close(ends[1]);
}

TEST(the_end_of_the_input_is_not_the_end)
{
  struct run r;
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  FILE *in = fdopen(ends[0], "r");
  CHECK(write(ends[1], "abc\n", 4) == 4);
  close(ends[1]);
  begin(&r, greeter, "");
  curl_easy_setopt(r.e, CURLOPT_READFUNCTION, NULL);
  curl_easy_setopt(r.e, CURLOPT_READDATA, in);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_STR(r.got, "hello\nbye\n");
  end(&r);
  fclose(in);
}

TEST(input_without_a_descriptor)
{
  struct run r;
  FILE *in = fmemopen((char[]){"abc\n"}, 4, "r");
  begin(&r, greeter, "");
  curl_easy_setopt(r.e, CURLOPT_READFUNCTION, NULL);
  curl_easy_setopt(r.e, CURLOPT_READDATA, in);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_STR(r.got, "hello\nbye\n");
  end(&r);
  fclose(in);
}

/* ---- pauses and ends ---- */

TEST(both_directions_pause)
{
  struct run r;
  int running = 1;
  CURLM *m = curl_multi_init();
  begin(&r, greeter, "abc\n");
  r.answer = CURL_READFUNC_PAUSE;
  r.pause_write = 1;
  curl_multi_add_handle(m, r.e);
  for (int i = 0; i < 40; i++) {
    curl_multi_perform(m, &running);
    curl_multi_poll(m, NULL, 0, 10, NULL);
  }
  CHECK_INT(r.asked, 1);
  CHECK_INT(r.got_n, 0);
  CHECK_INT(running, 1);
  r.answer = 0;
  curl_easy_pause(r.e, CURLPAUSE_CONT);
  while (running && !curl_multi_perform(m, &running))
    curl_multi_poll(m, NULL, 0, 50, NULL);
  CHECK_STR(r.got, "hello\nbye\n");
  curl_multi_remove_handle(m, r.e);
  curl_multi_cleanup(m);
  end(&r);
}

TEST(the_application_ends_it)
{
  struct run r;
  begin(&r, silent, "");
  r.answer = CURL_READFUNC_ABORT;
  CHECK_INT(curl_easy_perform(r.e), CURLE_ABORTED_BY_CALLBACK);
  end(&r);
  begin(&r, silent, "");
  r.answer = 1 << 20;
  CHECK_INT(curl_easy_perform(r.e), CURLE_READ_ERROR);
  end(&r);
}

TEST(time_runs_out)
{
  struct run r;
  begin(&r, silent, "");
  curl_easy_setopt(r.e, CURLOPT_TIMEOUT_MS, 250L);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OPERATION_TIMEDOUT);
  CHECK(r.asked >= 1 && r.asked <= 3);
  end(&r);
}

TEST(a_reset_is_an_error)
{
  struct run r;
  begin(&r, resetter, "");
  CHECK_INT(curl_easy_perform(r.e), CURLE_RECV_ERROR);
  CHECK(strstr(r.error, "Recv failure"));
  CHECK_STR(r.got, "part");
  end(&r);
}

TEST(a_flood_of_questions_is_not_heard_to_its_end)
{
  struct run r;
  char text[1100] = "TTYPE=";
  memset(text + 6, 't', 1000);
  begin(&r, flooder, "");
  option(&r, text);
  curl_easy_setopt(r.e, CURLOPT_TIMEOUT_MS, 1000L);
  clock_t busy = clock();
  CHECK_INT(curl_easy_perform(r.e), CURLE_OPERATION_TIMEDOUT);
  CHECK(clock() - busy < CLOCKS_PER_SEC / 10); /* it waits */
  pthread_mutex_lock(&heard.lock);
  CHECK(heard.flood < BOUND); /* what the kernel holds of it */
  pthread_mutex_unlock(&heard.lock);
  end(&r);
}

TEST(what_was_not_heard_for_want_of_room_is_heard_later)
{
  struct run r;
  char text[1100] = "TTYPE=";
  memset(text + 6, 't', 1000);
  begin(&r, late_listener, "");
  option(&r, text);
  FILE *nothing = fopen("/dev/null", "r"); /* no clock runs for what is never asked again */
  curl_easy_setopt(r.e, CURLOPT_READFUNCTION, NULL);
  curl_easy_setopt(r.e, CURLOPT_READDATA, nothing);
  CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
  CHECK_STR(r.got, "bye\n");
  end(&r);
  fclose(nothing);
}

/* ---- options ---- */

TEST(bad_options_end_it_before_anything_is_said)
{
  static const struct {
    const char *text, *error;
    CURLcode rc;
  } cases[] = {
      {"FOO=bar", "Unknown telnet option FOO=bar", CURLE_UNKNOWN_OPTION},
      {"TTYPE", "Syntax error in telnet option: TTYPE", CURLE_SETOPT_OPTION_SYNTAX},
      {"WS=1", "Syntax error in telnet option: WS=1", CURLE_SETOPT_OPTION_SYNTAX},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct run r;
    begin(&r, silent, "abc");
    option(&r, "TTYPE=x");
    option(&r, cases[i].text);
    CHECK_INT(curl_easy_perform(r.e), cases[i].rc);
    CHECK_STR(r.error, cases[i].error);
    CHECK_INT(r.asked, 0);
    end(&r);
  }
}

TEST(a_user_name_with_a_line_end_is_refused)
{
  struct run r;
  begin(&r, silent, "");
  curl_easy_setopt(r.e, CURLOPT_USERNAME, "joe\r\nQUIT");
  CHECK_INT(curl_easy_perform(r.e), CURLE_URL_MALFORMAT);
  end(&r);
}

/* ---- the gate, and the way ---- */

TEST(a_refused_socket)
{
  struct run r;
  begin(&r, silent, "");
  curl_easy_setopt(r.e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(r.e, CURLOPT_OPENSOCKETDATA, &r);
  r.refuse = 1;
  CHECK_INT(curl_easy_perform(r.e), CURLE_COULDNT_CONNECT);
  CHECK_INT(r.opened, 1);
  end(&r);
}

TEST(no_connection_of_others_is_used)
{
  struct run r;
  char url[64];
  begin(&r, either, "quit\n");
  CURLM *m = curl_multi_init();
  int running = 1;
  for (int i = 0; i < 2; i++) {
    snprintf(url, sizeof url, "%s://127.0.0.1:%d", i ? "telnet" : "http", server_port(either));
    curl_easy_setopt(r.e, CURLOPT_URL, url);
    curl_multi_add_handle(m, r.e);
    do
      curl_multi_perform(m, &running);
    while (running && !curl_multi_poll(m, NULL, 0, 50, NULL));
    curl_multi_remove_handle(m, r.e);
  }
  pthread_mutex_lock(&heard.lock);
  CHECK_INT(heard.conns, 2);
  pthread_mutex_unlock(&heard.lock);
  CHECK_STR(r.got, "ok");
  curl_multi_cleanup(m);
  end(&r);
}

TEST(through_proxies)
{
  struct run r;
  char proxy[64];
  for (int i = 0; i < 2; i++) {
    begin(&r, greeter, "abc\n");
    snprintf(proxy, sizeof proxy, "%s://jim:secret@127.0.0.1:%d", i ? "socks5h" : "http",
             server_port(i ? socks_serve : connect_serve));
    curl_easy_setopt(r.e, CURLOPT_PROXY, proxy);
    CHECK_INT(curl_easy_perform(r.e), CURLE_OK);
    CHECK_STR(r.got, "hello\nbye\n");
    end(&r);
  }
}

TEST(only_where_the_protocol_is_allowed)
{
  struct run r;
  begin(&r, silent, "");
  CHECK_INT(curl_easy_setopt(r.e, CURLOPT_PROTOCOLS_STR, "http,https"), CURLE_OK);
  CHECK_INT(curl_easy_perform(r.e), CURLE_UNSUPPORTED_PROTOCOL);
  end(&r);
}
