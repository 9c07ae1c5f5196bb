/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What ranks cannot do to the process that serves them: make it end, or grow without bound.
 */
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "pmi-server/links.h"

/* A PMI-2 message of any length: head, so many bytes of x, tail. */
static void say_long(struct tree *t, uint32_t rank, const char *head, size_t n, const char *tail)
{
    size_t len = strlen(head) + n + strlen(tail);
    char *text = malloc(6 + len + 1);
    sprintf(text, "%6zu%s", len, head);
    memset(text + 6 + strlen(head), 'x', n);
    strcpy(text + 6 + strlen(head) + n, tail);
    tree_say_bytes(&t->ranks[rank], text, 6 + len);
    free(text);
}

static void init2(struct tree *t, uint32_t rank)
{
    tree_say(t, rank, "cmd=init pmi_version=2\n");
    tree_say2(t, rank, "cmd=fullinit;");
    tree_run(t);
    tree_hear(t, rank);
}

static void a_long_thrid_is_refused(void **state)
{
    struct tree *t = tree_new(1, 1, 2, false);
    say_long(t, 0, "cmd=fullinit;thrid=", 999970, ";");
    tree_expect2(t, 0, "cmd=fullinit-response;rc=3;errmsg=thrid is longer than 256 bytes;");
    init2(t, 0);
    say_long(t, 0, "cmd=info-getnodeattr;key=k;wait=TRUE;thrid=", 257, ";");
    tree_expect2(t, 0, "cmd=info-getnodeattr-response;rc=3;errmsg=thrid is longer than 256 bytes;");
    say_long(t, 0, "cmd=no-such;thrid=", 900000, ";");
    tree_expect2(t, 0, "cmd=no-such-response;rc=3;errmsg=thrid is longer than 256 bytes;");
    say_long(t, 0, "cmd=abort;exitcode=3;thrid=", 300, ";");
    assert_string_equal(t->ranks[0].aborted, "3 ");
    tree_free(t);
}

static void an_answer_may_be_long_but_not_too_long(void **state)
{
    static const char fits[] = "cmd=spawn;ncmds=2;subcmd=./x;maxprocs=44999;subcmd=./y;maxprocs=1;";
    static const char over[] = "cmd=spawn;ncmds=2;subcmd=./x;maxprocs=45000;subcmd=./y;maxprocs=1;";
    int32_t *codes = calloc(45000, sizeof *codes);
    struct tree *t = tree_new(1, 1, 1, false);
    init2(t, 0);
    tree_say2(t, 0, "%s", over);
    tree_expect2(t, 0,
                 "cmd=spawn-response;rc=3;errmsg=more than 45000 processes, whose codes no PMI-2 answer can hold;");
    tree_say2(t, 0, "%s", fits);
    tree_run(t);
    for (int i = 0; i < 45000; i++)
        codes[i] = INT32_MIN;
    pmi_root_spawn_done(t->root, t->spawn_id, NULL, "kvs_2", codes, 45000);
    tree_run(t);
    const char *heard = tree_hear(t, 0);
    assert_int_equal(strtoul(heard, NULL, 10), strlen(heard) - 6);
    assert_non_null(strstr(heard, ";err44999=-2147483648;"));
    free(codes);
    tree_free(t);
}

static void who_aborts_again_is_not_heard(void **state)
{
    struct tree *t = tree_new(1, 1, 2, false);
    for (int i = 0; i < 1000; i++) {
        tree_say(t, 0, "cmd=abort exitcode=%d\n", 17 + i);
        tree_say2(t, 1, "cmd=abort;exitcode=%d;", 18 + i);
    }
    for (int r = 0; r < 2; r++)
        assert_int_equal(t->ranks[r].aborts, 1);
    assert_string_equal(t->ranks[0].aborted, "17 ");
    assert_string_equal(t->ranks[1].aborted, "18 ");
    tree_say(t, 0, "cmd=init pmi_version=1 pmi_subversion=1\n");
    tree_expect(t, 0, "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2\n");
    tree_free(t);
}

static void absent_keys_are_not_remembered_for_ever(void **state)
{
    struct tree *t = tree_new(2, 1, 2, false);
    init2(t, 1);
    for (int i = 0; i < 5000; i++) {
        tree_say2(t, 1, "cmd=kvs-get;key=PMI_x%d;", i);
        tree_run(t);
        tree_hear(t, 1);
    }
    for (int i = 0; i < 2; i++)
        assert_in_range(HASH_COUNT(pmi_job_find(t->proxies[i].server, 1)->absent.all), 1, 256);
    tree_free(t);
}

static void requests_that_wait_are_bounded_in_bytes(void **state)
{
    struct tree *t = tree_new(1, 1, 20000, false);
    char *list = calloc(20000, 8), *at = list;
    for (int r = 0; r < 12000; r += 2)
        at += sprintf(at, r ? ",%d" : "%d", r);
    int n = 0;
    tree_say(t, 0, "cmd=init pmi_version=1 pmi_subversion=1\n");
    for (; n < 1000 && !*t->ranks[0].failed; n++)
        tree_say(t, 0, "cmd=barrier_in group=%s:%d\n", list, n);
    assert_string_equal(t->ranks[0].failed, "sent more than 4 MiB of PMI requests without waiting for answers");
    assert_in_range(n, 20, 4 * 1048576 / strlen(list) + 2);
    free(list);
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_thrid_is_refused),
        cmocka_unit_test(an_answer_may_be_long_but_not_too_long),
        cmocka_unit_test(who_aborts_again_is_not_heard),
        cmocka_unit_test(absent_keys_are_not_remembered_for_ever),
        cmocka_unit_test(requests_that_wait_are_bounded_in_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
