/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hmac: nettle's functions, and random bytes. */
#include "lib/core/hmac.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include "lib/core/library.h"

#define LIBRARY "libnettle.so.8"
#define FUNCTIONS(F) F(nettle_hmac_sha256_set_key) F(nettle_hmac_sha256_update) F(nettle_hmac_sha256_digest)

static struct calls {
#define M(name) __typeof__(&name) name;
    FUNCTIONS(M)
#undef M
} calls;
static const struct library_function functions[] = {
#define F(name) {#name, offsetof(struct calls, name)},
    FUNCTIONS(F)
#undef F
};
static char why[160];

const char *hmac_why(void)
{
    return why;
}

bool hmac_load(void)
{
    static struct library l = {LIBRARY,   "install it (Debian and Ubuntu: libnettle8)", "nettle 3 is needed",
                               functions, sizeof functions / sizeof *functions,         &calls,
                               false};
    why[0] = '\0';
    return library_load(&l, why, sizeof why);
}

bool hmac_begin(struct hmac *h, const unsigned char *key, size_t n)
{
    if (!hmac_load())
        return false;
    calls.nettle_hmac_sha256_set_key(&h->c, n, key);
    return true;
}

void hmac_add(struct hmac *h, const void *data, size_t n)
{
    calls.nettle_hmac_sha256_update(&h->c, n, data);
}

void hmac_end(struct hmac *h, unsigned char *out, size_t n)
{
    calls.nettle_hmac_sha256_digest(&h->c, n, out);
    explicit_bzero(&h->c, sizeof h->c);
}

bool hmac_same(const unsigned char *a, const unsigned char *b, size_t n)
{
    volatile unsigned char differ = 0;
    for (size_t i = 0; i < n; i++)
        differ = differ | (a[i] ^ b[i]);
    return differ == 0;
}

bool hmac_random(unsigned char *to, size_t n)
{
    why[0] = '\0';
    if (getrandom(to, n, 0) == (ssize_t)n)
        return true;
    snprintf(why, sizeof why, "no random bytes: %s", strerror(errno));
    return false;
}
