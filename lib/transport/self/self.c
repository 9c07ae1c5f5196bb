/* SPDX-License-Identifier: BSD-3-Clause
 *
 * self: packets to oneself wait in a list until the next poll, so that delivery never happens inside of a send. */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "lib/core/bytes.h"
#include "lib/transport/self/self.h"

struct letter {
    STAILQ_ENTRY(letter) next;
    struct packet head;
    size_t n;
    _Alignas(16) char payload[];
};
static STAILQ_HEAD(, letter) letters = STAILQ_HEAD_INITIALIZER(letters);
static struct letter *open_letter;
static struct peer *myself;
int self_waiting;

static void *reserve(struct peer *p, size_t bytes)
{
    open_letter = malloc(sizeof *open_letter + bytes);
    myself = p;
    return open_letter ? open_letter->payload : NULL;
}

static void commit(struct peer *p, uint8_t kind, struct match_key key, size_t bytes)
{
    open_letter->head = (struct packet){.kind = kind, .key = key};
    open_letter->n = bytes;
    STAILQ_INSERT_TAIL(&letters, open_letter, next);
    self_waiting++;
}

static bool inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    void *room = reserve(p, bytes);
    if (!room)
        return false;
    bytes_copy(room, payload, bytes);
    commit(p, kind, (struct match_key){.ctx = ctx, .pair = pair}, bytes);
    return true;
}

static int poll(void)
{
    int n = 0;
    struct letter *l;
    while ((l = STAILQ_FIRST(&letters)) != NULL) {
        if (!p2p_deliver(myself, &l->head, l->payload, l->n))
            break;
        STAILQ_REMOVE_HEAD(&letters, next);
        self_waiting--;
        free(l);
        n++;
    }
    return n;
}

static int read_self(struct peer *p, const struct iovec *to, int pieces, uint64_t from, size_t n)
{
    const char *at = (const char *)(uintptr_t)from;
    for (int i = 0; i < pieces; at += to[i++].iov_len)
        memmove(to[i].iov_base, at, to[i].iov_len);
    return 0;
}

const struct transport transport_self = {.name = "self",
                                         .max_payload = 65536,
                                         .eager_max = 16384,
                                         .reserve = reserve,
                                         .commit = commit,
                                         .inject = inject,
                                         .poll = poll,
                                         .read = read_self};
