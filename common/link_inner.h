/* SPDX-License-Identifier: BSD-3-Clause
 *
 * link_inner: what the parts of link share: states (link.c), the stream of one (link_stream.c), the set (links.c).
 */
#ifndef COMMON_LINK_INNER_H
#define COMMON_LINK_INNER_H

#include "common/link.h"

/* What an event brings; which of it depends on the event. */
struct link_input {
    const struct frame_head *h; /* HELLO, VERSION, READY, REFUSED, FRAME */
    const unsigned char *payload;
    char text[256];                      /* VERSION: what is wrong with it */
    const char *why;                     /* MALFORMED, CLOSED, DROP */
    const struct start_failure *failure; /* REFUSED, FAILED */
};

void link_event(struct link *l, enum link_event e, const struct link_input *in);

struct link *link_create(struct links *set, uint32_t first, uint32_t count);
void link_destroy(struct link *l);
void link_wait(struct link *l, unsigned times); /* LATE after the backend's patience, so many times */
void link_wait_end(struct link *l);
void link_close(struct link *l); /* its stream, and the wait */
void link_queue_send(struct link *l);
void link_queue_move(struct link *from, struct link *to); /* copies what is for the nodes of `to` */
void link_ended(struct link *l, const char *how);         /* the answer to start_end */

#endif
