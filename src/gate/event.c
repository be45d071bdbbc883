/* Socket events; see event.h. Nobody listens: they cost two loads. */
#include "gate/event.h"

#include <errno.h>

#include "gate/process.h"

int sl_event_purpose(enum gate_purpose purpose, unsigned long mask)
{
  switch (purpose) {
  case GATE_ACCEPT:
    return CURLSOCKTYPE_ACCEPT;
  case GATE_DNS:
    return SLUICE_SOCKTYPE_DNS;
  case GATE_DOH:
    return SLUICE_SOCKTYPE_DOH;
  case GATE_PROXY:
    return mask & SLUICE_PURPOSE_PROXY ? SLUICE_SOCKTYPE_PROXY : CURLSOCKTYPE_IPCXN;
  case GATE_FTP_DATA:
    return mask & SLUICE_PURPOSE_FTP_DATA ? SLUICE_SOCKTYPE_FTP_DATA : CURLSOCKTYPE_IPCXN;
  case GATE_FTP_LISTEN:
    return mask & SLUICE_PURPOSE_FTP_LISTEN ? SLUICE_SOCKTYPE_FTP_LISTEN : CURLSOCKTYPE_IPCXN;
  default:
    return CURLSOCKTYPE_IPCXN;
  }
}

enum gate_purpose sl_event_purpose_of(int purpose)
{
  switch (purpose) {
  case CURLSOCKTYPE_IPCXN:
    return GATE_ORIGIN;
  case CURLSOCKTYPE_ACCEPT:
    return GATE_ACCEPT;
  case SLUICE_SOCKTYPE_DNS:
    return GATE_DNS;
  case SLUICE_SOCKTYPE_DOH:
    return GATE_DOH;
  case SLUICE_SOCKTYPE_PROXY:
    return GATE_PROXY;
  case SLUICE_SOCKTYPE_FTP_DATA:
    return GATE_FTP_DATA;
  case SLUICE_SOCKTYPE_FTP_LISTEN:
    return GATE_FTP_LISTEN;
  default:
    return (enum gate_purpose)(GATE_ACCEPT + 1); /* no rule names it */
  }
}

static void deliver(const struct sluice_socket_event *event, sluice_socket_event_callback fn, void *data,
                    unsigned *callback_depth)
{
  int saved = errno;
  if (sl_process_logs())
    sl_process_log(event);
  if (fn) {
    ++*callback_depth;
    fn(data, event);
    --*callback_depth;
  }
  errno = saved;
}

void sl_event_tell(const struct gate_ask *ask, sluice_event what, const struct event_facts *facts)
{
  const struct gate_config *c = ask->config;
  if (!c->socket_eventfunction && !sl_process_logs())
    return;
  char host[256];
  size_t n = ask->host.n < sizeof host ? ask->host.n : sizeof host - 1;
  if (n)
    memcpy(host, ask->host.p, n);
  host[n] = 0;
  struct sluice_socket_event event = {
      .size = sizeof event,
      .what = what,
      .fd = facts->fd,
      .purpose = sl_event_purpose(ask->purpose, SLUICE_PURPOSE_ALL),
      .address = facts->address,
      .address_len = facts->address_len,
      .host = n ? host : NULL,
      .rule = facts->rule,
      .os_errno = facts->err,
  };
  deliver(&event, c->socket_eventfunction, c->socket_eventdata, ask->callback_depth);
}

void sl_gate_tell(const struct gate_socket *s, sluice_event what, int err, unsigned *callback_depth)
{
  struct sockaddr_storage peer;
  socklen_t len = sizeof peer;
  if (!s->event_fn && !sl_process_logs())
    return;
  bool known = !getpeername(s->fd, (struct sockaddr *)&peer, &len);
  struct sluice_socket_event event = {
      .size = sizeof event,
      .what = what,
      .fd = s->fd,
      .purpose = s->purpose,
      .address = known ? (const struct sockaddr *)&peer : NULL,
      .address_len = known ? len : 0,
      .os_errno = err,
  };
  deliver(&event, s->event_fn, s->event_data, callback_depth);
}
