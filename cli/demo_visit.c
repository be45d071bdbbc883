/* One transfer of the demonstration, and the books of descriptors; see demo.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sluice/sluice.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "demo.h"

/* ---- books -------------------------------------------------------------------------------------
 */

void books_note_open(struct books *books, int fd)
{
  books->opened++;
  if (fd < 0 || fd >= BOOKS_DESCRIPTORS || books->open[fd])
    books->wrong++;
  else
    books->open[fd] = true;
}

void books_note_close(struct books *books, int fd)
{
  books->closed++;
  if (fd < 0 || fd >= BOOKS_DESCRIPTORS || !books->open[fd])
    books->wrong++;
  else
    books->open[fd] = false;
}

/* None is open, then: each opening has been followed by one closing. */
bool books_balance(const struct books *books)
{
  return !books->wrong && books->opened == books->closed;
}

/* ---- callbacks ---------------------------------------------------------------------------------
 */

static int make_socket(struct visit *visit, struct curl_sockaddr *address)
{
  int fd = visit->handed;
  visit->handed = -1;
  if (visit->way != VISIT_HAND_OVER)
    fd = socket(address->family, address->socktype, address->protocol);
  if (fd >= 0)
    books_note_open(&visit->demo->callbacks, fd);
  return fd;
}

static void note_question(struct visit *visit, curlsocktype purpose)
{
  size_t used = strlen(visit->asked);
  snprintf(visit->asked + used, sizeof visit->asked - used, "%s%s  %s", used ? "\n" : "",
           purpose == CURLSOCKTYPE_ACCEPT ? "CURLSOCKTYPE_ACCEPT" : "CURLSOCKTYPE_IPCXN ",
           visit->address);
}

static curl_socket_t on_open(void *clientp, curlsocktype purpose, struct curl_sockaddr *address)
{
  struct visit *visit = clientp;
  visit->calls++;
  visit->purpose = purpose;
  visit->family = address->family;
  visit->socktype = address->socktype;
  visit->protocol = address->protocol;
  address_text(&address->addr, address->addrlen, visit->address);
  note_question(visit, purpose);
  if (visit->way == VISIT_REFUSE) {
    visit->demo->callbacks.refused++;
    return CURL_SOCKET_BAD;
  }
  if (visit->way == VISIT_CHANGE)
    ((struct sockaddr_in *)(void *)&address->addr)->sin_port = htons((uint16_t)visit->to_port);
  return make_socket(visit, address);
}

static int on_sockopt(void *clientp, curl_socket_t fd, curlsocktype purpose)
{
  struct visit *visit = clientp;
  if (purpose == CURLSOCKTYPE_ACCEPT) { /* accept() has made this one */
    visit->accepted++;
    books_note_open(&visit->demo->callbacks, fd);
  }
  return visit->way == VISIT_HAND_OVER ? CURL_SOCKOPT_ALREADY_CONNECTED : CURL_SOCKOPT_OK;
}

static int on_close(void *clientp, curl_socket_t fd)
{
  struct visit *visit = clientp;
  books_note_close(&visit->demo->callbacks, fd);
  return close(fd);
}

static const char *event_text(sluice_event what)
{
  static const char *const texts[] = {
      [SLUICE_EVENT_OPEN] = "open",           [SLUICE_EVENT_CONNECT] = "connect",
      [SLUICE_EVENT_CONNECTED] = "connected", [SLUICE_EVENT_REFUSED] = "refused",
      [SLUICE_EVENT_ACCEPT] = "accept",       [SLUICE_EVENT_REUSE] = "reuse",
      [SLUICE_EVENT_CLOSE] = "close",
  };
  return what > 0 && (size_t)what < sizeof texts / sizeof *texts ? texts[what] : "other";
}

static void on_event(void *clientp, const struct sluice_socket_event *event)
{
  struct visit *visit = clientp;
  struct books *books = &visit->demo->events;
  size_t used = strlen(visit->life);
  snprintf(visit->life + used, sizeof visit->life - used, "%s%s", used ? ", " : "",
           event_text(event->what));
  bool opened = event->what == SLUICE_EVENT_OPEN || event->what == SLUICE_EVENT_ACCEPT;
  if (opened && event->fd != CURL_SOCKET_BAD) /* else there was none to be had */
    books_note_open(books, event->fd);
  else if (event->what == SLUICE_EVENT_CLOSE)
    books_note_close(books, event->fd);
  else if (event->what == SLUICE_EVENT_REFUSED)
    books->refused++;
}

static size_t on_body(char *data, size_t size, size_t count, void *userdata)
{
  struct visit *visit = userdata;
  size_t used = strlen(visit->body);
  snprintf(visit->body + used, sizeof visit->body - used, "%.*s", (int)(size * count), data);
  return size * count;
}

/* ---- the transfer ------------------------------------------------------------------------------
 */

static CURLcode set_callbacks(struct visit *visit, CURL *easy)
{
  CURLcode code = curl_easy_setopt(easy, SLUICEOPT_SOCKET_EVENTFUNCTION, on_event);
  visit->demo->has_events = code == CURLE_OK;
  if (code != CURLE_UNKNOWN_OPTION)
    code = code ? code : curl_easy_setopt(easy, SLUICEOPT_SOCKET_EVENTDATA, visit);
  else
    code = CURLE_OK;
  if (visit->way == VISIT_PLAIN)
    return code;
  code = code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, visit);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_sockopt);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, visit);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  return code ? code : curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, visit);
}

static CURLcode set_transfer(struct visit *visit, CURL *easy, const char *url,
                             const struct curl_slist *resolve)
{
  CURLcode code = curl_easy_setopt(easy, CURLOPT_URL, url);
  code =
      code ? code : curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* whatever the environment says */
  code = code ? code : curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 5000L);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_FTPPORT, visit->ftpport);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, visit->error);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
  code = code ? code : curl_easy_setopt(easy, CURLOPT_WRITEDATA, visit);
  return code ? code : set_callbacks(visit, easy);
}

void visit_run(struct visit *visit, const char *url)
{
  curl_off_t total_us = 0;
  CURL *easy = curl_easy_init();
  struct curl_slist *resolve = visit->resolve ? curl_slist_append(NULL, visit->resolve) : NULL;
  visit->code = CURLE_OUT_OF_MEMORY;
  if (easy && (resolve || !visit->resolve))
    visit->code = set_transfer(visit, easy, url, resolve);
  if (!visit->code)
    visit->code = curl_easy_perform(easy);
  if (easy) {
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &visit->status);
    curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &visit->port);
    curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &total_us);
  }
  visit->seconds = (double)total_us / 1e6;
  visit->body[strcspn(visit->body, "\n")] = 0;
  curl_easy_cleanup(easy);
  curl_slist_free_all(resolve);
  if (visit->handed >= 0) /* nobody came for it */
    close(visit->handed);
  visit->handed = -1;
}
