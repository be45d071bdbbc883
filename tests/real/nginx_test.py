#!/usr/bin/python3
"""Debian's curl program on our library, against nginx: HTTP/1.1, TLS 1.2 and 1.3."""
import base64
import gzip
import hashlib
import os
import re
import time
import unittest

import common

SMALL = b"The quick brown fox jumps over the lazy dog.\n" * 30
BIG = 100 * 1000 * 1000

SERVERS = """
  ssl_session_cache shared:S:1m;
  ssl_session_tickets on;
  client_max_body_size 50m;

  server {{
    listen 127.0.0.1:{plain} backlog=64;
    location = /moved {{ return 302 /small; }}
    location = /far {{ return 301 http://127.0.0.1:{other}/small; }}
    location = /see-other {{ return 303 /method; }}
    location = /keep {{ return 307 /method; }}
    location = /loop {{ return 302 /loop; }}
    location = /method {{ return 200 "$request_method $content_length\\n"; }}
    location = /agent {{ return 200 "$http_user_agent|$http_x_more|$http_referer|$http_cookie\\n"; }}
    location = /cookie {{ add_header Set-Cookie "a=1; Path=/"; return 200 "ok\\n"; }}
    location = /error {{ return 500 "broken\\n"; }}
    location /put/ {{ dav_methods PUT DELETE; create_full_put_path on; }}
    location /short/ {{ alias {place}/www/; keepalive_requests 2; }}
    location /zip/ {{ alias {place}/www/; gzip on; gzip_min_length 1; gzip_types *; }}
    location /chunked/ {{ alias {place}/www/; gzip on; gzip_min_length 1; gzip_types *; }}
    location /private/ {{ alias {place}/www/; auth_basic "private"; auth_basic_user_file {place}/users; }}
  }}
  server {{ listen 127.0.0.1:{other}; }}
  server {{ listen unix:{place}/socket; }}
  server {{ listen 127.0.0.1:{tls} ssl; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    location = /session {{ return 200 "$ssl_session_reused $ssl_protocol\\n"; }} }}
  server {{ listen 127.0.0.1:{tls12} ssl; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key;
    ssl_protocols TLSv1.2;
    location = /session {{ return 200 "$ssl_session_reused $ssl_protocol\\n"; }} }}
  server {{ listen 127.0.0.1:{tls13} ssl; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key;
    ssl_protocols TLSv1.3; }}
  server {{ listen 127.0.0.1:{named} ssl; ssl_certificate {place}/named.pem; ssl_certificate_key {place}/named.key; }}
  server {{ listen 127.0.0.1:{expired} ssl; ssl_certificate {place}/expired.pem;
    ssl_certificate_key {place}/expired.key; }}
  server {{ listen 127.0.0.1:{alone} ssl; ssl_certificate {place}/alone.pem; ssl_certificate_key {place}/alone.key; }}
  server {{ listen 127.0.0.1:{mutual} ssl; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key;
    ssl_client_certificate {place}/ca.pem; ssl_verify_client on;
    location = /who {{ return 200 "$ssl_client_s_dn\\n"; }} }}
"""
LISTENERS = "plain other tls tls12 tls13 named expired alone mutual".split()


class Nginx(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        place = cls.place
        place.write("www/small", SMALL)
        place.write("users", "jim:{PLAIN}secret\n")
        (place / "www/put").mkdir()
        (place / "www/put").chmod(0o777)
        block = hashlib.sha512(b"sluice").digest() * 15625
        cls.big_sum = hashlib.sha256()
        with open(place / "www/big", "wb") as big:
            for n in range(BIG // len(block)):
                piece = bytes([n]) + block[1:]
                cls.big_sum.update(piece)
                big.write(piece)
        ca = common.Authority(place)
        common.Authority(place, "stranger")
        good = "DNS:localhost,DNS:good.test,DNS:*.wild.test,IP:127.0.0.1"
        ca.issue("good", good)
        ca.issue("named", "DNS:elsewhere.test")
        ca.issue("expired", good, expired=True)
        ca.issue("client", "DNS:client.test")
        ca.self_signed(place, "alone", good)
        cls.port = dict(zip(LISTENERS, common.free_ports(len(LISTENERS))))
        cls.serve_nginx(SERVERS.format(place=place.path, **cls.port), cls.port.values())

    def url(self, path, listener="plain", host="127.0.0.1"):
        return "%s://%s:%d%s" % ("http" if listener in ("plain", "other") else "https", host, self.port[listener],
                                 path)

    # ---- which library ----

    def test_the_program_runs_on_our_library(self):
        self.assertEqual(self.loaded_library(self.curl_program, "-V"), [str(common.LIB / "libcurl.so.4")])
        self.assertIn(b"Sluice/", self.curl("-V", status=0))

    # ---- HTTP/1.1 ----

    def test_get(self):
        self.assertEqual(self.curl(self.url("/small")), SMALL)

    def test_get_with_headers_shown(self):
        out = self.curl("-i", self.url("/small"))
        head, body = out.split(b"\r\n\r\n", 1)
        self.assertTrue(head.startswith(b"HTTP/1.1 200 OK\r\nServer: nginx"))
        self.assertEqual(body, SMALL)

    def test_what_is_sent(self):
        out = self.curl("-A", "Fox/1", "-H", "X-More: yes", "-e", "http://r/", "-b", "c=d", self.url("/agent"))
        self.assertEqual(out, b"Fox/1|yes|http://r/|c=d\n")

    def test_head(self):
        out = self.curl("-I", self.url("/small"))
        self.assertIn(b"Content-Length: %d\r\n" % len(SMALL), out)
        self.assertTrue(out.endswith(b"\r\n\r\n"))

    def test_post(self):
        self.assertEqual(self.curl("-d", "a=b&c=d", self.url("/method")), b"POST 7\n")

    def test_post_larger_than_one_buffer_with_100_continue(self):
        body = self.place.write("upload", os.urandom(3000000))
        out = self.curl("--data-binary", "@%s" % body, "-H", "Expect: 100-continue", self.url("/method"))
        self.assertEqual(out, b"POST 3000000\n")

    def test_put_arrives_whole(self):
        body = os.urandom(2000000)
        self.curl("-T", self.place.write("upload2", body), self.url("/put/a"))
        self.assertEqual((self.place / "www/put/a").read_bytes(), body)

    def test_put_from_a_pipe_is_chunked(self):
        body = b"0123456789" * 30000
        done = common.run(self.curl_program, "-sS", "-T", "-", self.url("/put/b"), input=body, text=False)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual((self.place / "www/put/b").read_bytes(), body)

    def test_delete(self):
        self.place.write("www/put/gone", "x").chmod(0o666)
        self.curl("-X", "DELETE", self.url("/put/gone"))
        self.assertFalse((self.place / "www/put/gone").exists())

    def test_error_page_and_fail(self):
        self.assertEqual(self.curl(self.url("/error")), b"broken\n")
        self.assertEqual(self.curl("-f", self.url("/error"), status=22), b"")
        self.assertIn("500", self.said)

    def test_missing(self):
        self.assertEqual(self.curl("-o", os.devnull, "-w", "%{http_code}", self.url("/none")), b"404")

    def test_basic_authentication(self):
        self.assertEqual(self.curl("-o", os.devnull, "-w", "%{http_code}", self.url("/private/small")), b"401")
        self.assertEqual(self.curl("-u", "jim:secret", self.url("/private/small")), SMALL)
        self.assertEqual(self.curl("--anyauth", "-u", "jim:secret", self.url("/private/small")), SMALL)

    # ---- ranges ----

    def test_ranges(self):
        self.assertEqual(self.curl("-r", "4-8", self.url("/small")), b"quick")
        self.assertEqual(self.curl("-r", "-5", self.url("/small")), b"dog.\n")
        out = self.curl("-r", "0-2,4-6", self.url("/small"))
        self.assertEqual(out.count(b"Content-Range: bytes "), 2)

    def test_resume(self):
        part = self.place.write("part", SMALL[:500])
        self.curl("-C", "-", "-o", part, self.url("/small"))
        self.assertEqual(part.read_bytes(), SMALL)

    def test_resume_beyond_the_end(self):
        part = self.place.write("part2", SMALL + b"more")
        self.curl("-f", "-C", "-", "-o", part, self.url("/small"))
        self.assertEqual(part.read_bytes(), SMALL + b"more")

    def test_time_condition(self):
        out = self.curl("-z", self.place / "www/small", "-w", "%{http_code} %{size_download}", "-o", os.devnull, self.url("/small"))
        self.assertEqual(out, b"304 0")

    # ---- encodings ----

    def test_gzip(self):
        self.assertEqual(self.curl("--compressed", self.url("/zip/small")), SMALL)
        raw = self.curl("-H", "Accept-Encoding: gzip", self.url("/zip/small"))
        self.assertEqual(gzip.decompress(raw), SMALL)
        self.assertLess(len(raw), len(SMALL))

    def test_raw_keeps_the_chunks(self):
        raw = self.curl("--raw", "-H", "Accept-Encoding: gzip", self.url("/zip/small"))
        self.assertTrue(raw.endswith(b"\r\n0\r\n\r\n"))

    def test_gzip_of_much(self):
        out = self.curl("--compressed", "-w", "%{size_download}", "-o", self.place / "unzipped", self.url("/zip/big"))
        self.assertLess(int(out), BIG)
        self.assertEqual(hashlib.sha256((self.place / "unzipped").read_bytes()).hexdigest(), self.big_sum.hexdigest())

    # ---- connections ----

    def test_reuse(self):
        url = self.url("/small")
        out = self.curl("-o", os.devnull, "-o", os.devnull, "-o", os.devnull, "-w",
                        "%{num_connects} %{local_port}\n", url, url, url).split()
        self.assertEqual(out[0::2], [b"1", b"0", b"0"])
        self.assertEqual(len(set(out[1::2])), 1)

    def test_the_server_ends_the_connection_after_two_requests(self):
        out = self.curl(*["-o", os.devnull] * 5, "-w", "%{num_connects}", *[self.url("/short/small")] * 5)
        self.assertEqual(out, b"10101")

    def test_reuse_after_chunked_and_after_head(self):
        out = self.curl("--compressed", "-w", "%{num_connects}", "-o", os.devnull, "-o", os.devnull,
                        self.url("/zip/small"), self.url("/zip/small"))
        self.assertEqual(out, b"10")
        out = self.curl("-I", "-w", "%{num_connects}", "-o", os.devnull, "-o", os.devnull, self.url("/small"),
                        self.url("/small"))
        self.assertEqual(out, b"10")

    def test_connection_close_is_obeyed(self):
        out = self.curl("-H", "Connection: close", "-w", "%{num_connects}", "-o", os.devnull, "-o", os.devnull,
                        self.url("/small"), self.url("/small"))
        self.assertEqual(out, b"11")

    def test_many_at_once(self):
        out = self.curl("-Z", "--no-progress-meter", "--parallel-max", "20", "-o", os.devnull, "-w", "%{http_code} %{size_download}\n",
                        "%s?[1-200]" % self.url("/small"))
        self.assertEqual(out, b"200 %d\n" % len(SMALL) * 200)

    def test_unix_socket(self):
        out = self.curl("--unix-socket", self.place / "socket", "http://anything/small")
        self.assertEqual(out, SMALL)

    def test_refused_port(self):
        port = common.free_ports(1)[0]
        self.curl("http://127.0.0.1:%d/" % port, status=7)
        self.assertIn("127.0.0.1 port %d" % port, self.said)

    def test_resolve_and_connect_to(self):
        out = self.curl("--resolve", "some.test:%d:127.0.0.1" % self.port["plain"], self.url("/small", host="some.test"))
        self.assertEqual(out, SMALL)
        out = self.curl("--connect-to", "::127.0.0.1:%d" % self.port["plain"], "http://some.test/small")
        self.assertEqual(out, SMALL)

    # ---- redirects ----

    def test_redirects(self):
        write = ["-w", "%{num_redirects} %{url_effective}", "-o", os.devnull]
        self.assertEqual(self.curl(*write, self.url("/moved")), b"0 %s" % self.url("/moved").encode())
        self.assertEqual(self.curl("-L", *write, self.url("/moved")), b"1 %s" % self.url("/small").encode())
        self.assertEqual(self.curl("-L", *write, self.url("/far")), b"1 %s" % self.url("/small", "other").encode())

    def test_methods_over_redirects(self):
        self.assertEqual(self.curl("-L", "-d", "12345", self.url("/see-other")), b"GET \n")
        self.assertEqual(self.curl("-L", "-d", "12345", self.url("/keep")), b"POST 5\n")

    def test_too_many_redirects(self):
        self.curl("-L", "--max-redirs", "3", "-o", os.devnull, self.url("/loop"), status=47)

    def test_cookie_jar(self):
        jar = self.place / "jar"
        self.curl("-c", jar, self.url("/cookie"))
        self.assertRegex(jar.read_text(), r"127\.0\.0\.1\tFALSE\t/\tFALSE\t0\ta\t1\n")
        self.assertEqual(self.curl("-b", jar, "-A", "x", self.url("/agent")), b"x|||a=1\n")

    # ---- much ----

    def test_100_megabytes(self):
        target = self.place / "fetched"
        self.curl("-o", target, self.url("/big"))
        self.assertEqual(hashlib.sha256(target.read_bytes()).hexdigest(), self.big_sum.hexdigest())
        target.unlink()

    def test_100_megabytes_over_tls(self):
        target = self.place / "fetched_tls"
        self.curl("--cacert", self.place / "ca.pem", "-o", target, self.url("/big", "tls"))
        self.assertEqual(hashlib.sha256(target.read_bytes()).hexdigest(), self.big_sum.hexdigest())
        target.unlink()

    def test_limit_rate(self):
        started = time.monotonic()
        out = self.curl("--limit-rate", "400K", "-r", "0-614399", self.url("/big"))
        took = time.monotonic() - started
        self.assertEqual(len(out), 614400)
        self.assertGreater(took, 1.0)
        self.assertLess(took, 3.0)

    def test_max_time(self):
        started = time.monotonic()
        self.curl("-m", "0.5", "--limit-rate", "10K", "-o", os.devnull, self.url("/big"), status=28)
        self.assertLess(time.monotonic() - started, 2)

    def test_max_filesize(self):
        self.curl("--max-filesize", "1000", "-o", os.devnull, self.url("/small"), status=63)

    # ---- TLS ----

    def tls(self, *arguments, listener="tls", path="/small", host="127.0.0.1", ca="ca.pem", **more):
        return self.curl("--cacert", self.place / ca, *arguments, self.url(path, listener, host), **more)

    def test_tls_verified(self):
        self.assertEqual(self.tls(), SMALL)
        self.assertEqual(self.tls("-o", os.devnull, "-w", "%{ssl_verify_result}"), b"0")

    def test_tls_name_and_wildcard(self):
        for host in ("good.test", "a.wild.test"):
            resolve = "%s:%d:127.0.0.1" % (host, self.port["tls"])
            self.assertEqual(self.tls("--resolve", resolve, host=host), SMALL)
        for host in ("wild.test", "a.b.wild.test", "bad.test"):
            resolve = "%s:%d:127.0.0.1" % (host, self.port["tls"])
            self.tls("--resolve", resolve, host=host, status=60)

    def test_tls_wrong_host(self):
        self.assertEqual(self.tls(listener="named", status=60), b"")
        self.assertEqual(self.curl("-k", self.url("/small", "named")), SMALL)

    def test_tls_unknown_authority(self):
        self.tls(ca="stranger.pem", status=60)

    def test_tls_without_authorities_given(self):
        self.curl(self.url("/small", "tls"), status=60)

    def test_tls_missing_ca_file(self):
        self.tls(ca="nothing.pem", status=77)

    def test_tls_expired(self):
        time.sleep(max(0, 1.1 - (time.time() - (self.place / "expired.pem").stat().st_mtime)))
        self.tls(listener="expired", status=60)
        self.assertIn("expired", self.said)

    def test_tls_self_signed(self):
        self.tls(listener="alone", status=60)
        self.assertIn("self", self.said.lower())
        self.assertEqual(self.tls(listener="alone", ca="alone.pem"), SMALL)

    def test_tls_insecure_is_only_what_was_asked_for(self):
        self.assertEqual(self.curl("-k", self.url("/small", "alone")), SMALL)
        self.curl("-k", "-o", os.devnull, self.url("/small", "alone"), "--next", "-sS", "-o", os.devnull,
                  self.url("/small", "alone"), status=60)

    def pin(self, name):
        der = common.must("openssl", "x509", "-in", self.place / name, "-pubkey", "-noout")
        key = base64.b64decode("".join(re.findall(r"^[A-Za-z0-9+/=]+$", der, re.M)))
        return "sha256//" + base64.b64encode(hashlib.sha256(key).digest()).decode()

    def test_tls_pins(self):
        right, wrong = self.pin("good.pem"), self.pin("alone.pem")
        self.assertEqual(self.tls("--pinnedpubkey", right), SMALL)
        self.assertEqual(self.tls("--pinnedpubkey", wrong + ";" + right), SMALL)
        self.assertEqual(self.tls("--pinnedpubkey", wrong, status=90), b"")
        self.curl("-k", "--pinnedpubkey", wrong, self.url("/small", "tls"), status=90)

    def test_tls_client_certificate(self):
        cert = ["--cert", self.place / "client.pem", "--key", self.place / "client.key"]
        self.assertEqual(self.tls(*cert, listener="mutual", path="/who"), b"CN=client\n")
        # nginx answers 400 itself, after the handshake, if there is none
        out = self.tls("-o", os.devnull, "-w", "%{http_code}", listener="mutual", path="/who")
        self.assertEqual(out, b"400")
        stranger = ["--cert", self.place / "alone.pem", "--key", self.place / "alone.key"]
        out = self.tls(*stranger, "-o", os.devnull, "-w", "%{http_code}", listener="mutual", path="/who")
        self.assertEqual(out, b"400")

    def test_tls_key_that_does_not_fit(self):
        self.tls("--cert", self.place / "client.pem", "--key", self.place / "good.key", listener="mutual", status=58)

    def test_tls_missing_certificate_file(self):
        self.tls("--cert", self.place / "nothing.pem", listener="mutual", status=58)

    def test_tls_session_is_resumed(self):
        again = ["-H", "Connection: close", "-w", "%{num_connects}\n"]
        for listener, version in (("tls", b"TLSv1.3"), ("tls12", b"TLSv1.2")):
            url = self.url("/session", listener)
            out = self.curl("--cacert", self.place / "ca.pem", *again, url, url)
            self.assertEqual(out, b". %s\n1\nr %s\n1\n" % (version, version))
            out = self.curl("--no-sessionid", "--cacert", self.place / "ca.pem", *again, url, url)
            self.assertEqual(out, b". %s\n1\n. %s\n1\n" % (version, version))

    def test_tls_connection_is_reused(self):
        out = self.curl("--cacert", self.place / "ca.pem", "-o", os.devnull, "-o", os.devnull, "-w", "%{num_connects}",
                        self.url("/small", "tls"), self.url("/small", "tls"))
        self.assertEqual(out, b"10")

    def test_tls_versions(self):
        self.assertEqual(self.tls("--tls-max", "1.2", path="/session"), b". TLSv1.2\n")
        self.assertEqual(self.tls("--tlsv1.3", path="/session"), b". TLSv1.3\n")
        self.assertEqual(self.tls("--tlsv1.2", "--tls-max", "1.2", listener="tls12"), SMALL)
        self.tls("--tlsv1.3", listener="tls12", status=35)
        self.tls("--tls-max", "1.2", listener="tls13", status=35)

    def test_tls_to_a_plain_port(self):
        self.curl("https://127.0.0.1:%d/" % self.port["plain"], status=35)

    def test_plain_to_a_tls_port(self):
        out = self.curl("-o", os.devnull, "-w", "%{http_code}", "http://127.0.0.1:%d/" % self.port["tls"])
        self.assertIn(b"400", out)

    def test_tls_alpn(self):
        done = common.run(self.curl_program, "-sSv", "-q", "--cacert", self.place / "ca.pem", "-o", os.devnull,
                          self.url("/small", "tls"))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("SSL connection using TLSv1.3", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
