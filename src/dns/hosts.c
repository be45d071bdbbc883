/* See hosts.h. */
#include "dns/hosts.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/text.h"
#include "sys/file.h"

enum {
  FILE_MAX = 64 << 20, /* bytes; a larger file is not read */
  FOUND_MAX = 64       /* addresses of one name */
};

void sl_dns_hosts_init(struct dns_hosts *h, const char *path)
{
  *h = (struct dns_hosts){.path = path};
  sl_buf_init(&h->text, FILE_MAX);
}

static void forget(struct dns_hosts *h)
{
  sl_buf_done(&h->text);
  sl_free(h->slots);
  h->slots = NULL;
  h->cap = 0;
}

void sl_dns_hosts_done(struct dns_hosts *h)
{
  forget(h);
  h->stamp = (struct dns_stamp){0};
}

static bool ends_word(char c)
{
  return sl_is_space(c) || c == '#' || !c;
}

/* The word that begins at `at`. */
static struct slice word_at(struct slice text, size_t at)
{
  size_t end = at;
  while (end < text.n && !ends_word(text.p[end]))
    end++;
  return slice_of(text.p + at, end - at);
}

/* The next name after *at (not the first word of a line, that is the address); moves *at behind it.
 */
static bool next_name(struct slice text, size_t *at, bool *address_seen, struct slice *out_name)
{
  while (*at < text.n) {
    char c = text.p[*at];
    if (c == '\n') {
      *address_seen = false;
      ++*at;
    } else if (c == '#') {
      *at += slice_find(slice_from(text, *at), '\n');
    } else if (ends_word(c)) {
      ++*at;
    } else {
      struct slice word = word_at(text, *at);
      *at += word.n;
      if (*address_seen) {
        *out_name = word;
        return true;
      }
      *address_seen = true;
    }
  }
  return false;
}

static void place(struct dns_hosts *h, struct slice name)
{
  uint32_t i = (uint32_t)sl_hash(name.p, name.n, 0) & (h->cap - 1);
  while (h->slots[i])
    i = (i + 1) & (h->cap - 1);
  h->slots[i] = (uint32_t)(name.p - h->text.p) + 1;
}

static sl_result build_table(struct dns_hosts *h)
{
  struct slice text = sl_buf_peek(&h->text), name;
  size_t at = 0, names = 0;
  bool address_seen = false;
  while (next_name(text, &at, &address_seen, &name))
    names++;
  if (!names)
    return SL_OK;
  h->cap = 8;
  while (h->cap / 2 < names)
    h->cap *= 2;
  h->slots = sl_calloc(h->cap, sizeof *h->slots);
  if (!h->slots)
    return SL_NOMEM;
  at = 0;
  address_seen = false;
  while (next_name(text, &at, &address_seen, &name))
    place(h, name);
  return SL_OK;
}

static sl_result load(struct dns_hosts *h)
{
  forget(h);
  sl_result rc = sl_file_read(h->path, &h->text);
  if (rc == SL_OK) {
    sl_text_lower(h->text.p, h->text.n);
    rc = build_table(h);
  }
  if (rc)
    forget(h);
  if (rc == SL_NOMEM) {
    h->stamp = (struct dns_stamp){0}; /* to be read again at the next look-up */
    return rc;
  }
  return SL_OK;
}

/* The address at the beginning of the line that `at` is in. */
static bool line_address(struct slice text, size_t at, struct gate_addr *out)
{
  while (at && text.p[at - 1] != '\n')
    at--;
  while (at < text.n && sl_is_space(text.p[at]))
    at++;
  return sl_addr_literal(out, word_at(text, at), 0);
}

struct found {
  unsigned n6, n4;
  struct dns_address six[FOUND_MAX], four[FOUND_MAX];
};

static void note(struct dns_address *list, unsigned *n, const void *ip, size_t ip_n, uint32_t scope)
{
  struct dns_address a = {.scope = scope};
  memcpy(a.ip, ip, ip_n);
  for (unsigned i = 0; i < *n; i++)
    if (!memcmp(&list[i], &a, sizeof a))
      return;
  if (*n < FOUND_MAX)
    list[(*n)++] = a;
}

static void collect(const struct dns_hosts *h, struct slice name, struct found *f)
{
  struct slice text = {h->text.p, h->text.n};
  struct gate_addr addr;
  if (!h->cap)
    return;
  for (uint32_t i = (uint32_t)sl_hash(name.p, name.n, 0) & (h->cap - 1); h->slots[i];
       i = (i + 1) & (h->cap - 1)) {
    size_t at = h->slots[i] - 1;
    if (!slice_eq(word_at(text, at), name) || !line_address(text, at, &addr))
      continue;
    if (addr.family == AF_INET6)
      note(f->six, &f->n6, &addr.u.in6.sin6_addr, 16, addr.u.in6.sin6_scope_id);
    else
      note(f->four, &f->n4, &addr.u.in.sin_addr, 4, 0);
  }
}

sl_result sl_dns_hosts_find(struct dns_hosts *h, int64_t now_us, struct slice name,
                            struct dns_answer **out_answer)
{
  struct found f;
  if (sl_dns_stamp_changed(&h->stamp, h->path, now_us)) {
    sl_result rc = load(h);
    if (rc)
      return rc;
  }
  if (name.n && name.p[name.n - 1] == '.')
    name.n--;
  f.n6 = f.n4 = 0;
  collect(h, name, &f);
  struct dns_answer *a = NULL;
  if (f.n6 + f.n4) {
    a = sl_dns_answer_new(f.n6, f.n4);
    if (!a)
      return SL_NOMEM;
    memcpy(a->at, f.six, f.n6 * sizeof f.six[0]);
    memcpy(a->at + f.n6, f.four, f.n4 * sizeof f.four[0]);
  }
  *out_answer = a;
  return SL_OK;
}
