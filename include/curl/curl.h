#ifndef CURLINC_CURL_H
#define CURLINC_CURL_H
/*
 * curl.h: the interface of libcurl 8.22, as Sluice provides it.
 *
 * This file has the types that everything shares, the options and informations of an easy
 * handle, shares, forms and the functions without a handle; it includes the headers of the other
 * parts at its end, so that a program needs only this one.
 *
 * Unless a comment says otherwise: strings end with a zero byte; pointers passed in are not kept;
 * a callback runs in the thread that drives the transfer, and its pointers end with the call.
 */

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <time.h>

#include "curlver.h"
#include "system.h"

/* ---- How things are declared ---- */

#if defined(__STDC__) || defined(__cplusplus)
#define CURL_ISOCPP
#endif

/* Visible outside the shared library, which is compiled with everything else hidden. */
#ifndef CURL_EXTERN
#if defined(__GNUC__) && !defined(_WIN32)
#define CURL_EXTERN __attribute__((__visibility__("default")))
#else
#define CURL_EXTERN
#endif
#endif

/*
 * Names that should not be used in new programs make the compiler warn. A program that has to
 * use them defines CURL_DISABLE_DEPRECATION, or wraps single statements in
 * CURL_IGNORE_DEPRECATION().
 */
#if defined(CURL_DISABLE_DEPRECATION) || defined(BUILDING_LIBCURL)
#define CURL_DEPRECATED(version, message)
#define CURL_IGNORE_DEPRECATION(statements) statements
#elif defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 6)
#define CURL_DEPRECATED(version, message) \
  __attribute__((__deprecated__("since " #version ". " message)))
#define CURL_IGNORE_DEPRECATION(statements)                        \
  _Pragma("GCC diagnostic push")                                   \
  _Pragma("GCC diagnostic ignored \"-Wdeprecated-declarations\"")  \
  statements                                                       \
  _Pragma("GCC diagnostic pop")
#else
#define CURL_DEPRECATED(version, message)
#define CURL_IGNORE_DEPRECATION(statements) statements
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Handles and sockets ---- */

/*
 * Handles are void, so that a program may keep them in any pointer. With CURL_STRICTER they are
 * distinct types and the compiler tells them apart.
 */
#ifdef CURL_STRICTER
typedef struct Curl_easy CURL;
typedef struct Curl_share CURLSH;
#else
typedef void CURL;
typedef void CURLSH;
#endif

#ifndef curl_socket_typedef
typedef int curl_socket_t;
#define CURL_SOCKET_BAD (-1)
#define curl_socket_typedef
#endif

/* A list of strings. It belongs to whoever built it. */
struct curl_slist {
  char *data;
  struct curl_slist *next;
};

/* Add a copy of data at the end; returns the new head, or NULL (list unchanged) without memory. */
CURL_EXTERN struct curl_slist *curl_slist_append(struct curl_slist *list, const char *data);
CURL_EXTERN void curl_slist_free_all(struct curl_slist *list);

/* The length argument that says: up to the zero byte. */
#define CURL_ZERO_TERMINATED ((size_t)-1)

/* ---- Results ---- */

typedef enum {
  CURLE_OK = 0,
  CURLE_UNSUPPORTED_PROTOCOL,    /* 1 */
  CURLE_FAILED_INIT,             /* 2 */
  CURLE_URL_MALFORMAT,           /* 3 */
  CURLE_NOT_BUILT_IN,            /* 4: this build lacks the feature */
  CURLE_COULDNT_RESOLVE_PROXY,   /* 5 */
  CURLE_COULDNT_RESOLVE_HOST,    /* 6 */
  CURLE_COULDNT_CONNECT,         /* 7 */
  CURLE_WEIRD_SERVER_REPLY,      /* 8: not what the protocol allows */
  CURLE_REMOTE_ACCESS_DENIED,    /* 9: the server refuses the file or directory */
  CURLE_FTP_ACCEPT_FAILED,       /* 10: active FTP, the server's connection broke */
  CURLE_FTP_WEIRD_PASS_REPLY,    /* 11 */
  CURLE_FTP_ACCEPT_TIMEOUT,      /* 12: active FTP, the server did not connect */
  CURLE_FTP_WEIRD_PASV_REPLY,    /* 13 */
  CURLE_FTP_WEIRD_227_FORMAT,    /* 14 */
  CURLE_FTP_CANT_GET_HOST,       /* 15 */
  CURLE_HTTP2,                   /* 16: an error of the connection, RFC 9113, 5.4.1 */
  CURLE_FTP_COULDNT_SET_TYPE,    /* 17 */
  CURLE_PARTIAL_FILE,            /* 18: shorter or longer than announced */
  CURLE_FTP_COULDNT_RETR_FILE,   /* 19 */
  CURLE_OBSOLETE20,
  CURLE_QUOTE_ERROR,             /* 21: the server refused a command of the application */
  CURLE_HTTP_RETURNED_ERROR,     /* 22: CURLOPT_FAILONERROR, and a status of 400 or more */
  CURLE_WRITE_ERROR,             /* 23: the write callback did not take the data */
  CURLE_OBSOLETE24,
  CURLE_UPLOAD_FAILED,           /* 25: the server refused the upload */
  CURLE_READ_ERROR,              /* 26: the read callback failed */
  CURLE_OUT_OF_MEMORY,           /* 27 */
  CURLE_OPERATION_TIMEDOUT,      /* 28 */
  CURLE_OBSOLETE29,
  CURLE_FTP_PORT_FAILED,         /* 30: neither PORT nor EPRT */
  CURLE_FTP_COULDNT_USE_REST,    /* 31 */
  CURLE_OBSOLETE32,
  CURLE_RANGE_ERROR,             /* 33: the server does not do ranges */
  CURLE_OBSOLETE34,
  CURLE_SSL_CONNECT_ERROR,       /* 35: the TLS handshake failed */
  CURLE_BAD_DOWNLOAD_RESUME,     /* 36: the offset is outside of the file */
  CURLE_FILE_COULDNT_READ_FILE,  /* 37: file:// */
  CURLE_LDAP_CANNOT_BIND,        /* 38 */
  CURLE_LDAP_SEARCH_FAILED,      /* 39 */
  CURLE_OBSOLETE40,
  CURLE_OBSOLETE41,
  CURLE_ABORTED_BY_CALLBACK,     /* 42 */
  CURLE_BAD_FUNCTION_ARGUMENT,   /* 43 */
  CURLE_OBSOLETE44,
  CURLE_INTERFACE_FAILED,        /* 45: CURLOPT_INTERFACE cannot be used */
  CURLE_OBSOLETE46,
  CURLE_TOO_MANY_REDIRECTS,      /* 47 */
  CURLE_UNKNOWN_OPTION,          /* 48 */
  CURLE_SETOPT_OPTION_SYNTAX,    /* 49: the string given to an option */
  CURLE_OBSOLETE50,
  CURLE_OBSOLETE51,
  CURLE_GOT_NOTHING,             /* 52: the server closed without an answer */
  CURLE_SSL_ENGINE_NOTFOUND,     /* 53 */
  CURLE_SSL_ENGINE_SETFAILED,    /* 54 */
  CURLE_SEND_ERROR,              /* 55 */
  CURLE_RECV_ERROR,              /* 56 */
  CURLE_OBSOLETE57,
  CURLE_SSL_CERTPROBLEM,         /* 58: the own certificate or key */
  CURLE_SSL_CIPHER,              /* 59: the list of ciphers */
  CURLE_PEER_FAILED_VERIFICATION, /* 60: the peer's certificate or host key */
  CURLE_BAD_CONTENT_ENCODING,    /* 61: the body does not decompress */
  CURLE_OBSOLETE62,
  CURLE_FILESIZE_EXCEEDED,       /* 63: CURLOPT_MAXFILESIZE */
  CURLE_USE_SSL_FAILED,          /* 64: TLS was asked for and is not offered */
  CURLE_SEND_FAIL_REWIND,        /* 65: what is being sent cannot be sent again */
  CURLE_SSL_ENGINE_INITFAILED,   /* 66 */
  CURLE_LOGIN_DENIED,            /* 67 */
  CURLE_TFTP_NOTFOUND,           /* 68: the errors of RFC 1350, 5 */
  CURLE_TFTP_PERM,               /* 69 */
  CURLE_REMOTE_DISK_FULL,        /* 70 */
  CURLE_TFTP_ILLEGAL,            /* 71 */
  CURLE_TFTP_UNKNOWNID,          /* 72 */
  CURLE_REMOTE_FILE_EXISTS,      /* 73 */
  CURLE_TFTP_NOSUCHUSER,         /* 74 */
  CURLE_OBSOLETE75,
  CURLE_OBSOLETE76,
  CURLE_SSL_CACERT_BADFILE,      /* 77: the file of CA certificates */
  CURLE_REMOTE_FILE_NOT_FOUND,   /* 78 */
  CURLE_SSH,                     /* 79 */
  CURLE_SSL_SHUTDOWN_FAILED,     /* 80 */
  CURLE_AGAIN,                   /* 81: curl_easy_recv and _send: wait for the socket */
  CURLE_SSL_CRL_BADFILE,         /* 82 */
  CURLE_SSL_ISSUER_ERROR,        /* 83: CURLOPT_ISSUERCERT is not the issuer */
  CURLE_FTP_PRET_FAILED,         /* 84 */
  CURLE_RTSP_CSEQ_ERROR,         /* 85 */
  CURLE_RTSP_SESSION_ERROR,      /* 86 */
  CURLE_FTP_BAD_FILE_LIST,       /* 87: a listing that does not parse */
  CURLE_CHUNK_FAILED,            /* 88: the chunk callback returned an error */
  CURLE_NO_CONNECTION_AVAILABLE, /* 89 */
  CURLE_SSL_PINNEDPUBKEYNOTMATCH, /* 90 */
  CURLE_SSL_INVALIDCERTSTATUS,   /* 91: OCSP, RFC 6960 */
  CURLE_HTTP2_STREAM,            /* 92: an error of the stream, RFC 9113, 5.4.2 */
  CURLE_RECURSIVE_API_CALL,      /* 93: not from within a callback */
  CURLE_AUTH_ERROR,              /* 94 */
  CURLE_HTTP3,                   /* 95 */
  CURLE_QUIC_CONNECT_ERROR,      /* 96 */
  CURLE_PROXY,                   /* 97: CURLINFO_PROXY_ERROR says what */
  CURLE_SSL_CLIENTCERT,          /* 98: the server wants a client certificate */
  CURLE_UNRECOVERABLE_POLL,      /* 99: the system's wait function failed */
  CURLE_TOO_LARGE,               /* 100: larger than a fixed limit */
  CURLE_ECH_REQUIRED,            /* 101 */
  CURL_LAST
} CURLcode;

/* A short English text, never NULL; it belongs to the library. */
CURL_EXTERN const char *curl_easy_strerror(CURLcode code);

/* Numbers that got a second use, or a better name. */
#define CURLE_OBSOLETE10 CURLE_FTP_ACCEPT_FAILED
#define CURLE_OBSOLETE12 CURLE_FTP_ACCEPT_TIMEOUT
#define CURLE_OBSOLETE16 CURLE_HTTP2
#define CURLE_FUNCTION_NOT_FOUND CURLE_OBSOLETE41
#define CURLE_HTTP_POST_ERROR CURLE_OBSOLETE34

#ifndef CURL_NO_OLDIES
#define CURLE_OBSOLETE CURLE_OBSOLETE50
#define CURLE_URL_MALFORMAT_USER CURLE_NOT_BUILT_IN
#define CURLE_FTP_WEIRD_SERVER_REPLY CURLE_WEIRD_SERVER_REPLY
#define CURLE_FTP_ACCESS_DENIED CURLE_REMOTE_ACCESS_DENIED
#define CURLE_FTP_USER_PASSWORD_INCORRECT CURLE_OBSOLETE10
#define CURLE_FTP_WEIRD_USER_REPLY CURLE_OBSOLETE12
#define CURLE_FTP_CANT_RECONNECT CURLE_OBSOLETE16
#define CURLE_FTP_COULDNT_SET_BINARY CURLE_FTP_COULDNT_SET_TYPE
#define CURLE_FTP_PARTIAL_FILE CURLE_PARTIAL_FILE
#define CURLE_FTP_WRITE_ERROR CURLE_OBSOLETE20
#define CURLE_FTP_QUOTE_ERROR CURLE_QUOTE_ERROR
#define CURLE_HTTP_NOT_FOUND CURLE_HTTP_RETURNED_ERROR
#define CURLE_MALFORMAT_USER CURLE_OBSOLETE24
#define CURLE_FTP_COULDNT_STOR_FILE CURLE_UPLOAD_FAILED
#define CURLE_OPERATION_TIMEOUTED CURLE_OPERATION_TIMEDOUT
#define CURLE_FTP_COULDNT_SET_ASCII CURLE_OBSOLETE29
#define CURLE_FTP_COULDNT_GET_SIZE CURLE_OBSOLETE32
#define CURLE_HTTP_RANGE_ERROR CURLE_RANGE_ERROR
#define CURLE_FTP_BAD_DOWNLOAD_RESUME CURLE_BAD_DOWNLOAD_RESUME
#define CURLE_LIBRARY_NOT_FOUND CURLE_OBSOLETE40
#define CURLE_BAD_CALLING_ORDER CURLE_OBSOLETE44
#define CURLE_HTTP_PORT_FAILED CURLE_INTERFACE_FAILED
#define CURLE_BAD_PASSWORD_ENTERED CURLE_OBSOLETE46
#define CURLE_UNKNOWN_TELNET_OPTION CURLE_UNKNOWN_OPTION
#define CURLE_TELNET_OPTION_SYNTAX CURLE_SETOPT_OPTION_SYNTAX
#define CURLE_SHARE_IN_USE CURLE_OBSOLETE57
#define CURLE_SSL_CACERT CURLE_PEER_FAILED_VERIFICATION
#define CURLE_SSL_PEER_CERTIFICATE CURLE_PEER_FAILED_VERIFICATION
#define CURLE_LDAP_INVALID_URL CURLE_OBSOLETE62
#define CURLE_FTP_SSL_FAILED CURLE_USE_SSL_FAILED
#define CURLE_TFTP_DISKFULL CURLE_REMOTE_DISK_FULL
#define CURLE_TFTP_EXISTS CURLE_REMOTE_FILE_EXISTS
#define CURLE_CONV_FAILED CURLE_OBSOLETE75
#define CURLE_CONV_REQD CURLE_OBSOLETE76
#define CURLE_ALREADY_COMPLETE 99999
#endif

/* What went wrong with a proxy (CURLINFO_PROXY_ERROR): SOCKS, RFC 1928. */
typedef enum {
  CURLPX_OK,
  CURLPX_BAD_ADDRESS_TYPE,
  CURLPX_BAD_VERSION,
  CURLPX_CLOSED,
  CURLPX_GSSAPI,
  CURLPX_GSSAPI_PERMSG,
  CURLPX_GSSAPI_PROTECTION,
  CURLPX_IDENTD,
  CURLPX_IDENTD_DIFFER,
  CURLPX_LONG_HOSTNAME,
  CURLPX_LONG_PASSWD,
  CURLPX_LONG_USER,
  CURLPX_NO_AUTH,
  CURLPX_RECV_ADDRESS,
  CURLPX_RECV_AUTH,
  CURLPX_RECV_CONNECT,
  CURLPX_RECV_REQACK,
  CURLPX_REPLY_ADDRESS_TYPE_NOT_SUPPORTED,
  CURLPX_REPLY_COMMAND_NOT_SUPPORTED,
  CURLPX_REPLY_CONNECTION_REFUSED,
  CURLPX_REPLY_GENERAL_SERVER_FAILURE,
  CURLPX_REPLY_HOST_UNREACHABLE,
  CURLPX_REPLY_NETWORK_UNREACHABLE,
  CURLPX_REPLY_NOT_ALLOWED,
  CURLPX_REPLY_TTL_EXPIRED,
  CURLPX_REPLY_UNASSIGNED,
  CURLPX_REQUEST_FAILED,
  CURLPX_RESOLVE_HOST,
  CURLPX_SEND_AUTH,
  CURLPX_SEND_CONNECT,
  CURLPX_SEND_REQUEST,
  CURLPX_UNKNOWN_FAIL,
  CURLPX_UNKNOWN_MODE,
  CURLPX_USER_REJECTED,
  CURLPX_LAST
} CURLproxycode;

/* ---- Callbacks of a transfer ---- */

/*
 * Body data has come (CURLOPT_WRITEFUNCTION), or one complete header line
 * (CURLOPT_HEADERFUNCTION), or an RTP packet (CURLOPT_INTERLEAVEFUNCTION). size is 1; there are
 * size * nitems bytes, no zero byte after them. Return how many were taken: anything but all
 * fails with CURLE_WRITE_ERROR, but for the two values below.
 */
typedef size_t (*curl_write_callback)(char *buffer, size_t size, size_t nitems, void *outstream);
#define CURL_WRITEFUNC_PAUSE 0x10000001 /* keep it, deliver again after curl_easy_pause() */
#define CURL_WRITEFUNC_ERROR 0xFFFFFFFF /* fail, whatever the size */
#define CURL_MAX_WRITE_SIZE 16384       /* bytes at most of body data in one call by default */
#define CURL_MAX_READ_SIZE (10 * 1024 * 1024) /* the largest CURLOPT_BUFFERSIZE, bytes */
#define CURL_MAX_HTTP_HEADER (100 * 1024)     /* bytes at most in one header line */

/*
 * Data to send (CURLOPT_READFUNCTION): put at most size * nitems bytes into buffer and return
 * how many. 0 is the end.
 */
typedef size_t (*curl_read_callback)(char *buffer, size_t size, size_t nitems, void *instream);
#define CURL_READFUNC_ABORT 0x10000000 /* fail with CURLE_ABORTED_BY_CALLBACK */
#define CURL_READFUNC_PAUSE 0x10000001 /* nothing now, ask after curl_easy_pause() */

/* Go to a place in what is being sent, to send it again; origin is SEEK_SET. */
typedef int (*curl_seek_callback)(void *instream, curl_off_t offset, int origin);
#define CURL_SEEKFUNC_OK 0
#define CURL_SEEKFUNC_FAIL 1     /* fail the transfer */
#define CURL_SEEKFUNC_CANTSEEK 2 /* the library may read and drop instead */

/* The predecessor of the seek callback. */
typedef enum {
  CURLIOE_OK,
  CURLIOE_UNKNOWNCMD,
  CURLIOE_FAILRESTART,
  CURLIOE_LAST
} curlioerr;
typedef enum {
  CURLIOCMD_NOP,
  CURLIOCMD_RESTARTREAD, /* to the beginning */
  CURLIOCMD_LAST
} curliocmd;
typedef curlioerr (*curl_ioctl_callback)(CURL *handle, int cmd, void *clientp);

/* Trailer fields after an upload in chunks: append "Name: value" to *list, which is then freed. */
typedef int (*curl_trailer_callback)(struct curl_slist **list, void *userdata);
#define CURL_TRAILERFUNC_OK 0
#define CURL_TRAILERFUNC_ABORT 1

/*
 * How far it is, in bytes; 0 for a total that is not known. Called about once a second and when
 * something moved. Anything but 0 fails with CURLE_ABORTED_BY_CALLBACK;
 * CURL_PROGRESSFUNC_CONTINUE is 0 and draws the built-in progress meter.
 */
typedef int (*curl_xferinfo_callback)(void *clientp, curl_off_t dltotal, curl_off_t dlnow,
                                      curl_off_t ultotal, curl_off_t ulnow);
typedef int (*curl_progress_callback)(void *clientp, double dltotal, double dlnow, double ultotal,
                                      double ulnow);
#define CURL_PROGRESSFUNC_CONTINUE 0x10000001

/* With CURLOPT_VERBOSE: what goes over the wire, and remarks. Not zero-terminated. Return 0. */
typedef enum {
  CURLINFO_TEXT,         /* 0: a remark */
  CURLINFO_HEADER_IN,    /* 1 */
  CURLINFO_HEADER_OUT,   /* 2 */
  CURLINFO_DATA_IN,      /* 3 */
  CURLINFO_DATA_OUT,     /* 4 */
  CURLINFO_SSL_DATA_IN,  /* 5: encrypted */
  CURLINFO_SSL_DATA_OUT, /* 6 */
  CURLINFO_END
} curl_infotype;
typedef int (*curl_debug_callback)(CURL *handle, curl_infotype type, char *data, size_t size,
                                   void *userptr);

/*
 * A name is about to be resolved. resolver_state depends on the resolver, and may be NULL;
 * reserved is NULL. Anything but 0 fails with CURLE_COULDNT_RESOLVE_HOST.
 */
typedef int (*curl_resolver_start_callback)(void *resolver_state, void *reserved, void *userdata);

/* Connected, and about to send the request. Addresses are numeric. */
typedef int (*curl_prereq_callback)(void *clientp, char *conn_primary_ip, char *conn_local_ip,
                                    int conn_primary_port, int conn_local_port);
#define CURL_PREREQFUNC_OK 0
#define CURL_PREREQFUNC_ABORT 1 /* fail with CURLE_ABORTED_BY_CALLBACK */

/* What a socket is for. */
typedef enum {
  CURLSOCKTYPE_IPCXN,  /* to connect */
  CURLSOCKTYPE_ACCEPT, /* came from accept(): active FTP */
  CURLSOCKTYPE_LAST
} curlsocktype;

/* The arguments of socket() and connect() to come; the callback may change them. */
struct curl_sockaddr {
  int family;
  int socktype;
  int protocol;
  unsigned int addrlen; /* bytes of the address, which may be longer than struct sockaddr */
  struct sockaddr addr;
};

/* Make a socket, or return CURL_SOCKET_BAD to give up on this address. */
typedef curl_socket_t (*curl_opensocket_callback)(void *clientp, curlsocktype purpose,
                                                  struct curl_sockaddr *address);

/* Set options of a new socket, before it connects. */
typedef int (*curl_sockopt_callback)(void *clientp, curl_socket_t curlfd, curlsocktype purpose);
#define CURL_SOCKOPT_OK 0
#define CURL_SOCKOPT_ERROR 1             /* fail with CURLE_ABORTED_BY_CALLBACK */
#define CURL_SOCKOPT_ALREADY_CONNECTED 2 /* do not call connect() */

/* Close a socket that the open callback made; 0 is success. */
typedef int (*curl_closesocket_callback)(void *clientp, curl_socket_t item);

/*
 * Change the SSL_CTX of a connection before it is used. Anything but CURLE_OK fails with that
 * code.
 */
typedef CURLcode (*curl_ssl_ctx_callback)(CURL *curl, void *ssl_ctx, void *userptr);

/* Convert in place; such conversions are not made any more. */
typedef CURLcode (*curl_conv_callback)(char *buffer, size_t length);

/* FTP with CURLOPT_WILDCARDMATCH. */

typedef enum {
  CURLFILETYPE_FILE,
  CURLFILETYPE_DIRECTORY,
  CURLFILETYPE_SYMLINK,
  CURLFILETYPE_DEVICE_BLOCK,
  CURLFILETYPE_DEVICE_CHAR,
  CURLFILETYPE_NAMEDPIPE,
  CURLFILETYPE_SOCKET,
  CURLFILETYPE_DOOR,
  CURLFILETYPE_UNKNOWN
} curlfiletype;

/* One entry of a listing. Which members say something is in flags. */
struct curl_fileinfo {
  char *filename;
  curlfiletype filetype;
  time_t time; /* never set: the text is in strings.time */
  unsigned int perm;
  int uid;
  int gid;
  curl_off_t size; /* bytes */
  long int hardlinks;
  struct {
    char *time; /* each NULL, or as the server wrote it */
    char *perm;
    char *user;
    char *group;
    char *target; /* of a symbolic link */
  } strings;
  unsigned int flags; /* CURLFINFOFLAG_* */
  char *b_data;       /* these three are not for the application */
  size_t b_size;
  size_t b_used;
};
#define CURLFINFOFLAG_KNOWN_FILENAME (1 << 0)
#define CURLFINFOFLAG_KNOWN_FILETYPE (1 << 1)
#define CURLFINFOFLAG_KNOWN_TIME (1 << 2)
#define CURLFINFOFLAG_KNOWN_PERM (1 << 3)
#define CURLFINFOFLAG_KNOWN_UID (1 << 4)
#define CURLFINFOFLAG_KNOWN_GID (1 << 5)
#define CURLFINFOFLAG_KNOWN_SIZE (1 << 6)
#define CURLFINFOFLAG_KNOWN_HLINKCOUNT (1 << 7)

/*
 * Before a file that matched is fetched: transfer_info is a struct curl_fileinfo, remains counts
 * the files to come.
 */
typedef long (*curl_chunk_bgn_callback)(const void *transfer_info, void *ptr, int remains);
#define CURL_CHUNK_BGN_FUNC_OK 0
#define CURL_CHUNK_BGN_FUNC_FAIL 1 /* end with CURLE_CHUNK_FAILED */
#define CURL_CHUNK_BGN_FUNC_SKIP 2 /* not this one */

/* After it. */
typedef long (*curl_chunk_end_callback)(void *ptr);
#define CURL_CHUNK_END_FUNC_OK 0
#define CURL_CHUNK_END_FUNC_FAIL 1

/* Does the name match the pattern? */
typedef int (*curl_fnmatch_callback)(void *ptr, const char *pattern, const char *string);
#define CURL_FNMATCHFUNC_MATCH 0
#define CURL_FNMATCHFUNC_NOMATCH 1
#define CURL_FNMATCHFUNC_FAIL 2

/* SSH host keys. */

enum curl_khtype {
  CURLKHTYPE_UNKNOWN,
  CURLKHTYPE_RSA1,
  CURLKHTYPE_RSA,
  CURLKHTYPE_DSS,
  CURLKHTYPE_ECDSA,
  CURLKHTYPE_ED25519
};

/* A host key, in base64 when len is 0 and otherwise raw. */
struct curl_khkey {
  const char *key;
  size_t len;
  enum curl_khtype keytype;
};

/* What the known_hosts file says about the host's key. */
enum curl_khmatch {
  CURLKHMATCH_OK,
  CURLKHMATCH_MISMATCH, /* another key */
  CURLKHMATCH_MISSING,  /* nothing */
  CURLKHMATCH_LAST
};

/* What to do; the return value of the key callback. */
enum curl_khstat {
  CURLKHSTAT_FINE_ADD_TO_FILE,
  CURLKHSTAT_FINE,
  CURLKHSTAT_REJECT,
  CURLKHSTAT_DEFER,        /* fail, but leave the connection open to ask again */
  CURLKHSTAT_FINE_REPLACE, /* as the first, instead of the key in the file */
  CURLKHSTAT_LAST
};

/* With a known_hosts file: knownkey is from there, foundkey from the server. */
typedef int (*curl_sshkeycallback)(CURL *easy, const struct curl_khkey *knownkey,
                                   const struct curl_khkey *foundkey, enum curl_khmatch match,
                                   void *clientp);

/* Without: the raw key alone; CURLKHMATCH_OK accepts it, CURLKHMATCH_MISMATCH does not. */
typedef int (*curl_sshhostkeycallback)(void *clientp, int keytype, const char *key, size_t keylen);

/* HSTS (RFC 6797), kept by the application. */

/* One host. When it is read: name has room for namelen bytes and the zero byte. */
struct curl_hstsentry {
  char *name;
  size_t namelen;
  unsigned int includeSubDomains : 1;
  char expire[18]; /* "YYYYMMDD HH:MM:SS" in UTC, or empty: never */
};

/* Which entry of how many. */
struct curl_index {
  size_t index;
  size_t total;
};

typedef enum {
  CURLSTS_OK,
  CURLSTS_DONE, /* reading: there is no more. Writing: no need to go on */
  CURLSTS_FAIL
} CURLSTScode;

/* Called until it says CURLSTS_DONE: fill in the next entry. */
typedef CURLSTScode (*curl_hstsread_callback)(CURL *easy, struct curl_hstsentry *e, void *userp);

/* Called once for an entry: keep it. */
typedef CURLSTScode (*curl_hstswrite_callback)(CURL *easy, struct curl_hstsentry *e,
                                               struct curl_index *i, void *userp);

/* ---- Options of an easy handle ---- */

/*
 * The number of an option says what kind of argument it takes: add the base of the kind to the
 * number of the row. The four pointer kinds are the same to the compiler.
 */
#define CURLOPTTYPE_LONG 0
#define CURLOPTTYPE_OBJECTPOINT 10000
#define CURLOPTTYPE_FUNCTIONPOINT 20000
#define CURLOPTTYPE_OFF_T 30000
#define CURLOPTTYPE_BLOB 40000
#define CURLOPTTYPE_VALUES CURLOPTTYPE_LONG             /* a choice, or a bit mask */
#define CURLOPTTYPE_STRINGPOINT CURLOPTTYPE_OBJECTPOINT /* const char * */
#define CURLOPTTYPE_SLISTPOINT CURLOPTTYPE_OBJECTPOINT  /* struct curl_slist * */
#define CURLOPTTYPE_CBPOINT CURLOPTTYPE_OBJECTPOINT     /* void *, for a callback */

/* A row of the table: name, kind, number. One of an old option also says since when, and why. */
#define CURLINC_OPT(name, kind, number) name = CURLOPTTYPE_##kind + (number)
#define CURLINC_OLD(name, kind, number, since, why) \
  name CURL_DEPRECATED(since, why) = CURLOPTTYPE_##kind + (number)

/* clang-format off */
typedef enum {
  /* What to transfer. */
  CURLINC_OPT(CURLOPT_URL, STRINGPOINT, 2),
  CURLINC_OPT(CURLOPT_CURLU, OBJECTPOINT, 282),              /* CURLU *, instead of a string */
  CURLINC_OPT(CURLOPT_PORT, LONG, 3),                        /* instead of the URL's */
  CURLINC_OPT(CURLOPT_DEFAULT_PROTOCOL, STRINGPOINT, 238),   /* scheme of a URL without one */
  CURLINC_OPT(CURLOPT_PROTOCOLS_STR, STRINGPOINT, 318),      /* schemes allowed, with commas */
  /* schemes a redirect may lead to */
  CURLINC_OPT(CURLOPT_REDIR_PROTOCOLS_STR, STRINGPOINT, 319),
  CURLINC_OLD(CURLOPT_PROTOCOLS, LONG, 181, 7.85.0, "use CURLOPT_PROTOCOLS_STR"),
  CURLINC_OLD(CURLOPT_REDIR_PROTOCOLS, LONG, 182, 7.85.0, "use CURLOPT_REDIR_PROTOCOLS_STR"),
  CURLINC_OPT(CURLOPT_PATH_AS_IS, LONG, 234),                /* leave /./ and /../ alone */
  CURLINC_OPT(CURLOPT_DISALLOW_USERNAME_IN_URL, LONG, 278),
  CURLINC_OPT(CURLOPT_UPLOAD, LONG, 46),                     /* send what is read from READDATA */
  CURLINC_OPT(CURLOPT_NOBODY, LONG, 44),                     /* HEAD, or only look */
  CURLINC_OPT(CURLOPT_RANGE, STRINGPOINT, 7),                /* "first-last", in bytes */
  CURLINC_OPT(CURLOPT_RESUME_FROM, LONG, 21),                /* bytes; the _LARGE one is better */
  CURLINC_OPT(CURLOPT_RESUME_FROM_LARGE, OFF_T, 116),        /* bytes; -1: as long as the remote */
  CURLINC_OPT(CURLOPT_INFILESIZE, LONG, 14),                 /* bytes to send; -1: not known */
  CURLINC_OPT(CURLOPT_INFILESIZE_LARGE, OFF_T, 115),
  CURLINC_OPT(CURLOPT_MAXFILESIZE, LONG, 114),               /* bytes; CURLE_FILESIZE_EXCEEDED */
  CURLINC_OPT(CURLOPT_MAXFILESIZE_LARGE, OFF_T, 117),
  CURLINC_OPT(CURLOPT_TIMECONDITION, VALUES, 33),            /* CURL_TIMECOND_* */
  CURLINC_OPT(CURLOPT_TIMEVALUE, LONG, 34),                  /* seconds since the epoch */
  CURLINC_OPT(CURLOPT_TIMEVALUE_LARGE, OFF_T, 270),
  CURLINC_OPT(CURLOPT_FILETIME, LONG, 69),                   /* ask for it: CURLINFO_FILETIME_T */
  CURLINC_OPT(CURLOPT_WILDCARDMATCH, LONG, 197),             /* fetch all files that match */
  CURLINC_OPT(CURLOPT_CRLF, LONG, 27),                       /* turn LF into CRLF when sending */
  CURLINC_OPT(CURLOPT_CUSTOMREQUEST, STRINGPOINT, 36),       /* the method or command to say */

  /* Where data and remarks go. */
  CURLINC_OPT(CURLOPT_WRITEFUNCTION, FUNCTIONPOINT, 11),     /* curl_write_callback */
  CURLINC_OPT(CURLOPT_WRITEDATA, CBPOINT, 1),                /* FILE * without a function */
  CURLINC_OPT(CURLOPT_READFUNCTION, FUNCTIONPOINT, 12),      /* curl_read_callback */
  CURLINC_OPT(CURLOPT_READDATA, CBPOINT, 9),                 /* FILE * without a function */
  CURLINC_OPT(CURLOPT_SEEKFUNCTION, FUNCTIONPOINT, 167),     /* curl_seek_callback */
  CURLINC_OPT(CURLOPT_SEEKDATA, CBPOINT, 168),
  CURLINC_OLD(CURLOPT_IOCTLFUNCTION, FUNCTIONPOINT, 130, 7.18.0, "use CURLOPT_SEEKFUNCTION"),
  CURLINC_OLD(CURLOPT_IOCTLDATA, CBPOINT, 131, 7.18.0, "use CURLOPT_SEEKDATA"),
  CURLINC_OPT(CURLOPT_HEADERFUNCTION, FUNCTIONPOINT, 79),    /* curl_write_callback */
  CURLINC_OPT(CURLOPT_HEADERDATA, CBPOINT, 29),
  CURLINC_OPT(CURLOPT_HEADER, LONG, 42),                     /* headers as part of the body */
  CURLINC_OPT(CURLOPT_TRAILERFUNCTION, FUNCTIONPOINT, 283),  /* curl_trailer_callback */
  CURLINC_OPT(CURLOPT_TRAILERDATA, CBPOINT, 284),
  /* curl_write_callback, for RTP */
  CURLINC_OPT(CURLOPT_INTERLEAVEFUNCTION, FUNCTIONPOINT, 196),
  CURLINC_OPT(CURLOPT_INTERLEAVEDATA, CBPOINT, 195),
  CURLINC_OPT(CURLOPT_XFERINFOFUNCTION, FUNCTIONPOINT, 219), /* curl_xferinfo_callback */
  CURLINC_OPT(CURLOPT_XFERINFODATA, CBPOINT, 57),
  CURLINC_OLD(CURLOPT_PROGRESSFUNCTION, FUNCTIONPOINT, 56, 7.32.0, "use CURLOPT_XFERINFOFUNCTION"),
  CURLINC_OPT(CURLOPT_NOPROGRESS, LONG, 43),                 /* 1 by default */
  CURLINC_OPT(CURLOPT_DEBUGFUNCTION, FUNCTIONPOINT, 94),     /* curl_debug_callback */
  CURLINC_OPT(CURLOPT_DEBUGDATA, CBPOINT, 95),
  CURLINC_OPT(CURLOPT_VERBOSE, LONG, 41),
  CURLINC_OPT(CURLOPT_STDERR, OBJECTPOINT, 37),              /* FILE *, instead of stderr */
  CURLINC_OPT(CURLOPT_ERRORBUFFER, OBJECTPOINT, 10),         /* char *, CURL_ERROR_SIZE bytes */
  CURLINC_OPT(CURLOPT_FAILONERROR, LONG, 45),                /* when the status is 400 or more */
  CURLINC_OPT(CURLOPT_KEEP_SENDING_ON_ERROR, LONG, 245),     /* when it is 300 or more */
  CURLINC_OPT(CURLOPT_PRIVATE, OBJECTPOINT, 103),            /* void *, for CURLINFO_PRIVATE */
  CURLINC_OPT(CURLOPT_SHARE, OBJECTPOINT, 100),              /* CURLSH *, or NULL */
  /* curl_chunk_bgn_callback */
  CURLINC_OPT(CURLOPT_CHUNK_BGN_FUNCTION, FUNCTIONPOINT, 198),
  /* curl_chunk_end_callback */
  CURLINC_OPT(CURLOPT_CHUNK_END_FUNCTION, FUNCTIONPOINT, 199),
  CURLINC_OPT(CURLOPT_CHUNK_DATA, CBPOINT, 201),
  CURLINC_OPT(CURLOPT_FNMATCH_FUNCTION, FUNCTIONPOINT, 200), /* curl_fnmatch_callback */
  CURLINC_OPT(CURLOPT_FNMATCH_DATA, CBPOINT, 202),
  CURLINC_OPT(CURLOPT_PREREQFUNCTION, FUNCTIONPOINT, 312),   /* curl_prereq_callback */
  CURLINC_OPT(CURLOPT_PREREQDATA, CBPOINT, 313),
  CURLINC_OLD(CURLOPT_CONV_FROM_NETWORK_FUNCTION, FUNCTIONPOINT, 142, 7.82.0, "it has no effect"),
  CURLINC_OLD(CURLOPT_CONV_TO_NETWORK_FUNCTION, FUNCTIONPOINT, 143, 7.82.0, "it has no effect"),
  CURLINC_OLD(CURLOPT_CONV_FROM_UTF8_FUNCTION, FUNCTIONPOINT, 144, 7.82.0, "it has no effect"),

  /* Time, speed and size. */
  CURLINC_OPT(CURLOPT_TIMEOUT, LONG, 13),                    /* seconds for all; 0: no limit */
  CURLINC_OPT(CURLOPT_TIMEOUT_MS, LONG, 155),
  CURLINC_OPT(CURLOPT_CONNECTTIMEOUT, LONG, 78),             /* seconds until connected; 0: 300 */
  CURLINC_OPT(CURLOPT_CONNECTTIMEOUT_MS, LONG, 156),
  CURLINC_OPT(CURLOPT_SERVER_RESPONSE_TIMEOUT, LONG, 112),   /* seconds for one reply */
  CURLINC_OPT(CURLOPT_SERVER_RESPONSE_TIMEOUT_MS, LONG, 324),
  CURLINC_OPT(CURLOPT_ACCEPTTIMEOUT_MS, LONG, 212),          /* active FTP; 0: 60000 */
  CURLINC_OPT(CURLOPT_EXPECT_100_TIMEOUT_MS, LONG, 227),
  CURLINC_OPT(CURLOPT_LOW_SPEED_LIMIT, LONG, 19),            /* bytes a second; slower than this */
  CURLINC_OPT(CURLOPT_LOW_SPEED_TIME, LONG, 20),             /* seconds long is a timeout */
  CURLINC_OPT(CURLOPT_MAX_SEND_SPEED_LARGE, OFF_T, 145),     /* bytes a second; 0: no limit */
  CURLINC_OPT(CURLOPT_MAX_RECV_SPEED_LARGE, OFF_T, 146),
  CURLINC_OPT(CURLOPT_BUFFERSIZE, LONG, 98),                 /* bytes, of the receive buffer */
  CURLINC_OPT(CURLOPT_UPLOAD_BUFFERSIZE, LONG, 280),         /* bytes */
  CURLINC_OPT(CURLOPT_NOSIGNAL, LONG, 99),                   /* never use signals */
  CURLINC_OPT(CURLOPT_QUICK_EXIT, LONG, 322),                /* do not wait for resolver threads */

  /* HTTP. */
  CURLINC_OPT(CURLOPT_HTTP_VERSION, VALUES, 84),             /* CURL_HTTP_VERSION_* */
  CURLINC_OPT(CURLOPT_HTTPGET, LONG, 80),                    /* back to GET */
  CURLINC_OPT(CURLOPT_POST, LONG, 47),
  CURLINC_OPT(CURLOPT_POSTFIELDS, OBJECTPOINT, 15),          /* void *, not copied */
  CURLINC_OPT(CURLOPT_COPYPOSTFIELDS, OBJECTPOINT, 165),     /* void *, copied; the size first */
  CURLINC_OPT(CURLOPT_POSTFIELDSIZE, LONG, 60),              /* bytes; -1: up to the zero byte */
  CURLINC_OPT(CURLOPT_POSTFIELDSIZE_LARGE, OFF_T, 120),
  CURLINC_OPT(CURLOPT_MIMEPOST, OBJECTPOINT, 269),           /* curl_mime * */
  CURLINC_OPT(CURLOPT_MIME_OPTIONS, LONG, 315),              /* CURLMIMEOPT_* */
  CURLINC_OLD(CURLOPT_HTTPPOST, OBJECTPOINT, 24, 7.56.0, "use CURLOPT_MIMEPOST"),
  CURLINC_OLD(CURLOPT_PUT, LONG, 54, 7.12.1, "use CURLOPT_UPLOAD"),
  CURLINC_OPT(CURLOPT_HTTPHEADER, SLISTPOINT, 23),           /* "Name: v" "Name:" (none) "Name;" */
  CURLINC_OPT(CURLOPT_PROXYHEADER, SLISTPOINT, 228),         /* the same, for a proxy */
  CURLINC_OPT(CURLOPT_HEADEROPT, VALUES, 229),               /* CURLHEADER_* */
  CURLINC_OPT(CURLOPT_HTTP200ALIASES, SLISTPOINT, 104),      /* status lines that mean 200 */
  CURLINC_OPT(CURLOPT_REQUEST_TARGET, STRINGPOINT, 266),     /* instead of path and query */
  CURLINC_OPT(CURLOPT_REFERER, STRINGPOINT, 16),
  CURLINC_OPT(CURLOPT_AUTOREFERER, LONG, 58),                /* set it when redirected */
  CURLINC_OPT(CURLOPT_USERAGENT, STRINGPOINT, 18),
  CURLINC_OPT(CURLOPT_ACCEPT_ENCODING, STRINGPOINT, 102),    /* "": all that are built in */
  CURLINC_OPT(CURLOPT_HTTP_CONTENT_DECODING, LONG, 158),     /* 0: leave the body compressed */
  CURLINC_OPT(CURLOPT_TRANSFER_ENCODING, LONG, 207),         /* ask for a compressed one */
  CURLINC_OPT(CURLOPT_HTTP_TRANSFER_DECODING, LONG, 157),    /* 0: leave the chunks */
  CURLINC_OPT(CURLOPT_IGNORE_CONTENT_LENGTH, LONG, 136),
  CURLINC_OPT(CURLOPT_HTTP09_ALLOWED, LONG, 285),            /* a body without a status line */
  CURLINC_OPT(CURLOPT_FOLLOWLOCATION, LONG, 52),             /* 0, or CURLFOLLOW_* */
  CURLINC_OPT(CURLOPT_MAXREDIRS, LONG, 68),                  /* -1: no limit */
  CURLINC_OPT(CURLOPT_POSTREDIR, VALUES, 161),               /* CURL_REDIR_* */
  CURLINC_OPT(CURLOPT_UNRESTRICTED_AUTH, LONG, 105),         /* credentials to other hosts, too */
  CURLINC_OPT(CURLOPT_COOKIE, STRINGPOINT, 22),              /* "a=1; b=2", sent as it is */
  CURLINC_OPT(CURLOPT_COOKIEFILE, STRINGPOINT, 31),          /* read; "" only starts the engine */
  CURLINC_OPT(CURLOPT_COOKIEJAR, STRINGPOINT, 82),           /* written at cleanup */
  CURLINC_OPT(CURLOPT_COOKIELIST, STRINGPOINT, 135),         /* a cookie, ALL SESS FLUSH RELOAD */
  CURLINC_OPT(CURLOPT_COOKIESESSION, LONG, 96),              /* do not load session cookies */
  CURLINC_OPT(CURLOPT_HSTS, STRINGPOINT, 300),               /* the file */
  CURLINC_OPT(CURLOPT_HSTS_CTRL, LONG, 299),                 /* CURLHSTS_* */
  CURLINC_OPT(CURLOPT_HSTSREADFUNCTION, FUNCTIONPOINT, 301), /* curl_hstsread_callback */
  CURLINC_OPT(CURLOPT_HSTSREADDATA, CBPOINT, 302),
  /* curl_hstswrite_callback */
  CURLINC_OPT(CURLOPT_HSTSWRITEFUNCTION, FUNCTIONPOINT, 303),
  CURLINC_OPT(CURLOPT_HSTSWRITEDATA, CBPOINT, 304),
  CURLINC_OPT(CURLOPT_ALTSVC, STRINGPOINT, 287),             /* the file */
  CURLINC_OPT(CURLOPT_ALTSVC_CTRL, LONG, 286),               /* CURLALTSVC_* */
  CURLINC_OPT(CURLOPT_PIPEWAIT, LONG, 237),                  /* rather wait than connect anew */
  CURLINC_OPT(CURLOPT_STREAM_WEIGHT, LONG, 239),             /* 1 to 256 */
  CURLINC_OLD(CURLOPT_STREAM_DEPENDS, OBJECTPOINT, 240, 8.21.0, "it has no effect"),
  CURLINC_OLD(CURLOPT_STREAM_DEPENDS_E, OBJECTPOINT, 241, 8.21.0, "it has no effect"),
  CURLINC_OPT(CURLOPT_WS_OPTIONS, LONG, 320),                /* CURLWS_RAW_MODE and others */

  /* Who asks. */
  CURLINC_OPT(CURLOPT_USERPWD, STRINGPOINT, 5),              /* "user:password" */
  CURLINC_OPT(CURLOPT_USERNAME, STRINGPOINT, 173),
  CURLINC_OPT(CURLOPT_PASSWORD, STRINGPOINT, 174),
  CURLINC_OPT(CURLOPT_LOGIN_OPTIONS, STRINGPOINT, 224),      /* "AUTH=..." for mail */
  CURLINC_OPT(CURLOPT_HTTPAUTH, VALUES, 107),                /* CURLAUTH_* */
  CURLINC_OPT(CURLOPT_XOAUTH2_BEARER, STRINGPOINT, 220),     /* the token */
  CURLINC_OPT(CURLOPT_AWS_SIGV4, STRINGPOINT, 305),          /* "prov1[:prov2[:region[:serv]]]" */
  CURLINC_OPT(CURLOPT_HTTPSIG_ALGORITHM, VALUES, 329),       /* CURLHTTPSIG_* */
  CURLINC_OPT(CURLOPT_HTTPSIG_KEY, STRINGPOINT, 330),        /* in hexadecimal */
  CURLINC_OPT(CURLOPT_HTTPSIG_KEYID, STRINGPOINT, 331),
  CURLINC_OPT(CURLOPT_HTTPSIG_HEADERS, STRINGPOINT, 332),    /* which ones to sign */
  CURLINC_OPT(CURLOPT_NETRC, VALUES, 51),                    /* CURL_NETRC_* */
  CURLINC_OPT(CURLOPT_NETRC_FILE, STRINGPOINT, 118),         /* instead of ~/.netrc */
  CURLINC_OPT(CURLOPT_SASL_AUTHZID, STRINGPOINT, 289),
  CURLINC_OPT(CURLOPT_SASL_IR, LONG, 218),                   /* initial response at once */
  CURLINC_OPT(CURLOPT_SERVICE_NAME, STRINGPOINT, 236),       /* for Kerberos */
  CURLINC_OPT(CURLOPT_GSSAPI_DELEGATION, VALUES, 210),       /* CURLGSSAPI_DELEGATION_* */
  CURLINC_OLD(CURLOPT_KRBLEVEL, STRINGPOINT, 63, 8.17.0, "it has no effect"),
  CURLINC_OLD(CURLOPT_TLSAUTH_USERNAME, STRINGPOINT, 204, 8.22.0, "TLS-SRP is going away"),
  CURLINC_OLD(CURLOPT_TLSAUTH_PASSWORD, STRINGPOINT, 205, 8.22.0, "TLS-SRP is going away"),
  CURLINC_OLD(CURLOPT_TLSAUTH_TYPE, STRINGPOINT, 206, 8.22.0, "TLS-SRP is going away"),

  /* Proxies. */
  CURLINC_OPT(CURLOPT_PROXY, STRINGPOINT, 4),                /* "[scheme://][user@]host[:port]" */
  CURLINC_OPT(CURLOPT_PROXYPORT, LONG, 59),
  CURLINC_OPT(CURLOPT_PROXYTYPE, VALUES, 101),               /* CURLPROXY_* */
  CURLINC_OPT(CURLOPT_PRE_PROXY, STRINGPOINT, 262),          /* SOCKS, to reach the proxy */
  CURLINC_OPT(CURLOPT_NOPROXY, STRINGPOINT, 177),            /* hosts, with commas; "*" all */
  CURLINC_OPT(CURLOPT_PROXYUSERPWD, STRINGPOINT, 6),
  CURLINC_OPT(CURLOPT_PROXYUSERNAME, STRINGPOINT, 175),
  CURLINC_OPT(CURLOPT_PROXYPASSWORD, STRINGPOINT, 176),
  CURLINC_OPT(CURLOPT_PROXYAUTH, VALUES, 111),               /* CURLAUTH_* */
  CURLINC_OPT(CURLOPT_PROXY_SERVICE_NAME, STRINGPOINT, 235),
  CURLINC_OPT(CURLOPT_HTTPPROXYTUNNEL, LONG, 61),            /* CONNECT for everything */
  CURLINC_OPT(CURLOPT_SUPPRESS_CONNECT_HEADERS, LONG, 265),
  CURLINC_OPT(CURLOPT_PROXY_TRANSFER_MODE, LONG, 166),       /* ;type=a for FTP URLs */
  CURLINC_OPT(CURLOPT_HAPROXYPROTOCOL, LONG, 274),           /* send a PROXY line, version 1 */
  CURLINC_OPT(CURLOPT_HAPROXY_CLIENT_IP, STRINGPOINT, 323),  /* the address it tells */
  CURLINC_OPT(CURLOPT_SOCKS5_AUTH, LONG, 267),               /* CURLAUTH_* */
  CURLINC_OPT(CURLOPT_SOCKS5_GSSAPI_NEC, LONG, 180),
  CURLINC_OLD(CURLOPT_SOCKS5_GSSAPI_SERVICE, STRINGPOINT, 179, 7.49.0,
              "use CURLOPT_PROXY_SERVICE_NAME"),

  /* TLS. */
  CURLINC_OPT(CURLOPT_USE_SSL, VALUES, 119),                 /* CURLUSESSL_* */
  CURLINC_OPT(CURLOPT_SSL_VERIFYPEER, LONG, 64),
  CURLINC_OPT(CURLOPT_SSL_VERIFYHOST, LONG, 81),             /* 0, or 2 */
  CURLINC_OPT(CURLOPT_SSL_VERIFYSTATUS, LONG, 232),          /* by a stapled OCSP answer */
  CURLINC_OPT(CURLOPT_CAINFO, STRINGPOINT, 65),              /* file */
  CURLINC_OPT(CURLOPT_CAINFO_BLOB, BLOB, 309),
  CURLINC_OPT(CURLOPT_CAPATH, STRINGPOINT, 97),              /* directory */
  CURLINC_OPT(CURLOPT_CA_CACHE_TIMEOUT, LONG, 321),          /* seconds; -1: for ever */
  CURLINC_OPT(CURLOPT_CRLFILE, STRINGPOINT, 169),
  CURLINC_OPT(CURLOPT_ISSUERCERT, STRINGPOINT, 170),         /* file */
  CURLINC_OPT(CURLOPT_ISSUERCERT_BLOB, BLOB, 295),
  CURLINC_OPT(CURLOPT_PINNEDPUBLICKEY, STRINGPOINT, 230),    /* file, or "sha256//..." */
  CURLINC_OPT(CURLOPT_CERTINFO, LONG, 172),                  /* ask for it: CURLINFO_CERTINFO */
  CURLINC_OPT(CURLOPT_SSLCERT, STRINGPOINT, 25),             /* file, or a pkcs11: URI */
  CURLINC_OPT(CURLOPT_SSLCERT_BLOB, BLOB, 291),
  CURLINC_OPT(CURLOPT_SSLCERTTYPE, STRINGPOINT, 86),         /* PEM, DER, P12 */
  CURLINC_OPT(CURLOPT_SSLKEY, STRINGPOINT, 87),
  CURLINC_OPT(CURLOPT_SSLKEY_BLOB, BLOB, 292),
  CURLINC_OPT(CURLOPT_SSLKEYTYPE, STRINGPOINT, 88),
  CURLINC_OPT(CURLOPT_KEYPASSWD, STRINGPOINT, 26),
  CURLINC_OPT(CURLOPT_SSLVERSION, VALUES, 32),               /* CURL_SSLVERSION_* */
  CURLINC_OPT(CURLOPT_SSL_CIPHER_LIST, STRINGPOINT, 83),     /* up to TLS 1.2 */
  CURLINC_OPT(CURLOPT_TLS13_CIPHERS, STRINGPOINT, 276),
  CURLINC_OPT(CURLOPT_SSL_EC_CURVES, STRINGPOINT, 298),
  CURLINC_OPT(CURLOPT_SSL_SIGNATURE_ALGORITHMS, STRINGPOINT, 328),
  CURLINC_OPT(CURLOPT_SSL_OPTIONS, VALUES, 216),             /* CURLSSLOPT_* */
  CURLINC_OPT(CURLOPT_SSL_SESSIONID_CACHE, LONG, 150),
  CURLINC_OPT(CURLOPT_SSL_ENABLE_ALPN, LONG, 226),
  CURLINC_OLD(CURLOPT_SSL_ENABLE_NPN, LONG, 225, 7.86.0, "it has no effect"),
  CURLINC_OLD(CURLOPT_SSL_FALSESTART, LONG, 233, 8.15.0, "it has no effect"),
  CURLINC_OPT(CURLOPT_SSL_CTX_FUNCTION, FUNCTIONPOINT, 108), /* curl_ssl_ctx_callback */
  CURLINC_OPT(CURLOPT_SSL_CTX_DATA, CBPOINT, 109),
  CURLINC_OPT(CURLOPT_SSLENGINE, STRINGPOINT, 89),
  CURLINC_OPT(CURLOPT_SSLENGINE_DEFAULT, LONG, 90),
  CURLINC_OPT(CURLOPT_ECH, STRINGPOINT, 325),                /* "true", "hard", "grease", ... */
  CURLINC_OLD(CURLOPT_RANDOM_FILE, STRINGPOINT, 76, 7.84.0, "it has no effect"),
  CURLINC_OLD(CURLOPT_EGDSOCKET, STRINGPOINT, 77, 7.84.0, "it has no effect"),

  /* TLS to an HTTPS proxy, as above. */
  CURLINC_OPT(CURLOPT_PROXY_SSL_VERIFYPEER, LONG, 248),
  CURLINC_OPT(CURLOPT_PROXY_SSL_VERIFYHOST, LONG, 249),
  CURLINC_OPT(CURLOPT_PROXY_CAINFO, STRINGPOINT, 246),
  CURLINC_OPT(CURLOPT_PROXY_CAINFO_BLOB, BLOB, 310),
  CURLINC_OPT(CURLOPT_PROXY_CAPATH, STRINGPOINT, 247),
  CURLINC_OPT(CURLOPT_PROXY_CRLFILE, STRINGPOINT, 260),
  CURLINC_OPT(CURLOPT_PROXY_ISSUERCERT, STRINGPOINT, 296),
  CURLINC_OPT(CURLOPT_PROXY_ISSUERCERT_BLOB, BLOB, 297),
  CURLINC_OPT(CURLOPT_PROXY_PINNEDPUBLICKEY, STRINGPOINT, 263),
  CURLINC_OPT(CURLOPT_PROXY_SSLCERT, STRINGPOINT, 254),
  CURLINC_OPT(CURLOPT_PROXY_SSLCERT_BLOB, BLOB, 293),
  CURLINC_OPT(CURLOPT_PROXY_SSLCERTTYPE, STRINGPOINT, 255),
  CURLINC_OPT(CURLOPT_PROXY_SSLKEY, STRINGPOINT, 256),
  CURLINC_OPT(CURLOPT_PROXY_SSLKEY_BLOB, BLOB, 294),
  CURLINC_OPT(CURLOPT_PROXY_SSLKEYTYPE, STRINGPOINT, 257),
  CURLINC_OPT(CURLOPT_PROXY_KEYPASSWD, STRINGPOINT, 258),
  CURLINC_OPT(CURLOPT_PROXY_SSLVERSION, VALUES, 250),
  CURLINC_OPT(CURLOPT_PROXY_SSL_CIPHER_LIST, STRINGPOINT, 259),
  CURLINC_OPT(CURLOPT_PROXY_TLS13_CIPHERS, STRINGPOINT, 277),
  CURLINC_OPT(CURLOPT_PROXY_SSL_OPTIONS, LONG, 261),
  CURLINC_OLD(CURLOPT_PROXY_TLSAUTH_USERNAME, STRINGPOINT, 251, 8.22.0, "TLS-SRP is going away"),
  CURLINC_OLD(CURLOPT_PROXY_TLSAUTH_PASSWORD, STRINGPOINT, 252, 8.22.0, "TLS-SRP is going away"),
  CURLINC_OLD(CURLOPT_PROXY_TLSAUTH_TYPE, STRINGPOINT, 253, 8.22.0, "TLS-SRP is going away"),

  /* Names. */
  CURLINC_OPT(CURLOPT_RESOLVE, SLISTPOINT, 203),             /* "[+]host:port:addr[,addr]..." */
  CURLINC_OPT(CURLOPT_CONNECT_TO, SLISTPOINT, 243),          /* "host:port:host2:port2" */
  CURLINC_OPT(CURLOPT_IPRESOLVE, VALUES, 113),               /* CURL_IPRESOLVE_* */
  CURLINC_OPT(CURLOPT_DNS_CACHE_TIMEOUT, LONG, 92),          /* seconds; -1: for ever */
  CURLINC_OPT(CURLOPT_DNS_SHUFFLE_ADDRESSES, LONG, 275),
  CURLINC_OPT(CURLOPT_DNS_SERVERS, STRINGPOINT, 211),        /* "addr[:port],..." */
  CURLINC_OPT(CURLOPT_DNS_INTERFACE, STRINGPOINT, 221),
  CURLINC_OPT(CURLOPT_DNS_LOCAL_IP4, STRINGPOINT, 222),
  CURLINC_OPT(CURLOPT_DNS_LOCAL_IP6, STRINGPOINT, 223),
  CURLINC_OLD(CURLOPT_DNS_USE_GLOBAL_CACHE, LONG, 91, 7.11.1, "it has no effect"),
  CURLINC_OPT(CURLOPT_DOH_URL, STRINGPOINT, 279),            /* RFC 8484 */
  CURLINC_OPT(CURLOPT_DOH_SSL_VERIFYPEER, LONG, 306),
  CURLINC_OPT(CURLOPT_DOH_SSL_VERIFYHOST, LONG, 307),
  CURLINC_OPT(CURLOPT_DOH_SSL_VERIFYSTATUS, LONG, 308),
  /* curl_resolver_start_callback */
  CURLINC_OPT(CURLOPT_RESOLVER_START_FUNCTION, FUNCTIONPOINT, 272),
  CURLINC_OPT(CURLOPT_RESOLVER_START_DATA, CBPOINT, 273),

  /* Connections and sockets. */
  CURLINC_OPT(CURLOPT_CONNECT_ONLY, LONG, 141),              /* 1: no transfer; 2: WebSocket */
  CURLINC_OPT(CURLOPT_FRESH_CONNECT, LONG, 74),              /* do not reuse one */
  CURLINC_OPT(CURLOPT_FORBID_REUSE, LONG, 75),               /* close it afterwards */
  CURLINC_OPT(CURLOPT_MAXCONNECTS, LONG, 71),                /* idle ones kept */
  CURLINC_OPT(CURLOPT_MAXAGE_CONN, LONG, 288),               /* seconds idle, to be reused */
  CURLINC_OPT(CURLOPT_MAXLIFETIME_CONN, LONG, 314),          /* seconds since it was made */
  CURLINC_OPT(CURLOPT_UPKEEP_INTERVAL_MS, LONG, 281),
  CURLINC_OPT(CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, LONG, 271), /* RFC 8305 */
  CURLINC_OPT(CURLOPT_INTERFACE, STRINGPOINT, 62),           /* a name, or "if!..." "host!..." */
  CURLINC_OPT(CURLOPT_LOCALPORT, LONG, 139),
  CURLINC_OPT(CURLOPT_LOCALPORTRANGE, LONG, 140),            /* how many to try */
  CURLINC_OPT(CURLOPT_ADDRESS_SCOPE, LONG, 171),             /* scope id of IPv6 link-local ones */
  CURLINC_OPT(CURLOPT_UNIX_SOCKET_PATH, STRINGPOINT, 231),
  CURLINC_OPT(CURLOPT_ABSTRACT_UNIX_SOCKET, STRINGPOINT, 264),
  CURLINC_OPT(CURLOPT_TCP_NODELAY, LONG, 121),               /* 1 by default */
  CURLINC_OPT(CURLOPT_TCP_FASTOPEN, LONG, 244),              /* RFC 7413 */
  CURLINC_OPT(CURLOPT_TCP_KEEPALIVE, LONG, 213),
  CURLINC_OPT(CURLOPT_TCP_KEEPIDLE, LONG, 214),              /* seconds */
  CURLINC_OPT(CURLOPT_TCP_KEEPINTVL, LONG, 215),             /* seconds */
  CURLINC_OPT(CURLOPT_TCP_KEEPCNT, LONG, 326),
  /* curl_opensocket_callback */
  CURLINC_OPT(CURLOPT_OPENSOCKETFUNCTION, FUNCTIONPOINT, 163),
  CURLINC_OPT(CURLOPT_OPENSOCKETDATA, CBPOINT, 164),
  CURLINC_OPT(CURLOPT_SOCKOPTFUNCTION, FUNCTIONPOINT, 148),  /* curl_sockopt_callback */
  CURLINC_OPT(CURLOPT_SOCKOPTDATA, CBPOINT, 149),
  /* curl_closesocket_callback */
  CURLINC_OPT(CURLOPT_CLOSESOCKETFUNCTION, FUNCTIONPOINT, 208),
  CURLINC_OPT(CURLOPT_CLOSESOCKETDATA, CBPOINT, 209),

  /* FTP. */
  CURLINC_OPT(CURLOPT_QUOTE, SLISTPOINT, 28),                /* commands after login; also SFTP */
  CURLINC_OPT(CURLOPT_PREQUOTE, SLISTPOINT, 93),             /* before the transfer */
  CURLINC_OPT(CURLOPT_POSTQUOTE, SLISTPOINT, 39),            /* after the transfer */
  CURLINC_OPT(CURLOPT_DIRLISTONLY, LONG, 48),                /* names only */
  CURLINC_OPT(CURLOPT_APPEND, LONG, 50),
  CURLINC_OPT(CURLOPT_TRANSFERTEXT, LONG, 53),               /* ASCII */
  CURLINC_OPT(CURLOPT_FTPPORT, STRINGPOINT, 17),             /* active mode; "-": own address */
  CURLINC_OPT(CURLOPT_FTP_USE_EPRT, LONG, 106),
  CURLINC_OPT(CURLOPT_FTP_USE_EPSV, LONG, 85),
  CURLINC_OPT(CURLOPT_FTP_USE_PRET, LONG, 188),
  CURLINC_OPT(CURLOPT_FTP_SKIP_PASV_IP, LONG, 137),          /* use the control connection's */
  CURLINC_OPT(CURLOPT_FTP_FILEMETHOD, VALUES, 138),          /* CURLFTPMETHOD_* */
  CURLINC_OPT(CURLOPT_FTP_CREATE_MISSING_DIRS, LONG, 110),   /* CURLFTP_CREATE_DIR_* */
  CURLINC_OPT(CURLOPT_FTP_ACCOUNT, STRINGPOINT, 134),        /* what to answer to 332 */
  /* when USER was refused */
  CURLINC_OPT(CURLOPT_FTP_ALTERNATIVE_TO_USER, STRINGPOINT, 147),
  CURLINC_OPT(CURLOPT_FTPSSLAUTH, VALUES, 129),              /* CURLFTPAUTH_* */
  CURLINC_OPT(CURLOPT_FTP_SSL_CCC, LONG, 154),               /* CURLFTPSSL_CCC_* */

  /* Mail. */
  CURLINC_OPT(CURLOPT_MAIL_FROM, STRINGPOINT, 186),
  CURLINC_OPT(CURLOPT_MAIL_RCPT, SLISTPOINT, 187),
  CURLINC_OPT(CURLOPT_MAIL_RCPT_ALLOWFAILS, LONG, 290),      /* go on when some are refused */
  CURLINC_OPT(CURLOPT_MAIL_AUTH, STRINGPOINT, 217),          /* RFC 4954, 5 */
  CURLINC_OPT(CURLOPT_UPLOAD_FLAGS, LONG, 327),              /* CURLULFLAG_* */

  /* SSH. */
  CURLINC_OPT(CURLOPT_SSH_AUTH_TYPES, VALUES, 151),          /* CURLSSH_AUTH_* */
  CURLINC_OPT(CURLOPT_SSH_PUBLIC_KEYFILE, STRINGPOINT, 152),
  CURLINC_OPT(CURLOPT_SSH_PRIVATE_KEYFILE, STRINGPOINT, 153),
  CURLINC_OPT(CURLOPT_SSH_KNOWNHOSTS, STRINGPOINT, 183),     /* file */
  CURLINC_OPT(CURLOPT_SSH_KEYFUNCTION, FUNCTIONPOINT, 184),  /* curl_sshkeycallback */
  CURLINC_OPT(CURLOPT_SSH_KEYDATA, CBPOINT, 185),
  /* curl_sshhostkeycallback */
  CURLINC_OPT(CURLOPT_SSH_HOSTKEYFUNCTION, FUNCTIONPOINT, 316),
  CURLINC_OPT(CURLOPT_SSH_HOSTKEYDATA, CBPOINT, 317),
  /* hexadecimal */
  CURLINC_OPT(CURLOPT_SSH_HOST_PUBLIC_KEY_MD5, STRINGPOINT, 162),
  /* base64 */
  CURLINC_OPT(CURLOPT_SSH_HOST_PUBLIC_KEY_SHA256, STRINGPOINT, 311),
  CURLINC_OPT(CURLOPT_SSH_COMPRESSION, LONG, 268),
  CURLINC_OPT(CURLOPT_NEW_FILE_PERMS, LONG, 159),
  CURLINC_OPT(CURLOPT_NEW_DIRECTORY_PERMS, LONG, 160),

  /* RTSP, TELNET and TFTP. */
  CURLINC_OPT(CURLOPT_RTSP_REQUEST, VALUES, 189),            /* CURL_RTSPREQ_* */
  CURLINC_OPT(CURLOPT_RTSP_SESSION_ID, STRINGPOINT, 190),
  CURLINC_OPT(CURLOPT_RTSP_STREAM_URI, STRINGPOINT, 191),
  CURLINC_OPT(CURLOPT_RTSP_TRANSPORT, STRINGPOINT, 192),
  CURLINC_OPT(CURLOPT_RTSP_CLIENT_CSEQ, LONG, 193),
  CURLINC_OPT(CURLOPT_RTSP_SERVER_CSEQ, LONG, 194),
  CURLINC_OPT(CURLOPT_TELNETOPTIONS, SLISTPOINT, 70),        /* "NAME=value" */
  CURLINC_OPT(CURLOPT_TFTP_BLKSIZE, LONG, 178),              /* bytes, 8 to 65464 */
  CURLINC_OPT(CURLOPT_TFTP_NO_OPTIONS, LONG, 242),           /* RFC 1350 without RFC 2347 */

  /* Withdrawn, and no number of any option. */
  CURLOPT_OBSOLETE40 = 9999,
  CURLOPT_OBSOLETE72 = 9999,
  CURLOPT_LASTENTRY = 10333
} CURLoption;
/* clang-format on */

#ifndef CURL_NO_OLDIES
#define CURLOPT_FILE CURLOPT_WRITEDATA
#define CURLOPT_INFILE CURLOPT_READDATA
#define CURLOPT_WRITEHEADER CURLOPT_HEADERDATA
#define CURLOPT_ENCODING CURLOPT_ACCEPT_ENCODING
#define CURLOPT_POST301 CURLOPT_POSTREDIR
#define CURLOPT_SSLKEYPASSWD CURLOPT_KEYPASSWD
#define CURLOPT_SSLCERTPASSWD CURLOPT_KEYPASSWD
#define CURLOPT_FTPAPPEND CURLOPT_APPEND
#define CURLOPT_FTPLISTONLY CURLOPT_DIRLISTONLY
#define CURLOPT_FTP_SSL CURLOPT_USE_SSL
#define CURLOPT_FTP_RESPONSE_TIMEOUT CURLOPT_SERVER_RESPONSE_TIMEOUT
#define CURLOPT_MAIL_RCPT_ALLLOWFAILS CURLOPT_MAIL_RCPT_ALLOWFAILS
#define CURLOPT_KRB4LEVEL CURLOPT_KRBLEVEL
#define CURLOPT_CLOSEPOLICY CURLOPT_OBSOLETE72
#define CURLOPT_WRITEINFO CURLOPT_OBSOLETE40
#endif

/* Two names for what serves two purposes. */
#define CURLOPT_PROGRESSDATA CURLOPT_XFERINFODATA
#define CURLOPT_RTSPHEADER CURLOPT_HTTPHEADER

/* As manual pages spell some of them. */
#define CURLOPT_OPEN_SOCKET_FUNCTION CURLOPT_OPENSOCKETFUNCTION
#define CURLOPT_OPEN_SOCKETFUNCTION CURLOPT_OPENSOCKETFUNCTION
#define CURLOPT_OPEN_SOCKET_DATA CURLOPT_OPENSOCKETDATA
#define CURLOPT_OPEN_SOCKETDATA CURLOPT_OPENSOCKETDATA
#define CURLOPT_SOCKOPT_FUNCTION CURLOPT_SOCKOPTFUNCTION
#define CURLOPT_SOCKOPT_DATA CURLOPT_SOCKOPTDATA
#define CURLOPT_SOCKETFUNCTION CURLOPT_OPENSOCKETFUNCTION
#define CURLOPT_CLOSE_SOCKETFUNCTION CURLOPT_CLOSESOCKETFUNCTION
#define CURLOPT_CLOSE_SOCKETDATA CURLOPT_CLOSESOCKETDATA

/*
 * Values of options. They are long, as curl_easy_setopt() wants them; the types of their names
 * are long, too, so that a C++ program can keep one in a variable of that type.
 */

/* CURLOPT_PROTOCOLS, CURLOPT_REDIR_PROTOCOLS and CURLINFO_PROTOCOL */
#define CURLPROTO_HTTP (1L << 0)
#define CURLPROTO_HTTPS (1L << 1)
#define CURLPROTO_FTP (1L << 2)
#define CURLPROTO_FTPS (1L << 3)
#define CURLPROTO_SCP (1L << 4)
#define CURLPROTO_SFTP (1L << 5)
#define CURLPROTO_TELNET (1L << 6)
#define CURLPROTO_LDAP (1L << 7)
#define CURLPROTO_LDAPS (1L << 8)
#define CURLPROTO_DICT (1L << 9)
#define CURLPROTO_FILE (1L << 10)
#define CURLPROTO_TFTP (1L << 11)
#define CURLPROTO_IMAP (1L << 12)
#define CURLPROTO_IMAPS (1L << 13)
#define CURLPROTO_POP3 (1L << 14)
#define CURLPROTO_POP3S (1L << 15)
#define CURLPROTO_SMTP (1L << 16)
#define CURLPROTO_SMTPS (1L << 17)
#define CURLPROTO_RTSP (1L << 18)
#define CURLPROTO_RTMP (1L << 19)
#define CURLPROTO_RTMPT (1L << 20)
#define CURLPROTO_RTMPE (1L << 21)
#define CURLPROTO_RTMPTE (1L << 22)
#define CURLPROTO_RTMPS (1L << 23)
#define CURLPROTO_RTMPTS (1L << 24)
#define CURLPROTO_GOPHER (1L << 25)
#define CURLPROTO_SMB (1L << 26)
#define CURLPROTO_SMBS (1L << 27)
#define CURLPROTO_MQTT (1L << 28)
#define CURLPROTO_GOPHERS (1L << 29)
#define CURLPROTO_ALL 0xffffffffL

/* CURLOPT_HTTP_VERSION */
#define CURL_HTTP_VERSION_NONE 0L /* the library chooses */
#define CURL_HTTP_VERSION_1_0 1L
#define CURL_HTTP_VERSION_1_1 2L
#define CURL_HTTP_VERSION_2_0 3L /* or 1.1, when the server does not do it */
#define CURL_HTTP_VERSION_2 CURL_HTTP_VERSION_2_0
#define CURL_HTTP_VERSION_2TLS 4L              /* over TLS only */
#define CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE 5L /* RFC 9113, 3.3 */
#define CURL_HTTP_VERSION_3 30L                /* or an older one, whichever connects */
#define CURL_HTTP_VERSION_3ONLY 31L
#define CURL_HTTP_VERSION_LAST 32L

/* CURLOPT_HTTPAUTH and CURLOPT_PROXYAUTH: what may be used */
#define CURLAUTH_NONE 0UL
#define CURLAUTH_BASIC (1UL << 0)     /* RFC 7617 */
#define CURLAUTH_DIGEST (1UL << 1)    /* RFC 7616 */
#define CURLAUTH_NEGOTIATE (1UL << 2) /* RFC 4559 */
#define CURLAUTH_GSSNEGOTIATE CURLAUTH_NEGOTIATE
#define CURLAUTH_GSSAPI CURLAUTH_NEGOTIATE /* CURLOPT_SOCKS5_AUTH: RFC 1961 */
#define CURLAUTH_NTLM (1UL << 3)
#define CURLAUTH_DIGEST_IE (1UL << 4)
#define CURLAUTH_NTLM_WB (1UL << 5)
#define CURLAUTH_BEARER (1UL << 6) /* RFC 6750 */
#define CURLAUTH_AWS_SIGV4 (1UL << 7)
#define CURLAUTH_HTTPSIG (1UL << 8) /* RFC 9421 */
#define CURLAUTH_ONLY (1UL << 31)   /* with one other: not without it */
#define CURLAUTH_ANY (0xffffffffUL & ~(CURLAUTH_DIGEST_IE | CURLAUTH_HTTPSIG))
#define CURLAUTH_ANYSAFE (CURLAUTH_ANY & ~CURLAUTH_BASIC)

/* CURLOPT_HTTPSIG_ALGORITHM */
#define CURLHTTPSIG_NONE 0L
#define CURLHTTPSIG_ED25519 1L
#define CURLHTTPSIG_HMAC_SHA256 2L

/* CURLOPT_FOLLOWLOCATION: which method a redirected request has */
#define CURLFOLLOW_ALL 1L       /* CURLOPT_CUSTOMREQUEST for all */
#define CURLFOLLOW_OBEYCODE 2L  /* as the status code demands */
#define CURLFOLLOW_FIRSTONLY 3L /* CURLOPT_CUSTOMREQUEST for the first only */

/* CURLOPT_POSTREDIR: which redirects of a POST stay a POST (RFC 9110, 15.4) */
#define CURL_REDIR_GET_ALL 0L
#define CURL_REDIR_POST_301 1L
#define CURL_REDIR_POST_302 2L
#define CURL_REDIR_POST_303 4L
#define CURL_REDIR_POST_ALL (CURL_REDIR_POST_301 | CURL_REDIR_POST_302 | CURL_REDIR_POST_303)

/* CURLOPT_TIMECONDITION, with CURLOPT_TIMEVALUE */
#define CURL_TIMECOND_NONE 0L
#define CURL_TIMECOND_IFMODSINCE 1L
#define CURL_TIMECOND_IFUNMODSINCE 2L
#define CURL_TIMECOND_LASTMOD 3L
#define CURL_TIMECOND_LAST 4L
typedef long curl_TimeCond;

/* CURLOPT_HEADEROPT: does a proxy get CURLOPT_HTTPHEADER, too? */
#define CURLHEADER_UNIFIED 0L
#define CURLHEADER_SEPARATE (1L << 0)

/* CURLOPT_ALTSVC_CTRL (RFC 7838) */
#define CURLALTSVC_READONLYFILE (1L << 2)
#define CURLALTSVC_H1 (1L << 3)
#define CURLALTSVC_H2 (1L << 4)
#define CURLALTSVC_H3 (1L << 5)

/* CURLOPT_HSTS_CTRL */
#define CURLHSTS_ENABLE (1L << 0)
#define CURLHSTS_READONLYFILE (1L << 1)

/* CURLOPT_MIME_OPTIONS */
#define CURLMIMEOPT_FORMESCAPE (1L << 0) /* escape quotes in names with a backslash */

/* CURLOPT_NETRC */
#define CURL_NETRC_IGNORED 0L
#define CURL_NETRC_OPTIONAL 1L /* the URL and options come first */
#define CURL_NETRC_REQUIRED 2L /* the file comes first */
enum CURL_NETRC_OPTION { CURL_NETRC_LAST = 3 };

/* CURLOPT_PROXYTYPE */
#define CURLPROXY_HTTP 0L
#define CURLPROXY_HTTP_1_0 1L /* CONNECT as HTTP/1.0 */
#define CURLPROXY_HTTPS 2L    /* TLS to the proxy, HTTP/1.1 */
#define CURLPROXY_HTTPS2 3L   /* and HTTP/2 if it can */
#define CURLPROXY_SOCKS4 4L
#define CURLPROXY_SOCKS5 5L
#define CURLPROXY_SOCKS4A 6L          /* the proxy resolves */
#define CURLPROXY_SOCKS5_HOSTNAME 7L  /* the proxy resolves */
#define CURLPROXY_HTTPS3 8L           /* HTTP/3 */
typedef long curl_proxytype;

/* CURLOPT_GSSAPI_DELEGATION */
#define CURLGSSAPI_DELEGATION_NONE 0L
#define CURLGSSAPI_DELEGATION_POLICY_FLAG (1L << 0)
#define CURLGSSAPI_DELEGATION_FLAG (1L << 1)

/* CURLOPT_IPRESOLVE */
#define CURL_IPRESOLVE_WHATEVER 0L
#define CURL_IPRESOLVE_V4 1L
#define CURL_IPRESOLVE_V6 2L

/* Defaults, in milliseconds */
#define CURL_HET_DEFAULT 200L              /* CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS, RFC 8305 */
#define CURL_UPKEEP_INTERVAL_DEFAULT 60000L /* CURLOPT_UPKEEP_INTERVAL_MS */

/* CURLOPT_SSLVERSION: a lowest version, or-ed with a highest */
#define CURL_SSLVERSION_DEFAULT 0L
#define CURL_SSLVERSION_TLSv1 1L /* any TLS */
#define CURL_SSLVERSION_SSLv2 2L
#define CURL_SSLVERSION_SSLv3 3L
#define CURL_SSLVERSION_TLSv1_0 4L
#define CURL_SSLVERSION_TLSv1_1 5L
#define CURL_SSLVERSION_TLSv1_2 6L
#define CURL_SSLVERSION_TLSv1_3 7L
#define CURL_SSLVERSION_LAST 8L
#define CURL_SSLVERSION_MAX_NONE 0L
#define CURL_SSLVERSION_MAX_DEFAULT (CURL_SSLVERSION_TLSv1 << 16)
#define CURL_SSLVERSION_MAX_TLSv1_0 (CURL_SSLVERSION_TLSv1_0 << 16)
#define CURL_SSLVERSION_MAX_TLSv1_1 (CURL_SSLVERSION_TLSv1_1 << 16)
#define CURL_SSLVERSION_MAX_TLSv1_2 (CURL_SSLVERSION_TLSv1_2 << 16)
#define CURL_SSLVERSION_MAX_TLSv1_3 (CURL_SSLVERSION_TLSv1_3 << 16)
#define CURL_SSLVERSION_MAX_LAST (CURL_SSLVERSION_LAST << 16)

/* CURLOPT_SSL_OPTIONS and CURLOPT_PROXY_SSL_OPTIONS */
#define CURLSSLOPT_ALLOW_BEAST (1L << 0)
#define CURLSSLOPT_NO_REVOKE (1L << 1)
#define CURLSSLOPT_NO_PARTIALCHAIN (1L << 2) /* an intermediate is no trust anchor */
#define CURLSSLOPT_REVOKE_BEST_EFFORT (1L << 3)
#define CURLSSLOPT_NATIVE_CA (1L << 4) /* the system's certificates */
#define CURLSSLOPT_AUTO_CLIENT_CERT (1L << 5)
#define CURLSSLOPT_EARLYDATA (1L << 6) /* RFC 8446, 2.3 */

/* CURLOPT_TLSAUTH_TYPE */
enum CURL_TLSAUTH { CURL_TLSAUTH_NONE, CURL_TLSAUTH_SRP, CURL_TLSAUTH_LAST };

/* CURLOPT_USE_SSL */
#define CURLUSESSL_NONE 0L
#define CURLUSESSL_TRY 1L
#define CURLUSESSL_CONTROL 2L /* FTP: at least the control connection */
#define CURLUSESSL_ALL 3L
#define CURLUSESSL_LAST 4L
typedef long curl_usessl;

/* CURLOPT_FTP_SSL_CCC: back to clear text after login (RFC 4217, 7) */
#define CURLFTPSSL_CCC_NONE 0L
#define CURLFTPSSL_CCC_PASSIVE 1L /* the server shuts TLS down */
#define CURLFTPSSL_CCC_ACTIVE 2L  /* this side does */
#define CURLFTPSSL_CCC_LAST 3L
typedef long curl_ftpccc;

/* CURLOPT_FTPSSLAUTH: which AUTH first */
#define CURLFTPAUTH_DEFAULT 0L
#define CURLFTPAUTH_SSL 1L
#define CURLFTPAUTH_TLS 2L
#define CURLFTPAUTH_LAST 3L
typedef long curl_ftpauth;

/* CURLOPT_FTP_CREATE_MISSING_DIRS */
#define CURLFTP_CREATE_DIR_NONE 0L
#define CURLFTP_CREATE_DIR 1L
#define CURLFTP_CREATE_DIR_RETRY 2L /* try CWD again when MKD failed */
#define CURLFTP_CREATE_DIR_LAST 3L
typedef long curl_ftpcreatedir;

/* CURLOPT_FTP_FILEMETHOD: how to get to a file */
#define CURLFTPMETHOD_DEFAULT 0L
#define CURLFTPMETHOD_MULTICWD 1L  /* one CWD for every directory */
#define CURLFTPMETHOD_NOCWD 2L     /* none, the path in the command */
#define CURLFTPMETHOD_SINGLECWD 3L /* one */
#define CURLFTPMETHOD_LAST 4L
typedef long curl_ftpmethod;

/* CURLOPT_UPLOAD_FLAGS: of a message appended by IMAP (RFC 9051, 2.3.2) */
#define CURLULFLAG_ANSWERED (1L << 0)
#define CURLULFLAG_DELETED (1L << 1)
#define CURLULFLAG_DRAFT (1L << 2)
#define CURLULFLAG_FLAGGED (1L << 3)
#define CURLULFLAG_SEEN (1L << 4)

/* CURLOPT_SSH_AUTH_TYPES (RFC 4252) */
#define CURLSSH_AUTH_NONE 0L
#define CURLSSH_AUTH_PUBLICKEY (1L << 0)
#define CURLSSH_AUTH_PASSWORD (1L << 1)
#define CURLSSH_AUTH_HOST (1L << 2)
#define CURLSSH_AUTH_KEYBOARD (1L << 3)
#define CURLSSH_AUTH_AGENT (1L << 4)
#define CURLSSH_AUTH_GSSAPI (1L << 5)
#define CURLSSH_AUTH_ANY 0xffffffffL
#define CURLSSH_AUTH_DEFAULT CURLSSH_AUTH_ANY

/* CURLOPT_RTSP_REQUEST (RFC 2326, 10) */
#define CURL_RTSPREQ_NONE 0L
#define CURL_RTSPREQ_OPTIONS 1L
#define CURL_RTSPREQ_DESCRIBE 2L
#define CURL_RTSPREQ_ANNOUNCE 3L
#define CURL_RTSPREQ_SETUP 4L
#define CURL_RTSPREQ_PLAY 5L
#define CURL_RTSPREQ_PAUSE 6L
#define CURL_RTSPREQ_TEARDOWN 7L
#define CURL_RTSPREQ_GET_PARAMETER 8L
#define CURL_RTSPREQ_SET_PARAMETER 9L
#define CURL_RTSPREQ_RECORD 10L
#define CURL_RTSPREQ_RECEIVE 11L /* no request: read interleaved RTP */
#define CURL_RTSPREQ_LAST 12L

/* The size that CURLOPT_ERRORBUFFER needs, bytes. */
#define CURL_ERROR_SIZE 256

#ifndef CURL_NO_OLDIES
#define CURLFTPSSL_NONE CURLUSESSL_NONE
#define CURLFTPSSL_TRY CURLUSESSL_TRY
#define CURLFTPSSL_CONTROL CURLUSESSL_CONTROL
#define CURLFTPSSL_ALL CURLUSESSL_ALL
#define CURLFTPSSL_LAST CURLUSESSL_LAST
#define curl_ftpssl curl_usessl
typedef enum {
  CURLCLOSEPOLICY_NONE,
  CURLCLOSEPOLICY_OLDEST,
  CURLCLOSEPOLICY_LEAST_RECENTLY_USED,
  CURLCLOSEPOLICY_LEAST_TRAFFIC,
  CURLCLOSEPOLICY_SLOWEST,
  CURLCLOSEPOLICY_CALLBACK,
  CURLCLOSEPOLICY_LAST
} curl_closepolicy;
#endif

/* ---- What a transfer tells ---- */

/* The type of the answer is part of the number: a pointer to one of these is the argument. */
#define CURLINFO_STRING 0x100000 /* char *, not to be freed */
#define CURLINFO_LONG 0x200000   /* long */
#define CURLINFO_DOUBLE 0x300000 /* double */
#define CURLINFO_SLIST 0x400000  /* struct curl_slist *, to be freed */
#define CURLINFO_PTR 0x400000    /* the same number: a struct, not to be freed */
#define CURLINFO_SOCKET 0x500000 /* curl_socket_t */
#define CURLINFO_OFF_T 0x600000  /* curl_off_t */
#define CURLINFO_MASK 0x0fffff
#define CURLINFO_TYPEMASK 0xf00000

#define CURLINC_INFO(name, type, number) name = CURLINFO_##type + (number)
#define CURLINC_OLD_INFO(name, type, number, since, why) \
  name CURL_DEPRECATED(since, why) = CURLINFO_##type + (number)

/* clang-format off */
typedef enum {
  CURLINFO_NONE = 0,

  /* What was asked for, and where it ended. */
  CURLINC_INFO(CURLINFO_EFFECTIVE_URL, STRING, 1),         /* after redirects */
  CURLINC_INFO(CURLINFO_EFFECTIVE_METHOD, STRING, 58),
  CURLINC_INFO(CURLINFO_SCHEME, STRING, 49),
  CURLINC_OLD_INFO(CURLINFO_PROTOCOL, LONG, 48, 7.85.0, "use CURLINFO_SCHEME"),
  CURLINC_INFO(CURLINFO_REFERER, STRING, 60),
  CURLINC_INFO(CURLINFO_REDIRECT_COUNT, LONG, 20),         /* followed */
  CURLINC_INFO(CURLINFO_REDIRECT_URL, STRING, 31),         /* not followed */
  CURLINC_INFO(CURLINFO_PRIVATE, STRING, 21),              /* what CURLOPT_PRIVATE was set to */

  /* The answer. */
  CURLINC_INFO(CURLINFO_RESPONSE_CODE, LONG, 2),           /* the last one; 0: none came */
  CURLINC_INFO(CURLINFO_HTTP_CONNECTCODE, LONG, 22),       /* the proxy's, to CONNECT */
  CURLINC_INFO(CURLINFO_HTTP_VERSION, LONG, 46),           /* CURL_HTTP_VERSION_* */
  CURLINC_INFO(CURLINFO_CONTENT_TYPE, STRING, 18),
  CURLINC_INFO(CURLINFO_RETRY_AFTER, OFF_T, 57),           /* seconds (RFC 9110, 10.2.3) */
  CURLINC_INFO(CURLINFO_FILETIME, LONG, 14),               /* seconds since the epoch, or -1 */
  CURLINC_INFO(CURLINFO_FILETIME_T, OFF_T, 14),
  CURLINC_INFO(CURLINFO_CONDITION_UNMET, LONG, 35),        /* 1: the time condition was not met */
  CURLINC_INFO(CURLINFO_HTTPAUTH_AVAIL, LONG, 23),         /* CURLAUTH_* */
  CURLINC_INFO(CURLINFO_PROXYAUTH_AVAIL, LONG, 24),
  CURLINC_INFO(CURLINFO_HTTPAUTH_USED, LONG, 69),
  CURLINC_INFO(CURLINFO_PROXYAUTH_USED, LONG, 70),
  CURLINC_INFO(CURLINFO_COOKIELIST, SLIST, 28),            /* all cookies, in the file's format */
  CURLINC_INFO(CURLINFO_FTP_ENTRY_PATH, STRING, 30),       /* the directory after login */
  CURLINC_INFO(CURLINFO_RTSP_SESSION_ID, STRING, 36),
  CURLINC_INFO(CURLINFO_RTSP_CLIENT_CSEQ, LONG, 37),       /* the next to use */
  CURLINC_INFO(CURLINFO_RTSP_SERVER_CSEQ, LONG, 38),       /* the next to expect */
  CURLINC_INFO(CURLINFO_RTSP_CSEQ_RECV, LONG, 39),         /* the last received */

  /* Bytes, and bytes a second. */
  CURLINC_OLD_INFO(CURLINFO_SIZE_UPLOAD, DOUBLE, 7, 7.55.0, "use CURLINFO_SIZE_UPLOAD_T"),
  CURLINC_INFO(CURLINFO_SIZE_UPLOAD_T, OFF_T, 7),
  CURLINC_OLD_INFO(CURLINFO_SIZE_DOWNLOAD, DOUBLE, 8, 7.55.0, "use CURLINFO_SIZE_DOWNLOAD_T"),
  CURLINC_INFO(CURLINFO_SIZE_DOWNLOAD_T, OFF_T, 8),
  CURLINC_INFO(CURLINFO_SIZE_DELIVERED, OFF_T, 71),        /* to the write callback */
  CURLINC_OLD_INFO(CURLINFO_SPEED_UPLOAD, DOUBLE, 10, 7.55.0, "use CURLINFO_SPEED_UPLOAD_T"),
  CURLINC_INFO(CURLINFO_SPEED_UPLOAD_T, OFF_T, 10),
  CURLINC_OLD_INFO(CURLINFO_SPEED_DOWNLOAD, DOUBLE, 9, 7.55.0, "use CURLINFO_SPEED_DOWNLOAD_T"),
  CURLINC_INFO(CURLINFO_SPEED_DOWNLOAD_T, OFF_T, 9),
  CURLINC_OLD_INFO(CURLINFO_CONTENT_LENGTH_DOWNLOAD, DOUBLE, 15, 7.55.0,
                   "use CURLINFO_CONTENT_LENGTH_DOWNLOAD_T"),
  CURLINC_INFO(CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, OFF_T, 15), /* announced; -1: not known */
  CURLINC_OLD_INFO(CURLINFO_CONTENT_LENGTH_UPLOAD, DOUBLE, 16, 7.55.0,
                   "use CURLINFO_CONTENT_LENGTH_UPLOAD_T"),
  CURLINC_INFO(CURLINFO_CONTENT_LENGTH_UPLOAD_T, OFF_T, 16),
  CURLINC_INFO(CURLINFO_HEADER_SIZE, LONG, 11),            /* of all headers received */
  CURLINC_INFO(CURLINFO_REQUEST_SIZE, LONG, 12),           /* of all requests sent */
  CURLINC_INFO(CURLINFO_EARLYDATA_SENT_T, OFF_T, 68),

  /* Times since the start: double in seconds, _T in microseconds. */
  CURLINC_INFO(CURLINFO_QUEUE_TIME_T, OFF_T, 65),          /* waiting for its turn */
  CURLINC_INFO(CURLINFO_NAMELOOKUP_TIME, DOUBLE, 4),       /* until the name was resolved */
  CURLINC_INFO(CURLINFO_NAMELOOKUP_TIME_T, OFF_T, 51),
  CURLINC_INFO(CURLINFO_CONNECT_TIME, DOUBLE, 5),          /* until connected */
  CURLINC_INFO(CURLINFO_CONNECT_TIME_T, OFF_T, 52),
  CURLINC_INFO(CURLINFO_APPCONNECT_TIME, DOUBLE, 33),      /* until TLS or SSH was set up */
  CURLINC_INFO(CURLINFO_APPCONNECT_TIME_T, OFF_T, 56),
  CURLINC_INFO(CURLINFO_PRETRANSFER_TIME, DOUBLE, 6),      /* until the request could be sent */
  CURLINC_INFO(CURLINFO_PRETRANSFER_TIME_T, OFF_T, 53),
  CURLINC_INFO(CURLINFO_POSTTRANSFER_TIME_T, OFF_T, 67),   /* until the request was sent */
  CURLINC_INFO(CURLINFO_STARTTRANSFER_TIME, DOUBLE, 17),   /* until the first byte came */
  CURLINC_INFO(CURLINFO_STARTTRANSFER_TIME_T, OFF_T, 54),
  CURLINC_INFO(CURLINFO_TOTAL_TIME, DOUBLE, 3),
  CURLINC_INFO(CURLINFO_TOTAL_TIME_T, OFF_T, 50),
  CURLINC_INFO(CURLINFO_REDIRECT_TIME, DOUBLE, 19),        /* all before the last request */
  CURLINC_INFO(CURLINFO_REDIRECT_TIME_T, OFF_T, 55),

  /* The connection. */
  CURLINC_INFO(CURLINFO_PRIMARY_IP, STRING, 32),           /* the peer's, maybe a proxy's */
  CURLINC_INFO(CURLINFO_PRIMARY_PORT, LONG, 40),
  CURLINC_INFO(CURLINFO_LOCAL_IP, STRING, 41),
  CURLINC_INFO(CURLINFO_LOCAL_PORT, LONG, 42),
  CURLINC_INFO(CURLINFO_ACTIVESOCKET, SOCKET, 44),         /* CURL_SOCKET_BAD: none */
  CURLINC_OLD_INFO(CURLINFO_LASTSOCKET, LONG, 29, 7.45.0, "use CURLINFO_ACTIVESOCKET"),
  CURLINC_INFO(CURLINFO_NUM_CONNECTS, LONG, 26),           /* made; 0: one was reused */
  CURLINC_INFO(CURLINFO_OS_ERRNO, LONG, 25),               /* of a failed connect */
  CURLINC_INFO(CURLINFO_USED_PROXY, LONG, 66),
  CURLINC_INFO(CURLINFO_PROXY_ERROR, LONG, 59),            /* CURLproxycode */
  CURLINC_INFO(CURLINFO_CONN_ID, OFF_T, 64),
  CURLINC_INFO(CURLINFO_XFER_ID, OFF_T, 63),

  /* TLS. */
  CURLINC_INFO(CURLINFO_SSL_VERIFYRESULT, LONG, 13),       /* 0: fine; else the TLS library's */
  CURLINC_INFO(CURLINFO_PROXY_SSL_VERIFYRESULT, LONG, 47),
  CURLINC_INFO(CURLINFO_CERTINFO, PTR, 34),                /* struct curl_certinfo * */
  CURLINC_INFO(CURLINFO_TLS_SSL_PTR, PTR, 45),             /* struct curl_tlssessioninfo * */
  CURLINC_OLD_INFO(CURLINFO_TLS_SESSION, PTR, 43, 7.48.0, "use CURLINFO_TLS_SSL_PTR"),
  CURLINC_INFO(CURLINFO_SSL_ENGINES, SLIST, 27),
  CURLINC_INFO(CURLINFO_CAINFO, STRING, 61),               /* the built-in default */
  CURLINC_INFO(CURLINFO_CAPATH, STRING, 62),
  CURLINFO_LASTONE = 71 /* the largest number */
} CURLINFO;
/* clang-format on */
#define CURLINFO_HTTP_CODE CURLINFO_RESPONSE_CODE

/* CURLINFO_CERTINFO: for each certificate, the peer's first, a list of "name:value". */
struct curl_certinfo {
  int num_of_certs;
  struct curl_slist **certinfo;
};

/* TLS libraries. */
typedef enum {
  CURLSSLBACKEND_NONE = 0,
  CURLSSLBACKEND_OPENSSL = 1, /* and what is made of it */
  CURLSSLBACKEND_GNUTLS = 2,
  CURLSSLBACKEND_NSS = 3,
  CURLSSLBACKEND_OBSOLETE4 = 4,
  CURLSSLBACKEND_GSKIT = 5,
  CURLSSLBACKEND_POLARSSL = 6,
  CURLSSLBACKEND_WOLFSSL = 7,
  CURLSSLBACKEND_SCHANNEL = 8,
  CURLSSLBACKEND_SECURETRANSPORT = 9,
  CURLSSLBACKEND_AXTLS = 10,
  CURLSSLBACKEND_MBEDTLS = 11,
  CURLSSLBACKEND_MESALINK = 12,
  CURLSSLBACKEND_BEARSSL = 13,
  CURLSSLBACKEND_RUSTLS = 14
} curl_sslbackend;
#define CURLSSLBACKEND_AWSLC CURLSSLBACKEND_OPENSSL
#define CURLSSLBACKEND_BORINGSSL CURLSSLBACKEND_OPENSSL
#define CURLSSLBACKEND_LIBRESSL CURLSSLBACKEND_OPENSSL
#define CURLSSLBACKEND_CYASSL CURLSSLBACKEND_WOLFSSL
#define CURLSSLBACKEND_DARWINSSL CURLSSLBACKEND_SECURETRANSPORT

/* CURLINFO_TLS_SSL_PTR: the TLS object of the connection in use, an SSL * of OpenSSL. */
struct curl_tlssessioninfo {
  curl_sslbackend backend;
  void *internals;
};

/* For curl_easy_pause(): what is to stand still from now on. */
#define CURLPAUSE_RECV (1 << 0)
#define CURLPAUSE_RECV_CONT 0
#define CURLPAUSE_SEND (1 << 2)
#define CURLPAUSE_SEND_CONT 0
#define CURLPAUSE_ALL (CURLPAUSE_RECV | CURLPAUSE_SEND)
#define CURLPAUSE_CONT (CURLPAUSE_RECV_CONT | CURLPAUSE_SEND_CONT)

/*
 * Pause or go on, of a transfer that runs; may be called from its callbacks. Data kept back by
 * CURL_WRITEFUNC_PAUSE may be delivered before this returns.
 */
CURL_EXTERN CURLcode curl_easy_pause(CURL *handle, int bitmask);

/* ---- The library as a whole ---- */

/* The application's own memory functions. All five, as in the C library and equally safe. */
#ifndef CURL_DID_MEMORY_FUNC_TYPEDEFS
typedef void *(*curl_malloc_callback)(size_t size);
typedef void (*curl_free_callback)(void *ptr);
typedef void *(*curl_realloc_callback)(void *ptr, size_t size);
typedef char *(*curl_strdup_callback)(const char *str);
typedef void *(*curl_calloc_callback)(size_t nmemb, size_t size);
#define CURL_DID_MEMORY_FUNC_TYPEDEFS
#endif

#define CURL_GLOBAL_NOTHING 0
#define CURL_GLOBAL_SSL (1 << 0)   /* without effect */
#define CURL_GLOBAL_WIN32 (1 << 1) /* without effect */
#define CURL_GLOBAL_ALL (CURL_GLOBAL_SSL | CURL_GLOBAL_WIN32)
#define CURL_GLOBAL_DEFAULT CURL_GLOBAL_ALL
#define CURL_GLOBAL_ACK_EINTR (1 << 2) /* without effect */

/*
 * Set up what all handles need. Counted: as many curl_global_cleanup(). A program that does not
 * call it gets CURL_GLOBAL_DEFAULT with its first handle.
 */
CURL_EXTERN CURLcode curl_global_init(long flags);
CURL_EXTERN CURLcode curl_global_init_mem(long flags, curl_malloc_callback m, curl_free_callback f,
                                          curl_realloc_callback r, curl_strdup_callback s,
                                          curl_calloc_callback c);
CURL_EXTERN void curl_global_cleanup(void);

/* Which parts write remarks in verbose mode: names with commas between, "-name" to stop. */
CURL_EXTERN CURLcode curl_global_trace(const char *config);

struct curl_ssl_backend {
  curl_sslbackend id;
  const char *name;
};
typedef struct curl_ssl_backend curl_ssl_backend;

typedef enum {
  CURLSSLSET_OK,
  CURLSSLSET_UNKNOWN_BACKEND,
  CURLSSLSET_TOO_LATE, /* only before the first curl_global_init() */
  CURLSSLSET_NO_BACKENDS
} CURLsslset;

/*
 * Choose the TLS library by number or name. *out_available (NULL is fine) becomes an array of
 * those built in, which ends with NULL and belongs to the library.
 */
CURL_EXTERN CURLsslset curl_global_sslset(curl_sslbackend id, const char *name,
                                          const curl_ssl_backend ***out_available);

/* "libcurl/8.22.0 ...", with the libraries in use. It belongs to the library. */
CURL_EXTERN char *curl_version(void);

/* How many members of curl_version_info_data there are; each version has those before. */
typedef enum {
  CURLVERSION_FIRST,    /* 7.10 */
  CURLVERSION_SECOND,   /* 7.11.1 */
  CURLVERSION_THIRD,    /* 7.12.0 */
  CURLVERSION_FOURTH,   /* 7.16.1 */
  CURLVERSION_FIFTH,    /* 7.57.0 */
  CURLVERSION_SIXTH,    /* 7.66.0 */
  CURLVERSION_SEVENTH,  /* 7.70.0 */
  CURLVERSION_EIGHTH,   /* 7.72.0 */
  CURLVERSION_NINTH,    /* 7.75.0 */
  CURLVERSION_TENTH,    /* 7.77.0 */
  CURLVERSION_ELEVENTH, /* 7.87.0 */
  CURLVERSION_TWELFTH,  /* 8.8.0 */
  CURLVERSION_LAST
} CURLversion;
#define CURLVERSION_NOW CURLVERSION_TWELFTH

/* Strings are NULL when the feature is not there. Numbers of libraries as those have them. */
struct curl_version_info_data {
  CURLversion age;
  const char *version;
  unsigned int version_num; /* as LIBCURL_VERSION_NUM */
  const char *host;
  int features; /* CURL_VERSION_* */
  const char *ssl_version;
  long ssl_version_num; /* 0 */
  const char *libz_version;
  const char *const *protocols; /* ends with NULL */
  /* SECOND */
  const char *ares;
  int ares_num;
  /* THIRD */
  const char *libidn;
  /* FOURTH */
  int iconv_ver_num; /* 0 */
  const char *libssh_version;
  /* FIFTH */
  unsigned int brotli_ver_num; /* major << 24 | minor << 12 | patch */
  const char *brotli_version;
  /* SIXTH */
  unsigned int nghttp2_ver_num; /* major << 16 | minor << 8 | patch */
  const char *nghttp2_version;
  const char *quic_version;
  /* SEVENTH */
  const char *cainfo; /* the default of CURLOPT_CAINFO */
  const char *capath; /* the default of CURLOPT_CAPATH */
  /* EIGHTH */
  unsigned int zstd_ver_num; /* major << 24 | minor << 12 | patch */
  const char *zstd_version;
  /* NINTH */
  const char *hyper_version; /* NULL */
  /* TENTH */
  const char *gsasl_version;
  /* ELEVENTH */
  const char *const *feature_names; /* sorted, ends with NULL */
  /* TWELFTH */
  const char *rtmp_version;
};
typedef struct curl_version_info_data curl_version_info_data;

#define CURL_VERSION_IPV6 (1 << 0)
#define CURL_VERSION_KERBEROS4 (1 << 1)
#define CURL_VERSION_SSL (1 << 2)
#define CURL_VERSION_LIBZ (1 << 3)
#define CURL_VERSION_NTLM (1 << 4)
#define CURL_VERSION_GSSNEGOTIATE (1 << 5)
#define CURL_VERSION_DEBUG (1 << 6)
#define CURL_VERSION_ASYNCHDNS (1 << 7)
#define CURL_VERSION_SPNEGO (1 << 8)
#define CURL_VERSION_LARGEFILE (1 << 9)
#define CURL_VERSION_IDN (1 << 10)
#define CURL_VERSION_SSPI (1 << 11)
#define CURL_VERSION_CONV (1 << 12)
#define CURL_VERSION_CURLDEBUG (1 << 13)
#define CURL_VERSION_TLSAUTH_SRP (1 << 14)
#define CURL_VERSION_NTLM_WB (1 << 15)
#define CURL_VERSION_HTTP2 (1 << 16)
#define CURL_VERSION_GSSAPI (1 << 17)
#define CURL_VERSION_KERBEROS5 (1 << 18)
#define CURL_VERSION_UNIX_SOCKETS (1 << 19)
#define CURL_VERSION_PSL (1 << 20)
#define CURL_VERSION_HTTPS_PROXY (1 << 21)
#define CURL_VERSION_MULTI_SSL (1 << 22)
#define CURL_VERSION_BROTLI (1 << 23)
#define CURL_VERSION_ALTSVC (1 << 24)
#define CURL_VERSION_HTTP3 (1 << 25)
#define CURL_VERSION_ZSTD (1 << 26)
#define CURL_VERSION_UNICODE (1 << 27)
#define CURL_VERSION_HSTS (1 << 28)
#define CURL_VERSION_GSASL (1 << 29)
#define CURL_VERSION_THREADSAFE (1 << 30)

/* It belongs to the library. Ask for CURLVERSION_NOW and look at age. */
CURL_EXTERN curl_version_info_data *curl_version_info(CURLversion age);

/* ---- Shares: what several easy handles have in common ---- */

typedef enum {
  CURL_LOCK_DATA_NONE,
  CURL_LOCK_DATA_SHARE, /* 1: the share itself */
  CURL_LOCK_DATA_COOKIE,
  CURL_LOCK_DATA_DNS,
  CURL_LOCK_DATA_SSL_SESSION,
  CURL_LOCK_DATA_CONNECT, /* 5: connections */
  CURL_LOCK_DATA_PSL,     /* 6: public suffix list */
  CURL_LOCK_DATA_HSTS,
  CURL_LOCK_DATA_LAST
} curl_lock_data;

typedef enum {
  CURL_LOCK_ACCESS_NONE,
  CURL_LOCK_ACCESS_SHARED, /* to read */
  CURL_LOCK_ACCESS_SINGLE, /* to write */
  CURL_LOCK_ACCESS_LAST
} curl_lock_access;

/* Lock and unlock one kind of data; needed when handles run in several threads. */
typedef void (*curl_lock_function)(CURL *handle, curl_lock_data data, curl_lock_access locktype,
                                   void *userptr);
typedef void (*curl_unlock_function)(CURL *handle, curl_lock_data data, void *userptr);

typedef enum {
  CURLSHE_OK,
  CURLSHE_BAD_OPTION,
  CURLSHE_IN_USE, /* easy handles use it */
  CURLSHE_INVALID, /* not a share */
  CURLSHE_NOMEM,
  CURLSHE_NOT_BUILT_IN,
  CURLSHE_LAST
} CURLSHcode;

typedef enum {
  CURLSHOPT_NONE,
  CURLSHOPT_SHARE,      /* 1: int, a curl_lock_data to share */
  CURLSHOPT_UNSHARE,    /* 2: int, a curl_lock_data not to share */
  CURLSHOPT_LOCKFUNC,   /* 3: curl_lock_function */
  CURLSHOPT_UNLOCKFUNC, /* 4: curl_unlock_function */
  CURLSHOPT_USERDATA,   /* 5: void *, for the two */
  CURLSHOPT_LAST
} CURLSHoption;

/* A new share (NULL: no memory); used with CURLOPT_SHARE, freed after all handles let go of it. */
CURL_EXTERN CURLSH *curl_share_init(void);
CURL_EXTERN CURLSHcode curl_share_setopt(CURLSH *share, CURLSHoption option, ...);
CURL_EXTERN CURLSHcode curl_share_cleanup(CURLSH *share);

/* A short English text, never NULL; it belongs to the library. */
CURL_EXTERN const char *curl_share_strerror(CURLSHcode code);

/* ---- MIME: forms and mails (RFC 2045, RFC 7578) ---- */

typedef struct curl_mime curl_mime;
typedef struct curl_mimepart curl_mimepart;

/* A new, empty multipart (NULL: no memory), for CURLOPT_MIMEPOST of this handle. */
CURL_EXTERN curl_mime *curl_mime_init(CURL *handle);

/* Free it with all its parts. Not one that was given away with curl_mime_subparts(). */
CURL_EXTERN void curl_mime_free(curl_mime *mime);

/* A new part at the end (NULL: no memory); it belongs to mime. */
CURL_EXTERN curl_mimepart *curl_mime_addpart(curl_mime *mime);

/* Attributes of a part. Strings are copied; NULL removes. */
CURL_EXTERN CURLcode curl_mime_name(curl_mimepart *part, const char *name);
CURL_EXTERN CURLcode curl_mime_filename(curl_mimepart *part, const char *filename);
CURL_EXTERN CURLcode curl_mime_type(curl_mimepart *part, const char *mimetype);

/* Content-Transfer-Encoding: binary, 8bit, 7bit, base64 or quoted-printable. */
CURL_EXTERN CURLcode curl_mime_encoder(curl_mimepart *part, const char *encoding);

/* More headers for the part. Not copied; the list is freed with it if take_ownership. */
CURL_EXTERN CURLcode curl_mime_headers(curl_mimepart *part, struct curl_slist *headers,
                                       int take_ownership);

/* The content, one of four ways: bytes (copied; CURL_ZERO_TERMINATED is fine), */
CURL_EXTERN CURLcode curl_mime_data(curl_mimepart *part, const char *data, size_t datasize);

/* a file, read while sending, which also gives the part its file name, */
CURL_EXTERN CURLcode curl_mime_filedata(curl_mimepart *part, const char *filename);

/* callbacks (seekfunc and freefunc may be NULL; datasize -1 is not known), */
CURL_EXTERN CURLcode curl_mime_data_cb(curl_mimepart *part, curl_off_t datasize,
                                       curl_read_callback readfunc, curl_seek_callback seekfunc,
                                       curl_free_callback freefunc, void *arg);

/* or another multipart, which then belongs to the part. */
CURL_EXTERN CURLcode curl_mime_subparts(curl_mimepart *part, curl_mime *subparts);

/* The older way to build forms. */

struct curl_httppost {
  struct curl_httppost *next;
  char *name;
  long namelength;
  char *contents;      /* or the name of the file */
  long contentslength; /* 0: up to the zero byte */
  char *buffer;
  long bufferlength;
  char *contenttype;
  struct curl_slist *contentheader;
  struct curl_httppost *more; /* the next file of the same field */
  long flags;                 /* CURL_HTTPPOST_* */
  char *showfilename;
  void *userp; /* CURL_HTTPPOST_CALLBACK: for the read callback */
  curl_off_t contentlen;
};
#define CURL_HTTPPOST_FILENAME (1 << 0)    /* contents is a file to send */
#define CURL_HTTPPOST_READFILE (1 << 1)    /* contents is a file whose bytes are the value */
#define CURL_HTTPPOST_PTRNAME (1 << 2)     /* name is the application's */
#define CURL_HTTPPOST_PTRCONTENTS (1 << 3) /* contents is the application's */
#define CURL_HTTPPOST_BUFFER (1 << 4)      /* send buffer as a file */
#define CURL_HTTPPOST_PTRBUFFER (1 << 5)   /* buffer is the application's */
#define CURL_HTTPPOST_CALLBACK (1 << 6)    /* the read callback gives the content */
#define CURL_HTTPPOST_LARGE (1 << 7)       /* contentlen counts, not contentslength */

typedef enum {
  CURLFORM_NOTHING,
  CURLFORM_COPYNAME,
  CURLFORM_PTRNAME,
  CURLFORM_NAMELENGTH, /* long */
  CURLFORM_COPYCONTENTS,
  CURLFORM_PTRCONTENTS,
  CURLFORM_CONTENTSLENGTH, /* long */
  CURLFORM_FILECONTENT,
  CURLFORM_ARRAY, /* struct curl_forms *, ends with CURLFORM_END */
  CURLFORM_OBSOLETE,
  CURLFORM_FILE,
  CURLFORM_BUFFER,
  CURLFORM_BUFFERPTR,
  CURLFORM_BUFFERLENGTH, /* long */
  CURLFORM_CONTENTTYPE,
  CURLFORM_CONTENTHEADER, /* struct curl_slist * */
  CURLFORM_FILENAME,
  CURLFORM_END,
  CURLFORM_OBSOLETE2,
  CURLFORM_STREAM,     /* void *, for the read callback */
  CURLFORM_CONTENTLEN, /* curl_off_t */
  CURLFORM_LASTENTRY
} CURLformoption;

struct curl_forms {
  CURLformoption option;
  const char *value;
};

typedef enum {
  CURL_FORMADD_OK,
  CURL_FORMADD_MEMORY,
  CURL_FORMADD_OPTION_TWICE,
  CURL_FORMADD_NULL,
  CURL_FORMADD_UNKNOWN_OPTION,
  CURL_FORMADD_INCOMPLETE,
  CURL_FORMADD_ILLEGAL_ARRAY,
  CURL_FORMADD_DISABLED,
  CURL_FORMADD_LAST
} CURLFORMcode;

/* Add a field, described by pairs of CURLformoption and value up to CURLFORM_END. */
CURL_EXTERN CURLFORMcode CURL_DEPRECATED(7.56.0, "use curl_mime_init()")
  curl_formadd(struct curl_httppost **first, struct curl_httppost **last, ...);

/* Serialize a form in pieces; append returns how many bytes it took. Not 0 is a failure. */
typedef size_t (*curl_formget_callback)(void *arg, const char *buf, size_t len);
CURL_EXTERN int CURL_DEPRECATED(7.56.0, "")
  curl_formget(struct curl_httppost *form, void *arg, curl_formget_callback append);

/* Free a form, after the transfer. */
CURL_EXTERN void CURL_DEPRECATED(7.56.0, "use curl_mime_free()")
  curl_formfree(struct curl_httppost *form);

/* ---- Odds and ends ---- */

/* Free what a function of this library returned for the caller to free. NULL is fine. */
CURL_EXTERN void curl_free(void *p);

/*
 * Percent-encoding (RFC 3986, 2.1). length 0 means up to the zero byte. The result is new, free
 * it with curl_free(); NULL on failure. The decoder's result has a zero byte after its
 * *out_length bytes and may have some within. handle may be NULL.
 */
CURL_EXTERN char *curl_easy_escape(CURL *handle, const char *string, int length);
CURL_EXTERN char *curl_easy_unescape(CURL *handle, const char *string, int length,
                                     int *out_length);
CURL_EXTERN char *curl_escape(const char *string, int length);
CURL_EXTERN char *curl_unescape(const char *string, int length);

/* Seconds since the epoch of a date in one of many forms (RFC 9110, 5.6.7), or -1. */
CURL_EXTERN time_t curl_getdate(const char *date, const time_t *unused);

/* A copy of an environment variable, for curl_free(), or NULL. */
CURL_EXTERN char *curl_getenv(const char *name);

/* Compare, A-Z as a-z, whatever the locale. Not 0: equal. */
CURL_EXTERN int curl_strequal(const char *a, const char *b);
CURL_EXTERN int curl_strnequal(const char *a, const char *b, size_t n);

#ifdef __cplusplus
}
#endif

#include "easy.h"
#include "multi.h"

#include "header.h"
#include "options.h"
#include "urlapi.h"
#include "websockets.h"

#endif /* CURLINC_CURL_H */
