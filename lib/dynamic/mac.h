/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mac: a code that only who knows a key can make of some bytes: SipHash-2-4 with 128 bits (Aumasson and Bernstein,
 * "SipHash: a fast short-input PRF", 2012, and its reference's longer output). */
#ifndef LIB_DYNAMIC_MAC_H
#define LIB_DYNAMIC_MAC_H

#include <stdbool.h>
#include <stddef.h>

enum { MAC_KEY = 16, MAC_BYTES = 16 };

void mac_make(const unsigned char key[MAC_KEY], const void *bytes, size_t n, unsigned char out[MAC_BYTES]);
/* In a time that does not depend on where they differ. */
bool mac_equal(const unsigned char a[MAC_BYTES], const unsigned char b[MAC_BYTES]);

#endif
