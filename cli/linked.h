/* Will a program use the libcurl of a folder? Looked at as readelf(1) and ldd(1) do, without running it. */
#ifndef CLI_LINKED_H
#define CLI_LINKED_H

#include <stdbool.h>
#include <stddef.h>

enum linked {
  LINKED_OURS,      /* loads our libcurl at once */
  LINKED_LATER,     /* dynamic, no libcurl yet: what it loads or starts may be linked with it */
  LINKED_OTHER,     /* loads another libcurl in spite of us */
  LINKED_STATIC,    /* statically linked */
  LINKED_PRIVILEGED, /* set-user-ID or so: the dynamic linker takes no orders */
  LINKED_UNKNOWN    /* not to be found out */
};

enum { LINKED_PATH = 4096 };

/* What execvp(3) would run for this name; false: there is none, and errno says why. */
bool linked_find(const char *name, char path[LINKED_PATH]);

/* About the program at path, or if it is a script, about its interpreter, whose path replaces it. `folder` is absolute
 * and without symbolic links; *out_other is the file of LINKED_OTHER. */
enum linked linked_look(char path[LINKED_PATH], const char *folder, char out_other[LINKED_PATH]);

/* Is this shared library one of Sluice's, for the machine that we run on? */
bool linked_is_sluice(const char *path);

#endif
