/* SPDX-License-Identifier: BSD-3-Clause
 *
 * stdio_lines: cuts what pipes give into whole lines.
 *
 * All streams are read into one shared buffer, behind a copy of what the stream holds, which is short as a rule: so
 * whole lines are copied once, by read(2), and a stream that holds nothing has no memory. Only a long beginning has a
 * buffer of its own to grow in.
 */
#include "proxy/stdio_lines.h"

#include "common/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define SHARED_SIZE (256u << 10)
#define SHARED_HELD (LINES_HELD_MIN) /* longer beginnings grow where they are */
#define KEEP_CAP 4096

static char shared[SHARED_SIZE];
static size_t total; /* of all caps */

static void resize(struct lines *l, size_t cap)
{
    total += cap - l->cap;
    if (cap)
        l->held = xrealloc(l->held, cap);
    else
        free(l->held);
    if (!cap)
        l->held = NULL;
    l->cap = cap;
}

static void ensure(struct lines *l, size_t n)
{
    size_t cap = l->cap ? l->cap : 256;
    while (cap < n)
        cap *= 2;
    if (cap > l->cap)
        resize(l, cap);
}

char *lines_room(struct lines *l, size_t *room)
{
    if (l->len <= SHARED_HELD) {
        if (l->len)
            memcpy(shared, l->held, l->len);
        *room = SHARED_SIZE - l->len;
        return shared + l->len;
    }
    ensure(l, l->len + SHARED_HELD);
    *room = l->cap - l->len;
    return l->held + l->len;
}

static void keep(struct lines *l, const char *from, size_t n)
{
    l->len = n;
    if (n > l->cap)
        ensure(l, n);
    if (n)
        memmove(l->held, from, n);
    if (n < KEEP_CAP && l->cap > KEEP_CAP)
        resize(l, KEEP_CAP);
}

static void give(struct lines *l, const char *data, size_t n, lines_emit *emit, void *arg)
{
    bool continues = l->begun;
    l->begun = data[n - 1] != '\n';
    emit(arg, data, n, continues);
}

void lines_took(struct lines *l, size_t n, lines_emit *emit, void *arg)
{
    const char *base = l->len <= SHARED_HELD ? shared : l->held;
    size_t all = l->len + n;
    const char *last = memrchr(base + l->len, '\n', n);
    size_t whole = last ? (size_t)(last - base) + 1 : 0;
    if (whole)
        give(l, base, whole, emit, arg);
    size_t rest = all - whole;
    if (rest >= (total > LINES_HELD_TOTAL ? LINES_HELD_MIN : LINES_HELD_MAX)) {
        give(l, base + whole, rest, emit, arg);
        rest = 0;
    }
    keep(l, base + all - rest, rest);
}

void lines_flush(struct lines *l, lines_emit *emit, void *arg)
{
    size_t n = l->len;
    l->len = 0;
    if (n)
        give(l, l->held, n, emit, arg);
}

void lines_fini(struct lines *l)
{
    resize(l, 0);
    *l = (struct lines){0};
}
