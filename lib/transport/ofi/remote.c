/* SPDX-License-Identifier: BSD-3-Clause
 *
 * remote: reads of another process's memory and writes to it, in parts as long as the provider's messages may be. A
 * write is over when it is there, so that a flush has only to wait for those. */
#include "lib/transport/ofi/remote.h"
#include <stdlib.h>
#include <string.h>

enum { UNDER_WAY = 64 };

struct key {
    uint64_t at, key, bytes; /* at: as the provider names the memory */
    uint32_t access, unused;
};
static_assert(sizeof(struct key) == OFI_KEY, "a key");

struct transfer {
    struct ofi_op op; /* first */
    struct channel *with;
    struct completion *done; /* NULL: it has been called */
    struct fid_mr *mr;       /* of the memory here; NULL: none is needed */
    char *here;
    uint64_t at, key;
    bool writes;
    size_t part, left;          /* bytes that are under way, and those behind them */
    bool waits;                 /* for libfabric to take the next part */
    TAILQ_ENTRY(transfer) next; /* in transfers */
};
static TAILQ_HEAD(, transfer) transfers = TAILQ_HEAD_INITIALIZER(transfers);
static int count, waiting;

bool remote_register(void *base, size_t n, unsigned access, void *key, void **handle)
{
    struct fid_mr *mr;
    uint64_t allowed = (access & MEM_GET ? FI_REMOTE_READ : 0) | (access & MEM_PUT ? FI_REMOTE_WRITE : 0);
    if (!ofi_endpoint.remote || allowed == 0 || ofi_register(base, n, allowed, &mr) != 0)
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

static void transfer_unregister(struct transfer *r)
{
    if (r->mr)
        fi_close(&r->mr->fid);
    r->mr = NULL;
}

static void transfer_free(struct transfer *r)
{
    transfer_unregister(r);
    waiting -= r->waits;
    r->with->writes -= r->writes;
    TAILQ_REMOVE(&transfers, r, next);
    count--;
    free(r);
}

static ssize_t part_write(struct transfer *r, size_t n)
{
    struct iovec v = {r->here, n};
    struct fi_rma_iov there = {r->at, n, r->key};
    void *descriptor = ofi_descriptor(r->mr);
    struct fi_msg_rma m = {.msg_iov = &v,
                           .desc = &descriptor,
                           .iov_count = 1,
                           .addr = r->with->to,
                           .rma_iov = &there,
                           .rma_iov_count = 1,
                           .context = &r->op.context};
    return fi_writemsg(ofi_endpoint.ep, &m, FI_COMPLETION | FI_DELIVERY_COMPLETE);
}

/* Asks for the next part; 0, or a negative error. */
static ssize_t part_begin(struct transfer *r)
{
    size_t most = ofi_endpoint.info->ep_attr->max_msg_size;
    size_t n = r->left < most ? r->left : most;
    ssize_t rc = r->writes ? part_write(r, n)
                           : fi_read(ofi_endpoint.ep, r->here, n, ofi_descriptor(r->mr), r->with->to, r->at, r->key,
                                     &r->op.context);
    waiting += (rc == -FI_EAGAIN) - r->waits;
    r->waits = rc == -FI_EAGAIN;
    if (rc != 0)
        return rc;
    r->part = n;
    r->left -= n;
    r->here += n;
    r->at += n;
    return 0;
}

static void over(struct transfer *r, enum remote_state how)
{
    struct completion *done = r->done;
    transfer_free(r);
    if (done)
        done->done(done, how);
}

static struct transfer *transfer_new(struct channel *c, const struct iovec *here, bool writes, size_t n,
                                     struct completion *done)
{
    struct transfer *r = count < UNDER_WAY ? calloc(1, sizeof *r) : NULL;
    if (!r)
        return NULL;
    if (ofi_registers_own() && ofi_register(here->iov_base, n, writes ? FI_WRITE : FI_READ, &r->mr) != 0) {
        free(r);
        return NULL;
    }
    r->op.kind = OFI_REMOTE;
    r->with = c;
    r->done = done;
    r->here = here->iov_base;
    r->writes = writes;
    r->left = n;
    TAILQ_INSERT_TAIL(&transfers, r, next);
    c->writes += writes;
    count++;
    return r;
}

/* REMOTE_DONE: the key allows it. */
static enum remote_state key_check(struct remote there, size_t n, unsigned access, struct key *k)
{
    if (there.key_bytes != sizeof *k)
        return REMOTE_FAULT;
    memcpy(k, there.key, sizeof *k);
    bool allowed = k->access & access && there.offset <= k->bytes && n <= k->bytes - there.offset;
    return allowed ? REMOTE_DONE : REMOTE_FAULT;
}

static enum remote_state transfer_begin(struct channel *c, const struct iovec *here, struct remote there, size_t n,
                                        bool writes, struct completion *done)
{
    struct key k;
    enum remote_state s = key_check(there, n, writes ? MEM_PUT : MEM_GET, &k);
    if (s != REMOTE_DONE)
        return s;
    if (!ofi_endpoint.remote)
        return REMOTE_NEVER;
    if (c->lost || c->broken)
        return REMOTE_PEER_FAILED;
    if (n == 0)
        return REMOTE_DONE;
    struct transfer *r = c->to != FI_ADDR_NOTAVAIL ? transfer_new(c, here, writes, n, done) : NULL;
    if (!r)
        return REMOTE_BUSY;
    r->at = k.at + there.offset;
    r->key = k.key;
    ssize_t rc = part_begin(r);
    if (rc != 0)
        transfer_free(r);
    return rc == 0 ? REMOTE_STARTED : rc == -FI_EAGAIN ? REMOTE_BUSY : REMOTE_FAULT;
}

enum remote_state remote_get(struct channel *c, const struct iovec *to, struct remote from, size_t n,
                             struct completion *done)
{
    return transfer_begin(c, to, from, n, false, done);
}

enum remote_state remote_put(struct channel *c, const struct iovec *from, struct remote to, size_t n,
                             struct completion *done)
{
    return transfer_begin(c, from, to, n, true, done);
}

enum remote_state remote_atomic(struct remote at, size_t n)
{
    struct key k;
    enum remote_state s = key_check(at, n, MEM_ATOMIC, &k);
    return s == REMOTE_DONE ? REMOTE_NEVER : s;
}

enum remote_state remote_flush(const struct channel *c)
{
    return c->lost || c->broken ? REMOTE_PEER_FAILED : c->writes > 0 ? REMOTE_BUSY : REMOTE_DONE;
}

/* That a peer has died, others find out: what cannot be read may still come in packets. */
static void step(struct transfer *r, ssize_t rc)
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
    step((struct transfer *)op, rc);
}

int remote_retry(void)
{
    struct transfer *r, *next;
    int n = 0;
    for (r = TAILQ_FIRST(&transfers); r && waiting > 0; r = next) {
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

uint64_t remote_in_flight(const struct channel *c, bool writes)
{
    const struct transfer *r;
    uint64_t n = 0;
    TAILQ_FOREACH(r, &transfers, next)
    n += r->with == c && r->writes == writes ? r->part + r->left : 0;
    return n;
}

bool remote_waits(void)
{
    return waiting > 0;
}

/* What is under way stays until libfabric lets go of it; no NIC may write to memory that is not registered any more. */
void remote_disconnect(struct channel *c)
{
    struct transfer *r, *next;
    for (r = TAILQ_FIRST(&transfers); r; r = next) {
        next = TAILQ_NEXT(r, next);
        struct completion *done = r->done;
        if (r->with != c || !done)
            continue;
        r->done = NULL;
        transfer_unregister(r);
        if (r->waits)
            transfer_free(r);
        done->done(done, REMOTE_PEER_FAILED);
    }
}

void remote_unregister(void)
{
    struct transfer *r;
    TAILQ_FOREACH(r, &transfers, next)
    transfer_unregister(r);
}

void remote_free(void)
{
    struct transfer *r;
    while ((r = TAILQ_FIRST(&transfers)) != NULL)
        transfer_free(r);
}
