/* sluice_broker_*: the socket broker for applications. A struct sluice_broker is the gate's struct broker under its
 * public name. */
#include <errno.h>
#include <sluice/sluice.h>

#include "api/guard.h"
#include "dns/dns.h"
#include "gate/broker.h"
#include "gate/event.h"
#include "sys/file.h"
#include "sys/poll.h"
#include "sys/thread.h"
#include "tls/tls.h"

static struct mutex lock = MUTEX_INIT;

/* What transfers will read when files can not be opened any more. */
static sl_result keep_files(void)
{
  sl_result rc = sl_dns_keep(SL_DNS_HOSTS, SL_DNS_RESOLV);
  return rc ? rc : sl_tls_keep();
}

CURLcode sluice_broker_start(const struct sluice_policy *policy, struct sluice_broker **broker)
{
  struct broker *b = NULL;
  if (!broker)
    return CURLE_BAD_FUNCTION_ARGUMENT;
  if (!sl_global_ensure())
    return CURLE_FAILED_INIT;
  sl_mutex_lock(&lock);
  CURLcode code = (CURLcode)keep_files();
  int err = code ? ENOMEM : sl_broker_start((const struct policy *)policy, sluice_broker_opensocket, &b);
  sl_mutex_unlock(&lock);
  errno = err;
  if (err)
    return err == ENOMEM ? CURLE_OUT_OF_MEMORY : CURLE_FAILED_INIT;
  *broker = (struct sluice_broker *)b;
  return CURLE_OK;
}

curl_socket_t sluice_broker_opensocket(void *broker, curlsocktype purpose, struct curl_sockaddr *address)
{
  struct broker *b = sl_broker_known(broker);
  unsigned depth = 0;
  struct gate_config config = {0};
  struct gate_ask ask = {.config = &config,
                         .purpose = sl_event_purpose_of((int)purpose),
                         .callback_depth = &depth};
  struct gate_addr addr;
  if (purpose == CURLSOCKTYPE_ACCEPT)
    return sl_wake_new(); /* no socket, so that the accepted one is taken */
  if (!b || !address || address->addrlen > sizeof addr.u) {
    errno = EINVAL;
    return CURL_SOCKET_BAD;
  }
  addr = (struct gate_addr){address->family, address->socktype, address->protocol, address->addrlen, {{0}}};
  memcpy(&addr.u, &address->addr, address->addrlen);
  return sl_broker_socket(b, &ask, &addr);
}

pid_t sluice_broker_pid(const struct sluice_broker *broker)
{
  const struct broker *b = sl_broker_known(broker);
  return b ? sl_broker_pid(b) : -1;
}

int sluice_broker_fd(const struct sluice_broker *broker)
{
  const struct broker *b = sl_broker_known(broker);
  return b ? sl_broker_fd(b) : -1;
}

void sluice_broker_stop(struct sluice_broker *broker)
{
  struct broker *b = sl_broker_known(broker);
  if (b)
    sl_broker_stop(b);
}
