"""A dovecot of the test's own, for POP3 and IMAP: in the clear with STLS and STARTTLS, with TLS from the start, with
all the ways to log in that it has, and a mailbox for each test that asks for one.

Not a test. Started by root it drops to users of Debian's package, else it is the user's who runs the tests."""
import base64
import grp
import hashlib
import hmac
import json
import os
import pwd
import time

import common

CONFIG = """
base_dir = {place}/run
state_dir = {place}/state
log_path = {place}/dovecot.log
protocols = pop3 imap
listen = 127.0.0.1
{users}
ssl = yes
ssl_cert = <{place}/server.pem
ssl_key = <{place}/server.key
ssl_ca = <{place}/ca.pem
ssl_require_crl = no
ssl_verify_client_cert = yes
auth_ssl_username_from_cert = yes
disable_plaintext_auth = no
auth_mechanisms = plain login cram-md5 digest-md5 apop external oauthbearer xoauth2
auth_verbose = yes
auth_failure_delay = 0
mail_location = maildir:{place}/mail/%u
first_valid_uid = {uid}
first_valid_gid = {gid}
mmap_disable = yes
mail_max_userip_connections = 100
service auth {{
  unix_listener auth-userdb {{
    mode = 0666
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service pop3-login {{
  chroot =
  process_min_avail = 1
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
    ssl = yes
  }}
}}
service imap-login {{
  chroot =
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
passdb {{
  driver = static
  mechanisms = external
  args = nopassword
}}
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {place}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = scheme=plain {place}/passwords/%u
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={place}/mail/%u
}}
"""

OAUTH2 = """
introspection_mode = local
local_validation_key_dict = fs:posix:prefix={place}/keys/
username_attribute = sub
"""

PASSWORD = "pass word%21"
MESSAGE = b"From: me@example.com\nSubject: plain\n\nhello\n"
TOKEN_KEY = b"a key that only this test knows, and no one else"


def web64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def token(user):
    """What an OAuth server would give this user: RFC 7519, signed with HMAC."""
    head = web64(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    body = web64(json.dumps({"sub": user, "iat": int(time.time()) - 1, "exp": int(time.time()) + 600}).encode())
    sign = web64(hmac.new(TOKEN_KEY, head + b"." + body, hashlib.sha256).digest())
    return b".".join((head, body, sign)).decode()


def crlf(message):
    return message.replace(b"\n", b"\r\n")


class DovecotTest(common.CurlTest):
    """Ports: cls.pop3, pop3s, imap, imaps. cls.ca is the authority of its certificate, for "localhost" and 127.0.0.1."""

    @classmethod
    def setUpPlace(cls):
        dovecot, place = common.program("dovecot"), cls.place
        authority = common.Authority(place)
        authority.issue("server", "DNS:localhost,IP:127.0.0.1")
        cls.authority, cls.ca = authority, place / "ca.pem"
        cls.owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        me = cls.owner.pw_name
        users = ""
        if os.geteuid():
            group = grp.getgrgid(os.getegid()).gr_name
            users = "default_internal_user = %s\ndefault_internal_group = %s\ndefault_login_user = %s\n" % (me, group, me)
        cls.pop3, cls.pop3s, cls.imap, cls.imaps = common.free_ports(4)
        config = place.write("dovecot.conf", CONFIG.format(
            place=place.path, users=users, uid=cls.owner.pw_uid, gid=cls.owner.pw_gid, pop3=cls.pop3, pop3s=cls.pop3s,
            imap=cls.imap, imaps=cls.imaps))
        place.write("oauth2.conf", OAUTH2.format(place=place.path))
        place.write("keys/default/HS256/default", base64.b64encode(TOKEN_KEY))
        (place / "mail").mkdir()
        os.chown(place / "mail", cls.owner.pw_uid, cls.owner.pw_gid)
        cls.serve([dovecot, "-F", "-c", config], [cls.pop3, cls.pop3s, cls.imap, cls.imaps], "dovecot-start")

    def mailbox(self, *messages):
        """A new user whose mailbox has these messages (bytes, lines end in LF): his name. The password is PASSWORD."""
        user = "user-%s" % self.id().rsplit(".", 1)[1].replace("_", "-")[:60]
        folder = self.place / "mail" / user
        for name in ("new", "cur", "tmp"):
            (folder / name).mkdir(parents=True)
        for n, message in enumerate(messages, 1):
            (folder / "new" / ("%d.M%dP1.test" % (1700000000 + n, n))).write_bytes(message)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.owner.pw_uid, self.owner.pw_gid)
        self.place.write("passwords/" + user, "%s:{PLAIN}%s\n" % (user, PASSWORD)) # of his own: nobody caches it
        return user

    def log(self):
        return (self.place / "dovecot.log").read_text()


class LoginTests:
    """Who it is, in all ways. A test has scheme, path (of the first message of a mailbox) and mechanisms."""

    def url(self, path="", secure=False, login=""):
        scheme = self.scheme + "s" * secure
        return "%s://%slocalhost:%d/%s" % (scheme, login, getattr(self, scheme), path)

    def fetch(self, user, path, *options, secure=False, **more):
        return self.curl("-u", "%s:%s" % (user, PASSWORD), "--cacert", self.ca, *options, self.url(path, secure), **more)

    def test_mechanisms(self):
        user = self.mailbox(MESSAGE)
        for ir in ((), ("--sasl-ir",)):
            for mechanism in self.mechanisms:
                with self.subTest(mechanism=mechanism, ir=ir):
                    option = "AUTH=" + mechanism
                    self.assertEqual(self.fetch(user, self.path, "--login-options", option, *ir), crlf(MESSAGE))
                    self.curl("-u", user + ":wrong", "--login-options", option, *ir, self.url(self.path), status=67)

    def test_tokens(self):
        user = self.mailbox(MESSAGE)
        for mechanism in ("XOAUTH2", "OAUTHBEARER"):
            for ir in ((), ("--sasl-ir",)):
                with self.subTest(mechanism=mechanism, ir=ir):
                    options = ["-u", user, "--login-options", "AUTH=" + mechanism, "--cacert", self.ca, *ir, self.url(self.path, True)]
                    self.assertEqual(self.curl("--oauth2-bearer", token(user), *options), crlf(MESSAGE))
                    self.curl("--oauth2-bearer", token(user) + "x", *options, status=67)

    def test_a_certificate_logs_in(self):
        user = self.mailbox(MESSAGE)
        pem, key = self.authority.issue(user, "DNS:" + user)
        options = ["--cert", pem, "--key", key, "--cacert", self.ca]
        login = "%s;AUTH=EXTERNAL@" % user
        self.assertEqual(self.curl(*options, self.url(self.path, True, login)), crlf(MESSAGE))
        self.assertEqual(self.curl(*options, "--ssl-reqd", "--sasl-ir", self.url(self.path, False, login)), crlf(MESSAGE))
        self.curl("--cacert", self.ca, self.url(self.path, True, login), status=67)

    def test_tls_in_the_middle(self):
        user = self.mailbox(MESSAGE)
        self.assertEqual(self.fetch(user, self.path, "--ssl-reqd"), crlf(MESSAGE))
        self.assertEqual(self.fetch(user, self.path, "--ssl"), crlf(MESSAGE))
        self.assertEqual(self.fetch(user, self.path, "--ssl-reqd", secure=True), crlf(MESSAGE))
        self.assertEqual(self.curl("-u", "%s:%s" % (user, PASSWORD), "--ssl-reqd", "-k", "-w", "%{ssl_verify_result}", "-o",
                                   "/dev/null", self.url(self.path)), b"19")
        self.curl("-u", "%s:%s" % (user, PASSWORD), "--ssl-reqd", self.url(self.path), status=60)
        self.assertIn("TLS", self.log())

    def test_netrc_and_the_url(self):
        user = self.mailbox(MESSAGE)
        netrc = self.place.write("netrc", 'machine localhost login %s password "%s"\n' % (user, PASSWORD))
        self.assertEqual(self.curl("--netrc-file", netrc, self.url(self.path)), crlf(MESSAGE))
        login = "%s;AUTH=CRAM-MD5:%s@" % (user, PASSWORD.replace("%", "%25").replace(" ", "%20"))
        self.assertEqual(self.curl(self.url(self.path, login=login)), crlf(MESSAGE))
