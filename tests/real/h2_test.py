#!/usr/bin/python3
"""HTTP/2: Debian's curl program on our library, against nginx, over TLS and in clear."""
import hashlib
import json
import os
import re
import signal
import subprocess
import time
import unittest

import common

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = 50 * 1000 * 1000

SERVERS = """
  client_max_body_size 100m;
  ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key;
  server {{
    listen 127.0.0.1:{tls} ssl http2;
    http2_max_concurrent_streams 10;
    location = /moved {{ return 302 /small; }}
    location = /method {{ return 200 "$request_method $content_length $server_protocol $http_cookie $http_te\\n"; }}
    location = /agent {{ return 200 "$http_user_agent|$http_x_more|$host|$http_connection\\n"; }}
    location = /error {{ return 500 "broken\\n"; }}
    location = /cookie {{ add_header Set-Cookie "a=1; Path=/"; return 200 "ok\\n"; }}
    location /put/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
    location /zip/ {{ alias {place}/www/; gzip on; gzip_min_length 1; gzip_types *; }}
    location /private/ {{ alias {place}/www/; auth_basic "private"; auth_basic_user_file {place}/users; }}
    location = /push {{ http2_push /small; alias {place}/www/small; }}
    location /slow/ {{ alias {place}/www/; limit_rate 200k; }}
  }}
  server {{ listen 127.0.0.1:{few} ssl http2; keepalive_requests 5; }}
  server {{ listen 127.0.0.1:{old} ssl; }}
  server {{ listen 127.0.0.1:{plain} http2; }}
"""
LISTENERS = "tls few old plain".split()


class Http2(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        place = cls.place
        place.write("www/small", SMALL)
        place.write("users", "jim:{PLAIN}secret\n")
        (place / "www/put").mkdir()
        (place / "www/put").chmod(0o777)
        cls.big = b"".join(hashlib.sha512(b"%d" % n).digest() * 15625 for n in range(BIG // 1000000))
        place.write("www/big", cls.big)
        common.Authority(place).issue("good", "DNS:localhost,IP:127.0.0.1")
        cls.port = dict(zip(LISTENERS, common.free_ports(len(LISTENERS))))
        cls.nginx = cls.serve_nginx(SERVERS.format(place=place.path, **cls.port), cls.port.values())

    def url(self, path, listener="tls"):
        return "%s://127.0.0.1:%d%s" % ("http" if listener == "plain" else "https", self.port[listener], path)

    def command(self, *arguments):
        return [str(a) for a in (self.curl_program, "-sS", "-q", "--cacert", self.place / "ca.pem", *arguments)]

    def curl(self, *arguments, **more):
        return super().curl("--cacert", self.place / "ca.pem", *arguments, **more)

    def many(self, *arguments):
        """Each transfer's line of -w, as JSON."""
        out = self.curl("-Z", "--no-progress-meter", "-w", "%{json}\n", "-o", os.devnull, *arguments)
        return [json.loads(line) for line in out.splitlines()]

    # ---- one request ----

    def test_get_with_headers_shown(self):
        out = self.curl("-i", self.url("/small"))
        head, body = out.split(b"\r\n\r\n", 1)
        self.assertTrue(head.startswith(b"HTTP/2 200 \r\nserver: nginx"))
        self.assertEqual(body, SMALL)

    def test_which_version(self):
        write = ("-o", os.devnull, "-w", "%{http_version}")
        self.assertEqual(self.curl(*write, self.url("/small")), b"2")
        self.assertEqual(self.curl(*write, "--http2", self.url("/small")), b"2")
        self.assertEqual(self.curl(*write, "--http1.1", self.url("/small")), b"1.1")
        self.assertEqual(self.curl(*write, "--no-alpn", self.url("/small")), b"1.1")
        self.assertEqual(self.curl(*write, "--http2", self.url("/small", "old")), b"1.1")

    def test_prior_knowledge_in_clear(self):
        out = self.curl("--http2-prior-knowledge", "-w", "%{http_version}", self.url("/small", "plain"))
        self.assertEqual(out, SMALL + b"2")

    def test_what_is_sent(self):
        out = self.curl("-A", "Fox/1", "-H", "X-More: yes", "-H", "Connection: keep-alive", "-H", "Host: other.test",
                        self.url("/agent"))
        self.assertEqual(out, b"Fox/1|yes|other.test|\n")
        self.assertEqual(self.curl("-b", "c=d", "-H", "TE: trailers", self.url("/method")),
                         b"GET  HTTP/2.0 c=d trailers\n")

    def test_head_error_and_fail(self):
        self.assertTrue(self.curl("-I", self.url("/small")).startswith(b"HTTP/2 200 \r\n"))
        self.assertEqual(self.curl(self.url("/error")), b"broken\n")
        self.curl("-f", self.url("/error"), status=22)
        self.assertIn("500", self.said)

    def test_redirect_authentication_and_gzip(self):
        out = self.curl("-L", "-w", "%{http_version} %{num_redirects} %{num_connects}", self.url("/moved"))
        self.assertEqual(out, SMALL + b"2 1 1")
        out = self.curl("--anyauth", "-u", "jim:secret", "-w", "%{num_connects}", self.url("/private/small"))
        self.assertEqual(out, SMALL + b"1")
        self.assertEqual(self.curl("--compressed", self.url("/zip/small")), SMALL)

    def test_cookie_jar(self):
        jar = self.place / "jar"
        self.curl("-c", jar, self.url("/cookie"))
        self.assertRegex(jar.read_text(), r"127\.0\.0\.1\tFALSE\t/\tFALSE\t0\ta\t1\n")

    # ---- bodies ----

    def test_50_megabytes(self):
        target = self.place / "fetched"
        self.curl("-o", target, self.url("/big"))
        self.assertEqual(hashlib.sha256(target.read_bytes()).digest(), hashlib.sha256(self.big).digest())

    def test_upload_of_50_megabytes(self):
        self.curl("-T", self.place / "www/big", self.url("/put/a"))
        self.assertEqual((self.place / "www/put/a").read_bytes(), self.big)

    def test_post_and_upload_of_unknown_length(self):
        self.assertEqual(self.curl("-d", "a=b", self.url("/method")), b"POST 3 HTTP/2.0  \n")
        done = common.run(*self.command("-T", "-", self.url("/put/b")), input=b"0123456789" * 30000, text=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual((self.place / "www/put/b").read_bytes(), b"0123456789" * 30000)

    def test_limit_rate(self):
        started = time.monotonic()
        out = self.curl("--limit-rate", "400K", "-r", "0-614399", self.url("/big"))
        took = time.monotonic() - started
        self.assertEqual(out, self.big[:614400])
        self.assertGreater(took, 1.0)
        self.assertLess(took, 3.0)

    def test_a_slow_reader_does_not_stop_the_others(self):
        started = time.monotonic()
        lines = self.many("--limit-rate", "300K", "-r", "0-299999", self.url("/big"), "--next", "--cacert",
                          self.place / "ca.pem", "-o", os.devnull, "-w", "%{json}\n", self.url("/small?[1-20]"))
        self.assertEqual([l["http_code"] for l in lines].count(200), 20)
        self.assertEqual([l["http_code"] for l in lines].count(206), 1)
        self.assertLess(lines[0]["time_total"], 0.5)
        self.assertLess(time.monotonic() - started, 4)

    def test_max_time(self):
        self.curl("-m", "0.5", "-o", os.devnull, self.url("/slow/big"), status=28)

    # ---- several at once ----

    def test_many_on_one_connection_within_the_limit_of_the_server(self):
        lines = self.many("--parallel-max", "100", self.url("/small?[1-200]"))
        self.assertEqual([l["http_code"] for l in lines], [200] * 200)
        self.assertEqual({l["http_version"] for l in lines}, {"2"})
        self.assertEqual(sum(l["num_connects"] for l in lines), 1)

    def test_large_ones_share_a_connection(self):
        names = [self.place / ("part%d" % n) for n in range(4)]
        arguments = [a for n in names for a in ("-o", n, self.url("/big"))]
        self.curl("-Z", "--no-progress-meter", *arguments)
        for n in names:
            self.assertEqual(hashlib.sha256(n.read_bytes()).digest(), hashlib.sha256(self.big).digest())
            n.unlink()

    def test_uploads_share_a_connection(self):
        self.curl("-Z", "--no-progress-meter", "-T", self.place / "www/big", self.url("/put/c1"), "-T",
                  self.place / "www/small", self.url("/put/c2"))
        self.assertEqual((self.place / "www/put/c1").read_bytes(), self.big)
        self.assertEqual((self.place / "www/put/c2").read_bytes(), SMALL)

    def test_in_clear_and_one_after_the_other(self):
        out = self.curl("--http2-prior-knowledge", "-w", "%{num_connects}", *["-o", os.devnull] * 5,
                        self.url("/small?[1-5]", "plain"))
        self.assertEqual(out, b"10000")

    def test_a_server_without_http2_is_no_reason_to_wait(self):
        lines = self.many("--parallel-max", "5", self.url("/small?[1-20]", "old"))
        self.assertEqual([(l["http_code"], l["http_version"]) for l in lines], [(200, "1.1")] * 20)

    # ---- the server ends it ----

    def test_goaway_after_five_requests(self):
        out = self.curl("-w", "%{num_connects}", *["-o", os.devnull] * 12, self.url("/small?[1-12]", "few"))
        self.assertEqual(out.count(b"1"), 3)

    def test_goaway_with_many_under_way(self):
        lines = self.many("--parallel-max", "60", self.url("/small?[1-60]", "few"))
        self.assertEqual([l["http_code"] for l in lines], [200] * 60)

    def test_what_is_under_way_survives_a_reload(self):
        target = self.place / "slow"
        transfer = subprocess.Popen(self.command("-r", "0-399999", "-o", target, self.url("/slow/big")),
                                    env=common.environment(), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(0.5)
        self.nginx.process.send_signal(signal.SIGHUP)
        said = transfer.communicate(timeout=common.SECONDS)[1]
        self.assertEqual((transfer.returncode, said), (0, b""))
        self.assertEqual(target.read_bytes(), self.big[:400000])

    def test_a_push_that_nobody_asked_for_is_refused(self):
        out = self.curl("-w", "%{http_version}", self.url("/push"), self.url("/small"))
        self.assertEqual(out, SMALL + b"2" + SMALL + b"2")

    def test_push_pause_and_removal(self):
        client = self.place / "client"
        common.must(common.CC, "-I%s" % (common.SOURCE / "include"), "-o", client, common.HERE / "h2_client.c",
                    "-L%s" % common.LIB, "-lcurl")
        done = common.run(client, self.place / "ca.pem", self.url("/push"), self.url("/big"), self.url("/small"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(done.stdout.splitlines(), [
            "push /small :method:GET 1 1",
            "1 promised, %d and %d bytes" % (len(SMALL), len(SMALL)),
            "beside a paused one: 1 ended",
            "1 pause, %d bytes of the small one, 1" % len(SMALL),
            "%d bytes, 0 connects" % BIG])

    # ---- verbose ----

    def test_verbose_shows_the_request(self):
        done = common.run(*self.command("-v", "-o", os.devnull, self.url("/small")))
        self.assertTrue(re.search(r"^> GET /small HTTP/2\s*$", done.stderr, re.M), done.stderr)
        self.assertIn("ALPN: server accepted h2", done.stderr)


if __name__ == "__main__":
    unittest.main()
