/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Values. A put stays here until it goes up with a barrier. A get that cannot be answered here goes up once, however
 * many ranks and children wait for that key, together with the others of one turn of the loop; the answer is kept.
 * Once somebody waits for a value until it is put, puts of that job go up at the end of the turn.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/fetch.h"

#include <stdlib.h>
#include <string.h>
#include "pmi-server/attr.h"
#include "pmi-server/links.h"
#include "pmi-server/mem.h"
#include "pmi-server/putters.h"

#define WIDE_MISSES 8  /* of one rank */
#define ABSENT_MAX 256 /* that are remembered; clients ask for a handful */

static int check_put(const char *name, struct bytes value, const char **why)
{
    if (!*name)
        return *why = "the key is empty", PMI2_ERROR_KEY;
    if (strlen(name) > PMI_NAME_MAX)
        return *why = "the key is longer than 511 bytes", PMI2_ERROR_KEY_LENGTH;
    if (value.len > PMI_BLOB_MAX)
        return *why = "the value is longer than 4 MiB", PMI2_ERROR_VALUE_LENGTH;
    if (pmi_key_reserved(bytes_of(name)))
        return *why = "keys that begin with PMI_ are reserved", PMI2_ERROR_KEY;
    return 0;
}

void pmi_puts_flush(struct pmi_server_job *j)
{
    if (!j->nputs)
        return;
    struct buf b = pmi_up_begin(j, PMI_CONTROL_PUTS);
    pmi_control_puts_put(&b, &(struct pmi_control_puts){list_of(j->nputs, &j->puts)});
    buf_fini(&j->puts);
    j->nputs = 0;
    pmi_up_send(j->server, &b);
}

static void values_send(struct pmi_server_job *j, uint32_t child)
{
    struct buf b;
    if (!pmi_prefetch_take(&j->prefetch[child], &j->seen, j->id, &b))
        return;
    pmi_quiet_sent(&j->quiets[child]);
    pmi_down_send(j->server, child, &b);
}

static void values_send_all(struct pmi_server_job *j)
{
    for (uint32_t i = 0; i < j->server->children; i++)
        values_send(j, i);
}

static void fail_absent(struct pmi_request *q)
{
    if (q->wait)
        pmi_answer_fail(q, PMI2_ERROR_OTHER, "no rank is left that could put the key %s", q->detail);
    else
        pmi_answer_fail(q, PMI2_ERROR_KEY, "no value for the key %s", q->detail);
}

/* value.data NULL: the key is absent. A NUL stands behind the value. */
static void deliver(struct pmi_server_job *j, struct pmi_pending *p, struct bytes value)
{
    struct pmi_request *q;
    while ((q = LIST_FIRST(&p->requests)))
        if (value.data)
            pmi_answer_value(q, value);
        else
            fail_absent(q);
    for (uint32_t i = 0; i < p->nchildren; i++) {
        struct pmi_prefetch *d = &j->prefetch[p->children[i]];
        if (value.data)
            pmi_prefetch_value(d, pmi_pending_key(p), value);
        else
            pmi_prefetch_absent(d, pmi_pending_mode(p), pmi_pending_key(p));
        if (pmi_prefetch_full(d))
            values_send(j, p->children[i]);
    }
    pmi_pending_del(&j->pending, p);
}

static void deliver_value(struct pmi_server_job *j, struct bytes key, struct bytes value)
{
    for (enum pmi_get_mode mode = 0; mode < PMI_GET_MODES; mode++) {
        struct pmi_pending *p = pmi_pending_find(j->pending, mode, key);
        if (p)
            deliver(j, p, value);
    }
}

static void put_up(struct pmi_server_job *j, struct bytes key, struct bytes value)
{
    pmi_control_pair_put(&j->puts, &(struct pmi_control_pair){key, value});
    pmi_mem_check(&j->puts);
    j->nputs++;
    if (j->puts.len > PMI_BATCH_MAX)
        pmi_puts_flush(j);
    pmi_putters_touch(j);
}

int pmi_put(struct pmi_client *c, uint32_t rank, const char *name, struct bytes value, const char **why)
{
    struct pmi_server_job *j = c->job;
    struct pmi_key k;
    int rc = check_put(name, value, why);
    if (rc)
        return rc;
    if (!pmi_client_may_store(c, strlen(name) + value.len))
        return *why = "this rank has put too many values", PMI2_ERROR_NOMEM;
    struct bytes key = pmi_key_make(&k, rank, name);
    j->stale |= pmi_kvs_put(&j->seen, key, value);
    if (j->nclients < j->size || j->eager)
        put_up(j, key, value); /* else nobody reads it elsewhere */
    if (j->pending) {
        deliver_value(j, key, pmi_kv_value(pmi_kvs_get(&j->seen, key)));
        values_send_all(j);
    }
    return 0;
}

static struct pmi_pending *pending_take(struct pmi_server_job *j, enum pmi_get_mode mode, struct bytes key)
{
    bool is_new;
    struct pmi_pending *p = pmi_pending_take(&j->pending, mode, key, &is_new);
    j->unsent |= is_new;
    if (is_new)
        pmi_server_wake(j->server);
    return p;
}

static enum pmi_get_mode get_mode(const struct pmi_request *q, struct bytes key)
{
    if (pmi_key_reserved(key))
        return PMI_GET_NOW;
    return q->wait ? PMI_GET_WAIT : q->of == q->client->job ? PMI_GET_NOW : PMI_GET_SETTLED;
}

void pmi_get_held(struct pmi_request *q)
{
    struct pmi_client *c = q->client;
    struct pmi_server_job *j = q->of;
    struct pmi_key k;
    q->blocks = false;
    if (pmi_attr_reserved(q))
        return;
    struct bytes key = pmi_key_make(&k, q->rank, q->detail);
    const struct pmi_kv *kv = pmi_kvs_get(&j->seen, key);
    if (kv) {
        pmi_answer_value(q, pmi_kv_value(kv));
    } else if (pmi_kvs_get(&j->absent, key)) {
        fail_absent(q);
    } else {
        enum pmi_get_mode mode = get_mode(q, key);
        j->wide |= ++c->misses >= WIDE_MISSES;
        q->blocks = mode == PMI_GET_WAIT;
        LIST_INSERT_HEAD(&pending_take(j, mode, key)->requests, q, parked);
    }
}

void pmi_get(struct pmi_request *q, const char *space, uint32_t rank, const char *name, bool wait)
{
    struct pmi_client *c = q->client;
    size_t len = strlen(name);
    if (!len || len > PMI_NAME_MAX) {
        pmi_answer_fail(q, PMI2_ERROR_KEY_LENGTH, "the key is %s", len ? "longer than 511 bytes" : "empty");
        return;
    }
    pmi_request_detail(q, name);
    q->rank = rank;
    q->wait = wait;
    q->of = space ? pmi_job_named(c->job->server, space) : c->job;
    if (!q->of) {
        pmi_answer_fail(q, PMI2_ERROR_INVALID_ARG, "no job is called %.100s", space);
    } else if (c->fences && q->of == c->job && q->verb == PMI_VERB_GET) {
        q->blocks = true;
        LIST_INSERT_HEAD(&c->held, q, parked);
    } else {
        pmi_get_held(q);
    }
}

/* Somebody waits for values of this job: what has been put and not yet sent goes up now. */
void pmi_fetch_eager(struct pmi_server_job *j)
{
    const struct pmi_kv *kv;
    struct pmi_kvs_walk walk = {0};
    if (j->eager)
        return;
    j->eager = true;
    while (j->nclients == j->size && (kv = pmi_kvs_next(&j->seen, &walk)))
        put_up(j, (struct bytes){kv->key, kv->klen}, pmi_kv_value(kv));
    for (uint32_t i = 0; i < j->server->children; i++) {
        struct buf b = pmi_message_begin(PMI_CONTROL_EAGER, j->id);
        pmi_down_send(j->server, i, &b);
    }
    pmi_putters_touch(j);
}

/* A process that serves no rank of a job does not hear when its values are replaced, and keeps none. */
static bool job_cached(const struct pmi_server_job *j)
{
    return j->nclients || j->below;
}

static uint32_t next_window(struct pmi_server_job *j)
{
    if (j->wide)
        j->window = j->window * 2 < PMI_WINDOW_MIN   ? PMI_WINDOW_MIN
                    : j->window * 2 > PMI_WINDOW_MAX ? PMI_WINDOW_MAX
                                                     : j->window * 2;
    uint32_t own = j->wide ? j->window : 0, window = own > j->child_window ? own : j->child_window;
    j->wide = false;
    j->child_window = 0;
    return job_cached(j) ? window : 0;
}

static void send_get(struct pmi_server_job *j, uint32_t window, struct buf *keys, uint32_t nkeys)
{
    struct buf b = pmi_up_begin(j, PMI_CONTROL_GET);
    pmi_control_get_put(&b, &(struct pmi_control_get){window, list_of(nkeys, keys)});
    pmi_mem_check(keys);
    buf_clear(keys);
    pmi_up_send(j->server, &b);
}

static void gets_flush(struct pmi_server_job *j)
{
    struct pmi_pending *p, *next;
    struct buf keys;
    uint32_t n = 0;
    if (!j->unsent)
        return;
    j->unsent = false;
    buf_init(&keys);
    HASH_ITER(hh, j->pending, p, next)
    {
        if (p->sent)
            continue;
        p->sent = true;
        pmi_control_pending_put(&keys, &(struct pmi_control_pending){(uint8_t)pmi_pending_mode(p), pmi_pending_key(p)});
        n++;
        if (keys.len > PMI_BATCH_MAX) {
            send_get(j, 0, &keys, n);
            n = 0;
        }
    }
    if (n)
        send_get(j, next_window(j), &keys, n);
    buf_fini(&keys);
}

void pmi_fetch_flush(struct pmi_server_job *j)
{
    if (j->eager)
        pmi_puts_flush(j);
    gets_flush(j);
}

static void child_get(struct pmi_server_job *j, uint32_t child, enum pmi_get_mode mode, struct bytes key)
{
    struct pmi_prefetch *d = &j->prefetch[child];
    const struct pmi_kv *kv = pmi_kvs_get(&j->seen, key);
    if (kv) {
        pmi_prefetch_value(d, key, pmi_kv_value(kv));
    } else if (pmi_kvs_get(&j->absent, key)) {
        pmi_prefetch_absent(d, mode, key);
    } else {
        j->child_window = d->credit > j->child_window ? d->credit : j->child_window;
        pmi_pending_add_child(pending_take(j, mode, key), child);
    }
    if (pmi_prefetch_full(d))
        values_send(j, child);
}

bool pmi_fetch_child_get(struct pmi_server_job *j, uint32_t child, struct rbuf *r)
{
    struct pmi_prefetch *d = &j->prefetch[child];
    struct pmi_control_get m;
    struct pmi_control_pending w;
    if (!pmi_control_get_get(r, &m))
        return false;
    d->credit = m.window < PMI_WINDOW_MAX ? m.window : PMI_WINDOW_MAX;
    struct rbuf gets = list_items(&m.gets);
    while (pmi_control_pending_next(&gets, &w))
        child_get(j, child, (enum pmi_get_mode)w.mode, w.key);
    values_send(j, child);
    return true;
}

static void take_absent(struct pmi_server_job *j, enum pmi_get_mode mode, struct bytes key)
{
    if (pmi_key_reserved(key) && HASH_COUNT(j->absent.all) < ABSENT_MAX)
        pmi_kvs_put(&j->absent, key, bytes_of(""));
    struct pmi_pending *p = pmi_pending_find(j->pending, mode, key);
    if (p)
        deliver(j, p, (struct bytes){0});
}

/* What is here already is as new, or newer: it was put by a rank of this node. */
static void take_value(struct pmi_server_job *j, struct bytes key, struct bytes value)
{
    const struct pmi_kv *kv = pmi_kvs_get(&j->seen, key);
    if (!kv && job_cached(j)) {
        pmi_kvs_put(&j->seen, key, value);
        kv = pmi_kvs_get(&j->seen, key);
    }
    char *copy = kv ? NULL : pmi_mem_bytes(value.data, value.len);
    deliver_value(j, key, kv ? pmi_kv_value(kv) : (struct bytes){copy, value.len});
    free(copy);
}

bool pmi_fetch_values(struct pmi_server_job *j, struct rbuf *r)
{
    struct pmi_control_values m;
    struct pmi_control_pending w;
    struct pmi_control_pair p;
    if (!pmi_control_values_get(r, &m))
        return false;
    j->received++;
    pmi_putters_touch(j);
    struct rbuf absent = list_items(&m.absent), values = list_items(&m.values);
    while (pmi_control_pending_next(&absent, &w))
        take_absent(j, (enum pmi_get_mode)w.mode, w.key);
    while (pmi_control_pair_next(&values, &p))
        take_value(j, p.key, p.value);
    values_send_all(j);
    return true;
}

void pmi_fetch_job_del(struct pmi_server_job *j)
{
    struct pmi_pending *p, *next;
    HASH_ITER(hh, j->pending, p, next)
    {
        while (!LIST_EMPTY(&p->requests)) /* of ranks of other jobs: this one's are gone */
            pmi_answer_fail(LIST_FIRST(&p->requests), PMI2_ERROR_OTHER, "the job has ended");
        pmi_pending_del(&j->pending, p);
    }
    for (uint32_t i = 0; i < j->server->children; i++)
        pmi_prefetch_fini(&j->prefetch[i]);
    free(j->prefetch);
    pmi_kvs_clear(&j->seen);
    pmi_kvs_clear(&j->absent);
    buf_fini(&j->puts);
}
