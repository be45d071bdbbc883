#!/usr/bin/python3
"""`sluice get` as a downloader: parts, versions, checksums, names, lists, interrupts.

The first half runs against an origin of the test's own, which fails as it is told to (the tests of
retries and of the terminal use it, too); the second half against nginx.
"""
import hashlib
import os
import pathlib
import pwd
import random
import re
import signal
import stat
import subprocess
import threading
import time
import unittest

import cli_test
import common
import vsftpd_test
from cli_test import CONTENT, SECONDS, SLUICE

SUM = hashlib.sha256(CONTENT).hexdigest()
WRONG = "0" * 64


def hear_interrupts():
    """In a program: a shell that starts the tests in its background lets them ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Handler(cli_test.Handler):
    """More ways to answer; /NAME/... with a tag is of one version as long as the server's does not change."""

    def tagged(self):
        """The content from where it is wanted, if it is of this version: (status, headers, start)."""
        headers = {"ETag": self.server.tag}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(wanted[1]) if wanted else 0
        if not start or self.headers.get("If-Range", self.server.tag) != self.server.tag:
            return 200, headers, 0
        if start >= len(self.server.content):
            return 416, {"Content-Range": "bytes */%d" % len(self.server.content)}, start
        headers["Content-Range"] = "bytes %d-%d/%d" % (start, len(self.server.content) - 1, len(self.server.content))
        return 206, headers, start

    def begin(self, status, headers, length):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def on_tag(self, *_):
        status, headers, start = self.tagged()
        self.begin(status, headers, len(self.server.content) - start)
        self.wfile.write(self.server.content[start:])

    def first(self, count):
        """Whether this is one of the first requests for the path."""
        with self.server.lock:
            self.server.asked[self.path] = self.server.asked.get(self.path, 0) + 1
            return self.server.asked[self.path] <= int(count)

    def on_busy(self, count, status="503", after=None, *_):
        """That status for the first requests, then the content."""
        if self.first(count):
            more = {"Retry_After": after} if after and after.isdigit() else {}
            self.send(int(status) if status.isdigit() else 503, b"busy", **more)
        else:
            self.on_tag()

    def cut(self, status, headers, start):
        self.begin(status, headers, len(self.server.content) - start)
        self.wfile.write(self.server.content[start:start + 50000])
        self.close_connection = True

    def on_cuts(self, count, *_):
        if self.first(count):
            self.cut(*self.tagged())
        else:
            self.on_tag()

    def on_bare(self, count, *_):
        """As on_cuts, without a validator."""
        if self.first(count):
            self.cut(200, {}, 0)
        else:
            self.send(200, self.server.content)

    def on_slices(self, *_):
        """At most 100000 bytes of what is wanted."""
        status, headers, start = self.tagged()
        if status != 206:
            return self.on_tag()
        end = min(start + 100000, len(self.server.content))
        headers["Content-Range"] = "bytes %d-%d/%d" % (start, end - 1, len(self.server.content))
        self.begin(206, headers, end - start)
        self.wfile.write(self.server.content[start:end])

    def on_wrongrange(self, *_):
        self.send(206, CONTENT[7:], Content_Range="bytes 7-%d/%d" % (len(CONTENT) - 1, len(CONTENT)))

    def on_named(self, *_):
        self.send(200, b"named", Content_Disposition=self.server.disposition)

    def on_reset(self, *_):
        self.close_connection = True

    def on_chunks(self, *_):
        """Chunked, and it ends in the middle."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"1000\r\n" + CONTENT[:4096] + b"\r\n1000\r\n" + CONTENT[4096:5000])
        self.close_connection = True

    def on_drip(self, *_):
        """A tagged file, slowly."""
        status, headers, start = self.tagged()
        self.begin(status, headers, len(self.server.content) - start)
        try:
            for at in range(start, len(self.server.content), 20000):
                self.wfile.write(self.server.content[at:at + 20000])
                time.sleep(0.05)
        except OSError:
            self.close_connection = True


class Command(cli_test.Command):
    def setUp(self):
        super().setUp()
        self.origin.RequestHandlerClass = Handler
        self.origin.tag, self.origin.content, self.origin.asked = '"one"', CONTENT, {}

    def write(self, name, content):
        (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def start(self, *words, **more):
        more.setdefault("preexec_fn", hear_interrupts)
        process = subprocess.Popen([SLUICE, "get", *words], cwd=self.folder, stderr=subprocess.PIPE,
                                   env=cli_test.environment(), **more)
        self.addCleanup(process.stderr.close)
        return process

    def wait_for(self, condition):
        until = time.monotonic() + SECONDS
        while not condition():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.01)

    def ranges(self):
        return [headers.get("Range") for _, _, headers in self.origin.seen]


class Parts(Command):
    def test_the_name_comes_last(self):
        self.write("drip", "old")
        process = self.start(self.origin.url + "/drip")
        self.wait_for(lambda: (self.folder / "drip.part").exists())
        self.assertEqual(self.read("drip"), b"old")
        self.assertEqual(process.wait(SECONDS), 0)
        self.assertEqual(self.files(), ["drip"])
        self.assertEqual(self.read("drip"), CONTENT)

    def test_two_at_a_time_do_not_mix(self):
        process = self.start(self.origin.url + "/drip")
        self.wait_for(lambda: (self.folder / "drip.part").exists())
        err = self.sluice("get", self.origin.url + "/drip", status=1)
        self.assertIn("somebody else is writing to", err)
        self.assertEqual(process.wait(SECONDS), 0)
        self.assertEqual(self.read("drip"), CONTENT)

    def test_a_link_stays_a_link(self):
        (self.folder / "there").mkdir()
        self.write("there/target", "old")
        (self.folder / "link").symlink_to("there/target")
        self.sluice("get", "-o", "link", self.origin.url + "/tag")
        self.assertTrue((self.folder / "link").is_symlink())
        self.assertEqual(self.read("there/target"), CONTENT)
        self.assertEqual(os.listdir(self.folder / "there"), ["target"])

    def test_a_link_in_the_place_of_the_part_is_not_followed(self):
        self.write("victim", "mine")
        (self.folder / "x.part").symlink_to("victim")
        self.sluice("get", "-o", "x", self.origin.url + "/tag", status=1)
        self.assertEqual(self.read("victim"), b"mine")

    def test_the_mode_of_the_old_file(self):
        self.write("tag", "secret")
        (self.folder / "tag").chmod(0o600)
        self.sluice("get", self.origin.url + "/tag")
        self.assertEqual(stat.S_IMODE((self.folder / "tag").stat().st_mode), 0o600)
        self.assertEqual(self.read("tag"), CONTENT)

    def test_devices_and_pipes_are_written_directly(self):
        self.sluice("get", "-o", "/dev/null", self.origin.url + "/tag")
        os.mkfifo(self.folder / "pipe")
        got = []
        reader = threading.Thread(target=lambda: got.append(self.read("pipe")))
        reader.start()
        self.sluice("get", "-o", "pipe", self.origin.url + "/tag")
        reader.join(SECONDS)
        self.assertEqual(got, [CONTENT])
        self.assertEqual(self.files(), ["pipe"])

    def test_an_unfinished_chunked_body(self):
        self.sluice("get", self.origin.url + "/chunks", status=1)
        self.assertEqual(self.files(), ["chunks.part"])

    def test_only_a_part_was_sent(self):
        self.write("slices.part", CONTENT[:1000])
        self.sluice("get", "-C", self.origin.url + "/slices", status=1)
        self.assertEqual(self.files(), ["slices.part"])
        self.assertEqual(self.read("slices.part"), CONTENT[:101000])
        self.sluice("get", "-C", "--retry", "3", self.origin.url + "/slices")
        self.assertEqual(self.read("slices"), CONTENT)

    def test_another_part_than_was_asked_for(self):
        self.write("wrongrange.part", CONTENT[:1000])
        err = self.sluice("get", "-C", self.origin.url + "/wrongrange", status=1)
        self.assertIn("another part than was asked for", err)
        self.assertEqual(self.read("wrongrange.part"), CONTENT[:1000])
        self.sluice("get", self.origin.url + "/wrongrange", status=1)  # and nobody asked
        self.assertNotIn("wrongrange", self.files())

    def test_a_range_of_ones_own(self):
        self.sluice("get", "-H", "Range: bytes=5-", self.origin.url + "/tag")
        self.assertEqual(self.read("tag"), CONTENT[5:])


class Versions(Command):
    """--continue with the server's version of the file known."""

    def break_off(self):
        self.sluice("get", "-o", "it", self.origin.url + "/cuts/1", status=1)
        self.assertEqual(self.files(), ["it.part", "it.part.etag"])
        self.assertEqual(self.read("it.part.etag"), b'"one"\n')

    def test_the_same(self):
        self.break_off()
        self.sluice("get", "-C", "-o", "it", self.origin.url + "/tag")
        headers = self.origin.seen[-1][2]
        self.assertEqual((headers["Range"], headers["If-Range"]), ("bytes=50000-", '"one"'))
        self.assertEqual((self.files(), self.read("it")), (["it"], CONTENT))

    def test_another(self):
        self.break_off()
        self.origin.tag, self.origin.content = '"two"', CONTENT[::-1]
        err = self.sluice("get", "-C", "-o", "it", self.origin.url + "/tag")
        self.assertIn("begun anew", err)
        self.assertEqual((self.files(), self.read("it")), (["it"], CONTENT[::-1]))

    def test_without_the_option_anew(self):
        self.break_off()
        self.sluice("get", "-o", "it", self.origin.url + "/tag")
        self.assertNotIn("Range", self.origin.seen[-1][2])
        self.assertEqual((self.files(), self.read("it")), (["it"], CONTENT))

    def test_a_part_that_is_the_whole(self):
        self.break_off()
        self.write("it.part", CONTENT)
        err = self.sluice("get", "-C", "-o", "it", self.origin.url + "/tag")
        self.assertIn("is complete", err)
        self.assertEqual((self.files(), self.read("it")), (["it"], CONTENT))

    def test_after_a_sudden_death(self):
        process = self.start(self.origin.url + "/drip")
        self.wait_for(lambda: (self.folder / "drip.part").exists() and len(self.read("drip.part")) > 50000)
        process.kill()
        process.wait(SECONDS)
        self.assertEqual(self.files(), ["drip.part", "drip.part.etag"])
        self.sluice("get", "-C", self.origin.url + "/drip")
        self.assertIn("If-Range", self.origin.seen[-1][2])
        self.assertEqual((self.files(), self.read("drip")), (["drip"], CONTENT))

    def test_a_weak_tag_is_none(self):
        self.origin.tag = 'W/"one"'
        self.sluice("get", "-o", "it", self.origin.url + "/cuts/1", status=1)
        self.assertEqual(self.files(), ["it.part"])

    def test_nonsense_in_the_tag_file(self):
        for text in ("a\x1bb\n", "no end", "", '"' + "x" * 2000 + '"\n', "\x00\n"):
            self.write("it.part", CONTENT[:1000])
            self.write("it.part.etag", text)
            self.sluice("get", "-C", "-o", "it", self.origin.url + "/tag")
            self.assertNotIn("If-Range", self.origin.seen[-1][2])
            self.assertEqual((self.files(), self.read("it")), (["it"], CONTENT))
            (self.folder / "it").unlink()


class Checksums(Command):
    def test_right(self):
        for text in (SUM, SUM.upper()):
            err = self.sluice("get", "--sha256", text, self.origin.url + "/tag")
            self.assertIn("SHA-256 is right", err)
            self.assertEqual((self.files(), self.read("tag")), (["tag"], CONTENT))

    def test_wrong(self):
        self.write("tag", "old")
        err = self.sluice("get", "--sha256", WRONG, self.origin.url + "/tag", status=3)
        self.assertIn("the SHA-256 is %s, not %s" % (SUM, WRONG), err)
        self.assertEqual((self.files(), self.read("tag")), (["tag"], b"old"))

    def test_one_for_each(self):
        url = self.origin.url
        self.sluice("get", url + "/tag/1", url + "/empty/2", "--sha256", SUM, "--sha256",
                    hashlib.sha256(b"").hexdigest())
        self.assertEqual(self.files(), ["1", "2"])
        self.sluice("get", "-oa", "-ob", url + "/tag", url + "/tag", "--sha256", WRONG, "--sha256", SUM, status=3)
        self.assertEqual(self.files(), ["1", "2", "b"])

    def test_a_list(self):
        lines = ["# a comment", "", "%s  one" % SUM, "%s *./two" % SUM.upper(), "SHA256 (thr (e) e) = %s" % SUM,
                 "%s  some/where/four" % SUM, "garbage", "%s  other" % WRONG]
        self.write("SUMS", "\r\n".join(lines))
        names = ["one", "two", "thr%20(e)%20e", "four"]
        err = self.sluice("get", "--sums", "SUMS", *["%s/tag/%s" % (self.origin.url, name) for name in names])
        self.assertEqual(err.count("SHA-256 is right"), 4, err)
        self.sluice("get", "--sums", "SUMS", self.origin.url + "/tag/other", status=3)
        self.assertNotIn("other", self.files())

    def test_not_in_the_list(self):
        self.write("SUMS", SUM + "  one\n")
        err = self.sluice("get", "--sums", "SUMS", self.origin.url + "/tag/two", status=1)
        self.assertIn("no line for two", err)
        self.assertEqual(self.origin.seen, [])

    def test_several_of_that_name(self):
        self.write("SUMS", "%s  a/x\n%s  b/x\n" % (SUM, WRONG))
        err = self.sluice("get", "--sums", "SUMS", self.origin.url + "/tag/x", status=1)
        self.assertIn("several files of the name x", err)
        (self.folder / "a").mkdir()
        self.sluice("get", "--sums", "SUMS", "-oa/x", self.origin.url + "/tag/x")
        self.assertEqual(self.read("a/x"), CONTENT)

    def test_no_list(self):
        self.write("SUMS", "<html>not found</html>\n")
        self.assertIn("no line of it", self.sluice("get", "--sums", "SUMS", self.origin.url + "/tag", status=2))

    def test_what_can_not_be_read_again(self):
        for path in ("-", "/dev/null"):
            err = self.sluice("get", "--sha256", SUM, "-o", path, self.origin.url + "/tag", status=1)
            self.assertIn("can not be read again", err)
        self.assertEqual(self.origin.seen, [])

    def test_all_of_a_continued_file(self):
        self.write("tag.part", CONTENT[:70000])
        self.sluice("get", "-C", "--sha256", SUM, self.origin.url + "/tag")
        self.assertEqual(self.read("tag"), CONTENT)
        (self.folder / "tag").unlink()
        self.write("tag.part", b"x" * 70000)
        err = self.sluice("get", "-C", "--sha256", SUM, self.origin.url + "/tag", status=3)
        self.assertIn("try again", err)
        self.assertEqual(self.files(), [])

    def test_a_complete_file(self):
        self.write("tag", CONTENT)
        self.assertIn("nothing to add, SHA-256 is right",
                      self.sluice("get", "-C", "--sha256", SUM, self.origin.url + "/tag"))
        self.write("tag", b"x" * len(CONTENT))
        err = self.sluice("get", "-C", "--sha256", SUM, self.origin.url + "/tag", status=3)
        self.assertIn("remove the file", err)
        self.assertEqual(self.read("tag"), b"x" * len(CONTENT))


class Names(Command):
    def named(self, disposition, status=0):
        self.origin.disposition = disposition
        return self.sluice("get", "-J", self.origin.url + "/named/by-url", status=status)

    def test_by_the_server(self):
        for disposition, name in (
                ('attachment; filename="a b.txt"', "a b.txt"), ("attachment; filename=plain", "plain"),
                ("attachment;filename=x;size=3", "x"), ('ATTACHMENT; FileName="x"', "x"),
                ("attachment; filename*=UTF-8''%e2%82%ac.txt; filename=euro", "€.txt"),
                ("attachment; filename=euro; filename*=utf-8'en'%e2%82%ac", "€"),
                ("attachment; filename*=ISO-8859-1''%a3; filename=pound", "pound"),
                ('attachment; filename="a\\"b"', 'a"b'), ("attachment", "by-url"), ('attachment; filename=""', "by-url"),
                ('attachment; filename="../../evil"', "evil"), ('attachment; filename="/etc/passwd"', "passwd"),
                ('attachment; filename="..\\\\..\\\\evil"', "evil"), ('attachment; filename=".bashrc"', "_bashrc"),
                ('attachment; filename=".."', "_."), ('attachment; filename="a/"', "by-url"),
                ("attachment; filename*=UTF-8''..%2f..%2fevil", "evil"),
                ("attachment; filename*=UTF-8''a%00b%0a%1b", "a_b__"), ("attachment; filename*=UTF-8''%ff", "?"),
                ('attachment; filename="%s"' % ("x" * 400), "x" * 240), ("attachment; filename=\"open", "open"),
                ("attachment; filename*=%41", "by-url"), (";;;=;filename", "by-url")):
            with self.subTest(disposition):
                self.named(disposition)
                self.assertEqual(self.files(), [name])
                self.assertEqual(self.read(name), b"named")
                (self.folder / name).unlink()

    def test_only_if_asked(self):
        self.origin.disposition = "attachment; filename=other"
        self.sluice("get", self.origin.url + "/named/by-url")
        self.assertEqual(self.files(), ["by-url"])

    def test_nothing_is_replaced(self):
        self.write("mine", "mine")
        self.assertIn("-J replaces nothing", self.named("attachment; filename=mine", status=1))
        self.write("by-url", "mine")
        self.assertIn("-J replaces nothing", self.named("attachment", status=1))
        self.named("attachment; filename=new")
        self.assertEqual(self.files(), ["by-url", "mine", "new"])
        self.assertEqual((self.read("mine"), self.read("by-url")), (b"mine", b"mine"))

    def test_two_of_one_name(self):
        self.origin.disposition = "attachment; filename=same"
        self.sluice("get", "-J", self.origin.url + "/named/1", self.origin.url + "/named/2", status=1)
        self.assertEqual((self.files(), self.read("same")), (["same"], b"named"))

    def test_the_list_knows_the_server_s_name(self):
        self.write("SUMS", "%s  good\n" % hashlib.sha256(b"named").hexdigest())
        self.origin.disposition = "attachment; filename=good"
        self.sluice("get", "-J", "--sums", "SUMS", self.origin.url + "/named/x")
        self.origin.disposition = "attachment; filename=unknown"
        self.sluice("get", "-J", "--sums", "SUMS", self.origin.url + "/named/x", status=1)
        self.origin.disposition = "attachment"
        self.sluice("get", "-J", "--sums", "SUMS", self.origin.url + "/named/x", status=1)
        self.assertEqual(self.files(), ["SUMS", "good"])

    def test_a_long_name(self):
        self.sluice("get", self.origin.url + "/tag/" + "%c3%a4" * 200)
        self.assertEqual(self.files(), ["ä" * 120])

    def test_a_password_is_not_shown(self):
        url = self.origin.url.replace("//", "//jim:secret@")
        err = self.sluice("get", url + "/status/404", status=1)
        self.assertIn("//jim:***@", err)
        self.assertNotIn("secret", err)


class Lists(Command):
    def test_from_a_file_and_from_standard_input(self):
        url = self.origin.url
        text = "# two of them\n\n  %s/tag/1  \r\n%s/tag/2 named by me\n" % (url, url)
        self.write("urls", text)
        self.sluice("get", "-i", "urls", url + "/tag/3")
        self.assertEqual(self.files(), ["1", "3", "named by me", "urls"])
        self.sluice("get", "--input", "-", "-o", "first", stdin=text.encode())
        self.assertIn("first", self.files())

    def test_a_line_moves_no_cursor(self):
        for bad in "\x1b[2J", "\x9b2J", "\u202e":
            err = self.sluice("get", "-i", "-", stdin=("http://%s[/\n" % bad).encode(), status=2)
            self.assertIn("is not a URL", err)
            self.assertNotIn(bad[0], err)

    def test_many(self):
        text = "".join("%s/echo/%d\n" % (self.origin.url, i) for i in range(300))
        err = self.sluice("get", "-q", "-j", "20", "-i", "-", stdin=text.encode())
        self.assertEqual(len(self.files()), 300)
        self.assertEqual(err, "")

    def test_no_url_in_it(self):
        self.assertIn("there is no URL", self.sluice("get", "-i", "-", stdin=b"# none\n", status=2))
        self.assertIn("zero byte", self.sluice("get", "-i", "-", stdin=b"a\0b\n", status=2))


class Interrupted(Command):
    def test_control_c(self):
        process = self.start(self.origin.url + "/drip", self.origin.url + "/tag/2")
        self.wait_for(lambda: {"2", "drip.part"} <= set(self.files()))
        process.send_signal(signal.SIGINT)
        err = process.stderr.read().decode()
        self.assertEqual(process.wait(SECONDS), -signal.SIGINT)
        self.assertIn("drip.part  holds what came until then\n", err)
        self.assertIn("interrupted; the same command with --continue goes on\n", err)
        self.assertEqual(self.files(), ["2", "drip.part", "drip.part.etag"])
        self.sluice("get", "-C", self.origin.url + "/drip", self.origin.url + "/tag/2")
        self.assertEqual((self.files(), self.read("drip")), (["2", "drip"], CONTENT))
        self.assertIsNotNone(self.origin.seen[-2][2].get("Range"))

    def test_while_it_waits(self):
        process = self.start("--retry", "5", self.origin.url + "/busy/9")
        self.wait_for(lambda: self.origin.seen)
        time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(2), -signal.SIGTERM)
        self.assertIn("nothing was left behind", process.stderr.read().decode())

    def test_while_nobody_reads(self):
        reader, writer = os.pipe()
        process = self.start("-q", "-o-", self.origin.url + "/tag", stdout=writer)
        os.close(writer)
        self.wait_for(lambda: self.origin.seen)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(2), -signal.SIGINT)
        os.close(reader)

    def test_ignored_signals_stay_ignored(self):
        process = self.start(self.origin.url + "/drip", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.wait_for(lambda: (self.folder / "drip.part").exists())
        process.send_signal(signal.SIGHUP)
        self.assertEqual(process.wait(SECONDS), 0)


class Nginx(common.RealTest):
    SERVERS = """
  server {{
    listen 127.0.0.1:{plain};
    location /zip/ {{ alias {place}/www/; gzip on; gzip_min_length 1; gzip_types *; }}
    location /private/ {{ alias {place}/www/; auth_basic "private"; auth_basic_user_file {place}/users; }}
    location /slow/ {{ alias {place}/www/; limit_rate 1m; }}
  }}
  server {{ listen 127.0.0.1:{tls} ssl http2; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key; }}
"""

    @classmethod
    def setUpPlace(cls):
        cls.content = random.Random(2).randbytes(1 << 20) + b"a" * (1 << 20)
        cls.place.write("www/big", cls.content)
        cls.place.write("www/other", cls.content[::-1])
        cls.place.write("users", "jim:{PLAIN}secret\n")
        common.Authority(cls.place).issue("good", "IP:127.0.0.1")
        cls.port = dict(zip(("plain", "tls"), common.free_ports(2)))
        cls.serve_nginx(cls.SERVERS.format(place=cls.place.path, **cls.port), cls.port.values())
        cls.url = "http://127.0.0.1:%d" % cls.port["plain"]
        cls.tls_url = "https://127.0.0.1:%d" % cls.port["tls"]

    def setUp(self):
        folder = common.Place()
        self.addCleanup(folder.done)
        self.folder = folder.path

    def sluice(self, *words, status=0, **more):
        done = subprocess.run([SLUICE, "get", *words], cwd=self.folder, stdin=subprocess.DEVNULL, timeout=SECONDS,
                              capture_output=True, env=cli_test.environment(**more), check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        return done.stderr.decode()

    def check_big(self, name="big"):
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), [name])
        self.assertEqual((self.folder / name).read_bytes(), self.content)

    def test_interrupted_and_continued(self):
        process = subprocess.Popen([SLUICE, "get", self.url + "/slow/big"], cwd=self.folder, env=cli_test.environment(),
                                   stderr=subprocess.DEVNULL, preexec_fn=hear_interrupts)
        part = self.folder / "big.part"
        until = time.monotonic() + SECONDS
        while not (part.exists() and part.stat().st_size) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(SECONDS), -signal.SIGINT)
        self.assertLess(part.stat().st_size, len(self.content))
        err = self.sluice("-C", "-v", "--sha256", hashlib.sha256(self.content).hexdigest(), self.url + "/big")
        self.assertRegex(err, r'(?m)^> If-Range: "[0-9a-f-]+"$')
        self.assertIn("< HTTP/1.1 206", err)
        self.check_big()

    def test_another_file_by_now(self):
        (self.folder / "big.part").write_bytes(self.content[:1000])
        (self.folder / "big.part.etag").write_text('"0-0"\n')
        self.assertIn("begun anew", self.sluice("-C", self.url + "/big"))
        self.check_big()

    def test_a_complete_file(self):
        (self.folder / "big").write_bytes(self.content)
        self.assertIn("nothing to add", self.sluice("-C", self.url + "/big"))
        self.check_big()

    def test_compressed(self):
        err = self.sluice("--compressed", "-v", self.url + "/zip/big")
        self.assertRegex(err, r"(?mi)^< content-encoding: gzip$")
        self.check_big()
        size = re.search(r"(?m)^big  (\S+ \S+) in", err)[1]
        self.assertEqual(size, "2.0 MiB")  # what is in the file, not what was sent

    def test_auth(self):
        err = self.sluice(self.url + "/private/big", status=1)
        self.assertIn("--netrc", err)
        self.sluice(self.url.replace("//", "//jim:secret@") + "/private/big")
        self.check_big()
        (self.folder / "big").unlink()
        with common_home(self) as home:
            (home / ".netrc").write_text("machine 127.0.0.1 login jim password secret\n")
            self.sluice("--netrc", self.url + "/private/big", HOME=str(home))
        self.check_big()

    def test_limit_rate(self):
        began = time.monotonic()
        self.sluice("--limit-rate", "1M", self.url + "/big")
        self.assertGreater(time.monotonic() - began, 1)
        self.check_big()

    def test_max_time_leaves_a_part(self):
        err = self.sluice("-m", "0.5", self.url + "/slow/big", status=1)
        self.assertIn("allow more with --max-time", err)
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["big.part", "big.part.etag"])
        self.sluice("-C", self.url + "/big")
        self.check_big()

    def test_http_versions(self):
        ca = str(self.place / "ca.pem")
        for words, version in ((["--http2"], "HTTP/2"), ([], "HTTP/2"), (["--http1.1"], "HTTP/1.1")):
            err = self.sluice("-v", "--cacert", ca, *words, self.tls_url + "/big")
            self.assertIn("< %s 200" % version, err)
            self.check_big()

    def test_several_over_http2(self):
        names = ["f%d" % i for i in range(12)]
        words = [word for name in names for word in ("-o", name, self.tls_url + "/big")]
        self.sluice("-j", "6", "--cacert", str(self.place / "ca.pem"), *words)
        for name in names:
            self.assertEqual((self.folder / name).read_bytes(), self.content)

    def test_a_continued_file_over_http2(self):
        (self.folder / "big.part").write_bytes(self.content[:12345])
        self.sluice("-C", "--cacert", str(self.place / "ca.pem"), self.tls_url + "/big")
        self.check_big()

    def test_proxy(self):
        self.sluice("--proxy", self.url, "http://name.invalid/big")
        self.check_big()
        self.sluice("--proxy", "", "-o", "big", self.url + "/big", http_proxy="http://127.0.0.1:9")
        self.sluice(self.url + "/big", http_proxy="http://127.0.0.1:9", status=1)

    def test_a_local_file(self):
        (self.folder / "big.part").write_bytes(self.content[:1000])
        self.sluice("-C", "file://%s" % (self.place / "www/big"))
        self.check_big()


class Ftp(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        if os.geteuid():
            raise unittest.SkipTest("vsftpd has to be started by root")
        user = [u.pw_name for u in pwd.getpwall() if u.pw_uid and os.path.isdir(u.pw_dir)][0]
        cls.place.write("root/file", CONTENT)
        cls.port, = common.free_ports(1)
        config = vsftpd_test.configuration(cls.place, cls.port, user)
        cls.serve([common.program("vsftpd"), config], [cls.port], "vsftpd")

    def get(self, part, *words, name="file.part", status=0):
        """What stands there after a download that finds that part."""
        folder = common.Place()
        self.addCleanup(folder.done)
        if part is not None:
            folder.write(name, part)
        done = subprocess.run([SLUICE, "get", *words, "ftp://127.0.0.1:%d/file" % self.port], cwd=folder.path,
                              timeout=SECONDS, capture_output=True, env=cli_test.environment(), check=False)
        self.assertEqual(done.returncode, status, done.stderr.decode())
        self.err = done.stderr.decode()
        return {path.name: path.read_bytes() for path in folder.path.iterdir()}

    def test_continued(self):
        self.assertEqual(self.get(None), {"file": CONTENT})
        self.assertEqual(self.get(CONTENT[:1000], "-C"), {"file": CONTENT})
        self.assertRegex(self.err, r"^file  299 KiB ")
        self.assertEqual(self.get(CONTENT[:1000], "-C", name="file"), {"file": CONTENT})
        self.assertEqual(self.get(b"x" * 1000, "-C", "--sha256", SUM, status=3), {})

    def test_complete(self):
        for name in ("file", "file.part"):
            self.assertEqual(self.get(CONTENT, "-C", name=name), {"file": CONTENT})

    def test_longer_than_the_server_s(self):
        self.assertEqual(self.get(CONTENT + b"x", "-C", status=1), {"file.part": CONTENT + b"x"})


class common_home:
    """A home folder for a while, outside of the one that is looked at."""

    def __init__(self, test):
        self.test = test

    def __enter__(self):
        self.home = common.Place()
        return pathlib.Path(self.home.path)

    def __exit__(self, *_):
        self.home.done()


if __name__ == "__main__":
    unittest.main(verbosity=1)
