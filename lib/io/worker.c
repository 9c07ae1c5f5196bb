/* SPDX-License-Identifier: BSD-3-Clause
 *
 * worker: a queue of jobs, and one of those that have run, which progress empties. */
#include "lib/io/worker.h"
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/core/trace.h"
#include "lib/nodemem/nodemem.h"
#include "lib/request/progress.h"
#include "lib/transport/sleep.h"

STAILQ_HEAD(jobs, job);

static struct {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t more;
    struct jobs waiting, ran; /* under the mutex, as quit */
    bool quit;
    _Atomic bool any; /* that have run */
    /* under the lock of the library: */
    bool runs;
    int under_way;
    struct progress_hook hook;
} worker = {.mutex = PTHREAD_MUTEX_INITIALIZER,
            .more = PTHREAD_COND_INITIALIZER,
            .waiting = STAILQ_HEAD_INITIALIZER(worker.waiting),
            .ran = STAILQ_HEAD_INITIALIZER(worker.ran)};

/* The next one, off the queue; NULL: the end. */
static struct job *take(void)
{
    pthread_mutex_lock(&worker.mutex);
    while (STAILQ_EMPTY(&worker.waiting) && !worker.quit)
        pthread_cond_wait(&worker.more, &worker.mutex);
    struct job *j = STAILQ_FIRST(&worker.waiting);
    if (j)
        STAILQ_REMOVE_HEAD(&worker.waiting, link);
    pthread_mutex_unlock(&worker.mutex);
    return j;
}

static void *work(void *unused)
{
    struct job *j;
    (void)unused;
    while ((j = take()) != NULL) {
        j->run(j);
        pthread_mutex_lock(&worker.mutex);
        STAILQ_INSERT_TAIL(&worker.ran, j, link);
        pthread_mutex_unlock(&worker.mutex);
        atomic_store(&worker.any, true);
        doorbell_wake_own();
    }
    return NULL;
}

/* Whoever watches sees that a rank whose file system is slow is not stuck. */
static bool poll_ran(struct progress_hook *h)
{
    struct job *j;
    (void)h;
    trace_moved();
    if (!atomic_load_explicit(&worker.any, memory_order_acquire))
        return false;
    pthread_mutex_lock(&worker.mutex);
    atomic_store(&worker.any, false);
    struct jobs ran = STAILQ_HEAD_INITIALIZER(ran);
    STAILQ_CONCAT(&ran, &worker.ran);
    pthread_mutex_unlock(&worker.mutex);
    while ((j = STAILQ_FIRST(&ran)) != NULL) {
        STAILQ_REMOVE_HEAD(&ran, link);
        sleep_rung--;
        if (--worker.under_way == 0)
            progress_remove(&worker.hook);
        j->ended(j);
    }
    return true;
}

/* Signals are for the program's threads. */
static int begin(void)
{
    sigset_t all, before;
    sigfillset(&all);
    worker.quit = false;
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int error = pthread_create(&worker.thread, NULL, work, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    worker.runs = error == 0;
    lib.threads += worker.runs;
    if (error == 0)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_OTHER, "a thread for files cannot be made: %s", strerror(error));
    return MPI_ERR_OTHER;
}

int worker_submit(struct job *j)
{
    int rc = worker.runs ? MPI_SUCCESS : begin();
    if (rc != MPI_SUCCESS)
        return rc;
    sleep_rung++;
    if (worker.under_way++ == 0) {
        worker.hook.poll = poll_ran;
        progress_add(&worker.hook);
    }
    pthread_mutex_lock(&worker.mutex);
    STAILQ_INSERT_TAIL(&worker.waiting, j, link);
    pthread_cond_signal(&worker.more);
    pthread_mutex_unlock(&worker.mutex);
    return MPI_SUCCESS;
}

void worker_fini(void)
{
    if (!worker.runs)
        return;
    pthread_mutex_lock(&worker.mutex);
    worker.quit = true;
    pthread_cond_signal(&worker.more);
    pthread_mutex_unlock(&worker.mutex);
    pthread_join(worker.thread, NULL);
    worker.runs = false;
    lib.threads--;
    if (worker.under_way > 0)
        poll_ran(&worker.hook);
}
