/* SPDX-License-Identifier: BSD-3-Clause
 *
 * byteswap: the bytes of numbers in the opposite order. */
#ifndef LIB_DATATYPE_BYTESWAP_H
#define LIB_DATATYPE_BYTESWAP_H

#include <stddef.h>

/* n numbers of `width` bytes: 1, 2, 4, 8 or 16. The places do not overlap. */
void byteswap(void *to, const void *from, size_t n, int width);

#endif
