/* SPDX-License-Identifier: BSD-3-Clause
 *
 * message: what ranks of a window send one another where memory does not do, and who gets it.
 *
 * Each packet is a head, with data behind it, and means something by itself: an operation that is longer than a packet
 * goes as several on parts of the same elements. The key of the packet has the context of the window, and the sender's
 * rank. Nothing of it is believed before it is checked. */
#ifndef LIB_RMA_MESSAGE_H
#define LIB_RMA_MESSAGE_H

#include "lib/rma/far.h"
#include "lib/transport/peer.h"

enum message_kind {
    /* to a target */
    MESSAGE_ASK,  /* for its size and unit */
    MESSAGE_TYPE, /* a part of a type's description */
    MESSAGE_PUT,
    MESSAGE_GET,
    MESSAGE_ACCUMULATE,
    MESSAGE_GET_ACCUMULATE,
    MESSAGE_COMPARE_SWAP, /* two elements: what to compare, what to put in its place */
    MESSAGE_LOCK,         /* what: TARGET_... */
    MESSAGE_SYNC,         /* what: enum message_sync */
    MESSAGE_POST,
    /* to an origin */
    MESSAGE_TOLD, /* at: size, count: unit; what: enum mem_access that its transport can do with the key in the data */
    MESSAGE_DATA,
    MESSAGE_REFUSED, /* what: an error class; at, bytes: of the operation */
    MESSAGE_GRANT,   /* what: an error class, or MPI_SUCCESS */
    MESSAGE_ACK,     /* the same, of all since the last one */
    MESSAGE_KINDS
};
enum message_sync { SYNC_FLUSH, SYNC_UNLOCK, SYNC_COMPLETE };

struct message_head {
    uint8_t kind;
    uint8_t op;       /* enum op_which of an accumulate */
    uint16_t type;    /* basic, or far_type.h */
    uint32_t what;    /* as the kind has it */
    uint64_t request; /* the origin's operation, which data go to */
    int64_t at;       /* offset from the beginning of the target's memory, or address of a dynamic window */
    int64_t count;    /* elements of the type that lie there */
    int64_t from;     /* bytes of their packed form that come before these */
    int64_t bytes;    /* of a get: how many of them are wanted */
};

/* What a window with far ranks keeps. */
struct message {
    TAILQ_ENTRY(message) all;
    struct win *w;
    TAILQ_HEAD(, far) dirty, lockers;
    SLIST_HEAD(, exposed) exposed; /* far_remote.h */
};

/* From now on messages for the window are served, by a thread too; w->comm and w->node are there. An error class with a
 * note. message_end is due in any case. */
int message_begin(struct win *w);
void message_end(struct win *w);

/* For origins: room for a head and n bytes of data behind it in a packet to t, waited for if need be, and how much fits
 * at most; then it is sent. */
size_t message_most(const struct target *t);
int message_room(struct target *t, size_t n, char **data);
void message_send(struct target *t, const struct message_head *h, size_t n);

/* For who carries out, and does not wait: an answer, whose data are written where `data` points. False: without memory.
 */
struct message_reply {
    struct target *t;
    struct message_job *job; /* NULL: it goes at once */
    char *data;
    size_t n;
};
bool message_reply_begin(struct message_reply *r, struct target *t, size_t n);
/* r->n, which may have become smaller, are sent. */
void message_reply_end(struct message_reply *r, const struct message_head *h);

/* Sends count elements of a type at `at` from a byte of their packed form on, as MESSAGE_DATA: now and when there is
 * room. Holds the type. False: without memory, nothing is sent. */
struct wire_type;
bool message_stream(struct target *t, const struct message_head *h, struct wire_type *type, const char *at);

/* serve.c: carries out what has come from t; false: not now. */
bool serve(struct target *t, const struct message_head *h, const char *data, size_t n);
/* Grants locks that far ranks wait for, as far as they are free. True: one. */
bool serve_lockers(struct message *m);

/* Something is to be looked at by each poll (more: 1), or no longer (-1). */
void message_watch(int more);

#endif
