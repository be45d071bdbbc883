#!/usr/bin/python3
"""Debian's curl program on our library, against ProFTPD: its TLS demands that data connections resume the session of
the control connection unless it is told otherwise, which it is not here. It wants to be root.

By itself it rests 0.4 seconds after each connection; so we listen, and start it for each."""
import pathlib
import resource
import socket
import subprocess
import threading
import unittest

import common
import ftp_common

CONFIG = """
ModulePath {modules}
LoadModule mod_tls.c
ServerName test
ServerType inetd
DefaultServer on
DefaultAddress 127.0.0.1
UseIPv6 on
Port {plain}
User {user}
Group {group}
ScoreboardFile {place}/scoreboard
DelayEngine off
WtmpLog off
UseReverseDNS off
TimesGMT on
<Global>
  AuthOrder mod_auth_file.c
  AuthUserFile {place}/passwd
  RequireValidShell off
  DefaultRoot {place}/root
  AllowOverwrite on
  AllowStoreRestart on
  AllowRetrieveRestart on
  TransferLog none
</Global>
<VirtualHost 127.0.0.1>
  Port {tls}
  TLSEngine on
  TLSRequired ctrl
  TLSProtocol TLSv1.2 TLSv1.3
  TLSRSACertificateFile {place}/good.pem
  TLSRSACertificateKeyFile {place}/good.key
  TLSVerifyClient off
  TLSLog {place}/tls.log
</VirtualHost>
<VirtualHost 127.0.0.1>
  Port {implicit}
  TLSEngine on
  TLSRequired on
  TLSOptions UseImplicitSSL
  TLSProtocol TLSv1.2 TLSv1.3
  TLSRSACertificateFile {place}/good.pem
  TLSRSACertificateKeyFile {place}/good.key
  TLSVerifyClient off
</VirtualHost>
<VirtualHost ::1>
  Port {six}
</VirtualHost>
"""


class Listener:
    """Starts a program for each connection, which is its standard input and output."""

    def __init__(self, command, host, port, log):
        self.command, self.log, self.started = command, log, []
        self.socket = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            with connection, open(self.log, "ab") as log:
                self.started.append(subprocess.Popen(
                    self.command, stdin=connection, stdout=connection, stderr=log, env=common.plain_environment(),
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))))  # it tries to close all
            self.started = [process for process in self.started if process.poll() is None]

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for process in self.started:
            process.kill()
            process.wait()


class Proftpd(ftp_common.FtpTests, common.RealTest):
    login = ["-u", "user:secret"]
    has_mlsd = has_clear_data = has_ccc = demands_session = True

    @classmethod
    def setUpPlace(cls):
        proftpd = common.program("proftpd")
        cls.set_up_folder()
        place = cls.place
        modules = next((folder for folder in (pathlib.Path("/usr/lib/proftpd"), common.BESIDE / "usr/lib/proftpd")
                        if (folder / "mod_tls.so").exists()), None)
        if not modules:
            raise unittest.SkipTest("there is no mod_tls for ProFTPD here; tools/setup test installs it")
        cls.own_folder()
        secret = common.must("openssl", "passwd", "-6", "secret").strip()
        place.write("passwd", "user:%s:%d:%d::%s/root:/bin/false\n" %
                    (secret, cls.user.pw_uid, cls.user.pw_gid, place.path)).chmod(0o600)
        cls.plain, cls.tls, cls.implicit, cls.six = common.free_ports(4)
        config = place.write("proftpd.conf", CONFIG.format(
            place=place.path, modules=modules, user=cls.user.pw_name, group=cls.group, plain=cls.plain, tls=cls.tls,
            implicit=cls.implicit, six=cls.six))
        for port in (cls.plain, cls.tls, cls.implicit, cls.six):
            host = "::1" if port == cls.six else common.LOCAL
            listener = Listener([proftpd, "-q", "-c", str(config)], host, port, place / "proftpd.log")
            cls.addClassCleanup(listener.stop)


if __name__ == "__main__":
    unittest.main(verbosity=2)
