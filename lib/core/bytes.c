/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/core/bytes.h"

typedef char chunk __attribute__((vector_size(16), aligned(1), may_alias));

void bytes_copy_by_loop(void *to, const void *from, size_t n)
{
    char *out = to;
    const char *in = from;
    for (; n >= 64; n -= 64, in += 64, out += 64) {
        chunk a = *(const chunk *)in, b = *(const chunk *)(in + 16), c = *(const chunk *)(in + 32),
              d = *(const chunk *)(in + 48);
        *(chunk *)out = a;
        *(chunk *)(out + 16) = b;
        *(chunk *)(out + 32) = c;
        *(chunk *)(out + 48) = d;
    }
    memcpy(out, in, n);
}
