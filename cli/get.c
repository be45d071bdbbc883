/* `sluice get`: several downloads in one multi handle, with their progress. */
#include <curl/curl.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"
#include "get.h"

enum { REDRAW_MS = 100, IDLE_MS = 1000 };

struct get {
  const struct get_options *options;
  struct transfer *transfers;
  struct screen screen;
  struct sockets sockets;
  CURLM *multi;
  int next, running, failed;
  bool bars;
  int64_t drawn_us;
};

static bool multi_failed(CURLMcode code)
{
  if (code)
    fprintf(stderr, "sluice: the library failed: %s\n", curl_multi_strerror(code));
  return code != CURLM_OK;
}

static bool may_start(const struct get *get)
{
  return get->next < get->options->url_count && get->running < get->options->parallel &&
         !(get->failed && get->options->fail_early);
}

static bool start_more(struct get *get)
{
  while (may_start(get)) {
    struct transfer *transfer = &get->transfers[get->next++];
    if (!transfer_start(transfer, &get->sockets)) {
      get->failed++;
      continue;
    }
    if (multi_failed(curl_multi_add_handle(get->multi, transfer->easy))) {
      transfer_abandon(transfer);
      return false;
    }
    get->running++;
  }
  return true;
}

static void finish_those_done(struct get *get)
{
  CURLMsg *message;
  int left;
  while ((message = curl_multi_info_read(get->multi, &left))) {
    struct transfer *transfer = NULL;
    CURLcode code = message->data.result; /* the message ends with the removal */
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&transfer);
    curl_multi_remove_handle(get->multi, transfer->easy);
    transfer_finish(transfer, code);
    get->failed += transfer->failed;
    get->running--;
  }
}

static void abandon_all(struct get *get)
{
  for (int i = 0; i < get->next; i++)
    if (get->transfers[i].easy) {
      screen_line(&get->screen, "sluice: %s: given up", get->transfers[i].url);
      curl_multi_remove_handle(get->multi, get->transfers[i].easy);
      transfer_abandon(&get->transfers[i]);
    }
}

static void draw(struct get *get)
{
  char text[BAR_TEXT];
  int columns, rows;
  int64_t now_us = bar_clock_us();
  if (!get->bars || (get->screen.drawn && now_us - get->drawn_us < REDRAW_MS * 1000))
    return;
  get->drawn_us = now_us;
  screen_size(&columns, &rows);
  screen_clear_bars(&get->screen);
  for (int i = 0; i < get->next && get->screen.drawn < rows - 1; i++) {
    struct transfer *transfer = &get->transfers[i];
    if (!transfer->easy)
      continue;
    bar_sample(&transfer->bar, now_us);
    bar_format(&transfer->bar, columns - 1, now_us, text); /* the last column would wrap */
    screen_bar(&get->screen, text);
  }
  screen_flush(&get->screen);
}

static bool run(struct get *get)
{
  int active;
  while (start_more(get) && get->running) {
    if (multi_failed(curl_multi_perform(get->multi, &active)))
      return false;
    finish_those_done(get);
    if (get->failed && get->options->fail_early)
      break;
    if (may_start(get) || !get->running)
      continue;
    draw(get);
    if (multi_failed(curl_multi_poll(get->multi, NULL, 0, get->bars ? REDRAW_MS : IDLE_MS, NULL)))
      return false;
  }
  return !get->failed;
}

/* A bar on the terminal that the body goes to would be torn to pieces. */
static bool wants_bars(const struct get *get)
{
  if (get->options->quiet || !get->screen.terminal)
    return false;
  for (int i = 0; i < get->options->url_count; i++)
    if (!get->options->paths[i] && isatty(STDOUT_FILENO))
      return false;
  return true;
}

static bool get_all(struct get *get)
{
  const struct get_options *options = get->options;
  get->transfers = cli_alloc((size_t)options->url_count, sizeof *get->transfers);
  get->multi = cli_need(curl_multi_init());
  screen_init(&get->screen);
  get->bars = wants_bars(get);
  get->sockets = (struct sockets){.screen = &get->screen,
                                  .trace = options->trace,
                                  .deny = options->deny,
                                  .deny_count = options->deny_count};
  for (int i = 0; i < options->url_count; i++) {
    struct transfer *transfer = &get->transfers[i];
    transfer->options = options;
    transfer->screen = &get->screen;
    transfer->url = options->urls[i];
    transfer->path = options->paths[i];
  }
  bool good = run(get);
  screen_clear_bars(&get->screen);
  abandon_all(get);
  curl_multi_cleanup(get->multi); /* closes connections, which is still told of */
  if (get->next < options->url_count)
    screen_line(&get->screen, "sluice: %d of %d transfers were not begun",
                options->url_count - get->next, options->url_count);
  free(get->transfers);
  return good;
}

int get_main(int count, char **words)
{
  struct get_options options;
  int status = get_options_read(count, words, &options);
  if (status == GET_HELP) {
    get_help();
    status = CLI_OK;
  } else if (status == CLI_OK) {
    struct get get = {.options = &options};
    status = get_all(&get) ? CLI_OK : CLI_FAILED;
  }
  get_options_free(&options);
  return status;
}
