#!/usr/bin/python3
"""Debian's pycurl on our library: the socket callbacks, the multi interface, what callbacks may say."""
import contextlib
import http.server
import io
import os
import select
import socket
import subprocess
import sys
import threading
import unittest

import common

READY = "SLUICE_PYCURL_READY"
BODY = bytes(range(256)) * 400


def imports(env):
    return common.run(sys.executable, "-c", "import pycurl; print(pycurl.version)", env=env)


def start_again():
    """In an environment in which the dynamic linker finds our library; nothing can change that later."""
    env = common.environment(**{READY: "1"})
    done = imports(env)
    if done.returncode and "No module named" in done.stderr:
        print("there is no pycurl here; tools/setup test installs it")
        sys.exit(77)
    if done.returncode:
        sys.exit(done.stderr)
    os.execve(sys.executable, [sys.executable, os.path.abspath(__file__), *sys.argv[1:]], env)


if __name__ == "__main__" and not os.environ.get(READY):
    start_again()

import pycurl  # noqa: E402: only now is it ours


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/trickle":
            return self.trickle()
        if self.path == "/moved":
            return self.send(302, b"", Location="/body")
        if self.path == "/cookie":
            return self.send(200, b"c", Set_Cookie="k=v; path=/")
        if self.path == "/echo":
            return self.send(200, str(self.headers).encode())
        return self.send(200, BODY, Content_Type="text/x-test")

    def do_POST(self):
        length = int(self.headers.get("Content-Length", -1))
        if length >= 0:
            data = self.rfile.read(length)
        else:
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        self.send(200, data)

    do_PUT = do_POST

    def trickle(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for n in range(5):
            self.wfile.write(b"3\r\n%03d\r\n" % n)
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def send(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Origin(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


class Pycurl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = Origin(("127.0.0.1", 0), Handler)
        cls.port = cls.origin.server_address[1]
        cls.url = "http://127.0.0.1:%d" % cls.port
        threading.Thread(target=cls.origin.serve_forever, args=(0.05,), daemon=True).start()
        cls.addClassCleanup(cls.origin.server_close)
        cls.addClassCleanup(cls.origin.shutdown)

    def handle(self, path="/body", **options):
        c = pycurl.Curl()
        self.addCleanup(c.close)
        c.got = io.BytesIO()
        c.setopt(pycurl.URL, self.url + path)
        c.setopt(pycurl.WRITEFUNCTION, c.got.write)
        for name, value in options.items():
            c.setopt(getattr(pycurl, name), value)
        return c

    def fails(self, c, code):
        with self.assertRaises(pycurl.error) as caught:
            c.perform()
        self.assertEqual(caught.exception.args[0], code, caught.exception.args)
        return caught.exception.args[1]

    # ---- which library ----

    def test_it_is_our_library(self):
        self.assertIn("Sluice/", pycurl.version)
        with open("/proc/self/maps") as maps:
            files = {line.split()[-1] for line in maps if "libcurl" in line}
        self.assertEqual({os.path.realpath(f) for f in files},
                         {os.path.realpath(common.LIB / "libcurl-gnutls.so.4")})

    # ---- sockets ----

    def test_open_and_close_are_watched(self):
        seen, closed = [], []

        def opened(purpose, address):
            s = socket.socket(address.family, address.socktype, address.protocol)
            seen.append((purpose, tuple(address)))
            return s

        def close(fd):
            closed.append(fd)
            os.close(fd)
            return 0

        # pycurl itself crashes when it is called back from Curl.close(): nothing is left for then
        c = self.handle(OPENSOCKETFUNCTION=opened, CLOSESOCKETFUNCTION=close)
        c.perform()
        c.setopt(pycurl.FORBID_REUSE, 1)
        self.assertEqual(closed, [])
        c.perform()
        self.assertEqual(c.got.getvalue(), BODY * 2)
        address = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, ("127.0.0.1", self.port))
        self.assertEqual(seen, [(pycurl.SOCKTYPE_IPCXN, address)])
        self.assertEqual(len(closed), 1)
        self.assertRaises(OSError, os.fstat, closed[0])

    def test_last_socket(self):
        c = self.handle()
        c.perform()
        fd = c.getinfo(pycurl.LASTSOCKET)
        self.assertGreaterEqual(fd, 0)
        self.assertEqual(socket.socket(fileno=os.dup(fd)).getpeername(), ("127.0.0.1", self.port))

    def test_refusing(self):
        message = self.fails(self.handle(OPENSOCKETFUNCTION=lambda *_: pycurl.SOCKET_BAD), pycurl.E_COULDNT_CONNECT)
        self.assertIn("refused", message)

    def test_an_exception_in_the_callback_refuses(self):
        def opened(*_):
            raise KeyError("on purpose")
        with contextlib.redirect_stderr(io.StringIO()):
            with self.assertRaises((pycurl.error, KeyError)):
                self.handle(OPENSOCKETFUNCTION=opened).perform()

    def test_refused_addresses_leave_the_next_one(self):
        seen = []

        def opened(_, address):
            seen.append(address.addr[0])
            if address.addr[0] != "127.0.0.1":
                return pycurl.SOCKET_BAD
            return socket.socket(*tuple(address)[:3])

        c = self.handle(OPENSOCKETFUNCTION=opened)
        c.setopt(pycurl.URL, "http://many.test:%d/body" % self.port)
        c.setopt(pycurl.RESOLVE, ["many.test:%d:127.0.0.3,127.0.0.2,127.0.0.1" % self.port])
        c.perform()
        self.assertEqual(seen, ["127.0.0.3", "127.0.0.2", "127.0.0.1"])
        self.assertEqual(c.getinfo(pycurl.PRIMARY_IP), "127.0.0.1")

    def test_a_connected_socket(self):
        def opened(_, address):
            self.assertEqual(address.addr[0], "192.0.2.1")  # nobody goes there
            return socket.create_connection(("127.0.0.1", self.port))

        c = self.handle(OPENSOCKETFUNCTION=opened,
                        SOCKOPTFUNCTION=lambda fd, purpose: pycurl.SOCKOPT_ALREADY_CONNECTED)
        c.setopt(pycurl.URL, "http://192.0.2.1/body")
        c.perform()
        self.assertEqual(c.got.getvalue(), BODY)

    def test_sockopt(self):
        calls = []

        def sockopt(fd, purpose):
            calls.append((os.fstat(fd).st_mode & 0o170000 == 0o140000, purpose))
            return pycurl.SOCKOPT_OK

        c = self.handle(SOCKOPTFUNCTION=sockopt)
        c.perform()
        self.assertEqual(calls, [(True, pycurl.SOCKTYPE_IPCXN)])
        self.fails(self.handle(SOCKOPTFUNCTION=lambda *_: pycurl.SOCKOPT_ERROR), pycurl.E_COULDNT_CONNECT)

    # ---- callbacks ----

    def test_write_callback_that_takes_less(self):
        self.fails(self.handle(WRITEFUNCTION=lambda data: len(data) - 1), pycurl.E_WRITE_ERROR)

    def test_header_callback(self):
        lines = []
        self.handle(HEADERFUNCTION=lines.append).perform()
        self.assertEqual(lines[0], b"HTTP/1.1 200 OK\r\n")
        self.assertIn(b"Content-Type: text/x-test\r\n", lines)
        self.assertEqual(lines[-1], b"\r\n")

    def test_upload_by_callback(self):
        data = os.urandom(300000)
        c = self.handle("/up", UPLOAD=1, READFUNCTION=io.BytesIO(data).read, INFILESIZE=len(data))
        c.perform()
        self.assertEqual(c.got.getvalue(), data)
        c = self.handle("/up", POST=1, READFUNCTION=io.BytesIO(data).read, HTTPHEADER=["Transfer-Encoding: chunked"])
        c.perform()
        self.assertEqual(c.got.getvalue(), data)

    def test_upload_with_expect(self):
        data = b"x" * 70000
        c = self.handle("/up", UPLOAD=1, READFUNCTION=io.BytesIO(data).read, INFILESIZE=len(data),
                        HTTPHEADER=["Expect: 100-continue"], TIMEOUT=10)
        c.perform()
        self.assertEqual(c.got.getvalue(), data)

    def test_read_callback_aborts(self):
        c = self.handle("/up", UPLOAD=1, READFUNCTION=lambda n: pycurl.READFUNC_ABORT, INFILESIZE=10)
        self.fails(c, pycurl.E_ABORTED_BY_CALLBACK)

    def test_progress(self):
        seen = []
        c = self.handle(NOPROGRESS=0, XFERINFOFUNCTION=lambda *numbers: seen.append(numbers) or 0)
        c.perform()
        self.assertEqual(seen[-1], (len(BODY), len(BODY), 0, 0))
        c = self.handle(NOPROGRESS=0, XFERINFOFUNCTION=lambda *_: 1)
        self.fails(c, pycurl.E_ABORTED_BY_CALLBACK)

    def test_debug(self):
        seen = {}

        def debug(kind, data):
            seen[kind] = seen.get(kind, b"") + data

        self.handle(VERBOSE=1, DEBUGFUNCTION=debug).perform()
        self.assertTrue(seen[pycurl.INFOTYPE_HEADER_OUT].startswith(b"GET /body HTTP/1.1\r\n"))
        self.assertTrue(seen[pycurl.INFOTYPE_HEADER_IN].startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertEqual(seen[pycurl.INFOTYPE_DATA_IN], BODY)

    def test_pause_and_unpause(self):
        c = self.handle("/trickle")
        state = {"paused": 0}

        def write(data):
            if state["paused"] < 3:
                state["paused"] += 1
                return pycurl.WRITEFUNC_PAUSE
            return c.got.write(data)

        c.setopt(pycurl.WRITEFUNCTION, write)
        m = pycurl.CurlMulti()
        m.add_handle(c)
        turns = 0
        while m.perform()[1]:
            m.select(0.02)
            turns += 1
            self.assertLess(turns, 500)
            c.pause(pycurl.PAUSE_CONT)
        self.assertEqual(state["paused"], 3)
        self.assertEqual(c.got.getvalue(), b"000001002003004")
        m.remove_handle(c)

    # ---- options and information ----

    def test_getinfo(self):
        c = self.handle("/moved", FOLLOWLOCATION=1)
        c.perform()
        info = {name: c.getinfo(getattr(pycurl, name)) for name in
                "RESPONSE_CODE EFFECTIVE_URL REDIRECT_COUNT CONTENT_TYPE SIZE_DOWNLOAD NUM_CONNECTS PRIMARY_IP "
                "PRIMARY_PORT LOCAL_IP CONTENT_LENGTH_DOWNLOAD".split()}
        self.assertEqual(info, {
            "RESPONSE_CODE": 200, "EFFECTIVE_URL": self.url + "/body", "REDIRECT_COUNT": 1,
            "CONTENT_TYPE": "text/x-test", "SIZE_DOWNLOAD": len(BODY), "NUM_CONNECTS": 1, "PRIMARY_IP": "127.0.0.1",
            "PRIMARY_PORT": self.port, "LOCAL_IP": "127.0.0.1", "CONTENT_LENGTH_DOWNLOAD": len(BODY)})
        times = [c.getinfo(getattr(pycurl, name)) for name in
                 ("CONNECT_TIME", "PRETRANSFER_TIME", "STARTTRANSFER_TIME", "TOTAL_TIME")]
        self.assertEqual(times, sorted(times))
        self.assertGreater(times[0], 0)

    def test_cookies(self):
        c = self.handle("/cookie", COOKIEFILE="")
        c.perform()
        self.assertEqual([line.split("\t")[5:] for line in c.getinfo(pycurl.INFO_COOKIELIST)], [["k", "v"]])
        c.setopt(pycurl.URL, self.url + "/echo")
        c.perform()
        self.assertIn(b"Cookie: k=v\r\n", c.got.getvalue().replace(b"\n", b"\r\n"))

    def test_post_fields_and_headers(self):
        c = self.handle("/up", POSTFIELDS="a=1&b=2")
        c.perform()
        self.assertEqual(c.got.getvalue(), b"a=1&b=2")
        c = self.handle("/echo", HTTPHEADER=["X-One: 1", "Accept:"], USERAGENT="tester")
        c.perform()
        self.assertIn(b"X-One: 1\n", c.got.getvalue())
        self.assertIn(b"User-Agent: tester\n", c.got.getvalue())
        self.assertNotIn(b"Accept:", c.got.getvalue())

    def test_reset_and_duplicate(self):
        c = self.handle(USERAGENT="first")
        copy = c.duphandle()
        self.addCleanup(copy.close)
        copy.setopt(pycurl.URL, self.url + "/echo")
        copy.perform()
        self.assertIn(b"User-Agent: first\n", c.got.getvalue())
        c.reset()
        self.assertIn("URL", self.fails(c, pycurl.E_URL_MALFORMAT))

    def test_calls_from_within_a_callback(self):
        c, codes = self.handle(), []

        def write(data):
            try:
                c.perform()
            except pycurl.error as e:
                codes.append(e.args[0] if isinstance(e.args[0], int) else "pycurl itself")

        c.setopt(pycurl.WRITEFUNCTION, write)
        c.perform()
        self.assertTrue(codes)

    # ---- multi ----

    def test_multi_with_select(self):
        m = pycurl.CurlMulti()
        handles = [self.handle() for _ in range(20)]
        for c in handles:
            m.add_handle(c)
        while m.perform()[1]:
            m.select(1.0)
        _, done, failed = m.info_read(100)
        self.assertEqual((len(done), failed), (20, []))
        for c in handles:
            self.assertEqual(c.got.getvalue(), BODY)
            m.remove_handle(c)

    def test_multi_with_an_event_loop_of_ours(self):
        """socket_action: order of what is told about each descriptor, and nothing told twice."""
        log, watched, timer = [], {}, {"ms": -1}
        m = pycurl.CurlMulti()

        def tell(what, fd, _multi, _data):
            log.append(("remove" if what == pycurl.POLL_REMOVE else "add", fd))
            if what == pycurl.POLL_REMOVE:
                self.assertIn(fd, watched)
                del watched[fd]
            else:
                self.assertNotEqual(watched.get(fd), what)
                watched[fd] = what

        def opened(_, address):
            return socket.socket(*tuple(address)[:3])

        def sockopt(fd, _):
            log.append(("open", fd))
            return 0

        def close(fd):
            log.append(("close", fd))
            self.assertNotIn(fd, watched)
            os.close(fd)
            return 0

        m.setopt(pycurl.M_SOCKETFUNCTION, tell)
        m.setopt(pycurl.M_TIMERFUNCTION, lambda ms: timer.update(ms=ms))
        handles = [self.handle(OPENSOCKETFUNCTION=opened, SOCKOPTFUNCTION=sockopt, CLOSESOCKETFUNCTION=close,
                               FORBID_REUSE=1) for _ in range(8)]
        for c in handles:
            m.add_handle(c)
        self.assertEqual(timer["ms"], 0)
        running = m.socket_action(pycurl.SOCKET_TIMEOUT, 0)[1]
        for _ in range(1000):
            if not running:
                break
            readers = [fd for fd, what in watched.items() if what & pycurl.POLL_IN]
            writers = [fd for fd, what in watched.items() if what & pycurl.POLL_OUT]
            wait = 5 if timer["ms"] < 0 else min(5, timer["ms"] / 1000)
            r, w, _ = select.select(readers, writers, [], wait)
            if not r and not w:
                running = m.socket_action(pycurl.SOCKET_TIMEOUT, 0)[1]
            for fd in set(r) | set(w):
                bits = (pycurl.CSELECT_IN if fd in r else 0) | (pycurl.CSELECT_OUT if fd in w else 0)
                running = m.socket_action(fd, bits)[1]
        self.assertEqual(running, 0)
        for c in handles:
            self.assertEqual(c.got.getvalue(), BODY)
            m.remove_handle(c)
        self.assertEqual(watched, {})
        opens = [fd for what, fd in log if what == "open"]
        self.assertEqual(len(opens), 8)
        self.assertEqual(sorted(opens), sorted(fd for what, fd in log if what == "close"))
        state = {}
        for what, fd in log:
            before = state.get(fd, "close")
            self.assertIn(what, {"close": ["open"], "open": ["add", "close"], "add": ["add", "remove"],
                                 "remove": ["add", "close"]}[before], (fd, log))
            state[fd] = what

    def test_share(self):
        share = pycurl.CurlShare()
        share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_COOKIE)
        a, b = (self.handle(path, SHARE=share, COOKIEFILE="") for path in ("/cookie", "/echo"))
        a.perform()
        b.perform()
        self.assertIn(b"Cookie: k=v\n", b.got.getvalue())


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")  # pycurl duplicates our sockets, Python drops them
