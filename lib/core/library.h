/* SPDX-License-Identifier: BSD-3-Clause
 *
 * library: functions of a library that is opened when it is needed, and never linked. The program sees nothing of its
 * names. */
#ifndef LIB_CORE_LIBRARY_H
#define LIB_CORE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* Names of functions, and where their addresses go in a table of pointers. */
struct library_function {
    const char *name;
    size_t at;
};
struct library {
    const char *name;   /* "libfabric.so.1" */
    const char *advice; /* what to do where it is not there */
    const char *newer;  /* and where it lacks a function */
    const struct library_function *functions;
    size_t count;
    void *table;
    bool loaded;
};

/* Opens it and fills its table, once; it stays. From one thread at a time. False: why says what is missing. */
bool library_load(struct library *l, char *why, size_t n);

#endif
