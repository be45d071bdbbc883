#ifndef CURLINC_TYPECHECK_GCC_H
#define CURLINC_TYPECHECK_GCC_H
/*
 * typecheck-gcc.h: exists because programs and packaging lists name it.
 *
 * The place where a compiler's extensions could compare the third argument of
 * curl_easy_setopt() with the option's kind. Nothing is compared: the functions are plain
 * functions, and their address can be taken and their name used in any way the language has.
 */

#endif /* CURLINC_TYPECHECK_GCC_H */
