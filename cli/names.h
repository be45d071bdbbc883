/* File names from URLs and from servers. None of them leads out of a folder, none holds a control
 * character, none is too long for its companions (NAME.part and so on). */
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

/* The last part of the URL's path, decoded; index.html when it is empty. NULL: not a URL. From
 * malloc(). */
char *name_from_url(const char *url);

/* What a Content-Disposition field (RFC 6266) calls the file: the last part of it, which does not
 * begin with a dot. NULL: it names none. From malloc(). */
char *name_from_disposition(const char *value);

/* The URL as it may be shown: without its password. From malloc(). */
char *name_shown(const char *url);

#endif
