#!/usr/bin/python3
"""Squid as the proxy of Debian's curl program and of pycurl on our library: in clear and over TLS, tunnels, logins, its
cache, connections. The origins are nginx."""
import os
import re
import unittest

import common

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30

ORIGINS = """
  server {{
    listen 127.0.0.1:{origin};
    location = /seen {{ return 200 "$request_method $http_proxy_authorization|$http_authorization|$http_x_more|$http_via\\n"; }}
    location = /length {{ return 200 "$request_method $content_length $http_transfer_encoding\\n"; }}
    location = /far {{ return 302 http://127.0.0.1:{other}/small; }}
    location = /secure {{ return 302 https://127.0.0.1:{secure}/small; }}
    location /cached/ {{ alias {place}/www/; expires 1h; }}
    location /put/ {{ dav_methods PUT; create_full_put_path on; client_max_body_size 10m; }}
    location /zip/ {{ alias {place}/www/; gzip on; gzip_min_length 1; gzip_types *; gzip_proxied any; }}
    location /private/ {{ alias {place}/www/; auth_basic "private"; auth_basic_user_file {place}/origin_users; }}
  }}
  server {{ listen 127.0.0.1:{other}; }}
  server {{ listen 127.0.0.1:{secure} ssl http2; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key;
    location = /seen {{ return 200 "$request_method $http_proxy_authorization|$server_protocol\\n"; }} }}
"""

# A proxy for everybody, one that wants a login (by either scheme), both also over TLS; a host that is refused.
SQUID = """
http_port 127.0.0.1:{open} name=open
http_port 127.0.0.1:{login} name=login
https_port 127.0.0.1:{tls} name=tls tls-cert={place}/proxy.pem tls-key={place}/proxy.key
https_port 127.0.0.1:{tls_login} name=tls_login tls-cert={place}/proxy.pem tls-key={place}/proxy.key
auth_param digest program /usr/lib/squid/digest_file_auth -c {place}/digest_users
auth_param digest realm the proxy
auth_param digest children 1 startup=1
auth_param digest nonce_max_duration 1 hours
auth_param basic program /usr/lib/squid/basic_ncsa_auth {place}/users
auth_param basic realm the proxy
auth_param basic children 1 startup=1
acl guarded myportname login tls_login
acl known proxy_auth REQUIRED
acl bad dstdomain refused.test
http_access deny bad
http_access deny guarded !known
http_access allow all
cache_mem 8 MB
maximum_object_size_in_memory 1 MB
memory_cache_mode always
access_log stdio:{place}/access.log
cache_log {place}/cache.log
cache_store_log none
pid_filename {place}/squid.pid
coredump_dir {place}
netdb_filename none
pinger_enable off
icp_port 0
shutdown_lifetime 0 seconds
visible_hostname proxy.test
dns_nameservers 127.0.0.1
workers 1
"""
PORTS = "origin other secure open login tls tls_login".split()
LOGIN = ("--proxy-user", "jim:secret")
DIGEST = ("--proxy-digest", *LOGIN)

SETUP = """
import io, os, socket, sys, pycurl
url, proxy, ca = sys.argv[1:]
opened, closed, got = [], [], io.BytesIO()
def handle(**more):
    c = pycurl.Curl()
    for name, value in dict(URL=url, PROXY=proxy, CAINFO=ca, PROXY_CAINFO=ca, PROXYUSERPWD="jim:secret",
                            PROXYAUTH=pycurl.HTTPAUTH_ANY, WRITEFUNCTION=got.write, **more).items():
        c.setopt(getattr(pycurl, name), value)
    return c
"""

# The gate is asked for the proxy's address, and each socket that it gave comes back. FORBID_REUSE: pycurl itself crashes
# when it is called back from close().
MANY = """
def on_open(purpose, address):
    s = socket.socket(*tuple(address)[:3])
    opened.append((purpose, address.addr[1]))
    return s
def on_close(fd):
    closed.append(fd)
    os.close(fd)
    return 0
multi = pycurl.CurlMulti()
handles = [handle(OPENSOCKETFUNCTION=on_open, CLOSESOCKETFUNCTION=on_close, FORBID_REUSE=1) for n in range(10)]
for c in handles:
    multi.add_handle(c)
while multi.perform()[1]:
    multi.select(1)
print(len(multi.info_read(20)[1]), len(got.getvalue()))
print({port for purpose, port in opened}, {purpose for purpose, port in opened})
print({c.getinfo(pycurl.HTTP_CONNECTCODE) for c in handles}, len(opened) == len(closed))
for c in handles:
    multi.remove_handle(c)
"""

ONE_HANDLE = """
lines = []
c = handle(HEADERFUNCTION=lines.append)
for n in range(3):
    c.perform()
for line in lines:
    if line.startswith(b"HTTP/"):
        print(int(line.split()[1]))
"""

# Without pycurl, which does not know CURLOPT_PROXY_PINNEDPUBLICKEY (10263).
PIN = """
import ctypes
lib = ctypes.CDLL("libcurl.so.4")
lib.curl_easy_init.restype = ctypes.c_void_p
e = ctypes.c_void_p(lib.curl_easy_init())
for option, text in ((10002, url), (10004, proxy), (10065, ca), (10246, ca), (10263, "sha256//" + "A" * 43 + "=")):
    lib.curl_easy_setopt(e, ctypes.c_int(option), text.encode())
print(lib.curl_easy_perform(e))
"""


class Squid(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        squid, place = common.program("squid"), cls.place
        place.write("www/small", SMALL)
        (place / "www/put").mkdir()
        (place / "www/put").chmod(0o777)
        place.path.chmod(0o777)  # squid drops to a user of its own and writes its logs
        place.write("origin_users", "ann:{PLAIN}other\n")
        place.write("users", "jim:%s\n" % common.must("openssl", "passwd", "-apr1", "secret").strip())
        digest = common.must("openssl", "dgst", "-md5", "-r", place.write("secret", "jim:the proxy:secret"))
        place.write("digest_users", "jim:the proxy:%s\n" % digest.split()[0])
        ca = common.Authority(place)
        names = "DNS:localhost,IP:127.0.0.1"
        ca.issue("good", names)
        ca.issue("proxy", names)
        for key in ("proxy.key", "users", "digest_users"):
            (place / key).chmod(0o644)
        common.Authority(place, "stranger")
        cls.port = dict(zip(PORTS, common.free_ports(len(PORTS))))
        cls.serve_nginx(ORIGINS.format(place=place.path, **cls.port), [cls.port[p] for p in PORTS[:3]])
        config = place.write("squid.conf", SQUID.format(place=place.path, **cls.port))
        cls.serve([squid, "-N", "-f", config], [cls.port[p] for p in PORTS[3:]], "squid")

    def url(self, path, origin="origin"):
        return "%s://127.0.0.1:%d%s" % ("https" if origin == "secure" else "http", self.port[origin], path)

    def via(self, proxy="open"):
        scheme = "http" if proxy in ("open", "login") else "https"
        ca = self.place / "ca.pem"
        return ["-x", "%s://127.0.0.1:%d" % (scheme, self.port[proxy]), "--cacert", ca, "--proxy-cacert", ca]

    def pycurl(self, script, url, proxy):
        """The lines that a script of the above prints."""
        done = common.run("/usr/bin/python3", "-c", SETUP + script, url, self.via(proxy)[1], self.place / "ca.pem")
        if "No module named" in done.stderr:
            self.skipTest("there is no pycurl here")
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    # ---- in clear ----

    def test_get(self):
        out = self.curl(*self.via(), "-i", self.url("/small"))
        self.assertIn(b"\r\nVia: 1.1 proxy.test (squid", out)
        self.assertTrue(out.endswith(b"\r\n\r\n" + SMALL))

    def test_one_connection_for_all_origins(self):
        out = self.written("%{http_code} %{num_connects} %{local_port}", *self.via(), self.url("/small"),
                           self.url("/small", "other"), self.url("/small"), count=3)
        self.assertEqual([line.rsplit(" ", 1)[0] for line in out], ["200 1", "200 0", "200 0"])
        self.assertEqual(len({line.split()[2] for line in out}), 1)

    def test_head_range_and_gzip(self):
        self.assertIn(b"Content-Length: %d\r\n" % len(SMALL), self.curl(*self.via(), "-I", self.url("/small")))
        self.assertEqual(self.curl(*self.via(), "-r", "4-8", self.url("/small")), b"quick")
        self.assertEqual(self.curl(*self.via(), "--compressed", self.url("/zip/small")), SMALL)

    def test_post_and_put(self):
        self.assertEqual(self.curl(*self.via(), "-d", "a=b", self.url("/length")), b"POST 3 \n")
        body = self.place.write("body", os.urandom(2000000))
        self.curl(*self.via(), "-T", body, self.url("/put/a"))
        self.assertEqual((self.place / "www/put/a").read_bytes(), body.read_bytes())
        self.curl(*self.via(), "-H", "Expect: 100-continue", "-T", body, self.url("/put/b"))
        self.assertEqual((self.place / "www/put/b").read_bytes(), body.read_bytes())
        self.curl(*self.via(), "-T", "-", self.url("/put/c"), input=b"0123456789" * 30000)
        self.assertEqual((self.place / "www/put/c").read_bytes(), b"0123456789" * 30000)

    def test_the_cache(self):
        def cached(*more):
            head = self.curl(*self.via(), "-D", "-", "-o", os.devnull, *more, self.url("/cached/small")).decode()
            return re.search(r"^X-Cache: (\w+) from", head, re.M).group(1), re.search(r"^Age: (\d+)\r$", head, re.M)
        self.assertEqual(cached(), ("MISS", None))
        hit, age = cached()
        self.assertEqual(hit, "HIT")
        self.assertTrue(age)
        self.assertEqual(cached("-H", "Cache-Control: no-cache")[0], "MISS")
        self.assertEqual(self.curl(*self.via(), self.url("/cached/small")), SMALL)
        self.assertEqual(self.codes(*self.via(), "-z", self.place / "www/small", self.url("/cached/small")), [304])

    def test_what_the_proxy_refuses(self):
        self.assertEqual(self.codes(*self.via(), "http://refused.test/"), [403])
        self.curl(*self.via(), "-f", "http://refused.test/", status=22)
        self.assertIn("403", self.said)
        port = common.free_ports(1)[0]
        self.assertEqual(self.codes(*self.via(), "http://127.0.0.1:%d/" % port), [503])

    def test_redirects(self):
        self.assertEqual(self.codes(*self.via(), "-L", self.url("/far")), [302, 200])
        self.assertEqual(self.codes(*self.via(), "-L", self.url("/secure")), [302, 200, 200])

    def test_the_environment_and_noproxy(self):
        proxy = "http://127.0.0.1:%d" % self.port["open"]
        for names, more, passed in (({"http_proxy": proxy}, [], True), ({"all_proxy": proxy}, [], True),
                                    ({"http_proxy": proxy, "no_proxy": "127.0.0.1"}, [], False),
                                    ({"http_proxy": proxy, "no_proxy": "127.0.0.0/8"}, [], False),
                                    ({"http_proxy": proxy, "no_proxy": "*"}, ["--noproxy", ""], True),
                                    ({"http_proxy": proxy}, ["--noproxy", "other.test,127.0.0.1"], False)):
            out = self.curl(*more, self.url("/seen"), env=names)
            self.assertEqual(b"squid" in out, passed, (names, more, out))

    # ---- logins ----

    def test_without_a_login(self):
        self.assertEqual(self.codes(*self.via("login"), self.url("/small")), [407])
        self.curl(*self.via("login"), "-f", self.url("/small"), status=22)

    def test_basic(self):
        self.assertEqual(self.codes(*self.via("login"), *LOGIN, self.url("/small")), [200])
        self.assertEqual(self.codes(*self.via("login"), "--proxy-user", "jim:wrong", self.url("/small")), [407])
        url = "http://jim:secret@127.0.0.1:%d" % self.port["login"]
        self.assertEqual(self.codes("-x", url, self.url("/small")), [200])

    def test_digest(self):
        self.assertEqual(self.codes(*self.via("login"), *DIGEST, self.url("/small")), [407, 200])
        self.assertEqual(self.codes(*self.via("login"), "--proxy-anyauth", *LOGIN, self.url("/small")), [407, 200])

    def test_a_wrong_digest_is_no_loop(self):
        wrong = ("--proxy-digest", "--proxy-user", "jim:wrong")
        self.assertEqual(self.codes(*self.via("login"), *wrong, self.url("/small")), [407, 407])
        self.same_as_debians(*self.via("login"), *wrong, "-o", os.devnull, "-w", "%{http_code}", self.url("/small"))

    def test_digest_on_one_connection(self):
        """The program has a handle for each URL, and each asks for a nonce of its own."""
        url = self.url("/small")
        self.assertEqual(self.codes(*self.via("login"), *DIGEST, "-o", os.devnull, url, url), [407, 200, 407, 200])
        out = self.written("%{num_connects}", *self.via("login"), *DIGEST, url, url, url, count=3)
        self.assertEqual(out, ["1", "0", "0"])

    def test_digest_goes_on_with_the_nonce(self):
        for proxy, origin in (("login", "origin"), ("tls_login", "origin"), ("login", "secure")):
            said = self.pycurl(ONE_HANDLE, self.url("/small", origin), proxy)
            # Of a tunnel that is open nobody asks anything more.
            self.assertEqual(said, ["407", "200", "200", "200"] + ["200"] * (origin == "secure"))

    def test_the_proxys_key_can_be_pinned(self):
        """The program's option of that name does nothing in 7.88.1."""
        for origin in ("origin", "secure"):
            self.assertEqual(self.pycurl(PIN, self.url("/small", origin), "tls"), ["90"])

    def test_digest_and_a_body(self):
        """The body is not sent to be thrown away, and sent whole in the end."""
        body = self.place.write("body2", os.urandom(500000))
        self.curl(*self.via("login"), *DIGEST, "-T", body, self.url("/put/d"))
        self.assertEqual((self.place / "www/put/d").read_bytes(), body.read_bytes())
        self.assertEqual(self.curl(*self.via("login"), *DIGEST, "-d", "a=b", self.url("/length")), b"POST 3 \n")

    def test_two_logins(self):
        """The proxy's is for the proxy, the origin's for the origin."""
        out = self.curl(*self.via("login"), *LOGIN, "-u", "ann:other", "-H", "X-More: m", self.url("/seen"))
        self.assertRegex(out, rb"^GET \|Basic YW5uOm90aGVy\|m\|1.1 proxy.test")
        self.assertEqual(self.codes(*self.via("login"), *DIGEST, "--anyauth", "-u", "ann:other", self.url("/private/small")),
                         [407, 401, 200])

    def test_the_login_stays_over_redirects(self):
        self.assertEqual(self.codes(*self.via("login"), *DIGEST, "-L", self.url("/far")), [407, 302, 200])
        self.assertEqual(self.codes(*self.via("login"), *LOGIN, "-L", self.url("/secure")), [302, 200, 200])

    # ---- tunnels ----

    def test_a_tunnel_to_tls(self):
        out = self.curl(*self.via(), "-w", "%{http_connect} %{http_version}", self.url("/small", "secure"))
        self.assertEqual(out, SMALL + b"200 2")
        out = self.curl(*self.via(), "--http1.1", self.url("/seen", "secure"))
        self.assertEqual(out, b"GET |HTTP/1.1\n")

    def test_a_tunnel_to_a_plain_origin(self):
        out = self.curl(*self.via(), "-p", self.url("/seen"))
        self.assertEqual(out, b"GET |||\n")  # no Via: it saw bytes alone

    def test_tunnels_are_reused(self):
        a, b = self.url("/small", "secure"), self.url("/small")
        out = self.written("%{num_connects}", *self.via(), "-p", a, b, a, b, count=4)
        self.assertEqual(out, ["1", "1", "0", "0"])

    def test_logins_for_tunnels(self):
        url = self.url("/seen", "secure")
        for login in (LOGIN, DIGEST, ("--proxy-anyauth", *LOGIN)):
            out = self.curl(*self.via("login"), *login, "-w", "%{http_connect}", url)
            self.assertEqual(out, b"GET |HTTP/2.0\n200")
        self.assertEqual(self.codes(*self.via("login"), *DIGEST, url), [407, 200, 200])
        self.assertEqual(self.codes(*self.via("login"), *DIGEST, "--suppress-connect-headers", url), [200])
        self.assertEqual(self.codes(*self.via("login"), *DIGEST, "-d", "x", self.url("/length"), "-p"), [407, 200, 200])

    def test_tunnels_that_are_refused(self):
        url = self.url("/small", "secure")
        for login in ((), ("--proxy-user", "jim:wrong"), ("--proxy-digest", "--proxy-user", "jim:wrong")):
            self.curl(*self.via("login"), *login, url, status=7)
            self.assertIn("response 407", self.said)
        self.curl(*self.via(), "https://refused.test/", status=7)
        self.assertIn("response 403", self.said)
        self.curl(*self.via(), "https://127.0.0.1:%d/" % common.free_ports(1)[0], status=7)
        self.assertIn("response 503", self.said)

    def test_the_origins_certificate_counts_in_a_tunnel(self):
        self.curl("-x", "http://127.0.0.1:%d" % self.port["open"], "--cacert", self.place / "stranger.pem",
                  self.url("/small", "secure"), status=60)

    def test_headers_for_the_proxy_alone(self):
        out = self.curl(*self.via(), "--proxy-header", "X-More: proxy", "-p", self.url("/seen"))
        self.assertEqual(out, b"GET |||\n")
        out = self.curl(*self.via(), "-H", "X-More: origin", "-p", self.url("/seen"))
        self.assertEqual(out, b"GET ||origin|\n")

    # ---- a proxy over TLS ----

    def test_over_tls(self):
        out = self.curl(*self.via("tls"), "-i", self.url("/small"))
        self.assertIn(b"\r\nVia: 1.1 proxy.test (squid", out)
        self.assertTrue(out.endswith(SMALL))
        self.assertEqual(self.written("%{num_connects}", *self.via("tls"), self.url("/small"), self.url("/small", "other"),
                                      count=2), ["1", "0"])

    def test_tls_in_tls(self):
        self.assertEqual(self.curl(*self.via("tls"), "-w", "%{http_version}", self.url("/small", "secure")), SMALL + b"2")
        self.assertEqual(self.curl(*self.via("tls"), "--http1.1", self.url("/small", "secure")), SMALL)
        self.assertEqual(self.curl(*self.via("tls"), "-p", self.url("/seen")), b"GET |||\n")

    def test_logins_over_tls(self):
        self.assertEqual(self.codes(*self.via("tls_login"), *DIGEST, self.url("/small")), [407, 200])
        self.assertEqual(self.codes(*self.via("tls_login"), *DIGEST, self.url("/small", "secure")), [407, 200, 200])
        self.curl(*self.via("tls_login"), self.url("/small", "secure"), status=7)

    def test_the_proxys_certificate_counts(self):
        proxy, ca = "https://127.0.0.1:%d" % self.port["tls"], ("--cacert", self.place / "ca.pem")
        for origin in ("origin", "secure"):
            url = self.url("/small", origin)
            self.curl("-x", proxy, *ca, "--proxy-cacert", self.place / "stranger.pem", url, status=60)
            self.curl("-x", proxy, *ca, url, status=60)  # --cacert is about origins alone
            self.curl("-x", proxy, *ca, "-k", url, status=60)
            self.assertEqual(self.curl("-x", proxy, *ca, "--proxy-insecure", url), SMALL)
        self.curl("-x", proxy, "--proxy-insecure", self.url("/small", "secure"), status=60)
        name = "https://wrong.test:%d" % self.port["tls"]
        self.curl("-x", name, "--resolve", "wrong.test:%d:127.0.0.1" % self.port["tls"], "--proxy-cacert",
                  self.place / "ca.pem", self.url("/small"), status=60)
        self.curl(*self.via("open"), "-x", "https://127.0.0.1:%d" % self.port["open"], self.url("/small"), status=35)

    # ---- many at once ----

    def test_many_at_once(self):
        out = self.curl(*self.via("login"), *DIGEST, "-Z", "--no-progress-meter", "--parallel-max", "20", "-o", os.devnull,
                        "-w", "%{http_code} %{size_download}\n", self.url("/small?[1-60]"))
        self.assertEqual(out, b"200 %d\n" % len(SMALL) * 60)

    def test_pycurl(self):
        for proxy, origin, connect in (("open", "origin", 0), ("tls_login", "origin", 0), ("login", "secure", 200),
                                       ("tls_login", "secure", 200)):
            said = self.pycurl(MANY, self.url("/small", origin), proxy)
            self.assertEqual(said, ["10 %d" % (10 * len(SMALL)), "{%d} {0}" % self.port[proxy], "{%d} True" % connect])


if __name__ == "__main__":
    unittest.main(verbosity=2)
