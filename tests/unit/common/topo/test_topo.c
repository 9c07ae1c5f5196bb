/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_topo: shapes of machines. */
#include "common/cpulist.h"
#include "common/topo/topo.h"
#include "common/topo/topo_cores.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

/* "0-1|2,4": the OS numbers of each object's usable hardware threads, in order */
static void expect(const struct topo *t, enum topo_kind kind, const char *expected)
{
    char text[512] = "", *p = text;
    for (uint32_t i = 0; i < topo_count(t, kind); i++) {
        const struct topo_object *o = &topo_objects(t, kind)[i];
        struct cpulist l;
        cpulist_init(&l);
        for (uint32_t k = o->first; k < o->first + o->n; k++)
            if (topo_hwthreads(t)[k].usable)
                cpulist_add(&l, topo_hwthreads(t)[k].os);
        char *list = cpulist_format(&l);
        p += sprintf(p, "%s%s", i ? "|" : "", list);
        free(list);
        cpulist_fini(&l);
    }
    assert_string_equal(text, expected);
}

static struct topo *synthetic(const char *desc, const char *cpus)
{
    struct err e;
    struct topo *t = topo_synthetic(desc, cpus, &e);
    if (!t)
        fail_msg("%s", e.text);
    return t;
}

static void objects_are_runs_of_hardware_threads(void **state)
{
    struct topo *t = synthetic("pack:2 numa:2 l2:1 core:2 pu:2", NULL);
    assert_int_equal(topo_nhwthreads(t), 16);
    assert_int_equal(topo_capacity(t), 16);
    expect(t, TOPO_PACKAGE, "0-7|8-15");
    expect(t, TOPO_NUMA, "0-3|4-7|8-11|12-15");
    expect(t, TOPO_L2CACHE, "0-3|4-7|8-11|12-15");
    expect(t, TOPO_CORE, "0-1|2-3|4-5|6-7|8-9|10-11|12-13|14-15");
    expect(t, TOPO_HWTHREAD, "0|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15");
    expect(t, TOPO_MACHINE, "0-15");
    expect(t, TOPO_L3CACHE, "0-15"); /* there is none: the machine */
    topo_destroy(t);
}

static void numa_nodes_need_no_other_object_of_their_size(void **state)
{
    struct topo *t = synthetic("pack:2 numa:2 core:2 pu:1", NULL);
    expect(t, TOPO_PACKAGE, "0-3|4-7");
    expect(t, TOPO_NUMA, "0-1|2-3|4-5|6-7");
    topo_destroy(t);
}

static void the_order_is_the_machines_not_the_kernels(void **state)
{
    struct topo *t = synthetic("pack:2 core:2 pu:2(indexes=0,4,2,6,1,5,3,7)", NULL);
    expect(t, TOPO_CORE, "0,4|2,6|1,5|3,7");
    expect(t, TOPO_PACKAGE, "0,2,4,6|1,3,5,7");
    topo_destroy(t);
}

static void what_is_forbidden_is_known_but_not_usable(void **state)
{
    struct topo *t = synthetic("pack:2 core:2 pu:2", "1,4-5");
    assert_int_equal(topo_nhwthreads(t), 8);
    assert_int_equal(topo_capacity(t), 3);
    expect(t, TOPO_CORE, "1|4-5");
    expect(t, TOPO_HWTHREAD, "1|4|5");
    expect(t, TOPO_PACKAGE, "1|4-5");
    topo_destroy(t);
}

static void what_cannot_be_is_an_error(void **state)
{
    struct err e;
    assert_null(topo_synthetic("nonsense:x", NULL, &e));
    assert_non_null(strstr(e.text, "nonsense:x"));
    assert_null(topo_synthetic("core:2 pu:1", "a", &e));
    assert_null(topo_synthetic("core:2 pu:1", "7", &e));
    assert_non_null(strstr(e.text, "none of this machine's 2 processors"));
    topo_destroy(NULL);
}

static void kinds_have_the_names_that_people_type(void **state)
{
    assert_int_equal(topo_kind_parse("socket"), TOPO_PACKAGE);
    assert_int_equal(topo_kind_parse("Package"), TOPO_PACKAGE);
    assert_int_equal(topo_kind_parse("L3CACHE"), TOPO_L3CACHE);
    assert_int_equal(topo_kind_parse("cor"), -1);
    assert_int_equal(topo_kind_parse(""), -1);
    for (int kind = 0; kind < TOPO_NKINDS; kind++)
        assert_int_equal(topo_kind_parse(topo_kind_name((enum topo_kind)kind)), kind);
}

/* ---- this machine ---- */

static struct cpulist affinity(void)
{
    struct cpulist l;
    struct err e;
    cpulist_init(&l);
    assert_int_equal(cpulist_affinity(&l, 0, &e), 0);
    return l;
}

static struct topo *this_machine(unsigned want)
{
    struct err e;
    struct topo *t = topo_load(want, &e);
    if (!t)
        fail_msg("%s", e.text);
    return t;
}

static void this_machine_has_the_processors_of_the_affinity_mask(void **state)
{
    struct cpulist l = affinity();
    struct topo *fast = this_machine(0), *full = this_machine(TOPO_WANT_ALL);
    assert_int_equal(topo_capacity(fast), cpulist_count(&l));
    assert_int_equal(topo_capacity(full), cpulist_count(&l));
    assert_int_equal(topo_count(fast, TOPO_CORE), topo_count(full, TOPO_CORE));
    assert_true(topo_has_all(full, TOPO_WANT_ALL));
    assert_false(topo_has_all(fast, TOPO_WANT(TOPO_PACKAGE)));
    assert_null(getenv("HWLOC_PLUGINS_PATH")); /* the ranks inherit our environment */
    cpulist_fini(&l);
    topo_destroy(fast);
    topo_destroy(full);
}

static void a_narrower_mask_is_respected(void **state)
{
    struct cpulist all = affinity(), one;
    uint32_t last = (uint32_t)(all.size * 8) - 1;
    cpulist_init(&one);
    while (!cpulist_has(&all, last))
        last--;
    cpulist_add(&one, last);
    assert_int_equal(sched_setaffinity(0, one.size, one.set), 0);
    for (int i = 0; i < 2; i++) {
        struct topo *t = this_machine(i ? TOPO_WANT_ALL : 0);
        char *list = cpulist_format(&one);
        assert_int_equal(topo_capacity(t), 1);
        expect(t, TOPO_CORE, list);
        free(list);
        topo_destroy(t);
    }
    assert_int_equal(sched_setaffinity(0, all.size, all.set), 0);
    cpulist_fini(&one);
    cpulist_fini(&all);
}

/* ---- cores alone, from a directory such as the kernel's ---- */

static void put_file(const char *dir, unsigned cpu, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/cpu%u", dir, cpu);
    mkdir(path, 0700);
    strcat(path, "/topology");
    mkdir(path, 0700);
    strcat(strcat(path, "/"), name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f, "%s\n", text);
    assert_int_equal(fclose(f), 0);
}

struct cpu {
    unsigned cpu;
    const char *core, *package;
};

static struct topo *from_directory(const struct cpu *cpus, size_t n, const char *usable)
{
    char dir[] = "/tmp/muster-test-XXXXXX", command[64];
    struct cpulist l;
    struct err e;
    assert_non_null(mkdtemp(dir));
    for (size_t i = 0; i < n; i++) {
        put_file(dir, cpus[i].cpu, "thread_siblings_list", cpus[i].core);
        put_file(dir, cpus[i].cpu, "core_siblings_list", cpus[i].package);
    }
    cpulist_init(&l);
    assert_int_equal(cpulist_parse(&l, usable, &e), 0);
    struct topo *t = topo_cores_load(dir, &l);
    cpulist_fini(&l);
    snprintf(command, sizeof command, "rm -r %s", dir);
    assert_int_equal(system(command), 0);
    return t;
}

static void cores_come_package_by_package(void **state)
{
    static const struct cpu cpus[] = {
        {0, "0,4", "0,2,4,6"}, {1, "1,5", "1,3,5,7"}, {2, "2,6", "0,2,4,6"}, {3, "3,7", "1,3,5,7"},
        {4, "0,4", "0,2,4,6"}, {5, "1,5", "1,3,5,7"}, {6, "2,6", "0,2,4,6"}, {7, "3,7", "1,3,5,7"},
    };
    struct topo *t = from_directory(cpus, 8, "0-7");
    assert_non_null(t);
    expect(t, TOPO_CORE, "0,4|2,6|1,5|3,7");
    expect(t, TOPO_HWTHREAD, "0|4|2|6|1|5|3|7");
    expect(t, TOPO_MACHINE, "0-7");
    topo_destroy(t);
    t = from_directory(cpus, 8, "4,7");
    assert_non_null(t);
    expect(t, TOPO_CORE, "4|7");
    assert_int_equal(topo_capacity(t), 2);
    topo_destroy(t);
}

static void a_directory_out_of_the_ordinary_is_left_to_hwloc(void **state)
{
    static const struct cpu overlapping[] = {{0, "0-1", "0-1"}, {1, "0-1", "0-1"}, {2, "1-2", "2"}};
    static const struct cpu not_in_itself[] = {{0, "1", "0-1"}};
    static const struct cpu garbage[] = {{0, "zero", "0"}};
    assert_null(from_directory(overlapping, 3, "0-2"));
    assert_null(from_directory(not_in_itself, 1, "0"));
    assert_null(from_directory(garbage, 1, "0"));
    assert_null(from_directory(garbage, 1, "5"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_are_runs_of_hardware_threads),
        cmocka_unit_test(numa_nodes_need_no_other_object_of_their_size),
        cmocka_unit_test(the_order_is_the_machines_not_the_kernels),
        cmocka_unit_test(what_is_forbidden_is_known_but_not_usable),
        cmocka_unit_test(what_cannot_be_is_an_error),
        cmocka_unit_test(kinds_have_the_names_that_people_type),
        cmocka_unit_test(this_machine_has_the_processors_of_the_affinity_mask),
        cmocka_unit_test(a_narrower_mask_is_respected),
        cmocka_unit_test(cores_come_package_by_package),
        cmocka_unit_test(a_directory_out_of_the_ordinary_is_left_to_hwloc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
