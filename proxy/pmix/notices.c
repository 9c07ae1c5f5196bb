/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A notice is one of the engine's, with its kind in front.
 */
#include "proxy/pmix/notices.h"

#include "common/xalloc.h"
#include "pmi-server/modex.h"
#include "proxy/pmix/control.h"
#include "proxy/pmix/events.h"
#include "proxy/pmix/front.h"

#include <stdlib.h>

struct notice {
    struct handover_task task;
    pmix_proc_t source;
    struct buf packed;
};

static void answer(const struct pmi_request *q, const struct pmi_result *r)
{
}

static void release(void *opaque)
{
    struct notice *n = opaque;
    buf_fini(&n->packed);
    free(n);
}

static const struct pmi_front front = {.name = "PMIx", .answer = answer, .release = release, .mapping_max = SIZE_MAX};

static void send_now(struct handover_task *t)
{
    struct notice *n = (struct notice *)t;
    struct rank *r = pmix_rank_of(&n->source);
    if (r && r->pmi)
        pmi_notify(pmi_request_new(r->pmi, &front, PMI_VERB_PLAIN, false, n),
                   (struct bytes){(const char *)n->packed.data, n->packed.len});
    else
        release(n);
}

void notice_begin(struct buf *b, enum notice_kind kind)
{
    buf_init(b);
    buf_put_u8(b, (uint8_t)kind);
}

void notice_post(const pmix_proc_t *source, const struct buf *b)
{
    struct notice *n = xcalloc(1, sizeof *n);
    *n = (struct notice){.task.run = send_now, .source = *source, .packed = *b};
    handover_post(&n->task);
}

void pmix_notice(struct proxy *proxy, const void *p, size_t n)
{
    struct rbuf r;
    rbuf_init(&r, p, n);
    switch (rbuf_u8(&r)) {
    case NOTICE_EVENT:
        events_heard(proxy, &r);
        break;
    case NOTICE_SIGNAL:
        control_heard(proxy, &r);
        break;
    }
}
