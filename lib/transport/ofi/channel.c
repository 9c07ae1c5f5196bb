/* SPDX-License-Identifier: BSD-3-Clause
 *
 * channel: packets out. libfabric says "not now" of a peer that is not connected yet, that is dead, and that computes;
 * so nothing is concluded from that, and the message waits (FI_EAGAIN is never retried on the spot). */
#include "lib/transport/ofi/channel.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/core/clock.h"
#include "lib/core/error.h"
#include "lib/process/process.h"
#include "lib/transport/ofi/ofi.h"

enum {
    FLYING = 4, /* messages to a peer: what is committed beyond is gathered */
    HELD = 12,  /* messages that belong to a peer, at most */
    POOL = 512, /* messages in all, but for the first one of each peer */
    SLAB = 8    /* messages made at once */
};
#define PATIENCE_NS INT64_C(5000000000)

struct channels ofi_channels = TAILQ_HEAD_INITIALIZER(ofi_channels);
static struct channels again = TAILQ_HEAD_INITIALIZER(again);
static struct ofi_sends spare = STAILQ_HEAD_INITIALIZER(spare);
static int taken; /* messages that are not spare */

struct slab {
    struct fid_mr *mr;
    SLIST_ENTRY(slab) next;
    struct ofi_send sends[SLAB];
};
static SLIST_HEAD(, slab) slabs = SLIST_HEAD_INITIALIZER(slabs);

/* ---- messages ---- */

static bool slab_new(void)
{
    struct slab *s = malloc(sizeof *s);
    if (!s)
        return false;
    s->mr = NULL;
    if (ofi_registers_own() && ofi_register(s->sends, sizeof s->sends, FI_SEND, &s->mr) != 0) {
        free(s);
        return false;
    }
    SLIST_INSERT_HEAD(&slabs, s, next);
    for (int i = 0; i < SLAB; i++) {
        s->sends[i].op.kind = OFI_SEND;
        s->sends[i].mr = s->mr;
        STAILQ_INSERT_HEAD(&spare, &s->sends[i], next);
    }
    return true;
}

void channel_unregister(void)
{
    struct slab *s;
    SLIST_FOREACH(s, &slabs, next)
    {
        if (s->mr)
            fi_close(&s->mr->fid);
        s->mr = NULL;
    }
}

static void slabs_free(void)
{
    struct slab *s;
    STAILQ_INIT(&spare);
    while ((s = SLIST_FIRST(&slabs)) != NULL) {
        SLIST_REMOVE_HEAD(&slabs, next);
        free(s);
    }
    taken = 0;
}

static struct ofi_send *send_new(struct channel *c)
{
    if (c->held >= HELD || (taken >= POOL && c->held > 0) || (STAILQ_EMPTY(&spare) && !slab_new()))
        return NULL;
    struct ofi_send *s = STAILQ_FIRST(&spare);
    STAILQ_REMOVE_HEAD(&spare, next);
    struct ofi_head h = {.token = c->token, .proc = (uint32_t)process_self, .number = c->next_out++};
    memcpy(s->data, &h, sizeof h);
    s->number = h.number;
    s->bytes = sizeof h;
    s->to = c;
    c->held++;
    taken++;
    return s;
}

static void send_free(struct ofi_send *s)
{
    s->to->held--;
    taken--;
    STAILQ_INSERT_HEAD(&spare, s, next);
}

/* ---- sending ---- */

static void refused_set(struct channel *c, bool on)
{
    if (c->refused == on)
        return;
    c->refused = on;
    if (on)
        TAILQ_INSERT_TAIL(&again, c, again);
    else
        TAILQ_REMOVE(&again, c, again);
}

void channel_break(struct channel *c, const char *why)
{
    if (c->lost || c->goodbye)
        return;
    c->broken = why;
    refused_set(c, true);
}

/* The message that is to go next; NULL: none. */
static struct ofi_send *next_of(struct channel *c)
{
    struct ofi_send *s = STAILQ_FIRST(&c->waiting);
    return s ? s : c->open && (c->owes || c->open->bytes > sizeof(struct ofi_head)) ? c->open : NULL;
}

/* The message that may go now; NULL: none. */
static struct ofi_send *next_now(struct channel *c)
{
    if (c->to == FI_ADDR_NOTAVAIL || c->lost || c->flying == FLYING)
        return NULL;
    if (c->owes && !c->open && STAILQ_EMPTY(&c->waiting))
        c->open = send_new(c);
    struct ofi_send *s = next_of(c);
    return s && s->number - c->credit < (c->owes || c->parted ? 2 * OFI_WINDOW : OFI_WINDOW) ? s : NULL;
}

static void take_off(struct channel *c, struct ofi_send *s)
{
    if (s == c->open)
        c->open = NULL;
    else
        STAILQ_REMOVE_HEAD(&c->waiting, next);
}

/* The last ones are done when the peer has them: the endpoint is closed then, and with it what a provider keeps. */
static ssize_t message_begin(struct channel *c, struct ofi_send *s)
{
    memcpy(s->data + offsetof(struct ofi_head, delivered), &c->next_in, sizeof c->next_in);
    struct iovec v = {s->data, s->bytes};
    void *descriptor = ofi_descriptor(s->mr);
    struct fi_msg m = {.msg_iov = &v, .desc = &descriptor, .iov_count = 1, .addr = c->to, .context = &s->op.context};
    return c->parted ? fi_sendmsg(ofi_endpoint.ep, &m, FI_COMPLETION | FI_TRANSMIT_COMPLETE)
                     : fi_send(ofi_endpoint.ep, s->data, s->bytes, descriptor, c->to, &s->op.context);
}

static void flush(struct channel *c)
{
    struct ofi_send *s;
    ssize_t rc = 0;
    while ((s = next_now(c)) != NULL) {
        if ((rc = message_begin(c, s)) != 0)
            break;
        c->said = c->next_in;
        c->owes = false;
        take_off(c, s);
        c->flying++;
        c->flying_bytes += s->bytes;
    }
    if (rc != 0 && rc != -FI_EAGAIN)
        channel_break(c, ofi_library.fi_strerror((int)-rc));
    else if (!c->broken)
        refused_set(c, rc == -FI_EAGAIN || (c->owes && c->held == 0)); /* the second for want of memory */
}

void channel_credit(struct channel *c, uint32_t delivered)
{
    uint32_t fresh = delivered - c->credit;
    if (fresh == 0 || fresh > c->next_out - c->credit)
        return; /* an older one, or nonsense */
    c->credit = delivered;
    if (!c->refused)
        flush(c);
}

void channel_delivered(struct channel *c)
{
    c->next_in++;
    if (c->next_in - c->said < OFI_WINDOW / 2 || c->owes || c->goodbye || c->broken)
        return;
    c->owes = true;
    if (!c->refused)
        flush(c);
}

void channel_sent(struct ofi_send *s, int rc)
{
    struct channel *c = s->to;
    c->flying--;
    c->flying_bytes -= s->bytes;
    send_free(s);
    if (rc != 0)
        channel_break(c, ofi_library.fi_strerror(-rc));
    flush(c);
}

void *channel_reserve(struct channel *c, size_t bytes)
{
    if (c->to == FI_ADDR_NOTAVAIL || c->lost || c->broken)
        return NULL;
    if (c->open && c->open->bytes + ofi_filled(bytes) > OFI_MESSAGE) {
        STAILQ_INSERT_TAIL(&c->waiting, c->open, next);
        c->open = NULL;
    }
    if (!c->open)
        c->open = send_new(c);
    return c->open ? c->open->data + c->open->bytes + sizeof(struct packet) : NULL;
}

static void frame_commit(struct channel *c, uint32_t frame, uint32_t what, struct match_key key)
{
    struct packet h = {.what = what, .key = key};
    memcpy(h.own, &frame, sizeof h.own);
    memcpy(c->open->data + c->open->bytes, &h, sizeof h);
    c->open->bytes += ofi_filled(packet_bytes(&h));
    if (!c->refused)
        flush(c);
}

void channel_commit(struct channel *c, uint8_t kind, struct match_key key, size_t bytes)
{
    frame_commit(c, OFI_PACKET, packet_what(kind, bytes), key);
}

int channel_retry(void)
{
    struct channel *c, *next;
    int n = 0;
    for (c = TAILQ_FIRST(&again); c; c = next) {
        next = TAILQ_NEXT(c, again);
        if (!c->broken) {
            flush(c);
            continue;
        }
        refused_set(c, false);
        bool said = c->lost || c->goodbye;
        c->lost = true;
        if (!said)
            peer_failed(c->peer, c->broken);
        n++;
    }
    return n;
}

bool channel_waits(void)
{
    return !TAILQ_EMPTY(&again);
}

uint64_t channel_in_flight(const struct channel *c)
{
    const struct ofi_send *s;
    uint64_t n = c->flying_bytes + (c->open ? c->open->bytes : 0);
    STAILQ_FOREACH(s, &c->waiting, next)
    n += s->bytes;
    return n;
}

bool channel_unsent(void)
{
    struct channel *c;
    TAILQ_FOREACH(c, &ofi_channels, every)
    if (!c->lost && (c->flying > 0 || next_of(c)))
        return true;
    return false;
}

/* ---- life ---- */

struct channel *channel_of(struct peer *p)
{
    struct channel *c = p->carrier == &transport_ofi ? p->channel : NULL;
    if (c || p->carrier != &transport_ofi || !(c = calloc(1, sizeof *c)))
        return c;
    c->peer = p;
    c->to = FI_ADDR_NOTAVAIL;
    STAILQ_INIT(&c->waiting);
    STAILQ_INIT(&c->early);
    TAILQ_INSERT_TAIL(&ofi_channels, c, every);
    p->channel = c;
    return c;
}

static bool place_fits(const struct ofi_place *of)
{
    const struct ofi_place *own = &ofi_endpoint.own;
    return of->bytes == own->bytes && of->format == own->format && memcmp(of->name, own->name, sizeof of->name) == 0;
}

bool channel_connect(struct peer *p, const void *place)
{
    struct channel *c = channel_of(p);
    struct ofi_place of;
    memcpy(&of, place, sizeof of);
    if (!c)
        return false;
    if (!place_fits(&of)) {
        channel_break(c, "it uses another provider of libfabric than this process: FI_PROVIDER chooses one for all");
        return true;
    }
    if (fi_av_insert(ofi_endpoint.av, of.address, 1, &c->to, 0, NULL) != 1) {
        c->to = FI_ADDR_NOTAVAIL;
        channel_break(c, "libfabric does not take its address");
        return true;
    }
    c->token = of.token;
    return true;
}

void channel_disconnect(struct channel *c)
{
    struct ofi_send *s;
    c->lost = true;
    c->broken = NULL;
    refused_set(c, false);
    while ((s = STAILQ_FIRST(&c->waiting)) != NULL) {
        STAILQ_REMOVE_HEAD(&c->waiting, next);
        send_free(s);
    }
    if (c->open)
        send_free(c->open);
    c->open = NULL;
    arrivals_drop(&c->early);
}

/* ---- the end ---- */

/* It may be that there is no room to say it now. */
static bool goodbye_said(struct channel *c)
{
    if (!channel_reserve(c, 0))
        return false;
    c->parted = true;
    frame_commit(c, OFI_GOODBYE, 0, (struct match_key){0});
    return true;
}

static bool to_be_told(const struct channel *c)
{
    return !c->lost && !c->goodbye && !c->broken && c->to != FI_ADDR_NOTAVAIL && (c->next_out > 0 || c->next_in > 0);
}

/* Who has finalized as well does not wait for it. A peer that computes all the time is not waited for. */
static void say_goodbye(void)
{
    struct channel *c;
    int64_t until = clock_ns() + PATIENCE_NS;
    for (bool more = true; more && clock_ns() < until;) {
        more = false;
        TAILQ_FOREACH(c, &ofi_channels, every)
        if (to_be_told(c)) {
            more |= !(c->parted || goodbye_said(c)) || c->flying > 0 || next_of(c);
        }
        if (more && transport_ofi.poll() == 0)
            usleep(200);
    }
}

void channel_end(void)
{
    struct channel *c;
    say_goodbye();
    TAILQ_FOREACH(c, &ofi_channels, every)
    channel_disconnect(c);
}

void channel_free(void)
{
    TAILQ_INIT(&ofi_channels); /* they are freed with their peers */
    slabs_free();
}
