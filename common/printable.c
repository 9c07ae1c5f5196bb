/* SPDX-License-Identifier: BSD-3-Clause
 *
 * printable: character by character.
 */
#include "common/printable.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static size_t sequence_length(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2 || first > 0xf4)
        return 0;
    return first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t utf8_length(const unsigned char *p, size_t n)
{
    size_t len = n ? sequence_length(*p) : 0;
    if (len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    bool beyond =
        len > 1 && ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f));
    bool surrogate = len > 1 && *p == 0xed && p[1] > 0x9f;
    return beyond || surrogate ? 0 : len;
}

static bool is_control(const unsigned char *p)
{
    return (*p < ' ' && *p != '\t') || *p == 0x7f || (*p == 0xc2 && p[1] < 0xa0);
}

size_t printable_put(char *to, size_t size, const char *text, size_t n)
{
    const unsigned char *p = (const unsigned char *)text;
    size_t len = 0;
    if (size == 0)
        return 0;
    while (n) {
        size_t take = utf8_length(p, n);
        bool plain = take && !is_control(p);
        take = take ? take : 1;
        size_t room = plain ? take : take * PRINTABLE_WIDTH;
        if (len + room >= size)
            break;
        if (plain)
            memcpy(to + len, p, take);
        for (size_t i = 0; !plain && i < take; i++)
            snprintf(to + len + i * PRINTABLE_WIDTH, PRINTABLE_WIDTH + 1, "\\x%02x", p[i]);
        len += room;
        p += take;
        n -= take;
    }
    to[len] = 0;
    return len;
}
