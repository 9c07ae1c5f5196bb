/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mem.c: memory, or the end of the program.
 */
#include "pmi-server/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void pmi_mem_out(void)
{
    static const char text[] = "muster: out of memory in the PMI server\n";
    ssize_t n = write(2, text, sizeof text - 1);
    (void)n;
    _exit(1);
}

void *pmi_mem_zero(size_t n, size_t each)
{
    void *p = calloc(n ? n : 1, each);
    if (!p)
        pmi_mem_out();
    return p;
}

void *pmi_mem_grow(void *p, size_t n, size_t each)
{
    p = reallocarray(p, n ? n : 1, each);
    if (!p)
        pmi_mem_out();
    return p;
}

char *pmi_mem_bytes(const char *p, size_t n)
{
    char *s = pmi_mem_zero(n + 1, 1);
    if (n)
        memcpy(s, p, n);
    return s;
}

char *pmi_mem_str(const char *s)
{
    return pmi_mem_bytes(s, strlen(s));
}

void pmi_mem_check(const struct buf *b)
{
    if (b->failed)
        pmi_mem_out();
}
