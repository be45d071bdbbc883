"""Servers for the tests of egress policies: each writes down who asked for what, on loopback addresses alone. Not a test.

In these tests 127.0.0.2 stands for what is allowed and 127.0.0.1 for what is not, or the other way round.
"""
import contextlib
import ipaddress
import select
import socket
import socketserver
import struct
import threading


class Quiet(socketserver.BaseRequestHandler):
    """One connection; what goes wrong on it is the client's to tell."""

    def handle(self):
        try:
            self.talk(self.request)
        except (OSError, EOFError, ValueError, struct.error):
            pass

    def line(self):
        out = b""
        while not out.endswith(b"\n"):
            c = self.request.recv(1)
            if not c:
                raise EOFError
            out += c
        return out.decode("latin-1").strip()

    def head(self):
        lines = [self.line()]
        while lines[-1]:
            lines.append(self.line())
        return lines[:-1]

    def exactly(self, n):
        out = b""
        while len(out) < n:
            more = self.request.recv(n - len(out))
            if not more:
                raise EOFError
            out += more
        return out


class Threaded(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler, address="127.0.0.1", port=0, **more):
        self.address_family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.seen, self.accepted = [], 0
        self.__dict__.update(more)
        super().__init__((address, port), handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def process_request(self, request, client_address):
        self.accepted += 1
        super().process_request(request, client_address)

    def handle_error(self, *_):
        pass

    def stop(self):
        self.shutdown()
        self.server_close()


# ---- HTTP ----

class Http(Quiet):
    """`answers`: path -> (status, extra fields, body). Keeps connections. Writes down the request lines."""

    def talk(self, s):
        while True:
            head = self.head()
            self.server.seen.append(head[0])
            path = head[0].split()[1]
            status, fields, body = self.server.answers.get(path, (200, "", "yes"))
            s.sendall(("HTTP/1.1 %d X\r\nContent-Length: %d\r\n%s\r\n%s" % (status, len(body), fields, body)).encode())


def http(address="127.0.0.1", port=0, answers=None):
    return Threaded(Http, address, port, answers=answers if answers is not None else {})


def http_pair(answers=None):
    """At 127.0.0.1 and 127.0.0.2, with one port."""
    for _ in range(50):
        two = http("127.0.0.2", answers=answers)
        try:
            return http("127.0.0.1", two.port), two
        except OSError:  # the port is taken there
            two.stop()
    raise RuntimeError("there is no port that is free at two addresses")


# ---- names ----

class Dns(socketserver.ThreadingUDPServer):
    """`names`: a name -> a list of addresses, or a list of such lists, of which each look-up takes the next one (the last
    one stays). a-HEX.test and b-HEX.test are IPv4 and IPv6 addresses. No time to live."""
    daemon_threads = True

    def __init__(self, names):
        self.names, self.seen, self.turn = names, [], {}
        super().__init__(("127.0.0.1", 0), DnsReply)
        self.address = "127.0.0.1:%d" % self.server_address[1]
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()

    def find(self, name, kind):
        if name[:2] in ("a-", "b-") and name.endswith(".test"):
            return [str(ipaddress.ip_address(bytes.fromhex(name[2:-5])))]
        found = self.names.get(name)
        if found and isinstance(found[0], list):
            n = self.turn.get((name, kind), 0)
            self.turn[name, kind] = n + 1
            return found[min(n, len(found) - 1)]
        return found


class DnsReply(socketserver.BaseRequestHandler):
    def handle(self):
        query, s = self.request
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
            at += 1 + query[at]
        kind = struct.unpack(">H", query[at + 1:at + 3])[0]
        name = ".".join(labels)
        self.server.seen.append((name, kind))
        found = self.server.find(name, kind)
        answers = [ipaddress.ip_address(a).packed for a in found or []]
        answers = [a for a in answers if len(a) == {1: 4, 28: 16}.get(kind)]
        head = query[:2] + struct.pack(">HHHHH", 0x8183 if found is None else 0x8180, 1, len(answers), 0, 0)
        records = b"".join(b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 0, len(a)) + a for a in answers)
        s.sendto(head + query[12:at + 5] + records, self.client_address)


# ---- proxies ----

def pump(a, b):
    ends = {a: b, b: a}
    with b:
        while True:
            for s in select.select([a, b], [], [])[0]:
                data = s.recv(65536)
                if not data:
                    return
                ends[s].sendall(data)


class Socks(Quiet):
    """SOCKS 4, 4a, 5. Writes down "kind host port" and goes there if it is a loopback address; names go to `lead`."""

    def target(self, kind, host, port):
        self.server.seen.append("%s %s %d" % (kind, host, port))
        real = self.server.lead if kind == "name" else host
        return socket.create_connection((real, port), 5)

    def talk(self, s):
        if self.exactly(1) == b"\4":
            port, raw = struct.unpack(">xH4s", self.exactly(7))
            while self.exactly(1) != b"\0":
                pass
            kind, host = "address", socket.inet_ntoa(raw)
            if host.startswith("0.0.0."):
                kind, host = "name", b"".join(iter(lambda: self.exactly(1), b"\0")).decode()
            peer = self.target(kind, host, port)
            s.sendall(b"\0\x5a" + bytes(6))
        else:
            self.exactly(self.exactly(1)[0])
            s.sendall(b"\5\0")
            form = self.exactly(4)[3]
            if form == 3:
                kind, host = "name", self.exactly(self.exactly(1)[0]).decode()
            else:
                kind, host = "address", str(ipaddress.ip_address(self.exactly(4 if form == 1 else 16)))
            peer = self.target(kind, host, struct.unpack(">H", self.exactly(2))[0])
            s.sendall(b"\5\0\0\1" + bytes(6))
        pump(s, peer)


def socks(address="127.0.0.1", lead="127.0.0.1"):
    return Threaded(Socks, address, lead=lead)


class HttpProxy(Quiet):
    """CONNECT to loopback addresses (names: to `lead`), and requests in absolute form, which it answers itself."""

    def talk(self, s):
        while True:
            head = self.head()
            self.server.seen.append(head[0])
            method, target = head[0].split()[:2]
            if method == "CONNECT":
                host, port = target.rsplit(":", 1)
                host = host if host[0].isdigit() else self.server.lead
                peer = socket.create_connection((host, int(port)), 5)
                s.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                return pump(s, peer)
            if target in self.server.moved:
                s.sendall(("HTTP/1.1 302 X\r\nContent-Length: 0\r\nLocation: %s\r\n\r\n" % self.server.moved[target]).encode())
            else:
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nproxy")


def http_proxy(address="127.0.0.1", lead="127.0.0.1"):
    return Threaded(HttpProxy, address, lead=lead, moved={})


# ---- FTP ----

class Ftp(Quiet):
    """One file. `pasv`: the address in the reply to PASV; `epsv`: whether it is known; `data`: where the passive listener
    is; `come_from`: from which address it connects when active."""

    def talk(self, s):
        with contextlib.ExitStack() as stack:
            self.converse(s, stack)

    def converse(self, s, stack):
        listener, place = None, None
        s.sendall(b"220 x\r\n")
        while True:
            line = self.line()
            verb, _, rest = line.partition(" ")
            self.server.seen.append(line)
            reply = {"USER": "230 in", "PWD": '257 "/"', "TYPE": "200 ok", "SIZE": "213 4", "QUIT": "221 bye"}.get(verb, "500 no")
            if verb == "PASV" or verb == "EPSV" and self.server.epsv:
                listener = stack.enter_context(socket.create_server((self.server.data, 0)))
                port = listener.getsockname()[1]
                reply = "229 x (|||%d|)" % port
                if verb == "PASV":
                    reply = "227 x (%s,%d,%d)" % (self.server.pasv.replace(".", ","), port >> 8, port & 255)
            elif verb == "EPRT":
                _, _, host, port, _ = rest.split("|")
                place, reply = (host, int(port)), "200 ok"
            elif verb == "RETR":
                s.sendall(b"150 here\r\n")
                reply = "226 done" if self.send(listener, place) else "425 no"
            s.sendall(reply.encode() + b"\r\n")

    def send(self, listener, place):
        if listener:
            listener.settimeout(2)
            try:
                data = listener.accept()[0]
            except OSError:
                return False
            self.server.seen.append("data connection")
        else:
            for source in self.server.come_from:
                data = socket.create_connection(place, 5, (source, 0))
                data.sendall(b"file" if source == self.server.come_from[-1] else b"evil")
                data.close()
            return True
        data.sendall(b"file")
        data.close()
        return True


def ftp(address="127.0.0.2", **more):
    known = {"pasv": "127.0.0.2", "epsv": True, "data": "127.0.0.2", "come_from": ["127.0.0.2"]}
    return Threaded(Ftp, address, **{**known, **more})


# ---- TFTP ----

def tftp(address, reply_from):
    """One request, one file of one block, from a socket at another address. Returns (port, what it has seen, stop)."""
    door, other = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
    door.bind((address, 0))
    other.bind((reply_from, 0))
    seen = []

    def serve():
        try:
            while True:
                request, peer = door.recvfrom(2000)
                seen.append("request")
                options = request.split(b"\0")
                other.sendto(b"\0\3\0\1file" if b"tsize" not in options else b"\0\6tsize\x004\0", peer)
                other.settimeout(1)
                answer = other.recvfrom(2000)[0]
                seen.append("ack %d" % answer[1])
                if answer[:4] == b"\0\4\0\0":
                    other.sendto(b"\0\3\0\1file", peer)
                    seen.append("ack %d" % other.recvfrom(2000)[0][1])
        except TimeoutError:
            seen.append("silence")
        except OSError:
            pass
    threading.Thread(target=serve, daemon=True).start()

    def stop():
        door.close()
        other.close()
    return door.getsockname()[1], seen, stop


# ---- whatever comes ----

class Trap:
    """Counts connections and datagrams at one port of every address of this machine, both families."""

    def __init__(self):
        self.came = []
        for _ in range(50):
            self.tcp, self.udp = (socket.socket(socket.AF_INET6, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM))
            try:
                self.tcp.bind(("::", 0))
                self.port = self.tcp.getsockname()[1]
                self.udp.bind(("::", self.port))
                break
            except OSError:
                self.tcp.close()
                self.udp.close()
        self.tcp.listen(128)
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        try:
            while True:
                for s in select.select([self.tcp, self.udp], [], [], 0.1)[0]:
                    if s is self.tcp:
                        c, peer = s.accept()
                        c.close()
                    else:
                        peer = s.recvfrom(2000)[1]
                    self.came.append((s.type, peer))
        except (OSError, ValueError):
            pass

    def stop(self):
        self.tcp.close()
        self.udp.close()
