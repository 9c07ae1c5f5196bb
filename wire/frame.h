/* SPDX-License-Identifier: BSD-3-Clause
 *
 * frame: how messages of the control tree stand on a byte stream: a head of fixed size, then the payload.
 * The head carries what a relay needs to pass a frame on without looking into it.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEAD_SIZE 12
#define FRAME_PAYLOAD_MAX (64u << 20) /* bytes; the launch description of a million ranks fits */
#define FRAME_ALL_NODES UINT32_MAX

struct frame_head {
    uint32_t len;  /* bytes of payload */
    uint16_t type; /* enum control_type */
    uint16_t job;  /* 0: the main job; spawned jobs count on */
    uint32_t node; /* down the tree: who it is for, or FRAME_ALL_NODES; up: whose it is */
};

void frame_head_put(unsigned char to[FRAME_HEAD_SIZE], const struct frame_head *h);
/* false: longer than FRAME_PAYLOAD_MAX, so the stream cannot be trusted any further. */
bool frame_head_get(const unsigned char from[FRAME_HEAD_SIZE], struct frame_head *h);

#endif
