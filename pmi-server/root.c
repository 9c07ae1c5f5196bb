/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mpiexec's half: jobs with their key-values, and what comes up from the proxies. Barriers are in root_barrier.c, what
 * is asked by REQUEST in root_request.c.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "pmi-server/mem.h"

struct pmi_root *pmi_root_create(const struct pmi_root_ops *ops, void *ctx, uint32_t children)
{
    struct pmi_root *r = pmi_mem_zero(1, sizeof *r);
    r->ops = ops;
    r->ctx = ctx;
    r->children = children;
    return r;
}

void pmi_root_destroy(struct pmi_root *r)
{
    if (!r)
        return;
    while (r->jobs)
        pmi_root_job_del(r, r->jobs->id);
    pmi_root_requests_clear(r);
    free(r);
}

struct pmi_root_space *pmi_root_find(const struct pmi_root *r, uint32_t job)
{
    struct pmi_root_space *j;
    HASH_FIND(hh, r->jobs, &job, sizeof job, j);
    return j;
}

static void grow_readers(struct pmi_root_space *j, uint32_t from, uint32_t to)
{
    j->readers = pmi_mem_grow(j->readers, to, sizeof *j->readers);
    if (to > from)
        memset(j->readers + from, 0, (to - from) * sizeof *j->readers);
}

void pmi_root_children(struct pmi_root *r, uint32_t children)
{
    struct pmi_root_space *j, *next;
    if (children <= r->children)
        return;
    HASH_ITER(hh, r->jobs, j, next)
    {
        grow_readers(j, r->children, children);
        pmi_gathers_grow(&j->gathers, children);
    }
    r->children = children;
}

int pmi_root_job_add(struct pmi_root *r, const struct pmi_root_job *job)
{
    if (pmi_root_find(r, job->id) || strlen(job->kvsname) >= PMI_KVSNAME_MAX)
        return -1;
    struct pmi_root_space *j = pmi_mem_zero(1, sizeof *j);
    j->root = r;
    j->id = job->id;
    j->size = job->size;
    grow_readers(j, 0, r->children);
    HASH_ADD(hh, r->jobs, id, sizeof j->id, j);
    if (job->spawn)
        pmi_root_preput(j, job->spawn);
    return 0;
}

void pmi_root_job_del(struct pmi_root *r, uint32_t job)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    if (!j)
        return;
    pmi_root_requests_job_del(r, job);
    for (uint32_t i = 0; i < r->children; i++)
        pmi_reader_fini(&j->readers[i]);
    free(j->readers);
    pmi_kvs_clear(&j->store);
    pmi_gathers_clear(&j->gathers);
    buf_fini(&j->dead);
    free(j->gone);
    HASH_DEL(r->jobs, j);
    free(j);
}

int pmi_root_put(struct pmi_root *r, uint32_t job, const char *key, const char *value)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    if (!j || !*key || strlen(key) > PMI_KEY_MAX || strlen(value) > PMI_VALUE_MAX)
        return -1;
    pmi_kvs_put(&j->store, pmi_str(key), pmi_str(value));
    return 0;
}

void pmi_root_dead(struct pmi_root *r, uint32_t job, uint32_t rank)
{
    struct pmi_root_space *j = pmi_root_find(r, job);
    char one[16];
    if (!j)
        return;
    int n = snprintf(one, sizeof one, j->dead.len ? ",%u" : "%u", rank);
    if (j->dead.len + (size_t)n >= PMI_VALUE_MAX)
        return; /* what clients can take is full; the first to die are named */
    buf_put(&j->dead, one, (size_t)n);
    pmi_mem_check(&j->dead);
}

bool pmi_root_take_puts(struct pmi_root_space *j, struct rbuf *r)
{
    struct bytes key, value;
    for (uint32_t n = rbuf_count(r, PMI_KVS_PAIR_MIN); n > 0; n--) {
        if (!pmi_kvs_pair_get(r, &key, &value))
            return false;
        if (pmi_kvs_put(&j->store, key, value))
            j->stale = true;
    }
    return rbuf_done(r);
}

static void reader_send(struct pmi_root_space *j, uint32_t child)
{
    struct buf b;
    if (pmi_reader_take(&j->readers[child], &j->store, j->id, &b))
        pmi_root_send(j->root, child, &b);
}

void pmi_root_send(struct pmi_root *r, uint32_t child, struct buf *b)
{
    pmi_mem_check(b);
    r->ops->down(r->ctx, child, b->data, b->len);
    buf_fini(b);
}

static bool take_get(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    struct pmi_reader *d = &j->readers[child];
    uint32_t window = rbuf_u32(r);
    d->credit = window < PMI_WINDOW_MAX ? window : PMI_WINDOW_MAX;
    for (uint32_t n = rbuf_count(r, 4); n > 0; n--) {
        struct bytes key = rbuf_bytes(r, PMI_KEY_MAX);
        if (!rbuf_ok(r) || !key.len)
            return false;
        const struct pmi_kv *kv = pmi_kvs_get(&j->store, key);
        if (kv)
            pmi_reader_value(d, kv);
        else
            pmi_reader_absent(d, key);
        if (pmi_reader_full(d))
            reader_send(j, child);
    }
    reader_send(j, child);
    return rbuf_done(r);
}

static bool take_puts(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    return pmi_root_take_puts(j, r);
}

static bool take_stuck(struct pmi_root_space *j, uint32_t child, struct rbuf *r)
{
    uint32_t rank = rbuf_u32(r);
    struct bytes why = rbuf_bytes(r, PMI_VALUE_MAX);
    if (!rbuf_done(r))
        return false;
    char *text = pmi_mem_bytes(why.data, why.len);
    pmi_root_stuck(j, rank, text);
    free(text);
    return true;
}

/* Once a job: the first cause is the one to be told. */
void pmi_root_stuck(struct pmi_root_space *j, uint32_t rank, const char *why)
{
    if (!j->stuck)
        j->root->ops->stuck(j->root->ctx, j->id, rank, why);
    j->stuck = true;
}

int pmi_root_up(struct pmi_root *r, uint32_t child, const void *p, size_t n)
{
    static bool (*const handlers[PMI_CONTROL_END])(struct pmi_root_space *, uint32_t, struct rbuf *) = {
        [PMI_CONTROL_PUTS] = take_puts,   [PMI_CONTROL_BARRIER] = pmi_root_barrier_up,
        [PMI_CONTROL_GET] = take_get,     [PMI_CONTROL_REQUEST] = pmi_root_request_up,
        [PMI_CONTROL_STUCK] = take_stuck,
    };
    struct rbuf in;
    rbuf_init(&in, p, n);
    uint8_t type = rbuf_u8(&in);
    uint32_t job = rbuf_u32(&in);
    if (!rbuf_ok(&in) || child >= r->children || type >= PMI_CONTROL_END || !handlers[type])
        return -1;
    struct pmi_root_space *j = pmi_root_find(r, job);
    if (!j)
        return 0; /* it has just ended */
    return handlers[type](j, child, &in) ? 0 : -1;
}
