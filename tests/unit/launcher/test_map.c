/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_map: which rank runs where, by tables.
 *
 * Plans are compared as text: "a:0 a:1 b:2" is host:rank by rank, and bindings are the lists by rank.
 */
#include "launcher/map/map.h"
#include "common/topo/topo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define SMT2 "pack:2 l3:2 core:2 pu:2" /* 2 packages of 2 L3 caches of 2 cores of 2 threads: 8 cores, 16 threads */

struct setup {
    const char *hosts; /* one letter a node */
    const char *slots; /* one digit a node */
    const char *topo;  /* NULL: none may be asked for */
    const char *cpus;
    const char *const *binds; /* NULL, or each node's own words for binding */
    const char *apps;         /* one digit an application, "0" for no count; NULL: "0" */
    struct map_request r;
};

struct made {
    struct map_node nodes[32];
    char names[32][2];
    struct map_app apps[16];
    struct map_request r;
    struct map_plan p;
    struct topo *topo;
    int loads;
    struct err e;
    int rc;
};

static struct topo *load(void *arg, const struct map_node *node, unsigned want, struct err *e)
{
    struct made *m = arg;
    m->loads++;
    if (!m->topo)
        fail_msg("a topology was asked for");
    return m->topo;
}

static void make(struct made *m, const struct setup *s)
{
    *m = (struct made){.r = s->r};
    const char *apps = s->apps ? s->apps : "0";
    m->r.nodes = m->nodes;
    m->r.nnodes = (uint32_t)strlen(s->hosts);
    for (uint32_t i = 0; i < m->r.nnodes; i++) {
        m->names[i][0] = s->hosts[i];
        m->nodes[i].name = m->names[i];
        m->nodes[i].bind_to = s->binds ? s->binds[i] : NULL;
        m->nodes[i].slots = s->slots ? (uint32_t)(s->slots[i] - '0') : 0;
        m->nodes[i].processors = s->r.nodes ? s->r.nodes->processors : 0;
        m->nodes[i].taken = s->r.nodes && !i ? s->r.nodes->taken : NULL;
        m->nodes[i].used = s->r.nodes && !i ? s->r.nodes->used : 0; /* on the first node alone */
    }
    m->r.apps = m->apps;
    m->r.napps = (uint32_t)strlen(apps);
    for (uint32_t i = 0; i < m->r.napps; i++) {
        m->apps[i].np = (uint32_t)(apps[i] - '0');
        m->apps[i].nodes = s->r.apps ? s->r.apps[i].nodes : NULL;
    }
    if (s->topo) {
        m->topo = topo_synthetic(s->topo, s->cpus, &m->e);
        assert_non_null(m->topo);
    }
    m->r.topo_load = load;
    m->r.arg = m;
    m->rc = map_make(&m->p, &m->r, &m->e);
}

static void unmake(struct made *m)
{
    map_fini(&m->p);
    topo_destroy(m->topo);
}

static void check_locals(const struct made *m)
{
    uint32_t seen[32] = {0};
    for (uint32_t i = 0; i < m->p.nranks; i++)
        assert_int_equal(m->p.ranks[i].local_rank, seen[m->p.ranks[i].node]++);
}

/* expected: the node letters by rank, then, if bound, the lists: "aab 0-1 2-3 0-1" */
static void expect(const struct setup *s, const char *expected)
{
    struct made m;
    char text[1024], *t = text;
    make(&m, s);
    if (m.rc)
        fail_msg("expected %s, failed with: %s", expected, m.e.text);
    check_locals(&m);
    for (uint32_t i = 0; i < m.p.nranks; i++)
        *t++ = m.nodes[m.p.ranks[i].node].name[0];
    *t = '\0';
    for (uint32_t i = 0; i < m.p.nranks && m.p.nbindings; i++)
        t += sprintf(t, " %s", m.p.ranks[i].binding < 0 ? "-" : m.p.bindings[m.p.ranks[i].binding]);
    assert_string_equal(text, expected);
    unmake(&m);
}

static void expect_error(const struct setup *s, const char *part)
{
    struct made m;
    make(&m, s);
    assert_int_equal(m.rc, -1);
    if (!strstr(m.e.text, part))
        fail_msg("\"%s\" does not say \"%s\"", m.e.text, part);
    unmake(&m);
}

#define R(...) .r = {__VA_ARGS__}
#define NONE .bind_to = "none"

static void slots_are_filled_in_turn(void **state)
{
    expect(&(struct setup){"ab", "21", .apps = "3", R(NONE)}, "aab");
    expect(&(struct setup){"ab", "21", .apps = "1", R(NONE)}, "a");
    expect(&(struct setup){"ab", "21", R(NONE)}, "aab");
    expect(&(struct setup){"abc", "222", .apps = "5", R(NONE)}, "aabbc");
    expect(&(struct setup){"abc", "222", .apps = "5", R(NONE, .map_by = "slot:span")}, "aabbc");
    expect(&(struct setup){"abc", "888", .apps = "6", R(NONE, .map_by = "slot:span")}, "aabbcc");
}

static void more_ranks_than_slots_are_shared_out_in_proportion(void **state)
{
    expect(&(struct setup){"ab", "11", .apps = "4", R(NONE)}, "aabb");
    expect(&(struct setup){"ab", "11", .apps = "5", R(NONE)}, "aaabb");
    expect(&(struct setup){"abc", "111", .apps = "8", R(NONE)}, "aaabbbcc");
    expect(&(struct setup){"ab", "21", .apps = "7", R(NONE)}, "aaaaabb");
    expect(&(struct setup){"ab", "12", .apps = "9", R(NONE)}, "aaabbbbbb");
}

static void rounds_by_node_respect_slots_first(void **state)
{
    expect(&(struct setup){"abc", "222", .apps = "5", R(NONE, .map_by = "node")}, "abcab");
    expect(&(struct setup){"ab", "13", .apps = "4", R(NONE, .map_by = "node")}, "abbb");
    expect(&(struct setup){"ab", "11", .apps = "5", R(NONE, .map_by = "node")}, "ababa");
    expect(&(struct setup){"ab", "44", .apps = "6", R(NONE, .map_by = "node:2")}, "aabbaa");
    expect(&(struct setup){"abc", "222", .apps = "5", R(NONE, .rank_by = "node")}, "abcab");
    expect(&(struct setup){"abc", "222", .apps = "5", R(NONE, .map_by = "node", .rank_by = "slot")}, "aabbc");
}

static void ranks_per_node_come_in_rounds(void **state)
{
    expect(&(struct setup){"abc", "888", .apps = "5", R(NONE, .ppn = 2)}, "aabbc");
    expect(&(struct setup){"abc", "111", R(NONE, .ppn = 2)}, "aabbcc");
    expect(&(struct setup){"ab", "11", .apps = "6", R(NONE, .ppn = 2)}, "aabbaa");
    expect(&(struct setup){"ab", "11", .apps = "4", R(NONE, .ppn = 1)}, "abab");
    expect(&(struct setup){"abc", "888", R(NONE, .map_by = "ppr:2:node")}, "aabbcc");
    expect(&(struct setup){"ab", "88", .apps = "4", R(NONE, .ppn = 2, .map_by = "node")}, "abab");
}

static void applications_continue_where_the_one_before_ended(void **state)
{
    const bool on_b[] = {false, true, false};
    const struct map_app one_on_b[] = {{.nodes = on_b}, {0}};
    expect(&(struct setup){"ab", "22", .apps = "13", R(NONE)}, "aabb");
    expect(&(struct setup){"ab", "22", .apps = "26", R(NONE)}, "aaaabbbb");
    expect(&(struct setup){"abc", "222", .apps = "14", R(NONE, .apps = one_on_b)}, "baabc");
    expect_error(&(struct setup){"ab", "22", .apps = "20", R(NONE)}, "application 2 does not say how many");
    const bool nowhere[] = {false, false};
    const struct map_app one_nowhere[] = {{.nodes = nowhere}};
    expect_error(&(struct setup){"ab", "22", .apps = "2", R(NONE, .apps = one_nowhere)}, "application 1 has no host");
}

static void unknown_slots_are_the_processors(void **state)
{
    expect(&(struct setup){"ab", NULL, "core:2 pu:1", R(NONE)}, "aabb");
    expect(&(struct setup){"a", NULL, "core:4 pu:1", "1,3", R(NONE)}, "aa");
    expect(&(struct setup){"abc", NULL, "core:4 pu:1", .apps = "3", R(NONE)}, "abc"); /* shared, not filled */
    expect(&(struct setup){"ab", NULL, "core:4 pu:1", .apps = "5", R(NONE)}, "aaabb");
    expect(&(struct setup){"ab", NULL, "core:2 pu:1", .apps = "4", R(NONE, .no_oversubscribe = true)}, "aabb");
    expect_error(&(struct setup){"ab", NULL, "core:2 pu:1", .apps = "5", R(NONE, .no_oversubscribe = true)},
                 "do not fit in the 4 slots");
    expect(&(struct setup){"a", NULL, .r = {NONE, .nodes = &(struct map_node){.processors = 3}}}, "aaa");
}

static void each_rank_gets_a_core_by_default(void **state)
{
    expect(&(struct setup){"a", "2", "core:2 pu:1"}, "aa 0 1");
    expect(&(struct setup){"a", "8", SMT2, .apps = "8"}, "aaaaaaaa 0-1 2-3 4-5 6-7 8-9 10-11 12-13 14-15");
    expect(&(struct setup){"a", "8", SMT2, .apps = "9"}, "aaaaaaaaa");
    expect(&(struct setup){"a", "1", "core:2 pu:1", .apps = "4"}, "aaaa");
}

static void ranks_share_the_cores_that_there_are(void **state)
{
    expect(&(struct setup){"a", "8", SMT2, .apps = "2"}, "aa 0-7 8-15");
    expect(&(struct setup){"a", "8", SMT2, .apps = "3"}, "aaa 0-3 4-7 8-11"); /* to each as many as to the others */
    expect(&(struct setup){"a", "8", SMT2, .apps = "4"}, "aaaa 0-3 4-7 8-11 12-15");
    expect(&(struct setup){"a", "8", SMT2, .apps = "5"}, "aaaaa 0-1 2-3 6-7 8-9 12-13");
    expect(&(struct setup){"a", "8", "core:5 pu:1", "0,2-4", .apps = "2"}, "aa 0,2 3-4");
    expect(&(struct setup){"a", "2", SMT2, R(.map_by = "slot:hwtcpus")}, "aa 0-7 8-15");
    expect(&(struct setup){"a", "1", .apps = "1"}, "a"); /* all of them: not bound */
    expect(&(struct setup){"ab", "11", .apps = "2"}, "ab");
    expect(&(struct setup){"a", "1", SMT2, .apps = "1", R(.map_by = "socket")}, "a 0-7");
    expect(&(struct setup){"a", "1", SMT2, .apps = "1", R(.cpus_per_rank = 1)}, "a 0-1");
}

static void threads_are_processors_where_they_fit(void **state)
{
    expect(&(struct setup){"a", "2", SMT2, R(.threads = 2)}, "aa 0-3 8-11");
    expect(&(struct setup){"a", "8", SMT2, .apps = "1", R(.threads = 1)}, "a 0-1");
    expect(&(struct setup){"a", NULL, SMT2, R(.threads = 4)}, "aa 0-7 8-15"); /* so many ranks */
    expect(&(struct setup){"a", "4", SMT2, R(.threads = 4)}, "aaaa 0-3 4-7 8-11 12-15");
    expect(&(struct setup){"a", "8", SMT2, .apps = "9", R(.threads = 2)}, "aaaaaaaaa");
    expect(&(struct setup){"a", "2", SMT2, R(.threads = 4, .cpus_per_rank = 1)}, "aa 0-1 8-9");
    expect(&(struct setup){"a", "2", SMT2, R(.threads = 4, .map_by = "slot:pe=2")}, "aa 0-3 8-11");
    expect(&(struct setup){"a", "2", SMT2, R(.threads = 2, .bind_to = "core")}, "aa 0-3 8-11");
}

/* taken: on the first node alone */
static void what_other_jobs_have_is_left_to_them(void **state)
{
    struct map_node some = {.taken = "0-3,9"}, most = {.taken = "1-15"}, all = {.taken = "0-15"},
                    alien = {.taken = "77"};
    expect(&(struct setup){"a", "2", SMT2, R(.nodes = &some)}, "aa 4-7 10-13");
    expect(&(struct setup){"a", "1", SMT2, .apps = "1", R(.nodes = &some)}, "a 4-7,10-15");
    expect(&(struct setup){"a", "5", SMT2, R(.nodes = &some)}, "aaaaa 4-5 6-7 10-11 12-13 14-15");
    expect(&(struct setup){"a", "6", SMT2, R(.nodes = &some)}, "aaaaaa 0-1 2-3 4-5 8-9 10-11 12-13"); /* too many */
    expect(&(struct setup){"a", "2", SMT2, R(.nodes = &some, .map_by = "socket")}, "aa 4-7 10-13");
    expect(&(struct setup){"a", "2", SMT2, R(.nodes = &some, .threads = 1)}, "aa 4-5 10-11");
    expect(&(struct setup){"a", "1", SMT2, .apps = "1", R(.nodes = &most)}, "a");
    expect(&(struct setup){"a", "2", SMT2, R(.nodes = &all)}, "aa 0-7 8-15");
    expect(&(struct setup){"a", "2", SMT2, R(.nodes = &alien)}, "aa 0-7 8-15");
    expect(&(struct setup){"a", "2", SMT2, R(.nodes = &some, .bind_to = "core")}, "aa 0-1 8-9"); /* obeyed */
    expect(&(struct setup){"ab", "22", SMT2, R(.nodes = &some)}, "aabb 4-7 10-13 0-7 8-15");
}

static void more_ranks_than_processors_need_no_topology(void **state)
{
    expect(&(struct setup){"a", "2", .apps = "4", .r = {.nodes = &(struct map_node){.processors = 2}}}, "aaaa");
    expect(&(struct setup){"ab", "22", R(NONE)}, "aabb");
    expect(&(struct setup){"ab", "22", R(.shared = true)}, "aabb");
}

static void a_topology_is_loaded_once_a_node(void **state)
{
    struct made m;
    make(&m, &(struct setup){"abc", NULL, SMT2, .apps = "9", R(.map_by = "socket", .rank_by = "core")});
    assert_int_equal(m.rc, 0);
    assert_int_equal(m.loads, 3);
    unmake(&m);
}

static void simulated_nodes_are_bound_only_on_demand(void **state)
{
    expect(&(struct setup){"ab", "22", "core:2 pu:1", R(.shared = true)}, "aabb");
    expect(&(struct setup){"a", "2", "core:2 pu:1", R(.shared = true)}, "aa 0 1");
    expect(&(struct setup){"ab", "22", "core:2 pu:1", R(.shared = true, .bind_to = "core")}, "aabb 0 1 0 1");
}

static void a_quota_is_no_set_of_processors(void **state)
{
    struct map_node quota = {.processors = 2};
    expect(&(struct setup){"a", "2", "core:8 pu:1", .r = {.nodes = &quota}}, "aa");
    expect(&(struct setup){"a", "2", "core:8 pu:1", .r = {.nodes = &quota, .bind_to = "core"}}, "aa 0 4");
}

static void forbidden_processors_are_left_out(void **state)
{
    expect(&(struct setup){"a", "2", "core:4 pu:1", "1,3"}, "aa 1 3");
    expect(&(struct setup){"a", "4", "core:4 pu:1", "1,3"}, "aaaa");
    expect(&(struct setup){"a", NULL, "core:4 pu:2", "1,4-5"}, "aaa");     /* 2 cores, one of them half */
    expect(&(struct setup){"a", "2", "core:4 pu:2", "1,4-5"}, "aa 1 4-5"); /* the half core is usable */
    expect(&(struct setup){"a", "3", "core:4 pu:2", "1,4-5", R(.bind_to = "hwthread")}, "aaa 1 4 5");
}

static void objects_are_bound_to(void **state)
{
    expect(&(struct setup){"a", "2", SMT2, R(.bind_to = "socket")}, "aa 0-7 8-15");
    expect(&(struct setup){"a", "2", SMT2, R(.bind_to = "PACKAGE")}, "aa 0-7 8-15");
    expect(&(struct setup){"a", "2", SMT2, R(.bind_to = "l3cache")}, "aa 0-3 8-11");
    expect(&(struct setup){"a", "2", SMT2, R(.bind_to = "machine")}, "aa 0-15 0-15");
    expect(&(struct setup){"a", "2", SMT2, R(.bind_to = "core:2")}, "aa 0-3 8-11");
    expect(&(struct setup){"a", "4", SMT2, R(.bind_to = "core:2")}, "aaaa 0-3 4-7 8-11 12-15");
    expect(&(struct setup){"a", "4", SMT2, R(.bind_to = "core", .cpus_per_rank = 2)}, "aaaa 0-3 4-7 8-11 12-15");
    expect(&(struct setup){"a", "2", SMT2, R(.bind_to = "hwthread")}, "aa 0 8");
    expect(&(struct setup){"a", "2", SMT2, R(.bind_to = "rr")}, "aa 0 1");
    expect(&(struct setup){"a", "3", "core:2 pu:1", R(.bind_to = "rr")}, "aaa 0 1 0");
    expect(&(struct setup){"a", "3", SMT2, R(.bind_to = "user:0+2,1,4-6")}, "aaa 0,2 1 4-6");
    expect(&(struct setup){"a", "3", SMT2, R(.bind_to = "user:0+2,1")}, "aaa 0,2 1 0,2");
    expect(&(struct setup){"a", "1", SMT2, R(.bind_to = "core:99")}, "a 0-15");
    expect(&(struct setup){"a", "4", "core:2 pu:1", R(.bind_to = "core")}, "aaaa 0 0 1 1");
}

static void objects_are_mapped_by(void **state)
{
    expect(&(struct setup){"a", "4", SMT2, R(.map_by = "socket")}, "aaaa 0-3 8-11 4-7 12-15");
    expect(&(struct setup){"a", "4", SMT2, R(.map_by = "socket", .rank_by = "slot")}, "aaaa 0-3 4-7 8-11 12-15");
    expect(&(struct setup){"a", "4", SMT2, R(.map_by = "socket", .bind_to = "socket")}, "aaaa 0-7 8-15 0-7 8-15");
    expect(&(struct setup){"a", "3", SMT2, R(.map_by = "core")}, "aaa 0-1 2-3 4-5");
    expect(&(struct setup){"a", "3", SMT2, R(.map_by = "hwthread")}, "aaa 0 1 2");
    expect(&(struct setup){"a", "3", SMT2, R(.map_by = "core:2")}, "aaa 0-3 4-7 8-11");
    expect(&(struct setup){"a", "3", SMT2, R(.map_by = "core:PE=2")}, "aaa 0-3 4-7 8-11");
    expect(&(struct setup){"a", "2", SMT2, R(.map_by = "socket:PE=2")}, "aa 0-3 8-11");
    expect(&(struct setup){"a", "3", SMT2, R(.map_by = "core", .bind_to = "socket")}, "aaa 0-7 0-7 0-7");
    expect(&(struct setup){"ab", "88", SMT2, R(.map_by = "ppr:1:socket")}, "aabb 0-7 8-15 0-7 8-15");
    expect(&(struct setup){"a", "8", SMT2, R(.map_by = "ppr:2:socket")}, "aaaa 0-3 4-7 8-11 12-15");
    expect(&(struct setup){"a", "4", SMT2, R(.map_by = "core", .rank_by = "socket", .bind_to = "core")},
           "aaaa 0-1 2-3 4-5 6-7");
    expect(&(struct setup){"a", "8", SMT2, R(.map_by = "core", .rank_by = "socket")},
           "aaaaaaaa 0-1 8-9 2-3 10-11 4-5 12-13 6-7 14-15");
    expect(&(struct setup){"a", "4", "core:4 pu:1", R(.map_by = "numa")}, "aaaa 0 1 2 3");
    expect(&(struct setup){"a", "9", SMT2, R(.map_by = "socket")},
           "aaaaaaaaa 0-7 8-15 0-7 8-15 0-7 8-15 0-7 8-15 0-7"); /* threads for all, cores not */
}

static void processors_of_a_rank_share_a_cache_or_package(void **state)
{
    const char *two = "pack:2 core:8 pu:1", *caches = "pack:2 l3:2 core:4 pu:1";
    expect(&(struct setup){"a", "2", two, R(.cpus_per_rank = 3)}, "aa 0-2 8-10");
    expect(&(struct setup){"a", "3", two, R(.cpus_per_rank = 3)}, "aaa 0-2 3-5 8-10");
    expect(&(struct setup){"a", "4", two, R(.cpus_per_rank = 3)}, "aaaa 0-2 3-5 8-10 11-13");
    expect(&(struct setup){"a", "5", two, R(.cpus_per_rank = 3)}, "aaaaa 0-2 3-5 6-8 9-11 12-14");
    expect(&(struct setup){"a", "4", caches, R(.cpus_per_rank = 3)}, "aaaa 0-2 4-6 8-10 12-14");
    expect(&(struct setup){"a", "2", caches, R(.cpus_per_rank = 5)}, "aa 0-4 8-12");
    expect(&(struct setup){"a", "3", caches, "0-9", R(.cpus_per_rank = 2)}, "aaa 0-1 2-3 4-5");
    expect(&(struct setup){"a", "6", caches, R(.bind_to = "core:2")}, "aaaaaa 0-1 2-3 4-5 8-9 10-11 12-13");
}

static void processors_for_each_rank_make_fewer_slots(void **state)
{
    expect(&(struct setup){"a", NULL, SMT2, R(.cpus_per_rank = 2)}, "aaaa 0-3 4-7 8-11 12-15");
    expect(&(struct setup){"a", NULL, SMT2, R(.map_by = "slot:PE=4")}, "aa 0-7 8-15");
    expect(&(struct setup){"a", NULL, SMT2, R(.map_by = "slot:PE=4:HWTCPUS")}, "aaaa 0-3 4-7 8-11 12-15");
    expect(&(struct setup){"a", NULL, "core:2 pu:1", R(.cpus_per_rank = 4)}, "a");
}

static void wrong_words_are_refused(void **state)
{
    static const struct {
        struct map_request r;
        const char *part;
    } cases[] = {
        {{.map_by = "cor"}, "--map-by: unknown object \"cor\""},
        {{.map_by = ""}, "--map-by: unknown object \"\""},
        {{.map_by = "core:x"}, "\"x\" is neither a number"},
        {{.map_by = "core:0"}, "\"0\" is neither a number"},
        {{.map_by = "core:pe=0"}, "pe=0: a number of processors"},
        {{.map_by = "ppr"}, "such as ppr:2:socket"},
        {{.map_by = "ppr:x:core"}, "such as ppr:2:socket"},
        {{.map_by = "ppr:2:foo"}, "unknown object \"foo\""},
        {{.map_by = "rankfile"}, "rankfile:file=NAME"},
        {{.rank_by = "x"}, "--rank-by: unknown order \"x\""},
        {{.bind_to = "cores!"}, "--bind-to: unknown object \"cores!\""},
        {{.bind_to = "core:99999999999999999999"}, "neither a number"},
        {{.bind_to = "user"}, "user:0+2,1+3"},
        {{.bind_to = "user:"}, "is not a list of processors"},
        {{.bind_to = "user:0,,1"}, "is not a list of processors"},
        {{.bind_to = "user:0,16"}, "processor 16 may not be used on host a; it has 0-15"},
        {{.rankmap = "0", .rankfile = "x"}, "use one of them"},
        {{.rankfile = "/nonexistent/file"}, "unable to read /nonexistent/file: No such file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_error(&(struct setup){"a", "2", SMT2, .r = cases[i].r}, cases[i].part);
    expect_error(&(struct setup){"", "", .apps = "1"}, "no host");
    expect_error(&(struct setup){"a", "1", .apps = ""}, "no program");
}

static void oversubscription_is_refused_with_a_table(void **state)
{
    struct setup s = {"ab", "22", .apps = "6", R(NONE, .no_oversubscribe = true)};
    expect_error(&s, "6 ranks do not fit in the 4 slots of 2 hosts (--no-oversubscribe)\n");
    expect_error(&s, "\n        2       3  a to b, each of 2");
    expect_error(&s, "-n 4");
    expect_error(&s, "--hosts a:3,b:3");
    expect_error(&(struct setup){"ab", "22", .apps = "6", R(NONE, .map_by = "node:NOOVERSUBSCRIBE")}, "do not fit");
    expect(&(struct setup){"ab", "22", .apps = "4", R(NONE, .no_oversubscribe = true)}, "aabb");
    expect_error(&(struct setup){"ab", "41", .apps = "4", R(NONE, .ppn = 2, .no_oversubscribe = true)},
                 "--map-by slot");
    expect_error(&(struct setup){"ab", "22", .apps = "3", R(NONE, .rankmap = "0", .no_oversubscribe = true)},
                 "do not fit");
}

static void hosts_are_taken_as_often_as_they_are_named(void **state)
{
    static const uint32_t in_turn[] = {1, 0, 1};
    const bool all[] = {true, true};
    const struct map_app own = {.nodes = all};
    struct map_request seq = {NONE, .map_by = "seq", .sequence = in_turn, .nsequence = 3};
    expect(&(struct setup){"ab", "12", .r = seq}, "bab");
    expect(&(struct setup){"ab", "12", .apps = "2", .r = seq}, "ba");
    expect(&(struct setup){"ab", "12", .apps = "14", .r = seq}, "babba");
    expect(&(struct setup){"ab", "12", .apps = "2", R(NONE, .map_by = "seq")}, "ab"); /* nobody has named any */
    seq.no_oversubscribe = true;
    expect_error(&(struct setup){"ab", "12", .apps = "5", .r = seq}, "do not fit");
    seq.apps = &own;
    expect_error(&(struct setup){"ab", "12", .apps = "2", .r = seq}, "application 1 has its own");
}

static void the_rank_map_speaks(void **state)
{
    expect(&(struct setup){"ab", "11", R(NONE, .rankmap = "0,0,1,1")}, "aabb");
    expect(&(struct setup){"ab", "11", .apps = "6", R(NONE, .rankmap = " 0, 1 ,1")}, "abbabb");
    expect(&(struct setup){"ab", "11", .apps = "3", R(NONE, .rankmap = "1")}, "bbb");
    expect(&(struct setup){"abcd", "1111", R(NONE, .rankmap = "(vector,(0,4,2))")}, "aabbccdd");
    expect(&(struct setup){"abcd", "1111", .apps = "9", R(NONE, .rankmap = "(vector,(0,2,2),(3,1,1))")}, "aabbdaabb");
    expect(&(struct setup){"ab", "11", R(NONE, .rankmap = "(0,2,1),(1,1,3)")}, "abbbb");
    expect(&(struct setup){"ab", "11", R(NONE, .rankmap = "(vector,0,1,(0,2,1))")}, "abab");
    expect(&(struct setup){"ab", "11", R(NONE, .rankmap = "0,[0,1]x2,1")}, "aababb");
    expect(&(struct setup){"ab", "11", R(NONE, .rankmap = "[[0]x2,1]x2,[1]x1")}, "aabaabb");
    static const char *const wrong[][2] = {
        {"[0,1]", "x8"},
        {"[0,1x2", "a closing bracket"},
        {"[0,1]x0", "zero times"},
        {"[0]x99999999", "too large"},
        {"[[0]x9999999]x9999999", "more ranks"},
        {"[[[[[[[[[[[[[[[[[[[[[", "too deeply"},
        {"[]x2", "a number is expected"},
        {"", "a number is expected"},
        {"0,", "a number is expected"},
        {"0,2", "nodes 0 to 1"},
        {"x", "a number is expected"},
        {"0 1", "should end here"},
        {"(vector", "a comma"},
        {"(vector,)", "a number is expected"},
        {"(vector,(0,2,1)", "a closing parenthesis"},
        {"(vector,(0,3,1))", "no such node"},
        {"(0,0,1)", "empty"},
        {"(0,1,0)", "empty"},
        {"99999999999", "too large"},
        {"(0,1,16777216),(0,1,1)", "more ranks"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_error(&(struct setup){"ab", "11", .apps = "2", R(NONE, .rankmap = wrong[i][0])}, wrong[i][1]);
    expect_error(&(struct setup){"a", "1", R(NONE, .rankmap = "0,0,1")},
                 "-rankmap: there is no such node: the only host is node 0\n  0,0,1\n      ^");
}

static void ranks_of_other_jobs_have_their_slots_and_processors(void **state)
{
    struct map_node used = {.processors = 4, .used = 3}, full = {.processors = 4, .used = 4};
    expect(&(struct setup){"ab", "44", .apps = "3", R(NONE, .nodes = &used)}, "abb");
    expect(&(struct setup){"ab", "44", .apps = "3", R(NONE, .nodes = &full)}, "bbb");
    expect(&(struct setup){"ab", "44", .apps = "4", R(NONE, .nodes = &used, .map_by = "node")}, "abbb");
    expect(&(struct setup){"a", "4", .apps = "1", R(.nodes = &used)}, "a"); /* not bound: to whose core? */
    expect(&(struct setup){"a", "4", .apps = "1", R(NONE, .nodes = &used, .no_oversubscribe = true)}, "a");
    expect_error(&(struct setup){"a", "4", .apps = "2", R(NONE, .nodes = &used, .no_oversubscribe = true)},
                 "2 ranks do not fit in the 4 slots of 1 host beside 3 ranks of other jobs");
    expect_error(&(struct setup){"a", "4", .apps = "2", R(NONE, .nodes = &used, .no_oversubscribe = true)}, "-n 1,");
    expect_error(&(struct setup){"a", "4", .apps = "2", R(NONE, .nodes = &full, .no_oversubscribe = true)},
                 "no slot is left");
}

static void what_was_lent_is_taken_back(void **state)
{
    struct map_node node = {.name = "a"};
    struct map_app app = {.np = 1};
    struct map_request r = {.nodes = &node, .nnodes = 1, .apps = &app, .napps = 1, .bind_to = "core"};
    struct map_plan p;
    struct err e;
    assert_int_equal(map_make(&p, &r, &e), 0);
    assert_non_null(node.topo);
    map_fini(&p);
    assert_null(node.topo);
    r.bind_to = "user:65535"; /* fails when the topology is there already */
    assert_int_equal(map_make(&p, &r, &e), -1);
    assert_null(node.topo);
}

static struct topo *load_nothing(void *arg, const struct map_node *node, unsigned want, struct err *e)
{
    err_set(e, "there is no topology");
    return NULL;
}

static void without_a_topology_only_explicit_wishes_fail(void **state)
{
    struct map_node node = {.name = "a", .slots = 2};
    struct map_app app = {.np = 2};
    struct map_request r = {.nodes = &node, .nnodes = 1, .apps = &app, .napps = 1, .topo_load = load_nothing};
    struct map_plan p;
    struct err e;
    assert_int_equal(map_make(&p, &r, &e), 0);
    assert_int_equal(p.ranks[0].binding, -1);
    assert_string_equal(p.warning, "ranks on host a are not bound: there is no topology");
    map_fini(&p);
    r.bind_to = "core";
    assert_int_equal(map_make(&p, &r, &e), -1);
    assert_string_equal(e.text, "there is no topology");
    r.bind_to = NULL;
    r.map_by = "ppr:1:socket";
    assert_int_equal(map_make(&p, &r, &e), -1);
}

static void a_node_may_have_a_binding_of_its_own(void **state)
{
    static const char *const binds[] = {"user:0+2,1", NULL, "none", "socket"}, *const wrong[] = {NULL, "teapot"};
    static const char *const same[] = {"core", "core", "core", "core"};
    expect(&(struct setup){"abcd", "2222", "pack:2 core:4 pu:1", .binds = binds}, "aabbccdd 0,2 1 0-3 4-7 - - 0-3 4-7");
    expect(&(struct setup){"abcd", "1111", "pack:2 core:4 pu:1", .binds = same}, "abcd 0 0 0 0");
    /* what the request says holds for all */
    expect(&(struct setup){"abcd", "1111", "pack:2 core:4 pu:1", .binds = binds, R(.bind_to = "core")}, "abcd 0 0 0 0");
    expect_error(&(struct setup){"ab", "11", "pack:2 core:4 pu:1", .binds = wrong},
                 "binding=teapot of host b: --bind-to: unknown object");
}

static void crowded_bindings_are_warned_of(void **state)
{
    struct made m;
    make(&m, &(struct setup){"a", "4", "core:2 pu:1", R(.bind_to = "core")});
    assert_int_equal(m.rc, 0);
    assert_string_equal(m.p.warning, "2 ranks are bound to processor 0 of host a; --bind-to none lets them share all");
    assert_true(m.p.oversubscribed);
    unmake(&m);
    make(&m, &(struct setup){"a", "4", "core:2 pu:2", R(.bind_to = "core")});
    assert_null(m.p.warning);
    assert_false(m.p.oversubscribed);
    unmake(&m);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void a_million_ranks_on_ten_thousand_nodes_are_planned_at_once(void **state)
{
    enum { NODES = 10000, RANKS = 1000000 };
    static const struct map_request ways[] = {
        {0},
        {.map_by = "node"},
        {.map_by = "socket", .rank_by = "core"},
        {.ppn = 1},
        {.map_by = "slot:span", .rank_by = "node"},
        {.rankmap = "(vector,(0,10000,100))"},
        {.bind_to = "hwthread"},
    };
    struct err e;
    struct topo *t = topo_synthetic("pack:2 core:64 pu:2", NULL, &e);
    struct map_node *nodes = calloc(NODES, sizeof *nodes);
    struct map_app app = {.np = RANKS};
    for (int i = 0; i < NODES; i++)
        nodes[i] = (struct map_node){.name = "n", .slots = 100, .topo = t};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct map_request r = ways[i];
        struct map_plan p;
        r.nodes = nodes;
        r.nnodes = NODES;
        r.apps = &app;
        r.napps = 1;
        double start = seconds();
        assert_int_equal(map_make(&p, &r, &e), 0);
        double took = seconds() - start;
        if (took > 5) /* 0.02 s; quadratic ones take minutes */
            fail_msg("way %zu took %.3f s", i, took);
        assert_int_equal(p.nranks, RANKS);
        assert_true(p.nbindings <= 256);
        map_fini(&p);
    }
    free(nodes);
    topo_destroy(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_are_filled_in_turn),
        cmocka_unit_test(more_ranks_than_slots_are_shared_out_in_proportion),
        cmocka_unit_test(rounds_by_node_respect_slots_first),
        cmocka_unit_test(ranks_per_node_come_in_rounds),
        cmocka_unit_test(applications_continue_where_the_one_before_ended),
        cmocka_unit_test(unknown_slots_are_the_processors),
        cmocka_unit_test(each_rank_gets_a_core_by_default),
        cmocka_unit_test(ranks_share_the_cores_that_there_are),
        cmocka_unit_test(threads_are_processors_where_they_fit),
        cmocka_unit_test(what_other_jobs_have_is_left_to_them),
        cmocka_unit_test(more_ranks_than_processors_need_no_topology),
        cmocka_unit_test(a_topology_is_loaded_once_a_node),
        cmocka_unit_test(simulated_nodes_are_bound_only_on_demand),
        cmocka_unit_test(a_quota_is_no_set_of_processors),
        cmocka_unit_test(forbidden_processors_are_left_out),
        cmocka_unit_test(objects_are_bound_to),
        cmocka_unit_test(objects_are_mapped_by),
        cmocka_unit_test(processors_of_a_rank_share_a_cache_or_package),
        cmocka_unit_test(processors_for_each_rank_make_fewer_slots),
        cmocka_unit_test(wrong_words_are_refused),
        cmocka_unit_test(oversubscription_is_refused_with_a_table),
        cmocka_unit_test(hosts_are_taken_as_often_as_they_are_named),
        cmocka_unit_test(the_rank_map_speaks),
        cmocka_unit_test(ranks_of_other_jobs_have_their_slots_and_processors),
        cmocka_unit_test(what_was_lent_is_taken_back),
        cmocka_unit_test(without_a_topology_only_explicit_wishes_fail),
        cmocka_unit_test(a_node_may_have_a_binding_of_its_own),
        cmocka_unit_test(crowded_bindings_are_warned_of),
        cmocka_unit_test(a_million_ranks_on_ten_thousand_nodes_are_planned_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
