/* Text by the columns that it takes on a terminal (UTF-8). What comes from servers and from file
 * names is not trusted: nothing in it may move the cursor. Knows no terminal. */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

/* To be called once, before the others: in another locale than a UTF-8 one only ASCII is shown. */
void columns_init(void);

/* In place: whatever is no printable character becomes '?', a tab a space. */
void columns_clean(char *text);

int columns_of(const char *text);

/* The text in exactly `columns` columns: padded, or shortened in its middle, since names tell apart
 * by their starts and ends. At most `room` bytes with the zero. Returns bytes. */
int columns_fit(const char *text, int columns, char *out, int room);

#endif
