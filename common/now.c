/* SPDX-License-Identifier: BSD-3-Clause
 *
 * now: the clocks, in one number.
 */
#include "common/now.h"

#include <time.h>

#define SLACK_NS 2000000000 /* clocks that somebody cares for agree better than this; messages take less */

static int64_t shift;

void now_follow(uint64_t theirs)
{
    int64_t ahead = (int64_t)(theirs - now_ns());
    if (ahead > SLACK_NS || ahead < -SLACK_NS)
        shift += ahead;
}

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec + (uint64_t)shift;
}

uint64_t now_steady_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}
