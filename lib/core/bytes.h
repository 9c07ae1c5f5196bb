/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bytes: copies for which memcpy is slow: of a few bytes, where its call costs more than the copy, and of long blocks
 * whose places the user has chosen. */
#ifndef LIB_CORE_BYTES_H
#define LIB_CORE_BYTES_H

#include <string.h>
#include "lib/core/types.h"

/* At most 16. The places do not overlap, here and below. */
ALWAYS_INLINE void bytes_copy_16(void *to, const void *from, size_t n)
{
    char *t = to;
    const char *f = from;
    if (LIKELY(n == 8)) {
        memcpy(t, f, 8);
    } else if (n > 8) {
        uint64_t first, last;
        memcpy(&first, f, 8);
        memcpy(&last, f + n - 8, 8);
        memcpy(t, &first, 8);
        memcpy(t + n - 8, &last, 8);
    } else if (n >= 4) {
        uint32_t first, last;
        memcpy(&first, f, 4);
        memcpy(&last, f + n - 4, 4);
        memcpy(t, &first, 4);
        memcpy(t + n - 4, &last, 4);
    } else if (n > 0) {
        t[0] = f[0];
        t[n / 2] = f[n / 2];
        t[n - 1] = f[n - 1];
    }
}

/* Asks for the ownership of a line that will be written soon. */
ALWAYS_INLINE void bytes_prefetch_for_write(const void *line)
{
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)line)); /* the builtin would only read without -mprfchw */
#else
    __builtin_prefetch(line, 1);
#endif
}

/* A copy past the caches, where the processor can: for a reader so far away that its fetching of the lines out of our
 * cache, and our claiming them back, takes longer than the way through memory. */
void bytes_copy_nontemporal(void *to, const void *from, size_t n);

void bytes_copy_by_loop(void *to, const void *from, size_t n);

/* Any n; meant for long blocks. The C library copies those by one string instruction, and some processors (Zen 3: 2
 * GB/s instead of 60) run it byte by byte where the target lies up to a cache line behind the source, but for a
 * multiple of a page: long blocks of malloc begin 16 bytes into a page, and other buffers with one. */
ALWAYS_INLINE void bytes_copy_long(void *to, const void *from, size_t n)
{
    enum { STRING = 2048, PAGE = 4096, LINE = 64 };
    if (UNLIKELY(((uintptr_t)to - (uintptr_t)from - 1) % PAGE < LINE) && n >= STRING)
        bytes_copy_by_loop(to, from, n);
    else
        memcpy(to, from, n);
}

/* Any n, small ones first of all. */
ALWAYS_INLINE void bytes_copy(void *to, const void *from, size_t n)
{
    if (LIKELY(n <= 16))
        bytes_copy_16(to, from, n);
    else
        bytes_copy_long(to, from, n);
}

#endif
