"""What the tests with real programs share: places, free ports, servers, certificates.

Not a test. A server is started by Server(...), is ready when its port answers, and is stopped by its
process id; nothing of it is left in the temporary folder that Place gives.
"""
import contextlib
import functools
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("SLUICE_SOURCE", HERE.parents[1]))
LIB = pathlib.Path(os.environ.get("SLUICE_LIB", SOURCE / "build" / "lib"))
CC = os.environ.get("SLUICE_CC", "cc")
# Packages that conflict with others that the tests use: tools/setup unpacks them here and does not install them.
BESIDE = pathlib.Path("/opt/sluice-test")

SECONDS = 30
LOCAL = "127.0.0.1"
VARIABLES_OF_A_USER = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ALL_PROXY", "HTTPS_PROXY",
                       "NO_PROXY", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_HOME")


def program(name):
    """Where it is, or the test that asks is skipped: servers live in sbin, which PATH may not have, or BESIDE."""
    path = shutil.which(name, path=":".join((os.environ.get("PATH", ""), "/usr/sbin:/usr/local/sbin:/sbin",
                                             str(BESIDE / "usr/sbin"))))
    if not path:
        raise unittest.SkipTest("there is no %s here; tools/setup test installs it" % name)
    return path


def plain_environment(**more):
    """Neither our library nor settings of the user."""
    env = {k: v for k, v in os.environ.items()
           if k not in VARIABLES_OF_A_USER and k != "LD_LIBRARY_PATH" and not k.startswith("GIT_")}
    env.update({k: str(v) for k, v in more.items()})
    return env


def environment(**more):
    """The one to run programs in: our library, no settings of the user."""
    env = plain_environment()
    env.update(LD_LIBRARY_PATH=str(LIB), LC_ALL="C.UTF-8")
    env.update({k: str(v) for k, v in more.items()})
    return env


def run(*command, env=None, seconds=SECONDS, **more):
    """A finished process with .stdout and .stderr as text (text=False: bytes), whatever its status."""
    more.setdefault("text", True)
    return subprocess.run([str(c) for c in command], env=env or environment(), timeout=seconds,
                          stdin=subprocess.DEVNULL if "input" not in more else None,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def must(*command, **more):
    """run(), or an error with all that was said. With our library only if env says so."""
    more.setdefault("env", plain_environment())
    done = run(*command, **more)
    if done.returncode:
        raise RuntimeError("%s\nstatus %d\n%s%s" % (" ".join(map(str, command)), done.returncode,
                                                    done.stdout, done.stderr))
    return done.stdout


def free_ports(count):
    """Ports of 127.0.0.1 that nobody listens on: all are held until the last one is found. Below those that the kernel
    gives to connections, as one of another test could have it when the server comes."""
    below = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    held = []
    while len(held) < count:
        s = socket.socket()
        try:
            s.bind((LOCAL, random.randrange(below // 3, below)))
            held.append(s)
        except OSError:
            s.close()
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def answers(port, host=LOCAL):
    with contextlib.closing(socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)) as s:
        s.settimeout(1)
        return s.connect_ex((host, port)) == 0


class Server:
    """A program in the foreground that listens; its output goes to a file that a failure shows."""

    def __init__(self, command, ports, log, host=LOCAL, **more):
        self.log = pathlib.Path(log)
        more.setdefault("env", plain_environment())
        with open(log, "wb") as out:
            self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, start_new_session=True, **more)
        end = time.monotonic() + SECONDS
        while not all(answers(port, host) for port in ports):
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError("%s did not start:\n%s" % (command[0], self.log.read_text()))
            time.sleep(0.01)

    def stop(self):
        """Its whole session: a master and the workers that it has."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()


class Inetd:
    """Servers that are started for each connection, with it as their standard input and output."""

    def __init__(self, command, log, **more):
        self.command, self.log, self.children, self.more = [str(c) for c in command], open(log, "wb"), [], more
        self.listener = socket.create_server((LOCAL, 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.children.append(subprocess.Popen(self.command, stdin=connection, stdout=connection, stderr=self.log,
                                                      env=plain_environment(), start_new_session=True,
                                                      **self.more))

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join()
        for child in self.children:
            if child.poll() is None:
                child.terminate()
            child.wait(SECONDS)
        self.log.close()


class Place:
    """A temporary folder, everybody may read it: servers that are started by root drop to another user."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="sluice-")
        self.path = pathlib.Path(self.folder.name)
        self.path.chmod(0o755)

    def __truediv__(self, name):
        return self.path / name

    def write(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def done(self):
        self.folder.cleanup()


class Authority:
    """A certificate authority of the test's own. Files: NAME.pem, NAME.key, and the authority's ca.pem."""

    def __init__(self, place, name="ca"):
        self.place, self.name = place, name
        self.pem, self.key = place / (name + ".pem"), place / (name + ".key")
        must("openssl", "req", "-x509", *self.new_key(self.key), "-out", self.pem, "-days", "30", "-subj",
             "/CN=Sluice test " + name, "-addext", "basicConstraints=critical,CA:TRUE", "-addext",
             "keyUsage=critical,keyCertSign,cRLSign")

    @staticmethod
    def new_key(path):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", path]

    def issue(self, name, names, expired=False):
        """A certificate for names such as "DNS:localhost,IP:127.0.0.1"."""
        pem, key, csr = (self.place / (name + end) for end in (".pem", ".key", ".csr"))
        ext = self.place.write(name + ".ext", "basicConstraints=CA:FALSE\nsubjectAltName=%s\n" % names)
        must("openssl", "req", *self.new_key(key), "-out", csr, "-subj", "/CN=" + name)
        # A negative number of days is refused by newer versions; zero ends it the moment it begins.
        must("openssl", "x509", "-req", "-in", csr, "-CA", self.pem, "-CAkey", self.key, "-CAcreateserial",
             "-extfile", ext, "-out", pem, "-days", "0" if expired else "30")
        return pem, key

    @staticmethod
    def self_signed(place, name, names):
        pem, key = place / (name + ".pem"), place / (name + ".key")
        must("openssl", "req", "-x509", *Authority.new_key(key), "-out", pem, "-days", "30", "-subj",
             "/CN=" + name, "-addext", "subjectAltName=" + names)
        return pem, key


NGINX = """
daemon off;
worker_processes 1;
pid %(place)s/%(name)s.pid;
error_log %(place)s/%(name)s-error.log info;
events { worker_connections 256; }
http {
  access_log %(place)s/%(name)s-access.log;
  client_body_temp_path %(place)s/t1; proxy_temp_path %(place)s/t2; fastcgi_temp_path %(place)s/t3;
  uwsgi_temp_path %(place)s/t4; scgi_temp_path %(place)s/t5;
  root %(place)s/www;
  default_type application/octet-stream;
  %(http)s
  %(servers)s
}
"""


class RealTest(unittest.TestCase):
    """A class of tests with one Place. `setUpPlace(cls)` starts what it needs; cls.later() undoes it."""
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        if not (LIB / "libcurl.so.4").exists():
            raise RuntimeError("no libcurl.so.4 in %s: build first" % LIB)
        cls.place = Place()
        cls.addClassCleanup(cls.place.done)
        cls.setUpPlace()

    @classmethod
    def setUpPlace(cls):
        pass

    @classmethod
    def serve(cls, command, ports, name, **more):
        server = Server(command, ports, cls.place / (name + ".log"), **more)
        cls.addClassCleanup(server.stop)
        return server

    @classmethod
    def serve_each(cls, command, name, **more):
        """A server for each connection; its port."""
        inetd = Inetd(command, cls.place / (name + ".log"), **more)
        cls.addClassCleanup(inetd.stop)
        return inetd.port

    @classmethod
    def compile(cls, source):
        """A program of this folder with our headers and library."""
        program = cls.place / source.removesuffix(".c")
        must(CC, "-I%s" % (SOURCE / "include"), "-o", program, HERE / source, "-L%s" % LIB, "-lcurl")
        return program

    @classmethod
    def serve_nginx(cls, servers, ports, http="", name="nginx"):
        """nginx with these server blocks. The folder www is its root, unless they say otherwise."""
        nginx, place = program("nginx"), cls.place
        (place / "www").mkdir(exist_ok=True)
        config = place.write(name + ".conf", NGINX % {"place": place.path, "name": name, "http": http, "servers": servers})
        # The master keeps its user only if that is root: workers of another one read the folder, which all may.
        return cls.serve([nginx, "-c", config, "-p", place.path, "-e", place / (name + "-error.log")], ports, name)

    def loaded_library(self, *command, env=None):
        """Which file the dynamic linker takes as libcurl for this program."""
        done = run(*command, env=environment(LD_DEBUG="libs", **(env or {})))
        return [line.split("init: ")[1].strip() for line in done.stderr.splitlines()
                if "calling init:" in line and "libcurl" in line]


def for_each(ways):
    """The test method once for each tuple of arguments; those that fail are named."""
    def decorate(test):
        @functools.wraps(test)
        def run_all(self):
            for way in ways:
                with self.subTest(way=way):
                    test(self, *way)
        return run_all
    return decorate


class CurlTest(RealTest):
    """Debian's curl program on our library."""

    @classmethod
    def setUpClass(cls):
        cls.curl_program = program("curl")
        super().setUpClass()

    def curl(self, *arguments, status=0, env=None, seconds=SECONDS, **more):
        """What it prints, as bytes. What it says on stderr is in self.said, and is nothing if all went well."""
        done = run(self.curl_program, "-sS", "-q", *arguments, text=False, seconds=seconds, env=environment(**(env or {})),
                   **more)
        self.said = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, self.said)
        if not status:
            self.assertEqual(self.said, "")
        return done.stdout

    def codes(self, *arguments, **more):
        """The status codes of all responses of the transfers, those to CONNECT too."""
        out = self.curl("-D", "-", "-o", os.devnull, *arguments, **more).decode()
        return [int(line.split()[1]) for line in out.splitlines() if line.startswith("HTTP/")]

    def written(self, form, *arguments, count=1, **more):
        """What -w prints of each transfer, whose bodies nobody looks at."""
        return self.curl(*["-o", os.devnull] * count, "-w", form + "\n", *arguments, **more).decode().splitlines()

    def same_as_debians(self, *arguments):
        """(status, stdout) of both libraries, which must be the same; Debian's is 7.88.1."""
        ours, theirs = ((done.returncode, done.stdout) for done in (
            run(self.curl_program, "-sS", "-q", *arguments, text=False, env=env) for env in (environment(), plain_environment())))
        self.assertEqual(ours, theirs)
        return ours
