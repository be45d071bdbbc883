/*
 * facts_test.cc: the same facts, seen by a C++ program. There, an enum is a type of its own and
 * no other integer type agrees with it, so that prototypes are compared more strictly.
 */
#include "facts_test.c"
