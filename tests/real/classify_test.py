#!/usr/bin/python3
"""The classes of addresses, against Python's ipaddress module and tables written down a second time.

Two oracles: the tables below give the class; and is_global of ipaddress, as far as its version knows
the registries, must agree on what is public. 200,000 addresses, random ones and the ends of ranges.
"""
import ipaddress
import os
import pathlib
import random
import subprocess
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("SLUICE_SOURCE", HERE.parents[1]))
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", SOURCE / "build"))
PROGRAM = BUILD / "tests" / "unit" / "gate_classify_oracle_test"
COUNT = 200_000

TABLE = """
    0.0.0.0/8 reserved            10.0.0.0/8 private          100.64.0.0/10 cgnat
    127.0.0.0/8 loopback          169.254.0.0/16 linklocal    172.16.0.0/12 private
    192.0.0.0/24 reserved         192.0.2.0/24 documentation  192.88.99.0/24 reserved
    192.168.0.0/16 private        198.18.0.0/15 benchmark     198.51.100.0/24 documentation
    203.0.113.0/24 documentation  224.0.0.0/4 multicast       240.0.0.0/4 reserved
    0.0.0.0/0 public
    ::/128 reserved               ::1/128 loopback            ::/96 embedded
    ::ffff:0:0/96 embedded        ::ffff:0:0:0/96 embedded    64:ff9b::/96 embedded
    64:ff9b:1::/48 embedded       2001::/32 embedded          2001:2::/48 benchmark
    2001::/23 reserved            2001:db8::/32 documentation 2002::/16 embedded
    2620:4f:8000::/48 reserved    3ffe::/16 reserved          3fff::/20 documentation
    2000::/3 public               fc00::/7 private            fe80::/10 linklocal
    fec0::/10 private             ff00::/8 multicast          ::/0 reserved
"""
METADATA = """
    169.254.169.254 169.254.170.2 169.254.170.23 169.254.169.253 169.254.42.42 169.254.0.23
    100.100.100.200 192.0.0.192 168.63.129.16
    fd00:ec2::254 fd00:ec2::23 fd00:ec2::253 fd20:ce::254 fd00:42::42
"""
# Where ipaddress, by its version or on purpose, says otherwise than we do.
OPINIONS = [ipaddress.ip_network(n) for n in """
    192.88.99.0/24 192.0.0.0/24 224.0.0.0/4 ::/96 ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48
    2001::/23 2002::/16 2620:4f:8000::/48 3ffe::/16 3fff::/20 fec0::/10 ff00::/8""".split()]

words = TABLE.split()
NETWORKS = sorted(((ipaddress.ip_network(n), c) for n, c in zip(words[::2], words[1::2])),
                  key=lambda row: -row[0].prefixlen)
SPECIAL = {ipaddress.ip_address(a) for a in METADATA.split()}
BY_VERSION = {v: [(int(n.network_address), int(n.netmask), c) for n, c in NETWORKS if n.version == v]
              for v in (4, 6)}


def range_class(address):
    value = int(address)
    return next(c for first, mask, c in BY_VERSION[address.version] if value & mask == first)


def carried(address):
    """The IPv4 addresses inside, sorted; by ipaddress where it knows the form, else by the bytes."""
    b = address.packed
    found = []
    if address.ipv4_mapped:
        found.append(int(address.ipv4_mapped))
    if address.sixtofour:
        found.append(int(address.sixtofour))
    if address.teredo:
        found += [int(a) for a in address.teredo]
    if b[:12] == bytes(12) and int(address) > 1 or b[:12] == bytes.fromhex("0000000000000000ffff0000") \
            or b[:12] == bytes.fromhex("0064ff9b0000000000000000"):
        found.append(int.from_bytes(b[12:], "big"))
    if b[:6] == bytes.fromhex("0064ff9b0001"):
        places = [b[6:8] + b[9:11], b[7:8] + b[9:12], b[9:13], b[12:16]]
        found += [int.from_bytes(p, "big") for p in places if any(p)] or [0]
    if b[8:12] in (bytes.fromhex("00005efe"), bytes.fromhex("02005efe")):
        found.append(int.from_bytes(b[12:], "big"))
    return sorted(found)


def addresses():
    """Boundaries of everything first, then random ones: anywhere, and inside the special ranges."""
    pick = random.Random(20261122)
    out = []
    for network in [n for n, _ in NETWORKS] + [ipaddress.ip_network(a) for a in SPECIAL]:
        top = 2 ** network.max_prefixlen
        make = type(network.network_address)
        first, last = int(network[0]), int(network[-1])
        out += [make((end + near) % top) for end in (first, last) for near in range(-3, 4)]
        out += [make(pick.randint(first, last)) for _ in range(1500)]
    while len(out) < COUNT:
        kind = pick.randrange(6)
        ipv4 = pick.choice([pick.getrandbits(32), int(pick.choice(tuple(SPECIAL)).packed[-4:].hex(), 16)])
        if kind <= 1:
            out.append(ipaddress.IPv4Address(pick.getrandbits(32)))
        elif kind == 2:
            out.append(ipaddress.IPv6Address(pick.getrandbits(128)))
        elif kind == 3:
            out.append(ipaddress.IPv6Address(1 << 125 | pick.getrandbits(125)))
        elif kind == 4:
            iid = pick.choice([0x5efe, 0x2005efe, 0x1005efe]) << 32 | ipv4
            out.append(ipaddress.IPv6Address(pick.getrandbits(64) << 64 | iid))
        else:
            out.append(ipaddress.IPv6Address(pick.choice([0, 0xffff << 32, 0xffff << 48, 1 << 32]) | ipv4))
    return out


class Classes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not PROGRAM.exists():
            raise unittest.SkipTest("%s is not built" % PROGRAM)
        cls.addresses = addresses()
        done = subprocess.run([PROGRAM, "-"], input="\n".join(map(str, cls.addresses)) + "\n", text=True,
                              capture_output=True, check=True, timeout=60)
        cls.answers = [line.split() for line in done.stdout.splitlines()]

    def test_there_are_enough(self):
        self.assertGreaterEqual(len(self.addresses), COUNT)
        self.assertEqual(len(self.addresses), len(self.answers))

    def test_classes(self):
        wrong = []
        for address, answer in zip(self.addresses, self.answers):
            within = range_class(address)
            want = ["metadata" if address in SPECIAL else within, within]
            if answer[:2] != want:
                wrong.append("%s: %s, not %s" % (address, answer[:2], want))
        self.assertEqual(wrong[:10], [])

    def test_carried_ipv4(self):
        wrong = []
        for address, answer in zip(self.addresses, self.answers):
            got = sorted(int(word, 16) for word in answer[2:])
            want = carried(address) if address.version == 6 else []
            if got != want:
                wrong.append("%s: %s, not %s" % (address, got, want))
        self.assertEqual(wrong[:10], [])

    def test_public_is_what_ipaddress_calls_global(self):
        wrong = []
        compared = 0
        for address, answer in zip(self.addresses, self.answers):
            if any(address.version == n.version and address in n for n in OPINIONS):
                continue
            if address.version == 6 and not address.is_reserved and int(address) >> 125 != 1 \
                    and answer[1] == "reserved":
                continue  # unassigned space: ipaddress says global to what no registry lists
            compared += 1
            if (answer[1] == "public") != (address.is_global and not address.is_reserved):
                wrong.append("%s is %s" % (address, answer[1]))
        self.assertGreater(compared, COUNT // 3)
        self.assertEqual(wrong[:10], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
