/* SPDX-License-Identifier: BSD-3-Clause
 *
 * progress: the place that polls and the place that waits.
 *
 * Spin while every rank has a processor of its own; give the processor away soon if not; sleep when neither helped. */
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "lib/boot/boot.h"
#include "lib/core/clock.h"
#include "lib/core/pause.h"
#include "lib/core/knobs.h"
#include "lib/core/output.h"
#include "lib/core/tally.h"
#include "lib/core/trace.h"
#include "lib/core/state.h"
#include "lib/nodemem/nodemem.h"
#include "lib/object/context.h"
#include "lib/process/failed.h"
#include "lib/request/counter.h"
#include "lib/request/progress.h"
#include "lib/request/threads.h"
#include "lib/transport/peer.h"
#include "lib/transport/sleep.h"

static TAILQ_HEAD(, progress_hook) hooks = TAILQ_HEAD_INITIALIZER(hooks);

void progress_add(struct progress_hook *h)
{
    TAILQ_INSERT_TAIL(&hooks, h, link);
}

void progress_remove(struct progress_hook *h)
{
    TAILQ_REMOVE(&hooks, h, link);
}

/* A hook may call a user's function (an operation), without the lock: no second walk along the list meanwhile. */
static bool poll_hooks(void)
{
    static bool walking;
    struct progress_hook *h, *next;
    bool did = false;
    if (walking)
        return false;
    walking = true;
    for (h = TAILQ_FIRST(&hooks); h; h = next) {
        next = TAILQ_NEXT(h, link);
        did |= h->poll(h);
    }
    walking = false;
    return did;
}

struct progress_upcalls progress_upcalls;
uint32_t progress_unsent;

bool progress_poll(void)
{
    bool did = transport_poll() > 0 || (UNLIKELY(failed_pending()) && progress_upcalls.failed());
    if (UNLIKELY(progress_unsent > 0))
        did |= progress_upcalls.flush() > 0;
    if (UNLIKELY(!TAILQ_EMPTY(&hooks)))
        did |= poll_hooks();
    if (UNLIKELY(!TAILQ_EMPTY(&counter_ready)))
        did |= counter_run();
    return did;
}

enum { SPIN_HARD = 100 };
enum { LATE_NS = 1000000, CAUTION = 16 };
static int no_yields; /* waits that do without */
static const struct timespec long_nap = {.tv_nsec = 100000000}, short_nap = {.tv_nsec = 500000};

static void doze(struct waiter *w, _Atomic uint32_t *bell, uint32_t value, const struct timespec *most)
{
    if (lock_used()) {
        threads_sleep(w, bell ? bell : &w->own_bell, bell ? value : atomic_load(&w->own_bell), most);
        return;
    }
    int64_t began = tally_sleep_begin();
    if (bell)
        syscall(SYS_futex, bell, FUTEX_WAIT, value, most, NULL, 0);
    else
        nanosleep(most, NULL);
    tally_sleep_end(began);
}

/* Nobody else sends, but other threads of this process. */
static bool alone(void)
{
    return lock_used() && !sleep_is_reachable();
}

static void sleep_now(struct waiter *w)
{
    if (lock_used() && !threads_may_sleep(w))
        return;
    uint32_t value = 0;
    _Atomic uint32_t *bell = sleep_arm(&value);
    /* Without a bell, or where the room in a ring may end the wait, look again soon. */
    bool soon = (!bell && !alone()) || progress_unsent > 0;
    if (progress_poll())
        trace_moved();
    else if (!(w->ready && w->ready(w->arg)))
        doze(w, bell, value, soon ? &short_nap : &long_nap);
    if (bell)
        sleep_disarm();
}

static struct trace_wait wait_of(const struct request *on, const struct comm *c, describe_fn *describe, const void *arg)
{
    struct trace_wait t = {.peer = RANK_STATUS_NONE, .tag = RANK_STATUS_NONE};
    if (on && on->comm)
        c = on->comm;
    if (c) {
        t.comm = context_number(c->ctx);
        t.comm_name = c->name;
    }
    if (on && on->ops->describe)
        on->ops->describe(on, &t);
    else if (!on && describe)
        describe(arg, &t);
    return t;
}

static int present_call(void)
{
    return (int)(atomic_load_explicit(&lib.status->call, memory_order_relaxed) & 0xffff);
}

static void wait_report(struct waiter *w, const struct request *on)
{
    if (w->background)
        return;
    struct trace_wait t = wait_of(on, w->comm, w->describe, w->arg);
    if (w->since == 0)
        w->since = (uint64_t)clock_ns();
    t.since_ns = w->since;
    t.id = lock_used() ? w->id : present_call();
    if (lock_used())
        w->place = trace_thread_set(&t);
    else
        trace_wait_set(&t);
    w->reported = true;
}

/* Once more to whoever watches, since the wait lasts: is anything moving? */
static void flight_report(const struct waiter *w, const struct request *on)
{
    struct trace_wait t = wait_of(on, w->comm, w->describe, w->arg);
    uint64_t outgoing = 0, incoming = 0;
    const struct peer *p = t.peer >= 0 && t.peer < boot.size ? peer_table[t.peer] : NULL;
    if (!p || !p->carrier || !p->carrier->in_flight)
        return;
    if (!p->carrier->in_flight(p, &outgoing, &incoming))
        outgoing = incoming = RANK_NOT_CONNECTED;
    trace_flight_set(w->since, outgoing, incoming);
}

void progress_give_up(struct waiter *w)
{
    if (lock_used() && w->reported)
        trace_thread_clear(w->place);
    w->reported = false;
}

struct progress_misses progress_misses = {.tell = PROGRESS_MISSES_FIRST};

void progress_missed_slow(const struct request *on, describe_fn *describe, const void *arg)
{
    static uint64_t since;
    if (progress_misses.tests == PROGRESS_MISSES_FIRST)
        since = (uint64_t)clock_ns();
    struct trace_wait t = wait_of(on, NULL, describe, arg);
    t.since_ns = since;
    t.id = present_call();
    trace_poll_set(&t);
    progress_upcalls.finalized(NULL, NULL, false);
    progress_misses.tests = PROGRESS_MISSES_FIRST + 1; /* so that it never comes round */
    progress_misses.tell = progress_misses.tests + RANK_TESTS_MOST;
}

void progress_hit_slow(void)
{
    trace_poll_clear();
    progress_misses.tell = PROGRESS_MISSES_FIRST;
}

int progress_spins(void)
{
    /* Nothing else makes progress meanwhile, so it is about a microsecond. */
    return TAILQ_EMPTY(&hooks) ? (int)knobs.RECV_SPINS : 1;
}

/* Gives the processor away, and learns whether that is wise: if it came back late, others than ranks want it too, and
 * they take it for a whole slice of time. A sleeper comes back sooner, so the next waits go to sleep at once. */
static void give_way(void)
{
    tally.wait_yields++;
    int depth = lib_suspend();
    int64_t begin = clock_ns();
    sched_yield();
    int64_t end = clock_ns();
    lib_resume(depth);
    if (end - begin > LATE_NS)
        no_yields = CAUTION;
}

struct patience {
    unsigned spins, yields;
    bool wary; /* of yields that come back late */
};

/* With those of other jobs that this process talks with: has each a processor? */
static bool is_crowded(void)
{
    static int online;
    if (nodemem.guests == 0)
        return false;
    if (online == 0)
        online = (int)sysconf(_SC_NPROCESSORS_ONLN);
    return boot.local_size + nodemem.guests > online;
}

/* Beside a system call giving the processor away costs little: ranks that share one without knowing it, as those of
 * several containers do, then need not wait until each one's slice is over. */
static struct patience patience_now(void)
{
    bool own = boot.local_size <= boot.local_cpus, crowded = own && UNLIKELY(is_crowded());
    struct patience p = {(unsigned)knobs.WAIT_SPINS, (unsigned)knobs.WAIT_YIELDS, !own || crowded};
    bool threads = own && lock_hot.sleepers > 0 && boot.local_size * (1 + lock_hot.sleepers) > boot.local_cpus;
    if (threads || crowded)
        p.spins = (unsigned)knobs.WAIT_SPINS_THREADS; /* who is woken may want the processor */
    if (own && transport_is_dear()) {
        unsigned fewer = (unsigned)knobs.WAIT_SPINS_NETWORK;
        p.spins = p.spins < fewer ? p.spins : fewer;
        p.yields = (unsigned)knobs.WAIT_YIELDS_NETWORK;
        p.wary = true;
    }
    return p;
}

static void rest(struct waiter *w, const struct request *on)
{
    struct patience p = patience_now();
    if (p.wary && w->idle >= p.spins && w->idle < p.spins + p.yields && no_yields > 0) {
        no_yields--;
        w->idle = p.spins + p.yields;
    }
    w->idle++;
    if (w->idle < p.spins) {
        if (w->idle > SPIN_HARD) /* a pause costs as much as a message; in a virtual machine, more */
            pause_cpu();
        lib_yield();
    } else if (w->idle < p.spins + p.yields) {
        give_way();
    } else {
        bool first = !w->slept;
        if (w->reported)
            flight_report(w, on);
        else
            wait_report(w, on);
        if (first && on && on->ops->prefault)
            on->ops->prefault(on);
        if (UNLIKELY(boot.unwatched))
            failed_watch();
        if (first && !lock_used())
            output_flush(); /* a prompt, or half a line; other threads would wait for who reads it, so not with them */
        w->slept = true;
        if (!progress_upcalls.finalized(w, on, first))
            sleep_now(w);
        if (!lock_used())
            progress_upcalls.slept(w->since);
    }
}

/* One look, and a rest if it brought nothing. */
static void look(struct waiter *w, const struct request *on)
{
    if (!progress_poll()) {
        rest(w, on);
    } else {
        w->idle = 0;
        if (w->slept)
            trace_moved();
    }
}

static void look_for_all(struct waiter *w, const struct request *on)
{
    if (!threads_follow(w, on, wait_report)) {
        bool did = progress_poll();
        threads_polled(did);
        if (!did) {
            threads_lead(w);
            rest(w, on);
        } else {
            if (!w->slept) /* if it has slept, what comes now is rather for others */
                w->idle = 0;
            lib_yield();
        }
    }
    threads_return(w);
}

ALWAYS_INLINE void look_once(struct waiter *w, const struct request *on)
{
    if (lock_used())
        look_for_all(w, on);
    else
        look(w, on);
}

static COLD void look_counted(struct waiter *w, const struct request *on)
{
    int64_t began = clock_ns();
    tally.wait_polls++;
    look_once(w, on);
    tally.wait_time += (uint64_t)(clock_ns() - began);
}

void progress_wait(struct waiter *w, const struct request *on)
{
    if (UNLIKELY(tally_on & TALLY_WAITS))
        look_counted(w, on);
    else
        look_once(w, on);
}
