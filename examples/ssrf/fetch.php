<?php
/*
 * fetch.php: fetches URLs that come from strangers, one a line on standard input, and tells for each what came of it.
 * It does not connect to anything that is not the public internet. See docs/SSRF.md.
 *
 *   sluice run --preset public-internet -- php fetch.php <urls
 */
const MOST_BYTES = 5000000, MOST_SECONDS = 20, MOST_REDIRECTS = 5;

/* [status, body], or false; then curl_error() says why. */
function fetch(CurlHandle $curl, string $url)
{
    $body = '';
    curl_setopt($curl, CURLOPT_URL, $url);
    curl_setopt($curl, CURLOPT_WRITEFUNCTION, function ($curl, $data) use (&$body) {
        $body .= $data;
        return strlen($body) <= MOST_BYTES ? strlen($data) : -1; // a body that goes on for ever ends here
    });
    return curl_exec($curl) ? [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $body] : false;
}

function is_refused(CurlHandle $curl): bool
{
    return str_contains(curl_error($curl), 'policy refused');
}

/* Is there a policy? 0.0.0.0 is this machine, which no sensible one allows. */
function is_guarded(CurlHandle $curl): bool
{
    return fetch($curl, 'http://0.0.0.0:1/') === false && is_refused($curl);
}

$curl = curl_init();
curl_setopt_array($curl, [
    CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
    CURLOPT_REDIR_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
    CURLOPT_PROXY => '', // not what the environment says
    CURLOPT_FOLLOWLOCATION => true,
    CURLOPT_MAXREDIRS => MOST_REDIRECTS,
    CURLOPT_TIMEOUT => MOST_SECONDS,
]);
if (!is_guarded($curl)) {
    fwrite(STDERR, "there is no egress policy: start me with `sluice run`\n");
    exit(1);
}
while (($line = fgets(STDIN)) !== false) {
    $url = trim($line);
    $found = fetch($curl, $url);
    if ($found)
        printf("%d\t%d bytes\t%s\n", $found[0], strlen($found[1]), $url);
    else
        printf("%s\t%s\t%s\n", is_refused($curl) ? 'refused' : 'failed', curl_error($curl), $url);
}
