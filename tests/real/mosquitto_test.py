#!/usr/bin/python3
"""MQTT: Debian's curl program on our library, against mosquitto and its own clients; in the clear, with passwords, and
with TLS."""
import re
import struct
import subprocess
import time
import unittest

import common

CONFIG = """
per_listener_settings true
log_type all
message_size_limit 0

listener {open} 127.0.0.1
allow_anonymous true

listener {closed} 127.0.0.1
allow_anonymous false
password_file {place}/passwords

listener {tls} 127.0.0.1
allow_anonymous true
certfile {place}/good.pem
keyfile {place}/good.key
"""


def message(topic, payload):
    """As a subscriber gets it."""
    return struct.pack("!H", len(topic)) + topic + payload


class Broker(common.CurlTest):
    """No test of its own."""

    @classmethod
    def setUpPlace(cls):
        server = common.program("mosquitto")
        cls.publisher, cls.subscriber = common.program("mosquitto_pub"), common.program("mosquitto_sub")
        cls.open, cls.closed, cls.tls = common.free_ports(3)
        common.Authority(cls.place).issue("good", "DNS:localhost,IP:127.0.0.1")
        for name in ("good.pem", "good.key"):
            (cls.place / name).chmod(0o644)  # it becomes another user
        cls.place.write("passwords", "")
        common.must(common.program("mosquitto_passwd"), "-b", cls.place / "passwords", "jim", "pass word")
        (cls.place / "passwords").chmod(0o644)
        config = cls.place.write("mosquitto.conf", CONFIG.format(open=cls.open, closed=cls.closed, tls=cls.tls,
                                                                 place=cls.place.path))
        cls.server = cls.serve([server, "-c", config], [cls.open, cls.closed, cls.tls], "mosquitto")

    def url(self, topic, scheme="mqtt", port=None):
        return "%s://%s:%d/%s" % (scheme, common.LOCAL, port or self.open, topic)


class Mosquitto(Broker):

    def retain(self, topic, payload):
        """Whoever subscribes from now on gets it."""
        common.must(self.publisher, "-p", str(self.open), "-t", topic, "-r", "-s", input=payload, text=False)

    def subscribed(self, *arguments, **more):
        """What came within a second: this server never ends a subscription."""
        out = self.curl("-m", "1", *arguments, status=28, **more)
        self.assertIn("Operation timed out", self.said)
        return out

    def test_a_retained_message(self):
        payload = bytes(range(256)) * 20
        self.retain("a/retained topic", payload)
        self.assertEqual(self.subscribed(self.url("a/retained%20topic")), message(b"a/retained topic", payload))
        self.assertEqual(self.subscribed(self.url("a/retained%20topic?query")), message(b"a/retained topic", payload))

    def test_a_large_one(self):
        payload = b"0123456789abcdef" * 200000
        self.retain("large", payload)
        self.assertEqual(self.subscribed(self.url("large")), message(b"large", payload))

    def test_wildcards_subscribe_to_many(self):
        for name in ("one", "two"):
            self.retain("many/" + name, name.encode())
        out = self.subscribed(self.url("many/%23"))
        self.assertEqual(sorted((out[:13], out[13:])), [message(b"many/one", b"one"), message(b"many/two", b"two")])

    def test_publishing(self):
        payload = self.place.write("payload", bytes(range(256)) * 4000)
        listener = subprocess.Popen([self.subscriber, "-p", str(self.open), "-t", "to/#", "-C", "3", "-N", "-W", "20"],
                                    stdout=subprocess.PIPE, env=common.plain_environment())
        self.addCleanup(listener.wait)
        self.addCleanup(listener.kill)
        end = time.monotonic() + 10
        while not re.search(r"SUBSCRIBE.*\n.*to/#", self.server.log.read_text()) and time.monotonic() < end:
            time.sleep(0.02)
        self.curl("-d", "one", self.url("to/us"), "--next", "-q", "-d", "", self.url("to/us%20all"), "--next",
                  "--data-binary", "@%s" % payload, self.url("to/us"))
        self.assertEqual(listener.communicate(timeout=20)[0], b"one" + payload.read_bytes())
        self.assertEqual(self.written("%{size_upload} %{num_connects}", "-d", "four", self.url("x"), self.url("x"), count=2),
                         ["4 1", "4 1"])

    def test_passwords(self):
        url = self.url("x", port=self.closed)
        self.curl("-u", "jim:pass word", "-d", "x", url)
        self.curl("-d", "x", url.replace("127", "jim:pass%20word@127", 1))
        for login in (("-u", "jim:other"), ("-u", "jim:"), ()):
            self.curl(*login, "-d", "x", url, status=8)
            self.assertIn("not authorized", self.said)

    def test_tls(self):
        ca = ("--cacert", self.place / "ca.pem")
        payload = b"secret" * 50000
        self.retain("tls", payload)
        self.assertEqual(self.subscribed(*ca, self.url("tls", "mqtts", self.tls)), message(b"tls", payload))
        self.curl(*ca, "-d", "new", self.url("published", "mqtts", self.tls))
        self.curl(*ca, "-d", "@/etc/services", self.url("published", "mqtts", self.tls))
        self.curl("-d", "new", self.url("x", "mqtts", self.tls), status=60)
        self.assertRegex(self.server.log.read_text(), r"'published', ... \(3 bytes\)")

    def test_a_size_limit(self):
        self.retain("limited", b"0123456789")
        self.curl("--max-filesize", "18", self.url("limited"), status=63)
        self.assertEqual(self.subscribed("--max-filesize", "19", self.url("limited")), message(b"limited", b"0123456789"))

    def test_keep_alive(self):
        """As the server sees it; it would end a connection that says nothing within 90 s."""
        done = common.run(self.compile("many_client.c"), "upkeepinterval=100", "timeout=1000", self.url("quiet"))
        self.assertRegex(done.stdout, "^28 0 0 0 1 0 Operation timed out")
        self.assertGreaterEqual(len(re.findall("Received PINGREQ from curl", self.server.log.read_text())), 5)


class Stopped(Broker):
    """A server that goes away ends the subscription."""

    def test_the_server_is_stopped(self):
        with subprocess.Popen([self.curl_program, "-sSq", self.url("x")], env=common.environment(), stderr=subprocess.PIPE) as curl:
            end = time.monotonic() + 10
            while "Sending SUBACK to curl" not in self.server.log.read_text() and time.monotonic() < end:
                time.sleep(0.02)
            self.server.stop()
            said = curl.communicate(timeout=10)[1]
            self.assertEqual((curl.returncode, said), (56, b"curl: (56) MQTT: the server has closed the connection\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
