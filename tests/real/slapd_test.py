#!/usr/bin/python3
"""LDAP: Debian's curl program on our library and on Debian's, against OpenLDAP's slapd: what both print is the same to
the byte. Where Debian's goes wrong (StartTLS fails there, and referrals end a search) ours is looked at alone."""
import base64
import unittest

import common

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {place}/slapd.pid
TLSCertificateFile {place}/good.pem
TLSCertificateKeyFile {place}/good.key
TLSCACertificateFile {place}/ca.pem
TLSVerifyClient try
sasl-secprops none
authz-regexp "uid=([^,]*),.*cn=auth" "cn=$1,ou=people,dc=example,dc=org"
authz-regexp "cn=client" "cn=Jim Doe,ou=people,dc=example,dc=org"
database mdb
maxsize 100000000
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw secret
directory {place}/db
limits dn.exact="cn=Jim Doe,ou=people,dc=example,dc=org" size=3
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=secret,dc=example,dc=org" by users read by anonymous auth
access to * by * read
"""


def base64_of(value):
    return base64.b64encode(value).decode()


def entry(dn, *attributes):
    """As LDIF (RFC 2849); a value may be bytes."""
    lines = ["dn:: " + base64_of(dn.encode())]
    for name, value in attributes:
        lines.append("%s:: %s" % (name, base64_of(value.encode() if isinstance(value, str) else value)))
    return "\n".join(lines) + "\n\n"


def person(cn, dn_part, *attributes):
    return entry("%s,ou=people,dc=example,dc=org" % dn_part, ("objectClass", "inetOrgPerson"), ("cn", cn), ("sn", "x"), *attributes)


BIG = bytes(range(256)) * 20000
BYTES = [b"a" + bytes([i]) + b"b" for i in range(256)] + [bytes([i]) + b"l" for i in range(256)] + \
    [b"t" + bytes([i]) for i in range(256)]
DATA = "".join((
    entry("dc=example,dc=org", ("objectClass", "dcObject"), ("objectClass", "organization"), ("dc", "example"), ("o", "Org")),
    entry("ou=people,dc=example,dc=org", ("objectClass", "organizationalUnit"), ("ou", "people")),
    entry("ou=secret,dc=example,dc=org", ("objectClass", "organizationalUnit"), ("ou", "secret")),
    entry("ou=others,dc=example,dc=org", ("objectClass", "organizationalUnit"), ("ou", "others")),
    entry("ou=away,ou=others,dc=example,dc=org", ("objectClass", "referral"), ("objectClass", "extensibleObject"),
          ("ou", "away"), ("ref", "ldap://127.0.0.1:1/ou=away,dc=example,dc=org")),
    entry("cn=here,ou=others,dc=example,dc=org", ("objectClass", "person"), ("cn", "here"), ("sn", "x")),
    entry("cn=hidden,ou=secret,dc=example,dc=org", ("objectClass", "person"), ("cn", "hidden"), ("sn", "x")),
    person("Jim Doe", "cn=Jim Doe", ("mail", "jim@example.org"), ("mail", "doe@example.org"), ("userPassword", "jimpw"),
           *(("description", d) for d in (" leading", "trailing ", "Grüße", "two\nlines", "plain", ":colon", "<less"))),
    person("Grüße", "cn=Grüße"),
    person('a,b"c\\d (e)*', r"cn=a\,b\"c\\d (e)*"),
    person("bytes", "cn=bytes", *(("jpegPhoto", b) for b in BYTES)),
    person("big", "cn=big", ("jpegPhoto", BIG)),
    "{certificate}",
))

FILTERS = r"""
(cn=*)|(cn=bytes)|cn=bytes|cn=bytes%20|(cn=)|(cn>=)|(cn<=z)|(cn~=bytes)|(cn=by*te*s)|(cn=*yt*)|(cn=*by)|(cn=by*)|(cn==x)|(cn=x=y)
(cn=%20bytes%20)|(%20cn=bytes)|(%26%20(cn=bytes)%20(sn=x)%20)|(%26)|(!(!(cn=bytes)))|(%26(cn=*)(!(sn=x)))|(cn=Gr%C3%BC%C3%9Fe)
(cn=a\2cb*)|(cn=*\(e*)|(cn=*\5cd*)|(cn=*\5Cd*)|(cn=*\28e\29\2a)|(cn=\*)|(description=two%0alines)|(description=%3cless)|(cn=by%2a)
(cn:=bytes)|(cn:dn:=bytes)|(cn:DN:=bytes)|(:caseExactMatch:=bytes)|(:dn:caseExactMatch:=bytes)|(cn:dn:caseExactMatch:=bytes)
(cn:dn:2.5.13.5:=bytes)|(cn::=bytes)|(2.5.4.3=bytes)|(2.5.4.03=bytes)|(2=x)|(cn;lang-en=x)|(cn-x=x)
%20(cn=bytes)|(cn=bytes)%20|(cn%20=bytes)|(%26(cn=bytes)(sn=x)|%26(cn=bytes)(sn=x)|!(cn=bytes)|(cn=*\d*)|(=x)|(cn)|(!)|(!())|(%26())
(:=x)|(:dn:=x)|(:dn::=x)|(cn:caseExactMatch:dn:=bytes)|(cn;=x)|(1cn=x)|(c_n=x)|(c.n=x)|(cn=a(b)|(cn=a)b)|((cn=bytes))|(cn=**)
(cn=b**s)|(cn=***)|(cn=bytes))|(|)|(cn=bytes)(sn=x)|(2.=bytes)|(cn=\zz)|(cn=\2)|(cn=\)|(cn=b*\)|(!(cn=x)(cn=y))|()|(
"""


class Slapd(common.CurlTest):

    @classmethod
    def setUpPlace(cls):
        slapd, slapadd = common.program("slapd"), common.program("slapadd")
        place = cls.place
        authority = common.Authority(place)
        authority.issue("good", "DNS:localhost,IP:127.0.0.1")
        authority.issue("client", "DNS:client")
        der = common.must("openssl", "x509", "-in", place / "good.pem", "-outform", "DER", text=False)
        certificate = person("cert", "cn=cert", ("userCertificate;binary", der))
        (place / "db").mkdir()
        config = place.write("slapd.conf", CONFIG.format(place=place.path))
        data = place.write("data.ldif", DATA.replace("{certificate}", certificate))
        common.must(slapadd, "-q", "-f", config, "-l", data)
        cls.port, cls.tls_port = common.free_ports(2)
        cls.origin, cls.tls_origin = "ldap://localhost:%d" % cls.port, "ldaps://localhost:%d" % cls.tls_port
        cls.serve([slapd, "-f", config, "-h", "ldap://127.0.0.1:%d ldaps://127.0.0.1:%d" % (cls.port, cls.tls_port), "-d", "256"],
                  [cls.port, cls.tls_port], "slapd")

    def same(self, *arguments):
        """What both print is the same, with the numbers of the transfer."""
        return self.same_as_debians("-4", "-g", "-m", "20", "-w", "<%{exitcode} %{response_code} %{size_download}>", *arguments)[1]

    def people(self, rest):
        return "%s/ou=people,dc=example,dc=org%s" % (self.origin, rest)

    def test_entries(self):
        for url in ("/", "", "/?namingContexts", "/dc=example,dc=org", "/ou=people,dc=example,dc=org??sub",
                    "/cn=bytes,ou=people,dc=example,dc=org", "/cn=cert,ou=people,dc=example,dc=org",
                    "/cn=cert,ou=people,dc=example,dc=org?userCertificate;binary", "/cn=big,ou=people,dc=example,dc=org"):
            with self.subTest(url=url):
                self.assertIn(b"DN:", self.same(self.origin + url))
        self.assertIn(base64_of(BIG).encode(), self.curl("-4", self.origin + "/cn=big,ou=people,dc=example,dc=org"))

    def test_attributes(self):
        for names in ("cn", "cn,sn", "CN,mail", "1.1", "+", "*,%2b", ",", "cn,,sn", "c%6e,nothing", "*"):
            with self.subTest(names=names):
                self.same(self.people("?%s?sub?(!(cn=big))" % names))

    def test_scopes(self):
        for scope in ("", "base", "one", "onelevel", "sub", "subtree", "subord", "subordinate", "children", "ONE", "b%61se", "two"):
            with self.subTest(scope=scope):
                self.same(self.people("?cn?%s" % scope))

    def test_filters(self):
        lists = "(|(cn=bytes)(cn=cert))", "(|)", "(|%20)", "(|(cn=bytes)x)", "(|(cn=x)"
        for texts in [line.split("|") for line in FILTERS.splitlines()] + [lists]:
            with self.subTest(texts=texts):
                self.same(*(self.people("?cn?one?" + text) for text in texts))

    def test_urls_and_failures(self):
        for url in ("/notadn", "/ou=nothing,dc=example,dc=org", "/dc=other", "//dc=example,dc=org", "/dc=example,dc=org;type=a",
                    "/ou=people,dc=example,dc=org??sub?(cn=cert)?ext", "/ou=people,dc=example,dc=org??sub?(cn=cert)?!ext",
                    "/dc=example,dc=org??sub?(cn=x)?ext?more", "/cn%3dcert%2cou=people,dc=example,dc=org?c%6e?b%61se?(c%6e=cert)",
                    "/cn=hidden,ou=secret,dc=example,dc=org?cn"):
            with self.subTest(url=url):
                self.same(self.origin + url)

    def test_logins(self):
        hidden = self.origin + "/cn=hidden,ou=secret,dc=example,dc=org?cn"
        jim = "cn=Jim Doe,ou=people,dc=example,dc=org"
        for login in ("cn=admin,dc=example,dc=org:secret", "cn=admin,dc=example,dc=org:wrong", "cn=admin,dc=example,dc=org:", ":secret",
                      "notadn:secret", jim + ":jimpw", jim + ":"):
            with self.subTest(login=login):
                self.same("-u", login, hidden)
        self.assertEqual(self.same("-u", jim + ":jimpw", self.people("?cn?sub")).count(b"DN: "), 3)  # his size limit: no failure

    def test_sasl(self):
        hidden, found = self.origin + "/cn=hidden,ou=secret,dc=example,dc=org?cn", b"DN: cn=hidden,ou=secret,dc=example,dc=org"
        for name in ("PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "*"):
            with self.subTest(name=name):
                out = self.curl("-4", "-u", "Jim Doe:jimpw", "--login-options", "AUTH=" + name, hidden, hidden)
                self.assertEqual(out.count(found), 2)
                self.curl("-4", "-u", "Jim Doe:wrong", "--login-options", "AUTH=" + name, hidden, status=67)
                self.same("-u", "Jim Doe:jimpw", "--login-options", "AUTH=" + name, hidden)
        self.curl("-4", "-u", "Jim Doe:jimpw", "--login-options", "AUTH=GSSAPI", hidden, status=67)
        self.curl("-4", "-u", "Jim Doe:jimpw", "--login-options", "PLAIN", hidden, status=49)

    def test_other_requests(self):
        for more in (("-I",), ("-d", "x"), ("-T", "/etc/hostname"), ("-X", "DELETE")):
            with self.subTest(more=more):
                self.same(*more, self.origin + "/dc=example,dc=org")

    def test_connections_are_kept(self):
        urls = [self.origin + "/dc=example,dc=org", self.origin + "/dc=other", self.origin + "/ou=people,dc=example,dc=org"]
        out = common.run(self.curl_program, "-s", "-q", "-4", "-w", "<%{exitcode} %{num_connects}>\n", *urls).stdout
        self.assertEqual([line for line in out.splitlines() if line[:1] == "<"], ["<0 1>", "<39 0>", "<0 0>"])

    def test_ldaps(self):
        url = self.tls_origin + "/dc=example,dc=org??sub?(!(cn=big))"
        plain = self.curl("-4", url.replace(self.tls_origin, self.origin))
        self.assertEqual(self.curl("-4", "--cacert", self.place / "ca.pem", url), plain)
        self.curl("-4", url, status=60)

    def test_start_tls(self):
        url = self.origin + "/cn=hidden,ou=secret,dc=example,dc=org?cn"
        ca, client = ("--cacert", self.place / "ca.pem"), ("--cert", self.place / "client.pem", "--key", self.place / "client.key")
        login = ("-u", "cn=admin,dc=example,dc=org:secret")
        hidden = b"DN: cn=hidden,ou=secret,dc=example,dc=org\n\tcn: hidden\n\n\n"
        self.assertEqual(self.curl("-4", "--ssl-reqd", *ca, *login, url, url), hidden * 2)
        self.assertEqual(self.curl("-4", "--ssl", *ca, *login, url), hidden)
        self.assertEqual(self.curl("-4", "--ssl-reqd", *ca, *client, "--login-options", "AUTH=EXTERNAL", url), hidden)
        self.curl("-4", "--ssl-reqd", *login, url, status=60)
        self.curl("-4", "--ssl", *login, url, status=60)
        self.curl("-4", "--login-options", "AUTH=EXTERNAL", url, status=67)

    def test_referrals_are_not_followed(self):
        out = self.curl("-4", self.origin + "/ou=others,dc=example,dc=org?cn?sub")
        self.assertEqual(out.count(b"DN: "), 2)
        self.assertIn(b"\tcn: here\n", out)
        self.curl("-4", self.origin + "/ou=away,ou=others,dc=example,dc=org", status=39)
        self.assertIn("Referral", self.said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
