/* SPDX-License-Identifier: BSD-3-Clause
 *
 * threads: OpenMP's own word for it (OpenMP 5.2, section 21.2): a number, or one for each level of nesting, of which
 * the first counts.
 */
#include "launcher/threads.h"

#include "launcher/env.h"

#include <stdlib.h>

#define VARIABLE "OMP_NUM_THREADS"
#define THREADS_MAX 65536

static uint32_t number_of(const char *value)
{
    char *end;
    long n = value ? strtol(value, &end, 10) : 0;
    return n > 0 && n <= THREADS_MAX && (*end == '\0' || *end == ',' || *end == ' ') ? (uint32_t)n : 0;
}

uint32_t threads_told(const struct app *apps, size_t napps, const struct env_rules *global, char *const *environment)
{
    uint32_t all = 0;
    for (size_t i = 0; i < napps; i++) {
        uint32_t n = number_of(env_find(global, &apps[i].env, environment, VARIABLE));
        if (!n || (i && n != all))
            return 0;
        all = n;
    }
    return all;
}
