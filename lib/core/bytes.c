/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bytes: long copies: by a loop, and past the caches. */
#include "lib/core/bytes.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

void bytes_copy_nontemporal(void *to, const void *from, size_t n)
{
#if defined(__SSE2__)
    char *out = to;
    const char *in = from;
    size_t head = -(uintptr_t)out % 16;
    if (n < 64 || head > 0) {
        head = n < 64 ? n : head;
        memcpy(out, in, head);
        out += head, in += head, n -= head;
    }
    for (; n >= 64; n -= 64, in += 64, out += 64)
        for (int i = 0; i < 64; i += 16)
            _mm_stream_si128((__m128i *)(void *)(out + i), _mm_loadu_si128((const __m128i *)(const void *)(in + i)));
    memcpy(out, in, n);
    _mm_sfence(); /* a release does not order such stores */
#else
    bytes_copy_long(to, from, n);
#endif
}
