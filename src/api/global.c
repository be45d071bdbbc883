/* curl_global_init() and its relatives. Counted, as libcurl documents; thread-safe. */
#include <string.h>

#include "api/guard.h"
#include "base/mem.h"
#include "dns/dns.h"
#include "gate/process.h"
#include "loop/scratch.h"
#include "sys/file.h"
#include "sys/thread.h"
#include "tls/tls.h"

static struct mutex lock = MUTEX_INIT;
static unsigned count;
static struct flag ready;

bool sl_global_ensure(void)
{
  return sl_flag_get(&ready) || curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}

CURLcode curl_global_init(long flags)
{
  (void)flags;
  sl_mutex_lock(&lock);
  if (!count++)
    sl_process_init();
  sl_flag_raise(&ready);
  sl_mutex_unlock(&lock);
  return CURLE_OK;
}

CURLcode curl_global_init_mem(long flags, curl_malloc_callback m, curl_free_callback f, curl_realloc_callback r,
                              curl_strdup_callback s, curl_calloc_callback c)
{
  if (!m || !f || !r || !s || !c)
    return CURLE_FAILED_INIT;
  sl_mutex_lock(&lock);
  bool first = !count;
  if (first)
    sl_mem_set_hooks(&(struct sl_mem_hooks){m, f, r, s, c});
  sl_mutex_unlock(&lock);
  return curl_global_init(flags); /* later calls only count, as curl_global_init_mem(3) says */
}

void curl_global_cleanup(void)
{
  sl_mutex_lock(&lock);
  if (count && !--count) {
    sl_scratch_trim();
    sl_process_done();
    sl_dns_forget();
    sl_file_forget();
    sl_tls_forget();
    sl_mem_set_hooks(NULL);
    sl_flag_lower(&ready);
  }
  sl_mutex_unlock(&lock);
}
