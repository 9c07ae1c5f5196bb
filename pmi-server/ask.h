/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ask: a request of a rank, from its first byte to its answer. A front end (v1.c, v2.c) makes it; barrier.c, fetch.c,
 * attr.c or remote.c parks it or answers at once; the answer frees it.
 */
#ifndef PMI_SERVER_ASK_H
#define PMI_SERVER_ASK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "wire/pmi.h"

#define PMI_CLIENT_STORES_MAX (1024 * 1024) /* values, attributes and names that one rank may put */

struct pmi_client;

/* What was asked; answer.c knows the words for each. */
enum pmi_verb {
    PMI_ASK_GET,
    PMI_ASK_JOBATTR,
    PMI_ASK_NODEATTR,
    PMI_ASK_BARRIER,
    PMI_ASK_PUBLISH,
    PMI_ASK_LOOKUP,
    PMI_ASK_UNPUBLISH,
    PMI_ASK_SPAWN,
    PMI_ASK_PLAIN, /* answered where it was read */
};

struct pmi_ask {
    struct pmi_client *client;
    enum pmi_verb verb;
    enum pmi_wire wire;
    bool in_order;     /* nothing else of this rank is read before the answer */
    const char *reply; /* the command of the answer */
    char *thrid;       /* PMI-2: goes back with the answer; NULL: none */
    char *detail;      /* key, group or name */
    uint32_t tag;      /* of a barrier */
    uint64_t since;
    LIST_ENTRY(pmi_ask) of_client;
    LIST_ENTRY(pmi_ask) parked; /* in whatever it waits for */
};
LIST_HEAD(pmi_asks, pmi_ask);

struct pmi_result {
    int rc;            /* 0, or enum pmi2_error */
    const char *why;   /* of a failure */
    const char *value; /* the value, port, or spawned job; NULL: none */
    const int32_t *codes;
    uint32_t ncodes;
};

struct pmi_ask *pmi_ask_new(struct pmi_client *c, const struct pmi_msg *m, enum pmi_verb verb, const char *reply);
void pmi_ask_detail(struct pmi_ask *a, const char *detail);
void pmi_ask_free(struct pmi_ask *a);                           /* without an answer: its rank is gone */
void pmi_answer(struct pmi_ask *a, const struct pmi_result *r); /* frees a */
void pmi_answer_ok(struct pmi_ask *a, const char *value);
void pmi_answer_fail(struct pmi_ask *a, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The head of an answer written where it was read: more keys may follow, then pmi_client_send(). */
struct pmi_out pmi_reply_begin(struct buf *b, const struct pmi_msg *m, const char *reply, int rc);
void pmi_client_send(struct pmi_client *c, struct pmi_out *o); /* ends, sends and frees the message */

bool pmi_client_may_store(struct pmi_client *c); /* counts; false: it has put too much already */
uint64_t pmi_now(void);                          /* CLOCK_MONOTONIC, ns */

#endif
