/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmix_reply: an answer of OpenPMIx, which comes in a thread of its own. What belongs to it is written before
 * pmix_reply_come, and read after pmix_reply_here has said that it is there. */
#ifndef LIB_BOOT_PMIX_REPLY_H
#define LIB_BOOT_PMIX_REPLY_H

#include <pmix.h>
#include <pthread.h>
#include <stdbool.h>

struct pmix_reply {
    pthread_mutex_t lock;
    pthread_cond_t come;
    bool here;
    pmix_status_t status; /* valid once it is there */
};
#define PMIX_REPLY_INITIALIZER                                                                                         \
    {                                                                                                                  \
        .lock = PTHREAD_MUTEX_INITIALIZER, .come = PTHREAD_COND_INITIALIZER                                            \
    }

/* Before a question is asked. */
static inline void pmix_reply_expect(struct pmix_reply *r)
{
    r->here = false;
}

static inline void pmix_reply_come(struct pmix_reply *r, pmix_status_t status)
{
    pthread_mutex_lock(&r->lock);
    r->status = status;
    r->here = true;
    pthread_cond_signal(&r->come);
    pthread_mutex_unlock(&r->lock);
}

/* Is it there? With `block`, as soon as it is. */
static inline bool pmix_reply_here(struct pmix_reply *r, bool block)
{
    pthread_mutex_lock(&r->lock);
    while (block && !r->here)
        pthread_cond_wait(&r->come, &r->lock);
    bool here = r->here;
    pthread_mutex_unlock(&r->lock);
    return here;
}

#endif
