/* SPDX-License-Identifier: BSD-3-Clause
 *
 * link: the links of one process (mpiexec, or an interior proxy) to the proxies right below it in the control tree,
 * from the wish to start one to its end.
 *
 *   STARTING  the backend is at work, or the proxy has not spoken yet
 *   GREETED   its HELLO came, of our version; it makes itself and its subtree ready. SETUP was sent with the stream
 *   READY     it and all below it are ready (READY)
 *   LOST      it could not be started, has ended, or was dropped. Nothing leads out of it
 *
 * What is sent to a link before it is READY is queued; so no rank of a subtree runs before all of the subtree is there,
 * and a subtree that does not come up can be started once more in another way. A set may also hold back what was sent
 * to READY links, until all are (links_release).
 *
 * Of each link one of ready or lost is told, and lost after ready when it ends. Whenever no link is STARTING or GREETED
 * any more, settled is called. All of these come from the loop.
 */
#ifndef COMMON_LINK_H
#define COMMON_LINK_H

#include "common/log.h"
#include "common/peer.h"
#include "common/start.h"

#include <event2/event.h>

#define LINK_NONE UINT32_MAX

enum link_state { LINK_STARTING, LINK_GREETED, LINK_READY, LINK_LOST, LINK_STATES };

struct beat;
struct links;
struct peer;

struct link {
    struct links *set;
    uint32_t index;        /* of set->v: its number, as the engines of PMI know it */
    uint32_t first, count; /* it serves nodes [first, first + count), and is itself on the first */
    enum link_state state;
    bool used;  /* something was sent to it beyond SETUP: ranks may run below it */
    bool told;  /* ready or lost was called */
    bool aside; /* what goes to all does not go to it */
    struct start start;
    struct peer *peer; /* NULL: no stream yet, or none any more */
    struct beat *beat; /* of that; NULL: none, or nothing is asked for */
    struct evbuffer *queue;
    struct event *late;
    struct start_failure failure; /* once LOST */
};

struct link_ops {
    /* Any message but those of link.c itself. Returns false if it is one that no proxy sends: the link is dropped. */
    bool (*frame)(void *arg, struct link *l, const struct frame_head *h, const unsigned char *payload);
    void (*ready)(void *arg, struct link *l); /* may be NULL */
    /* l->failure says why; its step is START_STARTED where the link was READY before. */
    void (*lost)(void *arg, struct link *l);
    void (*settled)(void *arg);
};

/* Node i of the cluster, for i in [first, first + nnodes), may be served by these links; route says by which. */
struct links {
    struct event_base *base;
    struct starter *starter; /* of links to come */
    const struct link_ops *ops;
    void *arg;
    uint32_t first, nnodes;
    char *const *names;  /* of these nodes; borrowed */
    uint32_t radix;      /* of the proxies below */
    enum log_level loud; /* of proxies below */
    bool hold;           /* queues of READY links are kept until links_release */
    bool ending;         /* those that end now do as they were told: how is not asked */

    struct link **v;
    uint32_t n;
    uint32_t left;    /* of which lost has not been told */
    uint32_t pending; /* of which neither ready nor lost has been told */
    uint32_t *route;  /* by node - first: index into v; LINK_NONE */
    unsigned paused;
};

/* Nodes [first, first + n) are to be served by at most radix children, each with consecutive nodes, as even as can
 * be. part[i] is the number of nodes of child i; returns the number of children. part has room for radix. */
uint32_t link_split(uint32_t n, uint32_t radix, uint32_t *part);

/* The first block is filled by the caller before. fini drops all links without telling. */
void links_init(struct links *set);
void links_fini(struct links *set);

/* Starts proxies for nodes [first, first + count), split among at most `width` links. Nodes that were served by a link
 * that is LOST by now are taken over from it, with what was queued for them. */
void links_start(struct links *set, uint32_t first, uint32_t count, uint32_t width);

/* The same for one node, while others work: what goes to all does not go to its link while that is `aside`. */
void links_start_aside(struct links *set, uint32_t node);

/* More nodes behind those that there were; names are those of all, borrowed. */
void links_grow(struct links *set, uint32_t nnodes, char *const *names);

/* To the node's link, or to all (FRAME_ALL_NODES); to a link that is LOST: nothing. */
void links_sendv(struct links *set, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n);
void link_sendv(struct link *l, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n);

void links_release(struct links *set); /* ends hold */
void links_pause(struct links *set);   /* stop reading: our own output is slow */
void links_resume(struct links *set);
void links_rest(struct links *set);   /* this process is going to be stopped */
void links_flush(struct links *set);  /* write now what the streams take */
void links_finish(struct links *set); /* nothing more is sent, as their proxies may know by the end of their input */

/* Not wanted any more: lost is told of it (before the return), with that cause. Kills its process if it is not READY.
 */
void link_drop(struct link *l, const char *cause);

const char *link_name(const struct link *l); /* of its host */
const char *link_state_name(enum link_state s);

/* The first message of a proxy. */
void link_hello_put(struct buf *b, uint32_t version);

/* A proxy tells the one above that its subtree is ready, or which of it cannot be. */
void link_tell_ready(struct peer *parent, uint32_t node);
void link_tell_failed(struct peer *parent, uint32_t node, const struct start_failure *f);

/* The heart of it, for its test: every state and event has its row and column. */
enum link_event {
    LINK_EV_HELLO,     /* HELLO of our version */
    LINK_EV_VERSION,   /* HELLO of another */
    LINK_EV_READY,     /* READY */
    LINK_EV_REFUSED,   /* START_FAILED: something below it cannot be started */
    LINK_EV_FRAME,     /* any other message */
    LINK_EV_MALFORMED, /* a message that no proxy sends */
    LINK_EV_FAILED,    /* the backend could not start it */
    LINK_EV_CLOSED,    /* the stream has ended */
    LINK_EV_LATE,      /* its time is over */
    LINK_EV_DROP,      /* link_drop */
    LINK_EVENTS
};
enum link_state link_next(enum link_state s, enum link_event e);

#endif
