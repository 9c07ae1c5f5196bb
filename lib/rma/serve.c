/* SPDX-License-Identifier: BSD-3-Clause
 *
 * serve: what far ranks ask of this one, on its own memory: carried out where it arrives, out of a poll. Locks and
 * guards are those in the memory that the ranks of the node share, so that all meet there, whoever they are. */
#include <stdlib.h>
#include <string.h>
#include "lib/core/error.h"
#include "lib/nodemem/nodemem.h"
#include "lib/rma/epoch.h"
#include "lib/rma/far_remote.h"
#include "lib/rma/far_type.h"
#include "lib/rma/lock_word.h"
#include "lib/rma/message.h"

/* What a head names of this rank's memory. */
struct aim {
    struct wire_type *wire; /* NULL: predefined */
    const struct datatype *type;
    char *at;
};

static const struct datatype *type_of(const struct target *t, uint16_t number, struct wire_type **wire)
{
    *wire = number < BASIC_COUNT ? NULL : far_type_of(t, number);
    return number < BASIC_COUNT ? &basic_types[number] : *wire ? &(*wire)->type : NULL;
}

/* Is it there, with n bytes from h->from on? An error class. */
static int aim(const struct target *t, const struct message_head *h, int64_t n, struct aim *a)
{
    struct win *w = t->w;
    a->type = type_of(t, h->type, &a->wire);
    if (!a->type)
        return MPI_ERR_TYPE;
    if (h->count <= 0 || !datatype_count_ok(a->type, h->count) || h->from < 0 || n < 0 ||
        h->from > h->count * a->type->size || n > h->count * a->type->size - h->from)
        return MPI_ERR_COUNT;
    if (!target_holds(w, w->node->rank, h->at, h->count, a->type))
        return MPI_ERR_RMA_RANGE;
    a->at = (char *)((uintptr_t)(w->flavor == MPI_WIN_FLAVOR_DYNAMIC ? NULL : w->base) + (uintptr_t)h->at);
    return MPI_SUCCESS;
}

static struct far_failure failure_of(const struct target *t, const struct message_head *h, int class)
{
    struct wire_type *wire;
    const struct datatype *type = type_of(t, h->type, &wire);
    int64_t bytes = 0;
    if (type && __builtin_mul_overflow(h->count, type->size, &bytes))
        bytes = 0;
    return (struct far_failure){class, h->at, bytes};
}

/* It is told with the next flush. */
static bool note(struct target *t, const struct message_head *h, int class)
{
    if (class != MPI_SUCCESS && t->far->noted.class == MPI_SUCCESS)
        t->far->noted = failure_of(t, h, class);
    return true;
}

/* An answer without data. */
static bool answer(struct target *t, enum message_kind kind, uint64_t request, struct far_failure why)
{
    struct message_reply r;
    struct message_head h = {
        .kind = (uint8_t)kind, .what = (uint32_t)why.class, .request = request, .at = why.at, .bytes = why.bytes};
    if (!message_reply_begin(&r, t, 0))
        return false;
    message_reply_end(&r, &h);
    return true;
}

/* The origin's operation ends so. n: bytes that it waits for in this answer. */
static bool refuse(struct target *t, const struct message_head *h, int class, int64_t n)
{
    struct far_failure why = failure_of(t, h, class);
    struct message_reply r;
    struct message_head to = {.kind = MESSAGE_REFUSED,
                              .what = (uint32_t)why.class,
                              .request = h->request,
                              .at = why.at,
                              .bytes = why.bytes,
                              .from = n};
    if (!message_reply_begin(&r, t, 0))
        return false;
    message_reply_end(&r, &to);
    return true;
}

static bool ask(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct message_reply r;
    const struct exposed *e = far_expose(t);
    struct message_head to = {
        .kind = MESSAGE_TOLD, .what = e ? e->access : 0, .at = (int64_t)t->w->size, .count = t->w->disp_unit};
    if (!message_reply_begin(&r, t, e ? e->by->key_bytes : 0))
        return false;
    if (e)
        memcpy(r.data, e->key, e->by->key_bytes);
    message_reply_end(&r, &to);
    return true;
}

static bool told(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    if (t->far->known != FAR_ASKED)
        return true;
    t->size = (uint64_t)h->at;
    t->disp_unit = h->count;
    far_exposed(t, h->what, data, n);
    t->far->known = FAR_TOLD;
    return true;
}

static bool type(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    return far_type_told(t, h->type, h->from, h->bytes, data, n);
}

static bool put(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct aim a;
    int rc = aim(t, h, (int64_t)n, &a);
    if (rc == MPI_SUCCESS)
        datatype_unpack(a.type, a.at, h->count, h->from, data, n);
    return note(t, h, rc);
}

static bool get(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct aim a;
    int rc = aim(t, h, h->bytes, &a);
    return rc == MPI_SUCCESS ? message_stream(t, h, a.wire, a.at) : refuse(t, h, rc, 0);
}

/* An accumulate with n bytes of elements. */
struct deed {
    struct combine c;
    struct guard guard;
    size_t n, elements;
};

/* Do elements with gaps lie between where the first and the last byte do? Of a type that was told, its runs may be
 * anything. */
static bool gaps_within(const struct combine *c)
{
    struct elements e;
    MPI_Count low, n = target_span(c->target.count, c->target.type, &low);
    const char *first = (const char *)c->target.at + low;
    char *at[ELEMENTS_SIDES];
    elements_init(&e, c->basic, c->only);
    elements_add(&e, c->target);
    e.side[0].from = c->from;
    while (elements_next(&e, 1, at) > 0)
        if (at[0] < first || at[0] - first > n - c->basic->true_extent)
            return false;
    return true;
}

static int deed_make(struct target *t, const struct message_head *h, size_t n, struct deed *d)
{
    struct aim a;
    struct win *w = t->w;
    int rc = aim(t, h, (int64_t)n, &a);
    if (rc != MPI_SUCCESS)
        return rc;
    const struct datatype *basic = combine_basic(a.type);
    if (!basic || n == 0 || n % (size_t)basic->size != 0 || h->from % basic->size != 0)
        return MPI_ERR_TYPE;
    if (h->op > NO_OP || (h->op != NO_OP && !op_kernels[basic->basic][h->op]))
        return MPI_ERR_OP;
    d->n = n;
    d->elements = n / (size_t)basic->size;
    d->guard = guard_of(w);
    d->c = (struct combine){.guard = &d->guard,
                            .owner = d->guard.me,
                            .op = (enum op_which)h->op,
                            .basic = basic,
                            .target = {a.at, h->count, a.type},
                            .from = h->from,
                            .only = (MPI_Count)d->elements};
    return a.wire && !basic->dense && !gaps_within(&d->c) ? MPI_ERR_TYPE : MPI_SUCCESS;
}

/* Elements as they lie in memory, where they have gaps that packets have not: NULL without memory. */
static char *spread(const struct deed *d, const char *packed)
{
    char *p = malloc(d->elements * (size_t)d->c.basic->extent);
    if (p && packed)
        datatype_unpack(d->c.basic, p, (MPI_Count)d->elements, 0, packed, d->n);
    return p;
}

/* Carries it out: elements come from `in` (NULL: none), and what was there goes to `out` (NULL: nowhere), as packets
 * have them. False: without memory, nothing has happened. */
static bool deed_do(struct deed *d, const char *in, char *out)
{
    const struct datatype *basic = d->c.basic;
    bool gaps = !basic->dense, done = true;
    char *from = gaps && in ? spread(d, in) : NULL, *to = gaps && out ? spread(d, NULL) : NULL;
    if ((gaps && in && !from) || (gaps && out && !to)) {
        done = false;
    } else {
        if (in)
            d->c.origin = (struct operand){gaps ? from : in, (MPI_Count)d->elements, basic};
        if (out)
            d->c.result = (struct operand){gaps ? to : out, (MPI_Count)d->elements, basic};
        combine_elements(&d->c);
        if (to)
            datatype_pack(basic, to, (MPI_Count)d->elements, 0, out, d->n);
    }
    free(from);
    free(to);
    return done;
}

static bool accumulate(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct deed d;
    int rc = deed_make(t, h, n, &d);
    if (rc == MPI_SUCCESS && h->op != NO_OP && !deed_do(&d, data, NULL))
        return false;
    return note(t, h, rc);
}

/* What is sent back of one part of an operation. */
static struct message_head data_head(const struct message_head *h)
{
    return (struct message_head){.kind = MESSAGE_DATA, .request = h->request, .from = h->from};
}

static bool get_accumulate(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct deed d;
    struct message_reply r;
    int64_t wanted = h->op == NO_OP ? h->bytes : (int64_t)n;
    int rc = wanted <= 0 || (size_t)wanted > message_most(t) ? MPI_ERR_COUNT : deed_make(t, h, (size_t)wanted, &d);
    if (rc != MPI_SUCCESS)
        return refuse(t, h, rc, wanted > 0 ? wanted : 0);
    if (!message_reply_begin(&r, t, d.n))
        return false;
    if (!deed_do(&d, h->op == NO_OP ? NULL : data, r.data)) {
        free(r.job); /* a place in the transport costs nothing */
        return false;
    }
    struct message_head to = data_head(h);
    message_reply_end(&r, &to);
    return true;
}

static bool compare_swap(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct deed d;
    struct message_reply r;
    int rc = n % 2 != 0 || h->op != REPLACE ? MPI_ERR_OP : deed_make(t, h, n / 2, &d);
    if (rc == MPI_SUCCESS && (d.elements != 1 || d.n > 16 || !d.c.basic->one_run || h->from != 0))
        rc = MPI_ERR_TYPE;
    if (rc != MPI_SUCCESS)
        return refuse(t, h, rc, (int64_t)(n / 2));
    if (!message_reply_begin(&r, t, d.n))
        return false;
    d.c.target.at = (const char *)d.c.target.at + d.c.target.type->true_lb;
    d.c.origin = (struct operand){data + d.n, 1, d.c.basic};
    d.c.result = (struct operand){r.data, 1, d.c.basic};
    combine_compare_swap(&d.c, data);
    struct message_head to = data_head(h);
    message_reply_end(&r, &to);
    return true;
}

static bool data_came(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    far_data(t, h->request, h->from, data, n);
    return true;
}

static bool refused(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    int class = h->what > MPI_SUCCESS && h->what <= MPI_ERR_LASTCODE ? (int)h->what : MPI_ERR_OTHER;
    far_refused(t, h->request, h->from > 0 ? (size_t)h->from : 0, (struct far_failure){class, h->at, h->bytes});
    return true;
}

static struct lock_want want_of(const struct target *t, uint8_t how)
{
    return (struct lock_want){t->w, t->w->node->rank, t->rank, how == TARGET_EXCLUSIVE};
}

/* The lock is free, or its holder has died: the origin is told. */
static bool grant(struct target *t, uint8_t how)
{
    struct lock_want x = want_of(t, how);
    struct message_reply r;
    struct message_head h = {.kind = MESSAGE_GRANT};
    int rc = MPI_SUCCESS;
    if (!lock_looks_free(&x) && (rc = lock_holder_alive(&x)) == MPI_SUCCESS)
        return false;
    if (!message_reply_begin(&r, t, 0))
        return false;
    if (rc == MPI_SUCCESS && !lock_try(&x)) {
        free(r.job);
        return false;
    }
    t->far->holds = rc == MPI_SUCCESS ? how : 0;
    h.what = (uint32_t)rc;
    message_reply_end(&r, &h);
    return true;
}

static void locker_remove(struct target *t)
{
    struct far *f = t->far;
    struct lock_want x = want_of(t, f->wants);
    TAILQ_REMOVE(&t->w->message->lockers, f, in_lockers);
    f->wants = 0;
    lock_awaited(&x, -1);
    message_watch(-1);
}

static bool lock(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct far *f = t->far;
    uint8_t how = h->what == TARGET_EXCLUSIVE ? TARGET_EXCLUSIVE : TARGET_SHARED;
    if (f->holds || f->wants)
        return answer(t, MESSAGE_GRANT, 0, (struct far_failure){MPI_ERR_RMA_SYNC, 0, 0});
    if (TAILQ_EMPTY(&t->w->message->lockers) && grant(t, how))
        return true;
    struct lock_want x = want_of(t, how);
    f->wants = how;
    TAILQ_INSERT_TAIL(&t->w->message->lockers, f, in_lockers);
    lock_awaited(&x, 1);
    message_watch(1);
    return true;
}

bool serve_lockers(struct message *m)
{
    struct far *f, *next;
    bool any = false;
    for (f = TAILQ_FIRST(&m->lockers); f; f = next) {
        next = TAILQ_NEXT(f, in_lockers);
        uint8_t how = f->wants;
        bool gone = !peer_is_live(f->peer);
        if (!gone && !grant(f->t, how))
            continue;
        struct lock_want x = want_of(f->t, how);
        locker_remove(f->t);
        if (!gone)
            lock_got(&x);
        any = true;
    }
    return any;
}

static bool granted(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct far *f = t->far;
    if (f->grant != FAR_AWAITED)
        return true;
    f->grant = h->what == MPI_SUCCESS ? FAR_GRANTED : FAR_REFUSED;
    if (h->what != MPI_SUCCESS)
        f->failure.class = h->what <= MPI_ERR_LASTCODE ? (int)h->what : MPI_ERR_OTHER;
    return true;
}

static void unlock(struct target *t)
{
    struct lock_want x = want_of(t, t->far->holds);
    if (t->far->holds)
        lock_release(&x);
    t->far->holds = 0;
}

static bool sync(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    if (!answer(t, MESSAGE_ACK, 0, t->far->noted))
        return false;
    t->far->noted.class = MPI_SUCCESS;
    if (h->what == SYNC_UNLOCK)
        unlock(t);
    else if (h->what == SYNC_COMPLETE)
        atomic_fetch_add_explicit(&t->far->pair.completes, 1, memory_order_release);
    return true;
}

static bool acknowledged(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    struct far *f = t->far;
    int class = h->what <= MPI_ERR_LASTCODE ? (int)h->what : MPI_ERR_OTHER;
    if (f->answered == f->asked)
        return true;
    f->answered++;
    if (f->failure.class == MPI_SUCCESS)
        f->failure = (struct far_failure){class, h->at, h->bytes};
    return true;
}

static bool posted(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    atomic_fetch_add_explicit(&t->far->pair.posts, 1, memory_order_release);
    return true;
}

bool serve(struct target *t, const struct message_head *h, const char *data, size_t n)
{
    static bool (*const kinds[])(struct target *, const struct message_head *, const char *, size_t) = {
        [MESSAGE_ASK] = ask,
        [MESSAGE_TYPE] = type,
        [MESSAGE_PUT] = put,
        [MESSAGE_GET] = get,
        [MESSAGE_ACCUMULATE] = accumulate,
        [MESSAGE_GET_ACCUMULATE] = get_accumulate,
        [MESSAGE_COMPARE_SWAP] = compare_swap,
        [MESSAGE_LOCK] = lock,
        [MESSAGE_SYNC] = sync,
        [MESSAGE_POST] = posted,
        [MESSAGE_TOLD] = told,
        [MESSAGE_DATA] = data_came,
        [MESSAGE_REFUSED] = refused,
        [MESSAGE_GRANT] = granted,
        [MESSAGE_ACK] = acknowledged,
    };
    static_assert(sizeof kinds / sizeof *kinds == MESSAGE_KINDS, "one each");
    return h->kind >= MESSAGE_KINDS || kinds[h->kind](t, h, data, n);
}
