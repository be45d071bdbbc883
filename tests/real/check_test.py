#!/usr/bin/python3
"""`sluice check` and `sluice policy` as their users see them: lines, places, exit statuses."""
import os
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("SLUICE_SOURCE", HERE.parents[1]))
BIN = pathlib.Path(os.environ.get("SLUICE_BIN", SOURCE / "build" / "bin"))
SLUICE = str(BIN / "sluice")

POLICY = """\
# for the tests
deny  metadata
allow 10.1.0.0/16 port 443
allow any purpose proxy port 3128
allow unix /run/app/* unix @app
allow public scheme https
deny any proto udp
"""


def sluice(*words, text=None):
    return subprocess.run([SLUICE, *words], input=text or "", text=True, capture_output=True, timeout=30)


class Check(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.file = str(pathlib.Path(self.folder.name) / "p")
        pathlib.Path(self.file).write_text(POLICY)

    def check(self, *words, status, text=None, want=None):
        done = sluice("check", "--policy", self.file, *words, text=text)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        if want is not None:
            lines = [line.replace(self.file, "p").split("\t") for line in done.stdout.splitlines()]
            self.assertEqual(lines, [row.split(" ", 3) for row in want], done.stderr)
        return done

    def test_addresses(self):
        self.check("10.1.2.3", status=0, want=["10.1.2.3 allow private p:3"])
        self.check("10.1.2.3", "10.2.0.1", "169.254.169.254", status=1,
                   want=["10.1.2.3 allow private p:3", "10.2.0.1 deny private p: no rule matches",
                         "169.254.169.254 deny metadata p:2"])
        self.check("[::ffff:10.1.2.3]", "64:ff9b::169.254.169.254", "fe80::1%eth0", status=1,
                   want=["[::ffff:10.1.2.3] allow private p:3", "64:ff9b::169.254.169.254 deny metadata p:2",
                         "fe80::1%eth0 deny linklocal p: no rule matches"])

    def test_context(self):
        self.check("--port", "80", "10.1.2.3", status=1, want=["10.1.2.3 deny private p: no rule matches"])
        self.check("--port=3128", "--purpose=proxy", "127.0.0.1", status=0, want=["127.0.0.1 allow loopback p:4"])
        self.check("--port=3128", "127.0.0.1", status=1)
        self.check("--proto=udp", "8.8.8.8", status=1, want=["8.8.8.8 deny public p:7"])

    def test_urls(self):
        self.check("https://10.1.2.3/x?y", "https://8.8.8.8:8443/", status=0,
                   want=["https://10.1.2.3/x?y allow private p:3", "https://8.8.8.8:8443/ allow public p:6"])
        self.check("http://10.1.2.3/", status=1, want=["http://10.1.2.3/ deny private p: no rule matches"])
        self.check("http://[::ffff:a9fe:a9fe]/", status=1, want=["http://[::ffff:a9fe:a9fe]/ deny metadata p:2"])

    def test_odd_literals_are_addresses(self):
        for host in ("2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "169.16689662"):
            url = "http://%s/" % host
            self.check(url, status=1, want=[url + " deny metadata p:2"])
        self.check("https://127.1/", "https://0/", "https://0x7f000001/", "https://0177.0.0.1/", status=1,
                   want=["https://%s/ deny %s p: no rule matches" % row for row in
                         [("127.1", "loopback"), ("0", "reserved"), ("0x7f000001", "loopback"),
                          ("0177.0.0.1", "loopback")]])

    def test_without_a_url_as_well(self):
        forms = ("127.1", "0x7f000001", "2130706433", "127.0.0.1.", "127\u30020\u30020\u30021", "\uff11\uff12\uff17.1")
        self.check(*forms, status=1, want=["%s deny loopback p: no rule matches" % f for f in forms])
        self.check("http://127\u30020\u30020\u30021/", status=1)
        for word in ("10.1.2.3:443", "a/b", "[::1", "x" * 300, "a b"):
            self.check(word, status=2, want=[])

    def test_localhost_is_two_addresses(self):
        for name in ("localhost", "LocalHost", "localhost.", "a.localhost"):
            url = "http://%s/" % name
            self.check(url, status=1, want=[url + " deny loopback p: no rule matches"] * 2)
            self.check(name, status=1, want=[name + " deny loopback p: no rule matches"] * 2)
        self.check("notlocalhost", status=2, want=[])

    def test_names_have_no_address(self):
        done = self.check("https://example.com/", "example.com", "10.1.2.3", status=2,
                          want=["10.1.2.3 allow private p:3"])
        self.assertIn("example.com: a name is not resolved here", done.stderr)

    def test_unix(self):
        self.check("unix:/run/app/x", "unix:@app", status=0,
                   want=["unix:/run/app/x allow unix p:5", "unix:@app allow unix p:5"])
        self.check("unix:/run/app/../x", "unix:@ap", "unix:/app", status=1,
                   want=["unix:%s deny unix p: no rule matches" % p for p in ("/run/app/../x", "@ap", "/app")])
        self.check("unix:", status=2)
        self.check("unix:/" + "x" * 200, status=2)

    def test_standard_input(self):
        self.check("-", status=1, text="10.1.2.3\r\n\nhttps://8.8.8.8/\n10.2.0.1",
                   want=["10.1.2.3 allow private p:3", "https://8.8.8.8/ allow public p:6",
                         "10.2.0.1 deny private p: no rule matches"])

    def test_bad_policies(self):
        pathlib.Path(self.file).write_text("allow any\nallow publik\n")
        done = self.check("10.1.2.3", status=2, want=[])
        self.assertIn("p:2:7: 'publik' is neither", done.stderr)
        os.unlink(self.file)
        done = self.check("10.1.2.3", status=2, want=[])
        self.assertIn("No such file", done.stderr)

    def test_bad_usage(self):
        for words in (["10.0.0.1"], ["--preset", "public-internet"], ["--preset", "x", "10.0.0.1"],
                      ["--preset", "public-internet", "--policy", self.file, "10.0.0.1"],
                      ["--policy", self.file, "--port", "65536", "1.1.1.1"],
                      ["--policy", self.file, "--port", "-1", "1.1.1.1"],
                      ["--policy", self.file, "--proto", "unix", "1.1.1.1"],
                      ["--policy", self.file, "--purpose", "x", "1.1.1.1"],
                      ["--policy", self.file, "--what", "1.1.1.1"]):
            done = sluice("check", *words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertTrue(done.stderr.startswith("sluice check: "), done.stderr)
        self.assertIn("--purpose", sluice("check", "--help").stdout)

    def test_preset(self):
        done = sluice("check", "--preset", "public-internet", "8.8.8.8", "168.63.129.16")
        self.assertEqual(done.returncode, 1)
        self.assertEqual([line.split("\t")[1] for line in done.stdout.splitlines()], ["allow", "deny"])
        text = sluice("policy", "preset", "public-internet")
        self.assertEqual(text.returncode, 0)
        self.assertIn("deny metadata\n", text.stdout)
        pathlib.Path(self.file).write_text(text.stdout)
        self.check("8.8.8.8", status=0)
        self.check("127.0.0.1", status=1)
        for words in (["policy"], ["policy", "preset"], ["policy", "preset", "x"], ["policy", "x", "y"]):
            self.assertEqual(sluice(*words).returncode, 2)

    def test_asked_makes_no_columns(self):
        done = self.check("https://8.8.8.8/\t", status=2)
        self.assertEqual(done.stdout, "")

    def test_asked_moves_no_cursor(self):
        """Lists come from strangers; C1 controls and marks of direction are among what terminals obey."""
        for bad in "\x1b[2J", "\x9b2J", "\u202e", "\x7f":
            done = self.check("-", status=2, text="https://8.8.8.8/#%s\nno address %s\nunix:/%s%s\n" % (bad, bad, bad, "x" * 200))
            self.assertNotIn(bad[0], done.stdout + done.stderr)
            self.assertEqual(len(done.stderr.splitlines()) + len(done.stdout.splitlines()), 3, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
