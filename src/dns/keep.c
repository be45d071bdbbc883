/* What a resolver reads, kept for a process that will not be allowed to open files. /etc/hosts is a kept file as any
 * other (sys/file.h); resolv.conf is read by c-ares itself, so that what it made of it is kept instead. */
#include <stdatomic.h>

#include "base/mem.h"
#include "dns/channel.h"
#include "sys/file.h"
#include "sys/input.h"

struct kept {
  char *path;
  struct ares_options options;
  int mask;
  struct ares_addr_port_node *servers;
};
static _Atomic(struct kept *) kept;

static void kept_free(struct kept *k)
{
  if (!k)
    return;
  ares_destroy_options(&k->options);
  if (k->servers)
    ares_free_data(k->servers);
  sl_free(k->path);
  sl_free(k);
}

static int read_servers(struct kept *k)
{
  char lookups[] = "b";
  struct ares_options options = {.lookups = lookups, .resolvconf_path = k->path};
  ares_channel channel;
  int status = ares_init_options(&channel, &options, ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF);
  if (status)
    return status;
  status = ares_save_options(channel, &k->options, &k->mask);
  if (!status)
    status = ares_get_servers_ports(channel, &k->servers);
  ares_destroy(channel);
  return status;
}

static sl_result keep_servers(const char *path)
{
  struct kept *k = sl_calloc(1, sizeof *k);
  if (!k)
    return SL_NOMEM;
  k->path = sl_strdup(path);
  int status = k->path ? read_servers(k) : ARES_ENOMEM;
  if (status)
    kept_free(k);
  else
    atomic_store(&kept, k);
  return status == ARES_ENOMEM ? SL_NOMEM : SL_OK;
}

sl_result sl_dns_keep(const char *hosts_path, const char *resolv_path)
{
  sl_result rc = sl_file_keep(hosts_path);
  return rc || atomic_load(&kept) ? rc : keep_servers(resolv_path);
}

void sl_dns_forget(void)
{
  kept_free(atomic_exchange(&kept, NULL));
}

bool sl_dns_kept(const char *resolv_path, struct ares_options *options, int *mask)
{
  const struct kept *k = atomic_load(&kept);
  struct input probe;
  if (!k || strcmp(k->path, resolv_path))
    return false;
  if (sl_input_open(&probe, resolv_path)) {
    sl_input_close(&probe);
    return false;
  }
  struct ares_options own = *options;
  *options = k->options;
  options->timeout = own.timeout;
  options->tries = own.tries;
  options->sock_state_cb = own.sock_state_cb;
  options->sock_state_cb_data = own.sock_state_cb_data;
  *mask = (*mask | k->mask) & ~ARES_OPT_RESOLVCONF;
  return true;
}

int sl_dns_kept_servers(ares_channel channel)
{
  const struct kept *k = atomic_load(&kept);
  return k->servers ? ares_set_servers_ports(channel, k->servers) : ARES_SUCCESS;
}
