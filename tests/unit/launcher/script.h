/* SPDX-License-Identifier: BSD-3-Clause
 *
 * script: a run whose proxies are a script. What mpiexec sends down goes through a real link (a socketpair, two peers
 * in one loop) and is kept here; what the script sends up takes the same way back into the dispatch. In place of
 * tree.c, which starts processes.
 */
#ifndef TESTS_UNIT_LAUNCHER_SCRIPT_H
#define TESTS_UNIT_LAUNCHER_SCRIPT_H

#include "launcher/run.h"

#define SCRIPT_SENT_MAX 64

struct script_sent {
    struct frame_head head;
    struct buf payload;
};

struct script {
    struct run run;
    struct cluster cluster;
    struct link link; /* nodes [1, 1 + 4) of the cluster's 6 */
    struct script_sent sent[SCRIPT_SENT_MAX];
    unsigned nsent;
    bool refused;                      /* a frame that came up was one that no proxy sends */
    bool shutdown, gave_up, cancelled; /* what the tree was told */
    bool closed;                       /* proxies are still on their way: what is sent down waits */
    unsigned started, done, forgotten; /* jobs, as job_ops heard */
    unsigned gone, ended, dead;        /* ranks */
};

extern struct script script;

/* A run without jobs, and its end. */
int script_begin(void **state);
int script_end(void **state);

/* A job with nranks ranks, rank i on node_of_rank[i], launched. spawn: as in struct job. */
struct job *script_job(const uint32_t *node_of_rank, uint32_t nranks, uint32_t spawn);

/* The proxy of that node says this; the fields of b are freed. Returns whether it was accepted. */
bool script_up(unsigned type, unsigned job, uint32_t node, struct buf *b);

/* How often mpiexec has sent such a message, and the last of them (NULL: none). */
unsigned script_count(unsigned type);
const struct script_sent *script_last(unsigned type);

/* STARTED and EXITED of one rank, and OUTPUT_END of a node. */
bool script_started(unsigned job, uint32_t node, uint32_t rank, uint32_t error);
bool script_exited(unsigned job, uint32_t node, uint32_t rank, uint32_t status);
bool script_output_end(unsigned job, uint32_t node);

#endif
