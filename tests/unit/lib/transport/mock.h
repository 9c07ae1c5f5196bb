/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mock: a transport that is as slow, as disorderly and as unwilling as the contract allows: it connects late, refuses
 * now and then, delays packets and operations, completes them in another order than they were begun, and fails when it
 * is told to. The other side is this process itself, or the test, which plays it. */
#ifndef TESTS_UNIT_LIB_TRANSPORT_MOCK_H
#define TESTS_UNIT_LIB_TRANSPORT_MOCK_H

#include "lib/transport/transport.h"

struct mock_options {
    bool loop;        /* to oneself; else the test takes what is sent (mock_take), and sends (mock_arrive) */
    unsigned connect; /* polls that it takes to connect */
    unsigned refuse;  /* one of so many reservations and operations is refused; 0: none */
    unsigned delay;   /* polls that a packet or operation takes at most; 0: operations are done at once */
    bool no_gets;     /* gets and puts are never possible */
    bool no_atomics;
    bool holds; /* operations stay under way until this is false again */
};
extern struct mock_options mock_options;
extern struct transport transport_mock;

struct mock_packet {
    uint8_t kind;
    struct match_key key;
    size_t n;
    void *payload; /* from malloc */
};
/* The oldest packet sent to that peer that has not been taken. False: there is none. */
bool mock_take(struct peer *p, struct mock_packet *out);
/* That peer has sent this; a copy of it is delivered by a later poll. */
void mock_arrive(struct peer *p, uint8_t kind, struct match_key key, const void *payload, size_t n);
/* The connection breaks: told by the next poll. */
void mock_fail(struct peer *p);
/* The peer says goodbye, behind all that it has sent. */
void mock_goodbye(struct peer *p);
/* Memory of the process that the test plays. */
void mock_offer(void *base, size_t len, unsigned access, void *key);

extern int mock_registered;  /* regions */
extern int mock_under_way;   /* operations */
extern int mock_disconnects; /* calls */

#endif
