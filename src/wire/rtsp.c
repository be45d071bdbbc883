/* See rtsp.h. */
#include "wire/rtsp.h"

#include "base/text.h"

enum sl_parse sl_rtsp_frame(struct slice *in, struct slice *out_frame)
{
  if (!in->n)
    return SL_PARSE_MORE;
  if (in->p[0] != '$')
    return SL_PARSE_BAD;
  if (in->n < RTSP_FRAME_HEAD)
    return SL_PARSE_MORE;
  size_t n = RTSP_FRAME_HEAD + ((size_t)(unsigned char)in->p[2] << 8 | (unsigned char)in->p[3]);
  if (in->n < n)
    return SL_PARSE_MORE;
  *out_frame = slice_head(*in, n);
  *in = slice_from(*in, n);
  return SL_PARSE_DONE;
}

enum sl_parse sl_rtsp_status(struct slice in, uint16_t *out_status)
{
  static const char form[] = "RTSP/9.9 999 "; /* 9: any digit; the blank: a blank, or the line's end */
  size_t n = in.n < sizeof form - 1 ? in.n : sizeof form - 1;
  for (size_t i = 0; i < n; i++) {
    bool last = i == sizeof form - 2;
    if (form[i] == '9' ? !sl_is_digit(in.p[i]) : in.p[i] != form[i] && !(last && (in.p[i] == '\r' || in.p[i] == '\n')))
      return SL_PARSE_BAD;
  }
  if (n < sizeof form - 1)
    return SL_PARSE_MORE;
  uint16_t status = (uint16_t)((in.p[9] - '0') * 100 + (in.p[10] - '0') * 10 + (in.p[11] - '0'));
  if (status < 100)
    return SL_PARSE_BAD;
  *out_status = status;
  return SL_PARSE_DONE;
}

struct slice sl_rtsp_session(struct slice value)
{
  size_t n = 0;
  value = sl_text_trim(value);
  while (n < value.n && value.p[n] != ';' && !sl_is_space(value.p[n]))
    n++;
  return slice_head(value, n);
}
