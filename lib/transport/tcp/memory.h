/* SPDX-License-Identifier: BSD-3-Clause
 *
 * memory: memory of this process that others reach over their connections: what is registered, and its keys. A key
 * holds a number, which only the owner can turn into an address, and what may be done with how much. */
#ifndef LIB_TRANSPORT_TCP_MEMORY_H
#define LIB_TRANSPORT_TCP_MEMORY_H

#include "lib/transport/remote.h"

enum { MEMORY_KEY = 16 };

/* As the verbs of transport.h. */
bool memory_register(void *base, size_t len, unsigned access, void *key, void **handle);
bool memory_offer(const void *of, mem_pieces *pieces, size_t len, void *key, void **handle);
void memory_deregister(void *handle);
void memory_fini(void);

/* Does the key allow that? REMOTE_DONE with the number, or REMOTE_FAULT. */
enum remote_state memory_check(struct remote at, size_t n, unsigned access, uint64_t *number);
/* Are n bytes registered for that? */
bool memory_holds(uint64_t number, uint64_t offset, size_t n, unsigned access);
/* Where *n bytes to be got lie, or (*n) the first of them; how many pieces, 0: they are not registered. */
int memory_where(uint64_t number, uint64_t offset, size_t *n, struct iovec *v, int most);
/* Where n bytes of own memory lie; NULL: they are not registered, or not for that, or as a stream. */
char *memory_at(uint64_t number, uint64_t offset, size_t n, unsigned access);

#endif
