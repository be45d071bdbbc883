#!/usr/bin/python3
"""The sluice command as its users see it: files, messages, exit statuses, bars on a terminal.

SLUICE_BIN names the folder of the command, SLUICE_SOURCE that of the sources.
"""
import http.server
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

import terminal

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("SLUICE_SOURCE", HERE.parents[1]))
BIN = pathlib.Path(os.environ.get("SLUICE_BIN", SOURCE / "build" / "bin"))
SLUICE = str(BIN / "sluice")
CC = os.environ.get("SLUICE_CC", "cc")

SECONDS = 30
CONTENT = bytes(range(256)) * 1200  # 300 KiB


class Handler(http.server.BaseHTTPRequestHandler):
    """One method answers everything; the first part of the path says how."""
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.server.seen.append((self.command, self.path, dict(self.headers)))
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        words = self.path.strip("/").split("/")
        getattr(self, "on_" + words[0], self.on_file)(*words[1:])

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = answer

    def send(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def on_file(self, *_):
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        size = len(CONTENT)
        if not wanted:
            self.send(200, CONTENT)
        elif int(wanted[1]) >= size:
            self.send(416, b"no such range", Content_Range="bytes */%d" % size)
        else:
            start = int(wanted[1])
            self.send(206, CONTENT[start:], Content_Range="bytes %d-%d/%d" % (start, size - 1, size))

    def on_norange(self, *_):
        self.send(200, CONTENT)

    def on_empty(self, *_):
        self.send(200)

    def on_redirect(self, count, *_):
        self.send(302, b"elsewhere", Location="/redirect/%d" % (int(count) - 1) if int(count) > 1 else "/file")

    def on_loop(self, *_):
        self.send(302, b"again", Location="/loop")

    def on_status(self, status, *_):
        self.send(int(status), b"the body of an error\n")

    def on_echo(self, *_):
        told = {"method": self.command, "headers": dict(self.headers), "body": self.body.decode()}
        self.send(200, json.dumps(told).encode())

    def on_strange(self, *_):
        self.send(200, b"x", X_Strange="a\x1b[31mb")

    def on_slow(self, milliseconds, *_):
        """A mebibyte, or what is asked for of it, in ten pieces over that time."""
        size = 1 << 20
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        body = bytes(size - start)
        self.send_response(206 if wanted else 200)
        if wanted:
            self.send_header("Content-Range", "bytes %d-%d/%d" % (start, size - 1, size))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        piece = len(body) // 10 + 1
        try:
            for at in range(0, len(body), piece):
                self.wfile.write(body[at:at + piece])
                time.sleep(int(milliseconds) / 10000)
        except OSError:
            self.close_connection = True

    def on_cut(self, *_):
        """Ends before it should."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000])
        self.close_connection = True

    def on_meet(self, *_):
        """Answers when as many are here as the server's meeting needs, or after two seconds; then
        waits for one too many."""
        with self.server.lock:
            self.server.here += 1
            self.server.most = max(self.server.most, self.server.here)
        try:
            self.server.meeting.wait(2)
        except threading.BrokenBarrierError:
            pass
        time.sleep(0.1)
        with self.server.lock:
            self.server.here -= 1
        self.send(200, b"met")

    def log_message(self, *_):
        pass


class Origin(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, family=socket.AF_INET, host="127.0.0.1", context=None):
        self.address_family = family
        super().__init__((host, 0), Handler)
        self.seen, self.here, self.most, self.lock = [], 0, 0, threading.Lock()
        self.meeting = threading.Barrier(2)
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        scheme = "https" if context else "http"
        shown = "[%s]" % host if family == socket.AF_INET6 else host
        self.host = "%s:%d" % (shown, self.server_port)
        self.url = "%s://%s" % (scheme, self.host)
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # clients that hang up are part of the tests

    def stop(self):
        self.shutdown()
        self.server_close()


def environment(**more):
    kept = {name: value for name, value in os.environ.items()
            if not name.lower().endswith("_proxy") and name not in ("NO_COLOR", "TERM", "SSL_CERT_FILE", "SSL_CERT_DIR")}
    return {**kept, **more}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Command(unittest.TestCase):
    """Each test has a folder of its own, in which the command runs."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.origin = self.serve()

    def serve(self, **options):
        origin = Origin(**options)
        self.addCleanup(origin.stop)
        return origin

    def sluice(self, *words, status=0, stdin=b"", **more):
        done = subprocess.run([SLUICE, *words], cwd=self.folder, input=stdin, timeout=SECONDS,
                              capture_output=True, env=environment(**more), check=False)
        self.out, self.err = done.stdout, done.stderr.decode()
        self.assertEqual(done.returncode, status, "%s\n%s" % (self.out[-2000:], self.err))
        return self.err

    def on_terminal(self, *words, status=0, TERM="xterm", both=False, **more):
        """With standard error (or standard output, too) on a terminal; returns what it got."""
        running = terminal.Terminal([SLUICE, *words], both=both, cwd=self.folder, env=environment(TERM=TERM, **more))
        self.assertEqual(running.finish(SECONDS), status, running.output)
        self.screen = running.screen
        return running.output.decode()

    def read(self, name):
        return (self.folder / name).read_bytes()

    def files(self):
        return sorted(path.name for path in self.folder.iterdir())


class Files(Command):
    def test_named_by_the_url(self):
        err = self.sluice("get", self.origin.url + "/file/pictures/cat.bin?size=large#part")
        self.assertEqual(self.files(), ["cat.bin"])
        self.assertEqual(self.read("cat.bin"), CONTENT)
        self.assertRegex(err, r"^cat\.bin  300 KiB in \d+\.\d\d s \(.*/s\)\n$")
        self.assertEqual(self.out, b"")

    def test_names(self):
        for path, name in (("/", "index.html"), ("/file/", "index.html"), ("/a%20b", "a b"),
                           ("/x/..%2f..%2fevil", ".._.._evil"), ("/x/%2e%2e", "index.html"),
                           ("/%1b[31m", "_[31m"), ("/x/%2e", "index.html")):
            with self.subTest(path):
                self.sluice("get", self.origin.url + path)
                self.assertEqual(self.files(), [name])
                (self.folder / name).unlink()

    def test_output(self):
        self.sluice("get", "-o", "mine", self.origin.url + "/file")
        self.assertEqual(self.files(), ["mine"])
        self.sluice("get", self.origin.url + "/file", "--output=-", "-q")
        self.assertEqual((self.out, self.err), (CONTENT, ""))
        self.assertEqual(self.files(), ["mine"])

    def test_outputs_in_their_order(self):
        url = self.origin.url
        self.sluice("get", "-o", "one", "-O", url + "/file/1", url + "/file/2", "-othree", url + "/file/3",
                    url + "/file/4")
        self.assertEqual(self.files(), ["2", "4", "one", "three"])

    def test_two_of_the_same_name(self):
        err = self.sluice("get", self.origin.url + "/file/a/x", self.origin.url + "/file/b/x", status=2)
        self.assertIn("would both be stored in x", err)
        self.assertEqual(self.origin.seen, [])

    def test_an_empty_body_makes_an_empty_file(self):
        (self.folder / "empty").write_bytes(b"old")
        self.sluice("get", self.origin.url + "/empty")
        self.assertEqual(self.read("empty"), b"")

    def test_a_failure_leaves_an_old_file_alone(self):
        (self.folder / "404").write_bytes(b"old")
        self.sluice("get", self.origin.url + "/status/404", status=1)
        self.assertEqual(self.read("404"), b"old")

    def test_head_makes_no_file(self):
        err = self.sluice("get", "-v", "-X", "HEAD", self.origin.url + "/file")
        self.assertEqual(self.files(), [])
        self.assertIn("< HTTP/1.1 200 OK", err)
        self.assertEqual(self.origin.seen[0][0], "HEAD")

    def test_no_such_folder(self):
        err = self.sluice("get", "-o", "no/such/file", self.origin.url + "/file", status=1)
        self.assertIn("can not write to no/such/file: No such file or directory", err)

    def test_a_full_disk(self):
        err = self.sluice("get", "-o", "/dev/full", self.origin.url + "/file", status=1)
        self.assertIn("can not write to /dev/full: No space left on device", err)

    def test_standard_output_without_a_reader(self):
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "wb") as gone:
            done = subprocess.run([SLUICE, "get", "-o-", self.origin.url + "/file"], stdout=gone,
                                  stderr=subprocess.PIPE, timeout=SECONDS, env=environment(), check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"can not write to standard output: Broken pipe", done.stderr)


class Continue(Command):
    def test_appends_what_is_lacking(self):
        (self.folder / "file").write_bytes(CONTENT[:100000])
        self.sluice("get", "-C", self.origin.url + "/file")
        self.assertEqual(self.read("file"), CONTENT)
        self.assertEqual(self.origin.seen[0][2]["Range"], "bytes=100000-")

    def test_without_a_file_all_of_it(self):
        self.sluice("get", "--continue", self.origin.url + "/file")
        self.assertEqual(self.read("file"), CONTENT)
        self.assertNotIn("Range", self.origin.seen[0][2])

    def test_a_complete_file_stays(self):
        (self.folder / "file").write_bytes(CONTENT)
        err = self.sluice("get", "-C", self.origin.url + "/file")
        self.assertEqual(self.read("file"), CONTENT)
        self.assertIn("is complete", err)

    def test_a_file_that_is_too_long(self):
        (self.folder / "file").write_bytes(CONTENT + b"more")
        err = self.sluice("get", "-C", self.origin.url + "/file", status=1)
        self.assertIn("the server answered 416; the file is longer", err)
        self.assertEqual(self.read("file"), CONTENT + b"more")

    def test_a_server_without_ranges(self):
        (self.folder / "norange").write_bytes(CONTENT[:1000])
        err = self.sluice("get", "-C", self.origin.url + "/norange")
        self.assertIn("begun anew", err)
        self.assertEqual(self.read("norange"), CONTENT)

    def test_what_broke_off_can_be_continued(self):
        err = self.sluice("get", "-o", "it", self.origin.url + "/cut", status=1)
        self.assertIn("--continue", err)
        self.assertIn("it.part  holds what came until then", err)
        self.assertEqual(self.files(), ["it.part"])
        self.assertEqual(self.read("it.part"), CONTENT[:1000])
        self.sluice("get", "-Co", "it", self.origin.url + "/file")
        self.assertEqual(self.read("it"), CONTENT)
        self.assertEqual(self.files(), ["it"])

    def test_goes_with_files_only(self):
        self.assertIn("--continue", self.sluice("get", "-C", "-o-", self.origin.url + "/file", status=2))
        self.assertIn("--continue", self.sluice("get", "-C", "-dx", self.origin.url + "/file", status=2))
        (self.folder / "file").mkdir()
        err = self.sluice("get", "-C", self.origin.url + "/file", status=1)
        self.assertIn("Is a directory", err)
        os.mkfifo(self.folder / "pipe")
        err = self.sluice("get", "-C", "-o", "pipe", self.origin.url + "/file", status=1)
        self.assertIn("Invalid argument", err)


class Requests(Command):
    def echo(self, *words, **more):
        self.sluice("get", "-q", "-o", "-", *words, self.origin.url + "/echo", **more)
        return json.loads(self.out)

    def test_plain(self):
        told = self.echo()
        self.assertEqual((told["method"], told["body"]), ("GET", ""))
        self.assertRegex(told["headers"]["User-Agent"], r"^sluice/\d+\.\d+\.\d+$")

    def test_headers(self):
        told = self.echo("-H", "X-One: 1", "--header", "X-Two: 2", "-H", "Accept:")
        self.assertEqual((told["headers"]["X-One"], told["headers"]["X-Two"]), ("1", "2"))
        self.assertNotIn("Accept", told["headers"])

    def test_data(self):
        told = self.echo("-d", "a=1", "--data", "b=2")
        self.assertEqual((told["method"], told["body"]), ("POST", "a=1&b=2"))
        (self.folder / "body").write_bytes(b"x" * 40000)
        self.assertEqual(self.echo("-d@body")["body"], "x" * 40000)
        self.assertEqual(self.echo("-d", "@-", stdin=b"from stdin")["body"], "from stdin")
        told = self.echo("-d", "")
        self.assertEqual((told["method"], told["headers"]["Content-Length"]), ("POST", "0"))

    def test_no_such_data_file(self):
        err = self.sluice("get", "-d", "@nothing", self.origin.url, status=2)
        self.assertIn("@nothing: No such file or directory", err)

    def test_method(self):
        self.assertEqual(self.echo("-X", "DELETE")["method"], "DELETE")
        told = self.echo("--method", "PUT", "-d", "new")
        self.assertEqual((told["method"], told["body"]), ("PUT", "new"))

    def test_verbose(self):
        err = self.sluice("get", "-v", "-q", self.origin.url + "/strange")
        self.assertRegex(err, r"(?m)^> GET /strange HTTP/1\.1$")
        self.assertRegex(err, r"(?m)^< HTTP/1\.1 200 OK$")
        self.assertRegex(err, r"(?m)^< X-Strange: a\?\[31mb$")
        self.assertNotIn("\x1b", err)


class Redirects(Command):
    def test_ten_are_followed(self):
        self.sluice("get", "-o", "it", self.origin.url + "/redirect/10")
        self.assertEqual(self.read("it"), CONTENT)

    def test_eleven_are_too_many(self):
        err = self.sluice("get", "-o", "it", self.origin.url + "/redirect/11", status=1)
        self.assertIn("more than 10 redirects", err)
        self.assertEqual(self.files(), [])
        self.sluice("get", self.origin.url + "/loop", status=1)

    def test_not_followed(self):
        err = self.sluice("get", "--no-follow", "-o", "it", self.origin.url + "/redirect/1")
        self.assertEqual(self.read("it"), b"elsewhere")
        self.assertIn("redirects to %s/file" % self.origin.url, err)


class Failures(Command):
    def test_status(self):
        for status, hint in ((404, "spelling"), (401, "Authorization"), (503, "try again later")):
            with self.subTest(status):
                url = "%s/status/%d" % (self.origin.url, status)
                err = self.sluice("get", url, status=1)
                self.assertTrue(err.startswith("sluice: %s: the server answered %d; " % (url, status)), err)
                self.assertIn(hint, err)
                self.assertEqual(self.files(), [])

    def test_accepted_errors(self):
        self.sluice("get", "--accept-errors", self.origin.url + "/status/404")
        self.assertEqual(self.read("404"), b"the body of an error\n")

    def test_refused_port(self):
        port = free_port()
        err = self.sluice("get", "http://127.0.0.1:%d/x" % port, status=1)
        self.assertTrue(err.startswith("sluice: http://127.0.0.1:%d/x: " % port), err)
        self.assertIn("does a server run there", err)

    def test_unknown_name(self):
        err = self.sluice("get", "http://name.invalid/x", status=1)
        self.assertIn("name.invalid", err)
        self.assertIn("spelled right", err)

    def test_unknown_scheme(self):
        err = self.sluice("get", "foo://127.0.0.1/x", status=1)
        self.assertIn("`sluice --version` lists the protocols", err)

    def test_not_a_url(self):
        self.assertIn("is not a URL", self.sluice("get", "http://", status=2))

    def test_max_time(self):
        began = time.monotonic()
        err = self.sluice("get", "-m", "0.3", self.origin.url + "/slow/5000", status=1)
        self.assertLess(time.monotonic() - began, 3)
        self.assertIn("allow more with --max-time", err)

    def test_connect_timeout(self):
        with socket.socket() as full:  # its queue is full: a further connection gets no answer
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(full.getsockname())
            began = time.monotonic()
            err = self.sluice("get", "--connect-timeout", "0.3", "http://127.0.0.1:%d/x"
                              % full.getsockname()[1], status=1)
            for one in waiting:
                one.close()
        self.assertLess(time.monotonic() - began, 3)
        self.assertIn("allow more with --connect-timeout", err)

    def test_quiet_tells_errors(self):
        self.assertIn("404", self.sluice("get", "-q", self.origin.url + "/status/404", status=1))


class Several(Command):
    def urls(self, count, path="/file"):
        return ["%s%s/%d" % (self.origin.url, path, i) for i in range(count)]

    def test_all_arrive(self):
        err = self.sluice("get", *self.urls(9))
        self.assertEqual(self.files(), [str(i) for i in range(9)])
        for name in self.files():
            self.assertEqual(self.read(name), CONTENT)
        self.assertEqual(len(err.splitlines()), 10)
        self.assertRegex(err.splitlines()[-1], r"^9 files, 2\.6 MiB in ")

    def test_they_run_at_the_same_time(self):
        self.origin.meeting = threading.Barrier(3)
        self.sluice("get", "--parallel", "3", *self.urls(6, "/meet"))
        self.assertEqual(self.origin.most, 3)

    def test_four_by_default(self):
        self.origin.meeting = threading.Barrier(4)
        self.sluice("get", *self.urls(8, "/meet"))
        self.assertEqual(self.origin.most, 4)

    def test_one_after_the_other(self):
        self.origin.meeting = threading.Barrier(1)
        self.sluice("get", "--parallel=1", "-q", *["-o-"] * 3, *self.urls(3, "/meet"))
        self.assertEqual(self.origin.most, 1)
        self.assertEqual(self.out, b"metmetmet")

    def test_standard_output_would_mix(self):
        err = self.sluice("get", "-o-", "-o-", *self.urls(2), status=2)
        self.assertIn("--parallel 1", err)

    def test_a_failure_stops_nothing(self):
        urls = self.urls(3)
        urls.insert(1, self.origin.url + "/status/500")
        self.sluice("get", "--parallel", "1", *urls, status=1)
        self.assertEqual(self.files(), ["0", "1", "2"])

    def test_fail_early(self):
        urls = self.urls(3)
        urls.insert(1, self.origin.url + "/status/500")
        err = self.sluice("get", "--parallel", "1", "--fail-early", *urls, status=1)
        self.assertEqual(self.files(), ["0"])
        self.assertIn("2 of 4 transfers were not begun", err)

    def test_fail_early_before_a_transfer_begins(self):
        (self.folder / "0").mkdir()
        err = self.sluice("get", "-C", "--parallel", "1", "--fail-early", *self.urls(3), status=1)
        self.assertIn("2 of 3 transfers were not begun", err)
        self.assertEqual(self.origin.seen, [])

    def test_fail_early_ends_those_that_run(self):
        began = time.monotonic()
        slow = self.origin.url + "/slow/20000"
        err = self.sluice("get", "--fail-early", slow, self.origin.url + "/status/500", status=1)
        self.assertLess(time.monotonic() - began, 5)
        self.assertIn("sluice: %s: given up" % slow, err)


class Sockets(Command):
    def trace(self, *words, **more):
        err = self.sluice("get", "-q", "--trace-sockets", *words, **more)
        rows = [re.fullmatch(r"\[socket\] (\S+) +fd (\S+) +(\S+) +(\S+)(?:  (.*))?", line)
                for line in err.splitlines() if line.startswith("[socket]")]
        self.assertNotIn(None, rows, err)
        return [row.groups() for row in rows]

    def test_one_connection(self):
        rows = self.trace(self.origin.url + "/file")
        self.assertEqual([row[0] for row in rows], ["open", "connect", "connected", "close"])
        self.assertEqual({row[1] for row in rows}, {rows[0][1]})
        self.assertGreater(int(rows[0][1]), 2)
        self.assertEqual({row[2:4] for row in rows}, {("peer", self.origin.host)})

    def test_a_policy_that_only_reports(self):
        (self.folder / "policy").write_text("mode report\ndeny loopback\n")
        rows = self.trace(self.origin.url + "/file", SLUICE_POLICY="policy")
        self.assertEqual([row[0] for row in rows][:2], ["reported", "open"])
        self.assertEqual((rows[0][1], rows[0][4]), ("-", "policy line 2: deny loopback"))

    def test_a_refused_port(self):
        rows = self.trace("http://127.0.0.1:%d/" % free_port(), status=1)
        self.assertEqual([row[0] for row in rows if row[0] != "connected"], ["open", "connect", "close"])
        self.assertIn("Connection refused", [row[4] for row in rows])

    def test_reuse(self):
        rows = self.trace("--parallel", "1", self.origin.url + "/file/1", self.origin.url + "/file/2")
        events = [row[0] for row in rows]
        self.assertEqual((events.count("open"), events.count("close")), (1, 1))
        self.assertIn("reuse", events)

    def test_every_open_has_its_close(self):
        rows = self.trace(*["%s/file/%d" % (self.origin.url, i) for i in range(9)],
                          "http://127.0.0.1:%d/" % free_port(), status=1)
        open_now = set()
        for event, fd, *_ in rows:
            if event == "open":
                self.assertNotIn(fd, open_now)
                open_now.add(fd)
            elif event == "close":
                open_now.remove(fd)
        self.assertEqual(open_now, set())
        self.assertIn("open", [row[0] for row in rows])

    def test_without_the_option_no_line(self):
        self.assertNotIn("[socket]", self.sluice("get", self.origin.url + "/file"))

    def test_deny(self):
        for cidr in ("127.0.0.0/8", "127.0.0.1", "0.0.0.0/0", "127.0.0.1/32", "127.0.0.0/31"):
            with self.subTest(cidr):
                err = self.sluice("get", "--deny", cidr, self.origin.url + "/file", status=1)
                self.assertIn("--deny %s refuses %s" % (cidr, self.origin.host), err)
        self.assertEqual(self.origin.seen, [])

    def test_deny_something_else(self):
        self.sluice("get", "--deny", "10.0.0.0/8", "--deny", "127.0.0.2", "--deny", "::/0",
                    "--deny", "126.0.0.0/8", self.origin.url + "/file")
        self.assertEqual(self.read("file"), CONTENT)

    def test_deny_ipv6(self):
        try:
            origin = self.serve(family=socket.AF_INET6, host="::1")
        except OSError as error:
            self.skipTest("no IPv6 here: %s" % error)
        self.sluice("get", "--deny", "fc00::/7", "--deny", "127.0.0.0/8", origin.url + "/file")
        for cidr in ("::1", "::/127", "::/0"):
            err = self.sluice("get", "--deny", cidr, origin.url + "/file", status=1)
            self.assertIn("--deny %s refuses %s" % (cidr, origin.host), err)
        self.assertEqual(len(origin.seen), 1)

    def test_deny_ipv4_inside_ipv6(self):
        url = "http://[::ffff:127.0.0.1]:%d/file" % self.origin.server_port
        for cidr in ("127.0.0.0/8", "::ffff:0:0/96"):
            err = self.sluice("get", "--deny", cidr, url, status=1)
            self.assertIn("--deny %s refuses [::ffff:127.0.0.1]" % cidr, err)
        self.assertEqual(self.origin.seen, [])

    def test_deny_holds_after_a_redirect(self):
        other = self.serve(host="127.0.0.2")
        other_url = other.url + "/file"

        def on_redirect(handler, *_):
            handler.send(302, Location=other_url)

        self.origin.RequestHandlerClass = type("Redirecting", (Handler,), {"on_redirect": on_redirect})
        self.sluice("get", "-o", "it", self.origin.url + "/redirect")
        self.assertEqual(len(other.seen), 1)
        err = self.sluice("get", "--deny", "127.0.0.2", self.origin.url + "/redirect", status=1)
        self.assertIn("--deny 127.0.0.2 refuses " + other.host, err)
        self.assertEqual(len(other.seen), 1)

    def test_deny_is_traced(self):
        rows = self.trace("--deny", "127.0.0.0/8", self.origin.url + "/file", status=1)
        self.assertEqual(rows, [("refused", "-", "peer", self.origin.host, "--deny 127.0.0.0/8")])

    def test_bad_ranges(self):
        for cidr in ("127.0.0.1/33", "127.0.0.1/8", "10.0.0.0/", "10.0.0/8", "::/129", "name", "", "10.0.0.0/+8"):
            with self.subTest(cidr):
                err = self.sluice("get", "--deny", cidr, self.origin.url, status=2)
                self.assertIn("not '%s'" % cidr, err)


class Tls(Command):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.certificate, key = folder.name + "/certificate.pem", folder.name + "/key.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", cls.certificate, "-days", "2", "-subj", "/CN=loopback",
                        "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(cls.certificate, key)

    def setUp(self):
        super().setUp()
        self.origin = self.serve(context=self.context)

    def test_an_unknown_certificate(self):
        err = self.sluice("get", self.origin.url + "/file", status=1)
        self.assertTrue(err.startswith("sluice: %s/file: certificate problem: " % self.origin.url), err)
        self.assertIn("try --cacert FILE", err)
        self.assertEqual((self.files(), self.origin.seen), ([], []))

    def test_cacert(self):
        self.sluice("get", "--cacert", self.certificate, self.origin.url + "/file")
        self.assertEqual(self.read("file"), CONTENT)

    def test_cacert_that_is_not_there(self):
        err = self.sluice("get", "--cacert", "nothing.pem", self.origin.url + "/file", status=1)
        self.assertIn("--cacert needs a readable file", err)

    def test_insecure(self):
        self.sluice("get", "-k", self.origin.url + "/file")
        self.assertEqual(self.read("file"), CONTENT)

    def test_another_name(self):
        other = self.serve(context=self.context, host="127.0.0.2")
        err = self.sluice("get", "--cacert", self.certificate, other.url + "/file", status=1)
        self.assertIn("certificate problem", err)

    def test_a_port_without_tls(self):
        plain = self.serve()
        err = self.sluice("get", "https://%s/file" % plain.host, status=1)
        self.assertIn("does this port speak TLS?", err)


class Terminal(Command):
    def test_a_bar(self):
        output = self.on_terminal("get", self.origin.url + "/slow/700/big.bin")
        self.assertRegex(output, r"big\.bin +\[=+> +\] +\d+% .* [KM]iB/s  ETA +\d+:\d\d")
        lines = self.screen.lines()
        self.assertEqual(len(lines), 1, lines)
        self.assertRegex(lines[0], r"^big\.bin  1\.0 MiB in \d\.\d\d s")

    def test_a_bar_for_each(self):
        output = self.on_terminal("get", *["%s/slow/700/%d.bin" % (self.origin.url, i) for i in range(3)])
        self.assertRegex(output, r"0\.bin +\[.*\r\n1\.bin +\[.*\r\n2\.bin +\[.*\r\ndone 0/3 +\[")
        *files, total = self.screen.lines()
        self.assertEqual(sorted(line[:7] for line in files), ["%d.bin  " % i for i in range(3)])
        self.assertRegex(total, r"^3 files, 3\.0 MiB in \d\.\d\d s")

    def test_lines_stand_above_bars(self):
        self.on_terminal("get", self.origin.url + "/slow/700/big.bin", self.origin.url + "/status/404", status=1)
        lines = self.screen.lines()
        self.assertIn("404", lines[0])
        self.assertEqual([line[:7] for line in lines[-2:]], ["big.bin", "1 of 2 "])

    def test_a_continued_file(self):
        (self.folder / "half").write_bytes(bytes(1 << 19))
        output = self.on_terminal("get", "-C", self.origin.url + "/slow/700/half")
        self.assertEqual(self.read("half"), bytes(1 << 20))
        percents = [int(percent) for percent in re.findall(r"(\d+)%", output)]
        self.assertGreater(len(percents), 2)
        self.assertTrue(all(50 <= percent <= 100 for percent in percents), percents)

    def test_no_bars(self):
        for words, more in ((["-q"], {}), ([], {"TERM": "dumb"})):
            output = self.on_terminal("get", *words, self.origin.url + "/slow/300", **more)
            self.assertNotIn("\x1b", output)
            self.assertNotIn("ETA", output)

    def test_no_bar_in_a_body(self):
        output = self.on_terminal("get", "-o", "-", self.origin.url + "/slow/300", both=True)
        self.assertNotIn("ETA", output)


class Usage(Command):
    def test_mistakes(self):
        url = self.origin.url + "/file"
        for words, hint in (([], "usage: sluice"), (["fetch"], "no command 'fetch'"), (["get"], "no URL"),
                            ([url], "sluice get " + url), (["get", "--nonsense", url], "no option --nonsense"),
                            (["get", "-z", url], "no option -z"), (["get", "-qz", url], "no option -z"),
                            (["get", url, "-o"], "--output needs FILE"), (["get", "--quiet=yes", url], "no value"),
                            (["get", "--max-time", "soon", url], "'soon'"), (["get", "-m0", url], "'0'"),
                            (["get", "-m", "nan", url], "'nan'"), (["get", "--parallel", "0", url], "'0'"),
                            (["get", "--parallel", "2x", url], "'2x'"), (["get", "-H", "nonsense", url], "'nonsense'"),
                            (["get", "-H", "A: b\nC: d", url], "one line"), (["get", "-o", "", url], "name"),
                            (["get", "-oa", "-ob", url], "more -o"), (["get", "--sha256", "12", url], "'12'"),
                            (["get", "--limit-rate", "fast", url], "'fast'"), (["get", "--retry", "-1", url], "'-1'"),
                            (["get", "--sums", "nothing", url], "No such file"), (["get", "-i", "nothing"], "No such"),
                            (["get", "-C", "-J", url], "-J"), (["get", "-C", "--compressed", url], "--compressed"),
                            (["get", "-ox", "-ox.part", url, url], "where x grows"),
                            (["get", "-ox", "-ox.part.etag", url, url], "where x grows"), (["help", "fetch"], "no command 'fetch'"),
                            (["demo", "more"], "'more'"), (["demo", "--fast"], "no option --fast")):
            with self.subTest(words):
                self.assertIn(hint, self.sluice(*words, status=2))
                self.assertEqual(self.out, b"")
        self.assertEqual((self.origin.seen, self.files()), ([], []))

    def test_two_dashes_end_the_options(self):
        self.sluice("get", "-o", "it", "--", self.origin.url + "/file")
        self.assertEqual(self.read("it"), CONTENT)
        self.assertIn("-q", self.sluice("get", "-o", "it", "--", "-q", status=1))

    def test_help(self):
        for words in (["--help"], ["-h"], ["help"]):
            self.sluice(*words)
            self.assertIn(b"usage: sluice COMMAND", self.out)
            self.assertIn(b"demo", self.out)
        for name in ("get", "demo"):
            for words in ([name, "--help"], [name, "-h"], ["help", name]):
                self.sluice(*words)
                self.assertTrue(self.out.startswith(b"usage: sluice " + name.encode()))
                self.assertIn(b"Exit status", self.out)
                self.assertEqual(self.err, "")
                self.assertLessEqual(max(map(len, self.out.splitlines())), 95)

    def test_help_on_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([SLUICE, "get", "--help"], stdout=full, stderr=subprocess.PIPE,
                                  timeout=SECONDS, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn(b"No space left", done.stderr)

    def test_version(self):
        project = re.search(r"project\(Sluice VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text())
        self.sluice("--version")
        first, protocols, features = self.out.decode().splitlines()
        self.assertTrue(first.startswith("sluice %s (libcurl/" % project[1]), first)
        self.assertIn("Sluice/" + project[1], first)
        self.assertIn(" https", protocols)
        self.assertIn(" SSL", features)

    def test_the_manual_has_the_same_options(self):
        self.sluice("get", "--help")
        helped = {tuple(filter(None, found)) for found in
                  re.findall(r"(?m)^  (?:-(\w), |    )--([a-z0-9.-]+)", self.out.decode())}
        page = (SOURCE / "docs" / "sluice.1").read_text().split(".Ss sluice get")[1].split("\n.Ss ")[0]
        manual = set()
        for line in re.findall(r"(?m)^\.It (Fl .*)$", page):
            manual.add(tuple(name.lstrip("-") for name in re.findall(r"Fl (\S+)", line)))
        self.assertGreater(len(helped), 15)
        self.assertEqual(helped, manual)


class Demo(Command):
    def broken(self, source):
        """An environment in which a function of the system is replaced."""
        (self.folder / "broken.c").write_text("#define _GNU_SOURCE\n" + source)
        subprocess.run([CC, "-shared", "-fPIC", "-o", "broken.so", "broken.c", "-ldl"], cwd=self.folder, check=True)
        return {"LD_PRELOAD": str(self.folder / "broken.so")}

    def test_all_acts(self):
        began = time.monotonic()
        self.sluice("demo", http_proxy="http://127.0.0.1:%d" % free_port())
        self.assertLess(time.monotonic() - began, 2)
        text = self.out.decode()
        self.assertRegex(text, r"\nAll \d+ checks hold\.\n$")
        for line in ("address: 127.0.0.1:", "CURLINFO_PRIMARY_PORT", "CURLE_COULDNT_CONNECT", "socketpair",
                     "open, connect, connected, close", "CURLSOCKTYPE_ACCEPT  127.0.0.1:",
                     "by the callbacks: 8 opened, 8 closed, 1 refused",
                     "by the library's events: 9 opened, 9 closed, 1 refused"):
            self.assertIn(line, text)
        self.assertNotIn("DIFFERS", text)
        self.assertNotIn("\x1b", text)
        self.assertEqual(self.err, "")
        self.assertLessEqual(max(map(len, text.splitlines()[1:])), 100)

    def test_colours(self):
        self.assertIn("\x1b[32mok", self.on_terminal("demo", both=True))
        self.assertNotIn("\x1b", self.on_terminal("demo", both=True, NO_COLOR="1"))
        self.assertNotIn("\x1b", self.on_terminal("demo", both=True, TERM="dumb"))

    def test_a_refused_connection_differs(self):
        self.sluice("demo", status=1, **self.broken("""
            #include <errno.h>
            #include <sys/socket.h>
            int connect(int fd, const struct sockaddr *address, socklen_t length)
            {
              (void)fd, (void)address, (void)length;
              errno = ECONNREFUSED;
              return -1;
            }
            """))
        self.assertIn(b"DIFFERS", self.out)
        self.assertRegex(self.out.decode(), r"\n\d+ of \d+ checks differ\.\n$")

    def test_a_leak_differs(self):
        self.sluice("demo", status=1, **self.broken("""
            #include <dlfcn.h>
            #include <sys/socket.h>
            int close(int fd)
            {
              static int kept;
              int type;
              socklen_t length = sizeof type;
              if (!kept && !getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length)) {
                kept = 1;
                return 0;
              }
              return ((int (*)(int))dlsym(RTLD_NEXT, "close"))(fd);
            }
            """))
        self.assertRegex(self.out.decode(), r"DIFFERS open descriptors of this process: (\d+) before")

    def test_no_ports_left(self):
        self.sluice("demo", status=1, **self.broken("""
            #include <errno.h>
            #include <sys/socket.h>
            int listen(int fd, int backlog)
            {
              (void)fd, (void)backlog;
              errno = EADDRINUSE;
              return -1;
            }
            """))
        self.assertIn(b"no server can be started", self.out)


if __name__ == "__main__":
    unittest.main(verbosity=1)
