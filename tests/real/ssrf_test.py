#!/usr/bin/python3
"""examples/ssrf: the same small service in C, Python and PHP does the same with what attackers write, and refuses to work
without its guard."""
import os
import pathlib
import re
import shlex
import unittest

import common
import policy_servers as servers

BIN = pathlib.Path(os.environ.get("SLUICE_BIN", common.SOURCE / "build" / "bin"))
EXAMPLES = common.SOURCE / "examples" / "ssrf"
PYTHON = "/usr/bin/python3"


class Ssrf(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.answers = {"/big": (200, "", "x" * 6000000)}
        cls.one, cls.two = servers.http_pair(cls.answers)
        cls.addClassCleanup(cls.one.stop)
        cls.addClassCleanup(cls.two.stop)
        cls.port = cls.two.port
        for path, where in (("/in", "http://127.0.0.1:%d/" % cls.port), ("/out", "http://127.0.0.2:%d/there" % cls.port),
                            ("/file", "file:///etc/passwd"), ("/loop", "/loop")):
            cls.answers[path] = (302, "Location: %s\r\n" % where, "")
        cls.policy = cls.place.write("policy", "deny metadata\nallow 127.0.0.2\n")

    def setUp(self):
        self.one.accepted = 0

    def conversation(self):
        """(what comes in, what has to come out without the texts)"""
        at = "http://127.0.0.%%d:%d%%s" % self.port
        rows = [(at % (2, "/"), "200", "3 bytes"), (at % (2, "/out"), "200", "3 bytes"),
                (at % (1, "/"), "refused", "policy refused 127.0.0.1 port %d (loopback)" % self.port),
                (at % (2, "/in"), "refused", "policy refused 127.0.0.1 port"),
                ("http://169.254.169.254/latest/meta-data/", "refused", "(metadata), policy line 1: deny metadata"),
                ("http://2130706433:%d/" % self.port, "refused", "127.0.0.1"),
                ("http://[::ffff:127.0.0.1]:%d/" % self.port, "refused", "::ffff:127.0.0.1"),
                ("http://localhost:%d/" % self.port, "refused", "policy refused"),
                ("file:///etc/passwd", "failed", ""), (at % (2, "/file"), "failed", ""), (at % (2, "/loop"), "failed", ""),
                (at % (2, "/big"), "failed", ""), ("gopher://127.0.0.1:%d/" % self.port, "failed", ""), ("x y", "failed", "")]
        return [row[0] for row in rows], rows

    def talk(self, *command, env):
        urls, rows = self.conversation()
        done = common.run(*command, env=env, input="\n".join(urls) + "\n")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        self.assertEqual([(line[2], line[0]) for line in lines], [row[:2] for row in rows], done.stdout)
        for line, row in zip(lines, rows):
            self.assertIn(row[2], line[1])
        self.assertEqual(self.one.accepted, 0)

    def no_guard(self, *command, env):
        done = common.run(*command, env=env, input="http://127.0.0.2:%d/\n" % self.port)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertTrue(done.stderr)
        self.assertEqual(self.one.accepted, 0)

    def sluice_run(self, *command):
        return (BIN / "sluice", "run", "-q", "--policy", self.policy, "--", *command)

    def test_c(self):
        program = self.place / "fetch"
        common.must(common.CC, "-Wall", "-Wextra", "-Werror", "-I%s" % (common.SOURCE / "include"), EXAMPLES / "fetch.c",
                    "-o", program, "-L%s" % common.LIB, "-lsluice")
        env = common.environment()
        self.talk(program, self.policy, env=env)
        self.no_guard(program, "/nonexistent", env=env)
        self.no_guard(program, self.place.write("bad", "alow any\n"), env=env)
        done = common.run(program, env=env, input="http://127.0.0.2:%d/\n" % self.port)
        self.assertIn("refused\tThe policy refused 127.0.0.2 port %d (loopback), policy line" % self.port, done.stdout)

    def test_python(self):
        if common.run(PYTHON, "-c", "import pycurl", env=common.plain_environment()).returncode:
            self.skipTest("there is no pycurl here; tools/setup test installs it")
        script = EXAMPLES / "fetch.py"
        self.talk(*self.sluice_run(PYTHON, "-W", "ignore", script), env=common.plain_environment())
        self.no_guard(PYTHON, script, env=common.plain_environment())
        self.no_guard(PYTHON, script, env=common.environment())

    def test_php(self):
        php = common.program("php")
        if "curl" not in common.must(php, "-m").split():
            self.skipTest("php has no curl functions here; tools/setup test installs them")
        script = EXAMPLES / "fetch.php"
        self.talk(*self.sluice_run(php, script), env=common.plain_environment())
        self.no_guard(php, script, env=common.plain_environment())
        self.no_guard(php, script, env=common.environment())

    # ---- what the documents say ----

    def test_commands_of_the_guide(self):
        """Each `$ sluice check ...` in the documents, with the lines that follow it."""
        ran = 0
        for name in ("SSRF.md", "POLICY.md"):
            text = (common.SOURCE / "docs" / name).read_text()
            for block in re.findall(r"^((?:    .*\n)+)", text, re.M):
                lines = [line[4:] for line in block.splitlines()]
                if not lines[0].startswith("$ sluice check --preset"):
                    continue
                done = common.run(BIN / "sluice", *shlex.split(lines[0])[2:])
                self.assertEqual([re.split(r"\s{2,}", line.strip()) for line in lines[1:]],
                                 [line.split("\t") for line in done.stdout.splitlines()], name)
                ran += 1
        self.assertGreaterEqual(ran, 2)

    def test_policies_of_the_guide(self):
        """Each block of rules can be parsed."""
        parsed = 0
        for name in ("SSRF.md", "POLICY.md"):
            text = (common.SOURCE / "docs" / name).read_text()
            for block in re.findall(r"^((?:    .*\n)+)", text, re.M):
                rules = "".join(line[4:] + "\n" for line in block.splitlines())
                if re.match(r"(allow|deny|preset|mode|#)\b|#", rules):
                    done = common.run(BIN / "sluice", "check", "--policy", self.place.write("rules", rules), "8.8.8.8")
                    self.assertIn(done.returncode, (0, 1), "%s\n%s" % (rules, done.stderr))
                    parsed += 1
        self.assertGreaterEqual(parsed, 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
