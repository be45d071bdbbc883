"""A server that takes Negotiate with python3-gssapi, for what Apache's module does not do: channel bindings, and
exchanges of several legs in the midst of which a connection remembers where it was.

usage: gss_server.py PORT TLS_PORT OTHER_PORT CERTIFICATE KEY

TLS_PORT insists on the bindings of its certificate, OTHER_PORT on those of another one. A 200's body says who came by
which mechanism, whether the bindings were looked at, and what the request's body was.
"""
import base64
import hashlib
import http.server
import ssl
import sys
import threading

import gssapi
import gssapi.raw

CHANNEL_BOUND = 2048
NTLM = "1.3.6.1.4.1.311.2.2.10"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    context = None  # of this connection

    def log_message(self, *_):
        pass

    def do_GET(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        status, answer, text = 401, "Negotiate", ""
        if scheme == "Negotiate":
            try:
                if not self.context:
                    self.context = gssapi.SecurityContext(usage="accept", channel_bindings=self.server.bindings)
                reply = self.context.step(base64.b64decode(token))
                answer += " " + base64.b64encode(reply).decode() if reply else ""
                if self.context.complete:
                    status, text = 200, self.report(body)
            except gssapi.exceptions.GSSError as error:
                text = type(error).__name__ + "\n"
            if self.context.complete or text:
                self.context = None
        self.send_response(status)
        self.send_header("WWW-Authenticate", answer)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    do_POST = do_GET

    def report(self, body):
        mechanism = "NTLM" if self.context.mech.dotted_form == NTLM else "krb5"
        bound = "bound" if int(self.context.actual_flags) & CHANNEL_BOUND else "unbound"
        return "%s %s %s %s\n" % (self.context.initiator_name, mechanism, bound, body.decode())


def serve(port, certificate=None, key=None, bindings=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.bindings = bindings and gssapi.raw.ChannelBindings(application_data=b"tls-server-end-point:" + bindings)
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever).start()


def main():
    port, tls_port, other_port = map(int, sys.argv[1:4])
    certificate, key = sys.argv[4:]
    with open(certificate, encoding="ascii") as file:
        binary = ssl.PEM_cert_to_DER_cert(file.read())
    serve(port)
    serve(tls_port, certificate, key, hashlib.sha256(binary).digest())
    serve(other_port, certificate, key, hashlib.sha256(b"another").digest())


if __name__ == "__main__":
    main()
