/* SPDX-License-Identifier: BSD-3-Clause
 *
 * MPI_Dims_create beside all products that there are: the difference of the largest and the smallest factor is least.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "lib/bindings/impl.h"

/* The least difference of k factors of n that rise from `least`, the first of them being `first` (0: not yet). */
static int least_difference(int n, int k, int least, int first)
{
    int best = 1 << 30;
    if (k == 1)
        return n >= least ? n - (first ? first : n) : best;
    for (int f = least; f <= n; f++)
        if (n % f == 0) {
            int difference = least_difference(n / f, k - 1, f, first ? first : f);
            best = difference < best ? difference : best;
        }
    return best;
}

static void check(int n, int k)
{
    int dims[5] = {0}, product = 1;
    assert_int_equal(mpi_dims_create(n, k, dims), MPI_SUCCESS);
    for (int i = 0; i < k; i++) {
        assert_true(i == 0 || dims[i] <= dims[i - 1]);
        product *= dims[i];
    }
    assert_int_equal(product, n);
    assert_int_equal(dims[0] - dims[k - 1], least_difference(n, k, 1, 0));
}

static void test_beside_all_products(void **state)
{
    for (int n = 1; n <= 3000; n++)
        for (int k = 1; k <= 4; k++)
            check(n, k);
    for (int n = 1; n <= 600; n++)
        check(n, 5);
}

static void test_larger_ones(void **state)
{
    const int some[] = {5040, 7488, 7560, 24624, 45360};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++)
        for (int k = 2; k <= 3; k++)
            check(some[i], k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_all_products),
        cmocka_unit_test(test_larger_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
