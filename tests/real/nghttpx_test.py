#!/usr/bin/python3
"""nghttpx between Debian's curl program on our library and nginx: HTTP/2 over TLS and in clear, asked for and agreed on,
padded frames, small windows, few streams, client certificates; and as a proxy over TLS in front of squid. (HTTP/2 to a proxy
has tests of its own.)"""
import contextlib
import hashlib
import os
import socket
import threading
import unittest

import common
from hostile import DATA, END_HEADERS, END_STREAM, HEADERS, SETTINGS, frame, literal

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = 10 * 1000 * 1000

ORIGINS = """
  server {{
    listen 127.0.0.1:{origin};
    client_max_body_size 50m;
    location = /seen {{ return 200 "$request_method $http_x_more|$http_cookie|$http_x_forwarded_proto|$http_via\\n"; }}
    location = /length {{ return 200 "$request_method $content_length $http_transfer_encoding\\n"; }}
    location /put/ {{ dav_methods PUT; create_full_put_path on; }}
    location /private/ {{ alias {place}/www/; auth_basic "private"; auth_basic_user_file {place}/users; }}
    location = /moved {{ return 302 /small; }}
  }}
  server {{ listen 127.0.0.1:{secure} ssl http2; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key; }}
"""
SQUID = """
http_port 127.0.0.1:{squid}
auth_param basic program /usr/lib/squid/basic_ncsa_auth {place}/users
auth_param basic realm the proxy
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
cache_mem 0
access_log none
cache_log {place}/cache.log
pid_filename {place}/squid.pid
netdb_filename none
pinger_enable off
icp_port 0
shutdown_lifetime 0 seconds
dns_nameservers 127.0.0.1
"""
PORTS = "origin secure squid plain tls odd mutual proxy".split()
# The listener, what asks for it, the version that comes of it.
WAYS = (("plain", (), "1.1"), ("plain", ("--http2-prior-knowledge",), "2"), ("plain", ("--http2",), "2"),
        ("tls", (), "2"), ("tls", ("--http1.1",), "1.1"), ("odd", (), "2"), ("odd", ("--http1.1",), "1.1"))


class Nghttpx(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        cls.nghttpx, place = common.program("nghttpx"), cls.place
        place.write("www/small", SMALL)
        (place / "www/put").mkdir()
        (place / "www/put").chmod(0o777)
        place.path.chmod(0o777)
        cls.big = b"".join(hashlib.sha512(b"%d" % n).digest() * 15625 for n in range(BIG // 1000000))
        place.write("www/big", cls.big)
        place.write("users", "jim:%s\n" % common.must("openssl", "passwd", "-apr1", "secret").strip())
        ca = common.Authority(place)
        ca.issue("good", "DNS:localhost,IP:127.0.0.1")
        ca.issue("client", "DNS:client.test")
        cls.port = dict(zip(PORTS, common.free_ports(len(PORTS))))
        cls.serve_nginx(ORIGINS.format(place=place.path, **cls.port), [cls.port["origin"], cls.port["secure"]])
        cls.front("plain", "origin", tls=False)
        cls.front("tls", "origin")
        # As unlike the others as can be: padding, the least window, few streams, a header table of no size.
        cls.front("odd", "origin", "--padding=200", "--frontend-http2-window-size=65535", "--frontend-http2-max-concurrent-streams=3",
                  "--frontend-http2-encoder-dynamic-table-size=0", "--frontend-http2-decoder-dynamic-table-size=0",
                  "--frontend-max-requests=20")
        cls.front("mutual", "origin", "--verify-client", "--verify-client-cacert=%s" % (place / "ca.pem"))

    @classmethod
    def front(cls, name, behind, *options, tls=True):
        frontend = "-f127.0.0.1,%d%s" % (cls.port[name], "" if tls else ";no-tls")
        certificate = [cls.place / "good.key", cls.place / "good.pem"] if tls else []
        cls.serve([cls.nghttpx, "--conf=/dev/null", "--single-process", frontend, "-b127.0.0.1,%d" % cls.port[behind],
                   "--errorlog-file=%s" % (cls.place / (name + "-error.log")), "--accesslog-file=/dev/null", *options,
                   *certificate], [cls.port[name]], name)

    def url(self, path, listener="tls"):
        return "%s://127.0.0.1:%d%s" % ("http" if listener in ("plain", "origin") else "https", self.port[listener], path)

    def curl(self, *arguments, **more):
        return super().curl("--cacert", self.place / "ca.pem", *arguments, **more)

    @common.for_each(WAYS)
    def test_get_and_version(self, listener, options, version):
        self.assertEqual(self.curl(*options, "-w", "%{http_version}", self.url("/small", listener)), SMALL + version.encode())

    @common.for_each(WAYS)
    def test_what_is_sent(self, listener, options, version):
        out = self.curl(*options, "-H", "X-More: yes", "-b", "c=d; e=f", "-H", "Connection: X-More", self.url("/seen", listener))
        self.assertIn(b"c=d; e=f|http%s|" % (b"" if listener == "plain" else b"s"), out)
        came_as = "1.1" if options == ("--http2",) else version  # who asks for an upgrade does it with HTTP/1.1
        self.assertIn(b"|%s nghttpx" % came_as.encode(), out)
        if came_as == "2":  # a field about one connection is not sent, and then it means nothing
            self.assertIn(b" yes|", out)

    @common.for_each(WAYS)
    def test_head_redirect_and_login(self, listener, options, _):
        self.assertIn(b"ontent-", self.curl(*options, "-I", self.url("/small", listener)))
        self.assertEqual(self.curl(*options, "-L", self.url("/moved", listener)), SMALL)
        self.assertEqual(self.curl(*options, "--anyauth", "-u", "jim:secret", self.url("/private/small", listener)), SMALL)
        self.curl(*options, "-f", "-u", "jim:wrong", self.url("/private/small", listener), status=22)

    @common.for_each(WAYS)
    def test_much(self, listener, options, _):
        self.assertEqual(self.curl(*options, self.url("/big", listener)), self.big)
        self.assertEqual(self.curl(*options, "-r", "5000000-5000099", self.url("/big", listener)), self.big[5000000:5000100])

    @common.for_each(WAYS)
    def test_much_goes_up(self, listener, options, _):
        self.curl(*options, "-T", self.place / "www/big", self.url("/put/a", listener))
        self.assertEqual((self.place / "www/put/a").read_bytes(), self.big)
        self.curl(*options, "-T", "-", self.url("/put/b", listener), input=b"0123456789" * 30000)
        self.assertEqual((self.place / "www/put/b").read_bytes(), b"0123456789" * 30000)
        out = self.curl(*options, "-H", "Expect: 100-continue", "-d", "a=b", self.url("/length", listener))
        self.assertTrue(out.startswith(b"POST 3"))

    @common.for_each(WAYS)
    def test_reuse(self, listener, options, _):
        out = self.written("%{num_connects}", *options, self.url("/small?[1-5]", listener), count=5)
        self.assertEqual(out, ["1", "0", "0", "0", "0"])

    @common.for_each(WAYS)
    def test_many_at_once(self, listener, options, version):
        out = self.curl(*options, "-Z", "--no-progress-meter", "--parallel-max", "20", "-o", os.devnull, "-w",
                        "%{http_code} %{num_connects}\n", self.url("/small?[1-60]", listener)).split(b"\n")[:-1]
        self.assertEqual([line.split()[0] for line in out], [b"200"] * 60)
        connects = sum(int(line.split()[1]) for line in out)
        if (listener, version) == ("tls", "2"):
            self.assertEqual(connects, 1)
        if (listener, version) == ("odd", "2"):  # sent away after twenty, again and again
            self.assertLess(connects, 6)

    def test_a_large_one_and_small_ones(self):
        """Within a window of 64 KB, three streams at once."""
        target = self.place / "target"
        out = self.curl("-Z", "--no-progress-meter", "-o", target, self.url("/big", "odd"), "-w", "%{http_code} ", "-o", os.devnull,
                        self.url("/small?[1-10]", "odd"))
        self.assertEqual(out, b"200 " * 11)
        self.assertEqual(target.read_bytes(), self.big)

    def test_client_certificates(self):
        mine = ("--cert", self.place / "client.pem", "--key", self.place / "client.key")
        for options in ((), ("--http1.1",), ("--tls-max", "1.2")):
            self.assertEqual(self.curl(*options, *mine, self.url("/small", "mutual")), SMALL)
            done = common.run(self.curl_program, "-sS", "-q", "--cacert", self.place / "ca.pem", *options, self.url("/small", "mutual"))
            self.assertIn(done.returncode, (35, 55, 56), done.stderr)

    def test_an_answer_that_comes_with_the_101(self):
        """What nghttpx does now and then: all in one segment."""
        def serve():
            with contextlib.closing(listener.accept()[0]) as s:
                s.recv(65536)
                s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" +
                          frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, literal(b":status", b"403")) +
                          frame(DATA, END_STREAM, 1, b"no"))
                while s.recv(65536):
                    pass
        with contextlib.closing(socket.create_server((common.LOCAL, 0))) as listener:
            url = "http://127.0.0.1:%d/" % listener.getsockname()[1]
            for options, status, body in (((), 0, b"no"), (("-f",), 22, b""), (("--max-filesize", "1"), 63, b"n")):
                thread = threading.Thread(target=serve)
                thread.start()
                self.assertEqual(self.curl("--http2", *options, url, status=status), body)
                thread.join()

    def test_as_a_proxy_over_tls(self):
        """HTTP/1.1 to it, and CONNECT through it and squid."""
        place = self.place
        squid = common.program("squid")
        config = place.write("squid.conf", SQUID.format(place=place.path, **self.port))
        self.serve([squid, "-N", "-f", config], [self.port["squid"]], "squid")
        self.front("proxy", "squid", "--http2-proxy", "--verify-client", "--verify-client-cacert=%s" % (place / "ca.pem"))
        via = ["-x", "https://127.0.0.1:%d" % self.port["proxy"], "--proxy-cacert", place / "ca.pem"]
        login, mine = ["--proxy-user", "jim:secret"], ["--proxy-cert", place / "client.pem", "--proxy-key", place / "client.key"]
        self.assertEqual(self.curl(*via, *mine, *login, self.url("/small", "origin")), SMALL)
        self.assertEqual(self.codes(*via, *mine, self.url("/small", "origin")), [407])
        self.assertEqual(self.codes(*via, *mine, *login, "--proxy-anyauth", self.url("/small", "origin")), [407, 200])
        for origin in ("secure", "tls"):
            out = self.curl(*via, *mine, *login, "-w", "%{http_version} %{http_connect}", self.url("/small", origin))
            self.assertEqual(out, SMALL + b"2 200")
        self.curl(*via, *mine, self.url("/small", "secure"), status=7)
        self.assertIn("407", self.said)
        # The certificate for the proxy is asked for by the proxy, and the one for the origin is not shown to it.
        for other in ([], ["--cert", place / "client.pem", "--key", place / "client.key"]):
            done = common.run(self.curl_program, "-sS", "-q", *via, *login, *other, self.url("/small", "origin"))
            self.assertIn(done.returncode, (35, 55, 56), done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
