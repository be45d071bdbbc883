#!/usr/bin/python3
"""curl_easy_ssls_export() and _import(): a session of one process is resumed by another one, on nginx."""
import time
import unittest

import common

SERVERS = """
  ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key;
  ssl_session_tickets on;
  server {{ listen 127.0.0.1:{new} ssl http2; ssl_protocols TLSv1.3; return 200 "$ssl_session_reused\\n"; }}
  server {{ listen 127.0.0.1:{old} ssl; ssl_protocols TLSv1.2; return 200 "$ssl_session_reused\\n"; }}
  server {{ listen 127.0.0.1:{short} ssl; ssl_protocols TLSv1.2; ssl_session_timeout 1s; return 200 "$ssl_session_reused\\n"; }}
"""
LISTENERS = "new old short".split()
FULL, RESUMED = ".\n", "r\n"


class Sessions(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        place = cls.place
        common.Authority(place).issue("good", "DNS:localhost,IP:127.0.0.1")
        cls.port = dict(zip(LISTENERS, common.free_ports(len(LISTENERS))))
        cls.serve_nginx(SERVERS.format(place=place.path, **cls.port), cls.port.values())
        cls.client = cls.compile("ssls_client.c")

    def get(self, mode, listener="new", file="sessions", host="127.0.0.1", status=0):
        done = common.run(self.client, mode, self.place / "ca.pem", self.place / file,
                          "https://%s:%d/" % (host, self.port[listener]))
        self.assertEqual(done.returncode, status, done.stderr)
        self.said = done.stderr
        return done.stdout

    def test_another_process_resumes(self):
        for mode in "key", "hash", "share":
            for listener, shown in ("new", "304 h2 1 "), ("old", "303 http/1.1 1 "):
                with self.subTest(mode=mode, listener=listener):
                    file = "%s-%s" % (mode, listener)
                    self.assertEqual(self.get(mode, listener, file), FULL)
                    self.assertRegex(self.said, "^0 in %s127.0.0.1:%d:origin:OpenSSL/3[.][0-9.]+:[0-9a-f]{64} 1 out\n$"
                                     % (shown, self.port[listener]))
                    self.assertEqual(self.get(mode, listener, file), RESUMED)
                    self.assertRegex(self.said, "^[12] in")

    def test_the_hash_tells_no_host(self):
        self.assertEqual(self.get("hash", file="hashed"), FULL)
        stored = (self.place / "hashed").read_bytes()
        self.assertNotIn(b":%d" % self.port["new"], stored)
        self.assertNotIn(b"origin", stored)

    def test_another_peer_is_not_given_it(self):
        self.assertEqual(self.get("key", file="peer"), FULL)
        self.assertEqual(self.get("key", file="peer", host="localhost"), FULL)
        self.assertEqual(self.get("hash", file="peer2"), FULL)
        self.assertEqual(self.get("hash", file="peer2", host="localhost"), FULL)

    def test_expired_ones_are_dropped(self):
        self.assertEqual(self.get("key", "short", "expired"), FULL)
        time.sleep(2.1)
        self.assertEqual(self.get("key", "short", "expired"), FULL)
        self.assertTrue(self.said.startswith("1 in"), self.said)

    def test_garbage_is_refused(self):
        self.assertEqual(self.get("key", file="garbage"), FULL)
        stored = bytearray((self.place / "garbage").read_bytes())
        stored[-1 - len(stored) // 4:] = b""
        (self.place / "garbage").write_bytes(stored)
        self.get("key", file="garbage")
        head = stored[:24]
        (self.place / "garbage").write_bytes(bytes(head) + bytes(200000))
        self.assertEqual(self.get("key", file="garbage"), FULL)
        self.assertTrue(self.said.startswith("0 in"), self.said)


if __name__ == "__main__":
    unittest.main()
