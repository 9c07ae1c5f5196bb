/* SPDX-License-Identifier: BSD-3-Clause
 *
 * remote: memory of another process, as the verbs get, put, atomic and flush of a transport name it (transport.h).
 *
 * Life of an operation. A verb returns how it stands:
 *   REMOTE_DONE       it is over, and well; its completion is not called;
 *   REMOTE_STARTED    its completion is called once, out of a later poll or disconnect, never out of the verb;
 *   REMOTE_BUSY       not now (credit, a connection that is not there yet): nothing has happened, try after a poll;
 *   any other value   it is over, and has failed; its completion is not called.
 * A completion is told REMOTE_DONE or why it failed, never STARTED or BUSY. Completions come in any order. The local
 * memory belongs to the transport from REMOTE_STARTED to the completion, whatever happens to the peer; the list of
 * pieces and the key only until the verb returns. A put that is done may be written over here; that it is there, a
 * flush tells.
 */
#ifndef LIB_TRANSPORT_REMOTE_H
#define LIB_TRANSPORT_REMOTE_H

#include <sys/uio.h>
#include "lib/core/types.h"

enum remote_state {
    REMOTE_DONE,
    REMOTE_STARTED,
    REMOTE_BUSY,
    /* Failures. */
    REMOTE_NEVER, /* not possible between these two processes, with that operation and a key of that kind of memory:
                   * now and later, so that the caller goes by messages from now on */
    REMOTE_FAULT, /* not within what is registered, or not with that access; or the memory is not there any more */
    REMOTE_PEER_FAILED, /* the peer has failed, or has finalized */
};

/* A part of the caller's operation. The transport keeps a pointer to it from REMOTE_STARTED until `done` is called;
 * what else it needs for the operation is its own. done may use all verbs, and may free what it is part of. */
struct completion {
    void (*done)(struct completion *c, enum remote_state how);
};

/* What others may do with registered memory. */
enum mem_access { MEM_GET = 1, MEM_PUT = 2, MEM_ATOMIC = 4 };

/* A key names registered memory for other processes: opaque bytes, as many for each key of a transport (its key_bytes),
 * that the owner sends them in messages. It holds all that is needed to reach the memory, the address too: places in it
 * are named by their distance from its beginning. */
enum { MEM_KEY_MAX = 32 };

/* A place in registered memory. A key comes from a message: the transport checks it before it believes it. */
struct remote {
    const void *key;
    size_t key_bytes;
    uint64_t offset;
};

/* Bytes of a stream, from place `at` on, as at most `most` pieces of memory; *n: how many are wanted, and then how many
 * these pieces hold, one at least. They stay until the next call of any such function. Returns the pieces. */
typedef int mem_pieces(const void *of, uint64_t at, size_t *n, struct iovec *v, int most);

/* One element is replaced, and what it was before is fetched. */
enum atomic_op {
    ATOMIC_FETCH, /* it stays */
    ATOMIC_REPLACE,
    ATOMIC_SWAP_IF, /* it is replaced if it is equal, bit by bit, to `compare` */
    ATOMIC_SUM,
    ATOMIC_PROD,
    ATOMIC_MIN,
    ATOMIC_MAX,
    ATOMIC_AND, /* bit by bit, of integers: */
    ATOMIC_OR,
    ATOMIC_XOR,
    ATOMIC_OPS
};

enum atomic_type {
    ATOMIC_I8,
    ATOMIC_U8,
    ATOMIC_I16,
    ATOMIC_U16,
    ATOMIC_I32,
    ATOMIC_U32,
    ATOMIC_I64,
    ATOMIC_U64,
    ATOMIC_F32,
    ATOMIC_F64,
    ATOMIC_TYPES
};

static inline size_t atomic_size(enum atomic_type t)
{
    static const uint8_t bytes[ATOMIC_TYPES] = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
    return bytes[t];
}

/* operand and compare (of SWAP_IF alone) are elements, read before the verb returns; `was` takes the old element before
 * the operation is complete, and may be NULL. */
struct atomic_call {
    enum atomic_op op;
    enum atomic_type type;
    const void *operand, *compare;
    void *was;
};

#endif
