/* The FTP conversation up to the prompt: greeting, TLS, user, where we are; see ftp.h. RFC 959 4.1.1, RFC 4217. */
#include "base/mem.h"
#include "base/text.h"
#include "proto/ftp.h"
#include "wire/ftp_reply.h"

static bool tls_required(const struct ftp *f)
{
  return f->use_ssl > CURLUSESSL_TRY;
}

/* RFC 4217 4: TLS first, or the older SSL; the server may refuse both. */
static sl_result auth_tls(struct ftp *f)
{
  CO_BEGIN(&f->auth_co);
  for (f->auth_try = 0; f->auth_try < 2; f->auth_try++) {
    FTP_SAY(f, "AUTH", (f->config->ftpsslauth == CURLFTPAUTH_TLS) == !f->auth_try ? "TLS" : "SSL");
    FTP_REPLY(f);
    if (f->code == 234 || f->code == 334) {
      f->session->broken = true;
      TALK_ASK(&f->talk, TALK_TLS);
      TALK_TRY(f->talk.answer);
      f->session->tls = true;
      f->session->broken = false;
      break;
    }
  }
  if (!f->session->tls && tls_required(f)) {
    f->session->broken = true;
    CO_FAIL(sl_talk_fail(&f->talk, CURLE_USE_SSL_FAILED, "Requested TLS level failed"));
  }
  CO_END;
}

static sl_result denied(struct ftp *f)
{
  f->session->broken = true;
  return sl_talk_fail(&f->talk, CURLE_LOGIN_DENIED, "Access denied: %03d", f->code);
}

static sl_result account(struct ftp *f)
{
  CO_BEGIN(&f->pwd_co);
  if (!f->config->ftp_account) {
    f->session->broken = true;
    CO_FAIL(sl_talk_fail(&f->talk, CURLE_LOGIN_DENIED, "ACCT requested but none available"));
  }
  FTP_SAY(f, "ACCT", f->config->ftp_account);
  FTP_REPLY(f);
  if (f->code != 230) {
    f->session->broken = true;
    CO_FAIL(sl_talk_fail(&f->talk, CURLE_FTP_WEIRD_PASS_REPLY, "ACCT rejected by server: %03d", f->code));
  }
  CO_END;
}

static sl_result user(struct ftp *f)
{
  CO_BEGIN(&f->user_co);
  FTP_SAY(f, "USER", f->user ? f->user : "anonymous");
  FTP_REPLY(f);
  if (f->code / 100 != 2 && f->code != 331 && f->code != 332 && f->config->ftp_alternative_to_user) {
    FTP_SAY(f, f->config->ftp_alternative_to_user, NULL);
    FTP_REPLY(f);
  }
  if (f->code == 331) {
    FTP_SAY(f, "PASS", f->password ? f->password : f->user ? "" : "ftp@example.com");
    FTP_REPLY(f);
  }
  if (f->code == 332)
    CO_CALL(account(f));
  else if (f->code / 100 != 2)
    CO_FAIL(denied(f));
  CO_END;
}

/* RFC 2228 3, RFC 4217 8 and 9: what protects the data connections. */
static sl_result protect(struct ftp *f)
{
  CO_BEGIN(&f->auth_co);
  FTP_SAY(f, "PBSZ", "0");
  FTP_REPLY(f);
  FTP_SAY(f, "PROT", f->use_ssl == CURLUSESSL_CONTROL ? "C" : "P");
  FTP_REPLY(f);
  if (f->code / 100 == 2) {
    f->session->protect_data = f->use_ssl != CURLUSESSL_CONTROL;
  } else if (f->use_ssl == CURLUSESSL_ALL || (f->implicit_tls && f->use_ssl == CURLUSESSL_NONE)) {
    f->session->broken = true;
    CO_FAIL(sl_talk_fail(&f->talk, CURLE_USE_SSL_FAILED, "The server does not protect data connections: %03d", f->code));
  }
  if (f->config->ftp_ssl_ccc) {
    FTP_SAY(f, "CCC", NULL);
    FTP_REPLY(f);
    if (f->code < 500) {
      TALK_ASK(&f->talk, FTP_CLEAR);
      TALK_TRY(f->talk.answer);
      f->session->tls_cleared = true;
    }
  }
  CO_END;
}

static sl_result take_entry(struct ftp *f)
{
  struct buf path;
  if (f->code != 257)
    return SL_OK;
  sl_buf_init(&path, SL_REPLY_LINE);
  enum sl_parse found = sl_ftp_reply_path(f->text, &path);
  sl_result rc = sl_buf_result(&path, CURLE_WEIRD_SERVER_REPLY);
  if (!rc && found == SL_PARSE_BAD) {
    f->session->broken = true;
    rc = sl_talk_fail(&f->talk, CURLE_WEIRD_SERVER_REPLY, "Bad path in the reply to PWD");
  }
  if (!rc && found == SL_PARSE_DONE) {
    sl_free(f->session->entry);
    f->session->entry = sl_buf_take(&path);
    rc = f->session->entry ? SL_OK : SL_NOMEM;
  }
  sl_buf_done(&path);
  return rc;
}

/* Where we are. A path that does not begin with a slash is a library of OS/400, which can be told to name files as
 * everybody else does. */
static sl_result entry(struct ftp *f)
{
  CO_BEGIN(&f->pwd_co);
  FTP_SAY(f, "PWD", NULL);
  FTP_REPLY(f);
  TALK_TRY(take_entry(f));
  if (f->session->entry && *f->session->entry != '/') {
    FTP_SAY(f, "SYST", NULL);
    FTP_REPLY(f);
    if (f->code == 215 && sl_text_istarts(sl_text_trim(slice_from(f->text, 4)), SLICE_LIT("OS/400"))) {
      FTP_SAY(f, "SITE", "NAMEFMT 1");
      FTP_REPLY(f);
      if (f->code == 250) {
        FTP_SAY(f, "PWD", NULL);
        FTP_REPLY(f);
        TALK_TRY(take_entry(f));
      }
    }
  }
  CO_END;
}

sl_result sl_ftp_login(struct ftp *f)
{
  CO_BEGIN(&f->login_co);
  f->session->broken = true;
  FTP_REPLY(f);
  if (f->code != 220 && f->code != 230) {
    f->session->broken = true;
    CO_FAIL(sl_talk_fail(&f->talk, CURLE_WEIRD_SERVER_REPLY, "Got a %03d ftp-server response when 220 was expected", f->code));
  }
  f->session->greeted = f->code == 230; /* no need to say who we are */
  f->session->tls = f->implicit_tls;
  if (f->use_ssl && !f->session->tls)
    CO_CALL(auth_tls(f));
  if (!f->session->greeted)
    CO_CALL(user(f));
  if (f->session->tls)
    CO_CALL(protect(f));
  CO_CALL(entry(f));
  f->session->logged_in = true;
  CO_END;
}
