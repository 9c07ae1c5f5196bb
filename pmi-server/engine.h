/* SPDX-License-Identifier: BSD-3-Clause
 *
 * engine: what the files of the client half share. A request of a rank is a `struct pmi_ask` from its first byte to its
 * answer: the front ends (v1.c, v2.c) make it, the core (barrier.c, fetch.c, attr.c, remote.c) parks it or answers at
 * once, and answer.c writes the answer in the rank's own wire and frees it.
 */
#ifndef PMI_SERVER_ENGINE_H
#define PMI_SERVER_ENGINE_H

#include <sys/queue.h>
#include "pmi-server/epoch.h"
#include "pmi-server/reader.h"
#include "pmi-server/server.h"
#include "wire/pmi.h"
#include "wire/pmi_control.h"

#define PMI_CLIENT_ASKS_MAX 1024             /* requests of a rank that wait for an answer */
#define PMI_CLIENT_BACKLOG_MAX (4 * 1048576) /* bytes behind a request that must be answered first */

#define PMI_CLIENT_STORES_MAX (1024 * 1024) /* values, attributes and names that one rank may put */

/* What was asked; answer.c knows the words for each. */
enum pmi_verb {
    PMI_ASK_GET,
    PMI_ASK_JOBATTR,
    PMI_ASK_NODEATTR,
    PMI_ASK_BARRIER,
    PMI_ASK_PUBLISH,
    PMI_ASK_LOOKUP,
    PMI_ASK_UNPUBLISH,
    PMI_ASK_SPAWN,
    PMI_ASK_PLAIN, /* answered where it was read */
};

struct pmi_ask {
    struct pmi_client *client;
    enum pmi_verb verb;
    enum pmi_wire wire;
    bool in_order;     /* nothing else of this rank is read before the answer */
    const char *reply; /* the command of the answer */
    char *thrid;       /* PMI-2: goes back with the answer; NULL: none */
    char *detail;      /* key, group or name */
    uint32_t tag;      /* of a barrier */
    uint64_t since;
    LIST_ENTRY(pmi_ask) of_client;
    LIST_ENTRY(pmi_ask) parked; /* in whatever it waits for */
};
LIST_HEAD(pmi_asks, pmi_ask);

struct pmi_result {
    int rc;            /* 0, or enum pmi2_error */
    const char *why;   /* of a failure */
    const char *value; /* the value, port, or spawned job; NULL: none */
    const int32_t *codes;
    uint32_t ncodes;
};

struct pmi_client {
    struct pmi_server_job *job;
    void *ctx;
    uint32_t rank;
    uint32_t appnum;
    uint32_t index; /* among the job's local ranks */
    bool inited, finalized, failed, gone;
    struct pmi_stream in;
    struct pmi_asks asks;
    uint32_t nasks;
    uint32_t in_order;    /* requests that hold back what follows them: 0 or 1 */
    uint32_t fences;      /* PMI-2 fences that not every rank has reached */
    struct pmi_asks held; /* gets that wait for these */
    uint32_t stores;      /* what it has put */
    uint32_t misses;      /* gets that had to be fetched: a rank with many reads widely */
    struct buf spawn;     /* PMI-1 spawn: the blocks that have come, encoded */
    uint32_t spawn_seen, spawn_total;
    const char *spawn_bad; /* why it cannot be; NULL: it can */
    uint64_t since;
};

/* A key that was asked for and is not here. */
struct pmi_want {
    UT_hash_handle hh;
    struct pmi_asks asks;
    uint32_t *children; /* who wait for it too */
    uint32_t nchildren;
    bool sent;
    uint32_t klen;
    char key[];
};

struct pmi_server_job {
    UT_hash_handle hh;
    struct pmi_server *server;
    uint32_t id, size, below;
    int32_t universe;
    char *kvsname;
    char *spawner;
    const struct rankmap *map;
    char *mapping; /* made when it is first asked for */
    uint32_t nclients;
    struct pmi_client *clients; /* rising ranks */
    uint32_t ngone;             /* of these */
    bool stuck;                 /* it has been said */
    bool resume;                /* a rank that was held back may go on */

    struct pmi_kvs seen;   /* values put here or fetched */
    struct pmi_kvs absent; /* PMI_ keys that the root does not have: nobody can put them later */
    struct buf puts;       /* on their way up: pairs */
    uint32_t nputs;
    bool stale; /* a key has got another value since the last barrier of the whole job */
    struct pmi_want *wants;
    uint32_t window;            /* values that were asked for in advance, the last time that a rank read widely */
    bool wide;                  /* one does now: ask for more of them */
    uint32_t child_window;      /* the most that a child wants in advance */
    bool unsent;                /* there are wants that have not been sent */
    struct pmi_reader *readers; /* one a child */
    struct pmi_gathers gathers; /* barriers that are under way */
    struct pmi_kvs nodeattrs;
    struct pmi_asks nodewaits;
};

/* A request on its way to mpiexec: of a local rank, or handed on for a child. */
struct pmi_remote {
    UT_hash_handle hh;
    uint32_t id;
    uint32_t job;
    struct pmi_asks ask; /* one, or none */
    bool relayed;
    uint32_t child, child_id;
};

struct pmi_server {
    const struct pmi_server_ops *ops;
    void *ctx;
    uint32_t children;
    struct pmi_server_job *jobs;
    struct pmi_remote *remotes;
    uint32_t last_id;
    bool awake;                       /* ops->wake has been called since the last flush */
    const struct pmi_client *reading; /* whose messages are being taken */
};

/* server.c */
struct pmi_server_job *pmi_job_find(struct pmi_server *s, uint32_t id);
void pmi_server_wake(struct pmi_server *s);
struct buf pmi_up_begin(const struct pmi_server_job *j, enum pmi_control_type type);
struct buf pmi_message_begin(enum pmi_control_type type, uint32_t job);
void pmi_up_send(struct pmi_server *s, struct buf *b); /* sends and frees */
void pmi_down_send(struct pmi_server *s, uint32_t child, struct buf *b);

/* client.c */
uint64_t pmi_now(void);
void pmi_client_fail(struct pmi_client *c, const char *why); /* a rank that broke the protocol */
bool pmi_client_may_store(struct pmi_client *c);             /* counts; false: it has put too much already */
void pmi_client_initialized(struct pmi_client *c);
void pmi_client_finalized(struct pmi_client *c);
/* After answers to ranks that were not being read: what stands behind their requests. */
void pmi_job_resume(struct pmi_server_job *j);

/* v1.c, v2.c: one message of a rank */
void pmi_v1_message(struct pmi_client *c, const struct pmi_msg *m);
void pmi_v2_message(struct pmi_client *c, const struct pmi_msg *m);

/* answer.c */
struct pmi_ask *pmi_ask_new(struct pmi_client *c, const struct pmi_msg *m, enum pmi_verb verb, const char *reply);
void pmi_ask_detail(struct pmi_ask *a, const char *detail);
void pmi_ask_free(struct pmi_ask *a);                           /* without an answer: its rank is gone */
void pmi_answer(struct pmi_ask *a, const struct pmi_result *r); /* frees a */
void pmi_answer_ok(struct pmi_ask *a, const char *value);
void pmi_answer_fail(struct pmi_ask *a, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The head of an answer written where it was read: more keys may follow, then pmi_client_send(). */
struct pmi_out pmi_reply_begin(struct buf *b, const struct pmi_msg *m, const char *reply, int rc);
void pmi_client_send(struct pmi_client *c, struct pmi_out *o); /* ends, sends and frees the message */

/* fetch.c: values */
int pmi_put(struct pmi_client *c, const char *key, const char *value, const char **why); /* 0, or enum pmi2_error */
void pmi_get(struct pmi_ask *a); /* the value of a->detail in the rank's own job */
void pmi_fetch_flush(struct pmi_server_job *j);
void pmi_fetch_job_del(struct pmi_server_job *j);
bool pmi_fetch_child_get(struct pmi_server_job *j, uint32_t child, struct rbuf *r);
bool pmi_fetch_values(struct pmi_server_job *j, struct rbuf *r);
void pmi_puts_flush(struct pmi_server_job *j); /* as messages of their own */

/* barrier.c */
void pmi_barrier(struct pmi_ask *a, const char *group);
void pmi_fence(struct pmi_client *c);
void pmi_barrier_client_gone(struct pmi_client *c);
bool pmi_barrier_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r);
bool pmi_barrier_child_puts(struct pmi_server_job *j, struct rbuf *r); /* PUTS */
bool pmi_barrier_release(struct pmi_server_job *j, struct rbuf *r);

/* attr.c: attributes of the job and of the node */
bool pmi_attr_reserved(struct pmi_ask *a); /* is a->detail one that is answered here? Then it has been. */
void pmi_nodeattr_put(struct pmi_server_job *j, const char *key, const char *value);
void pmi_nodeattr_get(struct pmi_ask *a, bool wait);
void pmi_nodeattr_check(struct pmi_server_job *j); /* does anybody wait for what nobody is left to put? */

/* remote.c: what only mpiexec can answer */
/* name or port NULL: it is missing, and the answer says so. */
void pmi_name_request(struct pmi_ask *a, enum pmi_request kind, const char *name, const char *port);
/* An encoded request without its head: pmi_remote_send() completes and sends it, and frees body. */
void pmi_remote_send(struct pmi_ask *a, enum pmi_request kind, struct buf *body);
bool pmi_remote_child_up(struct pmi_server_job *j, uint32_t child, struct rbuf *r);
bool pmi_remote_answer(struct pmi_server *s, struct rbuf *r);
void pmi_remote_job_del(struct pmi_server *s, uint32_t job);

/* spawn_text.c: the two wires' spawn commands */
void pmi_spawn_block(struct pmi_client *c, const struct pmi_msg *m);
void pmi_spawn_v2(struct pmi_client *c, const struct pmi_msg *m);

#endif
