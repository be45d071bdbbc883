#!/usr/bin/python3
"""Debian's curl program on our library, against vsftpd: FTP in the clear, and with TLS sessions that data connections
have to resume. vsftpd wants to be root; without that the tests are skipped."""
import hashlib
import os
import pwd
import stat
import unittest

import common
import h2_peer

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = 20 * 1000 * 1000

CONFIG = """
listen=YES
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=YES
anon_root={place}/root
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
write_enable=YES
local_enable=NO
no_anon_password=YES
secure_chroot_dir={place}/empty
pasv_address=127.0.0.1
connect_from_port_20=NO
port_promiscuous=YES
seccomp_sandbox=NO
ascii_download_enable=YES
ascii_upload_enable=YES
ftp_username={user}
{more}
"""

TLS = """
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
ssl_tlsv1=YES
ssl_ciphers=HIGH
rsa_cert_file={place}/good.pem
rsa_private_key_file={place}/good.key
{implicit}
"""


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
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, take);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, open_it);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, close_it);
  if (argc > 2)
    curl_easy_setopt(e, CURLOPT_FTPPORT, argv[2]);
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


class Vsftpd(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        if os.geteuid():
            raise unittest.SkipTest("vsftpd has to be started by root")
        vsftpd = common.program("vsftpd")
        cls.curl_program = common.program("curl")
        # Anonymous users become one whose home is there, nobody's is not.
        user = [u.pw_name for u in pwd.getpwall() if u.pw_uid and os.path.isdir(u.pw_dir)][0]
        place = cls.place
        place.write("root/small", SMALL)
        place.write("root/in here/it is", b"found\n")
        block = hashlib.sha512(b"sluice").digest() * 15625
        cls.big = b"".join(bytes([n]) + block[1:] for n in range(BIG // len(block)))
        place.write("root/big", cls.big)
        for name, text in (("a1.txt", "one,"), ("b2.txt", "two,"), ("skip.txt", "not this"), ("a.bin", "nor this")):
            place.write("root/many/" + name, text)
        (place / "root/many/dir.txt").mkdir()
        (place / "root/up").mkdir()
        (place / "root/up").chmod(0o777)
        (place / "empty").mkdir()
        common.Authority(place).issue("good", "DNS:localhost,IP:127.0.0.1")
        ports = common.free_ports(3)
        cls.plain, cls.tls, cls.implicit = ports
        tls = TLS.format(place=place.path, implicit="")
        implicit = TLS.format(place=place.path, implicit="implicit_ssl=YES")
        for name, port, more in (("plain", cls.plain, ""), ("tls", cls.tls, tls), ("implicit", cls.implicit, implicit)):
            text = CONFIG.format(port=port, place=place.path, user=user, more=more)
            config = place.write(name + ".conf", "\n".join(line for line in text.splitlines() if line) + "\n")
            cls.serve([vsftpd, config], [port], name)

    def curl(self, *arguments, status=0):
        done = common.run(self.curl_program, "-sS", "-q", *arguments, text=False)
        said = done.stderr.decode(errors="replace")
        self.assertEqual(done.returncode, status, said)
        return done.stdout

    def url(self, path, port=None, scheme="ftp"):
        return "%s://127.0.0.1:%d/%s" % (scheme, port or self.plain, path)

    def secure(self, *arguments, status=0):
        return self.curl("--ssl-reqd", "--cacert", self.place / "ca.pem", *arguments, status=status)

    def test_through_an_http2_proxy(self):
        """Control and data connections are tunnels on one connection of the proxy."""
        proxy = h2_peer.Peer(lambda conn, stream, head: conn.tunnel(stream, head[":authority"]), self.place / "good.pem",
                             self.place / "good.key", alpn=("h2", "http/1.1"))
        self.addCleanup(proxy.stop)
        client = self.compile("many_client.c")
        done = common.run(client, "proxyca=%s" % (self.place / "ca.pem"), "proxytype=3", "timeout=15000", "tunnel=1",
                          "proxy=https://127.0.0.1:%d" % proxy.port, self.url("small"), "--", self.url("big"), "--",
                          "sized=3000000", self.url("up/tunnelled"))
        self.assertEqual(done.stdout, "0 226 0 200 2 %d\n0 226 0 200 1 %d\n0 226 0 200 1 0\n" % (len(SMALL), BIG))
        self.assertEqual((self.place / "root/up/tunnelled").read_bytes(), b"u" * 3000000)
        self.assertEqual(proxy.accepted, 1)

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

    def test_each_user_has_a_connection(self):
        out = self.curl("-u", "ftp:a", self.url("small"), self.url("small"), "-w", "%{num_connects}\n",
                        "--next", "-u", "ftp:b", self.url("small"), "-w", "%{num_connects}\n")
        self.assertEqual(out, SMALL + b"2\n" + SMALL + b"1\n" + SMALL + b"2\n")

    def test_active(self):
        self.assertEqual(self.curl("-P", "-", self.url("small")), SMALL)
        self.assertEqual(self.curl("-P", "127.0.0.1", "--disable-eprt", self.url("small")), SMALL)

    def test_pasv(self):
        self.assertEqual(self.curl("--disable-epsv", self.url("small")), SMALL)

    def test_list(self):
        names = self.curl("-l", self.url("")).split()
        self.assertIn(b"small", names)
        self.assertIn(b"-rw-r--r--", self.curl(self.url("")))

    def test_parts(self):
        self.assertEqual(self.curl("-r", "10-19", self.url("small")), SMALL[10:20])
        self.assertEqual(self.curl("-r", "-10", self.url("small")), SMALL[-10:])
        self.assertEqual(self.curl("-C", "1000", self.url("small")), SMALL[1000:])
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
        source = self.place.write("source", self.big)
        self.curl("-T", source, self.url("up/big"))
        self.assertEqual((self.place / "root/up/big").read_bytes(), self.big)

    def test_upload_goes_on(self):
        source = self.place.write("part", SMALL)
        target = self.place / "root/up/part"
        self.curl("-T", source, self.url("up/part"))
        target.write_bytes(SMALL[:500])
        target.chmod(stat.S_IRUSR | stat.S_IWUSR | stat.S_IROTH | stat.S_IWOTH)
        self.curl("-T", source, "-C", "-", self.url("up/part"))
        self.assertEqual(target.read_bytes(), SMALL)

    def test_upload_makes_folders(self):
        source = self.place.write("one", SMALL)
        self.curl("-T", source, "--ftp-create-dirs", self.url("up/a/b/c/one"))
        self.assertEqual((self.place / "root/up/a/b/c/one").read_bytes(), SMALL)

    def test_commands(self):
        source = self.place.write("gone", SMALL)
        self.curl("-T", source, self.url("up/gone"))
        self.curl("-Q", "DELE up/gone", "-l", self.url("up/"))
        self.assertFalse((self.place / "root/up/gone").exists())
        self.curl("-Q", "DELE up/gone", self.url("small"), status=21)

    def test_wildcard(self):
        source, program = self.place.write("wildcard.c", WILDCARD), self.place / "wildcard"
        common.must(common.CC, "-I", common.SOURCE / "include", source, "-o", program, common.LIB / "libcurl.so.4")
        done = common.run(program, self.url("many/*.txt"))
        self.assertEqual(done.returncode, 0, done.stderr)
        parts = sorted(part.split(">", 1)[1] for part in done.stdout.split("<") if ">" in part and part[0] != "/")
        self.assertEqual(parts, ["", "", "one,", "two,"])
        self.assertIn("<a1.txt 0 4 644 ", done.stdout)
        self.assertIn("<dir.txt 1 ", done.stdout)
        self.assertNotIn("a.bin", done.stdout)
        self.assertTrue(done.stdout.count(" 0>") == 1 and done.stdout.count("</>") == 3, done.stdout)
        self.assertEqual(common.run(program, self.url("many/*.none")).returncode, 78)

    def test_sockets_and_pauses(self):
        source, program = self.place.write("sockets.c", SOCKETS), self.place / "sockets"
        common.must(common.CC, "-I", common.SOURCE / "include", source, "-o", program, common.LIB / "libcurl.so.4")
        done = common.run(program, self.url("big"))
        self.assertEqual(done.stdout, "0 %d\n-1 1\n3 0 0\n" % BIG, done.stderr)
        done = common.run(program, self.url("big"), "-")
        self.assertEqual(done.stdout, "0 %d\n-1 1\n3 2 0\n" % BIG, done.stderr)

    # ---- TLS ----

    def test_tls_get_resumes_the_session(self):
        self.assertEqual(self.secure(self.url("small", self.tls)), SMALL)
        self.assertEqual(self.secure(self.url("big", self.tls)), self.big)

    def test_tls_1_2(self):
        self.assertEqual(self.secure("--tls-max", "1.2", self.url("small", self.tls)), SMALL)

    def test_tls_several(self):
        out = self.secure(self.url("small", self.tls), self.url("in%20here/it%20is", self.tls),
                          self.url("small", self.tls), "-w", "%{num_connects}\n")
        self.assertEqual(out, SMALL + b"2\nfound\n1\n" + SMALL + b"1\n")

    def test_tls_active(self):
        self.assertEqual(self.secure("-P", "-", self.url("small", self.tls)), SMALL)

    def test_tls_upload(self):
        source = self.place.write("source-tls", self.big)
        self.secure("-T", source, self.url("up/tls", self.tls))
        self.assertEqual((self.place / "root/up/tls").read_bytes(), self.big)

    def test_tls_list(self):
        self.assertIn(b"small", self.secure("-l", self.url("", self.tls)).split())

    def test_tls_untrusted(self):
        self.curl("--ssl-reqd", self.url("small", self.tls), status=60)

    def test_tls_missing_where_it_is_demanded(self):
        self.secure(self.url("small"), status=64)
        self.assertEqual(self.curl("--ssl", self.url("small")), SMALL)

    def test_implicit(self):
        url = self.url("small", self.implicit, "ftps")
        self.assertEqual(self.curl("--cacert", self.place / "ca.pem", url), SMALL)


if __name__ == "__main__":
    unittest.main(verbosity=2)
