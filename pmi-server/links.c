/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What goes up and down, and when.
 */
#define uthash_fatal(msg) pmi_mem_out()
#include "pmi-server/links.h"

#include "pmi-server/mem.h"

struct pmi_server_job *pmi_job_find(struct pmi_server *s, uint32_t id)
{
    struct pmi_server_job *j;
    HASH_FIND(hh, s->jobs, &id, sizeof id, j);
    return j;
}

struct pmi_server_job *pmi_job_named(struct pmi_server *s, const char *kvsname)
{
    struct pmi_server_job *j;
    HASH_FIND(by_name, s->names, kvsname, strlen(kvsname), j);
    return j;
}

struct buf pmi_message_begin(enum pmi_control_type type, uint32_t job)
{
    struct buf b;
    buf_init(&b);
    pmi_control_head_put(&b, &(struct pmi_control_head){(uint8_t)type, job});
    return b;
}

struct buf pmi_up_begin(const struct pmi_server_job *j, enum pmi_control_type type)
{
    return pmi_message_begin(type, j->id);
}

void pmi_up_send(struct pmi_server *s, struct buf *b)
{
    pmi_mem_check(b);
    s->ops->up(s->ctx, b->data, b->len);
    buf_fini(b);
}

void pmi_down_send(struct pmi_server *s, uint32_t child, struct buf *b)
{
    pmi_mem_check(b);
    s->ops->down(s->ctx, child, b->data, b->len);
    buf_fini(b);
}

void pmi_server_wake(struct pmi_server *s)
{
    if (!s->awake)
        s->ops->wake(s->ctx);
    s->awake = true;
}
