/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tcp: the verbs. A job of one node listens when somebody of another job is to be told where. */
#include "lib/transport/tcp/tcp.h"
#include <string.h>
#include <sys/epoll.h>
#include "lib/boot/boot.h"
#include "lib/core/bytes.h"
#include "lib/nodemem/nodemem.h"
#include "lib/process/process.h"
#include "lib/transport/tcp/connector.h"
#include "lib/transport/tcp/gather.h"
#include "lib/transport/tcp/listener.h"
#include "lib/transport/tcp/memory.h"
#include "lib/transport/tcp/stream.h"

static uint32_t own_attention;

/* Do ranks of this job need it to reach one another? */
static bool wanted(void)
{
    return boot.size > 1 && (boot.node_count > 1 || !nodemem_active);
}

static int open_up(void)
{
    if (tcp.epoll >= 0)
        return MPI_SUCCESS;
    int rc = conn_begin();
    rc = rc == MPI_SUCCESS ? listener_begin() : rc;
    if (rc == MPI_SUCCESS)
        transport_attention |= own_attention;
    else
        conn_end();
    return rc;
}

static int tcp_init(uint32_t attention)
{
    tcp.latest = NULL;
    own_attention = attention;
    return wanted() ? open_up() : MPI_SUCCESS;
}

static void tcp_fini(void)
{
    if (tcp.epoll >= 0)
        conn_end();
    stream_fini();
    memory_fini();
}

static int tcp_address(void *address)
{
    int rc = open_up();
    rc = rc == MPI_SUCCESS ? listener_own() : rc;
    if (rc == MPI_SUCCESS)
        memcpy(address, &tcp.own, sizeof tcp.own);
    return rc;
}

static bool tcp_reaches(const struct peer *p)
{
    return tcp.epoll >= 0 && p->proc != process_self && (process_is_foreign(p->proc) || wanted());
}

static bool tcp_knows(int proc)
{
    uint16_t port;
    if (proc == process_self)
        return listener_is_expected();
    return place_is_told() && !process_is_foreign(proc) && node_segment_host(boot.segment, (uint32_t)proc, &port);
}

static void tcp_disconnect(struct peer *p)
{
    struct conn *c = p->channel;
    if (!c)
        return;
    c->lost = true;
    conn_close(c);
}

static void *tcp_reserve(struct peer *p, size_t bytes)
{
    struct conn *c = p->channel;
    return c ? stream_reserve(c, bytes) : NULL;
}

static void tcp_commit(struct peer *p, uint8_t kind, struct match_key key, size_t bytes)
{
    stream_commit(p->channel, kind, key, bytes);
}

static bool tcp_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    if (UNLIKELY(bytes > STREAM_PAYLOAD))
        return p->channel &&
               stream_inject(p->channel, kind, (struct match_key){.ctx = ctx, .pair = pair}, payload, bytes);
    void *room = tcp_reserve(p, bytes);
    if (!room)
        return false;
    bytes_copy(room, payload, bytes);
    tcp_commit(p, kind, (struct match_key){.ctx = ctx, .pair = pair}, bytes);
    return true;
}

static int unread_again(void)
{
    struct conn *c, *next;
    int n = 0;
    for (c = TAILQ_FIRST(&tcp.all); c; c = next) {
        next = TAILQ_NEXT(c, every);
        if (c->unread) {
            c->unread = false;
            tcp.unread--;
            n += stream_read(c);
        }
    }
    return n;
}

static int happened(const struct epoll_event *e)
{
    int n = conn_event(e->data.u64, e->events);
    if (n > 0)
        tcp.latest = (struct conn *)(uintptr_t)e->data.u64;
    return n;
}

static bool sleeps; /* this process is about to: what comes from now on wakes it, so what has come is to be seen */

/* While no connection is open or under way, only who knocks has to be seen: one look in so many does, since each is a
 * system call. */
static bool is_quiet(void)
{
    enum { LOOK_EVERY = 64 };
    static uint32_t polls;
    return TAILQ_EMPTY(&tcp.all) && TAILQ_EMPTY(&tcp.opening) && !sleeps && ++polls % LOOK_EVERY != 0;
}

static int look_at_all(void)
{
    enum { EVENTS = 32 };
    struct epoll_event e[EVENTS];
    bool knocks = false, due = false;
    sleeps = false;
    int n = 0, events = epoll_wait(tcp.epoll, e, EVENTS, 0);
    for (int i = 0; i < events; i++) {
        knocks |= e[i].data.u64 == CONN_KNOCK;
        due |= e[i].data.u64 == CONN_TIMER;
        n += e[i].data.u64 != CONN_KNOCK && e[i].data.u64 != CONN_TIMER ? happened(&e[i]) : 0;
    }
    if (knocks)
        listener_accept();
    listener_recognise();
    if (due && events < EVENTS) /* nobody's answer waits to be seen */
        conn_expire();
    return n;
}

/* Reading from one costs half of asking which can be read, and then reading: so they take turns. */
static int tcp_poll(void)
{
    static bool one;
    if (is_quiet())
        return 0;
    gather_push();
    int n = (tcp.unread > 0 ? unread_again() : 0) + bulk_tell();
    one = !one;
    bool open = tcp.latest && tcp.latest->state == CONN_OPEN && tcp.latest->fd >= 0 && !tcp.latest->unread;
    return n + (one && open && !sleeps ? stream_read(tcp.latest) : look_at_all());
}

static struct arrival tcp_peek(struct peer *p, int spins)
{
    struct conn *c = p->channel;
    struct arrival a = {NULL, NULL};
    gather_push();
    for (int i = 0; i <= spins / 16 && c && c->state == CONN_OPEN && !c->lost && !a.head; i++)
        a = stream_peek(c);
    return a;
}

static void tcp_consume(struct peer *p)
{
    stream_consume(p->channel);
}

static bool tcp_in_flight(const struct peer *p, uint64_t *outgoing, uint64_t *incoming)
{
    const struct conn *c = p->channel;
    if (c && c->state == CONN_OPEN && c->fd >= 0)
        stream_in_flight(c, outgoing, incoming);
    return c && (c->state >= CONN_OPEN || c->lost);
}

static int tcp_sleep_fd(void)
{
    sleeps = true;
    return tcp.epoll;
}

static enum remote_state tcp_get(struct peer *p, const struct iovec *to, int pieces, struct remote from, size_t n,
                                 struct completion *done)
{
    struct conn *c = p->channel;
    return c ? bulk_get(c, to, pieces, from, n, done) : REMOTE_BUSY;
}

static enum remote_state tcp_put(struct peer *p, const struct iovec *from, int pieces, struct remote to, size_t n,
                                 struct completion *done)
{
    struct conn *c = p->channel;
    return c ? bulk_put(c, from, pieces, to, n, done) : REMOTE_BUSY;
}

/* Whoever owns the memory would have to poll; so do messages, which can do more. */
static enum remote_state tcp_atomic(struct peer *p, struct remote at, const struct atomic_call *call,
                                    struct completion *c)
{
    uint64_t number;
    enum remote_state s = memory_check(at, atomic_size(call->type), MEM_ATOMIC, &number);
    return s == REMOTE_DONE ? REMOTE_NEVER : s;
}

static enum remote_state tcp_flush(struct peer *p, struct completion *done)
{
    struct conn *c = p->channel;
    return c ? bulk_flush(c, done) : REMOTE_BUSY;
}

const struct transport transport_tcp = {.name = "tcp",
                                        .dear = true,
                                        .max_payload = STREAM_PAYLOAD,
                                        .eager_max = STREAM_PAYLOAD / 2,
                                        .inject_max = STREAM_INJECT,
                                        .key_bytes = MEMORY_KEY,
                                        .max_pieces = BULK_PIECES,
                                        .address_bytes = sizeof(struct place),
                                        .init = tcp_init,
                                        .fini = tcp_fini,
                                        .address = tcp_address,
                                        .reaches = tcp_reaches,
                                        .knows = tcp_knows,
                                        .connect = connector_begin,
                                        .disconnect = tcp_disconnect,
                                        .reserve = tcp_reserve,
                                        .commit = tcp_commit,
                                        .inject = tcp_inject,
                                        .poll = tcp_poll,
                                        .peek = tcp_peek,
                                        .consume = tcp_consume,
                                        .unsent = conn_unsent,
                                        .push = gather_push,
                                        .part = conn_part,
                                        .in_flight = tcp_in_flight,
                                        .sleep_fd = tcp_sleep_fd,
                                        .mem_register = memory_register,
                                        .mem_deregister = memory_deregister,
                                        .mem_offer = memory_offer,
                                        .get = tcp_get,
                                        .put = tcp_put,
                                        .atomic = tcp_atomic,
                                        .flush = tcp_flush};
