/* SPDX-License-Identifier: BSD-3-Clause */
#include "launcher/events.h"

#include "common/log.h"
#include "common/now.h"
#include "launcher/failure.h"
#include "launcher/job.h"
#include "launcher/root.h"
#include "launcher/stdio.h"
#include "launcher/watch.h"

#include <signal.h>
#include <stdio.h>

#define TEXT_MAX 4096

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
    struct stdio_text t = {
        .job = e->job->spec.job, .node = e->node, .host = cluster_node_name(e->run->cluster, e->node)};
    control_output_get(&e->r, &t.rank, &t.stream, &t.continues);
    if (!t.stream || t.rank >= e->job->spec.map.nranks)
        return false;
    t.data = (const char *)e->payload + e->r.pos;
    t.n = e->len - e->r.pos;
    stdio_output(e->run->io, &t);
    return true;
}

static bool on_output_broken(struct event_in *e)
{
    unsigned stream = rbuf_u8(&e->r);
    int error = (int)rbuf_u32(&e->r);
    if (rbuf_done(&e->r))
        stdio_broken(e->run->io, stream, error);
    return rbuf_done(&e->r);
}

static bool on_output_end(struct event_in *e)
{
    job_output_end(e->job, e->node);
    return true;
}

static bool on_tail(struct event_in *e)
{
    uint32_t rank = rbuf_u32(&e->r);
    if (!rbuf_ok(&e->r))
        return false;
    failure_tail(e->run, e->job, rank, e->payload + e->r.pos, e->len - e->r.pos);
    return true;
}

static bool on_stdin_credit(struct event_in *e)
{
    uint32_t bytes = rbuf_u32(&e->r);
    stdio_credit(e->run->io, e->node, bytes);
    return rbuf_done(&e->r);
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

static bool on_abort(struct event_in *e)
{
    uint32_t rank = rbuf_u32(&e->r);
    int code = (int)rbuf_u32(&e->r);
    struct bytes text = rbuf_bytes(&e->r, TEXT_MAX);
    if (!rbuf_done(&e->r) || rank >= e->job->spec.map.nranks)
        return false;
    char line[TEXT_MAX];
    snprintf(line, sizeof line, "%.*s", (int)text.len, text.data);
    job_fail(e->job, FAILURE_ABORT, rank, now_ns(), code, line);
    return true;
}

static bool on_rank_failed(struct event_in *e)
{
    uint32_t rank = rbuf_u32(&e->r);
    struct bytes text = rbuf_bytes(&e->r, TEXT_MAX);
    if (!rbuf_done(&e->r) || rank >= e->job->spec.map.nranks)
        return false;
    char line[TEXT_MAX];
    snprintf(line, sizeof line, "%.*s", (int)text.len, text.data);
    job_fail(e->job, FAILURE_PMI, rank, now_ns(), 0, line);
    return true;
}

static bool on_states(struct event_in *e)
{
    return watch_states(e->run, e->job, e->node, &e->r);
}

static bool on_warning(struct event_in *e)
{
    struct bytes text = rbuf_bytes(&e->r, TEXT_MAX);
    if (rbuf_done(&e->r))
        log_warn("%.*s", (int)text.len, text.data);
    return rbuf_done(&e->r);
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
}

static bool on_node_lost(struct event_in *e)
{
    uint32_t n = rbuf_count(&e->r, 4);
    struct rbuf list = e->r;
    for (uint32_t i = 0; i < n; i++)
        rbuf_u32(&e->r);
    struct bytes why = rbuf_bytes(&e->r, TEXT_MAX);
    if (!rbuf_done(&e->r))
        return false;
    char text[512];
    snprintf(text, sizeof text, "%.*s", (int)why.len, why.data);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t node = rbuf_u32(&list);
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
};

static bool on_hello(const struct run *run, struct link *l, const struct frame_head *h, const unsigned char *payload)
{
    struct rbuf r;
    rbuf_init(&r, payload, h->len);
    uint32_t magic = rbuf_u32(&r), version = rbuf_u32(&r);
    if (h->type != CONTROL_HELLO || magic != CONTROL_MAGIC)
        return false;
    if (version != CONTROL_VERSION)
        log_fatal("the proxy on %s speaks version %u of the control protocol, this mpiexec version %u: install one "
                  "version of Muster on all hosts",
                  cluster_node_name(run->cluster, l->first), version, CONTROL_VERSION);
    l->greeted = true;
    return true;
}

static bool on_frame(void *arg, struct link *l, const struct frame_head *h, const unsigned char *payload)
{
    struct run *run = arg;
    if (!l->greeted)
        return on_hello(run, l, h, payload);
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

const struct tree_ops events_ops = {on_frame, nodes_lost};
