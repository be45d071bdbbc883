"""What the tests with real FTP servers share: the folder that they serve, and what curl has to do with any of them.

Not a test. A class of tests inherits FtpTests and RealTest, starts its server in setUpPlace() on the ports that it is
given, in the clear (`plain`), with TLS (`tls`, data connections that must resume its session where the server can
demand that), with TLS from the start (`implicit`), on ::1 (`six`); what a server can not do is None, and the tests for
it are skipped."""
import grp
import hashlib
import os
import pwd
import stat
import unittest

import common

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = 8 * 1000 * 1000

# Many files by a pattern: what is announced, and all of their bytes.
WILDCARD = r"""
#include <curl/curl.h>
#include <stdio.h>
static long begin(const void *info, void *p, int remains)
{
  const struct curl_fileinfo *f = info;
  (void)p;
  printf("<%s %d %ld %o %d>", f->filename, (int)f->filetype, (long)f->size, f->perm, remains);
  return f->filename[0] == 's' ? CURL_CHUNK_BGN_FUNC_SKIP : CURL_CHUNK_BGN_FUNC_OK;
}
static long end(void *p)
{
  (void)p;
  printf("</>");
  return CURL_CHUNK_END_FUNC_OK;
}
int main(int argc, char **argv)
{
  CURL *e = curl_easy_init();
  if (argc < 2 || !e)
    return 99;
  curl_easy_setopt(e, CURLOPT_URL, argv[1]);
  curl_easy_setopt(e, CURLOPT_USERPWD, argv[2]);
  curl_easy_setopt(e, CURLOPT_WILDCARDMATCH, 1L);
  curl_easy_setopt(e, CURLOPT_CHUNK_BGN_FUNCTION, begin);
  curl_easy_setopt(e, CURLOPT_CHUNK_END_FUNCTION, end);
  CURLcode rc = curl_easy_perform(e);
  curl_easy_cleanup(e);
  return (int)rc;
}
"""

# A transfer with pauses, in a multi handle; then one that is removed half way. Every descriptor is counted.
SOCKETS = r"""
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
static int opened, accepted, closed;
static long calls, bytes;
static curl_socket_t open_it(void *p, curlsocktype purpose, struct curl_sockaddr *a)
{
  (void)p;
  if (purpose == CURLSOCKTYPE_ACCEPT) {
    accepted++;
    return socket(a->family, a->socktype, a->protocol); /* never looks: the accepted one must be used */
  }
  opened++;
  return socket(a->family, a->socktype, a->protocol);
}
static int close_it(void *p, curl_socket_t fd)
{
  (void)p;
  closed++;
  return close(fd);
}
static size_t take(char *data, size_t one, size_t n, void *p)
{
  (void)data;
  (void)one;
  (void)p;
  if (++calls % 50 == 0)
    return CURL_WRITEFUNC_PAUSE;
  bytes += (long)n;
  return n;
}
static int run(CURLM *m, CURL *e, long most)
{
  int left = 1, n;
  CURLMsg *msg;
  curl_multi_add_handle(m, e);
  while (left && (!most || bytes < most)) {
    curl_multi_perform(m, &left);
    curl_easy_pause(e, CURLPAUSE_CONT);
    curl_multi_perform(m, &left);
    if (left)
      curl_multi_poll(m, NULL, 0, 10, NULL);
  }
  msg = curl_multi_info_read(m, &n);
  n = msg ? (int)msg->data.result : -1;
  curl_multi_remove_handle(m, e);
  return n;
}
int main(int argc, char **argv)
{
  CURL *e = curl_easy_init();
  CURLM *m = curl_multi_init();
  curl_easy_setopt(e, CURLOPT_URL, argv[1]);
  curl_easy_setopt(e, CURLOPT_USERPWD, *argv[2] ? argv[2] : NULL);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_it);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_it);
  if (argc > 3)
    curl_easy_setopt(e, CURLOPT_FTPPORT, argv[3]);
  int rc = run(m, e, 0);
  printf("%d %ld\n", rc, bytes);
  bytes = 0;
  rc = run(m, e, 100000);
  printf("%d %d\n", rc, bytes >= 100000);
  curl_easy_cleanup(e);
  curl_multi_cleanup(m);
  printf("%d %d %d\n", opened, accepted, closed - opened - accepted * 2);
  return 0;
}
"""


class FtpTests:
    plain = tls = implicit = six = None
    login = []  # as options of curl: "-u" and "name:password"
    has_mlsd = has_ccc = has_clear_data = demands_session = False

    # ---- beginning ----

    @classmethod
    def set_up_folder(cls):
        """place/root, owned by the one who cls.user names: his files, his folders."""
        if os.geteuid():
            raise unittest.SkipTest("an FTP server has to be started by root")
        cls.curl_program = common.program("curl")
        # Somebody whose home is there: nobody's is not.
        cls.user = [u for u in pwd.getpwall() if u.pw_uid and os.path.isdir(u.pw_dir)][0]
        cls.group = grp.getgrgid(cls.user.pw_gid).gr_name
        place = cls.place
        place.write("root/small", SMALL)
        place.write("root/empty", b"")
        place.write("root/in here/it is", b"found\n")
        block = hashlib.sha512(b"sluice").digest() * 15625
        cls.big = b"".join(bytes([n]) + block[1:] for n in range(BIG // len(block)))
        place.write("root/big", cls.big)
        for name, text in (("a1.txt", "one,"), ("b2.txt", "two,"), ("skip.txt", "not this"), ("a.bin", "nor this")):
            place.write("root/many/" + name, text)
        (place / "root/many/dir.txt").mkdir()
        (place / "root/up").mkdir()
        (place / "root/up").chmod(0o777)
        common.Authority(place).issue("good", "DNS:localhost,IP:127.0.0.1,IP:::1")
        for name, text in (("wildcard", WILDCARD), ("sockets", SOCKETS)):
            source = place.write(name + ".c", text)
            common.must(common.CC, "-I", common.SOURCE / "include", source, "-o", place / name,
                        common.LIB / "libcurl.so.4")

    @classmethod
    def own_folder(cls):
        """What is served belongs to cls.user, who logs in."""
        for folder, folders, files in os.walk(cls.place / "root"):
            for name in [folder] + [os.path.join(folder, name) for name in files]:
                os.chown(name, cls.user.pw_uid, cls.user.pw_gid)

    def need(self, port):
        if not port:
            self.skipTest("this server can not do that, or not here")
        return port

    def url(self, path, port=None, scheme="ftp", host="127.0.0.1"):
        return "%s://%s:%d/%s" % (scheme, host, port or self.plain, path)

    def curl(self, *arguments, status=0):
        done = common.run(self.curl_program, "-sS", "-q", *self.login, *arguments, text=False)
        said = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, said)
        return done.stdout

    def secure(self, *arguments, status=0):
        self.need(self.tls)
        return self.curl("--ssl-reqd", "--cacert", self.place / "ca.pem", *arguments, status=status)

    def source(self, name, content):
        return self.place.write("source-" + name, content)

    def up(self, name):
        return self.place / "root/up" / name

    # ---- in the clear ----

    def test_get(self):
        self.assertEqual(self.curl(self.url("small")), SMALL)

    def test_get_through_folders(self):
        for method in ("multicwd", "singlecwd", "nocwd"):
            self.assertEqual(self.curl("--ftp-method", method, self.url("in%20here/it%20is")), b"found\n")

    def test_get_much(self):
        self.assertEqual(self.curl(self.url("big")), self.big)

    def test_several_over_one_connection(self):
        # Two connections for the first one, a data connection for each of the others.
        out = self.curl(self.url("small"), self.url("in%20here/it%20is"), self.url("small"), "-w", "%{num_connects}\n")
        self.assertEqual(out, SMALL + b"2\nfound\n1\n" + SMALL + b"1\n")

    def test_each_way_of_data_connections(self):
        for way in ([], ["--disable-epsv"], ["-P", "-"], ["-P", "127.0.0.1", "--disable-eprt"], ["-P", "lo"],
                    ["-P", "localhost"]):
            with self.subTest(way=way):
                self.assertEqual(self.curl(*way, self.url("small")), SMALL)
                target = self.up("way")
                self.curl(*way, "-T", self.source("way", SMALL), self.url("up/way"))
                self.assertEqual(target.read_bytes(), SMALL)
                target.unlink()

    def test_ipv6(self):
        self.need(self.six)
        for way in ([], ["-P", "-"], ["-P", "lo"], ["-P", "[::1]"]):
            with self.subTest(way=way):
                self.assertEqual(self.curl(*way, self.url("small", self.six, host="[::1]")), SMALL)

    def test_list(self):
        names = self.curl("-l", self.url("")).split()
        self.assertIn(b"small", names)
        self.assertIn(b"-rw-r--r--", self.curl(self.url("")))
        self.assertIn(b"it is", self.curl(self.url("in%20here/")))

    def test_facts_about_files(self):
        if not self.has_mlsd:
            self.skipTest("this server knows no MLSD")
        self.assertRegex(self.curl("-X", "MLSD", self.url("many/")), rb"(?i)type=file.*;size=4;.* a1\.txt|size=4;.*type=file.* a1")

    def test_parts(self):
        self.assertEqual(self.curl("-r", "10-19", self.url("small")), SMALL[10:20])
        self.assertEqual(self.curl("-r", "-10", self.url("small")), SMALL[-10:])
        self.assertEqual(self.curl("-C", "1000", self.url("small")), SMALL[1000:])
        self.assertEqual(self.curl("-r", "0-9", self.url("empty")), b"")
        out = self.curl("-r", "0-9", self.url("big"), "-r", "0-9", self.url("big"))
        self.assertEqual(out, self.big[:10] * 2)

    def test_facts(self):
        out = self.curl("-I", self.url("small"))
        self.assertIn(b"Content-Length: %d\r\n" % len(SMALL), out)
        self.assertIn(b"Last-Modified: ", out)

    def test_missing(self):
        self.curl(self.url("nothing"), status=78)
        self.curl(self.url("no/folder/x"), status=9)

    def test_upload(self):
        self.curl("-T", self.source("big", self.big), self.url("up/big"))
        self.assertEqual(self.up("big").read_bytes(), self.big)

    def test_upload_goes_on(self):
        source, target = self.source("part", SMALL), self.up("part")
        self.curl("-T", source, self.url("up/part"))
        target.write_bytes(SMALL[:500])
        target.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH | stat.S_IWOTH)
        self.curl("-T", source, "-C", "-", self.url("up/part"))
        self.assertEqual(target.read_bytes(), SMALL)

    def test_append(self):
        for text in (b"one,", b"two,"):
            self.curl("-a", "-T", self.source("append", text), self.url("up/append"))
        self.assertEqual(self.up("append").read_bytes(), b"one,two,")

    def test_upload_of_unknown_size(self):
        done = common.run(self.curl_program, "-sS", "-q", *self.login, "-T", "-", self.url("up/stdin"), text=False, input=SMALL)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(self.up("stdin").read_bytes(), SMALL)

    def test_upload_makes_folders(self):
        self.curl("-T", self.source("one", SMALL), self.url("up/a/b/c/one"), status=9)
        for method in ("multicwd", "singlecwd"):
            folder = "up/" + method + ("/b/c" if method == "multicwd" else "")
            self.curl("-T", self.source("one", SMALL), "--ftp-create-dirs", "--ftp-method", method,
                      self.url(folder + "/one"))
            self.assertEqual((self.place / "root" / folder / "one").read_bytes(), SMALL)

    def test_commands(self):
        for name in ("gone", "named", "kept"):
            self.curl("-T", self.source("gone", SMALL), self.url("up/" + name))
        self.curl("-Q", "DELE up/gone", "-l", self.url("up/"))
        self.assertFalse(self.up("gone").exists())
        self.curl("-Q", "DELE up/gone", self.url("small"), status=21)
        self.assertEqual(self.curl("-Q", "*DELE up/gone", self.url("small")), SMALL)
        self.curl("-Q", "-RNFR named", "-Q", "-RNTO renamed", "-Q", "-*DELE nothing", self.url("up/kept"))
        self.assertTrue(self.up("renamed").exists() and not self.up("named").exists())
        self.curl("-Q", "+NOOP", "-Q", "-DELE up/gone", "--ftp-method", "nocwd", self.url("small"), status=21)

    def test_text(self):
        out = self.curl(self.url("small;type=a"), "-w", "%{size_download}")
        self.assertEqual(out, SMALL + b"%d" % (len(SMALL) + SMALL.count(b"\n")))
        self.assertEqual(self.curl(self.url("small;type=ascii")), SMALL)
        self.assertNotIn(b"\r", self.curl(self.url("")))
        self.assertIn(b"small", self.curl(self.url("/;type=d")).split())

    def test_wildcard(self):
        def fetch(pattern):
            return common.run(self.place / "wildcard", self.url("many/" + pattern), *self.login[1:])
        done = fetch("*.txt")
        self.assertEqual(done.returncode, 0, done.stderr)
        parts = sorted(part.split(">", 1)[1] for part in done.stdout.split("<") if ">" in part and part[0] != "/")
        self.assertEqual(parts, ["", "", "one,", "two,"])
        self.assertIn("<a1.txt 0 4 644 ", done.stdout)
        self.assertIn("<dir.txt 1 ", done.stdout)
        self.assertNotIn("a.bin", done.stdout)
        self.assertTrue(done.stdout.count(" 0>") == 1 and done.stdout.count("</>") == 3, done.stdout)
        self.assertEqual(fetch("*.none").returncode, 78)

    def test_sockets_and_pauses(self):
        for active, counts in (([], "3 0 0"), (["-"], "3 2 0")):
            done = common.run(self.place / "sockets", self.url("big"), " ".join(self.login[1:]), *active)
            self.assertEqual(done.stdout, "0 %d\n-1 1\n%s\n" % (BIG, counts), done.stderr)

    # ---- TLS ----

    def test_tls_resumes_the_session(self):
        for version in ("1.2", "1.3"):
            for way in ([], ["--disable-epsv"], ["-P", "-"]):
                with self.subTest(version=version, way=way):
                    self.assertEqual(self.secure("--tls-max", version, *way, self.url("small", self.tls)), SMALL)
        self.assertEqual(self.secure(self.url("big", self.tls)), self.big)

    def test_tls_without_the_session(self):
        if not self.demands_session:
            self.skipTest("this server takes data connections with any session")
        self.need(self.tls)
        done = common.run(self.curl_program, "-sS", "-q", *self.login, "--ssl-reqd", "--cacert", self.place / "ca.pem",
                          "--no-sessionid", self.url("small", self.tls))
        self.assertIn(done.returncode, (18, 35, 56), done.stderr)

    def test_tls_several(self):
        out = self.secure(self.url("small", self.tls), self.url("in%20here/it%20is", self.tls),
                          self.url("small", self.tls), "-w", "%{num_connects}\n")
        self.assertEqual(out, SMALL + b"2\nfound\n1\n" + SMALL + b"1\n")

    def test_tls_upload(self):
        for way in ([], ["-P", "-"]):
            self.secure(*way, "-T", self.source("tls", self.big), self.url("up/tls", self.tls))
            self.assertEqual(self.up("tls").read_bytes(), self.big)
            self.up("tls").unlink()

    def test_tls_list(self):
        self.assertIn(b"small", self.secure("-l", self.url("", self.tls)).split())

    def test_tls_untrusted(self):
        self.curl("--ssl-reqd", self.url("small", self.need(self.tls)), status=60)

    def test_tls_missing_where_it_is_demanded(self):
        self.secure(self.url("small"), status=64)
        self.assertEqual(self.curl("--ssl", self.url("small")), SMALL)

    def test_tls_for_the_commands_alone(self):
        if not self.has_clear_data:
            self.skipTest("this server demands TLS for data, too")
        out = self.curl("--ftp-ssl-control", "--cacert", self.place / "ca.pem", self.url("small", self.need(self.tls)))
        self.assertEqual(out, SMALL)

    def test_tls_is_given_up_after_login(self):
        if not self.has_ccc:
            self.skipTest("this server knows no CCC")
        for mode in ("passive", "active"):
            with self.subTest(mode=mode):
                out = self.secure("--ftp-ssl-ccc", "--ftp-ssl-ccc-mode", mode, self.url("small", self.tls),
                                  self.url("in%20here/it%20is", self.tls))
                self.assertEqual(out, SMALL + b"found\n")

    def test_implicit(self):
        url = self.url("small", self.need(self.implicit), "ftps")
        for way in ([], ["-P", "-"]):
            self.assertEqual(self.curl("--cacert", self.place / "ca.pem", *way, url), SMALL)
