/* `sluice check` and `sluice policy`: egress policies, asked and shown without connecting. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

int check_main(int count, char **words);
void check_help(void);
int policy_main(int count, char **words);
void policy_help(void);

#endif
