/* `sluice check` and `sluice policy`: egress policies, asked and shown without connecting. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <stdbool.h>

int check_main(int count, char **words);
void check_help(void);
int policy_main(int count, char **words);
void policy_help(void);

/* The policy of --policy (preset: of --preset) of this command, in *policy, which was NULL unless there was one already.
 * CLI_USAGE: it is wrong, and why was printed. */
struct sluice_policy;
int check_read_policy(const char *command, const char *value, bool preset, struct sluice_policy **policy);

#endif
