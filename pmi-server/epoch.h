/* SPDX-License-Identifier: BSD-3-Clause
 *
 * epoch: barriers that are under way, in one process. A gather is a group of ranks; barriers of the same group may
 * overlap in time, and each is an epoch of it, the oldest first. Whoever contributes (a local rank, a child with its
 * subtree) does so to the oldest epoch to which it has not contributed yet.
 */
#ifndef PMI_SERVER_EPOCH_H
#define PMI_SERVER_EPOCH_H

#include <sys/queue.h>
#include <uthash.h>
#include "pmi-server/group.h"
#include "wire/buf.h"

struct pmi_request;

struct pmi_epoch {
    TAILQ_ENTRY(pmi_epoch) of_gather;
    uint32_t arrived; /* ranks */
    uint32_t low, high;
    bool sent; /* to the parent */
    LIST_HEAD(, pmi_request) requests;
    struct buf data;       /* what those who have arrived bring for all */
    unsigned char *by;     /* a bit a contributor */
    unsigned char *fenced; /* a bit a local rank that was answered at once */
};

struct pmi_gather {
    UT_hash_handle hh;
    struct pmi_group group;
    uint32_t expected; /* ranks of it at or below this process */
    uint32_t below;    /* those of them that children serve */
    uint32_t contributors;
    TAILQ_HEAD(pmi_epochs, pmi_epoch) epochs;
};

struct pmi_gathers {
    struct pmi_gather *all;
};

/* The gather of g's name; g is taken over if it is new (*is_new: the caller sets what is expected), freed otherwise. */
struct pmi_gather *pmi_gather_take(struct pmi_gathers *s, struct pmi_group *g, uint32_t contributors, bool *is_new);
struct pmi_gather *pmi_gather_find(struct pmi_gathers *s, const char *name, size_t len);
/* The oldest epoch without this contributor, made if there is none; it is marked. */
struct pmi_epoch *pmi_gather_join(struct pmi_gather *g, uint32_t contributor);
/* Count ranks low..high, of which so many. false: more than can be. */
bool pmi_epoch_count(const struct pmi_gather *g, struct pmi_epoch *e, uint32_t arrived, uint32_t low, uint32_t high);
bool pmi_epoch_has(const struct pmi_epoch *e, uint32_t contributor);
/* Frees an epoch (whose requests are gone), and the gather with its last one. */
void pmi_gather_drop(struct pmi_gathers *s, struct pmi_gather *g, struct pmi_epoch *e);
/* There are more contributors from now on. */
void pmi_gathers_grow(struct pmi_gathers *s, uint32_t contributors);
void pmi_gathers_clear(struct pmi_gathers *s);

#endif
