/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What connects back: an answer of whoever called, or the challenge of whatever listens. What is accepted is what would
 * be written for it.
 */
#include "wire/back.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const unsigned char from[BACK_ANSWER_SIZE])
{
    struct back_answer a;
    unsigned char again[BACK_ANSWER_SIZE], text[BACK_TEXT_SIZE];
    if (!back_answer_get(from, &a))
        return;
    size_t n = strnlen(a.name, sizeof a.name);
    back_answer_put(again, &a);
    if (n == 0 || n > BACK_NAME_MAX || memcmp(again, from, sizeof again) != 0)
        abort();
    back_text(text, BACK_PROXY, a.nonce, &a);
}

static void check_challenge(const unsigned char from[BACK_CHALLENGE_SIZE])
{
    unsigned char nonce[BACK_NONCE_SIZE], again[BACK_CHALLENGE_SIZE];
    if (!back_challenge_get(from, nonce))
        return;
    back_challenge_put(again, nonce);
    if (memcmp(again, from, sizeof again) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char whole[BACK_ANSWER_SIZE] = {0};
    memcpy(whole, data, size < sizeof whole ? size : sizeof whole);
    check_answer(whole);
    check_challenge(whole);
    return 0;
}
