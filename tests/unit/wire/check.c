/* SPDX-License-Identifier: BSD-3-Clause
 *
 * check.c: what the tables of generate_check.py need at run time.
 */
#include "wire/check.h"

#include <string.h>

#define BUFS_MAX 32

static struct buf bufs[BUFS_MAX];
static size_t nbufs;

struct buf *check_buf(void)
{
    struct buf *b = &bufs[nbufs++ % BUFS_MAX];
    buf_fini(b);
    return b;
}

void check_clear(void)
{
    for (size_t i = 0; i < BUFS_MAX; i++)
        buf_fini(&bufs[i]);
}

bool check_same(const struct buf *b, const void *p, size_t n)
{
    return !b->failed && b->len == n && (n == 0 || memcmp(b->data, p, n) == 0);
}
