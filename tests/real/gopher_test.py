#!/usr/bin/python3
"""Debian's curl program on our library, against gophernicus (package gophernicus), and the same behind stunnel4's TLS."""
import os
import unittest

import common

STUNNEL = """
foreground = yes
pid =
[gophers]
accept = 127.0.0.1:%(port)d
connect = 127.0.0.1:%(behind)d
cert = %(pem)s
key = %(key)s
"""


class Gophernicus(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        server, stunnel = common.program("gophernicus"), common.program("stunnel4")
        cls.files = {"text.txt": b"one\ntwo\n", "a file.bin": os.urandom(300000)}
        for name, content in cls.files.items():
            cls.place.write("root/" + name, content).chmod(0o644)
        root = cls.place / "root"
        root.chmod(0o755)
        port = cls.serve_each([server, "-h", "gopher.test", "-nv", "-r", root], "gophernicus",
                              user=None if os.getuid() else "nobody")  # it does not want to be root
        ca = common.Authority(cls.place)
        pem, key = ca.issue("server", "DNS:localhost")
        cls.ca = ca.pem
        tls_port = common.free_ports(1)[0]
        config = cls.place.write("stunnel.conf", STUNNEL % {"port": tls_port, "behind": port, "pem": pem, "key": key})
        cls.serve([stunnel, config], [tls_port], "stunnel")
        cls.origins = {"gopher": "gopher://localhost:%d" % port, "gophers": "gophers://localhost:%d" % tls_port}

    def fetch(self, scheme, path, *more, status=0):
        return self.curl("-4", "--cacert", self.ca, self.origins[scheme] + path, *more, status=status)

    def test_menus(self):
        for scheme in self.origins:
            for path in ("", "/", "/1", "/1/"):
                with self.subTest(scheme=scheme, path=path):
                    menu = self.fetch(scheme, path)
                    self.assertIn(b"0text.txt", menu)
                    self.assertTrue(menu.rstrip().endswith(b"\r\n."), menu)

    def test_files(self):
        for scheme in self.origins:
            with self.subTest(scheme=scheme):
                self.assertTrue(self.fetch(scheme, "/9/a%20file.bin") == self.files["a file.bin"])
                self.assertEqual(self.fetch(scheme, "/0/text.txt").split()[:2], [b"one", b"two"])

    def test_what_is_not_there(self):
        self.assertIn(b"Error: ", self.fetch("gopher", "/0/absent"))

    def test_nothing_is_smuggled_in(self):
        for path in ("/1/sel%0d%0aINJECT", "/1/a%0a", "/1/a%0d", "/1/a%00"):
            self.fetch("gopher", path, status=3)

    def test_the_certificate_counts(self):
        self.curl("-4", self.origins["gophers"] + "/1", status=60)
        self.curl("--cacert", self.ca, "--resolve", self.origins["gophers"].replace("gophers://localhost", "other.test") +
                  ":127.0.0.1", self.origins["gophers"].replace("localhost", "other.test") + "/1", status=60)


if __name__ == "__main__":
    unittest.main()
