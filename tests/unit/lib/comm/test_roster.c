/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Groups in bytes: what comes back is the same processes in the same order, also where another process numbers them in
 * its own way; bytes that another process has spoilt are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/boot/boot.h"
#include "lib/comm/roster.h"
#include "lib/core/error.h"
#include "lib/process/process.h"
#include "lib/transport/peer.h"

enum { OWN = 50, ME = 3, CHILDREN = 7, BEFORE = 20 };

/* As it is in a process of the job "parent", or of "children", which has met "another" before its parent. */
static void be(bool child)
{
    comm_fini();
    peer_fini();
    process_fini();
    boot.rank = ME;
    boot.size = child ? CHILDREN : OWN;
    assert_int_equal(process_init(child ? "children" : "parent", ME, boot.size), MPI_SUCCESS);
    assert_int_equal(peer_init(), MPI_SUCCESS);
    assert_int_equal(comm_init(ME, boot.size), MPI_SUCCESS);
    if (child)
        assert_true(process_job_add("another", BEFORE) >= 0);
}

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

static struct group *group_from(const int *procs, int n)
{
    int *own = malloc((size_t)n * sizeof *own);
    memcpy(own, procs, (size_t)n * sizeof *own);
    return group_new(own, n);
}

/* It comes back as itself; its bytes, as many as said. */
static int goes_round(struct group *g)
{
    int bytes = 0;
    struct group *back = NULL;
    void *roster = roster_pack(g, NULL, &bytes);
    assert_non_null(roster);
    assert_int_equal(roster_unpack(roster, bytes, &back), MPI_SUCCESS);
    assert_int_equal(group_relation(g, back), MPI_IDENT);
    assert_int_equal(g->rank, back->rank);
    assert_int_equal(g->foreign, back->foreign);
    group_unref(back);
    free(roster);
    return bytes;
}

static void groups_come_back(void **state)
{
    static const int some[] = {4, 2, 9, 3, 10, 17, 24, 31, 30, 29, 0};
    int all[OWN];
    for (int i = 0; i < OWN; i++)
        all[i] = i * 7 % OWN;
    struct group *whole = group_new_regular(0, 1, OWN), *back = group_new_regular(OWN - 1, -2, OWN / 2);
    struct group *mixed = group_from(some, 11), *shuffled = group_from(all, OWN), *one = group_from(some, 1);
    assert_int_equal(goes_round(whole), goes_round(one)); /* however many */
    assert_int_equal(goes_round(back), goes_round(one));
    assert_true(goes_round(mixed) > goes_round(one));
    goes_round(shuffled);
    group_unref(whole);
    group_unref(back);
    group_unref(mixed);
    group_unref(shuffled);
    group_unref(one);
}

static void other_processes_have_other_numbers(void **state)
{
    int first = process_job_add("children", CHILDREN), bytes, rank;
    int procs[] = {first + 6, 5, first + 1, first + 3, first + 5, 40};
    struct group *g = group_from(procs, 6), *theirs = NULL;
    assert_true(g->foreign);
    goes_round(g);
    void *roster = roster_pack(g, NULL, &bytes);
    group_unref(g);
    be(true);
    assert_int_equal(roster_unpack(roster, bytes, &theirs), MPI_SUCCESS);
    static const int ranks[] = {6, 5, 1, 3, 5, 40};
    for (int i = 0; i < 6; i++) {
        const struct process_job *j = process_job_of(group_proc(theirs, i), &rank);
        assert_string_equal(j->name, i == 1 || i == 5 ? "parent" : "children");
        assert_int_equal(rank, ranks[i]);
    }
    assert_int_equal(theirs->rank, 3); /* here the own rank is that of a child */
    assert_int_equal(group_proc(theirs, 3), ME);
    group_unref(theirs);
    free(roster);
    be(false);
}

/* With one number of them another one: refused, or a group whose members all exist. */
static void spoilt_bytes_are_refused(void **state)
{
    static const int some[] = {4, 2, 9, 3, 10, 17, 24, 31, 30, 29, 0}, bad[] = {-1, 0, 1, 2, 7, 50, 1 << 30, INT32_MIN};
    struct group *g = group_from(some, 11), *back;
    int bytes, refused = 0, tried = 0, rank;
    char *roster = roster_pack(g, NULL, &bytes), *copy = malloc((size_t)bytes);
    for (int at = 0; at + 4 <= bytes; at += 4)
        for (int k = 0; k < 8; k++) {
            memcpy(copy, roster, (size_t)bytes);
            memcpy(copy + at, &bad[k], 4);
            int rc = roster_unpack(copy, bytes, &back);
            tried++;
            if (rc != MPI_SUCCESS) {
                assert_int_equal(rc, MPI_ERR_OTHER);
                refused++;
                continue;
            }
            for (int r = 0; r < back->size; r++)
                assert_true(group_proc(back, r) >= 0 && group_proc(back, r) < process_count);
            process_job_of(group_proc(back, 0), &rank);
            group_unref(back);
        }
    assert_true(refused > tried / 4 && refused < tried);
    for (int n = 0; n < bytes; n++) {
        assert_int_equal(roster_unpack(roster, n, &back), MPI_ERR_OTHER);
        assert_non_null(error_detail_get(MPI_ERR_OTHER));
    }
    free(copy);
    free(roster);
    group_unref(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_come_back),
        cmocka_unit_test(other_processes_have_other_numbers),
        cmocka_unit_test(spoilt_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
