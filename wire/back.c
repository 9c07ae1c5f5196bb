/* SPDX-License-Identifier: BSD-3-Clause
 *
 * back: fields at fixed places; a name is a length and bytes, with zeros behind it.
 */
#include "wire/back.h"

#include <stddef.h>
#include <string.h>

static const unsigned char magic[BACK_MAGIC_SIZE] = {'M', 'U', 'S', 'T', 'E', 'R', 0, 1}; /* the last: its version */

static void name_put(unsigned char *to, const char *name)
{
    size_t n = strnlen(name, BACK_NAME_MAX);
    memset(to, 0, 1 + BACK_NAME_MAX);
    to[0] = (unsigned char)n;
    memcpy(to + 1, name, n);
}

static bool name_get(const unsigned char *from, char name[BACK_NAME_MAX + 1])
{
    size_t n = from[0];
    memcpy(name, from + 1, BACK_NAME_MAX);
    name[BACK_NAME_MAX] = '\0';
    for (size_t i = n; i < BACK_NAME_MAX; i++)
        if (name[i])
            return false;
    return n > 0 && strlen(name) == n;
}

void back_challenge_put(unsigned char to[BACK_CHALLENGE_SIZE], const unsigned char nonce[BACK_NONCE_SIZE])
{
    memcpy(to, magic, sizeof magic);
    memcpy(to + sizeof magic, nonce, BACK_NONCE_SIZE);
}

bool back_challenge_get(const unsigned char from[BACK_CHALLENGE_SIZE], unsigned char nonce[BACK_NONCE_SIZE])
{
    memcpy(nonce, from + sizeof magic, BACK_NONCE_SIZE);
    return memcmp(from, magic, sizeof magic) == 0;
}

void back_answer_put(unsigned char to[BACK_ANSWER_SIZE], const struct back_answer *a)
{
    memcpy(to, magic, sizeof magic);
    memcpy(to += sizeof magic, a->nonce, sizeof a->nonce);
    memcpy(to += sizeof a->nonce, a->proof, sizeof a->proof);
    name_put(to + sizeof a->proof, a->name);
}

bool back_answer_get(const unsigned char from[BACK_ANSWER_SIZE], struct back_answer *a)
{
    const unsigned char *nonce = from + sizeof magic, *proof = nonce + sizeof a->nonce;
    memcpy(a->nonce, nonce, sizeof a->nonce);
    memcpy(a->proof, proof, sizeof a->proof);
    return name_get(proof + sizeof a->proof, a->name) && memcmp(from, magic, sizeof magic) == 0;
}

void back_text(unsigned char to[BACK_TEXT_SIZE], enum back_side side, const unsigned char challenge[BACK_NONCE_SIZE],
               const struct back_answer *a)
{
    memcpy(to, magic, sizeof magic);
    to[sizeof magic] = (unsigned char)side;
    memcpy(to += sizeof magic + 1, challenge, BACK_NONCE_SIZE);
    memcpy(to += BACK_NONCE_SIZE, a->nonce, sizeof a->nonce);
    name_put(to + sizeof a->nonce, a->name);
}
