/* Checksums; see sums.h. */
#include "sums.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "slurp.h"

enum { LIST_MAX = 64 << 20, STEP_BYTES = 4 << 20, READ_BYTES = 64 << 10, HEX_DIGITS = 64 };

bool sum_parse(const char *text, size_t length, char out_hex[SUM_TEXT])
{
  if (length != HEX_DIGITS || strspn(text, "0123456789abcdefABCDEF") < HEX_DIGITS)
    return false;
  for (int i = 0; i < HEX_DIGITS; i++)
    out_hex[i] = (char)(text[i] >= 'A' && text[i] <= 'F' ? text[i] | 0x20 : text[i]);
  out_hex[HEX_DIGITS] = 0;
  return true;
}

/* HEX, a blank, a blank or *, NAME */
static bool parse_plain(char *line, struct sum *out)
{
  size_t digits = strcspn(line, " ");
  if (!sum_parse(line, digits, out->hex) || !line[digits] || !line[digits + 1])
    return false;
  out->name = line + digits + 1;
  out->name += *out->name == ' ' || *out->name == '*';
  return *out->name != 0;
}

/* SHA256 (NAME) = HEX */
static bool parse_tagged(char *line, struct sum *out)
{
  static const char start[] = "SHA256 (", middle[] = ") = ";
  char *end = NULL;
  if (strncmp(line, start, sizeof start - 1) != 0)
    return false;
  for (char *at = line; (at = strstr(at, middle)); at++)
    end = at;
  if (!end || !sum_parse(end + sizeof middle - 1, strlen(end + sizeof middle - 1), out->hex))
    return false;
  *end = 0;
  out->name = line + sizeof start - 1;
  return *out->name != 0;
}

static void add(struct sums *sums, struct sum *sum)
{
  if (!strncmp(sum->name, "./", 2))
    sum->name += 2;
  if ((sums->count & (sums->count - 1)) == 0) /* full: the room is a power of two */
    sums->rows = cli_need(realloc(sums->rows, (sums->count ? 2 * sums->count : 1) * sizeof *sum));
  sums->rows[sums->count++] = *sum;
}

bool sums_read(struct sums *sums, const char *path)
{
  size_t size;
  struct sum sum;
  char *rest = sums->text = slurp(path, LIST_MAX, &size), *line;
  if (!rest) {
    fprintf(stderr, "sluice get: --sums %s: %s\n", path, strerror(errno));
    return false;
  }
  while ((line = slurp_line(&rest)))
    if (parse_plain(line, &sum) || parse_tagged(line, &sum))
      add(sums, &sum);
  if (!sums->count)
    fprintf(stderr,
            "sluice get: --sums %s: no line of it is a SHA-256 checksum; it should be a file as "
            "`sha256sum` writes it\n",
            path);
  return sums->count != 0;
}

void sums_free(struct sums *sums)
{
  free(sums->text);
  free(sums->rows);
}

static const char *last_part(const char *path)
{
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

const char *sums_find(const struct sums *sums, const char *path, bool *out_several)
{
  const char *found = NULL, *last = last_part(path);
  *out_several = false;
  for (size_t i = 0; i < sums->count; i++)
    if (!strcmp(sums->rows[i].name, path))
      return sums->rows[i].hex;
  for (size_t i = 0; i < sums->count; i++) {
    if (strcmp(last_part(sums->rows[i].name), last) != 0)
      continue;
    if (found && strcmp(found, sums->rows[i].hex) != 0)
      *out_several = true;
    found = sums->rows[i].hex;
  }
  return *out_several ? NULL : found;
}

struct digest {
  EVP_MD_CTX *context;
  int fd;
  off_t at;
};

struct digest *digest_new(int fd)
{
  struct digest *digest = cli_alloc(1, sizeof *digest);
  digest->fd = fd;
  digest->context = EVP_MD_CTX_new();
  if (digest->context && EVP_DigestInit_ex(digest->context, EVP_sha256(), NULL))
    return digest;
  digest_free(digest);
  return NULL;
}

void digest_free(struct digest *digest)
{
  if (digest)
    EVP_MD_CTX_free(digest->context);
  free(digest);
}

static void write_hex(const unsigned char *bytes, char out_hex[SUM_TEXT])
{
  for (int i = 0; i < HEX_DIGITS / 2; i++)
    snprintf(out_hex + 2 * i, 3, "%02x", bytes[i]);
}

int digest_step(struct digest *digest, char out_hex[SUM_TEXT])
{
  char chunk[READ_BYTES];
  unsigned char sum[EVP_MAX_MD_SIZE];
  for (int done = 0; done < STEP_BYTES;) {
    ssize_t got = pread(digest->fd, chunk, sizeof chunk, digest->at);
    if (got < 0 && errno == EINTR)
      return 1;
    if (got < 0)
      return -1;
    if (!got) {
      EVP_DigestFinal_ex(digest->context, sum, NULL);
      write_hex(sum, out_hex);
      return 0;
    }
    EVP_DigestUpdate(digest->context, chunk, (size_t)got);
    digest->at += got;
    done += (int)got;
  }
  return 1;
}
