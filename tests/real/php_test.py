#!/usr/bin/python3
"""php's curl functions on our library: get, post, callbacks, multi, share. The script prints one JSON object."""
import http.server
import json
import threading
import unittest

import common

SCRIPT = r"""<?php
$base = $argv[1];
$out = ['version' => curl_version()['version'], 'maps' => []];
foreach (file('/proc/self/maps') as $line)
  if (preg_match('~(/\S*libcurl\S*)~', $line, $m))
    $out['maps'][realpath($m[1])] = 1;

$c = curl_init("$base/hello");
curl_setopt($c, CURLOPT_RETURNTRANSFER, true);
$out['get'] = curl_exec($c);
$out['info'] = array_intersect_key(curl_getinfo($c), ['http_code' => 1, 'content_type' => 1, 'size_download' => 1]);
curl_setopt_array($c, [CURLOPT_POST => true, CURLOPT_POSTFIELDS => ['a' => '1', 'b' => 'two']]);
$out['form'] = curl_exec($c);
curl_setopt_array($c, [CURLOPT_POSTFIELDS => http_build_query(['a' => '1', 'b' => 'x y'])]);
$out['post'] = curl_exec($c);
$out['connects'] = curl_getinfo($c, CURLINFO_NUM_CONNECTS);

$c = curl_init("$base/hello");
$lines = []; $got = '';
curl_setopt($c, CURLOPT_HEADERFUNCTION, function ($c, $line) use (&$lines) { $lines[] = $line; return strlen($line); });
curl_setopt($c, CURLOPT_WRITEFUNCTION, function ($c, $data) use (&$got) { $got .= $data; return strlen($data); });
curl_exec($c);
$out['status_line'] = $lines[0];
$out['got'] = $got;

$c = curl_init("$base/up");
$file = tmpfile(); fwrite($file, str_repeat('u', 200000)); rewind($file);
curl_setopt_array($c, [CURLOPT_RETURNTRANSFER => true, CURLOPT_UPLOAD => true, CURLOPT_INFILE => $file,
                       CURLOPT_INFILESIZE => 200000]);
$out['put'] = strlen(curl_exec($c));

$c = curl_init('http://127.0.0.1:1/');
curl_setopt($c, CURLOPT_RETURNTRANSFER, true);
$out['refused'] = [curl_exec($c), curl_errno($c)];

$m = curl_multi_init(); $handles = [];
for ($i = 0; $i < 10; $i++) {
  $handles[$i] = curl_init("$base/n$i");
  curl_setopt($handles[$i], CURLOPT_RETURNTRANSFER, true);
  curl_multi_add_handle($m, $handles[$i]);
}
do {
  curl_multi_exec($m, $running);
  if ($running) curl_multi_select($m, 1.0);
} while ($running);
$out['multi'] = [];
foreach ($handles as $h) {
  $out['multi'][] = curl_multi_getcontent($h);
  curl_multi_remove_handle($m, $h);
}
echo json_encode($out);
"""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.send(self.path.encode())

    def do_POST(self):
        self.send(self.rfile.read(int(self.headers["Content-Length"])))

    do_PUT = do_POST

    def send(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/x-test")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Php(common.RealTest):
    @classmethod
    def setUpPlace(cls):
        php = common.program("php")
        modules = common.must(php, "-m")
        if "curl" not in modules.split():
            raise unittest.SkipTest("php has no curl functions here; tools/setup test installs them")
        origin = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        origin.daemon_threads = True
        threading.Thread(target=origin.serve_forever, args=(0.05,), daemon=True).start()
        cls.addClassCleanup(origin.server_close)
        cls.addClassCleanup(origin.shutdown)
        script = cls.place.write("test.php", SCRIPT)
        done = common.run(php, script, "http://127.0.0.1:%d" % origin.server_address[1])
        if done.returncode or done.stderr:
            raise RuntimeError("php: status %d\n%s%s" % (done.returncode, done.stdout, done.stderr))
        cls.out = json.loads(done.stdout)

    def test_it_is_our_library(self):
        self.assertEqual(self.out["maps"], {str((common.LIB / "libcurl.so.4").resolve()): 1})

    def test_get(self):
        self.assertEqual(self.out["get"], "/hello")
        self.assertEqual(self.out["info"], {"http_code": 200, "content_type": "text/x-test", "size_download": 6})

    def test_post(self):
        self.assertEqual(self.out["post"], "a=1&b=x+y")
        self.assertEqual(self.out["connects"], 0)

    def test_form(self):
        self.assertIn('name="b"\r\n\r\ntwo\r\n', self.out["form"])

    def test_callbacks(self):
        self.assertEqual((self.out["status_line"], self.out["got"]), ("HTTP/1.1 200 OK\r\n", "/hello"))

    def test_upload(self):
        self.assertEqual(self.out["put"], 200000)

    def test_refused(self):
        self.assertEqual(self.out["refused"], [False, 7])

    def test_multi(self):
        self.assertEqual(self.out["multi"], ["/n%d" % i for i in range(10)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
