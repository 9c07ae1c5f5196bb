/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What goes down from mpiexec, and what it tells of a job.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/root_links.h"

#include "pmi-server/mem.h"

struct pmi_root_space *pmi_root_find(const struct pmi_root *r, uint32_t job)
{
    struct pmi_root_space *j;
    HASH_FIND(hh, r->jobs, &job, sizeof job, j);
    return j;
}

void pmi_root_send(struct pmi_root *r, uint32_t child, struct buf *b)
{
    pmi_mem_check(b);
    r->ops->down(r->ctx, child, b->data, b->len);
    buf_fini(b);
}

void pmi_root_answer(struct pmi_root *r, const struct pmi_root_answer *a)
{
    struct buf b, codes;
    buf_init(&b);
    buf_init(&codes);
    for (uint32_t i = 0; i < a->ncodes; i++)
        buf_put_i32(&codes, a->codes[i]);
    pmi_mem_check(&codes);
    pmi_control_head_put(&b, &(struct pmi_control_head){PMI_CONTROL_ANSWER, a->job});
    pmi_control_answer_put(&b,
                           &(struct pmi_control_answer){a->id, (uint8_t)a->rc, a->text, list_of(a->ncodes, &codes)});
    buf_fini(&codes);
    pmi_root_send(r, a->child, &b);
}

/* Once a job: the first cause is the one to be told. */
void pmi_root_stuck(struct pmi_root_space *j, uint32_t rank, const char *why)
{
    if (!j->stuck)
        j->root->ops->stuck(j->root->ctx, j->id, rank, why);
    j->stuck = true;
}
