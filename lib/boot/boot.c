/* SPDX-License-Identifier: BSD-3-Clause
 *
 * boot: the ways to boot, one after the other, and what they have in common. */
#include "lib/boot/boot_ops.h"
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/core/error.h"
#include "lib/core/output.h"
#include "lib/core/state.h"

struct boot boot = {.segment_fd = -1};
static const struct boot_ops *way;

int boot_cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static void alone(struct boot *b)
{
    *b = (struct boot){.name = "singleton",
                       .size = 1,
                       .appnum = -1,
                       .universe_size = -1,
                       .node_count = 1,
                       .local_size = 1,
                       .local_cpus = boot_cpus(),
                       .segment_fd = -1};
}

static int taken(const struct boot_ops *w)
{
    way = w;
    boot.name = way->name;
    if (boot.segment)
        lib.status = node_segment_status(boot.segment, (uint32_t)boot.local_rank);
    output_by_lines();
    return MPI_SUCCESS;
}

int boot_init(void)
{
    static const struct boot_ops *const ways[] = {&boot_inherited, &boot_pmi, &boot_pmix};
    char because[384] = "", why[640];
    for (size_t i = 0; i < sizeof ways / sizeof *ways && !boot_alone_asked(); i++) {
        alone(&boot);
        int rc = ways[i]->init(&boot, because, sizeof because);
        if (rc == BOOT_DONE)
            return taken(ways[i]);
        if (rc == BOOT_ERROR) {
            way = ways[i]; /* its launcher is to be told of the end */
            error_detail_set(MPI_ERR_OTHER, "unable to boot by %s: %s", ways[i]->name, because);
            return MPI_ERR_OTHER;
        }
        if (rc == BOOT_ALONE)
            break;
    }
    alone(&boot);
    if (!boot_alone_wrong(because, why, sizeof why))
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_OTHER, "%s", why);
    return MPI_ERR_OTHER;
}

void boot_fini(void)
{
    boot_kvs_forget();
    if (way && way->fini)
        way->fini();
    lent_close();
    if (way == &boot_lent)
        way = NULL;
}

static bool starting;

struct kvs *boot_kvs(char *why, size_t n)
{
    starting = false;
    if (!way && lib.booted && !lib.forked && boot.size == 1) {
        int rc = lent_poll(why, n);
        starting = rc == BOOT_ABSENT;
        way = rc == BOOT_DONE ? &boot_lent : NULL;
    }
    return way && way->kvs ? way->kvs(why, n) : NULL;
}

bool boot_kvs_starting(void)
{
    return starting;
}

bool boot_kvs_begun(void)
{
    return way && way->kvs;
}

bool boot_launched(void)
{
    return way && way != &boot_lent && (way == &boot_pmix || pmi_offered());
}

bool boot_spawned(void)
{
    if (way && way->spawned)
        return way->spawned();
    const char *told = getenv("PMI_SPAWNED");
    return boot_launched() && told && strcmp(told, "1") == 0;
}

void boot_forked(void)
{
    if (way == &boot_lent)
        pmi_forked();
    lent_close();
    way = NULL;
    boot = (struct boot){.segment_fd = -1};
}

/* It may be called in a signal handler, or while another thread holds a lock of the C library and never gives it back:
 * what waits for that is ended by the alarm. */
static void abort_surely(void)
{
    sigset_t alarms;
    sigemptyset(&alarms);
    sigaddset(&alarms, SIGALRM);
    signal(SIGALRM, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &alarms, NULL);
    alarm(5);
    output_flush();
}

void boot_abort(int code, const char *why)
{
    char host[64] = "?", called[40];
    gethostname(host, sizeof host - 1);
    snprintf(called, sizeof called, "MPI_Abort with code %d", code);
    const char *what = why ? why : called;
    abort_surely();
    if (lib.booted && !lib.forked)
        dprintf(STDERR_FILENO, "muster: rank %d on %s: %s; aborting the job\n", lib.rank, host, what);
    else
        dprintf(STDERR_FILENO, "muster: process %d on %s: %s; aborting\n", (int)getpid(), host, what);
    atomic_store_explicit(&lib.status->state, RANK_ABORTED, memory_order_release);
    if (way && way->abort)
        way->abort(code, why);
    _exit(code & 0xff ? code & 0xff : 1);
}

int boot_local_of(int proc)
{
    if (!boot.segment)
        return proc == 0 ? 0 : -1;
    const uint32_t *local = node_segment_locals(boot.segment);
    int lo = 0, hi = boot.local_size;
    while (lo < hi) {
        int mid = (lo + hi) / 2;
        if (local[mid] < (uint32_t)proc)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < boot.local_size && local[lo] == (uint32_t)proc ? lo : -1;
}
