#!/usr/bin/python3
"""Debian's curl program on our library, and a server that answers with odd bytes."""
import socket
import ssl
import struct
import threading
import unittest

import common

BODY = b"hello"


def response(*fields, status="200 OK", body=BODY):
    lines = ["HTTP/1.1 " + status, *fields, "Content-Length: %d" % len(body)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Peer:
    """Gives one connection after the other the next answer, closes it (or resets it: `rst`), and keeps the requests."""

    def __init__(self, *answers, tls=None, rst=False):
        self.answers, self.tls, self.rst, self.requests = answers, tls, rst, []
        self.listener = socket.create_server((common.LOCAL, 0))
        self.port = self.listener.getsockname()[1]
        self.url = "http%s://%s:%d/x" % ("s" if tls else "", common.LOCAL, self.port)
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        for answer in self.answers:
            try:
                conn, _ = self.listener.accept()
                conn.settimeout(common.SECONDS)
                with self.tls.wrap_socket(conn, server_side=True) if self.tls else conn as conn:
                    self.serve(conn, answer)
            except OSError:
                pass

    def serve(self, conn, answer):
        seen = b""
        while b"\r\n\r\n" not in seen:
            more = conn.recv(65536)
            if not more:
                return
            seen += more
        self.requests.append(seen.decode())
        conn.sendall(answer)
        if self.rst:
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if self.tls:
            socket.socket.shutdown(conn, socket.SHUT_WR)  # no close_notify

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()


class Responses(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.curl_program = common.program("curl")
        cls.ca = common.Authority(cls.place)

    def run_curl(self, *arguments):
        return common.run(self.curl_program, "-q", "-sS", "-m", "20", *arguments, text=False,
                          env=common.environment(HOME=self.place.path))

    def curl(self, *arguments, status=0):
        done = self.run_curl(*arguments)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def ask(self, answer, *arguments, status=0):
        with Peer(answer) as peer:
            return self.curl(*arguments, peer.url, status=status)

    def test_an_empty_length_is_none(self):
        self.ask(b"HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello", status=8)

    def test_a_length_that_is_to_be_ignored_may_be_wrong(self):
        for length in (b"abc", b"3", b"-1", b"5, 6"):
            out = self.ask(b"HTTP/1.1 200 OK\r\nContent-Length: " + length + b"\r\n\r\nhello",
                           "--ignore-content-length")
            self.assertEqual(out, BODY)

    def test_trailers(self):
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        out = self.ask(head + b"5\r\nhello\r\n0\r\nA: b\r\n\r\n", "-w", "%{size_header}")
        self.assertEqual(out, BODY + b"%d" % len(head))
        self.ask(head + b"5\r\nhello\r\n0\r\nno colon\r\n\r\n", status=8)
        self.ask(head + b"5\r\nhello\r\n0\r\nA: b\rC: d\r\n\r\n", status=56)

    def test_the_version_of_no_version(self):
        self.assertEqual(self.ask(b"just this", "--http0.9", "-w", " %{http_version}"), b"just this 0")

    def test_nothing_new_to_resume(self):
        for status in ("204 No Content", "304 Not Modified"):
            self.ask(response(status=status, body=b""), "-C", "2")
        self.ask(response(), "-C", "2", status=33)

    def test_nothing_of_a_range_that_is_none(self):
        answer = response("Content-Range: bytes 2-4/5", status="416 No", body=b"text")
        self.assertEqual(self.ask(answer, "-C", "2"), b"")

    def test_what_the_last_request_sent(self):
        size = "-d", "abc", "-w", "%{size_upload} %{num_connects}"
        with Peer(response("Location: /y", status="301 There"), response()) as peer:
            self.assertEqual(self.curl("-L", *size, peer.url), BODY + b"0 2")
        with Peer(response(), response()) as peer:  # the second request goes out twice: its connection has ended
            self.assertEqual(self.curl(*size, peer.url, peer.url), (BODY + b"3 1") * 2)

    def test_a_file_of_1970_has_no_date(self):
        since = "-z", "Tue, 13 Jun 2000 12:10:00 GMT"
        old = "Last-Modified: Thu, 01 Jan 1970 00:00:%02d GMT"
        self.assertEqual(self.ask(response(old % 0), *since), BODY)
        self.assertEqual(self.ask(response(old % 1), *since), b"")

    def test_an_empty_query_is_one(self):
        with Peer(response()) as peer:
            self.curl(peer.url + "?#fragment")
            self.assertTrue(peer.requests[0].startswith("GET /x? HTTP/1.1\r\n"))
        challenge = response('WWW-Authenticate: Digest realm="r", nonce="n"', status="401 Who", body=b"")
        with Peer(challenge, response()) as peer:
            self.curl("--digest", "-u", "u:p", peer.url + "?#fragment")
            self.assertTrue(peer.requests[1].startswith("GET /x? HTTP/1.1\r\n"))
            self.assertIn('uri="/x?",', peer.requests[1])

    def test_ideographic_dots_in_an_address(self):
        with Peer(response()) as peer:
            self.curl("http://127\u30020.0.1:%d/" % peer.port)
            self.assertIn("Host: 127.0.0.1:%d\r\n" % peer.port, peer.requests[0])

    def test_credentials_with_a_zero_byte(self):
        self.curl("http://u%00v:p@127.0.0.1:1/", status=3)

    def test_the_url_of_what_never_began(self):
        self.assertEqual(self.curl("nosuch://host/x", "-w", "%{url_effective}", status=1), b"nosuch://host/x")

    def test_addresses_of_the_other_family(self):
        with Peer(response()) as peer:
            self.curl("-6", peer.url, status=7)
            self.curl("-g", "-4", "http://[::1]:%d/" % peer.port, status=7)
            self.curl("-g", "-4", "tftp://[::1]:%d/x" % peer.port, status=7)
            self.assertEqual(peer.requests, [])

    def test_connections_that_were_made(self):
        facts = "-w", "%{num_connects} %{remote_ip}"
        port, = common.free_ports(1)
        self.assertEqual(self.curl(*facts, "http://127.0.0.1:%d/" % port, status=7), b"0 ")
        with Peer(b"", tls=self.context()) as peer:  # the certificate's authority is not known
            self.assertEqual(self.curl(*facts, peer.url, status=60), b"1 127.0.0.1")

    def test_netrc_and_options(self):
        netrc = self.place.write("netrc", "machine 127.0.0.1 login u password p\n")
        for arguments, want in (((), "dTpw"), (("-u", "u:q"), "dTpx"), (("-u", "v:q"), "djpx")):
            with Peer(response()) as peer:
                self.curl("--netrc", "--netrc-file", netrc, *arguments, peer.url)
                self.assertIn("Authorization: Basic %s\r\n" % want, peer.requests[0])

    def context(self):
        cert, key = self.ca.issue("origin", "IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        return context

    def test_tls_that_ends_with_a_reset(self):
        for answer, status in ((response()[:-2], 18), (b"", 52)):
            for _ in range(5):
                with Peer(answer, tls=self.context(), rst=True) as peer:
                    self.curl("--cacert", self.place / "ca.pem", peer.url, status=status)

    def test_a_tls_error_is_told(self):
        context = self.context()
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self.place / "ca.pem")
        for _ in range(5):  # the alert or, when the request was quicker, a reset
            with Peer(b"", tls=context) as peer:
                done = self.run_curl("--cacert", self.place / "ca.pem", peer.url)
            self.assertIn(done.returncode, (55, 56))
            self.assertRegex(done.stderr, b"certificate required|[Rr]eset|Broken pipe")


if __name__ == "__main__":
    unittest.main()
