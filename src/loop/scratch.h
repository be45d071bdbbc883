/* The large buffers that bytes are read into. A call that runs transfers borrows one and gives it back at its end, so
 * an idle connection, a waiting transfer and an idle multi handle own none. A few are kept for the next call. */
#ifndef SL_LOOP_SCRATCH_H
#define SL_LOOP_SCRATCH_H

enum { SL_SCRATCH_BYTES = 65536 };

char *sl_scratch_get(void); /* NULL: out of memory */
void sl_scratch_put(char *p);
void sl_scratch_trim(void); /* frees the kept ones: global cleanup */

#endif
