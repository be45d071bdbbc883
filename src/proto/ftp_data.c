/* The FTP conversation about data connections and what goes over them; see ftp.h. RFC 959 4.1.2 and 4.1.3, RFC 2428,
 * RFC 3659. */
#include <stdio.h>

#include "proto/ftp.h"
#include "wire/ftp_reply.h"

/* ---- commands ---- */

static const char *list_command(const struct ftp *f)
{
  return f->custom ? f->custom : f->names_only ? "NLST" : "LIST";
}

static sl_result set_type(struct ftp *f)
{
  CO_BEGIN(&f->type_co);
  if (f->session->type != (f->ascii || f->is_list ? 'A' : 'I')) {
    f->session->type = 0;
    FTP_SAY(f, "TYPE", f->ascii || f->is_list ? "A" : "I");
    FTP_REPLY(f);
    if (f->code / 100 != 2)
      CO_FAIL(sl_talk_fail(&f->talk, CURLE_FTP_COULDNT_SET_TYPE, "Couldn't set desired mode"));
    f->session->type = f->ascii || f->is_list ? 'A' : 'I';
  }
  CO_END;
}

static sl_result say_rest(struct ftp *f, int64_t offset)
{
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)offset);
  return sl_ftp_say(f, "REST", text);
}

/* ---- passive: the server listens ---- */

static sl_result pret(struct ftp *f)
{
  if (f->is_list)
    return sl_ftp_say(f, "PRET", list_command(f));
  return sl_ftp_say(f, f->upload ? "PRET STOR" : "PRET RETR", f->file);
}

/* The address in the answer is the attacker's (lesson 14): only the port counts, unless the application asked. */
static sl_result take_pasv(struct ftp *f)
{
  uint8_t ip[4];
  if (f->code != 227)
    return sl_talk_fail(&f->talk, CURLE_FTP_WEIRD_PASV_REPLY, "Couldn't interpret the PASV reply: %03d", f->code);
  if (!sl_ftp_reply_pasv(f->text, ip, &f->data_port))
    return sl_talk_fail(&f->talk, CURLE_FTP_WEIRD_227_FORMAT, "Couldn't interpret the 227-reply");
  f->data_host[0] = 0;
  if (!f->config->ftp_skip_pasv_ip)
    snprintf(f->data_host, sizeof f->data_host, "%u.%u.%u.%u", ip[0], ip[1], ip[2], ip[3]);
  return SL_OK;
}

static sl_result take_epsv(struct ftp *f)
{
  f->data_host[0] = 0;
  if (!sl_ftp_reply_epsv(f->text, &f->data_port))
    return sl_talk_fail(&f->talk, CURLE_FTP_WEIRD_PASV_REPLY, "Weirdly formatted EPSV reply");
  return SL_OK;
}

static bool epsv_wanted(const struct ftp *f)
{
  return f->ipv6 || (f->config->ftp_use_epsv && !f->session->no_epsv);
}

static sl_result passive(struct ftp *f)
{
  CO_BEGIN(&f->active_co);
  if (f->config->ftp_use_pret) {
    TALK_TRY(pret(f));
    FTP_REPLY(f);
    if (f->code != 200) {
      f->session->broken = true;
      CO_FAIL(sl_talk_fail(&f->talk, CURLE_FTP_PRET_FAILED, "PRET command not accepted: %03d", f->code));
    }
  }
  f->used_epsv = false;
  if (epsv_wanted(f)) {
    FTP_SAY(f, "EPSV", NULL);
    FTP_REPLY(f);
    if (f->code == 229) {
      TALK_TRY(take_epsv(f));
      TALK_ASK(&f->talk, FTP_CONNECT);
      if (f->talk.answer && (f->ipv6 || f->talk.answer == SL_NOMEM))
        CO_FAIL(f->talk.answer);
      f->used_epsv = !f->talk.answer;
    } else if (f->ipv6) {
      CO_FAIL(sl_talk_fail(&f->talk, CURLE_WEIRD_SERVER_REPLY, "Failed EPSV attempt, exiting"));
    }
    f->session->no_epsv = !f->used_epsv;
  }
  if (!f->used_epsv) {
    sl_buf_clear(f->talk.error); /* what the first attempt said */
    FTP_SAY(f, "PASV", NULL);
    FTP_REPLY(f);
    TALK_TRY(take_pasv(f));
    TALK_ASK(&f->talk, FTP_CONNECT);
    TALK_TRY(f->talk.answer);
  }
  CO_END;
}

/* ---- active: we listen ---- */

static sl_result say_address(struct ftp *f, bool extended)
{
  if (extended)
    sl_ftp_eprt(&f->talk.out, f->local_ip, f->ipv6, f->local_port);
  else
    sl_ftp_port(&f->talk.out, f->local_ip, f->local_port);
  sl_buf_str(&f->talk.out, "\r\n");
  f->session->broken = true;
  return sl_buf_result(&f->talk.out, CURLE_TOO_LARGE);
}

static sl_result active(struct ftp *f)
{
  CO_BEGIN(&f->active_co);
  TALK_ASK(&f->talk, FTP_LISTEN);
  TALK_TRY(f->talk.answer);
  f->code = 0;
  if (f->ipv6 || (f->config->ftp_use_eprt && !f->session->no_eprt)) {
    TALK_TRY(say_address(f, true));
    FTP_REPLY(f);
    f->session->no_eprt = f->code / 100 != 2;
  }
  if (f->code / 100 != 2 && !f->ipv6) {
    TALK_TRY(say_address(f, false));
    FTP_REPLY(f);
  }
  if (f->code / 100 != 2)
    CO_FAIL(sl_talk_fail(&f->talk, CURLE_FTP_PORT_FAILED, "Failed to do PORT"));
  CO_END;
}

sl_result sl_ftp_open_data(struct ftp *f)
{
  return f->active ? active(f) : passive(f);
}

/* ---- the body and the last reply ---- */

static sl_result last_reply(struct ftp *f)
{
  if (f->code == 226 || f->code == 250)
    return SL_OK;
  if (f->code == 552)
    return sl_talk_fail(&f->talk, CURLE_REMOTE_DISK_FULL, "Exceeded storage allocation");
  return sl_talk_fail(&f->talk, CURLE_PARTIAL_FILE, "server did not report OK, got %d", f->code);
}

static bool is_short(const struct ftp *f)
{
  return !f->upload && f->total >= 0 && f->moved != f->total;
}

/* After the preliminary reply. */
static sl_result body(struct ftp *f)
{
  CO_BEGIN(&f->transfer_co);
  f->session->broken = true;
  f->moved = 0;
  TALK_ASK(&f->talk, FTP_TRANSFER);
  if (f->talk.answer && f->talk.answer != CURLE_SEND_ERROR) /* the server may have said why it closed */
    CO_FAIL(f->talk.answer);
  if (f->stopped) {
    /* RFC 959 4.1.3: one reply for the transfer, one for ABOR, or one for both, or none: the connection ends here. */
    FTP_SAY(f, "ABOR", NULL);
    TALK_ASK(&f->talk, FTP_SETTLE);
    f->session->broken = false;
  } else {
    if (!f->talk.answer && is_short(f))
      CO_FAIL(sl_talk_fail(&f->talk, CURLE_PARTIAL_FILE, "transfer closed with %lld bytes remaining to read",
                           (long long)(f->total - f->moved)));
    FTP_REPLY(f);
    TALK_TRY(last_reply(f));
    TALK_TRY(f->talk.answer);
  }
  CO_END;
}

/* ---- download ---- */

static sl_result refused(struct ftp *f)
{
  bool absent = f->code == 550 && !f->is_list;
  return sl_talk_fail(&f->talk, absent ? CURLE_REMOTE_FILE_NOT_FOUND : CURLE_FTP_COULDNT_RETR_FILE,
                      "RETR response: %03d", f->code);
}

static sl_result ask_size(struct ftp *f)
{
  CO_BEGIN(&f->head_co);
  FTP_SAY(f, "SIZE", f->file);
  FTP_REPLY(f);
  if (f->code == 213)
    (void)sl_ftp_reply_size(f->text, &f->size); /* unreadable: unknown */
  else if (f->code == 550 && !f->upload)
    CO_FAIL(sl_talk_fail(&f->talk, CURLE_REMOTE_FILE_NOT_FOUND, "The file does not exist"));
  CO_END;
}

static sl_result check_size(struct ftp *f)
{
  int64_t size = f->size;
  if (f->max_size && size > f->max_size)
    return sl_talk_fail(&f->talk, CURLE_FILESIZE_EXCEEDED, "Maximum file size exceeded");
  if (f->resume_from < 0) {
    if (size < 0)
      return sl_talk_fail(&f->talk, CURLE_BAD_DOWNLOAD_RESUME, "The server does not know the size of the file");
    if (-f->resume_from > size)
      return sl_talk_fail(&f->talk, CURLE_BAD_DOWNLOAD_RESUME, "Offset (%lld) was beyond file size (%lld)",
                          (long long)f->resume_from, (long long)size);
    f->resume_from += size;
  } else if (size >= 0 && f->resume_from > size) {
    return sl_talk_fail(&f->talk, CURLE_BAD_DOWNLOAD_RESUME, "Offset (%lld) was beyond file size (%lld)",
                        (long long)f->resume_from, (long long)size);
  }
  return SL_OK;
}

/* How much is to come. SIZE is surer than what the reply to RETR says in passing. */
static void expect(struct ftp *f)
{
  if (f->size < 0 && !f->ascii && !f->ignore_size && sl_ftp_reply_bytes(f->text, &f->total)) {
    if (f->range_len >= 0 && f->range_len < f->total)
      f->total = f->range_len;
  } else if (f->size >= 0) {
    f->total = f->size - f->resume_from;
    if (f->range_len >= 0 && f->range_len < f->total)
      f->total = f->range_len;
  } else {
    f->total = -1;
  }
  f->limit = f->range_len >= 0 && f->total >= 0 ? f->total : f->range_len;
}

static sl_result get(struct ftp *f)
{
  CO_BEGIN(&f->get_co);
  if (!f->ascii && !f->ignore_size)
    CO_CALL(ask_size(f));
  TALK_TRY(check_size(f));
  if (f->resume_from && f->resume_from == f->size) {
    TALK_ASK(&f->talk, FTP_DROP); /* all of it is there already */
  } else {
    if (f->resume_from) {
      TALK_TRY(say_rest(f, f->resume_from));
      FTP_REPLY(f);
      if (f->code != 350)
        CO_FAIL(sl_talk_fail(&f->talk, CURLE_FTP_COULDNT_USE_REST, "Couldn't use REST"));
    }
    FTP_SAY(f, "RETR", f->file);
    FTP_REPLY(f);
    if (f->code / 100 != 1)
      CO_FAIL(refused(f));
    expect(f);
    CO_CALL(body(f));
  }
  CO_END;
}

static sl_result list(struct ftp *f)
{
  CO_BEGIN(&f->list_co);
  FTP_SAY(f, list_command(f), f->list_path);
  FTP_REPLY(f);
  if (f->code == 450) {
    TALK_ASK(&f->talk, FTP_DROP); /* no matching file is an empty list */
  } else if (f->code / 100 != 1) {
    CO_FAIL(refused(f));
  } else {
    f->total = f->limit = -1;
    CO_CALL(body(f));
  }
  CO_END;
}

/* ---- upload ---- */

static sl_result put(struct ftp *f)
{
  CO_BEGIN(&f->put_co);
  if (f->resume_from < 0) {
    CO_CALL(ask_size(f));
    f->resume_from = f->size > 0 ? f->size : 0;
  }
  if (f->resume_from && f->upload_size >= 0 && f->upload_size <= f->resume_from) {
    TALK_ASK(&f->talk, FTP_DROP); /* all of it is there already */
  } else {
    if (f->resume_from) {
      TALK_ASK(&f->talk, FTP_SKIP);
      TALK_TRY(f->talk.answer);
    }
    FTP_SAY(f, f->config->append || f->resume_from ? "APPE" : "STOR", f->file);
    FTP_REPLY(f);
    if (f->code >= 400)
      CO_FAIL(sl_talk_fail(&f->talk, CURLE_UPLOAD_FAILED, "Failed FTP upload: %0d", f->code));
    CO_CALL(body(f));
  }
  CO_END;
}

/* ---- no body ---- */

static sl_result head(struct ftp *f)
{
  CO_BEGIN(&f->get_co);
  CO_CALL(set_type(f));
  CO_CALL(ask_size(f));
  if (f->size >= 0)
    sl_buf_printf(f->head, "Content-Length: %lld\r\n", (long long)f->size);
  TALK_TRY(say_rest(f, 0));
  FTP_REPLY(f);
  if (f->code == 350)
    sl_buf_str(f->head, "Accept-ranges: bytes\r\n");
  CO_END;
}

sl_result sl_ftp_transfer(struct ftp *f)
{
  CO_BEGIN(&f->open_co);
  if (f->nobody) {
    if (!f->is_list)
      CO_CALL(head(f));
    CO_CALL(sl_ftp_quote(f, f->config->prequote));
  } else {
    CO_CALL(sl_ftp_open_data(f));
    if (f->bad_range && !f->is_list && !f->upload) {
      TALK_ASK(&f->talk, FTP_DROP); /* a range that nobody can mean: nothing of the file */
    } else {
      CO_CALL(set_type(f));
      CO_CALL(sl_ftp_quote(f, f->config->prequote));
      if (f->upload)
        CO_CALL(put(f));
      else if (f->is_list)
        CO_CALL(list(f));
      else
        CO_CALL(get(f));
    }
  }
  CO_END;
}

/* ---- many files ---- */

static sl_result list_directory(struct ftp *f)
{
  CO_BEGIN(&f->get_co);
  f->is_list = f->collect = true;
  CO_CALL(sl_ftp_open_data(f));
  CO_CALL(set_type(f));
  CO_CALL(sl_ftp_quote(f, f->config->prequote));
  CO_CALL(list(f));
  f->is_list = f->collect = false;
  CO_END;
}

/* CURLOPT_WILDCARDMATCH(3). Neither ranges nor resuming: they are for one file. */
sl_result sl_ftp_wildcard(struct ftp *f)
{
  CO_BEGIN(&f->wild_co);
  f->resume_from = 0;
  f->range_len = -1;
  CO_CALL(list_directory(f));
  for (;;) {
    TALK_ASK(&f->talk, FTP_NEXT);
    TALK_TRY(f->talk.answer);
    if (!f->file)
      break;
    f->size = f->total = f->limit = -1;
    CO_CALL(sl_ftp_open_data(f));
    CO_CALL(set_type(f));
    CO_CALL(get(f));
    TALK_ASK(&f->talk, FTP_FILE_END);
    TALK_TRY(f->talk.answer);
  }
  CO_END;
}
