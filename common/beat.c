/* SPDX-License-Identifier: BSD-3-Clause
 *
 * beat: a timer. Any bytes count, also those of a frame that is not whole yet; and while own frames wait to be written
 * they are what the other end is going to hear.
 */
#include "common/beat.h"

#include "common/log.h"
#include "common/xalloc.h"
#include "wire/control.h"

#include <stdlib.h>

#define BEATS 5       /* in the time that is taken for death */
#define REST_TICKS 10 /* a batch system sends SIGSTOP some seconds after SIGTSTP */

struct beat {
    struct peer *peer;
    struct event *tick;
    uint64_t heard;
    unsigned silent, limit; /* ticks */
    bool rests;             /* the other end has said so */
    unsigned quiet;         /* ticks for which this end rests */
    void (*tell)(void *arg);
    void *arg;
};

static void speak(struct beat *b)
{
    if (b->quiet)
        b->quiet--;
    else if (peer_backlog(b->peer) == 0)
        peer_send(b->peer, CONTROL_BEAT, 0, FRAME_ALL_NODES, NULL);
}

static void hear(struct beat *b)
{
    uint64_t heard = peer_heard(b->peer);
    if (heard != b->heard || b->rests || peer_is_paused(b->peer))
        b->silent = 0;
    else
        b->silent++;
    b->heard = heard;
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    struct beat *b = arg;
    speak(b);
    hear(b);
    if (b->silent <= b->limit)
        return;
    event_del(b->tick);
    b->tell(b->arg);
}

struct beat *beat_create(struct event_base *base, struct peer *peer, unsigned ms, unsigned patience,
                         void (*silent)(void *arg), void *arg)
{
    if (ms == 0)
        return NULL;
    struct beat *b = xcalloc(1, sizeof *b);
    *b = (struct beat){.peer = peer, .limit = BEATS * patience, .tell = silent, .arg = arg};
    struct timeval t = {ms / BEATS / 1000, (suseconds_t)(ms % (1000 * BEATS)) * 1000 / BEATS};
    if (t.tv_sec == 0 && t.tv_usec < 1000)
        t.tv_usec = 1000;
    b->tick = event_new(base, -1, EV_PERSIST, on_tick, b);
    if (!b->tick || event_add(b->tick, &t) < 0)
        log_fatal("out of memory");
    speak(b);
    return b;
}

void beat_destroy(struct beat *b)
{
    if (!b)
        return;
    event_free(b->tick);
    free(b);
}

bool beat_takes(struct beat *b, const struct frame_head *h)
{
    if (h->type != CONTROL_BEAT && h->type != CONTROL_REST)
        return false;
    if (b)
        b->rests = h->type == CONTROL_REST;
    return true;
}

void beat_rest(struct beat *b)
{
    if (!b)
        return;
    b->quiet = REST_TICKS;
    peer_send(b->peer, CONTROL_REST, 0, FRAME_ALL_NODES, NULL);
}
