/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hmac: what only who knows a key can make of some bytes: HMAC-SHA256 (RFC 2104) by nettle, which is loaded when it is
 * first needed: 0.2 ms. */
#ifndef LIB_CORE_HMAC_H
#define LIB_CORE_HMAC_H

#include <nettle/hmac.h>
#include <stdbool.h>
#include <stddef.h>

enum { HMAC_SIZE = 32 };

struct hmac {
    struct hmac_sha256_ctx c;
};

/* Loads nettle if it is not. False: hmac_why, of this and of what follows. */
bool hmac_load(void);
bool hmac_begin(struct hmac *h, const unsigned char *key, size_t n);
void hmac_add(struct hmac *h, const void *data, size_t n);
/* The first n bytes of it, at most HMAC_SIZE; forgets the key. */
void hmac_end(struct hmac *h, unsigned char *out, size_t n);
/* Takes the same time wherever they differ. */
bool hmac_same(const unsigned char *a, const unsigned char *b, size_t n);
/* Random bytes for keys and nonces. */
bool hmac_random(unsigned char *to, size_t n);
/* Why the last of these could not work; "": it could. */
const char *hmac_why(void);

#endif
