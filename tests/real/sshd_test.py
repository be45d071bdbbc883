#!/usr/bin/python3
"""SFTP and SCP by Debian's curl program and pycurl on our library, against OpenSSH's sshd; passwords against a server of
our own. Through Squid's CONNECT and the SOCKS proxy that ssh -D is."""
import hashlib
import os
import pathlib
import pwd
import unittest

import common

CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {place}/host_ed25519
HostKey {place}/host_ecdsa
HostKey {place}/host_rsa
AuthorizedKeysFile {place}/authorized
StrictModes no
UsePAM no
PidFile none
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
"""

SQUID = """
http_port 127.0.0.1:{proxy}
http_access allow all
access_log none
cache_log {place}/cache.log
cache_store_log none
pid_filename {place}/squid.pid
coredump_dir {place}
netdb_filename none
pinger_enable off
icp_port 0
shutdown_lifetime 0 seconds
visible_hostname proxy.test
"""

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = 20 * 1000 * 1000 + 1

# How often the callback was asked, for what, and what became of it.
PYCURL = """
import io, pycurl, socket, sys
asked = []
def on_open(purpose, address):
    asked.append(address.addr)
    return socket.socket(address.family, address.socktype, address.protocol) if sys.argv[2] == "yes" else pycurl.SOCKET_BAD
curl, got = pycurl.Curl(), io.BytesIO()
curl.setopt(pycurl.URL, sys.argv[1])
curl.setopt(pycurl.USERNAME, sys.argv[3])
curl.setopt(pycurl.SSH_PRIVATE_KEYFILE, sys.argv[4])
curl.setopt(pycurl.OPENSOCKETFUNCTION, on_open)
curl.setopt(pycurl.WRITEDATA, got)
code = 0
try:
    curl.perform()
except pycurl.error as error:
    code = error.args[0]
print(code, len(got.getvalue()), len(asked), asked[0][1] if asked else 0)
"""


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Sshd(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        place = cls.place
        cls.user = pwd.getpwuid(os.geteuid()).pw_name
        program, sshd = common.program("ssh-keygen"), common.program("sshd")
        for name, kind, word in (("host_ed25519", "ed25519", ""), ("host_ecdsa", "ecdsa", ""), ("host_rsa", "rsa", ""),
                                 ("user", "ed25519", ""), ("locked", "ecdsa", "secret"), ("stranger", "ed25519", "")):
            common.must(program, "-q", "-t", kind, "-N", word, "-C", "", "-f", place / name)
        place.write("authorized", (place / "user.pub").read_text() + (place / "locked.pub").read_text())
        cls.port, cls.proxy, cls.socks, cls.own = common.free_ports(4)
        if os.geteuid() == 0:
            pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # sshd drops its rights into there
        config = place.write("sshd_config", CONFIG.format(place=place.path, port=cls.port))
        cls.serve([sshd, "-D", "-e", "-f", config], [cls.port], "sshd")
        cls.folder = place / "files"
        cls.folder.mkdir()
        place.write("files/small", SMALL)
        with open(place / "big", "wb") as file:
            file.write(os.urandom(BIG))
        (place / "home" / ".ssh").mkdir(parents=True)

    def setUp(self):
        self.known = self.place / "home" / ".ssh" / "known_hosts"
        self.known.unlink(missing_ok=True)

    def url(self, path="small", scheme="sftp"):
        return "%s://127.0.0.1:%d%s/%s" % (scheme, self.port, self.folder, path)

    def ssh(self, *arguments, insecure=True, key="user", **more):
        more.setdefault("env", {"HOME": self.place / "home"})
        return self.curl(*(["-k"] if insecure else []), "-u", self.user + ":", "--key", self.place / key, *arguments, **more)

    def key(self, name):
        return " ".join((self.place / (name + ".pub")).read_text().split()[:2])

    def fingerprint(self, name, how):
        line = common.must("ssh-keygen", "-l", "-E", how, "-f", self.place / (name + ".pub")).split()[1]
        return line.split(":", 1)[1].replace(":", "") if how == "md5" else line.split(":", 1)[1]

    # ---- both ways ----

    @common.for_each([("sftp",), ("scp",)])
    def test_big_file(self, scheme):
        self.ssh("-T", self.place / "big", self.url("big", scheme), seconds=60)
        self.assertEqual(digest(self.folder / "big"), digest(self.place / "big"))
        self.ssh("-o", self.place / "back", self.url("big", scheme), seconds=60)
        self.assertEqual(digest(self.place / "back"), digest(self.place / "big"))
        (self.folder / "big").unlink()

    @common.for_each([("sftp",), ("scp",)])
    def test_compression(self, scheme):
        self.assertEqual(self.ssh("--compressed-ssh", self.url(scheme=scheme)), SMALL)

    @common.for_each([("sftp",), ("scp",)])
    def test_reuse(self, scheme):
        numbers = self.written("%{num_connects} %{size_download}", "-k", "-u", self.user + ":", "--key", self.place / "user",
                               *[self.url(scheme=scheme)] * 3, count=3)
        self.assertEqual(numbers, ["1 %d" % len(SMALL)] + ["0 %d" % len(SMALL)] * 2)

    def test_many_at_once(self):
        arguments = [a for i in range(8) for a in ("-o", self.place / ("copy%d" % i), self.url())]
        self.ssh("--no-progress-meter", "--parallel", *arguments)
        self.assertTrue(all((self.place / ("copy%d" % i)).read_bytes() == SMALL for i in range(8)))

    @common.for_each([("2-4", SMALL[2:5]), ("-4", SMALL[-4:]), ("1300-", SMALL[1300:]), ("0-0", SMALL[:1]),
                      ("1340-9999", SMALL[1340:]), ("2-3,7-8", SMALL[2:4])])
    def test_range(self, text, part):
        self.assertEqual(self.ssh("-r", text, self.url()), part)

    def test_resumed_download(self):
        self.assertEqual(self.ssh("-C", "1000", self.url()), SMALL[1000:])
        self.assertEqual(self.ssh("-C", str(len(SMALL)), self.url()), b"")
        self.ssh("-C", "9999", self.url(), status=36)

    def test_resumed_upload(self):
        self.place.write("files/half", SMALL[:500])
        self.place.write("whole", SMALL)
        self.ssh("-C", "-", "-T", self.place / "whole", self.url("half"))
        self.assertEqual((self.folder / "half").read_bytes(), SMALL)
        self.ssh("-a", "-T", self.place / "whole", self.url("half"))
        self.assertEqual((self.folder / "half").read_bytes(), SMALL * 2)
        self.ssh("-C", "5", "-T", self.place / "whole", self.url("not there"), status=3)
        self.ssh("-C", "5", "-T", self.place / "whole", self.url("nothing"), status=78)

    def test_upload_of_unknown_size(self):
        self.ssh("-T", "-", self.url("piped"), input=SMALL)
        self.assertEqual((self.folder / "piped").read_bytes(), SMALL)
        self.ssh("-T", "-", self.url("piped", "scp"), input=SMALL, status=25)

    def test_mode_of_new_files(self):
        self.place.write("whole", SMALL)
        for scheme in "sftp", "scp":
            self.ssh("--create-file-mode", "0600", "-T", self.place / "whole", self.url("private", scheme))
            self.assertEqual((self.folder / "private").stat().st_mode & 0o777, 0o600)
            (self.folder / "private").unlink()

    def test_missing_folders(self):
        self.place.write("whole", SMALL)
        self.ssh("-T", self.place / "whole", self.url("new/deep/file"), status=78)
        self.ssh("--ftp-create-dirs", "-T", self.place / "whole", self.url("new/deep/file"))
        self.assertEqual((self.folder / "new/deep/file").read_bytes(), SMALL)

    # ---- paths and folders ----

    def test_listing(self):
        (self.place / "files/list").mkdir()
        self.place.write("files/list/one two", b"12345")
        os.symlink("one two", self.folder / "list/link")
        lines = sorted(self.ssh(self.url("list/")).decode().splitlines())
        self.assertEqual(len(lines), 4)
        self.assertRegex(lines[0], r"^-rw-r--r-- +1 \S+ +\S+ +5 .* one two$")
        self.assertRegex([line for line in lines if line[0] == "l"][0], r" link -> one two$")
        self.assertEqual(sorted(self.ssh("-l", self.url("list/")).decode().splitlines()), [".", "..", "link", "one two"])
        self.assertEqual(self.ssh("-I", self.url("list/")), b"")
        self.ssh(self.url("nothing/"), status=78)
        self.ssh(self.url("list"), status=79)

    def test_home(self):
        home = pathlib.Path(pwd.getpwuid(os.geteuid()).pw_dir)
        name = ".sluice-test-%d" % os.getpid()
        (home / name).write_bytes(SMALL)
        self.addCleanup((home / name).unlink)
        for scheme in "sftp", "scp":
            self.assertEqual(self.ssh("%s://127.0.0.1:%d/~/%s" % (scheme, self.port, name)), SMALL)
        self.assertIn(name, self.ssh("-l", "sftp://127.0.0.1:%d/~/" % self.port).decode())

    def test_names(self):
        for name, path in (("a b", "a%20b"), ("q'uote", "q'uote"), ("dollar$(x)", "dollar$(x)"), ("umlaut-\u00e4", "umlaut-%c3%a4"),
                           ("long" * 60, "long" * 60)):
            self.place.write("files/" + name, name.encode())
            for scheme in "sftp", "scp":
                self.assertEqual(self.ssh(self.url(path, scheme)).decode(), name)

    @common.for_each([("sftp", "nothing", 78), ("scp", "nothing", 78), ("scp", "", 78), ("sftp", "a%00b", 3), ("scp", "a%0ab", 3)])
    def test_what_is_not_there(self, scheme, path, status):
        self.ssh(self.url(path, scheme), status=status)

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_what_may_not_be_read(self):
        self.place.write("files/secret", b"x").chmod(0)
        self.ssh(self.url("secret"), status=9)

    # ---- quote ----

    def quote(self, *commands, status=0):
        """What comes to the header callback."""
        arguments = [a for command in commands for a in ("-Q", command.replace("@", str(self.folder) + "/"))]
        return self.ssh(*arguments, "-D", "-", "-o", os.devnull, self.url(), status=status).decode()

    def test_quote(self):
        file = self.place.write("files/quoted", b"x")
        self.assertEqual(self.quote("pwd"), '257 "%s/small" is current directory.\n' % self.folder)
        self.assertRegex(self.quote("statvfs @"), r"^statvfs:\nf_bsize: \d+\n(f_\w+: \d+\n){9}f_namemax: \d+\n$")
        self.quote("mkdir '@made up'", "rename '@made up' @made", "mkdir @made/inner", "rmdir @made/inner", "rmdir @made")
        self.assertFalse((self.folder / "made").exists())
        self.quote("chmod 640 @quoted", "mtime \"Mon, 2 Jan 2012 10:00:00 GMT\" @quoted", "atime 20120304 @quoted")
        self.assertEqual((file.stat().st_mode & 0o7777, file.stat().st_mtime, file.stat().st_atime), (0o640, 1325498400, 1330819200))
        self.quote("ln @quoted @linked", "-rm @quoted")
        self.assertEqual(os.readlink(self.folder / "linked"), str(file))
        self.assertFalse(file.exists())

    @unittest.skipUnless(os.geteuid() == 0, "only root gives files away")
    def test_quote_owner(self):
        file = self.place.write("files/owned", b"x")
        self.quote("chown 65534 @owned", "chgrp 65533 @owned")
        self.assertEqual((file.stat().st_uid, file.stat().st_gid), (65534, 65533))

    def test_quote_that_fails(self):
        for command in "cd /", "rm @nothing", "rmdir @nothing", "mkdir", "chmod x @small", "rename @small", "", "mkdir @small", \
                "ln @x @small":
            with self.subTest(command):
                self.quote(command, status=21)
        self.quote("*rm @nothing", "*mkdir @small", "*ln @x @small", "*chmod 600 @nothing", "*chgrp 1 @nothing")
        self.assertEqual((self.folder / "small").read_bytes(), SMALL)

    # ---- who the host is ----

    def test_fingerprints(self):
        name = "host_ecdsa"  # which libssh2 asks for first
        md5, sha256 = self.fingerprint(name, "md5"), self.fingerprint(name, "sha256")
        wrong = self.fingerprint("stranger", "md5")
        self.known.write_text("[127.0.0.1]:%d %s\n" % (self.port, self.key("stranger")))  # fingerprints come first
        for good in ["--hostpubmd5", md5], ["--hostpubmd5", md5.upper()], ["--hostpubsha256", sha256], \
                ["--hostpubsha256", sha256 + "="], ["--hostpubsha256", sha256, "--hostpubmd5", md5]:
            self.assertEqual(self.ssh(*good, self.url(), insecure=False), SMALL)
        for bad in ["--hostpubmd5", wrong], ["--hostpubsha256", sha256[:-1]], ["--hostpubsha256", sha256.swapcase()], \
                ["--hostpubsha256", ""], ["--hostpubsha256", sha256, "--hostpubmd5", wrong]:
            self.ssh(*bad, self.url(), insecure=False, status=60)
            self.assertIn("Denied establishing ssh session", self.said)

    @common.for_each([("host_ed25519", 0), ("host_ecdsa", 0), ("stranger", 60)])
    def test_known_hosts(self, name, status):
        self.known.write_text("[127.0.0.1]:%d %s\n" % (self.port, self.key(name)))
        self.ssh(self.url(), insecure=False, status=status)
        self.known.write_text("[127.0.0.2]:%d %s\n" % (self.port, self.key(name)))
        self.ssh(self.url(), insecure=False, status=60)

    def test_known_hosts_hashed(self):
        self.known.write_text("[127.0.0.1]:%d %s\n" % (self.port, self.key("host_ed25519")))
        common.must("ssh-keygen", "-q", "-H", "-f", self.known)
        self.assertNotIn("127.0.0.1", self.known.read_text())
        self.assertEqual(self.ssh(self.url(), insecure=False), SMALL)

    def test_unreadable_known_hosts(self):
        self.known.write_text("")
        self.ssh(self.url(), insecure=False, status=60)

    # ---- who we are ----

    def test_keys(self):
        self.ssh(self.url(), key="stranger", status=67)
        self.ssh(self.url(), key="nothing", status=67)
        self.ssh(self.url(), key="locked", status=67)
        self.assertEqual(self.ssh("--pass", "secret", self.url(), key="locked"), SMALL)
        self.ssh("--pass", "wrong", self.url(), key="locked", status=67)
        self.assertEqual(self.ssh("--pubkey", self.place / "user.pub", self.url()), SMALL)
        self.ssh("--pubkey", self.place / "stranger.pub", self.url(), status=67)

    def test_key_of_the_home(self):
        home = self.place / "home/.ssh/id_rsa"
        home.write_bytes((self.place / "user").read_bytes())
        self.addCleanup(home.unlink)
        env = {"HOME": self.place / "home"}
        self.assertEqual(self.curl("-k", "-u", self.user + ":", self.url(), env=env), SMALL)

    def test_passwords(self):
        server = common.HERE / "ssh_server.py"
        if common.run("/usr/bin/python3", "-c", "import paramiko").returncode:
            self.skipTest("there is no paramiko here; tools/setup test installs it")
        self.serve(["/usr/bin/python3", server, self.own, self.place / "host_ed25519", self.folder], [self.own], "paramiko")
        url = "sftp://127.0.0.1:%d/small" % self.own
        for user, status in (("password:secret", 0), ("keyboard:secret", 0), ("password:wrong", 67), ("keyboard:wrong", 67),
                             ("password:", 67), ("two:secret", 67)):
            with self.subTest(user):
                self.assertEqual(self.curl("-k", "-u", user, url, status=status), b"" if status else SMALL)

    # ---- the way ----

    def test_http_proxy(self):
        squid = common.program("squid")
        config = self.place.write("squid.conf", SQUID.format(place=self.place.path, proxy=self.proxy))
        self.place.path.chmod(0o777)  # Squid writes as another user
        self.serve([squid, "-N", "-f", config], [self.proxy], "squid")
        for scheme in "sftp", "scp":
            got = self.written("%{http_connect} %{size_download} %{num_connects}", "-k", "-u", self.user + ":", "--key",
                               self.place / "user", "-x", "http://127.0.0.1:%d" % self.proxy, *[self.url(scheme=scheme)] * 2, count=2)
            self.assertEqual(got, ["200 %d 1" % len(SMALL), "000 %d 0" % len(SMALL)])
        self.ssh("-x", "http://127.0.0.1:%d" % self.proxy, "-T", self.place / "big", self.url("big"), seconds=60)
        self.assertEqual(digest(self.folder / "big"), digest(self.place / "big"))

    def test_socks_proxy(self):
        self.serve([common.program("ssh"), "-F", "none", "-N", "-D", "127.0.0.1:%d" % self.socks, "-i", self.place / "user", "-p",
                    str(self.port), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", self.user + "@127.0.0.1"],
                   [self.socks], "socks")
        for kind in "socks4", "socks4a", "socks5", "socks5h":
            for scheme in "sftp", "scp":
                self.assertEqual(self.ssh("-x", "%s://127.0.0.1:%d" % (kind, self.socks), self.url(scheme=scheme)), SMALL)

    @common.for_each([("sftp",), ("scp",)])
    def test_sockets_of_the_application(self, scheme):
        if common.run("/usr/bin/python3", "-c", "import pycurl").returncode:
            self.skipTest("there is no pycurl here; tools/setup test installs it")
        for word, seen in (("yes", "0 %d 1 %d" % (len(SMALL), self.port)), ("no", "7 0 1 %d" % self.port)):
            done = common.run("/usr/bin/python3", "-c", PYCURL, self.url(scheme=scheme), word, self.user, self.place / "user")
            self.assertEqual(done.stdout.strip(), seen, done.stderr)

    def test_nobody_there(self):
        port, = common.free_ports(1)
        self.ssh("sftp://127.0.0.1:%d/x" % port, status=7)

    # ---- as the other library ----

    def test_same_as_debians(self):
        login = ["-k", "-u", self.user + ":", "--key", str(self.place / "user")]
        for more in [self.url()], [self.url("nothing")], ["-r", "5-9", self.url()], ["-I", self.url()], ["-l", self.url("")], \
                ["-Q", "pwd", "-D", "-", self.url()], [self.url(scheme="scp")], [self.url("nothing", "scp")], ["-C", "9999", self.url()]:
            self.same_as_debians(*login, *more)


if __name__ == "__main__":
    unittest.main(verbosity=2)
