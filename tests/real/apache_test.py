#!/usr/bin/python3
"""Debian's curl program on our library, against Apache: Basic and Digest, CGI, directories, idle connections; TLS with client
certificates for a part of a site; HTTP/2 over TLS and in clear; brotli."""
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
Listen 127.0.0.1:{tls}
Listen 127.0.0.1:{tls12}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule ssl_module {modules}/mod_ssl.so
LoadModule http2_module {modules}/mod_http2.so
LoadModule brotli_module {modules}/mod_brotli.so
LoadModule env_module {modules}/mod_env.so
LoadModule headers_module {modules}/mod_headers.so
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
LoadModule cgid_module {modules}/mod_cgid.so
ScriptSock {place}/cgisock
TypesConfig /dev/null
StartServers 1
ThreadsPerChild 32
Protocols h2c http/1.1
SSLSessionCache none
KeepAlive On
KeepAliveTimeout 5
DocumentRoot {place}/www
<VirtualHost 127.0.0.1:{brief}>
  KeepAliveTimeout 50ms
</VirtualHost>
<VirtualHost 127.0.0.1:{tls}>
  Protocols h2 http/1.1
  SSLEngine on
  SSLCertificateFile {place}/good.pem
  SSLCertificateKeyFile {place}/good.key
  SSLCACertificateFile {place}/ca.pem
  <Location /mutual>
    SSLVerifyClient require
    SSLOptions +StdEnvVars
    Header set X-Who "expr=%{{SSL_CLIENT_S_DN}}"
  </Location>
</VirtualHost>
<VirtualHost 127.0.0.1:{tls12}>
  SSLEngine on
  SSLProtocol TLSv1.2
  SSLCertificateFile {place}/good.pem
  SSLCertificateKeyFile {place}/good.key
  SSLCACertificateFile {place}/ca.pem
  <Location /mutual>
    SSLVerifyClient require
    Header set X-Who "expr=%{{SSL_CLIENT_S_DN}}"
  </Location>
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
<Location /br>
  SetOutputFilter BROTLI_COMPRESS
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


class Apache(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        place = cls.place
        apache = common.program("apache2")
        for path in ("www/small", "www/basic/small", "www/digest/small", "www/zip/small", "www/br/small", "www/folder/index", "www/mutual/small"):
            place.write(path, SMALL)
        for name, script in (("chunks", CHUNKS), ("echo", ECHO), ("status", STATUS)):
            place.write("cgi/" + name, script).chmod(0o755)
        place.write("users", "jim:%s\n" % common.must("openssl", "passwd", "-apr1", "secret").strip())
        digest = common.must("openssl", "dgst", "-md5", "-r", place.write("secret", "jim:the digest:secret"))
        place.write("digest_users", "jim:the digest:%s\n" % digest.split()[0])
        ca = common.Authority(place)
        ca.issue("good", "DNS:localhost,IP:127.0.0.1")
        ca.issue("client", "DNS:client.test")
        cls.port, cls.brief, cls.tls, cls.tls12 = ports = common.free_ports(4)
        root = os.geteuid() == 0
        config = place.write("httpd.conf", CONFIG.format(
            place=place.path, port=cls.port, brief=cls.brief, tls=cls.tls, tls12=cls.tls12, modules="/usr/lib/apache2/modules",
            user="www-data" if root else "#%d" % os.geteuid(), group="www-data" if root else "#%d" % os.getegid()))
        cls.serve([apache, "-f", config, "-DFOREGROUND"], ports, "apache")

    def url(self, path, port=None):
        return "http://127.0.0.1:%d%s" % (port or self.port, path)

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

    def test_expect(self):
        """Asked for or not, with and without a body that is wanted."""
        data = self.place.write("data3", os.urandom(40000))
        for more in (["-H", "Expect: 100-continue"], ["-H", "Expect:"], []):
            out = self.curl(*more, "--data-binary", "@%s" % data, self.url("/cgi/echo"))
            self.assertEqual(out, b"POST 40000 \n" + data.read_bytes())
            self.assertEqual(self.codes(*more, "--data-binary", "@%s" % data, self.url("/basic/small"))[-1], 401)
            self.assertEqual(self.codes(*more, "--digest", "-u", "jim:secret", "-T", data, self.url("/digest/small"))[-1], 405)

    # ---- TLS and HTTP/2 ----

    def secure(self, path, port=None):
        return "https://127.0.0.1:%d%s" % (port or self.tls, path)

    def test_a_certificate_that_a_part_of_the_site_wants(self):
        """The server asks when it has seen the request: TLS 1.3 after the handshake (RFC 8446 4.6.2), 1.2 by another one."""
        ca = ("--cacert", self.place / "ca.pem")
        mine = ("--cert", self.place / "client.pem", "--key", self.place / "client.key")
        for way in ((self.secure("/mutual/small"), "--http1.1"), (self.secure("/mutual/small"), "--http1.1", "--tls-max", "1.2"),
                    (self.secure("/mutual/small", self.tls12),)):
            with self.subTest(way=way):
                out = self.curl(*ca, *mine, "-i", *way)
                self.assertIn(b"X-Who: CN=client\r\n", out)
                self.assertTrue(out.endswith(SMALL))
                self.same_as_debians(*ca, *mine, *way)
                done = common.run(self.curl_program, "-sS", "-q", *ca, "-w", "%{http_code}", "-o", os.devnull, *way)
                self.assertTrue(done.returncode in (35, 55, 56) or done.stdout == "403", done)
        # On one connection, before and after.
        out = self.written("%{http_code} %{num_connects}", *ca, *mine, "--http1.1", self.secure("/small"),
                           self.secure("/mutual/small"), self.secure("/small"), count=3)
        self.assertEqual(out, ["200 1", "200 0", "200 0"])

    def test_http2_cannot_be_asked_for_a_certificate_later(self):
        """RFC 8740: the stream is refused, and the request goes once more with HTTP/1.1."""
        out = self.curl("--cacert", self.place / "ca.pem", "--cert", self.place / "client.pem", "--key",
                        self.place / "client.key", "-w", "%{http_version}", self.secure("/mutual/small"))
        self.assertEqual(out, SMALL + b"1.1")

    WAYS = (("http", ("--http2-prior-knowledge",)), ("http", ("--http2",)), ("https", ()))

    @common.for_each(WAYS)
    def test_http2(self, scheme, options):
        options = ["--cacert", self.place / "ca.pem", *options]
        url = self.url if scheme == "http" else self.secure
        self.assertEqual(self.curl(*options, "-w", "%{http_version}", url("/small")), SMALL + b"2")
        self.assertEqual(self.curl(*options, "-r", "16-19", url("/small")), b"0123")
        data = os.urandom(50000)
        out = self.curl(*options, "--data-binary", "@%s" % self.place.write("data4", data), url("/cgi/echo"))
        self.assertTrue(out.endswith(data))
        self.assertEqual(self.curl(*options, "--compressed", url("/zip/small")), SMALL)
        for want, more in (([401, 200], ("--digest", "-u", "jim:secret", url("/digest/small"))), ([301, 200], ("-L", url("/folder")))):
            self.assertEqual([code for code in self.codes(*options, *more) if code != 101], want)
        if "--http2" in options:
            return  # Apache 2.4.71 soon ends a connection that was upgraded, also in the middle of a body over 64 KB
        self.assertTrue(self.curl(*options, url("/cgi/chunks")).endswith(bytes(200000)))
        out = self.written("%{num_connects}", *options, url("/small?[1-4]"), count=4)
        self.assertEqual(out, ["1", "0", "0", "0"])

    # ---- the rest ----

    def test_directory_redirect(self):
        self.assertEqual(self.codes(self.url("/folder")), [301])
        self.assertEqual(self.codes("-L", self.url("/folder")), [301, 200])
        out = self.curl("-L", "-o", os.devnull, "-w", "%{url_effective} %{num_connects}", self.url("/folder"))
        self.assertEqual(out.decode(), self.url("/folder/") + " 1")

    def test_gzip_and_brotli(self):
        for path, coding in (("/zip/small", b"gzip"), ("/br/small", b"br")):
            head, body = self.curl("--compressed", "-i", self.url(path)).split(b"\r\n\r\n", 1)
            self.assertIn(b"Content-Encoding: " + coding, head)
            self.assertEqual(body, SMALL)

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
