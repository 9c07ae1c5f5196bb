/* SPDX-License-Identifier: BSD-3-Clause
 *
 * threads: who polls, who sleeps where, who wakes whom.
 *
 * `leader` polls, and has given the lock away meanwhile. It may leave at any time, when its own wait is over, and wakes
 * nobody for that: the next one to wait leads. So that messages for those who sleep are noticed even if nobody else
 * comes, one of them always sleeps in such a way that it looks again by itself:
 *   - at the bell of the node's segment, where any packet wakes it; or
 *   - in short naps, as long as other threads are in and out of MPI: then the packets are rather for them, and to wake
 *     somebody for each would cost both sides much.
 * All others sleep deep. A condition can come true only under the lock (then who gives the lock up wakes,
 * threads_wake), or in shared memory (then who polls wakes).
 */
#include "lib/request/threads.h"
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "lib/core/tally.h"
#include "lib/core/trace.h"
#include "lib/core/state.h"
#include "lib/request/counter.h"
#include "lib/transport/transport.h"

static TAILQ_HEAD(, waiter) asleep = TAILQ_HEAD_INITIALIZER(asleep); /* in the order of their coming */
static struct waiter *leader, *at_bell, *going;

static const struct timespec nap = {.tv_nsec = 200000}, deep = {.tv_nsec = 100000000};

/* Is it known what it waits for? If not, anything may be it. */
static bool exact(const struct waiter *w)
{
    return w->ready || w->on;
}

static bool over(const struct waiter *w)
{
    return w->ready ? w->ready(w->arg) : !w->on || w->on->complete;
}

static void waiter_signal(struct waiter *w)
{
    if (w->signalled)
        return;
    w->signalled = true;
    atomic_fetch_add_explicit(w->bell, 1, memory_order_release);
    syscall(SYS_futex, w->bell, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void signal_ready(bool did)
{
    struct waiter *w;
    TAILQ_FOREACH(w, &asleep, line)
    if ((did || (w->ready && !w->local_only)) && over(w))
        waiter_signal(w);
}

/* Who is about to sleep has just looked. What a thread has sent to its own process is delivered by a poll, and if there
 * was no room for what it has sent, or counters are to be called, somebody must look soon. */
static void threads_wake(void)
{
    transport_poll_inside();
    if (going)
        going->signalled = true;
    signal_ready(true);
    if (at_bell && at_bell->deep && progress_unsent > 0)
        waiter_signal(at_bell);
    if (!leader && !TAILQ_EMPTY(&counter_ready) && !TAILQ_EMPTY(&asleep))
        waiter_signal(at_bell ? at_bell : TAILQ_FIRST(&asleep));
    if (going)
        going->signalled = false;
    going = NULL;
}

/* Somebody goes: does one of the sleepers look by itself? */
static void look_after(void)
{
    struct waiter *first = TAILQ_FIRST(&asleep);
    if (!leader && !at_bell && first && first->deep)
        waiter_signal(first);
}

void threads_return(struct waiter *w)
{
    if (leader == w)
        leader = NULL; /* no more; or the caller, who keeps the lock, comes back at once */
    if (exact(w) && !over(w))
        return;
    if (w->reported)
        trace_thread_clear(w->place);
    w->reported = false;
    look_after();
}

void threads_sleep(struct waiter *w, _Atomic uint32_t *bell, uint32_t value, const struct timespec *most)
{
    bool packets = bell && bell != &w->own_bell;
    if (leader == w)
        leader = NULL;
    if (packets)
        at_bell = w;
    w->bell = bell;
    w->signalled = false;
    w->deep = most->tv_nsec > nap.tv_nsec;
    TAILQ_INSERT_TAIL(&asleep, w, line);
    lock_hot.wake = threads_wake;
    lock_hot.sleepers++;
    going = w;
    int64_t began = tally_sleep_begin();
    int depth = lib_suspend();
    syscall(SYS_futex, bell, FUTEX_WAIT, value, most, NULL, 0);
    lib_resume(depth);
    tally_sleep_end(began);
    lock_hot.sleepers--;
    TAILQ_REMOVE(&asleep, w, line);
    if (packets)
        at_bell = NULL;
}

static void sleep_own(struct waiter *w, const struct timespec *most)
{
    threads_sleep(w, &w->own_bell, atomic_load_explicit(&w->own_bell, memory_order_relaxed), most);
}

bool threads_follow(struct waiter *w, const struct request *on, void (*report)(struct waiter *, const struct request *))
{
    w->on = on;
    if (w->idle == 0 && !w->calls) {
        w->calls = atomic_load_explicit(&lib.status->call, memory_order_relaxed);
        w->id = (int)(w->calls & 0xffff);
    }
    if (!leader)
        return false;
    if (!w->reported)
        report(w, on);
    sleep_own(w, at_bell || !TAILQ_EMPTY(&asleep) ? &deep : &nap);
    return true;
}

void threads_lead(struct waiter *w)
{
    leader = w;
}

void threads_polled(bool did)
{
    if (!TAILQ_EMPTY(&asleep))
        signal_ready(did);
}

bool threads_may_sleep(struct waiter *w)
{
    if (at_bell) {
        leader = NULL;
        sleep_own(w, &deep);
        return false;
    }
    uint64_t calls = atomic_load_explicit(&lib.status->call, memory_order_relaxed);
    if (calls == w->calls)
        return true;
    w->calls = calls;
    sleep_own(w, &nap);
    return false;
}
