#ifndef CURLINC_CURLVER_H
#define CURLINC_CURLVER_H
/*
 * curlver.h: which libcurl interface these headers describe.
 *
 * Sluice implements the interface of libcurl 8.22; programs that compare version numbers at
 * compile time find that number here. What the library they run with says at run time is in
 * curl_version_info().
 */

#define LIBCURL_VERSION "8.22.0"
#define LIBCURL_VERSION_MAJOR 8
#define LIBCURL_VERSION_MINOR 22
#define LIBCURL_VERSION_PATCH 0

/* One number that grows with every release, 0xXXYYZZ; for #if. */
#define LIBCURL_VERSION_NUM 0x081600

/* When the interface described here was published (UTC). */
#define LIBCURL_TIMESTAMP "2026-09-02"

#define LIBCURL_COPYRIGHT "The Sluice authors"

/* The number of release x.y.z, and whether these headers are at least that release. */
#define CURL_VERSION_BITS(x, y, z) ((x) << 16 | (y) << 8 | (z))
#define CURL_AT_LEAST_VERSION(x, y, z) (LIBCURL_VERSION_NUM >= CURL_VERSION_BITS(x, y, z))

#endif /* CURLINC_CURLVER_H */
