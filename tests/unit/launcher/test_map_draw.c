/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_map_draw: what is drawn of a plan.
 *
 * Pictures are compared whole: they are what the user reads.
 */
#include "launcher/map/map.h"
#include "common/topo/topo.h"
#include "launcher/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define SMT2 "pack:2 core:2 pu:2"

struct job {
    uint32_t nhosts, slots, np;
    const char *topo, *cpus;
    const char *map_by, *bind_to;
    unsigned what;
    const char *taken;   /* on every host */
    uint32_t second_app; /* ranks of one; 0: there is none */
};

static struct topo *load(void *arg, const struct map_node *node, unsigned want, struct err *e)
{
    return arg;
}

static char *draw(const struct job *j)
{
    struct map_node *nodes = calloc(j->nhosts, sizeof *nodes);
    char(*names)[16] = calloc(j->nhosts, sizeof *names);
    struct err e;
    struct topo *t = topo_synthetic(j->topo ? j->topo : SMT2, j->cpus, &e);
    struct map_app apps[2] = {{.np = j->np}, {.np = j->second_app}};
    struct map_request r = {.nodes = nodes,
                            .nnodes = j->nhosts,
                            .apps = apps,
                            .napps = j->second_app ? 2 : 1,
                            .map_by = j->map_by,
                            .bind_to = j->bind_to,
                            .topo_load = load,
                            .arg = t};
    struct map_plan p;
    for (uint32_t i = 0; i < j->nhosts; i++) {
        snprintf(names[i], sizeof names[i], "n%u", i);
        nodes[i] = (struct map_node){.name = names[i], .slots = j->slots, .taken = j->taken};
    }
    if (map_make(&p, &r, &e))
        fail_msg("%s", e.text);
    char *text = map_draw(&p, &r, j->what);
    map_fini(&p);
    topo_destroy(t);
    free(nodes);
    free(names);
    return text;
}

static void expect(const struct job *j, const char *picture)
{
    char *text = draw(j);
    assert_string_equal(text, picture);
    free(text);
}

static void a_map_shows_ranks_and_free_slots(void **state)
{
    expect(&(struct job){2, 4, 5, .what = DISPLAY_MAP}, "map: 5 ranks on 2 hosts\n"
                                                        "  n0  4 of 4 slots  0 1 2 3\n"
                                                        "  n1  1 of 4 slots  4 . . .\n");
    expect(&(struct job){1, 2, 3, .what = DISPLAY_MAP}, "map: 3 ranks on 1 host\n"
                                                        "  n0  3 of 2 slots (oversubscribed)  0 1 2\n");
    expect(&(struct job){2, 2, 3, .what = DISPLAY_MAP, .second_app = 1}, "map: 4 ranks on 2 hosts\n"
                                                                         "  n0  2 of 2 slots  0 1\n"
                                                                         "  n1  2 of 2 slots  2 3\n"
                                                                         "  application 1: ranks 0-2\n"
                                                                         "  application 2: rank 3\n");
}

static void a_large_map_is_a_screenful(void **state)
{
    expect(&(struct job){100, 64, 6300, .what = DISPLAY_MAP}, "map: 6300 ranks on 100 hosts\n"
                                                              "  n0   64 of 64 slots  0-63\n"
                                                              "  n1   64 of 64 slots  64-127\n"
                                                              "  ... 95 more hosts with 64 ranks each\n"
                                                              "  n97  64 of 64 slots  6208-6271\n"
                                                              "  n98  28 of 64 slots  6272-6299\n"
                                                              "  n99  0 of 64 slots\n");
    expect(&(struct job){100, 64, 64, .what = DISPLAY_MAP}, "map: 64 ranks on 100 hosts\n"
                                                            "  n0   64 of 64 slots  0-63\n"
                                                            "  n1 to n99 (99 hosts): no ranks\n");
    expect(&(struct job){2, 64, 60, .map_by = "node", .what = DISPLAY_MAP},
           "map: 60 ranks on 2 hosts\n"
           "  n0  30 of 64 slots  0,2,4,6,8,10,12,14 ... 58 (30 ranks)\n"
           "  n1  30 of 64 slots  1,3,5,7,9,11,13,15 ... 59 (30 ranks)\n");
}

static void bindings_show_the_cores_with_their_ranks(void **state)
{
    expect(&(struct job){1, 4, 3, .what = DISPLAY_BINDINGS}, "bindings on n0: cores with their ranks; . free\n"
                                                             "  package 0  0 1\n"
                                                             "  package 1  2 .\n");
    expect(&(struct job){2, 8, 16, .bind_to = "hwthread", .what = DISPLAY_BINDINGS},
           "bindings on n0, n1, all alike, here n0: cores with their ranks; . free\n"
           "  package 0  0/1 2/3\n"
           "  package 1  4/5 6/7\n");
    expect(&(struct job){1, 2, 2, "core:2 pu:1", .what = DISPLAY_BINDINGS},
           "bindings on n0: cores with their ranks; . free\n"
           "  0 1\n");
}

static void what_other_jobs_have_is_said(void **state)
{
    expect(&(struct job){1, 2, 2, "core:4 pu:1", .taken = "0", .what = DISPLAY_BINDINGS},
           "bindings on n0: cores with their ranks; . free\n"
           "  . 0 1 .\n"
           "  left to other jobs: processor 0\n");
    expect(&(struct job){2, 4, 8, "core:4 pu:1", .taken = "0-1", .what = DISPLAY_BINDINGS},
           "bindings on n0, n1, all alike, here n0: cores with their ranks; . free\n"
           "  0 1 2 3\n"
           "  shared with other jobs: processors 0-1\n");
    expect(&(struct job){1, 1, 1, "core:2 pu:1", .taken = "0-1", .what = DISPLAY_BINDINGS},
           "bindings on n0: none, rank 0 may run on every processor\n"
           "  shared with other jobs: processors 0-1\n");
}

static void shared_bindings_show_sets_of_processors(void **state)
{
    expect(&(struct job){1, 4, 4, .bind_to = "socket", .what = DISPLAY_BINDINGS},
           "bindings on n0: processors with their ranks\n"
           "  processors 0-3 (package 0): ranks 0,1\n"
           "  processors 4-7 (package 1): ranks 2,3\n");
    expect(&(struct job){1, 2, 2, .bind_to = "user:0+3", .what = DISPLAY_BINDINGS},
           "bindings on n0: processors with their ranks\n"
           "  processors 0,3: ranks 0,1\n");
}

static void no_binding_is_said(void **state)
{
    expect(&(struct job){1, 4, 9, .what = DISPLAY_BINDINGS},
           "bindings on n0: none, ranks 0-8 may run on every processor\n");
}

static void a_topology_shows_what_is_forbidden(void **state)
{
    expect(
        &(struct job){1, 1, 1, .cpus = "0-2,4-7", .what = DISPLAY_TOPO},
        "topology of n0: 2 packages, 1 NUMA node, 1 L3 cache, 4 cores, 8 hardware threads, 7 of them usable (x: not)\n"
        "  package 0\n"
        "    [0,1] [2,x]\n"
        "  package 1\n"
        "    [4,5] [6,7]\n");
    expect(&(struct job){2, 1, 1, "pack:1 core:64 pu:1", .what = DISPLAY_TOPO},
           "topology of n0, n1: 1 package, 1 NUMA node, 1 L3 cache, 64 cores, 64 hardware threads\n"
           "  [0] [1] ... [63] (64 cores)\n");
}

static void everything_fits_a_screen(void **state)
{
    char *text = draw(&(struct job){10000, 100, 999950, "pack:2 numa:4 l3:2 core:8 pu:2",
                                    .what = DISPLAY_MAP | DISPLAY_BINDINGS | DISPLAY_TOPO});
    unsigned lines = 0;
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        lines++;
    assert_in_range(lines, 20, 100);
    assert_null(strstr(text, " \n  package"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_shows_ranks_and_free_slots),         cmocka_unit_test(a_large_map_is_a_screenful),
        cmocka_unit_test(bindings_show_the_cores_with_their_ranks), cmocka_unit_test(what_other_jobs_have_is_said),
        cmocka_unit_test(shared_bindings_show_sets_of_processors),  cmocka_unit_test(no_binding_is_said),
        cmocka_unit_test(a_topology_shows_what_is_forbidden),       cmocka_unit_test(everything_fits_a_screen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
