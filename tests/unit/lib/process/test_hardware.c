/* SPDX-License-Identifier: BSD-3-Clause
 *
 * In which package, cache, core and so on processors lie, by the files of a machine that is made up: two packages of
 * two memories each, of two cores with two threads, cores sharing a second-level cache in pairs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/process/hardware.h"

static char root[] = "/tmp/muster-hardware-XXXXXX";

static void file(const char *text, const char *name, int cpu)
{
    char path[300];
    snprintf(path, sizeof path, "%s/sys/devices/system/cpu/cpu%d/%s", root, cpu, name);
    for (char *at = path + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = 0;
        mkdir(path, 0700);
        *at = '/';
    }
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s\n", text);
    fclose(f);
}

/* A list of n processors from a multiple of n on. */
static const char *around(int cpu, int n)
{
    static char text[40];
    snprintf(text, sizeof text, "%d-%d", cpu / n * n, cpu / n * n + n - 1);
    return text;
}

static void cache(int cpu, int index, const char *level, int n)
{
    char name[60];
    snprintf(name, sizeof name, "cache/index%d/level", index);
    file(level, name, cpu);
    snprintf(name, sizeof name, "cache/index%d/shared_cpu_list", index);
    file(around(cpu, n), name, cpu);
}

static int setup(void **state)
{
    assert_non_null(mkdtemp(root));
    for (int cpu = 0; cpu < 16; cpu++) {
        char node[40], list[100];
        file(around(cpu, 2), "topology/core_cpus_list", cpu);
        file(around(cpu, 8), cpu < 8 ? "topology/package_cpus_list" : "topology/core_siblings_list", cpu);
        cache(cpu, 0, "1", 2);
        cache(cpu, 1, "1", 2);
        cache(cpu, 2, "2", 4);
        snprintf(node, sizeof node, "node%d/x", cpu / 4);
        file("", node, cpu);
        snprintf(list, sizeof list, "../../node/node%d/cpulist", cpu / 4);
        file(around(cpu, 4), list, cpu);
    }
    return 0;
}

static int teardown(void **state)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", root);
    return system(command);
}

static void expect(const char *processors, int package, int numa, int l3, int l2, int l1, int core, int pu)
{
    int is[HARDWARE_KINDS], want[HARDWARE_KINDS] = {0, package, numa, l3, l2, l1, core, pu};
    hardware_ask_of(root, processors, is);
    for (int k = 0; k < HARDWARE_KINDS; k++)
        assert_int_equal(is[k], want[k]);
}

enum { NO = HARDWARE_NOT_ONE, UNKNOWN = HARDWARE_UNKNOWN };

static void test_objects(void **state)
{
    expect("0", 0, 0, UNKNOWN, 0, 0, 0, 0);
    expect("15", 8, 12, UNKNOWN, 12, 14, 14, 15);
    expect("6-7", 0, 4, UNKNOWN, 4, 6, 6, NO);
    expect("4,7", 0, 4, UNKNOWN, 4, NO, NO, NO);
    expect("8-15", 8, NO, UNKNOWN, NO, NO, NO, NO);
    expect("2,13", NO, NO, UNKNOWN, NO, NO, NO, NO);
}

static void test_nothing_is_told(void **state)
{
    expect("20", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, 20);
    expect("", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
    expect("1,x", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN);
    file("0-", "topology/core_cpus_list", 3);
    file("", "topology/package_cpus_list", 3);
    int is[HARDWARE_KINDS];
    hardware_ask_of(root, "3", is);
    assert_int_equal(is[HARDWARE_CORE], UNKNOWN);
    assert_int_equal(is[HARDWARE_PACKAGE], UNKNOWN);
}

static void test_names(void **state)
{
    for (int k = 0; k < HARDWARE_KINDS; k++)
        assert_int_equal(hardware_of(hardware_name((enum hardware)k)), k);
    assert_int_equal(hardware_of("HWLOC://core"), HARDWARE_CORE);
    assert_int_equal(hardware_of("hwloc://"), HARDWARE_KINDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_objects), cmocka_unit_test(test_names),
                                       cmocka_unit_test(test_nothing_is_told)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
