/* SPDX-License-Identifier: BSD-3-Clause
 *
 * match: receives that wait for messages, and messages that wait for receives. A receive without wildcards and a
 * message meet in a hash bin; receives with wildcards are in one list, and the order of posting decides between the
 * two. */
#ifndef LIB_P2P_MATCH_H
#define LIB_P2P_MATCH_H

#include "lib/p2p/p2p.h"

/* A message that came before its receive. */
struct unexpected {
    TAILQ_ENTRY(unexpected) in_bin, in_all;
    struct packet head;
    struct peer *from;
    size_t bytes; /* of the whole message */
    size_t n;     /* of the payload kept here */
    size_t cap;
    uint32_t bin;
    _Alignas(16) char payload[];
};

void match_init(void);
extern int match_posted, match_unexpected; /* how many there are */
void match_post(struct request *r);
void match_unpost(struct request *r);
/* The receive that takes this message, taken out; NULL: none. */
struct request *match_arrival(const struct packet *h);
/* Keeps a message; NULL without memory. */
struct unexpected *match_keep(struct peer *from, const struct packet *h, const void *payload, size_t n, size_t bytes);
/* The oldest message that a receive would take; it stays. */
struct unexpected *match_find(uint64_t ctx, int source, int tag);
void match_take(struct unexpected *u);
void match_drop(struct unexpected *u); /* taken before; its memory goes */

#endif
