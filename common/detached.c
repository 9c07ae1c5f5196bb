/* SPDX-License-Identifier: BSD-3-Clause
 *
 * detached: see detached.h.
 */
#include "common/detached.h"

#include <pthread.h>
#include <signal.h>

#define STACK_SIZE (256u << 10)

bool detached_run(void *(*run)(void *arg), void *arg)
{
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    sigprocmask(SIG_BLOCK, &all, &old);
    int error = pthread_create(&thread, &attr, run, arg);
    sigprocmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return error == 0;
}
