#!/usr/bin/python3
"""Peers that never stop (hostile.py): each has to end in an error, in little time and memory, and transfers beside it in the
same multi handle have to go on meanwhile. What each must not cost is in CASES; flood_client.c measures it."""
import http.server
import threading
import unittest

import common
import hostile

OK, UNSUPPORTED, CONNECT, HTTP2, WRITE, TIMEDOUT, REDIRECTS = 0, 1, 7, 16, 23, 28, 47
RECV, ENCODING, STREAM, PROXY, LARGE = 56, 61, 92, 97, 100

TIME = 5000              # ms; most need a hundredth of it
SLOWEST = 1000           # ms that the neighbour may have to wait: two cores that others use, too
MEMORY = 2 * 1024 * 1024 # bytes, most need a tenth


def case(code, words="", *options, memory=MEMORY, **expected):
    """With a dictionary: any of these codes, each with its words."""
    return code if isinstance(code, dict) else {code: words}, options, memory, expected


BOMB = ("compressed", "take=100000000")
LOGIN = ("auth", "user=u:p")
LONG_LINE, MANY, LARGE_HEAD = "Too long header line", "Too many response headers", "Too large response headers"
FLOODED, NOTHING, NOBODY = "Flooding was detected", "Too many frames that carry nothing", "Too many bytes that belong to nobody"

CASES = {
    "a_line_without_end": case(LARGE, LONG_LINE),
    "a_status_line_without_end": case(LARGE, LONG_LINE),
    "no_status_line_at_all": case(UNSUPPORTED, "HTTP/0.9"),
    "headers_without_end": case(RECV, MANY),
    "headers_of_one_letter": case(LARGE, MANY),
    "a_field_folded_without_end": case(LARGE, LONG_LINE),
    "fields_folded_without_end": case(RECV, LARGE_HEAD),
    "informational_responses": case(LARGE, "informational"),
    "informational_responses_with_large_heads": case(LARGE, "in all"),
    "cookies_without_end": case(RECV, LARGE_HEAD, "jar", cookies=50),
    "cookies_that_are_many": case(LARGE, "in all", "jar", "follow"),
    "challenges_without_end": case(LARGE, "in all", *LOGIN),
    "challenges_in_one_response": case(RECV, LARGE_HEAD, *LOGIN),
    "ntlm_without_end": case(OK, "", *LOGIN),  # the last 401 is the answer
    "redirects_without_end": case(REDIRECTS, "Maximum (30)", "follow"),
    "redirects_that_grow": case(LARGE, "", "follow", "redirs=-1", memory=4 * MEMORY),

    "a_chunk_extension_without_end": case(RECV, "extension too long"),
    "a_chunk_size_without_end": case(RECV, "hex-length too long"),
    "a_trailer_line_without_end": case(RECV, "trailers too large", body=5),
    "trailers_without_end": case(RECV, "trailers too large", body=5),
    "a_body_without_end": case(WRITE, "", "take=100000000"),
    "more_than_was_announced": case(OK, "", "linger", body=5, open=0),

    "a_gzip_bomb": case(WRITE, "", *BOMB),
    "a_deflate_bomb": case(WRITE, "", *BOMB),
    "a_brotli_bomb": case(WRITE, "", *BOMB, memory=20 << 20),  # RFC 7932 9.1: a window of up to 16 MB
    "a_zstd_bomb": case(WRITE, "", *BOMB, memory=10 << 20),    # RFC 9659 3: ... of up to 8 MB
    "a_zstd_window_of_gigabytes": case(ENCODING, "too much memory", *BOMB),
    "bombs_in_bombs": case(WRITE, "", *BOMB),
    "bombs_that_give_nothing": case(TIMEDOUT, "timed out after", "compressed", "ms=700", body=0),
    "brotli_that_gives_nothing": case(TIMEDOUT, "timed out after", "compressed", "ms=700", body=0),
    "encodings_upon_encodings": case(ENCODING, "more than 5", *BOMB),
    "transfer_encodings_upon_encodings": case(ENCODING, "limit of 5", "te"),

    "alternatives_tls": case(OK, "", body=2),  # see also test_what_is_remembered...
    "alternatives_in_one_field_tls": case(OK, "", body=2),
    "strict_transport_tls": case(OK, "", body=2),

    "connect_headers_without_end": case(LARGE, MANY),
    "connect_line_without_end": case(LARGE, LONG_LINE),
    "connect_informational": case(LARGE, "informational"),
    "connect_body_without_end": case(CONNECT, "407"),
    "connect_challenges_without_end": case(CONNECT, "More than 20 CONNECT requests"),
    "connect_challenges_that_close": case(CONNECT),
    "proxy_challenges_without_end": case(LARGE, "in all"),
    "socks4_without_end": case(PROXY, "SOCKS4"),
    "socks4_granted_and_more": case(UNSUPPORTED, "HTTP/0.9"),
    "socks5_without_end": case(PROXY, "SOCKS5"),
    "socks5_granted_and_more": case(UNSUPPORTED, "HTTP/0.9"),

    "h2_continuations": case(HTTP2, "Too many CONTINUATION"),
    "h2_empty_continuations": case(HTTP2, "Too many CONTINUATION"),
    "h2_settings": case(HTTP2, FLOODED),
    "h2_settings_that_are_read": case(HTTP2, FLOODED),
    "h2_settings_acknowledged": case(HTTP2, "Protocol error"),
    "h2_pings": case(HTTP2, FLOODED),
    "h2_pings_that_are_read": case(HTTP2, FLOODED),
    "h2_pings_acknowledged": case(HTTP2, NOTHING),
    "h2_priorities": case(HTTP2, NOTHING),
    "h2_frames_of_no_known_kind": case(HTTP2, NOBODY),
    "h2_empty_frames_of_no_known_kind": case(HTTP2, NOBODY),
    "h2_window_updates": case(HTTP2, NOTHING),
    "h2_windows_that_overflow": case(HTTP2, "Flow control"),
    "h2_goaways": case(HTTP2, NOTHING),
    "h2_empty_data": case(HTTP2, NOTHING),
    "h2_data_of_padding": case(HTTP2, NOTHING),
    "h2_data_that_nobody_wants": case(OK, "", "times=2", done=2),  # served by a second connection
    "h2_resets_of_a_closed_stream": case(OK, "", "times=2", done=2),
    "h2_rapid_reset": case(STREAM, "REFUSED_STREAM"),
    "h2_rapid_reset_after_an_answer": case(STREAM, "REFUSED_STREAM", "times=2", done=2),
    "h2_goaway_each_time": case(STREAM, "REFUSED_STREAM"),
    "h2_http_1_1_required": case(UNSUPPORTED, "HTTP/0.9"),
    "h2_promises_that_are_off": case(HTTP2, ""),
    "h2_promises": case(HTTP2, NOTHING, "push=deny"),
    "h2_promises_that_are_large": case(HTTP2, "", "push=take"),
    "h2_hpack_bomb": case(LARGE, LARGE_HEAD),
    "h2_many_fields": case(LARGE, LARGE_HEAD),
    "h2_table_that_grows_and_shrinks": case(LARGE, "informational"),
    "h2_informational": case(LARGE, "informational"),
    # The stream ends at the first reset that goes out, unless the connection is over before the same read's end.
    "h2_heads_without_an_end": case({HTTP2: NOTHING, STREAM: "PROTOCOL_ERROR"}),
    "h2_trailers_without_end": case({HTTP2: NOTHING, STREAM: "PROTOCOL_ERROR"}),
    "h2_cookies": case(OK, "", "jar", cookies=50),
    "h2_frames_that_are_too_large": case(HTTP2, "protocol"),
    "h2_pings_after_the_end": case(OK, "", "linger", open=0),
    "h2_data_after_the_end": case(OK, "", "linger", open=0),
    "h2_bombs_in_bombs": case(WRITE, "", *BOMB),
    "h2_a_frame_without_end": case(HTTP2, "protocol"),
    "upgrade_to_nothing": case(HTTP2, "protocol", "http=upgrade"),
}


class Neighbour(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_):
        pass


class NeighbourServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # the client ends when it has seen enough


class Flood(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        cls.client = cls.place / "client"
        common.must(common.CC, "-O1", "-I%s" % (common.SOURCE / "include"), "-o", cls.client,
                    common.HERE / "flood_client.c", "-L%s" % common.LIB, "-lcurl")
        certificate = common.Authority(cls.place).issue("good", "IP:127.0.0.1,DNS:localhost")
        cls.hostile = hostile.Hostile(certificate)
        cls.addClassCleanup(cls.hostile.stop)
        neighbour = NeighbourServer((common.LOCAL, 0), Neighbour)
        threading.Thread(target=neighbour.serve_forever, args=(0.05,), daemon=True).start()
        cls.addClassCleanup(neighbour.server_close)
        cls.addClassCleanup(neighbour.shutdown)
        cls.neighbour = "http://127.0.0.1:%d/" % neighbour.server_address[1]

    def way(self, name):
        """The URL, and the options that its kind needs."""
        port = self.hostile.ports[name]
        if name.endswith("_tls"):  # a name, since addresses have no HSTS
            return "https://localhost:%d/" % port, ["ca=%s" % (self.place / "ca.pem")]
        if name.startswith("connect_"):
            return "https://origin.test/", ["proxy=http://127.0.0.1:%d" % port, "proxyuser=u:p", "auth"]
        if name.startswith("proxy_"):
            return "http://origin.test/", ["proxy=http://127.0.0.1:%d" % port, "proxyuser=u:p", "auth"]
        if name.startswith("socks"):
            return "http://127.0.0.1/", ["proxy=%s://127.0.0.1:%d" % (name[:6], port)]
        return "http://127.0.0.1:%d/" % port, ["http=2"] if name.startswith("h2_") else []

    def run_flood(self, name, *more):
        """What the client says, as a dictionary."""
        url, options = self.way(name)
        done = common.run(self.client, url, self.neighbour, *options, *CASES[name][1], *more)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        said, words = done.stdout.split(" words ", 1)
        parts = said.split()
        return {"words": words.strip(), **{k: int(v) for k, v in zip(parts[::2], parts[1::2])}}

    def check(self, name, *more):
        codes, _, memory, expected = CASES[name]
        got = self.run_flood(name, *more)
        self.assertIn(got["code"], codes, got)
        self.assertIn(codes[got["code"]], got["words"])
        self.assertLess(got["ms"], TIME, got)
        self.assertLess(got["peak"], memory, got)
        self.assertEqual(got["failed"], 0, got)
        self.assertGreater(got["neighbours"], got["ms"] // SLOWEST, got)
        self.assertLess(got["slowest"], SLOWEST, got)
        self.assertEqual({k: got[k] for k in expected}, expected, got)

    def remembered(self, name, option):
        """The entries of the file."""
        path = self.place / (name + "." + option)
        self.check(name, "%s=%s" % (option, path))
        return [line for line in path.read_text().splitlines() if not line.startswith("#")]

    def test_each_has_a_case(self):
        self.assertEqual(sorted(CASES), sorted(hostile.FLOODS))

    def test_what_is_remembered_of_alternatives_is_little(self):
        for name in ("alternatives_tls", "alternatives_in_one_field_tls"):
            self.assertTrue(0 < len(self.remembered(name, "altsvc")) <= 64)

    def test_what_is_remembered_of_strict_transport_is_one_entry(self):
        self.assertEqual(len(self.remembered("strict_transport_tls", "hsts")), 1)


def add_test(name):
    def test(self):
        self.check(name)
    setattr(Flood, "test_" + name, test)


for each in CASES:
    add_test(each)


if __name__ == "__main__":
    unittest.main(verbosity=2)
