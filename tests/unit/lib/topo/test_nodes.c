/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The nodes of a communicator's ranks, beside node_segment_node_of, for rank maps of one run and of many. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/boot/boot.h"
#include "lib/coll/base/place.h"
#include "lib/process/process.h"
#include "lib/topo/nodes.h"

static struct node_segment *segment_of(const struct rankmap_block *runs, uint32_t count, uint32_t nodes)
{
    struct node_segment head = {.node_count = nodes, .local_size = 1, .run_count = count};
    for (uint32_t i = 0; i < count; i++)
        head.job_size += runs[i].nodes * runs[i].ranks_per_node * runs[i].repeat;
    size_t bytes = node_segment_plan(&head);
    struct node_segment *h = calloc(1, bytes);
    assert_non_null(h);
    *h = head;
    for (uint32_t i = 0; i < count; i++)
        ((struct rankmap_block *)((char *)h + h->runs_at))[i] = runs[i];
    return h;
}

static void check(const struct rankmap_block *runs, uint32_t count, uint32_t nodes)
{
    boot.segment = segment_of(runs, count, nodes);
    int n = (int)boot.segment->job_size;
    uint32_t *node = malloc((size_t)n * sizeof *node);
    assert_int_equal(process_init("one", 0, n), MPI_SUCCESS);
    struct group *forth = group_new_regular(0, 1, n), *back = group_new_regular(n - 1, -1, n);
    struct comm c = {.size = n};
    comm_set_peers(&c, forth);
    assert_int_equal(place_init(), MPI_SUCCESS);
    assert_true(place_several() == (nodes > 1));
    nodes_of(&c, n, node);
    for (int i = 0; i < n; i++)
        assert_int_equal(node[i], node_segment_node_of(boot.segment, (uint32_t)i));
    comm_set_peers(&c, back);
    nodes_of(&c, n / 2, node);
    for (int i = 0; i < n / 2; i++)
        assert_int_equal(node[i], node_segment_node_of(boot.segment, (uint32_t)(n - 1 - i)));
    group_unref(forth);
    group_unref(back);
    assert_int_equal(place_node(n), -1);
    place_fini();
    process_fini();
    free(node);
    free(boot.segment);
    boot.segment = NULL;
}

static void test_one_run(void **state)
{
    assert_false(place_several());
    check(&(struct rankmap_block){.nodes = 1, .ranks_per_node = 5, .repeat = 1}, 1, 1);
    check(&(struct rankmap_block){.nodes = 7, .ranks_per_node = 4, .repeat = 1}, 1, 7);
    check(&(struct rankmap_block){.nodes = 4, .ranks_per_node = 1, .repeat = 6}, 1, 4);
}

static void test_many_runs(void **state)
{
    struct rankmap_block runs[20];
    for (uint32_t i = 0; i < 20; i++)
        runs[i] = (struct rankmap_block){
            .first = i * 3 % 11, .nodes = 1 + i % 4, .ranks_per_node = 1 + i % 3, .repeat = 1 + i % 5};
    for (uint32_t count = 1; count <= 20; count++)
        check(runs, count, 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_run),
        cmocka_unit_test(test_many_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
