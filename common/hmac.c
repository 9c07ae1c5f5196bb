/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hmac: three functions of nettle, found once.
 */
#include "common/hmac.h"

#include <dlfcn.h>
#include <nettle/hmac.h>
#include <string.h>

#define LIBRARY "libnettle.so.8"

static struct {
    __typeof__(nettle_hmac_sha256_set_key) *set_key;
    __typeof__(nettle_hmac_sha256_update) *update;
    __typeof__(nettle_hmac_sha256_digest) *digest;
} calls;

static int load(struct err *e)
{
    if (calls.digest)
        return 0;
    void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(e, "%s", dlerror());
    calls.set_key = (__typeof__(calls.set_key))dlsym(lib, "nettle_hmac_sha256_set_key");
    calls.update = (__typeof__(calls.update))dlsym(lib, "nettle_hmac_sha256_update");
    if (calls.set_key && calls.update)
        calls.digest = (__typeof__(calls.digest))dlsym(lib, "nettle_hmac_sha256_digest");
    if (calls.digest)
        return 0;
    dlclose(lib);
    return err_set(e, "unable to use " LIBRARY ": it has no HMAC-SHA256");
}

int hmac_make(unsigned char to[HMAC_SIZE], const char *key, const void *data, size_t n, struct err *e)
{
    struct hmac_sha256_ctx c;
    if (load(e) < 0)
        return -1;
    calls.set_key(&c, strlen(key), (const uint8_t *)key);
    calls.update(&c, n, data);
    calls.digest(&c, HMAC_SIZE, to);
    explicit_bzero(&c, sizeof c);
    return 0;
}

bool hmac_equal(const unsigned char a[HMAC_SIZE], const unsigned char b[HMAC_SIZE])
{
    volatile unsigned char differ = 0;
    for (size_t i = 0; i < HMAC_SIZE; i++)
        differ = differ | (a[i] ^ b[i]);
    return differ == 0;
}
