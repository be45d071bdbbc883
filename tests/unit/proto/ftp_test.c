/* proto/ftp.c, ftp_login.c and ftp_data.c: whole conversations, with replies in pieces of every size and with every
 * n-th allocation failing. A script is what the client says and the server answers, in turns; what the driver would
 * do is said in brackets: "[connect 2000]". */
#include "proto/ftp.h"

#include "base/mem.h"
#include "tests/test.h"
#include "wire/ftp_reply.h"

struct scene {
  const char *replies;  /* of the server, line by line; one reply an exchange */
  const char *want;     /* commands and requests */
  sl_result answer;     /* of FTP_CONNECT, FTP_LISTEN and FTP_TRANSFER */
  sl_result first_connect; /* of the first FTP_CONNECT */
  int64_t moved;
  bool stopped, skip;
  const char *files[3]; /* of a wildcard, NULL after the last */
};

struct world {
  struct ftp f;
  struct ftp_session session;
  struct ftp_config config;
  struct buf head, error, log;
  unsigned next_file;
  char path[100];
};

static const struct ftp_config defaults = {
    .ftp_use_epsv = true, .ftp_use_eprt = true, .ftp_skip_pasv_ip = true, .ftp_filemethod = CURLFTPMETHOD_MULTICWD};

static void world_init(struct world *w, const char *path)
{
  memset(w, 0, sizeof *w);
  w->config = defaults;
  snprintf(w->path, sizeof w->path, "%s", path);
  sl_buf_init(&w->head, 1000);
  sl_buf_init(&w->error, CURL_ERROR_SIZE);
  sl_buf_init(&w->log, 10000);
  w->f = (struct ftp){.session = &w->session, .config = &w->config, .path = w->path, .head = &w->head,
                      .range_len = -1, .upload_size = -1};
  sl_talk_init(&w->f.talk, FTP_COMMAND_MAX, &w->error);
}

static void world_done(struct world *w)
{
  sl_ftp_session_done(&w->session);
  sl_talk_done(&w->f.talk);
  sl_buf_done(&w->head);
  sl_buf_done(&w->error);
  sl_buf_done(&w->log);
}

/* The next transfer on the same control connection. */
static void world_again(struct world *w, const char *path)
{
  struct ftp_session session = w->session;
  w->session = (struct ftp_session){0};
  world_done(w);
  world_init(w, path);
  w->session = session;
  w->f.reused = true;
}

static void perform(struct world *w, const struct scene *t, unsigned *connects)
{
  struct ftp *f = &w->f;
  static const char *const names[] = {"", "tls", "clear", "connect", "listen", "time", "skip", "transfer", "settle", "next", "end", "drop"};
  if (f->talk.request == FTP_CONNECT)
    sl_buf_printf(&w->log, "[connect %s%s%u]", f->data_host, *f->data_host ? ":" : "", f->data_port);
  else
    sl_buf_printf(&w->log, "[%s]", names[f->talk.request]);
  f->talk.answer = SL_OK;
  if (f->talk.request == FTP_CONNECT && !(*connects)++ && t->first_connect)
    f->talk.answer = t->first_connect;
  else if (f->talk.request == FTP_CONNECT || f->talk.request == FTP_LISTEN || f->talk.request == FTP_TRANSFER)
    f->talk.answer = t->answer;
  if (f->talk.request == FTP_LISTEN) {
    snprintf(f->local_ip, sizeof f->local_ip, "%s", f->ipv6 ? "::1" : "127.0.0.1");
    f->local_port = 1025;
  }
  if (f->talk.request == FTP_TIME)
    f->skip = t->skip;
  if (f->talk.request == FTP_NEXT)
    f->file = t->files[w->next_file++];
  if (f->talk.request == FTP_TRANSFER) {
    f->moved = t->moved;
    f->stopped = t->stopped;
  }
  f->talk.request = TALK_NOTHING;
}

static sl_result converse(struct world *w, const struct scene *t, size_t piece)
{
  struct ftp *f = &w->f;
  struct ftp_reply reply;
  unsigned connects = 0;
  size_t n = strlen(t->replies), have = 0, at = 0;
  sl_result rc = sl_ftp_begin(f);
  sl_ftp_reply_init(&reply);
  if (rc)
    return rc;
  for (unsigned turns = 0; (rc = sl_ftp_run(f)) == SL_WAIT; turns++) {
    if (turns > 100000)
      return SL_BROKEN;
    sl_buf_add(&w->log, sl_buf_peek(&f->talk.out));
    sl_buf_clear(&f->talk.out);
    if (f->talk.request) {
      perform(w, t, &connects);
      continue;
    }
    struct slice in = slice_of(t->replies + at, have - at), line;
    bool last = false;
    while (!last && sl_ftp_reply_line(&reply, &in, &line, &last) == SL_PARSE_DONE)
      ;
    at = (size_t)(in.p - t->replies);
    if (last) {
      f->text = slice_head(line, line.n - 1);
      f->code = reply.code;
      f->talk.has_reply = true;
      sl_ftp_reply_init(&reply);
    } else if (have == n) {
      return CURLE_RECV_ERROR; /* the script has ended before the client */
    } else {
      have = have + piece < n ? have + piece : n;
    }
  }
  sl_buf_add(&w->log, sl_buf_peek(&f->talk.out));
  CHECK(at == n || rc);
  return rc;
}

static void check(const char *path, const struct scene *t, void (*change)(struct world *), sl_result want)
{
  struct world w;
  for (size_t piece = 1; piece <= strlen(t->replies); piece++) {
    world_init(&w, path);
    if (change)
      change(&w);
    bool ok = CHECK_INT(converse(&w, t, piece), want) & CHECK_STR(w.log.p ? w.log.p : "", t->want);
    world_done(&w);
    if (!ok)
      return;
  }
  sl_result rc = SL_OK;
  FOR_EACH_FAILING_ALLOC(n) {
    world_init(&w, path);
    if (change)
      change(&w);
    rc = converse(&w, t, 1000);
    CHECK(rc == want || rc == SL_NOMEM);
    world_done(&w);
  }
  CHECK_INT(rc, want);
}

#define LOGIN_SAID "USER anonymous\r\nPASS ftp@example.com\r\nPWD\r\n"
#define LOGIN_GOT "220 hi\n331 who\n230 in\n257 \"/\" here\n"

TEST(a_file_is_fetched)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "250 ok\n250 ok\n229 (|||2000|)\n200 ok\n213 12\n150 comes\n226 done\n",
      .want = LOGIN_SAID "CWD a\r\nCWD b c\r\nEPSV\r\n[connect 2000]TYPE I\r\nSIZE f\r\nRETR f\r\n[transfer]",
      .moved = 12};
  check("a/b c/f", &t, NULL, SL_OK);
}

TEST(bytes_that_do_not_come_are_missed)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "229 (|||2000|)\n200 ok\n213 12\n150 comes\n226 done\n",
      .want = LOGIN_SAID "EPSV\r\n[connect 2000]TYPE I\r\nSIZE f\r\nRETR f\r\n[transfer]",
      .moved = 11};
  check("f", &t, NULL, CURLE_PARTIAL_FILE);
}

TEST(pasv_follows_epsv_and_its_address_is_ignored)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "500 what\n227 (6,6,6,6,7,208)\n200 ok\n150 list\n226 done\n",
      .want = LOGIN_SAID "EPSV\r\nPASV\r\n[connect 2000]TYPE A\r\nLIST\r\n[transfer]"};
  check("", &t, NULL, SL_OK);
}

static void use_pasv_ip(struct world *w)
{
  w->config.ftp_skip_pasv_ip = false;
}

TEST(the_address_of_pasv_is_used_when_that_is_asked_for)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "500 what\n227 (6,6,6,6,7,208)\n200 ok\n150 list\n226 done\n",
      .want = LOGIN_SAID "EPSV\r\nPASV\r\n[connect 6.6.6.6:2000]TYPE A\r\nLIST\r\n[transfer]"};
  check("", &t, use_pasv_ip, SL_OK);
}

TEST(pasv_follows_an_epsv_that_leads_nowhere)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "229 (|||2000|)\n227 (1,2,3,4,7,209)\n200 ok\n150 list\n226 done\n",
      .want = LOGIN_SAID "EPSV\r\n[connect 2000]PASV\r\n[connect 2001]TYPE A\r\nLIST\r\n[transfer]",
      .first_connect = CURLE_COULDNT_CONNECT};
  check("", &t, NULL, SL_OK);
}

TEST(pasv_follows_an_epsv_that_a_proxy_does_not_let_through)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "229 (|||2000|)\n227 (1,2,3,4,7,209)\n200 ok\n150 list\n226 done\n",
      .want = LOGIN_SAID "EPSV\r\n[connect 2000]PASV\r\n[connect 2001]TYPE A\r\nLIST\r\n[transfer]",
      .first_connect = CURLE_PROXY};
  check("", &t, NULL, SL_OK);
}

static void names_of_a_path(struct world *w)
{
  w->f.names_only = true;
  w->config.ftp_filemethod = CURLFTPMETHOD_NOCWD;
  w->config.ftp_use_pret = true;
}

TEST(names_are_asked_for_with_the_path_where_nobody_goes_there)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "200 yes\n229 (|||2000|)\n200 ok\n150 list\n226 done\n",
      .want = LOGIN_SAID "PRET NLST\r\nEPSV\r\n[connect 2000]TYPE A\r\nNLST a/b\r\n[transfer]"};
  check("a/b/f", &t, names_of_a_path, SL_OK);
}

TEST(a_list_that_is_refused_is_no_missing_file)
{
  static const struct scene t = {.replies = LOGIN_GOT "229 (|||2000|)\n200 ok\n550 no\n",
                                .want = LOGIN_SAID "EPSV\r\n[connect 2000]TYPE A\r\nLIST\r\n"};
  check("", &t, NULL, CURLE_FTP_COULDNT_RETR_FILE);
}

static void go_active(struct world *w)
{
  w->config.ftpport = (char *)(uintptr_t)"-";
}

TEST(port_follows_eprt)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "500 what\n200 ok\n200 ok\n150 list\n226 done\n",
      .want = LOGIN_SAID "[listen]EPRT |1|127.0.0.1|1025|\r\nPORT 127,0,0,1,4,1\r\nTYPE A\r\nLIST\r\n[transfer]"};
  check("", &t, go_active, SL_OK);
}

static void want_tls(struct world *w)
{
  w->f.use_ssl = CURLUSESSL_ALL;
}

TEST(tls_comes_before_the_password)
{
  static const struct scene t = {
      .replies = "220 hi\n500 no\n234 go\n331 who\n230 in\n200 ok\n200 ok\n257 \"/\"\n229 (|||9|)\n200 ok\n150 l\n226 ok\n",
      .want = "AUTH SSL\r\nAUTH TLS\r\n[tls]USER anonymous\r\nPASS ftp@example.com\r\nPBSZ 0\r\nPROT P\r\nPWD\r\n"
              "EPSV\r\n[connect 9]TYPE A\r\nLIST\r\n[transfer]"};
  check("", &t, want_tls, SL_OK);
}

TEST(required_tls_never_goes_on_in_clear)
{
  static const struct scene refused = {.replies = "220 hi\n500 no\n500 no\n", .want = "AUTH SSL\r\nAUTH TLS\r\n"};
  static const struct scene unprotected = {.replies = "220 hi\n234 go\n331 who\n230 in\n200 ok\n534 no\n",
                                          .want = "AUTH SSL\r\n[tls]USER anonymous\r\nPASS ftp@example.com\r\n"
                                                  "PBSZ 0\r\nPROT P\r\n"};
  check("", &refused, want_tls, CURLE_USE_SSL_FAILED);
  check("", &unprotected, want_tls, CURLE_USE_SSL_FAILED);
}

static void evil_user(struct world *w)
{
  w->f.user = "me\r\nDELE x";
}

TEST(nobody_smuggles_a_command_in)
{
  static const struct scene t = {.replies = "220 hi\n", .want = ""};
  check("", &t, evil_user, CURLE_BAD_FUNCTION_ARGUMENT);
}

static void upload(struct world *w)
{
  w->f.upload = true;
  w->f.upload_size = 10;
  w->f.resume_from = -1;
  w->config.ftp_create_missing_dirs = CURLFTP_CREATE_DIR;
}

TEST(an_upload_goes_on_and_makes_its_directory)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "550 no\n257 made\n250 ok\n229 (|||9|)\n200 ok\n213 4\n150 give\n226 ok\n",
      .want = LOGIN_SAID "CWD new\r\nMKD new\r\nCWD new\r\nEPSV\r\n[connect 9]TYPE I\r\nSIZE f\r\n[skip]APPE f\r\n[transfer]",
      .moved = 6};
  check("new/f", &t, upload, SL_OK);
}

TEST(an_upload_needs_a_name)
{
  static const struct scene t = {.replies = "220 hi\n", .want = ""};
  check("dir/", &t, upload, CURLE_URL_MALFORMAT);
}

TEST(a_full_disk_is_told)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "250 ok\n229 (|||9|)\n200 ok\n550 none\n150 give\n552 full\n",
      .want = LOGIN_SAID "CWD d\r\nEPSV\r\n[connect 9]TYPE I\r\nSIZE f\r\nSTOR f\r\n[transfer]",
      .answer = SL_OK};
  check("d/f", &t, upload, CURLE_REMOTE_DISK_FULL);
}

static void part(struct world *w)
{
  w->f.resume_from = 4;
  w->f.range_len = 13;
}

TEST(a_range_is_broken_off)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "229 (|||9|)\n200 ok\n213 64\n350 rest\n150 comes\n",
      .want = LOGIN_SAID "EPSV\r\n[connect 9]TYPE I\r\nSIZE f\r\nREST 4\r\nRETR f\r\n[transfer]ABOR\r\n[settle]",
      .moved = 13,
      .stopped = true};
  check("f", &t, part, SL_OK);
}

static void wildcard(struct world *w)
{
  w->f.wildcard = true;
}

TEST(a_pattern_is_many_files)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "250 ok\n229 (|||9|)\n200 ok\n150 list\n226 done\n"
                           "229 (|||10|)\n200 ok\n213 5\n150 x\n226 done\n"
                           "229 (|||11|)\n213 5\n150 x\n226 done\n",
      .want = LOGIN_SAID "CWD d\r\nEPSV\r\n[connect 9]TYPE A\r\nLIST\r\n[transfer][next]"
                         "EPSV\r\n[connect 10]TYPE I\r\nSIZE a\r\nRETR a\r\n[transfer][end][next]"
                         "EPSV\r\n[connect 11]SIZE b\r\nRETR b\r\n[transfer][end][next]",
      .moved = 5,
      .files = {"a", "b", NULL}};
  check("d/*", &t, wildcard, SL_OK);
}

static void head(struct world *w)
{
  w->f.nobody = w->f.want_time = true;
}

static struct curl_slist one_command = {(char *)(uintptr_t)"NOOP", NULL};

static void names_without_a_body(struct world *w)
{
  w->f.nobody = w->f.names_only = true;
  w->config.prequote = &one_command;
}

TEST(facts_of_one_name)
{
  static const struct scene t = {.replies = LOGIN_GOT "200 ok\n213 12\n350 ok\n200 ok\n",
                                .want = LOGIN_SAID "TYPE I\r\nSIZE f\r\nREST 0\r\nNOOP\r\n"};
  check("f", &t, names_without_a_body, SL_OK);
}

/* Before the transfer the connection is given up with it, after it not. */
TEST(a_command_that_fails)
{
  static const struct scene t = {.replies = LOGIN_GOT "500 no\n", .want = ""};
  static const struct scene late = {
      .replies = LOGIN_GOT "229 (|||2000|)\n200 ok\n213 12\n150 comes\n226 done\n500 no\n", .want = "", .moved = 12};
  for (int i = 0; i < 2; i++) {
    struct world w;
    world_init(&w, "f");
    w.config.quote = i ? NULL : &one_command;
    w.config.postquote = i ? &one_command : NULL;
    CHECK_INT(converse(&w, i ? &late : &t, 1000), CURLE_QUOTE_ERROR);
    CHECK_INT(w.session.broken, !i);
    world_done(&w);
  }
}

TEST(facts_without_a_body)
{
  static const struct scene t = {
      .replies = LOGIN_GOT "213 20030409102659\n200 ok\n213 42\n350 ok\n",
      .want = LOGIN_SAID "MDTM f\r\n[time]TYPE I\r\nSIZE f\r\nREST 0\r\n"};
  check("f", &t, head, SL_OK);
}

TEST(a_server_that_gives_up)
{
  static const struct scene t = {.replies = LOGIN_GOT "421 bye\n", .want = LOGIN_SAID "EPSV\r\n"};
  check("f", &t, NULL, CURLE_OPERATION_TIMEDOUT);
}

TEST(a_second_transfer_knows_where_it_is)
{
  static const struct scene first = {
      .replies = LOGIN_GOT "250 ok\n229 (|||9|)\n200 ok\n213 5\n150 x\n226 done\n",
      .want = LOGIN_SAID "CWD a\r\nEPSV\r\n[connect 9]TYPE I\r\nSIZE f\r\nRETR f\r\n[transfer]",
      .moved = 5};
  static const struct scene same = {.replies = "229 (|||9|)\n213 5\n150 x\n226 done\n",
                                   .want = "EPSV\r\n[connect 9]SIZE g\r\nRETR g\r\n[transfer]",
                                   .moved = 5};
  static const struct scene other = {.replies = "250 ok\n250 ok\n229 (|||9|)\n200 a\n150 x\n226 done\n",
                                    .want = "CWD /\r\nCWD b\r\nEPSV\r\n[connect 9]TYPE A\r\nLIST\r\n[transfer]"};
  struct world w;
  world_init(&w, "a/f");
  CHECK_INT(converse(&w, &first, 7), SL_OK);
  CHECK_STR(w.log.p, first.want);
  world_again(&w, "a/g");
  CHECK_INT(converse(&w, &same, 7), SL_OK);
  CHECK_STR(w.log.p, same.want);
  world_again(&w, "b/");
  CHECK_INT(converse(&w, &other, 7), SL_OK);
  CHECK_STR(w.log.p, other.want);
  CHECK(!w.session.broken);
  world_done(&w);
}
