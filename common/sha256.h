/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sha256: SHA-256 (FIPS 180-4) and HMAC-SHA256 (RFC 2104) by nettle, which is small (0.2 ms to load and use, where
 * OpenSSL's libcrypto takes 2.2), reads no settings, and is on every Debian, since apt needs it. It is loaded when it
 * is first needed: programs start without it.
 */
#ifndef COMMON_SHA256_H
#define COMMON_SHA256_H

#include "common/err.h"

#include <stdbool.h>
#include <stddef.h>

#define SHA256_SIZE 32
#define SHA256_TEXT (2 * SHA256_SIZE + 1)

/* These return 0, or -1 with e set: the library is not there, or is another one. */

/* What n bytes hold, in lower-case hex digits, as sha256sum tells it on any host. */
int sha256_text(const void *data, size_t n, char text[SHA256_TEXT], struct err *e);
/* The HMAC of n bytes of data by a key that is text. */
int sha256_hmac(unsigned char to[SHA256_SIZE], const char *key, const void *data, size_t n, struct err *e);

/* Takes the same time wherever they differ. */
bool sha256_equal(const unsigned char a[SHA256_SIZE], const unsigned char b[SHA256_SIZE]);

#endif
