/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Groups, epochs, ranks that never come, and what is said of them.
 */
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void say_all(struct tree *t, const uint32_t *ranks, size_t n, const char *line)
{
    for (size_t i = 0; i < n; i++)
        tree_say(t, ranks[i], "%s", line);
}

static void hear_all(struct tree *t, const uint32_t *ranks, size_t n, const char *line)
{
    for (size_t i = 0; i < n; i++)
        tree_expect(t, ranks[i], "%s", line);
}

static void lists_of_ranks_meet_wherever_they_are(void **state)
{
    const uint32_t a[] = {0, 5, 13, 38}, b[] = {1, 2, 39};
    for (int cyclic = 0; cyclic < 2; cyclic++) {
        struct tree *t = tree_new(3, 2, 40, cyclic);
        tree_init_all(t);
        say_all(t, a, 3, "cmd=barrier_in group=0,5,13,38:3\n");
        say_all(t, b, 3, "cmd=barrier_in group=39,1,2\n"); /* another order, another group */
        hear_all(t, a, 3, "");
        hear_all(t, b, 3, "cmd=barrier_out tag=0\n");
        tree_say(t, 38, "cmd=barrier_in group=38,0,13,5:3\n");
        hear_all(t, a, 4, "cmd=barrier_out tag=3\n");
        assert_int_equal(t->broken, 0);
        tree_free(t);
    }
}

static void the_same_group_may_be_under_way_twice(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    tree_init_all(t);
    for (uint32_t r = 0; r < 5; r++)
        tree_say(t, r, "cmd=barrier_in group=WORLD:4\ncmd=barrier_in group=WORLD:4\n");
    for (uint32_t r = 0; r < 5; r++)
        tree_expect(t, r, "%s", "");
    tree_say(t, 5, "cmd=barrier_in group=WORLD:4\n");
    for (uint32_t r = 0; r < 6; r++)
        tree_expect(t, r, "cmd=barrier_out tag=4\n");
    tree_say(t, 5, "cmd=barrier_in group=WORLD:4\n");
    for (uint32_t r = 0; r < 6; r++)
        tree_expect(t, r, "cmd=barrier_out tag=4\n");
    tree_free(t);
}

static void a_group_of_one_needs_nobody(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    tree_init_all(t);
    tree_say(t, 4, "cmd=barrier_in group=4\ncmd=barrier_in group=4:1\n");
    tree_expect(t, 4, "cmd=barrier_out tag=0\ncmd=barrier_out tag=1\n");
    assert_int_equal(t->bytes, 0);
    tree_free(t);
}

static void a_node_waits_for_its_own_ranks(void **state)
{
    struct tree *t = tree_new(1, 2, 6, false); /* 0-2, 3-5 */
    const uint32_t left[] = {0, 1, 2};
    tree_init_all(t);
    say_all(t, left, 2, "cmd=barrier_in group=NODE:9\n");
    tree_say(t, 3, "cmd=barrier_in group=NODE:9\n");
    hear_all(t, left, 2, "");
    tree_say(t, 2, "cmd=barrier_in group=NODE:9\n");
    hear_all(t, left, 3, "cmd=barrier_out tag=9\n");
    tree_expect(t, 3, "%s", "");
    assert_int_equal(t->bytes, 0);
    tree_free(t);
}

static void values_put_before_a_partial_barrier_are_there_after_it(void **state)
{
    struct tree *t = tree_new(3, 2, 14, true); /* one rank a proxy */
    tree_init_all(t);
    tree_say(t, 12, "cmd=put kvsname=kvs_1 key=a value=1\ncmd=barrier_in group=12,13\n");
    tree_say(t, 13, "cmd=barrier_in group=12,13\ncmd=get kvsname=kvs_1 key=none\n");
    tree_expect(t, 12, "cmd=put_result rc=0\ncmd=barrier_out tag=0\n");
    tree_run(t);
    tree_hear(t, 13);
    tree_say(t, 13, "cmd=get kvsname=kvs_1 key=a\n");
    tree_expect(t, 13, "cmd=get_result rc=0 value=1\n");
    tree_free(t);
}

static void a_value_put_again_is_seen_after_the_next_barrier(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    tree_init_all(t);
    for (int round = 0; round < 3; round++) {
        tree_say(t, 1, "cmd=put kvsname=kvs_1 key=a value=v%d\n", round);
        tree_expect(t, 1, "cmd=put_result rc=0\n");
        for (uint32_t r = 0; r < 6; r++)
            tree_say(t, r, "cmd=barrier_in\n");
        for (uint32_t r = 0; r < 6; r++) {
            tree_expect(t, r, "cmd=barrier_out tag=0\n");
            tree_say(t, r, "cmd=get kvsname=kvs_1 key=a\n");
            tree_expect(t, r, "cmd=get_result rc=0 value=v%d\n", round);
        }
    }
    tree_free(t);
}

static void who_exits_before_init_is_named_to_those_who_wait(void **state)
{
    for (int late = 0; late < 2; late++) {
        struct tree *t = tree_new(1, 1, 4, false);
        for (uint32_t r = 0; r < 3; r++)
            tree_say(t, r, "cmd=init pmi_version=1 pmi_subversion=1\n");
        if (late)
            pmi_client_gone(t->ranks[3].client);
        for (uint32_t r = 0; r < 3; r++)
            tree_say(t, r, "cmd=barrier_in\n");
        if (!late)
            pmi_client_gone(t->ranks[3].client);
        tree_run(t);
        assert_string_equal(t->stuck, late ? "3: exited before it reached the barrier that rank 0 waits in"
                                           : "3: exited before it reached the barrier that ranks 0-2 wait in");
        tree_free(t);
    }
}

static void who_exits_on_another_node_is_told_by_mpiexec(void **state)
{
    for (int late = 0; late < 2; late++) {
        struct tree *t = tree_new(2, 2, 6, true); /* one rank a proxy */
        for (uint32_t r = 0; r < 6; r++)
            if (r != 4)
                tree_say(t, r, "cmd=init pmi_version=1 pmi_subversion=1\n");
        pmi_client_gone(t->ranks[4].client);
        if (late)
            pmi_root_gone(t->root, 1, 4);
        for (uint32_t r = 0; r < 6; r++)
            if (r != 4)
                tree_say(t, r, "cmd=barrier_in group=%s\n", r == 5 ? "5" : "WORLD:2");
        tree_run(t);
        if (!late) {
            assert_string_equal(t->stuck, "");
            pmi_root_gone(t->root, 1, 4);
        }
        assert_string_equal(t->stuck,
                            "4: exited before it reached the barrier of the group WORLD:2 that ranks 0-2 wait in");
        pmi_root_gone(t->root, 1, 5);
        tree_free(t);
    }
}

static void a_rank_that_has_left_a_group_alone_harms_nobody(void **state)
{
    struct tree *t = tree_new(1, 2, 4, false);
    const uint32_t rest[] = {0, 1, 2};
    for (uint32_t r = 0; r < 3; r++)
        tree_say(t, r, "cmd=init pmi_version=1 pmi_subversion=1\n");
    for (uint32_t r = 0; r < 3; r++)
        tree_hear(t, r);
    pmi_client_gone(t->ranks[3].client);
    pmi_root_gone(t->root, 1, 3);
    say_all(t, rest, 3, "cmd=barrier_in group=0,1,2\n");
    hear_all(t, rest, 3, "cmd=barrier_out tag=0\n");
    assert_string_equal(t->stuck, "");
    tree_free(t);
}

struct waits {
    char text[200];
};

static void note_wait(void *arg, const char *group, uint32_t arrived, uint32_t size)
{
    struct waits *w = arg;
    size_t at = strlen(w->text);
    snprintf(w->text + at, sizeof w->text - at, "%s %u/%u;", group, arrived, size);
}

static void what_waits_can_be_seen(void **state)
{
    struct tree *t = tree_new(1, 3, 6, false);
    struct pmi_client_state s;
    struct waits w = {""};
    pmi_client_state(t->ranks[0].client, &s);
    assert_int_equal(s.state, PMI_CLIENT_SILENT);
    tree_init_all(t);
    for (uint32_t r = 0; r < 3; r++)
        tree_say(t, r, "cmd=barrier_in group=WORLD:7\n");
    tree_run(t);
    pmi_client_state(t->ranks[2].client, &s);
    assert_int_equal(s.state, PMI_CLIENT_WAITS);
    assert_string_equal(s.op, "barrier WORLD:7");
    assert_true(s.since > 0);
    pmi_client_state(t->ranks[3].client, &s);
    assert_int_equal(s.state, PMI_CLIENT_RUNS);
    pmi_root_waits(t->root, 1, note_wait, &w);
    assert_string_equal(w.text, "WORLD:7 2/6;");
    tree_say(t, 3, "cmd=get kvsname=kvs_1 key=elsewhere\n");
    pmi_client_state(t->ranks[3].client, &s);
    assert_string_equal(s.op, "get elsewhere");
    tree_say(t, 3, "cmd=finalize\n");
    tree_run(t);
    pmi_client_state(t->ranks[3].client, &s);
    assert_int_equal(s.state, PMI_CLIENT_FINALIZED);
    tree_free(t);
}

static void ten_thousand_ranks_meet(void **state)
{
    struct tree *t = tree_new(3, 6, 10000, true); /* 258 proxies */
    for (uint32_t r = 0; r < 10000; r++)
        tree_say(t, r,
                 "cmd=init pmi_version=1 pmi_subversion=1\ncmd=put kvsname=kvs_1 key=k%u value=%0100u\n"
                 "cmd=barrier_in\n",
                 r, r);
    tree_run(t);
    for (uint32_t r = 0; r < 10000; r++) {
        assert_non_null(strstr(tree_hear(t, r), "barrier_out"));
        tree_say(t, r, "cmd=get kvsname=kvs_1 key=k%u\n", 9999 - r);
    }
    for (uint32_t r = 0; r < 10000; r++)
        tree_expect(t, r, "cmd=get_result rc=0 value=%0100u\n", 9999 - r);
    assert_int_equal(t->root_count[PMI_CONTROL_BARRIER], 6);
    assert_true(t->root_count[PMI_CONTROL_GET] <= 6 * 3);
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_of_ranks_meet_wherever_they_are),
        cmocka_unit_test(the_same_group_may_be_under_way_twice),
        cmocka_unit_test(a_group_of_one_needs_nobody),
        cmocka_unit_test(a_node_waits_for_its_own_ranks),
        cmocka_unit_test(values_put_before_a_partial_barrier_are_there_after_it),
        cmocka_unit_test(a_value_put_again_is_seen_after_the_next_barrier),
        cmocka_unit_test(who_exits_before_init_is_named_to_those_who_wait),
        cmocka_unit_test(who_exits_on_another_node_is_told_by_mpiexec),
        cmocka_unit_test(a_rank_that_has_left_a_group_alone_harms_nobody),
        cmocka_unit_test(what_waits_can_be_seen),
        cmocka_unit_test(ten_thousand_ranks_meet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
