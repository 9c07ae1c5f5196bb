/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_shapes: the hosts are asked once, each shape is fetched once, and nobody waits for a host that is gone.
 */
#include "launcher/shapes.h"

#include "launcher/dispatch.h"
#include "script.h"
#include "wire/topo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static unsigned calls;

static void on_known(void *arg)
{
    calls++;
}

/* All nodes but those of the link are lost: 1, 2, 3, 4 are there. */
static int begin(void **state)
{
    calls = 0;
    if (script_begin(state) < 0)
        return -1;
    script.cluster.node_lost[0] = script.cluster.node_lost[5] = true;
    return 0;
}

/* The bytes of a machine with n cores, of the kinds that are always there, or all. */
static void shape(struct buf *b, uint32_t n, bool all)
{
    static struct topo_hwthread threads[8] = {{0, true}, {1, true}, {2, true}, {3, true}, {4, true}, {5, true}};
    static struct topo_object each[8] = {{0, 1}, {1, 1}, {2, 1}, {3, 1}, {4, 1}, {5, 1}}, machine;
    struct topo t = {.hwthreads = threads, .nhwthreads = n, .capacity = n};
    machine = (struct topo_object){0, n};
    for (int kind = 0; kind < TOPO_NKINDS; kind++)
        if (all || TOPO_ALWAYS & TOPO_WANT(kind))
            t.kinds[kind] = (struct topo_objects){&machine, 1};
    t.kinds[TOPO_HWTHREAD] = t.kinds[TOPO_CORE] = (struct topo_objects){each, n};
    buf_init(b);
    topo_put(b, &t);
}

static bool tell(uint32_t node, uint32_t cores, bool all, bool digest)
{
    struct buf b, s, networks;
    shape(&s, cores, all);
    buf_init(&b);
    buf_init(&networks);
    control_node_network_put(&networks,
                             &(struct control_node_network){0, UINT64_C(0xffff0a010000) + node, 120, 0, "eth0"});
    control_node_info_put(&b, &(struct control_node_info){.processors = cores,
                                                          .digest = digest ? topo_digest(s.data, s.len) : 0,
                                                          .taken = bytes_of(node == 2 ? "0-1" : ""), /* another job */
                                                          .machine = node,
                                                          .networks = list_of(1, &networks)});
    buf_fini(&networks);
    buf_fini(&s);
    return script_up(CONTROL_NODE_INFO, 0, node, &b);
}

static bool send_shape(uint32_t node, uint32_t cores, bool all)
{
    struct buf b;
    shape(&b, cores, all);
    return script_up(CONTROL_TOPO, 0, node, &b);
}

static void this_machine_is_known(void **state)
{
    script.cluster.is_here = true;
    shapes_ask(&script.cluster, TOPO_WANT_ALL, on_known, NULL);
    assert_int_equal(calls, 1);
    assert_int_equal(script_count(CONTROL_NODE_ASK), 0);
}

static void processors_alone(void **state)
{
    shapes_ask(&script.cluster, 0, on_known, NULL);
    assert_int_equal(calls, 0);
    assert_int_equal(script_count(CONTROL_NODE_ASK), 1);
    assert_true(tell(1, 2, false, false) && tell(2, 3, false, false) && tell(3, 4, false, false));
    assert_int_equal(calls, 0);
    assert_true(tell(4, 5, false, false));
    assert_int_equal(calls, 1);
    assert_int_equal(script_count(CONTROL_TOPO_ASK), 0);
    assert_int_equal(script.cluster.nodes[2].processors, 3);
    assert_null(script.cluster.nodes[2].topo);
    assert_string_equal(script.cluster.nodes[2].taken, "0-1");
    assert_null(script.cluster.nodes[3].taken);
    const struct node_networks *net = &script.cluster.networks[3];
    assert_true(net->n == 1 && net->machine == 3 && strcmp(net->v[0].name, "eth0") == 0 && net->v[0].bits == 120);
    assert_int_equal(net->v[0].host.s6_addr[15], 3);
    shapes_ask(&script.cluster, 0, on_known, NULL); /* known by now */
    assert_int_equal(calls, 2);
    assert_int_equal(script_count(CONTROL_NODE_ASK), 1);
}

static void each_shape_is_fetched_once(void **state)
{
    shapes_ask(&script.cluster, TOPO_ALWAYS, on_known, NULL);
    assert_true(tell(1, 2, false, true) && tell(2, 3, false, true) && tell(3, 2, false, true) &&
                tell(4, 3, false, true));
    assert_int_equal(script_count(CONTROL_TOPO_ASK), 2);
    assert_int_equal(script_last(CONTROL_TOPO_ASK)->head.node, 2);
    assert_true(send_shape(2, 3, false));
    assert_int_equal(calls, 0);
    assert_true(send_shape(1, 2, false));
    assert_int_equal(calls, 1);
    assert_ptr_equal(script.cluster.nodes[1].topo, script.cluster.nodes[3].topo);
    assert_ptr_equal(script.cluster.nodes[2].topo, script.cluster.nodes[4].topo);
    assert_int_equal(script.cluster.nodes[4].topo->capacity, 3);
}

static void a_host_that_is_gone_is_not_waited_for(void **state)
{
    shapes_ask(&script.cluster, TOPO_ALWAYS, on_known, NULL);
    assert_true(tell(1, 2, false, true) && tell(2, 2, false, true) && tell(3, 2, false, true));
    script.cluster.node_lost[4] = true;
    shapes_node_lost(&script.cluster, 4);
    assert_int_equal(calls, 0); /* node 1 owes its shape */
    script.cluster.node_lost[1] = true;
    shapes_node_lost(&script.cluster, 1);
    assert_int_equal(script_count(CONTROL_TOPO_ASK), 2);
    assert_int_equal(script_last(CONTROL_TOPO_ASK)->head.node, 2);
    assert_true(send_shape(2, 2, false));
    assert_int_equal(calls, 1);
    assert_null(script.cluster.nodes[1].topo);
    assert_non_null(script.cluster.nodes[3].topo);
}

static void the_last_host_is_gone(void **state)
{
    shapes_ask(&script.cluster, TOPO_ALWAYS, on_known, NULL);
    assert_true(tell(1, 2, false, true));
    for (uint32_t i = 1; i < 5; i++) {
        script.cluster.node_lost[i] = true;
        shapes_node_lost(&script.cluster, i);
    }
    assert_int_equal(calls, 1); /* with nothing: whoever plans says so */
}

/* Its subtree goes with all that was in it, also what is not there any more. */
static void a_host_that_is_lost_twice_counts_once(void **state)
{
    script.cluster.node_lost[4] = true;
    shapes_ask(&script.cluster, TOPO_ALWAYS, on_known, NULL);
    assert_true(tell(1, 2, false, true) && tell(2, 2, false, true) && send_shape(1, 2, false));
    script.cluster.node_lost[3] = true;
    shapes_node_lost(&script.cluster, 3);
    shapes_node_lost(&script.cluster, 4);
    assert_int_equal(calls, 1);
    shapes_ask(&script.cluster, TOPO_ALWAYS, on_known, NULL);
    assert_int_equal(calls, 2);
}

static void what_was_not_asked_for_is_refused(void **state)
{
    assert_false(tell(1, 2, false, true));
    shapes_ask(&script.cluster, TOPO_ALWAYS, on_known, NULL);
    assert_true(tell(1, 2, false, true));
    assert_false(tell(1, 2, false, true));  /* twice */
    assert_false(send_shape(2, 2, false));  /* by another than who was asked */
    assert_false(send_shape(1, 3, false));  /* another than the digest's */
    assert_false(tell(2, 0, false, false)); /* no processor */
    assert_int_equal(calls, 0);
}

/* A spawned job may need objects that the first did not. */
static void more_kinds_take_another_round(void **state)
{
    shapes_ask(&script.cluster, 0, on_known, NULL);
    shapes_ask(&script.cluster, TOPO_WANT_ALL, on_known, NULL);
    assert_int_equal(script_count(CONTROL_NODE_ASK), 1);
    for (uint32_t i = 1; i < 5; i++)
        assert_true(tell(i, 2, true, false));
    assert_int_equal(calls, 1);
    assert_int_equal(script_count(CONTROL_NODE_ASK), 2);
    for (uint32_t i = 1; i < 5; i++)
        assert_true(tell(i, 2, true, true));
    assert_false(send_shape(1, 2, false)); /* not those kinds */
    assert_true(send_shape(1, 2, true));
    assert_int_equal(calls, 2);
}

/* Also in the middle of a round, which is for those that were there. */
static void a_host_that_joins_is_asked(void **state)
{
    script.cluster.node_lost[3] = script.cluster.node_lost[4] = true;
    shapes_ask(&script.cluster, TOPO_ALWAYS, on_known, NULL);
    assert_true(tell(1, 2, false, true));
    script.cluster.node_lost[3] = false;
    shapes_node_joined(&script.cluster, 3);
    assert_true(tell(2, 2, false, true) && send_shape(1, 2, false));
    assert_int_equal(calls, 0); /* who plans may mean the new one */
    assert_int_equal(script_count(CONTROL_NODE_ASK), 2);
    assert_true(tell(1, 2, false, true) && tell(2, 2, false, true) && tell(3, 2, false, true));
    assert_true(send_shape(1, 2, false));
    assert_int_equal(calls, 1);
    script.cluster.node_lost[4] = false;
    shapes_node_joined(&script.cluster, 4);
    shapes_ask(&script.cluster, TOPO_ALWAYS, on_known, NULL);
    assert_int_equal(script_count(CONTROL_NODE_ASK), 3);
    for (uint32_t i = 1; i < 5; i++)
        assert_true(tell(i, 2, false, true));
    assert_true(send_shape(1, 2, false));
    assert_int_equal(calls, 2);
    assert_ptr_equal(script.cluster.nodes[4].topo, script.cluster.nodes[1].topo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(this_machine_is_known, begin, script_end),
        cmocka_unit_test_setup_teardown(processors_alone, begin, script_end),
        cmocka_unit_test_setup_teardown(each_shape_is_fetched_once, begin, script_end),
        cmocka_unit_test_setup_teardown(a_host_that_is_gone_is_not_waited_for, begin, script_end),
        cmocka_unit_test_setup_teardown(the_last_host_is_gone, begin, script_end),
        cmocka_unit_test_setup_teardown(a_host_that_is_lost_twice_counts_once, begin, script_end),
        cmocka_unit_test_setup_teardown(what_was_not_asked_for_is_refused, begin, script_end),
        cmocka_unit_test_setup_teardown(more_kinds_take_another_round, begin, script_end),
        cmocka_unit_test_setup_teardown(a_host_that_joins_is_asked, begin, script_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
