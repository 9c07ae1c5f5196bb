/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Knobs: defaults of both kinds, variables that make sense and that do not, and a list that holds together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/core/error.h"
#include "lib/core/knobs.h"

static int clear(void **state)
{
    char name[64];
    for (size_t i = 0; i < knobs_count; i++) {
        strcat(strcpy(name, "MUSTER_"), knobs_table[i].name);
        unsetenv(name);
    }
    return knobs_init(false);
}

static void each_default_is_allowed(void **state)
{
    for (size_t i = 0; i < knobs_count; i++) {
        const struct knob *k = &knobs_table[i];
        assert_true(k->own >= k->least && k->own <= k->most);
        assert_true(k->shared >= k->least && k->shared <= k->most);
        assert_true(strlen(k->says) > 10);
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(k->name, knobs_table[other].name);
    }
}

static void defaults_depend_on_whether_processors_are_shared(void **state)
{
    assert_int_equal(knobs_init(false), MPI_SUCCESS);
    assert_int_equal(knobs.COLL_PIECE_MIN, 4096);
    uint64_t sum = knobs_sum();
    assert_int_equal(knobs_init(true), MPI_SUCCESS);
    assert_int_equal(knobs.COLL_PIECE_MIN, 65536);
    assert_true(knobs_sum() != sum);
}

static void variables_win(void **state)
{
    setenv("MUSTER_COLL_PIECE_MIN", "12k", 1);
    setenv("MUSTER_SHM_CHANNELS_MAX", "1g", 1);
    setenv("MUSTER_WAIT_SPINS", "", 1);
    setenv("MUSTER_SHM_COPY", "one", 1);
    assert_int_equal(knobs_init(true), MPI_SUCCESS);
    assert_int_equal(knobs.COLL_PIECE_MIN, 12288);
    assert_int_equal(knobs.SHM_CHANNELS_MAX, 1 << 30);
    assert_int_equal(knobs.WAIT_SPINS, 2);
    assert_int_equal(knobs.SHM_COPY, SHM_COPY_ONE);
}

static void nonsense_is_refused_by_name(void **state)
{
    static const char *const wrong[] = {
        "abc", "-1", "12x", "12kk", "1", "99999999999999999999999", "18446744073709551615g", "0x10", " 4096"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        setenv("MUSTER_COLL_PIECE_MIN", wrong[i], 1);
        assert_int_equal(knobs_init(false), MPI_ERR_OTHER);
        assert_non_null(strstr(error_detail_get(MPI_ERR_OTHER), "MUSTER_COLL_PIECE_MIN"));
    }
    unsetenv("MUSTER_COLL_PIECE_MIN");
    static const char *const words[] = {"tw", "twoo", "two|one", "|", "3"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        setenv("MUSTER_SHM_COPY", words[i], 1);
        assert_int_equal(knobs_init(false), MPI_ERR_OTHER);
        assert_non_null(strstr(error_detail_get(MPI_ERR_OTHER), "auto|two|one"));
    }
}

static const struct knob *knob_named(const char *name)
{
    size_t i = 0;
    while (strcmp(knobs_table[i].name, name) != 0)
        i++;
    return &knobs_table[i];
}

static void a_tool_wins_within_limits(void **state)
{
    const struct knob *local = knob_named("RECV_SPINS"), *alike = knob_named("COLL_SHORT_MAX");
    uint64_t sum = knobs_sum();
    assert_true(knob_set(local, 7));
    assert_int_equal(knobs.RECV_SPINS, 7);
    assert_true(knobs_sum() == sum); /* each rank may have its own */
    assert_true(knob_set(alike, 7));
    assert_true(knobs_sum() != sum);
    assert_false(knob_set(local, local->least - 1));
    assert_false(knob_set(local, local->most + 1));
    assert_int_equal(knobs.RECV_SPINS, 7);
    setenv("MUSTER_RECV_SPINS", "8", 1);
    assert_int_equal(knobs_init(true), MPI_SUCCESS);
    assert_int_equal(knobs.RECV_SPINS, 7);
}

static void words_have_numbers(void **state)
{
    const struct knob *copy = knob_named("SHM_COPY");
    size_t n;
    assert_int_equal(knob_words(copy), 3);
    assert_memory_equal(knob_word(copy, SHM_COPY_TWO, &n), "two", 3);
    assert_int_equal(n, 3);
    assert_memory_equal(knob_word(copy, SHM_COPY_AUTO, &n), "auto", 4);
    assert_int_equal(n, 4);
    assert_false(knob_set(copy, 3));
    assert_true(knob_set(copy, SHM_COPY_ONE));
    assert_int_equal(knobs.SHM_COPY, SHM_COPY_ONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_default_is_allowed, clear, clear),
        cmocka_unit_test_setup_teardown(defaults_depend_on_whether_processors_are_shared, clear, clear),
        cmocka_unit_test_setup_teardown(variables_win, clear, clear),
        cmocka_unit_test_setup_teardown(nonsense_is_refused_by_name, clear, clear),
        /* What these set stays. */
        cmocka_unit_test_setup_teardown(words_have_numbers, clear, clear),
        cmocka_unit_test_setup_teardown(a_tool_wins_within_limits, clear, clear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
