/* Transfers in a process that is killed (SIGSYS) if it calls socket, socketpair, connect, bind, listen or accept, by a
 * seccomp filter of its own; its sockets come from a broker. For each URL one line: result, bytes, their sum, error.
 *
 *   broker_client [-n] [-f] [-d SERVERS] [-D DOH-URL] [-c CAFILE] [-p POLICY] [-k] [-m] URL...
 *
 *   -n  without the broker    -f  files can not be opened either (EACCES)   -k  the broker is killed first
 *   -m  all at the same time  -s  the broker is stopped by sluice_broker_stop() first   a URL after "active:": FTP PORT
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <sluice/sluice.h>

enum { URLS_MAX = 64 };

struct body {
  unsigned long bytes, sum;
  char error[CURL_ERROR_SIZE];
};

static int closed;

#define ON(number, action) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))

static void lock_in(int files)
{
  const unsigned kill = SECCOMP_RET_KILL_PROCESS;
  const unsigned no_file = files ? SECCOMP_RET_ERRNO | EACCES : SECCOMP_RET_ALLOW;
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      ON(__NR_socket, kill),
      ON(__NR_socketpair, kill),
      ON(__NR_connect, kill),
      ON(__NR_bind, kill),
      ON(__NR_listen, kill),
      ON(__NR_accept4, kill),
#ifdef __NR_accept
      ON(__NR_accept, kill),
#endif
#ifdef __NR_open
      ON(__NR_open, no_file),
#endif
      ON(__NR_openat, no_file),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) {
    perror("seccomp");
    exit(77);
  }
}

static size_t take(char *data, size_t size, size_t n, void *arg)
{
  struct body *b = arg;
  for (size_t i = 0; i < size * n; i++)
    b->sum = (b->sum * 31 + (unsigned char)data[i]) & 0xffffffff;
  b->bytes += size * n;
  return size * n;
}

static int close_it(void *arg, curl_socket_t fd)
{
  (void)arg;
  closed++;
  return close(fd);
}

struct options {
  struct sluice_broker *broker;
  const char *servers, *ca, *doh;
};

static CURL *transfer(const struct options *o, const char *url, struct body *b)
{
  CURL *easy = curl_easy_init();
  if (!strncmp(url, "active:", 7)) {
    url += 7;
    curl_easy_setopt(easy, CURLOPT_FTPPORT, "-");
  }
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, b);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, b->error);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 20L);
  if (o->servers)
    curl_easy_setopt(easy, CURLOPT_DNS_SERVERS, o->servers);
  if (o->doh)
    curl_easy_setopt(easy, CURLOPT_DOH_URL, o->doh);
  if (o->ca)
    curl_easy_setopt(easy, CURLOPT_CAINFO, o->ca);
  if (o->broker) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, sluice_broker_opensocket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, o->broker);
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, close_it);
  }
  return easy;
}

static void report(const struct body *b, int result)
{
  printf("%d %lu %lu %s\n", result, b->bytes, b->sum, b->error);
  fflush(stdout);
}

static void all_at_once(const struct options *o, char **urls, int n)
{
  static struct body bodies[URLS_MAX];
  CURL *easies[URLS_MAX];
  int results[URLS_MAX], running = 1, left;
  CURLM *multi = curl_multi_init();
  for (int i = 0; i < n; i++) {
    easies[i] = transfer(o, urls[i], &bodies[i]);
    curl_multi_add_handle(multi, easies[i]);
  }
  while (running && !curl_multi_perform(multi, &running))
    curl_multi_poll(multi, NULL, 0, 1000, NULL);
  for (CURLMsg *m; (m = curl_multi_info_read(multi, &left));)
    for (int i = 0; i < n; i++)
      if (easies[i] == m->easy_handle)
        results[i] = (int)m->data.result;
  for (int i = 0; i < n; i++) {
    report(&bodies[i], results[i]);
    curl_multi_remove_handle(multi, easies[i]);
    curl_easy_cleanup(easies[i]);
  }
  curl_multi_cleanup(multi);
}

int main(int argc, char **argv)
{
  struct options o = {0};
  struct sluice_policy *policy = NULL;
  int without = 0, files = 0, killed = 0, stopped = 0, together = 0;
  for (int c; (c = getopt(argc, argv, "nfksmd:D:c:p:")) != -1;) {
    without |= c == 'n';
    files |= c == 'f';
    killed |= c == 'k';
    stopped |= c == 's';
    together |= c == 'm';
    if (c == 'd')
      o.servers = optarg;
    if (c == 'D')
      o.doh = optarg;
    if (c == 'c')
      o.ca = optarg;
    if (c == 'p' && sluice_policy_parse(optarg, strlen(optarg), &policy, NULL))
      return 2;
  }
  if (!without && sluice_broker_start(policy, &o.broker))
    return 3;
  lock_in(files);
  if (killed && kill(sluice_broker_pid(o.broker), SIGKILL))
    return 4;
  if (stopped)
    sluice_broker_stop(o.broker);
  if (together)
    all_at_once(&o, argv + optind, argc - optind);
  for (int i = optind; i < argc && !together; i++) {
    struct body b = {0};
    CURL *easy = transfer(&o, argv[i], &b);
    int result = curl_easy_perform(easy);
    report(&b, result);
    curl_easy_cleanup(easy);
  }
  printf("closed %d\n", closed);
  return 0;
}
