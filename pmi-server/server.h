/* SPDX-License-Identifier: BSD-3-Clause
 *
 * server: the half of the PMI server that runs in each proxy. It serves the local ranks of any number of jobs, and
 * merges what the proxies below it send towards the root.
 *
 * The engine does no I/O: the caller feeds it the bytes that arrive, and it answers through `struct pmi_server_ops`.
 * Between the halves go payloads of two frame types only, "up" (towards mpiexec) and "down"; they are opaque to the
 * caller (names for tracing: wire/pmi_control.h) and must arrive whole and in order on each link.
 *
 * Laws:
 * - No op may call back into the engine, except pmi_client_state(). Note what is to be done and do it after return.
 * - Pointers given to an op are borrowed until it returns.
 * - After `failed` or `pmi_client_gone` a client's input is ignored; its pointer lives until pmi_server_job_del().
 * - Ranks are untrusted: whatever they send ends in an answer with a reason, or in `failed`. A payload that does not
 *   decode is our own peer's fault: the call returns -1 and the caller treats the link as broken.
 * - Without memory the program ends with one line on stderr.
 */
#ifndef PMI_SERVER_SERVER_H
#define PMI_SERVER_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wire/pmi_control.h"
#include "wire/rankmap.h"

struct pmi_server;
struct pmi_client; /* one local rank of one job */

struct pmi_server_ops {
    /* Bytes for this rank's PMI socket (`rank_ctx` given to pmi_server_client). Queue them, however many. */
    void (*send)(void *rank_ctx, const void *p, size_t n);
    /* A payload for the parent, and one for the child number `child`. */
    void (*up)(void *ctx, const void *p, size_t n);
    void (*down)(void *ctx, uint32_t child, const void *p, size_t n);
    /* The child by which this rank is reached; PMI_NO_CHILD: it is not hosted by a proxy below this one. Asked only
     * where children > 0. */
    uint32_t (*child_of)(void *ctx, uint32_t job, uint32_t rank);
    /* Something waits to be batched: call pmi_server_flush() once before the loop sleeps (an event made active will
     * do). */
    void (*wake)(void *ctx);
    /* The rank has said init; has said finalize (it may say init again afterwards). Either may be NULL. */
    void (*initialized)(void *rank_ctx);
    void (*finalized)(void *rank_ctx);
    /* The rank asks that its job be ended with this exit code: once. The message may hold any printable text. */
    void (*abort)(void *rank_ctx, int code, const char *message);
    /* The rank broke the protocol, or its connection closed between init and finalize: it can do no more PMI, and
     * the job cannot go on as it is. `why` is one lowercase line, such as "sent a line of more than 65536 bytes on its
     * PMI connection"; the caller puts rank and host in front. */
    void (*failed)(void *rank_ctx, const char *why);
    /* A rank elsewhere needs what this local one (which may not have been started yet) has committed: answer with
     * pmi_server_modex_done(), later: when the key is among it ("": any), or after the timeout (s; 0: none). NULL: no
     * rank here commits anything. */
    void (*modex)(void *ctx, uint32_t job, uint32_t rank, uint32_t id, struct bytes key, uint32_t timeout);
    /* What the front end of a proxy, this one or another, has given to pmi_notify(). NULL: it is not for us. */
    void (*notice)(void *ctx, const void *p, size_t n);
};

struct pmi_local {
    uint32_t rank;
    uint32_t appnum; /* which program of an MPMD command line */
};

/* What a proxy must know of a job. Everything is copied, but the map: borrowed until pmi_server_job_del(). */
struct pmi_job {
    uint32_t id;         /* the launcher's number of the job, the same in all processes */
    const char *kvsname; /* unique in this user's world, without blanks; at most PMI_KVSNAME_MAX - 1 bytes */
    uint32_t size;       /* ranks of the job */
    int32_t universe;    /* universe size; -1: not bounded */
    uint32_t nlocal;     /* the ranks that this proxy serves itself */
    const struct pmi_local *local;
    uint32_t below;            /* ranks served by the proxies below this one */
    const struct rankmap *map; /* the whole job's; NULL: unknown */
    const char *spawner;       /* kvsname of the job that spawned this one; NULL: none did */
};

/* ops and ctx are borrowed for the server's life. Children are numbered from 0. */
struct pmi_server *pmi_server_create(const struct pmi_server_ops *ops, void *ctx, uint32_t children);
void pmi_server_destroy(struct pmi_server *s); /* NULL is allowed */

/* A job's number, name or rank that is already there or out of range: -1, nothing changed. */
int pmi_server_job_add(struct pmi_server *s, const struct pmi_job *job);
void pmi_server_job_del(struct pmi_server *s, uint32_t job);

/* The client of a local rank; its ops will be called with rank_ctx. NULL: no such local rank. */
struct pmi_client *pmi_server_client(struct pmi_server *s, uint32_t job, uint32_t rank, void *rank_ctx);

/* Bytes from the rank's socket, cut anywhere. */
void pmi_client_input(struct pmi_client *c, const void *p, size_t n);
/* Has it sent the beginning of a request, and the rest is still to come? */
bool pmi_client_half(const struct pmi_client *c);
/* Its socket has closed, or the process has ended: it will never speak again. Calling it twice is harmless. Between
 * init and finalize: `failed`. Before init: mpiexec's half says `stuck` as soon as other ranks wait for this one. */
void pmi_client_gone(struct pmi_client *c);

/* Payloads: from the parent; from a child. -1: it does not decode. */
int pmi_server_down(struct pmi_server *s, const void *p, size_t n);
int pmi_server_child_up(struct pmi_server *s, uint32_t child, const void *p, size_t n);
/* That child is lost: no rank behind it puts anything any more. */
void pmi_server_child_gone(struct pmi_server *s, uint32_t child);
void pmi_server_flush(struct pmi_server *s);
/* The answer to op `modex`. rc: 0, or enum pmi2_error and data is the reason. */
void pmi_server_modex_done(struct pmi_server *s, uint32_t job, uint32_t id, int rc, struct bytes data);

/* For a table of ranks: what the rank does, seen from here. */
struct pmi_client_state {
    enum {
        PMI_CLIENT_SILENT, /* has not said init */
        PMI_CLIENT_RUNS,   /* initialized, waits for nothing here */
        PMI_CLIENT_WAITS,  /* in `op` */
        PMI_CLIENT_FINALIZED,
        PMI_CLIENT_FAILED,
        PMI_CLIENT_GONE,
    } state;
    bool silent;    /* it has never said init */
    bool finalized; /* it has said finalize, and may be gone since */
    char op[96];    /* such as "barrier WORLD", "get KEY", "spawn"; "" unless it waits */
    uint64_t since; /* CLOCK_MONOTONIC, ns: since when in this state (or in this op) */
};
void pmi_client_state(const struct pmi_client *c, struct pmi_client_state *out);

#endif
