#!/usr/bin/env python3
"""DNS over HTTPS: Debian's curl resolves through a small RFC 8484 server of the test's own."""
import http.server
import ssl
import struct
import threading
import unittest

import common

HOST = "a.name.of.the.test"


def answer(query):
    """127.0.0.1 for A of HOST, nothing for AAAA, NXDOMAIN for all else."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = struct.unpack(">H", query[at + 1:at + 3])[0]
    question = query[12:at + 5]
    known = ".".join(labels) == HOST
    record = b""
    if known and kind == 1:
        record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 1])
    flags = 0x8180 if known else 0x8183
    return query[:2] + struct.pack(">HHHHH", flags, 1, 1 if record else 0, 0, 0) + question + record


class Doh(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    queries = 0

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        good = self.headers["Content-Type"] == "application/dns-message"
        Doh.queries += 1
        reply = answer(body) if good else b""
        self.send_response(200 if good else 415)
        self.send_header("Content-Type", "application/dns-message")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *words):
        pass


class Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"yes")

    def log_message(self, *words):
        pass


def serve(handler, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class DohTest(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        cls.cert, key = common.Authority.self_signed(cls.place, "doh", "IP:127.0.0.1")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.cert, key)
        cls.doh, cls.origin = serve(Doh, context), serve(Origin)
        for server in (cls.doh, cls.origin):
            cls.addClassCleanup(server.server_close)
            cls.addClassCleanup(server.shutdown)

    def get(self, host, *words, status=0):
        return self.curl("--max-time", "10", "--doh-url", "https://127.0.0.1:%d/dns-query" % self.doh.server_port, *words,
                         "http://%s:%d/" % (host, self.origin.server_port), status=status)

    def test_a_name_is_found(self):
        before = Doh.queries
        self.assertEqual(self.get(HOST, "--cacert", self.cert), b"yes")
        self.assertGreater(Doh.queries, before)

    def test_a_name_that_is_not_there(self):
        self.get("nobody.of.the.test", "--cacert", self.cert, status=6)

    def test_an_untrusted_server_is_not_believed(self):
        self.get(HOST, status=6)

    def test_unless_that_was_asked_for(self):
        self.assertEqual(self.get(HOST, "--doh-insecure"), b"yes")


if __name__ == "__main__":
    unittest.main()
