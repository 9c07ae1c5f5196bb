/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What only mpiexec knows: names, spawn, the dead; wide reading; and payloads that are not what they should be.
 */
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void names_are_shared_and_end_with_their_job(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    tree_init_all(t);
    tree_say(t, 5, "cmd=publish_name service=s port=tag#0$description#h$\n");
    tree_expect(t, 5, "cmd=publish_result rc=0\n");
    tree_say(t, 0, "cmd=publish_name service=s port=q\n");
    tree_expect(t, 0, "cmd=publish_result rc=1 msg=key_already_present\n");
    tree_say(t, 3, "cmd=lookup_name service=s\n");
    tree_expect(t, 3, "cmd=lookup_result rc=0 port=tag#0$description#h$\n");
    tree_say(t, 0, "cmd=unpublish_name service=s\n");
    tree_expect(t, 0, "cmd=unpublish_result rc=0\n");
    tree_say(t, 0, "cmd=unpublish_name service=s\n");
    tree_expect(t, 0, "cmd=unpublish_result rc=1 msg=service_not_found\n");
    tree_say(t, 0, "cmd=publish_name service=s port=q\n");
    tree_expect(t, 0, "cmd=publish_result rc=0\n");
    pmi_root_job_del(t->root, 1);
    assert_int_equal(pmi_root_job_add(t->root, &(struct pmi_root_job){1, "kvs_1", 6, 0}), 0);
    tree_say(t, 3, "cmd=lookup_name service=s\n");
    tree_expect(t, 3, "cmd=lookup_result rc=1 msg=service_not_found\n");
    tree_free(t);
}

#define BLOCK_1                                                                                                        \
    "mcmd=spawn\nnprocs=2\nexecname=./a\ntotspawns=2\nspawnssofar=1\nargcnt=2\narg1=x\narg2=a b\\\npreput_num=1\n"     \
    "preput_key_0=PARENT_ROOT_PORT_NAME\npreput_val_0=tag#0$\ninfo_num=2\ninfo_key_0=host\ninfo_val_0=n1\n"            \
    "info_key_1=wdir\ninfo_val_1=/tmp/a b\nendcmd\n"
#define BLOCK_2 "mcmd=spawn\nnprocs=1\nexecname=/b\ntotspawns=2\nspawnssofar=2\nargcnt=0\ninfo_num=0\nendcmd\n"
#define SPAWNED "job 1 rank 4; 2 ./a <x> <a b\\> host=n1 wdir=/tmp/a b; 1 /b"

static void spawn_is_asked_and_answered(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    const int32_t codes[] = {0, 0, 2};
    tree_init_all(t);
    tree_say(t, 4, BLOCK_1);
    tree_expect(t, 4, "%s", "");
    assert_string_equal(t->spawn, "");
    tree_say(t, 4, BLOCK_2);
    tree_expect(t, 4, "%s", "");
    assert_string_equal(t->spawn, SPAWNED);
    /* The new job, on the same proxies as a second one, reads what was put for it. */
    assert_int_equal(pmi_root_job_add(t->root, &(struct pmi_root_job){2, "kvs_2", 1, t->spawn_id}), 0);
    pmi_root_spawn_done(t->root, t->spawn_id, NULL, "kvs_2", codes, 3);
    tree_expect(t, 4, "cmd=spawn_result rc=0 errcodes=0,0,2\n");
    struct tree_rank child = {.tree = t};
    const struct pmi_local local = {0, 0};
    struct pmi_job job = {.id = 2, .kvsname = "kvs_2", .size = 1, .nlocal = 1, .local = &local, .spawner = "kvs_1"};
    assert_int_equal(pmi_server_job_add(t->proxies[3].server, &job), 0);
    child.client = pmi_server_client(t->proxies[3].server, 2, 0, &child);
    static const char text[] = "cmd=init pmi_version=1 pmi_subversion=1\ncmd=get kvsname=kvs_2 "
                               "key=PARENT_ROOT_PORT_NAME\n";
    pmi_client_input(child.client, text, sizeof text - 1);
    assert_int_equal(pmi_server_job_add(t->proxies[0].server, &(struct pmi_job){.id = 2, .kvsname = "kvs_2"}), 0);
    tree_run(t);
    buf_put_u8(&child.out, 0);
    assert_string_equal((char *)child.out.data, "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2\n"
                                                "cmd=get_result rc=0 value=tag#0$\n");
    buf_fini(&child.out);
    pmi_root_spawn_done(t->root, t->spawn_id, "late", NULL, NULL, 0);
    tree_expect(t, 4, "%s", "");
    tree_free(t);
}

static void spawn_in_pmi2(void **state)
{
    struct tree *t = tree_new(1, 1, 2, false);
    tree_say(t, 1, "cmd=init pmi_version=2\n");
    tree_say2(t, 1, "cmd=fullinit;");
    tree_run(t);
    tree_hear(t, 1);
    tree_say2(t, 1,
              "cmd=spawn;thrid=9;ncmds=2;preputcount=1;ppkey0=a;ppval0=b;subcmd=./x;maxprocs=2;argc=1;argv0=y;;z;"
              "infokeycount=1;infokey0=wdir;infoval0=/;subcmd=./z;maxprocs=1;argc=0;infokeycount=0;");
    tree_run(t);
    assert_string_equal(t->spawn, "job 1 rank 1; 2 ./x <y;z> wdir=/; 1 ./z");
    pmi_root_spawn_done(t->root, t->spawn_id, NULL, "kvs_2", NULL, 0);
    tree_expect2(t, 1, "cmd=spawn-response;thrid=9;rc=0;jobid=kvs_2;nerrs=3;err0=0;err1=0;err2=0;");
    tree_say2(t, 1, "cmd=spawn;ncmds=1;subcmd=./x;maxprocs=1;");
    tree_run(t);
    pmi_root_spawn_done(t->root, t->spawn_id, "no host n9", NULL, NULL, 0);
    tree_expect2(t, 1, "cmd=spawn-response;rc=14;errmsg=no host n9;");
    tree_free(t);
}

static void a_spawn_that_cannot_be_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"nprocs=0\nexecname=a\n", "the_number_of_processes_is_missing_or_invalid"},
        {"nprocs=x\nexecname=a\n", "the_number_of_processes_is_missing_or_invalid"},
        {"nprocs=99999999\nexecname=a\n", "the_number_of_processes_is_missing_or_invalid"},
        {"execname=a\n", "the_number_of_processes_is_missing_or_invalid"},
        {"nprocs=1\n", "the_program_is_missing"},
        {"nprocs=1\nexecname=\n", "the_program_is_missing"},
        {"nprocs=1\nexecname=a\nargcnt=2\narg1=x\n", "an_argument_is_missing"},
        {"nprocs=1\nexecname=a\nargcnt=-1\n", "the_number_of_arguments_is_invalid"},
        {"nprocs=1\nexecname=a\ninfo_num=1\ninfo_key_0=k\n", "an_info_or_preput_key_is_missing"},
        {"nprocs=1\nexecname=a\ninfo_num=z\n", "a_count_of_info_or_preput_keys_is_not_a_number"},
        {"nprocs=1\nexecname=a\npreput_num=3\n", "an_info_or_preput_key_is_missing"},
    };
    struct tree *t = tree_new(1, 1, 1, false);
    tree_init_all(t);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        tree_say(t, 0, "mcmd=spawn\n%stotspawns=1\nspawnssofar=1\nendcmd\n", cases[i][0]);
        tree_expect(t, 0, "cmd=spawn_result rc=1 msg=%s\n", cases[i][1]);
    }
    tree_say(t, 0,
             "mcmd=spawn\nnprocs=1\nexecname=a\npreput_num=1\npreput_key_0=k\npreput_val_0=%01025d\n"
             "totspawns=1\nspawnssofar=1\nendcmd\n",
             0);
    tree_expect(t, 0, "cmd=spawn_result rc=1 msg=a_preput_key_is_longer_than_64_bytes,_or_its_value_than_1024\n");
    tree_say(t, 0, "mcmd=spawn\nnprocs=1\nexecname=a\ntotspawns=1\nspawnssofar=1\nendcmd\n");
    tree_run(t);
    assert_string_equal(t->spawn, "job 1 rank 0; 1 a");
    tree_free(t);
}

static void the_dead_are_named_in_their_order(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    tree_init_all(t);
    pmi_root_dead(t->root, 1, 3);
    pmi_root_dead(t->root, 1, 1);
    tree_say(t, 5, "cmd=get kvsname=kvs_1 key=PMI_dead_processes\n");
    tree_expect(t, 5, "cmd=get_result rc=0 value=3,1\n");
    for (uint32_t i = 0; i < 1000; i++)
        pmi_root_dead(t->root, 1, 2);
    tree_say(t, 5, "cmd=get kvsname=kvs_1 key=PMI_dead_processes\n");
    tree_run(t);
    assert_in_range(strlen(tree_hear(t, 5)), 1000, 1024 + 40);
    tree_free(t);
}

/* Every rank reads every value, in the order of ranks. */
static unsigned long read_all(uint32_t depth, uint32_t fan, uint32_t n)
{
    struct tree *t = tree_new(depth, fan, n, true);
    tree_init_all(t);
    for (uint32_t r = 0; r < n; r++)
        tree_say(t, r, "cmd=put kvsname=kvs_1 key=k%u value=%u\ncmd=barrier_in\n", r, r);
    tree_run(t);
    for (uint32_t r = 0; r < n; r++)
        tree_hear(t, r);
    for (uint32_t k = 0; k < n; k++) {
        for (uint32_t r = 0; r < n; r++)
            tree_say(t, r, "cmd=get kvsname=kvs_1 key=k%u\n", k);
        for (uint32_t r = 0; r < n; r++)
            tree_expect(t, r, "cmd=get_result rc=0 value=%u\n", k);
    }
    unsigned long gets = t->count[PMI_CONTROL_GET];
    assert_true(t->count[PMI_CONTROL_VALUES] <= 2 * gets);
    tree_free(t);
    return gets;
}

static void reading_everything_takes_few_messages(void **state)
{
    assert_true(read_all(1, 8, 400) <= 8 * 16);
    assert_true(read_all(2, 4, 400) <= 20 * 16);
}

static void what_does_not_decode_is_refused(void **state)
{
    static const struct {
        const char *p;
        size_t n;
    } cases[] = {
        {"", 0},
        {"\x01", 1},
        {"\x63\x01\x00\x00\x00", 5},
        {"\x01\x01\x00\x00\x00\xff\xff\xff\xff", 9},
        {"\x02\x01\x00\x00\x00\x05\x00\x00\x00WORLD\x00\x01\x00\x00\x00", 18},
        {"\x03\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00", 17},
        {"\x04\x01\x00\x00\x00\x01\x00\x00\x00\x01\x00\x00\x00\x09", 14},
        {"\x06\x01\x00\x00\x00\x05\x00\x00\x00WORLD\x00", 15},
        {"\x07\x01\x00\x00\x00\x01\x00\x00\x00", 9},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct tree *t = tree_new(2, 1, 2, false);
        tree_init_all(t);
        assert_int_equal(pmi_root_up(t->root, 0, cases[i].p, cases[i].n), -1);
        assert_int_equal(pmi_server_down(t->proxies[0].server, cases[i].p, cases[i].n), -1);
        if (cases[i].n < 14 || cases[i].p[0] != 4)
            assert_int_equal(pmi_server_child_up(t->proxies[0].server, 0, cases[i].p, cases[i].n), -1);
        tree_free(t);
    }
    struct tree *t = tree_new(1, 1, 2, false);
    assert_int_equal(pmi_root_up(t->root, 1, "\x01\x01\x00\x00\x00\x00\x00\x00\x00", 9), -1);
    assert_int_equal(pmi_root_up(t->root, 0, "\x01\x09\x00\x00\x00\x00\x00\x00\x00", 9), 0); /* a job that has ended */
    tree_free(t);
}

static void messages_have_names(void **state)
{
    assert_string_equal(pmi_control_payload_name("\x02", 1), "BARRIER");
    assert_string_equal(pmi_control_payload_name("\x00", 1), "unknown");
    assert_string_equal(pmi_control_payload_name("\xff", 1), "unknown");
    assert_string_equal(pmi_control_payload_name("", 0), "unknown");
}

static void jobs_are_checked(void **state)
{
    static const struct pmi_server_ops ops = {0};
    struct pmi_server *s = pmi_server_create(&ops, NULL, 0);
    const struct pmi_local local[] = {{5, 0}};
    struct pmi_job job = {.id = 1, .kvsname = "a b", .size = 2, .nlocal = 1, .local = local};
    assert_int_equal(pmi_server_job_add(s, &job), -1);
    job.kvsname = "k";
    assert_int_equal(pmi_server_job_add(s, &job), -1); /* rank 5 of 2 */
    job.size = 6;
    job.below = 1;
    assert_int_equal(pmi_server_job_add(s, &job), -1); /* no children */
    job.below = 0;
    assert_int_equal(pmi_server_job_add(s, &job), 0);
    assert_null(pmi_server_client(s, 1, 4, NULL));
    assert_null(pmi_server_client(s, 2, 5, NULL));
    assert_non_null(pmi_server_client(s, 1, 5, NULL));
    pmi_server_destroy(s);
    pmi_server_destroy(NULL);
    pmi_root_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_shared_and_end_with_their_job),
        cmocka_unit_test(spawn_is_asked_and_answered),
        cmocka_unit_test(spawn_in_pmi2),
        cmocka_unit_test(a_spawn_that_cannot_be_is_refused),
        cmocka_unit_test(the_dead_are_named_in_their_order),
        cmocka_unit_test(reading_everything_takes_few_messages),
        cmocka_unit_test(what_does_not_decode_is_refused),
        cmocka_unit_test(messages_have_names),
        cmocka_unit_test(jobs_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
