/* proto/tftp.c: whole transfers against a small server, with lost, repeated, late, forged and malformed packets, at a
 * clock that the test moves. */
#include "proto/tftp.h"

#include <curl/curl.h>

#include "base/mem.h"
#include "tests/test.h"

enum { S = 1000000 };

static struct tftp_request reading(bool options)
{
  return (struct tftp_request){.file = {"f", 1}, .options = options, .blksize = 1024};
}

static struct tftp_request writing(bool options)
{
  struct tftp_request r = reading(options);
  r.write = true;
  return r;
}

/* What is waiting to be sent, once: opcode * 65536 + number, -1 for nothing. */
static long sent(struct tftp *f)
{
  if (!f->send)
    return -1;
  f->send = false;
  const unsigned char *p = (const unsigned char *)f->packet;
  return (long)(p[0] << 8 | p[1]) << 16 | (p[1] <= TFTP_WRQ ? 0 : p[2] << 8 | p[3]);
}
#define SENT(op, number) ((long)(op) << 16 | (number))

static enum tftp_says packet(struct tftp *f, enum tftp_op op, unsigned number, size_t n, int64_t now_us)
{
  static char p[TFTP_HEAD + 70000];
  sl_tftp_write_head(p, op, (uint16_t)number);
  memset(p + TFTP_HEAD, 'd', n);
  return sl_tftp_packet(f, slice_of(p, TFTP_HEAD + n), now_us);
}

static enum tftp_says oack(struct tftp *f, const char *text, size_t n)
{
  return sl_tftp_packet(f, slice_of(text, n), 0);
}
#define OACK(f, text) oack(f, "\0\6" text, sizeof(text) + 1)

static enum tftp_says block(struct tftp *f, unsigned number, size_t n, int64_t now_us)
{
  enum tftp_says says = packet(f, TFTP_DATA, number, n, now_us);
  return says == TFTP_TAKE && f->data.n == n ? sl_tftp_taken(f, now_us) : says;
}

static bool begin(struct tftp *f, struct tftp_request r, int64_t patience_s)
{
  if (sl_tftp_init(f, &r, patience_s))
    return false;
  sl_tftp_start(f, 0);
  return sent(f) == SENT(r.write ? TFTP_WRQ : TFTP_RRQ, 0);
}

TEST(a_download_without_options)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(true), 300));
  CHECK_INT(block(&f, 1, 512, 0), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 1));
  CHECK_INT(block(&f, 2, 511, 0), TFTP_DONE);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 2));
  CHECK_INT(f.size, -1);
  sl_tftp_done(&f);
}

TEST(a_download_with_options)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(true), 300));
  CHECK_INT(OACK(&f, "tsize\0" "1030\0blksize\0" "1024\0"), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 0));
  CHECK_INT(f.size, 1030);
  CHECK_INT(OACK(&f, "blksize\0" "8\0"), TFTP_LISTEN); /* our ACK was lost; nothing is agreed anew */
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 0));
  CHECK_INT(packet(&f, TFTP_DATA, 0, 1024, 0), TFTP_LISTEN); /* there is no such block */
  CHECK_INT(sent(&f), -1);
  CHECK_INT(block(&f, 1, 1024, 0), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 1));
  CHECK_INT(OACK(&f, "blksize\0" "8\0"), TFTP_LISTEN);
  CHECK_INT(sent(&f), -1);
  CHECK_INT(block(&f, 2, 0, 0), TFTP_DONE);
  sl_tftp_done(&f);
}

TEST(block_numbers_go_round)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(false), 300));
  for (unsigned i = 1; i <= 70000; i++) {
    if (block(&f, i & 0xffff, 512, 0) != TFTP_LISTEN || sent(&f) != SENT(TFTP_ACK, i & 0xffff)) {
      CHECK_INT(i, 0);
      break;
    }
  }
  CHECK_INT(block(&f, 70001 & 0xffff, 3, 0), TFTP_DONE);
  sl_tftp_done(&f);
}

TEST(repeated_blocks_are_acknowledged_again_but_not_for_ever)
{
  struct tftp f;
  unsigned answers = 0;
  REQUIRE(begin(&f, reading(false), 300));
  CHECK_INT(block(&f, 1, 512, 0), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 1));
  for (int i = 0; i < 1000; i++) {
    CHECK_INT(block(&f, 1, 512, 0), TFTP_LISTEN);
    answers += sent(&f) == SENT(TFTP_ACK, 1);
  }
  CHECK_INT(answers, 16);
  CHECK_INT(block(&f, 2, 512, 0), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 2));
  CHECK_INT(block(&f, 2, 512, 0), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 2));
  sl_tftp_done(&f);
}

TEST(an_upload_with_options)
{
  struct tftp f;
  REQUIRE(begin(&f, writing(true), 300));
  CHECK_INT(OACK(&f, "blksize\0" "8\0"), TFTP_GIVE);
  CHECK_INT(f.room_n, 8);
  CHECK_INT(sent(&f), -1);
  memset(f.room, 'u', 8);
  CHECK_INT(sl_tftp_given(&f, 8, 0), TFTP_LISTEN);
  CHECK_INT(f.packet_n, 12);
  CHECK_INT(sent(&f), SENT(TFTP_DATA, 1));
  CHECK_INT(packet(&f, TFTP_ACK, 0, 0, 0), TFTP_LISTEN); /* never answered with data: RFC 1123 4.2.3.1 */
  CHECK_INT(sent(&f), -1);
  CHECK_INT(packet(&f, TFTP_ACK, 1, 0, 0), TFTP_GIVE);
  CHECK_INT(sl_tftp_given(&f, 0, 0), TFTP_LISTEN);
  CHECK_INT(f.packet_n, 4);
  CHECK_INT(sent(&f), SENT(TFTP_DATA, 2));
  CHECK_INT(packet(&f, TFTP_ACK, 1, 0, 0), TFTP_LISTEN);
  CHECK_INT(sent(&f), -1);
  CHECK_INT(packet(&f, TFTP_ACK, 2, 0, 0), TFTP_DONE);
  sl_tftp_done(&f);
}

TEST(an_upload_to_a_server_without_options)
{
  struct tftp f;
  REQUIRE(begin(&f, writing(true), 300));
  CHECK_INT(packet(&f, TFTP_ACK, 1, 0, 0), TFTP_LISTEN); /* of nothing */
  CHECK_INT(packet(&f, TFTP_DATA, 1, 5, 0), TFTP_LISTEN);
  CHECK_INT(packet(&f, TFTP_ACK, 0, 0, 0), TFTP_GIVE);
  CHECK_INT(f.room_n, 512);
  CHECK_INT(sl_tftp_given(&f, 3, 0), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_DATA, 1));
  CHECK_INT(packet(&f, TFTP_ACK, 1, 0, 0), TFTP_DONE);
  sl_tftp_done(&f);
}

TEST(errors_of_the_server_have_codes)
{
  static const int want[] = {CURLE_TFTP_ILLEGAL,       CURLE_TFTP_NOTFOUND,  CURLE_TFTP_PERM,
                             CURLE_REMOTE_DISK_FULL,   CURLE_TFTP_ILLEGAL,   CURLE_TFTP_UNKNOWNID,
                             CURLE_REMOTE_FILE_EXISTS, CURLE_TFTP_NOSUCHUSER, CURLE_TFTP_ILLEGAL,
                             CURLE_TFTP_ILLEGAL};
  for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
    struct tftp f;
    REQUIRE(begin(&f, reading(true), 300));
    CHECK_INT(block(&f, 1, 512, 0), TFTP_LISTEN);
    sent(&f);
    CHECK_INT(packet(&f, TFTP_ERROR, i, 7, 0), TFTP_FAILED);
    CHECK_INT(f.result, want[i]);
    CHECK_INT(f.said.n, 7);
    CHECK_INT(sent(&f), -1); /* an ERROR is never answered */
    sl_tftp_done(&f);
  }
}

TEST(a_server_that_wants_no_options_is_asked_without_them)
{
  struct tftp f;
  REQUIRE(begin(&f, writing(true), 300));
  CHECK_INT(packet(&f, TFTP_ERROR, TFTP_CODE_OPTIONS, 3, 4 * S), TFTP_LISTEN);
  CHECK_INT(f.packet_n, 10);
  CHECK_MEM(f.packet, "\0\2f\0octet\0", 10);
  CHECK_INT(f.due_us, 10 * S);
  CHECK_INT(sent(&f), SENT(TFTP_WRQ, 0));
  CHECK_INT(packet(&f, TFTP_ERROR, TFTP_CODE_OPTIONS, 3, 5 * S), TFTP_LISTEN);
  CHECK_INT(sent(&f), -1);
  CHECK_INT(packet(&f, TFTP_ACK, 0, 0, 5 * S), TFTP_GIVE);
  CHECK_INT(f.room_n, 512);
  sl_tftp_done(&f);
}

TEST(an_error_before_anything_else)
{
  struct tftp f;
  REQUIRE(begin(&f, writing(true), 300));
  CHECK_INT(packet(&f, TFTP_ERROR, TFTP_CODE_ACCESS, 0, 0), TFTP_FAILED);
  CHECK_INT(f.result, CURLE_TFTP_PERM);
  sl_tftp_done(&f);
}

static void refused(const char *text, size_t n)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(true), 300));
  CHECK_INT(oack(&f, text, n), TFTP_FAILED);
  CHECK_INT(f.result, CURLE_TFTP_ILLEGAL);
  CHECK(f.why);
  CHECK_INT(sent(&f), SENT(TFTP_ERROR, TFTP_CODE_OPTIONS));
  sl_tftp_done(&f);
}
#define REFUSED(text) refused("\0\6" text, sizeof(text) + 1)

TEST(options_that_were_not_asked_for_are_refused)
{
  REFUSED("blksize\0" "1025\0");
  REFUSED("blksize\0" "7\0");
  REFUSED("blksize\0" "0\0");
  REFUSED("blksize\0" "66560\0"); /* 1024 in 16 bits */
  REFUSED("blksize\0x\0");
  REFUSED("tsize");
}

TEST(options_without_having_asked_are_not_heard)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(false), 300));
  CHECK_INT(OACK(&f, "blksize\0" "1024\0"), TFTP_LISTEN);
  CHECK_INT(sent(&f), -1);
  CHECK_INT(block(&f, 1, 512, 0), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 1));
  sl_tftp_done(&f);
}

TEST(a_block_larger_than_agreed_on_is_refused)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(true), 300));
  CHECK_INT(packet(&f, TFTP_DATA, 1, 513, 0), TFTP_FAILED);
  CHECK_INT(f.result, CURLE_TFTP_ILLEGAL);
  CHECK_INT(sent(&f), SENT(TFTP_ERROR, TFTP_CODE_ILLEGAL));
  sl_tftp_done(&f);
}

TEST(what_is_malformed_or_out_of_turn_changes_nothing)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(true), 300));
  int64_t due = f.due_us;
  CHECK_INT(sl_tftp_packet(&f, SLICE_NONE, 3 * S), TFTP_LISTEN);
  CHECK_INT(sl_tftp_packet(&f, slice_of("\0\3", 2), 3 * S), TFTP_LISTEN);
  CHECK_INT(packet(&f, TFTP_DATA, 2, 512, 3 * S), TFTP_LISTEN);
  CHECK_INT(packet(&f, TFTP_ACK, 1, 0, 3 * S), TFTP_LISTEN);
  CHECK_INT(packet(&f, TFTP_RRQ, 1, 9, 3 * S), TFTP_LISTEN);
  CHECK_INT(sent(&f), -1);
  CHECK_INT(f.due_us, due);
  CHECK(!f.answered);
  sl_tftp_done(&f);
}

/* 300 seconds: every 6, and with the last one's wait over, the end. */
TEST(silence_is_asked_again_and_ends)
{
  struct tftp f;
  int64_t now_us = 0;
  unsigned asked = 0;
  enum tftp_says says = TFTP_LISTEN;
  REQUIRE(begin(&f, reading(true), 300));
  CHECK_INT(f.request.timeout_s, 6);
  CHECK_INT(sl_tftp_due(&f, f.due_us - 1), TFTP_LISTEN);
  CHECK_INT(sent(&f), -1);
  while (says == TFTP_LISTEN && asked < 1000) {
    now_us = f.due_us;
    says = sl_tftp_due(&f, now_us);
    asked += sent(&f) == SENT(TFTP_RRQ, 0);
  }
  CHECK_INT(asked, 49);
  CHECK_INT(now_us, 300LL * S);
  CHECK_INT(says, TFTP_FAILED);
  CHECK_INT(f.result, CURLE_OPERATION_TIMEDOUT);
  sl_tftp_done(&f);
}

TEST(how_often_depends_on_how_long)
{
  static const int rows[][2] = {{549, 10}, {300, 6}, {20, 5}, {14, 4}, {9, 3}, {6, 2}, {3, 1}, {1, 1}, {0, 1},
                                {-5, 1},   {100000, 255}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct tftp f;
    REQUIRE(begin(&f, reading(true), rows[i][0]));
    CHECK_INT(f.request.timeout_s, rows[i][1]);
    CHECK(f.interval_us > 0 && f.patience_us >= f.interval_us);
    sl_tftp_done(&f);
  }
}

TEST(repeated_packets_are_no_progress)
{
  struct tftp f;
  enum tftp_says says = TFTP_LISTEN;
  int64_t now_us = 0;
  REQUIRE(begin(&f, reading(false), 15));
  CHECK_INT(block(&f, 1, 512, 0), TFTP_LISTEN);
  for (; says == TFTP_LISTEN && now_us < 100LL * S; now_us += S) {
    says = block(&f, 1, 512, now_us);
    if (says == TFTP_LISTEN)
      says = sl_tftp_due(&f, now_us);
  }
  CHECK_INT(says, TFTP_FAILED);
  CHECK_INT(f.result, CURLE_OPERATION_TIMEDOUT);
  CHECK(now_us <= 21LL * S);
  sl_tftp_done(&f);
}

TEST(our_own_rest_is_not_its_silence)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(false), 15));
  CHECK_INT(block(&f, 1, 512, 0), TFTP_LISTEN);
  sent(&f);
  sl_tftp_rest(&f, 500LL * S);
  CHECK_INT(sl_tftp_due(&f, 501LL * S), TFTP_LISTEN);
  CHECK_INT(sent(&f), -1);
  CHECK_INT(sl_tftp_due(&f, 505LL * S), TFTP_LISTEN);
  CHECK_INT(sent(&f), SENT(TFTP_ACK, 1));
  sl_tftp_done(&f);
}

TEST(stopping_tells_the_server)
{
  struct tftp f;
  REQUIRE(begin(&f, reading(false), 15));
  sl_tftp_stop(&f);
  CHECK_INT(sent(&f), SENT(TFTP_ERROR, TFTP_CODE_OTHER));
  sl_tftp_done(&f);
}

TEST(a_file_name_that_cannot_be_sent)
{
  char name[600];
  struct tftp f;
  struct tftp_request r = reading(true);
  memset(name, 'n', sizeof name);
  r.file = slice_of(name, sizeof name);
  CHECK_INT(sl_tftp_init(&f, &r, 300), CURLE_TFTP_ILLEGAL);
  CHECK(!f.packet);
  sl_tftp_done(&f);
}

TEST(without_memory)
{
  struct tftp_request r = reading(true);
  sl_result last = SL_BROKEN;
  FOR_EACH_FAILING_ALLOC(n) {
    struct tftp f;
    last = sl_tftp_init(&f, &r, 300);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_tftp_done(&f);
  }
  CHECK_INT(last, SL_OK);
}
