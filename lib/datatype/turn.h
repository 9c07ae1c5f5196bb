/* SPDX-License-Identifier: BSD-3-Clause
 *
 * turn: the bytes of numbers in the opposite order. */
#ifndef LIB_DATATYPE_TURN_H
#define LIB_DATATYPE_TURN_H

#include <stddef.h>

/* n numbers of `width` bytes: 1, 2, 4, 8 or 16. The places do not overlap. */
void bytes_turn(void *to, const void *from, size_t n, int width);

#endif
