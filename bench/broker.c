/* What the socket broker costs: fresh connections, one after the other, with a broker and without, in turns. Counted is
 * the CPU time of the client and of the broker, user and system; the origin is a process of its own and not counted.
 *
 *   cc -O2 -D_GNU_SOURCE -Iinclude bench/broker.c -Lbuild/lib -lsluice -o build/bench_broker
 *   LD_LIBRARY_PATH=build/lib build/bench_broker [COUNT]        the status is 1 if it costs more than twice as much
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sluice/sluice.h>

enum { ROUNDS = 5 };

static void fatal(const char *what)
{
  perror(what);
  exit(2);
}

static pid_t origin(int *out_port)
{
  static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t len = sizeof a;
  char request[4096];
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) || listen(fd, 128) ||
      getsockname(fd, (struct sockaddr *)&a, &len))
    fatal("the origin");
  *out_port = ntohs(a.sin_port);
  pid_t pid = fork();
  while (!pid) {
    int peer = accept(fd, NULL, NULL);
    if (read(peer, request, sizeof request) > 0 && write(peer, answer, sizeof answer - 1) < 0)
      _exit(1);
    close(peer);
  }
  close(fd);
  return pid;
}

static double cpu_us(clockid_t clock)
{
  struct timespec t;
  if (clock_gettime(clock, &t))
    fatal("clock_gettime");
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t discard(char *data, size_t size, size_t n, void *unused)
{
  (void)data, (void)unused;
  return size * n;
}

/* CPU time of one connection */
static double run(int port, long count, struct sluice_broker *broker)
{
  clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
  char url[64];
  CURL *easy = curl_easy_init();
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
  curl_easy_setopt(easy, CURLOPT_URL, url);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, discard);
  curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  if (broker) {
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, sluice_broker_opensocket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, broker);
    if (clock_getcpuclockid(sluice_broker_pid(broker), &clock))
      fatal("clock_getcpuclockid");
  }
  double before = cpu_us(CLOCK_PROCESS_CPUTIME_ID), theirs = broker ? cpu_us(clock) : 0;
  for (long i = 0; i < count; i++)
    if (curl_easy_perform(easy))
      fatal("curl_easy_perform");
  double spent = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - before + (broker ? cpu_us(clock) - theirs : 0);
  curl_easy_cleanup(easy);
  return spent / (double)count;
}

int main(int argc, char **argv)
{
  long count = argc > 1 ? atol(argv[1]) : 10000;
  double with = 0, without = 0;
  struct sluice_broker *broker;
  int port;
  pid_t server = origin(&port);
  if (count < 1 || server < 0 || sluice_broker_start(NULL, &broker))
    return 2;
  run(port, count / 10, broker);
  for (int i = 0; i < ROUNDS; i++) {
    double a = run(port, count, NULL), b = run(port, count, broker);
    without = i && without < a ? without : a;
    with = i && with < b ? with : b;
  }
  printf("%ld fresh connections, CPU us each (the best of %d): %.1f without a broker, %.1f with, factor %.2f\n", count,
         ROUNDS, without, with, with / without);
  sluice_broker_stop(broker);
  kill(server, SIGTERM);
  waitpid(server, NULL, 0);
  return with > 2 * without;
}
