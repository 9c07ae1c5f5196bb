/* SPDX-License-Identifier: BSD-3-Clause
 *
 * bsend: buffered sends, and the buffers that are attached for them. */
#include "lib/p2p/bsend.h"
#include <stdlib.h>
#include "lib/bindings/impl.h"
#include "lib/object/session.h"
#include "lib/p2p/p2p_request.h"

struct buffer {
    void *at; /* NULL: none attached */
    MPI_Count size, used;
    struct flush *flushes; /* nonblocking ones under way */
};

struct flush {
    struct request head;
    struct flush *next;
};
REQUEST_FITS(struct flush);
static struct buffer global;

/* A copy under way. */
struct copy {
    struct buffer *buffer;
    MPI_Count charge;
    char bytes[];
};

static void flushed(struct buffer *b)
{
    while (b->used == 0 && b->flushes) {
        struct flush *f = b->flushes;
        b->flushes = f->next;
        request_complete(&f->head, MPI_SUCCESS);
    }
}

static int copy_release(struct request *r)
{
    struct copy *k = p2p_request_of(r)->extra;
    k->buffer->used -= k->charge;
    flushed(k->buffer);
    free(k);
    return MPI_SUCCESS;
}

static const struct request_ops copy_ops = {.release = copy_release, .describe = p2p_request_describe};

static bool is_attached(const struct buffer *b)
{
    return b && b->at;
}

/* A communicator's own comes first, then its session's; without a session, the one of MPI_Buffer_attach. */
static struct buffer *buffer_of(struct comm *c)
{
    struct session *s = session_find(c->session);
    if (is_attached(c->buffer))
        return c->buffer;
    return s && is_attached(s->buffer) ? s->buffer : &global;
}

static bool has_room(const struct buffer *b, MPI_Count charge)
{
    return b->at && (b->at == MPI_BUFFER_AUTOMATIC || charge <= b->size - b->used);
}

/* The buffer that a send on c takes so much of; NULL: it is full. Messages that have been received since progress was
 * last made are out of it, so that a program which knows of that finds their room. */
static struct buffer *room_of(struct comm *c, MPI_Count charge)
{
    enum { POLLS = 1000 };
    struct buffer *b = buffer_of(c);
    for (int i = 0; i < POLLS && b->used > 0 && !has_room(b, charge) && progress_poll(); i++)
        b = buffer_of(c);
    return has_room(b, charge) ? b : NULL;
}

int bsend(const void *buf, MPI_Count count, struct datatype *t, int dest, int tag, struct comm *c)
{
    MPI_Count n = count * t->size, charge = n + MPI_BSEND_OVERHEAD;
    struct request *r;
    if (dest == MPI_PROC_NULL)
        return MPI_SUCCESS;
    struct buffer *b = room_of(c, charge);
    if (!b)
        return MPI_ERR_BUFFER;
    struct copy *k = malloc(sizeof *k + (size_t)n);
    if (!k)
        return MPI_ERR_NO_MEM;
    k->buffer = b;
    k->charge = charge;
    datatype_pack(t, buf, count, 0, k->bytes, (size_t)n);
    int rc = p2p_send(k->bytes, n, &datatype_packed, dest, tag, c, c->ctx, MODE_STANDARD, &r);
    if (!r) {
        free(k);
        return rc;
    }
    b->used += charge;
    p2p_request_of(r)->extra = k;
    p2p_let_go(r, &copy_ops);
    return MPI_SUCCESS;
}

static int attach(struct buffer *b, void *at, MPI_Count size)
{
    if (b->at || !at)
        return MPI_ERR_BUFFER;
    *b = (struct buffer){.at = at, .size = size};
    return MPI_SUCCESS;
}

static void flush(struct buffer *b)
{
    struct waiter w = {0};
    while (b->used > 0)
        progress_wait(&w, NULL);
}

static int detach(struct buffer *b, void *addr, MPI_Count *size)
{
    if (!addr)
        return MPI_ERR_ARG;
    flush(b);
    *(void **)addr = b->at;
    *size = b->size;
    *b = (struct buffer){0};
    return MPI_SUCCESS;
}

int mpi_buffer_attach(void *buffer, MPI_Count size)
{
    return attach(&global, buffer, size);
}

int mpi_buffer_detach(void *addr, MPI_Count *size)
{
    return detach(&global, addr, size);
}

int mpi_buffer_flush(void)
{
    flush(&global);
    return MPI_SUCCESS;
}

/* Of a communicator or session: made when first attached to. */
static int own_attach(void **own, void *buffer, MPI_Count size)
{
    if (!*own && !(*own = calloc(1, sizeof(struct buffer))))
        return MPI_ERR_NO_MEM;
    return attach(*own, buffer, size);
}

static int own_detach(struct buffer *own, void *addr, MPI_Count *size)
{
    struct buffer none = {0};
    return detach(own ? own : &none, addr, size);
}

static int own_flush(struct buffer *own)
{
    if (own)
        flush(own);
    return MPI_SUCCESS;
}

int mpi_comm_attach_buffer(struct comm *c, void *buffer, MPI_Count size)
{
    return own_attach(&c->buffer, buffer, size);
}

int mpi_comm_detach_buffer(struct comm *c, void *addr, MPI_Count *size)
{
    return own_detach(c->buffer, addr, size);
}

int mpi_comm_flush_buffer(struct comm *c)
{
    return own_flush(c->buffer);
}

int mpi_session_attach_buffer(struct session *s, void *buffer, MPI_Count size)
{
    return own_attach(&s->buffer, buffer, size);
}

int mpi_session_detach_buffer(struct session *s, void *addr, MPI_Count *size)
{
    return own_detach(s->buffer, addr, size);
}

int mpi_session_flush_buffer(struct session *s)
{
    return own_flush(s->buffer);
}

/* Complete when all that has been put into the buffer so far, and since, has been delivered. */
static int iflush(struct buffer *b, struct comm *c, MPI_Request *request)
{
    static const struct request_ops ops;
    struct request *r = request_new(REQ_FLUSH, &ops, c);
    if (!r)
        return MPI_ERR_NO_MEM;
    struct flush *f = (struct flush *)r;
    if (b && b->used > 0) {
        f->next = b->flushes;
        b->flushes = f;
    } else {
        r->complete = true;
    }
    *request = request_handle(r);
    return MPI_SUCCESS;
}

int mpi_buffer_iflush(MPI_Request *request)
{
    return iflush(&global, NULL, request);
}

int mpi_comm_iflush_buffer(struct comm *c, MPI_Request *request)
{
    return iflush(c->buffer, c, request);
}

int mpi_session_iflush_buffer(struct session *s, MPI_Request *request)
{
    return iflush(s->buffer, NULL, request);
}
