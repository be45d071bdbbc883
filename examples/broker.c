/*
 * broker.c: downloads in a process that can not open a socket any more.
 *
 * A broker is started, then the process forbids itself the system calls that open, connect, bind,
 * listen and accept: a call of one kills it. The broker lets it go to the ports 80 and 443 and the
 * web server's that is named on the command line, nowhere else.
 *
 *   cc broker.c $(pkg-config --cflags --libs sluice) -o broker
 *   ./broker http://example.com/
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <sluice/sluice.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define KILL_ON(number)                                                                            \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1),                                             \
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)

/*
 * A sandbox for real use names what is allowed, checks seccomp_data.arch first, and forbids sending
 * with MSG_FASTOPEN, by which a TCP socket connects without connect().
 */
static int lock_in(void)
{
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      KILL_ON(__NR_socket),
      KILL_ON(__NR_socketpair),
      KILL_ON(__NR_connect),
      KILL_ON(__NR_bind),
      KILL_ON(__NR_listen),
      KILL_ON(__NR_accept),
      KILL_ON(__NR_accept4),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = COUNT(code), .filter = code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static struct sluice_broker *start_broker(const char *port)
{
  struct sluice_broker *broker = NULL;
  struct sluice_policy *policy = NULL;
  struct sluice_policy_error error = {.size = sizeof error};
  char rules[200];
  snprintf(rules, sizeof rules,
           "deny  metadata\n"
           "allow any port 80,443,%s proto tcp\n"
           "allow any purpose dns\n",
           port && *port ? port : "80");
  if (sluice_policy_parse(rules, strlen(rules), &policy, &error))
    fprintf(stderr, "line %u: %s\n", error.line, error.text);
  else if (sluice_broker_start(policy, &broker))
    perror("sluice_broker_start");
  sluice_policy_free(policy); /* the broker has its own copy */
  return broker;
}

static CURLcode transfer(const char *url, struct sluice_broker *broker)
{
  char error[CURL_ERROR_SIZE] = "";
  CURLcode code = CURLE_FAILED_INIT;
  CURL *easy = curl_easy_init();
  if (easy) {
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT, 20L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, sluice_broker_opensocket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, broker);
    code = curl_easy_perform(easy);
  }
  if (code)
    fprintf(stderr, "%s: %s\n", url, error[0] ? error : curl_easy_strerror(code));
  curl_easy_cleanup(easy);
  return code;
}

/* Of a URL; NULL: out of memory or no URL. */
static char *port_of(const char *url)
{
  char *port = NULL;
  CURLU *parts = curl_url();
  if (parts && !curl_url_set(parts, CURLUPART_URL, url, 0))
    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT);
  curl_url_cleanup(parts);
  return port;
}

int main(int argc, char **argv)
{
  if (argc != 2) {
    fprintf(stderr, "usage: %s URL\n", argv[0]);
    return 2;
  }
  if (curl_global_init(CURL_GLOBAL_DEFAULT))
    return 1;
  char *port = port_of(argv[1]);
  struct sluice_broker *broker = start_broker(port);
  curl_free(port);
  if (!broker)
    return 1;
  fprintf(stderr, "broker: process %d\n", (int)sluice_broker_pid(broker));
  if (lock_in()) {
    perror("seccomp");
    return 1;
  }
  CURLcode code = transfer(argv[1], broker);
  CURLcode refused = transfer("http://169.254.169.254/latest/meta-data/", broker);
  sluice_broker_stop(broker);
  curl_global_cleanup();
  return code || refused != CURLE_COULDNT_CONNECT;
}
