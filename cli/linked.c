/* What a program is linked with; see linked.h. The list of its libraries is the dynamic linker's own (`--list`), so that
 * RPATH, LD_LIBRARY_PATH and its cache count as they will. */
#include "linked.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

bool linked_find(const char *name, char path[LINKED_PATH])
{
  const char *dirs = getenv("PATH");
  int problem = ENOENT;
  if (strchr(name, '/')) {
    snprintf(path, LINKED_PATH, "%s", name);
    return !access(path, X_OK);
  }
  for (const char *dir = dirs ? dirs : "/bin:/usr/bin"; dir;) {
    size_t n = strcspn(dir, ":");
    struct stat st;
    snprintf(path, LINKED_PATH, "%.*s%s%s", (int)n, dir, n ? "/" : "", name);
    if (!stat(path, &st) && S_ISREG(st.st_mode)) {
      if (!access(path, X_OK))
        return true;
      problem = EACCES;
    }
    dir = dir[n] ? dir + n + 1 : NULL;
  }
  errno = problem;
  return false;
}

/* ---- the file ---- */

struct image {
  const char *p;
  size_t n;
};

static bool image_map(const char *path, struct image *out)
{
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  void *p = MAP_FAILED;
  if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0)
    p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (fd >= 0)
    close(fd);
  if (p == MAP_FAILED)
    return false;
  *out = (struct image){p, (size_t)st.st_size};
  return true;
}

static void image_unmap(struct image *image)
{
  munmap((void *)(uintptr_t)image->p, image->n);
}

static bool is_elf(const struct image *image)
{
  return image->n >= sizeof(ElfW(Ehdr)) && !memcmp(image->p, ELFMAG, SELFMAG);
}

/* For this machine: the header can be read as it lies there. */
static bool is_native(const struct image *image)
{
  struct image self;
  ElfW(Ehdr) own, other;
  if (!is_elf(image) || !image_map("/proc/self/exe", &self))
    return false;
  memcpy(&own, self.p, sizeof own);
  memcpy(&other, image->p, sizeof other);
  image_unmap(&self);
  return own.e_machine == other.e_machine && own.e_ident[EI_CLASS] == other.e_ident[EI_CLASS] &&
         own.e_ident[EI_DATA] == other.e_ident[EI_DATA];
}

/* The dynamic linker that the program asks for; false: it asks for none. */
static bool find_loader(const struct image *image, char out[LINKED_PATH])
{
  ElfW(Ehdr) head;
  ElfW(Phdr) part;
  memcpy(&head, image->p, sizeof head);
  for (unsigned i = 0; i < head.e_phnum; i++) {
    size_t at = head.e_phoff + (size_t)i * sizeof part;
    if (head.e_phoff > image->n || at > image->n - sizeof part)
      return false;
    memcpy(&part, image->p + at, sizeof part);
    if (part.p_type != PT_INTERP)
      continue;
    if (part.p_offset > image->n || part.p_filesz > image->n - part.p_offset || part.p_filesz >= LINKED_PATH)
      return false;
    memcpy(out, image->p + part.p_offset, part.p_filesz);
    out[part.p_filesz] = 0;
    return out[0] == '/';
  }
  return false;
}

bool linked_is_sluice(const char *path)
{
  static const char mark[] = "sluice_policy_parse";
  struct image image;
  if (!image_map(path, &image))
    return false;
  bool ours = is_native(&image) && memmem(image.p, image.n, mark, sizeof mark);
  image_unmap(&image);
  return ours;
}

static bool is_privileged(const char *path)
{
  struct stat st;
  if (stat(path, &st))
    return false;
  bool other_user = st.st_mode & S_ISUID && st.st_uid != getuid();
  bool other_group = (st.st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st.st_gid != getgid();
  return other_user || other_group || (getuid() && getxattr(path, "security.capability", NULL, 0) > 0);
}

/* ---- scripts ---- */

/* "#!/usr/bin/env -S python3 -u": the interpreter, and behind env what that looks for. */
static bool interpreter(const struct image *image, char path[LINKED_PATH])
{
  char line[256], *rest = line, *word;
  size_t n = image->n < sizeof line ? image->n : sizeof line - 1;
  memcpy(line, image->p, n);
  line[n] = 0;
  line[strcspn(line, "\n")] = 0;
  if (memcmp(line, "#!", 2))
    return false;
  rest += 2;
  if (!(word = strtok_r(rest, " \t", &rest)))
    return false;
  snprintf(path, LINKED_PATH, "%s", word);
  const char *slash = strrchr(word, '/');
  if (!slash || strcmp(slash, "/env"))
    return true;
  while ((word = strtok_r(NULL, " \t", &rest)))
    if (*word != '-' && !strchr(word, '='))
      return linked_find(word, path);
  return false;
}

/* ---- what is loaded ---- */

/* The output of the dynamic linker; NULL: it gave none. The caller closes it and waits for *out_pid. */
static FILE *list_libraries(char *loader, char *path, pid_t *out_pid)
{
  char list[] = "--list", *words[] = {loader, list, path, NULL};
  int ends[2], silent;
  if (pipe2(ends, O_CLOEXEC))
    return NULL;
  *out_pid = fork();
  if (!*out_pid) {
    if ((silent = open("/dev/null", O_WRONLY | O_CLOEXEC)) >= 0)
      dup2(silent, STDERR_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    execv(loader, words);
    _exit(127);
  }
  close(ends[1]);
  FILE *lines = *out_pid > 0 ? fdopen(ends[0], "r") : NULL;
  if (!lines)
    close(ends[0]);
  return lines;
}

/* "\tlibcurl.so.4 => /usr/lib/libcurl.so.4 (0x00007f...)" */
static enum linked judge_line(char *line, const char *folder, char out_other[LINKED_PATH])
{
  char *name = line + strspn(line, "\t "), *arrow = strstr(name, " => "), real[LINKED_PATH];
  if (strncmp(name, "libcurl", 7) || !arrow)
    return LINKED_LATER;
  char *path = arrow + 4;
  path[strcspn(path, " \n")] = 0;
  size_t n = strlen(folder);
  if (realpath(path, real) && !strncmp(real, folder, n) && real[n] == '/')
    return LINKED_OURS;
  snprintf(out_other, LINKED_PATH, "%s", path);
  return LINKED_OTHER;
}

static enum linked ask_loader(char *loader, char *path, const char *folder, char out_other[LINKED_PATH])
{
  char *line = NULL;
  size_t room = 0;
  enum linked found = LINKED_LATER;
  pid_t pid = -1;
  int status = -1;
  FILE *lines = list_libraries(loader, path, &pid);
  while (lines && getline(&line, &room, lines) >= 0) {
    enum linked here = judge_line(line, folder, out_other);
    if (found != LINKED_OTHER && here != LINKED_LATER)
      found = here;
  }
  free(line);
  if (lines)
    fclose(lines);
  while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
    ;
  return status ? LINKED_UNKNOWN : found;
}

static enum linked look_at(char path[LINKED_PATH], const char *folder, char out_other[LINKED_PATH], bool may_be_script)
{
  char loader[LINKED_PATH];
  struct image image;
  enum linked found = LINKED_UNKNOWN;
  if (!image_map(path, &image))
    return LINKED_UNKNOWN;
  if (is_native(&image)) {
    if (is_privileged(path))
      found = LINKED_PRIVILEGED;
    else if (find_loader(&image, loader))
      found = ask_loader(loader, path, folder, out_other);
    else
      found = LINKED_STATIC;
  } else if (may_be_script && image.n > 2 && interpreter(&image, path)) {
    found = look_at(path, folder, out_other, false);
  }
  image_unmap(&image);
  return found;
}

enum linked linked_look(char path[LINKED_PATH], const char *folder, char out_other[LINKED_PATH])
{
  return look_at(path, folder, out_other, true);
}
