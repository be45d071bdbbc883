#!/usr/bin/python3
"""Debian's curl on our library under the preset public-internet: every form of every address that is not the public
internet is refused, before a socket exists; and nothing reaches a listener that waits at every address of this machine.
Public addresses are asked about with `sluice check` alone: nothing leaves this machine."""
import ipaddress
import json
import os
import pathlib
import subprocess
import unittest

import common
import policy_servers

BIN = pathlib.Path(os.environ.get("SLUICE_BIN", common.SOURCE / "build" / "bin"))

IPV4 = """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24
    192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    255.255.255.255/32""".split()
# What is not 2000::/3, and what inside it is not global.
IPV6 = """::/128 ::1/128 ::/3 64:ff9b::/96 64:ff9b:1::/48 100::/64 4000::/3 6000::/3 8000::/3 a000::/3 c000::/3 e000::/4
    f000::/5 f800::/6 fc00::/7 fd00::/8 fe00::/9 fe80::/10 fec0::/10 ff00::/8
    2001::/23 2001:1::/32 2001:2::/48 2001:10::/28 2001:20::/28 2001:db8::/32 2002::/16 3fff::/20 3ffe::/16
    2620:4f:8000::/48""".split()
METADATA = """169.254.169.254 169.254.170.2 169.254.170.23 169.254.169.253 169.254.42.42 169.254.0.23 100.100.100.200
    192.0.0.192 168.63.129.16 fd00:ec2::254 fd00:ec2::23 fd00:ec2::253 fd20:ce::254 fd00:42::42""".split()
PUBLIC = """1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
    169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.0.78.9 192.0.78.24 192.31.196.1 192.52.193.1 192.175.48.1
    192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0
    223.255.255.255 2000:: 2001:200:: 2001:4860:4860::8888 2001:db7:ffff::1 2001:db9:: 2003:: 2606:4700::1111
    2620:4f:7fff::1 2620:4f:8001:: 2a00:1450::1 3ffd:ffff::1 3fff:1000:: ::ffff:8.8.8.8 64:ff9b::808:808""".split()


def first_last_middle(network):
    n = ipaddress.ip_network(network)
    ends = {n[0], n[-1]}
    # In the middle of NAT64 prefixes stands 128.0.0.0, which is public.
    return ends if network.startswith("64:ff9b:") else ends | {n[n.num_addresses // 2]}


V4 = sorted(set().union(*map(first_last_middle, IPV4), *({ipaddress.ip_address(m)} for m in METADATA if "." in m)))
V6 = sorted(set().union(*map(first_last_middle, IPV6), *({ipaddress.ip_address(m)} for m in METADATA if ":" in m)))


def ipv4_forms(a):
    """Host parts of URLs that mean this address."""
    n, b = int(a), a.packed
    dotted = str(a)
    yield dotted
    yield dotted + "."
    yield "%d" % n
    yield "0x%x" % n
    yield "0%o" % n
    yield "%d.%d" % (b[0], n & 0xffffff)
    yield "%d.%d.%d" % (b[0], b[1], n & 0xffff)
    yield ".".join("0%o" % x for x in b)
    yield ".".join("0x%02X" % x for x in b)
    yield ".".join("0%o" % x if i % 2 else "0x%x" % x for i, x in enumerate(b))
    for dot in "\u3002\uff0e\uff61":
        yield dotted.replace(".", dot)
    yield "".join(chr(0xff10 + int(c)) if c.isdigit() else c for c in dotted)
    yield "".join("%%%02x" % ord(c) for c in dotted)


def embedded_forms(a):
    """IPv6 addresses that carry it."""
    n, inverted = int(a), int(a) ^ 0xffffffff
    public = 0x08080808
    top = 0x20010db8 ^ 0x4  # 2001:dbc::, which is public
    yield 0xffff << 32 | n                                       # mapped
    yield n                                                      # compatible
    yield 0xffff << 48 | n                                       # translated
    yield 0x64ff9b << 96 | n                                     # NAT64
    local = 0x64ff9b0001 << 80
    yield local | (n >> 16) << 64 | (n & 0xffff) << 40           # RFC 6052 /48
    yield local | (n >> 24) << 64 | (n & 0xffffff) << 32         # /56
    yield local | n << 24                                        # /64
    yield local | n                                              # /96
    yield 0x2002 << 112 | n << 80 | 1                            # 6to4
    yield 0x20010000 << 96 | n << 64 | public ^ 0xffffffff       # Teredo, the server
    yield 0x20010000 << 96 | public << 64 | inverted             # Teredo, the client
    yield top << 96 | 0x5efe << 32 | n                           # ISATAP
    yield top << 96 | 0x2005efe << 32 | n


def ipv6_forms(a):
    yield "[%s]" % a
    yield "[%s]" % a.exploded.upper()
    yield "[%s%%25lo]" % a


def urls(port):
    for a in V4:
        for host in ipv4_forms(a):
            yield "http://%s:%d/" % (host, port)
        for scheme in ("https", "ftp", "tftp"):
            yield "%s://%s:%d/x" % (scheme, a, port)
        yield "http://a-%s.test:%d/" % (a.packed.hex(), port)
        for n in embedded_forms(a):
            yield "http://[%s]:%d/" % (ipaddress.IPv6Address(n), port)
    for a in V6:
        for host in ipv6_forms(a):
            yield "http://%s:%d/" % (host, port)
        yield "tftp://[%s]:%d/x" % (a, port)
        yield "http://b-%s.test:%d/" % (a.packed.hex(), port)
    for name in ("localhost", "LOCALHOST", "localhost.", "a.localhost"):
        yield "http://%s:%d/" % (name, port)


class Forms(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.trap = policy_servers.Trap()
        cls.addClassCleanup(cls.trap.stop)
        cls.dns = policy_servers.Dns({})
        cls.addClassCleanup(cls.dns.stop)
        cls.curl = common.program("curl")

    def transfers(self, urls, **variables):
        """(exit code, error text) of each URL, and the events that were logged."""
        config = self.place.write("config", "".join(
            'url = "%s"\noutput = "/dev/null"\n' % u.replace("\\", "\\\\") for u in urls))
        log = self.place / "log"
        log.unlink(missing_ok=True)
        done = common.run(self.curl, "-q", "-s", "-g", "--max-time", "100", "--dns-servers", self.dns.address, "-K", config,
                          "-w", "%{exitcode} %{errormsg}\n", env=common.environment(SLUICE_LOG=log, **variables), seconds=100)
        lines = [line.partition(" ")[::2] for line in done.stdout.splitlines()]
        return lines, [json.loads(line) for line in log.read_text().splitlines()]

    def test_nothing_reaches_what_is_not_public(self):
        self.deny_all()  # else this would try to leave the machine
        asked = list(urls(self.trap.port))
        self.assertGreater(len(asked), 2000)
        results, events = self.transfers(asked, SLUICE_POLICY="preset:public-internet")
        self.assertEqual(len(results), len(asked))
        wrong = [(url, code, text) for url, (code, text) in zip(asked, results)
                 if code != "7" or "The process's policy refused " not in text or "policy line " not in text]
        self.assertEqual(wrong[:10], [])
        self.assertEqual({e["event"] for e in events if e["purpose"] != "dns"}, {"refused"})
        self.assertEqual({e["fd"] for e in events if e["purpose"] != "dns"}, {-1})
        self.assertEqual(self.trap.came, [])

    def test_the_trap_works(self):
        """The same without the guard, at this machine's own addresses."""
        hosts = ["127.0.0.1", "2130706433", "127.1", "127.255.255.254", "[::1]", "[::ffff:7f00:1]", "localhost", "0",
                 "127\u30020\u30020\u30021", "a-7f000001.test", "b-%s.test" % ("0" * 31 + "1")]
        before = len(self.trap.came)
        results, _ = self.transfers(["http://%s:%d/" % (h, self.trap.port) for h in hosts])
        self.assertLessEqual({code for code, _ in results}, {"52", "56"}, results)  # closed, or reset
        common.run(self.curl, "-qsm1", "tftp://127.0.0.1:%d/x" % self.trap.port)
        self.assertEqual(len(self.trap.came) - before, len(hosts) + 1)
        del self.trap.came[:]

    def check(self, hosts):
        done = subprocess.run([BIN / "sluice", "check", "--preset", "public-internet", "-"], text=True,
                              input="\n".join("http://%s/" % h for h in hosts), capture_output=True, timeout=30)
        return [line.split("\t") for line in done.stdout.splitlines()], done

    def test_public_addresses_are_allowed(self):
        hosts = ["[%s]" % a if ":" in a else a for a in PUBLIC]
        hosts += [form for a in PUBLIC if ":" not in a for form in ipv4_forms(ipaddress.ip_address(a))]
        lines, done = self.check(hosts)
        self.assertEqual(len(lines), len(hosts), done.stderr)
        self.assertEqual([line for line in lines if line[1] != "allow"], [])
        self.assertEqual(done.returncode, 0)

    def deny_all(self):
        hosts = [form for a in V4 for form in ipv4_forms(a)]
        hosts += ["[%s]" % ipaddress.IPv6Address(n) for a in V4 for n in embedded_forms(a)]
        hosts += [form for a in V6 for form in ipv6_forms(a)]
        lines, done = self.check(hosts)
        self.assertEqual(len(lines), len(hosts), done.stderr)
        self.assertEqual([line for line in lines if line[1] != "deny"], [])
        self.assertEqual(done.returncode, 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
