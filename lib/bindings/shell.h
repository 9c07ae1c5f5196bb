/* SPDX-License-Identifier: BSD-3-Clause
 *
 * shell: the words in which generate.py writes the exported functions. Included only by what it writes. */
#ifndef LIB_BINDINGS_SHELL_H
#define LIB_BINDINGS_SHELL_H

#include "lib/bindings/check.h"
#include "lib/core/trace.h"
#include "lib/core/export.h"
#include "lib/datatype/datatype.h"
#include "lib/object/comm.h"
#include "lib/object/file.h"

#define CALL_BEGIN(id, early, quiet)                                                                                   \
    if (!(early) && UNLIKELY(!atomic_load_explicit(&lib.active, memory_order_relaxed)))                                \
        return call_inactive(id);                                                                                      \
    lib_lock();                                                                                                        \
    if (!(quiet))                                                                                                      \
    trace_enter(id)

#define OBJ(x) ((struct obj *)(void *)(x))
/* An argument is wrong: the line of a fatal error says which one, and how. */
#define WRONG_BY(call)                                                                                                 \
    do {                                                                                                               \
        rc = (call);                                                                                                   \
        goto out;                                                                                                      \
    } while (0)
#define WRONG(name, cls) WRONG_BY(call_wrong(cls, name))
#define WRONG_AS(name, cls, how) WRONG_BY(call_wrong_as(cls, name, how))
#define WRONG_BUFFER(name, buf) WRONG_BY(call_wrong_buffer(name, buf))
#define NOT_VALID "is not a valid handle, or has been freed"
#define WRONG_VALUE(name, value, cls) WRONG_BY(call_wrong_value(cls, name, value))
#define WRONG_RANK(r, cls) WRONG_BY(call_wrong_rank(cls, #r, r, comm_->peer_size))

#define CALL_END(id, quiet)                                                                                            \
    out:                                                                                                               \
    if (UNLIKELY(rc))                                                                                                  \
        rc = call_failed(id, on, rc);                                                                                  \
    if (!(quiet))                                                                                                      \
        trace_leave();                                                                                                 \
    lib_unlock();                                                                                                      \
    return rc

/* Functions of MPI_T are there from MPI_T_init_thread on, whatever MPI is; their errors concern nobody else. */
#define TOOL_BEGIN(initialized)                                                                                        \
    lib_lock();                                                                                                        \
    if ((initialized) && lib.tools == 0) {                                                                             \
        rc = MPI_T_ERR_NOT_INITIALIZED;                                                                                \
        goto out;                                                                                                      \
    }
#define TOOL_END                                                                                                       \
    out:                                                                                                               \
    lib_unlock();                                                                                                      \
    return rc

#define PROC_NULL(r) ((r) == MPI_PROC_NULL)
#define ANY_SOURCE(r) ((r) == MPI_PROC_NULL || (r) == MPI_ANY_SOURCE)
#define CHECK_RANK(r, or_else, cls)                                                                                    \
    if (UNLIKELY((unsigned)(r) >= (unsigned)comm_->peer_size && !or_else(r)))                                          \
    WRONG_RANK(r, cls)
#define CHECK_ROOT(r)                                                                                                  \
    if (UNLIKELY((unsigned)(r) >= (unsigned)comm_->peer_size && !(comm_->inter && ((r) == MPI_ROOT || PROC_NULL(r))))) \
    WRONG_RANK(r, MPI_ERR_ROOT)
/* Of a rooted collective: who has what only the root has; who sends to it, or receives from it; who takes part at all.
 */
#define IS_ROOT(r) ((r) == (comm_->inter ? MPI_ROOT : comm_->rank))
#define IS_LEAF(r) (!comm_->inter || (r) >= 0)
#define IS_MEMBER(r) (!PROC_NULL(r))
static inline bool has_data(const void *buf, MPI_Count count, MPI_Datatype type)
{
    const struct datatype *t = datatype_of(type);
    return buf != MPI_BOTTOM && count > 0 && t && t->size > 0;
}
/* NULL is MPI_BOTTOM, from where absolute addresses count. */
static inline bool needs_buffer(MPI_Count count, MPI_Datatype type)
{
    const struct datatype *t = datatype_of(type);
    return count > 0 && t && t->committed && t->size > 0 && t->true_lb == 0;
}
#define NARROW(T, v) ((T)(v) == (v) ? (T)(v) : (T)MPI_UNDEFINED)

#endif
