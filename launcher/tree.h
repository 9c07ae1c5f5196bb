/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tree: mpiexec's end of the control tree.
 */
#ifndef LAUNCHER_TREE_H
#define LAUNCHER_TREE_H

#include "launcher/cluster.h"
#include "launcher/options.h"
#include "wire/control.h"

#include <sys/uio.h>

struct tree_ops {
    /* One frame from below. false: a proxy of ours may not send that; its link is cut. */
    bool (*frame)(void *arg, struct link *l, const struct frame_head *h, const unsigned char *payload);
    /* The link to a subtree is gone, without having been told to go. */
    void (*lost)(void *arg, uint32_t first, uint32_t count, const char *why);
    /* No proxy is on its way any more: all are ready, but on these nodes, of which the user has been told. What was
     * sent down so far goes now, unless the callee cancels. */
    void (*settled)(void *arg, const uint32_t *unstarted, uint32_t n);
    /* Of a node of tree_grow: its proxy is ready, and what is sent to all is sent to it from now on; or why it cannot
     * be started. */
    void (*joined)(void *arg, uint32_t node, const char *why);
};

/* Starts the proxies right below and tells them their nodes; they start the others. Of the options it reads the shape
 * of the tree and whether to tell much. ops and arg are borrowed. What is sent down waits until all are ready. */
int tree_start(struct cluster *c, const struct options *o, const struct tree_ops *ops, void *arg, struct err *e);

/* Starts a proxy on a node of cluster_grow, in the way in which other hosts are reached; also again, where that failed.
 * joined is told from the loop. 0, or -1 with e set. */
int tree_grow(struct cluster *c, const struct options *o, uint32_t node, struct err *e);

/* The job shall not run: if proxies are still on their way, all are dropped, and lost is told of each. Nothing where
 * they have been settled. */
void tree_cancel(struct cluster *c);
bool tree_is_open(const struct cluster *c);        /* what is sent down goes down */
bool tree_inherits_stdio(const struct cluster *c); /* there is one proxy, and it has our stdin and stdout */

/* To the node's proxy, or to all (FRAME_ALL_NODES). */
void tree_send(struct cluster *c, unsigned type, unsigned job, uint32_t node, const struct buf *payload);
void tree_sendv(struct cluster *c, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n);

/* To the proxy right below, for it and all below it as it sees fit. */
void tree_send_link(struct cluster *c, uint32_t link, unsigned type, const void *p, size_t n);

/* This process is going to be stopped: the proxies shall not take it for dead. Writes now what the
 * links take without waiting. */
void tree_rest(struct cluster *c);

/* Stop reading the links, go on: our own output is slow. */
void tree_pause(struct cluster *c);
void tree_resume(struct cluster *c);

/* Every job is done: the proxies end what is left and leave; the loop ends when they have. */
void tree_shutdown(struct cluster *c);

/* What has not reported its end by now is not waited for. */
void tree_give_up(struct cluster *c);

/* Without a word: the proxies end with what they started. */
void tree_cut(struct cluster *c);

/* After the loop, or a cut: the programs by which proxies were started end. */
void tree_leave(struct cluster *c);

/* A child of ours has ended (SIGCHLD): if it was a proxy, kills what it left behind. */
void tree_reap(struct cluster *c);

#endif
