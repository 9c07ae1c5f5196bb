/* SPDX-License-Identifier: BSD-3-Clause
 *
 * target: one rank of a window, as an origin knows it: how it is reached, and where. Made when it is first spoken to.
 */
#ifndef LIB_RMA_TARGET_H
#define LIB_RMA_TARGET_H

#include "lib/datatype/datatype.h"
#include "lib/rma/control.h"

/* Elements in memory of this process. */
struct origin {
    void *at;
    MPI_Count count;
    const struct datatype *type;
    struct request **request; /* what is not over at once is told here; NULL: nobody asks */
};

/* One way to reach memory. `to` is an address there, within the window. They return when the origin's memory is done
 * with, and what was put is there; by messages, a get is under way then, a put perhaps, and a flush (far.h) tells that
 * all is there. An error class. */
struct target_verbs {
    int (*put)(struct target *t, const struct origin *from, char *to, MPI_Count count, const struct datatype *type);
    int (*get)(struct target *t, const struct origin *into, char *from, MPI_Count count, const struct datatype *type);
};

struct target {
    const struct target_verbs *verbs;
    char *base; /* mapped here, or (by CMA) an address of its own; NULL of dynamic windows, where addresses count */
    uint64_t size;
    int64_t disp_unit;
    int rank;
    bool entered; /* the epoch covers it: locked, or started */
    uint8_t lock; /* 0: none, or TARGET_...; TARGET_UNCHECKED: nothing is taken */
    int member;   /* among w->node; MPI_UNDEFINED: it is reached by messages */
    int local, proc;
    uint16_t skip, skips; /* so many small operations do not ask the owner, and as many did not the last time */
    struct win *w;
    struct far *far; /* far.h; NULL: it is reached directly */
};
enum { TARGET_EXCLUSIVE = 1, TARGET_SHARED, TARGET_UNCHECKED };

int target_get_slow(struct win *w, int rank, struct target **out);
/* That rank of the window: MPI_ERR_RANK, MPI_ERR_NO_MEM, or that it cannot be reached. */
ALWAYS_INLINE int target_get(struct win *w, int rank, struct target **out)
{
    struct target *t = w->targets[(uint32_t)rank & w->target_mask];
    if (LIKELY(t && t->rank == rank)) {
        *out = t;
        return MPI_SUCCESS;
    }
    return target_get_slow(w, rank, out);
}
/* The table, and its end. */
int target_begin(struct win *w);
void target_end(struct win *w);

/* Where (disp, count, type) lies: *at; *count becomes 0 if there is nothing to move. MPI_ERR_DISP, MPI_ERR_RMA_RANGE
 * with a note. */
int target_place(struct win *w, struct target *t, MPI_Aint disp, MPI_Count *count, const struct datatype *type,
                 char **at);
/* How many bytes the elements reach over, and (*low) from where on. */
MPI_Count target_span(MPI_Count count, const struct datatype *type, MPI_Count *low);
/* Does that lie in a member's memory: at an offset, or of dynamic windows an address? The count is within what the type
 * allows. */
bool target_holds(struct win *w, int member, int64_t offset, MPI_Count count, const struct datatype *type);
/* What an errno value of CMA means. */
int target_cma_error(const struct target *t, int error);

extern const struct target_verbs target_direct, target_cma; /* put_get.c */
extern const struct target_verbs target_message;            /* far_move.c */

#endif
