#!/usr/bin/python3
"""Debian's curl program on our library, against Pure-FTPd. It wants to be root."""
import unittest

import common
import ftp_common

# pure-authd asks this who is who.
AUTH = """#!/bin/sh
test "$AUTHD_ACCOUNT $AUTHD_PASSWORD" = "user secret" && echo auth_ok:1 || echo auth_ok:-1
echo uid:{uid}
echo gid:{gid}
echo dir:{place}/root/./
echo end
"""


class Pureftpd(ftp_common.FtpTests, common.RealTest):
    login = ["-u", "user:secret"]
    has_mlsd = has_clear_data = True

    @classmethod
    def setUpPlace(cls):
        pureftpd, authd = common.program("pure-ftpd"), common.program("pure-authd")
        cls.set_up_folder()
        cls.own_folder()
        place = cls.place
        socket, script = place / "auth.socket", place.write("auth", AUTH.format(
            uid=cls.user.pw_uid, gid=cls.user.pw_gid, place=place.path))
        script.chmod(0o755)
        cls.serve([authd, "-s", socket, "-r", script], [], "authd")
        both = place.write("both.pem", (place / "good.key").read_text() + (place / "good.pem").read_text())
        both.chmod(0o600)
        cls.plain, cls.tls, cls.six = common.free_ports(3)
        for name, port, host, more in (("plain", cls.plain, common.LOCAL, []), ("six", cls.six, "::1", []),
                                       ("tls", cls.tls, common.LOCAL, ["-Y", "2", "-2", both])):
            cls.serve([pureftpd, "-S", "%s,%d" % (host, port), "-l", "extauth:%s" % socket, "-H", "-u", "1", "-E",
                       "-g", place / (name + ".pid"), *more], [port], name, host=host)


if __name__ == "__main__":
    unittest.main(verbosity=2)
