/* Addresses as text and as members of ranges; see address.h. RFC 4291, RFC 4632. */
#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

enum { MAPPED_AT = 12 }; /* of an IPv4 address inside an IPv6 one, RFC 4291 2.5.5.2 */

static void inet_text(const struct sockaddr *address, char *out)
{
  struct sockaddr_in in;
  char host[INET_ADDRSTRLEN] = "";
  memcpy(&in, address, sizeof in);
  inet_ntop(AF_INET, &in.sin_addr, host, sizeof host);
  snprintf(out, ADDRESS_TEXT, "%s:%u", host, ntohs(in.sin_port));
}

static void inet6_text(const struct sockaddr *address, char *out)
{
  struct sockaddr_in6 in;
  char host[INET6_ADDRSTRLEN] = "", zone[16] = "";
  memcpy(&in, address, sizeof in);
  inet_ntop(AF_INET6, &in.sin6_addr, host, sizeof host);
  if (in.sin6_scope_id)
    snprintf(zone, sizeof zone, "%%%u", in.sin6_scope_id);
  snprintf(out, ADDRESS_TEXT, "[%s%s]:%u", host, zone, ntohs(in.sin6_port));
}

static void unix_text(const struct sockaddr *address, socklen_t length, char *out)
{
  size_t start = offsetof(struct sockaddr_un, sun_path);
  size_t size = length > start ? length - start : 0;
  const char *path = (const char *)address + start;
  if (!size)
    snprintf(out, ADDRESS_TEXT, "unix");
  else if (!path[0]) /* Linux: a name outside the file system */
    snprintf(out, ADDRESS_TEXT, "unix:@%.*s", (int)size - 1, path + 1);
  else
    snprintf(out, ADDRESS_TEXT, "unix:%.*s", (int)strnlen(path, size), path);
}

const char *address_text(const struct sockaddr *address, socklen_t length, char out[ADDRESS_TEXT])
{
  if (!address || length < sizeof address->sa_family)
    snprintf(out, ADDRESS_TEXT, "-");
  else if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in))
    inet_text(address, out);
  else if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6))
    inet6_text(address, out);
  else if (address->sa_family == AF_UNIX)
    unix_text(address, length, out);
  else
    snprintf(out, ADDRESS_TEXT, "family %d", address->sa_family);
  return out;
}

static bool prefix_equal(const unsigned char *a, const unsigned char *b, unsigned bits)
{
  unsigned whole = bits / 8, rest = bits % 8;
  if (memcmp(a, b, whole))
    return false;
  return !rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool no_bits_behind(const struct cidr *cidr, unsigned size)
{
  for (unsigned bit = cidr->bits; bit < size; bit++)
    if (cidr->bytes[bit / 8] & 0x80 >> bit % 8)
      return false;
  return true;
}

bool cidr_parse(const char *text, struct cidr *out_cidr)
{
  struct cidr cidr = {.text = text};
  char host[INET6_ADDRSTRLEN];
  size_t length = strcspn(text, "/");
  if (length >= sizeof host)
    return false;
  memcpy(host, text, length);
  host[length] = 0;
  cidr.family = strchr(host, ':') ? AF_INET6 : AF_INET;
  if (inet_pton(cidr.family, host, cidr.bytes) != 1)
    return false;
  unsigned size = cidr.family == AF_INET ? 32 : 128;
  cidr.bits = size;
  if (text[length]) {
    const char *number = text + length + 1;
    size_t digits = strspn(number, "0123456789");
    if (!digits || digits > 3 || number[digits])
      return false;
    cidr.bits = (unsigned)strtoul(number, NULL, 10);
  }
  if (cidr.bits > size || !no_bits_behind(&cidr, size))
    return false;
  *out_cidr = cidr;
  return true;
}

bool cidr_contains(const struct cidr *cidr, const struct sockaddr *address, socklen_t length)
{
  if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
    struct sockaddr_in in;
    memcpy(&in, address, sizeof in);
    return cidr->family == AF_INET &&
           prefix_equal(cidr->bytes, (const unsigned char *)&in.sin_addr, cidr->bits);
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
    struct sockaddr_in6 in;
    memcpy(&in, address, sizeof in);
    if (cidr->family == AF_INET6)
      return prefix_equal(cidr->bytes, in.sin6_addr.s6_addr, cidr->bits);
    return IN6_IS_ADDR_V4MAPPED(&in.sin6_addr) &&
           prefix_equal(cidr->bytes, in.sin6_addr.s6_addr + MAPPED_AT, cidr->bits);
  }
  return false;
}
