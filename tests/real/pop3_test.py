#!/usr/bin/python3
"""Debian's curl program on our library, against dovecot: POP3 in the clear, with STLS, and POP3S."""
import unittest

from dovecot_common import PASSWORD, DovecotTest, LoginTests, crlf

DOTS = b"""From: me@example.com
Subject: dots

.one
..two
...three
.
 .not the first
last.
"""
PLAIN = b"From: me@example.com\nSubject: plain\n\nhello\n"


class Pop3(LoginTests, DovecotTest):
    scheme, path, mechanisms = "pop3", "1", ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "+APOP")

    def test_a_list(self):
        user = self.mailbox(PLAIN, DOTS)
        sizes = [len(crlf(m)) for m in (PLAIN, DOTS)]
        self.assertEqual(self.fetch(user, ""), b"1 %d\r\n2 %d\r\n" % tuple(sizes))
        self.assertEqual(self.fetch(user, "", "-l"), b"1 %d\r\n2 %d\r\n" % tuple(sizes))
        self.assertEqual(self.fetch(user, "2", "-l"), b"")

    def test_nothing_there(self):
        user = self.mailbox()
        self.assertEqual(self.fetch(user, ""), b"")
        self.fetch(user, "1", status=8)
        self.assertIn("refused the command", self.said)

    def test_messages_come_as_they_are(self):
        big = b"Subject: big\n\n" + b"".join(b".%d\n%s\n..\n" % (n, b"x" * (n % 900)) for n in range(20000))
        user = self.mailbox(DOTS, big, b"Subject: no end\n\n.", b"Subject: nothing\n\n")
        self.assertEqual(self.fetch(user, "1"), crlf(DOTS))
        self.assertEqual(self.fetch(user, "2"), crlf(big))
        self.assertEqual(self.fetch(user, "2", secure=True), crlf(big))
        self.assertEqual(self.fetch(user, "3"), b"Subject: no end\r\n\r\n.\r\n")
        self.assertEqual(self.fetch(user, "4"), b"Subject: nothing\r\n\r\n")

    def test_one_connection_for_all(self):
        user = self.mailbox(PLAIN, DOTS)
        form = "%{num_connects} %{size_download}\n"
        out = self.curl("-u", "%s:%s" % (user, PASSWORD), "-o", "/dev/null", self.url("1"), "-o", "/dev/null", self.url("2"),
                        "-o", "/dev/null", self.url(), "-w", form).decode().splitlines()
        self.assertEqual(out[:2], ["1 %d" % len(crlf(PLAIN)), "0 %d" % len(crlf(DOTS))])
        self.assertEqual(out[2][0], "0")

    def test_commands(self):
        """Those of one line end without a word of -I; QUIT makes DELE come true."""
        user = self.mailbox(PLAIN, DOTS)
        self.assertIn(b"1 ", self.fetch(user, "", "-X", "UIDL"))
        self.assertEqual(self.fetch(user, "1", "-X", "UIDL"), b"")
        self.assertEqual(self.fetch(user, "1%201", "-X", "TOP").count(b"\r\n"), 4)
        self.assertEqual(self.fetch(user, "", "-X", "NOOP"), b"")
        self.assertEqual(self.fetch(user, "", "-X", "STAT"), b"")
        self.assertEqual(self.fetch(user, "1", "-X", "DELE"), b"")
        self.assertEqual(self.fetch(user, ""), b"1 %d\r\n" % len(crlf(DOTS)))
        self.assertIn(b"UIDL\r\n", self.fetch(user, "", "-X", "CAPA"))

    def test_nothing_is_smuggled_in(self):
        user = self.mailbox(PLAIN)
        self.fetch(user, "1%0d%0aDELE 1", status=3)
        self.fetch(user, "1", "-X", "NOOP\r\nDELE 1\r\nNOOP", status=3)
        self.curl("-u", "%s\r\nQUIT:x" % user, self.url("1"), "--login-options", "AUTH=+APOP", status=43)
        self.assertEqual(self.fetch(user, "1"), crlf(PLAIN))

    def test_slowly(self):
        message = b"Subject: slow\n\n" + b"0123456789abcde\n" * 4000
        user = self.mailbox(message)
        self.assertEqual(self.fetch(user, "1", "--limit-rate", "100k"), crlf(message))
        self.fetch(user, "1", "--max-filesize", "1000", status=63)


if __name__ == "__main__":
    unittest.main()
