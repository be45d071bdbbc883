/* Signals as something that the loop can wait for: those that end the command (^C), those that
 * change the terminal. A second one of the same kind that ends is obeyed at once. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include <stdbool.h>

/* A descriptor that is readable after a signal, or -1: then a signal waits for the next turn. */
int signals_begin(void);

/* What came to the terminal since the last call. */
struct signals {
  bool resized;   /* the terminal has another size */
  bool continued; /* we were stopped, others wrote to the terminal */
};
struct signals signals_take(void);

/* The signal that asks to end, 0: none does. */
int signals_ended(void);

#endif
