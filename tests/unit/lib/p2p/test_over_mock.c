/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Matching, eager and rendezvous over a transport that connects late, refuses, delays and fails (mock.h), in one
 * process: rank 0 is the library, rank 1 is played here, packet by packet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lib/bindings/impl.h"
#include "lib/boot/boot.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/core/tally.h"
#include "lib/object/errhandler.h"
#include "lib/p2p/failure_sweep.h"
#include "lib/p2p/protocol.h"
#include "lib/process/process.h"
#include "lib/transport/self/self.h"
#include "tests/unit/lib/transport/mock.h"

const struct transport *const transport_table[] = {&transport_self, &transport_mock, NULL};

/* What the other side of rendezvous.c sees. */
struct rts {
    uint64_t sender, bytes;
    uint32_t others;
    uint8_t key_bytes, unused[3];
};
struct cts {
    uint64_t sender, receiver;
};
struct data {
    uint64_t receiver, at, took, room[5];
};

enum { LONG = 100000, TAG = 7 };
static char buf[LONG], theirs[LONG];
static struct peer *peer;

static void fill(char *at, size_t n, unsigned seed)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (char)(i * 11 + i / 251 + seed);
}

static void begin(struct mock_options options)
{
    mock_options = options;
    assert_int_equal(boot_init(), MPI_SUCCESS);
    assert_int_equal(knobs_init(false), MPI_SUCCESS);
    boot.node_count = 2;
    assert_int_equal(process_init("job", 0, 2), MPI_SUCCESS);
    assert_int_equal(transport_init(), MPI_SUCCESS);
    assert_int_equal(p2p_init(), MPI_SUCCESS);
    assert_int_equal(comm_init(0, 2), MPI_SUCCESS);
    assert_int_equal(comm_world_begin(), MPI_SUCCESS);
    assert_int_equal(boot_put("mock.1", "mock 1\0\0\0\0\0\0\0\0\0\0\0\0\0", 20), MPI_SUCCESS);
    peer = peer_get(1);
    assert_ptr_equal(peer->transport, &transport_mock);
}

static void end(void)
{
    lib.leaving = true;
    p2p_flush();
    lib.leaving = false;
    p2p_fini();
    assert_int_equal(mock_under_way, 0);
    assert_int_equal(mock_registered, 0);
    comm_fini();
    transport_fini();
    process_fini();
    boot_fini();
}

static void connected(void)
{
    while (!peer->channel)
        progress_poll();
}

static struct request *send_to_peer(const void *from, MPI_Count n, int mode)
{
    struct request *r;
    assert_int_equal(p2p_send(from, n, &datatype_byte, 1, TAG, &comm_world, comm_world.ctx, mode, &r), MPI_SUCCESS);
    return r;
}

static struct request *receive(void *to, MPI_Count n, struct datatype *t)
{
    struct request *r;
    assert_int_equal(p2p_recv(to, n, t, 1, TAG, &comm_world, comm_world.ctx, &r), MPI_SUCCESS);
    return r;
}

static int ended(struct request *r)
{
    for (int i = 0; i < 100000 && !r->complete; i++)
        progress_poll();
    assert_true(r->complete);
    int error = r->error;
    request_free(r);
    return error;
}

/* The next packet that has come to rank 1. */
static struct mock_packet next(uint8_t kind)
{
    struct mock_packet k = {0};
    bool any = false;
    for (int i = 0; i < 100000 && !(any = mock_take(peer, &k)); i++)
        progress_poll();
    assert_true(any);
    assert_int_equal(k.kind, kind);
    return k;
}

static void nothing_comes(void)
{
    struct mock_packet k;
    for (int i = 0; i < 50; i++)
        progress_poll();
    assert_false(mock_take(peer, &k));
}

static struct match_key from_peer(void)
{
    return match_key_of(comm_world.ctx, 1, TAG);
}

static void short_ones_keep_their_order(void **state)
{
    enum { MANY = 300 };
    static char bytes[MANY];
    struct request *out[MANY];
    begin(*(struct mock_options *)*state);
    for (int i = 0; i < MANY; i++) {
        bytes[i] = (char)i;
        out[i] = send_to_peer(&bytes[i], i % 2, MODE_STANDARD);
    }
    for (int i = 0; i < MANY; i++) {
        struct mock_packet k = next(EAGER);
        assert_int_equal(k.n, i % 2);
        assert_true(k.n == 0 || *(char *)k.payload == (char)i);
        assert_int_equal(k.key.tag, TAG);
        free(k.payload);
    }
    for (int i = 0; i < MANY; i++)
        if (out[i])
            assert_int_equal(ended(out[i]), MPI_SUCCESS);
    for (int i = 0; i < MANY; i++) {
        char c = (char)i;
        mock_arrive(peer, EAGER, from_peer(), &c, 1);
    }
    for (int i = 0; i < MANY; i++) {
        char c = -1;
        assert_int_equal(ended(receive(&c, 1, &datatype_byte)), MPI_SUCCESS);
        assert_int_equal(c, (char)i);
    }
    end();
}

static struct rts announced(unsigned char key[MEM_KEY_MAX])
{
    struct mock_packet k = next(RTS);
    struct rts body;
    assert_true(k.n >= sizeof body);
    memcpy(&body, k.payload, sizeof body);
    assert_int_equal(body.bytes, LONG);
    assert_int_equal(body.key_bytes, transport_mock.key_bytes);
    assert_int_equal(k.n, sizeof body + body.key_bytes);
    memcpy(key, (char *)k.payload + sizeof body, body.key_bytes);
    free(k.payload);
    return body;
}

/* Memory is registered until the receiver says that it has it, and no longer. */
static void a_long_one_is_got_by_its_key(void **state)
{
    unsigned char key[MEM_KEY_MAX];
    struct iovec whole = {theirs, LONG};
    begin(*(struct mock_options *)*state);
    fill(buf, LONG, 1);
    struct request *r = send_to_peer(buf, LONG, MODE_STANDARD);
    struct rts body = announced(key);
    assert_int_equal(mock_registered, 1);
    struct mock_options was = mock_options;
    mock_options = (struct mock_options){0};
    enum remote_state s = peer->transport->get(peer, &whole, 1, (struct remote){key, body.key_bytes, 0}, LONG, NULL);
    mock_options = was;
    assert_int_equal(s, REMOTE_DONE);
    assert_memory_equal(theirs, buf, LONG);
    assert_false(r->complete);
    mock_arrive(peer, FIN, (struct match_key){0}, &body.sender, sizeof body.sender);
    assert_int_equal(ended(r), MPI_SUCCESS);
    end();
}

static void a_long_one_streams_if_asked_to(void **state)
{
    unsigned char key[MEM_KEY_MAX];
    begin(*(struct mock_options *)*state);
    fill(buf, LONG, 2);
    memset(theirs, 0, LONG);
    struct request *r = send_to_peer(buf, LONG, MODE_STANDARD);
    struct rts body = announced(key);
    struct cts go = {body.sender, 4711};
    mock_arrive(peer, CTS, (struct match_key){0}, &go, sizeof go);
    for (size_t got = 0; got < LONG;) {
        struct mock_packet k = next(DATA);
        struct data d;
        memcpy(&d, k.payload, sizeof d);
        assert_int_equal(d.receiver, 4711);
        assert_int_equal(d.at, got);
        memcpy(theirs + got, (char *)k.payload + sizeof d, k.n - sizeof d);
        got += k.n - sizeof d;
        free(k.payload);
    }
    assert_int_equal(mock_registered, 0);
    assert_memory_equal(theirs, buf, LONG);
    assert_int_equal(ended(r), MPI_SUCCESS);
    end();
}

/* Rank 1 announces what lies in `theirs`. */
static void announce(uint64_t sender, bool with_key)
{
    char packet[sizeof(struct rts) + MEM_KEY_MAX];
    struct rts body = {.sender = sender, .bytes = LONG};
    if (with_key) {
        mock_offer(theirs, LONG, MEM_GET, packet + sizeof body);
        body.key_bytes = (uint8_t)transport_mock.key_bytes;
    }
    memcpy(packet, &body, sizeof body);
    mock_arrive(peer, RTS, from_peer(), packet, sizeof body + body.key_bytes);
}

static void finished(uint64_t sender)
{
    struct mock_packet k = next(FIN);
    uint64_t which;
    assert_int_equal(k.n, sizeof which);
    memcpy(&which, k.payload, sizeof which);
    assert_int_equal(which, sender);
    free(k.payload);
}

static void one_that_is_announced_is_got(void **state)
{
    begin(*(struct mock_options *)*state);
    connected();
    fill(theirs, LONG, 3);
    memset(buf, 0, LONG);
    struct request *r = receive(buf, LONG, &datatype_byte);
    announce(99, true);
    finished(99);
    assert_int_equal(ended(r), MPI_SUCCESS);
    assert_memory_equal(buf, theirs, LONG);
    end();
}

/* In pieces, of which the transport takes three at a time. */
static void into_memory_with_gaps(void **state)
{
    enum { BLOCKS = 20, BLOCK = LONG / BLOCKS / 2 };
    begin(*(struct mock_options *)*state);
    connected();
    peer->local = 0; /* near enough for short pieces */
    fill(theirs, LONG, 4);
    memset(buf, 0x33, LONG);
    MPI_Datatype handle;
    assert_int_equal(mpi_type_vector(BLOCKS, BLOCK, (MPI_Count)2 * BLOCK, &datatype_byte, &handle), MPI_SUCCESS);
    assert_int_equal(mpi_type_commit(&handle), MPI_SUCCESS);
    struct request *r = receive(buf, 1, datatype_of(handle));
    announce(100, true);
    finished(100);
    assert_int_equal(ended(r), MPI_ERR_TRUNCATE); /* of twice the length */
    for (size_t i = 0; i < LONG; i++)
        assert_int_equal(buf[i], i / BLOCK % 2 ? 0x33 : theirs[i / BLOCK / 2 * BLOCK + i % BLOCK]);
    assert_int_equal(mpi_type_free(&handle), MPI_SUCCESS);
    end();
}

static void stream(uint64_t sender)
{
    struct mock_packet k = next(CTS);
    struct cts go;
    char packet[sizeof(struct data) + 4000];
    memcpy(&go, k.payload, sizeof go);
    assert_int_equal(go.sender, sender);
    free(k.payload);
    for (size_t at = 0; at < LONG; at += 4000) {
        struct data d = {.receiver = go.receiver, .at = at};
        memcpy(packet, &d, sizeof d);
        memcpy(packet + sizeof d, theirs + at, 4000);
        mock_arrive(peer, DATA, (struct match_key){0}, packet, sizeof packet);
        d.at = UINT64_MAX - 100; /* wrong ones change nothing */
        memcpy(packet, &d, sizeof d);
        mock_arrive(peer, DATA, (struct match_key){0}, packet, sizeof packet);
    }
}

static void what_cannot_be_got_streams(void **state)
{
    begin(*(struct mock_options *)*state);
    connected();
    fill(theirs, LONG, 5);
    memset(buf, 0, LONG);
    struct request *r = receive(buf, LONG, &datatype_byte);
    announce(101, true);
    stream(101);
    assert_int_equal(ended(r), MPI_SUCCESS);
    assert_memory_equal(buf, theirs, LONG);
    memset(buf, 0, LONG);
    r = receive(buf, LONG, &datatype_byte);
    announce(102, false);
    stream(102);
    assert_int_equal(ended(r), MPI_SUCCESS);
    assert_memory_equal(buf, theirs, LONG);
    end();
}

/* A key that is none; and announcements that are cut off, or lie. */
static void what_is_wrong_does_no_harm(void **state)
{
    char packet[sizeof(struct rts) + MEM_KEY_MAX] = {0};
    struct rts body = {.sender = 103, .bytes = LONG, .key_bytes = MEM_KEY_MAX + 1};
    begin((struct mock_options){0});
    connected();
    fill(theirs, LONG, 6);
    struct request *r = receive(buf, LONG, &datatype_byte);
    memcpy(packet, &body, sizeof body);
    mock_arrive(peer, RTS, from_peer(), packet, sizeof packet);
    mock_arrive(peer, RTS, from_peer(), packet, sizeof body - 1);
    body = (struct rts){.sender = 103, .bytes = LONG, .key_bytes = 24};
    memcpy(packet, &body, sizeof body);
    mock_arrive(peer, RTS, from_peer(), packet, sizeof body + 23);
    body = (struct rts){.sender = 103, .bytes = UINT64_MAX};
    memcpy(packet, &body, sizeof body);
    mock_arrive(peer, RTS, from_peer(), packet, sizeof body);
    nothing_comes();
    assert_false(r->complete);
    body = (struct rts){.sender = 103, .bytes = LONG, .key_bytes = 24};
    memcpy(packet, &body, sizeof body);
    mock_arrive(peer, RTS, from_peer(), packet, sizeof body + 24);
    stream(103);
    assert_int_equal(ended(r), MPI_SUCCESS);
    assert_memory_equal(buf, theirs, LONG);
    end();
}

/* In the middle of a get, of an announced send, and of one that waits for room. */
static void a_failure_ends_what_is_under_way(void **state)
{
    begin((struct mock_options){.holds = true});
    connected();
    unsigned char key[MEM_KEY_MAX];
    fill(theirs, LONG, 7);
    struct request *in = receive(buf, LONG, &datatype_byte), *later = receive(buf, 8, &datatype_byte);
    announce(104, true);
    struct request *out = send_to_peer(theirs, LONG, MODE_STANDARD);
    announced(key);
    for (int i = 0; i < 20 && mock_under_way == 0; i++)
        progress_poll();
    assert_int_equal(mock_under_way, 1);
    mock_options.refuse = 1;
    struct request *waits = send_to_peer(theirs, 8, MODE_STANDARD);
    assert_int_equal(mock_registered, 1);
    assert_false(in->complete || out->complete || waits->complete || later->complete);
    mock_fail(peer);
    assert_int_equal(ended(in), MPI_ERR_PROC_ABORTED);
    assert_int_equal(ended(out), MPI_ERR_PROC_ABORTED);
    assert_int_equal(ended(waits), MPI_ERR_PROC_ABORTED);
    assert_int_equal(ended(later), MPI_ERR_PROC_ABORTED);
    assert_int_equal(mock_registered, 0);
    assert_int_equal(mock_disconnects, 1);
    memset(buf, 0, LONG);
    mock_options = (struct mock_options){0};
    for (int i = 0; i < 50; i++)
        progress_poll();
    for (size_t i = 0; i < LONG; i++)
        assert_int_equal(buf[i], 0);
    struct request *r;
    assert_int_equal(p2p_send(buf, 1, &datatype_byte, 1, TAG, &comm_world, comm_world.ctx, MODE_STANDARD, &r),
                     MPI_SUCCESS);
    assert_int_equal(ended(r), MPI_ERR_PROC_ABORTED);
    end();
}

static int awaited(struct request *r)
{
    request_await(r);
    return ended(r);
}

/* What it sent before is received; what needs it further ends; what is sent to it then is lost. */
static void a_goodbye_is_no_failure(void **state)
{
    begin(*(struct mock_options *)*state);
    connected();
    unsigned char key[MEM_KEY_MAX];
    char byte = 42;
    struct request *out = send_to_peer(theirs, LONG, MODE_STANDARD);
    announced(key);
    mock_arrive(peer, EAGER, from_peer(), &byte, 1);
    mock_goodbye(peer);
    byte = 0;
    assert_int_equal(awaited(receive(&byte, 1, &datatype_byte)), MPI_SUCCESS);
    assert_int_equal(byte, 42);
    assert_int_equal(awaited(out), MPI_ERR_PROC_ABORTED);
    assert_int_equal(mock_registered, 0);
    assert_int_equal(awaited(receive(&byte, 1, &datatype_byte)), MPI_ERR_PROC_ABORTED);
    assert_ptr_equal(peer->transport, &transport_finalized);
    assert_int_equal(mock_disconnects, 1);
    assert_int_equal(failed_count(), 0);
    assert_null(send_to_peer(&byte, 1, MODE_STANDARD));
    end();
}

static int predefine(void **state)
{
    errhandler_init();
    comm_predefine();
    datatype_init();
    return 0;
}

/* Sends n bytes there, and receives as many from there, by a receive that was posted before. */
static void there_and_back(MPI_Count n)
{
    struct request *in = receive(theirs, n, &datatype_byte), *out = send_to_peer(buf, n, MODE_STANDARD);
    free(next(EAGER).payload);
    mock_arrive(peer, EAGER, from_peer(), buf, (size_t)n);
    assert_int_equal(ended(in), MPI_SUCCESS);
    if (out)
        assert_int_equal(ended(out), MPI_SUCCESS);
}

static bool grown_by(struct tally before, uint64_t count, uint64_t bytes)
{
    return tally.p2p_eager_sent - before.p2p_eager_sent == count && tally.p2p_received - before.p2p_received == count &&
           tally.p2p_eager_bytes_sent - before.p2p_eager_bytes_sent == bytes &&
           tally.p2p_eager_bytes_received - before.p2p_eager_bytes_received == bytes;
}

/* Also what had to wait for room or for a connection, once. */
static void messages_are_counted_while_they_are_to_be(void **state)
{
    begin(*(struct mock_options *)*state);
    struct tally t = tally;
    there_and_back(8);
    assert_true(grown_by(t, 0, 0));
    p2p_count(true);
    for (int i = 0; i < 20; i++)
        there_and_back(8);
    there_and_back(500);
    assert_true(grown_by(t, 21, 660));
    p2p_count(false);
    assert_ptr_equal(peer->transport, &transport_mock);
    there_and_back(8);
    assert_true(grown_by(t, 21, 660));
    end();
}

#define OVER(test, options)                                                                                            \
    {                                                                                                                  \
#test ", " #options, test, NULL, NULL, &options                                                                \
    }

int main(void)
{
    static struct mock_options plain = {0}, late = {.connect = 40, .delay = 1}, unwilling = {.refuse = 2},
                               slow = {.connect = 5, .delay = 9, .refuse = 3}, poor = {.no_gets = true, .delay = 3};
    const struct CMUnitTest tests[] = {
        OVER(short_ones_keep_their_order, plain),
        OVER(short_ones_keep_their_order, late),
        OVER(short_ones_keep_their_order, slow),
        OVER(a_long_one_is_got_by_its_key, plain),
        OVER(a_long_one_is_got_by_its_key, slow),
        OVER(a_long_one_streams_if_asked_to, plain),
        OVER(a_long_one_streams_if_asked_to, slow),
        OVER(one_that_is_announced_is_got, plain),
        OVER(one_that_is_announced_is_got, late),
        OVER(one_that_is_announced_is_got, unwilling),
        OVER(one_that_is_announced_is_got, slow),
        OVER(into_memory_with_gaps, plain),
        OVER(into_memory_with_gaps, unwilling),
        OVER(into_memory_with_gaps, slow),
        OVER(what_cannot_be_got_streams, poor),
        cmocka_unit_test(what_is_wrong_does_no_harm),
        cmocka_unit_test(a_failure_ends_what_is_under_way),
        OVER(messages_are_counted_while_they_are_to_be, plain),
        OVER(messages_are_counted_while_they_are_to_be, slow),
        OVER(a_goodbye_is_no_failure, plain),
        OVER(a_goodbye_is_no_failure, slow),
    };
    return cmocka_run_group_tests(tests, predefine, NULL);
}
