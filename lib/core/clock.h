/* SPDX-License-Identifier: BSD-3-Clause
 *
 * clock: the one clock of the library. */
#ifndef LIB_CORE_CLOCK_H
#define LIB_CORE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* CLOCK_MONOTONIC in ns. */
static inline int64_t clock_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

#endif
