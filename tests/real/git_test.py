#!/usr/bin/python3
"""git over smart HTTP on our library: ls-remote, clone, fetch, push, with Apache and git's own CGI program.

git's remote-http program is linked with libcurl-gnutls.so.4 and drives it through the multi interface.
"""
import os
import re
import subprocess
import unittest

import common

COMMITS, FILES = 60, 50  # about 3000 blobs

CONFIG = """
ServerRoot {place}
ServerName localhost
PidFile {place}/httpd.pid
ErrorLog {place}/error.log
DefaultRuntimeDir {place}
Mutex file:{place}
User {user}
Group {group}
Listen 127.0.0.1:{port}
Listen 127.0.0.1:{tls}
LoadModule mpm_prefork_module {modules}/mod_mpm_prefork.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule authn_core_module {modules}/mod_authn_core.so
LoadModule authn_file_module {modules}/mod_authn_file.so
LoadModule authz_user_module {modules}/mod_authz_user.so
LoadModule auth_basic_module {modules}/mod_auth_basic.so
LoadModule alias_module {modules}/mod_alias.so
LoadModule env_module {modules}/mod_env.so
LoadModule ssl_module {modules}/mod_ssl.so
LoadModule {cgi}
StartServers 2
<VirtualHost 127.0.0.1:{tls}>
  SSLEngine on
  SSLCertificateFile {place}/good.pem
  SSLCertificateKeyFile {place}/good.key
</VirtualHost>
SetEnv GIT_PROJECT_ROOT {place}/served
SetEnv GIT_HTTP_EXPORT_ALL
SetEnv HOME {place}
ScriptAlias /git/ {backend}/
ScriptAlias /private/ {backend}/
<Location /git>
  Require all granted
</Location>
<Location /private>
  AuthType Basic
  AuthName private
  AuthUserFile {place}/users
  Require valid-user
</Location>
"""


def history():
    """As git fast-import wants it: every commit changes every file."""
    for c in range(1, COMMITS + 1):
        yield "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 2\nc\n" % (1700000000 + c)
        for f in range(FILES):
            text = "".join("%d %d %d\n" % (f, c // (f + 1), (f * 7919 + c * 104729 + line) % 65537)
                           for line in range(20))
            yield "M 100644 inline d%d/f%d\ndata %d\n%s\n" % (f % 7, f, len(text), text)


class Git(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.git_program, place = common.program("git"), cls.place
        apache = common.program("apache2")
        cls.port, cls.tls_port = common.free_ports(2)
        backend = common.must(cls.git_program, "--exec-path").strip() + "/git-http-backend"
        cls.remote_http = common.must(cls.git_program, "--exec-path").strip() + "/git-remote-http"
        place.write("home/.gitconfig", "[user]\n name = A\n email = a@example.com\n[init]\n defaultBranch = main\n"
                    "[http]\n sslCAInfo = %s/ca.pem\n[safe]\n directory = *\n" % place.path)
        place.write(".gitconfig", "[safe]\n directory = *\n")
        cls.served = place / "served/a.git"
        cls.plain_git("init", "-q", "--bare", cls.served)
        cls.plain_git("config", "http.receivepack", "true", cwd=cls.served)
        cls.plain_git("fast-import", "--quiet", cwd=cls.served, input="".join(history()))
        password = common.must("openssl", "passwd", "-apr1", "secret").strip()
        place.write("users", "jim:%s\n" % password)
        common.Authority(place).issue("good", "IP:127.0.0.1")
        user, group = ("www-data", "www-data") if os.geteuid() == 0 else ("#%d" % os.geteuid(), "#%d" % os.getegid())
        if os.geteuid() == 0:
            common.must("chown", "-R", "www-data", place / "served")
        modules = "/usr/lib/apache2/modules"
        config = place.write("httpd.conf", CONFIG.format(
            place=place.path, port=cls.port, tls=cls.tls_port, user=user, group=group, modules=modules,
            backend=backend, cgi="cgi_module %s/mod_cgi.so" % modules))
        cls.serve([apache, "-f", config, "-DFOREGROUND"], [cls.port, cls.tls_port], "apache")
        cls.url = "http://127.0.0.1:%d/git/a.git" % cls.port

    @classmethod
    def plain_git(cls, *arguments, **more):
        """Without our library, for what is around a test."""
        env = common.plain_environment(HOME=cls.place / "home", GIT_CONFIG_NOSYSTEM="1")
        return common.must(cls.git_program, *arguments, env=env, **more)

    def git(self, *arguments, status=0, env=None, **more):
        env = common.environment(HOME=self.place / "home", GIT_CONFIG_NOSYSTEM="1", GIT_TERMINAL_PROMPT="0",
                                 **(env or {}))
        done = common.run(self.git_program, *arguments, env=env, **more)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def head(self, folder=None):
        return self.plain_git("rev-parse", "main", cwd=folder or self.served).strip()

    def test_it_is_our_library(self):
        # the helper that git starts: it reads commands from its input and ends at its end
        self.assertEqual(self.loaded_library(self.remote_http, "origin", self.url),
                         [str(common.LIB / "libcurl-gnutls.so.4")])
        trace = self.git("ls-remote", self.url, env={"GIT_CURL_VERBOSE": "1"}).stderr
        self.assertIn("Established connection", trace)

    def test_ls_remote(self):
        out = self.git("ls-remote", self.url).stdout
        self.assertIn(self.head() + "\trefs/heads/main\n", out)

    def clone(self, name, url=None, *arguments, **more):
        folder = self.place / name
        self.git("clone", "-q", *arguments, url or self.url, folder, **more)
        return folder

    def test_clone_is_whole(self):
        folder = self.clone("whole")
        self.assertEqual(self.head(folder), self.head())
        self.plain_git("fsck", "--full", "--strict", cwd=folder)
        count = self.plain_git("rev-list", "--objects", "--all", cwd=folder).count("\n")
        self.assertGreater(count, 2000)
        self.assertEqual(self.plain_git("status", "--porcelain", cwd=folder), "")

    def test_clone_with_the_older_protocol(self):
        folder = self.clone("older", None, "-c", "protocol.version=0")
        self.assertEqual(self.head(folder), self.head())

    def test_shallow_clone_and_deepening(self):
        folder = self.clone("shallow", None, "--depth", "1")
        self.assertEqual(self.plain_git("rev-list", "--count", "HEAD", cwd=folder), "1\n")
        self.git("fetch", "-q", "--depth", "5", cwd=folder)
        self.assertEqual(self.plain_git("rev-list", "--count", "HEAD", cwd=folder), "5\n")
        self.git("fetch", "-q", "--unshallow", cwd=folder)
        self.assertEqual(self.plain_git("rev-list", "--count", "HEAD", cwd=folder), "%d\n" % COMMITS)

    def test_clone_over_tls(self):
        url = "https://127.0.0.1:%d/git/a.git" % self.tls_port
        self.assertEqual(self.head(self.clone("tls", url)), self.head())
        done = self.git("-c", "http.sslCAInfo=/dev/null", "ls-remote", url, status=128)
        self.assertRegex(done.stderr, "(?i)certificate|CA")

    def test_push_small_and_large(self):
        folder = self.clone("push")
        (folder / "new").write_text("a line\n")
        self.plain_git("add", "new", cwd=folder)
        self.plain_git("commit", "-qm", "one", cwd=folder)
        self.git("push", "-q", "origin", "HEAD:refs/heads/small", cwd=folder)
        self.assertEqual(self.plain_git("rev-parse", "small", cwd=self.served), self.plain_git("rev-parse", "HEAD", cwd=folder))
        # more than http.postBuffer, a mebibyte: chunked, after a probing request
        (folder / "noise").write_bytes(os.urandom(5000000))
        self.plain_git("add", "noise", cwd=folder)
        self.plain_git("commit", "-qm", "two", cwd=folder)
        self.git("push", "-q", "origin", "HEAD:refs/heads/large", cwd=folder)
        self.assertEqual(self.plain_git("rev-parse", "large", cwd=self.served), self.plain_git("rev-parse", "HEAD", cwd=folder))
        self.plain_git("fsck", "--strict", cwd=self.served)

    def test_credentials(self):
        private = "http://%s127.0.0.1:%d/private/a.git"
        self.git("ls-remote", private % ("", self.port), status=128)
        self.git("ls-remote", private % ("jim:wrong@", self.port), status=128)
        out = self.git("ls-remote", private % ("jim:secret@", self.port)).stdout
        self.assertIn("refs/heads/main", out)
        helper = "!f() { echo username=jim; echo password=secret; }; f"
        out = self.git("-c", "credential.helper=" + helper, "ls-remote", private % ("", self.port)).stdout
        self.assertIn("refs/heads/main", out)

    def test_what_is_not_there(self):
        done = self.git("ls-remote", "http://127.0.0.1:%d/git/none.git" % self.port, status=128)
        self.assertIn("not found", done.stderr)
        port = common.free_ports(1)[0]
        done = self.git("ls-remote", "http://127.0.0.1:%d/a.git" % port, status=128)
        self.assertRegex(done.stderr, "(?i)connect")


if __name__ == "__main__":
    unittest.main(verbosity=2)
