#!/usr/bin/python3
"""Debian's curl program on our library, against Apache: Basic and Digest, CGI, directories, idle connections."""
import os
import time
import unittest

import common

SMALL = b"0123456789abcdef" * 100

CONFIG = """
ServerRoot {place}
ServerName localhost
PidFile {place}/httpd.pid
ErrorLog {place}/error.log
DefaultRuntimeDir {place}
Mutex file:{place}
User {user}
Group {group}
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{brief}
LoadModule mpm_prefork_module {modules}/mod_mpm_prefork.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_basic_module {modules}/mod_auth_basic.so
LoadModule auth_digest_module {modules}/mod_auth_digest.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule dir_module {modules}/mod_dir.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule negotiation_module {modules}/mod_negotiation.so
LoadModule deflate_module {modules}/mod_deflate.so
LoadModule filter_module {modules}/mod_filter.so
LoadModule cgi_module {modules}/mod_cgi.so
TypesConfig /dev/null
StartServers 4
MinSpareServers 4
KeepAlive On
KeepAliveTimeout 5
DocumentRoot {place}/www
<VirtualHost 127.0.0.1:{brief}>
  KeepAliveTimeout 50ms
</VirtualHost>
<Directory {place}/www>
  Require all granted
  DirectoryIndex index
</Directory>
ScriptAlias /cgi/ {place}/cgi/
<Directory {place}/cgi>
  Require all granted
</Directory>
<Location /basic>
  AuthType Basic
  AuthName "the basics"
  AuthUserFile {place}/users
  Require valid-user
</Location>
<Location /digest>
  AuthType Digest
  AuthName "the digest"
  AuthDigestProvider file
  AuthUserFile {place}/digest_users
  Require valid-user
</Location>
<Location /zip>
  SetOutputFilter DEFLATE
</Location>
"""

CHUNKS = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
for i in 1 2 3 4 5 6 7 8; do printf 'line %d\\n' $i; done
head -c 200000 /dev/zero
"""
ECHO = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
printf '%s %s %s\\n' "$REQUEST_METHOD" "$CONTENT_LENGTH" "$QUERY_STRING"
cat
"""
STATUS = """#!/bin/sh
printf 'Status: 404 Not here\\r\\nX-Odd:   spaced   \\r\\nContent-Type: text/plain\\r\\n\\r\\nsorry\\n'
"""


class Apache(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.curl_program, place = common.program("curl"), cls.place
        apache = common.program("apache2")
        for path in ("www/small", "www/basic/small", "www/digest/small", "www/zip/small", "www/folder/index"):
            place.write(path, SMALL)
        for name, script in (("chunks", CHUNKS), ("echo", ECHO), ("status", STATUS)):
            place.write("cgi/" + name, script).chmod(0o755)
        place.write("users", "jim:%s\n" % common.must("openssl", "passwd", "-apr1", "secret").strip())
        digest = common.must("openssl", "dgst", "-md5", "-r", place.write("secret", "jim:the digest:secret"))
        place.write("digest_users", "jim:the digest:%s\n" % digest.split()[0])
        cls.port, cls.brief = common.free_ports(2)
        root = os.geteuid() == 0
        config = place.write("httpd.conf", CONFIG.format(
            place=place.path, port=cls.port, brief=cls.brief, modules="/usr/lib/apache2/modules",
            user="www-data" if root else "#%d" % os.geteuid(), group="www-data" if root else "#%d" % os.getegid()))
        cls.serve([apache, "-f", config, "-DFOREGROUND"], [cls.port, cls.brief], "apache")

    def url(self, path, port=None):
        return "http://127.0.0.1:%d%s" % (port or self.port, path)

    def curl(self, *arguments, status=0):
        done = common.run(self.curl_program, "-sS", "-q", "-m", "20", *arguments, text=False)
        self.assertEqual((done.returncode, done.stderr if not status else b""), (status, b""), done.stderr)
        return done.stdout

    def codes(self, *arguments):
        """The status codes of all responses of one transfer."""
        out = self.curl("-D", "-", "-o", os.devnull, *arguments).decode()
        return [int(line.split()[1]) for line in out.splitlines() if line.startswith("HTTP/1.1 ")]

    def test_get_and_keep_alive(self):
        url = self.url("/small")
        out = self.curl(*["-o", os.devnull] * 3, "-w", "%{size_download} %{num_connects}\n", url, url, url)
        self.assertEqual(out, b"1600 1\n1600 0\n1600 0\n")

    # ---- CGI ----

    def test_cgi_is_chunked(self):
        out = self.curl("-i", self.url("/cgi/chunks"))
        head, body = out.split(b"\r\n\r\n", 1)
        self.assertIn(b"Transfer-Encoding: chunked", head)
        self.assertEqual(body, b"".join(b"line %d\n" % i for i in range(1, 9)) + bytes(200000))

    def test_cgi_for_http_1_0_ends_by_closing(self):
        out = self.curl("-0", "-i", self.url("/cgi/chunks"))
        head, body = out.split(b"\r\n\r\n", 1)
        self.assertNotIn(b"chunked", head)
        self.assertEqual(len(body), 200000 + 8 * 7)

    def test_post_to_cgi(self):
        data = os.urandom(50000)  # more than a pipe holds is too much for Apache and cat
        out = self.curl("--data-binary", "@%s" % self.place.write("data", data), self.url("/cgi/echo?a=b"))
        self.assertEqual(out, b"POST 50000 a=b\n" + data)

    def test_chunked_post_to_cgi(self):
        data = os.urandom(60000)
        out = self.curl("-H", "Transfer-Encoding: chunked", "--data-binary", "@%s" % self.place.write("data2", data),
                        self.url("/cgi/echo"))
        self.assertTrue(out.endswith(data))

    def test_form(self):
        part = self.place.write("part.bin", os.urandom(70000))
        out = self.curl("-F", "name=value", "-F", "file=@%s;type=a/b" % part, self.url("/cgi/echo"))
        self.assertIn(b'name="name"\r\n\r\nvalue\r\n', out)
        self.assertIn(b'filename="part.bin"\r\nContent-Type: a/b\r\n\r\n' + part.read_bytes() + b"\r\n--", out)

    def test_status_of_a_script(self):
        out = self.curl("-i", "-w", "%{http_code}", self.url("/cgi/status"))
        self.assertTrue(out.startswith(b"HTTP/1.1 404 Not here\r\n"))
        self.assertTrue(out.endswith(b"sorry\n404"))

    # ---- authentication ----

    def test_basic(self):
        url = self.url("/basic/small")
        self.assertEqual(self.codes(url), [401])
        self.assertEqual(self.codes("-u", "jim:wrong", url), [401])
        self.assertEqual(self.codes("-u", "jim:secret", url), [200])
        self.assertEqual(self.codes("--anyauth", "-u", "jim:secret", url), [401, 200])
        self.assertEqual(self.curl("http://jim:secret@127.0.0.1:%d/basic/small" % self.port), SMALL)

    def test_digest(self):
        url = self.url("/digest/small")
        self.assertEqual(self.codes("-u", "jim:secret", url), [401])
        self.assertEqual(self.codes("--digest", "-u", "jim:secret", url), [401, 200])
        self.assertEqual(self.codes("--digest", "-u", "jim:wrong", url), [401, 401])
        self.assertEqual(self.codes("--anyauth", "-u", "jim:secret", url), [401, 200])
        self.assertEqual(self.curl("--digest", "-u", "jim:secret", url), SMALL)

    def test_digest_twice_on_one_connection(self):
        url = self.url("/digest/small")
        out = self.curl("--digest", "-u", "jim:secret", "-o", os.devnull, "-o", os.devnull, "-w",
                        "%{http_code} %{num_connects}\n", url, url)
        self.assertEqual(out, b"200 1\n200 0\n")

    def test_digest_post_sends_its_body_with_the_answer(self):
        out = self.curl("--digest", "-u", "jim:secret", "-o", os.devnull, "-d", "x" * 1000, "-w", "%{http_code}",
                        self.url("/digest/small"))
        self.assertEqual(out, b"200")

    def test_netrc(self):
        netrc = self.place.write("netrc", "machine 127.0.0.1 login jim password secret\n")
        self.assertEqual(self.codes("--netrc-file", netrc, self.url("/basic/small")), [200])

    # ---- the rest ----

    def test_directory_redirect(self):
        self.assertEqual(self.codes(self.url("/folder")), [301])
        self.assertEqual(self.codes("-L", self.url("/folder")), [301, 200])
        out = self.curl("-L", "-o", os.devnull, "-w", "%{url_effective} %{num_connects}", self.url("/folder"))
        self.assertEqual(out.decode(), self.url("/folder/") + " 1")

    def test_gzip(self):
        self.assertEqual(self.curl("--compressed", self.url("/zip/small")), SMALL)

    def test_ranges_and_etags(self):
        self.assertEqual(self.curl("-r", "16-19", self.url("/small")), b"0123")
        tag = self.place / "etag"
        self.curl("--etag-save", tag, "-o", os.devnull, self.url("/small"))
        out = self.curl("--etag-compare", tag, "-o", os.devnull, "-w", "%{http_code}", self.url("/small"))
        self.assertEqual(out, b"304")

    def test_idle_connection_that_the_server_closed(self):
        """Apache closes after 50 ms; --rate makes the program wait longer than that before the next one."""
        url = self.url("/small", self.brief)
        out = self.curl("--rate", "10/s", *["-o", os.devnull] * 4, "-w", "%{http_code} %{num_connects}\n", *[url] * 4)
        self.assertEqual(out, b"200 1\n" * 4)

    def test_post_after_the_server_closed(self):
        """A body that was sent into a closed connection goes once more, on a fresh one."""
        url = self.url("/cgi/echo", self.brief)
        out = self.curl("--rate", "10/s", "-d", "body", url, url, url)
        self.assertEqual(out, b"POST 4 \nbody" * 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
