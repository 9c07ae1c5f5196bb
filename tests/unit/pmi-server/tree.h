/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tree: both halves of the PMI server in one process, wired to each other through queues, with ranks that are strings:
 * what a rank says goes in with tree_say, what it hears comes out of tree_hear. Nothing moves but by tree_run.
 *
 * Shape: `depth` levels of proxies below mpiexec, each proxy with `fan` children (none on the last level). Node i of
 * the job is proxy i, in preorder; ranks are spread over the proxies by the rank map.
 */
#ifndef TESTS_PMI_SERVER_TREE_H
#define TESTS_PMI_SERVER_TREE_H

#include <stdbool.h>
#include "pmi-server/root.h"
#include "pmi-server/server.h"
#include "wire/buf.h"
#include "wire/pmi_control.h"

#define TREE_MESSAGES PMI_CONTROL_END

struct tree_rank {
    struct tree *tree;
    struct pmi_client *client;
    uint32_t proxy;
    struct buf out;    /* bytes sent to it */
    char failed[256];  /* "" */
    char aborted[256]; /* "CODE message" */
    int aborts;
    int inits, finals;
    uint32_t modex; /* the last number that its front end was asked by */
};

struct tree_proxy {
    struct tree *tree;
    struct pmi_server *server;
    int parent;                        /* -1: mpiexec */
    uint32_t index, child_index, last; /* its subtree is the proxies index..last */
    uint32_t nchildren;
    uint32_t children[64];
    bool woken;
    int notices;
    char notice[64]; /* the last one */
};

struct tree_message {
    bool up;
    uint32_t from; /* up: the proxy that sent it; down: the proxy that it is for */
    struct buf b;
};

struct tree {
    struct pmi_root *root;
    struct tree_proxy *proxies;
    uint32_t nproxies, top[64], ntop;
    struct tree_rank *ranks;
    uint32_t nranks;
    struct rankmap map;
    struct tree_message *queue;
    size_t nqueue, cap;
    unsigned long count[TREE_MESSAGES];      /* messages sent anywhere, by type */
    unsigned long root_count[TREE_MESSAGES]; /* those that reached or left mpiexec */
    unsigned long bytes;
    char stuck[512];
    char spawn[2048]; /* the last spawn request, as text */
    uint32_t spawn_id;
    int broken; /* payloads that were refused */
};

/* ranks over nodes: cyclic, else in blocks. */
struct tree *tree_new(uint32_t depth, uint32_t fan, uint32_t nranks, bool cyclic);
void tree_free(struct tree *t);
void tree_say(struct tree *t, uint32_t rank, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A PMI-2 message: its length is put in front. */
void tree_say2(struct tree *t, uint32_t rank, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void tree_run(struct tree *t);
/* One thing happens, which of them says `pick`: a message arrives, behind those of its link, or a proxy comes round its
 * loop. false: nothing is left to happen. */
bool tree_step(struct tree *t, uint32_t pick);
/* Everything that the rank has been sent since the last call; valid until the next one. */
const char *tree_hear(struct tree *t, uint32_t rank);
/* Runs, then asserts that the rank has heard exactly this. */
void tree_expect(struct tree *t, uint32_t rank, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void tree_expect2(struct tree *t, uint32_t rank, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Another job, whose ranks say where they are (`proxy`): their memory is the caller's, and `out` too. */
void tree_job_add(struct tree *t, uint32_t id, const char *name, struct tree_rank *ranks, uint32_t n);
void tree_job_del(struct tree *t, uint32_t id);
void tree_say_bytes(struct tree_rank *r, const void *p, size_t n);
const char *tree_heard(struct tree_rank *r);
void tree_init_all(struct tree *t); /* every rank says init, PMI-1 */

#endif
