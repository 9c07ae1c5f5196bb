/* SPDX-License-Identifier: BSD-3-Clause
 *
 * tools: what the programs about MPI_T share. */
#ifndef TESTS_MPI_TOOLS_H
#define TESTS_MPI_TOOLS_H

#include "../check.h"

/* MPI_T returns classes of its own, which MPI_Error_class leaves as they are. */
#define TFAILS(cls, call)                                                                                              \
    do {                                                                                                               \
        int code_ = (call);                                                                                            \
        if (code_ != (cls)) {                                                                                          \
            fprintf(stderr, "%s:%d: rank %d: %s returned %d, not %s\n", __FILE__, __LINE__, rank, #call, code_, #cls); \
            exit(1);                                                                                                   \
        }                                                                                                              \
    } while (0)

static inline int pvar_class_of(int index)
{
    int class;
    OK(MPI_T_pvar_get_info(index, NULL, NULL, NULL, &class, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    return class;
}

/* The number of the variable of that name; of whatever class. */
static inline int pvar_index(const char *name)
{
    int index;
    for (int class = MPI_T_PVAR_CLASS_STATE; class <= MPI_T_PVAR_CLASS_GENERIC; class ++)
        if (MPI_T_pvar_get_index(name, class, &index) == MPI_SUCCESS)
            return index;
    fprintf(stderr, "no performance variable %s\n", name);
    exit(1);
}

static inline MPI_T_pvar_handle pvar_open(MPI_T_pvar_session session, const char *name, void *object)
{
    MPI_T_pvar_handle h;
    int count = 0;
    OK(MPI_T_pvar_handle_alloc(session, pvar_index(name), object, &h, &count));
    CHECK(h != MPI_T_PVAR_HANDLE_NULL && count == 1);
    return h;
}

static inline unsigned long long pvar_value(MPI_T_pvar_session session, MPI_T_pvar_handle h)
{
    unsigned long long v;
    OK(MPI_T_pvar_read(session, h, &v));
    return v;
}

static inline MPI_T_cvar_handle cvar_open(const char *name)
{
    MPI_T_cvar_handle h;
    int index, count = 0;
    OK(MPI_T_cvar_get_index(name, &index));
    OK(MPI_T_cvar_handle_alloc(index, NULL, &h, &count));
    CHECK(count == 1);
    return h;
}

static inline unsigned long cvar_value(MPI_T_cvar_handle h)
{
    unsigned long v;
    OK(MPI_T_cvar_read(h, &v));
    return v;
}

static inline void cvar_set(MPI_T_cvar_handle h, unsigned long v)
{
    OK(MPI_T_cvar_write(h, &v));
}

static inline int event_index(const char *name)
{
    int index;
    OK(MPI_T_event_get_index(name, &index));
    return index;
}

#endif
