/* Who we are; see ssh.h. */
#include "ssh/session.h"

static sl_result denied(struct ssh *s, int rc)
{
  return sl_ssh_result(s, rc, CURLE_LOGIN_DENIED);
}

sl_result sl_ssh_auth_list(struct ssh *s, const char *user, const char **out_methods)
{
  *out_methods = libssh2_userauth_list(s->session, user, (unsigned)strlen(user));
  if (*out_methods || libssh2_userauth_authenticated(s->session))
    return SL_OK;
  int rc = libssh2_session_last_errno(s->session);
  return denied(s, rc ? rc : LIBSSH2_ERROR_PROTO);
}

sl_result sl_ssh_auth_key(struct ssh *s, const char *user, const char *public_file, const char *private_file,
                          const char *passphrase)
{
  if (public_file && !*public_file)
    public_file = NULL;
  return denied(s, libssh2_userauth_publickey_fromfile_ex(s->session, user, (unsigned)strlen(user), public_file,
                                                          private_file, passphrase));
}

sl_result sl_ssh_auth_password(struct ssh *s, const char *user, const char *password)
{
  return denied(s, libssh2_userauth_password_ex(s->session, user, (unsigned)strlen(user), password,
                                                (unsigned)strlen(password), NULL));
}

/* One question is for the password; more are about what we do not know. libssh2 frees the answer. */
static void answer(const char *name, int name_n, const char *instruction, int instruction_n, int prompts,
                   const LIBSSH2_USERAUTH_KBDINT_PROMPT *prompt, LIBSSH2_USERAUTH_KBDINT_RESPONSE *responses,
                   void **abstract)
{
  struct ssh *s = *abstract;
  (void)name;
  (void)name_n;
  (void)instruction;
  (void)instruction_n;
  (void)prompt;
  if (prompts != 1)
    return;
  struct slice password = slice_str(s->password);
  responses[0].text = sl_ssh_copy(s, password);
  responses[0].length = responses[0].text ? (unsigned)password.n : 0;
}

sl_result sl_ssh_auth_keyboard(struct ssh *s, const char *user, const char *password)
{
  s->password = password;
  int rc = libssh2_userauth_keyboard_interactive_ex(s->session, user, (unsigned)strlen(user), answer);
  s->password = NULL;
  return denied(s, rc);
}
