/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every command of PMI-2 and what it is answered, right and wrong; and jobs in which some ranks speak PMI-1.
 */
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void init(struct tree *t, uint32_t rank)
{
    tree_say(t, rank, "cmd=init pmi_version=2 pmi_subversion=0\n");
    tree_expect(t, rank, "cmd=response_to_init rc=0 pmi_version=2 pmi_subversion=0\n");
    assert_int_equal(t->ranks[rank].inits, 0);
    tree_say2(t, rank, "cmd=fullinit;pmirank=%u;threaded=FALSE;", rank);
    tree_expect2(t, rank, "cmd=fullinit-response;rc=0;rank=%u;size=%u;appnum=%u;debugged=FALSE;pmiverbose=0;", rank,
                 t->nranks, rank % 2);
    assert_int_equal(t->ranks[rank].inits, 1);
}

struct exchange {
    const char *say, *hear;
};

static void play(struct tree *t, uint32_t rank, const struct exchange *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tree_say2(t, rank, "%s", x[i].say);
        if (*x[i].hear)
            tree_expect2(t, rank, "%s", x[i].hear);
        else
            tree_expect(t, rank, "%s", "");
    }
}
#define PLAY(t, rank, ...)                                                                                             \
    do {                                                                                                               \
        const struct exchange x[] = {__VA_ARGS__};                                                                     \
        play(t, rank, x, sizeof x / sizeof *x);                                                                        \
    } while (0)

static void commands_are_answered(void **state)
{
    struct tree *t = tree_new(1, 2, 4, true);
    init(t, 2);
    PLAY(t, 2, {"cmd=job-getid;", "cmd=job-getid-response;rc=0;jobid=kvs_1;"},
         {"cmd=job-getid;thrid=0x12;", "cmd=job-getid-response;thrid=0x12;rc=0;jobid=kvs_1;"},
         {"cmd=info-getjobattr;key=PMI_process_mapping;",
          "cmd=info-getjobattr-response;rc=0;found=TRUE;value=(vector,(0,2,1));"},
         {"cmd=info-getjobattr;key=hasNameServ;", "cmd=info-getjobattr-response;rc=0;found=TRUE;value=true;"},
         {"cmd=info-getjobattr;key=universeSize;",
          "cmd=info-getjobattr-response;rc=0;found=FALSE;errmsg=the universe is not bounded;"},
         {"cmd=info-getjobattr;key=none;",
          "cmd=info-getjobattr-response;rc=0;found=FALSE;errmsg=no value for the key none;"},
         {"cmd=kvs-put;key=k;value=a;;b c;", "cmd=kvs-put-response;rc=0;"},
         {"cmd=kvs-get;jobid=kvs_1;srcid=-1;key=k;", "cmd=kvs-get-response;rc=0;found=TRUE;value=a;;b c;"},
         {"cmd=kvs-get;key=none;", "cmd=kvs-get-response;rc=4;found=FALSE;errmsg=no value for the key none;"},
         {"cmd=info-putnodeattr;key=n;value=1;", "cmd=info-putnodeattr-response;rc=0;"},
         {"cmd=info-getnodeattr;key=n;wait=FALSE;", "cmd=info-getnodeattr-response;rc=0;found=TRUE;value=1;"},
         {"cmd=info-getnodeattr;key=m;",
          "cmd=info-getnodeattr-response;rc=0;found=FALSE;errmsg=no rank of this node has put the attribute m;"},
         {"cmd=name-publish;name=s;port=p q;;r;", "cmd=name-publish-response;rc=0;"},
         {"cmd=name-publish;name=s;port=p;", "cmd=name-publish-response;rc=14;errmsg=key_already_present;"},
         {"cmd=name-lookup;name=s;", "cmd=name-lookup-response;rc=0;port=p q;;r;found=TRUE;value=p q;;r;"},
         {"cmd=name-unpublish;name=s;", "cmd=name-unpublish-response;rc=0;"},
         {"cmd=name-unpublish;name=s;", "cmd=name-unpublish-response;rc=14;errmsg=service_not_found;"},
         {"cmd=name-lookup;name=s;", "cmd=name-lookup-response;rc=14;found=FALSE;errmsg=service_not_found;"},
         {"cmd=job-connect;jobid=x;", "cmd=job-connect-response;rc=14;errmsg=not supported;"},
         {"cmd=ring;count=1;", "cmd=ring-response;rc=14;errmsg=unknown command;"},
         {"cmd=finalize;", "cmd=finalize-response;rc=0;"});
    assert_int_equal(t->ranks[2].finals, 1);
    tree_free(t);
}

static void refusals_have_a_reason(void **state)
{
    struct tree *t = tree_new(1, 1, 2, false);
    PLAY(t, 0, {"cmd=job-getid;", "cmd=job-getid-response;rc=1;errmsg=this rank has not said fullinit;"},
         {"cmd=fullinit;pmirank=1;", "cmd=fullinit-response;rc=3;errmsg=pmirank is not this rank;"});
    init(t, 0);
    PLAY(t, 0, {"cmd=fullinit;", "cmd=fullinit-response;rc=1;errmsg=this rank has been initialized already;"},
         {"cmd=kvs-put;key=k;", "cmd=kvs-put-response;rc=3;errmsg=value is missing;"},
         {"cmd=kvs-put;value=k;", "cmd=kvs-put-response;rc=3;errmsg=key is missing;"},
         {"cmd=kvs-put;key=PMI_k;value=1;", "cmd=kvs-put-response;rc=4;errmsg=keys that begin with PMI_ are reserved;"},
         {"cmd=kvs-get;", "cmd=kvs-get-response;rc=3;errmsg=key is missing;"},
         {"cmd=kvs-get;jobid=x;key=k;", "cmd=kvs-get-response;rc=3;found=FALSE;errmsg=no job is called x;"},
         {"cmd=info-putnodeattr;key=;value=1;", "cmd=info-putnodeattr-response;rc=5;errmsg=the key is empty;"},
         {"cmd=name-publish;port=p;", "cmd=name-publish-response;rc=3;errmsg=the name of the service is missing;"},
         {"cmd=spawn;ncmds=1;", "cmd=spawn-response;rc=3;errmsg=there is no command, or too many;"});
    tree_say2(t, 0, "cmd=kvs-put;key=k;value=%01025d;", 1);
    tree_expect2(t, 0, "cmd=kvs-put-response;rc=7;errmsg=the value is longer than 1024 bytes;");
    tree_free(t);
}

static void a_get_after_a_fence_waits_for_all(void **state)
{
    struct tree *t = tree_new(2, 2, 12, true);
    for (uint32_t r = 0; r < 12; r++) {
        init(t, r);
        tree_say2(t, r, "cmd=kvs-put;key=k%u;value=v%u;", r, r);
        tree_expect2(t, r, "cmd=kvs-put-response;rc=0;");
    }
    for (uint32_t r = 0; r < 12; r++) {
        tree_say2(t, r, "cmd=kvs-fence;");
        tree_expect2(t, r, "cmd=kvs-fence-response;rc=0;");
        if (r == 11)
            break;
        tree_say2(t, r, "cmd=kvs-get;key=k%u;", (r + 5) % 12);
        tree_expect(t, r, "%s", "");
    }
    tree_say2(t, 11, "cmd=kvs-get;key=-NONEXIST-KEY;");
    for (uint32_t r = 0; r < 11; r++)
        tree_expect2(t, r, "cmd=kvs-get-response;rc=0;found=TRUE;value=v%u;", (r + 5) % 12);
    tree_expect2(t, 11, "cmd=kvs-get-response;rc=4;found=FALSE;errmsg=no value for the key -NONEXIST-KEY;");
    tree_free(t);
}

static void fences_may_run_ahead_but_not_for_ever(void **state)
{
    struct tree *t = tree_new(1, 2, 2, false);
    init(t, 0);
    init(t, 1);
    for (int i = 0; i < 8; i++) {
        tree_say2(t, 0, "cmd=kvs-fence;");
        tree_expect2(t, 0, "cmd=kvs-fence-response;rc=0;");
    }
    tree_say2(t, 0, "cmd=kvs-fence;");
    tree_say2(t, 0, "cmd=kvs-get;key=x;");
    tree_expect(t, 0, "%s", "");
    for (int i = 0; i < 8; i++) {
        tree_say2(t, 1, "cmd=kvs-fence;");
        tree_expect2(t, 1, "cmd=kvs-fence-response;rc=0;");
        tree_expect(t, 0, "%s", "");
    }
    tree_say2(t, 1, "cmd=kvs-put;key=x;value=1;");
    tree_expect2(t, 1, "cmd=kvs-put-response;rc=0;");
    tree_say2(t, 1, "cmd=kvs-fence;");
    tree_run(t);
    assert_string_equal(tree_hear(t, 0), "    28cmd=kvs-fence-response;rc=0;"
                                         "    45cmd=kvs-get-response;rc=0;found=TRUE;value=1;" +
                                             0);
    tree_free(t);
}

static void a_job_may_speak_both(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    for (uint32_t r = 0; r < 6; r++) {
        if (r % 2) {
            init(t, r);
            tree_say2(t, r, "cmd=kvs-put;key=k%u;value=v%u;", r, r);
            tree_expect2(t, r, "cmd=kvs-put-response;rc=0;");
            tree_say2(t, r, "cmd=kvs-fence;");
            tree_expect2(t, r, "cmd=kvs-fence-response;rc=0;");
            tree_say2(t, r, "cmd=kvs-get;key=k%u;", (r + 1) % 6);
        } else {
            tree_say(t, r, "cmd=init pmi_version=1 pmi_subversion=1\n");
            tree_expect(t, r, "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2\n");
            tree_say(t, r, "cmd=put kvsname=kvs_1 key=k%u value=v%u\n", r, r);
            tree_expect(t, r, "cmd=put_result rc=0\n");
            tree_say(t, r, "cmd=barrier_in\n");
        }
    }
    for (uint32_t r = 0; r < 6; r++) {
        if (r % 2) {
            tree_expect2(t, r, "cmd=kvs-get-response;rc=0;found=TRUE;value=v%u;", (r + 1) % 6);
        } else {
            tree_expect(t, r, "cmd=barrier_out tag=0\n");
            tree_say(t, r, "cmd=get kvsname=kvs_1 key=k%u\n", (r + 1) % 6);
            tree_expect(t, r, "cmd=get_result rc=0 value=v%u\n", (r + 1) % 6);
        }
    }
    tree_free(t);
}

static void a_node_attribute_is_waited_for(void **state)
{
    struct tree *t = tree_new(1, 2, 6, false);
    for (uint32_t r = 0; r < 6; r++)
        init(t, r);
    tree_say2(t, 0, "cmd=info-getnodeattr;key=n;wait=TRUE;");
    tree_say2(t, 0, "cmd=job-getid;"); /* stands behind it */
    tree_say2(t, 1, "cmd=info-getnodeattr;key=n;wait=TRUE;thrid=a;");
    tree_say2(t, 1, "cmd=job-getid;thrid=b;"); /* goes past it */
    tree_expect(t, 0, "%s", "");
    tree_expect2(t, 1, "cmd=job-getid-response;thrid=b;rc=0;jobid=kvs_1;");
    tree_say2(t, 3, "cmd=info-putnodeattr;key=n;value=elsewhere;");
    tree_say2(t, 2, "cmd=info-putnodeattr;key=m;value=0;");
    tree_expect(t, 0, "%s", "");
    tree_say2(t, 2, "cmd=info-putnodeattr;key=n;value=1;");
    tree_expect2(t, 1, "cmd=info-getnodeattr-response;thrid=a;rc=0;found=TRUE;value=1;");
    tree_run(t);
    assert_non_null(strstr(tree_hear(t, 0), "found=TRUE;value=1;    40cmd=job-getid-response;rc=0;jobid=kvs_1;"));
    tree_free(t);
}

static void nobody_waits_for_an_attribute_that_nobody_can_put(void **state)
{
    struct tree *t = tree_new(1, 1, 3, false);
    for (uint32_t r = 0; r < 3; r++) {
        init(t, r);
        tree_hear(t, r);
    }
    tree_say2(t, 0, "cmd=info-getnodeattr;key=n;wait=TRUE;");
    tree_say2(t, 1, "cmd=finalize;");
    tree_expect(t, 0, "%s", "");
    tree_say2(t, 2, "cmd=info-getnodeattr;key=o;wait=TRUE;");
    tree_expect2(t, 0,
                 "cmd=info-getnodeattr-response;rc=14;found=FALSE;"
                 "errmsg=no rank of this node is left to put the attribute n;");
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_answered),
        cmocka_unit_test(refusals_have_a_reason),
        cmocka_unit_test(a_get_after_a_fence_waits_for_all),
        cmocka_unit_test(fences_may_run_ahead_but_not_for_ever),
        cmocka_unit_test(a_job_may_speak_both),
        cmocka_unit_test(a_node_attribute_is_waited_for),
        cmocka_unit_test(nobody_waits_for_an_attribute_that_nobody_can_put),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
