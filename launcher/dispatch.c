/* SPDX-License-Identifier: BSD-3-Clause
 *
 * dispatch: one function a message, and what becomes of a node that is lost.
 */
#include "launcher/dispatch.h"

#include "common/log.h"
#include "common/now.h"
#include "common/printable.h"
#include "launcher/failure.h"
#include "launcher/grow.h"
#include "launcher/job.h"
#include "launcher/root.h"
#include "launcher/shapes.h"
#include "launcher/stdio.h"
#include "launcher/watch.h"

#include <signal.h>
#include <stdio.h>

/* One message: whose link, its job (NULL: not of a job that is known), the sender's node, the fields. */
struct message {
    struct run *run;
    struct link *link;
    struct job *job;
    uint32_t node;
    struct rbuf r;
    const unsigned char *payload;
    size_t len;
};

static bool on_started(struct message *m)
{
    return job_started(m->job, m->node, &m->r);
}

static bool on_exited(struct message *m)
{
    return job_exited(m->job, m->node, &m->r);
}

static bool on_output(struct message *m)
{
    struct control_output o;
    if (!control_output_get(&m->r, &o) || o.rank >= m->job->spec.map.nranks)
        return false;
    struct stdio_text t = {.job = m->job->spec.job,
                           .node = m->node,
                           .host = cluster_node_name(m->run->cluster, m->node),
                           .rank = o.rank,
                           .stream = o.stream,
                           .continues = o.continues,
                           .data = o.text.data,
                           .n = o.text.len};
    stdio_output(m->run->io, &t);
    return true;
}

static bool on_output_broken(struct message *m)
{
    struct control_output_broken o;
    if (!control_output_broken_get(&m->r, &o))
        return false;
    stdio_broken(m->run->io, o.stream, (int)o.error);
    return true;
}

static bool on_output_end(struct message *m)
{
    job_output_end(m->job, m->node);
    return true;
}

static bool on_tail(struct message *m)
{
    struct control_tail t;
    if (!control_tail_get(&m->r, &t))
        return false;
    unsigned stream = m->job->spec.flags & LAUNCH_MERGE_STDERR ? 1 : 2;
    bool shown = t.shown || stdio_shown_last(m->run->io, m->job->spec.job, t.rank, stream);
    failure_tail(m->run, m->job, t.rank, t.text.data, t.text.len, shown);
    return true;
}

static bool on_stdin_credit(struct message *m)
{
    struct control_stdin_credit c;
    if (!control_stdin_credit_get(&m->r, &c))
        return false;
    stdio_credit(m->run->io, m->node, c.bytes);
    return true;
}

static bool on_stdin_wanted(struct message *m)
{
    stdio_wanted(m->run->io);
    return true;
}

static bool on_pmi_up(struct message *m)
{
    return root_up(m->run, m->link->index, m->payload, m->len);
}

static void fail_rank(struct message *m, enum failure_kind kind, uint32_t rank, int code, struct bytes text)
{
    char line[WIRE_LINE_MAX + 1];
    snprintf(line, sizeof line, "%.*s", (int)text.len, text.data);
    job_fail(m->job, kind, rank, now_ns(), code, line);
}

static bool on_abort(struct message *m)
{
    struct control_abort a;
    if (!control_abort_get(&m->r, &a) || a.rank >= m->job->spec.map.nranks)
        return false;
    fail_rank(m, FAILURE_ABORT, a.rank, a.code, a.message);
    return true;
}

static bool on_rank_failed(struct message *m)
{
    struct control_rank_failed f;
    if (!control_rank_failed_get(&m->r, &f) || f.rank >= m->job->spec.map.nranks)
        return false;
    fail_rank(m, FAILURE_PMI, f.rank, 0, f.reason);
    return true;
}

static bool on_states(struct message *m)
{
    return watch_states(m->run, m->job, m->node, &m->r);
}

static bool on_node_info(struct message *m)
{
    return shapes_info(m->run->cluster, m->node, &m->r);
}

static bool on_topo(struct message *m)
{
    return shapes_topo(m->run->cluster, m->node, &m->r);
}

static bool on_warning(struct message *m)
{
    struct control_warning w;
    if (!control_warning_get(&m->r, &w))
        return false;
    char line[WIRE_LINE_MAX * PRINTABLE_WIDTH + 1];
    printable_put(line, sizeof line, w.text.data, w.text.len);
    log_warn("%s", line);
    return true;
}

/* The jobs, and all else, learn that these are not there (any more). */
static void forget_nodes(struct run *run, uint32_t first, uint32_t count)
{
    struct job *j, *next;
    for (j = TAILQ_FIRST(&run->jobs); j; j = next) {
        next = TAILQ_NEXT(j, link);
        for (uint32_t i = first; i < first + count; i++)
            job_node_lost(j, i);
    }
    for (uint32_t i = first; i < first + count; i++) {
        root_node_lost(run, i);
        shapes_node_lost(run->cluster, i);
    }
}

/* Those that have ranks there, and what is connected with these. */
static bool end_jobs_of(struct run *run, uint32_t node)
{
    struct job *j;
    bool any = false;
    TAILQ_FOREACH(j, &run->jobs, link)
    {
        if (!job_is_on(j, node))
            continue;
        any = true;
        if (!j->killed)
            job_end(j);
    }
    return any;
}

static void nodes_lost(void *arg, uint32_t first, uint32_t count, const char *why)
{
    struct run *run = arg;
    bool first_failure = false, of_jobs = false;
    for (uint32_t i = first; i < first + count; i++) {
        if (run->cluster->node_lost[i])
            continue;
        run->cluster->node_lost[i] = true;
        stdio_node_lost(run->io, i);
        char text[512];
        snprintf(text, sizeof text, "the proxy on %s is gone (%s): its ranks are lost",
                 cluster_node_name(run->cluster, i), why);
        first_failure |= failure_node_lost(run, i, now_ns(), text);
        of_jobs |= tree_is_open(run->cluster) && !run->opt.no_kill && end_jobs_of(run, i);
    }
    if (first_failure && !of_jobs && !run->opt.no_kill)
        job_kill_all(run, SIGTERM, run->opt.kill_timeout);
    forget_nodes(run, first, count);
}

static uint32_t nodes_left(const struct cluster *c)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < c->nnodes; i++)
        left += !c->node_lost[i];
    return left;
}

static void unstarted_text(const struct run *run, const uint32_t *unstarted, uint32_t n, bool goes_on, char *text,
                           size_t size)
{
    char but[80];
    if (goes_on)
        snprintf(but, sizeof but, "the job runs without");
    else if (run->opt.min_hosts)
        snprintf(but, sizeof but, "nothing was run (--min-hosts %ld)", run->opt.min_hosts);
    else
        snprintf(but, sizeof but, "nothing was run");
    if (n == 1)
        snprintf(text, size, "host %s could not be started: %s", cluster_node_name(run->cluster, *unstarted), but);
    else
        snprintf(text, size, "%u of %u hosts could not be started: %s", n, run->cluster->nnodes, but);
}

/* The user has said how many hosts are enough, and so many are there: no failure. */
static bool settled_without(struct run *run, const uint32_t *unstarted, uint32_t n)
{
    char text[512];
    if (!run->opt.min_hosts || nodes_left(run->cluster) - n < run->opt.min_hosts)
        return false;
    unstarted_text(run, unstarted, n, true, text, sizeof text);
    log_info("%s", text);
    for (uint32_t i = 0; i < n; i++) {
        run->cluster->node_lost[unstarted[i]] = true;
        forget_nodes(run, unstarted[i], 1);
    }
    return true;
}

static void settled(void *arg, const uint32_t *unstarted, uint32_t n)
{
    struct run *run = arg;
    char text[512];
    root_links(run);
    if (n == 0 || settled_without(run, unstarted, n))
        return;
    bool goes_on = run->opt.no_kill && !run->opt.min_hosts;
    unstarted_text(run, unstarted, n, goes_on, text, sizeof text);
    failure_note(run, FAILURE_NODE, NULL, 0, now_ns(), 0, text);
    for (uint32_t i = 0; i < n; i++)
        nodes_lost(run, unstarted[i], 1, text);
    if (!goes_on)
        job_kill_all(run, SIGTERM, run->opt.kill_timeout);
}

static void joined(void *arg, uint32_t node, const char *why)
{
    grow_joined(arg, node, why);
}

static bool on_node_lost(struct message *m)
{
    struct control_node_lost l;
    if (!control_node_lost_get(&m->r, &l))
        return false;
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)l.reason.len, l.reason.data);
    struct rbuf nodes = list_items(&l.nodes);
    for (uint32_t i = 0; i < l.nodes.n; i++) {
        uint32_t node = rbuf_u32(&nodes);
        if (node - m->link->first >= m->link->count)
            return false;
        nodes_lost(m->run, node, 1, text);
    }
    return true;
}

static const struct {
    bool (*act)(struct message *m);
    bool of_a_job; /* dropped when that job is not there any more */
} from_below[CONTROL_END] = {
    [CONTROL_STARTED] = {on_started, true},
    [CONTROL_EXITED] = {on_exited, true},
    [CONTROL_OUTPUT] = {on_output, true},
    [CONTROL_OUTPUT_BROKEN] = {on_output_broken, false},
    [CONTROL_OUTPUT_END] = {on_output_end, true},
    [CONTROL_TAIL] = {on_tail, true},
    [CONTROL_STDIN_CREDIT] = {on_stdin_credit, true},
    [CONTROL_STDIN_WANTED] = {on_stdin_wanted, true},
    [CONTROL_PMI_UP] = {on_pmi_up, false},
    [CONTROL_ABORT] = {on_abort, true},
    [CONTROL_RANK_FAILED] = {on_rank_failed, true},
    [CONTROL_STATES] = {on_states, true},
    [CONTROL_WARNING] = {on_warning, false},
    [CONTROL_NODE_LOST] = {on_node_lost, false},
    [CONTROL_NODE_INFO] = {on_node_info, false},
    [CONTROL_TOPO] = {on_topo, false},
};

static bool on_frame(void *arg, struct link *l, const struct frame_head *h, const unsigned char *payload)
{
    struct run *run = arg;
    if (h->type >= CONTROL_END || !from_below[h->type].act || h->node - l->first >= l->count)
        return false;
    struct message m = {.link = l, .run = run, .node = h->node, .payload = payload, .len = h->len};
    rbuf_init(&m.r, payload, h->len);
    if (from_below[h->type].of_a_job) {
        m.job = job_find(run, h->job);
        if (!m.job)
            return true;
    }
    return from_below[h->type].act(&m);
}

const struct tree_ops dispatch_ops = {on_frame, nodes_lost, settled, joined};
