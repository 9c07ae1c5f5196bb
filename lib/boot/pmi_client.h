/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi_client: what a rank asks of a launcher that speaks PMI-1 or PMI-2 on a descriptor. One question, one answer; a
 * call returns when its answer is here.
 */
#ifndef LIB_BOOT_PMI_CLIENT_H
#define LIB_BOOT_PMI_CLIENT_H

#include "lib/boot/kvs_ops.h"
#include "wire/pmi.h"

struct pmi_client {
    struct kvs kvs; /* asked: 1 + enum pmi_question */
    int fd;
    int version; /* 1 or 2 */
    struct pmi_stream in;
    char space[PMI_KVSNAME_MAX]; /* of the keys */
};

struct pmi_facts {
    const char *job; /* what the environment calls it, which Slurm wants to hear; NULL: nothing */
    int rank, size;
    int appnum, universe_size; /* -1: not told */
    char *map;                 /* PMI_process_mapping, from malloc; NULL: not told */
};

/* Says hello in the version that is wanted, and where that is refused, in the other. close frees, and closes fd if it
 * is not -1. */
bool pmi_client_open(struct pmi_client *c, int fd, int version);
void pmi_client_close(struct pmi_client *c);
/* The same, but the descriptor stays open, for a client to come. */
void pmi_client_rest(struct pmi_client *c);
/* Fills f, whose rank and size are what the environment says (-1: nothing): PMI-1 tells them nowhere else. */
bool pmi_client_facts(struct pmi_client *c, struct pmi_facts *f);
bool pmi_client_put(struct pmi_client *c, const char *key, const char *value);
/* What all ranks have put before is there afterwards. */
bool pmi_client_fence(struct pmi_client *c);
/* From malloc; NULL: there is no such key, or it failed. */
char *pmi_client_get(struct pmi_client *c, const char *key);
/* The same in two steps, for who cannot stand still. wait: the answer comes when the key has been put, if c->kvs.waits.
 * Nothing else may be asked before the answer has been taken: pmi_client_get_end is true then, and *value as above. It
 * does not block unless `block`. */
bool pmi_client_get_begin(struct pmi_client *c, const char *key, bool wait);
bool pmi_client_get_end(struct pmi_client *c, bool block, char **value);
/* Takes the answer of whatever is under way, for nobody. False: it is not there yet. */
bool pmi_client_skip(struct pmi_client *c);
/* The questions of boot_ask_test (pmi_service.c), in two steps too. begin: NULL, or why it cannot be said on this wire,
 * and nothing was sent; c->kvs.why may be set. */
const char *pmi_service_begin(struct pmi_client *c, const struct boot_ask *a);
/* False: the answer is not there. Else *granted, a's answer is filled, or why says why not. */
bool pmi_service_end(struct pmi_client *c, struct boot_ask *a, bool block, bool *granted, char *why, size_t n);
bool pmi_client_finalize(struct pmi_client *c);
/* Asks for the end of the job; there is no answer. text NULL: the code says all. */
void pmi_client_abort(struct pmi_client *c, int code, const char *text);

/* Where the launcher does not tell which ranks share a node, the ranks find it out together: such a text as it would
 * have told, from malloc; NULL: it failed, or no memory. All ranks must come here. */
char *pmi_hosts_map(struct kvs *k, uint32_t rank, uint32_t size);
/* The text for ranks that are on these hosts, from malloc. */
char *pmi_hosts_text(const uint64_t *host, uint32_t size);

/* "(vector,(first,nodes,ranks),...)" to the node of each of `size` ranks. Nodes are numbered from 0, *nodes of them.
 * False: it is not such a text, or too short for a job that does not repeat it. */
bool pmi_mapping_read(const char *text, uint32_t *node, uint32_t size, uint32_t *nodes);

#endif
