#!/usr/bin/python3
"""Negotiate: Debian's curl program on our library and a Kerberos realm of the test's own, against Apache with
mod_auth_gssapi, python3-gssapi (gss_server.py) and squid."""
import os
import pwd
import re
import unittest

import common

REALM = "SLUICE.TEST"

KRB5_CONF = """
[libdefaults]
 default_realm = {realm}
 dns_lookup_kdc = false
 dns_lookup_realm = false
 dns_canonicalize_hostname = false
 rdns = false
 udp_preference_limit = 1
 forwardable = true
[realms]
 {realm} = {{
  kdc = 127.0.0.1:{port}
 }}
"""
KDC_CONF = """
[kdcdefaults]
 kdc_listen = 127.0.0.1:{port}
 kdc_tcp_listen = 127.0.0.1:{port}
[realms]
 {realm} = {{
  database_name = {place}/kdc/principal
  key_stash_file = {place}/kdc/stash
  acl_file = {place}/kdc/acl
 }}
[logging]
 kdc = FILE:{place}/kdc.requests
"""

HTTPD_CONF = """
ServerRoot {place}
ServerName localhost
PidFile {place}/httpd.pid
ErrorLog {place}/error.log
DefaultRuntimeDir {place}
Mutex file:{place}
User {user}
Group {group}
Listen 127.0.0.1:{port}
LoadModule mpm_prefork_module {modules}/mod_mpm_prefork.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule mime_module {modules}/mod_mime.so
LoadModule cgi_module {modules}/mod_cgi.so
LoadModule ssl_module {modules}/mod_ssl.so
LoadModule auth_gssapi_module {modules}/mod_auth_gssapi.so
TypesConfig /dev/null
StartServers 2
KeepAlive On
<Directory {place}>
  Require all granted
</Directory>
Redirect /away http://elsewhere.test:{port}/gss
{locations}
Listen 127.0.0.1:{tls}
<VirtualHost 127.0.0.1:{tls}>
  SSLEngine on
  SSLCertificateFile {place}/localhost.pem
  SSLCertificateKeyFile {place}/localhost.key
</VirtualHost>
"""
LOCATION = """
ScriptAlias /{name} {place}/cgi/who
<Location /{name}>
  AuthType GSSAPI
  AuthName "realm"
  GssapiCredStore keytab:{place}/http.keytab
  {more}
  Require valid-user
</Location>
"""
LOCATIONS = {
    "gss": "GssapiDelegCcacheDir {place}/delegated",
    "bound": "GssapiConnectionBound On\n  GssapiSignalPersistentAuth On",
    "both": "GssapiBasicAuth On\n  GssapiBasicAuthMech krb5",
}
WHO = """#!/bin/sh
printf 'Content-Type: text/plain\\r\\n\\r\\n'
printf '%s %s %s\\n' "$REMOTE_USER" "$REQUEST_METHOD" "$CONTENT_LENGTH"
cat
"""


SQUID_CONF = """
http_port 127.0.0.1:{port}
pid_filename {place}/squid/pid
cache_log {place}/squid/cache.log
access_log none
cache_effective_user {user}
cache deny all
pinger_enable off
shutdown_lifetime 0 seconds
auth_param negotiate program /usr/lib/squid/negotiate_kerberos_auth -t none -k {place}/http.keytab -s HTTP/localhost
auth_param negotiate children 2 startup=1
auth_param negotiate keep_alive on
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
request_header_add X-Proxy-User "%un"
"""


def needs(path):
    if not os.path.exists(path):
        raise unittest.SkipTest("there is no %s here; tools/setup test installs it" % path)


class Realm(common.RealTest):
    """A realm and who talks to its services."""

    @classmethod
    def setUpPlace(cls):
        cls.curl_program = common.program("curl")
        cls.start_realm(*common.free_ports(1))
        common.Authority(cls.place).issue("localhost", "DNS:localhost,DNS:one.test")

    @classmethod
    def start_realm(cls, port):
        place = cls.place
        (place / "kdc").mkdir()
        cls.kerberos = {
            "KRB5_CONFIG": place.write("krb5.conf", KRB5_CONF.format(realm=REALM, port=port)),
            "KRB5_KDC_PROFILE": place.write("kdc.conf", KDC_CONF.format(realm=REALM, port=port, place=place.path)),
        }
        env = common.plain_environment(**cls.kerberos)
        common.must(common.program("kdb5_util"), "create", "-s", "-P", "master", "-r", REALM, env=env)
        services = ["HTTP/localhost", "HTTP/one.test", "HTTP/elsewhere.test", "web/localhost"]
        # The peer's own key is another one: what it gets a ticket for it cannot read.
        commands = ["addprinc -pw %s %s" % (user, user) for user in ("alice", "bob")]
        commands += ["addprinc -randkey " + s for s in services + ["HTTP/other.test"]]
        commands += ["modprinc +ok_as_delegate HTTP/one.test"]
        commands += ["ktadd -k %s/http.keytab %s" % (place.path, " ".join(services))]
        common.must(common.program("kadmin.local"), "-r", REALM, env=env, input="\n".join(commands) + "\n")
        cls.serve([common.program("krb5kdc"), "-n"], [port], "krb5kdc", env=env)
        for user in ("alice", "bob"):
            common.must(common.program("kinit"), "-c", cls.cache(user), user, env=env, input=user + "\n")
        (place / "http.keytab").chmod(0o644)

    @classmethod
    def cache(cls, user):
        return "FILE:%s/tickets.%s" % (cls.place.path, user)

    def env(self, user, **more):
        return common.environment(KRB5CCNAME=self.cache(user), CURL_CA_BUNDLE=self.place / "ca.pem", **self.kerberos,
                                  **more)

    def url(self, path, host="localhost"):
        return "http://%s:%d%s" % (host, self.port, path)

    def curl(self, *arguments, user="alice", **more):
        """What it printed, and the log."""
        names = ["one.test", "other.test", "elsewhere.test"]
        resolve = [a for n in names for p in (self.port, self.tls) for a in ("--resolve", "%s:%d:127.0.0.1" % (n, p))]
        done = common.run(self.curl_program, "-sS", "-q", "-m", "20", "-v", *resolve, *arguments,
                          env=self.env(user, **more))
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout, done.stderr

    def talk(self, log):
        """Requests as the scheme that they had, responses as their status."""
        found = re.findall(r"^[<>] (?:(?:Proxy-)?Authorization: (\w+)|(?:GET|POST|CONNECT) \S+ (HTTP)|HTTP/1.1 (\d+))",
                           log.replace("\r", ""), re.M)
        talk = []
        for scheme, request, status in found:
            if request:
                talk.append("-")
            elif scheme:
                talk[-1] = scheme
            else:
                talk.append(int(status))
        return talk


class Kerberos(Realm):
    @classmethod
    def setUpPlace(cls):
        apache, place = common.program("apache2"), cls.place
        needs("/usr/lib/apache2/modules/mod_auth_gssapi.so")
        super().setUpPlace()
        cls.port, cls.tls = common.free_ports(2)
        place.write("cgi/who", WHO).chmod(0o755)
        root = os.geteuid() == 0
        (place / "delegated").mkdir()
        (place / "delegated").chmod(0o777)
        locations = "".join(LOCATION.format(name=name, place=place.path, more=more.format(place=place.path))
                            for name, more in LOCATIONS.items())
        config = place.write("httpd.conf", HTTPD_CONF.format(
            place=place.path, port=cls.port, tls=cls.tls, modules="/usr/lib/apache2/modules", locations=locations,
            user="www-data" if root else "#%d" % os.geteuid(), group="www-data" if root else "#%d" % os.getegid()))
        cls.serve([apache, "-f", config, "-DFOREGROUND"], [cls.port, cls.tls], "apache",
                  env=common.plain_environment(KRB5RCACHETYPE="none", **cls.kerberos))

    def test_single_leg(self):
        out, log = self.curl("--negotiate", "-u", ":", self.url("/gss"))
        self.assertEqual(out, "alice@%s GET \n" % REALM)
        self.assertEqual(self.talk(log), ["Negotiate", 200])
        self.assertIn("the peer has proved its identity", log)

    def test_nothing_without_u(self):
        _, log = self.curl("--negotiate", "-o", os.devnull, self.url("/gss"))
        self.assertEqual(self.talk(log), ["-", 401])

    def test_any_waits_for_the_challenge(self):
        out, log = self.curl("--anyauth", "-u", ":", self.url("/gss"))
        self.assertEqual(out, "alice@%s GET \n" % REALM)
        self.assertEqual(self.talk(log), ["-", 401, "Negotiate", 200])
        self.assertIn("Re-using existing connection", log)

    def test_no_ticket(self):
        _, log = self.curl("--negotiate", "-u", ":", "-o", os.devnull, self.url("/gss"), user="nobody")
        self.assertEqual(self.talk(log), ["-", 401])
        self.assertIn("gss_init_sec_context() failed: ", log)
        self.assertIn("No credentials were supplied", log)

    def test_no_ticket_falls_back_to_basic(self):
        for data in ([], ["-d", "body"]):
            out, log = self.curl("--anyauth", "-u", "bob:bob", *data, self.url("/both"), user="nobody")
            self.assertIn("bob@%s" % REALM, out)
            self.assertEqual(self.talk(log), ["-", 401, "-", 401, "Basic", 200])
        self.assertTrue(out.endswith("POST 4\nbody"), out)

    def test_not_under_a_policy(self):
        """Nobody could tell what Kerberos connects to."""
        policy = self.place.write("policy", "default allow\n")
        before = (self.place / "kdc.requests").read_text()
        for arguments, talk in (["--anyauth"], ["-", 401, "Basic", 200]), (["--negotiate"], ["-", 401]):
            _, log = self.curl(*arguments, "-u", "bob:bob", "--service-name", "web", self.url("/both"),
                               SLUICE_POLICY=policy)
            self.assertEqual(self.talk(log), talk)
            self.assertIn("No Negotiate: ", log)
        self.assertNotIn("for web/localhost", (self.place / "kdc.requests").read_text()[len(before):])

    def test_a_ticket_comes_before_basic(self):
        out, log = self.curl("--anyauth", "-u", "bob:bob", self.url("/both"))
        self.assertEqual(out, "alice@%s GET \n" % REALM)
        self.assertEqual(self.talk(log), ["-", 401, "Negotiate", 200])

    def test_wrong_ticket(self):
        _, log = self.curl("--negotiate", "-u", ":", "-o", os.devnull, self.url("/gss", "other.test"))
        self.assertEqual(self.talk(log), ["Negotiate", 401])

    def test_unknown_service(self):
        _, log = self.curl("--negotiate", "-u", ":", "--service-name", "none", "-o", os.devnull, self.url("/gss"))
        self.assertEqual(self.talk(log), ["-", 401])
        self.assertIn("not found in Kerberos database", log)

    def test_service_name(self):
        out, _ = self.curl("--negotiate", "-u", ":", "--service-name", "web", self.url("/gss"))
        self.assertEqual(out, "alice@%s GET \n" % REALM)
        self.assertIn("for web/localhost@" + REALM, (self.place / "kdc.requests").read_text())

    def test_post(self):
        out, log = self.curl("--negotiate", "-u", ":", "-d", "x=y", self.url("/gss"))
        self.assertEqual(out, "alice@%s POST 3\nx=y" % REALM)
        self.assertEqual(self.talk(log), ["Negotiate", 200])

    def test_keep_alive(self):
        url = self.url("/gss")
        out, log = self.curl("--negotiate", "-u", ":", "-w", "%{num_connects}\n", url, url)
        self.assertEqual(out, "alice@{0} GET \n1\nalice@{0} GET \n0\n".format(REALM))
        self.assertEqual(self.talk(log), ["Negotiate", 200] * 2)

    def test_a_connection_that_the_server_remembers(self):
        bound = self.url("/bound")
        out, log = self.curl("--negotiate", "-u", ":", "-w", "%{num_connects}\n", bound, bound, self.url("/gss"))
        self.assertEqual(out, "alice@{0} GET \n1\nalice@{0} GET \n0\nalice@{0} GET \n0\n".format(REALM))
        self.assertEqual(self.talk(log), ["Negotiate", 200, "-", 200, "-", 401, "Negotiate", 200])

    def test_redirect_to_another_host(self):
        _, log = self.curl("--negotiate", "-u", ":", "-L", "-o", os.devnull, self.url("/away"))
        self.assertEqual(self.talk(log), ["Negotiate", 302, "-", 401])
        out, log = self.curl("--negotiate", "-u", ":", "--location-trusted", self.url("/away"))
        self.assertEqual(self.talk(log), ["Negotiate", 302, "Negotiate", 200])
        self.assertEqual(out, "alice@%s GET \n" % REALM)

    def test_delegation(self):
        def delegated(*arguments, host="localhost"):
            for path in (self.place / "delegated").iterdir():
                path.unlink()
            self.curl("--negotiate", "-u", ":", "-o", os.devnull, *arguments, self.url("/gss", host))
            return [p.name for p in (self.place / "delegated").iterdir()]
        names = ["alice@" + REALM]
        self.assertEqual(delegated(), [])
        self.assertEqual(delegated("--delegation", "always"), names)
        self.assertEqual(delegated("--delegation", "policy"), [])
        self.assertEqual(delegated("--delegation", "policy", host="one.test"), names)

    def test_tls(self):
        for version in ([], ["--http1.1"], ["--tls-max", "1.2"]):
            out, log = self.curl("--negotiate", "-u", ":", *version, "https://localhost:%d/gss" % self.tls)
            self.assertEqual(out, "alice@%s GET \n" % REALM)

    def test_two_users_in_one_process(self):
        """The tickets that a process works with change: each user's connections stay that user's."""
        source = self.place.write("two.c", TWO_USERS)
        program = self.place / "two"
        common.must(common.CC, "-o", program, source, "-I", common.SOURCE / "include", "-L", common.LIB, "-lcurl",
                    "-Wl,-rpath," + str(common.LIB), "-Wl,--allow-shlib-undefined")
        done = common.run(program, self.url("/bound"), self.cache("alice"), self.cache("bob"), self.cache("alice"),
                          env=self.env("alice"))
        said = "alice@{0} GET \n1\nbob@{0} GET \n1\nalice@{0} GET \n0\n".format(REALM)
        self.assertEqual((done.returncode, done.stdout), (0, said))

    def test_git(self):
        """CURLAUTH_ANY as git uses it, on libcurl-gnutls."""
        done = common.run(common.program("git"), "-c", "http.emptyAuth=true", "ls-remote", self.url("/gss"),
                          env=dict(self.env("alice"), GIT_CURL_VERBOSE="1", GIT_TERMINAL_PROMPT="0"))
        self.assertIn("Authorization: Negotiate", done.stderr)


class Legs(Realm):
    """Against python3-gssapi."""

    @classmethod
    def setUpPlace(cls):
        if common.run("/usr/bin/python3", "-c", "import gssapi", env=common.plain_environment()).returncode:
            raise unittest.SkipTest("there is no python3-gssapi here; tools/setup test installs it")
        super().setUpPlace()
        cls.users = cls.place.write("ntlm.users", "DOMAIN:carol:secret\n")
        cls.port, cls.tls, cls.other = common.free_ports(3)
        cls.serve(["/usr/bin/python3", common.HERE / "gss_server.py", cls.port, cls.tls, cls.other,
                   cls.place / "localhost.pem", cls.place / "localhost.key"], [cls.port, cls.tls, cls.other], "server",
                  env=common.plain_environment(KRB5RCACHETYPE="none", KRB5_KTNAME=cls.place / "http.keytab",
                                               NTLM_USER_FILE=cls.users, **cls.kerberos))

    def test_bindings(self):
        for version in ("1.2", "1.3"):
            out, _ = self.curl("--negotiate", "-u", ":", "--tls-max", version, "https://localhost:%d/" % self.tls)
            self.assertEqual(out, "alice@%s krb5 bound \n" % REALM)

    def test_bindings_of_another_connection(self):
        out, log = self.curl("--negotiate", "-u", ":", "https://localhost:%d/" % self.other)
        self.assertEqual((out, self.talk(log)), ("BadChannelBindingsError\n", ["Negotiate", 401]))

    def test_several_legs(self):
        """NTLM inside of SPNEGO, which takes two tokens."""
        needs("/etc/gss/mech.d/mech.ntlmssp.conf")
        legs = ["Negotiate", 401, "Negotiate", 200]
        for method, talk in ([], legs), (["--anyauth"], ["-", 401] + legs):
            out, log = self.curl("--negotiate", *method, "-u", ":", "-d", "body", self.url("/"), user="nobody",
                                 NTLM_USER_FILE=self.users)
            self.assertEqual(out.replace("\0", ""), "DOMAIN\\carol NTLM unbound body\n")  # the mechanism counts it
            self.assertEqual(self.talk(log), talk)


class Proxy(Realm):
    """Through squid, to the test's own server, which need not know who comes."""

    @classmethod
    def setUpPlace(cls):
        squid, place = common.program("squid"), cls.place
        super().setUpPlace()
        cls.port, cls.tls, cls.proxy = common.free_ports(3)
        (place / "squid").mkdir()
        (place / "squid").chmod(0o777)
        user = "proxy" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        config = place.write("squid.conf", SQUID_CONF.format(place=place.path, port=cls.proxy, user=user))
        cls.serve([squid, "-N", "-f", config], [cls.proxy], "squid", env=common.plain_environment(**cls.kerberos))
        plain, tls = ORIGIN.format(port=cls.port), ORIGIN_TLS.format(port=cls.tls, place=place.path)
        cls.serve(["/usr/bin/python3", "-c", plain], [cls.port], "origin")
        cls.serve(["/usr/bin/python3", "-c", tls], [cls.tls], "origin_tls")

    def through(self, *arguments, **more):
        return self.curl("-x", "http://localhost:%d" % self.proxy, "--noproxy", "-", *arguments, **more)

    def test_plain(self):
        url = self.url("/", "127.0.0.1")
        out, log = self.through("--proxy-negotiate", "-U", ":", url, url)
        self.assertEqual(out, "alice@%s\n" % REALM * 2)
        self.assertEqual(self.talk(log), ["Negotiate", 200] * 2)

    def test_tunnel(self):
        out, log = self.through("--proxy-negotiate", "-U", ":", "https://localhost:%d/" % self.tls)
        self.assertEqual(out, "None\n")
        self.assertEqual(self.talk(log), ["Negotiate", 200, "-", 200])

    def test_any(self):
        out, log = self.through("--proxy-anyauth", "-U", ":", "https://localhost:%d/" % self.tls)
        self.assertEqual((out, self.talk(log)), ("None\n", ["-", 407, "Negotiate", 200, "-", 200]))
        out, log = self.through("--proxy-anyauth", "-U", ":", "-d", "body", self.url("/", "127.0.0.1"))
        self.assertEqual((out, self.talk(log)), ("alice@%s\n" % REALM, ["-", 407, "Negotiate", 200]))

    def test_no_ticket(self):
        done = common.run(self.curl_program, "-sS", "-q", "-x", "http://localhost:%d" % self.proxy, "--noproxy", "-",
                          "--proxy-negotiate", "-U", ":", "https://localhost:%d/" % self.tls, env=self.env("nobody"))
        self.assertEqual((done.returncode, done.stderr), (7, "curl: (7) CONNECT tunnel failed, response 407\n"))


ORIGIN = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        text = str(self.headers.get("X-Proxy-User")) + chr(10)
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
    do_POST = do_GET
server = http.server.ThreadingHTTPServer(("127.0.0.1", {port}), Handler)
"""
SERVE = "server.serve_forever()"
ORIGIN_TLS = ORIGIN + """
import ssl
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("{place}/localhost.pem", "{place}/localhost.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
""" + SERVE
ORIGIN += SERVE


TWO_USERS = r"""
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_URL, argv[1]);
  curl_easy_setopt(e, CURLOPT_USERPWD, ":");
  curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_NEGOTIATE);
  for (int i = 2; i < argc; i++) {
    long connects = -1;
    setenv("KRB5CCNAME", argv[i], 1);
    CURLcode rc = curl_easy_perform(e);
    curl_easy_getinfo(e, CURLINFO_NUM_CONNECTS, &connects);
    printf("%ld\n", connects);
    fflush(stdout);
    if (rc)
      return 1;
  }
  curl_easy_cleanup(e);
  return 0;
}
"""

if __name__ == "__main__":
    unittest.main(verbosity=2)
