#!/usr/bin/python3
"""Debian's curl program on our library, against Caddy: HTTP/1.1, HTTP/2 over TLS and in clear, certificates of its own."""
import hashlib
import os
import unittest

import common

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = 20 * 1000 * 1000

CADDYFILE = """
{{
  admin off
  auto_https off
  skip_install_trust
  storage file_system {place}/storage
  log {{
    output file {place}/caddy-own.log
  }}
  servers 127.0.0.1:{tls} {{
    protocols h1 h2
  }}
  servers 127.0.0.1:{mutual} {{
    protocols h1 h2
  }}
  servers 127.0.0.1:{old} {{
    protocols h1
  }}
  servers 127.0.0.1:{plain} {{
    protocols h1 h2c
  }}
}}

(site) {{
  bind 127.0.0.1
  root * {place}/www
  encode gzip zstd
  respond /seen "{{http.request.method}} {{http.request.proto}} {{http.request.header.X-More}} {{http.request.header.Cookie}}"
  respond /who "{{http.request.tls.client.subject}}"
  respond /error "broken" 500
  redir /moved /small 302
  redir /keep /echo 307
  basicauth /private/* {{
    jim {hash}
  }}
  handle_path /private/* {{
    file_server
  }}
  header /cookie Set-Cookie "a=1; Path=/"
  respond /cookie "ok"
  reverse_proxy /echo 127.0.0.1:{echo}
  file_server
}}

:{plain} {{
  import site
}}
https://:{tls} {{
  tls {place}/good.pem {place}/good.key
  import site
}}
https://:{old} {{
  tls {place}/good.pem {place}/good.key
  import site
}}
https://:{mutual} {{
  tls {place}/good.pem {place}/good.key {{
    client_auth {{
      mode require_and_verify
      trusted_ca_cert_file {place}/ca.pem
    }}
  }}
  import site
}}
"""
ECHO = """
  server {{ listen 127.0.0.1:{echo}; client_max_body_size 50m; location / {{ return 200 "$request_method $content_length\\n"; }} }}
"""
BCRYPT = "$2b$04$DKFuXvY/tpOl/IgTt8KP3O1eaHj32Q1jTvxmEOKjY/Fk6UogDLpu."  # of "secret"; with as little work as there can be
# Each way in which a request can go: the listener, what asks for it, the version that comes of it.
WAYS = (("plain", (), "1.1"), ("plain", ("--http2-prior-knowledge",), "2"), ("plain", ("--http2",), "2"),
        ("tls", (), "2"), ("tls", ("--http1.1",), "1.1"), ("tls", ("--http2-prior-knowledge",), "2"),
        ("old", (), "1.1"), ("old", ("--http2",), "1.1"))

PORTS = "plain tls old mutual echo".split()


class Caddy(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        caddy, place = common.program("caddy"), cls.place
        place.write("www/small", SMALL)
        place.write("www/small.txt", SMALL)  # of a type that is worth packing
        cls.big = b"".join(hashlib.sha512(b"%d" % n).digest() * 15625 for n in range(BIG // 1000000))
        place.write("www/big", cls.big)
        ca = common.Authority(place)
        ca.issue("good", "DNS:localhost,IP:127.0.0.1")
        ca.issue("client", "DNS:client.test")
        common.Authority(place, "stranger").issue("strange", "DNS:client.test")
        env = common.plain_environment(HOME=place.path, XDG_CONFIG_HOME=place.path, XDG_DATA_HOME=place.path)
        cls.port = dict(zip(PORTS, common.free_ports(len(PORTS))))
        cls.serve_nginx(ECHO.format(**cls.port), [cls.port["echo"]])
        config = place.write("Caddyfile", CADDYFILE.format(place=place.path, hash=BCRYPT, **cls.port))
        cls.serve([caddy, "run", "--config", config, "--adapter", "caddyfile"], [cls.port[p] for p in PORTS[:4]], "caddy", env=env)

    def url(self, path, listener="tls", host="127.0.0.1"):
        return "%s://%s:%d%s" % ("http" if listener == "plain" else "https", host, self.port[listener], path)

    def curl(self, *arguments, **more):
        return super().curl("--cacert", self.place / "ca.pem", *arguments, **more)

    @common.for_each(WAYS)
    def test_get_and_version(self, listener, options, version):
        out = self.curl(*options, "-w", "%{http_version}", self.url("/small", listener))
        self.assertEqual(out, SMALL + version.encode())

    @common.for_each(WAYS)
    def test_head_error_and_missing(self, listener, options, _):
        self.assertIn(b"ontent-", self.curl(*options, "-I", self.url("/small", listener)))
        self.assertEqual(self.curl(*options, self.url("/error", listener)), b"broken")
        self.curl(*options, "-f", self.url("/none", listener), status=22)
        self.assertIn("404", self.said)

    @common.for_each(WAYS)
    def test_what_is_sent(self, listener, options, _):
        out = self.curl(*options, "-X", "BREW", "-H", "X-More: yes", "-b", "c=d; e=f", self.url("/seen", listener))
        self.assertRegex(out.decode(), r"^BREW HTTP/(1\.1|2\.0) yes c=d; e=f$")

    @common.for_each(WAYS)
    def test_redirects_and_methods(self, listener, options, _):
        out = self.written("%{num_redirects} %{http_code} %{num_connects}", *options, "-L", self.url("/moved", listener))
        self.assertIn(out[0], ("1 200 1", "1 200 2"))
        self.assertEqual(self.curl(*options, "-L", "-d", "12345", self.url("/keep", listener)), b"POST 5\n")

    @common.for_each(WAYS)
    def test_basic(self, listener, options, _):
        url = self.url("/private/small", listener)
        self.assertEqual(self.codes(*options, url)[-1], 401)
        self.assertEqual(self.curl(*options, "-u", "jim:secret", url), SMALL)
        self.assertEqual(self.curl(*options, "--anyauth", "-u", "jim:secret", url), SMALL)

    @common.for_each(WAYS)
    def test_ranges_and_conditions(self, listener, options, _):
        url = self.url("/small", listener)
        self.assertEqual(self.curl(*options, "-r", "4-8", url), b"quick")
        self.assertEqual(self.curl(*options, "-r", "0-2,4-6", url).count(b"Content-Range: bytes "), 2)
        part = self.place.write("part", SMALL[:500])
        self.curl(*options, "-C", "-", "-o", part, url)
        self.assertEqual(part.read_bytes(), SMALL)
        tag = self.place / "etag"
        self.curl(*options, "--etag-save", tag, "-o", os.devnull, url)
        self.assertEqual(self.codes(*options, "--etag-compare", tag, url)[-1], 304)

    @common.for_each(WAYS)
    def test_encodings(self, listener, options, _):
        for coding in ("gzip", "zstd"):
            out = self.curl(*options, "--compressed", "-H", "Accept-Encoding: " + coding, "-D", "-", self.url("/small.txt", listener))
            self.assertIn(b"ontent-", out)
            self.assertIn(coding.encode(), out.lower())
            self.assertTrue(out.endswith(SMALL))

    @common.for_each(WAYS)
    def test_cookie_jar(self, listener, options, _):
        jar = self.place / "jar"
        self.curl(*options, "-c", jar, self.url("/cookie", listener))
        self.assertRegex(jar.read_text(), r"127\.0\.0\.1\tFALSE\t/\tFALSE\t0\ta\t1\n")
        self.assertIn(b" a=1", self.curl(*options, "-b", jar, self.url("/seen", listener)))

    @common.for_each(WAYS)
    def test_much(self, listener, options, _):
        out = self.curl(*options, self.url("/big", listener))
        self.assertEqual(hashlib.sha256(out).digest(), hashlib.sha256(self.big).digest())

    @common.for_each(WAYS)
    def test_much_goes_up(self, listener, options, _):
        out = self.curl(*options, "-X", "POST", "-T", self.place / "www/big", self.url("/echo", listener))
        self.assertEqual(out, b"POST %d\n" % BIG)
        out = self.curl(*options, "-H", "Expect: 100-continue", "-d", "a=b", self.url("/echo", listener))
        self.assertEqual(out, b"POST 3\n")

    @common.for_each(WAYS)
    def test_unknown_length_goes_up(self, listener, options, _):
        out = self.curl(*options, "-T", "-", "-w", "%{size_upload}", "-o", os.devnull, self.url("/echo", listener),
                        input=b"0123456789" * 30000)
        self.assertEqual(out, b"300000")

    @common.for_each(WAYS)
    def test_one_after_the_other(self, listener, options, version):
        out = self.written("%{num_connects}", *options, self.url("/small?[1-5]", listener), count=5)
        self.assertEqual(out, ["1", "0", "0", "0", "0"])

    @common.for_each(WAYS)
    def test_many_at_once(self, listener, options, version):
        out = self.curl(*options, "-Z", "--no-progress-meter", "--parallel-max", "30", "-o", os.devnull, "-w",
                        "%{http_code} %{num_connects}\n", self.url("/small?[1-60]", listener)).split(b"\n")[:-1]
        self.assertEqual(len([line for line in out if line.startswith(b"200 ")]), 60)
        if version == "2" and (listener, *options) != ("plain", "--http2"):  # who asks for an upgrade cannot share at once
            self.assertEqual(sum(int(line.split()[1]) for line in out), 1)

    def test_client_certificates(self):
        mine = ("--cert", self.place / "client.pem", "--key", self.place / "client.key")
        url = self.url("/who", "mutual", "localhost")  # a name: Caddy compares it with Host where certificates are asked for
        other = ("--cert", self.place / "strange.pem", "--key", self.place / "strange.key")
        for options in ((), ("--http1.1",), ("--tls-max", "1.2")):
            self.assertEqual(self.curl(*options, *mine, url), b"CN=client")
            for certificate in ((), other):
                done = common.run(self.curl_program, "-sS", "-q", "--cacert", self.place / "ca.pem", *options, *certificate,
                                  url)
                # With TLS 1.3 the refusal comes after the handshake, and with bad luck a reset before it is read.
                self.assertIn(done.returncode, (35, 55, 56), done.stderr)
                if "reset" not in done.stderr:
                    self.assertIn("alert", done.stderr)

    def test_a_certificate_of_nobody_known(self):
        done = common.run(self.curl_program, "-sS", "-q", "--cacert", self.place / "stranger.pem", self.url("/small"))
        self.assertEqual(done.returncode, 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
