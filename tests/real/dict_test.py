#!/usr/bin/python3
"""Debian's curl program on our library, against dictd (package dictd) with a small dictionary of the test's."""
import subprocess
import unittest

import common

WORDS = """:apple:
a round fruit
:green apple:
a sour one
:it's:
it is
:\N{LATIN SMALL LETTER U WITH DIAERESIS}ber:
over
"""


class Dictd(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        dictd, dictfmt = common.program("dictd"), common.program("dictfmt")
        subprocess.run([dictfmt, "-j", "--utf8", "--allchars", "-s", "fruit", cls.place / "fruit"], input=WORDS.encode(),
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        config = cls.place.write("dictd.conf", "access { allow * }\ndatabase fruit {\n  data \"%s\"\n  index \"%s\"\n}\n" % (
            cls.place / "fruit.dict", cls.place / "fruit.index"))
        cls.port = cls.serve_each([dictd, "--inetd", "--config", config, "--locale", "C.UTF-8"], "dictd")

    def asked(self, path, *more):
        out = self.curl("dict://%s:%d/%s" % (common.LOCAL, self.port, path), *more).decode()
        self.assertTrue(out.startswith("220 "), out)
        self.assertTrue(out.splitlines()[-1].startswith("221 "), out)
        return out.splitlines()

    def test_definitions(self):
        for path in ("d:apple", "define:apple:fruit", "lookup:apple:*"):
            with self.subTest(path=path):
                lines = self.asked(path)
                self.assertIn("150 1 definitions retrieved", lines)
                self.assertIn("a round fruit", [line.strip() for line in lines])

    def test_words_that_need_quotes(self):
        for path, want in (("d:green%20apple", "a sour one"), ("d:it%27s", "it is"), ("d:%c3%bcber", "over"),
                           ("d:\N{LATIN SMALL LETTER U WITH DIAERESIS}ber", "over")):
            with self.subTest(path=path):
                self.assertIn(want, [line.strip() for line in self.asked(path)])

    def test_matches(self):
        self.assertIn('fruit "apple"', self.asked("m:app:fruit:prefix"))
        self.assertIn('fruit "green apple"', self.asked("find:apple:fruit:suffix"))
        self.assertTrue([line for line in self.asked("m:nothing:fruit:exact") if line.startswith("552 ")])

    def test_other_commands(self):
        self.assertTrue([line for line in self.asked("show:db") if line.startswith("fruit ")])
        self.assertTrue([line for line in self.asked("help") if line.startswith("DEFINE ")])
        self.assertTrue([line for line in self.asked("nonsense") if line.startswith("500 ")])

    def test_nothing_is_smuggled_in(self):
        url = "dict://%s:%d/" % (common.LOCAL, self.port)
        for path in ("d:a%0d%0aSHOW%20DB", "d:a%0aSHOW%20DB", "show%0ddb", "d:a%00"):
            self.curl(url + path, status=3)

    def test_errors(self):
        self.curl("dict://%s:%d/d:x" % (common.LOCAL, common.free_ports(1)[0]), status=7)
        self.curl("dict://%s:%d/d:apple" % (common.LOCAL, self.port), "--max-filesize", "30", status=63)


if __name__ == "__main__":
    unittest.main()
