/* OpenSSH's sshd with keys and settings of the test's own, one process a connection, on one end of a socket pair: no
 * port, nothing that outlives the test. Where there is no sshd the program is counted as skipped. */
#ifndef TESTS_UNIT_SSH_SSHD_H
#define TESTS_UNIT_SSH_SSHD_H

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <pwd.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"

enum { SSHD_PATH = 256, SSHD_CHILDREN = 64 };

static struct {
  char folder[64];
  char user[64];
  pid_t child[SSHD_CHILDREN];
  int n;
} sshd;

static const char sshd_program[] = "/usr/sbin/sshd";

TEST_UNUSED static const char *sshd_path(const char *name)
{
  static char text[4][SSHD_PATH];
  static unsigned turn;
  char *p = text[turn++ % 4];
  snprintf(p, SSHD_PATH, "%s/%s", sshd.folder, name);
  return p;
}

static bool sshd_write(const char *name, const void *bytes, size_t n)
{
  FILE *f = fopen(sshd_path(name), "wb");
  bool ok = f && fwrite(bytes, 1, n, f) == n;
  return f && fclose(f) == 0 && ok;
}

/* The whole content, to be freed; NULL: there is no such file. */
TEST_UNUSED static char *sshd_read(const char *name, size_t *out_n)
{
  FILE *f = fopen(sshd_path(name), "rb");
  struct stat st;
  if (!f || fstat(fileno(f), &st)) {
    if (f)
      fclose(f);
    return NULL;
  }
  char *p = malloc((size_t)st.st_size + 1);
  *out_n = p ? fread(p, 1, (size_t)st.st_size, f) : 0;
  fclose(f);
  if (p)
    p[*out_n] = 0;
  return p;
}

static void sshd_stop(void)
{
  char command[SSHD_PATH];
  snprintf(command, sizeof command, "rm -rf %s", sshd.folder);
  if (*sshd.folder && system(command))
    printf("# %s is still there\n", sshd.folder);
}

/* Those that have seen the end of their connection. */
static void sshd_reap(void)
{
  int left = 0;
  for (int i = 0; i < sshd.n; i++)
    if (waitpid(sshd.child[i], NULL, WNOHANG) == 0)
      sshd.child[left++] = sshd.child[i];
  sshd.n = left;
}

static bool sshd_key(const char *type, const char *name)
{
  char command[2 * SSHD_PATH];
  snprintf(command, sizeof command, "ssh-keygen -q -t %s -N '' -C '' -f %s", type, sshd_path(name));
  return system(command) == 0;
}

/* Once a program; what is missing makes it end as skipped. */
static void sshd_ready(void)
{
  char config[1024];
  if (*sshd.folder)
    return;
  if (access(sshd_program, X_OK)) {
    printf("# there is no %s\n", sshd_program);
    exit(77);
  }
  const struct passwd *me = getpwuid(geteuid());
  snprintf(sshd.user, sizeof sshd.user, "%s", me ? me->pw_name : "");
  if (geteuid() == 0)
    mkdir("/run/sshd", 0755); /* it drops its rights into there */
  strcpy(sshd.folder, "/tmp/sluice-sshd-XXXXXX");
  if (!mkdtemp(sshd.folder))
    exit(2);
  atexit(sshd_stop);
  int n = snprintf(config, sizeof config,
                   "HostKey %1$s/host\nHostKey %1$s/host2\nAuthorizedKeysFile %1$s/user.pub\nStrictModes no\nUsePAM no\nPidFile none\n"
                   "PermitRootLogin yes\nSubsystem sftp internal-sftp\nLogLevel QUIET\nPasswordAuthentication no\n"
                   "KbdInteractiveAuthentication no\n",
                   sshd.folder);
  if (!sshd_key("ed25519", "host") || !sshd_key("ecdsa", "host2") || !sshd_key("ed25519", "user") || !sshd_key("ed25519", "other") ||
      !sshd_write("config", config, (size_t)n) || mkdir(sshd_path("d"), 0755)) {
    printf("# sshd cannot be set up\n");
    exit(2);
  }
}

/* A connection to a fresh sshd; -1: none. */
TEST_UNUSED static int sshd_connect(void)
{
  int pair[2];
  sshd_ready();
  sshd_reap();
  if (sshd.n == SSHD_CHILDREN || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
    return -1;
  const char *config = sshd_path("config");
  pid_t pid = fork();
  if (pid == 0) {
    int null = open("/dev/null", O_WRONLY);
    dup2(pair[1], 0);
    dup2(pair[1], 1);
    dup2(null, 2);
    execl(sshd_program, sshd_program, "-i", "-e", "-f", config, (char *)NULL);
    _exit(127);
  }
  close(pair[1]);
  if (pid < 0) {
    close(pair[0]);
    return -1;
  }
  sshd.child[sshd.n++] = pid;
  return pair[0];
}

/* ---- memory ----
 *
 * Where an allocation of its own fails libssh2 1.10 loses what OpenSSL has made for it. The leak checker looks away while
 * allocations fail; that none of ours is lost is counted here. */
#ifdef __SANITIZE_ADDRESS__
void __lsan_disable(void);
void __lsan_enable(void);
#else
#define __lsan_disable() ((void)0)
#define __lsan_enable() ((void)0)
#endif

static long sshd_live; /* allocations of ours */

static void *counted(void *p)
{
  sshd_live += p != NULL;
  return p;
}
static void *count_malloc(size_t n)
{
  return counted(malloc(n));
}
static void count_free(void *p)
{
  sshd_live -= p != NULL;
  free(p);
}
static void *count_realloc(void *p, size_t n)
{
  void *q = realloc(p, n);
  sshd_live += !p && q;
  return q;
}
static char *count_strdup(const char *text)
{
  return counted(strdup(text));
}
static void *count_calloc(size_t n, size_t size)
{
  return counted(calloc(n, size));
}

/* Until the end allocations are counted, and may fail. */
TEST_UNUSED static void sshd_count(void)
{
  static const struct sl_mem_hooks hooks = {count_malloc, count_free, count_realloc, count_strdup, count_calloc};
  sl_mem_set_hooks(&hooks);
  sshd_live = 0;
  __lsan_disable();
}
TEST_UNUSED static void sshd_count_end(void)
{
  __lsan_enable();
  sl_mem_set_hooks(NULL);
}

#endif
