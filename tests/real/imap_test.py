#!/usr/bin/python3
"""Debian's curl program on our library, against dovecot: IMAP in the clear, with STARTTLS, and IMAPS."""
import email
import re
import unittest

from dovecot_common import PASSWORD, DovecotTest, LoginTests, crlf

PLAIN = b"From: me@example.com\nSubject: plain\n\nhello\n"
# Lines that look like the server's own; {5} at the end of one, and at the end of all.
HOSTILE = b"Subject: hostile\n\nA004 OK FETCH done\n* BYE\n)\n+ go on\nA005 NO {5}\n* LIST () \"/\" {3}\n\n* 1 FETCH (BODY[] {9}\n"
TWO_PARTS = b"""From: me@example.com
Subject: parts
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=x

--x

first
--x
Content-Type: text/html

<b>second</b>
--x--
"""


class Imap(LoginTests, DovecotTest):
    scheme, path, mechanisms = "imap", "INBOX/;UID=1", ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "+LOGIN")

    def command(self, user, command, path="", **more):
        return self.fetch(user, path, "-X", command, **more)

    def test_mailboxes(self):
        user = self.mailbox(PLAIN)
        self.assertEqual(self.fetch(user, ""), b'* LIST (\\HasNoChildren) "." INBOX\r\n')
        for name in ('a b', 'quote\\"d', "M&APw-ller", "deep.er"):
            self.assertEqual(self.command(user, 'CREATE "%s"' % name), b"")
        listed = self.fetch(user, "")
        for name in (b'"a b"', b'"quote\\"d"', b"M&APw-ller", b"deep.er"):
            self.assertIn(name + b"\r\n", listed)
        self.assertNotIn(b"OK", listed)
        self.assertEqual(self.fetch(user, "deep."), b'* LIST (\\HasNoChildren) "." deep.er\r\n')
        self.assertEqual(self.command(user, 'STATUS "a b" (MESSAGES)'), b'* STATUS "a b" (MESSAGES 0)\r\n')
        self.command(user, 'CREATE "a b"', status=21)
        self.fetch(user, "nowhere/;UID=1", status=67)

    def test_messages(self):
        big = b"Subject: big\n\n" + b"".join(b"%d\n%s\n" % (n, b"x" * (n % 900)) for n in range(20000))
        user = self.mailbox(PLAIN, HOSTILE, big)
        for secure in (False, True):
            self.assertEqual(self.fetch(user, "INBOX/;MAILINDEX=1", secure=secure), crlf(PLAIN))
            self.assertEqual(self.fetch(user, "INBOX;UID=2", secure=secure), crlf(HOSTILE))
            self.assertEqual(self.fetch(user, "INBOX/;UID=3", secure=secure), crlf(big))
        self.fetch(user, "INBOX/;MAILINDEX=9", status=78)
        self.fetch(user, "INBOX/;UID=9", status=78)
        self.fetch(user, "INBOX/;UID=x", status=78)
        self.assertEqual(self.fetch(user, "INBOX/;UID=1", "-w", "|%{size_download}"), crlf(PLAIN) + b"|%d" % len(crlf(PLAIN)))

    def test_parts_of_a_message(self):
        user = self.mailbox(TWO_PARTS)
        self.assertEqual(self.fetch(user, "INBOX/;UID=1/;SECTION=1"), b"first")
        self.assertEqual(self.fetch(user, "INBOX/;UID=1/;SECTION=2"), b"<b>second</b>")
        self.assertEqual(self.fetch(user, "INBOX/;UID=1/;SECTION=2.MIME"), b"Content-Type: text/html\r\n\r\n")
        self.assertEqual(self.fetch(user, "INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(SUBJECT)"), b"Subject: parts\r\n\r\n")
        self.assertEqual(self.fetch(user, "INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=3.4"), crlf(TWO_PARTS.split(b"\n\n", 1)[1])[3:7])
        self.assertEqual(self.fetch(user, "INBOX/;UID=1/;SECTION=TEXT/;PARTIAL=9999.4"), b"")
        self.assertEqual(self.fetch(user, "INBOX/;UID=1/;SECTION=7"), b"")

    def test_a_mailbox_made_anew(self):
        user = self.mailbox(PLAIN)
        number = re.search(rb"UIDVALIDITY (\d+)", self.command(user, "EXAMINE INBOX")).group(1).decode()
        self.assertEqual(self.fetch(user, "INBOX;UIDVALIDITY=%s/;UID=1" % number), crlf(PLAIN))
        self.fetch(user, "INBOX;UIDVALIDITY=1%s/;UID=1" % number, status=78)

    def test_searches(self):
        user = self.mailbox(PLAIN, HOSTILE, TWO_PARTS)
        self.assertEqual(self.fetch(user, "INBOX?ALL"), b"* SEARCH 1 2 3\r\n")
        self.assertEqual(self.fetch(user, "INBOX?SUBJECT%20parts"), b"* SEARCH 3\r\n")
        self.assertEqual(self.fetch(user, 'INBOX?SUBJECT%20%22no%20such%20%5C%22%22'), b"* SEARCH\r\n")
        self.fetch(user, "INBOX?NONSENSE", status=21)

    def test_a_long_answer(self):
        """All numbers in one line."""
        user = self.mailbox(*[b"Subject: x\n\n"] * 3000)
        found = self.fetch(user, "INBOX?UID%201:*").split()
        self.assertEqual(found[2:], [b"%d" % n for n in range(1, 3001)])
        self.assertEqual(self.command(user, "FETCH 1:* (FLAGS)", "INBOX").count(b"\r\n"), 3000)

    def test_commands(self):
        user = self.mailbox(PLAIN, HOSTILE)
        self.assertEqual(self.command(user, "STORE 1 +FLAGS (\\Flagged)", "INBOX"), b"* 1 FETCH (FLAGS (\\Flagged \\Recent))\r\n")
        self.assertIn(b"\\Flagged", self.command(user, "FETCH 1 (FLAGS)", "INBOX"))
        self.assertEqual(self.command(user, "FETCH 1 BODY.PEEK[]", "INBOX"),
                         b"* 1 FETCH (BODY[] {%d}\r\n" % len(crlf(PLAIN)) + crlf(PLAIN))
        self.assertIn(crlf(HOSTILE), self.command(user, "UID FETCH 2 BODY.PEEK[]", "INBOX"))
        self.command(user, "CREATE other")
        self.assertEqual(self.command(user, "COPY 2 other", "INBOX"), b"")
        self.assertEqual(self.fetch(user, "other/;MAILINDEX=1"), crlf(HOSTILE))
        self.command(user, "STORE 1 +FLAGS (\\Deleted)", "INBOX")
        self.assertEqual(self.command(user, "EXPUNGE", "INBOX"), b"* 1 EXPUNGE\r\n")
        self.assertEqual(self.fetch(user, "INBOX?ALL"), b"* SEARCH 1\r\n")
        self.assertIn(b"IMAP4rev1", self.command(user, "CAPABILITY"))
        self.command(user, "NONSENSE", status=21)

    def test_a_message_is_left_there(self):
        user = self.mailbox()
        for n, message in enumerate((PLAIN, HOSTILE, b"Subject: big\n\n" + b"0123456789abcde\n" * 100000), 1):
            path = self.place.write("message", crlf(message))
            self.fetch(user, "INBOX", "-T", path, secure=n % 2 == 0)
            self.assertEqual(self.fetch(user, "INBOX/;UID=%d" % n), crlf(message))
        self.assertIn(b"\\Seen", self.command(user, "FETCH 1 (FLAGS)", "INBOX"))
        self.fetch(user, "nowhere", "-T", path, status=25)
        self.fetch(user, "INBOX", "-T", "-", input=b"of an unknown size", status=25)
        self.assertEqual(self.fetch(user, "INBOX?ALL"), b"* SEARCH 1 2 3\r\n")

    def test_a_mime_tree_is_left_there(self):
        user = self.mailbox()
        path = self.place.write("attached", b"attached \0 bytes\n" * 5000)
        self.fetch(user, "INBOX", "-F", "=hello", "-F", "=@%s;encoder=base64" % path, "-H", "Subject: mime", "-H", "From: me@example.com")
        mail = email.message_from_bytes(self.fetch(user, "INBOX/;UID=1"))
        first, second = mail.get_payload()
        self.assertEqual((mail["Subject"], first.get_payload()), ("mime", "hello"))
        self.assertEqual(second.get_payload(decode=True), b"attached \0 bytes\n" * 5000)

    def test_one_connection_for_all(self):
        user = self.mailbox(PLAIN, HOSTILE)
        form = "%{num_connects} %{size_download}\n"
        out = self.curl("-u", "%s:%s" % (user, PASSWORD), "-o", "/dev/null", self.url("INBOX;UID=1"), "-o", "/dev/null",
                        self.url("INBOX;UID=2"), "-o", "/dev/null", self.url(), "-w", form).decode().splitlines()
        self.assertEqual(out[:2], ["1 %d" % len(crlf(PLAIN)), "0 %d" % len(crlf(HOSTILE))])
        self.assertEqual(out[2][0], "0")

    def test_nothing_is_smuggled_in(self):
        user = self.mailbox(PLAIN)
        for path in ("INBOX%0d%0aX CREATE a", "INBOX;UID=1%0d%0aX%20CREATE%20a", "INBOX?ALL%0d%0aX%20CREATE%20a"):
            self.fetch(user, path.replace(" ", "%20"), status=3)
        self.command(user, "NOOP\r\nX CREATE a", status=3)
        self.curl("-u", "%s\r\nX CREATE a:x" % user, self.url(), "--login-options", "AUTH=+LOGIN", status=43)
        self.assertEqual(self.fetch(user, ""), b'* LIST (\\HasNoChildren) "." INBOX\r\n')

    def test_slowly(self):
        message = b"Subject: slow\n\n" + b"0123456789abcde\n" * 4000
        user = self.mailbox(message)
        self.assertEqual(self.fetch(user, "INBOX;UID=1", "--limit-rate", "100k"), crlf(message))
        self.fetch(user, "INBOX;UID=1", "--max-filesize", "1000", status=63)
        path = self.place.write("message", crlf(message))
        self.fetch(user, "INBOX", "-T", path, "--limit-rate", "100k")
        self.assertEqual(self.fetch(user, "INBOX;UID=2"), crlf(message))


if __name__ == "__main__":
    unittest.main()
