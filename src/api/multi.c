/* The curl_multi_* functions: check, then call down. */
#include <curl/curl.h>

#include <poll.h>

#include "api/guard.h"
#include "base/mem.h"
#include "dns/dns.h"
#include "xfer/transfer.h"

static CURLMcode check(struct multi *m)
{
  if (!m)
    return CURLM_BAD_HANDLE;
  return m->callback_depth ? CURLM_RECURSIVE_API_CALL : CURLM_OK;
}

/* Driving and freeing are not for the notify callback either. */
static CURLMcode check_drive(struct multi *m)
{
  CURLMcode rc = check(m);
  return !rc && m->in_notify ? CURLM_RECURSIVE_API_CALL : rc;
}

CURLM *curl_multi_init(void)
{
  return sl_global_ensure() ? sl_multi_new(false) : NULL;
}

CURLMcode curl_multi_cleanup(CURLM *handle)
{
  struct multi *m = sl_multi_of(handle);
  CURLMcode rc = check_drive(m);
  if (!rc) {
    sl_multi_enter(m);
    sl_multi_free(m);
  }
  return rc;
}

CURLMcode curl_multi_add_handle(CURLM *handle, CURL *curl)
{
  struct multi *m = sl_multi_of(handle);
  struct easy *e = sl_easy_of(curl);
  CURLMcode rc = check(m);
  if (rc)
    return rc;
  if (!e)
    return CURLM_BAD_EASY_HANDLE;
  rc = m->dead ? CURLM_ABORTED_BY_CALLBACK : sl_multi_add(m, e);
  if (!rc)
    sl_multi_timer_update(m);
  return rc;
}

CURLMcode curl_multi_remove_handle(CURLM *handle, CURL *curl)
{
  struct multi *m = sl_multi_of(handle);
  struct easy *e = sl_easy_of(curl);
  CURLMcode rc = check(m);
  if (rc)
    return rc;
  if (!e)
    return CURLM_BAD_EASY_HANDLE;
  sl_multi_enter_quietly(m);
  rc = sl_multi_remove(m, e);
  sl_multi_leave(m);
  return rc;
}

/* ---- driving ---- */

static CURLMcode run(struct multi *m, int *running)
{
  sl_multi_enter(m);
  sl_reactor_run(&m->reactor);
  sl_multi_leave(m);
  if (running)
    *running = (int)m->n_running;
  return m->dead ? CURLM_ABORTED_BY_CALLBACK : CURLM_OK;
}

CURLMcode curl_multi_perform(CURLM *handle, int *running)
{
  struct multi *m = sl_multi_of(handle);
  CURLMcode rc = check_drive(m);
  if (rc)
    return rc;
  /* Events that a poll has collected are run; else look whether there are any, without waiting. */
  if (m->reactor.events_at == m->reactor.events_n && m->reactor.count && sl_reactor_wait(&m->reactor, 0) < 0)
    return CURLM_UNRECOVERABLE_POLL;
  return run(m, running);
}

CURLMcode curl_multi_socket_action(CURLM *handle, curl_socket_t fd, int bits, int *running)
{
  struct multi *m = sl_multi_of(handle);
  CURLMcode rc = check_drive(m);
  if (rc)
    return rc;
  sl_multi_enter(m);
  if (fd == CURL_SOCKET_TIMEOUT) {
    m->told_deadline_us = -1; /* the application's timer is one-shot and has fired */
  } else {
    unsigned ready = (bits & CURL_CSELECT_IN ? WATCH_IN : 0u) | (bits & CURL_CSELECT_OUT ? WATCH_OUT : 0u) |
                     (bits & CURL_CSELECT_ERR ? WATCH_ERR : 0u);
    sl_reactor_event(&m->reactor, fd, ready ? ready : WATCH_IN | WATCH_OUT);
  }
  sl_reactor_run(&m->reactor);
  sl_multi_leave(m);
  if (running)
    *running = (int)m->n_running;
  return m->dead ? CURLM_ABORTED_BY_CALLBACK : CURLM_OK;
}

#undef curl_multi_socket
CURLMcode curl_multi_socket(CURLM *handle, curl_socket_t fd, int *running)
{
  return curl_multi_socket_action(handle, fd, 0, running);
}

CURLMcode curl_multi_socket_all(CURLM *handle, int *running)
{
  return curl_multi_perform(handle, running);
}

CURLMcode curl_multi_timeout(CURLM *handle, long *out_ms)
{
  struct multi *m = sl_multi_of(handle);
  CURLMcode rc = check(m);
  if (rc)
    return rc;
  if (!out_ms)
    return CURLM_BAD_FUNCTION_ARGUMENT;
  sl_reactor_clock(&m->reactor);
  *out_ms = (long)sl_multi_timeout_ms(m);
  return CURLM_OK;
}

/* ---- waiting ---- */

static int wait_ms(struct multi *m, int timeout_ms)
{
  sl_reactor_clock(&m->reactor);
  int64_t ms = sl_multi_timeout_ms(m);
  return ms >= 0 && ms < timeout_ms ? (int)ms : timeout_ms;
}

/* The application's own descriptors beside ours: poll(2) over them and over our epoll as one of them. */
static CURLMcode wait_with(struct multi *m, struct curl_waitfd fds[], unsigned n, int ms, int *out_ready)
{
  struct pollfd few[16], *p = few;
  int ready = 0;
  if (!sl_reactor_poll_fd(&m->reactor) || !sl_reactor_flush(&m->reactor))
    return CURLM_UNRECOVERABLE_POLL;
  if (n + 1 > sizeof few / sizeof *few && !(p = sl_malloc((n + 1) * sizeof *p)))
    return CURLM_OUT_OF_MEMORY;
  for (unsigned i = 0; i < n; i++)
    p[i] = (struct pollfd){fds[i].fd,
                           (short)((fds[i].events & CURL_WAIT_POLLIN ? POLLIN : 0) |
                                   (fds[i].events & CURL_WAIT_POLLPRI ? POLLPRI : 0) |
                                   (fds[i].events & CURL_WAIT_POLLOUT ? POLLOUT : 0)),
                           0};
  p[n] = (struct pollfd){m->reactor.poll_fd, POLLIN, 0};
  if (poll(p, n + 1, ms) > 0)
    for (unsigned i = 0; i < n; i++) {
      fds[i].revents = (short)((p[i].revents & POLLIN ? CURL_WAIT_POLLIN : 0) |
                               (p[i].revents & POLLPRI ? CURL_WAIT_POLLPRI : 0) |
                               (p[i].revents & POLLOUT ? CURL_WAIT_POLLOUT : 0));
      ready += p[i].revents != 0;
    }
  if (p != few)
    sl_free(p);
  int ours = sl_reactor_wait(&m->reactor, 0);
  *out_ready = ready + sl_reactor_kept(&m->reactor);
  return ours < 0 ? CURLM_UNRECOVERABLE_POLL : CURLM_OK;
}

static CURLMcode wait_all(CURLM *handle, struct curl_waitfd fds[], unsigned n, int timeout_ms, int *out_ready,
                          bool is_poll)
{
  struct multi *m = sl_multi_of(handle);
  CURLMcode rc = check(m);
  int ready = 0;
  if (rc)
    return rc;
  if (timeout_ms < 0)
    return CURLM_BAD_FUNCTION_ARGUMENT;
  if (is_poll && !sl_reactor_wake_fd(&m->reactor))
    return CURLM_UNRECOVERABLE_POLL;
  int ms = wait_ms(m, timeout_ms);
  if (!is_poll && !n && !m->reactor.count)
    ms = 0; /* curl_multi_wait(3): with nothing to wait for it returns at once */
  if (n) {
    rc = wait_with(m, fds, n, ms, &ready);
  } else {
    ready = sl_reactor_wait(&m->reactor, ms);
    rc = ready < 0 ? CURLM_UNRECOVERABLE_POLL : CURLM_OK;
    ready = sl_reactor_kept(&m->reactor);
  }
  if (out_ready)
    *out_ready = ready;
  return rc;
}

CURLMcode curl_multi_wait(CURLM *handle, struct curl_waitfd fds[], unsigned int n, int timeout_ms, int *ready)
{
  return wait_all(handle, fds, n, timeout_ms, ready, false);
}

CURLMcode curl_multi_poll(CURLM *handle, struct curl_waitfd fds[], unsigned int n, int timeout_ms, int *ready)
{
  return wait_all(handle, fds, n, timeout_ms, ready, true);
}

CURLMcode curl_multi_wakeup(CURLM *handle)
{
  struct multi *m = sl_multi_of(handle); /* from another thread: nothing but the descriptor may be touched */
  if (!m)
    return CURLM_BAD_HANDLE;
  return m->reactor.wake_fd >= 0 && sl_wake_signal(m->reactor.wake_fd) ? CURLM_OK : CURLM_WAKEUP_FAILURE;
}

CURLMcode curl_multi_fdset(CURLM *handle, fd_set *in, fd_set *out, fd_set *err, int *max_fd)
{
  struct multi *m = sl_multi_of(handle);
  CURLMcode rc = check(m);
  uint32_t pos = 0;
  struct watch *w;
  (void)err;
  if (rc)
    return rc;
  *max_fd = -1;
  while ((w = sl_watch_next(&m->reactor, &pos))) {
    if (w->quiet || !w->want || w->fd >= FD_SETSIZE)
      continue;
    if (w->want & WATCH_IN && in)
      FD_SET(w->fd, in);
    if (w->want & WATCH_OUT && out)
      FD_SET(w->fd, out);
    if (w->fd > *max_fd)
      *max_fd = w->fd;
  }
  return CURLM_OK;
}

CURLMcode curl_multi_waitfds(CURLM *handle, struct curl_waitfd *fds, unsigned int size, unsigned int *out_count)
{
  struct multi *m = sl_multi_of(handle);
  CURLMcode rc = check(m);
  uint32_t pos = 0;
  unsigned n = 0;
  struct watch *w;
  if (rc)
    return rc;
  if (!fds && (size || !out_count))
    return CURLM_BAD_FUNCTION_ARGUMENT;
  while ((w = sl_watch_next(&m->reactor, &pos))) {
    if (w->quiet || !w->want)
      continue;
    if (n < size)
      fds[n] = (struct curl_waitfd){w->fd,
                                    (short)((w->want & WATCH_IN ? CURL_WAIT_POLLIN : 0) |
                                            (w->want & WATCH_OUT ? CURL_WAIT_POLLOUT : 0)),
                                    0};
    n++;
  }
  if (out_count)
    *out_count = n;
  return n > size && fds ? CURLM_OUT_OF_MEMORY : CURLM_OK;
}

/* ---- messages and lists ---- */

CURLMsg *curl_multi_info_read(CURLM *handle, int *left)
{
  struct multi *m = sl_multi_of(handle);
  if (left)
    *left = 0;
  if (!m || m->callback_depth)
    return NULL;
  struct list *node = sl_list_pop_front(&m->msgs);
  if (!node)
    return NULL;
  m->n_msgs--;
  if (left)
    *left = (int)m->n_msgs;
  return &LIST_ENTRY(node, struct easy, msg_link)->msg;
}

CURL **curl_multi_get_handles(CURLM *handle)
{
  struct multi *m = sl_multi_of(handle);
  size_t n = 0;
  CURL **all = m ? sl_malloc((m->n_handles + 1) * sizeof *all) : NULL;
  if (!all)
    return NULL;
  LIST_FOR_EACH(node, &m->handles)
    all[n++] = LIST_ENTRY(node, struct easy, link);
  all[n] = NULL;
  return all;
}

CURLMcode curl_multi_get_offt(CURLM *handle, CURLMinfo_offt info, curl_off_t *out_value)
{
  struct multi *m = sl_multi_of(handle);
  if (!m)
    return CURLM_BAD_HANDLE;
  if (!out_value)
    return CURLM_BAD_FUNCTION_ARGUMENT;
  switch (info) {
  case CURLMINFO_XFERS_CURRENT:
    *out_value = m->n_handles;
    return CURLM_OK;
  case CURLMINFO_XFERS_RUNNING:
    *out_value = m->n_running;
    return CURLM_OK;
  case CURLMINFO_XFERS_PENDING:
    *out_value = m->n_waiting;
    return CURLM_OK;
  case CURLMINFO_XFERS_DONE:
    *out_value = m->n_done;
    return CURLM_OK;
  case CURLMINFO_XFERS_ADDED:
    *out_value = (curl_off_t)m->next_xfer_id;
    return CURLM_OK;
  default:
    *out_value = -1;
    return CURLM_UNKNOWN_OPTION;
  }
}

CURLMcode curl_multi_assign(CURLM *handle, curl_socket_t fd, void *data)
{
  struct multi *m = sl_multi_of(handle);
  struct watch *w = m ? sl_watch_find(&m->reactor, fd) : NULL;
  if (!m)
    return CURLM_BAD_HANDLE;
  if (!w || w->quiet)
    return CURLM_BAD_SOCKET;
  w->app = data;
  return CURLM_OK;
}
