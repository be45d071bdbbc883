/* The process's policy and log; see process.h. */
#include "gate/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gate/broker.h"
#include "gate/event.h"
#include "gate/policy.h"
#include "sys/clock.h"
#include "sys/env.h"
#include "sys/file.h"

enum { LINE_MAX_BYTES = 4096 };

static struct policy *policy;
static int log_fd = -1;
static bool brokered;
static char trouble[256];

/* ---- set-up ---- */

/* `preset:NAME` is no file. */
static sl_result read_text(const char *path, struct buf *text)
{
  static const char preset[] = "preset:";
  if (strncmp(path, preset, sizeof preset - 1))
    return sl_file_read(path, text);
  const char *known = sl_policy_preset(slice_str(path + sizeof preset - 1));
  errno = ENOENT;
  if (!known)
    return CURLE_FILE_COULDNT_READ_FILE;
  return sl_buf_str(text, known) ? SL_OK : SL_NOMEM;
}

static void load_policy(const char *path)
{
  struct policy_error error = {0};
  struct buf text;
  sl_buf_init(&text, SL_POLICY_TEXT_MAX);
  sl_result rc = read_text(path, &text);
  if (rc)
    snprintf(trouble, sizeof trouble, "SLUICE_POLICY: cannot read %.150s: %s", path,
             rc == SL_NOMEM                    ? "out of memory"
             : rc == CURLE_FILESIZE_EXCEEDED ? "larger than 16 MiB"
                                               : strerror(errno));
  else if ((rc = sl_policy_parse(sl_buf_peek(&text), &policy, &error)) == SL_NOMEM)
    snprintf(trouble, sizeof trouble, "SLUICE_POLICY: out of memory");
  else if (rc)
    snprintf(trouble, sizeof trouble, "SLUICE_POLICY: %.80s line %u column %u: %.120s", path, error.line, error.column,
             error.text);
  sl_buf_done(&text);
}

static void open_log(const char *path)
{
  log_fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (log_fd < 0)
    snprintf(trouble, sizeof trouble, "SLUICE_LOG: cannot open %.150s: %s", path, strerror(errno));
}

void sl_process_init(void)
{
  const char *policy_path = sl_env_guarded("SLUICE_POLICY"), *log_path = sl_env_guarded("SLUICE_LOG");
  const char *broker = sl_env_guarded("SLUICE_BROKER");
  trouble[0] = 0;
  if (policy_path && !*policy_path) /* a script's variable that was not set, rather than a wish for no policy */
    snprintf(trouble, sizeof trouble, "SLUICE_POLICY is empty: unset it, or name a file");
  else if (policy_path)
    load_policy(policy_path);
  if (log_path && *log_path)
    open_log(log_path);
  brokered = broker && sl_broker_adopt(broker);
  if (broker && !brokered)
    snprintf(trouble, sizeof trouble, "SLUICE_BROKER: %.80s is no descriptor of a socket broker", broker);
}

/* Handles that are used after the last curl_global_cleanup() must not find the door open. */
void sl_process_done(void)
{
  if (policy || brokered)
    snprintf(trouble, sizeof trouble, "SLUICE_%s: curl_global_cleanup() has been called", policy ? "POLICY" : "BROKER");
  sl_broker_adopt(NULL);
  brokered = false;
  sl_policy_free(policy);
  policy = NULL;
  if (log_fd >= 0)
    close(log_fd);
  log_fd = -1;
}

const struct policy *sl_process_policy(void)
{
  return policy;
}

const char *sl_process_trouble(void)
{
  return trouble[0] ? trouble : NULL;
}

/* ---- the log ---- */

bool sl_process_logs(void)
{
  return log_fd >= 0;
}

static const char *event_name(sluice_event what)
{
  static const char *const names[] = {
      [SLUICE_EVENT_OPEN] = "open",           [SLUICE_EVENT_CONNECT] = "connect", [SLUICE_EVENT_CONNECTED] = "connected",
      [SLUICE_EVENT_REFUSED] = "refused",     [SLUICE_EVENT_ACCEPT] = "accept",   [SLUICE_EVENT_REUSE] = "reuse",
      [SLUICE_EVENT_CLOSE] = "close",         [SLUICE_EVENT_REPORTED] = "reported"};
  return names[what];
}

/* A member whose value is text (RFC 8259 7); bytes beyond ASCII, which may be no UTF-8, as \u00XX. */
static void put_text(struct buf *line, const char *name, const char *value)
{
  sl_buf_printf(line, ",\"%s\":\"", name);
  for (; *value; value++) {
    unsigned char c = (unsigned char)*value;
    if (c == '"' || c == '\\')
      sl_buf_char(line, '\\');
    if (c < 0x20 || c > 0x7e)
      sl_buf_printf(line, "\\u%04x", c);
    else
      sl_buf_char(line, (char)c);
  }
  sl_buf_char(line, '"');
}

static void put_address(struct buf *line, const struct sockaddr *address, unsigned len)
{
  char text[SL_ADDR_TEXT];
  int port;
  if (address->sa_family == AF_UNIX) {
    const struct sockaddr_un *un = (const void *)address;
    char path[sizeof un->sun_path + 2];
    size_t offset = offsetof(struct sockaddr_un, sun_path), n = len > offset ? len - offset : 0;
    bool abstract = n && !un->sun_path[0];
    snprintf(path, sizeof path, "%s%.*s", abstract ? "@" : "", (int)(n - abstract), un->sun_path + abstract);
    put_text(line, "address", path);
    return;
  }
  sl_addr_print(address, text, &port);
  put_text(line, "address", text);
  sl_buf_printf(line, ",\"port\":%d", port);
}

/* A pipe whose reader has gone is no reason to end (SIGPIPE): the signal is taken back, unless one was there before. */
static void write_line(const char *p, size_t n)
{
  const struct timespec now = {0};
  sigset_t pipe, before, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &before);
  bool had_one = !sigpending(&pending) && sigismember(&pending, SIGPIPE);
  ssize_t written = write(log_fd, p, n); /* a full disk stops no transfer */
  if (written < 0 && errno == EPIPE && !had_one)
    sigtimedwait(&pipe, NULL, &now);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* One write() a line, so that the lines of several processes do not mix. */
void sl_process_log(const struct sluice_socket_event *e)
{
  int saved = errno;
  int64_t now_us = sl_clock_wall_us();
  struct buf line;
  sl_buf_init(&line, LINE_MAX_BYTES);
  sl_buf_printf(&line, "{\"time\":%lld.%06d,\"pid\":%d,\"event\":\"%s\",\"purpose\":\"%s\",\"fd\":%d",
                (long long)(now_us / 1000000), (int)(now_us % 1000000), (int)getpid(), event_name(e->what),
                sl_policy_purpose_name(sl_event_purpose_of(e->purpose)), (int)e->fd);
  if (e->address)
    put_address(&line, e->address, e->address_len);
  if (e->host)
    put_text(&line, "host", e->host);
  if (e->rule)
    put_text(&line, "rule", e->rule);
  if (e->os_errno) {
    sl_buf_printf(&line, ",\"errno\":%d", e->os_errno);
    put_text(&line, "error", strerror(e->os_errno));
  }
  sl_buf_str(&line, "}\n");
  static const char lost[] = "{\"event\":\"lost\",\"error\":\"out of memory\"}\n";
  bool whole = sl_buf_ok(&line);
  write_line(whole ? line.p : lost, whole ? line.n : sizeof lost - 1);
  sl_buf_done(&line);
  errno = saved;
}
