#!/usr/bin/python3
"""RTSP: a real server (RTSP::Server of Perl), which keeps what one side announces for the other, and a scripted peer for
what that server does not do: interleaved data, and answers that no server should give."""
import ctypes
import hashlib
import socket
import threading
import time
import unittest

import common

(OPTIONS, DESCRIBE, ANNOUNCE, SETUP, PLAY, PAUSE, TEARDOWN, GET_PARAMETER, SET_PARAMETER, RECORD, RECEIVE) = range(1, 12)
OPTION = dict(URL=10002, POSTFIELDS=10015, USERAGENT=10018, RANGE=10007, USERPWD=10005, PROXY=10004, ERRORBUFFER=10010,
              WRITEFUNCTION=20011, READFUNCTION=20012, HEADERFUNCTION=20079, INTERLEAVEFUNCTION=20196, UPLOAD=46,
              INFILESIZE=14, HTTPAUTH=107, TIMEOUT_MS=155, RTSP_REQUEST=189, RTSP_SESSION_ID=10190, RTSP_STREAM_URI=10191,
              RTSP_TRANSPORT=10192, RTSP_CLIENT_CSEQ=193, HTTPHEADER=10023, OPENSOCKETFUNCTION=20163)
INFO = dict(CODE=0x200002, CONNECTS=0x20001a, CLIENT_CSEQ=0x200025, SERVER_CSEQ=0x200026, CSEQ_RECV=0x200027)
SESSION = 0x100024
OK, UNSUPPORTED, CONNECT, WRITE_ERROR, TIMED_OUT, BAD_ARGUMENT, CSEQ_ERROR, SESSION_ERROR = 0, 1, 7, 23, 28, 43, 85, 86
AUTH_DIGEST, PAUSED, BAD_SOCKET = 2, 0x10000001, -1

DATA = ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)
OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)

SDP = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=clip\r\nt=0 0\r\nm=audio 0 RTP/AVP 0\r\na=control:streamid=0\r\n"


class Slist(ctypes.Structure):
    pass


Slist._fields_ = [("data", ctypes.c_char_p), ("next", ctypes.POINTER(Slist))]


class Easy:
    """One handle; go() performs and answers with the CURLcode."""
    lib = None

    def __init__(self, url):
        if not Easy.lib:
            Easy.lib = ctypes.CDLL(str(common.LIB / "libcurl.so.4"))
            Easy.lib.curl_easy_init.restype = ctypes.c_void_p
        self.handle = ctypes.c_void_p(self.lib.curl_easy_init())
        self.kept, self.body, self.head, self.frames = [], b"", b"", []
        self.why = ctypes.create_string_buffer(256)
        self.set(URL=url, TIMEOUT_MS=10000, ERRORBUFFER=self.why, WRITEFUNCTION=DATA(self.on_body),
                 HEADERFUNCTION=DATA(self.on_head), INTERLEAVEFUNCTION=DATA(self.on_frame))

    def on_body(self, data, _, n, __):
        self.body += ctypes.string_at(data, n)
        return n

    def on_head(self, data, _, n, __):
        self.head += ctypes.string_at(data, n)
        return n

    def on_frame(self, data, size, n, __):
        self.frames.append(ctypes.string_at(data, size * n))
        return n

    def set(self, **options):
        for name, value in options.items():
            if isinstance(value, str):
                value = value.encode()
            self.kept.append(value)
            rc = self.lib.curl_easy_setopt(self.handle, OPTION[name], ctypes.c_long(value) if isinstance(value, int) else value)
            if rc:
                raise ValueError("%s: %d" % (name, rc))

    def go(self, request=None, **options):
        self.body, self.head, self.frames = b"", b"", []
        if request:
            options["RTSP_REQUEST"] = request
        self.set(**options)
        return self.lib.curl_easy_perform(self.handle)

    def info(self, name):
        value = ctypes.c_long()
        self.lib.curl_easy_getinfo(self.handle, INFO[name], ctypes.byref(value))
        return value.value

    def session(self):
        value = ctypes.c_char_p()
        self.lib.curl_easy_getinfo(self.handle, SESSION, ctypes.byref(value))
        return value.value

    def done(self):
        self.lib.curl_easy_cleanup(self.handle)


class RealServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = common.Place()
        cls.client, cls.source, cls.rtp = common.free_ports(3)
        cls.server = common.Server([common.program("rtsp-server-perl"), "-c", cls.client, "-s", cls.source,
                                    "--client_listen_address", common.LOCAL, "--source_listen_address", common.LOCAL,
                                    "--rtp_start_port", cls.rtp & ~1], [cls.client, cls.source], cls.place / "log")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.place.done()

    def easy(self, port, path="clip"):
        url = "rtsp://%s:%d/%s" % (common.LOCAL, port, path)
        e = Easy(url)
        e.set(RTSP_STREAM_URI=url)
        self.addCleanup(e.done)
        return e

    def test_options(self):
        e = self.easy(self.client)
        self.assertEqual(e.go(OPTIONS), OK, e.why.value)
        self.assertIn(b"Public: OPTIONS, DESCRIBE", e.head)
        self.assertEqual(e.info("CODE"), 200)

    def test_what_is_announced_is_described(self):
        s = self.easy(self.source)
        self.assertEqual(s.go(ANNOUNCE, POSTFIELDS=SDP.decode()), OK, s.why.value)
        self.assertEqual(s.info("CODE"), 200)
        self.assertEqual(s.go(SETUP, RTSP_TRANSPORT="RTP/AVP;unicast;mode=record", RTSP_STREAM_URI="rtsp://%s:%d/clip/streamid=0" %
                              (common.LOCAL, self.source)), OK, s.why.value)
        self.assertTrue(s.session())
        c = self.easy(self.client)
        self.assertEqual(c.go(DESCRIBE), OK, c.why.value)
        self.assertEqual((c.info("CODE"), c.body), (200, SDP))
        self.assertIn(b"Content-Type: application/sdp", c.head)
        a, b = common.free_ports(2)
        self.assertEqual(c.go(SETUP, RTSP_TRANSPORT="RTP/AVP;unicast;client_port=%d-%d" % (a, b),
                              RTSP_STREAM_URI="rtsp://%s:%d/clip/streamid=0" % (common.LOCAL, self.client)), OK, c.why.value)
        self.assertEqual(c.info("CODE"), 200)
        self.assertIn(b"server_port=", c.head)
        self.assertEqual(c.go(PLAY, RANGE="npt=0-"), OK, c.why.value)
        self.assertEqual((c.info("CSEQ_RECV"), c.info("CLIENT_CSEQ")), (3, 4)) # this server does not answer TEARDOWN

    def test_not_found(self):
        e = self.easy(self.client, "nothing")
        self.assertEqual(e.go(DESCRIBE), OK, e.why.value)
        self.assertEqual(e.info("CODE"), 404)


class Scripted:
    """Answers the n-th request, on whatever connection, with the n-th answer: bytes, or seconds to wait in a list of both.
    %CSEQ in it is the request's. None: closes."""

    def __init__(self, answers):
        self.answers, self.got, self.connections = list(answers), [], 0
        self.listener = socket.create_server((common.LOCAL, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                c, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        data = b""
        with c:
            while True:
                while b"\r\n\r\n" not in data:
                    more = c.recv(65536)
                    if not more:
                        return
                    data += more
                head, _, data = data.partition(b"\r\n\r\n")
                fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
                length = int(fields.get(b"Content-Length", 0))
                while len(data) < length:
                    data += c.recv(65536)
                self.got.append((head + b"\r\n", data[:length]))
                data = data[length:]
                answer = self.answers.pop(0) if self.answers else GOOD + b"\r\n"
                if answer is None:
                    return
                for piece in answer if isinstance(answer, list) else [answer]:
                    if isinstance(piece, float):
                        time.sleep(piece)
                    else:
                        c.sendall(piece.replace(b"%CSEQ", fields.get(b"CSeq", b"?")))

    def stop(self):
        self.listener.close()


GOOD = b"RTSP/1.0 200 OK\r\nCSeq: %CSEQ\r\n"


class ScriptedPeer(unittest.TestCase):
    def start(self, *answers):
        s = Scripted(answers)
        self.addCleanup(s.stop)
        e = Easy("rtsp://%s:%d/clip" % (common.LOCAL, s.port))
        e.set(RTSP_STREAM_URI="rtsp://host/clip")
        self.addCleanup(e.done)
        return s, e

    def test_without_a_stream_the_server_is_meant(self):
        s, e = self.start()
        e.set(RTSP_STREAM_URI=None)
        self.assertEqual(e.go(), OK)
        self.assertEqual(s.got, [(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n", b"")])

    def test_a_session_from_its_beginning_to_its_end(self):
        s, e = self.start(GOOD + b"\r\n", GOOD + b"Content-Length: 5\r\n\r\nv=0\r\n", GOOD + b"Session: abc-1;timeout=60\r\n\r\n")
        e.set(USERAGENT="ua")
        self.assertEqual(e.go(OPTIONS), OK)
        self.assertEqual(e.go(DESCRIBE), OK)
        self.assertEqual(e.body, b"v=0\r\n")
        self.assertEqual(e.go(SETUP, RTSP_TRANSPORT="RTP/AVP/TCP;interleaved=0-1"), OK)
        self.assertEqual(e.session(), b"abc-1")
        for request in (PLAY, PAUSE, GET_PARAMETER, RECORD):
            self.assertEqual(e.go(request, RANGE="npt=0-"), OK)
        self.assertEqual(e.go(TEARDOWN, RANGE=None), OK)
        self.assertEqual(s.connections, 1)
        common_fields = b"Session: abc-1\r\nRange: npt=0-\r\nUser-Agent: ua\r\n"
        self.assertEqual([head for head, _ in s.got], [
            b"OPTIONS rtsp://host/clip RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: ua\r\n",
            b"DESCRIBE rtsp://host/clip RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\nUser-Agent: ua\r\n",
            b"SETUP rtsp://host/clip RTSP/1.0\r\nCSeq: 3\r\nTransport: RTP/AVP/TCP;interleaved=0-1\r\nUser-Agent: ua\r\n",
            b"PLAY rtsp://host/clip RTSP/1.0\r\nCSeq: 4\r\n" + common_fields,
            b"PAUSE rtsp://host/clip RTSP/1.0\r\nCSeq: 5\r\n" + common_fields,
            b"GET_PARAMETER rtsp://host/clip RTSP/1.0\r\nCSeq: 6\r\n" + common_fields,
            b"RECORD rtsp://host/clip RTSP/1.0\r\nCSeq: 7\r\n" + common_fields,
            b"TEARDOWN rtsp://host/clip RTSP/1.0\r\nCSeq: 8\r\nSession: abc-1\r\nUser-Agent: ua\r\n"])

    def test_bodies(self):
        s, e = self.start()
        left = [b"hello ", b"world"]

        def read(data, _, __, ___):
            piece = left.pop(0) if left else b""
            ctypes.memmove(data, piece, len(piece))
            return len(piece)

        self.assertEqual(e.go(ANNOUNCE, POSTFIELDS="v=0\r\n"), OK)
        self.assertEqual(e.go(SET_PARAMETER, RTSP_SESSION_ID="s", POSTFIELDS="a: b\r\n"), OK)
        self.assertEqual(e.go(ANNOUNCE, UPLOAD=1, READFUNCTION=DATA(read), INFILESIZE=11), OK)
        self.assertEqual([body for _, body in s.got], [b"v=0\r\n", b"a: b\r\n", b"hello world"])
        self.assertIn(b"Content-Length: 5\r\nContent-Type: application/sdp\r\n", s.got[0][0])
        self.assertIn(b"Content-Length: 6\r\nContent-Type: text/parameters\r\n", s.got[1][0])
        self.assertEqual(e.go(ANNOUNCE, INFILESIZE=-1), BAD_ARGUMENT)

    def test_interleaved_data_around_answers(self):
        s, e = self.start([b"$\0\0\3one" + GOOD + b"Session: s\r\n", 0.05, b"Content-Length: 2\r\n\r\nhi$\1\0\3two$\0\0"],
                          [b"\5three" + GOOD + b"\r\n", 0.2, b"$\0\0\4four$\0", 0.2, b"\0\4five"])
        self.assertEqual(e.go(SETUP, RTSP_TRANSPORT="t"), OK, e.why.value)
        self.assertEqual((e.frames, e.body), ([b"$\0\0\3one", b"$\1\0\3two"], b"hi"))
        self.assertEqual(e.go(PLAY), OK, e.why.value)
        self.assertEqual(e.frames, [b"$\0\0\5three"])
        self.assertEqual(e.go(RECEIVE), OK, e.why.value)
        self.assertEqual((e.frames, e.info("CODE")), ([b"$\0\0\4four"], 0))
        self.assertEqual(e.go(RECEIVE), OK, e.why.value)
        self.assertEqual(e.frames, [b"$\0\0\4five"])
        self.assertEqual(e.go(RECEIVE, TIMEOUT_MS=200), TIMED_OUT)
        self.assertEqual((s.connections, len(s.got)), (1, 2))

    def test_data_that_came_while_nobody_listened(self):
        s, e = self.start([GOOD + b"Session: s\r\n\r\n", 0.1, b"$\0\xff\xff" + b"x" * 0xffff])
        self.assertEqual(e.go(SETUP, RTSP_TRANSPORT="t"), OK)
        time.sleep(0.3)
        self.assertEqual(e.go(PLAY), OK, e.why.value)
        self.assertEqual([len(frame) for frame in e.frames], [4 + 0xffff])
        self.assertEqual(s.connections, 1)

    def test_the_application_refuses_data(self):
        for answer, why in ((1, b"Failed writing RTP data"), (PAUSED, b"Cannot pause RTP")):
            _, e = self.start(b"$\0\0\2zz" + GOOD + b"\r\n")
            self.assertEqual(e.go(OPTIONS, INTERLEAVEFUNCTION=DATA(lambda *_, n=answer: n)), WRITE_ERROR)
            self.assertEqual(e.why.value, why)

    def test_without_a_function_of_its_own_data_is_written(self):
        _, e = self.start(b"$\0\0\2zz" + GOOD + b"\r\n")
        self.assertEqual(e.go(OPTIONS, INTERLEAVEFUNCTION=None), OK)
        self.assertEqual(e.body, b"$\0\0\2zz")

    def test_answers_that_are_not_to_the_request(self):
        for answer, code, why in ((b"RTSP/1.0 200 OK\r\nCSeq: 99\r\n\r\n", CSEQ_ERROR, b"did not match the response 99"),
                                  (b"RTSP/1.0 200 OK\r\n\r\n", CSEQ_ERROR, b"did not match the response 0"),
                                  (b"RTSP/1.0 200 OK\r\nCSeq: x\r\n\r\n", CSEQ_ERROR, b"Unable to read"),
                                  (GOOD + b"Session: other\r\n\r\n", SESSION_ERROR, b"wanted ID [mine]"),
                                  (GOOD + b"Session: mine2\r\n\r\n", SESSION_ERROR, b"wanted ID [mine]"),
                                  (b"HTTP/1.1 200 OK\r\nCSeq: 1\r\n\r\n", UNSUPPORTED, b"not RTSP"),
                                  (b"junk\r\n\r\n", UNSUPPORTED, b"not RTSP"),
                                  (b"$\0\0\2zzjunk", UNSUPPORTED, b"not RTSP")):
            with self.subTest(answer=answer):
                _, e = self.start(answer)
                self.assertEqual(e.go(PLAY, RTSP_SESSION_ID="mine"), code, e.why.value)
                self.assertIn(why, e.why.value)

    def test_what_cannot_be_asked(self):
        header = Slist(b"CSeq: 7", None)
        for code, request, options in ((BAD_ARGUMENT, SETUP, {}), (BAD_ARGUMENT, GET_PARAMETER, {}), (BAD_ARGUMENT, 12, {}),
                                       (CSEQ_ERROR, OPTIONS, dict(HTTPHEADER=ctypes.byref(header)))):
            s, e = self.start()
            self.assertEqual(e.go(request, **options), code, e.why.value)
            self.assertTrue(e.why.value)
            self.assertEqual(s.got, [])

    def test_digest(self):
        challenge = b"RTSP/1.0 401 no\r\nCSeq: %CSEQ\r\nWWW-Authenticate: Digest realm=\"a\", nonce=\"b\"\r\n\r\n"
        s, e = self.start(challenge)
        self.assertEqual(e.go(DESCRIBE, USERPWD="u:p", HTTPAUTH=AUTH_DIGEST), OK, e.why.value)
        self.assertNotIn(b"Authorization", s.got[0][0])
        secret, asked = (hashlib.md5(text).hexdigest() for text in (b"u:a:p", b"DESCRIBE:rtsp://host/clip"))
        response = hashlib.md5(("%s:b:%s" % (secret, asked)).encode()).hexdigest()
        self.assertIn(b'uri="rtsp://host/clip", response="%s"' % response.encode(), s.got[1][0])
        self.assertEqual((e.info("CODE"), s.connections), (200, 1))

    def test_numbers_go_on_where_the_application_says(self):
        s, e = self.start()
        self.assertEqual(e.go(OPTIONS, RTSP_CLIENT_CSEQ=666), OK)
        self.assertEqual(e.go(OPTIONS), OK)
        self.assertEqual([head.split(b"\r\n")[1] for head, _ in s.got], [b"CSeq: 666", b"CSeq: 667"])
        self.assertEqual((e.info("CLIENT_CSEQ"), e.info("SERVER_CSEQ")), (668, 1))

    def test_through_a_proxy_that_refuses(self):
        _, e = self.start()
        proxy = Scripted([b"HTTP/1.1 503 no\r\nContent-Length: 0\r\n\r\n"])
        self.addCleanup(proxy.stop)
        self.assertEqual(e.go(OPTIONS, PROXY="http://%s:%d" % (common.LOCAL, proxy.port)), CONNECT, e.why.value)
        self.assertTrue(proxy.got[0][0].startswith(b"CONNECT "))

    def test_a_refused_socket(self):
        s, e = self.start()
        self.assertEqual(e.go(OPTIONS, OPENSOCKETFUNCTION=OPEN(lambda *_: BAD_SOCKET)), CONNECT)
        self.assertEqual(s.connections, 0)


if __name__ == "__main__":
    unittest.main()
