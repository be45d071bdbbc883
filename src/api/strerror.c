/* What an error code is called. Programs compare these texts and test-suites pin them, so they are
 * part of the interface: libcurl 8.22's, to the letter. Codes that are no longer in use have none.
 */
#include <curl/curl.h>

static const char *const easy_texts[] = {
    [CURLE_OK] = "No error",
    [CURLE_UNSUPPORTED_PROTOCOL] = "Unsupported protocol",
    [CURLE_FAILED_INIT] = "Failed initialization",
    [CURLE_URL_MALFORMAT] = "URL using bad/illegal format or missing URL",
    [CURLE_NOT_BUILT_IN] = "A requested feature, protocol or option was not found built-in in this "
                           "libcurl due to a build-time decision.",
    [CURLE_COULDNT_RESOLVE_PROXY] = "Could not resolve proxy name",
    [CURLE_COULDNT_RESOLVE_HOST] = "Could not resolve hostname",
    [CURLE_COULDNT_CONNECT] = "Could not connect to server",
    [CURLE_WEIRD_SERVER_REPLY] = "Weird server reply",
    [CURLE_REMOTE_ACCESS_DENIED] = "Access denied to remote resource",
    [CURLE_FTP_ACCEPT_FAILED] = "FTP: The server failed to connect to data port",
    [CURLE_FTP_WEIRD_PASS_REPLY] = "FTP: unknown PASS reply",
    [CURLE_FTP_ACCEPT_TIMEOUT] = "FTP: Accepting server connect has timed out",
    [CURLE_FTP_WEIRD_PASV_REPLY] = "FTP: unknown PASV reply",
    [CURLE_FTP_WEIRD_227_FORMAT] = "FTP: unknown 227 response format",
    [CURLE_FTP_CANT_GET_HOST] = "FTP: cannot figure out the host in the PASV response",
    [CURLE_HTTP2] = "Error in the HTTP2 framing layer",
    [CURLE_FTP_COULDNT_SET_TYPE] = "FTP: could not set file type",
    [CURLE_PARTIAL_FILE] = "Transferred a partial file",
    [CURLE_FTP_COULDNT_RETR_FILE] = "FTP: could not retrieve (RETR failed) the specified file",
    [CURLE_QUOTE_ERROR] = "Quote command returned error",
    [CURLE_HTTP_RETURNED_ERROR] = "HTTP response code said error",
    [CURLE_WRITE_ERROR] = "Failed writing received data to disk/application",
    [CURLE_UPLOAD_FAILED] = "Upload failed (at start/before it took off)",
    [CURLE_READ_ERROR] = "Failed to open/read local data from file/application",
    [CURLE_OUT_OF_MEMORY] = "Out of memory",
    [CURLE_OPERATION_TIMEDOUT] = "Timeout was reached",
    [CURLE_FTP_PORT_FAILED] = "FTP: command PORT failed",
    [CURLE_FTP_COULDNT_USE_REST] = "FTP: command REST failed",
    [CURLE_RANGE_ERROR] = "Requested range was not delivered by the server",
    [CURLE_SSL_CONNECT_ERROR] = "SSL connect error",
    [CURLE_BAD_DOWNLOAD_RESUME] = "Could not resume download",
    [CURLE_FILE_COULDNT_READ_FILE] = "Could not read a file:// file",
    [CURLE_LDAP_CANNOT_BIND] = "LDAP: cannot bind",
    [CURLE_LDAP_SEARCH_FAILED] = "LDAP: search failed",
    [CURLE_ABORTED_BY_CALLBACK] = "Operation was aborted by an application callback",
    [CURLE_BAD_FUNCTION_ARGUMENT] = "A libcurl function was given a bad argument",
    [CURLE_INTERFACE_FAILED] = "Failed binding local connection end",
    [CURLE_TOO_MANY_REDIRECTS] = "Number of redirects hit maximum amount",
    [CURLE_UNKNOWN_OPTION] = "An unknown option was passed in to libcurl",
    [CURLE_SETOPT_OPTION_SYNTAX] = "Malformed option provided in a setopt",
    [CURLE_GOT_NOTHING] = "Server returned nothing (no headers, no data)",
    [CURLE_SSL_ENGINE_NOTFOUND] = "SSL crypto engine not found",
    [CURLE_SSL_ENGINE_SETFAILED] = "Can not set SSL crypto engine as default",
    [CURLE_SEND_ERROR] = "Failed sending data to the peer",
    [CURLE_RECV_ERROR] = "Failure when receiving data from the peer",
    [CURLE_SSL_CERTPROBLEM] = "Problem with the local SSL certificate",
    [CURLE_SSL_CIPHER] = "Could not use specified SSL cipher",
    [CURLE_PEER_FAILED_VERIFICATION] = "SSL peer certificate or SSH remote key was not OK",
    [CURLE_BAD_CONTENT_ENCODING] = "Unrecognized or bad HTTP Content or Transfer-Encoding",
    [CURLE_FILESIZE_EXCEEDED] = "Maximum file size exceeded",
    [CURLE_USE_SSL_FAILED] = "Requested SSL level failed",
    [CURLE_SEND_FAIL_REWIND] = "Send failed since rewinding of the data stream failed",
    [CURLE_SSL_ENGINE_INITFAILED] = "Failed to initialize SSL crypto engine",
    [CURLE_LOGIN_DENIED] = "Login denied",
    [CURLE_TFTP_NOTFOUND] = "TFTP: File Not Found",
    [CURLE_TFTP_PERM] = "TFTP: Access Violation",
    [CURLE_REMOTE_DISK_FULL] = "Disk full or allocation exceeded",
    [CURLE_TFTP_ILLEGAL] = "TFTP: Illegal operation",
    [CURLE_TFTP_UNKNOWNID] = "TFTP: Unknown transfer ID",
    [CURLE_REMOTE_FILE_EXISTS] = "Remote file already exists",
    [CURLE_TFTP_NOSUCHUSER] = "TFTP: No such user",
    [CURLE_SSL_CACERT_BADFILE] = "Problem with the SSL CA cert (path? access rights?)",
    [CURLE_REMOTE_FILE_NOT_FOUND] = "Remote file not found",
    [CURLE_SSH] = "Error in the SSH layer",
    [CURLE_SSL_SHUTDOWN_FAILED] = "Failed to shut down the SSL connection",
    [CURLE_AGAIN] = "Socket not ready for send/recv",
    [CURLE_SSL_CRL_BADFILE] = "Failed to load CRL file (path? access rights?, format?)",
    [CURLE_SSL_ISSUER_ERROR] = "Issuer check against peer certificate failed",
    [CURLE_FTP_PRET_FAILED] = "FTP: The server did not accept the PRET command.",
    [CURLE_RTSP_CSEQ_ERROR] = "RTSP CSeq mismatch or invalid CSeq",
    [CURLE_RTSP_SESSION_ERROR] = "RTSP session error",
    [CURLE_FTP_BAD_FILE_LIST] = "Unable to parse FTP file list",
    [CURLE_CHUNK_FAILED] = "Chunk callback failed",
    [CURLE_NO_CONNECTION_AVAILABLE] = "The max connection limit is reached",
    [CURLE_SSL_PINNEDPUBKEYNOTMATCH] = "SSL public key does not match pinned public key",
    [CURLE_SSL_INVALIDCERTSTATUS] = "SSL server certificate status verification FAILED",
    [CURLE_HTTP2_STREAM] = "Stream error in the HTTP/2 framing layer",
    [CURLE_RECURSIVE_API_CALL] = "API function called from within callback",
    [CURLE_AUTH_ERROR] = "An authentication function returned an error",
    [CURLE_HTTP3] = "HTTP/3 error",
    [CURLE_QUIC_CONNECT_ERROR] = "QUIC connection error",
    [CURLE_PROXY] = "proxy handshake error",
    [CURLE_SSL_CLIENTCERT] = "SSL Client Certificate required",
    [CURLE_UNRECOVERABLE_POLL] = "Unrecoverable error in select/poll",
    [CURLE_TOO_LARGE] = "A value or data field grew larger than allowed",
    [CURLE_ECH_REQUIRED] = "ECH attempted but failed",
};

/* The first code is -1. */
static const char *const multi_texts[] = {
    [CURLM_CALL_MULTI_PERFORM + 1] = "Please call curl_multi_perform() soon",
    [CURLM_OK + 1] = "No error",
    [CURLM_BAD_HANDLE + 1] = "Invalid multi handle",
    [CURLM_BAD_EASY_HANDLE + 1] = "Invalid easy handle",
    [CURLM_OUT_OF_MEMORY + 1] = "Out of memory",
    [CURLM_INTERNAL_ERROR + 1] = "Internal error",
    [CURLM_BAD_SOCKET + 1] = "Invalid socket argument",
    [CURLM_UNKNOWN_OPTION + 1] = "Unknown option",
    [CURLM_ADDED_ALREADY + 1] = "The easy handle is already added to a multi handle",
    [CURLM_RECURSIVE_API_CALL + 1] = "API function called from within callback",
    [CURLM_WAKEUP_FAILURE + 1] = "Wakeup is unavailable or failed",
    [CURLM_BAD_FUNCTION_ARGUMENT + 1] = "A libcurl function was given a bad argument",
    [CURLM_ABORTED_BY_CALLBACK + 1] = "Operation was aborted by an application callback",
    [CURLM_UNRECOVERABLE_POLL + 1] = "Unrecoverable error in select/poll",
};

static const char *const share_texts[] = {
    [CURLSHE_OK] = "No error",
    [CURLSHE_BAD_OPTION] = "Unknown share option",
    [CURLSHE_IN_USE] = "Share currently in use",
    [CURLSHE_INVALID] = "Invalid share handle",
    [CURLSHE_NOMEM] = "Out of memory",
    [CURLSHE_NOT_BUILT_IN] = "Feature not enabled in this library",
};

#define COUNT(texts) (sizeof(texts) / sizeof((texts)[0]))
_Static_assert(COUNT(easy_texts) == CURL_LAST, "each CURLcode has its row");
_Static_assert(COUNT(multi_texts) == CURLM_LAST + 1, "each CURLMcode has its row");
_Static_assert(COUNT(share_texts) == CURLSHE_LAST, "each CURLSHcode has its row");

static const char *text_of(const char *const *texts, size_t count, long code, const char *unknown)
{
  return code >= 0 && (unsigned long)code < count && texts[code] ? texts[code] : unknown;
}

const char *curl_easy_strerror(CURLcode code)
{
  return text_of(easy_texts, COUNT(easy_texts), (long)code, "Unknown error");
}

const char *curl_multi_strerror(CURLMcode code)
{
  return text_of(multi_texts, COUNT(multi_texts), (long)code + 1, "Unknown error");
}

const char *curl_share_strerror(CURLSHcode code)
{
  return text_of(share_texts, COUNT(share_texts), (long)code, "CURLSHcode unknown");
}
