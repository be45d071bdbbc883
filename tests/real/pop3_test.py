#!/usr/bin/python3
"""Debian's curl program on our library, against dovecot: POP3 in the clear, with STLS, and POP3S."""
import unittest

import common
from dovecot_common import PASSWORD, DovecotTest, crlf, token

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
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "+APOP")


class Pop3(DovecotTest):
    def url(self, path="", secure=False, login=""):
        return "pop3%s://%slocalhost:%d/%s" % ("s" if secure else "", login, self.pop3s if secure else self.pop3, path)

    def fetch(self, user, path, *options, secure=False, **more):
        return self.curl("-u", "%s:%s" % (user, PASSWORD), "--cacert", self.ca, *options, self.url(path, secure), **more)

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

    def test_mechanisms(self):
        user = self.mailbox(PLAIN)
        for ir in ((), ("--sasl-ir",)):
            for mechanism in MECHANISMS:
                with self.subTest(mechanism=mechanism, ir=ir):
                    option = "AUTH=" + mechanism
                    self.assertEqual(self.fetch(user, "1", "--login-options", option, *ir), crlf(PLAIN))
                    self.curl("-u", user + ":wrong", "--login-options", option, *ir, self.url("1"), status=67)

    def test_tokens(self):
        user = self.mailbox(PLAIN)
        for mechanism in ("XOAUTH2", "OAUTHBEARER"):
            for ir in ((), ("--sasl-ir",)):
                with self.subTest(mechanism=mechanism, ir=ir):
                    options = ["-u", user, "--login-options", "AUTH=" + mechanism, "--cacert", self.ca, *ir, self.url("1", True)]
                    self.assertEqual(self.curl("--oauth2-bearer", token(user), *options), crlf(PLAIN))
                    self.curl("--oauth2-bearer", token(user) + "x", *options, status=67)

    def test_a_certificate_logs_in(self):
        user = self.mailbox(PLAIN)
        pem, key = self.authority.issue(user, "DNS:" + user)
        options = ["--cert", pem, "--key", key, "--cacert", self.ca]
        login = "%s;AUTH=EXTERNAL@" % user
        self.assertEqual(self.curl(*options, self.url("1", True, login)), crlf(PLAIN))
        self.assertEqual(self.curl(*options, "--ssl-reqd", "--sasl-ir", self.url("1", False, login)), crlf(PLAIN))
        self.curl("--cacert", self.ca, self.url("1", True, login), status=67)

    def test_stls(self):
        user = self.mailbox(PLAIN)
        self.assertEqual(self.fetch(user, "1", "--ssl-reqd"), crlf(PLAIN))
        self.assertEqual(self.fetch(user, "1", "--ssl"), crlf(PLAIN))
        self.assertEqual(self.fetch(user, "1", "--ssl-reqd", secure=True), crlf(PLAIN))
        self.assertEqual(self.curl("-u", "%s:%s" % (user, PASSWORD), "--ssl-reqd", "-k", "-w", "%{ssl_verify_result}", "-o",
                                   "/dev/null", self.url("1")), b"19")
        self.curl("-u", "%s:%s" % (user, PASSWORD), "--ssl-reqd", self.url("1"), status=60)
        self.assertIn("TLS", self.log())

    def test_netrc_and_the_url(self):
        user = self.mailbox(PLAIN)
        netrc = self.place.write("netrc", 'machine localhost login %s password "%s"\n' % (user, PASSWORD))
        self.assertEqual(self.curl("--netrc-file", netrc, self.url("1")), crlf(PLAIN))
        login = "%s;AUTH=CRAM-MD5:%s@" % (user, PASSWORD.replace("%", "%25").replace(" ", "%20"))
        self.assertEqual(self.curl(self.url("1", login=login)), crlf(PLAIN))

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
