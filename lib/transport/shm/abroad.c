/* SPDX-License-Identifier: BSD-3-Clause
 *
 * abroad: channels of other jobs: made, opened, watched, given up. */
#include "lib/transport/shm/abroad.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "lib/core/error.h"
#include "lib/process/process.h"
#include "lib/transport/address.h"
#include "lib/transport/shm/channel_file.h"

enum { WATCH_EVERY = 1024 }; /* polls */

struct abroad {
    struct link *link; /* NULL: it is given up, but what was sent has not been opened */
    struct visit visit;
    struct cma cma;
    struct channel_file out, in;
    int error;   /* an errno value: why it is lost, ESRCH: the process has ended; 0: it is not */
    bool counts; /* among the guests */
    bool told;   /* that it has failed or finalized */
    TAILQ_ENTRY(abroad) more;
};

static TAILQ_HEAD(, abroad) all = TAILQ_HEAD_INITIALIZER(all);
static int deaths = -1; /* an epoll of their pidfds */
static struct doorbell nowhere;
static bool due;  /* watch at the next poll */
static bool kept; /* letters lie on the porch of whom nothing is known so far */
static uint32_t knocks_seen, tells_seen;

static void in_drop(struct abroad *a)
{
    struct cursor *in = &a->link->in;
    if (in->slots)
        TAILQ_REMOVE(&shm.active, in, more);
    in->slots = NULL;
    channel_file_drop(&a->in);
}

/* ---- connecting ---- */

int abroad_address(void *address)
{
    struct porch_address a;
    porch_open(&a);
    memcpy(address, &a, sizeof a);
    if (nodemem.met)
        transport_attention |= shm.attention;
    return MPI_SUCCESS;
}

bool abroad_reaches(const struct peer *p)
{
    struct porch_address own, theirs;
    const void *told = process_is_foreign(p->proc) ? address_told(p->proc, &transport_shm) : NULL;
    if (!told)
        return false;
    abroad_address(&own);
    memcpy(&theirs, told, sizeof theirs);
    return own.realm != 0 && own.realm == theirs.realm;
}

static bool deaths_watch(struct abroad *a)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = a};
    if (deaths < 0)
        deaths = epoll_create1(EPOLL_CLOEXEC);
    return deaths >= 0 && epoll_ctl(deaths, EPOLL_CTL_ADD, a->visit.pidfd, &e) == 0;
}

static void count_out(struct abroad *a)
{
    nodemem.guests -= a->counts;
    a->counts = false;
}

static void drop(struct abroad *a)
{
    count_out(a);
    channel_file_drop(&a->out);
    channel_file_drop(&a->in);
    porch_leave(&a->visit);
    free(a);
}

static int begin(struct abroad *a, struct link *l)
{
    int error = channel_file_make(&a->out);
    if (error == 0 && !deaths_watch(a))
        error = errno;
    if (error != 0)
        return error;
    a->out.letter.job = process_job_own()->tag;
    a->out.letter.rank = process_self;
    channel_file_cursor(&a->out, &l->out);
    a->counts = true;
    nodemem.guests++;
    l->out.doorbell = &a->visit.porch->bell;
    l->out.fence = nodemem.fence || l->out.doorbell->wants_fence;
    l->cma = &a->cma;
    *l->cma = (struct cma){.of = l->out.doorbell};
    return 0;
}

bool abroad_open(struct peer *p, struct link *l, const void *address)
{
    struct porch_address theirs;
    char who[PROCESS_TEXT];
    struct abroad *a = calloc(1, sizeof *a);
    if (!a)
        return false;
    memcpy(&theirs, address, sizeof theirs);
    a->error = porch_visit(&theirs, &a->visit);
    int error = a->error == 0 ? begin(a, l) : 0;
    if (error != 0) {
        error_detail_set(MPI_ERR_NO_MEM, "no shared memory for messages to %s: %s", process_text(p->proc, who),
                         strerror(error));
        drop(a);
        return false;
    }
    due = due || a->error != 0;
    if (a->error != 0)
        l->out.doorbell = &nowhere;
    l->out.peer = p;
    l->abroad = a;
    a->link = l;
    TAILQ_INSERT_TAIL(&all, a, more);
    return true;
}

bool abroad_announce(struct link *l)
{
    l->out.announced = porch_knock(&l->abroad->visit, &l->abroad->out.letter);
    return l->out.announced;
}

void abroad_break(const struct link *l)
{
    l->abroad->error = EBADMSG;
    due = true;
}

static void forget(struct abroad *a)
{
    TAILQ_REMOVE(&all, a, more);
    drop(a);
}

static bool is_awaited(struct abroad *a)
{
    bool sent = a->link ? a->link->out.announced : true;
    return sent && !a->told && !channel_file_arrived(&a->out);
}

void abroad_end(struct link *l)
{
    struct abroad *a = l->abroad;
    bool stays = is_awaited(a);
    in_drop(a);
    l->out.slots = NULL;
    l->out.limit = l->out.next;
    l->abroad = NULL;
    a->link = NULL;
    if (!stays)
        forget(a);
}

/* ---- letters ---- */

/* The process that a letter is from, as far as it is known: connected, if it may be. NULL: nothing is to be done with
 * the letter, now or (*never) at all. */
static struct abroad *sender_of(const struct letter *l, bool *never)
{
    struct porch_address theirs;
    int proc = process_find(l->job, l->rank);
    const void *told = proc >= 0 ? address_told(proc, &transport_shm) : NULL;
    *never = proc >= 0 && !process_is_foreign(proc);
    if (!told)
        return NULL;
    memcpy(&theirs, told, sizeof theirs);
    *never = theirs.pid != l->pid;
    struct peer *p = *never ? NULL : peer_get(proc);
    if (!p || !(p->transport || transport_select(p)))
        return NULL;
    struct link *link = peer_is_live(p) && p->carrier == &transport_shm ? p->channel : NULL;
    *never = !link;
    return link ? link->abroad : NULL;
}

/* It comes again after it was disconnected: what it sent before comes first. */
static bool is_drained(struct abroad *a)
{
    struct cursor *in = &a->link->in;
    while (in->slots && cursor_drain(in) > 0)
        ;
    return !in->slots || in->broken || !cursor_has(in);
}

/* True: the letter is done with. */
static bool answer(const struct letter *l)
{
    bool never;
    struct abroad *a = sender_of(l, &never);
    if (!a || !is_drained(a))
        return !a && never;
    struct channel_file f = {.head = NULL};
    int error = channel_file_open(&f, l);
    if (error != 0) {
        a->error = error == ENOENT ? ESRCH : error;
        due = true;
        return true;
    }
    in_drop(a);
    a->in = f;
    channel_file_cursor(&a->in, &a->link->in);
    cursor_admit(&a->link->in, a->link->out.peer);
    channel_file_have(&a->in);
    if (atomic_load(&a->visit.porch->bell.sleeping)) /* it may wait for that to end */
        doorbell_wake(&a->visit.porch->bell);
    return true;
}

static void answer_all(void)
{
    struct letter l;
    /* Acquire: the letters before. */
    knocks_seen = atomic_load_explicit(&porch_own()->bell.knocked, memory_order_acquire);
    tells_seen = address_tells;
    kept = false;
    for (int i = 0; i < PORCH_KNOCKS; i++) {
        if (!porch_letter(i, &l))
            continue;
        if (answer(&l))
            porch_answer(i);
        else
            kept = true;
    }
}

/* ---- watching ---- */

static void deaths_see(void)
{
    enum { EVENTS = 32 };
    struct epoll_event e[EVENTS];
    int n = deaths >= 0 ? epoll_wait(deaths, e, EVENTS, 0) : 0;
    for (int i = 0; i < n; i++) {
        struct abroad *a = e[i].data.ptr;
        a->error = a->error ? a->error : ESRCH;
        epoll_ctl(deaths, EPOLL_CTL_DEL, a->visit.pidfd, NULL);
    }
    due = due || n == EVENTS;
}

static const char *loss_text(int error)
{
    return error == ESRCH ? "it has ended" : error == EBADMSG ? SHM_NONSENSE : strerror(error);
}

static void tell(struct abroad *a, bool left)
{
    struct cursor *out = &a->link->out;
    a->told = true;
    count_out(a);
    out->limit = out->next;
    out->slots = NULL;
    if (left)
        peer_finalized(out->peer);
    else
        peer_failed(out->peer, loss_text(a->error));
}

/* Has something become of it? What it sent before comes first. */
static int look_at(struct abroad *a)
{
    bool left = a->error == ESHUTDOWN || (a->visit.porch && porch_is_left(&a->visit)), lost = left || a->error != 0;
    bool arrived = channel_file_arrived(&a->out);
    if (!a->link) {
        if (lost || arrived)
            forget(a);
        return 0;
    }
    if (!lost || a->told)
        return 0;
    answer_all();
    if (!is_drained(a)) {
        due = true; /* for want of memory */
        return 0;
    }
    tell(a, left);
    return 1;
}

static int watch(void)
{
    struct abroad *a, *next;
    int n = 0;
    due = false;
    porch_sweep();
    deaths_see();
    for (a = TAILQ_FIRST(&all); a; a = next) {
        next = TAILQ_NEXT(a, more);
        n += look_at(a);
    }
    return n;
}

int abroad_poll(void)
{
    static uint32_t polls;
    uint32_t knocks = atomic_load_explicit(&porch_own()->bell.knocked, memory_order_relaxed);
    if (UNLIKELY(knocks != knocks_seen) || UNLIKELY(kept && tells_seen != address_tells))
        answer_all();
    if (UNLIKELY(++polls % WATCH_EVERY == 0 || due)) {
        if (kept)
            answer_all();
        return watch();
    }
    return 0;
}

bool abroad_unsent(void)
{
    struct abroad *a;
    TAILQ_FOREACH(a, &all, more)
    if (is_awaited(a))
        return true;
    return false;
}

/* Who asks goes to sleep, and looks once more. */
int abroad_sleep_fd(void)
{
    due = due || !TAILQ_EMPTY(&all);
    return deaths;
}

void abroad_fini(void)
{
    struct abroad *a;
    porch_close();
    TAILQ_FOREACH(a, &all, more)
    if (a->visit.porch && atomic_load(&a->visit.porch->bell.sleeping))
        doorbell_wake(&a->visit.porch->bell);
    while ((a = TAILQ_FIRST(&all)) != NULL)
        forget(a);
    if (deaths >= 0)
        close(deaths);
    deaths = -1;
    due = kept = false;
    knocks_seen = 0;
}
