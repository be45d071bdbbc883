#ifndef CURLINC_EASY_H
#define CURLINC_EASY_H
/*
 * easy.h: one transfer at a time.
 *
 * An easy handle holds the settings of a transfer and, once it has run, what became of it. A
 * handle is used by one thread at a time; different handles may run in different threads.
 */

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Bytes handed over with a CURLOPT_*_BLOB option. The struct itself is never kept. The bytes are
 * copied with CURL_BLOB_COPY; with CURL_BLOB_NOCOPY they must stay valid for as long as the
 * handle may use them.
 */
struct curl_blob {
  void *data;
  size_t len;         /* bytes */
  unsigned int flags; /* CURL_BLOB_* */
};
#define CURL_BLOB_NOCOPY 0
#define CURL_BLOB_COPY 1

/* A new handle with default settings, or NULL when out of memory. Free: curl_easy_cleanup(). */
CURL_EXTERN CURL *curl_easy_init(void);

/*
 * Set one option. The third argument's type follows from the option's number: long, curl_off_t,
 * or a pointer. Strings are copied, but for CURLOPT_POSTFIELDS; lists (struct curl_slist) and
 * mime trees are not, and must live until the transfer is over.
 * CURLE_UNKNOWN_OPTION, CURLE_BAD_FUNCTION_ARGUMENT, CURLE_NOT_BUILT_IN or CURLE_OUT_OF_MEMORY.
 */
CURL_EXTERN CURLcode curl_easy_setopt(CURL *handle, CURLoption option, ...);

/* Run the transfer and return when it is over. Not from within a callback of the same handle. */
CURL_EXTERN CURLcode curl_easy_perform(CURL *handle);

/* Free the handle and close its connections. NULL is fine. */
CURL_EXTERN void curl_easy_cleanup(CURL *handle);

/*
 * Ask about the last transfer; the third argument points to where the answer goes, of the type
 * that is part of the CURLINFO. Strings belong to the handle, until its next transfer or its
 * cleanup; lists (CURLINFO_COOKIELIST, CURLINFO_SSL_ENGINES) belong to the caller.
 */
CURL_EXTERN CURLcode curl_easy_getinfo(CURL *handle, CURLINFO info, ...);

/* A handle with the same settings, and no share. Nothing a transfer left behind goes along. */
CURL_EXTERN CURL *curl_easy_duphandle(CURL *handle);

/* Settings back to defaults. Connections, caches, cookies and the share stay. */
CURL_EXTERN void curl_easy_reset(CURL *handle);

/*
 * Raw bytes over the connection of a transfer that ran with CURLOPT_CONNECT_ONLY. Neither waits:
 * CURLE_AGAIN says that nothing could be moved now, and CURLINFO_ACTIVESOCKET what to wait for.
 * At the end of the stream curl_easy_recv() returns CURLE_OK with *n == 0.
 */
CURL_EXTERN CURLcode curl_easy_recv(CURL *handle, void *buffer, size_t size, size_t *n);
CURL_EXTERN CURLcode curl_easy_send(CURL *handle, const void *buffer, size_t size, size_t *n);

/* Do what keeps the handle's idle connections alive (an HTTP/2 PING: RFC 9113, 6.7). */
CURL_EXTERN CURLcode curl_easy_upkeep(CURL *handle);

/*
 * Called by curl_easy_ssls_export() once for a TLS session. session_key names the peer in clear;
 * shmac is a salted hash of it, for storage that must not tell. sdata is the session, to be
 * stored with one of the two and given to curl_easy_ssls_import() later. valid_until is in
 * seconds since the epoch, ietf_tls_id the protocol version on the wire (RFC 8446, 4.1.2), alpn
 * NULL when none was negotiated, earlydata_max in bytes. All pointers end with the call.
 * Anything but CURLE_OK stops the export and becomes its result.
 */
typedef CURLcode curl_ssls_export_cb(CURL *handle, void *userptr, const char *session_key,
                                     const unsigned char *shmac, size_t shmac_len,
                                     const unsigned char *sdata, size_t sdata_len,
                                     curl_off_t valid_until, int ietf_tls_id, const char *alpn,
                                     size_t earlydata_max);

/* Hand every TLS session that the handle (or its share) remembers to export_fn. */
CURL_EXTERN CURLcode curl_easy_ssls_export(CURL *handle, curl_ssls_export_cb *export_fn,
                                           void *userptr);

/*
 * Put a session back that was exported before. shmac counts only when session_key is NULL. The
 * bytes are copied; a session that has run out is dropped without an error.
 */
CURL_EXTERN CURLcode curl_easy_ssls_import(CURL *handle, const char *session_key,
                                           const unsigned char *shmac, size_t shmac_len,
                                           const unsigned char *sdata, size_t sdata_len);

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_EASY_H */
