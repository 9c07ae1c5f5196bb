/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_rankfile: rank files. */
#include "launcher/map/map.h"
#include "launcher/map/rankfile.h"
#include "common/topo/topo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* Two hosts of two packages of two cores of two threads: cores are 0-1, 2-3 (package 0), 4-5, 6-7 (package 1). */
struct made {
    struct map_plan p;
    struct err e;
    int rc;
    struct topo *topo;
};

static struct topo *load(void *arg, const struct map_node *node, unsigned want, struct err *e)
{
    return arg;
}

static void make(struct made *m, const char *text, uint32_t np, const char *cpus)
{
    char name[] = "/tmp/muster-test-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    struct map_node nodes[] = {{.name = "alpha", .slots = 4}, {.name = "beta", .slots = 4}};
    struct map_app app = {.np = np};
    *m = (struct made){.topo = topo_synthetic("pack:2 core:2 pu:2", cpus, &m->e)};
    struct map_request r = {
        .nodes = nodes, .nnodes = 2, .apps = &app, .napps = 1, .rankfile = name, .topo_load = load, .arg = m->topo};
    m->rc = map_make(&m->p, &r, &m->e);
    unlink(name);
    char *found = m->rc ? strstr(m->e.text, name) : NULL;
    if (found) { /* the file's name changes with each run: F stands for it */
        *found = 'F';
        memmove(found + 1, found + strlen(name), strlen(found + strlen(name)) + 1);
    }
}

static void unmake(struct made *m)
{
    map_fini(&m->p);
    topo_destroy(m->topo);
}

static void expect_on(const char *cpus, uint32_t np, const char *text, const char *expected)
{
    struct made m;
    char plan[512] = "", *t = plan;
    make(&m, text, np, cpus);
    if (m.rc)
        fail_msg("%s", m.e.text);
    for (uint32_t i = 0; i < m.p.nranks; i++)
        t += sprintf(t, "%s%c:%s", i ? " " : "", "ab"[m.p.ranks[i].node],
                     m.p.ranks[i].binding < 0 ? "-" : m.p.bindings[m.p.ranks[i].binding]);
    assert_string_equal(plan, expected);
    unmake(&m);
}

static void expect(const char *text, const char *expected)
{
    expect_on(NULL, 0, text, expected);
}

static void expect_error(uint32_t np, const char *text, const char *expected)
{
    struct made m;
    make(&m, text, np, NULL);
    assert_int_equal(m.rc, -1);
    assert_string_equal(m.e.text, expected);
    unmake(&m);
}

static void hosts_and_cores_are_taken(void **state)
{
    expect("rank 0=alpha slot=0\nrank 1=beta slot=3\n", "a:0-1 b:6-7");
    expect("rank 0=alpha slot=0-1,3\n", "a:0-3,6-7");
    expect("rank 0=alpha slot=1:0\nrank 1=alpha slot=1:*", "a:4-5 a:4-7");
    expect("rank 0=alpha slot=0:1,1:0-1\n", "a:2-7");
    expect("rank 0=alpha slot=*\n", "a:0-7");
    expect("rank 0=+n1 slot=0\nrank 1=+N0 slots=0\n", "b:0-1 a:0-1");
    expect("rank 1=alpha\nrank 0=beta slot=0\n", "b:0-1 a:-");
}

static void layout_is_free(void **state)
{
    expect("# a comment\n\n  RANK 0 = alpha   Slot = 1  # another\r\n\trank 1=beta slot=0\r\n", "a:2-3 b:0-1");
    expect_on(NULL, 1, "rank 0=alpha slot=1\nrank 1=beta slot=1\n", "a:2-3");
}

static void only_usable_cores_count(void **state)
{
    expect_on("3-5", 0, "rank 0=alpha slot=0\nrank 1=alpha slot=1\nrank 2=alpha slot=1:0", "a:3 a:4-5 a:4-5");
}

static void without_slots_the_default_binding_holds(void **state)
{
    expect("rank 0=beta\nrank 1=beta\n", "b:0-3 b:4-7");
}

static void mistakes_are_shown_where_they_are(void **state)
{
    expect_error(0, "", "F: the file names no rank; a line reads: rank N=HOST slot=LIST");
    expect_error(0, "rank 0=alpha\nhost x\n", "F:2: a line reads: rank N=HOST slot=LIST\n  host x\n  ^");
    expect_error(0, "rank x=alpha", "F:1: the number of a rank is expected here\n  rank x=alpha\n       ^");
    expect_error(0, "rank 0 alpha", "F:1: '=' is expected here\n  rank 0 alpha\n         ^");
    expect_error(0, "rank 0=", "F:1: the name of a host is missing\n  rank 0=\n         ^");
    expect_error(0, "rank 0=gamma", "F:1: this is not a host of the job\n  rank 0=gamma\n         ^");
    expect_error(0, "rank 0=+n2", "F:1: this is not a host of the job\n  rank 0=+n2\n         ^");
    expect_error(0, "rank 0=beta core=1", "F:1: slot=LIST is expected here\n  rank 0=beta core=1\n              ^");
    expect_error(0, "rank 0=beta slot=",
                 "F:1: the cores are missing, such as 0-1 or 1:0,2\n  rank 0=beta slot=\n"
                 "                   ^");
    expect_error(0, "rank 0=beta slot=0 1",
                 "F:1: the line should end here\n  rank 0=beta slot=0 1\n"
                 "                     ^");
    expect_error(0, "rank 0=beta slot=0,4",
                 "F:1: there are 4 cores to use here, counted from 0\n"
                 "  rank 0=beta slot=0,4\n                     ^");
    expect_error(0, "rank 0=beta slot=2:0",
                 "F:1: the host has 2 packages to use, counted from 0\n"
                 "  rank 0=beta slot=2:0\n                   ^");
    expect_error(0, "rank 0=beta slot=1-",
                 "F:1: cores are expected here, such as 0-1, 1:0,2 or *\n"
                 "  rank 0=beta slot=1-\n                     ^");
    expect_error(0, "rank 0=beta slot=1-0",
                 "F:1: there are 4 cores to use here, counted from 0\n"
                 "  rank 0=beta slot=1-0\n                   ^");
    expect_error(0, "rank 0=beta\n\nrank 0=alpha",
                 "F:3: rank 0 was given a place in line 1 already\n"
                 "  rank 0=alpha\n  ^");
    expect_error(3, "rank 0=beta\nrank 2=beta", "F: rank 1 has no line, but rank 2 has one");
    expect_error(0, "rank 16777215=beta", "F: rank 0 has no line, but rank 16777215 has one");
    expect_error(3, "rank 0=beta\nrank 1=beta", "F: rank 2 has no line, but the job has ranks 0 to 2");
    expect_error(0, "rank 99999999=beta",
                 "F:1: this rank is larger than a job can be\n  rank 99999999=beta\n"
                 "       ^");
}

static void ranks_beyond_the_job_are_warned_of(void **state)
{
    struct made m;
    make(&m, "rank 0=alpha\nrank 1=beta\n", 1, NULL);
    assert_int_equal(m.rc, 0);
    assert_non_null(strstr(m.p.warning, "names ranks up to 1, but the job has only ranks 0 to 0"));
    unmake(&m);
}

static void a_long_line_is_shown_around_its_mistake(void **state)
{
    char text[600], expected[400];
    struct made m;
    memset(text, 'x', sizeof text);
    memcpy(text, "rank 0=", 7);
    text[sizeof text - 1] = '\0';
    make(&m, text, 0, NULL);
    assert_int_equal(m.rc, -1);
    snprintf(expected, sizeof expected, "F:1: this is too long\n  rank 0=%.93s\n         ^", text + 7);
    assert_string_equal(m.e.text, expected);
    unmake(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_cores_are_taken),
        cmocka_unit_test(layout_is_free),
        cmocka_unit_test(only_usable_cores_count),
        cmocka_unit_test(without_slots_the_default_binding_holds),
        cmocka_unit_test(mistakes_are_shown_where_they_are),
        cmocka_unit_test(ranks_beyond_the_job_are_warned_of),
        cmocka_unit_test(a_long_line_is_shown_around_its_mistake),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
