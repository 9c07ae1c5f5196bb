/* SPDX-License-Identifier: BSD-3-Clause
 *
 * frame.c: the head of a frame, written and read.
 */
#include "wire/frame.h"

static void put(unsigned char *to, uint32_t v, int n)
{
    for (int i = 0; i < n; i++)
        to[i] = (unsigned char)(v >> (8 * i));
}

static uint32_t get(const unsigned char *from, int n)
{
    uint32_t v = 0;
    for (int i = 0; i < n; i++)
        v |= (uint32_t)from[i] << (8 * i);
    return v;
}

void frame_head_put(unsigned char to[FRAME_HEAD_SIZE], const struct frame_head *h)
{
    put(to, h->len, 4);
    put(to + 4, h->type, 2);
    put(to + 6, h->job, 2);
    put(to + 8, h->node, 4);
}

bool frame_head_get(const unsigned char from[FRAME_HEAD_SIZE], struct frame_head *h)
{
    h->len = get(from, 4);
    h->type = (uint16_t)get(from + 4, 2);
    h->job = (uint16_t)get(from + 6, 2);
    h->node = get(from + 8, 4);
    return h->len <= FRAME_PAYLOAD_MAX;
}
