/* SPDX-License-Identifier: BSD-3-Clause
 *
 * proof: the texts. */
#include "lib/transport/tcp/proof.h"
#include <stddef.h>
#include "lib/core/hmac.h"

#define HELLO_MAGIC UINT64_C(0x3250435452545355)

/* The first byte of a text. */
enum kind { OF_KEY = 'K', OF_HELLO = 'C', OF_ANSWER = 'L', OF_CONSENT = 'P', OF_LEAVE = 'B' };

static bool text_begin(struct hmac *t, const unsigned char *key, size_t n, enum kind kind)
{
    const unsigned char first = (unsigned char)kind;
    if (!hmac_begin(t, key, n))
        return false;
    hmac_add(t, &first, 1);
    return true;
}

bool proof_key(const unsigned char secret[32], uint32_t rank, unsigned char key[PROOF_KEY])
{
    struct hmac t;
    const unsigned char bytes[4] = {(unsigned char)(rank >> 24), (unsigned char)(rank >> 16),
                                    (unsigned char)(rank >> 8), (unsigned char)rank};
    if (!text_begin(&t, secret, 32, OF_KEY))
        return false;
    hmac_add(&t, bytes, sizeof bytes);
    hmac_end(&t, key, PROOF_KEY);
    return true;
}

static bool hello_text(const struct hello *h, const unsigned char *key, unsigned char proof[PROOF_SIZE])
{
    struct hmac t;
    if (!text_begin(&t, key, PROOF_KEY, OF_HELLO))
        return false;
    hmac_add(&t, h, offsetof(struct hello, proof));
    hmac_end(&t, proof, PROOF_SIZE);
    return true;
}

static bool answer_text(const struct answer *a, const struct hello *h, const unsigned char *key,
                        unsigned char proof[PROOF_SIZE])
{
    struct hmac t;
    if (!text_begin(&t, key, PROOF_KEY, OF_ANSWER))
        return false;
    hmac_add(&t, h, offsetof(struct hello, proof));
    hmac_add(&t, a, offsetof(struct answer, proof));
    hmac_end(&t, proof, PROOF_SIZE);
    return true;
}

static bool consents_text(const struct consents *s, const struct hello *h, const struct answer *a,
                          const unsigned char *key, unsigned char proof[PROOF_SIZE])
{
    struct hmac t;
    bool leaves = s->what == LEAVES;
    if (!text_begin(&t, key, PROOF_KEY, leaves ? OF_LEAVE : OF_CONSENT))
        return false;
    hmac_add(&t, h, offsetof(struct hello, proof));
    if (!leaves)
        hmac_add(&t, a, offsetof(struct answer, proof));
    hmac_add(&t, s, offsetof(struct consents, proof));
    hmac_end(&t, proof, PROOF_SIZE);
    return true;
}

bool hello_prove(struct hello *h, const unsigned char key[PROOF_KEY])
{
    h->magic = HELLO_MAGIC;
    h->unused = 0;
    return hmac_random(h->nonce, sizeof h->nonce) && hello_text(h, key, h->proof);
}

bool answer_prove(struct answer *a, const struct hello *h, const unsigned char key[PROOF_KEY])
{
    a->unused = 0;
    return hmac_random(a->nonce, sizeof a->nonce) && answer_text(a, h, key, a->proof);
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
    return h->magic == HELLO_MAGIC && hello_text(h, key, proof) && hmac_same(proof, h->proof, PROOF_SIZE);
}

bool answer_is_true(const struct answer *a, const struct hello *h, const unsigned char key[PROOF_KEY])
{
    unsigned char proof[PROOF_SIZE];
    return answer_text(a, h, key, proof) && hmac_same(proof, a->proof, PROOF_SIZE);
}

bool consents_is_true(const struct consents *s, const struct hello *h, const struct answer *a,
                      const unsigned char key[PROOF_KEY])
{
    unsigned char proof[PROOF_SIZE];
    return consents_text(s, h, a, key, proof) && hmac_same(proof, s->proof, PROOF_SIZE);
}
