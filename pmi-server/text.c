/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the front ends that write text have in common.
 */
#include "pmi-server/front.h"

#include "pmi-server/job.h"
#include "pmi-server/mem.h"

void pmi_text_send(struct pmi_client *c, struct pmi_out *o)
{
    pmi_out_end(o);
    pmi_mem_check(o->b);
    c->job->server->ops->send(c->ctx, o->b->data, o->b->len);
    buf_fini(o->b);
}
