#!/usr/bin/python3
"""Debian's curl program and a program with callbacks on our library, against in.tftpd (package tftpd-hpa). The server
wants to be root, to become somebody else; without that the tests are skipped."""
import os
import pwd
import select
import signal
import socket
import stat
import threading
import time
import unittest

import common

BIG = 70000 * 8 + 3  # more blocks of 8 bytes than 16 bits can count

# One download; the socket goes through the callbacks, the body is paused once by the write callback's answer.
CALLBACKS = r"""
#define _GNU_SOURCE
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static int mode, paused;
static char addresses[200];
static curl_socket_t open_it(void *p, curlsocktype purpose, struct curl_sockaddr *a)
{
  (void)p;
  printf("open %d %s\n", (int)purpose, a->socktype == SOCK_DGRAM ? "datagrams" : "else");
  return mode == 'r' ? CURL_SOCKET_BAD : socket(a->family, a->socktype, a->protocol);
}
static int tune(void *p, curl_socket_t fd, curlsocktype purpose)
{
  (void)p, (void)fd;
  printf("sockopt %d\n", (int)purpose);
  return 0;
}
static int close_it(void *p, curl_socket_t fd)
{
  (void)p;
  printf("close\n");
  return close(fd);
}
static size_t take(char *data, size_t size, size_t n, void *p)
{
  (void)size, (void)p, (void)data;
  if (mode == 'p' && !paused++)
    return CURL_WRITEFUNC_PAUSE;
  return mode == 'e' ? 0 : n;
}
static int watched(CURL *e, curl_socket_t fd, int what, void *p, void *sp)
{
  (void)fd, (void)p, (void)sp;
  if (!e)
    printf("a socket of nobody\n");
  (void)what;
  return 0;
}
int main(int argc, char **argv)
{
  CURL *e = curl_easy_init();
  CURLM *m = curl_multi_init();
  struct curl_slist *resolve = NULL;
  int running = 1, left = 0, rounds = 0;
  if (argc < 4 || !e || !m)
    return 99;
  mode = argv[1][0];
  curl_easy_setopt(e, CURLOPT_URL, argv[2]);
  resolve = curl_slist_append(NULL, argv[3]);
  curl_easy_setopt(e, CURLOPT_RESOLVE, resolve);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_it);
  curl_easy_setopt(e, CURLOPT_SOCKOPTFUNCTION, tune);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_it);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take);
  curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, watched);
  curl_multi_add_handle(m, e);
  if (mode == 's')
    curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, &running);
  while (running && rounds++ < 100000) {
    curl_multi_perform(m, &running);
    if (paused == 1 && running) {
      usleep(100000);
      paused++;
      curl_easy_pause(e, CURLPAUSE_CONT);
    }
    if (running)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  }
  CURLMsg *msg = curl_multi_info_read(m, &left);
  curl_off_t size = 0, said = 0;
  char *ip = NULL;
  long port = 0, local = 0;
  curl_easy_getinfo(e, CURLINFO_SIZE_DOWNLOAD_T, &size);
  curl_easy_getinfo(e, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &said);
  curl_easy_getinfo(e, CURLINFO_PRIMARY_IP, &ip);
  curl_easy_getinfo(e, CURLINFO_PRIMARY_PORT, &port);
  curl_easy_getinfo(e, CURLINFO_LOCAL_PORT, &local);
  printf("result %d size %ld said %ld from %s %s\n", msg ? (int)msg->data.result : -1, (long)size, (long)said, ip,
         port > 0 && local > 0 ? "ports" : "");
  curl_multi_remove_handle(m, e);
  curl_easy_cleanup(e);
  curl_multi_cleanup(m);
  curl_slist_free_all(resolve);
  return 0;
}
"""


def answers(port):
    """A request for nothing is answered, by an ERROR."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.settimeout(0.1)
        s.sendto(b"\0\1nothing\0octet\0", (common.LOCAL, port))
        try:
            return s.recv(600)[:2] == b"\0\5"
        except OSError:
            return False


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((common.LOCAL, 0))
        return s.getsockname()[1]


class Relay:
    """Between one client and the server: keeps all datagrams, and loses those whose numbers are told."""

    def __init__(self, server, lose=()):
        self.client_side, self.server_side = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self.client_side.bind((common.LOCAL, 0))
        self.server_side.bind((common.LOCAL, 0))
        self.port, self.main, self.client = self.client_side.getsockname()[1], (common.LOCAL, server), None
        self.lose, self.seen, self.goes_on = lose, [], True
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        server = self.main
        while self.goes_on:
            for ready in select.select([self.client_side, self.server_side], [], [], 0.05)[0]:
                data, sender = ready.recvfrom(66000)
                self.seen.append(data)
                if ready is self.client_side:
                    self.client = sender
                else:
                    server = sender  # its port for this transfer
                if len(self.seen) - 1 in self.lose:
                    continue
                if ready is self.client_side:
                    self.server_side.sendto(data, self.main if data[1] in (1, 2) else server)
                else:
                    self.client_side.sendto(data, self.client)

    def stop(self):
        self.goes_on = False
        self.thread.join()
        self.client_side.close()
        self.server_side.close()


class Tftpd(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        server = common.program("in.tftpd")
        if os.getuid():
            raise unittest.SkipTest("in.tftpd wants to be root")
        cls.curl = common.program("curl")
        cls.files = {"empty": b"", "small": b"line\n" * 9, "full": b"f" * 512, "big": os.urandom(BIG)}
        for name, content in cls.files.items():
            cls.place.write("root/" + name, content).chmod(0o644)
        cls.place.write("root/secret", b"x").chmod(0o600)
        root = cls.place / "root"
        nobody = pwd.getpwnam("nobody")
        os.chown(root, nobody.pw_uid, nobody.pw_gid)
        root.chmod(root.stat().st_mode | stat.S_IWUSR)
        cls.port = free_port()
        tftpd = cls.serve([server, "--listen", "--foreground", "--address", "%s:%d" % (common.LOCAL, cls.port), "--user",
                           "nobody", "--create", "--secure", root], [], "tftpd")
        # Each transfer has a process of its own, that waits a while for what may be repeated.
        cls.addClassCleanup(os.killpg, tftpd.process.pid, signal.SIGTERM)
        end = time.monotonic() + common.SECONDS
        while not answers(cls.port):
            if time.monotonic() > end:
                raise RuntimeError("in.tftpd does not answer")
            time.sleep(0.01)
        source = cls.place.write("callbacks.c", CALLBACKS)
        cls.callbacks = cls.place / "callbacks"
        common.must(common.CC, "-I", common.SOURCE / "include", source, "-o", cls.callbacks, "-L", common.LIB,
                    "-l:libcurl.so.4")

    def url(self, name):
        return "tftp://%s:%d/%s" % (common.LOCAL, self.port, name)

    def fetch(self, name, *more):
        done = common.run(self.curl, "-q", "-sS", self.url(name), *more, text=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def fails(self, status, *command):
        done = common.run(self.curl, "-q", "-sS", *command)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stderr

    def test_downloads(self):
        for name in self.files:
            for more in ([], ["--tftp-blksize", "1400"], ["--tftp-blksize", "65464"], ["--tftp-no-options"]):
                with self.subTest(name=name, more=more):
                    self.assertTrue(self.fetch(name, *more) == self.files[name])

    def test_block_numbers_go_round(self):
        self.assertTrue(self.fetch("big", "--tftp-blksize", "8") == self.files["big"])

    # in.tftpd knows no size of a text and refuses the options: the second request has none.
    def test_netascii_is_delivered_as_it_comes(self):
        self.assertEqual(self.fetch("small;mode=netascii"), self.files["small"].replace(b"\n", b"\r\n"))
        self.assertEqual(self.fetch("small", "--use-ascii"), self.files["small"].replace(b"\n", b"\r\n"))

    def test_uploads(self):
        for name, content in self.files.items():
            for more in ([], ["--tftp-blksize", "1400"], ["--tftp-no-options"]):
                with self.subTest(name=name, more=more):
                    source = self.place.write("upload", content)
                    target = "up-%s-%d" % (name, len(more))
                    done = common.run(self.curl, "-q", "-sS", "-T", source, self.url(target), *more)
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertTrue((self.place / "root" / target).read_bytes() == content)

    def test_an_upload_of_unknown_size(self):
        done = common.run(self.curl, "-q", "-sS", "-T", "-", self.url("from-stdin"), input="x" * 1024)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual((self.place / "root/from-stdin").read_bytes(), b"x" * 1024)

    def test_errors(self):
        self.assertIn("File Not Found", self.fails(68, self.url("absent")))
        self.fails(71, self.url("secret"))  # in.tftpd has no code for "Permission denied"
        self.fails(71, self.url("n" * 600))
        self.fails(71, self.url("small"), "--tftp-blksize", "70000")
        self.fails(1, self.url("small"), "-x", "http://127.0.0.1:1")
        self.fails(63, self.url("big"), "--max-filesize", "100")
        self.fails(7, "tftp://%s:%d/x" % (common.LOCAL, free_port()))

    def relayed(self, lose, *arguments):
        relay = Relay(self.port, lose)
        try:
            done = common.run(self.curl, "-q", "-sS", *(a.replace("%RELAY", str(relay.port)) for a in arguments), text=False)
        finally:
            relay.stop()
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout, relay.seen

    def test_options_are_agreed_on(self):
        out, seen = self.relayed((), "tftp://127.0.0.1:%RELAY/big", "--tftp-blksize", "1400")
        self.assertTrue(out == self.files["big"])
        request = dict(zip(*[iter(seen[0][2:-1].split(b"\0")[2:])] * 2))
        self.assertEqual(request[b"tsize"], b"0")
        self.assertEqual(request[b"blksize"], b"1400")
        answer = dict(zip(*[iter(seen[1][2:-1].split(b"\0"))] * 2))
        self.assertEqual(answer, {b"tsize": b"%d" % BIG, b"blksize": b"1400", b"timeout": request[b"timeout"]})

    def test_what_is_lost_is_said_again(self):
        for lose in ((0,), (2,), (3,)):  # the request, an acknowledgement, data
            with self.subTest(lose=lose):
                out, seen = self.relayed(lose, "tftp://127.0.0.1:%RELAY/full", "--connect-timeout", "5")
                self.assertEqual(out, self.files["full"])
                self.assertIn(seen[lose[0]], seen[lose[0] + 1:])

    def test_a_head_request_learns_the_size(self):
        done = common.run(self.curl, "-q", "-sS", "-I", "-w", "%{exitcode} %{size_download}", self.url("big"))
        self.assertEqual((done.stdout, done.stderr), ("0 0", ""))

    def called(self, mode, name="small", host="server.test", resolve="server.test:%d:127.0.0.1"):
        url = "tftp://%s:%d/%s" % (host, self.port, name)
        done = common.run(self.callbacks, mode, url, resolve % self.port)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def test_the_socket_goes_through_the_callbacks(self):
        for mode in "nps":
            with self.subTest(mode=mode):
                self.assertEqual(self.called(mode), ["open 0 datagrams", "sockopt 0", "close",
                                                     "result 0 size 45 said 45 from 127.0.0.1 ports"])

    def test_a_paused_transfer_goes_on(self):
        self.assertEqual(self.called("p", "big")[-1],
                         "result 0 size %d said %d from 127.0.0.1 ports" % (BIG, BIG))

    def test_refused_sockets_and_failed_writes(self):
        self.assertEqual(self.called("r"), ["open 0 datagrams", "result 7 size 0 said -1 from  "])
        self.assertEqual(self.called("e")[-2:], ["close", "result 23 size 45 said 45 from 127.0.0.1 ports"])

    def test_the_next_address_when_nobody_is_at_home(self):
        lines = self.called("n", resolve="server.test:%d:[::1],127.0.0.1")
        self.assertEqual(lines, ["open 0 datagrams", "sockopt 0", "close"] * 2 +
                         ["result 0 size 45 said 45 from 127.0.0.1 ports"])


if __name__ == "__main__":
    unittest.main()
