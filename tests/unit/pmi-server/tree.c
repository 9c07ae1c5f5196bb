/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tree.c: moves what the halves say to one another.
 */
#include "tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void push(struct tree *t, bool up, uint32_t from, const void *p, size_t n)
{
    if (t->nqueue == t->cap)
        t->queue = realloc(t->queue, (t->cap = t->cap ? t->cap * 2 : 64) * sizeof *t->queue);
    struct tree_message *m = &t->queue[t->nqueue++];
    *m = (struct tree_message){.up = up, .from = from};
    buf_put(&m->b, p, n);
    unsigned type = *(const unsigned char *)p;
    t->count[type]++;
    t->bytes += n;
    if (t->proxies[from].parent < 0)
        t->root_count[type]++;
}

static void on_send(void *ctx, const void *p, size_t n)
{
    struct tree_rank *r = ctx;
    buf_put(&r->out, p, n);
}

static void on_up(void *ctx, const void *p, size_t n)
{
    struct tree_proxy *x = ctx;
    push(x->tree, true, x->index, p, n);
}

static void on_down(void *ctx, uint32_t child, const void *p, size_t n)
{
    struct tree_proxy *x = ctx;
    assert_true(child < x->nchildren);
    push(x->tree, false, x->children[child], p, n);
}

static uint32_t on_child_of(void *ctx, uint32_t job, uint32_t rank)
{
    struct tree_proxy *x = ctx;
    uint32_t at = x->tree->ranks[rank].proxy;
    for (uint32_t i = 0; i < x->nchildren; i++)
        if (at >= x->children[i] && at <= x->tree->proxies[x->children[i]].last)
            return i;
    return PMI_NO_CHILD;
}

static void on_wake(void *ctx)
{
    ((struct tree_proxy *)ctx)->woken = true;
}

static void on_initialized(void *ctx)
{
    ((struct tree_rank *)ctx)->inits++;
}

static void on_finalized(void *ctx)
{
    ((struct tree_rank *)ctx)->finals++;
}

static void on_abort(void *ctx, int code, const char *message)
{
    struct tree_rank *r = ctx;
    r->aborts++;
    snprintf(r->aborted, sizeof r->aborted, "%d %s", code, message);
}

static void on_failed(void *ctx, const char *why)
{
    struct tree_rank *r = ctx;
    assert_string_equal(r->failed, "");
    snprintf(r->failed, sizeof r->failed, "%s", why);
}

static void on_modex(void *ctx, uint32_t job, uint32_t rank, uint32_t id, struct bytes key, uint32_t timeout)
{
    ((struct tree_proxy *)ctx)->tree->ranks[rank].modex = id;
}

static void on_notice(void *ctx, const void *p, size_t n)
{
    struct tree_proxy *x = ctx;
    x->notices++;
    snprintf(x->notice, sizeof x->notice, "%.*s", (int)n, (const char *)p);
}

static const struct pmi_server_ops server_ops = {
    .send = on_send,
    .up = on_up,
    .down = on_down,
    .child_of = on_child_of,
    .wake = on_wake,
    .initialized = on_initialized,
    .finalized = on_finalized,
    .abort = on_abort,
    .failed = on_failed,
    .modex = on_modex,
    .notice = on_notice,
};

static void root_down(void *ctx, uint32_t child, const void *p, size_t n)
{
    struct tree *t = ctx;
    assert_true(child < t->ntop);
    push(t, false, t->top[child], p, n);
}

static void root_spawn(void *ctx, const struct pmi_spawn *req)
{
    struct tree *t = ctx;
    char *at = t->spawn, *end = t->spawn + sizeof t->spawn;
    t->spawn_id = req->id;
    at += snprintf(at, (size_t)(end - at), "job %u rank %u", req->job, req->rank);
    for (uint32_t i = 0; i < req->ncmds; i++) {
        const struct pmi_control_command *c = &req->cmds[i];
        at += snprintf(at, (size_t)(end - at), "; %u %s", c->maxprocs, c->exe);
        for (uint32_t k = 0; k < c->argc; k++)
            at += snprintf(at, (size_t)(end - at), " <%s>", c->argv[k]);
        for (uint32_t k = 0; k < c->ninfo; k++)
            at += snprintf(at, (size_t)(end - at), " %s=%s", c->info[k].key, c->info[k].value);
    }
}

static void root_stuck(void *ctx, uint32_t job, uint32_t rank, const char *why)
{
    struct tree *t = ctx;
    assert_string_equal(t->stuck, "");
    snprintf(t->stuck, sizeof t->stuck, "%u: %s", rank, why);
}

static uint32_t root_child_of(void *ctx, uint32_t job, uint32_t rank)
{
    struct tree *t = ctx;
    uint32_t at = t->ranks[rank].proxy;
    for (uint32_t i = 0; i < t->ntop; i++)
        if (at >= t->top[i] && at <= t->proxies[t->top[i]].last)
            return i;
    return PMI_NO_CHILD;
}

static const struct pmi_root_ops root_ops = {
    .down = root_down, .spawn = root_spawn, .stuck = root_stuck, .child_of = root_child_of};

static void build(struct tree *t, int parent, uint32_t child_index, uint32_t depth, uint32_t fan)
{
    uint32_t me = t->nproxies++;
    struct tree_proxy *x = &t->proxies[me];
    *x = (struct tree_proxy){.tree = t, .parent = parent, .index = me, .child_index = child_index};
    if (parent < 0)
        t->top[t->ntop++] = me;
    else
        t->proxies[parent].children[child_index] = me;
    for (uint32_t i = 0; depth > 1 && i < fan; i++) {
        build(t, (int)me, i, depth - 1, fan);
        x->nchildren++;
    }
    x->last = t->nproxies - 1;
}

static void add_job(struct tree_proxy *x, uint32_t id, const char *name, struct tree_rank *ranks, uint32_t n)
{
    struct pmi_local *local = calloc(n, sizeof *local);
    struct pmi_job job = {
        .id = id, .kvsname = name, .size = n, .universe = -1, .local = local, .map = id == 1 ? &x->tree->map : NULL};
    for (uint32_t r = 0; r < n; r++) {
        uint32_t at = ranks[r].proxy;
        if (at == x->index)
            local[job.nlocal++] = (struct pmi_local){r, r % 2};
        else if (at > x->index && at <= x->last)
            job.below++;
    }
    assert_int_equal(pmi_server_job_add(x->server, &job), 0);
    assert_int_equal(pmi_server_job_add(x->server, &job), -1);
    for (uint32_t i = 0; i < job.nlocal; i++) {
        struct tree_rank *r = &ranks[local[i].rank];
        r->client = pmi_server_client(x->server, id, local[i].rank, r);
        assert_non_null(r->client);
    }
    free(local);
}

void tree_job_add(struct tree *t, uint32_t id, const char *name, struct tree_rank *ranks, uint32_t n)
{
    assert_int_equal(pmi_root_job_add(t->root, &(struct pmi_root_job){id, name, n, 0}), 0);
    for (uint32_t r = 0; r < n; r++)
        ranks[r].tree = t;
    for (uint32_t i = 0; i < t->nproxies; i++)
        add_job(&t->proxies[i], id, name, ranks, n);
}

void tree_job_del(struct tree *t, uint32_t id)
{
    pmi_root_job_del(t->root, id);
    for (uint32_t i = 0; i < t->nproxies; i++)
        pmi_server_job_del(t->proxies[i].server, id);
}

struct tree *tree_new(uint32_t depth, uint32_t fan, uint32_t nranks, bool cyclic)
{
    struct tree *t = calloc(1, sizeof *t);
    uint32_t most = 1, level = 1;
    for (uint32_t i = 0; i < depth; i++)
        most += level *= fan;
    t->proxies = calloc(most, sizeof *t->proxies);
    for (uint32_t i = 0; i < fan; i++)
        build(t, -1, i, depth, fan);
    t->nranks = nranks;
    t->ranks = calloc(nranks, sizeof *t->ranks);
    uint32_t *nodes = calloc(nranks, sizeof *nodes);
    for (uint32_t r = 0; r < nranks; r++) {
        nodes[r] = cyclic ? r % t->nproxies : (uint32_t)((uint64_t)r * t->nproxies / nranks);
        t->ranks[r].proxy = nodes[r];
    }
    rankmap_build(&t->map, nodes, nranks, t->nproxies);
    free(nodes);
    t->root = pmi_root_create(&root_ops, t, t->ntop);
    for (uint32_t i = 0; i < t->nproxies; i++)
        t->proxies[i].server = pmi_server_create(&server_ops, &t->proxies[i], t->proxies[i].nchildren);
    tree_job_add(t, 1, "kvs_1", t->ranks, nranks);
    return t;
}

void tree_free(struct tree *t)
{
    for (size_t i = 0; i < t->nqueue; i++)
        buf_fini(&t->queue[i].b);
    for (uint32_t i = 0; i < t->nproxies; i++)
        pmi_server_destroy(t->proxies[i].server);
    pmi_root_destroy(t->root);
    for (uint32_t r = 0; r < t->nranks; r++)
        buf_fini(&t->ranks[r].out);
    rankmap_fini(&t->map);
    free(t->queue);
    free(t->ranks);
    free(t->proxies);
    free(t);
}

void tree_say_bytes(struct tree_rank *r, const void *p, size_t n)
{
    pmi_client_input(r->client, p, n);
}

void tree_say(struct tree *t, uint32_t rank, const char *fmt, ...)
{
    char text[70000];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tree_say_bytes(&t->ranks[rank], text, (size_t)n);
}

void tree_say2(struct tree *t, uint32_t rank, const char *fmt, ...)
{
    char text[70000];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text + 6, sizeof text - 6, fmt, ap);
    va_end(ap);
    char length[16];
    snprintf(length, sizeof length, "%6d", n);
    memcpy(text, length, 6);
    pmi_client_input(t->ranks[rank].client, text, (size_t)n + 6);
}

static void deliver(struct tree *t, struct tree_message *m)
{
    struct tree_proxy *x = &t->proxies[m->from];
    int rc;
    if (!m->up)
        rc = pmi_server_down(x->server, m->b.data, m->b.len);
    else if (x->parent < 0)
        rc = pmi_root_up(t->root, x->child_index, m->b.data, m->b.len);
    else
        rc = pmi_server_child_up(t->proxies[x->parent].server, x->child_index, m->b.data, m->b.len);
    t->broken += rc != 0;
    buf_fini(&m->b);
}

static bool flush(struct tree *t)
{
    bool any = false;
    for (uint32_t i = 0; i < t->nproxies; i++) {
        if (!t->proxies[i].woken)
            continue;
        t->proxies[i].woken = false;
        pmi_server_flush(t->proxies[i].server);
        any = true;
    }
    return any;
}

bool tree_step(struct tree *t, uint32_t pick)
{
    uint32_t x = pick / 2 % t->nproxies;
    if (pick % 2 && t->proxies[x].woken) {
        t->proxies[x].woken = false;
        pmi_server_flush(t->proxies[x].server);
        return true;
    }
    if (!t->nqueue)
        return flush(t);
    size_t i = 0;
    const struct tree_message *of = &t->queue[pick % t->nqueue];
    while (t->queue[i].up != of->up || t->queue[i].from != of->from)
        i++;
    struct tree_message m = t->queue[i];
    memmove(&t->queue[i], &t->queue[i + 1], (--t->nqueue - i) * sizeof m);
    deliver(t, &m);
    return true;
}

void tree_run(struct tree *t)
{
    do {
        for (size_t i = 0; i < t->nqueue; i++) {
            struct tree_message m = t->queue[i];
            deliver(t, &m);
        }
        t->nqueue = 0;
    } while (flush(t) || t->nqueue);
}

const char *tree_hear(struct tree *t, uint32_t rank)
{
    return tree_heard(&t->ranks[rank]);
}

const char *tree_heard(struct tree_rank *r)
{
    struct buf *b = &r->out;
    static char *last;
    free(last);
    buf_put_u8(b, 0);
    last = strdup((char *)b->data);
    buf_clear(b);
    return last;
}

void tree_expect(struct tree *t, uint32_t rank, const char *fmt, ...)
{
    char text[70000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tree_run(t);
    assert_string_equal(tree_hear(t, rank), text);
}

void tree_expect2(struct tree *t, uint32_t rank, const char *fmt, ...)
{
    char text[70000];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    tree_expect(t, rank, "%6d%s", n, text);
}

void tree_init_all(struct tree *t)
{
    for (uint32_t r = 0; r < t->nranks; r++) {
        tree_say(t, r, "cmd=init pmi_version=1 pmi_subversion=1\n");
        tree_expect(t, r, "cmd=response_to_init rc=0 pmi_version=1 pmi_subversion=2\n");
    }
}
