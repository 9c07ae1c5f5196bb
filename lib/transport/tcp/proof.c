/* SPDX-License-Identifier: BSD-3-Clause
 *
 * proof: texts, and what nettle makes of them. */
#include "lib/transport/tcp/proof.h"
#include <dlfcn.h>
#include <errno.h>
#include <nettle/hmac.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define LIBRARY "libnettle.so.8"
#define HELLO_MAGIC UINT64_C(0x3250435452545355)

/* The first byte of a text. */
enum kind { OF_KEY = 'K', OF_HELLO = 'C', OF_ANSWER = 'L', OF_CONSENT = 'P', OF_LEAVE = 'B' };

static struct {
    __typeof__(nettle_hmac_sha256_set_key) *set_key;
    __typeof__(nettle_hmac_sha256_update) *update;
    __typeof__(nettle_hmac_sha256_digest) *digest;
} calls;
static char why[160];

const char *proof_why(void)
{
    return why;
}

static bool find(void *lib, const char *name, void *to)
{
    void *found = dlsym(lib, name);
    memcpy(to, &found, sizeof found);
    return found != NULL;
}

static bool load(void)
{
    if (calls.digest)
        return true;
    void *lib = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!lib) {
        snprintf(why, sizeof why, "%s", dlerror());
        return false;
    }
    if (find(lib, "nettle_hmac_sha256_set_key", &calls.set_key) && find(lib, "nettle_hmac_sha256_update", &calls.update) &&
        find(lib, "nettle_hmac_sha256_digest", &calls.digest))
        return true;
    calls.digest = NULL;
    dlclose(lib);
    snprintf(why, sizeof why, LIBRARY " has no SHA-256");
    return false;
}

struct text {
    struct hmac_sha256_ctx c;
};

static bool text_begin(struct text *t, const unsigned char *key, size_t n, enum kind kind)
{
    const unsigned char first = (unsigned char)kind;
    why[0] = '\0';
    if (!load())
        return false;
    calls.set_key(&t->c, n, key);
    calls.update(&t->c, 1, &first);
    return true;
}

static void text_add(struct text *t, const void *data, size_t n)
{
    calls.update(&t->c, n, data);
}

static void text_end(struct text *t, unsigned char *proof, size_t n)
{
    calls.digest(&t->c, n, proof);
    explicit_bzero(&t->c, sizeof t->c);
}

static bool random_fill(unsigned char *to, size_t n)
{
    if (getrandom(to, n, 0) == (ssize_t)n)
        return true;
    snprintf(why, sizeof why, "no random bytes: %s", strerror(errno));
    return false;
}

/* Takes the same time wherever they differ. */
static bool same(const unsigned char *a, const unsigned char *b)
{
    volatile unsigned char differ = 0;
    for (int i = 0; i < PROOF_SIZE; i++)
        differ = differ | (a[i] ^ b[i]);
    return differ == 0;
}

bool proof_key(const unsigned char secret[32], uint32_t rank, unsigned char key[PROOF_KEY])
{
    struct text t;
    const unsigned char bytes[4] = {(unsigned char)(rank >> 24), (unsigned char)(rank >> 16), (unsigned char)(rank >> 8),
                                    (unsigned char)rank};
    if (!text_begin(&t, secret, 32, OF_KEY))
        return false;
    text_add(&t, bytes, sizeof bytes);
    text_end(&t, key, PROOF_KEY);
    return true;
}

static bool hello_text(const struct hello *h, const unsigned char *key, unsigned char proof[PROOF_SIZE])
{
    struct text t;
    if (!text_begin(&t, key, PROOF_KEY, OF_HELLO))
        return false;
    text_add(&t, h, offsetof(struct hello, proof));
    text_end(&t, proof, PROOF_SIZE);
    return true;
}

static bool answer_text(const struct answer *a, const struct hello *h, const unsigned char *key,
                        unsigned char proof[PROOF_SIZE])
{
    struct text t;
    if (!text_begin(&t, key, PROOF_KEY, OF_ANSWER))
        return false;
    text_add(&t, h, offsetof(struct hello, proof));
    text_add(&t, a, offsetof(struct answer, proof));
    text_end(&t, proof, PROOF_SIZE);
    return true;
}

static bool consents_text(const struct consents *s, const struct hello *h, const struct answer *a,
                          const unsigned char *key, unsigned char proof[PROOF_SIZE])
{
    struct text t;
    bool leaves = s->what == LEAVES;
    if (!text_begin(&t, key, PROOF_KEY, leaves ? OF_LEAVE : OF_CONSENT))
        return false;
    text_add(&t, h, offsetof(struct hello, proof));
    if (!leaves)
        text_add(&t, a, offsetof(struct answer, proof));
    text_add(&t, s, offsetof(struct consents, proof));
    text_end(&t, proof, PROOF_SIZE);
    return true;
}

bool hello_prove(struct hello *h, const unsigned char key[PROOF_KEY])
{
    h->magic = HELLO_MAGIC;
    h->unused = 0;
    return random_fill(h->nonce, sizeof h->nonce) && hello_text(h, key, h->proof);
}

bool answer_prove(struct answer *a, const struct hello *h, const unsigned char key[PROOF_KEY])
{
    a->unused = 0;
    return random_fill(a->nonce, sizeof a->nonce) && answer_text(a, h, key, a->proof);
}

bool consents_prove(struct consents *s, const struct hello *h, const struct answer *a,
                    const unsigned char key[PROOF_KEY])
{
    s->unused = 0;
    return consents_text(s, h, a, key, s->proof);
}

bool hello_is_true(const struct hello *h, const unsigned char key[PROOF_KEY])
{
    unsigned char proof[PROOF_SIZE];
    return h->magic == HELLO_MAGIC && hello_text(h, key, proof) && same(proof, h->proof);
}

bool answer_is_true(const struct answer *a, const struct hello *h, const unsigned char key[PROOF_KEY])
{
    unsigned char proof[PROOF_SIZE];
    return answer_text(a, h, key, proof) && same(proof, a->proof);
}

bool consents_is_true(const struct consents *s, const struct hello *h, const struct answer *a,
                      const unsigned char key[PROOF_KEY])
{
    unsigned char proof[PROOF_SIZE];
    return consents_text(s, h, a, key, proof) && same(proof, s->proof);
}
