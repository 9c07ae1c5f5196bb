/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A front end that is no wire: the core does the same for it as for PMI-1 and PMI-2, in one job with them.
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
#include "pmi-server/modex.h"
#include "pmi-server/remote.h"

static void get(struct tree *t, uint32_t rank, const char *key, struct fake_call *call)
{
    struct pmi_request *a = fake_request(t, rank, PMI_VERB_GET, call);
    pmi_get(a, NULL, PMI_RANK_UNKNOWN, key, false);
}

static void values_and_barriers_are_shared_with_wires(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    struct fake_call barrier[3], got;
    const char *why;
    for (uint32_t r = 0; r < 6; r++) {
        if (r % 2)
            tree_say(t, r, "cmd=init pmi_version=1 pmi_subversion=1\n");
        else
            pmi_client_initialized(t->ranks[r].client);
        tree_run(t);
        tree_hear(t, r);
    }
    assert_int_equal(pmi_put(t->ranks[0].client, PMI_RANK_UNKNOWN, "a", bytes_of("of 0"), &why), 0);
    tree_say(t, 5, "cmd=put kvsname=kvs_1 key=b value=of\\ 5\n");
    tree_expect(t, 5, "cmd=put_result rc=0\n");
    for (uint32_t i = 0; i < 3; i++)
        pmi_barrier(fake_request(t, 2 * i, PMI_VERB_BARRIER, &barrier[i]), NULL, (struct bytes){0});
    for (uint32_t r = 1; r < 5; r += 2)
        tree_say(t, r, "cmd=barrier_in\n");
    fake_pending(t, &barrier[0]);
    tree_say(t, 5, "cmd=barrier_in\n");
    for (uint32_t i = 0; i < 3; i++)
        fake_expect(t, &barrier[i], NULL, 0);
    get(t, 4, "b", &got);
    fake_expect(t, &got, "of 5", 4);
    get(t, 4, "none", &got);
    fake_refused(t, &got, "no value for the key none");
    tree_hear(t, 1);
    tree_say(t, 1, "cmd=get kvsname=kvs_1 key=a\n");
    tree_expect(t, 1, "cmd=get_result rc=0 value=of\\ 0\n");
    tree_free(t);
}

static void requests_complete_out_of_order(void **state)
{
    struct tree *t = tree_new(1, 2, 4, true);
    struct fake_call barrier, published, looked, bad;
    for (uint32_t r = 0; r < 4; r++)
        pmi_client_initialized(t->ranks[r].client);
    pmi_barrier(fake_request(t, 0, PMI_VERB_BARRIER, &barrier), "0,1", (struct bytes){0});
    pmi_name_publish(fake_request(t, 0, PMI_VERB_PUBLISH, &published), "s", (struct bytes){"p\0q", 3}, PMI_NAME_RANK,
                     false);
    fake_expect(t, &published, NULL, 0);
    pmi_name_lookup(fake_request(t, 3, PMI_VERB_LOOKUP, &looked), "s", false, false);
    fake_expect(t, &looked, "p\0q", 3);
    fake_pending(t, &barrier);
    pmi_barrier(fake_request(t, 1, PMI_VERB_BARRIER, &bad), "0,x", (struct bytes){0});
    fake_refused(t, &bad, "the group names a rank that the job does not have");
    tree_free(t);
    assert_int_equal(barrier.completed, 0);
    assert_int_equal(barrier.released, 1);
}

static void barrier_of_all(struct tree *t)
{
    struct fake_call *calls = calloc(t->nranks, sizeof *calls);
    for (uint32_t r = 0; r < t->nranks; r++)
        pmi_barrier(fake_request(t, r, PMI_VERB_BARRIER, &calls[r]), NULL, (struct bytes){0});
    for (uint32_t r = 0; r < t->nranks; r++)
        fake_expect(t, &calls[r], NULL, 0);
    free(calls);
}

static void begin(struct tree *t)
{
    for (uint32_t r = 0; r < t->nranks; r++)
        pmi_client_initialized(t->ranks[r].client);
}

/* Bytes of every kind, the same for the same seed. */
static struct bytes blob(size_t n, unsigned seed)
{
    char *p = malloc(n + 1);
    for (size_t i = 0; i < n; i++)
        p[i] = (char)(seed = seed * 1103515245u + 12345u, seed >> 16);
    return (struct bytes){p, n};
}

static void values_are_bytes_of_any_kind_and_long(void **state)
{
    static const size_t sizes[] = {0, 1, 1025, 100000, 1 << 20, PMI_BLOB_MAX};
    struct tree *t = tree_new(2, 2, 6, true);
    struct fake_call got;
    const char *why;
    begin(t);
    for (uint32_t i = 0; i < 6; i++) {
        char key[8];
        struct bytes b = blob(sizes[i], i);
        snprintf(key, sizeof key, "k%u", i);
        assert_int_equal(pmi_put(t->ranks[i].client, PMI_RANK_UNKNOWN, key, b, &why), 0);
        free((char *)b.data);
    }
    barrier_of_all(t);
    for (uint32_t i = 0; i < 6; i++) {
        char key[8];
        struct bytes b = blob(sizes[i], i);
        snprintf(key, sizeof key, "k%u", i);
        get(t, (i + 1) % 6, key, &got);
        fake_expect(t, &got, b.data, b.len);
        free((char *)b.data);
    }
    struct bytes more = blob(PMI_BLOB_MAX + 1, 1);
    assert_int_equal(pmi_put(t->ranks[0].client, PMI_RANK_UNKNOWN, "k", more, &why), PMI2_ERROR_VALUE_LENGTH);
    assert_string_equal(why, "the value is longer than 4 MiB");
    free((char *)more.data);
    assert_int_equal(t->broken, 0);
    tree_free(t);
}

static void what_a_rank_stores_is_bounded_in_bytes(void **state)
{
    struct tree *t = tree_new(1, 1, 1, false);
    struct bytes b = blob(PMI_BLOB_MAX, 3);
    const char *why;
    begin(t);
    int n = 0;
    while (n < 1000 && pmi_put(t->ranks[0].client, PMI_RANK_UNKNOWN, "k", b, &why) == 0)
        n++;
    assert_int_equal(n, PMI_CLIENT_STORED_MAX / PMI_BLOB_MAX - 1);
    assert_string_equal(why, "this rank has put too many values");
    free((char *)b.data);
    tree_free(t);
}

static void wires_refuse_what_they_cannot_carry(void **state)
{
    struct tree *t = tree_new(1, 1, 2, false);
    struct bytes b = blob(1025, 7);
    const char *why;
    memset((char *)b.data, 'x', b.len);
    pmi_client_initialized(t->ranks[0].client);
    assert_int_equal(pmi_put(t->ranks[0].client, PMI_RANK_UNKNOWN, "long", b, &why), 0);
    assert_int_equal(pmi_put(t->ranks[0].client, PMI_RANK_UNKNOWN, "nul", (struct bytes){"a\0b", 3}, &why), 0);
    tree_say(t, 1, "cmd=init pmi_version=1 pmi_subversion=1\n");
    tree_hear(t, 1);
    tree_say(t, 1, "cmd=get kvsname=kvs_1 key=long\n");
    tree_expect(t, 1, "cmd=get_result rc=1 msg=the_value_is_longer_than_1024_bytes\n");
    tree_say(t, 1, "cmd=get kvsname=kvs_1 key=nul\n");
    tree_expect(t, 1, "cmd=get_result rc=1 msg=the_value_is_not_text\n");
    tree_say2(t, 1, "cmd=kvs-get;key=long;");
    tree_expect2(t, 1, "cmd=kvs-get-response;rc=7;found=FALSE;errmsg=the value is longer than 1024 bytes;");
    tree_say2(t, 1, "cmd=kvs-get;key=nul;");
    tree_expect2(t, 1, "cmd=kvs-get-response;rc=6;found=FALSE;errmsg=the value is not text;");
    free((char *)b.data);
    tree_free(t);
}

static void the_same_name_of_several_ranks_is_several_keys(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    struct fake_call got;
    const char *why;
    char text[16];
    begin(t);
    for (uint32_t r = 0; r < 6; r++) {
        snprintf(text, sizeof text, "address %u", r);
        assert_int_equal(pmi_put(t->ranks[r].client, r, "address", bytes_of(text), &why), 0);
    }
    assert_int_equal(pmi_put(t->ranks[3].client, PMI_RANK_JOB, "address", bytes_of("of all"), &why), 0);
    barrier_of_all(t);
    for (uint32_t r = 0; r < 6; r++) {
        snprintf(text, sizeof text, "address %u", r);
        pmi_get(fake_request(t, (r + 2) % 6, PMI_VERB_GET, &got), "kvs_1", r, "address", false);
        fake_expect(t, &got, text, strlen(text));
    }
    pmi_get(fake_request(t, 1, PMI_VERB_GET, &got), NULL, PMI_RANK_JOB, "address", false);
    fake_expect(t, &got, "of all", 6);
    get(t, 1, "address", &got);
    fake_refused(t, &got, "no value for the key address");
    assert_int_equal(t->broken, 0);
    tree_free(t);
}

static void keys_are_checked(void **state)
{
    static const struct {
        const char *p;
        size_t n;
        bool valid;
    } cases[] = {{"", 0, false},       {"a", 1, true},       {"a\0b", 3, false},       {"\0", 1, false},
                 {"\0rank", 5, false}, {"\0rankx", 6, true}, {"\0\0\0\0\0x", 6, true}, {"\0rankx\0", 7, false}};
    char name[PMI_NAME_MAX + 2];
    struct pmi_key k;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(pmi_control_key_valid((struct bytes){cases[i].p, cases[i].n}), cases[i].valid);
    memset(name, 'n', sizeof name);
    name[PMI_NAME_MAX + 1] = 0;
    assert_false(pmi_control_key_valid(bytes_of(name)));
    name[PMI_NAME_MAX] = 0;
    assert_true(pmi_control_key_valid(pmi_key_make(&k, PMI_RANK_UNKNOWN, name)));
    assert_true(pmi_control_key_valid(pmi_key_make(&k, 0x01020304, name)));
    assert_int_equal(k.len, PMI_KEY_BYTES_MAX);
    assert_memory_equal(k.data, "\0\4\3\2\1n", 6);
}

static void a_get_may_name_another_job(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    struct tree_rank others[2] = {{.proxy = 2}, {.proxy = 5}};
    struct fake_call got;
    static const char put[] =
        "cmd=init pmi_version=1 pmi_subversion=1\ncmd=put kvsname=kvs_2 key=a value=b\ncmd=barrier_in\n";
    static const char foreign[] = "cmd=put kvsname=kvs_1 key=a value=b\n";
    tree_job_add(t, 2, "kvs_2", others, 2);
    begin(t);
    for (int i = 0; i < 2; i++)
        tree_say_bytes(&others[i], put, sizeof put - 1);
    tree_run(t);
    for (int i = 0; i < 2; i++)
        assert_non_null(strstr(tree_heard(&others[i]), "barrier_out"));
    for (uint32_t r = 0; r < 6; r++) {
        pmi_get(fake_request(t, r, PMI_VERB_GET, &got), "kvs_2", PMI_RANK_UNKNOWN, "a", false);
        fake_expect(t, &got, "b", 1);
        get(t, r, "a", &got);
        fake_refused(t, &got, "no value for the key a");
    }
    pmi_get(fake_request(t, 0, PMI_VERB_GET, &got), "kvs_3", PMI_RANK_UNKNOWN, "a", false);
    fake_refused(t, &got, "no job is called kvs_3");
    tree_say_bytes(&others[0], foreign, sizeof foreign - 1);
    assert_string_equal(tree_heard(&others[0]), "cmd=put_result rc=1 msg=no_such_kvsname\n");
    /* A job that ends while somebody waits for its value; and what stands behind that get. */
    tree_say(t, 1, "cmd=get kvsname=kvs_2 key=z\ncmd=get_appnum\n");
    tree_job_del(t, 2);
    tree_expect(t, 1, "cmd=get_result rc=1 msg=the_job_has_ended\ncmd=appnum rc=0 appnum=1\n");
    assert_int_equal(t->broken, 0);
    for (int i = 0; i < 2; i++)
        buf_fini(&others[i].out);
    tree_free(t);
}

/* A value that is replaced is seen by other jobs too, wherever they are. */
static void another_jobs_values_are_not_kept_too_long(void **state)
{
    struct tree *t = tree_new(2, 2, 6, true);
    struct tree_rank others[2] = {{.proxy = 2}, {.proxy = 5}};
    struct fake_call got;
    char line[120];
    tree_job_add(t, 2, "kvs_2", others, 2);
    begin(t);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 2; i++) {
            snprintf(line, sizeof line, "%scmd=put kvsname=kvs_2 key=a value=v%d\ncmd=barrier_in\n",
                     round ? "" : "cmd=init pmi_version=1 pmi_subversion=1\n", round);
            tree_say_bytes(&others[i], line, strlen(line));
        }
        snprintf(line, sizeof line, "v%d", round);
        tree_run(t);
        for (uint32_t r = 0; r < 6; r++) {
            pmi_get(fake_request(t, r, PMI_VERB_GET, &got), "kvs_2", PMI_RANK_UNKNOWN, "a", false);
            fake_expect(t, &got, line, 2);
        }
    }
    for (int i = 0; i < 2; i++)
        buf_fini(&others[i].out);
    tree_free(t);
}

static void who_is_gone_is_not_answered(void **state)
{
    struct tree *t = tree_new(1, 2, 2, false);
    struct fake_call got;
    pmi_client_initialized(t->ranks[0].client);
    get(t, 0, "far", &got);
    pmi_client_gone(t->ranks[0].client);
    tree_run(t);
    assert_int_equal(got.completed, 0);
    assert_int_equal(got.released, 1);
    tree_free(t);
}

static int by_byte(const void *a, const void *b)
{
    return *(const char *)a - *(const char *)b;
}

static void a_barrier_carries_what_all_bring(void **state)
{
    struct tree *t = tree_new(2, 2, 8, true);
    struct fake_call calls[8];
    begin(t);
    for (uint32_t r = 0; r < 8; r++)
        pmi_barrier(fake_request(t, r, PMI_VERB_BARRIER, &calls[r]), NULL, (struct bytes){&"abcdefgh"[r], 1});
    tree_run(t);
    for (uint32_t r = 0; r < 8; r++) {
        assert_int_equal(calls[r].completed, 1);
        assert_int_equal(calls[r].len, 8);
        qsort(calls[r].value, 8, 1, by_byte);
        assert_memory_equal(calls[r].value, "abcdefgh", 8);
        fake_fini(&calls[r]);
    }
    barrier_of_all(t); /* the next one brings nothing */
    tree_free(t);
}

static void what_a_rank_has_committed_is_fetched_from_it(void **state)
{
    struct tree *t = tree_new(2, 2, 8, true);
    struct fake_call asked, bad, late;
    begin(t);
    pmi_modex(fake_request(t, 0, PMI_VERB_GET, &asked), "kvs_1", 7, "key", 0);
    fake_pending(t, &asked);
    assert_int_not_equal(t->ranks[7].modex, 0);
    pmi_server_modex_done(t->proxies[t->ranks[7].proxy].server, 1, t->ranks[7].modex, 0, (struct bytes){"a\0b", 3});
    fake_expect(t, &asked, "a\0b", 3);
    pmi_modex(fake_request(t, 0, PMI_VERB_GET, &bad), "kvs_1", 8, "", 0);
    fake_refused(t, &bad, "no such rank, or key");
    pmi_modex(fake_request(t, 0, PMI_VERB_GET, &late), "kvs_1", 6, "", 3);
    fake_pending(t, &late);
    pmi_root_dead(t->root, 1, 6);
    fake_refused(t, &late, "the rank has ended");
    pmi_server_modex_done(t->proxies[t->ranks[6].proxy].server, 1, t->ranks[6].modex, 0, (struct bytes){"x", 1});
    tree_run(t); /* too late, and no fault */
    tree_free(t);
}

static void ranks_of_several_jobs_meet(void **state)
{
    struct tree *t = tree_new(1, 2, 4, true);
    const uint32_t jobs[] = {1, 9};
    struct fake_call first, second, alone;
    struct pmi_meeting m = {.name = "x", .arrived = 2, .expected = 4, .jobs = jobs, .njobs = 1, .data = bytes_of("p")};
    begin(t);
    pmi_meet(fake_request(t, 0, PMI_VERB_PLAIN, &first), &m);
    fake_pending(t, &first);
    m.data = bytes_of("q");
    pmi_meet(fake_request(t, 3, PMI_VERB_PLAIN, &second), &m);
    fake_expect(t, &first, "\1\0\0\0\0\0\0\0pq", 10);
    fake_expect(t, &second, "\1\0\0\0\0\0\0\0pq", 10);
    m.njobs = 2;
    pmi_meet(fake_request(t, 0, PMI_VERB_PLAIN, &alone), &m);
    fake_refused(t, &alone, "the job has ended");
    tree_free(t);
}

static void a_notice_reaches_every_proxy(void **state)
{
    struct tree *t = tree_new(2, 2, 8, true);
    struct fake_call call;
    begin(t);
    pmi_notify(fake_request(t, 5, PMI_VERB_PLAIN, &call), bytes_of("hear"));
    fake_expect(t, &call, NULL, 0);
    for (uint32_t i = 0; i < t->nproxies; i++) {
        assert_int_equal(t->proxies[i].notices, 1);
        assert_string_equal(t->proxies[i].notice, "hear");
    }
    tree_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_barrier_carries_what_all_bring),
        cmocka_unit_test(what_a_rank_has_committed_is_fetched_from_it),
        cmocka_unit_test(ranks_of_several_jobs_meet),
        cmocka_unit_test(a_notice_reaches_every_proxy),
        cmocka_unit_test(values_and_barriers_are_shared_with_wires),
        cmocka_unit_test(requests_complete_out_of_order),
        cmocka_unit_test(values_are_bytes_of_any_kind_and_long),
        cmocka_unit_test(what_a_rank_stores_is_bounded_in_bytes),
        cmocka_unit_test(wires_refuse_what_they_cannot_carry),
        cmocka_unit_test(the_same_name_of_several_ranks_is_several_keys),
        cmocka_unit_test(keys_are_checked),
        cmocka_unit_test(a_get_may_name_another_job),
        cmocka_unit_test(another_jobs_values_are_not_kept_too_long),
        cmocka_unit_test(who_is_gone_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
