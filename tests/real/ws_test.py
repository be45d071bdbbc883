#!/usr/bin/python3
"""WebSocket: ws_client.c on our library, against the websockets package and against scripted servers of its own."""
import asyncio
import base64
import contextlib
import hashlib
import os
import re
import socket
import ssl
import struct
import threading
import time
import unittest

import common

try:
    import websockets
except ImportError as missing:
    raise unittest.SkipTest("no python3-websockets here; tools/setup test installs it") from missing

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10


def pattern(count):
    return (bytes(i * 7 & 255 for i in range(256)) * (count // 256 + 1))[:count]


def frame(opcode, payload=b"", fin=True, head=b""):
    """As a server sends it; `head` in place of the usual one."""
    if not head:
        n = len(payload)
        size = bytes([n]) if n < 126 else struct.pack("!BH", 126, n) if n < 65536 else struct.pack("!BQ", 127, n)
        head = bytes([(128 if fin else 0) | opcode]) + size
    return head + payload


def frames_of(data):
    """What a client sent: (fin, opcode, payload) each. Raises ValueError when it is not what RFC 6455 says."""
    found, at = [], 0
    while at < len(data):
        first, second = data[at], data[at + 1]
        at += 2
        if not second & 128 or first & 112:
            raise ValueError("not masked, or a reserved bit")
        n = second & 127
        if n > 125:
            n, wide = (struct.unpack_from("!H", data, at)[0], 2) if n == 126 else \
                (struct.unpack_from("!Q", data, at)[0], 8)
            at += wide
        mask = data[at:at + 4]
        at += 4
        if len(data) - at < n:
            raise ValueError("an incomplete frame")
        key = int.from_bytes(mask * (n // 4 + 1), "big") >> 8 * (4 - n % 4) if n else 0
        found.append((bool(first & 128), first & 15,
                      (int.from_bytes(data[at:at + n], "big") ^ key).to_bytes(n, "big")))
        at += n
    return found


class Real:
    """The websockets package in a thread, plain and with TLS."""

    def __init__(self, pem, key):
        self.errors, self.closed = [], []
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(pem, key)
        self.tls.set_alpn_protocols(["h2", "http/1.1"])
        ready = threading.Event()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.run, args=(ready,))
        self.thread.start()
        ready.wait(common.SECONDS)

    def run(self, ready):
        asyncio.set_event_loop(self.loop)
        how = {"max_size": None, "max_queue": 4, "ping_interval": None, "close_timeout": 5, "compression": None,
               "subprotocols": ["chat", "superchat"]}
        servers = [self.loop.run_until_complete(websockets.serve(self.talk, common.LOCAL, 0, ssl=tls, **how))
                   for tls in (None, self.tls)]
        self.plain_port, self.tls_port = (s.sockets[0].getsockname()[1] for s in servers)
        ready.set()
        self.loop.run_forever()
        for server in servers:
            server.close()
            self.loop.run_until_complete(server.wait_closed())
        self.loop.close()

    async def talk(self, ws):
        try:
            await getattr(self, "on_" + ws.path.strip("/").split("?")[0])(ws)
        except websockets.exceptions.ConnectionClosed as closed:
            self.closed.append(closed.rcvd and closed.rcvd.code)

    async def on_echo(self, ws):
        async for message in ws:
            await ws.send(message)

    async def on_many(self, ws):
        await ws.send("hello")
        await ws.send(pattern(3))
        await ws.send("")
        await ws.send(["one", "two", "", "three"])
        await ws.send(pattern(100000))
        await ws.close(4001, "enough")

    async def on_ping(self, ws):
        await ws.send("before")
        await asyncio.wait_for(await ws.ping(b"are you there?"), 5)
        await asyncio.wait_for(await ws.ping(b""), 5)
        await ws.send("ponged")
        await ws.close()

    async def on_ask(self, ws):
        await ws.send("ask")
        await ws.send(await ws.recv())
        await ws.close()

    async def on_head(self, ws):
        tls = ws.transport.get_extra_info("ssl_object")
        await ws.send("%s|%s|%s" % (tls and tls.selected_alpn_protocol(), ws.subprotocol,
                                    ws.request_headers.get("X-More")))

    async def on_frames(self, ws):
        """How many frames and bytes came as one message is for the client to know; here only the message."""
        message = await ws.recv()
        await ws.send("%s %d %s" % (type(message).__name__, len(message),
                                    pattern(len(message)) == message if isinstance(message, bytes) else message))

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(common.SECONDS)


class Scripted:
    """One connection after the other, each by the next function: it gets this object, the socket and the request's head.
    .received is what came behind the head, all connections together."""

    def __init__(self, *functions):
        self.functions, self.heads, self.received, self.problem = functions, [], b"", None
        self.listener = socket.create_server((common.LOCAL, 0))
        self.listener.settimeout(10)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        try:
            for function in self.functions:
                peer, _ = self.listener.accept()
                with peer:
                    peer.settimeout(10)
                    self.heads.append(self.head(peer))
                    function(self, peer, self.heads[-1])
        except OSError as problem:
            self.problem = problem

    def head(self, peer):
        got = b""
        while not got.endswith(b"\r\n\r\n"):
            byte = peer.recv(1)
            if not byte:
                raise OSError("no request")
            got += byte
        return got

    def read_all(self, peer):
        with contextlib.suppress(ConnectionError):
            while chunk := peer.recv(1 << 20):
                self.received += chunk

    def done(self):
        self.thread.join(common.SECONDS)
        self.listener.close()
        return self.received


def accept_of(head):
    key = re.search(rb"Sec-WebSocket-Key: (\S+)", head)[1]
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def upgrade(head, **change):
    """101 with its fields; a change of None leaves one out."""
    fields = {"Upgrade": b"websocket", "Connection": b"Upgrade", "Sec-WebSocket-Accept": accept_of(head)}
    fields.update({name.replace("_", "-"): value for name, value in change.items()})
    return b"HTTP/1.1 101 Switching Protocols\r\n" + b"".join(
        b"%s: %s\r\n" % (name.encode(), value) for name, value in fields.items() if value is not None) + b"\r\n"


def says(data, read=True, **change):
    """A server that upgrades and says `data` at once, then reads until the client closes, or closes itself."""
    def function(server, peer, head):
        peer.sendall(upgrade(head, **change) + data)
        if read:
            server.read_all(peer)
        else:
            peer.shutdown(socket.SHUT_WR)
            server.read_all(peer)
    return function


class WebSocket(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        place = cls.place
        pem, key = common.Authority(place).issue("good", "DNS:localhost,IP:127.0.0.1")
        cls.client = place / "ws_client"
        common.must(common.CC, "-std=c11", "-D_GNU_SOURCE", "-O1", "-I", common.SOURCE / "include",
                    common.HERE / "ws_client.c", "-o", cls.client, "-L", common.LIB, "-l:libcurl.so.4")
        cls.real = Real(pem, key)
        cls.addClassCleanup(cls.real.stop)

    def url(self, path, tls=False):
        return "%s://127.0.0.1:%d/%s" % ("wss" if tls else "ws", self.real.tls_port if tls else self.real.plain_port,
                                         path)

    def run_client(self, url, *words, env=None):
        done = common.run(self.client, url, "ca=%s" % (self.place / "ca.pem"), *words,
                          env=env or common.environment())
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def against(self, functions, *words, path="/", scheme="ws"):
        """The client's lines against a scripted server, which is kept as self.server."""
        self.server = Scripted(*(functions if isinstance(functions, list) else [functions]))
        lines = self.run_client("%s://127.0.0.1:%d%s" % (scheme, self.server.port, path), *words)
        self.sent = self.server.done()
        return lines

    def both(self):
        for tls in False, True:
            with self.subTest(tls=tls):
                yield tls

    # ---- against a real server: held ----

    def test_held_echo(self):
        for tls in self.both():
            lines = self.run_client(self.url("echo", tls), "held", "text=hi", "recv", "bin=100000", "recv", "text=",
                                    "recv", "bin=0", "recv", "ping=pp", "recv", "meta", "again")
            self.assertEqual(lines, ["result 0", 'text "hi"', "binary 100000 bytes", 'text ""', 'binary ""',
                                     'pong "pp"', "meta none", "again: 81"])

    def test_held_large_and_small_buffers(self):
        for tls in self.both():
            lines = self.run_client(self.url("echo", tls), "held", "bin=3000000", "recv", "bin=125", "bin=126",
                                    "bin=65535", "bin=65536", "room=7", "recv", "recv", "room=999", "recv", "recv")
            self.assertEqual(lines, ["result 0", "binary 3000000 bytes"] +
                             ["binary %d bytes" % n for n in (125, 126, 65535, 65536)])

    def test_held_parts_and_fragments(self):
        for tls in self.both():
            url = self.url("frames", tls)
            self.assertEqual(self.run_client(url, "held", "parts=300000,777", "recv")[1:],
                             ['text "bytes 300000 True"'])
            self.assertEqual(self.run_client(url, "held", "text+cont=ab", "text+cont=", "ping=x", "text=cd", "recv",
                                             "recv")[1:], ['pong "x"', 'text "str 4 abcd"'])
            self.assertEqual(self.run_client(url, "held", "text+cont=ab", "cont=cd", "none=ef", "recv")[1:],
                             ['text "str 6 abcdef"'])

    def test_held_peek(self):
        lines = self.run_client(self.url("echo"), "held", "text=abcdef", "once=0", "once=0", "once=2", "once=0",
                                "recv", "text=", "once=0", "text=z", "recv")
        self.assertEqual(lines, ["result 0", 'once: 0 text 0 6 0 ""', 'once: 0 text 0 6 0 ""',
                                 'once: 0 text 0 4 2 "ab"', 'once: 0 text 2 4 0 ""', 'text "cdef"',
                                 'once: 0 text 0 0 0 ""', 'text "z"'])

    def test_held_everything_that_came(self):
        want = ["result 0", 'text "hello"', "binary 3 bytes", 'text ""', 'text+cont "one"', 'text+cont "two"',
                'text+cont ""', 'text+cont "three"', 'text ""', "binary 100000 bytes",
                "close 8 other bytes 0f a1 65 6e 6f 75 67 68", "recv: 52"]
        for tls in self.both():
            self.assertEqual(self.run_client(self.url("many", tls), "held", "drain"), want)
            self.assertEqual(self.run_client(self.url("many", tls), "held", "room=2", "drain"), want)

    def test_held_close_by_us(self):
        self.assertEqual(self.run_client(self.url("echo"), "held", "close=", "recv", "recv", "recv"),
                         ["result 0", 'close ""', "recv: 52", "recv: 52"])

    def test_held_pong(self):
        self.assertEqual(self.run_client(self.url("ping"), "held", "drain"),
                         ["result 0", 'text "before"', 'text "ponged"', "close 2 other bytes 03 e8", "recv: 52"])
        self.assertEqual(self.run_client(self.url("ping"), "nopong", "held", "recv", "recv",
                                         "pong=are you there?", "recv", "pong=", "recv"),
                         ["result 0", 'text "before"', 'ping "are you there?"', 'ping ""', 'text "ponged"'])

    # ---- against a real server: the write callback ----

    def test_run_everything_that_came(self):
        want = ['text 0 0 "hello"', "binary 0 0 3 bytes", 'text 0 0 ""', 'text+cont 0 0 "one"',
                'text+cont 0 0 "two"', 'text+cont 0 0 ""', 'text+cont 0 0 "three"', 'text 0 0 ""']
        for tls in self.both():
            for more in [], ["pause=3"]:
                lines = self.run_client(self.url("many", tls), "run", *more)
                self.assertEqual(lines[:8], want)
                at = 0
                for line in lines[8:-2]: # of 100000 bytes in whatever pieces
                    offset, left, n = re.match(r"binary (\d+) (\d+) (\d+) ", line).groups()
                    self.assertEqual((int(offset), int(left)), (at, 100000 - at - int(n)))
                    at += int(n)
                self.assertEqual(at, 100000)
                self.assertEqual(lines[-2:], ["close 0 0 8 other bytes 0f a1 65 6e 6f 75 67 68", "result 0"])

    def test_run_pong(self):
        self.assertEqual(self.run_client(self.url("ping"), "run"),
                         ['text 0 0 "before"', 'text 0 0 "ponged"', "close 0 0 2 other bytes 03 e8", "result 0"])

    def test_run_send_from_the_callback(self):
        for tls in self.both():
            self.assertEqual(self.run_client(self.url("ask", tls), "run", "reply=an answer"),
                             ['text 0 0 "ask"', "sent 0 9", 'text 0 0 "an answer"', "close 0 0 2 other bytes 03 e8",
                              "result 0"])
            lines = self.run_client(self.url("ask", tls), "run", "reply=5000000", "quiet")
            self.assertEqual(lines[:2], ['text 0 0 "ask"', "sent 0 5000000"])
            self.assertRegex(lines[2], r"^binary \d+ 0 ")
            self.assertEqual(lines[-1], "result 0")

    def test_run_upload(self):
        for tls in self.both():
            lines = self.run_client(self.url("echo", tls), "run", "frame=text:abc", "frame=plain", "frame=bin:200000",
                                    "frame=bin:0", "frame=text:end", "close=5", "quiet")
            self.assertEqual(lines[:2], ['text 0 0 "abc"', 'binary 0 0 "plain"'])
            self.assertRegex(lines[2], r"^binary \d+ 0 \d+ ")
            self.assertEqual(lines[3:], ['binary 0 0 ""', 'text 0 0 "end"', "close 0",
                                         "close 0 0 2 other bytes 03 e8", "result 0"])

    def test_run_upload_fragments_and_pauses(self):
        lines = self.run_client(self.url("frames"), "run", "frame=text+cont:ab", "frame=ping:p", "frame=text:cd",
                                "readpause", "close=2")
        self.assertEqual(lines, ['pong 0 0 "p"', 'text 0 0 "str 4 abcd"', "close 0",
                                 "close 0 0 2 other bytes 03 e8", "result 0"])

    # ---- Debian's curl program, which has no options for it but goes where the URL leads ----

    def test_curl_program(self):
        curl = common.program("curl")
        done = common.run(curl, "-q", "-sS", self.url("many"), text=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout, b"hello" + pattern(3) + b"onetwothree" + pattern(100000) + b"\x0f\xa1enough")
        done = common.run(curl, "-q", "-sS", "--cacert", self.place / "ca.pem", "-T", "-", self.url("ask", True),
                          input=pattern(30000), text=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(done.stdout[:3] + done.stdout[-2:], b"ask\x03\xe8")
        said = common.run(curl, "--version").stdout
        self.assertRegex(said, r"Protocols: .* ws wss\n")

    # ---- the handshake ----

    def test_head_and_alpn(self):
        words = "header=X-More: yes", "header=Sec-WebSocket-Protocol: superchat, other", "held", "recv"
        self.assertEqual(self.run_client(self.url("head"), *words)[1:], ['text "None|superchat|yes"'])
        self.assertEqual(self.run_client(self.url("head", True), *words)[1:], ['text "http/1.1|superchat|yes"'])
        lines = self.against(says(frame(CLOSE)), "run", path="/a/b?c=d")
        self.assertEqual(lines, ['close 0 0 ""', "result 0"])
        head = self.server.heads[0].decode()
        self.assertRegex(head, r"^GET /a/b\?c=d HTTP/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\nAccept: \*/\*\r\n"
                               r"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                               r"Sec-WebSocket-Key: [A-Za-z0-9+/]{22}==\r\nConnection: Upgrade\r\n\r\n$")

    def test_keys_and_masks_differ(self):
        heads, masks = set(), set()
        for _ in range(3):
            self.against(says(b""), "held", "text=aaaa", "text=aaaa")
            heads.add(accept_of(self.server.heads[0]))
            masks.update((self.sent[2:6], self.sent[12:16]))
        self.assertEqual((len(heads), len(masks)), (3, 6))

    def test_own_key(self):
        key = base64.b64encode(b"0123456789abcdef").decode()
        self.assertEqual(self.against(says(frame(TEXT, b"x")), "header=Sec-WebSocket-Key: " + key, "held", "recv"),
                         ["result 0", 'text "x"'])
        self.assertEqual(self.server.heads[0].count(key.encode()), 1)

    def test_refused(self):
        for status in b"200 OK", b"204 No", b"301 Moved", b"403 Forbidden", b"500 Oh":
            for how in "held", "run":
                lines = self.against(lambda server, peer, head: peer.sendall(
                    b"HTTP/1.1 %s\r\nLocation: /x\r\nContent-Length: 5\r\n\r\nhello" % status), how)
                self.assertEqual(lines, ["result 22 Refused WebSocket upgrade: %s" % status.decode().split()[0]])
        lines = self.against(lambda server, peer, head: peer.sendall(b"no HTTP at all\r\n\r\n"), "run")
        self.assertRegex(lines[0], r"^result 1 ")

    def test_wrong_answers(self):
        for change, text in [({"Upgrade": b"h2c"}, 'no "Upgrade: websocket"'),
                             ({"Upgrade": None}, 'no "Upgrade: websocket"'),
                             ({"Connection": b"keep-alive"}, 'no "Connection: Upgrade"'),
                             ({"Connection": None}, 'no "Connection: Upgrade"'),
                             ({"Sec_WebSocket_Accept": b"HSmrc0sMlYUkAGmm5OPpG2HaGWk="}, "a wrong Sec-WebSocket-Accept"),
                             ({"Sec_WebSocket_Accept": None}, "a wrong Sec-WebSocket-Accept"),
                             ({"Sec_WebSocket_Extensions": b"permessage-deflate"}, "an extension that nobody asked for"),
                             ({"Sec_WebSocket_Protocol": b"chat"}, "a subprotocol that nobody asked for")]:
            for how in "held", "run":
                lines = self.against(says(frame(TEXT, b"x"), **change), how)
                self.assertEqual(lines, ["result 8 Invalid WebSocket upgrade: " + text])
        lines = self.against(says(b"", Sec_WebSocket_Protocol=b"b"), "header=Sec-WebSocket-Protocol: a", "held")
        self.assertRegex(lines[0], "result 8 .*another subprotocol")
        lines = self.against(says(frame(TEXT, b"x"), Upgrade=b"WebSocket", Connection=b"keep-alive, upgrade"), "held",
                             "recv")
        self.assertEqual(lines, ["result 0", 'text "x"'])

    def test_redirect(self):
        def moved(location):
            return lambda server, peer, head: peer.sendall(
                b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % location)
        there = [moved(b"/new"), says(frame(TEXT, b"moved"))]
        self.assertEqual(self.against(there, "follow", "redir=ws,wss", "held", "recv"), ["result 0", 'text "moved"'])
        self.assertTrue(self.server.heads[1].startswith(b"GET /new HTTP/1.1\r\n"))
        self.assertIn(b"Upgrade: websocket\r\n", self.server.heads[1])
        self.assertEqual(self.against(moved(b"/new"), "follow", "held"),
                         ['result 1 Protocol "ws" is disabled in redirect'])
        self.assertEqual(self.against(moved(b"http://127.0.0.1:1/"), "follow", "held"),
                         ['result 1 A redirect from WebSocket to "http"'])

    def test_authentication(self):
        def challenge(server, peer, head):
            peer.sendall(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\"r\", nonce=\"n\"\r\n"
                         b"Connection: close\r\nContent-Length: 5\r\n\r\nhello")
        lines = self.against([challenge, says(frame(TEXT, b"in"))], "user=jim:secret", "held", "recv")
        self.assertEqual(lines, ["result 0", 'text "in"'])
        self.assertIn(b'Authorization: Digest username="jim"', self.server.heads[1])
        self.assertEqual(self.against(challenge, "held"), ["result 22 Refused WebSocket upgrade: 401"])

    def test_through_a_proxy(self):
        def proxy(server, peer, head):
            peer.sendall(b"HTTP/1.1 200 Connected\r\nConnection: keep-alive\r\n\r\n")  # not the origin's answer
            server.heads.append(server.head(peer))
            says(frame(TEXT, b"tunnelled"))(server, peer, server.heads[-1])
        self.server = Scripted(proxy)
        lines = self.run_client("ws://origin.test:81/x", "proxy=http://127.0.0.1:%d" % self.server.port, "held", "recv")
        self.server.done()
        self.assertEqual(lines, ["result 0", 'text "tunnelled"'])
        self.assertTrue(self.server.heads[0].startswith(b"CONNECT origin.test:81 HTTP/1.1\r\n"))
        self.assertTrue(self.server.heads[1].startswith(b"GET /x HTTP/1.1\r\nHost: origin.test:81\r\n"))

    def test_early_hints_are_no_answer(self):
        def hints(server, peer, head):
            peer.sendall(b"HTTP/1.1 103 Early Hints\r\nConnection: close\r\nUpgrade: no\r\n\r\n")
            says(frame(TEXT, b"later"))(server, peer, head)
        self.assertEqual(self.against(hints, "held", "recv"), ["result 0", 'text "later"'])

    def test_untrusted_certificate(self):
        done = common.run(self.client, self.url("echo", True), "held")
        self.assertTrue(done.stdout.startswith("result 60 "), done.stdout)

    # ---- a hostile server ----

    BAD = [(frame(3, b"x"), "a reserved opcode"), (frame(11, b"x"), "a reserved opcode"),
           (frame(TEXT, b"x", head=b"\xc1\x01"), "a reserved bit"), (frame(TEXT, b"x", head=b"\x91\x01"), "a reserved bit"),
           (b"\x81\x81abcdx", "a masked frame"), (frame(PING, b"x", fin=False), "a fragmented control frame"),
           (frame(PING, b"x" * 126), "more than 125 bytes"), (frame(CLOSE, b"x"), "half a status code"),
           (frame(0, b"x"), "a continuation of no message"), (frame(TEXT, b"", fin=False) + frame(TEXT), "a new message"),
           (frame(TEXT, b"x", head=b"\x81\x7e\x00\x01"), "longer than it need be"),
           (frame(TEXT, b"x", head=b"\x81\x7f" + b"\0" * 7 + b"\x01"), "longer than it need be"),
           (frame(TEXT, b"x", head=b"\x81\x7f\x80" + b"\0" * 7), "a length of 64 bits")]

    def test_bad_frames(self):
        good = frame(BINARY, pattern(5))
        for bad, text in self.BAD:
            with self.subTest(text):
                lines = self.against(says(good + bad), "run")
                self.assertEqual(lines[0], "binary 0 0 5 bytes")
                self.assertRegex(lines[-1], "^result 56 WebSocket: .*" + text)
                lines = self.against(says(good + bad), "held", "recv", "drain", "recv")
                self.assertEqual(lines[1], "binary 5 bytes")
                self.assertEqual(lines[-2:], ["recv: 56", "recv: 56"])

    def test_byte_by_byte(self):
        data = frame(TEXT, b"ab", fin=False) + frame(PING, b"12") + frame(0, b"cd") + frame(BINARY, pattern(130)) + \
            frame(CLOSE, b"\x03\xe8")

        def function(server, peer, head):
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in upgrade(head) + data:
                peer.sendall(bytes([byte]))
                time.sleep(0.0002)
            server.read_all(peer)
        self.assertEqual(self.against(function, "held", "drain"),
                         ["result 0", 'text+cont "ab"', 'text "cd"', "binary 130 bytes", "close 2 other bytes 03 e8",
                          "recv: 52"])
        self.assertEqual(frames_of(self.sent), [(True, PONG, b"12")])
        lines = self.against(function, "run", "quiet")
        self.assertEqual((lines[0], lines[-2:]), ('text+cont 1 0 "b"', ["close 1 0 1 other bytes e8", "result 0"]))
        self.assertEqual(frames_of(self.sent), [(True, PONG, b"12"), (True, CLOSE, b"\x03\xe8")])

    def test_closed_early(self):
        self.assertEqual(self.against(says(b"", read=False), "run"), ["result 52 Empty reply from server"])
        self.assertEqual(self.against(says(frame(TEXT, b"x"), read=False), "run"), ['text 0 0 "x"', "result 0"])
        self.assertEqual(self.against(says(frame(TEXT, b"x" * 9)[:5], read=False), "run"),
                         ['text 0 6 "xxx"', "result 56 WebSocket: the connection was closed within a frame"])
        self.assertEqual(self.against(says(b"\x81", read=False), "run"),
                         ["result 56 WebSocket: the connection was closed within a frame"])
        self.assertEqual(self.against(says(frame(TEXT, b"x"), read=False), "held", "recv", "recv", "recv"),
                         ["result 0", 'text "x"', "recv: 52", "recv: 52"])

    def test_what_comes_behind_close_is_nobodys(self):
        data = frame(CLOSE, b"\x03\xe9x") + frame(TEXT, b"late") + frame(3)
        self.assertEqual(self.against(says(data), "run"), ["close 0 0 3 other bytes 03 e9 78", "result 0"])
        self.assertEqual(frames_of(self.sent), [(True, CLOSE, b"\x03\xe9")])
        self.assertEqual(self.against(says(data), "held", "drain", "close=bye"),
                         ["result 0", "close 3 other bytes 03 e9 78", "recv: 52"])
        self.assertEqual(frames_of(self.sent), [(True, CLOSE, b"bye")])

    def test_pings_of_one_who_does_not_read(self):
        """A hundred thousand of them cost no memory, and the last one is answered before anything else is sent."""
        def function(server, peer, head):
            peer.sendall(upgrade(head) + b"".join(frame(PING, b"%099d" % i) for i in range(100000)) +
                         frame(TEXT, b"done") + frame(CLOSE))
            server.read_all(peer)
        limited = ["sh", "-c", 'ulimit -v 400000; exec "$0" "$@"']
        for how, want in ("held", ["result 0", 'text "done"']), (
                "run", ['text 0 0 "done"', "close 0", 'close 0 0 ""', "result 0"]):
            self.server = Scripted(function)
            more = ["recv", "text=last"] if how == "held" else ["close=1"]
            done = common.run(*limited, self.client, "ws://127.0.0.1:%d/" % self.server.port, how, *more)
            got = frames_of(self.server.done())
            self.assertEqual(done.stdout.splitlines(), want)
            self.assertEqual({f[1] for f in got[:-1]}, {PONG})
            self.assertLess(len(got), 99000)
            self.assertEqual(got[-1][1], TEXT if how == "held" else CLOSE)
            if how == "held":
                self.assertEqual(got[-2][2], b"%099d" % 99999)

    def test_pong_between_frames_only(self):
        """While a message of ours fills the socket a ping is received: nothing is lost, and no frame is torn."""
        def function(server, peer, head):
            peer.sendall(upgrade(head) + frame(PING, b"now") + frame(TEXT, b"meanwhile"))
            time.sleep(0.3)
            server.read_all(peer)
        lines = self.against(function, "held", "interleave=20000000", "text=after")
        self.assertEqual(lines, ["result 0", "full: 81 1, another frame: 43", 'text "meanwhile"'])
        self.assertEqual(frames_of(self.sent), [(True, BINARY, pattern(20000000)), (True, PONG, b"now"),
                                                (True, TEXT, b"after")])

    def test_what_is_sent_within_a_frame_of_the_reader(self):
        """The read callback's frame fills the socket; what else there is to send comes behind it, whole."""
        def function(server, peer, head):
            peer.sendall(upgrade(head) + frame(TEXT, b"early") + frame(PING, b"now"))
            time.sleep(0.3)
            got = b""
            while len(got) < 14 + 5000000 + 6 + 100 + 6 + 3:
                got += peer.recv(1 << 20)
            server.received += got
            peer.sendall(frame(CLOSE))
            server.read_all(peer)
        lines = self.against(function, "run", "frame=bin:5000000", "reply=100", "readpause")
        self.assertEqual(lines, ['text 0 0 "early"', "sent 0 100", 'close 0 0 ""', "result 0"])
        self.assertEqual(sorted(frames_of(self.sent)[1:]),
                         sorted([(True, BINARY, pattern(100)), (True, PONG, b"now"), (True, CLOSE, b"")]))
        self.assertEqual(frames_of(self.sent)[0], (True, BINARY, pattern(5000000)))

    def test_parts_from_the_callback(self):
        lines = self.against(says(frame(TEXT, b"x") + frame(CLOSE)), "run", "parts=1000,300")
        self.assertEqual(lines, ['text 0 0 "x"', "parts 0, then 0", 'close 0 0 ""', "result 0"])
        self.assertEqual(frames_of(self.sent), [(True, BINARY, pattern(1000)), (True, TEXT, b"!"), (True, CLOSE, b"")])

    def test_a_paused_reader_goes_on(self):
        lines = self.run_client(self.url("echo"), "run", "frame=text:first", "readpause", "later=text:second", "close=2")
        self.assertEqual(lines[:2] + lines[-1:], ['text 0 0 "first"', 'text 0 0 "second"', "result 0"])

    def test_wrong_use(self):
        both = CURLWS_TEXT | CURLWS_BINARY
        for flags in 0, both, CURLWS_PING | CURLWS_CONT, CURLWS_PING | CURLWS_TEXT, CURLWS_CLOSE | CURLWS_PING, CURLWS_CONT:
            self.assertEqual(self.against(says(b""), "held", "badflags=%d" % flags),
                             ["result 0", "flags %d: 43 0" % flags])
            self.assertEqual(self.sent, b"")
        self.assertEqual(self.against(says(b""), "held", "ping=126"), ["result 0", "send: 43"])
        self.assertEqual(self.against(says(b""), "held", "text+cont=a", "bin=b", "text=c"), ["result 0", "send: 43"])
        self.assertEqual(frames_of(self.sent), [(False, TEXT, b"a"), (True, 0, b"c")])

    def test_write_error_ends_it(self):
        lines = self.against(says(frame(TEXT, b"1") + frame(TEXT, b"2") + frame(TEXT, b"3")), "run", "fail=2")
        self.assertEqual(lines[0], 'text 0 0 "1"')
        self.assertRegex(lines[1], "^result 23 ")
        self.assertEqual(len(lines), 2)

    # ---- raw mode ----

    def test_raw_held(self):
        data = frame(PING, b"p") + frame(3, b"x")
        lines = self.against(says(data), "raw", "held", "easyrecv=%d" % len(data))
        self.assertEqual(lines, ["result 0", data.hex()])
        self.assertEqual(self.against(says(data), "raw", "held", "once=2", "once=9", "hex=8a8000000000"),
                         ["result 0", "once: 0 none 0 0 2 2 other bytes 89 01",
                          "once: 0 none 0 0 4 4 other bytes 70 83 01 78", "sent: 0 6"])
        self.assertEqual(self.sent.hex(), "8a8000000000")
        self.assertEqual(self.against(says(data), "raw", "held", "badflags=1"), ["result 0", "flags 1: 43 0"])

    def test_raw_run(self):
        data = frame(PING, b"p") + frame(3, b"x") + frame(CLOSE)
        lines = self.against(says(data, read=False), "raw", "run", "frame=hello")
        self.assertEqual(lines, ["raw 8 other bytes 89 01 70 83 01 78 88 00", "result 0"])
        self.assertEqual(self.sent, b"hello")
        lines = self.against(says(data), "raw", "run", "frame=text:x", "fail=1")
        self.assertEqual(lines[0], "start_frame: 2")


CURLWS_TEXT, CURLWS_BINARY, CURLWS_CONT, CURLWS_CLOSE, CURLWS_PING = 1, 2, 4, 8, 16

if __name__ == "__main__":
    os.environ.pop("SSLKEYLOGFILE", None)
    unittest.main(verbosity=2)
