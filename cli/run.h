/* `sluice run`: an existing program on Sluice's libcurl, held to an egress policy. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

int run_main(int count, char **words);
void run_help(void);

#endif
