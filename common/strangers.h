/* SPDX-License-Identifier: BSD-3-Clause
 *
 * strangers: listens for connections (listen.h), and lets in those that prove to know a secret (wire/back.h). Who does
 * not gets some random bytes and nothing else; there may be many of those at once and for long.
 */
#ifndef COMMON_STRANGERS_H
#define COMMON_STRANGERS_H

#include "common/err.h"
#include "common/listen.h"

#include <event2/event.h>

struct strangers;

struct strangers_ops {
    /* Both sides have proven to know the secret; that one says that it is `name`, of any bytes but NUL. The descriptor
     * is the callee's. It may end the strangers. */
    void (*proven)(void *arg, int fd, const char *name);
    /* Nobody can be taken in, since all descriptors are in use, none of them by strangers: errno says which limit. */
    void (*full)(void *arg);
};

/* `host` is one that shall reach this machine, or NULL (listen_open). secret, ops and arg are borrowed. NULL with e
 * set: nothing can listen, or the proofs cannot be made. */
struct strangers *strangers_create(struct event_base *base, const struct listen_wish *wish, const char *host,
                                   const char *secret, const struct strangers_ops *ops, void *arg, struct err *e);
void strangers_destroy(struct strangers *s); /* takes NULL */

const char *strangers_addresses(const struct strangers *s); /* for back_call */
void strangers_welcome(struct strangers *s, unsigned n);    /* so many are expected: they are kept besides the others */
void strangers_pause(struct strangers *s, unsigned ms);     /* nobody is taken in for so long */

#endif
