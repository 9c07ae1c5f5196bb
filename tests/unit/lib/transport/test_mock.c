/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The contract over a transport that makes use of all its liberties: it must pass what every transport must, whatever
 * it delays, refuses and reorders; and when a peer fails, all that is under way ends once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "conform.h"
#include "mock.h"
#include "lib/boot/boot.h"
#include "lib/process/failed.h"
#include "lib/process/process.h"

const struct transport *const transport_table[] = {&transport_mock, NULL};

static struct peer *me;
static char *region;

/* A job of one that believes to have more nodes, so that addresses are published and fetched. */
static void begin(struct mock_options options)
{
    mock_options = options;
    mock_options.loop = true;
    assert_int_equal(boot_init(), MPI_SUCCESS);
    boot.node_count = 2;
    assert_int_equal(process_init("job", boot.rank, boot.size), MPI_SUCCESS);
    assert_int_equal(transport_init(), MPI_SUCCESS);
    failed_init();
    region = malloc(CONFORM_REGION);
    me = peer_get(boot.rank);
    assert_non_null(region);
    assert_ptr_equal(me->transport, &transport_mock);
}

static void end(void)
{
    assert_int_equal(mock_under_way, 0);
    failed_fini();
    transport_fini();
    process_fini();
    boot_fini();
    free(region);
}

static void conforms(void **state)
{
    const struct mock_options *o = *state;
    begin(*o);
    assert_null(me->transport->reserve(me, 1)); /* its address is not here */
    conform_run(me, true, &region, 1);
    assert_int_equal(mock_registered, 0);
    end();
}

enum { OPS = 12 };
static struct op ops[OPS];
static char room[OPS][64];

static void start_all(void)
{
    static unsigned char key[MEM_KEY_MAX];
    void *handle;
    assert_true(me->transport->mem_register(region, CONFORM_REGION, MEM_GET | MEM_PUT | MEM_ATOMIC, key, &handle));
    struct remote at = {key, me->transport->key_bytes, 64};
    uint64_t one = 1;
    struct atomic_call add = {ATOMIC_SUM, ATOMIC_U64, &one, NULL, room[0]};
    for (int i = 0; i < OPS; i++) {
        struct op *o = op_init(&ops[i]);
        struct iovec piece = {room[i], sizeof room[i]};
        o->begun = i % 4 == 0   ? me->transport->atomic(me, at, &add, &o->c)
                   : i % 4 == 1 ? me->transport->get(me, &piece, 1, at, sizeof room[i], &o->c)
                   : i % 4 == 2 ? me->transport->put(me, &piece, 1, at, sizeof room[i], &o->c)
                                : me->transport->flush(me, &o->c);
        assert_int_equal(o->begun, REMOTE_STARTED);
    }
    me->transport->mem_deregister(handle);
}

static bool accept(int proc)
{
    assert_int_equal(proc, me->proc);
    return true;
}

/* The sweep of p2p does this: it hears of it, and retires the peer. */
static void a_failure_ends_all_once(void **state)
{
    begin((struct mock_options){.holds = true});
    while (!me->channel)
        conform_poll();
    conform_poll();
    start_all();
    assert_int_equal(mock_under_way, OPS);
    assert_false(failed_pending());
    mock_fail(me);
    conform_poll();
    assert_true(failed_pending());
    /* This process cannot have failed for itself, so that nothing is noted; but it has been looked at. */
    assert_false(failed_scan(accept));
    assert_false(failed_pending());
    assert_false(me->transport->inject(me, 1, 0, 0, "", 0));
    for (int i = 0; i < OPS; i++)
        assert_int_equal(ops[i].calls, 0);
}

static void of_those_under_way(void **state)
{
    conform_retire(me, &transport_failed);
    for (int i = 0; i < OPS; i++) {
        assert_int_equal(ops[i].calls, 1);
        assert_int_equal(ops[i].how, REMOTE_PEER_FAILED);
    }
    mock_options.holds = false;
    for (int i = 0; i < 10; i++)
        conform_poll();
    for (int i = 0; i < OPS; i++)
        assert_int_equal(ops[i].calls, 1);
    assert_int_equal(mock_disconnects, 1);
    struct op late;
    op_init(&late);
    late.begun = me->transport->flush(me, &late.c);
    assert_int_equal(late.begun, REMOTE_PEER_FAILED);
    end();
}

static void an_address_that_nobody_knows_is_a_failure(void **state)
{
    begin((struct mock_options){0});
    boot.size = 2;
    process_fini();
    assert_int_equal(process_init("job", 0, 2), MPI_SUCCESS);
    assert_int_equal(process_grow(2), MPI_SUCCESS);
    struct peer *other = peer_get(1);
    assert_ptr_equal(other->transport, &transport_mock);
    for (int i = 0; i < 10; i++)
        conform_poll();
    assert_null(other->channel);
    assert_true(failed_pending());
    end();
}

int main(void)
{
    static struct mock_options plain = {0}, late = {.connect = 50, .delay = 1}, unwilling = {.refuse = 3},
                               slow = {.connect = 5, .delay = 9, .refuse = 4}, poor = {.no_gets = true, .delay = 3},
                               messages = {.no_atomics = true, .delay = 5};
    const struct CMUnitTest tests[] = {
        {"conforms, plain", conforms, NULL, NULL, &plain},
        {"conforms, connects late", conforms, NULL, NULL, &late},
        {"conforms, refuses", conforms, NULL, NULL, &unwilling},
        {"conforms, delays, refuses and reorders", conforms, NULL, NULL, &slow},
        {"conforms, without gets", conforms, NULL, NULL, &poor},
        {"conforms, without atomics", conforms, NULL, NULL, &messages},
        cmocka_unit_test(a_failure_ends_all_once),
        cmocka_unit_test(of_those_under_way),
        cmocka_unit_test(an_address_that_nobody_knows_is_a_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
