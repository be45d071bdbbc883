/* The life of one download of `sluice get`; see transfer.h. */
#include "transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "names.h"
#include "signals.h"

/* ---- its end -----------------------------------------------------------------------------------
 */

static void leave(struct transfer *transfer, enum transfer_outcome outcome)
{
  digest_free(transfer->digest);
  transfer->digest = NULL;
  output_close(&transfer->output);
  transfer->state = TRANSFER_IDLE;
  transfer->outcome = outcome;
}

/* Whether a part stays that --continue can go on from. */
static bool has_part(const struct output *output)
{
  return output->part && !output->at_target && output->size > 0;
}

static void fail(struct transfer *transfer, CURLcode code)
{
  char text[ADVICE_TEXT];
  if (!signals_ended()) { /* which is why it failed, then */
    advice_text(transfer, code, text);
    screen_line(transfer->screen, "sluice: %s: %s", transfer->shown, text);
    if (has_part(&transfer->output) && !transfer->options->quiet)
      screen_line(transfer->screen, "%s  holds what came until then", transfer->output.part);
  }
  leave(transfer, OUTCOME_FAILED);
}

static void report(const struct transfer *transfer)
{
  char size[BAR_SIZE], speed[BAR_SIZE], time[BAR_SIZE];
  char *elsewhere = NULL;
  const char *label = transfer->label, *verified = transfer->digest ? ", SHA-256 is right" : "";
  double seconds = (double)(bar_clock_us() - transfer->began_us) / 1e6;
  double bytes = (double)transfer->output.written;
  if (transfer->complete_before) {
    screen_line(transfer->screen, "%s  is complete, nothing to add%s", label, verified);
    return;
  }
  screen_line(transfer->screen, "%s  %s in %s (%s/s)%s", label, bar_size(bytes, size),
              bar_elapsed(seconds, time),
              bar_size(bytes / (seconds > 1e-6 ? seconds : 1e-6), speed), verified);
  if (transfer->options->no_follow &&
      !curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &elsewhere) && elsewhere)
    screen_line(transfer->screen, "%s  redirects to %s", label, elsewhere);
}

static void succeed(struct transfer *transfer)
{
  if (!transfer->options->head &&
      (!output_readable(&transfer->output) || !output_keep(&transfer->output))) {
    fail(transfer, CURLE_WRITE_ERROR);
    return;
  }
  if (!transfer->options->quiet)
    report(transfer);
  leave(transfer, OUTCOME_GOOD);
}

/* ---- the checksum ------------------------------------------------------------------------------
 */

bool transfer_find_sum(struct transfer *transfer, const char *path)
{
  bool several;
  transfer->sum = transfer->item->sum[0] ? transfer->item->sum : NULL;
  if (transfer->sum || !transfer->options->sums.count)
    return true;
  transfer->sum = sums_find(&transfer->options->sums, path, &several);
  if (transfer->sum)
    return true;
  snprintf(transfer->problem, sizeof transfer->problem,
           several ? "the list of --sums has several files of the name %s; give its path with -o"
                   : "the list of --sums has no line for %s",
           path);
  return false;
}

static void begin_check(struct transfer *transfer)
{
  transfer->state = TRANSFER_CHECKING;
  snprintf(transfer->note, sizeof transfer->note, "checking");
  transfer->bar.note = transfer->note;
  if (!output_readable(&transfer->output))
    fail(transfer, CURLE_WRITE_ERROR);
  else if (!(transfer->digest = digest_new(transfer->output.fd)))
    fail(transfer, CURLE_OUT_OF_MEMORY);
}

static void mismatch(struct transfer *transfer, const char *found)
{
  struct output *output = &transfer->output;
  const char *remedy =
      output->at_target ? "remove the file to begin anew"
      : transfer->asked_from
          ? "it was not kept, since its older part may be of another version: try again"
          : "it was not kept: is it the right URL, or the right checksum?";
  screen_line(transfer->screen, "sluice: %s: the SHA-256 is %s, not %s; %s", transfer->shown, found,
              transfer->sum, remedy);
  output_drop(output);
  leave(transfer, OUTCOME_MISMATCH);
}

void transfer_check(struct transfer *transfer)
{
  char found[SUM_TEXT];
  int step = digest_step(transfer->digest, found);
  if (step > 0)
    return;
  if (step < 0)
    fail(transfer, CURLE_READ_ERROR);
  else if (strcmp(found, transfer->sum) != 0)
    mismatch(transfer, found);
  else
    succeed(transfer);
}

/* ---- attempts ----------------------------------------------------------------------------------
 */

/* Where to go on: only behind what is surely of the same version, or what the user says is. */
static curl_off_t resume_from(const struct transfer *transfer)
{
  const struct get_options *options = transfer->options;
  const struct output *output = &transfer->output;
  char validator[OUTPUT_VALIDATOR];
  if (!output->target || options->data || options->compressed || options->accept_errors)
    return 0;
  bool sure = options->resume || !transfer->http || output_validator(output, validator);
  return sure ? output->size : 0;
}

void transfer_again(struct transfer *transfer)
{
  CURLcode code = CURLE_OUT_OF_MEMORY;
  transfer->attempt++;
  transfer->asked_from = resume_from(transfer);
  transfer->whole_size = -1;
  transfer->answered = transfer->complete_before = false;
  transfer->error[0] = 0;
  bar_start(&transfer->bar, transfer->label, transfer->asked_from, bar_clock_us());
  if (!transfer->easy)
    transfer->easy = curl_easy_init();
  if (transfer->easy)
    code = request_prepare(transfer);
  if (code)
    fail(transfer, code);
  else
    transfer->state = TRANSFER_RUNNING;
}

void transfer_begin(struct transfer *transfer, const struct get_item *item)
{
  free(transfer->shown);
  free(transfer->server_name);
  transfer->server_name = NULL;
  transfer->item = item;
  transfer->shown = name_shown(item->url);
  transfer->label = item->path ? item->path : transfer->shown;
  transfer->sum = item->sum[0] ? item->sum : NULL;
  transfer->attempt = 0;
  transfer->http = true;
  transfer->problem[0] = 0;
  transfer->began_us = bar_clock_us();
  bar_start(&transfer->bar, transfer->label, 0, transfer->began_us);
  bool good = output_init(&transfer->output, item->path, false);
  if (good && transfer->options->resume)
    good = output_look(&transfer->output);
  if (good && !transfer->output.target && (transfer->sum || transfer->options->sums.count)) {
    transfer->output.os_errno = ESPIPE; /* it can not be read again */
    good = false;
  }
  if (good && !item->by_server)
    good = transfer_find_sum(transfer, item->path);
  if (good)
    transfer_again(transfer);
  else
    fail(transfer, CURLE_WRITE_ERROR);
}

static void wait_for_retry(struct transfer *transfer, CURLcode code, int64_t pause_us)
{
  char text[ADVICE_TEXT];
  transfer->state = TRANSFER_WAITING;
  advice_text(transfer, code, text);
  transfer->retry_at_us = bar_clock_us() + pause_us;
  snprintf(transfer->note, sizeof transfer->note, "waits for retry %d of %d", transfer->attempt,
           transfer->options->retries);
  transfer->bar.note = transfer->note;
  if (!transfer->options->quiet)
    screen_line(transfer->screen, "%s  %s; retry %d of %d in %d s", transfer->label, text,
                transfer->attempt, transfer->options->retries, (int)(pause_us / 1000000));
}

void transfer_ended(struct transfer *transfer, CURLcode code)
{
  code = reply_settle(transfer, code);
  int64_t pause_us = code ? reply_retry_us(transfer, code) : -1;
  if (pause_us >= 0 && !signals_ended())
    wait_for_retry(transfer, code, pause_us);
  else if (code)
    fail(transfer, code);
  else if (transfer->sum && !transfer->options->head)
    begin_check(transfer);
  else
    succeed(transfer);
}

bool transfer_abandon(struct transfer *transfer)
{
  bool some = has_part(&transfer->output);
  if (some && !transfer->options->quiet)
    screen_line(transfer->screen, "%s  holds what came until then", transfer->output.part);
  leave(transfer, OUTCOME_FAILED);
  return some;
}

void transfer_free(struct transfer *transfer)
{
  curl_easy_cleanup(transfer->easy);
  free(transfer->shown);
  free(transfer->server_name);
}
