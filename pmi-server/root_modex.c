/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A question has a number of ours from when it goes down until it is answered, or its rank or its asker is gone.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_modex.h"

#include <stdlib.h>
#include "pmi-server/mem.h"
#include "pmi-server/root_links.h"
#include "wire/pmi.h"

struct pmi_modexing {
    UT_hash_handle hh;
    uint32_t id;
    uint32_t job, child, child_id; /* where the answer goes */
    uint32_t of, rank;             /* whom it is about */
};

/* Answers and forgets. */
static void answer(struct pmi_root *r, struct pmi_modexing *m, int rc, struct bytes text)
{
    if (text.len > PMI_BLOB_MAX) {
        rc = PMI2_ERROR_VALUE_LENGTH;
        text = bytes_of("it is longer than 4 MiB");
    }
    pmi_root_answer(r, &(struct pmi_root_answer){m->job, m->child, m->child_id, rc, text, NULL, 0});
    HASH_DEL(r->modexings, m);
    free(m);
}

static bool is_gone(const struct pmi_root_space *j, uint32_t rank)
{
    return j->gone && j->gone[rank / 8] & 1u << rank % 8;
}

bool pmi_root_modex(const struct pmi_root_request *q, struct rbuf *in)
{
    struct pmi_root *r = q->job->root;
    struct pmi_control_modex ask;
    if (!pmi_control_modex_get(in, &ask))
        return false;
    struct pmi_modexing *m = pmi_mem_zero(1, sizeof *m);
    *m = (struct pmi_modexing){.id = ++r->last_modex,
                               .job = q->job->id,
                               .child = q->child,
                               .child_id = q->id,
                               .of = ask.job,
                               .rank = ask.rank};
    HASH_ADD(hh, r->modexings, id, sizeof m->id, m);
    const struct pmi_root_space *of = pmi_root_find(r, ask.job);
    bool there = of && ask.rank < of->size && !is_gone(of, ask.rank) && r->ops->child_of;
    uint32_t child = there ? r->ops->child_of(r->ctx, ask.job, ask.rank) : PMI_NO_CHILD;
    if (child >= r->children || r->gone[child]) {
        answer(r, m, PMI2_ERROR_OTHER, bytes_of("the rank is not there"));
        return true;
    }
    struct buf b;
    buf_init(&b);
    pmi_control_head_put(&b, &(struct pmi_control_head){PMI_CONTROL_MODEX_ASK, ask.job});
    pmi_control_modex_ask_put(&b, &(struct pmi_control_modex_ask){m->id, ask.rank, ask.timeout, ask.key});
    pmi_root_send(r, child, &b);
    return true;
}

/* A number that is not known is answered already. */
bool pmi_root_modex_data(struct pmi_root_space *j, uint32_t child, struct rbuf *in)
{
    struct pmi_control_modex_data data;
    struct pmi_modexing *m;
    if (!pmi_control_modex_data_get(in, &data))
        return false;
    HASH_FIND(hh, j->root->modexings, &data.id, sizeof data.id, m);
    if (m && m->of == j->id)
        answer(j->root, m, data.rc, data.data);
    return true;
}

void pmi_root_modex_gone(struct pmi_root *r, uint32_t job, uint32_t rank)
{
    struct pmi_modexing *m, *next;
    HASH_ITER(hh, r->modexings, m, next)
    {
        if (m->of == job && m->rank == rank)
            answer(r, m, PMI2_ERROR_OTHER, bytes_of("the rank has ended"));
    }
}

void pmi_root_modex_job_del(struct pmi_root *r, uint32_t job)
{
    struct pmi_modexing *m, *next;
    HASH_ITER(hh, r->modexings, m, next)
    {
        if (m->job == job || m->of == job)
            answer(r, m, PMI2_ERROR_OTHER, bytes_of("the job has ended"));
    }
}
