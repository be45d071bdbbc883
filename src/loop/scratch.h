/* The large buffers that bytes are read into. A call that runs transfers borrows one and gives it back at its end, so
 * an idle connection, a waiting transfer and an idle multi handle own none. A few are kept for the next call. */
#ifndef SL_LOOP_SCRATCH_H
#define SL_LOOP_SCRATCH_H

/* Seven times CURL_MAX_WRITE_SIZE; below the size from which on malloc(3) turns to mmap(2). */
enum { SL_SCRATCH_BYTES = 7 * 16384 };

char *sl_scratch_get(void); /* NULL: out of memory */
void sl_scratch_put(char *p);
void sl_scratch_trim(void); /* frees the kept ones: global cleanup */

#endif
