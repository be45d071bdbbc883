#!/usr/bin/python3
"""`sluice run` with the programs that people have: curl, git, php, pycurl. What is allowed works, what is not never
reaches the server; and what a script sees of it."""
import http.server
import json
import os
import pathlib
import shutil
import signal
import threading
import unittest

import common

BIN = pathlib.Path(os.environ.get("SLUICE_BIN", common.SOURCE / "build" / "bin"))
PYTHON = "/usr/bin/python3"

PYCURL = """
import io, pycurl, sys
c, out = pycurl.Curl(), io.BytesIO()
c.setopt(c.URL, sys.argv[1])
c.setopt(c.WRITEDATA, out)
try:
    c.perform()
    print(out.getvalue().decode())
except pycurl.error as e:
    print(*e.args)
"""
PHP = r"""<?php
$c = curl_init($argv[1]);
curl_setopt($c, CURLOPT_RETURNTRANSFER, true);
$body = curl_exec($c);
echo $body === false ? curl_errno($c) . ' ' . curl_error($c) : $body;
"""
USES_CURL = """
#include <curl/curl.h>
int main(void) { return curl_version() == NULL; }
"""


class Origin(http.server.BaseHTTPRequestHandler):
    seen = []

    def do_GET(self):
        Origin.seen.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"yes")

    def log_message(self, *_):
        pass


class Run(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.sluice = BIN / "sluice"
        server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Origin)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        cls.addClassCleanup(server.server_close)
        cls.addClassCleanup(server.shutdown)
        cls.port = server.server_address[1]
        cls.policy = cls.place.write("policy", "# for the test\nallow 127.0.0.2\n")
        cls.curl = common.program("curl")

    def setUp(self):
        Origin.seen.clear()

    def url(self, last, path="/"):
        return "http://127.0.0.%d:%d%s" % (last, self.port, path)

    def run_with(self, *words, options=None, env=None, **more):
        options = ["--policy", self.policy] if options is None else options
        return common.run(self.sluice, "run", *options, "--", *words, env=env or common.plain_environment(), **more)

    # ---- the programs ----

    def test_curl(self):
        done = self.run_with(self.curl, "-qsS", self.url(2))
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "yes", ""))
        done = self.run_with("curl", "-qsS", self.url(1))
        self.assertEqual((done.returncode, done.stdout), (7, ""))
        self.assertIn("The process's policy refused 127.0.0.1 port %d (loopback)" % self.port, done.stderr)
        self.assertEqual(Origin.seen, ["/"])

    def test_git(self):
        git = common.program("git")
        done = self.run_with(git, "ls-remote", self.url(1, "/one.git"))
        self.assertEqual(done.returncode, 128)
        self.assertIn("policy refused 127.0.0.1", done.stderr)
        self.assertEqual(Origin.seen, [])
        self.run_with(git, "ls-remote", self.url(2, "/two.git"))
        self.assertIn("/two.git/info/refs?service=git-upload-pack", Origin.seen)

    def test_php(self):
        php = common.program("php")
        if "curl" not in common.must(php, "-m").split():
            self.skipTest("php has no curl functions here; tools/setup test installs them")
        script = self.place.write("run.php", PHP)
        self.assertEqual(self.run_with(php, script, self.url(2)).stdout, "yes")
        self.assertIn("7 The process's policy refused 127.0.0.1", self.run_with(php, script, self.url(1)).stdout)
        self.assertEqual(Origin.seen, ["/"])

    def test_pycurl(self):
        if common.run(PYTHON, "-c", "import pycurl", env=common.plain_environment()).returncode:
            self.skipTest("there is no pycurl here; tools/setup test installs it")
        script = self.place.write("run.py", PYCURL)
        self.assertEqual(self.run_with(PYTHON, script, self.url(2)).stdout, "yes\n")
        self.assertIn("7 The process's policy refused 127.0.0.1", self.run_with(PYTHON, script, self.url(1)).stdout)
        self.assertEqual(Origin.seen, ["/"])

    def test_a_preset(self):
        done = self.run_with("curl", "-qsS", self.url(2), options=["--preset", "public-internet"])
        self.assertEqual(done.returncode, 7)
        self.assertIn("(loopback), policy line ", done.stderr)
        self.assertEqual(Origin.seen, [])

    # ---- the broker ----

    def test_broker(self):
        options = ["-q", "--broker", "--policy", self.policy]
        done = self.run_with("curl", "-qsS", self.url(2), options=options)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "yes", ""))
        done = self.run_with("curl", "-qsS", self.url(1), options=options)
        self.assertEqual(done.returncode, 7)
        # the broker has the policy, too
        done = self.run_with("sh", "-c", "unset SLUICE_POLICY; exec curl -qsS %s" % self.url(1), options=options)
        self.assertEqual(done.returncode, 7)
        self.assertIn("broker", done.stderr)
        # and nothing is opened without it
        done = self.run_with("sh", "-c", "eval exec $SLUICE_BROKER'>&-'; exec curl -qsS %s" % self.url(2), options=options)
        self.assertEqual(done.returncode, 2)
        self.assertIn("SLUICE_BROKER", done.stderr)
        self.assertEqual(Origin.seen, ["/"])

    # ---- the log ----

    def test_log(self):
        log = self.place / "log.json"
        self.run_with("curl", "-qsS", self.url(2), self.url(1), options=["--policy", self.policy, "--log", log])
        lines = [json.loads(line) for line in log.read_text().splitlines()]
        self.assertEqual([(e["event"], e["address"]) for e in lines],
                         [("open", "127.0.0.2"), ("connect", "127.0.0.2"), ("connected", "127.0.0.2"),
                          ("close", "127.0.0.2"), ("refused", "127.0.0.1")])
        self.assertEqual(lines[4]["rule"], "policy: no rule matches")
        self.assertEqual({e["port"] for e in lines}, {self.port})

    def test_paths_mean_the_same_in_another_folder(self):
        (self.place / "elsewhere").mkdir()
        done = self.run_with("sh", "-c", "cd elsewhere && exec curl -qsS %s" % self.url(2), cwd=self.place.path,
                             options=["-q", "--policy", "policy", "--log", "here.json"])
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "yes", ""))
        self.assertTrue((self.place / "here.json").read_text())
        self.assertFalse((self.place / "elsewhere" / "here.json").exists())

    def test_a_log_that_cannot_be(self):
        done = self.run_with("true", options=["--policy", self.policy, "--log", "/nonexistent/log"])
        self.assertEqual((done.returncode, done.stderr),
                         (125, "sluice run: /nonexistent/log: No such file or directory\n"))

    # ---- what scripts see ----

    def test_the_status_is_the_programs(self):
        self.assertEqual(self.run_with("sh", "-c", "exit 42").returncode, 42)
        self.assertEqual(self.run_with("sh", "-c", "kill -s TERM $$").returncode, -signal.SIGTERM)
        self.assertEqual(self.run_with("sh", "-c", "kill -s PIPE $$").returncode, -signal.SIGPIPE)

    def test_its_arguments_are_its_own(self):
        done = self.run_with("sh", "-c", 'echo "$@"', "sh", "-p", "--log", "x", "--", "-h", "")
        self.assertEqual(done.stdout, "-p --log x -- -h \n")
        done = common.run(self.sluice, "run", "-q", "--policy", self.policy, "echo", "--policy", "y", "--help")
        self.assertEqual((done.stdout, done.stderr), ("--policy y --help\n", ""))

    def test_not_to_be_run(self):
        self.assertEqual(self.run_with("nonesuch").returncode, 127)
        self.assertEqual(self.run_with("/nonexistent/x").returncode, 127)
        self.assertEqual(self.run_with("/etc/passwd").returncode, 126)
        self.assertEqual(self.run_with("/etc").returncode, 126)

    def test_a_bad_policy_starts_nothing(self):
        bad = self.place.write("bad", "allow public\nallow 10.0.0.0/33\n")
        marker = self.place / "marker"
        done = self.run_with("touch", marker, options=["--policy", bad])
        self.assertEqual((done.returncode, done.stdout), (2, ""))
        self.assertTrue(done.stderr.startswith("sluice run: %s:2:16: " % bad), done.stderr)
        for options, said in ((["--policy", "/nonexistent/p"], "No such file"), ([], "a policy is missing"),
                              (["--preset", "x"], "no preset 'x'"), (["--what"], "no option --what"),
                              (["--policy", self.policy, "--preset", "public-internet"], "one policy"),
                              (["--policy", self.place.path], "directory")):
            done = self.run_with("touch", marker, options=options)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(said, done.stderr)
        self.assertFalse(marker.exists())
        done = common.run(self.sluice, "run", "--policy", self.policy)
        self.assertEqual(done.returncode, 2)
        self.assertIn("a program is missing", done.stderr)
        self.assertIn("--log FILE", common.run(self.sluice, "run", "--help").stdout)

    # ---- the library ----

    def prefix(self, name, folder=None, library=None):
        """A command that was installed elsewhere."""
        top = self.place / name
        (top / "bin").mkdir(parents=True)
        shutil.copy(self.sluice, top / "bin" / "sluice")
        if folder:
            (top / folder).mkdir(parents=True)
            shutil.copy(library or common.LIB / "libcurl.so.4", top / folder / "libcurl.so.4")
        return top

    def test_installed(self):
        for name, folder in (("p1", "lib"), ("p2", "lib/x86_64-linux-gnu"), ("p3", "lib64")):
            top = self.prefix(name, folder)
            done = common.run(top / "bin/sluice", "run", "-q", "--policy", self.policy, "sh", "-c",
                              'echo "$LD_LIBRARY_PATH"; exec curl -qsS %s' % self.url(1),
                              env=common.plain_environment(LD_LIBRARY_PATH="/before"))
            self.assertEqual((done.returncode, done.stdout), (7, "%s:/before\n" % (top / folder).resolve()))
            self.assertIn("policy refused", done.stderr)

    def test_there_is_no_library_of_ours(self):
        others = [line.split(" => ")[1].split()[0] for line in
                  common.must("ldd", self.curl).splitlines() if "libcurl.so.4 => " in line]
        for top in (self.prefix("n1"), self.prefix("n2", "lib", others[0])):
            done = common.run(top / "bin/sluice", "run", "--policy", self.policy, "true")
            self.assertEqual(done.returncode, 125)
            self.assertIn("libcurl.so.4 is not where it belongs", done.stderr)

    # ---- warnings ----

    def compile(self, name, text, *flags):
        source, out = self.place.write(name + ".c", text), self.place / name
        common.must(common.CC, "-o", out, source, *flags)
        return out

    def warning(self, program):
        done = self.run_with(program)
        self.assertEqual(self.run_with(program, options=["-q", "--policy", self.policy]).stderr, "")
        return done.stderr

    def test_programs_without_libcurl(self):
        self.assertIn("note: /bin/true itself is not linked with libcurl", self.warning("/bin/true"))
        script = self.place.write("script", "#!/usr/bin/env -S sh -e\ntrue\n")
        script.chmod(0o755)
        self.assertRegex(self.warning(script), "note: /.*sh itself is not linked")

    def test_programs_that_are_static(self):
        static = self.compile("static", "int main(void) { return 0; }\n", "-static")
        self.assertIn("warning: %s is linked statically" % static, self.warning(static))

    def test_programs_with_a_libcurl_of_their_own(self):
        folder = self.place / "own"
        folder.mkdir()
        shutil.copy(common.LIB / "libcurl.so.4", folder)
        include = "-I%s" % (common.SOURCE / "include")
        ours = self.compile("ours", USES_CURL, include, common.LIB / "libcurl.so.4")
        self.assertEqual(self.warning(ours), "")
        own = self.compile("owner", USES_CURL, include, common.LIB / "libcurl.so.4", "-Wl,--disable-new-dtags,-rpath,%s" % folder)
        self.assertIn("warning: %s loads %s/libcurl.so.4" % (own, folder), self.warning(own))

    def test_programs_with_more_rights(self):
        if os.geteuid():
            self.skipTest("only root can make one")
        program = self.place / "privileged"
        shutil.copy("/bin/true", program)
        os.chown(program, 65534, 65534)
        program.chmod(0o4755)
        self.assertIn("warning: %s runs with more rights" % program, self.warning(program))


if __name__ == "__main__":
    unittest.main(verbosity=2)
