#!/usr/bin/python3
"""HTTP/2 against servers that do what nginx does not: trailers, informational heads, resets, echoes while they receive."""
import threading
import time
import unittest

import common
import h2_peer


class Origins(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.pem, cls.key = common.Authority(cls.place).issue("good", "DNS:localhost,IP:127.0.0.1,IP:127.0.0.2")
        cls.client = cls.compile("many_client.c")

    def peer(self, act=None, **more):
        more.setdefault("alpn", ("h2", "http/1.1"))
        peer = h2_peer.Peer(act or (lambda conn, stream, head: None), self.pem, self.key, **more)
        self.addCleanup(peer.stop)
        return peer

    def run_client(self, *arguments):
        done = common.run(self.client, "ca=%s" % (self.place / "ca.pem"), "timeout=10000", *arguments)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said = done.stderr
        return done.stdout

    @staticmethod
    def url(peer, path="/", host="127.0.0.1"):
        return "https://%s:%d%s" % (host, peer.port, path)

    # ---- requests ----

    def test_a_request(self):
        peer = self.peer(lambda conn, stream, head: conn.answer(stream, 200, [("x", "y")], b"hello"))
        out = self.run_client("agent=Fox/1", "cookie=a=b; c=d", "field=X-More: yes", "field=Connection: close",
                              "field=Upgrade: foo", "field=Keep-Alive: 5", "field=Proxy-Connection: x", "field=TE: trailers, x",
                              "field=Transfer-Encoding: gzip", self.url(peer, "/a?b"))
        self.assertEqual(out, "0 200 3 0 1 5\n")
        self.assertEqual(peer.requests, [{":method": "GET", ":path": "/a?b", ":scheme": "https",
                                          ":authority": "127.0.0.1:%d" % peer.port, "user-agent": "Fox/1", "accept": "*/*",
                                          "cookie": "a=b; c=d", "x-more": "yes", "te": "trailers"}])

    def test_trailers_of_an_upload(self):
        peer = self.peer(on_end=lambda conn, stream: conn.answer(
            stream, 200, [], b"%d %s" % (len(conn.bodies[stream]), repr(sorted(conn.trailers.get(stream, {}).items())).encode())))
        out = self.run_client("upload=100000", "trailers=2", "words=1", self.url(peer))
        self.assertEqual(out, "0 200 3 0 1 51\n100000 [('x-trailer-0', '1'), ('x-trailer-1', '1')]")
        out = self.run_client("upload=0", "trailers=1", "words=1", self.url(peer))
        self.assertEqual(out, "0 200 3 0 1 24\n0 [('x-trailer-0', '1')]")
        # HTTP/1 has none where the length is known, so neither are there any here
        self.assertEqual(self.run_client("sized=10", "trailers=1", "words=1", self.url(peer)), "0 200 3 0 1 5\n10 []")

    def test_trailers_that_say_no(self):
        peer = self.peer(on_end=lambda conn, stream: conn.answer(stream, 200, [], b"x"))
        self.assertEqual(self.run_client("upload=10", "trailers=-1", self.url(peer)),
                         "42 0 0 0 1 0 operation aborted by trailing headers callback\n")

    def test_upload_and_download_at_once(self):
        """Each piece comes back before the next is sent: the server's window is small."""
        def act(conn, stream, head):
            conn.answer(stream, 200, [], end=False)
        peer = self.peer(act, on_data=lambda conn, stream, data: conn.send(stream, data),
                         on_end=lambda conn, stream: conn.send(stream, b"", True), settings={h2_peer.INITIAL_WINDOW_SIZE: 1000})
        self.assertEqual(self.run_client("upload=300000", self.url(peer)), "0 200 3 0 1 300000\n")

    def test_expect_is_sent_and_not_waited_for(self):
        peer = self.peer(on_end=lambda conn, stream: conn.answer(stream, 200, [], b"x"))
        began = time.monotonic()
        out = self.run_client("sized=2000000", "field=Expect: 100-continue", self.url(peer), "--", "field=Expect:", self.url(peer))
        self.assertEqual(out, "0 200 3 0 1 1\n0 200 3 0 0 1\n")
        self.assertLess(time.monotonic() - began, 3)
        self.assertEqual(peer.requests[0]["expect"], "100-continue")

    def test_weights(self):
        weights = []

        def act(conn, stream, head):
            weights.append(conn.weights.get(stream))
            conn.answer(stream, 200, [], b"x")
        peer = self.peer(act)
        self.run_client("weight=200", self.url(peer), "--", "weight=", self.url(peer))
        self.assertEqual(weights, [200, None])

    # ---- responses ----

    def test_informational_heads_and_trailers(self):
        def act(conn, stream, head):
            conn.answer(stream, 103, [("link", "</a>")], end=False)
            conn.answer(stream, 103, [("link", "</b>")], end=False)
            conn.answer(stream, 200, [("x-head", "h"), ("set-cookie", "a=1"), ("set-cookie", "b=2")], b"body", end=False)
            conn.trailer(stream, [("x-sum", "7"), ("x-more", "8")])
        peer = self.peer(act)
        out = self.run_client("show=1", "words=1", "kinds=31", self.url(peer))
        self.assertEqual(out, "0 200 3 0 1 4\nHTTP/2 103 \nlink: </a>\n\nHTTP/2 103 \nlink: </b>\n\n"
                              "HTTP/2 200 \nx-head: h\nset-cookie: a=1\nset-cookie: b=2\n\nbodyx-sum: 7\nx-more: 8\n"
                              "8 link=</a>\n8 link=</b>\n1 x-head=h\n1 set-cookie=a=1\n1 set-cookie=b=2\n2 x-sum=7\n2 x-more=8\n")

    def test_informational_heads_without_end(self):
        def act(conn, stream, head):
            for _ in range(3000):
                conn.answer(stream, 103, [("x", "y")], end=False)
        out = self.run_client(self.url(self.peer(act)))
        self.assertRegex(out, "^(56|100|8) ")

    def test_a_body_that_is_too_short_or_too_long(self):
        def act(conn, stream, head):
            conn.answer(stream, 200, [("content-length", "10")], b"12345" if head[":path"] == "/short" else b"1" * 20)
        peer = self.peer(act)
        self.assertRegex(self.run_client(self.url(peer, "/short")), "^(92|18) 200 3 0 1 5 ")
        self.assertRegex(self.run_client(self.url(peer, "/long")), "^92 ")

    def test_an_answer_before_the_upload_has_ended(self):
        def act(conn, stream, head):
            conn.answer(stream, 413, [], b"too much")
            conn.reset(stream, h2_peer.Codes.NO_ERROR)
        peer = self.peer(act)
        self.assertEqual(self.run_client("sized=50000000", self.url(peer)), "0 413 3 0 1 8\n")

    # ---- once more ----

    def test_refused_streams_are_tried_again(self):
        def act(conn, stream, head):
            if conn.number == 1 and stream > 1:
                conn.reset(stream, h2_peer.Codes.REFUSED_STREAM)
            else:
                conn.answer(stream, 200, [], b"x")
        peer = self.peer(act)
        out = self.run_client(self.url(peer), "--", "sized=1000", self.url(peer))
        self.assertRegex(out, "^0 200 3 0 1 1\n0 200 3 0 1 1\n$")

    def test_refusals_have_an_end(self):
        def act(conn, stream, head):
            if stream > 1:
                conn.reset(stream, h2_peer.Codes.REFUSED_STREAM)
            else:
                conn.answer(stream, 200 if conn.number == 1 else 503, [], b"x")
        peer = self.peer(act)
        out = self.run_client(self.url(peer), "--", self.url(peer))
        self.assertEqual(out, "0 200 3 0 1 1\n0 503 3 0 1 1\n")
        peer = self.peer(lambda conn, stream, head: conn.reset(stream, h2_peer.Codes.REFUSED_STREAM))
        self.assertRegex(self.run_client(self.url(peer)), "^92 0 0 0 [2-6] 0 ")
        self.assertLess(len(peer.requests), 10)

    def test_http_1_1_required(self):
        peer = self.peer(lambda conn, stream, head: conn.reset(stream, h2_peer.Codes.HTTP_1_1_REQUIRED))
        out = self.run_client(self.url(peer))
        self.assertEqual(out, "0 403 2 0 2 0\n")
        self.assertEqual(peer.versions, ["h2", "http/1.1"])

    def test_goaway_sends_the_later_ones_elsewhere(self):
        def act(conn, stream, head):
            if conn.number == 1 and stream == 1:
                conn.goaway(1)
            conn.answer(stream, 200, [], b"x")
        peer = self.peer(act)
        out = self.run_client("pipewait=1", *[self.url(peer)] * 5)
        self.assertEqual([line.split()[:2] for line in out.splitlines()], [["0", "200"]] * 5)
        self.assertEqual(peer.accepted, 2)

    def test_421_of_an_alternative_leads_back_to_the_origin(self):
        def act(conn, stream, head):
            if head[":path"] == "/one":
                conn.answer(stream, 302, [("location", "/two"), ("alt-svc", 'h2="127.0.0.2:%d"' % other.port)])
                conn.goaway(stream)
            else:
                conn.answer(stream, 200, [], b"origin")
        peer = self.peer(act)
        other = h2_peer.Peer(lambda conn, stream, head: conn.answer(stream, 421), self.pem, self.key, host="127.0.0.2")
        self.addCleanup(other.stop)
        for upload in (), ("post=abc",):
            out = self.run_client("follow=1", "altsvcctrl=56", "words=1", *upload, self.url(peer, "/one"))
            self.assertRegex(out, "^0 200 3 0 [34] 6\norigin$")
        self.assertEqual([r[":path"] for r in other.requests], ["/two"] * 2)
        self.assertEqual(other.requests[0]["alt-used"], "127.0.0.2:%d" % other.port)
        self.assertEqual(self.run_client(self.url(other).replace("127.0.0.1", "127.0.0.2")), "0 421 3 0 1 0\n")

    # ---- connections ----

    def test_hosts_do_not_share_a_connection(self):
        """One address and a certificate that names both: nevertheless each origin has its own."""
        peer = self.peer(lambda conn, stream, head: conn.answer(stream, 200, [], b"x"))
        out = self.run_client("pipewait=1", self.url(peer), "--", self.url(peer, host="localhost"), "--", self.url(peer))
        self.assertEqual(out, "0 200 3 0 1 1\n0 200 3 0 1 1\n0 200 3 0 0 1\n")
        self.assertEqual(peer.accepted, 2)

    def test_settings_that_differ_do_not_share_a_connection(self):
        peer = self.peer(lambda conn, stream, head: conn.answer(stream, 200, [], b"x"))
        again = self.place / "again.pem"
        again.write_bytes((self.place / "ca.pem").read_bytes())
        out = self.run_client("pipewait=1", self.url(peer), "--", "ca=%s" % again, self.url(peer))
        self.assertEqual(out, "0 200 3 0 1 1\n" * 2)

    def test_our_limit_on_streams(self):
        lock, now, most = threading.Lock(), set(), [0]

        def act(conn, stream, head):
            with lock:
                now.add((conn.number, stream))
                most[0] = max(most[0], sum(n == conn.number for n, _ in now))
            time.sleep(0.02)
            with lock:
                now.discard((conn.number, stream))
            conn.answer(stream, 200, [], b"x")
        peer = self.peer(act)
        out = self.run_client("streams=2", "pipewait=1", *[self.url(peer)] * 12)
        self.assertEqual([line.split()[:2] for line in out.splitlines()], [["0", "200"]] * 12)
        self.assertLessEqual(most[0], 2)

    def test_upkeep_asks_whether_the_connection_lives(self):
        peer = self.peer(lambda conn, stream, head: conn.answer(stream, 200, [], b"x"))
        out = self.run_client("upkeepinterval=1", "upkeep=50", self.url(peer))
        self.assertEqual(out, "upkeep 0\n0 200 3 0 1 1\n")
        end = time.monotonic() + 5
        while not peer.pings and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual(peer.pings, 1)


class Upgrade(common.RealTest):
    """h2c: nghttpx takes the upgrade and asks nginx."""

    @classmethod
    def setUpPlace(cls):
        nghttpx = common.program("nghttpx")
        cls.front, back = common.free_ports(2)
        cls.serve_nginx('server { listen 127.0.0.1:%d; return 200 "$request_method $content_length $http_via\\n"; }' % back, [back],
                        http="client_max_body_size 100m;")
        cls.serve([nghttpx, "-f127.0.0.1,%d;no-tls" % cls.front, "-b127.0.0.1,%d" % back, "--workers=1",
                   "--conf=/dev/null", "--single-process"], [cls.front], "nghttpx")
        cls.curl = common.program("curl")

    def get(self, *arguments):
        done = common.run(self.curl, "-sS", "-q", "--http2", "-w", "%{http_version}\n", *arguments,
                          "http://127.0.0.1:%d/" % self.front)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_get_and_post(self):
        self.assertEqual(self.get(), "GET  1.1 nghttpx\n2\n")
        self.assertEqual(self.get("-I").splitlines()[0], "HTTP/1.1 101 Switching Protocols")
        self.assertEqual(self.get("-d", "a=b"), "POST 3 1.1 nghttpx\n2\n")
        self.place.write("body", "x" * 500000)
        # nghttpx switches if all of the body is there when it looks.
        said, version = self.get("--data-binary", "@%s" % (self.place / "body")).splitlines()
        self.assertEqual(said, "POST 500000 1.1 nghttpx")
        self.assertIn(version, ("1.1", "2"))


if __name__ == "__main__":
    unittest.main()
