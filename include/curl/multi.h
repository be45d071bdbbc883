#ifndef CURLINC_MULTI_H
#define CURLINC_MULTI_H
/*
 * multi.h: many transfers in one thread.
 *
 * Easy handles are added to a multi handle, which moves all of them along without ever waiting
 * for one. The application drives it in one of two ways:
 *
 *   curl_multi_perform() + curl_multi_poll()    the library knows the sockets and waits on them
 *   curl_multi_socket_action()                  the application has an event loop of its own; it
 *                                               is told which sockets and which time to watch
 *
 * and asks curl_multi_info_read() which ones are done. One thread at a time uses a multi handle;
 * only curl_multi_wakeup() may be called from another.
 */

#include <sys/select.h>

#include "curl.h"

#ifdef __cplusplus
extern "C" {
#endif

#ifdef CURL_STRICTER
typedef struct Curl_multi CURLM;
#else
typedef void CURLM;
#endif

typedef enum {
  CURLM_CALL_MULTI_PERFORM = -1,  /* call again at once; not returned any more */
  CURLM_OK,
  CURLM_BAD_HANDLE,               /* 1: not a multi handle */
  CURLM_BAD_EASY_HANDLE,          /* 2: not an easy handle */
  CURLM_OUT_OF_MEMORY,            /* 3 */
  CURLM_INTERNAL_ERROR,           /* 4: a bug */
  CURLM_BAD_SOCKET,               /* 5: not a socket of this multi handle */
  CURLM_UNKNOWN_OPTION,           /* 6 */
  CURLM_ADDED_ALREADY,            /* 7: the easy handle is in a multi handle */
  CURLM_RECURSIVE_API_CALL,       /* 8: not from within a callback */
  CURLM_WAKEUP_FAILURE,           /* 9: waking up is not possible */
  CURLM_BAD_FUNCTION_ARGUMENT,    /* 10 */
  CURLM_ABORTED_BY_CALLBACK,      /* 11: a callback returned an error */
  CURLM_UNRECOVERABLE_POLL,       /* 12: the system's wait function failed */
  CURLM_LAST
} CURLMcode;
#define CURLM_CALL_MULTI_SOCKET CURLM_CALL_MULTI_PERFORM

/* What curl_multi_info_read() tells; there is one kind. */
typedef enum {
  CURLMSG_NONE,
  CURLMSG_DONE, /* the transfer is over, data.result says how it went */
  CURLMSG_LAST
} CURLMSG;

/* It belongs to the multi handle, until the next call with that or the easy handle. */
struct CURLMsg {
  CURLMSG msg;
  CURL *easy_handle;
  union {
    void *whatever;
    CURLcode result; /* of CURLMSG_DONE */
  } data;
};
typedef struct CURLMsg CURLMsg;

/* A descriptor to wait for, as poll() has it but with own names for the bits. */
struct curl_waitfd {
  curl_socket_t fd;
  short events;  /* CURL_WAIT_*, wanted */
  short revents; /* CURL_WAIT_*, happened */
};
#define CURL_WAIT_POLLIN 0x0001
#define CURL_WAIT_POLLPRI 0x0002
#define CURL_WAIT_POLLOUT 0x0004

/* A new multi handle, or NULL when out of memory. */
CURL_EXTERN CURLM *curl_multi_init(void);

/*
 * Free a multi handle and close the connections it kept. Easy handles still in it are let go,
 * not freed.
 */
CURL_EXTERN CURLMcode curl_multi_cleanup(CURLM *multi);

/* Start a transfer. The easy handle stays the application's, but must not be performed alone. */
CURL_EXTERN CURLMcode curl_multi_add_handle(CURLM *multi, CURL *easy);

/* End a transfer, done or not. */
CURL_EXTERN CURLMcode curl_multi_remove_handle(CURLM *multi, CURL *easy);

/* The easy handles added, an array that ends with NULL; free it with curl_free(). */
CURL_EXTERN CURL **curl_multi_get_handles(CURLM *multi);

/* Do what can be done without waiting. *out_running counts the transfers not yet over. */
CURL_EXTERN CURLMcode curl_multi_perform(CURLM *multi, int *out_running);

/*
 * Wait until a transfer can go on, one of the extra descriptors is ready, or timeout_ms have
 * passed; *out_n (NULL is fine) counts the descriptors that are ready. With no socket to wait
 * for, curl_multi_wait() returns at once, and curl_multi_poll() waits all the same and can be
 * ended by curl_multi_wakeup().
 */
CURL_EXTERN CURLMcode curl_multi_wait(CURLM *multi, struct curl_waitfd extra[],
                                      unsigned int extra_n, int timeout_ms, int *out_n);
CURL_EXTERN CURLMcode curl_multi_poll(CURLM *multi, struct curl_waitfd extra[],
                                      unsigned int extra_n, int timeout_ms, int *out_n);

/* End the present or the next curl_multi_poll(); from any thread. */
CURL_EXTERN CURLMcode curl_multi_wakeup(CURLM *multi);

/*
 * What to watch, for select(). The sets are added to, not cleared. *out_max is the largest
 * descriptor, or -1 when there is none now: then wait a while, curl_multi_timeout() or 100 ms.
 */
CURL_EXTERN CURLMcode curl_multi_fdset(CURLM *multi, fd_set *read_set, fd_set *write_set,
                                       fd_set *exception_set, int *out_max);

/*
 * What to watch, for poll(). Fills at most size entries, *out_n says how many there are. With
 * fds NULL and size 0 it only counts.
 */
CURL_EXTERN CURLMcode curl_multi_waitfds(CURLM *multi, struct curl_waitfd *fds, unsigned int size,
                                         unsigned int *out_n);

/* How long to wait at most, in milliseconds: 0 not at all, -1 there is no limit. */
CURL_EXTERN CURLMcode curl_multi_timeout(CURLM *multi, long *out_ms);

/* The next message, or NULL; *out_left counts those after it. */
CURL_EXTERN CURLMsg *curl_multi_info_read(CURLM *multi, int *out_left);

/* A short English text, never NULL; it belongs to the library. */
CURL_EXTERN const char *curl_multi_strerror(CURLMcode code);

/* For the application's own event loop. */

/*
 * Watch socket s for what (CURL_POLL_*). socketp is what curl_multi_assign() attached to it.
 * Return 0, or -1 to fail all transfers with CURLM_ABORTED_BY_CALLBACK.
 */
typedef int (*curl_socket_callback)(CURL *easy, curl_socket_t s, int what, void *userp,
                                    void *socketp);
#define CURL_POLL_NONE 0
#define CURL_POLL_IN 1
#define CURL_POLL_OUT 2
#define CURL_POLL_INOUT 3
#define CURL_POLL_REMOVE 4

/*
 * Call curl_multi_socket_action() with CURL_SOCKET_TIMEOUT once, timeout_ms from now. It
 * replaces the time set before; -1 removes it. Return 0, or -1 as above.
 */
typedef int (*curl_multi_timer_callback)(CURLM *m, long timeout_ms, void *userp);

/*
 * Something happened: ev_bitmask (CURL_CSELECT_*) on socket s, or the time came
 * (CURL_SOCKET_TIMEOUT). *out_running counts the transfers not yet over.
 */
CURL_EXTERN CURLMcode curl_multi_socket_action(CURLM *multi, curl_socket_t s, int ev_bitmask,
                                               int *out_running);
#define CURL_SOCKET_TIMEOUT CURL_SOCKET_BAD
#define CURL_CSELECT_IN 0x01
#define CURL_CSELECT_OUT 0x02
#define CURL_CSELECT_ERR 0x04

/* Attach a pointer to a socket in use, for the socket callback. */
CURL_EXTERN CURLMcode curl_multi_assign(CURLM *multi, curl_socket_t s, void *socketp);

/* Older forms of the above: without saying what happened, and for all sockets. */
CURL_EXTERN CURLMcode CURL_DEPRECATED(7.19.5, "use curl_multi_socket_action()")
  curl_multi_socket(CURLM *multi, curl_socket_t s, int *out_running);
CURL_EXTERN CURLMcode CURL_DEPRECATED(7.19.5, "use curl_multi_socket_action()")
  curl_multi_socket_all(CURLM *multi, int *out_running);
#ifndef CURL_ALLOW_OLD_MULTI_SOCKET
#define curl_multi_socket(multi, s, out_running) \
  curl_multi_socket_action(multi, s, 0, out_running)
#endif

/* clang-format off */
typedef enum {
  CURLINC_OPT(CURLMOPT_SOCKETFUNCTION, FUNCTIONPOINT, 1),         /* curl_socket_callback */
  CURLINC_OPT(CURLMOPT_SOCKETDATA, OBJECTPOINT, 2),
  CURLINC_OPT(CURLMOPT_PIPELINING, LONG, 3),                      /* CURLPIPE_* */
  CURLINC_OPT(CURLMOPT_TIMERFUNCTION, FUNCTIONPOINT, 4),          /* curl_multi_timer_callback */
  CURLINC_OPT(CURLMOPT_TIMERDATA, OBJECTPOINT, 5),
  CURLINC_OPT(CURLMOPT_MAXCONNECTS, LONG, 6),                     /* idle connections kept */
  CURLINC_OPT(CURLMOPT_MAX_HOST_CONNECTIONS, LONG, 7),
  CURLINC_OPT(CURLMOPT_MAX_PIPELINE_LENGTH, LONG, 8),             /* without effect */
  CURLINC_OPT(CURLMOPT_CONTENT_LENGTH_PENALTY_SIZE, OFF_T, 9),    /* without effect */
  CURLINC_OPT(CURLMOPT_CHUNK_LENGTH_PENALTY_SIZE, OFF_T, 10),     /* without effect */
  CURLINC_OPT(CURLMOPT_PIPELINING_SITE_BL, OBJECTPOINT, 11),      /* without effect */
  CURLINC_OPT(CURLMOPT_PIPELINING_SERVER_BL, OBJECTPOINT, 12),    /* without effect */
  CURLINC_OPT(CURLMOPT_MAX_TOTAL_CONNECTIONS, LONG, 13),
  CURLINC_OPT(CURLMOPT_PUSHFUNCTION, FUNCTIONPOINT, 14),          /* curl_push_callback */
  CURLINC_OPT(CURLMOPT_PUSHDATA, OBJECTPOINT, 15),
  CURLINC_OPT(CURLMOPT_MAX_CONCURRENT_STREAMS, LONG, 16),         /* on one connection */
  CURLINC_OPT(CURLMOPT_NETWORK_CHANGED, LONG, 17),                /* CURLMNWC_* */
  CURLINC_OPT(CURLMOPT_NOTIFYFUNCTION, FUNCTIONPOINT, 18),        /* curl_notify_callback */
  CURLINC_OPT(CURLMOPT_NOTIFYDATA, OBJECTPOINT, 19),
  CURLINC_OPT(CURLMOPT_RESOLVE_THREADS_MAX, LONG, 20),
  CURLINC_OPT(CURLMOPT_QUICK_EXIT, LONG, 21),
  CURLMOPT_LASTENTRY
} CURLMoption;
/* clang-format on */

/* For CURLMOPT_PIPELINING. */
#define CURLPIPE_NOTHING 0L
#define CURLPIPE_HTTP1 1L     /* without effect */
#define CURLPIPE_MULTIPLEX 2L /* HTTP/2 and HTTP/3: share connections. The default */

/* For CURLMOPT_NETWORK_CHANGED: what not to use any more. */
#define CURLMNWC_CLEAR_ALL (1L << 0)
#define CURLMNWC_CLEAR_CONNS (1L << 1)
#define CURLMNWC_CLEAR_DNS (1L << 2)

/* Set one option; the third argument's type follows from the number, as with easy options. */
CURL_EXTERN CURLMcode curl_multi_setopt(CURLM *multi, CURLMoption option, ...);

/* Numbers of transfers, for curl_multi_get_offt(). */
typedef enum {
  CURLMINFO_NONE,
  CURLMINFO_XFERS_CURRENT, /* 1: in the multi handle now */
  CURLMINFO_XFERS_RUNNING, /* 2: of those, neither waiting to start nor done */
  CURLMINFO_XFERS_PENDING, /* 3: of those, waiting for a connection to be allowed */
  CURLMINFO_XFERS_DONE,    /* 4: of those, done */
  CURLMINFO_XFERS_ADDED,   /* 5: ever added */
  CURLMINFO_LASTENTRY
} CURLMinfo_offt;

CURL_EXTERN CURLMcode curl_multi_get_offt(CURLM *multi, CURLMinfo_offt info,
                                          curl_off_t *out_value);

/* Notifications: called from within perform or socket_action, for those that are enabled. */
#define CURLMNOTIFY_INFO_READ 0 /* curl_multi_info_read() has something */
#define CURLMNOTIFY_EASY_DONE 1 /* easy is done */

typedef void (*curl_notify_callback)(CURLM *m, unsigned int notification, CURL *easy,
                                     void *user_data);

CURL_EXTERN CURLMcode curl_multi_notify_enable(CURLM *multi, unsigned int notification);
CURL_EXTERN CURLMcode curl_multi_notify_disable(CURLM *multi, unsigned int notification);

/* The headers of a pushed request (RFC 9113, 8.4); valid within the push callback. */
struct curl_pushheaders;

/* The header number num, "name:value", or NULL. */
CURL_EXTERN char *curl_pushheader_bynum(struct curl_pushheaders *headers, size_t num);

/* The value of the header with this exact name, or NULL. */
CURL_EXTERN char *curl_pushheader_byname(struct curl_pushheaders *headers, const char *name);

/*
 * The server wants to push a response. easy is a new handle for it, a copy of parent, and
 * becomes the application's on CURL_PUSH_OK. CURL_PUSH_ERROROUT also ends the parent.
 */
typedef int (*curl_push_callback)(CURL *parent, CURL *easy, size_t num_headers,
                                  struct curl_pushheaders *headers, void *userp);
#define CURL_PUSH_OK 0
#define CURL_PUSH_DENY 1
#define CURL_PUSH_ERROROUT 2

#ifdef __cplusplus
}
#endif

#endif /* CURLINC_MULTI_H */
