/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ranklist: the list of ranks of --stdin.
 */
#include "launcher/ranklist.h"

#include "common/xalloc.h"

#include <ctype.h>
#include <stdlib.h>

static const char *number(const char *p, uint32_t *to)
{
    if (!isdigit((unsigned char)*p))
        return NULL;
    char *end;
    unsigned long v = strtoul(p, &end, 10);
    if (v >= UINT32_MAX)
        return NULL;
    *to = (uint32_t)v;
    return end;
}

int ranklist_parse(const char *text, uint32_t nranks, struct rank_range **v, uint32_t *n, struct err *e)
{
    *v = NULL;
    *n = 0;
    for (const char *p = text; p;) {
        struct rank_range r;
        const char *end = number(p, &r.first);
        r.last = r.first;
        if (end && *end == '-')
            end = number(end + 1, &r.last);
        if (!end || (*end && *end != ',') || r.last < r.first) {
            err_set(e, "'%s' is not a list of ranks such as 0-3,7", text);
            goto fail;
        }
        if (r.last >= nranks) {
            err_set(e, "rank %u in '%s': the job has ranks 0 to %u", r.last, text, nranks - 1);
            goto fail;
        }
        *v = xreallocarray(*v, *n + 1, sizeof **v);
        (*v)[(*n)++] = r;
        p = *end ? end + 1 : NULL;
    }
    return 0;
fail:
    free(*v);
    *v = NULL;
    *n = 0;
    return -1;
}
