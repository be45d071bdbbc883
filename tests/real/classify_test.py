#!/usr/bin/python3
"""The classes of addresses, against Python's ipaddress module and tables written down a second time.

Two oracles: the tables below give the class of 1,000,000 addresses, the ends of ranges and random ones; for a part of
them ipaddress is asked as well, which knows some of the forms that carry an IPv4 address, and must agree on what is
public as far as its version knows the registries.
"""
import bisect
import ipaddress
import os
import pathlib
import random
import socket
import subprocess
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("SLUICE_SOURCE", HERE.parents[1]))
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", SOURCE / "build"))
PROGRAM = BUILD / "tests" / "unit" / "gate_classify_oracle_test"
COUNT = 1_000_000
ASKED = 100_000  # of ipaddress, which takes its time

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
                  key=lambda row: row[0].prefixlen)
SPECIAL = [ipaddress.ip_address(a) for a in METADATA.split()]
SPECIAL_BYTES = {a.packed for a in SPECIAL}


def flat(version):
    """Where a class begins, ascending, and which: the narrower networks over the wider ones."""
    ends = {0}
    for network, _ in NETWORKS:
        if network.version == version:
            ends |= {int(network[0]), int(network[-1]) + 1}
    starts = sorted(ends)
    classes = [None] * len(starts)
    for network, name in NETWORKS:
        if network.version == version:
            for i in range(bisect.bisect_left(starts, int(network[0])), bisect.bisect_right(starts, int(network[-1]))):
                classes[i] = name
    return starts, classes


FLAT = {4: flat(4), 16: flat(6)}


def range_class(packed):
    starts, classes = FLAT[len(packed)]
    return classes[bisect.bisect_right(starts, int.from_bytes(packed, "big")) - 1]


PREFIX12 = {bytes(12), bytes.fromhex("00000000000000000000ffff"), bytes.fromhex("0000000000000000ffff0000"),
            bytes.fromhex("0064ff9b0000000000000000")}
NAT64_LOCAL = bytes.fromhex("0064ff9b0001")
ISATAP = {bytes.fromhex("00005efe"), bytes.fromhex("02005efe")}
TEREDO = bytes.fromhex("20010000")
NOT_CARRIED = {bytes(16), bytes(15) + b"\1"}


def carried(b):
    """The IPv4 addresses inside, sorted, as hexadecimal digits."""
    found = []
    if b[:12] in PREFIX12 and b not in NOT_CARRIED:
        found.append(b[12:])
    if b[:2] == b"\x20\x02":
        found.append(b[2:6])
    if b[:4] == TEREDO:
        found += [b[4:8], bytes(255 - x for x in b[12:])]
    if b[:6] == NAT64_LOCAL:
        places = [b[6:8] + b[9:11], b[7:8] + b[9:12], b[9:13], b[12:16]]
        found += [p for p in places if any(p)] or [bytes(4)]
    if b[8:12] in ISATAP:
        found.append(b[12:])
    return sorted(f.hex() for f in found)


def addresses():
    """As bytes. Boundaries of everything first, then random ones: anywhere, and inside the special ranges."""
    pick = random.Random(20261122)
    out = []
    for network in [n for n, _ in NETWORKS] + [ipaddress.ip_network(a) for a in SPECIAL]:
        size, top = network.max_prefixlen // 8, 2 ** network.max_prefixlen
        first, last = int(network[0]), int(network[-1])
        out += [((end + near) % top).to_bytes(size, "big") for end in (first, last) for near in range(-3, 4)]
        out += [pick.randint(first, last).to_bytes(size, "big") for _ in range(3000)]
    special = [a.packed[-4:] for a in SPECIAL]
    isatap = sorted(ISATAP) + [bytes.fromhex("01005efe")]
    fixed = sorted(PREFIX12) + [bytes(7) + b"\1" + bytes(4)]
    pick.shuffle(out)
    while len(out) < COUNT:
        b = pick.randbytes(20)
        ipv4 = b[16:] if b[0] & 1 else special[b[16] % len(special)]
        kind = b[1] % 7
        if kind <= 2:
            out.append(b[16:])
        elif kind == 3:
            out.append(b[:16])
        elif kind == 4:
            out.append(bytes([0x20 | b[0] & 0x1f]) + b[1:16])
        elif kind == 5:
            out.append(b[2:10] + isatap[b[10] % 3] + ipv4)
        else:
            out.append(fixed[b[10] % len(fixed)] + ipv4)
    return out


def text(packed):
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


class Classes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not PROGRAM.exists():
            raise unittest.SkipTest("%s is not built" % PROGRAM)
        cls.addresses = addresses()
        done = subprocess.run([PROGRAM, "-"], input="\n".join(map(text, cls.addresses)) + "\n", text=True,
                              capture_output=True, check=True, timeout=60)
        cls.answers = done.stdout.splitlines()

    def test_there_are_enough(self):
        self.assertGreaterEqual(len(self.addresses), COUNT)
        self.assertEqual(len(self.addresses), len(self.answers))

    def test_classes_and_carried_ipv4(self):
        wrong = []
        for packed, answer in zip(self.addresses, self.answers):
            within = range_class(packed)
            want = ["metadata" if packed in SPECIAL_BYTES else within, within]
            got = answer.split()
            if got[:2] != want or sorted(got[2:]) != (carried(packed) if len(packed) == 16 else []):
                wrong.append("%s: %s" % (text(packed), answer))
        self.assertEqual(wrong[:10], [])

    def test_the_forms_that_ipaddress_knows(self):
        seen = 0
        for packed in self.addresses[:ASKED]:
            address = ipaddress.ip_address(packed)
            if address.version == 4:
                continue
            for inside in [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]:
                if inside is not None:
                    seen += 1
                    self.assertIn(inside.packed.hex(), carried(packed), address)
        self.assertGreater(seen, 5000)

    def test_public_is_what_ipaddress_calls_global(self):
        wrong = []
        compared = 0
        for packed, answer in zip(self.addresses[:ASKED], self.answers):
            address = ipaddress.ip_address(packed)
            within = answer.split()[1]
            if any(address.version == n.version and address in n for n in OPINIONS):
                continue
            if address.version == 6 and not address.is_reserved and int(address) >> 125 != 1 \
                    and within == "reserved":
                continue  # unassigned space: ipaddress says global to what no registry lists
            compared += 1
            if (within == "public") != (address.is_global and not address.is_reserved):
                wrong.append("%s is %s" % (address, answer))
        self.assertGreater(compared, ASKED // 3)
        self.assertEqual(wrong[:10], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
