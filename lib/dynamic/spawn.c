/* SPDX-License-Identifier: BSD-3-Clause
 *
 * spawn: new processes (MPI 5.0, section 11.8). The root opens a port, has the launcher start them with its name, and
 * accepts; they connect in MPI_Init (parent.c). */
#include <stdlib.h>
#include <string.h>
#include "lib/bindings/impl.h"
#include "lib/comm/ask.h"
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"
#include "lib/dynamic/meet.h"
#include "lib/dynamic/parent.h"
#include "lib/dynamic/port.h"
#include "lib/dynamic/socket.h"
#include "lib/object/info.h"

/* What the root is told, one of each a command. */
struct wanted {
    int count;
    char *const *programs;
    char **const *argv; /* NULL: none has any */
    const int *maxprocs;
    const MPI_Info *infos; /* NULL: none */
};

struct spawning {
    const struct wanted *wanted;
    const struct comm *comm;
    struct boot_command *commands;
    int total; /* processes */
    int *codes;
    char job[BOOT_JOB_MAX]; /* that they are; "": it is not told */
};

static int wrong(int cls, const char *name, int i, const char *how)
{
    error_detail_set(cls, "%s of command %d %s", name, i, how);
    return cls;
}

static int check_one(const struct wanted *w, int i, int *total)
{
    if (!w->programs[i] || !*w->programs[i])
        return wrong(MPI_ERR_SPAWN, "the name", i, "is missing");
    if (w->maxprocs[i] < 1 || w->maxprocs[i] > INT32_MAX - *total)
        return wrong(MPI_ERR_ARG, "maxprocs", i, "is not a number of processes");
    if (w->infos && w->infos[i] != MPI_INFO_NULL && !info_of(w->infos[i]))
        return wrong(MPI_ERR_INFO, "info", i, "is not a valid handle, or has been freed");
    *total += w->maxprocs[i];
    return MPI_SUCCESS;
}

static int check(const struct wanted *w, int *total)
{
    int rc = MPI_SUCCESS;
    *total = 0;
    if (w->count < 1 || !w->programs || !w->maxprocs) {
        error_detail_set(MPI_ERR_ARG, "there is no command");
        return MPI_ERR_ARG;
    }
    for (int i = 0; rc == MPI_SUCCESS && i < w->count; i++)
        rc = check_one(w, i, total);
    return rc;
}

/* Keys go as they are; the launcher knows which mean something. */
static struct boot_pair *pairs_of(const struct info *info, int *count)
{
    int n = info ? info->count : 0;
    struct boot_pair *p = calloc((size_t)n + 1, sizeof *p);
    for (int i = 0; p && i < n; i++)
        p[i] = (struct boot_pair){info->pairs[i].key, info->pairs[i].value};
    *count = n;
    return p;
}

static bool commands_fill(struct spawning *s)
{
    const struct wanted *w = s->wanted;
    bool ok = true;
    for (int i = 0; i < w->count; i++) {
        struct boot_command *c = &s->commands[i];
        *c = (struct boot_command){
            .program = w->programs[i], .argv = w->argv ? w->argv[i] : NULL, .maxprocs = w->maxprocs[i]};
        c->info = pairs_of(w->infos ? info_of(w->infos[i]) : NULL, &c->info_count);
        ok &= c->info != NULL;
    }
    return ok;
}

static void commands_free(struct spawning *s)
{
    for (int i = 0; s->commands && i < s->wanted->count; i++)
        free((void *)s->commands[i].info);
    free(s->commands);
}

static bool all_started(const struct spawning *s)
{
    for (int i = 0; i < s->total; i++)
        if (s->codes[i] != MPI_SUCCESS)
            return false;
    return true;
}

/* It names one of the processes. */
static void tell_unstarted(const struct spawning *s, int process, int error)
{
    int i = 0;
    for (int left = process; i < s->wanted->count - 1 && left >= s->commands[i].maxprocs; i++)
        left -= s->commands[i].maxprocs;
    if (error)
        error_detail_set(MPI_ERR_SPAWN, "unable to start process %d, %.200s: %s", process, s->commands[i].program,
                         strerror(error));
    else
        error_detail_set(MPI_ERR_SPAWN, "not all processes could be started; array_of_errcodes says which");
}

static int ask_launcher(struct spawning *s, const char *port)
{
    struct boot_preput put = {PARENT_KEY, port, strlen(port)};
    struct boot_ask a = {.what = BOOT_SPAWN,
                         .commands = s->commands,
                         .command_count = s->wanted->count,
                         .preput = &put,
                         .preput_count = 1,
                         .codes = s->codes};
    int rc = commands_fill(s) ? ask_await(&a) : MPI_ERR_NO_MEM;
    strcpy(s->job, a.job);
    if (rc == MPI_SUCCESS && !all_started(s)) {
        tell_unstarted(s, a.unstarted, a.why);
        rc = MPI_ERR_SPAWN;
    }
    return rc;
}

/* What is known of the end of the new job. */
struct ending {
    struct boot_ask ask;
    int rc; /* MPI_SUCCESS: it has ended; MPI_ERR_OTHER: the launcher has; MPI_ERR_PENDING: not yet, as far as is known;
             * else that is not told */
};

static bool has_ended(void *arg)
{
    struct ending *e = arg;
    if (e->rc == MPI_ERR_PENDING)
        e->rc = boot_ask_test(&e->ask, false);
    return e->rc == MPI_SUCCESS || e->rc == MPI_ERR_OTHER;
}

/* Who connects is told so before it goes on: a job that has ended has nobody who still will. */
static int accept_children(struct spawning *s, struct port *p, int *fd)
{
    struct ending e = {{.what = BOOT_ENDED, .name = s->job}, s->job[0] ? MPI_ERR_PENDING : MPI_ERR_SERVICE};
    *fd = port_accept(p, &(struct socket_patience){SOCKET_FOREVER, s->comm, has_ended, &e});
    ask_drop(&e.ask);
    if (*fd >= 0)
        return MPI_SUCCESS;
    for (int i = 0; i < s->total; i++)
        s->codes[i] = MPI_ERR_SPAWN;
    if (e.rc == MPI_SUCCESS)
        error_detail_set(MPI_ERR_SPAWN,
                         "%s: the processes have ended, and none of them has called MPI_Init of this library",
                         s->commands[0].program);
    else if (e.rc == MPI_ERR_OTHER)
        error_detail_set(MPI_ERR_SPAWN, "%s: the launcher has ended before the processes were in MPI_Init",
                         s->commands[0].program);
    return MPI_ERR_SPAWN;
}

static int start(struct spawning *s, int *fd)
{
    struct port *p;
    s->commands = calloc((size_t)s->wanted->count, sizeof *s->commands);
    s->codes = malloc((size_t)s->total * sizeof *s->codes);
    if (!s->commands || !s->codes)
        return MPI_ERR_NO_MEM;
    for (int i = 0; i < s->total; i++)
        s->codes[i] = MPI_ERR_SPAWN;
    int rc = port_open(&p);
    if (rc != MPI_SUCCESS)
        return rc;
    rc = ask_launcher(s, port_name(p));
    if (rc == MPI_SUCCESS)
        rc = accept_children(s, p, fd);
    port_close(p);
    return rc;
}

static int reach_children(void *arg, int *fd)
{
    struct spawning *s = arg;
    int rc = check(s->wanted, &s->total);
    if (rc == MPI_SUCCESS)
        rc = start(s, fd);
    commands_free(s);
    return rc;
}

/* Of each process, to all. */
static int codes_tell(struct spawning *s, int root, struct comm *comm, int *codes)
{
    bool all = codes != MPI_ERRCODES_IGNORE;
    int n = s->codes ? s->total : 0;
    int rc = mpi_bcast(&n, sizeof n, &datatype_byte, root, comm);
    int *told = comm->rank == root ? s->codes : malloc((size_t)n * sizeof *told + 1);
    if (rc == MPI_SUCCESS && n > 0)
        rc = told ? mpi_bcast(told, n, datatype_of(MPI_INT), root, comm) : MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS && all && n > 0)
        memcpy(codes, told, (size_t)n * sizeof *codes);
    free(told);
    return rc;
}

static int spawn(const struct wanted *w, int root, struct comm *comm, MPI_Comm *intercomm, int *codes)
{
    struct spawning s = {.wanted = w, .comm = comm};
    int rc = meet_by(comm, root, &(struct meet_way){reach_children, &s, false, TIES_THEIRS}, intercomm);
    int told = comm->inter ? MPI_SUCCESS : codes_tell(&s, root, comm, codes);
    return rc != MPI_SUCCESS ? rc : told;
}

int mpi_comm_spawn(const char *command, char *argv[], int maxprocs, struct info *info, int root, struct comm *comm,
                   MPI_Comm *intercomm, int *codes)
{
    char *program = (char *)command;
    MPI_Info handle = info ? (MPI_Info)info->obj.handle : MPI_INFO_NULL;
    struct wanted w = {1, &program, argv == MPI_ARGV_NULL ? NULL : &argv, &maxprocs, &handle};
    return spawn(&w, root, comm, intercomm, codes);
}

int mpi_comm_spawn_multiple(int count, char *commands[], char **argvs[], const int *maxprocs, const MPI_Info infos[],
                            int root, struct comm *comm, MPI_Comm *intercomm, int *codes)
{
    struct wanted w = {count, commands, argvs == MPI_ARGVS_NULL ? NULL : argvs, maxprocs, infos};
    return spawn(&w, root, comm, intercomm, codes);
}
