/* SPDX-License-Identifier: BSD-3-Clause
 *
 * failure: which failure was the first, and its story.
 *
 * Several ranks often fail within a millisecond, and what arrives first need not have happened first: the times that
 * the proxies took decide. A failure of the job as a whole (a timeout, Ctrl-C) is never replaced by what it caused.
 */
#include "launcher/failure.h"

#include "common/printable.h"
#include "common/xalloc.h"
#include "launcher/exit_status.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define CAUSE_WINDOW_NS 1000000000u
#define NODE_WINDOW_NS 5000000000u /* why a proxy is gone is asked for, too */

static bool died(const struct job *j, uint32_t rank)
{
    int status = (int)j->ranks[rank].status;
    return WIFSIGNALED(status) && WTERMSIG(status) != SIGPIPE;
}

/* Who a signal killed is the likely cause of others' exit or abort just before: a process closes its files, which
 * others notice, some time before it can be waited for; long before, where the processors are busy with others. (Who
 * was told to end in the meantime does not come here.) */
static bool earlier(const struct failure *f, enum failure_kind kind, const struct job *j, uint32_t rank, uint64_t time)
{
    bool whole_job = f->kind == FAILURE_NODE || f->kind > FAILURE_STUCK;
    if (whole_job || (kind != FAILURE_EXIT && kind != FAILURE_START) || (j == f->job && rank == f->rank))
        return false;
    bool together = j->ending == f->job->ending; /* as far as both were told to end: they were connected */
    if (together && kind == FAILURE_EXIT && died(j, rank) && !(f->kind == FAILURE_EXIT && died(f->job, f->rank)))
        return time < f->time + CAUSE_WINDOW_NS;
    return time < f->time;
}

bool failure_note(struct run *run, enum failure_kind kind, const struct job *j, uint32_t rank, uint64_t time, int code,
                  const char *text)
{
    struct failure *f = &run->failure;
    bool first = f->kind == FAILURE_NONE;
    if (!first && !earlier(f, kind, j, rank, time))
        return false;
    *f = (struct failure){.kind = kind, .job = j, .rank = rank, .time = time, .code = code};
    snprintf(f->text, sizeof f->text, "%s", text ? text : "");
    return first;
}

/* Who kills what runs on a node, as a scheduler does, seldom begins with the proxy: it tells of ranks first. */
static bool explains(const struct failure *f, uint32_t node, uint64_t time)
{
    return f->kind == FAILURE_EXIT && rankmap_node(&f->job->spec.map, f->rank) == node &&
           WIFSIGNALED((int)f->job->ranks[f->rank].status) && WTERMSIG((int)f->job->ranks[f->rank].status) == SIGKILL &&
           time < f->time + NODE_WINDOW_NS;
}

bool failure_node_lost(struct run *run, uint32_t node, uint64_t time, const char *text)
{
    bool first = run->failure.kind == FAILURE_NONE;
    if (explains(&run->failure, node, time))
        run->failure.kind = FAILURE_NONE;
    failure_note(run, FAILURE_NODE, NULL, 0, time, 0, text);
    return first;
}

void failure_tail(struct run *run, struct job *j, uint32_t rank, const void *data, size_t n, bool shown)
{
    if (rank >= j->spec.map.nranks || j->ranks[rank].tail || run->tails == FAILURE_TAILS_MAX)
        return;
    j->ranks[rank].tail = xstrndup(data, n);
    j->ranks[rank].tail_shown = shown;
    run->tails++;
}

#define PROGRAM_SHOWN 200 /* bytes of its name */

static const char *hint(int error)
{
    switch (error) {
    case EMFILE:
        return " (raise the limit with ulimit -n)";
    case ENFILE:
        return " (the whole machine has too many files open)";
    case EAGAIN:
        return " (limit of processes: see ulimit -u, and pids.max of the control group)";
    default:
        return "";
    }
}

static void describe_not_found(const char *program, int error, char *text, size_t size)
{
    if (error == ENOENT && !strchr(program, '/'))
        snprintf(text, size,
                 "was not started: the program '%.*s' was not found in PATH (a program in this directory is written "
                 "./%.*s)",
                 PROGRAM_SHOWN, program, PROGRAM_SHOWN, program);
    else
        snprintf(text, size, "was not started: the program '%.*s': %s", PROGRAM_SHOWN, program,
                 error == EACCES ? "not an executable file for this user" : strerror(error));
}

static void describe_start(const struct job *j, uint32_t rank, char *text, size_t size)
{
    const struct rank_info *r = &j->ranks[rank];
    const struct launch_app *a = &j->spec.apps[rank_runs_at(&j->spec.app_of_rank, rank)];
    const char *program = a->argv.v[0], *why = strerror((int)r->error);
    switch ((enum start_stage)r->stage) {
    case START_CHDIR:
        snprintf(text, size, "was not started: unable to change to the directory %.*s: %s", PROGRAM_SHOWN, a->wdir,
                 why);
        return;
    case START_FIND:
        describe_not_found(program, (int)r->error, text, size);
        return;
    case START_OUTPUT:
        snprintf(text, size, "was not started: unable to write its output into the directory %.*s: %s", PROGRAM_SHOWN,
                 j->spec.output_dir, why);
        return;
    case START_BIND:
        snprintf(text, size, "was not started: unable to bind it to its processors: %s", why);
        return;
    case START_EXEC:
        snprintf(text, size, "was not started: unable to execute '%.*s': %s%s", PROGRAM_SHOWN, program, why,
                 r->error == ENOENT ? " (the file is there, its interpreter or loader is not)" : "");
        return;
    default:
        snprintf(text, size, "was not started: %s%s", why, hint((int)r->error));
    }
}

static void describe_signal(const struct rank_info *r, char *text, size_t size)
{
    int sig = WTERMSIG((int)r->status);
    const char *abbrev = sigabbrev_np(sig), *what = sigdescr_np(sig);
    snprintf(text, size, "was killed by signal %d (%s%s, %s)%s%s", sig, abbrev ? "SIG" : "", abbrev ? abbrev : "?",
             what ? what : "unknown signal", r->flags & EXIT_CORE ? ", core dumped" : "",
             r->flags & EXIT_OOM ? ": probably out of memory (the kernel has just killed a process for that)" : "");
}

void failure_describe_rank(const struct job *j, uint32_t rank, char *text, size_t size)
{
    const struct rank_info *r = &j->ranks[rank];
    if (r->lost)
        snprintf(text, size, "was lost with its node");
    else if (!r->started)
        describe_start(j, rank, text, size);
    else if (!r->ended)
        snprintf(text, size, "is running");
    else if (WIFSIGNALED((int)r->status))
        describe_signal(r, text, size);
    else if (WEXITSTATUS((int)r->status) == 0 && (r->flags & EXIT_IN_PMI))
        snprintf(text, size, "exited with code 0 after MPI_Init, but without MPI_Finalize");
    else
        snprintf(text, size, "exited with code %d", WEXITSTATUS((int)r->status));
}

static void print_rank(FILE *out, const struct failure *f)
{
    const struct job *j = f->job;
    const struct rank_info *r = &j->ranks[f->rank];
    char text[sizeof f->text * PRINTABLE_WIDTH], what[sizeof text + 64];
    printable_put(text, sizeof text, f->text, strlen(f->text));
    if (f->kind == FAILURE_ABORT)
        snprintf(what, sizeof what, "called abort with code %d%s%s", f->code, *f->text ? ": " : "", text);
    else if (f->kind == FAILURE_PMI || f->kind == FAILURE_STUCK)
        snprintf(what, sizeof what, "%s", text);
    else
        failure_describe_rank(j, f->rank, what, sizeof what);
    fprintf(out, "mpiexec: rank %u", f->rank);
    if (j->world)
        fprintf(out, " of %s's world", j->world);
    else if (j->spec.job)
        fprintf(out, " of spawned job %u", j->spec.job);
    fprintf(out, " on %s", cluster_node_name(j->run->cluster, rankmap_node(&j->spec.map, f->rank)));
    if (r->pid)
        fprintf(out, " (pid %u)", r->pid);
    fprintf(out, " %s\n", what);
}

static void print_tail(FILE *out, const struct failure *f)
{
    const char *tail = f->job ? f->job->ranks[f->rank].tail : NULL;
    if (!tail || !*tail || f->job->ranks[f->rank].tail_shown)
        return;
    fprintf(out, "mpiexec:   its last lines on stderr:\n");
    for (const char *p = tail; *p;) {
        size_t n = strcspn(p, "\n"), size = n * PRINTABLE_WIDTH + 1;
        char *line = xmalloc(size);
        printable_put(line, size, p, n);
        fprintf(out, "mpiexec:     %s\n", line);
        free(line);
        p += n + (p[n] == '\n');
    }
}

static void print_count(FILE *out, unsigned n, bool other, const char *what)
{
    if (n)
        fprintf(out, "mpiexec:   %u %srank%s %s\n", n, other ? "other " : "", n == 1 ? "" : "s", what);
}

/* Each rank but the first failure's own is counted once. */
static void print_others(FILE *out, const struct run *run)
{
    const struct failure *f = &run->failure;
    unsigned stopped = 0, later = 0, failed = 0, lost = 0, not_started = 0;
    struct job *j;
    TAILQ_FOREACH(j, &run->jobs, link)
    for (uint32_t i = 0; i < j->spec.map.nranks; i++) {
        const struct rank_info *r = &j->ranks[i];
        if ((j == f->job && i == f->rank) || j->spawn_failed)
            continue;
        if (r->lost)
            lost++;
        else if (!r->started)
            not_started++;
        else if (r->stopped && f->job && j->ending != f->job->ending)
            later++;
        else if (r->stopped)
            stopped++;
        else if (r->status || r->flags & EXIT_IN_PMI)
            failed++;
    }
    print_count(out, failed, f->job, "failed after that");
    print_count(out, stopped, f->job, "stopped because of it");
    print_count(out, later, f->job, "stopped later, and not because of it");
    print_count(out, lost, f->job, "lost");
    print_count(out, not_started, f->job, "not started");
}

void failure_print(const struct run *run)
{
    const struct failure *f = &run->failure;
    char *text = NULL;
    size_t size = 0;
    FILE *out = f->kind == FAILURE_NONE || f->kind == FAILURE_OUTPUT ? NULL : open_memstream(&text, &size);
    if (!out)
        return;
    if (f->job)
        print_rank(out, f);
    else
        fprintf(out, "mpiexec: %s\n", f->text);
    print_tail(out, f);
    print_others(out, run);
    fprintf(out, "mpiexec:   exit status %d\n", exit_status(run));
    fclose(out);
    fwrite(text, 1, size, stderr);
    free(text);
}
