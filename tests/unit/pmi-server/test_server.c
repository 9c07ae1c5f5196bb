/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Both halves together, over trees of one to three levels: what ranks say, and what they hear.
 */
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void ring(struct tree *t)
{
    uint32_t n = t->nranks;
    tree_init_all(t);
    for (uint32_t r = 0; r < n; r++) {
        tree_say(t, r, "cmd=put kvsname=kvs_1 key=k%u value=v%u\n", r, r);
        tree_expect(t, r, "cmd=put_result rc=0\n");
    }
    for (uint32_t r = 0; r < n; r++) {
        if (r)
            tree_expect(t, r - 1, "%s", "");
        tree_say(t, r, "cmd=barrier_in\n");
    }
    for (uint32_t r = 0; r < n; r++)
        tree_expect(t, r, "cmd=barrier_out tag=0\n");
    for (uint32_t r = 0; r < n; r++)
        tree_say(t, r, "cmd=get kvsname=kvs_1 key=k%u\n", (r + 1) % n);
    for (uint32_t r = 0; r < n; r++)
        tree_expect(t, r, "cmd=get_result rc=0 value=v%u\n", (r + 1) % n);
    for (uint32_t r = 0; r < n; r++) {
        tree_say(t, r, "cmd=finalize\n");
        tree_expect(t, r, "cmd=finalize_ack rc=0\n");
        pmi_client_gone(t->ranks[r].client);
        assert_string_equal(t->ranks[r].failed, "");
        assert_int_equal(t->ranks[r].inits, 1);
        assert_int_equal(t->ranks[r].finals, 1);
    }
    tree_run(t);
    assert_string_equal(t->stuck, "");
    assert_int_equal(t->broken, 0);
}

static void a_ring_on_one_proxy_asks_mpiexec_nothing(void **state)
{
    struct tree *t = tree_new(1, 1, 64, false);
    ring(t);
    assert_int_equal(t->bytes, 0);
    tree_free(t);
}

static void a_ring_over_many_proxies_is_merged(void **state)
{
    struct tree *t = tree_new(1, 8, 64, false);
    ring(t);
    assert_int_equal(t->count[PMI_CONTROL_BARRIER], 8);
    assert_int_equal(t->count[PMI_CONTROL_RELEASE], 8);
    assert_int_equal(t->count[PMI_CONTROL_GET], 8);
    assert_int_equal(t->count[PMI_CONTROL_VALUES], 8);
    tree_free(t);
}

static void a_deep_tree_sends_mpiexec_one_message_a_child(void **state)
{
    for (int cyclic = 0; cyclic < 2; cyclic++) {
        struct tree *t = tree_new(3, 3, 200, cyclic); /* 39 proxies */
        ring(t);
        assert_int_equal(t->count[PMI_CONTROL_BARRIER], 39);
        assert_int_equal(t->root_count[PMI_CONTROL_BARRIER], 3);
        assert_int_equal(t->root_count[PMI_CONTROL_RELEASE], 3);
        assert_true(t->root_count[PMI_CONTROL_GET] <= 9);
        tree_free(t);
    }
}

static void proxies_without_ranks_pass_all_on(void **state)
{
    struct tree *t = tree_new(3, 2, 3, true); /* ranks on proxies 0, 1 and 2 of 14 */
    ring(t);
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_on_one_proxy_asks_mpiexec_nothing),
        cmocka_unit_test(a_ring_over_many_proxies_is_merged),
        cmocka_unit_test(a_deep_tree_sends_mpiexec_one_message_a_child),
        cmocka_unit_test(proxies_without_ranks_pass_all_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
