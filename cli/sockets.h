/* The command's part in what happens to sockets: --deny, which refuses addresses, and
 * --trace-sockets, which tells of each open, connection, refusal and close.
 *
 * Sluice tells of all that by itself (SLUICEOPT_SOCKET_EVENTFUNCTION); of another libcurl only what
 * its socket callbacks show is known. */
#ifndef CLI_SOCKETS_H
#define CLI_SOCKETS_H

#include <curl/curl.h>
#include <stdbool.h>

#include "address.h"
#include "screen.h"

struct sockets {
  struct screen *screen;
  bool trace;
  const struct cidr *deny;
  size_t deny_count;
};

/* What one transfer brings along. A connection that outlives its transfer tells it to this still:
 * it has to live as long as the multi handle. */
struct sockets_user {
  const struct sockets *shared;
  const struct cidr *denied_by; /* the range that the last address lay in; NULL: in none */
  char denied[ADDRESS_TEXT];
};

CURLcode sockets_attach(const struct sockets *shared, struct sockets_user *user, CURL *easy);

#endif
