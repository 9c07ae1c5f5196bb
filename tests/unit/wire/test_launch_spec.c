/* SPDX-License-Identifier: BSD-3-Clause
 *
 * test_launch_spec: launch descriptions, there and back. */
#include "wire/launch_spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *args[] = {"prog", "", "a b\n", NULL}, *env[] = {"A=1", "B=", NULL}, *bindings[] = {"0-1", "2-3", NULL};
static uint32_t nodes[] = {0, 0, 1, 1}, apps[] = {0, 0, 0, 0}, bound[] = {1, 2, 1, 2};

/* Two nodes, four ranks. */
static void make(struct launch_spec *s)
{
    *s = (struct launch_spec){.job = 3, .flags = LAUNCH_COLLAPSE, .napps = 1, .nenvs = 1, .universe_size = 9};
    rankmap_build(&s->map, nodes, 4, 2);
    s->apps = calloc(1, sizeof *s->apps);
    strings_copy(&s->apps[0].argv, args, 3);
    strings_copy(&s->apps[0].templates, env, 1);
    s->apps[0].wdir = strdup("/tmp");
    s->apps[0].path = strdup("");
    s->envs = calloc(1, sizeof *s->envs);
    strings_copy(&s->envs[0], env, 2);
    rank_runs_build(&s->app_of_rank, apps, 4);
    strings_copy(&s->bindings, bindings, 2);
    rank_runs_build(&s->binding_of_rank, bound, 4);
    s->stdin_ranks = calloc(1, sizeof *s->stdin_ranks);
    s->stdin_ranks[0] = (struct rank_range){1, 2};
    s->nstdin = 1;
    s->label = strdup("[{rank}] ");
    s->output_dir = strdup("");
    s->outfile = strdup("");
    s->errfile = strdup("");
    s->kvsname = strdup("kvs");
    s->spawner = strdup("");
}

static bool decode(const void *p, size_t n, struct launch_spec *s)
{
    struct rbuf r;
    rbuf_init(&r, p, n);
    return launch_spec_get(&r, s);
}

static void comes_back(void **state)
{
    struct launch_spec s, t;
    struct buf b;
    make(&s);
    buf_init(&b);
    launch_spec_put(&b, &s);
    assert_true(decode(b.data, b.len, &t));
    assert_int_equal(t.job, 3);
    assert_int_equal(t.flags, LAUNCH_COLLAPSE);
    assert_int_equal(t.universe_size, 9);
    assert_int_equal(t.apps[0].argv.n, 3);
    assert_string_equal(t.apps[0].argv.v[2], "a b\n");
    assert_null(t.apps[0].argv.v[3]);
    assert_string_equal(t.envs[0].v[1], "B=");
    for (uint32_t i = 0; i < 4; i++) {
        assert_int_equal(rank_runs_at(&t.binding_of_rank, i), bound[i]);
        assert_int_equal(launch_spec_takes_stdin(&t, i), i == 1 || i == 2);
    }
    launch_spec_fini(&s);
    launch_spec_fini(&t);
    buf_fini(&b);
}

static void every_cut_and_every_longer_one_is_refused(void **state)
{
    struct launch_spec s, t;
    struct buf b;
    make(&s);
    buf_init(&b);
    launch_spec_put(&b, &s);
    for (size_t n = 0; n < b.len; n++) {
        void *exact = malloc(n ? n : 1); /* so that a sanitizer sees a read past its end */
        memcpy(exact, b.data, n);
        assert_false(decode(exact, n, &t));
        assert_null(t.apps);
        free(exact);
    }
    buf_put_u8(&b, 0);
    assert_false(decode(b.data, b.len, &t));
    launch_spec_fini(&s);
    buf_fini(&b);
}

/* Changes one thing of a good description, and sees it refused. */
static void refuse(void (*change)(struct launch_spec *s))
{
    struct launch_spec s, t;
    struct buf b;
    make(&s);
    change(&s);
    buf_init(&b);
    launch_spec_put(&b, &s);
    assert_false(decode(b.data, b.len, &t));
    launch_spec_fini(&s);
    buf_fini(&b);
}

static void environment_beyond(struct launch_spec *s)
{
    s->apps[0].env = 1;
}

static void application_beyond(struct launch_spec *s)
{
    s->app_of_rank.v[0].start = 1;
}

static void applications_climb_beyond(struct launch_spec *s)
{
    s->app_of_rank.v[0].step = 1;
}

static void ranks_without_application(struct launch_spec *s)
{
    s->app_of_rank.v[0].count = 3;
}

static void empty_run(struct launch_spec *s)
{
    s->app_of_rank.v[0].count = 0;
}

static void binding_beyond(struct launch_spec *s)
{
    s->binding_of_rank.v[0].start = 3;
}

static void no_arguments(struct launch_spec *s)
{
    while (s->apps[0].argv.n)
        free(s->apps[0].argv.v[--s->apps[0].argv.n]);
}

static void inconsistent(void **state)
{
    refuse(environment_beyond);
    refuse(application_beyond);
    refuse(applications_climb_beyond);
    refuse(ranks_without_application);
    refuse(empty_run);
    refuse(binding_beyond);
    refuse(no_arguments);
}

static void a_nul_inside_a_string_is_refused(void **state)
{
    struct launch_spec s, t;
    struct buf b;
    make(&s);
    buf_init(&b);
    launch_spec_put(&b, &s);
    unsigned char *at = memmem(b.data, b.len, "prog", 4);
    assert_non_null(at);
    at[1] = 0;
    assert_false(decode(b.data, b.len, &t));
    launch_spec_fini(&s);
    buf_fini(&b);
}

static void runs_of_any_pattern(void **state)
{
    uint32_t v[500];
    for (uint32_t seed = 0; seed < 50; seed++) {
        for (uint32_t i = 0; i < 500; i++)
            v[i] = seed == 0 ? i : seed == 1 ? 7 : (i * (seed + 1) * 2654435761u >> (20 + seed % 8)) % (seed + 1);
        struct rank_runs r;
        assert_int_equal(rank_runs_build(&r, v, 500), 0);
        assert_true(seed > 1 || r.n == 1);
        for (uint32_t i = 0; i < 500; i++)
            assert_int_equal(rank_runs_at(&r, i), v[i]);
        free(r.v);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back),          cmocka_unit_test(every_cut_and_every_longer_one_is_refused),
        cmocka_unit_test(inconsistent),        cmocka_unit_test(a_nul_inside_a_string_is_refused),
        cmocka_unit_test(runs_of_any_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
