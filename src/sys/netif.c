/* Interfaces by /sys and /proc; see netif.h. */
#include "sys/netif.h"

#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/text.h"
#include "sys/file.h"

static bool usable_name(struct slice name)
{
  if (!name.n || name.n >= IF_NAMESIZE || slice_find(name, '/') < name.n)
    return false;
  return name.p[0] != '.';
}

bool sl_netif_index(struct slice name, uint32_t *out_index)
{
  char path[64];
  struct buf text;
  int64_t index;
  if (!usable_name(name))
    return false;
  snprintf(path, sizeof path, "/sys/class/net/%.*s/ifindex", (int)name.n, name.p);
  sl_buf_init(&text, 32);
  bool ok = !sl_file_read(path, &text) && sl_num_parse(sl_text_trim(sl_buf_peek(&text)), UINT32_MAX, &index);
  sl_buf_done(&text);
  if (ok)
    *out_index = (uint32_t)index;
  return ok;
}

bool sl_netif_ipv4(int fd, struct slice name, uint32_t *out_network_order)
{
  struct ifreq req = {0};
  if (!usable_name(name))
    return false;
  memcpy(req.ifr_name, name.p, name.n);
  req.ifr_addr.sa_family = AF_INET;
  if (ioctl(fd, SIOCGIFADDR, &req))
    return false;
  const struct sockaddr_in *in = (const void *)&req.ifr_addr;
  *out_network_order = in->sin_addr.s_addr;
  return true;
}

/* A line of if_inet6: 32 hexadecimal digits, index, prefix length, scope (00 is global), flags, name. */
static bool inet6_line(struct slice line, struct slice name, unsigned char bytes[16], bool *out_global)
{
  struct slice word, last = SLICE_NONE, scope = SLICE_NONE, digits = SLICE_NONE;
  for (int i = 0; line.n; i++) {
    line = sl_text_trim(line);
    if (!sl_text_next(&line, ' ', &word))
      break;
    if (i == 0)
      digits = word;
    if (i == 3)
      scope = word;
    last = word;
  }
  if (digits.n != 32 || !slice_eq(last, name))
    return false;
  for (int i = 0; i < 16; i++) {
    int hi = sl_hex_value(digits.p[2 * i]), lo = sl_hex_value(digits.p[2 * i + 1]);
    if (hi < 0 || lo < 0)
      return false;
    bytes[i] = (unsigned char)(hi << 4 | lo);
  }
  *out_global = slice_eq(scope, SLICE_LIT("00"));
  return true;
}

bool sl_netif_ipv6(struct slice name, unsigned char out_bytes[16])
{
  struct buf text;
  struct slice rest, line;
  unsigned char bytes[16];
  bool found = false, global = false;
  sl_buf_init(&text, 1 << 20);
  if (!sl_file_read("/proc/net/if_inet6", &text)) {
    rest = sl_buf_peek(&text);
    while (!global && sl_text_next(&rest, '\n', &line))
      if (inet6_line(line, name, bytes, &global) && (global || !found)) {
        memcpy(out_bytes, bytes, 16);
        found = true;
      }
  }
  sl_buf_done(&text);
  return found;
}
