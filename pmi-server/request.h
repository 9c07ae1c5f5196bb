/* SPDX-License-Identifier: BSD-3-Clause
 *
 * request: what a rank asks, from its first byte to its answer. A front end makes it; barrier.c, fetch.c, attr.c or
 * remote.c parks it or answers at once; its front end says the answer, and it is freed.
 */
#ifndef PMI_SERVER_REQUEST_H
#define PMI_SERVER_REQUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include "wire/buf.h"
#include "wire/pmi.h"

#define PMI_CLIENT_STORES_MAX (1024 * 1024) /* values, attributes and names that one rank may put */
#define PMI_CLIENT_STORED_MAX (1024u << 20) /* and their bytes */

struct pmi_client;
struct pmi_request;
struct pmi_result;

/* What was asked. */
enum pmi_verb {
    PMI_VERB_GET,
    PMI_VERB_JOBATTR,
    PMI_VERB_NODEATTR,
    PMI_VERB_BARRIER,
    PMI_VERB_PUBLISH,
    PMI_VERB_LOOKUP,
    PMI_VERB_UNPUBLISH,
    PMI_VERB_SPAWN,
    PMI_VERB_TIES,
    PMI_VERB_PLAIN, /* answered where it was read */
};

/* A way in which ranks speak to the server: a wire, or a library in the server's process. */
struct pmi_front {
    const char *name;
    /* A message of a rank on its connection. NULL: its requests come by other ways. */
    void (*message)(struct pmi_client *c, const struct pmi_msg *m);
    /* Says the answer to whoever asked. What it is given is borrowed until it returns; it may not call into the
     * engine. */
    void (*answer)(const struct pmi_request *q, const struct pmi_result *r);
    /* The request ends, answered or not (its rank is gone): frees what the front end knows of it. NULL: nothing. */
    void (*release)(void *opaque);
    size_t mapping_max; /* bytes of PMI_process_mapping that its clients have room for */
};

struct pmi_request {
    struct pmi_client *client;
    enum pmi_verb verb;
    bool in_order; /* nothing else of this rank is read before the answer */
    const struct pmi_front *front;
    void *opaque; /* the front end's */
    size_t bytes; /* that it keeps here, about */
    char *detail; /* key, group or name */
    uint32_t tag; /* of a barrier */
    /* Of a get: whose value. */
    struct pmi_server_job *of;
    uint32_t rank;
    bool wait;   /* for a rank that puts it */
    bool blocks; /* it waits for that, or for a fence: whoever reads nothing else before can put nothing */
    uint64_t since;
    LIST_ENTRY(pmi_request) of_client;
    LIST_ENTRY(pmi_request) parked; /* in whatever it waits for */
};
LIST_HEAD(pmi_requests, pmi_request);

struct pmi_result {
    int rc;             /* 0, or enum pmi2_error */
    const char *why;    /* of a failure */
    struct bytes value; /* the value, port, or spawned job, with a NUL behind it; NULL: none */
    const int32_t *codes;
    uint32_t ncodes;
};

struct pmi_request *pmi_request_new(struct pmi_client *c, const struct pmi_front *front, enum pmi_verb verb,
                                    bool in_order, void *opaque);
void pmi_request_detail(struct pmi_request *q, const char *detail);
void pmi_request_charge(struct pmi_request *q, size_t bytes);       /* it keeps so many more */
void pmi_request_free(struct pmi_request *q);                       /* without an answer: its rank is gone */
void pmi_answer(struct pmi_request *q, const struct pmi_result *r); /* frees a */
void pmi_answer_ok(struct pmi_request *q);
void pmi_answer_value(struct pmi_request *q, struct bytes value); /* a NUL stands behind it */
void pmi_answer_fail(struct pmi_request *q, int rc, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Counts one thing of so many bytes; false: the rank has put too much already. */
bool pmi_client_may_store(struct pmi_client *c, size_t bytes);
uint64_t pmi_now(void); /* CLOCK_MONOTONIC, ns */

#endif
