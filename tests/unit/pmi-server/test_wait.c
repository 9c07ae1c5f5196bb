/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Gets that wait until their value is put: that they get it, from wherever, without a barrier; and that nobody waits
 * for what nobody can put any more.
 */
#include "fake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "pmi-server/barrier.h"
#include "pmi-server/fetch.h"

#define NOBODY "cmd=get_result rc=1 msg=no_rank_is_left_that_could_put_the_key_"

static void expect_all(struct tree *t, const uint32_t *ranks, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        tree_expect(t, ranks[i], "%s", text);
}

static void begin2(struct tree *t, uint32_t rank)
{
    tree_say(t, rank, "cmd=init pmi_version=2 pmi_subversion=0\n");
    tree_say2(t, rank, "cmd=fullinit;pmirank=%u;", rank);
    tree_run(t);
    tree_hear(t, rank);
}

static void a_server_says_that_it_can(void **state)
{
    struct tree *t = tree_new(1, 1, 2, false);
    tree_init_all(t);
    begin2(t, 1);
    tree_say(t, 0, "cmd=get kvsname=kvs_1 key=PMI_get_wait\n");
    tree_expect(t, 0, "cmd=get_result rc=0 value=1\n");
    tree_say2(t, 1, "cmd=info-getjobattr;key=PMI_get_wait;");
    tree_expect2(t, 1, "cmd=info-getjobattr-response;rc=0;found=TRUE;value=1;");
    tree_free(t);
}

static void a_value_comes_when_it_is_put(void **state)
{
    for (uint32_t depth = 1; depth <= 3; depth++)
        for (uint32_t putter = 0; putter < 14; putter++) {
            struct tree *t = tree_new(depth, 2, 14, true);
            struct fake_call got;
            uint32_t asker = (putter + 3) % 14, second = (putter + 5) % 14;
            tree_init_all(t);
            begin2(t, second);
            tree_say(t, asker, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
            tree_say2(t, second, "cmd=kvs-get;jobid=kvs_1;key=k;wait=TRUE;");
            pmi_get(fake_request(t, (putter + 7) % 14, PMI_VERB_GET, &got), NULL, PMI_RANK_UNKNOWN, "k", true);
            tree_expect(t, asker, "%s", "");
            tree_say(t, putter, "cmd=put kvsname=kvs_1 key=k value=v\n");
            tree_expect(t, putter, "cmd=put_result rc=0\n");
            tree_expect(t, asker, "cmd=get_result rc=0 value=v\n");
            tree_expect2(t, second, "cmd=kvs-get-response;rc=0;found=TRUE;value=v;");
            fake_expect(t, &got, "v", 1);
            /* And what was put before somebody waits: the same way, without a barrier. */
            tree_say(t, putter, "cmd=get kvsname=kvs_1 key=none\n");
            tree_expect(t, putter, "cmd=get_result rc=1 msg=no_value_for_the_key_none\n");
            tree_say(t, second, "cmd=put kvsname=kvs_1 key=l value=w\n");
            tree_say(t, asker, "cmd=get kvsname=kvs_1 key=l wait=TRUE\n");
            tree_expect(t, asker, "cmd=get_result rc=0 value=w\n");
            assert_int_equal(t->broken, 0);
            tree_free(t);
        }
}

static void what_was_put_before_anybody_waited_comes_too(void **state)
{
    for (uint32_t depth = 1; depth <= 3; depth++) {
        struct tree *t = tree_new(depth, 2, 6, true);
        tree_init_all(t);
        for (uint32_t r = 0; r < 6; r++)
            tree_say(t, r, "cmd=put kvsname=kvs_1 key=k%u value=v%u\n", r, r);
        tree_run(t);
        assert_int_equal(t->count[PMI_CONTROL_PUTS], 0);
        for (uint32_t r = 0; r < 6; r++) {
            tree_hear(t, r);
            tree_say(t, r, "cmd=get kvsname=kvs_1 key=k%u wait=TRUE\n", (r + 1) % 6);
        }
        for (uint32_t r = 0; r < 6; r++)
            tree_expect(t, r, "cmd=get_result rc=0 value=v%u\n", (r + 1) % 6);
        tree_free(t);
    }
}

static void a_job_of_one_node_waits_too(void **state)
{
    struct tree *t = tree_new(1, 1, 3, false);
    tree_init_all(t);
    tree_say(t, 0, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
    tree_expect(t, 0, "%s", "");
    tree_say(t, 1, "cmd=put kvsname=kvs_1 key=k value=v\n");
    tree_expect(t, 0, "cmd=get_result rc=0 value=v\n");
    tree_say(t, 0, "cmd=get kvsname=kvs_1 key=l wait=TRUE\n");
    tree_say(t, 1, "cmd=finalize\n");
    tree_expect(t, 0, "%s", "");
    tree_say(t, 2, "cmd=finalize\n");
    tree_expect(t, 0, NOBODY "l\n");
    tree_free(t);
}

/* The first subtree below mpiexec is lost, or below the first proxy. */
static void lose_child(struct tree *t, uint32_t depth)
{
    struct tree_proxy *top = &t->proxies[t->top[0]];
    if (depth == 1)
        pmi_root_child_gone(t->root, top->child_index);
    else
        pmi_server_child_gone(top->server, 0);
}

/* Ranks of a lost proxy put nothing more, whether somebody waited before or waits after that, in this job or a later.
 */
static void nobody_waits_for_a_subtree_that_is_lost(void **state)
{
    for (uint32_t depth = 1; depth <= 2; depth++) {
        for (int before = 0; before < 2; before++) {
            struct tree *t = tree_new(depth, 2, depth == 1 ? 2 : 6, true);
            uint32_t lost = depth == 1 ? 0 : 1, asker = lost + 1;
            tree_init_all(t);
            if (!before)
                lose_child(t, depth);
            tree_say(t, asker, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
            for (uint32_t r = 0; r < t->nranks; r++)
                if (r != lost && r != asker)
                    tree_say(t, r, "cmd=finalize\n");
            if (before) {
                tree_expect(t, asker, "%s", "");
                lose_child(t, depth);
            }
            tree_expect(t, asker, NOBODY "k\n");
            assert_int_equal(t->broken, 0);
            tree_free(t);
        }
    }
}

static void nobody_waits_for_those_who_have_ended(void **state)
{
    for (uint32_t depth = 1; depth <= 3; depth++) {
        struct tree *t = tree_new(depth, 2, 14, true);
        tree_init_all(t);
        tree_say(t, 2, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
        begin2(t, 13);
        tree_say2(t, 13, "cmd=kvs-get;key=k;wait=TRUE;");
        for (uint32_t r = 0; r < 13; r++) {
            tree_expect(t, 2, "%s", "");
            if (r == 2)
                continue;
            if (r % 2)
                tree_say(t, r, "cmd=finalize\n");
            else
                pmi_client_gone(t->ranks[r].client);
        }
        tree_expect(t, 2, NOBODY "k\n");
        tree_expect2(t, 13, "cmd=kvs-get-response;rc=14;found=FALSE;errmsg=no rank is left that could put the key k;");
        /* Those two can put again. */
        tree_say(t, 2, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
        tree_expect(t, 2, "%s", "");
        tree_say2(t, 13, "cmd=kvs-put;key=k;value=late;");
        tree_expect(t, 2, "cmd=get_result rc=0 value=late\n");
        tree_free(t);
    }
}

static void who_says_init_again_can_put(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    tree_init_all(t);
    tree_say(t, 0, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
    for (uint32_t r = 1; r < 5; r++)
        tree_say(t, r, "cmd=finalize\n");
    tree_run(t);
    for (uint32_t r = 1; r < 5; r++)
        tree_say(t, r, "cmd=init pmi_version=1 pmi_subversion=1\n");
    tree_say(t, 5, "cmd=finalize\n");
    tree_expect(t, 0, "%s", "");
    tree_say(t, 3, "cmd=put kvsname=kvs_1 key=k value=v\n");
    tree_expect(t, 0, "cmd=get_result rc=0 value=v\n");
    tree_free(t);
}

static void all_may_not_wait_for_one_another(void **state)
{
    static const uint32_t all[] = {0, 1, 2, 3, 4, 5};
    for (uint32_t depth = 1; depth <= 3; depth++) {
        struct tree *t = tree_new(depth, 2, 6, true);
        tree_init_all(t);
        for (uint32_t r = 0; r < 6; r++) {
            tree_expect(t, 0, "%s", "");
            tree_say(t, r, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
        }
        expect_all(t, all, 6, NOBODY "k\n");
        tree_free(t);
    }
}

static void who_waits_in_a_barrier_puts_nothing(void **state)
{
    static const uint32_t others[] = {1, 2, 3, 4, 5};
    for (uint32_t depth = 1; depth <= 3; depth++) {
        struct tree *t = tree_new(depth, 2, 6, true);
        tree_init_all(t);
        tree_say(t, 0, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
        for (uint32_t r = 1; r < 6; r++) {
            tree_expect(t, 0, "%s", "");
            tree_say(t, r, "cmd=barrier_in\n");
        }
        tree_expect(t, 0, NOBODY "k\n");
        tree_say(t, 0, "cmd=barrier_in\n");
        expect_all(t, others, 5, "cmd=barrier_out tag=0\n");
        /* After it they can. */
        tree_hear(t, 0);
        tree_say(t, 0, "cmd=get kvsname=kvs_1 key=k wait=TRUE\n");
        tree_expect(t, 0, "%s", "");
        tree_say(t, 4, "cmd=put kvsname=kvs_1 key=k value=v\n");
        tree_expect(t, 0, "cmd=get_result rc=0 value=v\n");
        /* A barrier of some is not one of all. */
        tree_say(t, 0, "cmd=get kvsname=kvs_1 key=l wait=TRUE\n");
        for (uint32_t r = 1; r < 6; r++)
            tree_say(t, r, "cmd=barrier_in group=1,2,3,4,5:%u\n", r == 5 ? 2 : 1);
        tree_expect(t, 0, "%s", "");
        tree_free(t);
    }
}

static void a_get_after_a_fence_waits_for_the_fence_first(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    for (uint32_t r = 0; r < 6; r++)
        begin2(t, r);
    for (uint32_t r = 0; r < 6; r++) {
        tree_say2(t, r, "cmd=kvs-put;key=k%u;value=1;", r);
        tree_say2(t, r, "cmd=kvs-fence;");
        tree_run(t);
        tree_hear(t, r);
        tree_say2(t, r, "cmd=kvs-get;key=k%u;wait=TRUE;", (r + 1) % 6);
        if (r < 5)
            tree_expect(t, r, "%s", "");
    }
    for (uint32_t r = 0; r < 6; r++)
        tree_expect2(t, r, "cmd=kvs-get-response;rc=0;found=TRUE;value=1;");
    tree_free(t);
}

/* A job whose ranks share a proxy tells nobody what they put, until somebody else asks. */
static void another_job_may_wait(void **state)
{
    static const char init[] = "cmd=init pmi_version=1 pmi_subversion=1\n",
                      put[] = "cmd=put kvsname=kvs_2 key=a value=b\n", late[] = "cmd=put kvsname=kvs_2 key=c value=d\n",
                      fini[] = "cmd=finalize\n";
    struct tree *t = tree_new(2, 2, 6, true);
    struct tree_rank others[2] = {{.proxy = 4}, {.proxy = 4}};
    struct fake_call got[4];
    tree_init_all(t);
    tree_job_add(t, 2, "kvs_2", others, 2);
    for (int i = 0; i < 2; i++)
        tree_say_bytes(&others[i], init, sizeof init - 1);
    tree_say_bytes(&others[0], put, sizeof put - 1);
    pmi_get(fake_request(t, 1, PMI_VERB_GET, &got[0]), "kvs_2", PMI_RANK_UNKNOWN, "a", false);
    fake_expect(t, &got[0], "b", 1);
    pmi_get(fake_request(t, 2, PMI_VERB_GET, &got[0]), "kvs_2", PMI_RANK_UNKNOWN, "c", false);
    fake_refused(t, &got[0], "no value for the key c");
    for (uint32_t i = 0; i < 4; i++)
        pmi_get(fake_request(t, i + 1, PMI_VERB_GET, &got[i]), "kvs_2", PMI_RANK_UNKNOWN, i < 3 ? "c" : "d", true);
    fake_pending(t, &got[0]);
    tree_say_bytes(&others[1], late, sizeof late - 1);
    for (uint32_t i = 0; i < 3; i++)
        fake_expect(t, &got[i], "d", 1);
    fake_pending(t, &got[3]);
    for (int i = 0; i < 2; i++) {
        tree_say_bytes(&others[i], fini, sizeof fini - 1);
        if (i == 0)
            fake_pending(t, &got[3]);
    }
    fake_refused(t, &got[3], "no rank is left that could put the key d");
    assert_int_equal(t->broken, 0);
    for (int i = 0; i < 2; i++)
        buf_fini(&others[i].out);
    tree_free(t);
}

/* Ranks that put, wait and meet in an order of chance, messages that come in an order of chance. What each rank hears
 * is what it would hear if all went in rounds: in each all go on as far as they can, and then those who wait for values
 * are refused. */
#define RANKS 9
#define STEPS 12
#define KEYS 40

#define BARRIERS 2

enum step { PUT, GET, BARRIER };

struct script {
    enum step step[STEPS];
    int key[STEPS];
    bool hears[STEPS]; /* what is good */
    int at;
};

static void script_make(struct script *s)
{
    for (int r = 0; r < RANKS; r++) {
        s[r].at = 0;
        for (int i = 0; i < STEPS; i++) {
            s[r].step[i] = rand() % 2 ? PUT : GET;
            s[r].key[i] = rand() % KEYS;
        }
        for (int n = 0; n < BARRIERS;) {
            int i = rand() % STEPS;
            n += s[r].step[i] != BARRIER;
            s[r].step[i] = BARRIER;
        }
    }
}

static bool script_go(struct script *s, bool *there)
{
    int from = s->at;
    for (; s->at < STEPS; s->at++) {
        int key = s->key[s->at];
        if (s->step[s->at] == BARRIER || (s->step[s->at] == GET && !there[key]))
            break;
        s->hears[s->at] = there[key] = true;
    }
    return s->at > from;
}

static bool script_pass_barrier(struct script *s)
{
    for (int r = 0; r < RANKS; r++)
        if (s[r].at == STEPS || s[r].step[s[r].at] != BARRIER)
            return false;
    for (int r = 0; r < RANKS; r++)
        s[r].hears[s[r].at++] = true;
    return true;
}

static bool script_refuse(struct script *s)
{
    bool any = false;
    for (int r = 0; r < RANKS; r++) {
        if (s[r].at == STEPS || s[r].step[s[r].at] != GET)
            continue;
        s[r].hears[s[r].at++] = false;
        any = true;
    }
    return any;
}

static void script_foresee(struct script *s)
{
    bool there[KEYS] = {false};
    do {
        bool moved = true;
        while (moved) {
            moved = script_pass_barrier(s);
            for (int r = 0; r < RANKS; r++)
                moved |= script_go(&s[r], there);
        }
    } while (script_refuse(s));
}

static void script_say(struct tree *t, uint32_t rank, const struct script *s)
{
    if (s->at == STEPS)
        tree_say(t, rank, "cmd=finalize\n");
    else if (s->step[s->at] == BARRIER)
        tree_say(t, rank, "cmd=barrier_in\n");
    else if (s->step[s->at] == PUT)
        tree_say(t, rank, "cmd=put kvsname=kvs_1 key=k%d value=v\n", s->key[s->at]);
    else
        tree_say(t, rank, "cmd=get kvsname=kvs_1 key=k%d wait=TRUE\n", s->key[s->at]);
}

/* false: there is no answer yet. */
static bool script_hear(struct tree *t, uint32_t rank, struct script *s)
{
    static const char *const good[] = {"cmd=put_result rc=0\n", "cmd=get_result rc=0 value=v\n",
                                       "cmd=barrier_out tag=0\n"};
    char want[120];
    if (!t->ranks[rank].out.len || s->at > STEPS)
        return false;
    if (s->at < STEPS && !s->hears[s->at])
        snprintf(want, sizeof want, NOBODY "k%d\n", s->key[s->at]);
    else
        snprintf(want, sizeof want, "%s", s->at < STEPS ? good[s->step[s->at]] : "cmd=finalize_ack rc=0\n");
    assert_string_equal(tree_hear(t, rank), want);
    return ++s->at <= STEPS;
}

static void chance_is_no_matter(void **state)
{
    for (unsigned seed = 0; seed < 400; seed++) {
        struct script s[RANKS];
        srand(seed);
        script_make(s);
        script_foresee(s);
        struct tree *t = tree_new(1 + seed % 3, 1 + seed / 3 % 3, RANKS, seed % 2);
        tree_init_all(t);
        for (uint32_t r = 0; r < RANKS; r++) {
            s[r].at = 0;
            script_say(t, r, &s[r]);
        }
        bool some = true;
        while (some) {
            some = tree_step(t, (uint32_t)rand());
            for (uint32_t r = 0; r < RANKS; r++)
                if (rand() % 2 && script_hear(t, r, &s[r])) {
                    script_say(t, r, &s[r]);
                    some = true;
                }
            for (uint32_t r = 0; !some && r < RANKS; r++)
                some = t->ranks[r].out.len;
        }
        for (uint32_t r = 0; r < RANKS; r++)
            assert_int_equal(s[r].at, STEPS + 1);
        assert_int_equal(t->broken, 0);
        tree_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_says_that_it_can),
        cmocka_unit_test(a_value_comes_when_it_is_put),
        cmocka_unit_test(what_was_put_before_anybody_waited_comes_too),
        cmocka_unit_test(a_job_of_one_node_waits_too),
        cmocka_unit_test(nobody_waits_for_a_subtree_that_is_lost),
        cmocka_unit_test(nobody_waits_for_those_who_have_ended),
        cmocka_unit_test(who_says_init_again_can_put),
        cmocka_unit_test(all_may_not_wait_for_one_another),
        cmocka_unit_test(who_waits_in_a_barrier_puts_nothing),
        cmocka_unit_test(a_get_after_a_fence_waits_for_the_fence_first),
        cmocka_unit_test(another_job_may_wait),
        cmocka_unit_test(chance_is_no_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
