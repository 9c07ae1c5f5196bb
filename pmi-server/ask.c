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

struct pmi_ask *pmi_ask_new(struct pmi_client *c, const struct pmi_front *front, enum pmi_verb verb, bool in_order,
                            void *opaque)
{
    struct pmi_ask *a = pmi_mem_zero(1, sizeof *a);
    a->client = c;
    a->front = front;
    a->verb = verb;
    a->in_order = in_order;
    a->opaque = opaque;
    a->since = pmi_now();
    c->in_order += in_order;
    c->nasks++;
    LIST_INSERT_HEAD(&c->asks, a, of_client);
    pmi_ask_charge(a, sizeof *a);
    return a;
}

void pmi_ask_charge(struct pmi_ask *a, size_t bytes)
{
    a->bytes += bytes;
    a->client->parked += bytes;
}

void pmi_ask_detail(struct pmi_ask *a, const char *detail)
{
    pmi_ask_charge(a, strlen(detail));
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
    c->parked -= a->bytes;
    c->in_order -= a->in_order;
    if (a->in_order && c->job->server->reading != c)
        c->job->resume = c->job->server->resume = true;
    if (a->front->release)
        a->front->release(a->opaque);
    free(a->detail);
    free(a);
}

void pmi_answer(struct pmi_ask *a, const struct pmi_result *r)
{
    a->front->answer(a, r);
    pmi_ask_free(a);
}

void pmi_answer_ok(struct pmi_ask *a)
{
    pmi_answer(a, &(struct pmi_result){0});
}

void pmi_answer_value(struct pmi_ask *a, struct bytes value)
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
