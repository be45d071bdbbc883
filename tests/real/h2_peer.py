"""HTTP/2 servers and proxies that misbehave as a test wants it; python3-h2. Not a test.

A Peer listens on a loopback port and has a thread for each connection. Its behaviour is a function
act(conn, stream, headers) for each request; conn.answer(), conn.send(), conn.end(), conn.reset(), conn.goaway(),
conn.drop() are what it can do, and conn.tunnel() makes it a proxy.
"""
import select
import socket
import ssl
import threading

import common

try:
    import h2.config
    import h2.connection
    import h2.errors
    import h2.events
    import h2.settings
except ImportError:
    h2 = None

Codes = h2.errors.ErrorCodes if h2 else None
MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE = 3, 4


class Conn:
    def __init__(self, peer, sock):
        self.peer, self.sock, self.number = peer, sock, peer.accepted
        self.open = True
        self.tunnels, self.requests, self.bodies, self.trailers, self.weights = {}, {}, {}, {}, {}
        config = h2.config.H2Configuration(client_side=False, header_encoding="utf-8", validate_inbound_headers=False,
                                           validate_outbound_headers=False, normalize_outbound_headers=False)
        self.h2 = h2.connection.H2Connection(config)

    # ---- what an act may do ----

    def answer(self, stream, status=200, fields=(), body=None, end=True):
        self.h2.send_headers(stream, [(":status", str(status)), *fields], end_stream=end and body is None)
        if body is not None:
            self.send(stream, body, end)

    def send(self, stream, data, end=False):
        """As much as the window lets through, waiting for more."""
        while data:
            n = min(len(data), self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
            if n:
                self.h2.send_data(stream, data[:n])
                data = data[n:]
            self.flush()
            if not n and not self.read():
                return
        if end:
            self.h2.end_stream(stream)

    def trailer(self, stream, fields):
        self.h2.send_headers(stream, fields, end_stream=True)

    def reset(self, stream, code):
        self.h2.reset_stream(stream, code)

    def goaway(self, last=None, code=0):
        """A graceful one: h2's own would forget the connection."""
        import struct
        last = max(self.requests, default=0) if last is None else last
        self.flush()
        self.sock.sendall(struct.pack(">HBBBI", 0, 8, 7, 0, 0) + struct.pack(">II", last, code))

    def drop(self):
        self.open = False

    def tunnel(self, stream, authority):
        host, port = authority.rsplit(":", 1)
        far = socket.create_connection((host, int(port)), 5)
        self.tunnels[far] = stream
        self.answer(stream, 200, end=False)

    # ---- the machine ----

    def flush(self):
        data = self.h2.data_to_send()
        if data:
            self.sock.sendall(data)

    def far_of(self, stream):
        return next((f for f, s in self.tunnels.items() if s == stream), None)

    def close_tunnel(self, far):
        del self.tunnels[far]
        far.close()

    def on(self, event):
        if isinstance(event, h2.events.RequestReceived):
            self.requests[event.stream_id] = event.headers
            self.bodies[event.stream_id] = b""
            if event.priority_updated:
                self.weights[event.stream_id] = event.priority_updated.weight
            with self.peer.lock:
                self.peer.requests.append(dict(event.headers))
            self.peer.act(self, event.stream_id, dict(event.headers))
        elif isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            far = self.far_of(event.stream_id)
            if far:
                far.sendall(event.data)
            else:
                self.bodies[event.stream_id] += event.data
            if self.peer.on_data:
                self.peer.on_data(self, event.stream_id, event.data)
        elif isinstance(event, h2.events.TrailersReceived):
            self.trailers[event.stream_id] = dict(event.headers)
        elif isinstance(event, h2.events.StreamEnded):
            far = self.far_of(event.stream_id)
            if far:
                far.shutdown(socket.SHUT_WR)
            if self.peer.on_end:
                self.peer.on_end(self, event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self.peer.resets.append((event.stream_id, event.error_code))
            far = self.far_of(event.stream_id)
            if far:
                self.close_tunnel(far)
        elif isinstance(event, h2.events.PingReceived):
            self.peer.pings += 1
        elif isinstance(event, h2.events.ConnectionTerminated):
            self.open = False

    def read(self):
        data = self.sock.recv(65536)
        if not data:
            self.open = False
            return False
        for event in self.h2.receive_data(data):
            self.on(event)
        self.flush()
        return self.open

    def from_far(self, far):
        stream = self.tunnels[far]
        window = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size)
        if not window:
            return
        data = far.recv(window)
        if data:
            self.h2.send_data(stream, data)
        else:
            self.close_tunnel(far)
            self.h2.end_stream(stream)
        if self.peer.on_far:
            self.peer.on_far(self, stream, data)

    def ready_far(self):
        """Those whose stream has a window: else select() would return at once, again and again."""
        return [f for f, s in self.tunnels.items() if self.h2.local_flow_control_window(s) > 0]

    def run(self):
        self.h2.initiate_connection()
        if self.peer.settings:
            self.h2.update_settings(self.peer.settings)
        self.flush()
        while self.open:
            pending = isinstance(self.sock, ssl.SSLSocket) and self.sock.pending()
            ready = [self.sock] if pending else select.select([self.sock, *self.ready_far()], [], [], 20)[0]
            if not ready:
                break
            if self.sock in ready and not self.read():
                break
            for far in ready:
                if far in self.tunnels:
                    self.from_far(far)
            self.flush()

    def serve(self):
        try:
            self.run()
        except (OSError, ConnectionError, h2.exceptions.ProtocolError, KeyError):
            pass
        finally:
            for far in list(self.tunnels):
                far.close()
            self.sock.close()


class Peer:
    def __init__(self, act, pem=None, key=None, settings=None, alpn=("h2",), on_end=None, on_data=None, on_far=None,
                 host=common.LOCAL):
        if not h2:
            raise common.unittest.SkipTest("there is no python3-h2; tools/setup test installs it")
        self.act, self.settings, self.on_end, self.on_data, self.on_far = act, settings, on_end, on_data, on_far
        self.lock, self.accepted, self.requests, self.resets, self.pings = threading.Lock(), 0, [], [], 0
        self.context = None
        if pem:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(pem, key)
            self.context.set_alpn_protocols(list(alpn))
        self.listener = socket.socket()
        self.listener.bind((host, 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.versions = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            sock.settimeout(20)
            threading.Thread(target=self.connection, args=(sock,), daemon=True).start()

    def connection(self, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
        except (OSError, ssl.SSLError):
            return
        with self.lock:
            self.accepted += 1
            self.versions.append(sock.selected_alpn_protocol() if self.context else None)
        if self.context and sock.selected_alpn_protocol() != "h2":
            self.http1(sock)
        else:
            Conn(self, sock).serve()

    def http1(self, sock):
        """Whoever speaks HTTP/1.1 gets one answer."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = sock.recv(65536)
            if not data:
                break
            head += data
        with self.lock:
            self.requests.append({"http1": head.decode()})
        sock.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        sock.close()

    def stop(self):
        self.listener.close()
