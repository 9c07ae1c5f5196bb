/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The inherited segment: places, the map from ranks to nodes, and heads that must not be believed. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "wire/node_segment.h"

static _Alignas(4096) char memory[3 * 4096];

/* 3 nodes, 2 ranks each, twice over: node 1 holds 2, 3, 8, 9. */
static struct node_segment *make(uint64_t *bytes)
{
    memset(memory, 0, sizeof memory);
    struct node_segment *h = (struct node_segment *)memory;
    *h = (struct node_segment){
        .job_size = 12, .node_count = 3, .node_id = 1, .local_size = 4, .local_cpus = 2, .run_count = 1};
    *bytes = node_segment_plan(h);
    *(struct rankmap_block *)(memory + h->runs_at) =
        (struct rankmap_block){.nodes = 3, .ranks_per_node = 2, .repeat = 2};
    memcpy(memory + h->locals_at, (uint32_t[]){2, 3, 8, 9}, 16);
    return h;
}

static void test_map(void **state)
{
    static const uint32_t node[12] = {0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2};
    uint64_t bytes;
    struct node_segment *h = make(&bytes);
    assert_true(node_segment_valid(h, bytes));
    for (uint32_t r = 0; r < 12; r++)
        assert_int_equal(node_segment_node_of(h, r), node[r]);
    assert_int_equal(h->lib_at % 4096, 0);
    assert_int_equal((char *)node_segment_status(h, 3) - memory, h->status_at + 3 * sizeof(struct rank_status));
}

/* Rank 8 is the third of node 1. */
static void test_hosts(void **state)
{
    uint64_t bytes;
    uint16_t port = 0;
    struct node_segment *h = make(&bytes);
    assert_null(node_segment_host(h, 8, &port));
    h->host_count = 3;
    bytes = node_segment_plan(h);
    memcpy(memory + h->locals_at, (uint32_t[]){2, 3, 8, 9}, 16);
    struct node_host *host = (struct node_host *)(memory + h->hosts_at);
    host[1] = (struct node_host){{1}, 30000, 0};
    host[2] = (struct node_host){{2}, 65534, 0};
    assert_true(node_segment_valid(h, bytes));
    assert_ptr_equal(node_segment_host(h, 8, &port), &host[1]);
    assert_int_equal(port, 30002);
    assert_ptr_equal(node_segment_host(h, 5, &port), &host[2]);
    assert_int_equal(port, 65535);
    assert_null(node_segment_host(h, 10, &port)); /* beyond the last port */
    assert_null(node_segment_host(h, 0, &port));  /* which told none */
    assert_null(node_segment_host(h, 12, &port));
    h->host_count = 2;
    assert_false(node_segment_valid(h, bytes));
}

static void test_lies(void **state)
{
    uint64_t bytes;
    struct node_segment *h = make(&bytes);
    assert_false(node_segment_valid(h, bytes - 1));
    h->version++;
    assert_false(node_segment_valid(h, bytes));
    h = make(&bytes), h->local_size = 0x80000000u;
    assert_false(node_segment_valid(h, bytes));
    h = make(&bytes), h->node_id = 3;
    assert_false(node_segment_valid(h, bytes));
    h = make(&bytes), h->job_size = 13;
    assert_false(node_segment_valid(h, bytes));
    h = make(&bytes), ((struct rankmap_block *)(memory + h->runs_at))->ranks_per_node = 0x40000001u;
    assert_false(node_segment_valid(h, bytes));
    h = make(&bytes), ((uint32_t *)(memory + h->locals_at))[1] = 4;
    assert_false(node_segment_valid(h, bytes));
    h = make(&bytes), memset(h->job_name, 'x', sizeof h->job_name);
    assert_false(node_segment_valid(h, bytes));
}

/* A process that goes over its limit is killed; who asks for more than is allowed gets what is. */
static void test_length(void **state)
{
    int fd = memfd_create("segment", MFD_CLOEXEC);
    struct rlimit was, low;
    assert_int_equal(node_segment_extend(fd, 100, 5000), 5000);
    assert_int_equal(node_segment_extend(fd, 100, 200), 5000);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &was), 0);
    low = (struct rlimit){6000, was.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    assert_int_equal(node_segment_extend(fd, 5500, 9000), 6000);
    assert_int_equal(node_segment_extend(fd, 7000, 9000), 0);
    assert_int_equal(errno, EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &was), 0);
    assert_int_equal(node_segment_extend(fd, 7000, 9000), 9000);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_map), cmocka_unit_test(test_hosts),
                                       cmocka_unit_test(test_lies), cmocka_unit_test(test_length)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
