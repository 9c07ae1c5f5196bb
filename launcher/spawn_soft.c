/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn_soft: triplets. Negative numbers, and those above what was asked for, mean nothing.
 */
#include "launcher/spawn_soft.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct triplet {
    long long from, to, step;
};

static bool read_number(const char **at, long long *to)
{
    char *end;
    errno = 0;
    *to = strtoll(*at, &end, 10);
    bool ok = end != *at && errno == 0 && *to >= INT32_MIN && *to <= INT32_MAX;
    *at = end + strspn(end, " ");
    return ok;
}

/* One item, and the comma behind it. */
static bool read_triplet(const char **at, struct triplet *t)
{
    bool ok = read_number(at, &t->from);
    t->to = t->from;
    t->step = 1;
    if (ok && **at == ':') {
        ++*at;
        ok = read_number(at, &t->to);
        if (ok && **at == ':') {
            ++*at;
            ok = read_number(at, &t->step) && t->step != 0;
        }
    }
    if (ok && **at == ',')
        return *++*at != '\0';
    return ok && **at == '\0';
}

int soft_check(const char *soft, struct err *e)
{
    struct triplet t;
    const char *at = soft;
    do {
        if (!read_triplet(&at, &t))
            return err_set(e, "info key soft: '%.80s' is not a list of numbers, such as 2,4:8,10:20:2", soft);
    } while (*at);
    return 0;
}

/* 0: none above 0. */
static long long most_of(const struct triplet *t, long long most)
{
    long long low = t->step > 0 ? t->from : t->to, high = t->step > 0 ? t->to : t->from;
    long long step = llabs(t->step), best = high < most ? high : most;
    if (best < low)
        return 0;
    /* The steps are counted from `from`. */
    if (t->step > 0)
        best -= (best - t->from) % step;
    else
        best = t->from - (t->from - best + step - 1) / step * step;
    return best < low || best < 0 ? 0 : best;
}

uint32_t soft_most(const char *soft, uint32_t most)
{
    long long best = 0;
    struct triplet t;
    const char *at = soft;
    do {
        if (!read_triplet(&at, &t))
            break;
        long long n = most_of(&t, most);
        best = n > best ? n : best;
    } while (*at);
    return (uint32_t)best;
}
