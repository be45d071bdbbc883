/* SLUICE_POLICY and SLUICE_LOG: what of them works, what stops every transfer, and that each line of the log is JSON
 * whatever is in it. */
#include "gate/process.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "gate/policy.h"
#include "tests/test.h"

static char folder[] = "/tmp/sluice-process-XXXXXX", path[100];

static const char *file_with(const char *text)
{
  if (!path[0] && !mkdtemp(folder))
    abort();
  snprintf(path, sizeof path, "%s/f", folder);
  FILE *f = fopen(path, "w");
  if (!f || fputs(text, f) < 0 || fclose(f))
    abort();
  return path;
}

static void remove_file(void)
{
  unlink(path);
  rmdir(folder);
  strcpy(strstr(folder, "process-"), "process-XXXXXX");
  path[0] = 0;
}

static const char *trouble_with(const char *policy, const char *log)
{
  if (policy)
    setenv("SLUICE_POLICY", policy, 1);
  else
    unsetenv("SLUICE_POLICY");
  if (log)
    setenv("SLUICE_LOG", log, 1);
  else
    unsetenv("SLUICE_LOG");
  sl_process_done();
  sl_process_init();
  return sl_process_trouble();
}

static void end(void)
{
  trouble_with(NULL, NULL);
  CHECK(!sl_process_policy() && !sl_process_logs() && !sl_process_trouble());
}

TEST(nothing_is_asked_for)
{
  CHECK_STR(trouble_with(NULL, NULL), NULL);
  CHECK(!sl_process_policy() && !sl_process_logs());
}

TEST(policies)
{
  CHECK_STR(trouble_with(file_with("allow public\n"), NULL), NULL);
  CHECK(sl_process_policy());
  CHECK_STR(trouble_with("preset:public-internet", NULL), NULL);
  CHECK(sl_process_policy());
  remove_file();
  end();
}

TEST(what_cannot_be_had_is_trouble)
{
  char want[200];
  CHECK_STR(trouble_with("/nonexistent/p", NULL), "SLUICE_POLICY: cannot read /nonexistent/p: No such file or directory");
  CHECK(!sl_process_policy());
  CHECK_STR(trouble_with("/", NULL), "SLUICE_POLICY: cannot read /: Is a directory");
  CHECK_STR(trouble_with("preset:", NULL), "SLUICE_POLICY: cannot read preset:: No such file or directory");
  CHECK_STR(trouble_with("preset:public", NULL), "SLUICE_POLICY: cannot read preset:public: No such file or directory");
  CHECK_STR(trouble_with("", NULL), "SLUICE_POLICY is empty: unset it, or name a file");
  file_with("allow public\n allow 10.0.0.0/33\n");
  snprintf(want, sizeof want, "SLUICE_POLICY: %s line 2 column 17: the length of the prefix is a number from 0 to 32", path);
  CHECK_STR(trouble_with(path, NULL), want);
  if (geteuid()) {
    chmod(path, 0);
    CHECK(strstr(trouble_with(path, NULL), "Permission denied"));
  }
  CHECK_STR(trouble_with(NULL, "/nonexistent/log"), "SLUICE_LOG: cannot open /nonexistent/log: No such file or directory");
  CHECK(!sl_process_logs());
  CHECK_STR(trouble_with(NULL, ""), NULL);
  remove_file();
  end();
}

TEST(after_cleanup_the_door_stays_shut)
{
  CHECK_STR(trouble_with("preset:public-internet", NULL), NULL);
  sl_process_done();
  CHECK_STR(sl_process_trouble(), "SLUICE_POLICY: curl_global_cleanup() has been called");
  sl_process_init();
  CHECK_STR(sl_process_trouble(), NULL);
  CHECK(sl_process_policy());
  end();
}

TEST(without_memory_there_is_trouble)
{
  file_with("allow public\nallow 10.0.0.0/8 port 80\n");
  FOR_EACH_FAILING_ALLOC(n)
  {
    const char *trouble = trouble_with(path, NULL);
    CHECK(!!trouble == !sl_process_policy());
    if (trouble)
      CHECK(strstr(trouble, "out of memory"));
  }
  CHECK(sl_process_policy());
  remove_file();
  end();
}

/* ---- the log ---- */

/* RFC 8259 with no more than what the log uses: one object, strings and numbers in it. NULL: it is right. */
static const char *not_json(const char *p)
{
  if (*p++ != '{')
    return "it does not begin with {";
  for (bool first = true;; first = false) {
    if (!first && *p == '}')
      return p[1] ? "there is something behind }" : NULL;
    if (!first && *p++ != ',')
      return "a comma is missing";
    for (int part = 0; part < 2; part++) {
      if (part && *p++ != ':')
        return "a colon is missing";
      if (*p != '"' && part) {
        p += strspn(p, "-0123456789.");
        continue;
      }
      if (*p++ != '"')
        return "a name is missing";
      for (; *p != '"'; p++) {
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e)
          return "a byte that must be escaped";
        if (*p == '\\' && *++p == 'u' && strspn(p + 1, "0123456789abcdef") < 4)
          return "a bad escape";
      }
      p++;
    }
  }
}

static char text[20000];

static const char *log_of(const struct sluice_socket_event *e)
{
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || truncate(path, 0))
    abort();
  sl_process_log(e);
  ssize_t n = read(fd, text, sizeof text - 1);
  close(fd);
  text[n < 0 ? 0 : n] = 0;
  if (n > 0 && text[n - 1] == '\n')
    text[n - 1] = 0;
  return text;
}

TEST(lines)
{
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(80)};
  struct sluice_socket_event e = {.size = sizeof e, .what = SLUICE_EVENT_REFUSED, .fd = -1};
  CHECK_STR(trouble_with(NULL, file_with("")), NULL);
  REQUIRE(sl_process_logs());
  in.sin_addr.s_addr = htonl(0x0a010203);
  e.address = (struct sockaddr *)&in;
  e.address_len = sizeof in;
  e.host = "a\"b\\c\n\x01\x7f\xff";
  e.rule = "policy line 3: deny private";
  e.os_errno = EACCES;
  errno = EXDEV;
  const char *line = log_of(&e);
  CHECK_STR(not_json(line), NULL);
  CHECK(strstr(line, "\"event\":\"refused\",\"purpose\":\"origin\",\"fd\":-1,\"address\":\"10.1.2.3\",\"port\":80,"
                     "\"host\":\"a\\\"b\\\\c\\u000a\\u0001\\u007f\\u00ff\",\"rule\":\"policy line 3: deny private\","
                     "\"errno\":13,\"error\":\"Permission denied\"}"));
  remove_file();
  end();
}

TEST(every_event_and_purpose_has_a_word)
{
  static const int purposes[] = {CURLSOCKTYPE_IPCXN,      CURLSOCKTYPE_ACCEPT,      SLUICE_SOCKTYPE_DNS,       SLUICE_SOCKTYPE_DOH,
                                 SLUICE_SOCKTYPE_PROXY, SLUICE_SOCKTYPE_FTP_DATA, SLUICE_SOCKTYPE_FTP_LISTEN};
  CHECK_STR(trouble_with(NULL, file_with("")), NULL);
  for (int what = SLUICE_EVENT_OPEN; what <= SLUICE_EVENT_REPORTED; what++)
    for (size_t i = 0; i < sizeof purposes / sizeof *purposes; i++) {
      struct sluice_socket_event e = {.size = sizeof e, .what = (sluice_event)what, .fd = 3, .purpose = purposes[i]};
      const char *line = log_of(&e);
      CHECK_STR(not_json(line), NULL);
      CHECK(!strstr(line, "null") && !strstr(line, "\"\""));
    }
  remove_file();
  end();
}

TEST(unix_addresses)
{
  struct sockaddr_un un = {.sun_family = AF_UNIX};
  struct sluice_socket_event e = {.size = sizeof e, .what = SLUICE_EVENT_OPEN, .fd = 3, .address = (struct sockaddr *)&un};
  CHECK_STR(trouble_with(NULL, file_with("")), NULL);
  memset(un.sun_path, '"', sizeof un.sun_path); /* no zero behind it */
  e.address_len = sizeof un;
  CHECK_STR(not_json(log_of(&e)), NULL);
  strcpy(un.sun_path, "/run/x");
  CHECK(strstr(log_of(&e), "\"address\":\"/run/x\"}"));
  memcpy(un.sun_path, "\0abc", 4);
  e.address_len = offsetof(struct sockaddr_un, sun_path) + 4;
  CHECK(strstr(log_of(&e), "\"address\":\"@abc\"}"));
  e.address_len = offsetof(struct sockaddr_un, sun_path); /* it has no name */
  CHECK_STR(not_json(log_of(&e)), NULL);
  remove_file();
  end();
}

/* A pipe's reader may go; SIGPIPE would end the program, which knows nothing of the log. */
TEST(a_log_that_nobody_reads_any_more)
{
  struct sluice_socket_event event = {.size = sizeof event, .what = SLUICE_EVENT_OPEN};
  char line[1000];
  unlink(file_with(""));
  REQUIRE(!mkfifo(path, 0600));
  int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  CHECK(!trouble_with(NULL, path));
  signal(SIGPIPE, SIG_DFL);
  sl_process_log(&event);
  CHECK(read(reader, line, sizeof line) > 0);
  close(reader);
  errno = EINTR;
  sl_process_log(&event);
  CHECK_INT(errno, EINTR);
  sigset_t pending;
  CHECK(!sigpending(&pending) && !sigismember(&pending, SIGPIPE));
  end();
  remove_file();
}

TEST(the_longest_line_is_whole)
{
  char host[256], rule[200];
  struct sockaddr_un un = {.sun_family = AF_UNIX};
  memset(host, '\xff', sizeof host);
  host[255] = 0;
  memset(rule, 1, sizeof rule);
  rule[199] = 0;
  memset(un.sun_path, 2, sizeof un.sun_path);
  struct sluice_socket_event e = {.size = sizeof e, .what = SLUICE_EVENT_REFUSED, .fd = -1, .host = host, .rule = rule,
                                  .address = (struct sockaddr *)&un, .address_len = sizeof un, .os_errno = EAFNOSUPPORT};
  CHECK_STR(trouble_with(NULL, file_with("")), NULL);
  const char *line = log_of(&e);
  CHECK_STR(not_json(line), NULL);
  CHECK(strstr(line, "Address family"));
  remove_file();
  end();
}

TEST(without_memory_a_line_is_told_to_be_lost)
{
  struct sluice_socket_event e = {.size = sizeof e, .what = SLUICE_EVENT_OPEN, .fd = 3};
  CHECK_STR(trouble_with(NULL, file_with("")), NULL);
  sl_mem_fail_after(1);
  const char *line = log_of(&e);
  sl_mem_fail_after(0);
  CHECK_STR(line, "{\"event\":\"lost\",\"error\":\"out of memory\"}");
  remove_file();
  end();
}
