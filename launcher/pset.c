/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pset: the ranks of process sets, once it is known how many there are.
 */
#include "launcher/pset.h"

#include "common/xalloc.h"
#include "launcher/ranklist.h"

#include <stdlib.h>
#include <string.h>

static int by_first(const void *a, const void *b)
{
    const struct rank_range *x = a, *y = b;
    return (x->first > y->first) - (x->first < y->first);
}

static int check_one(const char *name, size_t n, const char *list, uint32_t nranks, struct err *e)
{
    struct rank_range *v;
    struct err why = {0};
    uint32_t count;
    int rc = 0;
    if (ranklist_parse(list, nranks, &v, &count, &why) < 0)
        return err_set(e, "--pset %.*s: %s", (int)n, name, why.text);
    qsort(v, count, sizeof *v, by_first);
    for (uint32_t i = 1; i < count && rc == 0; i++)
        if (v[i].first <= v[i - 1].last)
            rc = err_set(e, "--pset %.*s: rank %u is in the set twice", (int)n, name, v[i].first);
    free(v);
    return rc;
}

int pset_check_ranks(const char *sets, uint32_t nranks, struct err *e)
{
    int rc = 0;
    for (const char *at = sets; at && rc == 0; at = strchr(at, ';'), at += at != NULL) {
        size_t n = strcspn(at, "=");
        char *list = xstrndup(at + n + 1, strcspn(at + n + 1, ";"));
        rc = check_one(at, n, list, nranks, e);
        free(list);
    }
    return rc;
}
