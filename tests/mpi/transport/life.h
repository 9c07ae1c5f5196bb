/* SPDX-License-Identifier: BSD-3-Clause
 *
 * life: what scenarios of processes of different jobs share (abroad_life.c): each is a job of one that nobody has
 * started; the one who is visited is number 0, and they meet over sockets. */
#ifndef TESTS_MPI_TRANSPORT_LIFE_H
#define TESTS_MPI_TRANSPORT_LIFE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "lib/transport/peer.h"

#define CHECK(x)                                                                                                       \
    do {                                                                                                               \
        if (!(x)) {                                                                                                    \
            fprintf(stderr, "%s:%d: %s, process %d: not so: %s\n", __FILE__, __LINE__, scenario, me, #x);              \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

enum { MANY = 12, PACKETS = 500, BYTES = 3000, PATIENCE = 60 };

extern const char *scenario;
extern int me;                                /* 0: who is visited; the others visit */
extern int sockets[MANY][2];                  /* of visitor i + 1: its end, then the other */
extern uint32_t came[MANY + 1];               /* packets, by process */
extern int failed_seen_of, finalized_seen_of; /* processes, as the library notes them; 0: none */

/* Polls once, and notes who has failed or finalized; a minute after the first one it is an error. */
void look(void);
/* Has it been said to have failed for a reason in which these words are? */
bool is_told(const struct peer *p, const char *why);
void begin(int who);
/* As at the end of MPI. */
void end(void);
int socket_of(int visitor);
void address_send(int visitor);
/* The other one's index. */
int address_take(int visitor);
struct peer *meet(int visitor);
void word_send(int visitor);
void word_await(int visitor);
void packets_send(struct peer *p, uint32_t first, uint32_t count);
bool by_memory(const struct peer *p);

/* Scenarios of strangers.c. */
void early_goes_host(void);
void early_leaves_host(void);
void early_comes(void);
void early_goes_visitor(void);
void mute_host(void);
void mute_visitor(void);
void deaf_visitor(void);
void silent_host(void);
void silent_visitor(void);

#endif
