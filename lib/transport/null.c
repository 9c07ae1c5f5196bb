/* SPDX-License-Identifier: BSD-3-Clause
 *
 * null: transports that carry nothing: of peers that have failed, or finalized. */
#include "lib/transport/transport.h"

static void *failed_reserve(struct peer *p, size_t bytes)
{
    return NULL;
}

static void failed_commit(struct peer *p, uint8_t kind, struct match_key key, size_t bytes)
{
}

static bool failed_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    return false;
}

static int failed_poll(void)
{
    return 0;
}

static int failed_read(struct peer *p, const struct iovec *to, int pieces, uint64_t from, size_t n)
{
    return -1;
}

const struct transport transport_failed = {.name = "failed",
                                           .reserve = failed_reserve,
                                           .commit = failed_commit,
                                           .inject = failed_inject,
                                           .poll = failed_poll,
                                           .read = failed_read};

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
                                              .reserve = finalized_reserve,
                                              .commit = failed_commit,
                                              .inject = finalized_inject,
                                              .poll = failed_poll,
                                              .read = failed_read};
