/* .netrc for a transfer; see netrc_file.h. The entry is looked up for the host of each request anew: what one host has
 * never serves another, redirects included (lesson 5). */
#include "xfer/netrc_file.h"

#include "sys/env.h"
#include "sys/file.h"
#include "wire/netrc.h"
#include "xfer/transfer.h"

enum { MAX_NETRC = 128 * 1024 };

static sl_result read_file(struct transfer *t, struct buf *out)
{
  const char *name = t->easy->set.io.netrc_file, *home;
  if (!name)
    name = sl_env_get("NETRC");
  struct buf path;
  if (name)
    return sl_file_read(name, out);
  home = sl_env_get("HOME");
  if (!home)
    return CURLE_FILE_COULDNT_READ_FILE;
  sl_buf_init(&path, 4096);
  sl_buf_printf(&path, "%s/.netrc", home);
  sl_result rc = sl_buf_ok(&path) ? sl_file_read(path.p, out) : sl_buf_result(&path, CURLE_FILE_COULDNT_READ_FILE);
  sl_buf_done(&path);
  return rc;
}

static bool printable(const char *s)
{
  for (; *s; s++)
    if ((unsigned char)*s < 32 || *s == 127)
      return false;
  return true;
}

static sl_result take(struct transfer *t, const struct netrc_entry *e)
{
  uint32_t encoded = CURLPROTO_HTTP | CURLPROTO_HTTPS | CURLPROTO_WS | CURLPROTO_WSS; /* not in lines */
  bool lines = !(t->proto->bit & encoded);
  if (lines && ((e->login && !printable(e->login)) || (e->password && !printable(e->password))))
    return sl_fail(t, CURLE_READ_ERROR, "control code detected in .netrc credentials");
  bool ok = true;
  if (e->login && !t->user)
    ok = (t->user = sl_arena_str(&t->arena, slice_str(e->login))) != NULL;
  if (e->password && ok)
    ok = (t->password = sl_arena_str(&t->arena, slice_str(e->password))) != NULL;
  return ok ? SL_OK : SL_NOMEM;
}

sl_result sl_netrc_credentials(struct transfer *t, bool from_options)
{
  struct buf text;
  struct netrc_entry entry = {0};
  bool required = t->easy->set.io.netrc == CURL_NETRC_REQUIRED; /* which only outdoes what is in the URL */
  if (t->user && t->password && (from_options || !required))
    return SL_OK;
  sl_buf_init(&text, MAX_NETRC);
  sl_result rc = read_file(t, &text);
  if (rc) {
    sl_buf_done(&text);
    if (rc == SL_NOMEM)
      return rc;
    SL_INFOF(t->easy, "Couldn't read the .netrc file; using defaults");
    return SL_OK;
  }
  struct slice login = t->user ? slice_str(t->user) : SLICE_NONE;
  switch (sl_netrc_find(sl_buf_peek(&text), t->host, login, &entry)) {
  case SL_NETRC_FOUND:
    rc = take(t, &entry);
    break;
  case SL_NETRC_SYNTAX:
    rc = sl_fail(t, CURLE_READ_ERROR, ".netrc parser error");
    break;
  case SL_NETRC_NOMEM:
    rc = SL_NOMEM;
    break;
  default:
    SL_INFOF(t->easy, "Couldn't find host %.*s in the .netrc file; using defaults", (int)t->host.n, t->host.p);
  }
  sl_netrc_entry_done(&entry);
  sl_buf_done(&text);
  return rc;
}
