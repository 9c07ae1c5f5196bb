/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Every command of PMI-1 and what it is answered, right and wrong.
 */
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

struct exchange {
    const char *say, *hear;
};

static void play(struct tree *t, uint32_t rank, const struct exchange *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        tree_say(t, rank, "%s", x[i].say);
        tree_expect(t, rank, "%s", x[i].hear);
    }
}
#define PLAY(t, rank, ...)                                                                                             \
    do {                                                                                                               \
        const struct exchange x[] = {__VA_ARGS__};                                                                     \
        play(t, rank, x, sizeof x / sizeof *x);                                                                        \
    } while (0)

static void commands_are_answered(void **state)
{
    struct tree *t = tree_new(1, 2, 4, false);
    tree_init_all(t);
    PLAY(t, 1, {"cmd=get_maxes\n", "cmd=maxes rc=0 kvsname_max=256 keylen_max=64 vallen_max=1024\n"},
         {"cmd=get_appnum\n", "cmd=appnum rc=0 appnum=1\n"},
         {"cmd=get_universe_size\n", "cmd=universe_size rc=0 size=-1\n"},
         {"cmd=get_my_kvsname\n", "cmd=my_kvsname rc=0 kvsname=kvs_1\n"},
         {"cmd=get kvsname=kvs_1 key=PMI_process_mapping\n", "cmd=get_result rc=0 value=(vector,(0,2,2))\n"},
         {"cmd=put kvsname=kvs_1 key=k value=a\\ b\\\\c\n", "cmd=put_result rc=0\n"},
         {"cmd=get kvsname=kvs_1 key=k\n", "cmd=get_result rc=0 value=a\\ b\\\\c\n"},
         {"cmd=put kvsname=kvs_1 key=k value=other\n", "cmd=put_result rc=0\n"},
         {"cmd=get kvsname=kvs_1 key=k\n", "cmd=get_result rc=0 value=other\n"},
         {"cmd=put kvsname=kvs_1 key=e value=\n", "cmd=put_result rc=0\n"},
         {"cmd=get kvsname=kvs_1 key=none\n", "cmd=get_result rc=1 msg=no_value_for_the_key_none\n"},
         {"cmd=get kvsname=kvs_1 key=PMI_dead_processes\n", "cmd=get_result rc=1 msg=no_process_has_died\n"},
         {"cmd=get kvsname=kvs_1 key=PMI_hwloc_xmlfile\n",
          "cmd=get_result rc=1 msg=no_value_for_the_key_PMI_hwloc_xmlfile\n"},
         {"cmd=barrier_in group=NODE\n", ""}, {"cmd=get_appnum\n", "cmd=appnum rc=0 appnum=1\n"});
    PLAY(t, 0, {"cmd=barrier_in group=NODE\n", "cmd=barrier_out tag=0\n"});
    PLAY(t, 1, {"", "cmd=barrier_out tag=0\n"}, {"cmd=barrier_in group=1:5\n", "cmd=barrier_out tag=5\n"},
         {"cmd=finalize\n", "cmd=finalize_ack rc=0\n"});
    tree_free(t);
}

static void refusals_have_a_reason(void **state)
{
    char key[80], value[1100], line[1300];
    struct tree *t = tree_new(1, 1, 4, false);
    memset(key, 'k', sizeof key);
    memset(value, 'v', sizeof value);
    key[65] = value[1025] = 0;
    PLAY(t, 2, {"cmd=get_appnum\n", "cmd=appnum rc=1 msg=this_rank_has_not_said_init\n"},
         {"cmd=barrier_in\n", "cmd=barrier_out rc=1 msg=this_rank_has_not_said_init\n"},
         {"mcmd=spawn\nendcmd\n", "cmd=spawn_result rc=1 msg=this_rank_has_not_said_init\n"},
         {"cmd=init pmi_version=3 pmi_subversion=1\n",
          "cmd=response_to_init rc=1 msg=pmi_version_is_none_of_1_and_2 pmi_version=1 pmi_subversion=2\n"},
         {"cmd=init\n",
          "cmd=response_to_init rc=1 msg=pmi_version_is_none_of_1_and_2 pmi_version=1 pmi_subversion=2\n"});
    tree_init_all(t);
    PLAY(t, 2,
         {"cmd=init pmi_version=1 pmi_subversion=1\n",
          "cmd=response_to_init rc=1 msg=this_rank_has_been_initialized_already\n"},
         {"cmd=put key=a value=b\n", "cmd=put_result rc=1 msg=kvsname_is_missing\n"},
         {"cmd=put kvsname=x key=a value=b\n", "cmd=put_result rc=1 msg=no_such_kvsname\n"},
         {"cmd=put kvsname=kvs_1 value=b\n", "cmd=put_result rc=1 msg=key_is_missing\n"},
         {"cmd=put kvsname=kvs_1 key= value=b\n", "cmd=put_result rc=1 msg=the_key_is_empty\n"},
         {"cmd=put kvsname=kvs_1 key=a\n", "cmd=put_result rc=1 msg=value_is_missing\n"},
         {"cmd=put kvsname=kvs_1 key=PMI_x value=1\n",
          "cmd=put_result rc=1 msg=keys_that_begin_with_PMI__are_reserved\n"},
         {"cmd=get kvsname=kvs_1\n", "cmd=get_result rc=1 msg=key_is_missing\n"},
         {"cmd=get kvsname=kvs_1 key=\n", "cmd=get_result rc=1 msg=the_key_is_empty\n"},
         {"cmd=get key=a\n", "cmd=get_result rc=1 msg=kvsname_is_missing\n"},
         {"cmd=barrier_in group=0,1\n", "cmd=barrier_out rc=1 msg=rank_2_is_not_in_the_group\n"},
         {"cmd=barrier_in group=2,9\n", "cmd=barrier_out rc=1 msg=the_group_names_a_rank_that_the_job_does_not_have\n"},
         {"cmd=barrier_in group=2,2\n", "cmd=barrier_out rc=1 msg=the_group_names_a_rank_twice\n"},
         {"cmd=barrier_in group=WORLD:x\n", "cmd=barrier_out rc=1 msg=the_tag_of_the_group_is_not_a_number\n"},
         {"cmd=publish_name port=p\n", "cmd=publish_result rc=1 msg=the_name_of_the_service_is_missing\n"},
         {"cmd=publish_name service=s\n", "cmd=publish_result rc=1 msg=port_is_missing\n"},
         {"cmd=lookup_name\n", "cmd=lookup_result rc=1 msg=the_name_of_the_service_is_missing\n"},
         {"cmd=unpublish_name\n", "cmd=unpublish_result rc=1 msg=the_name_of_the_service_is_missing\n"},
         {"cmd=create_kvs\n", "cmd=newkvs rc=1 msg=not_supported\n"},
         {"cmd=getbyidx kvsname=kvs_1 idx=0\n", "cmd=getbyidx_results rc=1 msg=not_supported\n"},
         {"cmd=initack pmiid=3\n", "cmd=initack rc=1 msg=pmiid_is_not_this_rank\n"});
    snprintf(line, sizeof line, "cmd=put kvsname=kvs_1 key=%s value=1\n", key);
    PLAY(t, 2, {line, "cmd=put_result rc=1 msg=the_key_is_longer_than_64_bytes\n"});
    snprintf(line, sizeof line, "cmd=put kvsname=kvs_1 key=k value=%s\n", value);
    PLAY(t, 2, {line, "cmd=put_result rc=1 msg=the_value_is_longer_than_1024_bytes\n"});
    key[64] = value[1024] = 0;
    snprintf(line, sizeof line, "cmd=put kvsname=kvs_1 key=%s value=%s\n", key, value);
    PLAY(t, 2, {line, "cmd=put_result rc=0\n"});
    assert_string_equal(t->ranks[2].failed, "");
    tree_free(t);
}

static void a_port_client_gets_its_four_lines(void **state)
{
    struct tree *t = tree_new(1, 1, 4, false);
    PLAY(t, 3,
         {"cmd=initack pmiid=3\n",
          "cmd=initack rc=0 rank=3 size=4 appnum=1 debug=0\ncmd=set size=4\ncmd=set rank=3\ncmd=set debug=0\n"},
         {"cmd=init pmi_version=1 pmi_subversion=1\n", "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2\n"});
    tree_free(t);
}

static void garbage_fails_the_rank(void **state)
{
    static const struct exchange cases[] = {
        {"hello\n", "sent something that is not PMI on its PMI connection"},
        {"cmd=\n", "sent a PMI message without a command on its PMI connection"},
        {"cmd=frob\tnicate\n", "sent the PMI-1 command frob?nicate, which is unknown"},
        {"mcmd=frob\nendcmd\n", "sent the PMI-1 command frob, which is unknown"},
        {"      cmd=x;", "sent a PMI-2 message without a length on its PMI connection"},
        {"mcmd=spawn\ntotspawns=1\nspawnssofar=2\nendcmd\n",
         "sent a PMI spawn request whose totspawns and spawnssofar do not match"},
        {"mcmd=spawn\nendcmd\n", "sent a PMI spawn request whose totspawns and spawnssofar do not match"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree *t = tree_new(1, 1, 2, false);
        struct pmi_client_state s;
        tree_init_all(t);
        tree_say(t, 1, "%s", cases[i].say);
        tree_expect(t, 1, "%s", "");
        assert_string_equal(t->ranks[1].failed, cases[i].hear);
        pmi_client_state(t->ranks[1].client, &s);
        assert_int_equal(s.state, PMI_CLIENT_FAILED);
        tree_say(t, 1, "cmd=get_appnum\n");
        tree_expect(t, 1, "%s", "");
        pmi_client_gone(t->ranks[1].client);
        tree_free(t);
    }
}

static void a_flood_is_stopped(void **state)
{
    struct tree *t = tree_new(1, 2, 2, false);
    tree_init_all(t);
    tree_say(t, 0, "cmd=get kvsname=kvs_1 key=far\n"); /* cannot be answered before tree_run */
    for (int i = 0; i < 5 * 1024 && !*t->ranks[0].failed; i++)
        tree_say(t, 0, "cmd=put kvsname=kvs_1 key=k value=%0990d\n", i);
    assert_string_equal(t->ranks[0].failed,
                        "sent more than 4 MiB of PMI requests while it should have waited for an answer");
    for (int i = 0; i < 2000 && !*t->ranks[1].failed; i++)
        tree_say(t, 1, "cmd=barrier_in\n");
    assert_string_equal(t->ranks[1].failed, "sent more than 1024 PMI requests without waiting for answers");
    tree_run(t);
    tree_free(t);
}

static void what_a_rank_stores_is_bounded(void **state)
{
    struct tree *t = tree_new(1, 1, 1, false);
    tree_init_all(t);
    for (int i = 0; i < 1024 * 1024; i++)
        tree_say(t, 0, "cmd=put kvsname=kvs_1 key=k%d value=v\n", i % 10);
    tree_hear(t, 0);
    tree_say(t, 0, "cmd=put kvsname=kvs_1 key=k value=v\ncmd=publish_name service=s port=p\n");
    tree_expect(t, 0,
                "cmd=put_result rc=1 msg=this_rank_has_put_too_many_values\n"
                "cmd=publish_result rc=1 msg=this_rank_has_published_too_many_names\n");
    tree_free(t);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct tree *t = tree_new(1, 2, 2, false);
    tree_init_all(t);
    tree_say(t, 0, "cmd=get kvsname=kvs_1 key=a\ncmd=get_appnum\ncmd=lookup_name service=s\ncmd=get_appnum\nc");
    assert_string_equal(tree_hear(t, 0), "");
    tree_expect(t, 0,
                "cmd=get_result rc=1 msg=no_value_for_the_key_a\ncmd=appnum rc=0 appnum=0\n"
                "cmd=lookup_result rc=1 msg=service_not_found\ncmd=appnum rc=0 appnum=0\n");
    tree_say(t, 0, "md=get_appnum\n");
    tree_expect(t, 0, "cmd=appnum rc=0 appnum=0\n");
    tree_free(t);
}

static void abort_is_passed_on(void **state)
{
    struct tree *t = tree_new(1, 1, 2, false);
    tree_say(t, 0, "cmd=abort exitcode=17 message=it is = over\n");
    assert_string_equal(t->ranks[0].aborted, "17 it is = over");
    tree_say(t, 1, "cmd=abort exitcode=x\n");
    assert_string_equal(t->ranks[1].aborted, "1 ");
    tree_free(t);
}

static void a_closed_connection_is_a_failure_only_between_init_and_finalize(void **state)
{
    struct tree *t = tree_new(1, 1, 4, false);
    pmi_client_gone(t->ranks[0].client);
    assert_string_equal(t->ranks[0].failed, "");
    tree_say(t, 1, "cmd=init pmi_version=1 pmi_subversion=1\n");
    pmi_client_gone(t->ranks[1].client);
    pmi_client_gone(t->ranks[1].client);
    assert_string_equal(t->ranks[1].failed, "closed its PMI connection before it finalized");
    tree_say(t, 2, "cmd=init pmi_ver");
    pmi_client_gone(t->ranks[2].client);
    assert_string_equal(t->ranks[2].failed, "closed its PMI connection in the middle of a request");
    tree_say(t, 3, "cmd=init pmi_version=1 pmi_subversion=1\ncmd=finalize\n");
    pmi_client_gone(t->ranks[3].client);
    assert_string_equal(t->ranks[3].failed, "");
    tree_free(t);
}

static void a_rank_may_begin_again(void **state)
{
    struct tree *t = tree_new(1, 1, 1, false);
    for (int i = 0; i < 3; i++)
        PLAY(
            t, 0,
            {"cmd=init pmi_version=1 pmi_subversion=1\n", "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2\n"},
            {"cmd=barrier_in\n", "cmd=barrier_out tag=0\n"}, {"cmd=finalize\n", "cmd=finalize_ack rc=0\n"});
    assert_int_equal(t->ranks[0].inits, 3);
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_are_answered),
        cmocka_unit_test(refusals_have_a_reason),
        cmocka_unit_test(a_port_client_gets_its_four_lines),
        cmocka_unit_test(garbage_fails_the_rank),
        cmocka_unit_test(a_flood_is_stopped),
        cmocka_unit_test(what_a_rank_stores_is_bounded),
        cmocka_unit_test(pipelined_requests_are_answered_in_order),
        cmocka_unit_test(abort_is_passed_on),
        cmocka_unit_test(a_closed_connection_is_a_failure_only_between_init_and_finalize),
        cmocka_unit_test(a_rank_may_begin_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
