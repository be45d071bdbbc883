/* xfer/altsvc_store.c: what a response says, where the next connection goes, and the file. */
#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"
#include "xfer/altsvc_store.h"
#include "xfer/protos.h"
#include "xfer/route.h"
#include "xfer/transfer.h"

static CURL *handle(void)
{
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1);
  return e;
}

/* As if this came from o.example:443. */
static void response(CURL *e, const struct xfer_proto *proto, const char *value)
{
  struct transfer t = {.easy = sl_easy_of(e), .proto = proto, .host = SLICE_LIT("o.example"), .port = 443};
  CHECK_INT(sl_altsvc_response(&t, slice_str(value), true), SL_OK);
}

/* Where a connection to o.example:443 goes: "host port", "" for the origin itself. */
static const char *leads_to(CURL *e, const struct xfer_proto *proto, struct route base)
{
  static char text[300];
  struct transfer t = {.easy = sl_easy_of(e), .proto = proto, .host = SLICE_LIT("o.example"), .port = 443};
  struct route r = base;
  text[0] = 0;
  CHECK_INT(sl_altsvc_route(&t, &r), SL_OK);
  if (t.alt_used)
    snprintf(text, sizeof text, "%.*s %d %s", (int)r.to_host.n, r.to_host.p, r.to_port, t.alt_used);
  else
    CHECK(r.to_port == base.to_port && r.to_host.p == base.to_host.p);
  sl_arena_done(&t.arena);
  return text;
}

static const char *goes_to(CURL *e, struct route base)
{
  return leads_to(e, &sl_proto_https, base);
}

static struct route direct(void)
{
  return (struct route){.host = SLICE_LIT("o.example"), .port = 443, .tls = true, .to_host = SLICE_LIT("o.example"),
                        .to_port = 443};
}

TEST(new_connections_go_to_the_alternative)
{
  CURL *e = handle();
  CHECK_STR(goes_to(e, direct()), "");
  response(e, &sl_proto_https, "h2=\":1\", h1=\"alt.example:8443\"");
  CHECK_STR(goes_to(e, direct()), "alt.example 8443 alt.example:8443");
  response(e, &sl_proto_https, "http%2F1.1=\"[::1]:1\"");
  CHECK_STR(goes_to(e, direct()), "::1 1 [::1]:1");
  response(e, &sl_proto_https, "h1=\":444\"");
  CHECK_STR(goes_to(e, direct()), "o.example 444 o.example:444");
  response(e, &sl_proto_https, "clear");
  CHECK_STR(goes_to(e, direct()), "");
  curl_easy_cleanup(e);
}

TEST(only_protocols_that_are_wanted_and_spoken)
{
  CURL *e = handle();
  response(e, &sl_proto_https, "h2=\":1\", h3=\":2\"");
  CHECK_STR(goes_to(e, direct()), "");
  response(e, &sl_proto_https, "h1=\":3\"");
  CHECK_STR(goes_to(e, direct()), "o.example 3 o.example:3");
  curl_easy_setopt(e, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H3);
  CHECK_STR(goes_to(e, direct()), "");
  curl_easy_cleanup(e);
}

TEST(is_off_until_it_is_asked_for)
{
  CURL *e = curl_easy_init();
  response(e, &sl_proto_https, "h1=\":3\"");
  curl_easy_setopt(e, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1);
  CHECK_STR(goes_to(e, direct()), "");
  response(e, &sl_proto_https, "h1=\":3\"");
  curl_easy_reset(e);
  CHECK_STR(goes_to(e, direct()), "");
  curl_easy_cleanup(e);
}

TEST(counts_over_checked_tls_only)
{
  CURL *e = handle();
  response(e, &sl_proto_http, "h1=\":3\"");
  CHECK_STR(goes_to(e, direct()), "");
  curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 0L);
  response(e, &sl_proto_https, "h1=\":3\"");
  CHECK_STR(goes_to(e, direct()), "");
  curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 0L);
  response(e, &sl_proto_https, "h1=\":3\"");
  CHECK_STR(goes_to(e, direct()), "");
  curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
  response(e, &sl_proto_https, "h1=\":3\"");
  CHECK_STR(goes_to(e, direct()), "o.example 3 o.example:3");
  CHECK_STR(leads_to(e, &sl_proto_ftps, direct()), ""); /* the same host and port are another service */
  CHECK_STR(leads_to(e, &sl_proto_imaps, direct()), "");
  struct route r = direct();
  r.unix_path = "/nowhere";
  CHECK_STR(goes_to(e, r), "");
  r = direct();
  r.to_host = SLICE_LIT("connect-to.example");
  CHECK_STR(goes_to(e, r), "");
  CHECK_STR(goes_to(e, direct()), "o.example 3 o.example:3");
  curl_easy_cleanup(e);
}

/* ---- the file ---- */

static const char entry[] = "h1 o.example 443 h1 alt.example 44 \"20991001 04:47:41\" 1 0\n";

static void write_file(char path[], const char *text)
{
  int fd = mkstemp(path);
  CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
  close(fd);
}

static const char *content(const char *path)
{
  static char text[4096];
  FILE *f = fopen(path, "r");
  size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
  text[n] = 0;
  if (f)
    fclose(f);
  return text;
}

static CURLcode perform(CURL *e)
{
  curl_easy_setopt(e, CURLOPT_PROXY, "");
  curl_easy_setopt(e, CURLOPT_URL, "http://127.0.0.1:1/");
  return curl_easy_perform(e);
}

TEST(the_file_is_read_and_written)
{
  char path[] = "/tmp/altsvc-test-XXXXXX";
  write_file(path, entry);
  CURL *e = curl_easy_init();
  CHECK_INT(curl_easy_setopt(e, CURLOPT_ALTSVC, path), CURLE_OK);
  CHECK_INT(perform(e), CURLE_COULDNT_CONNECT);
  CHECK_STR(goes_to(e, direct()), "alt.example 44 alt.example:44");
  CURL *copy = curl_easy_duphandle(e);
  curl_easy_cleanup(e);
  CHECK_STR(content(path), "# Your alt-svc cache. https://curl.se/docs/alt-svc.html\n"
                           "# This file was generated by libcurl! Edit at your own risk.\n"
                           "h1 o.example 443 h1 alt.example 44 \"20991001 04:47:41\" 1 0\n");
  CHECK_INT(perform(copy), CURLE_COULDNT_CONNECT);
  CHECK_STR(goes_to(copy, direct()), "alt.example 44 alt.example:44");
  curl_easy_cleanup(copy);
  unlink(path);
}

TEST(a_read_only_file_stays)
{
  char path[] = "/tmp/altsvc-test-XXXXXX";
  write_file(path, entry);
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_ALTSVC_CTRL, CURLALTSVC_H1 | CURLALTSVC_READONLYFILE);
  curl_easy_setopt(e, CURLOPT_ALTSVC, path);
  CHECK_INT(perform(e), CURLE_COULDNT_CONNECT);
  response(e, &sl_proto_https, "clear");
  curl_easy_cleanup(e);
  CHECK_STR(content(path), entry);
  unlink(path);
}

TEST(a_folder_is_no_file)
{
  char path[] = "/tmp/altsvc-test-XXXXXX";
  REQUIRE(mkdtemp(path));
  CURL *e = curl_easy_init();
  curl_easy_setopt(e, CURLOPT_ALTSVC, path);
  CHECK_INT(perform(e), CURLE_READ_ERROR);
  curl_easy_cleanup(e);
  CHECK_INT(rmdir(path), 0);
}

TEST(memory_may_end_anywhere)
{
  char path[] = "/tmp/altsvc-test-XXXXXX";
  sl_result last = SL_OK;
  write_file(path, entry);
  FOR_EACH_FAILING_ALLOC(n)
  {
    CURL *e = curl_easy_init();
    last = e ? (sl_result)curl_easy_setopt(e, CURLOPT_ALTSVC, path) : SL_NOMEM;
    struct transfer t = {.easy = sl_easy_of(e), .proto = &sl_proto_https, .host = SLICE_LIT("o.example"), .port = 443};
    struct route r = direct();
    if (!last)
      last = sl_altsvc_begin(&t);
    if (!last)
      last = sl_altsvc_response(&t, SLICE_LIT("h1=\":5\""), false);
    if (!last)
      last = sl_altsvc_route(&t, &r);
    CHECK(last == SL_OK || last == SL_NOMEM);
    CHECK(last || r.to_port == 44);
    sl_arena_done(&t.arena);
    curl_easy_cleanup(e);
    CHECK(strstr(content(path), entry));
  }
  CHECK_INT(last, SL_OK);
  unlink(path);
}
