/* mqtt: URLs through the public interface, against a small server: messages in every shape, pauses, keep alive, the
 * socket contract, and every allocation failing in its turn. */
#include <curl/curl.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "tests/unit/xfer/servers.h"
#include "tests/unit/xfer/app_sockets.h"
#include "tests/unit/xfer/torture.h"

enum { BIG = 300000, MESSAGE = 5 + 4000 };

/* ---- the server: MQTT 3.1.1, the topic says what it does ---- */

static atomic_int published, pings, connects;

static bool take(int fd, void *dst, size_t n)
{
  return !n || recv(fd, dst, n, MSG_WAITALL) == (ssize_t)n;
}

/* The packet's type, its bytes behind the fixed header in a block of the caller's; -1: the client is gone. */
static int packet(int fd, unsigned char **out_body, size_t *out_n)
{
  unsigned char byte, type;
  size_t n = 0, shift = 0;
  if (!take(fd, &type, 1))
    return -1;
  do {
    if (!take(fd, &byte, 1))
      return -1;
    n |= (size_t)(byte & 127) << shift;
    shift += 7;
  } while (byte & 128);
  *out_body = malloc(n + 1);
  *out_n = n;
  if (take(fd, *out_body, n))
    return type >> 4;
  free(*out_body);
  return -1;
}

static bool message(int fd, size_t n)
{
  size_t rest = 3 + n;
  char *bytes = malloc(8 + n);
  memcpy(bytes, (char[]){0x30, (char)(rest | 128), (char)(rest >> 7 | 128), (char)(rest >> 14), 0, 1, 't'}, 7);
  memset(bytes + 7, 'm', n);
  bool ok = peer_send(fd, bytes, 7 + n);
  free(bytes);
  return ok;
}

static bool say_bytes(int fd, const char *bytes, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    if (!peer_send(fd, bytes + i, 1))
      return false;
    usleep(500);
  }
  return true;
}

static void await_pings(int fd, int n)
{
  unsigned char *body;
  size_t size;
  while (n-- && packet(fd, &body, &size) == 12) {
    free(body);
    peer_send(fd, "\xd0\0", 2);
    atomic_fetch_add(&pings, 1);
  }
}

static void answer_subscription(int fd, const char *topic)
{
  static const char granted[] = "\x90\x03\0\1", bytes[] = "\x90\x03\0\1\0\x30\x05\0\1tab\xe0";
  if (!strcmp(topic, "bytes")) {
    say_bytes(fd, bytes, sizeof bytes);
    return;
  }
  peer_send(fd, granted, sizeof granted);
  if (!strcmp(topic, "part")) {
    peer_send(fd, "\x30\x05\0\1ta", 6);
    return;
  }
  if (!strcmp(topic, "silent")) {
    peer_wait_for_close(fd);
    return;
  }
  if (!strcmp(topic, "pings"))
    await_pings(fd, 3);
  if (!strcmp(topic, "big"))
    message(fd, BIG);
  int cork = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof cork); /* in one segment, if they fit */
  message(fd, 0);
  message(fd, 1);
  message(fd, 3998);
  cork = 0;
  setsockopt(fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof cork);
  if (!strcmp(topic, "paused"))
    await_pings(fd, 3);
  peer_send(fd, "\xe0\0", 2);
  peer_wait_for_close(fd);
}

static void mqtt_serve(int fd)
{
  unsigned char *body;
  size_t n;
  for (int type; (type = packet(fd, &body, &n)) >= 0; free(body)) {
    if (type == 1) {
      atomic_fetch_add(&connects, 1);
      peer_send(fd, "\x20\x02\0\0", 4);
    } else if (type == 8) {
      body[n - 1] = 0; /* the QoS */
      answer_subscription(fd, (const char *)body + 4);
      free(body);
      return;
    } else if (type == 3) {
      atomic_store(&published, (int)n);
    } else if (type == 14) {
      atomic_fetch_add(&published, 1 << 24);
    }
  }
}

/* ---- transfers ---- */

struct got {
  size_t n;
  char last;
  int pauses; /* still to be asked for */
  bool paused;
  char error[CURL_ERROR_SIZE];
};

static size_t on_write(char *data, size_t size, size_t n, void *arg)
{
  struct got *got = arg;
  (void)size;
  got->paused = got->pauses > 0;
  if (got->pauses && got->pauses--)
    return CURL_WRITEFUNC_PAUSE;
  got->n += n;
  got->last = data[n - 1];
  return n;
}

#define SET(option, value)                                                                         \
  do {                                                                                             \
    if (!rc)                                                                                       \
      rc = curl_easy_setopt(c, option, value);                                                     \
  } while (0)

static CURLcode begin(CURL **out, const char *topic, struct got *got)
{
  char url[100];
  CURLcode rc = CURLE_OK;
  CURL *c = *out = curl_easy_init();
  *got = (struct got){0};
  if (!c)
    return CURLE_OUT_OF_MEMORY;
  snprintf(url, sizeof url, "mqtt://127.0.0.1:%d/%s", server_port(mqtt_serve), topic);
  SET(CURLOPT_URL, url);
  SET(CURLOPT_NOPROXY, "*");
  SET(CURLOPT_TIMEOUT_MS, 10000L);
  SET(CURLOPT_WRITEFUNCTION, on_write);
  SET(CURLOPT_WRITEDATA, got);
  SET(CURLOPT_ERRORBUFFER, got->error);
  return rc;
}

static CURLcode get(const char *topic, struct got *got)
{
  CURL *c;
  CURLcode rc = begin(&c, topic, got);
  if (!rc)
    rc = curl_easy_perform(c);
  curl_easy_cleanup(c);
  CHECK(!rc == !got->error[0]);
  return rc;
}

TEST(messages_are_delivered)
{
  struct got got;
  CHECK_INT(get("some", &got), CURLE_OK);
  CHECK_INT(got.n, 3 + 4 + 4001);
  CHECK_INT(get("big", &got), CURLE_OK);
  CHECK_INT(got.n, 3 + BIG + 3 + 4 + 4001);
  CHECK_INT(got.last, 'm');
  CHECK_INT(get("bytes", &got), CURLE_OK);
  CHECK_INT(got.n, 5);
  CHECK_INT(got.last, 'b');
}

TEST(half_a_message)
{
  struct got got;
  CHECK_INT(get("part", &got), CURLE_PARTIAL_FILE);
  CHECK_INT(got.n, 4);
}

TEST(topics_that_are_none)
{
  struct got got;
  int before = atomic_load(&connects);
  CHECK_INT(get("a%00b", &got), CURLE_URL_MALFORMAT);
  CHECK_INT(atomic_load(&connects), before);
  CHECK_INT(get("", &got), CURLE_URL_MALFORMAT);
  CHECK_INT(atomic_load(&connects), before + 1);
}

TEST(infos_of_a_subscription)
{
  struct got got;
  CURL *c;
  curl_off_t size = 0, length = 0;
  long code = -1, created = 0;
  CHECK_INT(begin(&c, "some", &got), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  curl_easy_getinfo(c, CURLINFO_SIZE_DOWNLOAD_T, &size);
  curl_easy_getinfo(c, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &length);
  curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &code);
  curl_easy_getinfo(c, CURLINFO_NUM_CONNECTS, &created);
  CHECK_INT(size, 3 + 4 + 4001);
  CHECK_INT(length, 4001); /* of the last message */
  CHECK_INT(code, 0);
  CHECK_INT(created, 1); /* a session ends with its transfer */
  curl_easy_cleanup(c);
}

TEST(sizes_are_limited)
{
  static const struct {
    long max;
    CURLcode rc;
    size_t got;
  } rows[] = {{4008, CURLE_OK, 4008}, {4007, CURLE_FILESIZE_EXCEEDED, 4007}, {4000, CURLE_FILESIZE_EXCEEDED, 7}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct got got;
    CURL *c;
    CHECK_INT(begin(&c, "some", &got), CURLE_OK);
    curl_easy_setopt(c, CURLOPT_MAXFILESIZE, rows[i].max);
    CHECK_INT(curl_easy_perform(c), rows[i].rc);
    CHECK(got.n <= rows[i].got);
    curl_easy_cleanup(c);
  }
}

/* ---- publishing ---- */

static void await_published(int n)
{
  for (int i = 0; i < 2000 && atomic_load(&published) != n + (1 << 24); i++)
    usleep(1000);
  CHECK_INT(atomic_load(&published), n + (1 << 24)); /* and DISCONNECT behind it */
  atomic_store(&published, 0);
}

TEST(a_post_publishes)
{
  static const long sizes[] = {0, 1, 200, 5000000};
  static char payload[5000000];
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    struct got got;
    CURL *c;
    curl_off_t size = -1;
    CHECK_INT(begin(&c, "to", &got), CURLE_OK);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, payload);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, sizes[i]);
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    curl_easy_getinfo(c, CURLINFO_SIZE_UPLOAD_T, &size);
    CHECK_INT(size, sizes[i]);
    CHECK_INT(got.n, 0);
    await_published((int)sizes[i] + 4);
    curl_easy_cleanup(c);
  }
}

TEST(a_post_without_fields_is_no_message)
{
  struct got got;
  CURL *c;
  CHECK_INT(begin(&c, "to", &got), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_POST, 1L);
  CHECK_INT(curl_easy_perform(c), CURLE_BAD_FUNCTION_ARGUMENT);
  curl_easy_cleanup(c);
}

TEST(a_speed_limit_holds_for_both_directions)
{
  static char payload[60000];
  for (int up = 0; up < 2; up++) {
    struct got got;
    CURL *c;
    curl_off_t us = 0;
    CHECK_INT(begin(&c, "big", &got), CURLE_OK);
    curl_easy_setopt(c, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)200000);
    curl_easy_setopt(c, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)1000000);
    if (up) {
      curl_easy_setopt(c, CURLOPT_POSTFIELDS, payload);
      curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)sizeof payload);
    }
    CHECK_INT(curl_easy_perform(c), CURLE_OK);
    curl_easy_getinfo(c, CURLINFO_TOTAL_TIME_T, &us);
    CHECK(us > 150000);
    curl_easy_cleanup(c);
    if (up)
      await_published((int)sizeof payload + 3 + 2);
  }
}

/* ---- while it waits ---- */

TEST(the_connection_is_kept_alive)
{
  struct got got;
  CURL *c;
  atomic_store(&pings, 0);
  CHECK_INT(begin(&c, "pings", &got), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_UPKEEP_INTERVAL_MS, 20L);
  CHECK_INT(curl_easy_perform(c), CURLE_OK);
  CHECK_INT(got.n, 3 + 4 + 4001);
  CHECK_INT(atomic_load(&pings), 3);
  curl_easy_cleanup(c);
}

TEST(without_an_interval_there_is_silence)
{
  struct got got;
  CURL *c;
  CHECK_INT(begin(&c, "pings", &got), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_UPKEEP_INTERVAL_MS, 0L);
  curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, 150L);
  CHECK_INT(curl_easy_perform(c), CURLE_OPERATION_TIMEDOUT);
  CHECK_INT(got.n, 0);
  curl_easy_cleanup(c);
}

/* Nothing is lost, and the server hears of us in the meantime. */
TEST(a_paused_subscription_goes_on)
{
  struct got got;
  CURL *c;
  CURLM *m = curl_multi_init();
  int running = 1, left, turns = 0;
  atomic_store(&pings, 0);
  CHECK_INT(begin(&c, "paused", &got), CURLE_OK);
  got.pauses = 2;
  curl_easy_setopt(c, CURLOPT_UPKEEP_INTERVAL_MS, 20L);
  curl_multi_add_handle(m, c);
  while (running && turns++ < 10000) {
    curl_multi_perform(m, &running);
    if (got.paused && (atomic_load(&pings) >= 3 || got.pauses)) {
      got.paused = false;
      curl_easy_pause(c, CURLPAUSE_ALL);
      curl_easy_pause(c, CURLPAUSE_RECV);
      curl_multi_perform(m, &running); /* woken without an end of the pause: nothing is lost */
      curl_easy_pause(c, CURLPAUSE_CONT);
    } else if (running) {
      curl_multi_poll(m, NULL, 0, 10, NULL);
    }
  }
  CHECK_INT(got.n, 3 + 4 + 4001);
  CHECK_INT(atomic_load(&pings), 3);
  const CURLMsg *msg = curl_multi_info_read(m, &left);
  CHECK(msg && msg->data.result == CURLE_OK);
  curl_multi_remove_handle(m, c);
  curl_easy_cleanup(c);
  curl_multi_cleanup(m);
}

TEST(a_message_that_is_paused_is_not_sent)
{
  struct got got;
  CURL *c;
  CURLM *m = curl_multi_init();
  int running = 1, left;
  atomic_store(&published, 0);
  CHECK_INT(begin(&c, "to", &got), CURLE_OK);
  curl_easy_setopt(c, CURLOPT_POSTFIELDS, "message");
  curl_multi_add_handle(m, c);
  curl_easy_pause(c, CURLPAUSE_SEND);
  for (int i = 0; i < 20; i++) {
    curl_multi_perform(m, &running);
    curl_multi_poll(m, NULL, 0, 5, NULL);
  }
  CHECK_INT(running, 1);
  CHECK_INT(atomic_load(&published), 0);
  curl_easy_pause(c, CURLPAUSE_CONT);
  while (running) {
    curl_multi_perform(m, &running);
    if (running)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  }
  const CURLMsg *msg = curl_multi_info_read(m, &left);
  CHECK(msg && msg->data.result == CURLE_OK);
  await_published(4 + 7);
  curl_multi_remove_handle(m, c);
  curl_easy_cleanup(c);
  curl_multi_cleanup(m);
}

/* ---- sockets and proxies ---- */

static struct got proxied;

static CURL *to_be_proxied(void)
{
  CURL *c;
  CHECK_INT(proxied.n, proxied.n ? 3 + 4 + 4001 : 0); /* of the one before */
  CHECK_INT(begin(&c, "some", &proxied), CURLE_OK);
  return c;
}

TEST(sockets_are_the_applications)
{
  struct got got;
  CURL *c;
  sl_ledger_strict(true);
  CHECK_INT(begin(&c, "some", &got), CURLE_OK);
  check_app_sockets(c, mqtt_serve);
  CHECK_INT(got.n, 3 + 4 + 4001);
}

TEST(through_proxies)
{
  check_proxies(to_be_proxied);
  CHECK_INT(proxied.n, 3 + 4 + 4001);
}

TEST(protocols_are_chosen_by_name_and_by_bit)
{
  static const struct {
    const char *names, *scheme;
    CURLcode rc;
  } rows[] = {{"mqtt", "mqtt", CURLE_OK},
              {"mqtts", "mqtt", CURLE_UNSUPPORTED_PROTOCOL},
              {"mqtt", "mqtts", CURLE_UNSUPPORTED_PROTOCOL},
              {"mqtts", "mqtts", CURLE_COULDNT_CONNECT},
              {"all", "mqtts", CURLE_COULDNT_CONNECT},
              {"http,https", "mqtts", CURLE_UNSUPPORTED_PROTOCOL}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct got got;
    CURL *c;
    char url[64];
    int port = server_port(mqtt_serve);
    CHECK_INT(begin(&c, "some", &got), CURLE_OK);
    snprintf(url, sizeof url, "%s://127.0.0.1:%d/some", rows[i].scheme, port);
    curl_easy_setopt(c, CURLOPT_URL, url);
    if (rows[i].rc == CURLE_COULDNT_CONNECT)
      curl_easy_setopt(c, CURLOPT_OPENSOCKETFUNCTION, app_refuse);
    CHECK_INT(curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, rows[i].names), CURLE_OK);
    CHECK_INT(curl_easy_perform(c), rows[i].rc);
    curl_easy_setopt(c, CURLOPT_URL, "mqtts://127.0.0.1/x");
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_MQTT);
    CHECK_INT(curl_easy_perform(c), CURLE_UNSUPPORTED_PROTOCOL);
    curl_easy_cleanup(c);
  }
}

/* ---- without memory ---- */

static CURLcode scenario(void)
{
  struct got got;
  CURL *c;
  CURLcode rc = begin(&c, "a%2fb", &got);
  SET(CURLOPT_USERPWD, "user:secret");
  if (!rc)
    rc = curl_easy_perform(c);
  if (!rc)
    CHECK_INT(got.n, 3 + 4 + 4001);
  SET(CURLOPT_COPYPOSTFIELDS, "something");
  if (!rc)
    rc = curl_easy_perform(c);
  curl_easy_cleanup(c);
  return rc;
}

TEST(every_allocation_that_fails)
{
  server_port(mqtt_serve);
  every_allocation(scenario, sl_mem_fail_after);
  every_allocation(scenario, sl_mem_fail_once);
}
