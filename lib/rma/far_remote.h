/* SPDX-License-Identifier: BSD-3-Clause
 *
 * far_remote: long runs of bytes go to and from a rank of another node straight between the memory of both, by the put
 * and get of its transport, without a message that is packed and unpacked. Its owner says with the size of its part of
 * the window what of it can be reached so. Messages and such operations pass each other on the way: before a message
 * that tells that all is done (far.c) goes, the operations are over. */
#ifndef LIB_RMA_FAR_REMOTE_H
#define LIB_RMA_FAR_REMOTE_H

#include "lib/rma/message.h"

/* The memory of this process's part of a window, registered with a transport: a list of the window's. */
struct exposed {
    SLIST_ENTRY(exposed) link;
    const struct transport *by;
    void *handle;
    unsigned access; /* enum mem_access; 0: it cannot be */
    unsigned char key[MEM_KEY_MAX];
};

/* For the owner: how t may reach it; NULL: by messages alone. Registers it when it is asked for first. */
const struct exposed *far_expose(struct target *t);
void far_conceal(struct message *m); /* all of the window's */

/* For the origin: t has said so, in n bytes of key. What makes no sense is left aside. */
void far_exposed(struct target *t, unsigned access, const void *key, size_t n);

/* Puts or gets it: *done says whether, where that is possible and worth it; else nothing has happened. It is under way
 * then, and pending (far.h). An error class. */
int far_remote_put(struct target *t, const struct origin *from, char *to, MPI_Count count, const struct datatype *type,
                   bool *done);
int far_remote_get(struct target *t, const struct origin *into, char *from, MPI_Count count,
                   const struct datatype *type, bool *done);

/* Asks for word that all is there that was put so far; it may wait for room. */
void far_remote_fence(struct target *t);
/* Waits until the transport has nothing more to do with memory of an operation on t, and until that word is there,
 * be it that t is gone. What failed is in t->far->failure. */
void far_remote_settle(struct target *t);
/* Is there anything to be fenced or settled? */
static inline bool far_remote_is_dirty(const struct far *f)
{
    return f->unfenced || f->under_way > 0;
}

#endif
