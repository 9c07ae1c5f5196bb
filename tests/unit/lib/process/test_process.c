/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Two jobs in one process table: indices, groups and contexts over both, and the peers of all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/boot/boot.h"
#include "lib/core/error.h"
#include "lib/object/comm.h"
#include "lib/object/context.h"
#include "lib/process/process.h"
#include "lib/transport/peer.h"

enum { OWN = 5, ME = 3, OTHER = 7 };

static int setup(void **state)
{
    boot.rank = ME;
    boot.size = OWN;
    if (process_init("parent", ME, OWN) != MPI_SUCCESS || peer_init() != MPI_SUCCESS)
        return -1;
    return comm_init(ME, OWN) == MPI_SUCCESS ? 0 : -1;
}

static int teardown(void **state)
{
    comm_fini();
    peer_fini();
    process_fini();
    return 0;
}

static void the_own_job_comes_first(void **state)
{
    int rank = -1;
    assert_int_equal(process_count, OWN);
    assert_int_equal(process_self, ME);
    assert_ptr_equal(process_job_of(2, &rank), process_job_own());
    assert_int_equal(rank, 2);
    assert_false(process_is_foreign(OWN - 1));
    assert_true(process_is_foreign(OWN));
}

static void another_job_follows_and_is_found_again(void **state)
{
    int first = process_job_add("children", OTHER), rank = -1;
    assert_int_equal(first, OWN);
    assert_int_equal(process_count, OWN + OTHER);
    assert_int_equal(process_job_add("children", OTHER), first);
    assert_int_equal(process_job_add("parent", OWN), 0);
    assert_string_equal(process_job_of(first + 6, &rank)->name, "children");
    assert_int_equal(rank, 6);
    assert_string_equal(process_job_of(0, &rank)->name, "parent");
    assert_int_equal(process_job_add("more", 1), OWN + OTHER);
    assert_string_equal(process_job_of(OWN + OTHER, &rank)->name, "more");
    assert_int_equal(rank, 0);
}

static void what_cannot_be_is_refused(void **state)
{
    process_job_add("children", OTHER);
    assert_int_equal(process_job_add("children", OTHER + 1), -1);
    assert_int_equal(process_job_add("empty", 0), -1);
    assert_int_equal(process_job_add("huge", INT32_MAX), -1);
    assert_int_equal(process_count, OWN + OTHER);
    char name[32];
    uint32_t tag = process_job_own()->tag;
    for (int i = 0, rank;; i++) { /* a name of the same tag: one of a million */
        snprintf(name, sizeof name, "x%d", i);
        process_init(name, 0, 1);
        if (process_job_of(0, &rank)->tag == tag)
            break;
    }
    process_init("parent", ME, OWN);
    assert_int_equal(process_job_add(name, 1), -1);
    assert_non_null(strstr(error_detail_get(MPI_ERR_OTHER), "cannot be told from"));
}

static void peers_of_other_jobs_have_a_place(void **state)
{
    struct peer *before = peer_get(ME);
    process_job_add("children", 1 << 20);
    assert_ptr_equal(peer_get(ME), before);
    struct peer *p = peer_get(OWN + (1 << 20) - 1);
    assert_non_null(p);
    assert_int_equal(p->local, -1);
    assert_null(p->transport);
}

static void groups_know_whether_they_span_jobs(void **state)
{
    int first = process_job_add("children", OTHER), *procs = malloc(3 * sizeof *procs);
    procs[0] = first + 1;
    procs[1] = ME;
    procs[2] = 0;
    struct group *g = group_new(procs, 3), *own = group_new_regular(0, 1, OWN);
    assert_true(g->foreign);
    assert_int_equal(g->rank, 1);
    assert_int_equal(group_rank_of(g, first + 1), 0);
    assert_int_equal(group_rank_of(g, first), MPI_UNDEFINED);
    assert_false(own->foreign);
    struct group *both = group_new_regular(0, 1, OWN + OTHER), *children = group_new_regular(first, 1, OTHER);
    assert_true(both->foreign);
    assert_true(children->foreign);
    assert_int_equal(children->rank, MPI_UNDEFINED);
    group_unref(g);
    group_unref(own);
    group_unref(both);
    group_unref(children);
}

/* The two jobs make contexts each for itself: those of communicators that both are in never agree. */
static void contexts_of_two_jobs_differ(void **state)
{
    enum { EACH = 100 };
    uint64_t all[4 * EACH];
    int n = 0;
    for (int job = 0; job < 2; job++)
        for (int rank = 0; rank < 2; rank++) {
            process_init(job ? "children" : "parent", rank, OWN);
            context_init();
            for (int i = 0; i < EACH; i++)
                all[n++] = context_new(true);
        }
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            assert_true((all[i] | 1) != (all[k] | 1));
    process_init("parent", ME, OWN);
    for (int i = 0; i < EACH; i++) {
        uint64_t own = context_new(false);
        assert_true(own % 2 == 0 && !(own >> 63) && own > CONTEXT_SELF);
        for (int k = 0; k < n; k++)
            assert_true(own != all[k]);
    }
    assert_int_equal(context_number(CONTEXT_WORLD), 0);
    assert_int_equal(context_number(CONTEXT_SELF), 1);
    assert_int_equal(context_number(all[0]), 2);
    assert_int_equal(context_number(all[1]), 3);
}

/* Of a job that no group holds a process of. */
static void indices_are_given_again(void **state)
{
    int first = process_job_add("children", OTHER), later = process_job_add("others", 2), rank;
    struct group *g = group_new_regular(first, 1, 2), *all = group_new_regular(0, 1, OWN + OTHER);
    assert_true(process_is_held(first + 6) && process_is_held(0) && !process_is_held(later));
    assert_ptr_equal(process_job_idle(0), process_job_of(later, &rank));
    group_unref(g);
    assert_true(process_is_held(first));
    group_unref(all);
    assert_false(process_is_held(first));
    assert_ptr_equal(process_job_idle(0), process_job_of(first, &rank));
    assert_ptr_equal(process_job_idle(first + OTHER), process_job_of(later, &rank));
    assert_null(process_job_idle(later + 2));
    process_job_remove(first);
    assert_string_equal(process_job_of(later + 1, &rank)->name, "others");
    assert_int_equal(process_job_add("large", OTHER + 1), later + 2);
    assert_int_equal(process_job_add("small", OTHER - 1), first);
    assert_int_equal(process_job_add("smallest", 1), first + OTHER - 1);
    assert_string_equal(process_job_of(first + OTHER - 1, &rank)->name, "smallest");
    assert_string_equal(process_job_of(later + 2, &rank)->name, "large");
    for (int i = 0; i < 1000; i++) { /* one after the other */
        char name[32];
        snprintf(name, sizeof name, "job %d", i);
        int at = process_job_add(name, 3);
        assert_int_equal(at, later + 2 + OTHER + 1);
        process_job_remove(at);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_own_job_comes_first, setup, teardown),
        cmocka_unit_test_setup_teardown(another_job_follows_and_is_found_again, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(peers_of_other_jobs_have_a_place, setup, teardown),
        cmocka_unit_test_setup_teardown(groups_know_whether_they_span_jobs, setup, teardown),
        cmocka_unit_test_setup_teardown(indices_are_given_again, setup, teardown),
        cmocka_unit_test_setup_teardown(contexts_of_two_jobs_differ, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
