/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The info key "timeout": what is no number of seconds is refused, and what is longer than anybody waits is for ever.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "lib/dynamic/timeout.h"

static int said(const char *text, double *seconds)
{
    struct info *i = info_new();
    assert_non_null(i);
    assert_int_equal(info_put(i, "timeout", text), MPI_SUCCESS);
    int rc = timeout_read(i, seconds);
    info_destroy(i);
    return rc;
}

static void without_the_key_it_stays(void **state)
{
    double seconds = 7;
    struct info *i = info_new();
    assert_int_equal(timeout_read(NULL, &seconds), MPI_SUCCESS);
    assert_int_equal(timeout_read(i, &seconds), MPI_SUCCESS);
    assert_true(seconds == 7);
    info_destroy(i);
}

static void seconds_are_read(void **state)
{
    double seconds = 7;
    assert_int_equal(said("0", &seconds), MPI_SUCCESS);
    assert_true(seconds == 0);
    assert_int_equal(said("1.5", &seconds), MPI_SUCCESS);
    assert_true(seconds == 1.5);
}

static void very_long_is_for_ever(void **state)
{
    static const char *const texts[] = {"inf", "1e12", "1e300"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double seconds = 7;
        assert_int_equal(said(texts[i], &seconds), MPI_SUCCESS);
        assert_true(seconds < 0);
    }
}

static void what_is_none_is_refused(void **state)
{
    static const char *const texts[] = {"", "soon", "5 s", "-1", "nan"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        double seconds = 7;
        assert_int_equal(said(texts[i], &seconds), MPI_ERR_INFO_VALUE);
        assert_true(seconds == 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(without_the_key_it_stays), cmocka_unit_test(seconds_are_read),
                                       cmocka_unit_test(very_long_is_for_ever),
                                       cmocka_unit_test(what_is_none_is_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
