/* SPDX-License-Identifier: BSD-3-Clause
 *
 * hmac: two functions of libcrypto, found once.
 */
#include "common/hmac.h"

#include <dlfcn.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define LIBRARY "libcrypto.so.3"

static struct {
    __typeof__(HMAC) *hmac;
    __typeof__(EVP_sha256) *sha256;
} calls;

static int load(struct err *e)
{
    if (calls.hmac)
        return 0;
    void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!lib)
        return err_set(e, "%s", dlerror());
    calls.sha256 = (__typeof__(EVP_sha256) *)dlsym(lib, "EVP_sha256");
    calls.hmac = (__typeof__(HMAC) *)dlsym(lib, "HMAC");
    if (calls.hmac && calls.sha256)
        return 0;
    calls.hmac = NULL;
    dlclose(lib);
    return err_set(e, "unable to use " LIBRARY ": it has no HMAC");
}

int hmac_make(unsigned char to[HMAC_SIZE], const char *key, const void *data, size_t n, struct err *e)
{
    unsigned len = 0;
    if (load(e) < 0)
        return -1;
    if (!calls.hmac(calls.sha256(), key, (int)strlen(key), data, n, to, &len) || len != HMAC_SIZE)
        return err_set(e, LIBRARY " makes no HMAC-SHA256 here");
    return 0;
}

bool hmac_equal(const unsigned char a[HMAC_SIZE], const unsigned char b[HMAC_SIZE])
{
    volatile unsigned char differ = 0;
    for (size_t i = 0; i < HMAC_SIZE; i++)
        differ = differ | (a[i] ^ b[i]);
    return differ == 0;
}
