/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An event of a rank goes to the libraries of all other nodes; its own tells the ranks here. The end of a rank is known
 * to each proxy, and told here.
 */
#include "proxy/pmix/events.h"

#include "common/xalloc.h"
#include "proxy/pmix/front.h"
#include "proxy/pmix/notices.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* The node that it comes from, what happened, to whom it is told, and the library's own form of the rest. */
static void pack(struct buf *b, pmix_status_t code, const pmix_proc_t *source, pmix_data_range_t range,
                 pmix_info_t info[], size_t ninfo)
{
    const struct pmix *pmix = pmix_server();
    pmix_data_buffer_t d;
    memset(&d, 0, sizeof d);
    buf_put_u32(b, proxy_node(pmix->proxy));
    buf_put_u32(b, (uint32_t)code);
    buf_put_str(b, source->nspace);
    buf_put_u32(b, source->rank);
    buf_put_u8(b, range);
    bool ok = ninfo == 0 || pmix->lib->PMIx_Data_pack(NULL, &d, info, (int32_t)ninfo, PMIX_INFO) == PMIX_SUCCESS;
    buf_put_u32(b, ok ? (uint32_t)ninfo : 0);
    buf_put_bytes(b, d.base_ptr, ok ? d.bytes_used : 0);
    free(d.base_ptr);
}

pmix_status_t events_register(pmix_status_t *codes, size_t ncodes, const pmix_info_t info[], size_t ninfo,
                              pmix_op_cbfunc_t done, void *arg)
{
    return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t events_deregister(pmix_status_t *codes, size_t ncodes, pmix_op_cbfunc_t done, void *arg)
{
    return PMIX_OPERATION_SUCCEEDED;
}

pmix_status_t events_notify(pmix_status_t code, const pmix_proc_t *source, pmix_data_range_t range, pmix_info_t info[],
                            size_t ninfo, pmix_op_cbfunc_t done, void *arg)
{
    if (range == PMIX_RANGE_LOCAL || range == PMIX_RANGE_PROC_LOCAL)
        return PMIX_OPERATION_SUCCEEDED;
    struct buf b;
    notice_begin(&b, NOTICE_EVENT);
    pack(&b, code, source, range, info, ninfo);
    notice_post(source, &b);
    return PMIX_OPERATION_SUCCEEDED;
}

/* --- told by us */

/* What the library holds until it has told everybody. */
struct told {
    struct infos infos;
    pmix_info_t *unpacked;
    size_t n;
};

static void told_free(pmix_status_t status, void *arg)
{
    struct told *t = arg;
    const struct pmix *pmix = pmix_server();
    for (size_t i = 0; i < t->n; i++)
        pmix->lib->PMIx_Value_destruct(&t->unpacked[i].value);
    free(t->unpacked);
    infos_fini(&t->infos);
    free(t);
}

/* Takes t over. */
static void tell(pmix_status_t code, const pmix_proc_t *source, pmix_data_range_t range, struct told *t)
{
    pmix_info_t *info = t->unpacked ? t->unpacked : t->infos.v;
    size_t n = t->unpacked ? t->n : t->infos.n;
    pmix_status_t rc = pmix_server()->lib->PMIx_Notify_event(code, source, range, info, n, told_free, t);
    if (rc != PMIX_SUCCESS)
        told_free(rc, t);
}

void events_heard(struct proxy *proxy, struct rbuf *r)
{
    struct pmix *pmix = pmix_server();
    pmix_proc_t source;
    uint32_t from = rbuf_u32(r);
    pmix_status_t code = (pmix_status_t)rbuf_u32(r);
    struct bytes nspace = rbuf_bytes(r, PMIX_MAX_NSLEN);
    uint32_t rank = rbuf_u32(r);
    pmix_data_range_t range = rbuf_u8(r);
    int32_t count = (int32_t)rbuf_u32(r);
    struct bytes packed = rbuf_bytes(r, UINT32_MAX);
    if (!pmix || !rbuf_done(r) || from == proxy_node(proxy) || count < 0 || (size_t)count > packed.len)
        return;
    char *name = bytes_dup(nspace);
    proc_set(&source, name ? name : "", rank);
    free(name);
    struct told *t = xcalloc(1, sizeof *t);
    t->unpacked = count ? xcalloc((size_t)count, sizeof *t->unpacked) : NULL;
    t->n = (size_t)count;
    pmix_data_buffer_t d;
    memset(&d, 0, sizeof d);
    d.base_ptr = d.unpack_ptr = (char *)packed.data;
    d.pack_ptr = d.base_ptr + packed.len;
    d.bytes_allocated = d.bytes_used = packed.len;
    if (count && pmix->lib->PMIx_Data_unpack(NULL, &d, t->unpacked, &count, PMIX_INFO) != PMIX_SUCCESS)
        told_free(PMIX_ERROR, t);
    else
        tell(code, &source, range, t);
}

static pmix_status_t code_of(int status)
{
    if (WIFSIGNALED(status))
        return PMIX_ERR_PROC_ABORTED_BY_SIG;
    return WEXITSTATUS(status) ? PMIX_ERR_EXIT_NONZERO_TERM : PMIX_ERR_PROC_TERM_WO_SYNC;
}

void pmix_rank_ended(struct job *j, uint32_t rank, int status)
{
    pmix_proc_t source;
    if (!j->pmix || j->killed)
        return;
    struct told *t = xcalloc(1, sizeof *t);
    infos_proc(&t->infos, PMIX_EVENT_AFFECTED_PROC, j->spec.kvsname, rank);
    infos_status(&t->infos, PMIX_PROC_TERM_STATUS, status);
    proc_set(&source, j->spec.kvsname, rank);
    tell(code_of(status), &source, PMIX_RANGE_NAMESPACE, t);
}
