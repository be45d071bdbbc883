#!/usr/bin/python3
"""Debian's curl program on our library, against vsftpd: FTP in the clear, and with TLS sessions that data connections
have to resume. vsftpd wants to be root; without that the tests are skipped."""
import unittest

import common
import ftp_common
import h2_peer
from ftp_common import SMALL

CONFIG = """
listen={listen}
listen_ipv6={listen_ipv6}
{address}
listen_port={port}
background=NO
anonymous_enable=YES
anon_root={place}/root
anon_upload_enable=YES
anon_mkdir_write_enable=YES
anon_other_write_enable=YES
anon_umask=022
write_enable=YES
local_enable=NO
no_anon_password=YES
secure_chroot_dir={place}/empty
connect_from_port_20=NO
port_promiscuous=YES
seccomp_sandbox=NO
ascii_download_enable=YES
ascii_upload_enable=YES
ftp_username={user}
{more}
"""

TLS = """
ssl_enable=YES
allow_anon_ssl=YES
force_anon_logins_ssl=YES
force_anon_data_ssl=YES
require_ssl_reuse=YES
ssl_tlsv1=YES
ssl_ciphers=HIGH
rsa_cert_file={place}/good.pem
rsa_private_key_file={place}/good.key
"""


def configuration(place, port, user, more="", six=False):
    """The file of a server at 127.0.0.1 or ::1 whose anonymous users are `user`."""
    address = "listen_address6=::1" if six else "listen_address=127.0.0.1\npasv_address=127.0.0.1"
    text = CONFIG.format(port=port, place=place.path, user=user, more=more, address=address,
                         listen="NO" if six else "YES", listen_ipv6="YES" if six else "NO")
    (place / "empty").mkdir(exist_ok=True)
    return place.write("vsftpd-%d.conf" % port, "\n".join(line for line in text.splitlines() if line) + "\n")


class Vsftpd(ftp_common.FtpTests, common.RealTest):
    demands_session = True

    @classmethod
    def setUpPlace(cls):
        vsftpd = common.program("vsftpd")
        cls.set_up_folder()
        cls.plain, cls.tls, cls.implicit, cls.six = common.free_ports(4)
        tls = TLS.format(place=cls.place.path)
        for name, port, more in (("plain", cls.plain, ""), ("tls", cls.tls, tls), ("six", cls.six, ""),
                                 ("implicit", cls.implicit, tls + "implicit_ssl=YES")):
            six = name == "six"
            config = configuration(cls.place, port, cls.user.pw_name, more, six)
            cls.serve([vsftpd, config], [port], name, host="::1" if six else common.LOCAL)

    def test_through_an_http2_proxy(self):
        """Control and data connections are tunnels on one connection of the proxy."""
        proxy = h2_peer.Peer(lambda conn, stream, head: conn.tunnel(stream, head[":authority"]), self.place / "good.pem",
                             self.place / "good.key", alpn=("h2", "http/1.1"))
        self.addCleanup(proxy.stop)
        client = self.compile("many_client.c")
        done = common.run(client, "proxyca=%s" % (self.place / "ca.pem"), "proxytype=3", "timeout=15000", "tunnel=1",
                          "proxy=https://127.0.0.1:%d" % proxy.port, self.url("small"), "--", self.url("big"), "--",
                          "sized=3000000", self.url("up/tunnelled"))
        self.assertEqual(done.stdout, "0 226 0 200 2 %d\n0 226 0 200 1 %d\n0 226 0 200 1 0\n" % (len(SMALL), len(self.big)))
        self.assertEqual((self.place / "root/up/tunnelled").read_bytes(), b"u" * 3000000)
        self.assertEqual(proxy.accepted, 1)

    def test_each_user_has_a_connection(self):
        out = self.curl("-u", "ftp:a", self.url("small"), self.url("small"), "-w", "%{num_connects}\n",
                        "--next", "-u", "ftp:b", self.url("small"), "-w", "%{num_connects}\n")
        self.assertEqual(out, SMALL + b"2\n" + SMALL + b"1\n" + SMALL + b"2\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
