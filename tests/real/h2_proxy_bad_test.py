#!/usr/bin/python3
"""CURLPROXY_HTTPS2 with proxies that limit, refuse, go away and die."""
import http.server
import threading
import unittest

import common
import h2_peer

BODY = b"x" * 3000000


class Quiet(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


class Origin(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = BODY if self.path == "/big" else b"hello\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            pass

    def log_message(self, *_):
        pass


class BadProxy(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.pem, cls.key = common.Authority(cls.place).issue("good", "DNS:localhost,IP:127.0.0.1")
        cls.client = cls.compile("many_client.c")
        cls.origin = Quiet((common.LOCAL, 0), Origin)
        threading.Thread(target=cls.origin.serve_forever, daemon=True).start()
        cls.addClassCleanup(cls.origin.server_close)
        cls.addClassCleanup(cls.origin.shutdown)

    def proxy(self, act, **more):
        peer = h2_peer.Peer(act, self.pem, self.key, alpn=more.pop("alpn", ("h2", "http/1.1")), **more)
        self.addCleanup(peer.stop)
        return peer

    def get(self, peer, *arguments, n=1, path="/small"):
        url = "http://127.0.0.1:%d%s" % (self.origin.server_port, path)
        urls = [u for u in arguments if u == "--" or "=" in u] + [url] * n
        done = common.run(self.client, "proxyca=%s" % (self.place / "ca.pem"), "proxytype=3", "tunnel=1",
                          "proxy=https://127.0.0.1:%d" % peer.port, "timeout=10000", *urls)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.said = done.stderr
        return done.stdout

    @staticmethod
    def plainly(conn, stream, head):
        conn.tunnel(stream, head[":authority"])

    def test_what_a_connect_looks_like(self):
        peer = self.proxy(self.plainly)
        self.assertEqual(self.get(peer, "agent=Fox/1", "proxyuser=jim:secret"), "0 200 2 200 1 6\n")
        self.assertEqual(peer.requests, [{":method": "CONNECT", ":authority": "127.0.0.1:%d" % self.origin.server_port,
                                          "user-agent": "Fox/1", "proxy-authorization": "Basic amltOnNlY3JldA=="}])

    def test_the_limit_on_streams_is_kept(self):
        peer = self.proxy(self.plainly, settings={h2_peer.MAX_CONCURRENT_STREAMS: 3})
        self.assertEqual(self.get(peer, n=10), "0 200 2 200 1 6\n" * 10)
        self.assertEqual(peer.accepted, 4)

    def test_our_own_limit_on_streams(self):
        peer = self.proxy(self.plainly)
        self.assertEqual(self.get(peer, "streams=5", n=10), "0 200 2 200 1 6\n" * 10)
        self.assertEqual(peer.accepted, 2)

    def test_a_refused_stream_is_tried_on_another_connection(self):
        def act(conn, stream, head):
            if conn.number == 1:
                conn.reset(stream, h2_peer.Codes.REFUSED_STREAM)
            else:
                self.plainly(conn, stream, head)
        peer = self.proxy(act)
        self.assertRegex(self.get(peer, n=3), "^0 200 2 200 2 6\n(0 200 2 200 [12] 6\n){2}$")

    def test_refusals_have_an_end(self):
        peer = self.proxy(lambda conn, stream, head: conn.reset(stream, h2_peer.Codes.REFUSED_STREAM))
        self.assertRegex(self.get(peer), "^7 0 0 0 6 0 ")

    def test_other_resets_are_failures(self):
        peer = self.proxy(lambda conn, stream, head: conn.reset(stream, h2_peer.Codes.CONNECT_ERROR))
        self.assertEqual(self.get(peer), "56 0 0 0 1 0 Proxy CONNECT aborted: CONNECT_ERROR\n")
        self.assertEqual(peer.accepted, 1)

    def test_http_1_1_required(self):
        peer = self.proxy(lambda conn, stream, head: conn.reset(stream, h2_peer.Codes.HTTP_1_1_REQUIRED))
        self.assertEqual(self.get(peer), "7 0 0 403 2 0 CONNECT tunnel failed, response 403\n")
        self.assertEqual(peer.versions, ["h2", "http/1.1"])
        self.assertIn("CONNECT 127.0.0.1", peer.requests[1]["http1"])

    def test_ntlm_is_for_http_1_1(self):
        def act(conn, stream, head):
            conn.answer(stream, 407, [("proxy-authenticate", "NTLM")], b"who are you?")
        peer = self.proxy(act)
        self.get(peer, "proxyuser=jim:secret", "proxyauth=-17")
        self.assertEqual(peer.versions, ["h2", "http/1.1"])
        self.assertIn("Proxy-Authorization: NTLM ", peer.requests[1]["http1"])
        peer = self.proxy(act)
        self.get(peer, "proxyuser=jim:secret", "proxyauth=8")
        self.assertEqual(peer.versions, ["http/1.1"])

    def test_digest_in_two_rounds_with_a_body_between(self):
        def act(conn, stream, head):
            if "proxy-authorization" in head:
                self.plainly(conn, stream, head)
            else:
                conn.answer(stream, 407, [("proxy-authenticate", 'Digest realm="r", nonce="n", qop="auth"')], b"z" * 50000)
        peer = self.proxy(act)
        self.assertEqual(self.get(peer, "proxyuser=jim:secret", "proxyauth=2"), "0 200 2 200 1 6\n")
        self.assertEqual(peer.accepted, 1)
        self.assertIn('uri="127.0.0.1:%d"' % self.origin.server_port, peer.requests[1]["proxy-authorization"])

    def test_a_challenge_and_then_the_end(self):
        def act(conn, stream, head):
            if "proxy-authorization" in head:
                return self.plainly(conn, stream, head)
            conn.answer(stream, 407, [("proxy-authenticate", 'Digest realm="r", nonce="n", qop="auth"')], b"no")
            if goaway:
                conn.goaway(stream)
            conn.drop()
        for goaway in False, True:
            peer = self.proxy(act)
            self.assertEqual(self.get(peer, "proxyuser=jim:secret", "proxyauth=2"), "0 200 2 200 2 6\n", goaway)
            self.assertEqual(peer.accepted, 2)

    def test_goaway_keeps_the_tunnels_that_are_open(self):
        def act(conn, stream, head):
            self.plainly(conn, stream, head)
            if stream == 1:
                conn.goaway(1)
        peer = self.proxy(act)
        self.assertEqual(self.get(peer, path="/big"), "0 200 2 200 1 %d\n" % len(BODY))
        out = self.get(peer, "--", n=3)
        self.assertRegex(out, "^(0 200 2 200 [1-4] 6\n){3}$")

    def test_the_proxy_dies_with_many_tunnels(self):
        seen = []

        def far(conn, stream, data):
            seen.append(len(data))
            if sum(seen) > 2000000:
                conn.drop()
        peer = self.proxy(self.plainly, on_far=far)
        out = self.get(peer, n=20, path="/big")
        lines = out.splitlines()
        self.assertEqual(len(lines), 20)
        for line in lines:
            self.assertRegex(line, "^(56|0|55) ")
        self.assertGreater(sum(line.startswith("56") for line in lines), 10)

    def test_the_proxy_dies_between_transfers(self):
        def act(conn, stream, head):
            self.plainly(conn, stream, head)

        def far(conn, stream, data):
            if b"hello" in data:
                conn.flush()
                conn.drop()
        peer = self.proxy(act, on_far=far)
        url = "http://127.0.0.1:%d/small" % self.origin.server_port
        out = self.get(peer, url, "--")
        done = common.run(self.client, "proxyca=%s" % (self.place / "ca.pem"), "proxytype=3", "tunnel=1",
                          "proxy=https://127.0.0.1:%d" % peer.port, "timeout=10000", url, "--", url, "--", url)
        self.assertEqual(done.stdout, "0 200 2 200 1 6\n" * 3)
        self.assertEqual(out, "0 200 2 200 1 6\n")

    def test_the_proxy_dies_before_it_answers(self):
        peer = self.proxy(lambda conn, stream, head: conn.drop())
        out = self.get(peer, n=3)
        for line in out.splitlines():
            self.assertRegex(line, "^(56|7) 0 0 0 [1-6] 0 ")
        self.assertEqual(len(out.splitlines()), 3)

    def test_a_proxy_that_never_answers(self):
        peer = self.proxy(lambda conn, stream, head: None)
        out = self.get(peer, "timeout=500", n=2)
        self.assertRegex(out, "^(28 0 0 0 1 0 Connection timed out after .*\n){2}$")

    def test_a_tunnel_that_is_reset_under_way(self):
        def far(conn, stream, data):
            if stream == 1:
                conn.reset(stream, h2_peer.Codes.CONNECT_ERROR)
                conn.close_tunnel(conn.far_of(stream))
        peer = self.proxy(self.plainly, on_far=far)
        out = self.get(peer, n=3, path="/big")
        self.assertEqual(sorted(line.split()[0] for line in out.splitlines()), ["0", "0", "56"])

    def test_http_2_that_is_none(self):
        peer = self.proxy(lambda conn, stream, head: conn.sock.sendall(b"HTTP/1.1 400 What?\r\n\r\n" * 3))
        self.assertRegex(self.get(peer), "^(16|56) 0 0 0 1 0 ")

    def test_heads_without_end(self):
        def act(conn, stream, head):
            for _ in range(200):
                conn.answer(stream, 103, [("x-early", "e")], end=False)
        peer = self.proxy(act)
        self.assertEqual(self.get(peer), "100 0 0 0 1 0 More than 100 informational responses to CONNECT\n")

    def test_a_head_that_is_too_large(self):
        def act(conn, stream, head):
            conn.answer(stream, 200, [("x-many", "v" * 1000)] * 400, end=False)
        peer = self.proxy(act)
        self.assertRegex(self.get(peer), "^100 0 0 0 1 0 Too large response headers from the proxy\n$")


if __name__ == "__main__":
    unittest.main()
