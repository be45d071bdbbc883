/* What a hostile RTSP server sends: frames are taken whole and in order, nothing is read that is not there. */
#include <stdlib.h>

#include "wire/rtsp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  char *copy = malloc(size ? size : 1); /* to the byte: what is behind it is seen by the sanitizer */
  struct slice in = slice_of(copy, size), frame;
  uint16_t status = 0;
  if (!copy)
    return 0;
  if (size)
    memcpy(copy, data, size);
  while (in.n) {
    const char *at = in.p;
    enum sl_parse what = sl_rtsp_frame(&in, &frame);
    if (what == SL_PARSE_DONE && (frame.p != at || frame.n < RTSP_FRAME_HEAD || at + frame.n != in.p))
      abort();
    if (what == SL_PARSE_MORE && (in.p != at || in.n >= RTSP_FRAME_HEAD + 0xffff))
      abort();
    if (what != SL_PARSE_DONE)
      break;
  }
  if (sl_rtsp_status(in, &status) == SL_PARSE_DONE && (status < 100 || status > 999 || in.n < 13))
    abort();
  struct slice id = sl_rtsp_session(in);
  if (id.n > in.n || slice_find(id, ';') != id.n)
    abort();
  free(copy);
  return 0;
}
