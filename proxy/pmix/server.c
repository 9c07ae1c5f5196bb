/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The library makes its threads with the signals blocked that are blocked when it is started: all, since signals are
 * the loop's. It is never shut down: it ends with the process, and what it leaves in files is ours to remove.
 */
#include "proxy/pmix/server.h"

#include "common/xalloc.h"
#include "proxy/pmix/front.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static struct pmix self;
static _Atomic(bool) begun; /* the library may accept connections, which its thread does while it is still started */

struct pmix *pmix_server(void)
{
    return self.lib ? &self : NULL;
}

bool pmix_server_begun(void)
{
    return begun;
}

static void describe(struct infos *l, const struct proxy *proxy, const char *nspace)
{
    infos_text(l, PMIX_SERVER_NSPACE, nspace);
    infos_rank(l, PMIX_SERVER_RANK, proxy_node(proxy));
    infos_text(l, PMIX_SERVER_TMPDIR, self.dir.path);
    infos_text(l, PMIX_SYSTEM_TMPDIR, self.dir.path);
    infos_text(l, PMIX_HOSTNAME, proxy_name(proxy));
    infos_flag(l, PMIX_SERVER_TOOL_SUPPORT, false);
}

/* The library takes the module as long as it knows it: a newer one reads more functions than we know of. */
static pmix_status_t init(const struct pmix_library *lib, const struct proxy *proxy)
{
    static union {
        pmix_server_module_t functions;
        char room[2048];
    } module;
    struct infos l = {NULL, 0, 0};
    char nspace[64];
    sigset_t all, before;
    snprintf(nspace, sizeof nspace, "muster-proxy-%d", (int)getpid());
    pmix_upcalls(&module.functions);
    describe(&l, proxy, nspace);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pmix_status_t rc = lib->PMIx_server_init(&module.functions, l.v, l.n);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    infos_fini(&l);
    return rc;
}

/* How it is set up is read from the environment. What its user has set holds; what is set here is set for the start
 * alone, since ranks' environments do not come from here. */
static const struct {
    const char *name, *value;
} settings[] = {
    /* The other store of version 4, in shared files, mixes ranks' values up where fences with data and without follow
     * one another; newer ones do not have it. */
    {"PMIX_MCA_gds", "hash"},
    /* It looks at the machine, with plugins for its displays, graphics cards and PCI, and by asking each processor in
     * turn: most of the time of its start. What it has found is told to nobody: ranks look for themselves, and
     * localities are ours (locality.h). So it finds one processor. */
    {"HWLOC_SYNTHETIC", "pu:1"},
    {"HWLOC_PLUGINS_PATH", "/nonexistent"},
};
#define SETTINGS (sizeof settings / sizeof *settings)

static pmix_status_t init_with_settings(const struct pmix_library *lib, const struct proxy *proxy)
{
    bool ours[SETTINGS];
    for (size_t i = 0; i < SETTINGS; i++) {
        ours[i] = !getenv(settings[i].name);
        setenv(settings[i].name, settings[i].value, 0);
    }
    pmix_status_t rc = init(lib, proxy);
    for (size_t i = 0; i < SETTINGS; i++)
        if (ours[i])
            unsetenv(settings[i].name);
    return rc;
}

static int start(struct proxy *proxy, struct err *e)
{
    const struct pmix_library *lib = pmix_library_load(e);
    if (!lib || private_dir_make(&self.dir, e) < 0)
        return -1;
    if (handover_init(proxy->base) < 0)
        return err_set(e, "unable to make an event counter for PMIx: %m");
    self.proxy = proxy;
    begun = true;
    pmix_status_t rc = init_with_settings(lib, proxy);
    if (rc != PMIX_SUCCESS)
        return err_set(e, "OpenPMIx's server library cannot start: %s", lib->PMIx_Error_string(rc));
    self.lib = lib;
    return 0;
}

struct pmix *pmix_server_start(struct proxy *proxy, struct err *e)
{
    if (!self.lib && !self.failed && start(proxy, &self.why) < 0) {
        self.failed = true;
        private_dir_remove(&self.dir);
    }
    if (self.failed)
        *e = self.why;
    return pmix_server();
}

struct job *pmix_job_of(const char *nspace)
{
    struct job *j;
    TAILQ_FOREACH(j, &self.proxy->jobs, link)
    if (strcmp(j->spec.kvsname, nspace) == 0)
        return j;
    return NULL;
}

struct rank *pmix_rank_in(const struct job *j, uint32_t rank)
{
    uint32_t lo = 0, hi = j->nranks;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (j->ranks[mid].rank < rank)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < j->nranks && j->ranks[lo].rank == rank ? &j->ranks[lo] : NULL;
}

struct rank *pmix_rank_of(const pmix_proc_t *p)
{
    struct job *j = pmix_job_of(p->nspace);
    return j ? pmix_rank_in(j, p->rank) : NULL;
}

void pmix_leave(struct proxy *proxy)
{
    private_dir_remove(&self.dir);
}

bool pmix_has_threads(void)
{
    return self.lib != NULL;
}
