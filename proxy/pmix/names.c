/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A call concerns several keys; each is a request of the engine, and the call is answered when all of them are. A value
 * that is a text is kept as it is, and so read by PMI-1 and PMI-2; others are kept packed, behind a NUL. A name whose
 * range is less than all jobs of this mpiexec gets the range as its beginning. Where no range is told, all jobs of the
 * user find it, as with the other ways of PMI.
 */
#include "proxy/pmix/names.h"

#include "common/xalloc.h"
#include "pmi-server/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct names_call;

/* One key. */
struct name {
    struct names_call *call;
    char *key;
    char *full;         /* with its range */
    struct bytes value; /* of publish, owned; of a lookup, what was found */
    bool found;
    struct pmi_request *request; /* NULL: it is over */
};

struct names_call {
    struct handover_task task;
    enum pmi_verb verb;
    pmix_proc_t proc;
    struct name *v;
    size_t n;
    size_t left; /* requests that are not answered */
    long range;  /* -1: not told */
    bool inside; /* it is for the jobs of this mpiexec */
    enum pmi_name_life life;
    bool wait;
    long timeout; /* s; 0: none */
    struct event *timer;
    pmix_status_t status;
    bool answered;
    pmix_op_cbfunc_t done;
    pmix_lookup_cbfunc_t found;
    void *arg;
};

/* --- values */

static struct bytes bytes_copy(const char *p, size_t n)
{
    char *copy = xmalloc(n + 1);
    if (n)
        memcpy(copy, p, n);
    copy[n] = '\0';
    return (struct bytes){copy, n};
}

/* Called in the library's thread too: it touches nothing of ours. */
static struct bytes pack_value(const pmix_value_t *v)
{
    pmix_data_buffer_t b;
    if (v->type == PMIX_STRING && v->data.string)
        return bytes_copy(v->data.string, strlen(v->data.string));
    memset(&b, 0, sizeof b);
    if (pmix_server()->lib->PMIx_Data_pack(NULL, &b, (void *)v, 1, PMIX_VALUE) != PMIX_SUCCESS)
        return (struct bytes){NULL, 0};
    char *packed = xmalloc(b.bytes_used + 1);
    packed[0] = '\0';
    memcpy(packed + 1, b.base_ptr, b.bytes_used);
    struct bytes result = {packed, b.bytes_used + 1};
    free(b.base_ptr);
    return result;
}

static bool unpack_value(pmix_value_t *v, struct bytes from)
{
    pmix_data_buffer_t b;
    int32_t one = 1;
    memset(v, 0, sizeof *v);
    if (!from.len || from.data[0]) {
        v->type = PMIX_STRING;
        v->data.string = xstrndup(from.len ? from.data : "", from.len);
        return true;
    }
    memset(&b, 0, sizeof b);
    b.base_ptr = b.unpack_ptr = (char *)from.data + 1;
    b.pack_ptr = b.base_ptr + from.len - 1;
    b.bytes_allocated = b.bytes_used = from.len - 1;
    return pmix_server()->lib->PMIx_Data_unpack(NULL, &b, v, &one, PMIX_VALUE) == PMIX_SUCCESS;
}

/* --- the life of a call */

static char *full_name(const struct names_call *c, const char *key)
{
    switch (c->range) {
    case PMIX_RANGE_LOCAL:
        return xasprintf("pmix-node-%u:%s", proxy_node(pmix_server()->proxy), key);
    case PMIX_RANGE_NAMESPACE:
        return xasprintf("pmix-job-%s:%s", c->proc.nspace, key);
    case PMIX_RANGE_PROC_LOCAL:
        return xasprintf("pmix-rank-%s-%u:%s", c->proc.nspace, c->proc.rank, key);
    default:
        return xstrdup(key);
    }
}

static void call_free(struct names_call *c)
{
    for (size_t i = 0; i < c->n; i++) {
        free(c->v[i].key);
        free(c->v[i].full);
        free((void *)c->v[i].value.data);
    }
    free(c->v);
    if (c->timer)
        event_free(c->timer);
    free(c);
}

static void answer_lookup(struct names_call *c)
{
    pmix_pdata_t *data = xcalloc(c->n ? c->n : 1, sizeof *data);
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        if (!c->v[i].found || !unpack_value(&data[n].value, c->v[i].value))
            continue;
        snprintf(data[n].key, sizeof data[n].key, "%s", c->v[i].key);
        proc_set(&data[n++].proc, c->proc.nspace, PMIX_RANK_UNDEF);
    }
    pmix_status_t status = c->status != PMIX_SUCCESS ? c->status
                           : n == c->n               ? PMIX_SUCCESS
                           : n == 0                  ? PMIX_ERR_NOT_FOUND
                                                     : PMIX_ERR_PARTIAL_SUCCESS;
    c->found(status, data, n, c->arg);
    for (size_t i = 0; i < n; i++)
        pmix_server()->lib->PMIx_Value_destruct(&data[i].value);
    free(data);
}

static void call_answer(struct names_call *c)
{
    if (c->answered)
        return;
    c->answered = true;
    if (c->found)
        answer_lookup(c);
    else
        c->done(c->status, c->arg);
}

static void one_left(struct names_call *c)
{
    if (--c->left > 0)
        return;
    call_answer(c);
    call_free(c);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
    struct names_call *c = arg;
    c->status = PMIX_ERR_TIMEOUT;
    call_answer(c);
    c->left++; /* it stays until all are over */
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].request)
            pmi_request_free(c->v[i].request);
    one_left(c);
}

static pmix_status_t status_of(const struct names_call *c, int rc)
{
    return c->verb == PMI_VERB_PUBLISH ? PMIX_ERR_DUPLICATE_KEY
           : rc == PMI2_ERROR_NOMEM    ? PMIX_ERR_NOMEM
                                       : PMIX_ERR_NOT_FOUND;
}

static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
    struct name *name = q->opaque;
    struct names_call *c = name->call;
    if (c->verb == PMI_VERB_LOOKUP && r->rc == 0) {
        name->value = bytes_copy(r->value.data, r->value.len);
        name->found = true;
    } else if (c->verb != PMI_VERB_LOOKUP && r->rc && c->status == PMIX_SUCCESS) {
        c->status = status_of(c, r->rc);
    }
}

/* Answered, or its rank is gone. */
static void release(void *opaque)
{
    struct name *name = opaque;
    name->request = NULL;
    one_left(name->call);
}

static const struct pmi_front front = {.name = "PMIx", .answer = answer, .release = release, .mapping_max = SIZE_MAX};

/* --- in the loop */

static void ask(struct names_call *c, struct name *name, struct pmi_client *client)
{
    struct pmi_request *q = pmi_request_new(client, &front, c->verb, false, name);
    name->request = q;
    const char *text = name->full = full_name(c, name->key);
    if (c->verb == PMI_VERB_PUBLISH)
        pmi_name_publish(q, text, name->value, c->life, c->inside);
    else if (c->verb == PMI_VERB_LOOKUP)
        pmi_name_lookup(q, text, c->wait, c->inside);
    else
        pmi_name_unpublish(q, text, c->inside);
}

static void begin(struct handover_task *t)
{
    struct names_call *c = (struct names_call *)t;
    struct rank *r = pmix_rank_of(&c->proc);
    c->left = 1; /* until all have been asked for */
    if (!r || !r->pmi || r->reaped) {
        c->status = PMIX_ERR_NOT_FOUND;
        c->n = 0;
    }
    if (c->n && c->timeout > 0) {
        struct timeval late = {c->timeout, 0};
        c->timer = evtimer_new(r->job->proxy->base, on_timeout, c);
        if (!c->timer || evtimer_add(c->timer, &late) < 0)
            c->status = PMIX_ERR_NOMEM;
    }
    c->left += c->n;
    for (size_t i = 0, n = c->n; i < n; i++)
        ask(c, &c->v[i], r->pmi);
    one_left(c);
}

/* --- in the library's thread */

static struct names_call *call_new(enum pmi_verb verb, const pmix_proc_t *proc, const pmix_info_t info[], size_t n,
                                   void *arg)
{
    struct names_call *c = xcalloc(1, sizeof *c);
    *c = (struct names_call){.task.run = begin, .verb = verb, .proc = *proc, .status = PMIX_SUCCESS, .arg = arg};
    c->range = infos_find_number(info, n, PMIX_RANGE, -1);
    c->inside = c->range == PMIX_RANGE_LOCAL || c->range == PMIX_RANGE_NAMESPACE || c->range == PMIX_RANGE_PROC_LOCAL ||
                c->range == PMIX_RANGE_SESSION;
    c->timeout = infos_find_number(info, n, PMIX_TIMEOUT, 0);
    c->wait = infos_find(info, n, PMIX_WAIT) != NULL;
    return c;
}

static void add_name(struct names_call *c, const char *key, struct bytes value)
{
    c->v = xreallocarray(c->v, c->n + 1, sizeof *c->v);
    c->v[c->n++] = (struct name){.key = xstrndup(key, PMIX_MAX_KEYLEN), .value = value};
}

static pmix_status_t post(struct names_call *c)
{
    for (size_t i = 0; i < c->n; i++)
        c->v[i].call = c;
    handover_post(&c->task);
    return PMIX_SUCCESS;
}

static enum pmi_name_life life_of(long persistence)
{
    return persistence == PMIX_PERSIST_FIRST_READ                                     ? PMI_NAME_ONCE
           : persistence == PMIX_PERSIST_PROC                                         ? PMI_NAME_RANK
           : persistence == PMIX_PERSIST_INDEF || persistence == PMIX_PERSIST_SESSION ? PMI_NAME_RUN
                                                                                      : PMI_NAME_JOB;
}

/* Keys of PMIx's own say how to publish. */
pmix_status_t names_publish(const pmix_proc_t *proc, const pmix_info_t info[], size_t n, pmix_op_cbfunc_t done,
                            void *arg)
{
    struct names_call *c = call_new(PMI_VERB_PUBLISH, proc, info, n, arg);
    c->done = done;
    long persistence = infos_find_number(info, n, PMIX_PERSISTENCE, PMIX_PERSIST_APP);
    c->life = life_of(persistence);
    c->inside |= c->life == PMI_NAME_ONCE; /* who reads it is known here only */
    for (size_t i = 0; i < n; i++)
        if (strncmp(info[i].key, "pmix.", 5) != 0)
            add_name(c, info[i].key, pack_value(&info[i].value));
    return post(c);
}

static struct names_call *call_of_keys(enum pmi_verb verb, const pmix_proc_t *proc, char **keys,
                                       const pmix_info_t info[], size_t n, void *arg)
{
    struct names_call *c = call_new(verb, proc, info, n, arg);
    for (; keys && *keys; keys++)
        add_name(c, *keys, (struct bytes){NULL, 0});
    return c;
}

pmix_status_t names_lookup(const pmix_proc_t *proc, char **keys, const pmix_info_t info[], size_t n,
                           pmix_lookup_cbfunc_t done, void *arg)
{
    struct names_call *c = call_of_keys(PMI_VERB_LOOKUP, proc, keys, info, n, arg);
    c->found = done;
    return post(c);
}

pmix_status_t names_unpublish(const pmix_proc_t *proc, char **keys, const pmix_info_t info[], size_t n,
                              pmix_op_cbfunc_t done, void *arg)
{
    struct names_call *c = call_of_keys(PMI_VERB_UNPUBLISH, proc, keys, info, n, arg);
    c->done = done;
    return post(c);
}
