/* SPDX-License-Identifier: BSD-3-Clause
 *
 * receive: what arrives, checked before it is believed, and delivered in the order in which it was sent: libfabric may
 * complete two messages of one sender in any order. */
#include "lib/transport/ofi/receive.h"
#include <stdlib.h>
#include <string.h>
#include "lib/process/process.h"
#include "lib/transport/ofi/channel.h"

enum { MEMORY = 256 << 10, LONG = 64 << 10, FEW = MEMORY / LONG, MANY = MEMORY / OFI_MESSAGE };
enum { AHEAD = 2 * OFI_WINDOW }; /* messages that may overtake one, at most, and are kept */

struct buffer {
    struct ofi_op op; /* first */
    char *data;
    bool idle; /* to be handed to libfabric */
};

static struct {
    struct buffer buffers[MANY];
    int count; /* of buffers */
    size_t length;
    char *memory;
    struct fid_mr *mr;
    bool any_idle;
    struct fi_cq_data_entry came[OFI_EVENTS]; /* in order */
    int came_count, came_at;
    uint32_t offset;          /* in the message that is being delivered: beyond it all is; 0: nothing is */
    struct channel *catching; /* whose early messages are being delivered */
    bool discards;
    _Alignas(16) char aligned[OFI_MESSAGE];
} in;

/* ---- buffers ---- */

static bool post(struct buffer *b)
{
    struct iovec v = {b->data, in.length};
    void *descriptor = ofi_descriptor(in.mr);
    struct fi_msg m = {
        .msg_iov = &v, .desc = &descriptor, .iov_count = 1, .addr = FI_ADDR_UNSPEC, .context = &b->op.context};
    ssize_t rc = fi_recvmsg(ofi_endpoint.ep, &m, ofi_endpoint.multi_receive ? FI_MULTI_RECV : 0);
    b->idle = rc != 0;
    in.any_idle |= b->idle;
    return rc == 0 || rc == -FI_EAGAIN;
}

static void post_again(void)
{
    in.any_idle = false;
    for (int i = 0; i < in.count; i++)
        if (in.buffers[i].idle)
            post(&in.buffers[i]);
}

bool receive_begin(void)
{
    bool taken = true;
    memset(&in, 0, sizeof in);
    in.count = ofi_endpoint.multi_receive ? FEW : MANY;
    in.length = ofi_endpoint.multi_receive ? LONG : OFI_MESSAGE;
    if (!(in.memory = aligned_alloc(4096, MEMORY)))
        return false;
    if (ofi_registers_own() && ofi_register(in.memory, MEMORY, FI_RECV, &in.mr) != 0)
        return false;
    for (int i = 0; i < in.count && taken; i++) {
        in.buffers[i] = (struct buffer){.op.kind = OFI_RECEIVE, .data = in.memory + (size_t)i * in.length};
        taken = post(&in.buffers[i]);
    }
    return taken;
}

void receive_unregister(void)
{
    if (in.mr)
        fi_close(&in.mr->fid);
    in.mr = NULL;
}

void receive_end(void)
{
    free(in.memory);
    in.memory = NULL;
    in.came_count = in.came_at = 0;
    in.catching = NULL;
}

void receive_discard(void)
{
    in.discards = true;
}

/* ---- messages that came too early ---- */

void arrivals_drop(struct arrivals *a)
{
    struct arrival_kept *k;
    while ((k = STAILQ_FIRST(a)) != NULL) {
        STAILQ_REMOVE_HEAD(a, next);
        free(k);
    }
}

/* False: no memory now. */
static bool keep(struct channel *c, const char *data, uint32_t bytes, uint32_t number)
{
    struct arrival_kept *k = malloc(sizeof *k + bytes);
    if (!k)
        return false;
    k->number = number;
    k->bytes = bytes;
    memcpy(k->data, data, bytes);
    STAILQ_INSERT_TAIL(&c->early, k, next);
    return true;
}

static struct arrival_kept *kept_of(struct channel *c, uint32_t number)
{
    struct arrival_kept *k;
    STAILQ_FOREACH(k, &c->early, next)
    if (k->number == number)
        return k;
    return NULL;
}

/* ---- delivery ---- */

/* The frame at the front of the rest of a message; NULL: no such thing is sent by us. */
static const struct packet *frame_at(const char *at, size_t rest, uint32_t *frame)
{
    const struct packet *h = (const struct packet *)(const void *)at;
    if (rest < sizeof *h)
        return NULL;
    memcpy(frame, h->own, sizeof *frame);
    return (*frame == OFI_PACKET || *frame == OFI_GOODBYE) && ofi_filled(packet_bytes(h)) <= rest ? h : NULL;
}

static void goodbye(struct channel *c)
{
    c->goodbye = c->lost = true;
    if (!in.discards)
        peer_finalized(c->peer);
}

/* Delivers what is left of a message, from in.offset on. False: there is no memory for the next packet now. */
static bool frames_deliver(struct channel *c, const char *data, uint32_t bytes, int *n)
{
    uint32_t frame;
    while (in.offset < bytes && !c->lost) {
        const struct packet *h = frame_at(data + in.offset, bytes - in.offset, &frame);
        if (!h) {
            channel_break(c, "it sent what is no packet");
            break;
        }
        if (frame == OFI_GOODBYE)
            goodbye(c);
        else if (!in.discards && !p2p_deliver(c->peer, h, h + 1, packet_bytes(h)))
            return false;
        in.offset += ofi_filled(packet_bytes(h));
        (*n)++;
    }
    in.offset = 0;
    channel_delivered(c);
    return true;
}

static bool early_deliver(int *n)
{
    struct channel *c = in.catching;
    for (struct arrival_kept *k; (k = kept_of(c, c->next_in)) != NULL;) {
        in.offset = in.offset ? in.offset : sizeof(struct ofi_head);
        if (!frames_deliver(c, k->data, k->bytes, n))
            return false;
        STAILQ_REMOVE(&c->early, k, arrival_kept, next);
        free(k);
    }
    in.offset = 0; /* where it has been lost meanwhile, it is over in the middle of one */
    in.catching = NULL;
    return true;
}

/* Whose message is it? NULL: of nobody that belongs to the job. */
static struct channel *sender_of(const struct ofi_head *h, size_t bytes)
{
    if (bytes < sizeof *h || bytes % 8 != 0 || h->token != ofi_endpoint.own.token)
        return NULL;
    if (h->proc >= (uint32_t)process_job_own()->size || (int)h->proc == process_self)
        return NULL;
    struct peer *p = peer_get((int)h->proc);
    return p ? channel_of(p) : NULL;
}

/* The message, at a place where a head may be read. */
static const char *aligned(const struct fi_cq_data_entry *e)
{
    const struct buffer *b = e->op_context;
    const char *at = ofi_endpoint.multi_receive ? e->buf : b->data;
    if ((uintptr_t)at % _Alignof(struct packet) == 0)
        return at;
    if (in.offset == 0)
        memcpy(in.aligned, at, e->len);
    return in.aligned;
}

static bool message_deliver(const struct fi_cq_data_entry *e, int *n)
{
    if (!(e->flags & FI_RECV) || e->len > OFI_MESSAGE)
        return true;
    const char *data = aligned(e);
    struct ofi_head h;
    memcpy(&h, data, e->len < sizeof h ? e->len : sizeof h);
    struct channel *c = sender_of(&h, e->len);
    if (!c || c->lost) { /* it may be in the middle of this one */
        in.offset = 0;
        return true;
    }
    uint32_t ahead = h.number - c->next_in;
    if (in.offset == 0)
        channel_credit(c, h.delivered);
    if (ahead >= AHEAD) {
        channel_break(c, "it sent more than it may");
        return true;
    }
    if (ahead != 0)
        return kept_of(c, h.number) || keep(c, data, (uint32_t)e->len, h.number);
    in.offset = in.offset ? in.offset : sizeof h;
    if (!frames_deliver(c, data, (uint32_t)e->len, n))
        return false;
    in.catching = STAILQ_EMPTY(&c->early) ? NULL : c;
    return true;
}

void receive_event(const struct fi_cq_data_entry *e)
{
    in.came[in.came_count++] = *e;
}

bool receive_idle(void)
{
    return in.came_at == in.came_count && !in.catching && !in.any_idle;
}

int receive_deliver(void)
{
    int n = 0;
    if (in.any_idle)
        post_again();
    while (!in.catching || early_deliver(&n)) {
        if (in.came_at == in.came_count)
            break;
        const struct fi_cq_data_entry *e = &in.came[in.came_at];
        if (!message_deliver(e, &n))
            return n;
        in.came_at++;
        if (!ofi_endpoint.multi_receive || e->flags & FI_MULTI_RECV)
            post(e->op_context);
    }
    if (in.came_at == in.came_count)
        in.came_at = in.came_count = 0;
    return n;
}

bool receive_has_room(void)
{
    return in.came_count == 0 && !in.catching;
}
