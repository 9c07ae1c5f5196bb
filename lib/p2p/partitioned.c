/* SPDX-License-Identifier: BSD-3-Clause
 *
 * partitioned: partitioned communication (MPI 5.0, section 4.2).
 *
 * A partition of the sender is a message. MPI_Psend_init says hello to its MPI_Precv_init: how many messages come at
 * each start, how long each is, and the context in which they do, which is the sender's choice and used for nothing
 * else. Hellos have tags of their own, so that they match in the order of the calls and never with other messages. The
 * receiver posts all receives when it is started, or when the hello has come; which of its own partitions have arrived
 * it knows by counting bytes. Where an element of its datatype lies in two messages, all go through a buffer. */
#include <limits.h>
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/core/error.h"
#include "lib/core/trace.h"
#include "lib/p2p/p2p.h"
#include "lib/p2p/p2p_request.h"
#include "lib/request/counter.h"

struct hello {
    uint64_t ctx; /* of the messages */
    int64_t messages, bytes, tag;
};

struct parts {
    char *buf;
    MPI_Count count; /* elements in a partition */
    struct datatype *t;
    int n;         /* partitions */
    int peer, tag; /* as the user named them */
    bool sends;
    /* the messages of a start */
    uint64_t ctx;
    int messages;           /* of the sender: as many as partitions */
    MPI_Count bytes;        /* of each */
    struct request **under; /* NULL: not begun, or sent at once, or unpacked */
    int left;               /* of the sender: partitions that are not ready */
    bool *ready;
    /* of the receiver */
    bool known;           /* what the hello says */
    bool posted;          /* the receives of the present start */
    struct request *said; /* the hello's receive; NULL: to or from nobody, or taken */
    char *temp;           /* the packed form of all; NULL: messages go to their places */
};

struct partitioned {
    struct request head;
    struct counter counter;
    struct parts *parts;
};
REQUEST_FITS(struct partitioned);

static struct partitioned *partitioned_of(const struct request *r)
{
    return (struct partitioned *)r;
}

/* Only MPI_ANY_TAG is left out, and shares a queue with the tag above. */
static int hello_tag(int tag)
{
    return tag == INT_MAX - 1 ? -1 : (int)((unsigned)tag | 1u << 31);
}

/* A hello goes with its request, which may outlive the partitioned one. */
static int hello_release(struct request *r)
{
    free(p2p_request_of(r)->rbuf);
    return MPI_SUCCESS;
}

static const struct request_ops hello_ops = {.release = hello_release};

static int hello_send(const struct parts *p, struct comm *c)
{
    struct hello *h = malloc(sizeof *h);
    struct request *r;
    if (!h)
        return MPI_ERR_NO_MEM;
    *h = (struct hello){p->ctx, p->messages, p->bytes, p->tag};
    int rc = p2p_send(h, sizeof *h, &datatype_byte, p->peer, hello_tag(p->tag), c, P2P_COLL(c), MODE_STANDARD, &r);
    if (!r) {
        free(h);
        return rc;
    }
    p2p_let_go(r, &hello_ops);
    return MPI_SUCCESS;
}

static int hello_receive(struct parts *p, struct comm *c)
{
    struct hello *h = calloc(1, sizeof *h);
    if (!h)
        return MPI_ERR_NO_MEM;
    int rc = p2p_recv(h, sizeof *h, &datatype_byte, p->peer, hello_tag(p->tag), c, P2P_COLL(c), &p->said);
    if (rc != MPI_SUCCESS) {
        free(h);
        return rc;
    }
    p->said->ops = &hello_ops;
    p->said->owns = true;
    return MPI_SUCCESS;
}

/* A hello that comes when nobody needs it any more is received, so that no other request takes it for its own. */
static void hello_drop(struct parts *p)
{
    if (!p->said)
        return;
    if (p->said->complete)
        request_free(p->said);
    else
        p->said->orphan = true;
    p->said = NULL;
}

static void parts_free(struct parts *p)
{
    if (!p)
        return;
    hello_drop(p);
    datatype_unref(p->t);
    free(p->under);
    free(p->ready);
    free(p->temp);
    free(p);
}

static int release(struct request *r)
{
    parts_free(partitioned_of(r)->parts);
    return MPI_SUCCESS;
}

static MPI_Count bytes_of_all(const struct parts *p)
{
    return p->n * p->count * p->t->size;
}

static int query(struct request *r, MPI_Status *s)
{
    const struct parts *p = partitioned_of(r)->parts;
    if (p->peer == MPI_PROC_NULL && !p->sends)
        status_set(s, MPI_PROC_NULL, MPI_ANY_TAG, 0, false);
    else if (!p->sends)
        status_set(s, p->peer, p->tag, bytes_of_all(p), false);
    return MPI_SUCCESS;
}

/* A sender that has not been told of all partitions waits for its own program. */
static void describe(const struct request *r, struct trace_wait *t)
{
    const struct parts *p = partitioned_of(r)->parts;
    if (p->peer != MPI_PROC_NULL && !(p->sends && p->left > 0))
        p2p_describe(r->comm, match_key_of(r->comm->ctx, p->peer, p->tag), p->sends, t);
}

static void unpack(const struct parts *p, int i)
{
    MPI_Count from = i * p->bytes;
    if (p->temp)
        datatype_unpack(p->t, p->buf, p->n * p->count, from, p->temp + from, (size_t)p->bytes);
}

/* Takes message i, which is complete. */
static int take(struct parts *p, int i)
{
    struct request *r = p->under[i];
    p->under[i] = NULL;
    if (!r)
        return MPI_SUCCESS;
    int error = r->error;
    if (!p->sends && error == MPI_SUCCESS)
        unpack(p, i);
    request_free(r);
    return error;
}

static void finish(struct partitioned *q, int error)
{
    struct parts *p = q->parts;
    for (int i = 0; i < p->messages && p->under; i++) {
        int rc = take(p, i);
        if (error == MPI_SUCCESS)
            error = rc;
    }
    request_complete(&q->head, error);
}

static void sent(struct counter *c)
{
    finish((struct partitioned *)((char *)c - offsetof(struct partitioned, counter)), MPI_SUCCESS);
}

static int send_start(struct request *r)
{
    struct partitioned *q = partitioned_of(r);
    struct parts *p = q->parts;
    p->left = p->n;
    for (int i = 0; i < p->n; i++)
        p->ready[i] = false;
    counter_begin(&q->counter);
    if (p->left == 0 && counter_end(&q->counter))
        finish(q, MPI_SUCCESS);
    return MPI_SUCCESS;
}

static int ready_one(struct partitioned *q, int i)
{
    struct parts *p = q->parts;
    const char *at = p->buf + i * p->count * p->t->extent;
    int rc = p2p_send(at, p->count, p->t, p->peer, i, q->head.comm, p->ctx, MODE_STANDARD, &p->under[i]);
    if (rc != MPI_SUCCESS)
        return rc;
    p->ready[i] = true;
    if (p->under[i])
        counter_add(&q->counter, p->under[i]);
    if (--p->left == 0 && counter_end(&q->counter))
        finish(q, MPI_SUCCESS);
    return MPI_SUCCESS;
}

/* Receives message i: to its place, or to the buffer. */
static int post_one(struct parts *p, struct comm *c, int i)
{
    MPI_Count from = i * p->bytes;
    if (p->temp)
        return p2p_recv(p->temp + from, p->bytes, &datatype_byte, p->peer, i, c, p->ctx, &p->under[i]);
    if (p->t->dense)
        return p2p_recv(p->buf + p->t->true_lb + from, p->bytes, &datatype_byte, p->peer, i, c, p->ctx, &p->under[i]);
    MPI_Count size = p->t->size > 0 ? p->t->size : 1;
    return p2p_recv(p->buf + from / size * p->t->extent, p->bytes / size, p->t, p->peer, i, c, p->ctx, &p->under[i]);
}

static void received(struct counter *c);

/* The receives of a start. One that cannot be posted is noted as the outcome of all. */
static void post_all(struct partitioned *q)
{
    struct parts *p = q->parts;
    int rc = MPI_SUCCESS;
    p->posted = true;
    counter_begin(&q->counter);
    for (int i = 0; i < p->messages && rc == MPI_SUCCESS; i++) {
        rc = post_one(p, q->head.comm, i);
        if (rc == MPI_SUCCESS)
            counter_add(&q->counter, p->under[i]);
    }
    q->head.error = rc;
    if (counter_end(&q->counter))
        finish(q, q->head.error);
}

static int disagree(const struct parts *p, const struct hello *h)
{
    error_detail_set(h->messages * h->bytes > bytes_of_all(p) ? MPI_ERR_TRUNCATE : MPI_ERR_COUNT,
                     "%lld partitions of %lld bytes are sent, and %lld bytes received", (long long)h->messages,
                     (long long)h->bytes, (long long)bytes_of_all(p));
    return h->messages * h->bytes > bytes_of_all(p) ? MPI_ERR_TRUNCATE : MPI_ERR_COUNT;
}

/* What another process says: sums of it must not overflow. */
static bool plausible(const struct hello *h)
{
    int64_t all;
    return h->messages >= 0 && h->messages <= INT_MAX && h->bytes >= 0 &&
           !__builtin_mul_overflow(h->messages, h->bytes, &all);
}

static int hello_read(struct parts *p, const struct hello *h)
{
    if (!plausible(h) || h->tag != p->tag) {
        error_detail_set(MPI_ERR_OTHER, "the partitioned send is not one of this library's, or has another tag");
        return MPI_ERR_OTHER;
    }
    if (h->messages * h->bytes != bytes_of_all(p))
        return disagree(p, h);
    bool split = !p->t->dense && p->t->size > 0 && h->bytes % p->t->size != 0;
    p->under = calloc((size_t)h->messages + 1, sizeof(struct request *));
    p->temp = split ? malloc((size_t)bytes_of_all(p)) : NULL;
    if (!p->under || (split && !p->temp)) {
        free(p->under);
        p->under = NULL;
        return MPI_ERR_NO_MEM;
    }
    p->ctx = h->ctx;
    p->messages = (int)h->messages;
    p->bytes = h->bytes;
    p->known = true;
    return MPI_SUCCESS;
}

/* The hello has come: what it says holds for all starts, and is told at each if it is wrong. */
static void hello_came(struct partitioned *q)
{
    struct parts *p = q->parts;
    const struct hello *h = p2p_request_of(p->said)->rbuf;
    int rc = p->said->error != MPI_SUCCESS ? p->said->error : hello_read(p, h);
    if (rc != MPI_SUCCESS) {
        request_complete(&q->head, rc);
        return;
    }
    hello_drop(p);
    post_all(q);
}

static void received(struct counter *c)
{
    struct partitioned *q = (struct partitioned *)((char *)c - offsetof(struct partitioned, counter));
    if (q->parts->posted)
        finish(q, q->head.error);
    else
        hello_came(q);
}

static int recv_start(struct request *r)
{
    struct partitioned *q = partitioned_of(r);
    struct parts *p = q->parts;
    p->posted = false;
    if (p->known) {
        post_all(q);
        return MPI_SUCCESS;
    }
    counter_begin(&q->counter);
    counter_add(&q->counter, p->said);
    if (counter_end(&q->counter))
        hello_came(q);
    return MPI_SUCCESS;
}

/* To or from nobody: complete as soon as it is started; and when all partitions are ready, if they are to be. */
static int nobody_start(struct request *r)
{
    struct partitioned *q = partitioned_of(r);
    return q->parts->sends ? send_start(r) : (request_complete(r, MPI_SUCCESS), MPI_SUCCESS);
}

static const struct request_ops send_ops = {
    .start = send_start, .release = release, .query = query, .describe = describe};
static const struct request_ops recv_ops = {
    .start = recv_start, .release = release, .query = query, .describe = describe};
static const struct request_ops nobody_ops = {
    .start = nobody_start, .release = release, .query = query, .describe = describe};

/* Is it the request of a partitioned operation? */
static bool is_partitioned(const struct request *r)
{
    return r->ops == &send_ops || r->ops == &recv_ops || r->ops == &nobody_ops;
}

static int wrong(int cls, const char *why)
{
    error_detail_set(cls, "%s", why);
    return cls;
}

static int check(const void *buf, int partitions, MPI_Count count, const struct datatype *t)
{
    MPI_Count all;
    if (partitions < 0)
        return wrong(MPI_ERR_ARG, "partitions is negative");
    if (__builtin_mul_overflow((MPI_Count)partitions, count, &all) || !datatype_count_ok(t, all))
        return wrong(MPI_ERR_COUNT, "so many elements in so many partitions are more than any memory holds");
    if (all > 0 && t->size > 0 && ((!buf && t->true_lb == 0) || buf == MPI_IN_PLACE))
        return wrong(MPI_ERR_BUFFER, "argument buf");
    return MPI_SUCCESS;
}

static struct parts *parts_new(const void *buf, int n, MPI_Count count, struct datatype *t, int peer, int tag)
{
    struct parts *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->buf = (char *)buf;
    p->n = n;
    p->count = count;
    p->t = datatype_ref(t);
    p->peer = peer;
    p->tag = tag;
    return p;
}

static int send_begin(struct parts *p, struct comm *c)
{
    p->sends = true;
    p->under = calloc((size_t)p->n + 1, sizeof(struct request *));
    p->ready = calloc((size_t)p->n + 1, sizeof *p->ready);
    p->messages = p->n;
    p->bytes = p->count * p->t->size;
    if (!p->under || !p->ready)
        return MPI_ERR_NO_MEM;
    if (p->peer == MPI_PROC_NULL)
        return MPI_SUCCESS;
    return (p->ctx = comm_ctx_new(c)) ? hello_send(p, c) : MPI_ERR_OTHER;
}

/* An inactive request over the parts, which it owns; they go if it fails. */
static int make(struct parts *p, struct comm *c, const struct request_ops *ops, MPI_Request *out)
{
    struct partitioned *q = partitioned_of(request_new(REQ_PARTITIONED, ops, c));
    if (!q) {
        parts_free(p);
        return MPI_ERR_NO_MEM;
    }
    q->parts = p;
    q->counter = (struct counter){.completed = p->sends ? sent : received, .request = &q->head};
    q->head.owns = q->head.persistent = true;
    q->head.active = false;
    *out = request_handle(&q->head);
    return MPI_SUCCESS;
}

int mpi_psend_init(const void *buf, int partitions, MPI_Count count, struct datatype *t, int dest, int tag,
                   struct comm *c, struct info *info, MPI_Request *out)
{
    int rc = check(buf, partitions, count, t);
    if (rc != MPI_SUCCESS)
        return rc;
    struct parts *p = parts_new(buf, partitions, count, t, dest, tag);
    rc = p ? send_begin(p, c) : MPI_ERR_NO_MEM;
    if (rc != MPI_SUCCESS) {
        parts_free(p);
        return rc;
    }
    return make(p, c, dest == MPI_PROC_NULL ? &nobody_ops : &send_ops, out);
}

int mpi_precv_init(void *buf, int partitions, MPI_Count count, struct datatype *t, int source, int tag, struct comm *c,
                   struct info *info, MPI_Request *out)
{
    int rc = check(buf, partitions, count, t);
    if (rc != MPI_SUCCESS)
        return rc;
    struct parts *p = parts_new(buf, partitions, count, t, source, tag);
    rc = !p ? MPI_ERR_NO_MEM : source == MPI_PROC_NULL ? MPI_SUCCESS : hello_receive(p, c);
    if (rc != MPI_SUCCESS) {
        parts_free(p);
        return rc;
    }
    return make(p, c, source == MPI_PROC_NULL ? &nobody_ops : &recv_ops, out);
}

/* May partition i be made ready? */
static int ready_check(const struct request *r, int i)
{
    if (!is_partitioned(r) || !partitioned_of(r)->parts->sends)
        return wrong(MPI_ERR_REQUEST, "it is not a partitioned send");
    if (!r->active || r->complete)
        return wrong(MPI_ERR_REQUEST, "the partitioned send is not started, or all its partitions are ready");
    const struct parts *p = partitioned_of(r)->parts;
    if (i < 0 || i >= p->n) {
        error_detail_set(MPI_ERR_ARG, "partition is %d, and there are %d", i, p->n);
        return MPI_ERR_ARG;
    }
    return p->ready[i] ? wrong(MPI_ERR_ARG, "the partition is ready already") : MPI_SUCCESS;
}

int mpi_pready(int partition, struct request *r)
{
    int rc = ready_check(r, partition);
    return rc == MPI_SUCCESS ? ready_one(partitioned_of(r), partition) : rc;
}

int mpi_pready_range(int low, int high, struct request *r)
{
    int rc = low > high ? wrong(MPI_ERR_ARG, "partition_low is above partition_high") : MPI_SUCCESS;
    for (int64_t i = low; i <= high && rc == MPI_SUCCESS; i++)
        rc = ready_check(r, (int)i);
    for (int64_t i = low; i <= high && rc == MPI_SUCCESS; i++)
        rc = ready_one(partitioned_of(r), (int)i);
    return rc;
}

int mpi_pready_list(int length, const int *partitions, struct request *r)
{
    int rc = length < 0 || (length > 0 && !partitions) ? MPI_ERR_ARG : MPI_SUCCESS;
    for (int i = 0; i < length && rc == MPI_SUCCESS; i++)
        rc = ready_check(r, partitions[i]);
    for (int i = 0; i < length && rc == MPI_SUCCESS; i++) {
        rc = ready_check(r, partitions[i]); /* once more: it may stand there twice */
        if (rc == MPI_SUCCESS)
            rc = ready_one(partitioned_of(r), partitions[i]);
    }
    return rc;
}

/* Has all come that partition j consists of? */
static bool has_come(struct parts *p, int j)
{
    MPI_Count own = p->count * p->t->size, from = j * own, to = from + own;
    int first = p->bytes > 0 ? (int)(from / p->bytes) : 0;
    int end = p->bytes > 0 ? (int)((to + p->bytes - 1) / p->bytes) : p->messages;
    for (int i = first; i < end; i++)
        if (p->under[i] && !p->under[i]->complete)
            return false;
    for (int i = first; p->temp && i < end; i++)
        if (p->under[i] && p->under[i]->error == MPI_SUCCESS)
            unpack(p, i);
    return true;
}

static bool arrived(const struct request *r, int partition)
{
    return !r->active || r->complete ||
           (partitioned_of(r)->parts->posted && has_come(partitioned_of(r)->parts, partition));
}

int mpi_parrived(struct request *r, int partition, int *flag)
{
    if (!is_partitioned(r) || partitioned_of(r)->parts->sends)
        return wrong(MPI_ERR_REQUEST, "it is not a partitioned receive");
    if (partition < 0 || partition >= partitioned_of(r)->parts->n) {
        error_detail_set(MPI_ERR_ARG, "partition is %d, and there are %d", partition, partitioned_of(r)->parts->n);
        return MPI_ERR_ARG;
    }
    *flag = arrived(r, partition);
    if (*flag)
        return MPI_SUCCESS;
    progress_poll();
    if ((*flag = arrived(r, partition)) != 0) {
        progress_hit();
    } else {
        progress_missed(r, NULL, NULL);
        lib_yield();
    }
    return MPI_SUCCESS;
}
