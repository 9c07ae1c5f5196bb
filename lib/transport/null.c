/* SPDX-License-Identifier: BSD-3-Clause
 *
 * null: transports that carry nothing: of peers that have failed, or finalized. They are no rows of the table, and are
 * neither begun nor polled. */
#include "lib/transport/transport.h"

static void null_disconnect(struct peer *p)
{
}

static void *failed_reserve(struct peer *p, size_t bytes)
{
    return NULL;
}

static void null_commit(struct peer *p, uint8_t kind, struct match_key key, size_t bytes)
{
}

static bool failed_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    return false;
}

static bool null_register(void *base, size_t len, unsigned access, void *key, void **handle)
{
    return false;
}

static void null_deregister(void *handle)
{
}

static enum remote_state null_copy(struct peer *p, const struct iovec *here, int pieces, struct remote there, size_t n,
                                   struct completion *c)
{
    return REMOTE_PEER_FAILED;
}

static enum remote_state null_atomic(struct peer *p, struct remote at, const struct atomic_call *call,
                                     struct completion *c)
{
    return REMOTE_PEER_FAILED;
}

static enum remote_state null_flush(struct peer *p, struct completion *c)
{
    return REMOTE_PEER_FAILED;
}

#define NULL_VERBS                                                                                                     \
    .disconnect = null_disconnect, .commit = null_commit, .mem_register = null_register,                               \
    .mem_deregister = null_deregister, .get = null_copy, .put = null_copy, .atomic = null_atomic, .flush = null_flush

const struct transport transport_failed = {
    .name = "failed", .max_pieces = 1, .reserve = failed_reserve, .inject = failed_inject, NULL_VERBS};

enum { LOST = 4096 };

static void *finalized_reserve(struct peer *p, size_t bytes)
{
    static _Alignas(64) char lost[LOST];
    return bytes <= sizeof lost ? lost : NULL;
}

static bool finalized_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload,
                             size_t bytes)
{
    return true;
}

const struct transport transport_finalized = {.name = "finalized",
                                              .max_payload = LOST,
                                              .eager_max = LOST,
                                              .max_pieces = 1,
                                              .reserve = finalized_reserve,
                                              .inject = finalized_inject,
                                              NULL_VERBS};
