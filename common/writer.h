/* SPDX-License-Identifier: BSD-3-Clause
 *
 * writer: bytes to a descriptor that somebody gave us and still shares (stdout, stderr), in a libevent loop.
 *
 * Writing never blocks the loop, and never sets O_NONBLOCK on what the user's shell has open as well. What does not
 * fit now is queued, in order; a sender that produces without bound stops while there is a backlog, until `drained`.
 * A regular file is simply written.
 */
#ifndef COMMON_WRITER_H
#define COMMON_WRITER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct writer;

/* Called from the loop, never from inside a writer call. */
struct writer_ops {
    void (*drained)(void *arg); /* the backlog is gone */
    /* It cannot be written any more: EPIPE when nobody reads it. All that is still to come is dropped. Once. */
    void (*broken)(void *arg, int error);
};

/* fd, ops and arg are borrowed. */
struct writer *writer_create(struct event_base *base, int fd, const struct writer_ops *ops, void *arg);
void writer_destroy(struct writer *w); /* what is queued is lost; takes NULL */
void writer_write(struct writer *w, const struct iovec *iov, int n);
size_t writer_backlog(const struct writer *w);
void writer_finish(struct writer *w); /* waits until all is written, or it is broken */

/* Do two descriptors lead to the same file, pipe or terminal? */
bool writer_same(int a, int b);

#endif
