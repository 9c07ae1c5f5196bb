/* SPDX-License-Identifier: BSD-3-Clause
 *
 * script: the two ends of one link, and tree.h's functions upon it.
 */
#include "script.h"

#include "common/xalloc.h"
#include "launcher/dispatch.h"
#include "launcher/job.h"
#include "launcher/names.h"
#include "launcher/root.h"
#include "launcher/shapes.h"
#include "launcher/stdio.h"
#include "launcher/tree.h"
#include "launcher/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <cmocka.h>

#define NODES 6
#define TURNS 20 /* of the loop, until what was sent is there */

struct script script;
static struct map_node nodes[NODES];
static bool lost[NODES];
static uint32_t route[NODES];
static struct link *const links[] = {&script.link};
static struct peer *ours, *theirs;

/* ---- the tree ---- */

void tree_sendv(struct cluster *c, unsigned type, unsigned job, uint32_t node, const struct iovec *iov, int n)
{
    peer_sendv(ours, type, job, node, iov, n);
}

void tree_send(struct cluster *c, unsigned type, unsigned job, uint32_t node, const struct buf *payload)
{
    peer_send(ours, type, job, node, payload);
}

void tree_send_link(struct cluster *c, uint32_t link, unsigned type, const void *p, size_t n)
{
    struct iovec iov = {(void *)p, n};
    peer_sendv(ours, type, 0, script.link.first, &iov, 1);
}

int tree_grow(struct cluster *c, const struct options *o, uint32_t node, struct err *e)
{
    return err_set(e, "host %s is not needed here", cluster_node_name(c, node));
}

void tree_shutdown(struct cluster *c)
{
    c->ending = script.shutdown = true;
}

void tree_give_up(struct cluster *c)
{
    script.gave_up = true;
}

void tree_cancel(struct cluster *c)
{
    script.cancelled = script.closed;
}

bool tree_is_open(const struct cluster *c)
{
    return !script.closed;
}

bool tree_inherits_stdio(const struct cluster *c)
{
    return false;
}

/* ---- the ends of the link ---- */

static void our_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    script.refused |= !dispatch_ops.frame(&script.run, &script.link, h, payload);
}

static void their_frame(void *arg, struct peer *p, const struct frame_head *h, const unsigned char *payload)
{
    struct script_sent *s = &script.sent[script.nsent++];
    assert_true(script.nsent < SCRIPT_SENT_MAX);
    s->head = *h;
    buf_init(&s->payload);
    buf_put(&s->payload, payload, h->len);
}

static void no_end(void *arg, struct peer *p, const char *why)
{
    fail_msg("the link ended: %s", why);
}

static const struct peer_ops our_ops = {our_frame, no_end, NULL}, their_ops = {their_frame, no_end, NULL};

static void turn(void)
{
    for (int i = 0; i < TURNS; i++)
        event_base_loop(script.cluster.base, EVLOOP_NONBLOCK);
}

/* ---- who hears of jobs ---- */

static void on_started(struct run *run, const struct job *j)
{
    script.started++;
}

static void on_done(struct run *run, const struct job *j)
{
    script.done++;
}

static void on_forgotten(struct run *run, const struct job *j)
{
    script.forgotten++;
}

static void on_gone(struct run *run, const struct job *j, uint32_t rank)
{
    script.gone++;
}

static void on_ended(struct run *run, const struct job *j, uint32_t rank)
{
    script.ended++;
}

static void on_dead(struct run *run, const struct job *j, uint32_t rank)
{
    script.dead++;
}

static const struct job_ops job_ops = {on_started, on_done, on_forgotten, on_gone, on_ended, on_dead};

static void no_stdin(void *arg, uint32_t node, const void *data, size_t n)
{
}

static void nothing(void *arg)
{
}

static void no_reader(void *arg, unsigned stream, int error)
{
}

static const struct stdio_ops stdio_ops = {no_stdin, nothing, nothing, no_reader};

static void no_spawn(struct run *run, const struct pmi_spawn *req)
{
}

/* ---- the run ---- */

int script_begin(void **state)
{
    static const char *const names[NODES] = {"n0", "n1", "n2", "n3", "n4", "n5"};
    int sv[2];
    memset(&script, 0, sizeof script);
    memset(lost, 0, sizeof lost);
    for (int i = 0; i < NODES; i++) {
        nodes[i] = (struct map_node){.name = names[i]};
        route[i] = i >= 1 && i < 5 ? 0 : LINK_NONE;
    }
    script.cluster = (struct cluster){.base = event_base_new(), .nodes = nodes, .nnodes = NODES, .node_lost = lost};
    script.cluster.links = (struct links){.v = (struct link **)links, .n = 1, .nnodes = NODES, .route = route};
    script.link = (struct link){.first = 1, .count = 4, .state = LINK_READY};
    script.run = (struct run){.cluster = &script.cluster, .job_ops = &job_ops, .opt = {.kill_timeout = 2}};
    TAILQ_INIT(&script.run.jobs);
    if (!script.cluster.base || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, sv) < 0)
        return -1;
    ours = peer_create(script.cluster.base, sv[0], sv[0], "proxy", &our_ops, NULL);
    theirs = peer_create(script.cluster.base, sv[1], sv[1], "mpiexec", &their_ops, NULL);
    root_init(&script.run, no_spawn);
    watch_init(&script.run);
    script.run.io = stdio_create(script.cluster.base, &script.run.opt, &stdio_ops, NULL);
    return 0;
}

int script_end(void **state)
{
    struct job *j, *next;
    for (j = TAILQ_FIRST(&script.run.jobs); j; j = next) {
        next = TAILQ_NEXT(j, link);
        job_destroy(j);
    }
    for (unsigned i = 0; i < script.nsent; i++)
        buf_fini(&script.sent[i].payload);
    peer_destroy(ours);
    peer_destroy(theirs);
    stdio_destroy(script.run.io);
    watch_fini(&script.run);
    root_fini(&script.run);
    names_destroy(script.run.names);
    shapes_fini(&script.cluster);
    if (script.run.deadline)
        event_free(script.run.deadline);
    event_base_free(script.cluster.base);
    return 0;
}

struct job *script_job(const uint32_t *node_of_rank, uint32_t nranks, uint32_t spawn)
{
    struct job *j = xcalloc(1, sizeof *j);
    struct launch_spec *s = &j->spec;
    char *argv[] = {(char *)"prog"};
    uint32_t *zeros = xcalloc(nranks, sizeof *zeros);
    j->run = &script.run;
    j->spawn = spawn;
    if (spawn) {
        j->wanted = xcalloc(1, sizeof *j->wanted);
        *j->wanted = nranks;
    }
    s->job = script.run.jobs_begun++;
    s->apps = xcalloc(1, sizeof *s->apps);
    s->envs = xcalloc(1, sizeof *s->envs);
    s->napps = s->nenvs = 1;
    assert_int_equal(strings_copy(&s->apps->argv, argv, 1) + strings_copy(&s->apps->templates, NULL, 0) +
                         strings_copy(s->envs, NULL, 0) + strings_copy(&s->bindings, NULL, 0),
                     0);
    assert_int_equal(rankmap_build(&s->map, node_of_rank, nranks, NODES), 0);
    assert_int_equal(rank_runs_build(&s->app_of_rank, zeros, nranks), 0);
    assert_int_equal(rank_runs_build(&s->binding_of_rank, zeros, nranks), 0);
    free(zeros);
    s->apps->wdir = xstrdup("/");
    s->apps->path = xstrdup("");
    s->label = xstrdup("");
    s->output_dir = xstrdup("");
    s->outfile = xstrdup("");
    s->errfile = xstrdup("");
    s->spawner = xstrdup("");
    s->kvsname = xasprintf("kvs_%u", s->job);
    root_job_add(&script.run, j);
    job_launch(j);
    return j;
}

bool script_up(unsigned type, unsigned job, uint32_t node, struct buf *b)
{
    script.refused = false;
    peer_send(theirs, type, job, node, b);
    if (b)
        buf_fini(b);
    turn();
    return !script.refused;
}

unsigned script_count(unsigned type)
{
    unsigned n = 0;
    turn();
    for (unsigned i = 0; i < script.nsent; i++)
        n += script.sent[i].head.type == type;
    return n;
}

const struct script_sent *script_last(unsigned type)
{
    turn();
    for (unsigned i = script.nsent; i--;)
        if (script.sent[i].head.type == type)
            return &script.sent[i];
    return NULL;
}

bool script_started(unsigned job, uint32_t node, uint32_t rank, uint32_t error)
{
    struct control_rank_started s = {rank, error ? 0 : 1000 + rank, error ? START_EXEC : START_OK, error, 1};
    struct buf b, item;
    buf_init(&b);
    buf_init(&item);
    control_rank_started_put(&item, &s);
    control_started_put(&b, &(struct control_started){list_of(1, &item)});
    buf_fini(&item);
    return script_up(CONTROL_STARTED, job, node, &b);
}

bool script_exited(unsigned job, uint32_t node, uint32_t rank, uint32_t status)
{
    struct control_rank_exited x = {.rank = rank, .status = status, .time = 2};
    struct buf b, item;
    buf_init(&b);
    buf_init(&item);
    control_rank_exited_put(&item, &x);
    control_exited_put(&b, &(struct control_exited){list_of(1, &item)});
    buf_fini(&item);
    return script_up(CONTROL_EXITED, job, node, &b);
}

bool script_output_end(unsigned job, uint32_t node)
{
    return script_up(CONTROL_OUTPUT_END, job, node, NULL);
}
