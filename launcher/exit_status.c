/* SPDX-License-Identifier: BSD-3-Clause
 *
 * exit_status: from the first failure to a number of the shell.
 */
#include "launcher/exit_status.h"

#include "launcher/run.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

int exit_status_of_wait(uint32_t wait_status)
{
    int s = (int)wait_status;
    return WIFSIGNALED(s) ? 128 + WTERMSIG(s) : WEXITSTATUS(s);
}

int exit_status_of_start(enum start_stage stage, uint32_t error)
{
    if (stage != START_FIND && stage != START_EXEC)
        return 1;
    return error == ENOENT || error == ENOTDIR ? 127 : 126;
}

int exit_status_of_abort(int code)
{
    int low = code & 0xff; /* what a process could have exited with */
    return low ? low : 1;
}

static int of_rank(const struct job *j, uint32_t rank)
{
    const struct rank_info *r = &j->ranks[rank];
    if (!r->started)
        return exit_status_of_start(r->stage, r->error);
    int s = exit_status_of_wait(r->status);
    return s ? s : 1; /* it ended with 0 inside MPI */
}

int exit_status(const struct run *run)
{
    const struct failure *f = &run->failure;
    switch (f->kind) {
    case FAILURE_NONE:
        return 0;
    case FAILURE_START:
    case FAILURE_EXIT:
        return of_rank(f->job, f->rank);
    case FAILURE_ABORT:
        return exit_status_of_abort(f->code);
    case FAILURE_TIMEOUT:
        return EXIT_STATUS_TIMEOUT;
    case FAILURE_SIGNAL:
        return 128 + f->code;
    case FAILURE_OUTPUT:
        return f->code == EPIPE ? 128 + SIGPIPE : 1;
    case FAILURE_PMI:
    case FAILURE_STUCK:
    case FAILURE_NODE:
    case FAILURE_LAUNCH:
        break;
    }
    return 1;
}
