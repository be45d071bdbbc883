/* From a connected stream to a session that is logged in: RFC 4253, the host's key, RFC 4252, and for SFTP its
 * subsystem. */
#include <unistd.h>

#include "base/text.h"
#include "loop/scratch.h"
#include "sys/env.h"
#include "xfer/ssh.h"

/* ---- before ---- */

static sl_result load_known_hosts(struct transfer *t, struct ssh_xfer *x)
{
  bool was_read = false, decides = !x->md5 && !x->sha256 && !t->easy->set.ssh->ssh_hostkeyfunction;
  struct slice host = t->host;
  if (!x->known_hosts || !decides)
    return SL_OK;
  if (host.n > 2 && *host.p == '[')
    host = slice_of(host.p + 1, host.n - 2);
  const char *name = sl_arena_str(&t->arena, host);
  sl_result rc = name ? sl_ssh_known_load(x->ssh, x->known_hosts, name, t->port, &was_read) : SL_NOMEM;
  if (!rc && !was_read)
    SL_INFOF(t->easy, "Failed to read known hosts from %s", x->known_hosts);
  return rc;
}

static sl_result not_established(struct transfer *t, struct ssh_xfer *x)
{
  sl_result rc = x->rc == SL_NOMEM ? SL_NOMEM : CURLE_FAILED_INIT;
  return sl_fail(t, rc, "Failure establishing ssh session: %s", sl_ssh_error(x->ssh));
}

/* ---- who we are ---- */

/* In this order. An agent is not asked: the library's way to it is a socket that no gate has seen. */
static const struct {
  uint32_t bit;
  const char *method, *name;
} ways[] = {
    {CURLSSH_AUTH_PUBLICKEY, "publickey", "SSH public key"},
    {CURLSSH_AUTH_PASSWORD, "password", "password"},
    {CURLSSH_AUTH_KEYBOARD, "keyboard-interactive", "keyboard-interactive"},
};
enum { WAYS = sizeof ways / sizeof *ways };

/* CURLOPT_SSH_PRIVATE_KEYFILE(3): without it one of these, of those in the home folder or, without a home, here. */
static sl_result default_key(struct transfer *t, struct ssh_xfer *x)
{
  static const char *const names[] = {"id_rsa", "id_dsa"};
  const char *home = sl_env_guarded("HOME");
  struct buf path;
  sl_buf_init(&path, SL_SFTP_PATH_MAX);
  x->private_file = "";
  for (int i = 0; i < 2 && !*x->private_file; i++) {
    sl_buf_clear(&path);
    sl_buf_printf(&path, home && *home ? "%s/.ssh/%s" : "%s%s", home ? home : "", names[i]);
    if (sl_buf_ok(&path) && !access(path.p, R_OK))
      x->private_file = sl_arena_str(&t->arena, sl_buf_peek(&path));
    if (path.nomem || !x->private_file)
      break;
  }
  bool ok = !path.nomem && x->private_file;
  sl_buf_done(&path);
  return ok ? SL_OK : SL_NOMEM;
}

static sl_result choose_keys(struct transfer *t, struct ssh_xfer *x)
{
  sl_result rc = x->private_file ? SL_OK : default_key(t, x);
  if (rc)
    return rc;
  if (x->public_file && *x->public_file)
    SL_INFOF(t->easy, "Using SSH public key file '%s'", x->public_file);
  SL_INFOF(t->easy, "Using SSH private key file '%s'", x->private_file);
  return SL_OK;
}

static bool may_try(struct transfer *t, const struct ssh_xfer *x, unsigned way)
{
  return t->easy->set.ssh->ssh_auth_types & ways[way].bit && sl_text_list_has(slice_str(x->methods), ways[way].method);
}

static sl_result attempt(struct ssh_xfer *x)
{
  switch (ways[x->way].bit) {
  case CURLSSH_AUTH_PUBLICKEY:
    return sl_ssh_auth_key(x->ssh, x->user, x->public_file, x->private_file, x->passphrase);
  case CURLSSH_AUTH_PASSWORD:
    return sl_ssh_auth_password(x->ssh, x->user, x->password);
  default:
    return sl_ssh_auth_keyboard(x->ssh, x->user, x->password);
  }
}

static sl_result take_methods(struct transfer *t, struct ssh_xfer *x)
{
  bool ok = true;
  if (!x->methods)
    return SL_OK;
  SL_INFOF(t->easy, "SSH authentication methods available: %s", x->methods);
  x->methods = sl_transfer_keep(t, x->methods, &ok); /* it is the session's, until the next question */
  return ok ? choose_keys(t, x) : SL_NOMEM;
}

static sl_result no_way(struct transfer *t)
{
  uint32_t types = t->easy->set.ssh->ssh_auth_types;
  bool only_agent = types && !(types & ~(uint32_t)(CURLSSH_AUTH_AGENT | CURLSSH_AUTH_GSSAPI | CURLSSH_AUTH_HOST));
  if (only_agent)
    return sl_fail(t, CURLE_NOT_BUILT_IN, "SSH agents, GSSAPI and host-based authentication are not built in");
  return sl_fail(t, CURLE_LOGIN_DENIED, "Authentication failure");
}

static sl_result authenticate(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->auth);
  SSH_AWAIT(sl_ssh_auth_list(x->ssh, x->user, &x->methods));
  if (x->rc)
    CO_FAIL(sl_fail(t, x->rc, "Authentication failure: %s", sl_ssh_error(x->ssh)));
  if ((x->rc = take_methods(t, x)))
    CO_FAIL(x->rc);
  if (x->methods)
    x->rc = CURLE_LOGIN_DENIED;
  for (x->way = 0; x->rc && x->way < WAYS; x->way++) {
    if (!may_try(t, x, x->way))
      continue;
    SSH_AWAIT(attempt(x));
    if (sl_ssh_is_lost(x->rc))
      CO_FAIL(sl_fail(t, x->rc, "Authentication failure: %s", sl_ssh_error(x->ssh)));
    if (x->rc)
      SL_INFOF(t->easy, "%s authentication failed: %s", ways[x->way].name, sl_ssh_error(x->ssh));
    else
      SL_INFOF(t->easy, "Initialized %s authentication", ways[x->way].name);
  }
  if (x->rc)
    CO_FAIL(no_way(t));
  SL_INFOF(t->easy, "Authentication complete");
  CO_END;
}

/* ---- SFTP ---- */

static sl_result ask_home(struct transfer *t, struct ssh_xfer *x)
{
  size_t n = 0;
  char *path = sl_multi_scratch(t->multi);
  if (!path)
    return SL_NOMEM;
  sl_result rc = sl_sftp_realpath(x->ssh, SLICE_LIT("."), path, SFTP_NAME_MAX, &n);
  if (rc)
    return rc;
  x->link->home = sl_memdup0(path, n);
  return x->link->home ? SL_OK : SL_NOMEM;
}

static sl_result no_sftp(struct transfer *t, struct ssh_xfer *x)
{
  sl_result rc = sl_ssh_is_lost(x->rc) ? x->rc : CURLE_FAILED_INIT;
  return sl_fail(t, rc, "Failure initializing sftp session: %s", sl_ssh_error(x->ssh));
}

sl_result sl_ssh_login(struct transfer *t, struct ssh_xfer *x)
{
  CO_BEGIN(&x->login);
  if ((x->rc = load_known_hosts(t, x)))
    CO_FAIL(x->rc);
  SSH_AWAIT(sl_ssh_handshake(x->ssh, t->conn->tcp->sock.fd));
  if (x->rc)
    CO_FAIL(not_established(t, x));
  x->rc = sl_ssh_verify(t, x);
  sl_ssh_known_forget(x->ssh);
  if (x->rc)
    CO_FAIL(x->rc);
  CO_CALL(authenticate(t, x));
  t->easy->info.appconnect_us = sl_transfer_elapsed(t);
  if (t->proto->bit == CURLPROTO_SFTP) {
    SSH_AWAIT(sl_sftp_start(x->ssh));
    if (x->rc)
      CO_FAIL(no_sftp(t, x));
    SSH_AWAIT(ask_home(t, x));
    if (x->rc)
      CO_FAIL(no_sftp(t, x));
  }
  x->link->up = true;
  CO_END;
}
