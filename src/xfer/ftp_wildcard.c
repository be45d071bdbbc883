/* CURLOPT_WILDCARDMATCH: the listing of a directory becomes a list of files, each announced and fetched in turn. */
#include <fnmatch.h>

#include "base/text.h"
#include "wire/ftp_list.h"
#include "xfer/ftp.h"

struct found {
  struct curl_fileinfo info;
  struct found *next;
};

static char *keep(struct transfer *t, struct slice s, bool *ok)
{
  if (!s.n)
    return NULL;
  char *copy = sl_arena_str(&t->arena, s);
  *ok = *ok && copy;
  return copy;
}

/* SL_OK with *out_match. */
static sl_result match(struct transfer *t, const char *pattern, const char *name, bool *out_match)
{
  const struct ftp_config *c = t->easy->set.ftp;
  if (!c->fnmatch_function) {
    *out_match = !fnmatch(pattern, name, 0);
    return SL_OK;
  }
  t->multi->callback_depth++;
  int rc = c->fnmatch_function(c->fnmatch_data, pattern, name);
  t->multi->callback_depth--;
  *out_match = rc == CURL_FNMATCHFUNC_MATCH;
  return rc == CURL_FNMATCHFUNC_FAIL ? sl_fail(t, CURLE_FTP_BAD_FILE_LIST, "The matching callback failed") : SL_OK;
}

/* A name with a slash in it would lead out of the directory that was asked for. */
static bool is_plain(struct slice name)
{
  for (size_t i = 0; i < name.n; i++)
    if (name.p[i] == '/' || sl_is_ctrl(name.p[i]))
      return false;
  return true;
}

static sl_result add(struct transfer *t, struct ftp_xfer *x, const struct ftp_entry *e, struct found ***tail)
{
  bool ok = true, matches;
  char *name = keep(t, e->name, &ok);
  if (!ok)
    return SL_NOMEM;
  sl_result rc = match(t, x->f.pattern, name, &matches);
  if (rc || !matches)
    return rc;
  struct found *found = sl_arena_alloc(&t->arena, sizeof *found);
  if (!found)
    return SL_NOMEM;
  memset(found, 0, sizeof *found);
  found->info.filename = name;
  found->info.filetype = e->type;
  found->info.perm = e->mode;
  found->info.size = e->size;
  found->info.hardlinks = (long)e->links;
  found->info.flags = e->flags;
  found->info.strings.time = keep(t, e->time, &ok);
  found->info.strings.perm = keep(t, e->perm, &ok);
  found->info.strings.user = keep(t, e->user, &ok);
  found->info.strings.group = keep(t, e->group, &ok);
  found->info.strings.target = keep(t, e->target, &ok);
  **tail = found;
  *tail = &found->next;
  x->n_found++;
  return ok ? SL_OK : SL_NOMEM;
}

static sl_result parse_list(struct transfer *t, struct ftp_xfer *x)
{
  struct slice rest = sl_buf_peek(&x->list);
  struct found **tail = &x->found;
  sl_result rc = SL_OK;
  while (rest.n && !rc) {
    struct slice line = slice_head(rest, slice_find(rest, '\n'));
    struct ftp_entry e;
    rest = slice_from(rest, line.n + 1);
    if (line.n && line.p[line.n - 1] == '\r')
      line.n--;
    enum sl_parse p = sl_ftp_list_line(line, &e);
    if (p == SL_PARSE_BAD || (p == SL_PARSE_DONE && !is_plain(e.name)))
      rc = sl_fail(t, CURLE_FTP_BAD_FILE_LIST, "Unable to parse FTP file list");
    else if (p == SL_PARSE_DONE)
      rc = add(t, x, &e, &tail);
  }
  sl_buf_done(&x->list);
  if (!rc && !x->found)
    return sl_fail(t, CURLE_REMOTE_FILE_NOT_FOUND, "No file matches %s", x->f.pattern);
  return rc;
}

static long announce(struct transfer *t, struct ftp_xfer *x, struct found *found)
{
  const struct ftp_config *c = t->easy->set.ftp;
  x->n_found--;
  if (!c->chunk_bgn_function)
    return CURL_CHUNK_BGN_FUNC_OK;
  t->multi->callback_depth++;
  long rc = c->chunk_bgn_function(&found->info, c->chunk_data, x->n_found);
  t->multi->callback_depth--;
  return rc;
}

sl_result sl_ftp_wildcard_end(struct transfer *t)
{
  const struct ftp_config *c = t->easy->set.ftp;
  if (!c->chunk_end_function)
    return SL_OK;
  t->multi->callback_depth++;
  long rc = c->chunk_end_function(c->chunk_data);
  t->multi->callback_depth--;
  return rc == CURL_CHUNK_END_FUNC_OK ? SL_OK : sl_fail(t, CURLE_CHUNK_FAILED, "The chunk callback failed");
}

/* The next file to fetch becomes f.file, NULL after the last. What is no file is announced, nothing more. */
sl_result sl_ftp_wildcard_next(struct transfer *t, struct ftp_xfer *x)
{
  x->f.file = NULL;
  if (!x->is_listed) {
    sl_result rc = parse_list(t, x);
    if (rc)
      return rc;
    x->is_listed = true;
  }
  while (x->found && !x->f.file) {
    struct found *found = x->found;
    x->found = found->next;
    long answer = announce(t, x, found);
    bool skip = answer == CURL_CHUNK_BGN_FUNC_SKIP;
    if (!skip && answer != CURL_CHUNK_BGN_FUNC_OK)
      return sl_fail(t, CURLE_CHUNK_FAILED, "The chunk callback failed");
    if (!skip && found->info.filetype == CURLFILETYPE_FILE) {
      x->f.file = found->info.filename;
    } else if (!skip) {
      sl_result rc = sl_ftp_wildcard_end(t);
      if (rc)
        return rc;
    }
  }
  return SL_OK;
}
