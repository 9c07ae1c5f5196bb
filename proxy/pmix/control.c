/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Any node may have some of the ranks, and so every proxy hears of it. The ranks of another job are not one's own.
 */
#include "proxy/pmix/control.h"

#include "common/xalloc.h"
#include "proxy/pmix/notices.h"
#include "proxy/ranks.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key;
    int signal; /* 0: its value tells */
} directives_known[] = {
    {PMIX_JOB_CTRL_KILL, SIGKILL},   {PMIX_JOB_CTRL_TERMINATE, SIGTERM}, {PMIX_JOB_CTRL_PAUSE, SIGSTOP},
    {PMIX_JOB_CTRL_RESUME, SIGCONT}, {PMIX_JOB_CTRL_SIGNAL, 0},
};

/* 0: nothing to do; -1: it cannot be done. */
static int signal_of(const pmix_info_t *directive)
{
    for (size_t i = 0; i < sizeof directives_known / sizeof *directives_known; i++) {
        const char *key = directives_known[i].key;
        if (!infos_find(directive, 1, key))
            continue;
        if (directives_known[i].signal)
            return infos_find_flag(directive, 1, key) ? directives_known[i].signal : 0;
        long number = infos_find_number(directive, 1, key, -1);
        return number >= 1 && number <= SIGRTMAX ? (int)number : -1;
    }
    return infos_find(directive, 1, PMIX_JOB_CTRL_ID) ? 0 : -1;
}

/* One signal, and no more. */
static int signal_of_all(const pmix_info_t directives[], size_t n)
{
    int signal = 0;
    for (size_t i = 0; i < n; i++) {
        int one = signal_of(&directives[i]);
        if (one < 0 || (one && signal))
            return -1;
        signal = one ? one : signal;
    }
    return signal ? signal : -1;
}

/* All of the requestor's job; a list of no ranks says so. false: of another job. */
static bool put_targets(struct buf *b, const pmix_proc_t *requestor, const pmix_proc_t targets[], size_t n)
{
    bool all = n == 0;
    for (size_t i = 0; i < n; i++) {
        if (strncmp(targets[i].nspace, requestor->nspace, sizeof requestor->nspace) != 0)
            return false;
        all |= targets[i].rank == PMIX_RANK_WILDCARD;
    }
    buf_put_u32(b, all ? 0 : (uint32_t)n);
    for (size_t i = 0; !all && i < n; i++)
        buf_put_u32(b, targets[i].rank);
    return true;
}

pmix_status_t control_begin(const pmix_proc_t *requestor, const pmix_proc_t targets[], size_t ntargets,
                            const pmix_info_t directives[], size_t ndirs, pmix_info_cbfunc_t done, void *arg)
{
    struct buf b;
    int signal = signal_of_all(directives, ndirs);
    notice_begin(&b, NOTICE_SIGNAL);
    buf_put_str(&b, requestor->nspace);
    buf_put_u32(&b, (uint32_t)signal);
    if (signal < 0 || !put_targets(&b, requestor, targets, targets ? ntargets : 0)) {
        buf_fini(&b);
        return PMIX_ERR_NOT_SUPPORTED;
    }
    notice_post(requestor, &b);
    return PMIX_OPERATION_SUCCEEDED;
}

static struct job *job_called(struct proxy *proxy, struct bytes name)
{
    struct job *j;
    TAILQ_FOREACH(j, &proxy->jobs, link)
    if (strlen(j->spec.kvsname) == name.len && memcmp(j->spec.kvsname, name.data, name.len) == 0)
        return j;
    return NULL;
}

/* A proxy that serves no PMIx hears of it too: its ranks may be of that job. */
void control_heard(struct proxy *proxy, struct rbuf *r)
{
    struct job *j = job_called(proxy, rbuf_bytes(r, PMIX_MAX_NSLEN));
    uint32_t signal = rbuf_u32(r), n = rbuf_count(r, sizeof(uint32_t));
    if (!j || !rbuf_ok(r) || signal < 1 || signal > (uint32_t)SIGRTMAX)
        return;
    if (n == 0)
        ranks_signal(j, (int)signal, false);
    for (uint32_t i = 0; i < n; i++) {
        struct rank *target = pmix_rank_in(j, rbuf_u32(r));
        if (target && target->pid)
            kill(-target->pid, (int)signal);
    }
}
