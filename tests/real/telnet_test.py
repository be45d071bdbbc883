#!/usr/bin/python3
"""Debian's curl program on our library, against telnetd (package inetutils-telnetd), whose login is a script of the
test's. What is typed comes from a pipe, as from a terminal: later than the connection, a line at a time."""
import os
import pty
import subprocess
import time
import unittest

import common

# telnetd throws away what it has not read of a program that has ended: it gets a moment for that.
LOGIN = """#!/bin/sh
echo "term=$TERM display=$DISPLAY shade=$SHADE" size=$(stty size)
while read line; do
  echo "said: $line"
  [ "$line" != quit ] || { sleep 0.3; exit 0; }
done
"""


class Telnetd(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        login = cls.place.write("login", LOGIN)
        login.chmod(0o755)
        cls.port = cls.serve_each([common.program("telnetd"), "--no-hostinfo", "--accept-env=SHADE",
                                   "--exec-login=%s" % login], "telnetd")

    def url(self):
        return "telnet://%s:%d" % (common.LOCAL, self.port)

    def session(self, *arguments, lines=("hello", "quit")):
        """What the server prints. The lines are typed when its login is there."""
        command = [self.curl_program, "-q", "-sSN", self.url(), *arguments]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              env=common.environment()) as curl:
            seen = b""
            for line in lines:
                while not (b"size=" in seen and seen.endswith(b"\n")):
                    piece = os.read(curl.stdout.fileno(), 10000)
                    self.assertTrue(piece, curl.stderr.read() if not piece else None)
                    seen += piece
                curl.stdin.write(line.encode() + b"\n")
                curl.stdin.flush()
            rest, said = curl.communicate(timeout=common.SECONDS)
        self.assertEqual((curl.returncode, said), (0, b""))
        return (seen + rest).decode().replace("\r", "")

    def test_a_session(self):
        out = self.session()
        self.assertIn("said: hello\n", out)
        self.assertTrue(out.endswith("said: quit\n"), out)

    def test_what_the_server_is_told(self):
        out = self.session("-t", "TTYPE=vt100", "-t", "XDISPLOC=there:7", "-t", "NEW_ENV=SHADE,dark \N{SNOWMAN}", "-t",
                           "WS=123x45", lines=("quit",))
        self.assertIn("term=vt100 display=there:7 shade=dark \N{SNOWMAN} size=45 123\n", out)

    def test_input_from_a_file(self):
        source = self.place.write("lines", "one\ntwo\nquit\n")
        out = self.curl(self.url(), "-T", source).decode()
        for line in ("one", "two", "quit"):
            self.assertIn("said: %s" % line, out)

    def test_the_server_is_heard_while_nobody_types(self):
        keyboard, terminal = pty.openpty()
        try:
            with subprocess.Popen([self.curl_program, "-q", "-sSN", self.url()], stdin=terminal, stdout=subprocess.PIPE,
                                  env=common.environment()) as curl:
                seen = b""
                while b"size=" not in seen:
                    seen += os.read(curl.stdout.fileno(), 10000)
                for line in (b"quit\n", b"\n"):  # the program hears nothing while it waits for a line
                    time.sleep(0.5)
                    os.write(keyboard, line)
                rest = curl.communicate(timeout=common.SECONDS)[0]
            self.assertEqual(curl.returncode, 0)
            self.assertIn(b"said: quit", rest)
        finally:
            os.close(keyboard)
            os.close(terminal)

    def test_errors(self):
        self.curl(self.url(), "-t", "TTYPO=a", status=48)
        self.curl(self.url(), "-t", "TTYPE", status=49)
        self.curl("telnet://%s:%d" % (common.LOCAL, common.free_ports(1)[0]), status=7)


if __name__ == "__main__":
    unittest.main()
