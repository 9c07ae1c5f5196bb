/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_cpus: processors that this process may use. */
#include "common/cpus.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void quotas_are_in_processors(void **state)
{
    assert_true(cpus_quota_v2("max 100000\n") == 0);
    assert_true(cpus_quota_v2("150000 100000\n") == 1.5);
    assert_true(cpus_quota_v2("") == 0);
    assert_true(cpus_quota_v2("5") == 0);
    assert_true(cpus_quota_v2("-1 100000") == 0);
    assert_true(cpus_quota_v1("-1\n", "100000\n") == 0);
    assert_true(cpus_quota_v1("50000\n", "100000\n") == 0.5);
    assert_true(cpus_quota_v1("50000", "0") == 0);
}

#define V1                                                                                                             \
    "12:memory:/docker/abc\n"                                                                                          \
    "4:cpu,cpuacct:/docker/abc\n"                                                                                      \
    "3:cpuset:/x\n"                                                                                                    \
    "0::/docker/abc\n"
#define MOUNTS                                                                                                         \
    "24 30 0:22 / /proc rw,nosuid shared:13 - proc proc rw\n"                                                          \
    "31 23 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:10 - cgroup cgroup rw,cpu,cpuacct\n"                     \
    "33 23 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
#define INNER                                                                                                          \
    "9 1 0:27 /docker/abc /sys/fs/cgroup/cpu rw master:11 - cgroup cgroup rw,cpuacct,cpu\n"                            \
    "10 1 0:28 /docker /sys/fs/cgroup rw - cgroup2 cgroup rw\n"

static const struct {
    const char *cgroup, *mounts, *controller;
    const char *dir, *path; /* NULL: nothing is found */
} cases[] = {
    {V1, MOUNTS, "cpu", "/sys/fs/cgroup/cpu,cpuacct", "/docker/abc"},
    {V1, MOUNTS, "", "/sys/fs/cgroup/unified", "/docker/abc"},
    {V1, MOUNTS, "memory", NULL, NULL},
    {V1, MOUNTS, "acct", NULL, NULL},
    {V1, INNER, "cpu", "/sys/fs/cgroup/cpu", ""},
    {V1, INNER, "", "/sys/fs/cgroup", "/abc"},
    {"0::/\n", MOUNTS, "", "/sys/fs/cgroup/unified", ""},
    {"0::/\n", MOUNTS, "cpu", NULL, NULL},
    {"0::/docker2", INNER, "", "/sys/fs/cgroup", ""},
    {"", MOUNTS, "", NULL, NULL},
    {"nonsense\n:\n", MOUNTS, "", NULL, NULL},
    {"0::/a", "nonsense\n - \n1 2 3 4 5 - cgroup2\n", "", NULL, NULL},
};

static void a_cgroup_is_found_in_what_is_mounted(void **state)
{
    static struct cpus_cgroup g;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int rc = cpus_cgroup_find(&g, cases[i].cgroup, cases[i].mounts, cases[i].controller);
        assert_int_equal(rc, cases[i].dir ? 0 : -1);
        if (rc < 0)
            continue;
        assert_string_equal(g.dir, cases[i].dir);
        assert_string_equal(g.path, cases[i].path);
    }
}

static void the_affinity_mask_is_respected(void **state)
{
    unsigned all = cpus_usable();
    assert_true(all >= 1);
    cpu_set_t old, one;
    assert_int_equal(sched_getaffinity(0, sizeof old, &old), 0);
    assert_true(all <= (unsigned)CPU_COUNT(&old));
    CPU_ZERO(&one);
    for (int c = 0; c < CPU_SETSIZE && !CPU_COUNT(&one); c++)
        if (CPU_ISSET(c, &old))
            CPU_SET(c, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(cpus_usable(), 1);
    sched_setaffinity(0, sizeof old, &old);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotas_are_in_processors),
        cmocka_unit_test(a_cgroup_is_found_in_what_is_mounted),
        cmocka_unit_test(the_affinity_mask_is_respected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
