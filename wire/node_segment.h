/* SPDX-License-Identifier: BSD-3-Clause
 *
 * node_segment: what the ranks of one job on one node are told at birth, and what they tell about themselves.
 *
 * The launcher's proxy makes one memfd a job and node before it starts the first rank, fills the head below and
 * hands it down. A rank so knows its job without asking anybody. The environment of each rank names it:
 *
 *     MUSTER_NODE_FD=<fd>      the memfd, inherited, not close-on-exec, open for reading and writing
 *     MUSTER_LOCAL_RANK=<i>    this rank's place in the table of local ranks, 0 <= i < local_size
 *     MUSTER_APPNUM=<i>        which of the command line's applications it is (MPI_APPNUM)
 *
 *     offset 0            struct node_segment                 written by the proxy, read-only afterwards
 *            runs_at      struct rankmap_block[run_count]     rank -> node for the whole job, in compact form
 *            locals_at    uint32_t[local_size]                this node's ranks, rising
 *            status_at    struct rank_status[local_size]      written by the ranks, read by the proxy
 *            dead_at      uint32_t[dead_room]                 ranks of other nodes that are dead, written by the proxy
 *            hosts_at     struct node_host[host_count]         where ranks listen, by node
 *            lib_at       (a multiple of 4096)                the runtime's own; zeros at birth, and the ranks make
 *                                                             the file as long as they need: the proxy neither
 *                                                             reads nor seals it
 *
 * All of it is in the byte order of the node. Sizes and places come from node_segment_plan, so that both sides
 * agree. A reader calls node_segment_valid once on the mapping, then trusts the head.
 */
#ifndef WIRE_NODE_SEGMENT_H
#define WIRE_NODE_SEGMENT_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/rankmap.h"

#define NODE_SEGMENT_MAGIC UINT64_C(0x315265747375754d)
#define NODE_SEGMENT_VERSION 9
#define NODE_SEGMENT_FD_ENV "MUSTER_NODE_FD"
#define NODE_SEGMENT_LOCAL_RANK_ENV "MUSTER_LOCAL_RANK"
#define NODE_SEGMENT_APPNUM_ENV "MUSTER_APPNUM"

struct node_segment {
    uint64_t magic;
    uint32_t version;
    uint32_t job_size;   /* ranks in the job's MPI_COMM_WORLD */
    uint32_t node_count; /* nodes of the job */
    uint32_t node_id;    /* this node, 0 <= node_id < node_count */
    uint32_t local_size; /* ranks of the job on this node, at least 1 */
    uint32_t local_cpus; /* processors that these ranks may use together; fewer than local_size: oversubscribed */
    uint32_t run_count;
    int32_t universe_size; /* -1: unknown */
    uint64_t runs_at;      /* places, in bytes from the head */
    uint64_t locals_at;
    uint64_t status_at;
    uint64_t dead_at;
    uint64_t lib_at;
    uint32_t survive;            /* 1: the launcher does not end the job when a rank dies */
    uint32_t dead_room;          /* 0: nobody tells of other nodes */
    _Atomic uint32_t dead_count; /* grows, stored after the entry */
    _Atomic uint32_t gone; /* local ranks that are RANK_DEAD or RANK_NEVER, and dead ones of other nodes; grows, stored
                              after what it counts */
    _Atomic uint32_t openers; /* ranks that have opened a segment that they made themselves */
    _Atomic uint32_t left;    /* grows with each step of a local rank on its way out (enum rank_parting), after it */
    char job_name[152];       /* unique among the jobs of this node's user; NUL-terminated */
    uint64_t hosts_at;
    uint32_t host_count;      /* node_count, or 0: nothing is known of where ranks of other nodes listen */
    int32_t listener;         /* the descriptor of a socket of its own that each rank inherits, which listens at its
                                 place; if it is another one, the rank tells itself. -1: there is none */
    unsigned char secret[32]; /* of the job, with host_count > 0 */
    char pad[16];
};
static_assert(sizeof(struct node_segment) == 320, "the head is part of the contract");

static_assert(sizeof(struct rankmap_block) == 16, "a run is part of the contract");

/* Rank i of the node's listens at that port + i. */
struct node_host {
    unsigned char address[16]; /* of IPv6, or ::ffff:a.b.c.d */
    uint32_t port;
    uint32_t pad;
};
static_assert(sizeof(struct node_host) == 24, "a host is part of the contract");

/* The rank's own word, but for DEAD and NEVER, which are the proxy's, once the process has ended: others who need it
 * are not to wait for it. */
enum rank_state {
    RANK_STARTED = 0,
    RANK_INITIALIZED = 1,
    RANK_FINALIZED = 2, /* MPI is not in use now: it may end. A session may begin later */
    RANK_ABORTED = 3,
    RANK_DEAD = 4,  /* it has ended while MPI was in use */
    RANK_NEVER = 5, /* it has ended, and MPI never was */
};

/* How far a rank is on its way out; it only rises. The rank's own word, but for GONE of a process that has ended
 * without saying so, which is the proxy's. */
enum rank_parting {
    RANK_STAYS = 0,
    RANK_LEAVING = 1, /* in MPI_Finalize: of MPI_COMM_WORLD and what was made from it, it receives nothing more */
    RANK_LEFT = 2,    /* nor does it send anything there */
    RANK_GONE = 3,    /* nor does it in any session */
};

/* What one rank is doing. A call costs the rank one store at its begin and one at its end: `call` holds the number of
 * the MPI function (0: outside of MPI) in its low 16 bits and a count of calls above. Who has waited for a while, and
 * only who does, tells more in one of the waits; these hold by their kinds. */
enum rank_wait_kind {
    RANK_WAITS = 0,        /* in the present call: while the rank's `call` is the wait's */
    RANK_WAITS_THREAD = 1, /* in a call of one of its threads: while the wait's call is not 0 */
    RANK_TESTS = 2,        /* in vain, in one call after the other: while it is among the last RANK_TESTS_MOST calls */
};
struct rank_wait {
    _Atomic uint64_t call; /* 0: nothing is told */
    uint64_t since_ns;     /* CLOCK_MONOTONIC at which the wait began */
    int32_t peer;          /* rank in MPI_COMM_WORLD that is waited for, RANK_STATUS_ANY, or _NONE */
    int32_t tag;           /* of that message, RANK_STATUS_ANY or _NONE */
    uint32_t comm;         /* 0 MPI_COMM_WORLD, 1 MPI_COMM_SELF, otherwise a number that its members share */
    uint8_t kind;
    uint8_t sends;          /* 1: to the peer; 0: from it */
    _Atomic uint16_t turns; /* grows before and after what is told is written: odd meanwhile; `call` may change alone */
    char function[32];      /* "MPI_Allreduce", cut if longer, NUL-terminated; so is the communicator's name: */
    char comm_name[64];     /* "": it has none */
};
static_assert(sizeof(struct rank_wait) == 128, "two cache lines a wait");
/* Of a wait that has lasted, for a rank that is reached over a network: bytes that are given or asked for, and not
 * known to have come. It holds for the wait that began then. */
struct rank_flight {
    _Atomic uint64_t since_ns;           /* 0: nothing is told */
    _Atomic uint64_t outgoing, incoming; /* to the peer, from it; RANK_NOT_CONNECTED: there is no connection so far */
};
#define RANK_NOT_CONNECTED UINT64_MAX
#define RANK_TESTS_MOST 256
#define RANK_WAIT_THREADS 3 /* of so many threads it can be told, and the last wait is of tests */
struct rank_status {
    _Atomic uint64_t call;
    _Atomic uint32_t state;   /* enum rank_state */
    _Atomic uint32_t parting; /* enum rank_parting */
    _Atomic uint64_t streamed,
        read; /* bytes of long data that came to it by either way: through shared memory, by CMA */
    /* Of a rank that has slept in a wait: */
    _Atomic uint32_t looks;     /* how often it has looked for what it waits for, and nothing had come */
    _Atomic uint32_t moves;     /* how often something else had come */
    _Atomic uint32_t unmatched; /* messages that it has got and not received */
    _Atomic int32_t unmatched_from, unmatched_tag; /* the first of them; the rank in its communicator */
    char pad[12];
    struct rank_wait waits[RANK_WAIT_THREADS + 1];
    struct rank_flight flight;
    char pad_flight[40];
};
static_assert(sizeof(struct rank_status) == 640, "what each call writes has a cache line of its own");
#define RANK_STATUS_ANY (-1)
#define RANK_STATUS_NONE (-2)

/* Does the rank wait as told in waits[i]? Then that goes to *w, as it was at one moment. */
bool rank_wait_read(const struct rank_status *s, int i, struct rank_wait *w);
/* What is under way for a wait that was read; both 0: nothing, or it is not told. */
void rank_flight_read(const struct rank_status *s, const struct rank_wait *w, uint64_t *outgoing, uint64_t *incoming);
/* "MPI_Recv from 3 tag 7 on MPI_COMM_WORLD", "MPI_Wait (receive from 3 tag 7) on ...": cut to what there is room for.
 */
void rank_wait_text(const struct rank_wait *w, char *text, size_t n);

/* Fills version, magic and the places in h from h's job_size, local_size, run_count, dead_room and host_count; returns
 * lib_at, which is the least length of the file. */
uint64_t node_segment_plan(struct node_segment *h);

/* Makes the file at least `least` bytes long, and `most` if the limit on the length of files (ulimit -f) allows, which
 * would otherwise kill the process; never shorter. Returns its length, or 0 with errno. */
uint64_t node_segment_extend(int fd, uint64_t least, uint64_t most);

/* Is the mapping of `bytes` bytes at h a segment of this version whose tables lie inside and make sense: every rank on
 * one node below node_count, the locals rising, inside the job and on this node? */
bool node_segment_valid(const struct node_segment *h, size_t bytes);

/* The node of a rank below job_size; O(runs). */
uint32_t node_segment_node_of(const struct node_segment *h, uint32_t rank);

/* The host of a rank's node, and the rank's port there; NULL: not known. O(runs). */
const struct node_host *node_segment_host(const struct node_segment *h, uint32_t rank, uint16_t *port);

static inline const struct rankmap_block *node_segment_runs(const struct node_segment *h)
{
    return (const struct rankmap_block *)((const char *)h + h->runs_at);
}

static inline const uint32_t *node_segment_locals(const struct node_segment *h)
{
    return (const uint32_t *)((const char *)h + h->locals_at);
}

/* One dead rank of another node: its number, and whether it has never been in MPI. */
#define NODE_SEGMENT_DEAD_NEVER UINT32_C(0x80000000)
static inline uint32_t *node_segment_dead(struct node_segment *h)
{
    return (uint32_t *)((char *)h + h->dead_at);
}

static inline struct rank_status *node_segment_status(struct node_segment *h, uint32_t local_rank)
{
    return (struct rank_status *)((char *)h + h->status_at) + local_rank;
}

#endif
