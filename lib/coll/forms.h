/* SPDX-License-Identifier: BSD-3-Clause
 *
 * forms: the three forms of a collective from its one builder, build_<name>(struct sched *s, ...): it checks what is
 * significant on this rank and adds the steps. */
#ifndef LIB_COLL_FORMS_H
#define LIB_COLL_FORMS_H

#include "lib/bindings/impl.h"
#include "lib/coll/base/blocks.h"
#include "lib/coll/base/sched.h"
#include "lib/coll/shm/node.h"
#include "lib/bindings/check.h"
#include "lib/op/kernels.h"

#define LIST(...) __VA_ARGS__

static inline int forms_end(int rc, struct sched *s)
{
    if (rc != MPI_SUCCESS)
        sched_free(s);
    return rc;
}

#define FORMS(name, params, args) FORMS_BLOCKING(mpi_##name, name, params, args) FORMS_OTHERS(name, params, args)
/* For a blocking form that is chosen by size: the one that runs the schedule, scheduled_<name>. */
#define SCHEDULED(name, params, args) static FORMS_BLOCKING(scheduled_##name, name, params, args)

/* With an on_node_<name>(struct node *a, ...) for the blocking form where the ranks share memory; it returns
 * NODE_LATER, on all of them, to have it done by messages. */
#define FORMS_NODE(name, params, args)                                                                                 \
    SCHEDULED(name, params, args)                                                                                      \
    FORMS_OTHERS(name, params, args)                                                                                   \
    int mpi_##name(LIST params)                                                                                        \
    {                                                                                                                  \
        struct node *a = node_of(comm);                                                                                \
        int rc = a ? on_node_##name(a, LIST args) : NODE_LATER;                                                        \
        return rc != NODE_LATER ? node_came_to(a, rc) : scheduled_##name args;                                         \
    }

#define FORMS_BLOCKING(function, name, params, args)                                                                   \
    int function(LIST params)                                                                                          \
    {                                                                                                                  \
        struct sched *s = sched_new(comm);                                                                             \
        int rc = s ? forms_end(build_##name(s, LIST args), s) : MPI_ERR_NO_MEM;                                        \
        return rc == MPI_SUCCESS ? sched_run(s) : rc;                                                                  \
    }

#define FORMS_OTHERS(name, params, args)                                                                               \
    int mpi_i##name(LIST params, MPI_Request *request)                                                                 \
    {                                                                                                                  \
        struct request *r;                                                                                             \
        struct sched *s = sched_new(comm);                                                                             \
        int rc = s ? forms_end(build_##name(s, LIST args), s) : MPI_ERR_NO_MEM;                                        \
        if (rc == MPI_SUCCESS)                                                                                         \
            rc = sched_start(s, &r);                                                                                   \
        if (rc == MPI_SUCCESS)                                                                                         \
            *request = (MPI_Request)r->obj.handle;                                                                     \
        return rc;                                                                                                     \
    }                                                                                                                  \
    int mpi_##name##_init(LIST params, struct info *info, MPI_Request *request)                                        \
    {                                                                                                                  \
        struct request *r;                                                                                             \
        struct sched *s = sched_new(comm);                                                                             \
        int rc = s ? forms_end(build_##name(s, LIST args), s) : MPI_ERR_NO_MEM;                                        \
        if (rc == MPI_SUCCESS)                                                                                         \
            rc = sched_persist(s, &r);                                                                                 \
        if (rc == MPI_SUCCESS)                                                                                         \
            *request = (MPI_Request)r->obj.handle;                                                                     \
        return rc;                                                                                                     \
    }

/* The same where the messages, if it comes to them, are chosen by size: by_message_<name>. */
#define FORMS_NODE_SMALL(name, params, args)                                                                           \
    SCHEDULED(name, params, args)                                                                                      \
    FORMS_OTHERS(name, params, args)                                                                                   \
    static int by_message_##name(LIST params);                                                                         \
    int mpi_##name(LIST params)                                                                                        \
    {                                                                                                                  \
        struct node *a = node_of(comm);                                                                                \
        int rc = LIKELY(a != NULL) ? on_node_##name(a, LIST args) : NODE_LATER;                                        \
        return LIKELY(rc != NODE_LATER) ? node_came_to(a, rc) : by_message_##name args;                                \
    }

/* Is (count, type) fit to be moved? An error class; forms_wrong finds out which. */
int forms_wrong(MPI_Count count, const struct datatype *t) COLD;
/* It is, but not so many blocks of it. */
int forms_wrong_together(MPI_Count count, int blocks, const struct datatype *t) COLD;
static inline int forms_check(MPI_Count count, const struct datatype *t)
{
    return LIKELY(t && t->committed && datatype_bears(t, count)) ? MPI_SUCCESS : forms_wrong(count, t);
}

/* Collectives over intercommunicators are not there yet. */
#define INTRA(c)                                                                                                       \
    if (UNLIKELY((c)->inter))                                                                                          \
    return MPI_ERR_UNSUPPORTED_OPERATION
#define CHECK(e)                                                                                                       \
    do {                                                                                                               \
        int check_rc = (e);                                                                                            \
        if (UNLIKELY(check_rc != MPI_SUCCESS))                                                                         \
            return check_rc;                                                                                           \
    } while (0)

static inline void *forms_at(const void *buf, MPI_Count i, const struct datatype *t)
{
    return (char *)(uintptr_t)buf + i * t->extent;
}

/* Are blocks for n ranks, each and together? */
int blocks_check_varying(const struct blocks *v, int n);
static inline int blocks_check(const struct blocks *v, int n)
{
    if (v->counts.at)
        return blocks_check_varying(v, n);
    MPI_Count all;
    CHECK(forms_check(v->count, v->t));
    if (UNLIKELY(__builtin_mul_overflow(v->count, n, &all) || !datatype_bears(v->t, all)))
        return forms_wrong_together(v->count, n, v->t);
    return MPI_SUCCESS;
}

/* Steps shared by several collectives. */
void coll_bcast(struct sched *s, void *buf, MPI_Count count, struct datatype *t, int root, struct comm *c);
/* Reduces (from, count, t) of all ranks into `to` at root, in rank order; from and to may be the same at root. */
void coll_reduce(struct sched *s, const void *from, void *to, MPI_Count count, struct datatype *t, struct op *op,
                 int root, struct comm *c);
static inline int coll_reduce_check(MPI_Count count, const struct datatype *t, const struct op *op)
{
    CHECK(forms_check(count, t));
    return LIKELY(op_kernel_of(op, t) != NULL) ? MPI_SUCCESS : op_check(op, t);
}

#endif
