/*
 * usage.c: ways in which programs use the headers; it has to compile as C and as C++.
 *
 * It is compiled and not run. What is here was seen in programs: feature tests by the
 * preprocessor, values in variables of their named types, callbacks cast to void *, handles kept
 * in other pointers.
 */
#include <curl/curl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if LIBCURL_VERSION_NUM < 0x071000 || !CURL_AT_LEAST_VERSION(7, 88, 0)
#error "too old"
#endif
#if defined(LIBCURL_VERSION_MAJOR) && LIBCURL_VERSION_MAJOR < 8
#error "too old"
#endif
#if !defined(CURL_HTTP_VERSION_2) || !defined(CURL_SSLVERSION_TLSv1_3) || !defined(CURLPROXY_HTTPS)
#error "feature tests do not work"
#endif
#if !defined(CURLPROTO_HTTPS) || !defined(CURLAUTH_BEARER) || !defined(CURLSSLOPT_NO_REVOKE)
#error "feature tests do not work"
#endif
#if !defined(CURL_VERSION_HTTP2) || !defined(CURLPIPE_MULTIPLEX) || !defined(CURL_GLOBAL_DEFAULT)
#error "feature tests do not work"
#endif
#if CURLPROTO_HTTP != 1 || CURL_MAX_WRITE_SIZE < 16384 || !(CURL_VERSION_SSL & 4)
#error "values do not work in the preprocessor"
#endif
#if !defined(CURLINC_CURL_H) || !defined(CURLINC_EASY_H) || !defined(CURLINC_MULTI_H) || \
  !defined(CURLINC_URLAPI_H) || !defined(CURLINC_HEADER_H) || !defined(CURLINC_OPTIONS_H) || \
  !defined(CURLINC_WEBSOCKETS_H) || !defined(CURL_ISOCPP)
#error "curl.h does not include the others"
#endif

struct request {
  CURL *easy;
  char error[CURL_ERROR_SIZE];
  curl_off_t total;
  curl_proxytype proxy_type;
  curl_usessl use_ssl;
  curl_ftpauth ftp_auth;
  curl_ftpmethod ftp_method;
  curl_TimeCond condition;
  enum CURL_NETRC_OPTION netrc;
  void *owner;
};

extern int use_everything(struct request *request, fd_set *fds);

static size_t on_write(char *data, size_t size, size_t nitems, void *userp)
{
  struct request *request = (struct request *)userp;

  (void)data;
  request->total += (curl_off_t)(size * nitems);
  return request->total > CURL_OFF_T_C(1000000) ? CURL_WRITEFUNC_ERROR : size * nitems;
}

static size_t on_read(char *data, size_t size, size_t nitems, void *userp)
{
  (void)userp;
  memset(data, 'x', size * nitems);
  return nitems ? size * nitems : CURL_READFUNC_ABORT;
}

static int on_progress(void *p, curl_off_t dlt, curl_off_t dl, curl_off_t ult, curl_off_t ul)
{
  (void)p;
  printf("%" CURL_FORMAT_CURL_OFF_T " of %" CURL_FORMAT_CURL_OFF_T "\n", dl + ul, dlt + ult);
  return CURL_PROGRESSFUNC_CONTINUE;
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *userp)
{
  (void)easy;
  (void)userp;
  switch (type) {
  case CURLINFO_TEXT:
  case CURLINFO_HEADER_IN:
  case CURLINFO_HEADER_OUT:
    fwrite(data, 1, size, stderr);
    break;
  case CURLINFO_DATA_IN:
  case CURLINFO_DATA_OUT:
  case CURLINFO_SSL_DATA_IN:
  case CURLINFO_SSL_DATA_OUT:
  case CURLINFO_END:
  default:
    break;
  }
  return 0;
}

static curl_socket_t on_open(void *p, curlsocktype purpose, struct curl_sockaddr *address)
{
  (void)p;
  return purpose == CURLSOCKTYPE_IPCXN
           ? socket(address->family, address->socktype, address->protocol)
           : CURL_SOCKET_BAD;
}

static int on_socket(CURL *easy, curl_socket_t s, int what, void *userp, void *socketp)
{
  (void)easy;
  (void)s;
  (void)userp;
  (void)socketp;
  return what == CURL_POLL_REMOVE ? 0 : -1;
}

static void on_lock(CURL *easy, curl_lock_data data, curl_lock_access access, void *userp)
{
  (void)easy;
  (void)userp;
  (void)(data == CURL_LOCK_DATA_DNS && access == CURL_LOCK_ACCESS_SINGLE);
}

static const char *what_failed(CURLcode code)
{
  switch (code) {
  case CURLE_OK:
    return "nothing";
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
    return "a name";
  case CURLE_SSL_CACERT: /* an older name of the next that is left out here */
    return "a certificate";
  case CURLE_OPERATION_TIMEOUTED:
    return "time";
  default:
    return curl_easy_strerror(code);
  }
}

static void set_values(struct request *request)
{
  request->proxy_type = CURLPROXY_SOCKS5_HOSTNAME;
  request->use_ssl = CURLUSESSL_ALL;
  request->ftp_auth = CURLFTPAUTH_TLS;
  request->ftp_method = CURLFTPMETHOD_NOCWD;
  request->condition = CURL_TIMECOND_IFMODSINCE;
  curl_easy_setopt(request->easy, CURLOPT_PROXYTYPE, request->proxy_type);
  curl_easy_setopt(request->easy, CURLOPT_PROXYTYPE, (long)CURLPROXY_HTTP);
  curl_easy_setopt(request->easy, CURLOPT_HTTPAUTH, CURLAUTH_ANY & ~CURLAUTH_NTLM);
  curl_easy_setopt(request->easy, CURLOPT_SSLVERSION,
                   CURL_SSLVERSION_TLSv1_2 | CURL_SSLVERSION_MAX_TLSv1_3);
  curl_easy_setopt(request->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)5);
  curl_easy_setopt(request->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(request->easy, CURLOPT_FILE, (void *)request);
  curl_easy_setopt(request->easy, CURLOPT_ENCODING, "");
  CURL_IGNORE_DEPRECATION(
    curl_easy_setopt(request->easy, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);)
}

static void set_callbacks(struct request *request)
{
  curl_easy_setopt(request->easy, CURLOPT_WRITEFUNCTION, on_write);
  curl_easy_setopt(request->easy, CURLOPT_READFUNCTION, (curl_read_callback)on_read);
  curl_easy_setopt(request->easy, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(request->easy, CURLOPT_DEBUGFUNCTION, on_debug);
  curl_easy_setopt(request->easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(request->easy, CURLOPT_ERRORBUFFER, request->error);
}

static CURLcode send_form(struct request *request)
{
  curl_mime *mime = curl_mime_init(request->easy);
  curl_mimepart *part = curl_mime_addpart(mime);
  CURLcode code = curl_mime_data(part, "value", CURL_ZERO_TERMINATED);

  curl_mime_name(part, "name");
  curl_mime_data_cb(part, -1, on_read, NULL, free, request);
  curl_easy_setopt(request->easy, CURLOPT_MIMEPOST, mime);
  if (!code) {
    code = curl_easy_perform(request->easy);
  }
  curl_mime_free(mime);
  return code;
}

static void ask(struct request *request)
{
  struct curl_certinfo *certs = NULL;
  struct curl_slist *cookies = NULL;
  struct curl_header *header = NULL;
  char *url = NULL;
  long status = 0;
  curl_off_t size = 0;
  curl_socket_t s = CURL_SOCKET_BAD;
  CURLINFO info = CURLINFO_HTTP_CODE;

  curl_easy_getinfo(request->easy, info, &status);
  curl_easy_getinfo(request->easy, CURLINFO_SIZE_DOWNLOAD_T, &size);
  curl_easy_getinfo(request->easy, CURLINFO_EFFECTIVE_URL, &url);
  curl_easy_getinfo(request->easy, CURLINFO_CERTINFO, &certs);
  curl_easy_getinfo(request->easy, CURLINFO_COOKIELIST, &cookies);
  curl_easy_getinfo(request->easy, CURLINFO_ACTIVESOCKET, &s);
  if (certs && certs->num_of_certs > 0) {
    puts(certs->certinfo[0]->data);
  }
  if (curl_easy_header(request->easy, "Date", 0, CURLH_HEADER | CURLH_TRAILER, -1, &header) ==
      CURLHE_OK) {
    puts(header->value);
  }
  curl_slist_free_all(cookies);
}

static int run_multi(struct request *request, fd_set *fds)
{
  CURLM *multi = curl_multi_init();
  CURLMsg *message;
  int running = 0, left = 0, max = -1;
  struct curl_waitfd extra;

  extra.fd = 0;
  extra.events = CURL_WAIT_POLLIN;
  extra.revents = 0;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
  curl_multi_add_handle(multi, request->easy);
  while (curl_multi_perform(multi, &running) == CURLM_CALL_MULTI_PERFORM) {
  }
  curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
  curl_multi_socket(multi, CURL_SOCKET_TIMEOUT, &running);
  curl_multi_poll(multi, &extra, 1, 1000, NULL);
  curl_multi_fdset(multi, fds, fds, fds, &max);
  while ((message = curl_multi_info_read(multi, &left)) != NULL) {
    if (message->msg == CURLMSG_DONE && message->easy_handle == request->easy) {
      puts(what_failed(message->data.result));
    }
  }
  curl_multi_remove_handle(multi, request->easy);
  return curl_multi_cleanup(multi) != CURLM_OK;
}

int use_everything(struct request *request, fd_set *fds)
{
  CURLSH *share = curl_share_init();
  CURLU *url = curl_url();
  char *part = NULL;
  const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);

  request->easy = curl_easy_init();
  curl_share_setopt(share, CURLSHOPT_SHARE, CURL_LOCK_DATA_COOKIE);
  curl_share_setopt(share, CURLSHOPT_LOCKFUNC, on_lock);
  if (version->age >= CURLVERSION_FOURTH && version->features & CURL_VERSION_LIBZ) {
    puts(version->libz_version);
  }
  if (!curl_url_set(url, CURLUPART_URL, "http://localhost/", CURLU_GUESS_SCHEME) &&
      !curl_url_get(url, CURLUPART_HOST, &part, 0)) {
    curl_free(part);
  }
  set_values(request);
  set_callbacks(request);
  request->owner = request->easy;
  if (send_form(request) == CURLE_OK) {
    ask(request);
  }
  curl_url_cleanup(url);
  curl_easy_cleanup((CURL *)request->owner);
  curl_share_cleanup(share);
  return run_multi(request, fds);
}
