/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_remote: memory that is registered, operations of the transport, and the word that they are over. */
#include "lib/rma/far_remote.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "lib/core/knobs.h"
#include "lib/request/progress.h"
#include "lib/rma/far_op.h"

/* ---- the owner ---- */

/* Of some fabrics memory can be read only. */
static void expose(struct exposed *e, struct win *w)
{
    static const unsigned tries[] = {MEM_GET | MEM_PUT, MEM_GET};
    for (size_t i = 0; i < sizeof tries / sizeof *tries && !e->access; i++)
        if (e->by->mem_register(w->base, (size_t)w->size, tries[i], e->key, &e->handle))
            e->access = tries[i];
}

/* Of dynamic windows what is attached changes; and what is shared on a node needs no messages. */
const struct exposed *far_expose(struct target *t)
{
    struct win *w = t->w;
    const struct peer *p = t->far->peer;
    struct exposed *e;
    if (w->flavor == MPI_WIN_FLAVOR_DYNAMIC || w->size == 0 || p->local >= 0 || !peer_is_live(p))
        return NULL;
    SLIST_FOREACH(e, &w->message->exposed, link)
    if (e->by == p->carrier)
        return e->access ? e : NULL;
    if (!(e = calloc(1, sizeof *e)))
        return NULL;
    e->by = p->carrier;
    expose(e, w);
    SLIST_INSERT_HEAD(&w->message->exposed, e, link);
    return e->access ? e : NULL;
}

void far_conceal(struct message *m)
{
    struct exposed *e;
    while ((e = SLIST_FIRST(&m->exposed)) != NULL) {
        SLIST_REMOVE_HEAD(&m->exposed, link);
        if (e->access)
            e->by->mem_deregister(e->handle);
        free(e);
    }
}

/* ---- the origin ---- */

void far_exposed(struct target *t, unsigned access, const void *key, size_t n)
{
    struct far *f = t->far;
    if (n == 0 || n > sizeof f->key || n != f->peer->transport->key_bytes)
        return;
    memcpy(f->key, key, n);
    f->key_bytes = (uint32_t)n;
    f->remote = (uint8_t)(access & (MEM_GET | MEM_PUT));
}

static struct far_failure failure_of(enum remote_state how, int64_t at, int64_t bytes)
{
    int class = how == REMOTE_DONE          ? MPI_SUCCESS
                : how == REMOTE_PEER_FAILED ? MPI_ERR_PROC_ABORTED
                : how == REMOTE_FAULT       ? MPI_ERR_RMA_RANGE
                                            : MPI_ERR_OTHER;
    return (struct far_failure){class, at, bytes};
}

/* One that begins. */
struct start {
    struct far_op *o;
    unsigned access;
    struct iovec here;
    uint64_t there;
    enum remote_state how;
};

static void op_done(struct completion *c, enum remote_state how)
{
    struct far_op *o = (struct far_op *)((char *)c - offsetof(struct far_op, completion));
    o->t->far->under_way--;
    far_op_end(o, failure_of(how, o->moved, o->whole));
}

static enum remote_state op_start(const struct start *x)
{
    const struct far *f = x->o->t->far;
    const struct transport *by = f->peer->transport;
    struct remote there = {f->key, f->key_bytes, x->there};
    return (x->access == MEM_PUT ? by->put : by->get)(f->peer, &x->here, 1, there, x->here.iov_len, &x->o->completion);
}

/* Other threads may ask, too, and what has begun may be over before the one that waits looks again. */
static bool has_started(const void *arg)
{
    struct start *x = (struct start *)(uintptr_t)arg;
    if (x->how == REMOTE_BUSY) {
        struct far *f = x->o->t->far;
        x->how = op_start(x);
        f->under_way += x->how == REMOTE_STARTED;
    }
    return x->how != REMOTE_BUSY;
}

/* What it is waiting for is room, which is made without a word. */
static int op_begin(struct start *x, struct target *t)
{
    int rc = MPI_SUCCESS;
    if (!has_started(x)) {
        progress_unsent++;
        rc = far_wait(t, has_started, x);
        progress_unsent--;
    }
    if (x->how == REMOTE_STARTED)
        return MPI_SUCCESS;
    if (x->how == REMOTE_DONE) {
        far_op_end(x->o, failure_of(REMOTE_DONE, 0, 0));
        return MPI_SUCCESS;
    }
    if (rc == MPI_SUCCESS && x->how != REMOTE_NEVER)
        rc = far_error(t, failure_of(x->how, (int64_t)x->there, x->o->whole));
    far_op_cancel(t, x->o->head.obj.handle, rc);
    return rc;
}

/* Is it one run of so many bytes on both sides, which the transport can move and messages would for longer? */
static bool suits(const struct target *t, unsigned access, const struct origin *o, MPI_Count count,
                  const struct datatype *type)
{
    MPI_Count n = count * type->size;
    size_t least = access == MEM_PUT ? knobs.RMA_PUT_MIN : knobs.RMA_GET_MIN;
    return (t->far->remote & access) && (size_t)n >= least && n == o->count * o->type->size &&
           datatype_is_run(type, count) && datatype_is_run(o->type, o->count);
}

static int move(struct target *t, unsigned access, const struct origin *o, const char *at, MPI_Count count,
                const struct datatype *type, bool *done)
{
    MPI_Count n = count * type->size;
    *done = false;
    if (!suits(t, access, o, count, type))
        return MPI_SUCCESS;
    int rc = far_op_await(t);
    struct far_op *op = rc == MPI_SUCCESS ? far_op_new(t, o->at, o->count, o->type, n, o->request != NULL) : NULL;
    if (!op)
        return rc == MPI_SUCCESS ? MPI_ERR_NO_MEM : rc;
    struct start x = {.o = op,
                      .access = access,
                      .here = {(char *)o->at + o->type->true_lb, (size_t)n},
                      .there = (uintptr_t)at + (uint64_t)type->true_lb,
                      .how = REMOTE_BUSY};
    op->remote = true;
    op->moved = (MPI_Count)x.there;
    op->completion.done = op_done;
    struct request *r = &op->head;
    rc = op_begin(&x, t);
    if (x.how == REMOTE_NEVER) {
        t->far->remote &= (uint8_t)~access;
        return MPI_SUCCESS;
    }
    *done = true;
    t->far->unfenced |= access == MEM_PUT && rc == MPI_SUCCESS;
    far_list(t->far);
    if (rc == MPI_SUCCESS && o->request)
        *o->request = r;
    return rc;
}

int far_remote_put(struct target *t, const struct origin *from, char *to, MPI_Count count, const struct datatype *type,
                   bool *done)
{
    return move(t, MEM_PUT, from, to, count, type, done);
}

int far_remote_get(struct target *t, const struct origin *into, char *from, MPI_Count count,
                   const struct datatype *type, bool *done)
{
    return move(t, MEM_GET, into, from, count, type, done);
}

/* ---- the word ---- */

static void fence_done(struct completion *c, enum remote_state how)
{
    struct far *f = (struct far *)((char *)c - offsetof(struct far, fence));
    f->under_way--;
    f->fencing = false;
    if (how != REMOTE_DONE && f->failure.class == MPI_SUCCESS)
        f->failure = failure_of(how, 0, (int64_t)f->t->size);
}

static bool is_not_fencing(const void *arg)
{
    return !((const struct far *)arg)->fencing;
}

struct fence_start {
    struct far *f;
    enum remote_state how;
};

static bool fence_started(const void *arg)
{
    struct fence_start *x = (struct fence_start *)(uintptr_t)arg;
    if (x->how == REMOTE_BUSY) {
        x->how = x->f->peer->transport->flush(x->f->peer, &x->f->fence);
        x->f->under_way += x->how == REMOTE_STARTED;
    }
    return x->how != REMOTE_BUSY;
}

/* A fence that another thread has asked for may not know of the last puts. One that is not begun because t is gone is
 * told with the first message, or by what was under way. */
void far_remote_fence(struct target *t)
{
    struct far *f = t->far;
    struct fence_start x = {f, REMOTE_BUSY};
    if (!f->unfenced || far_wait(t, is_not_fencing, f) != MPI_SUCCESS || !f->unfenced)
        return;
    f->unfenced = false;
    f->fencing = true;
    f->fence.done = fence_done;
    if (!fence_started(&x)) {
        progress_unsent++;
        far_wait(t, fence_started, &x);
        progress_unsent--;
    }
    if (x.how == REMOTE_STARTED)
        return;
    f->fencing = false;
    if (x.how != REMOTE_DONE && f->failure.class == MPI_SUCCESS)
        f->failure = failure_of(x.how == REMOTE_BUSY ? REMOTE_PEER_FAILED : x.how, 0, (int64_t)t->size);
}

static bool is_settled(const void *arg)
{
    return ((const struct far *)arg)->under_way == 0;
}

void far_remote_settle(struct target *t)
{
    struct waiter wait = {.ready = is_settled, .arg = t->far, .comm = t->w->comm, .local_only = true};
    while (t->far->under_way > 0)
        progress_wait(&wait, NULL);
    progress_give_up(&wait);
}
