/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/coll/base/sched.h"
#include <stdlib.h>
#include <string.h>
#include "lib/core/state.h"
#include "lib/p2p/failure_sweep.h"

enum step_kind { SEND, RECV, COPY, REDUCE, ROUND };

struct step {
    uint8_t kind;
    int peer;
    const void *from;
    void *to;
    MPI_Count count, to_count;
    struct datatype *type, *to_type;
    struct op *op;
    struct request *request;
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
    struct progress_hook hook;
    struct request *request;
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
    s->count = s->at = s->until = 0;
    s->request = NULL;
    return s;
}

void sched_free(struct sched *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->count; i++) {
        datatype_unref(s->steps[i].type);
        datatype_unref(s->steps[i].to_type);
        op_unref(s->steps[i].op);
    }
    for (struct temp *t = s->temps, *next; t; t = next) {
        next = t->next;
        free(t);
    }
    s->temps = NULL;
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

void sched_round(struct sched *s)
{
    if (s->count > 0 && s->steps[s->count - 1].kind != ROUND)
        add(s, ROUND);
}

static int begin(struct sched *s, struct step *t)
{
    uint64_t ctx = P2P_COLL(s->comm);
    int rc = UNLIKELY(failed_or_far) ? failure_of_all(s->comm) : MPI_SUCCESS;
    t->request = NULL;
    if (rc != MPI_SUCCESS)
        return rc;
    switch (t->kind) {
    case SEND:
        return p2p_send(t->from, t->count, t->type, t->peer, s->tag, s->comm, ctx, MODE_STANDARD, &t->request);
    case RECV:
        return p2p_recv(t->to, t->count, t->type, t->peer, s->tag, s->comm, ctx, &t->request);
    case COPY:
        return datatype_copy(t->from, t->count, t->type, t->to, t->to_count, t->to_type);
    case REDUCE:
        op_apply(t->op, t->from, t->to, t->count, t->type);
        return MPI_SUCCESS;
    default:
        return MPI_SUCCESS;
    }
}

static void fail(struct sched *s, int rc)
{
    if (s->error == MPI_SUCCESS)
        s->error = rc;
}

/* Goes on as far as it can; true when all is done. */
static bool advance(struct sched *s)
{
    for (;;) {
        for (; s->at < s->until; s->at++) {
            struct request *r = s->steps[s->at].request;
            if (!r)
                continue;
            if (!r->complete)
                return false;
            fail(s, r->error);
            request_free(r);
        }
        if (s->until == s->count)
            return true;
        while (s->until < s->count) {
            struct step *t = &s->steps[s->until++];
            fail(s, begin(s, t));
            if (t->kind == ROUND)
                break;
        }
    }
}

/* What the present round waits for, to be told to whoever watches. */
static const struct request *waits_for(const struct sched *s)
{
    return s->at < s->until ? s->steps[s->at].request : NULL;
}

int sched_run(struct sched *s)
{
    struct waiter w = {0};
    int rc = s->error;
    if (rc == MPI_SUCCESS) {
        while (!advance(s))
            progress_wait(&w, waits_for(s));
        rc = s->error;
    }
    sched_free(s);
    return rc;
}

static bool poll_hook(struct progress_hook *h)
{
    struct sched *s = (struct sched *)((char *)h - offsetof(struct sched, hook));
    int at = s->at, until = s->until;
    if (!advance(s))
        return s->at != at || s->until != until;
    progress_remove(h);
    request_complete(s->request, s->error);
    return true;
}

static int request_begin(struct request *r)
{
    struct sched *s = r->extra;
    s->at = s->until = 0;
    s->error = MPI_SUCCESS;
    if (advance(s)) {
        request_complete(r, s->error);
    } else {
        s->hook.poll = poll_hook;
        progress_add(&s->hook);
    }
    return MPI_SUCCESS;
}

static int request_release(struct request *r)
{
    sched_free(r->extra);
    return MPI_SUCCESS;
}

static const struct request_ops ops = {.start = request_begin, .release = request_release};

static int to_request(struct sched *s, struct request **req)
{
    int rc = s->error;
    struct request *r = rc == MPI_SUCCESS ? request_new(REQ_SCHED, s->comm, NULL) : NULL;
    if (!r) {
        sched_free(s);
        return rc != MPI_SUCCESS ? rc : MPI_ERR_NO_MEM;
    }
    r->ops = &ops;
    r->extra = s;
    s->request = r;
    *req = r;
    return MPI_SUCCESS;
}

int sched_start(struct sched *s, struct request **req)
{
    int rc = to_request(s, req);
    return rc == MPI_SUCCESS ? request_begin(*req) : rc;
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
