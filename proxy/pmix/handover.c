/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The queue is short of lock: a task is put, or all are taken. The counter wakes the loop once for all that have come
 * since it last looked.
 */
#include "proxy/pmix/handover.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

STAILQ_HEAD(tasks, handover_task);

static struct {
    pthread_mutex_t lock;
    struct tasks tasks;
    int fd;
    struct event *event;
} self = {.lock = PTHREAD_MUTEX_INITIALIZER, .tasks = STAILQ_HEAD_INITIALIZER(self.tasks), .fd = -1};

static void on_tasks(evutil_socket_t fd, short what, void *arg)
{
    uint64_t count;
    struct tasks all = STAILQ_HEAD_INITIALIZER(all);
    if (read(fd, &count, sizeof count) < 0)
        return;
    pthread_mutex_lock(&self.lock);
    STAILQ_CONCAT(&all, &self.tasks);
    pthread_mutex_unlock(&self.lock);
    while (!STAILQ_EMPTY(&all)) {
        struct handover_task *t = STAILQ_FIRST(&all);
        STAILQ_REMOVE_HEAD(&all, queue);
        t->run(t);
    }
}

int handover_init(struct event_base *base)
{
    self.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self.fd < 0)
        return -1;
    self.event = event_new(base, self.fd, EV_READ | EV_PERSIST, on_tasks, NULL);
    if (self.event && event_add(self.event, NULL) == 0)
        return 0;
    errno = ENOMEM;
    return -1;
}

void handover_post(struct handover_task *t)
{
    const uint64_t one = 1;
    pthread_mutex_lock(&self.lock);
    STAILQ_INSERT_TAIL(&self.tasks, t, queue);
    pthread_mutex_unlock(&self.lock);
    /* It can only fail where the counter is full: then the loop is awake. */
    if (write(self.fd, &one, sizeof one) < 0)
        return;
}
