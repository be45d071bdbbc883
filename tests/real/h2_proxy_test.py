#!/usr/bin/python3
"""CURLPROXY_HTTPS2: tunnels and plain requests over an HTTP/2 connection to nghttpx, which hands on to squid; origins are nginx."""
import hashlib
import os
import unittest

import common

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = 20 * 1000 * 1000

SERVERS = """
  ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key;
  server {{ listen 127.0.0.1:{tls} ssl http2;
    location = /echo {{ return 200 "$request_method $content_length $server_protocol\\n"; }}
    location /put/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
  }}
  server {{ listen 127.0.0.1:{tls2} ssl http2; }}
  server {{ listen 127.0.0.1:{old} ssl; }}
  server {{ listen 127.0.0.1:{plain};
    location = /seen {{ return 200 "$http_via|$http_x_more|$http_user_agent|$http_proxy_authorization\\n"; }}
  }}
"""
SQUID = """
http_port 127.0.0.1:{squid}
http_port 127.0.0.1:{squid_auth} name=auth
acl auth_port myportname auth
auth_param basic program /usr/lib/squid/basic_ncsa_auth {place}/users
acl known proxy_auth REQUIRED
acl ports port {tls} {tls2} {old} {plain}
http_access allow !auth_port ports
http_access allow auth_port known ports
http_access deny all
cache deny all
pid_filename none
access_log none
cache_log /dev/stderr
coredump_dir {place}
shutdown_lifetime 0 seconds
cache_effective_user proxy
via on
"""
PORTS = "tls tls2 old plain squid squid_auth front front_auth front_old".split()


class Http2Proxy(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        squid, nghttpx = common.program("squid"), common.program("nghttpx")
        place = cls.place
        place.write("www/small", SMALL)
        cls.big = b"".join(hashlib.sha512(b"%d" % n).digest() * 15625 for n in range(BIG // 1000000))
        place.write("www/big", cls.big)
        (place / "www/put").mkdir()
        (place / "www/put").chmod(0o777)
        place.write("users", "jim:" + common.must("openssl", "passwd", "-apr1", "secret"))
        common.Authority(place).issue("good", "DNS:localhost,IP:127.0.0.1")
        cls.port = dict(zip(PORTS, common.free_ports(len(PORTS))))
        cls.serve_nginx(SERVERS.format(place=place.path, **cls.port), [cls.port[n] for n in ("tls", "tls2", "old", "plain")],
                        http="client_max_body_size 100m;")
        config = place.write("squid.conf", SQUID.format(place=place.path, **cls.port))
        cls.serve([squid, "-N", "-f", config], [cls.port["squid"], cls.port["squid_auth"]], "squid")
        for front, back, more in (("front", "squid", ()), ("front_auth", "squid_auth", ()),
                                  ("front_old", "squid", ("--npn-list=http/1.1",))):
            cls.serve([nghttpx, "-f127.0.0.1,%d" % cls.port[front], "-b127.0.0.1,%d" % cls.port[back],
                       "--http2-proxy", "--workers=1", "--conf=/dev/null", "--single-process", "--backend-connections-per-host=100",
                       "--accesslog-file=%s" % (place / (front + ".access")), "--accesslog-format=$alpn $request",
                       *more, place / "good.key", place / "good.pem"], [cls.port[front]], front)
        cls.client = cls.compile("many_client.c")

    def url(self, path, listener="tls"):
        return "%s://127.0.0.1:%d%s" % ("http" if listener == "plain" else "https", self.port[listener], path)

    def run_client(self, *arguments, front="front", env=None):
        done = common.run(self.client, "ca=%s" % (self.place / "ca.pem"), "proxyca=%s" % (self.place / "ca.pem"),
                          "proxy=https://127.0.0.1:%d" % self.port[front], "proxytype=3", "timeout=20000", *arguments, env=env)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said = done.stderr
        return done.stdout

    def test_a_tunnel_with_http2_and_with_http1_in_it(self):
        out = self.run_client("verbose=1", self.url("/small"), "--", self.url("/small", "old"))
        self.assertEqual(out, "0 200 3 200 1 %d\n0 200 2 200 1 %d\n" % (len(SMALL), len(SMALL)))
        self.assertEqual(self.said.count("CONNECT tunnel: HTTP/2 negotiated"), 1)
        self.assertIn("Re-using the HTTP/2 connection to proxy", self.said)

    def test_a_tunnel_to_plain_http(self):
        self.assertEqual(self.run_client("tunnel=1", self.url("/small", "plain")), "0 200 2 200 1 %d\n" % len(SMALL))

    def test_egress_policies(self):
        """A connection to the proxy serves only what the policy allows behind it, and is asked for again."""
        def run(text, *arguments):
            policy = self.place.write("policy", text.format(**self.port))
            out = self.run_client("tunnel=1", *arguments, env=common.environment(SLUICE_POLICY=policy))
            return [line.split()[0] for line in out.splitlines()]
        proxy = "allow 127.0.0.1 port {front} purpose proxy\n"
        old, tls2, plain = self.url("/small", "old"), self.url("/small", "tls2"), self.url("/small", "plain")
        self.assertEqual(run(proxy + "allow 127.0.0.1 port {old} purpose origin\n", old, "--", tls2, "--", old), ["0", "7", "0"])
        self.assertEqual(run("allow 127.0.0.1 purpose origin\n", old), ["7"])
        self.assertEqual(run("deny any purpose proxy scheme http\nallow loopback\n", old, "--", plain), ["0", "7"])
        self.assertEqual(run("allow loopback\n", old, "--", plain), ["0", "0"])

    def test_the_tunnel_is_used_again(self):
        out = self.run_client(self.url("/small", "old"), "--", self.url("/small", "old"))
        self.assertEqual(out, "0 200 2 200 1 %d\n0 200 2 0 0 %d\n" % (len(SMALL), len(SMALL)))

    def test_many_tunnels_over_one_connection(self):
        urls = [self.url("/small", "old") for _ in range(20)]
        out = self.run_client("verbose=1", *urls)
        self.assertEqual(out, ("0 200 2 200 1 %d\n" % len(SMALL)) * 20)
        self.assertEqual(self.said.count("CONNECT tunnel: HTTP/2 negotiated"), 1)

    def test_large_ones_beside_each_other(self):
        out = self.run_client(*[self.url("/big", "old")] * 3, self.url("/big"), self.url("/big", "tls2"))
        self.assertEqual(out, ("0 200 2 200 1 %d\n" % BIG) * 3 + ("0 200 3 200 1 %d\n" % BIG) * 2)

    def test_large_uploads(self):
        out = self.run_client("sized=%d" % BIG, self.url("/put/a"), self.url("/put/b"), "version=2", self.url("/put/c"))
        for line in out.splitlines():
            self.assertRegex(line, "^0 20[14] [23] (200|0) [01] 0$")
        for name in "abc":
            self.assertEqual((self.place / "www/put" / name).read_bytes(), b"u" * BIG)

    def test_the_heads_of_the_proxy(self):
        out = self.run_client("show=1", self.url("/small"))
        self.assertRegex(out, r"^0 200 3 200 1 1350\nHTTP/2 200 \n(\S+: .*\n)*\nHTTP/2 200 \n(\S+: .*\n)*\n$")
        out = self.run_client("show=1", "suppress=1", self.url("/small"))
        self.assertEqual(out.count("HTTP/2 200"), 1)

    def test_what_is_asked(self):
        self.run_client("verbose=1", "agent=Fox/1", "headeropt=1", "field=X-Origin: o", "proxyfield=X-Proxy: p",
                        self.url("/small", "old"))
        asked = self.said.split("> CONNECT ")[1].split("> \n")[0]
        self.assertIn("127.0.0.1:%d HTTP/2" % self.port["old"], asked)
        self.assertIn("User-Agent: Fox/1", asked)
        self.assertIn("X-Proxy: p", asked)
        self.assertNotIn("X-Origin", asked)
        self.assertNotIn("Proxy-Connection", asked)

    def test_a_proxy_without_http2(self):
        out = self.run_client("verbose=1", self.url("/small"), self.url("/small", "old"), front="front_old")
        self.assertEqual(out, "0 200 3 200 1 %d\n0 200 2 200 1 %d\n" % (len(SMALL), len(SMALL)))
        self.assertEqual(self.said.count("CONNECT tunnel: HTTP/1.1 negotiated"), 2)

    def test_authentication(self):
        out = self.run_client("proxyuser=jim:secret", self.url("/small"), front="front_auth")
        self.assertEqual(out, "0 200 3 200 1 %d\n" % len(SMALL))
        out = self.run_client("verbose=1", "proxyuser=jim:secret", "proxyauth=-17", self.url("/small"), front="front_auth")
        self.assertEqual(out, "0 200 3 200 1 %d\n" % len(SMALL))
        self.assertIn("HTTP/2 407", self.said)
        self.assertEqual(self.said.count("CONNECT tunnel: HTTP/2 negotiated"), 1)

    def test_refusals(self):
        self.assertEqual(self.run_client(self.url("/small"), front="front_auth"),
                         "7 0 0 407 1 0 CONNECT tunnel failed, response 407\n")
        out = self.run_client("proxyuser=jim:wrong", self.url("/small"), "proxyuser=jim:secret", self.url("/small"),
                              front="front_auth")
        self.assertEqual(out, "7 0 0 407 1 0 CONNECT tunnel failed, response 407\n0 200 3 200 1 1350\n")
        self.assertEqual(self.run_client("https://127.0.0.1:9/", self.url("/small")),
                         "7 0 0 403 1 0 CONNECT tunnel failed, response 403\n0 200 3 200 1 1350\n")

    def test_a_proxy_that_is_not_trusted_or_not_there(self):
        out = self.run_client("proxyca=/etc/ssl/certs/ca-certificates.crt", self.url("/small"), self.url("/small", "old"))
        self.assertRegex(out, "^60 0 0 0 1 0 SSL.*\n60 0 0 0 1 0 SSL.*\n$")
        out = self.run_client("proxy=https://127.0.0.1:9", self.url("/small"), self.url("/small", "old"))
        self.assertRegex(out, "^7 0 0 0 0 0 Failed.*\n7 0 0 0 0 0 Failed.*\n$")

    def test_plain_requests(self):
        out = self.run_client("show=1", "words=1", "field=X-More: yes", "agent=Fox/1", "verbose=1", self.url("/seen", "plain"))
        self.assertRegex(out, r"^0 200 3 0 1 \d+\nHTTP/2 200 \n")
        self.assertTrue(out.endswith("nghttpx, 1.1 %s (squid/5.7)|yes|Fox/1|\n" % os.uname().nodename) or
                        "|yes|Fox/1|\n" in out, out)
        out = self.run_client("pipewait=1", *[self.url("/small", "plain")] * 10)
        self.assertEqual(sorted(out.splitlines()), ["0 200 3 0 0 1350"] * 9 + ["0 200 3 0 1 1350"])
        out = self.run_client(self.url("/seen", "plain"), front="front_old")
        self.assertRegex(out, r"^0 200 2 0 1 \d+\n$")
        out = self.run_client("proxyuser=jim:secret", "proxyauth=-17", self.url("/small", "plain"), front="front_auth")
        self.assertEqual(out, "0 200 3 0 1 1350\n")

    def test_fresh_and_forbidden_reuse(self):
        out = self.run_client("verbose=1", "fresh=1", self.url("/small"), "--", self.url("/small", "tls2"))
        self.assertEqual(self.said.count("CONNECT tunnel: HTTP/2 negotiated"), 2)
        out = self.run_client("verbose=1", "forbid=1", self.url("/small"), "--", self.url("/small", "tls2"))
        self.assertEqual(self.said.count("CONNECT tunnel: HTTP/2 negotiated"), 2)
        self.assertEqual(out, "0 200 3 200 1 1350\n" * 2)

    def test_a_limit_on_connections_counts_tunnels(self):
        out = self.run_client("hostconns=2", "verbose=1", *[self.url("/small", n) for n in ("old", "tls", "tls2") * 5])
        self.assertEqual([line.split()[:2] for line in out.splitlines()], [["0", "200"]] * 15)
        self.assertEqual(self.said.count("CONNECT tunnel: HTTP/2 negotiated"), 1)


if __name__ == "__main__":
    unittest.main()
