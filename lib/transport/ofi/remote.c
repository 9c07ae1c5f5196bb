/* SPDX-License-Identifier: BSD-3-Clause
 *
 * remote: reads of another process's memory, in parts as long as the provider's messages may be. */
#include "lib/transport/ofi/remote.h"
#include <stdlib.h>
#include <string.h>

enum { UNDER_WAY = 64 };

struct key {
    uint64_t at, key, bytes; /* at: as the provider names the memory */
    uint32_t access, unused;
};
static_assert(sizeof(struct key) == OFI_KEY, "a key");

struct read {
    struct ofi_op op; /* first */
    struct channel *from;
    struct completion *done; /* NULL: it has been called */
    struct fid_mr *mr;       /* of the memory here; NULL: none is needed */
    char *to;
    uint64_t at, key;
    size_t part, left;      /* bytes that are under way, and those behind them */
    bool waits;             /* for libfabric to take the next part */
    TAILQ_ENTRY(read) next; /* in reads */
};
static TAILQ_HEAD(, read) reads = TAILQ_HEAD_INITIALIZER(reads);
static int count, waiting;

bool remote_register(void *base, size_t n, unsigned access, void *key, void **handle)
{
    struct fid_mr *mr;
    if (!ofi_endpoint.remote || access != MEM_GET || ofi_register(base, n, FI_REMOTE_READ, &mr) != 0)
        return false;
    bool addressed = ofi_endpoint.info->domain_attr->mr_mode & FI_MR_VIRT_ADDR;
    struct key k = {.at = addressed ? (uintptr_t)base : 0, .key = fi_mr_key(mr), .bytes = n, .access = access};
    if (k.key == FI_KEY_NOTAVAIL) {
        fi_close(&mr->fid);
        return false;
    }
    memcpy(key, &k, sizeof k);
    *handle = mr;
    return true;
}

void remote_deregister(void *handle)
{
    struct fid_mr *mr = handle;
    fi_close(&mr->fid);
}

static void read_unregister(struct read *r)
{
    if (r->mr)
        fi_close(&r->mr->fid);
    r->mr = NULL;
}

static void read_free(struct read *r)
{
    read_unregister(r);
    waiting -= r->waits;
    TAILQ_REMOVE(&reads, r, next);
    count--;
    free(r);
}

/* Asks for the next part; 0, or a negative error. */
static ssize_t part_begin(struct read *r)
{
    size_t most = ofi_endpoint.info->ep_attr->max_msg_size;
    size_t n = r->left < most ? r->left : most;
    ssize_t rc = fi_read(ofi_endpoint.ep, r->to, n, ofi_descriptor(r->mr), r->from->to, r->at, r->key, &r->op.context);
    waiting += (rc == -FI_EAGAIN) - r->waits;
    r->waits = rc == -FI_EAGAIN;
    if (rc != 0)
        return rc;
    r->part = n;
    r->left -= n;
    r->to += n;
    r->at += n;
    return 0;
}

static void over(struct read *r, enum remote_state how)
{
    struct completion *done = r->done;
    read_free(r);
    if (done)
        done->done(done, how);
}

static struct read *read_new(struct channel *c, const struct iovec *to, const struct key *k, uint64_t offset, size_t n,
                             struct completion *done)
{
    struct read *r = count < UNDER_WAY ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return NULL;
    if (ofi_registers_own() && ofi_register(to->iov_base, n, FI_READ, &r->mr) != 0) {
        free(r);
        return NULL;
    }
    r->op.kind = OFI_REMOTE;
    r->from = c;
    r->done = done;
    r->to = to->iov_base;
    r->at = k->at + offset;
    r->key = k->key;
    r->left = n;
    TAILQ_INSERT_TAIL(&reads, r, next);
    count++;
    return r;
}

enum remote_state remote_get(struct channel *c, const struct iovec *to, struct remote from, size_t n,
                             struct completion *done)
{
    struct key k;
    if (from.key_bytes != sizeof k)
        return REMOTE_FAULT;
    memcpy(&k, from.key, sizeof k);
    if (!(k.access & MEM_GET) || from.offset > k.bytes || n > k.bytes - from.offset)
        return REMOTE_FAULT;
    if (!ofi_endpoint.remote)
        return REMOTE_NEVER;
    if (c->lost || c->broken)
        return REMOTE_PEER_FAILED;
    struct read *r = c->to != FI_ADDR_NOTAVAIL ? read_new(c, to, &k, from.offset, n, done) : NULL;
    if (!r)
        return REMOTE_BUSY;
    ssize_t rc = part_begin(r);
    if (rc != 0)
        read_free(r);
    return rc == 0 ? REMOTE_STARTED : rc == -FI_EAGAIN ? REMOTE_BUSY : REMOTE_FAULT;
}

/* That a peer has died, others find out: what cannot be read may still come in packets. */
static void step(struct read *r, ssize_t rc)
{
    if (rc == 0 && r->left > 0 && r->done)
        rc = part_begin(r);
    else if (rc == 0)
        over(r, REMOTE_DONE);
    if (rc != 0 && rc != -FI_EAGAIN)
        over(r, REMOTE_FAULT);
}

void remote_event(struct ofi_op *op, int rc)
{
    step((struct read *)op, rc);
}

int remote_retry(void)
{
    struct read *r, *next;
    int n = 0;
    for (r = TAILQ_FIRST(&reads); r && waiting > 0; r = next) {
        next = TAILQ_NEXT(r, next);
        if (!r->waits)
            continue;
        ssize_t rc = part_begin(r);
        n += rc != -FI_EAGAIN;
        if (rc != 0 && rc != -FI_EAGAIN)
            over(r, REMOTE_FAULT);
    }
    return n;
}

uint64_t remote_in_flight(const struct channel *c)
{
    const struct read *r;
    uint64_t n = 0;
    TAILQ_FOREACH(r, &reads, next)
    n += r->from == c ? r->part + r->left : 0;
    return n;
}

bool remote_waits(void)
{
    return waiting > 0;
}

/* What is under way stays until libfabric lets go of it; no NIC may write to memory that is not registered any more. */
void remote_disconnect(struct channel *c)
{
    struct read *r, *next;
    for (r = TAILQ_FIRST(&reads); r; r = next) {
        next = TAILQ_NEXT(r, next);
        struct completion *done = r->done;
        if (r->from != c || !done)
            continue;
        r->done = NULL;
        read_unregister(r);
        if (r->waits)
            read_free(r);
        done->done(done, REMOTE_PEER_FAILED);
    }
}

void remote_unregister(void)
{
    struct read *r;
    TAILQ_FOREACH(r, &reads, next)
    read_unregister(r);
}

void remote_free(void)
{
    struct read *r;
    while ((r = TAILQ_FIRST(&reads)) != NULL)
        read_free(r);
}
