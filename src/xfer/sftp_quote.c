/* CURLOPT_QUOTE(3) and CURLOPT_POSTQUOTE(3) for SFTP: commands of our own making, see wire/sftp_command.h. */
#include "loop/scratch.h"
#include "xfer/ssh.h"

/* Lines that look as if the server had said them. */
static sl_result say(struct transfer *t, struct slice text)
{
  while (text.n) {
    struct slice line = slice_head(text, slice_find(text, '\n') + 1);
    sl_result rc = sl_sink_header(t, line, SINK_REPLY);
    if (rc)
      return rc;
    text = slice_from(text, line.n);
  }
  return SL_OK;
}

static sl_result print_path(struct transfer *t, struct ssh_xfer *x)
{
  static const char asked[] = "PWD\n";
  if (t->easy->set.io.verbose)
    sl_easy_debug(t->easy, CURLINFO_HEADER_OUT, asked, sizeof asked - 1);
  sl_buf_clear(&x->text);
  sl_buf_printf(&x->text, "257 \"%s\" is current directory.\n", x->path.p);
  sl_result rc = sl_buf_result(&x->text, CURLE_TOO_LARGE);
  return rc ? rc : say(t, sl_buf_peek(&x->text));
}

static sl_result statvfs(struct transfer *t, struct ssh_xfer *x)
{
  sl_buf_clear(&x->text);
  sl_result rc = sl_sftp_statvfs(x->ssh, sl_buf_peek(&x->command.first), &x->text);
  return rc ? rc : say(t, sl_buf_peek(&x->text));
}

/* What is set goes in pairs: the other half is what the file has. */
static sl_result change(struct ssh_xfer *x)
{
  const struct sftp_command *c = &x->command;
  struct sftp_attr a = x->attr;
  switch (c->verb) {
  case SFTP_ATIME:
    a.atime = c->number;
    a.has = SFTP_HAS_TIMES;
    break;
  case SFTP_MTIME:
    a.mtime = c->number;
    a.has = SFTP_HAS_TIMES;
    break;
  case SFTP_CHOWN:
    a.uid = c->number;
    a.has = SFTP_HAS_OWNER;
    break;
  case SFTP_CHGRP:
    a.gid = c->number;
    a.has = SFTP_HAS_OWNER;
    break;
  default:
    a.mode = c->number;
    a.has = SFTP_HAS_MODE;
  }
  return sl_sftp_setstat(x->ssh, sl_buf_peek(&c->first), &a);
}

static sl_result perform(struct transfer *t, struct ssh_xfer *x)
{
  const struct sftp_command *c = &x->command;
  struct slice first = sl_buf_peek(&c->first), second = sl_buf_peek(&c->second);
  switch (c->verb) {
  case SFTP_PWD:
    return print_path(t, x);
  case SFTP_STATVFS:
    return statvfs(t, x);
  case SFTP_LN:
    return sl_sftp_symlink(x->ssh, first, second);
  case SFTP_RENAME:
    return sl_sftp_rename(x->ssh, first, second);
  case SFTP_MKDIR:
    return sl_sftp_mkdir(x->ssh, first, t->easy->set.ssh->new_directory_perms);
  case SFTP_RM:
    return sl_sftp_unlink(x->ssh, first);
  case SFTP_RMDIR:
    return sl_sftp_rmdir(x->ssh, first);
  default:
    return change(x);
  }
}

/* libssh2 1.10 takes the answer to SYMLINK for a refusal, whatever it says: what counts is whether the link is there. */
static sl_result look_at_link(struct transfer *t, struct ssh_xfer *x)
{
  char *target = sl_multi_scratch(t->multi);
  size_t n = 0;
  if (!target)
    return SL_NOMEM;
  sl_result rc = sl_sftp_readlink(x->ssh, sl_buf_peek(&x->command.second), target, SFTP_NAME_MAX, &n);
  if (rc)
    return rc;
  bool is_there = slice_eq(slice_of(target, n), sl_buf_peek(&x->command.first));
  return is_there ? SL_OK : sl_fail(t, CURLE_QUOTE_ERROR, "ln command failed");
}

static sl_result parse(struct transfer *t, struct ssh_xfer *x)
{
  struct sftp_command *c = &x->command;
  const char *wrong = sl_sftp_command_parse(c, slice_str(x->item->data), slice_str(x->link->home));
  if (c->first.nomem || c->second.nomem)
    return SL_NOMEM;
  return wrong ? sl_fail(t, CURLE_QUOTE_ERROR, "Syntax error in '%s': %s", x->item->data, wrong) : SL_OK;
}

static bool needs_attr(enum sftp_verb verb)
{
  return verb == SFTP_ATIME || verb == SFTP_MTIME || verb == SFTP_CHOWN || verb == SFTP_CHGRP;
}

sl_result sl_ssh_quote(struct transfer *t, struct ssh_xfer *x, const struct curl_slist *commands)
{
  CO_BEGIN(&x->quoting);
  for (x->item = commands; x->item; x->item = x->item->next) {
    if ((x->rc = parse(t, x)))
      CO_FAIL(x->rc);
    SL_INFOF(t->easy, "Sending quote command %s", x->command.name);
    if (needs_attr(x->command.verb)) {
      SSH_AWAIT(sl_sftp_stat(x->ssh, sl_buf_peek(&x->command.first), &x->attr));
    }
    if (!x->rc) {
      SSH_AWAIT(perform(t, x));
    }
    if (x->rc && !sl_ssh_is_lost(x->rc) && x->command.verb == SFTP_LN) {
      SSH_AWAIT(look_at_link(t, x));
    }
    if (x->rc && (sl_ssh_is_lost(x->rc) || x->rc == CURLE_WRITE_ERROR))
      CO_FAIL(x->rc);
    if (x->rc && !x->command.may_fail)
      CO_FAIL(sl_fail(t, CURLE_QUOTE_ERROR, "%s command failed: %s", x->command.name, sl_ssh_error(x->ssh)));
  }
  CO_END;
}
