/* Transfers of each protocol, and with each feature that keeps something, with every allocation failing in its turn
 * (alone, and with all after it), and with fewer descriptors than they need. Plain HTTP is in oom_test.c, WebSocket in
 * ws_test.c, tunnels through an HTTP/2 proxy in http2_proxy_test.c. */
#include <curl/curl.h>
#include <dirent.h>
#include <poll.h>
#include <sluice/sluice.h>
#include <sys/resource.h>

#include "tests/unit/xfer/far.h"
#include "tests/unit/xfer/servers.h"
#include "tests/unit/xfer/torture.h"

/* What an application holds; all that is not NULL is freed at the end of a scenario. */
struct run {
  CURL *easy[2];
  CURLM *multi;
  CURLSH *share;
  curl_mime *mime;
  struct curl_slist *list;
  struct sluice_policy *policy;
  size_t got, sent;
  char error[CURL_ERROR_SIZE];
  bool added[2];
  curl_socket_t fd; /* the application's loop: what is watched, and for what */
  int what;
};

static struct ports {
  int far, web, ftp, socks, connect, tftp, rtsp, telnet, dict;
} ports;

static char folder[] = "/tmp/oom-XXXXXX";

static size_t take(char *data, size_t size, size_t n, void *arg)
{
  struct run *r = arg;
  (void)data;
  r->got += size * n;
  return size * n;
}

static size_t give(char *data, size_t size, size_t n, void *arg)
{
  struct run *r = arg;
  size_t left = 3000 - r->sent;
  n = n * size < left ? n * size : left;
  memset(data, 'u', n);
  r->sent += n;
  return n;
}

#define TRY(call)                                                                                  \
  do {                                                                                             \
    if (!rc)                                                                                       \
      rc = (CURLcode)(call);                                                                       \
  } while (0)
#define SET(option, value) TRY(curl_easy_setopt(e, option, value))

/* The i-th handle. */
static CURLcode begin(struct run *r, int i, const char *origin, int port, const char *path)
{
  static struct memory ca;
  char text[128];
  CURLcode rc = CURLE_OK;
  CURL *e = r->easy[i] = curl_easy_init();
  if (!e)
    return CURLE_OUT_OF_MEMORY;
  if (!ca.blob.data)
    cert_pem(&ca, pki.ca);
  snprintf(text, sizeof text, "%s:%d%s", origin, port, path);
  SET(CURLOPT_URL, text);
  SET(CURLOPT_NOPROXY, "");
  SET(CURLOPT_TIMEOUT_MS, 20000L);
  SET(CURLOPT_CAINFO_BLOB, &ca.blob);
  SET(CURLOPT_CAPATH, NULL);
  SET(CURLOPT_WRITEFUNCTION, take);
  SET(CURLOPT_WRITEDATA, r);
  SET(CURLOPT_READFUNCTION, give);
  SET(CURLOPT_READDATA, r);
  SET(CURLOPT_ERRORBUFFER, r->error);
  return rc;
}

static CURLcode perform(struct run *r, size_t got)
{
  r->got = r->sent = 0;
  CURLcode rc = curl_easy_perform(r->easy[0]);
  if (!rc)
    CHECK_INT(r->got, got);
  if (rc && rc != CURLE_OUT_OF_MEMORY)
    CHECK(r->error[0] != 0);
  return rc;
}

static CURLcode twice(struct run *r, CURLcode rc, size_t got)
{
  TRY(perform(r, got));
  TRY(perform(r, got));
  return rc;
}

static CURLcode add(struct run *r, int i)
{
  if (!r->multi && !(r->multi = curl_multi_init()))
    return CURLE_OUT_OF_MEMORY;
  r->added[i] = curl_multi_add_handle(r->multi, r->easy[i]) == CURLM_OK;
  return r->added[i] ? CURLE_OK : CURLE_OUT_OF_MEMORY;
}

static CURLcode collect(struct run *r, size_t got)
{
  CURLcode rc = CURLE_OK;
  CURLMsg *msg;
  int left, n = 0;
  for (; (msg = curl_multi_info_read(r->multi, &left)); n++)
    TRY(msg->data.result);
  CHECK_INT(n, r->added[0] + r->added[1]);
  if (!rc)
    CHECK_INT(r->got, got);
  return rc;
}

static CURLcode run_multi(struct run *r, size_t got)
{
  int running = 1;
  while (running) {
    CURLMcode mc = curl_multi_perform(r->multi, &running);
    if (!mc && running)
      mc = curl_multi_poll(r->multi, NULL, 0, 1000, NULL);
    if (mc)
      return mc == CURLM_OUT_OF_MEMORY ? CURLE_OUT_OF_MEMORY : CURLE_UNRECOVERABLE_POLL;
  }
  return collect(r, got);
}

static CURLcode end(struct run *r, CURLcode rc)
{
  for (int i = 0; i < 2; i++) {
    if (r->added[i])
      CHECK_INT(curl_multi_remove_handle(r->multi, r->easy[i]), CURLM_OK);
    curl_easy_cleanup(r->easy[i]);
  }
  curl_mime_free(r->mime);
  if (r->multi)
    CHECK_INT(curl_multi_cleanup(r->multi), CURLM_OK);
  if (r->share)
    CHECK_INT(curl_share_cleanup(r->share), CURLSHE_OK);
  curl_slist_free_all(r->list);
  sluice_policy_free(r->policy);
  return rc;
}

/* ---- over TLS ---- */

static CURLcode https(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "https://127.0.0.1", ports.far, "/10000");
  CURL *e = r.easy[0];
  SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
  SET(CURLOPT_CERTINFO, 1L);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
  TRY(perform(&r, 10000));
  SET(CURLOPT_FRESH_CONNECT, 1L); /* a session is resumed */
  TRY(perform(&r, 10000));
  return end(&r, rc);
}

static CURLcode http2(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "https://127.0.0.1", ports.far, "/30000");
  TRY(begin(&r, 1, "https://127.0.0.1", ports.far, "/20000"));
  CURL *e = r.easy[1];
  SET(CURLOPT_POST, 1L);
  SET(CURLOPT_POSTFIELDSIZE, 3000L);
  e = r.easy[0];
  SET(CURLOPT_PIPEWAIT, 1L);
  TRY(add(&r, 0));
  TRY(add(&r, 1));
  TRY(run_multi(&r, 50000));
  return end(&r, rc);
}

static CURLcode doh(void)
{
  struct run r = {0};
  char url[64];
  CURLcode rc = begin(&r, 0, "http://some.test", ports.web, "/text");
  CURL *e = r.easy[0];
  snprintf(url, sizeof url, "https://127.0.0.1:%d/dns", ports.far);
  SET(CURLOPT_DOH_URL, url);
  return end(&r, twice(&r, rc, 6));
}

/* What is kept is read from files, written to them, and handed out. */
static CURLcode kept(void)
{
  struct run r = {0};
  char file[64], at[64];
  struct curl_slist *cookies = NULL;
  CURLcode rc = begin(&r, 0, "https://example.test", ports.far, "/100");
  CURL *e = r.easy[0];
  snprintf(at, sizeof at, "example.test:%d:127.0.0.1", ports.far);
  r.list = curl_slist_append(NULL, at);
  if (!r.list)
    rc = CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_RESOLVE, r.list);
  snprintf(file, sizeof file, "%s/cookies", folder);
  SET(CURLOPT_COOKIEFILE, file);
  SET(CURLOPT_COOKIEJAR, file);
  snprintf(file, sizeof file, "%s/hsts", folder);
  SET(CURLOPT_HSTS_CTRL, (long)CURLHSTS_ENABLE);
  SET(CURLOPT_HSTS, file);
  snprintf(file, sizeof file, "%s/altsvc", folder);
  SET(CURLOPT_ALTSVC_CTRL, (long)CURLALTSVC_H3); /* kept, not used */
  SET(CURLOPT_ALTSVC, file);
  rc = twice(&r, rc, 100);
  TRY(curl_easy_getinfo(e, CURLINFO_COOKIELIST, &cookies));
  curl_slist_free_all(cookies);
  return end(&r, rc);
}

/* ---- on the way ---- */

static CURLcode tunnel(void)
{
  struct run r = {0};
  char proxy[64];
  CURLcode rc = begin(&r, 0, "https://127.0.0.1", ports.far, "/1000");
  CURL *e = r.easy[0];
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", ports.connect);
  SET(CURLOPT_PROXY, proxy);
  SET(CURLOPT_PROXYUSERPWD, "jim:secret");
  SET(CURLOPT_PROXYAUTH, (long)CURLAUTH_ANY);
  return end(&r, twice(&r, rc, 1000));
}

static CURLcode socks(void)
{
  struct run r = {0};
  char proxy[64];
  CURLcode rc = begin(&r, 0, "http://some.test", ports.web, "/text");
  CURL *e = r.easy[0];
  snprintf(proxy, sizeof proxy, "socks5h://jim:secret@127.0.0.1:%d", ports.socks);
  SET(CURLOPT_PROXY, proxy);
  return end(&r, twice(&r, rc, 6));
}

static CURLcode policy(void)
{
  static const char text[] = "default deny\nallow 127.0.0.0/8\n";
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "http://127.0.0.1", ports.web, "/text");
  CURL *e = r.easy[0];
  TRY(sluice_policy_parse(text, sizeof text - 1, &r.policy, NULL));
  SET(SLUICEOPT_POLICY, r.policy);
  return end(&r, twice(&r, rc, 6));
}

/* ---- other protocols ---- */

static CURLcode ftp(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "ftp://127.0.0.1", ports.ftp, "/a/b.txt");
  CURL *e = r.easy[0];
  rc = twice(&r, rc, FTP_BYTES);
  SET(CURLOPT_UPLOAD, 1L);
  TRY(perform(&r, 0));
  return end(&r, rc);
}

static CURLcode ftp_active(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "ftp://127.0.0.1", ports.ftp, "/b.txt");
  CURL *e = r.easy[0];
  SET(CURLOPT_FTPPORT, "127.0.0.1");
  SET(CURLOPT_USERPWD, "jim:secret");
  return end(&r, twice(&r, rc, FTP_BYTES));
}

static CURLcode ftp_wildcard(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "ftp://127.0.0.1", ports.ftp, "/*.txt");
  CURL *e = r.easy[0];
  SET(CURLOPT_WILDCARDMATCH, 1L);
  TRY(perform(&r, 2 * FTP_BYTES));
  return end(&r, rc);
}

static CURLcode tftp(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "tftp://127.0.0.1", ports.tftp, "/file");
  CURL *e = r.easy[0];
  TRY(perform(&r, TFTP_BYTES));
  SET(CURLOPT_UPLOAD, 1L);
  SET(CURLOPT_INFILESIZE, 3000L);
  TRY(perform(&r, 0));
  return end(&r, rc);
}

/* Frames that come behind a response are the next request's, or CURL_RTSPREQ_RECEIVE's. */
static CURLcode rtsp(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "rtsp://127.0.0.1", ports.rtsp, "/clip");
  CURL *e = r.easy[0];
  SET(CURLOPT_INTERLEAVEFUNCTION, take);
  SET(CURLOPT_INTERLEAVEDATA, &r);
  SET(CURLOPT_RTSP_STREAM_URI, "rtsp://127.0.0.1/clip");
  SET(CURLOPT_RTSP_TRANSPORT, "RTP/AVP/TCP;interleaved=0-1");
  r.got = 0;
  SET(CURLOPT_RTSP_REQUEST, CURL_RTSPREQ_SETUP);
  TRY(curl_easy_perform(e));
  SET(CURLOPT_RTSP_REQUEST, CURL_RTSPREQ_SET_PARAMETER);
  SET(CURLOPT_COPYPOSTFIELDS, "a: b\r\n");
  TRY(curl_easy_perform(e));
  SET(CURLOPT_HTTPGET, 1L);
  SET(CURLOPT_RTSP_REQUEST, CURL_RTSPREQ_PLAY);
  TRY(curl_easy_perform(e));
  if (!rc && r.got < 3 * (5 + 4 + 5)) {
    SET(CURLOPT_RTSP_REQUEST, CURL_RTSPREQ_RECEIVE);
    TRY(curl_easy_perform(e));
  }
  if (!rc)
    CHECK_INT(r.got, 3 * (5 + 4 + 5));
  return end(&r, rc);
}

static CURLcode telnet(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "telnet://jim@127.0.0.1", ports.telnet, "/");
  CURL *e = r.easy[0];
  r.list = curl_slist_append(NULL, "TTYPE=vt100");
  if (!r.list)
    rc = CURLE_OUT_OF_MEMORY;
  SET(CURLOPT_TELNETOPTIONS, r.list);
  SET(CURLOPT_BUFFERSIZE, 4096L);
  TRY(perform(&r, 2 * strlen(TELNET_SAID)));
  return end(&r, rc);
}

static CURLcode dict(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "dict://127.0.0.1", ports.dict, "/d:word");
  return end(&r, twice(&r, rc, strlen(DICT_SAID)));
}

/* To the same server: QUIT is all that it listens for. */
static CURLcode gopher(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "gopher://127.0.0.1", ports.dict, "/1QUIT?");
  return end(&r, twice(&r, rc, strlen(DICT_SAID)));
}

static CURLcode file(void)
{
  struct run r = {0};
  char url[64];
  CURLcode rc = begin(&r, 0, "http://127.0.0.1", 1, "/");
  CURL *e = r.easy[0];
  snprintf(url, sizeof url, "file://%s/file", folder);
  SET(CURLOPT_URL, url);
  SET(CURLOPT_UPLOAD, 1L);
  TRY(perform(&r, 0));
  SET(CURLOPT_UPLOAD, 0L);
  TRY(perform(&r, 3000));
  snprintf(url, sizeof url, "file://%s/", folder);
  SET(CURLOPT_URL, url);
  SET(CURLOPT_DIRLISTONLY, 1L);
  TRY(curl_easy_perform(e));
  return end(&r, rc);
}

/* ---- requests ---- */

static CURLcode mime(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "http://127.0.0.1", ports.web, "/echo");
  CURL *e = r.easy[0];
  curl_mimepart *part = NULL;
  for (int i = 0; i < 2; i++) {
    if (!rc && ((!i && !(r.mime = curl_mime_init(e))) || !(part = curl_mime_addpart(r.mime))))
      rc = CURLE_OUT_OF_MEMORY;
    TRY(curl_mime_name(part, "field"));
    TRY(curl_mime_data(part, "a text\n", CURL_ZERO_TERMINATED));
    if (i)
      TRY(curl_mime_encoder(part, "base64"));
    if (i)
      TRY(curl_mime_filename(part, "file \"name\""));
  }
  SET(CURLOPT_MIMEPOST, r.mime);
  TRY(curl_easy_perform(e));
  size_t got = r.got;
  TRY(perform(&r, got));
  if (!rc)
    CHECK(got > 200);
  return end(&r, rc);
}

static CURLcode digest(void)
{
  struct run r = {0};
  CURLcode rc = begin(&r, 0, "http://127.0.0.1", ports.web, "/digest");
  CURL *e = r.easy[0];
  SET(CURLOPT_USERPWD, "jim:secret");
  SET(CURLOPT_HTTPAUTH, (long)(CURLAUTH_DIGEST | CURLAUTH_NTLM));
  return end(&r, twice(&r, rc, 6));
}

/* ---- handles together ---- */

static CURLcode share(void)
{
  static const curl_lock_data what[] = {CURL_LOCK_DATA_COOKIE, CURL_LOCK_DATA_DNS, CURL_LOCK_DATA_SSL_SESSION,
                                        CURL_LOCK_DATA_CONNECT, CURL_LOCK_DATA_HSTS};
  struct run r = {.share = curl_share_init()};
  CURLcode rc = r.share ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  for (size_t i = 0; i < sizeof what / sizeof *what; i++)
    if (!rc && curl_share_setopt(r.share, CURLSHOPT_SHARE, what[i]))
      rc = CURLE_OUT_OF_MEMORY;
  TRY(begin(&r, 0, "https://localhost", ports.far, "/1000"));
  CURL *e = r.easy[0];
  SET(CURLOPT_SSL_VERIFYHOST, 0L);
  SET(CURLOPT_SHARE, r.share);
  TRY(begin(&r, 1, "https://localhost", ports.far, "/2000"));
  e = r.easy[1];
  SET(CURLOPT_SSL_VERIFYHOST, 0L);
  SET(CURLOPT_SHARE, r.share);
  TRY(perform(&r, 1000));
  if (!rc) {
    r.got = 0;
    rc = curl_easy_perform(e);
  }
  if (!rc)
    CHECK_INT(r.got, 2000);
  return end(&r, rc);
}

static int on_socket(CURL *e, curl_socket_t fd, int what, void *arg, void *own)
{
  struct run *r = arg;
  (void)e;
  (void)own;
  r->fd = fd;
  r->what = what == CURL_POLL_REMOVE ? 0 : what;
  return 0;
}

static int wait_for(const struct run *r, long ms)
{
  struct pollfd p = {r->fd, (short)((r->what & CURL_POLL_IN ? POLLIN : 0) | (r->what & CURL_POLL_OUT ? POLLOUT : 0)), 0};
  if (poll(&p, r->what != 0, ms < 0 || ms > 1000 ? 1000 : (int)ms) != 1)
    return 0;
  return (p.revents & POLLIN ? CURL_CSELECT_IN : 0) | (p.revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
         (p.revents & (POLLERR | POLLHUP) ? CURL_CSELECT_ERR : 0);
}

static CURLcode application_loop(void)
{
  struct run r = {.multi = curl_multi_init()};
  CURLcode rc = r.multi ? CURLE_OK : CURLE_OUT_OF_MEMORY;
  if (!rc && (curl_multi_setopt(r.multi, CURLMOPT_SOCKETFUNCTION, on_socket) ||
              curl_multi_setopt(r.multi, CURLMOPT_SOCKETDATA, &r)))
    rc = CURLE_OUT_OF_MEMORY;
  TRY(begin(&r, 0, "http://127.0.0.1", ports.web, "/chunks"));
  TRY(add(&r, 0));
  int running = 1, events = 0;
  while (!rc && running) {
    long ms;
    if (curl_multi_socket_action(r.multi, events ? r.fd : CURL_SOCKET_TIMEOUT, events, &running) ||
        curl_multi_timeout(r.multi, &ms))
      rc = CURLE_OUT_OF_MEMORY;
    else if (running)
      events = wait_for(&r, ms);
  }
  TRY(collect(&r, 12));
  return end(&r, rc);
}

/* ---- rounds ---- */

/* In a process of their own: their descriptors are not the test's. */
static void start_servers(void)
{
  int out[2];
  if (ports.far)
    return;
  if (!mkdtemp(folder) || pipe(out))
    abort();
  ports.far = far_port();
  pid_t parent = getpid();
  if (!fork()) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    ports.web = peer_get()->port;
    ports.ftp = server_port(ftp_serve);
    ports.socks = server_port(socks_serve);
    ports.connect = server_port(connect_serve);
    ports.dict = server_port(dict_serve);
    ports.telnet = server_port(telnet_serve);
    ports.tftp = tftp_port();
    ports.rtsp = server_port(rtsp_serve);
    if (write(out[1], &ports, sizeof ports) != sizeof ports)
      abort();
    while (getppid() == parent)
      pause();
    _exit(0);
  }
  if (read(out[0], &ports, sizeof ports) != sizeof ports)
    abort();
  close(out[0]);
  close(out[1]);
}

__attribute__((destructor)) static void remove_folder(void)
{
  static const char *const files[] = {"cookies", "hsts", "altsvc", "file"};
  char path[64];
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, files[i]);
    unlink(path);
  }
  rmdir(folder);
}

static int descriptors(void)
{
  int n = 0;
  DIR *d = opendir("/proc/self/fd");
  while (readdir(d))
    n++;
  closedir(d);
  return n;
}

static bool is_for_want_of_descriptors(CURLcode rc)
{
  switch (rc) {
  case CURLE_COULDNT_CONNECT:
  case CURLE_COULDNT_RESOLVE_HOST: /* no socket to ask with */
  case CURLE_UNRECOVERABLE_POLL:
  case CURLE_FTP_PORT_FAILED:
  case CURLE_FTP_ACCEPT_FAILED:
  case CURLE_FTP_WEIRD_PASV_REPLY: /* to PASV, which is tried when EPSV has led nowhere */
  case CURLE_WRITE_ERROR:          /* a local file */
    return true;
  default:
    printf("# %s\n", curl_easy_strerror(rc));
    return false;
  }
}

/* The limit is a bound on their numbers, and the lowest free one is given. What fails says why, soon, and closes what it
 * has. */
static void with_few_descriptors(CURLcode (*scenario)(void))
{
  struct rlimit all, few;
  CURLcode rc = CURLE_FAILED_INIT;
  int next, failed = 0, before;
  start_servers();
  sl_ledger_strict(true);
  scenario(); /* what is opened once for the process is open */
  before = descriptors();
  next = dup(0);
  close(next);
  getrlimit(RLIMIT_NOFILE, &all);
  for (int n = 0; rc && n < 20; n++) {
    struct ledger_totals was = sl_ledger_totals();
    struct timespec start, end;
    few = (struct rlimit){(rlim_t)(next + n), all.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &start);
    rc = scenario();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
    setrlimit(RLIMIT_NOFILE, &all);
    struct ledger_totals is = sl_ledger_totals();
    CHECK_INT(is.opened - was.opened, is.closed - was.closed);
    CHECK_INT(descriptors(), before);
    CHECK(end.tv_sec - start.tv_sec < 2);
    CHECK(!rc || is_for_want_of_descriptors(rc));
    failed += rc != CURLE_OK;
  }
  CHECK_INT(rc, CURLE_OK);
  CHECK(failed > 0);
}

#define TORTURE(scenario)                                                                          \
  TEST(scenario##_with_all_later_ones_failing)                                                     \
  {                                                                                                \
    start_servers();                                                                               \
    every_allocation(scenario, sl_mem_fail_after);                                                 \
  }                                                                                                \
  TEST(scenario##_with_one_failing)                                                                \
  {                                                                                                \
    start_servers();                                                                               \
    every_allocation(scenario, sl_mem_fail_once);                                                  \
  }                                                                                                \
  TEST(scenario##_with_few_descriptors)                                                            \
  {                                                                                                \
    with_few_descriptors(scenario);                                                                \
  }

TORTURE(https)
TORTURE(http2)
TORTURE(doh)
TORTURE(kept)
TORTURE(tunnel)
TORTURE(socks)
TORTURE(policy)
TORTURE(ftp)
TORTURE(ftp_active)
TORTURE(ftp_wildcard)
TORTURE(telnet)
TORTURE(dict)
TORTURE(gopher)
TORTURE(tftp)
TORTURE(rtsp)
TORTURE(file)
TORTURE(mime)
TORTURE(digest)
TORTURE(share)
TORTURE(application_loop)
