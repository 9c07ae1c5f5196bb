/* SPDX-License-Identifier: BSD-3-Clause
 *
 * beat: is the other end of a link alive? Both ends say something every so often, a BEAT where there is nothing else,
 * and count the times that they have heard nothing.
 *
 * Times are counted by who listens, while it runs and reads: neither its own sleep nor a slow reader of its output ends
 * anything. Who is about to be stopped says so (REST), and is not judged until it is heard again.
 */
#ifndef COMMON_BEAT_H
#define COMMON_BEAT_H

#include "common/peer.h"

#include <stdbool.h>

struct beat;

/* Speaks at once and from then on, as often as an end needs that takes `ms` of silence for death; listens, and calls
 * silent(arg) once, from the loop, after `patience` times as much. ms 0: neither, and NULL is returned. The peer is
 * borrowed and must outlive it. */
struct beat *beat_create(struct event_base *base, struct peer *peer, unsigned ms, unsigned patience,
                         void (*silent)(void *arg), void *arg);
void beat_destroy(struct beat *b); /* takes NULL */

/* Every frame goes by here: was it for us? b may be NULL. */
bool beat_takes(struct beat *b, const struct frame_head *h);

/* Before this process stops: the other end shall not judge it until it speaks again, which it does when it has run for
 * a while. b may be NULL. */
void beat_rest(struct beat *b);

#endif
