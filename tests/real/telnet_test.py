#!/usr/bin/python3
"""A terminal on our library (telnet_client.c) and Debian's curl program, against telnetd (package inetutils-telnetd),
whose login is a script of the test's."""
import os
import pty
import subprocess
import unittest

import common

# telnetd throws away what is typed while it still negotiates, and what it has not read of a program that has ended: it
# gets a moment for both.
LOGIN = """#!/bin/sh
sleep 0.5
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
        cls.client = cls.compile("telnet_client.c")

    def url(self):
        return "telnet://%s:%d" % (common.LOCAL, self.port)

    def session(self, *options, lines=("hello", "quit")):
        """What the server prints. A line is typed when the server has said something to the one before."""
        keyboard, terminal = pty.openpty()
        try:
            with subprocess.Popen([self.client, self.url(), *options], stdin=terminal, stdout=subprocess.PIPE,
                                  env=common.environment()) as client:
                seen, expected = b"", b"size="
                for line in lines:
                    while expected not in seen:
                        piece = os.read(client.stdout.fileno(), 10000)
                        self.assertTrue(piece, seen)
                        seen += piece
                    os.write(keyboard, line.encode() + b"\n")
                    expected = b"said: " + line.encode()
                seen += client.communicate(timeout=common.SECONDS)[0]
        finally:
            os.close(keyboard)
            os.close(terminal)
        self.assertEqual(client.returncode, 0)
        return seen.decode().replace("\r", "")

    def test_a_session(self):
        out = self.session()
        self.assertIn("said: hello\n", out)
        self.assertTrue(out.endswith("said: quit\n"), out)

    def test_what_the_server_is_told(self):
        out = self.session("TTYPE=vt100", "XDISPLOC=there:7", "NEW_ENV=SHADE,dark \N{SNOWMAN}", "WS=123x45")
        self.assertIn("term=vt100 display=there:7 shade=dark \N{SNOWMAN} size=45 123\n", out)

    def test_input_from_a_file(self):
        source = self.place.write("lines", "one\ntwo\nquit\n")
        out = self.curl(self.url(), "-T", source).decode()
        for line in ("one", "two", "quit"):
            self.assertIn("said: %s" % line, out)

    def test_errors(self):
        self.curl(self.url(), "-t", "TTYPO=a", status=48)
        self.curl(self.url(), "-t", "TTYPE", status=49)
        self.curl("telnet://%s:%d" % (common.LOCAL, common.free_ports(1)[0]), status=7)


if __name__ == "__main__":
    unittest.main()
