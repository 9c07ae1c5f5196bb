/* SPDX-License-Identifier: BSD-3-Clause
 *
 * events: one function a message, and what becomes of a node that is lost.
 */
#include "launcher/events.h"

#include "common/log.h"
#include "common/now.h"
#include "common/printable.h"
#include "launcher/failure.h"
#include "launcher/job.h"
#include "launcher/root.h"
#include "launcher/shapes.h"
#include "launcher/stdio.h"
#include "launcher/watch.h"

#include <signal.h>
#include <stdio.h>

/* One message: whose link, its job (NULL: not of a job that is known), the sender's node, the fields. */
struct event_in {
    struct run *run;
    struct link *link;
    struct job *job;
    uint32_t node;
    struct rbuf r;
    const unsigned char *payload;
    size_t len;
};

static bool on_started(struct event_in *e)
{
    return job_started(e->job, e->node, &e->r);
}

static bool on_exited(struct event_in *e)
{
    return job_exited(e->job, e->node, &e->r);
}

static bool on_output(struct event_in *e)
{
    struct control_output o;
    if (!control_output_get(&e->r, &o) || o.rank >= e->job->spec.map.nranks)
        return false;
    struct stdio_text t = {.job = e->job->spec.job,
                           .node = e->node,
                           .host = cluster_node_name(e->run->cluster, e->node),
                           .rank = o.rank,
                           .stream = o.stream,
                           .continues = o.continues,
                           .data = o.text.data,
                           .n = o.text.len};
    stdio_output(e->run->io, &t);
    return true;
}

static bool on_output_broken(struct event_in *e)
{
    struct control_output_broken o;
    if (!control_output_broken_get(&e->r, &o))
        return false;
    stdio_broken(e->run->io, o.stream, (int)o.error);
    return true;
}

static bool on_output_end(struct event_in *e)
{
    job_output_end(e->job, e->node);
    return true;
}

static bool on_tail(struct event_in *e)
{
    struct control_tail t;
    if (!control_tail_get(&e->r, &t))
        return false;
    failure_tail(e->run, e->job, t.rank, t.text.data, t.text.len);
    return true;
}

static bool on_stdin_credit(struct event_in *e)
{
    struct control_stdin_credit c;
    if (!control_stdin_credit_get(&e->r, &c))
        return false;
    stdio_credit(e->run->io, e->node, c.bytes);
    return true;
}

static bool on_stdin_wanted(struct event_in *e)
{
    stdio_wanted(e->run->io);
    return true;
}

static bool on_pmi_up(struct event_in *e)
{
    return root_up(e->run, e->link->index, e->payload, e->len);
}

static void fail_rank(struct event_in *e, enum failure_kind kind, uint32_t rank, int code, struct bytes text)
{
    char line[WIRE_LINE_MAX + 1];
    snprintf(line, sizeof line, "%.*s", (int)text.len, text.data);
    job_fail(e->job, kind, rank, now_ns(), code, line);
}

static bool on_abort(struct event_in *e)
{
    struct control_abort a;
    if (!control_abort_get(&e->r, &a) || a.rank >= e->job->spec.map.nranks)
        return false;
    fail_rank(e, FAILURE_ABORT, a.rank, a.code, a.message);
    return true;
}

static bool on_rank_failed(struct event_in *e)
{
    struct control_rank_failed f;
    if (!control_rank_failed_get(&e->r, &f) || f.rank >= e->job->spec.map.nranks)
        return false;
    fail_rank(e, FAILURE_PMI, f.rank, 0, f.reason);
    return true;
}

static bool on_states(struct event_in *e)
{
    return watch_states(e->run, e->job, e->node, &e->r);
}

static bool on_node_info(struct event_in *e)
{
    return shapes_info(e->run->cluster, e->node, &e->r);
}

static bool on_topo(struct event_in *e)
{
    return shapes_topo(e->run->cluster, e->node, &e->r);
}

static bool on_warning(struct event_in *e)
{
    struct control_warning w;
    if (!control_warning_get(&e->r, &w))
        return false;
    char line[WIRE_LINE_MAX * PRINTABLE_WIDTH + 1];
    printable_put(line, sizeof line, w.text.data, w.text.len);
    log_warn("%s", line);
    return true;
}

static void nodes_lost(void *arg, uint32_t first, uint32_t count, const char *why)
{
    struct run *run = arg;
    bool first_failure = false;
    for (uint32_t i = first; i < first + count; i++) {
        if (run->cluster->node_lost[i])
            continue;
        run->cluster->node_lost[i] = true;
        stdio_node_lost(run->io, i);
        char text[512];
        snprintf(text, sizeof text, "the proxy on %s is gone (%s): its ranks are lost",
                 cluster_node_name(run->cluster, i), why);
        first_failure |= failure_note(run, FAILURE_NODE, NULL, 0, now_ns(), 0, text);
    }
    if (first_failure && !run->opt.no_kill)
        job_kill_all(run, SIGTERM, run->opt.kill_timeout);
    struct job *j, *next;
    for (j = TAILQ_FIRST(&run->jobs); j; j = next) {
        next = TAILQ_NEXT(j, link);
        for (uint32_t i = first; i < first + count; i++)
            job_node_lost(j, i);
    }
    for (uint32_t i = first; i < first + count; i++)
        shapes_node_lost(run->cluster, i);
}

static void settled(void *arg, const uint32_t *unstarted, uint32_t n)
{
    struct run *run = arg;
    const char *but = run->opt.no_kill ? "the job runs without" : "nothing was run";
    char text[512];
    root_links(run);
    if (n == 0)
        return;
    if (n == 1)
        snprintf(text, sizeof text, "host %s could not be started: %s", cluster_node_name(run->cluster, *unstarted),
                 but);
    else
        snprintf(text, sizeof text, "%u of %u hosts could not be started: %s", n, run->cluster->nnodes, but);
    failure_note(run, FAILURE_NODE, NULL, 0, now_ns(), 0, text);
    for (uint32_t i = 0; i < n; i++)
        nodes_lost(run, unstarted[i], 1, text);
    if (!run->opt.no_kill)
        job_kill_all(run, SIGTERM, run->opt.kill_timeout);
}

static bool on_node_lost(struct event_in *e)
{
    struct control_node_lost l;
    if (!control_node_lost_get(&e->r, &l))
        return false;
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)l.reason.len, l.reason.data);
    struct rbuf nodes = list_items(&l.nodes);
    for (uint32_t i = 0; i < l.nodes.n; i++) {
        uint32_t node = rbuf_u32(&nodes);
        if (node - e->link->first >= e->link->count)
            return false;
        nodes_lost(e->run, node, 1, text);
    }
    return true;
}

static const struct {
    bool (*act)(struct event_in *e);
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
    struct event_in e = {.link = l, .run = run, .node = h->node, .payload = payload, .len = h->len};
    rbuf_init(&e.r, payload, h->len);
    if (from_below[h->type].of_a_job) {
        e.job = job_find(run, h->job);
        if (!e.job)
            return true;
    }
    return from_below[h->type].act(&e);
}

const struct tree_ops events_ops = {on_frame, nodes_lost, settled};
