/* curl_version() and curl_version_info(): what this build is made of. Three tables say it:
 * libraries, features, protocols. A feature that is not built in yet has its row with `built`
 * false; a protocol is told of when transfers know it. Filled in once, by the first caller. */
#include <ares.h>
#include <brotli/decode.h>
#include <curl/curl.h>
#include <idn2.h>
#include <libpsl.h>
#include <nghttp2/nghttp2.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <zlib.h>
#include <zstd.h>

#include "base/slice.h"
#include "ssh/ssh.h"
#include "sys/thread.h"
#include "tls/identity.h"
#include "xfer/protos.h"

#ifndef SLUICE_VERSION
#define SLUICE_VERSION "0.1.0"
#endif

#if defined(__x86_64__)
#define MACHINE "x86_64"
#elif defined(__aarch64__)
#define MACHINE "aarch64"
#elif defined(__i386__)
#define MACHINE "i686"
#elif defined(__riscv)
#define MACHINE "riscv"
#elif defined(__powerpc64__)
#define MACHINE "powerpc64"
#elif defined(__s390x__)
#define MACHINE "s390x"
#else
#define MACHINE "unknown"
#endif

enum library { OPENSSL, ZLIB, BROTLI, ZSTD, CARES, IDN2, PSL, SSH2, NGHTTP2, LIBRARIES };

/* In the order of curl_version(). */
static const char *const library_names[LIBRARIES] = {
    [OPENSSL] = "OpenSSL", [ZLIB] = "zlib",    [BROTLI] = "brotli", [ZSTD] = "zstd",
    [CARES] = "c-ares",    [IDN2] = "libidn2", [PSL] = "libpsl",    [SSH2] = "libssh2",   [NGHTTP2] = "nghttp2",
};

/* ---- features: in the order of their names, case ignored ---------------------------------- */

static const struct {
  const char *name;
  int bit;
  bool built;
} features[] = {
    {"alt-svc", CURL_VERSION_ALTSVC, true},
    {"AsynchDNS", CURL_VERSION_ASYNCHDNS, true},
    {"brotli", CURL_VERSION_BROTLI, true},
    {"GSS-API", CURL_VERSION_GSSAPI, true}, /* when the library is found: sys/gss.h */
    {"HSTS", CURL_VERSION_HSTS, true},
    {"HTTP2", CURL_VERSION_HTTP2, true},
    {"HTTPS-proxy", CURL_VERSION_HTTPS_PROXY, true},
    {"IDN", CURL_VERSION_IDN, true},
    {"IPv6", CURL_VERSION_IPV6, true},
    {"Kerberos", CURL_VERSION_KERBEROS5, true},
    {"Largefile", CURL_VERSION_LARGEFILE, true},
    {"libz", CURL_VERSION_LIBZ, true},
    {"NTLM", CURL_VERSION_NTLM, true},
    {"PSL", CURL_VERSION_PSL, true},
    {"SPNEGO", CURL_VERSION_SPNEGO, true},
    {"SSL", CURL_VERSION_SSL, true},
    {"SSLS-EXPORT", 0, true}, /* known by its name alone */
    {"threadsafe", CURL_VERSION_THREADSAFE, true},
    {"UnixSockets", CURL_VERSION_UNIX_SOCKETS, true},
    {"zstd", CURL_VERSION_ZSTD, true},
};
enum { FEATURES = sizeof(features) / sizeof(features[0]) };

/* ---- protocols: sorted; those that transfers know are told of ---------------------------- */

static const char *const protocols[] = {"dict",   "file",  "ftp",  "ftps",  "gopher", "gophers",
                                        "http",   "https", "imap", "imaps", "ldap",   "ldaps",
                                        "mqtt",   "mqtts", "pop3", "pop3s", "rtsp",   "scp",
                                        "sftp",   "smtp",  "smtps", "telnet", "tftp", "ws",
                                        "wss"};
enum { PROTOCOLS = sizeof(protocols) / sizeof(protocols[0]) };

/* ---- built once --------------------------------------------------------------------------- */

enum { VERSION_MAX = 32 };

/* Written below `once` only. */
static struct once once = ONCE_INIT;
static struct {
  curl_version_info_data info;
  char versions[LIBRARIES][VERSION_MAX];
  char ssl[VERSION_MAX + 16], libssh[VERSION_MAX + 16];
  char text[512];
  const char *feature_names[FEATURES + 1];
  const char *protocols[PROTOCOLS + 1];
} built;

/* What follows a blank is a remark: "0.21.2 (+libidn2/2.3.3)". */
static void note_version(enum library library, const char *version)
{
  int n = (int)slice_find(slice_str(version), ' ');
  snprintf(built.versions[library], VERSION_MAX, "%.*s", n, version);
}

/* At run time: the one linked may be newer than its header. */
static void ask_libraries(void)
{
  uint32_t brotli = BrotliDecoderVersion();
  snprintf(built.versions[BROTLI], VERSION_MAX, "%u.%u.%u", brotli >> 24, brotli >> 12 & 0xfff,
           brotli & 0xfff);
  note_version(OPENSSL, OpenSSL_version(OPENSSL_VERSION_STRING));
  note_version(ZLIB, zlibVersion());
  note_version(ZSTD, ZSTD_versionString());
  note_version(CARES, ares_version(NULL));
  note_version(IDN2, idn2_check_version(NULL));
  note_version(PSL, psl_get_version());
  note_version(SSH2, sl_ssh_version());
  note_version(NGHTTP2, nghttp2_version(0)->version_str);
}

static void build_lists(void)
{
  size_t n = 0;
  for (size_t i = 0; i < FEATURES; i++) {
    if (features[i].built) {
      built.feature_names[n++] = features[i].name;
      built.info.features |= features[i].bit;
    }
  }
  n = 0;
  for (size_t i = 0; i < PROTOCOLS; i++) {
    if (sl_proto_find(slice_str(protocols[i])))
      built.protocols[n++] = protocols[i];
  }
}

static void build_text(void)
{
  size_t n = (size_t)snprintf(built.text, sizeof(built.text),
                              "libcurl/" LIBCURL_VERSION " Sluice/" SLUICE_VERSION);
  for (size_t i = 0; i < LIBRARIES; i++)
    n += (size_t)snprintf(built.text + n, sizeof(built.text) - n, " %s/%s", library_names[i],
                          built.versions[i]);
  snprintf(built.ssl, sizeof(built.ssl), "%s/%s", library_names[OPENSSL], built.versions[OPENSSL]);
  snprintf(built.libssh, sizeof(built.libssh), "%s/%s", library_names[SSH2], built.versions[SSH2]);
}

static void build(void)
{
  int ares_num = 0;
  ares_version(&ares_num);
  built.info = (curl_version_info_data){
      .age = CURLVERSION_NOW,
      .version = LIBCURL_VERSION,
      .version_num = LIBCURL_VERSION_NUM,
      .host = MACHINE "-pc-linux-gnu",
      .ssl_version = built.ssl,
      .libz_version = built.versions[ZLIB],
      .protocols = built.protocols,
      .ares = built.versions[CARES],
      .ares_num = ares_num,
      .libidn = built.versions[IDN2],
      .libssh_version = built.libssh,
      .brotli_ver_num = BrotliDecoderVersion(),
      .brotli_version = built.versions[BROTLI],
      .nghttp2_ver_num = (unsigned int)nghttp2_version(0)->version_num,
      .nghttp2_version = built.versions[NGHTTP2],
      .cainfo = TLS_DEFAULT_CAINFO,
      .capath = TLS_DEFAULT_CAPATH,
      .zstd_ver_num = ZSTD_versionNumber(),
      .zstd_version = built.versions[ZSTD],
      .feature_names = built.feature_names,
  };
  ask_libraries();
  build_text();
  build_lists();
}

char *curl_version(void)
{
  sl_once(&once, build);
  return built.text;
}

/* Members have only ever been added at the end, so that one struct is right for every age. */
curl_version_info_data *curl_version_info(CURLversion age)
{
  (void)age;
  sl_once(&once, build);
  return &built.info;
}
