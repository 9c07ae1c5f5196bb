/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The engine: two ranks say what the input says, and a tree of two proxies and mpiexec's half carries it. The input is
 * records: a byte that says who speaks (0, 1: a rank; 2: a rank is gone; 3, 4: a payload for a proxy; 5: one for
 * mpiexec; 6: one from a child), two bytes of length, the bytes.
 */
#include "pmi-server/root.h"
#include "pmi-server/server.h"

#include <stdlib.h>
#include <string.h>
#include "wire/buf.h"
#include "wire/pmi_control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOVES_MAX 2000

struct world {
    struct pmi_root *root;
    struct pmi_server *top, *leaf; /* mpiexec - top - leaf */
    struct pmi_client *ranks[2];
    struct move {
        char to;
        struct buf b;
    } moves[MOVES_MAX];
    size_t nmoves, done;
    uint32_t spawn;
    bool woken;
};

static void push(struct world *w, char to, const void *p, size_t n)
{
    if (w->nmoves == MOVES_MAX)
        return;
    struct move *m = &w->moves[w->nmoves++];
    m->to = to;
    buf_init(&m->b);
    buf_put(&m->b, p, n);
}

static void on_send(void *ctx, const void *p, size_t n)
{
}

static void top_up(void *ctx, const void *p, size_t n)
{
    push(ctx, 'r', p, n);
}

static void leaf_up(void *ctx, const void *p, size_t n)
{
    push(ctx, 'u', p, n);
}

static void top_down(void *ctx, uint32_t child, const void *p, size_t n)
{
    push(ctx, 'l', p, n);
}

static void root_down(void *ctx, uint32_t child, const void *p, size_t n)
{
    push(ctx, 't', p, n);
}

static void on_wake(void *ctx)
{
    ((struct world *)ctx)->woken = true;
}

static uint32_t child_of(void *ctx, uint32_t job, uint32_t rank)
{
    return rank == 1 ? 0 : PMI_NO_CHILD;
}

static void on_abort(void *ctx, int code, const char *message)
{
}

static void on_failed(void *ctx, const char *why)
{
}

static void on_spawn(void *ctx, const struct pmi_spawn *req)
{
    ((struct world *)ctx)->spawn = req->id;
}

static void on_stuck(void *ctx, uint32_t job, uint32_t rank, const char *why)
{
}

static const struct pmi_server_ops top_ops = {.send = on_send,
                                              .up = top_up,
                                              .down = top_down,
                                              .child_of = child_of,
                                              .wake = on_wake,
                                              .abort = on_abort,
                                              .failed = on_failed};
static const struct pmi_server_ops leaf_ops = {
    .send = on_send, .up = leaf_up, .wake = on_wake, .abort = on_abort, .failed = on_failed};
static const struct pmi_root_ops root_ops = {.down = root_down, .spawn = on_spawn, .stuck = on_stuck};

static void deliver(struct world *w, const struct move *m)
{
    if (m->to == 'r')
        pmi_root_up(w->root, 0, m->b.data, m->b.len);
    else if (m->to == 'u')
        pmi_server_child_up(w->top, 0, m->b.data, m->b.len);
    else
        pmi_server_down(m->to == 't' ? w->top : w->leaf, m->b.data, m->b.len);
}

static void settle(struct world *w)
{
    while (w->done < w->nmoves || w->spawn || w->woken) {
        if (w->done < w->nmoves) {
            struct move m = w->moves[w->done++];
            deliver(w, &m);
            buf_fini(&m.b);
        } else if (w->woken) {
            w->woken = false;
            pmi_server_flush(w->leaf);
            pmi_server_flush(w->top);
        } else {
            pmi_root_spawn_done(w->root, w->spawn, w->spawn % 2 ? NULL : "no", "kvs_9", NULL, 0);
            w->spawn = 0;
        }
    }
}

static void step(struct world *w, uint8_t who, const uint8_t *p, size_t n)
{
    switch (who % 7) {
    case 0:
    case 1:
        pmi_client_input(w->ranks[who % 7], p, n);
        break;
    case 2:
        pmi_client_gone(w->ranks[n % 2]);
        break;
    case 3:
        pmi_server_down(w->top, p, n);
        break;
    case 4:
        pmi_server_down(w->leaf, p, n);
        break;
    case 5:
        pmi_root_up(w->root, 0, p, n);
        break;
    case 6:
        pmi_server_child_up(w->top, 0, p, n);
    }
    settle(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world *w = calloc(1, sizeof *w);
    const struct pmi_local zero = {0, 0}, one = {1, 0};
    struct pmi_job job = {.id = 0, .kvsname = "K", .size = 2, .universe = 4, .nlocal = 1, .local = &zero, .below = 1};
    w->root = pmi_root_create(&root_ops, w, 1);
    pmi_root_job_add(w->root, &(struct pmi_root_job){0, "K", 2, 0});
    w->top = pmi_server_create(&top_ops, w, 1);
    w->leaf = pmi_server_create(&leaf_ops, w, 0);
    pmi_server_job_add(w->top, &job);
    job.local = &one;
    job.below = 0;
    pmi_server_job_add(w->leaf, &job);
    w->ranks[0] = pmi_server_client(w->top, 0, 0, w);
    w->ranks[1] = pmi_server_client(w->leaf, 0, 1, w);
    for (size_t i = 0; i + 3 <= size;) {
        size_t n = (size_t)data[i + 1] | (size_t)data[i + 2] << 8;
        n = n < size - i - 3 ? n : size - i - 3;
        step(w, data[i], data + i + 3, n);
        i += 3 + n;
    }
    pmi_server_destroy(w->leaf);
    pmi_server_destroy(w->top);
    pmi_root_destroy(w->root);
    free(w);
    return 0;
}
