/* SPDX-License-Identifier: BSD-3-Clause
 *
 * byteswap: numbers turned about, many at once where the processor can. */
#include "lib/datatype/byteswap.h"
#include <stdint.h>
#include <string.h>

#define TURN(bits)                                                                                                     \
    static void byteswap_##bits(char *to, const char *from, size_t n)                                                  \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++) {                                                                               \
            uint##bits##_t x;                                                                                          \
            memcpy(&x, from + i * sizeof x, sizeof x);                                                                 \
            x = __builtin_bswap##bits(x);                                                                              \
            memcpy(to + i * sizeof x, &x, sizeof x);                                                                   \
        }                                                                                                              \
    }
TURN(16)
TURN(32)
TURN(64)

static void byteswap_128(char *to, const char *from, size_t n)
{
    for (; n > 0; n--, to += 16, from += 16) {
        uint64_t x[2], y[2];
        memcpy(x, from, sizeof x);
        y[0] = __builtin_bswap64(x[1]);
        y[1] = __builtin_bswap64(x[0]);
        memcpy(to, y, sizeof y);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Returns how many bytes it did: 16 at a time, by one shuffle, where the processor has it (all since 2008). */
__attribute__((target("ssse3"))) static size_t byteswap_lines(char *to, const char *from, size_t bytes, int width)
{
    static const char orders[][16] = {[2] = {1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14},
                                      [4] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12},
                                      [8] = {7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8},
                                      [16] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
    __m128i how = _mm_loadu_si128((const __m128i *)(const void *)orders[width]);
    size_t done = 0;
    for (; done + 16 <= bytes; done += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(from + done));
        _mm_storeu_si128((__m128i *)(void *)(to + done), _mm_shuffle_epi8(x, how));
    }
    return done;
}

static size_t byteswap_many(char *to, const char *from, size_t bytes, int width)
{
    return bytes >= 64 && __builtin_cpu_supports("ssse3") ? byteswap_lines(to, from, bytes, width) : 0;
}
#else
static size_t byteswap_many(char *to, const char *from, size_t bytes, int width)
{
    return 0;
}
#endif

void byteswap(void *to, const void *from, size_t n, int width)
{
    if (width == 1) {
        memcpy(to, from, n);
        return;
    }
    size_t done = byteswap_many(to, from, n * (size_t)width, width), left = n - done / (size_t)width;
    char *t = (char *)to + done;
    const char *f = (const char *)from + done;
    if (width == 2)
        byteswap_16(t, f, left);
    else if (width == 4)
        byteswap_32(t, f, left);
    else if (width == 8)
        byteswap_64(t, f, left);
    else
        byteswap_128(t, f, left);
}
