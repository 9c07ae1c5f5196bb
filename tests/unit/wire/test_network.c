/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The networks of a machine: what is meant by a name or a network, how addresses are written, and that this machine has
 * its loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <ifaddrs.h>
#include <net/if.h>
#include "wire/network.h"

static struct network of(const char *text, uint32_t bits, const char *name)
{
    struct network n = {.bits = bits};
    struct in_addr v4;
    if (inet_pton(AF_INET, text, &v4) == 1)
        n.host = network_whole(0, UINT64_C(0xffff) << 32 | ntohl(v4.s_addr));
    else
        assert_int_equal(inet_pton(AF_INET6, text, &n.host), 1);
    strcpy(n.name, name);
    return n;
}

static void test_wanted(void **state)
{
    const struct network four = of("10.1.2.3", 120, "eth0"), six = of("fd00:1::5", 64, "ib0");
    static const char *const yes4[] = {"eth0", "10.1.2.3", "10.1.2.0/24", "10.0.0.0/8", "10.1.2.99/25", "0.0.0.0/0"};
    static const char *const no4[] = {"eth",         "eth0:1", "10.1.2.4", "10.1.3.0/24", "10.1.2.3/33",
                                      "10.1.2.3/",   "/8",     "",         "10.1.2/24",   "10.1.2.3/-1",
                                      "10.1.2.3/8x", "::/97",  "fd00::/8"};
    for (size_t i = 0; i < sizeof yes4 / sizeof *yes4; i++)
        assert_true(network_is_wanted(&four, yes4[i]));
    for (size_t i = 0; i < sizeof no4 / sizeof *no4; i++)
        assert_false(network_is_wanted(&four, no4[i]));
    assert_true(network_is_wanted(&six, "fd00:1::/32") && network_is_wanted(&six, "fd00:1::5"));
    assert_false(network_is_wanted(&six, "fd00:2::/32") || network_is_wanted(&six, "10.0.0.0/8") ||
                 network_is_wanted(&six, "fd00:1::/129"));
}

static void test_text(void **state)
{
    char text[NETWORK_TEXT];
    const struct network four = of("10.1.2.3", 120, ""), six = of("fd00:1::5", 64, "");
    network_text(&four.host, 128, text), assert_string_equal(text, "10.1.2.3");
    network_text(&four.host, 120, text), assert_string_equal(text, "10.1.2.0/24");
    network_text(&four.host, 105, text), assert_string_equal(text, "10.0.0.0/9");
    network_text(&six.host, 128, text), assert_string_equal(text, "fd00:1::5");
    network_text(&six.host, 64, text), assert_string_equal(text, "fd00:1::/64");
}

static void test_halves(void **state)
{
    const struct network six = of("102:304:506:708:90a:b0c:d0e:f10", 64, "");
    assert_true(network_half(&six.host, 0) == UINT64_C(0x0102030405060708));
    assert_true(network_half(&six.host, 1) == UINT64_C(0x090a0b0c0d0e0f10));
    const struct in6_addr again = network_whole(network_half(&six.host, 0), network_half(&six.host, 1));
    assert_memory_equal(&again, &six.host, sizeof again);
    const struct in6_addr near = of("102:304:506:708:90a:b0c:d0e:f11", 64, "").host;
    assert_true(network_same(&near, &six.host, 127) && !network_same(&near, &six.host, 128));
    assert_true(network_same(&near, &six.host, 0));
}

static void test_this_machine(void **state)
{
    struct network all[32];
    int n = network_list(all, 32), loopbacks = 0;
    assert_in_range(n, 1, 32);
    for (int i = 0; i < n; i++)
        loopbacks += all[i].kind & NETWORK_LOOPBACK && network_is_wanted(&all[i], "127.0.0.0/8");
    assert_in_range(loopbacks, 1, 32);
    assert_int_equal(network_list(all, 1), 1);
    assert_true(network_machine() == network_machine());
}

/* In place of the kernel's, while it is set. */
static struct ifaddrs *pretended;

int getifaddrs(struct ifaddrs **all)
{
    int (*real)(struct ifaddrs **);
    *(void **)&real = dlsym(RTLD_NEXT, "getifaddrs");
    *all = pretended;
    return pretended ? 0 : real(all);
}

void freeifaddrs(struct ifaddrs *all)
{
    void (*real)(struct ifaddrs *);
    *(void **)&real = dlsym(RTLD_NEXT, "freeifaddrs");
    if (all != pretended)
        real(all);
}

/* A host of containers: what there is room for is what other machines are reached by. */
static void test_many(void **state)
{
    enum { MANY = 100 };
    struct ifaddrs v[MANY];
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x0a000001)}, mask = at;
    struct network got[3];
    mask.sin_addr.s_addr = htonl(0xffffff00);
    for (int i = 0; i < MANY; i++)
        v[i] = (struct ifaddrs){.ifa_next = i + 1 < MANY ? &v[i + 1] : NULL,
                                .ifa_name = "br-1",
                                .ifa_flags = IFF_UP | IFF_RUNNING,
                                .ifa_addr = (struct sockaddr *)&at,
                                .ifa_netmask = (struct sockaddr *)&mask};
    v[0].ifa_flags = IFF_UP;
    v[0].ifa_name = "eth0";
    v[1].ifa_flags |= IFF_LOOPBACK;
    v[1].ifa_name = "lo";
    v[60].ifa_name = "eth1";
    v[90].ifa_name = "eth2";
    pretended = v;
    assert_int_equal(network_list(got, 3), 3);
    assert_string_equal(got[0].name, "eth1");
    assert_string_equal(got[1].name, "eth2");
    assert_string_equal(got[2].name, "br-1");
    struct network *whole = calloc(MANY, sizeof *whole);
    assert_int_equal(network_list(whole, MANY), MANY);
    assert_string_equal(whole[MANY - 2].name, "lo");
    assert_string_equal(whole[MANY - 1].name, "eth0");
    free(whole);
    pretended = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wanted),       cmocka_unit_test(test_text), cmocka_unit_test(test_halves),
        cmocka_unit_test(test_this_machine), cmocka_unit_test(test_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
