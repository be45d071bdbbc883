/* Bytes of a hostile MQTT server: however they are cut, the same packets come out, and nothing is read that is not
 * there. */
#include <stdlib.h>

#include "base/mem.h"
#include "wire/mqtt.h"

struct outcome {
  uint64_t packets, lengths, carried;
  size_t used;
  bool bad;
};

static void count(struct outcome *o, const struct mqtt_packet *p)
{
  if (p->head_n < 2 || p->head_n > MQTT_HEAD_MAX || p->length > MQTT_REMAINING_MAX)
    abort();
  if (p->type != MQTT_PUBLISH && (p->length > MQTT_SHORT_MAX || p->n != p->head_n + p->length))
    abort();
  o->packets = o->packets * 31 + p->type;
  o->lengths += p->length;
}

/* Pieces in memory of their own: reading beyond one is seen. */
static struct outcome run(const char *data, size_t size, size_t piece)
{
  struct outcome o = {0, 0, 0, 0, false};
  struct mqtt_packet p;
  bool begun = false;
  sl_mqtt_packet_init(&p);
  for (size_t at = 0; at < size && !o.bad; at += piece) {
    size_t n = size - at < piece ? size - at : piece;
    char *copy = malloc(n);
    struct slice in = slice_of(memcpy(copy, data + at, n), n);
    for (;;) {
      enum sl_parse parsed = sl_mqtt_packet_read(&p, &in);
      o.bad = parsed == SL_PARSE_BAD;
      if (parsed)
        break;
      if (!begun)
        count(&o, &p);
      begun = true;
      struct slice carried = slice_head(in, p.left);
      in = slice_from(in, carried.n);
      p.left -= (uint32_t)carried.n;
      o.carried += carried.n;
      if (p.left)
        break;
      begun = false;
      sl_mqtt_packet_init(&p);
    }
    o.used = at + n - in.n;
    free(copy);
  }
  return o;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
  const char *bytes = (const char *)data;
  struct outcome whole = run(bytes, size, size ? size : 1), cut = run(bytes, size, 1 + size % 7);
  if (whole.packets != cut.packets || whole.lengths != cut.lengths || whole.carried != cut.carried ||
      whole.used != cut.used || whole.bad != cut.bad)
    abort();
  return 0;
}
