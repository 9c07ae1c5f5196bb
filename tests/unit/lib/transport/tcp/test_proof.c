/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Proofs of the two ends of a connection: who knows the key is believed, nobody else, and nothing that was said in
 * another conversation, by the other side, or with one bit changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "lib/transport/tcp/proof.h"

static const unsigned char secret[32] = "of the job, and of nobody else.";
static unsigned char key[PROOF_KEY];

struct talk {
    struct hello h;
    struct answer a;
    struct consents s;
};

static struct talk talk_make(enum verdict verdict, enum consent what)
{
    struct talk t = {.h = {.rank = 3, .size = 8, .job = 77}, .a = {.verdict = verdict}, .s = {.what = what}};
    assert_true(hello_prove(&t.h, key) && answer_prove(&t.a, &t.h, key) && consents_prove(&t.s, &t.h, &t.a, key));
    return t;
}

static bool is_true(const struct talk *t, const unsigned char *by)
{
    return hello_is_true(&t->h, by) && answer_is_true(&t->a, &t->h, by) && consents_is_true(&t->s, &t->h, &t->a, by);
}

static int begin(void **state)
{
    return proof_key(secret, 5, key) ? 0 : -1;
}

/* HMAC-SHA256 of "K" and the rank, as Python's hmac module makes it. */
static void test_key(void **state)
{
    static const unsigned char want[PROOF_KEY] = {0xda, 0x7a, 0x4d, 0xba, 0x0f, 0xbc, 0x1e, 0xad,
                                                  0x94, 0x9c, 0x2f, 0x7f, 0x68, 0xc6, 0x77, 0xd8};
    unsigned char other[PROOF_KEY];
    assert_memory_equal(key, want, sizeof want);
    assert_true(proof_key(secret, 6, other));
    assert_memory_not_equal(key, other, sizeof other);
}

static void test_true(void **state)
{
    const struct talk t = talk_make(WELCOME, STAYS);
    unsigned char other[PROOF_KEY];
    assert_true(is_true(&t, key));
    assert_true(proof_key(secret, 6, other));
    assert_false(hello_is_true(&t.h, other) || answer_is_true(&t.a, &t.h, other) ||
                 consents_is_true(&t.s, &t.h, &t.a, other));
}

/* Each bit of each message counts. */
static void test_each_bit(void **state)
{
    const struct talk t = talk_make(WAIT_FOR_MINE, STAYS);
    for (size_t bit = 0; bit < 8 * sizeof t; bit++) {
        struct talk changed = t;
        ((unsigned char *)&changed)[bit / 8] ^= (unsigned char)(1 << bit % 8);
        assert_false(is_true(&changed, key));
    }
}

static void test_other_talk(void **state)
{
    const struct talk t = talk_make(WELCOME, STAYS), u = talk_make(WELCOME, STAYS);
    assert_memory_not_equal(t.h.nonce, u.h.nonce, sizeof t.h.nonce);
    assert_memory_not_equal(t.a.nonce, u.a.nonce, sizeof t.a.nonce);
    assert_false(answer_is_true(&t.a, &u.h, key) || consents_is_true(&t.s, &u.h, &u.a, key) ||
                 consents_is_true(&t.s, &t.h, &u.a, key));
}

/* Who leaves has not read the answer; what stays cannot be made of that. */
static void test_leave(void **state)
{
    struct talk t = talk_make(WELCOME, STAYS);
    struct consents s = {.what = LEAVES};
    assert_true(consents_prove(&s, &t.h, NULL, key));
    assert_true(consents_is_true(&s, &t.h, &t.a, key));
    s.what = STAYS;
    assert_false(consents_is_true(&s, &t.h, &t.a, key));
    t.s.what = LEAVES;
    assert_false(consents_is_true(&t.s, &t.h, &t.a, key));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_key),        cmocka_unit_test(test_true),  cmocka_unit_test(test_each_bit),
        cmocka_unit_test(test_other_talk), cmocka_unit_test(test_leave),
    };
    return cmocka_run_group_tests(tests, begin, NULL);
}
