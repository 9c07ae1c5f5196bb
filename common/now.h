/* SPDX-License-Identifier: BSD-3-Clause
 *
 * now: the time that programs put on what they tell one another.
 */
#ifndef COMMON_NOW_H
#define COMMON_NOW_H

#include <stdint.h>

uint64_t now_ns(void); /* ns, CLOCK_REALTIME, or after now_follow: as it is on the other machine */

/* ns that pass evenly, from any moment on: for deadlines of one process. */
uint64_t now_steady_ns(void);

/* It is `theirs` on the machine whose times count. Where the clock here is wrong by so much that it cannot be the way
 * of a message, now_ns tells theirs from now on. */
void now_follow(uint64_t theirs);

#endif
