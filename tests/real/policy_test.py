#!/usr/bin/python3
"""Ways around an egress policy, tried with Debian's curl on our library: redirects, proxies, FTP's data connections, TFTP's
second port, Alt-Svc, HSTS, DoH, HTTP/2. 127.0.0.2 stands for what is allowed; nothing may reach 127.0.0.1."""
import json
import os
import socket
import socketserver
import ssl
import struct
import threading
import time
import unittest

import common
import policy_servers as servers

ALLOW_2 = "allow 127.0.0.2\nallow 127.0.0.1 purpose dns proto udp\n"
ONE, TWO = "127.0.0.1", "127.0.0.2"

# Two handles in one multi handle, both with HTTP/2 to the same server: under one policy they share a connection, under two
# they do not. Prints how many connections each made.
H2 = r"""
#include <curl/curl.h>
#include <sluice/sluice.h>
#include <stdio.h>
#include <string.h>
static size_t drop(char *data, size_t size, size_t n, void *p)
{
  (void)data, (void)p;
  return size * n;
}
static struct sluice_policy *parse(const char *text)
{
  struct sluice_policy *p = NULL;
  sluice_policy_parse(text, strlen(text), &p, NULL);
  return p;
}
int main(int argc, char **argv)
{
  CURLM *m = curl_multi_init();
  CURL *e[2];
  struct sluice_policy *policy[2];
  int running = 1, left;
  if (argc < 5)
    return 99;
  policy[0] = parse(argv[3]);
  policy[1] = argv[4][0] ? parse(argv[4]) : sluice_policy_ref(policy[0]);
  for (int i = 0; i < 2; i++) {
    e[i] = curl_easy_init();
    curl_easy_setopt(e[i], CURLOPT_URL, argv[1]);
    curl_easy_setopt(e[i], CURLOPT_CAINFO, argv[2]);
    curl_easy_setopt(e[i], CURLOPT_PIPEWAIT, 1L);
    curl_easy_setopt(e[i], CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(e[i], CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
    curl_easy_setopt(e[i], SLUICEOPT_POLICY, policy[i]);
    sluice_policy_free(policy[i]);
    curl_multi_add_handle(m, e[i]);
  }
  while (running) {
    curl_multi_perform(m, &running);
    if (running)
      curl_multi_poll(m, NULL, 0, 1000, NULL);
  }
  for (CURLMsg *msg; (msg = curl_multi_info_read(m, &left));) {
    long connects = -1, version = -1;
    curl_easy_getinfo(msg->easy_handle, CURLINFO_NUM_CONNECTS, &connects);
    curl_easy_getinfo(msg->easy_handle, CURLINFO_HTTP_VERSION, &version);
    printf("handle %d: %d, %ld connections, version %ld\n", msg->easy_handle == e[1], (int)msg->data.result, connects, version);
  }
  for (int i = 0; i < 2; i++) {
    curl_multi_remove_handle(m, e[i]);
    curl_easy_cleanup(e[i]);
  }
  curl_multi_cleanup(m);
  return 0;
}
"""


class Policy(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.curl = common.program("curl")
        cls.answers = {}
        cls.one, cls.two = (cls.start(s) for s in servers.http_pair(cls.answers))
        cls.port = cls.two.port
        cls.dns = cls.start(servers.Dns({"two": [TWO], "one": [ONE], "mixed": [ONE, TWO, "::1"], "rebind": [[TWO], [ONE]],
                                         "hsts.test": [TWO], "inside": ["10.0.0.1"]}))

    @classmethod
    def start(cls, server):
        cls.addClassCleanup(server.stop)
        return server

    def begin(self, server):
        self.addCleanup(server.stop)
        return server

    def setUp(self):
        for s in (self.one, self.two):
            s.accepted = 0
            s.seen.clear()

    def run_curl(self, *words, policy=ALLOW_2, env=None):
        self.place.write("policy", policy)
        log = self.place / "log"
        log.unlink(missing_ok=True)
        done = common.run(self.curl, "-qsS", "--max-time", "20", "--dns-servers", self.dns.address, *words,
                          env=common.environment(SLUICE_POLICY=self.place / "policy", SLUICE_LOG=log, **(env or {})))
        self.events = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return done

    def url(self, host, path="/", scheme="http"):
        return "%s://%s:%d%s" % (scheme, host, self.port, path)

    def allowed(self, *words, body="yes", **more):
        done = self.run_curl(*words, **more)
        self.assertEqual((done.returncode, done.stdout), (0, body), done.stderr)
        self.assertEqual(self.one.accepted, 0)
        return done

    def refused(self, *words, code=7, what=None, **more):
        """Nothing at 127.0.0.1, and an error and an event that say what it was."""
        done = self.run_curl(*words, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r"The process's policy refused .* \([a-z]+\), policy")
        self.assertIn("refused", [e["event"] for e in self.events])
        if what:
            self.assertIn(what, done.stderr)
        self.assertEqual(self.one.accepted, 0)
        self.assertNotIn(ONE, [e["address"] for e in self.events if e["event"] in ("open", "connect")
                               and e["purpose"] in ("origin", "proxy", "ftp-data")])
        return done

    # ---- names and redirects ----

    def test_redirects(self):
        for where in ("http://127.0.0.1:%d/" % self.port, "http://one:%d/" % self.port, "http://2130706433:%d/" % self.port,
                      "http://[::ffff:127.0.0.1]:%d/" % self.port, "//0x7f.1:%d/" % self.port,
                      "http://169.254.169.254/latest/meta-data/"):
            self.answers["/go"] = (302, "Location: %s\r\n" % where, "")
            self.refused("-L", self.url("two", "/go"))
        self.answers["/go"] = (302, "Location: http://127.0.0.2:%d/there\r\n" % self.port, "")
        self.allowed("-L", self.url("two", "/go"))

    def test_rebinding(self):
        self.answers["/again"] = (302, "Location: http://rebind:%d/\r\nConnection: close\r\n" % self.port, "")
        self.refused("-4L", "--no-keepalive", self.url("rebind", "/again"), what="127.0.0.1 port")
        self.assertEqual(self.two.accepted, 1)

    def test_mixed_answers(self):
        self.allowed(self.url("mixed"))
        told = {(e["event"], e["address"]) for e in self.events if e["purpose"] == "origin"}
        told.discard(("refused", "::1"))  # its answer may come when the connection stands
        self.assertEqual(told, {("refused", ONE), ("open", TWO), ("connect", TWO), ("connected", TWO), ("close", TWO)})

    def test_resolve_and_connect_to(self):
        self.refused("--resolve", "x:%d:127.0.0.1" % self.port, self.url("x"))
        self.refused("--connect-to", "::127.0.0.1:", self.url("two"))
        self.refused("--connect-to", "two:%d:one:" % self.port, self.url("two"))
        self.allowed("--connect-to", "::two:", self.url("10.0.0.1"))

    def test_unix_socket(self):
        path = self.place / "s.sock"
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(str(path))
            s.listen(1)
            s.settimeout(0.05)
            self.refused("--unix-socket", path, self.url("two"), what=str(path), policy="allow any\n")
            self.refused("--abstract-unix-socket", "x", self.url("two"), policy="allow any\n")
            with self.assertRaises(TimeoutError):
                s.accept()
            self.run_curl("-m", "0.1", "--unix-socket", path, self.url("two"), policy="allow unix %s/*\n" % self.place.path)
            s.accept()[0].close()

    def test_unix_socket_under_another_name(self):
        """The server's own name for it says nothing: behind links and in containers it is another one."""
        class Server(socketserver.ThreadingUnixStreamServer):
            answers, seen, daemon_threads = {}, [], True
        path, link = self.place / "own.sock", self.place / "link.sock"
        server = Server(str(path), servers.Http)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        link.symlink_to(path)
        policy = "allow unix %s scheme http\npreset public-internet\n" % link
        self.allowed("--unix-socket", link, self.url("x"), self.url("x", "/2"), body="yesyes", policy=policy)
        self.assertEqual([e["event"] for e in self.events], ["open", "connect", "connected", "reuse", "close"])
        self.refused("--unix-socket", path, self.url("x"), what=str(path), policy=policy)

    def test_the_name_server(self):
        asked = len(self.dns.seen)
        done = self.run_curl(self.url("two"), policy="allow any purpose origin\n")
        self.assertEqual(done.returncode, 6)
        self.assertIn("policy refused 127.0.0.1 port %s" % self.dns.address[10:], done.stderr)
        self.assertEqual({(e["event"], e["purpose"]) for e in self.events}, {("refused", "dns")})
        self.assertEqual(len(self.dns.seen), asked)

    # ---- proxies ----

    PROXY = "allow 127.0.0.3 purpose proxy\n" + ALLOW_2

    def test_a_plain_proxy(self):
        p = self.begin(servers.http_proxy("127.0.0.3"))
        proxy = "http://127.0.0.3:%d" % p.port
        self.allowed("-x", proxy, self.url("two"), body="proxy", policy=self.PROXY)
        self.assertEqual(p.seen, ["GET http://two:%d/ HTTP/1.1" % self.port])
        for host in ("one", "127.0.0.1", "inside", "169.254.169.254", "2130706433", "[::1]", "mixed", "localhost"):
            self.refused("-x", proxy, self.url(host), policy=self.PROXY)
        self.assertEqual(len(p.seen), 1)
        self.assertEqual(p.accepted, 1)
        self.refused("-x", proxy, self.url("two"), what="127.0.0.3", policy=ALLOW_2)

    def test_a_kept_connection_to_a_proxy(self):
        p = self.begin(servers.http_proxy("127.0.0.3"))
        self.refused("-x", "http://127.0.0.3:%d" % p.port, self.url("two"), self.url("one"), self.url("two", "/2"),
                     policy=self.PROXY, code=0)
        self.assertEqual(p.seen, ["GET http://two:%d%s HTTP/1.1" % (self.port, path) for path in ("/", "/2")])
        self.assertEqual(p.accepted, 1)

    def test_redirects_behind_a_proxy(self):
        p = self.begin(servers.http_proxy("127.0.0.3"))
        proxy = ("-L", "-x", "http://127.0.0.3:%d" % p.port)
        p.moved.update({self.url("two", "/in"): self.url("one"), self.url("two", "/out"): self.url("two", "/there")})
        self.allowed(*proxy, self.url("two", "/out"), body="proxy", policy=self.PROXY)
        self.refused(*proxy, self.url("two", "/in"), policy=self.PROXY)
        self.assertEqual([line.split()[1] for line in p.seen],
                         [self.url("two", path) for path in ("/out", "/there", "/in")])

    def test_a_tunnel(self):
        p = self.begin(servers.http_proxy("127.0.0.3", lead=TWO))
        proxy = ("-p", "-x", "http://127.0.0.3:%d" % p.port)
        self.allowed(*proxy, self.url("two"), policy=self.PROXY)
        self.assertEqual(p.seen, ["CONNECT two:%d HTTP/1.1" % self.port])
        for host in ("one", "127.0.0.1", "[::ffff:7f00:1]", "inside"):
            self.refused(*proxy, self.url(host), policy=self.PROXY)
        self.refused(*proxy, "--connect-to", "::one:", self.url("two"), policy=self.PROXY)
        self.assertEqual(p.accepted, 1)

    def test_socks(self):
        p = self.begin(servers.socks("127.0.0.3"))
        for kind in ("socks4", "socks4a", "socks5", "socks5h"):
            proxy = ("-x", "%s://127.0.0.3:%d" % (kind, p.port))
            p.seen.clear()
            self.allowed(*proxy, self.url("two"), policy=self.PROXY)
            self.assertEqual(p.seen, ["address 127.0.0.2 %d" % self.port], kind)  # never the name: it was judged here
            for host in ("one", "127.0.0.1", "inside", "169.254.169.254"):
                self.refused(*proxy, self.url(host), policy=self.PROXY)
            self.assertEqual(len(p.seen), 1)
            self.refused(*proxy, self.url("two"), policy=ALLOW_2)

    def test_two_proxies(self):
        http = self.begin(servers.http_proxy("127.0.0.4", lead=TWO))
        first = self.begin(servers.socks("127.0.0.3"))
        way = ("--preproxy", "socks5h://127.0.0.3:%d" % first.port, "-p", "-x", "http://127.0.0.4:%d" % http.port)
        both = "allow 127.0.0.4 purpose proxy\n" + self.PROXY
        self.allowed(*way, self.url("two"), policy=both)
        self.assertEqual(first.seen, ["address 127.0.0.4 %d" % http.port])
        self.refused(*way, self.url("two"), what="127.0.0.4", policy=self.PROXY)
        self.refused(*way, self.url("one"), what="127.0.0.1", policy=both)
        self.assertEqual((first.accepted, http.accepted), (1, 1))

    def test_a_proxy_of_the_environment(self):
        p = self.begin(servers.http_proxy("127.0.0.3"))
        env = {"http_proxy": "http://127.0.0.3:%d" % p.port, "ALL_PROXY": "socks5h://127.0.0.3:%d" % p.port}
        self.refused(self.url("two"), what="127.0.0.3", env=env)
        self.refused(self.url("one"), what="127.0.0.1", env=env, policy=self.PROXY)
        self.assertEqual(p.accepted, 0)
        self.allowed(self.url("two"), body="proxy", env=env, policy=self.PROXY)

    # ---- FTP ----

    def test_ftp_passive(self):
        server = self.begin(servers.ftp(TWO))
        file = "ftp://two:%d/f" % server.port
        data = "allow 127.0.0.2 port %d\nallow 127.0.0.2 purpose ftp-data\nallow loopback purpose dns\n" % server.port
        self.allowed(file, body="file", policy=data)
        # the data port is asked about as such
        self.refused(file, policy="allow 127.0.0.2 port %d\nallow loopback purpose dns\n" % server.port, code=7)
        self.assertEqual(server.seen.count("data connection"), 1)

    def test_ftp_passive_elsewhere(self):
        server = self.begin(servers.ftp(TWO, pasv=ONE, epsv=False, data="0.0.0.0"))
        file = "ftp://two:%d/f" % server.port
        self.refused("--no-ftp-skip-pasv-ip", file, what="127.0.0.1")
        self.assertNotIn("data connection", server.seen)
        self.allowed("--ftp-skip-pasv-ip", file, body="file")  # the default: back to where the control connection goes

    def test_ftp_behind_a_tunnel(self):
        """The proxy would connect to whatever the server has named."""
        p = self.begin(servers.http_proxy("127.0.0.3", lead=TWO))
        server = self.begin(servers.ftp(TWO, pasv=ONE, epsv=False, data="0.0.0.0"))
        way = ("-p", "-x", "http://127.0.0.3:%d" % p.port, "--disable-epsv")
        file = "ftp://two:%d/f" % server.port
        self.refused(*way, "--no-ftp-skip-pasv-ip", file, what="127.0.0.1", policy=self.PROXY)
        self.assertEqual(len(p.seen), 1)
        ports = "allow 127.0.0.3 purpose proxy\nallow 127.0.0.2 port %d\nallow loopback purpose dns\n" % server.port
        self.refused(*way, "--ftp-skip-pasv-ip", file, what="127.0.0.2", policy=ports)
        self.assertNotIn("data connection", server.seen)
        self.allowed(*way, "--ftp-skip-pasv-ip", file, body="file", policy=self.PROXY)

    def test_ftp_behind_socks(self):
        p = self.begin(servers.socks("127.0.0.3"))
        server = self.begin(servers.ftp(TWO))
        way = ("-x", "socks5h://127.0.0.3:%d" % p.port, "ftp://two:%d/f" % server.port)
        only_data = "allow 127.0.0.3 purpose proxy\nallow loopback purpose dns\nallow 127.0.0.2 port %d\n" % server.port
        self.refused(*way, policy=only_data)
        self.assertNotIn("data connection", server.seen)
        self.allowed(*way, body="file", policy=only_data + "allow 127.0.0.2 purpose ftp-data\n")

    def test_ftp_active(self):
        server = self.begin(servers.ftp(TWO))
        way = ("--interface", TWO, "-P", "-", "ftp://two:%d/f" % server.port)
        self.refused(*way, policy="allow 127.0.0.2 purpose origin\nallow loopback purpose dns\n", code=7)
        self.refused(*way, policy="allow 127.0.0.2 purpose origin,ftp-listen\nallow loopback purpose dns\n", code=7)
        self.allowed(*way, body="file", policy="allow 127.0.0.2 purpose origin,ftp-listen,accept\nallow loopback purpose dns\n")

    def test_ftp_active_in_a_range_of_ports(self):
        server = self.begin(servers.ftp(TWO))
        port = common.free_ports(1)[0]
        way = ("--interface", TWO, "-P", "%s:%d-%d" % (TWO, port, port + 1), "ftp://two:%d/f" % server.port)
        base = "allow loopback purpose dns\nallow 127.0.0.2 purpose origin,accept\n"
        self.allowed(*way, body="file", policy=base + "allow 127.0.0.2 purpose ftp-listen port %d-%d\n" % (port, port + 1))
        self.refused(*way, policy=base + "allow 127.0.0.2 purpose ftp-listen port 1-2\n")

    def test_ftp_a_stranger_connects(self):
        server = self.begin(servers.ftp(TWO, come_from=["127.0.0.3", TWO]))
        way = ("--interface", TWO, "-P", "-", "ftp://two:%d/f" % server.port)
        # Turned away whatever a policy says of it, and the server waited for: nobody else may end the transfer.
        self.allowed(*way, body="file", policy="allow loopback\n")
        self.allowed(*way, body="file", policy="deny 127.0.0.3\nallow loopback\n")

    # ---- TFTP ----

    def test_tftp(self):
        def server():
            port, seen, stop = servers.tftp(TWO, TWO)
            self.addCleanup(stop)
            return port, "tftp://two:%d/f" % port, seen
        _, file, _ = server()
        self.allowed(file, body="file", policy="allow 127.0.0.2 proto udp\nallow loopback purpose dns\n")
        self.refused(file, policy="allow 127.0.0.2 proto tcp\nallow loopback purpose dns\n")
        port, file, seen = server()
        self.refused(file, policy="allow 127.0.0.2 proto udp port %d\nallow loopback purpose dns\n" % port)
        end = time.monotonic() + common.SECONDS
        while "silence" not in seen and time.monotonic() < end:
            time.sleep(0.01)
        self.assertEqual(seen, ["request", "silence"])  # the port that it answers from gets nothing

    # ---- TLS: HSTS, Alt-Svc, DoH, HTTP/2 ----

    def context(self, alpn=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificate())
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    @classmethod
    def certificate(cls):
        if not hasattr(cls, "pair"):
            cls.pair = common.Authority(cls.place).issue("good", "DNS:two,DNS:one,DNS:hsts.test,DNS:localhost,IP:127.0.0.1,IP:127.0.0.2")
        return cls.pair

    def https(self, address, port=0, answers=None, handler=servers.Http):
        """A server whose connections are TLS."""
        server = self.begin(servers.Threaded(handler, address, port, answers=answers or {}))
        context = self.context(["http/1.1"])
        plain = server.get_request

        def secure():
            s, peer = plain()
            s.settimeout(5)
            return context.wrap_socket(s, server_side=True, do_handshake_on_connect=False), peer
        server.get_request = secure
        return server

    def test_hsts(self):
        server = self.https(TWO)
        self.place.write("hsts", 'hsts.test "%s"\n' % "20991231 00:00:00")
        way = ("--hsts", self.place / "hsts", "--cacert", self.place / "ca.pem", "http://hsts.test:%d/" % server.port)
        self.allowed(*way, policy="allow 127.0.0.2 scheme https\nallow loopback purpose dns\n")
        self.refused(*way, policy="allow 127.0.0.2 scheme http\nallow loopback purpose dns\n")

    def test_alternative_services(self):
        server = self.https(TWO)
        other = self.https(ONE)
        self.place.write("altsvc", "")

        def curl(alternative, *words, good):
            self.place.write("altsvc", 'h1 two %d h1 %s %d "20991231 00:00:00" 0 0\n' % (server.port, alternative, other.port))
            way = ("--alt-svc", self.place / "altsvc", "--cacert", self.place / "ca.pem", *words, "https://two:%d/" % server.port)
            return self.allowed(*way, policy=self.PROXY) if good else self.refused(*way, policy=self.PROXY)
        curl("127.0.0.1", good=False)
        curl("one", good=False)
        self.assertEqual(other.accepted, 0)
        # behind a proxy the alternative has not been judged: the origin itself is asked for
        p = self.begin(servers.http_proxy("127.0.0.3", lead=TWO))
        curl("one", "-x", "http://127.0.0.3:%d" % p.port, good=True)
        self.assertEqual(p.seen, ["CONNECT two:%d HTTP/1.1" % server.port])
        self.assertEqual(other.accepted, 0)

    def test_doh(self):
        class Doh(servers.Http):
            def talk(self, s):
                head = self.head()
                self.server.seen.append(head[0])
                length = next(int(line.split(":")[1]) for line in head if line.lower().startswith("content-length"))
                query = self.exactly(length)
                kind = struct.unpack(">H", query[-4:-2])[0]
                record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([127, 0, 0, 2]) if kind == 1 else b""
                body = query[:2] + struct.pack(">HHHHH", 0x8180, 1, bool(record), 0, 0) + query[12:] + record
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/dns-message\r\nContent-Length: %d\r\n"
                          b"Connection: close\r\n\r\n" % len(body) + body)
        doh = self.https("127.0.0.3", handler=Doh)
        way = ("--doh-insecure", "--doh-url", "https://127.0.0.3:%d/q" % doh.port, self.url("anything"))
        self.allowed(*way, policy="allow 127.0.0.2 purpose origin\nallow 127.0.0.3 purpose doh\n")
        seen = len(doh.seen)
        self.assertGreater(seen, 0)
        done = self.run_curl(*way, policy="allow 127.0.0.2 127.0.0.3 purpose origin\n")
        self.assertEqual(done.returncode, 6, done.stderr)
        self.assertEqual({(e["event"], e["purpose"]) for e in self.events}, {("refused", "doh")})
        self.assertEqual(len(doh.seen), seen)

    def test_http2(self):
        self.certificate()
        port = common.free_ports(1)[0]
        self.serve_nginx('server { listen 127.0.0.1:%d ssl http2; location / { return 200 "yes"; } }' % port, [port],
                         "ssl_certificate {0}/good.pem; ssl_certificate_key {0}/good.key;".format(self.place.path))
        source, program = self.place.write("h2.c", H2), self.place / "h2"
        common.must(common.CC, "-I%s" % (common.SOURCE / "include"), "-o", program, source, common.LIB / "libcurl.so.4")
        url = "https://127.0.0.1:%d/" % port

        def run(first, second):
            return sorted(common.run(program, url, self.place / "ca.pem", first, second).stdout.splitlines())
        self.assertEqual(run("allow loopback", ""), ["handle 0: 0, 1 connections, version 3", "handle 1: 0, 0 connections, version 3"])
        self.assertEqual(run("allow loopback", "allow any"), ["handle 0: 0, 1 connections, version 3",
                                                             "handle 1: 0, 1 connections, version 3"])
        self.assertEqual(run("allow loopback", "deny any"), ["handle 0: 0, 1 connections, version 3",
                                                            "handle 1: 7, 0 connections, version 0"])

    # ---- the process ----

    def test_what_cannot_be_read_stops_everything(self):
        for value, said in (("/nonexistent", "No such file"), ("", "is empty"), ("preset:x", "No such file"),
                            (self.place.write("bad", "allow public\nalow private\n"), "line 2 column 1: ")):
            done = common.run(self.curl, "-qsS", self.url(TWO), env=common.environment(SLUICE_POLICY=value))
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("SLUICE_POLICY", done.stderr)
            self.assertIn(said, done.stderr)
        done = common.run(self.curl, "-qsS", self.url(TWO), env=common.environment(SLUICE_LOG="/nonexistent/log"))
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("SLUICE_LOG: cannot open /nonexistent/log", done.stderr)
        self.assertEqual(self.two.accepted, 0)

    def test_report(self):
        done = self.run_curl(self.url(ONE), policy="mode report\nallow 127.0.0.2\n")
        self.assertEqual((done.returncode, done.stdout), (0, "yes"))
        self.assertEqual([(e["event"], e.get("rule")) for e in self.events][:2],
                         [("reported", "policy: no rule matches"), ("open", None)])
        self.run_curl(self.url(ONE), policy="mode open\nallow 127.0.0.2\n")
        self.assertEqual([e for e in self.events if "rule" in e], [])

    def test_the_log_is_json_whatever_is_asked_for(self):
        for host in ("a%22b", "a%5cb", "\u00e5.test", "x" * 250, "'\"", "%e2%80%a8", "a{b"):
            self.run_curl("-g", self.url(host))  # run_curl() has read each line as JSON
        self.run_curl("-g", self.url("inside"))
        self.assertEqual(self.events[-1]["host"], "inside")
        self.assertEqual((self.events[-1]["event"], self.events[-1]["address"], self.events[-1]["port"],
                          self.events[-1]["purpose"], self.events[-1]["rule"]),
                         ("refused", "10.0.0.1", self.port, "origin", "policy: no rule matches"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
