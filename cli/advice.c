/* Why a transfer failed, and what to do about it; see transfer.h. The library's error text tells
 * what happened; this adds what it can not know: the options of this command. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "transfer.h"

/* What can be done, or NULL. */
static const char *remedy(CURLcode code)
{
  switch (code) {
  case CURLE_UNSUPPORTED_PROTOCOL:
    return "`sluice --version` lists the protocols";
  case CURLE_URL_MALFORMAT:
    return "a URL is written https://host/path, with spaces as %20";
  case CURLE_COULDNT_RESOLVE_HOST:
    return "is the name spelled right, and is there a network?";
  case CURLE_COULDNT_RESOLVE_PROXY:
    return "look at --proxy and the environment variables http_proxy, https_proxy and all_proxy";
  case CURLE_COULDNT_CONNECT:
    return "does a server run there, and does a firewall let you through?";
  case CURLE_PEER_FAILED_VERIFICATION:
    return "try --cacert FILE with the certificate of who signed it";
  case CURLE_SSL_CACERT_BADFILE:
    return "--cacert needs a readable file with certificates in PEM form";
  case CURLE_SSL_CONNECT_ERROR:
    return "does this port speak TLS? http:// is for those that do not";
  case CURLE_LOGIN_DENIED:
  case CURLE_REMOTE_ACCESS_DENIED:
    return "name and password go into the URL: ftp://name:password@host/path";
  case CURLE_PARTIAL_FILE:
  case CURLE_RECV_ERROR:
  case CURLE_SEND_ERROR:
    return "try again; --continue goes on from what is there, --retry 3 tries by itself";
  case CURLE_GOT_NOTHING:
    return "try again later, or with -v to see what was sent";
  case CURLE_RANGE_ERROR:
    return "this server can not continue a file: leave --continue out to begin anew";
  case CURLE_BAD_CONTENT_ENCODING:
  case CURLE_WEIRD_SERVER_REPLY:
    return "is this the right port? -v shows what came";
  default:
    return NULL;
  }
}

static const char *status_remedy(long status, bool retried)
{
  switch (status) {
  case 401:
    return "it wants to know who asks: try --netrc, -H 'Authorization: ...', or name:password@ in "
           "the URL";
  case 407:
    return "the proxy wants to know who asks: try --proxy http://name:password@host:port";
  case 403:
    return "it does not want to give you this";
  case 404:
  case 410:
    return "there is nothing at this address: look at the spelling of the path";
  case 405:
    return "it does not take this method: look at -X and -d";
  case 416:
    return "the file is longer than what it has: remove the file to begin anew";
  case 429:
    return "too many requests: wait, or let --retry wait";
  default:
    if (status < 500)
      return "--accept-errors stores what it has to say";
    return retried ? "the fault lies with the server: try again later"
                   : "the fault lies with the server: try again later, or with --retry";
  }
}

static void advise_refusal(const struct transfer *transfer, char *out)
{
  snprintf(out, ADVICE_TEXT, "--deny %s refuses %s, and no other address is left",
           transfer->sockets.denied_by->text, transfer->sockets.denied);
}

static void advise_write(const struct output *output, const char *label, char *out)
{
  const char *path = output->path ? label : "standard output";
  switch (output->os_errno) {
  case EWOULDBLOCK:
    snprintf(out, ADVICE_TEXT, "somebody else is writing to %s: wait, or name another with -o",
             output->part);
    break;
  case EEXIST:
    snprintf(out, ADVICE_TEXT, "%s exists, and -J replaces nothing: name a file with -o", path);
    break;
  case ESPIPE:
    snprintf(out, ADVICE_TEXT, "%s can not be read again for its checksum: name a file with -o",
             path);
    break;
  default:
    snprintf(out, ADVICE_TEXT, "can not write to %s: %s", path, strerror(output->os_errno));
  }
}

static void advise_status(const struct transfer *transfer, char *out)
{
  long status = 0;
  curl_off_t after_s = 0;
  char time[BAR_SIZE];
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &after_s);
  if (transfer->state == TRANSFER_WAITING)
    snprintf(out, ADVICE_TEXT, "the server answered %ld", status);
  else if (after_s > 0)
    snprintf(out, ADVICE_TEXT, "the server answered %ld; it asks to come back in %s", status,
             bar_elapsed((double)after_s, time));
  else
    snprintf(out, ADVICE_TEXT, "the server answered %ld; %s", status,
             status_remedy(status, transfer->options->retries > 0));
}

/* Which of the two limits ran out: the one for connecting counts only until then. */
static const char *timeout_option(const struct transfer *transfer)
{
  const struct get_options *options = transfer->options;
  curl_off_t connected_us = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_CONNECT_TIME_T, &connected_us);
  bool whole = options->max_time_ms && (!options->connect_timeout_ms ||
                                        options->max_time_ms <= options->connect_timeout_ms);
  return connected_us || whole ? "--max-time" : "--connect-timeout";
}

void advice_text(const struct transfer *transfer, CURLcode code, char out[ADVICE_TEXT])
{
  const char *what = transfer->error[0] ? transfer->error : curl_easy_strerror(code), *to_do;
  if (transfer->problem[0])
    snprintf(out, ADVICE_TEXT, "%s", transfer->problem);
  else if (code == CURLE_COULDNT_CONNECT && transfer->sockets.denied_by)
    advise_refusal(transfer, out);
  else if (transfer->output.os_errno)
    advise_write(&transfer->output, transfer->label, out);
  else if (code == CURLE_OPERATION_TIMEDOUT && transfer->state != TRANSFER_WAITING)
    snprintf(out, ADVICE_TEXT, "%s; allow more with %s", what, timeout_option(transfer));
  else if (code == CURLE_HTTP_RETURNED_ERROR)
    advise_status(transfer, out);
  else if (code == CURLE_TOO_MANY_REDIRECTS)
    snprintf(out, ADVICE_TEXT, "more than %d redirects; --no-follow shows where they lead",
             GET_REDIRECTS);
  else if (code == CURLE_PEER_FAILED_VERIFICATION)
    snprintf(out, ADVICE_TEXT, "certificate problem: %s; %s", what, remedy(code));
  else if (transfer->state != TRANSFER_WAITING && !reply_refused(transfer) && (to_do = remedy(code)))
    snprintf(out, ADVICE_TEXT, "%s; %s", what, to_do);
  else
    snprintf(out, ADVICE_TEXT, "%s", what);
}
