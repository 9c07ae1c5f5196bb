/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An operation on names is known by a number from when it is begun until it is completed, or its job ends.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_names.h"

#include <stdlib.h>
#include "pmi-server/mem.h"
#include "pmi-server/root_links.h"
#include "wire/pmi.h"

struct pmi_naming {
    UT_hash_handle hh;
    uint32_t id, job;
    uint32_t child, child_id; /* where the answer goes */
};

static void naming_del(struct pmi_root *r, struct pmi_naming *n)
{
    HASH_DEL(r->namings, n);
    free(n);
}

static struct pmi_name_op op_new(const struct pmi_root_request *q, bool inside, struct bytes name)
{
    struct pmi_root *r = q->job->root;
    struct pmi_naming *n = pmi_mem_zero(1, sizeof *n);
    n->id = ++r->last_naming;
    n->job = q->job->id;
    n->child = q->child;
    n->child_id = q->id;
    HASH_ADD(hh, r->namings, id, sizeof n->id, n);
    return (struct pmi_name_op){.id = n->id, .job = n->job, .rank = q->rank, .inside = inside, .name = name};
}

bool pmi_root_publish(const struct pmi_root_request *q, struct rbuf *in)
{
    struct pmi_root *r = q->job->root;
    struct pmi_control_publish m;
    if (!pmi_control_publish_get(in, &m))
        return false;
    struct pmi_name_op op = op_new(q, m.inside, m.name);
    op.port = m.port;
    op.life = m.life;
    r->names->publish(r->names_ctx, &op);
    return true;
}

bool pmi_root_lookup(const struct pmi_root_request *q, struct rbuf *in)
{
    struct pmi_root *r = q->job->root;
    struct pmi_control_lookup m;
    if (!pmi_control_lookup_get(in, &m))
        return false;
    struct pmi_name_op op = op_new(q, m.inside, m.name);
    op.wait = m.wait;
    r->names->lookup(r->names_ctx, &op);
    return true;
}

bool pmi_root_unpublish(const struct pmi_root_request *q, struct rbuf *in)
{
    struct pmi_root *r = q->job->root;
    struct pmi_control_unpublish m;
    if (!pmi_control_unpublish_get(in, &m))
        return false;
    struct pmi_name_op op = op_new(q, m.inside, m.name);
    r->names->unpublish(r->names_ctx, &op);
    return true;
}

void pmi_root_name_done(void *root, uint32_t id, int rc, struct bytes text)
{
    struct pmi_root *r = root;
    struct pmi_naming *n;
    HASH_FIND(hh, r->namings, &id, sizeof id, n);
    if (!n)
        return;
    if (text.len > PMI_BLOB_MAX) {
        rc = PMI2_ERROR_VALUE_LENGTH;
        text = bytes_of("the port is longer than 4 MiB");
    }
    pmi_root_answer(r, &(struct pmi_root_answer){n->job, n->child, n->child_id, rc, text, NULL, 0});
    naming_del(r, n);
}

void pmi_root_rank_end(struct pmi_root *r, uint32_t job, uint32_t rank)
{
    r->names->rank_end(r->names_ctx, job, rank);
}

void pmi_root_names_job_del(struct pmi_root *r, uint32_t job)
{
    struct pmi_naming *n, *next;
    HASH_ITER(hh, r->namings, n, next)
    {
        if (n->job != job)
            continue;
        r->names->forget(r->names_ctx, n->id);
        naming_del(r, n);
    }
    r->names->job_end(r->names_ctx, job);
}
