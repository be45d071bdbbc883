#include "sys/input.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/test.h"

static const char *make_file(const char *content)
{
  static char path[64];
  strcpy(path, "/tmp/sluice_input_XXXXXX");
  int fd = mkstemp(path);
  if (fd < 0 || write(fd, content, strlen(content)) < 0)
    return NULL;
  close(fd);
  return path;
}

static void check_content(struct input *in, const char *want, size_t piece)
{
  char got[64];
  size_t n = 0, k = 0;
  do {
    k = 0;
    REQUIRE(n + piece <= sizeof got);
    REQUIRE(sl_input_read(in, got + n, piece, &k) == SL_OK);
    CHECK(k <= piece);
    n += k;
  } while (k);
  CHECK_INT(n, strlen(want));
  CHECK_MEM(got, want, strlen(want));
}

TEST(a_file_is_read_in_pieces_of_any_size)
{
  const char *path = make_file("some content");
  REQUIRE(path);
  CHECK(sl_input_readable(path));
  CHECK_INT(sl_input_size(path), 12);
  for (size_t piece = 1; piece < 20; piece++) {
    struct input in = {.fd = -1};
    REQUIRE(sl_input_open(&in, path));
    check_content(&in, "some content", piece);
    CHECK(sl_input_rewind(&in));
    check_content(&in, "some content", piece);
    sl_input_close(&in);
    CHECK_INT(in.fd, -1);
    sl_input_close(&in);
  }
  unlink(path);
}

TEST(what_is_not_there_cannot_be_opened)
{
  struct input in = {.fd = -1};
  CHECK(!sl_input_readable("/nowhere/at/all"));
  CHECK_INT(sl_input_size("/nowhere/at/all"), -1);
  CHECK(!sl_input_open(&in, "/nowhere/at/all"));
  CHECK_INT(in.fd, -1);
}

TEST(a_folder_is_no_file)
{
  struct input in = {.fd = -1};
  char c;
  size_t n = 7;
  CHECK_INT(sl_input_size("/tmp"), -1);
  if (sl_input_open(&in, "/tmp")) {
    CHECK_INT(sl_input_read(&in, &c, 1, &n), CURLE_READ_ERROR);
    CHECK_INT(n, 7);
  }
  sl_input_close(&in);
}

TEST(a_pipe_has_no_size_and_no_way_back)
{
  int ends[2];
  char path[32];
  struct input in = {.fd = -1};
  REQUIRE(pipe(ends) == 0);
  snprintf(path, sizeof path, "/dev/fd/%d", ends[0]);
  CHECK_INT(sl_input_size(path), -1);
  REQUIRE(sl_input_open(&in, path));
  CHECK(write(ends[1], "abc", 3) == 3);
  close(ends[1]);
  check_content(&in, "abc", 2);
  CHECK(!sl_input_rewind(&in));
  sl_input_close(&in);
  close(ends[0]);
}

TEST(what_can_be_read_without_waiting)
{
  int ends[2];
  char c;
  size_t n = 0;
  REQUIRE(pipe(ends) == 0);
  struct input in = {.fd = ends[0]};
  CHECK(!sl_input_ready(&in));
  CHECK(write(ends[1], "a", 1) == 1);
  CHECK(sl_input_ready(&in));
  CHECK_INT(sl_input_read(&in, &c, 1, &n), SL_OK);
  CHECK(!sl_input_ready(&in));
  close(ends[1]);
  CHECK(sl_input_ready(&in)); /* the end */
  close(ends[0]);
  in.fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  CHECK(sl_input_ready(&in));
  sl_input_close(&in);
}
