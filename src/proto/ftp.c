/* From the greeting to the last reply: the outline of an FTP transfer, and how to get to the file's directory; see
 * ftp.h. */
#include "proto/ftp.h"

#include "base/mem.h"
#include "base/text.h"
#include "wire/date.h"
#include "wire/ftp_reply.h"

void sl_ftp_session_done(struct ftp_session *s)
{
  sl_free(s->entry);
  sl_free(s->dir);
  s->entry = s->dir = NULL;
}

/* ---- words ---- */

sl_result sl_ftp_say(struct ftp *f, const char *verb, const char *argument)
{
  f->session->broken = true; /* until its reply has come */
  return sl_talk_say(&f->talk, verb, argument);
}

bool sl_ftp_take_reply(struct ftp *f)
{
  if (!sl_talk_take_reply(&f->talk))
    return false;
  f->session->broken = false;
  return true;
}

sl_result sl_ftp_timed_out(struct ftp *f)
{
  f->session->broken = true;
  return sl_talk_fail(&f->talk, CURLE_OPERATION_TIMEDOUT, "We got a 421 - timeout");
}

/* ---- the path ---- */

/* CURLOPT_FTP_FILEMETHOD(3): a directory a step, all in one, or none at all. */
sl_result sl_ftp_begin(struct ftp *f)
{
  char *slash = strrchr(f->path, '/');
  char *file = slash ? slash + 1 : f->path;
  f->dir = "";
  f->file = file;
  f->pattern = file;
  f->wildcard = f->wildcard && !f->upload && !f->nobody && strpbrk(file, "*?[");
  f->is_list = !f->upload && (!*file || (f->names_only && !f->nobody));
  if (f->config->ftp_filemethod == CURLFTPMETHOD_NOCWD && !f->wildcard) {
    f->file = *file ? f->path : file;
    if (f->is_list && slash) {
      slash[slash == f->path] = 0;
      f->list_path = f->path;
    }
  } else if (slash) {
    if (slash == f->path) {
      f->dir = "/";
    } else {
      *slash = 0;
      f->dir = f->path;
    }
  }
  f->single = f->config->ftp_filemethod == CURLFTPMETHOD_SINGLECWD;
  f->active = f->config->ftpport != NULL;
  f->size = f->total = f->limit = -1;
  if (f->upload && !*f->file)
    return sl_talk_fail(&f->talk, CURLE_URL_MALFORMAT, "Uploading to a URL without a file name");
  return SL_OK;
}

/* The next step on the way to f->dir, in f->part with *part_end cut. */
static bool next_part(struct ftp *f)
{
  if (f->part_end)
    *f->part_end = '/';
  char *p = f->part;
  if (!p) {
    p = (char *)(uintptr_t)f->dir; /* of f->path, or "/" or "", which are not cut */
  } else if (f->part_end) {
    p = f->part_end + 1;
  } else {
    return false;
  }
  f->part_end = NULL;
  bool first = !f->part;
  if (!first)
    while (*p == '/')
      p++;
  if (!*p)
    return false;
  f->part = p;
  if (f->single || !p[1])
    return true;
  if (first && *p == '/') {
    f->part_end = p; /* the root is a step of its own, said as "/" */
    return true;
  }
  f->part_end = strchr(p, '/');
  if (f->part_end)
    *f->part_end = 0;
  return true;
}

static const char *part_name(const struct ftp *f)
{
  return f->part_end == f->part ? "/" : f->part;
}

static sl_result no_directory(struct ftp *f, const char *what)
{
  return sl_talk_fail(&f->talk, CURLE_REMOTE_ACCESS_DENIED, "%s", what);
}

static sl_result change_part(struct ftp *f)
{
  CO_BEGIN(&f->cwd_co);
  f->made_dir = false;
  FTP_SAY(f, "CWD", part_name(f));
  FTP_REPLY(f);
  if (f->code / 100 != 2) {
    if (f->config->ftp_create_missing_dirs == CURLFTP_CREATE_DIR_NONE)
      CO_FAIL(no_directory(f, "Server denied you to change to the given directory"));
    FTP_SAY(f, "MKD", part_name(f));
    FTP_REPLY(f);
    if (f->code / 100 != 2 && f->config->ftp_create_missing_dirs != CURLFTP_CREATE_DIR_RETRY)
      CO_FAIL(no_directory(f, "Failed to MKD dir"));
    FTP_SAY(f, "CWD", part_name(f)); /* somebody else may have made it */
    FTP_REPLY(f);
    if (f->code / 100 != 2)
      CO_FAIL(no_directory(f, "Server denied you to change to the given directory"));
  }
  CO_END;
}

static bool is_there(const struct ftp *f)
{
  const struct ftp_session *s = f->session;
  return s->dir ? !strcmp(s->dir, f->dir) : !f->reused && !*f->dir;
}

static sl_result change_dir(struct ftp *f)
{
  CO_BEGIN(&f->dir_co);
  if (!is_there(f)) {
    sl_free(f->session->dir);
    f->session->dir = NULL;
    if (f->reused && f->session->entry && *f->dir != '/') {
      FTP_SAY(f, "CWD", f->session->entry);
      FTP_REPLY(f);
      if (f->code / 100 != 2)
        CO_FAIL(no_directory(f, "Server denied you to change to the given directory"));
    }
    f->part = f->part_end = NULL;
    while (next_part(f))
      CO_CALL(change_part(f));
  }
  if (!f->session->dir && !(f->session->dir = sl_strdup(f->dir)))
    CO_FAIL(SL_NOMEM);
  CO_END;
}

/* ---- commands of the application ---- */

/* CURLOPT_QUOTE(3): a "*" in front says that it may fail. Else the connection is as good as lost, unless all was done. */
sl_result sl_ftp_quote(struct ftp *f, const struct curl_slist *commands)
{
  CO_BEGIN(&f->quote_co);
  for (f->quote = commands; f->quote; f->quote = f->quote->next) {
    FTP_SAY(f, f->quote->data + (*f->quote->data == '*'), NULL);
    FTP_REPLY(f);
    if (f->code >= 400 && *f->quote->data != '*') {
      f->session->broken = commands != f->config->postquote;
      CO_FAIL(sl_talk_fail(&f->talk, CURLE_QUOTE_ERROR, "QUOT command failed with %03d", f->code));
    }
  }
  CO_END;
}

/* ---- facts about the file ---- */

static void tell_time(struct ftp *f)
{
  char text[SL_DATE_HTTP_MAX];
  if (f->nobody && sl_date_format_http(text, f->file_time))
    sl_buf_printf(f->head, "Last-Modified: %s\r\n", text);
}

static sl_result file_time(struct ftp *f)
{
  CO_BEGIN(&f->head_co);
  FTP_SAY(f, "MDTM", f->file);
  FTP_REPLY(f);
  if (f->code == 213 && sl_ftp_reply_time(f->text, &f->file_time)) {
    tell_time(f);
    TALK_ASK(&f->talk, FTP_TIME);
    TALK_TRY(f->talk.answer);
  }
  CO_END;
}

/* ---- all of it ---- */

sl_result sl_ftp_run(struct ftp *f)
{
  CO_BEGIN(&f->run_co);
  if (!f->session->logged_in)
    CO_CALL(sl_ftp_login(f));
  CO_CALL(sl_ftp_quote(f, f->config->quote));
  CO_CALL(change_dir(f));
  if (f->want_time && !f->is_list && !f->wildcard)
    CO_CALL(file_time(f));
  if (f->wildcard)
    CO_CALL(sl_ftp_wildcard(f));
  else if (!f->skip)
    CO_CALL(sl_ftp_transfer(f));
  if (!f->skip && !f->stopped)
    CO_CALL(sl_ftp_quote(f, f->config->postquote));
  CO_END;
}
