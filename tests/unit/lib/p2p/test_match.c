/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Matching: exact keys, wildcards, the order of posting and of arrival, tables that grow and shrink; and a long random
 * sequence beside a model that searches through lists. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>
#include "lib/p2p/match.h"
#include "lib/p2p/protocol.h"

/* Of rendezvous.c: the request that an RTS names. */
uint64_t rendezvous_sender(const void *payload)
{
    return *(const uint64_t *)payload;
}

static struct match_key key(uint64_t ctx, int source, int tag)
{
    return match_key_of(ctx, source, tag);
}

static struct p2p_request *post(struct p2p_request *r, struct match_key k)
{
    r->posted.key = k;
    match_post(r);
    return r;
}

static struct unexpected *arrive(struct match_key k, uint8_t kind, uint64_t number)
{
    struct packet h = {.key = k, .what = packet_what(kind, sizeof number)};
    struct unexpected *u = unexpected_add(NULL, &h, &number, sizeof number, sizeof number);
    assert_non_null(u);
    return u;
}

static uint64_t number_of(const struct unexpected *u)
{
    return rendezvous_sender(u->payload);
}

static uint64_t take(struct match_key k)
{
    struct unexpected *u = unexpected_find(k);
    assert_non_null(u);
    uint64_t number = number_of(u);
    unexpected_remove(u);
    unexpected_free(u);
    return number;
}

static void assert_empty(void)
{
    assert_int_equal(match_posted.count, 0);
    assert_int_equal(match_unexpected.count, 0);
    assert_int_equal(match_wild, 0);
    assert_int_equal(unexpected_length, 0);
    assert_int_equal(unexpected_bytes, 0);
    assert_ptr_equal(match_posted.bins, match_posted.own);
    assert_ptr_equal(match_unexpected.bins, match_unexpected.own);
}

static void test_exact(void **state)
{
    struct p2p_request a, b;
    post(&a, key(2, 1, 7));
    post(&b, key(4, 1, 7));
    assert_null(match_arrival(key(2, 1, 8)));
    assert_null(match_arrival(key(2, 2, 7)));
    assert_null(match_arrival(key(6, 1, 7)));
    assert_ptr_equal(match_arrival(key(4, 1, 7)), &b);
    assert_ptr_equal(match_arrival(key(2, 1, 7)), &a);
    assert_null(match_arrival(key(2, 1, 7)));
    assert_empty();
}

/* The receive that was posted first takes the message, however exact another one is. */
static void test_posted_order(void **state)
{
    struct p2p_request r[5];
    post(&r[0], key(2, MPI_ANY_SOURCE, 7));
    post(&r[1], key(2, 1, 7));
    post(&r[2], key(2, 1, MPI_ANY_TAG));
    post(&r[3], key(2, MPI_ANY_SOURCE, MPI_ANY_TAG));
    post(&r[4], key(2, 1, 7));
    for (int i = 0; i < 5; i++)
        assert_ptr_equal(match_arrival(key(2, 1, 7)), &r[i]);
    assert_empty();
}

static void test_unpost(void **state)
{
    struct p2p_request r[3];
    for (int i = 0; i < 3; i++)
        post(&r[i], key(2, MPI_ANY_SOURCE, 3));
    match_unpost(&r[0]);
    match_unpost(&r[1]);
    assert_ptr_equal(match_arrival(key(2, 9, 3)), &r[2]);
    assert_empty();
}

/* The message that came first is taken, by any key that takes it. */
static void test_unexpected_order(void **state)
{
    static const int tags[] = {5, 6, 5, 6, 5};
    for (uint64_t i = 0; i < 5; i++)
        arrive(key(2, (int)i % 2, tags[i]), EAGER, i);
    assert_null(unexpected_find(key(4, 0, 5)));
    assert_int_equal(take(key(2, 1, MPI_ANY_TAG)), 1);
    assert_int_equal(take(key(2, MPI_ANY_SOURCE, 5)), 0);
    assert_int_equal(take(key(2, MPI_ANY_SOURCE, MPI_ANY_TAG)), 2);
    assert_int_equal(take(key(2, 0, 5)), 4);
    assert_int_equal(take(key(2, 1, 6)), 3);
    assert_empty();
}

static void test_announced(void **state)
{
    arrive(key(2, 0, 1), EAGER, 11);
    arrive(key(2, 0, 1), RTS, 12);
    assert_null(unexpected_find_rts(NULL, 11));
    assert_int_equal(number_of(unexpected_find_rts(NULL, 12)), 12);
    assert_int_equal(take(key(2, 0, 1)), 11);
    assert_int_equal(take(key(2, 0, 1)), 12);
    assert_null(unexpected_find_rts(NULL, 12));
    assert_empty();
}

/* Far more than the tables begin with, of few keys and of many: order holds while they grow, and they shrink. */
static void test_grow(void **state)
{
    enum { MANY = 5000 };
    static struct p2p_request r[MANY];
    for (int keys = 3; keys <= MANY; keys += MANY - 3) {
        for (int i = 0; i < MANY; i++) {
            post(&r[i], key(2, i % keys, 1));
            arrive(key(4, i % keys, 1), EAGER, (uint64_t)i);
        }
        assert_ptr_not_equal(match_posted.bins, match_posted.own);
        for (int i = 0; i < MANY; i++) {
            assert_ptr_equal(match_arrival(key(2, i % keys, 1)), &r[i]);
            /* Half of them by a wildcard, for which all are entered under three keys more. */
            assert_int_equal(take(key(4, i < MANY / 2 ? i % keys : MPI_ANY_SOURCE, 1)), i);
        }
        assert_empty();
    }
}

/* The model: lists in the order of posting and of arrival. */
enum { PLACES = 700 };
struct waiting {
    bool used;
    uint64_t when;
    struct match_key key;
    struct p2p_request r;
    uint64_t number;
};
static struct waiting posted[PLACES], came[PLACES];
static uint64_t now;

static bool accepts(struct match_key k, struct match_key message)
{
    return k.ctx == message.ctx && (k.source == message.source || k.source == MPI_ANY_SOURCE) &&
           (k.tag == message.tag || k.tag == MPI_ANY_TAG);
}

static struct waiting *oldest(struct waiting *list, struct match_key k, bool message)
{
    struct waiting *best = NULL;
    for (struct waiting *w = list; w < list + PLACES; w++)
        if (w->used && accepts(message ? w->key : k, message ? k : w->key) && (!best || w->when < best->when))
            best = w;
    return best;
}

static struct waiting *add(struct waiting *list, struct match_key k)
{
    for (struct waiting *w = list; w < list + PLACES; w++)
        if (!w->used) {
            w->used = true, w->when = w->number = ++now, w->key = k;
            return w;
        }
    return NULL;
}

static int one_of(int n, int wild, int percent)
{
    return rand() % 100 < percent ? wild : rand() % n;
}

static void message_comes(struct match_key k)
{
    struct waiting *expect = oldest(posted, k, true);
    struct p2p_request *r = match_arrival(k);
    assert_ptr_equal(r, expect ? &expect->r : NULL);
    if (expect)
        expect->used = false;
    else if ((expect = add(came, k)) != NULL)
        arrive(k, EAGER, expect->number);
}

static void receive_comes(struct match_key k)
{
    struct waiting *expect = oldest(came, k, false);
    struct unexpected *u = unexpected_find(k);
    assert_int_equal(u ? number_of(u) : 0, expect ? expect->number : 0);
    if (expect) {
        expect->used = false;
        take(k);
    } else if ((expect = add(posted, k)) != NULL) {
        post(&expect->r, k);
    }
}

static void one_is_cancelled(void)
{
    struct waiting *w = &posted[rand() % PLACES];
    if (w->used)
        match_unpost(&w->r);
    w->used = false;
}

/* Phases with more messages and with more receives, with and without wildcards. */
static void test_random(void **state)
{
    srand(4711);
    for (int phase = 0; phase < 60; phase++) {
        int messages = 20 + rand() % 60, wild = phase % 3 * 15, sources = 1 + rand() % 20, tags = 1 + rand() % 20;
        for (int i = 0; i < 1500; i++) {
            uint64_t ctx = 2 + 2 * (uint64_t)(rand() % 2);
            if (rand() % 100 < messages)
                message_comes(key(ctx, rand() % sources, rand() % tags));
            else
                receive_comes(key(ctx, one_of(sources, MPI_ANY_SOURCE, wild), one_of(tags, MPI_ANY_TAG, wild)));
            if (i % 50 == 0)
                one_is_cancelled();
        }
    }
    for (struct waiting *w = posted; w < posted + PLACES; w++)
        if (w->used)
            match_unpost(&w->r);
    for (struct waiting *w; (w = oldest(came, key(2, MPI_ANY_SOURCE, MPI_ANY_TAG), false)) != NULL; w->used = false)
        assert_int_equal(take(key(2, MPI_ANY_SOURCE, MPI_ANY_TAG)), w->number);
    for (struct waiting *w; (w = oldest(came, key(4, MPI_ANY_SOURCE, MPI_ANY_TAG), false)) != NULL; w->used = false)
        assert_int_equal(take(w->key), oldest(came, w->key, false)->number);
    assert_empty();
    match_fini();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),     cmocka_unit_test(test_posted_order),
        cmocka_unit_test(test_unpost),    cmocka_unit_test(test_unexpected_order),
        cmocka_unit_test(test_announced), cmocka_unit_test(test_grow),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
