/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hmac: HMAC-SHA256 (RFC 2104) by nettle, which is small (0.2 ms to load and use, where OpenSSL's libcrypto takes 2.2),
 * reads no settings, and is on every Debian, since apt needs it. It is loaded when it is first needed: programs start
 * without it.
 */
#ifndef COMMON_HMAC_H
#define COMMON_HMAC_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

#define HMAC_SIZE 32

/* Of n bytes of data by a key that is text. 0, or -1 with e set: the library is not there, or is another one. */
int hmac_make(unsigned char to[HMAC_SIZE], const char *key, const void *data, size_t n, struct err *e);

/* Takes the same time wherever they differ. */
bool hmac_equal(const unsigned char a[HMAC_SIZE], const unsigned char b[HMAC_SIZE]);

#endif
