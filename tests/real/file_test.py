#!/usr/bin/python3
"""Debian's curl program on our library and file: URLs."""
import os
import unittest

import common

TEXT = b"0123456789abcdef\n"
BIG = 5 * 1000 * 1000


class File(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        cls.place.write("a b", TEXT)
        cls.place.write("dir/one", b"1")
        cls.place.write("dir/two", b"2")
        cls.place.write("dir/.hidden", b"")
        cls.big = os.urandom(BIG)
        cls.place.write("big", cls.big)
        os.utime(cls.place / "a b", (1000000000, 1000000000))

    def url(self, path):
        return "file://" + str(self.place / path)

    def test_get(self):
        self.assertEqual(self.curl(self.url("a%20b")), TEXT)
        self.assertEqual(self.curl(self.url("big")), self.big)
        self.assertEqual(self.curl("file://localhost" + str(self.place / "a%20b")), TEXT)

    def test_ranges(self):
        for text, want in (("2-4", TEXT[2:5]), ("10-", TEXT[10:]), ("-3", TEXT[-3:]), ("5-500", TEXT[5:])):
            self.assertEqual(self.curl("-r", text, self.url("a%20b")), want)
        self.curl("-r", "4-2", self.url("a%20b"), status=33)
        self.curl("-r", "-400", self.url("a%20b"), status=36)
        self.curl("-r", "400-", self.url("a%20b"), status=36)

    def test_resume(self):
        self.assertEqual(self.curl("-C", "10", self.url("a%20b")), TEXT[10:])
        self.assertEqual(self.curl("-C", "17", self.url("a%20b")), b"")
        self.curl("-C", "18", self.url("a%20b"), status=36)

    def test_facts(self):
        head = b"Content-Length: 17\r\nAccept-ranges: bytes\r\nLast-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n"
        self.assertEqual(self.curl("-I", self.url("a%20b")), head)
        self.assertEqual(self.curl("-i", self.url("a%20b")), head + b"\r\n" + TEXT)

    def test_time_condition(self):
        self.assertEqual(self.curl("-z", "1 Jan 2030", self.url("a%20b")), b"")
        self.assertEqual(self.curl("-z", "-1 Jan 2030", self.url("a%20b")), TEXT)

    def test_directory(self):
        self.assertEqual(sorted(self.curl(self.url("dir/")).split()), [b"one", b"two"])

    def test_files_without_a_size(self):
        self.assertIn(b"Linux", self.curl("file:///proc/version"))

    def test_too_large(self):
        self.curl("--max-filesize", "5", self.url("a%20b"), status=63)

    def test_missing(self):
        self.curl(self.url("none"), status=37)
        self.curl(self.url("none%00"), status=3)
        self.curl("file://elsewhere/x", status=3)

    def test_upload(self):
        target = self.place / "target"
        self.curl("-T", self.place / "big", self.url("target"))
        self.assertEqual(target.read_bytes(), self.big)
        target.write_bytes(self.big[:1000])
        self.curl("-T", self.place / "big", "-C", "-", self.url("target"))
        self.assertEqual(target.read_bytes(), self.big)
        self.curl("-T", self.place / "a b", self.url("target"))
        self.assertEqual(target.read_bytes(), TEXT)
        self.curl("-T", self.place / "a b", self.url("nowhere/target"), status=23)


if __name__ == "__main__":
    unittest.main(verbosity=2)
