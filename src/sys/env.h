/* The environment, read here and nowhere else. A variable that is set but empty counts as not set:
 * that is how libcurl has always read http_proxy and its like. */
#ifndef SL_SYS_ENV_H
#define SL_SYS_ENV_H

/* Borrowed: good until the application changes its environment, so use or copy it at once. NULL:
 * not set. */
const char *sl_env_get(const char *name);

/* For what names files: "" when it is empty, but NULL in a program that runs with more rights than its caller
 * (set-user-ID). */
const char *sl_env_guarded(const char *name);

/* An owned copy for sl_free(). NULL: not set, or out of memory. */
char *sl_env_dup(const char *name);

#endif
