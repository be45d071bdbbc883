#!/usr/bin/python3
"""The socket broker: transfers in a process that is killed if it calls socket, connect, bind, listen or accept, against
nginx, vsftpd, in.tftpd and a name server of the test's own; and Debian's curl with SLUICE_BROKER. The servers want
to be started by root; without that the tests are skipped."""
import http.server
import os
import pathlib
import pwd
import signal
import socket
import ssl
import struct
import threading
import time
import unittest

import common
import doh_test
import tftp_test
import vsftpd_test

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = os.urandom(300000)

NGINX = """
  server {{ root {place}/root; listen 127.0.0.1:{http}; }}
  server {{ root {place}/root; listen unix:{place}/socket; }}
  server {{ root {place}/root; listen 127.0.0.1:{https} ssl; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key; }}
"""

# Starts a broker with a policy, then another program that inherits it.
STARTER = r"""
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sluice/sluice.h>
#include <unistd.h>
int main(int argc, char **argv)
{
  struct sluice_broker *b;
  struct sluice_policy *p = NULL;
  char number[16];
  if (argc < 3 || sluice_policy_load(argv[1], &p, NULL) || sluice_broker_start(p, &b))
    return 99;
  snprintf(number, sizeof number, "%d", sluice_broker_fd(b));
  setenv("SLUICE_BROKER", number, 1);
  fcntl(sluice_broker_fd(b), F_SETFD, 0);
  fprintf(stderr, "broker %d\n", (int)sluice_broker_pid(b));
  execvp(argv[2], argv + 2);
  return 98;
}
"""


class NameServer(threading.Thread):
    """127.0.0.1 for every name that ends in .test."""

    def __init__(self, address, port):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, port))
        self.port = self.socket.getsockname()[1]
        self.asked = 0
        self.start()

    def run(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(600)
            except OSError:
                return
            at = 12
            while query[at]:
                at += 1 + query[at]
            kind, known = query[at + 1:at + 3], query[12:at + 1].endswith(b"\4test\0")
            record = b""
            if known and kind == b"\0\1":
                record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("127.0.0.1")
            self.asked += 1
            self.socket.sendto(query[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, bool(record), 0, 0) +
                               query[12:at + 5] + record, peer)

    def stop(self):
        self.socket.close()


def total(data):
    value = 0
    for byte in data:
        value = (value * 31 + byte) & 0xffffffff
    return value


class Broker(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        if os.getuid():
            raise unittest.SkipTest("the servers want to be started by root")
        vsftpd, tftpd = (common.program(name) for name in ("vsftpd", "in.tftpd"))
        place = cls.place
        place.write("root/small", SMALL).chmod(0o644)
        place.write("root/big", BIG).chmod(0o644)
        common.Authority(place).issue("good", "DNS:web.test,DNS:hosted.test,IP:127.0.0.1")
        cls.http, cls.https, cls.ftp = common.free_ports(3)
        cls.tftp = tftp_test.free_port()
        cls.serve_nginx(NGINX.format(place=place.path, http=cls.http, https=cls.https), [cls.http, cls.https])
        user = [u.pw_name for u in pwd.getpwall() if u.pw_uid and os.path.isdir(u.pw_dir)][0]
        cls.serve([vsftpd, vsftpd_test.configuration(place, cls.ftp, user)], [cls.ftp], "vsftpd")
        server = cls.serve([tftpd, "--listen", "--foreground", "--address", "%s:%d" % (common.LOCAL, cls.tftp),
                            "--user", "nobody", "--secure", place / "root"], [], "tftpd")
        cls.addClassCleanup(os.killpg, server.process.pid, signal.SIGTERM)
        end = time.monotonic() + common.SECONDS
        while not tftp_test.answers(cls.tftp):
            if time.monotonic() > end:
                raise RuntimeError("in.tftpd does not answer")
            time.sleep(0.01)
        cls.names = NameServer(common.LOCAL, 0)
        cls.addClassCleanup(cls.names.stop)
        cls.client = place / "broker_client"
        common.must(common.CC, "-D_GNU_SOURCE", "-Wall", "-Werror", "-I", common.SOURCE / "include", "-o", cls.client,
                    common.HERE / "broker_client.c", "-L", common.LIB, "-l:libsluice.so.0")

        cls.starter = place / "starter"
        common.must(common.CC, "-D_GNU_SOURCE", "-I", common.SOURCE / "include", "-o", cls.starter,
                    place.write("starter.c", STARTER), "-L", common.LIB, "-l:libsluice.so.0")

    def urls(self, host="web.test", name="small"):
        return ["http://%s:%d/%s" % (host, self.http, name), "https://%s:%d/%s" % (host, self.https, name),
                "ftp://%s:%d/%s" % (host, self.ftp, name), "active:ftp://%s:%d/%s" % (host, self.ftp, name),
                "tftp://%s:%d/%s" % (host, self.tftp, name)]

    def run_client(self, *arguments, before=()):
        return common.run(*before, self.client, *arguments)

    def dns(self):
        return ["-d", "127.0.0.1:%d" % self.names.port, "-c", self.place / "ca.pem"]

    def good(self, done, count, data=SMALL):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:-1], ["0 %d %d " % (len(data), total(data))] * count)
        return lines[-1]

    def refused(self, done, count, words):
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        lines = done.stdout.splitlines()[:-1]
        self.assertEqual(len(lines), count)
        for line in lines:
            self.assertTrue(line.startswith("7 0 0 "), line)
            self.assertIn(words, line)

    # ---- a process that may not open ----

    def test_all_protocols(self):
        asked = self.names.asked
        last = self.good(self.run_client(*self.dns(), *self.urls()), 5)
        self.assertGreater(self.names.asked, asked)
        # HTTP and HTTPS one socket each; FTP control and data; PORT's listener besides; TFTP. Name servers are not asked
        # of the callbacks. All of them through the close callback.
        self.assertEqual(last, "closed %d" % (1 + 1 + 2 + 3 + 1))

    def test_all_at_once(self):
        self.good(self.run_client("-m", *self.dns(), *(self.urls(name="big") * 3)), 15, BIG)

    def test_names_over_https(self):
        """The policy that holds against a client that was taken over: no datagram sockets."""
        server = http.server.ThreadingHTTPServer((common.LOCAL, 0), doh_test.Doh)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.place / "good.pem", self.place / "good.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        arguments = ["-p", "deny any proto udp\nallow loopback\n", "-c", self.place / "ca.pem"]
        url = "http://%s:%d/small" % (doh_test.HOST, self.http)
        done = self.run_client(*arguments, "-D", "https://127.0.0.1:%d/dns-query" % server.server_port, url)
        self.good(done, 1)
        done = self.run_client(*arguments, *self.dns(), *self.urls()[:1], self.urls("127.0.0.1")[4])
        codes = [line.split()[0] for line in done.stdout.splitlines()[:-1]]
        self.assertEqual(codes, ["6", "7"], done.stdout)

    def test_it_is_killed_without_the_broker(self):
        for url in self.urls("127.0.0.1") + self.urls()[:1]:
            done = self.run_client("-n", *self.dns(), url)
            self.assertEqual(done.returncode, -signal.SIGSYS, url + done.stdout)

    def test_a_broker_that_is_gone_is_an_error(self):
        for how in "-k", "-s":
            self.refused(self.run_client(how, *self.dns(), *self.urls("127.0.0.1")), 5, "the socket broker has ended")
        done = self.run_client("-k", *self.dns(), self.urls()[0])
        self.assertEqual(done.returncode, 0)
        self.assertNotIn("0 %d" % len(SMALL), done.stdout)

    def test_files_are_kept(self):
        """Neither the CA bundle nor resolv.conf nor hosts can be opened; they are those of the test, in a name space of
        its own."""
        if common.run("unshare", "-m", "true").returncode:
            self.skipTest("no mount name space")
        try:
            names = NameServer("127.83.76.53", 53)
        except OSError as error:
            self.skipTest("port 53 of a loopback address: %s" % error)
        self.addCleanup(names.stop)
        self.place.write("resolv.conf", "nameserver 127.83.76.53\noptions ndots:1\n")
        self.place.write("hosts", "127.0.0.1 hosted.test localhost\n")
        script = self.place.write("in_place.sh", """set -e
mount --bind {0}/ca.pem /etc/ssl/certs/ca-certificates.crt
mount --bind {0}/resolv.conf /etc/resolv.conf
mount --bind {0}/hosts /etc/hosts
exec "$@"
""".format(self.place.path))
        before = ["unshare", "-m", "sh", script]
        self.good(self.run_client("-f", *self.urls(), before=before), 5)
        asked = names.asked
        self.assertGreater(asked, 0)
        self.good(self.run_client("-f", *self.urls("hosted.test"), before=before), 5)
        self.assertEqual(names.asked, asked)

    def test_it_costs_at_most_as_much_again(self):
        program = self.place / "bench"
        common.must(common.CC, "-O2", "-D_GNU_SOURCE", "-I", common.SOURCE / "include", "-o", program,
                    common.SOURCE / "bench" / "broker.c", "-L", common.LIB, "-l:libsluice.so.0")
        done = common.run(program, "1000")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    # ---- its policy ----

    def test_its_policy_refuses(self):
        done = self.run_client("-p", "deny loopback\nallow any\n", *self.dns(), *self.urls("127.0.0.1"))
        self.refused(done, 5, "The broker's policy refused 127.0.0.1 port ")
        self.assertIn("(loopback), policy line 1: deny loopback", done.stdout)

    def test_its_policy_tells_what_for(self):
        policy = "allow loopback purpose origin scheme ftp\nallow loopback purpose ftp-data\nallow any purpose dns\n"
        done = self.run_client("-p", policy, *self.dns(), *self.urls())
        codes = [line.split()[0] for line in done.stdout.splitlines()[:-1]]
        self.assertEqual(codes, ["7", "7", "0", "7", "7"], done.stdout)

    # ---- programs that know nothing of it ----

    def test_a_program_inherits_it(self):
        """As `sluice run --broker` does it: shells that start several programs at the same time."""
        policy = self.place.write("policy", "allow loopback port %d\n" % self.http)
        curl = "%s -sS -q " % common.program("curl")
        url = "http://127.0.0.1:%d/small" % self.http
        script = " & ".join([curl + " ".join([url] * 20)] * 8) + " & wait"
        done = common.run(self.starter, policy, "sh", "-c", script)
        self.assertEqual(done.stdout.encode(), SMALL * 160, done.stderr)
        broker = pathlib.Path("/proc/%d" % int(done.stderr.split()[1]))
        end = time.monotonic() + 5
        while time.monotonic() < end and broker.exists() and ") Z " not in (broker / "stat").read_text():
            time.sleep(0.01)
        self.assertFalse(broker.exists() and ") Z " not in (broker / "stat").read_text())
        done = common.run(self.starter, policy, "sh", "-c", curl + "http://127.0.0.1:%d/" % self.https)
        self.assertEqual(done.returncode, 7)
        self.assertIn("The broker's policy refused 127.0.0.1 port %d (loopback), policy: no rule matches" % self.https,
                      done.stderr)

    def test_local_addresses_and_paths(self):
        policy = self.place.write("policy", "allow loopback\nallow unix %s/socket\n" % self.place.path)
        port = common.free_ports(1)[0]
        for arguments in (["--local-port", "%d-%d" % (port, min(port + 99, 65535))], ["--interface", "127.0.0.1"],
                          ["--unix-socket", self.place / "socket"]):
            done = common.run(self.starter, policy, common.program("curl"), "-sS", "-q",
                              "http://127.0.0.1:%d/small" % self.http, *arguments)
            self.assertEqual((done.returncode, done.stdout.encode()), (0, SMALL), done.stderr)
        done = common.run(self.starter, policy, common.program("curl"), "-sS", "-q", "-P", "127.0.0.1:%d-%d" % (
            port, min(port + 99, 65535)), "ftp://127.0.0.1:%d/small" % self.ftp)
        self.assertEqual((done.returncode, done.stdout.encode()), (0, SMALL), done.stderr)
        done = common.run(self.starter, policy, common.program("curl"), "-sS", "-q", "http://127.0.0.1/",
                          "--unix-socket", self.place / "other")
        self.assertEqual(done.returncode, 7)
        self.assertIn("The broker's policy refused Unix socket %s/other" % self.place.path, done.stderr)

    def test_a_wrong_value_is_an_error(self):
        curl, url = common.program("curl"), "http://127.0.0.1:%d/small" % self.http
        for value in "77", "0", "x":
            done = common.run(curl, "-sS", "-q", url, env=common.environment(SLUICE_BROKER=value))
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("SLUICE_BROKER: %s is no descriptor of a socket broker" % value, done.stderr)


if __name__ == "__main__":
    unittest.main()
