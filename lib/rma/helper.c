/* SPDX-License-Identifier: BSD-3-Clause
 *
 * helper: the thread. It waits for its end by progress_wait, so that it polls for others too, and wakes them. */
#include "lib/rma/helper.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include "lib/core/error.h"
#include "lib/core/state.h"
#include "lib/request/progress.h"

enum { STACK = 1 << 20 };

static struct {
    pthread_t thread;
    int users; /* windows */
    bool runs, quit;
    bool locks; /* the lock is in use for its sake alone */
} helper;

static bool is_over(const void *unused)
{
    (void)unused;
    return helper.quit;
}

static void *help(void *unused)
{
    struct waiter wait = {.ready = is_over, .background = true};
    (void)unused;
    lib_lock();
    while (!helper.quit)
        progress_wait(&wait, NULL);
    progress_give_up(&wait);
    lib_unlock();
    return NULL;
}

/* Signals are for the program's threads. It may call a user's operation. */
static int thread_start(void)
{
    sigset_t all, before;
    pthread_attr_t a;
    int error = pthread_attr_init(&a);
    if (error != 0)
        return error;
    sigfillset(&all);
    pthread_attr_setstacksize(&a, STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&helper.thread, &a, help, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&a);
    return error;
}

int helper_begin(void)
{
    if (helper.users++ > 0)
        return MPI_SUCCESS;
    helper.quit = false;
    if (!lock_used()) {
        helper.locks = true;
        lock_begin();
        lock_allow_bias();
    }
    int error = thread_start();
    helper.runs = error == 0;
    lib.threads += helper.runs;
    if (error == 0)
        return MPI_SUCCESS;
    error_detail_set(MPI_ERR_OTHER, "a window that is reached by messages needs a thread to answer them: %s",
                     strerror(error));
    return MPI_ERR_OTHER;
}

static void thread_stop(void)
{
    helper.quit = true;
    int depth = lib_suspend(); /* which wakes it */
    pthread_join(helper.thread, NULL);
    lib_resume(depth);
    helper.runs = false;
    lib.threads--;
}

void helper_fini(void)
{
    if (helper.runs)
        thread_stop();
}

void helper_end(void)
{
    if (--helper.users > 0)
        return;
    helper_fini();
    if (helper.locks && lib.thread_level == MPI_THREAD_SINGLE && lib.tools_level == MPI_THREAD_SINGLE)
        lock_end();
    helper.locks = false;
}
