/* SPDX-License-Identifier: BSD-3-Clause */
#include "lib/core/call.h"
#include <string.h>
#include <time.h>
#include "lib/core/error.h"
#include "lib/datatype/datatype.h"

void call_waits(const struct call_wait *w)
{
    struct rank_status *s = lib.status;
    uint64_t call = atomic_load_explicit(&s->call, memory_order_relaxed);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    s->since_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    s->comm = w->comm;
    s->peer = w->peer;
    s->tag = w->tag;
    s->sends = w->sends;
    strncpy(s->function, call_names[call & 0xffff], sizeof s->function - 1);
    atomic_store_explicit(&s->detail_call, call, memory_order_release);
}

int call_wrong(int cls, const char *name)
{
    error_note(cls, "argument %s", name);
    return cls;
}

int call_wrong_value(int cls, const char *name, long long value)
{
    error_note(cls, "%s is %lld", name, value);
    return cls;
}

int call_wrong_rank(int cls, const char *name, int rank, int size)
{
    error_note(cls, "%s is %d, and there are %d ranks", name, rank, size);
    return cls;
}

bool call_no_buffer(const void *buf, MPI_Count count, const struct datatype *t)
{
    return count > 0 && t->size > 0 && (buf == MPI_IN_PLACE || t->true_lb == 0);
}
