/* SPDX-License-Identifier: BSD-3-Clause
 *
 * deadlock_text: the sentence of a deadlock, whole and cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/p2p/deadlock.h"

static struct deadlock_rank waits(int rank, const char *function, int peer, int tag)
{
    struct deadlock_rank r = {.rank = rank, .wait = {.peer = peer, .tag = tag}};
    strcpy(r.wait.function, function);
    return r;
}

static void test_two_in_a_cycle(void **state)
{
    char text[500];
    struct deadlock_rank v[] = {waits(0, "MPI_Recv", 1, 5), waits(1, "MPI_Wait", 0, 5)};
    v[1].unmatched = 2;
    v[1].unmatched_tag = 6;
    deadlock_text(v, 2, text, sizeof text);
    assert_string_equal(text,
                        "deadlock: all 2 ranks wait, and nothing is under way: rank 0 in MPI_Recv from 1 tag 5 on "
                        "MPI_COMM_WORLD, rank 1 in MPI_Wait (receive from 0 tag 5) on MPI_COMM_WORLD; the cycle is "
                        "0 -> 1 -> 0; rank 1 has 2 messages that nobody receives, the first from 0 tag 6");
}

static void test_without_a_cycle(void **state)
{
    char text[500];
    struct deadlock_rank v[] = {waits(0, "MPI_Barrier", RANK_STATUS_NONE, RANK_STATUS_NONE),
                                waits(1, "MPI_Barrier", RANK_STATUS_NONE, RANK_STATUS_NONE),
                                waits(2, "MPI_Recv", RANK_STATUS_ANY, RANK_STATUS_ANY),
                                {.rank = 3, .ended = true}};
    v[2].wait.comm = 7;
    strcpy(v[2].wait.comm_name, "halo\n");
    deadlock_text(v, 4, text, sizeof text);
    assert_string_equal(text, "deadlock: 3 ranks wait, nothing is under way, and nobody else is left: ranks 0-1 in "
                              "MPI_Barrier on MPI_COMM_WORLD, rank 2 in MPI_Recv from any on halo?, rank 3 after "
                              "MPI_Finalize");
}

/* Ranks that do alike but are no neighbours; a tail that leads into a cycle; a peer that is no rank here. */
static void test_a_tail_and_a_stranger(void **state)
{
    char text[800];
    struct deadlock_rank v[] = {waits(0, "MPI_Recv", 9, 1), waits(1, "MPI_Recv", 2, 1), waits(2, "MPI_Send", 3, 1),
                                waits(3, "MPI_Recv", 2, 1)};
    v[2].wait.sends = 1;
    deadlock_text(v, 4, text, sizeof text);
    assert_non_null(strstr(text, "rank 2 in MPI_Send to 3 tag 1"));
    assert_non_null(strstr(text, "; the cycle is 2 -> 3 -> 2"));
}

static void test_many_are_cut(void **state)
{
    enum { MANY = 1000 };
    char text[300];
    struct deadlock_rank *v = calloc(MANY, sizeof *v);
    for (int i = 0; i < MANY; i++) {
        v[i] = waits(i, "MPI_Recv", (i + 1) % MANY, 5);
        v[i].unmatched = 1;
    }
    for (size_t size = 1; size <= sizeof text; size++) {
        memset(text, 'x', sizeof text);
        deadlock_text(v, MANY, text, size);
        assert_int_equal(strlen(text), size - 1);
    }
    free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_two_in_a_cycle), cmocka_unit_test(test_without_a_cycle),
                                       cmocka_unit_test(test_a_tail_and_a_stranger),
                                       cmocka_unit_test(test_many_are_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
