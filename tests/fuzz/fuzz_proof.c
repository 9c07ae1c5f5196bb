/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What strangers say at the port of a rank, and at the other end of a connection that it has made: whatever it is, it
 * is believed only if it is what we would have said ourselves.
 */
#include "lib/transport/tcp/proof.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char key[PROOF_KEY] = "a key of a rank";

/* The bytes over what is true: where nothing has changed it is true still, and nowhere else. */
static void check(void *message, size_t n, const uint8_t *data, size_t size, bool (*is_true)(void))
{
    unsigned char before[128];
    memcpy(before, message, n);
    for (size_t i = 0; i < n && i < size; i++)
        ((unsigned char *)message)[i] ^= data[i];
    if (is_true() != (memcmp(before, message, n) == 0))
        abort();
    memcpy(message, before, n);
}

static struct hello h;
static struct answer a;
static struct consents s;

static bool hello_true(void)
{
    return hello_is_true(&h, key);
}

static bool answer_true(void)
{
    return answer_is_true(&a, &h, key);
}

static bool consents_true(void)
{
    return consents_is_true(&s, &h, &a, key);
}

/* As they come. */
static void check_raw(const uint8_t *data, size_t size)
{
    struct hello raw_h = {.magic = 0};
    struct answer raw_a = {.verdict = 0};
    struct consents raw_s = {.what = 0};
    memcpy(&raw_h, data, size < sizeof raw_h ? size : sizeof raw_h);
    memcpy(&raw_a, data, size < sizeof raw_a ? size : sizeof raw_a);
    memcpy(&raw_s, data, size < sizeof raw_s ? size : sizeof raw_s);
    if (hello_is_true(&raw_h, key) || answer_is_true(&raw_a, &raw_h, key) ||
        consents_is_true(&raw_s, &raw_h, &raw_a, key))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    h = (struct hello){.rank = 1, .size = 4, .job = 9};
    a = (struct answer){.verdict = WELCOME};
    s = (struct consents){.what = STAYS};
    if (!hello_prove(&h, key) || !answer_prove(&a, &h, key) || !consents_prove(&s, &h, &a, key))
        abort();
    check_raw(data, size);
    check(&h, sizeof h, data, size, hello_true);
    check(&a, sizeof a, data, size, answer_true);
    check(&s, sizeof s, data, size, consents_true);
    return 0;
}
