#include "sys/file.h"

#include <curl/curl.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/test.h"

static char folder[64];
static char path_a[96], path_b[96];

static bool set_up(void)
{
  snprintf(folder, sizeof(folder), "/tmp/sl_file_test.XXXXXX");
  if (!mkdtemp(folder))
    return false;
  snprintf(path_a, sizeof(path_a), "%s/a", folder);
  snprintf(path_b, sizeof(path_b), "%s/b", folder);
  return true;
}

/* Removes all; how many files there were. */
static int tear_down(void)
{
  int files = 0;
  DIR *dir = opendir(folder);
  for (struct dirent *e; dir && (e = readdir(dir));) {
    if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
      continue;
    unlinkat(dirfd(dir), e->d_name, 0);
    files++;
  }
  if (dir)
    closedir(dir);
  rmdir(folder);
  return files;
}

static int mode_of(const char *path)
{
  struct stat st;
  return lstat(path, &st) ? -1 : (int)(st.st_mode & 07777);
}

static bool file_is(const char *path, const char *want)
{
  struct buf b;
  sl_buf_init(&b, 1 << 20);
  bool same = CHECK_INT(sl_file_read(path, &b), SL_OK) && CHECK_STR(b.p ? b.p : "", want);
  sl_buf_done(&b);
  return same;
}

TEST(writes_and_reads)
{
  REQUIRE(set_up());
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("hello\n")), SL_OK);
  file_is(path_a, "hello\n");
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("again")), SL_OK);
  file_is(path_a, "again");
  CHECK_INT(sl_file_write(path_a, SLICE_NONE), SL_OK);
  file_is(path_a, "");
  CHECK_INT(tear_down(), 1);
}

TEST(new_file_is_private_old_one_keeps_its_mode)
{
  REQUIRE(set_up());
  mode_t before = umask(0);
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("x")), SL_OK);
  CHECK_INT(mode_of(path_a), 0600);
  REQUIRE(chmod(path_a, 0644) == 0);
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("y")), SL_OK);
  CHECK_INT(mode_of(path_a), 0644);
  REQUIRE(chmod(path_a, 0640) == 0);
  umask(0777);
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("z")), SL_OK);
  umask(before);
  CHECK_INT(mode_of(path_a), 0640);
  file_is(path_a, "z");
  CHECK_INT(tear_down(), 1);
}

TEST(replaces_instead_of_overwriting)
{
  REQUIRE(set_up());
  REQUIRE(sl_file_write(path_a, SLICE_LIT("old content")) == SL_OK);
  int fd = open(path_a, O_RDONLY);
  REQUIRE(fd >= 0);
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("new")), SL_OK);
  struct buf b;
  sl_buf_init(&b, 100);
  CHECK_INT(sl_file_read_fd(fd, &b), SL_OK);
  CHECK_STR(b.p, "old content");
  sl_buf_done(&b);
  close(fd);
  file_is(path_a, "new");
  CHECK_INT(tear_down(), 1);
}

TEST(symbolic_link_stays_one)
{
  REQUIRE(set_up());
  REQUIRE(sl_file_write(path_a, SLICE_LIT("old")) == SL_OK);
  REQUIRE(symlink("a", path_b) == 0);
  CHECK_INT(sl_file_write(path_b, SLICE_LIT("new")), SL_OK);
  struct stat st;
  CHECK(lstat(path_b, &st) == 0 && S_ISLNK(st.st_mode));
  file_is(path_a, "new");
  CHECK_INT(tear_down(), 2);
}

/* A pipe with a name, for a device would be lost for the whole system if this went wrong as root.
 */
TEST(what_is_no_regular_file_is_written_to_directly)
{
  REQUIRE(set_up());
  REQUIRE(mkfifo(path_a, 0600) == 0);
  int fd = open(path_a, O_RDWR | O_NONBLOCK);
  REQUIRE(fd >= 0);
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("through")), SL_OK);
  char got[16] = "";
  CHECK_INT(read(fd, got, sizeof(got)), 7);
  CHECK_STR(got, "through");
  struct stat st;
  CHECK(lstat(path_a, &st) == 0 && S_ISFIFO(st.st_mode));
  close(fd);
  CHECK_INT(tear_down(), 1);
}

TEST(full_disk_is_an_error)
{
  int fd = open("/dev/full", O_WRONLY);
  REQUIRE(fd >= 0);
  CHECK_INT(sl_file_write_fd(fd, SLICE_LIT("x")), CURLE_WRITE_ERROR);
  CHECK_INT(errno, ENOSPC);
  close(fd);
}

TEST(failures_say_why)
{
  REQUIRE(set_up());
  struct buf b;
  sl_buf_init(&b, 100);
  CHECK_INT(sl_file_read(path_a, &b), CURLE_FILE_COULDNT_READ_FILE);
  CHECK_INT(errno, ENOENT);
  CHECK_INT(sl_file_read(folder, &b), CURLE_FILE_COULDNT_READ_FILE);
  CHECK_INT(errno, EISDIR);
  CHECK_INT(sl_file_write(folder, SLICE_LIT("x")), CURLE_WRITE_ERROR);
  char deep[128];
  snprintf(deep, sizeof(deep), "%s/no/such", folder);
  CHECK_INT(sl_file_write(deep, SLICE_LIT("x")), CURLE_WRITE_ERROR);
  CHECK_INT(errno, ENOENT);
  sl_buf_done(&b);
  CHECK_INT(tear_down(), 0);
}

/* A quota that is met in the middle: the first write() is short, the second fails. */
TEST(half_written_file_is_taken_back)
{
  static char big[1000];
  struct rlimit before, small;
  REQUIRE(set_up());
  REQUIRE(sl_file_write(path_a, SLICE_LIT("old")) == SL_OK);
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  small = before;
  small.rlim_cur = 100;
  signal(SIGXFSZ, SIG_IGN);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  sl_result r = sl_file_write(path_a, slice_of(big, sizeof(big)));
  int error = errno;
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK_INT(r, CURLE_WRITE_ERROR);
  CHECK_INT(error, EFBIG);
  file_is(path_a, "old");
  CHECK_INT(tear_down(), 1);
}

TEST(failed_write_leaves_the_old_file_alone)
{
  REQUIRE(set_up());
  REQUIRE(sl_file_write(path_a, SLICE_LIT("old")) == SL_OK);
  sl_mem_fail_after(1);
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("new")), SL_NOMEM);
  sl_mem_fail_after(0);
  file_is(path_a, "old");
  CHECK_INT(tear_down(), 1);
}

/* Sizes around the limit and around the chunk that is read at once. */
TEST(limit_is_exact)
{
  static char big[40000];
  static const uint32_t sizes[] = {0, 1, 99, 100, 101, 16383, 16384, 16385, 32768, 40000};
  REQUIRE(set_up());
  memset(big, 'x', sizeof(big));
  for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
    REQUIRE(sl_file_write(path_a, slice_of(big, sizes[i])) == SL_OK);
    struct buf b;
    sl_buf_init(&b, sizes[i]);
    CHECK_INT(sl_file_read(path_a, &b), SL_OK);
    CHECK_INT(b.n, sizes[i]);
    CHECK_MEM(b.p, big, b.n);
    sl_buf_done(&b);
    if (!sizes[i])
      continue;
    sl_buf_init(&b, sizes[i] - 1);
    CHECK_INT(sl_file_read(path_a, &b), CURLE_FILESIZE_EXCEEDED);
    CHECK_INT(b.n, 0);
    sl_buf_done(&b);
  }
  CHECK_INT(tear_down(), 1);
}

TEST(endless_file_is_refused)
{
  struct buf b;
  sl_buf_init(&b, 100000);
  CHECK_INT(sl_file_read("/dev/zero", &b), CURLE_FILESIZE_EXCEEDED);
  CHECK_INT(b.n, 0);
  sl_buf_done(&b);
}

TEST(reading_appends_and_takes_back)
{
  REQUIRE(set_up());
  REQUIRE(sl_file_write(path_a, SLICE_LIT("world")) == SL_OK);
  struct buf b;
  sl_buf_init(&b, 10);
  sl_buf_str(&b, "hello");
  CHECK_INT(sl_file_read(path_a, &b), SL_OK);
  CHECK_STR(b.p, "helloworld");
  CHECK_INT(sl_file_read(path_a, &b), CURLE_FILESIZE_EXCEEDED);
  CHECK_STR(b.p, "helloworld");
  sl_buf_done(&b);
  CHECK_INT(tear_down(), 1);
}

TEST(pipe_in_pieces)
{
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK_INT(sl_file_write_fd(ends[1], SLICE_LIT("through a pipe")), SL_OK);
  close(ends[1]);
  struct buf b;
  sl_buf_init(&b, 100);
  CHECK_INT(sl_file_read_fd(ends[0], &b), SL_OK);
  CHECK_STR(b.p, "through a pipe");
  sl_buf_done(&b);
  close(ends[0]);
}

TEST(reading_without_memory)
{
  REQUIRE(set_up());
  REQUIRE(sl_file_write(path_a, SLICE_LIT("content")) == SL_OK);
  sl_result last = -1;
  FOR_EACH_FAILING_ALLOC(n)
  {
    struct buf b;
    sl_buf_init(&b, 100);
    last = sl_file_read(path_a, &b);
    CHECK(last == SL_NOMEM || last == SL_OK);
    CHECK_INT(b.n, last ? 0 : 7);
    sl_buf_done(&b);
  }
  CHECK_INT(last, SL_OK);
  CHECK_INT(tear_down(), 1);
}

/* ---- what is kept ---- */

TEST(kept_for_when_it_cannot_be_opened)
{
  struct buf b;
  REQUIRE(set_up());
  CHECK_INT(sl_file_keep(path_a), SL_OK); /* not there: nothing is kept */
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("first")), SL_OK);
  CHECK_INT(sl_file_keep(path_a), SL_OK);
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("second")), SL_OK);
  CHECK_INT(sl_file_keep(path_a), SL_OK); /* once */
  file_is(path_a, "second");
  unlink(path_a);
  file_is(path_a, "first");
  sl_buf_init(&b, 3);
  CHECK_INT(sl_file_read(path_a, &b), CURLE_FILESIZE_EXCEEDED);
  sl_buf_done(&b);
  sl_buf_init(&b, 100);
  CHECK_INT(sl_file_read(path_b, &b), CURLE_FILE_COULDNT_READ_FILE);
  CHECK_INT(errno, ENOENT);
  sl_file_forget();
  CHECK_INT(sl_file_read(path_a, &b), CURLE_FILE_COULDNT_READ_FILE);
  CHECK_INT(errno, ENOENT);
  sl_buf_done(&b);
  CHECK_INT(tear_down(), 0);
}

TEST(keeping_without_memory)
{
  sl_result last = SL_OK;
  REQUIRE(set_up());
  CHECK_INT(sl_file_write(path_a, SLICE_LIT("text")), SL_OK);
  FOR_EACH_FAILING_ALLOC(n)
  {
    last = sl_file_keep(path_a);
    CHECK(last == SL_OK || last == SL_NOMEM);
    sl_file_forget();
  }
  CHECK_INT(last, SL_OK);
  CHECK_INT(tear_down(), 1);
}
