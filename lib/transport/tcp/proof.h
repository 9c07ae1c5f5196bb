/* SPDX-License-Identifier: BSD-3-Clause
 *
 * proof: what the two ends of a new connection say before they believe one another: that they know the listener's key,
 * without showing it (core/hmac.h).
 *
 * Every message is of fixed size. Nothing in one is looked at before its proof has been found true. Each proof covers
 * the random numbers of both sides as far as they are known, so that what somebody has overheard is worth nothing
 * later; and they differ by their first byte, so that none can be given back to who has made it. */
#ifndef LIB_TRANSPORT_TCP_PROOF_H
#define LIB_TRANSPORT_TCP_PROOF_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum { PROOF_KEY = 16, PROOF_NONCE = 16, PROOF_SIZE = 32 };

/* The connector begins. */
struct hello {
    uint64_t magic;      /* another byte order, or version, does not know it */
    uint32_t rank, size; /* of the sender, in its job */
    uint32_t job;        /* that one's tag (process.h) */
    uint32_t unused;
    unsigned char nonce[PROOF_NONCE];
    unsigned char proof[PROOF_SIZE];
};
static_assert(sizeof(struct hello) == 72, "a message has no holes");

/* The listener's word. */
enum verdict { WELCOME = 0x4d4c4557, WAIT_FOR_MINE = 0x54494157 };
struct answer {
    uint32_t verdict, unused;
    unsigned char nonce[PROOF_NONCE];
    unsigned char proof[PROOF_SIZE];
};
static_assert(sizeof(struct answer) == 56, "a message has no holes");

/* The connector, who is welcome, or cannot wait for an answer because it leaves. */
enum consent { STAYS = 0x53594154, LEAVES = 0x5356454c };
struct consents {
    uint32_t what, unused;
    unsigned char proof[PROOF_SIZE];
};
static_assert(sizeof(struct consents) == 40, "a message has no holes");

/* The key of a rank's listener, from the job's secret. False: hmac_why. */
bool proof_key(const unsigned char secret[32], uint32_t rank, unsigned char key[PROOF_KEY]);

/* Each fills in magic, nonce and proof; the rest of a hello is there. False: hmac_why. */
bool hello_prove(struct hello *h, const unsigned char key[PROOF_KEY]);
bool answer_prove(struct answer *a, const struct hello *h, const unsigned char key[PROOF_KEY]);
bool consents_prove(struct consents *s, const struct hello *h, const struct answer *a,
                    const unsigned char key[PROOF_KEY]);
/* Has it been made by who knows the key? */
bool hello_is_true(const struct hello *h, const unsigned char key[PROOF_KEY]);
bool answer_is_true(const struct answer *a, const struct hello *h, const unsigned char key[PROOF_KEY]);
bool consents_is_true(const struct consents *s, const struct hello *h, const struct answer *a,
                      const unsigned char key[PROOF_KEY]);

#endif
