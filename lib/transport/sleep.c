/* SPDX-License-Identifier: BSD-3-Clause
 *
 * sleep: the doorbell, and the thread that rings it for descriptors.
 *
 * No wake-up is lost: who goes to sleep arms its doorbell, then begins a new round, then looks once more. The helper
 * takes the number of the round before it looks at the descriptors, which stay readable until somebody has read them,
 * and rests after a ring only if no new round has begun since. */
#include "lib/transport/sleep.h"
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/nodemem/nodemem.h"
#include "lib/transport/address.h"

enum { SOURCES = 8, STACK = 1 << 18 };

static struct {
    pthread_t thread;
    bool runs, refused;
    int kick;                 /* an eventfd: look at the list again */
    _Atomic int fds[SOURCES]; /* by row of the table, the last one of what is watched besides; -1: none */
    _Atomic uint32_t round, resting;
    _Atomic bool quit;
} helper = {.kick = -1};

int sleep_rung;

static void futex(_Atomic uint32_t *word, int op, uint32_t value)
{
    syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

static void rest_until_next_round(uint32_t round)
{
    atomic_store(&helper.resting, 1);
    while (atomic_load(&helper.round) == round && !atomic_load(&helper.quit))
        futex(&helper.round, FUTEX_WAIT, round);
    atomic_store(&helper.resting, 0);
}

/* One that is no descriptor any more is left out, until another takes its place. */
static bool came(struct pollfd *set, int gone[SOURCES])
{
    bool any = false;
    for (int i = 0; i < SOURCES; i++) {
        if (set[i].revents & POLLNVAL)
            gone[i] = set[i].fd;
        else
            any |= set[i].revents != 0;
    }
    return any;
}

static void *help(void *unused)
{
    struct pollfd set[SOURCES + 1];
    int gone[SOURCES];
    uint64_t kicks;
    for (int i = 0; i < SOURCES; i++)
        gone[i] = -1;
    while (!atomic_load(&helper.quit)) {
        uint32_t round = atomic_load(&helper.round);
        for (int i = 0; i < SOURCES; i++) {
            int fd = atomic_load(&helper.fds[i]);
            set[i] = (struct pollfd){.fd = fd == gone[i] ? -1 : fd, .events = POLLIN};
        }
        set[SOURCES] = (struct pollfd){.fd = helper.kick, .events = POLLIN};
        if (poll(set, SOURCES + 1, -1) < 0)
            continue;
        if (set[SOURCES].revents && read(helper.kick, &kicks, sizeof kicks) < 0 && errno != EAGAIN)
            break;
        if (came(set, gone)) {
            doorbell_wake_own();
            rest_until_next_round(round);
        }
    }
    return NULL;
}

/* Signals are for the program's threads. */
static bool thread_start(void)
{
    sigset_t all, before;
    pthread_attr_t a;
    sigfillset(&all);
    atomic_store(&helper.quit, false);
    if ((helper.kick = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0 || pthread_attr_init(&a) != 0)
        return false;
    pthread_attr_setstacksize(&a, STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    helper.runs = pthread_create(&helper.thread, &a, help, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&a);
    return helper.runs;
}

static void kick(void)
{
    uint64_t one = 1;
    if (write(helper.kick, &one, sizeof one) < 0)
        return; /* it has been kicked so often that it looks anyway */
}

/* An epoll descriptor, of the first that is watched on. */
static struct {
    int epoll, count;
} watched = {.epoll = -1};

bool sleep_watch(int fd, bool writes)
{
    struct epoll_event e = {.events = EPOLLIN | (writes ? EPOLLOUT : 0)};
    if (watched.epoll < 0)
        watched.epoll = epoll_create1(EPOLL_CLOEXEC);
    bool ok = watched.epoll >= 0 && epoll_ctl(watched.epoll, EPOLL_CTL_ADD, fd, &e) == 0;
    watched.count += ok;
    return ok;
}

void sleep_unwatch(int fd)
{
    epoll_ctl(watched.epoll, EPOLL_CTL_DEL, fd, NULL);
    watched.count--;
}

/* Is there a descriptor? Tells the helper of those that are new. *naps: something can come that no descriptor tells. */
static bool sources_update(bool *naps)
{
    bool any = false, changed = false;
    bool over = false; /* the rows are */
    *naps = false;
    for (int i = 0; i < SOURCES; i++) {
        over = over || !transport_table[i];
        int fd = !over && transport_table[i]->sleep_fd   ? transport_table[i]->sleep_fd()
                 : i == SOURCES - 1 && watched.count > 0 ? watched.epoll
                                                         : SLEEP_FD_NONE;
        *naps |= fd == SLEEP_FD_NAP;
        changed |= atomic_exchange(&helper.fds[i], fd) != fd;
        any |= fd >= 0;
    }
    if (changed && helper.runs)
        kick();
    return any;
}

static void next_round(void)
{
    atomic_fetch_add(&helper.round, 1);
    if (atomic_load(&helper.resting)) /* the helper alone says when it does not: it may rest on in the same round */
        futex(&helper.round, FUTEX_WAKE, 1);
}

_Atomic uint32_t *sleep_arm(uint32_t *value)
{
    bool naps, sources = sources_update(&naps);
    transport_warm();
    if (naps || transport_attention & ADDRESS_ATTENTION)
        return NULL; /* of the second, an answer of the launcher's is awaited */
    if (!sources)
        return nodemem_active || sleep_rung > 0 ? doorbell_arm(value) : NULL;
    if (!helper.runs && !helper.refused)
        helper.refused = !thread_start();
    if (!helper.runs)
        return NULL;
    _Atomic uint32_t *bell = doorbell_arm(value);
    next_round();
    return bell;
}

void sleep_disarm(void)
{
    doorbell_disarm();
}

bool sleep_is_reachable(void)
{
    bool naps;
    return nodemem_active || sleep_rung > 0 || transport_attention & ADDRESS_ATTENTION || sources_update(&naps) || naps;
}

int sleep_threads(void)
{
    return helper.runs;
}

void sleep_fini(void)
{
    if (helper.runs) {
        atomic_store(&helper.quit, true);
        kick();
        next_round();
        pthread_join(helper.thread, NULL);
    }
    if (helper.kick >= 0)
        close(helper.kick);
    if (watched.epoll >= 0)
        close(watched.epoll);
    watched.epoll = -1;
    watched.count = 0;
    helper.kick = -1;
    helper.runs = helper.refused = false;
}
