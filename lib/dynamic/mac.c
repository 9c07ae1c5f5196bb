/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mac: SipHash, in words of 64 bits, little-endian. */
#include "lib/dynamic/mac.h"
#include <stdint.h>
#include <string.h>

static uint64_t rotated(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t word_at(const unsigned char *p, size_t n)
{
    uint64_t w = 0;
    for (size_t i = 0; i < n; i++)
        w |= (uint64_t)p[i] << 8 * i;
    return w;
}

static void word_to(uint64_t w, unsigned char *p)
{
    for (int i = 0; i < 8; i++)
        p[i] = (unsigned char)(w >> 8 * i);
}

static void rounds(uint64_t v[4], int n)
{
    for (int i = 0; i < n; i++) {
        v[0] += v[1];
        v[1] = rotated(v[1], 13) ^ v[0];
        v[0] = rotated(v[0], 32);
        v[2] += v[3];
        v[3] = rotated(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = rotated(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = rotated(v[1], 17) ^ v[2];
        v[2] = rotated(v[2], 32);
    }
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    rounds(v, 2);
    v[0] ^= word;
}

static uint64_t squeeze(uint64_t v[4])
{
    rounds(v, 4);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void mac_make(const unsigned char key[MAC_KEY], const void *bytes, size_t n, unsigned char out[MAC_BYTES])
{
    const unsigned char *p = bytes;
    uint64_t k0 = word_at(key, 8), k1 = word_at(key + 8, 8);
    uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d) ^ 0xee,
                     k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
    size_t at = 0;
    for (; at + 8 <= n; at += 8)
        absorb(v, word_at(p + at, 8));
    absorb(v, word_at(p + at, n - at) | (uint64_t)n << 56);
    v[2] ^= 0xee;
    word_to(squeeze(v), out);
    v[1] ^= 0xdd;
    word_to(squeeze(v), out + 8);
}

bool mac_equal(const unsigned char a[MAC_BYTES], const unsigned char b[MAC_BYTES])
{
    unsigned char differs = 0;
    for (int i = 0; i < MAC_BYTES; i++)
        differs |= a[i] ^ b[i];
    return differs == 0;
}
