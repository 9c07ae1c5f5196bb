/* SPDX-License-Identifier: BSD-3-Clause
 *
 * recv: receives, send-receives, probes, matched receives. */
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/core/bytes.h"
#include "lib/core/state.h"
#include "lib/core/trace.h"
#include "lib/object/context.h"
#include "lib/p2p/finalize_sweep.h"
#include "lib/p2p/match.h"
#include "lib/p2p/protocol.h"
#include "lib/p2p/failure_sweep.h"
#include "lib/request/counter.h"

static int recv_cancel(struct request *head)
{
    struct p2p_request *r = p2p_request_of(head);
    if (r->head.matched || r->posted.key.source == MPI_PROC_NULL)
        return MPI_SUCCESS;
    match_unpost(r);
    r->head.cancelled = true;
    r->head.source = MPI_ANY_SOURCE;
    r->head.tag = MPI_ANY_TAG;
    r->head.bytes = 0;
    request_complete(&r->head, MPI_SUCCESS);
    return MPI_SUCCESS;
}

static int recv_restart(struct request *r)
{
    p2p_recv_start(p2p_request_of(r));
    return MPI_SUCCESS;
}

static const struct request_ops recv_ops = {.start = recv_restart,
                                            .cancel = recv_cancel,
                                            .release = p2p_request_release,
                                            .describe = p2p_request_describe,
                                            .explain = p2p_recv_explain,
                                            .prefault = p2p_recv_prefault};

static __attribute__((noinline)) int recv_slow(void *buf, MPI_Count count, struct datatype *t, int source, int tag,
                                               struct comm *c, MPI_Status *status)
{
    struct request *r;
    int rc = p2p_recv(buf, count, t, source, tag, c, c->ctx, &r);
    return rc == MPI_SUCCESS ? request_wait(r, status) : rc;
}

/* The whole of a receive, if that is simple: from one rank, nothing else under way, the message here or about to come,
 * and small. False: nothing has happened, receive as usual. */
ALWAYS_INLINE bool recv_now(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c,
                            MPI_Status *status)
{
    if (source < 0 || match_posted.count > 0 || match_unexpected.count > 0)
        return false;
    struct peer *p = peer_get(comm_proc(c, source));
    if (UNLIKELY(!p || !p->transport || !p->transport->peek))
        return false;
    struct arrival a = p->transport->peek(p, progress_spins());
    const struct packet *h = a.head;
    size_t n = h ? packet_bytes(h) : 0; /* looked at once: it lies in shared memory */
    if (!h || packet_kind(h) != EAGER || h->key.ctx != c->ctx || h->key.source != source ||
        (h->key.tag != tag && tag != MPI_ANY_TAG) || (MPI_Count)n > count * t->size)
        return false;
    if (LIKELY(t->dense))
        bytes_copy((char *)buf + t->true_lb, a.payload, n);
    else
        datatype_unpack(t, buf, count, 0, a.payload, n);
    status_set(status, source, h->key.tag, (MPI_Count)n, false);
    p->transport->consume(p);
    return true;
}

int mpi_recv(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, MPI_Status *status)
{
    return LIKELY(recv_now(buf, count, t, source, tag, c, status)) ? MPI_SUCCESS
                                                                   : recv_slow(buf, count, t, source, tag, c, status);
}

static __attribute__((noinline)) int irecv_slow(void *buf, MPI_Count count, struct datatype *t, int source, int tag,
                                                struct comm *c, MPI_Request *out)
{
    struct request *r;
    int rc = p2p_recv(buf, count, t, source, tag, c, c->ctx, &r);
    if (rc == MPI_SUCCESS) {
        r->ops = &recv_ops;
        *out = request_handle(r);
    }
    return rc;
}

/* Where there is nothing to be searched for, and memory at hand, no function is called. */
int mpi_irecv(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, MPI_Request *out)
{
    if (UNLIKELY(!obj_arenas[OBJ_REQUEST].free || source == MPI_PROC_NULL || failed_or_far ||
                 match_unexpected.count > 0 || match_full(&match_posted)))
        return irecv_slow(buf, count, t, source, tag, c, out);
    struct p2p_request *r = p2p_request_new(REQ_RECV, &recv_ops, c, t);
    r->rbuf = buf;
    r->count = count;
    r->posted.key = match_key_of(c->ctx, source, tag);
    match_post_quick(r);
    *out = request_handle(&r->head);
    return MPI_SUCCESS;
}

int mpi_recv_init(void *buf, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c, MPI_Request *out)
{
    struct p2p_request *r = p2p_request_new(REQ_RECV, &recv_ops, c, t);
    if (!r)
        return MPI_ERR_NO_MEM;
    r->rbuf = buf;
    r->count = count;
    r->posted.key = match_key_of(c->ctx, source, tag);
    r->head.persistent = true;
    r->head.active = false;
    *out = request_handle(&r->head);
    return MPI_SUCCESS;
}

int mpi_sendrecv(const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, int dest, int sendtag,
                 void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int source, int recvtag, struct comm *c,
                 MPI_Status *status)
{
    struct request *in, *out;
    if (p2p_send_now(sendbuf, sendcount, sendtype, dest, sendtag, c, c->ctx))
        return mpi_recv(recvbuf, recvcount, recvtype, source, recvtag, c, status);
    /* The send comes first, so that who matches knows that there is work for both. */
    int rc = p2p_send(sendbuf, sendcount, sendtype, dest, sendtag, c, c->ctx, MODE_STANDARD, &out);
    int in_rc = p2p_recv(recvbuf, recvcount, recvtype, source, recvtag, c, c->ctx, &in);
    if (out)
        rc = request_wait(out, MPI_STATUS_IGNORE);
    if (in_rc == MPI_SUCCESS)
        in_rc = request_wait(in, status);
    return rc != MPI_SUCCESS ? rc : in_rc;
}

int mpi_sendrecv_replace(void *buf, MPI_Count count, struct datatype *t, int dest, int sendtag, int source, int recvtag,
                         struct comm *c, MPI_Status *status)
{
    MPI_Count n = count * t->size;
    void *copy = malloc((size_t)n + 1);
    if (!copy)
        return MPI_ERR_NO_MEM;
    datatype_pack(t, buf, count, 0, copy, (size_t)n);
    int rc = mpi_sendrecv(copy, n, &datatype_packed, dest, sendtag, buf, count, t, source, recvtag, c, status);
    free(copy);
    return rc;
}

/* A request for two: complete when both are. */
struct both {
    struct request head;
    struct counter counter;
    struct request *in, *out; /* out is NULL: nothing is to be waited for */
    void *copy;
};
REQUEST_FITS(struct both);

static void both_completed(struct counter *c)
{
    struct both *b = (struct both *)c->request;
    MPI_Status s;
    int rc = b->out ? request_finish(b->out, NULL, MPI_STATUS_IGNORE) : MPI_SUCCESS;
    int in_rc = request_finish(b->in, NULL, &s);
    lib.error_on = NULL;
    b->head.source = s.MPI_SOURCE;
    b->head.tag = s.MPI_TAG;
    b->head.bytes = status_bytes(&s);
    request_complete(&b->head, rc != MPI_SUCCESS ? rc : in_rc);
}

static int both_query(struct request *r, MPI_Status *s)
{
    status_set(s, r->source, r->tag, r->bytes, false);
    return MPI_SUCCESS;
}

static int both_release(struct request *r)
{
    free(((struct both *)r)->copy);
    return MPI_SUCCESS;
}

static const struct request_ops both_ops = {.query = both_query, .release = both_release};

/* copy is freed in any case. */
static int start_both(const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, int dest, int sendtag,
                      void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int source, int recvtag,
                      struct comm *c, void *copy, MPI_Request *out)
{
    struct both *b = (struct both *)request_new(REQ_SCHED, &both_ops, c);
    if (!b) {
        free(copy);
        return MPI_ERR_NO_MEM;
    }
    b->head.owns = copy != NULL;
    b->copy = copy;
    b->in = b->out = NULL;
    b->counter = (struct counter){.completed = both_completed, .request = &b->head};
    int rc = p2p_recv(recvbuf, recvcount, recvtype, source, recvtag, c, c->ctx, &b->in);
    if (rc == MPI_SUCCESS)
        rc = p2p_send(sendbuf, sendcount, sendtype, dest, sendtag, c, c->ctx, MODE_STANDARD, &b->out);
    if (rc != MPI_SUCCESS) {
        if (b->in) {
            recv_cancel(b->in);
            request_free(b->in);
        }
        request_free(&b->head);
        return rc;
    }
    counter_begin(&b->counter);
    counter_add(&b->counter, b->in);
    if (b->out)
        counter_add(&b->counter, b->out);
    *out = request_handle(&b->head);
    if (counter_end(&b->counter))
        both_completed(&b->counter);
    return MPI_SUCCESS;
}

int mpi_isendrecv(const void *sendbuf, MPI_Count sendcount, struct datatype *sendtype, int dest, int sendtag,
                  void *recvbuf, MPI_Count recvcount, struct datatype *recvtype, int source, int recvtag,
                  struct comm *c, MPI_Request *out)
{
    return start_both(sendbuf, sendcount, sendtype, dest, sendtag, recvbuf, recvcount, recvtype, source, recvtag, c,
                      NULL, out);
}

int mpi_isendrecv_replace(void *buf, MPI_Count count, struct datatype *t, int dest, int sendtag, int source,
                          int recvtag, struct comm *c, MPI_Request *out)
{
    MPI_Count n = count * t->size;
    void *copy = malloc((size_t)n + 1);
    if (!copy)
        return MPI_ERR_NO_MEM;
    datatype_pack(t, buf, count, 0, copy, (size_t)n);
    return start_both(copy, n, &datatype_packed, dest, sendtag, buf, count, t, source, recvtag, c, copy, out);
}

static void found(const struct unexpected *u, MPI_Status *status)
{
    status_set(status, u->nodes[0].key.source, u->nodes[0].key.tag, (MPI_Count)u->bytes, false);
}

static void no_proc(MPI_Status *status)
{
    status_set(status, MPI_PROC_NULL, MPI_ANY_TAG, 0, false);
}

struct probe {
    struct match_key key;
    struct comm *comm;
    uint32_t seen, left; /* who was gone, and who had left, when it last looked */
};

static bool is_there(const void *p)
{
    const struct probe *q = p;
    return unexpected_find(q->key) != NULL || q->seen != failed_seen || q->left != finalized_seen;
}

static void probe_describe(const void *arg, struct trace_wait *t)
{
    const struct probe *p = arg;
    t->comm = context_number(p->comm->ctx);
    p2p_describe(p->comm, p->key, false, t);
}

/* Looks for a message once more, after a poll. */
static int look(struct probe *p, struct unexpected **u)
{
    p->seen = failed_seen;
    p->left = finalized_seen;
    *u = unexpected_find(p->key);
    return UNLIKELY(failed_or_far) ? failure_of_source(p->comm, p->key) : MPI_SUCCESS;
}

static int probe(int source, int tag, struct comm *c, bool wait, struct unexpected **u)
{
    struct probe p = {match_key_of(c->ctx, source, tag), c, 0, 0};
    struct waiter w = {.ready = is_there, .arg = &p, .local_only = true, .comm = c, .describe = probe_describe};
    int rc = look(&p, u);
    if (!*u && !wait && rc == MPI_SUCCESS) {
        progress_poll();
        rc = look(&p, u);
        if (*u) { /* before another thread is let in, who could take the same message */
            progress_hit();
        } else {
            progress_missed(NULL, probe_describe, &p);
            lib_yield();
        }
    }
    while (!*u && wait && rc == MPI_SUCCESS) {
        progress_wait(&w, NULL);
        rc = look(&p, u);
        if (!*u && rc == MPI_SUCCESS && UNLIKELY(finalized_seen) && w.slept)
            rc = finalize_of_source(c, p.key);
    }
    if (rc != MPI_SUCCESS)
        progress_give_up(&w);
    return rc;
}

int mpi_probe(int source, int tag, struct comm *c, MPI_Status *status)
{
    struct unexpected *u;
    int rc = MPI_SUCCESS;
    if (source == MPI_PROC_NULL)
        no_proc(status);
    else if ((rc = probe(source, tag, c, true, &u)) == MPI_SUCCESS)
        found(u, status);
    return rc;
}

int mpi_iprobe(int source, int tag, struct comm *c, int *flag, MPI_Status *status)
{
    struct unexpected *u = NULL;
    int rc = source == MPI_PROC_NULL ? MPI_SUCCESS : probe(source, tag, c, false, &u);
    if (rc != MPI_SUCCESS)
        return rc;
    *flag = u || source == MPI_PROC_NULL;
    if (source == MPI_PROC_NULL)
        no_proc(status);
    else if (u)
        found(u, status);
    return MPI_SUCCESS;
}

struct message {
    struct obj obj;
    struct unexpected *what;
    struct comm *comm;
};
static struct message no_proc_message;

static int to_message(struct unexpected *u, struct comm *c, MPI_Message *message, MPI_Status *status)
{
    struct message *m = obj_new(OBJ_MESSAGE, sizeof *m);
    if (!m)
        return MPI_ERR_NO_MEM;
    found(u, status);
    unexpected_remove(u);
    m->what = u;
    m->comm = comm_ref(c);
    *message = (MPI_Message)m->obj.handle;
    return MPI_SUCCESS;
}

static int to_no_proc(MPI_Message *message, MPI_Status *status)
{
    *message = MPI_MESSAGE_NO_PROC;
    no_proc(status);
    return MPI_SUCCESS;
}

int mpi_mprobe(int source, int tag, struct comm *c, MPI_Message *message, MPI_Status *status)
{
    if (source == MPI_PROC_NULL)
        return to_no_proc(message, status);
    struct unexpected *u;
    int rc = probe(source, tag, c, true, &u);
    return rc == MPI_SUCCESS ? to_message(u, c, message, status) : rc;
}

int mpi_improbe(int source, int tag, struct comm *c, int *flag, MPI_Message *message, MPI_Status *status)
{
    struct unexpected *u = NULL;
    int rc = source == MPI_PROC_NULL ? MPI_SUCCESS : probe(source, tag, c, false, &u);
    if (rc != MPI_SUCCESS)
        return rc;
    *flag = u || source == MPI_PROC_NULL;
    if (source == MPI_PROC_NULL)
        return to_no_proc(message, status);
    return u ? to_message(u, c, message, status) : MPI_SUCCESS;
}

/* A receive of a message that was matched before. */
static int take(void *buf, MPI_Count count, struct datatype *t, MPI_Message *message, struct request **out)
{
    struct message *m = message_of(*message);
    struct p2p_request *r = p2p_request_new(REQ_RECV, &recv_ops, m->comm ? m->comm : &comm_job, t);
    if (!r)
        return MPI_ERR_NO_MEM;
    *out = &r->head;
    r->rbuf = buf;
    r->count = count;
    *message = MPI_MESSAGE_NULL;
    if (m == &no_proc_message) {
        r->posted.key.source = MPI_PROC_NULL;
        p2p_recv_start(r);
        return MPI_SUCCESS;
    }
    r->posted.key = m->what->nodes[0].key;
    p2p_receive_unexpected(r, m->what);
    comm_unref(m->comm);
    obj_free(&m->obj);
    return MPI_SUCCESS;
}

int mpi_mrecv(void *buf, MPI_Count count, struct datatype *t, MPI_Message *message, MPI_Status *status)
{
    struct request *r;
    int rc = take(buf, count, t, message, &r);
    return rc == MPI_SUCCESS ? request_wait(r, status) : rc;
}

int mpi_imrecv(void *buf, MPI_Count count, struct datatype *t, MPI_Message *message, MPI_Request *out)
{
    struct request *r;
    int rc = take(buf, count, t, message, &r);
    if (rc == MPI_SUCCESS)
        *out = request_handle(r);
    return rc;
}

void message_init(void)
{
    obj_predefine(&no_proc_message.obj, OBJ_MESSAGE, (uintptr_t)MPI_MESSAGE_NO_PROC);
}
