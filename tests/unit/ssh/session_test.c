/* The adapter alone, against a real sshd: any size of reads and writes, known hosts, memory that runs short, a peer that
 * goes away or never stops. */
#include <errno.h>
#include <poll.h>

#include "base/mem.h"
#include "ssh/ssh.h"
#include "tests/unit/ssh/sshd.h"

enum { TURNS = 2000000, PORT = 2222 };

struct pipe_end {
  int fd;
  size_t piece; /* bytes at a time; 0: any */
  bool hasty;   /* every other call waits, ready or not */
  unsigned calls;
};

static sl_result end_read(void *ctx, void *dst, size_t cap, size_t *out_n)
{
  struct pipe_end *e = ctx;
  if (e->hasty && ++e->calls % 2)
    return SL_WAIT;
  ssize_t n = recv(e->fd, dst, e->piece && cap > e->piece ? e->piece : cap, MSG_DONTWAIT);
  if (n < 0)
    return errno == EAGAIN ? SL_WAIT : CURLE_RECV_ERROR;
  *out_n = (size_t)n;
  return SL_OK;
}

static sl_result end_write(void *ctx, const void *src, size_t n, size_t *out_n)
{
  struct pipe_end *e = ctx;
  if (e->hasty && ++e->calls % 2)
    return SL_WAIT;
  ssize_t done = send(e->fd, src, e->piece && n > e->piece ? e->piece : n, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (done < 0)
    return errno == EAGAIN ? SL_WAIT : CURLE_SEND_ERROR;
  *out_n = (size_t)done;
  return SL_OK;
}

static void pause_for(struct pipe_end *e)
{
  struct pollfd p = {.fd = e->fd, .events = POLLIN};
  poll(&p, 1, e->hasty || e->piece ? 0 : 20);
}

/* The call until it does not wait any more. */
#define FINISH(rc, call)                                                                           \
  do {                                                                                             \
    for (int turn_ = 0; ((rc) = (call)) == SL_WAIT && turn_ < TURNS; turn_++)                      \
      pause_for(&end);                                                                             \
  } while (0)

static struct ssh *session(struct pipe_end *end)
{
  struct ssh_io io = {end_read, end_write, end};
  end->fd = sshd_connect();
  return end->fd < 0 ? NULL : sl_ssh_new(&io, false);
}

static sl_result log_in(struct ssh *s, struct pipe_end *e)
{
  struct pipe_end end = *e; /* for FINISH; the session has the other */
  char key[SSHD_PATH];
  const char *methods;
  sl_result rc;
  strcpy(key, sshd_path("user"));
  FINISH(rc, sl_ssh_handshake(s, end.fd));
  if (!rc)
    FINISH(rc, sl_ssh_auth_list(s, sshd.user, &methods));
  if (!rc)
    FINISH(rc, sl_ssh_auth_key(s, sshd.user, NULL, key, ""));
  return rc;
}

/* Writes, reads back, lists, removes. */
static sl_result work(struct ssh *s, struct pipe_end *e)
{
  struct pipe_end end = *e;
  char folder[SSHD_PATH], file[SSHD_PATH];
  strcpy(folder, sshd_path("d"));
  strcpy(file, sshd_path("d/file"));
  struct slice path = slice_str(file);
  char name[SFTP_NAME_MAX], line[SFTP_NAME_MAX], text[64] = "";
  struct sftp_attr attr;
  size_t n = 0, line_n;
  int entries = 0;
  sl_result rc = log_in(s, e);
  if (!rc)
    FINISH(rc, sl_sftp_start(s));
  if (!rc)
    FINISH(rc, sl_sftp_open(s, path, SFTP_WRITE_NEW, 0600));
  if (!rc)
    FINISH(rc, sl_sftp_write(s, SLICE_LIT("hello world"), &n));
  if (!rc)
    CHECK_INT(n, 11);
  if (!rc)
    FINISH(rc, sl_sftp_close(s));
  if (!rc)
    FINISH(rc, sl_sftp_open(s, path, SFTP_READ, 0));
  if (!rc)
    FINISH(rc, sl_sftp_attr(s, &attr));
  if (!rc)
    CHECK_INT(attr.size, 11);
  if (!rc)
    FINISH(rc, sl_sftp_read(s, text, sizeof text - 1, &n));
  if (!rc)
    CHECK_STR(text, "hello world");
  if (!rc)
    FINISH(rc, sl_sftp_close(s));
  if (!rc)
    FINISH(rc, sl_sftp_open(s, slice_str(folder), SFTP_LIST, 0));
  while (!rc && n) {
    FINISH(rc, sl_sftp_list(s, name, &n, line, &line_n, &attr));
    entries += !rc && n;
  }
  if (!rc)
    CHECK_INT(entries, 3);
  if (!rc)
    FINISH(rc, sl_sftp_close(s));
  if (!rc)
    FINISH(rc, sl_sftp_unlink(s, path));
  return rc;
}

TEST(any_size_of_piece)
{
  static const struct {
    size_t piece;
    bool hasty;
  } ways[] = {{0, false}, {1, false}, {7, true}, {0, true}, {4096, true}};
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    struct pipe_end end = {.piece = ways[i].piece, .hasty = ways[i].hasty};
    struct ssh *s = session(&end);
    REQUIRE(s);
    if (!CHECK_INT(work(s, &end), SL_OK))
      printf("# %s\n", sl_ssh_error(s));
    CHECK(sl_ssh_is_idle(s));
    sl_ssh_free(s, true);
    close(end.fd);
  }
}

static void every_allocation(unsigned long (*fail)(unsigned long))
{
  unsigned long tried = 0, n = 0;
  sl_result rc = SL_NOMEM;
  do {
    struct pipe_end end = {0};
    sshd_count();
    fail(++n);
    struct ssh *s = session(&end);
    rc = s ? work(s, &end) : SL_NOMEM;
    tried = sl_mem_fail_after(0);
    sl_ssh_free(s, true);
    close(end.fd);
    unlink(sshd_path("d/file"));
    sshd_count_end();
    if (!CHECK(rc == SL_OK || rc == SL_NOMEM) || !CHECK_INT(sshd_live, 0))
      printf("# allocation %lu: %d\n", n, rc);
  } while (tried >= n && n < 3000);
  CHECK_INT(rc, SL_OK);
  CHECK(n > 100);
}

TEST(every_allocation_can_fail)
{
  sshd_ready();
  every_allocation(sl_mem_fail_after);
  every_allocation(sl_mem_fail_once);
}

TEST(known_hosts)
{
  size_t n;
  sshd_ready();
  CHECK(sshd_key("rsa", "rsa"));
  char *host = sshd_read("host.pub", &n), *other = sshd_read("other.pub", &n), *rsa = sshd_read("rsa.pub", &n), text[2048];
  REQUIRE(host && other && rsa);
  const struct {
    const char *form, *key;
    enum curl_khmatch match;
  } files[] = {
      {"[host.example]:2222", host, CURLKHMATCH_OK},
      {"host.example", host, CURLKHMATCH_OK},
      {"[host.example]:2222", other, CURLKHMATCH_MISMATCH},
      {"[host.example]:2223", host, CURLKHMATCH_MISSING},
      {"[another.example]:2222", host, CURLKHMATCH_MISSING},
      {"# nobody", host, CURLKHMATCH_MISSING},
      {"host.example", rsa, CURLKHMATCH_MISSING}, /* of a kind that the server does not have */
  };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    struct pipe_end end = {0};
    struct ssh_known known;
    bool was_read = false;
    sl_result rc;
    struct ssh *s = session(&end);
    REQUIRE(s);
    snprintf(text, sizeof text, "%s %s", files[i].form, files[i].key);
    REQUIRE(sshd_write("known", text, strlen(text)));
    CHECK_INT(sl_ssh_known_load(s, sshd_path("known"), "host.example", PORT, &was_read), SL_OK);
    CHECK(was_read);
    FINISH(rc, sl_ssh_handshake(s, end.fd));
    CHECK_INT(rc, SL_OK);
    CHECK_INT(sl_ssh_known_check(s, &known), SL_OK);
    CHECK_INT(known.match, files[i].match);
    CHECK((known.key != NULL) == (files[i].match != CURLKHMATCH_MISSING));
    if (files[i].match != CURLKHMATCH_MISSING)
      CHECK_INT(known.type, CURLKHTYPE_ED25519); /* the one that the file has, though the server has two */
    CHECK_INT(sl_ssh_known_store(s, sshd_path("stored"), i % 2 ? SSH_KNOWN_ADD : SSH_KNOWN_REPLACE), SL_OK);
    char *stored = sshd_read("stored", &n);
    if (CHECK(stored)) {
      CHECK(strstr(stored, "[host.example]:2222 "));
      /* Replaced, the old one is gone. */
      if (i == 2)
        CHECK(!strstr(stored, strchr(other, ' ') + 1) && strstr(stored, "ssh-ed25519"));
    }
    free(stored);
    sl_ssh_free(s, true);
    close(end.fd);
  }
  free(host);
  free(other);
  free(rsa);
}

TEST(a_file_of_known_hosts_that_is_not_there)
{
  struct pipe_end end = {0};
  bool was_read = true;
  struct ssh *s = session(&end);
  REQUIRE(s);
  CHECK_INT(sl_ssh_known_load(s, "/nonexistent/known_hosts", "host.example", PORT, &was_read), SL_OK);
  CHECK(!was_read);
  sl_ssh_free(s, false);
  close(end.fd);
}

/* ---- peers that are none ---- */

static struct ssh *half(struct pipe_end *end, int *out_peer)
{
  int pair[2];
  struct ssh_io io = {end_read, end_write, end};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
    return NULL;
  end->fd = pair[0];
  *out_peer = pair[1];
  return sl_ssh_new(&io, false);
}

TEST(a_peer_that_goes_away)
{
  static const char *const says[] = {"", "SSH-2.0-x", "SSH-2.0-x\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
                                     "SSH-2.0-x\r\n\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377\377"};
  for (size_t i = 0; i < sizeof says / sizeof *says; i++) {
    struct pipe_end end = {0};
    int peer;
    sl_result rc;
    struct ssh *s = half(&end, &peer);
    REQUIRE(s);
    CHECK(send(peer, says[i], strlen(says[i]), 0) >= 0);
    shutdown(peer, SHUT_WR);
    FINISH(rc, sl_ssh_handshake(s, end.fd));
    CHECK(rc == CURLE_FAILED_INIT || rc == CURLE_RECV_ERROR);
    CHECK(*sl_ssh_error(s));
    sl_ssh_free(s, true);
    close(peer);
    close(end.fd);
  }
}

/* 28 KB packets of a type that nobody waits for are kept by libssh2: up to a maximum. */
TEST(memory_has_a_maximum)
{
  enum { TYPE = 60, PACKET = 28000, PAD = 8 };
  static unsigned char packet[4 + PACKET];
  struct pipe_end end = {0};
  int peer;
  sl_result rc = SL_WAIT;
  size_t sent = 0;
  struct ssh *s = half(&end, &peer);
  REQUIRE(s);
  packet[0] = packet[1] = 0;
  packet[2] = PACKET >> 8;
  packet[3] = PACKET & 255;
  packet[4] = PAD;
  packet[5] = TYPE;
  CHECK(send(peer, "SSH-2.0-x\r\n", 11, 0) == 11);
  for (int i = 0; i < 20000 && rc == SL_WAIT; i++) {
    ssize_t n = send(peer, packet + sent % sizeof packet, sizeof packet - sent % sizeof packet, MSG_DONTWAIT | MSG_NOSIGNAL);
    sent += n > 0 ? (size_t)n : 0;
    rc = sl_ssh_handshake(s, end.fd);
  }
  CHECK(rc > 0);
  CHECK(sent < 32 * 1024 * 1024);
  sl_ssh_free(s, false);
  close(peer);
  close(end.fd);
}
