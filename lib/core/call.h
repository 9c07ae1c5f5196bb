/* SPDX-License-Identifier: BSD-3-Clause
 *
 * call: what happens around every MPI function: the trace in the rank's status line, and what becomes of an error. */
#ifndef LIB_CORE_CALL_H
#define LIB_CORE_CALL_H

#include "lib/core/object.h"
#include "lib/core/state.h"

extern const char *const call_names[];

ALWAYS_INLINE void call_enter(int id)
{
    static const uint64_t one = UINT64_C(1) << 16;
    uint64_t c = atomic_load_explicit(&lib.status->call, memory_order_relaxed);
    atomic_store_explicit(&lib.status->call, (c & ~(one - 1)) + one + (unsigned)id, memory_order_relaxed);
}

ALWAYS_INLINE void call_leave(void)
{
    uint64_t c = atomic_load_explicit(&lib.status->call, memory_order_relaxed);
    atomic_store_explicit(&lib.status->call, c & ~UINT64_C(0xffff), memory_order_relaxed);
}

/* What is waited for. Ranks are those of MPI_COMM_WORLD; peer and tag may be RANK_STATUS_... */
struct call_wait {
    int id;            /* of the MPI function */
    uint64_t since_ns; /* call_now() when it began */
    uint32_t comm;
    int peer, tag;
    bool sends;
};
uint64_t call_now(void);
/* The present call, of the only thread, waits. */
void call_waits(const struct call_wait *w);
/* That of one of several threads does, until it goes on. Returns the place of that, -1: there is no room to tell it. */
int call_thread_waits(const struct call_wait *w);
void call_thread_goes_on(int place);
/* The present call tests in vain, as those before did; until one has not. */
void call_tests(const struct call_wait *w);
void call_tests_end(void);

/* An error of class or code rc came out of function id: runs the error handler of `on` (NULL: lib.error_on, else
 * MPI_COMM_SELF), and returns what the function returns, if it does. */
int call_failed(int id, struct obj *on, int rc);
/* Note which argument is wrong, and how, for the line of a fatal error; return the class. */
#define COLD __attribute__((cold, noinline))
int call_wrong(int cls, const char *name) COLD;
int call_wrong_value(int cls, const char *name, long long value) COLD;
int call_wrong_rank(int cls, const char *name, int rank, int size) COLD;
/* Of a count that datatype_bears does not allow. */
int call_wrong_count(const char *name, MPI_Count count, const struct datatype *t) COLD;
/* Is NULL, or MPI_IN_PLACE, no buffer for that? NULL is MPI_BOTTOM, from where absolute addresses count. */
bool call_no_buffer(const void *buf, MPI_Count count, const struct datatype *t) COLD;
/* A function was called before initialization or after finalization. */
int call_inactive(int id);

/* Runs the error handler of an object for a code: the meaning of MPI_Comm_call_errhandler and its kin. */
int errhandler_run(struct obj *on, int code, const char *function);

#endif
