#ifndef CURLINC_STDCHEADERS_H
#define CURLINC_STDCHEADERS_H
/*
 * stdcheaders.h: the standard types that the typecheck of a program may need.
 *
 * Nothing here is Sluice's own; programs written long ago include this file by name.
 */

#include <stdio.h>
#include <sys/types.h>

#endif /* CURLINC_STDCHEADERS_H */
