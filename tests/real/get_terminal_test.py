#!/usr/bin/python3
"""The bars of `sluice get`, as they stand on a terminal at any time."""
import re
import signal
import unittest

import cli_test
import terminal
from cli_test import SLUICE
from get_test import Command


class OnTerminal(Command):
    def begin(self, *words, **more):
        return terminal.Terminal([SLUICE, "get", *words], cwd=self.folder, env=cli_test.environment(TERM="xterm"),
                                 **more)

    def bars(self, screen):
        return [line for line in screen if re.search(r"\d+%|  --  |waits for", line)]

    def check_history(self, running, most):
        """No screen at any time had a torn bar, or more of them than there can be."""
        for screen in running.screen.history:
            bars = self.bars(screen)
            self.assertLessEqual(len(bars), most, screen)
            self.assertEqual(screen[len(screen) - len(bars):], bars, "a line stands below bars")
            for bar in bars:
                self.assertRegex(bar, r"^\S.* +(\[[=> <]+\] +)?(\d+%|--) +(waits for.*|checking|[\d.]+ \w+( .*)?)$")

    def slow(self, count, milliseconds=700):
        return ["%s/slow/%d/%d.bin" % (self.origin.url, milliseconds, i) for i in range(count)]

    def test_messages_do_not_tear_bars(self):
        wrong = ["%s/status/404/%d" % (self.origin.url, i) for i in range(5)]
        running = self.begin("--retry", "1", "-j", "9", *self.slow(4), self.origin.url + "/busy/1/503/x", *wrong)
        self.assertEqual(running.finish(), 1)
        self.check_history(running, most=10)
        lines = running.screen.lines()
        self.assertEqual(self.bars(lines), [])
        self.assertRegex(lines[-1], r"^5 of 10 files, 4\.3 MiB in ")
        self.assertIn("waits for retry 1 of 1", running.output.decode())

    def test_more_bars_than_lines(self):
        running = self.begin("-j", "20", *self.slow(15), rows=8)
        self.assertEqual(running.finish(), 0)
        self.check_history(running, most=7)
        self.assertEqual(len(running.screen.lines()), 16)

    def at_other_widths(self, running, widths):
        """False: it was writing while the width changed."""
        for columns in widths:
            running.read_until(lambda r: len(self.bars(r.screen.lines())) == 4)
            if not running.resize(columns):
                return False
            running.read(0.25)
            lines = running.screen.lines()
            self.assertEqual(len(lines), 4, lines)
            self.assertLess(max(map(len, lines)), columns)
            self.assertGreater(max(map(len, lines)), min(columns, 80) - 20)
        return True

    def test_other_widths(self):
        for _ in range(20):
            running = self.begin(*self.slow(3, 2500))
            if self.at_other_widths(running, (60, 120, 33, 80)):
                break
            running.give_up()
        else:
            self.fail("it writes all the time")
        self.assertEqual(running.finish(), 0)
        self.assertEqual(len(running.screen.lines()), 4)

    def test_long_names_and_wide_ones(self):
        names = ["a-very-long-name-with-a-version-1.2.3-and-more.tar.gz", "日本語のとても長いファイル名です.txt",
                 "a\u0301\u0301e\u0301.txt", "right\u202etxt.exe"]
        running = self.begin(*["%s/slow/400/%s" % (self.origin.url, name) for name in names], columns=70)
        running.read_until(lambda r: sum("%" in line for line in self.bars(r.screen.lines())) == 5)
        bars = self.bars(running.screen.lines())
        self.assertEqual(running.finish(), 0)
        self.check_history(running, most=5)
        self.assertRegex(bars[0], r"^a-ve..\S*tar.gz ")
        self.assertRegex(bars[1], r"^日本..\S*です.txt ")
        self.assertNotIn("\u202e", running.output.decode())
        self.assertEqual(len({terminal.width_of(bar[:bar.index("%")]) for bar in bars}), 1, bars)

    def test_control_c(self):
        running = self.begin(self.origin.url + "/drip")
        running.read_until(lambda r: (self.folder / "drip.part").exists() and self.bars(r.screen.lines()))
        running.type(b"\x03")
        self.assertEqual(running.finish(), -signal.SIGINT)
        part, last = running.screen.lines()
        self.assertEqual(part, "drip.part  holds what came until then")
        self.assertEqual(last, "sluice: interrupted; the same command with --continue goes on")

    def test_stopped_for_a_while(self):
        running = self.begin(*self.slow(2, 1000))
        running.read_until(lambda r: len(self.bars(r.screen.lines())) == 3)
        running.process.send_signal(signal.SIGSTOP)
        running.read(0.2)
        running.screen.feed("\r\n$ ls\r\na file\r\n")
        before = running.screen.lines()
        running.process.send_signal(signal.SIGCONT)
        self.assertEqual(running.finish(), 0)
        self.assertEqual(running.screen.lines()[:len(before)], before)


if __name__ == "__main__":
    unittest.main(verbosity=1)
