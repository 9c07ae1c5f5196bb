/* SPDX-License-Identifier: BSD-3-Clause
 *
 * self: packets to oneself wait in a list until the next poll, so that delivery never happens inside of a send. Memory
 * is reached by loads and stores. */
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include "lib/core/bytes.h"
#include "lib/process/process.h"
#include "lib/transport/direct.h"
#include "lib/transport/peer.h"
#include "lib/transport/self/self.h"

struct letter {
    STAILQ_ENTRY(letter) next;
    struct packet head;
    _Alignas(16) char payload[];
};
static STAILQ_HEAD(, letter) letters = STAILQ_HEAD_INITIALIZER(letters);
static struct letter *open_letter; /* reserved */
static struct peer *myself;
static uint32_t attention;

static int self_init(uint32_t bit)
{
    attention = bit;
    return MPI_SUCCESS;
}

static void self_fini(void)
{
    struct letter *l;
    while ((l = STAILQ_FIRST(&letters)) != NULL) {
        STAILQ_REMOVE_HEAD(&letters, next);
        free(l);
    }
    free(open_letter);
    open_letter = NULL;
}

static bool self_reaches(const struct peer *p)
{
    return p->proc == process_self;
}

static bool self_connect(struct peer *p, const void *address)
{
    myself = p;
    return true;
}

static void self_disconnect(struct peer *p)
{
}

static void *self_reserve(struct peer *p, size_t bytes)
{
    free(open_letter);
    open_letter = malloc(sizeof *open_letter + bytes);
    return open_letter ? open_letter->payload : NULL;
}

static void self_commit(struct peer *p, uint8_t kind, struct match_key key, size_t bytes)
{
    open_letter->head = (struct packet){.what = packet_what(kind, bytes), .key = key};
    STAILQ_INSERT_TAIL(&letters, open_letter, next);
    open_letter = NULL;
    transport_attention |= attention;
}

static bool self_inject(struct peer *p, uint8_t kind, uint64_t ctx, uint64_t pair, const void *payload, size_t bytes)
{
    void *room = self_reserve(p, bytes);
    if (!room)
        return false;
    bytes_copy(room, payload, bytes);
    self_commit(p, kind, (struct match_key){.ctx = ctx, .pair = pair}, bytes);
    return true;
}

static int self_poll(void)
{
    int n = 0;
    struct letter *l;
    while ((l = STAILQ_FIRST(&letters)) != NULL) {
        if (!p2p_deliver(myself, &l->head, l->payload, packet_bytes(&l->head)))
            return n;
        STAILQ_REMOVE_HEAD(&letters, next);
        free(l);
        n++;
    }
    transport_attention &= ~attention;
    return n;
}

static bool self_register(void *base, size_t len, unsigned access, void *key, void **handle)
{
    *handle = NULL;
    return direct_key_write(key, (struct direct_mem){(uintptr_t)base, len, access, false});
}

static void self_deregister(void *handle)
{
}

static enum remote_state place_of(struct remote at, size_t n, unsigned access, char **here)
{
    struct direct_mem m;
    uint64_t place;
    enum remote_state s = direct_place(at, n, access, &m, &place);
    *here = (char *)(uintptr_t)place;
    return s == REMOTE_DONE && m.shared ? REMOTE_FAULT : s;
}

static enum remote_state self_get(struct peer *p, const struct iovec *to, int pieces, struct remote from, size_t n,
                                  struct completion *c)
{
    char *at;
    enum remote_state s = place_of(from, n, MEM_GET, &at);
    for (int i = 0; s == REMOTE_DONE && i < pieces; at += to[i++].iov_len)
        memmove(to[i].iov_base, at, to[i].iov_len);
    return s;
}

static enum remote_state self_put(struct peer *p, const struct iovec *from, int pieces, struct remote to, size_t n,
                                  struct completion *c)
{
    char *at;
    enum remote_state s = place_of(to, n, MEM_PUT, &at);
    for (int i = 0; s == REMOTE_DONE && i < pieces; at += from[i++].iov_len)
        memmove(at, from[i].iov_base, from[i].iov_len);
    return s;
}

static enum remote_state self_atomic(struct peer *p, struct remote at, const struct atomic_call *call,
                                     struct completion *c)
{
    char *place;
    enum remote_state s = place_of(at, atomic_size(call->type), MEM_ATOMIC, &place);
    return s == REMOTE_DONE ? direct_atomic(place, call) : s;
}

static enum remote_state self_flush(struct peer *p, struct completion *c)
{
    return REMOTE_DONE;
}

const struct transport transport_self = {.name = "self",
                                         .inside = true,
                                         .atomics_of_cpu = true,
                                         .max_payload = 65536,
                                         .eager_max = 16384,
                                         .key_bytes = DIRECT_KEY,
                                         .max_pieces = 1024,
                                         .init = self_init,
                                         .fini = self_fini,
                                         .reaches = self_reaches,
                                         .connect = self_connect,
                                         .disconnect = self_disconnect,
                                         .reserve = self_reserve,
                                         .commit = self_commit,
                                         .inject = self_inject,
                                         .poll = self_poll,
                                         .mem_register = self_register,
                                         .mem_deregister = self_deregister,
                                         .get = self_get,
                                         .put = self_put,
                                         .atomic = self_atomic,
                                         .flush = self_flush};
