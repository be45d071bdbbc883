/* One download of `sluice get`; see get.h. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "get.h"

static const char *label_of(const struct transfer *transfer)
{
  return transfer->path ? transfer->path : transfer->url;
}

/* ---- what the library calls -------------------------------------------------------------------
 */

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
  struct transfer *transfer = userdata;
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
  bool several = transfer->options->url_count > 1;
  (void)easy;
  while (mark && size) {
    const char *end = memchr(data, '\n', size);
    size_t length = end ? (size_t)(end - data) : size, shown = length;
    while (shown && (data[shown - 1] == '\r' || data[shown - 1] == '\n'))
      shown--;
    screen_line(transfer->screen, "%s%s%s %.*s", several ? label_of(transfer) : "",
                several ? " " : "", mark, (int)shown, data);
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

static void set_pointer(struct setter *s, CURLoption option, const void *value)
{
  s->code = s->code ? s->code : curl_easy_setopt(s->easy, option, value);
}

static bool is_head(const struct get_options *options)
{
  return options->method && !strcmp(options->method, "HEAD");
}

static void set_request(struct setter *s, const struct get_options *options)
{
  set_pointer(s, CURLOPT_USERAGENT, "sluice/" CLI_VERSION);
  set_pointer(s, CURLOPT_HTTPHEADER, options->headers);
  if (options->data) {
    set_pointer(s, CURLOPT_POSTFIELDS, options->data);
    s->code = s->code ? s->code
                      : curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE_LARGE,
                                         (curl_off_t)options->data_size);
  }
  if (is_head(options))
    set_long(s, CURLOPT_NOBODY, 1);
  else if (options->method)
    set_pointer(s, CURLOPT_CUSTOMREQUEST, options->method);
  set_long(s, CURLOPT_FOLLOWLOCATION, !options->no_follow);
  set_long(s, CURLOPT_MAXREDIRS, GET_REDIRECTS);
  set_long(s, CURLOPT_FAILONERROR, !options->accept_errors);
  set_long(s, CURLOPT_TIMEOUT_MS, options->max_time_ms);
  set_long(s, CURLOPT_CONNECTTIMEOUT_MS, options->connect_timeout_ms);
  set_long(s, CURLOPT_NOSIGNAL, 1);
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

static CURLcode prepare(struct transfer *transfer, const struct sockets *sockets)
{
  struct setter s = {.easy = transfer->easy};
  set_pointer(&s, CURLOPT_URL, transfer->url);
  set_request(&s, transfer->options);
  set_callbacks(&s, transfer);
  if (transfer->output.resumed_at && !s.code)
    s.code = curl_easy_setopt(s.easy, CURLOPT_RESUME_FROM_LARGE, transfer->output.resumed_at);
  return s.code ? s.code : sockets_attach(sockets, &transfer->sockets, transfer->easy);
}

/* ---- its life ----------------------------------------------------------------------------------
 */

static void fail(struct transfer *transfer, CURLcode code)
{
  char text[ADVICE_TEXT];
  advice_text(transfer, code, text);
  screen_line(transfer->screen, "sluice: %s: %s", transfer->url, text);
  transfer->failed = true;
}

void transfer_abandon(struct transfer *transfer)
{
  output_finish(&transfer->output, false);
  curl_easy_cleanup(transfer->easy);
  transfer->easy = NULL;
  transfer->failed = true;
}

bool transfer_start(struct transfer *transfer, const struct sockets *sockets)
{
  CURLcode code = CURLE_FAILED_INIT;
  transfer->easy = curl_easy_init();
  if (output_init(&transfer->output, transfer->path, transfer->options->resume))
    code = transfer->easy ? prepare(transfer, sockets) : CURLE_OUT_OF_MEMORY;
  bar_start(&transfer->bar, label_of(transfer), transfer->output.resumed_at, bar_clock_us());
  if (!code)
    return true;
  fail(transfer, code);
  transfer_abandon(transfer);
  return false;
}

/* The size that a server tells when it has nothing behind the end of what is there: 416 (RFC 9110,
 * 15.5.17). -1: it tells none. */
static curl_off_t told_size(CURL *easy)
{
  struct curl_header *range;
  if (curl_easy_header(easy, "Content-Range", 0, CURLH_HEADER, -1, &range) ||
      strncmp(range->value, "bytes */", 8) != 0)
    return -1;
  return strtoll(range->value + 8, NULL, 10);
}

/* For a transfer that should have continued a file and brought nothing: whether the file is
 * complete. *code becomes an error if it is longer than what the server has. */
static bool is_complete(const struct transfer *transfer, CURLcode *code)
{
  const struct output *output = &transfer->output;
  long status = 0;
  if (!output->resumed_at || output->written)
    return false;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  if (status == 416) {
    curl_off_t size = told_size(transfer->easy);
    if (size == output->resumed_at)
      *code = CURLE_OK;
    else if (size >= 0 && !*code)
      *code = CURLE_HTTP_RETURNED_ERROR;
  }
  return !*code;
}

static void report(const struct transfer *transfer, bool complete_before)
{
  char size[BAR_SIZE], speed[BAR_SIZE], time[BAR_SIZE];
  char *elsewhere = NULL;
  const char *label = label_of(transfer);
  double seconds = (double)(bar_clock_us() - transfer->bar.began_us) / 1e6;
  double bytes = (double)transfer->output.written;
  if (complete_before) {
    screen_line(transfer->screen, "%s  is complete, nothing to add", label);
    return;
  }
  screen_line(transfer->screen, "%s  %s in %s (%s/s)", label, bar_size(bytes, size),
              bar_elapsed(seconds, time),
              bar_size(bytes / (seconds > 1e-6 ? seconds : 1e-6), speed));
  if (transfer->options->no_follow &&
      !curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &elsewhere) && elsewhere)
    screen_line(transfer->screen, "%s  redirects to %s", label, elsewhere);
}

void transfer_finish(struct transfer *transfer, CURLcode code)
{
  bool complete_before = is_complete(transfer, &code);
  bool whole = !code && !complete_before && !is_head(transfer->options);
  if (!output_finish(&transfer->output, whole) && !code)
    code = CURLE_WRITE_ERROR;
  if (code)
    fail(transfer, code);
  else if (!transfer->options->quiet)
    report(transfer, complete_before);
  if (code && code != CURLE_RANGE_ERROR && transfer->path && transfer->output.written &&
      !transfer->options->quiet)
    screen_line(transfer->screen, "%s  holds what came until then", transfer->path);
  curl_easy_cleanup(transfer->easy);
  transfer->easy = NULL;
}
