/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bytes: copies of a few bytes, for which a call of memcpy costs more than the copy. */
#ifndef LIB_CORE_BYTES_H
#define LIB_CORE_BYTES_H

#include <string.h>
#include "lib/core/types.h"

/* Any n; meant for small ones. The places do not overlap. */
ALWAYS_INLINE void bytes_copy(void *to, const void *from, size_t n)
{
    char *t = to;
    const char *f = from;
    if (LIKELY(n == 8)) {
        memcpy(t, f, 8);
    } else if (n > 8 && n <= 16) {
        uint64_t first, last;
        memcpy(&first, f, 8);
        memcpy(&last, f + n - 8, 8);
        memcpy(t, &first, 8);
        memcpy(t + n - 8, &last, 8);
    } else if (n >= 4 && n < 8) {
        uint32_t first, last;
        memcpy(&first, f, 4);
        memcpy(&last, f + n - 4, 4);
        memcpy(t, &first, 4);
        memcpy(t + n - 4, &last, 4);
    } else if (n > 0) {
        memcpy(t, f, n);
    }
}

#endif
