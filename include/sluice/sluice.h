#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H
/*
 * sluice.h: what Sluice offers beyond libcurl's interface.
 *
 * All of it is about sockets: which of them the application is asked for, what its answers mean,
 * and being told what happened to each. The options are set with curl_easy_setopt() as any other. A
 * library that is not Sluice answers CURLE_UNKNOWN_OPTION.
 */

#include <sys/socket.h>
#include <sys/types.h>

#include "../curl/curl.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Options. Their numbers lie from 9000 up within the kind of their argument, far from libcurl's.
 */

/* long, SLUICE_REFUSAL_*: what it means when the opensocket callback returns CURL_SOCKET_BAD, or a
 * policy refuses an address. */
#define SLUICEOPT_REFUSAL ((CURLoption)(CURLOPTTYPE_LONG + 9000))

/* long, bits of SLUICE_PURPOSE_*: for which further descriptors the socket callbacks are called.
 * The default, 0, is libcurl's behaviour. */
#define SLUICEOPT_SOCKET_PURPOSES ((CURLoption)(CURLOPTTYPE_LONG + 9001))

/* sluice_socket_event_callback, and the pointer that it gets: told of everything that happens to a
 * descriptor. */
#define SLUICEOPT_SOCKET_EVENTFUNCTION ((CURLoption)(CURLOPTTYPE_FUNCTIONPOINT + 9002))
#define SLUICEOPT_SOCKET_EVENTDATA ((CURLoption)(CURLOPTTYPE_OBJECTPOINT + 9003))

/* struct sluice_policy *, of which the handle takes a reference; NULL: none. No descriptor of the
 * handle's transfers is opened, connected, accepted or reused but for what the policy allows, name
 * servers' included; see "Egress policies" below. Set SLUICEMOPT_POLICY with curl_multi_setopt() for
 * all transfers of a multi handle, and SLUICE_POLICY=FILE (or =preset:NAME) in the environment for a
 * process: where there are several policies all of them must allow.
 *
 * Where a policy is in force there is no CURLAUTH_NEGOTIATE, whatever CURLOPT_HTTPAUTH and
 * CURLOPT_PROXYAUTH allow: libkrb5 asks its KDC and name servers over sockets of its own, which no
 * callback and no policy sees. Without a policy it does so when Negotiate's turn has come, and only
 * then; the transfers of the thread wait for it. */
#define SLUICEOPT_POLICY ((CURLoption)(CURLOPTTYPE_OBJECTPOINT + 9004))
#define SLUICEMOPT_POLICY ((CURLMoption)(CURLOPTTYPE_OBJECTPOINT + 9004))

/* long, 0 or 1: in active FTP take a data connection only from the address that the control
 * connection goes to. Where a policy is in force it is always so. */
#define SLUICEOPT_FTP_SAME_PEER ((CURLoption)(CURLOPTTYPE_LONG + 9005))

/* Values of SLUICEOPT_REFUSAL. */
#define SLUICE_REFUSAL_NEXT 0L  /* this address is refused, the next one is tried */
#define SLUICE_REFUSAL_FINAL 1L /* the transfer ends with CURLE_COULDNT_CONNECT */

/*
 * Purposes: the second argument of the opensocket and sockopt callbacks. CURLSOCKTYPE_IPCXN and
 * CURLSOCKTYPE_ACCEPT are libcurl's; one of these is passed in their place only if its bit is set
 * in SLUICEOPT_SOCKET_PURPOSES. Without the bit, sockets for PROXY, FTP_DATA and FTP_LISTEN are
 * asked for as CURLSOCKTYPE_IPCXN, and sockets for DNS and DOH are opened without asking.
 */
#define SLUICE_SOCKTYPE_DNS 100        /* to a name server, UDP or TCP */
#define SLUICE_SOCKTYPE_DOH 101        /* to the server of CURLOPT_DOH_URL */
#define SLUICE_SOCKTYPE_PROXY 102      /* to a proxy */
#define SLUICE_SOCKTYPE_FTP_DATA 103   /* to an FTP server's passive port */
#define SLUICE_SOCKTYPE_FTP_LISTEN 104 /* listens for an FTP server; the address is our own */

/* The bits for SLUICEOPT_SOCKET_PURPOSES. */
#define SLUICE_PURPOSE_DNS (1L << 0)
#define SLUICE_PURPOSE_DOH (1L << 1)
#define SLUICE_PURPOSE_PROXY (1L << 2)
#define SLUICE_PURPOSE_FTP_DATA (1L << 3)
#define SLUICE_PURPOSE_FTP_LISTEN (1L << 4)
#define SLUICE_PURPOSE_ALL 31L

/* A sockopt callback's fourth answer: connect() has been called on the descriptor and is under way.
 * The library waits for it to end and does not call connect() itself. */
#define SLUICE_SOCKOPT_CONNECTING 100

/* What happened to a descriptor. Each one has exactly one OPEN or ACCEPT, and exactly one CLOSE. */
typedef enum {
  SLUICE_EVENT_OPEN = 1,  /* it exists, made by the application or by socket() */
  SLUICE_EVENT_CONNECT,   /* connect() was called; os_errno 0 if it is under way or done */
  SLUICE_EVENT_CONNECTED, /* the connection stands; os_errno is set if it failed instead */
  SLUICE_EVENT_REFUSED,   /* the application or a rule said no; fd is CURL_SOCKET_BAD unless one was
                             accepted */
  SLUICE_EVENT_ACCEPT,    /* accept() returned it */
  SLUICE_EVENT_REUSE,     /* an idle connection serves another transfer */
  SLUICE_EVENT_CLOSE,     /* it is about to be closed */
  SLUICE_EVENT_REPORTED   /* a policy in `mode report` would have refused it */
} sluice_event;

/*
 * One event. Everything in it belongs to the library and is gone when the callback returns. New
 * members are added at the end: look at size before reading one that an older release may not have.
 */
struct sluice_socket_event {
  size_t size; /* bytes of this struct, as the library knows it */
  sluice_event what;
  curl_socket_t fd; /* CURL_SOCKET_BAD when there is none */
  int purpose; /* SLUICE_SOCKTYPE_*, CURLSOCKTYPE_*; always the finest one, whatever the callbacks
                  are told */
  unsigned int address_len;       /* bytes, 0 when address is NULL */
  const struct sockaddr *address; /* the peer; for FTP_LISTEN our own */
  const char *host;               /* the name that was asked for, NULL when there was none */
  const char *rule;               /* what decided a refusal, in words; NULL otherwise */
  int os_errno;                   /* 0 when nothing failed */
};

/* It must not change the handle's settings for sockets and must not end the transfer; it only
 * looks. */
typedef void (*sluice_socket_event_callback)(void *clientp,
                                             const struct sluice_socket_event *event);

/*
 * Egress policies: which addresses may be connected to. The text has one rule a line, the first one
 * that matches wins, and what none matches is denied:
 *
 *   deny  metadata                        # 169.254.169.254 and its like
 *   allow 10.1.0.0/16 port 443
 *   allow public port 80,443,8000-8999
 *   default deny
 *
 * `allow` and `deny` take addresses in CIDR, the classes loopback, private, linklocal, cgnat,
 * multicast, reserved, documentation, benchmark, metadata, embedded, public, self (this host's own
 * addresses), any, and `unix PATH-GLOB`; and the conditions `port`, `proto` (tcp, udp, unix),
 * `purpose` (origin, proxy, dns, doh, ftp-data, ftp-listen, accept) and `scheme`, each with a list.
 * Further lines: `default allow|deny`, `mode enforce|report|open`, `embedded decode|deny|allow` (an
 * IPv4 address inside an IPv6 one), `nat64 PREFIX/LEN`, `preset public-internet`.
 *
 * A policy never changes and may be used by several threads at a time. Nothing here connects.
 *
 * A transfer asks for every address before the application's callback sees it, again if the callback
 * changed it, and for who really is at the other end of a socket that the callback connected itself;
 * for FTP's data connections, its listener (once with the address and port that it was asked for, 0
 * for any, and once with the port that it got) and the peer that connects; for the port that a TFTP
 * server answers from; for proxies, with `purpose proxy`, and then for the origin behind the proxy as
 * well: its name is looked up here and every address of it must be allowed. A SOCKS proxy is given an
 * allowed address instead of the name; an HTTP proxy looks the name up once more by itself, and must
 * be trusted to find the same. A refusal ends in CURLE_COULDNT_CONNECT, and the error buffer names
 * the address, its class and the line that decided.
 */
struct sluice_policy;

/* Where a text is wrong. Set size before the call. */
struct sluice_policy_error {
  size_t size;         /* sizeof(struct sluice_policy_error) */
  unsigned int line;   /* from 1; 0 when it is about no place in the text */
  unsigned int column; /* from 1, in bytes */
  char text[160];      /* zero-terminated */
};

/* What a policy is asked. Set size, zero the rest, then fill in. */
struct sluice_policy_question {
  size_t size;                    /* sizeof(struct sluice_policy_question) */
  const struct sockaddr *address; /* with the port; AF_UNIX: with the path */
  unsigned int address_len;       /* bytes */
  int protocol;                   /* IPPROTO_TCP (also 0) or IPPROTO_UDP; Unix sockets: not read */
  int purpose;                    /* CURLSOCKTYPE_*, SLUICE_SOCKTYPE_*; 0 is a peer */
  const char *scheme;             /* of the URL, NULL: there is none */
};

/* Its answer. Set size before the call. The strings live as long as the policy. */
struct sluice_policy_verdict {
  size_t size;               /* sizeof(struct sluice_policy_verdict) */
  int allow;                 /* what is to be done, 0 or 1 */
  int rules_allow;           /* what the rules say, which `mode report` does not enforce */
  const char *address_class; /* of the address that decided; "unix", "unknown" otherwise */
  unsigned int line;         /* of the text, what decided; 0: no line did */
  const char *rule;          /* in words */
};

/* Reads a policy out of len bytes of text, which are copied. CURLE_OK and *policy, to be freed with
 * sluice_policy_free(); CURLE_SETOPT_OPTION_SYNTAX for bad text, CURLE_OUT_OF_MEMORY: then *policy is
 * untouched, and error, which may be NULL, says why. */
CURL_EXTERN CURLcode sluice_policy_parse(const char *text, size_t len,
                                         struct sluice_policy **policy,
                                         struct sluice_policy_error *error);

/* The same from a file; CURLE_FILE_COULDNT_READ_FILE, CURLE_FILESIZE_EXCEEDED as well. */
CURL_EXTERN CURLcode sluice_policy_load(const char *path, struct sluice_policy **policy,
                                        struct sluice_policy_error *error);

/* CURLE_OK whatever the verdict; CURLE_BAD_FUNCTION_ARGUMENT when a pointer or a size is wrong. If
 * the policy names `self`, this host's addresses are read from /proc each time. */
CURL_EXTERN CURLcode sluice_policy_check(const struct sluice_policy *policy,
                                         const struct sluice_policy_question *question,
                                         struct sluice_policy_verdict *verdict);

/* One more owner, who frees it as well. Returns the policy. */
CURL_EXTERN struct sluice_policy *sluice_policy_ref(struct sluice_policy *policy);
CURL_EXTERN void sluice_policy_free(struct sluice_policy *policy); /* NULL is fine */

/* The text of a preset ("public-internet"), static; NULL when there is none of that name. */
CURL_EXTERN const char *sluice_policy_preset(const char *name);

/*
 * The socket broker: a small process of its own that opens, binds, connects, listens and accepts on
 * request, so that the application can forbid itself these system calls (seccomp) and still
 * transfer files:
 *
 *   sluice_broker_start(policy, &broker);
 *   ... lock the process in ...
 *   curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, broker);
 *   curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, sluice_broker_opensocket);
 *
 * All sockets of such a handle come from the broker, those to name servers too, whatever
 * SLUICEOPT_SOCKET_PURPOSES says; the broker binds, connects, listens and accepts as well. They are
 * the process's own descriptors, closed as any other. A broker that has ended makes transfers fail
 * with CURLE_COULDNT_CONNECT; nothing is opened in its place.
 *
 * The broker asks the policy that it was started with, whatever has become of its client. What it
 * can not hold back: a datagram socket may send anywhere (sendto), so a policy that is to hold
 * against a process that was taken over says `deny any proto udp`; MSG_FASTOPEN connects without
 * connect() and has to be forbidden; `purpose` and `scheme` are what the client says they are.
 *
 * Processes that are forked later may use it as well: each gets a channel of its own. It keeps the
 * rights of the process as they are at the start, so drop them before. Threads may use one broker
 * together. It ends with the last process that has it, however that ends.
 */
struct sluice_broker;

/*
 * Starts one. policy may be NULL: everything is allowed; else it is copied. The process gets no
 * child that it would have to wait for. Keeps what transfers read from files that may be closed to
 * them later, as it is now, until curl_global_cleanup(): the system's CA bundle, /etc/hosts, the
 * name servers of /etc/resolv.conf. (Not what the application names itself, as with CURLOPT_CAINFO:
 * there is CURLOPT_CAINFO_BLOB.)
 *
 * CURLE_OK and *broker, to be stopped with sluice_broker_stop(); CURLE_BAD_FUNCTION_ARGUMENT,
 * CURLE_OUT_OF_MEMORY; CURLE_FAILED_INIT when the system gives no process, or 64 have been started
 * and not stopped: errno says more.
 */
CURL_EXTERN CURLcode sluice_broker_start(const struct sluice_policy *policy,
                                         struct sluice_broker **broker);

/* A CURLOPT_OPENSOCKETFUNCTION whose CURLOPT_OPENSOCKETDATA is the broker. An open callback of the
 * application's own, with the broker as its data, may call it as well. For CURLSOCKTYPE_ACCEPT,
 * where the connection exists already, it returns a descriptor that says yes. CURL_SOCKET_BAD with
 * errno: EACCES, the broker's policy refuses; EOWNERDEAD, it has ended; ETIMEDOUT, it did not
 * answer for 5 seconds; or socket()'s. */
CURL_EXTERN curl_socket_t sluice_broker_opensocket(void *broker, curlsocktype purpose,
                                                   struct curl_sockaddr *address);

/* The broker's process id, for logs; -1 when it has ended. */
CURL_EXTERN pid_t sluice_broker_pid(const struct sluice_broker *broker);

/* The descriptor by which another program can be its client: clear its FD_CLOEXEC, and name its
 * number in the environment of the program as SLUICE_BROKER, which makes every socket of the
 * program's transfers come from the broker (but those of its own open callback). A value that is no
 * such descriptor makes them all fail. It stays the broker's; -1 when that has ended. */
CURL_EXTERN int sluice_broker_fd(const struct sluice_broker *broker);

/* The process is its client no more; transfers that want it fail. Connections that exist go on.
 * NULL is fine. The pointer may still be set as an option of handles, but 63 brokers later it is
 * another's. */
CURL_EXTERN void sluice_broker_stop(struct sluice_broker *broker);

#ifdef __cplusplus
}
#endif

#endif /* SLUICE_SLUICE_H */
