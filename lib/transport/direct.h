/* SPDX-License-Identifier: BSD-3-Clause
 *
 * direct: remote memory that this process reaches without anybody's help: keys that say where it lies, atomics by the
 * processor. For the transports of one node. */
#ifndef LIB_TRANSPORT_DIRECT_H
#define LIB_TRANSPORT_DIRECT_H

#include "lib/transport/remote.h"

enum { DIRECT_KEY = 16 };

/* Where memory lies: at an address of its owner, or, of what all ranks of a node have mapped, at a distance from the
 * beginning of that. */
struct direct_mem {
    uint64_t base, len;
    unsigned access;
    bool shared;
};

/* Writes a key of DIRECT_KEY bytes; false: no memory is that long. */
bool direct_key_write(void *key, struct direct_mem m);
/* Where n bytes at a place lie; REMOTE_DONE, or REMOTE_FAULT if the key does not allow that. */
enum remote_state direct_place(struct remote at, size_t n, unsigned access, struct direct_mem *m, uint64_t *place);
/* Does it to an element that lies in memory of this process, or that this process shares. REMOTE_DONE; REMOTE_FAULT if
 * it is not aligned, REMOTE_NEVER if the processor cannot. */
enum remote_state direct_atomic(void *at, const struct atomic_call *call);

#endif
