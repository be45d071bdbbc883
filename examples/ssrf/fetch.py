#!/usr/bin/python3
"""fetch.py: fetches URLs that come from strangers, one a line on standard input, and tells for each what came of it.
It does not connect to anything that is not the public internet. See docs/SSRF.md.

    sluice run --preset public-internet -- python3 fetch.py <urls
"""
import sys

import pycurl

MOST_BYTES, MOST_SECONDS, MOST_REDIRECTS = 5_000_000, 20, 5


def fetch(curl, url):
    """(status, body), or a pycurl.error."""
    body = bytearray()

    def take(data):
        body.extend(data)
        return len(data) if len(body) <= MOST_BYTES else -1  # a body that goes on for ever ends here

    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.WRITEFUNCTION, take)
    curl.perform()
    return curl.getinfo(pycurl.RESPONSE_CODE), bytes(body)


def is_refused(error):
    return "policy refused" in error.args[1]


def is_guarded(curl):
    """Is there a policy? 0.0.0.0 is this machine, which no sensible one allows."""
    try:
        fetch(curl, "http://0.0.0.0:1/")
    except pycurl.error as error:
        return is_refused(error)
    return False


def main():
    curl = pycurl.Curl()
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.REDIR_PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.PROXY, "")  # not what the environment says
    curl.setopt(pycurl.FOLLOWLOCATION, True)
    curl.setopt(pycurl.MAXREDIRS, MOST_REDIRECTS)
    curl.setopt(pycurl.TIMEOUT, MOST_SECONDS)
    if not is_guarded(curl):
        sys.exit("there is no egress policy: start me with `sluice run`")
    for line in sys.stdin:
        url = line.strip()
        try:
            status, body = fetch(curl, url)
            print("%d\t%d bytes\t%s" % (status, len(body), url))
        except pycurl.error as error:
            print("%s\t%s\t%s" % ("refused" if is_refused(error) else "failed", error.args[1], url))


if __name__ == "__main__":
    main()
