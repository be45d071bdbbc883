"""Peers that never stop: what they say. Not a test; tests/real/flood_test.py runs them.

A flood is a function that gets a Talk (one connection) and sends until the client has gone. FLOODS has them by name, in the
order in which they stand here; Hostile serves each on a port of its own, in a process of its own.
"""
import gzip
import base64
import contextlib
import multiprocessing
import socket
import ssl
import struct
import threading
import zlib

import common

FLOODS = {}
BLOCK = 65536


def flood(function):
    FLOODS[function.__name__] = function
    return function


class Talk:
    """One connection: `n` is its number, from 0."""

    def __init__(self, sock, n, ports):
        self.sock, self.n, self.ports, self.rest = sock, n, ports, b""

    def send(self, data):
        self.sock.sendall(data)

    def forever(self, block, at_least=BLOCK):
        """The block again and again, in large writes."""
        block *= max(1, at_least // len(block))
        while True:
            self.sock.sendall(block)

    def more(self):
        got = self.sock.recv(BLOCK)
        if not got:
            raise ConnectionError("the client has gone")
        self.rest += got

    def receive(self, n):
        while len(self.rest) < n:
            self.more()
        data, self.rest = self.rest[:n], self.rest[n:]
        return data

    def request(self):
        """The next head, without a body."""
        while b"\r\n\r\n" not in self.rest:
            self.more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        return head

    def keep(self):
        """Silence, until the client goes."""
        while self.sock.recv(BLOCK):
            pass

    def drain(self):
        """What the client sends is read and dropped, beside what is being sent."""
        def read():
            with contextlib.suppress(OSError):
                self.keep()
        threading.Thread(target=read, daemon=True).start()


class Hostile:
    """All floods, on loopback ports: .ports[name]. `certificate`: (pem, key), for those whose name ends in _tls."""

    def __init__(self, certificate=None):
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.listeners = {name: socket.create_server((common.LOCAL, 0), backlog=64) for name in FLOODS}
        self.ports = {name: s.getsockname()[1] for name, s in self.listeners.items()}
        self.process = multiprocessing.get_context("fork").Process(target=self.run, daemon=True)
        self.process.start()
        for s in self.listeners.values():
            s.close()

    def stop(self):
        self.process.terminate()
        self.process.join()

    def run(self):
        threads = [threading.Thread(target=self.accept, args=(name, s), daemon=True) for name, s in self.listeners.items()]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    def accept(self, name, listener):
        n = 0
        while True:
            sock = listener.accept()[0]
            threading.Thread(target=self.serve, args=(name, sock, n), daemon=True).start()
            n += 1

    def serve(self, name, sock, n):
        try:
            if name.endswith("_tls"):
                sock = self.context.wrap_socket(sock, server_side=True)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with sock:
                FLOODS[name](Talk(sock, n, self.ports))
        except OSError:
            pass  # the client has had enough


# ---- HTTP/1: heads ----

OK = b"HTTP/1.1 200 OK\r\n"


@flood
def a_line_without_end(t):
    t.request()
    t.send(OK + b"X-Long: ")
    t.forever(b"a" * BLOCK)


@flood
def a_status_line_without_end(t):
    t.request()
    t.send(b"HTTP/1.1 200 ")
    t.forever(b"O")


@flood
def no_status_line_at_all(t):
    t.request()
    t.forever(b"\r\n")


@flood
def headers_without_end(t):
    t.request()
    t.send(OK)
    t.forever(b"X-Header: some value or other\r\n")


@flood
def headers_of_one_letter(t):
    t.request()
    t.send(OK)
    t.forever(b"a:\r\n")


@flood
def a_field_folded_without_end(t):
    t.request()
    t.send(OK + b"X-Fold: a\r\n")
    t.forever(b" b\r\n")


@flood
def fields_folded_without_end(t):
    t.request()
    t.send(OK)
    t.forever(b"X-Fold: a\r\n" + b" b\r\n" * 1000)


@flood
def informational_responses(t):
    t.request()
    t.forever(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")


@flood
def informational_responses_with_large_heads(t):
    t.request()
    t.forever(b"HTTP/1.1 103 Early Hints\r\n" + b"Link: </%s>\r\n" % (b"a" * 1000) * 250 + b"\r\n")


@flood
def cookies_without_end(t):
    t.request()
    t.send(OK)
    for n in range(1 << 30):
        t.send(b"".join(b"Set-Cookie: c%d=%s\r\n" % (n * 100 + i, b"v" * 50) for i in range(100)))


@flood
def cookies_that_are_many(t):
    """... in responses that are well-formed, one on each of a chain of redirects."""
    for hop in range(1 << 30):
        t.request()
        fields = b"".join(b"Set-Cookie: c%d=%s\r\n" % (hop * 1000 + i, b"v" * 100) for i in range(500))
        t.send(b"HTTP/1.1 302 Found\r\n%sLocation: /%d\r\nContent-Length: 0\r\n\r\n" % (fields, hop))


@flood
def challenges_without_end(t):
    """Digest that is stale each time: credentials are right, but never good."""
    for n in range(1 << 30):
        t.request()
        t.send(b'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="r", nonce="%d", stale=true\r\n'
               b"Content-Length: 0\r\n\r\n" % n)


@flood
def challenges_in_one_response(t):
    t.request()
    t.send(b"HTTP/1.1 401 No\r\n")
    t.forever(b'WWW-Authenticate: Digest realm="r", nonce="n", qop="auth", opaque="%s"\r\n' % (b"o" * 1000))


@flood
def ntlm_without_end(t):
    while True:
        t.request()
        t.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM TlRMTVNTUAACAAAAAAAAADgAAAAGgokCASNFZ4mrze8AAAAAAAAAAAAAAAA4AAAA\r\n"
               b"Content-Length: 0\r\n\r\n")


@flood
def redirects_without_end(t):
    for n in range(1 << 30):
        t.request()
        t.send(b"HTTP/1.1 302 Found\r\nLocation: /%d\r\nContent-Length: 0\r\n\r\n" % n)


@flood
def redirects_that_grow(t):
    """Each a little longer than the last one, until a line is too long."""
    for n in range(1 << 30):
        t.request()
        t.send(b"HTTP/1.1 302 Found\r\nLocation: /%s\r\nContent-Length: 0\r\n\r\n" % (b"a" * 1000 * n))


# ---- HTTP/1: bodies ----

CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@flood
def a_chunk_extension_without_end(t):
    t.request()
    t.send(CHUNKED + b"5;x=")
    t.forever(b"y")


@flood
def a_chunk_size_without_end(t):
    t.request()
    t.send(CHUNKED)
    t.forever(b"0")


@flood
def a_trailer_line_without_end(t):
    t.request()
    t.send(CHUNKED + b"5\r\nhello\r\n0\r\nX-Trailer: ")
    t.forever(b"t")


@flood
def trailers_without_end(t):
    t.request()
    t.send(CHUNKED + b"5\r\nhello\r\n0\r\n")
    t.forever(b"X-Trailer: t\r\n")


@flood
def a_body_without_end(t):
    """Streams; it is for the application to say when it has enough."""
    t.request()
    t.send(OK + b"\r\n")
    t.forever(b"b")


@flood
def more_than_was_announced(t):
    """The response is complete; what follows belongs to nobody."""
    t.request()
    t.send(OK + b"Content-Length: 5\r\n\r\nhello")
    t.forever(b"more")


# ---- decompression bombs ----

def endless_deflate(window, piece):
    """How such a stream begins, and what may follow as often as one likes: each stands for the piece."""
    z = zlib.compressobj(9, zlib.DEFLATED, window)
    first, again = (z.compress(piece) + z.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    return first, again


def nested(layers, piece):
    """Endless gzip in endless gzip: each layer stands for a thousand times as much."""
    first, again = endless_deflate(31, piece)
    for _ in range(layers - 1):
        inner = first + again * ((1 << 22) // len(again))
        z = zlib.compressobj(9, zlib.DEFLATED, 31)
        first = z.compress(inner) + z.flush(zlib.Z_FULL_FLUSH)
        again = z.compress(again * ((1 << 22) // len(again))) + z.flush(zlib.Z_FULL_FLUSH)
    return first, again


ZEROS = bytes(1 << 22)
EMPTY_BLOCKS = b"\0\0\0\xff\xff" * (1 << 20)
# The same for brotli, of which Python has no encoder: 138 MB of zeros, and then 128 MB in 105 bytes, again and again.
BROTLI_FIRST = base64.b64decode(
    "z///f/gnAOKxQCD3/p/////wTwDEYQGA7v0/////4Z8AiMMiAN37f/7//8M/ARCHBQC69//8//+HfwIgDgsAdO//+f//D/8EQBwW"
    "AOje//P//x/+CYA4LADQvf/n//8//BMAcVgAoHv/z///f/g=")
BROTLI_AGAIN = base64.b64decode(
    "JwDisABA9/6f////8E8AxGEBgO79P////+GfAIjDAgDd+3/+///DPwEQhwUAuvf//P//h38CIA4LAHTv//n//w//BEAcFgDo3v/z"
    "//8f/gmAOCwA0L3/5///P/wTAHFYAKB7/8///3/4")


def bomb(t, coding, first, again):
    t.request()
    t.send(OK + b"Content-Encoding: " + coding + b"\r\n\r\n" + first)
    t.forever(again)


@flood
def a_gzip_bomb(t):
    bomb(t, b"gzip", *endless_deflate(31, ZEROS))


@flood
def a_deflate_bomb(t):
    bomb(t, b"deflate", *endless_deflate(15, ZEROS))


@flood
def a_brotli_bomb(t):
    bomb(t, b"br", BROTLI_FIRST, BROTLI_AGAIN)


@flood
def brotli_that_gives_nothing(t):
    """RFC 7932 9.2: a window of 16 bits, and then metablocks that are to be skipped and are empty."""
    bomb(t, b"br", b"\x0c", b"\x06")


def zstd(window_log):
    """RFC 8878 3.1.1: the head of a frame without a size; and a block of one byte that stands for 128 KB."""
    return struct.pack("<IBB", 0xFD2FB528, 0, (window_log - 10) << 3), struct.pack("<I", 131072 << 3 | 1 << 1)[:3] + b"z"


@flood
def a_zstd_bomb(t):
    bomb(t, b"zstd", *zstd(23))


@flood
def a_zstd_window_of_gigabytes(t):
    bomb(t, b"zstd", *zstd(31))


@flood
def bombs_in_bombs(t):
    """Three times gzip: each byte stands for a gigabyte."""
    bomb(t, b"gzip, gzip, gzip", *nested(3, ZEROS))


@flood
def bombs_that_give_nothing(t):
    """... around blocks of deflate that are empty: much work, and not a byte for the application."""
    first, again = b"\x1f\x8b\x08\0\0\0\0\0\0\xff", EMPTY_BLOCKS
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    first = z.compress(first + again) + z.flush(zlib.Z_FULL_FLUSH)
    again = z.compress(again) + z.flush(zlib.Z_FULL_FLUSH)
    z = zlib.compressobj(9, zlib.DEFLATED, 31)
    times = (1 << 22) // len(again)
    bomb(t, b"gzip, gzip, gzip", z.compress(first + again * times) + z.flush(zlib.Z_FULL_FLUSH),
         z.compress(again * times) + z.flush(zlib.Z_FULL_FLUSH))


@flood
def encodings_upon_encodings(t):
    t.request()
    t.send(OK + b"Content-Encoding: " + b"gzip, " * 1000 + b"gzip\r\n\r\n")
    t.forever(endless_deflate(31, ZEROS)[0])


@flood
def transfer_encodings_upon_encodings(t):
    t.request()
    t.send(OK + b"Transfer-Encoding: " + b"gzip, " * 1000 + b"chunked\r\n\r\n")
    t.forever(b"5\r\nhello\r\n")


# ---- over TLS: what is remembered ----

@flood
def alternatives_tls(t):
    t.request()
    fields = b"".join(b'Alt-Svc: h1="a%d.example:%d"; ma=1000000\r\n' % (n, n % 60000 + 1) for n in range(4000))
    t.send(OK + fields + b"Content-Length: 2\r\n\r\nok")
    t.request()


@flood
def alternatives_in_one_field_tls(t):
    t.request()
    value = b", ".join(b'h1="a%d.example:%d"' % (n, n % 60000 + 1) for n in range(3000))
    t.send(OK + b"Alt-Svc: " + value + b"\r\nContent-Length: 2\r\n\r\nok")
    t.request()


@flood
def strict_transport_tls(t):
    t.request()
    fields = b"".join(b"Strict-Transport-Security: max-age=%d; includeSubDomains\r\n" % (n + 1) for n in range(4000))
    t.send(OK + fields + b"Content-Length: 2\r\n\r\nok")
    t.request()


# ---- proxies ----

@flood
def connect_headers_without_end(t):
    t.request()
    t.send(OK)
    t.forever(b"X-Header: some value or other\r\n")


@flood
def connect_line_without_end(t):
    t.request()
    t.send(OK + b"X-Long: ")
    t.forever(b"a")


@flood
def connect_informational(t):
    t.request()
    t.forever(b"HTTP/1.1 100 Continue\r\n\r\n")


@flood
def connect_body_without_end(t):
    """A 407 that could be answered if it ever ended; on each connection again."""
    t.request()
    t.send(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", nonce="n"\r\nTransfer-Encoding: chunked\r\n\r\n')
    t.forever(b"5\r\nhello\r\n")


@flood
def connect_challenges_without_end(t):
    for n in range(1 << 30):
        t.request()
        t.send(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", nonce="%d", stale=true\r\n'
               b"Content-Length: 0\r\n\r\n" % n)


@flood
def connect_challenges_that_close(t):
    t.request()
    t.send(b'HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", nonce="%d", stale=true\r\n'
           b"Connection: close\r\nContent-Length: 0\r\n\r\n" % t.n)


@flood
def proxy_challenges_without_end(t):
    """The same without a tunnel."""
    connect_challenges_without_end(t)


@flood
def socks4_without_end(t):
    t.receive(9)
    t.forever(b"\0")


@flood
def socks4_granted_and_more(t):
    t.receive(9)
    t.send(b"\0\x5a" + bytes(6))
    t.forever(b"z")


@flood
def socks5_without_end(t):
    t.receive(3)
    t.forever(b"\5")


@flood
def socks5_granted_and_more(t):
    t.receive(3)
    t.send(b"\5\0")
    t.receive(5)
    t.send(b"\5\0\0\3\xff" + b"n" * 257)
    t.forever(b"z")


# ---- HTTP/2 ----

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
STATUS_200 = b"\x88"
STATUS_103 = b"\x48\x03103"  # a literal with the name of entry 8, not indexed (RFC 7541 6.2.1)
REFUSED_STREAM, CANCEL = 7, 8


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(name, value):
    """RFC 7541 6.2.2 and 5.1: without indexing, without Huffman."""
    return b"\0" + string(name) + string(value)


def string(s):
    n, out = len(s), b""
    if n < 127:
        return bytes([n]) + s
    n -= 127
    while n >= 128:
        out += bytes([n % 128 + 128])
        n //= 128
    return b"\x7f" + out + bytes([n]) + s


class Http2(Talk):
    """The same connection after the preface and our SETTINGS."""

    def __init__(self, talk):
        self.__dict__ = talk.__dict__
        self.receive(24)
        self.send(frame(SETTINGS, 0, 0))

    def next_frame(self):
        head = self.receive(9)
        return head[3], head[4], int.from_bytes(head[5:9], "big"), self.receive(int.from_bytes(head[:3], "big"))

    def next_request(self):
        """The number of its stream."""
        while True:
            kind, _, stream, _ = self.next_frame()
            if kind == HEADERS:
                return stream

    def answer(self, stream, fields=b"", end=False):
        self.send(frame(HEADERS, END_HEADERS | (END_STREAM if end else 0), stream, STATUS_200 + fields))


def http2(function):
    """A flood that begins when the first request is there: function(talk, stream)."""
    def serve(t):
        h = Http2(t)
        function(h, h.next_request())
    serve.__name__ = function.__name__
    return flood(serve)


@http2
def h2_continuations(h, s):
    h.send(frame(HEADERS, 0, s, STATUS_200))
    h.forever(frame(CONTINUATION, 0, s, literal(b"x", b"y" * 100)))


@http2
def h2_empty_continuations(h, s):
    h.send(frame(HEADERS, 0, s, STATUS_200))
    h.forever(frame(CONTINUATION, 0, s))


@http2
def h2_settings(h, _):
    h.forever(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65536)))


@http2
def h2_settings_that_are_read(h, _):
    h.drain()
    h.forever(frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65536)))


@http2
def h2_settings_acknowledged(h, _):
    h.forever(frame(SETTINGS, ACK, 0))


@http2
def h2_pings(h, _):
    h.forever(frame(PING, 0, 0, b"12345678"))


@http2
def h2_pings_that_are_read(h, _):
    h.drain()
    h.forever(frame(PING, 0, 0, b"12345678"))


@http2
def h2_pings_acknowledged(h, _):
    h.forever(frame(PING, ACK, 0, b"12345678"))


@http2
def h2_priorities(h, s):
    h.forever(frame(PRIORITY, 0, s, struct.pack(">IB", 0, 7)))


@http2
def h2_frames_of_no_known_kind(h, _):
    h.drain()
    h.forever(frame(0xEE, 0, 0, b"?" * 100))


@http2
def h2_empty_frames_of_no_known_kind(h, _):
    h.forever(frame(0xEE, 0, 0))


@http2
def h2_window_updates(h, s):
    h.forever(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 1)) + frame(WINDOW_UPDATE, 0, s, struct.pack(">I", 1)))


@http2
def h2_windows_that_overflow(h, _):
    h.forever(frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 0x7FFFFFFF)))


@http2
def h2_goaways(h, s):
    h.forever(frame(GOAWAY, 0, 0, struct.pack(">II", s, 0) + b"bye" * 100))


@http2
def h2_empty_data(h, s):
    h.answer(s)
    h.forever(frame(DATA, 0, s))


@http2
def h2_data_of_padding(h, s):
    """Within the window, which the client opens again: padding is consumed at once."""
    h.answer(s)
    window, padding = 65535, b"\xff" + bytes(255)
    while True:
        n = window // len(padding)
        h.send(frame(DATA, PADDED, s, padding) * n)
        window -= n * len(padding)
        while window < len(padding):
            kind, _, stream, payload = h.next_frame()
            if kind == WINDOW_UPDATE and stream == s:
                window += int.from_bytes(payload, "big")


@http2
def h2_data_that_nobody_wants(h, s):
    """On a stream that the client has closed; its window is opened again and again by itself."""
    h.answer(s, end=True)
    h.next_request()
    h.drain()
    h.forever(frame(DATA, 0, s, bytes(16384)))


@http2
def h2_resets_of_a_closed_stream(h, s):
    h.answer(s, end=True)
    h.next_request()
    h.forever(frame(RST_STREAM, 0, s, struct.pack(">I", CANCEL)))


def refuse_all(h, s=None):
    while True:
        h.send(frame(RST_STREAM, 0, s or h.next_request(), struct.pack(">I", REFUSED_STREAM)))
        s = None


@http2
def h2_rapid_reset(h, s):
    """Each request is refused as soon as it comes, as if another try would help."""
    refuse_all(h, s)


@http2
def h2_rapid_reset_after_an_answer(h, s):
    """... on a connection that has served somebody. On the others it serves nobody."""
    if h.n:
        refuse_all(h, s)
    h.answer(s, end=True)
    refuse_all(h)


@http2
def h2_goaway_each_time(h, _):
    """Each connection sends its first request away."""
    h.send(frame(GOAWAY, 0, 0, struct.pack(">II", 0, 0)))
    h.keep()


@http2
def h2_http_1_1_required(h, s):
    h.send(frame(RST_STREAM, 0, s, struct.pack(">I", 13)))
    refuse_all(h)


@http2
def h2_promises_that_are_off(h, s):
    for n in range(2, 1 << 30, 2):
        h.send(frame(PUSH_PROMISE, END_HEADERS, s, struct.pack(">I", n) + b"\x82\x84\x86" + literal(b":authority", b"a.test")))


@http2
def h2_promises(h, s):
    """As many as there are; for the authority that was asked, so that they could be taken."""
    h.drain()
    authority = literal(b":authority", b"127.0.0.1:%d" % h.ports["h2_promises"])
    for n in range(2, 1 << 30, 200):
        h.send(b"".join(frame(PUSH_PROMISE, END_HEADERS, s, struct.pack(">I", i) + b"\x82\x84\x86" + authority)
                        for i in range(n, n + 200, 2)))


@http2
def h2_promises_that_are_large(h, s):
    h.drain()
    fields = literal(b"x", b"y" * 15000)
    for n in range(2, 1 << 30, 2):
        h.send(frame(PUSH_PROMISE, 0, s, struct.pack(">I", n) + b"\x82\x84\x86" + fields) +
               frame(CONTINUATION, END_HEADERS, s, fields))


@http2
def h2_hpack_bomb(h, s):
    """One entry of 4 KB in the dynamic table, and references to it: a byte each. RFC 7541 6.1, 6.2.1."""
    entry = b"\x40" + string(b"x") + string(b"y" * 4000)
    h.send(frame(HEADERS, END_HEADERS, s, STATUS_200 + entry + b"\xbe" * 12000))
    h.keep()


@http2
def h2_many_fields(h, s):
    block = literal(b"a", b"") * 4000
    h.send(frame(HEADERS, 0, s, STATUS_200 + block[:16000]) + frame(CONTINUATION, END_HEADERS, s, block))
    h.keep()


@http2
def h2_table_that_grows_and_shrinks(h, s):
    """RFC 7541 6.3: size updates, at the start of each of endless informational heads."""
    h.forever(frame(HEADERS, END_HEADERS, s, b"\x20\x3f\xe1\x1f" + STATUS_103))


@http2
def h2_informational(h, s):
    h.forever(frame(HEADERS, END_HEADERS, s, STATUS_103 + literal(b"link", b"</a>")))


@http2
def h2_heads_without_an_end(h, s):
    """A final head again and again."""
    h.forever(frame(HEADERS, END_HEADERS, s, STATUS_200))


@http2
def h2_trailers_without_end(h, s):
    h.answer(s)
    h.forever(frame(HEADERS, END_HEADERS, s, literal(b"x-trailer", b"t")))


@http2
def h2_cookies(h, s):
    fields = b"".join(literal(b"set-cookie", b"c%d=v" % n) for n in range(600))
    h.answer(s, fields, end=True)
    h.next_request()


@http2
def h2_frames_that_are_too_large(h, s):
    h.answer(s)
    h.forever(frame(DATA, 0, s, bytes(100000)))


@http2
def h2_pings_after_the_end(h, s):
    """The connection is idle, and the peer does not stop."""
    h.answer(s, end=True)
    h.forever(frame(PING, 0, 0, b"12345678"))


@http2
def h2_data_after_the_end(h, s):
    h.answer(s, end=True)
    h.drain()
    h.forever(frame(DATA, 0, s, bytes(16384)))


@http2
def h2_bombs_in_bombs(h, s):
    h.answer(s, literal(b"content-encoding", b"gzip, gzip, gzip"))
    data = nested(3, ZEROS)[0]
    h.send(b"".join(frame(DATA, 0, s, data[i:i + 16384]) for i in range(0, len(data), 16384)))
    h.keep()


@flood
def upgrade_to_nothing(t):
    """101, and then what is no HTTP/2."""
    t.request()
    t.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    t.forever(b"HTTP/1.1 200 OK\r\n\r\n")


@flood
def h2_a_frame_without_end(t):
    """A frame of the largest length, which never comes to its end."""
    t.request if False else None
    t.receive(24)
    t.send(b"\xff\xff\xff" + bytes([SETTINGS, 0, 0, 0, 0, 0]))
    t.forever(b"\0")
