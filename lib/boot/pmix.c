/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix: under a launcher that speaks PMIx alone (Open MPI's mpirun, prterun, srun --mpi=pmix), by OpenPMIx's client
 * library. Which ranks share a node is told by PMIX_ANL_MAP; Open MPI's mpirun leaves that out, and not every version
 * of the library tells of other nodes, so that the ranks find it out. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "lib/boot/boot_ops.h"
#include "lib/boot/pmix_kvs.h"
#include "lib/boot/pmix_spawn.h"
#include "lib/core/state.h"

static const struct pmix_library *pmix; /* NULL: it is not in use */
static pmix_proc_t self;
static struct kvs *keys;
static int threads; /* of the library's own */

static int threads_here(void)
{
    struct stat st;
    return stat("/proc/self/task", &st) == 0 ? (int)st.st_nlink : 0;
}

/* Its thread takes no signals: these are for the program's. */
static bool begin(const struct pmix_library *library, char *why, size_t n)
{
    sigset_t all, before;
    int were = threads_here();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pmix_status_t rc = library->PMIx_Init(&self, NULL, 0);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != PMIX_SUCCESS) {
        snprintf(why, n,
                 "PMIx_Init: %s; is the launcher that has set PMIX_NAMESPACE=%.100s gone? (MUSTER_SINGLETON=1 "
                 "runs it alone)",
                 library->PMIx_Error_string(rc), getenv("PMIX_NAMESPACE"));
        return false;
    }
    pmix = library;
    threads = threads_here() - were;
    lib.threads += threads;
    return true;
}

/* What is known of this rank (of the job: PMIX_RANK_WILDCARD) without a question to others; NULL: it is not told. */
static pmix_value_t *fact(pmix_rank_t rank, const char *key)
{
    pmix_proc_t p = self;
    pmix_info_t optional = {.value = {.type = PMIX_BOOL, .data.flag = true}};
    pmix_value_t *v = NULL;
    p.rank = rank;
    snprintf(optional.key, sizeof optional.key, "%s", PMIX_OPTIONAL);
    return pmix->PMIx_Get(&p, key, &optional, 1, &v) == PMIX_SUCCESS ? v : NULL;
}

static void fact_free(pmix_value_t *v)
{
    if (v)
        pmix->PMIx_Value_destruct(v);
    free(v);
}

static int fact_number(pmix_rank_t rank, const char *key)
{
    pmix_value_t *v = fact(rank, key);
    int number = v && v->type == PMIX_UINT32 && v->data.uint32 <= INT32_MAX ? (int)v->data.uint32 : -1;
    fact_free(v);
    return number;
}

static bool join(struct boot *b, char *why, size_t n)
{
    int size = fact_number(PMIX_RANK_WILDCARD, PMIX_JOB_SIZE);
    if (size < 1 || self.rank >= (pmix_rank_t)size) {
        snprintf(why, n, "the launcher tells no rank or no number of ranks (PMIX_JOB_SIZE) that make sense");
        return false;
    }
    b->rank = (int)self.rank;
    b->size = size;
    b->appnum = fact_number(self.rank, PMIX_APPNUM);
    b->universe_size = fact_number(PMIX_RANK_WILDCARD, PMIX_UNIV_SIZE);
    keys = pmix_kvs_open(pmix, &self);
    if (size == 1)
        return true;
    pmix_value_t *v = fact(PMIX_RANK_WILDCARD, PMIX_ANL_MAP);
    const char *map = v && v->type == PMIX_STRING ? v->data.string : NULL;
    bool ok = boot_place(b, keys, map, self.nspace, why, n);
    fact_free(v);
    return ok;
}

static int init(struct boot *b, char *why, size_t n)
{
    if (!pmix_offered())
        return BOOT_ABSENT;
    const struct pmix_library *library = pmix_library_load(why, n);
    return library && begin(library, why, n) && join(b, why, n) ? BOOT_DONE : BOOT_ERROR;
}

static void fini(void)
{
    if (!pmix)
        return;
    pmix->PMIx_Finalize(NULL, 0);
    lib.threads -= threads;
    pmix = NULL;
}

static void abort_job(int code, const char *why)
{
    boot_place_drop();
    if (pmix)
        pmix->PMIx_Abort(code, why, NULL, 0);
}

static struct kvs *kvs(char *why, size_t n)
{
    if (!pmix)
        snprintf(why, n, "the connection to the launcher has been closed");
    return pmix ? keys : NULL;
}

static bool spawned(void)
{
    pmix_value_t *v = fact(PMIX_RANK_WILDCARD, PMIX_PARENT_ID);
    v = v ? v : fact(self.rank, PMIX_PARENT_ID);
    bool known = v && v->type == PMIX_PROC && v->data.proc;
    bool child = pmix_spawn_child(known ? v->data.proc->nspace : NULL);
    fact_free(v);
    return child;
}

const struct boot_ops boot_pmix = {"PMIx", init, fini, abort_job, kvs, spawned};
