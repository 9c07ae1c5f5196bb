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
#include "pmi-server/remote.h"

static void get(struct tree *t, uint32_t rank, const char *key, struct fake_call *call)
{
    struct pmi_ask *a = fake_ask(t, rank, PMI_ASK_GET, call);
    pmi_ask_detail(a, key);
    pmi_get(a);
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
    assert_int_equal(pmi_put(t->ranks[0].client, "a", "of 0", &why), 0);
    tree_say(t, 5, "cmd=put kvsname=kvs_1 key=b value=of\\ 5\n");
    tree_expect(t, 5, "cmd=put_result rc=0\n");
    for (uint32_t i = 0; i < 3; i++)
        pmi_barrier(fake_ask(t, 2 * i, PMI_ASK_BARRIER, &barrier[i]), NULL);
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
    pmi_barrier(fake_ask(t, 0, PMI_ASK_BARRIER, &barrier), "0,1");
    pmi_name_request(fake_ask(t, 0, PMI_ASK_PUBLISH, &published), PMI_REQUEST_PUBLISH, "s", "p q");
    fake_expect(t, &published, NULL, 0);
    pmi_name_request(fake_ask(t, 3, PMI_ASK_LOOKUP, &looked), PMI_REQUEST_LOOKUP, "s", "");
    fake_expect(t, &looked, "p q", 3);
    fake_pending(t, &barrier);
    pmi_barrier(fake_ask(t, 1, PMI_ASK_BARRIER, &bad), "0,x");
    fake_refused(t, &bad, "the group names a rank that the job does not have");
    tree_free(t);
    assert_int_equal(barrier.completed, 0);
    assert_int_equal(barrier.released, 1);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_barriers_are_shared_with_wires),
        cmocka_unit_test(requests_complete_out_of_order),
        cmocka_unit_test(who_is_gone_is_not_answered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
