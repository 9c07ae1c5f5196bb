/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sha256: functions of nettle, found once.
 */
#include "common/sha256.h"

#include <dlfcn.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>

#define LIBRARY "libnettle.so.8"

static struct {
    __typeof__(nettle_sha256_init) *init;
    __typeof__(nettle_sha256_update) *update;
    __typeof__(nettle_sha256_digest) *digest;
    __typeof__(nettle_hmac_sha256_set_key) *hmac_set_key;
    __typeof__(nettle_hmac_sha256_update) *hmac_update;
    __typeof__(nettle_hmac_sha256_digest) *hmac_digest;
} calls;

static bool find(void *lib, const char *name, void *to)
{
    void *found = dlsym(lib, name);
    memcpy(to, &found, sizeof found);
    return found != NULL;
}

static int load(struct err *e)
{
    if (calls.hmac_digest)
        return 0;
    void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(e, "%s", dlerror());
    if (find(lib, "nettle_sha256_init", &calls.init) && find(lib, "nettle_sha256_update", &calls.update) &&
        find(lib, "nettle_sha256_digest", &calls.digest) &&
        find(lib, "nettle_hmac_sha256_set_key", &calls.hmac_set_key) &&
        find(lib, "nettle_hmac_sha256_update", &calls.hmac_update) &&
        find(lib, "nettle_hmac_sha256_digest", &calls.hmac_digest))
        return 0;
    calls.hmac_digest = NULL;
    dlclose(lib);
    return err_set(e, "unable to use " LIBRARY ": it has no SHA-256");
}

int sha256_text(const void *data, size_t n, char text[SHA256_TEXT], struct err *e)
{
    struct sha256_ctx c;
    unsigned char out[SHA256_SIZE];
    if (load(e) < 0)
        return -1;
    calls.init(&c);
    calls.update(&c, n, data);
    calls.digest(&c, sizeof out, out);
    for (size_t i = 0; i < sizeof out; i++)
        snprintf(text + 2 * i, 3, "%02x", out[i]);
    return 0;
}

int sha256_hmac(unsigned char to[SHA256_SIZE], const char *key, const void *data, size_t n, struct err *e)
{
    struct hmac_sha256_ctx c;
    if (load(e) < 0)
        return -1;
    calls.hmac_set_key(&c, strlen(key), (const uint8_t *)key);
    calls.hmac_update(&c, n, data);
    calls.hmac_digest(&c, SHA256_SIZE, to);
    explicit_bzero(&c, sizeof c);
    return 0;
}

bool sha256_equal(const unsigned char a[SHA256_SIZE], const unsigned char b[SHA256_SIZE])
{
    volatile unsigned char differ = 0;
    for (size_t i = 0; i < SHA256_SIZE; i++)
        differ = differ | (a[i] ^ b[i]);
    return differ == 0;
}
