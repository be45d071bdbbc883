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
