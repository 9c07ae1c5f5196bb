/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Requests and their answers, in the words of either wire. Old PMI-1 clients end a value at a blank whatever stands
 * before it, and refuse a word without `=`: so reasons have underscores there, and values that hold blanks are escaped
 * for those who can read them.
 */
#include "pmi-server/job.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "pmi-server/mem.h"

uint64_t pmi_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

bool pmi_client_may_store(struct pmi_client *c)
{
    return c->stores < PMI_CLIENT_STORES_MAX && ++c->stores;
}

struct pmi_ask *pmi_ask_new(struct pmi_client *c, const struct pmi_msg *m, enum pmi_verb verb, const char *reply)
{
    struct pmi_ask *a = pmi_mem_zero(1, sizeof *a);
    const char *thrid = m->wire == PMI_WIRE_2 ? pmi_msg_get(m, "thrid") : NULL;
    a->client = c;
    a->verb = verb;
    a->wire = m->wire == PMI_WIRE_2 ? PMI_WIRE_2 : PMI_WIRE_1;
    a->reply = reply;
    a->thrid = thrid ? pmi_mem_str(thrid) : NULL;
    a->in_order = !thrid && (verb != PMI_ASK_BARRIER || a->wire == PMI_WIRE_2);
    a->since = pmi_now();
    c->in_order += a->in_order;
    c->nasks++;
    LIST_INSERT_HEAD(&c->asks, a, of_client);
    return a;
}

void pmi_ask_detail(struct pmi_ask *a, const char *detail)
{
    free(a->detail);
    a->detail = pmi_mem_str(detail);
}

/* Whoever holds `parked` has put it on a list, and le_prev says so. */
void pmi_ask_free(struct pmi_ask *a)
{
    struct pmi_client *c = a->client;
    if (a->parked.le_prev)
        LIST_REMOVE(a, parked);
    LIST_REMOVE(a, of_client);
    c->nasks--;
    c->in_order -= a->in_order;
    if (a->in_order && c->job->server->reading != c)
        c->job->resume = true;
    free(a->thrid);
    free(a->detail);
    free(a);
}

static struct pmi_out begin(struct buf *b, enum pmi_wire wire, const char *reply, const char *thrid, int rc)
{
    buf_init(b);
    struct pmi_out o = pmi_out_begin(b, wire, reply);
    if (thrid)
        pmi_out_str(&o, "thrid", thrid);
    if (rc >= 0)
        pmi_out_int(&o, "rc", rc);
    return o;
}

struct pmi_out pmi_reply_begin(struct buf *b, const struct pmi_msg *m, const char *reply, int rc)
{
    bool v2 = m->wire == PMI_WIRE_2;
    return begin(b, v2 ? PMI_WIRE_2 : PMI_WIRE_1, reply, v2 ? pmi_msg_get(m, "thrid") : NULL, rc);
}

void pmi_client_send(struct pmi_client *c, struct pmi_out *o)
{
    pmi_out_end(o);
    pmi_mem_check(o->b);
    c->job->server->ops->send(c->ctx, o->b->data, o->b->len);
    buf_fini(o->b);
}

static void put_codes_v1(struct pmi_out *o, const struct pmi_result *r)
{
    struct buf list;
    buf_init(&list);
    for (uint32_t i = 0; i < r->ncodes; i++) {
        char one[16];
        int n = snprintf(one, sizeof one, i ? ",%d" : "%d", r->codes[i]);
        buf_put(&list, one, (size_t)n);
    }
    buf_put_u8(&list, 0);
    pmi_mem_check(&list);
    if (r->ncodes)
        pmi_out_str(o, "errcodes", (const char *)list.data);
    buf_fini(&list);
}

static void put_codes_v2(struct pmi_out *o, const struct pmi_result *r)
{
    pmi_out_int(o, "nerrs", r->ncodes);
    for (uint32_t i = 0; i < r->ncodes; i++) {
        char key[16];
        snprintf(key, sizeof key, "err%u", i);
        pmi_out_int(o, key, r->codes[i]);
    }
}

static void put_value(struct pmi_out *o, const struct pmi_result *r)
{
    if (o->wire == PMI_WIRE_2)
        pmi_out_flag(o, "found", true);
    pmi_out_str(o, "value", r->value);
}

/* PMI-2 clients of different ages read different words. */
static void put_port(struct pmi_out *o, const struct pmi_result *r)
{
    pmi_out_str(o, "port", r->value);
    if (o->wire == PMI_WIRE_2)
        put_value(o, r);
}

static void put_spawned(struct pmi_out *o, const struct pmi_result *r)
{
    if (o->wire == PMI_WIRE_1) {
        put_codes_v1(o, r);
    } else {
        pmi_out_str(o, "jobid", r->value ? r->value : "");
        put_codes_v2(o, r);
    }
}

static void put_failure(struct pmi_out *o, const struct pmi_ask *a, const struct pmi_result *r)
{
    if (o->wire == PMI_WIRE_2) {
        if (a->verb <= PMI_ASK_NODEATTR || a->verb == PMI_ASK_LOOKUP)
            pmi_out_flag(o, "found", false);
        pmi_out_str(o, "errmsg", r->why);
    } else {
        char text[256];
        snprintf(text, sizeof text, "%s", r->why);
        for (char *p = text; (p = strpbrk(p, " \t\n\\=")); p++)
            *p = '_';
        pmi_out_str(o, "msg", text);
    }
}

/* That a job or node has no such attribute is an answer, not an error, to PMI-2's clients. */
static int answer_rc(const struct pmi_ask *a, const struct pmi_result *r)
{
    if (!r->rc)
        return a->verb == PMI_ASK_BARRIER && a->wire == PMI_WIRE_1 ? -1 : 0;
    if (a->wire == PMI_WIRE_1)
        return 1;
    return r->rc == PMI2_ERROR_KEY && (a->verb == PMI_ASK_JOBATTR || a->verb == PMI_ASK_NODEATTR) ? 0 : r->rc;
}

void pmi_answer(struct pmi_ask *a, const struct pmi_result *r)
{
    struct buf b;
    struct pmi_out o = begin(&b, a->wire, a->reply, a->thrid, answer_rc(a, r));
    if (r->rc)
        put_failure(&o, a, r);
    else if (a->verb == PMI_ASK_SPAWN)
        put_spawned(&o, r);
    else if (a->verb == PMI_ASK_LOOKUP)
        put_port(&o, r);
    else if (a->verb <= PMI_ASK_NODEATTR)
        put_value(&o, r);
    if (!r->rc && a->verb == PMI_ASK_BARRIER && a->wire == PMI_WIRE_1)
        pmi_out_int(&o, "tag", a->tag);
    pmi_client_send(a->client, &o);
    pmi_ask_free(a);
}

void pmi_answer_ok(struct pmi_ask *a, const char *value)
{
    pmi_answer(a, &(struct pmi_result){.value = value});
}

void pmi_answer_fail(struct pmi_ask *a, int rc, const char *fmt, ...)
{
    char why[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    pmi_answer(a, &(struct pmi_result){.rc = rc, .why = why});
}
