/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_back: what is written is read; what is not quite that is refused; a proof is for one side and one connection.
 */
#include "wire/back.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static const struct back_answer answer = {.nonce = {1, 2, 3}, .proof = {4, 5, 6}, .name = "node1"};

static void an_answer_comes_back(void **state)
{
    unsigned char bytes[BACK_ANSWER_SIZE];
    struct back_answer a;
    back_answer_put(bytes, &answer);
    assert_true(back_answer_get(bytes, &a));
    assert_memory_equal(a.nonce, answer.nonce, sizeof a.nonce);
    assert_memory_equal(a.proof, answer.proof, sizeof a.proof);
    assert_string_equal(a.name, "node1");
}

static void the_longest_name_comes_back(void **state)
{
    unsigned char bytes[BACK_ANSWER_SIZE];
    struct back_answer a, long_one = answer;
    memset(long_one.name, 'n', BACK_NAME_MAX);
    back_answer_put(bytes, &long_one);
    assert_true(back_answer_get(bytes, &a));
    assert_int_equal(strlen(a.name), BACK_NAME_MAX);
}

/* Of a valid answer: this byte is another. */
static bool accepts_with(size_t at, unsigned char value)
{
    unsigned char bytes[BACK_ANSWER_SIZE];
    struct back_answer a;
    back_answer_put(bytes, &answer);
    bytes[at] = value;
    return back_answer_get(bytes, &a);
}

static void other_answers_are_refused(void **state)
{
    size_t name = BACK_ANSWER_SIZE - BACK_NAME_MAX - 1;
    for (size_t i = 0; i < BACK_MAGIC_SIZE; i++)
        assert_false(accepts_with(i, 'x'));
    assert_false(accepts_with(name, 0)); /* no name */
    assert_false(accepts_with(name, 4)); /* more than it says */
    assert_false(accepts_with(name, 6)); /* less */
    assert_false(accepts_with(name, 255));
    assert_false(accepts_with(name + 2, 0));             /* it ends too early */
    assert_false(accepts_with(BACK_ANSWER_SIZE - 1, 1)); /* something behind it */
    assert_true(accepts_with(name + 1, 'N'));
}

static void a_challenge_comes_back(void **state)
{
    unsigned char bytes[BACK_CHALLENGE_SIZE], nonce[BACK_NONCE_SIZE];
    back_challenge_put(bytes, answer.nonce);
    assert_true(back_challenge_get(bytes, nonce));
    assert_memory_equal(nonce, answer.nonce, sizeof nonce);
    bytes[BACK_MAGIC_SIZE - 1]++;
    assert_false(back_challenge_get(bytes, nonce));
}

static void what_is_proven_is_of_one_side_name_and_connection(void **state)
{
    unsigned char first[BACK_TEXT_SIZE], other[BACK_TEXT_SIZE];
    const unsigned char challenge[2][BACK_NONCE_SIZE] = {{7}, {8}};
    struct back_answer b = answer, c = answer;
    b.name[4] = '2';
    c.nonce[31] = 1;
    back_text(first, BACK_PROXY, challenge[0], &answer);
    back_text(other, BACK_MPIEXEC, challenge[0], &answer);
    assert_memory_not_equal(first, other, sizeof first);
    back_text(other, BACK_PROXY, challenge[1], &answer);
    assert_memory_not_equal(first, other, sizeof first);
    back_text(other, BACK_PROXY, challenge[0], &b);
    assert_memory_not_equal(first, other, sizeof first);
    back_text(other, BACK_PROXY, challenge[0], &c);
    assert_memory_not_equal(first, other, sizeof first);
    back_text(other, BACK_PROXY, challenge[0], &answer);
    assert_memory_equal(first, other, sizeof first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_comes_back),
        cmocka_unit_test(the_longest_name_comes_back),
        cmocka_unit_test(other_answers_are_refused),
        cmocka_unit_test(a_challenge_comes_back),
        cmocka_unit_test(what_is_proven_is_of_one_side_name_and_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
