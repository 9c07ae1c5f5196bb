/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memory_kinds: "kind:restrictor:restrictor,kind,..." in, what of it is supported out. */
#include "lib/object/memory_kinds.h"
#include <stdio.h>
#include <string.h>

static const char always[] = "system,mpi";

/* Is it one of the words of that list? */
static bool is_in(const char *word, size_t n, const char *list)
{
    for (size_t k; *list; list += k + (list[k] == ',')) {
        k = strcspn(list, ",");
        if (k == n && memcmp(word, list, n) == 0)
            return true;
    }
    return false;
}

/* "mpi", and restrictors that are the standard's. */
static bool is_known(const char *word, size_t n)
{
    static const char restrictors[] = "alloc_mem,win_allocate,win_allocate_shared";
    size_t kind = strcspn(word, ":,");
    if (kind >= n || !is_in(word, kind, "mpi"))
        return false;
    for (size_t at = kind; at < n;) {
        size_t k = strcspn(word + at + 1, ":,");
        if (!is_in(word + at + 1, k, restrictors))
            return false;
        at += 1 + k;
    }
    return true;
}

void memory_kinds_provide(const char *asked, char provided[MPI_MAX_INFO_VAL])
{
    size_t used = (size_t)snprintf(provided, MPI_MAX_INFO_VAL, "%s", always);
    for (const char *at = asked ? asked : ""; *at;) {
        size_t n = strcspn(at, ",");
        if (is_known(at, n) && !is_in(at, n, provided) && used + 1 + n < MPI_MAX_INFO_VAL)
            used += (size_t)snprintf(provided + used, MPI_MAX_INFO_VAL - used, ",%.*s", (int)n, at);
        at += n + (at[n] == ',');
    }
}
