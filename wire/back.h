/* SPDX-License-Identifier: BSD-3-Clause
 *
 * back: what a proxy and mpiexec say to one another when the proxy connects back: messages of fixed size, so that
 * nothing of them is a length to believe. Frames flow after the third.
 *
 *   challenge   mpiexec, to whoever connects: random bytes
 *   answer      the proxy: random bytes of its own, its name, and its proof over both and the name
 *   proof       mpiexec: its own proof over the same
 *
 * A proof is the HMAC-SHA256, by the secret of the run, of back_text for its side: neither side's can stand for the
 * other's, and none for that of another connection. What flows after it is neither encrypted nor signed.
 */
#ifndef WIRE_BACK_H
#define WIRE_BACK_H

#include <stdbool.h>

#define BACK_NONCE_SIZE 32
#define BACK_PROOF_SIZE 32
#define BACK_NAME_MAX 255
#define BACK_MAGIC_SIZE 8
#define BACK_CHALLENGE_SIZE (BACK_MAGIC_SIZE + BACK_NONCE_SIZE)
#define BACK_ANSWER_SIZE (BACK_MAGIC_SIZE + BACK_NONCE_SIZE + BACK_PROOF_SIZE + 1 + BACK_NAME_MAX)
#define BACK_TEXT_SIZE (BACK_MAGIC_SIZE + 1 + 2 * BACK_NONCE_SIZE + 1 + BACK_NAME_MAX)

enum back_side { BACK_PROXY = 'p', BACK_MPIEXEC = 'm' };

struct back_answer {
    unsigned char nonce[BACK_NONCE_SIZE];
    unsigned char proof[BACK_PROOF_SIZE];
    char name[BACK_NAME_MAX + 1]; /* who it is, as its backend named it; at least one byte */
};

void back_challenge_put(unsigned char to[BACK_CHALLENGE_SIZE], const unsigned char nonce[BACK_NONCE_SIZE]);
/* false: not of this version, or something else altogether. */
bool back_challenge_get(const unsigned char from[BACK_CHALLENGE_SIZE], unsigned char nonce[BACK_NONCE_SIZE]);

void back_answer_put(unsigned char to[BACK_ANSWER_SIZE], const struct back_answer *a);
bool back_answer_get(const unsigned char from[BACK_ANSWER_SIZE], struct back_answer *a);

/* What a side proves, of a's nonce and name and the challenge's nonce. */
void back_text(unsigned char to[BACK_TEXT_SIZE], enum back_side side, const unsigned char challenge[BACK_NONCE_SIZE],
               const struct back_answer *a);

#endif
