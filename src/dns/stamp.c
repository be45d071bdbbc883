/* See stamp.h. */
#include "dns/stamp.h"

#include <sys/stat.h>

enum { LOOK_EVERY_US = 1000000 };

bool sl_dns_stamp_changed(struct dns_stamp *s, const char *path, int64_t now_us)
{
  struct stat st;
  struct dns_stamp seen = {.looked_us = now_us ? now_us : 1};
  if (s->looked_us && now_us - s->looked_us < LOOK_EVERY_US)
    return false;
  bool first = !s->looked_us;
  if (!stat(path, &st)) {
    seen.there = true;
    seen.device = st.st_dev;
    seen.inode = st.st_ino;
    seen.size = st.st_size;
    seen.changed_s = st.st_mtim.tv_sec;
    seen.changed_ns = st.st_mtim.tv_nsec;
  }
  bool same = s->there == seen.there && s->device == seen.device && s->inode == seen.inode &&
              s->size == seen.size && s->changed_s == seen.changed_s &&
              s->changed_ns == seen.changed_ns;
  *s = seen;
  return first || !same;
}
