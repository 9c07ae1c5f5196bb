/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Which network the ranks of several hosts talk over, and at which ports: hosts with many networks, with the same inner
 * one, with none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include "launcher/places.h"

enum { HOSTS = 3, MOST = 4 };

static struct map_node names[HOSTS] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
static struct network all[HOSTS][MOST];
static struct node_networks told[HOSTS];
static struct cluster cluster;
static struct launch_spec spec;

static struct in6_addr address(const char *text)
{
    struct in_addr v4;
    assert_int_equal(inet_pton(AF_INET, text, &v4), 1);
    return network_whole(0, UINT64_C(0xffff) << 32 | ntohl(v4.s_addr));
}

static void add(int host, const char *name, const char *text, uint32_t bits, uint32_t kind)
{
    struct network *n = &all[host][told[host].n++];
    *n = (struct network){.host = address(text), .bits = 96 + bits, .kind = kind};
    strcpy(n->name, name);
}

/* Each rank on its node. */
static int begin(void **state)
{
    static const uint32_t node[5] = {0, 0, 1, 2, 2};
    memset(told, 0, sizeof told);
    for (int i = 0; i < HOSTS; i++) {
        told[i] = (struct node_networks){.machine = 100 + (uint64_t)i, .v = all[i]};
        add(i, "lo", "127.0.0.1", 8, NETWORK_LOOPBACK);
    }
    cluster = (struct cluster){.nodes = names, .nnodes = HOSTS, .is_remote = true, .networks = told};
    spec = (struct launch_spec){.job = 1};
    return rankmap_build(&spec.map, node, 5, HOSTS);
}

static int end(void **state)
{
    free(spec.hosts);
    rankmap_fini(&spec.map);
    return 0;
}

static int choose(const char *interface, unsigned low, unsigned high, struct err *e)
{
    const struct places_wish w = {interface, low, high};
    return places_choose(&cluster, &w, &spec, e);
}

static void expect(int host, const char *text)
{
    const struct in6_addr want = address(text), is = network_whole(spec.hosts[host].first, spec.hosts[host].second);
    assert_memory_equal(&is, &want, sizeof is);
}

static void the_shared_network(void **state)
{
    struct err e;
    for (int i = 0; i < HOSTS; i++) {
        char own[16] = "10.2.0.1", shared[16] = "10.7.0.1";
        own[3] = (char)('1' + i); /* a network of each */
        shared[7] = (char)('1' + i);
        add(i, "eth0", own, 24, 0);
        add(i, "eth1", shared, 24, 0);
    }
    assert_int_equal(choose(NULL, 0, 0, &e), 0);
    expect(0, "10.7.0.1"), expect(1, "10.7.0.2"), expect(2, "10.7.0.3");
    assert_int_equal(spec.nhosts, HOSTS);
    assert_int_equal(strlen(spec.secret), 64);
    for (int i = 1; i < HOSTS; i++)
        assert_int_equal(spec.hosts[i].port, spec.hosts[0].port);
    assert_in_range(spec.hosts[0].port, 20000, 32766);
}

/* What all docker0 have is one address, whatever it is called; a cable that is not plugged in is none. */
static void networks_inside_of_each(void **state)
{
    struct err e;
    for (int i = 0; i < HOSTS; i++) {
        char own[16] = "10.7.0.1", idle[16] = "10.6.0.1";
        own[7] = idle[7] = (char)('1' + i);
        add(i, "eth9", idle, 24, NETWORK_IDLE);
        add(i, "inside", "172.17.0.1", 16, 0);
        add(i, "eth0", own, 24, 0);
    }
    assert_int_equal(choose(NULL, 0, 0, &e), 0);
    expect(0, "10.7.0.1"), expect(2, "10.7.0.3");
}

static void the_link_counts_first(void **state)
{
    struct err e;
    for (int i = 0; i < HOSTS; i++) {
        char first[16] = "10.7.0.1", second[16] = "10.8.0.1", tunnel[16] = "10.9.0.1";
        first[7] = second[7] = tunnel[7] = (char)('1' + i);
        add(i, "tun0", tunnel, 24, NETWORK_INNER);
        add(i, "eth0", first, 24, 0);
        add(i, "eth1", second, 24, 0);
        told[i].link = address(second);
    }
    assert_int_equal(choose(NULL, 0, 0, &e), 0);
    expect(0, "10.8.0.1"), expect(1, "10.8.0.2");
    end(state);
    static const uint32_t node[2] = {0, 1};
    spec = (struct launch_spec){.job = 2};
    assert_int_equal(rankmap_build(&spec.map, node, 2, HOSTS), 0);
    assert_int_equal(choose("tun0", 0, 0, &e), 0);
    expect(0, "10.9.0.1"), expect(1, "10.9.0.2");
}

static void routers_between(void **state)
{
    struct err e;
    add(0, "eth0", "10.1.0.1", 24, 0), add(1, "eth0", "10.2.0.1", 24, 0), add(2, "eth0", "10.3.0.1", 24, 0);
    add(2, "eth1", "10.4.0.1", 24, 0);
    told[2].link = address("10.4.0.1");
    assert_int_equal(choose(NULL, 0, 0, &e), 0);
    expect(0, "10.1.0.1"), expect(1, "10.2.0.1"), expect(2, "10.4.0.1");
}

static void what_is_not_there(void **state)
{
    struct err e;
    add(0, "eth0", "10.1.0.1", 24, 0), add(2, "eth0", "10.1.0.3", 24, 0);
    assert_int_equal(choose(NULL, 0, 0, &e), 0); /* who needs one says so */
    assert_int_equal(spec.nhosts, 0);
    assert_int_equal(choose("eth0", 0, 0, &e), -1);
    assert_non_null(strstr(e.text, "--interface eth0: host b has no interface of that name"));
    add(1, "eth0", "10.1.0.1", 24, 0); /* that of a */
    assert_int_equal(choose(NULL, 0, 0, &e), 0);
    assert_int_equal(spec.nhosts, 0);
    assert_int_equal(choose("eth0", 0, 0, &e), -1);
    assert_non_null(strstr(e.text, "the same address"));
}

/* Nodes of one address share its ports; each has as many as ranks. */
static void ports(void **state)
{
    struct err e;
    cluster.is_remote = false;
    assert_int_equal(choose(NULL, 30000, 30004, &e), 0);
    assert_int_equal(spec.hosts[0].port, 30000);
    assert_int_equal(spec.hosts[1].port, 30002);
    assert_int_equal(spec.hosts[2].port, 30003);
    expect(0, "127.0.0.1"), expect(2, "127.0.0.1");
    free(spec.hosts), spec.hosts = NULL;
    assert_int_equal(choose(NULL, 30000, 30003, &e), -1);
    assert_string_equal(e.text, "--port-range 30000:30003 has 4 ports, and a host has 5 ranks");
}

static void one_node_needs_none(void **state)
{
    struct err e;
    static const uint32_t node[2] = {1, 1};
    rankmap_fini(&spec.map);
    assert_int_equal(rankmap_build(&spec.map, node, 2, HOSTS), 0);
    assert_int_equal(choose("nosuch", 0, 0, &e), 0);
    assert_int_equal(spec.nhosts, 0);
    assert_null(spec.hosts);
    assert_string_equal(spec.secret, "");
}

static void some_have_a_fabric(void **state)
{
    assert_false(places_fabrics_differ(&cluster, &spec));
    told[1].fabric = true;
    assert_true(places_fabrics_differ(&cluster, &spec));
    told[0].fabric = told[2].fabric = true;
    assert_false(places_fabrics_differ(&cluster, &spec));
    cluster.networks = NULL;
    assert_false(places_fabrics_differ(&cluster, &spec));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(some_have_a_fabric),
        TEST(the_shared_network),
        TEST(networks_inside_of_each),
        TEST(the_link_counts_first),
        TEST(routers_between),
        TEST(what_is_not_there),
        TEST(ports),
        TEST(one_node_needs_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
