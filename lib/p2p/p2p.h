/* SPDX-License-Identifier: BSD-3-Clause
 *
 * p2p: messages between ranks over any transport. One matching engine, whatever carries them.
 *
 * Protocol. A message up to the transport's eager_max is one EAGER packet. A longer one, and any synchronous one,
 * announces itself with RTS, and rendezvous.c moves it. */
#ifndef LIB_P2P_P2P_H
#define LIB_P2P_P2P_H

#include "lib/p2p/request.h"

/* The context of collectives of a communicator. */
#define P2P_COLL(c) ((c)->ctx | 1)
/* In it, tags of messages that are of no collective. */
#define P2P_GROUP_TAG 0x40000000

/* Starts a send. Returns an error class; *req is NULL if it is complete already (always so far as the caller's buffer
 * goes), else the request. dest is a rank or MPI_PROC_NULL; mode an enum send_mode without MODE_BUFFER. */
int p2p_send(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c, uint64_t ctx,
             int mode, struct request **req);
/* Starts a receive; *req is never NULL on success, and may be complete. */
int p2p_recv(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, uint64_t ctx,
             struct request **req);

/* A packet has come; called by transports. False: no memory to keep it, it is to be delivered again later. */
bool p2p_deliver(struct peer *from, const struct packet *h, const void *payload, size_t n);

/* Polls once; true if anything happened. */
bool progress_poll(void);
/* Something to be polled as long as it is on the list (schedules). */
struct progress_hook {
    bool (*poll)(struct progress_hook *h); /* true: something happened; may remove itself */
    TAILQ_ENTRY(progress_hook) link;
};
void progress_add(struct progress_hook *h);
void progress_remove(struct progress_hook *h);

/* How often to look at one place before everything is polled again. */
int progress_spins(void);
/* Waiting: struct waiter w = {0}; while (!done) progress_wait(&w, req or NULL). Polls; after a while it yields, then it
 * sleeps until something may have happened. Where one of them is given, done is ready(arg), or that the request is
 * complete: other threads learn from it whom to wake. */
struct waiter {
    unsigned idle;
    bool told;                      /* it has slept, or is about to */
    bool shown;                     /* to whoever watches */
    uint64_t since;                 /* call_now() at which it was shown first */
    bool inside;                    /* only this process makes it ready, by packets or another thread */
    bool (*ready)(const void *arg); /* has it come true? NULL: the request tells, or nothing does */
    const void *arg;
    /* for whoever watches, where no request says it */
    const struct comm *comm;
    const struct match_key *key; /* of the message; NULL: no message is waited for */
    const MPI_Request *set;      /* one of these is enough; NULL: what it waits for is all that it waits for */
    int set_size;

    /* threads */
    bool roused, deep;
    const struct request *on;
    _Atomic uint32_t *bell, own_bell;
    int id;         /* of the MPI function that waits */
    uint64_t calls; /* MPI calls that had begun when it last looked */
    int place;      /* while shown: where */
    TAILQ_ENTRY(waiter) line;
};
void progress_wait(struct waiter *w, const struct request *on);
/* The wait ends for another reason than that what it was for has come true. */
void progress_give_up(struct waiter *w);

/* A program that tests in a loop waits too, and is shown to whoever watches: after a while the test is told that has
 * been in vain, on a request (or NULL) or for a message (or NULL) on c. */
enum { PROGRESS_VAIN_FIRST = 64 };
struct progress_vain {
    unsigned tests; /* in vain, one after the other */
    unsigned tell;  /* the number of the one that is told next */
};
extern struct progress_vain progress_vain;
void progress_tested_slow(const struct request *on, const struct comm *c, const struct match_key *key);
ALWAYS_INLINE void progress_tested(const struct request *on, const struct comm *c, const struct match_key *key)
{
    if (UNLIKELY(++progress_vain.tests == progress_vain.tell))
        progress_tested_slow(on, c, key);
}
void progress_came_slow(void);
/* What was tested for has come. */
ALWAYS_INLINE void progress_came(void)
{
    if (UNLIKELY(progress_vain.tell != PROGRESS_VAIN_FIRST))
        progress_came_slow();
    progress_vain.tests = 0;
}

int p2p_init(void);
void p2p_fini(void);

#endif
