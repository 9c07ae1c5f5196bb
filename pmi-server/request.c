/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of a request, and what a rank may hold here.
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

bool pmi_client_may_store(struct pmi_client *c, size_t bytes)
{
    if (c->stores == PMI_CLIENT_STORES_MAX || bytes > PMI_CLIENT_STORED_MAX - c->stored)
        return false;
    c->stores++;
    c->stored += bytes;
    return true;
}

struct pmi_request *pmi_request_new(struct pmi_client *c, const struct pmi_front *front, enum pmi_verb verb,
                                    bool in_order, void *opaque)
{
    struct pmi_request *q = pmi_mem_zero(1, sizeof *q);
    q->client = c;
    q->front = front;
    q->verb = verb;
    q->in_order = in_order;
    q->opaque = opaque;
    q->since = pmi_now();
    c->in_order += in_order;
    c->nrequests++;
    LIST_INSERT_HEAD(&c->requests, q, of_client);
    pmi_request_charge(q, sizeof *q);
    return q;
}

void pmi_request_charge(struct pmi_request *q, size_t bytes)
{
    q->bytes += bytes;
    q->client->parked += bytes;
}

void pmi_request_detail(struct pmi_request *q, const char *detail)
{
    pmi_request_charge(q, strlen(detail));
    free(q->detail);
    q->detail = pmi_mem_str(detail);
}

/* Whoever holds `parked` has put it on a list, and le_prev says so. */
void pmi_request_free(struct pmi_request *q)
{
    struct pmi_client *c = q->client;
    if (q->parked.le_prev)
        LIST_REMOVE(q, parked);
    LIST_REMOVE(q, of_client);
    c->nrequests--;
    c->parked -= q->bytes;
    c->in_order -= q->in_order;
    if (q->in_order && c->job->server->reading != c)
        c->job->resume = c->job->server->resume = true;
    if (q->front->release)
        q->front->release(q->opaque);
    free(q->detail);
    free(q);
}

void pmi_answer(struct pmi_request *q, const struct pmi_result *r)
{
    q->front->answer(q, r);
    pmi_request_free(q);
}

void pmi_answer_ok(struct pmi_request *q)
{
    pmi_answer(q, &(struct pmi_result){0});
}

void pmi_answer_value(struct pmi_request *q, struct bytes value)
{
    pmi_answer(q, &(struct pmi_result){.value = value});
}

void pmi_answer_fail(struct pmi_request *q, int rc, const char *fmt, ...)
{
    char why[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(why, sizeof why, fmt, ap);
    va_end(ap);
    pmi_answer(q, &(struct pmi_result){.rc = rc, .why = why});
}
