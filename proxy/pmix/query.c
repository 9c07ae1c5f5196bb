/* SPDX-License-Identifier: BSD-3-Clause
 *
 * This proxy answers by itself. It knows every job, but process numbers only of its own node: a table of a job with
 * ranks elsewhere is refused.
 */
#include "proxy/pmix/query.h"

#include "common/xalloc.h"
#include "proxy/pmix/psets.h"
#include "proxy/rank_env.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct query_call {
    struct handover_task task;
    pmix_query_t *queries; /* the library's, until it is answered */
    size_t nqueries;
    pmix_info_cbfunc_t done;
    void *arg;
};

/* One key of one query. */
struct question {
    struct infos *answers;
    const char *key;
    const pmix_query_t *query; /* its qualifiers */
    bool one;                  /* they name the job that it is about: */
    const struct job *job;     /* NULL: there is none of that name */
};

/* All answer false where there is nothing to tell. */
typedef bool answerer(const struct question *q);

static bool tell_jobs(const struct question *q)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    const struct job *j;
    if (!out)
        return false;
    TAILQ_FOREACH(j, &pmix_server()->proxy->jobs, link)
    fprintf(out, "%s%s", ftell(out) ? "," : "", j->spec.kvsname);
    fclose(out);
    infos_text(q->answers, q->key, text);
    free(text);
    return true;
}

/* --- ranks */

static int code_of(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static pmix_proc_state_t state_of(const struct rank *r)
{
    if (!r->reaped)
        return r->pid ? PMIX_PROC_STATE_RUNNING : PMIX_PROC_STATE_PREPPED;
    if (WIFSIGNALED(r->status))
        return PMIX_PROC_STATE_ABORTED_BY_SIG;
    return WEXITSTATUS(r->status) ? PMIX_PROC_STATE_TERM_NON_ZERO : PMIX_PROC_STATE_TERMINATED;
}

static bool tell_ranks_here(const struct question *q)
{
    const struct job *j = q->job;
    if (!j || j->nranks == 0)
        return false;
    pmix_proc_info_t *v = xcalloc(j->nranks, sizeof *v);
    for (uint32_t i = 0; i < j->nranks; i++) {
        const struct rank *r = &j->ranks[i];
        proc_set(&v[i].proc, j->spec.kvsname, r->rank);
        v[i].hostname = xstrdup(proxy_name(j->proxy));
        v[i].executable_name = xstrdup(rank_app(r)->argv.v[0]);
        v[i].pid = r->pid;
        v[i].exit_code = r->reaped ? code_of(r->status) : 0;
        v[i].state = state_of(r);
    }
    infos_data(q->answers, q->key, PMIX_PROC_INFO, v, j->nranks);
    return true;
}

static bool tell_ranks(const struct question *q)
{
    return q->job && q->job->nranks == q->job->spec.map.nranks && tell_ranks_here(q);
}

/* --- process sets, of the job that the query names, else of all */

static bool is_meant(const struct question *q, const struct job *j)
{
    return !q->one || q->job == j;
}

static bool tell_psets_number(const struct question *q)
{
    const struct job *j;
    struct bytes name;
    size_t n = 0;
    TAILQ_FOREACH(j, &pmix_server()->proxy->jobs, link)
    for (const char *at = NULL; is_meant(q, j) && psets_next(j, &at, &name);)
        n++;
    infos_size(q->answers, q->key, n);
    return true;
}

static bool tell_psets_names(const struct question *q)
{
    char *text = NULL;
    size_t n;
    FILE *out = open_memstream(&text, &n);
    const struct job *j;
    struct bytes name;
    if (!out)
        return false;
    TAILQ_FOREACH(j, &pmix_server()->proxy->jobs, link)
    for (const char *at = NULL; is_meant(q, j) && psets_next(j, &at, &name);)
        fprintf(out, "%s%.*s", ftell(out) ? "," : "", (int)name.len, name.data);
    fclose(out);
    infos_text(q->answers, q->key, text);
    free(text);
    return true;
}

static bool tell_members(const struct question *q, const struct job *j, struct bytes name)
{
    size_t n;
    uint32_t *ranks = psets_ranks(j, name, &n);
    if (!ranks)
        return false;
    pmix_proc_t *v = xcalloc(n, sizeof *v);
    for (size_t i = 0; i < n; i++)
        proc_set(&v[i], j->spec.kvsname, ranks[i]);
    infos_data(q->answers, q->key, PMIX_PROC, v, n);
    free(ranks);
    return true;
}

static bool tell_pset_members(const struct question *q)
{
    const char *wanted = infos_find_text(q->query->qualifiers, q->query->nqual, PMIX_PSET_NAME);
    const struct job *j;
    struct bytes name;
    TAILQ_FOREACH(j, &pmix_server()->proxy->jobs, link)
    for (const char *at = NULL; wanted && is_meant(q, j) && psets_next(j, &at, &name);)
        if (bytes_eq(name, wanted))
            return tell_members(q, j, name);
    return false;
}

/* --- all */

static const struct {
    const char *key;
    answerer *answer;
} known[] = {
    {PMIX_QUERY_NAMESPACES, tell_jobs},
    {PMIX_QUERY_PROC_TABLE, tell_ranks},
    {PMIX_QUERY_LOCAL_PROC_TABLE, tell_ranks_here},
    {PMIX_QUERY_NUM_PSETS, tell_psets_number},
    {PMIX_QUERY_PSET_NAMES, tell_psets_names},
    {PMIX_QUERY_PSET_MEMBERSHIP, tell_pset_members},
};

static bool answer(const struct question *q)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].key, q->key) == 0)
            return known[i].answer(q);
    return false;
}

/* Who asks is not told by all versions of the library: version 4 names itself. */
static bool answer_key(struct infos *l, const pmix_query_t *query, const char *key)
{
    const char *name = infos_find_text(query->qualifiers, query->nqual, PMIX_NSPACE);
    const struct question q = {l, key, query, name != NULL, name ? pmix_job_of(name) : NULL};
    return answer(&q);
}

static void answers_free(void *p)
{
    infos_fini(p);
    free(p);
}

static void answer_all(struct handover_task *t)
{
    struct query_call *c = (struct query_call *)t;
    struct infos *l = xcalloc(1, sizeof *l);
    bool all = true;
    for (size_t i = 0; i < c->nqueries; i++)
        for (char **key = c->queries[i].keys; key && *key; key++)
            all &= answer_key(l, &c->queries[i], *key);
    pmix_status_t status = all ? PMIX_SUCCESS : l->n ? PMIX_QUERY_PARTIAL_SUCCESS : PMIX_ERR_NOT_SUPPORTED;
    c->done(status, l->v, l->n, c->arg, answers_free, l);
    free(c);
}

pmix_status_t query_begin(pmix_proc_t *proc, pmix_query_t *queries, size_t nqueries, pmix_info_cbfunc_t done, void *arg)
{
    struct query_call *c = xcalloc(1, sizeof *c);
    *c =
        (struct query_call){.task.run = answer_all, .queries = queries, .nqueries = nqueries, .done = done, .arg = arg};
    handover_post(&c->task);
    return PMIX_SUCCESS;
}
