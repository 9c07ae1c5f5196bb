/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sched: schedules, built and run. One that is waited for runs in its caller. One behind a request runs by itself: a
 * counter of its round's messages begins the next round, and only steps that are to be called again are polled. */
#include "lib/coll/base/sched.h"
#include <stdlib.h>
#include <string.h>
#include "lib/coll/base/blocks.h"
#include "lib/core/state.h"
#include "lib/p2p/failure_sweep.h"
#include "lib/request/counter.h"

enum step_kind { SEND, RECV, COPY, REDUCE, CALL, HOLD, ROUND };

struct step {
    uint8_t kind;
    bool again; /* a call that is not done */
    int peer;
    const void *from;
    void *to;
    MPI_Count count, to_count;
    struct datatype *type, *to_type;
    struct op *op;
    struct request *request;
    sched_fn *fn;
    void *arg;
};

struct temp {
    struct temp *next;
    _Alignas(16) char bytes[];
};

struct sched {
    struct sched *next; /* spare */
    struct comm *comm;
    int tag;
    int error;
    struct step *steps;
    int count, cap;
    int at;    /* first step of the round under way */
    int until; /* first step that has not begun */
    struct temp *temps;
    int built;                /* steps that there were when it was handed to a request */
    struct temp *built_temps; /* and memory */
    struct sched_line *line;  /* or NULL */
    TAILQ_ENTRY(sched) link;
    int again;               /* calls of the round that are not done */
    struct request *request; /* NULL: the caller runs it */
    struct counter counter;  /* of the round: its messages, and one for all its calls */
    struct progress_hook hook;
};

static struct sched *spare;

struct sched *sched_new(struct comm *c)
{
    struct sched *s = spare;
    if (s)
        spare = s->next;
    else if (!(s = calloc(1, sizeof *s)))
        return NULL;
    s->comm = comm_ref(c);
    s->tag = (int)(c->coll_seq++ & 0x3fffffff);
    s->error = MPI_SUCCESS;
    s->count = s->at = s->until = s->again = s->built = 0;
    s->built_temps = NULL;
    s->line = NULL;
    s->request = NULL;
    return s;
}

/* Drops the steps from `count` on, and the memory that came after `temps`. */
static void cut_back(struct sched *s, int count, const struct temp *temps)
{
    for (; s->count > count; s->count--) {
        datatype_unref(s->steps[s->count - 1].type);
        datatype_unref(s->steps[s->count - 1].to_type);
        op_unref(s->steps[s->count - 1].op);
    }
    for (struct temp *t = s->temps; t != temps; t = s->temps) {
        s->temps = t->next;
        free(t);
    }
}

void sched_free(struct sched *s)
{
    if (!s)
        return;
    cut_back(s, 0, NULL);
    comm_unref(s->comm);
    s->next = spare;
    spare = s;
}

void *sched_temp(struct sched *s, size_t bytes)
{
    struct temp *t = malloc(sizeof *t + bytes);
    if (!t) {
        s->error = MPI_ERR_NO_MEM;
        return NULL;
    }
    t->next = s->temps;
    s->temps = t;
    return t->bytes;
}

void *sched_temp_for(struct sched *s, MPI_Count count, const struct datatype *t)
{
    MPI_Count gap, span = datatype_span(t, count, &gap);
    char *p = sched_temp(s, (size_t)span + 1);
    return p ? p - gap : NULL;
}

static struct step *add(struct sched *s, enum step_kind kind)
{
    if (s->count == s->cap) {
        int cap = s->cap ? 2 * s->cap : 32;
        struct step *p = realloc(s->steps, (size_t)cap * sizeof *p);
        if (!p) {
            s->error = MPI_ERR_NO_MEM;
            return NULL;
        }
        s->steps = p;
        s->cap = cap;
    }
    struct step *t = &s->steps[s->count++];
    *t = (struct step){.kind = (uint8_t)kind};
    return t;
}

void sched_send(struct sched *s, const void *buf, MPI_Count count, struct datatype *t, int dest)
{
    struct step *p = add(s, SEND);
    if (p)
        p->from = buf, p->count = count, p->type = datatype_ref(t), p->peer = dest;
}

void sched_recv(struct sched *s, void *buf, MPI_Count count, struct datatype *t, int source)
{
    struct step *p = add(s, RECV);
    if (p)
        p->to = buf, p->count = count, p->type = datatype_ref(t), p->peer = source;
}

void sched_copy(struct sched *s, const void *from, MPI_Count from_count, struct datatype *from_type, void *to,
                MPI_Count to_count, struct datatype *to_type)
{
    struct step *p = add(s, COPY);
    if (p)
        p->from = from, p->count = from_count, p->type = datatype_ref(from_type), p->to = to, p->to_count = to_count,
        p->to_type = datatype_ref(to_type);
}

void sched_reduce(struct sched *s, const void *in, void *inout, MPI_Count count, struct datatype *t, struct op *op)
{
    struct step *p = add(s, REDUCE);
    if (p)
        p->from = in, p->to = inout, p->count = count, p->type = datatype_ref(t), p->op = op_ref(op);
}

void sched_call(struct sched *s, sched_fn *fn, void *arg)
{
    struct step *p = add(s, CALL);
    if (p)
        p->fn = fn, p->arg = arg;
}

void sched_fail(struct sched *s, int error)
{
    if (UNLIKELY(error == MPI_ERR_PROC_ABORTED))
        failure_keep(s->comm);
    if (s->error == MPI_SUCCESS)
        s->error = error;
}

int sched_error(const struct sched *s)
{
    return s->error;
}

struct comm *sched_comm(const struct sched *s)
{
    return s->comm;
}

int sched_tag(const struct sched *s)
{
    return s->tag;
}

void sched_hold(struct sched *s, struct datatype *x, struct datatype *y, struct op *op)
{
    struct step *p = add(s, HOLD);
    if (!p)
        return;
    p->type = x ? datatype_ref(x) : NULL;
    p->to_type = y ? datatype_ref(y) : NULL;
    p->op = op ? op_ref(op) : NULL;
}

void sched_round(struct sched *s)
{
    if (s->count > 0 && s->steps[s->count - 1].kind != ROUND)
        add(s, ROUND);
}

static int step_begin(struct sched *s, struct step *t)
{
    uint64_t ctx = P2P_COLL(s->comm);
    int rc = UNLIKELY(failed_or_far) ? failure_of_all(s->comm) : MPI_SUCCESS;
    t->request = NULL;
    t->again = false;
    if (rc != MPI_SUCCESS)
        return rc;
    switch (t->kind) {
    case SEND:
        return p2p_send(t->from, t->count, t->type, t->peer, s->tag, s->comm, ctx, MODE_STANDARD, &t->request);
    case RECV:
        return p2p_recv(t->to, t->count, t->type, t->peer, s->tag, s->comm, ctx, &t->request);
    case COPY:
        return blocks_own(&(struct coll_data){t->from, t->count, t->type},
                          &(struct coll_data){t->to, t->to_count, t->to_type});
    case REDUCE:
        op_apply(t->op, t->from, t->to, t->count, t->type);
        return MPI_SUCCESS;
    case CALL:
        t->again = true;
        s->again++;
        return MPI_SUCCESS;
    default:
        return MPI_SUCCESS;
    }
}

/* After a failure the steps go on, so that others get what they wait for. */
static void round_begin(struct sched *s)
{
    for (bool more = true; more && s->until < s->count;) {
        struct step *t = &s->steps[s->until++];
        sched_fail(s, step_begin(s, t));
        if (t->request && s->request)
            counter_add(&s->counter, t->request);
        more = t->kind != ROUND;
    }
}

/* A call may add steps, and so move them all. */
static void round_call(struct sched *s)
{
    for (int i = s->at; s->again > 0 && i < s->until; i++)
        if (s->steps[i].again && s->steps[i].fn(s, s->steps[i].arg)) {
            s->steps[i].again = false;
            s->again--;
        }
}

static bool poll_calls(struct progress_hook *h)
{
    struct sched *s = (struct sched *)((char *)h - offsetof(struct sched, hook));
    int before = s->again;
    round_call(s);
    if (s->again == 0) {
        progress_remove(h);
        if (s->request)
            counter_down(&s->counter);
    }
    return s->again != before;
}

/* The calls that are not done at once are polled. */
static bool calls_begin(struct sched *s)
{
    round_call(s);
    if (s->again == 0)
        return false;
    s->hook.poll = poll_calls;
    progress_add(&s->hook);
    return true;
}

/* All is complete. */
static void round_end(struct sched *s)
{
    for (; s->at < s->until; s->at++) {
        struct request *r = s->steps[s->at].request;
        if (!r)
            continue;
        sched_fail(s, r->error);
        request_free(r);
    }
}

static bool calls_are_done(const void *p)
{
    return ((const struct sched *)p)->again == 0;
}

static void round_wait(struct sched *s, struct waiter *w)
{
    struct waiter calls = {.ready = calls_are_done, .arg = s, .comm = s->comm};
    if (calls_begin(s))
        while (!calls_are_done(s))
            progress_wait(&calls, NULL);
    for (int i = s->at; i < s->until; i++) {
        const struct request *r = s->steps[i].request;
        while (r && !r->complete)
            progress_wait(w, r);
    }
}

int sched_run(struct sched *s)
{
    struct waiter w = {0};
    int rc = s->error;
    while (rc == MPI_SUCCESS && s->until < s->count) {
        round_begin(s);
        round_wait(s, &w);
        round_end(s);
    }
    rc = s->error;
    sched_free(s);
    return rc;
}

/* Goes on until something is to be waited for. True: it is over, and its request is to be told. */
static bool advance(struct sched *s)
{
    while (s->until < s->count) {
        counter_begin(&s->counter);
        round_begin(s);
        if (calls_begin(s))
            s->counter.pending++;
        if (!counter_end(&s->counter))
            return false;
        round_end(s);
    }
    return true;
}

/* Tells its request that it is over; so may be those behind it in its line as soon as they begin. */
static void finish(struct sched *s)
{
    for (struct sched *next; s; s = next) {
        next = NULL;
        if (s->line) {
            TAILQ_REMOVE(&s->line->all, s, link);
            next = TAILQ_FIRST(&s->line->all);
        }
        request_complete(s->request, s->error);
        if (next && !advance(next))
            return;
    }
}

static void round_completed(struct counter *c)
{
    struct sched *s = (struct sched *)((char *)c - offsetof(struct sched, counter));
    round_end(s);
    if (advance(s))
        finish(s);
}

struct sched_request {
    struct request head;
    struct sched *sched;
};
REQUEST_FITS(struct sched_request);

static struct sched *sched_of(struct request *r)
{
    return ((struct sched_request *)r)->sched;
}

static int request_begin(struct request *r)
{
    struct sched *s = sched_of(r);
    cut_back(s, s->built, s->built_temps);
    s->at = s->until = 0;
    s->error = MPI_SUCCESS;
    bool first = !s->line || TAILQ_EMPTY(&s->line->all);
    if (s->line)
        TAILQ_INSERT_TAIL(&s->line->all, s, link);
    if (first && advance(s))
        finish(s);
    return MPI_SUCCESS;
}

static int request_release(struct request *r)
{
    sched_free(sched_of(r));
    return MPI_SUCCESS;
}

static const struct request_ops ops = {.start = request_begin, .release = request_release};

static int to_request(struct sched *s, struct request **req)
{
    int rc = s->error;
    struct request *r = rc == MPI_SUCCESS ? request_new(REQ_SCHED, &ops, s->comm) : NULL;
    if (!r) {
        sched_free(s);
        return rc != MPI_SUCCESS ? rc : MPI_ERR_NO_MEM;
    }
    r->owns = true;
    ((struct sched_request *)r)->sched = s;
    s->request = r;
    s->built = s->count;
    s->built_temps = s->temps;
    s->counter = (struct counter){.completed = round_completed, .request = r};
    *req = r;
    return MPI_SUCCESS;
}

int sched_start(struct sched *s, struct request **req)
{
    int rc = to_request(s, req);
    return rc == MPI_SUCCESS ? request_begin(*req) : rc;
}

int sched_start_alone(struct sched *s)
{
    struct request *r;
    int rc = to_request(s, &r);
    if (rc == MPI_SUCCESS)
        r->orphan = true;
    return rc == MPI_SUCCESS ? request_begin(r) : rc;
}

void sched_join(struct sched *s, struct sched_line *line)
{
    if (!line->all.tqh_last)
        TAILQ_INIT(&line->all);
    s->line = line;
}

int sched_persist(struct sched *s, struct request **req)
{
    int rc = to_request(s, req);
    if (rc == MPI_SUCCESS)
        (*req)->persistent = true, (*req)->active = false;
    return rc;
}

void sched_fini(void)
{
    for (struct sched *s = spare, *next; s; s = next) {
        next = s->next;
        free(s->steps);
        free(s);
    }
    spare = NULL;
}
