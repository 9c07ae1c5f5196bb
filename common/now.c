/* SPDX-License-Identifier: BSD-3-Clause
 *
 * now: the wall clock, in one number.
 */
#include "common/now.h"

#include <time.h>

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
