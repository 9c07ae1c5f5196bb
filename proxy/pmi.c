/* SPDX-License-Identifier: BSD-3-Clause
 *
 * pmi: one socket a rank, and when its end is a failure.
 *
 * A socket that closes is not yet a failure: the process is probably ending, and how it ended says more. Only when it
 * lives on for a while is the engine told that it can do no more PMI.
 */
#include "proxy/pmi.h"

#include "common/descendants.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "pmi-server/server.h"
#include "proxy/pmix/front.h"
#include "proxy/rank_env.h"
#include "proxy/stdio.h"

#include <event2/buffer.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define INPUT_SIZE 65536
#define BACKLOG_MAX (4u << 20) /* answers that a rank does not read: beyond it no more requests are taken */
#define CLOSED_PATIENCE_MS 500
#define HALF_PATIENCE_S 10
#define LAST_WORDS_MAX (1u << 20) /* read from a rank that has ended: its children may still write */

/* Sends and frees. */
static void tell(struct rank *r, unsigned type, struct buf *b)
{
    struct job *j = r->job;
    peer_send(j->proxy->parent, type, j->spec.job, proxy_node(j->proxy), b);
    buf_fini(b);
    stdio_tell_tail(r);
}

static void tell_failed(struct rank *r, const char *why)
{
    struct buf b;
    buf_init(&b);
    control_rank_failed_put(&b, &(struct control_rank_failed){r->rank, bytes_of(why)});
    tell(r, CONTROL_RANK_FAILED, &b);
}

/* Ranks that are being killed lose their connections, and nobody wants to hear of it. */
void pmi_failed(struct rank *r, const char *why)
{
    if (!r->job->killed)
        tell_failed(r, why);
}

static void op_send(void *rank_ctx, const void *p, size_t n)
{
    struct rank *r = rank_ctx;
    if (r->pmi_fd < 0)
        return;
    if (evbuffer_add(r->pmi_out, p, n) < 0)
        log_fatal("out of memory");
    event_active(r->pmi_write, EV_WRITE, 0);
}

static void op_up(void *ctx, const void *p, size_t n)
{
    struct proxy *proxy = ctx;
    struct iovec iov = {(void *)p, n};
    peer_sendv(proxy->parent, CONTROL_PMI_UP, 0, proxy_node(proxy), &iov, 1);
}

static void op_down(void *ctx, uint32_t child, const void *p, size_t n)
{
    struct proxy *proxy = ctx;
    struct iovec iov = {(void *)p, n};
    struct link *l = proxy->below.v[child];
    link_sendv(l, CONTROL_PMI_DOWN, 0, l->first, &iov, 1);
}

static uint32_t op_child_of(void *ctx, uint32_t job, uint32_t rank)
{
    struct proxy *proxy = ctx;
    struct job *j = proxy_job(proxy, job);
    uint32_t node = j ? rankmap_node(&j->spec.map, rank) : UINT32_MAX;
    bool below = node > proxy->setup.first && node - proxy->setup.first < proxy->setup.nnodes;
    uint32_t link = below ? proxy->below.route[node - proxy->below.first] : LINK_NONE;
    return link == LINK_NONE ? PMI_NO_CHILD : link;
}

static void op_wake(void *ctx)
{
    struct proxy *proxy = ctx;
    event_active(proxy->pmi_wake, EV_TIMEOUT, 0);
}

static void op_abort(void *rank_ctx, int code, const char *message)
{
    struct rank *r = rank_ctx;
    struct buf b;
    buf_init(&b);
    control_abort_put(&b, &(struct control_abort){r->rank, code, bytes_of(message)});
    tell(r, CONTROL_ABORT, &b);
}

static void op_failed(void *rank_ctx, const char *why)
{
    pmi_failed(rank_ctx, why);
}

static void op_modex(void *ctx, uint32_t job, uint32_t rank, uint32_t id, struct bytes key, uint32_t timeout)
{
    struct job *j = proxy_job(ctx, job);
    if (j)
        pmix_modex(j, rank, id, key, timeout);
}

static void op_notice(void *ctx, const void *p, size_t n)
{
    pmix_notice(ctx, p, n);
}

static const struct pmi_server_ops ops = {.send = op_send,
                                          .up = op_up,
                                          .down = op_down,
                                          .child_of = op_child_of,
                                          .wake = op_wake,
                                          .abort = op_abort,
                                          .failed = op_failed,
                                          .modex = op_modex,
                                          .notice = op_notice};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    struct proxy *proxy = arg;
    pmi_server_flush(proxy->pmi);
}

void pmi_init(struct proxy *proxy)
{
    proxy->pmi = pmi_server_create(&ops, proxy, proxy->below.n);
    proxy->pmi_wake = evtimer_new(proxy->base, on_wake, proxy);
    if (!proxy->pmi || !proxy->pmi_wake)
        log_fatal("out of memory");
}

static uint32_t ranks_below(const struct job *j)
{
    uint32_t sum = 0;
    const struct control_setup *s = &j->proxy->setup;
    for (uint32_t i = 1; i < s->nnodes; i++)
        sum += rankmap_local_size(&j->spec.map, s->first + i);
    return sum;
}

void pmi_job_add(struct job *j)
{
    struct pmi_local *local = xcalloc(j->nranks, sizeof *local);
    for (uint32_t i = 0; i < j->nranks; i++)
        local[i] = (struct pmi_local){j->ranks[i].rank, rank_appnum(&j->ranks[i])};
    struct pmi_job pj = {.id = j->spec.job,
                         .kvsname = j->spec.kvsname,
                         .size = j->spec.map.nranks,
                         .universe = (int32_t)j->spec.universe_size,
                         .nlocal = j->nranks,
                         .local = local,
                         .below = ranks_below(j),
                         .map = &j->spec.map,
                         .spawner = *j->spec.spawner ? j->spec.spawner : NULL};
    if (pmi_server_job_add(j->proxy->pmi, &pj) < 0)
        log_fatal("job %u is there already", j->spec.job);
    free(local);
}

void pmi_job_del(struct job *j)
{
    pmi_server_job_del(j->proxy->pmi, j->spec.job);
}

static void wait_for_end(struct rank *r)
{
    struct timeval t = {0, CLOSED_PATIENCE_MS * 1000};
    if (evtimer_add(r->pmi_closed, &t) < 0)
        log_fatal("out of memory");
}

/* A process closes its files as it ends; on a busy machine, or with a core to be written, its end may be long after. */
static void on_closed_long_ago(evutil_socket_t fd, short what, void *arg)
{
    struct rank *r = arg;
    if (r->pid && descendants_is_dying(r->pid))
        wait_for_end(r);
    else
        pmi_client_gone(r->pmi);
}

/* Returns what read(2) did. */
static ssize_t read_some(struct rank *r)
{
    static char buffer[INPUT_SIZE];
    ssize_t n = read(r->pmi_fd, buffer, sizeof buffer);
    if (n > 0)
        pmi_client_input(r->pmi, buffer, (size_t)n);
    return n;
}

static void complain(struct rank *r, const char *why)
{
    if (!r->pmi_told)
        tell_failed(r, why);
    r->pmi_told = true;
}

static void on_half_long_ago(evutil_socket_t fd, short what, void *arg)
{
    complain(arg, "sent the beginning of a PMI request, and nothing more for 10 seconds");
}

/* A client writes a request at once; it is cut only where the socket's buffer was full. */
static void watch_half(struct rank *r)
{
    bool half = pmi_client_half(r->pmi);
    if (!half && r->pmi_half)
        event_del(r->pmi_half);
    if (!half)
        return;
    if (!r->pmi_half)
        r->pmi_half = evtimer_new(r->job->proxy->base, on_half_long_ago, r);
    struct timeval t = {HALF_PATIENCE_S, 0};
    if (!r->pmi_half || evtimer_add(r->pmi_half, &t) < 0)
        log_fatal("out of memory");
}

static void on_read(evutil_socket_t fd, short what, void *arg)
{
    struct rank *r = arg;
    ssize_t n = read_some(r);
    if (n > 0)
        watch_half(r);
    if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
        return;
    event_del(r->pmi_event);
    r->pmi_closed = evtimer_new(r->job->proxy->base, on_closed_long_ago, r);
    if (!r->pmi_closed)
        log_fatal("out of memory");
    wait_for_end(r);
}

static void on_write(evutil_socket_t fd, short what, void *arg)
{
    struct rank *r = arg;
    int n = 1;
    while (evbuffer_get_length(r->pmi_out) && n > 0)
        n = evbuffer_write(r->pmi_out, r->pmi_fd);
    if (n < 0 && errno != EAGAIN && errno != EINTR) {
        evbuffer_drain(r->pmi_out, evbuffer_get_length(r->pmi_out)); /* the reading side tells the end */
        return;
    }
    size_t left = evbuffer_get_length(r->pmi_out);
    if (left)
        event_add(r->pmi_write, NULL);
    if (left > BACKLOG_MAX) {
        event_del(r->pmi_event);
        complain(r, "sent many PMI requests, and does not read the answers");
    }
    if (left == 0 && !r->pmi_closed)
        event_add(r->pmi_event, NULL);
}

int pmi_open(struct rank *r, int *theirs)
{
    int sv[2];
    *theirs = -1;
    r->pmi = pmi_server_client(r->job->proxy->pmi, r->job->spec.job, r->rank, r);
    if (!r->pmi)
        log_fatal("rank %u is not known to the PMI server", r->rank);
    if (!(rank_app(r)->pmi & (LAUNCH_PMI_1 | LAUNCH_PMI_2)))
        return 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) < 0)
        return -1;
    r->pmi_fd = sv[0];
    *theirs = sv[1];
    evutil_make_socket_nonblocking(r->pmi_fd);
    r->pmi_out = evbuffer_new();
    r->pmi_event = event_new(r->job->proxy->base, r->pmi_fd, EV_READ | EV_PERSIST, on_read, r);
    r->pmi_write = event_new(r->job->proxy->base, r->pmi_fd, EV_WRITE, on_write, r);
    if (!r->pmi_out || !r->pmi_event || !r->pmi_write || event_add(r->pmi_event, NULL) < 0)
        log_fatal("unable to watch the PMI connection of rank %u", r->rank);
    return 0;
}

uint32_t pmi_exit_flags(struct rank *r)
{
    if (!r->pmi)
        return 0;
    ssize_t n;
    for (size_t sum = 0; r->pmi_fd >= 0 && sum < LAST_WORDS_MAX && (n = read_some(r)) > 0;)
        sum += (size_t)n;
    struct pmi_client_state s;
    pmi_client_state(r->pmi, &s);
    if (!s.finalized && (s.state == PMI_CLIENT_RUNS || s.state == PMI_CLIENT_WAITS))
        return EXIT_IN_PMI;
    return s.finalized ? EXIT_PAST : s.silent ? EXIT_NO_PMI : 0;
}

void pmi_gone(struct rank *r)
{
    if (r->pmi)
        pmi_client_gone(r->pmi);
    pmix_rank_gone(r);
    pmi_close(r);
}

void pmi_close(struct rank *r)
{
    if (r->pmi_fd < 0)
        return;
    event_free(r->pmi_event);
    event_free(r->pmi_write);
    if (r->pmi_closed)
        event_free(r->pmi_closed);
    if (r->pmi_half)
        event_free(r->pmi_half);
    r->pmi_closed = r->pmi_half = NULL;
    evbuffer_free(r->pmi_out);
    close(r->pmi_fd);
    r->pmi_fd = -1;
}

void pmi_down(struct proxy *proxy, const unsigned char *payload, size_t len)
{
    if (pmi_server_down(proxy->pmi, payload, len) < 0)
        log_fatal("a PMI message from above is malformed");
}

void pmi_child_gone(struct proxy *proxy, uint32_t child)
{
    if (proxy->pmi)
        pmi_server_child_gone(proxy->pmi, child);
}

bool pmi_child_up(struct proxy *proxy, uint32_t child, const unsigned char *payload, size_t len)
{
    return pmi_server_child_up(proxy->pmi, child, payload, len) == 0;
}
