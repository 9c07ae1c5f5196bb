/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_tail: a ring of the last lines.
 */
#include "proxy/stdio_tail.h"

#include "common/xalloc.h"

#include <stdbool.h>
#include <string.h>

struct tail {
    size_t n;
    bool cut; /* something stood before it */
    char bytes[TAIL_BYTES];
};

void tail_add(struct tail **tp, const char *data, size_t n)
{
    if (!*tp)
        *tp = xcalloc(1, sizeof **tp);
    struct tail *t = *tp;
    if (n > TAIL_BYTES) {
        data += n - TAIL_BYTES;
        n = TAIL_BYTES;
        t->cut = true;
    }
    size_t keep = t->n + n > TAIL_BYTES ? TAIL_BYTES - n : t->n;
    t->cut |= keep < t->n;
    memmove(t->bytes, t->bytes + t->n - keep, keep);
    memcpy(t->bytes + keep, data, n);
    t->n = keep + n;
}

const char *tail_text(struct tail *t, size_t *n)
{
    *n = 0;
    if (!t || !t->n)
        return NULL;
    const char *end = t->bytes + t->n, *from = t->bytes;
    const char *p = end[-1] == '\n' ? end - 1 : end;
    for (int i = 0; i < TAIL_LINES; i++) {
        const char *nl = memrchr(t->bytes, '\n', (size_t)(p - t->bytes));
        from = nl ? nl + 1 : t->bytes;
        if (!nl)
            break;
        p = nl;
    }
    /* the first line may have lost its beginning */
    const char *first = from == t->bytes && t->cut ? memchr(from, '\n', (size_t)(end - from)) : NULL;
    if (first && first + 1 < end)
        from = first + 1;
    *n = (size_t)(end - from);
    return from;
}
