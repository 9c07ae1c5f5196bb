/* SPDX-License-Identifier: BSD-3-Clause
 *
 * conform: what every transport has to do (lib/transport/transport.h), checked from outside: two processes do the same,
 * each with the other, or one with itself. A check that fails names itself and ends the process. It defines
 * p2p_deliver, so that nothing of p2p is linked. */
#ifndef TESTS_UNIT_LIB_TRANSPORT_CONFORM_H
#define TESTS_UNIT_LIB_TRANSPORT_CONFORM_H

#include <stdio.h>
#include <stdlib.h>
#include "lib/transport/peer.h"

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (!(x)) {                                                                                                    \
            fprintf(stderr, "%s:%d: process %d with %s: not so: %s\n", __FILE__, __LINE__, conform_me, conform_name,   \
                    #x);                                                                                               \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)
extern int conform_me;
extern const char *conform_name;

/* An operation that counts how often it is told of its end. */
struct op {
    struct completion c; /* first */
    enum remote_state begun, how;
    int calls;
};
struct op *op_init(struct op *o);
/* What a verb has returned; then polls until the operation is over. How it ended. */
enum remote_state op_settle(struct op *o);

/* Polls; p2p_deliver is called in here alone. */
int conform_poll(void);
/* Retires p; operations may be told of their end in there too. */
void conform_retire(struct peer *p, const struct transport *null);

enum { CONFORM_REGION = 1 << 20 };
/* All packets with p, then remote memory: of each of these regions of CONFORM_REGION bytes, which both sides give
 * alike. lower: of a pair, this is the one where both work on the same element. */
void conform_run(struct peer *p, bool lower, char *const *regions, int count);

#endif
