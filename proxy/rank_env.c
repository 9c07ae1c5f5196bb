/* SPDX-License-Identifier: BSD-3-Clause
 *
 * rank_env: templates and the variables of PMI, MPI and ours.
 */
#include "proxy/rank_env.h"

#include "common/pattern.h"
#include "common/xalloc.h"
#include "proxy/pmix/front.h"
#include "wire/node_segment.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define OWN_VARIABLES 26               /* room for those set below */
#define CHOICE "MPIR_CVAR_PMI_VERSION" /* MPICH's */

uint32_t rank_appnum(const struct rank *r)
{
    return rank_runs_at(&r->job->spec.app_of_rank, r->rank);
}

/* Ranks of the same application. */
static uint32_t app_size(const struct rank *r)
{
    const struct rank_runs *runs = &r->job->spec.app_of_rank;
    uint32_t app = rank_appnum(r), n = 0;
    for (uint32_t i = 0; i < runs->n; i++) {
        const struct rank_run *run = &runs->v[i];
        if (run->step == 0)
            n += run->start == app ? run->count : 0;
        else
            n += app >= run->start && app - run->start < run->count;
    }
    return n;
}

const struct launch_app *rank_app(const struct rank *r)
{
    return &r->job->spec.apps[rank_appnum(r)];
}

const char *rank_env_get(char *const *envp, const char *name)
{
    size_t n = strlen(name);
    for (; *envp; envp++)
        if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
            return *envp + n + 1;
    return NULL;
}

static char *own(struct rank_env *e, char *s)
{
    e->own[e->nown++] = s;
    return s;
}

/* Replaces the variable of the same name that came along. */
static void set(struct rank_env *e, size_t *n, char *name_value)
{
    size_t len = strcspn(name_value, "=") + 1;
    own(e, name_value);
    for (size_t i = 0; i < *n; i++) {
        if (strncmp(e->envp[i], name_value, len) == 0) {
            e->envp[i] = name_value;
            return;
        }
    }
    e->envp[(*n)++] = name_value;
}

/* Below ten are those that a script opens itself; shells keep theirs from ten on, or just below 64. */
static int high(int low)
{
    enum { UP = 37 };
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur > (rlim_t)(low + UP + 1) ? low + UP : low;
}

int rank_pmi_fd(void)
{
    return high(3);
}

int rank_segment_fd(void)
{
    return high(4);
}

int rank_listener_fd(void)
{
    return high(5);
}

bool rank_env_libraries(const char *folder)
{
    DIR *d = opendir(folder);
    bool any = false;
    for (struct dirent *f; d && !any && (f = readdir(d));)
        any = strstr(f->d_name, ".so") != NULL;
    if (d)
        closedir(d);
    return any;
}

/* What was copied is found by the dynamic linker before what the user names. */
static void set_library_path(struct rank_env *e, size_t *n, const char *folder)
{
    e->envp[*n] = NULL;
    const char *users = rank_env_get(e->envp, "LD_LIBRARY_PATH");
    set(e, n, xasprintf("LD_LIBRARY_PATH=%s%s%s", folder, users && *users ? ":" : "", users ? users : ""));
}

/* What every rank finds, however it was started: mpiexec(1) lists them. */
static const char *const always[] = {
    "PMI_RANK={rank}",
    "PMI_HOSTNAME={host}",
    "MPI_LOCALRANKID={local_rank}",
    "MPI_LOCALNRANKS={local_size}",
    "MUSTER_RANK={rank}",
    "MUSTER_SIZE={size}",
    NODE_SEGMENT_LOCAL_RANK_ENV "={local_rank}",
    "MUSTER_LOCAL_SIZE={local_size}",
    "MUSTER_NODE_RANK={node}",
    "MUSTER_NODES={nodes}",
};

static struct pattern_values values_of(const struct rank *r)
{
    const struct job *j = r->job;
    return (struct pattern_values){.rank = r->rank,
                                   .local_rank = r->local,
                                   .size = j->spec.map.nranks,
                                   .local_size = j->nranks,
                                   .node = j->node_rank,
                                   .nodes = j->nodes,
                                   .universe = j->spec.universe_size,
                                   .host = proxy_name(j->proxy)};
}

static void set_pmi(struct rank_env *e, size_t *n, const struct rank *r, char *const *pmix)
{
    unsigned pmi = rank_app(r)->pmi;
    for (; pmix && *pmix; pmix++)
        set(e, n, *pmix);
    if (!(pmi & (LAUNCH_PMI_1 | LAUNCH_PMI_2)))
        return;
    set(e, n, xasprintf("PMI_FD=%d", rank_pmi_fd()));
    set(e, n, xasprintf("PMI_SIZE=%u", r->job->spec.map.nranks));
    e->envp[*n] = NULL;
    /* A library that speaks both refuses to choose. */
    if (pmix && !rank_env_get(e->envp, CHOICE))
        set(e, n, xasprintf(CHOICE "=%d", pmi & LAUNCH_PMI_1 ? 1 : 2));
}

static size_t count(char *const *v)
{
    size_t n = 0;
    while (v && v[n])
        n++;
    return n;
}

void rank_env_init(struct rank_env *e, const struct rank *r)
{
    const struct job *j = r->job;
    const struct launch_app *a = rank_app(r);
    const struct strings *base = &j->spec.envs[a->env];
    struct pattern_values v = values_of(r);
    char **pmix = pmix_environment(r);
    size_t n = base->n, extra = OWN_VARIABLES + a->templates.n + count(pmix);
    e->own = xcalloc(extra + a->argv.n, sizeof *e->own);
    e->nown = 0;
    e->envp = xcalloc(n + extra + 1, sizeof *e->envp);
    memcpy(e->envp, base->v, n * sizeof *e->envp);
    for (uint32_t i = 0; i < a->templates.n; i++)
        set(e, &n, pattern_expand(a->templates.v[i], &v));
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        set(e, &n, pattern_expand(always[i], &v));
    set_pmi(e, &n, r, pmix);
    free(pmix);
    if (j->proxy->stage)
        set(e, &n, xasprintf("MUSTER_STAGE_DIR=%s", j->proxy->stage));
    if (j->proxy->stage_libraries)
        set_library_path(e, &n, j->proxy->stage);
    if (j->spec.flags & LAUNCH_SPAWNED)
        set(e, &n, xstrdup("PMI_SPAWNED=1"));
    if (j->segment_fd >= 0) {
        set(e, &n, xasprintf("%s=%d", NODE_SEGMENT_FD_ENV, rank_segment_fd()));
        set(e, &n, xasprintf("%s=%d", NODE_SEGMENT_APPNUM_ENV, (int)rank_appnum(r)));
        set(e, &n, xasprintf("MUSTER_APPSIZE=%u", app_size(r)));
    }
    if (!rank_env_get(base->v, "GFORTRAN_UNBUFFERED_PRECONNECTED"))
        set(e, &n, xstrdup("GFORTRAN_UNBUFFERED_PRECONNECTED=y"));
    e->argv = xcalloc((size_t)a->argv.n + 1, sizeof *e->argv);
    for (uint32_t i = 0; i < a->argv.n; i++)
        e->argv[i] = a->arg_templates ? own(e, pattern_expand(a->argv.v[i], &v)) : a->argv.v[i];
}

void rank_env_fini(struct rank_env *e)
{
    for (size_t i = 0; i < e->nown; i++)
        free(e->own[i]);
    free(e->own);
    free(e->envp);
    free(e->argv);
}
