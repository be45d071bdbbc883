/* What an answer means for the file; see transfer.h. RFC 9110: ranges and validators (8.8, 13.1.5,
 * 14), 416 (15.5.17), Retry-After (10.2.3). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "names.h"
#include "transfer.h"

enum {
  BACK_OFF_MAX_S = 60,
  RETRY_AFTER_MAX_S = 600 /* who asks for more is not waited for */
};

static const char *header_of(CURL *easy, const char *name)
{
  struct curl_header *header;
  return curl_easy_header(easy, name, 0, CURLH_HEADER, -1, &header) ? NULL : header->value;
}

static long status_of(CURL *easy)
{
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

/* ---- the body begins ---------------------------------------------------------------------------
 */

/* "bytes FROM-TO/SIZE", of which SIZE may be *, which is -1. */
static bool parse_range(const char *value, curl_off_t *out_from, curl_off_t *out_size)
{
  char *end;
  if (!value || strncasecmp(value, "bytes ", 6) != 0 || value[6] < '0' || value[6] > '9')
    return false;
  *out_from = strtoll(value + 6, &end, 10);
  const char *slash = *end == '-' ? strchr(end, '/') : NULL;
  if (!slash)
    return false;
  *out_size = slash[1] == '*' ? -1 : strtoll(slash + 1, NULL, 10);
  return true;
}

static bool asks_for_range(const struct curl_slist *headers)
{
  for (; headers; headers = headers->next)
    if (!strncasecmp(headers->data, "Range:", 6))
      return true;
  return false;
}

/* An entity tag that is strong, or a date that is: a second older than the answer (RFC 9110
 * 8.8.2.2). With any other one a part could be of two versions. */
static void note_validator(const struct transfer *transfer)
{
  const char *tag = header_of(transfer->easy, "ETag"), *changed, *date;
  if (tag && tag[0] == '"') {
    output_set_validator(&transfer->output, tag);
    return;
  }
  char kept[64];
  changed = tag ? NULL : header_of(transfer->easy, "Last-Modified");
  if (!changed || strlen(changed) >= sizeof kept)
    return;
  strcpy(kept, changed); /* the next call of curl_easy_header() may overwrite it */
  date = header_of(transfer->easy, "Date");
  time_t at = curl_getdate(kept, NULL), now = date ? curl_getdate(date, NULL) : -1;
  if (at > 0 && now > at)
    output_set_validator(&transfer->output, kept);
}

/* The server's name, if it gives one, in the place of the URL's; the folder is ours. */
static bool take_server_name(struct transfer *transfer)
{
  const char *value = header_of(transfer->easy, "Content-Disposition");
  char *name = value ? name_from_disposition(value) : NULL;
  const char *path = name ? name : transfer->item->path;
  output_close(&transfer->output);
  free(transfer->server_name);
  transfer->server_name = name;
  transfer->label = transfer->bar.label = path;
  return output_init(&transfer->output, path, true) && transfer_find_sum(transfer, path);
}

static bool check_part(struct transfer *transfer)
{
  curl_off_t from;
  if (parse_range(header_of(transfer->easy, "Content-Range"), &from, &transfer->whole_size) &&
      from == transfer->asked_from)
    return true;
  snprintf(transfer->problem, sizeof transfer->problem,
           "the server sends another part than was asked for; without --continue it sends all");
  return false;
}

/* Behind redirects it may be another one than the URL's. */
static void note_scheme(struct transfer *transfer)
{
  char *scheme = NULL;
  if (!curl_easy_getinfo(transfer->easy, CURLINFO_SCHEME, &scheme) && scheme)
    transfer->http = !strncasecmp(scheme, "http", 4);
}

bool reply_accept(struct transfer *transfer)
{
  const struct get_options *options = transfer->options;
  curl_off_t from = transfer->asked_from;
  long status = status_of(transfer->easy);
  transfer->answered = true;
  note_scheme(transfer);
  if (transfer->http && status == 206 && !asks_for_range(options->headers)) {
    if (!check_part(transfer))
      return false;
  } else if (transfer->http && from) {
    from = 0;
    if (!options->quiet)
      screen_line(transfer->screen, "%s  can not be continued, or has changed: begun anew",
                  transfer->label);
  }
  transfer->bar.before = from;
  if (!from && transfer->item->by_server && !take_server_name(transfer))
    return false;
  if (!output_open(&transfer->output, from))
    return false;
  if (!from && transfer->http && status < 300)
    note_validator(transfer);
  return true;
}

/* ---- the attempt is over -----------------------------------------------------------------------
 */

/* A server that has nothing behind the end of what is there tells its size. */
static CURLcode settle_416(struct transfer *transfer, CURLcode code)
{
  const char *range = header_of(transfer->easy, "Content-Range");
  if (!range || strncasecmp(range, "bytes */", 8) != 0)
    return code;
  if (strtoll(range + 8, NULL, 10) != transfer->asked_from)
    return code;
  transfer->complete_before = true;
  return CURLE_OK;
}

CURLcode reply_settle(struct transfer *transfer, CURLcode code)
{
  note_scheme(transfer);
  if (code == CURLE_HTTP_RETURNED_ERROR && transfer->asked_from && status_of(transfer->easy) == 416)
    return settle_416(transfer, code);
  if (code || transfer->options->head)
    return code;
  if (!transfer->answered && transfer->asked_from && !transfer->http)
    transfer->complete_before = true;
  else if (!transfer->answered && !reply_accept(transfer))
    return CURLE_WRITE_ERROR;
  if (transfer->whole_size >= 0 && transfer->output.size != transfer->whole_size)
    return CURLE_PARTIAL_FILE;
  return CURLE_OK;
}

static bool is_passing_status(long status)
{
  return status == 408 || status == 429 || status == 500 || (status >= 502 && status <= 504);
}

bool reply_refused(const struct transfer *transfer)
{
  return strstr(transfer->error, "policy refused") != NULL;
}

static bool is_passing(const struct transfer *transfer, CURLcode code)
{
  if (reply_refused(transfer))
    return false;
  switch (code) {
  case CURLE_COULDNT_CONNECT:
    return !transfer->sockets.denied_by;
  case CURLE_COULDNT_RESOLVE_HOST:
  case CURLE_COULDNT_RESOLVE_PROXY:
  case CURLE_OPERATION_TIMEDOUT:
  case CURLE_PARTIAL_FILE:
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
  case CURLE_GOT_NOTHING:
  case CURLE_HTTP2:
  case CURLE_HTTP2_STREAM:
  case CURLE_FTP_ACCEPT_TIMEOUT:
    return true;
  case CURLE_HTTP_RETURNED_ERROR:
    return is_passing_status(status_of(transfer->easy));
  default:
    return false;
  }
}

int64_t reply_retry_us(const struct transfer *transfer, CURLcode code)
{
  const struct output *output = &transfer->output;
  curl_off_t asked_s = 0;
  if (transfer->attempt > transfer->options->retries || !is_passing(transfer, code))
    return -1;
  if (!output->target && output->written) /* what is written can not be taken back */
    return -1;
  curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &asked_s);
  if (asked_s > RETRY_AFTER_MAX_S)
    return -1;
  int doublings = transfer->attempt - 1;
  int64_t pause_s = doublings < 6 ? 1 << doublings : BACK_OFF_MAX_S;
  return (pause_s > asked_s ? pause_s : asked_s) * 1000000;
}
