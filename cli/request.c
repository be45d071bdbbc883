/* What an attempt asks for: the settings of its handle; see transfer.h. */
#include <string.h>

#include "cli.h"
#include "transfer.h"

/* ---- what the library calls -------------------------------------------------------------------
 */

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
  struct transfer *transfer = userdata;
  if (!transfer->answered && !reply_accept(transfer))
    return CURL_WRITEFUNC_ERROR;
  return output_write(&transfer->output, data, size * count) ? size * count : CURL_WRITEFUNC_ERROR;
}

static int on_progress(void *clientp, curl_off_t total, curl_off_t now, curl_off_t upload_total,
                       curl_off_t upload_now)
{
  struct transfer *transfer = clientp;
  (void)upload_total, (void)upload_now;
  transfer->bar.total = total;
  transfer->bar.now = now;
  return 0;
}

static int on_debug(CURL *easy, curl_infotype type, char *data, size_t size, void *userptr)
{
  struct transfer *transfer = userptr;
  const char *mark = type == CURLINFO_TEXT         ? "*"
                     : type == CURLINFO_HEADER_IN  ? "<"
                     : type == CURLINFO_HEADER_OUT ? ">"
                                                   : NULL;
  bool several = transfer->options->item_count > 1;
  (void)easy;
  while (mark && size) {
    const char *end = memchr(data, '\n', size);
    size_t length = end ? (size_t)(end - data) : size, shown = length;
    while (shown && (data[shown - 1] == '\r' || data[shown - 1] == '\n'))
      shown--;
    screen_line(transfer->screen, "%s%s%s %.*s", several ? transfer->label : "", several ? " " : "",
                mark, (int)shown, data);
    length += end != NULL;
    data += length;
    size -= length;
  }
  return 0;
}

/* ---- settings ----------------------------------------------------------------------------------
 */

/* The first setting that fails decides; all go through one of these. */
struct setter {
  CURL *easy;
  CURLcode code;
};

static void set_long(struct setter *s, CURLoption option, long value)
{
  s->code = s->code ? s->code : curl_easy_setopt(s->easy, option, value);
}

static void set_offset(struct setter *s, CURLoption option, curl_off_t value)
{
  s->code = s->code ? s->code : curl_easy_setopt(s->easy, option, value);
}

static void set_pointer(struct setter *s, CURLoption option, const void *value)
{
  s->code = s->code ? s->code : curl_easy_setopt(s->easy, option, value);
}

static void set_request(struct setter *s, const struct get_options *options)
{
  set_pointer(s, CURLOPT_USERAGENT, "sluice/" CLI_VERSION);
  set_pointer(s, CURLOPT_HTTPHEADER, options->headers);
  if (options->data) {
    set_pointer(s, CURLOPT_POSTFIELDS, options->data);
    set_offset(s, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)options->data_size);
  }
  if (options->head)
    set_long(s, CURLOPT_NOBODY, 1);
  else if (options->method)
    set_pointer(s, CURLOPT_CUSTOMREQUEST, options->method);
  if (options->compressed)
    set_pointer(s, CURLOPT_ACCEPT_ENCODING, "");
  if (options->netrc)
    set_long(s, CURLOPT_NETRC, CURL_NETRC_OPTIONAL);
  set_long(s, CURLOPT_FOLLOWLOCATION, !options->no_follow);
  set_long(s, CURLOPT_MAXREDIRS, GET_REDIRECTS);
  set_long(s, CURLOPT_FAILONERROR, !options->accept_errors);
}

static void set_network(struct setter *s, const struct get_options *options)
{
  set_long(s, CURLOPT_HTTP_VERSION, options->http_version);
  set_long(s, CURLOPT_TIMEOUT_MS, options->max_time_ms);
  set_long(s, CURLOPT_CONNECTTIMEOUT_MS, options->connect_timeout_ms);
  set_long(s, CURLOPT_NOSIGNAL, 1);
  set_offset(s, CURLOPT_MAX_RECV_SPEED_LARGE, options->rate);
  if (options->proxy)
    set_pointer(s, CURLOPT_PROXY, options->proxy);
  if (options->ca_file) {
    set_pointer(s, CURLOPT_CAINFO, options->ca_file);
    set_pointer(s, CURLOPT_CAPATH, NULL);
  }
  if (options->insecure) {
    set_long(s, CURLOPT_SSL_VERIFYPEER, 0);
    set_long(s, CURLOPT_SSL_VERIFYHOST, 0);
  }
}

static void set_callbacks(struct setter *s, struct transfer *transfer)
{
  CURL *easy = s->easy;
  set_pointer(s, CURLOPT_PRIVATE, transfer);
  set_pointer(s, CURLOPT_ERRORBUFFER, transfer->error);
  s->code = s->code ? s->code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  set_pointer(s, CURLOPT_WRITEDATA, transfer);
  if (!transfer->options->quiet && transfer->screen->terminal) {
    s->code = s->code ? s->code : curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, on_progress);
    set_pointer(s, CURLOPT_XFERINFODATA, transfer);
    set_long(s, CURLOPT_NOPROGRESS, 0);
  }
  if (transfer->options->verbose) {
    s->code = s->code ? s->code : curl_easy_setopt(easy, CURLOPT_DEBUGFUNCTION, on_debug);
    set_pointer(s, CURLOPT_DEBUGDATA, transfer);
    set_long(s, CURLOPT_VERBOSE, 1);
  }
}

/* By CURLOPT_RANGE, not by CURLOPT_RESUME_FROM: a server that sends the whole, since it knows no
 * ranges or has another version by now, is no failure. RFC 9110 13.1.5: If-Range. */
static void set_range(struct setter *s, struct transfer *transfer)
{
  char range[32], validator[OUTPUT_VALIDATOR];
  if (!transfer->asked_from)
    return;
  snprintf(range, sizeof range, "%" CURL_FORMAT_CURL_OFF_T "-", transfer->asked_from);
  set_pointer(s, CURLOPT_RANGE, range);
  if (!output_validator(&transfer->output, validator))
    return;
  snprintf(transfer->if_range, sizeof transfer->if_range, "If-Range: %s", validator);
  transfer->if_range_line = (struct curl_slist){transfer->if_range, transfer->options->headers};
  set_pointer(s, CURLOPT_HTTPHEADER, &transfer->if_range_line);
}

CURLcode request_prepare(struct transfer *transfer)
{
  struct setter s = {.easy = transfer->easy};
  curl_easy_reset(s.easy);
  set_pointer(&s, CURLOPT_URL, transfer->item->url);
  set_request(&s, transfer->options);
  set_network(&s, transfer->options);
  set_callbacks(&s, transfer);
  set_range(&s, transfer);
  return s.code ? s.code : sockets_attach(transfer->shared, &transfer->sockets, s.easy);
}
