#!/usr/bin/python3
"""Dante as the SOCKS proxy of Debian's curl program and of pycurl on our library. nss_wrapper gives it a user and a name of
its own, so that nothing of the system is touched and it is seen who resolves a name. It does not know SOCKS 4a, for which
there is a small server out of Perl's IO::Socket::Socks."""
import os
import unittest

import common

SMALL = b"0123456789abcdef" * 100
NAME = "only.the.proxy.test"

ORIGINS = """
  server {{ listen 127.0.0.1:{origin}; listen [::1]:{origin}; location = /host {{ return 200 "$host $remote_addr\\n"; }} }}
  server {{ listen 127.0.0.1:{secure} ssl http2; ssl_certificate {place}/good.pem; ssl_certificate_key {place}/good.key; }}
  server {{ listen 127.0.0.1:{refused}; }}
"""

# One proxy for everybody, one that wants a login; a port that is refused.
DANTE = """
logoutput: {place}/{name}-say.log
internal: 127.0.0.1 port = {port}
external: lo
clientmethod: none
socksmethod: {method}
user.unprivileged: nobody
timeout.negotiate: 5
client pass {{
  from: 0/0 to: 0/0
}}
socks block {{
  from: 0/0 to: 0/0 port = {refused}
}}
socks pass {{
  from: 0/0 to: 0/0
  command: connect
  socksmethod: {method}
}}
"""
PORTS = "origin secure refused open login perl".split()
KINDS = ("socks4", "socks5", "socks5h")

PERL = r"""
use strict;
use IO::Select;
use IO::Socket::Socks qw(:constants);
my ($port, $name) = @ARGV;
my $listener = IO::Socket::Socks->new(SocksVersion => [4, 5], SocksResolve => 1, ProxyAddr => "127.0.0.1",
                                      ProxyPort => $port, Listen => 20) or die $!;
$SIG{CHLD} = "IGNORE";
while (1) {
  my $client = $listener->accept() or next;
  next if fork;
  my ($command, $host, $to) = @{$client->command()};
  my $four = $client->version == 4;
  my $server = IO::Socket::INET->new(PeerAddr => $host eq $name ? "127.0.0.1" : $host, PeerPort => $to);
  $client->command_reply($server ? $four ? REQUEST_GRANTED : REPLY_SUCCESS : $four ? REQUEST_FAILED : REPLY_HOST_UNREACHABLE,
                         "127.0.0.1", $to);
  exit 0 if !$server;
  my $both = IO::Select->new($client, $server);
  while (my @ready = $both->can_read) {
    for my $from (@ready) {
      my $n = sysread($from, my $data, 65536) or exit 0;
      my ($other, $at) = ($from == $client ? $server : $client, 0);
      $at += syswrite($other, $data, $n - $at, $at) // exit 0 while $at < $n;
    }
  }
}
"""

PYCURL = """
import io, os, socket, sys, pycurl
url, proxy = sys.argv[1:]
got, opened = io.BytesIO(), []
def on_open(purpose, address):
    opened.append((purpose, address.addr[0], address.addr[1]))
    return socket.socket(*tuple(address)[:3])
c = pycurl.Curl()
for name, value in dict(URL=url, PROXY=proxy, WRITEFUNCTION=got.write, OPENSOCKETFUNCTION=on_open).items():
    c.setopt(getattr(pycurl, name), value)
c.perform()
c.perform()
print(len(got.getvalue()), opened, c.getinfo(pycurl.NUM_CONNECTS))
"""


class Dante(common.CurlTest):
    @classmethod
    def setUpPlace(cls):
        danted, place = common.program("danted"), cls.place
        wrapper = next((p for p in ("/usr/lib/x86_64-linux-gnu/libnss_wrapper.so", "/usr/lib/aarch64-linux-gnu/libnss_wrapper.so",
                                    "/usr/lib/libnss_wrapper.so") if os.path.exists(p)), None)
        if not wrapper:
            raise unittest.SkipTest("there is no libnss_wrapper here; tools/setup test installs it")
        place.write("www/small", SMALL)
        common.Authority(place).issue("good", "DNS:localhost,DNS:%s,IP:127.0.0.1" % NAME)
        secret = common.must("openssl", "passwd", "-6", "secret").strip()
        place.write("passwd", "root:x:0:0::/:/bin/sh\nnobody:x:65534:65534::/:/bin/false\njim:x:1000:1000::/:/bin/sh\n")
        place.write("shadow", "jim:%s:19000:0:99999:7:::\n" % secret)
        place.write("group", "root:x:0:\nnogroup:x:65534:\njim:x:1000:\n")
        place.write("hosts", "127.0.0.1 localhost %s\n::1 six.%s\n" % (NAME, NAME))
        place.path.chmod(0o777)
        env = common.plain_environment(LD_PRELOAD=wrapper, **{"NSS_WRAPPER_" + k.upper(): place / k
                                                              for k in ("passwd", "shadow", "group", "hosts")})
        cls.port = dict(zip(PORTS, common.free_ports(len(PORTS))))
        cls.perl = common.program("perl")
        cls.serve_nginx(ORIGINS.format(place=place.path, **cls.port), [cls.port[p] for p in PORTS[:3]])
        for name, method in (("open", "none"), ("login", "username")):
            config = place.write(name + ".conf", DANTE.format(place=place.path, name=name, method=method, port=cls.port[name],
                                                              refused=cls.port["refused"]))
            cls.serve([danted, "-f", config, "-N", "1", "-p", place / (name + ".pid")], [cls.port[name]], name, env=env)

    def url(self, path, host="127.0.0.1", origin="origin"):
        return "%s://%s:%d%s" % ("https" if origin == "secure" else "http", host, self.port[origin], path)

    def via(self, kind, proxy="open", login=""):
        return ["-x", "%s://%s127.0.0.1:%d" % (kind, login, self.port[proxy])]

    # ---- addresses and names ----

    def test_an_address(self):
        for kind in KINDS:
            self.assertEqual(self.curl(*self.via(kind), self.url("/small")), SMALL, kind)

    def test_who_resolves_a_name(self):
        """The proxy alone knows it; with the others the lookup is ours, and --resolve answers it."""
        ours = ["--resolve", "our.own.test:%d:127.0.0.1" % self.port["origin"]]
        self.assertEqual(self.curl(*self.via("socks5h"), self.url("/host", NAME)), b"%s 127.0.0.1\n" % NAME.encode())
        self.curl(*self.via("socks5h"), *ours, self.url("/host", "our.own.test"), status=97)
        for kind in ("socks4", "socks5"):
            self.curl(*self.via(kind), self.url("/host", NAME), status=97)
            self.assertIn("resolve", self.said)
            self.assertEqual(self.curl(*self.via(kind), *ours, self.url("/host", "our.own.test")), b"our.own.test 127.0.0.1\n")

    def test_socks4a(self):
        port = self.port["perl"]
        if common.run(self.perl, "-e", "use IO::Socket::Socks").returncode:
            self.skipTest("there is no IO::Socket::Socks here; tools/setup test installs it")
        self.serve([self.perl, "-e", PERL, port, NAME], [port], "perl")
        for option in (["-x", "socks4a://127.0.0.1:%d" % port], ["--socks4a", "127.0.0.1:%d" % port]):
            self.assertEqual(self.curl(*option, self.url("/host", NAME)), b"%s 127.0.0.1\n" % NAME.encode())
            self.assertEqual(self.curl(*option, self.url("/small")), SMALL)
            self.assertEqual(self.curl(*option, "--cacert", self.place / "ca.pem", self.url("/small", NAME, "secure")), SMALL)
            self.curl(*option, self.url("/host", "nobody.test"), status=97)
        # Its other versions, too.
        for kind in KINDS:
            self.assertEqual(self.curl("-x", "%s://127.0.0.1:%d" % (kind, port), self.url("/small")), SMALL, kind)

    def test_ipv6(self):
        for kind in ("socks5", "socks5h"):
            self.assertEqual(self.curl(*self.via(kind), self.url("/host", "[::1]")), b"[::1] ::1\n")
        self.curl(*self.via("socks4"), self.url("/host", "[::1]"), status=97)

    def test_older_names_of_the_options(self):
        address = "127.0.0.1:%d" % self.port["open"]
        for option in ("--socks4", "--socks5", "--socks5-hostname", "--preproxy"):
            value = "socks5://" + address if option == "--preproxy" else address
            self.assertEqual(self.curl(option, value, self.url("/small")), SMALL, option)

    # ---- logins ----

    def test_login(self):
        for kind in ("socks5", "socks5h"):
            self.assertEqual(self.curl(*self.via(kind, "login", "jim:secret@"), self.url("/small")), SMALL)
            self.assertEqual(self.curl(*self.via(kind, "login"), "-U", "jim:secret", self.url("/small")), SMALL)
            for login in ("jim:wrong@", "ann:secret@", "", "jim@"):
                self.curl(*self.via(kind, "login", login), self.url("/small"), status=97)
        # A proxy that wants none gets none.
        self.assertEqual(self.curl(*self.via("socks5", "open", "jim:wrong@"), self.url("/small")), SMALL)

    def test_login_that_is_not_allowed(self):
        self.curl(*self.via("socks5", "login", "jim:secret@"), "--socks5-gssapi", self.url("/small"), status=97)
        self.assertEqual(self.curl(*self.via("socks5", "login", "jim:secret@"), "--socks5-basic", self.url("/small")), SMALL)

    # ---- TLS, reuse, much ----

    def test_tls_and_http2(self):
        for kind in KINDS:
            out = self.curl(*self.via(kind), "--cacert", self.place / "ca.pem", "-w", "%{http_version}",
                            self.url("/small", origin="secure"))
            self.assertEqual(out, SMALL + b"2", kind)
        self.assertEqual(self.curl(*self.via("socks5h"), "--cacert", self.place / "ca.pem",
                                   self.url("/small", NAME, "secure")), SMALL)

    def test_reuse(self):
        """By the same kind of proxy and the same login alone."""
        url, address = self.url("/small"), "127.0.0.1:%d" % self.port["open"]
        write = ["-o", os.devnull, "-w", "%{num_connects}"]
        self.assertEqual(self.written("%{num_connects}", *self.via("socks5"), url, url, count=2), ["1", "0"])
        for other in (["-x", "socks5h://" + address], ["-x", "socks4://" + address], ["-x", "socks5://jim:x@" + address], []):
            out = self.curl(*write, *self.via("socks5"), url, "--next", "-sS", *write, *other, url)
            self.assertEqual(out, b"11", other)

    def test_upload(self):
        body = self.place.write("body", os.urandom(900000))
        out = self.curl(*self.via("socks5"), "-w", "%{size_upload} %{http_code}", "-o", os.devnull, "-T", body, self.url("/no"))
        self.assertEqual(out, b"900000 405")

    def test_many_at_once(self):
        out = self.curl(*self.via("socks5h", "login", "jim:secret@"), "-Z", "--no-progress-meter", "--parallel-max", "10", "-o",
                        os.devnull, "-w", "%{http_code}\n", self.url("/small?[1-40]", NAME))
        self.assertEqual(out, b"200\n" * 40)

    def test_pycurl(self):
        """The gate is asked for the proxy alone."""
        for kind in KINDS:
            done = common.run("/usr/bin/python3", "-c", PYCURL, self.url("/small"), self.via(kind)[1])
            if "No module named" in done.stderr:
                self.skipTest("there is no pycurl here")
            self.assertEqual((done.returncode, done.stdout), (0, "%d [(0, '127.0.0.1', %d)] 0\n" % (
                2 * len(SMALL), self.port["open"])), done.stderr)

    # ---- failures ----

    def test_what_the_proxy_refuses(self):
        for kind in KINDS:
            self.curl(*self.via(kind), self.url("/small", origin="refused"), status=97)
            self.assertIn("SOCKS" + kind[5], self.said)

    def test_nobody_there(self):
        port = common.free_ports(1)[0]
        for kind in KINDS:
            self.curl(*self.via(kind), "http://127.0.0.1:%d/" % port, status=97)
            self.curl("-x", "%s://127.0.0.1:%d" % (kind, port), self.url("/small"), status=7)

    def test_failures_are_those_of_debians_library(self):
        for kind in KINDS:
            for url in (self.url("/", origin="refused"), self.url("/small"), "http://127.0.0.1:%d/" % common.free_ports(1)[0]):
                self.same_as_debians(*self.via(kind), url)
        self.same_as_debians(*self.via("socks5", "login", "jim:wrong@"), self.url("/small"))
        self.same_as_debians(*self.via("socks5", "login"), self.url("/small"))

    def test_a_proxy_that_is_none(self):
        for kind in KINDS:
            done = common.run(self.curl_program, "-sS", "-q", "-m", "5", "-x", "%s://127.0.0.1:%d" % (kind, self.port["origin"]),
                              self.url("/small"))
            self.assertEqual(done.returncode, 97, done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
