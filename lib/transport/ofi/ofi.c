/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ofi: the verbs. libfabric is loaded and a provider opened by a thread, which takes 0.1 to 0.4 seconds, mostly asleep;
 * until then nothing can be sent. */
#include "lib/transport/ofi/ofi.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/boot/boot.h"
#include "lib/core/bytes.h"
#include "lib/core/error.h"
#include "lib/core/knobs.h"
#include "lib/core/state.h"
#include "lib/nodemem/nodemem.h"
#include "lib/process/process.h"
#include "lib/transport/ofi/remote.h"
#include "lib/transport/sleep.h"
#include "wire/fabric.h"

enum { STACK = 1 << 20 };
static struct {
    enum { OFF, LOADING, OPEN } state;
    uint32_t attention;
    bool any; /* a provider over sockets is as good */
    pthread_t thread;
    _Atomic bool loaded;
    bool opened; /* these are the thread's until it is loaded */
    char why[256];
} ofi;

/* ---- loading ---- */

static void *load(void *unused)
{
    ofi.opened = ofi_library_load(ofi.why, sizeof ofi.why) && ofi_open(ofi.any, ofi.why, sizeof ofi.why);
    atomic_store_explicit(&ofi.loaded, true, memory_order_release);
    doorbell_wake_own();
    return NULL;
}

/* Signals are for the program's threads. */
static bool thread_start(void)
{
    sigset_t all, before;
    pthread_attr_t a;
    sigfillset(&all);
    if (pthread_attr_init(&a) != 0)
        return false;
    pthread_attr_setstacksize(&a, STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool runs = pthread_create(&ofi.thread, &a, load, NULL) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&a);
    return runs;
}

static bool wanted(void)
{
    if (boot.size == 1 || (boot.node_count == 1 && nodemem_active))
        return false;
    return knobs.TRANSPORT == TRANSPORT_OFI || (knobs.TRANSPORT == TRANSPORT_AUTO && fabric_is_there());
}

/* What providers of a fabric want said before they are loaded, by a program that may fork; what the user says stays. */
static void fork_allow(void)
{
    static const char *const names[] = {"FI_EFA_FORK_SAFE", "RDMAV_FORK_SAFE", "CXI_FORK_SAFE"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        setenv(names[i], "1", 0);
}

static int ofi_init(uint32_t attention)
{
    if (!wanted())
        return MPI_SUCCESS;
    ofi.any = knobs.TRANSPORT == TRANSPORT_OFI;
    ofi.attention = attention;
    atomic_store(&ofi.loaded, false);
    if (fabric_is_there())
        fork_allow();
    if (!thread_start()) {
        error_detail_set(MPI_ERR_OTHER, "no thread to load libfabric in");
        return MPI_ERR_OTHER;
    }
    ofi.state = LOADING;
    lib.threads++;
    sleep_rung++;
    transport_attention |= attention;
    return MPI_SUCCESS;
}

static void loaded(void)
{
    pthread_join(ofi.thread, NULL);
    lib.threads--;
    sleep_rung--;
    ofi.state = OFF;
}

static void close_all(void)
{
    if (!ofi_binds_memory())
        ofi_close_endpoint();
    receive_unregister();
    channel_unregister();
    remote_unregister();
    ofi_close();
    receive_end();
    remote_free();
    channel_free();
    ofi.state = OFF;
    transport_attention &= ~ofi.attention;
}

/* What was asked for and is not there ends the job: others may wait for this process already. */
static void refuse(void)
{
    char text[sizeof ofi.why + 80];
    snprintf(text, sizeof text, "ranks of other nodes cannot be reached by libfabric: %s", ofi.why);
    transport_attention &= ~ofi.attention;
    if (ofi.any)
        boot_abort(1, text);
    fprintf(stderr, "MPI: %s; TCP is used instead\n", text);
}

static void open_up(void)
{
    loaded();
    if (!ofi.opened) {
        refuse();
    } else if (!receive_begin()) {
        snprintf(ofi.why, sizeof ofi.why, "%s takes no buffers", ofi_endpoint.own.name);
        close_all();
        refuse();
    } else {
        ofi.state = OPEN;
    }
}

static void ofi_fini(void)
{
    if (ofi.state == LOADING) {
        loaded();
        if (ofi.opened)
            ofi_close();
    } else if (ofi.state == OPEN) {
        receive_discard();
        channel_end();
        close_all();
    }
}

/* ---- verbs ---- */

static int ofi_address(void *address)
{
    if (ofi.state != OPEN)
        return MPI_ERR_PENDING;
    memcpy(address, &ofi_endpoint.own, sizeof ofi_endpoint.own);
    return MPI_SUCCESS;
}

static bool ofi_reaches(const struct peer *p)
{
    return ofi.state != OFF && p->proc != process_self && !process_is_foreign(p->proc);
}

static void ofi_disconnect(struct peer *p)
{
    if (!p->channel)
        return;
    channel_disconnect(p->channel);
    remote_disconnect(p->channel);
}

static void *ofi_reserve(struct peer *p, size_t bytes)
{
    return p->channel ? channel_reserve(p->channel, bytes) : NULL;
}

static void ofi_commit(struct peer *p, uint8_t kind, struct match_key key, size_t bytes)
{
    channel_commit(p->channel, kind, key, bytes);
}

static bool ofi_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    void *room = ofi_reserve(p, bytes);
    if (!room)
        return false;
    bytes_copy(room, payload, bytes);
    channel_commit(p->channel, kind, (struct match_key){.ctx = ctx, .pair = pair}, bytes);
    return true;
}

static int event(struct ofi_op *op, int rc, const struct fi_cq_data_entry *e)
{
    switch (op->kind) {
    case OFI_SEND:
        channel_sent((struct ofi_send *)op, rc);
        return 0;
    case OFI_REMOTE:
        remote_event(op, rc);
        return 1;
    default:
        receive_event(e);
        return 0;
    }
}

/* An operation has failed; of a receive nothing is said but that its buffer is free. */
static int failure(void)
{
    struct fi_cq_err_entry f = {0};
    if (fi_cq_readerr(ofi_endpoint.cq, &f, 0) <= 0 || !f.op_context)
        return 0;
    struct fi_cq_data_entry e = {.op_context = f.op_context, .flags = f.flags & FI_MULTI_RECV};
    return event(f.op_context, f.err > 0 ? -f.err : -FI_EOTHER, &e);
}

static int events(void)
{
    struct fi_cq_data_entry came[OFI_EVENTS];
    ssize_t count = fi_cq_read(ofi_endpoint.cq, came, OFI_EVENTS);
    int n = count == -FI_EAVAIL ? failure() : 0;
    for (ssize_t i = 0; i < count; i++)
        n += event(came[i].op_context, 0, &came[i]);
    return n;
}

static int ofi_poll(void)
{
    if (UNLIKELY(ofi.state != OPEN)) {
        if (ofi.state == LOADING && atomic_load_explicit(&ofi.loaded, memory_order_acquire))
            open_up();
        return 0;
    }
    int n = receive_has_room() ? events() : 0;
    n += receive_deliver();
    if (receive_has_room())
        n += channel_retry();
    return n + remote_retry();
}

static bool ofi_unsent(void)
{
    return ofi.state == OPEN && channel_unsent();
}

static bool ofi_in_flight(const struct peer *p, uint64_t *outgoing, uint64_t *incoming)
{
    const struct channel *c = p->channel;
    if (c && !c->lost) {
        *outgoing = channel_in_flight(c) + remote_in_flight(c, true);
        *incoming = remote_in_flight(c, false);
    }
    return c && (c->to != FI_ADDR_NOTAVAIL || c->lost);
}

static int ofi_sleep_fd(void)
{
    struct fid *queue = ofi.state == OPEN ? &ofi_endpoint.cq->fid : NULL;
    if (!queue)
        return SLEEP_FD_NONE;
    if (ofi_endpoint.wait_fd < 0 || !receive_idle() || channel_waits() || remote_waits() ||
        fi_trywait(ofi_endpoint.fabric, &queue, 1) != 0)
        return SLEEP_FD_NAP;
    return ofi_endpoint.wait_fd;
}

static bool ofi_mem_register(void *base, size_t len, unsigned access, void *key, void **handle)
{
    return ofi.state == OPEN && remote_register(base, len, access, key, handle);
}

static enum remote_state ofi_get(struct peer *p, const struct iovec *to, int pieces, struct remote from, size_t n,
                                 struct completion *c)
{
    return p->channel ? remote_get(p->channel, to, from, n, c) : REMOTE_BUSY;
}

static enum remote_state ofi_put(struct peer *p, const struct iovec *from, int pieces, struct remote to, size_t n,
                                 struct completion *c)
{
    return p->channel ? remote_put(p->channel, from, to, n, c) : REMOTE_BUSY;
}

static enum remote_state ofi_atomic(struct peer *p, struct remote at, const struct atomic_call *call,
                                    struct completion *c)
{
    return remote_atomic(at, atomic_size(call->type));
}

static enum remote_state ofi_flush(struct peer *p, struct completion *c)
{
    return p->channel ? remote_flush(p->channel) : REMOTE_DONE;
}

const struct transport transport_ofi = {.name = "ofi",
                                        .dear = true,
                                        .max_payload = OFI_PAYLOAD,
                                        .eager_max = OFI_PAYLOAD / 2,
                                        .key_bytes = OFI_KEY,
                                        .max_pieces = 1,
                                        .address_bytes = sizeof(struct ofi_place),
                                        .init = ofi_init,
                                        .fini = ofi_fini,
                                        .address = ofi_address,
                                        .reaches = ofi_reaches,
                                        .connect = channel_connect,
                                        .disconnect = ofi_disconnect,
                                        .reserve = ofi_reserve,
                                        .commit = ofi_commit,
                                        .inject = ofi_inject,
                                        .poll = ofi_poll,
                                        .unsent = ofi_unsent,
                                        .in_flight = ofi_in_flight,
                                        .sleep_fd = ofi_sleep_fd,
                                        .mem_register = ofi_mem_register,
                                        .mem_deregister = remote_deregister,
                                        .get = ofi_get,
                                        .put = ofi_put,
                                        .atomic = ofi_atomic,
                                        .flush = ofi_flush};
