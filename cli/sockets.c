/* Refuses addresses and tells what happens to sockets; see sockets.h. */
#include "sockets.h"

#include <sluice/sluice.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *purpose_text(int purpose)
{
  switch (purpose) {
  case CURLSOCKTYPE_IPCXN:
    return "peer";
  case CURLSOCKTYPE_ACCEPT:
    return "accept";
  case SLUICE_SOCKTYPE_DNS:
    return "dns";
  case SLUICE_SOCKTYPE_DOH:
    return "doh";
  case SLUICE_SOCKTYPE_PROXY:
    return "proxy";
  case SLUICE_SOCKTYPE_FTP_DATA:
    return "ftp-data";
  case SLUICE_SOCKTYPE_FTP_LISTEN:
    return "ftp-listen";
  default:
    return "other";
  }
}

static const char *event_text(sluice_event what)
{
  switch (what) {
  case SLUICE_EVENT_OPEN:
    return "open";
  case SLUICE_EVENT_CONNECT:
    return "connect";
  case SLUICE_EVENT_CONNECTED:
    return "connected";
  case SLUICE_EVENT_REFUSED:
    return "refused";
  case SLUICE_EVENT_ACCEPT:
    return "accept";
  case SLUICE_EVENT_REUSE:
    return "reuse";
  case SLUICE_EVENT_CLOSE:
    return "close";
  case SLUICE_EVENT_REPORTED:
    return "reported";
  default:
    return "event";
  }
}

/* One line, in columns: event, descriptor, purpose, address, remark. */
static void tell(const struct sockets *shared, const char *what, curl_socket_t fd, int purpose,
                 const char *address, const char *remark)
{
  char number[16] = "-";
  if (fd != CURL_SOCKET_BAD)
    snprintf(number, sizeof number, "%d", fd);
  screen_line(shared->screen, "[socket] %-9s fd %-4s %-10s %s%s%s", what, number,
              purpose < 0 ? "-" : purpose_text(purpose), address, *remark ? "  " : "", remark);
}

static void on_event(void *clientp, const struct sluice_socket_event *event)
{
  struct sockets_user *user = clientp;
  char address[ADDRESS_TEXT], remark[256] = "";
  address_text(event->address, event->address_len, address);
  if (event->what == SLUICE_EVENT_REFUSED && user->denied_by && !strcmp(user->denied, address))
    snprintf(remark, sizeof remark, "--deny %s", user->denied_by->text);
  else if (event->rule)
    snprintf(remark, sizeof remark, "%s", event->rule);
  else if (event->os_errno)
    snprintf(remark, sizeof remark, "%s", strerror(event->os_errno));
  else if (event->host && event->what == SLUICE_EVENT_OPEN && !strstr(address, event->host))
    snprintf(remark, sizeof remark, "for %s", event->host);
  tell(user->shared, event_text(event->what), event->fd, event->purpose, address, remark);
}

static const struct cidr *find_denial(const struct sockets *shared, const struct sockaddr *address,
                                      socklen_t length)
{
  for (size_t i = 0; i < shared->deny_count; i++)
    if (cidr_contains(&shared->deny[i], address, length))
      return &shared->deny[i];
  return NULL;
}

static curl_socket_t open_or_deny(struct sockets_user *user, struct curl_sockaddr *peer)
{
  user->denied_by = find_denial(user->shared, &peer->addr, peer->addrlen);
  if (!user->denied_by)
    return socket(peer->family, peer->socktype | SOCK_CLOEXEC, peer->protocol);
  address_text(&peer->addr, peer->addrlen, user->denied);
  return CURL_SOCKET_BAD;
}

static curl_socket_t on_open(void *clientp, curlsocktype purpose, struct curl_sockaddr *peer)
{
  (void)purpose;
  return open_or_deny(clientp, peer);
}

/* The three below are for a libcurl that does not tell of events. */

static curl_socket_t on_open_traced(void *clientp, curlsocktype purpose, struct curl_sockaddr *peer)
{
  struct sockets_user *user = clientp;
  char address[ADDRESS_TEXT], remark[256] = "";
  curl_socket_t fd = open_or_deny(user, peer);
  if (fd == CURL_SOCKET_BAD && user->denied_by)
    snprintf(remark, sizeof remark, "--deny %s", user->denied_by->text);
  address_text(&peer->addr, peer->addrlen, address);
  tell(user->shared, fd == CURL_SOCKET_BAD ? "refused" : "open", fd, (int)purpose, address, remark);
  return fd;
}

static int on_sockopt_traced(void *clientp, curl_socket_t fd, curlsocktype purpose)
{
  struct sockets_user *user = clientp;
  tell(user->shared, "connect", fd, (int)purpose, "-", "");
  return CURL_SOCKOPT_OK;
}

static int on_close_traced(void *clientp, curl_socket_t fd)
{
  struct sockets_user *user = clientp;
  tell(user->shared, "close", fd, -1, "-", "");
  return close(fd);
}

static CURLcode trace_by_callbacks(struct sockets_user *user, CURL *easy)
{
  CURLcode code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_traced);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, user);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_sockopt_traced);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, user);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close_traced);
  return code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, user);
}

CURLcode sockets_attach(const struct sockets *shared, struct sockets_user *user, CURL *easy)
{
  CURLcode code = CURLE_OK;
  *user = (struct sockets_user){.shared = shared};
  if (shared->deny_count) {
    code = curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
    code = code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, user);
  }
  if (code || !shared->trace)
    return code;
  code = curl_easy_setopt(easy, SLUICEOPT_SOCKET_EVENTFUNCTION, on_event);
  if (code == CURLE_UNKNOWN_OPTION)
    return trace_by_callbacks(user, easy);
  return code ? code : curl_easy_setopt(easy, SLUICEOPT_SOCKET_EVENTDATA, user);
}
