/* `sluice get`: several downloads in one multi handle, with their progress. */
#include "get.h"

#include <signal.h>
#include <stdlib.h>

#include "cli.h"
#include "show.h"
#include "signals.h"

enum { IDLE_MS = 1000 };

struct get {
  const struct get_options *options;
  struct transfer *transfers; /* places, one for each that may run at the same time */
  int place_count;
  struct screen screen;
  struct sockets sockets;
  CURLM *multi;
  int signal_fd;
  struct signals signals;
  struct show show;
  int next, mismatched; /* items */
};

static bool multi_failed(CURLMcode code)
{
  if (code)
    fprintf(stderr, "sluice: the library failed: %s\n", curl_multi_strerror(code));
  return code != CURLM_OK;
}

static int failed(const struct get *get)
{
  return get->show.over - get->show.good;
}

static bool may_start(const struct get *get)
{
  return get->next < get->options->item_count && !(failed(get) && get->options->fail_early);
}

/* ---- the loop ----------------------------------------------------------------------------------
 */

/* After each call into a transfer. False: the library is broken. */
static bool follow(struct get *get, struct transfer *transfer)
{
  if (transfer->state == TRANSFER_RUNNING)
    return !multi_failed(curl_multi_add_handle(get->multi, transfer->easy));
  if (transfer->state == TRANSFER_IDLE) {
    show_settle(&get->show, transfer);
    get->mismatched += transfer->outcome == OUTCOME_MISMATCH;
  }
  return true;
}

static bool turn(struct get *get, struct transfer *transfer)
{
  if (transfer->state == TRANSFER_WAITING && bar_clock_us() >= transfer->retry_at_us) {
    transfer_again(transfer);
    return follow(get, transfer);
  }
  if (transfer->state == TRANSFER_CHECKING) {
    transfer_check(transfer);
    return transfer->state == TRANSFER_CHECKING || follow(get, transfer);
  }
  while (transfer->state == TRANSFER_IDLE && may_start(get)) {
    transfer_begin(transfer, &get->options->items[get->next++]);
    if (!follow(get, transfer))
      return false;
  }
  return true;
}

static bool take_messages(struct get *get)
{
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(get->multi, &left))) {
    struct transfer *transfer = NULL;
    CURLcode code = message->data.result; /* the message ends with the removal */
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    curl_multi_remove_handle(get->multi, transfer->easy);
    transfer_ended(transfer, code);
    if (!follow(get, transfer))
      return false;
  }
  return true;
}

/* How long nothing happens unless a descriptor says so. */
static int quiet_ms(const struct get *get)
{
  int64_t now_us = bar_clock_us(), least_us = (get->show.bars ? SHOW_REDRAW_MS : IDLE_MS) * 1000;
  for (int i = 0; i < get->place_count; i++) {
    const struct transfer *transfer = &get->transfers[i];
    int64_t left_us = transfer->state == TRANSFER_CHECKING  ? 0
                      : transfer->state == TRANSFER_WAITING ? transfer->retry_at_us - now_us
                      : transfer->state == TRANSFER_IDLE && may_start(get) ? 0
                                                                           : least_us;
    least_us = left_us < least_us ? left_us : least_us;
  }
  return least_us > 0 ? (int)((least_us + 999) / 1000) : 0;
}

static bool wait_for_more(struct get *get)
{
  struct curl_waitfd signal = {.fd = get->signal_fd, .events = CURL_WAIT_POLLIN};
  unsigned count = get->signal_fd >= 0;
  if (multi_failed(curl_multi_poll(get->multi, &signal, count, quiet_ms(get), NULL)))
    return false;
  get->signals = signals_take();
  if (get->signals.continued)
    screen_forget(&get->screen);
  return true;
}

static bool run(struct get *get)
{
  int running;
  for (;;) {
    for (int i = 0; i < get->place_count; i++)
      if (!turn(get, &get->transfers[i]))
        return false;
    if (multi_failed(curl_multi_perform(get->multi, &running)) || !take_messages(get))
      return false;
    if (signals_ended() || (failed(get) && get->options->fail_early))
      return false;
    if (get->show.over == get->next && !may_start(get))
      return true;
    get->show.all_have_begun = get->next == get->options->item_count;
    show_draw(&get->show, get->transfers, get->place_count, get->signals.resized);
    if (!wait_for_more(get))
      return false;
  }
}

/* ---- begin and end -----------------------------------------------------------------------------
 */

static void begin(struct get *get)
{
  const struct get_options *options = get->options;
  get->place_count =
      options->parallel < options->item_count ? options->parallel : options->item_count;
  get->transfers = cli_alloc((size_t)get->place_count, sizeof *get->transfers);
  get->multi = cli_need(curl_multi_init());
  get->signal_fd = signals_begin();
  screen_init(&get->screen);
  show_begin(&get->show, &get->screen, options);
  get->sockets = (struct sockets){.screen = &get->screen,
                                  .trace = options->trace,
                                  .deny = options->deny,
                                  .deny_count = options->deny_count};
  for (int i = 0; i < get->place_count; i++) {
    get->transfers[i].options = options;
    get->transfers[i].screen = &get->screen;
    get->transfers[i].shared = &get->sockets;
  }
}

/* Those that were left. True: there is something to go on from. */
static bool abandon_all(struct get *get)
{
  bool some = false;
  for (int i = 0; i < get->place_count; i++) {
    struct transfer *transfer = &get->transfers[i];
    if (transfer->state == TRANSFER_IDLE)
      continue;
    if (!signals_ended())
      screen_line(&get->screen, "sluice: %s: given up", transfer->shown);
    curl_multi_remove_handle(get->multi, transfer->easy);
    some |= transfer_abandon(transfer);
    show_settle(&get->show, transfer);
  }
  if (get->next < get->options->item_count)
    screen_line(&get->screen, "sluice: %d of %d transfers were not begun",
                get->options->item_count - get->next, get->options->item_count);
  return some;
}

static int get_all(const struct get_options *options)
{
  struct get *get = cli_alloc(1, sizeof *get);
  get->options = options;
  begin(get);
  bool all = run(get);
  show_clear(&get->show);
  bool some = !all && abandon_all(get);
  show_report(&get->show);
  if (signals_ended())
    screen_line(&get->screen, "sluice: interrupted; %s",
                some ? "the same command with --continue goes on" : "nothing was left behind");
  for (int i = 0; i < get->place_count; i++)
    transfer_free(&get->transfers[i]);
  curl_multi_cleanup(get->multi); /* closes connections, which is still told of */
  int status = get->mismatched                        ? CLI_MISMATCH
               : get->show.good < options->item_count ? CLI_FAILED
                                                      : CLI_OK;
  if (signals_ended()) {
    signal(signals_ended(), SIG_DFL);
    raise(signals_ended()); /* so that a shell knows, too */
  }
  free(get->transfers);
  free(get);
  return status;
}

int get_main(int count, char **words)
{
  struct get_options options;
  int status = get_options_read(count, words, &options);
  if (status == GET_HELP) {
    get_help();
    status = CLI_OK;
  } else if (status == CLI_OK) {
    status = get_all(&options);
  }
  get_options_free(&options);
  return status;
}
