/* See range.h. */
#include "xfer/range.h"

#include "base/num.h"
#include "base/text.h"
#include "xfer/transfer.h"

/* Of several ranges the first one counts. */
static bool parse(struct slice s, struct range *out)
{
  int64_t first = 0, last = 0;
  bool has_first = sl_num_take(&s, INT64_MAX, &first);
  while (s.n && sl_is_blank(*s.p))
    s = slice_from(s, 1);
  if (!s.n || *s.p != '-')
    return false;
  s = slice_from(s, 1);
  while (s.n && sl_is_blank(*s.p))
    s = slice_from(s, 1);
  bool has_last = sl_num_take(&s, INT64_MAX, &last);
  if (!has_last && s.n && sl_is_digit(*s.p))
    return false; /* larger than any file */
  if (!has_first) {
    *out = (struct range){-last, last};
    return has_last && last > 0;
  }
  if (!has_last) {
    *out = (struct range){first, -1};
    return true;
  }
  *out = (struct range){first, last - first + 1};
  return last >= first && last - first < INT64_MAX;
}

sl_result sl_range_of(struct transfer *t, struct range *out_range)
{
  const struct io_config *io = &t->easy->set.io;
  *out_range = (struct range){io->resume_from, -1};
  if (io->resume_from || !io->range)
    return SL_OK;
  return parse(sl_text_trim(slice_str(io->range)), out_range) ? SL_OK : CURLE_RANGE_ERROR;
}
