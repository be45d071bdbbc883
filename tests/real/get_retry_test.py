#!/usr/bin/python3
"""`sluice get` when things fail: --retry, and what any failures leave behind."""
import hashlib
import random
import time
import unittest

import cli_test
from cli_test import CONTENT, SECONDS
from get_test import Command


class Retries(Command):
    def test_statuses_that_pass(self):
        statuses = (408, 429, 500, 502, 503, 504)
        err = self.sluice("get", "--retry", "1", "-j9", *["%s/busy/1/%d" % (self.origin.url, s) for s in statuses])
        for status in statuses:
            self.assertIn("%d  the server answered %d; retry 1 of 1 in 1 s" % (status, status), err)
            self.assertEqual(self.read(str(status)), CONTENT)

    def test_statuses_that_stay(self):
        for status in (400, 401, 403, 404, 410, 501):
            self.sluice("get", "--retry", "9", "%s/status/%d" % (self.origin.url, status), status=1)
        self.assertEqual(len(self.origin.seen), 6)

    def test_without_the_option_none(self):
        self.sluice("get", self.origin.url + "/busy/1", status=1)
        self.assertEqual(len(self.origin.seen), 1)

    def test_it_ends(self):
        began = time.monotonic()
        err = self.sluice("get", "--retry", "2", self.origin.url + "/busy/9", status=1)
        self.assertLess(2.9, time.monotonic() - began)  # 1 and 2 seconds
        self.assertEqual(len(self.origin.seen), 3)
        self.assertEqual(err.count("sluice: "), 1)
        self.assertEqual(self.files(), [])

    def test_retry_after(self):
        began = time.monotonic()
        self.sluice("get", "--retry", "1", self.origin.url + "/busy/1/429/2/x")
        self.assertLess(1.9, time.monotonic() - began)
        self.assertEqual(self.read("x"), CONTENT)

    def test_too_long_is_not_waited_for(self):
        err = self.sluice("get", "--retry", "9", self.origin.url + "/busy/1/503/7200/x", status=1)
        self.assertIn("it asks to come back in 2:00:00", err)

    def test_goes_on_behind_what_came(self):
        self.sluice("get", "--retry", "2", "-o", "it", self.origin.url + "/cuts/1")
        self.assertEqual(self.ranges(), [None, "bytes=50000-"])
        self.assertEqual((self.files(), self.read("it")), (["it"], CONTENT))

    def test_another_version_meanwhile(self):
        process = self.start("--retry", "2", "-o", "it", self.origin.url + "/cuts/1")
        self.wait_for(lambda: self.origin.seen)
        time.sleep(0.3)
        self.origin.tag, self.origin.content = '"two"', CONTENT[::-1]
        self.assertEqual(process.wait(SECONDS), 0)
        self.assertEqual(self.read("it"), CONTENT[::-1])

    def test_without_a_version_anew(self):
        self.sluice("get", "--retry", "2", "-o", "it", self.origin.url + "/bare/1")
        self.assertEqual(self.ranges(), [None, None])
        self.assertEqual(self.read("it"), CONTENT)

    def test_standard_output_only_before_the_first_byte(self):
        self.sluice("get", "--retry", "2", "-o-", self.origin.url + "/busy/1")
        self.assertEqual(self.out, CONTENT)
        self.sluice("get", "--retry", "2", "-o-", self.origin.url + "/cuts/1", status=1)
        self.assertEqual(self.out, CONTENT[:50000])

    def test_a_refused_port(self):
        err = self.sluice("get", "--retry", "1", "http://127.0.0.1:%d/x" % cli_test.free_port(), status=1)
        self.assertIn("retry 1 of 1 in 1 s", err)

    def test_a_denied_address_stays_so(self):
        err = self.sluice("get", "--retry", "9", "--deny", "127.0.0.1", self.origin.url + "/tag", status=1)
        self.assertNotIn("retry 1", err)

    def test_what_a_policy_refuses_stays_so(self):
        err = self.sluice("get", "--retry", "9", self.origin.url + "/tag", status=1, SLUICE_POLICY="preset:public-internet")
        self.assertRegex(err, r"^sluice: \S+: The process's policy refused 127\.0\.0\.1 port \d+ \(loopback\), policy line \d+: deny any\n$")


class AnySubsetOfFailures(Command):
    """Whatever fails: a file with its name is right, a part is the beginning of what is right."""
    KINDS = {"tag": True, "file": True, "empty": True, "busy/1/503/-": True, "cuts/1": True, "bare/1": True,
             "status/404": False, "busy/9/503/-": False, "cuts/9": False, "bare/9": False, "cut": False, "reset": False,
             "chunks": False, "wrongrange": False, "loop": False}

    def test_leaves_no_wrong_file(self):
        choice = random.Random(1)
        for turn in range(4):
            kinds = choice.choices(sorted(self.KINDS), k=12)
            with self.subTest(turn=turn, kinds=kinds):
                self.check(turn, kinds, sums=turn % 2 == 1)

    def check(self, turn, kinds, sums):
        good = {"%d-%d" % (turn, i): self.KINDS[kind] for i, kind in enumerate(kinds)}
        urls = ["%s/%s/%s" % (self.origin.url, kind, name) for kind, name in zip(kinds, good)]
        contents = {name: b"" if kind == "empty" else CONTENT for kind, name in zip(kinds, good)}
        self.write("SUMS", "".join("%s  %s\n" % (hashlib.sha256(c).hexdigest(), n) for n, c in contents.items()))
        more = ["--sums", "SUMS"] if sums else []
        self.sluice("get", "--retry", "1", "-j", "12", *more, *urls, status=0 if all(good.values()) else 1)
        for name, fine in good.items():
            self.assertEqual((self.folder / name).exists(), fine, name)
            if fine:
                self.assertEqual(self.read(name), contents[name])
            part = self.folder / (name + ".part")
            if part.exists():
                self.assertFalse(fine)
                self.assertTrue(CONTENT.startswith(part.read_bytes()))
                self.assertGreater(part.stat().st_size, 0)


if __name__ == "__main__":
    unittest.main(verbosity=1)
