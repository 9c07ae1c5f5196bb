/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ask: the launcher answers while this process makes progress. */
#include "lib/comm/ask.h"
#include "lib/core/trace.h"
#include "lib/request/progress.h"

struct awaited {
    struct boot_ask *ask;
    int rc;
};

static bool is_answered(const void *arg)
{
    struct awaited *a = (struct awaited *)arg;
    if (a->rc == MPI_ERR_PENDING)
        a->rc = boot_ask_test(a->ask, false);
    return a->rc != MPI_ERR_PENDING;
}

int ask_await(struct boot_ask *ask)
{
    struct awaited a = {ask, MPI_ERR_PENDING};
    struct waiter w = {.ready = is_answered, .arg = &a};
    while (!is_answered(&a)) {
        progress_wait(&w, NULL);
        trace_moved(); /* as of what comes from outside of the job */
    }
    return a.rc;
}

static bool is_sent(const void *arg)
{
    struct awaited *a = (struct awaited *)arg;
    return is_answered(a) || a->ask->asking.sent;
}

int ask_at_once(struct boot_ask *ask)
{
    struct awaited a = {ask, MPI_ERR_PENDING};
    struct waiter w = {.ready = is_sent, .arg = &a};
    while (!is_sent(&a)) /* while others ask */
        progress_wait(&w, NULL);
    return a.rc == MPI_ERR_PENDING ? boot_ask_test(ask, true) : a.rc;
}

static bool is_dropped(const void *arg)
{
    return boot_ask_drop((struct boot_ask *)arg);
}

void ask_drop(struct boot_ask *ask)
{
    struct waiter w = {.ready = is_dropped, .arg = ask};
    while (!is_dropped(ask))
        progress_wait(&w, NULL);
}
